//! What the source holds now: one small record per resource, and who refers to whom.

mod likeness;
mod names;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use hashbrown::HashTable;
use jiff::Timestamp;
use lmr_fhir::{Edits, Element, Node};
use lmr_lmdi::Identity;
use lmr_lmdi::person::looks_personal;
use serde::Serialize;
use smallvec::SmallVec;

use crate::clinical::When;
use crate::content::content_of;
use crate::identity::{Hash, HashKey};
use crate::source::{
    FoundResource, PartLocation, Scanned, Scope, Source, SourceIssue, SourceIssueKind,
    SourceLocation, SourcePart, SourceUnavailable,
};
use crate::source_key::source_key;
use likeness::Written;
use names::{Names, Target};

/// A resource of the source, in as few bytes as will do: there may be millions. What is not here is in lists that all
/// share, and [`Index`] gives it by the resource's position.
#[derive(Debug)]
pub(crate) struct Record {
    /// Keyed hash of what the register knows it by.
    pub(crate) identity: Hash,
    /// Keyed hash of what it says, references counted by what they point at.
    pub(crate) version: Hash,
    /// When it happened, in milliseconds; see [`Record::when`].
    when: i64,
    /// `meta.lastUpdated`, and a digest of what a correction leaves as it is.
    written: Written,
    /// What its part finds it by.
    key: u64,
    line: u32,
    length: u32,
    /// Which of [`Index::parts`] it is in.
    part: u32,
    /// The number of its Bundle; 0 outside of any.
    bundle: u32,
    /// Where its part of [`Index::texts`] begins: id, source key and `fullUrl`, one behind the other.
    texts: u32,
    /// Where its part of [`Index::targets`] begins; that of the next one is its end.
    targets: u32,
    /// Bytes of the technical id, for people to find it by; 0 when it looks like an identity number.
    id: u16,
    /// Bytes of the source's own key; 0 for a person's number.
    source_key: u16,
    /// Bytes of the `fullUrl` to use in bundles, where the register knows the resource by it.
    given_url: u16,
    /// Which of [`Index::types`] it is.
    resource_type: u16,
}

/// Most types of resources that are distinguished.
const MAX_TYPES: usize = 1 << 16;
/// In [`Record::when`]: the kind of resource has no time of its own.
const TIMELESS: i64 = i64::MAX;
/// In [`Record::when`]: its time cannot be read.
const UNREADABLE: i64 = i64::MIN;

impl Record {
    /// When it happened, to the millisecond.
    pub(crate) fn when(&self) -> When {
        match self.when {
            TIMELESS => When::Timeless,
            UNREADABLE => When::Unreadable,
            ms => Timestamp::from_millisecond(ms).map_or(When::Unreadable, When::At),
        }
    }

    /// The number of the Bundle it is in; 0 outside of any.
    pub(crate) fn bundle(&self) -> u64 {
        u64::from(self.bundle)
    }

    /// Bytes of the resource as the source has them.
    pub(crate) fn bytes(&self) -> usize {
        self.length as usize
    }
}

/// A keyed hash is spread as well as a table wants it.
fn spread(hash: &Hash) -> u64 {
    hash.0.first_chunk().map_or(0, |first| u64::from_ne_bytes(*first))
}

/// A resource that is in the source more than once with different content; the newer one is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// Type.
    pub resource_type: String,
    /// The source's own key.
    pub source_key: Option<String>,
    /// Where the one is that is used.
    pub used: SourceLocation,
    /// Where the one is that is not.
    pub unused: SourceLocation,
}

/// What is wrong with how administrations are identified: they cannot be corrected or annulled for sure (guide
/// 1.1.6: the same identifier over time, in an area of the sender's own).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifierAdvice {
    /// No business identifier.
    Missing,
    /// An identifier without a system: another sender may use the same value.
    WithoutSystem,
    /// More than one: it is not said which one counts.
    Several,
}

