//! Getting a sealed message to the register: a token, one POST, and what came of it.

use std::io::Read;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use lmr_auth::{
    AccessToken, ConnectCause, DiscoveryError, FetchError, IssuerKind, Network, NetworkError,
    RequestHeaders, Retry, TokenClient, TokenError, is_loopback,
};
use lmr_envelope::{RECEIPT_HEADER, Receipt};
use lmr_fhir::Language;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use tokio::sync::Mutex;

use crate::answer::unanswered;
use crate::attempt::{AttemptFailure, ConnectionFailure, TokenFailure};
use crate::notice::MAX_SKEW;

/// Longest wait for an answer to a question, which is not a transfer.
const QUESTION_TIME: Duration = Duration::from_secs(20);
/// Longest receipt that is read, in bytes.
const MAX_RECEIPT: usize = 16 << 10;
/// Longest answer to a question that is read where it is no receipt, in bytes.
const MAX_OUTCOME: usize = 256 << 10;

/// What came of posting a message.
#[derive(Clone, PartialEq, Eq)]
pub enum PostOutcome {
    /// The register, or something before it, answered.
    Answered {
        /// HTTP status.
        status: u16,
        /// `Retry-After` as written.
        retry_after: Option<String>,
        /// The receipt, as signed by the register.
        receipt: Option<String>,
        /// The body.
        body: Vec<u8>,
    },
    /// Nothing was sent, and a later attempt may succeed.
    NotReached {
        /// Why.
        failure: AttemptFailure,
        /// How long to wait at least.
        retry_after: Option<Duration>,
    },
    /// Something was sent; whether it arrived nobody knows.
    NoAnswer {
        /// Why.
        failure: AttemptFailure,
    },
    /// Nothing was sent, and nothing will be before a person has changed something.
    NoAccess {
        /// Why.
        failure: AttemptFailure,
    },
}

impl PostOutcome {
    /// Why there is no answer, where there is none.
    #[must_use]
    pub fn failure(&self) -> Option<&AttemptFailure> {
        match self {
            Self::Answered { .. } => None,
            Self::NotReached { failure, .. }
            | Self::NoAnswer { failure }
            | Self::NoAccess { failure } => Some(failure),
        }
    }
}

impl std::fmt::Debug for PostOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answered { status, .. } => write!(f, "Answered({status})"),
            Self::NotReached { failure, .. } => write!(f, "NotReached({failure})"),
            Self::NoAnswer { failure } => write!(f, "NoAnswer({failure})"),
            Self::NoAccess { failure } => write!(f, "NoAccess({failure})"),
        }
    }
}

/// What the register has of this sender, as far as it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewestReceipt {
    /// It does not tell.
    Untold,
    /// What answers does not say which register it is, and that does not pass by itself: an error status, a redirect, or
    /// no receipt.
    Refused(AttemptFailure),
    /// It cannot be asked now.
    Unreached {
        /// Why.
        failure: AttemptFailure,
        /// Whether that may pass by itself.
        passes: bool,
    },
    /// Nothing.
    NoMessage,
    /// All up to the message of this receipt; its payload.
    Payload(Vec<u8>),
}

/// The way to the register.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Posts a sealed message once.
    async fn post(&self, message: Vec<u8>) -> PostOutcome;

    /// The time that the last answer carried, for comparing clocks.
    fn server_time(&self) -> Option<Timestamp> {
        None
    }

    /// Asks for the newest receipt that the register has given this sender. Registers need not know it.
    async fn newest_receipt(&self) -> NewestReceipt {
        NewestReceipt::Untold
    }
}

/// Where access tokens come from.
#[async_trait]
pub trait Authorizer: Send + Sync {
    /// The headers for one request to this address; `nonce` is what the server demanded for DPoP proofs.
    async fn headers(
        &self,
        method: &str,
        url: &str,
        nonce: Option<&str>,
    ) -> Result<RequestHeaders, AuthorizationError>;
    /// The register answered the last one with 401: the next one must be fresh.
    async fn refused(&self);
}

