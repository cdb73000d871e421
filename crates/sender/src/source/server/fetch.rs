//! Fetches pages: searches, what they refer to, exports.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lmr_fhir::{Bundle, Document, Element, Kind, Node, ParseOptions};
use reqwest::Url;
use reqwest::header::HeaderName;
use serde::Deserialize;

use super::ServerSettings;
use super::access::Authorization;
use super::http::{Answered, Http, address, unreachable};
use crate::source::{FileError, SourceIssueKind};

/// How many resources are asked for by their ids at once.
const IDS: usize = 50;
/// Most pages of one search.
const MAX_PAGES: usize = 1_000_000;
/// Most answers that an export is still being made.
const MAX_POLLS: u32 = 10_000;

/// Most by which a search that has been made was wrong of the server's clock; a minute is within every overlap.
const MAX_DIFFERENCE: SignedDuration = SignedDuration::from_mins(1);
/// Most times that a search is made, while the server's answers say each time that its clock is further behind.
const SEARCHES: usize = 3;

/// What was fetched.
pub(super) enum Sent {
    /// A Bundle.
    Page { label: String, text: String },
    /// A resource of an export.
    Line { label: String, line: u32, text: String },
    /// A search has ended, and has not given all that there is.
    NotAll { label: String, issue: SourceIssueKind },
    /// Nothing more comes.
    Failed(FileError),
}

/// Whoever reads has gone.
struct Gone;

enum Stop {
    Gone,
    Failed(FileError),
}

impl From<FileError> for Stop {
    fn from(error: FileError) -> Self {
        Self::Failed(error)
    }
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// What is fetched of one server.
pub(super) struct Fetch<'s> {
    settings: &'s ServerSettings,
    sender: &'s SyncSender<Sent>,
    http: Http,
    base: Url,
    authorization: Authorization,
    /// `Type/id` of what has come, or was asked for.
    known: HashSet<String>,
    /// Ids by type of what was referred to and has not come yet.
    wanted: BTreeMap<String, BTreeSet<String>>,
    /// By how much the server's clock is behind the one here, where its answers say it.
    behind: SignedDuration,
}

/// What an export has come to. Without a list of files it is something else: an error that a server or a proxy has given
/// for a success must not count as an export without data.
#[derive(Deserialize)]
struct Manifest {
    output: Vec<ManifestFile>,
    #[serde(default)]
    error: Vec<ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    #[serde(rename = "type")]
    resource_type: String,
    url: String,
}

/// A time of the clock here as a server's clock showed it that is behind by so much.
fn by_clock(since: Option<Timestamp>, behind: SignedDuration) -> Option<Timestamp> {
    since.and_then(|since| since.checked_sub(behind).ok())
}

/// A number that a Bundle has by this name.
fn number_of(bundle: &Bundle<'_>, name: &str) -> u64 {
    let number = bundle.element().child_by_name(name).and_then(Element::value);
    number.and_then(|number| number.raw().parse().ok()).unwrap_or_default()
}

/// What a server says of a search beside or in place of what was found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    /// The code of an error: then nobody knows what is missing.
    error: Option<String>,
    /// The code of an issue by which what is given is not all that there is, though it is no error: FHIR has `incomplete` for
    /// it, as a warning.
    incomplete: Option<String>,
}

/// Codes of FHIR's `issue-type` by which an answer is not whole: not all sources of the data could be asked, or the server
/// has ended the search before its end.
const NOT_WHOLE: [&str; 4] = ["incomplete", "timeout", "too-costly", "throttled"];

/// What an answer says of the search itself. What else it says (warnings, advice) is no matter.
fn said_of_the_search(resource: Element<'_>) -> Said {
    let mut said = Said::default();
    if resource.resource_type().is_none_or(|of| of != "OperationOutcome") {
        return said;
    }
    for issue in resource.children().filter(|child| child.name() == Some("issue")) {
        let code = issue.child_text("code").unwrap_or_default();
        let severity = issue.child_text("severity");
        if severity.is_some_and(|how| matches!(&*how, "error" | "fatal")) {
            // A code of FHIR's, never a sentence, which may have anything in it.
            let is_code = !code.is_empty()
                && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            said.error.get_or_insert(if is_code { code.into_owned() } else { "error".to_owned() });
        } else if NOT_WHOLE.contains(&&*code) {
            said.incomplete.get_or_insert(code.into_owned());
        }
    }
    said
}

