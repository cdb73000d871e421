//! The file of a database, watched while it is used: another one that is put in its place, or written into it, must not be
//! taken for it.
//!
//! SQLite notices neither. What it writes to a file that was replaced is gone; of one that was written over it keeps pages and
//! a log that belong to what was there before, and mixes both. So each file has a mark in its header, drawn when it is begun
//! (SQLite's `user_version`, which nothing else uses); a copy that `lmr admin backup` makes has another one. Beside it the
//! header counts changes and pages (<https://sqlite.org/fileformat2.html>), and a file with the same mark and fewer of them is an
//! earlier state.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Why a database whose file was replaced is not used any more.
pub(crate) const REPLACED: &str = "the database's file was replaced or removed while it is used: stop the receiver, put the \
    right file in its place, and start again; the start says whether the log beside it (-wal) belongs to it \
    (docs/operations.md, Restore)";

/// Why a database whose file was written over is not used any more.
pub(crate) const OVERWRITTEN: &str = "the database's file was written over by another program while it is used: stop the \
    receiver, put the right file in its place once more, and start again; the start says whether the log beside it (-wal) \
    belongs to it (docs/operations.md, Restore)";

/// Bytes of a file's header (<https://sqlite.org/fileformat2.html#the_database_header>).
const HEADER: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where the header has the number of its changes, the pages of the file, the number of its schema, and its `user_version`.
const CHANGES: usize = 24;
const PAGES: usize = 28;
const SCHEMA: usize = 40;
const MARK: usize = 60;
/// Bytes in front of the frames of a log, and in front of the page of each (<https://sqlite.org/fileformat2.html#walformat>).
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// The first bytes of a log, but for the last bit.
const LOG_MAGIC: u32 = 0x377f_0682;
/// The end of the name of a note beside a file that was replaced or written over: how the log there begins, and the header of
/// the file that it belongs to.
const LEFT: &str = "-wal-of-another";

/// Which file a path leads to. SQLite knows files by the same two numbers.
#[cfg_attr(not(unix), expect(dead_code, reason = "no file is known by its numbers there"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    device: u64,
    inode: u64,
}

impl Place {
    /// `None` where the system does not show the file, or gives it no number.
    #[cfg(unix)]
    fn of(file: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let file = file.metadata().ok()?;
        Some(Self { device: file.dev(), inode: file.ino() })
    }

    /// A file that is open cannot be replaced there.
    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Self> {
        None
    }
}

/// A file that is used.
#[derive(Debug)]
pub(crate) struct Watched {
    path: PathBuf,
    place: Option<Place>,
    /// The log that SQLite writes beside it: by the name that links lead to.
    log: PathBuf,
    /// Open as long as the database is: closing it takes from this process all locks that it has on the file (POSIX), those
    /// of SQLite too.
    file: File,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// The file's mark; 0 where it has none yet.
    mark: u32,
    /// Whether the file itself had the mark already. Until the log is written into it, it has not.
    is_marked: bool,
    /// What the header said when it was looked at last.
    last: Option<Header>,
    /// Once it was written over, nothing makes it whole again.
    is_overwritten: bool,
    /// Whether it is noted that the log is not the file's that is there now.
    has_left_log: bool,
    /// Whether the log of the program has that this failed.
    has_said_so: bool,
    /// The log that was there when all was well last.
    log: Option<Place>,
}

/// What the header of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    changes: u32,
    pages: u32,
    schema: u32,
    mark: u32,
}

impl Header {
    fn of(bytes: &[u8]) -> Self {
        Self {
            changes: number(bytes, CHANGES),
            pages: number(bytes, PAGES),
            schema: number(bytes, SCHEMA),
            mark: number(bytes, MARK),
        }
    }

