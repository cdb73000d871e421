//! The guide's own example bundles, sealed and sent over HTTP through the whole chain.
//!
//! Needs the shared folder (`LMR_SHARED`); says so and passes without it.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test of shared data"
)]

use std::io::Read;
use std::path::PathBuf;

use lmr_identifiers::synthetic::organisation_number;
use lmr_intake::{DeliveryFilter, Store};
use lmr_sandbox::world::{Plan, Sender, World};

/// The example bundle of a package.
fn example_bundle(package: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("LMR_SHARED").map(PathBuf::from) else {
        eprintln!(
            "left out: LMR_SHARED is not set, so the guide's example bundles are not at hand"
        );
        return None;
    };
    let file = std::fs::File::open(folder.join("packages").join(package)).unwrap();
    for entry in tar::Archive::new(flate2::read::GzDecoder::new(file)).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        if path.starts_with("package/example/Bundle-") {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            return Some(text);
        }
    }
    panic!("{package} has no example bundle");
}

async fn world() -> (World, Sender) {
    let world = World::start(Plan::default()).await.unwrap();
    let sender =
        world.add_sender(organisation_number(1).as_str(), "Liksom sykehus", None).await.unwrap();
    (world, sender)
}

async fn deliveries(world: &World) -> usize {
    world.store().unwrap().deliveries(&DeliveryFilter::default()).await.unwrap().len()
}

#[tokio::test]
async fn the_transaction_of_1_1_2_is_stored_whole_once_its_route_is_a_route() {
    let Some(published) = example_bundle("hl7.fhir.no.lmdi-1.1.2.tgz") else { return };
    let (world, sender) = world().await;

    // As published it names a route that the required value set leaves out: all or none.
    let refused = world
        .deliver(&sender, "00000000-0000-4000-8000-000000000001", published.as_bytes())
        .await
        .unwrap();
    assert_eq!(refused.status, 400, "{}", refused.json());
    let statuses = refused.entry_statuses();
    assert_eq!(statuses.len(), 8);
    assert_eq!(statuses.iter().filter(|s| s.starts_with("422")).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|s| s.starts_with("424")).count(), 7, "{statuses:?}");
    assert!(String::from_utf8_lossy(&refused.body).contains("LMR-5011"));

    let corrected = published.replace("421521009", "26643006");
    let stored = world
        .deliver(&sender, "00000000-0000-4000-8000-000000000002", corrected.as_bytes())
        .await
        .unwrap();
    assert_eq!(stored.status, 200, "{}", stored.json());
    assert_eq!(stored.json()["type"], "transaction-response");
    assert_eq!(stored.entry_statuses().len(), 8);
    assert!(
        stored.entry_statuses().iter().all(|s| s.starts_with("201")),
        "{:?}",
        stored.entry_statuses()
    );

    // The same content in a new message: known already, no new versions.
    let again = corrected.replacen("\"timestamp\"", " \"timestamp\"", 1);
    let identifier =
        serde_json::from_str::<serde_json::Value>(&corrected).unwrap()["identifier"]["value"]
            .clone();
    let again = again
        .replace(identifier.as_str().unwrap(), "urn:uuid:00000000-0000-4000-8000-00000000000a");
    let known = world
        .deliver(&sender, "00000000-0000-4000-8000-000000000003", again.as_bytes())
        .await
        .unwrap();
    assert_eq!(known.entry_statuses().len(), 8);
    assert!(
        known.entry_statuses().iter().all(|s| s.starts_with("200")),
        "{:?}",
        known.entry_statuses()
    );
    assert!(deliveries(&world).await >= 2);
}

#[tokio::test]
async fn the_batch_of_0_9_4_is_answered_entry_by_entry() {
    let Some(published) = example_bundle("hl7.fhir.no.lmdi-0.9.4.tgz") else { return };
    let (world, sender) = world().await;
    let entries = serde_json::from_str::<serde_json::Value>(&published).unwrap()["entry"]
        .as_array()
        .unwrap()
        .len();
    let answer = world
        .deliver(&sender, "00000000-0000-4000-8000-000000000001", published.as_bytes())
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(answer.json()["type"], "batch-response");
    let statuses = answer.entry_statuses();
    assert_eq!(statuses.len(), entries);
    // Published with narrative and other faults that its own profiles forbid: refused one by one, and
    // what is faultless is stored.
    let (refused, stored): (Vec<_>, Vec<_>) = statuses.iter().partition(|s| s.starts_with("42"));
    assert!(!refused.is_empty(), "{statuses:?}");
    assert!(stored.iter().all(|s| s.starts_with("201")), "{statuses:?}");
    assert_eq!(deliveries(&world).await, 1);
}
