//! Whether what a check is made of has changed since it was looked at: `--watch` and editors ask.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How deep a folder is looked into: a package's definitions are in it or in the folder `package`.
const DEPTH: usize = 2;

/// What tells that a file has changed: its time and its length; nothing where it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// Files and folders as they were. What is to be read must be looked at before: a change that comes between is then seen
/// at the next question.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    paths: Vec<PathBuf>,
    cache: Option<PathBuf>,
    stamps: BTreeMap<PathBuf, Stamp>,
}

impl Seen {
    /// Looks at files, and at folders with what is in them. What was looked at before stays as it was then.
    pub(super) fn look(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        for path in paths {
            look_at(&path, DEPTH, &mut self.stamps);
            self.paths.push(path);
        }
    }

    /// Looks at which packages are installed. What is in them does not change while they are, but for those that somebody
    /// works on: [`Self::look`] is for these.
    pub(super) fn look_at_cache(&mut self, folder: PathBuf) {
        look_at_cache(&folder, &mut self.stamps);
        self.cache = Some(folder);
    }

    /// How many files and folders it was asked to look at.
    pub(super) fn count(&self) -> usize {
        self.paths.len()
    }

    /// Whether all of it is as it was.
    pub(crate) fn is_current(&self) -> bool {
        let mut now = BTreeMap::new();
        for path in &self.paths {
            look_at(path, DEPTH, &mut now);
        }
        if let Some(folder) = &self.cache {
            look_at_cache(folder, &mut now);
        }
        now == self.stamps
    }
}

fn look_at(path: &Path, depth: usize, stamps: &mut BTreeMap<PathBuf, Stamp>) {
    let there = std::fs::metadata(path).ok();
    let is_folder = there.as_ref().is_some_and(Metadata::is_dir);
    stamps.entry(path.to_owned()).or_insert_with(|| stamp(there));
    if is_folder && depth > 0 {
        for inside in below(path) {
            look_at(&inside, depth - 1, stamps);
        }
    }
}

fn look_at_cache(folder: &Path, stamps: &mut BTreeMap<PathBuf, Stamp>) {
    look_at(folder, 0, stamps);
    for package in below(folder) {
        look_at(&package.join("package"), 0, stamps);
        look_at(&package.join("package").join("package.json"), 0, stamps);
    }
}

fn stamp(there: Option<Metadata>) -> Stamp {
    let there = there?;
    Some((there.modified().ok()?, there.len()))
}

/// What a folder has. One that cannot be read has nothing; whoever is to read it says so.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_what_was_looked_at_is_seen_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| std::fs::write(at(name), text).expect("written");
        for name in ["tree/package", "cache/a#1/package", "other"] {
            std::fs::create_dir_all(at(name)).expect("made");
        }
        write("one.json", "1");
        write("tree/package/a.json", "1");
        write("cache/a#1/package/package.json", "1");
        let look = || {
            let mut seen = Seen::default();
            seen.look([at("one.json"), at("tree"), at("not there")]);
            seen.look_at_cache(at("cache"));
            assert!(seen.is_current());
            seen
        };
        let changes: [(&str, &dyn Fn()); 6] = [
            ("a file", &|| write("one.json", "12")),
            ("a file in a folder", &|| write("tree/package/a.json", "12")),
            ("a new file in a folder", &|| write("tree/package/b.json", "1")),
            ("what was not there", &|| write("not there", "1")),
            ("a package that is installed", &|| {
                std::fs::create_dir_all(at("cache/b#1/package")).expect("made");
            }),
            ("what is gone", &|| std::fs::remove_file(at("tree/package/b.json")).expect("removed")),
        ];
        for (what, change) in changes {
            let seen = look();
            change();
            assert!(!seen.is_current(), "{what}");
        }
        let seen = look();
        write("other/x.json", "1");
        assert!(seen.is_current());
        // What was looked at first counts: a file that changes while the others are read has changed.
        let mut seen = Seen::default();
        seen.look([at("one.json")]);
        write("one.json", "123");
        seen.look([at("one.json"), at("tree")]);
        assert!(!seen.is_current());
    }
}
