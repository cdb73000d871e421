//! What each document is validated against: the `.lmr.toml` above it decides, as it does for `lmr validate`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::output::Language;
use crate::text::{Text, chain, failure};
use crate::validate::{ForEditors, Seen, Validate, project_above};

/// The rules of every project that documents were opened of.
pub(super) struct Rules {
    validate: Validate,
    lang: Language,
    /// The folder that the editor has open.
    root: Option<PathBuf>,
    /// By the project's file.
    known: HashMap<Option<PathBuf>, Known>,
}

/// What was made of a project, or why nothing could be.
struct Known {
    /// The files that it was made of, as they were before they were read.
    seen: Seen,
    made: Result<Arc<ForEditors>, String>,
}

impl Rules {
    /// Rules by these arguments and what the folders of documents have.
    pub(super) fn new(validate: Validate, lang: Language) -> Self {
        Self { validate, lang, root: None, known: HashMap::new() }
    }

    /// The folder that the editor has open, for documents that are not files yet.
    pub(super) fn set_root(&mut self, root: Option<PathBuf>) {
        self.root = root;
    }

    /// The rules for a document: of the nearest project above it, else above the editor's folder, else above the
    /// working folder.
    ///
    /// # Errors
    /// The project, or what it names, cannot be used.
    pub(super) fn of(&mut self, document: Option<&Path>) -> anyhow::Result<Arc<ForEditors>> {
        let project = self.project_of(document);
        let made = match self.known.get(&project).filter(|known| known.seen.is_current()) {
            Some(known) => known.made.clone(),
            None => {
                let mut seen = Seen::default();
                let made = self.validate.for_editors(project.as_deref(), self.lang, &mut seen);
                let made = made.map(Arc::new).map_err(|error| chain(&error, self.lang));
                self.known.insert(project, Known { seen, made: made.clone() });
                made
            }
        };
        // It is in the editor's language already.
        made.map_err(|said| failure(Text { nb: said.clone(), en: said }))
    }

    /// Whether everything that the rules for a document were made of is as it was.
    pub(super) fn is_current(&self, document: Option<&Path>) -> bool {
        let known = self.known.get(&self.project_of(document));
        known.is_some_and(|known| known.seen.is_current())
    }

    fn project_of(&self, document: Option<&Path>) -> Option<PathBuf> {
        let working = std::env::current_dir().ok();
        let folders = [document.and_then(Path::parent), self.root.as_deref(), working.as_deref()];
        folders.into_iter().flatten().find_map(project_above)
    }
}

/// The file that an address of the protocol means; `None` for a document that is not a file.
pub(super) fn path_of(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let path = &rest[rest.find('/')?..];
    let mut bytes = Vec::with_capacity(path.len());
    let mut left = path.as_bytes();
    while let Some((&byte, rest)) = left.split_first() {
        let hexadecimal = rest.get(..2).filter(|_| byte == b'%');
        let decoded = hexadecimal
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(decoded.unwrap_or(byte));
        left = if decoded.is_some() { &rest[2..] } else { rest };
    }
    let path = String::from_utf8(bytes).ok()?;
    let has_drive = cfg!(windows) && path.as_bytes().get(2) == Some(&b':');
    Some(PathBuf::from(if has_drive { &path[1..] } else { &path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files_are_paths() {
        for (uri, path) in [
            ("file:///a/b%20c/%C3%A5.json", Some("/a/b c/å.json")),
            ("file://host/a.json", Some("/a.json")),
            ("file:///a%2", Some("/a%2")),
            ("file:///a%zz", Some("/a%zz")),
            ("untitled:Untitled-1", None),
            ("file://", None),
        ] {
            assert_eq!(path_of(uri), path.map(PathBuf::from), "{uri}");
        }
    }
}
