//! From a plan to sealed messages in the outbox.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use lmr_envelope::write_time;
use lmr_fhir::{Document, Element, ParseOptions};
use lmr_lmdi::codes::Code;

use super::{Agent, CheckContext, CheckFault, Run, SenderError};
use crate::bundle::{self, EntryText};
use crate::clinical::When;
use crate::identity::{Hash, uuid_text};
use crate::index::{Index, Record};
use crate::outbox::{HeldIssue, Item, NewMessage};
use crate::plan::{self, Planned, Role, Standing};
use crate::source::{Damage, Reader, SourceFault};

/// Makes bundles into messages.
pub(super) struct Maker<'a> {
    pub(super) agent: &'a Agent,
    pub(super) index: &'a Index,
    pub(super) standings: &'a HashMap<Hash, Standing>,
    pub(super) reader: Reader,
    pub(super) since: Timestamp,
    pub(super) damage: Vec<Damage>,
    /// Versions that are in a message of this run already.
    pub(super) counted: HashSet<Hash>,
}

impl Maker<'_> {
    /// Builds, checks and seals a bundle, and puts it in the outbox. `None` when nothing of it can go.
    pub(super) async fn make(
        &mut self,
        mut planned: Planned,
        run: &mut Run,
    ) -> Result<Option<(i64, String)>, SenderError> {
        let now = self.agent.now();
        let mut id = [0; 16];
        self.agent.random.fill(&mut id)?;
        let message_id = uuid_text(id, 4);
        // Each round leaves something out, so this ends.
        loop {
            let index = self.index;
            let is_faulty = |at: &&u32| run.faulty.contains(&index.records[**at as usize].version);
            let faulty: Vec<u32> = planned.entries.iter().filter(is_faulty).copied().collect();
            if !faulty.is_empty() {
                let left = plan::without(index, &planned, &faulty);
                let waits = |root: &&u32| !left.roots.contains(root) && !faulty.contains(root);
                run.report.waiting += planned.roots.iter().filter(waits).count();
                planned = left;
            }
            let Texts { texts, gone, dangling } = self.texts(&planned)?;
            if !gone.is_empty() {
                planned = plan::without(self.index, &planned, &gone);
                continue;
            }
            if texts.is_empty() {
                return Ok(None);
            }
            let context = self.context(&planned, now);
            let text =
                bundle::write(self.agent.settings.rule_set, &message_id, &write_time(now), &texts);
            drop(texts);
            let faults = if dangling.is_empty() {
                self.agent.checker.check(&text, &context)?
            } else {
                dangling
            };
            if !faults.is_empty() {
                let faulty = self.hold(&planned, faults, now).await?;
                run.report.held_now += faulty.len();
                run.faulty.extend(faulty.iter().map(|at| index.records[*at as usize].version));
                continue;
            }
            let sealed = self.agent.sealer.seal(text.as_bytes(), &message_id, &context)?;
            let resource_bytes = plan::bytes(index, &planned.entries);
            let roots: HashSet<u32> = planned.roots.iter().copied().collect();
            let items: Vec<Item> =
                planned.entries.iter().map(|at| self.item(*at, roots.contains(at))).collect();
            for item in &items {
                let first = self.counted.insert(item.version);
                match item.role {
                    _ if !first => run.report.dependencies += 1,
                    Role::New => run.report.new += 1,
                    Role::Changed => run.report.changed += 1,
                    Role::Dependency => run.report.dependencies += 1,
                }
            }
            let message = NewMessage {
                message_id: &message_id,
                sealed: &sealed,
                resource_bytes,
                items: &items,
            };
            let seq = self.agent.outbox.add(&message, now).await?;
            return Ok(Some((seq, message_id)));
        }
    }

    /// The entries' texts, read anew.
    fn texts(&mut self, planned: &Planned) -> Result<Texts, SenderError> {
        let mut all = Texts {
            texts: Vec::with_capacity(planned.entries.len()),
            gone: Vec::new(),
            dangling: Vec::new(),
        };
        for (position, at) in planned.entries.iter().enumerate() {
            let record = &self.index.records[*at as usize];
            match self.text(record)? {
                Ok((text, paths)) => {
                    all.texts.push(text);
                    all.dangling.extend(paths.into_iter().map(|path| dangling(position, path)));
                }
                Err(damage) => {
                    self.damage.push(damage);
                    all.gone.push(*at);
                }
            }
        }
        Ok(all)
    }

    /// One entry's text, and where it refers to something that the source does not hold.
    fn text(
        &mut self,
        record: &Record,
    ) -> Result<Result<(EntryText, Vec<String>), Damage>, SenderError> {
        let source = match self.reader.read(&record.place) {
            Ok(source) => source,
            Err(damage) => return Ok(Err(damage)),
        };
        let changed = || Damage {
            file: record.place.file.to_string(),
            line: Some(record.place.line),
            fault: SourceFault::ChangedMeanwhile,
        };
        let Ok(document) = Document::parse(source.as_str(), &ParseOptions::strict()) else {
            return Ok(Err(changed()));
        };
        let mut seen = self.index.look_again(document.root(), record.bundle, &self.agent.key);
        if seen.version != record.version {
            return Ok(Err(changed()));
        }
        let rule_set = self.agent.settings.rule_set;
        if rule_set.is_transaction() {
            bundle::name_profile(rule_set, document.root(), &record.resource_type, &mut seen.edits);
        }
        let paths = seen.dangling.iter().map(|node| Element::of(*node).raw_path()).collect();
        let resource =
            seen.edits.apply(&source).map_err(|_| SenderError::Internal("edits overlap"))?;
        let text = EntryText {
            full_url: record.full_url(),
            resource_type: record.resource_type.to_string(),
            resource,
        };
        Ok(Ok((text, paths)))
    }

    /// The reporting period: from the earliest thing told, or the last success, whichever is earlier.
    fn context(&self, planned: &Planned, now: Timestamp) -> CheckContext {
        let from = planned
            .entries
            .iter()
            .filter_map(|at| match self.index.records[*at as usize].when {
                When::At(time) => Some(time),
                _ => None,
            })
            .fold(self.since, Timestamp::min)
            .min(now);
        CheckContext { now, from, to: now }
    }

    /// Holds faulty resources back. A fault of the bundle as a whole counts against everything new in it.
    async fn hold(
        &self,
        planned: &Planned,
        faults: Vec<CheckFault>,
        now: Timestamp,
    ) -> Result<Vec<u32>, SenderError> {
        let mut by_entry: BTreeMap<u32, Vec<HeldIssue>> = BTreeMap::new();
        let mut of_bundle = Vec::new();
        for CheckFault { entry, issue } in faults {
            match entry.and_then(|entry| planned.entries.get(entry)) {
                Some(at) => by_entry.entry(*at).or_default().push(issue),
                None => of_bundle.push(issue),
            }
        }
        if by_entry.is_empty() {
            by_entry.extend(planned.roots.iter().map(|root| (*root, of_bundle.clone())));
        }
        let faulty: Vec<u32> = by_entry.keys().copied().collect();
        let held: Vec<(Item, Vec<HeldIssue>)> =
            by_entry.into_iter().map(|(at, issues)| (self.item(at, true), issues)).collect();
        self.agent.outbox.hold(&held, now).await?;
        Ok(faulty)
    }

    fn item(&self, at: u32, root: bool) -> Item {
        let record = &self.index.records[at as usize];
        let standing = self.standings.get(&record.identity).copied().unwrap_or_default();
        Item {
            identity: record.identity,
            version: record.version,
            role: plan::role(standing, record.version),
            root,
            resource_type: record.resource_type.to_string(),
            resource_id: record.id.as_deref().map(str::to_owned),
            file: record.place.file.to_string(),
            line: record.place.line,
        }
    }
}

/// The texts of a bundle's entries, in order.
struct Texts {
    texts: Vec<EntryText>,
    /// What has changed since it was read first.
    gone: Vec<u32>,
    /// References that would mean nothing to the register.
    dangling: Vec<CheckFault>,
}

fn dangling(entry: usize, path: String) -> CheckFault {
    let text = Code::ReferenceDangling.text();
    CheckFault {
        entry: Some(entry),
        issue: HeldIssue {
            code: Some(Code::ReferenceDangling.as_str().to_owned()),
            path: Some(path),
            text_nb: text.explanation.nb.to_owned(),
            text_en: text.explanation.en.to_owned(),
        },
    }
}
