//! Where resources come from: the trait, what a first pass finds, and where a resource is.
//!
//! A source is read twice. [`Source::scan`] hands every resource to a visitor and keeps none of them;
//! what is to be sent is read again by its location ([`Source::read`]). So memory holds one file or one
//! line at a time, however large the source is. What cannot be read again where it is (compressed files,
//! rows, pages of a server) is kept in an encrypted scratch file until the run is over (`spool.rs`).
//!
//! To add a kind of source: a file under `source/` that implements [`Source`], its keys
//! (`cli/src/config/source.rs`) and the function that makes it of them (`cli/src/send/sources.rs`);
//! CONTRIBUTING.md has the whole list.

mod folder;
mod freshness;
mod issue;
mod lines;
mod place;
mod server;
mod several;
mod spool;
mod table;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;

use jiff::Timestamp;
use lmr_fhir::Node;
use serde::{Deserialize, Serialize, Serializer};

pub use folder::{FileArchive, FolderSource};
pub use issue::{ArchiveError, FileError, SourceIssue, SourceIssueKind};
pub(crate) use place::PlaceChange;
pub use place::{Marker, Place, PlaceMark};
pub use server::{ServerAccess, ServerSettings, ServerSource};
pub use several::Sources;
pub(crate) use spool::Spool;
pub use table::{
    DoubtfulNumbers, FestSystems, Mapping, MappingError, ReadyMapping, RowError, RowReason,
    SqlTable, TableRows, TableSource, address_from, ready_mappings,
};

/// Bounds on what is read from a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLimits {
    /// Largest JSON file in bytes.
    pub file_bytes: usize,
    /// Longest NDJSON line in bytes.
    pub line_bytes: usize,
    /// Deepest nesting.
    pub depth: usize,
    /// What one compressed file may inflate to, in bytes.
    pub inflated_bytes: u64,
    /// Most files in one archive.
    pub archive_members: usize,
}

impl Default for SourceLimits {
    /// Files of 256 MiB, lines of 16 MiB, depth 100 (the receiver's limit), 64 GiB inflated, 100,000 files
    /// in an archive.
    fn default() -> Self {
        Self {
            file_bytes: 256 << 20,
            line_bytes: 16 << 20,
            depth: 100,
            inflated_bytes: 64 << 30,
            archive_members: 100_000,
        }
    }
}

/// How much of a source is read.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'s> {
    /// Everything.
    All,
    /// The parts with these labels.
    Parts(&'s BTreeSet<String>),
}

/// A place resources are read from.
pub trait Source: Send + Sync {
    /// What people call it: a path, an address.
    fn name(&self) -> String;

    /// What it is asked for, for the source's eyes only: where this is another one than at the last transfer, what has
    /// changed since then is not all that is wanted.
    fn question(&self) -> String {
        self.name()
    }

    /// Reads what is in `scope`, in an order that is the same every time, and hands each resource to
    /// `visit`. An issue that the visitor reports is kept with its location, like the source's own.
    ///
    /// # Errors
    /// [`SourceUnavailable`] when the source as a whole cannot be read; everything less is in
    /// [`Scanned::issues`].
    fn scan(
        &self,
        scope: Scope<'_>,
        visit: &mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
    ) -> Result<Scanned, SourceUnavailable>;

    /// The text of the resource at a location that [`Source::scan`] gave.
    ///
    /// # Errors
    /// [`SourceIssueKind`] when there is no resource any more, or it cannot be read.
    fn read(&self, location: &SourceLocation) -> Result<String, SourceIssueKind> {
        location.spooled()
    }

    /// Says that what has changed since then is wanted: the start of the last transfer after which nothing was
    /// left to deliver or to correct; none before the first. A source that cannot tell reads everything.
    fn begin(&self, _since: Option<Timestamp>) {}

    /// The name of the space in which ids of this part are stable: in it, a type and an id always name the same resource, as
    /// at a FHIR server (FHIR R4, `Resource.id`), whatever its identifiers become. None where an id may name another
    /// resource the next time, as in messages in files.
    fn id_space<'s>(&'s self, _label: &str) -> Option<&'s str> {
        None
    }

    /// Whether [`Source::archive`] does anything.
    fn archives(&self) -> bool {
        false
    }

    /// Whether [`Source::archive`] may put the part with this label away.
    fn archives_part(&self, _label: &str) -> bool {
        self.archives()
    }

    /// Puts away the parts with these labels: the register has answered for all that is in them. Gives what
    /// could not be put away.
    fn archive(&self, finished: &BTreeSet<String>) -> Vec<SourceIssue> {
        let _ = finished;
        Vec::new()
    }
}

/// The source as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the source {name}: {cause}")]
pub struct SourceUnavailable {
    /// The source's name.
    pub name: String,
    /// The system's reason.
    pub cause: FileError,
}

/// A part of a source that many resources share: a file, a page, a table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SourcePart {
    /// What people call it.
    pub(crate) label: Arc<str>,
    /// What the source finds it by.
    pub(crate) place: PartLocation,
}

/// Where a part's resources are read again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PartLocation {
    /// In a file below the source's folder. File names may be any bytes, so this is not text.
    File(OsString),
    /// In the scratch file.
    Spool(Arc<Spool>),
    /// In one of several sources.
    Of {
        /// Which.
        source: usize,
        /// Its own part.
        part: Arc<SourcePart>,
    },
}

/// Where in its source a resource is. Only the source that gave it knows what the key means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLocation {
    pub(crate) part: Arc<SourcePart>,
    pub(crate) line: u32,
    pub(crate) key: u64,
    pub(crate) length: u32,
}

