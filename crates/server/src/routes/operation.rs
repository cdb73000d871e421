//! Health, metrics and the description of the interface.

use crate::address::caller_address;
use crate::answer::{self, Notes};
use crate::errors::Fault;
use crate::observe::RequestId;
use crate::openapi;
use crate::state::Shared;
use axum::extract::{ConnectInfo, Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;
use std::net::SocketAddr;
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
        tracing::warn!(%error, "the store is not ready");
    }
    let keys = shared.verifier.ready().await;
    let state = |good: bool| if good { "ready" } else { "not ready" };
    let all = !stopping && store.is_ok() && keys;
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": state(all),
        "store": state(store.is_ok()),
        "issuer": state(keys),
        "stopping": stopping,
    });
    answer::plain(status, JSON, body.to_string())
}

pub(crate) async fn metrics(
    State(shared): State<Arc<Shared>>,
    peer: ConnectInfo<SocketAddr>,
    id: Extension<RequestId>,
    headers: HeaderMap,
) -> Response {
    let settings = &shared.settings;
    let address =
        caller_address(peer.0.ip(), &headers, &settings.trusted_proxies, settings.proxy_header);
    if !address.is_some_and(|address| settings.metrics_addresses.contains(address)) {
        return answer::fault(
            &Fault::Address,
            crate::media::Label::default(),
            &id.0.0,
            Notes::default(),
        );
    }
    answer::plain(
        StatusCode::OK,
        "text/plain; version=0.0.4; charset=utf-8",
        shared.metrics.render(),
    )
}

pub(crate) async fn openapi() -> Response {
    answer::plain(StatusCode::OK, JSON, openapi::document().to_string())
}
