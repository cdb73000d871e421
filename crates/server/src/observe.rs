//! Around every request: an id, its own task, one log line, the metrics.

use crate::answer;
use crate::audience::Audience;
use crate::call::{Call, Notes};
use crate::errors::HttpError;
use crate::media::preferred;
use crate::state::Shared;
use crate::telemetry::CallRecord;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use lmr_intake::message_name;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The route's name for logs and metrics where there is none: never what a caller made up.
const UNKNOWN: &str = "unknown";
/// A method's name for logs and metrics, for the same reason.
fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => UNKNOWN,
    }
}

pub(crate) async fn observe(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let row = shared.routes.iter().find(|route| Some(route.path) == matched);
    let method = request.method().clone();
    let label = preferred(request.headers()).unwrap_or_default();
    let call = Call::new(fresh_id(&shared));
    let is_trial = row.is_some_and(|route| route.is_trial);
    call.note(|notes| notes.is_trial = is_trial);
    request.extensions_mut().insert(call.clone());
    shared.metrics.started();
    // In a task of its own a request survives the caller's hanging up in the middle of the storing,
    // and a panic ends no more than itself.
    let response = tokio::spawn(next.run(request)).await;
    let mut response = response.unwrap_or_else(|_| HttpError::Panic.into_response());
    if let Some(fault) = response.extensions_mut().remove::<Arc<HttpError>>() {
        if fault.is_panic() {
            shared.metrics.panicked();
        }
        let audience = Audience::of(row, shared.outlet.is_some());
        response = answer::fault(&fault, &call, audience);
    }
    answer::label(&mut response, label);
    if let Ok(value) = HeaderValue::from_str(&call.id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let notes = call.take();
    let status = response.status().as_u16();
    let route = row.map_or(UNKNOWN, |route| route.path);
    let elapsed = started.elapsed();
    shared.metrics.ended(route, status, &notes, elapsed.as_secs_f64());
    // What is refused of a trial, a vendor's test or a `lmr doctor`, would look like a delivery that failed.
    if method == Method::POST && route != UNKNOWN && shared.outlet.is_none() && !is_trial {
        shared.refusals.note(&call, &notes, shared.now(), &shared.metrics);
    }
    if let Some(observer) = &shared.settings.observer {
        let what = (name_of(&method), route, status);
        let record = CallRecord::of(what, &notes, started, shared.now());
        observer.answered(&record);
    }
    log(&call, &method, route, status, &notes, elapsed);
    response
}

/// The request's line. Its level is what an operator should do: nothing, look at a caller, look at us.
fn log(
    call: &Call,
    method: &Method,
    route: &'static str,
    status: u16,
    notes: &Notes,
    elapsed: Duration,
) {
    let counts = notes.counts.unwrap_or_default();
    let message_id = notes.message_id.as_deref().map(message_name);
    let method = name_of(method);
    let codes: Vec<String> =
        notes.codes.iter().map(|count| format!("{}×{}", count.code, count.entries)).collect();
    let codes = (!codes.is_empty()).then(|| codes.join(" "));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request.id = %call.id,
                request.method = method,
                request.route = route,
                status,
                issue.code = notes.code.map(lmr_lmdi::codes::Code::as_str),
                avsender.org = notes.organisation.map(tracing::field::display),
                client.id = notes.client_id.as_deref(),
                supplier = notes.supplier.map(tracing::field::display),
                child.org = notes.child_organisation.map(tracing::field::display),
                delegation.source = notes.delegation_source.as_deref(),
                token.id = notes.token_id.as_deref(),
                profile = notes.profile.as_deref(),
                message.id = message_id.as_deref(),
                message.repeated = notes.repeated,
                body.bytes = notes.body_bytes,
                entries = counts.entries,
                created = counts.created,
                updated = counts.updated,
                unchanged = counts.unchanged,
                refused = counts.refused,
                dependent = counts.dependent,
                entry.codes = codes.as_deref(),
                milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                detail = notes.detail.as_deref(),
                "request"
            )
        };
    }
    match (status, route) {
        (500.., _) => line!(error),
        (_, "/health/live" | "/health/ready" | "/metrics") => line!(debug),
        // Somebody who does not know us is not worth a line; a sender that is refused is.
        (400.., route) if route != UNKNOWN => line!(warn),
        _ => line!(info),
    }
}

fn fresh_id(shared: &Shared) -> Arc<str> {
    let mut bytes = [0; 16];
    if shared.random.fill(&mut bytes).is_err() {
        // Sealing and opening fail on their own without random bytes; a request id need not be secret.
        bytes[..8].copy_from_slice(&shared.metrics.requests_so_far().to_be_bytes());
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}
