//! What the operator looks at.

use super::{at, delivery, hash, org, other, sender, version};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use lmr_intake::{
    AlertNote, CodeCount, CodeCounts, Committed, Counts, Database, Delivery, MessageFilter,
    MessageState, Outcome, RefusedCall, norwegian_date,
};
use std::cmp::Reverse;
use std::sync::Arc;

/// Two messages of one sender and one of another, an hour apart; the second was refused as a whole.
async fn three(store: &dyn Database) {
    let mut one = delivery("m1", 1, vec![version("a", 1, 1, 10), version("b", 2, 1, 20)]);
    one.head.received_at = at(0);
    one.codes = vec![CodeCount { code: "LMR-4001".into(), entries: 3 }];
    let mut refused = delivery("m2", 2, vec![]);
    refused.bundle_identifier = None;
    refused.head.received_at = at(3_600);
    refused.answer.outcome = Outcome::Refused;
    refused.answer.counts = Counts { entries: 4, refused: 1, dependent: 3, ..Counts::default() };
    refused.codes = vec![CodeCount { code: "LMR-4002".into(), entries: 1 }];
    let mut third = delivery("m3", 3, vec![version("c", 3, 1, 30)]);
    third.head.sender = other();
    third.head.received_at = at(7_200);
    third.head.reporting_from = at(-100);
    for message in [one, refused, third] {
        assert!(matches!(store.commit(message).await, Ok(Committed::Stored { .. })));
    }
}

/// The beginning of its hour.
fn hour(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(3_600) * 3_600).unwrap()
}

pub async fn days_are_summed_up_as_messages_come(store: Arc<dyn Database>) {
    three(&*store).await;
    // The same message again counts once.
    let mut again = delivery("m1", 1, vec![version("a", 1, 1, 10), version("b", 2, 1, 20)]);
    again.head.received_at = at(0);
    assert!(matches!(store.commit(again).await, Ok(Committed::Known(_))));
    assert_eq!(store.known_senders().await.unwrap(), [sender(), other()]);
    let both = [sender(), other()];
    let day = norwegian_date(at(0));
    let (before, after) = (day.yesterday().unwrap(), day.tomorrow().unwrap());
    let mut days = store.day_counts(&both, (before, after)).await.unwrap();
    days.sort_by_key(|day| day.sender);
    let seen: Vec<_> = days
        .iter()
        .map(|d| (d.day, d.sender, d.accepted, d.refused_messages, d.entries, d.stored, d.refused))
        .collect();
    assert_eq!(seen, [(day, sender(), 1, 1, 6, 2, 1), (day, other(), 1, 0, 1, 1, 0)]);
    assert_eq!(days[0].dependent, 3);
    assert_eq!(days[0].last, Some(hour(at(0))), "nothing was taken in the second hour");
    assert_eq!(days[1].last, Some(hour(at(7_200))));
    assert_eq!(store.day_counts(&[other()], (day, day)).await.unwrap().len(), 1);
    for none in [(after, after), (before, before), (after, before)] {
        assert!(store.day_counts(&both, none).await.unwrap().is_empty(), "{none:?}");
    }

    let call = RefusedCall {
        received_at: at(0),
        sender: None,
        client_id: None,
        message_id: None,
        request_id: "r".into(),
        code: "LMR-1001".into(),
        counts: Counts::default(),
        calls: 1,
    };
    store.keep_refused(vec![call.clone(), call]).await.unwrap();
    let mut codes = store.hour_codes(&both, at(0), at(10_000)).await.unwrap();
    codes.sort_by(|a, b| a.code.cmp(&b.code));
    let seen: Vec<_> =
        codes.iter().map(|c| (c.sender, c.code.as_str(), c.entries, c.calls)).collect();
    assert_eq!(
        seen,
        [
            (None, "LMR-1001", 0, 2),
            (Some(sender()), "LMR-4001", 3, 0),
            (Some(sender()), "LMR-4002", 1, 0)
        ]
    );
    // Of nobody known only where it is asked for.
    let calls = async |senders: &[Option<_>]| -> u64 {
        let counts = store.code_counts(senders, (day, day)).await.unwrap();
        let by_sender: u64 = counts.by_sender.iter().map(|one| one.calls).sum();
        assert_eq!(by_sender, counts.by_day.iter().map(|one| one.calls).sum::<u64>());
        by_sender
    };
    assert_eq!((calls(&[Some(sender()), None]).await, calls(&[Some(sender())]).await), (2, 0));
}

