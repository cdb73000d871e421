//! Around every request: an id, its own task, one log line, the metrics.

use crate::answer::{self, Notes};
use crate::errors::Fault;
use crate::media::preferred;
use crate::router::route_name;
use crate::state::Shared;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// The id of a request, 32 hex digits; also in the answer's header `X-Request-Id`.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn observe(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = shared.now();
    let id = fresh_id(&shared);
    let route = route_name(request.uri().path());
    let method = request.method().clone();
    let label = preferred(request.headers()).unwrap_or_default();
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    shared.metrics.started();
    // In a task of its own a request survives the caller's hanging up in the middle of the storing,
    // and a panic ends no more than itself.
    let mut response = match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(_) => answer::fault(&Fault::Panic, label, &id, Notes::default()),
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let notes = response.extensions_mut().remove::<Notes>().unwrap_or_default();
    let elapsed = shared.now().duration_since(started);
    let milliseconds = elapsed.as_millis();
    shared.metrics.ended(route, response.status().as_u16(), &notes, elapsed.as_secs_f64());
    let status = response.status().as_u16();
    let counts = notes.counts.unwrap_or_default();
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request.id = %id,
                request.method = %method,
                request.route = route,
                status,
                issue.code = notes.code.map(lmr_lmdi::codes::Code::as_str),
                avsender.org = notes.organisation.map(tracing::field::display),
                client.id = notes.client_id.as_deref(),
                profile = notes.profile.as_deref(),
                message.id = notes.message_id.as_deref(),
                message.repeated = notes.repeated,
                body.bytes = notes.body_bytes,
                entries = counts.entries,
                created = counts.created,
                updated = counts.updated,
                unchanged = counts.unchanged,
                refused = counts.refused,
                dependent = counts.dependent,
                milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX),
                detail = notes.detail.as_deref(),
                "request"
            )
        };
    }
    if status >= 500 {
        line!(error);
    } else if route.starts_with("/health") || route == "/metrics" {
        line!(debug);
    } else {
        line!(info);
    }
    response
}

fn fresh_id(shared: &Shared) -> Arc<str> {
    let mut bytes = [0; 16];
    if shared.random.fill(&mut bytes).is_err() {
        // Sealing and opening fail on their own without random bytes; a request id need not be secret.
        bytes[..8].copy_from_slice(&shared.metrics.requests_so_far().to_be_bytes());
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}
