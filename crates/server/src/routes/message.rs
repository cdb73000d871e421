//! The three POST routes: take a message, check a message, check a bare bundle.

use crate::admission::{Admitted, Authenticated};
use crate::errors::HttpError;
use crate::message::{Answered, Message};
use crate::state::Shared;
use axum::extract::State;
use lmr_intake::Receiver;
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
