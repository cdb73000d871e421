//! What makes a finding the same one in the next report: file, rule and element. Not its line nor the number of its
//! bundle entry, which move; not its text, which has a language; no value of the resource.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use lmr_lmdi::Finding;
use sha2::{Digest as _, Sha256};

use crate::output::hex;

/// Fingerprints of a report's findings. Equal findings of a file (a resource a line) are distinguished by their number.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: HashMap<String, usize>,
}

impl Fingerprints {
    /// The fingerprint of the next finding.
    pub(super) fn next(&mut self, file: &str, finding: &Finding) -> String {
        let profile = finding.issue().and_then(|issue| issue.profile.as_deref());
        let mut digest = Sha256::new();
        for part in [
            file,
            finding.code.as_str(),
            finding.message_id().unwrap_or_default(),
            profile.unwrap_or_default(),
            &finding.expression,
        ] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        let print = hex(&digest.finalize()[..16]);
        let count = self.seen.entry(print.clone()).or_insert(0);
        *count += 1;
        format!("{print}:{count}")
    }
}

/// Names of files that are the same wherever the command is started.
pub(super) struct FileNames {
    folder: Option<PathBuf>,
}

impl FileNames {
    /// Names from this folder.
    pub(super) fn from(folder: &Path) -> Self {
        Self { folder: std::fs::canonicalize(folder).ok() }
    }

    /// The file's name from the folder, with `/`; one outside it keeps the name it was given.
    pub(super) fn of(&self, path: &Path) -> String {
        let whole = std::fs::canonicalize(path).ok();
        let below = self.folder.as_ref().zip(whole.as_ref()).and_then(|(folder, path)| {
            path.strip_prefix(folder).ok().filter(|path| !path.as_os_str().is_empty())
        });
        let parts: Vec<_> = below
            .unwrap_or(path)
            .components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        parts.join("/").replacen("//", "/", 1)
    }
}
