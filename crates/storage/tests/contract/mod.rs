//! What every store must do. Each backend runs all of it.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test binary uses a part, and stops where a test cannot go on"
)]

mod apart;
mod audit;
mod insight;
mod keys;
mod life;
mod migrated;
mod model;
mod outlet;

pub use apart::*;
pub use audit::*;
pub use insight::*;
pub use keys::*;
pub use life::*;
pub use migrated::*;
pub use model::*;
pub use outlet::*;

use jiff::Timestamp;
use lmr_intake::{
    AdministrationFacts, AllowList, Answer, Asked, Avsender, BundleContent, Certificate, CodeCount,
    Committed, Counts, Delivery, DeliveryFilter, Identity, MessageHead, NewVersion,
    OrganisationNumber, Outcome, RefusedCall, RegisteredCertificate, RuleSetId, Seen, Store,
};
use std::sync::Arc;

pub fn org(number: &str) -> OrganisationNumber {
    OrganisationNumber::parse(number).unwrap()
}

pub fn sender() -> OrganisationNumber {
    org("310000019")
}

pub fn other() -> OrganisationNumber {
    org("320000009")
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_741_935_600 + second).unwrap()
}

pub fn hash(n: u64) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    hash
}

pub fn identity(key: &str) -> Identity {
    Identity { resource_type: "Patient".into(), key: key.into() }
}

pub fn version(key: &str, id: u64, version: u32, content: u64) -> NewVersion {
    NewVersion {
        identity: identity(key),
        resource_id: format!("{id:032x}"),
        version,
        content_hash: hash(content),
        place: 0..0,
        entry: 0,
        administration: None,
    }
}

/// The resource of a version with this content.
pub fn resource(content: u64) -> Vec<u8> {
    format!("{{\"resourceType\":\"Patient\",\"n\":{content}}}").into_bytes()
}

/// A bundle with these versions' resources, which are put in their places.
pub fn bundle(versions: &mut [NewVersion]) -> BundleContent {
    let mut text = br#"{"resourceType":"Bundle","type":"batch","entry":["#.to_vec();
    for (entry, version) in (0..).zip(versions) {
        let content = u64::from_be_bytes(version.content_hash[..8].try_into().unwrap());
        text.extend_from_slice(if entry == 0 { br#"{"resource":"# } else { br#",{"resource":"# });
        let start = text.len();
        text.extend_from_slice(&resource(content));
        (version.place, version.entry) = (start..text.len(), entry);
        text.push(b'}');
    }
    text.extend_from_slice(b"]}");
    BundleContent::Plain(text)
}

pub fn delivery(message: &str, content: u64, mut versions: Vec<NewVersion>) -> Delivery {
    let bundle = (!versions.is_empty()).then(|| bundle(&mut versions));
    let entries = u32::try_from(versions.len()).unwrap();
    Delivery {
        head: MessageHead {
            sender: sender(),
            message_id: message.into(),
            content_sha256: hash(content),
            client_id: "klient".into(),
            reporting_from: at(-86_400),
            reporting_to: at(0),
            generated_at: at(1),
            received_at: at(i64::try_from(content % 1000).unwrap()),
        },
        bundle_identifier: Some(format!("urn:test|{message}")),
        rule_set: "lmdi-0.9.4",
        answer: Answer {
            outcome: Outcome::Accepted,
            body: format!("answer to {message}").into_bytes(),
            counts: Counts { entries, created: entries, ..Counts::default() },
        },
        codes: Vec::new(),
        content: bundle,
        systems: Vec::new(),
        versions,
    }
}

fn name(committed: &Committed) -> &'static str {
    committed.as_str()
}

fn name_of_seen(seen: &Seen) -> &'static str {
    match seen {
        Seen::Repeated { .. } => "repeated",
        Seen::MessageIdReused => "message id reused",
        Seen::ContentReplayed => "content replayed",
    }
}

async fn commit(store: &dyn Store, delivery: Delivery) -> &'static str {
    name(&store.commit(delivery).await.unwrap())
}

async fn messages(store: &dyn Store) -> usize {
    store.deliveries(&DeliveryFilter::default()).await.unwrap().len()
}

