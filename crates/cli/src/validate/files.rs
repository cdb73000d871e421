//! The files that `lmr validate` is to look at.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::input::has_resources;
use crate::text::{Explain, fail, text};

/// The files that a path means: itself, or the JSON and XML files and the archives of a folder and those below it.
///
/// A folder below it that cannot be read is handed to `failed`, and the others are gone through; so is an archive, which
/// is not looked into, to `passed`: it is among the files all the same, so that it is not taken for checked.
pub(super) fn gather(
    path: &Path,
    failed: &mut dyn FnMut(anyhow::Error),
    passed: &mut dyn FnMut(PathBuf),
) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    below(path, &mut HashSet::new(), &mut files, failed, passed)?;
    if files.is_empty() {
        fail!(
            "mappen {path} har ingen fil .json, .ndjson, .jsonl eller .xml (heller ikke pakket som .gz)",
            "the folder {path} holds no .json, .ndjson, .jsonl or .xml file (nor one packed as .gz)",
            path = path.display()
        );
    }
    Ok(files)
}

/// The files without those that were named before, by whichever path: a resource is checked and counted once.
pub(super) fn each_once(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    // One that is not there is reported by its own name.
    let key = |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    files.into_iter().filter(|path| seen.insert(key(path))).collect()
}

/// Links may go round in a circle, so each folder is entered once.
fn below(
    folder: &Path,
    entered: &mut HashSet<PathBuf>,
    files: &mut Vec<PathBuf>,
    failed: &mut dyn FnMut(anyhow::Error),
    passed: &mut dyn FnMut(PathBuf),
) -> anyhow::Result<()> {
    let cannot = || {
        text!(
            "kan ikke lese mappen {folder}",
            "cannot read the folder {folder}",
            folder = folder.display()
        )
    };
    if !entered.insert(std::fs::canonicalize(folder).explain(cannot)?) {
        return Ok(());
    }
    let read = |e: std::io::Result<std::fs::DirEntry>| e.map(|e| e.path());
    let mut inside = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(read).collect::<Result<Vec<_>, _>>())
        .explain(cannot)?;
    inside.sort();
    for path in inside {
        let of = std::fs::metadata(&path);
        if of.as_ref().is_ok_and(std::fs::Metadata::is_dir) {
            if let Err(error) = below(&path, entered, files, failed, passed) {
                failed(error);
            }
            continue;
        }
        // A pipe would be waited for; what cannot be looked at is reported when it is read.
        let may_be_read = of.is_err() || of.is_ok_and(|of| of.is_file());
        if !may_be_read {
            continue;
        }
        if has_resources(&path) {
            files.push(path);
        } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip")) {
            files.push(path.clone());
            passed(path);
        }
    }
    Ok(())
}
