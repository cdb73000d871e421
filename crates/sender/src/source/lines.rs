//! From text to resources: JSON texts, Bundles and files with a text a line.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use lmr_fhir::xml::{XmlErrorKind, XmlMap};
use lmr_fhir::{Bundle, Document, Element, Limits, Node, ParseErrorKind, ParseOptions};

use super::{
    FoundResource, PartLocation, Scanned, SourceIssue, SourceIssueKind, SourceLocation, SourcePart,
};

/// Hands resources to a visitor and keeps count.
pub(super) struct Reading<'v> {
    depth: usize,
    visit: &'v mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
    scanned: Scanned,
    bundles: u64,
    /// Whether the part at hand may still be being written.
    is_fresh: bool,
    /// Parts that end in the middle, because they are still being written.
    pub(super) unfinished: Vec<String>,
}

/// Where in its part a text is.
#[derive(Clone, Copy)]
pub(super) struct TextLocation<'m> {
    /// Line of its first character.
    pub(super) line: u32,
    /// Byte offset of its first character.
    pub(super) offset: u64,
    /// Where its parts are in the XML that it was made of.
    pub(super) map: Option<&'m XmlMap>,
    /// Whether the part ends in it.
    pub(super) is_last: bool,
}

impl TextLocation<'_> {
    /// A text that is a part of its own.
    pub(super) const WHOLE: Self = Self { line: 1, offset: 0, map: None, is_last: true };

    fn line_of(&self, node: Node<'_>) -> u32 {
        match self.map {
            Some(map) => map.location(node.span().start).line,
            None => self.line + node.start().line - 1,
        }
    }
}

impl<'v> Reading<'v> {
    pub(super) fn new(
        depth: usize,
        visit: &'v mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
    ) -> Self {
        Self {
            depth,
            visit,
            scanned: Scanned::default(),
            bundles: 0,
            is_fresh: false,
            unfinished: Vec::new(),
        }
    }

    /// What follows is of another part, which may still be being written if it is fresh.
    pub(super) fn begin_part(&mut self, is_fresh: bool) {
        self.scanned.files += 1;
        self.is_fresh = is_fresh;
    }

    /// Notes that the part at hand ends too early: an issue, unless it is still being written.
    pub(super) fn cut(&mut self, label: &str, line: Option<u32>, issue: SourceIssueKind) {
        if self.is_fresh {
            self.unfinished.push(label.to_owned());
        } else {
            self.report(label, line, issue);
        }
    }

    pub(super) fn report(&mut self, label: &str, line: Option<u32>, issue: SourceIssueKind) {
        self.scanned.issues.push(SourceIssue { file: label.to_owned(), line, issue });
    }

    pub(super) fn finish(self) -> Scanned {
        self.scanned
    }

    /// A JSON text a line, empty lines passed over. The key of a location is its first byte.
    ///
    /// # Errors
    /// The line at which reading failed.
    pub(super) fn lines(
        &mut self,
        part: &Arc<SourcePart>,
        file: impl Read,
        limit: usize,
    ) -> Result<(), (Option<u32>, io::Error)> {
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let (mut offset, mut line) = (0_u64, 0_u32);
        let mut bytes = Vec::new();
        let mut is_first = true;
        loop {
            line += 1;
            let (length, ended) =
                read_line(&mut reader, limit, &mut bytes).map_err(|error| (Some(line), error))?;
            if length == 0 {
                return Ok(());
            }
            let is_first_text = is_first && !bytes.trim_ascii().is_empty();
            is_first &= !is_first_text;
            // One issue for a file whose every line would be one.
            if is_first_text && ended && matches!(bytes.trim_ascii(), b"{" | b"[") {
                self.report(&part.label, None, SourceIssueKind::SeveralLines);
                return Ok(());
            }
            if bytes.len() > limit {
                self.report(&part.label, Some(line), SourceIssueKind::TooLarge { limit });
            } else if !bytes.iter().all(u8::is_ascii_whitespace) {
                self.text(part, TextLocation { line, offset, map: None, is_last: !ended }, &bytes);
            }
            offset += length;
        }
    }

