//! What of a bundle says who somebody is.

use std::ops::Range;

use lmr_identifiers::synthetic::identity_number_from;
use lmr_lmdi::identifying_places;

const BUNDLE: &str = r#"{"resourceType":"Bundle","entry":[
    {"fullUrl":"urn:x:13866510282","resource":{"resourceType":"Patient","id":"p","meta":{"profile":["http://p"]},
     "identifier":[{"system":"urn:oid:1","value":"13866510363"},{"value":"lokal"}],
     "extension":[{"url":"http://e","valueString":"Pikenavn"}],"_birthDate":{"extension":[{"url":"u","valueDateTime":"1980-02-03T04:05"}]},
     "name":[{"use":"official","family":"Nord\u00e5s","given":["Kari","Bø"]}],"birthDate":"1980-02-03","gender":"female",
     "text":{"status":"generated","div":"<div>Kari</div>"}}},
    {"resource":{"resourceType":"MedicationAdministration","status":"completed",
     "text":{"status":"generated","div":"<div>Kari fikk</div>"},
     "identifier":[{"system":"urn:s","value":"adm-1"}],
     "subject":{"reference":"Patient/p","display":"Kari Visning"},
     "performer":[{"actor":{"identifier":{"system":"urn:h","value":"9144889"}}}],
     "request":{"reference":"urn:r","display":"Kari sin resept"},
     "medicationReference":{"reference":"Medication/m","display":"Paracetamol"},
     "medicationCodeableConcept":{"coding":[{"system":"s","code":"c","display":"Paracet"}]},
     "reasonCode":[{"text":"fnr 138665 10282 vondt"}],"category":{"text":"\u00313866510282 i dag"},
     "note":[{"text":"gitt til 13866510282 i dag"}],"dosage":{"dose":{"value":12345678901}},
     "contained":[{"resourceType":"Practitioner","name":[{"text":"Lege Legesen"}]}]}}]}"#;

#[test]
fn who_somebody_is_is_found_and_what_was_given_is_not() {
    let places = identifying_places(BUNDLE.as_bytes()).unwrap_or_default();
    let texts = |places: &[Range<usize>]| -> Vec<&str> {
        places.iter().map(|place| &BUNDLE[place.clone()]).collect()
    };
    assert_eq!(
        texts(&places.people),
        [
            "13866510282",
            "13866510363",
            "lokal",
            "Pikenavn",
            "1980-02-03T04:05",
            r"Nord\u00e5s",
            "Kari",
            "Bø",
            "1980-02-03",
            "<div>Kari</div>",
            "Kari Visning",
            "9144889",
            "138665 10282",
            "Lege Legesen",
        ]
    );
    assert_eq!(
        texts(&places.mixed),
        [
            "<div>Kari fikk</div>",
            "Kari sin resept",
            r"\u00313866510282 i dag",
            "gitt til 13866510282 i dag",
        ]
    );
    assert!(identifying_places(b"{").is_err());
}

#[test]
fn zeros_in_these_places_leave_a_bundle_of_the_same_shape() {
    let places = identifying_places(BUNDLE.as_bytes()).unwrap_or_default();
    let mut masked = BUNDLE.as_bytes().to_vec();
    let all = || places.people.iter().chain(&places.mixed);
    all().for_each(|place| masked[place.clone()].fill(b'0'));
    let again = identifying_places(&masked).unwrap_or_default();
    // Eleven zeros are no identity number: those outside people are not found again.
    assert_eq!(again.people.len(), places.people.len() - 2);
    assert_eq!(again.mixed.len(), places.mixed.len() - 1);
    let text = String::from_utf8_lossy(&masked);
    for kept in ["Paracetamol", "Paracet", "adm-1", "female", "http://e", "Patient/p"] {
        assert!(text.contains(kept), "{kept}");
    }
    for gone in ["Kari", "866510", "Nord", "Pikenavn", "Lege", "1980"] {
        assert!(!text.contains(gone), "{gone}");
    }
}

/// What is taken out of the only resource of a bundle, of people and mixed.
fn taken(resource: &str) -> [Vec<String>; 2] {
    let bundle = format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{resource}}}]}}"#);
    let places = identifying_places(bundle.as_bytes()).expect("JSON");
    [places.people, places.mixed]
        .map(|places| places.into_iter().map(|place| bundle[place].to_owned()).collect())
}

