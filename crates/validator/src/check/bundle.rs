//! Rules of bundles by type.
//! Rule: <https://hl7.org/fhir/R4/bundle.html>; conditions and severities are
//! the reference validator's.

pub(crate) mod messages;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use lmr_fhir::{Element, Kind, Node, Severity};
use smallvec::SmallVec;

use crate::check::links::{Entry, Links, type_and_id};
use crate::check::resource::text_of;
use crate::check::{narrative, primitive};
use crate::compile::Profile;
use crate::messages::Message;
use crate::messages::field::{Text, TypeName, Value};
use crate::validate::Anchors;
use crate::validate::walk::{Walker, name};

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

impl<'a> Walker<'a> {
    /// Judges a bundle: the document, or one within it.
    pub(crate) fn bundle(&mut self, base: &'a Profile) {
        let shared = self.shared;
        let own;
        let is_root = self.resource.node().index() == shared.document.root().index();
        let links = match &shared.links {
            Some(links) if is_root => links,
            _ => {
                own = Links::of(self.resource);
                let Some(links) = &own else { return };
                links
            }
        };
        let kind = links.kind.clone();
        self.full_urls(links, base);
        self.links(&kind, base);
        match &*kind {
            "document" => self.led_by(links, "Composition", base),
            "message" => self.led_by(links, "MessageHeader", base),
            "searchset" => self.search(links, base),
            _ => {}
        }
    }

    fn full_urls(&mut self, links: &Links<'a>, base: &'a Profile) {
        let optional = matches!(
            &*links.kind,
            "transaction" | "transaction-response" | "batch" | "batch-response"
        );
        for entry in &links.entries {
            let Some(url) = entry.full_url.as_deref() else {
                if !optional {
                    self.issue(Message::BundleFullUrlRequired, entry.node, base);
                }
                continue;
            };
            if !primitive::is_absolute(url) {
                self.issue(
                    Message::BundleUrlAbsolute { url: url.to_owned().into() },
                    entry.node,
                    base,
                );
                continue;
            }
            if !url.starts_with("http") || entry.resource.is_none() {
                continue;
            }
            let Some((told, _)) = type_and_id(url) else { continue };
            if !self.validator.definitions().is_resource_type(&told) {
                continue;
            }
            match &entry.id {
                None => {
                    self.issue(
                        Message::BundleUrlNoId { url: url.to_owned().into() },
                        entry.node,
                        base,
                    );
                }
                Some(id) if !url.ends_with(&format!("/{}/{id}", entry.type_name)) => {
                    self.issue(
                        Message::BundleUrlTypeId {
                            url: url.to_owned().into(),
                            type_name: entry.type_name.to_string().into(),
                            id: id.to_string().into(),
                        },
                        entry.node,
                        base,
                    );
                }
                Some(_) => {}
            }
        }
    }

    fn links(&mut self, kind: &str, base: &'a Profile) {
        let mut seen = HashSet::new();
        let links: Vec<Element<'a>> = self.resource.children_named(&name("link")).collect();
        for link in links {
            let Some(relation) = link.child(&name("relation")) else { continue };
            let Some(text) = relation.text() else { continue };
            let paging = matches!(&*text, "first" | "previous" | "prev" | "next" | "last");
            if paging && kind != "searchset" && kind != "history" {
                self.issue(
                    Message::BundleLinkProhibited {
                        relation: text.into_owned().into(),
                        bundle_type: kind.to_owned().into(),
                    },
                    relation.node(),
                    base,
                );
            } else if !seen.insert(text.to_string()) && (paging || &*text == "self") {
                self.issue(
                    Message::BundleLinkDuplicate { relation: text.into_owned().into() },
                    relation.node(),
                    base,
                );
            }
        }
    }

