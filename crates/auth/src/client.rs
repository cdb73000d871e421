//! The sender's side: access tokens from HelseID (client credentials with `private_key_jwt`, with DPoP or
//! as Bearer) and from Maskinporten (JWT bearer grant).

mod answer;
mod assertion;
mod error;
mod settings;

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::discovery::{Discovery, DiscoveryError, IssuerKind};
use crate::dpop::{ProofRequest, make_proof};
use crate::http::{Answer, Fetcher};
use crate::jose::{SigningKey, SigningKeyError};
use crate::profile::Environment;
use crate::secret::SecretString;
use crate::sources::{Clock, FreshId, uuid_text};
use answer::{NonceDemanded, read_answer};
pub use error::{OauthError, Retry, TokenError};
pub use settings::{
    ActingFor, ClientError, ClientSettings, FixedKey, Flow, KeySource, KeySourceError, ProofKey,
    ResourceForm, TokenKey,
};

/// An access token, how long it may be used, and the key it is bound to. The token is opaque to the
/// sender.
#[derive(Clone)]
pub struct AccessToken {
    token: SecretString,
    /// None for a token without a lifetime, which is used once.
    use_until: Option<Timestamp>,
    /// The key of the proofs; none for a Bearer token.
    proof_key: Option<Arc<SigningKey>>,
}

/// The headers that show a token to the register for one request. `Debug` shows neither.
#[derive(Debug, Clone)]
pub struct RequestHeaders {
    /// `Authorization`.
    pub authorization: SecretString,
    /// `DPoP`.
    pub proof: Option<SecretString>,
}

impl AccessToken {
    /// When it is no longer used, some seconds before it expires; none for one that is used once.
    #[must_use]
    pub fn use_until(&self) -> Option<Timestamp> {
        self.use_until
    }

    /// Whether it is bound to a key, so that every request needs a proof.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.proof_key.is_some()
    }

    /// `Authorization` of a Bearer token; none for one that is bound to a key, which is never shown without
    /// a proof ([`TokenClient::headers`]).
    #[must_use]
    pub fn bearer(&self) -> Option<SecretString> {
        let shown = || SecretString::new(format!("Bearer {}", self.token.expose()));
        (!self.is_bound()).then(shown)
    }

    fn is_good(&self, now: Timestamp) -> bool {
        self.use_until.is_some_and(|until| now < until)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("use_until", &self.use_until)
            .field("is_bound", &self.is_bound())
            .finish_non_exhaustive()
    }
}

/// Gets tokens, keeps one until it expires, lets one request run at a time.
pub struct TokenClient {
    settings: ClientSettings,
    keys: Arc<dyn KeySource>,
    discovery: Discovery,
    fetcher: Arc<dyn Fetcher>,
    clock: Clock,
    fresh_id: FreshId,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<AccessToken>,
    /// The token endpoint's newest nonce.
    nonce: Option<String>,
    /// A key of proofs of our own, made when it is first needed.
    own_proof_key: Option<Arc<SigningKey>>,
}

impl TokenClient {
    /// Fetches nothing yet, and reads no key.
    ///
    /// # Errors
    /// [`ClientError`]: the settings cannot work.
    pub fn new(
        settings: ClientSettings,
        keys: Arc<dyn KeySource>,
        fetcher: Arc<dyn Fetcher>,
        clock: Clock,
        fresh_id: FreshId,
    ) -> Result<Self, ClientError> {
        settings.check()?;
        let discovery = Discovery::new(
            settings.flow.issuer_kind(),
            &settings.issuer,
            settings.environment == Environment::Local,
            Arc::clone(&fetcher),
            Arc::clone(&clock),
        );
        let state = Mutex::default();
        Ok(Self { settings, keys, discovery, fetcher, clock, fresh_id, state })
    }

    /// Whom the tokens come from.
    pub fn issuer_kind(&self) -> IssuerKind {
        self.settings.flow.issuer_kind()
    }

