//! Sealing: what a run asks of it, and the register's envelope as its answer.

use lmr_envelope::{
    Certificate, Header, RandomSource, ReceiptError, SealError, SigningKey, VerifiedReceipt, seal,
    unverified_payload, verify_receipt,
};
use lmr_identifiers::OrganisationNumber;

use crate::check::CheckContext;

/// Makes the sealed message.
pub trait Sealer: Send + Sync {
    /// Seals a bundle.
    ///
    /// # Errors
    /// [`SealError`]: certificates or keys.
    fn seal(
        &self,
        bundle: &[u8],
        message_id: &str,
        context: &CheckContext,
    ) -> Result<Vec<u8>, SealError>;

    /// Verifies a receipt of those that messages are sealed for.
    ///
    /// # Errors
    /// [`ReceiptError`]: it is not theirs, or was changed.
    fn verify_receipt(&self, receipt: &str) -> Result<VerifiedReceipt, ReceiptError>;

    /// What a receipt says, unverified: [`lmr_envelope::unverified_payload`].
    ///
    /// # Errors
    /// [`ReceiptError`]: it is not a receipt by its form.
    fn unverified_payload(&self, receipt: &str) -> Result<Vec<u8>, ReceiptError> {
        unverified_payload(receipt)
    }
}

/// SignertKryptertBundle, for the register's certificate and with the sender's.
pub struct EnvelopeSealer<R> {
    sender: OrganisationNumber,
    recipient: Certificate,
    signer: SigningKey,
    random: R,
}

impl<R: RandomSource> EnvelopeSealer<R> {
    /// Seals for `recipient` in the name of `sender`, whose certificate `signer` holds.
    pub fn new(
        sender: OrganisationNumber,
        recipient: Certificate,
        signer: SigningKey,
        random: R,
    ) -> Self {
        Self { sender, recipient, signer, random }
    }
}

impl<R: RandomSource> Sealer for EnvelopeSealer<R> {
    fn seal(
        &self,
        bundle: &[u8],
        message_id: &str,
        context: &CheckContext,
    ) -> Result<Vec<u8>, SealError> {
        let header = Header {
            message_id,
            sender: self.sender,
            reporting_from: context.from,
            reporting_to: context.to,
            generated_at: context.now,
        };
        seal(bundle, &header, &self.recipient, &self.signer, &self.random)
    }

    fn verify_receipt(&self, receipt: &str) -> Result<VerifiedReceipt, ReceiptError> {
        verify_receipt(receipt, std::slice::from_ref(&self.recipient))
    }
}
