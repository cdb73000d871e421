//! A Maskinporten on this machine: metadata, keys and a token endpoint that checks grants as the real one
//! does, with its error codes (MP-nnn).

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use lmr_auth::jose::{Algorithm, CompactJws, PublicJwk, SigningKey, SigningKeyError};
use lmr_auth::{Clock, FreshId, SecretString};
use lmr_identifiers::{OrganisationNumber, systems};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::certificates::rsa_key;
use crate::helseid::HelseIdError;

/// The register's scope at Maskinporten.
pub const SCOPE: &str = "fhi:lmr/fhirmottak.api";
/// The register's name at Maskinporten: `resource` of the grant and `aud` of the token.
pub const RESOURCE: &str = "fhi:lmr/fhirmottak";
/// Lifetime of a token in seconds.
const TOKEN_LIFETIME: i64 = 599;
/// Longest lifetime of a grant in seconds.
const GRANT_LIFETIME: i64 = 120;
/// How far a grant's `iat` may be from now, in seconds.
const SKEW: i64 = 10;

/// A registered client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its id.
    pub client_id: String,
    /// The organisation that owns it.
    pub organisation: OrganisationNumber,
    /// Its registered public key.
    pub key: PublicJwk,
    /// Whether it is known by an enterprise certificate (`x5c`) instead of the key's `kid`; the DER of
    /// the leaf that counts.
    pub certificate: Option<Vec<u8>>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// Organisations that have delegated to it in Altinn.
    pub delegations: Vec<OrganisationNumber>,
}

impl Client {
    /// An organisation's own client with the register's scope.
    #[must_use]
    pub fn own(client_id: &str, organisation: OrganisationNumber, key: &PublicJwk) -> Self {
        Self {
            client_id: client_id.to_owned(),
            organisation,
            key: key.clone(),
            certificate: None,
            scopes: vec![SCOPE.to_owned()],
            delegations: Vec::new(),
        }
    }
}

struct State {
    issuer: String,
    clock: Clock,
    fresh_id: FreshId,
    key: SigningKey,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    clients: HashMap<String, Client>,
    used_grants: HashSet<String>,
    down: bool,
    error: Option<(&'static str, String)>,
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Signs a token; `changes` replace claims, null takes one away.
    fn mint(
        &self,
        client_id: &str,
        consumer: OrganisationNumber,
        supplier: Option<OrganisationNumber>,
        audience: Value,
        changes: &Value,
    ) -> Result<SecretString, SigningKeyError> {
        let now = self.now().as_second();
        let jti: String = (self.fresh_id)().iter().map(|byte| format!("{byte:02x}")).collect();
        let actor = |number: OrganisationNumber| json!({ "authority": systems::ISO6523_ACTOR, "ID": format!("0192:{number}") });
        let mut claims = json!({
            "aud": audience,
            "iss": self.issuer,
            "scope": SCOPE,
            "client_id": client_id,
            "client_amr": "private_key_jwt",
            "token_type": "Bearer",
            "consumer": actor(consumer),
            "exp": now + TOKEN_LIFETIME,
            "iat": now,
            "jti": jti,
        });
        if let Some(supplier) = supplier {
            claims["supplier"] = actor(supplier);
            claims["delegation_source"] = json!("https://www.altinn.no");
        }
        if let (Some(all), Some(changes)) = (claims.as_object_mut(), changes.as_object()) {
            all.extend(changes.clone());
            all.retain(|_, value| !value.is_null());
        }
        let header = json!({ "alg": self.key.algorithm().name(), "kid": self.key.kid() });
        self.key.sign_with_header(&header, &claims)
    }
}

/// A running local Maskinporten. It stops when this is dropped.
pub struct LocalMaskinporten {
    state: Arc<State>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl std::fmt::Debug for LocalMaskinporten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let issuer = &self.state.issuer;
        f.debug_struct("LocalMaskinporten").field("issuer", issuer).finish_non_exhaustive()
    }
}

impl LocalMaskinporten {
    /// Listens on 127.0.0.1; port 0 takes any free one.
    ///
    /// # Errors
    /// [`HelseIdError`]: it cannot listen, or has no key.
    pub async fn start(port: u16, clock: Clock, fresh_id: FreshId) -> Result<Self, HelseIdError> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let pair = rsa_key("maskinporten/1", 2048)?;
        let key = SigningKey::from_pkcs8(pair.serialized_der(), "mp-1", Algorithm::RS256)?;
        let state = Arc::new(State {
            issuer: format!("http://{address}/"),
            clock,
            fresh_id,
            key,
            inner: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/jwk", get(jwks))
            .route("/token", post(token))
            .with_state(Arc::clone(&state));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the local Maskinporten ended");
            }
        });
        Ok(Self { state, address, task })
    }

    /// `iss`, with its slash at the end.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.state.issuer
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Registers a client, or replaces it.
    pub fn register(&self, client: Client) {
        self.state.inner().clients.insert(client.client_id.clone(), client);
    }

    /// Answers 503 everywhere while true.
    pub fn set_down(&self, down: bool) {
        self.state.inner().down = down;
    }

    /// Answers every grant with this OAuth error and description, or again as it should.
    pub fn misbehave(&self, error: Option<(&'static str, String)>) {
        self.state.inner().error = error;
    }

    /// Makes a token without the endpoint; `changes` replace claims, null takes one away.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub fn token(
        &self,
        consumer: OrganisationNumber,
        changes: &Value,
    ) -> Result<SecretString, SigningKeyError> {
        self.state.mint("test-client", consumer, None, json!(RESOURCE), changes)
    }
}