/// There is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text(Language::English))]
pub struct AuthorizationError {
    /// The configured issuer by its name and address, where it is known.
    pub issuer: Option<String>,
    /// Why.
    pub reason: TokenFailure,
    /// Whether a later attempt may succeed by itself.
    pub passes: bool,
    /// How long to wait at least.
    pub retry_after: Option<Duration>,
}

impl AuthorizationError {
    /// The sentence, without a full stop.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        self.reason.text(self.issuer.as_deref(), language)
    }
}

impl From<TokenError> for AuthorizationError {
    fn from(error: TokenError) -> Self {
        let (passes, retry_after) = match error.retry() {
            Retry::Later(wait) => (true, wait),
            Retry::Never => (false, None),
        };
        let reason = match error {
            TokenError::Discovery(DiscoveryError::Fetch(error))
            | TokenError::Unreachable(error) => issuer_unreachable(error),
            TokenError::Discovery(DiscoveryError::Status { status, .. })
            | TokenError::Unavailable { status, .. } => TokenFailure::IssuerUnavailable { status },
            TokenError::Discovery(DiscoveryError::OtherIssuer) => TokenFailure::OtherIssuer,
            TokenError::Discovery(error) => {
                TokenFailure::AnswerUnusable { detail: error.to_string() }
            }
            TokenError::Rejected { status, error, code } => {
                let hid = code.as_ref().and_then(|code| code.strip_prefix("HID-")?.parse().ok());
                let error = match code {
                    Some(code) if hid.is_none() => format!("{error} ({code})"),
                    _ => error.to_string(),
                };
                TokenFailure::ClientRefused { status, error, hid }
            }
            TokenError::ScopeWithheld => TokenFailure::ScopeWithheld,
            TokenError::Key(error) => TokenFailure::KeyUnusable { detail: error.to_string() },
            TokenError::KeySource(error) => TokenFailure::KeyUnusable { detail: error.to_string() },
            error @ (TokenError::Answer(_)
            | TokenError::Moved { .. }
            | TokenError::NotBound
            | TokenError::NonceLoop) => TokenFailure::AnswerUnusable { detail: error.to_string() },
        };
        Self { issuer: None, reason, passes, retry_after }
    }
}

fn issuer_unreachable(error: FetchError) -> TokenFailure {
    let reason = match error {
        FetchError::Connect(ConnectCause::Unknown) => None,
        FetchError::Connect(cause) => Some(cause.into()),
        FetchError::Timeout => Some(ConnectionFailure::Timeout),
        FetchError::Broken | FetchError::TooLarge | FetchError::Address => None,
    };
    let detail = if reason.is_some() { String::new() } else { error.to_string() };
    TokenFailure::IssuerUnreachable { reason, detail }
}

/// Tokens from the issuer that a [`TokenClient`] is registered with.
pub struct TokenAuthorizer {
    client: TokenClient,
    last: Mutex<Option<AccessToken>>,
}

impl TokenAuthorizer {
    /// Uses this client.
    #[must_use]
    pub fn new(client: TokenClient) -> Self {
        Self { client, last: Mutex::new(None) }
    }

    /// An error with the configured issuer.
    fn failed(&self, error: TokenError) -> AuthorizationError {
        let name = match self.client.issuer_kind() {
            IssuerKind::HelseId => "HelseID",
            IssuerKind::Maskinporten => "Maskinporten",
        };
        let issuer = Some(format!("{name} ({})", self.client.issuer()));
        let mut failed = AuthorizationError { issuer, ..AuthorizationError::from(error) };
        let ahead = self.client.clock_ahead().filter(|ahead| ahead.abs() > MAX_SKEW);
        if let Some(ahead) = ahead
            && let TokenFailure::ClientRefused { status, error, hid } = failed.reason
        {
            let ahead_seconds = ahead.as_secs();
            failed.reason = TokenFailure::ClockDiffers { ahead_seconds, status, error, hid };
        }
        failed
    }
}

#[async_trait]
impl Authorizer for TokenAuthorizer {
    async fn headers(
        &self,
        method: &str,
        url: &str,
        nonce: Option<&str>,
    ) -> Result<RequestHeaders, AuthorizationError> {
        let token = self.client.access_token().await.map_err(|error| self.failed(error))?;
        let headers = self.client.headers(&token, method, url, nonce);
        let headers = headers.map_err(|error| self.failed(error.into()))?;
        *self.last.lock().await = Some(token);
        Ok(headers)
    }

