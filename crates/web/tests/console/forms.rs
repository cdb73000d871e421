//! Every form of the console: what was written in one that is refused is there again, but no password and no private key.

use super::html::{self, Form};
use super::{PASSWORD, SENDER, World, encoded, world};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use lmr_intake::{Avsender, AvsenderRecord, CertificateRecord};
use lmr_sandbox::certificates::{Order, TestCa};
use std::collections::BTreeSet;

const OTHER: &str = "320000009";
/// Something that no log keeps.
const PERSONAL: &str = "avklart for 13057012345 <&\">";

/// A form, what is written in it, and how it is refused.
struct Case {
    /// The end of its address.
    action: &'static str,
    written: &'static [(&'static str, &'static str)],
    /// What the browser's form would not have sent, for forms that are refused for nothing that can be written in them.
    more: &'static [(&'static str, &'static str)],
    status: StatusCode,
}

const fn case(
    action: &'static str,
    written: &'static [(&'static str, &'static str)],
    status: StatusCode,
) -> Case {
    Case { action, written, more: &[], status }
}

const UNUSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Every form with fields to write in; a form that is not here fails the test.
const CASES: [Case; 13] = [
    case("/sign-in", &[("name", "<ukjent>"), ("password", PASSWORD)], StatusCode::UNAUTHORIZED),
    case("/passkey", &[("name", "kari & co")], UNUSABLE),
    case("/content", &[("reason", PERSONAL)], UNUSABLE),
    case("/alerts/close", &[("reason", PERSONAL)], UNUSABLE),
    case("/again", &[("reason", PERSONAL)], UNUSABLE),
    case(
        "/konsoll/senders",
        &[
            ("organisation", "320 000 009"),
            ("name", "Nytt <sykehus>"),
            ("certificate", "ikke PEM <>"),
            ("addresses", "192.0.2.7\n192.0.2"),
            ("rule_set", "lmdi-1.1.2"),
            ("start_date", "2026-13-01"),
            ("reason", "avtalt"),
        ],
        UNUSABLE,
    ),
    case("/add-certificate", &[("certificate", "-----BEGIN <CERTIFICATE>-----")], UNUSABLE),
    case("/addresses", &[("addresses", "192.0.2.7\nhos <oss>")], UNUSABLE),
    case(
        "/set",
        &[("name", "Nytt <navn>"), ("rule_set", "lmdi-1.1.2"), ("start_date", "25.11.2026")],
        UNUSABLE,
    ),
    case("/deactivate", &[("reason", PERSONAL)], UNUSABLE),
    case("/activate", &[("reason", PERSONAL)], UNUSABLE),
    case("/remove", &[("confirm", "320000008")], UNUSABLE),
    Case {
        action: "/retire-certificate",
        written: &[("force", "1")],
        more: &[("reason", PERSONAL)],
        status: UNUSABLE,
    },
];

/// The forms in which nothing is written.
const WITHOUT: [&str; 2] = ["/konsoll/sign-out", "/konsoll/sign-in/passkey"];

/// A world with a page for each form: two alerts of a kind, a message that was handed over, a sender that can be changed.
async fn world_of_forms() -> World {
    let world = world().await;
    let now = *world.now.lock().unwrap();
    let ca = TestCa::new(now).unwrap();
    let stored = AvsenderRecord {
        organisation: OTHER.to_owned(),
        name: "Oppdiktet sykehus".to_owned(),
        active: true,
        certificates: vec![CertificateRecord {
            pem: ca.enterprise(&Order::new(OTHER, "Oppdiktet", now)).unwrap().certificate_pem,
            from: None,
            until: None,
        }],
        addresses: vec!["198.51.100.1".to_owned()],
        rule_set: None,
        start_date: Some("2026-11-25".parse().unwrap()),
        database: None,
    };
    world.store.save_avsender(&Avsender::try_from(&stored).unwrap()).await.unwrap();
    world.refuse_call("kall-2", "LMR-3001", Some(OTHER), now).await;
    let lent = world.store.lend(now, now + SignedDuration::from_mins(5)).await.unwrap().unwrap();
    world.store.acknowledge(lent.sender, &lent.message_id, now).await.unwrap();
    world
}

fn pages() -> Vec<String> {
    let again = format!("again?sender={SENDER}&from=2026-11-26&to=2026-11-26");
    let message = format!("messages/{SENDER}/melding-1");
    let (sender, configured) = (format!("senders/{OTHER}"), format!("senders/{SENDER}"));
    [
        "sign-in",
        "passkey",
        "",
        "messages",
        &message,
        "calendar",
        "refusals",
        "senders",
        &sender,
        &configured,
        "alerts",
        &again,
        "operation",
        "audit",
    ]
    .map(|page| format!("/konsoll/{page}").trim_end_matches('/').to_owned())
    .to_vec()
}

