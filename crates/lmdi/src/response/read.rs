//! Reading the answer, for the sender. Tolerant: another receiver may say more or less.

use lmr_fhir::{Bundle, Document, Element, ParseOptions};
use thiserror::Error;

use super::{COLUMN, CORRELATION_EXTENSION, LINE, LINKS_EXTENSION, MESSAGE_ID, RETRY_EXTENSION};
use crate::codes::{CODE_SYSTEM, Code, Retry, Severity};
use crate::links::LinkCounts;

/// An answer of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A status per entry.
    Bundle {
        /// The message it answers.
        message_id: Option<String>,
        /// In the order of the request.
        entries: Vec<ReadEntry>,
        /// How many administrations the register can link, where it says so.
        links: Option<LinkCounts>,
    },
    /// The call was refused before its entries were checked.
    Outcome {
        /// What was said.
        issues: Vec<ReadIssue>,
        /// Under which id the receiver's log knows the call.
        correlation_id: Option<String>,
    },
}

/// One entry of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEntry {
    /// `fullUrl` of the request's entry.
    pub full_url: Option<String>,
    /// What became of it.
    pub status: ReadStatus,
    /// The three digits.
    pub status_code: u16,
    /// Where it is stored.
    pub location: Option<String>,
    /// What was said about it.
    pub issues: Vec<ReadIssue>,
}

/// What became of an entry, as the sender books it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadStatus {
    /// 2xx.
    Stored,
    /// 424: correct, but not stored because of another entry.
    Dependent,
    /// Any other 4xx: held until corrected.
    Refused,
    /// 5xx or anything else: an error of the register, to be sent again.
    Failed,
}

/// One issue of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadIssue {
    /// Severity, where it is one of FHIR's.
    pub severity: Option<Severity>,
    /// The code, where this program knows it.
    pub code: Option<Code>,
    /// The code as it stood there.
    pub code_text: Option<String>,
    /// What to do about it: as said, else by the code.
    pub retry: Option<Retry>,
    /// Bokmål.
    pub text_nb: String,
    /// English; empty where there is none.
    pub text_en: String,
    /// First place.
    pub expression: Option<String>,
    /// The reference validator's message id.
    pub message_id: Option<String>,
    /// Line in the sent JSON.
    pub line: Option<u32>,
    /// Column in the sent JSON.
    pub column: Option<u32>,
}

/// Why an answer cannot be used. The receiver's fault, or something between it and us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// Not JSON.
    #[error("the answer is not JSON")]
    NotJson,
    /// Neither a response bundle nor an OperationOutcome.
    #[error(
        "the answer is neither a batch-response, a transaction-response nor an OperationOutcome"
    )]
    NotAnAnswer,
    /// An entry says nothing.
    #[error("entry {entry} of the answer has no status")]
    EntryWithoutStatus {
        /// Its index.
        entry: usize,
    },
}

/// Reads an answer of the register.
///
/// # Errors
/// [`ReadError`] when it is not an answer; the caller then decides by the HTTP status alone.
pub fn read(bytes: &[u8]) -> Result<Answer, ReadError> {
    let document =
        Document::parse_bytes(bytes, &ParseOptions::strict()).map_err(|_| ReadError::NotJson)?;
    let root = document.root_element();
    if let Some(bundle) = Bundle::of(&document) {
        if !matches!(bundle.kind().as_deref(), Some("batch-response" | "transaction-response")) {
            return Err(ReadError::NotAnAnswer);
        }
        let message_id = bundle.identifier().and_then(|identifier| text(identifier, "value"));
        let entries = bundle
            .entries()
            .enumerate()
            .map(|(index, entry)| {
                read_entry(entry.element(), entry.full_url().map(std::borrow::Cow::into_owned))
                    .ok_or(ReadError::EntryWithoutStatus { entry: index })
            })
            .collect::<Result<_, _>>()?;
        return Ok(Answer::Bundle { message_id, entries, links: read_links(root) });
    }
    if root.resource_type().is_some_and(|kind| kind == "OperationOutcome") {
        return Ok(Answer::Outcome {
            issues: read_issues(root),
            correlation_id: extension(root, CORRELATION_EXTENSION)
                .and_then(|e| text(e, "valueString")),
        });
    }
    Err(ReadError::NotAnAnswer)
}