/// Administrations to which an advice applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdviceCount {
    /// The advice.
    pub advice: IdentifierAdvice,
    /// How many administrations.
    pub count: usize,
    /// The first of them.
    pub example: SourceLocation,
}

/// Everything in the source.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) records: Vec<Record>,
    pub(crate) scanned: Scanned,
    pub(crate) duplicates: Vec<Duplicate>,
    pub(crate) advice: Vec<AdviceCount>,
    /// Positions by identity.
    identities: HashTable<u32>,
    names: Names,
    /// Types of resources, each once.
    types: Vec<Arc<str>>,
    /// Files, pages, tables, in the order in which they were read.
    parts: Vec<Arc<SourcePart>>,
    /// Ids, keys and addresses of all resources, one behind the other: a text of its own for each would take
    /// four times the memory.
    texts: String,
    /// What all resources refer to, as positions in the index, one resource after the other.
    targets: Vec<u32>,
    /// Where else resources are, the same or in another version: position and part.
    repeats: Vec<(u32, u32)>,
    /// Resources under whose identity the source has another one: where the other is. Neither is sent.
    another: HashMap<u32, SourceLocation>,
    own_addresses: Vec<String>,
}

/// The references of all resources until all names are known: one list, since a million lists of lists take
/// ten times the memory of what is in them.
#[derive(Default)]
struct Wanted {
    /// Numbers of names: one for each reference, or two in a Bundle, narrowest first.
    numbers: Vec<u32>,
    /// The part of each resource: first and one behind the last.
    spans: Vec<(u32, u32)>,
    recent: Recent,
}

/// References read lately, with the numbers of their names: most resources refer to what the one before did, and a
/// keyed hash takes far longer than a look here.
struct Recent(Vec<(String, u32)>);

/// Places in [`Recent`]; of two references with one place the later one stays.
const RECENT: usize = 4096;

impl Default for Recent {
    fn default() -> Self {
        Self(vec![(String::new(), 0); RECENT])
    }
}

impl Recent {
    fn place(&mut self, target: &str) -> &mut (String, u32) {
        let mut hasher = DefaultHasher::new();
        target.hash(&mut hasher);
        &mut self.0[hasher.finish() as usize % RECENT]
    }
}

/// A reference as found: by what it may be looked up, narrowest first. One hash, or two in a Bundle.
type Lookups = SmallVec<[Hash; 2]>;

impl Index {
    /// Reads the source. `own_addresses` are the base addresses of the source's own FHIR server: an absolute
    /// reference below one of them is as good as a relative one.
    pub(crate) fn read(
        source: &dyn Source,
        own_addresses: &[String],
        key: &HashKey,
    ) -> Result<Self, SourceUnavailable> {
        let own_addresses = base_addresses(own_addresses);
        let mut index = Self {
            records: Vec::new(),
            scanned: Scanned::default(),
            duplicates: Vec::new(),
            advice: Vec::new(),
            identities: HashTable::new(),
            names: Names::default(),
            types: Vec::new(),
            parts: Vec::new(),
            texts: String::new(),
            targets: Vec::new(),
            repeats: Vec::new(),
            another: HashMap::new(),
            own_addresses,
        };
        let mut wanted = Wanted::default();
        let scanned = source.scan(Scope::All, &mut |found| index.take(found, key, &mut wanted))?;
        index.scanned = scanned;
        index.name_others();
        index.settle_names(source);
        index.resolve(wanted, key);
        Ok(index)
    }