pub async fn messages_are_paged_and_found(store: Arc<dyn Database>) {
    three(&*store).await;
    let list = async |filter: MessageFilter| -> Vec<String> {
        let found = store.messages(&filter, at(10_000)).await.unwrap();
        found.into_iter().map(|one| one.summary.message_id).collect()
    };
    let all = MessageFilter::default;
    assert_eq!(list(all()).await, ["m3", "m2", "m1"]);
    assert_eq!(list(MessageFilter { sender: Some(sender()), ..all() }).await, ["m2", "m1"]);
    assert_eq!(list(MessageFilter { message_id: Some("m2".into()), ..all() }).await, ["m2"]);
    assert_eq!(list(MessageFilter { code: Some("LMR-4001".into()), ..all() }).await, ["m1"]);
    assert_eq!(list(MessageFilter { only_refused: true, ..all() }).await, ["m2"]);
    assert_eq!(list(MessageFilter { only_accepted: true, ..all() }).await, ["m3", "m1"]);
    assert_eq!(list(MessageFilter { only_waiting: true, ..all() }).await, ["m3", "m1"]);
    assert_eq!(list(MessageFilter { since: Some(at(3_600)), ..all() }).await, ["m3", "m2"]);
    assert_eq!(list(MessageFilter { before: Some(at(3_600)), ..all() }).await, ["m1"]);
    for code in ["LMR-4001", "LMR-4002"] {
        let of = |sender| MessageFilter {
            sender,
            code: Some(code.into()),
            since: Some(at(0)),
            before: Some(at(9_000)),
            ..all()
        };
        assert_eq!(list(of(None)).await, list(of(Some(sender()))).await, "{code}");
        assert!(list(of(Some(other()))).await.is_empty());
    }
    // Page by page: each message once, whatever the filter.
    let filters = [
        all(),
        MessageFilter { sender: Some(sender()), ..all() },
        MessageFilter { code: Some("LMR-4001".into()), ..all() },
        MessageFilter { only_waiting: true, ..all() },
    ];
    for filter in filters {
        let whole = list(filter.clone()).await;
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = MessageFilter { after, limit: 1, ..filter.clone() };
            let Some(one) = store.messages(&page, at(10_000)).await.unwrap().pop() else { break };
            after = Some(one.cursor);
            paged.push(one.summary.message_id);
        }
        assert_eq!(paged, whole);
    }
}

/// Senders with few messages.
const SMALL: [&str; 4] = ["310000027", "310000035", "310000043", "310000051"];

/// Messages whose clocks did not keep their order: two senders and some small ones, a code that half of them have and a
/// rare one.
fn out_of_order() -> Vec<Delivery> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..80)
        .map(|number| {
            let mut one = delivery(&format!("m{number}"), 100 + number, vec![]);
            one.bundle_identifier = None;
            // Of some of them every entry is refused.
            let counts = Counts { entries: 1, ..Counts::default() };
            one.answer.counts = match random(4) {
                0 => Counts { refused: 1, ..counts },
                1 => Counts { unchanged: 1, ..counts },
                _ => Counts { created: 1, ..counts },
            };
            one.head.sender = match random(9) {
                0..=2 => other(),
                3 => org(SMALL[usize::try_from(random(4)).unwrap()]),
                _ => sender(),
            };
            // Some at the same time.
            let second = random(40) * 600 + random(3) * 86_400;
            one.head.received_at = at(i64::try_from(second).unwrap());
            let code = |code: &str| CodeCount { code: code.into(), entries: 2 };
            one.codes.extend((random(2) == 0).then(|| code("LMR-4001")));
            one.codes.extend((random(12) == 0).then(|| code("LMR-4002")));
            one
        })
        .collect()
}

