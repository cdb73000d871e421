//! The correction desk: what is released, discarded, listed and kept in the journal.

use jiff::SignedDuration;
use lmr_lmdi::RuleSetId;
use serde_json::json;

use super::world::{World, given, medicine, patient, with};
use crate::desk::{HeldFilter, causes};
use crate::outbox::{Act, ActError};
use crate::report::RunStatus;
use crate::source::FileArchive;
use crate::why::WhyState;

/// a is faulty itself, b waits for its faulty patient, c is right.
fn ward() -> World {
    let world = World::new(RuleSetId::Lmdi094);
    world.write("medicines.ndjson", &[medicine("m")]);
    world.write(
        "patients.ndjson",
        &[patient("p", 1), with(patient("q", 1), "fault", json!("register"))],
    );
    world.write(
        "given.ndjson",
        &[
            with(given("a", "p", 1), "fault", json!("check")),
            given("b", "q", 1),
            given("c", "p", 1),
        ],
    );
    world
}

fn act(world: &World) -> Act {
    Act::with_reason("Kari", "test data", world.now()).unwrap()
}

#[tokio::test]
async fn what_is_discarded_is_neither_listed_nor_sent_until_it_changes() {
    let world = ward();
    assert_eq!(world.run().await.held, 2);
    let agent = world.agent().await;
    let held = agent.outbox().held().await.unwrap();
    let q = held.iter().find(|row| row.resource_type == "Patient").unwrap();
    assert_eq!(q.waiting, 1);
    let done = agent.outbox().discard(&[q.number, 999], &act(&world)).await.unwrap();
    assert_eq!((done.records, done.waiting), (1, 1));
    assert_eq!(agent.outbox().held().await.unwrap().len(), 1);
    let discarded = agent.outbox().discarded().await.unwrap();
    let discard = discarded[0].discarded.as_ref().unwrap();
    assert_eq!((&*discard.operator, &*discard.reason), ("Kari", "test data"));
    assert_eq!(agent.outbox().overview().await.unwrap().discarded, 1);
    let again = agent.outbox().discard(&[q.number], &act(&world)).await.unwrap();
    assert_eq!(again.records, 0, "once is enough");
    drop(agent);

    let report = world.run().await;
    // The patient is sent for what refers to it only.
    assert_eq!((report.held, report.waiting, report.discarded), (1, 0, 1));
    let why = world.agent().await.why("b").await.unwrap();
    assert!(matches!(why[0].state, WhyState::Discarded { number: Some(n), .. } if n == q.number));
    // The other one is discarded too: then nothing is left to correct.
    let agent = world.agent().await;
    let rest = agent.outbox().held().await.unwrap();
    agent.outbox().discard(&[rest[0].number], &act(&world)).await.unwrap();
    drop(agent);
    let report = world.run().await;
    assert_eq!((report.held, report.discarded, report.status()), (0, 2, RunStatus::Clean));
    assert_eq!(report.messages, []);
    // Other rules do not bring it back, a change at the source does.
    let mut world = world;
    world.rules = "2";
    assert_eq!(world.run().await.discarded, 2);
    world.write("patients.ndjson", &[patient("p", 1), patient("q", 2)]);
    let report = world.run().await;
    assert_eq!((report.new, report.discarded, report.status()), (2, 1, RunStatus::Clean));
    assert_eq!(world.versions("MedicationAdministration/b"), 1);
}

#[tokio::test]
async fn a_release_takes_a_discard_back_and_an_incremental_source_gives_it_again() {
    let mut world = ward();
    world.incremental = true;
    world.run().await;
    let agent = world.agent().await;
    let numbers: Vec<i64> = agent.outbox().held().await.unwrap().iter().map(|r| r.number).collect();
    agent.outbox().discard(&numbers, &act(&world)).await.unwrap();
    drop(agent);
    world.run().await;
    let agent = world.agent().await;
    assert!(agent.changed_since().await.unwrap().is_some(), "nothing is left to correct");
    let released = agent.outbox().release(&numbers, &act(&world)).await.unwrap();
    assert_eq!((released.total(), released.discarded), (2, 2));
    assert_eq!(agent.changed_since().await.unwrap(), None);
    drop(agent);
    assert_eq!(world.run().await.held, 2);
}