pub async fn a_message_and_its_resources_are_kept(store: Arc<dyn Store>) {
    store.ready().await.unwrap();
    let sent = delivery("m1", 1, vec![version("a", 1, 1, 10), version("b", 2, 1, 20)]);
    assert_eq!(commit(&*store, sent.clone()).await, "stored");

    let current =
        store.current(sender(), &[identity("b"), identity("x"), identity("a")]).await.unwrap();
    let found: Vec<_> =
        current.iter().map(|c| c.as_ref().map(|c| (c.resource_id.as_str(), c.version))).collect();
    let (a, b) = (format!("{:032x}", 1), format!("{:032x}", 2));
    assert_eq!(found, [Some((b.as_str(), 1)), None, Some((a.as_str(), 1))]);
    assert_eq!(current[2].as_ref().unwrap().content_hash, hash(10));
    assert_eq!(current[2].as_ref().unwrap().stored_at, sent.head.received_at);
    // Another sender's resource of the same identity is another resource.
    assert_eq!(store.current(other(), &[identity("a")]).await.unwrap(), [None]);

    let second = delivery("m2", 2, vec![version("a", 1, 2, 11)]);
    assert_eq!(commit(&*store, second).await, "stored");
    let history = store.history("Patient", &a).await.unwrap();
    let seen: Vec<_> =
        history.iter().map(|v| (v.version, v.content_hash, v.message_id.as_str())).collect();
    assert_eq!(seen, [(1, hash(10), "m1"), (2, hash(11), "m2")]);
    assert_eq!(history[0].content, resource(10));
    assert_eq!(history[1].content, resource(11));
    assert!(store.history("Medication", &a).await.unwrap().is_empty());
    assert!(store.history("Patient", "unknown").await.unwrap().is_empty());
}

pub async fn the_same_message_gets_its_first_answer_again(store: Arc<dyn Store>) {
    let first = delivery("m1", 1, vec![version("a", 1, 1, 10)]);
    assert_eq!(
        store.seen(sender(), "m1", &hash(1)).await.unwrap().map(|seen| name_of_seen(&seen)),
        None
    );
    assert_eq!(commit(&*store, first.clone()).await, "stored");
    let mut again = first.clone();
    again.answer.body = b"another answer".to_vec();
    for repeated in [
        store.commit(again).await.unwrap(),
        Committed::Known(store.seen(sender(), "m1", &hash(1)).await.unwrap().unwrap()),
    ] {
        let Committed::Known(Seen::Repeated { answer, .. }) = repeated else {
            panic!("{}", name(&repeated))
        };
        assert!(answer == first.answer);
    }
    assert_eq!(messages(&*store).await, 1);
}

pub async fn replays_are_distinguished_and_change_nothing(store: Arc<dyn Store>) {
    assert_eq!(commit(&*store, delivery("m1", 1, vec![version("a", 1, 1, 10)])).await, "stored");
    let seen = async |org, id: &str, content| {
        store.seen(org, id, &hash(content)).await.unwrap().map(|seen| name_of_seen(&seen))
    };
    assert_eq!(seen(sender(), "m1", 2).await, Some("message id reused"));
    assert_eq!(seen(sender(), "m2", 1).await, Some("content replayed"));
    assert_eq!(seen(other(), "m1", 1).await, Some("content replayed"));
    assert_eq!(seen(other(), "m1", 2).await, None);
    assert!(store.bundle_identifier_seen(sender(), "urn:test|m1").await.unwrap());
    assert!(!store.bundle_identifier_seen(other(), "urn:test|m1").await.unwrap());

    let fresh = || vec![version("b", 2, 1, 20)];
    assert_eq!(commit(&*store, delivery("m1", 2, fresh())).await, "message id reused");
    assert_eq!(commit(&*store, delivery("m2", 1, fresh())).await, "content replayed");
    let mut same_bundle = delivery("m3", 3, fresh());
    same_bundle.bundle_identifier = Some("urn:test|m1".into());
    assert_eq!(commit(&*store, same_bundle.clone()).await, "bundle identifier reused");
    assert_eq!(messages(&*store).await, 1);
    assert_eq!(store.current(sender(), &[identity("b")]).await.unwrap(), [None]);

    // Identifiers belong to their sender; a refused bundle leaves its identifier free.
    same_bundle.head.sender = other();
    assert_eq!(commit(&*store, same_bundle).await, "stored");
    let mut refused = delivery("m4", 4, vec![]);
    refused.bundle_identifier = None;
    assert_eq!(commit(&*store, refused).await, "stored");
    let mut also = delivery("m5", 5, vec![]);
    also.bundle_identifier = None;
    assert_eq!(commit(&*store, also).await, "stored");
}

