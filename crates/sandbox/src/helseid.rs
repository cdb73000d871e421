//! A HelseID on this machine: metadata, keys and a token endpoint that checks clients as the real one
//! does, with its refusals; people sign in to registered sites (OpenID Connect). Its tokens can be spoiled on purpose, after the list of the real test
//! token service.

mod endpoint;
mod mint;
mod people;

pub use mint::TokenFault;
pub use people::{Person, SITE_ID, SITE_SECRET, Site, SiteCredential};

use crate::certificates::{CertificateMakeError, rsa_key};
use axum::Router;
use axum::routing::{get, post};
use jiff::Timestamp;
use lmr_auth::dpop::NonceIssuer;
use lmr_auth::jose::{Algorithm, PublicJwk, SigningKey, SigningKeyError};
use lmr_auth::{Clock, FreshId, SecretString};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The register's scope of the seed era.
pub const LMR_SCOPE: &str = "fhi:lmr.fhirmottak/all";
/// The register's scope for tokens that are bound to a key.
pub const DPOP_SCOPE: &str = "fhi:lmr.fhirmottak/api";
/// Lifetime of a token in seconds, as seen from the real one.
pub const TOKEN_LIFETIME: u32 = 600;

/// Why the local HelseID cannot start.
#[derive(Debug, thiserror::Error)]
pub enum HelseIdError {
    /// The address is taken.
    #[error("the local HelseID cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// Its key cannot be made.
    #[error("the local HelseID's key: {0}")]
    Key(#[from] SigningKeyError),
    /// Its key cannot be made.
    #[error("the local HelseID's key: {0}")]
    Make(#[from] CertificateMakeError),
}

/// How a client is registered: whom it acts for.
#[derive(Debug, Clone)]
pub enum Tenancy {
    /// The organisation's own client.
    Single {
        /// The organisation.
        parent: String,
        /// Sub-units it may name.
        children: Vec<String>,
    },
    /// A supplier's client that customers have delegated to.
    Multi {
        /// The supplier.
        supplier: String,
        /// Customers with a delegation.
        customers: Vec<String>,
    },
}

/// A registered client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Its registered public keys.
    pub keys: Vec<PublicJwk>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// Whom it acts for.
    pub tenancy: Tenancy,
    /// Whether its tokens are bound to a key (DPoP).
    pub dpop: bool,
}

/// A way in which the token endpoint, or what belongs to it, answers otherwise than it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointFault {
    /// A page in HTML with this status, as a gateway or a maintenance page gives.
    Page(u16),
    /// A token without the scope asked for, named in `rejected_scope`.
    WithheldScope,
    /// Another scope than the one asked for.
    OtherScope,
    /// Bearer for a client that sent a proof.
    Unbound,
    /// This value of `expires_in`; null leaves it out.
    ExpiresIn(Value),
    /// A new nonce demanded for every attempt.
    EndlessNonce,
    /// `Retry-After` with this text and 503.
    RetryAfter(String),
    /// HTTP 400 with this OAuth error and description.
    Named(&'static str, String),
    /// Its own answers as they should be, but no keys at `jwks_uri` (503).
    KeysAway,
}

impl Client {
    /// An organisation's own client with the register's scope.
    #[must_use]
    pub fn single_tenant(client_id: &str, organisation: &str, key: &PublicJwk) -> Self {
        Self {
            client_id: client_id.to_owned(),
            name: format!("Liksom fagsystem {organisation}"),
            keys: vec![key.clone()],
            scopes: vec![LMR_SCOPE.to_owned()],
            tenancy: Tenancy::Single { parent: organisation.to_owned(), children: Vec::new() },
            dpop: false,
        }
    }
}

/// What the endpoints share.
struct State {
    issuer: String,
    clock: Clock,
    fresh_id: FreshId,
    nonces: NonceIssuer,
    inner: Mutex<Inner>,
}

struct Inner {
    clients: HashMap<String, Client>,
    sites: HashMap<String, Site>,
    people: Vec<Person>,
    codes: HashMap<String, people::Code>,
    used_assertions: HashSet<String>,
    key: Arc<SigningKey>,
    retired_key: Option<Arc<SigningKey>>,
    fault: Option<TokenFault>,
    endpoint_fault: Option<EndpointFault>,
    used_proofs: HashSet<[u8; 32]>,
    down: bool,
    tokens_issued: u64,
    key_fetches: u64,
    rotations: u32,
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// A running local HelseID. It stops when this is dropped.
pub struct LocalHelseId {
    state: Arc<State>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for LocalHelseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalHelseId").field("issuer", &self.state.issuer).finish_non_exhaustive()
    }
}

impl LocalHelseId {
    /// Listens on 127.0.0.1; port 0 takes any free one.
    ///
    /// # Errors
    /// [`HelseIdError`].
    pub async fn start(port: u16, clock: Clock, fresh_id: FreshId) -> Result<Self, HelseIdError> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let key = Arc::new(issuer_key("helseid/1")?);
        let state = Arc::new(State {
            issuer: format!("http://{address}"),
            nonces: NonceIssuer::new(&fresh_id()),
            clock,
            fresh_id,
            inner: Mutex::new(Inner {
                clients: HashMap::new(),
                sites: HashMap::new(),
                people: Vec::new(),
                codes: HashMap::new(),
                used_assertions: HashSet::new(),
                key,
                retired_key: None,
                fault: None,
                endpoint_fault: None,
                used_proofs: HashSet::new(),
                down: false,
                tokens_issued: 0,
                key_fetches: 0,
                rotations: 0,
            }),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(endpoint::metadata))
            .route("/.well-known/openid-configuration/jwks", get(endpoint::jwks))
            .route("/connect/token", post(endpoint::token))
            .route("/connect/authorize", get(people::authorize))
            .route("/connect/endsession", get(people::end_session))
            .with_state(Arc::clone(&state));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let until = async {
                // A dropped sender means stop as well.
                let _ = stopped.await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
                tracing::error!(%error, "the local HelseID ended");
            }
        });
        Ok(Self { state, address, stop: Some(stop), task: Some(task) })
    }

    /// `iss`, and the address to discover it by.
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

    /// Registers a site whose visitors sign in here, or replaces it.
    pub fn register_site(&self, site: Site) {
        self.state.inner().sites.insert(site.client_id.clone(), site);
    }

    /// Registers somebody who can sign in.
    pub fn register_person(&self, person: Person) {
        self.state.inner().people.push(person);
    }

    /// What a browser gets at an address of this issuer's: the status, and where it is sent to.
    ///
    /// # Errors
    /// [`reqwest::Error`] when there is no answer.
    pub async fn visit(&self, url: &str) -> Result<(u16, Option<String>), reqwest::Error> {
        let stay = reqwest::redirect::Policy::none();
        let browser = reqwest::Client::builder().redirect(stay).no_proxy().build()?;
        let answer = browser.get(url).send().await?;
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        Ok((answer.status().as_u16(), location.map(str::to_owned)))
    }

    /// Spoils every token that the endpoint gives from now on.
    pub fn spoil(&self, fault: Option<TokenFault>) {
        self.state.inner().fault = fault;
    }

    /// Makes the token endpoint answer otherwise from now on.
    pub fn misbehave(&self, fault: Option<EndpointFault>) {
        self.state.inner().endpoint_fault = fault;
    }

    /// Answers 503 everywhere while true.
    pub fn set_down(&self, down: bool) {
        self.state.inner().down = down;
    }

    /// How many tokens the endpoint has given.
    #[must_use]
    pub fn tokens_issued(&self) -> u64 {
        self.state.inner().tokens_issued
    }

    /// How often the key set was fetched.
    #[must_use]
    pub fn key_fetches(&self) -> u64 {
        self.state.inner().key_fetches
    }

    /// Signs with a new key from now on; the old one stays in the set until the next rotation.
    ///
    /// # Errors
    /// [`HelseIdError`].
    pub fn rotate_keys(&self) -> Result<(), HelseIdError> {
        let rotations = {
            let mut inner = self.state.inner();
            inner.rotations += 1;
            inner.rotations
        };
        let key = Arc::new(issuer_key(&format!("helseid/{}", rotations + 1))?);
        let mut inner = self.state.inner();
        let old = std::mem::replace(&mut inner.key, key);
        inner.retired_key = Some(old);
        Ok(())
    }

    /// Makes a token without the endpoint, like the real test token service: for the organisation
    /// given, spoiled as wished.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub fn token(
        &self,
        organisation: &str,
        fault: Option<&TokenFault>,
    ) -> Result<SecretString, SigningKeyError> {
        let grant = mint::Grant {
            client_id: "11111111-2222-4333-8444-555555555555".to_owned(),
            client_name: "Test token".to_owned(),
            scopes: vec![LMR_SCOPE.to_owned()],
            parent: organisation.to_owned(),
            child: None,
            supplier: None,
            multi_tenant: false,
            bound_to: None,
        };
        let key = Arc::clone(&self.state.inner().key);
        mint::mint(&self.state, &key, &grant, fault)
    }

    /// Stops and waits until it has.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the local HelseID did not stop well");
        }
    }
}

impl Drop for LocalHelseId {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// RS256 with a `kid` of 40 capital hex digits, as HelseID's.
fn issuer_key(purpose: &str) -> Result<SigningKey, HelseIdError> {
    let pair = rsa_key(purpose, 2048)?;
    let digest = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
        pair.public_key_raw(),
    );
    let kid: String = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(SigningKey::from_pkcs8(pair.serialized_der(), &kid, Algorithm::RS256)?)
}
