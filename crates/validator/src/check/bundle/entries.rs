//! The entries of a bundle and who refers to whom.
//! Rule: <https://hl7.org/fhir/R4/bundle.html#references>.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use lmr_fhir::{Element, Kind, Name, Node};
use smallvec::SmallVec;

use crate::cores::spread;
use crate::options::Options;

static RESOURCE: LazyLock<Name> = LazyLock::new(|| Name::new("resource"));
static FULL_URL: LazyLock<Name> = LazyLock::new(|| Name::new("fullUrl"));
static ID: LazyLock<Name> = LazyLock::new(|| Name::new("id"));
static CONTAINED: LazyLock<Name> = LazyLock::new(|| Name::new("contained"));
static META: LazyLock<Name> = LazyLock::new(|| Name::new("meta"));
static VERSION_ID: LazyLock<Name> = LazyLock::new(|| Name::new("versionId"));

/// One entry of a bundle.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) full_url: Option<Cow<'a, str>>,
    pub(crate) resource: Option<Element<'a>>,
    pub(crate) type_name: Cow<'a, str>,
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) version: Option<Cow<'a, str>>,
    /// Whether it may hold bundles or parameters: as its resource or contained in it.
    pub(crate) may_nest: bool,
    /// Whether its address is a text, if it has one, and no version and no extension is beside it.
    is_plain: bool,
}

/// Entries that a thread reads at a time.
const HELPING: usize = 1024;

impl<'a> Entry<'a> {
    /// The entry of a node, not yet read.
    fn at(node: Node<'a>) -> Self {
        Self {
            node,
            full_url: None,
            resource: None,
            type_name: Cow::default(),
            id: None,
            version: None,
            may_nest: false,
            is_plain: false,
        }
    }

    fn read(&mut self) {
        let resource = self.node.get(&RESOURCE);
        let full_url = self.node.get(&FULL_URL);
        let version = resource.and_then(|r| r.get(&META)).and_then(|m| m.get(&VERSION_ID));
        self.full_url = full_url.and_then(Node::as_str);
        self.resource = resource.map(Element::of);
        self.type_name = resource.and_then(Node::resource_type).unwrap_or_default();
        self.id = resource.and_then(|r| r.get(&ID)).and_then(Node::as_str);
        self.version = version.and_then(Node::as_str);
        self.may_nest = matches!(&*self.type_name, "Bundle" | "Parameters")
            || resource.is_some_and(|r| r.get(&CONTAINED).is_some());
        // What is there without being a text (extensions only) is left to the invariant.
        self.is_plain = version.is_none()
            && self.full_url.is_some() == full_url.is_some()
            && !self.node.has_underscore_members();
    }
}

/// The entries of the document's bundle, found by address, by type and id, and
/// by place.
#[derive(Clone, Debug)]
pub(crate) struct Links<'a> {
    pub(crate) kind: Cow<'a, str>,
    pub(crate) entries: Vec<Entry<'a>>,
    by_url: HashMap<Cow<'a, str>, SmallVec<[u32; 1]>>,
    /// The entries whose resource has an id, sorted by type and id. Made when it is first asked for:
    /// few bundles refer by them.
    by_id: OnceLock<Vec<u32>>,
    /// Entries whose resource names its version, by address and version.
    by_version: HashMap<Pair<'a>, SmallVec<[u32; 1]>>,
    /// The entries that do not name their version, sorted by address. Made when it is first asked for, as `by_id`.
    unversioned: OnceLock<Vec<u32>>,
    /// Whether each `fullUrl` is a text of its own, no version beside any.
    distinct_urls: bool,
}

/// Resource type and id, or address and version.
type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// What became of a reference.
#[derive(Debug)]
pub(crate) struct Sought {
    /// Address looked for; `None` when none could be made.
    pub(crate) url: Option<String>,
    pub(crate) version: Option<String>,
    /// Type and id the reference names.
    pub(crate) type_and_id: Option<(String, String)>,
    /// The first entries that fit, at most two.
    pub(crate) matches: SmallVec<[u32; 2]>,
    pub(crate) fault: Option<Unresolvable>,
}

/// Why no address could be made of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unresolvable {
    NoFullUrl,
    Shape,
}

