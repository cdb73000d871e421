//! The operator's console in the receiver's configuration file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use lmr_auth::Environment;
use lmr_web::{Operator, PasswordHash, Role};
use serde::Deserialize;

use super::key_files::KeyFiles;
use super::read_text;
use crate::text::{Explain, fail, text};

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
}

fn half_an_hour() -> u32 {
    30
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
    pub(crate) password_file: PathBuf,
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
            let path = folder.join(&section.password_file);
            let named = || {
                text!(
                    "[[console.operator]] {name}: {path}",
                    "[[console.operator]] {name}: {path}",
                    path = path.display()
                )
            };
            let content = zeroize::Zeroizing::new(read_text(&path).explain(named)?);
            let password = PasswordHash::parse(&content).explain(named)?;
            operators.push(Operator { name: name.to_owned(), role: section.role.into(), password });
        }
        if operators.is_empty() {
            fail!(
                "[console] har ingen [[console.operator]]: ingen kunne logge inn",
                "[console] has no [[console.operator]]: nobody could sign in"
            );
        }
        Ok(operators)
    }
}
