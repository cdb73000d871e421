//! The source: a folder of FHIR JSON and NDJSON files, read with bounds, faults named and passed over.
//!
//! A first pass ([`scan`]) hands every resource to a visitor and keeps none of them; what is to be sent is
//! read again from its place ([`Reader`]). So memory holds one file (JSON) or one line (NDJSON) at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lmr_fhir::{Bundle, Document, Limits, Node, ParseErrorKind, ParseOptions};
use lmr_lmdi::json_fault;
use serde::Serialize;

/// Bounds on what is read from the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLimits {
    /// Largest JSON file in bytes.
    pub file_bytes: usize,
    /// Longest NDJSON line in bytes.
    pub line_bytes: usize,
    /// Deepest nesting.
    pub depth: usize,
}

impl Default for SourceLimits {
    /// Files of 256 MiB, lines of 16 MiB, depth 100 (the receiver's limit).
    fn default() -> Self {
        Self { file_bytes: 256 << 20, line_bytes: 16 << 20, depth: 100 }
    }
}

/// Where in the source a resource stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Path below the source folder, with `/`.
    pub file: Arc<str>,
    /// Line of its first character, from 1.
    pub line: u32,
    /// First byte in the file.
    pub offset: u64,
    /// Bytes.
    pub length: usize,
}

/// A part of the source that could not be used. The rest was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{file}{}: {fault}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct Damage {
    /// Path below the source folder.
    pub file: String,
    /// Line from 1, where one is known.
    pub line: Option<u32>,
    /// What is wrong.
    pub fault: SourceFault,
}

/// What is wrong with a part of the source: always the source's owner's to mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SourceFault {
    /// The file system refused.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// The file system's reason.
        reason: String,
    },
    /// A file or line over its limit.
    #[error("is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Bytes.
        limit: usize,
    },
    /// Not JSON.
    #[error("is not JSON (column {column}): {reason}")]
    Json {
        /// Column of the fault, in characters from 1.
        column: u32,
        /// What the reader says.
        reason: String,
        /// The same in bokmål.
        reason_nb: String,
    },
    /// JSON, but neither a resource nor a Bundle.
    #[error("is JSON, but not a FHIR resource: an object with a resourceType is expected")]
    NotAResource,
    /// A Bundle entry without resource.
    #[error("entry {index} of the Bundle has no resource")]
    EntryWithoutResource {
        /// Position in the Bundle, from 0.
        index: usize,
    },
    /// Nothing by which the register could know the resource again.
    #[error(
        "a {resource_type} has no identifier, id or urn:uuid fullUrl by which it can be known again"
    )]
    NoIdentity {
        /// Type of the resource.
        resource_type: String,
    },
    /// The file was written to between the two passes.
    #[error("has changed while it was read; it goes with the next transfer")]
    ChangedMeanwhile,
}

/// One resource as the first pass meets it.
pub(crate) struct Found<'d> {
    /// The resource.
    pub node: Node<'d>,
    /// Its type.
    pub resource_type: &'d str,
    /// `fullUrl`, if it stood in a Bundle that gave one.
    pub full_url: Option<&'d str>,
    /// Where it stands.
    pub place: Place,
    /// Which Bundle it stood in: references of the form `urn:uuid` hold within one. 0 outside of any.
    pub bundle: u64,
}

/// Totals of a first pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scanned {
    /// Files opened.
    pub files: usize,
    /// Resources met.
    pub resources: usize,
    /// What could not be used.
    pub damage: Vec<Damage>,
}

/// Reads every `.json` and `.ndjson` file below `folder`, in order of path; hidden ones are left out.
///
/// The visitor may find a fault of its own in a resource; it is noted like the others.
///
/// # Errors
/// Only when the folder itself cannot be listed; every other fault is in [`Scanned::damage`].
pub(crate) fn scan(
    folder: &Path,
    limits: &SourceLimits,
    visit: &mut dyn FnMut(Found<'_>) -> Result<(), SourceFault>,
) -> io::Result<Scanned> {
    if !folder.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            "it is a file; a folder is expected",
        ));
    }
    let mut pass = Pass { limits: *limits, visit, scanned: Scanned::default(), bundles: 0 };
    let hidden = |entry: &walkdir::DirEntry| {
        entry.depth() > 0 && entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
    };
    for entry in walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !hidden(entry))
    {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => {
                let file: Arc<str> = relative(folder, entry.path()).into();
                match extension(entry.path()).as_deref() {
                    Some("json") => pass.json(&file, entry.path()),
                    Some("ndjson" | "jsonl") => pass.lines(&file, entry.path()),
                    _ => {}
                }
            }
            Err(error) if error.depth() == 0 => return Err(error.into()),
            Err(error) => {
                let file = relative(folder, error.path().unwrap_or(folder));
                let reason = error
                    .io_error()
                    .map_or_else(|| "a loop of links".to_owned(), ToString::to_string);
                pass.damage(&file, None, SourceFault::Unreadable { reason });
            }
        }
    }
    Ok(pass.scanned)
}

fn extension(path: &Path) -> Option<String> {
    path.extension()?.to_str().map(str::to_ascii_lowercase)
}

fn relative(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

struct Pass<'v> {
    limits: SourceLimits,
    visit: &'v mut dyn FnMut(Found<'_>) -> Result<(), SourceFault>,
    scanned: Scanned,
    bundles: u64,
}