pub async fn a_version_that_moved_meanwhile_stops_the_whole_message(store: Arc<dyn Store>) {
    assert_eq!(commit(&*store, delivery("m1", 1, vec![version("a", 1, 1, 10)])).await, "stored");
    // Believes that `a` is new; has another resource too.
    let stale = delivery("m2", 2, vec![version("b", 2, 1, 20), version("a", 3, 1, 11)]);
    assert_eq!(commit(&*store, stale).await, "version moved");
    // Believes in a version 2 that is not there; and in a version that has passed.
    assert_eq!(
        commit(&*store, delivery("m2", 2, vec![version("a", 1, 3, 11)])).await,
        "version moved"
    );
    assert_eq!(
        commit(&*store, delivery("m2", 2, vec![version("a", 9, 2, 11)])).await,
        "version moved"
    );
    assert_eq!(messages(&*store).await, 1);
    assert_eq!(store.current(sender(), &[identity("b")]).await.unwrap(), [None]);
    let right = delivery("m2", 2, vec![version("b", 2, 1, 20), version("a", 1, 2, 11)]);
    assert_eq!(commit(&*store, right).await, "stored");
    assert_eq!(
        commit(&*store, delivery("m3", 3, vec![version("a", 1, 2, 12)])).await,
        "version moved"
    );
}

pub async fn a_large_message_is_one_message(store: Arc<dyn Store>) {
    let key = |n: u64| format!("key-{n}");
    let first: Vec<_> = (0..1500).map(|n| version(&key(n), n, 1, n)).collect();
    assert_eq!(commit(&*store, delivery("m1", 1, first)).await, "stored");
    let second: Vec<_> =
        (0..2000).map(|n| version(&key(n), n, if n < 1500 { 2 } else { 1 }, n + 5000)).collect();
    assert_eq!(commit(&*store, delivery("m2", 2, second)).await, "stored");
    let all: Vec<_> = (0..2001).map(|n| identity(&key(n))).collect();
    let current = store.current(sender(), &all).await.unwrap();
    for (n, found) in (0_u64..).zip(&current[..2000]) {
        let found = found.as_ref().unwrap();
        assert_eq!(
            (found.version, found.content_hash),
            (if n < 1500 { 2 } else { 1 }, hash(n + 5000))
        );
    }
    assert_eq!(current[2000], None);
}

pub async fn messages_at_once_are_all_stored_once(store: Arc<dyn Store>) {
    let mut tasks = Vec::new();
    for n in 0..200_u64 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            let key = format!("own-{n}");
            let mine = delivery(&format!("m{n}"), n, vec![version(&key, n, 1, n)]);
            let twin = mine.clone();
            let (one, two) = tokio::join!(store.commit(mine), store.commit(twin));
            let mut both = [name(&one.unwrap()), name(&two.unwrap())];
            both.sort_unstable();
            both
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), ["repeated", "stored"]);
    }
    let all = store
        .deliveries(&DeliveryFilter { limit: 1000, ..DeliveryFilter::default() })
        .await
        .unwrap();
    assert_eq!(all.len(), 200);
}

pub async fn racing_versions_have_one_winner(store: Arc<dyn Store>) {
    let mut tasks = Vec::new();
    for n in 0..20_u64 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            commit(&*store, delivery(&format!("m{n}"), n, vec![version("same", n, 1, n)])).await
        }));
    }
    let mut stored = 0;
    for task in tasks {
        match task.await.unwrap() {
            "stored" => stored += 1,
            result => assert_eq!(result, "version moved"),
        }
    }
    assert_eq!((stored, messages(&*store).await), (1, 1));
}