    fn search(&mut self, links: &Links<'a>, base: &'a Profile) {
        let at = self.resource.node();
        let own = self
            .resource
            .children_named(&name("link"))
            .find(|l| text_of(*l, "relation").as_deref() == Some("self"))
            .and_then(|l| text_of(l, "url"));
        if own.is_none() {
            self.issue(Message::BundleSearchNoSelf, at, base);
        }
        let types = own.as_deref().map(|url| self.searched_types(url)).unwrap_or_default();
        if own.is_some() && types.is_empty() && self.options.hints {
            self.issue(Message::BundleSearchSelfNotUnderstood, at, base);
        }
        let modes: Vec<_> = links.entries.iter().map(|e| search_mode(e.node)).collect();
        if !modes.is_empty() && modes.iter().all(Option::is_none) {
            self.search_without_modes(links, &types, base);
            return;
        }
        for (entry, mode) in links.entries.iter().zip(modes) {
            if mode.is_none() {
                self.issue(Message::BundleSearchNoMode, entry.node, base);
            }
            let Some(resource) = entry.resource else {
                self.issue(Message::BundleSearchNoResource, entry.node, base);
                continue;
            };
            let Some(mode) = mode else { continue };
            if matches!(&*mode, "match" | "include") && entry.id.is_none() {
                self.issue(Message::BundleSearchNoId, resource.node(), base);
            }
            let type_name = || TypeName::from(&*entry.type_name);
            match &*mode {
                "match" if !types.is_empty() && !types.iter().any(|t| **t == *entry.type_name) => {
                    self.issue(
                        Message::BundleSearchWrongType {
                            found: type_name(),
                            searched: types.join(", ").into(),
                        },
                        resource.node(),
                        base,
                    );
                }
                "outcome" if entry.type_name != "OperationOutcome" => {
                    self.issue(
                        Message::BundleSearchWrongOutcome { found: type_name() },
                        resource.node(),
                        base,
                    );
                }
                _ => {}
            }
        }
    }

    /// A search result of which no entry says its mode: that is well where all fit the search.
    fn search_without_modes(&mut self, links: &Links<'a>, types: &[String], base: &'a Profile) {
        let mut in_doubt = types.is_empty();
        let mut first_type: Option<&str> = None;
        for entry in &links.entries {
            let Some(resource) = entry.resource else {
                self.issue(Message::BundleSearchNoResource, entry.node, base);
                continue;
            };
            let is_outcome = entry.type_name == "OperationOutcome";
            if !types.is_empty() && !is_outcome && !types.iter().any(|t| **t == *entry.type_name) {
                in_doubt = true;
                self.issue(
                    Message::BundleSearchWrongTypeNoMode {
                        found: entry.type_name.to_string().into(),
                        searched: types.join(", ").into(),
                    },
                    resource.node(),
                    base,
                );
                continue;
            }
            if is_outcome {
                continue;
            }
            if entry.id.is_none() {
                let issue = self.issue(Message::BundleSearchNoId, resource.node(), base);
                // Whether it is what was searched for cannot be told.
                if types.is_empty() {
                    issue.severity = Severity::Warning;
                }
            }
            in_doubt |= **first_type.get_or_insert(&*entry.type_name) != *entry.type_name;
        }
        let issue = self.issue(Message::BundleSearchNoMode, self.resource.node(), base);
        if !in_doubt {
            issue.severity = Severity::Information;
        }
    }

    /// The types a search address names: its last segment, or the parameter `_type`.
    fn searched_types(&self, url: &str) -> Vec<String> {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
        if self.validator.definitions().is_resource_type(last) {
            return vec![last.to_owned()];
        }
        let listed = query.split('&').filter_map(|part| part.strip_prefix("_type="));
        listed.flat_map(|list| list.split(',')).map(str::to_owned).collect()
    }

    /// Documents and messages: the first resource leads to all others.
    fn led_by(&mut self, links: &Links<'a>, leader: &str, base: &'a Profile) {
        let at = self.resource.node();
        let Some(first) = links.entries.first() else {
            self.issue(
                Message::BundleNoFirst { bundle_type: links.kind.to_string().into() },
                at,
                base,
            );
            return;
        };
        let Some(resource) = first.resource else {
            self.issue(
                Message::BundleNoFirstResource { bundle_type: links.kind.to_string().into() },
                first.node,
                base,
            );
            return;
        };
        if first.type_name != leader {
            let message = if leader == "Composition" {
                Message::BundleDocument
            } else {
                Message::BundleMessage
            };
            self.issue(message, first.node, base);
            return;
        }
        if leader == "Composition" {
            self.composition(links, first, resource, base);
        } else {
            let focus: Vec<Element<'a>> = resource.children_named(&name("focus")).collect();
            for one in focus {
                self.must_be_inside(links, first, one, "MessageHeader.focus", base);
            }
        }
        self.narrative_links(links, base);
        self.all_reachable(links, leader == "Composition", base);
    }

