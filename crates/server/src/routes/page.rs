//! The page that checks files in the browser, where the operator gives it out: `/validator/`.

use crate::errors::HttpError;
use crate::state::Shared;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

/// The page's own addresses are relative, so it must be asked for as a folder.
pub(crate) async fn folder(State(shared): State<Arc<Shared>>) -> Response {
    match &shared.settings.validator_page {
        Some(_) => Redirect::permanent("/validator/").into_response(),
        None => HttpError::EndpointUnknown.into_response(),
    }
}

pub(crate) async fn index(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    answer(&shared, "", &headers)
}

pub(crate) async fn file(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(&shared, &name, &headers)
}

fn answer(shared: &Shared, name: &str, headers: &HeaderMap) -> Response {
    let files = shared.settings.validator_page.as_ref();
    files
        .and_then(|files| files.answer(name, headers))
        .unwrap_or_else(|| HttpError::EndpointUnknown.into_response())
}