    async fn refused(&self) {
        if let Some(token) = self.last.lock().await.take() {
            self.client.discard(&token).await;
        }
    }
}

/// Where and how long.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The address messages are posted to, whole.
    pub address: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for the whole exchange.
    pub timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub answer_limit: usize,
    /// Further certificate authorities for TLS, PEM; for test installations.
    pub certificate_authorities: Vec<Vec<u8>>,
    /// Whom TLS trusts, and the proxy.
    pub network: Network,
}

impl HttpSettings {
    /// 10 s for the connection, 5 min for the exchange, answers of 256 MiB.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(300),
            answer_limit: 256 << 20,
            certificate_authorities: Vec::new(),
            network: Network::default(),
        }
    }
}

/// Why there is no way to the register: configuration.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Not an address one can post to.
    #[error("the register's address must be an https address (http only on loopback): {0}")]
    Address(AddressFault),
    /// The authorities or the proxy.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// What is wrong with an address to post to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// It is no address.
    #[error("it cannot be read")]
    Unreadable,
    /// It is another kind of address.
    #[error("messages and tokens are only sent over TLS")]
    WithoutTls,
}

/// HTTPS with tokens.
pub struct HttpTransport<A> {
    client: reqwest::Client,
    address: reqwest::Url,
    answer_limit: usize,
    authorizer: A,
    server_time: std::sync::Mutex<Option<Timestamp>>,
}

impl<A: Authorizer> HttpTransport<A> {
    /// Makes the client; nothing is sent yet. A TLS provider must be installed
    /// ([`lmr_auth::install_tls_provider`]).
    ///
    /// # Errors
    /// [`TransportError`].
    pub fn new(settings: &HttpSettings, authorizer: A) -> Result<Self, TransportError> {
        let address: reqwest::Url = settings
            .address
            .parse()
            .map_err(|_| TransportError::Address(AddressFault::Unreadable))?;
        let loopback = is_loopback(&address);
        match address.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(TransportError::Address(AddressFault::WithoutTls)),
        }
        let mut network = settings.network.clone();
        network.authorities.extend(settings.certificate_authorities.iter().cloned());
        let client = network
            .client(loopback)?
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .build()?;
        Ok(Self {
            client,
            address,
            answer_limit: settings.answer_limit,
            authorizer,
            server_time: std::sync::Mutex::new(None),
        })
    }

    /// The time that the last answer carried (`Date`, RFC 9110 section 6.6.1), for comparing clocks.
    pub fn server_time(&self) -> Option<Timestamp> {
        *self.server_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Posts once; also gives the nonce that the server demands in a new proof.
    async fn attempt(
        &self,
        headers: &RequestHeaders,
        message: Vec<u8>,
    ) -> (PostOutcome, Option<String>) {
        let mut nonce = None;
        let outcome = self.exchange(headers, message, &mut nonce).await;
        (outcome, nonce)
    }

    async fn exchange(
        &self,
        headers: &RequestHeaders,
        message: Vec<u8>,
        nonce: &mut Option<String>,
    ) -> PostOutcome {
        let Some(request) = authorized(self.client.post(self.address.clone()), headers) else {
            return PostOutcome::NoAccess { failure: AttemptFailure::RequestNotMade };
        };
        let sent = request
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/fhir+json; fhirVersion=4.0")
            .body(message)
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return failed(&error),
        };
        self.note_date(&answer);
        let status = answer.status().as_u16();
        *nonce = demanded_nonce(status, answer.headers());
        let retry_after = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let receipt = answer
            .headers()
            .get(RECEIPT_HEADER)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        match whole_body(answer, self.answer_limit).await {
            Ok(body) => PostOutcome::Answered { status, retry_after, receipt, body },
            Err(outcome) => outcome,
        }
    }
}

