//! What an access token must say, by its trust profile, once its signature has been verified.

use lmr_identifiers::{OrganisationNumber, systems};
use serde_json::{Map, Value};

use crate::numeric_date::{NotADate, numeric_date};
use crate::profile::{OrganisationClaim, Scheme, TrustProfile};
use crate::rejection::TokenRejection;
use crate::verifier::VerifiedToken;

const ORGNR_PARENT: &str = "helseid://claims/client/claims/orgnr_parent";
const ORGNR_CHILD: &str = "helseid://claims/client/claims/orgnr_child";
const ORGNR_SUPPLIER: &str = "helseid://claims/client/claims/orgnr_supplier";
/// Length of a SHA-256 thumbprint in base64url.
const THUMBPRINT_LENGTH: usize = 43;

/// The checks that need nothing but the claims, in their order: issuer, audience, times, kind of token,
/// binding.
pub(crate) fn check(
    profile: &TrustProfile,
    claims: &Map<String, Value>,
    now: f64,
) -> Result<(), TokenRejection> {
    if text(claims, "iss") != Some(profile.issuer.as_str()) {
        return Err(TokenRejection::Issuer);
    }
    let audience = sole_audience(claims);
    if audience != Some(profile.audience.as_str()) {
        let plain = |text: &str| text.replace('.', "/");
        return Err(TokenRejection::Audience {
            wanted: profile.audience.clone(),
            differs_in_punctuation_only: audience
                .is_some_and(|audience| plain(audience) == plain(&profile.audience)),
        });
    }
    check_times(profile, claims, now)?;
    if claims.contains_key("sub") {
        return Err(TokenRejection::UserToken);
    }
    if profile.organisation == OrganisationClaim::MaskinportenConsumer
        && claims.contains_key("authorization_details")
    {
        return Err(TokenRejection::SystemUser);
    }
    client_id(claims)?;
    match profile.scheme {
        Scheme::Bearer if claims.contains_key("cnf") => Err(TokenRejection::SenderConstrained),
        Scheme::Bearer => Ok(()),
        Scheme::Dpop => key_thumbprint(claims).map(drop),
    }
}

/// Scope and organisation: what the token gives right to.
pub(crate) fn authorise(
    profile: &TrustProfile,
    claims: &Map<String, Value>,
) -> Result<VerifiedToken, TokenRejection> {
    let granted = scopes(claims);
    if !profile.scopes.iter().any(|scope| granted.contains(&scope.as_str())) {
        return Err(TokenRejection::Scope { needed: profile.scopes.join(" ") });
    }
    let (organisation, child_organisation, supplier) = match profile.organisation {
        OrganisationClaim::HelseidParent => (
            helseid(claims, ORGNR_PARENT)?,
            helseid(claims, ORGNR_CHILD)?,
            helseid(claims, ORGNR_SUPPLIER)?,
        ),
        OrganisationClaim::MaskinportenConsumer => {
            (maskinporten(claims, "consumer")?, None, maskinporten(claims, "supplier")?)
        }
    };
    let client_id = client_id(claims)?;
    let organisation = organisation.ok_or(TokenRejection::OrganisationMissing).inspect_err(|_| {
        tracing::warn!(
            profile = profile.name,
            client_id,
            "token without organisation: at HelseID, is the claim orgnr_parent selected for the API in Selvbetjening?"
        );
    })?;
    Ok(VerifiedToken {
        profile: profile.name.clone(),
        scheme: profile.scheme,
        organisation,
        child_organisation,
        supplier,
        delegation_source: text(claims, "delegation_source").map(str::to_owned),
        client_id: client_id.to_owned(),
        token_id: text(claims, "jti").map(str::to_owned),
    })
}

/// `cnf.jkt` (RFC 9449 section 6.1).
pub(crate) fn key_thumbprint(claims: &Map<String, Value>) -> Result<&str, TokenRejection> {
    let base64url = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    claims
        .get("cnf")
        .and_then(|cnf| cnf.get("jkt"))
        .and_then(Value::as_str)
        .filter(|jkt| jkt.len() == THUMBPRINT_LENGTH && jkt.bytes().all(base64url))
        .ok_or(TokenRejection::NotBound)
}

/// HelseID writes an array, RFC 9068 and Maskinporten a text separated by blanks. Anything else gives
/// none.
pub(crate) fn scopes(claims: &Map<String, Value>) -> Vec<&str> {
    match claims.get("scope") {
        Some(Value::String(scopes)) => {
            scopes.split(' ').filter(|scope| !scope.is_empty()).collect()
        }
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn check_times(
    profile: &TrustProfile,
    claims: &Map<String, Value>,
    now: f64,
) -> Result<(), TokenRejection> {
    let date = |name| numeric_date(claims, name).map_err(|_: NotADate| TokenRejection::Times);
    let leeway = f64::from(profile.leeway_seconds);
    let expires = date("exp")?.ok_or(TokenRejection::Times)?;
    let issued = date("iat")?;
    if now >= expires + leeway {
        return Err(TokenRejection::Expired);
    }
    if date("nbf")?.is_some_and(|from| now < from - leeway) {
        return Err(TokenRejection::NotYetValid);
    }
    if issued.is_some_and(|issued| issued > now + leeway) {
        return Err(TokenRejection::NotYetValid);
    }
    if let Some(longest) = profile.max_lifetime_seconds {
        let issued = issued.ok_or(TokenRejection::Times)?;
        if expires - issued > f64::from(longest) {
            return Err(TokenRejection::Lifetime);
        }
    }
    Ok(())
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

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

fn client_id(claims: &Map<String, Value>) -> Result<&str, TokenRejection> {
    text(claims, "client_id").filter(|id| !id.is_empty()).ok_or(TokenRejection::ClientMissing)
}

/// Nine digits as a text.
fn helseid(
    claims: &Map<String, Value>,
    name: &str,
) -> Result<Option<OrganisationNumber>, TokenRejection> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    value
        .as_str()
        .and_then(|text| OrganisationNumber::parse(text).ok())
        .map(Some)
        .ok_or(TokenRejection::OrganisationMalformed)
}

/// ISO 6523: the authority and `0192:` with nine digits; nothing else exists so far.
fn maskinporten(
    claims: &Map<String, Value>,
    name: &str,
) -> Result<Option<OrganisationNumber>, TokenRejection> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    value
        .get("ID")
        .and_then(Value::as_str)
        .filter(|_| value["authority"] == systems::ISO6523_ACTOR)
        .and_then(|id| id.strip_prefix("0192:"))
        .and_then(|number| OrganisationNumber::parse(number).ok())
        .map(Some)
        .ok_or(TokenRejection::OrganisationMalformed)
}