    /// One XML text that is a whole part.
    pub(super) fn xml(&mut self, part: &Arc<SourcePart>, bytes: &[u8]) {
        match lmr_validator::xml::to_json(bytes, self.depth) {
            Ok(converted) => {
                let place = TextLocation { map: Some(&converted.map), ..TextLocation::WHOLE };
                self.text(part, place, converted.json.as_bytes());
            }
            Err(error) => {
                let is_cut =
                    matches!(error.kind, XmlErrorKind::UnexpectedEnd | XmlErrorKind::Empty);
                let line = Some(error.location.line);
                // It is logged, and a text that is no FHIR may have a person's name for a tag.
                let reason = error.kind.redacted();
                let issue = SourceIssueKind::Xml { column: error.location.column, reason };
                if is_cut {
                    self.cut(&part.label, line, issue);
                } else {
                    self.report(&part.label, line, issue);
                }
            }
        }
    }

    /// One JSON text at its place in its part.
    pub(super) fn text(&mut self, part: &Arc<SourcePart>, place: TextLocation<'_>, bytes: &[u8]) {
        let limits = Limits { depth: self.depth, ..Limits::default() };
        let options = ParseOptions::strict().with_limits(limits);
        let document = match Document::parse_bytes(bytes, &options) {
            Ok(document) => document,
            Err(error) => {
                let issue = match error.kind {
                    ParseErrorKind::TooLarge(limit) => SourceIssueKind::TooLarge { limit },
                    reason => SourceIssueKind::Json { column: error.column, reason },
                };
                let is_cut =
                    matches!(error.kind, ParseErrorKind::UnexpectedEnd | ParseErrorKind::Empty);
                let line = Some(place.line + error.line - 1);
                if is_cut && place.is_last {
                    return self.cut(&part.label, line, issue);
                }
                return self.report(&part.label, line, issue);
            }
        };
        let location = |node: Node<'_>| SourceLocation {
            part: Arc::clone(part),
            line: place.line_of(node),
            key: place.offset + node.span().start as u64,
            length: u32::try_from(node.span().len()).unwrap_or(u32::MAX),
        };
        let root = document.root();
        let Some(bundle) = Bundle::of(&document) else {
            return self.resource(root, None, location(root), 0);
        };
        self.bundles += 1;
        let number = self.bundles;
        for (index, entry) in bundle.entries().enumerate() {
            let full_url = entry.full_url();
            match entry.resource().and_then(Element::value) {
                Some(node) => self.resource(node, full_url.as_deref(), location(node), number),
                None => {
                    let line = place.line_of(entry.element().node());
                    let issue = SourceIssueKind::EntryWithoutResource { index };
                    self.report(&part.label, Some(line), issue);
                }
            }
        }
    }

    fn resource(
        &mut self,
        node: Node<'_>,
        full_url: Option<&str>,
        mut location: SourceLocation,
        bundle: u64,
    ) {
        if let PartLocation::Spool(spool) = &location.part.place {
            match spool.push(node.raw()) {
                Ok(key) => location.key = key,
                Err(error) => {
                    let issue = SourceIssueKind::Unreadable { reason: error.into() };
                    return self.report(&Arc::clone(&location.part).label, None, issue);
                }
            }
        }
        let (part, line) = (Arc::clone(&location.part), location.line);
        let resource_type = node.member("resourceType").and_then(Node::as_str);
        let visited = match &resource_type {
            Some(resource_type) if is_type_name(resource_type) => {
                self.scanned.resources += 1;
                (self.visit)(FoundResource {
                    node,
                    resource_type,
                    full_url,
                    location,
                    bundle,
                    updated: None,
                })
            }
            _ => Err(SourceIssueKind::NotAResource),
        };
        if let Err(issue) = visited {
            self.report(&part.label, Some(line), issue);
        }
    }
}

/// Type names are letters only, so that nothing else ever reaches a message or the outbox by this way.
fn is_type_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Reads a line into `line`, at most `limit` bytes and one more. Returns how many bytes it has in the
/// file, 0 at the end, and whether a line end is among them.
fn read_line(
    reader: &mut impl BufRead,
    limit: usize,
    line: &mut Vec<u8>,
) -> io::Result<(u64, bool)> {
    line.clear();
    let mut length = 0;
    loop {
        let (used, ended, with_end) = {
            let available = match reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            let room = (limit + 1).saturating_sub(line.len());
            line.extend_from_slice(&part[..part.len().min(room)]);
            (
                part.len() + usize::from(end.is_some()),
                end.is_some() || available.is_empty(),
                end.is_some(),
            )
        };
        reader.consume(used);
        length += used as u64;
        if ended {
            return Ok((length, with_end));
        }
    }
}
