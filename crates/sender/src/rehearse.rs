//! A rehearsal of another rule set: what of that which was sent, and of that which is in the source, it would refuse.
//!
//! Sends and changes nothing. One bundle is in memory at a time, beside the index that every run has.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use lmr_envelope::write_time;
use lmr_fhir::{Bundle, Document, Edits, Language, ParseOptions};
use lmr_lmdi::Identity;
use serde::Serialize;

use crate::agent::Agent;
use crate::bundle::{self, EntryText};
use crate::check::CheckContext;
use crate::clinical::{When, start_of};
use crate::copies::CopyKey;
use crate::desk::without_indices;
use crate::error::SenderError;
use crate::identity::{Hash, uuid_text};
use crate::outbox::{HeldFinding, Outbox};

/// What a rehearsal has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rehearsal {
    /// The rule set that was rehearsed.
    pub rule_set: &'static str,
    /// What the register has confirmed, as it was last sent.
    pub sent: RehearsedPart,
    /// What is in the source and would be sent to a register that has nothing.
    pub source: RehearsedPart,
}

/// One half of a rehearsal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RehearsedPart {
    /// Resources looked at.
    pub resources: u64,
    /// Of these: would be refused for what is wrong with them.
    pub refused: u64,
    /// Correct themselves, but refer to one that would be refused.
    pub waiting: u64,
    /// Messages of which no copy is there, or none that can be read.
    pub unreadable: u64,
    /// Why, with the most frequent cause first.
    pub causes: Vec<RehearsedCause>,
}

/// A rule that refuses, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RehearsedCause {
    /// `LMR-nnnn`.
    pub code: Option<String>,
    /// The element, without indices.
    pub path: String,
    /// What is wrong, in bokmål.
    pub text_nb: String,
    /// What is wrong, in English.
    pub text_en: String,
    /// How many resources it refuses.
    pub resources: u64,
    /// The first of them: its type, with the source's own key or id where it has one that is not a person's number.
    pub example: String,
}

impl RehearsedCause {
    /// What is wrong.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Bokmal => &self.text_nb,
            Language::English => &self.text_en,
        }
    }
}

/// How far a rehearsal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RehearsalProgress {
    /// Of the source; else of what was sent.
    pub in_source: bool,
    /// Bundles done.
    pub done: usize,
    /// Bundles in all.
    pub of: usize,
}

/// Most causes that are counted apart: findings that name a value each could be as many as there are resources.
const MAX_CAUSES: usize = 10_000;

/// Counts by cause.
#[derive(Default)]
struct Causes(BTreeMap<(Option<String>, String, String), RehearsedCause>);

impl Causes {
    /// Counts a resource's findings, each cause once.
    fn add(&mut self, findings: &[HeldFinding], example: impl Fn() -> String) {
        let mut seen = HashSet::new();
        for finding in findings {
            let path = without_indices(finding.path.as_deref());
            let key = (finding.code.clone(), path, finding.text_en.clone());
            if !seen.insert(key.clone()) {
                continue;
            }
            let is_full = self.0.len() >= MAX_CAUSES;
            match self.0.get_mut(&key) {
                Some(cause) => cause.resources += 1,
                None if is_full => {}
                None => {
                    let (code, path, text_en) = key.clone();
                    let text_nb = finding.text_nb.clone();
                    let cause = RehearsedCause {
                        code,
                        path,
                        text_nb,
                        text_en,
                        resources: 1,
                        example: example(),
                    };
                    self.0.insert(key, cause);
                }
            }
        }
    }

    fn into_list(self) -> Vec<RehearsedCause> {
        let mut list: Vec<_> = self.0.into_values().collect();
        list.sort_by_key(|cause| std::cmp::Reverse(cause.resources));
        list
    }
}

impl Agent {
    /// Rehearses the agent's rule set. The agent's outbox must be empty and its own ([`Outbox::scratch_copy`] of
    /// nothing): it is worked on as a first transfer would. `outbox` is the one in use, where there is one; it is only
    /// read.
    ///
    /// # Errors
    /// [`SenderError`].
    pub async fn rehearse(
        &self,
        outbox: Option<&Outbox>,
        progress: &mut (dyn FnMut(RehearsalProgress) + Send),
    ) -> Result<Rehearsal, SenderError> {
        let sent = match outbox {
            Some(outbox) => self.rehearse_sent(outbox, progress).await?,
            None => RehearsedPart::default(),
        };
        let source = self.rehearse_source(progress).await?;
        Ok(Rehearsal { rule_set: self.settings.rule_set.as_str(), sent, source })
    }

