//! A record whose identifier is corrected at the source: the register has it under both, and a person hears of it.

use lmr_lmdi::RuleSetId;
use serde_json::{Value, json};

use super::world::{World, given, medicine, patient, with};
use crate::annul::AnnulTarget;
use crate::outbox::{Outbox, VanishedRow};
use crate::report::RunStatus;
use crate::why::WhyState;

/// An administration with an id of the source's and a business identifier, written now.
fn keyed(world: &World, id: &str, key: &str) -> Value {
    let identifier = json!([{ "system": "urn:oid:1.2.3", "value": key }]);
    let resource = with(given(id, "p", 1), "identifier", identifier);
    with(resource, "meta", json!({ "lastUpdated": world.now().to_string() }))
}

/// A server whose ids are stable, which gives changes only or everything, with two administrations delivered.
async fn server(is_incremental: bool) -> World {
    let mut world = World::new(RuleSetId::Lmdi112);
    (world.incremental, world.gives_changes, world.keeps_ids) = (is_incremental, true, true);
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    world.write("given.ndjson", &[keyed(&world, "1", "A"), keyed(&world, "2", "B")]);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    world.pass(24);
    world
}

async fn listed(world: &World) -> Vec<VanishedRow> {
    let agent = world.agent().await;
    let rows = agent.outbox().vanished().await.unwrap();
    agent.outbox().close().await;
    rows
}

/// The old and the new key of each.
fn keys(rows: &[VanishedRow]) -> Vec<(&str, Option<&str>)> {
    rows.iter()
        .map(|row| {
            let new = row.replacement.as_ref().and_then(|by| by.source_key.as_deref());
            (row.source_key.as_deref().unwrap_or_default(), new)
        })
        .collect()
}

#[tokio::test]
async fn a_corrected_identifier_offers_the_record_under_the_old_one_for_annulment() {
    let world = server(true).await;
    world.write("given.ndjson", &[keyed(&world, "1", "A2")]);
    let report = world.run().await;
    assert_eq!((report.vanished, report.replaced, report.vanished_now), (1, 1, 1));
    assert_eq!(report.status(), RunStatus::Clean, "nothing is annulled by itself");
    assert_eq!(keys(&listed(&world).await), [("A", Some("A2"))]);
    let again = world.run().await;
    assert_eq!((again.replaced, again.vanished_now), (1, 0), "it is noted once");

    let agent = world.agent().await;
    let overview = agent.outbox().overview().await.unwrap();
    assert_eq!((overview.vanished, overview.replaced), (1, 1));
    let row = agent.outbox().vanished().await.unwrap().remove(0);
    assert_eq!(row.replacement.unwrap().source_key.as_deref(), Some("A2"));
    let found = agent.why("A").await.unwrap();
    let WhyState::Vanished { number, replacement } = &found[0].state else { panic!("{found:?}") };
    assert_eq!(*number, Some(row.number));
    assert_eq!(replacement.as_ref().unwrap().source_key.as_deref(), Some("A2"));
    let report = agent.annul(&AnnulTarget::Number(row.number), "feil nummer").await.unwrap();
    assert_eq!((report.vanished, report.replaced), (0, 0));
    drop(agent);
    let report = world.run().await;
    assert_eq!((report.vanished, report.messages.len()), (0, 0), "it stays annulled");
}

/// The identifier of `1` becomes each of these, one transfer after the other: what is listed then.
#[tokio::test]
async fn what_is_listed_follows_the_source() {
    for (corrections, expected) in [
        (&["A"][..], &[][..]),
        (&["A2"], &["A"]),
        // The register has both earlier ones.
        (&["A2", "A3"], &["A", "A2"]),
        // Corrected back: only the mistake is left over.
        (&["A2", "A"], &["A2"]),
    ] {
        let world = server(true).await;
        for key in corrections {
            world.write("given.ndjson", &[keyed(&world, "1", key)]);
            world.run().await;
            world.pass(24);
        }
        let rows = listed(&world).await;
        let mut old: Vec<_> = rows.iter().filter_map(|row| row.source_key.as_deref()).collect();
        old.sort_unstable();
        assert_eq!(old, expected, "{corrections:?}");
    }
}

