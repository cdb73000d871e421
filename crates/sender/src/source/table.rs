//! A table (CSV files, or the rows of an SQL query) as a source: a mapping file says which resources a row is.

mod bound;
mod csv_rows;
mod doubtful;
mod field;
mod files;
mod mapping;
mod quotes;
mod ready;
mod row_error;
mod sql;
mod template;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use csv::StringRecord;
use jiff::Timestamp;
use lmr_auth::Clock;
use lmr_fhir::{Document, Language, ParseOptions};

pub use doubtful::DoubtfulNumbers;
use doubtful::NumberColumns;
pub use mapping::{Mapping, MappingError};
pub use ready::{ReadyMapping, ready_mappings};
pub use row_error::{RowError, RowReason};
pub use sql::{SqlTable, address_from};

use bound::{Bound, Made};
use csv_rows::CsvRows;
use files::{Meanwhile, TableFile};
use sql::SqlRows;

use super::place::has_nothing;
use super::{
    FileError, FoundResource, Marker, PartLocation, PassedOver, PassedOverKind, Scanned, Scope,
    Source, SourceIssue, SourceIssueKind, SourceLocation, SourcePart, SourceUnavailable, Spool,
};
use crate::identity::HashKey;

/// Says which code system of FEST has a code.
pub type FestSystems = Arc<dyn Fn(&str) -> Option<&'static str> + Send + Sync>;

/// Where the rows are.
#[derive(Debug, Clone)]
pub enum TableRows {
    /// A CSV file, or a folder of them, read in order of name.
    Csv(PathBuf),
    /// The rows of a query.
    Sql(SqlTable),
}

/// A table as a source.
pub struct TableSource {
    rows: TableRows,
    mapping: Mapping,
    key: HashKey,
    fest: Option<FestSystems>,
    first_rows: Option<u64>,
    marker: Marker,
    since: Mutex<Option<Timestamp>>,
    clock: Option<Clock>,
    /// The files of the mapping's tables.
    look_ups: Vec<PathBuf>,
    /// One of them that was still being written when the mapping was read.
    half_look_up: Option<PathBuf>,
}

impl TableSource {
    /// Uses the rows; nothing is read yet. `key` makes the ids of resources: from a person's number nobody
    /// else can make the same.
    #[must_use]
    pub fn new(rows: TableRows, mapping: Mapping, key: HashKey) -> Self {
        Self {
            rows,
            mapping,
            key,
            fest: None,
            first_rows: None,
            marker: Marker::default(),
            since: Mutex::new(None),
            clock: None,
            look_ups: Vec::new(),
            half_look_up: None,
        }
    }

    /// Leaves CSV files that are still being written for the next run: those that changed in the last five minutes and do
    /// not end with the end of a line. Where one of `look_ups`, the files of the mapping's tables, is such a one, the whole
    /// source waits: what its rows mean is not known yet.
    #[must_use]
    pub fn waiting_for_writers(mut self, clock: Clock, look_ups: Vec<PathBuf>) -> Self {
        self.clock = Some(clock);
        self.look_ups = look_ups;
        self.half_look_up = self.unfinished_look_up();
        self
    }

    fn unfinished_look_up(&self) -> Option<PathBuf> {
        let now = self.clock.as_ref()?();
        let is_unfinished = |path: &&PathBuf| {
            // One that cannot be read was said when the mapping was.
            TableFile::open(path)
                .and_then(|mut file| file.is_unfinished("utf-8", now))
                .unwrap_or_default()
        };
        self.look_ups.iter().find(is_unfinished).cloned()
    }

    /// The rows of a file; none while it is still being written.
    fn csv_rows(&self, path: &Path) -> Result<Option<Box<dyn Rows>>, FileError> {
        let (mut file, dialect) = (TableFile::open(path)?, self.mapping.dialect());
        if let Some(clock) = &self.clock
            && file.is_unfinished(&dialect.encoding, clock())?
        {
            return Ok(None);
        }
        Ok(Some(Box::new(CsvRows::open(file, dialect)?)))
    }

