//! `lmr seal` and `lmr open`: one message by hand.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use lmr_envelope::{
    DecryptionKey, DecryptionKeys, Envelope, Header, Limits, RandomSource, SigningKey,
    SystemRandom, Warning, read_time, seal,
};
use lmr_fhir::{Document, ParseOptions};
use lmr_identifiers::OrganisationNumber;

use crate::clock;
use crate::config::key_files::{KeyFiles, certificate};
use crate::input::{seems::remedy_for, whole};
use crate::output::{Language, read, write, write_private};
use crate::text::{Explain, Text, fail, failure, text};

/// Seal a bundle into a SignertKryptertBundle.
///
/// Compresses, encrypts for the register's certificate and signs with the sender's. The message is
/// not posted; `lmr send` does that.
#[derive(Args)]
pub(crate) struct Seal {
    /// The bundle as FHIR JSON; - is standard input
    bundle: PathBuf,
    /// The sender's enterprise certificate (PEM, DER, PKCS#12, or a pkcs11: URI)
    #[arg(long)]
    certificate: PathBuf,
    /// Its private key: PEM, DER, JWK, PKCS#12, or a pkcs11: URI
    #[arg(long)]
    key: PathBuf,
    /// File with the password of the key, or the PIN of its token
    #[arg(long)]
    key_password_file: Option<PathBuf>,
    /// Variable of the environment with the same
    #[arg(long)]
    key_password_env: Option<String>,
    /// The register's enterprise certificate
    #[arg(long)]
    recipient: PathBuf,
    /// The sender's organisation number; that of the certificate if left out
    #[arg(long)]
    sender: Option<String>,
    /// Id of the message; a new UUID if left out
    #[arg(long)]
    message_id: Option<String>,
    /// Start of the reporting period, ISO 8601 (no offset: Norwegian time); 24 hours ago if left out
    #[arg(long)]
    from: Option<String>,
    /// End of the reporting period; now if left out
    #[arg(long)]
    to: Option<String>,
    /// Where to write the message; standard output if left out
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Seal content that is not a FHIR Bundle: to see how a receiver takes it
    #[arg(long)]
    any_content: bool,
}

/// Open a SignertKryptertBundle.
///
/// Checks the signature, decrypts and inflates; needs the register's private key.
#[derive(Args)]
pub(crate) struct Open {
    /// The message; - is standard input
    message: PathBuf,
    /// The sender's enterprise certificate, to check the signature with
    #[arg(long)]
    sender_certificate: PathBuf,
    /// The register's enterprise certificate
    #[arg(long)]
    certificate: PathBuf,
    /// Its private key: PEM, DER, JWK, PKCS#12, or a pkcs11: URI
    #[arg(long)]
    key: PathBuf,
    /// File with the password of the key, or the PIN of its token
    #[arg(long)]
    key_password_file: Option<PathBuf>,
    /// Variable of the environment with the same
    #[arg(long)]
    key_password_env: Option<String>,
    /// Take the certificate's validity at this moment instead of now
    #[arg(long)]
    at: Option<String>,
    /// Where to write the bundle; standard output if left out
    #[arg(long, short)]
    output: Option<PathBuf>,
}