impl<A: Authorizer> HttpTransport<A> {
    /// Keeps the time that an answer carries.
    fn note_date(&self, answer: &reqwest::Response) {
        let date = answer
            .headers()
            .get(DATE)
            .and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok())
            .and_then(|time| Timestamp::try_from(time).ok());
        *self.server_time.lock().unwrap_or_else(PoisonError::into_inner) = date;
    }

    /// `None` where what comes back does not answer the question.
    async fn ask_for_receipt(&self) -> Option<NewestReceipt> {
        let mut url = self.address.clone();
        url.path_segments_mut().ok()?.pop_if_empty().push("receipt");
        let (mut fresh, mut nonce) = (false, None);
        let unreached = |failure| Some(NewestReceipt::Unreached { failure, passes: true });
        loop {
            let headers = self.authorizer.headers("GET", url.as_str(), nonce.as_deref()).await;
            let headers = match headers {
                Ok(headers) => headers,
                Err(AuthorizationError { issuer, reason, passes, .. }) => {
                    let failure = AttemptFailure::Token { issuer, reason };
                    return Some(NewestReceipt::Unreached { failure, passes });
                }
            };
            let request = self.client.get(url.clone()).timeout(QUESTION_TIME);
            let answer = match authorized(request, &headers)?.send().await {
                Ok(answer) => answer,
                Err(error) => return unreached(failed(&error).failure()?.clone()),
            };
            self.note_date(&answer);
            let status = answer.status().as_u16();
            match (status, demanded_nonce(status, answer.headers())) {
                (204, _) => return Some(NewestReceipt::NoMessage),
                // As for a message: the same token with a proof that has the nonce, and one fresh token.
                (401, Some(demanded)) if nonce.is_none() => nonce = Some(demanded),
                (401, _) if !fresh => {
                    fresh = true;
                    self.authorizer.refused().await;
                }
                (200, _) => {
                    return match whole_body(answer, MAX_RECEIPT).await {
                        Ok(payload) if Receipt::parse(&payload).is_ok() => {
                            Some(NewestReceipt::Payload(payload))
                        }
                        Ok(body) => Some(no_receipt(status, &body)),
                        Err(outcome) => match outcome.failure()? {
                            AttemptFailure::AnswerTooLarge => {
                                Some(no_receipt(status, b"too large"))
                            }
                            failure => unreached(failure.clone()),
                        },
                    };
                }
                _ => {
                    // The status says enough where the rest cannot be read: it is not the register's own then.
                    let body = whole_body(answer, MAX_OUTCOME).await;
                    let body = body.unwrap_or_else(|_| b"unreadable".to_vec());
                    return Some(no_receipt(status, &body));
                }
            }
        }
    }
}

/// What an answer without a receipt says to the question for one. What answered may be something before the register, and
/// it does not answer the question: neither says which register it is.
fn no_receipt(status: u16, body: &[u8]) -> NewestReceipt {
    let failure = unanswered(status, body);
    match status {
        // Not implemented, HTTP version not supported.
        501 | 505 => NewestReceipt::Refused(failure),
        408 | 429 | 500..=599 => NewestReceipt::Unreached { failure, passes: true },
        _ => NewestReceipt::Refused(failure),
    }
}

/// The whole body, unpacked.
///
/// # Errors
/// What came of the exchange: it is larger than `limit`, or did not come whole.
async fn whole_body(mut answer: reqwest::Response, limit: usize) -> Result<Vec<u8>, PostOutcome> {
    let is_packed = is_still_packed(answer.headers());
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                return Err(PostOutcome::NoAnswer { failure: AttemptFailure::AnswerTooLarge });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) if is_packed => {
                let plain = unpacked(&body, limit);
                return plain.map_err(|failure| PostOutcome::NoAnswer { failure });
            }
            Ok(None) => return Ok(body),
            Err(error) => return Err(failed(&error)),
        }
    }
}

