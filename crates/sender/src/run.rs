//! A run under way: what it has found so far, and its first and last entries in the outbox.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::attempt::AttemptFailure;
use crate::error::SenderError;
use crate::identity::Hash;
use crate::outbox::{HeldCount, Outbox, VanishedCount};
use crate::progress::State;
use crate::report::{Report, RunKind, SourceFailure};
use crate::source::SourceUnavailable;

/// A run under way.
pub(crate) struct Run {
    pub(crate) number: i64,
    pub(crate) report: Report,
    /// The source was read to its end, so the report has all that is wrong with it.
    pub(crate) has_read_source: bool,
    /// The source is complete and was read whole: what it does not hold is gone from it.
    pub(crate) has_read_all: bool,
    /// The last operation that had left something to be sent when the source was compared.
    pub(crate) left: Option<String>,
    /// Communication errors in a row.
    pub(crate) unanswered: u32,
    /// The rest of the run is made into messages but not sent.
    pub(crate) paused: bool,
    /// A message was too large: its data is to be bundled again, in smaller ones.
    pub(crate) too_large: bool,
    /// Something is to be sent again in this run: what a restored register has lost, as a receipt has shown, or what
    /// was sealed in an earlier run, or by a clock that has been put right since, and refused for that.
    pub(crate) again: bool,
    /// A person is needed before anything more is sent.
    pub(crate) stop: Option<AttemptFailure>,
    /// Versions found faulty in this run: later bundles go without them.
    pub(crate) faulty: HashSet<Hash>,
}

impl Run {
    /// Takes up what an earlier process left unfinished and notes that a run begins.
    pub(crate) async fn begin(
        outbox: &Outbox,
        kind: RunKind,
        now: Timestamp,
    ) -> Result<Self, SenderError> {
        let interrupted = outbox.recover(now).await?;
        let number = outbox.begin_run(kind, now).await?;
        let mut report = Report::new(kind, now);
        report.interrupted = interrupted;
        Ok(Self {
            number,
            report,
            has_read_source: false,
            has_read_all: false,
            left: None,
            unanswered: 0,
            paused: false,
            too_large: false,
            again: false,
            stop: None,
            faulty: HashSet::new(),
        })
    }

    /// Completes the report and notes it with the run.
    pub(crate) async fn end(self, outbox: &Outbox, now: Timestamp) -> Result<Report, SenderError> {
        let mut report = self.report;
        report.ended_at = now;
        report.stop = self.stop;
        if report.kind != RunKind::Planned {
            let given_up = report.messages.iter().filter(|one| one.state == State::Released);
            report.given_up = given_up.count() as u64;
        }
        report.open_messages = outbox.open_messages().await?;
        report.next_attempt = outbox.next_attempt().await?;
        let HeldCount { held, not_yet } = outbox.held_count().await?;
        (report.held, report.not_yet) = (held, not_yet);
        let VanishedCount { all, replaced } = outbox.vanished_count().await?;
        (report.vanished, report.replaced) = (all, replaced);
        report.lost_annulments = outbox.lost_annulments().await?;
        // No other run asks the source for it.
        if report.kind == RunKind::Planned && outbox.left_to_send().await?.is_some() {
            report.forgotten = outbox.forgotten_count().await?;
        }
        if self.has_read_source {
            outbox.set_source_issues(&report.source_issues, now).await?;
        }
        let text = serde_json::to_string(&report)
            .map_err(|_| SenderError::Internal("a report is not JSON"))?;
        outbox.end_run(self.number, &text, report.has_come_to_its_end(), now).await?;
        Ok(report)
    }

    /// Notes that an error ended the run, so that the status shows it. An outbox that cannot be written
    /// may be that error.
    pub(crate) async fn fail(mut self, outbox: &Outbox, error: &SenderError, now: Timestamp) {
        self.report.error = Some(error.to_string());
        if let SenderError::Source(SourceUnavailable { name, cause }) = error {
            let (name, reason) = (name.clone(), cause.clone());
            self.report.source_failure = Some(SourceFailure::Unavailable { name, reason });
        }
        if let Err(error) = self.end(outbox, now).await {
            tracing::error!(%error, "the run's end could not be noted");
        }
    }

    /// Whether nothing more is begun in this run.
    pub(crate) fn is_over(&self) -> bool {
        self.stop.is_some() || self.report.stopped_early
    }
}
