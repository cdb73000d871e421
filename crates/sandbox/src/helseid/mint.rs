//! HelseID's access tokens, right ones and spoiled ones.

use super::{State, TOKEN_LIFETIME};
use lmr_auth::SecretString;
use lmr_auth::jose::{Algorithm, SigningKey, SigningKeyError, base64url};
use serde_json::{Value, json};

/// One way to spoil a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenFault {
    /// Expired an hour ago.
    Expired,
    /// Valid from in an hour.
    NotYetValid,
    /// Lives for a week.
    TooLong,
    /// No `exp`.
    WithoutExpiry,
    /// Another key behind the same `kid`.
    WrongKey,
    /// A `kid` that is not in the key set.
    UnknownKid,
    /// The signature's last byte changed.
    BrokenSignature,
    /// `iss` of someone else.
    WrongIssuer,
    /// `aud` of another API.
    WrongAudience,
    /// `aud` of two.
    TwoAudiences,
    /// Another scope.
    WrongScope,
    /// The scopes as one text instead of an array (correct by RFC 9068, not a fault).
    ScopeAsText,
    /// No organisation claim.
    WithoutOrganisation,
    /// An organisation claim with a wrong check digit.
    MalformedOrganisation,
    /// Another organisation.
    OtherOrganisation(String),
    /// `typ` of an ID token in an access token, and the other way round.
    WrongType,
    /// `alg` none and no signature.
    Unsigned,
    /// `alg` HS256 with the public key as secret.
    SharedSecret,
    /// `crit` in the header.
    CriticalHeader,
    /// Bound to a key (`cnf`).
    KeyBound,
    /// A person's token (`sub`).
    WithUser,
    /// No `client_id`.
    WithoutClient,
    /// A claim twice.
    DoubledClaim,
    /// These claims instead of the right ones; null takes one away.
    Claims(Value),
}

/// What a token says when it is right.
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) client_name: String,
    pub(super) scopes: Vec<String>,
    pub(super) parent: String,
    pub(super) child: Option<String>,
    pub(super) supplier: Option<String>,
    pub(super) multi_tenant: bool,
    /// Thumbprint of the key the token is bound to.
    pub(super) bound_to: Option<String>,
}

pub(super) fn mint(
    state: &State,
    key: &SigningKey,
    grant: &Grant,
    fault: Option<&TokenFault>,
) -> Result<SecretString, SigningKeyError> {
    let header = json!({"alg": "RS256", "kid": key.kid(), "x5t": "AAAAAAAAAAAAAAAAAAAAAAAAAAA", "typ": "at+jwt"});
    sign(key, header, right_claims(state, grant), state.now().as_second(), fault)
}

