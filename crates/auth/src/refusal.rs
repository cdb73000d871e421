//! Why a request is not let in. `server` has the one table from these to HTTP.

use crate::jose::JwsFault;

/// Why a request's credentials are refused, in the order the checks are made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No `Authorization` at all.
    #[error("no credentials")]
    Missing,
    /// More than one `Authorization` header.
    #[error("more than one Authorization header")]
    Doubled,
    /// The header is not a scheme and a token.
    #[error("the Authorization header is malformed")]
    MalformedHeader,
    /// A scheme that no profile takes.
    #[error("the authentication scheme is not accepted here")]
    Scheme,
    /// Not a well-formed signed token of an accepted algorithm.
    #[error("the token is malformed: {0}")]
    Malformed(JwsFault),
    /// The algorithm is not in the profile's list.
    #[error("the token's algorithm is not accepted from this issuer")]
    Algorithm,
    /// `typ` is missing or another kind of token.
    #[error("the token's type is not that of an access token")]
    TokenType,
    /// `iss` is missing or not a trusted issuer.
    #[error("the token is from an issuer that is not trusted")]
    Issuer,
    /// The profile's last day is over.
    #[error("this kind of token is no longer accepted")]
    ProfileEnded,
    /// No `kid`, or one that the issuer does not have.
    #[error("the token is signed with an unknown key")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// `aud` is missing, another, or more than one.
    #[error("the token is for another audience")]
    Audience,
    /// `exp`, `nbf` or `iat` is missing where it must stand, or no sensible number.
    #[error("the token's time claims are missing or malformed")]
    Times,
    /// Past `exp`.
    #[error("the token has expired")]
    Expired,
    /// Before `nbf`, or `iat` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Lives longer than the profile allows.
    #[error("the token's lifetime is too long")]
    Lifetime,
    /// Has `sub`: a person's token.
    #[error("the token belongs to a person, not to a system")]
    UserToken,
    /// No `client_id`.
    #[error("the token names no client")]
    ClientMissing,
    /// Bound to a key (`cnf`), shown as Bearer.
    #[error("the token is bound to a key and may not be used as bearer token")]
    SenderConstrained,
    /// None of the scopes needed.
    #[error("the token lacks the scope")]
    Scope {
        /// What would have done, separated by blanks.
        needed: String,
    },
    /// No organisation claim.
    #[error("the token names no organisation")]
    OrganisationMissing,
    /// An organisation claim that is no organisation number.
    #[error("the token's organisation number is malformed")]
    OrganisationMalformed,
    /// The issuer's keys cannot be had: our fault, or the issuer's, not the sender's.
    #[error("the issuer's keys cannot be had")]
    KeysUnavailable,
}
