//! A receiver on loopback with a store and an issuer made for tests.

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_auth::jose::{Algorithm, SigningKey};
use lmr_auth::{
    Answer as IssuerAnswer, ConnectCause, Environment, FetchError, Fetcher, KeyCache,
    TokenVerifier, TrustProfile,
};
use lmr_envelope::{DecryptionKeys, SystemRandom};
use lmr_intake::{
    AllowList, Asked, Avsender, Committed, Current, Delivery, DeliveryFilter, DeliverySummary,
    Identity, Known, OrganisationNumber, Parts, Receiver, RefusedCall, Seen, Settings, Store,
    StoreError, StoredVersion,
};
use lmr_server::{HttpSettings, Services, serve};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const BUNDLE_CHECK: &str = "/fhirmottak/v1/validateLegemiddelregisterBundle";

const NOW: &str = "2025-03-01T12:00:00Z";

/// A store that remembers nothing and can be made to fail.
#[derive(Default)]
pub struct Moody(AtomicU8, Mutex<Vec<RefusedCall>>);

impl Moody {
    pub const FINE: u8 = 0;
    pub const UNAVAILABLE: u8 = 1;
    pub const PANICKING: u8 = 2;
    pub const STUCK: u8 = 3;
    pub const CLOSING: u8 = 4;

    pub fn be(&self, mood: u8) {
        self.0.store(mood, Ordering::SeqCst);
    }

    fn now(&self) -> Result<(), StoreError> {
        match self.0.load(Ordering::SeqCst) {
            Self::FINE => Ok(()),
            Self::CLOSING => Err(StoreError::Closing),
            Self::UNAVAILABLE => Err(StoreError::Unavailable("the disk is at lunch".into())),
            _ => panic!("the store panics, as asked"),
        }
    }
}

#[async_trait]
impl Store for Moody {
    async fn close(&self) {}
    async fn ready(&self) -> Result<(), StoreError> {
        self.now()
    }
    async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        while self.0.load(Ordering::SeqCst) == Self::STUCK {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.now().map(|()| Vec::new())
    }
    async fn save_avsender(&self, _: &Avsender) -> Result<(), StoreError> {
        self.now()
    }
    async fn replace_avsender(
        &self,
        _: Option<&Avsender>,
        _: &Avsender,
    ) -> Result<bool, StoreError> {
        self.now().map(|()| true)
    }
    async fn remove_avsender(&self, _: OrganisationNumber) -> Result<bool, StoreError> {
        self.now().map(|()| false)
    }
    async fn seen(
        &self,
        _: OrganisationNumber,
        _: &str,
        _: &[u8; 32],
    ) -> Result<Option<Seen>, StoreError> {
        self.now().map(|()| None)
    }
    async fn bundle_identifier_seen(
        &self,
        _: OrganisationNumber,
        _: &str,
    ) -> Result<bool, StoreError> {
        self.now().map(|()| false)
    }
    async fn current(
        &self,
        _: OrganisationNumber,
        identities: &[Identity],
    ) -> Result<Vec<Option<Current>>, StoreError> {
        self.now().map(|()| identities.iter().map(|_| None).collect())
    }
    async fn systems_of_others(
        &self,
        _: OrganisationNumber,
        _: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.now().map(|()| Vec::new())
    }
    async fn commit(&self, _: Delivery) -> Result<Committed, StoreError> {
        self.now().map(|()| Committed::Stored { receipt: String::new() })
    }
    async fn refuse_for_good(
        &self,
        _: OrganisationNumber,
        _: &[u8; 32],
        _: Timestamp,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        self.now()
    }
    async fn known(&self, _: OrganisationNumber, asked: Asked<'_>) -> Result<Known, StoreError> {
        let current = asked.identities.iter().map(|_| None).collect();
        self.now().map(|()| Known {
            is_refused: false,
            is_identifier_used: false,
            systems_of_others: Vec::new(),
            current,
        })
    }
    async fn newest_receipt(&self, _: OrganisationNumber) -> Result<Option<String>, StoreError> {
        self.now().map(|()| None)
    }
    async fn record_proof(
        &self,
        _: &[u8; 32],
        _: Timestamp,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        self.now().map(|()| true)
    }
    async fn history(&self, _: &str, _: &str) -> Result<Vec<StoredVersion>, StoreError> {
        self.now().map(|()| Vec::new())
    }
    async fn keep_refused(&self, calls: Vec<RefusedCall>) -> Result<usize, StoreError> {
        self.1.lock().unwrap().extend(calls);
        self.now().map(|()| 0)
    }
    async fn refused_calls(&self, _: &DeliveryFilter) -> Result<Vec<RefusedCall>, StoreError> {
        self.now().map(|()| self.1.lock().unwrap().clone())
    }
    async fn deliveries(&self, _: &DeliveryFilter) -> Result<Vec<DeliverySummary>, StoreError> {
        self.now().map(|()| Vec::new())
    }
}

