//! Which files of a folder are tables.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::source::{PassedOver, PassedOverKind};

/// Endings of files that are read as tables.
const ENDINGS: [&str; 3] = ["csv", "tsv", "txt"];

/// The files of a folder that are read, in order of name, and by the reason those that are not: a folder of exports that
/// have got another ending must not look like one without exports.
///
/// # Errors
/// The system's, also where only one of the files is not there: a link that leads nowhere is most likely an export that
/// is missing.
pub(super) fn in_folder(folder: &Path) -> io::Result<(Vec<PathBuf>, Vec<PassedOver>)> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<io::Result<_>>()?;
    entries.sort();
    let mut files = Vec::new();
    let mut others: BTreeMap<PassedOverKind, (usize, String)> = BTreeMap::new();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let is_table = ENDINGS.contains(&&*ending);
        let kind = if name.starts_with('.') {
            PassedOverKind::Hidden
        } else if !is_table && path.is_dir() {
            continue;
        } else if !is_table {
            let ending = if ending.is_empty() { ending } else { format!(".{ending}") };
            PassedOverKind::of_ending(&name, ending)
        } else if path.metadata()?.is_file() {
            files.push(path);
            continue;
        } else {
            PassedOverKind::NotAFile
        };
        others.entry(kind).or_insert((0, name)).0 += 1;
    }
    let passed_over = others
        .into_iter()
        .map(|(kind, (count, example))| PassedOver { kind, count, example })
        .collect();
    Ok((files, passed_over))
}
