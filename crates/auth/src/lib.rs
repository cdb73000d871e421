//! Authentication between senders and the receiver: JOSE on aws-lc-rs, DPoP, HelseID and Maskinporten
//! from both sides.
//!
//! The receiver gives [`TokenVerifier::verify`] what a request shows ([`Presented`]) and gets a
//! [`VerifiedToken`] or a [`TokenRejection`]; whom it trusts is a list of closed [`TrustProfile`]s. The
//! sender gets tokens, and the headers that show them, from a [`TokenClient`]. Time, random bytes and the
//! network are arguments. No token, key or assertion is ever shown by `Debug`, by an error or in the log.
//!
//! ```
//! use lmr_auth::dpop::{ProofExpectation, ProofRequest, ProofWindow, check_proof, make_proof};
//! use lmr_auth::jose::{Algorithm, SigningKey};
//!
//! let now = "2026-11-25T12:00:00Z".parse().unwrap();
//! let url = "https://mottak.example.no/fhirmottak/v1";
//! let key = SigningKey::generate(Algorithm::ES256, "key-1", 0)?;
//! let request = ProofRequest { method: "POST", url, access_token: None, nonce: None };
//! let proof = make_proof(&key, &request, now, "an-id-of-its-own")?;
//!
//! let expected = ProofExpectation {
//!     method: "POST",
//!     urls: &[url.to_owned()],
//!     access_token: None,
//!     thumbprint: Some(&key.public().thumbprint()),
//!     algorithms: &Algorithm::ALL,
//!     window: ProofWindow::default(),
//!     now,
//! };
//! assert!(check_proof(&[proof.expose().as_bytes()], &expected).is_ok());
//! # Ok::<(), lmr_auth::jose::SigningKeyError>(())
//! ```

mod challenge;
mod claims;
mod client;
mod discovery;
pub mod dpop;
mod http;
mod issuer_keys;
pub mod jose;
mod network;
mod numeric_date;
mod profile;
mod rejection;
mod retry_after;
mod secret;
mod sign_in;
mod sources;
mod strict_json;
mod verifier;

pub use client::{
    AccessToken, ActingFor, ClientError, ClientSettings, FixedKey, Flow, KeySource, KeySourceError,
    OauthError, ProofKey, RequestHeaders, ResourceForm, Retry, TokenClient, TokenError, TokenKey,
};
pub use discovery::{Discovery, DiscoveryError, IssuerKind, Metadata};
pub use http::{
    Answer, ClientUnusable, ConnectCause, FetchError, Fetcher, HttpFetcher, MAX_ANSWER,
    is_loopback, safe_address,
};
pub use issuer_keys::{IssuerKeys, KeyCache, KeyError};
pub use network::{NamedProxy, Network, NetworkError, ProxyChoice, TlsRoots};
pub use profile::{
    Environment, MAX_LEEWAY, MAX_PROOF_AGE, OrganisationClaim, ProfileError, Scheme, TrustKind,
    TrustProfile,
};
pub use rejection::{ProofRejection, TokenRejection};
pub use retry_after::retry_after;
pub use secret::SecretString;
pub use sign_in::{
    ClientCredential, IdToken, IdTokenRejection, PendingSignIn, RelyingParty, RelyingPartySettings,
    SignInError,
};
pub use sources::{Clock, FreshId};
pub use verifier::{DpopSettings, MAX_TOKEN, Presented, TokenVerifier, VerifiedToken};

/// Makes aws-lc-rs the process's TLS provider, if none is yet. reqwest and rustls need one.
pub fn install_tls_provider() {
    // An error means that one is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
