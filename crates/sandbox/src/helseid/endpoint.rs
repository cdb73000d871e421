//! The three endpoints, and the checks of the token endpoint in HelseID's order.

use super::mint::{Grant, mint};
use super::{Client, State, TOKEN_LIFETIME, Tenancy};
use axum::Json;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lmr_auth::jose::CompactJws;
use lmr_identifiers::{OrganisationNumber, systems};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest lifetime of an assertion, in seconds, and the tolerance for clocks that differ.
const ASSERTION_LIFETIME: i64 = 60;
const SKEW: i64 = 5;

/// A refusal: HTTP 400 with an OAuth error.
pub(super) struct Refused(&'static str, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({"error": self.0, "error_description": self.1});
        (StatusCode::BAD_REQUEST, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}

fn client_refused(why: &str) -> Refused {
    Refused("invalid_client", why.to_owned())
}

pub(super) async fn metadata(Shared(state): Shared<Arc<State>>) -> Response {
    if state.inner().down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let issuer = &state.issuer;
    let algorithms: Vec<_> = lmr_auth::jose::Algorithm::ALL.iter().map(|one| one.name()).collect();
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/openid-configuration/jwks"),
        "token_endpoint": format!("{issuer}/connect/token"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "scopes_supported": [super::LMR_SCOPE],
        "response_types_supported": [],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
    .into_response()
}

pub(super) async fn jwks(Shared(state): Shared<Arc<State>>) -> Response {
    let mut inner = state.inner();
    if inner.down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    inner.key_fetches += 1;
    let mut keys = vec![inner.key.public().to_json()];
    keys.extend(inner.retired_key.iter().map(|key| key.public().to_json()));
    Json(json!({"keys": keys})).into_response()
}

pub(super) async fn token(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Refused> {
    if state.inner().down {
        return Ok((StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response());
    }
    let form = read_form(&headers, &body)?;
    let field =
        |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    match field("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return Err(Refused("unsupported_grant_type", "grant_type".to_owned())),
        None => return Err(Refused("invalid_request", "grant_type is missing".to_owned())),
    }
    let client = authenticate(
        &state,
        field("client_id"),
        field("client_assertion_type"),
        field("client_assertion"),
    )?;
    let (client, assertion) = client;
    let scopes = granted_scopes(&client, field("scope"))?;
    let grant = grant(client, scopes, assertion.get("assertion_details"))?;
    let (key, fault) = {
        let mut inner = state.inner();
        inner.tokens_issued += 1;
        (Arc::clone(&inner.key), inner.fault.clone())
    };
    let token = mint(&state, &key, &grant, fault.as_ref())
        .map_err(|_| Refused("server_error", "the token cannot be signed".to_owned()))?;
    let body = json!({
        "access_token": token.expose(),
        "expires_in": TOKEN_LIFETIME,
        "token_type": "Bearer",
        "scope": grant.scopes.join(" "),
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// `application/x-www-form-urlencoded`, each name at most once (RFC 6749 section 3.2).
fn read_form(headers: &HeaderMap, body: &str) -> Result<Vec<(String, String)>, Refused> {
    let invalid = |why: &str| Refused("invalid_request", why.to_owned());
    let kind =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(invalid("the content type is not a form"));
    }
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(client_refused("secrets are not accepted"));
    }
    let mut form: Vec<(String, String)> = Vec::new();
    // A URL's query has the same encoding as a form.
    let parsed =
        reqwest::Url::parse(&format!("http://form/?{body}")).map_err(|_| invalid("form"))?;
    for (name, value) in parsed.query_pairs() {
        if form.iter().any(|(known, _)| *known == name) {
            return Err(invalid("a field is given twice"));
        }
        form.push((name.into_owned(), value.into_owned()));
    }
    Ok(form)
}

/// The client behind the assertion, and the assertion's claims.
fn authenticate(
    state: &State,
    client_id: Option<&str>,
    assertion_type: Option<&str>,
    assertion: Option<&str>,
) -> Result<(Client, Map<String, Value>), Refused> {
    if assertion_type != Some(ASSERTION_TYPE) {
        return Err(client_refused("private_key_jwt is the only way to authenticate"));
    }
    let client_id = client_id.ok_or_else(|| client_refused("client_id is missing"))?;
    let assertion = assertion.ok_or_else(|| client_refused("client_assertion is missing"))?;
    let mut inner = state.inner();
    let client =
        inner.clients.get(client_id).cloned().ok_or_else(|| client_refused("unknown client"))?;
    let jws =
        CompactJws::parse(assertion, 8192).map_err(|_| client_refused("malformed assertion"))?;
    if jws.typ() != Some("client-authentication+jwt") {
        return Err(client_refused("wrong typ"));
    }
    let key = client
        .keys
        .iter()
        .find(|key| key.kid().is_some() && key.kid() == jws.kid())
        .ok_or_else(|| client_refused("unknown kid"))?;
    // A registered key is bound to one algorithm; `verified_claims` refuses any other.
    let claims =
        jws.verified_claims(key).map_err(|_| client_refused("wrong signature or algorithm"))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    if text("iss") != Some(client_id) || text("sub") != Some(client_id) {
        return Err(client_refused("iss and sub must be the client id"));
    }
    if text("aud") != Some(state.issuer.as_str()) {
        return Err(client_refused("aud must be the issuer"));
    }
    let now = state.now().as_second();
    let expires = number("exp").ok_or_else(|| client_refused("exp is missing"))?;
    if expires + SKEW < now {
        return Err(client_refused("the assertion has expired"));
    }
    if expires > now + ASSERTION_LIFETIME + SKEW {
        return Err(client_refused("the assertion lives too long"));
    }
    if number("nbf").is_some_and(|from| from > now + SKEW) {
        return Err(client_refused("the assertion is not valid yet"));
    }
    let jti = text("jti")
        .filter(|jti| !jti.is_empty())
        .ok_or_else(|| client_refused("jti is missing"))?;
    if !inner.used_assertions.insert(format!("{client_id} {jti}")) {
        return Err(client_refused("the assertion was used before"));
    }
    Ok((client, claims))
}

fn granted_scopes(client: &Client, asked: Option<&str>) -> Result<Vec<String>, Refused> {
    let asked = asked.unwrap_or_default();
    if asked.trim().is_empty() {
        return Ok(client.scopes.clone());
    }
    let scopes: Vec<String> =
        asked.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    if let Some(unknown) = scopes.iter().find(|scope| !client.scopes.contains(scope)) {
        return Err(Refused("invalid_scope", format!("the client may not ask for {unknown}")));
    }
    Ok(scopes)
}

/// Reads `assertion_details` and holds it against the registration (HID-1001 to HID-1007).
fn grant(client: Client, scopes: Vec<String>, details: Option<&Value>) -> Result<Grant, Refused> {
    let hid = |number: u16, why: &str| Refused("invalid_request", format!("HID-{number}: {why}"));
    let identifier = match details {
        None => None,
        Some(details) => {
            let one = match details {
                Value::Array(all) => all.iter().find(|one| one["type"] == "helseid_authorization"),
                one => Some(one),
            };
            let one = one.filter(|one| one["type"] == "helseid_authorization");
            let identifier = one.map(|one| &one["practitioner_role"]["organization"]["identifier"]);
            let identifier = identifier
                .filter(|id| id["type"] == "ENH")
                .ok_or_else(|| hid(1007, "malformed"))?;
            let text = |name: &str| identifier[name].as_str().map(str::to_owned);
            let (Some(system), Some(value)) = (text("system"), text("value")) else {
                return Err(hid(1007, "malformed"));
            };
            Some((system, value))
        }
    };
    let nine = |number: &str| {
        OrganisationNumber::parse(number)
            .map(|number| number.to_string())
            .map_err(|_| hid(1004, "an organisation number is nine digits"))
    };
    let Client { client_id, name, tenancy, .. } = client;
    let (parent, child, supplier, multi_tenant) = match (tenancy, identifier) {
        (Tenancy::Single { parent, .. }, None) => (parent, None, None, false),
        (Tenancy::Single { parent, children }, Some((system, value))) => {
            if system != systems::ORGANISATION_NUMBER {
                return Err(hid(1005, "a single-tenant client may not pass a parent"));
            }
            let child = nine(&value)?;
            if !children.contains(&child) {
                return Err(hid(1002, "the child organisation is not registered"));
            }
            (parent, Some(child), None, false)
        }
        (Tenancy::Multi { .. }, None) => {
            return Err(hid(1007, "a multi-tenant client must name its customer"));
        }
        (Tenancy::Multi { supplier, customers }, Some((system, value))) => {
            let numbers = value
                .strip_prefix("NO:ORGNR:")
                .filter(|_| system == systems::ORGANISATION_PAIR)
                .ok_or_else(|| hid(1007, "malformed"))?;
            // The real one is not clear on the last colon of a parent alone; both are taken.
            let (parent, child) = numbers.split_once(':').unwrap_or((numbers, ""));
            let parent = nine(parent)?;
            if !customers.contains(&parent) {
                return Err(hid(1001, "the customer has not delegated to this supplier"));
            }
            let child = if child.is_empty() { None } else { Some(nine(child)?) };
            (parent, child, Some(supplier), true)
        }
    };
    Ok(Grant { client_id, client_name: name, scopes, parent, child, supplier, multi_tenant })
}
