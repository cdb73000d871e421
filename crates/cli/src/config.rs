//! Configuration files. Unknown keys are errors, secrets are paths of files, paths are relative to the
//! configuration file. `docs/configuration.md` describes every key and `docs/samples/` holds whole
//! files; tests read both.

use std::path::{Path, PathBuf};

use lmr_lmdi::RuleSets;
use lmr_validator::package::{Package, ResourceKind};
use lmr_validator::terminology::CodeSystem;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::log::LastLines;
use crate::text::{Explain, Text, because, failure, text};

pub(crate) mod callers;
pub(crate) mod console;
pub(crate) mod database_address;
mod escapes;
pub(crate) mod key_files;
pub(crate) mod moments;
pub(crate) mod network;
pub(crate) mod otlp;
pub(crate) mod receiver;
pub(crate) mod sender;
pub(crate) mod source;
pub(crate) mod supervision;
pub(crate) mod token_client;
pub(crate) mod trust;

/// Reads a configuration file; the answer has the folder that relative paths start from.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<(T, PathBuf)> {
    let toml = match read_text(path) {
        // A folder too: the file in it is meant.
        Err(error) if !path.is_file() => {
            return Err(because(
                error,
                text!(
                    "konfigurasjonen (--config sier hvilken fil; lmr send init lager avsenderens, lmr sandbox init en hel prøve)",
                    "the configuration (--config says which file; lmr send init makes the sender's, lmr sandbox init a whole trial)"
                ),
            ));
        }
        read => read?,
    };
    let config = toml::from_str(&toml).map_err(|error| {
        let mut text = text!(
            "{path} er ikke en gyldig konfigurasjon",
            "{path} is not a valid configuration",
            path = path.display()
        );
        if let Some(remedy) = remedy(&toml, &error) {
            text = Text {
                nb: format!("{} ({})", text.nb, remedy.nb),
                en: format!("{} ({})", text.en, remedy.en),
            };
        }
        because(error.into(), text)
    })?;
    if let Some(fault) = escapes::fault(&toml) {
        return Err(failure(fault)).explain(|| {
            text!(
                "{path} er ikke en gyldig konfigurasjon",
                "{path} is not a valid configuration",
                path = path.display()
            )
        });
    }
    Ok((config, folder_of(path).to_owned()))
}

/// What to do about the faults that are made most often, of which the library only says what it finds.
fn remedy(toml: &str, error: &toml::de::Error) -> Option<Text> {
    let at = error.span()?.start;
    let (before, after) = (toml.get(..at)?, toml.get(at..)?);
    let before = before.rsplit('\n').next().unwrap_or_default();
    let line = format!("{before}{}", after.split('\n').next().unwrap_or_default());
    let message = error.message();
    if line.contains('\\') && (message.contains("unicode") || message.contains("escape")) {
        return Some(text!(
            "mellom doble anførselstegn begynner \\ en kode: skriv stien med /, eller i enkle anførselstegn",
            "in double quotes \\ begins a code: write the path with /, or in single quotes"
        ));
    }
    // A key that should be on the first level is named at the beginning of the table above it.
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    if let Some(name) = unknown
        && line.trim_start().starts_with("[[")
        && !line.contains(name)
    {
        let section = line.trim().split_inclusive("]]").next().unwrap_or_default();
        return Some(text!(
            "alle nøkler under {section}, fram til neste seksjon, hører til den: flytt den til slutten av filen, eller \
             rett nøkkelen",
            "all keys below {section}, up to the next section, belong to it: move it to the end of the file, or \
             correct the key"
        ));
    }
    // A key that only the other program's file has.
    if unknown.is_some() {
        let keys: toml::Table = toml.parse().unwrap_or_default();
        if keys.contains_key("column_key") {
            return Some(text!(
                "dette er mottakets konfigurasjon, som lmr serve og lmr admin leser",
                "this is the receiver's configuration, which lmr serve and lmr admin read"
            ));
        }
        if keys.contains_key("hash_key") {
            return Some(text!(
                "dette er avsenderens konfigurasjon, som lmr send og lmr doctor leser",
                "this is the sender's configuration, which lmr send and lmr doctor read"
            ));
        }
    }
    if message.contains("invalid socket address") {
        return Some(text!(
            "skriv IP-adresse og port, som \"127.0.0.1:8080\" eller \"[::1]:8080\"; porten er høyst 65535, og navn på maskiner \
             kan ikke brukes",
            "write IP address and port, as \"127.0.0.1:8080\" or \"[::1]:8080\"; the port is 65535 at most, and names of \
             machines cannot be used"
        ));
    }
    if message.contains("expected a nonzero") {
        return Some(text!(
            "det skal være et helt tall fra 1; ta bort nøkkelen der det ikke skal være noen grense",
            "it must be a whole number from 1; leave the key out where there is to be no limit"
        ));
    }
    // Keys of these names are texts where one is expected.
    if message.contains("expected a string") {
        return None;
    }
    let key = before.rsplit_once('=').map_or("", |(key, _)| key.trim_end());
    moments::remedy(key.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()?)
}