impl Seal {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let now = clock::now();
        let bundle = whole(&self.bundle)?;
        if !self.any_content {
            check_bundle(&self.bundle, &bundle)?;
        }
        let files = KeyFiles {
            certificate: self.certificate,
            key: self.key,
            key_password_file: self.key_password_file,
            key_password_env: self.key_password_env,
        };
        let signer =
            SigningKey::new(files.certificate()?, files.private_key()?).explain(no_pair)?;
        let recipient = certificate(&self.recipient)?;
        let sender = match &self.sender {
            Some(number) => OrganisationNumber::parse(number).explain(|| {
                text!(
                    "--sender: {number} er ikke et organisasjonsnummer",
                    "--sender: {number} is not an organisation number"
                )
            })?,
            None => signer.certificate().organisation().explain(|| {
                text!(
                    "sertifikatet har ikke noe organisasjonsnummer; oppgi det med --sender",
                    "the certificate names no organisation number; give it with --sender"
                )
            })?,
        };
        let message_id = match self.message_id {
            Some(id) => id,
            None => new_uuid()?,
        };
        let to = moment("--to", self.to.as_deref())?.unwrap_or(now);
        let day_before = to
            .checked_sub(jiff::SignedDuration::from_hours(24))
            .explain(|| text!("--to er utenfor all tid", "--to is outside all time"))?;
        let from = moment("--from", self.from.as_deref())?.unwrap_or(day_before);
        if from > to {
            fail!(
                "rapporteringsperioden begynner etter at den slutter",
                "the reporting period starts after it ends"
            );
        }
        let header = Header {
            message_id: &message_id,
            sender,
            reporting_from: from,
            reporting_to: to,
            generated_at: now,
        };
        let message = seal(&bundle, &header, &recipient, &signer, &SystemRandom)?;
        write(self.output.as_deref(), &message)?;
        let done = text!(
            "forseglet {bytes} byte til {sealed} byte, messageId {message_id}",
            "sealed {bytes} bytes into {sealed} bytes, messageId {message_id}",
            bytes = bundle.len(),
            sealed = message.len()
        );
        crate::output::complain(done.get(lang));
        Ok(ExitCode::SUCCESS)
    }
}

impl Open {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let now = moment("--at", self.at.as_deref())?.unwrap_or_else(clock::now);
        let body = read(&self.message)?;
        let sender = certificate(&self.sender_certificate)?;
        let files = KeyFiles {
            certificate: self.certificate,
            key: self.key,
            key_password_file: self.key_password_file,
            key_password_env: self.key_password_env,
        };
        let key =
            DecryptionKey::new(files.certificate()?, files.private_key()?).explain(no_pair)?;
        let limits = Limits::default();
        let envelope = Envelope::parse(&body, &limits).explain(|| {
            let text = text!(
                "{path} er ikke en SignertKryptertBundle",
                "{path} is not a SignertKryptertBundle",
                path = self.message.display()
            );
            with_remedy(text, &body)
        })?;
        for Warning::UnknownMember(name) in envelope.warnings() {
            let note = text!(
                "det ukjente medlemmet {name:?} ble ikke lest",
                "the unknown member {name:?} was not read"
            );
            crate::output::complain(&format!("lmr: {}", note.get(lang)));
        }
        let keys = DecryptionKeys::new(vec![key]);
        let bundle = lmr_envelope::open(&body, &sender, &keys, &limits, now, &SystemRandom)?;
        write_private(self.output.as_deref(), &bundle)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What is sealed cannot be looked at any more, so a wrong file is noticed before.
fn check_bundle(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let no_bundle = || {
        text!(
            "{path} er ikke en FHIR-Bundle i JSON; --any-content forsegler den likevel",
            "{path} is not a FHIR Bundle in JSON; --any-content seals it all the same",
            path = path.display()
        )
    };
    let document = Document::parse_bytes(content, &ParseOptions::lenient())
        .explain(|| with_remedy(no_bundle(), content))?;
    let resource_type = document.root_element().resource_type();
    if resource_type.as_deref() != Some("Bundle") {
        return Err(failure(no_bundle()));
    }
    Ok(())
}

/// The sentence with what a content seems to be instead.
fn with_remedy(text: Text, content: &[u8]) -> Text {
    match remedy_for(content) {
        Some(remedy) => Text {
            nb: format!("{} ({})", text.nb, remedy.nb),
            en: format!("{} ({})", text.en, remedy.en),
        },
        None => text,
    }
}

fn moment(flag: &str, time: Option<&str>) -> anyhow::Result<Option<Timestamp>> {
    time.map(|time| {
        read_time(time).explain(|| {
            text!("{flag}: ikke et tidspunkt etter ISO 8601", "{flag}: not a time of ISO 8601")
        })
    })
    .transpose()
}

fn no_pair() -> Text {
    text!(
        "sertifikatet og den private nøkkelen kan ikke brukes sammen",
        "the certificate and the private key cannot be used together"
    )
}

/// A fresh random UUID.
pub(crate) fn new_uuid() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}