    /// Looks the code systems of FEST ids up in a list.
    #[must_use]
    pub fn with_fest(mut self, fest: FestSystems) -> Self {
        self.fest = Some(fest);
        self
    }

    /// Reads only so many rows of each part.
    #[must_use]
    pub fn first_rows(mut self, rows: u64) -> Self {
        self.first_rows = Some(rows);
        self
    }

    /// Reads nothing where this file is not in the folder of the tables: its share is not mounted then.
    #[must_use]
    pub fn marked_by(mut self, marker: Marker) -> Self {
        self.marker = marker;
        self
    }

    /// The names of the columns that the table has.
    ///
    /// # Errors
    /// [`SourceUnavailable`].
    pub fn columns(&self) -> Result<Vec<String>, SourceUnavailable> {
        let (mut parts, _) = self.parts()?;
        let Some((_, open)) = parts.first_mut() else { return Ok(Vec::new()) };
        let rows = open().map_err(|cause| self.unavailable(cause))?;
        let Some(mut rows) = rows else { return Ok(Vec::new()) };
        rows.columns().map_err(|cause| self.unavailable(cause))
    }

    fn unavailable(&self, cause: FileError) -> SourceUnavailable {
        SourceUnavailable { name: self.name(), cause }
    }

    /// Whether the rows are those of a query for changes that is asked for everything.
    fn is_asked_for_all(&self) -> bool {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(&self.rows, TableRows::Sql(table) if table.asks_for_changes() && since.is_none())
    }

    /// The parts of the table: how lists call them, and what opens them; and which files are none.
    fn parts(&self) -> Result<(Openers<'_>, Vec<PassedOver>), SourceUnavailable> {
        let unavailable = |error: std::io::Error| self.unavailable(error.into());
        let path = match &self.rows {
            TableRows::Sql(table) => {
                let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
                let open: Opener<'_> = Box::new(move || {
                    SqlRows::open(table, since).map(|rows| Some(Box::new(rows) as _))
                });
                return Ok((vec![(table.label.clone(), open)], Vec::new()));
            }
            TableRows::Csv(path) => path,
        };
        let found = path.metadata().map_err(unavailable)?;
        if found.is_dir() {
            self.marker.look(path).map_err(|cause| self.unavailable(cause))?;
        }
        let (files, passed_over) = match (found.is_dir(), found.is_file()) {
            (true, _) => files::in_folder(path).map_err(unavailable)?,
            (false, true) => (vec![path.clone()], Vec::new()),
            // Reading from a pipe or a device may never end.
            (false, false) => return Err(self.unavailable(FileError::NotAFile)),
        };
        let open = |file: PathBuf| {
            let label = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
            let label = label.into_owned();
            let open: Opener<'_> = Box::new(move || self.csv_rows(&file));
            (label, open)
        };
        Ok((files.into_iter().map(open).collect(), passed_over))
    }
}

/// What opens each part, by how lists call it.
type Openers<'s> = Vec<(String, Opener<'s>)>;

/// Opens a part; there is none while it is still being written.
type Opener<'s> = Box<dyn FnMut() -> Result<Option<Box<dyn Rows>>, FileError> + 's>;

/// The name that two columns have, in small letters.
fn twice(columns: &[String]) -> Option<String> {
    let mut lower: Vec<String> = columns.iter().map(|name| name.to_lowercase()).collect();
    lower.sort();
    lower.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone())
}

/// Rows one after the other.
trait Rows {
    /// The names of the columns.
    fn columns(&mut self) -> Result<Vec<String>, FileError>;

    /// Reads the next row; `None` at the end.
    fn next(&mut self, row: &mut StringRecord) -> Result<Option<FoundRow>, FileError>;

