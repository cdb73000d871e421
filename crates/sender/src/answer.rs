//! What an answer means for the message and for every resource in it.
//!
//! The answer's form is known to [`lmr_lmdi::response`] only.

use jiff::{SignedDuration, Timestamp};
use lmr_fhir::{Language, Severity};
use lmr_lmdi::LinkCounts;
use lmr_lmdi::codes::{Code, Retry};
use lmr_lmdi::response::{self, Answer, ReadEntry, ReadIssue, ReadStatus};

use crate::attempt::{AttemptFailure, StatusNote};
use crate::outbox::{HeldFinding, ItemOutcome};
use crate::progress::AttemptOutcome;
use crate::transport::PostOutcome;

/// An answer, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReadAnswer {
    pub(crate) outcome: AttemptOutcome,
    /// One per entry when the register answered per resource.
    pub(crate) items: Vec<ItemOutcome>,
    /// What is wrong with the message as a whole.
    pub(crate) findings: Vec<HeldFinding>,
    pub(crate) http_status: Option<u16>,
    /// How many administrations the register can link to patients and prescribers, where it says so.
    pub(crate) links: Option<LinkCounts>,
    /// Why the message was not delivered; `None` when it was.
    pub(crate) failure: Option<AttemptFailure>,
}

/// Reads what came of posting the message `id` of `entries` entries. `now` is needed for a
/// `Retry-After` with a date.
///
/// Only an answer that shows that the register itself gave it (a bundle for this message, or an
/// OperationOutcome with a code of its catalogue) is a verdict on the data. Everything else says
/// something of the way there: the message is kept and tried again.
pub(crate) fn read(posted: PostOutcome, id: &str, entries: usize, now: Timestamp) -> ReadAnswer {
    let whole = |outcome, failure| ReadAnswer {
        outcome,
        items: Vec::new(),
        findings: Vec::new(),
        http_status: None,
        links: None,
        failure: Some(failure),
    };
    let (status, retry_after, body) = match posted {
        PostOutcome::Answered { status, retry_after, body, .. } => (status, retry_after, body),
        PostOutcome::NotReached { failure, retry_after } => {
            let retry_after = retry_after.and_then(|wait| SignedDuration::try_from(wait).ok());
            return whole(AttemptOutcome::Later { may_have_arrived: false, retry_after }, failure);
        }
        PostOutcome::NoAnswer { failure } => {
            let outcome = AttemptOutcome::Later { may_have_arrived: true, retry_after: None };
            return whole(outcome, failure);
        }
        PostOutcome::NoAccess { failure } => {
            return whole(AttemptOutcome::Never { bytes_at_fault: false }, failure);
        }
    };
    let retry_after = retry_after.and_then(|text| lmr_auth::retry_after(&text, now));
    let answer = response::read(&body).ok();
    // A refused transaction is answered per resource as well, with 400. What answers another message, as
    // a cache between here and there may do, says nothing about this one.
    if let (Some(Answer::Bundle { message_id, entries: answers, links }), 200 | 400 | 422) =
        (&answer, status)
        && answers.len() == entries
        && message_id.as_deref().is_none_or(|answered| answered == id)
    {
        return ReadAnswer {
            outcome: AttemptOutcome::Answered,
            items: answers.iter().map(of_entry).collect(),
            findings: Vec::new(),
            http_status: Some(status),
            links: *links,
            failure: None,
        };
    }
    let found = match answer {
        Some(Answer::Outcome { issues, .. }) => issues,
        _ => Vec::new(),
    };
    let (outcome, note) = of_whole(status, retry_after, &found, body.is_empty());
    ReadAnswer {
        outcome,
        items: Vec::new(),
        findings: found.iter().take(MAX_FINDINGS).map(held).collect(),
        http_status: Some(status),
        links: None,
        failure: Some(AttemptFailure::Status { status, note, codes: codes_of(&found) }),
    }
}

/// What an answer says that has not answered a question: whether it is the register's own, and its codes, read as the
/// answer to a message is.
pub(crate) fn unanswered(status: u16, body: &[u8]) -> AttemptFailure {
    let found = match response::read(body) {
        Ok(Answer::Outcome { issues, .. }) => issues,
        _ => Vec::new(),
    };
    let (_, note) = of_whole(status, None, &found, body.is_empty());
    AttemptFailure::Status { status, note, codes: codes_of(&found) }
}

fn codes_of(found: &[ReadIssue]) -> Vec<String> {
    found.iter().take(MAX_FINDINGS).filter_map(code_of).map(str::to_owned).collect()
}

