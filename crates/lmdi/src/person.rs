//! Where a stored bundle or answer has a person's number, so that all of it can be erased, and texts that may be one. How
//! numbers are spelled `lmr_fhir::digits` knows.
//!
//! Why: a number is taken, with a warning at most, also where it is no identifier of a patient: in a logical reference, a
//! contained resource, a text, a `fullUrl`. An erasure that looked at patients only would leave it there, and say that
//! nobody has it.

use std::ops::Range;

use lmr_fhir::{Bundle, Document, Element, Kind, digits};
use lmr_identifiers::NationalIdentityNumber;

use crate::bundle_index::BundleIndex;
use crate::links::is;
use crate::split::{UnreadableBundle, read};

/// Whether a text may be, or have in it, an identity number in any spelling: a system that uses them as ids. Check digits are
/// not looked at: a mistyped number says as much of somebody. Such a text is kept nowhere and shown in no log.
#[must_use]
pub fn looks_personal(text: &str) -> bool {
    digits::may_hold(text, NationalIdentityNumber::LENGTH)
}

/// Whether a text has the number, written in one or with something between the digits.
#[must_use]
pub fn has_number(text: &str, number: &str) -> bool {
    digits::find(text.as_bytes(), number, 0).is_some()
}

fn places(text: &[u8], number: &str) -> Vec<Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(|| {
        let place = digits::find(text, number, from)?;
        from = place.end;
        Some(place)
    })
    .collect()
}

/// Where a document has the number: its digits, or the whole text that is written with escapes. With each what its digits
/// are replaced by; a number of JSON begins with no zero.
fn places_in(document: &Document<'_>, number: &str) -> Vec<(Range<usize>, u8)> {
    let source = document.source();
    let mut found: Vec<_> =
        places(source.as_bytes(), number).into_iter().map(|place| (place, b'0')).collect();
    if found.is_empty() && !source.contains('\\') {
        return found;
    }
    let mut escaped = Vec::new();
    let mut pending = vec![document.root()];
    while let Some(node) = pending.pop() {
        let span = node.span();
        match node.kind() {
            Kind::Number => {
                for (_, with) in found.iter_mut().filter(|(place, _)| span.contains(&place.start)) {
                    *with = b'1';
                }
            }
            Kind::String if node.is_escaped() => {
                // Numbers without an escape in them are among those that were found.
                let plain = found.iter().filter(|(place, _)| span.contains(&place.start)).count();
                let all = node.as_str().map_or(0, |text| places(text.as_bytes(), number).len());
                if all > plain {
                    escaped.push((span.start + 1..span.end - 1, b'0'));
                }
            }
            _ => pending.extend(node.members()),
        }
    }
    found.extend(escaped);
    found
}

/// The places of a person's resources in a bundle, with their entries: each entry that has the number anywhere, its
/// addresses included, and every resource that refers to a patient who has it as an identifier, an id or an address.
///
/// # Errors
/// [`UnreadableBundle`].
pub fn places_of_person(
    content: &[u8],
    number: &str,
) -> Result<Vec<(usize, Range<usize>)>, UnreadableBundle> {
    let document = read(content)?;
    let bundle = Bundle::of(&document).ok_or(UnreadableBundle)?;
    let found = places_in(&document, number);
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let index = BundleIndex::of(bundle, bundle.entries().collect());
    let has = |within: &Range<usize>, without: Option<&Range<usize>>| {
        found.iter().any(|(place, _)| {
            within.contains(&place.start) && without.is_none_or(|one| !one.contains(&place.start))
        })
    };
    let is_person: Vec<bool> = index
        .entries
        .iter()
        .map(|entry| {
            // A patient who names somebody else, a parent for example, is another person.
            entry.resource.is_some_and(|resource| {
                is(resource, "Patient")
                    && (names_itself(resource, number)
                        || has(&entry.entry.element().span(), Some(&resource.span())))
            })
        })
        .collect();
    let mut places = Vec::new();
    for (at, entry) in index.entries.iter().enumerate() {
        let Some(resource) = entry.resource else { continue };
        let refers = entry.outgoing.links.iter().any(|link| is_person[link.target]);
        if refers || has(&entry.entry.element().span(), None) {
            places.push((at, resource.span()));
        }
    }
    Ok(places)
}

/// Whether a resource has the number as an identifier or as its id.
fn names_itself(resource: Element<'_>, number: &str) -> bool {
    let has = |holder: Element<'_>, name| {
        let text = holder.child_by_name(name).and_then(Element::text);
        text.is_some_and(|text| has_number(&text, number))
    };
    has(resource, "id") || resource.children_by_name("identifier").any(|one| has(one, "value"))
}

