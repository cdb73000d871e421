//! Every way to be refused, provoked through real HTTP on loopback: its status and code, nothing
//! stored, and the next correct message works.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::date;
use lmr_auth::SecretString;
use lmr_envelope::{Limits, PrivateKey, RandomSource as _, SystemRandom, primitives};
use lmr_intake::{AllowList, DeliveryFilter, RegisteredCertificate, RuleSetPin, Settings, Store as _};
use lmr_sandbox::certificates::Order;
use lmr_sandbox::clock::SettableClock;
use lmr_sandbox::helseid::TokenFault;
use lmr_sandbox::hospital::{Era, Fault, Hospital, organisation_number};
use lmr_sandbox::world::{Answer, Plan, Sender, World};
use lmr_server::HttpSettings;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

const RECEIVE: &str = "/fhirmottak/v1";

/// A world with one registered sender, at noon on the second of March 2025.
struct Scene {
    world: World,
    clock: SettableClock,
    sender: Sender,
    count: AtomicU32,
}

async fn scene() -> Scene {
    scene_with(|_| ()).await
}

async fn scene_with(change: impl FnOnce(&mut Plan)) -> Scene {
    let clock = SettableClock::at("2025-03-02T12:00:00Z".parse::<Timestamp>().unwrap());
    let mut plan = Plan { clock: clock.as_clock(), ..Plan::default() };
    change(&mut plan);
    let world = World::start(plan).await.unwrap();
    let sender = world.add_sender(&organisation_number(1), "Liksom sykehus", None).await.unwrap();
    Scene { world, clock, sender, count: AtomicU32::new(0) }
}

