//! The POST routes: take a message, check a message, check a bare bundle; and the newest receipt of a sender.

use crate::admission::{Admitted, Authenticated};
use crate::answer;
use crate::errors::HttpError;
use crate::message::{Answered, Message};
use crate::state::Shared;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use lmr_intake::{Receiver, Rejection};
use std::sync::Arc;

pub(crate) async fn receive(
    State(shared): State<Arc<Shared>>,
    Authenticated(caller): Authenticated,
    message: Message,
) -> Result<Answered, HttpError> {
    let (now, random) = (shared.now(), Arc::clone(&shared.random));
    let receive = move |receiver: Receiver, body| async move {
        receiver.receive(&caller, body, now, random).await
    };
    message.process(&shared, receive).await
}

pub(crate) async fn check(
    State(shared): State<Arc<Shared>>,
    Authenticated(caller): Authenticated,
    message: Message,
) -> Result<Answered, HttpError> {
    let (now, random) = (shared.now(), Arc::clone(&shared.random));
    let check = move |receiver: Receiver, body| async move {
        receiver.check(&caller, body, now, random).await
    };
    message.process(&shared, check).await
}

pub(crate) async fn check_bundle(
    State(shared): State<Arc<Shared>>,
    _: Admitted,
    message: Message,
) -> Result<Answered, HttpError> {
    let now = shared.now();
    let check =
        move |receiver: Receiver, body| async move { receiver.check_bundle(body, now).await };
    message.process(&shared, check).await
}

/// The payload of the caller's newest receipt; no content where nothing of it is stored.
pub(crate) async fn newest_receipt(
    State(shared): State<Arc<Shared>>,
    Authenticated(caller): Authenticated,
) -> Result<Response, HttpError> {
    let newest = shared.receiver.newest_receipt(caller.organisation).await;
    Ok(match newest.map_err(Rejection::Store)? {
        Some(payload) => answer::plain(StatusCode::OK, "application/json", payload),
        None => answer::plain(StatusCode::NO_CONTENT, "application/json", String::new()),
    })
}
