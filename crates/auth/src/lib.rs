//! Authentication between senders and the receiver: JOSE on aws-lc-rs, and HelseID from both sides.
//!
//! The receiver gives [`TokenVerifier::verify`] its `Authorization` headers and gets a
//! [`VerifiedToken`] or a [`Refusal`]. The sender gets tokens from a [`HelseIdClient`]. Time, random
//! bytes and the network are arguments. No token, key or assertion is ever shown by `Debug`, by an
//! error or in the log.

mod discovery;
mod helseid;
mod http;
mod issuer_keys;
pub mod jose;
mod profile;
mod refusal;
mod secret;
mod sources;
mod strict_json;
mod verifier;

pub use discovery::{Discovery, DiscoveryError, Metadata};
pub use helseid::{
    AccessToken, ActingFor, ClientError, ClientSettings, HelseIdClient, OauthError, Retry,
    TokenError,
};
pub use http::{Answer, ClientUnusable, FetchError, Fetcher, HttpFetcher, MAX_ANSWER};
pub use issuer_keys::{IssuerKeys, KeyCache, KeyError};
pub use profile::{Environment, MAX_LEEWAY, OrganisationClaim, ProfileError, Scheme, TrustProfile};
pub use refusal::Refusal;
pub use secret::SecretString;
pub use sources::{Clock, FreshId};
pub use verifier::{MAX_TOKEN, TokenVerifier, VerifiedToken};

/// Makes aws-lc-rs the process's TLS provider, if none is yet. reqwest and rustls need one.
pub fn install_tls_provider() {
    // An error means that one is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
