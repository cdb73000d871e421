//! What the routes share.

use crate::address::ProxyHeader;
use crate::metrics::Metrics;
use crate::serve::Tls;
use jiff::Timestamp;
use lmr_auth::{Clock, TokenVerifier};
use lmr_intake::{AllowList, RandomSource, Receiver};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What a receiver's HTTP side is made of.
pub struct Services {
    /// The domain.
    pub receiver: Receiver,
    /// Who is let in.
    pub verifier: Arc<TokenVerifier>,
    /// The time.
    pub clock: Clock,
    /// Random bytes, for `intake` and for request ids.
    pub random: Arc<dyn RandomSource>,
    /// Limits and addresses.
    pub settings: HttpSettings,
}

/// Limits and addresses of the HTTP side.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Proxies whose word on the caller's address is believed. Default none.
    pub trusted_proxies: AllowList,
    /// The header in which they say it.
    pub proxy_header: ProxyHeader,
    /// Who may read `/metrics`. Default loopback.
    pub metrics_addresses: AllowList,
    /// Largest body in bytes. Default 64 MiB.
    pub body_limit: usize,
    /// Longest time for the headers of a request, and for an idle connection. Default 30 s.
    pub header_timeout: Duration,
    /// Longest time for a body to arrive. Default 2 min.
    pub body_timeout: Duration,
    /// Longest time for the work on one message. Default 5 min.
    pub work_timeout: Duration,
    /// Messages in memory at once. Default 32.
    pub concurrent: usize,
    /// How long a message waits for one of those places before it is turned away. Default 5 s.
    pub queue_wait: Duration,
    /// Connections at once. Default 1024.
    pub connections: usize,
    /// How long running requests may go on after the order to stop. Default 30 s.
    pub drain: Duration,
    /// TLS, where no proxy does it.
    pub tls: Option<Tls>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        let loopback = AllowList::parse(["127.0.0.0/8", "::1"]).unwrap_or_default();
        Self {
            trusted_proxies: AllowList::default(),
            proxy_header: ProxyHeader::XForwardedFor,
            metrics_addresses: loopback,
            body_limit: 64 << 20,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(120),
            work_timeout: Duration::from_secs(300),
            concurrent: 32,
            queue_wait: Duration::from_secs(5),
            connections: 1024,
            drain: Duration::from_secs(30),
            tls: None,
        }
    }
}

/// The same for every request.
pub(crate) struct Shared {
    pub(crate) receiver: Receiver,
    pub(crate) verifier: Arc<TokenVerifier>,
    pub(crate) clock: Clock,
    pub(crate) random: Arc<dyn RandomSource>,
    pub(crate) settings: HttpSettings,
    /// Places for messages in memory.
    pub(crate) places: Arc<Semaphore>,
    pub(crate) metrics: Metrics,
    /// Set when the order to stop has come.
    pub(crate) stopping: AtomicBool,
}

impl Shared {
    pub(crate) fn new(services: Services) -> Self {
        let Services { receiver, verifier, clock, random, settings } = services;
        let places = Arc::new(Semaphore::new(settings.concurrent));
        Self {
            receiver,
            verifier,
            clock,
            random,
            settings,
            places,
            metrics: Metrics::default(),
            stopping: AtomicBool::new(false),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