/// What shows nothing of a correction lists nothing.
#[tokio::test]
async fn a_record_that_was_not_corrected_is_not_listed() {
    type Change = fn(&mut World) -> Vec<Value>;
    let cases: [(&str, Change); 6] = [
        ("nothing new", |_| vec![]),
        ("a new record", |world| vec![keyed(world, "3", "C")]),
        ("another id under the same identifier", |world| vec![keyed(world, "9", "A")]),
        ("two identifiers change places", |world| {
            vec![keyed(world, "1", "B"), keyed(world, "2", "A")]
        }),
        ("one id of two records at once", |world| {
            vec![keyed(world, "1", "A2"), keyed(world, "1", "A3")]
        }),
        ("ids that may be another record's", |world| {
            world.keeps_ids = false;
            vec![keyed(world, "1", "A2")]
        }),
    ];
    for (what, change) in cases {
        let mut world = server(true).await;
        let changed = change(&mut world);
        world.write("given.ndjson", &changed);
        let report = world.run().await;
        assert_eq!((report.vanished, report.replaced), (0, 0), "{what}");
        assert_eq!(listed(&world).await, [], "{what}");
    }
}

/// A complete source lists it as what is missing, and says what it has in its place.
#[tokio::test]
async fn a_complete_source_says_what_it_has_in_place_of_a_missing_record() {
    let world = server(false).await;
    world.pass(-24);
    world.write("given.ndjson", &[keyed(&world, "1", "A2"), keyed(&world, "2", "B")]);
    let report = world.run().await;
    assert_eq!((report.vanished, report.replaced, report.vanished_now), (1, 1, 1));
    assert_eq!(keys(&listed(&world).await), [("A", Some("A2"))]);
}

/// Of what was sent before the spaces of ids were noted nobody knows whose the ids are: they may be of files.
#[tokio::test]
async fn what_an_earlier_version_sent_is_not_known_by_its_id() {
    let world = server(true).await;
    let agent = world.agent().await;
    let mut connection = agent.outbox().connection().await.unwrap();
    sqlx::query("UPDATE stored SET id_space = NULL").execute(&mut *connection).await.unwrap();
    drop(connection);
    agent.outbox().close().await;
    world.write("given.ndjson", &[keyed(&world, "1", "A2")]);
    assert_eq!(world.run().await.replaced, 0);
}

/// Another system under the same name gives its own records the ids that others had: nothing of the former one's was
/// corrected, also in the runs after, in which the register has the records of both.
#[tokio::test]
async fn another_source_with_the_same_ids_lists_nothing() {
    for is_incremental in [true, false] {
        let world = server(is_incremental).await;
        let missing = if is_incremental { 0 } else { 2 };
        let all = ["C", "D"].iter().zip(["1", "2"]).map(|(key, id)| keyed(&world, id, key));
        world.write("given.ndjson", &all.collect::<Vec<_>>());
        let report = world.run().await;
        assert_eq!((report.replaced, report.of_another_source), (0, 2), "{is_incremental}");
        assert_eq!(report.vanished, missing, "missing, no more");
        assert_eq!(report.status(), RunStatus::ToCorrect, "{is_incremental}");
        let agent = world.agent().await;
        let overview = agent.outbox().overview().await.unwrap();
        assert_eq!(overview.status, RunStatus::ToCorrect, "{is_incremental}");
        agent.outbox().close().await;

        for run in ["second", "third"] {
            let all = ["C", "D"].iter().zip(["1", "2"]).map(|(key, id)| keyed(&world, id, key));
            world.write("given.ndjson", &all.collect::<Vec<_>>());
            let report = world.run().await;
            let found = (report.vanished, report.replaced, report.of_another_source);
            assert_eq!(found, (missing, 0, 0), "{run}: {is_incremental}");
            world.pass(24);
        }
        // The new source's own records are corrected as any other's.
        world.write("given.ndjson", &[keyed(&world, "1", "C2"), keyed(&world, "2", "D")]);
        let report = world.run().await;
        assert_eq!((report.vanished, report.replaced), (missing + 1, 1), "{is_incremental}");
    }
}

