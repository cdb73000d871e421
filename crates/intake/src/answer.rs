//! From a verdict and what is stored to an answer and to what shall be stored.

use crate::{
    Caller, Counts, Current, Delivery, NewVersion, Outcome, Rejection, Reply, opening::Judged,
    store::Answer,
};
use jiff::Timestamp;
use lmr_envelope::{Envelope, RandomSource};
use lmr_lmdi::{
    Disposition,
    response::{EntryStatus, ResponseEntry, Stored, write},
};
use std::fmt::Write as _;

/// The envelope's part of a delivery; the envelope itself is gone once it is decrypted.
pub(crate) struct Sending {
    pub(crate) message_id: String,
    template: Delivery,
}

impl Sending {
    pub(crate) fn new(caller: &Caller, envelope: &Envelope, now: Timestamp) -> Self {
        Self {
            message_id: envelope.message_id().to_owned(),
            template: Delivery {
                sender: envelope.sender(),
                message_id: envelope.message_id().to_owned(),
                content_sha256: envelope.content_sha256(),
                bundle_identifier: None,
                rule_set: "",
                client_id: caller.client_id.clone(),
                reporting_from: envelope.reporting_from(),
                reporting_to: envelope.reporting_to(),
                generated_at: envelope.generated_at(),
                received_at: now,
                answer: Answer {
                    outcome: Outcome::Accepted,
                    body: Vec::new(),
                    counts: Counts::default(),
                },
                versions: Vec::new(),
            },
        }
    }
}

impl Judged {
    /// Whether a transaction with a refused entry falls as a whole.
    fn outcome(&self) -> Outcome {
        let all = self.dispositions.iter().all(|d| *d == Disposition::Accepted);
        if self.verdict.rule_set.is_transaction() && !all {
            Outcome::Refused
        } else {
            Outcome::Accepted
        }
    }

    /// The answer to a message that is only checked.
    pub(crate) fn checked(&self, message_id: &str, now: Timestamp) -> Reply {
        let mut counts = self.counts();
        counts.unchanged = 0;
        let body = self.write(message_id, now, |_| EntryStatus::Checked);
        Reply {
            outcome: self.outcome(),
            body,
            counts,
            message_id: message_id.to_owned(),
            repeated: false,
        }
    }

    /// What to commit, given the newest versions of the accepted entries' resources.
    pub(crate) fn delivery(
        &self,
        sending: &Sending,
        current: &[Option<Current>],
        random: &dyn RandomSource,
    ) -> Result<Delivery, Rejection> {
        let now = sending.template.received_at;
        let outcome = self.outcome();
        let mut delivery = sending.template.clone();
        let mut counts = self.counts();
        // By entry: its status, kind kept apart since the status borrows it.
        let mut stored: Vec<Option<(Standing, String, u32, Timestamp)>> =
            vec![None; self.verdict.entries.len()];
        if outcome == Outcome::Accepted {
            let identities = self.identities()?;
            let mut ids =
                new_ids(current.iter().filter(|c| c.is_none()).count(), random)?.into_iter();
            for ((accepted, identity), current) in self.accepted.iter().zip(identities).zip(current)
            {
                let (standing, resource_id, version, stored_at) = match current {
                    Some(known) if known.content_hash == accepted.content_hash => (
                        Standing::Unchanged,
                        known.resource_id.clone(),
                        known.version,
                        known.stored_at,
                    ),
                    Some(known) => {
                        (Standing::Updated, known.resource_id.clone(), known.version + 1, now)
                    }
                    None => {
                        let id = ids
                            .next()
                            .ok_or(Rejection::Internal { doing: "giving a resource its id" })?;
                        (Standing::Created, id, 1, now)
                    }
                };
                match standing {
                    Standing::Created => counts.created += 1,
                    Standing::Updated => counts.updated += 1,
                    Standing::Unchanged => counts.unchanged += 1,
                }
                if standing != Standing::Unchanged {
                    delivery.versions.push(NewVersion {
                        identity,
                        resource_id: resource_id.clone(),
                        version,
                        content_hash: accepted.content_hash,
                        content: self.resource(accepted.entry).to_vec(),
                        entry: u32::try_from(accepted.entry).unwrap_or(u32::MAX),
                    });
                }
                if let Some(slot) = stored.get_mut(accepted.entry) {
                    *slot = Some((standing, resource_id, version, stored_at));
                }
            }
            // A bundle of which nothing was taken may come again, corrected, under its identifier.
            if !self.accepted.is_empty() {
                delivery.bundle_identifier.clone_from(&self.bundle_identifier);
            }
        }
        let body = self.write(&sending.message_id, now, |entry| {
            let Some(Some((standing, resource_id, version, stored_at))) = stored.get(entry) else {
                return EntryStatus::Refused;
            };
            let kind = self.verdict.entries[entry].kind.as_deref().unwrap_or_default();
            let stored = Stored { kind, resource_id, version: *version, stored_at: *stored_at };
            match standing {
                Standing::Created => EntryStatus::Created(stored),
                Standing::Updated => EntryStatus::Updated(stored),
                Standing::Unchanged => EntryStatus::Unchanged(stored),
            }
        });
        delivery.rule_set = self.verdict.rule_set.as_str();
        delivery.answer = Answer { outcome, body, counts };
        Ok(delivery)
    }

    /// Entries that are refused or fall with one; the stored ones are counted where they are found.
    fn counts(&self) -> Counts {
        let count = |wanted: fn(&Disposition) -> bool| {
            u32::try_from(self.dispositions.iter().filter(|d| wanted(d)).count())
                .unwrap_or(u32::MAX)
        };
        Counts {
            entries: count(|_| true),
            refused: count(|d| matches!(d, Disposition::Refused)),
            dependent: count(|d| {
                matches!(d, Disposition::DependsOn(_) | Disposition::AbortedBy(_))
            }),
            ..Counts::default()
        }
    }

    fn write<'a>(
        &'a self,
        message_id: &str,
        now: Timestamp,
        accepted: impl Fn(usize) -> EntryStatus<'a>,
    ) -> Vec<u8> {
        let entries: Vec<ResponseEntry<'a>> = self
            .verdict
            .entries
            .iter()
            .zip(&self.dispositions)
            .enumerate()
            .map(|(index, (entry, disposition))| ResponseEntry {
                full_url: entry.full_url.as_deref(),
                status: match disposition {
                    Disposition::Accepted => accepted(index),
                    Disposition::Refused => EntryStatus::Refused,
                    Disposition::DependsOn(on) => EntryStatus::DependsOn(*on),
                    Disposition::AbortedBy(by) => EntryStatus::AbortedBy(*by),
                },
                findings: &entry.findings,
            })
            .collect();
        write(self.verdict.rule_set, message_id, now, &self.about_message, &entries)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Created,
    Updated,
    Unchanged,
}

/// Random ids of 32 hex digits.
fn new_ids(count: usize, random: &dyn RandomSource) -> Result<Vec<String>, Rejection> {
    let mut bytes = vec![0; count * 16];
    random.fill(&mut bytes).map_err(|_| Rejection::Internal { doing: "drawing random ids" })?;
    let hex = |id: &[u8]| {
        id.iter().fold(String::with_capacity(32), |mut text, byte| {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    Ok(bytes.chunks_exact(16).map(hex).collect())
}
