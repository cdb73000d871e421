//! The forms of the desk: what they decide, what refuses them, and that what was written in them stays.

use super::html::{self, Form};
use super::{CSRF, KEY, ask, desk, get, post, text};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use lmr_web::Decision;

/// The form of a page that decides about all that it lists.
async fn for_all(app: &Router, filter: &str) -> Form {
    let (_, page) = get(app, &format!("/desk/held{filter}"), &format!("lmr-desk={KEY}")).await;
    let form = html::forms(&page).into_iter().find(|form| form.value("seal").is_some());
    form.unwrap_or_else(|| panic!("no form for all: {page}"))
}

/// Its body, as a browser sends it.
fn body(form: &Form, decision: &str, reason: &str) -> String {
    let hidden = form.fields.iter().filter(|field| field.kind == "hidden");
    let hidden: Vec<String> =
        hidden.map(|field| format!("{}={}", field.name, field.value.replace('&', "%26"))).collect();
    format!("{}&decision={decision}&reason={reason}", hidden.join("&"))
}

#[tokio::test]
async fn a_decision_takes_our_form_a_reason_and_the_selection_that_was_seen() {
    let (app, decided) = desk();
    let form = for_all(&app, "?code=LMR-4002").await;
    let all = body(&form, "discard", "avklart");
    let foreign = |csrf: &str| all.replace(CSRF, csrf);
    for (site, body) in
        [("cross-site", all.clone()), ("same-origin", foreign("")), ("same-origin", foreign("abc"))]
    {
        assert_eq!(post(&app, site, body).await.0, StatusCode::FORBIDDEN);
    }
    let (status, _, _) = post(&app, "same-origin", body(&form, "discard", "++")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    // What another filter shows is another selection, also where it is as many records.
    let other = for_all(&app, "?code=LMR-4001").await;
    let (seal, others) = (form.value("seal").unwrap(), other.value("seal").unwrap());
    for wrong in [others, "", "2", "alle"] {
        for decision in ["release", "discard"] {
            let body = body(&form, decision, "avklart").replace(seal, wrong);
            let (status, _, text) = post(&app, "same-origin", body).await;
            assert_eq!(status, StatusCode::CONFLICT, "{wrong}");
            let again = html::forms(&text).into_iter().find(|form| form.value("seal").is_some());
            let again = again.unwrap();
            assert_eq!(again.value("seal"), Some(seal), "the form as it is now: {text}");
            assert_eq!(again.value("reason"), Some("avklart"), "what was written stays");
            assert!(text.contains("Avgjør for alle 2") && text.contains("Forkast 2"), "{text}");
        }
    }
    assert!(decided.lock().unwrap().is_empty());
    let (status, location, _) = post(&app, "same-origin", all).await;
    assert_eq!((status, &*location), (StatusCode::SEE_OTHER, "/desk/held?done=discarded-2"));
    let one = format!("csrf={CSRF}&decision=release&number=1&reason=rettet");
    assert_eq!(post(&app, "same-origin", one).await.1, "/desk/held?done=released-1");
    let wanted = [
        (Decision::Discard, vec![2, 3], "avklart".to_owned()),
        (Decision::Release, vec![1], "rettet".to_owned()),
    ];
    assert_eq!(*decided.lock().unwrap(), wanted);
}

/// Nothing is decided for records that were not named or seen, whatever the form is like.
#[tokio::test]
async fn a_form_that_names_no_record_and_has_seen_no_selection_decides_nothing() {
    let (app, decided) = desk();
    let everything = for_all(&app, "").await.value("seal").unwrap().to_owned();
    for (fields, status) in [
        ("number=abc", StatusCode::UNPROCESSABLE_ENTITY),
        ("number=", StatusCode::UNPROCESSABLE_ENTITY),
        (&*format!("number=1.0&seal={everything}"), StatusCode::UNPROCESSABLE_ENTITY),
        ("number=99999999999999999999&count=3", StatusCode::UNPROCESSABLE_ENTITY),
        // One that was decided or corrected meanwhile.
        ("number=9", StatusCode::CONFLICT),
        ("", StatusCode::CONFLICT),
        ("count=3", StatusCode::CONFLICT),
        ("seal=", StatusCode::CONFLICT),
        ("seal=alle", StatusCode::CONFLICT),
        (&*format!("code=LMR-4002&seal={everything}"), StatusCode::CONFLICT),
        // A selection without records.
        (&*format!("code=LMR-9999&seal={everything}"), StatusCode::CONFLICT),
    ] {
        for decision in ["release", "discard"] {
            let body = format!("csrf={CSRF}&decision={decision}&reason=avklart&{fields}");
            let (found, _, text) = post(&app, "same-origin", body).await;
            assert_eq!(found, status, "{fields}: {text}");
            assert!(text.contains("role=\"alert\""), "{fields}: {text}");
        }
    }
    assert!(decided.lock().unwrap().is_empty());
}

/// Every form of every page, refused: by its reason, and where what it asks for cannot be done.
#[tokio::test]
async fn what_was_written_in_a_refused_form_is_there_again() {
    let (app, decided) = desk();
    let cookie = format!("lmr-desk={KEY}; lmr-language=en");
    let personal = "feil hos 13057012345 <&\">";
    let mut tried = 0;
    for path in
        ["/desk", "/desk/held", "/desk/held/1", "/desk/why", "/desk/history", "/desk/rehearsal"]
    {
        let (_, page) = get(&app, path, &cookie).await;
        for form in html::forms(&page) {
            let written: Vec<&str> = form.visible().map(|field| &*field.name).collect();
            let cases: &[(&str, &str, u16, &str)] = match *written {
                ["reason"] => &[
                    ("reason", personal, 422, "Write a reason"),
                    ("reason", "kan ikke", 409, "The field is missing"),
                ],
                ["copy"] => &[("copy", "{\"kan\": \"ikke\"} <&>", 409, "The field is missing")],
                // Nothing is written: one of a list is chosen.
                ["ruleset"] => &[],
                _ => panic!("{path}: {} with {written:?} is in no row", form.action),
            };
            for (name, value, status, shown) in cases {
                let hidden = form.fields.iter().filter(|field| field.kind == "hidden");
                let hidden = hidden.map(|field| (&*field.name, &*field.value));
                let fields: Vec<String> = hidden
                    .chain([(*name, *value), ("decision", "discard")])
                    .map(|(name, value)| {
                        let bytes = value.bytes().map(|byte| format!("%{byte:02X}"));
                        format!("{name}={}", bytes.collect::<String>())
                    })
                    .collect();
                let request = Request::post(form.action.split('#').next().unwrap())
                    .header(header::HOST, "localhost:4711")
                    .header(header::COOKIE, &cookie)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(Body::from(fields.join("&")));
                let (found, _, text) = ask(&app, request.unwrap()).await;
                assert_eq!(found.as_u16(), *status, "{path} {name}: {text}");
                assert!(text.contains(shown) && text.contains("role=\"alert\""), "{shown}: {text}");
                let again = html::forms(&text);
                let again = again.iter().find(|one| one.name() == form.name());
                let again = again.unwrap_or_else(|| panic!("{} is gone: {text}", form.name()));
                assert_eq!(again.value(name), Some(*value), "{path}");
                assert!(!text.contains("Nothing matches."), "{path}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 5, "two decisions, each refused in two ways, and a trial");
    assert!(decided.lock().unwrap().is_empty());
    // The one that is asked with GET.
    let (status, page) = get(&app, "/desk/why?name=feil", &cookie).await;
    assert!(status == StatusCode::CONFLICT && page.contains(&text().en), "{page}");
    assert!(page.contains("name=\"name\" value=\"feil\""), "{page}");
}
