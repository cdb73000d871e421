//! `[helseid]` and `[maskinporten]` in the sender's configuration: the client that gets access tokens.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use lmr_auth::jose::Algorithm;
use lmr_auth::{
    ActingFor, ClientSettings, Environment, Flow, KeySource, KeySourceError, ProofKey,
    ResourceForm, TokenKey, TrustKind, TrustProfile,
};
use lmr_identifiers::OrganisationNumber;
use serde::Deserialize;

use super::key_files::{certificates, found_key, located, password};
use super::source::BackendServicesTable;
use crate::text::{Explain, fail, text};

/// The scope of March 2025, which HelseID gave Bearer tokens for.
const BEARER_SCOPE: &str = "fhi:lmr.fhirmottak/all";
/// The scope for tokens that are bound to a key, the only ones that HelseID gives new clients.
pub(crate) const DPOP_SCOPE: &str = "fhi:lmr.fhirmottak/api";
/// The register's scope at Maskinporten.
pub(crate) const MASKINPORTEN_SCOPE: &str = "fhi:lmr/fhirmottak.api";
/// The register's name at Maskinporten; note slash and dot.
pub(crate) const MASKINPORTEN_RESOURCE: &str = "fhi:lmr/fhirmottak";

/// The client in HelseID.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HelseIdSection {
    /// `https://helseid-sts.nhn.no` in production.
    pub(crate) issuer: String,
    /// The client's id from Selvbetjening.
    pub(crate) client_id: String,
    /// The client's private key: a JWK file as Selvbetjening gives it, PEM, DER, PKCS#12, or a `pkcs11:` URI.
    pub(crate) key: PathBuf,
    /// File with the key's password, or the token's PIN.
    pub(crate) key_password_file: Option<PathBuf>,
    /// Variable of the environment with the same.
    pub(crate) key_password_env: Option<String>,
    /// The last day on which the issuer takes the key; a year after the key's file was written if left out.
    #[serde(default, deserialize_with = "super::moments::optional_moment")]
    pub(crate) key_expires: Option<Date>,
    /// `kid`, where the key file has none.
    pub(crate) kid: Option<String>,
    /// `alg` registered with the key, where the key file has none: RS256 … ES512.
    pub(crate) algorithm: Option<String>,
    /// Scope wanted; if left out that of tokens bound to a key, or that of March 2025 with `dpop = false`.
    pub(crate) scope: Option<String>,
    /// Whether the token is bound to a key (DPoP). If left out: yes, except for the scope of March 2025.
    pub(crate) dpop: Option<bool>,
    /// The algorithm of a key made for DPoP proofs alone; the client's own key if left out.
    pub(crate) proof_algorithm: Option<String>,
    /// Narrows the token to one API.
    pub(crate) resource: Option<String>,
    /// Sub-unit that the token shall name (single-tenant clients).
    pub(crate) child: Option<String>,
    /// Customer that a supplier's multi-tenant client acts for.
    pub(crate) customer: Option<String>,
    /// Lifetime of a client assertion in seconds.
    #[serde(default = "twenty")]
    pub(crate) assertion_seconds: u32,
}

/// The client in Maskinporten.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaskinportenSection {
    /// `https://maskinporten.no/` in production; that of the environment if left out.
    pub(crate) issuer: Option<String>,
    /// The client's id.
    pub(crate) client_id: String,
    /// The client's private RSA key: PEM, DER, a JWK file, PKCS#12, or a `pkcs11:` URI.
    pub(crate) key: PathBuf,
    /// File with the key's password, or the token's PIN.
    pub(crate) key_password_file: Option<PathBuf>,
    /// Variable of the environment with the same.
    pub(crate) key_password_env: Option<String>,
    /// The last day on which the issuer takes the key; a year after the key's file was written if left out.
    #[serde(default, deserialize_with = "super::moments::optional_moment")]
    pub(crate) key_expires: Option<Date>,
    /// `kid` of the registered key, where the key file has none.
    pub(crate) kid: Option<String>,
    /// RS256, RS384 or RS512.
    #[serde(default = "rs256")]
    pub(crate) algorithm: String,
    /// Enterprise certificate with its chain (PEM, PKCS#12), where the client is known by it and not by a `kid`.
    pub(crate) certificates: Option<PathBuf>,
    /// Scope wanted.
    #[serde(default = "maskinporten_scope")]
    pub(crate) scope: String,
    /// The API the token is for: becomes its `aud`.
    #[serde(default = "maskinporten_resource")]
    pub(crate) resource: String,
    /// Whether `resource` is written as a text instead of an array.
    #[serde(default)]
    pub(crate) resource_as_text: bool,
    /// Organisation that a supplier acts for (delegation in Altinn).
    pub(crate) consumer_org: Option<String>,
    /// Lifetime of an assertion in seconds.
    #[serde(default = "twenty")]
    pub(crate) assertion_seconds: u32,
}

