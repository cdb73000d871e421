//! How the issuers are reached: a small trait, and reqwest behind it. Tests put another behind it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::Url;

use crate::network::{Network, NetworkError};

/// The largest answer of an issuer that is read, in bytes. Real ones are below 20 KB.
pub const MAX_ANSWER: usize = 256 * 1024;

/// An answer of an issuer, whatever its status.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// `Retry-After`, as sent; [`crate::retry_after`] reads it.
    pub retry_after: Option<String>,
    /// `DPoP-Nonce` (RFC 9449 section 8).
    pub dpop_nonce: Option<String>,
    /// The body, at most [`MAX_ANSWER`] bytes.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The body may hold a token.
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why there is no connection to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectCause {
    /// The name has no address.
    #[error("the server's name is unknown (DNS)")]
    NameUnknown,
    /// Nothing listens at the address.
    #[error("nothing answers at the address")]
    Refused,
    /// No answer to the connection.
    #[error("the address does not answer")]
    Timeout,
    /// The network has no way to the address.
    #[error("the network has no way to the address")]
    Unreachable,
    /// The server's certificate is from an authority that is not trusted.
    #[error("the server's certificate is from an authority that is not trusted")]
    UnknownAuthority,
    /// The server's certificate has expired, or the clock here is wrong.
    #[error("the server's certificate has expired, or the clock here is wrong")]
    CertificateExpired,
    /// The server's certificate is not valid yet, or the clock here is wrong.
    #[error("the server's certificate is not valid yet, or the clock here is wrong")]
    CertificateNotYetValid,
    /// The server's certificate is for another name.
    #[error("the server's certificate is for another name")]
    CertificateName,
    /// The server's certificate is not accepted for another reason: its signature, its form, its use.
    #[error("the server's certificate is not accepted: its signature or its form is wrong")]
    CertificateInvalid,
    /// What answers does not speak TLS.
    #[error("what answers does not speak TLS")]
    NotTls,
    /// The proxy wants to know who we are, or does not accept it.
    #[error("the proxy demands user and password, or does not accept them (HTTP 407)")]
    ProxyLogin,
    /// The proxy gave no connection to the server.
    #[error("the proxy does not connect to the address")]
    ProxyRefused,
    /// The HTTP client does not say.
    #[error("no connection")]
    Unknown,
}

impl ConnectCause {
    /// From the error of a connection that was not made: the first typed cause in its chain.
    #[must_use]
    pub fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut at = Some(error);
        while let Some(error) = at {
            let known = match error.downcast_ref::<rustls::Error>() {
                Some(tls) => Self::of_tls(tls),
                None => Self::of_other(error),
            };
            if let Some(known) = known {
                return known;
            }
            // What an io::Error wraps is not its source, and may itself be one that wraps the cause.
            let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            at = match wrapped {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        Self::Unknown
    }

    fn of_tls(error: &rustls::Error) -> Option<Self> {
        use rustls::{CertificateError, Error};
        Some(match error {
            Error::InvalidCertificate(reason) => match reason {
                CertificateError::UnknownIssuer => Self::UnknownAuthority,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    Self::CertificateExpired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Self::CertificateNotYetValid
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Self::CertificateName,
                _ => Self::CertificateInvalid,
            },
            Error::InvalidMessage(_) => Self::NotTls,
            _ => return None,
        })
    }

    fn of_other(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::ConnectionRefused => return Some(Self::Refused),
                std::io::ErrorKind::TimedOut => return Some(Self::Timeout),
                std::io::ErrorKind::HostUnreachable | std::io::ErrorKind::NetworkUnreachable => {
                    return Some(Self::Unreachable);
                }
                _ => {}
            }
        }
        // These errors have no type of their own outside of the HTTP client.
        match error.to_string().as_str() {
            "tunnel error: proxy authorization required" => Some(Self::ProxyLogin),
            "tunnel error: unsuccessful" => Some(Self::ProxyRefused),
            text if text.starts_with("dns error") => Some(Self::NameUnknown),
            _ => None,
        }
    }
}

/// No answer was had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Name lookup, connection or TLS failed.
    #[error(transparent)]
    Connect(#[from] ConnectCause),
    /// The time allowed ran out.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke, or what came was not HTTP.
    #[error("the connection broke")]
    Broken,
    /// More than [`MAX_ANSWER`] bytes.
    #[error("the answer is too large")]
    TooLarge,
    /// The address is not a URL.
    #[error("the address is not a URL")]
    Address,
}