impl Scene {
    /// A number that no message of this scene has had.
    fn fresh(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    fn message_id(&self) -> String {
        format!("0f0e0d0c-0b0a-4908-8706-{:012}", self.fresh())
    }

    /// A correct bundle of a hospital of its own.
    fn bundle(&self, era: Era) -> Value {
        self.bundle_of(&self.hospital(era))
    }

    fn hospital(&self, era: Era) -> Hospital {
        Hospital::new(era, u64::from(self.fresh()) + 1, date(2025, 3, 1), 3)
    }

    fn bundle_of(&self, hospital: &Hospital) -> Value {
        let identifier = format!("a0a1a2a3-a4a5-46a7-88a9-{:012}", self.fresh());
        hospital.bundle(&identifier, "2025-03-02T11:00:00+01:00")
    }

    fn sealed(&self, content: &[u8]) -> Vec<u8> {
        self.world.seal(&self.sender, &self.message_id(), content).unwrap()
    }

    /// A correct message.
    fn message(&self) -> Vec<u8> {
        self.sealed(self.bundle(Era::V0_9_4).to_string().as_bytes())
    }

    async fn token(&self) -> SecretString {
        self.world.authorization(&self.sender).await.unwrap()
    }

    async fn post(&self, body: Vec<u8>) -> Answer {
        self.world.post(RECEIVE, Some(&self.token().await), body).await.unwrap()
    }

    async fn stored(&self) -> usize {
        let all = DeliveryFilter { limit: 1000, ..DeliveryFilter::default() };
        self.world.store().unwrap().deliveries(&all).await.unwrap().len()
    }

    /// The body is refused like this and nothing is stored; then a correct message works.
    async fn refuses(&self, body: Vec<u8>, status: u16, code: &str) -> Answer {
        let token = self.token().await;
        self.refuses_with(Some(&token), body, status, code).await
    }

    async fn refuses_with(
        &self,
        authorization: Option<&SecretString>,
        body: Vec<u8>,
        status: u16,
        code: &str,
    ) -> Answer {
        let before = self.stored().await;
        let answer = self.world.post(RECEIVE, authorization, body).await.unwrap();
        assert_refusal(&answer, status, code);
        assert_eq!(self.stored().await, before, "{code}: something was stored");
        self.next_works().await;
        answer
    }

    /// A correct message is taken wholly.
    async fn next_works(&self) {
        let before = self.stored().await;
        let answer = self.post(self.message()).await;
        assert_eq!(answer.status, 200, "the next message: {}", answer.json());
        let statuses = answer.entry_statuses();
        assert!(
            !statuses.is_empty() && statuses.iter().all(|one| one.starts_with("20")),
            "{}",
            answer.json()
        );
        assert_eq!(self.stored().await, before + 1);
    }
}

fn assert_refusal(answer: &Answer, status: u16, code: &str) {
    let json = answer.json();
    assert_eq!((answer.status, answer.code().as_deref()), (status, Some(code)), "{json}");
    assert_eq!(json["resourceType"], "OperationOutcome");
    assert_eq!(answer.headers["content-type"], "application/fhir+json; fhirVersion=4.0");
    assert!(json["issue"][0]["details"]["_text"]["extension"].is_array(), "both languages");
    assert_eq!(
        answer.headers.contains_key("www-authenticate"),
        status == 401 || code == "LMR-1020" || code == "LMR-1021"
    );
    assert_eq!(answer.headers.contains_key("retry-after"), status == 503);
}

/// A sealed message with other members; the signature covers only the content.
fn changed(message: &[u8], change: impl FnOnce(&mut Map<String, Value>)) -> Vec<u8> {
    let mut members: Map<String, Value> = serde_json::from_slice(message).unwrap();
    change(&mut members);
    Value::Object(members).to_string().into_bytes()
}

fn with(message: &[u8], member: &str, value: &str) -> Vec<u8> {
    changed(message, |members| drop(members.insert(member.to_owned(), json!(value))))
}

/// Other ciphertext with a signature that fits it.
fn signed_anew(scene: &Scene, message: &[u8], content: &[u8]) -> Vec<u8> {
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
    changed(&signed_anew(scene, &message, &bytes), |members| {
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

// ---- connection -------------------------------------------------------------------------------

#[tokio::test]
async fn an_address_that_nobody_registered() {
    let scene = scene_with(|plan| plan.intake.addresses = AllowList::parse(["192.0.2.7"]).unwrap()).await;
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
    scene.world.register_sender(&scene.sender, |avsender| avsender.addresses = elsewhere).await.unwrap();
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
        let token = scene.world.helseid().token(&organisation, Some(&fault)).unwrap();
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
async fn an_issuer_that_does_not_answer_is_no_fault_of_the_sender() {
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
    let scene =
        scene_with(|plan| plan.http = HttpSettings { body_limit: limit, ..HttpSettings::default() }).await;
    scene.refuses(vec![b' '; limit + 1], 413, "LMR-1041").await;
}

#[tokio::test]
async fn no_body() {
    scene().await.refuses(Vec::new(), 400, "LMR-1040").await;
}

// ---- envelope ---------------------------------------------------------------------------------

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
async fn a_member_that_stands_twice_also_in_other_case() {
    let scene = scene().await;
    let message = String::from_utf8(scene.message()).unwrap();
    for name in ["nonce", "Nonce"] {
        let doubled = message.replacen('{', &format!("{{\"{name}\":\"AAAA\","), 1);
        scene.refuses(doubled.into_bytes(), 400, "LMR-2003").await;
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
    let number = changed(&scene.message(), |members| drop(members.insert("nonce".to_owned(), json!(1))));
    scene.refuses(number, 400, "LMR-2004").await;
}

#[tokio::test]
async fn a_sender_that_is_not_registered() {
    let scene = scene().await;
    let stranger = scene.world.make_sender(&organisation_number(2), "Liksom fremmed").unwrap();
    let token = scene.world.authorization(&stranger).await.unwrap();
    let message = scene.world.seal(&stranger, "m", scene.bundle(Era::V0_9_4).to_string().as_bytes()).unwrap();
    scene.refuses_with(Some(&token), message, 400, "LMR-2020").await;
}

#[tokio::test]
async fn a_sender_that_is_closed_down() {
    let scene = scene().await;
    let other = scene.world.make_sender(&organisation_number(2), "Liksom nedlagt").unwrap();
    scene.world.register_sender(&other, |avsender| avsender.active = false).await.unwrap();
    let token = scene.world.authorization(&other).await.unwrap();
    let message = scene.world.seal(&other, "m", scene.bundle(Era::V0_9_4).to_string().as_bytes()).unwrap();
    scene.refuses_with(Some(&token), message, 400, "LMR-2021").await;
}

#[tokio::test]
async fn a_token_of_another_organisation_than_the_message() {
    let scene = scene().await;
    let other = scene.world.add_sender(&organisation_number(2), "Liksom nabo", None).await.unwrap();
    let token = scene.world.authorization(&other).await.unwrap();
    scene.refuses_with(Some(&token), scene.message(), 400, "LMR-2022").await;
    // The other way round too: the message claims to come from the neighbour.
    let claimed = with(&scene.message(), "senderOrganizationIdentifier", &organisation_number(2));
    scene.refuses(claimed.clone(), 400, "LMR-2022").await;
    // And with the neighbour's token the certificate is not the neighbour's.
    scene.refuses_with(Some(&token), claimed, 400, "LMR-2030").await;
}

#[tokio::test]
async fn a_signing_certificate_that_is_not_registered() {
    let scene = scene().await;
    let mut sender = scene.sender.clone();
    let order = Order::new(&organisation_number(1), "Liksom sykehus", scene.world.now());
    sender.certificate = scene.world.ca().enterprise(&order).unwrap();
    let bundle = scene.bundle(Era::V0_9_4).to_string();
    let message = scene.world.seal(&sender, &scene.message_id(), bundle.as_bytes()).unwrap();
    scene.refuses(message.clone(), 400, "LMR-2030").await;
    // Registered beside the old one it works, and the old one still does.
    let new = lmr_envelope::Certificate::from_der(&sender.certificate.certificate_der).unwrap();
    let add = |avsender: &mut lmr_intake::Avsender| {
        avsender.certificates.push(RegisteredCertificate { certificate: new, from: None, until: None });
    };
    scene.world.register_sender(&scene.sender, add).await.unwrap();
    scene.clock.advance_seconds(6);
    assert_eq!(scene.post(message).await.status, 200);
    scene.next_works().await;
}

#[tokio::test]
async fn a_signing_certificate_before_and_after_its_time() {
    let scene = scene().await;
    let made = scene.world.now();
    let base = Order::new(&organisation_number(2), "Liksom annen", made);
    let hour = jiff::SignedDuration::from_hours(1);
    for (order, sealed_at, code) in [
        (Order { not_after: made - hour, ..base.clone() }, made - hour - hour, "LMR-2031"),
        (Order { not_before: made + hour, ..base.clone() }, made + hour + hour, "LMR-2032"),
    ] {
        let mut other = scene.world.make_sender(&organisation_number(2), "Liksom annen").unwrap();
        other.certificate = scene.world.ca().enterprise(&order).unwrap();
        scene.world.register_sender(&other, |_| ()).await.unwrap();
        scene.clock.advance_seconds(6);
        let token = scene.world.authorization(&other).await.unwrap();
        let bundle = scene.bundle(Era::V0_9_4).to_string();
        // Sealed while the certificate was good, then said to be made now.
        let message = scene.world.seal_at(&other, &scene.message_id(), bundle.as_bytes(), sealed_at).unwrap();
        let now = made.to_string();
        let message = with(&message, "generatedAt", &now);
        let message = with(&message, "rapporteringTil", &now);
        let message = with(&message, "rapporteringFra", "2025-03-01T00:00:00Z");
        scene.refuses_with(Some(&token), message, 400, code).await;
    }
}

#[tokio::test]
async fn a_signature_that_does_not_fit() {
    let scene = scene().await;
    let message = scene.message();
    let mut content = ciphertext(&message);
    content[0] ^= 1;
    scene.refuses(with(&message, "encryptedContent", &STANDARD.encode(&content)), 400, "LMR-2040").await;
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
    let wrong_content = signed_anew(&scene, &message, &content);
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
    let scene = scene_with(|plan| plan.intake = Settings { limits: small, ..Settings::default() }).await;
    let padding = " 0123456789abcdef\n".repeat(20_000);
    scene.refuses(scene.sealed(padding.as_bytes()), 413, "LMR-2062").await;
    let mut noise = vec![0; 120_000];
    SystemRandom.fill(&mut noise).unwrap();
    scene.refuses(scene.sealed(&noise), 413, "LMR-2061").await;
}

// ---- content ----------------------------------------------------------------------------------

#[tokio::test]
async fn content_that_is_no_bundle() {
    let scene = scene().await;
    let mut collection = scene.bundle(Era::V0_9_4);
    collection["type"] = json!("collection");
    let mut empty = scene.bundle(Era::V0_9_4);
    empty["entry"] = json!([]);
    let deep = format!("{{\"resourceType\":\"Bundle\",\"x\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    for (content, status, code) in [
        (b"\xff\xfe\xfd".to_vec(), 400, "LMR-3001"),
        (b"<Bundle/>".to_vec(), 400, "LMR-3002"),
        (deep.into_bytes(), 400, "LMR-3004"),
        (b"{\"a\":1}".to_vec(), 400, "LMR-3010"),
        (b"{\"resourceType\":\"Patient\"}".to_vec(), 400, "LMR-3011"),
        (collection.to_string().into_bytes(), 400, "LMR-3012"),
        (empty.to_string().into_bytes(), 400, "LMR-3014"),
    ] {
        scene.refuses(scene.sealed(&content), status, code).await;
    }
}

#[tokio::test]
async fn a_bundle_of_a_type_that_was_not_agreed() {
    let scene = scene().await;
    let pin = |avsender: &mut lmr_intake::Avsender| avsender.rule_set = Some(RuleSetPin::Lmdi094);
    scene.world.register_sender(&scene.sender, pin).await.unwrap();
    let bundle = scene.bundle(Era::V1_1_2).to_string();
    scene.refuses(scene.sealed(bundle.as_bytes()), 400, "LMR-3013").await;
}

#[tokio::test]
async fn a_bundle_with_too_many_entries() {
    let scene = scene_with(|plan| plan.intake = Settings { entries: 200, ..Settings::default() }).await;
    let large = Hospital::new(Era::V0_9_4, 99, date(2025, 3, 1), 200);
    let bundle = scene.bundle_of(&large).to_string();
    scene.refuses(scene.sealed(bundle.as_bytes()), 413, "LMR-3015").await;
}

/// The codes of each entry's outcome.
fn codes(answer: &Answer) -> Vec<Vec<String>> {
    let json = answer.json();
    let entries = json["entry"].as_array().unwrap_or_else(|| panic!("{json}"));
    entries
        .iter()
        .map(|entry| {
            let issues = entry["response"]["outcome"]["issue"].as_array().cloned().unwrap_or_default();
            issues
                .iter()
                .filter_map(|issue| issue["details"]["coding"][0]["code"].as_str().map(str::to_owned))
                .collect()
        })
        .collect()
}

/// In a batch the changed entry is refused with the code while others are stored; in a transaction
/// nothing is. `change` spoils the entry with the index it returns.
async fn refuses_entry(scene: &Scene, era: Era, change: impl Fn(&mut Value) -> usize, code: &str) {
    let mut bundle = scene.bundle(era);
    let index = change(&mut bundle);
    let before = scene.stored().await;
    let answer = scene.post(scene.sealed(bundle.to_string().as_bytes())).await;
    let statuses = answer.entry_statuses();
    assert_eq!(statuses.len(), bundle["entry"].as_array().unwrap().len(), "{}", answer.json());
    assert!(statuses[index].starts_with("422"), "{era:?} {code}: {}", answer.json()["entry"][index]);
    assert!(
        codes(&answer)[index].iter().any(|known| known == code),
        "{era:?} {code}: {:?}",
        codes(&answer)[index]
    );
    let stored = statuses.iter().filter(|status| status.starts_with("20")).count();
    match era {
        Era::V0_9_4 => {
            assert_eq!(answer.status, 200);
            assert!(stored > 0, "the correct entries are stored: {statuses:?}");
        }
        Era::V1_1_2 => {
            assert_eq!(answer.status, 400);
            assert_eq!(stored, 0, "{statuses:?}");
            assert!(statuses.iter().all(|status| status.starts_with("422") || status.starts_with("424")));
        }
    }
    // The answer itself is remembered in both cases, for a resend.
    assert_eq!(scene.stored().await, before + 1);
    scene.next_works().await;
}

/// The index of the first entry of a kind.
fn find(bundle: &Value, kind: &str) -> usize {
    let entries = bundle["entry"].as_array().unwrap();
    entries.iter().position(|entry| entry["resource"]["resourceType"] == kind).unwrap()
}

#[tokio::test]
async fn an_entry_with_put_instead_of_post() {
    let scene = scene().await;
    for era in [Era::V0_9_4, Era::V1_1_2] {
        let put = |bundle: &mut Value| {
            let index = find(bundle, "MedicationAdministration");
            bundle["entry"][index]["request"]["method"] = json!("PUT");
            index
        };
        refuses_entry(&scene, era, put, "LMR-3022").await;
    }
}

#[tokio::test]
async fn an_entry_of_a_kind_that_the_register_does_not_take() {
    let scene = scene().await;
    for era in [Era::V0_9_4, Era::V1_1_2] {
        let observation = |bundle: &mut Value| {
            let entries = bundle["entry"].as_array_mut().unwrap();
            entries.push(json!({
                "fullUrl": "urn:uuid:c0c1c2c3-c4c5-46c7-88c9-c0c1c2c3c4c5",
                "resource": {"resourceType": "Observation", "status": "final", "code": {"text": "x"}},
                "request": {"method": "POST", "url": "Observation"},
            }));
            entries.len() - 1
        };
        refuses_entry(&scene, era, observation, "LMR-3023").await;
    }
}

#[tokio::test]
async fn a_reference_to_nothing() {
    let scene = scene().await;
    for era in [Era::V0_9_4, Era::V1_1_2] {
        let dangle = |bundle: &mut Value| {
            let index = find(bundle, "MedicationAdministration");
            bundle["entry"][index]["resource"]["subject"]["reference"] =
                json!("urn:uuid:00000000-0000-4000-8000-000000000000");
            index
        };
        refuses_entry(&scene, era, dangle, "LMR-3030").await;
    }
}

#[tokio::test]
async fn a_faulty_resource_among_correct_ones() {
    // A reference to what is nowhere in the export is the sender's to find: it is relative, and a
    // bundle may refer to what the register has. `a_reference_to_nothing` is about the bundle's own.
    let faults = Fault::ALL.into_iter().filter(|fault| *fault != Fault::DanglingMedication);
    for era in [Era::V0_9_4, Era::V1_1_2] {
        for fault in faults.clone() {
            let scene = scene().await;
            let mut hospital = scene.hospital(era);
            let name = hospital.add_faulty(date(2025, 3, 1), fault);
            let bundle = scene.bundle_of(&hospital);
            let answer = scene.post(scene.sealed(bundle.to_string().as_bytes())).await;
            let statuses = answer.entry_statuses();
            let index = hospital
                .resources()
                .iter()
                .position(|resource| {
                    format!(
                        "{}/{}",
                        resource["resourceType"].as_str().unwrap(),
                        resource["id"].as_str().unwrap()
                    ) == name
                })
                .unwrap();
            let entry = &answer.json()["entry"][index];
            assert!(statuses[index].starts_with("422"), "{era:?} {fault:?}: {entry}");
            let refused = statuses.iter().filter(|status| status.starts_with("422")).count();
            assert_eq!(refused, 1, "{era:?} {fault:?}: {statuses:?}");
            assert_eq!(answer.status, if era == Era::V0_9_4 { 200 } else { 400 });
            // Corrected, it is taken: in the batch as the one thing that is new with what needs it.
            assert!(hospital.fix(&name));
            let corrected = scene.bundle_of(&hospital).to_string();
            let answer = scene.post(scene.sealed(corrected.as_bytes())).await;
            assert_eq!(answer.status, 200, "{era:?} {fault:?}: {}", answer.json());
            let statuses = answer.entry_statuses();
            assert!(statuses[index].starts_with("201"), "{era:?} {fault:?}: {statuses:?}");
        }
    }
}

#[tokio::test]
async fn no_answer_repeats_an_identity_number() {
    let scene = scene().await;
    let mut hospital = scene.hospital(Era::V0_9_4);
    for fault in Fault::ALL {
        hospital.add_faulty(date(2025, 3, 1), fault);
    }
    let answer = scene.post(scene.sealed(scene.bundle_of(&hospital).to_string().as_bytes())).await;
    let text = String::from_utf8(answer.body.clone()).unwrap();
    let mut numbers = 0;
    for resource in hospital.resources().iter().filter(|resource| resource["resourceType"] == "Patient") {
        for identifier in resource["identifier"].as_array().unwrap() {
            let value = identifier["value"].as_str().unwrap();
            if value.len() == 11 {
                numbers += 1;
                assert!(!text.contains(value));
            }
        }
    }
    assert!(numbers > 0);
}

// ---- replays ----------------------------------------------------------------------------------

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
    let other_path = scene.world.post("/api/v1", Some(&scene.token().await), message).await.unwrap();
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
    let seal = |bundle: Value| scene.world.seal(&scene.sender, &id, bundle.to_string().as_bytes()).unwrap();
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

// ---- checking only ----------------------------------------------------------------------------

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
async fn a_bare_bundle_is_judged_without_credentials() {
    let scene = scene().await;
    let path = "/fhirmottak/v1/validateLegemiddelregisterBundle";
    let post =
        async |bundle: &Value| scene.world.post(path, None, bundle.to_string().into_bytes()).await.unwrap();
    let answer = post(&scene.bundle(Era::V1_1_2)).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(answer.json()["resourceType"], "OperationOutcome");
    let mut hospital = scene.hospital(Era::V1_1_2);
    hospital.add_faulty(date(2025, 3, 1), Fault::AdministrationStatus);
    let answer = post(&scene.bundle_of(&hospital)).await;
    assert_eq!(answer.status, 400);
    let issues = answer.json()["issue"].as_array().unwrap().clone();
    assert!(issues.iter().any(|issue| issue["severity"] == "error"), "{issues:?}");
    assert_refusal(&post(&json!({"a": 1})).await, 400, "LMR-3010");
    assert_eq!(scene.stored().await, 0);
}
