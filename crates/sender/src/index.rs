//! What the source holds now: one small record per resource, and who refers to whom.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;
use lmr_fhir::{Edits, Element, Node};
use lmr_lmdi::Identity;
use serde::Serialize;

use crate::clinical::When;
use crate::content::content_of;
use crate::identity::{Hash, HashKey};
use crate::source::{
    FoundResource, Scanned, Scope, Source, SourceIssueKind, SourceLocation, SourceUnavailable,
};
use crate::source_key::{looks_personal, source_key};

/// A resource of the source.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) resource_type: Arc<str>,
    /// Keyed hash of what the register knows it by.
    pub(crate) identity: Hash,
    /// Keyed hash of what it says, references counted by what they point at.
    pub(crate) version: Hash,
    pub(crate) when: When,
    /// The technical id, for people to find it by; none when it looks like an identity number.
    id: Span,
    /// The source's own key, unless it is a person's number.
    source_key: Span,
    /// `fullUrl` to use in bundles, where the register knows the resource by it.
    given_url: Span,
    pub(crate) location: SourceLocation,
    pub(crate) bundle: u64,
    /// Its part of [`Index::targets`]: first and one behind the last.
    targets: (u32, u32),
    /// `meta.lastUpdated` in milliseconds; `i64::MIN` where there is none.
    updated: i64,
}

/// A part of [`Index::texts`]: first byte and length, 0 for none.
#[derive(Debug, Clone, Copy, Default)]
struct Span(u32, u32);

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
    identities: HashMap<Hash, u32>,
    names: HashMap<Hash, u32>,
    /// Ids, keys and addresses of all resources, one behind the other: a text of its own for each would take
    /// four times the memory.
    texts: String,
    /// What all resources refer to, as positions in the index, one resource after the other.
    targets: Vec<u32>,
    own_addresses: Vec<String>,
}

/// A reference as found: by what it may be looked up, narrowest first. One hash, or two in a Bundle.
type Lookups = Vec<Hash>;

/// The references of all resources until all names are known: one list, since a million lists of lists take
/// ten times the memory of what is in them.
#[derive(Default)]
struct Wanted {
    lookups: Vec<Hash>,
    /// The part of each resource: first and one behind the last.
    spans: Vec<(u32, u32)>,
}