    /// As a note has it.
    fn to_note(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let numbers = [self.changes, self.pages, self.schema, self.mark];
        for (four, number) in bytes.chunks_exact_mut(4).zip(numbers) {
            four.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    fn of_note(bytes: &[u8]) -> Option<Self> {
        let is_whole = bytes.len() == 16;
        is_whole.then(|| Self {
            changes: number(bytes, 0),
            pages: number(bytes, 4),
            schema: number(bytes, 8),
            mark: number(bytes, 12),
        })
    }

    /// Whether it is of an earlier state than another one of the same file. The numbers begin again after their last ones. A
    /// file gets shorter by `VACUUM` alone, which gives the schema its next number.
    fn is_before(&self, other: &Self) -> bool {
        let went_back = |from: u32, to: u32| to.wrapping_sub(from) > u32::MAX / 2;
        went_back(other.changes, self.changes)
            || went_back(other.schema, self.schema)
            || (self.schema == other.schema && self.pages < other.pages)
    }
}

/// What is found where the header should be.
enum Found {
    Header(Header),
    /// The system gives an error, which says nothing of what is there. SQLite gets the same one, and reports it.
    Unreadable,
    /// Not as much as a header: a file that has only been begun, or one that is being written.
    Less,
    /// Something else than a database.
    Other,
}

impl Watched {
    /// Looks at a file that is about to be opened. `None` where the system does not show it.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let place = Place::of(path);
        let log = beside(path, "-wal");
        Some(Self { path: path.to_owned(), place, log, file, state: Mutex::default() })
    }

    /// Whether the log beside the file is another file's: SQLite would write it into this one. It shows where the log has the
    /// first page, as one does in which the file has grown.
    pub(crate) fn has_log_of_another(&self) -> bool {
        if self.log_was_left() {
            return true;
        }
        let Found::Header(header) = self.found() else { return false };
        // What cannot be read SQLite cannot use either.
        let in_log = mark_in_log(&self.log).ok().flatten();
        in_log.is_some_and(|mark| mark != 0 && header.mark != 0 && mark != header.mark)
    }

    fn note(&self) -> PathBuf {
        beside(&self.path, LEFT)
    }

    /// Notes beside the file that the log there is that of the file before: a log without the first page does not show it, and
    /// the next start would bring it into the file.
    fn leave_log(&self, state: &mut State) {
        if state.has_left_log {
            return;
        }
        // What failed is tried again at the next call, and said once.
        match self.note_log(state) {
            Ok(()) => state.has_left_log = true,
            Err(_) if std::mem::replace(&mut state.has_said_so, true) => {}
            Err(error) => {
                tracing::error!(%error, "that the log beside the database is another file's could not be noted");
            }
        }
    }

    fn note_log(&self, state: &State) -> io::Result<()> {
        // A log that was put there together with the file is the file's own.
        if Place::of(&self.log) != state.log {
            return Ok(());
        }
        let mut note = match begin_of(&self.log) {
            Ok(begin) => begin.to_vec(),
            // There is none, or nothing in it.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) =>
            {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if let Some(last) = state.last {
            note.extend(last.to_note());
        }
        std::fs::write(self.note(), note)
    }

    /// Whether the log beside the file is one that was left there by another file. Where that file was put back, or was away for
    /// a moment only, the log is its own again.
    fn log_was_left(&self) -> bool {
        let path = self.note();
        let Ok(note) = std::fs::read(&path) else { return false };
        let Some((log, file)) = note.split_at_checked(LOG_HEADER) else { return false };
        let is_there = begin_of(&self.log).is_ok_and(|begin| begin.as_slice() == log);
        let is_of_this_file = || match (self.found(), Header::of_note(file)) {
            (Found::Header(header), Some(former)) => {
                former.mark != 0 && header.mark == former.mark && !header.is_before(&former)
            }
            _ => false,
        };
        if is_there && !is_of_this_file() {
            return true;
        }
        // What cannot be removed says nothing of another log, and is asked again at the next start.
        let _ = std::fs::remove_file(path);
        false
    }

    /// From here on the file must be the one with this mark; 0 where it has none.
    pub(crate) fn expect_mark(&self, mark: u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.mark = mark;
        state.log = Place::of(&self.log);
    }

    /// Why the file cannot be used any more.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.place.is_some() && Place::of(&self.path) != self.place {
            self.leave_log(&mut state);
            return Some(REPLACED);
        }
        // Twice: a header is written in one piece, but no rule says that it is read in one.
        if !state.is_overwritten
            && !state.agrees_with(&self.found())
            && !state.agrees_with(&self.found())
        {
            state.is_overwritten = true;
            self.leave_log(&mut state);
        }
        if state.is_overwritten {
            return Some(OVERWRITTEN);
        }
        // Another one may take its place later.
        state.has_left_log = false;
        state.log = Place::of(&self.log);
        None
    }

    fn found(&self) -> Found {
        let mut bytes = [0; HEADER];
        match read_at_start(&self.file, &mut bytes) {
            Ok(HEADER) if bytes.starts_with(MAGIC) => Found::Header(Header::of(&bytes)),
            Ok(HEADER) => Found::Other,
            Ok(_) => Found::Less,
            Err(_) => Found::Unreadable,
        }
    }
}

impl State {
    /// Whether this can be the file that is used, and if so, how it is now.
    fn agrees_with(&mut self, found: &Found) -> bool {
        let header = match found {
            Found::Header(header) => header,
            Found::Unreadable => return true,
            Found::Less => return self.last.is_none(),
            Found::Other => return false,
        };
        let has_mark = self.mark != 0 && header.mark == self.mark;
        let may_lack_it = self.mark == 0 || (header.mark == 0 && !self.is_marked);
        if !(has_mark || may_lack_it) || self.last.is_some_and(|last| header.is_before(&last)) {
            return false;
        }
        self.is_marked |= has_mark;
        self.last = Some(*header);
        true
    }
}

/// A file that is kept beside a database.
fn beside(file: &Path, end: &str) -> PathBuf {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let mut path = file.into_os_string();
    path.push(end);
    path.into()
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    u32::from_be_bytes(four.unwrap_or_default())
}

/// Reads without moving a place that others read from.
#[cfg(unix)]
fn read_at_start(file: &File, bytes: &mut [u8; HEADER]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, 0)
}

