//! The operator's console in the receiver's configuration file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lmr_auth::jose::Algorithm;
use lmr_auth::{
    ClientCredential, Clock, Environment, FixedKey, FreshId, HttpFetcher, RelyingParty,
    RelyingPartySettings, SecretString,
};
use lmr_web::{OpenIdSignIn, Operator, Passkey, PasswordHash, Role};
use serde::Deserialize;

use super::key_files::{KeyFiles, found_key, located, password};
use super::read_text;
use crate::text::{Explain, fail, text};

/// Longest time for an answer of the issuer.
const ISSUER_TIME: Duration = Duration::from_secs(10);

/// `[console]`: off where it is left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsoleSection {
    /// Address and port to listen on.
    pub(crate) listen: SocketAddr,
    /// Addresses and ranges that may call.
    pub(crate) addresses: Vec<String>,
    /// The address that browsers call, in front of a proxy that does TLS: `https://…`.
    pub(crate) public_url: Option<String>,
    /// TLS of our own.
    pub(crate) tls: Option<KeyFiles>,
    /// Minutes after which a session that is not used ends.
    #[serde(default = "half_an_hour")]
    pub(crate) session_minutes: u32,
    /// Who signs in with a password.
    #[serde(default)]
    pub(crate) operator: Vec<OperatorSection>,
    /// The issuer at which others sign in.
    pub(crate) oidc: Option<OidcSection>,
}

fn half_an_hour() -> u32 {
    30
}

/// `[console.oidc]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcSection {
    /// `iss`, byte for byte.
    pub(crate) issuer: String,
    /// The issuer's name on the page; its host if left out.
    pub(crate) name: Option<String>,
    /// Our id at the issuer.
    pub(crate) client_id: String,
    /// File with the secret that we share with the issuer.
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Private key, where the issuer knows us by one: JWK, PEM, DER, PKCS#12, or a `pkcs11:` URI.
    pub(crate) key: Option<PathBuf>,
    /// File with the key's password, or the token's PIN.
    pub(crate) key_password_file: Option<PathBuf>,
    /// Variable of the environment with the same.
    pub(crate) key_password_env: Option<String>,
    /// `kid`, where the key file has none.
    pub(crate) kid: Option<String>,
    /// `alg` registered with the key, where the key file has none.
    pub(crate) algorithm: Option<String>,
    /// Scopes asked for, beside `openid`.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// The claim with an operator's name for the audit log, beside `sub`.
    pub(crate) name_claim: Option<String>,
    /// The claim that decides the role; with `/` in front a JSON Pointer.
    pub(crate) role_claim: String,
    /// Its values, and the role of each.
    pub(crate) roles: BTreeMap<String, RoleName>,
    /// Tolerance for clocks that differ, in seconds.
    #[serde(default = "five")]
    pub(crate) leeway_seconds: u32,
}

fn five() -> u32 {
    5
}

/// `[[console.operator]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorSection {
    /// As the audit log names them.
    pub(crate) name: String,
    /// `read`, `act` or `admin`.
    pub(crate) role: RoleName,
    /// File with the password's hash, made by `lmr admin new-password`.
    pub(crate) password_file: Option<PathBuf>,
    /// File with passkeys, a line each, as the console shows them when they are made.
    pub(crate) passkey_file: Option<PathBuf>,
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RoleName {
    /// See everything but content.
    Read,
    /// Deal with alerts, see content for a reason.
    Act,
    /// Change senders, see the audit log.
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Read => Self::Read,
            RoleName::Act => Self::Act,
            RoleName::Admin => Self::Admin,
        }
    }
}

impl ConsoleSection {
    /// Whether browsers reach it by https. Without, only a browser on this machine may: passwords and sessions would
    /// go over the network in plain text.
    pub(crate) fn is_secure(&self, environment: Environment) -> anyhow::Result<bool> {
        let public = self.public_url.as_deref();
        if let Some(url) = public.filter(|url| !url.starts_with("https://")) {
            fail!(
                "console.public_url: {url} begynner ikke med https://",
                "console.public_url: {url} does not begin with https://"
            );
        }
        let secure = self.tls.is_some() || public.is_some();
        if !secure && (environment == Environment::Production || !self.listen.ip().is_loopback()) {
            fail!(
                "[console] trenger tls, eller public_url med https:// når en proxy foran gjør TLS",
                "[console] needs tls, or public_url with https:// where a proxy in front does TLS"
            );
        }
        Ok(secure)
    }

    /// The operators, their password hashes read.
    pub(crate) fn operators(&self, folder: &Path) -> anyhow::Result<Vec<Operator>> {
        let mut operators: Vec<Operator> = Vec::new();
        for section in &self.operator {
            let name = section.name.trim();
            if name.is_empty() || operators.iter().any(|one| one.name == name) {
                fail!(
                    "[[console.operator]]: navnet «{name}» er tomt eller brukt to ganger",
                    "[[console.operator]]: the name `{name}` is empty or used more than once"
                );
            }
            let (password, passkeys) = section.credentials(name, folder)?;
            if password.is_none() && passkeys.is_empty() {
                fail!(
                    "[[console.operator]] {name} har verken password_file eller passkey_file med en passnøkkel",
                    "[[console.operator]] {name} has neither password_file nor passkey_file with a passkey"
                );
            }
            let is_anothers = |key: &Passkey| {
                operators.iter().flat_map(|one| &one.passkeys).any(|one| one.id() == key.id())
            };
            if passkeys.iter().any(is_anothers) {
                fail!(
                    "[[console.operator]] {name}: en passnøkkel i passkey_file er en annen operatørs",
                    "[[console.operator]] {name}: a passkey in passkey_file is another operator's"
                );
            }
            let role = section.role.into();
            operators.push(Operator { name: name.to_owned(), role, password, passkeys });
        }
        if operators.is_empty() && self.oidc.is_none() {
            fail!(
                "[console] har verken [[console.operator]] eller [console.oidc]: ingen kunne logge inn",
                "[console] has neither [[console.operator]] nor [console.oidc]: nobody could sign in"
            );
        }
        Ok(operators)
    }

