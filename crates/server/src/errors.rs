//! The one table from a fault to its answer: status, LMR code, challenge, `Retry-After`.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lmr_auth::{ProofRejection, TokenRejection};
use lmr_intake::{AddressStatus, Location, Rejection, StoreError};
use lmr_lmdi::{Finding, RuleSetId, codes::Code};
use std::net::IpAddr;
use std::sync::Arc;

/// Why a request is not answered as its caller wished.
#[derive(Debug)]
pub(crate) enum HttpError {
    /// No such path.
    EndpointUnknown,
    /// The path takes other methods.
    MethodNotAllowed { allow: &'static str },
    /// The caller's address is not listed, or cannot be known, or is that of an inactive sender.
    Address(AddressStatus, Option<IpAddr>),
    /// No token, or one that is not accepted; and what `WWW-Authenticate` says of it.
    Credentials { rejection: TokenRejection, challenges: Vec<String> },
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
    /// The work took too long and was asked to stop.
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
    /// `WWW-Authenticate`, a value for each scheme.
    pub(crate) challenges: Vec<String>,
    /// `DPoP-Nonce`.
    pub(crate) nonce: Option<String>,
    /// Seconds.
    pub(crate) retry_after: Option<u32>,
    pub(crate) allow: Option<&'static str>,
}

impl From<Rejection> for HttpError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<StoreError> for HttpError {
    fn from(error: StoreError) -> Self {
        Self::Rejected(error.into())
    }
}

impl HttpError {
    /// The table.
    pub(crate) fn row(&self) -> Row {
        let code = match self {
            Self::EndpointUnknown => Code::EndpointUnknown,
            Self::MethodNotAllowed { .. } => Code::MethodNotAllowed,
            Self::Address(..) => Code::AddressNotAllowed,
            Self::Credentials { rejection, .. } => code_of(rejection),
            Self::ContentType => Code::MediaTypeUnsupported,
            Self::NotAcceptable => Code::MediaTypeNotAcceptable,
            Self::BodyMissing => Code::BodyMissing,
            Self::BodyTooLarge => Code::BodyTooLarge,
            Self::BodyIncomplete => Code::BodyIncomplete,
            Self::BodyTimeout => Code::RequestTimeout,
            Self::Overloaded | Self::WorkTimeout => Code::Overloaded,
            // `intake` maps its reasons to codes exhaustively; the catalogue has their statuses.
            Self::Rejected(rejection) => rejection.code(),
            Self::Panic => Code::InternalFault,
        };
        let status = code
            .http_status()
            .and_then(|status| StatusCode::from_u16(status).ok())
            // A code without status cannot end a call; if one does, the fault is ours.
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = match self {
            Self::Overloaded => Some(10),
            Self::Credentials {
                rejection: TokenRejection::KeysUnavailable { retry_after },
                ..
            } => Some(u32::try_from(retry_after.as_secs()).unwrap_or(60).max(1)),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(60),
            _ => None,
        };
        let allow = match self {
            Self::MethodNotAllowed { allow } => Some(*allow),
            _ => None,
        };
        let (challenges, nonce) = match self {
            Self::Credentials { rejection, challenges } => {
                let nonce = match rejection {
                    TokenRejection::NonceRequired { nonce } => Some(nonce.clone()),
                    _ => None,
                };
                (challenges.clone(), nonce)
            }
            _ => (Vec::new(), None),
        };
        Row { status, code, challenges, nonce, retry_after, allow }
    }

    /// What was found about a bundle as a whole.
    pub(crate) fn findings(&self) -> &[Finding] {
        match self {
            Self::Rejected(rejection) => rejection.findings(),
            _ => &[],
        }
    }

    /// The rule set that refused a bundle as a whole.
    pub(crate) fn rule_set(&self) -> Option<RuleSetId> {
        match self {
            Self::Rejected(rejection) => rejection.rule_set(),
            _ => None,
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
            Self::Address(AddressStatus::Inactive(organisation), _) => {
                format!("the address is that of sender {organisation}, which is inactive")
            }
            // Whoever keeps the lists has to know which address is missing in them.
            Self::Address(_, Some(address)) => format!("the address {address} is not listed"),
            Self::Address(_, None) => {
                "the caller's address is not known: the trusted proxy does not name it".to_owned()
            }
            Self::Credentials { rejection, .. } => rejection.to_string(),
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

/// The code of each reason for which credentials are rejected.
fn code_of(rejection: &TokenRejection) -> Code {
    use TokenRejection as R;
    match rejection {
        R::InQuery | R::Duplicate | R::MalformedHeader => Code::RequestMalformed,
        R::Missing => Code::TokenMissing,
        R::Scheme | R::SenderConstrained | R::NotBound | R::ProfileEnded => Code::TokenSchemeWrong,
        R::Malformed(lmr_auth::jose::JwsError::Algorithm) | R::Algorithm => {
            Code::TokenAlgorithmNotAllowed
        }
        R::Malformed(_) | R::Times => Code::TokenMalformed,
        R::TokenType => Code::TokenTypeWrong,
        R::Issuer => Code::TokenIssuerUnknown,
        R::UnknownKey => Code::TokenKeyUnknown,
        R::Signature => Code::TokenSignatureInvalid,
        R::Audience { .. } => Code::TokenAudienceWrong,
        R::Expired => Code::TokenExpired,
        R::NotYetValid => Code::TokenNotYetValid,
        R::Lifetime => Code::TokenLifetimeTooLong,
        R::UserToken | R::SystemUser | R::ClientMissing => Code::TokenKindWrong,
        R::Proof(ProofRejection::Missing) => Code::DpopProofMissing,
        R::Proof(ProofRejection::Replayed) => Code::DpopProofReplayed,
        R::Proof(ProofRejection::OtherKey) => Code::DpopBindingMismatch,
        R::Proof(_) => Code::DpopProofInvalid,
        R::NonceRequired { .. } => Code::DpopNonceRequired,
        R::Scope { .. } => Code::TokenScopeMissing,
        R::OrganisationMissing | R::OrganisationMalformed => Code::TokenOrganisationMissing,
        R::KeysUnavailable { .. } => Code::AuthorityUnavailable,
        R::ReplayMemoryUnavailable => Code::StorageUnavailable,
    }
}

/// The answer is made where the caller's wishes and the call's id are known: in `observe`.
impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// An error with its causes, for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
