//! Why a request is not let in. `server` has the one table from these to codes and statuses; what
//! `WWW-Authenticate` says is in `challenge.rs`.

use std::time::Duration;

use crate::jose::{JwkError, JwsError};

/// Why a request's credentials are rejected, in the order the checks are made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejection {
    /// A token in the query, where logs and histories see it (RFC 6750 section 2.3).
    #[error("a token in the query")]
    InQuery,
    /// No `Authorization` at all.
    #[error("no credentials")]
    Missing,
    /// More than one `Authorization` header.
    #[error("more than one Authorization header")]
    Duplicate,
    /// The header is not a scheme and a token.
    #[error("the Authorization header is malformed")]
    MalformedHeader,
    /// A scheme that no profile of the issuer takes.
    #[error("the authentication scheme is not accepted here")]
    Scheme,
    /// Not a well-formed signed token of an accepted algorithm.
    #[error("the token is malformed: {0}")]
    Malformed(JwsError),
    /// The algorithm is not in the profile's list.
    #[error("the token's algorithm is not accepted from this issuer")]
    Algorithm,
    /// `typ` is missing where it must be there, or names another kind of token.
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
    #[error("the token is for another audience than {wanted}{}",
        if *differs_in_punctuation_only { ": dot and slash are exchanged" } else { "" })]
    Audience {
        /// What it must be.
        wanted: String,
        /// The token's audience differs in dots and slashes only: `fhi:lmr.fhirmottak` is the name
        /// at HelseID, `fhi:lmr/fhirmottak` the one at Maskinporten.
        differs_in_punctuation_only: bool,
    },
    /// `exp`, `nbf` or `iat` is missing where it must be there, or is not a sensible number.
    #[error("the token's time claims are missing or malformed")]
    Times,
    /// Past `exp`.
    #[error("the token has expired")]
    Expired,
    /// Before `nbf`, or `iat` is in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Lives longer than the profile allows.
    #[error("the token's lifetime is too long")]
    Lifetime,
    /// Has `sub`: a person's token.
    #[error("the token belongs to a person, not to a system")]
    UserToken,
    /// Has `authorization_details`: a system user's token, whose `consumer` is the supplier.
    #[error("the token belongs to a system user, which is not accepted here")]
    SystemUser,
    /// No `client_id`.
    #[error("the token names no client")]
    ClientMissing,
    /// Bound to a key (`cnf`), shown as Bearer.
    #[error("the token is bound to a key and may not be used as bearer token")]
    SenderConstrained,
    /// Shown as DPoP, but bound to no key by its thumbprint (`cnf.jkt`).
    #[error("the token is not bound to a key")]
    NotBound,
    /// The DPoP proof.
    #[error(transparent)]
    Proof(#[from] ProofRejection),
    /// A proof without a nonce of ours, where nonces are demanded.
    #[error("the DPoP proof needs a nonce")]
    NonceRequired {
        /// A fresh one, for the header `DPoP-Nonce`.
        nonce: String,
    },
    /// None of the scopes needed.
    #[error("the token lacks the scope")]
    Scope {
        /// What would have done, separated by blanks.
        needed: String,
    },
    /// No organisation claim.
    #[error("the token names no organisation")]
    OrganisationMissing,
    /// An organisation claim that does not hold an organisation number in the issuer's form.
    #[error("the token's organisation number is malformed")]
    OrganisationMalformed,
    /// The issuer's keys cannot be had: our fault, or the issuer's, not the sender's.
    #[error("the issuer's keys cannot be had")]
    KeysUnavailable {
        /// When another attempt may go better.
        retry_after: Duration,
    },
    /// Whether a proof was used before cannot be found out: our fault.
    #[error("the memory of used DPoP proofs is not available")]
    ReplayMemoryUnavailable,
}

/// Why a DPoP proof is rejected (RFC 9449 section 4.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofRejection {
    /// No `DPoP` header.
    #[error("the DPoP proof is missing")]
    Missing,
    /// More than one `DPoP` header, or more than one value in it.
    #[error("more than one DPoP proof")]
    Duplicate,
    /// Not a well-formed JWS.
    #[error("the DPoP proof is malformed: {0}")]
    Malformed(JwsError),
    /// `typ` is not `dpop+jwt`.
    #[error("the DPoP proof's typ is not dpop+jwt")]
    Type,
    /// The algorithm is not in the profile's list.
    #[error("the DPoP proof's algorithm is not accepted")]
    Algorithm,
    /// `jwk` is missing or not an object.
    #[error("the DPoP proof has no public key in jwk")]
    KeyMissing,
    /// `jwk` cannot be used, or is a private key.
    #[error("the DPoP proof's key cannot be used: {0}")]
    Key(JwkError),
    /// The signature is not by that key.
    #[error("the DPoP proof's signature is wrong")]
    Signature,
    /// `htm` is missing or another method.
    #[error("the DPoP proof is for another method")]
    Method,
    /// `htu` is missing or another address.
    #[error("the DPoP proof is for another address")]
    Address,
    /// `iat` is missing or not a sensible number.
    #[error("the DPoP proof's time claims are missing or malformed")]
    Times,
    /// Made too long ago, or past its own `exp`.
    #[error("the DPoP proof is too old")]
    TooOld,
    /// Made in the future.
    #[error("the DPoP proof is made in the future; is the clock right?")]
    InFuture,
    /// `ath` is missing or not the token's digest.
    #[error("the DPoP proof is for another access token")]
    TokenDigest,
    /// `jti` is missing, empty or longer than 200 bytes.
    #[error("the DPoP proof's jti is missing or too long")]
    Id,
    /// The key is not the one the token is bound to.
    #[error("the DPoP proof is made with another key than the token is bound to")]
    OtherKey,
    /// Used before.
    #[error("the DPoP proof was used before")]
    Replayed,
}
