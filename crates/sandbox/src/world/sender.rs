//! Senders of the simulated world: registered at the receiver and at HelseID.

use super::{World, WorldError};
use crate::certificates::{KeyAndCertificate, Order};
use crate::clock;
use crate::helseid::{Client, LMR_SCOPE};
use jiff::{SignedDuration, Timestamp};
use lmr_auth::jose::{Algorithm, SigningKey as ClientKey};
use lmr_auth::{
    ActingFor, ClientSettings, Clock, Environment, FixedKey, Flow, SecretString, TokenClient,
    TokenError,
};
use lmr_envelope::{Certificate, Header, PrivateKey, SigningKey, SystemRandom, seal};
use lmr_identifiers::OrganisationNumber;
use lmr_intake::{AllowList, Avsender, RegisteredCertificate, RuleSetId, Store as _};
use serde_json::Value;
use std::sync::Arc;

/// A registered sender with everything it needs to send.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Its organisation number.
    pub organisation: OrganisationNumber,
    /// Its name.
    pub name: String,
    /// Its client's id at HelseID.
    pub client_id: String,
    /// Its client's private key, a JWK.
    pub client_key: SecretString,
    /// Its enterprise certificate and key.
    pub certificate: KeyAndCertificate,
}

/// The receiver's answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The LMR code of an OperationOutcome's first issue.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        self.json()["issue"][0]["details"]["coding"][0]["code"].as_str().map(str::to_owned)
    }

    /// `response.status` of each entry of a LegemiddelregisterBundleResponse.
    #[must_use]
    pub fn entry_statuses(&self) -> Vec<String> {
        let entries = self.json()["entry"].as_array().cloned().unwrap_or_default();
        let status =
            |entry: &Value| entry["response"]["status"].as_str().unwrap_or_default().to_owned();
        entries.iter().map(status).collect()
    }
}

impl Sender {
    /// The key it signs messages with.
    ///
    /// # Errors
    /// [`WorldError`] when certificate and key do not fit.
    pub fn signing_key(&self) -> Result<SigningKey, WorldError> {
        let certificate = Certificate::from_der(&self.certificate.certificate_der)?;
        let key = PrivateKey::from_pem(self.certificate.key_pem.as_bytes())?;
        Ok(SigningKey::new(certificate, key)?)
    }
}

impl World {
    /// Makes a sender and registers it: its certificate at the receiver, its client at HelseID.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn add_sender(
        &self,
        organisation: &str,
        name: &str,
        rule_set: Option<RuleSetId>,
    ) -> Result<Sender, WorldError> {
        let sender = self.make_sender(organisation, name)?;
        self.register_sender(&sender, |avsender| avsender.rule_set = rule_set).await?;
        Ok(sender)
    }

    /// Makes a sender that HelseID knows and the receiver does not.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn make_sender(&self, organisation: &str, name: &str) -> Result<Sender, WorldError> {
        let number = OrganisationNumber::parse(organisation)
            .map_err(|_| WorldError::Organisation(organisation.to_owned()))?;
        let certificate = self.ca.enterprise(&Order::new(organisation, name, self.now()))?;
        let key = ClientKey::generate(Algorithm::ES256, &format!("key-{organisation}"), 0)?;
        let client_id = format!("client-{organisation}");
        self.helseid.register(Client::single_tenant(&client_id, organisation, key.public()));
        Ok(Sender {
            organisation: number,
            name: name.to_owned(),
            client_id,
            client_key: key.to_private_jwk()?,
            certificate,
        })
    }

    /// Registers a sender at the receiver, or replaces its registration; `change` may alter it first.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn register_sender(
        &self,
        sender: &Sender,
        change: impl FnOnce(&mut Avsender),
    ) -> Result<(), WorldError> {
        let mut avsender = Avsender {
            organisation: sender.organisation,
            name: sender.name.clone(),
            active: true,
            certificates: vec![RegisteredCertificate {
                certificate: Certificate::from_der(&sender.certificate.certificate_der)?,
                from: None,
                until: None,
            }],
            addresses: AllowList::default(),
            rule_set: None,
            start_date: None,
            database: None,
        };
        change(&mut avsender);
        Ok(self.store()?.save_avsender(&avsender).await?)
    }

    /// The sender's HelseID client.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn helseid_client(&self, sender: &Sender) -> Result<TokenClient, WorldError> {
        self.helseid_client_at(sender, Arc::clone(&self.plan.clock))
    }

    /// The sender's HelseID client, by a clock of its own.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn helseid_client_at(
        &self,
        sender: &Sender,
        clock: Clock,
    ) -> Result<TokenClient, WorldError> {
        let settings = ClientSettings {
            issuer: self.helseid.issuer().to_owned(),
            environment: Environment::Local,
            client_id: sender.client_id.clone(),
            scope: LMR_SCOPE.to_owned(),
            resource: None,
            flow: Flow::HelseIdBearer { acting_for: ActingFor::Registered },
            assertion_lifetime_seconds: 20,
        };
        let key = ClientKey::from_jwk(sender.client_key.expose().as_bytes(), None, None)?;
        Ok(TokenClient::new(
            settings,
            Arc::new(FixedKey::new(key)),
            Arc::clone(&self.fetcher),
            clock,
            clock::fresh_ids(),
        )?)
    }

    /// The value of an `Authorization` header for the sender, fresh from HelseID.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn authorization(&self, sender: &Sender) -> Result<SecretString, WorldError> {
        let token = self.helseid_client(sender)?.access_token().await?;
        Ok(token.bearer().ok_or(TokenError::Answer("the token is bound to a key"))?)
    }

    /// Seals a bundle for this world's register; the period is the day before now.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn seal(
        &self,
        sender: &Sender,
        message_id: &str,
        bundle: &[u8],
    ) -> Result<Vec<u8>, WorldError> {
        self.seal_at(sender, message_id, bundle, self.now())
    }

    /// As [`World::seal`], made at another time.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn seal_at(
        &self,
        sender: &Sender,
        message_id: &str,
        bundle: &[u8],
        made: Timestamp,
    ) -> Result<Vec<u8>, WorldError> {
        let header = Header {
            message_id,
            sender: sender.organisation,
            reporting_from: made.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(made),
            reporting_to: made,
            generated_at: made,
        };
        Ok(seal(
            bundle,
            &header,
            &self.register_certificate,
            &sender.signing_key()?,
            &SystemRandom,
        )?)
    }

    /// Posts a body to a path of the receiver.
    ///
    /// # Errors
    /// [`WorldError::Request`] when there is no answer.
    pub async fn post(
        &self,
        path: &str,
        authorization: Option<&SecretString>,
        body: Vec<u8>,
    ) -> Result<Answer, WorldError> {
        let mut request = self
            .client
            .post(format!("{}{path}", self.base_url()))
            .header("content-type", "application/json")
            .body(body);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization.expose());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
    }

    /// Seals a bundle and posts it with the sender's own token.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn deliver(
        &self,
        sender: &Sender,
        message_id: &str,
        bundle: &[u8],
    ) -> Result<Answer, WorldError> {
        let authorization = self.authorization(sender).await?;
        let body = self.seal(sender, message_id, bundle)?;
        self.post("/fhirmottak/v1", Some(&authorization), body).await
    }
}