/// An issuer that has one key, or is not there.
pub struct Issuer(Option<String>);

#[async_trait]
impl Fetcher for Issuer {
    async fn get(&self, url: &str) -> Result<IssuerAnswer, FetchError> {
        let keys = self.0.as_ref().ok_or(FetchError::Connect(ConnectCause::Unknown))?;
        let body = if url.ends_with("/jwks") {
            keys.clone()
        } else {
            r#"{"issuer":"https://issuer.example.no","jwks_uri":"https://issuer.example.no/jwks"}"#
                .to_owned()
        };
        Ok(IssuerAnswer {
            status: 200,
            content_type: None,
            retry_after: None,
            dpop_nonce: None,
            body: body.into_bytes(),
        })
    }

    async fn post_form(
        &self,
        _: &str,
        _: &[(&str, &str)],
        _: Option<&str>,
    ) -> Result<IssuerAnswer, FetchError> {
        Err(FetchError::Connect(ConnectCause::Unknown))
    }
}

pub struct Running {
    pub address: SocketAddr,
    pub key: Arc<SigningKey>,
    pub store: Arc<Moody>,
    pub client: reqwest::Client,
    pub stop: Option<oneshot::Sender<()>>,
    pub task: JoinHandle<()>,
}

impl Running {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn send(&self, method: Method, path: &str) -> reqwest::Response {
        self.client.request(method, self.url(path)).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> reqwest::Response {
        self.client.post(self.url(path)).body(body).send().await.unwrap()
    }

    /// A token for this organisation.
    pub fn token(&self, organisation: &str) -> String {
        let now = NOW.parse::<Timestamp>().unwrap().as_second();
        let claims = serde_json::json!({
            "iss": "https://issuer.example.no",
            "aud": "fhi:lmr.fhirmottak",
            "scope": ["fhi:lmr.fhirmottak/all"],
            "client_id": "klient",
            "nbf": now, "iat": now, "exp": now + 300,
            "helseid://claims/client/claims/orgnr_parent": organisation,
        });
        self.key.sign_jws("at+jwt", &claims).unwrap().expose().to_owned()
    }

    /// A message of this organisation, with a token.
    pub fn message(
        &self,
        organisation: &str,
        body: impl Into<reqwest::Body>,
    ) -> reqwest::RequestBuilder {
        let request = self.client.post(self.url("/fhirmottak/v1"));
        request.bearer_auth(self.token(organisation)).body(body)
    }

    /// The value of a metric, by its name with labels.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let text = self.send(Method::GET, "/metrics").await.text().await.unwrap();
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// The way back from a refusal: the receiver still answers.
    pub async fn still_works(&self) {
        assert_eq!(self.send(Method::GET, "/health/live").await.status(), StatusCode::OK);
    }
}

/// A receiver that admits loopback, with an issuer at hand.
pub async fn start() -> Running {
    start_with(HttpSettings::default(), "127.0.0.1", true).await
}

pub async fn start_with(settings: HttpSettings, admitted: &str, issuer: bool) -> Running {
    let store = Arc::new(Moody::default());
    let clock: lmr_auth::Clock = Arc::new(|| NOW.parse::<Timestamp>().unwrap());
    let key = Arc::new(SigningKey::generate(Algorithm::ES256, "key", 0).unwrap());
    let keys = issuer.then(|| serde_json::json!({"keys": [key.public().to_json()]}).to_string());
    let fetcher: Arc<dyn Fetcher> = Arc::new(Issuer(keys));
    let profile = TrustProfile::helseid_bearer(Environment::Test, "https://issuer.example.no");
    let verifier =
        TokenVerifier::new(vec![profile], &fetcher, Arc::clone(&clock), KeyCache::default())
            .unwrap();
    let receiver = Receiver::new(Parts {
        store: Arc::clone(&store) as Arc<dyn Store>,
        keys: DecryptionKeys::new(Vec::new()),
        trust: None,
        avsendere: Vec::new(),
        settings: Settings {
            addresses: AllowList::parse([admitted]).unwrap(),
            ..Settings::default()
        },
    });
    let services = Services {
        receiver,
        verifier: Arc::new(verifier),
        clock,
        random: Arc::new(SystemRandom),
        settings,
    };
    lmr_auth::install_tls_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        serve(listener, services, async { drop(stopped.await) }).await.unwrap();
    });
    Running { address, key, store, client: reqwest::Client::new(), stop: Some(stop), task }
}

/// The answer is an OperationOutcome with this code, and its status is this.
pub async fn assert_refused(response: reqwest::Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status().as_u16(), status, "{code}");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["resourceType"], "OperationOutcome");
    let issue = &body["issue"][0];
    assert_eq!(issue["details"]["coding"][0]["code"], code);
    assert_eq!(body["extension"][0]["valueString"], id, "the caller can name the request");
    assert!(!issue["details"]["text"].as_str().unwrap().is_empty());
    body
}

/// Reads until an answer with its body is there, or the connection ends.
pub async fn read_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
