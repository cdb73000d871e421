//! The audit log: who sent, read, changed, exported or erased what.
//!
//! Entries form chains, one per sender and one of the register's own acts ([`REGISTER_CHAIN`]). Each entry names
//! the digest of the one before it in its chain, and the store seals each with a key of its own, so that a changed,
//! removed or reordered entry shows. A tail that was cut off with all that refers to it shows only against something
//! kept elsewhere: heads that were written down ([`AuditHead`]) or the receipts that senders hold, which *are* the
//! entries of their chain ([`Receipt`]).

use crate::store::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use lmr_envelope::{Receipt, ReceiptDigest};
use serde::{Deserialize, Serialize};

/// The chain of the register's own acts. The other chains are named by organisation numbers.
pub const REGISTER_CHAIN: &str = "register";

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A message was taken; the entry is its receipt.
    Receive,
    /// Content was shown to somebody.
    Read,
    /// A sender's registration, or something else that the operator sets, was changed.
    Change,
    /// Content was written out.
    Export,
    /// A message was handed on at the outlet.
    HandOver,
    /// What was handed on was acknowledged.
    Acknowledge,
    /// A person's data were erased.
    Erase,
    /// Content was removed because it was kept long enough.
    Expire,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 8] = [
        Self::Receive,
        Self::Read,
        Self::Change,
        Self::Export,
        Self::HandOver,
        Self::Acknowledge,
        Self::Erase,
        Self::Expire,
    ];

    /// Its name in entries and arguments.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receive => Receipt::ACTION,
            Self::Read => "read",
            Self::Change => "change",
            Self::Export => "export",
            Self::HandOver => "hand-over",
            Self::Acknowledge => "acknowledge",
            Self::Erase => "erase",
            Self::Expire => "expire",
        }
    }

    /// The action of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// An act to be recorded in the register's own chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: Action,
    /// Who: `operator:NAME` at the command line, `client:ID` at the outlet.
    pub actor: String,
    /// On what: an organisation number, a message, a resource of the register. Never a person's number.
    pub subject: Option<String>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// What exactly, for example which command or how many.
    pub detail: Option<String>,
}

/// An act as its entry is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ActEntry {
    action: Action,
    sequence: u64,
    previous: Option<ReceiptDigest>,
    at: Timestamp,
    actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Act {
    /// The entry's text at this place of its chain.
    #[must_use]
    pub fn entry(&self, sequence: u64, previous: Option<ReceiptDigest>) -> String {
        let entry = ActEntry {
            action: self.action,
            sequence,
            previous,
            at: self.at,
            actor: self.actor.clone(),
            subject: self.subject.clone(),
            reason: self.reason.clone(),
            detail: self.detail.clone(),
        };
        // Texts, numbers and times only: there is nothing that serde_json could refuse.
        serde_json::to_string(&entry).unwrap_or_default()
    }
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// An organisation number, or [`REGISTER_CHAIN`].
    pub chain: String,
    /// Counted from 1 in its chain, without gaps.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: Action,
    /// The whole entry as JSON: what is hashed, and for a received message what is signed.
    pub text: String,
}

impl AuditEntry {
    /// The digest that the next entry names.
    #[must_use]
    pub fn digest(&self) -> ReceiptDigest {
        ReceiptDigest::of(self.text.as_bytes())
    }
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only this chain's.
    pub chain: Option<String>,
    /// Only these acts.
    pub action: Option<Action>,
    /// Only those at or after.
    pub since: Option<Timestamp>,
    /// Only those before.
    pub before: Option<Timestamp>,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

/// An entry by place and digest: the newest of a chain, written down to be held against later, or a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The chain.
    pub chain: String,
    /// The entry's number.
    pub sequence: u64,
    /// The entry's digest.
    pub digest: ReceiptDigest,
}

impl From<&Receipt> for AuditHead {
    fn from(receipt: &Receipt) -> Self {
        Self {
            chain: receipt.sender.to_string(),
            sequence: receipt.sequence,
            digest: ReceiptDigest::of(receipt.payload().as_bytes()),
        }
    }
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditFault {
    /// The entry's text, seal or columns were changed.
    Changed,
    /// The entry does not name the digest of the one before it.
    NotLinked,
    /// The entry is not there, although later ones are.
    Missing,
    /// The chain ends before this entry, which the chain's head, a message or a kept head shows to have been there.
    CutOff,
    /// A head or receipt that was kept has another digest for this entry.
    Replaced,
    /// The chain goes on after its head.
    HeadBehind,
    /// A stored message refers to this entry, which is another one.
    OtherMessage,
}

/// A fault with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditProblem {
    /// The chain.
    pub chain: String,
    /// The entry's number.
    pub sequence: u64,
    /// What is wrong.
    pub fault: AuditFault,
}

/// What verifying the whole log has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Chains read.
    pub chains: u64,
    /// Entries read.
    pub entries: u64,
    /// Stored messages that were held against their entries.
    pub messages: u64,
    /// Heads and receipts kept elsewhere that were held against the log.
    pub kept: u64,
    /// All that is wrong; empty when the log is whole.
    pub problems: Vec<AuditProblem>,
}

/// Verifies one chain, entry by entry in their order.
pub struct ChainCheck {
    chain: String,
    /// Number and digest of the last entry.
    last: Option<(u64, ReceiptDigest)>,
    problems: Vec<AuditProblem>,
}

