//! The definitions of packages and of R4 itself, as instances.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use flate2::read::GzDecoder;
use serde_json::Value;

/// All resources of the packages but their examples, and those of R4 in `core`, with their names.
pub(crate) fn read(packages: &[PathBuf], core: &Path) -> Result<Vec<(Value, String)>> {
    let mut found = Vec::new();
    for path in packages {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        for entry in tar::Archive::new(GzDecoder::new(file)).entries()? {
            let mut entry = entry?;
            let name = entry.path()?.display().to_string();
            let is_other = name.contains("/example/") || name.contains("/other/");
            if is_other || !name.ends_with(".json") {
                continue;
            }
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            keep(&text, name, &mut found);
        }
    }
    let folder = core.join("package");
    let files = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    for file in files {
        let file = file?;
        let text = std::fs::read_to_string(file.path())?;
        keep(&text, file.file_name().to_string_lossy().into_owned(), &mut found);
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(found)
}

/// What is not a resource (a manifest, an index) is left out.
fn keep(text: &str, name: String, found: &mut Vec<(Value, String)>) {
    if let Ok(document) = serde_json::from_str::<Value>(text)
        && document.get("resourceType").is_some()
    {
        found.push((document, name));
    }
}
