//! From the posted bytes to a verified envelope, and from there to a judged bundle. Pure work, no waiting.

use crate::{
    Avsender, Caller, Rejection, Settings, directory::Snapshot, receiver::Parts, store::Identity,
};
use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use lmr_envelope::{Envelope, RandomSource, VerifiedEnvelope, VerifyError, Warning};
use lmr_fhir::{Bundle, Document, Name};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{
    CheckError, CheckOptions, Disposition, ElementLocation, Finding, Identities, Verdict,
    canonical_content, check_bundle, read_content,
};
use std::sync::Arc;

/// Most unknown members of one envelope that the answer names.
const MEMBERS_TOLD: usize = 10;

/// A message whose sender and signature are established.
pub(crate) struct Established {
    pub(crate) avsender: Arc<Avsender>,
    pub(crate) envelope: VerifiedEnvelope,
}

/// Everything up to the signature, in the order of the register's checks.
pub(crate) fn establish(
    parts: &Parts,
    directory: &Snapshot,
    caller: &Caller,
    body: &[u8],
    now: Timestamp,
) -> Result<Established, Rejection> {
    let envelope = Envelope::parse(body, &parts.settings.limits)?;
    check_times(&envelope, now, &parts.settings)?;
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
        return Err(Rejection::AddressNotAllowed { sender });
    }
    let thumbprint = envelope.signature_thumbprint();
    let registered = avsender
        .certificate(thumbprint)
        .ok_or(Rejection::CertificateUnknown { thumbprint, sender })?;
    registered.check_valid(now)?;
    if registered.certificate.organisation() != Some(sender) {
        return Err(Rejection::CertificateOrganisationMismatch { thumbprint, sender });
    }
    if let Some(trust) = &parts.trust {
        trust.check(&registered.certificate, now)?;
    }
    for Warning::UnknownMember(name) in envelope.warnings() {
        tracing::warn!(avsender.org = %sender, message.id = envelope.message_id(), member = ?name,
            "unknown member in the envelope ignored");
    }
    let envelope = envelope.verify(&registered.certificate, now).map_err(|error| match error {
        VerifyError::Certificate(error) => Rejection::Certificate(error),
        VerifyError::BadSignature => Rejection::SignatureInvalid,
        VerifyError::OtherCertificate { named } => {
            Rejection::CertificateUnknown { thumbprint: named, sender }
        }
    })?;
    Ok(Established { avsender: Arc::clone(avsender), envelope })
}

/// What the signature does not cover must at least be plausible.
fn check_times(envelope: &Envelope, now: Timestamp, settings: &Settings) -> Result<(), Rejection> {
    if envelope.reporting_from() > envelope.reporting_to() {
        return Err(Rejection::PeriodReversed);
    }
    let latest = now.checked_add(settings.clock_tolerance).unwrap_or(Timestamp::MAX);
    let times = [
        ("generatedAt", envelope.generated_at()),
        ("rapporteringFra", envelope.reporting_from()),
        ("rapporteringTil", envelope.reporting_to()),
    ];
    match times.into_iter().find(|(_, time)| *time > latest) {
        Some((member, time)) => Err(Rejection::InFuture { member, time }),
        None => Ok(()),
    }
}

/// A decrypted bundle with its verdict.
pub(crate) struct Judged {
    content: Vec<u8>,
    pub(crate) verdict: Verdict,
    /// What was noticed about the message as a whole without refusing it.
    pub(crate) about_message: Vec<Finding>,
    pub(crate) dispositions: Vec<Disposition>,
    /// `system|value`.
    pub(crate) bundle_identifier: Option<String>,
    /// Of every accepted entry, by its index.
    pub(crate) accepted: Vec<Accepted>,
}

pub(crate) struct Accepted {
    pub(crate) entry: usize,
    pub(crate) content_hash: [u8; 32],
}

impl Judged {
    /// An entry's resource as it was received.
    pub(crate) fn resource(&self, entry: usize) -> &[u8] {
        let span = self.verdict.entries.get(entry).and_then(|verdict| verdict.resource.clone());
        span.and_then(|span| self.content.get(span)).unwrap_or_default()
    }

