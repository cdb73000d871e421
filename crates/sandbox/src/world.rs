//! A whole world in one process: the local HelseID, a receiver on loopback with SQLite in a folder,
//! and registered senders.

mod sender;

pub use sender::{Answer, Sender};

use crate::certificates::{CertificateMakeError, KeyAndCertificate, Order, TestCa};
use crate::clock;
use crate::helseid::{HelseIdError, LocalHelseId};
use crate::maskinporten::LocalMaskinporten;
use jiff::Timestamp;
use lmr_auth::jose::SigningKeyError;
use lmr_auth::{
    ClientError, ClientUnusable, Clock, DpopSettings, Environment, Fetcher, HttpFetcher, KeyCache,
    Network, ProfileError, TlsRoots, TokenError, TokenVerifier, TrustKind, TrustProfile,
};
use lmr_envelope::{
    Certificate, CertificateError, DecryptionKey, DecryptionKeys, KeyError, PrivateKey,
    RandomSource, RandomnessUnavailable, SealError, SystemRandom, Trust, TrustError,
};
use lmr_identifiers::synthetic::organisation_number;
use lmr_intake::{AllowList, Parts, Receiver, Store, StoreError};
use lmr_server::{HttpSettings, ServeError, Services, StoreReplays, Tls, TlsError, serve};
use lmr_storage::{KeyFileError, OpenError, SqliteStore, StorageKey};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What the world shall be like. [`Plan::default`] is one for tests: everything temporary, the real
/// clock.
#[derive(Clone)]
pub struct Plan {
    /// Where the database and its key are; `None` means a folder that is removed in the end.
    pub folder: Option<PathBuf>,
    /// The time of everyone in this world.
    pub clock: Clock,
    /// Port of HelseID; 0 takes any.
    pub helseid_port: u16,
    /// The kinds of tokens the receiver takes.
    pub trust: Vec<TrustKind>,
    /// Whether DPoP proofs need a nonce.
    pub proof_nonce: bool,
    /// Port of the receiver; 0 takes any.
    pub receiver_port: u16,
    /// Limits of the receiver's HTTP side.
    pub http: HttpSettings,
    /// Limits of the receiver's domain. Without addresses loopback may call.
    pub intake: lmr_intake::Settings,
    /// Length of the register's RSA key. The real one has 3072 bits, which takes longer to make.
    pub register_bits: u32,
    /// Whether the receiver speaks TLS.
    pub tls: bool,
    /// Who must have issued the senders' certificates; being registered is enough otherwise.
    pub chain: Option<Chain>,
}

/// An authority in PEM, with its revocation list where there is one.
#[derive(Clone, Debug)]
pub struct Chain {
    /// CA certificate.
    pub authority: String,
    /// Revocation list.
    pub revocations: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            folder: None,
            clock: clock::real(),
            helseid_port: 0,
            trust: vec![TrustKind::HelseidBearer],
            proof_nonce: false,
            receiver_port: 0,
            http: HttpSettings::default(),
            intake: lmr_intake::Settings::default(),
            register_bits: 2048,
            tls: false,
            chain: None,
        }
    }
}

