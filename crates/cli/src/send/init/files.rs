//! The files of a new sender: keys, the certificate request, the configuration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lmr_auth::jose::{Algorithm, PublicJwk, SigningKey};
use lmr_auth::{Environment, IssuerKind};
use lmr_envelope::{RandomSource as _, SystemRandom};
use rcgen::string::PrintableString;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, PKCS_RSA_SHA256, RsaKeySize,
};
use zeroize::Zeroizing;

use super::answers::Answers;
use crate::output::{Language, hex, write_secret};
use crate::text::{Explain, fail, text};

/// `organizationIdentifier`, where enterprise certificates have `NTRNO-` and the number.
const ORGANIZATION_IDENTIFIER: &[u64] = &[2, 5, 4, 97];
/// Bits of a new RSA key of a client: what NHN's own generator makes.
const CLIENT_RSA_BITS: u32 = 4096;
/// Name of the register's certificate where it is still to come.
const REGISTER_CERTIFICATE: &str = "register.pem";
/// Name of our own certificate where it is still to come.
const CERTIFICATE: &str = "sender.pem";

/// What was made that other people need to be given.
pub(super) struct Made {
    /// The client's public key.
    pub(super) client: PublicJwk,
    /// Where it was written.
    pub(super) client_file: PathBuf,
    /// The certificate request, where one was made.
    pub(super) request: Option<PathBuf>,
    /// Where our certificate is, or is to be put.
    pub(super) certificate: PathBuf,
    /// Where the register's certificate is, or is to be put.
    pub(super) register_certificate: PathBuf,
}

/// A file that is going to be written.
struct NewFile {
    name: String,
    content: Zeroizing<String>,
    is_secret: bool,
}

/// Refuses early, before anybody has answered questions in vain.
pub(super) fn refuse_to_overwrite(config: &Path) -> anyhow::Result<()> {
    refuse(&[config.to_owned()])
}

fn refuse(paths: &[PathBuf]) -> anyhow::Result<()> {
    let there: Vec<String> = paths
        .iter()
        .filter(|path| std::fs::symlink_metadata(path).is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() {
        let there = there.join(", ");
        fail!(
            "{there} finnes fra før og blir ikke overskrevet; flytt det, eller velg en annen mappe med --config",
            "{there} exists already and is not overwritten; move it away, or choose another folder with --config"
        );
    }
    Ok(())
}

/// Makes all files, or none.
pub(super) fn make(answers: &Answers, config: &Path, lang: Language) -> anyhow::Result<Made> {
    let folder = crate::config::folder_of(config);
    let kind = answers.issuer_kind.name().to_lowercase();
    let client_key = format!("{kind}-client.key");
    let client_public = format!("{kind}-client.public.jwk");
    let client = client_key_of(answers.algorithm)?;
    let mut files = vec![
        secret("hash.key", Zeroizing::new(hash_key()?)),
        secret(&client_key, Zeroizing::new(client.to_pkcs8_pem()?.expose().to_owned())),
        public(&client_public, format!("{}\n", client.public().to_json())),
    ];
    let request = answers.certificate.is_none();
    if request {
        let (key, request) = certificate_request(answers)?;
        files.push(secret("sender.key", key));
        files.push(public("sender.csr", request));
    }
    let (certificate, certificate_key) =
        answers.certificate.clone().unwrap_or_else(|| (CERTIFICATE.into(), "sender.key".into()));
    let register = answers.receiver_certificate.clone();
    let register = register.unwrap_or_else(|| REGISTER_CERTIFICATE.into());
    let text = configuration(
        answers,
        &Named {
            ledger: ledger(folder),
            certificate: &certificate,
            certificate_key: &certificate_key,
            register: &register,
            client_key: &client_key,
            kid: client.kid(),
        },
        lang,
    );
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(&file.name)).collect();
    refuse(&paths)?;
    std::fs::create_dir_all(folder)
        .explain(|| text!("kan ikke lage {path}", "cannot make {path}", path = folder.display()))?;
    // The configuration comes last: without it, nothing uses the others.
    let all = paths.iter().zip(&files).map(|(path, file)| (path.as_path(), file));
    let config_file = public("", text);
    let mut written: Vec<&Path> = Vec::new();
    for (path, file) in all.chain([(config, &config_file)]) {
        if let Err(error) = write_new(path, file) {
            // What is half there would block the next try.
            written.into_iter().for_each(|path| drop(std::fs::remove_file(path)));
            return Err(error);
        }
        written.push(path);
    }
    Ok(Made {
        client: client.public().clone(),
        client_file: folder.join(client_public),
        request: request.then(|| folder.join("sender.csr")),
        certificate: folder.join(certificate),
        register_certificate: folder.join(register),
    })
}

