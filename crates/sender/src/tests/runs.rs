use serde_json::json;

use super::world::{Fate, World, given, medicine, patient, with};
use lmr_lmdi::RuleSetId;

use crate::error::SenderError;
use crate::outbox::{Origin, OutboxError, State};
use crate::plan::BundleLimits;
use crate::report::RunStatus;

fn ward() -> World {
    let world = World::new(RuleSetId::Lmdi094);
    world.write("medicines.ndjson", &[medicine("m"), medicine("never-given")]);
    world.write("patients.ndjson", &[patient("p", 1), patient("q", 1), patient("home", 1)]);
    world.write("given.ndjson", &[given("a", "p", 1), given("b", "p", 1), given("c", "q", 1)]);
    world
}

#[tokio::test]
async fn the_first_transfer_takes_what_happened_and_what_it_refers_to_and_the_second_nothing() {
    let world = ward();
    world.write(
        "old.ndjson",
        &[with(given("old", "home", 1), "effectiveDateTime", json!("2026-02-28T23:59:00+01:00"))],
    );
    let report = world.run().await;
    assert_eq!((report.new, report.changed, report.too_early, report.unused), (6, 0, 1, 2));
    assert_eq!(report.status(), RunStatus::Clean);
    assert_eq!(world.versions("Patient/home"), 0);
    assert_eq!(world.versions("MedicationAdministration/c"), 1);

    world.pass(24);
    let report = world.run().await;
    assert_eq!((report.new, report.changed, report.dependencies, world.posted()), (0, 0, 0, 1));
    assert_eq!(report.status(), RunStatus::Clean);
}

#[tokio::test]
async fn only_what_changed_is_sent_with_what_it_refers_to() {
    let world = ward();
    world.run().await;
    world.write("given.ndjson", &[given("a", "p", 2), given("b", "p", 1), given("c", "q", 1)]);
    let report = world.run().await;
    assert_eq!((report.new, report.changed, report.dependencies), (0, 1, 2));
    // A patient who was sent before goes again by himself.
    world.write("patients.ndjson", &[patient("p", 1), patient("q", 2), patient("home", 2)]);
    let report = world.run().await;
    assert_eq!((report.new, report.changed, report.dependencies), (0, 1, 0));
    assert_eq!(world.versions("Patient/q"), 2);
    // White space, order and the server's notes are not a change.
    let noted = with(given("c", "q", 1), "meta", json!({ "lastUpdated": "2026-03-02T00:00:00Z" }));
    let text = serde_json::to_string_pretty(&noted).unwrap();
    std::fs::remove_file(world.source().join("given.ndjson")).unwrap();
    std::fs::write(world.source().join("c.json"), text).unwrap();
    let report = world.run().await;
    assert_eq!((report.new, report.changed), (0, 0));
}

#[tokio::test]
async fn references_are_understood_in_every_spelling_and_rewritten() {
    let world = World::new(RuleSetId::Lmdi112);
    let bundle = |uuid: &str| {
        json!({ "resourceType": "Bundle", "type": "collection", "entry": [
            { "fullUrl": format!("urn:uuid:{uuid}"), "resource": patient("p", 1) },
            { "fullUrl": "https://fhir.sykehus.example/r4/Medication/m", "resource": medicine("m") },
            { "resource": with(given("a", "p", 1), "subject", json!({ "reference": format!("urn:uuid:{uuid}") })) },
            { "resource": with(given("b", "p", 1), "medicationReference",
                json!({ "reference": "https://fhir.sykehus.example/r4/Medication/m/_history/3" })) },
        ]})
    };
    let path = world.source().join("export.json");
    std::fs::write(&path, bundle("6a0f0000-0000-4000-8000-000000000001").to_string()).unwrap();
    assert_eq!(world.run().await.new, 4);
    // The model register asserts that every reference has its target in the bundle.
    let stored = world.register.lock().unwrap().versions["MedicationAdministration/b"][0].clone();
    assert_eq!(stored["medicationReference"], "Medication/m");
    assert!(
        stored["meta"]["profile"][0].as_str().unwrap().ends_with("/lmdi-medicationadministration")
    );
    // A new urn:uuid at the next export is not a change.
    std::fs::write(&path, bundle("6a0f0000-0000-4000-8000-000000000002").to_string()).unwrap();
    let report = world.run().await;
    assert_eq!((report.new, report.changed), (0, 0));
}

