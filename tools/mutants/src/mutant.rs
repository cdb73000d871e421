//! The changes, as cargo-mutants lists them.

use std::{collections::BTreeMap, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// One change of the code in one place.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    /// The number it is chosen by, from 1.
    pub(crate) number: u32,
    pub(crate) package: String,
    /// Relative to the workspace.
    pub(crate) file: String,
    /// What is changed, without line and column: `replace > with >= in verify`, with `(2)` for the second such change
    /// of a file. A later edition of the file has the same label.
    pub(crate) label: String,
    pub(crate) line: usize,
    pub(crate) genre: Genre,
    pub(crate) replacement: String,
    /// Line and column of the first and after the last character, both from 1.
    pub(crate) span: ((usize, usize), (usize, usize)),
}

/// What kind of change it is, in the words of cargo-mutants.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    genre: Genre,
    name: String,
    package: String,
    replacement: String,
    span: ListedSpan,
}

#[derive(Deserialize)]
struct ListedSpan {
    start: ListedPoint,
    end: ListedPoint,
}

#[derive(Deserialize)]
struct ListedPoint {
    line: usize,
    column: usize,
}

/// Asks cargo-mutants for the changes of these files and numbers them.
///
/// # Errors
///
/// When cargo-mutants fails.
pub(crate) fn list(workspace: &Path, files: &[String]) -> Result<Vec<Mutant>> {
    let mut command = Command::new("cargo");
    command
        .args(["mutants", "--list", "--json", "--no-config", "--workspace"])
        .current_dir(workspace);
    for file in files {
        command.args(["--file", file]);
    }
    let output = command.output().context("cargo does not start")?;
    ensure!(
        output.status.success(),
        "cargo mutants --list fails (is cargo-mutants installed?): {}",
        String::from_utf8_lossy(&output.stderr)
    );
    read(&output.stdout)
}

/// Numbers the changes of a list of cargo-mutants.
///
/// # Errors
///
/// When it is not such a list.
pub(crate) fn read(list: &[u8]) -> Result<Vec<Mutant>> {
    let listed: Vec<Listed> = serde_json::from_slice(list).context("the list of cargo-mutants")?;
    let mut seen = BTreeMap::new();
    let mut number = 0;
    Ok(listed
        .into_iter()
        .map(|listed| {
            // `FILE:LINE:COLUMN: WHAT`
            let what =
                listed.name.split_once(": ").map_or(&*listed.name, |(_, what)| what).to_owned();
            let times = seen.entry((listed.file.clone(), what.clone())).or_insert(0);
            *times += 1;
            number += 1;
            Mutant {
                number,
                package: listed.package,
                label: if *times == 1 { what } else { format!("{what} ({times})") },
                file: listed.file,
                line: listed.span.start.line,
                genre: listed.genre,
                replacement: listed.replacement,
                span: (
                    (listed.span.start.line, listed.span.start.column),
                    (listed.span.end.line, listed.span.end.column),
                ),
            }
        })
        .collect())
}
