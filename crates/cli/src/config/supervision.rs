//! `[[hook]]` and `[monitor]` in the sender's configuration: who hears of what, and what a monitor may ask.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use lmr_auth::SecretString;
use lmr_sender::hooks::{Hook, HookTarget, Hooks, MailSecurity, MailSettings};
use lmr_sender::notice::{Event, Expiry};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::key_files::certificate;
use super::read_text;
use super::sender::SenderConfig;
use crate::clock;
use crate::text::{Explain, fail, text};

/// A `[[hook]]`.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum HookTable {
    /// A program, which gets the notice as JSON on its standard input.
    Command {
        /// What logs call it.
        name: Option<String>,
        /// What it hears of; everything if left out.
        on: Option<Vec<Event>>,
        /// The program and its arguments.
        command: Vec<String>,
    },
    /// An address that the JSON is posted to.
    Webhook {
        /// What logs call it.
        name: Option<String>,
        /// What it hears of; everything if left out.
        on: Option<Vec<Event>>,
        /// The address.
        url: String,
        /// A file with a token that is sent as a bearer token.
        token_file: Option<PathBuf>,
    },
    /// Somebody's mail.
    Mail {
        /// What logs call it.
        name: Option<String>,
        /// What it hears of; everything if left out.
        on: Option<Vec<Event>>,
        /// The mail server.
        server: String,
        /// Its port; that of the kind of protection if left out.
        port: Option<u16>,
        /// `tls`, `start-tls` or `none`.
        #[serde(default = "start_tls")]
        security: MailSecurity,
        /// Who signs in at the server.
        user: Option<String>,
        /// A file with the password.
        password_file: Option<PathBuf>,
        /// The sender's address.
        from: String,
        /// Who gets it.
        to: Vec<String>,
    },
}

fn start_tls() -> MailSecurity {
    MailSecurity::StartTls
}

/// The listener for monitors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MonitorSection {
    /// A loopback address and a port.
    pub(crate) listen: SocketAddr,
}

impl MonitorSection {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if !self.listen.ip().is_loopback() {
            fail!(
                "monitor.listen: {address} er ikke på loopback (127.0.0.1 eller [::1]); overvåking utenfra går gjennom en mellomtjener",
                "monitor.listen: {address} is not on loopback (127.0.0.1 or [::1]); monitors elsewhere go through a proxy",
                address = self.listen
            );
        }
        Ok(())
    }
}

/// The hooks as configured.
pub(crate) fn hooks(config: &SenderConfig, folder: &Path) -> anyhow::Result<Hooks> {
    lmr_auth::install_tls_provider();
    let mut hooks: Vec<Hook> = Vec::with_capacity(config.hook.len());
    for (number, table) in config.hook.iter().enumerate() {
        let hook = table.hook(number + 1, config, folder).explain(|| {
            text!("[[hook]] nr. {number}", "[[hook]] no. {number}", number = number + 1)
        })?;
        if hooks.iter().any(|known| known.name == hook.name) {
            fail!(
                "to [[hook]] heter {name}: gi hver sitt name",
                "two [[hook]] are called {name}: give each a name of its own",
                name = hook.name
            );
        }
        hooks.push(hook);
    }
    Ok(Hooks::new(hooks, &config.organisation))
}

impl HookTable {
    fn hook(&self, number: usize, config: &SenderConfig, folder: &Path) -> anyhow::Result<Hook> {
        let (kind, name, on, target) = match self {
            Self::Command { name, on, command } => {
                let Some((program, arguments)) = command.split_first() else {
                    fail!("command er tom", "command is empty");
                };
                // A path is from the configuration's folder, a bare name from PATH.
                let is_path = program.contains(['/', '\\']);
                let program = match is_path {
                    true => folder.join(program).to_string_lossy().into_owned(),
                    false => program.clone(),
                };
                (
                    "command",
                    name,
                    on,
                    HookTarget::Command { program, arguments: arguments.to_vec() },
                )
            }
            Self::Webhook { name, on, url, token_file } => {
                if !is_safe(url) {
                    fail!(
                        "url: adressen skal begynne med https:// (http:// bare på denne maskinen)",
                        "url: the address begins with https:// (http:// on this machine only)"
                    );
                }
                let token =
                    token_file.as_ref().map(|file| secret(&folder.join(file))).transpose()?;
                (
                    "webhook",
                    name,
                    on,
                    HookTarget::Webhook {
                        url: url.clone(),
                        token,
                        network: config.network(folder)?,
                    },
                )
            }
            Self::Mail { name, on, server, port, security, user, password_file, from, to } => {
                let port = port.unwrap_or(match security {
                    MailSecurity::Tls => 465,
                    MailSecurity::StartTls => 587,
                    MailSecurity::None => 25,
                });
                let user = match (user, password_file) {
                    (Some(user), Some(file)) => Some((user.clone(), secret(&folder.join(file))?)),
                    (None, None) => None,
                    _ => fail!(
                        "user og password_file hører sammen",
                        "user and password_file belong together"
                    ),
                };
                if to.is_empty() {
                    fail!("to: ingen mottaker", "to: nobody gets it");
                }
                let settings = MailSettings::new(server, port, *security, user, from, to);
                let settings = settings.explain(|| {
                    text!(
                        "from og to skal være e-postadresser",
                        "from and to must be mail addresses"
                    )
                })?;
                ("mail", name, on, HookTarget::Mail(settings))
            }
        };
        Ok(Hook {
            name: name.clone().unwrap_or_else(|| format!("{kind} {number}")),
            events: on.clone().unwrap_or_else(|| Event::ALL.to_vec()),
            target,
        })
    }
}