/// Reaches an issuer.
#[async_trait]
pub trait Fetcher: Send + Sync {
    /// Gets a document.
    ///
    /// # Errors
    /// [`FetchError`] when there is no answer; a status of 400 or more is an answer.
    async fn get(&self, url: &str) -> Result<Answer, FetchError>;

    /// Posts a form, with a DPoP proof in its header where one is given.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    async fn post_form(
        &self,
        url: &str,
        form: &[(&str, &str)],
        proof: Option<&str>,
    ) -> Result<Answer, FetchError>;

    /// The time that the last answer carried (`Date`, RFC 9110 section 6.6.1), for comparing clocks.
    fn server_time(&self) -> Option<Timestamp> {
        None
    }
}

/// The [`Fetcher`] of real life: verified TLS, no redirects, limits on time and size.
#[derive(Debug, Clone)]
pub struct HttpFetcher {
    client: reqwest::Client,
    /// For this machine itself, past any proxy that the environment names.
    direct: reqwest::Client,
    server_time: Arc<Mutex<Option<Timestamp>>>,
}

/// The HTTP client could not be made: the machine's TLS roots are unusable, or the configuration is.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ClientUnusable(#[from] NetworkError);

impl HttpFetcher {
    /// By the machine's own roots and the environment's proxy; `timeout` bounds one whole request.
    ///
    /// # Errors
    /// [`ClientUnusable`].
    pub fn new(timeout: Duration) -> Result<Self, ClientUnusable> {
        Self::by(&Network::default(), timeout)
    }

    /// As configured.
    ///
    /// # Errors
    /// [`ClientUnusable`].
    pub fn by(network: &Network, timeout: Duration) -> Result<Self, ClientUnusable> {
        let build = |is_local| {
            let builder = network.client(is_local)?;
            Ok::<_, NetworkError>(builder.timeout(timeout).connect_timeout(timeout).build()?)
        };
        Ok(Self { client: build(false)?, direct: build(true)?, server_time: Arc::default() })
    }

    fn client_for(&self, url: &str) -> &reqwest::Client {
        if Url::parse(url).is_ok_and(|url| is_loopback(&url)) { &self.direct } else { &self.client }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, FetchError> {
        let mut response = request
            .header("accept", "application/json")
            .send()
            .await
            .map_err(|error| fetch_error(&error))?;
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let date = header("date").and_then(|date| httpdate::parse_http_date(&date).ok());
        *self.server_time.lock().unwrap_or_else(PoisonError::into_inner) =
            date.and_then(|date| Timestamp::try_from(date).ok());
        let status = response.status().as_u16();
        let content_type = header("content-type");
        let retry_after = header("retry-after");
        let dpop_nonce = header("dpop-nonce");
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fetch_error(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, content_type, retry_after, dpop_nonce, body })
    }
}

#[async_trait]
impl Fetcher for HttpFetcher {
    async fn get(&self, url: &str) -> Result<Answer, FetchError> {
        self.send(self.client_for(url).get(url)).await
    }

    async fn post_form(
        &self,
        url: &str,
        form: &[(&str, &str)],
        proof: Option<&str>,
    ) -> Result<Answer, FetchError> {
        let mut request = self.client_for(url).post(url).form(form);
        if let Some(proof) = proof {
            let mut value =
                reqwest::header::HeaderValue::from_str(proof).map_err(|_| FetchError::Broken)?;
            value.set_sensitive(true);
            request = request.header("dpop", value);
        }
        self.send(request).await
    }

    fn server_time(&self) -> Option<Timestamp> {
        *self.server_time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fetch_error(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        FetchError::Timeout
    } else if error.is_connect() {
        FetchError::Connect(ConnectCause::of(error))
    } else if error.is_builder() {
        FetchError::Address
    } else {
        FetchError::Broken
    }
}

/// Whether an address is safe to send tokens to: https, or http on loopback where `local` allows it.
#[must_use]
pub fn safe_address(url: &str, local: bool) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match url.scheme() {
        "https" => url.host_str().is_some(),
        "http" => local && is_loopback(&url),
        _ => false,
    }
}

/// Whether an address is this machine itself. Requests to it never go through a proxy, which would see
/// the token.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    })
}