    /// The identities of the accepted entries, in their order.
    pub(crate) fn identities(&self) -> Result<Vec<Identity>, Rejection> {
        let identity = |accepted: &Accepted| {
            let identity = self.verdict.entries.get(accepted.entry)?.identity.as_ref()?;
            Some(Identity { kind: identity.kind.clone(), key: identity.key.clone() })
        };
        let all: Option<Vec<_>> = self.accepted.iter().map(identity).collect();
        // The rule sets refuse an entry without identity.
        all.ok_or(Rejection::Internal { doing: "finding the identity of an accepted entry" })
    }
}

/// Everything from the signature to the verdict on every entry.
pub(crate) fn judge(
    parts: &Parts,
    established: Established,
    now: Timestamp,
    random: &dyn RandomSource,
) -> Result<Judged, Rejection> {
    let Established { avsender, envelope } = established;
    let read = envelope.envelope();
    let thumbprint = read.encryption_thumbprint();
    let period = (read.reporting_from(), read.reporting_to());
    let key = parts
        .keys
        .find(thumbprint)
        .ok_or(Rejection::EncryptionCertificateUnknown { thumbprint })?;
    let unknown = unknown_members(read);
    let content = envelope.decrypt(key, random)?.inflate(&parts.settings.limits)?;
    let mut options = check_options(&parts.settings, now);
    options.reporting_period = Some(period);
    options.pinned = avsender.rule_set;
    let mut judged = judge_content(content, &parts.settings, &options)?;
    judged.about_message.extend(unknown);
    Ok(judged)
}

/// Members of the envelope that this version does not know: ignored, and the sender is told.
fn unknown_members(envelope: &Envelope) -> Vec<Finding> {
    let mut found = Vec::new();
    for Warning::UnknownMember(name) in envelope.warnings().iter().take(MEMBERS_TOLD) {
        // A name is repeated only where it is one.
        let is_name = name.len() <= 64
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let expression = if is_name { name.clone() } else { String::new() };
        found.push(Finding::of(
            Code::EnvelopeMemberUnknown,
            ElementLocation { expression, ..ElementLocation::default() },
        ));
    }
    found
}

pub(crate) fn check_options(settings: &Settings, now: Timestamp) -> CheckOptions {
    CheckOptions {
        clock_tolerance: settings.clock_tolerance,
        person_numbers: settings.person_numbers,
        accept_2032_numbers: settings.accept_2032_numbers,
        max_entries: settings.entries,
        threads: settings.threads,
        ..CheckOptions::at(now)
    }
}

pub(crate) fn judge_content(
    content: Vec<u8>,
    settings: &Settings,
    options: &CheckOptions,
) -> Result<Judged, Rejection> {
    let document = read_content(&content, settings.json_limits())?;
    let verdict = check_bundle(&document, options).map_err(|error| match error {
        CheckError::Content(fault) => fault.into(),
        CheckError::RuleSet(error) => {
            tracing::error!(%error, "a rule set cannot be used");
            Rejection::Internal { doing: "compiling a rule set" }
        }
    })?;
    let dispositions = verdict.dispositions();
    let about_message =
        verdict.bundle.iter().filter(|finding| !finding.refuses()).cloned().collect();
    let bundle =
        Bundle::of(&document).ok_or(Rejection::Internal { doing: "reading a judged bundle" })?;
    let accepted = accepted(&document, bundle, &dispositions);
    let bundle_identifier = bundle_identifier(bundle);
    drop(document);
    Ok(Judged { content, verdict, about_message, dispositions, bundle_identifier, accepted })
}

fn accepted(
    _document: &Document<'_>,
    bundle: Bundle<'_>,
    dispositions: &[Disposition],
) -> Vec<Accepted> {
    let identities = Identities::of_bundle(bundle);
    bundle
        .entries()
        .zip(dispositions)
        .enumerate()
        .filter(|(_, (_, disposition))| **disposition == Disposition::Accepted)
        .filter_map(|(entry, (found, _))| {
            let canonical = canonical_content(found.resource()?, &identities);
            let mut content_hash = [0; 32];
            content_hash.copy_from_slice(digest(&SHA256, &canonical).as_ref());
            Some(Accepted { entry, content_hash })
        })
        .collect()
}

fn bundle_identifier(bundle: Bundle<'_>) -> Option<String> {
    let identifier = bundle.identifier()?;
    let text = |name| identifier.child(&Name::new(name)).and_then(lmr_fhir::Element::text);
    Some(format!("{}|{}", text("system").unwrap_or_default(), text("value")?))
}
