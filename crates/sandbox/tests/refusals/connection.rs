//! Address, token, size.

use super::scene::*;
use lmr_auth::SecretString;
use lmr_identifiers::synthetic::organisation_number;
use lmr_intake::AllowList;
use lmr_sandbox::helseid::TokenFault;
use lmr_server::HttpSettings;

#[tokio::test]
async fn an_address_that_nobody_registered() {
    let scene =
        scene_with(|plan| plan.intake.addresses = AllowList::parse(["192.0.2.7"]).unwrap()).await;
    let token = scene.token().await;
    let answer = scene.world.post(RECEIVE, Some(&token), scene.message()).await.unwrap();
    assert_refusal(&answer, 403, "LMR-1001");
    assert_eq!(scene.stored().await, 0);
    let here = AllowList::parse(["127.0.0.1"]).unwrap();
    scene.world.register_sender(&scene.sender, |avsender| avsender.addresses = here).await.unwrap();
    scene.clock.advance_seconds(6);
    scene.next_works().await;
}

#[tokio::test]
async fn an_address_of_someone_else() {
    let scene = scene().await;
    let elsewhere = AllowList::parse(["192.0.2.7"]).unwrap();
    scene
        .world
        .register_sender(&scene.sender, |avsender| avsender.addresses = elsewhere)
        .await
        .unwrap();
    let answer = scene.post(scene.message()).await;
    assert_refusal(&answer, 403, "LMR-1001");
    assert_eq!(scene.stored().await, 0);
    scene.world.register_sender(&scene.sender, |_| ()).await.unwrap();
    scene.clock.advance_seconds(6);
    scene.next_works().await;
}

#[tokio::test]
async fn no_token() {
    let scene = scene().await;
    let answer = scene.refuses_with(None, scene.message(), 401, "LMR-1010").await;
    assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"lmr\"");
}

#[tokio::test]
async fn every_spoiled_token() {
    let scene = scene().await;
    let organisation = organisation_number(1);
    for (fault, status, code) in [
        (TokenFault::Unsigned, 401, "LMR-1011"),
        (TokenFault::CriticalHeader, 401, "LMR-1011"),
        (TokenFault::DoubledClaim, 401, "LMR-1011"),
        (TokenFault::WithoutExpiry, 401, "LMR-1011"),
        (TokenFault::Expired, 401, "LMR-1012"),
        (TokenFault::NotYetValid, 401, "LMR-1013"),
        (TokenFault::WrongIssuer, 401, "LMR-1014"),
        (TokenFault::WrongAudience, 401, "LMR-1015"),
        (TokenFault::TwoAudiences, 401, "LMR-1015"),
        (TokenFault::WrongKey, 401, "LMR-1016"),
        (TokenFault::BrokenSignature, 401, "LMR-1016"),
        (TokenFault::UnknownKid, 401, "LMR-1017"),
        (TokenFault::SharedSecret, 401, "LMR-1018"),
        (TokenFault::WrongType, 401, "LMR-1019"),
        (TokenFault::WrongScope, 403, "LMR-1020"),
        (TokenFault::WithoutOrganisation, 403, "LMR-1021"),
        (TokenFault::MalformedOrganisation, 403, "LMR-1021"),
        (TokenFault::TooLong, 401, "LMR-1022"),
        (TokenFault::KeyBound, 401, "LMR-1023"),
        (TokenFault::WithUser, 401, "LMR-1024"),
        (TokenFault::WithoutClient, 401, "LMR-1024"),
    ] {
        let token = scene.world.helseid().token(organisation.as_str(), Some(&fault)).unwrap();
        let header = SecretString::new(format!("Bearer {}", token.expose()));
        let answer = scene.refuses_with(Some(&header), scene.message(), status, code).await;
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        let error = if status == 403 { "insufficient_scope" } else { "invalid_token" };
        assert!(challenge.contains(&format!("error=\"{error}\"")), "{fault:?}: {challenge}");
        let shown = format!("{} {challenge}", String::from_utf8_lossy(&answer.body));
        assert!(!shown.contains("eyJ"), "{fault:?} is repeated: {shown}");
    }
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_not_a_fault_of_the_sender() {
    let scene = scene().await;
    let (token, message) = (scene.token().await, scene.message());
    scene.world.helseid().set_down(true);
    let answer = scene.world.post(RECEIVE, Some(&token), message).await.unwrap();
    assert_refusal(&answer, 503, "LMR-9005");
    assert_eq!(scene.stored().await, 0);
    scene.world.helseid().set_down(false);
    scene.clock.advance_seconds(31);
    scene.next_works().await;
}

#[tokio::test]
async fn a_body_beyond_the_limit() {
    let limit = 400_000;
    let scene = scene_with(|plan| {
        plan.http = HttpSettings { body_limit: limit, ..HttpSettings::default() }
    })
    .await;
    scene.refuses(vec![b' '; limit + 1], 413, "LMR-1041").await;
}

#[tokio::test]
async fn no_body() {
    scene().await.refuses(Vec::new(), 400, "LMR-1040").await;
}