/// A message that was answered as a whole: the code's own class first, then the status.
fn of_whole(
    status: u16,
    retry_after: Option<SignedDuration>,
    found: &[ReadIssue],
    is_empty: bool,
) -> (AttemptOutcome, StatusNote) {
    let later = |may_have_arrived| AttemptOutcome::Later { may_have_arrived, retry_after };
    let never = |bytes_at_fault| AttemptOutcome::Never { bytes_at_fault };
    let says = |retry| found.iter().any(|issue| is_error(issue) && issue.retry == Some(retry));
    let is_register = found.iter().any(|issue| issue.code_text.is_some());
    let clock_is_wrong = found.iter().any(|issue| issue.code == Some(Code::EnvelopeInFuture));
    let note = if is_register { StatusNote::Register } else { StatusNote::NotTheRegister };
    match status {
        // Too many requests were not looked at; for the others that is not certain.
        429 => (later(false), StatusNote::Register),
        408 | 500..=599 => (later(true), StatusNote::Register),
        200..=299 => (later(true), StatusNote::NotAsAgreed),
        300..=399 => (never(false), StatusNote::Redirect),
        // A page of something between, or of another server, may be gone in an hour.
        401 if is_register || is_empty => (never(false), StatusNote::FreshToken),
        403 | 404 | 405 | 406 | 415 if is_register || is_empty => {
            (never(false), StatusNote::Register)
        }
        _ if !is_register => (later(true), note),
        413 => (AttemptOutcome::TooLarge, note),
        409 => (never(true), note),
        // The clock of this machine is for an operator to put right, and nothing is wrong with the data.
        _ if clock_is_wrong || says(Retry::Never) => (never(true), note),
        _ if says(Retry::Later) => (later(true), note),
        _ => (AttemptOutcome::Refused, note),
    }
}

/// Longest text that is kept of what the register writes, in characters.
const MAX_TEXT: usize = 1000;
/// Most findings that are kept of one outcome.
const MAX_FINDINGS: usize = 50;

fn of_entry(entry: &ReadEntry) -> ItemOutcome {
    match (entry.status, entry.status_code) {
        (ReadStatus::Stored, _) => {
            if entry.issues.iter().any(|issue| issue.code == Some(Code::AlreadyStored)) {
                ItemOutcome::Unchanged
            } else {
                ItemOutcome::Stored
            }
        }
        (ReadStatus::Dependent, _) => ItemOutcome::NotStored,
        // The register could not check it: it goes again.
        (ReadStatus::Failed, _) | (_, 408 | 429) => ItemOutcome::Failed,
        (ReadStatus::Refused, status) => {
            let errors: Vec<&ReadIssue> =
                entry.issues.iter().filter(|issue| is_error(issue)).collect();
            if !errors.is_empty() && errors.iter().all(|issue| issue.retry == Some(Retry::Later)) {
                return ItemOutcome::Failed;
            }
            let mut findings: Vec<HeldFinding> =
                errors.into_iter().take(MAX_FINDINGS).map(held).collect();
            if findings.is_empty() {
                findings.push(HeldFinding {
                    code: None,
                    path: None,
                    text_nb: format!(
                        "Registeret avviste ressursen (status {status}) uten forklaring."
                    ),
                    text_en: format!(
                        "The register refused the resource (status {status}) without explanation."
                    ),
                });
            }
            ItemOutcome::Refused(findings)
        }
    }
}

fn is_error(issue: &ReadIssue) -> bool {
    issue.severity.is_some_and(|severity| severity >= Severity::Error)
}

/// The code of an issue, also one that this program does not know: it is repeated in logs and on screens, so it must look
/// like a code.
fn code_of(issue: &ReadIssue) -> Option<&str> {
    let is_code = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    issue.code.map(Code::as_str).or(issue.code_text.as_deref().filter(is_code))
}

