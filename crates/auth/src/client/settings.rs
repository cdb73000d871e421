//! How a client is registered, and where its key comes from.

use std::sync::Arc;

use lmr_identifiers::OrganisationNumber;

use crate::discovery::IssuerKind;
use crate::http::safe_address;
use crate::jose::{Algorithm, SigningKey};
use crate::profile::Environment;

/// HelseID takes assertions of at most this lifetime, in seconds.
const MAX_HELSEID_LIFETIME: u32 = 60;
/// Maskinporten takes assertions of at most this lifetime, in seconds.
const MAX_MASKINPORTEN_LIFETIME: u32 = 120;

/// Which organisation a HelseID client acts for (`assertion_details`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ActingFor {
    /// The one the client is registered for: nothing is sent.
    Registered,
    /// A sub-unit of the organisation that a single-tenant client is registered for.
    Child {
        /// The sub-unit.
        child: OrganisationNumber,
    },
    /// A customer of a supplier with a multi-tenant client.
    Customer {
        /// The customer's legal unit.
        parent: OrganisationNumber,
        /// A sub-unit of it.
        child: Option<OrganisationNumber>,
    },
}

/// The key that DPoP proofs are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofKey {
    /// The one that signs the assertion, as NHN's and FHI's own clients do.
    OfAssertion,
    /// One made for this purpose and kept in memory only.
    Own(Algorithm),
}

/// How Maskinporten's claim `resource` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceForm {
    /// An array, which is all that its documentation names.
    Array,
    /// A text, as Altinn's client writes it.
    Text,
}

/// The way tokens are had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// HelseID, client credentials, token bound to a key.
    HelseIdDpop {
        /// The organisation acted for.
        acting_for: ActingFor,
        /// The key of the proofs.
        proof_key: ProofKey,
    },
    /// HelseID, client credentials, Bearer: the form of March 2025, which HelseID no longer gives to new
    /// clients.
    HelseIdBearer {
        /// The organisation acted for.
        acting_for: ActingFor,
    },
    /// Maskinporten, JWT bearer grant.
    Maskinporten {
        /// The organisation a supplier acts for, by delegation in Altinn (`consumer_org`).
        consumer: Option<OrganisationNumber>,
        /// How `resource` is written.
        resource_form: ResourceForm,
    },
}

impl Flow {
    /// Who the issuer is.
    #[must_use]
    pub fn issuer_kind(&self) -> IssuerKind {
        match self {
            Self::HelseIdDpop { .. } | Self::HelseIdBearer { .. } => IssuerKind::HelseId,
            Self::Maskinporten { .. } => IssuerKind::Maskinporten,
        }
    }

    pub(super) fn proof_key(&self) -> Option<ProofKey> {
        match self {
            Self::HelseIdDpop { proof_key, .. } => Some(*proof_key),
            Self::HelseIdBearer { .. } | Self::Maskinporten { .. } => None,
        }
    }
}

/// How the client is registered.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The issuer, byte for byte.
    pub issuer: String,
    /// Http on loopback is allowed in `Local` only.
    pub environment: Environment,
    /// The client's id.
    pub client_id: String,
    /// The scope wanted; of one API, so that the token has one audience.
    pub scope: String,
    /// The API the token is for. HelseID needs it only when the client has several; Maskinporten puts
    /// it into `aud`, so the register demands it.
    pub resource: Option<String>,
    /// The way.
    pub flow: Flow,
    /// Lifetime of an assertion in seconds, 1 to 60 (Maskinporten: 120); 20 is a good value.
    pub assertion_lifetime_seconds: u32,
}

/// Why a client cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// A setting is empty that must not be.
    #[error("the client's {0} is empty")]
    Empty(&'static str),
    /// Not https.
    #[error("the issuer must be an https address (http only on loopback in environment local)")]
    UnsafeIssuer,
    /// Too short or too long for the issuer.
    #[error("the assertion lifetime must be 1 to {longest} seconds")]
    AssertionLifetime {
        /// The longest that the issuer takes.
        longest: u32,
    },
}

impl ClientSettings {
    pub(super) fn check(&self) -> Result<(), ClientError> {
        let mut needed = vec![("client_id", &self.client_id), ("scope", &self.scope)];
        needed.extend(self.resource.iter().map(|resource| ("resource", resource)));
        for (name, value) in needed {
            if value.trim().is_empty() {
                return Err(ClientError::Empty(name));
            }
        }
        if !safe_address(&self.issuer, self.environment == Environment::Local) {
            return Err(ClientError::UnsafeIssuer);
        }
        let longest = match self.flow.issuer_kind() {
            IssuerKind::HelseId => MAX_HELSEID_LIFETIME,
            IssuerKind::Maskinporten => MAX_MASKINPORTEN_LIFETIME,
        };
        if !(1..=longest).contains(&self.assertion_lifetime_seconds) {
            return Err(ClientError::AssertionLifetime { longest });
        }
        Ok(())
    }
}

/// The client's key and, where the client is known by an enterprise certificate, its chain.
#[derive(Debug, Clone)]
pub struct TokenKey {
    /// The private key.
    pub key: Arc<SigningKey>,
    /// DER certificates, leaf first: Maskinporten's `x5c`. Empty: the key is registered under its `kid`.
    pub certificates: Vec<Vec<u8>>,
}

impl TokenKey {
    /// A key registered under its `kid`.
    #[must_use]
    pub fn registered(key: SigningKey) -> Self {
        Self { key: Arc::new(key), certificates: Vec::new() }
    }
}

/// Where the client's key comes from. It is asked before every new token, so a key file that was
/// replaced is read again without a restart.
pub trait KeySource: Send + Sync {
    /// Reads the key.
    ///
    /// # Errors
    /// [`KeySourceError`].
    fn load(&self) -> Result<TokenKey, KeySourceError>;
}

/// The client's key cannot be read; the text names file and reason, never the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeySourceError(pub String);

/// A key that does not change while the process runs.
#[derive(Debug, Clone)]
pub struct FixedKey(TokenKey);

impl FixedKey {
    /// A key registered under its `kid`.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        Self(TokenKey::registered(key))
    }
}

impl KeySource for FixedKey {
    fn load(&self) -> Result<TokenKey, KeySourceError> {
        Ok(self.0.clone())
    }
}