#[tokio::test]
async fn a_faulty_resource_is_held_with_what_hangs_on_it_and_goes_when_it_is_corrected() {
    let world = ward();
    world.write(
        "patients.ndjson",
        &[with(patient("p", 1), "fault", json!("check")), patient("q", 1), patient("home", 1)],
    );
    let report = world.run().await;
    assert_eq!((report.held_now, report.waiting, report.new), (1, 2, 3));
    assert_eq!(report.status(), RunStatus::ToCorrect);
    let agent = world.agent().await;
    let held = agent.outbox().held().await.unwrap();
    assert_eq!((held[0].file.as_str(), held[0].line), ("patients.ndjson", 1));
    assert_eq!((held[0].resource_id.as_deref(), held[0].origin), (Some("p"), Origin::Check));
    assert_eq!(held[0].findings[0].code.as_deref(), Some("LMR-4003"));
    drop(agent);

    let report = world.run().await;
    assert_eq!((report.held_now, report.waiting, world.posted()), (0, 2, 1));

    world.write("patients.ndjson", &[patient("p", 2), patient("q", 1), patient("home", 1)]);
    let report = world.run().await;
    assert_eq!((report.new, report.held, report.status()), (3, 0, RunStatus::Clean));
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

#[tokio::test]
async fn what_refers_to_nothing_in_the_source_is_held_until_that_is_there() {
    let world = ward();
    std::fs::remove_file(world.source().join("medicines.ndjson")).unwrap();
    let outside = json!({ "reference": "https://fest.example/Medication/7" });
    world.write("more.ndjson", &[with(given("d", "q", 1), "reason", outside)]);
    world.write(
        "medicine-of-d.ndjson",
        &[with(given("e", "q", 1), "medicationReference", json!({}))],
    );
    let report = world.run().await;
    // Everything with the missing medicine; a reference out of the source is none of its business.
    assert_eq!((report.held_now, report.new, report.status()), (4, 2, RunStatus::ToCorrect));
    let held = world.agent().await.outbox().held().await.unwrap();
    assert_eq!(held[0].findings[0].code.as_deref(), Some("LMR-3030"));
    assert!(held[0].findings[0].path.as_deref().unwrap().contains("medicationReference"));
    // The reference now means something: that is a change.
    world.write("medicines.ndjson", &[medicine("m")]);
    let report = world.run().await;
    assert_eq!((report.new, report.held, report.status()), (6, 0, RunStatus::Clean));
}

#[tokio::test]
async fn what_the_register_refuses_waits_for_a_change_or_a_release() {
    for form in [RuleSetId::Lmdi094, RuleSetId::Lmdi112] {
        let mut world = ward();
        world.rule_set = form;
        world.register.lock().unwrap().transaction = form == RuleSetId::Lmdi112;
        let bad = with(given("a", "p", 1), "fault", json!("register"));
        world.write("given.ndjson", &[bad, given("b", "p", 1), given("c", "q", 1)]);
        let report = world.run().await;
        assert_eq!(report.status(), RunStatus::ToCorrect);
        let message = &report.messages[0];
        let stored_first = if form == RuleSetId::Lmdi094 { 5 } else { 0 };
        assert_eq!((message.refused, message.stored), (1, stored_first));

        // Everything correct goes without the faulty one, which is not sent again.
        let report = world.run().await;
        assert_eq!(report.messages.len(), usize::from(form == RuleSetId::Lmdi112));
        assert_eq!(world.versions("MedicationAdministration/b"), 1);
        assert_eq!(world.versions("MedicationAdministration/a"), 0);
        let posted = world.posted();
        world.run().await;
        assert_eq!(world.posted(), posted);

        let agent = world.agent().await;
        assert_eq!(agent.outbox().held().await.unwrap()[0].origin, Origin::Register);
        drop(agent);
        assert_eq!(world.release_all().await.total(), 1);
        world.run().await;
        assert_eq!(world.posted(), posted + 1);
        world.write("given.ndjson", &[given("a", "p", 2), given("b", "p", 1), given("c", "q", 1)]);
        assert_eq!(world.run().await.status(), RunStatus::Clean);
        assert_eq!(world.versions("MedicationAdministration/a"), 1);
    }
}

#[tokio::test]
async fn three_new_attempts_an_hour_apart_and_then_the_next_planned_transfer() {
    let world = ward();
    world.register.lock().unwrap().otherwise = Some(Fate::NotReached);
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::Undelivered);
    assert_eq!(world.posted(), 1);
    for attempt in 2..=4 {
        // Not before the hour has passed.
        assert_eq!(world.retry().await.messages, []);
        world.pass(1);
        let report = world.retry().await;
        assert_eq!((report.messages.len(), world.posted()), (1, attempt));
    }
    world.pass(1);
    assert_eq!((world.retry().await.next_attempt, world.posted()), (None, 4));

    // Never reached: the data is bundled again, together with what has come since.
    world.register.lock().unwrap().otherwise = None;
    world.write("more.ndjson", &[given("d", "q", 1)]);
    world.pass(20);
    let report = world.run().await;
    assert_eq!((report.messages.len(), report.new, report.status()), (1, 7, RunStatus::Clean));
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

#[tokio::test]
async fn a_message_that_may_have_arrived_is_sent_again_with_the_same_bytes_first() {
    let world = ward();
    world.register.lock().unwrap().otherwise = Some(Fate::AnswerLost);
    world.run().await;
    for _ in 0..4 {
        world.pass(1);
        world.retry().await;
    }
    let first = world.register.lock().unwrap().posted[0].clone();
    // Meanwhile the source moves on: the change must not overtake, nor go with the old message.
    world.write("given.ndjson", &[given("a", "p", 2), given("b", "p", 1), given("c", "q", 1)]);
    world.pass(20);
    let report = world.run().await;
    assert_eq!((report.messages.len(), report.deferred, report.new), (1, 1, 0));
    assert!(world.register.lock().unwrap().posted.iter().all(|posted| *posted == first));

    world.register.lock().unwrap().otherwise = None;
    world.pass(24);
    let report = world.run().await;
    assert_eq!((report.messages.len(), report.changed, report.status()), (2, 1, RunStatus::Clean));
    assert_eq!(world.versions("MedicationAdministration/a"), 2);
    assert_eq!(world.versions("MedicationAdministration/b"), 1);
}

#[tokio::test]
async fn missing_access_stops_the_run_and_the_same_bytes_go_when_it_is_back() {
    let mut world = ward();
    world.limits = BundleLimits { entries: 3, bytes: 1 << 20 };
    world.fates(&[Fate::Status(403)]);
    let report = world.run().await;
    assert_eq!((report.status(), world.posted()), (RunStatus::Stopped, 1));
    // No attempt before a person has looked.
    world.pass(5);
    assert_eq!((world.retry().await.messages.len(), world.posted()), (0, 1));
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::Clean);
    let posted = world.register.lock().unwrap().posted.clone();
    assert_eq!(posted[0], posted[1]);
    assert_eq!(world.versions("MedicationAdministration/c"), 1);
}