#[test]
fn values_of_peoples_systems_are_taken_wherever_they_are() {
    const HPR: &str = "urn:oid:2.16.578.1.12.4.1.4.4";
    let identifier =
        |system: &str, value: &str| format!(r#"{{"system":"{system}","value":{value}}}"#);
    let hpr = identifier(HPR, r#""9144889""#);
    for (resource, people) in [
        (
            r#"{"resourceType":"PractitionerRole","id":"r","identifier":[{"system":"urn:x","value":"rolle 7"}],
                "practitioner":{"reference":"Practitioner/a","display":"Lege Legesen"},
                "telecom":[{"system":"phone","value":"55512345"}]}"#
                .to_owned(),
            vec!["rolle 7", "Lege Legesen", "55512345"],
        ),
        (
            format!(
                r#"{{"resourceType":"MedicationAdministration","id":"a","request":{{"identifier":{hpr}}},
                "extension":[{{"url":"u","valueReference":{{"identifier":{hpr}}}}},{{"url":"u","valueIdentifier":{hpr}}}]}}"#
            ),
            vec!["9144889"; 3],
        ),
        (
            format!(r#"{{"resourceType":"Communication","recipient":[{{"identifier":{hpr}}}]}}"#),
            vec!["9144889"],
        ),
        (
            format!(
                r#"{{"resourceType":"Provenance","agent":[{{"who":{{"identifier":{hpr}}}}}]}}"#
            ),
            vec!["9144889"],
        ),
        (
            format!(r#"{{"resourceType":"Organization","manufacturer":{{"identifier":{hpr}}}}}"#),
            vec!["9144889"],
        ),
        // Mistyped, as a number, with blanks and escapes, as a coding, with an extension.
        (
            format!(
                r#"{{"resourceType":"Basic","a":{},"b":{},"c":{},"d":{{"system":"{HPR}","code":"9144889"}},
                "e":{{"system":"{HPR}","_value":{{"extension":[{{"url":"u","valueString":"9144880"}}]}}}}}}"#,
                identifier("urn:oid:2.16.578.1.12.4.1.4.1", r#""1386651028""#),
                identifier(" URN:OID:2.16.578.1.12.4.1.4.2 ", r#""53866510282x""#),
                identifier("urn\\u003aoid:2.16.578.1.12.4.1.4.4", "9144889"),
            ),
            vec!["1386651028", "53866510282x", "9144889", "9144889", "9144880"],
        ),
        // As searches write it.
        (
            format!(
                r#"{{"resourceType":"Basic","author":{{"reference":"Practitioner?identifier={HPR}|9144889&active=true"}},
                "url":"Patient?identifier=urn%3Aoid%3A2.16.578.1.12.4.1.4.1%7C138665%2010282"}}"#
            ),
            vec!["9144889", "138665%2010282"],
        ),
    ] {
        assert_eq!(taken(&resource), [people, vec![]], "{resource}");
    }
    // Other systems: an order, an organisation, a medicine.
    for system in ["urn:ordre", "urn:oid:2.16.578.1.12.4.1.4.101", "urn:oid:2.16.578.1.12.4.1.4.40"]
    {
        let other = identifier(system, r#""987654""#);
        let resource = format!(
            r#"{{"resourceType":"MedicationRequest","basedOn":[{{"reference":"X?identifier={system}|987654","identifier":{other}}}]}}"#
        );
        assert_eq!(taken(&resource), [const { Vec::<String>::new() }; 2], "{resource}");
    }
}

#[test]
fn lists_of_references_are_as_one_reference() {
    for (key, people, mixed) in [
        ("generalPractitioner", vec!["Kari Lege"], vec![]),
        ("basedOn", vec![], vec!["Kari Lege"]),
        ("location", vec![], vec![]),
    ] {
        for resource in [
            format!(r#"{{"resourceType":"Basic","{key}":{{"display":"Kari Lege"}}}}"#),
            format!(r#"{{"resourceType":"Basic","{key}":[{{"display":"Kari Lege"}}]}}"#),
        ] {
            assert_eq!(taken(&resource), [people.clone(), mixed.clone()], "{resource}");
        }
    }
}

/// A character as JSON may also write it.
fn escaped(one: char) -> String {
    format!("\\u{:04x}", u32::from(one))
}

/// Ways to write a number in a JSON text: what is read is always the same digits.
fn spellings(number: &str) -> Vec<String> {
    let split = |between: &str| format!("{}{between}{}", &number[..6], &number[6..]);
    let with_escape = |text: &str, which: usize| -> String {
        let write = |(at, one): (usize, char)| {
            if at == which { escaped(one) } else { one.to_string() }
        };
        text.chars().enumerate().map(write).collect()
    };
    vec![
        number.to_owned(),
        split(" "),
        split("-"),
        split(&escaped(' ')),
        with_escape(number, 0),
        with_escape(number, 10),
        with_escape(&split(" "), 0),
        with_escape(&split("-"), 7),
        number.chars().map(escaped).collect(),
        format!("urn:oid:2.16.578.1.12.4.1.4.1{}{number}", escaped('|')),
    ]
}

#[test]
fn no_mix_of_spellings_leaves_a_number_readable() {
    let made = identity_number_from("12855825").expect("a number");
    let made = made.as_str();
    let numbers = [made, "13866510282", "13866510363"];
    let (first, second, third) =
        (spellings(numbers[0]), spellings(numbers[1]), spellings(numbers[2]));
    // Between them also what looks like a number in the source only: an escape, and digits that go on with its own.
    let looks_like_one = format!(" \\u{}{} ", &made[..4], &made[4..]);
    for between in [" og ", ", ", "\\n", " \\u00e5 ", looks_like_one.as_str()] {
        for (a, b, c) in first.iter().flat_map(|a| {
            let third = &third;
            second.iter().flat_map(move |b| third.iter().map(move |c| (a, b, c)))
        }) {
            let text = format!("{a}{between}{b}{between}{c}");
            let mut bundle = format!(
                r#"{{"resourceType":"Bundle","entry":[{{"fullUrl":"{text}","resource":{{"resourceType":"Basic",
                "reasonCode":[{{"text":"{text}"}}],"note":[{{"text":"{text}"}}],"subject":{{"reference":"{text}"}}}}}}]}}"#
            )
            .into_bytes();
            let places = identifying_places(&bundle).expect("JSON");
            for place in places.people.iter().chain(&places.mixed) {
                bundle[place.clone()].fill(b'0');
            }
            let rest: serde_json::Value = serde_json::from_slice(&bundle).expect("still JSON");
            let rest = rest.to_string().replace([' ', '-'], "");
            for number in numbers {
                assert!(!rest.contains(number), "{number} is left of {text}: {rest}");
            }
        }
    }
}
