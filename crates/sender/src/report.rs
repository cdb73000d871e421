//! What a run did, for people and programs.

use jiff::Timestamp;
use serde::Serialize;

use crate::delivery::State;
use crate::index::Doubled;
use crate::source::Damage;

/// What became of one message in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentMessage {
    /// `messageId`.
    pub message_id: String,
    /// Where it stands now.
    pub state: State,
    /// Resources in it.
    pub entries: usize,
    /// Newly stored versions.
    pub stored: usize,
    /// The register had them already.
    pub unchanged: usize,
    /// Refused for a fault of their own.
    pub refused: usize,
    /// Correct, but not stored because of another one.
    pub not_stored: usize,
    /// When it is tried next.
    pub next_attempt: Option<Timestamp>,
    /// More, if there is more to say.
    pub detail: String,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `planned` or `retry`.
    pub kind: &'static str,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Attempts that an earlier process left unfinished.
    pub interrupted: usize,
    /// Files read.
    pub files: usize,
    /// Resources read.
    pub resources: usize,
    /// Parts of the source that could not be used.
    pub damage: Vec<Damage>,
    /// Resources that stand in the source twice.
    pub doubled: Vec<Doubled>,
    /// Entries the register had never confirmed.
    pub new: usize,
    /// Entries of which the register had another version.
    pub changed: usize,
    /// Entries sent along because others refer to them.
    pub dependencies: usize,
    /// Resources that were held already and have not changed.
    pub held_before: usize,
    /// Resources the check has held back in this run.
    pub held_now: usize,
    /// Correct resources that wait because they refer to a held one.
    pub waiting: usize,
    /// Resources that wait for the answer to another version under way.
    pub deferred: usize,
    /// Resources from before the agreed start date.
    pub too_early: usize,
    /// Resources nothing that is sent refers to.
    pub unused: usize,
    /// The messages tried in this run, in order.
    pub messages: Vec<SentMessage>,
    /// Why the run was stopped for a person to look at.
    pub stop: Option<String>,
    /// Resources held after the run.
    pub held: u64,
    /// Messages still without an answer after the run.
    pub open_messages: u64,
    /// When the next attempt is due.
    pub next_attempt: Option<Timestamp>,
}

/// How a run is to be taken, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A person must change something: access, certificate, configuration.
    Stopped,
    /// Something is not delivered yet and will be tried again.
    Undelivered,
    /// Something must be corrected at the source.
    ToCorrect,
    /// Nothing left to do.
    Clean,
}

impl Verdict {
    /// The process's exit code: 0, 1 to correct, 3 undelivered, 4 stopped (2 is for wrong arguments).
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::ToCorrect => 1,
            Self::Undelivered => 3,
            Self::Stopped => 4,
        }
    }
}

impl Report {
    pub(crate) fn new(kind: &'static str, now: Timestamp) -> Self {
        Self {
            kind,
            started_at: now,
            ended_at: now,
            interrupted: 0,
            files: 0,
            resources: 0,
            damage: Vec::new(),
            doubled: Vec::new(),
            new: 0,
            changed: 0,
            dependencies: 0,
            held_before: 0,
            held_now: 0,
            waiting: 0,
            deferred: 0,
            too_early: 0,
            unused: 0,
            messages: Vec::new(),
            stop: None,
            held: 0,
            open_messages: 0,
            next_attempt: None,
        }
    }

    /// How the run is to be taken.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.stop.is_some() {
            Verdict::Stopped
        } else if self.open_messages > 0 {
            Verdict::Undelivered
        } else if self.held > 0 || !self.damage.is_empty() {
            Verdict::ToCorrect
        } else {
            Verdict::Clean
        }
    }
}
