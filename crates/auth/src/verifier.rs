//! The receiver's side: from the `Authorization` headers to a caller that is known.

use crate::http::Fetcher;
use crate::issuer_keys::{IssuerKeys, KeyCache, KeyError};
use crate::jose::{CompactJws, JwsFault};
use crate::profile::{Environment, ProfileError, Scheme, TrustProfile, check_all};
use crate::refusal::Refusal;
use crate::sources::{Clock, seconds};
use lmr_identifiers::OrganisationNumber;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The longest access token read, in bytes.
pub const MAX_TOKEN: usize = 8 * 1024;
/// Numbers above this are no dates (2^53).
const MAX_NUMERIC_DATE: f64 = 9_007_199_254_740_992.0;

const ORGNR_PARENT: &str = "helseid://claims/client/claims/orgnr_parent";
const ORGNR_CHILD: &str = "helseid://claims/client/claims/orgnr_child";
const ORGNR_SUPPLIER: &str = "helseid://claims/client/claims/orgnr_supplier";

/// Who calls, proven by a token. The token itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// The trust profile it satisfies.
    pub profile: String,
    /// The organisation that stands behind the call (proven by the issuer).
    pub organisation: OrganisationNumber,
    /// The sub-unit the client says it acts for. HelseID does not prove it for multi-tenant
    /// clients, so it is a statement only.
    pub child_organisation: Option<OrganisationNumber>,
    /// The supplier that acts for the organisation.
    pub supplier: Option<OrganisationNumber>,
    /// The client's id at the issuer; for logs.
    pub client_id: String,
    /// `jti`, when the token has one; for logs.
    pub token_id: Option<String>,
}

/// Verifies tokens by the configured trust profiles.
pub struct TokenVerifier {
    profiles: Vec<TrustProfile>,
    /// One key cache per issuer; keys never cross over.
    issuers: Vec<(String, IssuerKeys)>,
    clock: Clock,
}

impl TokenVerifier {
    /// Checks the profiles and makes the caches; fetches nothing yet.
    ///
    /// # Errors
    /// [`ProfileError`]: the receiver must not start.
    pub fn new(
        profiles: Vec<TrustProfile>,
        fetcher: &Arc<dyn Fetcher>,
        clock: Clock,
        cache: KeyCache,
    ) -> Result<Self, ProfileError> {
        check_all(&profiles)?;
        let mut issuers: Vec<(String, IssuerKeys)> = Vec::new();
        for profile in &profiles {
            if profile.not_after.is_none() && profile.environment == Environment::Production {
                tracing::warn!(
                    profile = profile.name,
                    "bearer tokens without a last day are accepted"
                );
            }
            if !issuers.iter().any(|(issuer, _)| *issuer == profile.issuer) {
                let local = profile.environment == Environment::Local;
                let keys = IssuerKeys::new(
                    &profile.issuer,
                    local,
                    Arc::clone(fetcher),
                    Arc::clone(&clock),
                    cache,
                );
                issuers.push((profile.issuer.clone(), keys));
            }
        }
        Ok(Self { profiles, issuers, clock })
    }

    /// The schemes that an answer 401 may offer.
    #[must_use]
    pub fn schemes(&self) -> Vec<Scheme> {
        let mut schemes: Vec<Scheme> = Vec::new();
        for profile in &self.profiles {
            if !schemes.contains(&profile.scheme) {
                schemes.push(profile.scheme);
            }
        }
        schemes
    }

    /// Whether the keys of every issuer are at hand; for the readiness check.
    pub async fn ready(&self) -> bool {
        for (_, keys) in &self.issuers {
            if !keys.ready().await {
                return false;
            }
        }
        true
    }

    /// Verifies the values of all `Authorization` headers of a request.
    ///
    /// # Errors
    /// [`Refusal`], the first reason in the order of the checks.
    pub async fn verify(&self, authorization: &[&[u8]]) -> Result<VerifiedToken, Refusal> {
        let token = bearer_token(authorization)?;
        let jws = CompactJws::parse(token, MAX_TOKEN).map_err(Refusal::Malformed)?;
        // Unverified: chooses whose keys are asked, nothing else.
        let claimed = jws.unverified_claims().map_err(Refusal::Malformed)?;
        let issuer = claimed.get("iss").and_then(Value::as_str).ok_or(Refusal::Issuer)?;
        let candidates: Vec<_> =
            self.profiles.iter().filter(|profile| profile.issuer == issuer).collect();
        let (_, keys) =
            self.issuers.iter().find(|(name, _)| name == issuer).ok_or(Refusal::Issuer)?;
        let profile = choose(&candidates, &claimed).ok_or(Refusal::Issuer)?;

        if !profile.algorithms.contains(&jws.algorithm()) {
            return Err(Refusal::Algorithm);
        }
        if !jws
            .typ()
            .is_some_and(|typ| profile.types.iter().any(|known| known.eq_ignore_ascii_case(typ)))
        {
            return Err(Refusal::TokenType);
        }
        let now = (self.clock)();
        if profile.not_after.is_some_and(|last| now > last) {
            return Err(Refusal::ProfileEnded);
        }
        let key =
            keys.key(jws.kid().ok_or(Refusal::UnknownKey)?).await.map_err(|error| match error {
                KeyError::Unknown => Refusal::UnknownKey,
                KeyError::Unavailable => Refusal::KeysUnavailable,
            })?;
        let claims = jws.verified_claims(&key).map_err(|fault| match fault {
            JwsFault::KeyMismatch => Refusal::UnknownKey,
            JwsFault::Signature => Refusal::Signature,
            other => Refusal::Malformed(other),
        })?;
        check_claims(profile, &claims, seconds(now))
    }
}

