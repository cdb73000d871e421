//! The SignertKryptertBundle: members, sender, certificates, signature, decryption, compression.

use super::scene::*;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lmr_envelope::{Limits, PrivateKey, RandomSource as _, SystemRandom, primitives};
use lmr_identifiers::synthetic::organisation_number;
use lmr_intake::{RegisteredCertificate, Settings};
use lmr_sandbox::certificates::{KeyAndCertificate, Order, OrderUsage, TestCa};
use lmr_sandbox::hospital::Era;
use lmr_sandbox::world::Chain;
use serde_json::{Map, Value, json};

/// Other ciphertext with a signature that fits it.
fn signed_again(scene: &Scene, message: &[u8], content: &[u8]) -> Vec<u8> {
    let key = PrivateKey::from_pem(scene.sender.certificate.key_pem.as_bytes()).unwrap();
    let signature = primitives::sign(&key, &digest(&SHA256, content)).unwrap();
    changed(message, |members| {
        members.insert("encryptedContent".to_owned(), json!(STANDARD.encode(content)));
        members.insert("signature".to_owned(), json!(STANDARD.encode(signature)));
    })
}

fn ciphertext(message: &[u8]) -> Vec<u8> {
    let members: Value = serde_json::from_slice(message).unwrap();
    STANDARD.decode(members["encryptedContent"].as_str().unwrap()).unwrap()
}

/// Encrypts bytes that are not compressed.
fn sealed_without_gzip(scene: &Scene, content: &[u8]) -> Vec<u8> {
    let message = scene.message();
    let mut key = [0; primitives::KEY_LEN];
    SystemRandom.fill(&mut key).unwrap();
    let mut bytes = content.to_vec();
    let nonce = [7; primitives::NONCE_LEN];
    let tag = primitives::aes_seal(&key, nonce, &[], &mut bytes).unwrap();
    let recipient = x509_public_key(scene);
    let encrypted_key = primitives::oaep_encrypt(&recipient, &key).unwrap();
    changed(&signed_again(scene, &message, &bytes), |members| {
        members.insert("encryptedKey".to_owned(), json!(STANDARD.encode(encrypted_key)));
        members.insert("nonce".to_owned(), json!(STANDARD.encode(nonce)));
        members.insert("authenticationTag".to_owned(), json!(STANDARD.encode(tag)));
    })
}

/// The register's SubjectPublicKeyInfo.
fn x509_public_key(scene: &Scene) -> Vec<u8> {
    use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
    use aws_lc_rs::rsa::PrivateDecryptingKey;
    let pem = &scene.world.register().key_pem;
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = PrivateDecryptingKey::from_pkcs8(&STANDARD.decode(body).unwrap()).unwrap();
    let spki: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    spki.as_ref().to_vec()
}

#[tokio::test]
async fn a_body_that_is_not_json() {
    let scene = scene().await;
    for body in [&b"hei"[..], b"{\"messageId\":", b"[]", b"\xff\xfe", b"{} {}"] {
        scene.refuses(body.to_vec(), 400, "LMR-2001").await;
    }
}

#[tokio::test]
async fn a_member_that_is_missing() {
    let scene = scene().await;
    let message = scene.message();
    let members: Map<String, Value> = serde_json::from_slice(&message).unwrap();
    assert_eq!(members.len(), 13);
    for name in members.keys() {
        let without = changed(&message, |members| drop(members.remove(name)));
        let answer = scene.refuses(without, 400, "LMR-2002").await;
        assert_eq!(answer.json()["issue"][0]["expression"][0], *name, "names the member");
    }
}

#[tokio::test]
async fn a_member_that_occurs_twice_also_in_other_case() {
    let scene = scene().await;
    let message = String::from_utf8(scene.message()).unwrap();
    for name in ["nonce", "Nonce"] {
        let repeated = message.replacen('{', &format!("{{\"{name}\":\"AAAA\","), 1);
        scene.refuses(repeated.into_bytes(), 400, "LMR-2003").await;
    }
}

#[tokio::test]
async fn members_with_wrong_values() {
    let scene = scene().await;
    for (member, value, code) in [
        ("messageFormatVersion", "2.0", "LMR-2006"),
        ("encryptedContent", "not base64!", "LMR-2007"),
        ("generatedAt", "i går", "LMR-2008"),
        ("rapporteringFra", "2025-03-02T11:59:59.9999999Z", "LMR-2009"),
        ("generatedAt", "2025-03-02T13:00:00Z", "LMR-2010"),
        ("nonce", "AAAA", "LMR-2012"),
        ("authenticationTag", "AAAA", "LMR-2013"),
        ("signatureCertificateThumbprint", "abc", "LMR-2014"),
        ("senderOrganizationIdentifier", "sykehuset", "LMR-2015"),
    ] {
        let mut message = scene.message();
        if code == "LMR-2009" {
            message = with(&message, "rapporteringTil", "2025-03-01T00:00:00Z");
        }
        scene.refuses(with(&message, member, value), 400, code).await;
    }
    let number =
        changed(&scene.message(), |members| drop(members.insert("nonce".to_owned(), json!(1))));
    scene.refuses(number, 400, "LMR-2004").await;
}

