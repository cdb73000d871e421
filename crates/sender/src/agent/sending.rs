//! Messages sent, one attempt after the other, and what each came to.

use std::sync::Arc;

use lmr_envelope::ReceiptDigest;
use tokio::sync::oneshot;

use super::{Agent, MAX_CONSECUTIVE_FAILURES};
use crate::answer;
use crate::attempt::{AttemptFailure, TokenFailure};
use crate::error::SenderError;
use crate::outbox::{FinishedAttempt, ItemOutcome, not_stored_without_a_reason};
use crate::progress::AttemptOutcome;
use crate::receipts::ReceivedReceipt;
use crate::report::{LostAtRegister, SentMessage};
use crate::run::Run;
use crate::transport::{NewestReceipt, PostOutcome};

impl Agent {
    /// New attempts at the register that the messages were made for.
    pub(super) async fn send_due_there(&self, run: &mut Run) -> Result<(), SenderError> {
        run.stop = self.other_register().await?;
        if run.stop.is_none() {
            self.send_due(run).await?;
        }
        Ok(())
    }

    pub(super) async fn send_due(&self, run: &mut Run) -> Result<(), SenderError> {
        for due in self.outbox.due(self.now()).await? {
            run.report.stopped_early |= self.stop.is_stopped();
            if run.is_over() || run.paused {
                break;
            }
            self.send(due.seq, due.message_id, run, None).await?;
        }
        Ok(())
    }

    /// The register's newest receipt. A run that is asked to stop does not wait for it.
    pub(crate) async fn newest_receipt(&self) -> NewestReceipt {
        tokio::select! {
            answer = self.transport.newest_receipt() => answer,
            () = self.stop.grace_over() => {
                let failure = AttemptFailure::StopRequested;
                NewestReceipt::Unreached { failure, passes: true }
            }
        }
    }

    /// One attempt with one message. `posted` hears when it is on its way.
    pub(crate) async fn send(
        &self,
        seq: i64,
        message_id: String,
        run: &mut Run,
        posted: Option<oneshot::Sender<()>>,
    ) -> Result<(), SenderError> {
        let Some((sealed, entries)) = self.outbox.start(seq, self.now()).await? else {
            return Ok(());
        };
        // A task of its own: it goes on while the next message is made.
        let transport = Arc::clone(&self.transport);
        let mut post = tokio::spawn(async move { transport.post(sealed).await });
        if let Some(posted) = posted {
            // Nobody need wait for it.
            let _ = posted.send(());
        }
        let outcome = tokio::select! {
            outcome = &mut post => match outcome {
                Ok(outcome) => outcome,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => PostOutcome::NoAnswer { failure: AttemptFailure::ConnectionBroken },
            },
            () = self.stop.grace_over() => {
                post.abort();
                PostOutcome::NoAnswer { failure: AttemptFailure::StopRequested }
            }
        };
        run.report.stopped_early |= self.stop.is_stopped();
        let now = self.now();
        match &outcome {
            PostOutcome::Answered { .. } => self.compare_clocks(run),
            PostOutcome::NoAccess {
                failure:
                    AttemptFailure::Token {
                        reason: TokenFailure::ClockDiffers { ahead_seconds, .. },
                        ..
                    },
            } => run.report.clock_ahead_seconds = Some(*ahead_seconds),
            _ => {}
        }
        let receipt = match &outcome {
            PostOutcome::Answered { receipt: Some(text), body, .. } => {
                Some(ReceivedReceipt { text: text.clone(), answer: ReceiptDigest::of(body) })
            }
            _ => None,
        };
        let answer = answer::read(outcome, &message_id, entries, now);
        let mut has_doubtful_receipt = false;
        if let Some(receipt) = receipt.filter(|_| answer.outcome == AttemptOutcome::Answered) {
            let (lost, is_doubtful) = self.keep_receipt(seq, &message_id, &receipt, now).await?;
            run.again |= lost.is_some();
            has_doubtful_receipt = is_doubtful;
            run.report.doubtful_receipts += u64::from(is_doubtful);
            run.report.lost_at_register = LostAtRegister::both(run.report.lost_at_register, lost);
        }
        let finished = FinishedAttempt {
            outcome: &answer.outcome,
            items: &answer.items,
            findings: &answer.findings,
            http_status: answer.http_status,
            failure: answer.failure.as_ref(),
            has_doubtful_receipt,
        };
        let progress = self.outbox.finish(seq, &finished, now, &self.settings.retry).await?;
        let state = progress.state.as_str();
        match &answer.failure {
            None => tracing::info!(message.id = %message_id, state, "delivered"),
            Some(reason) => {
                tracing::warn!(message.id = %message_id, state, %reason, "not delivered");
            }
        }
        let count = |wanted: fn(&ItemOutcome) -> bool| {
            answer.items.iter().filter(|item| wanted(item)).count()
        };
        run.report.not_stored += not_stored_without_a_reason(&answer.items) as u64;
        run.report.messages.push(SentMessage {
            message_id,
            state: progress.state,
            entries,
            stored: count(|item| *item == ItemOutcome::Stored),
            unchanged: count(|item| *item == ItemOutcome::Unchanged),
            refused: count(|item| matches!(item, ItemOutcome::Refused(_)) && !item.is_not_yet()),
            not_yet: count(ItemOutcome::is_not_yet),
            not_stored: count(|item| *item == ItemOutcome::NotStored),
            failed: count(|item| *item == ItemOutcome::Failed),
            links: answer.links,
            next_attempt: progress.next_attempt,
            failure: answer.failure.clone(),
        });
        match &answer.outcome {
            // Not made in this run, or by a clock that has been put right since: what was sealed then (a certificate that
            // has ended, a wrong time) says nothing about now. The data goes with a new message, which decides.
            AttemptOutcome::Never { bytes_at_fault: true }
                if self
                    .outbox
                    .made_at(seq)
                    .await?
                    .is_some_and(|made| made < run.report.started_at || made > now) =>
            {
                run.again = true;
            }
            AttemptOutcome::Never { .. } => run.stop = answer.failure,
            AttemptOutcome::Later { may_have_arrived, retry_after } => {
                run.unanswered += 1;
                let gone =
                    !may_have_arrived || retry_after.is_some() || answer.http_status == Some(503);
                if self.stop.is_stopped() {
                    // Nothing is known of the way to the register: the other messages keep their time.
                } else if gone || run.unanswered >= MAX_CONSECUTIVE_FAILURES {
                    run.paused = true;
                    // The transfer failed, not this message: the rest shares its attempt.
                    self.outbox.fail_due(now, *retry_after, &self.settings.retry).await?;
                }
            }
            AttemptOutcome::TooLarge => run.too_large = true,
            AttemptOutcome::Answered | AttemptOutcome::Refused => run.unanswered = 0,
        }
        if answer.items.iter().any(|item| matches!(item, ItemOutcome::Refused(_)))
            || answer.outcome == AttemptOutcome::Refused
        {
            run.faulty.extend(self.outbox.held_versions().await?);
        }
        Ok(())
    }
}
