//! `WWW-Authenticate` (RFC 6750 section 3, RFC 9449 section 7.1).

use crate::jose::Algorithm;
use crate::profile::Scheme;
use crate::rejection::TokenRejection;

/// The error a challenge names.
enum OauthError<'a> {
    None,
    InvalidRequest,
    InvalidToken,
    InvalidProof,
    UseNonce,
    InsufficientScope(Option<&'a str>),
}

/// The challenge of one scheme, or nothing where the caller could not do better.
pub(crate) fn value(
    scheme: Scheme,
    rejection: &TokenRejection,
    proof_algorithms: &[Algorithm],
) -> Option<String> {
    let mut value = format!("{} realm=\"lmr\"", scheme.name());
    let error = match (error_of(rejection)?, scheme) {
        // The proof's faults concern the one scheme that has proofs.
        (OauthError::InvalidProof | OauthError::UseNonce, Scheme::Bearer) => OauthError::None,
        (error, _) => error,
    };
    let name = match error {
        OauthError::None => None,
        OauthError::InvalidRequest => Some("invalid_request"),
        OauthError::InvalidToken => Some("invalid_token"),
        OauthError::InvalidProof => Some("invalid_dpop_proof"),
        OauthError::UseNonce => Some("use_dpop_nonce"),
        OauthError::InsufficientScope(_) => Some("insufficient_scope"),
    };
    if let Some(name) = name {
        let description: String = rejection
            .to_string()
            .chars()
            .filter(|c| (c.is_ascii_graphic() || *c == ' ') && *c != '"' && *c != '\\')
            .collect();
        value.push_str(&format!(", error=\"{name}\", error_description=\"{description}\""));
    }
    if let OauthError::InsufficientScope(Some(scope)) = error {
        value.push_str(&format!(", scope=\"{scope}\""));
    }
    if scheme == Scheme::Dpop {
        let names: Vec<_> = proof_algorithms.iter().map(|algorithm| algorithm.name()).collect();
        value.push_str(&format!(", algs=\"{}\"", names.join(" ")));
    }
    Some(value)
}

fn error_of(rejection: &TokenRejection) -> Option<OauthError<'_>> {
    use TokenRejection as R;
    Some(match rejection {
        R::Missing | R::Scheme => OauthError::None,
        R::InQuery | R::Duplicate | R::MalformedHeader => OauthError::InvalidRequest,
        R::Malformed(_)
        | R::Algorithm
        | R::TokenType
        | R::Issuer
        | R::ProfileEnded
        | R::UnknownKey
        | R::Signature
        | R::Audience { .. }
        | R::Times
        | R::Expired
        | R::NotYetValid
        | R::Lifetime
        | R::UserToken
        | R::SystemUser
        | R::ClientMissing
        | R::SenderConstrained
        | R::NotBound => OauthError::InvalidToken,
        R::Proof(_) => OauthError::InvalidProof,
        R::NonceRequired { .. } => OauthError::UseNonce,
        R::Scope { needed } => OauthError::InsufficientScope(Some(needed)),
        R::OrganisationMissing | R::OrganisationMalformed => OauthError::InsufficientScope(None),
        R::KeysUnavailable { .. } | R::ReplayMemoryUnavailable => return None,
    })
}
