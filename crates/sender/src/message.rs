//! From a planned bundle to a sealed message in the outbox.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use lmr_envelope::write_time;
use lmr_fhir::{Document, Element, Node, ParseOptions};

use crate::agent::Agent;
use crate::bundle::{self, EntryText};
use crate::check::{CheckContext, CheckFinding};
use crate::clinical::When;
use crate::error::SenderError;
use crate::identity::{Hash, uuid_text};
use crate::index::Index;
use crate::outbox::{HeldFinding, Item, NewMessage};
use crate::plan::{self, Known, Planned, Role, Statuses};
use crate::report::MessageCounts;
use crate::source::{SourceIssue, SourceIssueKind};
use crate::unclear;

/// A bundle that may go.
struct Built {
    planned: Planned,
    text: String,
    message_id: String,
    context: CheckContext,
}

/// A planned bundle as a message that is not in the outbox yet.
pub(crate) struct Prepared {
    /// `None` when nothing of it can go.
    message: Option<Sealed>,
    counts: MessageCounts,
}

/// A sealed message.
struct Sealed {
    planned: Planned,
    message_id: String,
    sealed: Vec<u8>,
    copy: Vec<u8>,
    context: CheckContext,
}

/// What became of a planned bundle.
pub(crate) struct Made {
    /// Number and id of the message; `None` when nothing of it can go.
    pub(crate) message: Option<(i64, String)>,
    /// To be added to the report.
    pub(crate) counts: MessageCounts,
}

/// Makes bundles into messages.
pub(crate) struct MessageMaker<'a> {
    agent: &'a Agent,
    index: &'a Index,
    statuses: &'a Statuses,
    since: Timestamp,
    /// By position: whether it is in a message of this run already.
    counted: Vec<bool>,
}

impl<'a> MessageMaker<'a> {
    /// A maker for one plan. `since` is the start of the reporting period where nothing is older.
    pub(crate) fn new(
        agent: &'a Agent,
        index: &'a Index,
        statuses: &'a Statuses,
        since: Timestamp,
    ) -> Self {
        Self { agent, index, statuses, since, counted: vec![false; index.records.len()] }
    }

    /// Builds, checks and seals a bundle. `faulty` holds the versions that this run has found faulty: they are left out,
    /// and what the check finds is held and added.
    pub(crate) async fn prepare(
        &self,
        planned: Planned,
        faulty: &mut HashSet<Hash>,
    ) -> Result<Prepared, SenderError> {
        let mut counts = MessageCounts::default();
        let Some(built) = self.build(planned, faulty, &mut counts).await? else {
            return Ok(Prepared { message: None, counts });
        };
        let Built { planned, text, message_id, context } = built;
        let sealed = self.agent.sealer.seal(text.as_bytes(), &message_id, &context)?;
        let copy = self.agent.copy(&text, &message_id)?;
        Ok(Prepared {
            message: Some(Sealed { planned, message_id, sealed, copy, context }),
            counts,
        })
    }

    /// Puts a prepared message in the outbox.
    pub(crate) async fn queue(&mut self, prepared: Prepared) -> Result<Made, SenderError> {
        let Prepared { message, mut counts } = prepared;
        let Some(Sealed { planned, message_id, sealed, copy, context }) = message else {
            return Ok(Made { message: None, counts });
        };
        let items = self.items(&planned);
        self.count(&planned, &items, &mut counts);
        let message = NewMessage {
            message_id: &message_id,
            sealed: &sealed,
            copy: &copy,
            resource_bytes: plan::bytes(self.index, &planned.entries),
            items: &items,
        };
        let seq = self.agent.outbox.add(&message, context.now).await?;
        Ok(Made { message: Some((seq, message_id)), counts })
    }

    /// As [`MessageMaker::prepare`], but nothing is sealed: what would go.
    pub(crate) async fn preview(
        &mut self,
        planned: Planned,
        faulty: &mut HashSet<Hash>,
    ) -> Result<(Vec<Item>, MessageCounts), SenderError> {
        let mut counts = MessageCounts::default();
        let Some(built) = self.build(planned, faulty, &mut counts).await? else {
            return Ok((Vec::new(), counts));
        };
        let items = self.items(&built.planned);
        self.count(&built.planned, &items, &mut counts);
        Ok((items, counts))
    }

