//! The configuration files of a history, and the keys and certificates that they name.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lmr_sandbox::certificates::{KeyAndCertificate, Order, TestCa};

use crate::plan::{History, Shown};
use crate::source;
use crate::wire::Tls;
use crate::world::Site;

/// What stays the same in a history.
pub struct Configuration {
    organisation: String,
    client: String,
    scope: String,
    ruleset: String,
    start: Date,
    entries: usize,
    receivers: usize,
    database: String,
    issuer: u16,
    proxy: u16,
    ports: [u16; 2],
    shown: Shown,
    source_port: u16,
}

impl Configuration {
    pub fn new(
        site: &Site,
        history: &History,
        start: Date,
        postgres: Option<String>,
    ) -> Result<Self> {
        let text = fs::read_to_string(site.template.join("sender.toml"))?;
        let value = |key: &str| -> Result<String> {
            let line = text.lines().find(|line| line.starts_with(&format!("{key} =")));
            let value = line.and_then(|line| line.split('"').nth(1));
            Ok(value.with_context(|| key.to_owned())?.to_owned())
        };
        // The newest rule set is what the sandbox takes for it: only the program knows its name.
        let ruleset = if history.batch { "lmdi-0.9.4".to_owned() } else { newest(&site.lmr)? };
        Ok(Self {
            organisation: value("organisation")?,
            client: value("client_id")?,
            scope: value("scope")?,
            ruleset,
            start,
            entries: history.entries,
            receivers: history.receivers,
            database: postgres.unwrap_or_else(|| "receiver.sqlite".to_owned()),
            issuer: site.issuer_port,
            proxy: site.proxy.port,
            ports: site.receiver_ports,
            shown: history.source,
            source_port: site.fhir_server.port,
        })
    }

    /// Writes the files; `at` is when the daemon makes its daily transfer.
    pub fn write(&self, folder: &Path, at: Option<&str>, credentials: &Credentials) -> Result<()> {
        let Self { organisation, client, scope, ruleset, start, entries, .. } = self;
        let Self { database, issuer, proxy, .. } = self;
        let (source, tables) = source::configuration(self.shown, self.source_port);
        let (http, ca, tls) = if credentials.proxy.is_some() {
            (
                "https",
                "tls_ca = \"tls-ca.pem\"\n",
                "\n[tls]\ncertificate = \"tls.pem\"\nkey = \"tls.key\"\n",
            )
        } else {
            ("http", "", "")
        };
        let at = at.map_or_else(String::new, |at| format!("\n[schedule]\nat = \"{at}\"\n"));
        put(
            folder,
            "sender.toml",
            &format!(
                r#"organisation = "{organisation}"
environment = "local"
{source}database = "sender.sqlite"
hash_key = "hash.key"
ruleset = "{ruleset}"
start_date = "{start}"

[receiver]
url = "{http}://127.0.0.1:{proxy}/fhirmottak/v1"
certificate = "register.pem"
timeout_seconds = 3
{ca}
[certificate]
certificate = "sender.pem"
key = "sender.key"

[helseid]
issuer = "http://127.0.0.1:{issuer}"
client_id = "{client}"
key = "helseid-client.jwk"
scope = "{scope}"
dpop = true

[bundle]
entries = {entries}
{at}{tables}"#
            ),
        )?;
        let keys: String = credentials
            .register
            .iter()
            .map(|name| {
                format!("[[certificate]]\ncertificate = \"{name}.pem\"\nkey = \"{name}.key\"\n\n")
            })
            .collect();
        let names = credentials.sender.iter().map(|name| format!("\"{name}.pem\""));
        let names = names.collect::<Vec<_>>().join(", ");
        for (n, port) in self.ports.iter().enumerate().take(self.receivers.max(1)) {
            put(
                folder,
                &format!("receiver-{n}.toml"),
                &format!(
                    r#"listen = "127.0.0.1:{port}"
environment = "local"
database = "{database}"
column_key = "column.key"
public_urls = ["{http}://127.0.0.1:{proxy}"]
{tls}
[[trust]]
kind = "helseid-dpop"
issuer = "http://127.0.0.1:{issuer}"

{keys}[[avsender]]
organisation = "{organisation}"
name = "Liksom sykehus HF"
certificates = [{names}]
addresses = ["127.0.0.1", "::1"]
start_date = "{start}"
"#,
                ),
            )?;
        }
        Ok(())
    }