/// The request with its credentials; `None` where they are no header's value.
fn authorized(
    mut request: reqwest::RequestBuilder,
    headers: &RequestHeaders,
) -> Option<reqwest::RequestBuilder> {
    let shown =
        [(AUTHORIZATION.as_str(), Some(&headers.authorization)), ("dpop", headers.proof.as_ref())];
    for (name, secret) in shown {
        let Some(secret) = secret else { continue };
        let mut value = HeaderValue::from_str(secret.expose()).ok()?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    Some(request)
}

/// Whether the body is gzip that the HTTP client has not unpacked: it knows the coding in lower case only,
/// and removes the header when it has unpacked. Codings are compared without regard to case (RFC 9110
/// section 8.4.1).
fn is_still_packed(headers: &HeaderMap) -> bool {
    let coding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    coding.is_some_and(|coding| {
        let coding = coding.trim();
        coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip")
    })
}

fn unpacked(body: &[u8], limit: usize) -> Result<Vec<u8>, AttemptFailure> {
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(body).take(limit as u64 + 1).read_to_end(&mut plain);
    match read {
        Ok(length) if length > limit => Err(AttemptFailure::AnswerTooLarge),
        Ok(_) => Ok(plain),
        Err(_) => Err(AttemptFailure::AnswerBrokenOff),
    }
}

/// The nonce of an answer that demands one (RFC 9449 section 9).
fn demanded_nonce(status: u16, headers: &HeaderMap) -> Option<String> {
    let demanded = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|challenge| challenge.contains("use_dpop_nonce"));
    let nonce = headers.get("dpop-nonce")?.to_str().ok()?;
    (status == 401 && demanded).then(|| nonce.to_owned())
}

/// Names the failure. reqwest's own text may hold the address with a query; its causes do not.
fn failed(error: &reqwest::Error) -> PostOutcome {
    if error.is_connect() {
        let reason = match std::error::Error::source(error) {
            Some(cause) => ConnectionFailure::of(cause),
            None => ConnectionFailure::Other(String::new()),
        };
        let failure = AttemptFailure::NoConnection { reason };
        return PostOutcome::NotReached { failure, retry_after: None };
    }
    if error.is_builder() {
        return PostOutcome::NoAccess { failure: AttemptFailure::RequestNotMade };
    }
    let failure = if error.is_timeout() {
        AttemptFailure::NoAnswerInTime
    } else if error.is_body() || error.is_decode() {
        AttemptFailure::AnswerBrokenOff
    } else {
        AttemptFailure::ConnectionBroken
    };
    PostOutcome::NoAnswer { failure }
}

#[async_trait]
impl<A: Authorizer> Transport for HttpTransport<A> {
    async fn post(&self, message: Vec<u8>) -> PostOutcome {
        let mut fresh = false;
        let mut nonce: Option<String> = None;
        // What came of a first attempt on a connection that was closed as it was used.
        let mut closed: Option<PostOutcome> = None;
        loop {
            let headers =
                self.authorizer.headers("POST", self.address.as_str(), nonce.as_deref()).await;
            let headers = match headers {
                Ok(headers) => headers,
                Err(AuthorizationError { issuer, reason, passes, retry_after }) => {
                    let failure = AttemptFailure::Token { issuer, reason };
                    if let Some(closed) = closed {
                        return closed;
                    }
                    return match passes {
                        true => PostOutcome::NotReached { failure, retry_after },
                        false => PostOutcome::NoAccess { failure },
                    };
                }
            };
            let (outcome, demanded) = self.attempt(&headers, message.clone()).await;
            match outcome {
                // A kept connection may be closed just as it is used. The same bytes with the same
                // message id are stored once, so they may go again at once, on a new connection.
                PostOutcome::NoAnswer { failure: AttemptFailure::ConnectionBroken }
                    if closed.is_none() =>
                {
                    closed = Some(outcome);
                }
                // Whether the first one arrived is still not known when the second did not.
                PostOutcome::NotReached { .. } if let Some(closed) = closed.take() => {
                    return closed;
                }
                // The token is good; the same one is shown with a proof that has the nonce.
                PostOutcome::Answered { status: 401, .. }
                    if demanded.is_some() && nonce.is_none() =>
                {
                    nonce = demanded;
                }
                // One fresh token: a kept one may have been withdrawn or its key changed.
                PostOutcome::Answered { status: 401, .. } if !fresh => {
                    fresh = true;
                    self.authorizer.refused().await;
                }
                other => return other,
            }
        }
    }

    fn server_time(&self) -> Option<Timestamp> {
        Self::server_time(self)
    }

    async fn newest_receipt(&self) -> NewestReceipt {
        self.ask_for_receipt().await.unwrap_or(NewestReceipt::Untold)
    }
}