pub async fn deliveries_are_listed_newest_first_and_filtered(store: Arc<dyn Store>) {
    for n in 1..=5 {
        let mut sent = delivery(&format!("m{n}"), n, vec![]);
        // Of each something was taken, but of a batch with every entry refused and of a refused transaction.
        sent.answer.counts = match n {
            1 => Counts { entries: 1, created: 1, ..Counts::default() },
            2 => Counts { entries: 2, updated: 1, refused: 1, ..Counts::default() },
            3 => Counts { entries: 1, unchanged: 1, ..Counts::default() },
            _ => Counts { entries: 3, refused: 3, ..Counts::default() },
        };
        if n == 5 {
            sent.head.sender = other();
            sent.answer.outcome = Outcome::Refused;
        }
        assert_eq!(commit(&*store, sent).await, "stored");
    }
    let list = async |filter: DeliveryFilter| {
        let found = store.deliveries(&filter).await.unwrap();
        found.into_iter().map(|d| d.message_id).collect::<Vec<_>>()
    };
    assert_eq!(list(DeliveryFilter::default()).await, ["m5", "m4", "m3", "m2", "m1"]);
    assert_eq!(list(DeliveryFilter { limit: 2, ..Default::default() }).await, ["m5", "m4"]);
    assert_eq!(list(DeliveryFilter { sender: Some(other()), ..Default::default() }).await, ["m5"]);
    let message_id = Some("m3".into());
    assert_eq!(list(DeliveryFilter { message_id, ..Default::default() }).await, ["m3"]);
    let span = DeliveryFilter { since: Some(at(2)), before: Some(at(4)), ..Default::default() };
    assert_eq!(list(span).await, ["m3", "m2"]);
    // The reporting period of all is the day before.
    let period =
        |from, to| DeliveryFilter { period: Some((at(from), at(to))), ..Default::default() };
    assert_eq!(list(period(-10, 50)).await.len(), 5);
    assert_eq!(list(period(-90_000, -86_400)).await.len(), 5, "it touches the first moment");
    assert!(
        list(period(1, 50)).await.is_empty() && list(period(-90_000, -86_401)).await.is_empty()
    );
    assert!(list(period(0, 50)).await.is_empty(), "what ends as it begins has no moment of it");
    let taken = |taken| DeliveryFilter { is_delivery: Some(taken), ..Default::default() };
    assert_eq!(list(taken(true)).await, ["m3", "m2", "m1"]);
    assert_eq!(list(taken(false)).await, ["m5", "m4"]);
    let mut moment = delivery("m6", 6, vec![]);
    (moment.head.reporting_from, moment.head.reporting_to) = (at(60), at(60));
    moment.head.received_at = at(0);
    assert_eq!(commit(&*store, moment).await, "stored");
    for (span, found) in [((60, 70), 1), ((50, 60), 1), ((61, 70), 0), ((50, 59), 0)] {
        assert_eq!(list(period(span.0, span.1)).await.len(), found, "{span:?}");
    }
    let newest = store
        .deliveries(&DeliveryFilter { limit: 1, ..Default::default() })
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (newest.sender, newest.outcome, newest.counts.refused),
        (other(), Outcome::Refused, 3)
    );
    assert_eq!((newest.rule_set.as_str(), newest.received_at), ("lmdi-0.9.4", at(5)));
}

pub async fn codes_of_refused_entries_are_kept_with_their_message(store: Arc<dyn Store>) {
    let mut sent = delivery("m1", 1, vec![version("a", 1, 1, 10)]);
    let code = |code: &str, entries| CodeCount { code: code.into(), entries };
    sent.codes = vec![code("LMR-4001", 3), code("LMR-6002", 1)];
    assert_eq!(commit(&*store, sent.clone()).await, "stored");
    assert_eq!(commit(&*store, delivery("m2", 2, vec![])).await, "stored");
    let listed = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    assert!(listed[0].codes.is_empty());
    let with = |code: &str| DeliveryFilter { code: Some(code.into()), ..Default::default() };
    let found = store.deliveries(&with("LMR-6002")).await.unwrap();
    assert_eq!((found.len(), found[0].message_id.as_str()), (1, "m1"));
    assert!(store.deliveries(&with("LMR-6003")).await.unwrap().is_empty());
    assert_eq!(listed[1].codes, sent.codes);
}

pub async fn what_the_next_administration_is_held_against_is_kept(store: Arc<dyn Store>) {
    let facts = AdministrationFacts { is_annulled: true, patient: None };
    let mut version = version("a", 1, 1, 10);
    version.administration = Some(facts.clone());
    assert_eq!(commit(&*store, delivery("m1", 1, vec![version])).await, "stored");
    let current = store.current(sender(), &[identity("a")]).await.unwrap();
    assert_eq!(current[0].as_ref().unwrap().administration, Some(facts));
}

