//! `--changed-from`: only files that differ from a revision of the repository, as git tells.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::text::{Explain, Text, fail, text};

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
    if revision.trim().is_empty() {
        fail!(
            "--changed-from er tom: oppgi en revisjon, for eksempel HEAD eller origin/main",
            "--changed-from is empty: give a revision, e.g. HEAD or origin/main"
        );
    }
    if revision.starts_with('-') {
        fail!("{revision} er ikke en revisjon", "{revision} is not a revision");
    }
    let outside = || {
        text!(
            "--changed-from spør git, og denne mappen er ikke i et git-lager",
            "--changed-from asks git, and this folder is not in a git repository"
        )
    };
    let top = git(Path::new("."), &["rev-parse", "--show-toplevel"], outside)?;
    let top = path_of(top.strip_suffix(b"\n").unwrap_or(&top));
    let unknown = || {
        text!(
            "git kjenner ingen revisjon {revision}; i en bygging må historien hentes først (git fetch --unshallow)",
            "git knows no revision {revision}; in a build the history must be fetched first (git fetch --unshallow)"
        )
    };
    let verify = ["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")];
    let commit = git(&top, &verify, unknown)?;
    let commit = String::from_utf8_lossy(&commit);
    let no_list = || {
        text!(
            "git kan ikke si hva som er endret siden {revision}",
            "git cannot say what has changed since {revision}"
        )
    };
    // Of a repository in this one git names the folder alone, and only where it is asked for all that is in it.
    let diff = ["diff", "--name-only", "--no-renames", "--ignore-submodules=none", "-z"];
    let changed = git(&top, &[&diff[..], &[commit.trim_end(), "--"]].concat(), no_list)?;
    let added = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"], no_list)?;
    let changed: HashSet<PathBuf> = changed
        .split(|byte| *byte == 0)
        .chain(added.split(|byte| *byte == 0))
        .filter(|name| !name.is_empty())
        .map(|name| whole(&top.join(path_of(name))))
        .collect();
    for file in settings {
        let at = whole(file);
        if changed.iter().any(|changed| changed.starts_with(&at)) {
            return Ok(Changed::Everything { by: file.clone() });
        }
    }
    let root = std::fs::canonicalize(&top).unwrap_or_else(|_| top.clone());
    // What cannot be looked at is reported when it is read. In a folder that git names as a whole everything is new to it.
    let is_changed = |path: &Path| {
        std::fs::canonicalize(path).ok().is_none_or(|path| {
            path.ancestors().take_while(|above| *above != root).any(|above| changed.contains(above))
        })
    };
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

/// The output of git. `failed` says what is not the case where git refuses; its own words follow where it has some.
fn git(
    folder: &Path,
    arguments: &[&str],
    failed: impl FnOnce() -> Text,
) -> anyhow::Result<Vec<u8>> {
    let output =
        Command::new("git").current_dir(folder).args(arguments).output().explain(|| {
            text!(
                "--changed-from trenger git, som ikke lar seg starte",
                "--changed-from needs git, which cannot be started"
            )
        })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let Text { nb, en } = failed();
    match said.trim() {
        "" => fail!("{nb}", "{en}"),
        said => fail!("{nb}: {said}", "{en}: {said}"),
    }
}

/// A path in full, also of a file that is not there any more.
fn whole(path: &Path) -> PathBuf {
    if let Ok(path) = std::fs::canonicalize(path) {
        return path;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match (std::fs::canonicalize(folder.unwrap_or(Path::new("."))), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// A path as git gives it: the bytes of the name, which need not be UTF-8.
#[cfg(unix)]
fn path_of(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(name))
}

/// A path as git gives it: UTF-8.
#[cfg(not(unix))]
fn path_of(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).trim_end_matches('\r'))
}