#[tokio::test]
async fn a_message_that_can_never_pass_is_made_again() {
    let mut world = ward();
    world.limits = BundleLimits { entries: 3, bytes: 1 << 20 };
    world.fates(&[Fate::Status(409)]);
    let report = world.run().await;
    assert_eq!((report.status(), world.posted()), (RunStatus::Stopped, 1));
    let report = world.run().await;
    assert_eq!((report.status(), report.new), (RunStatus::Clean, 6));
    let posted = world.register.lock().unwrap().posted.clone();
    assert!(posted[1..].iter().all(|(id, _)| *id != posted[0].0));
}

#[tokio::test]
async fn a_message_too_large_is_parted_in_the_same_run() {
    let world = ward();
    world.register.lock().unwrap().largest = Some(1500);
    let report = world.run().await;
    assert_eq!(report.open_messages, 0);
    for name in ["a", "b", "c"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{name}")), 1);
    }
    assert_eq!((report.held, world.run().await.messages.len()), (0, 0));
}

#[tokio::test]
async fn what_is_too_large_by_itself_is_held() {
    let world = ward();
    world.register.lock().unwrap().largest = Some(500);
    let report = world.run().await;
    assert_eq!((report.open_messages, report.held, report.status()), (0, 3, RunStatus::ToCorrect));
    world.register.lock().unwrap().largest = None;
    assert_eq!(world.run().await.messages, []);
    world.release_all().await;
    let report = world.run().await;
    assert_eq!((report.new, report.messages.len(), report.status()), (6, 1, RunStatus::Clean));
}

