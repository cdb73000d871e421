//! The source compared with what is known: what it is asked for, what is new or changed in it, what has gone from it.

use jiff::Timestamp;

use super::{Agent, HASH_FORM, HASH_FORM_NOW};
use crate::clinical::start_of;
use crate::error::SenderError;
use crate::finished::finished_files;
use crate::former;
use crate::index::Index;
use crate::message::MessageMaker;
use crate::outbox::{HeldCount, VanishedSearch};
use crate::plan::{self, BundleLimits, Known, Plan, Statuses};
use crate::report::{ForeignType, Report, SourceFailure};
use crate::source::{
    FileError, PassedOver, PassedOverKind, Place, PlaceChange, Scanned, SourceIssue,
    SourceIssueKind,
};

impl Agent {
    /// The start of the last transfer of this source after which nothing was left to deliver or to correct. While
    /// something is, an earlier one counts, so that a source that gives changes only gives again what waits.
    pub(crate) async fn changed_since(&self) -> Result<Option<Timestamp>, SenderError> {
        let mark = self.outbox.changed_since().await?;
        // One that lies ahead was made by a clock that was: nobody knows what has changed since then.
        let of_this_source = mark.and_then(|(time, of)| {
            // Until 0.2 the mark had the source's name.
            let is_the_same = of == self.question() || of == self.source.name();
            (is_the_same && time <= self.now()).then_some(time)
        });
        Ok(of_this_source)
    }

