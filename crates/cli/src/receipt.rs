//! `lmr receipt`: what the register has signed for.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use lmr_envelope::{Envelope, Limits, ReceiptDigest, check_receipt_chain, verify_receipt};
use serde_json::{Value, json};

use crate::config::key_files::certificate;
use crate::config::sender::SenderConfig;
use crate::output::{Language, Style, print, read};
use crate::text::{Explain, fail, text};

/// The register's receipts.
///
/// The register signs a receipt for every message that it has stored, and the sender keeps it. Each names the
/// digest of the one before it, so receipts show what was delivered, and that none was lost or changed since.
#[derive(Args)]
pub(crate) struct ReceiptCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Verify(Verify),
    List(List),
}

/// Verify receipts with the register's certificate, one by one and as a chain.
///
/// Exit status: 0 when all hold and follow each other; 1 when one does not; 2 for input that cannot be used.
#[derive(Args)]
struct Verify {
    /// Receipts, one a line, or JSON lines of `lmr receipt list`; - is standard input
    receipts: PathBuf,
    /// The register's enterprise certificate (PEM or DER); may be repeated around a change
    #[arg(long, required = true)]
    certificate: Vec<PathBuf>,
    /// Hold the receipt against this message, a SignertKryptertBundle; needs one receipt
    #[arg(long)]
    message: Option<PathBuf>,
    /// Hold the receipt against this answer's body; needs one receipt
    #[arg(long)]
    answer: Option<PathBuf>,
}

/// Print the receipts that the sender has kept, as JSON lines.
#[derive(Args)]
struct List {
    /// The sender's configuration file
    #[arg(long, short, default_value = "sender.toml")]
    config: PathBuf,
}

impl ReceiptCommand {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Verify(verify) => verify.run(lang),
            Command::List(list) => list.run(),
        }
    }
}

/// The receipts of a file: one a line, bare or as the member `receipt` of a JSON object.
pub(crate) fn read_receipts(path: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = read(path)?;
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(&bytes).lines().map(str::trim) {
        if line.is_empty() {
            continue;
        }
        if !line.starts_with('{') {
            found.push(line.to_owned());
            continue;
        }
        let value: Option<Value> = serde_json::from_str(line).ok();
        let receipt = value.as_ref().and_then(|value| value["receipt"].as_str());
        found.push(receipt.map(str::to_owned).explain(|| {
            text!(
                "{path}: en linje er verken en kvittering eller JSON med «receipt»",
                "{path}: a line is neither a receipt nor JSON with `receipt`",
                path = path.display()
            )
        })?);
    }
    Ok(found)
}

/// What is wrong with receipts, in a language.
fn said(error: &(dyn std::error::Error + 'static), lang: Language) -> String {
    let bokmal = if lang == Language::Bokmal { crate::text::in_bokmal(error) } else { None };
    bokmal.unwrap_or_else(|| error.to_string())
}

impl Verify {
    fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let certificates =
            self.certificate.iter().map(|path| certificate(path)).collect::<Result<Vec<_>, _>>()?;
        let receipts = read_receipts(&self.receipts)?;
        if receipts.is_empty() {
            fail!(
                "{path}: ingen kvitteringer",
                "{path}: no receipts",
                path = self.receipts.display()
            );
        }
        if receipts.len() > 1 && (self.message.is_some() || self.answer.is_some()) {
            fail!(
                "--message og --answer gjelder én kvittering, men {path} har {count}",
                "--message and --answer are for one receipt, but {path} has {count}",
                path = self.receipts.display(),
                count = receipts.len()
            );
        }
        let style = Style::for_stdout();
        let mut out = String::new();
        let mut faults = 0;
        let mut verified = Vec::new();
        for text in &receipts {
            match verify_receipt(text, &certificates) {
                Ok(one) => {
                    let receipt = &one.receipt;
                    let line = text!(
                        "{sender} nr. {sequence}: {id} mottatt {time}, {outcome}, {rules}, signert under {certificate}",
                        "{sender} no. {sequence}: {id} received {time}, {outcome}, {rules}, signed under {certificate}",
                        sender = receipt.sender,
                        sequence = receipt.sequence,
                        id = receipt.message_id,
                        time = receipt.received_at,
                        outcome = receipt.outcome,
                        rules = receipt.rule_set,
                        certificate = one.certificate,
                    );
                    writeln!(out, "{} {}", style.good("✓"), line.get(lang))?;
                    verified.push(one);
                }
                Err(error) => {
                    faults += 1;
                    writeln!(out, "{} {}", style.bad("✗"), said(&error, lang))?;
                }
            }
        }
        if let Some(path) = &self.message {
            let bytes = read(path)?;
            let envelope = Envelope::parse(&bytes, &Limits::default())?;
            let is_same = verified.iter().all(|one| {
                one.receipt.content_sha256 == envelope.content_sha256().into()
                    && one.receipt.message_id == envelope.message_id()
                    && one.receipt.sender == envelope.sender()
            });
            faults += usize::from(!is_same);
            let line = if is_same {
                text!("✓ kvitteringen gjelder denne meldingen", "✓ the receipt is for this message")
            } else {
                text!(
                    "✗ kvitteringen gjelder en annen melding",
                    "✗ the receipt is for another message"
                )
            };
            writeln!(out, "{}", line.get(lang))?;
        }
        if let Some(path) = &self.answer {
            let digest = ReceiptDigest::of(&read(path)?);
            let is_same = verified.iter().all(|one| one.receipt.answer_sha256 == digest);
            faults += usize::from(!is_same);
            let line = if is_same {
                text!("✓ kvitteringen gjelder dette svaret", "✓ the receipt is for this answer")
            } else {
                text!("✗ kvitteringen gjelder et annet svar", "✗ the receipt is for another answer")
            };
            writeln!(out, "{}", line.get(lang))?;
        }
        let mut senders: Vec<_> = verified.iter().map(|one| one.receipt.sender).collect();
        senders.sort_unstable();
        senders.dedup();
        for sender in senders {
            let of_sender: Vec<_> =
                verified.iter().filter(|one| one.receipt.sender == sender).cloned().collect();
            for error in check_receipt_chain(&of_sender) {
                faults += 1;
                writeln!(out, "{} {sender}: {}", style.bad("✗"), said(&error, lang))?;
            }
        }
        print(&out)?;
        Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl List {
    fn run(self) -> anyhow::Result<ExitCode> {
        let (config, folder) = crate::config::read::<SenderConfig>(&self.config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let outbox = crate::send::outbox_to_read(&config, &folder).await?;
            let mut out = String::new();
            for row in outbox.receipts().await? {
                writeln!(out, "{}", json!(row))?;
            }
            outbox.close().await;
            print(&out)?;
            Ok(ExitCode::SUCCESS)
        })
    }
}