    fn take(
        &mut self,
        found: FoundResource<'_>,
        key: &HashKey,
        wanted: &mut Wanted,
    ) -> Result<(), SourceIssueKind> {
        let FoundResource { node, resource_type, full_url, location, bundle, updated } = found;
        let Some(known) = Identity::of(Element::of(node), full_url) else {
            return Err(SourceIssueKind::NoIdentity { resource_type: resource_type.to_owned() });
        };
        let identity = key.hash("identity", &[resource_type.as_bytes(), known.key.as_bytes()]);
        let id = node.member("id").and_then(Node::as_str);
        let mut names: SmallVec<[Hash; 4]> = SmallVec::new();
        let mut goes_by = |name: &str| {
            if bundle != 0 {
                names.push(key.hash("name", &[&bundle.to_be_bytes(), name.as_bytes()]));
            }
            names.push(key.hash("name", &[name.as_bytes()]));
        };
        let relative = id.as_ref().map(|id| format!("{resource_type}/{id}"));
        if let Some(relative) = &relative {
            goes_by(relative);
        }
        if let Some(url) = full_url.map(|url| shortened(&self.own_addresses, url))
            && relative.as_deref() != Some(url)
        {
            goes_by(url);
        }
        if resource_type == "MedicationAdministration"
            && let Some(advice) = identifier_advice(node)
        {
            self.advise(advice, &location);
        }
        let content = content_of(node);
        let version = key.hash("content", &[&content.bytes]);
        let updated = updated.map_or_else(|| updated_at(node), Timestamp::as_millisecond);
        let written = Written::of(updated, resource_type, node);
        let same = |at: &u32| self.records[*at as usize].identity == identity;
        let at = match self.identities.find(spread(&identity), same).copied() {
            None => u32::try_from(self.records.len()).unwrap_or(u32::MAX),
            Some(at) => {
                let kept = &self.records[at as usize];
                if kept.version == version {
                    self.repeat(at, &location);
                    self.name(&names, at);
                    return Ok(());
                }
                let newer = is_newer(kept.written.milliseconds(), updated);
                let is_another = written.is_another_than(kept.written);
                let kept_part = kept.part;
                let kept_location = self.location(at);
                if is_another {
                    self.another.insert(at, kept_location.clone());
                }
                let (source_key, used, unused) = match newer {
                    true => (source_key(node), location.clone(), kept_location),
                    false => {
                        (self.source_key(at).map(str::to_owned), kept_location, location.clone())
                    }
                };
                self.duplicates.push(Duplicate {
                    resource_type: resource_type.to_owned(),
                    source_key,
                    used,
                    unused,
                });
                if !newer {
                    self.repeat(at, &location);
                    self.name(&names, at);
                    return Ok(());
                }
                self.repeats.push((at, kept_part));
                at
            }
        };
        let texts = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let record = Record {
            identity,
            version,
            when: match When::of(resource_type, node) {
                When::At(time) => time.as_millisecond(),
                When::Unreadable => UNREADABLE,
                When::Timeless => TIMELESS,
            },
            written,
            key: location.key,
            line: location.line,
            length: location.length,
            part: self.part(&location.part),
            bundle: u32::try_from(bundle).unwrap_or(u32::MAX),
            texts,
            targets: 0,
            id: self.keep(id.as_deref().filter(|id| !looks_personal(id))),
            source_key: self.keep(source_key(node).as_deref()),
            given_url: self.keep(full_url.filter(|_| known.key.starts_with("url:"))),
            resource_type: self.type_number(resource_type),
        };
        let first = wanted.numbers.len() as u32;
        for reference in &content.references {
            if bundle == 0 {
                let number = self.number_of(*reference, key, &mut wanted.recent);
                wanted.numbers.push(number);
                continue;
            }
            for lookup in self.lookups(*reference, bundle, key) {
                wanted.numbers.push(self.names.number(lookup));
            }
        }
        let span = (first, wanted.numbers.len() as u32);
        match self.records.get_mut(at as usize) {
            Some(kept) => {
                *kept = record;
                wanted.spans[at as usize] = span;
            }
            None => {
                self.records.push(record);
                wanted.spans.push(span);
                let records = &self.records;
                let spread_of = |at: &u32| spread(&records[*at as usize].identity);
                self.identities.insert_unique(spread(&identity), at, spread_of);
            }
        }
        self.name(&names, at);
        Ok(())
    }

