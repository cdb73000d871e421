//! Resources of one name or of one identity that are not one: each reference leads to the right one, or to none.

use std::path::Path;

use lmr_lmdi::RuleSetId;
use serde_json::{Value, json};

use super::world::{World, given, medicine, patient, with};
use crate::identity::HashKey;
use crate::index::Index;
use crate::report::RunStatus;
use crate::source::{FolderSource, Source, SourceIssueKind, SourceLimits, Sources};

fn person(id: &str, number: &str) -> Value {
    let system = "urn:oid:2.16.578.1.12.4.1.4.1";
    with(patient(id, 1), "identifier", json!([{ "system": system, "value": number }]))
}

fn dated(resource: Value, day: u32) -> Value {
    with(resource, "meta", json!({ "lastUpdated": format!("2026-03-0{day}T00:00:00Z") }))
}

fn write(file: &Path, resources: &[Value]) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, resources.iter().map(|one| format!("{one}\n")).collect::<String>())
        .unwrap();
}

fn index(source: &dyn Source) -> Index {
    let own = ["https://own.example/fhir".to_owned()];
    Index::read(source, &own, &HashKey::new(&zeroize::Zeroizing::new([7; 32]))).unwrap()
}

/// The places of what each administration refers to, by its own place.
fn led(index: &Index) -> Vec<(String, Vec<String>)> {
    let place = |at: u32| index.location(at).label().to_owned();
    let is_given = |at: &u32| &**index.resource_type(*at) == "MedicationAdministration";
    let all = (0..u32::try_from(index.records.len()).unwrap()).filter(is_given);
    all.map(|at| (place(at), index.targets(at).iter().map(|to| place(*to)).collect())).collect()
}

/// What hospitals write into one folder: messages whose ids are their own.
#[test]
fn a_reference_in_a_bundle_leads_into_that_bundle() {
    type Spelling = (&'static str, fn(u32) -> Option<String>, fn(u32) -> String);
    let urn = |n| format!("urn:uuid:6a0f0000-0000-4000-8000-00000000000{n}");
    let spellings: [Spelling; 5] = [
        ("no fullUrl", |_| None, |_| "Patient/p".to_owned()),
        (
            "addresses",
            |n| Some(format!("http://mirth{n}/fhir/Patient/p")),
            |_| "Patient/p".to_owned(),
        ),
        (
            "whole addresses",
            |n| Some(format!("http://mirth{n}/fhir/Patient/p")),
            |n| format!("http://mirth{n}/fhir/Patient/p"),
        ),
        (
            "our own address",
            |_| Some("https://own.example/fhir/Patient/p".to_owned()),
            |_| "https://own.example/fhir/Patient/p/_history/2".to_owned(),
        ),
        ("urn:uuid", |n| Some(format!("urn:uuid:6a0f0000-0000-4000-8000-00000000000{n}")), urn),
    ];
    for (spelling, full_url, reference) in spellings {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..3 {
            let mut own = json!({ "resource": person("p", &format!("1286801234{n}")) });
            if let Some(url) = full_url(n) {
                own["fullUrl"] = url.into();
            }
            let given = given(&format!("a{n}"), "p", 1);
            let given = with(given, "subject", json!({ "reference": reference(n) }));
            let entries = json!([{ "resource": given }, own]);
            let bundle =
                json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
            write(&folder.path().join(format!("m{n}.json")), &[bundle]);
        }
        let index = index(&FolderSource::new(folder.path().to_owned(), SourceLimits::default()));
        for (from, to) in led(&index) {
            assert_eq!(to, [from], "{spelling}");
        }
    }
}

/// Two systems that count from 1: what refers within one stays within it, and a third one's reference means neither.
#[test]
fn a_reference_leads_to_its_own_source_first() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str| folder.path().join(name);
    for (n, name) in ["north", "south"].iter().enumerate() {
        let own = person("1001", &format!("1286801234{n}"));
        write(&of(name).join("p.ndjson"), &[given(&format!("a{n}"), "1001", 1), own]);
    }
    write(&of("third").join("g.ndjson"), &[given("b", "1001", 1), given("c", "77", 1)]);
    write(&of("people").join("p.ndjson"), &[person("77", "12868012349")]);
    let sources = ["north", "south", "third", "people"].map(|name| {
        let source = FolderSource::new(of(name), SourceLimits::default());
        (name.to_owned(), Box::new(source) as Box<dyn Source>)
    });
    let index = index(&Sources::new(sources.into()));
    let led: Vec<(String, String)> =
        led(&index).into_iter().map(|(from, to)| (from, to.join(" "))).collect();
    let led: Vec<(&str, &str)> = led.iter().map(|(from, to)| (&**from, &**to)).collect();
    assert_eq!(
        led,
        [
            ("north: p.ndjson", "north: p.ndjson"),
            ("south: p.ndjson", "south: p.ndjson"),
            ("third: g.ndjson", ""),
            ("third: g.ndjson", "people: p.ndjson"),
        ]
    );
}

