//! Answers on the wire.

use crate::errors::{Challenge, Fault};
use crate::media::Label;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use lmr_intake::{Counts, OrganisationNumber, Place};
use lmr_lmdi::codes::Code;
use lmr_lmdi::response::{RefusalPlace, outcome_of, refusal};

/// What the request's log line and the metrics say beyond the status.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    pub(crate) organisation: Option<OrganisationNumber>,
    pub(crate) client_id: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) code: Option<Code>,
    pub(crate) detail: Option<String>,
    pub(crate) counts: Option<Counts>,
    pub(crate) repeated: bool,
    pub(crate) body_bytes: Option<usize>,
}

/// The answer to a fault; `request_id` lets a person find it in the log.
pub(crate) fn fault(fault: &Fault, label: Label, request_id: &str, mut notes: Notes) -> Response {
    let row = fault.row();
    notes.code = Some(row.code);
    notes.detail = Some(fault.detail());
    let Place { expression, line_column } = fault.place();
    let place = RefusalPlace { expression, line_column };
    let mut outcome = refusal(row.code, &place, Some(request_id));
    if !fault.findings().is_empty() {
        // The bundle breaks rules as a whole: which ones, each with its own code and place.
        outcome.issue.extend(outcome_of(fault.findings()).issue);
    }
    let body = outcome.to_json().into_bytes();
    let mut response = fhir(row.status, label, body, notes);
    let headers = response.headers_mut();
    if let Some(challenge) = row.challenge
        && let Ok(value) = challenge_value(&challenge, fault).parse()
    {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    if let Some(seconds) = row.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allow) = row.allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    response
}

/// A FHIR answer with its notes for the log.
pub(crate) fn fhir(status: StatusCode, label: Label, body: Vec<u8>, notes: Notes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, label.header());
    no_store(response.headers_mut());
    response.extensions_mut().insert(notes);
    response
}

/// Another text, such as metrics.
pub(crate) fn plain(status: StatusCode, media_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    no_store(response.headers_mut());
    response
}

fn no_store(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// RFC 6750 section 3: printable ASCII without quote and backslash in the description.
fn challenge_value(challenge: &Challenge, fault: &Fault) -> String {
    let description: String = fault
        .detail()
        .chars()
        .filter(|c| (c.is_ascii_graphic() || *c == ' ') && *c != '"' && *c != '\\')
        .collect();
    match challenge {
        Challenge::Bare => "Bearer realm=\"lmr\"".to_owned(),
        Challenge::InvalidRequest => {
            format!(
                "Bearer realm=\"lmr\", error=\"invalid_request\", error_description=\"{description}\""
            )
        }
        Challenge::InvalidToken => {
            format!(
                "Bearer realm=\"lmr\", error=\"invalid_token\", error_description=\"{description}\""
            )
        }
        Challenge::InsufficientScope(scope) => {
            let scope =
                scope.as_ref().map(|scope| format!(", scope=\"{scope}\"")).unwrap_or_default();
            format!(
                "Bearer realm=\"lmr\", error=\"insufficient_scope\", error_description=\"{description}\"{scope}"
            )
        }
    }
}
