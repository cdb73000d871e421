//! Configuration files. Unknown keys are errors, secrets are paths of files, paths are relative to the
//! configuration file. `docs/configuration.md` describes every key and `docs/samples/` holds whole
//! files; tests read both.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) mod receiver;
pub(crate) mod sender;

/// Reads a configuration file; the answer has the folder that relative paths start from.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<(T, PathBuf)> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let config = toml::from_str(&text)
        .with_context(|| format!("{} is no valid configuration", path.display()))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((config, folder.to_owned()))
}

/// A certificate and its private key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFiles {
    /// Certificate, PEM (a TLS certificate may be followed by its chain) or DER.
    pub(crate) certificate: PathBuf,
    /// Private key, PEM (PKCS#8, not encrypted).
    pub(crate) key: PathBuf,
}

impl KeyFiles {
    pub(crate) fn from(&self, folder: &Path) -> Self {
        Self { certificate: folder.join(&self.certificate), key: folder.join(&self.key) }
    }
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

/// What is written to the log (standard error).
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
    /// Starts logging for this process.
    pub(crate) fn start(&self) -> anyhow::Result<()> {
        let filter = tracing_subscriber::EnvFilter::try_new(&self.level)
            .with_context(|| format!("log.level: {} is no filter", self.level))?;
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
        match self.format {
            LogFormat::Text => builder.with_target(false).try_init(),
            LogFormat::Json => builder.json().flatten_event(true).try_init(),
        }
        .map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
    }
}

#[cfg(test)]
mod tests;