    /// The number of what a reference outside of any Bundle names.
    fn number_of(&mut self, reference: Node<'_>, key: &HashKey, recent: &mut Recent) -> u32 {
        let target = reference.as_str().unwrap_or_default();
        let target = shortened(&self.own_addresses, &target);
        let place = recent.place(target);
        if place.0 == target && !target.is_empty() {
            return place.1;
        }
        let number = self.names.number(key.hash("name", &[target.as_bytes()]));
        target.clone_into(&mut place.0);
        place.1 = number;
        number
    }

    fn name(&mut self, names: &[Hash], at: u32) {
        for name in names {
            self.names.set(*name, at);
        }
    }

    /// Notes that a resource is at another place too.
    fn repeat(&mut self, at: u32, location: &SourceLocation) {
        let part = self.part(&location.part);
        if self.records[at as usize].part != part {
            self.repeats.push((at, part));
        }
    }

    /// The number of a part. Resources of one part follow one another.
    fn part(&mut self, part: &Arc<SourcePart>) -> u32 {
        if self.parts.last().is_none_or(|last| !Arc::ptr_eq(last, part)) {
            self.parts.push(Arc::clone(part));
        }
        u32::try_from(self.parts.len() - 1).unwrap_or(u32::MAX)
    }

    /// The number of a type. A source has a handful of them; a hostile one may have more than are numbered, and what is
    /// beyond is of no type that the guide takes.
    fn type_number(&mut self, resource_type: &str) -> u16 {
        let known = self.types.iter().position(|known| **known == *resource_type);
        let at = known.unwrap_or_else(|| {
            if self.types.len() < MAX_TYPES {
                self.types.push(resource_type.into());
            }
            self.types.len() - 1
        });
        at as u16
    }

    fn advise(&mut self, advice: IdentifierAdvice, location: &SourceLocation) {
        match self.advice.iter_mut().find(|known| known.advice == advice) {
            Some(known) => known.count += 1,
            None => {
                let example = location.clone();
                self.advice.push(AdviceCount { advice, count: 1, example });
            }
        }
    }

    /// Reports what is two under one identity: both are named, and neither is sent.
    fn name_others(&mut self) {
        let mut issues: Vec<SourceIssue> = self
            .another
            .iter()
            .map(|(at, other)| {
                let place = self.location(*at);
                SourceIssue {
                    file: place.label().to_owned(),
                    line: Some(place.line()),
                    issue: SourceIssueKind::TwoOfOneIdentity {
                        resource_type: self.resource_type(*at).to_string(),
                        other: format!("{}:{}", other.label(), other.line()),
                    },
                }
            })
            .collect();
        issues.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self.scanned.issues.extend(issues);
    }

    /// Decides what a name means that several resources go by: the one of the same source, and of several there the one
    /// written last where the source's ids are stable. Else nothing says which.
    fn settle_names(&mut self, source: &dyn Source) {
        if !self.names.has_shared() {
            return;
        }
        let mut names = std::mem::take(&mut self.names);
        let mut parts: HashMap<u32, Vec<u32>> = HashMap::new();
        for at in names.shared_positions() {
            parts.insert(at, vec![self.records[at as usize].part]);
        }
        for (at, part) in &self.repeats {
            if let Some(parts) = parts.get_mut(at) {
                parts.push(*part);
            }
        }
        let sources = |at: u32| {
            let of_parts = parts.get(&at).into_iter().flatten();
            let mut sources: Vec<usize> =
                of_parts.map(|part| source_of(&self.parts[*part as usize])).collect();
            sources.sort_unstable();
            sources.dedup();
            sources
        };
        let newest = |all: &[u32]| {
            let written = |at: &u32| self.records[*at as usize].written.milliseconds();
            let last = all.iter().max_by_key(|at| written(at))?;
            let is_last = all.iter().filter(|at| written(at) == written(last)).count() == 1
                && all.iter().all(|at| written(at) != i64::MIN);
            (is_last && source.id_space(self.label(*last)).is_some()).then_some(*last)
        };
        names.settle(sources, newest);
        self.names = names;
    }

