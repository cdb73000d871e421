//! Why no token was had, and whether waiting helps.
//!
//! What an issuer names in OAuth's form is about the client's configuration and stays until somebody
//! changes it. Any other answer (a maintenance page, a gateway's 403 or 404) says nothing about the
//! client and passes.

use std::fmt;
use std::time::Duration;

use super::settings::KeySourceError;
use crate::discovery::DiscoveryError;
use crate::http::FetchError;
use crate::jose::SigningKeyError;

/// What to do about a [`TokenError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Try later, after this long if the issuer said so.
    Later(Option<Duration>),
    /// A person must change something first.
    Never,
}

/// An error the issuer names (RFC 6749 section 5.2, RFC 9449 section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OauthError {
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_client`
    InvalidClient,
    /// `invalid_grant`
    InvalidGrant,
    /// `unauthorized_client`
    UnauthorizedClient,
    /// `unsupported_grant_type`
    UnsupportedGrantType,
    /// `invalid_scope`
    InvalidScope,
    /// `invalid_dpop_proof`
    InvalidDpopProof,
    /// `use_dpop_nonce` to a client that sends no proof: it is registered for DPoP.
    DpopDemanded,
    /// Another one.
    Other,
}

impl OauthError {
    /// By the name in an answer.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "invalid_request" => Self::InvalidRequest,
            "invalid_client" => Self::InvalidClient,
            "invalid_grant" => Self::InvalidGrant,
            "unauthorized_client" => Self::UnauthorizedClient,
            "unsupported_grant_type" => Self::UnsupportedGrantType,
            "invalid_scope" => Self::InvalidScope,
            "invalid_dpop_proof" => Self::InvalidDpopProof,
            "use_dpop_nonce" => Self::DpopDemanded,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for OauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::DpopDemanded => "DPoP is demanded for this client; set it in the configuration",
            Self::Other => "an error without a known name",
        })
    }
}

/// Why no token was had. Whoever shows a text puts the issuer's name in front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The issuer's metadata cannot be had or used.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// No answer.
    #[error("the token endpoint: {0}")]
    Unreachable(#[from] FetchError),
    /// 429, 5xx, or an answer that is not the issuer's: a page of a gateway or of maintenance.
    #[error("the token endpoint is unavailable (HTTP {status})")]
    Unavailable {
        /// HTTP status.
        status: u16,
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// 3xx.
    #[error("the token endpoint refers to another address (HTTP {status}), which is not followed")]
    Moved {
        /// HTTP status.
        status: u16,
    },
    /// The issuer names what is wrong with the client or the request.
    #[error("the issuer rejects the client (HTTP {status}): {error}{}", in_brackets(code))]
    Rejected {
        /// HTTP status.
        status: u16,
        /// The OAuth error.
        error: OauthError,
        /// The issuer's own code in the description: `HID-1001`, `MP-110`.
        code: Option<String>,
    },
    /// An answer 200 in the issuer's form that is not as promised.
    #[error("the issuer's answer is not usable: {0}")]
    Answer(&'static str),
    /// A Bearer token for a client that asked for one bound to its key.
    #[error(
        "the issuer gave a token without binding it to the key; is the client set up for DPoP?"
    )]
    NotBound,
    /// The issuer demands a nonce again and again.
    #[error("the issuer demands a new DPoP nonce for every attempt")]
    NonceLoop,
    /// The issuer gave a token without the scope.
    #[error("the issuer withheld the scope; has the organisation signed the terms and got access?")]
    ScopeWithheld,
    /// The client's key failed.
    #[error("the client's key: {0}")]
    Key(#[from] SigningKeyError),
    /// The client's key cannot be read.
    #[error("the client's key: {0}")]
    KeySource(#[from] KeySourceError),
}

fn in_brackets(code: &Option<String>) -> String {
    code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default()
}

impl TokenError {
    /// Whether and when another attempt makes sense.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Discovery(error) if error.passes() => Retry::Later(error.retry_after()),
            Self::Unreachable(FetchError::Address) => Retry::Never,
            Self::Unreachable(_) | Self::NonceLoop => Retry::Later(None),
            Self::Unavailable { retry_after, .. } => Retry::Later(*retry_after),
            Self::Discovery(_)
            | Self::Moved { .. }
            | Self::Rejected { .. }
            | Self::Answer(_)
            | Self::NotBound
            | Self::ScopeWithheld
            | Self::Key(_)
            | Self::KeySource(_) => Retry::Never,
        }
    }
}
