//! One message: what is known of it, its answer entry by entry, and for a reason its content.

use super::asked::Asked;
use super::messages::state_text;
use super::visitor::{Posted, Visitor};
use super::{Role, Shared};
use crate::form::only;
use crate::frame::{Failure, Frame, page};
use crate::json_view::{JsonMark, marked};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use lmr_fhir::{Bilingual, Bundle, Document, Language, ParseOptions, Severity};
use lmr_intake::{Action, ArchiveFilter, ArchivedMessage, MessageDetail, OrganisationNumber};
use lmr_lmdi::LinkCounts;
use lmr_lmdi::codes::Retry;
use lmr_lmdi::response::{Answer, ReadEntry, ReadIssue, ReadStatus, read};
use std::collections::HashMap;
use std::sync::Arc;

/// Entries of a page.
const PAGE: usize = 100;

/// An entry as it is shown.
struct Entry {
    /// From 0, as in expressions.
    index: usize,
    read: ReadEntry,
    /// The resource as it was received, marked; only where content is shown.
    resource: Option<String>,
}

#[derive(Template)]
#[template(path = "console/message.html")]
struct MessagePage {
    f: Frame,
    sender_name: String,
    detail: MessageDetail,
    /// An answer without entries: what was said of the message as a whole.
    whole: Vec<ReadIssue>,
    links: Option<LinkCounts>,
    entries: Vec<Entry>,
    /// How many entries there are of what is shown.
    shown_of: usize,
    only_findings: bool,
    from: usize,
    may_act: bool,
    /// Why content is shown, where it is.
    reason: Option<String>,
    problem: Option<String>,
    /// The reason that was written, where it was refused.
    written: String,
    path: String,
}

/// The message of an address.
async fn find(
    shared: &Shared,
    (sender, id): &(String, String),
) -> Result<(OrganisationNumber, MessageDetail), Failure> {
    let sender = OrganisationNumber::parse(sender).map_err(|_| Failure::NotFound)?;
    let found = shared.store.message(sender, id, shared.now()).await?;
    Ok((sender, found.ok_or(Failure::NotFound)?))
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(path): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    only(&query, &["entries", "from"])?;
    let (_, detail) = find(&shared, &path).await?;
    let shown = build(&shared, visitor, detail, &query, None).await?;
    Ok(page(StatusCode::OK, &shown))
}