    /// The source, of several, that a resource is in.
    fn source(&self, at: u32) -> usize {
        source_of(&self.parts[self.records[at as usize].part as usize])
    }

    /// Turns references into positions, and lets what they point at count as content: a reference that now means
    /// another resource is a change, another spelling of the same one is not.
    fn resolve(&mut self, wanted: Wanted, key: &HashKey) {
        self.targets.reserve_exact(wanted.numbers.len());
        let (mut targets, mut parts) = (Vec::new(), Vec::new());
        for (at, (start, end)) in wanted.spans.iter().enumerate() {
            let record = &self.records[at];
            // One lookup a reference, or two in a Bundle.
            let each = if record.bundle == 0 { 1 } else { 2 };
            let source = self.source(at as u32);
            targets.clear();
            parts.clear();
            parts.push(record.version.0);
            for numbers in wanted.numbers[*start as usize..*end as usize].chunks(each) {
                let found = numbers.iter().find_map(|number| self.names.target(*number, source));
                if let Some(Target::One(target)) = found {
                    targets.push(target);
                }
                let spelling = numbers.last().map(|number| self.names.hash(*number));
                parts.push(self.counted(found, spelling));
            }
            if self.another.contains_key(&(at as u32)) {
                parts.push(UNCLEAR);
            }
            let version = key.hash("version", &[parts.as_flattened()]);
            targets.sort_unstable();
            targets.dedup();
            let first = self.targets.len() as u32;
            self.targets.extend_from_slice(&targets);
            let record = &mut self.records[at];
            record.version = version;
            record.targets = first;
        }
    }

    /// What counts of a reference for the version of what has it.
    fn counted(&self, found: Option<Target>, spelling: Option<Hash>) -> [u8; 16] {
        match (found, spelling) {
            (Some(Target::One(at)), _) => self.records[at as usize].identity.0,
            (Some(Target::Several(..)), _) => UNCLEAR,
            // Not in the source: then the spelling is all there is.
            (None, Some(spelling)) => spelling.0,
            (None, None) => [0; 16],
        }
    }

    /// Where another resource is that the source has under the identity of the one at a position.
    pub(crate) fn another(&self, at: u32) -> Option<&SourceLocation> {
        self.another.get(&at)
    }

    /// Adds to the texts; gives the bytes of it. What is too long is left out.
    fn keep(&mut self, text: Option<&str>) -> u16 {
        let Some(text) = text else { return 0 };
        let Ok(length) = u16::try_from(text.len()) else { return 0 };
        if u32::try_from(self.texts.len() + text.len()).is_err() {
            return 0;
        }
        self.texts.push_str(text);
        length
    }

    fn text(&self, start: usize, length: u16) -> Option<&str> {
        (length > 0).then(|| self.texts.get(start..start + usize::from(length))).flatten()
    }

    /// The technical id of the resource at a position, unless it looks like an identity number.
    pub(crate) fn id(&self, at: u32) -> Option<&str> {
        let record = &self.records[at as usize];
        self.text(record.texts as usize, record.id)
    }

    /// The source's own key of the resource at a position, unless it is a person's number.
    pub(crate) fn source_key(&self, at: u32) -> Option<&str> {
        let record = &self.records[at as usize];
        self.text(record.texts as usize + usize::from(record.id), record.source_key)
    }

    /// The `fullUrl` of the resource at a position in every bundle.
    pub(crate) fn full_url(&self, at: u32) -> String {
        let record = &self.records[at as usize];
        let start = record.texts as usize + usize::from(record.id) + usize::from(record.source_key);
        let given = self.text(start, record.given_url);
        given.map_or_else(|| record.identity.full_url(), str::to_owned)
    }