#[tokio::test]
async fn what_may_mean_either_of_two_people_is_held_until_it_means_one() {
    for are_dated in [false, true] {
        let world = World::new(RuleSetId::Lmdi112);
        let own = |number: &str, day| match are_dated {
            true => dated(person("p", number), day),
            false => person("p", number),
        };
        world.write("a.ndjson", &[own("12868012340", 1), medicine("m")]);
        world.write("b.ndjson", &[own("12868012341", 2), given("g", "p", 1)]);
        let report = world.run().await;
        assert_eq!((report.held, report.status()), (1, RunStatus::ToCorrect), "{are_dated}");
        assert_eq!(world.versions("MedicationAdministration/g"), 0);
        let agent = world.agent().await;
        let held = agent.outbox().held().await.unwrap();
        let finding = &held[0].findings[0];
        assert_eq!(finding.code.as_deref(), Some("LMR-3030"));
        assert!(finding.path.as_deref().unwrap().contains("subject"));
        for text in [&finding.text_nb, &finding.text_en] {
            assert!(text.contains("a.ndjson:1") && text.contains("b.ndjson:1"), "{text}");
        }
        agent.outbox().close().await;
        // The other one goes: nobody needs to release anything.
        world.write("a.ndjson", &[medicine("m")]);
        assert_eq!(world.run().await.status(), RunStatus::Clean);
        assert_eq!(world.versions("MedicationAdministration/g"), 1);
    }
}

/// Where a type and an id always name one resource, a later version of it holds.
#[tokio::test]
async fn of_a_server_the_version_written_last_holds() {
    let mut world = World::new(RuleSetId::Lmdi112);
    (world.gives_changes, world.keeps_ids) = (true, true);
    world.write("a.ndjson", &[dated(person("p", "12868012340"), 2), dated(medicine("m"), 1)]);
    world.write("b.ndjson", &[dated(person("p", "12868012341"), 1), dated(given("g", "p", 1), 1)]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    let stored = world.register.lock().unwrap().versions["Patient/p"][0].clone();
    assert_eq!(stored["identifier"][0]["value"], "12868012340");
}

fn drug(id: &str, code: &str) -> Value {
    with(medicine(id), "code", json!({ "coding": [{ "system": "urn:fest", "code": code }] }))
}

fn message(world: &World, file: &str, resources: &[Value]) {
    let entries: Vec<Value> = resources.iter().map(|one| json!({ "resource": one })).collect();
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    world.write(file, &[bundle]);
}

#[tokio::test]
async fn of_two_medicines_of_one_id_neither_is_sent() {
    let world = World::new(RuleSetId::Lmdi112);
    message(&world, "m0.json", &[drug("m", "1"), person("p", "12868012340"), given("a", "p", 1)]);
    message(&world, "m1.json", &[drug("m", "2"), person("p", "12868012340"), given("b", "p", 1)]);
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::ToCorrect);
    let two = |issue: &SourceIssueKind| matches!(issue, SourceIssueKind::TwoOfOneIdentity { other, .. } if other == "m0.json:1");
    let issues: Vec<_> = report.source_issues.iter().filter(|one| two(&one.issue)).collect();
    assert_eq!(issues.len(), 1, "{:?}", report.source_issues);
    assert_eq!(issues[0].file, "m1.json");
    for name in ["a", "b"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{name}")), 0, "{name}");
    }
    // One of them is a correction of the other, and says so.
    message(&world, "m0.json", &[dated(drug("m", "1"), 1), given("a", "p", 1)]);
    message(
        &world,
        "m1.json",
        &[dated(drug("m", "2"), 2), person("p", "12868012340"), given("b", "p", 1)],
    );
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    for name in ["a", "b"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{name}")), 1, "{name}");
    }
}

/// Keys that a spreadsheet has rounded: two people's administrations of one identifier.
#[tokio::test]
async fn of_two_administrations_of_one_identifier_neither_is_sent() {
    let one = json!([{ "system": "urn:x", "value": "1,23457E+11" }]);
    let of = |id: &str, patient: &str, n| with(given(id, patient, n), "identifier", one.clone());
    let others = [
        ("another patient", of("b", "q", 1)),
        (
            "another time",
            with(of("b", "p", 1), "effectiveDateTime", "2026-03-01T18:00:00+01:00".into()),
        ),
    ];
    for (what, other) in others {
        let world = World::new(RuleSetId::Lmdi112);
        world.write("people.ndjson", &[patient("p", 1), patient("q", 1), medicine("m")]);
        world.write("given.ndjson", &[of("a", "p", 1), other]);
        let report = world.run().await;
        assert_eq!((report.status(), report.held), (RunStatus::ToCorrect, 1), "{what}");
        assert_eq!(
            (
                world.versions("MedicationAdministration/a"),
                world.versions("MedicationAdministration/b")
            ),
            (0, 0),
            "{what}"
        );
        // A correction of the first: the later one holds.
        world.write("given.ndjson", &[of("a", "p", 1), of("a", "p", 2)]);
        assert_eq!(world.run().await.status(), RunStatus::Clean, "{what}");
        assert_eq!(
            world.register.lock().unwrap().versions["MedicationAdministration/a"][0]["n"],
            2
        );
    }
}
