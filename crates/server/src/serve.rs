//! Running a receiver on a socket until it is told to stop.

use crate::connections::Bounded;
use crate::router::router;
use crate::state::{Services, Shared};
use axum_server::accept::DefaultAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;

/// Headers of one request at most, in number and in bytes of the whole head.
const MAX_HEADERS: usize = 64;
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Longest time for a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A TLS certificate with its key, ready for use.
#[derive(Clone)]
pub struct Tls(Arc<rustls::ServerConfig>);

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
        if chain.is_empty() {
            return Err(TlsError::Certificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Key)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

/// Why serving ended on its own.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket failed.
    #[error("the HTTP server ended: {0}")]
    Socket(#[from] io::Error),
}

/// Serves HTTP/1.1 on `listener` until `shutdown` is done; then takes no new request and lets running
/// ones end within the time set.
///
/// # Errors
/// [`ServeError`] when the socket fails.
pub async fn serve(
    listener: TcpListener,
    services: Services,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let settings = services.settings.clone();
    let shared = Arc::new(Shared::new(services));
    let app = router(Arc::clone(&shared)).into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::<SocketAddr>::new();
    let stopper = {
        let (handle, drain) = (handle.clone(), settings.drain);
        tokio::spawn(async move {
            shutdown.await;
            shared.stopping.store(true, Ordering::Relaxed);
            tracing::info!("stopping");
            handle.graceful_shutdown(Some(drain));
        })
    };
    let mut server = Server::from_listener(listener).http1_only().handle(handle);
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .half_close(false);
    let plain = Bounded::new(DefaultAcceptor::new(), settings.connections);
    let outcome = match settings.tls {
        None => server.acceptor(plain).serve(app).await,
        Some(Tls(config)) => {
            let tls =
                RustlsAcceptor::new(RustlsConfig::from_config(config)).handshake_timeout(HANDSHAKE);
            server.acceptor(tls.acceptor(plain)).serve(app).await
        }
    };
    stopper.abort();
    Ok(outcome?)
}