#[tokio::test]
async fn large_days_go_in_several_bundles_each_with_what_it_refers_to() {
    let mut world = ward();
    world.limits = BundleLimits { entries: 4, bytes: 1 << 20 };
    let many: Vec<_> = (0..20).map(|n| given(&format!("x{n}"), ["p", "q"][n % 2], 1)).collect();
    world.write("given.ndjson", &many);
    let report = world.run().await;
    assert_eq!((report.messages.len(), report.new, report.status()), (10, 23, RunStatus::Clean));
    assert!(report.messages.iter().all(|message| message.entries <= 4));
    assert_eq!(world.versions("Patient/p"), 1);
}

#[tokio::test]
async fn roles_and_diagnoses_follow_what_they_describe() {
    let world = ward();
    let role = |id: &str, of: &str| json!({ "resourceType": "PractitionerRole", "id": id, "practitioner": { "reference": of } });
    let condition = |id: &str, of: &str| json!({ "resourceType": "Condition", "id": id, "subject": { "reference": format!("Patient/{of}") } });
    world.write(
        "staff.ndjson",
        &[
            json!({ "resourceType": "Practitioner", "id": "doctor" }),
            role("of-doctor", "Practitioner/doctor"),
            condition("of-p", "p"),
            condition("of-home", "home"),
        ],
    );
    world.run().await;
    assert_eq!((world.versions("Condition/of-p"), world.versions("Condition/of-home")), (1, 0));
    assert_eq!(world.versions("PractitionerRole/of-doctor"), 0);
    let ordered =
        with(given("d", "p", 1), "practitioner", json!({ "reference": "Practitioner/doctor" }));
    world.write("more.ndjson", &[ordered]);
    world.run().await;
    assert_eq!(world.versions("PractitionerRole/of-doctor"), 1);
}

#[tokio::test]
async fn broken_parts_of_the_source_are_named_and_the_rest_is_sent() {
    let world = ward();
    let put = |name: &str, text: &[u8]| std::fs::write(world.source().join(name), text).unwrap();
    put("half.json", b"{\"resourceType\":\"Patient\",");
    put("list.json", b"[1,2]");
    put("latin1.ndjson", b"{\"resourceType\":\"Patient\",\"id\":\"\xe6\"}\n");
    put("nameless.json", b"\n{\"resourceType\":\"Organization\",\"name\":\"x\"}");
    put("empty.json", b"");
    put("notes.txt", b"not read");
    put(".hidden.json", b"not read");
    let mut text = format!("{}\nrubbish\n\n", given("d", "q", 1));
    text.push_str(&format!("{}\r\n{}", given("e", "q", 1), given("f", "q", 1)));
    put("mixed.ndjson", text.as_bytes());
    put(
        "bundle.json",
        br#"{"resourceType":"Bundle","entry":[{"request":{}},{"resource":
        {"resourceType":"Medication","id":"loose"}}]}"#,
    );
    let report = world.run().await;
    let issues: Vec<String> = report.source_issues.iter().map(ToString::to_string).collect();
    let starts = |start: &str| issues.iter().any(|line| line.starts_with(start));
    assert_eq!(issues.len(), 7, "{issues:#?}");
    assert!(starts("half.json:1: is not JSON (column 27)"), "{issues:#?}");
    assert!(starts("list.json:1: is JSON, but not a FHIR resource"), "{issues:#?}");
    assert!(starts("latin1.ndjson:1: is not JSON"), "{issues:#?}");
    assert!(starts("nameless.json:2: an Organization has no identifier"), "{issues:#?}");
    assert!(starts("empty.json:1: is not JSON"), "{issues:#?}");
    assert!(starts("mixed.ndjson:2: is not JSON"), "{issues:#?}");
    assert!(starts("bundle.json:1: entry 0 of the Bundle has no resource"), "{issues:#?}");
    assert_eq!(report.status(), RunStatus::ToCorrect);
    for name in ["a", "d", "e", "f"] {
        assert_eq!(world.versions(&format!("MedicationAdministration/{name}")), 1, "{name}");
    }
}