/// The folder that a file is or will be in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reads a text file, naming it in the error.
pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path)
        .explain(|| text!("kan ikke lese {path}", "cannot read {path}", path = path.display()))
}

/// Which national identity numbers are taken.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IdentityNumbers {
    /// `any`, `synthetic-only` (test environments) or `real-only`.
    pub(crate) numbers: WhichNumbers,
    /// Numbers that are valid only under the scheme of 2032 are taken with a warning.
    pub(crate) accept_2032: bool,
}

/// Real or made up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WhichNumbers {
    /// Both.
    #[default]
    Any,
    /// Those of the synthetic series.
    SyntheticOnly,
    /// All others.
    RealOnly,
}

impl From<WhichNumbers> for lmr_lmdi::PersonNumbers {
    fn from(which: WhichNumbers) -> Self {
        match which {
            WhichNumbers::Any => Self::Any,
            WhichNumbers::SyntheticOnly => Self::SyntheticOnly,
            WhichNumbers::RealOnly => Self::RealOnly,
        }
    }
}

/// What is done about what the register would lose in silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WhichAdvice {
    /// Warn of it.
    #[default]
    Warn,
    /// Refuse the entry.
    Refuse,
}

impl From<WhichAdvice> for lmr_lmdi::Advice {
    fn from(which: WhichAdvice) -> Self {
        match which {
            WhichAdvice::Warn => Self::Warn,
            WhichAdvice::Refuse => Self::Refuse,
        }
    }
}

/// What is written to the log (standard error; a service of Windows has a file).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter like `info,lmr_server=debug`.
    pub(crate) level: String,
    /// `text` or `json`.
    pub(crate) format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Log {
    /// What of the log is written.
    pub(crate) fn filter(&self) -> anyhow::Result<tracing_subscriber::EnvFilter> {
        let unusable = || {
            text!(
                "log.level: «{level}» er ikke et filter: bruk error, warn, info, debug eller trace, eller f.eks. \
                 info,lmr_server=debug",
                "log.level: “{level}” is not a filter: use error, warn, info, debug or trace, or for instance \
                 info,lmr_server=debug",
                level = self.level
            )
        };
        // A word that is no level would be taken as the name of a module, and all others would be silent.
        let is_module_alone = |word: &str| {
            !word.contains('=')
                && word.trim().parse::<tracing::level_filters::LevelFilter>().is_err()
        };
        if self.level.split(',').any(is_module_alone) {
            return Err(failure(unusable()));
        }
        // The library's own words are English.
        tracing_subscriber::EnvFilter::try_new(&self.level).map_err(|_| failure(unusable()))
    }

    /// Starts logging for this process. What it gives is kept until the end, so that the last lines are written.
    pub(crate) fn start(&self) -> anyhow::Result<LastLines> {
        #[cfg(windows)]
        use tracing_subscriber::layer::SubscriberExt as _;
        use tracing_subscriber::util::SubscriberInitExt as _;

        let filter = self.filter()?;
        #[cfg(not(windows))]
        let out = std::io::stderr();
        #[cfg(windows)]
        let (out, errors) = crate::service::log()?;
        let (lines, last) = crate::log::start(out)?;
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(move || lines.clone())
            .log_internal_errors(false)
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
        match self.format {
            LogFormat::Text => {
                let subscriber = builder.with_target(false).finish();
                #[cfg(windows)]
                let subscriber = subscriber.with(errors);
                subscriber.try_init()
            }
            LogFormat::Json => {
                let subscriber = builder.json().flatten_event(true).finish();
                #[cfg(windows)]
                let subscriber = subscriber.with(errors);
                subscriber.try_init()
            }
        }
        .map_err(|error| anyhow::anyhow!("{error}"))
        .explain(|| text!("loggen kan ikke startes", "logging cannot start"))?;
        Ok(last)
    }
}

/// The rule sets with the code lists of these packages, which `lmr terminology import` made.
/// Relative paths start from the folder of the configuration file.
pub(crate) fn rule_sets(terminology: &[PathBuf], folder: &Path) -> anyhow::Result<RuleSets> {
    let mut packages = Vec::with_capacity(terminology.len());
    for file in terminology {
        let path = folder.join(file);
        let unusable = || {
            text!(
                "terminology: {path} kan ikke brukes; `lmr terminology import` lager filen",
                "terminology: {path} cannot be used; `lmr terminology import` makes the file",
                path = path.display()
            )
        };
        let package = Package::open(&path).explain(unusable)?;
        // A list that cannot be read would check nothing, and say so only code by code.
        for text in package.texts(ResourceKind::CodeSystem) {
            CodeSystem::read(text).explain(unusable)?;
        }
        packages.push(package);
    }
    Ok(RuleSets::with_packages(packages))
}

#[cfg(test)]
mod limit_pages;
#[cfg(test)]
mod security_page;
#[cfg(test)]
mod tests;