    /// Scheme, host and port by which browsers call.
    pub(crate) fn public_url(&self) -> anyhow::Result<String> {
        match &self.public_url {
            Some(url) => Ok(url.trim_end_matches('/').to_owned()),
            None if self.tls.is_none() => Ok(format!("http://{}", self.listen)),
            None => fail!(
                "[console] trenger public_url: innlogging hos en utsteder og passnøkler gjelder én adresse",
                "[console] needs public_url: sign-in at an issuer and passkeys are for one address"
            ),
        }
    }

    /// The same; where nothing depends on it, any will do.
    pub(crate) fn public_url_if_needed(&self) -> anyhow::Result<String> {
        match self.operator.iter().any(|one| one.passkey_file.is_some()) {
            true => self.public_url(),
            false => Ok(self.public_url().unwrap_or_else(|_| format!("https://{}", self.listen))),
        }
    }

    /// The issuer at which operators sign in; its key or secret read.
    pub(crate) fn open_id(
        &self,
        environment: Environment,
        folder: &Path,
        (clock, fresh_id): (Clock, FreshId),
    ) -> anyhow::Result<Option<OpenIdSignIn>> {
        let Some(oidc) = &self.oidc else { return Ok(None) };
        if oidc.roles.is_empty() {
            fail!(
                "[console.oidc.roles] er tom: ingen ville få en rolle",
                "[console.oidc.roles] is empty: nobody would have a role"
            );
        }
        let named = || text!("[console.oidc]", "[console.oidc]");
        let public_url = self.public_url()?;
        let settings = RelyingPartySettings {
            issuer: oidc.issuer.clone(),
            environment,
            client_id: oidc.client_id.clone(),
            credential: oidc.credential(folder)?,
            redirect_uri: OpenIdSignIn::callback(&public_url),
            scopes: oidc.scopes.clone(),
            leeway_seconds: oidc.leeway_seconds,
        };
        let fetcher = Arc::new(HttpFetcher::new(ISSUER_TIME)?);
        let party = RelyingParty::new(settings, fetcher, clock, fresh_id).explain(named)?;
        let host = || oidc.issuer.split('/').nth(2).unwrap_or(&oidc.issuer).to_owned();
        Ok(Some(OpenIdSignIn {
            party,
            name: oidc.name.clone().unwrap_or_else(host),
            name_claim: oidc.name_claim.clone(),
            role_claim: oidc.role_claim.clone(),
            roles: oidc.roles.iter().map(|(value, role)| (value.clone(), (*role).into())).collect(),
            public_url,
        }))
    }
}

impl OperatorSection {
    /// The hash of the password and the passkeys, each where there is a file of it.
    fn credentials(
        &self,
        name: &str,
        folder: &Path,
    ) -> anyhow::Result<(Option<PasswordHash>, Vec<Passkey>)> {
        let named = |path: &Path| {
            text!(
                "[[console.operator]] {name}: {path}",
                "[[console.operator]] {name}: {path}",
                path = path.display()
            )
        };
        let password = match &self.password_file {
            Some(file) => {
                let path = folder.join(file);
                let content = zeroize::Zeroizing::new(read_text(&path).explain(|| named(&path))?);
                Some(PasswordHash::parse(&content).explain(|| named(&path))?)
            }
            None => None,
        };
        let mut passkeys = Vec::new();
        if let Some(file) = &self.passkey_file {
            let path = folder.join(file);
            let content = read_text(&path).explain(|| named(&path))?;
            let lines = content.lines().map(str::trim);
            for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
                passkeys.push(Passkey::parse(line).explain(|| named(&path))?);
            }
        }
        Ok((password, passkeys))
    }
}

impl OidcSection {
    fn credential(&self, folder: &Path) -> anyhow::Result<ClientCredential> {
        match (&self.client_secret_file, &self.key) {
            (Some(file), None) => {
                let path = folder.join(file);
                let content = zeroize::Zeroizing::new(read_text(&path).explain(|| {
                    text!("console.oidc.client_secret_file", "console.oidc.client_secret_file")
                })?);
                let secret = content.trim();
                if secret.is_empty() {
                    fail!(
                        "console.oidc.client_secret_file: {path} er tom",
                        "console.oidc.client_secret_file: {path} is empty",
                        path = path.display()
                    );
                }
                Ok(ClientCredential::Secret(SecretString::new(secret.to_owned())))
            }
            (None, Some(key)) => {
                let path = located(folder, key);
                let password_file = self.key_password_file.as_ref().map(|path| folder.join(path));
                let password =
                    password(password_file.as_deref(), self.key_password_env.as_deref())?;
                let algorithm = match &self.algorithm {
                    Some(name) => Some(Algorithm::from_name(name).explain(|| {
                        text!(
                            "console.oidc.algorithm: {name} er ukjent",
                            "console.oidc.algorithm: {name} is unknown"
                        )
                    })?),
                    None => None,
                };
                let found = found_key(&path, password.as_ref())?;
                let key = found.for_tokens(&path, self.kid.as_deref(), algorithm)?;
                Ok(ClientCredential::Key(Arc::new(FixedKey::new(key))))
            }
            _ => fail!(
                "[console.oidc] trenger enten client_secret_file eller key",
                "[console.oidc] needs either client_secret_file or key"
            ),
        }
    }
}
