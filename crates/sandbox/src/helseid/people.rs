//! Synthetic people who sign in to a site: authorization code flow with PKCE, as strict as OAuth 2.0's best current
//! practice (RFC 9700): exact addresses, S256 only, codes that are used once.

use super::State;
use super::endpoint::{ASSERTION_TYPE, Refused, check_assertion, client_refused};
use super::mint;
use axum::Json;
use axum::extract::{Query, State as Shared};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use lmr_auth::jose::{PublicJwk, base64url};
use reqwest::Url;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// How long a code can be redeemed, in seconds.
const CODE_LIFETIME: i64 = 60;
/// Lifetime of an ID token, in seconds.
const ID_TOKEN_LIFETIME: i64 = 300;

/// The console's id, where `lmr sandbox helseid --console` registers it.
pub const SITE_ID: &str = "lmr-console";
/// And its secret, which is none: nothing behind it is real.
pub const SITE_SECRET: &str = "liksom-hemmelighet";

/// Somebody who can sign in. Nobody is asked for a password: none of them exists.
#[derive(Debug, Clone)]
pub struct Person {
    /// `sub`.
    pub subject: String,
    /// `name` and `preferred_username`.
    pub name: String,
    /// `roles`.
    pub roles: Vec<String>,
}

impl Person {
    /// The operators of a simulated register: one for each role of the console, and one without.
    #[must_use]
    pub fn operators() -> Vec<Self> {
        let person = |subject: &str, name: &str, role: Option<&str>| Self {
            subject: subject.to_owned(),
            name: name.to_owned(),
            roles: role.map(str::to_owned).into_iter().collect(),
        };
        vec![
            person("liksom-1", "Lise Leser", Some("lmr-leser")),
            person("liksom-2", "Vilde Vakt", Some("lmr-vakt")),
            person("liksom-3", "Leif Leder", Some("lmr-leder")),
            person("liksom-4", "Geir Gjest", None),
        ]
    }
}

/// How a site shows that it redeems a code.
#[derive(Debug, Clone)]
pub enum SiteCredential {
    /// `client_secret_post`.
    Secret(String),
    /// `private_key_jwt`.
    Key(Box<PublicJwk>),
}

/// A site whose visitors sign in here.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its id.
    pub client_id: String,
    /// How it redeems codes.
    pub credential: SiteCredential,
    /// Where browsers are sent back to, whole addresses.
    pub redirect_uris: Vec<String>,
}

/// What a code stands for.
pub(super) struct Code {
    client_id: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    person: Person,
    made: i64,
}

/// Shows who can sign in, and sends the one that is chosen (`person`) back with a code.
pub(super) async fn authorize(
    Shared(state): Shared<Arc<State>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| asked.get(name).map_or("", String::as_str);
    let mut inner = state.inner();
    if inner.down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let site = inner.sites.get(field("client_id"));
    let redirect_uri = field("redirect_uri");
    // To an address that is not registered nobody is sent, not even with an error.
    if !site.is_some_and(|site| site.redirect_uris.iter().any(|known| known == redirect_uri)) {
        let page = html("<h1>Ukjent nettsted</h1><p lang=\"en\">Unknown site or address.</p>");
        return (StatusCode::BAD_REQUEST, page).into_response();
    }
    let refused = |error: &str| {
        let fields = [("error", error), ("state", field("state")), ("iss", &*state.issuer)];
        back(redirect_uri, &fields)
    };
    if field("response_type") != "code" {
        return refused("unsupported_response_type");
    }
    if !field("scope").split(' ').any(|scope| scope == "openid") {
        return refused("invalid_scope");
    }
    if field("code_challenge_method") != "S256" || field("code_challenge").len() != 43 {
        return refused("invalid_request");
    }
    if field("person") == "-" {
        return refused("access_denied");
    }
    let chosen = inner.people.iter().find(|one| one.subject == field("person")).cloned();
    let Some(person) = chosen else {
        let mut list = String::new();
        let names = inner.people.iter().map(|one| (&*one.subject, &*one.name));
        for (subject, name) in names.chain([("-", "Avbryt (cancel)")]) {
            let mut url = "/connect/authorize?".to_owned();
            for (key, value) in asked.iter().map(|(key, value)| (&**key, &**value)) {
                if key != "person" {
                    url.push_str(&format!("{}={}&amp;", encoded(key), encoded(value)));
                }
            }
            list.push_str(&format!(
                "<li><a href=\"{url}person={}\">{}</a>",
                encoded(subject),
                name.replace('&', "&amp;").replace('<', "&lt;")
            ));
        }
        return html(&format!(
            "<h1>Hvem logger inn?</h1><p>Ingen av dem finnes. <span lang=\"en\">None of them exists.</span><ul>{list}</ul>"
        ))
        .into_response();
    };
    let code = base64url(&[(state.fresh_id)(), (state.fresh_id)()].concat());
    let granted = Code {
        client_id: field("client_id").to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        challenge: field("code_challenge").to_owned(),
        nonce: asked.get("nonce").cloned(),
        person,
        made: state.now().as_second(),
    };
    inner.codes.insert(code.clone(), granted);
    drop(inner);
    back(redirect_uri, &[("code", &*code), ("state", field("state")), ("iss", &*state.issuer)])
}

