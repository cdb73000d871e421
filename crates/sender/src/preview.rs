//! A dry run: what a transfer would send and hold now, without sending, sealing or changing anything.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sqlx::sqlite::SqliteSynchronous;

use crate::agent::Agent;
use crate::attempt::AttemptFailure;
use crate::error::SenderError;
use crate::identity::Hash;
use crate::index::Index;
use crate::message::MessageMaker;
use crate::outbox::{HeldRow, Item, Outbox, VanishedCount, WaitingRow};
use crate::plan::Role;
use crate::report::{Report, RunKind};

pub use crate::receipts::ReceiverChange;

/// What a transfer would do.
#[derive(Debug, Serialize)]
pub struct Preview {
    /// The counts, as the report of the run would have them; no message is in it. `open_messages` are those that wait now,
    /// which the run would send first.
    pub report: Report,
    /// How many messages the data would make.
    pub messages: usize,
    /// What would be sent, in order.
    pub entries: Vec<PreviewEntry>,
    /// What would be held after the run, and why.
    pub held: Vec<HeldRow>,
    /// What would wait for it.
    pub waiting: Vec<WaitingRow>,
    /// The address of the register is another one than before, and a transfer sends nothing where that is of another
    /// register. Where nothing can show that it is the same one, the report says that the transfer is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver_change: Option<ReceiverChange>,
}

/// A resource that would be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewEntry {
    /// Why it goes: `new`, `changed`, or `dependency` when others refer to it.
    pub role: &'static str,
    /// Type of the resource.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key.
    pub source_key: Option<String>,
    /// File below the source folder.
    pub file: String,
    /// Line from 1.
    pub line: u32,
}

impl PreviewEntry {
    fn of(item: Item) -> Self {
        Self {
            role: match item.role {
                Role::New => "new",
                Role::Changed => "changed",
                Role::Dependency => "dependency",
            },
            resource_type: item.resource_type,
            resource_id: item.resource_id,
            source_key: item.source_key,
            file: item.file,
            line: item.line,
        }
    }
}

impl Outbox {
    /// An outbox of its own in `scratch`, with what the one at `path` knows, if that is there. What is
    /// done to it changes nothing.
    ///
    /// # Errors
    /// [`OutboxError`](crate::outbox::OutboxError).
    pub async fn scratch_copy(
        path: &Path,
        scratch: &Path,
    ) -> Result<Self, crate::outbox::OutboxError> {
        let copy = Self::open_with(scratch, SqliteSynchronous::Off).await?;
        if !path.exists() {
            return Ok(copy);
        }
        let Err(error) = copy.take_over(path).await else { return Ok(copy) };
        copy.close().await;
        if matches!(error, crate::outbox::OutboxError::Newer { .. }) {
            return Err(error);
        }
        // On a read-only file system, or of an older form: then a twin is brought to the present form.
        let twin = with_ending(scratch, ".twin");
        let has_twin = std::fs::copy(path, &twin).is_ok();
        let log = with_ending(path, "-wal");
        let has_log = !log.exists() || std::fs::copy(log, with_ending(&twin, "-wal")).is_ok();
        if !has_twin || !has_log {
            return Err(error);
        }
        Self::open_with(&twin, SqliteSynchronous::Off).await?.close().await;
        let copy = Self::open_with(&with_ending(scratch, ".copy"), SqliteSynchronous::Off).await?;
        copy.take_over(&twin).await?;
        Ok(copy)
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

impl Agent {
    /// What [`Agent::run`] would send and hold. The agent's outbox must be a scratch copy
    /// ([`Outbox::scratch_copy`]): it is worked on as a run would.
    ///
    /// # Errors
    /// As for [`Agent::run`].
    pub async fn preview(&self) -> Result<Preview, SenderError> {
        let (mut messages, mut entries) = (0, Vec::new());
        let (report, _) = self
            .each_planned(&mut HashSet::new(), &mut |items, _, _| {
                messages += usize::from(!items.is_empty());
                entries.extend(items.into_iter().map(PreviewEntry::of));
            })
            .await?;
        let mut preview = Preview {
            report,
            messages,
            entries,
            held: Vec::new(),
            waiting: Vec::new(),
            receiver_change: self.change_of_receiver().await?,
        };
        if let Some(ReceiverChange { before, now, may_be_known: false }) = &preview.receiver_change
        {
            let (before, now) = (before.clone(), now.clone());
            preview.report.stop = Some(AttemptFailure::OtherReceiver { before, now });
        }
        preview.held = self.outbox.held().await?;
        preview.waiting = self.outbox.waiting().await?;
        preview.report.held = preview.held.len() as u64;
        let VanishedCount { all, replaced } = self.outbox.vanished_count().await?;
        (preview.report.vanished, preview.report.replaced) = (all, replaced);
        preview.report.open_messages = self.outbox.open_messages().await?;
        preview.report.ended_at = self.now();
        Ok(preview)
    }

    /// Makes every bundle of a transfer without sending, sealing or queueing it, and hands its resources to `visit`, with
    /// how many bundles are done and how many there are. What the check finds is held in the agent's outbox. The number
    /// is that of the resources that were looked at.
    pub(crate) async fn each_planned(
        &self,
        faulty: &mut HashSet<Hash>,
        visit: &mut (dyn FnMut(Vec<Item>, usize, usize) + Send),
    ) -> Result<(Report, u64), SenderError> {
        let now = self.now();
        let mut report = Report::new(RunKind::Planned, now);
        self.outbox.new_round(now).await?;
        self.source.begin(self.changed_since().await?);
        let mut index = Index::read(&*self.source, &self.settings.own_addresses, &self.key)?;
        let not_mounted = self.look_at_places(&mut index, &mut report).await?;
        report.count_source(&index);
        if let Some(failure) = not_mounted.or_else(|| self.source_failure(&index)) {
            report.source_failure = Some(failure);
            return Ok((report, 0));
        }
        report.reexamined = self.reexamine(&index).await?;
        let statuses = self.compare(&index, &mut report).await?;
        let plan = self.plan(&index, &statuses).await?;
        report.count_plan(&plan);
        report.foreign_types = self.foreign_types(&index, &plan);
        let since = self.reported_since().await?;
        let mut maker = MessageMaker::new(self, &index, &statuses, since);
        let of = plan.bundles.len();
        let mut seen = vec![false; index.records.len()];
        for at in plan.bundles.iter().flat_map(|bundle| &bundle.entries) {
            seen[*at as usize] = true;
        }
        let looked_at = seen.into_iter().filter(|seen| *seen).count() as u64;
        for (done, planned) in plan.bundles.into_iter().enumerate() {
            let (items, counts) = maker.preview(planned, faulty).await?;
            report.add(counts);
            visit(items, done + 1, of);
        }
        self.note_waiting(&index, since).await?;
        Ok((report, looked_at))
    }
}