impl Wanted {
    fn lookups_of(&mut self, references: &[Lookups]) -> (u32, u32) {
        let first = self.lookups.len() as u32;
        self.lookups.extend(references.iter().flatten());
        (first, self.lookups.len() as u32)
    }
}

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
            identities: HashMap::new(),
            names: HashMap::new(),
            texts: String::new(),
            targets: Vec::new(),
            own_addresses,
        };
        let mut wanted = Wanted::default();
        let mut types: HashMap<String, Arc<str>> = HashMap::new();
        let scanned = source
            .scan(Scope::All, &mut |found| index.take(found, key, &mut wanted, &mut types))?;
        index.scanned = scanned;
        index.resolve(wanted, key);
        Ok(index)
    }

    fn take(
        &mut self,
        found: FoundResource<'_>,
        key: &HashKey,
        wanted: &mut Wanted,
        types: &mut HashMap<String, Arc<str>>,
    ) -> Result<(), SourceIssueKind> {
        let FoundResource { node, resource_type, full_url, location, bundle, updated } = found;
        let Some(known) = Identity::of(Element::of(node), full_url) else {
            return Err(SourceIssueKind::NoIdentity { resource_type: resource_type.to_owned() });
        };
        let identity = key.hash("identity", &[resource_type.as_bytes(), known.key.as_bytes()]);
        let id = node.member("id").and_then(Node::as_str);
        let mut names = Vec::new();
        if let Some(id) = &id {
            names.push(key.hash("name", &[format!("{resource_type}/{id}").as_bytes()]));
        }
        if let Some(url) = full_url {
            names.push(key.hash("name", &[&bundle.to_be_bytes(), url.as_bytes()]));
            names.push(key.hash("name", &[self.shortened(url).as_bytes()]));
        }
        if resource_type == "MedicationAdministration"
            && let Some(advice) = identifier_advice(node)
        {
            self.advise(advice, &location);
        }
        let content = content_of(node);
        let references: Vec<Lookups> =
            content.references.iter().map(|node| self.lookups(*node, bundle, key)).collect();
        let record = Record {
            resource_type: Arc::clone(
                types.entry(resource_type.to_owned()).or_insert_with(|| resource_type.into()),
            ),
            identity,
            version: key.hash("content", &[&content.bytes]),
            when: When::of(resource_type, node),
            id: self.keep(id.as_deref().filter(|id| !looks_personal(id))),
            source_key: self.keep(source_key(node).as_deref()),
            given_url: self.keep(full_url.filter(|_| known.key.starts_with("url:"))),
            updated: updated.map_or_else(|| updated_at(node), Timestamp::as_millisecond),
            location,
            bundle,
            targets: (0, 0),
        };
        let at = match self.identities.entry(identity) {
            Entry::Vacant(entry) => {
                let at = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
                entry.insert(at);
                self.records.push(record);
                let span = wanted.lookups_of(&references);
                wanted.spans.push(span);
                at
            }
            Entry::Occupied(entry) => {
                let at = *entry.get();
                let kept = &mut self.records[at as usize];
                if kept.version != record.version {
                    let newer = is_newer(kept.updated, record.updated);
                    let (used, unused) = if newer { (&record, &*kept) } else { (&*kept, &record) };
                    self.duplicates.push(Duplicate {
                        resource_type: resource_type.to_owned(),
                        source_key: text_of(&self.texts, used.source_key).map(str::to_owned),
                        used: used.location.clone(),
                        unused: unused.location.clone(),
                    });
                    if newer {
                        *kept = record;
                        wanted.spans[at as usize] = wanted.lookups_of(&references);
                    }
                }
                at
            }
        };
        for name in names {
            self.names.insert(name, at);
        }
        Ok(())
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

    /// Turns references into positions, and lets what they point at count as content: a reference that now means
    /// another resource is a change, another spelling of the same one is not.
    fn resolve(&mut self, wanted: Wanted, key: &HashKey) {
        for (at, (start, end)) in wanted.spans.iter().enumerate() {
            let record = &self.records[at];
            // One lookup a reference, or two in a Bundle.
            let each = if record.bundle == 0 { 1 } else { 2 };
            let references = || wanted.lookups[*start as usize..*end as usize].chunks(each);
            let version = self.version_with(record.version, references(), key);
            let mut targets: Vec<u32> =
                references().filter_map(|lookups| self.find(lookups)).collect();
            targets.sort_unstable();
            targets.dedup();
            let first = self.targets.len() as u32;
            self.targets.append(&mut targets);
            let record = &mut self.records[at];
            record.version = version;
            record.targets = (first, self.targets.len() as u32);
        }
    }

    fn keep(&mut self, text: Option<&str>) -> Span {
        let Some(text) = text else { return Span::default() };
        let (Ok(first), Ok(length)) = (self.texts.len().try_into(), text.len().try_into()) else {
            return Span::default();
        };
        self.texts.push_str(text);
        Span(first, length)
    }

    /// The technical id of the resource at a position, unless it looks like an identity number.
    pub(crate) fn id(&self, at: u32) -> Option<&str> {
        text_of(&self.texts, self.records[at as usize].id)
    }

    /// The source's own key of the resource at a position, unless it is a person's number.
    pub(crate) fn source_key(&self, at: u32) -> Option<&str> {
        text_of(&self.texts, self.records[at as usize].source_key)
    }

    /// The `fullUrl` of the resource at a position in every bundle.
    pub(crate) fn full_url(&self, at: u32) -> String {
        let record = &self.records[at as usize];
        let given = text_of(&self.texts, record.given_url);
        given.map_or_else(|| record.identity.full_url(), str::to_owned)
    }

    /// What a resource refers to, as positions in the index; ascending, each once.
    pub(crate) fn targets(&self, at: u32) -> &[u32] {
        let (first, end) = self.records[at as usize].targets;
        &self.targets[first as usize..end as usize]
    }

    /// The position of a resource.
    pub(crate) fn position(&self, identity: Hash) -> Option<u32> {
        self.identities.get(&identity).copied()
    }

    /// The version of the resource at a position.
    pub(crate) fn version(&self, at: u32) -> Hash {
        self.records[at as usize].version
    }

    /// The version that the source has of a resource.
    pub(crate) fn version_of(&self, identity: Hash) -> Option<Hash> {
        self.position(identity).map(|at| self.version(at))
    }

    fn version_with<'l>(
        &self,
        content: Hash,
        references: impl Iterator<Item = &'l [Hash]>,
        key: &HashKey,
    ) -> Hash {
        let mut parts = vec![content.0];
        for lookups in references {
            parts.push(match (self.find(lookups), lookups.last()) {
                (Some(at), _) => self.records[at as usize].identity.0,
                // Not in the source: then the spelling is all there is.
                (None, Some(spelling)) => spelling.0,
                (None, None) => [0; 16],
            });
        }
        key.hash("version", &[parts.as_flattened()])
    }

    fn find(&self, lookups: &[Hash]) -> Option<u32> {
        lookups.iter().find_map(|name| self.names.get(name).copied())
    }

    fn shortened<'u>(&self, url: &'u str) -> &'u str {
        shortened(&self.own_addresses, url)
    }

    fn lookups(&self, reference: Node<'_>, bundle: u64, key: &HashKey) -> Lookups {
        let target = reference.as_str().unwrap_or_default();
        let mut lookups = Vec::with_capacity(2);
        if bundle != 0 {
            lookups.push(key.hash("name", &[&bundle.to_be_bytes(), target.as_bytes()]));
        }
        lookups.push(key.hash("name", &[self.shortened(&target).as_bytes()]));
        lookups
    }

    /// Reads a resource as it now is at its location.
    pub(crate) fn read_again<'d>(&self, node: Node<'d>, bundle: u64, key: &HashKey) -> Reread<'d> {
        let content = content_of(node);
        let references: Vec<Lookups> =
            content.references.iter().map(|node| self.lookups(*node, bundle, key)).collect();
        let version = key.hash("content", &[&content.bytes]);
        let version = self.version_with(version, references.iter().map(Vec::as_slice), key);
        let mut reread = Reread { version, edits: Edits::new(), dangling: Vec::new() };
        for (reference, lookups) in content.references.iter().zip(&references) {
            match self.find(lookups) {
                Some(at) => {
                    reread.edits.replace_string(reference.span(), &self.full_url(at));
                }
                None if reference.as_str().is_some_and(|target| is_relative(&target)) => {
                    reread.dangling.push(*reference);
                }
                None => {}
            }
        }
        reread
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

fn text_of(texts: &str, span: Span) -> Option<&str> {
    let Span(first, length) = span;
    (length > 0).then(|| texts.get(first as usize..first as usize + length as usize)).flatten()
}

/// A resource as it is at its location when it is to be sent.
pub(crate) struct Reread<'d> {
    /// To be compared with the record's.
    pub(crate) version: Hash,
    /// Turn its references into the `fullUrl`s of what they point at. What cannot be found stays as it is.
    pub(crate) edits: Edits,
    /// References to something of the source's own that the source does not hold.
    pub(crate) dangling: Vec<Node<'d>>,
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