fn read_links(bundle: Element<'_>) -> Option<LinkCounts> {
    let links = extension(bundle.child_by_name("meta")?, LINKS_EXTENSION)?;
    let count = |part| text(extension(links, part)?, "valueInteger")?.parse().ok();
    Some(LinkCounts {
        administrations: count("administreringer")?,
        with_patient: count("medPasient")?,
        with_prescriber: count("medRekvirent")?,
    })
}

fn read_entry(entry: Element<'_>, full_url: Option<String>) -> Option<ReadEntry> {
    let response = entry.child_by_name("response")?;
    let status = text(response, "status")?;
    let status_code: u16 = status.get(..3)?.parse().ok()?;
    Some(ReadEntry {
        full_url,
        status: match status_code {
            200..=299 => ReadStatus::Stored,
            424 => ReadStatus::Dependent,
            400..=499 => ReadStatus::Refused,
            _ => ReadStatus::Failed,
        },
        status_code,
        location: text(response, "location"),
        issues: response.child_by_name("outcome").map(read_issues).unwrap_or_default(),
    })
}

fn read_issues(outcome: Element<'_>) -> Vec<ReadIssue> {
    outcome.children_by_name("issue").map(read_issue).collect()
}

fn read_issue(issue: Element<'_>) -> ReadIssue {
    let details = issue.child_by_name("details");
    let code_text = details.and_then(|details| {
        details
            .children_by_name("coding")
            .find(|coding| text(*coding, "system").as_deref() == Some(CODE_SYSTEM))
            .and_then(|coding| text(coding, "code"))
    });
    let code = code_text.as_deref().and_then(Code::parse);
    let said = details.and_then(|details| details.child_by_name("text"));
    let number = |url, member| {
        extension(issue, url).and_then(|e| text(e, member)).and_then(|text| text.parse().ok())
    };
    ReadIssue {
        severity: match text(issue, "severity").as_deref() {
            Some("fatal") => Some(Severity::Fatal),
            Some("error") => Some(Severity::Error),
            Some("warning") => Some(Severity::Warning),
            Some("information") => Some(Severity::Information),
            _ => None,
        },
        retry: extension(issue, RETRY_EXTENSION)
            .and_then(|e| text(e, "valueCode"))
            .and_then(|text| Retry::from_wire(&text))
            .or_else(|| code.map(Code::retry)),
        code,
        code_text,
        text_nb: said
            .and_then(|said| said.text().map(std::borrow::Cow::into_owned))
            .or_else(|| text(issue, "diagnostics"))
            .unwrap_or_default(),
        text_en: said.and_then(translation_en).unwrap_or_default(),
        expression: text(issue, "expression"),
        message_id: extension(issue, MESSAGE_ID)
            .and_then(|e| text(e, "valueCode").or_else(|| text(e, "valueString"))),
        line: number(LINE, "valueInteger"),
        column: number(COLUMN, "valueInteger"),
    }
}

fn translation_en(said: Element<'_>) -> Option<String> {
    let translation = "http://hl7.org/fhir/StructureDefinition/translation";
    said.children_by_name("extension")
        .filter(|e| text(*e, "url").as_deref() == Some(translation))
        .find(|e| {
            extension(*e, "lang").and_then(|lang| text(lang, "valueCode")).as_deref() == Some("en")
        })
        .and_then(|e| extension(e, "content"))
        .and_then(|content| text(content, "valueString").or_else(|| text(content, "valueMarkdown")))
}

fn extension<'d>(element: Element<'d>, url: &str) -> Option<Element<'d>> {
    element.children_by_name("extension").find(|e| text(*e, "url").as_deref() == Some(url))
}

fn text(element: Element<'_>, name: &str) -> Option<String> {
    Some(element.child_by_name(name)?.text()?.into_owned())
}
