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
/// corrected.
#[tokio::test]
async fn another_source_with_the_same_ids_lists_nothing() {
    for is_incremental in [true, false] {
        let world = server(is_incremental).await;
        let all = ["C", "D"].iter().zip(["1", "2"]).map(|(key, id)| keyed(&world, id, key));
        world.write("given.ndjson", &all.collect::<Vec<_>>());
        let report = world.run().await;
        assert_eq!((report.replaced, report.of_another_source), (0, 2), "{is_incremental}");
        assert_eq!(report.vanished, if is_incremental { 0 } else { 2 }, "missing, no more");
        assert_eq!(report.status(), RunStatus::ToCorrect, "{is_incremental}");
        let agent = world.agent().await;
        let overview = agent.outbox().overview().await.unwrap();
        assert_eq!(overview.status, RunStatus::ToCorrect, "{is_incremental}");
        agent.outbox().close().await;
    }
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