pub async fn a_system_that_another_sender_uses_is_found(store: Arc<dyn Store>) {
    let systems = ["urn:a".to_owned(), "urn:b".to_owned()];
    assert!(store.systems_of_others(sender(), &systems).await.unwrap().is_empty());
    let mut sent = delivery("m1", 1, vec![]);
    sent.systems = vec![systems[1].clone()];
    assert_eq!(commit(&*store, sent.clone()).await, "stored");
    // One's own use is not reported, another's is.
    assert!(store.systems_of_others(sender(), &systems).await.unwrap().is_empty());
    assert_eq!(store.systems_of_others(other(), &systems).await.unwrap(), systems[1..]);
    // A second message with it changes nothing.
    (sent.head.message_id, sent.head.content_sha256) = ("m2".into(), hash(2));
    sent.bundle_identifier = None;
    assert_eq!(commit(&*store, sent).await, "stored");
}

pub async fn a_long_answer_is_kept_short_and_given_again_as_it_was(store: Arc<dyn Store>) {
    let mut sent = delivery("m1", 1, vec![]);
    sent.answer.body = br#"{"response":{"status":"422 Unprocessable Entity"}},"#.repeat(5_000);
    assert_eq!(commit(&*store, sent.clone()).await, "stored");
    let Some(Seen::Repeated { answer, .. }) = store.seen(sender(), "m1", &hash(1)).await.unwrap()
    else {
        panic!("the message is not known")
    };
    assert!(answer == sent.answer);
}

pub async fn refused_calls_are_kept_counted_and_bounded(store: Arc<dyn Store>) {
    let call = |second, sender: Option<_>, code: &str, id: &str| RefusedCall {
        received_at: at(second),
        client_id: sender.map(|_| "klient".into()),
        message_id: sender.map(|_| id.into()),
        sender,
        request_id: format!("request-{id}"),
        code: code.into(),
        counts: Counts { entries: 2, refused: 1, dependent: 1, ..Counts::default() },
        calls: 1,
    };
    let known = call(5, Some(sender()), "LMR-2040", "m1");
    let mut calls = vec![known.clone(), call(6, Some(other()), "LMR-1012", "m2")];
    // Of nobody known: by code and hour.
    calls.extend((0..500).map(|n| call(n % 60, None, "LMR-1001", "x")));
    calls.push(call(2 * 3600, None, "LMR-1001", "y"));
    calls.push(call(3, None, "LMR-1010", "z"));
    store.keep_refused(calls).await.unwrap();
    let all = store.refused_calls(&DeliveryFilter::default()).await.unwrap();
    let seen: Vec<_> = all.iter().map(|c| (c.code.as_str(), c.sender, c.calls)).collect();
    assert_eq!(
        seen,
        [
            ("LMR-1001", None, 1),
            ("LMR-1012", Some(other()), 1),
            ("LMR-2040", Some(sender()), 1),
            ("LMR-1010", None, 1),
            ("LMR-1001", None, 500),
        ]
    );
    let filter = DeliveryFilter { sender: Some(sender()), ..DeliveryFilter::default() };
    assert_eq!(store.refused_calls(&filter).await.unwrap(), [known]);
    let with = |code: &str| DeliveryFilter { code: Some(code.into()), ..Default::default() };
    assert_eq!(store.refused_calls(&with("LMR-1001")).await.unwrap().len(), 2);
    let period = Some((at(0), at(9)));
    let period = DeliveryFilter { period, ..Default::default() };
    assert!(store.refused_calls(&period).await.unwrap().is_empty(), "they have none");
    // Of one sender the newest thousand are kept.
    let many = (0..1_100).map(|n| call(n, Some(sender()), "LMR-2040", &format!("n{n}"))).collect();
    store.keep_refused(many).await.unwrap();
    let filter = DeliveryFilter { limit: 5_000, ..filter };
    let kept = store.refused_calls(&filter).await.unwrap();
    assert_eq!((kept.len(), kept[0].message_id.as_deref()), (1_000, Some("n1099")));
    let filter = DeliveryFilter { sender: Some(other()), ..DeliveryFilter::default() };
    assert_eq!(store.refused_calls(&filter).await.unwrap().len(), 1, "others keep theirs");
}