/// The wrong source for one transfer, and the right one again: that is no other source once more, and what is corrected
/// there afterwards is listed, also where everything of the wrong one's was annulled before.
#[tokio::test]
async fn a_source_that_is_put_right_again_shows_corrections_as_before() {
    for (is_incremental, is_annulled) in
        [(true, false), (true, true), (false, false), (false, true)]
    {
        let case = format!("incremental {is_incremental}, annulled {is_annulled}");
        let world = server(is_incremental).await;
        let own = [keyed(&world, "1", "A"), keyed(&world, "2", "B")];
        world.write("given.ndjson", &own);
        assert_eq!(world.run().await.status(), RunStatus::Clean, "{case}");
        world.write("given.ndjson", &[keyed(&world, "1", "C"), keyed(&world, "2", "D")]);
        assert_eq!(world.run().await.of_another_source, 2, "{case}");
        world.pass(24);
        if is_annulled {
            let agent = world.agent().await;
            for key in ["C", "D"] {
                agent.annul(&AnnulTarget::Name(key.to_owned()), "feil kilde").await.unwrap();
            }
            agent.outbox().close().await;
        }

        world.write("given.ndjson", &own);
        let report = world.run().await;
        assert_eq!(report.of_another_source, 0, "{case}: it is the one of before");
        let rows = listed(&world).await;
        let mut old = keys(&rows);
        old.sort_unstable();
        let wrong = [("C", Some("A")), ("D", Some("B"))];
        assert_eq!(old, if is_annulled { &[][..] } else { &wrong }, "{case}");
        world.pass(24);

        world.write("given.ndjson", &[keyed(&world, "1", "A2"), keyed(&world, "2", "B")]);
        let report = world.run().await;
        assert_eq!((report.vanished_now, report.of_another_source), (1, 0), "{case}");
        let rows = listed(&world).await;
        assert!(keys(&rows).contains(&("A", Some("A2"))), "{case}: {:?}", keys(&rows));
    }
}

/// Corrections that are taken back, all at once: the mistakes are left over.
#[tokio::test]
async fn corrections_taken_back_are_not_another_source() {
    let world = server(true).await;
    for (id, key) in [("1", "A2"), ("2", "B2")] {
        world.write("given.ndjson", &[keyed(&world, id, key)]);
        world.run().await;
        world.pass(24);
    }
    world.write("given.ndjson", &[keyed(&world, "1", "A"), keyed(&world, "2", "B")]);
    let report = world.run().await;
    assert_eq!((report.replaced, report.of_another_source), (2, 0));
    assert_eq!(keys(&listed(&world).await), [("A2", Some("A")), ("B2", Some("B"))]);
}

/// The first change after a source became another one is no correction of what the former one had under that id.
#[tokio::test]
async fn a_change_of_another_source_lists_nothing_either() {
    let world = server(true).await;
    let all = ["C", "D"].iter().zip(["1", "2"]).map(|(key, id)| keyed(&world, id, key));
    world.write("given.ndjson", &all.collect::<Vec<_>>());
    assert_eq!(world.run().await.of_another_source, 2);
    world.pass(24);
    world.write("given.ndjson", &[keyed(&world, "1", "C")]);
    let report = world.run().await;
    assert_eq!((report.vanished, report.replaced, report.of_another_source), (0, 0, 0));
}

/// What was corrected before does not make another source look like more corrections.
#[tokio::test]
async fn another_source_is_recognised_after_corrections() {
    let world = server(true).await;
    for (id, key) in [("1", "A2"), ("2", "B2")] {
        world.write("given.ndjson", &[keyed(&world, id, key)]);
        world.run().await;
        world.pass(24);
    }
    let all = ["C", "D"].iter().zip(["1", "2"]).map(|(key, id)| keyed(&world, id, key));
    world.write("given.ndjson", &all.collect::<Vec<_>>());
    let report = world.run().await;
    assert_eq!((report.vanished, report.replaced, report.of_another_source), (2, 2, 2));
    let rows = listed(&world).await;
    assert_eq!(keys(&rows), [("A", Some("A2")), ("B", Some("B2"))], "as they were corrected");
}