/// https, or http to this machine.
fn is_safe(url: &str) -> bool {
    let host_of = |rest: &str| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let without_port = host.rsplit_once(':').map_or(host, |(name, _)| name);
        without_port.trim_matches(['[', ']']).to_owned()
    };
    match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => !host_of(rest).is_empty(),
        (None, Some(rest)) => {
            let host = host_of(rest);
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        (None, None) => false,
    }
}

fn secret(path: &Path) -> anyhow::Result<SecretString> {
    let text = Zeroizing::new(read_text(path)?);
    Ok(SecretString::new(text.trim().to_owned()))
}

/// Certificates and keys that the configuration names, with their ends, the nearest first. What cannot be read has
/// none; a run says so.
pub(crate) fn expiries(config: &SenderConfig, folder: &Path) -> Vec<Expiry> {
    let mut all = Vec::new();
    let of_certificate = |name: &str, path: &Path| {
        let ends_at = certificate(path).ok()?.not_after();
        Some(Expiry { name: name.to_owned(), ends_at, is_estimate: false })
    };
    let files = config.certificate.from(folder);
    all.extend(files.certificate().ok().map(|own| Expiry {
        name: "certificate.certificate".to_owned(),
        ends_at: own.not_after(),
        is_estimate: false,
    }));
    all.extend(of_certificate("receiver.certificate", &folder.join(&config.receiver.certificate)));
    if let Some(path) = &config.receiver.tls_ca {
        all.extend(of_certificate("receiver.tls_ca", &folder.join(path)));
    }
    if let Some(section) = &config.helseid {
        all.extend(of_key("helseid.key", &folder.join(&section.key), section.key_expires));
    }
    if let Some(section) = &config.maskinporten {
        match &section.certificates {
            Some(path) => {
                all.extend(of_certificate("maskinporten.certificates", &folder.join(path)))
            }
            None => {
                all.extend(of_key(
                    "maskinporten.key",
                    &folder.join(&section.key),
                    section.key_expires,
                ));
            }
        }
    }
    all.sort_by_key(|expiry| expiry.ends_at);
    all
}

/// A key's end: the day that is given, or a year after its file was written, since HelseID and Maskinporten take keys
/// for a year.
fn of_key(name: &str, path: &Path, given: Option<Date>) -> Option<Expiry> {
    let (ends_at, is_estimate) = match given {
        Some(day) => (day.to_zoned(clock::oslo_zone()).ok()?.timestamp(), false),
        None => {
            let written = std::fs::metadata(path).ok()?.modified().ok()?;
            let written = jiff::Timestamp::try_from(written).ok()?;
            (written.checked_add(jiff::SignedDuration::from_hours(24 * 365)).ok()?, true)
        }
    };
    Some(Expiry { name: name.to_owned(), ends_at, is_estimate })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_https_or_on_this_machine() {
        for (url, safe) in [
            ("https://vakt.example/lmr", true),
            ("http://127.0.0.1:9000/x", true),
            ("http://localhost/x", true),
            ("http://[::1]:8080/x", true),
            ("http://vakt.example/lmr", false),
            ("http://127.0.0.1.example/x", false),
            ("ftp://vakt.example", false),
            ("https://", false),
            ("", false),
        ] {
            assert_eq!(is_safe(url), safe, "{url}");
        }
    }
}
