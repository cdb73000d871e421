//! The register's receipts: held against what was sent and answered, and kept.

use jiff::Timestamp;
use lmr_envelope::{Envelope, Limits, Receipt, ReceiptDigest, ReceiptError, VerifiedReceipt};

use crate::agent::Agent;
use crate::outbox::OutboxError;
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

impl Agent {
    /// Whether the address of the register is another one than that to which the ledger belongs, with that one: the ledger
    /// would say of another register that it has everything. Where nothing was sent yet it belongs to any.
    pub(crate) async fn former_receiver(&self) -> Result<Option<String>, OutboxError> {
        let now = &self.settings.receiver;
        match self.outbox.setting(RECEIVER).await? {
            Some(before) if before == *now => Ok(None),
            Some(before) if self.outbox.has_sent_anything().await? => Ok(Some(before)),
            _ => {
                self.outbox.set(RECEIVER, now).await?;
                Ok(None)
            }
        }
    }

    /// Notes that the ledger belongs to the register at the present address.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn belongs_to_this_receiver(&self) -> Result<(), OutboxError> {
        self.outbox.set(RECEIVER, &self.settings.receiver).await
    }

    /// Asks the register for its newest receipt where there are receipts here, and forgets what it has lost: a
    /// register that was restored from a backup does not know it by itself, and neither are its senders. What is
    /// forgotten is sent again by this run; what the register still has makes no new version. Gives whether its receipts show
    /// that the ledger is about this register.
    pub(crate) async fn compare_with_register(
        &self,
        report: &mut Report,
    ) -> Result<bool, OutboxError> {
        // A ledger of nothing may be a new one in the place of one that was lost: the register knows.
        if self.outbox.receipts_after(0).await?.is_none() && self.outbox.has_sent_anything().await?
        {
            return Ok(false);
        }
        // Kept by a version that did not act on it, or by a process that ended before it could.
        let before = match self.outbox.number_given_again().await? {
            Some((sequence, second)) => self.forget_forked(sequence, second).await?,
            None => None,
        };
        let (after, is_known) = self.ask_what_is_lost(&mut report.unknown_messages).await?;
        report.lost_at_register = LostAtRegister::both(before, after);
        Ok(is_known)
    }

    /// Asks for the newest receipt. `unknown` gets how many messages the register has after the last that this ledger
    /// knows: then the ledger is the one that was restored, or another sender delivers for the same organisation.
    async fn ask_what_is_lost(
        &self,
        unknown: &mut u64,
    ) -> Result<(Option<LostAtRegister>, bool), OutboxError> {
        let last = match self.newest_receipt().await {
            NewestReceipt::Untold => return Ok((None, false)),
            NewestReceipt::NoMessage => 0,
            NewestReceipt::Payload(payload) => {
                let Ok(receipt) = Receipt::parse(&payload) else { return Ok((None, false)) };
                if receipt.sender.as_str() != self.settings.organisation {
                    return Ok((None, false));
                }
                // What is beside the receipt may be damaged; the receipt itself is signed, and only that counts against
                // the register.
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
                let signed = kept.iter().filter_map(|kept| {
                    let verified = self.sealer.verify_receipt(&kept.text).ok()?;
                    (verified.receipt.sequence == receipt.sequence).then_some(verified.digest)
                });
                let kept: Vec<ReceiptDigest> = signed.collect();
                let newest = ReceiptDigest::of(&payload);
                // Another message under a number that is known: it went back further than can be seen from here.
                let went_on = !kept.is_empty() && !kept.contains(&newest);
                if went_on { 0 } else { receipt.sequence }
            }
        };
        // What a register has that knows nothing of this ledger's is of another one.
        let is_known = *unknown == 0;
        let Some(lost) = self.outbox.receipts_after(last).await? else {
            return Ok((None, is_known));
        };
        let forgotten = self.outbox.forget_since(lost.since, self.now()).await?;
        self.outbox.note_lost_after(last).await?;
        tracing::warn!(
            messages = lost.count,
            since = %lost.since,
            records = forgotten.records,
            annulments = forgotten.annulments,
            "the register has lost what it had confirmed, as after a restore from a backup; it is sent again"
        );
        let (messages, since) = (lost.count, lost.since);
        Ok((Some(LostAtRegister { messages, since, forgotten }), is_known))
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
                let verified = self.sealer.verify_receipt(&receipt.text).ok()?;
                verified.receipt.previous.filter(|previous| followed.contains(previous))
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
        let Some(since) = lost.iter().map(|receipt| receipt.kept_at).min() else { return Ok(None) };
        let forgotten = self.outbox.forget_since(since, self.now()).await?;
        self.outbox.note_lost(&lost).await?;
        let messages = lost.len() as u64;
        tracing::warn!(
            messages,
            %since,
            records = forgotten.records,
            annulments = forgotten.annulments,
            "the register gives numbers of receipts again: it has lost what it had confirmed, as after a restore \
             from a backup; it is sent again"
        );
        Ok(Some(LostAtRegister { messages, since, forgotten }))
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