    /// The issuer's address, as configured.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// A token that is still good for some seconds: the kept one or a new one.
    ///
    /// The key is read from its source for each new token, so that a replaced key file counts from the
    /// next token on.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn access_token(&self) -> Result<AccessToken, TokenError> {
        let mut state = self.state.lock().await;
        if let Some(token) = state.token.as_ref().filter(|token| token.is_good((self.clock)())) {
            return Ok(token.clone());
        }
        state.token = None;
        let token = self.fetch(&mut state).await?;
        if token.use_until.is_some() {
            state.token = Some(token.clone());
        }
        Ok(token)
    }

    /// How far the clock here is ahead of the issuer's, by its last answer; negative where it is behind.
    #[must_use]
    pub fn clock_ahead(&self) -> Option<SignedDuration> {
        Some((self.clock)().duration_since(self.fetcher.server_time()?))
    }

    /// The headers for one request with this token. A proof is good for one request: a new attempt needs
    /// new headers.
    ///
    /// # Errors
    /// [`SigningKeyError`]: the key of the proofs failed.
    pub fn headers(
        &self,
        token: &AccessToken,
        method: &str,
        url: &str,
        nonce: Option<&str>,
    ) -> Result<RequestHeaders, SigningKeyError> {
        let shown = token.token.expose();
        let Some(key) = &token.proof_key else {
            let authorization = SecretString::new(format!("Bearer {shown}"));
            return Ok(RequestHeaders { authorization, proof: None });
        };
        let request = ProofRequest { method, url, access_token: Some(&token.token), nonce };
        Ok(RequestHeaders {
            authorization: SecretString::new(format!("DPoP {shown}")),
            proof: Some(self.proof(key, &request)?),
        })
    }

    /// Drops a token that the receiver answered with 401, so that the next call gets a fresh one. Do
    /// this once per delivery: a second 401 is final. A token got in the meantime is kept.
    pub async fn discard(&self, refused: &AccessToken) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|token| token.token.expose() == refused.token.expose())
        {
            state.token = None;
        }
    }

    async fn fetch(&self, state: &mut State) -> Result<AccessToken, TokenError> {
        let metadata = self.discovery.metadata().await?;
        let endpoint =
            metadata.token_endpoint.as_deref().ok_or(DiscoveryError::Member("token_endpoint"))?;
        let key = self.keys.load()?;
        let proof_key = self.proof_key(&key, state)?;
        let mut challenged = false;
        loop {
            let sent = (self.clock)();
            let nonce = state.nonce.clone();
            let answer = self.ask(endpoint, &key, proof_key.as_deref(), nonce.as_deref()).await?;
            if answer.dpop_nonce.is_some() {
                state.nonce.clone_from(&answer.dpop_nonce);
            }
            match read_answer(answer, &self.settings, proof_key.as_ref(), sent) {
                // One new attempt, with assertion and proof made again: each is good for one request.
                Err(NonceDemanded::Yes) if !challenged => challenged = true,
                Err(NonceDemanded::Yes) => return Err(TokenError::NonceLoop),
                Err(NonceDemanded::No(error)) => return Err(error),
                Ok(token) => return Ok(token),
            }
        }
    }

    async fn ask(
        &self,
        endpoint: &str,
        key: &TokenKey,
        proof_key: Option<&SigningKey>,
        nonce: Option<&str>,
    ) -> Result<Answer, TokenError> {
        let now = (self.clock)();
        let id = uuid_text((self.fresh_id)());
        let assertion = assertion::make(&self.settings, key, now, &id)?;
        let form = assertion::form(&self.settings, &assertion);
        let proof = match proof_key {
            Some(key) => {
                let request =
                    ProofRequest { method: "POST", url: endpoint, access_token: None, nonce };
                Some(self.proof(key, &request)?)
            }
            None => None,
        };
        let proof = proof.as_ref().map(SecretString::expose);
        Ok(self.fetcher.post_form(endpoint, &form, proof).await?)
    }

    fn proof(
        &self,
        key: &SigningKey,
        request: &ProofRequest<'_>,
    ) -> Result<SecretString, SigningKeyError> {
        make_proof(key, request, (self.clock)(), &uuid_text((self.fresh_id)()))
    }

    fn proof_key(
        &self,
        key: &TokenKey,
        state: &mut State,
    ) -> Result<Option<Arc<SigningKey>>, SigningKeyError> {
        match self.settings.flow.proof_key() {
            None => Ok(None),
            Some(ProofKey::OfAssertion) => Ok(Some(Arc::clone(&key.key))),
            Some(ProofKey::Own(algorithm)) => {
                if state.own_proof_key.is_none() {
                    let made = SigningKey::generate(algorithm, "proof", OWN_RSA_BITS)?;
                    state.own_proof_key = Some(Arc::new(made));
                }
                Ok(state.own_proof_key.clone())
            }
        }
    }
}

/// Size of an RSA key made for proofs alone; elliptic curves have the size of their algorithm.
const OWN_RSA_BITS: u32 = 2048;

impl fmt::Debug for TokenClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenClient").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// When a token is no longer used: a tenth of its lifetime before the end, at least 2 and at most 30
/// seconds. A flat margin would defeat the cache for the shortest tokens (60 s were seen).
fn use_until(sent: Timestamp, lifetime_seconds: u64) -> Timestamp {
    let margin = (lifetime_seconds / 10).clamp(2, 30);
    let good_for = i64::try_from(lifetime_seconds.saturating_sub(margin)).unwrap_or(0);
    sent.checked_add(SignedDuration::from_secs(good_for)).unwrap_or(sent)
}
