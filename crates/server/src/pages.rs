//! Pages for people on a listener of their own, such as the operator's console: TLS, listed addresses, bounds. What
//! the pages are is another crate's.

use crate::address::{ProxyHeader, caller_address};
use crate::serve::ServeError;
use crate::stream::{Silence, Watched};
use crate::tls::Tls;
use axum::Router;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use lmr_intake::AllowList;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

/// Connections at once: some people with a browser each.
const CONNECTIONS: usize = 256;
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEADER_TIME: Duration = Duration::from_secs(10);
/// Longest time for a request to be answered, its body included.
const REQUEST_TIME: Duration = Duration::from_secs(60);
const SILENCE: Silence =
    Silence { first_byte: Duration::from_secs(10), write: Duration::from_secs(60) };
const DRAIN: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Who may call, and how.
#[derive(Clone, Debug)]
pub struct PageSettings {
    /// Addresses and ranges that may call; everybody else is cut off.
    pub addresses: AllowList,
    /// Proxies whose header says where a request comes from.
    pub trusted_proxies: AllowList,
    /// The header.
    pub proxy_header: ProxyHeader,
    /// TLS of our own.
    pub tls: Option<Tls>,
}

/// Serves pages until `shutdown` is done.
///
/// # Errors
/// [`ServeError`] when the socket fails.
pub async fn serve_pages(
    listener: TcpListener,
    app: Router,
    settings: PageSettings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    listener.local_addr()?;
    let settings = Arc::new(settings);
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut open = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let is_listed = settings.addresses.contains(peer.ip())
                        || settings.trusted_proxies.contains(peer.ip());
                    let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
                    if !is_listed {
                        tracing::debug!(address = %peer.ip(), "connection refused: not listed");
                        continue;
                    }
                    let (app, settings) = (app.clone(), Arc::clone(&settings));
                    let watcher = graceful.watcher();
                    open.spawn(async move {
                        connection(stream, peer, app, &settings, watcher).await;
                        drop(slot);
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let ended = timeout(DRAIN, async {
        graceful.shutdown().await;
        while open.join_next().await.is_some() {}
    });
    if ended.await.is_err() {
        tracing::warn!(connections = open.len(), "connections of pages were cut off");
    }
    Ok(())
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    settings: &Arc<PageSettings>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Answers are written at once; a socket that cannot be set so still works.
    let _ = stream.set_nodelay(true);
    match &settings.tls {
        None => http(Watched::new(stream, SILENCE), peer, app, settings, watcher).await,
        Some(tls) => {
            let accepting = TlsAcceptor::from(tls.current()).accept(stream);
            if let Ok(Ok(stream)) = timeout(HANDSHAKE, accepting).await {
                http(Watched::new(stream, SILENCE), peer, app, settings, watcher).await;
            }
        }
    }
}

async fn http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    app: Router,
    settings: &Arc<PageSettings>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let settings = Arc::clone(settings);
    let service = tower::service_fn(move |request: Request<hyper::body::Incoming>| {
        let (mut app, settings) = (app.clone(), Arc::clone(&settings));
        async move { Ok::<Response, Infallible>(answer(&mut app, &settings, peer, request).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME).max_buf_size(64 << 10);
    let connection =
        server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// One request: through a proxy, the address that it names must be listed too.
async fn answer(
    app: &mut Router,
    settings: &PageSettings,
    peer: SocketAddr,
    request: Request<hyper::body::Incoming>,
) -> Response {
    let caller = caller_address(
        peer.ip(),
        request.headers(),
        &settings.trusted_proxies,
        settings.proxy_header,
    );
    if !caller.is_some_and(|address| settings.addresses.contains(address)) {
        tracing::warn!(
            address = caller.map(tracing::field::display),
            "a page was asked for from an address that is not listed"
        );
        return StatusCode::FORBIDDEN.into_response();
    }
    match timeout(REQUEST_TIME, app.call(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
