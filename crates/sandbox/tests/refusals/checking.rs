//! The routes that validate and store nothing.

use super::scene::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::date;
use lmr_sandbox::hospital::{Era, Fault};
use serde_json::{Value, json};

#[tokio::test]
async fn checking_gives_the_verdict_and_stores_nothing() {
    let scene = scene().await;
    let message = scene.message();
    let token = scene.token().await;
    let path = "/fhirmottak/v1/validate";
    let answer = scene.world.post(path, Some(&token), message.clone()).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(answer.json()["type"], "batch-response");
    let spoiled = with(&message, "signature", &STANDARD.encode([1; 256]));
    let answer = scene.world.post(path, Some(&token), spoiled).await.unwrap();
    assert_refusal(&answer, 400, "LMR-2040");
    let answer = scene.world.post(path, None, message.clone()).await.unwrap();
    assert_refusal(&answer, 401, "LMR-1010");
    assert_eq!(scene.stored().await, 0);
    assert_eq!(scene.post(message).await.status, 200, "a checked message can still be sent");
}

#[tokio::test]
async fn a_bare_bundle_is_validated_without_credentials() {
    let scene = scene().await;
    let path = "/fhirmottak/v1/validateLegemiddelregisterBundle";
    let post = async |bundle: &Value| {
        scene.world.post(path, None, bundle.to_string().into_bytes()).await.unwrap()
    };
    let answer = post(&scene.bundle(Era::Latest)).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(answer.json()["resourceType"], "OperationOutcome");
    let mut hospital = scene.hospital(Era::Latest);
    hospital.add_faulty(date(2025, 3, 1), Fault::AdministrationStatus);
    let answer = post(&scene.bundle_of(&hospital)).await;
    assert_eq!(answer.status, 400);
    let issues = answer.json()["issue"].as_array().unwrap().clone();
    assert!(issues.iter().any(|issue| issue["severity"] == "error"), "{issues:?}");
    assert_refusal(&post(&json!({"a": 1})).await, 400, "LMR-3010");
    assert_eq!(scene.stored().await, 0);
}