pub async fn pages_and_sums_are_those_of_a_plain_list(store: Arc<dyn Database>) {
    let mut messages = out_of_order();
    for message in &messages {
        assert!(matches!(store.commit(message.clone()).await, Ok(Committed::Stored { .. })));
    }
    let ids: Vec<String> = messages.iter().map(|one| one.head.message_id.clone()).collect();
    let number = |one: &Delivery| ids.iter().position(|id| *id == one.head.message_id);
    messages.sort_by_key(|one| Reverse((one.head.received_at, one.head.sender, number(one))));
    let has = |one: &Delivery, code: &str| one.codes.iter().any(|count| count.code == code);
    let codes = [None, Some("LMR-4001"), Some("LMR-4002"), Some("LMR-9999")];
    let times =
        [(None, None), (Some(3_000), None), (None, Some(18_000)), (Some(6_000), Some(12_600))];
    for (code, of, (since, before)) in codes
        .into_iter()
        .flat_map(|code| [None, Some(sender()), Some(other())].map(|of| (code, of)))
        .flat_map(|(code, of)| times.map(|between| (code, of, between)))
    {
        let filter = MessageFilter {
            sender: of,
            code: code.map(ToOwned::to_owned),
            since: since.map(at),
            before: before.map(at),
            ..MessageFilter::default()
        };
        let expected: Vec<&str> = messages
            .iter()
            .filter(|one| {
                code.is_none_or(|code| has(one, code))
                    && of.is_none_or(|of| one.head.sender == of)
                    && since.is_none_or(|since| one.head.received_at >= at(since))
                    && before.is_none_or(|before| one.head.received_at < at(before))
            })
            .map(|one| one.head.message_id.as_str())
            .collect();
        for limit in [1, 5, 100] {
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let page = MessageFilter { after, limit, ..filter.clone() };
                let found = store.messages(&page, at(100_000)).await.unwrap();
                let Some(last) = found.last() else { break };
                after = Some(last.cursor);
                paged.extend(found.into_iter().map(|one| one.summary.message_id));
            }
            assert_eq!(paged, expected, "{filter:?}, {limit} a page");
        }
    }

    let first = norwegian_date(at(0));
    let days: Vec<Date> = (-1..4).map(|later| first + later.days()).collect();
    let range = (days[0], days[days.len() - 1]);
    let mut asked = vec![Some(sender()), Some(other()), None];
    asked.extend(SMALL.map(|small| Some(org(small))));
    let counts = store.code_counts(&asked, range).await.unwrap();
    for code in ["LMR-4001", "LMR-4002"] {
        for &day in &days {
            let on_it =
                |one: &&Delivery| norwegian_date(one.head.received_at) == day && has(one, code);
            let found: u64 = counts
                .by_day
                .iter()
                .filter(|one| one.day == day && one.code == code)
                .map(|one| one.entries)
                .sum();
            assert_eq!(found, 2 * messages.iter().filter(on_it).count() as u64, "{code} {day}");
        }
        for of in [sender(), other()] {
            let found: u64 = counts
                .by_sender
                .iter()
                .filter(|one| one.sender == Some(of) && one.code == code)
                .map(|one| one.entries)
                .sum();
            let had = messages.iter().filter(|one| one.head.sender == of && has(one, code));
            assert_eq!(found, 2 * had.count() as u64, "{code} {of}");
        }
    }
    let none = (days[0], days[0]);
    assert_eq!(store.code_counts(&asked, none).await.unwrap(), CodeCounts::default(), "no message");
    let sums = store.day_counts(&[sender(), other()], range).await.unwrap();
    for &day in &days {
        for of in [sender(), other()] {
            let accepted = sums.iter().find(|one| (one.day, one.sender) == (day, of));
            let had = |one: &&Delivery| {
                norwegian_date(one.head.received_at) == day && one.head.sender == of
            };
            let expected: Vec<&Delivery> = messages.iter().filter(had).collect();
            assert_eq!(accepted.map_or(0, |one| one.accepted), expected.len() as u64, "{day} {of}");
            let deliveries = expected.iter().filter(|one| one.answer.counts.is_delivery());
            let last = deliveries.map(|one| hour(one.head.received_at)).max();
            assert_eq!(accepted.and_then(|one| one.last), last, "{day} {of}");
        }
    }
}

