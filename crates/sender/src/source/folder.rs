//! A folder of FHIR files: JSON, NDJSON and XML, as they are, by gzip, or in zip archives.
//!
//! Every file below the folder is read in order of path. Symbolic links are followed and links that go
//! round in a circle noticed. What is not read (other endings, hidden files, pipes and devices) is
//! counted and named: a source that has become something else must not look like an empty one.

mod archive;
mod format;
mod packed;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::read::MultiGzDecoder;
use jiff::{SignedDuration, Timestamp};
use lmr_auth::Clock;
use walkdir::{DirEntry, WalkDir};
use zip::ZipArchive;

pub use archive::FileArchive;
use archive::{Stamp, stamp};
use format::{Content, Format, is_unfinished};
use packed::{Bounded, inflating};

use super::freshness::{FRESH, age, changed_at};
use super::lines::{Reading, TextLocation};
use super::place::{Marker, Place, PlaceMark, absolute, has_nothing};
use super::{
    ArchiveError, FileError, FoundResource, PartLocation, PassedOver, PassedOverKind, Scanned,
    Scope, Source, SourceIssue, SourceIssueKind, SourceLimits, SourceLocation, SourcePart,
    SourceUnavailable, Spool, file_number,
};

/// How long after its last change a file whose name says that it is being written is taken for one that nobody
/// writes any more.
const ABANDONED: SignedDuration = SignedDuration::from_hours(2);

/// Most by which a clock that somebody looks at is ahead: a wrong time zone and more. What is dated later than that has no
/// date that says anything.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// A folder as a source.
#[derive(Debug)]
pub struct FolderSource {
    folder: PathBuf,
    limits: SourceLimits,
    freshness: Option<Freshness>,
    archive: Option<FileArchive>,
    marker: Marker,
    stable_ids: bool,
    /// Files of the last scan as they were then, where they are archived.
    read: Mutex<HashMap<String, Stamp>>,
    /// The file that was read from last: what is sent comes mostly in the order of the files.
    open: Mutex<Option<(Arc<SourcePart>, File)>>,
}

/// Knows files that are still being written.
struct Freshness {
    clock: Clock,
    /// Files that changed later than so long ago are left for the next run.
    settle: SignedDuration,
}

impl std::fmt::Debug for Freshness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Freshness").field("settle", &self.settle).finish_non_exhaustive()
    }
}

