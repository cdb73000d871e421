//! Signing people in at an issuer by OpenID Connect: authorization code flow with PKCE (OpenID Connect Core
//! 1.0 section 3.1, RFC 7636, RFC 9207).
//!
//! Whoever serves the pages keeps the [`PendingSignIn`] of a browser that was sent away, hands it back with
//! the code, and gets an [`IdToken`] whose signature and claims have been verified. Nothing else of the
//! issuer's answer is used: the access token is thrown away.

mod id_token;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use reqwest::Url;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::client::{KeySource, KeySourceError, OauthError};
use crate::discovery::{Discovery, DiscoveryError, Metadata};
use crate::http::{FetchError, Fetcher, safe_address};
use crate::issuer_keys::{IssuerKeys, KeyCache};
use crate::jose::{SigningKeyError, base64url};
use crate::profile::{Environment, MAX_LEEWAY};
use crate::secret::SecretString;
use crate::sources::{Clock, FreshId, uuid_text};
use crate::strict_json;
pub use id_token::{IdToken, IdTokenRejection};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Lifetime of an assertion in seconds: good for one request.
const ASSERTION_LIFETIME: i64 = 30;
/// Longest code that is passed on, in bytes.
const MAX_CODE: usize = 4096;

/// How the issuer knows that it is us who redeem a code.
#[derive(Clone)]
pub enum ClientCredential {
    /// A shared secret, in the form (`client_secret_post`).
    Secret(SecretString),
    /// A signed statement (`private_key_jwt`); HelseID takes nothing else.
    Key(Arc<dyn KeySource>),
}

