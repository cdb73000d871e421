//! Alerts: what they say, what closes them, what opens them again; and messages that are given out again.

use super::{SENDER, World, html, world};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use lmr_intake::{Action, Answer, Avsender, AvsenderRecord, CertificateRecord, Counts, Outcome};
use lmr_sandbox::certificates::{Order, TestCa};

const INVALID: &str = "invalid 310000019";
const REASON: &str = "avklart med <dem>";

/// Posts a form that closes alerts, with what its page showed.
async fn close(
    world: &World,
    cookie: &str,
    chosen: (&str, &str),
    (at, shown): &(String, String),
) -> super::Page {
    let secret = world.secret(cookie).await;
    let fields = [("csrf", &*secret), chosen, ("at", at), ("shown", shown), ("reason", REASON)];
    world.post("/konsoll/alerts/close", cookie, &fields).await
}

fn pass(world: &World, minutes: i64) -> Timestamp {
    let mut now = world.now.lock().unwrap();
    *now += SignedDuration::from_mins(minutes);
    *now
}

/// A sender that is refused all the time: what the page showed is closed, and what came since is an alert again.
#[tokio::test]
async fn an_alert_that_grows_all_the_time_is_closed_as_it_was_seen() {
    let world = world().await;
    world.register_other().await;
    let second = SignedDuration::from_secs(1);
    let mut sent = 0;
    let mut refuse = async |sender, at| {
        sent += 1;
        world.refuse_call(&format!("kall-av-{sent}"), "LMR-3001", Some(sender), at).await;
    };
    let began = *world.now.lock().unwrap();
    refuse("320000009", began).await;
    for chosen in [("alert", INVALID), ("kind", "invalid")] {
        let cookie = world.sign_in("kari").await;
        // Within the hour of the page, and in the next one.
        for minutes in [2, 20, 20, 20] {
            let now = pass(&world, 2);
            refuse(SENDER, now - second).await;
            refuse("320000009", now - second).await;
            let page = world.alerts_shown(&cookie, chosen.1).await;
            refuse(SENDER, now + second).await;
            let later = pass(&world, minutes);
            refuse(SENDER, later - second).await;
            let answer = close(&world, &cookie, chosen, &page).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{chosen:?}: {}", answer.text);
            let text = world.get("/konsoll/alerts", &cookie).await.text;
            let open = text.contains("&#60;sykehus&#62; (2)</h3>");
            assert!(open, "{chosen:?}: the two since then: {text}");
            let other = text.contains("id=\"invalid-320000009\"");
            assert_eq!(other, chosen.0 == "alert", "{chosen:?}: {text}");
        }
    }
    let acts = world.acts().await;
    assert!(acts.iter().all(|act| act.contains("avklart med")) && acts.len() == 12, "{acts:?}");
}

/// Nothing is closed that the page did not show, or that is closed already.
#[tokio::test]
async fn what_a_page_did_not_show_is_not_closed() {
    let world = world().await;
    world.register_other().await;
    let began = *world.now.lock().unwrap();
    world.refuse_call("kall-2", "LMR-3001", Some("320000009"), began).await;
    let now = pass(&world, 70);
    world.refuse_call("kall-3", "LMR-3001", Some(SENDER), now).await;
    let cookie = world.sign_in("kari").await;
    let alerts = [("alert", INVALID), ("kind", "invalid")];
    for chosen in alerts {
        let (at, shown) = world.alerts_shown(&cookie, chosen.1).await;
        let one = shown.split(',').find(|one| one.starts_with(INVALID)).unwrap().to_owned();
        assert_eq!(one, format!("{INVALID}/{}/1", if chosen == alerts[0] { 1 } else { 2 }));
        let day = SignedDuration::from_hours(24);
        let (tomorrow, yesterday) = ((now + day).to_string(), (now - day).to_string());
        let more = shown.replace(&one, &format!("{one}0"));
        for (at, shown) in [
            ("", &*shown),
            ("nå", &shown),
            (&at, ""),
            (&at, "invalid 310000019"),
            (&at, &more),
            (&at, "silent 310000019/14/0"),
            (&at, "invalid 999999999/0/0"),
            (&tomorrow, &shown),
            (&yesterday, &shown),
        ] {
            let page = (at.to_owned(), shown.to_owned());
            let answer = close(&world, &cookie, chosen, &page).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{chosen:?} {page:?}");
        }
        // An event of an earlier hour, stored late.
        let earlier = now - SignedDuration::from_mins(60);
        world.refuse_call(&format!("sen-{}", chosen.0), "LMR-3001", Some(SENDER), earlier).await;
        let answer = close(&world, &cookie, chosen, &(at, shown)).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{chosen:?}");
        let kept = "name=\"reason\" value=\"avklart med &#60;dem&#62;\"";
        assert_eq!(answer.text.matches(kept).count(), 1, "what was written stays: {}", answer.text);
    }
    assert!(world.store.alert_notes().await.unwrap().is_empty());
    assert!(world.acts().await.is_empty());
    // Two have the page open; who comes second closes nothing again.
    let page = world.alerts_shown(&cookie, "invalid").await;
    let other = world.sign_in("sjef").await;
    assert_eq!(close(&world, &other, alerts[1], &page).await.status, StatusCode::SEE_OTHER);
    let notes = world.store.alert_notes().await.unwrap();
    assert_eq!(notes.len(), 2);
    pass(&world, 1);
    assert_eq!(close(&world, &cookie, alerts[1], &page).await.status, StatusCode::CONFLICT);
    assert_eq!(world.store.alert_notes().await.unwrap(), notes);
}

