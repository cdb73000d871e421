//! The receiver at its border, on a real store: what is taken, what is refused and why, and what is kept.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::synthetic::{self as world, REGISTER, SENDER, now, world};
use lmr_envelope::{Header, Limits, RandomSource, SystemRandom, Trust, primitives, seal};
use lmr_intake::{
    AllowList, Answer, Avsender, AvsenderError, AvsenderRecord, Caller, CertificateRecord,
    Committed, Counts, Delivery, DeliveryFilter, Material, MessageHead, OrganisationNumber,
    Outcome, Parts, Receiver, RegisteredCertificate, Rejection, Reply, RuleSetId, Settings, Store,
};
use lmr_lmdi::codes::Code;
use lmr_storage::{SqliteStore, StorageKey};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tempfile::TempDir;

/// Synthetic people: 80 is added to the month.
const PEOPLE: [&str; 4] = ["13866510282", "13866510363", "13866510444", "13866510525"];

struct Setup {
    receiver: Receiver,
    store: SqliteStore,
    folder: TempDir,
}

fn org(number: &str) -> OrganisationNumber {
    OrganisationNumber::parse(number).unwrap()
}

fn avsender() -> Avsender {
    let registered = |pair: &world::Pair| RegisteredCertificate {
        certificate: pair.certificate(),
        from: None,
        until: None,
    };
    Avsender {
        organisation: org(SENDER),
        name: "Oppdiktet sykehus".into(),
        active: true,
        certificates: vec![registered(&world().sender)],
        addresses: AllowList::parse(["192.0.2.0/24"]).unwrap(),
        rule_set: None,
        start_date: None,
    }
}

fn parts(store: &SqliteStore) -> Parts {
    Parts {
        store: Arc::new(store.clone()),
        keys: world().register.decrypting(),
        trust: None,
        avsendere: vec![avsender()],
        settings: Settings::default(),
    }
}

async fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("lmr.db"), StorageKey::new(&[7; 32])).await.unwrap()
}

async fn place_with(change: impl FnOnce(&mut Parts)) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut parts = parts(&store);
    change(&mut parts);
    Setup { receiver: Receiver::new(parts), store, folder }
}

async fn place() -> Setup {
    place_with(|_| ()).await
}

fn caller() -> Caller {
    Caller {
        organisation: org(SENDER),
        client_id: "klient".into(),
        profile: "helseid".into(),
        address: Some("192.0.2.7".parse().unwrap()),
    }
}

impl Setup {
    async fn receive_as(&self, caller: &Caller, body: Vec<u8>) -> Result<Reply, Rejection> {
        self.receiver.receive(caller, body, now(), Arc::new(SystemRandom)).await
    }

    /// Receives what must be taken.
    async fn takes(&self, body: Vec<u8>) -> Reply {
        match self.receive(body).await {
            Ok(reply) => reply,
            Err(rejection) => {
                panic!("{rejection}: {:?} {:?}", rejection.location(), rejection.findings())
            }
        }
    }

    async fn receive(&self, body: Vec<u8>) -> Result<Reply, Rejection> {
        self.receive_as(&caller(), body).await
    }

    async fn refuses(&self, body: Vec<u8>, code: Code) {
        self.refuses_from(&caller(), body, code).await;
    }

    /// Refused with this code; afterwards no more is stored than before, and a correct message works.
    async fn refuses_from(&self, caller: &Caller, body: Vec<u8>, code: Code) {
        let before = self.messages().await;
        let refused = self.receive_as(caller, body.clone()).await;
        assert_eq!(refused.err().map(|r| r.code()), Some(code));
        assert_eq!(self.messages().await, before, "{code}: something was stored");
        let checked = self.receiver.check(caller, body, now(), Arc::new(SystemRandom)).await;
        assert_eq!(checked.err().map(|r| r.code()), Some(code), "check and receive disagree");
    }

    async fn messages(&self) -> usize {
        self.store
            .deliveries(&DeliveryFilter { limit: 1000, ..Default::default() })
            .await
            .unwrap()
            .len()
    }
}

fn patient(number: &str, gender: &str) -> Value {
    json!({
        "resourceType": "Patient",
        "meta": {"profile": ["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-patient"]},
        "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": number}],
        "gender": gender,
        "birthDate": "1965-06-13"
    })
}

fn uuid(n: usize) -> String {
    format!("urn:uuid:0b1ef1c6-3d10-4f5c-8f0d-{n:012}")
}

fn bundle_of(kind: &str, identifier: &str, resources: &[Value]) -> Vec<u8> {
    let entry: Vec<Value> = resources
        .iter()
        .enumerate()
        .map(|(n, resource)| {
            json!({"fullUrl": uuid(n), "resource": resource,
                   "request": {"method": "POST", "url": resource["resourceType"]}})
        })
        .collect();
    let bundle = json!({
        "resourceType": "Bundle",
        "meta": {"profile": ["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-bundle"]},
        "identifier": {"system": "urn:oid:2.16.578.1.34.99", "value": identifier},
        "type": kind,
        "timestamp": "2025-03-14T07:30:00+01:00",
        "entry": entry
    });
    serde_json::to_vec(&bundle).unwrap()
}

fn batch(identifier: &str, resources: &[Value]) -> Vec<u8> {
    bundle_of("batch", identifier, resources)
}

fn header(message_id: &str) -> Header<'_> {
    Header { message_id, ..world::header() }
}

