//! `--changed-from`: only files that differ from a revision of the repository, as git tells.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::text::{Explain, fail, text};

/// Keeps the files that were changed or added since the revision, in commits or in the working folder.
pub(super) fn since(revision: &str, files: Vec<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    if revision.starts_with('-') {
        fail!("{revision} er ikke en revisjon", "{revision} is not a revision");
    }
    let top = git(Path::new("."), &["rev-parse", "--show-toplevel"]).explain(|| {
        text!(
            "--changed-from spør git, og denne mappen er ikke i et git-lager",
            "--changed-from asks git, and this folder is in no git repository"
        )
    })?;
    let top = PathBuf::from(top.trim_end_matches(['\r', '\n']));
    let commit = git(&top, &["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")])
        .explain(|| {
            text!(
                "git kjenner ingen revisjon {revision}; i en bygging må historien hentes først (git fetch --unshallow)",
                "git knows no revision {revision}; in a build the history must be fetched first (git fetch --unshallow)"
            )
        })?;
    let changed =
        git(&top, &["diff", "--name-only", "--no-renames", "-z", commit.trim_end(), "--"])?;
    let added = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let changed: HashSet<PathBuf> = changed
        .split('\0')
        .chain(added.split('\0'))
        .filter(|name| !name.is_empty())
        .filter_map(|name| std::fs::canonicalize(top.join(name)).ok())
        .collect();
    // What cannot be looked at is reported when it is read.
    let is_changed = |path: &PathBuf| {
        std::fs::canonicalize(path).ok().is_none_or(|path| changed.contains(&path))
    };
    Ok(files.into_iter().filter(is_changed).collect())
}

fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output =
        Command::new("git").current_dir(folder).args(arguments).output().explain(|| {
            text!(
                "--changed-from trenger git, som ikke lar seg starte",
                "--changed-from needs git, which cannot be started"
            )
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        fail!(
            "git {command}: {said}",
            "git {command}: {said}",
            command = arguments.first().copied().unwrap_or_default()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
