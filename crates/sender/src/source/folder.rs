//! A folder of FHIR JSON and NDJSON files.
//!
//! Every file below the folder is read in order of path. Symbolic links are followed and links that go
//! round in a circle noticed. What is not read (other endings, hidden files, pipes and devices) is
//! counted and named: a source that has become something else must not look like an empty one.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use walkdir::{DirEntry, WalkDir};

use super::lines::Reading;
use super::{
    FileError, FoundResource, PassedOver, PassedOverKind, Scanned, Scope, Source, SourceIssueKind,
    SourceLimits, SourceLocation, SourcePart, SourceUnavailable,
};

/// A folder as a source.
#[derive(Debug)]
pub struct FolderSource {
    folder: PathBuf,
    limits: SourceLimits,
    /// The file that was read from last: what is sent comes mostly in the order of the files.
    open: Mutex<Option<(Arc<SourcePart>, File)>>,
}

impl FolderSource {
    /// Uses the folder; nothing is read yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, limits: SourceLimits) -> Self {
        Self { folder: folder.into(), limits, open: Mutex::new(None) }
    }
}

impl Source for FolderSource {
    fn name(&self) -> String {
        self.folder.display().to_string()
    }

    fn scan(
        &self,
        scope: Scope<'_>,
        visit: &mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
    ) -> Result<Scanned, SourceUnavailable> {
        let unavailable = |cause| SourceUnavailable { name: self.name(), cause };
        let is_folder = self.folder.metadata().map_err(|error| unavailable(error.into()))?.is_dir();
        if !is_folder {
            return Err(unavailable(FileError::NotAFolder));
        }
        let mut pass = Pass {
            folder: &self.folder,
            limits: self.limits,
            scope,
            reading: Reading::new(self.limits.depth, visit),
            seen: HashSet::new(),
            passed_over: BTreeMap::new(),
        };
        let mut walk =
            WalkDir::new(&self.folder).follow_links(true).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) if entry.depth() > 0 && is_hidden(entry.path()) => {
                    pass.pass_over(PassedOverKind::Hidden, entry.path());
                    if entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                }
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => pass.file(&entry),
                Err(error) if error.depth() == 0 => {
                    return Err(unavailable(file_error(&error)));
                }
                Err(error) => {
                    let path = error.path().unwrap_or(&self.folder);
                    let is_wanted = path.is_dir() || is_hidden(path) || Format::of(path).is_some();
                    match file_error(&error) {
                        // What the link leads to is read where it is.
                        FileError::LinkLoop => pass.pass_over(PassedOverKind::LinkLoop, path),
                        FileError::NotFound if !is_wanted => pass.pass_over(ending(path), path),
                        reason => {
                            let label = relative(&self.folder, path);
                            pass.reading.report(
                                &label,
                                None,
                                SourceIssueKind::Unreadable { reason },
                            );
                        }
                    }
                }
            }
        }
        let passed_over = pass.passed_over.into_iter();
        let mut scanned = pass.reading.finish();
        scanned.passed_over = passed_over
            .map(|(kind, (count, example))| PassedOver { kind, count, example })
            .collect();
        Ok(scanned)
    }

    fn read(&self, location: &SourceLocation) -> Result<String, SourceIssueKind> {
        let unreadable =
            |error: std::io::Error| SourceIssueKind::Unreadable { reason: error.into() };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *open {
            Some((part, file)) if Arc::ptr_eq(part, &location.part) => file,
            other => {
                let path = self.folder.join(&location.part.handle);
                let file = File::open(path).map_err(unreadable)?;
                &mut other.insert((Arc::clone(&location.part), file)).1
            }
        };
        file.seek(SeekFrom::Start(location.key)).map_err(unreadable)?;
        let mut bytes = vec![0; location.bytes()];
        file.read_exact(&mut bytes).map_err(|_| SourceIssueKind::ChangedMeanwhile)?;
        String::from_utf8(bytes).map_err(|_| SourceIssueKind::ChangedMeanwhile)
    }
}