    /// A certificate of the sender's, or of the register's, that ends so many seconds from now.
    pub fn certificate(
        &self,
        ca: &TestCa,
        is_sender: bool,
        seconds: i64,
    ) -> Result<KeyAndCertificate> {
        let now = Timestamp::now();
        let (organisation, name) = if is_sender {
            (self.organisation.clone(), "Liksom sykehus HF")
        } else {
            (
                lmr_identifiers::synthetic::organisation_number(1).as_str().to_owned(),
                "Liksomregisteret",
            )
        };
        let mut order = Order::new(&organisation, name, now);
        order.not_after = now + SignedDuration::from_secs(seconds);
        Ok(ca.enterprise(&order)?)
    }
}

/// Names of files, newest first; what is named `sender` and `register` is what the sender uses.
pub struct Credentials {
    sender: Vec<String>,
    register: Vec<String>,
    /// The proxy's certificate, where the history has TLS.
    proxy: Option<KeyAndCertificate>,
}

impl Credentials {
    pub fn of(has_tls: bool, ca: &TestCa, folder: &Path) -> Result<Self> {
        let mut credentials = Self {
            sender: vec!["sender".to_owned()],
            register: vec!["register".to_owned()],
            proxy: None,
        };
        if has_tls {
            let certificate = ca.tls_for_loopback(Timestamp::now())?;
            write_pair(folder, "tls", &certificate)?;
            put(folder, "tls-ca.pem", ca.certificate_pem())?;
            credentials.proxy = Some(certificate);
        }
        Ok(credentials)
    }

    pub fn tls(&self, ca: &TestCa) -> Result<Option<Tls>> {
        self.proxy.as_ref().map(|shown| Tls::new(shown, ca.certificate_pem())).transpose()
    }

    /// Another certificate of the proxy's, which ends so many seconds from now.
    pub fn change_proxy(&mut self, ca: &TestCa, seconds: i64) -> Result<()> {
        // It is good for a year of 365 days.
        let made = Timestamp::now() + SignedDuration::from_secs(seconds)
            - SignedDuration::from_hours(365 * 24);
        self.proxy = Some(ca.tls_for_loopback(made)?);
        Ok(())
    }

    /// The sender signs with another one, and the receiver knows both.
    pub fn change_sender(&mut self, folder: &Path, new: &KeyAndCertificate) -> Result<()> {
        change(&mut self.sender, "sender", folder, new)
    }

    /// The sender encrypts for another one, and the receiver has both.
    pub fn change_register(&mut self, folder: &Path, new: &KeyAndCertificate) -> Result<()> {
        change(&mut self.register, "register", folder, new)
    }
}

/// The one in use gets a name of its own, and the new one its place.
fn change(
    names: &mut Vec<String>,
    name: &str,
    folder: &Path,
    new: &KeyAndCertificate,
) -> Result<()> {
    let former = format!("{name}-{}", names.len());
    for end in ["pem", "key"] {
        fs::copy(folder.join(format!("{name}.{end}")), folder.join(format!("{former}.{end}")))?;
    }
    names.insert(1, former);
    write_pair(folder, name, new)
}

fn write_pair(folder: &Path, name: &str, pair: &KeyAndCertificate) -> Result<()> {
    // The key first: whoever reads between the two finds that they do not fit, and tries again.
    put(folder, &format!("{name}.key"), &pair.key_pem)?;
    fs::set_permissions(folder.join(format!("{name}.key")), Permissions::from_mode(0o600))?;
    put(folder, &format!("{name}.pem"), &pair.certificate_pem)
}

fn put(folder: &Path, name: &str, text: &str) -> Result<()> {
    let part = folder.join(format!(".{name}.part"));
    fs::write(&part, text)?;
    Ok(fs::rename(part, folder.join(name))?)
}

fn newest(lmr: &Path) -> Result<String> {
    let output = Command::new(lmr).args(["sandbox", "init", "--help"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let name = text
        .split(|c: char| c.is_whitespace() || c == ',' || c == ']')
        .filter(|word| word.starts_with("lmdi-"))
        .map(|word| word.trim_end_matches(':').to_owned())
        .max();
    name.context("`lmr sandbox init --help` names no rule set")
}
