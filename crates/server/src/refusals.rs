//! Refused calls on their way to the store: in line, many at once, and never in the way of an answer.

use crate::call::{Call, Notes};
use crate::errors::chain;
use crate::metrics::Metrics;
use jiff::Timestamp;
use lmr_intake::{RefusedCall, Store};
use lmr_lmdi::codes::Code;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Refused calls that may wait. More are counted and forgotten.
const QUEUE: usize = 1024;
/// Most of one write.
const GROUP: usize = 200;
/// Least time between two writes.
const PAUSE: Duration = Duration::from_millis(500);

/// Where refused calls are put.
pub(crate) struct Refusals {
    queue: mpsc::Sender<RefusedCall>,
}

/// Where they are taken out.
pub(crate) struct Waiting(mpsc::Receiver<RefusedCall>);

pub(crate) fn line() -> (Refusals, Waiting) {
    let (queue, waiting) = mpsc::channel(QUEUE);
    (Refusals { queue }, Waiting(waiting))
}

impl Refusals {
    /// Keeps a call that was refused as a whole, or whose answer is not kept.
    pub(crate) fn note(&self, call: &Call, notes: &Notes, at: Timestamp, metrics: &Metrics) {
        let code = match notes.code {
            Some(code) => code,
            None if notes.is_unkept => Code::BundleInvalid,
            None => return,
        };
        let refused = RefusedCall {
            received_at: at,
            sender: notes.organisation,
            client_id: notes.client_id.clone(),
            message_id: notes.message_id.clone(),
            request_id: call.id.to_string(),
            code: code.as_str().to_owned(),
            counts: notes.counts.unwrap_or_default(),
            calls: 1,
        };
        if self.queue.try_send(refused).is_err() {
            metrics.refusals_without_room(1);
        }
    }
}

impl Waiting {
    /// Writes what waits until nobody can put in any more.
    pub(crate) async fn write(mut self, store: Arc<dyn Store>, metrics: Arc<Metrics>) {
        let mut group = Vec::with_capacity(GROUP);
        while self.0.recv_many(&mut group, GROUP).await > 0 {
            let count = group.len();
            let lost = match store.keep_refused(std::mem::take(&mut group)).await {
                Ok(lost) => lost,
                Err(error) => {
                    let error = chain(&error);
                    tracing::error!(error, calls = count, "refused calls could not be kept");
                    count
                }
            };
            metrics.refusals_not_stored(lost as u64);
            sleep(PAUSE).await;
        }
    }
}
