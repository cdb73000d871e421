//! The simulated world itself: it starts, stops, starts again, and speaks TLS.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use lmr_identifiers::synthetic::organisation_number;
use lmr_sandbox::world::{Plan, World};

#[tokio::test]
async fn a_world_is_ready_and_can_be_stopped_in_order() {
    let world = World::start(Plan::default()).await.unwrap();
    let ready =
        world.client().get(format!("{}/health/ready", world.base_url())).send().await.unwrap();
    assert_eq!(ready.status(), 200, "{}", ready.text().await.unwrap());
    world.stop().await.unwrap();
}

#[tokio::test]
async fn senders_outlive_a_restart_of_the_receiver() {
    let mut world = World::start(Plan::default()).await.unwrap();
    let sender =
        world.add_sender(organisation_number(1).as_str(), "Liksom sykehus", None).await.unwrap();
    let address = world.address();
    world.restart_receiver().await.unwrap();
    assert_eq!(world.address(), address);
    let known = lmr_intake::Store::avsendere(world.store().unwrap()).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].organisation, sender.organisation);
}

#[tokio::test]
async fn the_receiver_speaks_tls_to_those_who_trust_its_authority_and_only_tls() {
    let world = World::start(Plan { tls: true, ..Plan::default() }).await.unwrap();
    let url = format!("{}/health/live", world.base_url());
    assert!(url.starts_with("https://"));
    assert_eq!(world.client().get(&url).send().await.unwrap().status(), 200);
    assert!(
        reqwest::Client::new().get(&url).send().await.unwrap_err().is_connect(),
        "a stranger's authority"
    );
    assert!(
        reqwest::Client::new().get(url.replace("https", "http")).send().await.is_err(),
        "no TLS"
    );
}
