//! A FHIR R4 server as a source: searches with paging, what they refer to, or a bulk export.
//!
//! Pages are fetched by a thread of their own, one or two ahead of what is read. Changes since the last complete
//! transfer are asked for with an overlap, since clocks differ and servers write late; whether a resource is new
//! is decided by its content, never by a time.

mod access;
mod fetch;
mod http;

use std::collections::HashSet;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lmr_auth::{Clock, FreshId, Network};
use lmr_fhir::{Bundle, Document, Element, Node, ParseOptions};

pub use access::ServerAccess;
use fetch::{Fetch, Sent};

use super::{
    FileError, FoundResource, PartLocation, Scanned, Scope, Source, SourceIssue, SourceIssueKind,
    SourceLimits, SourceLocation, SourcePart, SourceUnavailable, Spool,
};

/// What is asked of a server, and how.
#[derive(Clone)]
pub struct ServerSettings {
    /// Its base address, `https://journal.example/fhir`.
    pub url: String,
    /// Searches below it: `MedicationAdministration?status=completed,entered-in-error`.
    pub searches: Vec<String>,
    /// In place of searches, or before them where the server does not offer it: the export operation, `$export`
    /// or `Group/1/$export`.
    pub export: Option<String>,
    /// Resource types that are fetched when something refers to them; and those of an export.
    pub types: Vec<String>,
    /// Whether only what has changed since the last complete transfer is asked for.
    pub incremental: bool,
    /// How far back before the last complete transfer.
    pub overlap: SignedDuration,
    /// Resources a page, `_count`.
    pub page: u32,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// New attempts for one page.
    pub retries: u32,
    /// First wait before a new attempt; it doubles with each.
    pub retry_wait: Duration,
    /// Longest wait that the server may ask for.
    pub max_wait: Duration,
    /// Further certificate authorities for TLS, PEM.
    pub certificate_authorities: Vec<Vec<u8>>,
    /// Whom TLS trusts, and the proxy.
    pub network: Network,
    /// By what the server knows us.
    pub access: ServerAccess,
    /// The time, for assertions.
    pub clock: Clock,
    /// Ids of assertions.
    pub fresh_id: FreshId,
    /// Bounds.
    pub limits: SourceLimits,
}

impl ServerSettings {
    /// A server that asks for nothing, with the searches given: an overlap of an hour, 200 resources a page, five
    /// new attempts.
    #[must_use]
    pub fn new(
        url: &str,
        searches: Vec<String>,
        types: Vec<String>,
        clock: Clock,
        fresh_id: FreshId,
    ) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            searches,
            export: None,
            types,
            incremental: true,
            overlap: SignedDuration::from_hours(1),
            page: 200,
            timeout: Duration::from_secs(120),
            retries: 5,
            retry_wait: Duration::from_secs(1),
            max_wait: Duration::from_secs(300),
            certificate_authorities: Vec::new(),
            network: Network::default(),
            access: ServerAccess::None,
            clock,
            fresh_id,
            limits: SourceLimits::default(),
        }
    }
}

/// A FHIR server as a source.
pub struct ServerSource {
    settings: ServerSettings,
    since: Mutex<Option<Timestamp>>,
}

impl ServerSource {
    /// Uses the server; nothing is asked yet. A TLS provider must be installed
    /// ([`lmr_auth::install_tls_provider`]).
    #[must_use]
    pub fn new(settings: ServerSettings) -> Self {
        Self { settings, since: Mutex::new(None) }
    }
}

impl Source for ServerSource {
    fn name(&self) -> String {
        self.settings.url.clone()
    }

    fn question(&self) -> String {
        let ServerSettings { url, searches, export, types, .. } = &self.settings;
        format!("{url:?} {searches:?} {export:?} {types:?}")
    }

