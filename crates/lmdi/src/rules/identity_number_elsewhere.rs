//! LMR-6068: an identity number is in the value of a patient's identifier and nowhere else.
//!
//! Why: the register masks that value and only that; a number in an id, a `fullUrl`, a reference, a text or
//! another identifier lands in the store that may not hold identities (the regulation on
//! Legemiddelregisteret; FHI's description of masking). The finding names the location, never the value.

use std::collections::HashSet;
use std::ops::Range;

use lmr_fhir::{Element, Kind, Node, digits};
use lmr_identifiers::NationalIdentityNumber;

use crate::codes::Code;
use crate::finding::Finding;
use crate::location::location_at;
use crate::rules::{BundleContext, Check, Context, Rule};

pub(crate) const RULE: Rule =
    Rule { codes: &[Code::IdentityNumberElsewhere], check: Check::Resource(check) };

/// The same for what the bundle has outside the resources.
pub(crate) const OUTSIDE_RESOURCES: Rule =
    Rule { codes: &[], check: Check::Bundle(check_outside_resources) };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let resource = context.resource();
    let Some(root) = resource.value() else { return };
    let own;
    let places = match context.entry {
        Some(entry) => &entry.bundle.number_places,
        None => {
            own = NumberPlaces::of(root);
            &own
        }
    };
    let is_patient = context.is("Patient");
    for node in holders(root, places, &HashSet::new()) {
        if !(is_patient && is_identifier_value(node, root)) {
            findings.push(context.finding(Code::IdentityNumberElsewhere, Element::of(node)));
        }
    }
}

/// What the bundle has outside its resources: its own id and identifier, and each entry's addresses.
fn check_outside_resources(context: &BundleContext<'_>, findings: &mut Vec<Finding>) {
    let Some(root) = context.root.value() else { return };
    let resources =
        || context.index.entries.iter().filter_map(|entry| Some(entry.resource?.value()?.span()));
    let places = &context.index.number_places;
    if places.are_all_within(resources()) {
        return;
    }
    let resources: HashSet<usize> = resources().map(|span| span.start).collect();
    for node in holders(root, places, &resources) {
        let element = Element::of(node);
        let mut finding =
            Finding::of(Code::IdentityNumberElsewhere, location_at(element, element.raw_path()));
        finding.advise(context.options);
        findings.push(finding);
    }
}

/// Strings and numbers at or below a node that hold an identity number, in order, without the objects that begin at
/// these bytes.
fn holders<'d>(root: Node<'d>, places: &NumberPlaces, skipped: &HashSet<usize>) -> Vec<Node<'d>> {
    let mut found = Vec::new();
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if !places.may_be_within(&node.span()) {
            continue;
        }
        match node.kind() {
            Kind::Object if skipped.contains(&node.span().start) => {}
            Kind::Object | Kind::Array => pending.extend(node.members()),
            Kind::String if node.as_str().is_some_and(|text| holds_number(&text)) => {
                found.push(node);
            }
            Kind::Number if holds_number(node.raw()) => found.push(node),
            _ => {}
        }
    }
    found.sort_by_key(|node| node.span().start);
    found
}

/// Where a document may hold identity numbers, found in one look at its JSON text, so that only these parts are walked through.
pub(crate) enum NumberPlaces {
    /// Anywhere: an escaped character could be a digit, or a sign between two.
    Anywhere,
    /// The bytes where eleven digits begin, in order.
    At(Vec<usize>),
}

impl NumberPlaces {
    /// Looks through a node.
    pub(crate) fn of(node: Node<'_>) -> Self {
        let json = node.raw();
        if json.contains('\\') {
            return Self::Anywhere;
        }
        let begin = node.span().start;
        Self::At(candidates(json).map(|(place, _)| begin + place.start).collect())
    }

    fn may_be_within(&self, span: &Range<usize>) -> bool {
        match self {
            Self::Anywhere => true,
            Self::At(places) => {
                let next = places.partition_point(|place| *place < span.start);
                places.get(next).is_some_and(|place| *place < span.end)
            }
        }
    }