/// The file that had it was archived, or its rows are not asked for again.
#[tokio::test]
async fn what_was_released_stays_listed_until_an_incremental_source_gives_it_again() {
    for discards in [false, true] {
        let mut world = ward();
        world.incremental = true;
        world.run().await;
        let agent = world.agent().await;
        let held = agent.outbox().held().await.unwrap();
        let numbers: Vec<i64> = held.iter().map(|row| row.number).collect();
        let files: Vec<_> = held.iter().map(|row| world.source().join(&row.file)).collect();
        let texts: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        if discards {
            agent.outbox().discard(&numbers, &act(&world)).await.unwrap();
        }
        drop(agent);
        for file in &files {
            let _ = std::fs::remove_file(file);
        }
        let agent = world.agent().await;
        let released = agent.outbox().release(&numbers, &act(&world)).await.unwrap();
        assert_eq!((released.total(), released.stay_listed), (2, true));
        drop(agent);
        for _ in 0..2 {
            let report = world.run().await;
            assert_eq!((report.held, report.status()), (2, RunStatus::ToCorrect), "{discards}");
        }
        // It is there again, and right: nobody needs to release it a second time.
        for (file, text) in files.iter().zip(&texts) {
            let text = String::from_utf8(text.clone()).unwrap();
            std::fs::write(file, text.replace("\"fault\"", "\"was\"")).unwrap();
        }
        let report = world.run().await;
        assert_eq!((report.held, report.status()), (0, RunStatus::Clean), "{discards}");
    }
}