/// Some databases take no U+0000 in a text, and some end a text there.
pub async fn a_null_character_in_a_text_is_kept_as_it_came(store: Arc<dyn Store>) {
    let inner: &[u8] = b"{\"resourceType\":\"Patient\",\"n\":\"a\\u0000b\"}";
    let whole = [b"{\"entry\":[{\"resource\":", inner, b"}]}"].concat();
    let mut message = delivery("m1", 1, vec![version("a\0b", 1, 1, 10)]);
    let start = whole.len() - inner.len() - 3;
    message.versions[0].place = start..start + inner.len();
    message.content = Some(BundleContent::Plain(whole));
    message.answer.body = b"an answer with \0 in it".to_vec();
    assert_eq!(commit(&*store, message.clone()).await, "stored");
    let history = store.history("Patient", &format!("{:032x}", 1)).await.unwrap();
    assert!(history[0].content == inner);
    let (same, other) = (identity("a\0b"), identity("a"));
    let current = store.current(sender(), &[same, other]).await.unwrap();
    assert_eq!(current.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false]);
    let seen = store.seen(sender(), "m1", &hash(1)).await.unwrap();
    assert!(matches!(seen, Some(Seen::Repeated { answer, .. }) if answer == message.answer));
}

/// Calls come in late: each counts in its own hour, which ends before the next one begins.
pub async fn calls_of_nobody_known_count_in_their_own_hour(store: Arc<dyn Store>) {
    let call = |second| RefusedCall {
        received_at: at(second),
        client_id: None,
        message_id: None,
        sender: None,
        request_id: format!("request-{second}"),
        code: "LMR-1001".into(),
        counts: Counts::default(),
        calls: 1,
    };
    for second in [3_600, 3_599, 0, 7_199, 7_200, 1_800, 3_600, 10_799, -1] {
        store.keep_refused(vec![call(second)]).await.unwrap();
    }
    let all = store.refused_calls(&DeliveryFilter::default()).await.unwrap();
    let seen: Vec<_> = all.iter().map(|one| (one.received_at, one.calls)).collect();
    assert_eq!(seen, [(at(7_200), 2), (at(3_600), 3), (at(3_599), 3), (at(-1), 1)]);
}

/// Many at once: a shorter list is the beginning of a longer one, so that no call is left out between pages.
pub async fn refused_calls_of_one_moment_have_one_order(store: Arc<dyn Store>) {
    let call = |sender: Option<_>, code: u32, id: u32| RefusedCall {
        received_at: at(5),
        client_id: None,
        message_id: None,
        sender,
        request_id: format!("request-{id}"),
        code: format!("LMR-{code}"),
        counts: Counts::default(),
        calls: 1,
    };
    let mut calls = Vec::new();
    for id in 1..=4 {
        calls.extend([call(Some(sender()), 2040, id), call(Some(other()), 2040, id)]);
        calls.push(call(None, 1000 + id, id));
    }
    store.keep_refused(calls).await.unwrap();
    let list = async |limit| {
        let filter = DeliveryFilter { limit, ..DeliveryFilter::default() };
        store.refused_calls(&filter).await.unwrap()
    };
    let all = list(100).await;
    assert_eq!(all.len(), 12);
    for limit in 1..12 {
        let some = list(limit).await;
        assert_eq!(some, all[..limit as usize], "the first {limit}");
    }
    let order: Vec<_> = all.iter().map(|one| (one.sender, &one.request_id)).collect();
    let mut expected = order.clone();
    expected.sort_by_key(|(sender, id)| (*sender, std::cmp::Reverse(*id)));
    assert_eq!(order, expected, "one sender after the other, the newest call first");
}

fn certificate(serial: u64) -> Certificate {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)
        .unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.serial_number = Some(rcgen::SerialNumber::from(serial));
    params.distinguished_name.push(rcgen::DnType::from_oid(&[2, 5, 4, 97]), "NTRNO-310000019");
    Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap()
}