#[cfg(windows)]
fn read_at_start(file: &File, bytes: &mut [u8; HEADER]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, 0)
}

#[cfg(not(any(unix, windows)))]
fn read_at_start(_: &File, _: &mut [u8; HEADER]) -> io::Result<usize> {
    Ok(0)
}

/// How a log begins: with two numbers of its own, which are new each time SQLite begins it again.
fn begin_of(log: &Path) -> io::Result<[u8; LOG_HEADER]> {
    let mut begin = [0; LOG_HEADER];
    File::open(log)?.read_exact(&mut begin)?;
    Ok(begin)
}

/// The mark in the newest first page of a log; `None` where it has none.
fn mark_in_log(log: &Path) -> io::Result<Option<u32>> {
    let mut file = File::open(log)?;
    let mut header = [0; LOG_HEADER];
    let mut frame = [0; FRAME_HEADER + HEADER];
    let mut found = None;
    if file.read_exact(&mut header).is_err() || number(&header, 0) | 1 != LOG_MAGIC | 1 {
        return Ok(None);
    }
    let page_size = u64::from(number(&header, 8));
    if page_size < HEADER as u64 {
        return Ok(None);
    }
    let mut at = LOG_HEADER as u64;
    loop {
        file.seek(SeekFrom::Start(at))?;
        // Behind the last frame of this log are those of an earlier one.
        if file.read_exact(&mut frame).is_err() || frame[8..16] != header[16..24] {
            break;
        }
        if number(&frame, 0) == 1 {
            found = Some(number(&frame, FRAME_HEADER + MARK));
        }
        at += FRAME_HEADER as u64 + page_size;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(changes: u32, mark: u32) -> Found {
        Found::Header(Header { changes, pages: 10, schema: 1, mark })
    }

    #[test]
    fn a_file_gets_shorter_with_another_schema_number_alone() {
        let header = |pages, schema| Header { changes: 5, pages, schema, mark: 7 };
        for (from, to, is_back) in [
            ((10, 1), (10, 1), false),
            ((10, 1), (20, 1), false),
            ((10, 1), (9, 1), true),
            ((10, 1), (3, 2), false),
            ((10, 2), (30, 1), true),
            ((10, u32::MAX), (3, 0), false),
        ] {
            let (from, to) = (header(from.0, from.1), header(to.0, to.1));
            assert_eq!(to.is_before(&from), is_back, "{from:?} {to:?}");
        }
    }

    #[test]
    fn a_file_is_the_one_that_is_used_while_it_has_its_mark_and_does_not_go_back() {
        let used = State { mark: 7, ..State::default() };
        for (what, looks, agrees) in [
            ("the log is not in it yet", vec![Found::Less, header(1, 0), header(1, 7)], true),
            ("changes", vec![header(1, 7), header(1, 7), header(9, 7)], true),
            ("the number begins again", vec![header(u32::MAX, 7), header(2, 7)], true),
            ("another file's mark", vec![header(1, 7), header(9, 8)], false),
            ("another file's mark, first", vec![header(9, 8)], false),
            ("a file of an earlier program", vec![header(1, 7), header(9, 0)], false),
            ("an earlier state", vec![header(9, 7), header(8, 7)], false),
            ("being written", vec![header(9, 7), Found::Less], false),
            ("no database", vec![header(9, 7), Found::Other], false),
            ("no database, first", vec![Found::Other], false),
            ("an error", vec![header(9, 7), Found::Unreadable, header(9, 7)], true),
            ("an error, first", vec![Found::Unreadable, header(9, 7)], true),
            ("an error hides nothing", vec![header(9, 7), Found::Unreadable, header(8, 7)], false),
        ] {
            let mut state = used;
            assert_eq!(looks.iter().all(|found| state.agrees_with(found)), agrees, "{what}");
        }
        let mut unmarked = State::default();
        assert!([header(1, 0), header(2, 5)].iter().all(|found| unmarked.agrees_with(found)));
        assert!(!unmarked.agrees_with(&header(1, 5)), "without a mark only the number tells");
    }
}