pub(super) async fn content(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, Failure> {
    posted.visitor.must(Role::Act)?;
    let (sender, detail) = find(&shared, &path).await?;
    // Where in the answer the page was: the form has it from the page, and what is shown says which entries it is.
    let is_known = |name: &str, value: &str| match name {
        "from" => value.parse::<usize>().is_ok(),
        _ => matches!(value, "all" | "findings"),
    };
    let query: HashMap<String, String> = ["entries", "from"]
        .into_iter()
        .map(|name| (name.to_owned(), posted.fields.raw(name).to_owned()))
        .filter(|(name, value)| is_known(name, value))
        .collect();
    let Some(reason) = posted.fields.reason() else {
        let mut shown = build(&shared, posted.visitor, detail, &query, None).await?;
        shown.problem = Some(
            shown
                .f
                .t(
                    "Skriv hvorfor du trenger innholdet (høyst 1000 tegn, uten fødselsnummer).",
                    "Write why you need the content (1000 characters at most, without an identity number).",
                )
                .to_owned(),
        );
        posted.fields.raw("reason").clone_into(&mut shown.written);
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    };
    let subject = format!("{sender} {}", detail.listed.summary.message_id);
    let why = Some(reason.clone());
    shared.record(&posted.visitor, Action::Read, subject, why, "content".to_owned()).await?;
    let filter = ArchiveFilter {
        sender: Some(sender),
        message_id: Some(detail.listed.summary.message_id.clone()),
        limit: 1,
        ..ArchiveFilter::default()
    };
    let stored = shared.store.archived(&filter).await?.pop();
    let stored = stored.map(ArchivedMessage::readable).transpose()?.and_then(|one| one.content);
    let content = (reason, stored.unwrap_or_default());
    let shown = build(&shared, posted.visitor, detail, &query, Some(content)).await?;
    Ok(page(StatusCode::OK, &shown))
}

async fn build(
    shared: &Shared,
    visitor: Visitor,
    detail: MessageDetail,
    query: &HashMap<String, String>,
    content: Option<(String, Vec<u8>)>,
) -> Result<MessagePage, Failure> {
    let may_act = visitor.may(Role::Act);
    let f = visitor.frame;
    let asked = Asked(query);
    let from: usize = asked.parsed("from")?.unwrap_or(0);
    let which = asked.one_of("entries", |text| match text {
        "all" => Some(false),
        "findings" => Some(true),
        _ => None,
    })?;
    let (mut whole, mut links, mut all) = (Vec::new(), None, Vec::new());
    match detail.answer.as_ref().and_then(|answer| read(&answer.body).ok()) {
        Some(Answer::Bundle { entries, links: counted, .. }) => (all, links) = (entries, counted),
        Some(Answer::Outcome { issues, .. }) => whole = issues,
        None => {}
    }
    let has_findings = |entry: &ReadEntry| {
        entry.status != ReadStatus::Stored
            || entry.issues.iter().any(|issue| issue.severity != Some(Severity::Information))
    };
    // Long answers begin with what is wrong.
    let only_findings = which
        .unwrap_or_else(|| content.is_none() && all.len() > PAGE && all.iter().any(has_findings));
    let chosen: Vec<(usize, ReadEntry)> = all
        .into_iter()
        .enumerate()
        .filter(|(_, entry)| !only_findings || has_findings(entry))
        .collect();
    let shown_of = chosen.len();
    let mut entries: Vec<Entry> = chosen
        .into_iter()
        .skip(from)
        .take(PAGE)
        .map(|(index, read)| Entry { index, read, resource: None })
        .collect();
    let reason = content.map(|(reason, bytes)| {
        add_resources(&mut entries, &bytes, f.lang);
        reason
    });
    let avsendere = shared.avsendere().await?;
    let sender = detail.listed.summary.sender;
    let known = avsendere.iter().find(|one| one.organisation == sender);
    Ok(MessagePage {
        sender_name: known.map(|one| one.name.clone()).unwrap_or_default(),
        path: format!(
            "{}/messages/{sender}/{}",
            f.base,
            crate::form::encoded(&detail.listed.summary.message_id)
        ),
        f,
        detail,
        whole,
        links,
        entries,
        shown_of,
        only_findings,
        from,
        may_act,
        reason,
        problem: None,
        written: String::new(),
    })
}

/// Puts beside each entry its resource, marked.
fn add_resources(entries: &mut [Entry], content: &[u8], lang: Language) {
    let Ok(document) = Document::parse_bytes(content, &ParseOptions::lenient()) else { return };
    let Some(bundle) = Bundle::of(&document) else { return };
    let places: HashMap<usize, _> = bundle.entries().enumerate().collect();
    for entry in entries {
        let Some(resource) = places.get(&entry.index).and_then(|one| one.resource()) else {
            continue;
        };
        let mark = |issue: &ReadIssue| {
            Some(JsonMark {
                expression: issue.expression.clone()?,
                severity: issue.severity?,
                text: issue_text(issue, lang).to_owned(),
            })
        };
        let marks: Vec<JsonMark> = entry.read.issues.iter().filter_map(mark).collect();
        entry.resource = Some(marked(resource.node(), &marks));
    }
}

/// What is wrong, in the visitor's language where there is one.
fn issue_text(issue: &ReadIssue, lang: Language) -> &str {
    match lang {
        Language::English if !issue.text_en.is_empty() => &issue.text_en,
        _ => &issue.text_nb,
    }
}

impl MessagePage {
    fn state(&self) -> (&'static str, &'static str) {
        state_text(self.detail.listed.state, self.f.lang)
    }

    fn hash(&self) -> String {
        self.detail.content_sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn text<'a>(&self, issue: &'a ReadIssue) -> &'a str {
        issue_text(issue, self.f.lang)
    }

    fn severity(&self, issue: &ReadIssue) -> (&'static str, &'static str) {
        let (class, text) = match issue.severity {
            Some(Severity::Fatal) => ("fatal", Bilingual { nb: "Feil", en: "Fatal" }),
            Some(Severity::Error) => ("error", Bilingual { nb: "Feil", en: "Error" }),
            Some(Severity::Warning) => ("warning", Bilingual { nb: "Advarsel", en: "Warning" }),
            _ => ("information", Bilingual { nb: "Opplysning", en: "Information" }),
        };
        (class, text.in_language(self.f.lang))
    }

    /// What the sender does about it.
    fn retry(&self, issue: &ReadIssue) -> &'static str {
        // What refuses nothing asks for nothing.
        let refuses = matches!(issue.severity, Some(Severity::Fatal | Severity::Error));
        match issue.retry.filter(|_| refuses) {
            Some(Retry::Never) => self.f.t(
                "ikke nytt forsøk: et menneske må se på det",
                "no new attempt: a person must look",
            ),
            Some(Retry::AfterCorrection) => self
                .f
                .t("holdes tilbake til kilden er rettet", "held until the source is corrected"),
            Some(Retry::Later) => self.f.t("nytt forsøk om en time", "a new attempt in an hour"),
            None => "",
        }
    }

    fn status(&self, entry: &ReadEntry) -> (&'static str, &'static str) {
        match entry.status {
            ReadStatus::Stored => ("good", self.f.t("Lagret", "Stored")),
            ReadStatus::Dependent => (
                "warn",
                self.f.t("Ikke lagret på grunn av en annen", "Not stored because of another"),
            ),
            ReadStatus::Refused => ("bad", self.f.t("Avvist", "Refused")),
            ReadStatus::Failed => ("bad", self.f.t("Feil i mottaket", "Error of the receiver")),
        }
    }

    fn later(&self) -> Option<usize> {
        let next = self.from + self.entries.len();
        (next < self.shown_of).then_some(next)
    }

    fn which(&self) -> &'static str {
        if self.only_findings { "findings" } else { "all" }
    }
}
