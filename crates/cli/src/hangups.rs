//! The signal to read the configuration again.

/// Hang-up signals (SIGHUP), where the system has them; for a service of Windows, that its parameters have changed.
///
/// Listening keeps one from ending the process, so it begins before anything else is done: a reload may be asked for while
/// a program starts, and is then done when it has started.
pub(crate) struct Hangups {
    #[cfg(unix)]
    signals: std::io::Result<tokio::signal::unix::Signal>,
}

impl Hangups {
    /// Listens from now on. Within a runtime.
    pub(crate) fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()),
        }
    }

    /// Says in the log if they cannot be listened for.
    pub(crate) fn report(&self) {
        #[cfg(unix)]
        if let Err(error) = &self.signals {
            tracing::warn!(%error, "SIGHUP cannot be listened for: the configuration is read at the start only");
        }
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        if let Ok(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        #[cfg(windows)]
        crate::service::reload_asked().await;
        #[cfg(not(windows))]
        std::future::pending().await
    }
}