pub async fn days_begin_by_the_norwegian_clock(store: Arc<dyn Database>) {
    let received: [(&str, Date); 8] = [
        ("2025-03-29T22:59:59Z", date(2025, 3, 29)),
        ("2025-03-29T23:00:00Z", date(2025, 3, 30)),
        ("2025-03-30T21:59:59Z", date(2025, 3, 30)),
        ("2025-03-30T22:00:00Z", date(2025, 3, 31)),
        ("2025-10-25T21:59:59Z", date(2025, 10, 25)),
        ("2025-10-25T22:00:00Z", date(2025, 10, 26)),
        ("2025-10-26T22:59:59Z", date(2025, 10, 26)),
        ("2025-10-26T23:00:00Z", date(2025, 10, 27)),
    ];
    for (number, (at, _)) in (0..).zip(&received) {
        let mut one = delivery(&format!("m{number}"), 100 + number, vec![]);
        one.bundle_identifier = None;
        one.head.received_at = at.parse().unwrap();
        one.codes = vec![CodeCount { code: "LMR-4001".into(), entries: 1 }];
        assert!(matches!(store.commit(one).await, Ok(Committed::Stored { .. })));
    }
    let range = (date(2025, 1, 1), date(2025, 12, 31));
    let sums = store.day_counts(&[sender()], range).await.unwrap();
    let codes = store.code_counts(&[Some(sender())], range).await.unwrap();
    for (_, day) in received {
        let expected = received.iter().filter(|(_, on)| *on == day).count() as u64;
        let accepted: u64 = sums.iter().filter(|one| one.day == day).map(|one| one.accepted).sum();
        let given: u64 =
            codes.by_day.iter().filter(|one| one.day == day).map(|one| one.entries).sum();
        assert_eq!((accepted, given), (expected, expected), "{day}");
    }
}

pub async fn one_message_has_its_answer_receipt_and_state(store: Arc<dyn Database>) {
    three(&*store).await;
    let state = async |of, id: &str| {
        store.message(of, id, at(10_000)).await.unwrap().map(|one| one.listed.state)
    };
    assert_eq!(state(sender(), "m1").await, Some(MessageState::Received));
    assert_eq!(state(sender(), "m2").await, Some(MessageState::Refused));
    assert_eq!(state(other(), "m1").await, None);
    let one = store.message(sender(), "m1", at(10_000)).await.unwrap().unwrap();
    assert_eq!(one.answer.unwrap().body, b"answer to m1");
    assert!(one.receipt.unwrap().contains("\"m1\""));
    assert_eq!((one.client_id.as_str(), one.content_sha256), ("klient", hash(1)));
    assert!(one.has_content && one.acknowledged_at.is_none());
    store.lend(at(10_000), at(10_060)).await.unwrap().unwrap();
    assert_eq!(state(sender(), "m1").await, Some(MessageState::Allocated));
    store.acknowledge(sender(), "m1", at(10_001)).await.unwrap();
    assert_eq!(state(sender(), "m1").await, Some(MessageState::Transferred));
    // Given out again: it waits as before, and what was never handed over is not counted.
    assert_eq!(store.count_handed_over(sender(), at(0), at(9_000), at(10_001)).await.unwrap(), 1);
    assert_eq!(store.hand_over_again(other(), at(0), at(9_000), at(10_001)).await.unwrap(), 0);
    assert_eq!(store.hand_over_again(sender(), at(0), at(9_000), at(10_001)).await.unwrap(), 1);
    assert_eq!(store.count_handed_over(sender(), at(0), at(9_000), at(10_001)).await.unwrap(), 0);
    assert_eq!(state(sender(), "m1").await, Some(MessageState::Received));
}

pub async fn periods_and_closed_alerts_are_kept(store: Arc<dyn Database>) {
    three(&*store).await;
    // Neither the refused message nor one with every entry refused covers anything.
    let mut none_taken = delivery("m4", 4, vec![]);
    none_taken.head.received_at = at(0);
    (none_taken.head.reporting_from, none_taken.head.reporting_to) = (at(0), at(50));
    none_taken.answer.counts = Counts { entries: 2, refused: 2, ..Counts::default() };
    assert!(matches!(store.commit(none_taken).await, Ok(Committed::Stored { .. })));
    assert_eq!(store.periods(sender(), at(-1)).await.unwrap(), [(at(-86_400), at(0))]);
    assert_eq!(store.periods(other(), at(-1)).await.unwrap(), [(at(-100), at(0))]);
    assert!(store.periods(other(), at(9_000)).await.unwrap().is_empty());
    assert!(store.alert_notes().await.unwrap().is_empty());
    let mut note = AlertNote {
        alert: "silent 310000019".into(),
        closed_at: at(1),
        seen: 3,
        actor: "console:kari".into(),
        reason: "planned".into(),
    };
    store.close_alert(&note).await.unwrap();
    note.closed_at = at(2);
    note.seen = 4;
    store.close_alert(&note).await.unwrap();
    assert_eq!(store.alert_notes().await.unwrap(), [note]);
}
