//! The receiver at its border, on a real store: what is taken, what is refused and why, and what is kept.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod limits;
mod rejections;
mod senders;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::synthetic::{self as world, REGISTER, SENDER, now, world};
use lmr_envelope::{Header, Limits, RandomSource, SystemRandom, Trust, primitives, seal};
use lmr_intake::{
    AddressStatus, AllowList, Answer, Archive, ArchiveFilter, Avsender, AvsenderError,
    AvsenderRecord, Caller, CertificateRecord, Committed, Counts, Delivery, DeliveryFilter,
    Erasure, Material, MessageHead, OrganisationNumber, Outcome, Parts, Receiver,
    RegisteredCertificate, Rejection, Reply, Retention, Rewritten, RuleSetId, Settings, Store,
    Work,
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
        database: None,
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

/// What is unchanged has no content of its own: after the end of retention there would be none at all.
#[tokio::test]
async fn what_comes_again_after_the_end_of_retention_is_stored_again() {
    let place = place().await;
    let send =
        async |id: &str| place.takes(sealed(id, &batch(id, &[patient(PEOPLE[0], "female")]))).await;
    let location = |reply: &Reply| json_of(reply)["entry"][0]["response"]["location"].clone();
    let first = send("m1").await;
    assert_eq!(send("m2").await.answer.counts.unchanged, 1);
    let later = now() + SignedDuration::from_hours(1);
    let retention = Retention { content_before: Some(later), ..Retention::default() };
    assert_eq!(place.store.expire(&retention).await.unwrap().messages, 2);
    let again = send("m3").await;
    assert_eq!((again.answer.counts.unchanged, again.answer.counts.updated), (0, 1));
    let id = |reply: &Reply| {
        location(reply).as_str().unwrap().rsplit_once("/_history/").map(|(id, _)| id.to_owned())
    };
    assert_eq!(id(&again), id(&first), "it is the same resource");
    let messages = place.store.archived(&ArchiveFilter::default()).await.unwrap();
    let newest = messages.iter().find(|message| message.message_id == "m3").unwrap();
    assert!(newest.versions[0].is_newest && newest.resource(&newest.versions[0]).is_some());
    assert_eq!(send("m4").await.answer.counts.unchanged, 1);
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
    for odd in ["m1", "zz1f6c0e-2b6f-4b2a-9d7e-0d6f3b1c2a11", "6f1f6c0e2b6f4b2a9d7e0d6f3b1c2a11"] {
        assert!(warned(&place.takes(simple(odd)).await), "{odd}");
    }
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
    let issues = json_of(&second)["entry"][2]["response"]["outcome"]["issue"].clone();
    let warning =
        issues.as_array().unwrap().iter().find(|one| one.to_string().contains("LMR-6056"));
    let expression = &warning.unwrap()["expression"];
    assert_eq!(expression, &json!(["MedicationAdministration.identifier"]));
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

#[tokio::test]
async fn an_answer_that_an_erasure_has_changed_comes_without_its_receipt() {
    let place = place().await;
    let [first, second] =
        ["e1", "e2"].map(|id| sealed(id, &batch(id, &[patient(PEOPLE[0], "female")])));
    for message in [&first, &second] {
        assert!(place.takes(message.clone()).await.receipt.is_some());
    }
    let all = ArchiveFilter { answers: true, ..ArchiveFilter::default() };
    let stored = place.store.archived(&all).await.unwrap().remove(0);
    assert_eq!(stored.message_id, "e1");
    let read = stored.answer.clone().unwrap();
    let left = String::from_utf8(read.clone()).unwrap().replace("e1", "00").into_bytes();
    assert_ne!(read, left);
    let erasure = Erasure {
        cursor: stored.cursor,
        sender: stored.sender,
        content: None,
        answer: Some(Rewritten { read, left: left.clone() }),
        entries: Vec::new(),
    };
    assert!(place.store.erase(&erasure).await.unwrap().is_some());
    let again = place.takes(first).await;
    assert!(again.repeated);
    assert_eq!(again.answer.body, left);
    assert_eq!(again.receipt, None, "a receipt of another answer reads as tampering");
    assert!(place.takes(second).await.receipt.is_some(), "the others keep theirs");
}

/// What a reply says beside its answer: for the log and the metrics.
#[tokio::test]
async fn a_reply_names_message_and_codes_once_and_no_codes_when_it_is_given_again() {
    let place = place().await;
    let wrong = [patient("13866510283", "female"), patient(PEOPLE[1], "male")];
    let work = Work::default();
    let call = place.receiver.for_call(work.clone());
    assert_eq!(work.message_id(), None);
    let message = sealed("c1", &batch("c1", &wrong));
    let first = call.receive(&caller(), message.clone(), now(), Arc::new(SystemRandom)).await;
    let first = first.unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(work.message_id(), Some("c1"));
    let codes: Vec<_> = first.codes.iter().map(|one| (one.code.as_str(), one.entries)).collect();
    assert_eq!((codes, first.is_kept), (vec![("LMR-6002", 1)], true));
    let again = place.takes(message).await;
    assert_eq!((again.repeated, again.codes.len(), again.is_kept), (true, 0, true));
    assert_eq!(again.message_id.as_deref(), Some("c1"));
    // A check names its message, too, and one that is asked to stop gives no answer.
    let work = Work::default();
    let call = place.receiver.for_call(work.clone());
    let checked = sealed("c2", &batch("c2", &wrong));
    call.check(&caller(), checked, now(), Arc::new(SystemRandom))
        .await
        .unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(work.message_id(), Some("c2"));
    work.stop();
    let stopped = call.receive(&caller(), simple("c3"), now(), Arc::new(SystemRandom)).await;
    assert_eq!(stopped.err().map(|r| r.code()), Some(Code::Overloaded));
}

#[tokio::test]
async fn the_certificate_to_encrypt_for_comes_first() {
    let place = place().await;
    let expected = [world().register.certificate()];
    assert_eq!(place.receiver.certificates(), expected);
}
