//! The examples that packages bring along, as sources of mutations.

use std::{fs::File, io::Read as _, path::PathBuf};

use anyhow::{Context as _, Result};
use flate2::read::GzDecoder;
use serde_json::Value;

/// All resources below the packages' `example` folders, with their file names.
pub(crate) fn read(packages: &[PathBuf]) -> Result<Vec<(Value, String)>> {
    let mut found = Vec::new();
    for path in packages {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        for entry in tar::Archive::new(GzDecoder::new(file)).entries()? {
            let mut entry = entry?;
            let name = entry.path()?.display().to_string();
            if !name.contains("/example/") || !name.ends_with(".json") {
                continue;
            }
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            let Ok(document) = serde_json::from_str::<Value>(&text) else { continue };
            if document.get("resourceType").is_some() {
                found.push((document, name));
            }
        }
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(found)
}
