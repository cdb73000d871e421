//! The outlet: lend, acknowledge, status.

use crate::admission::Authenticated;
use crate::answer::plain;
use crate::errors::HttpError;
use crate::outlet::OutletService;
use crate::state::Shared;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_body_util::LengthLimitError;
use jiff::SignedDuration;
use lmr_intake::{
    Acknowledged, Act, Action, MOST_UNREADABLE, OrganisationNumber, StoreError, message_name,
};
use serde_json::{Value, json};
use std::sync::Arc;

const JSON: &str = "application/json";
/// An acknowledgement names one message.
const MAX_ACKNOWLEDGEMENT: usize = 16 << 10;

/// The receiver's own listener has no such service, and none of these routes.
fn service(shared: &Shared) -> Result<&OutletService, HttpError> {
    shared.outlet.as_ref().ok_or(HttpError::EndpointUnknown)
}

pub(crate) async fn lend(
    State(shared): State<Arc<Shared>>,
    Authenticated(caller): Authenticated,
) -> Result<Response, HttpError> {
    let outlet = service(&shared)?;
    let now = shared.now();
    let lease = SignedDuration::try_from(outlet.lease).unwrap_or(SignedDuration::MAX);
    let until = now.saturating_add(lease).map_err(|error| StoreError::Unavailable(error.into()))?;
    let mut passed_over = 0;
    let (message, body) = loop {
        if passed_over == MOST_UNREADABLE {
            return Err(StoreError::Damaged { what: "the bundles that wait" }.into());
        }
        let Some(message) = outlet.store.lend(now, until).await? else {
            return Ok(plain(StatusCode::NO_CONTENT, JSON, String::new()));
        };
        match message.to_json(outlet.form) {
            Ok(body) => break (message, body),
            // It stays lent, so that what is behind it is given out.
            Err(error) => {
                tracing::error!(avsender.org = %message.sender, message.id = &*message_name(&message.message_id), %error,
                    "a message cannot be handed over");
                passed_over += 1;
            }
        }
    };
    let act = Act {
        at: now,
        action: Action::HandOver,
        actor: format!("client:{}", caller.client_id),
        subject: Some(format!("{} {}", message.sender, message.message_id)),
        reason: None,
        detail: Some(format!("time {}, until {until}", message.times)),
    };
    outlet.store.record(act).await?;
    Ok(plain(StatusCode::OK, JSON, body.to_string()))
}

/// Why a body could not be read: one that is too long, or one that broke off.
fn unread(error: axum::Error) -> HttpError {
    match error.into_inner().is::<LengthLimitError>() {
        true => HttpError::BodyTooLarge,
        false => HttpError::BodyIncomplete,
    }
}

pub(crate) async fn acknowledge(
    State(shared): State<Arc<Shared>>,
    Authenticated(caller): Authenticated,
    body: Body,
) -> Result<Response, HttpError> {
    let outlet = service(&shared)?;
    let status = |status, text: &str| plain(status, JSON, json!({ "status": text }).to_string());
    let bytes = to_bytes(body, MAX_ACKNOWLEDGEMENT).await.map_err(unread)?;
    let named: Option<Value> = serde_json::from_slice(&bytes).ok();
    let named = named.as_ref().and_then(|named| {
        let sender = OrganisationNumber::parse(named["avsenderOrgnr"].as_str()?).ok()?;
        Some((sender, named["meldingsId"].as_str()?))
    });
    let Some((sender, message_id)) = named else {
        return Ok(status(
            StatusCode::BAD_REQUEST,
            "avsenderOrgnr eller meldingsId mangler eller kan ikke leses",
        ));
    };
    let now = shared.now();
    let mut found = outlet.store.would_acknowledge(sender, message_id).await?;
    if found == Acknowledged::Now {
        // Before it is done: what is done without an entry nobody would find again.
        let act = Act {
            at: now,
            action: Action::Acknowledge,
            actor: format!("client:{}", caller.client_id),
            subject: Some(format!("{sender} {message_id}")),
            reason: None,
            detail: None,
        };
        outlet.store.record(act).await?;
        found = outlet.store.acknowledge(sender, message_id, now).await?;
    }
    Ok(match found {
        Acknowledged::Now | Acknowledged::Before => status(StatusCode::OK, "overført"),
        Acknowledged::NotGivenOut => status(StatusCode::CONFLICT, "ikke allokert"),
        Acknowledged::Unknown => status(StatusCode::NOT_FOUND, "ukjent melding"),
    })
}

pub(crate) async fn status(
    State(shared): State<Arc<Shared>>,
    Authenticated(_): Authenticated,
) -> Result<Response, HttpError> {
    let waiting = service(&shared)?.store.outlet_status(shared.now()).await?;
    let body = json!({
        "venter": waiting.waiting,
        "allokert": waiting.lent,
        "eldste": waiting.oldest.map(|time| time.to_string()),
    });
    Ok(plain(StatusCode::OK, JSON, body.to_string()))
}