/// What is released or forgotten is neither held nor delivered until a transfer has sent it.
#[tokio::test]
async fn not_all_is_delivered_until_what_was_released_or_forgotten_is_sent() {
    let world = ward();
    world.run().await;
    let agent = world.agent().await;
    let outbox = agent.outbox();
    let status = async || outbox.overview().await.unwrap().status;
    assert_eq!(status().await, RunStatus::ToCorrect);
    let held = outbox.held().await.unwrap();
    let numbers: Vec<i64> = held.iter().map(|row| row.number).collect();
    outbox.release(&[999], &act(&world)).await.unwrap();
    assert_eq!(status().await, RunStatus::ToCorrect, "nothing was released");
    outbox.release(&numbers, &act(&world)).await.unwrap();
    assert_eq!(status().await, RunStatus::Undelivered);
    agent.retry_due().await.unwrap();
    assert_eq!(status().await, RunStatus::Undelivered, "a new attempt sends nothing of it");
    agent.run().await.unwrap();
    assert_eq!(status().await, RunStatus::ToCorrect);
    agent.forget_since(world.now() + SignedDuration::from_hours(1)).await.unwrap();
    assert_eq!(status().await, RunStatus::ToCorrect, "nothing was forgotten");
    agent.forget_since("2020-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    assert_eq!(status().await, RunStatus::Undelivered);
    // A transfer has sent nothing of what was released while it was under way.
    let left = outbox.left_to_send().await.unwrap().expect("what was forgotten");
    let held = outbox.held().await.unwrap();
    outbox.release(&[held[0].number], &act(&world)).await.unwrap();
    outbox.has_sent_what_was_left(&left).await.unwrap();
    assert_eq!(status().await, RunStatus::Undelivered);
    agent.run().await.unwrap();
    assert_eq!(status().await, RunStatus::ToCorrect);
}

#[tokio::test]
async fn a_file_of_which_the_rest_is_discarded_is_put_away() {
    let mut world = World::new(RuleSetId::Lmdi094);
    let wrong = with(given("a", "p", 1), "fault", json!("check"));
    world.write("given.ndjson", &[medicine("m"), patient("p", 1), wrong, given("c", "p", 1)]);
    world.incremental = true;
    let done = world.folder.path().join("done");
    world.archive = Some(FileArchive { folder: done.clone(), copy: false });
    world.run().await;
    assert!(world.source().join("given.ndjson").exists());
    let agent = world.agent().await;
    let numbers: Vec<i64> = agent.outbox().held().await.unwrap().iter().map(|r| r.number).collect();
    agent.outbox().discard(&numbers, &act(&world)).await.unwrap();
    drop(agent);
    world.run().await;
    assert!(!world.source().join("given.ndjson").exists());
}

#[tokio::test]
async fn the_journal_keeps_every_act_and_nothing_changes_it() {
    let world = ward();
    world.run().await;
    let agent = world.agent().await;
    let outbox = agent.outbox();
    let numbers: Vec<i64> = outbox.held().await.unwrap().iter().map(|row| row.number).collect();
    outbox.discard(&numbers[..1], &act(&world)).await.unwrap();
    let without_reason = Act::new(" Ola ", Some("  "), world.now()).unwrap();
    outbox.release(&numbers, &without_reason).await.unwrap();
    // What has done nothing is not an act.
    outbox.release(&[999], &without_reason).await.unwrap();
    let journal = outbox.journal(10).await.unwrap();
    let kinds: Vec<&str> = journal.iter().map(|entry| &*entry.kind).collect();
    assert_eq!(kinds, ["release", "discard"]);
    assert_eq!((journal[0].operator.as_deref(), &journal[0].reason), (Some("Ola"), &None));
    assert_eq!(journal[0].records.len(), 2);
    assert_eq!(journal[1].reason.as_deref(), Some("test data"));
    assert_eq!(journal[1].records[0].codes.len(), 1);
    let mut connection = outbox.connection().await.unwrap();
    for sql in ["UPDATE operation SET reason = ''", "DELETE FROM operation"] {
        assert!(sqlx::query(sql).execute(&mut *connection).await.is_err(), "{sql}");
    }
    drop(connection);
    assert_eq!(outbox.journal(10).await.unwrap(), journal);
}

#[test]
fn an_act_has_an_operator_and_no_identity_number() {
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert_eq!(Act::new(" ", None, now), Err(ActError::NoOperator));
    assert_eq!(Act::with_reason("Kari", " ", now), Err(ActError::NoReason));
    assert_eq!(Act::new("Kari", Some("128180 12345"), now), Err(ActError::Personal));
    assert_eq!(Act::new("12818012345", None, now), Err(ActError::Personal));
    assert_eq!(Act::new(&"x".repeat(501), None, now), Err(ActError::TooLong));
}

#[tokio::test]
async fn a_filter_and_a_cause_mean_the_same_records_as_a_person_would() {
    let world = ward();
    world.run().await;
    let held = world.agent().await.outbox().held().await.unwrap();
    let count = |filter: HeldFilter| filter.of(held.clone()).len();
    let text = |text: &str| HeldFilter { text: Some(text.to_owned()), ..HeldFilter::default() };
    assert_eq!(count(HeldFilter::default()), 2);
    assert_eq!(count(HeldFilter { code: Some("lmr-4003".into()), ..HeldFilter::default() }), 1);
    assert_eq!(count(HeldFilter { code: Some("LMR-400".into()), ..HeldFilter::default() }), 0);
    assert_eq!(count(HeldFilter { source: Some("patients".into()), ..HeldFilter::default() }), 1);
    let of_type = HeldFilter { resource_type: Some("patient".into()), ..HeldFilter::default() };
    assert_eq!(count(of_type), 1);
    assert_eq!(count(text("FEIL")), 1);
    assert_eq!(count(text("nowhere")), 0);
    let now = world.now();
    let since = HeldFilter { since: Some(now), ..HeldFilter::default() };
    let until = HeldFilter { until: Some(now), ..HeldFilter::default() };
    assert_eq!((count(since), count(until)), (2, 0));
    let causes = causes(&held);
    assert_eq!(causes.len(), 2);
    let all: usize = causes.iter().map(|cause| cause.records.len()).sum();
    assert_eq!((all, causes.iter().map(super::super::desk::Cause::waiting).sum()), (2, 1_u64));
}

#[tokio::test]
async fn what_cannot_be_used_of_the_source_is_listed_with_its_first_date() {
    let world = ward();
    std::fs::write(world.source().join("broken.ndjson"), "{\"resourceType\":\n[]\n").unwrap();
    world.run().await;
    let first = world.agent().await.outbox().source_issues().await.unwrap();
    assert_eq!(first.len(), 2);
    assert_eq!(
        (&*first[1].file, first[1].line, first[1].is_row),
        ("broken.ndjson", Some(2), false)
    );
    world.pass(24);
    world.run().await;
    assert_eq!(world.agent().await.outbox().source_issues().await.unwrap(), first);
    // A dry run looks at a copy and changes nothing here.
    std::fs::remove_file(world.source().join("broken.ndjson")).unwrap();
    world.preview().await;
    assert_eq!(world.agent().await.outbox().source_issues().await.unwrap(), first);
    world.run().await;
    assert_eq!(world.agent().await.outbox().source_issues().await.unwrap(), []);
}
