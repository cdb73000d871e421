//! A simulated world on disk: keys, certificates, configuration files and a hospital's data, ready
//! for `lmr serve`, `lmr send` and the local HelseID.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use lmr_auth::IssuerKind;
use lmr_auth::jose::{Algorithm, PublicJwk, SigningKey, SigningKeyError};
use lmr_envelope::{RandomSource, RandomnessUnavailable};

use crate::certificates::{CertificateMakeError, Order, TestCa};
use crate::helseid::{Client, DPOP_SCOPE, LMR_SCOPE};
use lmr_identifiers::synthetic::organisation_number;
use lmr_lmdi::RuleSetId;

use crate::hospital::{Era, Hospital};

/// Id of the sandbox's HelseID client.
pub const CLIENT_ID: &str = "0b8f3c52-6a7e-4d19-9c40-5d1f2e7a8b63";

/// Every file of a new world, beside the hospital's data.
const FILES: [&str; 13] = [
    "ca.pem",
    "register.pem",
    "register.key",
    "sender.pem",
    "sender.key",
    "helseid-client.jwk",
    "helseid-client.public.jwk",
    "maskinporten-client.key",
    "maskinporten-client.public.jwk",
    "column.key",
    "hash.key",
    "receiver.toml",
    "sender.toml",
];

/// What the world shall look like.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The guide that the hospital follows.
    pub era: Era,
    /// First day of its data and agreed start date.
    pub day: Date,
    /// Medication administrations on that day.
    pub administrations: usize,
    /// Seed of the synthetic data.
    pub seed: u64,
    /// Port of the receiver on loopback.
    pub receiver_port: u16,
    /// Who gives tokens.
    pub issuer: IssuerKind,
    /// Port of that issuer on loopback.
    pub helseid_port: u16,
    /// Most entries in one bundle.
    pub entries_per_bundle: usize,
}

impl Plan {
    /// A small hospital on the usual ports.
    pub fn new(era: Era, day: Date) -> Self {
        Self {
            era,
            day,
            administrations: 40,
            seed: 1,
            receiver_port: 8080,
            issuer: IssuerKind::HelseId,
            helseid_port: 8081,
            entries_per_bundle: lmr_sender::BundleLimits::default().entries,
        }
    }
}