/// The members that every entry has.
#[derive(Deserialize)]
struct Common {
    action: Action,
    sequence: u64,
    previous: Option<ReceiptDigest>,
    #[serde(alias = "receivedAt")]
    at: Timestamp,
}

impl ChainCheck {
    /// Begins with an empty chain.
    #[must_use]
    pub fn new(chain: &str) -> Self {
        Self { chain: chain.to_owned(), last: None, problems: Vec::new() }
    }

    fn found(&mut self, sequence: u64, fault: AuditFault) {
        self.problems.push(AuditProblem { chain: self.chain.clone(), sequence, fault });
    }

    /// Takes the next entry. `is_sealed`: whether its seal holds.
    pub fn next(&mut self, entry: &AuditEntry, is_sealed: bool) {
        let expected = self.last.map_or(1, |(sequence, _)| sequence + 1);
        for missing in expected..entry.sequence.min(expected + 100) {
            self.found(missing, AuditFault::Missing);
        }
        let read: Option<Common> = serde_json::from_str(&entry.text).ok();
        let agrees = read.as_ref().is_some_and(|read| {
            read.sequence == entry.sequence && read.action == entry.action && read.at == entry.at
        });
        if !is_sealed || !agrees {
            self.found(entry.sequence, AuditFault::Changed);
        } else if entry.sequence == expected
            && read.and_then(|read| read.previous) != self.last.map(|(_, digest)| digest)
        {
            self.found(entry.sequence, AuditFault::NotLinked);
        }
        self.last = Some((entry.sequence, entry.digest()));
    }

    /// Ends the chain: it must end where its head says.
    #[must_use]
    pub fn end(mut self, head: Option<&AuditHead>) -> Vec<AuditProblem> {
        let last = self.last.map_or(0, |(sequence, _)| sequence);
        match head {
            Some(head) if head.sequence > last => {
                self.found(head.sequence, AuditFault::CutOff);
            }
            Some(head) if head.sequence < last => self.found(last, AuditFault::HeadBehind),
            Some(head) if self.last.is_some_and(|(_, digest)| digest != head.digest) => {
                self.found(last, AuditFault::Changed);
            }
            None if last > 0 => self.found(last, AuditFault::HeadBehind),
            _ => {}
        }
        self.problems
    }
}

/// The register's audit log. Entries are only ever added.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Adds an act to the register's chain, durably.
    async fn record(&self, act: Act) -> Result<AuditEntry, StoreError>;

    /// Entries, newest first.
    async fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError>;

    /// The newest entry of every chain, by name.
    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError>;

    /// Reads the whole log and holds it against itself, against the stored messages, and against what was `kept`
    /// elsewhere.
    async fn verify_audit(&self, kept: &[AuditHead]) -> Result<AuditReport, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: u64) -> Vec<AuditEntry> {
        let mut made: Vec<AuditEntry> = Vec::new();
        for sequence in 1..=count {
            let act = Act {
                at: Timestamp::from_second(1_750_000_000 + i64::try_from(sequence).unwrap_or(0))
                    .unwrap_or_default(),
                action: Action::Export,
                actor: "operator:kari".to_owned(),
                subject: None,
                reason: Some("fordi".to_owned()),
                detail: None,
            };
            made.push(AuditEntry {
                chain: REGISTER_CHAIN.to_owned(),
                sequence,
                at: act.at,
                action: act.action,
                text: act.entry(sequence, made.last().map(AuditEntry::digest)),
            });
        }
        made
    }

    fn faults(entries: &[AuditEntry], head: &AuditEntry) -> Vec<(u64, AuditFault)> {
        let mut check = ChainCheck::new(REGISTER_CHAIN);
        entries.iter().for_each(|entry| check.next(entry, true));
        let head = AuditHead {
            chain: REGISTER_CHAIN.to_owned(),
            sequence: head.sequence,
            digest: head.digest(),
        };
        check.end(Some(&head)).into_iter().map(|p| (p.sequence, p.fault)).collect()
    }

    #[test]
    fn a_whole_chain_has_no_fault_and_every_change_has_one() {
        let whole = entries(5);
        assert_eq!(faults(&whole, &whole[4]), []);
        let mut changed = whole.clone();
        changed[2].text = changed[2].text.replace("fordi", "derfor");
        // Without the seal the change shows at the next entry.
        assert_eq!(faults(&changed, &whole[4]), [(4, AuditFault::NotLinked)]);
        let mut removed = whole.clone();
        removed.remove(2);
        assert_eq!(faults(&removed, &whole[4]), [(3, AuditFault::Missing)]);
        let mut swapped = whole.clone();
        (swapped[1].text, swapped[2].text) = (swapped[2].text.clone(), swapped[1].text.clone());
        assert_eq!(faults(&swapped, &whole[4])[0], (2, AuditFault::Changed));
        assert_eq!(faults(&whole[..3], &whole[4]), [(5, AuditFault::CutOff)]);
        assert_eq!(faults(&[], &whole[4]), [(5, AuditFault::CutOff)]);
        assert_eq!(faults(&whole, &whole[2]), [(5, AuditFault::HeadBehind)]);
    }

    #[test]
    fn actions_are_read_as_they_are_written() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(action));
            let json = serde_json::to_string(&action).unwrap_or_default();
            assert_eq!(json, format!("\"{}\"", action.as_str()));
        }
        assert_eq!(Action::parse("x"), None);
    }
}