impl<'a> Links<'a> {
    /// `None` when the element is not a bundle.
    pub(crate) fn of(root: Element<'a>, options: &Options) -> Option<Self> {
        if root.resource_type()? != "Bundle" {
            return None;
        }
        let object = root.value()?;
        let mut links = Self {
            kind: object.member("type").and_then(Node::as_str).unwrap_or_default(),
            entries: Vec::new(),
            by_url: HashMap::new(),
            by_id: OnceLock::new(),
            by_version: HashMap::new(),
            unversioned: OnceLock::new(),
            distinct_urls: true,
        };
        let Some(list) = object.member("entry").filter(|n| n.kind() == Kind::Array) else {
            return Some(links);
        };
        links.entries.reserve_exact(list.members().count());
        links.entries.extend(list.members().map(Entry::at));
        spread(options, &mut links.entries, HELPING, |entries| {
            entries.iter_mut().for_each(Entry::read);
        });
        links.by_url.reserve(links.entries.len());
        for (at, entry) in (0u32..).zip(&links.entries) {
            links.distinct_urls &= entry.is_plain;
            if let Some(url) = &entry.full_url {
                let same = links.by_url.entry(url.clone()).or_default();
                links.distinct_urls &= same.is_empty();
                same.push(at);
                if let Some(version) = &entry.version {
                    links.by_version.entry((url.clone(), version.clone())).or_default().push(at);
                }
            }
        }
        Some(links)
    }

    /// Whether each `fullUrl` is known to be a text of its own, no version beside any.
    pub(crate) fn has_distinct_urls(&self) -> bool {
        self.distinct_urls
    }

    /// Index of the entry a node is in.
    pub(crate) fn entry_of(&self, node: Node<'_>) -> Option<usize> {
        let at = self.entries.partition_point(|e| e.node.index() <= node.index()).checked_sub(1)?;
        let entry = self.entries.get(at)?;
        (node.span().end <= entry.node.span().end).then_some(at)
    }

    /// Entries with this address.
    pub(crate) fn with_url(&self, url: &str) -> &[u32] {
        self.by_url.get(url).map_or(&[], |m| m.as_slice())
    }

    /// Entries whose resource has this type and id.
    pub(crate) fn with_id(&self, type_name: &str, id: &str) -> &[u32] {
        let key = |at: u32| {
            let entry = &self.entries[at as usize];
            (&*entry.type_name, entry.id.as_deref().unwrap_or_default())
        };
        let by_id = self.by_id.get_or_init(|| {
            let with_id = (0u32..).zip(&self.entries).filter(|(_, entry)| entry.id.is_some());
            let mut found: Vec<u32> = with_id.map(|(at, _)| at).collect();
            found.sort_by_key(|at| key(*at));
            found
        });
        let from = by_id.partition_point(|at| key(*at) < (type_name, id));
        let count = by_id[from..].partition_point(|at| key(*at) == (type_name, id));
        &by_id[from..from + count]
    }

    /// Entries with this address, and with this version if one is asked for.
    pub(crate) fn with_version(&self, url: &str, version: Option<&str>) -> &[u32] {
        let Some(version) = version else { return self.with_url(url) };
        self.by_version
            .get(&(Cow::Owned(url.to_owned()), Cow::Owned(version.to_owned())))
            .map_or(&[], |m| m.as_slice())
    }

    /// Whether an entry with this address does not say which version it is.
    pub(crate) fn has_unversioned(&self, url: &str) -> bool {
        let url_of = |at: u32| self.entries[at as usize].full_url.as_deref().unwrap_or_default();
        let unversioned = self.unversioned.get_or_init(|| {
            let all = (0u32..).zip(&self.entries);
            let without = all.filter(|(_, entry)| entry.version.is_none());
            let mut found: Vec<u32> = without.map(|(at, _)| at).collect();
            found.sort_by_key(|at| url_of(*at));
            found
        });
        unversioned.binary_search_by_key(&url, |at| url_of(*at)).is_ok()
    }

