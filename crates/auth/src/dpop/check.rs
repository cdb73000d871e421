//! Checking proofs (RFC 9449 section 4.3), in the order of its list. Whether a proof was used before
//! is asked last, by whoever has the memory.

use aws_lc_rs::digest::{Context, SHA256};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{PROOF_TYPE, address, token_digest};
use crate::jose::{Algorithm, CompactJws, JwkError, JwsError, PublicJwk};
use crate::numeric_date::{NotADate, numeric_date, seconds};
use crate::rejection::ProofRejection;

/// The longest proof read, in bytes: one with an RSA key of 8192 bits is below 3,500.
pub const MAX_PROOF: usize = 4 * 1024;
/// The longest `jti` read, in bytes.
const MAX_ID: usize = 200;

/// How far a proof's `iat` may be from now, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofWindow {
    /// How old a proof may be.
    pub past_seconds: u32,
    /// How far in the future it may be made, by a clock that is fast.
    pub future_seconds: u32,
}

impl Default for ProofWindow {
    /// 60 seconds back, 10 ahead: FHI's own APIs take 60 with 5 of tolerance.
    fn default() -> Self {
        Self { past_seconds: 60, future_seconds: 10 }
    }
}

/// What a proof must say.
#[derive(Debug, Clone, Copy)]
pub struct ProofExpectation<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's address, in any of the spellings and names the server is called by.
    pub urls: &'a [String],
    /// The token it came with; none at a token endpoint.
    pub access_token: Option<&'a str>,
    /// Thumbprint of the key the token is bound to.
    pub thumbprint: Option<&'a str>,
    /// Accepted algorithms.
    pub algorithms: &'a [Algorithm],
    /// Accepted age.
    pub window: ProofWindow,
    /// Now.
    pub now: Timestamp,
}

/// A proof that holds, but for its nonce and for having been used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Thumbprint of its key.
    pub thumbprint: String,
    /// Its nonce.
    pub nonce: Option<String>,
    /// Names it in the memory of used proofs: SHA-256 over key, address and `jti`.
    pub digest: [u8; 32],
    /// After this it would be too old.
    pub until: Timestamp,
}

/// Checks the values of all `DPoP` headers of a request.
///
/// # Errors
/// [`ProofRejection`], the first reason.
pub fn check_proof(
    headers: &[&[u8]],
    expected: &ProofExpectation<'_>,
) -> Result<Proof, ProofRejection> {
    let text = match headers {
        [] => return Err(ProofRejection::Missing),
        [value] => std::str::from_utf8(value)
            .map_err(|_| ProofRejection::Malformed(JwsError::Encoding))?
            .trim(),
        _ => return Err(ProofRejection::Duplicate),
    };
    if text.contains(',') {
        return Err(ProofRejection::Duplicate);
    }
    let jws = CompactJws::parse(text, MAX_PROOF).map_err(ProofRejection::Malformed)?;
    if jws.typ() != Some(PROOF_TYPE) {
        return Err(ProofRejection::Type);
    }
    if !expected.algorithms.contains(&jws.algorithm()) {
        return Err(ProofRejection::Algorithm);
    }
    let members =
        jws.header().get("jwk").and_then(Value::as_object).ok_or(ProofRejection::KeyMissing)?;
    let key = PublicJwk::from_members(members).map_err(ProofRejection::Key)?;
    let claims = jws.verified_claims(&key).map_err(|error| match error {
        JwsError::KeyMismatch => ProofRejection::Key(JwkError::Algorithm),
        JwsError::Signature => ProofRejection::Signature,
        other => ProofRejection::Malformed(other),
    })?;
    let claim = |name: &str| claims.get(name).and_then(Value::as_str);
    if claim("htm") != Some(expected.method) {
        return Err(ProofRejection::Method);
    }
    let url = claim("htu").and_then(address::normal).ok_or(ProofRejection::Address)?;
    if !expected.urls.iter().any(|known| address::normal(known).as_ref() == Some(&url)) {
        return Err(ProofRejection::Address);
    }
    let malformed = |_: NotADate| ProofRejection::Times;
    let issued = numeric_date(&claims, "iat").map_err(malformed)?.ok_or(ProofRejection::Times)?;
    let (now, ahead) = (seconds(expected.now), f64::from(expected.window.future_seconds));
    if issued < now - f64::from(expected.window.past_seconds)
        || numeric_date(&claims, "exp").map_err(malformed)?.is_some_and(|end| now >= end + ahead)
    {
        return Err(ProofRejection::TooOld);
    }
    if issued > now + ahead
        || numeric_date(&claims, "nbf").map_err(malformed)?.is_some_and(|from| now < from - ahead)
    {
        return Err(ProofRejection::InFuture);
    }
    if let Some(token) = expected.access_token {
        let digest = token_digest(token);
        let same = claim("ath").is_some_and(|claimed| {
            aws_lc_rs::constant_time::verify_slices_are_equal(digest.as_bytes(), claimed.as_bytes())
                .is_ok()
        });
        if !same {
            return Err(ProofRejection::TokenDigest);
        }
    }
    let thumbprint = key.thumbprint();
    if expected.thumbprint.is_some_and(|bound| bound != thumbprint) {
        return Err(ProofRejection::OtherKey);
    }
    let id =
        claim("jti").filter(|id| !id.is_empty() && id.len() <= MAX_ID).ok_or(ProofRejection::Id)?;
    let kept = SignedDuration::from_secs(
        i64::from(expected.window.past_seconds) + i64::from(expected.window.future_seconds) + 1,
    );
    Ok(Proof {
        digest: digest(&thumbprint, &url, id),
        nonce: claim("nonce").map(str::to_owned),
        thumbprint,
        until: expected.now.checked_add(kept).unwrap_or(Timestamp::MAX),
    })
}

/// The parts are divided by a byte that none of them can hold.
fn digest(thumbprint: &str, url: &str, id: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in [thumbprint, url] {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    context.update(id.as_bytes());
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}
