//! `--changed-from`: only files that differ from a revision of the repository, as git tells.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::text::{Explain, fail, text};

/// What is to be checked of what was asked for.
pub(super) enum Changed {
    /// These files.
    Only(Vec<PathBuf>),
    /// All, because what they are checked by has changed: this file, or something in this folder.
    Everything { by: PathBuf },
}

/// The files that were changed or added since the revision, in commits or in the working folder.
///
/// `asked` are the paths as they were given, each with the files that it means. Of what git does not follow (it is
/// outside the repository, or ignored) nobody can say that it has not changed: where it was asked for itself, it is
/// checked. `settings` are the files and folders that decide what is found.
pub(super) fn since(
    revision: &str,
    asked: &[(PathBuf, Vec<PathBuf>)],
    settings: &[PathBuf],
) -> anyhow::Result<Changed> {
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
    for file in settings {
        if let Ok(at) = std::fs::canonicalize(file)
            && changed.iter().any(|changed| changed.starts_with(&at))
        {
            return Ok(Changed::Everything { by: file.clone() });
        }
    }
    let root = std::fs::canonicalize(&top).unwrap_or_else(|_| top.clone());
    // What cannot be looked at is reported when it is read.
    let is_changed =
        |path: &Path| std::fs::canonicalize(path).ok().is_none_or(|path| changed.contains(&path));
    let mut files = Vec::new();
    for (path, found) in asked {
        let is_followed = match std::fs::canonicalize(path) {
            Ok(at) => at.starts_with(&root) && !is_ignored(&top, &at)?,
            Err(_) => true,
        };
        let kept = found.iter().filter(|file| !is_followed || is_changed(file));
        files.extend(kept.cloned());
    }
    Ok(Changed::Only(files))
}

/// Whether git ignores it.
fn is_ignored(top: &Path, path: &Path) -> anyhow::Result<bool> {
    let status = Command::new("git")
        .current_dir(top)
        .args(["check-ignore", "--quiet", "--"])
        .arg(path)
        .status()
        .explain(|| {
            text!(
                "--changed-from trenger git, som ikke lar seg starte",
                "--changed-from needs git, which cannot be started"
            )
        })?;
    // 1 where it is not, 128 where it cannot say, as of the repository's own folder.
    Ok(status.success())
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
