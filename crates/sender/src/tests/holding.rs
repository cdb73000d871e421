//! Holding is right: what a clock, a proxy, other rules or an identity kept back is let go by itself.

use lmr_lmdi::RuleSetId;
use serde_json::json;

use super::damage::status;
use super::world::{Fate, World, given, medicine, patient, with};
use crate::outbox::Released;
use crate::progress::State;
use crate::report::RunStatus;

fn ward() -> World {
    let world = World::new(RuleSetId::Lmdi094);
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write("patients.ndjson", &[patient("p", 1), patient("q", 1)]);
    world.write("given.ndjson", &[given("a", "p", 1), given("b", "q", 1)]);
    world
}

/// a1, breaker 6 c and d
#[tokio::test]
async fn a1_b6_a_page_of_something_between_holds_nothing() {
    for status in [400, 402, 407, 409, 412, 413, 417, 421, 422, 423, 426, 428, 431, 451, 499] {
        let world = ward();
        world.fates(&[Fate::Page(status), Fate::Page(status)]);
        let report = world.run().await;
        assert_eq!((report.status(), report.held), (RunStatus::Undelivered, 0), "{status}");
        world.pass(1);
        assert_eq!(world.retry().await.status(), RunStatus::Undelivered, "{status}");
        world.pass(1);
        assert_eq!(world.retry().await.status(), RunStatus::Clean, "{status}");
        assert_eq!(world.run().await.messages, [], "{status}");
        assert_eq!(world.versions("MedicationAdministration/a"), 1, "{status}");
    }
}

