//! What every audit log must do.

use super::{at, delivery, hash, org, other, sender, version};
use lmr_intake::{
    Act, Action, AuditFault, AuditFilter, AuditHead, Committed, Database, REGISTER_CHAIN, Receipt,
    ReceiptDigest, Seen,
};
use std::sync::Arc;

pub fn act(second: i64, action: Action) -> Act {
    Act {
        at: at(second),
        action,
        actor: "operator:kari".into(),
        subject: Some("310000019".into()),
        reason: Some("et vedtak".into()),
        detail: None,
    }
}

async fn receipt_of(store: &dyn Database, message: lmr_intake::Delivery) -> Receipt {
    let Committed::Stored { receipt } = store.commit(message).await.unwrap() else {
        panic!("not stored")
    };
    Receipt::parse(receipt.as_bytes()).unwrap()
}

pub async fn each_senders_receipts_are_a_chain_of_their_own(store: Arc<dyn Database>) {
    let first = receipt_of(&*store, delivery("m1", 1, vec![version("a", 1, 1, 10)])).await;
    assert_eq!((first.sequence, first.previous), (1, None));
    assert_eq!(first.content_sha256, hash(1).into());
    assert_eq!(first.answer_sha256, ReceiptDigest::of(b"answer to m1"));
    assert!(first.rule_set_digest.starts_with("sha256:"), "{}", first.rule_set_digest);
    let mut theirs = delivery("m1", 2, vec![]);
    theirs.head.sender = other();
    let theirs = receipt_of(&*store, theirs).await;
    assert_eq!((theirs.sequence, theirs.previous), (1, None));
    let second = receipt_of(&*store, delivery("m2", 3, vec![])).await;
    let digest = ReceiptDigest::of(first.payload().as_bytes());
    assert_eq!((second.sequence, second.previous), (2, Some(digest)));
    // A resend gets the same receipt, and takes no place in the chain.
    let Committed::Known(Seen::Repeated { receipt, .. }) =
        store.commit(delivery("m1", 1, vec![version("a", 1, 1, 10)])).await.unwrap()
    else {
        panic!("not repeated")
    };
    assert_eq!(receipt.as_deref(), Some(first.payload().as_str()));
    let third = receipt_of(&*store, delivery("m3", 4, vec![])).await;
    assert_eq!(third.sequence, 3);
    assert_eq!(store.newest_receipt(sender()).await.unwrap(), Some(third.payload()));
    assert_eq!(store.newest_receipt(other()).await.unwrap(), Some(theirs.payload()));
    assert_eq!(store.newest_receipt(org("889640782")).await.unwrap(), None);
    let report = store.verify_audit(&[]).await.unwrap();
    assert_eq!((report.chains, report.entries, report.messages), (2, 4, 4));
    assert_eq!(report.problems, []);
}

pub async fn what_is_rolled_back_leaves_no_gap_in_the_chain(store: Arc<dyn Database>) {
    receipt_of(&*store, delivery("m1", 1, vec![version("a", 1, 1, 10)])).await;
    for n in 0..3 {
        // Believes in a version that is not there.
        let stale = delivery(&format!("x{n}"), 100 + n, vec![version("a", 1, 7, 11)]);
        assert!(matches!(store.commit(stale).await, Ok(Committed::Moved)));
    }
    assert_eq!(receipt_of(&*store, delivery("m2", 2, vec![])).await.sequence, 2);
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
}

pub async fn many_at_once_make_one_chain(store: Arc<dyn Database>) {
    let tasks: Vec<_> = (0..60_u64)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut sent = delivery(&format!("m{n}"), n, vec![]);
                if n % 3 == 0 {
                    sent.head.sender = other();
                }
                let recorded = store.record(act(n as i64, Action::Read));
                let (stored, recorded) = tokio::join!(store.commit(sent), recorded);
                assert!(matches!(stored.unwrap(), Committed::Stored { .. }));
                recorded.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let report = store.verify_audit(&[]).await.unwrap();
    assert_eq!((report.chains, report.entries, report.messages), (3, 120, 60));
    assert_eq!(report.problems, []);
}

pub async fn acts_are_listed_newest_first_and_filtered(store: Arc<dyn Database>) {
    let acts = [Action::Read, Action::Export, Action::Change, Action::Read];
    for (second, action) in (10..).zip(acts) {
        store.record(act(second, action)).await.unwrap();
    }
    receipt_of(&*store, delivery("m1", 1, vec![])).await;
    let list = async |filter: AuditFilter| -> Vec<(String, u64)> {
        let entries = store.audit_entries(&filter).await.unwrap();
        entries.into_iter().map(|entry| (entry.chain, entry.sequence)).collect()
    };
    let own = |sequence| (REGISTER_CHAIN.to_owned(), sequence);
    assert_eq!(
        list(AuditFilter::default()).await,
        [own(4), own(3), own(2), own(1), (sender().to_string(), 1)]
    );
    let reads = AuditFilter { action: Some(Action::Read), ..Default::default() };
    assert_eq!(list(reads).await, [own(4), own(1)]);
    let chain = AuditFilter { chain: Some(sender().to_string()), ..Default::default() };
    assert_eq!(list(chain).await, [(sender().to_string(), 1)]);
    let span =
        AuditFilter { since: Some(at(11)), before: Some(at(13)), limit: 1, ..Default::default() };
    assert_eq!(list(span).await, [own(3)]);
    let entry = &store.audit_entries(&AuditFilter::default()).await.unwrap()[0];
    for part in ["operator:kari", "et vedtak", "310000019", r#""sequence":4"#] {
        assert!(entry.text.contains(part), "{} lacks {part}", entry.text);
    }
}

pub async fn a_log_that_was_put_back_shows_against_what_was_kept(store: Arc<dyn Database>) {
    let receipt = receipt_of(&*store, delivery("m1", 1, vec![])).await;
    store.record(act(1, Action::Export)).await.unwrap();
    let heads = store.audit_heads().await.unwrap();
    assert_eq!(heads.len(), 2);
    assert!(heads.contains(&AuditHead::from(&receipt)));
    let report = store.verify_audit(&heads).await.unwrap();
    assert_eq!((report.kept, report.problems), (2, vec![]));
    // A receipt of a message that this database does not have, and one of another with its number.
    let mut lost = AuditHead::from(&receipt);
    lost.sequence = 2;
    let mut replaced = AuditHead::from(&receipt);
    replaced.digest = ReceiptDigest::of(b"another");
    let report = store.verify_audit(&[lost, replaced]).await.unwrap();
    let faults: Vec<_> = report.problems.iter().map(|p| (p.sequence, p.fault)).collect();
    assert_eq!(faults, [(2, AuditFault::CutOff), (1, AuditFault::Replaced)]);
}
