//! From a validated bundle and what is stored to what shall be stored, with its answer.

use crate::rejection::Rejection;
use crate::reply::Answer;
use crate::store::{Current, Delivery, MessageHead, NewVersion};
use crate::validation::Validated;
use jiff::Timestamp;
use lmr_envelope::RandomSource;
use lmr_lmdi::codes::Code;
use lmr_lmdi::response::{EntryStatus, Stored};
use lmr_lmdi::{ElementLocation, Finding, findings_after};
use std::fmt::Write as _;

/// What storing makes of an accepted entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Created,
    Updated,
    Unchanged,
}

/// Compares the accepted entries with the newest versions of their resources, given in the same order.
/// `shared_systems` are identifier systems that other senders use too.
pub(crate) fn delivery(
    validated: &Validated,
    head: &MessageHead,
    current: &[Option<Current>],
    shared_systems: &[String],
    random: &dyn RandomSource,
) -> Result<Delivery, Rejection> {
    let now = head.received_at;
    let mut counts = validated.counts();
    let mut versions = Vec::new();
    let mut entries = Vec::with_capacity(current.len());
    let mut shared_systems = shared_systems.to_vec();
    for ((entry, accepted), known) in validated.accepted().zip(current) {
        let (change, newest) = match known {
            Some(known) if known.has_content && known.content_hash == accepted.content_hash => {
                counts.unchanged += 1;
                (Change::Unchanged, known.clone())
            }
            Some(known) => {
                counts.updated += 1;
                let newest = Current {
                    resource_id: known.resource_id.clone(),
                    version: known.version + 1,
                    content_hash: accepted.content_hash,
                    has_content: true,
                    stored_at: now,
                    administration: accepted.administration.clone(),
                };
                (Change::Updated, newest)
            }
            None => {
                counts.created += 1;
                let newest = Current {
                    resource_id: new_id(random, now)?,
                    version: 1,
                    content_hash: accepted.content_hash,
                    has_content: true,
                    stored_at: now,
                    administration: accepted.administration.clone(),
                };
                (Change::Created, newest)
            }
        };
        if change != Change::Unchanged {
            versions.push(NewVersion {
                identity: accepted.identity.clone(),
                resource_id: newest.resource_id.clone(),
                version: newest.version,
                content_hash: newest.content_hash,
                place: validated.resource_place(entry),
                entry: u32::try_from(entry).unwrap_or(u32::MAX),
                administration: accepted.administration.clone(),
            });
        }
        let mut of_history = match &accepted.administration {
            Some(new) if change != Change::Unchanged => {
                // A version from before such facts were kept says nothing.
                match known.as_ref().map(|known| known.administration.as_ref()) {
                    Some(None) => Vec::new(),
                    before => findings_after(entry, new, before.flatten()),
                }
            }
            _ => Vec::new(),
        };
        // Once a message is enough.
        if let Some(at) = accepted
            .system
            .as_ref()
            .and_then(|system| shared_systems.iter().position(|shared| shared == system))
        {
            shared_systems.swap_remove(at);
            let location = ElementLocation {
                expression: "MedicationAdministration.identifier".to_owned(),
                full_expression: format!("Bundle.entry[{entry}].resource.identifier"),
                ..ElementLocation::default()
            };
            of_history.push(Finding::of(Code::SystemOfAnotherSender, location));
        }
        entries.push((change, accepted.identity.resource_type.as_str(), newest, of_history));
    }
    let mut rest = entries.iter();
    let body = validated.render(&head.message_id, now, |_| match rest.next() {
        Some((change, resource_type, newest, of_history)) => {
            let stored = Stored {
                resource_type,
                resource_id: &newest.resource_id,
                version: newest.version,
                stored_at: newest.stored_at,
            };
            let status = match change {
                Change::Created => EntryStatus::Created(stored),
                Change::Updated => EntryStatus::Updated(stored),
                Change::Unchanged => EntryStatus::Unchanged(stored),
            };
            (status, of_history.as_slice())
        }
        // As many as there are accepted entries.
        None => (EntryStatus::Refused, &[][..]),
    });
    // A bundle of which nothing was taken may come again, corrected, under its identifier.
    let bundle_identifier =
        validated.bundle_identifier.clone().filter(|_| validated.accepted().next().is_some());
    Ok(Delivery {
        head: head.clone(),
        bundle_identifier,
        rule_set: validated.rule_set().as_str(),
        answer: Answer { outcome: validated.outcome(), body, counts },
        codes: validated.codes(),
        content: validated.stored_content(),
        systems: validated.systems(),
        versions,
    })
}

/// An id of 32 hex digits, as UUID version 7 (RFC 9562) has it but for its fixed bits: 48 bits of time, then random ones.
/// Ids of one time are neighbours in the indexes, so that new ones go to few pages and fill them.
fn new_id(random: &dyn RandomSource, now: Timestamp) -> Result<String, Rejection> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes).map_err(|_| Rejection::Internal { doing: "drawing random ids" })?;
    bytes[..6].copy_from_slice(&now.as_millisecond().to_be_bytes()[2..]);
    Ok(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
