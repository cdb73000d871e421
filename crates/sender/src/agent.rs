//! One run: settle what is open, find what is new, check, seal, send, book.

mod maker;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lmr_auth::Clock;
use lmr_envelope::{RandomSource, RandomnessUnavailable, SealError};
use lmr_lmdi::RuleSetId;

use crate::answer;
use crate::clinical::start_of;
use crate::delivery::Ending;
use crate::identity::{Hash, HashKey};
use crate::index::Index;
use crate::outbox::{Closed, HeldIssue, ItemEnd, Outbox, OutboxError};
use crate::plan::{self, BundleLimits};
use crate::report::{Report, SentMessage};
use crate::schedule::RetrySchedule;
use crate::source::{Reader, SourceLimits};
use crate::transport::Transport;
use maker::Maker;

/// What the sender must know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The source folder.
    pub folder: PathBuf,
    /// Base addresses of the source's own FHIR server.
    pub own_addresses: Vec<String>,
    /// Bounds on reading.
    pub source_limits: SourceLimits,
    /// The agreed start date.
    pub start: Date,
    /// The state of the guide that the bundles follow.
    pub rule_set: RuleSetId,
    /// Bounds of one bundle.
    pub bundle_limits: BundleLimits,
    /// New attempts.
    pub retry: RetrySchedule,
    /// A file that only one run at a time can lock.
    pub lock: PathBuf,
    /// The sending organisation, so that an outbox is not used for another one.
    pub organisation: String,
}

/// The check before sending: the rule set of the receiver.
pub trait Checker: Send + Sync {
    /// What is wrong with a bundle; only what refuses, no warnings.
    ///
    /// # Errors
    /// When the check itself could not be made.
    fn check(
        &self,
        bundle: &str,
        context: &CheckContext,
    ) -> Result<Vec<CheckFault>, CheckImpossible>;
}

/// What a check needs besides the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckContext {
    /// Time of the check.
    pub now: Timestamp,
    /// Start of the reporting period.
    pub from: Timestamp,
    /// End of the reporting period.
    pub to: Timestamp,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFault {
    /// Position of the entry; `None` for the bundle as a whole.
    pub entry: Option<usize>,
    /// What is wrong.
    pub issue: HeldIssue,
}

/// The check could not be made: this installation's matter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the check before sending could not be made: {reason}")]
pub struct CheckImpossible {
    /// Why.
    pub reason: String,
}

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
}