    /// Whether all of them are within these spans, which are in order.
    fn are_all_within(&self, mut spans: impl Iterator<Item = Range<usize>>) -> bool {
        match self {
            Self::Anywhere => false,
            Self::At(places) => {
                let mut span = 0..0;
                places.iter().all(|place| {
                    while span.end <= *place {
                        let Some(next) = spans.next() else { return false };
                        span = next;
                    }
                    span.contains(place)
                })
            }
        }
    }
}

pub(crate) fn holds_number(text: &str) -> bool {
    numbers(text).next().is_some()
}

/// Where identity numbers are in a text, in order and apart from each other.
pub(crate) fn numbers(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut end = 0;
    candidates(text).filter_map(move |(place, digits)| {
        let is_number = place.start >= end && NationalIdentityNumber::parse(&digits).is_ok();
        is_number.then(|| {
            end = place.end;
            place
        })
    })
}

/// Eleven digits by themselves, together or in the groups that people write them in.
fn candidates(text: &str) -> impl Iterator<Item = (Range<usize>, String)> + '_ {
    digits::in_groups(text, NationalIdentityNumber::LENGTH, &NationalIdentityNumber::GROUPS)
}

/// Whether it is `identifier[n].value` of the resource.
fn is_identifier_value(node: Node<'_>, resource: Node<'_>) -> bool {
    let named = |node: Node<'_>, name: &str| node.key().is_some_and(|key| key == name);
    let Some(identifier) = node.parent().filter(|_| named(node, "value")) else { return false };
    let Some(list) = identifier.parent() else { return false };
    named(list, "identifier") && list.parent().is_some_and(|p| p.span() == resource.span())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};
    use lmr_identifiers::synthetic::identity_number_from;

    #[test]
    fn a_number_is_found_in_every_usual_spelling_and_nothing_beside_it() {
        let number = identity_number_from("12855825").unwrap();
        // The table's spellings leave out the tab, which JSON has as an escape.
        let tab = [format!("{}\t{}", &number.as_str()[..6], &number.as_str()[6..])];
        let usual = digits::spellings(number.as_str()).filter(|spelling| spelling.is_usual);
        for spelling in usual.map(|spelling| spelling.text).chain(tab) {
            let text = format!("mor: {spelling} (f. 1950)");
            let found: Vec<_> = numbers(&text).map(|place| &text[place]).collect();
            assert_eq!(found, [&spelling], "{text}");
            let escaped: String =
                text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let short = text.replace('\t', "\\t").replace('/', "\\/");
            for string in [text.replace('\t', "\\t"), short, escaped] {
                let json = format!(r#"{{"b":1,"a":["{string}"]}}"#);
                let document = Document::parse(&json, &ParseOptions::strict()).unwrap();
                let root = document.root();
                let found = holders(root, &NumberPlaces::of(root), &HashSet::new());
                assert_eq!(found.len(), 1, "{json}");
            }
        }
    }

    #[test]
    fn numbers_are_found_between_other_characters_but_not_within_longer_ones() {
        let number = identity_number_from("12855825").unwrap();
        let number = number.as_str();
        let spaced = format!("{} {}", &number[..6], &number[6..]);
        for text in [
            number.to_owned(),
            format!("Patient/{number}"),
            format!("urn:pas:{number}:a"),
            format!("f. {spaced}."),
            spaced.replace(' ', "-"),
        ] {
            assert!(holds_number(&text), "{text}");
        }
        for text in [
            format!("1{number}"),
            format!("{number}0"),
            format!("{} {}0", &number[..6], &number[6..]),
            "12345678901".to_owned(),
            "2.16.578.1.12.4.1.4.1".to_owned(),
            "æ".to_owned(),
        ] {
            assert!(!holds_number(&text), "{text}");
        }
    }
}
