//! What a run did, for people and programs.

use jiff::Timestamp;
use lmr_lmdi::LinkCounts;
use serde::Serialize;

use crate::attempt::AttemptFailure;
use crate::index::Index;
use crate::outbox::{Forgotten, LostAnnulment};
use crate::plan::Plan;
use crate::progress::State;
use crate::source::{
    DoubtfulNumbers, FileError, PassedOver, PassedOverKind, SourceIssue, SourceLocation,
};

pub use crate::index::{AdviceCount, Duplicate, IdentifierAdvice};

/// What a run was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// A transfer of everything new or changed.
    Planned,
    /// New attempts that were due.
    Retry,
    /// The annulment of one resource.
    Annulment,
}

impl RunKind {
    /// Its name in the outbox.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Retry => "retry",
            Self::Annulment => "annulment",
        }
    }
}

/// Why a source gave nothing that could be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SourceFailure {
    /// Not a single resource, and the source is not declared incremental.
    Empty,
    /// One of several sources has not a single resource, and is not declared incremental.
    EmptyOf {
        /// The source's name.
        name: String,
    },
    /// It has not a single resource yet, since its files are still being written.
    BeingWritten {
        /// The source's name.
        name: String,
    },
    /// It has not a single resource that can be used; what is wrong is said of each part.
    NothingUsable {
        /// The source's name.
        name: String,
        /// How many rows and files cannot be used.
        count: usize,
    },
    /// It cannot be read at all.
    Unavailable {
        /// The source's name.
        name: String,
        /// Why.
        reason: FileError,
    },
}

/// A resource type in the source that the guide does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForeignType {
    /// The name as it is in the source.
    pub resource_type: String,
    /// How many resources.
    pub count: usize,
    /// The first of them.
    pub example: SourceLocation,
    /// FHIR has this type; else it is most likely misspelt.
    pub is_fhir_type: bool,
    /// The type that may be meant.
    pub suggestion: Option<&'static str>,
}

/// What making one message adds to a report.
#[derive(Debug, Default)]
pub(crate) struct MessageCounts {
    pub(crate) new: usize,
    pub(crate) changed: usize,
    pub(crate) dependencies: usize,
    pub(crate) held_now: usize,
    pub(crate) waiting: usize,
    pub(crate) source_issues: Vec<SourceIssue>,
}

