//! What a receiver does by itself beside answering calls. Whether it works is in the metrics, the readiness probe and the console.

use std::sync::Arc;
use std::time::Duration;

use lmr_intake::{BackgroundTask, Database, Receiver, Removed};

use crate::clock;
use crate::config::receiver::RetentionSection;

/// Removes what has been kept long enough, at the start and then once an hour.
pub(super) async fn expire_hourly(
    retention: RetentionSection,
    has_outlet: bool,
    store: Arc<dyn Database>,
    receiver: Receiver,
) {
    loop {
        let expired = crate::admin::expire(&*store, retention, has_outlet, "receiver").await;
        match &expired {
            Ok(_) => receiver.background().done(BackgroundTask::Retention),
            Err(_) => receiver.background().failed(BackgroundTask::Retention, clock::now()),
        }
        match expired {
            Ok(removed) if removed == Removed::default() => {}
            Ok(removed) => tracing::info!(
                messages = removed.messages,
                versions = removed.versions,
                refused_calls = removed.refused_calls,
                "content was removed for its age"
            ),
            Err(error) => tracing::error!(detail = format!("{error:#}"), "retention failed"),
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

/// Makes the partitions of this and the coming months, at the start and then once a day; after a failure in an hour. A role
/// that may not make them needs those of `lmr admin partitions`: what comes when a month has none goes to the rest.
pub(super) async fn make_partitions_daily(store: Arc<dyn Database>, receiver: Receiver) {
    let background = receiver.background();
    loop {
        let made = store.make_partitions(&crate::admin::coming_months(clock::now(), 2)).await;
        let hours = match made {
            Ok(made) => {
                background.done(BackgroundTask::Partitions);
                if !made.is_empty() {
                    tracing::info!(partitions = made.join(", "), "partitions were made");
                }
                24
            }
            Err(error) => {
                background.failed(BackgroundTask::Partitions, clock::now());
                tracing::error!(
                    detail = format!("{:#}", anyhow::Error::from(error)),
                    "partitions could not be made: run `lmr admin partitions` as the owner of the schema"
                );
                1
            }
        };
        tokio::time::sleep(Duration::from_secs(hours * 3600)).await;
    }
}
