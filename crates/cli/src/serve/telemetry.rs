//! Who keeps the receiver's traces and metrics.

use std::sync::Arc;

use lmr_server::CallObserver;

use crate::config::receiver::ReceiverConfig;
#[cfg(not(feature = "otlp"))]
use crate::text::fail;

/// Whoever keeps traces and metrics, where there is one.
pub(super) struct Telemetries {
    #[cfg(feature = "otlp")]
    otlp: Option<Arc<crate::otlp::Telemetry>>,
}

impl Telemetries {
    pub(super) fn observer(&self) -> Option<Arc<dyn CallObserver>> {
        #[cfg(feature = "otlp")]
        return self.otlp.clone().map(|otlp| otlp as Arc<dyn CallObserver>);
        #[cfg(not(feature = "otlp"))]
        None
    }

    /// Sends what is left.
    pub(super) async fn stop(self) {
        #[cfg(feature = "otlp")]
        if let Some(otlp) = self.otlp {
            // It waits for its threads.
            let _ = tokio::task::spawn_blocking(move || otlp.stop()).await;
        }
    }
}

#[cfg(feature = "otlp")]
pub(super) fn telemetry(config: &ReceiverConfig) -> anyhow::Result<Telemetries> {
    let otlp = config.otlp.as_ref().map(crate::otlp::Telemetry::start).transpose()?;
    Ok(Telemetries { otlp: otlp.map(Arc::new) })
}

#[cfg(not(feature = "otlp"))]
pub(super) fn telemetry(config: &ReceiverConfig) -> anyhow::Result<Telemetries> {
    if config.otlp.is_some() {
        fail!(
            "[otlp]: dette programmet er bygget uten; bygg med --features otlp, eller ta bort [otlp] og bruk /metrics",
            "[otlp]: this program was built without it; build with --features otlp, or leave [otlp] out and use /metrics"
        );
    }
    Ok(Telemetries {})
}