fn maskinporten_scope() -> String {
    MASKINPORTEN_SCOPE.to_owned()
}

fn maskinporten_resource() -> String {
    MASKINPORTEN_RESOURCE.to_owned()
}

fn rs256() -> String {
    Algorithm::RS256.name().to_owned()
}

fn twenty() -> u32 {
    20
}

fn organisation(key: &str, text: &str) -> anyhow::Result<OrganisationNumber> {
    OrganisationNumber::parse(text).explain(|| {
        text!(
            "{key}: {text} er ikke et organisasjonsnummer",
            "{key}: {text} is not an organisation number"
        )
    })
}

fn algorithm(key: &str, name: &str) -> anyhow::Result<Algorithm> {
    Algorithm::from_name(name)
        .explain(|| text!("{key}: {name} er ukjent", "{key}: {name} is unknown"))
}

/// Refuses the issuer of the other environment: its tokens are for test persons, or for real ones.
fn of_environment(key: &str, issuer: &str, environment: Environment) -> anyhow::Result<()> {
    let others = match environment {
        Environment::Production => [TrustProfile::HELSEID_TEST, TrustProfile::MASKINPORTEN_TEST],
        Environment::Test => {
            [TrustProfile::HELSEID_PRODUCTION, TrustProfile::MASKINPORTEN_PRODUCTION]
        }
        Environment::Local => return Ok(()),
    };
    let bare = |issuer: &str| issuer.trim_end_matches('/').to_ascii_lowercase();
    if others.iter().any(|other| bare(other) == bare(issuer)) {
        fail!(
            "{key} {issuer} er utstederen i det andre miljøet: rett den, eller environment",
            "{key} {issuer} is the issuer of the other environment: correct it, or `environment`"
        );
    }
    Ok(())
}

impl HelseIdSection {
    pub(super) fn settings(&self, environment: Environment) -> anyhow::Result<ClientSettings> {
        let number = |key: &str, text: &Option<String>| {
            text.as_deref().map(|text| organisation(&format!("helseid.{key}"), text)).transpose()
        };
        let acting_for = match (number("customer", &self.customer)?, number("child", &self.child)?)
        {
            (Some(parent), child) => ActingFor::Customer { parent, child },
            (None, Some(child)) => ActingFor::Child { child },
            (None, None) => ActingFor::Registered,
        };
        let proof_key = match &self.proof_algorithm {
            Some(name) => ProofKey::Own(algorithm("helseid.proof_algorithm", name)?),
            None => ProofKey::OfAssertion,
        };
        let scope = match (&self.scope, self.dpop) {
            (Some(scope), _) => scope,
            (None, Some(false)) => BEARER_SCOPE,
            (None, _) => DPOP_SCOPE,
        };
        let flow = match self.dpop.unwrap_or(scope != BEARER_SCOPE) {
            true => Flow::HelseIdDpop { acting_for, proof_key },
            false => Flow::HelseIdBearer { acting_for },
        };
        of_environment("helseid.issuer", &self.issuer, environment)?;
        Ok(ClientSettings {
            issuer: self.issuer.clone(),
            environment,
            client_id: self.client_id.clone(),
            scope: scope.to_owned(),
            resource: self.resource.clone(),
            flow,
            assertion_lifetime_seconds: self.assertion_seconds,
        })
    }

    pub(super) fn key(&self, folder: &Path) -> anyhow::Result<KeyFile> {
        let named = self.algorithm.as_deref();
        let mut key = KeyFile::at(folder, &self.key);
        key.password_file = self.key_password_file.as_ref().map(|path| folder.join(path));
        key.password_variable.clone_from(&self.key_password_env);
        key.kid.clone_from(&self.kid);
        key.algorithm = named.map(|name| algorithm("helseid.algorithm", name)).transpose()?;
        key.tried()
    }
}

