//! What an answer means for the message and for every resource in it.
//!
//! The answer's form is known to [`lmr_lmdi::response`] only.

use jiff::{SignedDuration, Timestamp};
use lmr_lmdi::codes::{Code, Language, Retry, Severity};
use lmr_lmdi::response::{self, Answer, ReadEntry, ReadIssue, ReadStatus};

use crate::delivery::Ending;
use crate::outbox::{HeldIssue, ItemEnd};
use crate::transport::Delivery;

/// An answer, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) ending: Ending,
    /// One per entry when the register answered per resource.
    pub(crate) items: Vec<ItemEnd>,
    /// What is wrong with the message as a whole.
    pub(crate) issues: Vec<HeldIssue>,
    pub(crate) http_status: Option<u16>,
    pub(crate) detail: String,
}

/// Reads what came of posting the message `id` of `entries` entries. `now` is needed for a `Retry-After` with a date.
pub(crate) fn read(delivery: Delivery, id: &str, entries: usize, now: Timestamp) -> Reading {
    let whole = |ending, detail: String| Reading {
        ending,
        items: Vec::new(),
        issues: Vec::new(),
        http_status: None,
        detail,
    };
    let (status, retry_after, body) = match delivery {
        Delivery::Answered { status, retry_after, body } => (status, retry_after, body),
        Delivery::NotReached { detail, retry_after } => {
            let retry_after = retry_after.and_then(|wait| SignedDuration::try_from(wait).ok());
            return whole(Ending::Later { may_have_arrived: false, retry_after }, detail);
        }
        Delivery::NoAnswer { detail } => {
            return whole(Ending::Later { may_have_arrived: true, retry_after: None }, detail);
        }
        Delivery::NoAccess { detail } => {
            return whole(Ending::Never { bytes_at_fault: false }, detail);
        }
    };
    let retry_after = retry_after.and_then(|text| wait(&text, now));
    let answer = response::read(&body).ok();
    // A refused transaction is answered per resource as well, with 400. What answers another message, as a cache
    // between here and there may do, says nothing about this one.
    if let (Some(Answer::Bundle { message_id, entries: answers }), 200 | 400 | 422) =
        (&answer, status)
        && answers.len() == entries
        && message_id.as_deref().is_none_or(|answered| answered == id)
    {
        return Reading {
            ending: Ending::Answered,
            items: answers.iter().map(of_entry).collect(),
            issues: Vec::new(),
            http_status: Some(status),
            detail: String::new(),
        };
    }
    let found = match answer {
        Some(Answer::Outcome { issues, .. }) => issues,
        _ => Vec::new(),
    };
    let (ending, text) = of_whole(status, retry_after, &found);
    let codes: Vec<&str> = found
        .iter()
        .filter_map(|issue| issue.code.map(Code::as_str).or(issue.code_text.as_deref()))
        .collect();
    let named = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
    let mut issues: Vec<HeldIssue> = found.iter().take(ISSUES).map(held).collect();
    if issues.is_empty() {
        issues.push(HeldIssue {
            code: None,
            path: None,
            text_nb: format!("Registeret svarte HTTP {status} uten forklaring."),
            text_en: format!("The register answered HTTP {status} without explanation."),
        });
    }
    Reading {
        ending,
        items: Vec::new(),
        issues,
        http_status: Some(status),
        detail: format!("{text}{named}"),
    }
}

/// `Retry-After`: seconds or an HTTP date (RFC 9110 section 10.2.3).
fn wait(text: &str, now: Timestamp) -> Option<SignedDuration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(SignedDuration::from_secs(i64::from(seconds)));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(at.duration_since(now).max(SignedDuration::ZERO))
}

/// A message that was answered as a whole: the table of response-and-error-codes, the code's own class first.
fn of_whole(
    status: u16,
    retry_after: Option<SignedDuration>,
    found: &[ReadIssue],
) -> (Ending, String) {
    let later = |may_have_arrived| Ending::Later { may_have_arrived, retry_after };
    let says = |retry| found.iter().any(|issue| is_error(issue) && issue.retry == Some(retry));
    let answered = format!("the register answered HTTP {status}");
    match status {
        // Too many requests were not looked at; for the others that is not certain.
        429 => (later(false), answered),
        408 | 500..=599 => (later(true), answered),
        200..=299 => (later(true), format!("{answered}, but not in the form agreed")),
        413 => (Ending::TooLarge, answered),
        401 => (Ending::Never { bytes_at_fault: false }, format!("{answered} to a fresh token")),
        403 | 404 | 405 | 406 | 415 => (Ending::Never { bytes_at_fault: false }, answered),
        409 => (Ending::Never { bytes_at_fault: true }, answered),
        300..=399 => (
            Ending::Never { bytes_at_fault: false },
            format!("{answered}: it seems to have another address"),
        ),
        _ if says(Retry::Never) => (Ending::Never { bytes_at_fault: true }, answered),
        _ if says(Retry::Later) => (later(true), answered),
        _ => (Ending::Refused, answered),
    }
}

/// Longest text that is kept of what the register writes, in characters.
const TEXT: usize = 1000;
/// Most issues that are kept of one outcome.
const ISSUES: usize = 50;

