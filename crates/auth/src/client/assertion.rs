//! The signed statement that authenticates the client, and the form it is sent in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lmr_identifiers::systems;
use serde_json::{Value, json};

use super::settings::{ActingFor, ClientSettings, Flow, ResourceForm, TokenKey};
use crate::jose::SigningKeyError;
use crate::secret::SecretString;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_JWT_TYPE: &str = "client-authentication+jwt";
const JWT_BEARER_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// What ends a parent number without child. NHN's .NET library writes a colon, its Java library
/// nothing; which one HelseID demands is not documented.
const PARENT_ONLY_END: &str = ":";

/// Makes an assertion, good for one request.
pub(super) fn make(
    settings: &ClientSettings,
    key: &TokenKey,
    now: Timestamp,
    id: &str,
) -> Result<SecretString, SigningKeyError> {
    let now = now.as_second();
    let mut claims = json!({
        "iss": settings.client_id,
        "aud": settings.issuer,
        "jti": id,
        "iat": now,
        "exp": now + i64::from(settings.assertion_lifetime_seconds),
    });
    match &settings.flow {
        Flow::HelseIdDpop { acting_for, .. } | Flow::HelseIdBearer { acting_for } => {
            claims["sub"] = json!(settings.client_id);
            claims["nbf"] = json!(now);
            if let Some(details) = assertion_details(acting_for) {
                claims["assertion_details"] = details;
            }
            key.key.sign_jws(ASSERTION_JWT_TYPE, &claims)
        }
        Flow::Maskinporten { consumer, resource_form } => {
            claims["scope"] = json!(settings.scope);
            match (&settings.resource, resource_form) {
                (Some(resource), ResourceForm::Array) => claims["resource"] = json!([resource]),
                (Some(resource), ResourceForm::Text) => claims["resource"] = json!(resource),
                (None, _) => {}
            }
            if let Some(consumer) = consumer {
                claims["consumer_org"] = json!(consumer.as_str());
            }
            key.key.sign_with_header(&maskinporten_header(key), &claims)
        }
    }
}

/// Exactly one of `kid` and `x5c`.
fn maskinporten_header(key: &TokenKey) -> Value {
    let algorithm = key.key.algorithm().name();
    if key.certificates.is_empty() {
        return json!({"alg": algorithm, "kid": key.key.kid(), "typ": "JWT"});
    }
    let chain: Vec<String> = key.certificates.iter().map(|der| STANDARD.encode(der)).collect();
    json!({"alg": algorithm, "x5c": chain})
}

/// The form of the token request.
pub(super) fn form<'a>(
    settings: &'a ClientSettings,
    assertion: &'a SecretString,
) -> Vec<(&'static str, &'a str)> {
    if matches!(settings.flow, Flow::Maskinporten { .. }) {
        return vec![("grant_type", JWT_BEARER_GRANT), ("assertion", assertion.expose())];
    }
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", settings.client_id.as_str()),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.expose()),
        ("scope", settings.scope.as_str()),
    ];
    if let Some(resource) = &settings.resource {
        form.push(("resource", resource));
    }
    form
}

/// The claim `assertion_details`, or nothing where HelseID takes the organisation from the
/// registration.
fn assertion_details(acting_for: &ActingFor) -> Option<Value> {
    let (system, value) = match acting_for {
        ActingFor::Registered => return None,
        ActingFor::Child { child } => (systems::ORGANISATION_NUMBER, child.to_string()),
        ActingFor::Customer { parent, child: Some(child) } => {
            (systems::ORGANISATION_PAIR, format!("NO:ORGNR:{parent}:{child}"))
        }
        ActingFor::Customer { parent, child: None } => {
            (systems::ORGANISATION_PAIR, format!("NO:ORGNR:{parent}{PARENT_ONLY_END}"))
        }
    };
    Some(json!({
        "type": "helseid_authorization",
        "practitioner_role": {
            "organization": {
                "identifier": {"system": system, "type": "ENH", "value": value}
            }
        }
    }))
}