    fn id_space<'s>(&'s self, _label: &str) -> Option<&'s str> {
        Some(&self.settings.url)
    }

    fn begin(&self, since: Option<Timestamp>) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    fn scan(
        &self,
        scope: Scope<'_>,
        visit: &mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
    ) -> Result<Scanned, SourceUnavailable> {
        let unavailable = |cause| SourceUnavailable { name: self.name(), cause };
        if matches!(scope, Scope::Parts(_)) {
            // A part is a whole search here: too much to ask for to show one value.
            return Ok(Scanned::default());
        }
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let since = since
            .filter(|_| self.settings.incremental)
            .and_then(|since| since.checked_sub(self.settings.overlap).ok());
        let spool = Spool::new().map_err(|error| unavailable(error.into()))?;
        let mut pass = Pass {
            depth: self.settings.limits.depth,
            scanned: Scanned::default(),
            spool: Arc::new(spool),
            seen: HashSet::new(),
            part: None,
            visit,
        };
        let (sender, sent) = sync_channel(2);
        let settings = self.settings.clone();
        let fetching = std::thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || Fetch::run(&settings, since, &sender))
            .map_err(|error| unavailable(error.into()))?;
        let mut failure = None;
        for sent in &sent {
            match sent {
                Sent::Page { label, text } => pass.page(&label, &text),
                Sent::Line { label, line, text } => pass.line(&label, line, &text),
                Sent::NotAll { label, issue } => {
                    pass.scanned.issues.push(SourceIssue { file: label, line: None, issue });
                }
                Sent::Failed(error) => failure = Some(error),
            }
        }
        if fetching.join().is_err() {
            failure = Some(FileError::Other("the thread that fetches pages has ended".to_owned()));
        }
        match failure {
            Some(error) => Err(unavailable(error)),
            None => {
                let mut scanned = pass.scanned;
                if scanned.resources == 0 && since.is_none() {
                    scanned.empty_in_full.push(self.name());
                }
                Ok(scanned)
            }
        }
    }
}

/// One scan of a server.
struct Pass<'v> {
    depth: usize,
    scanned: Scanned,
    spool: Arc<Spool>,
    /// `Type/id` of what was met: pages overlap when the server changes under way.
    seen: HashSet<String>,
    /// The part at hand: consecutive pages of a search share it.
    part: Option<(Arc<SourcePart>, u32)>,
    visit: &'v mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
}

impl Pass<'_> {
    fn part(&mut self, label: &str) -> (Arc<SourcePart>, u32) {
        match &mut self.part {
            Some((part, count)) if &*part.label == label => {
                *count += 1;
                (Arc::clone(part), *count)
            }
            _ => {
                self.scanned.files += 1;
                let place = PartLocation::Spool(Arc::clone(&self.spool));
                let part = Arc::new(SourcePart { label: label.into(), place });
                self.part = Some((Arc::clone(&part), 1));
                (part, 1)
            }
        }
    }

    fn page(&mut self, label: &str, text: &str) {
        let Ok(document) = Document::parse(text, &self.options()) else { return };
        let Some(bundle) = Bundle::of(&document) else { return };
        for entry in bundle.entries() {
            let mode = entry.element().child_by_name("search").and_then(|s| s.child_text("mode"));
            let Some(node) = entry.resource().and_then(Element::value) else { continue };
            // What the server says of the search is no data, whether it calls it so or not.
            let is_outcome = mode.as_deref() == Some("outcome")
                || node.resource_type().is_some_and(|of| of == "OperationOutcome");
            if !is_outcome {
                self.resource(label, node, entry.full_url().as_deref(), None);
            }
        }
    }

    fn line(&mut self, label: &str, line: u32, text: &str) {
        match Document::parse(text, &self.options()) {
            Ok(document) => self.resource(label, document.root(), None, Some(line)),
            Err(error) => {
                let issue = SourceIssueKind::Json { column: error.column, reason: error.kind };
                self.report(label, line, issue);
            }
        }
    }

    fn options(&self) -> ParseOptions {
        let limits = lmr_fhir::Limits { depth: self.depth, ..lmr_fhir::Limits::default() };
        ParseOptions::strict().with_limits(limits)
    }

    fn report(&mut self, label: &str, line: u32, issue: SourceIssueKind) {
        self.scanned.issues.push(SourceIssue { file: label.to_owned(), line: Some(line), issue });
    }

    fn resource(&mut self, label: &str, node: Node<'_>, full_url: Option<&str>, line: Option<u32>) {
        let (part, count) = self.part(label);
        let line = line.unwrap_or(count);
        let Some(resource_type) = node.resource_type() else {
            return self.report(label, line, SourceIssueKind::NotAResource);
        };
        if let Some(id) = node.member("id").and_then(Node::as_str)
            && !self.seen.insert(format!("{resource_type}/{id}"))
        {
            return;
        }
        let location = match self.spool.push(node.raw()) {
            Ok(key) => SourceLocation {
                part,
                line,
                key,
                length: u32::try_from(node.raw().len()).unwrap_or(u32::MAX),
            },
            Err(error) => {
                let issue = SourceIssueKind::Unreadable { reason: error.into() };
                return self.report(label, line, issue);
            }
        };
        self.scanned.resources += 1;
        let found = FoundResource {
            node,
            resource_type: &resource_type,
            full_url,
            location,
            bundle: 0,
            updated: None,
        };
        if let Err(issue) = (self.visit)(found) {
            self.report(label, line, issue);
        }
    }
}