/// Why the world could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file could not be written or read.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a world in it already.
    #[error("{} holds a sandbox already", path.display())]
    Filled {
        /// The folder.
        path: PathBuf,
    },
    /// A file that is to be a client's public key.
    #[error("{} is not a public key (a file with a JWK)", path.display())]
    PublicKey {
        /// The file.
        path: PathBuf,
    },
    /// A certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] CertificateMakeError),
    /// The client's key could not be made.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// A world on disk.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Names a folder that [`Folder::make`] has filled.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Fills a folder; files that are there already are an error, so that no key is lost.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn make(
        path: impl Into<PathBuf>,
        plan: &Plan,
        now: Timestamp,
        random: &dyn RandomSource,
    ) -> Result<Self, FolderError> {
        let folder = Self { path: path.into() };
        let source = folder.source();
        if FILES.iter().any(|name| folder.path.join(name).exists()) {
            return Err(FolderError::Filled { path: folder.path });
        }
        fs::create_dir_all(&source).map_err(|e| folder.fault(&source, e))?;
        let register = organisation_number(1);
        let hospital = organisation_number(2);
        let ca = TestCa::new(now)?;
        let register_pair =
            ca.enterprise(&Order::new(register.as_str(), "Liksomregisteret", now).with_bits(3072))?;
        let sender_pair =
            ca.enterprise(&Order::new(hospital.as_str(), "Liksom sykehus HF", now))?;
        folder.write("ca.pem", ca.certificate_pem(), false)?;
        folder.write("register.pem", &register_pair.certificate_pem, false)?;
        folder.write("register.key", &register_pair.key_pem, true)?;
        folder.write("sender.pem", &sender_pair.certificate_pem, false)?;
        folder.write("sender.key", &sender_pair.key_pem, true)?;
        let public = match plan.issuer {
            IssuerKind::HelseId => {
                let client = SigningKey::generate(Algorithm::ES512, "liksom-1", 2048)?;
                folder.write("helseid-client.jwk", client.to_private_jwk()?.expose(), true)?;
                client.public().to_json()
            }
            IssuerKind::Maskinporten => {
                let client = SigningKey::generate(Algorithm::RS256, "liksom-1", 2048)?;
                folder.write("maskinporten-client.key", client.to_pkcs8_pem()?.expose(), true)?;
                client.public().to_json()
            }
        };
        folder.write(&public_key_file(plan.issuer), &public.to_string(), false)?;
        for name in ["column.key", "hash.key"] {
            let mut key = [0; 32];
            random.fill(&mut key)?;
            let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            folder.write(name, &digits, true)?;
        }
        folder.write("receiver.toml", &receiver_toml(plan, hospital.as_str()), false)?;
        folder.write("sender.toml", &sender_toml(plan, hospital.as_str()), false)?;
        Hospital::new(plan.era, plan.seed, plan.day, plan.administrations)
            .write(&source)
            .map_err(|e| folder.fault(&source, e))?;
        Ok(folder)
    }

    /// Removes what [`Folder::make`] and the two programs wrote: keys, configuration, databases, data. Other
    /// files stay.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn clear(&self) -> Result<(), FolderError> {
        let databases = ["receiver.sqlite", "sender.sqlite"]
            .into_iter()
            .flat_map(|name| ["", "-wal", "-shm", ".lock"].map(|end| format!("{name}{end}")));
        for name in FILES.into_iter().map(str::to_owned).chain(databases) {
            let path = self.path.join(name);
            match fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(self.fault(&path, e)),
                _ => {}
            }
        }
        self.clear_source()
    }

    /// Removes the hospital's data, so that a hospital of another rule set leaves nothing of the one before.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn clear_source(&self) -> Result<(), FolderError> {
        let source = self.source();
        let entries = match fs::read_dir(&source) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(self.fault(&source, e)),
        };
        for entry in entries {
            let path = entry.map_err(|e| self.fault(&source, e))?.path();
            if path.extension().is_some_and(|ending| ending == "ndjson") {
                fs::remove_file(&path).map_err(|e| self.fault(&path, e))?;
            }
        }
        Ok(())
    }

    /// What the sender's configuration says under a key, `ruleset` or `issuer`; `None` where there is none.
    pub fn sender_value(&self, key: &str) -> Option<String> {
        let text = fs::read_to_string(self.sender_config()).ok()?;
        let line = text.lines().find(|line| {
            line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
        })?;
        line.split('"').nth(1).map(str::to_owned)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder with the hospital's FHIR files.
    pub fn source(&self) -> PathBuf {
        self.path.join("source")
    }

    /// The sender's configuration.
    pub fn sender_config(&self) -> PathBuf {
        self.path.join("sender.toml")
    }

    /// The hospital's client, to be registered with the local HelseID as the sender's configuration wants it:
    /// tokens bound to a key (DPoP), or Bearer with the scope of March 2025.
    ///
    /// # Errors
    /// [`FolderError`] when the key file cannot be read.
    pub fn client(&self) -> Result<Client, FolderError> {
        self.client_with(&self.path.join(public_key_file(IssuerKind::HelseId)))
    }

    /// The same with another public key, a JWK file.
    ///
    /// # Errors
    /// [`FolderError`] when the key file cannot be read.
    pub fn client_with(&self, key: &Path) -> Result<Client, FolderError> {
        let key = self.public_key(key)?;
        let bearer = Client::single_tenant(CLIENT_ID, organisation_number(2).as_str(), &key);
        if self.sender_value("scope").is_some_and(|scope| scope == LMR_SCOPE) {
            return Ok(bearer);
        }
        Ok(Client { scopes: vec![DPOP_SCOPE.to_owned()], dpop: true, ..bearer })
    }

    /// The hospital's client at the local Maskinporten, with the folder's public key or another one.
    ///
    /// # Errors
    /// [`FolderError`] when the key file cannot be read.
    pub fn maskinporten_client(
        &self,
        key: Option<&Path>,
    ) -> Result<crate::maskinporten::Client, FolderError> {
        let own = self.path.join(public_key_file(IssuerKind::Maskinporten));
        let key = self.public_key(key.unwrap_or(&own))?;
        Ok(crate::maskinporten::Client::own(CLIENT_ID, organisation_number(2), &key))
    }

    fn public_key(&self, path: &Path) -> Result<PublicJwk, FolderError> {
        let json = fs::read(path).map_err(|e| self.fault(path, e))?;
        // What the parser says is about the form of JSON; which file it is says more.
        PublicJwk::parse(&json).map_err(|_| FolderError::PublicKey { path: path.to_owned() })
    }

    fn write(&self, name: &str, text: &str, secret: bool) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
        #[cfg(not(unix))]
        let _ = secret;
        options
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|e| self.fault(&path, e))
    }

    #[expect(clippy::unused_self, reason = "reads as a sentence at the callers")]
    fn fault(&self, path: &Path, source: io::Error) -> FolderError {
        FolderError::File { path: path.to_owned(), source }
    }
}

