//! The three POST routes: take a message, judge a message, judge a bare bundle.

use crate::address::caller_address;
use crate::answer::{self, Notes};
use crate::body;
use crate::errors::Fault;
use crate::media::{preferred, sends_json};
use crate::observe::RequestId;
use crate::state::Shared;
use axum::body::Body;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use lmr_auth::VerifiedToken;
use lmr_intake::{Caller, Outcome, Rejection, Reply};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// What a route does with a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Receive,
    Check,
    CheckBundle,
}

pub(crate) async fn receive(
    State(shared): State<Arc<Shared>>,
    peer: ConnectInfo<SocketAddr>,
    id: Extension<RequestId>,
    request: Request,
) -> Response {
    respond(&shared, peer.0.ip(), &id.0, request, Work::Receive).await
}

pub(crate) async fn check(
    State(shared): State<Arc<Shared>>,
    peer: ConnectInfo<SocketAddr>,
    id: Extension<RequestId>,
    request: Request,
) -> Response {
    respond(&shared, peer.0.ip(), &id.0, request, Work::Check).await
}

pub(crate) async fn check_bundle(
    State(shared): State<Arc<Shared>>,
    peer: ConnectInfo<SocketAddr>,
    id: Extension<RequestId>,
    request: Request,
) -> Response {
    respond(&shared, peer.0.ip(), &id.0, request, Work::CheckBundle).await
}

async fn respond(
    shared: &Shared,
    peer: IpAddr,
    id: &RequestId,
    request: Request,
    work: Work,
) -> Response {
    let (head, mut body) = request.into_parts();
    let label = preferred(&head.headers).unwrap_or_default();
    let mut notes = Notes::default();
    match process(shared, peer, &head, &mut body, work, &mut notes).await {
        Ok(reply) => {
            notes.counts = Some(reply.counts);
            notes.repeated = reply.repeated;
            if !reply.message_id.is_empty() {
                notes.message_id = Some(reply.message_id);
            }
            let status = match reply.outcome {
                Outcome::Accepted => StatusCode::OK,
                Outcome::Refused => StatusCode::BAD_REQUEST,
            };
            answer::fhir(status, label, reply.body, notes)
        }
        Err(fault) => {
            let keep = match fault {
                Fault::Address => body::STRANGER_DRAIN,
                _ => shared.settings.body_limit,
            };
            body::drain(&mut body, keep).await;
            answer::fault(&fault, label, &id.0, notes)
        }
    }
}

/// The checks in their order, then the work.
async fn process(
    shared: &Shared,
    peer: IpAddr,
    head: &Parts,
    body: &mut Body,
    work: Work,
    notes: &mut Notes,
) -> Result<Reply, Fault> {
    let settings = &shared.settings;
    let address =
        caller_address(peer, &head.headers, &settings.trusted_proxies, settings.proxy_header)
            .ok_or(Fault::Address)?;
    if !shared.receiver.admits(address, shared.now()).await? {
        return Err(Fault::Address);
    }
    let caller = match work {
        Work::CheckBundle => None,
        Work::Receive | Work::Check => Some(authenticate(shared, head, address, notes).await?),
    };
    if !sends_json(&head.headers) {
        return Err(Fault::ContentType);
    }
    if preferred(&head.headers).is_none() {
        return Err(Fault::NotAcceptable);
    }
    body::check_announced_length(&head.headers, settings.body_limit)?;
    // Held until the answer is ready: bounds the memory that bodies and bundles take.
    let _place = place(shared).await?;
    let bytes = body::read(body, settings.body_limit, settings.body_timeout).await?;
    notes.body_bytes = Some(bytes.len());
    let now = shared.now();
    let random = Arc::clone(&shared.random);
    let doing = async {
        match (work, caller) {
            (Work::Receive, Some(caller)) => {
                shared.receiver.receive(&caller, bytes, now, random).await
            }
            (Work::Check, Some(caller)) => shared.receiver.check(&caller, bytes, now, random).await,
            (Work::CheckBundle, _) => shared.receiver.check_bundle(bytes, now).await,
            (Work::Receive | Work::Check, None) => {
                Err(Rejection::Internal { doing: "naming the caller" })
            }
        }
    };
    match tokio::time::timeout(settings.work_timeout, doing).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(Fault::WorkTimeout),
    }
}

async fn authenticate(
    shared: &Shared,
    head: &Parts,
    address: IpAddr,
    notes: &mut Notes,
) -> Result<Caller, Fault> {
    let in_query =
        |query: &str| query.split('&').any(|pair| pair.split('=').next() == Some("access_token"));
    if head.uri.query().is_some_and(in_query) {
        return Err(Fault::TokenInQuery);
    }
    let authorization: Vec<&[u8]> = head
        .headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(axum::http::HeaderValue::as_bytes)
        .collect();
    let token = shared.verifier.verify(&authorization).await.map_err(Fault::Credentials)?;
    let VerifiedToken { profile, organisation, client_id, .. } = token;
    notes.organisation = Some(organisation);
    notes.client_id = Some(client_id.clone());
    notes.profile = Some(profile.clone());
    Ok(Caller { organisation, client_id, profile, address: Some(address) })
}

async fn place(shared: &Shared) -> Result<OwnedSemaphorePermit, Fault> {
    let waiting = Arc::clone(&shared.places).acquire_owned();
    match tokio::time::timeout(shared.settings.queue_wait, waiting).await {
        Ok(Ok(permit)) => Ok(permit),
        // The semaphore is never closed; both mean that there is no place.
        Ok(Err(_)) | Err(_) => Err(Fault::Overloaded),
    }
}
