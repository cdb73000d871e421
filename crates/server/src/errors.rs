//! The one table from a fault to its answer: status, LMR code, challenge, `Retry-After`.

use crate::answer::chain;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lmr_auth::Refusal;
use lmr_intake::{Location, Rejection, StoreError};
use lmr_lmdi::{Finding, codes::Code};
use std::sync::Arc;

/// Why a request is not answered as its caller wished.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No such path.
    EndpointUnknown,
    /// The path takes other methods.
    MethodNotAllowed { allow: &'static str },
    /// The caller's address is not listed, or cannot be known.
    Address,
    /// No token, or one that is not accepted.
    Credentials(Refusal),
    /// A token in the query, where logs and histories see it.
    TokenInQuery,
    /// The body is said to be something else than JSON in UTF-8.
    ContentType,
    /// The caller takes no JSON.
    NotAcceptable,
    /// The request has no body, or an empty one.
    BodyMissing,
    /// The body is larger than the limit, as announced or as it came.
    BodyTooLarge,
    /// The connection ended before the body.
    BodyIncomplete,
    /// The body took too long, or came slower than the least speed.
    BodyTimeout,
    /// No place for another message, in all or of this sender or address, within the time of waiting.
    Overloaded,
    /// The work took too long and was told to stop.
    WorkTimeout,
    /// `intake` does not take the message.
    Rejected(Rejection),
    /// A panic: a fault of ours.
    Panic,
}

/// What goes out for a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) status: StatusCode,
    pub(crate) code: Code,
    pub(crate) challenge: Option<Challenge>,
    /// Seconds.
    pub(crate) retry_after: Option<u32>,
    pub(crate) allow: Option<&'static str>,
}

/// `WWW-Authenticate` (RFC 6750 section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// No credentials were shown: no error.
    Bare,
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_token`
    InvalidToken,
    /// `insufficient_scope`, with the scope needed where that is what is missing.
    InsufficientScope(Option<String>),
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Rejected(error.into())
    }
}

impl Fault {
    /// The table.
    pub(crate) fn row(&self) -> Row {
        use Challenge::{Bare, InsufficientScope, InvalidRequest, InvalidToken};
        let (code, challenge) = match self {
            Self::EndpointUnknown => (Code::EndpointUnknown, None),
            Self::MethodNotAllowed { .. } => (Code::MethodNotAllowed, None),
            Self::Address => (Code::AddressNotAllowed, None),
            Self::TokenInQuery => (Code::RequestMalformed, Some(InvalidRequest)),
            Self::Credentials(refusal) => match refusal {
                Refusal::Missing => (Code::TokenMissing, Some(Bare)),
                Refusal::Doubled | Refusal::MalformedHeader => {
                    (Code::RequestMalformed, Some(InvalidRequest))
                }
                Refusal::Scheme => (Code::TokenSchemeWrong, Some(Bare)),
                Refusal::Malformed(lmr_auth::jose::JwsFault::Algorithm) | Refusal::Algorithm => {
                    (Code::TokenAlgorithmNotAllowed, Some(InvalidToken))
                }
                Refusal::Malformed(_) | Refusal::Times => {
                    (Code::TokenMalformed, Some(InvalidToken))
                }
                Refusal::TokenType => (Code::TokenTypeWrong, Some(InvalidToken)),
                Refusal::Issuer => (Code::TokenIssuerUnknown, Some(InvalidToken)),
                Refusal::UnknownKey => (Code::TokenKeyUnknown, Some(InvalidToken)),
                Refusal::Signature => (Code::TokenSignatureInvalid, Some(InvalidToken)),
                Refusal::Audience => (Code::TokenAudienceWrong, Some(InvalidToken)),
                Refusal::Expired => (Code::TokenExpired, Some(InvalidToken)),
                Refusal::NotYetValid => (Code::TokenNotYetValid, Some(InvalidToken)),
                Refusal::Lifetime => (Code::TokenLifetimeTooLong, Some(InvalidToken)),
                Refusal::UserToken | Refusal::ClientMissing => {
                    (Code::TokenKindWrong, Some(InvalidToken))
                }
                Refusal::SenderConstrained | Refusal::ProfileEnded => {
                    (Code::TokenSchemeWrong, Some(InvalidToken))
                }
                Refusal::Scope { needed } => {
                    (Code::TokenScopeMissing, Some(InsufficientScope(Some(needed.clone()))))
                }
                Refusal::OrganisationMissing | Refusal::OrganisationMalformed => {
                    (Code::TokenOrganisationMissing, Some(InsufficientScope(None)))
                }
                Refusal::KeysUnavailable => (Code::AuthorityUnavailable, None),
            },
            Self::ContentType => (Code::MediaTypeUnsupported, None),
            Self::NotAcceptable => (Code::MediaTypeNotAcceptable, None),
            Self::BodyMissing => (Code::BodyMissing, None),
            Self::BodyTooLarge => (Code::BodyTooLarge, None),
            Self::BodyIncomplete => (Code::BodyIncomplete, None),
            Self::BodyTimeout => (Code::RequestTimeout, None),
            Self::Overloaded | Self::WorkTimeout => (Code::Overloaded, None),
            // `intake` maps its reasons to codes exhaustively; the catalogue has their statuses.
            Self::Rejected(rejection) => (rejection.code(), None),
            Self::Panic => (Code::InternalFault, None),
        };
        let status = code
            .http_status()
            .and_then(|status| StatusCode::from_u16(status).ok())
            // A code without status cannot end a call; if one does, the fault is ours.
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = match self {
            Self::Overloaded => Some(10),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(60),
            _ => None,
        };
        let allow = match self {
            Self::MethodNotAllowed { allow } => Some(*allow),
            _ => None,
        };
        Row { status, code, challenge, retry_after, allow }
    }

    /// What was found about a bundle as a whole.
    pub(crate) fn findings(&self) -> &[Finding] {
        match self {
            Self::Rejected(rejection) => rejection.findings(),
            _ => &[],
        }
    }

    /// Whether a panic of ours is behind it.
    pub(crate) fn is_panic(&self) -> bool {
        matches!(self, Self::Panic | Self::Rejected(Rejection::Panicked { .. }))
    }

    /// Where the fault is, as far as the caller may know.
    pub(crate) fn location(&self) -> Location {
        match self {
            Self::Rejected(rejection) => rejection.location(),
            _ => Location::default(),
        }
    }

    /// For the log: more than the caller gets to know, never a value of the message.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::EndpointUnknown => "no such path".to_owned(),
            Self::MethodNotAllowed { .. } => "method not allowed".to_owned(),
            Self::Address => "address not allowed".to_owned(),
            Self::Credentials(refusal) => refusal.to_string(),
            Self::TokenInQuery => "a token in the query".to_owned(),
            Self::ContentType => "unsupported content type or coding".to_owned(),
            Self::NotAcceptable => "the caller takes no JSON".to_owned(),
            Self::BodyMissing => "no body".to_owned(),
            Self::BodyTooLarge => "body too large".to_owned(),
            Self::BodyIncomplete => "the body broke off".to_owned(),
            Self::BodyTimeout => "the body took too long".to_owned(),
            Self::Overloaded => "no place for another message".to_owned(),
            Self::WorkTimeout => "the work took too long".to_owned(),
            Self::Rejected(rejection) => chain(rejection),
            Self::Panic => "a panic".to_owned(),
        }
    }
}

/// The answer is made where the caller's wishes and the call's id are known: in `observe`.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