/// How a file holds resources, by its ending.
#[derive(Clone, Copy)]
enum Format {
    /// One JSON text.
    Json,
    /// A JSON text a line.
    Lines,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Lines),
            _ => None,
        }
    }
}

/// One scan of a folder.
struct Pass<'v> {
    folder: &'v Path,
    limits: SourceLimits,
    scope: Scope<'v>,
    reading: Reading<'v>,
    /// Files read, by device and number: one that two links lead to is read once.
    seen: HashSet<(u64, u64)>,
    passed_over: BTreeMap<PassedOverKind, (usize, String)>,
}

impl Pass<'_> {
    fn file(&mut self, entry: &DirEntry) {
        let path = entry.path();
        if let Scope::Parts(labels) = self.scope
            && !labels.contains(&relative(self.folder, path))
        {
            return;
        }
        if !entry.file_type().is_file() {
            // Reading from a pipe or a device may never end.
            return self.pass_over(PassedOverKind::NotAFile, path);
        }
        let Some(format) = Format::of(path) else {
            return self.pass_over(ending(path), path);
        };
        if let Some(number) = entry.metadata().ok().as_ref().and_then(file_number)
            && !self.seen.insert(number)
        {
            return self.pass_over(PassedOverKind::ReadAlready, path);
        }
        let part = Arc::new(SourcePart {
            label: relative(self.folder, path).into(),
            handle: path.strip_prefix(self.folder).unwrap_or(path).as_os_str().to_owned(),
        });
        self.reading.begin_part();
        let read = match format {
            Format::Json => self.json(&part, path),
            Format::Lines => File::open(path)
                .map_err(|error| (None, error))
                .and_then(|file| self.reading.lines(&part, file, self.limits.line_bytes)),
        };
        if let Err((line, error)) = read {
            let reason = error.into();
            self.reading.report(&part.label, line, SourceIssueKind::Unreadable { reason });
        }
    }

    fn json(
        &mut self,
        part: &Arc<SourcePart>,
        path: &Path,
    ) -> Result<(), (Option<u32>, std::io::Error)> {
        let limit = self.limits.file_bytes;
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| (None, error))?;
        if bytes.len() > limit {
            self.reading.report(&part.label, None, SourceIssueKind::TooLarge { limit });
        } else {
            self.reading.text(part, 1, 0, &bytes);
        }
        Ok(())
    }

    fn pass_over(&mut self, kind: PassedOverKind, path: &Path) {
        let label = relative(self.folder, path);
        self.passed_over.entry(kind).or_insert_with(|| (0, label)).0 += 1;
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The kind for a file that is not read because of its ending: `.csv`, `.json.gz`.
fn ending(path: &Path) -> PassedOverKind {
    let lower = |part: &std::ffi::OsStr| part.to_string_lossy().to_ascii_lowercase();
    let Some(last) = path.extension().map(lower) else {
        return PassedOverKind::Ending { ending: String::new() };
    };
    // Of a compressed file the ending before that says what it is.
    let packed = ["gz", "zip", "bz2", "xz", "zst", "tmp", "part", "bak"].contains(&&*last);
    let before = path.file_stem().map(Path::new).and_then(Path::extension).map(lower);
    let ending = match before.filter(|_| packed) {
        Some(before) => format!(".{before}.{last}"),
        None => format!(".{last}"),
    };
    PassedOverKind::Ending { ending }
}

fn file_error(error: &walkdir::Error) -> FileError {
    match error.io_error() {
        Some(error) => std::io::Error::new(error.kind(), error.to_string()).into(),
        None => FileError::LinkLoop,
    }
}

#[cfg(unix)]
fn file_number(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file_number(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// The path below the folder as people read it.
fn relative(folder: &Path, path: &Path) -> String {
    let label = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
    if cfg!(windows) { label.replace('\\', "/") } else { label.into_owned() }
}
