//! The three endpoints, and the checks of the token endpoint in HelseID's order.

use super::mint::{Grant, mint};
use super::people;
use super::{Client, EndpointFault, State, TOKEN_LIFETIME, Tenancy};
use axum::Json;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use lmr_auth::dpop::{ProofExpectation, ProofWindow, check_proof};
use lmr_auth::jose::{Algorithm, CompactJws, PublicJwk};
use lmr_identifiers::{OrganisationNumber, systems};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest lifetime of an assertion, in seconds, and the tolerance for clocks that differ.
const ASSERTION_LIFETIME: i64 = 60;
const SKEW: i64 = 5;

/// HTTP 400 with an OAuth error.
pub(super) struct Refused {
    error: &'static str,
    description: String,
    /// `DPoP-Nonce`.
    nonce: Option<String>,
}

impl Refused {
    pub(super) fn new(error: &'static str, description: &str) -> Self {
        Self { error, description: description.to_owned(), nonce: None }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        let status = StatusCode::BAD_REQUEST;
        let mut response =
            (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if let Some(nonce) = self.nonce.and_then(|nonce| nonce.parse().ok()) {
            response.headers_mut().insert("dpop-nonce", nonce);
        }
        response
    }
}

pub(super) fn client_refused(why: &str) -> Refused {
    Refused::new("invalid_client", why)
}

pub(super) async fn metadata(Shared(state): Shared<Arc<State>>) -> Response {
    if state.inner().down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let issuer = &state.issuer;
    let algorithms: Vec<_> = Algorithm::ALL.iter().map(|one| one.name()).collect();
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/openid-configuration/jwks"),
        "token_endpoint": format!("{issuer}/connect/token"),
        "authorization_endpoint": format!("{issuer}/connect/authorize"),
        "end_session_endpoint": format!("{issuer}/connect/endsession"),
        "authorization_response_iss_parameter_supported": true,
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "grant_types_supported": ["client_credentials", "authorization_code"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "scopes_supported": [super::LMR_SCOPE, super::DPOP_SCOPE],
        "dpop_signing_alg_values_supported": algorithms,
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
    .into_response()
}

pub(super) async fn jwks(Shared(state): Shared<Arc<State>>) -> Response {
    let mut inner = state.inner();
    if inner.down || inner.endpoint_fault == Some(EndpointFault::KeysAway) {
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
    let endpoint_fault = state.inner().endpoint_fault.clone();
    match &endpoint_fault {
        _ if state.inner().down => {
            let wait = [(header::RETRY_AFTER, "5")];
            return Ok((StatusCode::SERVICE_UNAVAILABLE, wait).into_response());
        }
        Some(EndpointFault::RetryAfter(text)) => {
            let wait = [(header::RETRY_AFTER, text.clone())];
            return Ok((StatusCode::SERVICE_UNAVAILABLE, wait).into_response());
        }
        Some(EndpointFault::Page(status)) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::OK);
            let page = Html("<html><title>Vedlikehold</title><p>Kom tilbake senere.</html>");
            return Ok((status, page).into_response());
        }
        Some(EndpointFault::Named(error, description)) => {
            return Err(Refused::new(error, description));
        }
        _ => {}
    }
    let form = read_form(&headers, &body)?;
    let field =
        |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    match field("grant_type") {
        Some("client_credentials") => {}
        Some("authorization_code") => return people::redeem(&state, &field),
        Some(_) => return Err(Refused::new("unsupported_grant_type", "grant_type")),
        None => return Err(Refused::new("invalid_request", "grant_type is missing")),
    }
    let (client, assertion) = authenticate(
        &state,
        field("client_id"),
        field("client_assertion_type"),
        field("client_assertion"),
    )?;
    let bound_to = match client.dpop {
        true => Some(check_binding(&state, &headers, endpoint_fault.as_ref())?),
        false => None,
    };
    let scopes = granted_scopes(&client, field("scope"))?;
    let mut grant = grant(client, scopes, assertion.get("assertion_details"))?;
    grant.bound_to = bound_to.filter(|_| endpoint_fault != Some(EndpointFault::Unbound));
    let (key, fault) = {
        let mut inner = state.inner();
        inner.tokens_issued += 1;
        (Arc::clone(&inner.key), inner.fault.clone())
    };
    let token = mint(&state, &key, &grant, fault.as_ref())
        .map_err(|_| Refused::new("server_error", "the token cannot be signed"))?;
    let mut body = json!({
        "access_token": token.expose(),
        "expires_in": TOKEN_LIFETIME,
        "token_type": if grant.bound_to.is_some() { "DPoP" } else { "Bearer" },
        "scope": grant.scopes.join(" "),
    });
    match endpoint_fault {
        Some(EndpointFault::WithheldScope) => {
            body["rejected_scope"] = body["scope"].take();
            body["scope"] = json!("");
        }
        Some(EndpointFault::OtherScope) => body["scope"] = json!("fhi:annet.api/les"),
        Some(EndpointFault::ExpiresIn(value)) => {
            body["expires_in"] = value;
            if let Some(members) = body.as_object_mut() {
                members.retain(|_, value| !value.is_null());
            }
        }
        _ => {}
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Checks the DPoP proof and gives the thumbprint of its key. HelseID demands a nonce of its own.
fn check_binding(
    state: &State,
    headers: &HeaderMap,
    fault: Option<&EndpointFault>,
) -> Result<String, Refused> {
    let now = state.now();
    let values: Vec<&[u8]> = headers.get_all("dpop").iter().map(HeaderValue::as_bytes).collect();
    let url = format!("{}/connect/token", state.issuer);
    let expected = ProofExpectation {
        method: "POST",
        urls: &[url],
        access_token: None,
        thumbprint: None,
        algorithms: &Algorithm::ALL,
        window: ProofWindow::default(),
        now,
    };
    let proof = check_proof(&values, &expected)
        .map_err(|why| Refused::new("invalid_dpop_proof", &why.to_string()))?;
    let known = proof.nonce.as_deref().is_some_and(|nonce| state.nonces.recognises(nonce, now));
    if !known || fault == Some(&EndpointFault::EndlessNonce) {
        let mut refused = Refused::new("use_dpop_nonce", "a nonce is demanded");
        refused.nonce = Some(state.nonces.current(now));
        return Err(refused);
    }
    if !state.inner().used_proofs.insert(proof.digest) {
        return Err(Refused::new("invalid_dpop_proof", "the proof was used before"));
    }
    Ok(proof.thumbprint)
}

/// `application/x-www-form-urlencoded`, each name at most once (RFC 6749 section 3.2).
fn read_form(headers: &HeaderMap, body: &str) -> Result<Vec<(String, String)>, Refused> {
    let invalid = |why: &str| Refused::new("invalid_request", why);
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
    let client = state.inner().clients.get(client_id).cloned();
    let client = client.ok_or_else(|| client_refused("unknown client"))?;
    let claims = check_assertion(state, client_id, &client.keys, assertion)?;
    Ok((client, claims))
}

/// The claims of an assertion by one of these keys, which is used up with this.
pub(super) fn check_assertion(
    state: &State,
    client_id: &str,
    keys: &[PublicJwk],
    assertion: &str,
) -> Result<Map<String, Value>, Refused> {
    let jws =
        CompactJws::parse(assertion, 8192).map_err(|_| client_refused("malformed assertion"))?;
    if jws.typ() != Some("client-authentication+jwt") {
        return Err(client_refused("wrong typ"));
    }
    let key = keys
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
    if !state.inner().used_assertions.insert(format!("{client_id} {jti}")) {
        return Err(client_refused("the assertion was used before"));
    }
    Ok(claims)
}

fn granted_scopes(client: &Client, asked: Option<&str>) -> Result<Vec<String>, Refused> {
    let asked = asked.unwrap_or_default();
    if asked.trim().is_empty() {
        return Ok(client.scopes.clone());
    }
    let scopes: Vec<String> =
        asked.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    if let Some(unknown) = scopes.iter().find(|scope| !client.scopes.contains(scope)) {
        return Err(Refused::new(
            "invalid_scope",
            &format!("the client may not ask for {unknown}"),
        ));
    }
    Ok(scopes)
}

/// Reads `assertion_details` and holds it against the registration (HID-1001 to HID-1007).
fn grant(client: Client, scopes: Vec<String>, details: Option<&Value>) -> Result<Grant, Refused> {
    let hid =
        |number: u16, why: &str| Refused::new("invalid_request", &format!("HID-{number}: {why}"));
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
    let bound_to = None;
    Ok(Grant {
        client_id,
        client_name: name,
        scopes,
        parent,
        child,
        supplier,
        multi_tenant,
        bound_to,
    })
}
