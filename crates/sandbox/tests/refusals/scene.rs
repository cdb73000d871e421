//! The world these tests play in, and what every refusal must look like.

use jiff::Timestamp;
use jiff::civil::date;
use lmr_auth::SecretString;
use lmr_identifiers::synthetic::organisation_number;
use lmr_intake::{DeliveryFilter, Store as _};
use lmr_sandbox::clock::SettableClock;
use lmr_sandbox::hospital::{Era, Hospital};
use lmr_sandbox::world::{Answer, Plan, Sender, World};
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) const RECEIVE: &str = "/fhirmottak/v1";

/// A world with one registered sender, at noon on the second of March 2025.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) clock: SettableClock,
    pub(crate) sender: Sender,
    count: AtomicU32,
}

pub(crate) async fn scene() -> Scene {
    scene_with(|_| ()).await
}

pub(crate) async fn scene_with(change: impl FnOnce(&mut Plan)) -> Scene {
    let clock = SettableClock::at("2025-03-02T12:00:00Z".parse::<Timestamp>().unwrap());
    let mut plan = Plan { clock: clock.as_clock(), ..Plan::default() };
    change(&mut plan);
    let world = World::start(plan).await.unwrap();
    let sender =
        world.add_sender(organisation_number(1).as_str(), "Liksom sykehus", None).await.unwrap();
    Scene { world, clock, sender, count: AtomicU32::new(0) }
}

impl Scene {
    /// A number that no message of this scene has had.
    fn fresh(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn message_id(&self) -> String {
        format!("0f0e0d0c-0b0a-4908-8706-{:012}", self.fresh())
    }

    /// A correct bundle of a hospital of its own.
    pub(crate) fn bundle(&self, era: Era) -> Value {
        self.bundle_of(&self.hospital(era))
    }

    pub(crate) fn hospital(&self, era: Era) -> Hospital {
        Hospital::new(era, u64::from(self.fresh()) + 1, date(2025, 3, 1), 3)
    }

    pub(crate) fn bundle_of(&self, hospital: &Hospital) -> Value {
        let identifier = format!("a0a1a2a3-a4a5-46a7-88a9-{:012}", self.fresh());
        hospital.bundle(&identifier, "2025-03-02T11:00:00+01:00")
    }

    pub(crate) fn sealed(&self, content: &[u8]) -> Vec<u8> {
        self.world.seal(&self.sender, &self.message_id(), content).unwrap()
    }

    /// A correct message.
    pub(crate) fn message(&self) -> Vec<u8> {
        self.sealed(self.bundle(Era::V0_9_4).to_string().as_bytes())
    }

    pub(crate) async fn token(&self) -> SecretString {
        self.world.authorization(&self.sender).await.unwrap()
    }

    pub(crate) async fn post(&self, body: Vec<u8>) -> Answer {
        self.world.post(RECEIVE, Some(&self.token().await), body).await.unwrap()
    }

    pub(crate) async fn stored(&self) -> usize {
        let all = DeliveryFilter { limit: 1000, ..DeliveryFilter::default() };
        self.world.store().unwrap().deliveries(&all).await.unwrap().len()
    }

    /// The body is refused like this and nothing is stored; then a correct message works.
    pub(crate) async fn refuses(&self, body: Vec<u8>, status: u16, code: &str) -> Answer {
        let token = self.token().await;
        self.refuses_with(Some(&token), body, status, code).await
    }

    pub(crate) async fn refuses_with(
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
    pub(crate) async fn next_works(&self) {
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

pub(crate) fn assert_refusal(answer: &Answer, status: u16, code: &str) {
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
pub(crate) fn changed(message: &[u8], change: impl FnOnce(&mut Map<String, Value>)) -> Vec<u8> {
    let mut members: Map<String, Value> = serde_json::from_slice(message).unwrap();
    change(&mut members);
    Value::Object(members).to_string().into_bytes()
}

pub(crate) fn with(message: &[u8], member: &str, value: &str) -> Vec<u8> {
    changed(message, |members| drop(members.insert(member.to_owned(), json!(value))))
}
