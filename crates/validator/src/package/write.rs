//! Writes packages: how codes that users bring are kept.

use std::{
    collections::HashSet,
    fs,
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use super::{PackageError, archive::is_plain_name};

/// Writes a `.tgz` file with a manifest and these definitions (JSON texts). The same definitions
/// give the same bytes. An existing file is replaced only once the new one is complete.
///
/// # Errors
/// [`PackageError`] if a name is unusable, a text is not a definition, or the file cannot be
/// written.
pub fn write_archive(
    path: &Path,
    name: &str,
    version: &str,
    definitions: &[String],
) -> Result<(), PackageError> {
    for (member, text) in [("name", name), ("version", version)] {
        if !is_plain_name(text) {
            return Err(PackageError::BadManifest { path: path.to_owned(), member });
        }
    }
    // Reading is the proof that what is written can be read again.
    let package = super::Package::embedded(name, version, definitions.iter().map(String::as_str))?;
    if package.entries.len() != definitions.len() {
        return Err(PackageError::NoDefinition { path: path.to_owned() });
    }
    let manifest = json!({
        "name": name,
        "version": version,
        "fhirVersions": ["4.0.1"],
        "dependencies": {"hl7.fhir.r4.core": "4.0.1"}
    });
    let mut files = vec![("package.json".to_owned(), manifest.to_string())];
    let mut names = HashSet::new();
    for (entry, text) in package.entries.iter().zip(definitions) {
        let kind = match entry.kind {
            super::ResourceKind::Structure => "StructureDefinition",
            super::ResourceKind::ValueSet => "ValueSet",
            super::ResourceKind::CodeSystem => "CodeSystem",
        };
        let plain: String = entry
            .url
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .rev()
            .take(60)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        let mut file = format!("{kind}-{plain}.json");
        let mut number = 1;
        while !names.insert(file.clone()) {
            number += 1;
            file = format!("{kind}-{plain}-{number}.json");
        }
        files.push((file, compact(text)));
    }
    let failed = |source| PackageError::Unwritable { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // A device or a pipe is written into: a rename would replace it.
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return write_files(path, &files).map(drop).map_err(failed);
    }
    let half = path.with_extension("part");
    write_files(&half, &files)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&half, path))
        .map_err(|source| {
            // What remains is overwritten by the next attempt; the first error counts.
            let _ = fs::remove_file(&half);
            failed(source)
        })
}

/// Without white space, if it parses: other people's files are often half blanks.
fn compact(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |value| value.to_string())
}

fn write_files(path: &Path, files: &[(String, String)]) -> io::Result<fs::File> {
    let mut archive =
        tar::Builder::new(GzEncoder::new(fs::File::create(path)?, Compression::best()));
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, format!("package/{name}"), text.as_bytes())?;
    }
    let mut file = archive.into_inner()?.finish()?;
    file.flush()?;
    Ok(file)
}