    /// What the source is asked for and from which date on, as a keyed hash: where either is another one than at the last
    /// transfer (a search, a query, a mapping), what has changed since then is not all that is to be sent.
    pub(super) fn question(&self) -> String {
        let (asked, start) = (self.source.question(), self.settings.start.to_string());
        let rule_set = self.settings.rule_set.as_str();
        let parts = [asked.as_bytes(), start.as_bytes(), rule_set.as_bytes()];
        let hash = self.key.hash("question", &parts);
        hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a folder that was read is empty, and what was mounted there before is not: that of a source fails it, one
    /// below it is a part that cannot be used. One that was made again is pointed out only, since it may be right. What is
    /// there is noted for the next time.
    pub(crate) async fn look_at_places(
        &self,
        index: &mut Index,
        report: &mut Report,
    ) -> Result<Option<SourceFailure>, SenderError> {
        report.made_again.clear();
        let marks = self.outbox.place_marks().await?;
        for Place { path, below, mark, is_empty } in &index.scanned.places {
            let Some(mark) = mark else { continue };
            let before = marks.get(path);
            if !is_empty {
                // Of the many folders below a source those matter where something was mounted, or is.
                let matters = below.is_none() || before.is_some() || mark.is_mount_point(path);
                if matters && before != Some(mark) {
                    self.outbox.note_place(path, mark).await?;
                }
                continue;
            }
            let name = path.display().to_string();
            match before.map(|before| before.until(mark)) {
                None | Some(PlaceChange::Same) => {}
                Some(PlaceChange::Other) => report.made_again.push(name),
                Some(PlaceChange::NotMounted) => {
                    let reason = FileError::NotMounted;
                    let Some(file) = below.clone() else {
                        return Ok(Some(SourceFailure::Unavailable { name, reason }));
                    };
                    let issue = SourceIssueKind::Unreadable { reason };
                    index.scanned.issues.push(SourceIssue { file, line: None, issue });
                }
            }
        }
        Ok(None)
    }

    /// Why nothing is sent of a source that was read.
    pub(crate) fn source_failure(&self, index: &Index) -> Option<SourceFailure> {
        let scanned = &index.scanned;
        let complete = |name: &&String| !self.settings.incremental_sources.contains(*name);
        if let Some(name) = scanned.empty.iter().find(complete) {
            return Some(nothing_of(scanned, Some(name)));
        }
        // One that gives changes only is not empty when it is asked for everything.
        if let Some(name) = scanned.empty_in_full.first() {
            return Some(nothing_of(scanned, Some(name)));
        }
        let is_empty = scanned.resources == 0 && !self.settings.incremental;
        is_empty.then(|| match nothing_of(scanned, None) {
            SourceFailure::BeingWritten { .. } => {
                SourceFailure::BeingWritten { name: self.source.name() }
            }
            SourceFailure::NothingUsable { count, .. } => {
                SourceFailure::NothingUsable { name: self.source.name(), count }
            }
            other => other,
        })
    }

    /// Lets go of what is to be checked again, now that the source is read: what it does not give is not lost.
    pub(crate) async fn reexamine(&self, index: &Index) -> Result<u64, SenderError> {
        let is_complete = !self.settings.incremental;
        Ok(self.outbox.drop_to_reexamine(index, is_complete, &self.fingerprint()).await?)
    }

    /// Has the source put away the parts of which nothing is left to send or to correct.
    pub(super) async fn archive_finished(
        &self,
        index: &Index,
    ) -> Result<Vec<SourceIssue>, SenderError> {
        let statuses = self.outbox.statuses(index).await?;
        let plan = self.plan(index, &statuses).await?;
        let records = 0..u32::try_from(index.records.len()).unwrap_or(u32::MAX);
        let open = records.filter(|at| {
            let status = statuses.of(*at);
            status.open != Known::No || (status.held && !status.discarded)
        });
        let planned = plan.bundles.iter().flat_map(|bundle| &bundle.roots);
        let unfinished = planned
            .chain(plan.waiting.iter().map(|(at, _)| at))
            .chain(plan.foreign.values().flatten())
            .chain(&plan.held)
            .chain(&plan.deferred)
            // The register has not answered for what it has not been sent: with another start date it goes.
            .chain(&plan.unused)
            .chain(&plan.too_early);
        let finished = finished_files(&*self.source, index, open.chain(unfinished.copied()));
        Ok(self.source.archive(&finished))
    }

    /// Compares the source with what is known: what is held and has changed or gone is let go, what has
    /// vanished is noted.
    pub(crate) async fn compare(
        &self,
        index: &Index,
        report: &mut Report,
    ) -> Result<Statuses, SenderError> {
        let is_complete = !self.settings.incremental;
        self.adopt_former_versions(index).await?;
        self.keep_known_annulled(index).await?;
        self.outbox.drop_corrected(index, is_complete).await?;
        if !is_complete {
            self.outbox.drop_replaced(index, |label| self.source.id_space(label)).await?;
        }
        let statuses = self.outbox.statuses(index).await?;
        if !is_complete {
            self.note_vanished(index, VanishedSearch::Replaced, report).await?;
            return Ok(statuses);
        }
        let missing = statuses.missing;
        (report.known, report.missing) = (statuses.known, missing);
        // Records of a file or line that cannot be read have not vanished.
        let is_whole = index.scanned.is_whole();
        report.vanished_unknown = !is_whole && missing > 0;
        report.lost_administrations = match is_whole && !index.has_type("MedicationAdministration")
        {
            // Of one alone it may well be right.
            true => Some(self.outbox.confirmed_administrations().await?)
                .filter(|lost| *lost > 1)
                .unwrap_or_default(),
            false => 0,
        };
        let search = match missing {
            0 => VanishedSearch::Nothing,
            _ if is_whole && !report.has_lost_most() => VanishedSearch::Missing,
            _ => VanishedSearch::Replaced,
        };
        self.note_vanished(index, search, report).await?;
        Ok(statuses)
    }

    async fn note_vanished(
        &self,
        index: &Index,
        search: VanishedSearch,
        report: &mut Report,
    ) -> Result<(), SenderError> {
        let id_space = |label: &str| self.source.id_space(label);
        let noted = self.outbox.note_vanished(index, id_space, search, self.now()).await?;
        report.vanished_now += noted.joined;
        report.of_another_source = noted.of_another_source;
        Ok(())
    }

    /// Knows again what version 0.1 had delivered, by the hashes of then: else everything would be sent once more
    /// after the upgrade. A source that delivers only what is new shows its older records later, so there every
    /// run asks.
    async fn adopt_former_versions(&self, index: &Index) -> Result<(), SenderError> {
        if self.outbox.setting(HASH_FORM).await?.is_some() {
            return Ok(());
        }
        let former = former::versions(&*self.source, &self.settings.own_addresses, &self.key)?;
        let adopted = self.outbox.adopt_former_versions(&former, index).await?;
        let confirmed = self.outbox.confirmed_count().await?;
        if adopted > 0 {
            tracing::info!(
                adopted,
                confirmed,
                "the database is of version 0.1: what was delivered is known again"
            );
        }
        if !self.settings.incremental {
            self.outbox.set(HASH_FORM, HASH_FORM_NOW).await?;
        }
        Ok(())
    }

    /// Start of the reporting period where nothing that is sent is older.
    pub(crate) async fn reported_since(&self) -> Result<Timestamp, SenderError> {
        let start = start_of(self.settings.start);
        Ok(match self.outbox.setting("last-success").await? {
            Some(text) => text.parse().unwrap_or(start),
            None => start,
        })
    }

    pub(crate) async fn plan(
        &self,
        index: &Index,
        statuses: &Statuses,
    ) -> Result<Plan, SenderError> {
        let start = start_of(self.settings.start);
        let limits = self.bundle_limits().await?;
        Ok(plan::plan(index, statuses, start, self.settings.rule_set, &limits))
    }

    pub(crate) fn foreign_types(&self, index: &Index, plan: &Plan) -> Vec<ForeignType> {
        let foreign = plan.foreign.iter().filter_map(|(resource_type, all)| {
            let is_fhir_type = self.checker.is_resource_type(resource_type);
            let taken = self.settings.rule_set.profiles().iter().map(|(taken, _)| *taken);
            let suggestion = lmr_fhir::nearest(resource_type, taken).filter(|_| !is_fhir_type);
            Some(ForeignType {
                resource_type: resource_type.to_string(),
                count: all.len(),
                example: index.location(*all.first()?),
                is_fhir_type,
                suggestion,
            })
        });
        foreign.collect()
    }

    /// Lists what waits for held resources, as everything is after the transfer.
    pub(crate) async fn note_waiting(
        &self,
        index: &Index,
        since: Timestamp,
    ) -> Result<(), SenderError> {
        let mut waiting = Vec::new();
        let HeldCount { held, not_yet } = self.outbox.held_count().await?;
        if held + not_yet > 0 {
            let statuses = self.outbox.statuses(index).await?;
            let plan = self.plan(index, &statuses).await?;
            let maker = MessageMaker::new(self, index, &statuses, since);
            for (root, held) in plan.waiting {
                waiting.push((maker.item(root, true), index.records[held as usize].identity));
            }
        }
        Ok(self.outbox.set_waiting(&waiting).await?)
    }

    /// The configured bounds, or less where the register has called a message too large.
    async fn bundle_limits(&self) -> Result<BundleLimits, SenderError> {
        let mut limits = self.settings.bundle_limits;
        let learned = self.outbox.setting("bundle-bytes").await?;
        if let Some(bytes) = learned.and_then(|text| text.parse().ok()) {
            limits.bytes = limits.bytes.min(bytes);
        }
        Ok(limits)
    }
}

/// Why a source has not a single resource; of several it is the one with this name.
fn nothing_of(scanned: &Scanned, name: Option<&String>) -> SourceFailure {
    let of_it = |place: &str| {
        name.is_none_or(|name| {
            place.strip_prefix(&**name).is_some_and(|rest| rest.starts_with(": "))
        })
    };
    let name_of_it = name.cloned().unwrap_or_default();
    let is_being_written =
        |over: &PassedOver| over.kind == PassedOverKind::Unfinished && of_it(&over.example);
    if scanned.passed_over.iter().any(is_being_written) {
        return SourceFailure::BeingWritten { name: name_of_it };
    }
    let count = scanned.issues.iter().filter(|issue| of_it(&issue.file)).count();
    match (count, name) {
        (1.., _) => SourceFailure::NothingUsable { name: name_of_it, count },
        (0, Some(name)) => SourceFailure::EmptyOf { name: name.clone() },
        (0, None) => SourceFailure::Empty,
    }
}