#[tokio::test]
async fn a_sender_that_is_not_registered() {
    let scene = scene().await;
    let stranger =
        scene.world.make_sender(organisation_number(2).as_str(), "Liksom fremmed").unwrap();
    let token = scene.world.authorization(&stranger).await.unwrap();
    let message =
        scene.world.seal(&stranger, "m", scene.bundle(Era::V0_9_4).to_string().as_bytes()).unwrap();
    scene.refuses_with(Some(&token), message, 400, "LMR-2020").await;
}

#[tokio::test]
async fn a_sender_that_is_closed_down() {
    let scene = scene().await;
    let other = scene.world.make_sender(organisation_number(2).as_str(), "Liksom nedlagt").unwrap();
    scene.world.register_sender(&other, |avsender| avsender.active = false).await.unwrap();
    let token = scene.world.authorization(&other).await.unwrap();
    let message =
        scene.world.seal(&other, "m", scene.bundle(Era::V0_9_4).to_string().as_bytes()).unwrap();
    scene.refuses_with(Some(&token), message, 400, "LMR-2021").await;
}

#[tokio::test]
async fn a_token_of_another_organisation_than_the_message() {
    let scene = scene().await;
    let other =
        scene.world.add_sender(organisation_number(2).as_str(), "Liksom nabo", None).await.unwrap();
    let token = scene.world.authorization(&other).await.unwrap();
    scene.refuses_with(Some(&token), scene.message(), 400, "LMR-2022").await;
    // The other way round too: the message claims to come from the neighbour.
    let claimed =
        with(&scene.message(), "senderOrganizationIdentifier", organisation_number(2).as_str());
    scene.refuses(claimed.clone(), 400, "LMR-2022").await;
    // And with the neighbour's token the certificate is not the neighbour's.
    scene.refuses_with(Some(&token), claimed, 400, "LMR-2030").await;
}

#[tokio::test]
async fn a_signing_certificate_that_is_not_registered() {
    let scene = scene().await;
    let mut sender = scene.sender.clone();
    let order = Order::new(organisation_number(1).as_str(), "Liksom sykehus", scene.world.now());
    sender.certificate = scene.world.ca().enterprise(&order).unwrap();
    let bundle = scene.bundle(Era::V0_9_4).to_string();
    let message = scene.world.seal(&sender, &scene.message_id(), bundle.as_bytes()).unwrap();
    scene.refuses(message.clone(), 400, "LMR-2030").await;
    // Registered beside the old one it works, and the old one still does.
    let new = lmr_envelope::Certificate::from_der(&sender.certificate.certificate_der).unwrap();
    let add = |avsender: &mut lmr_intake::Avsender| {
        avsender.certificates.push(RegisteredCertificate {
            certificate: new,
            from: None,
            until: None,
        });
    };
    scene.world.register_sender(&scene.sender, add).await.unwrap();
    scene.clock.advance_seconds(6);
    assert_eq!(scene.post(message).await.status, 200);
    scene.next_works().await;
}

#[tokio::test]
async fn a_registered_certificate_that_is_not_for_signing() {
    let scene = scene().await;
    let order = Order::new(organisation_number(1).as_str(), "Liksom sykehus", scene.world.now())
        .with_usage(OrderUsage::Encryption);
    let made = scene.world.ca().enterprise(&order).unwrap();
    let certificate = lmr_envelope::Certificate::from_der(&made.certificate_der).unwrap();
    let thumbprint = certificate.thumbprint().to_string();
    let add = |avsender: &mut lmr_intake::Avsender| {
        avsender.certificates.push(RegisteredCertificate { certificate, from: None, until: None });
    };
    scene.world.register_sender(&scene.sender, add).await.unwrap();
    scene.clock.advance_seconds(6);
    let message = with(&scene.message(), "signatureCertificateThumbprint", &thumbprint);
    scene.refuses(message, 400, "LMR-2035").await;
}

#[tokio::test]
async fn a_signing_certificate_before_and_after_its_time() {
    let scene = scene().await;
    let made = scene.world.now();
    let base = Order::new(organisation_number(2).as_str(), "Liksom annen", made);
    let hour = jiff::SignedDuration::from_hours(1);
    for (order, sealed_at, code) in [
        (Order { not_after: made - hour, ..base.clone() }, made - hour - hour, "LMR-2031"),
        (Order { not_before: made + hour, ..base.clone() }, made + hour + hour, "LMR-2032"),
    ] {
        let mut other =
            scene.world.make_sender(organisation_number(2).as_str(), "Liksom annen").unwrap();
        other.certificate = scene.world.ca().enterprise(&order).unwrap();
        scene.world.register_sender(&other, |_| ()).await.unwrap();
        scene.clock.advance_seconds(6);
        let token = scene.world.authorization(&other).await.unwrap();
        let bundle = scene.bundle(Era::V0_9_4).to_string();
        // Sealed while the certificate was good, then said to be made now.
        let message =
            scene.world.seal_at(&other, &scene.message_id(), bundle.as_bytes(), sealed_at).unwrap();
        let now = made.to_string();
        let message = with(&message, "generatedAt", &now);
        let message = with(&message, "rapporteringTil", &now);
        let message = with(&message, "rapporteringFra", "2025-03-01T00:00:00Z");
        scene.refuses_with(Some(&token), message, 400, code).await;
    }
}

