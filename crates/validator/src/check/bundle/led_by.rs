//! Documents and messages: the first resource leads to all others.

use std::collections::{HashMap, HashSet};

use lmr_fhir::{Element, Kind, Name, Node};
use smallvec::SmallVec;

use super::entries::{Entry, Links, type_and_id};
use super::text_of;
use crate::check::context::Context;
use crate::check::shared::Anchors;
use crate::check::{narrative, primitive};
use crate::compile::Profile;
use crate::messages::Message;
use crate::messages::field::{Text, Value};

/// Extension that leads from an element to its text in a narrative.
const NARRATIVE_LINK: &str = "http://hl7.org/fhir/StructureDefinition/narrativeLink";

/// What became of a reference by the bundle's own rules.
enum Sought {
    Found(u32),
    Several(usize),
    /// Entries with the type and id, and the address that was wanted if one
    /// could be made.
    Nearly(usize, Option<String>),
    Nothing,
}

/// Documents and messages: the first resource leads to all others.
pub(crate) fn check<'a>(cx: &mut Context<'a>, links: &Links<'a>, leader: &str, base: &'a Profile) {
    let at = cx.resource.node();
    let Some(first) = links.entries.first() else {
        cx.report(Message::BundleNoFirst { bundle_type: links.kind.to_string().into() }, at, base);
        return;
    };
    let Some(resource) = first.resource else {
        cx.report(
            Message::BundleNoFirstResource { bundle_type: links.kind.to_string().into() },
            first.node,
            base,
        );
        return;
    };
    if first.type_name != leader {
        let message =
            if leader == "Composition" { Message::BundleDocument } else { Message::BundleMessage };
        cx.report(message, first.node, base);
        all_reachable(cx, links, leader == "Composition", &HashSet::new(), base);
        return;
    }
    let mut reported = HashSet::new();
    let mut of_leader = OfLeader { links, first, base, reported: &mut reported };
    if leader == "Composition" {
        composition(cx, &mut of_leader, resource);
    } else {
        for one in resource.children_named(&Name::new("focus")).collect::<Vec<_>>() {
            of_leader.must_be_inside(cx, one, "MessageHeader.focus");
        }
    }
    narrative_links(cx, links, base);
    all_reachable(cx, links, leader == "Composition", &reported, base);
}

/// References of the first resource that have to lead to an entry.
struct OfLeader<'l, 'a> {
    links: &'l Links<'a>,
    first: &'l Entry<'a>,
    base: &'a Profile,
    /// The references that lead to none, by node: they are not reported once more.
    reported: &'l mut HashSet<u32>,
}

fn composition<'a>(cx: &mut Context<'a>, of: &mut OfLeader<'_, 'a>, resource: Element<'a>) {
    for part in ["subject", "author", "encounter", "custodian"] {
        let list: Vec<Element<'a>> = resource.children_named(&Name::new(part)).collect();
        for one in list {
            of.must_be_inside(cx, one, &format!("Composition.{part}"));
        }
    }
    for event in resource.children_named(&Name::new("event")).collect::<Vec<_>>() {
        for one in event.children_named(&Name::new("detail")).collect::<Vec<_>>() {
            of.must_be_inside(cx, one, "Composition.event.detail");
        }
    }
    let mut sections: Vec<Element<'a>> = resource.children_named(&Name::new("section")).collect();
    while let Some(section) = sections.pop() {
        for part in ["focus", "author", "entry"] {
            for one in section.children_named(&Name::new(part)).collect::<Vec<_>>() {
                of.must_be_inside(cx, one, &format!("Composition.section.{part}"));
            }
        }
        sections.extend(section.children_named(&Name::new("section")));
    }
}

impl<'a> OfLeader<'_, 'a> {
    fn must_be_inside(&mut self, cx: &mut Context<'a>, reference: Element<'a>, what: &str) {
        let Some(text) = text_of(reference, "reference") else { return };
        if text.starts_with('#') {
            return;
        }
        let at = reference.node();
        let sought = seek(self.links, &text, self.first);
        let message = missed(&sought, &text, Text::defined(what), self.first).or_else(|| {
            let (reference, source) = (Value::from(&*text), Text::defined(what));
            matches!(sought, Sought::Nothing)
                .then_some(Message::BundleNotFound { reference, source })
        });
        if let Some(message) = message {
            cx.report(message, at, self.base);
            self.reported.insert(at.index());
        }
    }
}

