//! Where a bundle says who somebody is, for a store that keeps that apart from what the person was given.
//!
//! Why: fødselsnummer, D-number and HPR number may not be in one database with administrations (the regulation on
//! Legemiddelregisteret, as Folkehelseinstituttet states it). Texts that say both who somebody is and what the person was
//! given, as narratives and notes do, belong to neither side and are found separately.

use std::borrow::Cow;
use std::ops::Range;

use lmr_fhir::{Document, Kind, Node};
use lmr_identifiers::systems;

use crate::rules::identity_number_elsewhere::numbers;
use crate::split::{UnreadableBundle, read};

/// The resources about a person.
const PEOPLE: [&str; 5] =
    ["Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Person"];
/// Systems whose values say who somebody is, wherever they are and whether they are valid or not.
const OF_PEOPLE: [&str; 3] =
    [systems::NATIONAL_IDENTITY_NUMBER, systems::D_NUMBER, systems::HPR_NUMBER];
/// What of them stays: names of things, and what many share. Every other text in them is taken, extensions included.
const KEPT_OF_PEOPLE: [&str; 11] = [
    "resourceType",
    "id",
    "implicitRules",
    "language",
    "gender",
    "system",
    "use",
    "type",
    "url",
    "reference",
    "status",
];
/// Elements that refer to a person.
const TO_PEOPLE: [&str; 15] = [
    "subject",
    "patient",
    "performer",
    "actor",
    "requester",
    "recorder",
    "individual",
    "author",
    "informationSource",
    "informant",
    "asserter",
    "participant",
    "practitioner",
    "member",
    "generalPractitioner",
];
/// Elements that refer to things and places; the texts of other references may be about both.
const TO_THINGS: [&str; 8] = [
    "medicationReference",
    "itemReference",
    "managingOrganization",
    "serviceProvider",
    "location",
    "manufacturer",
    "device",
    "organization",
];
/// Elements whose texts people write as they like.
const FREE: [&str; 4] = ["note", "comment", "div", "authorString"];

/// The texts of a bundle that say who somebody is, each list in order, none within another. The bytes are within the
/// quotes, so that zeros of the same length may take their place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentifyingPlaces {
    /// Who somebody is and nothing else: all texts of patients and practitioners, what references say of them, every
    /// valid identity number wherever it is, ids included, and every value under the system of identity numbers,
    /// D-numbers or HPR numbers.
    pub people: Vec<Range<usize>>,
    /// Who somebody is and, perhaps, what the person was given: narratives, notes, names of other references.
    pub mixed: Vec<Range<usize>>,
}

/// In the order of precedence where one text is both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    People,
    Mixed,
}

type Found = Vec<(Range<usize>, What)>;

/// Finds them.
///
/// # Errors
/// [`UnreadableBundle`].
pub fn identifying_places(content: &[u8]) -> Result<IdentifyingPlaces, UnreadableBundle> {
    let document = read(content)?;
    let mut found = Vec::new();
    visit(document.root(), false, &mut found);
    written_numbers(&document, &mut found);
    // The widest first; a number in a text that is taken as a whole is taken with it.
    found.sort_unstable_by_key(|(place, what)| (place.start, std::cmp::Reverse(place.end), *what));
    let (mut places, mut end) = (IdentifyingPlaces::default(), 0);
    for (place, what) in found {
        // Of one that begins within another and ends after it, what is left.
        let place = place.start.max(end)..place.end;
        if place.is_empty() {
            continue;
        }
        end = place.end;
        match what {
            What::People => places.people.push(place),
            What::Mixed => places.mixed.push(place),
        }
    }
    Ok(places)
}

/// `in_person`: whether the resource that holds the node is about a person.
fn visit(node: Node<'_>, in_person: bool, found: &mut Found) {
    let in_person = match node.resource_type() {
        Some(resource_type) => PEOPLE.contains(&&*resource_type),
        None => in_person,
    };
    let is_of_people = has_system_of_people(node);
    for member in node.members() {
        let key = member.key();
        let is_item = key.is_none();
        // A primitive's extensions are in its name with an underscore; the items of a list have no name.
        let key = key.as_deref().unwrap_or_default().trim_start_matches('_');
        if is_of_people && matches!(key, "value" | "code") {
            match member.kind() {
                Kind::String => text(member, What::People, found),
                Kind::Number => found.push((member.span(), What::People)),
                _ => visit(member, true, found),
            }
        } else if in_person {
            if member.kind() != Kind::String {
                // Everything in `meta` is about the record.
                if key != "meta" {
                    visit(member, true, found);
                }
            } else if is_taken_of_people(member, key) {
                text(member, What::People, found);
            }
        } else if FREE.contains(&key) {
            texts(member, What::Mixed, found);
        } else {
            // An item of a list has been looked at with its list, whose name says what it refers to.
            if TO_PEOPLE.contains(&key) {
                reference(member, What::People, found);
            } else if !is_item && !TO_THINGS.contains(&key) {
                reference(member, What::Mixed, found);
            }
            visit(member, false, found);
        }
    }
}

