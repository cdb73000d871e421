//! What of a bundle says who somebody is.

use std::ops::Range;

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
