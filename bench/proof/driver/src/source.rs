//! How the hospital shows its record: files of several kinds, a table, a FHIR server.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use zip::write::SimpleFileOptions;

use crate::fhir_server::FhirServer;
use crate::model::Model;
use crate::plan::Shown;
use crate::table::MAPPING;
use crate::xml;

/// Types that a FHIR server is asked for.
const TYPES: [&str; 10] = [
    "MedicationAdministration",
    "MedicationRequest",
    "Medication",
    "Substance",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Condition",
    "EpisodeOfCare",
];

/// What `sender.toml` says of the source: keys before its tables, and tables.
pub fn configuration(shown: Shown, port: u16) -> (String, String) {
    let table = |rest: &str| {
        (
            String::new(),
            format!("\n[[source]]\nkind = \"table\"\nmapping = \"table.toml\"\n{rest}\n"),
        )
    };
    match shown {
        Shown::Csv => table("path = \"source\""),
        Shown::Sql => {
            table("database_url = \"sqlite:hospital.db\"\nquery = \"SELECT * FROM administration\"")
        }
        Shown::Server => {
            let types = TYPES.iter().chain(&["Encounter"]).map(|name| format!("\"{name}\""));
            let types = types.collect::<Vec<_>>().join(", ");
            let server = format!(
                "\n[[source]]\nkind = \"fhir\"\nurl = \"http://127.0.0.1:{port}/fhir\"\nsearch = [{types}]\npage = 7\n\
                 timeout_seconds = 5\nretries = 1\n"
            );
            (String::new(), server)
        }
        _ => ("source = \"source\"\n".to_owned(), String::new()),
    }
}

/// Shows the record as it is now; each file is there whole or not at all.
pub fn show(shown: Shown, model: &mut Model, folder: &Path, server: &FhirServer) -> Result<()> {
    let source = folder.join("source");
    fs::create_dir_all(&source)?;
    if shown == Shown::Lines {
        return model.write(&source);
    }
    let all = model.show();
    if let Some(table) = model.table() {
        fs::write(folder.join("table.toml"), MAPPING)?;
        return match shown {
            Shown::Sql => table.write_sql(&folder.join("hospital.db")),
            _ => table.write_csv(&source),
        };
    }
    match shown {
        Shown::Server => {
            server.show(&all);
            Ok(())
        }
        Shown::Json => files(&source, &all, "json", |resource| Ok(resource.to_string())),
        Shown::Xml => files(&source, &all, "xml", xml::of),
        Shown::Gzip => {
            for (kind, text) in lines(&all) {
                let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
                packed.write_all(text.as_bytes())?;
                put(&source, &format!("{kind}.ndjson.gz"), &packed.finish()?)?;
            }
            Ok(())
        }
        _ => {
            let part = source.join("export.zip.part");
            let mut archive = zip::ZipWriter::new(File::create(&part)?);
            for (kind, text) in lines(&all) {
                archive.start_file(format!("{kind}.ndjson"), SimpleFileOptions::default())?;
                archive.write_all(text.as_bytes())?;
            }
            archive.finish()?;
            Ok(fs::rename(part, source.join("export.zip"))?)
        }
    }
}

fn lines(all: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for resource in all.values() {
        let kind = resource["resourceType"].as_str().unwrap_or_default();
        let file = files.entry(kind.to_owned()).or_default();
        file.push_str(&resource.to_string());
        file.push('\n');
    }
    files
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let part = folder.join(format!(".{name}.part"));
    fs::write(&part, bytes).context("the source")?;
    Ok(fs::rename(part, folder.join(name))?)
}

/// A file for each resource; those that are the same stay as they are, and what is gone goes.
fn files(
    folder: &Path,
    all: &BTreeMap<String, Value>,
    end: &str,
    text: impl Fn(&Value) -> Result<String>,
) -> Result<()> {
    let mut names = BTreeSet::new();
    for (name, resource) in all {
        let file = format!("{}.{end}", name.replace('/', "-"));
        let text = text(resource)?;
        if fs::read_to_string(folder.join(&file)).ok().as_ref() != Some(&text) {
            put(folder, &file, text.as_bytes())?;
        }
        names.insert(file);
    }
    for entry in fs::read_dir(folder)?.flatten() {
        if !names.contains(&entry.file_name().to_string_lossy().into_owned()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
