//! The same again, and the same under another name.

use super::scene::*;
use lmr_sandbox::hospital::Era;
use serde_json::Value;

#[tokio::test]
async fn the_same_message_twice_gets_the_same_bytes_and_is_stored_once() {
    let mut scene = scene().await;
    let message = scene.message();
    let first = scene.post(message.clone()).await;
    assert_eq!(first.status, 200);
    let again = scene.post(message.clone()).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(scene.stored().await, 1);
    scene.world.restart_receiver().await.unwrap();
    let after = scene.post(message.clone()).await;
    assert_eq!((after.status, &after.body), (200, &first.body), "also after a restart");
    let other_path =
        scene.world.post("/api/v1", Some(&scene.token().await), message).await.unwrap();
    assert_eq!(other_path.body, first.body, "also on the old path");
    assert_eq!(scene.stored().await, 1);
    scene.next_works().await;
}

#[tokio::test]
async fn the_same_message_at_once_from_many_connections_is_stored_once() {
    let scene = scene().await;
    let (message, token) = (scene.message(), scene.token().await);
    let posts: Vec<_> = (0..8)
        .map(|_| {
            let (client, url) =
                (scene.world.client().clone(), format!("{}{RECEIVE}", scene.world.base_url()));
            let (body, token) = (message.clone(), token.clone());
            tokio::spawn(async move {
                let request = client.post(url).header("authorization", token.expose()).body(body);
                let response = request.send().await.unwrap();
                (response.status().as_u16(), response.bytes().await.unwrap())
            })
        })
        .collect();
    let mut answers = Vec::new();
    for post in posts {
        answers.push(post.await.unwrap());
    }
    for (status, body) in &answers {
        assert_eq!((*status, body), (200, &answers[0].1), "{}", String::from_utf8_lossy(body));
    }
    assert_eq!(scene.stored().await, 1);
    scene.next_works().await;
}

#[tokio::test]
async fn the_same_content_under_another_id() {
    let scene = scene().await;
    let message = scene.message();
    assert_eq!(scene.post(message.clone()).await.status, 200);
    scene.refuses(with(&message, "messageId", &scene.message_id()), 409, "LMR-6041").await;
}

#[tokio::test]
async fn a_message_id_with_another_content() {
    let scene = scene().await;
    let id = scene.message_id();
    let seal = |bundle: Value| {
        scene.world.seal(&scene.sender, &id, bundle.to_string().as_bytes()).unwrap()
    };
    assert_eq!(scene.post(seal(scene.bundle(Era::V0_9_4))).await.status, 200);
    scene.refuses(seal(scene.bundle(Era::V0_9_4)), 409, "LMR-6040").await;
}

#[tokio::test]
async fn a_bundle_identifier_in_another_message() {
    let scene = scene().await;
    let bundle = scene.bundle(Era::V0_9_4);
    assert_eq!(scene.post(scene.sealed(bundle.to_string().as_bytes())).await.status, 200);
    let mut other = scene.bundle(Era::V0_9_4);
    other["identifier"] = bundle["identifier"].clone();
    scene.refuses(scene.sealed(other.to_string().as_bytes()), 409, "LMR-6042").await;
}

/// Posts all at once, each on a connection of its own.
async fn at_once(scene: &Scene, messages: Vec<Vec<u8>>) -> Vec<(u16, Value)> {
    let token = scene.token().await;
    let posts: Vec<_> = messages
        .into_iter()
        .map(|body| {
            let (client, url) =
                (scene.world.client().clone(), format!("{}{RECEIVE}", scene.world.base_url()));
            let token = token.clone();
            tokio::spawn(async move {
                let request = client.post(url).header("authorization", token.expose()).body(body);
                let response = request.send().await.unwrap();
                let status = response.status().as_u16();
                (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
            })
        })
        .collect();
    let mut answers = Vec::new();
    for post in posts {
        answers.push(post.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn the_same_content_under_many_ids_at_once_is_taken_under_one() {
    let scene = scene().await;
    let message = scene.message();
    let relabelled = (0..6).map(|_| with(&message, "messageId", &scene.message_id())).collect();
    let answers = at_once(&scene, relabelled).await;
    let taken = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(taken, 1, "{answers:?}");
    for (status, answer) in answers.iter().filter(|(status, _)| *status != 200) {
        let code = &answer["issue"][0]["details"]["coding"][0]["code"];
        // Whatever the Bundle.identifier says first, the replay is refused all the same.
        assert!(*status == 409 && (code == "LMR-6041" || code == "LMR-6042"), "{answer}");
    }
    assert_eq!(scene.stored().await, 1);
    scene.next_works().await;
}

#[tokio::test]
async fn the_same_resources_in_many_messages_at_once_are_stored_once() {
    let scene = scene().await;
    let hospital = scene.hospital(Era::V0_9_4);
    let messages: Vec<_> =
        (0..6).map(|_| scene.sealed(scene.bundle_of(&hospital).to_string().as_bytes())).collect();
    let answers = at_once(&scene, messages).await;
    let entries = hospital.resources().len();
    let mut created = vec![0; entries];
    for (status, answer) in &answers {
        assert_eq!(*status, 200, "{answer}");
        let answered = answer["entry"].as_array().unwrap();
        assert_eq!(answered.len(), entries);
        for (index, entry) in answered.iter().enumerate() {
            match entry["response"]["status"].as_str().unwrap() {
                "201 Created" => created[index] += 1,
                "200 OK" => {
                    let location = entry["response"]["location"].as_str().unwrap();
                    assert!(location.ends_with("/_history/1"), "no second version: {location}");
                }
                other => panic!("{other}: {entry}"),
            }
        }
    }
    assert_eq!(created, vec![1; entries], "each resource is new in one message");
    assert_eq!(scene.stored().await, 6, "and every message is kept");
}