#[tokio::test]
async fn the_newer_of_two_is_sent_and_the_duplicate_reported() {
    let world = ward();
    let dated = |n: u32, day: u32| {
        with(patient("p", n), "meta", json!({ "lastUpdated": format!("2026-03-0{day}T00:00:00Z") }))
    };
    world.write("patients.ndjson", &[dated(2, 2), dated(1, 1), patient("q", 1)]);
    let report = world.run().await;
    assert_eq!(report.duplicates.len(), 1);
    assert_eq!(
        (report.duplicates[0].used.label(), report.duplicates[0].used.line()),
        ("patients.ndjson", 1)
    );
    assert_eq!(world.register.lock().unwrap().versions["Patient/p"][0]["n"], 2);
    assert_eq!(world.run().await.new, 0);
}

#[tokio::test]
async fn the_outbox_holds_nothing_of_a_person() {
    let world = ward();
    let person = json!({ "resourceType": "Patient", "id": "12818012345", "fault": "check",
        "identifier": [{ "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "12818012345" }] });
    world.write("patients.ndjson", &[person]);
    world.write("given.ndjson", &[given("a", "12818012345", 1)]);
    assert_eq!(world.run().await.held, 1);
    for file in std::fs::read_dir(world.folder.path()).unwrap().map(Result::unwrap) {
        if file.path().is_file() {
            let bytes = std::fs::read(file.path()).unwrap();
            assert!(!bytes.windows(11).any(|part| part == b"12818012345"), "{:?}", file.path());
        }
    }
}

#[tokio::test]
async fn two_runs_at_once_and_foreign_outboxes_are_refused() {
    let world = ward();
    let lock = std::fs::File::create(world.folder.path().join("outbox.lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(world.agent().await.run().await, Err(SenderError::Busy(_))));
    drop(lock);
    world.run().await;
    let foreign = world.agent_for("310000015").await;
    assert!(matches!(foreign, Err(SenderError::Outbox(OutboxError::Foreign("organisation")))));
    std::fs::remove_dir_all(world.source()).unwrap();
    assert!(matches!(world.agent().await.run().await, Err(SenderError::Source { .. })));
}

#[tokio::test]
async fn status_and_history_show_what_happened() {
    let world = ward();
    world.fates(&[Fate::RequestLost]);
    world.run().await;
    world.pass(1);
    world.retry().await;
    let agent = world.agent().await;
    let overview = agent.outbox().overview().await.unwrap();
    assert_eq!(overview.messages, [(State::Delivered, 1)]);
    assert_eq!(overview.stored.iter().map(|(_, count)| count).sum::<u64>(), 6);
    let messages = agent.outbox().messages(10).await.unwrap();
    let outcomes: Vec<_> =
        messages[0].attempts.iter().map(|a| a.outcome.as_deref().unwrap()).collect();
    assert_eq!(outcomes, ["no-answer", "answered"]);
    assert_eq!((messages[0].entries, messages[0].stored), (6, 6));
    let runs = agent.outbox().runs(10).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.kind.as_str()).collect::<Vec<_>>(), ["retry", "planned"]);
    assert_eq!(runs[1].report.as_ref().unwrap()["new"], 6);
}

#[tokio::test]
async fn a_full_disk_ends_a_run_and_the_same_process_goes_on_when_there_is_room() {
    let world = ward();
    let agent = world.agent().await;
    // What SQLite does when the disk is full: it ends the transaction by itself.
    let sql = async |text: &'static str| {
        let url = format!("sqlite://{}", world.folder.path().join("outbox.db").display());
        let mut db = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
        sqlx::query(text).execute(&mut db).await.unwrap();
        sqlx::Connection::close(db).await.unwrap();
    };
    sql("CREATE TRIGGER full BEFORE INSERT ON item BEGIN SELECT RAISE(ROLLBACK, 'full'); END")
        .await;
    for _ in 0..3 {
        assert!(matches!(agent.run().await, Err(SenderError::Outbox(_))));
    }
    assert_eq!(world.posted(), 0, "what is not in the outbox is not sent");
    sql("DROP TRIGGER full").await;
    let report = agent.run().await.unwrap();
    assert_eq!((report.status(), report.new, world.posted()), (RunStatus::Clean, 6, 1));
}

#[tokio::test]
async fn a_clock_that_is_set_back_loses_and_duplicates_nothing() {
    let world = ward();
    world.fates(&[Fate::RequestLost]);
    assert_eq!(world.run().await.status(), RunStatus::Undelivered);
    world.pass(-48);
    assert_eq!(
        (world.retry().await.messages.len(), world.posted()),
        (0, 1),
        "not due by this clock"
    );
    let report = world.run().await;
    assert_eq!(
        (report.status(), world.posted()),
        (RunStatus::Clean, 2),
        "the next planned transfer takes it up"
    );
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
    world.write("given.ndjson", &[given("a", "p", 2), given("b", "p", 1), given("c", "q", 1)]);
    let report = world.run().await;
    assert_eq!((report.status(), report.changed), (RunStatus::Clean, 1));
    assert_eq!(world.versions("MedicationAdministration/a"), 2);
}

#[tokio::test]
async fn what_is_deleted_at_the_source_is_still_delivered_once_it_was_sealed_and_then_forgotten() {
    let world = ward();
    world.fates(&[Fate::AnswerLost]);
    assert_eq!(world.run().await.status(), RunStatus::Undelivered);
    for file in ["medicines.ndjson", "patients.ndjson", "given.ndjson"] {
        std::fs::remove_file(world.source().join(file)).unwrap();
    }
    world.pass(1);
    assert_eq!(world.retry().await.status(), RunStatus::Clean);
    assert_eq!(world.versions("MedicationAdministration/c"), 1);
    // An empty source is nothing new; and what comes back unchanged is nothing new either.
    assert_eq!((world.run().await.new, world.posted()), (0, 2));
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write("patients.ndjson", &[patient("q", 1)]);
    world.write("given.ndjson", &[given("c", "q", 1)]);
    let report = world.run().await;
    assert_eq!(
        (report.new, report.changed, report.status(), world.posted()),
        (0, 0, RunStatus::Clean, 2)
    );
}

#[tokio::test]
async fn the_start_date_begins_at_midnight_in_norway_and_counts_the_end_of_a_period() {
    let world = World::new(RuleSetId::Lmdi094);
    world.write("m.ndjson", &[medicine("m"), patient("p", 1)]);
    let at = |id: &str, time: &str| with(given(id, "p", 1), "effectiveDateTime", json!(time));
    let mut over = given("over", "p", 1);
    over.as_object_mut().unwrap().remove("effectiveDateTime");
    let over = with(
        over,
        "effectivePeriod",
        json!({ "start": "2026-02-28T22:00:00+01:00", "end": "2026-03-01T00:00:00+01:00" }),
    );
    world.write(
        "given.ndjson",
        &[
            at("before", "2026-02-28T23:59:59.999+01:00"),
            at("first", "2026-03-01T00:00:00+01:00"),
            at("utc-before", "2026-02-28T22:59:59Z"),
            at("utc-first", "2026-02-28T23:00:00Z"),
            over,
        ],
    );
    let report = world.run().await;
    assert_eq!(report.too_early, 2);
    let sent = |name: &str| world.versions(&format!("MedicationAdministration/{name}"));
    assert_eq!(
        [sent("before"), sent("first"), sent("utc-before"), sent("utc-first"), sent("over")],
        [0, 1, 0, 1, 1]
    );
}