fn secret(name: &str, content: Zeroizing<String>) -> NewFile {
    NewFile { name: name.to_owned(), content, is_secret: true }
}

fn public(name: &str, content: String) -> NewFile {
    NewFile { name: name.to_owned(), content: Zeroizing::new(content), is_secret: false }
}

fn write_new(path: &Path, file: &NewFile) -> anyhow::Result<()> {
    if file.is_secret {
        return write_secret(path, file.content.as_bytes());
    }
    crate::output::write_new(path, file.content.as_bytes())
}

/// Where the ledger of a configuration in this folder is: beside it, but in `/etc/lmr` where the packages' service may write.
fn ledger(folder: &Path) -> &'static str {
    ledger_beside(folder, Path::new("/etc/lmr"))
}

/// The same, with the folder of the packages: any way of writing its name will do, also `.` in it.
fn ledger_beside(folder: &Path, packaged: &Path) -> &'static str {
    let whole = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let is_packaged = folder == packaged || whole(folder) == whole(packaged);
    if is_packaged { "/var/lib/lmr/sender.sqlite" } else { "sender.sqlite" }
}

fn hash_key() -> anyhow::Result<String> {
    let mut key = Zeroizing::new([0; 32]);
    SystemRandom.fill(key.as_mut())?;
    Ok(hex(key.as_ref()) + "\n")
}

/// A new key whose id is its thumbprint (RFC 7638), which no other key has.
fn client_key_of(algorithm: Algorithm) -> anyhow::Result<SigningKey> {
    let made = SigningKey::generate(algorithm, "new", CLIENT_RSA_BITS)?;
    let pem = made.to_pkcs8_pem()?;
    Ok(SigningKey::from_pem(pem.expose(), &made.public().thumbprint(), algorithm)?)
}

/// A new private key and a request for an enterprise certificate for it (PKCS#10), both in PEM.
fn certificate_request(answers: &Answers) -> anyhow::Result<(Zeroizing<String>, String)> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "NO");
    subject.push(DnType::OrganizationName, answers.name.as_str());
    let number = PrintableString::try_from(format!("NTRNO-{}", answers.organisation))?;
    subject.push(DnType::from_oid(ORGANIZATION_IDENTIFIER), DnValue::PrintableString(number));
    subject.push(DnType::CommonName, answers.name.as_str());
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    let request = params.serialize_request(&key)?.pem()?;
    Ok((Zeroizing::new(key.serialize_pem()), request))
}

