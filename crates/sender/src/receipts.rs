//! The register's receipts: held against what was sent and answered, and kept.

use jiff::Timestamp;
use lmr_envelope::{Envelope, Limits, Receipt, ReceiptDigest, ReceiptError, VerifiedReceipt};
use serde::Serialize;

use crate::agent::Agent;
use crate::attempt::AttemptFailure;
use crate::error::SenderError;
use crate::outbox::{CountingReceipt, OutboxError};
use crate::report::{LostAtRegister, Report};
use crate::transport::NewestReceipt;

/// A receipt as it came, with the digest of the answer that it came with.
pub(crate) struct ReceivedReceipt {
    pub(crate) text: String,
    pub(crate) answer: ReceiptDigest,
}

/// Why a receipt is not what it should be. The answer counts all the same: it came from the register by TLS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReceiptProblem {
    /// It cannot be verified.
    #[error(transparent)]
    Unverified(#[from] ReceiptError),
    /// It is for another message.
    #[error("the receipt is for another message")]
    OtherMessage,
    /// It is for another content than was sent.
    #[error("the receipt is for another content than was sent")]
    OtherContent,
    /// It is for another answer than the one it came with.
    #[error("the receipt is for another answer than the one it came with")]
    OtherAnswer,
    /// The register gives a number again for another message: it was restored from a backup.
    #[error(
        "the register gives number {sequence} again, for another message: it has lost what it had taken, \
         as after a restore from a backup; it is sent again"
    )]
    WentBack {
        /// The number.
        sequence: u64,
    },
    /// The receipt names another one before it than the one that is kept.
    #[error("receipt number {sequence} follows another receipt than the one that is kept")]
    Forked {
        /// The number.
        sequence: u64,
    },
}

impl ReceiptProblem {
    /// Whether nothing but a person does something about it: what a restored register has lost is sent again.
    fn needs_a_person(&self) -> bool {
        match self {
            Self::Unverified(_) | Self::OtherMessage | Self::OtherContent | Self::OtherAnswer => {
                true
            }
            Self::WentBack { .. } | Self::Forked { .. } => false,
        }
    }
}

/// Under this name the outbox has the address of the register that it is about.
const RECEIVER: &str = "receiver";

/// Another address of the register than the one that the ledger belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiverChange {
    /// The address before.
    pub before: String,
    /// The address now.
    pub now: String,
    /// There are receipts here, by which a transfer can find out that the same register answers there; else it stops.
    pub may_be_known: bool,
}

/// An address in the one form that all its spellings have: the case of the host, a standard port, slashes at the end.
fn address(url: &str) -> String {
    let parsed = reqwest::Url::parse(url.trim());
    let text = parsed.as_ref().map_or(url, reqwest::Url::as_str);
    text.trim_end_matches('/').to_owned()
}

impl Agent {
    /// Whether the address of the register is another one than that to which the ledger belongs, with that one: the ledger
    /// would say of another register that it has everything. Where nothing was sent yet it belongs to any.
    pub(crate) async fn former_receiver(&self) -> Result<Option<String>, OutboxError> {
        let now = address(&self.settings.receiver);
        match self.outbox.setting(RECEIVER).await? {
            Some(before) if address(&before) == now => Ok(None),
            Some(before) if self.outbox.has_sent_anything().await? => Ok(Some(before)),
            _ => {
                self.outbox.set(RECEIVER, &now).await?;
                Ok(None)
            }
        }
    }

