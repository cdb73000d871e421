//! The answer to a message whose bundle could be read.

use crate::store::CodeCount;
use serde::{Deserialize, Serialize};

/// What the answer to a readable bundle says as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Taken: every entry that could be stored is (or, for a check, could be).
    Accepted,
    /// A transaction with a refused entry: nothing was stored.
    Refused,
}

impl Outcome {
    /// Its name in rows, receipts and answers of the operator's commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }

    /// The outcome of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Accepted, Self::Refused].into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// How the entries of a bundle fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Entries in all.
    pub entries: u32,
    /// Stored, not known before.
    pub created: u32,
    /// Stored as a new version.
    pub updated: u32,
    /// Identical to what is stored.
    pub unchanged: u32,
    /// Broke a rule.
    pub refused: u32,
    /// Correct, but not stored because of a refused entry.
    pub dependent: u32,
}

impl Counts {
    /// Entries that were taken: stored, or identical to what is stored.
    #[must_use]
    pub fn taken(&self) -> u64 {
        [self.created, self.updated, self.unchanged].map(u64::from).iter().sum()
    }

    /// Whether the message counts as a delivery: something of it was taken. One of which nothing was, be it a refused
    /// transaction or a batch with each entry refused, is none, in every figure that speaks of deliveries: when a sender
    /// delivered last, on which days, and which time its reporting periods cover.
    #[must_use]
    pub fn is_delivery(&self) -> bool {
        self.taken() > 0
    }
}

/// The answer to a message, kept so that a resend gets the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether the bundle was taken.
    pub outcome: Outcome,
    /// FHIR JSON: LegemiddelregisterBundleResponse, or an OperationOutcome for a bare bundle.
    pub body: Vec<u8>,
    /// How the entries fared.
    pub counts: Counts,
}

/// An answer with the message it belongs to.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// What goes back.
    pub answer: Answer,
    /// The sender's id of the message; `None` for a bare bundle.
    pub message_id: Option<String>,
    /// Whether this is the first answer given again.
    pub repeated: bool,
    /// Whether a resend gets this answer again. Not so for a large answer to a message of which nothing was taken.
    pub is_kept: bool,
    /// How many entries were refused with which code; empty where the answer is given again.
    pub codes: Vec<CodeCount>,
    /// The signed receipt of a message that is stored.
    pub receipt: Option<String>,
}

impl Reply {
    pub(crate) fn first(answer: Answer, message_id: Option<String>) -> Self {
        Self {
            answer,
            message_id,
            repeated: false,
            is_kept: true,
            codes: Vec::new(),
            receipt: None,
        }
    }
}