/// Why a reference does not lead to the one entry that it seems to mean; `None` where it does, and where
/// nothing in the bundle looks like its target.
fn missed(sought: &Sought, text: &str, source: Text, from: &Entry<'_>) -> Option<Message> {
    let reference = Value::from(text);
    match *sought {
        Sought::Found(_) | Sought::Nothing => None,
        Sought::Several(count) => Some(Message::BundleFoundMultiple { count, reference, source }),
        Sought::Nearly(count, Some(_)) => {
            Some(Message::BundleNotFoundApparent { count, reference, source })
        }
        Sought::Nearly(count, None) => {
            let full_url = from.full_url.as_deref().unwrap_or("").into();
            Some(Message::BundleNotFoundCannot { count, reference, source, full_url })
        }
    }
}

/// Links from entries into the narrative of others (extension `narrativeLink`): the place they
/// name must be there, once.
fn narrative_links<'a>(cx: &mut Context<'a>, links: &Links<'a>, base: &'a Profile) {
    let mut known: HashMap<u32, Anchors> = HashMap::new();
    for entry in &links.entries {
        let Some(resource) = entry.resource else { continue };
        for value in values_of(resource.node(), NARRATIVE_LINK) {
            let Some(text) = value.as_str() else { continue };
            let Some((_, fragment)) =
                text.split_once('#').filter(|(to, id)| !to.is_empty() && !id.is_empty())
            else {
                continue;
            };
            let Sought::Found(at) = seek(links, &text, entry) else { continue };
            let Some(target) = links.entries.get(at as usize).and_then(|e| e.resource) else {
                continue;
            };
            let ids = known.entry(at).or_insert_with(|| narrative::anchors(target.node()));
            let found = ids.get(fragment).copied().unwrap_or(0);
            let shown = Value::from(fragment);
            let whole = Value::from(&*text);
            match found {
                0 => {
                    cx.report(
                        Message::BundleNotFound { reference: whole, source: Text::Given(shown) },
                        value,
                        base,
                    );
                }
                1 => {}
                n => {
                    cx.report(
                        Message::BundleFragmentMultiple { count: n, id: shown, resource: whole },
                        value,
                        base,
                    );
                }
            }
        }
    }
}

/// Every entry is reached from the first, following references forwards;
/// those that only refer to reached ones are reported as such. References that seem to mean an entry and
/// do not lead to it are reported of the bundle, unless they have been.
fn all_reachable<'a>(
    cx: &mut Context<'a>,
    links: &Links<'a>,
    document: bool,
    reported: &HashSet<u32>,
    base: &'a Profile,
) {
    let count = links.entries.len();
    let mut targets: Vec<SmallVec<[u32; 4]>> = vec![SmallVec::new(); count];
    for (i, entry) in links.entries.iter().enumerate() {
        let Some(resource) = entry.resource else { continue };
        let mut seen: HashSet<String> = HashSet::new();
        for (text, reference) in references(resource.node()) {
            let sought = seek(links, &text, entry);
            if let Sought::Found(at) = sought {
                targets[i].push(at);
                continue;
            }
            // An entry without an address is reported as such; of equal references one is enough.
            let Some(at) = reference.filter(|_| entry.full_url.is_some()) else { continue };
            if reported.contains(&at.index()) || seen.contains(&text) {
                continue;
            }
            // An address that is absolute is that of one server: an entry with the same id is another.
            if primitive::is_absolute(&text) && matches!(sought, Sought::Nearly(..)) {
                continue;
            }
            let source = Text::defined(cx.place_of(at));
            if let Some(message) = missed(&sought, &text, source, entry) {
                cx.report(message, cx.resource.node(), base);
                seen.insert(text);
            }
        }
    }
    if document && let Some(first) = targets.first_mut() {
        first.extend(super::link::linked(cx, links));
    }
    let mut reached = vec![false; count];
    let mut sources: HashMap<u32, SmallVec<[u32; 4]>> = HashMap::new();
    for (i, list) in targets.iter().enumerate() {
        for t in list {
            sources.entry(*t).or_default().push(u32::try_from(i).unwrap_or(u32::MAX));
        }
    }
    let mut fresh = visit(0, &targets, &mut reached);
    // Entries that refer to what is reached, in rounds.
    loop {
        let mut backwards: Vec<u32> = fresh
            .iter()
            .flat_map(|f| sources.get(f).map_or(&[][..], |s| s.as_slice()))
            .copied()
            .filter(|s| !reached[*s as usize])
            .collect();
        backwards.sort_unstable();
        backwards.dedup();
        fresh.clear();
        for back in backwards {
            if reached[back as usize] {
                continue;
            }
            fresh.extend(visit(back, &targets, &mut reached));
            let entry = &links.entries[back as usize];
            if entry.type_name == "Provenance" {
                continue;
            }
            let full_url = entry.full_url.as_deref().unwrap_or("").into();
            let message = if document {
                Message::BundleReverseDocument { full_url }
            } else {
                Message::BundleReverseMessage { full_url }
            };
            cx.report(message, entry.node, base);
        }
        if fresh.is_empty() {
            break;
        }
    }
    for (entry, reached) in links.entries.iter().zip(reached) {
        if !reached && entry.resource.is_some() {
            let full_url = entry.full_url.as_deref().unwrap_or("").into();
            let message = if document {
                Message::BundleOrphanDocument { full_url }
            } else {
                Message::BundleOrphanMessage { full_url }
            };
            cx.report(message, entry.node, base);
        }
    }
}