/// What changes by itself while somebody writes: the oldest message at the outlet, the days of a silence, the days that a
/// certificate has left.
#[tokio::test]
async fn no_alert_has_to_stand_still_to_be_closed() {
    let world = world().await;
    let start = *world.now.lock().unwrap();
    let ago = |hours| start - SignedDuration::from_hours(hours);
    let counts = Counts { entries: 1, created: 1, ..Counts::default() };
    for (n, hours) in [(3, 30), (4, 26)] {
        let answer = Answer { outcome: Outcome::Accepted, body: b"{}".to_vec(), counts };
        world.deliver(n, answer, (ago(90), ago(80)), ago(hours)).await;
    }
    let ca = TestCa::new(ago(24 * 30)).unwrap();
    let order = Order::new("320000009", "Oppdiktet", ago(24 * 30));
    let stored = AvsenderRecord {
        organisation: "320000009".to_owned(),
        name: "Oppdiktet sykehus".to_owned(),
        active: true,
        certificates: vec![CertificateRecord {
            pem: ca.enterprise(&order).unwrap().certificate_pem,
            from: None,
            until: Some(start + SignedDuration::from_hours(24 * 5)),
        }],
        addresses: vec![],
        rule_set: None,
        start_date: None,
        database: None,
    };
    world.store.save_avsender(&Avsender::try_from(&stored).unwrap()).await.unwrap();
    // 23:50 in Norway; midnight passes while somebody writes.
    pass(&world, 12 * 60 + 50);
    let cookie = world.sign_in("kari").await;
    let text = world.get("/konsoll/alerts", &cookie).await.text;
    let mut pages = Vec::new();
    for kind in ["outlet", "silent", "certificate"] {
        let forms = html::forms(&text);
        let form = forms.iter().find(|form| {
            form.value("alert")
                .is_some_and(|key| key == kind || key.starts_with(&format!("{kind} ")))
        });
        let form = form.unwrap_or_else(|| panic!("no alert {kind}: {text}"));
        let value = |name| form.value(name).unwrap().to_owned();
        pages.push((value("alert"), (value("at"), value("shown"))));
    }
    let now = pass(&world, 20);
    let lent = world.store.lend(now, now + SignedDuration::from_mins(1)).await.unwrap().unwrap();
    assert_eq!(lent.message_id, "melding-3");
    world.store.acknowledge(lent.sender, &lent.message_id, now).await.unwrap();
    for (key, page) in &pages {
        let answer = close(&world, &cookie, ("alert", key), page).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{key}: {}", answer.text);
    }
    let text = world.get("/konsoll/alerts", &cookie).await.text;
    assert!(!text.contains("id=\"kind-outlet\"") && !text.contains("id=\"kind-certificate\""));
    // The day that has ended meanwhile was not on the page.
    assert!(text.contains("id=\"kind-silent\""), "{text}");
}

