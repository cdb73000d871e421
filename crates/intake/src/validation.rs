//! From a verified envelope, or bare content, to a bundle whose every entry has its fate. Pure work, no waiting.

use crate::admission::Established;
use crate::answer_size::{bounded_findings, shares};
use crate::message_name::is_uuid;
use crate::rejection::Rejection;
use crate::reply::{Answer, Counts, Outcome};
use crate::settings::{Material, Settings};
use crate::store::{BundleContent, CodeCount, Identity};
use crate::work::Work;
use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use lmr_envelope::{Envelope, RandomSource, Warning};
use lmr_fhir::{Bundle, Element, Name};
use lmr_lmdi::codes::Code;
use lmr_lmdi::response::{EntryStatus, Head, ResponseEntry, name_rule_set, outcome_of, write};
use lmr_lmdi::split::blank;
use lmr_lmdi::{
    AdministrationFacts, CheckError, CheckOptions, Disposition, ElementLocation, EntryVerdict,
    Finding, Identities, RuleSetId, Verdict, canonical_content, check_bundle, read_content,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Most unknown members of one envelope that the answer names.
const MAX_REPORTED_MEMBERS: usize = 10;

/// A decrypted bundle after validation. No rule about the bundle as a whole is broken.
pub(crate) struct Validated {
    content: Vec<u8>,
    /// The content as the sender compressed it; `None` for a bare bundle.
    compressed: Option<Vec<u8>>,
    verdict: Verdict,
    /// What was noticed about the message as a whole without refusing it.
    about_message: Vec<Finding>,
    /// Of every entry, in order.
    fates: Vec<Fate>,
    /// `system|value`.
    pub(crate) bundle_identifier: Option<String>,
}

/// What becomes of an entry.
pub(crate) enum Fate {
    /// To be stored.
    Accepted(Accepted),
    /// Breaks a rule: 422.
    Refused,
    /// Correct, but hangs on the refused entry with this index: 424.
    DependsOn(usize),
    /// Correct, but the transaction fell with the entry of this index: 424.
    AbortedBy(usize),
}

/// What storing an accepted entry needs to know.
pub(crate) struct Accepted {
    pub(crate) identity: Identity,
    pub(crate) content_hash: [u8; 32],
    /// Of an administration: what its next version is held against.
    pub(crate) administration: Option<AdministrationFacts>,
    /// Of an administration: the system of its identifier.
    pub(crate) system: Option<String>,
}

/// A message after decrypting and inflating.
pub(crate) struct Opened {
    /// The bundle's JSON.
    pub(crate) content: Vec<u8>,
    compressed: Vec<u8>,
    about_envelope: Vec<Finding>,
    period: (Timestamp, Timestamp),
    pinned: Option<RuleSetId>,
}

/// Decrypts and inflates a message.
pub(crate) fn open(
    settings: &Settings,
    material: &Material,
    established: Established,
    random: &dyn RandomSource,
) -> Result<Opened, Rejection> {
    let Established { avsender, envelope, .. } = established;
    let read = envelope.envelope();
    let thumbprint = read.encryption_thumbprint();
    let period = (read.reporting_from(), read.reporting_to());
    let key = material
        .keys
        .find(thumbprint)
        .ok_or(Rejection::EncryptionCertificateUnknown { thumbprint })?;
    let mut about_envelope = unknown_members(read);
    if !is_uuid(read.message_id()) {
        let location =
            ElementLocation { expression: "messageId".to_owned(), ..ElementLocation::default() };
        about_envelope.push(Finding::of(Code::MessageIdNotUuid, location));
    }
    let compressed = envelope.decrypt(key, random)?;
    let content = compressed.inflate(&settings.limits)?;
    let compressed = compressed.into_bytes();
    Ok(Opened { content, compressed, about_envelope, period, pinned: avsender.rule_set })
}

/// Validates an opened message.
pub(crate) fn validate(
    settings: &Settings,
    opened: Opened,
    now: Timestamp,
    work: &Work,
) -> Result<Validated, Rejection> {
    let Opened { content, compressed, about_envelope, period, pinned } = opened;
    let mut options = settings.check_options(now, content.len(), work);
    options.reporting_period = Some(period);
    options.pinned = pinned;
    let mut validated = validate_content(content, settings, &options)?;
    if let Some(refusal) = validated.verdict.bundle_refusal() {
        let Verdict { bundle, rule_set, .. } = &validated.verdict;
        return Err(Rejection::of_bundle(refusal, bundle, *rule_set));
    }
    validated.about_message.extend(about_envelope);
    validated.compressed = Some(compressed);
    Ok(validated)
}

/// Validates a bare bundle. The answer's body is an OperationOutcome.
pub(crate) fn validate_bare(
    content: Vec<u8>,
    settings: &Settings,
    now: Timestamp,
    work: &Work,
) -> Result<Answer, Rejection> {
    let options = settings.check_options(now, content.len(), work);
    let validated = validate_content(content, settings, &options)?;
    let verdict = &validated.verdict;
    let bounded = bounded_findings(verdict);
    Ok(Answer {
        outcome: if verdict.is_faultless() { Outcome::Accepted } else { Outcome::Refused },
        body: {
            let mut outcome = outcome_of(bounded.iter());
            name_rule_set(&mut outcome, verdict.rule_set);
            outcome.to_json().into_bytes()
        },
        counts: validated.counts(),
    })
}

/// Members of the envelope that this version does not know: ignored, and reported to the sender.
fn unknown_members(envelope: &Envelope) -> Vec<Finding> {
    let mut found = Vec::new();
    for Warning::UnknownMember(name) in envelope.warnings().iter().take(MAX_REPORTED_MEMBERS) {
        // A name is repeated only where it is one.
        let is_name = name.len() <= 64
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let expression = if is_name { name.clone() } else { String::new() };
        let location = ElementLocation { expression, ..ElementLocation::default() };
        found.push(Finding::of(Code::EnvelopeMemberUnknown, location));
    }
    found
}

fn validate_content(
    content: Vec<u8>,
    settings: &Settings,
    options: &CheckOptions,
) -> Result<Validated, Rejection> {
    let document = read_content(&content, settings.json_limits(content.len()))?;
    let verdict = check_bundle(&document, options).map_err(|error| match error {
        CheckError::Content(fault) => fault.into(),
        CheckError::RuleSet(error) => {
            tracing::error!(%error, "a rule set cannot be used");
            Rejection::Internal { doing: "compiling a rule set" }
        }
    })?;
    let bundle =
        Bundle::of(&document).ok_or(Rejection::Internal { doing: "reading a checked bundle" })?;
    let about_message =
        verdict.bundle.iter().filter(|finding| !finding.refuses()).cloned().collect();
    let fates = fates(bundle, &verdict)?;
    let bundle_identifier = bundle_identifier(bundle);
    drop(document);
    Ok(Validated { content, compressed: None, verdict, about_message, fates, bundle_identifier })
}

fn fates(bundle: Bundle<'_>, verdict: &Verdict) -> Result<Vec<Fate>, Rejection> {
    let identities = Identities::of_bundle(bundle);
    let accepted = |resource: Element<'_>,
                    identity: &lmr_lmdi::Identity,
                    checked: &EntryVerdict| {
        let content_hash = content_hash(resource, &identities);
        let administration = checked.administration.clone();
        let system = identity.system().filter(|_| administration.is_some()).map(str::to_owned);
        let identity =
            Identity { resource_type: identity.resource_type.clone(), key: identity.key.clone() };
        Fate::Accepted(Accepted { identity, content_hash, administration, system })
    };
    let entries = bundle.entries().zip(&verdict.entries).zip(verdict.dispositions());
    entries
        .map(|((entry, checked), disposition)| match disposition {
            Disposition::Accepted => entry
                .resource()
                .zip(checked.identity.as_ref())
                .map(|(resource, identity)| accepted(resource, identity, checked))
                // The rule sets refuse an entry without resource or identity.
                .ok_or(Rejection::Internal { doing: "identifying an accepted entry" }),
            Disposition::Refused => Ok(Fate::Refused),
            Disposition::DependsOn(on) => Ok(Fate::DependsOn(on)),
            Disposition::AbortedBy(by) => Ok(Fate::AbortedBy(by)),
        })
        .collect()
}

/// By what a resource that comes again is known to be unchanged.
pub(crate) fn content_hash(resource: Element<'_>, identities: &Identities) -> [u8; 32] {
    let mut hash = [0; 32];
    let canonical = canonical_content(resource, identities);
    hash.copy_from_slice(digest(&SHA256, &canonical).as_ref());
    hash
}

fn bundle_identifier(bundle: Bundle<'_>) -> Option<String> {
    let identifier = bundle.identifier()?;
    let text = |name| identifier.child(&Name::new(name)).and_then(Element::text);
    Some(format!("{}|{}", text("system").unwrap_or_default(), text("value")?))
}

impl Validated {
    /// The rule set that the bundle was validated by.
    pub(crate) fn rule_set(&self) -> RuleSetId {
        self.verdict.rule_set
    }

    /// Whether a transaction with a refused entry falls as a whole.
    pub(crate) fn outcome(&self) -> Outcome {
        let all = self.fates.iter().all(|fate| matches!(fate, Fate::Accepted(_)));
        if self.verdict.rule_set.is_transaction() && !all {
            Outcome::Refused
        } else {
            Outcome::Accepted
        }
    }

    /// The accepted entries with their indices.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = (usize, &Accepted)> {
        self.fates.iter().enumerate().filter_map(|(index, fate)| match fate {
            Fate::Accepted(accepted) => Some((index, accepted)),
            _ => None,
        })
    }

    /// The identities of the accepted entries, in their order.
    pub(crate) fn identities(&self) -> Vec<Identity> {
        self.accepted().map(|(_, accepted)| accepted.identity.clone()).collect()
    }

    /// Identifier systems of the accepted administrations, each once.
    pub(crate) fn systems(&self) -> Vec<String> {
        let systems: BTreeSet<&String> =
            self.accepted().filter_map(|(_, accepted)| accepted.system.as_ref()).collect();
        systems.into_iter().cloned().collect()
    }

    /// Where an entry's resource is in the content.
    pub(crate) fn resource_place(&self, entry: usize) -> Range<usize> {
        let place = self.verdict.entries.get(entry).and_then(|entry| entry.resource.clone());
        place.unwrap_or_default()
    }

    /// What is kept of the bundle: all of it as it came, unless resources were refused, which are not kept.
    pub(crate) fn stored_content(&self) -> Option<BundleContent> {
        self.accepted().next()?;
        let refused = || {
            let is_refused = |fate: &Fate| !matches!(fate, Fate::Accepted(_));
            self.fates.iter().enumerate().filter(move |(_, fate)| is_refused(fate))
        };
        if let (Some(compressed), None) = (&self.compressed, refused().next()) {
            return Some(BundleContent::Gzip(compressed.clone()));
        }
        let mut content = self.content.clone();
        blank(&mut content, refused().map(|(entry, _)| self.resource_place(entry)));
        Some(BundleContent::Plain(content))
    }

    /// The answer to a message that is only checked.
    pub(crate) fn checked(&self, message_id: &str, now: Timestamp) -> Answer {
        let body = self.render(message_id, now, |_| (EntryStatus::Checked, &[]));
        Answer { outcome: self.outcome(), body, counts: self.counts() }
    }

    /// Entries that are refused or fall with one. What became of the accepted ones, the store decides.
    pub(crate) fn counts(&self) -> Counts {
        let count = |wanted: fn(&Fate) -> bool| {
            u32::try_from(self.fates.iter().filter(|fate| wanted(fate)).count()).unwrap_or(u32::MAX)
        };
        Counts {
            entries: count(|_| true),
            refused: count(|fate| matches!(fate, Fate::Refused)),
            dependent: count(|fate| matches!(fate, Fate::DependsOn(_) | Fate::AbortedBy(_))),
            ..Counts::default()
        }
    }

    /// How many entries were refused with which code, by code.
    pub(crate) fn codes(&self) -> Vec<CodeCount> {
        let mut counts: BTreeMap<&'static str, u32> = BTreeMap::new();
        for entry in &self.verdict.entries {
            let refusing = entry.findings.iter().filter(|finding| finding.refuses());
            let codes: BTreeSet<_> = refusing.map(|finding| finding.code.as_str()).collect();
            for code in codes {
                *counts.entry(code).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .map(|(code, entries)| CodeCount { code: code.to_owned(), entries })
            .collect()
    }

    /// The answer's body. `accepted` gives the status of each accepted entry by its index, and what only the
    /// version before shows about it.
    pub(crate) fn render<'a>(
        &'a self,
        message_id: &str,
        now: Timestamp,
        mut accepted: impl FnMut(usize) -> (EntryStatus<'a>, &'a [Finding]),
    ) -> Vec<u8> {
        let shares = shares(&self.verdict);
        let entries: Vec<ResponseEntry<'_>> = self
            .verdict
            .entries
            .iter()
            .zip(&self.fates)
            .zip(&shares)
            .enumerate()
            .map(|(index, ((entry, fate), share))| {
                let (status, of_history) = match fate {
                    Fate::Accepted(_) => accepted(index),
                    Fate::Refused => (EntryStatus::Refused, &[][..]),
                    Fate::DependsOn(on) => (EntryStatus::DependsOn(*on), &[][..]),
                    Fate::AbortedBy(by) => (EntryStatus::AbortedBy(*by), &[][..]),
                };
                ResponseEntry {
                    full_url: entry.full_url.as_deref(),
                    status,
                    of_history,
                    findings: &entry.findings[share.kept.clone()],
                    left_out: share.left_out,
                    is_brief: share.is_brief,
                }
            })
            .collect();
        let head = Head {
            rule_set: self.verdict.rule_set,
            message_id,
            timestamp: now,
            about_message: &self.about_message,
            links: self.verdict.links,
        };
        write(&head, &entries)
    }
}
