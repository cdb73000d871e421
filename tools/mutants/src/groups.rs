//! The groups of files, in the order in which they are tried, and the changes that are known to survive.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// `groups.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Groups {
    /// Packages that tests spend their time in: compiled with optimisation.
    #[serde(default)]
    pub(crate) optimised: Vec<String>,
    pub(crate) group: Vec<Group>,
    #[serde(default)]
    pub(crate) survivor: Vec<Survivor>,
}

/// Files that decide about one subject.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// The folder of the files; the tests of its package are run.
    pub(crate) folder: String,
    /// Below the folder; `x/*.rs` means all files in `x`.
    pub(crate) files: Vec<String>,
}

/// A change that no test can or need notice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Survivor {
    pub(crate) file: String,
    /// The label of the change, or its beginning with `*` after it.
    pub(crate) change: String,
    pub(crate) why: String,
}

impl Groups {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let groups: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(
            groups.survivor.iter().all(|survivor| !survivor.why.trim().is_empty()),
            "a survivor without a reason"
        );
        Ok(groups)
    }
}

impl Group {
    /// The files as cargo-mutants takes them, relative to the workspace.
    pub(crate) fn globs(&self) -> impl Iterator<Item = String> + '_ {
        self.files.iter().map(|file| format!("{}/{file}", self.folder))
    }

    /// Whether a file belongs to the group.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.globs().any(|glob| match glob.split_once('*') {
            Some((folder, end)) => file
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_suffix(end))
                .is_some_and(|name| !name.contains('/')),
            None => glob == file,
        })
    }
}

impl Survivor {
    pub(crate) fn is_of(&self, file: &str, label: &str) -> bool {
        self.file == file
            && match self.change.strip_suffix('*') {
                Some(beginning) => label.starts_with(beginning),
                None => label == self.change,
            }
    }
}
