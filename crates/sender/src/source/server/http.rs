//! Requests to the server and to its issuer: bounded in time, size and number.

use std::time::Duration;

use jiff::Timestamp;
use lmr_auth::{SecretString, is_loopback};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LOCATION, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{Client, Response, Url};

use super::ServerSettings;
use crate::attempt::ConnectionFailure;
use crate::source::FileError;

/// The media type of FHIR in JSON.
const FHIR_JSON: &str = "application/fhir+json";
/// Longest answer of an issuer, in bytes.
const TOKEN_LIMIT: usize = 1 << 20;

/// A client for one server.
pub(super) struct Http {
    client: Client,
    limit: usize,
}

/// An answer's head.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) content_location: Option<String>,
    /// The server's time, where it says it.
    pub(super) date: Option<Timestamp>,
    pub(super) response: Response,
}

impl Http {
    pub(super) fn new(settings: &ServerSettings) -> Result<Self, FileError> {
        let base = address(&settings.url)?;
        let mut network = settings.network.clone();
        network.authorities.extend(settings.certificate_authorities.iter().cloned());
        let client = network
            .client(is_loopback(&base))
            .and_then(|client| {
                // Redirects would hand password or token to another server, and are not followed.
                Ok(client
                    .connect_timeout(Duration::from_secs(10))
                    .timeout(settings.timeout)
                    .build()?)
            })
            .map_err(|error| FileError::Other(error.to_string()))?;
        Ok(Self { client, limit: settings.limits.file_bytes })
    }

    /// Asks once. `None` where there was no answer.
    pub(super) async fn get(
        &self,
        url: &Url,
        authorization: Option<&SecretString>,
        further: &[(HeaderName, &'static str)],
        now: Timestamp,
    ) -> Result<Answered, FileError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(FHIR_JSON));
        for (name, value) in further {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, secret(authorization)?);
        }
        let sent = self.client.get(url.clone()).headers(headers).send().await;
        let response = sent.map_err(|error| unreachable(&error))?;
        let text = |name: HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        Ok(Answered {
            status: response.status().as_u16(),
            retry_after: text(RETRY_AFTER)
                .and_then(|text| lmr_auth::retry_after(&text, now)?.try_into().ok()),
            content_location: text(CONTENT_LOCATION),
            date: text(DATE)
                .and_then(|text| httpdate::parse_http_date(&text).ok())
                .and_then(|time| Timestamp::try_from(time).ok()),
            response,
        })
    }

    /// The body of an answer, whole.
    pub(super) async fn body(&self, response: Response) -> Result<Vec<u8>, FileError> {
        bounded(response, self.limit).await
    }

    /// Tells the server that an export is done with. What it answers does not matter.
    pub(super) async fn delete(&self, url: &Url, authorization: Option<&SecretString>) {
        let mut request = self.client.delete(url.clone());
        if let Some(Ok(value)) = authorization.map(secret) {
            request = request.header(AUTHORIZATION, value);
        }
        let _ = request.send().await;
    }

    /// Asks an issuer for a token.
    pub(super) async fn token(
        &self,
        url: &str,
        form: &[(&'static str, String)],
        client: Option<&SecretString>,
    ) -> Result<Vec<u8>, FileError> {
        let mut request = self.client.post(address(url)?).form(form);
        if let Some(client) = client {
            request = request.header(AUTHORIZATION, secret(client)?);
        }
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let status = response.status().as_u16();
        let body = bounded(response, TOKEN_LIMIT).await?;
        if status == 200 {
            return Ok(body);
        }
        // The registered codes only (RFC 6749 section 5.2): texts may repeat what was sent.
        let error = serde_json::from_slice::<serde_json::Value>(&body)
            .ok()
            .and_then(|json| json["error"].as_str().map(str::to_owned))
            .filter(|code| {
                code.len() < 40 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            });
        Err(FileError::TokenRefused { status, error: error.unwrap_or_default() })
    }
}

/// An address that secrets and patients may be sent to.
pub(super) fn address(url: &str) -> Result<Url, FileError> {
    let address: Url = url.parse().map_err(|_| FileError::Address)?;
    match address.scheme() {
        "https" => Ok(address),
        "http" if is_loopback(&address) => Ok(address),
        _ => Err(FileError::Address),
    }
}

fn secret(text: &SecretString) -> Result<HeaderValue, FileError> {
    let mut value = HeaderValue::from_str(text.expose()).map_err(|_| FileError::TokenUnusable)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Without the address, whose query may have a person's number.
pub(super) fn unreachable(error: &reqwest::Error) -> FileError {
    let reason = match error.is_timeout() {
        true => ConnectionFailure::Timeout,
        false => ConnectionFailure::of(error),
    };
    FileError::Unreachable { address: String::new(), reason }
}

async fn bounded(mut response: Response, limit: usize) -> Result<Vec<u8>, FileError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(FileError::AnswerTooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