pub async fn what_is_refused_for_good_stays_refused(store: Arc<dyn Store>) {
    let refused = async |message| {
        let digest = hash(message);
        let asked = Asked {
            message: Some(&digest),
            bundle_identifier: Some("urn:test|m1"),
            systems: &["urn:a".to_owned()],
            identities: &[identity("a")],
        };
        let known = store.known(sender(), asked).await.unwrap();
        assert!(known.is_identifier_used && known.current[0].is_some(), "each answer in its place");
        known.is_refused
    };
    assert_eq!(commit(&*store, delivery("m1", 1, vec![version("a", 1, 1, 10)])).await, "stored");
    assert!(!refused(7).await);
    for until in [at(100), at(200)] {
        store.refuse_for_good(sender(), &hash(7), at(50), until).await.unwrap();
        assert!(refused(7).await && !refused(8).await);
    }
    // A used proof that sweeps leaves it until its time has come, and it goes with the next one.
    let mut sweeps = hash(9);
    sweeps[0] = 64;
    assert!(store.record_proof(&sweeps, at(150), at(220)).await.unwrap());
    for (now, remains) in [(199, true), (201, false)] {
        store.refuse_for_good(sender(), &hash(8), at(now), at(300)).await.unwrap();
        assert_eq!((refused(7).await, refused(8).await), (remains, true), "{now}");
    }
}

pub async fn a_used_proof_is_known_until_it_is_of_no_use(store: Arc<dyn Store>) {
    for n in 0..200 {
        assert!(store.record_proof(&hash(n), at(0), at(70)).await.unwrap(), "{n}");
    }
    assert!(!store.record_proof(&hash(1), at(1), at(71)).await.unwrap());
    assert!(!store.record_proof(&hash(1), at(70), at(140)).await.unwrap(), "its last second");
    assert!(store.record_proof(&hash(1), at(71), at(141)).await.unwrap(), "of no use any more");
    assert!(!store.record_proof(&hash(1), at(72), at(142)).await.unwrap());
    // The sweep takes only what is of no use.
    for n in 0..200_u64 {
        let mut digest = hash(n);
        digest[0] = 64;
        assert!(store.record_proof(&digest, at(100), at(170)).await.unwrap(), "{n}");
    }
    assert!(!store.record_proof(&hash(1), at(101), at(171)).await.unwrap());
}

pub async fn of_many_that_use_a_proof_at_once_one_is_first(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.record_proof(&hash(9), at(0), at(70)).await.unwrap() })
        })
        .collect();
    let mut first = 0;
    for task in tasks {
        first += usize::from(task.await.unwrap());
    }
    assert_eq!(first, 1);
}

pub async fn senders_are_registered_replaced_and_removed(store: Arc<dyn Store>) {
    assert!(store.avsendere().await.unwrap().is_empty());
    let one = Avsender {
        organisation: sender(),
        name: "Ærlig sykehus".into(),
        active: true,
        certificates: vec![
            RegisteredCertificate { certificate: certificate(1), from: Some(at(0)), until: None },
            RegisteredCertificate { certificate: certificate(2), from: None, until: Some(at(9)) },
        ],
        addresses: AllowList::parse(["192.0.2.7", "2001:db8::/32"]).unwrap(),
        rule_set: Some(RuleSetId::Lmdi112),
        start_date: Some("2025-01-01".parse().unwrap()),
        database: Some("nord".into()),
    };
    let two = Avsender {
        organisation: other(),
        name: "Annet".into(),
        active: false,
        certificates: vec![],
        addresses: AllowList::default(),
        rule_set: None,
        start_date: None,
        database: None,
    };
    store.save_avsender(&two).await.unwrap();
    store.save_avsender(&one).await.unwrap();
    assert_eq!(store.avsendere().await.unwrap(), [one.clone(), two.clone()]);
    let mut changed = one;
    changed.active = false;
    changed.certificates.remove(0);
    changed.addresses = AllowList::default();
    changed.rule_set = None;
    store.save_avsender(&changed).await.unwrap();
    assert_eq!(store.avsendere().await.unwrap(), [changed, two.clone()]);
    assert!(store.remove_avsender(sender()).await.unwrap());
    assert!(!store.remove_avsender(sender()).await.unwrap());
    assert_eq!(store.avsendere().await.unwrap(), [two]);
}

