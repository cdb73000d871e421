//! JSON, bundle, entries.

use super::scene::*;
use jiff::civil::date;
use lmr_intake::{RuleSetId, Settings};
use lmr_sandbox::hospital::{Era, Fault, Hospital};
use lmr_sandbox::world::Answer;
use serde_json::{Value, json};

#[tokio::test]
async fn content_that_is_not_a_bundle() {
    let scene = scene().await;
    let mut collection = scene.bundle(Era::V0_9_4);
    collection["type"] = json!("collection");
    let mut empty = scene.bundle(Era::V0_9_4);
    empty["entry"] = json!([]);
    let deep =
        format!("{{\"resourceType\":\"Bundle\",\"x\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    for (content, status, code) in [
        (b"\xff\xfe\xfd".to_vec(), 400, "LMR-3001"),
        (b"<Bundle/>".to_vec(), 400, "LMR-3002"),
        (deep.into_bytes(), 400, "LMR-3004"),
        (b"{\"a\":1}".to_vec(), 400, "LMR-3010"),
        (b"{\"resourceType\":\"Patient\"}".to_vec(), 400, "LMR-3011"),
        (collection.to_string().into_bytes(), 400, "LMR-3012"),
        (empty.to_string().into_bytes(), 400, "LMR-3014"),
    ] {
        scene.refuses(scene.sealed(&content), status, code).await;
    }
}

#[tokio::test]
async fn a_bundle_that_breaks_rules_as_a_whole_is_refused_with_their_codes() {
    let scene = scene().await;
    for era in [Era::V0_9_4, Era::Latest] {
        let mut bundle = scene.bundle(era);
        bundle["total"] = json!(7);
        bundle.as_object_mut().unwrap().remove("identifier");
        let answer =
            scene.refuses(scene.sealed(bundle.to_string().as_bytes()), 400, "LMR-3016").await;
        let issues = answer.json()["issue"].as_array().unwrap().clone();
        let reported: Vec<(String, String)> = issues
            .iter()
            .map(|issue| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                (text(&issue["details"]["coding"][0]["code"]), text(&issue["expression"][0]))
            })
            .collect();
        for (code, place) in
            [("LMR-3016", "Bundle"), ("LMR-4003", "Bundle"), ("LMR-3017", "Bundle")]
        {
            assert!(
                reported.contains(&(code.to_owned(), place.to_owned())),
                "{era:?} {code}: {reported:?}"
            );
        }
        // Under which rule set, by its digest.
        let extensions = answer.json()["extension"].to_string();
        assert!(extensions.contains("sha256:"), "{era:?}: {extensions}");
        // Each with its own remedy class and both languages.
        assert!(issues.iter().all(|issue| issue["details"]["_text"]["extension"].is_array()));
    }
}

#[tokio::test]
async fn a_duplicate_member_name_in_an_entry_refuses_that_entry() {
    let scene = scene().await;
    let bundle = scene.bundle(Era::V0_9_4).to_string();
    let repeated = bundle.replacen("\"gender\":", "\"gender\":\"male\",\"gender\":", 1);
    assert_ne!(bundle, repeated);
    let answer = scene.post(scene.sealed(repeated.as_bytes())).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let reported = codes(&answer);
    let refused: Vec<_> = answer
        .entry_statuses()
        .into_iter()
        .zip(reported)
        .filter(|(status, _)| status.starts_with("422"))
        .collect();
    assert_eq!(refused.len(), 1, "{:?}", answer.entry_statuses());
    assert!(refused[0].1.contains(&"LMR-3003".to_owned()), "{refused:?}");
    scene.next_works().await;
}

