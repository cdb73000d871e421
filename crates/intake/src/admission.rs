//! From the posted bytes to an established sender. Pure work, no waiting.

use crate::avsender::Avsender;
use crate::caller::Caller;
use crate::directory::Snapshot;
use crate::message_name::message_name;
use crate::rejection::Rejection;
use crate::settings::{Material, Settings};
use crate::store::MessageHead;
use jiff::Timestamp;
use lmr_envelope::{Envelope, VerifiedEnvelope, VerifyError, Warning};
use std::sync::Arc;

/// A message whose sender and signature are established.
pub(crate) struct Established {
    /// A time that lies in the future: the message is refused, by somebody who is known to have sent it.
    pub(crate) ahead: Option<(&'static str, Timestamp)>,
    pub(crate) avsender: Arc<Avsender>,
    pub(crate) envelope: VerifiedEnvelope,
}

impl Established {
    /// The envelope's part of a delivery; the envelope itself is gone once it is decrypted.
    pub(crate) fn head(&self, caller: &Caller, received_at: Timestamp) -> MessageHead {
        let envelope = self.envelope.envelope();
        MessageHead {
            sender: envelope.sender(),
            message_id: envelope.message_id().to_owned(),
            content_sha256: envelope.content_sha256(),
            client_id: caller.client_id.clone(),
            reporting_from: envelope.reporting_from(),
            reporting_to: envelope.reporting_to(),
            generated_at: envelope.generated_at(),
            received_at,
        }
    }
}

/// Checks everything up to the signature, in the order of the register's guide.
pub(crate) fn establish(
    settings: &Settings,
    material: &Material,
    directory: &Snapshot,
    caller: &Caller,
    body: &[u8],
    now: Timestamp,
) -> Result<Established, Rejection> {
    let envelope = Envelope::parse(body, &settings.limits)?;
    let ahead = check_times(&envelope, now, settings)?;
    let established = authenticate(material, directory, caller, envelope, now);
    match ahead {
        None => established,
        Some(_) if let Ok(established) = established => Ok(Established { ahead, ..established }),
        // The clock is what its sender is to put right first.
        Some((member, time)) => Err(Rejection::InFuture { member, time }),
    }
}

/// Whose it is, and that it is.
fn authenticate(
    material: &Material,
    directory: &Snapshot,
    caller: &Caller,
    envelope: Envelope,
    now: Timestamp,
) -> Result<Established, Rejection> {
    let sender = envelope.sender();
    let avsender = directory.get(sender).ok_or(Rejection::SenderUnknown { sender })?;
    if !avsender.active {
        return Err(Rejection::SenderInactive { sender });
    }
    if caller.organisation != sender {
        return Err(Rejection::OrganisationMismatch {
            token: caller.organisation,
            message: sender,
        });
    }
    if let Some(address) = caller.address
        && !avsender.addresses.is_empty()
        && !avsender.addresses.contains(address)
    {
        return Err(Rejection::AddressNotAllowed { sender, address });
    }
    let thumbprint = envelope.signature_thumbprint();
    let registered = avsender
        .certificate(thumbprint)
        .ok_or(Rejection::CertificateUnknown { thumbprint, sender })?;
    registered.check_valid(now)?;
    if registered.certificate.organisation() != Some(sender) {
        return Err(Rejection::CertificateOrganisationMismatch { thumbprint, sender });
    }
    if let Some(trust) = &material.trust {
        trust.check(&registered.certificate, now)?;
    }
    for Warning::UnknownMember(name) in envelope.warnings() {
        tracing::warn!(avsender.org = %sender, message.id = &*message_name(envelope.message_id()), member = ?name,
            "unknown member in the envelope ignored");
    }
    let envelope = envelope.verify(&registered.certificate, now).map_err(|error| match error {
        VerifyError::Certificate(error) => Rejection::Certificate(error),
        VerifyError::BadSignature => Rejection::SignatureInvalid,
        VerifyError::OtherCertificate { named } => {
            Rejection::CertificateUnknown { thumbprint: named, sender }
        }
    })?;
    Ok(Established { ahead: None, avsender: Arc::clone(avsender), envelope })
}

/// Checks that what the signature does not cover is at least plausible; gives a time that lies in the future.
fn check_times(
    envelope: &Envelope,
    now: Timestamp,
    settings: &Settings,
) -> Result<Option<(&'static str, Timestamp)>, Rejection> {
    if envelope.reporting_from() > envelope.reporting_to() {
        return Err(Rejection::PeriodReversed);
    }
    let latest = now.checked_add(settings.clock_tolerance).unwrap_or(Timestamp::MAX);
    let times = [
        ("generatedAt", envelope.generated_at()),
        ("rapporteringFra", envelope.reporting_from()),
        ("rapporteringTil", envelope.reporting_to()),
    ];
    Ok(times.into_iter().find(|(_, time)| *time > latest))
}
