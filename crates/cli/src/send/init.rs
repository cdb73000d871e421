//! `lmr send init`: a new sender's configuration, keys and certificate request, and what to hand in where.

mod answers;
mod console;
mod files;
mod register;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use lmr_auth::{Environment, IssuerKind};
use lmr_lmdi::RuleSetId;

use self::answers::Answers;
use self::console::{Console, Terminal};
use crate::doctor::Doctor;
use crate::output::{Language, print};
use crate::text::text;

/// Set up a new sender: write a commented configuration, make keys and a certificate request, and say what to
/// hand in where.
///
/// Asks for what is not given as an argument. The files are made beside the configuration file (`--config`);
/// nothing that is there already is overwritten. Prints what to enter in HelseID Selvbetjening or Maskinporten and
/// what to send to the register, and ends in `lmr doctor`. Exit status: 0 everything works; 1 the files are
/// written, and doctor names what does not work yet; 2 nothing is written.
#[derive(Args)]
pub(super) struct Init {
    /// Where access tokens come from
    #[arg(long, value_enum)]
    tokens_from: Option<TokensFrom>,
    /// The environment of the register and of the issuer of tokens
    #[arg(long, value_enum)]
    environment: Option<WhichEnvironment>,
    /// The organisation number that reports, nine digits
    #[arg(long)]
    organisation: Option<String>,
    /// The organisation's name
    #[arg(long)]
    name: Option<String>,
    /// Folder that FHIR files are read from; other sources are described in the file that is written
    #[arg(long)]
    source: Option<PathBuf>,
    /// The guide to follow
    #[arg(long, value_parser = PossibleValuesParser::new(RuleSetId::ALL.map(RuleSetId::as_str)))]
    ruleset: Option<String>,
    /// The date, agreed with the register, from which data are reported
    #[arg(long)]
    start_date: Option<String>,
    /// Address of the register that messages are posted to
    #[arg(long)]
    receiver_url: Option<String>,
    /// The register's enterprise certificate; `-` if the register has not given it yet
    #[arg(long)]
    receiver_certificate: Option<String>,
    /// Our enterprise certificate; `-` to make a key and a certificate request
    #[arg(long)]
    certificate: Option<String>,
    /// The private key of our enterprise certificate
    #[arg(long)]
    certificate_key: Option<PathBuf>,
    /// File with the password of the key, or the PIN of its token
    #[arg(long)]
    key_password_file: Option<PathBuf>,
    /// Id of the client in HelseID or Maskinporten; `-` if it is not registered yet
    #[arg(long)]
    client_id: Option<String>,
    /// The issuer of tokens; that of the environment if left out
    #[arg(long)]
    issuer: Option<String>,
    /// Algorithm of the client's new key; PS256 for HelseID and RS256 for Maskinporten if left out
    #[arg(long)]
    algorithm: Option<String>,
    /// Address that this sender calls the register from; may be repeated
    #[arg(long)]
    address: Vec<String>,
    /// Leave the closing `lmr doctor` out
    #[arg(long)]
    no_doctor: bool,
}

/// An issuer of tokens.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TokensFrom {
    /// HelseID, tokens bound to a key (DPoP)
    #[value(name = "helseid")]
    HelseId,
    /// Maskinporten
    Maskinporten,
}

impl TokensFrom {
    fn kind(self) -> IssuerKind {
        match self {
            Self::HelseId => IssuerKind::HelseId,
            Self::Maskinporten => IssuerKind::Maskinporten,
        }
    }
}

/// An environment.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WhichEnvironment {
    /// Real data
    Production,
    /// The public test environments
    Test,
    /// A sandbox on this machine
    Local,
}

impl WhichEnvironment {
    fn environment(self) -> Environment {
        match self {
            Self::Production => Environment::Production,
            Self::Test => Environment::Test,
            Self::Local => Environment::Local,
        }
    }
}

impl Init {
    pub(super) fn run(&self, config: &Path, lang: Language) -> anyhow::Result<ExitCode> {
        files::refuse_to_overwrite(config)?;
        let mut terminal = Terminal::of_process();
        let console = terminal.as_mut().map(|terminal| -> &mut dyn Console { terminal });
        let answers = Answers::gather(self, config, console, lang)?;
        let made = files::make(&answers, config, lang)?;
        print(&register::what_to_hand_in(&answers, &made, lang))?;
        let commands = text!(
            "\nDeretter:\n  lmr doctor --config {config}\n  lmr send run --dry-run --config {config}\n  lmr send run --config {config}\n\n",
            "\nThen:\n  lmr doctor --config {config}\n  lmr send run --dry-run --config {config}\n  lmr send run --config {config}\n\n",
            config = config.display()
        );
        print(commands.get(lang))?;
        if self.no_doctor {
            return Ok(ExitCode::SUCCESS);
        }
        Doctor::of(config).run(lang)
    }
}