#[tokio::test]
async fn oddities_of_the_message_are_reported_with_its_first_entry() {
    let scene = scene().await;
    let mut bundle = scene.bundle(Era::V0_9_4);
    bundle["timestamp"] = json!("2025-03-03T12:00:00+01:00");
    let message = changed(&scene.sealed(bundle.to_string().as_bytes()), |members| {
        members.insert("avsenderSystem".to_owned(), json!("x"));
    });
    let answer = scene.post(message.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let reported = codes(&answer);
    assert!(
        reported[0].contains(&"LMR-2005".to_owned())
            && reported[0].contains(&"LMR-6026".to_owned()),
        "{reported:?}"
    );
    assert!(!reported[1].contains(&"LMR-2005".to_owned()), "once is enough: {reported:?}");
    let issues =
        answer.json()["entry"][0]["response"]["outcome"]["issue"].as_array().unwrap().clone();
    assert!(issues.iter().any(|issue| issue["expression"][0] == "avsenderSystem"), "{issues:?}");
    assert_eq!(scene.post(message).await.body, answer.body, "and again for a resend");
}

#[tokio::test]
async fn a_closed_slicing_says_why_no_slice_fits() {
    let scene = scene().await;
    let mut bundle = scene.bundle(Era::Latest);
    let index = find(&bundle, "MedicationAdministration");
    bundle["entry"][index]["resource"]["dosage"]["route"]["coding"][0]["system"] =
        json!("urn:oid:1.2.3");
    let answer = scene.post(scene.sealed(bundle.to_string().as_bytes())).await;
    let json = answer.json();
    let issues = json["entry"][index]["response"]["outcome"]["issue"].as_array().unwrap();
    let closed = issues.iter().find(|issue| issue["details"]["coding"][0]["code"] == "LMR-4040");
    let reasons =
        closed.unwrap_or_else(|| panic!("{issues:?}"))["diagnostics"].as_str().unwrap_or_default();
    assert!(reasons.contains("MedicationAdministration.dosage.route.coding[0]"), "{closed:?}");
    assert!(!reasons.contains("urn:oid:1.2.3"), "names the rule, not the value: {reasons}");
}

#[tokio::test]
async fn a_bundle_of_a_type_that_was_not_agreed() {
    let scene = scene().await;
    let pin = |avsender: &mut lmr_intake::Avsender| avsender.rule_set = Some(RuleSetId::Lmdi094);
    scene.world.register_sender(&scene.sender, pin).await.unwrap();
    let bundle = scene.bundle(Era::Latest).to_string();
    scene.refuses(scene.sealed(bundle.as_bytes()), 400, "LMR-3013").await;
}

#[tokio::test]
async fn a_bundle_with_too_many_entries() {
    let scene =
        scene_with(|plan| plan.intake = Settings { entries: 200, ..Settings::default() }).await;
    let large = Hospital::new(Era::V0_9_4, 99, date(2025, 3, 1), 200);
    let bundle = scene.bundle_of(&large).to_string();
    scene.refuses(scene.sealed(bundle.as_bytes()), 413, "LMR-3015").await;
}

/// The codes of each entry's outcome.
fn codes(answer: &Answer) -> Vec<Vec<String>> {
    let json = answer.json();
    let entries = json["entry"].as_array().unwrap_or_else(|| panic!("{json}"));
    entries
        .iter()
        .map(|entry| {
            let issues =
                entry["response"]["outcome"]["issue"].as_array().cloned().unwrap_or_default();
            issues
                .iter()
                .filter_map(|issue| {
                    issue["details"]["coding"][0]["code"].as_str().map(str::to_owned)
                })
                .collect()
        })
        .collect()
}

/// In a batch the changed entry is refused with the code while others are stored; in a transaction
/// nothing is. `change` spoils the entry with the index it returns.
async fn refuses_entry(scene: &Scene, era: Era, change: impl Fn(&mut Value) -> usize, code: &str) {
    let mut bundle = scene.bundle(era);
    let index = change(&mut bundle);
    let before = scene.stored().await;
    let answer = scene.post(scene.sealed(bundle.to_string().as_bytes())).await;
    let statuses = answer.entry_statuses();
    assert_eq!(statuses.len(), bundle["entry"].as_array().unwrap().len(), "{}", answer.json());
    assert!(
        statuses[index].starts_with("422"),
        "{era:?} {code}: {}",
        answer.json()["entry"][index]
    );
    assert!(
        codes(&answer)[index].iter().any(|known| known == code),
        "{era:?} {code}: {:?}",
        codes(&answer)[index]
    );
    let stored = statuses.iter().filter(|status| status.starts_with("20")).count();
    match era {
        Era::V0_9_4 => {
            assert_eq!(answer.status, 200);
            assert!(stored > 0, "the correct entries are stored: {statuses:?}");
        }
        Era::Latest => {
            assert_eq!(answer.status, 400);
            assert_eq!(stored, 0, "{statuses:?}");
            assert!(
                statuses
                    .iter()
                    .all(|status| status.starts_with("422") || status.starts_with("424"))
            );
        }
    }
    // The answer itself is remembered in both cases, for a resend.
    assert_eq!(scene.stored().await, before + 1);
    scene.next_works().await;
}

/// The index of the first entry of a kind.
fn find(bundle: &Value, kind: &str) -> usize {
    let entries = bundle["entry"].as_array().unwrap();
    entries.iter().position(|entry| entry["resource"]["resourceType"] == kind).unwrap()
}
#[tokio::test]
async fn an_entry_with_put_instead_of_post() {
    let scene = scene().await;
    for era in [Era::V0_9_4, Era::Latest] {
        let put = |bundle: &mut Value| {
            let index = find(bundle, "MedicationAdministration");
            bundle["entry"][index]["request"]["method"] = json!("PUT");
            index
        };
        refuses_entry(&scene, era, put, "LMR-3022").await;
    }
}

#[tokio::test]
async fn an_entry_of_a_kind_that_the_register_does_not_take() {
    let scene = scene().await;
    for era in [Era::V0_9_4, Era::Latest] {
        let observation = |bundle: &mut Value| {
            let entries = bundle["entry"].as_array_mut().unwrap();
            entries.push(json!({
                "fullUrl": "urn:uuid:c0c1c2c3-c4c5-46c7-88c9-c0c1c2c3c4c5",
                "resource": {"resourceType": "Observation", "status": "final", "code": {"text": "x"}},
                "request": {"method": "POST", "url": "Observation"},
            }));
            entries.len() - 1
        };
        refuses_entry(&scene, era, observation, "LMR-3023").await;
    }
}

#[tokio::test]
async fn a_reference_to_nothing() {
    let scene = scene().await;
    for nothing in
        ["urn:uuid:00000000-0000-4000-8000-000000000000", "Patient/ukjent", "Patient?identifier=1"]
    {
        for era in [Era::V0_9_4, Era::Latest] {
            let dangle = |bundle: &mut Value| {
                let index = find(bundle, "MedicationAdministration");
                bundle["entry"][index]["resource"]["subject"]["reference"] = json!(nothing);
                index
            };
            refuses_entry(&scene, era, dangle, "LMR-3030").await;
        }
    }
}

#[tokio::test]
async fn a_reference_to_another_system_is_taken_with_a_warning() {
    let scene = scene().await;
    for era in [Era::V0_9_4, Era::Latest] {
        let mut bundle = scene.bundle(era);
        let index = find(&bundle, "MedicationAdministration");
        bundle["entry"][index]["resource"]["subject"]["reference"] =
            json!("https://journal.example/Patient/1");
        let answer = scene.post(scene.sealed(bundle.to_string().as_bytes())).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert!(
            answer.entry_statuses()[index].starts_with("20"),
            "{}",
            answer.json()["entry"][index]
        );
        assert!(
            codes(&answer)[index].contains(&"LMR-3032".to_owned()),
            "{:?}",
            codes(&answer)[index]
        );
    }
}

#[tokio::test]
async fn a_faulty_resource_among_correct_ones() {
    for era in [Era::V0_9_4, Era::Latest] {
        for fault in Fault::ALL {
            let scene = scene().await;
            let mut hospital = scene.hospital(era);
            let name = hospital.add_faulty(date(2025, 3, 1), fault);
            let bundle = scene.bundle_of(&hospital);
            let answer = scene.post(scene.sealed(bundle.to_string().as_bytes())).await;
            let statuses = answer.entry_statuses();
            let index = hospital
                .resources()
                .iter()
                .position(|resource| {
                    format!(
                        "{}/{}",
                        resource["resourceType"].as_str().unwrap(),
                        resource["id"].as_str().unwrap()
                    ) == name
                })
                .unwrap();
            let entry = &answer.json()["entry"][index];
            assert!(statuses[index].starts_with("422"), "{era:?} {fault:?}: {entry}");
            let refused = statuses.iter().filter(|status| status.starts_with("422")).count();
            assert_eq!(refused, 1, "{era:?} {fault:?}: {statuses:?}");
            assert_eq!(answer.status, if era == Era::V0_9_4 { 200 } else { 400 });
            // Corrected, it is taken: in the batch as the one thing that is new with what needs it.
            assert!(hospital.fix(&name));
            let corrected = scene.bundle_of(&hospital).to_string();
            let answer = scene.post(scene.sealed(corrected.as_bytes())).await;
            assert_eq!(answer.status, 200, "{era:?} {fault:?}: {}", answer.json());
            let statuses = answer.entry_statuses();
            assert!(statuses[index].starts_with("201"), "{era:?} {fault:?}: {statuses:?}");
        }
    }
}

#[tokio::test]
async fn no_answer_repeats_an_identity_number() {
    let scene = scene().await;
    let mut hospital = scene.hospital(Era::V0_9_4);
    for fault in Fault::ALL {
        hospital.add_faulty(date(2025, 3, 1), fault);
    }
    let answer = scene.post(scene.sealed(scene.bundle_of(&hospital).to_string().as_bytes())).await;
    let text = String::from_utf8(answer.body.clone()).unwrap();
    let mut numbers = 0;
    for resource in
        hospital.resources().iter().filter(|resource| resource["resourceType"] == "Patient")
    {
        for identifier in resource["identifier"].as_array().unwrap() {
            let value = identifier["value"].as_str().unwrap();
            if value.len() == 11 {
                numbers += 1;
                assert!(!text.contains(value));
            }
        }
    }
    assert!(numbers > 0);
}