fn sealed(message_id: &str, content: &[u8]) -> Vec<u8> {
    let world = world();
    seal(
        content,
        &header(message_id),
        &world.register.certificate(),
        &world.sender.signing(),
        &SystemRandom,
    )
    .unwrap()
}

fn simple(message_id: &str) -> Vec<u8> {
    sealed(message_id, &batch(message_id, &[patient(PEOPLE[0], "female")]))
}

fn changed(message: &[u8], change: impl FnOnce(&mut Map<String, Value>)) -> Vec<u8> {
    let mut members: Map<String, Value> = serde_json::from_slice(message).unwrap();
    change(&mut members);
    serde_json::to_vec(&members).unwrap()
}

fn set(member: &str, value: &str) -> impl FnOnce(&mut Map<String, Value>) {
    move |members| drop(members.insert(member.to_owned(), value.into()))
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.answer.body).unwrap()
}

fn statuses(reply: &Reply) -> Vec<String> {
    let json = json_of(reply);
    let entries = json["entry"].as_array().unwrap();
    entries.iter().map(|e| e["response"]["status"].as_str().unwrap()[..3].to_owned()).collect()
}

#[tokio::test]
async fn a_message_is_stored_and_answered_entry_by_entry() {
    let place = place().await;
    let people: Vec<Value> = PEOPLE[..2].iter().map(|number| patient(number, "female")).collect();
    let reply = place.takes(sealed("m1", &batch("b1", &people))).await;
    assert_eq!(
        (reply.answer.outcome, reply.repeated, reply.message_id.as_deref()),
        (Outcome::Accepted, false, Some("m1"))
    );
    assert_eq!(reply.answer.counts, Counts { entries: 2, created: 2, ..Counts::default() });
    let json = json_of(&reply);
    assert_eq!(
        (&json["type"], &json["identifier"]["value"]),
        (&"batch-response".into(), &"m1".into())
    );
    assert_eq!(statuses(&reply), ["201", "201"]);
    assert_eq!(json["entry"][1]["fullUrl"], uuid(1));
    let location = json["entry"][0]["response"]["location"].as_str().unwrap();
    let id = location.strip_prefix("Patient/").unwrap().strip_suffix("/_history/1").unwrap();
    let history = place.store.history("Patient", id).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&history[0].content).unwrap(), people[0]);
    let text = String::from_utf8(reply.answer.body).unwrap();
    assert!(!text.contains(PEOPLE[0]), "the answer repeats an identity number");
}

#[tokio::test]
async fn a_resend_gets_the_same_bytes_also_after_a_restart() {
    let place = place().await;
    let message = simple("m1");
    let first = place.takes(message.clone()).await;
    let again = place.takes(message.clone()).await;
    assert!(
        again.repeated
            && again.answer.body == first.answer.body
            && again.answer.counts == first.answer.counts
    );
    place.store.close().await;
    let store = open(&place.folder).await;
    let later = now() + SignedDuration::from_hours(3);
    let receiver = Receiver::new(parts(&store));
    let again = receiver.receive(&caller(), message, later, Arc::new(SystemRandom)).await.unwrap();
    assert!(again.repeated && again.answer.body == first.answer.body);
}

#[tokio::test]
async fn a_changed_resource_becomes_a_version_and_an_unchanged_one_does_not() {
    let place = place().await;
    let send = async |id: &str, gender: &str| {
        let people = [patient(PEOPLE[0], "female"), patient(PEOPLE[1], gender)];
        place.takes(sealed(id, &batch(id, &people))).await
    };
    let first = send("m1", "male").await;
    let second = send("m2", "other").await;
    assert_eq!(
        second.answer.counts,
        Counts { entries: 2, updated: 1, unchanged: 1, ..Counts::default() }
    );
    assert_eq!(statuses(&second), ["200", "200"]);
    let location =
        |reply: &Reply, n: usize| json_of(reply)["entry"][n]["response"]["location"].clone();
    assert_eq!(location(&first, 0), location(&second, 0));
    let changed = location(&second, 1);
    let id = changed
        .as_str()
        .unwrap()
        .strip_prefix("Patient/")
        .unwrap()
        .strip_suffix("/_history/2")
        .unwrap();
    let history = place.store.history("Patient", id).await.unwrap();
    let messages: Vec<_> = history.iter().map(|v| v.message_id.as_str()).collect();
    assert_eq!(messages, ["m1", "m2"]);
    // Back to what it was: a version of its own, not the old one.
    assert_eq!(send("m3", "male").await.answer.counts.updated, 1);
}

