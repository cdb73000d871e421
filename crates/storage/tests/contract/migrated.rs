//! A database of the schema before the sender led every key (`tests/schema_0008`), brought to today's.
//!
//! The files are dumps of what the program of then had written with the key of 32 sevens: five messages of two senders,
//! one of them refused, a resource with two versions, a message that was fetched at the outlet and one that is lent,
//! refused calls, a used proof and two acts of the register.

use super::{at, delivery, hash, identity, org, other, resource, sender, version};
use lmr_intake::{Acknowledged, ArchiveFilter, Committed, Database, DeliveryFilter, Seen};
use std::sync::Arc;

pub async fn nothing_of_an_older_schema_is_lost(store: Arc<dyn Database>) {
    let all = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    let seen: Vec<_> = all.iter().map(|d| (d.message_id.as_str(), d.sender)).collect();
    let expected =
        [("m5", other()), ("m4", sender()), ("m3", sender()), ("m2", other()), ("m1", sender())];
    assert_eq!(seen, expected);
    let codes: Vec<_> = all[4].codes.iter().map(|c| (c.code.as_str(), c.entries)).collect();
    assert_eq!(codes, [("LMR-4001", 3), ("LMR-6002", 1)]);
    let coded = DeliveryFilter { code: Some("LMR-6002".into()), ..Default::default() };
    assert_eq!(store.deliveries(&coded).await.unwrap().len(), 1);

    // Receipts, answers, contents.
    let report = store.verify_audit(&[]).await.unwrap();
    assert_eq!((report.problems.len(), report.messages, report.chains), (0, 4, 3));
    let Some(Seen::Repeated { answer, receipt }) =
        store.seen(sender(), "m1", &hash(1)).await.unwrap()
    else {
        panic!("m1 is not known")
    };
    assert_eq!(answer.body, br#"{"response":{"status":"422 Unprocessable Entity"}},"#.repeat(50));
    assert!(receipt.is_some());
    let known = store.current(sender(), &[identity("a"), identity("b")]).await.unwrap();
    let versions: Vec<_> = known.iter().map(|k| k.as_ref().unwrap().version).collect();
    assert_eq!(versions, [2, 1]);
    let history = store.history("Patient", &format!("{:032x}", 1)).await.unwrap();
    assert_eq!((history.len(), &history[0].content), (2, &resource(10)));
    assert_eq!(history[1].content, resource(11));
    let archived = store.archived(&ArchiveFilter::default()).await.unwrap();
    let contents = archived.iter().filter(|message| message.content.is_some()).count();
    assert_eq!((archived.len(), contents), (5, 4));
    assert!(archived.iter().all(|m| m.versions.iter().all(|v| m.resource(v).is_some())));

    // The outlet, refused calls, proofs, senders, systems.
    assert_eq!(store.acknowledge(sender(), "m1", at(200)).await.unwrap(), Acknowledged::Before);
    let next = store.lend(at(150), at(170)).await.unwrap().unwrap();
    assert_eq!((next.sender, next.message_id.as_str(), next.times), (sender(), "m3", 1));
    let refused = store.refused_calls(&DeliveryFilter::default()).await.unwrap();
    let refused: Vec<_> = refused.iter().map(|c| (c.code.as_str(), c.sender, c.calls)).collect();
    assert_eq!(refused, [("LMR-1001", None, 2), ("LMR-2040", Some(sender()), 1)]);
    assert!(!store.record_proof(&hash(1), at(1), at(71)).await.unwrap());
    assert_eq!(store.avsendere().await.unwrap()[0].name, "Ærlig sykehus");
    let systems = ["urn:a".to_owned(), "urn:b".to_owned()];
    assert_eq!(store.systems_of_others(sender(), &systems).await.unwrap(), systems[1..]);

    // And it goes on: known ones are known, new ones come after, in both senders' own numbers.
    let third = delivery("m3", 3, vec![version("a", 1, 2, 11)]);
    assert_eq!(store.commit(third).await.unwrap().as_str(), "repeated");
    for (n, of) in [(6, sender()), (7, other()), (8, org("330000007"))] {
        let mut new = delivery(&format!("m{n}"), n, vec![version("new", n, 1, n)]);
        new.head.sender = of;
        assert!(matches!(store.commit(new).await, Ok(Committed::Stored { .. })), "m{n}");
    }
    let archived = store.archived(&ArchiveFilter::default()).await.unwrap();
    let order: Vec<_> = archived.iter().map(|message| message.message_id.as_str()).collect();
    assert_eq!(order, ["m1", "m3", "m4", "m6", "m2", "m5", "m7", "m8"]);
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
}
