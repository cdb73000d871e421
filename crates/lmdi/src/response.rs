//! The LegemiddelregisterBundleResponse.
//!
//! **Our own assumption.** The register's documents promise an answer with a status per resource and
//! specific error codes, but publish neither its fields nor the codes. This file and [`read`] are the
//! only places that know the shape chosen here: FHIR's `batch-response` and `transaction-response`
//! (<https://hl7.org/fhir/R4/http.html#transaction-response>) with an OperationOutcome per entry.

mod definitions;
mod read;

pub use definitions::definitions;
pub use read::{Answer, ReadEntry, ReadError, ReadIssue, ReadStatus, read};

use std::fmt::Write as _;

use jiff::Timestamp;
use lmr_fhir::{OperationOutcome, OutcomeExtension, OutcomeIssue, OutcomeValue, escape_into};

use crate::codes::{Bilingual, CODE_SYSTEM, Code, Language, Severity};
use crate::finding::{ElementLocation, Finding};
use crate::guide::RuleSetId;
use crate::links::LinkCounts;

/// Extension of an issue: what the sender does about it (`never`, `after-correction`, `later`).
pub const RETRY_EXTENSION: &str = "http://fhi.no/fhir/lmr/StructureDefinition/retry";
/// Extension of an OperationOutcome: under which id the receiver's log knows the call.
pub const CORRELATION_EXTENSION: &str = "http://fhi.no/fhir/lmr/StructureDefinition/korrelasjonsid";

/// Extension of an OperationOutcome, or of the answer's `meta`: the rule set that was checked against.
pub const RULE_SET_EXTENSION: &str = "http://fhi.no/fhir/lmr/StructureDefinition/regelsett";
/// Extension beside it: the digest of the rule set's definitions, `sha256:` and 64 hexadecimal digits.
pub const DIGEST_EXTENSION: &str = "http://fhi.no/fhir/lmr/StructureDefinition/regelsett-digest";

/// Extension of the answer's `meta`: how many administrations the bundle has, and how many of them the
/// register can link to a patient and a prescriber.
pub const LINKS_EXTENSION: &str = "http://fhi.no/fhir/lmr/StructureDefinition/koblinger";

/// Extension of an OperationOutcome: the file that it is about.
pub const FILE_EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file";

const MESSAGE_ID: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id";
const LINE: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line";
const COLUMN: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col";

/// Where a stored version can be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored<'a> {
    /// FHIR resource type.
    pub resource_type: &'a str,
    /// The register's own id.
    pub resource_id: &'a str,
    /// Counted from 1.
    pub version: u32,
    /// When that version was stored.
    pub stored_at: Timestamp,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryStatus<'a> {
    /// Not known before: 201.
    Created(Stored<'a>),
    /// A new version of something known: 200.
    Updated(Stored<'a>),
    /// Identical to what is stored: 200.
    Unchanged(Stored<'a>),
    /// Only checked, would be stored: 200.
    Checked,
    /// Breaks a rule: 422.
    Refused,
    /// Correct, but refers to the refused entry with this index: 424.
    DependsOn(usize),
    /// Correct, but the transaction fell with the entry of this index: 424.
    AbortedBy(usize),
}

/// One entry of the answer.
#[derive(Clone, Copy, Debug)]
pub struct ResponseEntry<'a> {
    /// The request entry's `fullUrl`, repeated.
    pub full_url: Option<&'a str>,
    /// What became of it.
    pub status: EntryStatus<'a>,
    /// What was found about it, as far as the answer holds it.
    pub findings: &'a [Finding],
    /// What only the version before shows about it.
    pub of_history: &'a [Finding],
    /// How many findings were left out.
    pub left_out: usize,
    /// Whether findings are given by code and location only, without their texts.
    pub is_brief: bool,
}

impl EntryStatus<'_> {
    fn line(&self) -> &'static str {
        match self {
            Self::Created(_) => "201 Created",
            Self::Updated(_) | Self::Unchanged(_) | Self::Checked => "200 OK",
            Self::Refused => "422 Unprocessable Entity",
            Self::DependsOn(_) | Self::AbortedBy(_) => "424 Failed Dependency",
        }
    }

    fn stored(&self) -> Option<&Stored<'_>> {
        match self {
            Self::Created(stored) | Self::Updated(stored) | Self::Unchanged(stored) => Some(stored),
            _ => None,
        }
    }

    /// What the status alone does not say.
    fn note(&self) -> Option<Finding> {
        let finding = |code| Some(Finding::of(code, ElementLocation::default()));
        let because = |code: Code, index: usize| {
            let location = ElementLocation {
                expression: format!("Bundle.entry[{index}]"),
                ..ElementLocation::default()
            };
            let text = code.text();
            Some(Finding::with_text(
                code,
                location,
                format!("{} Det gjelder oppføring {index} (regnet fra 0).", text.explanation.nb),
                format!("{} That is entry {index} (counted from 0).", text.explanation.en),
            ))
        };
        match self {
            Self::Created(_) | Self::Refused => None,
            Self::Updated(_) => finding(Code::StoredNewVersion),
            Self::Unchanged(_) => finding(Code::AlreadyStored),
            Self::Checked => finding(Code::CheckedOnly),
            Self::DependsOn(index) => because(Code::DependencyRefused, *index),
            Self::AbortedBy(index) => because(Code::TransactionAborted, *index),
        }
    }
}