    /// Notes that the ledger belongs to the register at the present address.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn belongs_to_this_receiver(&self) -> Result<(), OutboxError> {
        self.outbox.set(RECEIVER, &address(&self.settings.receiver)).await
    }

    /// Why a transfer would stop because the address of the register is another one than before, where it would.
    ///
    /// # Errors
    /// [`SenderError`].
    pub async fn other_register(&self) -> Result<Option<AttemptFailure>, SenderError> {
        if self.former_receiver().await?.is_none() {
            return Ok(None);
        }
        let newest = self.ask_for_newest().await?;
        Ok(self.stop_at_other_register(newest.as_ref()).await?)
    }

    /// The same without asking the register: what is known of it before a transfer asks.
    pub(crate) async fn change_of_receiver(&self) -> Result<Option<ReceiverChange>, OutboxError> {
        let Some(before) = self.former_receiver().await? else { return Ok(None) };
        let may_be_known = self.outbox.newest_sequence().await?.is_some();
        Ok(Some(ReceiverChange { before, now: self.settings.receiver.clone(), may_be_known }))
    }

    /// The same by what the register has answered, where it was asked: only a receipt shows which register answers. Where
    /// one does, the ledger belongs to the present address from now on.
    pub(crate) async fn stop_at_other_register(
        &self,
        newest: Option<&NewestReceipt>,
    ) -> Result<Option<AttemptFailure>, OutboxError> {
        let Some(before) = self.former_receiver().await? else { return Ok(None) };
        let now = self.settings.receiver.clone();
        match newest {
            Some(NewestReceipt::Payload(payload)) if self.is_of_this_ledger(payload).await? => {
                self.belongs_to_this_receiver().await?;
                Ok(None)
            }
            Some(NewestReceipt::Unreached { failure, passes: true }) => {
                let reason = Box::new(failure.clone());
                Ok(Some(AttemptFailure::NewAddressUnreached { before, now, reason }))
            }
            Some(NewestReceipt::Unreached { failure, passes: false }) => Ok(Some(failure.clone())),
            Some(NewestReceipt::Refused(failure)) => {
                let reason = Box::new(failure.clone());
                Ok(Some(AttemptFailure::NewAddressUntold { before, now, reason }))
            }
            Some(NewestReceipt::Payload(_) | NewestReceipt::NoMessage | NewestReceipt::Untold)
            | None => Ok(Some(AttemptFailure::OtherReceiver { before, now })),
        }
    }

    /// Whether the newest receipt of a register is one that this ledger counts, or is for a message of its own of which
    /// only the answer was lost. One that was noted as lost is of a register that the ledger was about before it was about
    /// another one.
    async fn is_of_this_ledger(&self, payload: &[u8]) -> Result<bool, OutboxError> {
        let Ok(receipt) = Receipt::parse(payload) else { return Ok(false) };
        if receipt.sender.as_str() != self.settings.organisation {
            return Ok(false);
        }
        let newest = ReceiptDigest::of(payload);
        // It was verified when it was kept: a certificate that the register has replaced since is no reason to doubt it.
        let kept = self.outbox.receipt_digests(receipt.sequence).await?;
        if kept.contains(&newest) {
            return Ok(true);
        }
        // A digest may be damaged; what is signed says what it was.
        if !kept.is_empty() {
            return Ok(self.intact_receipts(&receipt).await?.contains(&newest));
        }
        let id = &receipt.message_id;
        Ok(self.outbox.knows_message(id).await? && self.outbox.receipts_of(id).await?.is_empty())
    }

    /// The receipts that count here and have the number of this one: one, unless what is beside the receipts is damaged. Only
    /// what a receipt itself says counts against the register.
    async fn intact_receipts(&self, receipt: &Receipt) -> Result<Vec<ReceiptDigest>, OutboxError> {
        let kept = self.outbox.receipts_from(receipt.sequence).await?;
        let intact = kept.iter().filter_map(|kept| {
            let (kept, digest) = self.intact(kept)?;
            (kept.sequence == receipt.sequence).then_some(digest)
        });
        Ok(intact.collect())
    }

    /// What a kept receipt says, with its digest, unless it is damaged. Each was verified when it was kept: where the
    /// register's certificate is another one today, it is as it was then if its digest is.
    fn intact(&self, kept: &CountingReceipt) -> Option<(Receipt, ReceiptDigest)> {
        if let Ok(verified) = self.sealer.verify_receipt(&kept.text) {
            return Some((verified.receipt, verified.digest));
        }
        let payload = self.sealer.unverified_payload(&kept.text).ok()?;
        let digest = ReceiptDigest::of(&payload);
        (digest == kept.digest).then_some((Receipt::parse(&payload).ok()?, digest))
    }

    /// The register's newest receipt, where one can say something: there are receipts here, or this is a ledger of nothing,
    /// which may be a new one in the place of one that was lost.
    pub(crate) async fn ask_for_newest(&self) -> Result<Option<NewestReceipt>, OutboxError> {
        let has_receipts = self.outbox.newest_sequence().await?.is_some();
        if !has_receipts && self.outbox.has_messages().await? {
            return Ok(None);
        }
        Ok(Some(self.newest_receipt().await))
    }

    /// Compares what is known with the register's newest receipt, where it was asked for it, and forgets what it has lost: a
    /// register that was restored from a backup does not know it by itself, and neither are its senders. What is
    /// forgotten is sent again by this run; what the register still has makes no new version.
    pub(crate) async fn compare_with_register(
        &self,
        newest: Option<NewestReceipt>,
        report: &mut Report,
    ) -> Result<(), OutboxError> {
        let Some(newest) = newest else { return Ok(()) };
        // Kept by a version that did not act on it, or by a process that ended before it could.
        let before = match self.outbox.number_given_again().await? {
            Some((sequence, second)) => self.forget_forked(sequence, second).await?,
            None => None,
        };
        let after = self.forget_what_is_lost(newest, &mut report.unknown_messages).await?;
        report.lost_at_register = LostAtRegister::both(before, after);
        Ok(())
    }

    /// Forgets what is not at a register that has this newest receipt. `unknown` gets how many messages the register has after the last that this ledger
    /// knows: then the ledger is the one that was restored, or another sender delivers for the same organisation.
    async fn forget_what_is_lost(
        &self,
        newest: NewestReceipt,
        unknown: &mut u64,
    ) -> Result<Option<LostAtRegister>, OutboxError> {
        let last = match newest {
            NewestReceipt::Untold | NewestReceipt::Refused(_) | NewestReceipt::Unreached { .. } => {
                return Ok(None);
            }
            NewestReceipt::NoMessage => 0,
            NewestReceipt::Payload(payload) => {
                let Ok(receipt) = Receipt::parse(&payload) else { return Ok(None) };
                if receipt.sender.as_str() != self.settings.organisation {
                    return Ok(None);
                }
                let kept = self.outbox.receipts_from(receipt.sequence).await?;
                // One of which only the answer was lost is known by its message.
                if kept.is_empty() && !self.outbox.knows_message(&receipt.message_id).await? {
                    let ours = self.outbox.newest_sequence().await?.unwrap_or_default();
                    *unknown = receipt.sequence.saturating_sub(ours);
                    tracing::warn!(
                        messages = *unknown,
                        "the register has messages of this organisation that this ledger does not know: it was restored \
                         from a backup, or another sender delivers for the organisation"
                    );
                }
                let known = self.intact_receipts(&receipt).await?;
                let newest = ReceiptDigest::of(&payload);
                // Another message under a number that is known: it went back further than can be seen from here. One that
                // was noted as lost: what counts here was given by another register since, or in a time it has lost.
                let went_on = !known.is_empty() && !known.contains(&newest);
                let came_back = known.is_empty() && self.outbox.was_noted_lost(newest).await?;
                if went_on || came_back { 0 } else { receipt.sequence }
            }
        };
        let lost = self.outbox.receipts_from(last.saturating_add(1)).await?;
        self.forget_messages(&lost).await
    }

    /// Forgets what was in the messages of these receipts, and notes that the register has lost them.
    async fn forget_messages(
        &self,
        lost: &[CountingReceipt],
    ) -> Result<Option<LostAtRegister>, OutboxError> {
        let Some(since) = lost.iter().map(|receipt| receipt.kept_at).min() else { return Ok(None) };
        let messages: Vec<&str> = lost.iter().map(|receipt| &*receipt.message_id).collect();
        let forgotten = self.outbox.forget(since, &messages, self.now()).await?;
        self.outbox.note_lost(lost).await?;
        let messages = lost.len() as u64;
        tracing::warn!(
            messages,
            %since,
            records = forgotten.records,
            annulments = forgotten.annulments,
            "the register has lost what it had confirmed, as after a restore from a backup; it is sent again"
        );
        Ok(Some(LostAtRegister { messages, since, forgotten }))
    }

    /// Forgets what the register has lost, where it has given the number `first` again: now to the receipt `new`.
    /// Of the receipts from that number on those count that follow one another from `new`; all others are of a
    /// time that the register does not know any more.
    async fn forget_forked(
        &self,
        first: u64,
        new: ReceiptDigest,
    ) -> Result<Option<LostAtRegister>, OutboxError> {
        let mut followed = vec![new];
        let mut lost = Vec::new();
        for receipt in self.outbox.receipts_from(first).await? {
            let follows = || {
                let (receipt, _) = self.intact(&receipt)?;
                receipt.previous.filter(|previous| followed.contains(previous))
            };
            if receipt.digest == new {
                continue;
            }
            if receipt.sequence > first && follows().is_some() {
                followed.push(receipt.digest);
            } else {
                lost.push(receipt);
            }
        }
        self.forget_messages(&lost).await
    }

    /// Verifies a receipt and keeps it. What is wrong is logged, and kept with it where it is the register's.
    /// Gives what it shows to be lost: where the register was restored and could not be asked before it gave
    /// this receipt, nothing else shows it. And whether a person must look: the receipt says something else than was
    /// sent or answered, or cannot be verified.
    pub(crate) async fn keep_receipt(
        &self,
        seq: i64,
        message_id: &str,
        received: &ReceivedReceipt,
        now: Timestamp,
    ) -> Result<(Option<LostAtRegister>, bool), OutboxError> {
        let verified = self.sealer.verify_receipt(&received.text);
        let problem = match &verified {
            Err(error) => Some(ReceiptProblem::Unverified(error.clone())),
            Ok(verified) => {
                self.receipt_problem(seq, message_id, verified, received.answer).await?
            }
        };
        if let Some(problem) = &problem {
            tracing::warn!(message.id = %message_id, %problem, "the register's receipt does not hold");
        }
        let is_doubtful = problem.as_ref().is_some_and(ReceiptProblem::needs_a_person);
        let mut lost = None;
        if let Ok(verified) = verified {
            lost = match (&problem, verified.receipt.previous) {
                (Some(ReceiptProblem::WentBack { sequence }), _) => {
                    self.forget_forked(*sequence, verified.digest).await?
                }
                (Some(ReceiptProblem::Forked { sequence }), Some(previous)) => {
                    self.forget_forked(sequence - 1, previous).await?
                }
                _ => None,
            };
            let problem = problem.map(|problem| problem.to_string());
            self.outbox
                .keep_receipt(message_id, &verified, &received.text, problem.as_deref(), now)
                .await?;
        }
        Ok((lost, is_doubtful))
    }

    async fn receipt_problem(
        &self,
        seq: i64,
        message_id: &str,
        verified: &VerifiedReceipt,
        answer: ReceiptDigest,
    ) -> Result<Option<ReceiptProblem>, OutboxError> {
        let receipt = &verified.receipt;
        let sequence = receipt.sequence;
        if receipt.message_id != message_id {
            return Ok(Some(ReceiptProblem::OtherMessage));
        }
        if receipt.answer_sha256 != answer {
            return Ok(Some(ReceiptProblem::OtherAnswer));
        }
        if let Some(sealed) = self.outbox.sealed(seq).await?
            && let Ok(envelope) = Envelope::parse(&sealed, &Limits::default())
            && receipt.content_sha256 != envelope.content_sha256().into()
        {
            return Ok(Some(ReceiptProblem::OtherContent));
        }
        let kept = self.outbox.receipt_digests(sequence).await?;
        if kept.iter().any(|digest| *digest != verified.digest) {
            return Ok(Some(ReceiptProblem::WentBack { sequence }));
        }
        let before = self.outbox.receipt_digests(sequence - 1).await?;
        let follows = |digest: &ReceiptDigest| receipt.previous == Some(*digest);
        if !before.is_empty() && !before.iter().any(follows) {
            return Ok(Some(ReceiptProblem::Forked { sequence }));
        }
        Ok(None)
    }
}