/// Why the world cannot be.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each names the room that failed and carries its error")]
pub enum WorldError {
    #[error(transparent)]
    HelseId(#[from] HelseIdError),
    #[error(transparent)]
    Make(#[from] CertificateMakeError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the private key: {0}")]
    Key(#[from] KeyError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    ClientKey(#[from] SigningKeyError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    HttpClient(#[from] ClientUnusable),
    #[error("the request: {0}")]
    Request(#[from] reqwest::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    #[error("the database: {0}")]
    Database(#[from] OpenError),
    #[error(transparent)]
    StorageKey(#[from] KeyFileError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("files and sockets: {0}")]
    Io(#[from] std::io::Error),
    #[error("`{0}` is not an organisation number")]
    Organisation(String),
    #[error("the receiver is not running")]
    Stopped,
}

/// A running world. Everything stops when it is dropped; [`World::stop`] stops it in order.
pub struct World {
    plan: Plan,
    folder: PathBuf,
    // Removes the folder at the end.
    _temporary: Option<TempDir>,
    helseid: LocalHelseId,
    maskinporten: LocalMaskinporten,
    ca: TestCa,
    register: KeyAndCertificate,
    register_certificate: Certificate,
    tls: Option<KeyAndCertificate>,
    address: SocketAddr,
    running: Option<Running>,
    client: reqwest::Client,
    fetcher: Arc<dyn Fetcher>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("folder", &self.folder)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A world trusts its own authority and nobody else, so that it needs none of the machine's.
fn network_of(ca: &TestCa) -> Network {
    let roots = TlsRoots::Only(vec![ca.certificate_pem().as_bytes().to_vec()]);
    Network { roots, ..Network::default() }
}

struct Running {
    store: SqliteStore,
    receiver: Receiver,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl World {
    /// Makes keys and certificates, starts HelseID and the receiver.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn start(plan: Plan) -> Result<Self, WorldError> {
        lmr_auth::install_tls_provider();
        let now = (plan.clock)();
        let (folder, temporary) = match &plan.folder {
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                (folder.clone(), None)
            }
            None => {
                let temporary = tempfile::tempdir()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let helseid =
            LocalHelseId::start(plan.helseid_port, Arc::clone(&plan.clock), clock::fresh_ids())
                .await?;
        let maskinporten =
            LocalMaskinporten::start(0, Arc::clone(&plan.clock), clock::fresh_ids()).await?;
        let ca = TestCa::new(now)?;
        let order = Order::new(organisation_number(0).as_str(), "Liksom legemiddelregister", now)
            .with_bits(plan.register_bits);
        let register = ca.enterprise(&order)?;
        let register_certificate = Certificate::from_der(&register.certificate_der)?;
        let tls = if plan.tls { Some(ca.tls_for_loopback(now)?) } else { None };
        let listener = TcpListener::bind(("127.0.0.1", plan.receiver_port)).await?;
        let address = listener.local_addr()?;
        let timeout = Duration::from_secs(30);
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(ca.certificate_pem().as_bytes())?])
            .build()?;
        let fetcher: Arc<dyn Fetcher> = Arc::new(HttpFetcher::by(&network_of(&ca), timeout)?);
        let mut world = Self {
            plan,
            folder,
            _temporary: temporary,
            helseid,
            maskinporten,
            ca,
            register,
            register_certificate,
            tls,
            address,
            running: None,
            client,
            fetcher,
        };
        world.run(listener).await?;
        Ok(world)
    }

    async fn run(&mut self, listener: TcpListener) -> Result<(), WorldError> {
        let store = SqliteStore::open(&self.folder.join("mottak.db"), self.storage_key()?).await?;
        let clock = Arc::clone(&self.plan.clock);
        let profiles = self.plan.trust.iter().map(|kind| self.profile(*kind)).collect();
        let dpop = DpopSettings {
            public_urls: vec![self.base_url()],
            replays: Arc::new(StoreReplays::new(Arc::new(store.clone()))),
            nonce_key: [7; 32],
        };
        let cache = KeyCache::default();
        let verifier =
            TokenVerifier::with_dpop(profiles, &self.fetcher, Arc::clone(&clock), cache, dpop)?;
        let mut intake = self.plan.intake.clone();
        if intake.addresses.is_empty() {
            intake.addresses = AllowList::parse(["127.0.0.0/8", "::1"]).unwrap_or_default();
        }
        let key = PrivateKey::from_pem(self.register.key_pem.as_bytes())?;
        let key = DecryptionKey::new(self.register_certificate.clone(), key)?;
        let receiver = Receiver::new(Parts {
            store: Arc::new(store.clone()) as Arc<dyn Store>,
            keys: DecryptionKeys::new(vec![key]),
            trust: self.trust()?,
            avsendere: Vec::new(),
            settings: intake,
        });
        let mut settings = self.plan.http.clone();
        if let Some(tls) = &self.tls {
            settings.tls =
                Some(Tls::from_pem(tls.certificate_pem.as_bytes(), tls.key_pem.as_bytes())?);
        }
        let services = Services {
            receiver: receiver.clone(),
            verifier: Arc::new(verifier),
            clock,
            random: Arc::new(SystemRandom),
            settings,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, services, async {
            // A dropped sender means stop as well.
            let _ = stopped.await;
        }));
        self.running = Some(Running { store, receiver, stop, task });
        Ok(())
    }

    fn profile(&self, kind: TrustKind) -> TrustProfile {
        let issuer = match kind {
            TrustKind::Maskinporten => self.maskinporten.issuer(),
            TrustKind::HelseidBearer | TrustKind::HelseidDpop => self.helseid.issuer(),
        };
        let mut profile = TrustProfile::new(kind, Environment::Local, issuer);
        profile.proof_nonce = self.plan.proof_nonce;
        profile
    }

    /// The local Maskinporten.
    #[must_use]
    pub fn maskinporten(&self) -> &LocalMaskinporten {
        &self.maskinporten
    }

    fn trust(&self) -> Result<Option<Trust>, WorldError> {
        let Some(Chain { authority, revocations }) = &self.plan.chain else { return Ok(None) };
        let trust = Trust::from_pem(authority.as_bytes())?;
        Ok(Some(match revocations {
            Some(lists) => trust.with_revocations(lists.as_bytes())?,
            None => trust,
        }))
    }

    /// Sets who must have issued the senders' certificates; holds from the receiver's next start.
    pub fn demand_chain(&mut self, chain: Option<Chain>) {
        self.plan.chain = chain;
    }

    /// The database's key: a file beside it, made the first time.
    fn storage_key(&self) -> Result<StorageKey, WorldError> {
        let file = self.folder.join("mottak.key");
        if !file.exists() {
            let mut key = [0; 32];
            SystemRandom.fill(&mut key)?;
            std::fs::write(&file, key)?;
        }
        Ok(StorageKey::read(&std::fs::read(&file)?)?)
    }

    /// Stops the receiver and starts it again on the same database and port.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn restart_receiver(&mut self) -> Result<(), WorldError> {
        self.stop_receiver().await?;
        let listener = TcpListener::bind(self.address).await?;
        self.run(listener).await
    }

    /// Stops the receiver; HelseID goes on.
    ///
    /// # Errors
    /// [`WorldError::Serve`] when it had ended on its own.
    pub async fn stop_receiver(&mut self) -> Result<(), WorldError> {
        if let Some(Running { store, stop, task, .. }) = self.running.take() {
            drop(stop);
            let ended = task.await.map_err(std::io::Error::other)?;
            store.close().await;
            ended?;
        }
        Ok(())
    }

    /// Stops everything in order.
    ///
    /// # Errors
    /// [`WorldError::Serve`] when the receiver had ended on its own.
    pub async fn stop(mut self) -> Result<(), WorldError> {
        self.stop_receiver().await?;
        self.helseid.stop().await;
        Ok(())
    }

    /// The local HelseID.
    #[must_use]
    pub fn helseid(&self) -> &LocalHelseId {
        &self.helseid
    }

    /// The certificate authority of this world.
    #[must_use]
    pub fn ca(&self) -> &TestCa {
        &self.ca
    }

    /// The register's certificate, for which senders seal.
    #[must_use]
    pub fn register_certificate(&self) -> &Certificate {
        &self.register_certificate
    }

    /// The register's certificate and key, as files would hold them.
    #[must_use]
    pub fn register(&self) -> &KeyAndCertificate {
        &self.register
    }

    /// Where the receiver listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The receiver's base URL, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where the database is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The time in this world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.plan.clock)()
    }

    /// The receiver's store, to look at what it holds.
    ///
    /// # Errors
    /// [`WorldError::Stopped`].
    pub fn store(&self) -> Result<&SqliteStore, WorldError> {
        self.running.as_ref().map(|running| &running.store).ok_or(WorldError::Stopped)
    }

    /// The receiver's domain, for what is shown beside it.
    ///
    /// # Errors
    /// [`WorldError::Stopped`].
    pub fn receiver(&self) -> Result<&Receiver, WorldError> {
        self.running.as_ref().map(|running| &running.receiver).ok_or(WorldError::Stopped)
    }

    /// How this world's servers are reached.
    #[must_use]
    pub fn network(&self) -> Network {
        network_of(&self.ca)
    }

    /// An HTTP client that trusts this world's authority.
    #[must_use]
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }
}