/// What became of one message in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentMessage {
    /// `messageId`.
    pub message_id: String,
    /// Its state after the attempt.
    pub state: State,
    /// Resources in it.
    pub entries: usize,
    /// Newly stored versions.
    pub stored: usize,
    /// The register had them already.
    pub unchanged: usize,
    /// Refused for what is wrong with them.
    pub refused: usize,
    /// Refused only because they lie ahead by the register's clock.
    pub not_yet: usize,
    /// Correct, but not stored because of another one.
    pub not_stored: usize,
    /// Correct, but the register could not check or store them.
    pub failed: usize,
    /// How many of its administrations the register can link to a patient and a prescriber, where the
    /// answer says so.
    pub links: Option<LinkCounts>,
    /// When it is tried next.
    pub next_attempt: Option<Timestamp>,
    /// Why it was not delivered.
    pub failure: Option<AttemptFailure>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What it was for.
    pub kind: RunKind,
    /// Why the source gave nothing that could be sent.
    pub source_failure: Option<SourceFailure>,
    /// What ended the run early, in English: the same text as on standard error.
    pub error: Option<String>,
    /// Records that the register had confirmed before the run.
    pub known: usize,
    /// Of these: not in the source any more. Counted only where the source is complete.
    pub missing: usize,
    /// Administrations and requests that have vanished from the source and are not annulled.
    pub vanished: u64,
    /// Of these: in whose place the source has another record, with a corrected identifier.
    pub replaced: u64,
    /// Records in whose place the source has others that are not listed for it: they are most of what the register has, so
    /// the source is most likely another one than before.
    pub of_another_source: u64,
    /// Administrations that the register has, where a complete source has not a single one any more: most likely the file
    /// or the query of their own gave nothing, beside others that did.
    pub lost_administrations: u64,
    /// Of these: missed for the first time.
    pub vanished_now: u64,
    /// Records are missing, and whether they have vanished nobody knows: the source was not read whole.
    pub vanished_unknown: bool,
    /// Held resources that were let go to be checked again: the clock, the rules or the configuration.
    pub reexamined: u64,
    /// What the register had confirmed and has no more: it was restored from a backup. It is sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_at_register: Option<LostAtRegister>,
    /// Messages of this organisation that the register has after the last that this ledger knows: the ledger was restored
    /// from a backup, or another sender delivers for the organisation.
    pub unknown_messages: u64,
    /// Records that the register may have lost and that are not sent again yet: a source that gives changes, or whose files
    /// were put away, has not given them again.
    pub forgotten: u64,
    /// Annulments that the register may have lost, or has not stored, and that could not be sent again: they wait for a person.
    pub lost_annulments: Vec<LostAnnulment>,
    /// Copies of messages that could not be read when a repaired ledger looked for its annulments in them: what they
    /// annulled may go out as given.
    pub unreadable_copies: u64,
    /// Receipts of the register's that do not hold for what was sent and answered, or cannot be verified.
    pub doubtful_receipts: u64,
    /// Messages that were given up and whose content is in no other yet: only a planned transfer reads the source and makes
    /// new ones, so in its report there are none.
    pub given_up: u64,
    /// Resource types that the guide does not take.
    pub foreign_types: Vec<ForeignType>,
    /// How administrations are identified, where that will not do for corrections.
    pub identifier_advice: Vec<AdviceCount>,
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
    pub source_issues: Vec<SourceIssue>,
    /// Numbers of tables that were read and may mean something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubtful_numbers: Vec<DoubtfulNumbers>,
    /// Folders that are empty and were made again, or are mounted in another way, since something was in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub made_again: Vec<String>,
    /// Files that were not read, by the reason.
    pub passed_over: Vec<PassedOver>,
    /// Resources that are in the source more than once, with different content.
    pub duplicates: Vec<Duplicate>,
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
    /// Resources that an operator has discarded, and those that refer to one.
    pub discarded: usize,
    /// Resources that wait for the answer to another version under way.
    pub deferred: usize,
    /// Resources from before the agreed start date.
    pub too_early: usize,
    /// Resources nothing that is sent refers to.
    pub unused: usize,
    /// The messages tried in this run, in order.
    pub messages: Vec<SentMessage>,
    /// How far the clock here is ahead of the register's, by its last answer, or of the issuer's where it refused a
    /// token; negative where it is behind.
    pub clock_ahead_seconds: Option<i64>,
    /// The process was asked to stop before everything was done.
    pub stopped_early: bool,
    /// Why the run was stopped for a person to look at.
    pub stop: Option<AttemptFailure>,
    /// Resources held after the run.
    pub held: u64,
    /// Resources that only the register's clock keeps back: the check here has found them in order. Each transfer
    /// tries them again.
    pub not_yet: u64,
    /// Correct resources that the register could not store, in no message and not held: the next transfer sends them
    /// again.
    pub not_stored: u64,
    /// Messages still without an answer after the run.
    pub open_messages: u64,
    /// When the next attempt is due.
    pub next_attempt: Option<Timestamp>,
}

/// How a run is to be taken, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// A person must change something: access, certificate, configuration.
    Stopped,
    /// The source is empty, cannot be read, or has lost more than half of what it had.
    SourceFailed,
    /// Something is not delivered yet and will be tried again.
    Undelivered,
    /// Something must be corrected at the source.
    ToCorrect,
    /// Nothing left to do.
    Clean,
}

impl RunStatus {
    /// The process's exit status: 0 clean, 1 to correct, 3 undelivered, 4 stopped, 5 the source failed (2
    /// is for wrong arguments and configuration).
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::ToCorrect => 1,
            Self::Undelivered => 3,
            Self::Stopped => 4,
            Self::SourceFailed => 5,
        }
    }
}

/// What a register had confirmed and has no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LostAtRegister {
    /// Messages.
    pub messages: u64,
    /// When the first of them was confirmed.
    pub since: Timestamp,
    /// What is sent again because of it.
    #[serde(flatten)]
    pub forgotten: Forgotten,
}