/// What an answer says about the message as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// What was checked against.
    pub rule_set: RuleSetId,
    /// The message that is answered.
    pub message_id: &'a str,
    /// When.
    pub timestamp: Timestamp,
    /// What was noticed about the message as a whole without refusing it. A response bundle has no place for
    /// that, so it is in the outcome of the first entry, with an expression that shows where it belongs.
    pub about_message: &'a [Finding],
    /// How many administrations the register can link.
    pub links: LinkCounts,
}

/// The answer to a bundle, as FHIR JSON. The same input gives the same bytes.
#[must_use]
pub fn write(head: &Head<'_>, entries: &[ResponseEntry<'_>]) -> Vec<u8> {
    let Head { rule_set, message_id, timestamp, about_message, links } = *head;
    let mut out = String::with_capacity(256 + 512 * entries.len());
    out.push_str("{\"resourceType\":\"Bundle\",\"meta\":{\"extension\":[{\"url\":");
    escape_into(&mut out, RULE_SET_EXTENSION);
    out.push_str(",\"valueCode\":");
    escape_into(&mut out, rule_set.as_str());
    out.push_str("},{\"url\":");
    escape_into(&mut out, DIGEST_EXTENSION);
    out.push_str(",\"valueString\":");
    escape_into(&mut out, &digest_text(rule_set));
    out.push_str("},{\"url\":");
    escape_into(&mut out, LINKS_EXTENSION);
    out.push_str(",\"extension\":[");
    for (i, (part, count)) in parts_of(links).into_iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        // Writing to a String does not fail.
        let _ = write!(out, "{comma}{{\"url\":\"{part}\",\"valueInteger\":{count}}}");
    }
    out.push(']');
    out.push_str("}]},\"identifier\":{\"value\":");
    escape_into(&mut out, message_id);
    out.push_str("},\"type\":\"");
    out.push_str(rule_set.bundle_type());
    out.push_str("-response\",\"timestamp\":");
    escape_into(&mut out, &instant(timestamp));
    if !entries.is_empty() {
        out.push_str(",\"entry\":[");
        for (i, entry) in entries.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            write_entry(entry, if i == 0 { about_message } else { &[] }, &mut out);
        }
        out.push(']');
    }
    out.push('}');
    out.into_bytes()
}