/// Signs a token, spoiled as wished.
pub(super) fn sign(
    key: &SigningKey,
    mut header: Value,
    mut claims: Value,
    now: i64,
    fault: Option<&TokenFault>,
) -> Result<SecretString, SigningKeyError> {
    let Some(fault) = fault else { return key.sign_with_header(&header, &claims) };
    match fault {
        TokenFault::Expired => {
            claims["nbf"] = json!(now - 4200);
            claims["iat"] = json!(now - 4200);
            claims["exp"] = json!(now - 3600);
        }
        TokenFault::NotYetValid => {
            claims["nbf"] = json!(now + 3600);
            claims["exp"] = json!(now + 4200);
        }
        TokenFault::TooLong => claims["exp"] = json!(now + 7 * 24 * 3600),
        TokenFault::WithoutExpiry => drop(claims.as_object_mut().and_then(|all| all.remove("exp"))),
        TokenFault::UnknownKid => header["kid"] = json!("0000000000000000000000000000000000000000"),
        TokenFault::WrongIssuer => claims["iss"] = json!("https://helseid-sts.example.no"),
        TokenFault::WrongAudience => claims["aud"] = json!("fhi:annet.api"),
        TokenFault::TwoAudiences => claims["aud"] = json!(["fhi:lmr.fhirmottak", "fhi:annet.api"]),
        TokenFault::WrongScope => claims["scope"] = json!(["fhi:lmr.fhirmottak/api"]),
        TokenFault::ScopeAsText => {
            let scopes = claims["scope"].as_array().into_iter().flatten().filter_map(Value::as_str);
            claims["scope"] = json!(scopes.fold("annet".to_owned(), |all, one| all + " " + one));
        }
        TokenFault::WithoutOrganisation => {
            if let Some(all) = claims.as_object_mut() {
                all.retain(|name, _| !name.contains("orgnr"));
            }
        }
        TokenFault::MalformedOrganisation => {
            claims["helseid://claims/client/claims/orgnr_parent"] = json!("123456789");
        }
        TokenFault::OtherOrganisation(number) => {
            claims["helseid://claims/client/claims/orgnr_parent"] = json!(number);
        }
        TokenFault::WrongType => {
            header["typ"] = json!(if header["typ"] == "JWT" { "at+jwt" } else { "JWT" });
        }
        TokenFault::CriticalHeader => header["crit"] = json!(["exp"]),
        TokenFault::KeyBound => {
            claims["cnf"] = json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"});
        }
        TokenFault::WithUser => claims["sub"] = json!("a-person"),
        TokenFault::WithoutClient => {
            drop(claims.as_object_mut().and_then(|all| all.remove("client_id")))
        }
        TokenFault::Claims(Value::Object(others)) => {
            if let Some(all) = claims.as_object_mut() {
                all.extend(others.clone());
                all.retain(|_, value| !value.is_null());
            }
        }
        TokenFault::Claims(_) => {}
        TokenFault::WrongKey => {
            let other = SigningKey::generate(Algorithm::RS256, key.kid(), 2048)?;
            return other.sign_with_header(&header, &claims);
        }
        TokenFault::BrokenSignature => {
            let good = key.sign_with_header(&header, &claims)?;
            let (input, signature) = good.expose().rsplit_once('.').unwrap_or_default();
            let first = if signature.starts_with('A') { 'B' } else { 'A' };
            return Ok(SecretString::new(format!("{input}.{first}{}", &signature[1..])));
        }
        TokenFault::Unsigned => {
            header["alg"] = json!("none");
            return Ok(SecretString::new(format!(
                "{}.",
                signing_input(&header, &claims.to_string())
            )));
        }
        TokenFault::SharedSecret => {
            header["alg"] = json!("HS256");
            let input = signing_input(&header, &claims.to_string());
            let secret = aws_lc_rs::hmac::Key::new(
                aws_lc_rs::hmac::HMAC_SHA256,
                key.public().to_json().to_string().as_bytes(),
            );
            let tag = aws_lc_rs::hmac::sign(&secret, input.as_bytes());
            return Ok(SecretString::new(format!("{input}.{}", base64url(tag.as_ref()))));
        }
        TokenFault::DoubledClaim => {
            let text = claims.to_string();
            let repeated = format!("{{\"aud\":\"fhi:annet.api\",{}", &text[1..]);
            let input = signing_input(&header, &repeated);
            let signature = key.sign(input.as_bytes())?;
            return Ok(SecretString::new(format!("{input}.{}", base64url(&signature))));
        }
    }
    key.sign_with_header(&header, &claims)
}

fn right_claims(state: &State, grant: &Grant) -> Value {
    let now = state.now().as_second();
    let audience =
        grant.scopes.first().and_then(|scope| scope.split('/').next()).unwrap_or_default();
    let jti: String = (state.fresh_id)().iter().map(|byte| format!("{byte:02X}")).collect();
    let mut claims = json!({
        "iss": state.issuer,
        "nbf": now,
        "iat": now,
        "exp": now + i64::from(TOKEN_LIFETIME),
        "aud": audience,
        "scope": grant.scopes,
        "client_id": grant.client_id,
        "client_amr": "private_key_jwt",
        "helseid://claims/client/amr": "rsa_private_key",
        "helseid://claims/client/client_name": grant.client_name,
        "helseid://claims/client/client_tenancy":
            if grant.multi_tenant { "multi-tenant" } else { "single-tenant" },
        "helseid://claims/client/claims/orgnr_parent": grant.parent,
        "jti": jti,
    });
    if let Some(thumbprint) = &grant.bound_to {
        claims["cnf"] = json!({ "jkt": thumbprint });
    }
    if let Some(child) = &grant.child {
        claims["helseid://claims/client/claims/orgnr_child"] = json!(child);
    }
    if let Some(supplier) = &grant.supplier {
        claims["helseid://claims/client/claims/orgnr_supplier"] = json!(supplier);
    }
    claims
}

fn signing_input(header: &Value, claims: &str) -> String {
    format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.as_bytes()))
}