impl LostAtRegister {
    /// What was lost in both.
    pub(crate) fn both(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let (Some(a), Some(b)) = (one, other) else { return one.or(other) };
        Some(Self {
            messages: a.messages + b.messages,
            since: a.since.min(b.since),
            forgotten: Forgotten {
                records: a.forgotten.records + b.forgotten.records,
                annulments: a.forgotten.annulments + b.forgotten.annulments,
            },
        })
    }
}

impl Report {
    /// The report of a run that begins: nothing was done yet.
    #[must_use]
    pub fn new(kind: RunKind, now: Timestamp) -> Self {
        Self {
            kind,
            source_failure: None,
            error: None,
            known: 0,
            missing: 0,
            vanished: 0,
            replaced: 0,
            of_another_source: 0,
            lost_administrations: 0,
            vanished_now: 0,
            vanished_unknown: false,
            reexamined: 0,
            lost_at_register: None,
            unknown_messages: 0,
            forgotten: 0,
            lost_annulments: Vec::new(),
            unreadable_copies: 0,
            doubtful_receipts: 0,
            given_up: 0,
            foreign_types: Vec::new(),
            identifier_advice: Vec::new(),
            started_at: now,
            ended_at: now,
            interrupted: 0,
            files: 0,
            resources: 0,
            source_issues: Vec::new(),
            doubtful_numbers: Vec::new(),
            made_again: Vec::new(),
            passed_over: Vec::new(),
            duplicates: Vec::new(),
            new: 0,
            changed: 0,
            dependencies: 0,
            held_before: 0,
            held_now: 0,
            waiting: 0,
            discarded: 0,
            deferred: 0,
            too_early: 0,
            unused: 0,
            messages: Vec::new(),
            clock_ahead_seconds: None,
            stopped_early: false,
            stop: None,
            held: 0,
            not_yet: 0,
            not_stored: 0,
            open_messages: 0,
            next_attempt: None,
        }
    }

    /// Whether it is that of a planned transfer that has read the source and made messages of all that was to be sent.
    pub(crate) fn has_come_to_its_end(&self) -> bool {
        self.kind == RunKind::Planned
            && !self.stopped_early
            && self.stop.is_none()
            && self.error.is_none()
            && self.source_failure.is_none()
    }

    /// Whether the source was read: a run that was stopped before that says nothing of it.
    #[must_use]
    pub fn was_read(&self) -> bool {
        let has_ended_early = self.stop.is_some() || self.error.is_some() || self.stopped_early;
        let found = (self.files + self.resources) as u64;
        was_read(has_ended_early, self.source_failure.is_some(), found)
    }

    /// Takes over what the source holds.
    pub(crate) fn count_source(&mut self, index: &Index) {
        self.files = index.scanned.files;
        self.resources = index.scanned.resources;
        self.source_issues.clone_from(&index.scanned.issues);
        self.passed_over.clone_from(&index.scanned.passed_over);
        self.doubtful_numbers.clone_from(&index.scanned.doubtful_numbers);
        self.duplicates.clone_from(&index.duplicates);
        self.identifier_advice.clone_from(&index.advice);
    }

    /// Takes over why resources are not in any message.
    pub(crate) fn count_plan(&mut self, plan: &Plan) {
        self.held_before = plan.held.len();
        self.waiting = plan.waiting.len();
        self.discarded = plan.discarded.len();
        self.deferred = plan.deferred.len();
        self.too_early = plan.too_early.len();
        self.unused = plan.unused.len();
    }

    /// Whether a complete source has lost more than half of what the register has, or all administrations: most likely an export that failed,
    /// and then nothing counts as vanished. The run's status goes by this too: what is not noted is not done.
    #[must_use]
    pub fn has_lost_most(&self) -> bool {
        has_lost_most(self.missing as u64, self.known as u64, self.lost_administrations)
    }

    pub(crate) fn add(&mut self, counts: MessageCounts) {
        self.new += counts.new;
        self.changed += counts.changed;
        self.dependencies += counts.dependencies;
        self.held_now += counts.held_now;
        self.waiting += counts.waiting;
        self.source_issues.extend(counts.source_issues);
    }