#[tokio::test]
async fn what_was_handed_over_is_given_out_again_after_its_number_was_seen() {
    let world = world().await;
    let now = *world.now.lock().unwrap();
    let until = now + SignedDuration::from_mins(5);
    let lent = world.store.lend(now, until).await.unwrap().unwrap();
    world.store.acknowledge(lent.sender, &lent.message_id, now).await.unwrap();
    let cookie = world.sign_in("kari").await;
    let secret = world.secret(&cookie).await;
    let query = "?sender=310000019&from=2026-11-26&to=2026-11-26";
    let page = world.get(&format!("/konsoll/again{query}"), &cookie).await;
    assert!(page.text.contains("name=\"count\" value=\"1\""), "{}", page.text);
    let form = html::forms(&page.text).into_iter().find(|form| form.value("count").is_some());
    let at = form.unwrap().value("at").unwrap().to_owned();
    // Meanwhile another one is fetched: it was not counted, and is not given out again.
    *world.now.lock().unwrap() += SignedDuration::from_mins(1);
    let later = *world.now.lock().unwrap();
    let counts = Counts { entries: 1, created: 1, ..Counts::default() };
    let answer = Answer { outcome: Outcome::Accepted, body: b"{}".to_vec(), counts };
    world.deliver(3, answer, (now, now), now).await;
    let lent = world.store.lend(later, until).await.unwrap().unwrap();
    assert_eq!(lent.message_id, "melding-3");
    world.store.acknowledge(lent.sender, &lent.message_id, later).await.unwrap();
    let fields = |count, at| {
        [
            ("csrf", &*secret),
            ("sender", SENDER),
            ("from", "2026-11-26"),
            ("to", "2026-11-26"),
            ("reason", "registeret ble lagt tilbake"),
            ("count", count),
            ("at", at),
        ]
    };
    let tomorrow = (later + SignedDuration::from_hours(24)).to_string();
    for (count, at) in [("2", &*at), ("", &at), ("1", ""), ("1", "i går"), ("2", &tomorrow)] {
        let stale = world.post("/konsoll/again", &cookie, &fields(count, at)).await;
        assert_eq!(stale.status, StatusCode::CONFLICT, "{count} {at}");
        let kept = "name=\"reason\" value=\"registeret ble lagt tilbake\"";
        assert!(stale.text.contains(kept), "{}", stale.text);
        assert!(stale.text.contains("name=\"count\" value=\"2\""), "the new number");
    }
    assert!(world.acts().await.is_empty());
    let page = world.post("/konsoll/again", &cookie, &fields("1", &at)).await;
    assert_eq!(page.location, "/konsoll/alerts?done=again-1");
    let lent = world.store.lend(later, until).await.unwrap().unwrap();
    assert_eq!(lent.message_id, "melding-1", "it waits again");
    assert!(world.store.lend(later, until).await.unwrap().is_none(), "the other one does not");
    let acts = world.acts().await;
    assert!(
        acts[0].contains("registeret ble lagt tilbake")
            && acts[0].contains(Action::HandOver.as_str())
    );
}

/// What an alert says of its codes is about what is open, and its links lead to that.
#[tokio::test]
async fn the_codes_of_an_alert_are_those_of_its_open_events() {
    let world = world().await;
    let start = *world.now.lock().unwrap();
    let minute = SignedDuration::from_mins(1);
    for n in 0..5 {
        let at = start - SignedDuration::from_hours(50);
        world.refuse_call(&format!("gammel-{n}"), "LMR-3001", Some(SENDER), at).await;
    }
    let cookie = world.sign_in("kari").await;
    let text = world.get("/konsoll/alerts", &cookie).await.text;
    assert!(text.contains("(6)</h3>") && text.contains("LMR-3001</a> × 5:"), "{text}");
    assert!(text.contains("code=LMR-3001&amp;from=2026-11-24&amp;sender=310000019"), "{text}");
    let page = world.alerts_shown(&cookie, INVALID).await;
    assert_eq!(close(&world, &cookie, ("alert", INVALID), &page).await.status.as_u16(), 303);
    *world.now.lock().unwrap() += minute * 2;
    world.refuse_call("ny", "LMR-3001", Some(SENDER), start + minute).await;
    let text = world.get("/konsoll/alerts", &cookie).await.text;
    assert!(text.contains("(1)</h3>") && text.contains("LMR-3001</a> × 1:"), "{text}");
    assert!(!text.contains("LMR-4001</a>"), "what was closed is not in it: {text}");
    assert!(text.contains("code=LMR-3001&amp;from=2026-11-26&amp;sender=310000019"), "{text}");
}

#[tokio::test]
async fn an_alert_says_where_its_number_is_not_the_whole() {
    let world = world().await;
    let now = *world.now.lock().unwrap();
    let ca = TestCa::new(now).unwrap();
    let stored = AvsenderRecord {
        organisation: "320000009".to_owned(),
        name: "Oppdiktet sykehus".to_owned(),
        active: true,
        certificates: vec![CertificateRecord {
            pem: ca.enterprise(&Order::new("320000009", "Oppdiktet", now)).unwrap().certificate_pem,
            from: None,
            until: None,
        }],
        addresses: vec![],
        rule_set: None,
        start_date: Some("2026-11-20".parse().unwrap()),
        database: None,
    };
    world.store.save_avsender(&Avsender::try_from(&stored).unwrap()).await.unwrap();
    let cookie = world.sign_in("leser").await;
    let text = world.get("/konsoll/alerts", &cookie).await.text;
    // From the agreed start: six days. Without one: all that are looked at.
    assert!(text.contains("Oppdiktet sykehus (6 dager)"), "{text}");
    *world.now.lock().unwrap() += SignedDuration::from_hours(24 * 100);
    let cookie = world.sign_in("leser").await;
    let text = world.get("/konsoll/alerts", &cookie).await.text;
    assert!(text.contains("Oppdiktet sykehus (minst 13 dager)"), "{text}");
    *world.now.lock().unwrap() += SignedDuration::from_hours(24 * 4000);
    let cookie = world.sign_in("leser").await;
    let text = world.get("/konsoll/alerts", &format!("{cookie}; lmr-language=en")).await.text;
    assert!(text.contains("Certificate ends: Oppdiktet sykehus (expired)"), "{text}");
    assert!(text.contains("(at least 13 days)"), "{text}");
}