    /// Follows a reference from an entry by the rules of bundles.
    pub(crate) fn seek(&self, reference: &str, from: Option<&str>) -> Sought {
        let reference = reference.split('#').next().unwrap_or(reference);
        let (plain, version) = match reference.split_once("/_history/") {
            Some((plain, version)) => (plain, Some(version.to_owned())),
            None => (reference, None),
        };
        let mut out = Sought {
            url: None,
            version,
            type_and_id: type_and_id(plain),
            matches: SmallVec::new(),
            fault: None,
        };
        if crate::check::primitive::is_absolute(plain) {
            out.url = Some(plain.to_owned());
        } else {
            let Some(from) = from else {
                out.fault = Some(Unresolvable::NoFullUrl);
                return out;
            };
            if plain.split('/').count() != 2 {
                out.fault = Some(Unresolvable::Shape);
                return out;
            }
            out.url = Some(if from.starts_with("urn") {
                let id = plain.split('/').nth(1).unwrap_or_default();
                format!("{}:{id}", from.rsplit_once(':').map_or(from, |(base, _)| base))
            } else {
                let base = from.rsplitn(3, '/').nth(2).unwrap_or_default();
                if base.is_empty() { plain.to_owned() } else { format!("{base}/{plain}") }
            });
        }
        if let Some(url) = &out.url {
            // One is the target, a second makes it ambiguous: more are of no use.
            out.matches
                .extend(self.with_version(url, out.version.as_deref()).iter().take(2).copied());
        }
        out
    }

    /// The entry a reference leads to, the first if there are several.
    pub(crate) fn resolve(&self, reference: &str, from: Node<'_>) -> Option<&Entry<'a>> {
        let source = self.entry_of(from).and_then(|i| self.entries[i].full_url.as_deref());
        let sought = self.seek(reference, source);
        self.entries.get(*sought.matches.first()? as usize)
    }
}

/// Extension that gives a parameter's resource an address.
const PARAMETER_URL: &str = "http://hl7.org/fhir/StructureDefinition/parameters-fullUrl";

/// The resources of a Parameters resource: references within it may lead to each other, by type and
/// id, or by the address that the parameter gives.
pub(crate) fn parameters(root: Element<'_>) -> HashMap<Box<str>, u32> {
    let mut found = HashMap::new();
    if root.resource_type().as_deref() != Some("Parameters") {
        return found;
    }
    let mut lists: Vec<Node<'_>> =
        root.value().and_then(|r| r.member("parameter")).into_iter().collect();
    while let Some(list) = lists.pop() {
        for parameter in list.members() {
            lists.extend(parameter.member("part"));
            let Some(resource) = parameter.member("resource") else { continue };
            if let (Some(of), Some(id)) =
                (resource.resource_type(), resource.get(&ID).and_then(Node::as_str))
            {
                found.entry(format!("{of}/{id}").into()).or_insert(resource.index());
            }
            for extension in parameter.member("extension").into_iter().flat_map(Node::members) {
                let address = extension.member("valueUri").and_then(Node::as_str);
                if extension.member("url").and_then(Node::as_str).as_deref() == Some(PARAMETER_URL)
                    && let Some(address) = address
                {
                    found.entry(address.into()).or_insert(resource.index());
                }
            }
        }
    }
    found
}

/// `Patient/1` at the end of a reference.
pub(crate) fn type_and_id(reference: &str) -> Option<(String, String)> {
    let mut parts = reference.rsplit('/');
    let id = parts.next()?;
    let type_name = parts.next()?;
    let is_type = type_name.starts_with(|c: char| c.is_ascii_uppercase())
        && type_name.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_type && crate::check::primitive::is_id(id)).then(|| (type_name.to_owned(), id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    fn sought(reference: &str, from: Option<&str>) -> (Option<String>, usize) {
        let text = r#"{"resourceType":"Bundle","type":"collection","entry":[
            {"fullUrl":"http://a/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1"}},
            {"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Patient","id":"2"}}]}"#;
        let document = Document::parse(text, &ParseOptions::strict()).expect("json");
        let links = Links::of(document.root_element(), &Options::default()).expect("bundle");
        let sought = links.seek(reference, from);
        (sought.url, sought.matches.len())
    }

    #[test]
    fn relative_references_take_the_server_of_the_referring_entry() {
        let from = Some("http://a/fhir/Observation/9");
        assert_eq!(sought("Patient/1", from), (Some("http://a/fhir/Patient/1".into()), 1));
        assert_eq!(sought("Patient/1", Some("http://b/Observation/9")).1, 0);
        assert_eq!(sought("Patient/1/_history/3", from).1, 0);
        assert_eq!(sought("Patient/1", None).0, None);
    }

    #[test]
    fn urn_addresses_are_compared_as_they_are() {
        let uuid = "urn:uuid:22222222-2222-4222-8222-222222222222";
        assert_eq!(sought(uuid, None).1, 1);
        assert_eq!(sought("Patient/7", Some(uuid)).0.as_deref(), Some("urn:uuid:7"));
    }
}