/// Takes the number out of a JSON text by digits that say nothing, so that everything stays where it is; gives whether it
/// was there.
pub fn mask_number(json: &mut [u8], number: &str) -> bool {
    let found = match read(json) {
        Ok(document) => places_in(&document, number),
        Err(_) => places(json, number).into_iter().map(|place| (place, b'0')).collect(),
    };
    for (place, with) in &found {
        let is_whole = place.len() > number.len() && json[place.clone()].contains(&b'\\');
        for byte in &mut json[place.clone()] {
            if is_whole || byte.is_ascii_digit() {
                *byte = *with;
            }
        }
    }
    !found.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::blank;
    use lmr_fhir::digits::Spelling;

    const NUMBER: &str = "13866510282";

    /// A patient, what refers to the patient, another patient with what refers to that one, and one more entry.
    fn bundle(patient: &str, entry: &str) -> String {
        format!(
            r#"{{"resourceType":"Bundle","type":"batch","entry":[
            {{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{{"resourceType":"Patient",{patient}}}}},
            {{"resource":{{"resourceType":"MedicationAdministration","id":"a",
                "subject":{{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"}}}}}},
            {{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000002","resource":{{"resourceType":"Patient",
                "identifier":[{{"value":"13866510363"}}]}}}},
            {{"resource":{{"resourceType":"MedicationAdministration","id":"b",
                "subject":{{"reference":"urn:uuid:00000000-0000-4000-8000-000000000002"}}}}}},
            {entry}]}}"#
        )
    }

    /// What is left after an erasure, without the entries that were erased.
    fn erased(text: &str) -> (Vec<usize>, String) {
        let mut content = text.as_bytes().to_vec();
        let places = places_of_person(&content, NUMBER).unwrap();
        let entries = places.iter().map(|(entry, _)| *entry).collect();
        blank(&mut content, places.into_iter().map(|(_, place)| place));
        mask_number(&mut content, NUMBER);
        assert_eq!(content.len(), text.len());
        assert!(read(&content).is_ok(), "it can be read again");
        assert_eq!(places_of_person(&content, NUMBER), Ok(Vec::new()));
        assert!(!mask_number(&mut content, NUMBER), "nothing is left");
        (entries, String::from_utf8(content).unwrap())
    }

    #[test]
    fn wherever_a_number_is_nothing_of_it_is_left_and_others_stay() {
        let nobody = r#""identifier":[{"value":"7"}]"#;
        let other = r#"{"resource":{"resourceType":"Organization","id":"o"}}"#;
        let of = |entry: &str| bundle(nobody, entry);
        for (name, text, expected) in [
            ("nowhere", of(other), vec![]),
            (
                "an identifier",
                bundle(r#""identifier":[{"value":"13866510282"}]"#, other),
                vec![0, 1],
            ),
            (
                "as people write it",
                bundle(r#""identifier":[{"value":"138665 10282"}]"#, other),
                vec![0, 1],
            ),
            ("an id", bundle(r#""id":"p-13866510282""#, other), vec![0, 1]),
            (
                "escaped",
                bundle(r#""identifier":[{"value":"\u003138665\u00310282"}]"#, other),
                vec![0, 1],
            ),
            (
                "somebody else's parent",
                bundle(r#""contact":[{"name":{"text":"mor, 13866510282"}}]"#, other),
                vec![0],
            ),
            (
                "a logical reference",
                of(r#"{"resource":{"resourceType":"MedicationAdministration",
                    "subject":{"identifier":{"system":"urn:oid:2.16.578.1.12.4.1.4.2","value":"13866510282"}}}}"#),
                vec![4],
            ),
            (
                "a contained patient",
                of(
                    r##"{"resource":{"resourceType":"MedicationAdministration","subject":{"reference":"#p"},
                    "contained":[{"resourceType":"Patient","id":"p","identifier":[{"value":"13866510282"}]}]}}"##,
                ),
                vec![4],
            ),
            (
                "a display",
                of(r#"{"resource":{"resourceType":"MedicationAdministration",
                    "subject":{"display":"Kari (138665-10282)"}}}"#),
                vec![4],
            ),
            (
                "a display with more between its groups",
                of(r#"{"resource":{"resourceType":"MedicationAdministration",
                    "subject":{"display":"Kari (138665 - 10282)"}}}"#),
                vec![4],
            ),
            (
                "a narrative",
                of(
                    r#"{"resource":{"resourceType":"Condition","text":{"div":"<div>138665&nbsp;10282</div>"}}}"#,
                ),
                vec![4],
            ),
            (
                "an extension that is a number",
                of(
                    r#"{"resource":{"resourceType":"Condition","extension":[{"url":"u","valueDecimal":13866510282}]}}"#,
                ),
                vec![4],
            ),
            (
                "an address",
                of(
                    r#"{"fullUrl":"https://ehr.example/Patient/13866510282","resource":{"resourceType":"Patient"}},
                    {"resource":{"resourceType":"Condition","subject":{"reference":"Patient/13866510282"}}}"#,
                ),
                vec![4, 5],
            ),
            (
                "an address of a refused resource",
                of(
                    r#"{"fullUrl":"https://ehr.example/Patient/%2013866510282","resource":{        }}"#,
                ),
                vec![4],
            ),
            (
                "a search",
                of(r#"{"resource":{"resourceType":"Condition"},
                    "request":{"method":"PUT","url":"Patient?identifier=urn:oid:2.16.578.1.12.4.1.4.1|13866510282"}}"#),
                vec![4],
            ),
            (
                "outside the entries",
                of(other).replacen(
                    r#""type":"batch""#,
                    r#""type":"batch","identifier":{"value":"b\/13866510282"},"total":13866510282"#,
                    1,
                ),
                vec![],
            ),
        ] {
            let (entries, left) = erased(&text);
            assert_eq!(entries, expected, "{name}");
            assert!(!has_number(&left, NUMBER), "{name}: {left}");
            assert!(left.contains("13866510363") && left.contains(r#""id":"b""#), "{name}: {left}");
        }
    }

    #[test]
    fn a_number_is_found_masked_and_personal_however_it_is_written() {
        for Spelling { text, .. } in digits::spellings(NUMBER) {
            let text = format!("x {text} y");
            assert!(has_number(&text, NUMBER) && looks_personal(&text), "{text}");
            let json = format!(r#"{{"a":"{text}"}}"#);
            let mut masked = json.clone().into_bytes();
            assert!(mask_number(&mut masked, NUMBER), "{json}");
            assert!(!has_number(&String::from_utf8(masked).unwrap(), NUMBER), "{json}");
        }
    }

    #[test]
    fn a_bundle_gives_a_number_back_in_no_spelling() {
        let nobody = r#""identifier":[{"value":"7"}]"#;
        for Spelling { text, .. } in digits::spellings(NUMBER).step_by(7) {
            let entry = format!(
                r#"{{"resource":{{"resourceType":"Condition","note":[{{"text":"mor {text}"}}]}}}}"#
            );
            let (entries, left) = erased(&bundle(nobody, &entry));
            assert_eq!(entries, [4], "{text}");
            assert!(!has_number(&left, NUMBER), "{left}");
        }
    }

    #[test]
    fn fewer_digits_and_digits_of_something_else_do_not_look_personal() {
        for personal in
            ["12818012345", "128180 12345", "128180-12345", "a12818012345b", "Kari 12.81.80.12345"]
        {
            assert!(looks_personal(personal), "{personal}");
        }
        for plain in ["", "ADM-17", "1281801234", "12818x012345", "9144889", "2026-11-26T10:15:30Z"]
        {
            assert!(!looks_personal(plain), "{plain}");
        }
    }

    #[test]
    fn other_digits_are_not_the_number() {
        for text in
            ["13866510283", "1386651028", "13866510 82", "138665\n10282", "138665,10282", ""]
        {
            assert!(!has_number(text, NUMBER), "{text}");
        }
        assert!(!has_number("anything", ""));
    }

    #[test]
    fn an_answer_keeps_everything_but_the_digits() {
        let mut answer =
            br#"{"fullUrl":"https://ehr.example/Patient/138665-10282","n":13866510363}"#.to_vec();
        assert!(mask_number(&mut answer, NUMBER));
        assert_eq!(
            String::from_utf8_lossy(&answer),
            r#"{"fullUrl":"https://ehr.example/Patient/000000-00000","n":13866510363}"#
        );
        let mut quoted = br#"{"text":"\"138665 10282\" er kjent"}"#.to_vec();
        assert!(mask_number(&mut quoted, NUMBER));
        assert_eq!(String::from_utf8_lossy(&quoted), r#"{"text":"\"000000 00000\" er kjent"}"#);
        let mut odd = b"not JSON: 13866510282".to_vec();
        assert!(mask_number(&mut odd, NUMBER));
        assert_eq!(odd, b"not JSON: 00000000000");
    }
}