    /// The type of the resource at a position.
    pub(crate) fn resource_type(&self, at: u32) -> &Arc<str> {
        &self.types[usize::from(self.records[at as usize].resource_type)]
    }

    /// Where the resource at a position is.
    pub(crate) fn location(&self, at: u32) -> SourceLocation {
        let record = &self.records[at as usize];
        SourceLocation {
            part: Arc::clone(&self.parts[record.part as usize]),
            line: record.line,
            key: record.key,
            length: record.length,
        }
    }

    /// The name for people of the part that the resource at a position is in.
    pub(crate) fn label(&self, at: u32) -> &str {
        &self.parts[self.records[at as usize].part as usize].label
    }

    /// Files, pages and tables with resources, in the order in which they were read.
    pub(crate) fn parts(&self) -> &[Arc<SourcePart>] {
        &self.parts
    }

    /// Which of [`Index::parts`] the resource at a position is in.
    pub(crate) fn part_of(&self, at: u32) -> usize {
        self.records[at as usize].part as usize
    }

    /// Every resource with each part that it is in: that of the version that counts, and those of others.
    pub(crate) fn places(&self) -> impl Iterator<Item = (u32, usize)> {
        let own = self.records.iter().zip(0..).map(|(record, at)| (at, record.part as usize));
        own.chain(self.repeats.iter().map(|(at, part)| (*at, *part as usize)))
    }

    /// What a resource refers to, as positions in the index; ascending, each once.
    pub(crate) fn targets(&self, at: u32) -> &[u32] {
        let first = self.records[at as usize].targets as usize;
        let next = self.records.get(at as usize + 1).map(|next| next.targets as usize);
        &self.targets[first..next.unwrap_or(self.targets.len())]
    }

    /// The position of a resource.
    pub(crate) fn position(&self, identity: Hash) -> Option<u32> {
        let same = |at: &u32| self.records[*at as usize].identity == identity;
        self.identities.find(spread(&identity), same).copied()
    }

    /// The version of the resource at a position.
    pub(crate) fn version(&self, at: u32) -> Hash {
        self.records[at as usize].version
    }

    /// The version that the source has of a resource.
    pub(crate) fn version_of(&self, identity: Hash) -> Option<Hash> {
        self.position(identity).map(|at| self.version(at))
    }

    /// Whether there is a resource of a type.
    pub(crate) fn has_type(&self, name: &str) -> bool {
        self.types.iter().any(|known| **known == *name)
    }

    fn shortened<'u>(&self, url: &'u str) -> &'u str {
        shortened(&self.own_addresses, url)
    }

    fn lookups(&self, reference: Node<'_>, bundle: u64, key: &HashKey) -> Lookups {
        let target = reference.as_str().unwrap_or_default();
        let target = self.shortened(&target);
        let mut lookups = Lookups::new();
        if bundle != 0 {
            lookups.push(key.hash("name", &[&bundle.to_be_bytes(), target.as_bytes()]));
        }
        lookups.push(key.hash("name", &[target.as_bytes()]));
        lookups
    }

    /// Reads the resource at a position as it now is at its location.
    pub(crate) fn read_again<'d>(&self, at: u32, node: Node<'d>, key: &HashKey) -> Reread<'d> {
        let content = content_of(node);
        let (bundle, source) = (self.records[at as usize].bundle(), self.source(at));
        let mut parts = vec![key.hash("content", &[&content.bytes]).0];
        let mut reread = Reread {
            version: Hash::NO_VERSION,
            edits: Edits::new(),
            dangling: Vec::new(),
            unclear: Vec::new(),
        };
        for reference in &content.references {
            let lookups = self.lookups(*reference, bundle, key);
            let found = lookups.iter().find_map(|name| self.names.target_of(*name, source));
            parts.push(self.counted(found, lookups.last().copied()));
            match found {
                Some(Target::One(at)) => {
                    reread.edits.replace_string(reference.span(), &self.full_url(at));
                }
                Some(Target::Several(one, other)) => {
                    reread.unclear.push((*reference, one, other));
                }
                None if reference.as_str().is_some_and(|target| is_relative(&target)) => {
                    reread.dangling.push(*reference);
                }
                None => {}
            }
        }
        if self.another.contains_key(&at) {
            parts.push(UNCLEAR);
        }
        reread.version = key.hash("version", &[parts.as_flattened()]);
        reread
    }
}