    /// Whether the last row has a number in a column, and not a text; a file has texts only.
    fn is_number(&self, _column: usize) -> bool {
        false
    }

    /// What became of where they are while they were read.
    fn meanwhile(&self) -> Result<Meanwhile, FileError> {
        Ok(Meanwhile::Unchanged)
    }
}

/// A row that was read.
#[derive(Debug, PartialEq, Eq)]
struct FoundRow {
    /// Its number for people: the line of a file, the row of a query.
    line: u32,
    /// Why it must be held before anything is made of it.
    held: Option<RowReason>,
}

impl Source for TableSource {
    fn name(&self) -> String {
        match &self.rows {
            TableRows::Csv(path) => path.display().to_string(),
            TableRows::Sql(table) => table.label.clone(),
        }
    }

    fn question(&self) -> String {
        let rows = match &self.rows {
            TableRows::Csv(path) => path.display().to_string(),
            TableRows::Sql(SqlTable { url, query, .. }) => format!("{url:?} {query:?}"),
        };
        format!("{rows} {:?}", self.mapping)
    }

    fn begin(&self, since: Option<Timestamp>) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Ids are made of the `key` of a row's resources, whatever their identifiers are.
    fn id_space<'s>(&'s self, _label: &str) -> Option<&'s str> {
        Some("")
    }

    fn scan(
        &self,
        scope: Scope<'_>,
        visit: &mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
    ) -> Result<Scanned, SourceUnavailable> {
        let mut pass = Pass {
            source: self,
            scanned: Scanned::default(),
            skipped: None,
            unfinished: None,
            numbers: NumberColumns::default(),
            seen: HashSet::new(),
            hashers: (RandomState::new(), RandomState::new()),
            spool: Arc::new(Spool::new().map_err(|error| self.unavailable(error.into()))?),
            visit,
        };
        let (parts, passed_over) = self.parts()?;
        let half_look_up = self.half_look_up.clone().or_else(|| self.unfinished_look_up());
        if let Some(path) = &half_look_up {
            pass.is_unfinished(&path.display().to_string());
        }
        for (label, mut open) in parts {
            if let Scope::Parts(labels) = scope
                && !labels.contains(&label)
            {
                continue;
            }
            if half_look_up.is_none() {
                pass.part(&label, &mut open)?;
            }
        }
        let Pass { mut scanned, skipped, unfinished, numbers, .. } = pass;
        scanned.passed_over.extend(passed_over);
        if let TableRows::Csv(path) = &self.rows
            && path.is_dir()
            && matches!(scope, Scope::All)
        {
            let is_empty = has_nothing(scanned.files, &scanned.passed_over);
            scanned.places.extend(self.marker.place(path, is_empty));
        }
        if scanned.resources == 0 && self.is_asked_for_all() && half_look_up.is_none() {
            scanned.empty_in_full.push(self.name());
        }
        scanned.doubtful_numbers = numbers.doubtful();
        scanned.passed_over.extend(skipped.map(|(count, example)| PassedOver {
            kind: PassedOverKind::SkippedRows,
            count,
            example,
        }));
        scanned.passed_over.extend(unfinished.map(|(count, example)| PassedOver {
            kind: PassedOverKind::Unfinished,
            count,
            example,
        }));
        Ok(scanned)
    }
}

/// One scan of a table.
struct Pass<'v> {
    source: &'v TableSource,
    scanned: Scanned,
    /// Rows that the mapping says to leave out: how many, and the first.
    skipped: Option<(usize, String)>,
    /// Files that are still being written: how many, and the first.
    unfinished: Option<(usize, String)>,
    /// The numbers that are texts, by their columns.
    numbers: NumberColumns,
    /// Resources handed over, by id and content: many rows are of one patient.
    seen: HashSet<u128>,
    hashers: (RandomState, RandomState),
    spool: Arc<Spool>,
    visit: &'v mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
}

