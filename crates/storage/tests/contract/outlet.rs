//! What every outlet and archive must do.

use super::{at, delivery, identity, other, resource, sender, version};
use lmr_intake::{
    Acknowledged, AdministrationFacts, ArchiveFilter, ArchivedMessage, Committed, Database,
    Delivery, DeliveryFilter, Erasure, Retention, Rewritten, Seen,
};
use std::sync::Arc;

async fn store_all(store: &dyn Database, messages: Vec<Delivery>) {
    for message in messages {
        assert!(matches!(store.commit(message).await, Ok(Committed::Stored { .. })));
    }
}

async fn archived(store: &dyn Database) -> Vec<ArchivedMessage> {
    store.archived(&ArchiveFilter::default()).await.unwrap()
}

pub async fn a_message_is_lent_until_it_is_acknowledged(store: Arc<dyn Database>) {
    assert!(store.lend(at(0), at(60)).await.unwrap().is_none());
    let mut refused = delivery("m0", 9, vec![]);
    refused.bundle_identifier = None;
    let first = delivery("m1", 1, vec![version("a", 1, 1, 10)]);
    let mut second = delivery("m2", 2, vec![version("b", 2, 1, 20)]);
    second.head.sender = other();
    store_all(&*store, vec![refused, first, second]).await;
    let lent = store.lend(at(100), at(160)).await.unwrap().unwrap();
    assert_eq!((lent.sender, lent.message_id.as_str(), lent.times), (sender(), "m1", 1));
    assert_eq!((lent.received_at, lent.until), (at(1), at(160)));
    assert!(String::from_utf8(lent.content).unwrap().contains(r#""n":10"#));
    let status = store.outlet_status(at(100)).await.unwrap();
    assert_eq!((status.waiting, status.lent, status.oldest), (2, 1, Some(at(1))));
    let next = store.lend(at(100), at(160)).await.unwrap().unwrap();
    assert_eq!((next.sender, next.message_id.as_str()), (other(), "m2"));
    assert!(store.lend(at(160), at(200)).await.unwrap().is_none(), "both are lent");
    // Not acknowledged in time: it is given out again.
    let again = store.lend(at(161), at(200)).await.unwrap().unwrap();
    assert_eq!((again.message_id.as_str(), again.times), ("m1", 2));
    // What an acknowledgement would meet is asked before, and asking changes nothing.
    let acknowledge = async |of, id: &str| {
        let would = store.would_acknowledge(of, id).await.unwrap();
        assert_eq!(store.would_acknowledge(of, id).await.unwrap(), would, "{id}");
        let done = store.acknowledge(of, id, at(170)).await.unwrap();
        assert_eq!(done, would, "{id}");
        done
    };
    assert_eq!(acknowledge(sender(), "m1").await, Acknowledged::Now);
    assert_eq!(acknowledge(sender(), "m1").await, Acknowledged::Before);
    assert_eq!(acknowledge(sender(), "m0").await, Acknowledged::NotGivenOut);
    assert_eq!(acknowledge(other(), "m1").await, Acknowledged::Unknown);
    assert_eq!(acknowledge(sender(), "none").await, Acknowledged::Unknown);
    // Late, after its time: it counts all the same.
    assert_eq!(store.acknowledge(other(), "m2", at(500)).await.unwrap(), Acknowledged::Now);
    assert!(store.lend(at(1_000), at(1_060)).await.unwrap().is_none());
    assert_eq!(store.outlet_status(at(1_000)).await.unwrap().waiting, 0);
}

pub async fn what_is_handed_over_again_takes_an_acknowledgement_of_its_own(
    store: Arc<dyn Database>,
) {
    store_all(&*store, vec![delivery("m1", 1, vec![version("a", 1, 1, 10)])]).await;
    let acknowledge = async |now| store.acknowledge(sender(), "m1", at(now)).await.unwrap();
    assert_eq!(acknowledge(5).await, Acknowledged::NotGivenOut);
    store.lend(at(10), at(20)).await.unwrap().unwrap();
    assert_eq!(acknowledge(11).await, Acknowledged::Now);
    // What is acknowledged after somebody has looked is not what they looked at.
    assert_eq!(store.count_handed_over(sender(), at(0), at(9), at(10)).await.unwrap(), 0);
    assert_eq!(store.hand_over_again(sender(), at(0), at(9), at(10)).await.unwrap(), 0);
    assert_eq!(store.hand_over_again(sender(), at(0), at(9), at(11)).await.unwrap(), 1);
    // The carrier repeats what it said of the first time.
    assert_eq!(acknowledge(12).await, Acknowledged::NotGivenOut);
    assert_eq!(store.outlet_status(at(12)).await.unwrap().waiting, 1);
    assert_eq!(store.lend(at(13), at(20)).await.unwrap().unwrap().times, 2);
    assert_eq!(acknowledge(500).await, Acknowledged::Now);
    assert_eq!(store.outlet_status(at(500)).await.unwrap().waiting, 0);
}

/// `damage` makes the content of the message that has waited longest, m1, unreadable.
pub async fn what_cannot_be_read_holds_nothing_up(
    store: &dyn Database,
    damage: impl AsyncFnOnce(),
) {
    let first = delivery("m1", 1, vec![version("a", 1, 1, 10)]);
    let mut third = delivery("m3", 3, vec![version("c", 3, 1, 30)]);
    third.head.sender = other();
    let second = delivery("m2", 2, vec![version("b", 2, 1, 20)]);
    store_all(store, vec![first, second, third]).await;
    damage().await;
    let lend = async |now, until| {
        let lent = store.lend(at(now), at(until)).await.unwrap();
        lent.map(|lent| lent.message_id)
    };
    assert_eq!(lend(100, 160).await.as_deref(), Some("m2"));
    assert_eq!(lend(100, 160).await.as_deref(), Some("m3"));
    assert_eq!(lend(100, 160).await, None);
    // It goes on waiting, and is looked at again when its lease has ended.
    assert_eq!(store.outlet_status(at(100)).await.unwrap().waiting, 3);
    assert_eq!(store.acknowledge(sender(), "m2", at(101)).await.unwrap(), Acknowledged::Now);
    assert_eq!(lend(200, 260).await.as_deref(), Some("m3"));
}

pub async fn two_never_get_the_same_message_at_once(store: Arc<dyn Database>) {
    let messages =
        (0..20).map(|n| delivery(&format!("m{n}"), n, vec![version(&format!("k{n}"), n, 1, n)]));
    store_all(&*store, messages.collect()).await;
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut got = Vec::new();
                while let Some(lent) = store.lend(at(100), at(160)).await.unwrap() {
                    got.push(lent.message_id);
                }
                got
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    // A row that is about to be lent is passed over, so what is left is asked for once more.
    while let Some(lent) = store.lend(at(100), at(160)).await.unwrap() {
        all.push(lent.message_id);
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!((count, all.len()), (20, 20));
}

pub async fn stored_messages_are_read_back_with_their_versions(store: Arc<dyn Database>) {
    let first = delivery("m1", 1, vec![version("a", 1, 1, 10), version("b", 2, 1, 20)]);
    store_all(&*store, vec![first, delivery("m2", 2, vec![version("a", 1, 2, 11)])]).await;
    let messages = archived(&*store).await;
    assert_eq!(messages.len(), 2);
    let seen: Vec<_> = messages
        .iter()
        .flat_map(|message| message.versions.iter().map(move |v| (message, v)))
        .map(|(message, v)| (v.version, v.is_newest, message.resource(v).unwrap().to_vec()))
        .collect();
    assert_eq!(seen, [(1, false, resource(10)), (1, true, resource(20)), (2, true, resource(11))]);
    let after = ArchiveFilter {
        after: Some((messages[0].sender, messages[0].cursor)),
        ..Default::default()
    };
    let next = store.archived(&after).await.unwrap();
    assert_eq!((next.len(), next[0].message_id.as_str()), (1, "m2"));
    for none in [
        ArchiveFilter { sender: Some(other()), ..Default::default() },
        ArchiveFilter { since: Some(at(3)), ..Default::default() },
        ArchiveFilter { before: Some(at(1)), ..Default::default() },
        ArchiveFilter { message_id: Some("m3".into()), ..Default::default() },
    ] {
        assert!(store.archived(&none).await.unwrap().is_empty());
    }
}

/// Takes an entry's resource out of a message.
async fn erase(store: &dyn Database, message: &ArchivedMessage, entry: u32) -> lmr_intake::Removed {
    store.erase(&erasure_of(message, entry)).await.unwrap().unwrap()
}

fn erasure_of(message: &ArchivedMessage, entry: u32) -> Erasure {
    let read = message.content.clone().unwrap();
    let mut left = read.clone();
    let place = message.versions.iter().find(|v| v.entry == entry).unwrap().place.clone().unwrap();
    lmr_intake::blank(&mut left, [place]);
    let (cursor, sender) = (message.cursor, message.sender);
    let content = Some(Rewritten { read, left });
    Erasure { cursor, sender, content, answer: None, entries: vec![entry] }
}

/// Two who have read the same message: what the first took away is not put back by the second, nor by the answer.
pub async fn an_erasure_of_what_was_erased_meanwhile_changes_nothing(store: Arc<dyn Database>) {
    let first = delivery("m1", 1, vec![version("a", 1, 1, 10), version("b", 2, 1, 20)]);
    store_all(&*store, vec![first]).await;
    let filter = ArchiveFilter { answers: true, ..ArchiveFilter::default() };
    let read = store.archived(&filter).await.unwrap().remove(0);
    assert_eq!(archived(&*store).await[0].answer, None, "where nobody asks");
    assert_eq!(read.answer.as_deref(), Some(&b"answer to m1"[..]));
    assert_eq!(erase(&*store, &read, 0).await.resources, 1);
    assert_eq!(store.erase(&erasure_of(&read, 1)).await.unwrap(), None);
    assert!(store.current(sender(), &[identity("b")]).await.unwrap()[0].is_some());
    let again = store.archived(&filter).await.unwrap().remove(0);
    let text = String::from_utf8(again.content.clone().unwrap()).unwrap();
    assert!(!text.contains(r#""n":10"#) && text.contains(r#""n":20"#), "{text}");
    // The answer by itself, and by one who has read the former.
    let answer = |read: &[u8], left: &[u8]| Erasure {
        cursor: again.cursor,
        sender: again.sender,
        content: None,
        answer: Some(Rewritten { read: read.to_vec(), left: left.to_vec() }),
        entries: Vec::new(),
    };
    let changed = store.erase(&answer(b"answer to m1", b"answer to 00")).await.unwrap().unwrap();
    assert_eq!((changed.messages, changed.versions), (1, 0));
    assert_eq!(store.erase(&answer(b"answer to m1", b"000000 to m1")).await.unwrap(), None);
    match store.seen(sender(), "m1", &super::hash(1)).await.unwrap() {
        Some(Seen::Repeated { answer, .. }) => assert_eq!(answer.body, b"answer to 00"),
        _ => panic!("it is known"),
    }
    assert_eq!(erase(&*store, &again, 1).await.resources, 1);
    assert!(store.archived(&filter).await.unwrap()[0].versions.is_empty());
}

/// After the end of retention: whose an administration was is not kept, and what comes again is stored again.
pub async fn what_is_removed_for_its_age_names_nobody_and_may_come_again(store: Arc<dyn Database>) {
    let facts = AdministrationFacts::from_bytes(b"given\nPatient\nidentifier:urn:s|1").unwrap();
    let mut given = version("a", 1, 1, 10);
    given.administration = Some(facts.clone());
    store_all(&*store, vec![delivery("m1", 1, vec![given])]).await;
    let current = async || {
        store.current(sender(), &[identity("a")]).await.unwrap().remove(0).expect("it is known")
    };
    let before = current().await;
    assert_eq!((before.has_content, before.administration), (true, Some(facts)));
    let retention = Retention { content_before: Some(at(3)), ..Retention::default() };
    assert_eq!(store.expire(&retention).await.unwrap().versions, 1);
    let after = current().await;
    assert_eq!((after.has_content, after.administration), (false, None));
    assert_eq!(archived(&*store).await[0].versions[0].patient, None);
    store_all(&*store, vec![delivery("m2", 5, vec![version("a", 1, 2, 10)])]).await;
    assert!(current().await.has_content);
}

pub async fn what_is_erased_is_gone_and_the_rest_stays(store: Arc<dyn Database>) {
    let first = delivery("m1", 1, vec![version("a", 1, 1, 10), version("b", 2, 1, 20)]);
    store_all(&*store, vec![first, delivery("m2", 2, vec![version("a", 1, 2, 11)])]).await;
    let messages = archived(&*store).await;
    let removed = erase(&*store, &messages[0], 0).await;
    assert_eq!((removed.messages, removed.versions, removed.resources), (1, 1, 0));
    let id = format!("{:032x}", 1);
    let history = store.history("Patient", &id).await.unwrap();
    assert_eq!((history[0].content.len(), &history[1].content), (0, &resource(11)));
    // The newest version goes on being counted from.
    assert_eq!(
        store.current(sender(), &[identity("a")]).await.unwrap()[0].as_ref().unwrap().version,
        2
    );
    let removed = erase(&*store, &archived(&*store).await[1], 0).await;
    assert_eq!((removed.versions, removed.resources), (1, 1));
    assert!(store.history("Patient", &id).await.unwrap().is_empty());
    assert_eq!(store.current(sender(), &[identity("a")]).await.unwrap(), [None]);
    let messages = archived(&*store).await;
    for message in &messages {
        let text = String::from_utf8(message.content.clone().unwrap()).unwrap();
        assert!(!text.contains(r#""n":10"#) && !text.contains(r#""n":11"#), "{text}");
    }
    let kept = &messages[0].versions[0];
    assert_eq!(messages[0].resource(kept), Some(resource(20).as_slice()));
    // It may come again, as something new.
    store_all(&*store, vec![delivery("m3", 3, vec![version("a", 5, 1, 12)])]).await;
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
}

pub async fn what_is_old_is_removed_and_the_receipt_stays(store: Arc<dyn Database>) {
    let messages =
        (1..=4).map(|n| delivery(&format!("m{n}"), n, vec![version(&format!("k{n}"), n, 1, n)]));
    store_all(&*store, messages.collect()).await;
    store.lend(at(100), at(160)).await.unwrap().unwrap();
    store.acknowledge(sender(), "m1", at(101)).await.unwrap();
    let retention =
        Retention { content_before: Some(at(3)), keep_waiting: true, ..Retention::default() };
    let removed = store.expire(&retention).await.unwrap();
    assert_eq!((removed.messages, removed.versions), (1, 1), "what waits at the outlet stays");
    let removed = store.expire(&Retention { keep_waiting: false, ..retention }).await.unwrap();
    assert_eq!(removed.messages, 1);
    let left: Vec<_> = archived(&*store)
        .await
        .iter()
        .map(|m| (m.message_id.clone(), m.content.is_some(), m.versions[0].place.is_some()))
        .collect();
    let has = |id: &str, content| (id.to_owned(), content, content);
    assert_eq!(left, [has("m1", false), has("m2", false), has("m3", true), has("m4", true)]);
    assert_eq!(store.deliveries(&DeliveryFilter::default()).await.unwrap().len(), 4);
    // A resend is known, and so is what the next version is held against.
    let again = store.commit(delivery("m1", 1, vec![version("k1", 1, 1, 1)])).await.unwrap();
    assert!(matches!(again, Committed::Known(Seen::Repeated { .. })));
    assert!(store.current(sender(), &[identity("k1")]).await.unwrap()[0].is_some());
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
    assert_eq!(store.expire(&Retention::default()).await.unwrap(), lmr_intake::Removed::default());
}

/// Of what was read, the first message says that it cannot be, with what names it, and the others are whole.
pub fn names_the_first_as_unreadable(read: &[ArchivedMessage]) {
    let [first, others @ ..] = read else { panic!("nothing was read") };
    assert!(first.unreadable.is_some());
    assert_eq!((first.message_id.as_str(), first.sender), ("m1", sender()));
    assert!(first.content.is_none() && first.answer.is_none());
    assert!(first.versions.iter().all(|version| version.place.is_none()), "{:?}", first.versions);
    assert!(first.clone().readable().is_err());
    assert!(!others.is_empty());
    for message in others {
        assert!(
            message.unreadable.is_none() && message.content.is_some(),
            "{}",
            message.message_id
        );
    }
}