impl MaskinportenSection {
    pub(super) fn settings(&self, environment: Environment) -> anyhow::Result<ClientSettings> {
        let usual = TrustProfile::usual_issuer(TrustKind::Maskinporten, environment);
        let issuer = self.issuer.as_deref().or(usual).explain(|| {
            text!(
                "maskinporten.issuer må angis i miljøet local",
                "maskinporten.issuer is needed in environment local"
            )
        })?;
        of_environment("maskinporten.issuer", issuer, environment)?;
        let consumer = self
            .consumer_org
            .as_deref()
            .map(|text| organisation("maskinporten.consumer_org", text))
            .transpose()?;
        let resource_form =
            if self.resource_as_text { ResourceForm::Text } else { ResourceForm::Array };
        Ok(ClientSettings {
            issuer: issuer.to_owned(),
            environment,
            client_id: self.client_id.clone(),
            scope: self.scope.clone(),
            resource: Some(self.resource.clone()),
            flow: Flow::Maskinporten { consumer, resource_form },
            assertion_lifetime_seconds: self.assertion_seconds,
        })
    }

    pub(super) fn key(&self, folder: &Path) -> anyhow::Result<KeyFile> {
        let algorithm = algorithm("maskinporten.algorithm", &self.algorithm)?;
        if ![Algorithm::RS256, Algorithm::RS384, Algorithm::RS512].contains(&algorithm) {
            fail!(
                "maskinporten.algorithm: Maskinporten godtar bare RS256, RS384 og RS512",
                "maskinporten.algorithm: Maskinporten takes RS256, RS384 and RS512 only"
            );
        }
        let mut key = KeyFile::at(folder, &self.key);
        key.password_file = self.key_password_file.as_ref().map(|path| folder.join(path));
        key.password_variable.clone_from(&self.key_password_env);
        key.kid.clone_from(&self.kid);
        key.algorithm = Some(algorithm);
        key.certificates = self.certificates.as_ref().map(|path| located(folder, path));
        key.tried()
    }
}

/// The client's key where it is kept, read again before every new token.
#[derive(Debug, Default)]
pub(crate) struct KeyFile {
    path: PathBuf,
    password_file: Option<PathBuf>,
    password_variable: Option<String>,
    kid: Option<String>,
    algorithm: Option<Algorithm>,
    certificates: Option<PathBuf>,
}

impl KeyFile {
    fn at(folder: &Path, path: &Path) -> Self {
        Self { path: located(folder, path), ..Self::default() }
    }

    /// The key of a client at another issuer, by the names that its configuration has.
    pub(crate) fn of_access(table: &BackendServicesTable, folder: &Path) -> anyhow::Result<Self> {
        let named = table.algorithm.as_deref();
        let mut key = Self::at(folder, &table.key);
        key.password_file = table.key_password_file.as_ref().map(|path| folder.join(path));
        key.password_variable.clone_from(&table.key_password_env);
        key.kid.clone_from(&table.kid);
        key.algorithm = named.map(|name| algorithm("access.algorithm", name)).transpose()?;
        key.tried()
    }

    /// Reads it once, so that a file that cannot be used is reported at start.
    fn tried(self) -> anyhow::Result<Self> {
        self.read()?;
        Ok(self)
    }

    fn read(&self) -> anyhow::Result<TokenKey> {
        let password = password(self.password_file.as_deref(), self.password_variable.as_deref())?;
        let certificates = match &self.certificates {
            Some(path) => certificates(path, password.as_ref())?,
            None => Vec::new(),
        };
        // The certificate names the key, so no id of its own is needed.
        let kid = self.kid.as_deref().or((!certificates.is_empty()).then_some("x5c"));
        let found = found_key(&self.path, password.as_ref())?;
        let key = found.for_tokens(&self.path, kid, self.algorithm)?;
        Ok(TokenKey { key: Arc::new(key), certificates })
    }
}

impl KeySource for KeyFile {
    fn load(&self) -> Result<TokenKey, KeySourceError> {
        self.read().map_err(|error| KeySourceError(format!("{error:#}")))
    }
}