    /// Nothing was read, though files are there whose names are not those of data: an export that has changed its names
    /// would look like a day without news otherwise.
    #[must_use]
    pub fn has_read_nothing_there(&self) -> bool {
        has_read_nothing_there(
            self.resources as u64,
            self.passed_over.iter().map(|over| &over.kind),
        )
    }

    /// Whether a part of the source is still being written and goes with the next transfer.
    #[must_use]
    pub fn waits_for_writers(&self) -> bool {
        self.passed_over.iter().any(|over| over.kind == PassedOverKind::Unfinished)
    }

    /// How the run is to be taken.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        let misspelt = self.foreign_types.iter().any(|foreign| !foreign.is_fhir_type);
        // An error of the source has its own status; any other is for a person.
        let broke_off = self.error.is_some() && self.source_failure.is_none();
        let needs_a_person = self.stop.as_ref().is_some_and(|stop| !stop.passes_by_itself());
        if needs_a_person || broke_off {
            RunStatus::Stopped
        } else if self.source_failure.is_some() || self.has_lost_most() {
            RunStatus::SourceFailed
        } else if self.stop.is_some()
            || self.open_messages > 0
            || self.not_yet > 0
            || self.not_stored > 0
            || self.forgotten > 0
            || self.stopped_early
            || self.given_up > 0
        {
            RunStatus::Undelivered
        } else if self.held > 0
            || !self.source_issues.is_empty()
            || self.of_another_source > 0
            || misspelt
            || self.has_read_nothing_there()
            || !self.lost_annulments.is_empty()
            || self.unreadable_copies + self.doubtful_receipts > 0
        {
            RunStatus::ToCorrect
        } else {
            RunStatus::Clean
        }
    }
}

/// Whether a source was read, by how the run ended and how many files and resources it counts.
pub(crate) fn was_read(has_ended_early: bool, has_failed: bool, found: u64) -> bool {
    !has_ended_early || has_failed || found > 0
}

/// Whether no resource was read and something that was passed over may be data.
pub(crate) fn has_read_nothing_there<'k>(
    resources: u64,
    mut passed_over: impl Iterator<Item = &'k PassedOverKind>,
) -> bool {
    resources == 0 && passed_over.any(PassedOverKind::may_be_data)
}

