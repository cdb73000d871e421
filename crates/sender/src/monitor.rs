//! What a monitor asks a running sender: `/health` and `/metrics`, on a listener of its own.
//!
//! Nothing of a resource is in either: counts, times and states only.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use jiff::Timestamp;
use lmr_auth::Clock;
use serde_json::json;
use tokio::net::TcpListener;

use crate::notice::Expiry;
use crate::outbox::{Outbox, Overview, Reread, State};
use crate::report::RunStatus;

/// What the monitor looks at.
pub struct Monitor {
    /// The sender's database, by a connection of its own.
    pub outbox: Outbox,
    /// What ends when.
    pub expiries: Vec<Expiry>,
    /// The time.
    pub clock: Clock,
    /// The program's version.
    pub version: &'static str,
}

/// Answers until the returned future is dropped.
///
/// # Errors
/// An error of the listener.
pub async fn serve(listener: TcpListener, monitor: Monitor) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(monitor));
    axum::serve(listener, routes).await
}

impl Monitor {
    async fn overview(&self) -> Option<Overview> {
        match self.outbox.overview().await {
            Ok(mut overview) => {
                overview.notice_silence((self.clock)());
                Some(overview)
            }
            Err(error) => {
                tracing::error!(%error, "the database cannot be read for a monitor");
                None
            }
        }
    }
}

/// 200 while everything goes its way, 503 when a person must look. What must be corrected at the source and what is
/// tried again by itself are no fault of the sender's.
async fn health(Shared(monitor): Shared<Arc<Monitor>>) -> Response {
    let Some(overview) = monitor.overview().await else {
        let body = json!({ "healthy": false, "status": null });
        return (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response();
    };
    let healthy = !matches!(overview.status, RunStatus::Stopped | RunStatus::SourceFailed);
    let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "healthy": healthy,
        "status": overview.status,
        "last_success": overview.last_success,
        "next_attempt": overview.next_attempt,
        "held": overview.held,
        "not_read_again": overview.daemon_failures.iter().map(|one| one.what).collect::<Vec<_>>(),
    });
    (status, axum::Json(body)).into_response()
}

async fn metrics(Shared(monitor): Shared<Arc<Monitor>>) -> Response {
    let Some(overview) = monitor.overview().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let text = exposition(&overview, &monitor.expiries, monitor.version);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// Everything in Prometheus' text format.
fn exposition(overview: &Overview, expiries: &[Expiry], version: &str) -> String {
    let mut text = String::new();
    let mut family = |name: &str, help: &str, samples: Vec<(String, i64)>| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let seconds = |at: Option<Timestamp>| {
        at.map(|at| (String::new(), at.as_second())).into_iter().collect::<Vec<_>>()
    };
    let count = |count: u64| vec![(String::new(), i64::try_from(count).unwrap_or(i64::MAX))];
    family(
        "lmr_sender_build_info",
        "The program that runs.",
        vec![(format!("{{version=\"{version}\"}}"), 1)],
    );
    let statuses = [
        (RunStatus::Clean, "clean"),
        (RunStatus::ToCorrect, "to-correct"),
        (RunStatus::Undelivered, "undelivered"),
        (RunStatus::Stopped, "stopped"),
        (RunStatus::SourceFailed, "source-failed"),
    ];
    family(
        "lmr_sender_status",
        "1 for the state that everything is in, as lmr send status has it.",
        statuses
            .iter()
            .map(|(status, name)| {
                (format!("{{status=\"{name}\"}}"), i64::from(*status == overview.status))
            })
            .collect(),
    );
    family(
        "lmr_sender_confirmed_resources",
        "Resources that the register has confirmed.",
        overview
            .stored
            .iter()
            .map(|(name, count)| {
                let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
                (format!("{{type=\"{name}\"}}"), i64::try_from(*count).unwrap_or(i64::MAX))
            })
            .collect(),
    );
    let of_state = |wanted: State| {
        let found = overview.messages.iter().find(|(state, _)| *state == wanted);
        let count = found.map_or(0, |(_, count)| *count);
        (format!("{{state=\"{}\"}}", wanted.as_str()), i64::try_from(count).unwrap_or(i64::MAX))
    };
    family(
        "lmr_sender_messages",
        "Messages by state.",
        State::ALL.into_iter().map(of_state).collect(),
    );
    family(
        "lmr_sender_held_resources",
        "Resources that are held until they are corrected.",
        count(overview.held),
    );
    family(
        "lmr_sender_not_yet_resources",
        "Resources that only the register's clock keeps back.",
        count(overview.not_yet),
    );
    family(
        "lmr_sender_waiting_resources",
        "Correct resources that wait for held ones.",
        count(overview.waiting),
    );
    family(
        "lmr_sender_discarded_resources",
        "Resources that an operator has discarded.",
        count(overview.discarded),
    );
    family(
        "lmr_sender_vanished_resources",
        "Confirmed records that have vanished from the source and are not annulled.",
        count(overview.vanished),
    );
    family(
        "lmr_sender_replaced_resources",
        "Of these: in whose place the source has another record, with a corrected identifier.",
        count(overview.replaced),
    );
    family(
        "lmr_sender_given_up_messages",
        "Messages that were given up since the last transfer and whose content is in no other yet.",
        count(overview.given_up),
    );
    family(
        "lmr_sender_forgotten_resources",
        "Records that the register may have lost and that are not sent again yet.",
        count(overview.forgotten),
    );
    family(
        "lmr_sender_unconfirmed_annulments",
        "Annulments that the register may have lost or could not store, and has not confirmed since.",
        count(overview.lost_annulments.len() as u64),
    );
    family(
        "lmr_sender_unknown_messages",
        "Messages that the register had at the last transfer and that the database here does not know.",
        count(overview.unknown_messages),
    );
    family(
        "lmr_sender_unreadable_copies",
        "Copies of messages that the last transfer could not read when it looked for lost annulments.",
        count(overview.unreadable_copies),
    );
    family(
        "lmr_sender_doubtful_receipts",
        "Receipts since the last transfer began that do not hold for what was sent and answered.",
        count(overview.doubtful_receipts),
    );
    family(
        "lmr_sender_failed_hooks",
        "Hooks that failed after the last run.",
        count(overview.failed_hooks.len() as u64),
    );
    let failed = |what: Reread| {
        let count = overview.daemon_failures.iter().filter(|failure| failure.what == what).count();
        (format!("{{what=\"{}\"}}", what.as_str()), i64::try_from(count).unwrap_or(i64::MAX))
    };
    family(
        "lmr_sender_not_read_again",
        "1 where the daemon could not read something again and goes on with what it had.",
        Reread::ALL.into_iter().map(failed).collect(),
    );
    family(
        "lmr_sender_last_success_timestamp_seconds",
        "When the last transfer began after which nothing was left undelivered.",
        seconds(overview.last_success),
    );
    family(
        "lmr_sender_last_transfer_timestamp_seconds",
        "When the last planned transfer began.",
        seconds(overview.last_source.as_ref().and_then(|source| source.at)),
    );
    family(
        "lmr_sender_next_attempt_timestamp_seconds",
        "When the next attempt is due.",
        seconds(overview.next_attempt),
    );
    family(
        "lmr_sender_expiry_timestamp_seconds",
        "When certificates and keys end.",
        expiries
            .iter()
            .map(|expiry| (format!("{{name=\"{}\"}}", expiry.name), expiry.ends_at.as_second()))
            .collect(),
    );
    text
}