fn public_key_file(issuer: IssuerKind) -> String {
    format!("{}-client.public.jwk", issuer.name().to_lowercase())
}

fn rule_set(era: Era) -> &'static str {
    match era {
        Era::V0_9_4 => "lmdi-0.9.4",
        Era::Latest => RuleSetId::LATEST.as_str(),
    }
}

fn receiver_toml(plan: &Plan, hospital: &str) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        r#"# A simulated receiver: everything on this machine, nothing real.
listen = "127.0.0.1:{receiver}"
environment = "local"
database = "receiver.sqlite"
column_key = "column.key"

[[trust]]
kind = "{kind}"
issuer = "http://127.0.0.1:{helseid}{slash}"

[[certificate]]
certificate = "register.pem"
key = "register.key"

[[avsender]]
organisation = "{hospital}"
name = "Liksom sykehus HF"
certificates = ["sender.pem"]
addresses = ["127.0.0.1", "::1"]
start_date = "{day}"
"#,
        kind = match plan.issuer {
            IssuerKind::HelseId => "helseid-dpop",
            IssuerKind::Maskinporten => "maskinporten",
        },
        slash = slash(plan.issuer),
        receiver = plan.receiver_port,
        helseid = plan.helseid_port,
        day = plan.day,
    );
    out
}

/// What ends the issuer's address: a client compares it byte for byte.
fn slash(issuer: IssuerKind) -> &'static str {
    match issuer {
        IssuerKind::HelseId => "",
        IssuerKind::Maskinporten => "/",
    }
}

fn sender_toml(plan: &Plan, hospital: &str) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        r#"# A simulated hospital that sends to the receiver beside it.
organisation = "{hospital}"
environment = "local"
source = "source"
database = "sender.sqlite"
hash_key = "hash.key"
ruleset = "{rule_set}"
start_date = "{day}"

[receiver]
url = "http://127.0.0.1:{receiver}/fhirmottak/v1"
certificate = "register.pem"

[certificate]
certificate = "sender.pem"
key = "sender.key"

[{table}]
issuer = "http://127.0.0.1:{helseid}{slash}"
client_id = "{CLIENT_ID}"
{client}

[bundle]
entries = {entries}
"#,
        table = plan.issuer.name().to_lowercase(),
        slash = slash(plan.issuer),
        client = match plan.issuer {
            IssuerKind::HelseId =>
                format!("key = \"helseid-client.jwk\"\nscope = \"{DPOP_SCOPE}\"\ndpop = true"),
            IssuerKind::Maskinporten =>
                "key = \"maskinporten-client.key\"\nkid = \"liksom-1\"".to_owned(),
        },
        rule_set = rule_set(plan.era),
        day = plan.day,
        receiver = plan.receiver_port,
        helseid = plan.helseid_port,
        entries = plan.entries_per_bundle,
    );
    out
}
