//! The order of a run: finish what is open, find what is new, make messages, send them, keep the answers.

mod comparison;
mod sending;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lmr_auth::Clock;
use lmr_envelope::RandomSource;
use lmr_lmdi::RuleSetId;
use tokio::sync::oneshot;

use crate::check::Checker;
use crate::error::SenderError;
use crate::identity::HashKey;
use crate::index::Index;
use crate::lock::Lock;
use crate::message::{Made, MessageMaker};
use crate::meter::{ProgressSink, TransferMeter, TransferProgress, TransferState};
use crate::outbox::{CHANGED_SINCE, Forgotten, Outbox, OutboxError};
use crate::plan::BundleLimits;
use crate::progress::State;
use crate::report::{Report, RunKind};
use crate::run::Run;
use crate::schedule::RetrySchedule;
use crate::seal::Sealer;
use crate::source::Source;
use crate::stop::StopSignal;
use crate::transport::Transport;

/// What the sender must know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base addresses of the source's own FHIR server.
    pub own_addresses: Vec<String>,
    /// The source delivers only what is new: it may be empty, and what it does not hold has not vanished.
    pub incremental: bool,
    /// Of several sources those that deliver only what is new, by their names.
    pub incremental_sources: Vec<String>,
    /// The agreed start date.
    pub start: Date,
    /// The rule set that the bundles follow.
    pub rule_set: RuleSetId,
    /// Bounds of one bundle.
    pub bundle_limits: BundleLimits,
    /// New attempts.
    pub retry: RetrySchedule,
    /// What else of the configuration decides on what is held (code lists): when it changes, what is held
    /// is checked again.
    pub configuration: String,
    /// A file that only one run at a time can lock.
    pub lock: PathBuf,
    /// The sending organisation, so that an outbox is not used for another one.
    pub organisation: String,
    /// The environment, for the same reason: what a test register has the real one lacks.
    pub environment: String,
    /// The address of the register.
    pub receiver: String,
}

/// The sender. One run at a time.
pub struct Agent {
    pub(crate) settings: Settings,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) key: HashKey,
    pub(crate) outbox: Outbox,
    pub(crate) checker: Arc<dyn Checker>,
    pub(crate) sealer: Arc<dyn Sealer>,
    transport: Arc<dyn Transport>,
    clock: Clock,
    pub(crate) random: Arc<dyn RandomSource>,
    stop: StopSignal,
    progress: Option<ProgressSink>,
}

/// What an agent is made of.
pub struct Parts {
    /// Settings.
    pub settings: Settings,
    /// Where resources come from.
    pub source: Arc<dyn Source>,
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
    /// Asks a run to end early.
    pub stop: StopSignal,
}

/// Which form of hashes an outbox has; 0.1 wrote no such setting.
const HASH_FORM: &str = "hash-form";
/// The first 128 bits.
const HASH_FORM_NOW: &str = "2";

/// Communication errors in a row after which the rest of the run is not tried.
const MAX_CONSECUTIVE_FAILURES: u32 = 2;
/// How long the resources of finished messages are remembered.
const ITEM_RETENTION: SignedDuration = SignedDuration::from_hours(24 * 90);