/// Marks everything reachable from an entry; what was new.
fn visit(from: u32, targets: &[SmallVec<[u32; 4]>], reached: &mut [bool]) -> Vec<u32> {
    let mut fresh = Vec::new();
    let mut stack = vec![from];
    while let Some(at) = stack.pop() {
        let Some(seen) = reached.get_mut(at as usize) else { continue };
        if std::mem::replace(seen, true) {
            continue;
        }
        fresh.push(at);
        stack.extend(targets[at as usize].iter().copied());
    }
    fresh
}

/// The texts of all references under a node, contained resources included, and for those of references
/// the element.
fn references<'a>(root: Node<'a>) -> Vec<(String, Option<Node<'a>>)> {
    let mut out = Vec::new();
    let mut stack = vec![root];
    while let Some(node) = stack.pop() {
        for member in node.members() {
            match member.kind() {
                Kind::Object | Kind::Array => stack.push(member),
                Kind::String
                    if member.name() == Some("reference")
                        || member.name().is_some_and(|n| n.starts_with("value")) =>
                {
                    if let Some(text) = member.as_str().filter(|t| !t.starts_with('#')) {
                        let is_reference = member.name() == Some("reference");
                        out.push((text.into_owned(), is_reference.then_some(node)));
                    }
                }
                _ => {}
            }
        }
    }
    out
}

/// The values of all extensions with a URL under a node.
fn values_of<'a>(root: Node<'a>, url: &str) -> Vec<Node<'a>> {
    let mut out = Vec::new();
    let mut stack = vec![root];
    while let Some(node) = stack.pop() {
        if node.kind() == Kind::Object
            && node.member("url").and_then(Node::as_str).as_deref() == Some(url)
        {
            out.extend(node.members().filter(|m| m.name().is_some_and(|n| n.starts_with("value"))));
        }
        stack.extend(node.members().filter(|m| matches!(m.kind(), Kind::Object | Kind::Array)));
    }
    out
}

/// Follows a reference as the bundle's rules have it: relative ones only where
/// the source's own address ends in its type and id.
fn seek(links: &Links<'_>, reference: &str, from: &Entry<'_>) -> Sought {
    let reference = reference.split('#').next().unwrap_or(reference);
    let (plain, version) = match reference.split_once("/_history/") {
        Some((plain, version)) => (plain, Some(version)),
        None => (reference, None),
    };
    let url = if primitive::is_absolute(plain) {
        Some(plain.to_owned())
    } else {
        let own = format!("{}/{}", from.type_name, from.id.as_deref().unwrap_or("\u{0}"));
        from.full_url
            .as_deref()
            .and_then(|full| full.strip_suffix(own.as_str()))
            .map(|server| format!("{server}{plain}"))
    };
    match url.as_deref().map_or(&[][..], |u| links.with_version(u, version)) {
        [one] => return Sought::Found(*one),
        [] => {}
        several => return Sought::Several(several.len()),
    }
    let near = match type_and_id(plain) {
        Some((type_name, id)) if !primitive::is_absolute(plain) || version.is_some() => {
            links.with_id(&type_name, &id).len()
        }
        _ => 0,
    };
    if near > 0 { Sought::Nearly(near, url) } else { Sought::Nothing }
}