impl FolderSource {
    /// Uses the folder; nothing is read yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, limits: SourceLimits) -> Self {
        Self {
            folder: folder.into(),
            limits,
            freshness: None,
            archive: None,
            marker: Marker::default(),
            stable_ids: false,
            read: Mutex::default(),
            open: Mutex::new(None),
        }
    }

    /// Leaves files that are still being written for the next run: those that changed less than `settle`
    /// ago, and those that changed in the last five minutes and end in the middle. One whose name says that it is being
    /// written is at fault when it has not changed for two hours.
    #[must_use]
    pub fn waiting_for_writers(mut self, clock: Clock, settle: SignedDuration) -> Self {
        self.freshness = Some(Freshness { clock, settle });
        self
    }

    /// Puts files away when the register has answered for all that is in them.
    #[must_use]
    pub fn archiving(mut self, archive: FileArchive) -> Self {
        self.archive = Some(archive);
        self
    }

    /// Reads nothing where this file is not in the folder: its share is not mounted then.
    #[must_use]
    pub fn marked_by(mut self, marker: Marker) -> Self {
        self.marker = marker;
        self
    }

    /// Takes a type and an id for the same resource in every file and every run, as those of a FHIR server's export are.
    #[must_use]
    pub fn with_stable_ids(mut self) -> Self {
        self.stable_ids = true;
        self
    }

    /// The time that the files' dates are held against. Where files are moved away it is that of the machine that has
    /// them, by a file made there: with another clock one that is still being written looks old, and what is written to
    /// it after it was moved would never be read. Elsewhere the next run reads the rest.
    fn now(&self) -> Option<Timestamp> {
        let freshness = self.freshness.as_ref()?;
        let moves = self.archive.as_ref().is_some_and(|archive| !archive.copy);
        let there = || {
            let file = tempfile::Builder::new().prefix(".lmr-").tempfile_in(&self.folder).ok()?;
            changed_at(&file.as_file().metadata().ok()?)
        };
        moves.then(there).flatten().or_else(|| Some((freshness.clock)()))
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
        self.marker.look(&self.folder).map_err(unavailable)?;
        let mut pass = Pass {
            source: self,
            folder: &self.folder,
            limits: self.limits,
            scope,
            reading: Reading::new(self.limits.depth, visit),
            seen: HashSet::new(),
            passed_over: BTreeMap::new(),
            now: self.now(),
            spool: None,
            read: HashMap::new(),
            places: Vec::new(),
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
                Ok(entry) if entry.file_type().is_dir() => pass.folder(&entry),
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
        for label in std::mem::take(&mut pass.reading.unfinished) {
            pass.pass_over_label(PassedOverKind::Unfinished, label);
        }
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = std::mem::take(&mut pass.read);
        let (passed_over, places) = (pass.passed_over.into_iter(), pass.places);
        let mut scanned = pass.reading.finish();
        scanned.passed_over = passed_over
            .map(|(kind, (count, example))| PassedOver { kind, count, example })
            .collect();
        if matches!(scope, Scope::All) {
            let is_empty = has_nothing(scanned.files, &scanned.passed_over);
            scanned.places.extend(self.marker.place(&self.folder, is_empty));
            scanned.places.extend(places);
        }
        Ok(scanned)
    }

    fn read(&self, location: &SourceLocation) -> Result<String, SourceIssueKind> {
        let unreadable =
            |error: std::io::Error| SourceIssueKind::Unreadable { reason: error.into() };
        let PartLocation::File(handle) = &location.part.place else { return location.spooled() };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *open {
            Some((part, file)) if Arc::ptr_eq(part, &location.part) => file,
            other => {
                let path = self.folder.join(handle);
                let file = File::open(path).map_err(unreadable)?;
                &mut other.insert((Arc::clone(&location.part), file)).1
            }
        };
        file.seek(SeekFrom::Start(location.key)).map_err(unreadable)?;
        let mut bytes = vec![0; location.bytes()];
        let done = file.read_exact(&mut bytes);
        if cfg!(windows) {
            // An open file cannot be replaced there: whoever writes the next export would be refused.
            *open = None;
        }
        done.map_err(|_| SourceIssueKind::ChangedMeanwhile)?;
        String::from_utf8(bytes).map_err(|_| SourceIssueKind::ChangedMeanwhile)
    }

    fn id_space<'s>(&'s self, _label: &str) -> Option<&'s str> {
        self.stable_ids.then_some("")
    }

    fn archives(&self) -> bool {
        self.archive.is_some()
    }

    fn archive(&self, finished: &BTreeSet<String>) -> Vec<SourceIssue> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.archive
            .as_ref()
            .map(|archive| archive.take(&self.folder, &read, finished))
            .unwrap_or_default()
    }
}

/// One scan of a folder.
struct Pass<'v> {
    source: &'v FolderSource,
    folder: &'v Path,
    limits: SourceLimits,
    scope: Scope<'v>,
    reading: Reading<'v>,
    /// Files read, by device and number: one that two links lead to is read once.
    seen: HashSet<(u64, u64)>,
    passed_over: BTreeMap<PassedOverKind, (usize, String)>,
    /// What the files' dates are held against.
    now: Option<Timestamp>,
    /// For what is in compressed files and in XML.
    spool: Option<Arc<Spool>>,
    read: HashMap<String, Stamp>,
    /// Folders below in which something may be mounted.
    places: Vec<Place>,
}