/// What a browser sends: the hidden fields, and what is written.
fn body(form: &Form, case: &Case) -> String {
    let hidden = form.fields.iter().filter(|field| field.kind == "hidden");
    let hidden = hidden.map(|field| (&*field.name, &*field.value));
    let all = hidden.chain(case.written.iter().copied()).chain(case.more.iter().copied());
    all.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn what_was_written_in_a_refused_form_is_there_again() {
    let world = world_of_forms().await;
    let cookie = world.sign_in("sjef").await;
    let mut tried = BTreeSet::new();
    // A second time with the sender stopped: the same place has the other verb.
    for is_active in [true, false] {
        if !is_active {
            let secret = world.secret(&cookie).await;
            let path = format!("/konsoll/senders/{OTHER}/deactivate");
            let answer = world.post(&path, &cookie, &[("csrf", &secret)]).await;
            assert!(answer.location.ends_with("done=saved"));
        }
        for path in pages() {
            // Signing in is for those who have not.
            let cookie = if path.ends_with("sign-in") { "" } else { &*cookie };
            let page = world.get(&path, cookie).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            for form in html::forms(&page.text) {
                if form.visible().next().is_none() {
                    assert!(WITHOUT.contains(&&*form.action), "{}", form.action);
                    continue;
                }
                let case = CASES.iter().find(|case| form.action.ends_with(case.action));
                let case = case.unwrap_or_else(|| panic!("{path}: {} is in no row", form.action));
                let fields: BTreeSet<&str> = form.visible().map(|one| &*one.name).collect();
                let written: BTreeSet<&str> = case.written.iter().map(|one| one.0).collect();
                assert_eq!(fields, written, "{path}: the fields of {}", form.action);
                let request = Request::post(&form.action)
                    .header(header::COOKIE, cookie)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(Body::from(body(&form, case)));
                let answer = world.ask(request.unwrap()).await;
                assert_eq!(answer.status, case.status, "{}: {}", form.action, answer.text);
                assert!(answer.text.contains("role=\"alert\""), "{}", form.action);
                let again = html::forms(&answer.text);
                let again = again.iter().find(|one| one.name() == form.name());
                let again = again.unwrap_or_else(|| panic!("{} is gone", form.name()));
                for field in again.visible() {
                    let written = case.written.iter().find(|one| one.0 == field.name).unwrap().1;
                    let wanted = match &*field.kind {
                        "password" => "",
                        "checkbox" => "on",
                        _ => written,
                    };
                    assert_eq!(field.value, wanted, "{} {}", form.action, field.name);
                }
                assert!(!answer.text.contains(PASSWORD), "{}", form.action);
                // Nothing of it is in another form of the page.
                for other in
                    html::forms(&answer.text).iter().filter(|one| one.name() != form.name())
                {
                    for field in other.visible() {
                        let before = html::forms(&page.text);
                        let before = before.iter().find(|one| one.name() == other.name());
                        let before = before.and_then(|one| one.value(&field.name));
                        assert_eq!(
                            before,
                            Some(&*field.value),
                            "{} in {}",
                            form.name(),
                            other.name()
                        );
                    }
                }
                tried.insert(case.action);
            }
        }
    }
    let all: BTreeSet<&str> = CASES.iter().map(|case| case.action).collect();
    assert_eq!(tried, all, "each row is a form of a page");
    // A folded form that was refused is unfolded.
    let secret = world.secret(&cookie).await;
    let path = format!("/konsoll/senders/{OTHER}/addresses");
    let page = world.post(&path, &cookie, &[("csrf", &*secret), ("addresses", "x")]).await;
    assert_eq!(page.text.matches("<details open>").count(), 1, "{}", page.text);
}

/// Somebody has taken the file of the key for that of the certificate.
#[tokio::test]
async fn a_private_key_in_a_form_is_not_shown_again() {
    let world = world_of_forms().await;
    let cookie = world.sign_in("sjef").await;
    let secret = world.secret(&cookie).await;
    for kind in ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        let key = format!("-----BEGIN {kind}-----\nMIIhemmelig\n-----END {kind}-----");
        let fields = [
            ("csrf", &*secret),
            ("organisation", "310000027"),
            ("name", "Nytt sykehus"),
            ("certificate", &*key),
        ];
        for path in ["/konsoll/senders", "/konsoll/senders/320000009/add-certificate"] {
            let answer = world.post(path, &cookie, &fields).await;
            assert_eq!(answer.status, UNUSABLE, "{path}");
            assert!(!answer.text.contains("MIIhemmelig"), "{path}: {}", answer.text);
        }
        let answer = world.post("/konsoll/senders", &cookie, &fields).await;
        assert!(answer.text.contains("value=\"Nytt sykehus\""), "the rest stays");
    }
}
