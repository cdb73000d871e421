//! Certificates and private keys in files.

use std::path::{Path, PathBuf};

use lmr_envelope::{Certificate, PrivateKey};
use serde::Deserialize;

use crate::output::read;
use crate::text::{Explain, text};

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
    /// The same with paths that start from `folder`.
    pub(crate) fn from(&self, folder: &Path) -> Self {
        Self { certificate: folder.join(&self.certificate), key: folder.join(&self.key) }
    }
}

/// Reads a certificate file, naming it in the error.
pub(crate) fn certificate(path: &Path) -> anyhow::Result<Certificate> {
    Certificate::read(&read(path)?).explain(|| {
        text!(
            "{path} er ikke et sertifikat som kan brukes",
            "{path} is not a usable certificate",
            path = path.display()
        )
    })
}

/// Reads a private key file, naming it in the error.
pub(crate) fn private_key(path: &Path) -> anyhow::Result<PrivateKey> {
    let bytes = zeroize::Zeroizing::new(read(path)?);
    PrivateKey::from_pem(&bytes).explain(|| {
        text!(
            "{path} er ikke en privat nøkkel som kan brukes",
            "{path} is not a usable private key",
            path = path.display()
        )
    })
}