impl Pass<'_> {
    /// Notes a folder below the source's own: a share may be mounted there, whatever the source's own marker says.
    fn folder(&mut self, entry: &DirEntry) {
        if entry.depth() == 0 || !matches!(self.scope, Scope::All) {
            return;
        }
        let path = entry.path();
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let is_empty = entries.map(|entry| entry.path()).all(|path| is_hidden(&path));
        let below = Some(relative(self.folder, path));
        let mark = PlaceMark::of(path);
        self.places.push(Place { path: absolute(path), below, mark, is_empty });
    }

    fn file(&mut self, entry: &DirEntry) {
        let path = entry.path();
        let label = relative(self.folder, path);
        if let Scope::Parts(labels) = self.scope {
            let inside = |wanted: &String| {
                wanted.strip_prefix(&*label).is_some_and(|rest| rest.starts_with('/'))
            };
            if !labels.contains(&label) && !labels.iter().any(inside) {
                return;
            }
        }
        if !entry.file_type().is_file() {
            // Reading from a pipe or a device may never end.
            return self.pass_over(PassedOverKind::NotAFile, path);
        }
        let Some(format) = Format::of(path) else {
            let is_unfinished = is_unfinished(path);
            if is_unfinished && self.is_abandoned(entry) {
                return self.reading.report(&label, None, SourceIssueKind::NeverFinished);
            }
            let kind = if is_unfinished { PassedOverKind::Unfinished } else { ending(path) };
            return self.pass_over(kind, path);
        };
        let metadata = entry.metadata().ok();
        if let Some(number) = metadata.as_ref().and_then(file_number)
            && !self.seen.insert(number)
        {
            return self.pass_over(PassedOverKind::ReadAlready, path);
        }
        let freshness = self.source.freshness.as_ref();
        let age = self.age(entry);
        if age.is_some_and(|age| freshness.is_some_and(|fresh| age < fresh.settle)) {
            return self.pass_over(PassedOverKind::Unfinished, path);
        }
        if self.source.archive.is_some()
            && let Some(metadata) = &metadata
        {
            self.read.insert(label.clone(), stamp(metadata));
        }
        let is_fresh = age.is_some_and(|age| age < FRESH);
        self.reading.begin_part(is_fresh);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => return self.unreadable(&label, None, error),
        };
        match format {
            Format::Plain(content) => {
                let place = if content == Content::Xml {
                    match self.spool() {
                        Ok(place) => place,
                        Err(error) => return self.unreadable(&label, None, error),
                    }
                } else {
                    let below = path.strip_prefix(self.folder).unwrap_or(path);
                    PartLocation::File(below.as_os_str().to_owned())
                };
                let part = Arc::new(SourcePart { label: label.into(), place });
                if let Err((line, error)) = self.content(&part, file, content) {
                    self.unreadable(&part.label, line, error);
                }
            }
            Format::Gzip(content) => {
                let inflater = MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file));
                self.packed(label, inflater, content);
            }
            Format::Zip => self.zip(&label, file, is_fresh),
        }
    }

    /// How far the file's last change is from now, where there is a clock.
    fn age(&self, entry: &DirEntry) -> Option<SignedDuration> {
        age(&entry.metadata().ok()?, self.now?)
    }

    /// Whether nobody writes a file any more. One that is dated ahead may have been changed just now.
    fn is_abandoned(&self, entry: &DirEntry) -> bool {
        let changed = entry.metadata().ok().as_ref().and_then(changed_at);
        let age = self.now.zip(changed).map(|(now, changed)| now.duration_since(changed));
        age.is_some_and(|age| age > ABANDONED || age < -MAX_AHEAD)
    }

    /// What a compressed file, or a file of an archive, inflates to.
    fn packed(&mut self, label: String, inflater: impl Read, content: Content) {
        let place = match self.spool() {
            Ok(place) => place,
            Err(error) => return self.unreadable(&label, None, error),
        };
        let part = Arc::new(SourcePart { label: label.into(), place });
        let bounded = Bounded::new(inflater, self.limits.inflated_bytes);
        if let Err((_, error)) = self.content(&part, bounded, content) {
            self.broken(&part.label, inflating(error));
        }
    }

    /// The files of an archive, each a part of its own below the archive's name.
    fn zip(&mut self, label: &str, file: File, is_fresh: bool) {
        let mut archive = match ZipArchive::new(BufReader::with_capacity(1 << 16, file)) {
            Ok(archive) => archive,
            // The table of files is at the end: without it the archive is not whole yet, or was cut.
            Err(error) => return self.broken(label, packed::archive(error)),
        };
        if archive.len() > self.limits.archive_members {
            let reason = ArchiveError::TooManyFiles;
            return self.reading.report(label, None, SourceIssueKind::Archive { reason });
        }
        let mut left = self.limits.inflated_bytes;
        for number in 0..archive.len() {
            let mut member = match archive.by_index(number) {
                Ok(member) => member,
                Err(error) => {
                    self.broken(label, packed::archive(error));
                    continue;
                }
            };
            if member.is_dir() {
                continue;
            }
            let Ok(name) = member.name().map(|name| name.replace('\\', "/")) else {
                let reason = ArchiveError::Damaged;
                self.reading.report(label, None, SourceIssueKind::Archive { reason });
                continue;
            };
            let path = Path::new(&name);
            let (archive, label) = (label, format!("{label}/{name}"));
            if is_hidden(path) || name.starts_with("__MACOSX/") {
                self.pass_over_label(PassedOverKind::Hidden, label);
                continue;
            }
            let format = Format::of(path);
            let (Some(Format::Plain(content) | Format::Gzip(content)), Some(format)) =
                (format, format)
            else {
                let kind = ending(path);
                if kind.may_be_data() {
                    // It stays, as such a file beside it does.
                    self.read.remove(archive);
                }
                self.pass_over_label(kind, label);
                continue;
            };
            self.reading.begin_part(is_fresh);
            let mut counted = Counted { inner: &mut member, read: 0 };
            let bounded = Bounded::new(&mut counted, left);
            match format {
                Format::Gzip(_) => {
                    self.packed(label, MultiGzDecoder::new(BufReader::new(bounded)), content);
                }
                _ => self.packed(label, bounded, content),
            }
            left = left.saturating_sub(counted.read);
        }
    }

    /// A compressed file that cannot be unpacked: at fault, unless it is still being written.
    fn broken(&mut self, label: &str, issue: SourceIssueKind) {
        match issue {
            SourceIssueKind::Archive {
                reason: ArchiveError::Truncated | ArchiveError::Damaged,
            } => {
                self.reading.cut(label, None, issue);
            }
            issue => self.reading.report(label, None, issue),
        }
    }

    fn content(
        &mut self,
        part: &Arc<SourcePart>,
        reader: impl Read,
        content: Content,
    ) -> Result<(), (Option<u32>, std::io::Error)> {
        if content == Content::Lines {
            return self.reading.lines(part, reader, self.limits.line_bytes);
        }
        let limit = self.limits.file_bytes;
        let mut bytes = Vec::new();
        reader.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| (None, error))?;
        if bytes.len() > limit {
            self.reading.report(&part.label, None, SourceIssueKind::TooLarge { limit });
        } else if content == Content::Xml {
            self.reading.xml(part, &bytes);
        } else {
            self.reading.text(part, TextLocation::WHOLE, &bytes);
        }
        Ok(())
    }

    fn spool(&mut self) -> std::io::Result<PartLocation> {
        let spool = match &self.spool {
            Some(spool) => Arc::clone(spool),
            None => Arc::clone(self.spool.insert(Arc::new(Spool::new()?))),
        };
        Ok(PartLocation::Spool(spool))
    }

    fn unreadable(&mut self, label: &str, line: Option<u32>, error: std::io::Error) {
        self.reading.report(label, line, SourceIssueKind::Unreadable { reason: error.into() });
    }

    fn pass_over(&mut self, kind: PassedOverKind, path: &Path) {
        let label = relative(self.folder, path);
        self.pass_over_label(kind, label);
    }

    fn pass_over_label(&mut self, kind: PassedOverKind, label: String) {
        self.passed_over.entry(kind).or_insert_with(|| (0, label)).0 += 1;
    }
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The kind for a file that is not read because of its ending: `.csv`, `.json.gz`.
fn ending(path: &Path) -> PassedOverKind {
    let lower = |part: &std::ffi::OsStr| part.to_string_lossy().to_ascii_lowercase();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(last) = path.extension().map(lower) else {
        return PassedOverKind::of_ending(&name, String::new());
    };
    // Of a compressed file the ending before that says what it is.
    let packed = ["gz", "bz2", "xz", "zst", "7z", "bak"].contains(&&*last);
    let before = path.file_stem().map(Path::new).and_then(Path::extension).map(lower);
    let ending = match before.filter(|_| packed) {
        Some(before) => format!(".{before}.{last}"),
        None => format!(".{last}"),
    };
    PassedOverKind::of_ending(&name, ending)
}

fn file_error(error: &walkdir::Error) -> FileError {
    match error.io_error() {
        Some(error) => std::io::Error::new(error.kind(), error.to_string()).into(),
        None => FileError::LinkLoop,
    }
}

/// The path below the folder as people read it.
fn relative(folder: &Path, path: &Path) -> String {
    let label = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
    if cfg!(windows) { label.replace('\\', "/") } else { label.into_owned() }
}