#[tokio::test]
async fn a_signing_certificate_of_an_unknown_authority_or_a_revoked_one() {
    let mut scene = scene().await;
    let (message, late) = (scene.message(), scene.message());
    let stranger = TestCa::new(scene.world.now()).unwrap().certificate_pem().to_owned();
    let own = scene.world.ca().certificate_pem().to_owned();
    let chain =
        |authority: &str, revocations| Some(Chain { authority: authority.to_owned(), revocations });
    scene.world.demand_chain(chain(&stranger, None));
    scene.world.restart_receiver().await.unwrap();
    assert_refusal(&scene.post(message.clone()).await, 400, "LMR-2034");
    let list = |revoked: &[&KeyAndCertificate]| {
        Some(scene.world.ca().revocation_list(revoked, scene.world.now()).unwrap())
    };
    let (harmless, fatal) = (list(&[scene.world.register()]), list(&[&scene.sender.certificate]));
    scene.world.demand_chain(chain(&own, fatal));
    scene.world.restart_receiver().await.unwrap();
    assert_refusal(&scene.post(message.clone()).await, 400, "LMR-2033");
    assert_eq!(scene.stored().await, 0);
    scene.world.demand_chain(chain(&own, harmless));
    scene.world.restart_receiver().await.unwrap();
    assert_eq!(scene.post(message).await.status, 200);
    // A list that has grown old says nothing any more: the register's fault, so the sender tries later.
    scene.clock.advance_seconds(8 * 24 * 3600);
    assert_refusal(&scene.post(late).await, 500, "LMR-9001");
}

#[tokio::test]
async fn a_message_id_that_is_none() {
    let scene = scene().await;
    for id in [" ", "a\u{7}b", &"x".repeat(201)] {
        scene.refuses(with(&scene.message(), "messageId", id), 400, "LMR-2011").await;
    }
}

#[tokio::test]
async fn a_signature_that_does_not_fit() {
    let scene = scene().await;
    let message = scene.message();
    let mut content = ciphertext(&message);
    content[0] ^= 1;
    scene
        .refuses(with(&message, "encryptedContent", &STANDARD.encode(&content)), 400, "LMR-2040")
        .await;
    scene.refuses(with(&message, "signature", &STANDARD.encode([1; 256])), 400, "LMR-2040").await;
    // The fault lies before the decryption: the message itself was never used up.
    assert_eq!(scene.post(message).await.status, 200);
}

#[tokio::test]
async fn a_message_sealed_for_someone_else() {
    let scene = scene().await;
    let message = with(&scene.message(), "encryptionCertificateThumbprint", &"AB".repeat(20));
    scene.refuses(message, 400, "LMR-2050").await;
}

#[tokio::test]
async fn faults_of_the_decryption_all_look_alike() {
    let scene = scene().await;
    let message = scene.message();
    let mut content = ciphertext(&message);
    content[3] ^= 1;
    let wrong_key = with(&message, "encryptedKey", &STANDARD.encode([9; 256]));
    let short_key = with(&message, "encryptedKey", &STANDARD.encode([9; 100]));
    let wrong_tag = with(&message, "authenticationTag", &STANDARD.encode([9; 16]));
    let wrong_nonce = with(&message, "nonce", &STANDARD.encode([9; 12]));
    let wrong_content = signed_again(&scene, &message, &content);
    let mut seen = Vec::new();
    for spoiled in [wrong_key, short_key, wrong_tag, wrong_nonce, wrong_content] {
        let answer = scene.refuses(spoiled, 400, "LMR-2051").await;
        let mut body = answer.json();
        // The one thing that may differ: the number of the request.
        body.as_object_mut().unwrap().remove("extension");
        seen.push(body);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[tokio::test]
async fn content_that_is_not_compressed() {
    let scene = scene().await;
    let bundle = scene.bundle(Era::V0_9_4).to_string();
    let message = sealed_without_gzip(&scene, bundle.as_bytes());
    scene.refuses(message, 400, "LMR-2060").await;
}

#[tokio::test]
async fn a_gzip_bomb() {
    let scene = scene().await;
    scene.refuses(scene.sealed(&vec![b' '; 8 << 20]), 413, "LMR-2063").await;
}

#[tokio::test]
async fn content_that_is_too_large_compressed_or_not() {
    let small = Limits { inflated: 300_000, compressed: 100_000, ..Limits::default() };
    let scene =
        scene_with(|plan| plan.intake = Settings { limits: small, ..Settings::default() }).await;
    let padding = " 0123456789abcdef\n".repeat(20_000);
    scene.refuses(scene.sealed(padding.as_bytes()), 413, "LMR-2062").await;
    let mut noise = vec![0; 120_000];
    SystemRandom.fill(&mut noise).unwrap();
    scene.refuses(scene.sealed(&noise), 413, "LMR-2061").await;
}