#[tokio::test]
async fn in_a_batch_a_faulty_entry_falls_alone_and_takes_what_needs_it() {
    let place = place().await;
    let wrong_number = "13866510283";
    let episode = |n: usize| {
        json!({"resourceType": "Condition", "identifier": [{"system": "urn:test", "value": n.to_string()}],
               "subject": {"reference": uuid(n)},
               "code": {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": "A00"}]}})
    };
    let resources =
        [patient(wrong_number, "female"), patient(PEOPLE[1], "male"), episode(0), episode(1)];
    let reply = place.takes(sealed("m1", &batch("b1", &resources))).await;
    assert_eq!(statuses(&reply)[..3], ["422", "201", "424"]);
    assert_eq!(reply.answer.outcome, Outcome::Accepted);
    assert_eq!((reply.answer.counts.refused, reply.answer.counts.dependent), (1, 1));
    // The corrected patient comes in a later transfer.
    let resources = [patient(PEOPLE[0], "female"), episode(0)];
    let reply = place.takes(sealed("m2", &batch("b2", &resources))).await;
    assert_eq!(statuses(&reply)[0], "201");
}

#[tokio::test]
async fn a_transaction_is_taken_as_a_whole_or_not_at_all() {
    let place = place().await;
    let faulty = [patient(PEOPLE[0], "female"), patient("13866510283", "male")];
    let message = sealed("m1", &bundle_of("transaction", "b1", &faulty));
    let refused = place.takes(message.clone()).await;
    assert_eq!(refused.answer.outcome, Outcome::Refused);
    assert_eq!(statuses(&refused), ["424", "422"]);
    assert_eq!(
        refused.answer.counts,
        Counts { entries: 2, refused: 1, dependent: 1, ..Counts::default() }
    );
    let again = place.takes(message).await;
    assert!(
        again.repeated
            && again.answer.outcome == Outcome::Refused
            && again.answer.body == refused.answer.body
    );
    // Corrected, the bundle may keep its identifier; nothing of the refused one was kept.
    let right = [patient(PEOPLE[0], "female"), patient(PEOPLE[1], "male")];
    let taken = place.takes(sealed("m2", &bundle_of("transaction", "b1", &right))).await;
    assert_eq!(taken.answer.outcome, Outcome::Accepted, "{}", json_of(&taken));
    assert_eq!(statuses(&taken), ["201", "201"]);
    assert_eq!(json_of(&taken)["type"], "transaction-response");
    place
        .refuses(
            sealed("m3", &bundle_of("transaction", "b1", &right)),
            Code::BundleIdentifierReused,
        )
        .await;
}

#[tokio::test]
async fn replays_are_refused_each_with_its_own_code() {
    let place = place().await;
    let first = simple("m1");
    place.takes(first.clone()).await;
    place.refuses(changed(&first, set("messageId", "m2")), Code::ContentReplayed).await;
    place
        .refuses(sealed("m1", &batch("b2", &[patient(PEOPLE[1], "male")])), Code::MessageIdReused)
        .await;
    place
        .refuses(
            sealed("m3", &batch("m1", &[patient(PEOPLE[1], "male")])),
            Code::BundleIdentifierReused,
        )
        .await;
    assert_eq!(place.messages().await, 1);
    // Checking a message that was delivered is not a replay.
    let checked =
        place.receiver.check(&caller(), first, now(), Arc::new(SystemRandom)).await.unwrap();
    assert_eq!((checked.answer.outcome, checked.repeated), (Outcome::Accepted, false));
}

#[tokio::test]
async fn every_fault_of_the_envelope_has_its_code() {
    let place = place().await;
    let cases: Vec<(&str, &str, Code)> = vec![
        ("messageFormatVersion", "2.0", Code::EnvelopeVersionUnsupported),
        ("messageId", "", Code::EnvelopeMemberMissing),
        ("messageId", "\t", Code::EnvelopeMessageIdInvalid),
        ("senderOrganizationIdentifier", "ti", Code::EnvelopeSenderInvalid),
        ("encryptedContent", "*", Code::EnvelopeBase64Invalid),
        ("nonce", "AAAA", Code::EnvelopeNonceInvalid),
        ("authenticationTag", "AAAA", Code::EnvelopeTagInvalid),
        ("signatureCertificateThumbprint", "12", Code::EnvelopeThumbprintInvalid),
        ("generatedAt", "nå", Code::EnvelopeTimeInvalid),
        ("rapporteringFra", "2025-03-14T01:30:00Z", Code::EnvelopePeriodReversed),
        ("generatedAt", "2025-03-14T07:05:01Z", Code::EnvelopeInFuture),
        ("rapporteringTil", "2025-03-15T00:00:00Z", Code::EnvelopeInFuture),
    ];
    for (member, value, code) in cases {
        place.refuses(changed(&simple("m1"), set(member, value)), code).await;
    }
    place.refuses(b"not json".to_vec(), Code::EnvelopeNotJson).await;
    place.refuses(b"[]".to_vec(), Code::EnvelopeNotJson).await;
    place
        .refuses(
            changed(&simple("m1"), |m| drop(m.insert("NONCE".into(), "".into()))),
            Code::EnvelopeMemberDuplicate,
        )
        .await;
    place
        .refuses(
            changed(&simple("m1"), |m| drop(m.insert("nonce".into(), 1.into()))),
            Code::EnvelopeMemberWrongType,
        )
        .await;
    let rejection =
        place.receive(changed(&simple("m1"), set("nonce", "AAAA"))).await.err().unwrap();
    assert_eq!(rejection.location().expression.as_deref(), Some("nonce"));
    let edge = changed(&simple("m1"), set("generatedAt", "2025-03-14T07:05:00Z"));
    assert_eq!(place.takes(edge).await.answer.counts.created, 1);
}

#[tokio::test]
async fn every_doubt_about_the_sender_has_its_code() {
    let place = place().await;
    place
        .refuses(
            changed(&simple("m1"), set("senderOrganizationIdentifier", REGISTER)),
            Code::SenderUnknown,
        )
        .await;
    let foreign = Caller { organisation: org(REGISTER), ..caller() };
    place.refuses_from(&foreign, simple("m1"), Code::OrganisationMismatch).await;
    let elsewhere = Caller { address: Some("198.51.100.1".parse().unwrap()), ..caller() };
    place.refuses_from(&elsewhere, simple("m1"), Code::AddressNotAllowed).await;
    let other = world().stranger.certificate().thumbprint().to_string();
    place
        .refuses(
            changed(&simple("m1"), set("signatureCertificateThumbprint", &other)),
            Code::CertificateUnknown,
        )
        .await;
    place
        .refuses(
            changed(&simple("m1"), set("signature", &STANDARD.encode([7; 256]))),
            Code::SignatureInvalid,
        )
        .await;
    place.takes(simple("m1")).await;

    let inactive = place_with(|parts| parts.avsendere[0].active = false).await;
    inactive.refuses(simple("m1"), Code::SenderInactive).await;

    let ended = |parts: &mut Parts| {
        parts.avsendere[0].certificates[0].until = Some(now() - SignedDuration::from_secs(1))
    };
    place_with(ended).await.refuses(simple("m1"), Code::CertificateExpired).await;
    let early = |parts: &mut Parts| {
        parts.avsendere[0].certificates[0].from = Some(now() + SignedDuration::from_secs(1))
    };
    place_with(early).await.refuses(simple("m1"), Code::CertificateNotYetValid).await;
    let wrong = |parts: &mut Parts| {
        parts.avsendere[0].organisation = org(REGISTER);
        // Somebody registered the sender's certificate for another organisation.
        parts
            .avsendere
            .push(Avsender { certificates: parts.avsendere[0].certificates.clone(), ..avsender() });
        parts.avsendere[1].certificates[0].certificate = world().register.certificate();
    };
    let message = changed(
        &simple("m1"),
        set(
            "signatureCertificateThumbprint",
            &world().register.certificate().thumbprint().to_string(),
        ),
    );
    place_with(wrong).await.refuses(message, Code::CertificateOrganisationMismatch).await;
    let strict = |parts: &mut Parts| {
        let other = world::Authority::new("En annen CA");
        parts.trust = Some(Trust::from_pem(other.pem.as_bytes()).unwrap());
    };
    place_with(strict).await.refuses(simple("m1"), Code::CertificateChainUntrusted).await;
    let chained = |parts: &mut Parts| {
        parts.trust = Some(Trust::from_pem(world().authority.pem.as_bytes()).unwrap());
    };
    place_with(chained).await.receive(simple("m1")).await.unwrap();
}

#[tokio::test]
async fn every_fault_of_encryption_and_content_has_its_code() {
    let place = place().await;
    let world = world();
    let other = world.stranger.certificate().thumbprint().to_string();
    place
        .refuses(
            changed(&simple("m1"), set("encryptionCertificateThumbprint", &other)),
            Code::EncryptionCertificateUnknown,
        )
        .await;
    place
        .refuses(changed(&simple("m1"), set("encryptedKey", "AAAA")), Code::DecryptionFailed)
        .await;
    place
        .refuses(changed(&simple("m1"), set("nonce", "AAAAAAAAAAAAAAAA")), Code::DecryptionFailed)
        .await;
    place.refuses(sealed("m1", &vec![b' '; 10 << 20]), Code::CompressionRatioTooHigh).await;
    place.refuses(sealed("m1", b"\xff\xfe"), Code::ContentNotUtf8).await;
    place.refuses(sealed("m1", b"{"), Code::ContentNotJson).await;
    place.refuses(sealed("m1", b"{}"), Code::ContentNotFhir).await;
    place.refuses(sealed("m1", br#"{"resourceType":"Patient"}"#), Code::ContentNotBundle).await;
    let message = sealed("m1", &bundle_of("message", "b", &[patient(PEOPLE[0], "male")]));
    place.refuses(message, Code::BundleTypeWrong).await;
    let rejection =
        place.receive(sealed("m1", &bundle_of("message", "b", &[]))).await.err().unwrap();
    assert_eq!(rejection.location().expression.as_deref(), Some("Bundle.type"));
    assert!(rejection.location().line_column.is_some());

    let narrow = |parts: &mut Parts| {
        parts.settings.entries = 1;
        parts.settings.depth = 8;
        parts.settings.limits =
            Limits { body: 13_000, compressed: 6000, inflated: 3000, ratio: 200 };
    };
    let place = place_with(narrow).await;
    let two = batch("b", &[patient(PEOPLE[0], "male"), patient(PEOPLE[1], "male")]);
    place.refuses(sealed("m1", &two), Code::BundleTooManyEntries).await;
    place
        .refuses(sealed("m1", &[&[b'['; 9][..], &[b']'; 9][..]].concat()), Code::JsonTooDeep)
        .await;
    let mut noise = vec![0; 12_000];
    SystemRandom.fill(&mut noise).unwrap();
    place.refuses(sealed("m1", &noise[..4000]), Code::InflatedTooLarge).await;
    place.refuses(sealed("m1", &noise[..8000]), Code::CompressedTooLarge).await;
    place.refuses(sealed("m1", &noise), Code::BodyTooLarge).await;
    place.takes(simple("m1")).await;
}

#[tokio::test]
async fn content_that_does_not_inflate_is_distinguished_from_content_that_does_not_decrypt() {
    let place = place().await;
    let world = world();
    // A sender that forgot to compress: sealed by hand.
    let (key, nonce) = ([1; 32], [2; 12]);
    let mut content = b"{\"resourceType\":\"Bundle\"}".to_vec();
    let tag = primitives::aes_seal(&key, nonce, &[], &mut content).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content);
    let register = world.register.certificate();
    let spki = x509_public_key(register.der());
    let message = changed(&simple("m1"), |m| {
        let mut put =
            |name: &str, bytes: &[u8]| drop(m.insert(name.into(), STANDARD.encode(bytes).into()));
        put("encryptedContent", &content);
        put("encryptedKey", &primitives::oaep_encrypt(&spki, &key).unwrap());
        put("nonce", &nonce);
        put("authenticationTag", &tag);
        put("signature", &primitives::sign(&world.sender.private_key(), &digest).unwrap());
    });
    place.refuses(message, Code::CompressionInvalid).await;
}

/// SubjectPublicKeyInfo of a certificate: the one SEQUENCE that starts with RSA's algorithm identifier.
fn x509_public_key(der: &[u8]) -> Vec<u8> {
    let rsa =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let at = der.windows(rsa.len()).position(|window| window == rsa).unwrap() - 4;
    let len = usize::from(der[at + 2]) << 8 | usize::from(der[at + 3]);
    der[at..at + 4 + len].to_vec()
}

#[tokio::test]
async fn a_sender_bound_to_a_rule_set_may_not_use_the_other() {
    let place = place_with(|parts| parts.avsendere[0].rule_set = Some(RuleSetId::Lmdi112)).await;
    place.refuses(simple("m1"), Code::BundleTypeNotAgreed).await;
}

#[tokio::test]
async fn checking_stores_nothing_and_remembers_nothing() {
    let place = place().await;
    let message = simple("m1");
    let checked = place
        .receiver
        .check(&caller(), message.clone(), now(), Arc::new(SystemRandom))
        .await
        .unwrap();
    assert_eq!(
        (checked.answer.outcome, statuses(&checked)),
        (Outcome::Accepted, vec!["200".to_owned()])
    );
    assert_eq!(checked.answer.counts, Counts { entries: 1, ..Counts::default() });
    assert_eq!(place.messages().await, 0);
    let stored = place.takes(message).await;
    assert_eq!((stored.repeated, stored.answer.counts.created), (false, 1));
}

#[tokio::test]
async fn a_bare_bundle_is_answered_with_an_operation_outcome() {
    let place = place().await;
    let check = async |content: Vec<u8>| place.receiver.check_bundle(content, now()).await;
    let good = check(batch("b", &[patient(PEOPLE[0], "male")])).await.unwrap();
    assert_eq!(
        (good.answer.outcome, &json_of(&good)["resourceType"]),
        (Outcome::Accepted, &"OperationOutcome".into()),
        "{}",
        json_of(&good)
    );
    let bad = check(batch("b", &[patient("13866510283", "male")])).await.unwrap();
    assert_eq!((bad.answer.outcome, bad.answer.counts.refused), (Outcome::Refused, 1));
    let issues = json_of(&bad)["issue"].to_string();
    assert!(issues.contains("LMR-6002") && !issues.contains("13866510283"), "{issues}");
    assert_eq!(check(b"{}".to_vec()).await.err().map(|r| r.code()), Some(Code::ContentNotFhir));
    assert_eq!(place.messages().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_at_once_that_change_the_same_resource_are_all_stored_in_some_order() {
    let place = Arc::new(place().await);
    let mut tasks = Vec::new();
    for n in 0..8 {
        let place = Arc::clone(&place);
        tasks.push(tokio::spawn(async move {
            let mut person = patient(PEOPLE[0], "female");
            person["address"] = json!([{"postalCode": format!("{:04}", 1000 + n)}]);
            let id = format!("m{n}");
            place.takes(sealed(&id, &batch(&id, &[person]))).await
        }));
    }
    let mut versions = Vec::new();
    for task in tasks {
        let reply = task.await.unwrap();
        let etag = json_of(&reply)["entry"][0]["response"]["etag"].clone();
        versions.push(etag.as_str().unwrap().to_owned());
    }
    versions.sort();
    assert_eq!(versions, (1..=8).map(|n| format!("W/\"{n}\"")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b9_forty_messages_at_once_of_one_resource_are_all_answered() {
    let place = Arc::new(place().await);
    let mut tasks = Vec::new();
    for n in 0..40 {
        let place = Arc::clone(&place);
        tasks.push(tokio::spawn(async move {
            let mut person = patient(PEOPLE[0], "female");
            person["address"] = json!([{"postalCode": format!("{:04}", 1000 + n)}]);
            let id = format!("m{n}");
            place.receive(sealed(&id, &batch(&id, &[person]))).await
        }));
    }
    let mut answered = 0;
    for task in tasks {
        answered += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(answered, 40);
}

#[tokio::test]
async fn b3_values_and_entries_shorter_than_those_of_fhir_are_refused_before_they_take_memory() {
    let place = place_with(|parts| parts.settings.limits.ratio = 10_000).await;
    let numbers = "0,".repeat(100_000);
    let many_values = format!(r#"{{"resourceType":"Bundle","type":"batch","x":[{numbers}0]}}"#);
    place.refuses(sealed("m1", many_values.as_bytes()), Code::JsonTooLarge).await;
    let entries = "{},".repeat(2_000);
    let many_entries =
        format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{entries}{{}}]}}"#);
    place.refuses(sealed("m1", many_entries.as_bytes()), Code::BundleTooManyEntries).await;
    place.takes(simple("m1")).await;
}

/// Only where the operator lets the JSON be deeper than the validator follows.
#[tokio::test]
async fn a_resource_deeper_than_is_followed_is_refused_alone() {
    let place = place_with(|parts| parts.settings.depth = 500).await;
    let mut item = json!({"linkId": "1"});
    for _ in 0..140 {
        item = json!({"linkId": "1", "item": [item]});
    }
    let mut person = patient(PEOPLE[0], "female");
    let deep =
        json!({"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]});
    person["contained"] = json!([deep]);
    let reply =
        place.takes(sealed("m1", &batch("b1", &[person, patient(PEOPLE[1], "male")]))).await;
    let answer = json_of(&reply);
    let codes = |n: usize| answer["entry"][n]["response"]["outcome"].to_string();
    assert!(codes(0).contains(Code::StepBudgetExhausted.as_str()), "{}", codes(0));
    assert_eq!(statuses(&reply)[0], "422");
    assert_eq!(statuses(&reply)[1], "201", "{}", codes(1));
}

#[tokio::test]
async fn b4_an_answer_stays_in_proportion_and_each_entry_keeps_its_first_fault() {
    let place = place().await;
    let mut faulty = patient(PEOPLE[0], "female");
    for n in 0..50 {
        faulty[format!("x{n}")] = json!(n);
    }
    // An id that is not a UUID would be reported with the first entry.
    let id = "0b1ef1c6-3d10-4f5c-8f0d-1c1d1e1f2a2b";
    let few = place.takes(sealed(id, &batch("b1", &[faulty.clone()]))).await;
    let outcome = json_of(&few)["entry"][0]["response"]["outcome"]["issue"].clone();
    let issues = outcome.as_array().unwrap();
    assert_eq!(issues.len(), 21, "twenty findings and how many more there are");
    assert!(issues[20]["details"]["text"].as_str().unwrap().contains("funn til er utelatt"));

    let many: Vec<Value> = (0..400).map(|_| faulty.clone()).collect();
    let content = batch("b2", &many);
    let reply = place.takes(sealed("m2", &content)).await;
    assert_eq!(reply.answer.counts.refused, 400);
    assert!(reply.answer.body.len() < 12 * content.len(), "{}", reply.answer.body.len());
    let json = json_of(&reply);
    for entry in json["entry"].as_array().unwrap() {
        let issue = &entry["response"]["outcome"]["issue"][0];
        assert_eq!(issue["severity"], "error", "{entry}");
        assert!(issue["details"]["coding"][0]["code"].as_str().unwrap().starts_with("LMR-"));
    }
    // Where there are very many, the last ones are brief; the sender reads them all the same.
    let many = vec![patient(PEOPLE[0], "ukjent kjønn"); 2_500];
    let reply = place.takes(sealed("m3", &batch("b3", &many))).await;
    let last = json_of(&reply)["entry"][2_499]["response"]["outcome"]["issue"].clone();
    assert!(last[0]["details"]["text"].is_null() && last[1].is_null(), "{last}");
    assert_eq!(last[0]["severity"], "error");
    let read = lmr_lmdi::response::read(&reply.answer.body).unwrap();
    let lmr_lmdi::response::Answer::Bundle { entries, .. } = read else { panic!("no bundle") };
    assert!(entries.iter().all(|entry| entry.issues.iter().any(|issue| issue.code.is_some())));
}

#[tokio::test]
async fn b4_a_large_answer_to_what_is_refused_whole_is_not_kept() {
    let place = place().await;
    let content = batch("b1", &vec![patient(PEOPLE[0], "ukjent kjønn"); 5_000]);
    let message = sealed("m1", &content);
    let first = place.takes(message.clone()).await;
    assert!(first.answer.body.len() > 1 << 20 && !first.is_kept && !first.repeated);
    assert_eq!((first.answer.counts.refused, place.messages().await), (5_000, 0));
    let again = place.takes(message).await;
    assert!(!again.repeated && again.answer.counts == first.answer.counts);
    // Its identifier and its message id are free, as nothing of it was taken.
    place.takes(sealed("m1", &batch("b1", &[patient(PEOPLE[0], "female")]))).await;
}

#[tokio::test]
async fn b4_a_correct_bundle_is_not_refused_for_the_number_of_its_notes() {
    let place = place().await;
    let person = |n: usize| {
        let mut person = patient(PEOPLE[0], "female");
        person["identifier"] =
            json!([{"system": "urn:oid:2.16.578.1.34.1", "value": n.to_string()}]);
        // A code that nobody can check gives a warning each.
        person["maritalStatus"] = json!({"coding": (0..20).map(|c| json!({
            "system": "http://pas.local/status", "code": format!("c{c}")})).collect::<Vec<_>>()});
        person
    };
    let people: Vec<Value> = (0..300).map(person).collect();
    let reply = place.takes(sealed("m1", &batch("b1", &people))).await;
    let refused = reply.answer.counts.refused;
    let first = json_of(&reply)["entry"][0]["response"].to_string();
    let alone = place.takes(sealed("m2", &batch("b2", &[person(0)]))).await;
    assert_eq!(refused, 300 * alone.answer.counts.refused, "{first}");
}

#[tokio::test]
async fn b7_work_that_nobody_waits_for_is_stopped() {
    let place = place().await;
    let work = lmr_intake::Work::default();
    let receiver = place.receiver.for_call(work.clone());
    work.stop();
    let stopped = receiver.receive(&caller(), simple("m1"), now(), Arc::new(SystemRandom)).await;
    assert_eq!(stopped.err().map(|r| r.code()), Some(Code::Overloaded));
    assert_eq!(place.messages().await, 0);
    place.takes(simple("m1")).await;
}

#[tokio::test]
async fn keys_and_senders_can_be_replaced_while_the_receiver_runs() {
    let place = place().await;
    let stranger = world().stranger.decrypting();
    place.receiver.replace(Material { keys: stranger, trust: None }, vec![avsender()]);
    place.refuses(simple("m1"), Code::EncryptionCertificateUnknown).await;
    let material = || Material { keys: world().register.decrypting(), trust: None };
    place.receiver.replace(material(), vec![Avsender { active: false, ..avsender() }]);
    place.refuses(simple("m1"), Code::SenderInactive).await;
    place.receiver.replace(material(), vec![avsender()]);
    place.takes(simple("m1")).await;
}

#[tokio::test]
async fn senders_of_the_store_may_send_and_a_change_takes_effect_within_seconds() {
    let place = place_with(|parts| parts.avsendere.clear()).await;
    place.refuses(simple("m1"), Code::SenderUnknown).await;
    place.store.save_avsender(&avsender()).await.unwrap();
    let later = |seconds| now() + SignedDuration::from_secs(seconds);
    let random = || Arc::new(SystemRandom);
    let reply = place.receiver.receive(&caller(), simple("m1"), later(6), random()).await.unwrap();
    assert_eq!(reply.answer.counts.created, 1);
    place.store.save_avsender(&Avsender { active: false, ..avsender() }).await.unwrap();
    let refused = place.receiver.receive(&caller(), simple("m2"), later(12), random()).await;
    assert_eq!(refused.err().map(|r| r.code()), Some(Code::SenderInactive));
}

#[tokio::test]
async fn addresses_are_admitted_by_the_receivers_list_or_an_active_senders() {
    let place =
        place_with(|parts| parts.settings.addresses = AllowList::parse(["::1"]).unwrap()).await;
    let admits = async |place: &Setup, text: &str, at: Timestamp| {
        place.receiver.admits(text.parse().unwrap(), at).await.unwrap()
    };
    for (address, expected) in
        [("192.0.2.200", true), ("::ffff:192.0.2.1", true), ("::1", true), ("198.51.100.1", false)]
    {
        assert_eq!(admits(&place, address, now()).await, expected, "{address}");
    }
    let place = place_with(|parts| parts.avsendere[0].active = false).await;
    assert!(!admits(&place, "192.0.2.200", now()).await);
}

#[test]
fn senders_in_a_configuration_are_read_strictly() {
    let record = || AvsenderRecord {
        organisation: SENDER.into(),
        name: "Oppdiktet sykehus".into(),
        active: true,
        certificates: vec![CertificateRecord {
            pem: world().sender.pem.clone(),
            from: None,
            until: None,
        }],
        addresses: vec!["192.0.2.0/24".into()],
        rule_set: None,
        start_date: None,
    };
    assert_eq!(Avsender::try_from(&record()), Ok(avsender()));
    let error = |change: &dyn Fn(&mut AvsenderRecord)| {
        let mut record = record();
        change(&mut record);
        Avsender::try_from(&record).unwrap_err()
    };
    assert!(matches!(
        error(&|r| r.organisation = "310000018".into()),
        AvsenderError::Organisation { .. }
    ));
    assert!(matches!(
        error(&|r| r.certificates[0].pem = "x".into()),
        AvsenderError::Certificate { .. }
    ));
    let foreign = |r: &mut AvsenderRecord| r.certificates[0].pem = world().register.pem.clone();
    assert!(matches!(error(&foreign), AvsenderError::ForeignCertificate { .. }));
    assert!(matches!(error(&|r| r.addresses.push("x".into())), AvsenderError::Address { .. }));
    let unknown = json!({"organisation": SENDER, "name": "x", "sertifikat": []});
    assert!(serde_json::from_value::<AvsenderRecord>(unknown).is_err());
}

/// A bundle with a patient, a medication, and an administration with this key, status and dose.
fn administration(identifier: &str, person: usize, key: &str, status: &str, dose: u32) -> Vec<u8> {
    let profile = |name: &str| json!({"profile": [format!("http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-{name}")]});
    let resources = [
        patient(PEOPLE[person], "female"),
        json!({"resourceType": "Medication", "meta": profile("medication"),
               "id": "m", "code": {"coding": [
                   {"system": "http://dmp.no/fhir/NamingSystem/lmrLopenummer", "code": "1000003"}]}}),
        json!({"resourceType": "MedicationAdministration", "meta": profile("medicationadministration"),
               "identifier": [{"system": "urn:oid:2.16.578.1.34.7", "value": key}],
               "status": status, "medicationReference": {"reference": uuid(1)},
               "subject": {"reference": uuid(0)},
               "effectiveDateTime": "2025-03-13T08:00:00+01:00",
               "dosage": {"dose": {"value": dose, "unit": "mg",
                                   "system": "http://unitsofmeasure.org", "code": "mg"}}}),
    ];
    bundle_of("transaction", identifier, &resources)
}

/// Codes of the answer about the administration that only the version before shows.
fn of_history(reply: &Reply) -> Vec<String> {
    let json = json_of(reply);
    let issues = json["entry"][2]["response"]["outcome"]["issue"].as_array().cloned();
    let codes = issues
        .unwrap_or_default()
        .into_iter()
        .filter_map(|issue| Some(issue["details"]["coding"][0]["code"].as_str()?.to_owned()));
    codes.filter(|code| ["LMR-6053", "LMR-6054", "LMR-6055"].contains(&code.as_str())).collect()
}

#[tokio::test]
async fn corrections_and_annulments_are_held_against_the_version_before() {
    let place = place().await;
    let mut count = 0;
    let mut send = async |person, key: &str, status: &str, dose| {
        count += 1;
        let id = format!("m{count}");
        place.takes(sealed(&id, &administration(&id, person, key, status, dose))).await
    };
    let none = Vec::<String>::new();
    // First transfer, correction, annulment, and the annulment again.
    assert_eq!(of_history(&send(0, "A-1", "completed", 1).await), none);
    assert_eq!(of_history(&send(0, "A-1", "completed", 2).await), none);
    let annulled = send(0, "A-1", "entered-in-error", 2).await;
    assert_eq!((statuses(&annulled)[2].as_str(), of_history(&annulled)), ("200", none.clone()));
    assert_eq!(of_history(&send(0, "A-1", "entered-in-error", 2).await), none);
    // Leaving it out annuls nothing; coming back after the annulment is a new version with a warning.
    assert_eq!(of_history(&send(0, "A-2", "completed", 1).await), none);
    assert_eq!(of_history(&send(0, "A-1", "completed", 2).await), ["LMR-6054"]);
    // A correction that is of another patient, and an annulment of what was never received.
    assert_eq!(of_history(&send(1, "A-2", "completed", 1).await), ["LMR-6055"]);
    let unknown = send(0, "A-3", "entered-in-error", 1).await;
    assert_eq!(
        (statuses(&unknown)[2].as_str(), of_history(&unknown)),
        ("201", vec!["LMR-6053".to_owned()])
    );
    // The answer is kept as it was given.
    assert!(!String::from_utf8(unknown.answer.body).unwrap().contains(PEOPLE[0]));
}

#[tokio::test]
async fn a_message_id_that_is_not_a_uuid_is_warned_of() {
    let place = place().await;
    let warned = |reply: &Reply| String::from_utf8_lossy(&reply.answer.body).contains("LMR-2016");
    assert!(warned(&place.takes(simple("m1")).await));
    let uuid = "6f1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11";
    assert!(!warned(&place.takes(simple(uuid)).await));
}

#[tokio::test]
async fn a_system_that_another_sender_uses_is_warned_of_once_a_message() {
    let place = place().await;
    let warned =
        |reply: &Reply| String::from_utf8_lossy(&reply.answer.body).matches("LMR-6056").count();
    let id = "m1";
    let first = place.takes(sealed(id, &administration(id, 0, "A-1", "completed", 1))).await;
    assert_eq!(warned(&first), 0);
    let other = Delivery {
        head: MessageHead {
            sender: lmr_identifiers::synthetic::organisation_number(77),
            message_id: "theirs".into(),
            content_sha256: [7; 32],
            client_id: "klient".into(),
            reporting_from: now(),
            reporting_to: now(),
            generated_at: now(),
            received_at: now(),
        },
        bundle_identifier: None,
        rule_set: "lmdi-1.1.7",
        answer: Answer { outcome: Outcome::Accepted, body: Vec::new(), counts: Counts::default() },
        codes: Vec::new(),
        content: None,
        systems: vec!["urn:oid:2.16.578.1.34.7".into()],
        versions: Vec::new(),
    };
    assert!(matches!(place.store.commit(other).await.unwrap(), Committed::Stored { .. }));
    let id = "m2";
    let second = place.takes(sealed(id, &administration(id, 0, "A-2", "completed", 1))).await;
    assert_eq!((warned(&second), second.answer.outcome), (1, Outcome::Accepted));
}

#[tokio::test]
async fn each_message_gets_a_receipt_that_follows_the_one_before() {
    let place = place().await;
    let first = sealed("r1", &batch("r1", &[patient(PEOPLE[0], "female")]));
    let second = sealed("r2", &batch("r2", &[patient(PEOPLE[0], "male")]));
    let verify = |reply: &Reply| {
        let receipt = reply.receipt.as_deref().expect("a receipt");
        lmr_envelope::verify_receipt(receipt, &[world().register.certificate()]).unwrap()
    };
    let one = place.takes(first.clone()).await;
    let verified = verify(&one);
    assert_eq!(verified.receipt.message_id, "r1");
    assert_eq!(verified.receipt.answer_sha256, lmr_intake::ReceiptDigest::of(&one.answer.body));
    let two = verify(&place.takes(second).await);
    assert_eq!(two.receipt.previous, Some(verified.digest));
    let again = place.takes(first).await;
    assert!(again.repeated);
    assert_eq!(verify(&again).receipt, verified.receipt);
    let checked = sealed("r3", &batch("r3", &[patient(PEOPLE[0], "female")]));
    let reply = place.receiver.check(&caller(), checked, now(), Arc::new(SystemRandom)).await;
    assert!(reply.unwrap_or_else(|_| panic!("checked")).receipt.is_none(), "nothing was stored");
    let newest = place.receiver.newest_receipt(caller().organisation).await.unwrap();
    assert_eq!(newest, Some(two.receipt.payload()), "a resend and a check are not newer");
}
