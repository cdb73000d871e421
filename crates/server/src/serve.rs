//! Running a receiver on a socket until it is asked to stop.

use crate::connections::{Connections, Refused, Slot, is_listed};
use crate::outlet::OutletService;
use crate::refusals;
use crate::route::Route;
use crate::router::router;
use crate::routes::{OUTLET_ROUTES, ROUTES};
use crate::state::{Services, Shared};
use crate::stream::{Silence, Watched};
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// Headers of one request at most, in number and in bytes of the whole head.
const MAX_HEADERS: usize = 64;
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Longest time for a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the last refused calls may take to be written.
const KEEP_TIME: Duration = Duration::from_secs(2);
/// Pause after a socket could not be taken: file descriptors may be free again then.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
    run(listener, services, &ROUTES, None, shutdown).await
}

/// Serves the outlet on a listener of its own, in the same way. `services.verifier` decides who may fetch messages.
///
/// # Errors
/// [`ServeError`] when the socket fails.
pub async fn serve_outlet(
    listener: TcpListener,
    services: Services,
    outlet: OutletService,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    run(listener, services, &OUTLET_ROUTES, Some(outlet), shutdown).await
}

async fn run(
    listener: TcpListener,
    services: Services,
    routes: &'static [Route],
    outlet: Option<OutletService>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    listener.local_addr()?;
    let (refusals, waiting) = refusals::line();
    let server = Arc::new(Server::new(Shared::new(services, routes, outlet, refusals)));
    let shared = Arc::clone(&server.shared);
    let keeping = waiting.write(Arc::clone(shared.receiver.store()), Arc::clone(&shared.metrics));
    let keeping = tokio::spawn(keeping);
    let graceful = GracefulShutdown::new();
    let mut open = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match server.connections.slot(peer.ip(), &shared.settings) {
                    Ok(slot) => {
                        let connection =
                            Arc::clone(&server).connection(stream, peer, slot, graceful.watcher());
                        open.spawn(connection);
                    }
                    Err(reason) => server.connections.note(reason, Some(peer.ip()), None),
                },
                // The peer is gone already; nothing is wrong here.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    server.connections.note(Refused::NotAccepted, None, Some(&error.to_string()));
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    shared.stopping.store(true, Ordering::Relaxed);
    drop(listener);
    let ended = timeout(shared.settings.drain, async {
        let ending = graceful.shutdown();
        tracing::info!("stopping");
        ending.await;
        // What is written last must get out before the runtime ends.
        while open.join_next().await.is_some() {}
    });
    if ended.await.is_err() {
        tracing::warn!(
            connections = open.len(),
            "connections were cut off at the end of the time to stop"
        );
    }
    // With the last request the queue is closed, and what waits is written.
    drop((server, shared));
    let _ = timeout(KEEP_TIME, keeping).await;
    Ok(())
}

struct Server {
    shared: Arc<Shared>,
    connections: Connections,
    app: axum::Router,
    http: http1::Builder,
}

impl Server {
    fn new(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        let mut http = http1::Builder::new();
        // A caller that has sent its request may close its half of the connection and still wants its answer.
        http.timer(TokioTimer::new())
            .header_read_timeout(shared.settings.header_timeout)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD_BYTES)
            .half_close(true);
        Self {
            connections: Connections::new(&shared.settings, Arc::clone(&shared.metrics)),
            app: router(Arc::clone(&shared)),
            http,
            shared,
        }
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        slot: Slot,
        watcher: Watcher,
    ) {
        if !is_listed(&self.shared, peer.ip()).await {
            self.connections.note(Refused::NotListed, Some(peer.ip()), None);
            return;
        }
        // Answers are written at once; a socket that cannot be set so still works.
        let _ = stream.set_nodelay(true);
        let settings = &self.shared.settings;
        let silence = Silence { first_byte: settings.first_byte, write: settings.write_timeout };
        match &settings.tls {
            None => self.http(Watched::new(stream, silence), peer, watcher).await,
            Some(tls) => {
                let accepting = TlsAcceptor::from(tls.current()).accept(stream);
                if let Ok(Ok(stream)) = timeout(HANDSHAKE, accepting).await {
                    self.http(Watched::new(stream, silence), peer, watcher).await;
                }
            }
        }
        drop(slot);
    }

    async fn http(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        watcher: Watcher,
    ) {
        let app = self.app.clone().map_request(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let service = TowerToHyperService::new(app);
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        // Ends with the caller's faults too: broken heads, silence, a reset. The request's own line says what was asked.
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "connection ended");
        }
    }
}