/// The parts of the extension that counts links.
fn parts_of(links: LinkCounts) -> [(&'static str, usize); 3] {
    [
        ("administreringer", links.administrations),
        ("medPasient", links.with_patient),
        ("medRekvirent", links.with_prescriber),
    ]
}

/// The digest as written on the wire.
fn digest_text(rule_set: RuleSetId) -> String {
    format!("sha256:{}", rule_set.digest())
}

/// Names the rule set and its digest in an outcome.
pub fn name_rule_set(outcome: &mut OperationOutcome, rule_set: RuleSetId) {
    outcome.extension.extend([
        OutcomeExtension::new(RULE_SET_EXTENSION, OutcomeValue::Code(rule_set.to_string())),
        OutcomeExtension::new(DIGEST_EXTENSION, OutcomeValue::String(digest_text(rule_set))),
    ]);
}

fn write_entry(entry: &ResponseEntry<'_>, about_message: &[Finding], out: &mut String) {
    out.push('{');
    if let Some(url) = entry.full_url {
        out.push_str("\"fullUrl\":");
        escape_into(out, url);
        out.push(',');
    }
    out.push_str("\"response\":{\"status\":");
    escape_into(out, entry.status.line());
    if let Some(stored) = entry.status.stored() {
        out.push_str(",\"location\":");
        let (resource_type, id, version) =
            (stored.resource_type, stored.resource_id, stored.version);
        escape_into(out, &format!("{resource_type}/{id}/_history/{version}"));
        out.push_str(",\"etag\":");
        escape_into(out, &format!("W/\"{version}\""));
        out.push_str(",\"lastModified\":");
        escape_into(out, &instant(stored.stored_at));
    }
    let note = entry.status.note();
    let left_out = (entry.left_out > 0 && !entry.is_brief).then(|| more(entry.left_out));
    let mut issues: Vec<OutcomeIssue> = note
        .iter()
        .chain(entry.findings)
        .chain(entry.of_history)
        .chain(&left_out)
        .chain(about_message)
        .map(issue)
        .collect();
    if entry.is_brief {
        issues.iter_mut().for_each(shorten);
    }
    if !issues.is_empty() {
        out.push_str(",\"outcome\":");
        OperationOutcome { extension: Vec::new(), issue: issues }.write(out);
    }
    out.push_str("}}");
}

/// How many findings an answer does not hold.
#[must_use]
pub fn more(count: usize) -> Finding {
    let text = Code::FindingsLeftOut.text();
    Finding::with_text(
        Code::FindingsLeftOut,
        ElementLocation::default(),
        format!("Minst {count} funn til er utelatt. {}", text.explanation.nb),
        format!("At least {count} more findings are left out. {}", text.explanation.en),
    )
}

/// Keeps what a program needs: severity, code, location.
fn shorten(issue: &mut OutcomeIssue) {
    issue.extension.clear();
    issue.text = None;
    issue.translations.clear();
    issue.diagnostics = None;
    for (_, _, display) in &mut issue.coding {
        *display = None;
    }
}

/// FHIR `instant` in UTC with milliseconds.
fn instant(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// One finding as `OperationOutcome.issue`.
#[must_use]
pub fn issue(finding: &Finding) -> OutcomeIssue {
    let mut extension = Vec::with_capacity(4);
    if let Some(id) = finding.message_id() {
        extension.push(OutcomeExtension::new(MESSAGE_ID, OutcomeValue::Code(id.to_owned())));
    }
    if finding.line > 0 {
        extension.push(OutcomeExtension::new(LINE, OutcomeValue::Integer(i64::from(finding.line))));
        extension
            .push(OutcomeExtension::new(COLUMN, OutcomeValue::Integer(i64::from(finding.column))));
    }
    if finding.severity >= Severity::Error {
        extension.push(retry_extension(finding.code));
    }
    OutcomeIssue {
        extension,
        severity: finding.severity.as_str(),
        code: finding.issue_type().to_owned(),
        coding: coding(finding.code),
        text: Some(finding.text(Language::Bokmal).into_owned()),
        translations: vec![("en", finding.text(Language::English).into_owned())],
        diagnostics: diagnostics(finding),
        expression: if finding.expression.is_empty() {
            Vec::new()
        } else {
            vec![finding.expression.clone()]
        },
    }
}

/// Why a slice or target profile did not match: the shortest reasons, with their places. Bokmål, then English.
fn diagnostics(finding: &Finding) -> Option<String> {
    let nb = finding.reasons(Language::Bokmal);
    let en = finding.reasons(Language::English);
    (!nb.is_empty()).then(|| format!("{} / {}", nb.join(" | "), en.join(" | ")))
}

fn retry_extension(code: Code) -> OutcomeExtension {
    OutcomeExtension::new(RETRY_EXTENSION, OutcomeValue::Code(code.retry().as_str().to_owned()))
}

fn coding(code: Code) -> Vec<(String, String, Option<String>)> {
    let display = code.title(Language::Bokmal).to_owned();
    vec![(CODE_SYSTEM.to_owned(), code.as_str().to_owned(), Some(display))]
}

/// Where the fault of a refused call is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalPlace {
    /// FHIRPath, or the name of the envelope's member.
    pub expression: Option<String>,
    /// Line and column, from 1.
    pub line_column: Option<(u32, u32)>,
}

/// The answer to a call that is refused before its entries are checked: network rules, token, envelope,
/// cryptography, not a bundle, replays, and the register's own faults.
#[must_use]
pub fn refusal(code: Code, place: &RefusalPlace, correlation_id: Option<&str>) -> OperationOutcome {
    refusal_in_words(code, place, correlation_id, None)
}

/// The same where the catalogue's explanation and remedy, which speak to senders, are replaced by others.
#[must_use]
pub fn refusal_in_words(
    code: Code,
    place: &RefusalPlace,
    correlation_id: Option<&str>,
    words: Option<(Bilingual, Bilingual)>,
) -> OperationOutcome {
    let text = code.text();
    let (explanation, remedy) = words.unwrap_or((text.explanation, text.remedy));
    let mut extension = Vec::with_capacity(3);
    if let Some((line, column)) = place.line_column {
        extension.push(OutcomeExtension::new(LINE, OutcomeValue::Integer(i64::from(line))));
        extension.push(OutcomeExtension::new(COLUMN, OutcomeValue::Integer(i64::from(column))));
    }
    extension.push(retry_extension(code));
    let sentence = |language| {
        let title = text.title.in_language(language);
        let explanation = explanation.in_language(language);
        let remedy = remedy.in_language(language);
        format!("{title}. {explanation} {remedy}")
    };
    OperationOutcome {
        extension: correlation_id
            .map(|id| {
                OutcomeExtension::new(CORRELATION_EXTENSION, OutcomeValue::String(id.to_owned()))
            })
            .into_iter()
            .collect(),
        issue: vec![OutcomeIssue {
            extension,
            severity: code.severity().as_str(),
            code: code.issue_type().to_owned(),
            coding: coding(code),
            text: Some(sentence(Language::Bokmal)),
            translations: vec![("en", sentence(Language::English))],
            diagnostics: None,
            expression: place.expression.iter().cloned().collect(),
        }],
    }
}

/// Findings about a bare bundle or resource as one OperationOutcome, places counted from the root.
/// Without findings it says so, since FHIR wants at least one issue.
#[must_use]
pub fn outcome_of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> OperationOutcome {
    let mut issues: Vec<OutcomeIssue> = findings
        .into_iter()
        .map(|finding| {
            let mut issue = issue(finding);
            if !finding.full_expression.is_empty() {
                issue.expression = vec![finding.full_expression.clone()];
            }
            issue
        })
        .collect();
    if issues.is_empty() {
        issues.push(issue(&Finding::of(Code::CheckedOnly, ElementLocation::default())));
    }
    OperationOutcome { extension: Vec::new(), issue: issues }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Retry;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const LINKS: LinkCounts =
        LinkCounts { administrations: 3, with_patient: 2, with_prescriber: 1 };

    fn sample() -> Vec<u8> {
        let stored = Stored {
            resource_type: "Patient",
            resource_id: "00112233445566778899aabbccddeeff",
            version: 2,
            stored_at: at("2025-01-22T09:30:00Z"),
        };
        let location = ElementLocation {
            expression: "Medication.code.coding[0].code".to_owned(),
            full_expression: "Bundle.entry[2].resource.code.coding[0].code".to_owned(),
            line: 7,
            column: 21,
            span: None,
        };
        let refused = [Finding::of(Code::MedicationCodeOrIngredient, location)];
        let entries = [
            ResponseEntry {
                full_url: Some("urn:uuid:1"),
                status: EntryStatus::Created(stored),
                findings: &[],
                of_history: &[],
                left_out: 0,
                is_brief: false,
            },
            ResponseEntry {
                full_url: None,
                status: EntryStatus::Unchanged(stored),
                findings: &[],
                of_history: &[],
                left_out: 0,
                is_brief: false,
            },
            ResponseEntry {
                full_url: Some("urn:uuid:3"),
                status: EntryStatus::Refused,
                findings: &refused,
                of_history: &[],
                left_out: 0,
                is_brief: false,
            },
            ResponseEntry {
                full_url: Some("urn:uuid:4"),
                status: EntryStatus::DependsOn(2),
                findings: &[],
                of_history: &[],
                left_out: 0,
                is_brief: false,
            },
        ];
        let head = Head {
            rule_set: RuleSetId::Lmdi094,
            message_id: "m-1",
            timestamp: at("2025-01-22T09:30:01Z"),
            about_message: &[],
            links: LINKS,
        };
        write(&head, &entries)
    }

    #[test]
    fn the_answer_has_one_status_per_entry_in_the_same_order() {
        let text = String::from_utf8(sample()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["type"], "batch-response");
        let about = &json["meta"]["extension"];
        assert_eq!(about[0]["valueCode"], "lmdi-0.9.4");
        let digest = format!("sha256:{}", RuleSetId::Lmdi094.digest());
        assert_eq!(about[1]["valueString"], digest.as_str());
        assert_eq!(json["identifier"]["value"], "m-1");
        assert_eq!(json["timestamp"], "2025-01-22T09:30:01.000Z");
        let first = &json["entry"][0]["response"];
        assert_eq!(first["status"], "201 Created");
        assert_eq!(first["location"], "Patient/00112233445566778899aabbccddeeff/_history/2");
        assert_eq!(first["etag"], "W/\"2\"");
        assert_eq!(first["lastModified"], "2025-01-22T09:30:00.000Z");
        assert!(first.get("outcome").is_none());
        let issue = &json["entry"][2]["response"]["outcome"]["issue"][0];
        assert_eq!(issue["severity"], "error");
        assert_eq!(issue["details"]["coding"][0]["system"], CODE_SYSTEM);
        assert_eq!(issue["details"]["coding"][0]["code"], "LMR-4064");
        assert_eq!(issue["expression"][0], "Medication.code.coding[0].code");
        let translation = &issue["details"]["_text"]["extension"][0]["extension"];
        assert_eq!(translation[0]["valueCode"], "en");
    }

    #[test]
    fn the_sender_reads_back_what_the_receiver_wrote() {
        let Answer::Bundle { message_id, entries, links } = read(&sample()).unwrap() else {
            panic!("no bundle")
        };
        assert_eq!(links, Some(LINKS));
        assert_eq!(message_id.as_deref(), Some("m-1"));
        let statuses: Vec<_> = entries.iter().map(|entry| entry.status).collect();
        use ReadStatus::{Dependent, Refused, Stored};
        assert_eq!(statuses, [Stored, Stored, Refused, Dependent]);
        assert_eq!(entries[1].issues[0].code, Some(Code::AlreadyStored));
        assert_eq!(entries[0].full_url.as_deref(), Some("urn:uuid:1"));
        let issue = &entries[2].issues[0];
        assert_eq!(issue.code, Some(Code::MedicationCodeOrIngredient));
        assert_eq!(issue.retry, Some(Retry::AfterCorrection));
        assert_eq!((issue.line, issue.column), (Some(7), Some(21)));
        assert!(issue.text_nb.contains("code.coding"));
        assert!(issue.text_en.contains("at least one ingredient"));
        assert_eq!(entries[3].issues[0].expression.as_deref(), Some("Bundle.entry[2]"));
    }

    #[test]
    fn a_refusal_carries_code_retry_and_correlation_but_no_details_of_ours() {
        let place =
            RefusalPlace { expression: Some("nonce".to_owned()), line_column: Some((1, 9)) };
        let json = refusal(Code::EnvelopeNonceInvalid, &place, Some("c-1")).to_json();
        let Answer::Outcome { issues, correlation_id } = read(json.as_bytes()).unwrap() else {
            panic!("no outcome")
        };
        assert_eq!(correlation_id.as_deref(), Some("c-1"));
        assert_eq!(issues[0].code, Some(Code::EnvelopeNonceInvalid));
        assert_eq!(issues[0].expression.as_deref(), Some("nonce"));
        assert_eq!(issues[0].severity, Some(Severity::Fatal));
    }

    #[test]
    fn an_answer_that_is_none_is_refused_with_a_reason() {
        assert!(matches!(read(b"<html>"), Err(ReadError::NotJson)));
        assert!(matches!(read(br#"{"resourceType":"Patient"}"#), Err(ReadError::NotAnAnswer)));
        assert!(matches!(
            read(br#"{"resourceType":"Bundle","type":"transaction","entry":[]}"#),
            Err(ReadError::NotAnAnswer)
        ));
        assert!(matches!(
            read(br#"{"resourceType":"Bundle","type":"batch-response","entry":[{"fullUrl":"a"}]}"#),
            Err(ReadError::EntryWithoutStatus { entry: 0 })
        ));
    }
}