impl<'s> Fetch<'s> {
    /// Fetches everything and sends it, or why not.
    pub(super) fn run(
        settings: &'s ServerSettings,
        since: Option<Timestamp>,
        sender: &'s SyncSender<Sent>,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let done = match runtime {
            Ok(runtime) => runtime.block_on(Self::all(settings, since, sender)),
            Err(error) => Err(Stop::Failed(error.into())),
        };
        if let Err(Stop::Failed(error)) = done {
            // Nobody reads any more: then nobody asks why.
            let _ = sender.send(Sent::Failed(error));
        }
    }

    async fn all(
        settings: &'s ServerSettings,
        since: Option<Timestamp>,
        sender: &'s SyncSender<Sent>,
    ) -> Result<(), Stop> {
        let mut fetch = Self {
            settings,
            sender,
            http: Http::new(settings)?,
            base: address(&format!("{}/", settings.url))?,
            authorization: Authorization::default(),
            known: HashSet::new(),
            wanted: BTreeMap::new(),
            behind: SignedDuration::ZERO,
        };
        if let Some(operation) = &settings.export
            && fetch.export(operation, since).await?
        {
            return fetch.referenced().await;
        }
        for search in &settings.searches {
            // The server dates changes by its own clock: where that is behind, what was changed since then has earlier
            // dates. The first answer says by how much, and what it gives again is known.
            let mut missing = None;
            for _ in 0..SEARCHES {
                let behind = fetch.behind;
                // What the last search lacks is what is missing: it has all of the ones before.
                missing = fetch.search(search, by_clock(since, behind)).await?;
                if since.is_none() || fetch.behind <= behind + MAX_DIFFERENCE {
                    break;
                }
            }
            if let Some(missing) = missing {
                fetch.send(missing)?;
            }
        }
        fetch.referenced().await
    }

    /// All that a search finds, or what of it has changed since a time of the server's clock. What is sent on where it has
    /// not given all that there is.
    async fn search(
        &mut self,
        search: &str,
        since: Option<Timestamp>,
    ) -> Result<Option<Sent>, Stop> {
        let mut url = self.below(search)?;
        if let Some(since) = since {
            let since = since.strftime("ge%Y-%m-%dT%H:%M:%SZ").to_string();
            url.query_pairs_mut().append_pair("_lastUpdated", &since);
        }
        if !search.contains("_count=") {
            url.query_pairs_mut().append_pair("_count", &self.settings.page.to_string());
        }
        let label = search.split('?').next().unwrap_or(search).to_owned();
        self.pages(label, url).await
    }

    fn below(&self, path: &str) -> Result<Url, FileError> {
        let url = self.base.join(path.trim_start_matches('/')).map_err(|_| FileError::Address)?;
        self.own(url)
    }

    /// Only the server's own addresses are followed: another one would get the token, and could give anything.
    fn own(&self, url: Url) -> Result<Url, FileError> {
        let same = url.scheme() == self.base.scheme()
            && url.host_str() == self.base.host_str()
            && url.port_or_known_default() == self.base.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none();
        if same {
            return Ok(url);
        }
        let origin = url.origin().ascii_serialization();
        Err(FileError::ForeignLink { origin })
    }

    /// All pages of a search; what is to be sent on where they have not all that there is.
    async fn pages(&mut self, label: String, first: Url) -> Result<Option<Sent>, Stop> {
        let mut next = Some(first);
        let mut visited = HashSet::new();
        let (mut found, mut matches, mut totals) = (0_u64, 0_u64, Vec::new());
        let mut incomplete = None;
        while let Some(url) = next {
            if !visited.insert(url.to_string()) || visited.len() > MAX_PAGES {
                return Err(FileError::EndlessPages.into());
            }
            let body = self.get(&url).await?;
            let text = String::from_utf8(body).map_err(|_| FileError::NotFhir)?;
            let document = Document::parse(text.as_str(), &ParseOptions::strict())
                .map_err(|_| FileError::NotFhir)?;
            let bundle = Bundle::of(&document).ok_or(FileError::NotFhir)?;
            for entry in bundle.entries() {
                let Some(resource) = entry.resource() else { continue };
                let said = said_of_the_search(resource);
                if let Some(code) = said.error {
                    return Err(FileError::SearchIncomplete { code }.into());
                }
                incomplete = incomplete.or(said.incomplete);
                if resource.resource_type().is_some_and(|of| of == "OperationOutcome") {
                    continue;
                }
                found += 1;
                let search = entry.element().child_by_name("search");
                let mode = search.and_then(|search| search.child_text("mode"));
                matches += u64::from(mode.is_none_or(|mode| mode == "match"));
                if let Some(resource) = resource.value() {
                    self.note(resource);
                }
            }
            totals.push(number_of(&bundle, "total"));
            let link = bundle.element().children().find(|link| {
                link.name() == Some("link")
                    && link.child_text("relation").as_deref() == Some("next")
            });
            next = match link.and_then(|link| link.child_text("url")) {
                Some(link) => {
                    let link = url.join(&link).map_err(|_| FileError::Address)?;
                    Some(self.own(link)?)
                }
                None => None,
            };
            drop(document);
            self.send(Sent::Page { label: label.clone(), text })?;
        }
        // The total may be an estimate, but not of nothing.
        let total = totals.iter().copied().max().unwrap_or_default();
        if found == 0 && total > 0 {
            return Err(FileError::NoneOfTotal { total }.into());
        }
        // One that changes from page to page is of a search that goes on while others write.
        let is_fewer = matches < total && totals.iter().all(|of_page| *of_page == total);
        let issue = match incomplete {
            Some(code) => Some(SourceIssueKind::SaidIncomplete { code }),
            None => is_fewer.then_some(SourceIssueKind::FewerThanTotal { total, given: matches }),
        };
        Ok(issue.map(|issue| Sent::NotAll { label, issue }))
    }

    fn send(&self, sent: Sent) -> Result<(), Gone> {
        self.sender.send(sent).map_err(|_| Gone)
    }

    /// Notes that a resource has come, and what it refers to.
    fn note(&mut self, resource: Node<'_>) {
        let Some(resource_type) = resource.resource_type() else { return };
        if let Some(id) = resource.member("id").and_then(Node::as_str) {
            if let Some(ids) = self.wanted.get_mut(&*resource_type) {
                ids.remove(&*id);
            }
            self.known.insert(format!("{resource_type}/{id}"));
        }
        let mut nodes = vec![resource];
        while let Some(node) = nodes.pop() {
            if let Some(target) = node.member("reference").and_then(Node::as_str) {
                self.want(&target);
            }
            nodes.extend(
                node.members().filter(|member| matches!(member.kind(), Kind::Object | Kind::Array)),
            );
        }
    }

    fn want(&mut self, target: &str) {
        let relative = target.strip_prefix(self.base.as_str()).unwrap_or(target);
        let relative = relative.split("/_history/").next().unwrap_or(relative);
        let Some((resource_type, id)) = relative.split_once('/') else { return };
        let is_id = !id.is_empty()
            && id.len() <= 64
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if is_id
            && self.settings.types.iter().any(|known| known == resource_type)
            && !self.known.contains(relative)
        {
            self.wanted.entry(resource_type.to_owned()).or_default().insert(id.to_owned());
        }
    }

    /// Fetches what was referred to, and what that refers to, until nothing is missing. What the server does not
    /// have is asked for once.
    async fn referenced(&mut self) -> Result<(), Stop> {
        loop {
            let Some((resource_type, ids)) = self
                .wanted
                .iter_mut()
                .find(|(_, ids)| !ids.is_empty())
                .map(|(name, ids)| (name.clone(), std::mem::take(ids)))
            else {
                return Ok(());
            };
            let ids: Vec<String> = ids.into_iter().collect();
            for some in ids.chunks(IDS) {
                self.known.extend(some.iter().map(|id| format!("{resource_type}/{id}")));
                let mut url = self.below(&resource_type)?;
                url.query_pairs_mut()
                    .append_pair("_id", &some.join(","))
                    .append_pair("_count", &IDS.to_string());
                if let Some(missing) = self.pages(resource_type.clone(), url).await? {
                    self.send(missing)?;
                }
            }
        }
    }

    /// A bulk export. False where the server does not offer one.
    async fn export(&mut self, operation: &str, since: Option<Timestamp>) -> Result<bool, Stop> {
        let mut started = 0;
        let (url, status) = loop {
            let behind = self.behind;
            let url = self.export_address(operation, by_clock(since, behind))?;
            let Some(status) = self.start_export(&url).await? else { return Ok(false) };
            started += 1;
            // As for searches; the first answer says it, before anything is made.
            let is_right = since.is_none() || self.behind <= behind + MAX_DIFFERENCE;
            if is_right || started == SEARCHES {
                break (url, status);
            }
            self.end_export(&status).await?;
        };
        let manifest = self.wait_for(&status).await?;
        if !manifest.error.is_empty() {
            // Parts that the server could not export: what is missing must not look as if it had vanished.
            return Err(FileError::ExportIncomplete { files: manifest.error.len() }.into());
        }
        for file in &manifest.output {
            let url = url.join(&file.url).map_err(|_| FileError::Address)?;
            self.lines(&file.resource_type, &self.own(url)?).await?;
        }
        self.end_export(&status).await?;
        Ok(true)
    }

    /// Where an export is asked for, with what.
    fn export_address(&self, operation: &str, since: Option<Timestamp>) -> Result<Url, FileError> {
        let mut url = self.below(operation)?;
        let mut types: Vec<&str> = self.settings.types.iter().map(String::as_str).collect();
        types.push("MedicationAdministration");
        types.sort_unstable();
        types.dedup();
        url.query_pairs_mut()
            .append_pair("_outputFormat", "application/fhir+ndjson")
            .append_pair("_type", &types.join(","));
        if let Some(since) = since {
            let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            url.query_pairs_mut().append_pair("_since", &since);
        }
        Ok(url)
    }

    /// Has the server begin an export, and gives the address at which it is waited for; none where it does not offer one.
    async fn start_export(&mut self, url: &Url) -> Result<Option<Url>, FileError> {
        const PREFER: HeaderName = HeaderName::from_static("prefer");
        let answer = self.ask(url, &[(PREFER, "respond-async")]).await?;
        let status = match answer.status {
            202 => answer.content_location.ok_or(FileError::NotFhir)?,
            400 | 404 | 405 | 501 if !self.settings.searches.is_empty() => {
                tracing::info!(
                    status = answer.status,
                    "the server offers no export: searches instead"
                );
                return Ok(None);
            }
            status => return Err(FileError::Status { status }),
        };
        self.own(url.join(&status).map_err(|_| FileError::Address)?).map(Some)
    }

    /// Tells the server that an export is not needed any more.
    async fn end_export(&mut self, status: &Url) -> Result<(), FileError> {
        let authorization = self.authorization.header(self.settings, &self.http).await?;
        self.http.delete(status, authorization.as_ref()).await;
        Ok(())
    }

    async fn wait_for(&mut self, status: &Url) -> Result<Manifest, FileError> {
        for _ in 0..MAX_POLLS {
            let answer = self.ask(status, &[]).await?;
            match answer.status {
                200 => {
                    let body = self.http.body(answer.response).await?;
                    return serde_json::from_slice(&body).map_err(|_| FileError::NotFhir);
                }
                202 => {
                    let wait = answer.retry_after.unwrap_or(Duration::from_secs(10));
                    tokio::time::sleep(
                        wait.clamp(self.settings.retry_wait, self.settings.max_wait),
                    )
                    .await;
                }
                status => return Err(FileError::Status { status }),
            }
        }
        Err(FileError::EndlessPages)
    }

    /// The lines of one file of an export, as they come.
    async fn lines(&mut self, label: &str, url: &Url) -> Result<(), Stop> {
        let answer = self.ask(url, &[]).await?;
        if answer.status != 200 {
            return Err(FileError::Status { status: answer.status }.into());
        }
        let limit = self.settings.limits.line_bytes;
        let mut response = answer.response;
        let mut rest = Vec::new();
        let mut number = 0;
        loop {
            let chunk = response.chunk().await.map_err(|error| unreachable(&error))?;
            let is_last = chunk.is_none();
            rest.extend_from_slice(&chunk.unwrap_or_default());
            let mut from = 0;
            while let Some(end) = rest[from..].iter().position(|byte| *byte == b'\n') {
                number += 1;
                self.line(label, number, &rest[from..from + end])?;
                from += end + 1;
            }
            rest.drain(..from);
            if rest.len() > limit {
                return Err(FileError::AnswerTooLarge { limit }.into());
            }
            if is_last {
                number += 1;
                self.line(label, number, &rest)?;
                return Ok(());
            }
        }
    }

    fn line(&mut self, label: &str, line: u32, bytes: &[u8]) -> Result<(), Stop> {
        if bytes.trim_ascii().is_empty() {
            return Ok(());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| FileError::NotFhir)?.to_owned();
        if let Ok(document) = Document::parse(text.as_str(), &ParseOptions::strict()) {
            self.note(document.root());
        }
        Ok(self.send(Sent::Line { label: label.to_owned(), line, text })?)
    }

    async fn get(&mut self, url: &Url) -> Result<Vec<u8>, FileError> {
        let mut attempt = 0;
        loop {
            let answer = self.ask(url, &[]).await?;
            if answer.status != 200 {
                return Err(FileError::Status { status: answer.status });
            }
            match self.http.body(answer.response).await {
                // The connection broke in the middle of the body.
                Err(FileError::Unreachable { .. }) if attempt < self.settings.retries => {
                    self.pause(attempt, None).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    async fn pause(&self, attempt: u32, asked: Option<Duration>) {
        let own = self.settings.retry_wait.saturating_mul(1 << attempt.min(10));
        tokio::time::sleep(asked.unwrap_or(own).max(own).min(self.settings.max_wait)).await;
    }

    /// Asks until there is an answer that will not pass, within the bound on new attempts.
    async fn ask(
        &mut self,
        url: &Url,
        headers: &[(HeaderName, &'static str)],
    ) -> Result<Answered, FileError> {
        let mut attempt = 0;
        let mut was_refused = false;
        loop {
            let authorization = self.authorization.header(self.settings, &self.http).await?;
            let now = (self.settings.clock)();
            let answered = self.http.get(url, authorization.as_ref(), headers, now).await;
            if let Ok(Answered { date: Some(date), .. }) = &answered {
                self.behind = self.behind.max((self.settings.clock)().duration_since(*date));
            }
            let wait = match answered {
                Ok(answer) if answer.status == 401 && !was_refused => {
                    was_refused = true;
                    if !self.authorization.refused() {
                        return Ok(answer);
                    }
                    continue;
                }
                Ok(answer) if matches!(answer.status, 408 | 429 | 500 | 502 | 503 | 504) => {
                    if attempt == self.settings.retries {
                        return Ok(answer);
                    }
                    answer.retry_after
                }
                Ok(answer) => return Ok(answer),
                Err(error @ FileError::Unreachable { .. }) => {
                    if attempt == self.settings.retries {
                        return Err(error);
                    }
                    None
                }
                Err(error) => return Err(error),
            };
            self.pause(attempt, wait).await;
            attempt += 1;
        }
    }
}