/// A run that is cut off has no report: the one that comes to its end says it, wherever the other one was cut off.
#[tokio::test]
async fn another_source_is_reported_by_the_run_that_comes_to_its_end() {
    let mut noted = Vec::new();
    for steps in 0.. {
        let world = server(true).await;
        let all = ["C", "D"].iter().zip(["1", "2"]).map(|(key, id)| keyed(&world, id, key));
        world.write("given.ndjson", &all.collect::<Vec<_>>());
        let agent = world.agent().await;
        agent.outbox().fail_after(steps);
        let has_ended = agent.run().await.is_ok();
        agent.outbox().fail_after(i64::MAX);
        noted.push(agent.outbox().setting("since-transfer.of_another_source").await.unwrap());
        // It may be cut off when its report is written, which is as good.
        let overview = agent.outbox().overview().await.unwrap();
        let is_reported = overview.last_source.unwrap().of_another_source == 2;
        agent.outbox().close().await;
        drop(agent);
        if has_ended {
            break;
        }
        let expected = if is_reported { 0 } else { 2 };
        let found = world.run().await.of_another_source;
        assert_eq!(found, expected, "cut off after {steps} half steps");
        world.pass(24);
        assert_eq!(world.run().await.of_another_source, 0, "cut off after {steps} half steps");
    }
    assert!(noted.contains(&Some("2".to_owned())), "a run was cut off after it was noted");
    assert_eq!(noted.last(), Some(&None), "the run that ended has reported it");
}

/// How many records other sources have delivered says nothing of this one.
#[tokio::test]
async fn records_of_other_sources_do_not_hide_another_source() {
    let world = server(true).await;
    let agent = world.agent().await;
    let mut connection = agent.outbox().connection().await.unwrap();
    sqlx::query("INSERT INTO id_space (name) VALUES ('other')")
        .execute(&mut *connection)
        .await
        .unwrap();
    // Enough of them, of a source that gave none today.
    for id in 10..30 {
        sqlx::query(
            "INSERT INTO stored (identity, version, resource_type, seq, at, resource_id, id_space) \
             SELECT randomblob(length(s.identity)), s.version, s.resource_type, s.seq, s.at, CAST(? AS TEXT), g.number \
             FROM stored s, id_space g WHERE s.resource_id = '1' AND g.name = 'other'",
        )
        .bind(id)
        .execute(&mut *connection)
        .await
        .unwrap();
    }
    drop(connection);
    agent.outbox().close().await;
    let all = ["C", "D"].iter().zip(["1", "2"]).map(|(key, id)| keyed(&world, id, key));
    world.write("given.ndjson", &all.collect::<Vec<_>>());
    let report = world.run().await;
    assert_eq!((report.replaced, report.of_another_source), (0, 2));
}

/// Ids of files name nothing for good, also when the files are followed by a source whose ids do.
#[tokio::test]
async fn records_of_files_are_not_the_ones_that_a_server_has_under_their_ids() {
    let mut world = World::new(RuleSetId::Lmdi112);
    world.incremental = true;
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    let all: Vec<Value> = (0..5).map(|n| keyed(&world, &n.to_string(), &format!("A{n}"))).collect();
    world.write("given.ndjson", &all);
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    world.pass(24);
    (world.gives_changes, world.keeps_ids) = (true, true);
    world.write("given.ndjson", &[keyed(&world, "0", "B0"), keyed(&world, "1", "B1")]);
    let report = world.run().await;
    assert_eq!((report.replaced, report.of_another_source), (0, 0));
    assert_eq!(report.status(), RunStatus::Clean);
}

/// A dry run shows it too, and changes nothing.
#[tokio::test]
async fn a_dry_run_counts_it() {
    let world = server(true).await;
    world.write("given.ndjson", &[keyed(&world, "1", "A2")]);
    assert_eq!(world.preview().await.report.replaced, 1);
    let path = world.folder.path().join("outbox.db");
    assert_eq!(Outbox::open(&path).await.unwrap().vanished().await.unwrap(), []);
    world.run().await;
    assert_eq!(world.preview().await.report.replaced, 1, "it is in the copy");
}
