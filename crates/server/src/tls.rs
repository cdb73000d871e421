//! TLS of our own, with a certificate that can be replaced while the receiver runs.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::{Arc, PoisonError, RwLock};

/// A TLS certificate with its key, ready for use. Clones share it: what replaces it in one replaces it in all.
#[derive(Clone)]
pub struct Tls(Arc<RwLock<Served>>);

/// What connections get from now on.
#[derive(Clone)]
struct Served {
    config: Arc<ServerConfig>,
    /// The listener's own certificate, of which rustls keeps nothing that can be asked.
    leaf: CertificateDer<'static>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(..)")
    }
}

/// Why a TLS certificate or key cannot be used: the operator's files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate in the text.
    #[error("no PEM certificate in the TLS certificate file")]
    Certificate,
    /// No private key in the text.
    #[error("no PEM private key in the TLS key file")]
    Key,
    /// They do not fit, or are of a kind not supported.
    #[error("TLS certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

impl Tls {
    /// From a certificate chain, leaf first, and its private key, both PEM.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| TlsError::Certificate)?;
        let leaf = chain.first().ok_or(TlsError::Certificate)?.clone();
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Key)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(RwLock::new(Served { config: Arc::new(config), leaf }))))
    }

    /// Uses the other's certificate for connections from now on.
    pub fn replace(&self, other: &Self) {
        let served = other.served();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = served;
    }

    /// The certificate that connections get, in DER: what is in the files may be another one.
    #[must_use]
    pub fn certificate(&self) -> Vec<u8> {
        self.served().leaf.to_vec()
    }

    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.served().config
    }

    fn served(&self) -> Served {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