    async fn rehearse_source(
        &self,
        progress: &mut (dyn FnMut(RehearsalProgress) + Send),
    ) -> Result<RehearsedPart, SenderError> {
        let mut part = RehearsedPart::default();
        let (report, looked_at) = self
            .each_planned(&mut HashSet::new(), &mut |_, done, of| {
                progress(RehearsalProgress { in_source: true, done, of });
            })
            .await?;
        part.resources = looked_at;
        part.waiting = report.waiting as u64;
        part.unreadable = report.source_issues.len() as u64;
        let mut causes = Causes::default();
        let mut after = 0;
        loop {
            // In pages: there may be as many as there are resources.
            let rows = self.outbox.held_after(after, 1_000).await?;
            for row in &rows {
                part.refused += 1;
                let name = row.source_key.as_ref().or(row.resource_id.as_ref());
                let example = || example(&row.resource_type, name.map(String::as_str));
                causes.add(&row.findings, example);
            }
            match rows.last() {
                Some(last) => after = last.number,
                None => break,
            }
        }
        part.causes = causes.into_list();
        Ok(part)
    }

    async fn rehearse_sent(
        &self,
        outbox: &Outbox,
        progress: &mut (dyn FnMut(RehearsalProgress) + Send),
    ) -> Result<RehearsedPart, SenderError> {
        let key =
            CopyKey::of(&self.key).ok_or(SenderError::Internal("a key of the wrong length"))?;
        let (mut part, mut causes) = (RehearsedPart::default(), Causes::default());
        let messages = outbox.messages_with_confirmed().await?;
        for (done, seq) in messages.iter().enumerate() {
            let copy = outbox.copy_of(*seq).await?;
            let text = copy.and_then(|(id, copy)| key.open(&copy, &id));
            match text {
                Some(text) => {
                    self.rehearse_copy(outbox, *seq, &text, &mut part, &mut causes).await?
                }
                None => part.unreadable += 1,
            }
            progress(RehearsalProgress { in_source: false, done: done + 1, of: messages.len() });
        }
        part.causes = causes.into_list();
        Ok(part)
    }

    /// One message as it was sent: its resources in a bundle of the agent's rule set. What a later message brought in
    /// another version is not counted here.
    async fn rehearse_copy(
        &self,
        outbox: &Outbox,
        seq: i64,
        text: &str,
        part: &mut RehearsedPart,
        causes: &mut Causes,
    ) -> Result<(), SenderError> {
        let rule_set = self.settings.rule_set;
        let Ok(document) = Document::parse(text, &ParseOptions::strict()) else {
            part.unreadable += 1;
            return Ok(());
        };
        let Some(bundle) = Bundle::of(&document) else {
            part.unreadable += 1;
            return Ok(());
        };
        let now = self.now();
        let (mut entries, mut names, mut identities) = (Vec::new(), Vec::new(), Vec::new());
        let mut from: Timestamp = start_of(self.settings.start);
        for entry in bundle.entries() {
            let (Some(url), Some(resource)) = (entry.full_url(), entry.resource()) else {
                continue;
            };
            let (Some(node), Some(resource_type)) = (resource.value(), resource.resource_type())
            else {
                continue;
            };
            let known = Identity::of(resource, Some(&url));
            identities.push(known.map(|known| {
                self.key.hash("identity", &[resource_type.as_bytes(), known.key.as_bytes()])
            }));
            if let When::At(time) = When::of(&resource_type, node) {
                from = from.min(time);
            }
            let source = text.get(node.span()).unwrap_or_default();
            let mut edits = Edits::new();
            if rule_set.wants_profile_named()
                && let Ok(alone) = Document::parse(source, &ParseOptions::strict())
            {
                bundle::name_profile(rule_set, alone.root(), &resource_type, &mut edits);
            }
            let resource =
                edits.apply(source).map_err(|_| SenderError::Internal("edits overlap"))?;
            names.push(example(&resource_type, crate::source_key::source_key(node).as_deref()));
            entries.push(EntryText {
                full_url: url.into_owned(),
                resource_type: resource_type.into_owned(),
                resource,
            });
        }
        drop(document);
        let mut id = [0; 16];
        self.random.fill(&mut id)?;
        let rewritten = bundle::write(rule_set, &uuid_text(id, 4), &write_time(now), &entries);
        drop(entries);
        let all: Vec<Hash> = identities.iter().flatten().copied().collect();
        let current = outbox.confirmed_by(seq, &all).await?;
        let is_current = |at: usize| {
            identities.get(at).copied().flatten().is_some_and(|of| current.contains(&of))
        };
        part.resources += (0..identities.len()).filter(|at| is_current(*at)).count() as u64;
        let context = CheckContext { now, from: from.min(now), to: now };
        let mut by_entry: BTreeMap<Option<usize>, Vec<HeldFinding>> = BTreeMap::new();
        for found in self.checker.check(&rewritten, &context)? {
            by_entry.entry(found.entry).or_default().push(found.finding);
        }
        for (entry, findings) in by_entry {
            match entry {
                Some(at) if is_current(at) => {
                    part.refused += 1;
                    causes.add(&findings, || names.get(at).cloned().unwrap_or_default());
                }
                Some(_) => {}
                None => causes.add(&findings, || "Bundle".to_owned()),
            }
        }
        Ok(())
    }
}

fn example(resource_type: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{resource_type} {name}"),
        None => resource_type.to_owned(),
    }
}
