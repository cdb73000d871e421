//! What two databases hold of which neither alone may say who was given what.

use super::{at, delivery, hash, identity, other, sender, version};
use async_trait::async_trait;
use lmr_intake::{
    AdministrationFacts, Archive, ArchiveFilter, BundleContent, Committed, Database, Erasure,
    Outlet, Retention, Rewritten, Seen, Store, StoreError,
};
use lmr_storage::{ApartKeys, ApartStore, IdentityStore, Part, PartKey, PartOf};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::Mutex;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","identifier":[{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"13866510282"}],"name":[{"family":"Oppdiktetnavn"}]}"#;
const ADMINISTRATION: &str = r#"{"resourceType":"MedicationAdministration","id":"a","text":{"status":"generated","div":"<div>Oppdiktetnavn fikk Paracetamolum</div>"},"subject":{"reference":"Patient/p","display":"Oppdiktetnavn"},"medicationCodeableConcept":{"coding":[{"code":"N02BE01","display":"Paracetamolum"}]}}"#;
const WHO: [&str; 2] = ["13866510282", "Oppdiktetnavn"];
const WHAT: [&str; 2] = ["N02BE01", "Paracetamolum"];
const ADMINISTRATION_KEY: &str = "identifier:urn:x|1";

pub fn keys() -> ApartKeys {
    ApartKeys::read(&[7; 32], &[8; 32]).unwrap()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A patient with this number, and an administration.
fn bundle(number: &str) -> Vec<u8> {
    let patient = PATIENT.replace("13866510282", number);
    format!(
        r#"{{"resourceType":"Bundle","type":"batch","entry":[{{"resource":{patient}}},{{"resource":{ADMINISTRATION}}}]}}"#
    )
    .into_bytes()
}

pub fn part_of(message: &str, content: u64) -> PartOf {
    PartOf { sender: sender(), message_id: message.into(), content_sha256: hash(content) }
}

/// Stores a patient's administration, and has it back whole from everything that gives content out; then a second patient,
/// of whom nothing is left after an erasure. Gives the register's id of the first.
pub async fn store_somebody(store: &dyn Database) -> String {
    let content = bundle("13866510282");
    let place = |of: &str| {
        let text = String::from_utf8(content.clone()).unwrap();
        let start = text.find(of).unwrap();
        start..start + of.len()
    };
    let key = "identifier:urn:oid:2.16.578.1.12.4.1.4.1|13866510282";
    let mut patient = version(key, 1, 1, 10);
    patient.place = place(PATIENT);
    let mut given = version(ADMINISTRATION_KEY, 2, 1, 20);
    (given.place, given.entry) = (place(ADMINISTRATION), 1);
    let facts =
        AdministrationFacts::from_bytes(format!("given\nPatient\n{key}").as_bytes()).unwrap();
    given.administration = Some(facts.clone());
    let mut sent = delivery("m1", 1, vec![]);
    sent.answer.body = br#"{"fullUrl":"urn:x:13866510282"}"#.repeat(20);
    let answer = sent.answer.body.clone();
    sent.versions = vec![patient, given];
    sent.content = Some(BundleContent::Plain(content.clone()));
    assert!(matches!(store.commit(sent).await, Ok(Committed::Stored { .. })));
    let known = store.current(sender(), &[identity(ADMINISTRATION_KEY)]).await.unwrap();
    assert_eq!(known[0].as_ref().unwrap().administration, Some(facts));
    let repeated = store.seen(sender(), "m1", &hash(1)).await.unwrap();
    assert!(matches!(repeated, Some(Seen::Repeated { answer: again, .. }) if again.body == answer));
    let detail = store.message(sender(), "m1", at(50)).await.unwrap().unwrap();
    assert!(detail.answer.is_some_and(|again| again.body == answer));
    let id = format!("{:032x}", 1);
    let history = store.history("Patient", &id).await.unwrap();
    assert_eq!(history[0].content, PATIENT.as_bytes());
    let lent = store.lend(at(100), at(160)).await.unwrap().unwrap();
    assert!(lent.content == content);
    let archived = store.archived(&ArchiveFilter::default()).await.unwrap();
    assert!(archived[0].content.as_ref() == Some(&content));
    let mut other = version("other", 3, 1, 30);
    let text = PATIENT.replace("13866510282", "13866510363");
    (other.place, other.entry) = (0..text.len(), 0);
    let mut sent = delivery("m2", 2, vec![]);
    sent.versions = vec![other];
    sent.content = Some(BundleContent::Plain(text.clone().into_bytes()));
    assert!(matches!(store.commit(sent).await, Ok(Committed::Stored { .. })));
    let archived = store.archived(&ArchiveFilter::default()).await.unwrap();
    let read = archived[1].content.clone().unwrap();
    let mut blanked = read.clone();
    let all = 0..blanked.len();
    lmr_intake::blank(&mut blanked, [all]);
    let cursor = archived[1].cursor;
    let content = Some(Rewritten { read, left: blanked.clone() });
    let erasure = Erasure { cursor, sender: sender(), content, answer: None, entries: vec![0] };
    assert_eq!(store.erase(&erasure).await.unwrap().unwrap().resources, 1);
    let archived = store.archived(&ArchiveFilter::default()).await.unwrap();
    assert!(archived[1].content.as_ref() == Some(&blanked));
    id
}

/// Bytes as they are on the disk.
pub fn says_nothing_in_clear(raw: &[Vec<u8>]) {
    for text in WHO.iter().chain(&WHAT).chain(&["13866510363"]) {
        assert!(!raw.iter().any(|bytes| has(bytes, text)), "{text} is written in clear");
    }
}

/// What the first database gives without the second.
pub async fn has_medicines_only(rest: &dyn Database, id: &str) {
    let archived = rest.archived(&ArchiveFilter::default()).await.unwrap();
    let content = archived[0].content.as_ref().unwrap();
    assert!(WHAT.iter().all(|text| has(content, text)), "what was given is here");
    assert!(!has(content, "Oppdiktetnavn fikk"), "texts that say both are not");
    assert!(!WHO.iter().any(|text| has(content, text)), "who it was is not");
    assert_eq!(content.len(), bundle("13866510282").len());
    let history = rest.history("Patient", id).await.unwrap();
    assert!(!WHO.iter().any(|text| has(&history[0].content, text)));
}

/// What the second one gives without the first, for a message that is stored there with this rest.
pub async fn has_people_only(identities: &dyn IdentityStore, rest: &[u8]) {
    let part = identities.part(&part_of("m1", 1), rest).await.unwrap().unwrap();
    assert!(WHO.iter().all(|text| has(&part.people, text)), "who it was is here");
    assert!(!WHAT.iter().any(|text| has(&part.people, text)), "what was given is not");
    assert!(has(&part.mixed, "Oppdiktetnavn fikk Paracetamolum"), "this takes both keys");
}

/// Two messages under one id, of different people and otherwise the same, are never mixed up; what is never stored leaves
/// nothing behind.
pub async fn people_are_never_mixed_up(store: &dyn Database, identities: &dyn IdentityStore) {
    let message = |content: u64, number: &str| {
        let mut sent = delivery("m1", content, vec![]);
        sent.bundle_identifier = None;
        sent.content = Some(BundleContent::Plain(bundle(number)));
        sent
    };
    // The first was broken off between the two databases: its part is there, the message is not.
    let (first, second) = (message(1, "13866510282"), message(2, "13866510363"));
    let lost = Part { people: b"lost".to_vec(), mixed: Vec::new() };
    let day = first.head.received_at.as_second() / 86_400 - 5;
    identities.put(&part_of("m1", 1), day, b"rest", &lost).await.unwrap();
    assert!(matches!(store.commit(second).await, Ok(Committed::Stored { .. })));
    let reused = store.commit(first).await.unwrap();
    assert!(matches!(reused, Committed::Known(Seen::MessageIdReused)));
    let archived = store.archived(&ArchiveFilter::default()).await.unwrap();
    let content = archived[0].content.as_ref().unwrap();
    assert!(content == &bundle("13866510363"), "the second's own");
    // What was broken off long ago is found at one look and removed at the next.
    for (times, is_there) in [(0, true), (1, true), (2, false)] {
        let found = identities.part(&part_of("m1", 1), b"rest").await.unwrap();
        assert_eq!(found.is_some(), is_there, "looked {times} times");
        store.expire(&Retention::default()).await.unwrap();
    }
    let days = identities.of_days(0..i64::MAX, None, 10).await.unwrap();
    assert_eq!(days.len(), 1);
    assert_eq!(days[0].1, part_of("m1", 2));
    // With its content, a message's part goes.
    let retention = Retention { content_before: Some(at(86_400 * 40)), ..Retention::default() };
    assert_eq!(store.expire(&retention).await.unwrap().messages, 1);
    assert_eq!(identities.newest_day().await.unwrap(), None);
}

/// An erasure that is broken off after either step is right: before, everything is as it was; after, nothing of the old is
/// left once it has been read.
pub async fn an_erasure_may_be_broken_off(identities: &dyn IdentityStore) {
    let of = part_of("m9", 9);
    let part = |text: &[u8]| Part { people: text.to_vec(), mixed: Vec::new() };
    let read = async |rest: &[u8]| identities.part(&of, rest).await.unwrap();
    identities.put(&of, 1, b"old", &part(b"all")).await.unwrap();
    identities.replace(&of, 1, b"new", &part(b"less")).await.unwrap();
    assert_eq!(read(b"old").await, Some(part(b"all")), "the rest has not changed yet");
    assert_eq!(read(b"new").await, Some(part(b"less")));
    assert_eq!(read(b"old").await, None, "reading the new one has removed it");
    identities.remove(&of, b"new").await.unwrap();
    assert_eq!(read(b"new").await, None);
}

/// A message with the bundle of somebody, stored.
async fn store_a_bundle(store: &dyn Database) {
    let mut sent = delivery("m1", 1, vec![]);
    sent.content = Some(BundleContent::Plain(bundle("13866510282")));
    assert!(matches!(store.commit(sent).await, Ok(Committed::Stored { .. })));
}

/// The first database is empty by a mistyped path, or has not been restored yet: nobody is removed from the second for
/// that, nor those of a sender of whom the first has nothing.
pub async fn an_empty_first_database_removes_nobody(
    rest: Arc<dyn Database>,
    identities: Arc<dyn IdentityStore>,
) {
    let store = ApartStore::new(Arc::clone(&rest), Arc::clone(&identities));
    assert!(!store.is_without_its_rest().await.unwrap(), "both are new");
    let part = Part { people: b"somebody".to_vec(), mixed: Vec::new() };
    let last = at(0).as_second() / 86_400;
    let of = |days_ago: i64| PartOf { message_id: format!("of-{days_ago}"), ..part_of("", 7) };
    identities.put(&of(0), last, b"rest", &part).await.unwrap();
    assert!(!store.is_without_its_rest().await.unwrap(), "a first message may be broken off");
    for days_ago in 1..10 {
        identities.put(&of(days_ago), last - days_ago, b"rest", &part).await.unwrap();
    }
    assert!(store.is_without_its_rest().await.unwrap());
    let count = async || identities.of_days(0..i64::MAX, None, 100).await.unwrap().len();
    let retention = Retention { content_before: Some(at(86_400)), ..Retention::default() };
    for _ in 0..3 {
        store.expire(&retention).await.unwrap();
        assert_eq!(count().await, 10);
    }
    // Now the first has a message, and the second parts of somebody else of whom it has nothing.
    store_a_bundle(&store).await;
    assert!(!store.is_without_its_rest().await.unwrap());
    let others = PartOf { sender: other(), ..part_of("theirs", 8) };
    identities.put(&others, last - 5, b"rest", &part).await.unwrap();
    for _ in 0..2 {
        store.expire(&Retention::default()).await.unwrap();
    }
    assert!(identities.part(&others, b"rest").await.unwrap().is_some(), "another sender's");
    assert!(identities.part(&of(5), b"rest").await.unwrap().is_none(), "one that was broken off");
    assert!(store.archived(&ArchiveFilter::default()).await.is_ok());
}

/// What the first database has removed is reported, so that it goes into the audit log, though the second is away.
pub async fn what_was_removed_is_reported_though_the_second_database_is_away(
    rest: Arc<dyn Database>,
    identities: Arc<dyn IdentityStore>,
) {
    let store = ApartStore::new(Arc::clone(&rest), Arc::clone(&identities));
    store_a_bundle(&store).await;
    identities.close().await;
    assert!(store.ready().await.is_err());
    let retention = Retention { content_before: Some(at(86_400 * 40)), ..Retention::default() };
    assert_eq!(store.expire(&retention).await.unwrap().messages, 1);
    assert!(rest.archived(&ArchiveFilter::default()).await.unwrap()[0].content.is_none());
}

/// One part that does not open stops the sweep of no other. `damage` makes all of these days unreadable.
pub async fn a_damaged_part_stops_no_sweep(
    rest: Arc<dyn Database>,
    identities: Arc<dyn IdentityStore>,
    damage: impl AsyncFn(Range<i64>),
) {
    let store = ApartStore::new(rest, Arc::clone(&identities));
    store_a_bundle(&store).await;
    let last = at(0).as_second() / 86_400;
    let part = Part { people: b"lost".to_vec(), mixed: Vec::new() };
    let of = |days_ago: i64| PartOf { message_id: format!("of-{days_ago}"), ..part_of("", 7) };
    for days_ago in 2..10 {
        identities.put(&of(days_ago), last - days_ago, b"rest", &part).await.unwrap();
    }
    damage(last - 7..last - 4).await;
    // Page by page too: what is empty means that nothing is left.
    let (mut seen, mut after) = (0, None);
    while let Some((key, _)) =
        identities.of_days(0..i64::MAX, after.as_ref(), 1).await.unwrap().pop()
    {
        (seen, after) = (seen + 1, Some(key));
    }
    assert_eq!(seen, 9 - 3);
    for _ in 0..2 {
        store.expire(&Retention::default()).await.unwrap();
    }
    for days_ago in 2..10 {
        let is_damaged = (5..8).contains(&days_ago);
        let found = identities.part(&of(days_ago), b"rest").await.unwrap();
        assert_eq!(found.is_some(), is_damaged, "{days_ago} days ago");
    }
}

/// A second database in which somebody erases a message right before its part is read, or written again, the first time.
struct ErasedMeanwhile {
    identities: Arc<dyn IdentityStore>,
    is_at_writing: bool,
    erasure: Mutex<Option<(Arc<ApartStore>, Erasure)>>,
}

impl ErasedMeanwhile {
    async fn erase(&self, at_writing: bool) -> Result<(), StoreError> {
        if self.is_at_writing == at_writing
            && let Some((store, erasure)) = self.erasure.lock().await.take()
        {
            assert_eq!(store.erase(&erasure).await?.map(|removed| removed.messages), Some(1));
        }
        Ok(())
    }
}

#[async_trait]
impl IdentityStore for ErasedMeanwhile {
    async fn ready(&self) -> Result<(), StoreError> {
        self.identities.ready().await
    }
    async fn close(&self) {
        self.identities.close().await;
    }
    async fn put(&self, of: &PartOf, day: i64, rest: &[u8], part: &Part) -> Result<(), StoreError> {
        self.identities.put(of, day, rest, part).await
    }
    async fn replace(
        &self,
        of: &PartOf,
        day: i64,
        rest: &[u8],
        part: &Part,
    ) -> Result<(), StoreError> {
        self.erase(true).await?;
        self.identities.replace(of, day, rest, part).await
    }
    async fn part(&self, of: &PartOf, rest: &[u8]) -> Result<Option<Part>, StoreError> {
        self.erase(false).await?;
        self.identities.part(of, rest).await
    }
    async fn settle(&self, of: &PartOf, rest: &[u8]) -> Result<(), StoreError> {
        self.identities.settle(of, rest).await
    }
    async fn remove(&self, of: &PartOf, rest: &[u8]) -> Result<(), StoreError> {
        self.identities.remove(of, rest).await
    }
    async fn of_days(
        &self,
        days: Range<i64>,
        after: Option<&PartKey>,
        limit: i64,
    ) -> Result<Vec<(PartKey, PartOf)>, StoreError> {
        self.identities.of_days(days, after, limit).await
    }
    async fn remove_key(&self, key: &PartKey) -> Result<(), StoreError> {
        self.identities.remove_key(key).await
    }
    async fn newest_day(&self) -> Result<Option<i64>, StoreError> {
        self.identities.newest_day().await
    }
    async fn oldest_day(&self) -> Result<Option<i64>, StoreError> {
        self.identities.oldest_day().await
    }
    fn can_back_up(&self) -> bool {
        self.identities.can_back_up()
    }
    async fn back_up(&self, file: &str) -> Result<bool, StoreError> {
        self.identities.back_up(file).await
    }
}

/// Whoever reads a message while it is erased gets what is left, by the archive and by the outlet, and no damage.
pub async fn a_reader_beside_an_eraser_gets_what_is_left(
    rest: Arc<dyn Database>,
    identities: Arc<dyn IdentityStore>,
) {
    let eraser = Arc::new(ApartStore::new(Arc::clone(&rest), Arc::clone(&identities)));
    store_a_bundle(&*eraser).await;
    for (erased, is_lent) in [(PATIENT, false), (ADMINISTRATION, true)] {
        let messages = eraser.archived(&ArchiveFilter::default()).await.unwrap();
        let read = messages[0].content.clone().unwrap();
        let mut content = read.clone();
        let start = String::from_utf8_lossy(&content).find(erased).unwrap();
        let place = start..start + erased.len();
        lmr_intake::blank(&mut content, [place]);
        let erasure = Erasure {
            cursor: messages[0].cursor,
            sender: sender(),
            content: Some(Rewritten { read, left: content.clone() }),
            answer: None,
            entries: Vec::new(),
        };
        let racing = ErasedMeanwhile {
            identities: Arc::clone(&identities),
            is_at_writing: false,
            erasure: Mutex::new(Some((Arc::clone(&eraser), erasure))),
        };
        let store = ApartStore::new(Arc::clone(&rest), Arc::new(racing));
        let read = if is_lent {
            store.lend(at(100), at(160)).await.unwrap().map(|lent| lent.content)
        } else {
            store.archived(&ArchiveFilter::default()).await.unwrap().remove(0).content
        };
        assert!(read == Some(content), "lent: {is_lent}");
    }
}

/// Whoever erases a message while it is erased changes nothing, and leaves no part that has what the other took away.
pub async fn an_eraser_beside_an_eraser_reads_again(
    rest: Arc<dyn Database>,
    identities: Arc<dyn IdentityStore>,
) {
    let eraser = Arc::new(ApartStore::new(Arc::clone(&rest), Arc::clone(&identities)));
    store_a_bundle(&*eraser).await;
    let erasure_of = async |erased: &str| {
        let message = eraser.archived(&ArchiveFilter::default()).await.unwrap().remove(0);
        let read = message.content.unwrap();
        let mut left = read.clone();
        let start = String::from_utf8_lossy(&left).find(erased)?;
        let place = start..start + erased.len();
        lmr_intake::blank(&mut left, [place]);
        let content = Some(Rewritten { read, left });
        Some(Erasure {
            cursor: message.cursor,
            sender: sender(),
            content,
            answer: None,
            entries: Vec::new(),
        })
    };
    let parts = async || identities.of_days(0..i64::MAX, None, 10).await.unwrap().len();
    for (is_at_writing, own, theirs) in
        [(true, ADMINISTRATION, PATIENT), (false, ADMINISTRATION, ADMINISTRATION)]
    {
        let (own, theirs) = (erasure_of(own).await.unwrap(), erasure_of(theirs).await.unwrap());
        let racing = ErasedMeanwhile {
            identities: Arc::clone(&identities),
            is_at_writing,
            erasure: Mutex::new(Some((Arc::clone(&eraser), theirs.clone()))),
        };
        let store = ApartStore::new(Arc::clone(&rest), Arc::new(racing));
        assert_eq!(store.erase(&own).await.unwrap(), None, "at writing: {is_at_writing}");
        assert_eq!(parts().await, 1, "at writing: {is_at_writing}");
        let left = eraser.archived(&ArchiveFilter::default()).await.unwrap().remove(0).content;
        assert!(left == theirs.content.map(|content| content.left));
    }
    assert!(erasure_of(PATIENT).await.is_none() && erasure_of(ADMINISTRATION).await.is_none());
}