/// How we are registered at the issuer.
#[derive(Clone)]
pub struct RelyingPartySettings {
    /// The issuer, byte for byte.
    pub issuer: String,
    /// Http on loopback is allowed in `Local` only.
    pub environment: Environment,
    /// Our id there.
    pub client_id: String,
    /// How we prove that it is us.
    pub credential: ClientCredential,
    /// The address that browsers come back to, as registered.
    pub redirect_uri: String,
    /// Scopes asked for; `openid` is added where it is not among them.
    pub scopes: Vec<String>,
    /// Tolerance for clocks that differ, in seconds; at most 60.
    pub leeway_seconds: u32,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The settings cannot work.
    #[error("sign-in by OpenID Connect: {0}")]
    Settings(&'static str),
    /// The issuer's metadata cannot be had or used.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// What comes back names another issuer, or none although this one always does (RFC 9207).
    #[error("the answer is from another issuer")]
    OtherIssuer,
    /// The code that came back is not one.
    #[error("the answer has no usable code")]
    Code,
    /// No answer.
    #[error("the token endpoint: {0}")]
    Unreachable(#[from] FetchError),
    /// An answer that is not the issuer's own.
    #[error("the token endpoint is unavailable (HTTP {status})")]
    Unavailable {
        /// HTTP status.
        status: u16,
    },
    /// The issuer does not take the code, or us.
    #[error("the issuer rejects the code or the client (HTTP {status}): {error}")]
    Rejected {
        /// HTTP status.
        status: u16,
        /// The OAuth error.
        error: OauthError,
    },
    /// An answer 200 without an ID token.
    #[error("the issuer's answer has no id_token")]
    NoIdToken,
    /// The ID token is not what it must be.
    #[error(transparent)]
    IdToken(#[from] IdTokenRejection),
    /// Our key failed.
    #[error("the client's key: {0}")]
    Key(#[from] SigningKeyError),
    /// Our key cannot be read.
    #[error("the client's key: {0}")]
    KeySource(#[from] KeySourceError),
}

/// What must be known of a browser that was sent to the issuer, until it comes back. Used once.
#[derive(Clone)]
pub struct PendingSignIn {
    state: String,
    nonce: String,
    verifier: SecretString,
}

impl PendingSignIn {
    /// Of three times 32 fresh unpredictable bytes.
    #[must_use]
    pub fn new(state: &[u8; 32], nonce: &[u8; 32], verifier: &[u8; 32]) -> Self {
        Self {
            state: base64url(state),
            nonce: base64url(nonce),
            // 43 characters, the least that RFC 7636 section 4.1 takes.
            verifier: SecretString::new(base64url(verifier)),
        }
    }

    /// What the issuer gives back, so that the answer is found and no other site's is taken.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }
}

impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingSignIn(..)")
    }
}

/// A site whose visitors sign in at an issuer.
pub struct RelyingParty {
    settings: RelyingPartySettings,
    keys: IssuerKeys,
    fetcher: Arc<dyn Fetcher>,
    clock: Clock,
    fresh_id: FreshId,
}

impl RelyingParty {
    /// Fetches nothing yet, and reads no key.
    ///
    /// # Errors
    /// [`SignInError::Settings`].
    pub fn new(
        settings: RelyingPartySettings,
        fetcher: Arc<dyn Fetcher>,
        clock: Clock,
        fresh_id: FreshId,
    ) -> Result<Self, SignInError> {
        let is_local = settings.environment == Environment::Local;
        let faults = [
            (settings.client_id.trim().is_empty(), "client_id is empty"),
            (
                !safe_address(&settings.issuer, is_local),
                "the issuer must be an https address (http only on loopback in environment local)",
            ),
            (
                !safe_address(&settings.redirect_uri, true),
                "the address that browsers come back to must be https, or http on loopback",
            ),
            (settings.leeway_seconds > MAX_LEEWAY, "the tolerance for clocks is above 60 seconds"),
        ];
        if let Some((_, fault)) = faults.into_iter().find(|(is_one, _)| *is_one) {
            return Err(SignInError::Settings(fault));
        }
        let discovery = Discovery::open_id(
            &settings.issuer,
            is_local,
            Arc::clone(&fetcher),
            Arc::clone(&clock),
        );
        let cache = KeyCache::default();
        let keys = IssuerKeys::of(discovery, Arc::clone(&fetcher), Arc::clone(&clock), cache);
        Ok(Self { settings, keys, fetcher, clock, fresh_id })
    }

    /// The configured issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The address that a browser is sent to.
    ///
    /// # Errors
    /// [`SignInError::Discovery`].
    pub async fn authorization_url(&self, pending: &PendingSignIn) -> Result<String, SignInError> {
        let metadata = self.metadata().await?;
        let endpoint = metadata.authorization_endpoint.as_deref();
        let mut url = parsed(endpoint, "authorization_endpoint")?;
        let challenge = base64url(digest(&SHA256, pending.verifier.expose().as_bytes()).as_ref());
        let mut scopes = vec!["openid"];
        scopes.extend(self.settings.scopes.iter().map(String::as_str).filter(|s| *s != "openid"));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &pending.state)
            .append_pair("nonce", &pending.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Checks the parameter `iss` of the address that a browser came back with, whether with a code or with an
    /// error (RFC 9207 section 2.4).
    ///
    /// # Errors
    /// [`SignInError::OtherIssuer`], [`SignInError::Discovery`].
    pub async fn check_issuer(&self, issuer: Option<&str>) -> Result<(), SignInError> {
        match issuer {
            Some(issuer) if issuer != self.settings.issuer => Err(SignInError::OtherIssuer),
            None if self.metadata().await?.names_issuer => Err(SignInError::OtherIssuer),
            _ => Ok(()),
        }
    }

    /// Redeems the code that a browser came back with, after [`RelyingParty::check_issuer`], and verifies who it is.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn redeem(
        &self,
        pending: &PendingSignIn,
        code: &str,
    ) -> Result<IdToken, SignInError> {
        let metadata = self.metadata().await?;
        if code.is_empty() || code.len() > MAX_CODE {
            return Err(SignInError::Code);
        }
        let endpoint = parsed(metadata.token_endpoint.as_deref(), "token_endpoint")?;
        let assertion;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.settings.redirect_uri.as_str()),
            ("code_verifier", pending.verifier.expose()),
            ("client_id", self.settings.client_id.as_str()),
        ];
        match &self.settings.credential {
            ClientCredential::Secret(secret) => form.push(("client_secret", secret.expose())),
            ClientCredential::Key(source) => {
                assertion = self.assertion(&**source)?;
                form.push(("client_assertion_type", ASSERTION_TYPE));
                form.push(("client_assertion", assertion.expose()));
            }
        }
        let answer = self.fetcher.post_form(endpoint.as_str(), &form, None).await?;
        let (status, body) = (answer.status, Zeroizing::new(answer.body));
        let members = strict_json::object(&body).ok().filter(|_| status < 500);
        let Some(members) = members else { return Err(SignInError::Unavailable { status }) };
        let text = |name| members.get(name).and_then(Value::as_str);
        if status != 200 {
            let name = text("error").ok_or(SignInError::Unavailable { status })?;
            return Err(SignInError::Rejected { status, error: OauthError::named(name) });
        }
        let token = text("id_token").ok_or(SignInError::NoIdToken)?;
        let expected = id_token::Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: &pending.nonce,
            leeway_seconds: self.settings.leeway_seconds,
        };
        Ok(id_token::verify(token, &expected, &self.keys, &self.clock).await?)
    }

    /// The address at which a visitor also signs out at the issuer, to come back to `back`; none where the
    /// issuer has none.
    ///
    /// # Errors
    /// [`SignInError::Discovery`].
    pub async fn sign_out_url(&self, back: &str) -> Result<Option<String>, SignInError> {
        let metadata = self.metadata().await?;
        if metadata.end_session_endpoint.is_none() {
            return Ok(None);
        }
        let mut url = parsed(metadata.end_session_endpoint.as_deref(), "end_session_endpoint")?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", back);
        Ok(Some(url.into()))
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, SignInError> {
        Ok(self.keys.discovery().metadata().await?)
    }

    fn assertion(&self, source: &dyn KeySource) -> Result<SecretString, SignInError> {
        let key = source.load()?.key;
        let now = (self.clock)().as_second();
        let claims = json!({
            "iss": self.settings.client_id,
            "sub": self.settings.client_id,
            "aud": self.settings.issuer,
            "jti": uuid_text((self.fresh_id)()),
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_LIFETIME,
        });
        Ok(key.sign_jws("client-authentication+jwt", &claims)?)
    }
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelyingParty")
            .field("issuer", &self.settings.issuer)
            .finish_non_exhaustive()
    }
}

fn parsed(endpoint: Option<&str>, name: &'static str) -> Result<Url, SignInError> {
    let url = endpoint.and_then(|url| Url::parse(url).ok());
    Ok(url.ok_or(DiscoveryError::Member(name))?)
}
