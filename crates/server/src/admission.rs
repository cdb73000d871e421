//! Who may call: the address first, then the token. Extractors, so that a handler that names one has it checked.

use crate::address::caller_address;
use crate::call::Call;
use crate::errors::HttpError;
use crate::state::Shared;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use lmr_auth::{Presented, VerifiedToken};
use lmr_intake::{AddressStatus, Caller};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::time::Instant;

/// A caller whose address is listed: the receiver's own list or a sender's.
pub(crate) struct Admitted(pub(crate) IpAddr);

/// A caller with a listed address and an accepted token.
pub(crate) struct Authenticated(pub(crate) Caller);

/// The address a request comes from, `None` where a proxy does not name it.
pub(crate) fn caller_address_of(head: &Parts, shared: &Shared) -> Option<IpAddr> {
    let ConnectInfo(peer) = head.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let settings = &shared.settings;
    caller_address(peer.ip(), &head.headers, &settings.trusted_proxies, settings.proxy_header)
}

impl FromRequestParts<Arc<Shared>> for Admitted {
    type Rejection = HttpError;

    async fn from_request_parts(head: &mut Parts, shared: &Arc<Shared>) -> Result<Self, HttpError> {
        let address = caller_address_of(head, shared)
            .ok_or(HttpError::Address(AddressStatus::Unlisted, None))?;
        let status = match &shared.outlet {
            Some(outlet) if outlet.addresses.contains(address) => AddressStatus::Admitted,
            Some(_) => AddressStatus::Unlisted,
            None => shared.receiver.address_status(address, shared.now()).await?,
        };
        if status != AddressStatus::Admitted {
            return Err(HttpError::Address(status, Some(address)));
        }
        Call::of(&head.extensions).note(|notes| notes.address = Some(address));
        Ok(Self(address))
    }
}

impl FromRequestParts<Arc<Shared>> for Authenticated {
    type Rejection = HttpError;

    async fn from_request_parts(head: &mut Parts, shared: &Arc<Shared>) -> Result<Self, HttpError> {
        let began = Instant::now();
        let Admitted(address) = Admitted::from_request_parts(head, shared).await?;
        let values = |name: &str| -> Vec<&[u8]> {
            head.headers.get_all(name).iter().map(axum::http::HeaderValue::as_bytes).collect()
        };
        let (authorization, dpop) = (values("authorization"), values("dpop"));
        let presented = Presented {
            authorization: &authorization,
            dpop: &dpop,
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query(),
        };
        let verified = shared.verifier.verify(&presented).await;
        Call::of(&head.extensions).note_stage("admission", began);
        let token = verified.map_err(|rejection| {
            let challenges = shared.verifier.challenges(&rejection);
            HttpError::Credentials { rejection, challenges }
        })?;
        let VerifiedToken {
            profile,
            scheme: _,
            organisation,
            child_organisation,
            supplier,
            delegation_source,
            client_id,
            token_id,
        } = token;
        Call::of(&head.extensions).note(|notes| {
            notes.organisation = Some(organisation);
            notes.client_id = Some(client_id.clone());
            notes.supplier = supplier;
            notes.profile = Some(profile.clone());
            notes.child_organisation = child_organisation;
            notes.delegation_source = delegation_source;
            notes.token_id = token_id;
        });
        Ok(Self(Caller { organisation, client_id, profile, address: Some(address) }))
    }
}
