//! Tells the service manager how the daemon is (sd_notify(3)): one datagram to the socket that `NOTIFY_SOCKET` names.
//! Without one nothing is notified.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Longest time without a sign of life of a daemon that waits; it takes naps of ten seconds.
const MAX_SILENCE: u64 = 60;

/// The service manager, if there is one.
#[derive(Clone)]
pub(super) struct ServiceManager {
    #[cfg(unix)]
    socket: Option<Arc<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)>>,
    pulse: Arc<Pulse>,
}

/// Whether the daemon gets on.
#[derive(Default)]
struct Pulse {
    /// Counts the seconds since the last sign of life.
    silent: AtomicU64,
    /// A run is under way: it may take hours.
    running: AtomicBool,
}

impl ServiceManager {
    /// The one that started this process.
    #[expect(clippy::disallowed_methods, reason = "the environment is read in this crate only")]
    pub(super) fn of_environment() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let manager = Self {
            #[cfg(unix)]
            socket: variable("NOTIFY_SOCKET").and_then(|name| connect(&name)).map(Arc::new),
            pulse: Arc::default(),
        };
        let usec = variable("WATCHDOG_USEC").and_then(|text| text.parse().ok());
        let is_for_us = variable("WATCHDOG_PID")
            .is_none_or(|process| process == std::process::id().to_string());
        if let Some(usec) = usec.filter(|usec| *usec > 0 && is_for_us) {
            manager.watch(Duration::from_micros(usec));
        }
        manager
    }

    /// Sends signs of life, twice as often as is asked for, while the daemon gives some.
    fn watch(&self, limit: Duration) {
        let manager = self.clone();
        let second = Duration::from_secs(1);
        tokio::spawn(async move {
            let (every, mut since) = (limit / 2, Duration::MAX);
            loop {
                let silent = manager.pulse.silent.fetch_add(1, Ordering::Relaxed);
                let is_alive =
                    manager.pulse.running.load(Ordering::Relaxed) || silent <= MAX_SILENCE;
                if is_alive && since >= every {
                    manager.tell("WATCHDOG=1");
                    since = Duration::ZERO;
                }
                let pause = second.min(every);
                tokio::time::sleep(pause).await;
                since = since.saturating_add(pause);
            }
        });
    }

    /// The daemon waits, and gets on.
    pub(super) fn waits(&self) {
        self.pulse.running.store(false, Ordering::Relaxed);
        self.pulse.silent.store(0, Ordering::Relaxed);
    }

    /// A run begins.
    pub(super) fn runs(&self) {
        self.pulse.running.store(true, Ordering::Relaxed);
        self.tell("STATUS=A transfer is under way");
    }

    /// Lines of `NAME=value`. A service manager that does not listen loses them.
    pub(super) fn tell(&self, state: &str) {
        #[cfg(unix)]
        if let Some((socket, address)) = self.socket.as_deref()
            && let Err(error) = socket.send_to_addr(state.as_bytes(), address)
        {
            tracing::debug!(%error, "the service manager was not notified");
        }
        #[cfg(windows)]
        crate::service::tell(state);
        #[cfg(not(any(unix, windows)))]
        let _ = state;
    }
}

#[cfg(unix)]
fn connect(
    name: &str,
) -> Option<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)> {
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let address = match name.strip_prefix('@') {
        #[cfg(target_os = "linux")]
        Some(name) => {
            <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name).ok()?
        }
        #[cfg(not(target_os = "linux"))]
        Some(_) => return None,
        None => SocketAddr::from_pathname(name).ok()?,
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((socket, address))
}