fn held(issue: &ReadIssue) -> HeldFinding {
    // Whatever answers may have written it, and a terminal shows it: its lines are words of one sentence, and nothing of
    // it changes the order in which the rest is read.
    let is_bidi = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let cut = |text: &str| {
        text.chars().filter(|c| !is_bidi(c)).map(shown).take(MAX_TEXT).collect::<String>()
    };
    let title =
        |language| issue.code.map(|code| code.title(language).to_owned()).unwrap_or_default();
    let text_nb =
        if issue.text_nb.is_empty() { title(Language::Bokmal) } else { cut(&issue.text_nb) };
    let text_en = match (issue.text_en.as_str(), title(Language::English)) {
        ("", title) if title.is_empty() => text_nb.clone(),
        ("", title) => title,
        (text, _) => cut(text),
    };
    HeldFinding {
        code: code_of(issue).map(str::to_owned),
        path: issue.expression.as_deref().map(cut),
        text_nb,
        text_en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_auth::retry_after;
    use lmr_lmdi::codes::CODE_SYSTEM;

    fn now() -> Timestamp {
        "2026-03-01T05:00:00Z".parse().unwrap()
    }

    fn answered(status: u16, body: &str) -> PostOutcome {
        PostOutcome::Answered {
            status,
            retry_after: None,
            receipt: None,
            body: body.as_bytes().to_vec(),
        }
    }

    fn outcome(code: &str) -> String {
        format!(
            r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":"invalid",
            "details":{{"coding":[{{"system":"{CODE_SYSTEM}","code":"{code}"}}],"text":"Norsk",
            "_text":{{"extension":[{{"url":"http://hl7.org/fhir/StructureDefinition/translation","extension":
            [{{"url":"lang","valueCode":"en"}},{{"url":"content","valueString":"English"}}]}}]}}}},
            "expression":["Patient.name"]}}]}}"#
        )
    }

    #[test]
    fn every_status_has_its_class() {
        let later =
            |may_have_arrived| AttemptOutcome::Later { may_have_arrived, retry_after: None };
        let never = |bytes_at_fault| AttemptOutcome::Never { bytes_at_fault };
        for (status, body, ending) in [
            (408, String::new(), later(true)),
            (429, String::new(), later(false)),
            (500, outcome("LMR-9001"), later(true)),
            (502, String::from("<html>"), later(true)),
            (503, outcome("LMR-9002"), later(true)),
            (504, String::new(), later(true)),
            (200, String::from("<html>a proxy's page"), later(true)),
            (401, outcome("LMR-1012"), never(false)),
            (403, outcome("LMR-1001"), never(false)),
            (404, String::new(), never(false)),
            (307, String::new(), never(false)),
            (200, outcome("LMR-3011"), later(true)),
            (206, outcome("LMR-2030"), later(true)),
            (404, String::from("<html>another server"), later(true)),
            (403, String::from("<html>a firewall's page"), later(true)),
            (400, outcome("LMR-2030"), never(true)),
            (409, outcome("LMR-6041"), never(true)),
            (400, outcome("LMR-3011"), AttemptOutcome::Refused),
            (422, outcome("LMR-3012"), AttemptOutcome::Refused),
            (400, outcome("LMR-2010"), never(true)),
            (413, outcome("LMR-1041"), AttemptOutcome::TooLarge),
            (400, outcome("LMR-1042"), later(true)),
        ] {
            assert_eq!(
                read(answered(status, &body), "m", 1, now()).outcome,
                ending,
                "{status} {body}"
            );
        }
    }

    /// An empty body is all that some servers of the register's own say of access; of data it says nothing.
    #[test]
    fn an_empty_refusal_is_one_of_access_and_no_verdict_on_data() {
        let later = AttemptOutcome::Later { may_have_arrived: true, retry_after: None };
        for status in [401, 403, 404, 405, 406, 415] {
            let never = AttemptOutcome::Never { bytes_at_fault: false };
            assert_eq!(read(answered(status, ""), "m", 1, now()).outcome, never, "{status}");
            let own = outcome("LMR-1001");
            assert_eq!(read(answered(status, &own), "m", 1, now()).outcome, never, "{status}");
            let page = read(answered(status, "<html>"), "m", 1, now());
            assert_eq!(page.outcome, later, "{status}");
        }
        for status in [400, 409, 413, 422] {
            assert_eq!(read(answered(status, ""), "m", 1, now()).outcome, later, "{status}");
        }
    }

    /// Only an error decides: a note with a class of its own beside it does not.
    #[test]
    fn a_whole_refusal_goes_by_its_errors() {
        let with = |codes: &[(&str, &str)]| {
            let issues: Vec<String> = codes
                .iter()
                .map(|(severity, code)| {
                    format!(
                        r#"{{"severity":"{severity}","code":"invalid","details":{{"coding":[{{"system":"{CODE_SYSTEM}","code":"{code}"}}]}}}}"#
                    )
                })
                .collect();
            let body =
                format!(r#"{{"resourceType":"OperationOutcome","issue":[{}]}}"#, issues.join(","));
            read(answered(400, &body), "m", 1, now())
        };
        let never = AttemptOutcome::Never { bytes_at_fault: true };
        assert_eq!(with(&[("error", "LMR-2030")]).outcome, never);
        assert_eq!(
            with(&[("error", "LMR-3011"), ("warning", "LMR-2030")]).outcome,
            AttemptOutcome::Refused
        );
        let later = AttemptOutcome::Later { may_have_arrived: true, retry_after: None };
        assert_eq!(with(&[("fatal", "LMR-9002")]).outcome, later);
        let all = with(&vec![("error", "LMR-3011"); 70]);
        assert_eq!((all.findings.len(), all.http_status), (MAX_FINDINGS, Some(400)));
        let Some(AttemptFailure::Status { codes, .. }) = all.failure else { panic!("no status") };
        assert_eq!(codes, vec!["LMR-3011"; MAX_FINDINGS]);
    }

    #[test]
    fn an_entry_goes_again_where_the_fault_is_the_registers_alone() {
        let entry = |status: &str, codes: &[&str]| {
            let issues: Vec<String> = codes
                .iter()
                .map(|code| {
                    let severity = if *code == "LMR-6082" { "information" } else { "error" };
                    format!(
                        r#"{{"severity":"{severity}","code":"invalid","details":{{"coding":[{{"system":"{CODE_SYSTEM}","code":"{code}"}}]}}}}"#
                    )
                })
                .collect();
            let body = format!(
                r#"{{"resourceType":"Bundle","type":"batch-response","entry":[{{"response":{{"status":"{status}","outcome":{{"resourceType":"OperationOutcome","issue":[{}]}}}}}}]}}"#,
                issues.join(",")
            );
            read(answered(200, &body), "m", 1, now()).items.remove(0)
        };
        for (status, codes) in [
            ("408 Request Timeout", &["LMR-4003"][..]),
            ("429 Too Many Requests", &["LMR-4003"]),
            ("500 Internal Server Error", &["LMR-4003"]),
            ("503 Service Unavailable", &[]),
            ("422 Unprocessable Entity", &["LMR-9006"]),
            ("422 Unprocessable Entity", &["LMR-9006", "LMR-6082"]),
        ] {
            assert_eq!(entry(status, codes), ItemOutcome::Failed, "{status} {codes:?}");
        }
        for codes in [&["LMR-4003"][..], &["LMR-3040"], &[]] {
            assert_eq!(entry("424 Failed Dependency", codes), ItemOutcome::NotStored, "{codes:?}");
        }
        for (codes, kept) in
            [(&["LMR-4003"][..], 1), (&["LMR-9006", "LMR-4003"], 2), (&[], 1), (&["LMR-6082"], 1)]
        {
            let ItemOutcome::Refused(found) = entry("422 Unprocessable Entity", codes) else {
                panic!("{codes:?}")
            };
            assert_eq!(found.len(), kept, "{codes:?}");
        }
        let ItemOutcome::Refused(found) = entry("409 Conflict", &["LMR-4003"; 70]) else {
            panic!()
        };
        assert_eq!(found.len(), MAX_FINDINGS);
        let ItemOutcome::Refused(found) = entry("409 Conflict", &[]) else { panic!() };
        assert!(found[0].text_en.contains("409") && found[0].text_nb.contains("409"));
    }

    /// a1, breaker 6: fourteen statuses, and 400, 413 and 422, with nothing of the register's in them.
    #[test]
    fn a1_a_status_without_the_registers_own_answer_is_not_a_verdict_on_data() {
        let foreign = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid"}]}"#;
        for status in [
            101, 400, 402, 407, 409, 410, 412, 413, 417, 418, 421, 422, 423, 425, 426, 428, 431,
            451, 499, 600,
        ] {
            for body in ["", "<html>", r#"{"error":"no"}"#, foreign] {
                let answer = read(answered(status, body), "m", 1, now());
                let later = AttemptOutcome::Later { may_have_arrived: true, retry_after: None };
                assert_eq!(answer.outcome, later, "{status} {body}");
                let text = answer.failure.unwrap().text(Language::English);
                assert!(text.contains("not the register's own"), "{text}");
            }
        }
    }

    #[test]
    fn entries_are_read_one_by_one() {
        let entry = |status: &str, outcome: &str| {
            format!(r#"{{"response":{{"status":"{status}","outcome":{outcome}}}}}"#)
        };
        let body = format!(
            r#"{{"resourceType":"Bundle","type":"batch-response","entry":[{},{},{},{},{{"response":{{"status":"201"}}}}]}}"#,
            entry("200 OK", &outcome("LMR-6082")),
            entry("422 Unprocessable Entity", &outcome("LMR-4003")),
            entry("424 Failed Dependency", &outcome("LMR-3040")),
            entry("422 Unprocessable Entity", &outcome("LMR-9006")),
        );
        let answer = read(answered(200, &body), "m", 5, now());
        assert_eq!(answer.outcome, AttemptOutcome::Answered);
        assert_eq!(answer.items[0], ItemOutcome::Unchanged);
        let ItemOutcome::Refused(issues) = &answer.items[1] else {
            panic!("{:?}", answer.items[1])
        };
        assert_eq!(issues[0].code.as_deref(), Some("LMR-4003"));
        assert_eq!(issues[0].path.as_deref(), Some("Patient.name"));
        assert_eq!((issues[0].text_nb.as_str(), issues[0].text_en.as_str()), ("Norsk", "English"));
        assert_eq!(
            answer.items[2..],
            [ItemOutcome::NotStored, ItemOutcome::Failed, ItemOutcome::Stored]
        );
        // An answer for another number of entries is not an answer to this.
        let answer = read(answered(200, &body), "m", 4, now());
        assert_eq!(
            answer.outcome,
            AttemptOutcome::Later { may_have_arrived: true, retry_after: None }
        );
    }

    #[test]
    fn the_answer_to_another_message_is_none() {
        let body = r#"{"resourceType":"Bundle","type":"batch-response","identifier":{"value":"m-1"},
            "entry":[{"response":{"status":"201 Created"}}]}"#;
        assert_eq!(read(answered(200, body), "m-1", 1, now()).outcome, AttemptOutcome::Answered);
        let other = read(answered(200, body), "m-2", 1, now());
        assert_eq!(
            other.outcome,
            AttemptOutcome::Later { may_have_arrived: true, retry_after: None }
        );
    }

    #[test]
    fn a_refused_transaction_is_answered_per_resource_too() {
        let body = r#"{"resourceType":"Bundle","type":"transaction-response","entry":[
            {"response":{"status":"424 Failed Dependency"}},{"response":{"status":"422 Unprocessable Entity"}}]}"#;
        let answer = read(answered(400, body), "m", 2, now());
        assert_eq!(answer.outcome, AttemptOutcome::Answered);
        assert_eq!(answer.items[0], ItemOutcome::NotStored);
        assert!(matches!(&answer.items[1], ItemOutcome::Refused(issues) if issues.len() == 1));
    }

    #[test]
    fn a15_retry_after_comes_in_seconds_and_as_a_date() {
        assert_eq!(retry_after("120", now()), Some(SignedDuration::from_mins(2)));
        assert_eq!(
            retry_after("Sun, 01 Mar 2026 05:30:00 GMT", now()),
            Some(SignedDuration::from_mins(30))
        );
        assert_eq!(retry_after("Sun, 01 Mar 2026 04:30:00 GMT", now()), Some(SignedDuration::ZERO));
        // a15
        assert_eq!(
            retry_after("Sunday, 01-Mar-26 05:30:00 GMT", now()),
            Some(SignedDuration::from_mins(30))
        );
        assert_eq!(
            retry_after("Sun Mar  1 05:30:00 2026", now()),
            Some(SignedDuration::from_mins(30))
        );
        assert!(
            retry_after("99999999999999", now()).unwrap() > SignedDuration::from_hours(24 * 365)
        );
        assert!(retry_after("99999999999999999999999999", now()).is_some());
        for nothing in ["soon", "", "-5", "1.5"] {
            assert_eq!(retry_after(nothing, now()), None, "{nothing}");
        }
    }

    #[test]
    fn what_an_answer_says_is_bounded_and_has_no_control_characters() {
        let issue = |code: &str, text: &str| ReadIssue {
            code_text: Some(code.to_owned()),
            text_nb: text.to_owned(),
            ..ReadIssue::default()
        };
        assert_eq!(code_of(&issue("LMR-9999", "")), Some("LMR-9999"));
        for odd in ["", "LMR 9999", "\u{1b}[2J", "<b>", &"x".repeat(65)] {
            assert_eq!(code_of(&issue(odd, "")), None, "{odd:?}");
        }
        let found = held(&issue("\u{1b}[2J", &format!("a\u{1b}[2J\r\n{}", "b".repeat(5000))));
        assert_eq!(found.code, None);
        assert!(found.text_nb.starts_with("a [2J  b") && found.text_nb.chars().count() == MAX_TEXT);
        // What is behind a control of the direction would be read in another order.
        let bidi = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        for c in (0..=0x9f_u8).map(char::from).filter(|c| c.is_control()).chain(bidi) {
            let text = held(&issue("LMR-9999", &format!("a{c}b"))).text_nb;
            assert!(text == if c.is_control() { "a b" } else { "ab" }, "{c:?}: {text:?}");
        }
    }
}