    /// The text of a bundle in which the check finds nothing; `None` when nothing is left of it.
    async fn build(
        &self,
        mut planned: Planned,
        faulty: &mut HashSet<Hash>,
        counts: &mut MessageCounts,
    ) -> Result<Option<Built>, SenderError> {
        let now = self.agent.now();
        let mut id = [0; 16];
        self.agent.random.fill(&mut id)?;
        let message_id = uuid_text(id, 4);
        // Each round leaves something out, so this ends.
        loop {
            let index = self.index;
            planned = without_faulty(index, planned, faulty, counts);
            let Texts { mut texts, gone, refused } = self.texts(&planned, counts)?;
            if !gone.is_empty() {
                planned = plan::without(index, &planned, &gone);
                continue;
            }
            if texts.is_empty() {
                return Ok(None);
            }
            self.keep_annulled(&planned, &mut texts).await?;
            let context = self.context(&planned, now);
            let rule_set = self.agent.settings.rule_set;
            let text = bundle::write(rule_set, &message_id, &write_time(now), &texts);
            drop(texts);
            let findings = if refused.is_empty() {
                self.agent.checker.check(&text, &context)?
            } else {
                refused
            };
            if findings.is_empty() {
                return Ok(Some(Built { planned, text, message_id, context }));
            }
            let held = self.hold(&planned, findings, now).await?;
            counts.held_now += held.len();
            faulty.extend(held.iter().map(|at| index.records[*at as usize].version));
        }
    }

    /// What a person has annulled, and what something else refers to, goes along annulled: it is in the source as it
    /// was before, and would come to life again at the register.
    async fn keep_annulled(
        &self,
        planned: &Planned,
        texts: &mut [EntryText],
    ) -> Result<(), SenderError> {
        for (at, text) in planned.entries.iter().zip(texts) {
            let status = self.statuses.of(*at);
            if status.annulled && status.stored == Known::Same {
                let identity = self.index.records[*at as usize].identity;
                text.resource = self.agent.as_annulled(identity, &text.resource).await?;
            }
        }
        Ok(())
    }

    fn items(&self, planned: &Planned) -> Vec<Item> {
        let roots: HashSet<u32> = planned.roots.iter().copied().collect();
        planned.entries.iter().map(|at| self.item(*at, roots.contains(at))).collect()
    }

    fn count(&mut self, planned: &Planned, items: &[Item], counts: &mut MessageCounts) {
        for (at, item) in planned.entries.iter().zip(items) {
            let first = !std::mem::replace(&mut self.counted[*at as usize], true);
            match item.role {
                _ if !first => counts.dependencies += 1,
                Role::New => counts.new += 1,
                Role::Changed => counts.changed += 1,
                Role::Dependency => counts.dependencies += 1,
            }
        }
    }

    /// The entries' texts, read again.
    fn texts(&self, planned: &Planned, counts: &mut MessageCounts) -> Result<Texts, SenderError> {
        let mut all = Texts {
            texts: Vec::with_capacity(planned.entries.len()),
            gone: Vec::new(),
            refused: Vec::new(),
        };
        for (position, at) in planned.entries.iter().enumerate() {
            match self.text(*at)? {
                Ok((text, refused)) => {
                    all.texts.push(text);
                    let entry = Some(position);
                    all.refused
                        .extend(refused.into_iter().map(|finding| CheckFinding { entry, finding }));
                }
                Err(issue) => {
                    counts.source_issues.push(SourceIssue {
                        file: self.index.label(*at).to_owned(),
                        line: Some(self.index.location(*at).line()),
                        issue,
                    });
                    all.gone.push(*at);
                }
            }
        }
        Ok(all)
    }