/// Whether an identifier's or a coding's system is one of [`OF_PEOPLE`].
fn has_system_of_people(node: Node<'_>) -> bool {
    let system = node.member("system").and_then(|system| system.as_str().map(Cow::into_owned));
    system.is_some_and(|system| OF_PEOPLE.iter().any(|one| system.trim().eq_ignore_ascii_case(one)))
}

fn is_taken_of_people(member: Node<'_>, key: &str) -> bool {
    match key {
        // An item of a list: as the list. `meta.profile` is passed over with `meta`.
        "" => !member
            .parent()
            .and_then(|list| list.key().map(|key| KEPT_OF_PEOPLE.contains(&&*key)))
            .unwrap_or_default(),
        key => !KEPT_OF_PEOPLE.contains(&key),
    }
}

/// A string without its quotes.
fn text(node: Node<'_>, what: What, found: &mut Found) {
    found.push((node.span().start + 1..node.span().end - 1, what));
}

/// Every text in it.
fn texts(node: Node<'_>, what: What, found: &mut Found) {
    if node.kind() == Kind::String {
        text(node, what, found);
    }
    node.members().for_each(|member| texts(member, what, found));
}

/// What a reference, or each of a list, says of what it refers to: its display and its identifier.
fn reference(node: Node<'_>, what: What, found: &mut Found) {
    match node.kind() {
        Kind::Array => node.members().for_each(|one| reference(one, what, found)),
        // Codings and quantities have a system or a code, references never.
        Kind::Object if node.member("system").is_none() && node.member("code").is_none() => {
            if let Some(display) = node.member("display").filter(|one| one.kind() == Kind::String) {
                text(display, what, found);
            }
            if what == What::People
                && let Some(value) = node.member("identifier").and_then(|one| one.member("value"))
            {
                texts(value, what, found);
            }
        }
        _ => {}
    }
}

/// Numbers of people in any text, the rest of which stays; one that is written with escapes is taken with its text.
fn written_numbers(document: &Document<'_>, found: &mut Found) {
    found.extend(numbers_of_people(document.source()).map(|place| (place, What::People)));
    if !document.source().contains('\\') {
        return;
    }
    let mut pending = vec![document.root()];
    while let Some(node) = pending.pop() {
        if node.kind() == Kind::String && node.is_escaped() && is_left_in(node) {
            text(node, What::Mixed, found);
        }
        pending.extend(node.members());
    }
}

/// Whether a text still has a number of somebody when those that are found in its source are taken out. Digits of escapes
/// may look like a number there, so that comparing what is found in both is not enough.
fn is_left_in(node: Node<'_>) -> bool {
    if node.as_str().is_none_or(|text| numbers_of_people(&text).next().is_none()) {
        return false;
    }
    let mut masked = node.raw().as_bytes().to_vec();
    numbers_of_people(node.raw()).for_each(|place| masked[place].fill(b'0'));
    let Ok(document) = read(&masked) else { return true };
    let Some(text) = document.root().as_str() else { return true };
    numbers_of_people(&text).any(|place| text[place].bytes().any(|byte| byte != b'0'))
}

/// Identity numbers, and what follows a system of [`OF_PEOPLE`] as searches and conditional references write it:
/// `Practitioner?identifier=urn:oid:…|9144889`.
fn numbers_of_people(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let searched = OF_PEOPLE.into_iter().flat_map(move |system| {
        // The colons before it may be written as `%3A`.
        let system = system.rsplit(':').next().unwrap_or(system);
        text.match_indices(system).filter_map(move |(at, _)| {
            let after = at + system.len();
            let rest = &text[after..];
            let bar = ["|", "%7C", "%7c"].into_iter().find(|bar| rest.starts_with(bar))?;
            let start = after + bar.len();
            let ends = |one: char| matches!(one, '"' | '&' | ',' | '\\' | '#');
            let length = text[start..].find(ends).unwrap_or(text.len() - start);
            (length > 0).then_some(start..start + length)
        })
    });
    numbers(text).chain(searched)
}
