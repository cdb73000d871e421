//! The routes: one table for the router, the 405s, the metrics and the OpenAPI document.

use crate::answer::{self, Notes};
use crate::errors::Fault;
use crate::media::preferred;
use crate::observe::{RequestId, observe};
use crate::routes;
use crate::state::Shared;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;

/// One route of the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteInfo {
    /// Its path.
    pub path: &'static str,
    /// The methods it takes, as in `Allow`.
    pub allow: &'static str,
    /// What it does, for people.
    pub summary: &'static str,
}

const fn route(path: &'static str, allow: &'static str, summary: &'static str) -> RouteInfo {
    RouteInfo { path, allow, summary }
}

/// Every route there is.
pub const ROUTES: [RouteInfo; 8] = [
    route("/fhirmottak/v1", "POST", "Take a SignertKryptertBundle and store what it holds"),
    route("/api/v1", "POST", "The same under the path of the first guide"),
    route("/fhirmottak/v1/validate", "POST", "Judge a SignertKryptertBundle, store nothing"),
    route(
        "/fhirmottak/v1/validateLegemiddelregisterBundle",
        "POST",
        "Judge a bare LegemiddelregisterBundle, store nothing; takes no credentials",
    ),
    route("/health/live", "GET, HEAD", "Whether the process answers"),
    route("/health/ready", "GET, HEAD", "Whether it can take messages"),
    route("/metrics", "GET, HEAD", "Counters for Prometheus"),
    route("/openapi.json", "GET, HEAD", "This document"),
];

/// The route's name for logs and metrics: never what a caller made up.
pub(crate) fn route_name(path: &str) -> &'static str {
    ROUTES.iter().find(|route| route.path == path).map_or("unknown", |route| route.path)
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let handler = |path: &str| -> MethodRouter<Arc<Shared>> {
        match path {
            "/fhirmottak/v1" | "/api/v1" => post(routes::message::receive),
            "/fhirmottak/v1/validate" => post(routes::message::check),
            "/fhirmottak/v1/validateLegemiddelregisterBundle" => {
                post(routes::message::check_bundle)
            }
            "/health/live" => get(routes::operation::live),
            "/health/ready" => get(routes::operation::ready),
            "/metrics" => get(routes::operation::metrics),
            "/openapi.json" => get(routes::operation::openapi),
            _ => MethodRouter::new(),
        }
    };
    let mut router = Router::new();
    for route in ROUTES {
        let refuse = move |request: Request| async move {
            refused(&Fault::MethodNotAllowed { allow: route.allow }, &request)
        };
        router = router.route(route.path, handler(route.path).fallback(refuse));
    }
    router
        .fallback(|request: Request| async move { refused(&Fault::EndpointUnknown, &request) })
        // `body` bounds what is read.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&shared), observe))
        .with_state(shared)
}

fn refused(fault: &Fault, request: &Request) -> Response {
    let label = preferred(request.headers()).unwrap_or_default();
    let id =
        request.extensions().get::<RequestId>().map(|id| Arc::clone(&id.0)).unwrap_or_default();
    answer::fault(fault, label, &id, Notes::default())
}