impl Agent {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`OutboxError::Foreign`] when the outbox was made with another key or for another organisation.
    pub async fn new(parts: Parts) -> Result<Self, SenderError> {
        let Parts {
            settings,
            source,
            key,
            outbox,
            checker,
            sealer,
            transport,
            clock,
            random,
            stop,
        } = parts;
        let mark: String =
            key.hash("check", &[]).0.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        for (name, value, what) in [
            ("key", mark.as_str(), "hash key"),
            ("organisation", &settings.organisation, "organisation"),
            ("environment", &settings.environment, "environment"),
        ] {
            match outbox.setting(name).await? {
                None => {
                    if name == "key" {
                        // A new database knows no other form.
                        outbox.set(HASH_FORM, HASH_FORM_NOW).await?;
                    }
                    outbox.set(name, value).await?;
                }
                Some(kept) if kept == value => {}
                Some(_) => return Err(OutboxError::Foreign(what).into()),
            }
        }
        Ok(Self {
            settings,
            source,
            key,
            outbox,
            checker,
            sealer,
            transport,
            clock,
            random,
            stop,
            progress: None,
        })
    }

    /// Reports how far a transfer is after every message.
    #[must_use]
    pub fn telling_progress(
        mut self,
        sink: impl Fn(&TransferProgress) + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Box::new(sink));
        self
    }

    /// The outbox, for looking at.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// One planned transfer: what is open is finished first, then everything new or changed is sent.
    ///
    /// # Errors
    /// [`SenderError`]; whatever was done before it is kept, and the next run goes on from there.
    pub async fn run(&self) -> Result<Report, SenderError> {
        let _lock = Lock::take(&self.settings.lock)?;
        // A damaged page would otherwise show in the middle, or say that something is delivered that is not.
        self.outbox.check_pages().await?;
        self.outbox.put_clock_right(self.now()).await?;
        let mut run = Run::begin(&self.outbox, RunKind::Planned, self.now()).await?;
        let done = self.transfer(&mut run).await;
        self.end(run, done).await
    }

    async fn transfer(&self, run: &mut Run) -> Result<(), SenderError> {
        let date = self.transport.server_time();
        // Before anything is made of the source.
        run.report.unreadable_copies = self.find_annulments().await?;
        let newest = self.ask_for_newest().await?;
        if self.transport.server_time() != date {
            self.compare_clocks(run);
        }
        // Before anything is forgotten of what another register has.
        run.stop = self.stop_at_other_register(newest.as_ref()).await?;
        if run.stop.is_some() {
            return Ok(());
        }
        Box::pin(self.compare_with_register(newest, &mut run.report)).await?;
        self.outbox.new_round(self.now()).await?;
        self.send_due(run).await?;
        self.send_new(run).await?;
        // Too large: halves the size each time, down to what cannot be split, which is held.
        loop {
            while (run.too_large || run.again) && !run.is_over() && !run.paused {
                run.too_large = false;
                self.send_new(run).await?;
            }
            // After what they refer to: it goes with them as it was last sent.
            Box::pin(self.annul_again(run)).await?;
            if !(run.too_large || run.again) || run.is_over() || run.paused {
                break;
            }
        }
        let is_delivered = !run.is_over()
            && run.unanswered == 0
            && run.report.source_failure.is_none()
            && self.outbox.open_messages().await? == 0
            && self.outbox.held_count().await?.not_yet == 0
            && run.report.not_stored == 0;
        if is_delivered {
            // A clock that is ahead has made no transfer earlier than it was.
            let began = run.report.started_at.min(self.now());
            self.outbox.set("last-success", &began.to_string()).await?;
            if let Some(operation) = &run.left
                && (run.has_read_all || self.outbox.forgotten_count().await? == 0)
            {
                self.outbox.has_sent_what_was_left(operation).await?;
            }
        }
        let is_finished = is_delivered
            && run.report.source_issues.is_empty()
            // What is read next time may refer to what a source of changes has given this time.
            && !run.report.waits_for_writers()
            && run.report.deferred == 0
            && self.outbox.held_count().await?.held == 0
            // What was not stored is in no message any more: the source has to give it again.
            && run.report.messages.iter().all(|message| message.not_stored + message.failed == 0);
        // A clock that was put back meanwhile does not say when the run began.
        if is_finished && run.report.started_at <= self.now() {
            let mark = format!("{} {}", self.began(run), self.question());
            self.outbox.set(CHANGED_SINCE, &mark).await?;
        }
        let before = self.now().saturating_sub(ITEM_RETENTION).unwrap_or(Timestamp::MIN);
        self.outbox.prune(before).await?;
        Ok(())
    }

    /// When a run began, or earlier: where the clock here is ahead of the register's, nobody knows which of the two is
    /// right, and what is written until the later time must be asked for the next time.
    fn began(&self, run: &Run) -> Timestamp {
        let ahead = run.report.clock_ahead_seconds.unwrap_or_default().max(0);
        let began = run.report.started_at.min(self.now());
        began.saturating_sub(SignedDuration::from_secs(ahead)).unwrap_or(Timestamp::MIN)
    }

    /// Notes by how much the clock here is ahead of the register's, by the answer that has just come.
    fn compare_clocks(&self, run: &mut Run) {
        if let Some(theirs) = self.transport.server_time() {
            run.report.clock_ahead_seconds = Some(self.now().duration_since(theirs).as_secs());
        }
    }

    /// Notes how the run ended, whether it was done or broke off.
    pub(crate) async fn end(
        &self,
        run: Run,
        done: Result<(), SenderError>,
    ) -> Result<Report, SenderError> {
        match done {
            Ok(()) => run.end(&self.outbox, self.now()).await,
            Err(error) => {
                run.fail(&self.outbox, &error, self.now()).await;
                Err(error)
            }
        }
    }

    /// What decides on what is held, apart from the data.
    pub(crate) fn fingerprint(&self) -> String {
        let settings = &self.settings;
        let addresses = settings.own_addresses.join(" ");
        let Settings { rule_set, configuration, .. } = settings;
        let checker = self.checker.fingerprint();
        format!("{checker} {} {addresses} {configuration}", rule_set.as_str())
    }

    /// Forgets that the register has confirmed anything since `since`: for a register that was restored
    /// from a backup of that time. The next transfer sends it again.
    ///
    /// # Errors
    /// [`SenderError`].
    pub async fn forget_since(&self, since: Timestamp) -> Result<Forgotten, SenderError> {
        let _lock = Lock::take(&self.settings.lock)?;
        Ok(self.outbox.forget_since(since, self.now()).await?)
    }

    /// New attempts that are due, and nothing else.
    ///
    /// # Errors
    /// [`SenderError`].
    pub async fn retry_due(&self) -> Result<Report, SenderError> {
        let _lock = Lock::take(&self.settings.lock)?;
        self.outbox.put_clock_right(self.now()).await?;
        let mut run = Run::begin(&self.outbox, RunKind::Retry, self.now()).await?;
        let done = self.send_due_there(&mut run).await;
        self.end(run, done).await
    }

    /// Finds what is new or changed, and sends it.
    async fn send_new(&self, run: &mut Run) -> Result<(), SenderError> {
        run.report.stopped_early |= self.stop.is_stopped();
        if run.is_over() {
            return Ok(());
        }
        run.again = false;
        // Before the source is compared: an answer of this run may show that more is to be sent, and a person may release
        // something meanwhile.
        run.left = self.outbox.left_to_send().await?;
        self.source.begin(self.changed_since().await?);
        let mut index = Index::read(&*self.source, &self.settings.own_addresses, &self.key)?;
        let not_mounted = self.look_at_places(&mut index, &mut run.report).await?;
        run.report.count_source(&index);
        let is_first = !std::mem::replace(&mut run.has_read_source, true);
        if let Some(failure) = not_mounted.or_else(|| self.source_failure(&index)) {
            run.report.source_failure = Some(failure);
            return Ok(());
        }
        if is_first {
            run.report.reexamined = self.reexamine(&index).await?;
        }
        let statuses = self.compare(&index, &mut run.report).await?;
        run.has_read_all =
            !self.settings.incremental && index.scanned.is_whole() && !run.report.has_lost_most();
        let plan = self.plan(&index, &statuses).await?;
        run.report.count_plan(&plan);
        run.report.foreign_types = self.foreign_types(&index, &plan);
        let since = self.reported_since().await?;
        let mut maker = MessageMaker::new(self, &index, &statuses, since);
        let total = plan.bundles.iter().map(|bundle| bundle.roots.len() as u64).sum();
        let mut meter = TransferMeter::new(total, self.now());
        if total > 0 {
            self.note_progress(run, &meter.advance(0, None, self.now())).await?;
        }
        let mut bundles = plan.bundles.into_iter().peekable();
        let mut ahead = None;
        while let Some(planned) = bundles.next() {
            run.report.stopped_early |= self.stop.is_stopped();
            if run.is_over() {
                break;
            }
            let roots = planned.roots.len() as u64;
            let newest =
                planned.roots.iter().filter_map(|at| index.records[*at as usize].when().time());
            let through = newest.max();
            let prepared = match ahead.take() {
                Some(prepared) => prepared,
                None => maker.prepare(planned, &mut run.faulty).await?,
            };
            let Made { message, counts } = maker.queue(prepared).await?;
            run.report.add(counts);
            let Some((seq, message_id)) = message else { continue };
            if run.paused {
                continue;
            }
            if let Some(next) = bundles.peek() {
                // While the register works on this one the next one is made.
                let (known, mut faulty) = (run.faulty.len(), run.faulty.clone());
                let (posted, is_posted) = oneshot::channel();
                let (sent, made) =
                    tokio::join!(self.send(seq, message_id, run, Some(posted)), async {
                        is_posted.await.ok()?;
                        Some(maker.prepare(next.clone(), &mut faulty).await)
                    });
                sent?;
                // What the register has just refused must not go with it: then it is made again.
                if run.faulty.len() == known
                    && let Some(made) = made
                {
                    ahead = Some(made?);
                    run.faulty = faulty;
                }
            } else {
                self.send(seq, message_id, run, None).await?;
            }
            let last = run.report.messages.last();
            if !run.paused && last.is_none_or(|last| last.state == State::Delivered) {
                let progress = meter.advance(roots, through, self.now());
                self.note_progress(run, &progress).await?;
                if let Some(sink) = &self.progress {
                    sink(&progress);
                }
            }
        }
        if run.paused {
            // What was made after the pause waits for the same next attempt.
            self.outbox.fail_due(self.now(), None, &self.settings.retry).await?;
        }
        self.note_waiting(&index, since).await?;
        // What is under way or is made again needs its files; a run that is asked to end does not copy any.
        let is_done = !(run.is_over() || run.paused || run.too_large || run.again);
        if self.source.archives() && is_done && self.outbox.open_messages().await? == 0 {
            run.report.source_issues.extend(self.archive_finished(&index).await?);
        }
        Ok(())
    }

    async fn note_progress(
        &self,
        run: &Run,
        progress: &TransferProgress,
    ) -> Result<(), SenderError> {
        let state = TransferState::of(run.number, progress, self.now());
        Ok(self.outbox.note_transfer(&state).await?)
    }
}
