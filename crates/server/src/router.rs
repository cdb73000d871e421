//! The router, made from the table of routes.

use crate::body;
use crate::errors::HttpError;
use crate::observe::observe;
use crate::state::Shared;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use std::sync::Arc;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new();
    for route in shared.routes {
        let refuse =
            move || async move { HttpError::MethodNotAllowed { allow: route.methods.allow() } };
        let handler = (route.handler)(route.methods.filter()).fallback(refuse);
        router = router.route(route.path, handler);
    }
    router
        .fallback(|| async { HttpError::EndpointUnknown })
        // `body` bounds what is read.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&shared), body::drain_rest))
        .layer(from_fn_with_state(Arc::clone(&shared), observe))
        .with_state(shared)
}
