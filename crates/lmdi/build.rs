//! Embeds the rule sets: every folder of `rulesets/` becomes one row of `FOLDERS`, with its JSON files
//! in order of path. A new rule set is a folder here and a row in `src/guide.rs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = manifest.join("rulesets");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut out = String::from("pub(super) const FOLDERS: &[(&str, &[(&str, &str)])] = &[\n");
    for folder in sorted(&root)?.into_iter().filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut files = Vec::new();
        json_files(&folder, &mut files)?;
        writeln!(out, "    ({name:?}, &[").map_err(io::Error::other)?;
        for file in files {
            let inner = file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy();
            let path = file.to_string_lossy();
            writeln!(out, "        ({inner:?}, include_str!({path:?})),")
                .map_err(io::Error::other)?;
        }
        out.push_str("    ]),\n");
    }
    out.push_str("];\n");
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(target.join("rulesets.rs"), out)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

fn json_files(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for path in sorted(folder)? {
        if path.is_dir() {
            json_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    Ok(())
}