    /// One entry's text, and why it cannot go as it is: what it refers to, or itself, is not one resource of the source.
    fn text(
        &self,
        at: u32,
    ) -> Result<Result<(EntryText, Vec<HeldFinding>), SourceIssueKind>, SenderError> {
        let record = &self.index.records[at as usize];
        let source = match self.agent.source.read(&self.index.location(at)) {
            Ok(source) => source,
            Err(issue) => return Ok(Err(issue)),
        };
        let Ok(document) = Document::parse(source.as_str(), &ParseOptions::strict()) else {
            return Ok(Err(SourceIssueKind::ChangedMeanwhile));
        };
        let mut reread = self.index.read_again(at, document.root(), &self.agent.key);
        if reread.version != record.version {
            return Ok(Err(SourceIssueKind::ChangedMeanwhile));
        }
        let rule_set = self.agent.settings.rule_set;
        if rule_set.wants_profile_named() {
            bundle::name_profile(
                rule_set,
                document.root(),
                self.index.resource_type(at),
                &mut reread.edits,
            );
        }
        let path = |node: &Node<'_>| Element::of(*node).raw_path();
        let mut refused: Vec<HeldFinding> =
            reread.dangling.iter().map(|node| unclear::dangling(path(node))).collect();
        refused.extend(reread.unclear.iter().map(|(node, one, other)| {
            let places = [self.index.location(*one), self.index.location(*other)];
            unclear::reference(path(node), &places)
        }));
        if let Some(other) = self.index.another(at) {
            refused.push(unclear::identity(&[self.index.location(at), other.clone()]));
        }
        let resource =
            reread.edits.apply(&source).map_err(|_| SenderError::Internal("edits overlap"))?;
        let text = EntryText {
            full_url: self.index.full_url(at),
            resource_type: self.index.resource_type(at).to_string(),
            resource,
        };
        Ok(Ok((text, refused)))
    }

    /// The reporting period: from the earliest thing reported, or the last success, whichever is earlier.
    fn context(&self, planned: &Planned, now: Timestamp) -> CheckContext {
        let from = planned
            .entries
            .iter()
            .filter_map(|at| match self.index.records[*at as usize].when() {
                When::At(time) => Some(time),
                _ => None,
            })
            .fold(self.since, Timestamp::min)
            .min(now);
        CheckContext { now, from, to: now }
    }

    /// Holds faulty resources back. A finding about the bundle as a whole counts against everything new in it.
    async fn hold(
        &self,
        planned: &Planned,
        findings: Vec<CheckFinding>,
        now: Timestamp,
    ) -> Result<Vec<u32>, SenderError> {
        let mut by_entry: BTreeMap<u32, Vec<HeldFinding>> = BTreeMap::new();
        let mut of_bundle = Vec::new();
        for CheckFinding { entry, finding } in findings {
            match entry.and_then(|entry| planned.entries.get(entry)) {
                Some(at) => by_entry.entry(*at).or_default().push(finding),
                None => of_bundle.push(finding),
            }
        }
        if by_entry.is_empty() {
            by_entry.extend(planned.roots.iter().map(|root| (*root, of_bundle.clone())));
        }
        let faulty: Vec<u32> = by_entry.keys().copied().collect();
        let held: Vec<(Item, Vec<HeldFinding>)> =
            by_entry.into_iter().map(|(at, findings)| (self.item(at, true), findings)).collect();
        self.agent.outbox.hold(&held, now).await?;
        Ok(faulty)
    }

    /// The resource as the outbox keeps it.
    pub(crate) fn item(&self, at: u32, root: bool) -> Item {
        let record = &self.index.records[at as usize];
        let status = self.statuses.of(at);
        Item {
            identity: record.identity,
            version: record.version,
            role: plan::role(status),
            root,
            is_annulment: false,
            resource_type: self.index.resource_type(at).to_string(),
            resource_id: self.index.id(at).map(str::to_owned),
            source_key: self.index.source_key(at).map(str::to_owned),
            id_space: self.agent.source.id_space(self.index.label(at)).map(str::to_owned),
            file: self.index.label(at).to_owned(),
            line: self.index.location(at).line(),
        }
    }
}

/// What stays of a plan without the versions that were found faulty; what referred to them waits.
fn without_faulty(
    index: &Index,
    planned: Planned,
    faulty: &HashSet<Hash>,
    counts: &mut MessageCounts,
) -> Planned {
    let is_faulty = |at: &&u32| faulty.contains(&index.records[**at as usize].version);
    let faulty: Vec<u32> = planned.entries.iter().filter(is_faulty).copied().collect();
    if faulty.is_empty() {
        return planned;
    }
    let left = plan::without(index, &planned, &faulty);
    let waits = |root: &&u32| !left.roots.contains(root) && !faulty.contains(root);
    counts.waiting += planned.roots.iter().filter(waits).count();
    left
}

/// The texts of a bundle's entries, in order.
struct Texts {
    texts: Vec<EntryText>,
    /// What has changed since it was read first.
    gone: Vec<u32>,
    /// What would mean nothing to the register, or something else than is meant.
    refused: Vec<CheckFinding>,
}