/// Why a run came to nothing, or no further.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// Another run has the lock.
    #[error("another run is under way (lock {0})")]
    Busy(PathBuf),
    /// The lock file cannot be used.
    #[error("the lock file {path}: {source}")]
    Lock {
        /// Which file.
        path: PathBuf,
        /// The file system's reason.
        source: std::io::Error,
    },
    /// The source folder cannot be read at all.
    #[error("the source folder {path}: {source}")]
    Source {
        /// Which folder.
        path: PathBuf,
        /// The file system's reason.
        source: std::io::Error,
    },
    /// The outbox.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// Certificates or keys.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The check.
    #[error(transparent)]
    Check(#[from] CheckImpossible),
    /// A fault of this program.
    #[error("a fault of this program: {0}")]
    Internal(&'static str),
}

/// The sender. One run at a time.
pub struct Agent {
    settings: Settings,
    key: HashKey,
    outbox: Outbox,
    checker: Arc<dyn Checker>,
    sealer: Arc<dyn Sealer>,
    transport: Arc<dyn Transport>,
    clock: Clock,
    random: Arc<dyn RandomSource>,
}

/// What an agent is made of.
pub struct Parts {
    /// Settings.
    pub settings: Settings,
    /// Key for identities and contents in the outbox.
    pub key: HashKey,
    /// The outbox.
    pub outbox: Outbox,
    /// The check.
    pub checker: Arc<dyn Checker>,
    /// The seal.
    pub sealer: Arc<dyn Sealer>,
    /// The way to the register.
    pub transport: Arc<dyn Transport>,
    /// The time.
    pub clock: Clock,
    /// Random bytes for message ids.
    pub random: Arc<dyn RandomSource>,
}

/// Two communication errors in a row, and the rest of the run is not tried.
const PATIENCE: u32 = 2;
/// How long the resources of settled messages are remembered.
const MEMORY: SignedDuration = SignedDuration::from_hours(24 * 90);

impl Agent {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`OutboxError::Foreign`] when the outbox was made with another key or for another organisation.
    pub async fn new(parts: Parts) -> Result<Self, SenderError> {
        let Parts { settings, key, outbox, checker, sealer, transport, clock, random } = parts;
        let mark: String =
            key.hash("check", &[]).0.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        for (name, value, what) in [
            ("key", mark.as_str(), "hash key"),
            ("organisation", &settings.organisation, "organisation"),
        ] {
            match outbox.setting(name).await? {
                None => outbox.set(name, value).await?,
                Some(kept) if kept == value => {}
                Some(_) => return Err(OutboxError::Foreign(what).into()),
            }
        }
        Ok(Self { settings, key, outbox, checker, sealer, transport, clock, random })
    }

    /// The outbox, for looking at.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// One planned transfer: what is open is settled first, then everything new or changed is sent.
    ///
    /// # Errors
    /// [`SenderError`]; whatever was done before it is kept, and the next run goes on from there.
    pub async fn run(&self) -> Result<Report, SenderError> {
        let _lock = self.lock()?;
        let mut run = self.begin("planned").await?;
        self.outbox.new_round(self.now()).await?;
        self.send_due(&mut run).await?;
        self.send_new(&mut run).await?;
        // Halves the size each time, down to what cannot be parted, which is held.
        while std::mem::take(&mut run.too_large) && run.stop.is_none() && !run.paused {
            self.send_new(&mut run).await?;
        }
        if run.stop.is_none() && run.unanswered == 0 && self.outbox.open_messages().await? == 0 {
            self.outbox.set("last-success", &run.report.started_at.to_string()).await?;
        }
        self.outbox.prune(self.now().saturating_sub(MEMORY).unwrap_or(Timestamp::MIN)).await?;
        self.end(run).await
    }

    /// New attempts that are due, and nothing else.
    ///
    /// # Errors
    /// [`SenderError`].
    pub async fn retry_due(&self) -> Result<Report, SenderError> {
        let _lock = self.lock()?;
        let mut run = self.begin("retry").await?;
        self.send_due(&mut run).await?;
        self.end(run).await
    }

    fn lock(&self) -> Result<File, SenderError> {
        let path = &self.settings.lock;
        let fault = |source| SenderError::Lock { path: path.clone(), source };
        let file =
            File::options().create(true).truncate(false).write(true).open(path).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => Err(SenderError::Busy(path.clone())),
            Err(std::fs::TryLockError::Error(source)) => Err(fault(source)),
        }
    }

    async fn begin(&self, kind: &'static str) -> Result<Run, SenderError> {
        let now = self.now();
        let interrupted = self.outbox.recover(now).await?;
        let number = self.outbox.begin_run(kind, now).await?;
        let mut report = Report::new(kind, now);
        report.interrupted = interrupted;
        Ok(Run {
            number,
            report,
            unanswered: 0,
            paused: false,
            too_large: false,
            stop: None,
            faulty: HashSet::new(),
        })
    }

    async fn end(&self, run: Run) -> Result<Report, SenderError> {
        let now = self.now();
        let mut report = run.report;
        report.ended_at = now;
        report.stop = run.stop;
        report.open_messages = self.outbox.open_messages().await?;
        report.next_attempt = self.outbox.next_attempt().await?;
        report.held = self.outbox.held_count().await?;
        let text = serde_json::to_string(&report)
            .map_err(|_| SenderError::Internal("a report is not JSON"))?;
        self.outbox.end_run(run.number, &text, now).await?;
        Ok(report)
    }

    async fn send_due(&self, run: &mut Run) -> Result<(), SenderError> {
        for due in self.outbox.due(self.now()).await? {
            if run.stop.is_some() || run.paused {
                break;
            }
            self.send(due.seq, due.message_id, run).await?;
        }
        Ok(())
    }

    /// One attempt with one message.
    async fn send(&self, seq: i64, message_id: String, run: &mut Run) -> Result<(), SenderError> {
        let Some((sealed, entries)) = self.outbox.start(seq, self.now()).await? else {
            return Ok(());
        };
        let delivery = self.transport.post(sealed).await;
        let now = self.now();
        let reading = answer::read(delivery, &message_id, entries, now);
        let closed = Closed {
            ending: &reading.ending,
            items: &reading.items,
            issues: &reading.issues,
            http_status: reading.http_status,
            detail: &reading.detail,
        };
        let progress = self.outbox.finish(seq, &closed, now, &self.settings.retry).await?;
        tracing::info!(message.id = %message_id, state = progress.state.as_str(), "attempt ended");
        let count =
            |wanted: fn(&ItemEnd) -> bool| reading.items.iter().filter(|end| wanted(end)).count();
        run.report.messages.push(SentMessage {
            message_id,
            state: progress.state,
            entries,
            stored: count(|end| *end == ItemEnd::Stored),
            unchanged: count(|end| *end == ItemEnd::Unchanged),
            refused: count(|end| matches!(end, ItemEnd::Refused(_))),
            not_stored: count(|end| *end == ItemEnd::NotStored),
            next_attempt: progress.next_attempt,
            detail: reading.detail.clone(),
        });
        match &reading.ending {
            Ending::Never { .. } => run.stop = Some(reading.detail),
            Ending::Later { may_have_arrived, retry_after } => {
                run.unanswered += 1;
                let gone =
                    !may_have_arrived || retry_after.is_some() || reading.http_status == Some(503);
                if gone || run.unanswered >= PATIENCE {
                    run.paused = true;
                    // The transfer failed, not this message: the rest shares its attempt.
                    self.outbox.fail_due(now, *retry_after, &self.settings.retry).await?;
                }
            }
            Ending::TooLarge => run.too_large = true,
            Ending::Answered | Ending::Refused => run.unanswered = 0,
        }
        if reading.items.iter().any(|end| matches!(end, ItemEnd::Refused(_)))
            || reading.ending == Ending::Refused
        {
            run.faulty.extend(self.outbox.held_versions().await?);
        }
        Ok(())
    }

    /// Finds what is new or changed, and sends it.
    async fn send_new(&self, run: &mut Run) -> Result<(), SenderError> {
        let settings = &self.settings;
        let source = |source| SenderError::Source { path: settings.folder.clone(), source };
        let mut index = Index::read(
            &settings.folder,
            &settings.source_limits,
            &settings.own_addresses,
            &self.key,
        )
        .map_err(source)?;
        let present: HashMap<Hash, Hash> =
            index.records.iter().map(|record| (record.identity, record.version)).collect();
        self.outbox.forget_mended(&present).await?;
        let standings = self.outbox.standings().await?;
        let start = start_of(settings.start);
        let mut limits = settings.bundle_limits;
        if let Some(bytes) =
            self.outbox.setting("bundle-bytes").await?.and_then(|text| text.parse().ok())
        {
            limits.bytes = limits.bytes.min(bytes);
        }
        let plan = plan::plan(&index, &standings, start, &limits);
        run.report.files = index.scanned.files;
        run.report.resources = index.scanned.resources;
        run.report.doubled = std::mem::take(&mut index.doubled);
        run.report.held_before = plan.held.len();
        run.report.waiting = plan.waiting.len();
        run.report.deferred = plan.deferred.len();
        run.report.too_early = plan.too_early;
        run.report.unused = plan.unused;
        let since = match self.outbox.setting("last-success").await? {
            Some(text) => text.parse().unwrap_or(start),
            None => start,
        };
        let mut maker = Maker {
            agent: self,
            index: &index,
            standings: &standings,
            reader: Reader::new(&settings.folder),
            since,
            damage: Vec::new(),
            counted: HashSet::new(),
        };
        for planned in plan.bundles {
            if run.stop.is_some() {
                break;
            }
            if let Some((seq, message_id)) = maker.make(planned, run).await?
                && !run.paused
            {
                self.send(seq, message_id, run).await?;
            }
        }
        run.report.damage = std::mem::take(&mut maker.damage);
        run.report.damage.extend(index.scanned.damage);
        if run.paused {
            // What was made after the pause waits for the same next attempt.
            self.outbox.fail_due(self.now(), None, &self.settings.retry).await?;
        }
        Ok(())
    }
}

/// A run under way.
struct Run {
    number: i64,
    report: Report,
    /// Communication errors in a row.
    unanswered: u32,
    paused: bool,
    /// A message was too large: its data is to be bundled anew, in smaller ones.
    too_large: bool,
    stop: Option<String>,
    /// Versions found faulty in this run: later bundles go without them.
    faulty: HashSet<Hash>,
}