impl Drop for LocalMaskinporten {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// HTTP 400 with an OAuth error and the code in its description.
struct Rejected(&'static str, &'static str);

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.0, "error_description": self.1 });
        (StatusCode::BAD_REQUEST, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}

async fn metadata(Shared(state): Shared<Arc<State>>) -> Response {
    if state.inner().down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let issuer = &state.issuer;
    Json(json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}token"),
        "jwks_uri": format!("{issuer}jwk"),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "RS512"],
    }))
    .into_response()
}

async fn jwks(Shared(state): Shared<Arc<State>>) -> Response {
    if state.inner().down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    Json(json!({ "keys": [state.key.public().to_json()] })).into_response()
}

async fn token(Shared(state): Shared<Arc<State>>, body: String) -> Result<Response, Rejected> {
    if state.inner().down {
        return Ok((StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response());
    }
    let error = state.inner().error.clone();
    if let Some((error, description)) = error {
        let body = json!({ "error": error, "error_description": description });
        return Ok((StatusCode::BAD_REQUEST, Json(body)).into_response());
    }
    // A URL's query has the same encoding as a form.
    let form = reqwest::Url::parse(&format!("http://form/?{body}"))
        .map_err(|_| Rejected("invalid_request", "form"))?;
    let field = |name: &str| {
        form.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    };
    if field("grant_type").as_deref() != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
        return Err(Rejected("unsupported_grant_type", "grant_type"));
    }
    let assertion = field("assertion").ok_or(Rejected("invalid_request", "assertion"))?;
    let (client, claims) = authenticate(&state, &assertion)?;
    let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    if scope.is_empty() || !scope.split(' ').all(|one| client.scopes.iter().any(|s| s == one)) {
        return Err(Rejected("invalid_scope", "MP-200: the scope is not granted to the client"));
    }
    let audience = match claims.get("resource") {
        None => json!("unspecified"),
        Some(Value::Array(all)) if all.len() == 1 => all[0].clone(),
        Some(Value::Array(all)) => json!(all),
        Some(_) => return Err(Rejected("invalid_request", "resource must be an array")),
    };
    let (consumer, supplier) = match claims.get("consumer_org").map(|value| value.as_str()) {
        None => (client.organisation, None),
        Some(text) => {
            let consumer = text
                .and_then(|text| OrganisationNumber::parse(text).ok())
                .filter(|number| client.delegations.contains(number))
                .ok_or(Rejected("invalid_grant", "MP-251: no delegation from the consumer"))?;
            (consumer, Some(client.organisation))
        }
    };
    let token = state
        .mint(&client.client_id, consumer, supplier, audience, &json!({ "scope": scope }))
        .map_err(|_| Rejected("server_error", "the token cannot be signed"))?;
    let body = json!({
        "access_token": token.expose(),
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFETIME,
        "scope": scope,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// The client behind a grant, and the grant's claims.
fn authenticate(state: &State, assertion: &str) -> Result<(Client, Map<String, Value>), Rejected> {
    let malformed = Rejected("invalid_grant", "MP-011: the grant is malformed");
    let jws = CompactJws::parse(assertion, 16 * 1024).map_err(|_| malformed)?;
    let malformed = || Rejected("invalid_grant", "MP-011: the grant is malformed");
    if !["RS256", "RS384", "RS512"].contains(&jws.algorithm().name()) {
        return Err(Rejected("invalid_grant", "MP-120: the algorithm is not accepted"));
    }
    let claimed = jws.unverified_claims().map_err(|_| malformed())?;
    let mut inner = state.inner();
    let client = claimed
        .get("iss")
        .and_then(Value::as_str)
        .and_then(|id| inner.clients.get(id).cloned())
        .ok_or(Rejected("invalid_client", "MP-100: unknown client"))?;
    match (&client.certificate, jws.kid(), jws.header().get("x5c")) {
        (None, Some(kid), None) if client.key.kid() == Some(kid) => {}
        (None, ..) => return Err(Rejected("invalid_grant", "MP-121: unknown kid")),
        (Some(der), None, Some(Value::Array(chain))) => {
            use base64::Engine as _;
            let leaf = base64::engine::general_purpose::STANDARD.encode(der);
            if chain.first().and_then(Value::as_str) != Some(leaf.as_str()) {
                return Err(Rejected("invalid_grant", "MP-123: x5c"));
            }
        }
        (Some(_), ..) => return Err(Rejected("invalid_grant", "MP-123: x5c")),
    }
    let claims = jws
        .verified_claims(&client.key)
        .map_err(|_| Rejected("invalid_grant", "MP-011: the signature is wrong"))?;
    if claims.get("aud").and_then(Value::as_str) != Some(state.issuer.as_str()) {
        return Err(Rejected("invalid_grant", "MP-110: wrong aud"));
    }
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    let (Some(issued), Some(expires)) = (number("iat"), number("exp")) else {
        return Err(malformed());
    };
    let now = state.now().as_second();
    if (issued - now).abs() > SKEW || expires <= now || expires - issued > GRANT_LIFETIME {
        return Err(Rejected("invalid_grant", "MP-130: the grant has expired or lives too long"));
    }
    let id = claims.get("jti").and_then(Value::as_str).ok_or_else(malformed)?;
    if !inner.used_grants.insert(format!("{} {id}", client.client_id)) {
        return Err(Rejected("invalid_grant", "MP-012: the grant was used before"));
    }
    Ok((client, claims))
}