/// Whether `missing` of `known` records are more than half, or administrations are lost altogether.
#[must_use]
pub fn has_lost_most(missing: u64, known: u64, lost_administrations: u64) -> bool {
    missing * 2 > known || lost_administrations > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceIssueKind;
    use proptest::prelude::*;

    /// Whether a report tells of something that is not done and must not look clean. Every field is named, so
    /// that a new one does not compile until it has its place here.
    fn is_undone(report: &Report) -> bool {
        let Report {
            // What must be done again, by somebody or by itself.
            source_failure,
            known,
            missing,
            foreign_types,
            source_issues,
            stopped_early,
            stop,
            held,
            not_yet,
            not_stored,
            open_messages,
            lost_annulments,
            unreadable_copies,
            doubtful_receipts,
            given_up,
            forgotten,
            resources,
            passed_over,
            // Sent again by the run itself.
            lost_at_register: _,
            // Each is named in the report's text, and asks for nothing.
            made_again: _,
            doubtful_numbers: _,
            unknown_messages: _,
            duplicates: _,
            vanished: _,
            replaced: _,
            of_another_source,
            lost_administrations,
            vanished_now: _,
            vanished_unknown: _,
            identifier_advice: _,
            too_early: _,
            unused: _,
            // An operator has decided so.
            discarded: _,
            // Follows from `held` and `open_messages`.
            held_before: _,
            held_now: _,
            waiting: _,
            deferred: _,
            next_attempt: _,
            messages: _,
            // Hooks and doctor report it; messages go while the register takes them.
            clock_ahead_seconds: _,
            error,
            // Counts and times of what was done.
            kind: _,
            reexamined: _,
            started_at: _,
            ended_at: _,
            interrupted: _,
            files: _,
            new: _,
            changed: _,
            dependencies: _,
        } = report;
        !lost_annulments.is_empty()
            || unreadable_copies + doubtful_receipts > 0
            || *forgotten > 0
            || source_failure.is_some()
            || missing * 2 > *known
            || *lost_administrations > 0
            || foreign_types.iter().any(|foreign| !foreign.is_fhir_type)
            || (*resources == 0
                && passed_over
                    .iter()
                    .any(|over| matches!(over.kind, PassedOverKind::Ending { .. })))
            || !source_issues.is_empty()
            || *of_another_source > 0
            || *stopped_early
            || error.is_some()
            || stop.is_some()
            || *held > 0
            || *not_yet > 0
            || *not_stored > 0
            || *open_messages > 0
            || *given_up > 0
    }

    fn issue() -> SourceIssue {
        SourceIssue {
            file: "a.json".to_owned(),
            line: Some(1),
            issue: SourceIssueKind::NotAResource,
        }
    }

    proptest! {
        /// Whatever a run leaves undone gives another exit status than 0, and the worst of it decides.
        #[test]
        fn nothing_undone_looks_clean(
            flags in proptest::array::uniform7(any::<bool>()), known in 0_usize..9, missing in 0_usize..9,
            held in 0_u64..2, open_messages in 0_u64..2, not_stored in 0_u64..2, lost in 0_usize..2,
            forgotten in 0_u64..2, others in 0_u64..2, copies in 0_u64..2, receipts in 0_u64..2, resources in 0_usize..2,
        ) {
            let mut report = Report::new(RunKind::Planned, Timestamp::UNIX_EPOCH);
            let [failed, issues, early, stopped, broke_off, gave_up, unread] = flags;
            let ending = PassedOverKind::Ending { ending: ".csv".to_owned() };
            let over = PassedOver { kind: ending, count: 1, example: "a.csv".to_owned() };
            report.passed_over = if unread { vec![over] } else { Vec::new() };
            report.resources = resources;
            report.given_up = u64::from(gave_up);
            report.error = broke_off.then(|| "the disk is full".to_owned());
            report.source_failure = failed.then_some(SourceFailure::Empty);
            report.source_issues = if issues { vec![issue()] } else { Vec::new() };
            report.stopped_early = early;
            report.stop = stopped.then_some(AttemptFailure::GivenUp);
            (report.known, report.missing) = (known, missing);
            (report.held, report.open_messages) = (held, open_messages);
            report.of_another_source = others;
            (report.not_stored, report.forgotten) = (not_stored, forgotten);
            (report.unreadable_copies, report.doubtful_receipts) = (copies, receipts);
            let annulment = LostAnnulment {
                resource_type: "MedicationRequest".to_owned(),
                resource_id: None,
                source_key: None,
            };
            report.lost_annulments = vec![annulment; lost];
            let status = report.status();
            prop_assert_eq!(status == RunStatus::Clean, !is_undone(&report), "{:?}", report);
            if stopped || (broke_off && !failed) {
                prop_assert_eq!(status, RunStatus::Stopped);
            }
            let reason = Box::new(AttemptFailure::NoAnswerInTime);
            let (before, now) = (String::new(), String::new());
            report.stop = Some(AttemptFailure::NewAddressUnreached { before, now, reason });
            let least_bad = RunStatus::Undelivered;
            prop_assert!(report.status() <= least_bad, "worst first: {:?}", report.status());
            if !failed && !broke_off && !report.has_lost_most() {
                prop_assert_eq!(report.status(), least_bad);
            }
        }
    }

    #[test]
    fn every_status_has_an_exit_status_of_its_own() {
        let all = [
            RunStatus::Stopped,
            RunStatus::SourceFailed,
            RunStatus::Undelivered,
            RunStatus::ToCorrect,
            RunStatus::Clean,
        ];
        let codes: std::collections::BTreeSet<u8> = all.iter().map(|s| s.exit_code()).collect();
        assert_eq!(codes.len(), all.len());
        // 2 is for arguments and configuration.
        assert!(!codes.contains(&2));
        assert!(
            all.iter().all(|status| (status.exit_code() == 0) == (*status == RunStatus::Clean))
        );
    }
}