/// breaker 6 b
#[tokio::test]
async fn b6_what_is_in_the_future_goes_by_itself_when_it_has_happened() {
    let world = ward();
    let soon = with(given("a", "p", 1), "fault", json!("2026-03-02T05:05:00Z"));
    world.write("given.ndjson", &[soon, given("b", "q", 1)]);
    let report = world.run().await;
    assert_eq!((report.held, report.status()), (1, RunStatus::ToCorrect));
    let held = world.agent().await.outbox().held().await.unwrap();
    assert!(held[0].depends_on_clock);
    let since = held[0].since;
    // The same clock: held again, with its first date.
    let report = world.run().await;
    assert_eq!((report.reexamined, report.held), (1, 1));
    assert_eq!(world.agent().await.outbox().held().await.unwrap()[0].since, since);
    world.pass(1);
    let report = world.run().await;
    assert_eq!((report.held, report.status()), (0, RunStatus::Clean));
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

/// breaker 6 b, with the clock of one side only
#[tokio::test]
async fn b6_what_lies_ahead_by_the_registers_clock_alone_is_not_yet_and_not_held() {
    let world = ward();
    let ahead = with(given("a", "p", 1), "fault", json!("ahead"));
    world.write("given.ndjson", &[ahead, given("b", "q", 1)]);
    world.register.lock().unwrap().is_behind = true;
    for _ in 0..2 {
        let report = world.run().await;
        assert_eq!((report.held, report.not_yet, report.status()), (0, 1, RunStatus::Undelivered));
        assert_eq!((report.messages[0].refused, report.messages[0].not_yet), (0, 1));
        let overview = world.agent().await.outbox().overview().await.unwrap();
        assert_eq!((overview.held, overview.not_yet), (0, 1));
        assert_eq!((overview.status, overview.last_success), (RunStatus::Undelivered, None));
    }
    assert_eq!(world.versions("MedicationAdministration/b"), 1, "the others are delivered");
    world.register.lock().unwrap().is_behind = false;
    let report = world.run().await;
    assert_eq!((report.held, report.not_yet, report.status()), (0, 0, RunStatus::Clean));
    assert_eq!(world.versions("MedicationAdministration/a"), 1);
}

/// breaker 6 a
#[tokio::test]
async fn b6_a_clock_that_is_wrong_is_the_operators_matter_and_holds_no_data() {
    let world = ward();
    world.fates(&[Fate::Refused("LMR-2010")]);
    let report = world.run().await;
    assert_eq!((report.status(), report.held), (RunStatus::Stopped, 0));
    let text = report.stop.unwrap().text(lmr_fhir::Language::English);
    assert!(text.contains("LMR-2010"), "{text}");
    let report = world.run().await;
    assert_eq!((report.status(), report.new), (RunStatus::Clean, 5));
}

/// A certificate has ended or a clock was wrong when it was sealed, and both are right by now: the run that hears of it
/// sends the same data in a new message. Where that one is refused too, a person is needed.
#[tokio::test]
async fn what_is_refused_as_it_was_sealed_in_an_earlier_run_goes_in_a_new_message() {
    for (again, expected) in [(1, RunStatus::Clean), (2, RunStatus::Stopped)] {
        for code in ["LMR-2010", "LMR-2031"] {
            let world = ward();
            world.fates(&[Fate::NotReached]);
            assert_eq!(world.run().await.status(), RunStatus::Undelivered);
            world.pass(24);
            world.fates(&vec![Fate::Refused(code); again]);
            let report = world.run().await;
            let states: Vec<State> = report.messages.iter().map(|message| message.state).collect();
            let last = if again == 1 { State::Delivered } else { State::Released };
            assert_eq!(states, [State::Released, last], "{code}");
            assert_eq!((report.status(), report.held), (expected, 0), "{code}");
            let versions = world.versions("MedicationAdministration/a");
            assert_eq!(versions, usize::from(again == 1), "{code}");
        }
    }
}

/// New attempts read no source and make no message: what they give up is not delivered yet, and must not look so.
#[tokio::test]
async fn new_attempts_that_give_a_message_up_are_not_clean() {
    for fate in [Fate::Refused("LMR-2031"), Fate::Status(413)] {
        let world = ward();
        world.fates(&[Fate::NotReached]);
        world.run().await;
        world.pass(2);
        world.fates(&[fate]);
        let report = world.retry().await;
        assert_eq!(
            (report.status(), report.open_messages),
            (RunStatus::Undelivered, 0),
            "{fate:?}"
        );
        assert!(report.stop.is_none(), "{fate:?}");
        assert_eq!(status(&world).await, RunStatus::Undelivered, "{fate:?}");
        world.pass(24);
        assert_eq!(world.run().await.status(), RunStatus::Clean, "{fate:?}");
        assert_eq!(status(&world).await, RunStatus::Clean, "{fate:?}");
        assert_eq!(world.versions("MedicationAdministration/a"), 1, "{fate:?}");
    }
}

/// n5
#[tokio::test]
async fn n5_a_corrected_identity_or_a_deleted_record_leaves_nothing_held() {
    let world = ward();
    let wrong = with(patient("p", 1), "identifier", json!([{ "system": "s", "value": "wrong" }]));
    world.write("patients.ndjson", &[with(wrong, "fault", json!("check")), patient("q", 1)]);
    assert_eq!(world.run().await.held, 1);
    let right = with(patient("p", 1), "identifier", json!([{ "system": "s", "value": "right" }]));
    world.write("patients.ndjson", &[right, patient("q", 1)]);
    let report = world.run().await;
    assert_eq!((report.held, report.status()), (0, RunStatus::Clean));
    // Deleted at the source.
    world.write("more.ndjson", &[with(given("c", "q", 1), "fault", json!("check"))]);
    assert_eq!(world.run().await.held, 1);
    std::fs::remove_file(world.source().join("more.ndjson")).unwrap();
    let report = world.run().await;
    assert_eq!((report.held, report.status()), (0, RunStatus::Clean));
}

/// The same where a source gives changes only: at a FHIR server the corrected record has the id of the held one. In files the
/// same id may be another record's, so there it stays held.
#[tokio::test]
async fn an_identity_corrected_at_a_fhir_server_leaves_nothing_held() {
    for keeps_ids in [true, false] {
        let mut world = ward();
        (world.incremental, world.gives_changes, world.keeps_ids) = (true, true, keeps_ids);
        let under = |value: &str| {
            let written =
                with(patient("p", 1), "meta", json!({ "lastUpdated": world.now().to_string() }));
            with(written, "identifier", json!([{ "system": "s", "value": value }]))
        };
        let dose = |id: &str, patient: &str| {
            with(given(id, patient, 1), "meta", json!({ "lastUpdated": world.now().to_string() }))
        };
        world.write("patients.ndjson", &[with(under("wrong"), "fault", json!("check"))]);
        world.write("given.ndjson", &[dose("a", "p")]);
        assert_eq!(world.run().await.held, 1, "{keeps_ids}");
        world.pass(24);
        world.write("patients.ndjson", &[under("right")]);
        let (held, status) =
            if keeps_ids { (0, RunStatus::Clean) } else { (1, RunStatus::ToCorrect) };
        let report = world.run().await;
        assert_eq!((report.held, report.status()), (held, status), "{keeps_ids}");
        assert_eq!(world.versions("MedicationAdministration/a"), 1, "{keeps_ids}");
        // Nothing comes under its id any more: what is held is not let go for that.
        world.pass(24);
        world.write("patients.ndjson", &[with(patient("q", 1), "fault", json!("check"))]);
        world.write("given.ndjson", &[dose("b", "q")]);
        for _ in 0..2 {
            assert_eq!(world.run().await.held, held + 1, "{keeps_ids}");
            world.write("patients.ndjson", &[]);
            world.write("given.ndjson", &[]);
        }
    }
}

#[tokio::test]
async fn an_incremental_source_keeps_what_it_does_not_repeat_held() {
    let mut world = ward();
    world.incremental = true;
    world.write("given.ndjson", &[with(given("a", "p", 1), "fault", json!("check"))]);
    assert_eq!(world.run().await.held, 1);
    for file in ["given.ndjson", "patients.ndjson", "medicines.ndjson"] {
        std::fs::remove_file(world.source().join(file)).unwrap();
    }
    assert_eq!(world.run().await.held, 1);
}

/// The same for what each run, or one by other rules, checks again: only what the source gives can be.
#[tokio::test]
async fn an_incremental_source_keeps_held_what_it_does_not_repeat_and_a_run_would_check_again() {
    for fault in ["2026-03-02T08:00:00Z", "ahead", "rules"] {
        let mut world = ward();
        world.incremental = true;
        world.register.lock().unwrap().is_behind = true;
        let at_fault = with(given("a", "p", 1), "fault", json!(fault));
        world.write("given.ndjson", std::slice::from_ref(&at_fault));
        let files = ["given.ndjson", "patients.ndjson", "medicines.ndjson"];
        let report = world.run().await;
        assert_eq!(report.held + report.not_yet, 1, "{fault}");
        for file in files {
            std::fs::remove_file(world.source().join(file)).unwrap();
        }
        if fault == "rules" {
            world.rules = "2";
        }
        for _ in 0..2 {
            assert_eq!(world.preview().await.held.len(), 1, "{fault}");
            let report = world.run().await;
            assert_eq!((report.held + report.not_yet, report.reexamined), (1, 0), "{fault}");
            assert_eq!(world.agent().await.outbox().held().await.unwrap().len(), 1, "{fault}");
        }
        // The source gives it once more, as it was.
        world.pass(5);
        world.register.lock().unwrap().is_behind = false;
        world.write("given.ndjson", &[at_fault]);
        world.write("patients.ndjson", &[patient("p", 1)]);
        world.write("medicines.ndjson", &[medicine("m")]);
        let report = world.run().await;
        assert_eq!((report.held, report.status()), (0, RunStatus::Clean), "{fault}");
        assert_eq!(world.versions("MedicationAdministration/a"), 1, "{fault}");
    }
}

/// Also of a complete source: one that gives nothing says nothing of what is held.
#[tokio::test]
async fn a_source_that_fails_takes_nothing_off_the_list_of_what_is_held() {
    let world = ward();
    let ahead = with(given("a", "p", 1), "fault", json!("2026-03-02T08:00:00Z"));
    world.write("given.ndjson", &[ahead, given("b", "q", 1)]);
    assert_eq!(world.run().await.held, 1);
    for file in ["given.ndjson", "patients.ndjson", "medicines.ndjson"] {
        std::fs::remove_file(world.source().join(file)).unwrap();
    }
    let report = world.run().await;
    assert_eq!((report.held, report.status()), (1, RunStatus::SourceFailed));
    std::fs::remove_dir(world.source()).unwrap();
    assert!(world.agent().await.run().await.is_err());
    assert_eq!(world.agent().await.outbox().held().await.unwrap().len(), 1);
}

/// n9
#[tokio::test]
async fn n9_other_rules_or_settings_examine_what_is_held_again() {
    let mut world = ward();
    world.write("given.ndjson", &[with(given("a", "p", 1), "fault", json!("rules"))]);
    assert_eq!(world.run().await.held, 1);
    assert_eq!(world.run().await.reexamined, 0, "the same rules find the same");
    world.rules = "2";
    let report = world.run().await;
    assert_eq!((report.reexamined, report.held, report.status()), (1, 0, RunStatus::Clean));
}

/// n10
#[tokio::test]
async fn n10_a_release_says_what_will_happen() {
    let world = ward();
    world.write(
        "given.ndjson",
        &[
            with(given("a", "p", 1), "fault", json!("check")),
            with(given("b", "q", 1), "fault", json!("register")),
        ],
    );
    assert_eq!(world.run().await.held, 2);
    let released = world.release_all().await;
    let expected = Released { refused_by_register: 1, found_by_check: 1, ..Released::default() };
    assert_eq!(released, expected);
    let report = world.run().await;
    assert_eq!((report.held, report.held_now), (2, 1), "both again, and one without being sent");
}

/// "lists what waits for it", with the source's own keys
#[tokio::test]
async fn n20_what_is_held_lists_what_waits_for_it() {
    let world = ward();
    let keyed = |resource, value: &str| {
        with(resource, "identifier", json!([{ "system": "urn:oid:1.2", "value": value }]))
    };
    for fault in ["check", "register"] {
        world.write(
            "patients.ndjson",
            &[keyed(with(patient("p", 1), "fault", json!(fault)), "PAT-1"), patient("q", 1)],
        );
        world.write("given.ndjson", &[keyed(given("a", "p", 1), "ADM-1"), given("b", "q", 1)]);
        assert_eq!(world.run().await.held, 1, "{fault}");
        let agent = world.agent().await;
        let held = agent.outbox().held().await.unwrap();
        assert_eq!((held[0].waiting, held[0].source_key.as_deref()), (1, Some("PAT-1")), "{fault}");
        let waiting = agent.outbox().waiting().await.unwrap();
        assert_eq!(waiting[0].source_key.as_deref(), Some("ADM-1"), "{fault}");
        assert_eq!((waiting[0].held, waiting[0].file.as_str()), (held[0].number, "given.ndjson"));
    }
    world.write("patients.ndjson", &[patient("p", 1), patient("q", 1)]);
    world.run().await;
    assert_eq!(world.agent().await.outbox().waiting().await.unwrap(), []);
}

#[tokio::test]
async fn what_the_register_refuses_names_the_message_that_it_was_refused_in() {
    let world = ward();
    world.fates(&[Fate::Refused("LMR-3016")]);
    let report = world.run().await;
    assert_eq!(report.status(), RunStatus::ToCorrect);
    let held = world.agent().await.outbox().held().await.unwrap();
    assert!(!held.is_empty());
    for row in held {
        assert_eq!(row.message_id.as_ref(), Some(&report.messages[0].message_id), "{row:?}");
    }
}

/// What the register refuses keeps others back at once, not only after the next transfer.
#[tokio::test]
async fn the_status_counts_what_waits_as_the_list_does() {
    let world = World::new(RuleSetId::Lmdi094);
    world.write("base.ndjson", &[medicine("m"), with(patient("p", 1), "fault", json!("register"))]);
    world.write("given.ndjson", &[given("a", "p", 1), given("b", "p", 1)]);
    for _ in 0..2 {
        world.run().await;
        let agent = world.agent().await;
        let listed = agent.outbox().waiting().await.unwrap().len() as u64;
        let overview = agent.outbox().overview().await.unwrap();
        assert_eq!((overview.held, overview.waiting, listed), (1, 2, 2));
        agent.outbox().close().await;
    }
    world.release_all().await;
    assert_eq!(world.agent().await.outbox().overview().await.unwrap().waiting, 0);
}