impl Pass<'_> {
    fn damage(&mut self, file: &str, line: Option<u32>, fault: SourceFault) {
        self.scanned.damage.push(Damage { file: file.to_owned(), line, fault });
    }

    fn json(&mut self, file: &Arc<str>, path: &Path) {
        self.scanned.files += 1;
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|opened| {
            opened.take(self.limits.file_bytes as u64 + 1).read_to_end(&mut bytes)
        });
        if let Err(error) = read {
            return self.damage(file, None, SourceFault::Unreadable { reason: error.to_string() });
        }
        if bytes.len() > self.limits.file_bytes {
            return self.damage(
                file,
                None,
                SourceFault::TooLarge { limit: self.limits.file_bytes },
            );
        }
        self.text(file, 1, 0, &bytes);
    }

    fn lines(&mut self, file: &Arc<str>, path: &Path) {
        self.scanned.files += 1;
        let mut reader = match File::open(path) {
            Ok(opened) => BufReader::with_capacity(1 << 16, opened),
            Err(error) => {
                return self.damage(
                    file,
                    None,
                    SourceFault::Unreadable { reason: error.to_string() },
                );
            }
        };
        let (mut offset, mut line) = (0_u64, 0_u32);
        let mut bytes = Vec::new();
        loop {
            line += 1;
            match read_line(&mut reader, self.limits.line_bytes, &mut bytes) {
                Ok(0) => return,
                Ok(length) => {
                    if bytes.len() > self.limits.line_bytes {
                        let limit = self.limits.line_bytes;
                        self.damage(file, Some(line), SourceFault::TooLarge { limit });
                    } else if !bytes.iter().all(u8::is_ascii_whitespace) {
                        self.text(file, line, offset, &bytes);
                    }
                    offset += length;
                }
                Err(error) => {
                    let reason = error.to_string();
                    return self.damage(file, Some(line), SourceFault::Unreadable { reason });
                }
            }
        }
    }

    /// One JSON text that starts at `line` and byte `offset` of its file.
    fn text(&mut self, file: &Arc<str>, line: u32, offset: u64, bytes: &[u8]) {
        let document = match Document::parse_bytes(bytes, &parsing(&self.limits)) {
            Ok(document) => document,
            Err(error) => {
                let fault = match error.kind {
                    ParseErrorKind::TooLarge(limit) => SourceFault::TooLarge { limit },
                    kind => SourceFault::Json {
                        column: error.column,
                        reason: kind.to_string(),
                        reason_nb: json_fault::in_bokmal(&kind).into_owned(),
                    },
                };
                return self.damage(file, Some(line + error.line - 1), fault);
            }
        };
        let place = |node: Node<'_>| Place {
            file: Arc::clone(file),
            line: line + node.start().line - 1,
            offset: offset + node.span().start as u64,
            length: node.span().len(),
        };
        let root = document.root();
        let Some(bundle) = Bundle::of(&document) else {
            return self.found(root, None, place(root), 0);
        };
        self.bundles += 1;
        let number = self.bundles;
        for (index, entry) in bundle.entries().enumerate() {
            let full_url = entry.full_url();
            match entry.resource().and_then(lmr_fhir::Element::value) {
                Some(node) => self.found(node, full_url.as_deref(), place(node), number),
                None => {
                    let line = Some(place(entry.element().node()).line);
                    self.damage(file, line, SourceFault::EntryWithoutResource { index });
                }
            }
        }
    }

    fn found(&mut self, node: Node<'_>, full_url: Option<&str>, place: Place, bundle: u64) {
        let (file, line) = (Arc::clone(&place.file), place.line);
        let resource_type = node.member("resourceType").and_then(Node::as_str);
        let visited = match &resource_type {
            Some(name) if is_type_name(name) => {
                self.scanned.resources += 1;
                (self.visit)(Found { node, resource_type: name, full_url, place, bundle })
            }
            _ => Err(SourceFault::NotAResource),
        };
        if let Err(fault) = visited {
            self.damage(&file, Some(line), fault);
        }
    }
}

/// Type names are letters only, so that nothing else ever reaches a message or the outbox by this way.
fn is_type_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn parsing(limits: &SourceLimits) -> ParseOptions {
    ParseOptions::strict().with_limits(Limits { depth: limits.depth, ..Limits::default() })
}

/// Reads a line into `line`, at most `limit` bytes and one more; returns how many bytes it has in the file.
fn read_line(reader: &mut impl BufRead, limit: usize, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let mut length = 0;
    loop {
        let (used, ended) = {
            let available = match reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            let room = (limit + 1).saturating_sub(line.len());
            line.extend_from_slice(&part[..part.len().min(room)]);
            (part.len() + usize::from(end.is_some()), end.is_some() || available.is_empty())
        };
        reader.consume(used);
        length += used as u64;
        if ended {
            return Ok(length);
        }
    }
}

/// The second pass: reads single resources from their places.
pub(crate) struct Reader {
    folder: PathBuf,
    open: Option<(Arc<str>, File)>,
}

impl Reader {
    /// For places below this folder.
    #[must_use]
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), open: None }
    }

    /// The text at a place.
    ///
    /// # Errors
    /// [`Damage`] when the file has gone, shrunk, or does not hold text there any more.
    pub(crate) fn read(&mut self, place: &Place) -> Result<String, Damage> {
        let damage = |fault| Damage { file: place.file.to_string(), line: Some(place.line), fault };
        let unreadable =
            |error: io::Error| damage(SourceFault::Unreadable { reason: error.to_string() });
        let file = match &mut self.open {
            Some((name, file)) if *name == place.file => file,
            other => {
                let file = File::open(self.folder.join(&*place.file)).map_err(unreadable)?;
                &mut other.insert((Arc::clone(&place.file), file)).1
            }
        };
        file.seek(SeekFrom::Start(place.offset)).map_err(unreadable)?;
        let mut bytes = vec![0; place.length];
        file.read_exact(&mut bytes).map_err(|_| damage(SourceFault::ChangedMeanwhile))?;
        String::from_utf8(bytes).map_err(|_| damage(SourceFault::ChangedMeanwhile))
    }
}
