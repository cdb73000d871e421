//! Which entry of a bundle refers to which.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use lmr_fhir::{Bundle, Element, Kind, Node};

/// For every entry the entries it refers to, by index, each once and without itself.
#[must_use]
pub fn dependencies(bundle: Bundle<'_>) -> Vec<Vec<usize>> {
    outgoing(bundle).iter().map(|outgoing| targets_of(&outgoing.links)).collect()
}

/// The entries of a list of links, each once.
pub(crate) fn targets_of(links: &[Link]) -> Vec<usize> {
    let mut targets = Vec::new();
    for link in links {
        if !targets.contains(&link.target) {
            targets.push(link.target);
        }
    }
    targets
}

/// One reference to another entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Bytes of the object that holds `reference`.
    pub(crate) span: Range<usize>,
    /// The entry it leads to.
    pub(crate) target: usize,
}

/// What an entry refers to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outgoing<'d> {
    /// Other entries.
    pub(crate) links: Vec<Link>,
    /// Objects whose `reference` is an absolute address of no entry: not checked.
    pub(crate) outside: Vec<Node<'d>>,
    /// Objects whose `reference` is relative and leads to no entry: nobody but the sender could follow it.
    pub(crate) missing: Vec<Node<'d>>,
}

/// For every entry what it refers to.
pub(crate) fn outgoing(bundle: Bundle<'_>) -> Vec<Outgoing<'_>> {
    let targets = Targets::of(bundle);
    bundle
        .entries()
        .enumerate()
        .map(|(index, entry)| {
            let base = entry.full_url().as_deref().and_then(rest_base).map(str::to_owned);
            let mut found = Outgoing::default();
            if let Some(resource) = entry.resource() {
                walk(resource, &mut |text, holder| match targets.find(text, base.as_deref()) {
                    Some(target) if target == index => {}
                    Some(target) => found.links.push(Link { span: holder.span(), target }),
                    None => match Form::of(text) {
                        Form::Absolute => found.outside.push(holder),
                        Form::Relative => found.missing.push(holder),
                        Form::Contained | Form::Urn => {}
                    },
                });
            }
            found
        })
        .collect()
}

/// Calls with every `reference` text of a resource, contained resources included.
pub fn for_each_reference(resource: Element<'_>, call: &mut dyn FnMut(&str)) {
    walk(resource, &mut |text, _| call(text));
}

fn walk<'d>(resource: Element<'d>, call: &mut dyn FnMut(&str, Node<'d>)) {
    let Some(root) = resource.value() else { return };
    let mut waiting: Vec<Node<'_>> = vec![root];
    while let Some(node) = waiting.pop() {
        for member in node.members() {
            match member.kind() {
                Kind::Object | Kind::Array => waiting.push(member),
                Kind::String if member.key().is_some_and(|key| key == "reference") => {
                    if let Some(text) = member.as_str() {
                        call(&text, node);
                    }
                }
                _ => {}
            }
        }
    }
}

/// What a reference text is, where no entry answers to it.
enum Form {
    /// `#id`, or nothing at all: the validator checks both.
    Contained,
    /// `urn:uuid:` or `urn:oid:`, which only an entry can answer to: the validator misses it.
    Urn,
    /// Another absolute address.
    Absolute,
    /// `Type/id`, or a search (`Type?…`), counted from a server that the register does not know.
    Relative,
}

impl Form {
    fn of(text: &str) -> Self {
        // RFC 3986 section 4.2: in a relative reference no colon comes before the first slash.
        let scheme = text.split(['/', '?']).next().and_then(|head| head.split_once(':'));
        match scheme {
            _ if text.is_empty() || text.starts_with('#') => Self::Contained,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("urn") => Self::Urn,
            Some(_) => Self::Absolute,
            None => Self::Relative,
        }
    }
}

struct Targets {
    by_url: HashMap<String, usize>,
    /// `Type/id`; `None` where two entries share it.
    by_local: HashMap<String, Option<usize>>,
}

impl Targets {
    fn of(bundle: Bundle<'_>) -> Self {
        let (mut by_url, mut by_local) = (HashMap::new(), HashMap::new());
        for (index, entry) in bundle.entries().enumerate() {
            if let Some(url) = entry.full_url() {
                by_url.entry(url.into_owned()).or_insert(index);
            }
            let local = entry.resource().and_then(|resource| {
                let id = resource.children().find(|child| child.name() == Some("id"))?.text()?;
                Some(format!("{}/{id}", resource.resource_type()?))
            });
            if let Some(local) = local {
                by_local.entry(local).and_modify(|known| *known = None).or_insert(Some(index));
            }
        }
        Self { by_url, by_local }
    }

    fn find(&self, reference: &str, base: Option<&str>) -> Option<usize> {
        if reference.starts_with('#') {
            return None;
        }
        // Most have no underscore, and one character is looked for much quicker than several.
        let version = reference.contains('_').then(|| reference.split_once("/_history/")).flatten();
        let plain = version.map_or(reference, |(before, _)| before);
        if let Some(index) = self.by_url.get(plain) {
            return Some(*index);
        }
        if plain.contains(':') {
            return None;
        }
        base.and_then(|base| self.by_url.get(&format!("{base}/{plain}")).copied())
            .or_else(|| self.by_local.get(plain).copied().flatten())
    }
}

/// `https://a.example/fhir` of `https://a.example/fhir/Patient/1`.
fn rest_base(url: &str) -> Option<&str> {
    if !url.starts_with("http") {
        return None;
    }
    let (before_id, _) = url.rsplit_once('/')?;
    Some(before_id.rsplit_once('/')?.0)
}

/// Entries that must fall because of `refused`: for each, the refused entry it depends on (directly or
/// through others).
#[must_use]
pub(crate) fn dragged_down(dependencies: &[Vec<usize>], refused: &[bool]) -> Vec<Option<usize>> {
    let mut dependants = vec![Vec::new(); dependencies.len()];
    for (index, targets) in dependencies.iter().enumerate() {
        for target in targets {
            dependants[*target].push(index);
        }
    }
    let mut cause: Vec<Option<usize>> = vec![None; dependencies.len()];
    let mut waiting: VecDeque<(usize, usize)> =
        (0..refused.len()).filter(|index| refused[*index]).map(|index| (index, index)).collect();
    while let Some((at, because)) = waiting.pop_front() {
        for dependant in &dependants[at] {
            if !refused[*dependant] && cause[*dependant].is_none() {
                cause[*dependant] = Some(because);
                waiting.push_back((*dependant, because));
            }
        }
    }
    cause
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    fn graph(text: &str) -> Vec<Vec<usize>> {
        let document = Document::parse(text, &ParseOptions::strict()).unwrap();
        dependencies(Bundle::of(&document).unwrap())
    }

    #[test]
    fn references_are_found_by_full_url_and_by_type_and_id() {
        let text = r##"{"resourceType":"Bundle","entry":[
          {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"}},
          {"fullUrl":"https://a.example/fhir/Medication/m","resource":{"resourceType":"Medication","id":"m"}},
          {"fullUrl":"https://a.example/fhir/MedicationRequest/r","resource":{"resourceType":"MedicationRequest","id":"r",
             "subject":{"reference":"urn:uuid:1"},"medicationReference":{"reference":"Medication/m/_history/2"},
             "priorPrescription":{"reference":"MedicationRequest/r"},"requester":{"reference":"#p"}}},
          {"resource":{"resourceType":"MedicationAdministration","request":{"reference":"https://a.example/fhir/MedicationRequest/r"},
             "reasonReference":[{"reference":"urn:uuid:99"}]}}]}"##;
        let graph = graph(text);
        assert_eq!(graph[0], Vec::<usize>::new());
        assert_eq!(
            graph[2].iter().copied().collect::<std::collections::BTreeSet<_>>(),
            [0, 1].into()
        );
        assert_eq!(graph[3], [2]);
    }

    #[test]
    fn references_out_of_the_bundle_are_distinguished_by_their_form() {
        let text = r##"{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient",
            "a":{"reference":"Patient/2"},"b":{"reference":"Patient?identifier=urn:oid:1|2"},
            "c":{"reference":"https://a.example/Patient/2"},"d":{"reference":"urn:uuid:2"},
            "e":{"reference":"#p"},"f":{"reference":"ftp:x"},"g":{"reference":""}}}]}"##;
        let document = Document::parse(text, &ParseOptions::strict()).unwrap();
        let found = outgoing(Bundle::of(&document).unwrap()).remove(0);
        let names = |nodes: &[Node<'_>]| {
            let mut names: Vec<String> =
                nodes.iter().filter_map(|node| Some(node.key()?.to_string())).collect();
            names.sort();
            names.concat()
        };
        assert_eq!(
            (names(&found.missing), names(&found.outside)),
            ("ab".to_owned(), "cf".to_owned())
        );
        assert!(found.links.is_empty());
    }

    #[test]
    fn a_refused_entry_drags_down_all_that_hangs_on_it_even_in_a_ring() {
        // 0 <- 1 <- 2, and 3 <-> 4 apart from them, 4 -> 2
        let graph = vec![vec![], vec![0], vec![1], vec![4], vec![3, 2]];
        let cause = dragged_down(&graph, &[true, false, false, false, false]);
        assert_eq!(cause, [None, Some(0), Some(0), Some(0), Some(0)]);
        assert_eq!(
            dragged_down(&graph, &[false, false, false, true, false]),
            [None, None, None, None, Some(3)]
        );
    }
}