/// The token in the one `Authorization` header (RFC 6750 section 2.1, RFC 9110 section 11.4).
fn bearer_token<'a>(authorization: &[&'a [u8]]) -> Result<&'a str, Refusal> {
    let value = match authorization {
        [] => return Err(Refusal::Missing),
        [value] => std::str::from_utf8(value).map_err(|_| Refusal::MalformedHeader)?,
        _ => return Err(Refusal::Doubled),
    };
    let (scheme, rest) = value.trim().split_once(' ').ok_or(Refusal::MalformedHeader)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Scheme);
    }
    let token = rest.trim_start_matches(' ');
    let is_token68 = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    if token.is_empty() || !token.chars().all(is_token68) {
        return Err(Refusal::MalformedHeader);
    }
    Ok(token)
}

/// Of the profiles of one issuer, the one whose scope and audience the token names. When none fits,
/// the first is taken, so that its checks say what is wrong; a profile's checks are all made in any
/// case, so this choice lets nothing in.
fn choose<'a>(
    candidates: &[&'a TrustProfile],
    claims: &Map<String, Value>,
) -> Option<&'a TrustProfile> {
    let scopes = scopes(claims);
    let fits = |profile: &TrustProfile| {
        profile.scopes.iter().any(|scope| scopes.contains(&scope.as_str()))
    };
    candidates.iter().find(|profile| fits(profile)).or_else(|| candidates.first()).copied()
}

/// The checks on the verified claims, in their order.
fn check_claims(
    profile: &TrustProfile,
    claims: &Map<String, Value>,
    now: f64,
) -> Result<VerifiedToken, Refusal> {
    if claims.get("iss").and_then(Value::as_str) != Some(profile.issuer.as_str()) {
        return Err(Refusal::Issuer);
    }
    if sole_audience(claims) != Some(profile.audience.as_str()) {
        return Err(Refusal::Audience);
    }
    check_times(profile, claims, now)?;
    if claims.contains_key("sub") {
        return Err(Refusal::UserToken);
    }
    let client_id =
        text(claims, "client_id").filter(|id| !id.is_empty()).ok_or(Refusal::ClientMissing)?;
    if claims.contains_key("cnf") {
        return Err(Refusal::SenderConstrained);
    }
    let granted = scopes(claims);
    if !profile.scopes.iter().any(|scope| granted.contains(&scope.as_str())) {
        return Err(Refusal::Scope { needed: profile.scopes.join(" ") });
    }
    let organisation =
        organisation(claims, ORGNR_PARENT)?.ok_or(Refusal::OrganisationMissing).inspect_err(|_| {
            tracing::warn!(
                profile = profile.name,
                client_id,
                "token without orgnr_parent: is the claim selected for the API in HelseID Selvbetjening?"
            );
        })?;
    Ok(VerifiedToken {
        profile: profile.name.clone(),
        organisation,
        child_organisation: self::organisation(claims, ORGNR_CHILD)?,
        supplier: self::organisation(claims, ORGNR_SUPPLIER)?,
        client_id: client_id.to_owned(),
        token_id: text(claims, "jti").map(str::to_owned),
    })
}

fn check_times(
    profile: &TrustProfile,
    claims: &Map<String, Value>,
    now: f64,
) -> Result<(), Refusal> {
    let leeway = f64::from(profile.leeway_seconds);
    let expires = numeric_date(claims, "exp")?.ok_or(Refusal::Times)?;
    let issued = numeric_date(claims, "iat")?;
    if now >= expires + leeway {
        return Err(Refusal::Expired);
    }
    if numeric_date(claims, "nbf")?.is_some_and(|from| now < from - leeway) {
        return Err(Refusal::NotYetValid);
    }
    if issued.is_some_and(|issued| issued > now + leeway) {
        return Err(Refusal::NotYetValid);
    }
    if let Some(longest) = profile.max_lifetime_seconds {
        let issued = issued.ok_or(Refusal::Times)?;
        if expires - issued > f64::from(longest) {
            return Err(Refusal::Lifetime);
        }
    }
    Ok(())
}

/// RFC 7519 section 2: a JSON number, not necessarily whole.
fn numeric_date(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_f64().ok_or(Refusal::Times)?;
            if (0.0..=MAX_NUMERIC_DATE).contains(&number) {
                Ok(Some(number))
            } else {
                Err(Refusal::Times)
            }
        }
    }
}

/// A text, or an array of exactly one.
fn sole_audience(claims: &Map<String, Value>) -> Option<&str> {
    match claims.get("aud")? {
        Value::String(audience) => Some(audience),
        Value::Array(items) => match items.as_slice() {
            [Value::String(audience)] => Some(audience),
            _ => None,
        },
        _ => None,
    }
}

/// HelseID writes an array, RFC 9068 a text separated by blanks. Anything else gives none.
fn scopes(claims: &Map<String, Value>) -> Vec<&str> {
    match claims.get("scope") {
        Some(Value::String(scopes)) => {
            scopes.split(' ').filter(|scope| !scope.is_empty()).collect()
        }
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

fn organisation(
    claims: &Map<String, Value>,
    name: &str,
) -> Result<Option<OrganisationNumber>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_str()
            .and_then(|text| OrganisationNumber::parse(text).ok())
            .map(Some)
            .ok_or(Refusal::OrganisationMalformed),
    }
}
