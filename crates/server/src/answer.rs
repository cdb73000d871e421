//! Answers on the wire: status, headers, body. What an answer to a bundle says is made by `lmr_lmdi::response`,
//! asked by `intake`; a refusal is a row of `errors.rs`; all else is its handler's.

use crate::audience::Audience;
use crate::call::Call;
use crate::errors::HttpError;
use crate::media::Label;
use crate::slots::Slot;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use lmr_intake::Location;
use lmr_lmdi::response::{RefusalPlace, name_rule_set, outcome_of, refusal_in_words};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// Bytes of an answer that are handed on at once. What is handed on counts as written, so it is little.
const PIECE: usize = 64 << 10;

/// The answer to a fault; the call's id lets a person find it in the log.
pub(crate) fn fault(fault: &HttpError, call: &Call, audience: Audience) -> Response {
    let row = fault.row();
    call.note(|notes| {
        notes.code = Some(row.code);
        notes.detail = Some(fault.detail());
    });
    let Location { expression, line_column } = fault.location();
    let location = RefusalPlace { expression, line_column };
    let words = audience.words(row.code).map(|words| (words.explanation, words.remedy));
    let mut outcome = refusal_in_words(row.code, &location, Some(&call.id), words);
    if let Some(rule_set) = fault.rule_set() {
        name_rule_set(&mut outcome, rule_set);
    }
    if !fault.findings().is_empty() {
        // The bundle breaks rules as a whole: which ones, each with its own code and location.
        outcome.issue.extend(outcome_of(fault.findings()).issue);
    }
    let mut response = fhir(row.status, Body::from(outcome.to_json()));
    let headers = response.headers_mut();
    for challenge in row.challenges {
        if let Ok(value) = challenge.parse() {
            headers.append(header::WWW_AUTHENTICATE, value);
        }
    }
    if let Some(nonce) = row.nonce
        && let Ok(value) = nonce.parse()
    {
        headers.insert("dpop-nonce", value);
    }
    if let Some(seconds) = row.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allow) = row.allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    response
}

/// A FHIR answer; [`label`] gives it the media type that the caller asks for.
pub(crate) fn fhir(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    no_store(response.headers_mut());
    response
}

/// Labels an answer that is not labelled yet.
pub(crate) fn label(response: &mut Response, label: Label) {
    response.headers_mut().entry(header::CONTENT_TYPE).or_insert_with(|| label.header());
}

/// A body that keeps a message's slot until it has been handed on, at most for the time given.
pub(crate) fn held(body: Vec<u8>, slot: Slot, limit: Duration) -> Body {
    Body::new(Held { rest: Bytes::from(body), _slot: slot, until: Instant::now() + limit })
}

struct Held {
    rest: Bytes,
    _slot: Slot,
    until: Instant,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if Instant::now() > self.until {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        let piece = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::HttpSettings;
    use crate::slots::Slots;
    use http_body_util::BodyExt as _;

    /// However steadily it is read: the place of a message is not kept for ever.
    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_read_too_slowly_in_all_is_given_up_and_its_place_is_free() {
        let settings = HttpSettings::default();
        let slots = Slots::new(&settings);
        let mut body =
            held(vec![0; 10 * PIECE], slots.slot(None, None).await, settings.answer_timeout);
        let pause = settings.answer_timeout.mul_f64(0.3);
        let mut read = 0;
        let error = loop {
            match body.frame().await.expect("more of it") {
                Ok(frame) => read += frame.into_data().expect("bytes").len(),
                Err(error) => break error,
            }
            assert_eq!(slots.in_use(), 1);
            tokio::time::sleep(pause).await;
        };
        assert_eq!(read, 4 * PIECE, "{error}");
        drop(body);
        assert_eq!(slots.in_use(), 0);
    }
}