/// Counts for a version where nothing says which of several resources is meant: once it does, that is a change.
const UNCLEAR: [u8; 16] = [0xff; 16];

/// Which of several sources a part is in.
fn source_of(part: &SourcePart) -> usize {
    match &part.place {
        PartLocation::Of { source, .. } => *source,
        PartLocation::File(_) | PartLocation::Spool(_) => 0,
    }
}

/// Base addresses with one slash at their ends.
pub(crate) fn base_addresses(own_addresses: &[String]) -> Vec<String> {
    own_addresses.iter().map(|base| format!("{}/", base.trim_end_matches('/'))).collect()
}

/// A reference without the source's own address and without a version.
pub(crate) fn shortened<'u>(own_addresses: &[String], url: &'u str) -> &'u str {
    let url = own_addresses.iter().find_map(|base| url.strip_prefix(base.as_str())).unwrap_or(url);
    url.split_once("/_history/").map_or(url, |(resource, _)| resource)
}

/// `meta.lastUpdated` in milliseconds; `i64::MIN` where there is none.
pub(crate) fn updated_at(node: Node<'_>) -> i64 {
    node.member("meta")
        .and_then(|meta| meta.member("lastUpdated"))
        .and_then(Node::as_str)
        .and_then(|text| lmr_envelope::read_time(&text).ok())
        .map_or(i64::MIN, Timestamp::as_millisecond)
}

/// Of two resources with one identity the later one in reading order counts, unless both say when they were
/// written.
pub(crate) fn is_newer(kept: i64, found: i64) -> bool {
    kept == i64::MIN || found == i64::MIN || found >= kept
}

/// A resource as it is at its location when it is to be sent.
pub(crate) struct Reread<'d> {
    /// To be compared with the record's.
    pub(crate) version: Hash,
    /// Turn its references into the `fullUrl`s of what they point at. What cannot be found stays as it is.
    pub(crate) edits: Edits,
    /// References to something of the source's own that the source does not hold.
    pub(crate) dangling: Vec<Node<'d>>,
    /// References that may mean one or another resource of the source, at these positions.
    pub(crate) unclear: Vec<(Node<'d>, u32, u32)>,
}

fn identifier_advice(administration: Node<'_>) -> Option<IdentifierAdvice> {
    let with_value = |identifier: &Node<'_>| {
        identifier.member("value").and_then(Node::as_str).is_some_and(|v| !v.trim().is_empty())
    };
    let identifiers: Vec<Node<'_>> = administration
        .member("identifier")
        .map(|identifiers| identifiers.members().filter(with_value).collect())
        .unwrap_or_default();
    let has_system = |identifier: &Node<'_>| {
        identifier.member("system").and_then(Node::as_str).is_some_and(|s| !s.trim().is_empty())
    };
    match identifiers.as_slice() {
        [] => Some(IdentifierAdvice::Missing),
        [first, ..] if !has_system(first) => Some(IdentifierAdvice::WithoutSystem),
        [_] => None,
        _ => Some(IdentifierAdvice::Several),
    }
}

/// `Type/id`, with or without a version: a reference that means nothing outside of the source.
fn is_relative(target: &str) -> bool {
    target.split_once('/').is_some_and(|(kind, id)| {
        !kind.is_empty()
            && !id.is_empty()
            && kind.bytes().all(|byte| byte.is_ascii_alphabetic())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-./_".contains(&byte))
    })
}