/// Signs out, and sends the browser back to the site's own pages.
pub(super) async fn end_session(
    Shared(state): Shared<Arc<State>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| asked.get(name).map_or("", String::as_str);
    let inner = state.inner();
    let to = field("post_logout_redirect_uri");
    let is_own = |known: &String| match (Url::parse(known), Url::parse(to)) {
        (Ok(known), Ok(to)) => known.origin() == to.origin(),
        _ => false,
    };
    let site = inner.sites.get(field("client_id"));
    match site.is_some_and(|site| site.redirect_uris.iter().any(is_own)) {
        true => back(to, &[]),
        false => html("<h1>Logget ut</h1><p lang=\"en\">Signed out.</p>").into_response(),
    }
}

/// The part of the token endpoint that redeems codes.
pub(super) fn redeem<'a>(
    state: &State,
    field: &impl Fn(&str) -> Option<&'a str>,
) -> Result<Response, Refused> {
    let client_id = field("client_id").unwrap_or_default();
    let site = state.inner().sites.get(client_id).cloned();
    let site = site.ok_or_else(|| client_refused("unknown client"))?;
    match &site.credential {
        SiteCredential::Secret(secret) => {
            if field("client_secret") != Some(secret) {
                return Err(client_refused("wrong secret"));
            }
        }
        SiteCredential::Key(key) => {
            let assertion = field("client_assertion").unwrap_or_default();
            if field("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(client_refused("private_key_jwt is demanded"));
            }
            check_assertion(state, client_id, std::slice::from_ref(&**key), assertion)?;
        }
    }
    let invalid = |why: &str| Refused::new("invalid_grant", why);
    let now = state.now().as_second();
    // Used up by an attempt, whatever comes of it.
    let code = state.inner().codes.remove(field("code").unwrap_or_default());
    let code = code.ok_or_else(|| invalid("the code is unknown, or was used before"))?;
    let verifier = field("code_verifier").unwrap_or_default();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    if now > code.made + CODE_LIFETIME {
        return Err(invalid("the code has expired"));
    }
    if code.client_id != client_id || field("redirect_uri") != Some(&code.redirect_uri) {
        return Err(invalid("the code is of another client or address"));
    }
    if base64url(digest.as_ref()) != code.challenge {
        return Err(invalid("the verifier does not fit the challenge"));
    }
    let (key, fault) = {
        let mut inner = state.inner();
        inner.tokens_issued += 1;
        (Arc::clone(&inner.key), inner.fault.clone())
    };
    let mut claims = json!({
        "iss": state.issuer,
        "sub": code.person.subject,
        "aud": client_id,
        "iat": now,
        "exp": now + ID_TOKEN_LIFETIME,
        "name": code.person.name,
        "preferred_username": code.person.name,
        "roles": code.person.roles,
    });
    if let Some(nonce) = code.nonce {
        claims["nonce"] = json!(nonce);
    }
    let header = json!({"alg": "RS256", "kid": key.kid(), "typ": "JWT"});
    let token = mint::sign(&key, header, claims, now, fault.as_ref())
        .map_err(|_| Refused::new("server_error", "the token cannot be signed"))?;
    let body = json!({
        "id_token": token.expose(),
        "access_token": base64url(&(state.fresh_id)()),
        "token_type": "Bearer",
        "expires_in": ID_TOKEN_LIFETIME,
        "scope": "openid",
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn html(body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"nb\"><meta name=\"viewport\" content=\"width=device-width\"><title>Lokal HelseID</title><link rel=\"icon\" href=\"data:,\">{body}</html>"
    ))
}

/// To the site, with these fields after those that its address has.
fn back(to: &str, fields: &[(&str, &str)]) -> Response {
    let Ok(mut url) = Url::parse(to) else { return StatusCode::BAD_REQUEST.into_response() };
    if !fields.is_empty() {
        url.query_pairs_mut().extend_pairs(fields);
    }
    match HeaderValue::from_str(url.as_str()) {
        Ok(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn encoded(text: &str) -> String {
    let Ok(mut url) = Url::parse("x:/") else { return String::new() };
    url.query_pairs_mut().append_key_only(text);
    url.query().unwrap_or_default().to_owned()
}