impl SourceLocation {
    /// The part's name for people: a path below the source folder, with `/`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.part.label
    }

    /// Line of the resource's first character in the part, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The resource's text in the scratch file.
    fn spooled(&self) -> Result<String, SourceIssueKind> {
        let PartLocation::Spool(spool) = &self.part.place else {
            return Err(SourceIssueKind::ChangedMeanwhile);
        };
        spool
            .read(self.key, self.bytes())
            .map_err(|error| SourceIssueKind::Unreadable { reason: error.into() })
    }

    /// Bytes of the resource as the source has them.
    pub(crate) fn bytes(&self) -> usize {
        self.length as usize
    }
}

impl Serialize for SourceLocation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.label(), self.line).serialize(serializer)
    }
}

/// One resource as the first pass meets it.
pub struct FoundResource<'d> {
    /// The resource.
    pub node: Node<'d>,
    /// Its type: ASCII letters, but not necessarily a type that FHIR knows.
    pub resource_type: &'d str,
    /// `fullUrl`, if it is in a Bundle that gives one.
    pub full_url: Option<&'d str>,
    /// Where it is.
    pub location: SourceLocation,
    /// The number of the Bundle it is in: references of the form `urn:uuid` hold within one. 0 outside
    /// of any.
    pub bundle: u64,
    /// When it was written, where the source knows it and the resource does not say it.
    pub updated: Option<Timestamp>,
}

/// Totals of a first pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scanned {
    /// Parts read: files, pages.
    pub files: usize,
    /// Resources met.
    pub resources: usize,
    /// What could not be used.
    pub issues: Vec<SourceIssue>,
    /// What was not read, and is not expected to be: counted, so that nobody takes it for sent.
    pub passed_over: Vec<PassedOver>,
    /// Of several sources those without a single resource, by their names.
    pub empty: Vec<String>,
    /// Sources that were asked for everything, as far as they can be, and have not a single resource: also one that
    /// gives changes only is not empty then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub empty_in_full: Vec<String>,
    /// Numbers that were read and may mean something else, by column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubtful_numbers: Vec<DoubtfulNumbers>,
    /// The folders that were read, for telling one that is not mounted from one that is empty.
    #[serde(skip)]
    pub places: Vec<Place>,
}

/// What tells a file or a folder from all others of the machine: device and inode.
#[cfg(unix)]
fn file_number(metadata: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file_number(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

impl Scanned {
    /// Whether all that the source has was read: what is missing then has gone.
    pub(crate) fn is_whole(&self) -> bool {
        // A line that cannot be read or a row that is held is still there, though nobody knows which record it is: called
        // vanished, it would be offered for annulment.
        let is_nothing = |issue: &SourceIssue| {
            matches!(issue.issue, SourceIssueKind::EntryWithoutResource { .. })
        };
        self.issues.iter().all(is_nothing)
            && self.passed_over.iter().all(|over| over.kind != PassedOverKind::Unfinished)
    }
}

/// Files of one kind that were not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Why.
    #[serde(flatten)]
    pub kind: PassedOverKind,
    /// How many.
    pub count: usize,
    /// The first of them.
    pub example: String,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PassedOverKind {
    /// Files with this ending are not read.
    Ending {
        /// With its dot; empty where the name has none.
        ending: String,
    },
    /// A README (in Norwegian LES-MEG) beside the data.
    Readme,
    /// A pipe, a device or a socket.
    NotAFile,
    /// A link that leads back to a folder above it.
    LinkLoop,
    /// Another link leads to the same file.
    ReadAlready,
    /// A name that begins with a dot.
    Hidden,
    /// Still being written: it goes with the next transfer.
    Unfinished,
    /// Rows that the mapping says to leave out.
    SkippedRows,
}

impl PassedOverKind {
    /// Whether it may be data that somebody expects to be sent.
    #[must_use]
    pub fn may_be_data(&self) -> bool {
        matches!(self, Self::Ending { .. } | Self::NotAFile)
    }

    /// A file that is not read because of its ending: `.csv`, `.json.gz`.
    fn of_ending(name: &str, ending: String) -> Self {
        let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
        match stem.replace(['-', '_', ' '], "").as_str() {
            "readme" | "lesmeg" => Self::Readme,
            _ => Self::Ending { ending },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_source_lacks_has_gone_only_if_all_of_it_was_read() {
        let issue = |line, issue| SourceIssue { file: "a".to_owned(), line, issue };
        let with = |issues| Scanned { issues, ..Scanned::default() };
        assert!(with(vec![]).is_whole());
        let nothing = SourceIssueKind::EntryWithoutResource { index: 0 };
        assert!(with(vec![issue(Some(3), nothing)]).is_whole());
        assert!(!with(vec![issue(Some(3), SourceIssueKind::NotAResource)]).is_whole());
        assert!(!with(vec![issue(None, SourceIssueKind::ChangedMeanwhile)]).is_whole());
        let error =
            RowError { key: None, column: "unit".to_owned(), reason: RowReason::NotANumber };
        assert!(!with(vec![issue(Some(3), SourceIssueKind::Row { error })]).is_whole());
        let over = |kind| PassedOver { kind, count: 1, example: "a".to_owned() };
        let unfinished = vec![over(PassedOverKind::Unfinished)];
        assert!(!Scanned { passed_over: unfinished, ..Scanned::default() }.is_whole());
        let hidden = vec![over(PassedOverKind::Hidden)];
        assert!(Scanned { passed_over: hidden, ..Scanned::default() }.is_whole());
    }
}