/// The files that the configuration names.
struct Named<'n> {
    ledger: &'n str,
    certificate: &'n Path,
    certificate_key: &'n Path,
    register: &'n Path,
    client_key: &'n str,
    kid: &'n str,
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// The configuration, with a comment for everything that somebody may want to change.
fn configuration(answers: &Answers, named: &Named<'_>, lang: Language) -> String {
    let say = |nb: &'static str, en: &'static str| if lang == Language::Bokmal { nb } else { en };
    let environment = match answers.environment {
        Environment::Production => "production",
        Environment::Test => "test",
        Environment::Local => "local",
    };
    let mut out = String::new();
    let mut line = |text: &str| {
        let _ = writeln!(out, "{text}");
    };
    line(say(
        "# Avsenderen til Legemiddelregisteret, laget av «lmr send init». Alle nøkler: docs/configuration.md.",
        "# The sender to Legemiddelregisteret, made by `lmr send init`. Every key: docs/configuration.md.",
    ));
    line(say(
        "# Relative stier regnes fra mappen denne filen er i. Hemmeligheter står aldri her, bare stier til filer.",
        "# Relative paths start from the folder of this file. Secrets are never in it, only paths of files.",
    ));
    line("");
    line(&format!("organisation = {}", quoted(answers.organisation.as_str())));
    line(&format!("environment = {}", quoted(environment)));
    line(say(
        "# Guiden som følges, og datoen det er avtalt at det rapporteres fra.",
        "# The guide to follow, and the date from which it is agreed to report.",
    ));
    line(&format!("ruleset = {}", quoted(answers.ruleset.as_str())));
    line(&format!("start_date = {}", quoted(&answers.start_date.to_string())));
    line("");
    line(say(
        "# Mappen med FHIR-filer (.json, .ndjson, .xml, også .gz og i .zip), lest på nytt ved hver kjøring.",
        "# The folder with FHIR files (.json, .ndjson, .xml, also .gz and in .zip), read again at every run.",
    ));
    line(say(
        "# I stedet kan her være tabeller [[source]]: CSV, SQL eller en FHIR-server (docs/guides/nb).",
        "# In its place there may be [[source]] tables: CSV, SQL or a FHIR server (docs/guides).",
    ));
    line(&format!("source = {}", path(&answers.source)));
    line(say(
        "# Hva som er levert: avsenderens egen database. Ta sikkerhetskopi av den og av hash.key sammen.",
        "# What was delivered: the sender's own database. Back it up together with hash.key.",
    ));
    line(&format!("database = {}", quoted(named.ledger)));
    line("hash_key = \"hash.key\"");
    line(say(
        "# terminology = [\"fest.tgz\"]  # kodelister, laget av «lmr terminology import»",
        "# terminology = [\"fest.tgz\"]  # code lists, made by `lmr terminology import`",
    ));
    line("");
    line("[receiver]");
    line(&format!("url = {}", quoted(&answers.receiver_url)));
    line(say(
        "# Registerets virksomhetssertifikat, som meldinger krypteres til.",
        "# The register's enterprise certificate, for which messages are encrypted.",
    ));
    line(&format!("certificate = {}", path(named.register)));
    line(say(
        "# tls_ca = \"ca.pem\"  # egen sertifikatutsteder for TLS",
        "# tls_ca = \"ca.pem\"  # a certificate authority of your own for TLS",
    ));
    line("");
    line(say(
        "# Vårt virksomhetssertifikat, som meldinger signeres med, og nøkkelen til det.",
        "# Our enterprise certificate, which messages are signed with, and its key.",
    ));
    line("[certificate]");
    line(&format!("certificate = {}", path(named.certificate)));
    line(&format!("key = {}", path(named.certificate_key)));
    if let Some(file) = &answers.key_password_file {
        line(&format!("key_password_file = {}", path(file)));
    }
    line("");
    match answers.issuer_kind {
        IssuerKind::HelseId => line("[helseid]"),
        IssuerKind::Maskinporten => line("[maskinporten]"),
    }
    line(&format!("issuer = {}", quoted(&answers.issuer)));
    line(say(
        "# Id-en som klienten får når den registreres.",
        "# The id that the client is given when it is registered.",
    ));
    line(&format!("client_id = {}", quoted(answers.client_id.as_deref().unwrap_or_default())));
    line(&format!("key = {}", quoted(named.client_key)));
    line(&format!("kid = {}", quoted(named.kid)));
    line(&format!("algorithm = {}", quoted(answers.algorithm.name())));
    match answers.issuer_kind {
        IssuerKind::HelseId => {
            line(&format!("scope = {}", quoted(crate::config::token_client::DPOP_SCOPE)));
            line("dpop = true");
            line(say(
                "# child = \"…\"     # underenhet som tokenet skal nevne",
                "# child = \"…\"     # sub-unit that the token shall name",
            ));
            line(say(
                "# customer = \"…\"  # kunden en leverandørs klient handler for",
                "# customer = \"…\"  # customer that a supplier's client acts for",
            ));
        }
        IssuerKind::Maskinporten => line(say(
            "# consumer_org = \"…\"  # virksomheten en leverandør handler for (delegert i Altinn)",
            "# consumer_org = \"…\"  # organisation that a supplier acts for (delegated in Altinn)",
        )),
    }
    line("");
    if answers.environment == Environment::Test {
        line(say(
            "# Testmiljøet tar bare syntetiske personer.",
            "# The test environment takes synthetic persons only.",
        ));
        line("[identity_numbers]");
        line("numbers = \"synthetic-only\"");
        line("");
    }
    line(say("# Daglig overføring, norsk tid.", "# The daily transfer, Norwegian time."));
    line("[schedule]");
    line("at = \"03:00:00\"");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_is_where_the_service_of_the_packages_may_write() {
        assert_eq!(ledger(Path::new("/etc/lmr")), "/var/lib/lmr/sender.sqlite");
        for folder in [".", "/etc", "/etc/lmr/test", "/srv/lmr"] {
            assert_eq!(ledger(Path::new(folder)), "sender.sqlite", "{folder}");
        }
        // However the folder is written, and wherever one stands.
        let root = tempfile::tempdir().expect("a folder");
        let packaged = root.path().join("etc");
        std::fs::create_dir_all(packaged.join("below")).expect("made");
        for same in [".", "", "below/..", "./below/../"] {
            let folder = packaged.join(same);
            assert_eq!(ledger_beside(&folder, &packaged), "/var/lib/lmr/sender.sqlite", "{same}");
        }
        assert_eq!(ledger_beside(&packaged.join("below"), &packaged), "sender.sqlite");
        let here = Path::new(".").canonicalize().expect("a folder");
        assert_eq!(ledger_beside(Path::new("."), &here), "/var/lib/lmr/sender.sqlite");
    }
}