impl Pass<'_> {
    fn is_unfinished(&mut self, label: &str) {
        self.unfinished.get_or_insert_with(|| (0, label.to_owned())).0 += 1;
    }

    fn part(&mut self, label: &str, open: &mut Opener<'_>) -> Result<(), SourceUnavailable> {
        let unavailable = |cause| {
            let name = match self.source.name() {
                // A source of one file has its name.
                name if name == label => name,
                name => format!("{name} ({label})"),
            };
            SourceUnavailable { name, cause }
        };
        let Some(mut rows) = open().map_err(unavailable)? else {
            self.is_unfinished(label);
            return Ok(());
        };
        let columns = rows.columns().map_err(unavailable)?;
        let mut bound =
            Bound::new(&self.source.mapping, &columns, &self.source.key, self.source.fest.as_ref())
                .map_err(|error| {
                    let (nb, en) = (error.text(Language::Bokmal), error.text(Language::English));
                    unavailable(FileError::Mapping { nb, en })
                })?;
        self.scanned.files += 1;
        let place = PartLocation::Spool(Arc::clone(&self.spool));
        let part = Arc::new(SourcePart { label: label.into(), place });
        let mut row = StringRecord::new();
        let mut read = 0;
        while let Some(FoundRow { line, held }) = rows.next(&mut row).map_err(unavailable)? {
            if held.is_none() && row.iter().all(|field| field.trim().is_empty()) {
                continue;
            }
            read += 1;
            if self.source.first_rows.is_some_and(|most| read > most) {
                break;
            }
            if let Some(reason) = held {
                // The values may be those of another row, the key too.
                let error = RowError { key: None, column: String::new(), reason };
                self.report(label, line, SourceIssueKind::Row { error });
                continue;
            }
            match bound.map(&row, |column| rows.is_number(column)) {
                Ok(Made::Skipped) => {
                    self.skipped.get_or_insert_with(|| (0, format!("{label}:{line}"))).0 += 1;
                }
                Ok(Made::Resources) => {
                    for (column, form) in bound.numbers() {
                        self.numbers.note(column, form, || format!("{label}:{line}"));
                    }
                    for made in 0..bound.made() {
                        self.resource(&part, line, &bound, made);
                    }
                }
                Err(error) => self.report(label, line, SourceIssueKind::Row { error }),
            }
        }
        if rows.meanwhile().map_err(unavailable)? == Meanwhile::Grown {
            self.is_unfinished(label);
        }
        Ok(())
    }

    fn resource(&mut self, part: &Arc<SourcePart>, line: u32, bound: &Bound<'_>, made: usize) {
        let (json, resource_type, updated) = bound.resource(made);
        let (first, second) = &self.hashers;
        let content = (u128::from(first.hash_one(json)) << 64) | u128::from(second.hash_one(json));
        if !self.seen.insert(content) {
            return;
        }
        let key = match self.spool.push(json) {
            Ok(key) => key,
            Err(error) => {
                let issue = SourceIssueKind::Unreadable { reason: error.into() };
                return self.report(&part.label, line, issue);
            }
        };
        let visited = match Document::parse(json, &ParseOptions::strict()) {
            Ok(document) => {
                self.scanned.resources += 1;
                (self.visit)(FoundResource {
                    node: document.root(),
                    resource_type,
                    full_url: None,
                    location: SourceLocation {
                        part: Arc::clone(part),
                        line,
                        key,
                        length: u32::try_from(json.len()).unwrap_or(u32::MAX),
                    },
                    bundle: 0,
                    updated,
                })
            }
            Err(error) => Err(SourceIssueKind::Json { column: error.column, reason: error.kind }),
        };
        if let Err(issue) = visited {
            self.report(&part.label, line, issue);
        }
    }

    fn report(&mut self, label: &str, line: u32, issue: SourceIssueKind) {
        self.scanned.issues.push(SourceIssue { file: label.to_owned(), line: Some(line), issue });
    }
}