    fn composition(
        &mut self,
        links: &Links<'a>,
        first: &Entry<'a>,
        resource: Element<'a>,
        base: &'a Profile,
    ) {
        for part in ["subject", "author", "encounter", "custodian"] {
            let list: Vec<Element<'a>> = resource.children_named(&name(part)).collect();
            for one in list {
                self.must_be_inside(links, first, one, &format!("Composition.{part}"), base);
            }
        }
        for event in resource.children_named(&name("event")).collect::<Vec<_>>() {
            for one in event.children_named(&name("detail")).collect::<Vec<_>>() {
                self.must_be_inside(links, first, one, "Composition.event.detail", base);
            }
        }
        let mut sections: Vec<Element<'a>> = resource.children_named(&name("section")).collect();
        while let Some(section) = sections.pop() {
            for part in ["focus", "author", "entry"] {
                for one in section.children_named(&name(part)).collect::<Vec<_>>() {
                    self.must_be_inside(
                        links,
                        first,
                        one,
                        &format!("Composition.section.{part}"),
                        base,
                    );
                }
            }
            sections.extend(section.children_named(&name("section")));
        }
    }

    fn must_be_inside(
        &mut self,
        links: &Links<'a>,
        from: &Entry<'a>,
        reference: Element<'a>,
        what: &str,
        base: &'a Profile,
    ) {
        let Some(text) = text_of(reference, "reference") else { return };
        if text.starts_with('#') {
            return;
        }
        let at = reference.node();
        let source = Text::defined(what);
        let reference = Value::from(&*text);
        match seek(links, &text, from) {
            Sought::Found(_) => {}
            Sought::Several(n) => {
                self.issue(Message::BundleFoundMultiple { count: n, reference, source }, at, base);
            }
            Sought::Nearly(n, Some(_)) => {
                self.issue(
                    Message::BundleNotFoundApparent { count: n, reference, source },
                    at,
                    base,
                );
            }
            Sought::Nearly(n, None) => {
                let full_url = from.full_url.as_deref().unwrap_or("").into();
                self.issue(
                    Message::BundleNotFoundCannot { count: n, reference, source, full_url },
                    at,
                    base,
                );
            }
            Sought::Nothing => {
                self.issue(Message::BundleNotFound { reference, source }, at, base);
            }
        }
    }

    /// Links from entries into the narrative of others (extension `narrativeLink`): the place they
    /// name must be there, once.
    fn narrative_links(&mut self, links: &Links<'a>, base: &'a Profile) {
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
                        self.issue(
                            Message::BundleNotFound {
                                reference: whole,
                                source: Text::Given(shown),
                            },
                            value,
                            base,
                        );
                    }
                    1 => {}
                    n => {
                        self.issue(
                            Message::BundleFragmentMultiple {
                                count: n,
                                id: shown,
                                resource: whole,
                            },
                            value,
                            base,
                        );
                    }
                }
            }
        }
    }

    /// Every entry is reached from the first, following references forwards;
    /// those that only refer to reached ones are told as such.
    fn all_reachable(&mut self, links: &Links<'a>, document: bool, base: &'a Profile) {
        let count = links.entries.len();
        let mut targets: Vec<SmallVec<[u32; 4]>> = vec![SmallVec::new(); count];
        for (i, entry) in links.entries.iter().enumerate() {
            let Some(resource) = entry.resource else { continue };
            for text in references(resource.node()) {
                if let Sought::Found(at) = seek(links, &text, entry) {
                    targets[i].push(at);
                }
            }
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
                self.issue(message, entry.node, base);
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
                self.issue(message, entry.node, base);
            }
        }
    }
}

/// How an entry came into a search result.
fn search_mode<'a>(entry: Node<'a>) -> Option<Cow<'a, str>> {
    entry.member("search")?.member("mode")?.as_str()
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

/// The texts of all references under a node, contained resources included.
fn references(root: Node<'_>) -> Vec<String> {
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
                        out.push(text.into_owned());
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