fn of_entry(entry: &ReadEntry) -> ItemEnd {
    match (entry.status, entry.status_code) {
        (ReadStatus::Stored, _) => {
            if entry.issues.iter().any(|issue| issue.code == Some(Code::AlreadyStored)) {
                ItemEnd::Unchanged
            } else {
                ItemEnd::Stored
            }
        }
        // Refused because of something else, or the register could not judge it: it goes again.
        (ReadStatus::Dependent | ReadStatus::Failed, _) | (_, 408 | 429) => ItemEnd::NotStored,
        (ReadStatus::Refused, status) => {
            let errors: Vec<&ReadIssue> =
                entry.issues.iter().filter(|issue| is_error(issue)).collect();
            if !errors.is_empty() && errors.iter().all(|issue| issue.retry == Some(Retry::Later)) {
                return ItemEnd::NotStored;
            }
            let mut issues: Vec<HeldIssue> = errors.into_iter().take(ISSUES).map(held).collect();
            if issues.is_empty() {
                issues.push(HeldIssue {
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
            ItemEnd::Refused(issues)
        }
    }
}

fn is_error(issue: &ReadIssue) -> bool {
    issue.severity.is_some_and(|severity| severity >= Severity::Error)
}

fn held(issue: &ReadIssue) -> HeldIssue {
    let cut = |text: &str| text.chars().take(TEXT).collect::<String>();
    let title =
        |language| issue.code.map(|code| code.title(language).to_owned()).unwrap_or_default();
    let text_nb =
        if issue.text_nb.is_empty() { title(Language::Bokmal) } else { cut(&issue.text_nb) };
    let text_en = match (issue.text_en.as_str(), title(Language::English)) {
        ("", title) if title.is_empty() => text_nb.clone(),
        ("", title) => title,
        (text, _) => cut(text),
    };
    HeldIssue {
        code: issue
            .code
            .map(|code| code.as_str().to_owned())
            .or_else(|| issue.code_text.as_deref().map(cut)),
        path: issue.expression.as_deref().map(cut),
        text_nb,
        text_en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_lmdi::codes::CODE_SYSTEM;

    fn now() -> Timestamp {
        "2026-03-01T05:00:00Z".parse().unwrap()
    }

    fn answered(status: u16, body: &str) -> Delivery {
        Delivery::Answered { status, retry_after: None, body: body.as_bytes().to_vec() }
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
        let later = |may_have_arrived| Ending::Later { may_have_arrived, retry_after: None };
        let never = |bytes_at_fault| Ending::Never { bytes_at_fault };
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
            (400, outcome("LMR-2030"), never(true)),
            (409, outcome("LMR-6041"), never(true)),
            (400, outcome("LMR-3011"), Ending::Refused),
            (422, String::new(), Ending::Refused),
            (413, outcome("LMR-1041"), Ending::TooLarge),
            (400, outcome("LMR-1042"), later(true)),
        ] {
            assert_eq!(
                read(answered(status, &body), "m", 1, now()).ending,
                ending,
                "{status} {body}"
            );
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
        let reading = read(answered(200, &body), "m", 5, now());
        assert_eq!(reading.ending, Ending::Answered);
        assert_eq!(reading.items[0], ItemEnd::Unchanged);
        let ItemEnd::Refused(issues) = &reading.items[1] else { panic!("{:?}", reading.items[1]) };
        assert_eq!(issues[0].code.as_deref(), Some("LMR-4003"));
        assert_eq!(issues[0].path.as_deref(), Some("Patient.name"));
        assert_eq!((issues[0].text_nb.as_str(), issues[0].text_en.as_str()), ("Norsk", "English"));
        assert_eq!(reading.items[2..], [ItemEnd::NotStored, ItemEnd::NotStored, ItemEnd::Stored]);
        // An answer for another number of entries is no answer.
        let reading = read(answered(200, &body), "m", 4, now());
        assert_eq!(reading.ending, Ending::Later { may_have_arrived: true, retry_after: None });
    }

    #[test]
    fn the_answer_to_another_message_is_none() {
        let body = r#"{"resourceType":"Bundle","type":"batch-response","identifier":{"value":"m-1"},
            "entry":[{"response":{"status":"201 Created"}}]}"#;
        assert_eq!(read(answered(200, body), "m-1", 1, now()).ending, Ending::Answered);
        let other = read(answered(200, body), "m-2", 1, now());
        assert_eq!(other.ending, Ending::Later { may_have_arrived: true, retry_after: None });
    }

    #[test]
    fn a_refused_transaction_is_answered_per_resource_too() {
        let body = r#"{"resourceType":"Bundle","type":"transaction-response","entry":[
            {"response":{"status":"424 Failed Dependency"}},{"response":{"status":"422 Unprocessable Entity"}}]}"#;
        let reading = read(answered(400, body), "m", 2, now());
        assert_eq!(reading.ending, Ending::Answered);
        assert_eq!(reading.items[0], ItemEnd::NotStored);
        assert!(matches!(&reading.items[1], ItemEnd::Refused(issues) if issues.len() == 1));
    }

    #[test]
    fn retry_after_comes_in_seconds_and_as_a_date() {
        assert_eq!(wait("120", now()), Some(SignedDuration::from_mins(2)));
        assert_eq!(
            wait("Sun, 01 Mar 2026 05:30:00 GMT", now()),
            Some(SignedDuration::from_mins(30))
        );
        assert_eq!(wait("Sun, 01 Mar 2026 04:30:00 GMT", now()), Some(SignedDuration::ZERO));
        assert_eq!(wait("soon", now()), None);
    }
}