/// Several operators change one sender at once, each something else and each of what they have read: nothing is lost.
pub async fn changes_of_one_sender_at_once_are_all_kept(store: Arc<dyn Store>) {
    let new = Avsender {
        organisation: sender(),
        name: "Et sykehus".into(),
        active: true,
        certificates: vec![RegisteredCertificate {
            certificate: certificate(1),
            from: None,
            until: None,
        }],
        addresses: AllowList::default(),
        rule_set: None,
        start_date: None,
        database: None,
    };
    assert!(store.replace_avsender(None, &new).await.unwrap());
    assert!(!store.replace_avsender(None, &new).await.unwrap(), "it is registered already");
    let mut other_name = new.clone();
    other_name.name = "Et annet".into();
    assert!(!store.replace_avsender(Some(&other_name), &new).await.unwrap());
    assert_eq!(store.avsendere().await.unwrap(), std::slice::from_ref(&new));
    type Change = fn(&mut Avsender);
    let changes: [Change; 5] = [
        |one| one.active = false,
        |one| one.name = "Et nytt navn".into(),
        |one| one.addresses = AllowList::parse(["192.0.2.7"]).unwrap(),
        |one| one.rule_set = Some(RuleSetId::Lmdi112),
        |one| {
            let certificate = certificate(2);
            one.certificates.push(RegisteredCertificate { certificate, from: None, until: None });
        },
    ];
    let tasks = changes.map(|change| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            loop {
                let before = store.avsendere().await.unwrap().pop().unwrap();
                let mut after = before.clone();
                change(&mut after);
                if store.replace_avsender(Some(&before), &after).await.unwrap() {
                    break;
                }
            }
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    let mut wanted = new.clone();
    changes.iter().for_each(|change| change(&mut wanted));
    let stored = store.avsendere().await.unwrap();
    // Each certificate is made when it is asked for.
    assert_eq!(stored[0].certificates.len(), 2);
    wanted.certificates.clone_from(&stored[0].certificates);
    assert_eq!(stored, [wanted.clone()]);
    assert!(store.remove_avsender(sender()).await.unwrap());
    assert!(!store.replace_avsender(Some(&wanted), &new).await.unwrap(), "it stays removed");
    assert!(store.avsendere().await.unwrap().is_empty());
}

/// Makes a test of each rule. `$store` gives an empty store, and something that keeps it alive.
#[macro_export]
macro_rules! store_contract {
    ($store:expr => $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let Some((store, _alive)) = $store.await else { return };
                contract::$rule(store).await;
            }
        )*
    };
    ($store:expr) => {
        store_contract! { $store =>
            a_message_and_its_resources_are_kept
            the_same_message_gets_its_first_answer_again
            replays_are_distinguished_and_change_nothing
            a_version_that_moved_meanwhile_stops_the_whole_message
            a_large_message_is_one_message
            any_row_of_commits_ends_as_the_model_says
            messages_at_once_are_all_stored_once
            racing_versions_have_one_winner
            deliveries_are_listed_newest_first_and_filtered
            senders_are_registered_replaced_and_removed
            changes_of_one_sender_at_once_are_all_kept
            codes_of_refused_entries_are_kept_with_their_message
            what_the_next_administration_is_held_against_is_kept
            a_system_that_another_sender_uses_is_found
            a_long_answer_is_kept_short_and_given_again_as_it_was
            refused_calls_are_kept_counted_and_bounded
            refused_calls_of_one_moment_have_one_order
            calls_of_nobody_known_count_in_their_own_hour
            a_null_character_in_a_text_is_kept_as_it_came
            what_is_refused_for_good_stays_refused
            a_used_proof_is_known_until_it_is_of_no_use
            of_many_that_use_a_proof_at_once_one_is_first
            each_senders_receipts_are_a_chain_of_their_own
            what_is_rolled_back_leaves_no_gap_in_the_chain
            many_at_once_make_one_chain
            acts_are_listed_newest_first_and_filtered
            a_log_that_was_put_back_shows_against_what_was_kept
            a_message_is_lent_until_it_is_acknowledged
            what_is_handed_over_again_takes_an_acknowledgement_of_its_own
            two_never_get_the_same_message_at_once
            stored_messages_are_read_back_with_their_versions
            what_is_erased_is_gone_and_the_rest_stays
            an_erasure_of_what_was_erased_meanwhile_changes_nothing
            what_is_removed_for_its_age_names_nobody_and_may_come_again
            what_is_old_is_removed_and_the_receipt_stays
            days_are_summed_up_as_messages_come
            days_begin_by_the_norwegian_clock
            messages_are_paged_and_found
            pages_and_sums_are_those_of_a_plain_list
            one_message_has_its_answer_receipt_and_state
            periods_and_closed_alerts_are_kept
        }
    };
}
