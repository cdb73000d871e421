//! Names of files that are the same wherever a command is started.

use std::path::{Component, Path, PathBuf};

/// Names of files that are the same wherever the command is started.
pub(super) struct FileNames {
    folder: Option<PathBuf>,
}

impl FileNames {
    /// Names from this folder.
    pub(super) fn from(folder: &Path) -> Self {
        Self { folder: std::fs::canonicalize(folder).ok() }
    }

    /// Whether there is a file by a name that was made here.
    pub(super) fn is_there(&self, name: &str) -> bool {
        let below = self.folder.as_ref().is_some_and(|folder| folder.join(name).exists());
        below || Path::new(name).exists()
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
