//! Health, metrics and the description of the interface.

use crate::admission::caller_address_of;
use crate::answer;
use crate::errors::{self, HttpError};
use crate::state::Shared;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use lmr_intake::{AddressStatus, BackgroundTask, certificate_ends};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const JSON: &str = "application/json";

pub(crate) async fn live() -> Response {
    answer::plain(StatusCode::OK, JSON, json!({"status": "live"}).to_string())
}

pub(crate) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let stopping = shared.stopping.load(Ordering::Relaxed);
    let store = shared.receiver.store().ready().await;
    if let Err(error) = &store {
        tracing::warn!(detail = errors::chain(error), "the store is not ready");
    }
    let keys = shared.verifier.ready().await;
    let state = |good: bool| if good { "ready" } else { "not ready" };
    let all = !stopping && store.is_ok() && keys;
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // What has failed beside the calls keeps nobody from delivering: it is said, and the status stays.
    let background = shared.receiver.background();
    let tasks = BackgroundTask::ALL.map(|task| {
        let since = background.state(task).failing_since.map(|since| since.to_string());
        (task.as_str().to_owned(), json!({"failingSince": since}))
    });
    let body = json!({
        "status": state(all),
        "background": tasks.into_iter().collect::<serde_json::Map<_, _>>(),
        "store": state(store.is_ok()),
        "issuer": state(keys),
        "stopping": stopping,
    });
    answer::plain(status, JSON, body.to_string())
}

pub(crate) async fn metrics(
    State(shared): State<Arc<Shared>>,
    head: Parts,
) -> Result<Response, HttpError> {
    let address = caller_address_of(&head, &shared)
        .ok_or(HttpError::Address(AddressStatus::Unlisted, None))?;
    if !shared.settings.metrics_addresses.contains(address) {
        return Err(HttpError::Address(AddressStatus::Unlisted, Some(address)));
    }
    let lost = shared.settings.lost_log_lines.load(Ordering::Relaxed);
    // Figures are worth most when the database does not answer, so it is not asked.
    let avsendere = shared.receiver.last_read_avsendere();
    let ends = certificate_ends(&shared.receiver.certificates(), &avsendere, shared.now());
    let text =
        shared.metrics.render(shared.slots.in_use(), lost, &ends, shared.receiver.background());
    Ok(answer::plain(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text))
}

pub(crate) async fn openapi(State(shared): State<Arc<Shared>>) -> Response {
    answer::plain(StatusCode::OK, JSON, shared.openapi.clone())
}
