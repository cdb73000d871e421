//! What an operator may set of the HTTP side.

use crate::address::ProxyHeader;
use crate::files::StaticFiles;
use crate::telemetry::CallObserver;
use crate::tls::Tls;
use lmr_intake::AllowList;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Limits and addresses of the HTTP side. `docs/security.md` says what each defends against.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Proxies whose word on the caller's address is believed. Default none.
    pub trusted_proxies: AllowList,
    /// The header in which they say it.
    pub proxy_header: ProxyHeader,
    /// Who may read `/metrics`, and connect for `/health`. Default loopback.
    pub metrics_addresses: AllowList,
    /// Largest body in bytes. Default 64 MiB.
    pub body_limit: usize,
    /// Memory for bodies that are still arriving, in bytes; a quarter of it for one address. Default 256 MiB.
    pub body_memory: usize,
    /// Longest time from a connection to its first byte. Default 10 s.
    pub first_byte: Duration,
    /// Longest time for the headers of a request, and for an idle connection. Default 30 s.
    pub header_timeout: Duration,
    /// Longest time for a body to arrive. Default 2 min.
    pub body_timeout: Duration,
    /// Least speed of a body after its first ten seconds, in bytes per second; 0 = none. Default 1024.
    pub min_body_speed: u32,
    /// Longest time for the work on one message. Default 5 min.
    pub work_timeout: Duration,
    /// Longest time in which nothing of a waiting answer is taken. Default 30 s.
    pub write_timeout: Duration,
    /// Longest time for a whole answer to be taken. Default 5 min.
    pub answer_timeout: Duration,
    /// Messages in work at once. Default 32.
    pub concurrent: usize,
    /// The same for one sender. Default 8.
    pub concurrent_per_sender: usize,
    /// The same for one address. Default 16.
    pub concurrent_per_address: usize,
    /// How long a message waits for one of those places before it is turned away. Default 5 s.
    pub queue_wait: Duration,
    /// Connections at once. Default 900: with files and database below the usual limit of 1024 descriptors.
    pub connections: usize,
    /// The same for one address that is not a trusted proxy. Default 200.
    pub connections_per_address: usize,
    /// How long running requests may go on after the order to stop. Default 30 s.
    pub drain: Duration,
    /// TLS, where no proxy does it.
    pub tls: Option<Tls>,
    /// The page that checks files in the browser, given out at `/validator/`. Default none.
    pub validator_page: Option<StaticFiles>,
    /// Who hears of every answered call. Default nobody.
    pub observer: Option<Arc<dyn CallObserver>>,
    /// Log lines that could not be written, counted by whoever writes them.
    pub lost_log_lines: Arc<AtomicU64>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        let loopback = AllowList::parse(["127.0.0.0/8", "::1"]).unwrap_or_default();
        Self {
            trusted_proxies: AllowList::default(),
            proxy_header: ProxyHeader::XForwardedFor,
            metrics_addresses: loopback,
            body_limit: 64 << 20,
            body_memory: 256 << 20,
            first_byte: Duration::from_secs(10),
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(120),
            min_body_speed: 1024,
            work_timeout: Duration::from_secs(300),
            write_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(300),
            concurrent: 32,
            concurrent_per_sender: 8,
            concurrent_per_address: 16,
            queue_wait: Duration::from_secs(5),
            connections: 900,
            connections_per_address: 200,
            drain: Duration::from_secs(30),
            tls: None,
            validator_page: None,
            observer: None,
            lost_log_lines: Arc::default(),
        }
    }
}
