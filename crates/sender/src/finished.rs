//! Which files of a source are finished: nothing in them is open, and nothing that stays needs them.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::index::Index;
use crate::source::Source;

/// The files, by their labels, that may be put away when the resources at the positions `unfinished` are not finished.
///
/// A resource that stays is read again in the next run, and must then be what it was: all that it refers to stays
/// with it, and of a resource in several versions the one that counts. So does all that is in the files of these.
pub(crate) fn finished_files(
    source: &dyn Source,
    index: &Index,
    unfinished: impl IntoIterator<Item = u32>,
) -> BTreeSet<String> {
    let unfinished: HashSet<u32> = unfinished.into_iter().collect();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut files = Files { of_part: Vec::new(), stays: Vec::new(), pending: Vec::new() };
    for part in index.parts() {
        let next = numbers.len();
        let file = *numbers.entry(file_of(&part.label)).or_insert(next);
        files.stays.resize(numbers.len(), false);
        files.of_part.push(file);
    }
    let mut records: Vec<Vec<u32>> = vec![Vec::new(); numbers.len()];
    for (at, part) in index.places() {
        records[files.of_part[part]].push(at);
        if unfinished.contains(&at) || !source.archives_part(&index.parts()[part].label) {
            files.keep(part);
        }
    }
    for issue in &index.scanned.issues {
        if let Some(file) = numbers.get(file_of(&issue.file)) {
            files.keep_file(*file);
        }
    }
    while let Some(file) = files.pending.pop() {
        for at in std::mem::take(&mut records[file]) {
            files.keep(index.part_of(at));
            for target in index.targets(at) {
                files.keep(index.part_of(*target));
            }
        }
    }
    let is_finished = |(_, file): &(&str, usize)| !files.stays[*file];
    numbers.into_iter().filter(is_finished).map(|(label, _)| label.to_owned()).collect()
}

/// Files by their numbers.
struct Files {
    /// The file that each part of the source is in.
    of_part: Vec<usize>,
    stays: Vec<bool>,
    /// Files that stay and whose resources have not been looked at.
    pending: Vec<usize>,
}

impl Files {
    fn keep(&mut self, part: usize) {
        self.keep_file(self.of_part[part]);
    }

    fn keep_file(&mut self, file: usize) {
        if !std::mem::replace(&mut self.stays[file], true) {
            self.pending.push(file);
        }
    }
}

/// The file that a part is in: a file of an archive moves with the archive.
fn file_of(label: &str) -> &str {
    label.find(".zip/").map_or(label, |at| &label[..at + 4])
}
