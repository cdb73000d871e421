//! The desk through HTTP: who gets in, what is shown, what is decided.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod forms;
use crate::html;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use lmr_fhir::{Bilingual, Language, Severity};
use lmr_web::{
    Decision, Desk, DeskCause, DeskEnd, DeskFinding, DeskParts, DeskRecord, DeskStatus, DeskTrial,
    Work, Workplace,
};
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

const KEY: &str = "0123456789012345678901234567890123456789";
const CSRF: &str = "abcdefghijabcdefghijabcdefghijabcdefghij";

/// What was decided: how, on which records, why.
type Decided = Arc<Mutex<Vec<(Decision, Vec<i64>, String)>>>;

struct Place(Decided);

fn answer<T: Send + 'static>(value: T) -> Work<T> {
    Box::pin(async move { Ok(value) })
}

fn record(number: i64, resource_type: &str) -> DeskRecord {
    DeskRecord {
        number,
        resource_type: resource_type.to_owned(),
        name: Some(format!("nøkkel-{number} <b>")),
        file: "kilde/a.ndjson".to_owned(),
        line: 7,
        since: "2026-11-26T05:00:00Z".parse().unwrap(),
        by_register: number == 2,
        waiting: 3,
        findings: vec![DeskFinding {
            code: Some("LMR-4001".to_owned()),
            path: Some("Patient.gender".to_owned()),
            severity: Severity::Error,
            text: text(),
            value: Some("<kvinne>".to_owned()),
            allowed: vec!["female".to_owned(), "male".to_owned()],
        }],
    }
}

fn text() -> Bilingual<String> {
    Bilingual { nb: "Feltet mangler".to_owned(), en: "The field is missing".to_owned() }
}

impl Workplace for Place {
    fn status(&self, _: Language) -> Work<DeskStatus> {
        let end = |name: &str, ends_at: &str| DeskEnd {
            name: name.to_owned(),
            ends_at: ends_at.parse().unwrap(),
            is_estimate: name == "helseid.key",
        };
        answer(DeskStatus {
            text: "Alt er levert <nesten>".to_owned(),
            next: Some("2026-11-27T02:15:00Z".parse().unwrap()),
            ends: vec![
                end("certificate.certificate", "2026-11-25T00:00:00Z"),
                end("receiver.certificate", "2026-12-06T07:00:00Z"),
                end("helseid.key", "2027-11-26T07:00:00Z"),
            ],
        })
    }
    fn history(&self, _: Language) -> Work<String> {
        answer("Kjøringer <mange>".to_owned())
    }
    fn source(&self, number: i64) -> Work<Option<String>> {
        if number == 3 {
            return Box::pin(async { Err(text()) });
        }
        let text =
            r#"{"resourceType":"Patient","gender":"<kvinne>","name":[{"family":"</textarea>"}]}"#;
        answer((number == 1).then(|| text.to_owned()))
    }
    fn trial(&self, text: String) -> Work<DeskTrial> {
        if text.contains("kan") {
            return Box::pin(async { Err(self::text()) });
        }
        let right = text.contains("female");
        let finding = record(1, "Patient").findings.remove(0);
        let findings = if right { Vec::new() } else { vec![finding] };
        answer(DeskTrial { rule_set: "lmdi-1.1.7".to_owned(), findings })
    }
    fn rule_sets(&self) -> Vec<String> {
        ["lmdi-1.1.2", "lmdi-1.1.7"].map(str::to_owned).to_vec()
    }
    fn rehearse(&self, rule_set: String) -> Work<Bilingual<String>> {
        if rule_set == "lmdi-1.1.2" {
            return Box::pin(async { Err(text()) });
        }
        let done = self.0.lock().unwrap().len();
        answer(Bilingual { nb: format!("funnet <alt> {done}"), en: format!("found {done}") })
    }
    fn held(&self) -> Work<Vec<DeskCause>> {
        let cause = |code: &str, records| DeskCause {
            code: (!code.is_empty()).then(|| code.to_owned()),
            path: "Patient.gender".to_owned(),
            text: text(),
            records,
        };
        answer(vec![
            cause("LMR-4001", vec![record(1, "Patient"), record(2, "Patient")]),
            cause("LMR-4002", vec![record(2, "Patient"), record(3, "Medication")]),
            cause("", vec![record(3, "Medication")]),
        ])
    }
    fn why(&self, name: String, _: Language) -> Work<String> {
        match name.as_str() {
            "feil" => Box::pin(async { Err(text()) }),
            name => answer(format!("om {name}")),
        }
    }
    fn decide(&self, decision: Decision, numbers: Vec<i64>, reason: String) -> Work<u64> {
        if reason == "kan ikke" {
            return Box::pin(async { Err(text()) });
        }
        let count = numbers.len() as u64;
        self.0.lock().unwrap().push((decision, numbers, reason));
        answer(count)
    }
}

fn desk() -> (Router, Decided) {
    let decided = Decided::default();
    let desk = Desk::new(DeskParts {
        workplace: Arc::new(Place(Arc::clone(&decided))),
        clock: Arc::new(|| "2026-11-26T07:00:00Z".parse().unwrap()),
        zone: jiff::tz::TimeZone::UTC,
        key: KEY.to_owned(),
        csrf: CSRF.to_owned(),
    });
    assert_eq!(desk.address(), format!("/desk/open?key={KEY}"));
    (desk.router(), decided)
}

async fn ask(app: &Router, request: Request<Body>) -> (StatusCode, String, String) {
    let response = app.clone().oneshot(request).await.unwrap();
    let location = response.headers().get(header::LOCATION);
    let location = location.map_or("", |value| value.to_str().unwrap()).to_owned();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, location, String::from_utf8(body.to_vec()).unwrap())
}

async fn get(app: &Router, path: &str, cookie: &str) -> (StatusCode, String) {
    let request = Request::get(path)
        .header(header::HOST, "127.0.0.1:4711")
        .header(header::COOKIE, cookie)
        .body(Body::empty());
    let (status, _, text) = ask(app, request.unwrap()).await;
    (status, text)
}

async fn post(app: &Router, site: &str, body: String) -> (StatusCode, String, String) {
    post_to(app, "/desk/held", site, body).await
}

async fn post_to(
    app: &Router,
    path: &str,
    site: &str,
    body: String,
) -> (StatusCode, String, String) {
    let request = Request::post(path)
        .header(header::HOST, "localhost:4711")
        .header(header::COOKIE, format!("lmr-desk={KEY}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", site);
    ask(app, request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn only_who_has_the_key_sees_the_pages_and_only_by_this_machines_names() {
    let (app, _) = desk();
    let cookie = format!("lmr-desk={KEY}");
    for path in [
        "/desk",
        "/desk/held",
        "/desk/held/1",
        "/desk/held/2",
        "/desk/why?name=x",
        "/desk/history",
        "/desk/rehearsal",
    ] {
        for wrong in ["", "lmr-desk=", "lmr-desk=0123"] {
            let (status, text) = get(&app, path, wrong).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            assert!(text.contains("lmr send desk") && !text.contains("nøkkel"), "{path}");
        }
        let (status, text) = get(&app, path, &cookie).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        for raw in ["<b>", "<nesten>", "<mange>", "<kvinne>", "<script", "\"</textarea>"] {
            assert!(!text.contains(raw), "{path} has {raw}");
        }
        // Another site's name for this address: DNS rebinding.
        let request = Request::get(path)
            .header(header::HOST, "evil.example.no:4711")
            .header(header::COOKIE, &cookie);
        let (status, _, text) = ask(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!((status, &*text), (StatusCode::MISDIRECTED_REQUEST, ""));
    }
    assert_eq!(get(&app, "/desk/open?key=0123", "").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(get(&app, &format!("/desk/open?key={KEY}"), "").await.0, StatusCode::SEE_OTHER);
    assert_eq!(get(&app, "/desk/held/9", &cookie).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_filter_and_a_record_show_values_remedies_and_languages() {
    let (app, _) = desk();
    let cookie = format!("lmr-desk={KEY}; lmr-language=en");
    let (_, text) = get(&app, "/desk/held?code=lmr-4002", &cookie).await;
    assert!(
        text.contains("(2)") && text.contains("/desk/held/3") && !text.contains("/desk/held/1")
    );
    let (_, text) = get(&app, "/desk/held?type=medication", &cookie).await;
    assert!(text.contains("/desk/held/3") && !text.contains("/desk/held/2\""));
    let (_, text) = get(&app, "/desk/held/1", &cookie).await;
    for shown in ["The field is missing", "&#60;kvinne&#62;", "<code>female</code>", "a.ndjson:7"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let (_, text) = get(&app, "/desk/why?name=Patient/1", &cookie).await;
    assert!(text.contains("om Patient/1"));
    let (status, text) = get(&app, "/desk/why?name=feil", &cookie).await;
    assert!(status == StatusCode::CONFLICT && text.contains("The field is missing"));
}

#[tokio::test]
async fn the_first_page_says_what_is_next_and_what_ends() {
    let (app, _) = desk();
    let (_, text) = get(&app, "/desk", &format!("lmr-desk={KEY}")).await;
    assert!(text.contains("27.11.2026 02:15"), "{text}");
    for (name, tone, days) in [
        ("certificate.certificate", "bad", "-2"),
        ("receiver.certificate", "warn", "10"),
        ("helseid.key", "good", "365"),
    ] {
        let (_, row) = text.split_once(name).unwrap();
        let row = row.split("</tr>").next().unwrap();
        let tag = format!("<span class=\"tag {tone}\">{days}</span>");
        assert!(row.contains(&tag), "{name}: {row}");
        assert_eq!(row.contains("(anslått)"), name == "helseid.key");
    }
}

#[tokio::test]
async fn a_record_is_shown_with_its_faults_marked_and_a_changed_copy_is_tried() {
    let (app, decided) = desk();
    let cookie = format!("lmr-desk={KEY}");
    let (_, text) = get(&app, "/desk/held/1", &cookie).await;
    let mark = "&quot;gender&quot;: <mark class=\"bad\" title=\"Feltet mangler\">&quot;&lt;kvinne&gt;&quot;</mark>";
    assert!(text.contains(mark), "{text}");
    let (_, copy) = text.split_once("<textarea ").unwrap();
    let copy = copy.split("</textarea>").next().unwrap();
    assert!(copy.contains("&#60;kvinne&#62;") && copy.contains("&#60;/textarea&#62;"), "{copy}");
    let (_, gone) = get(&app, "/desk/held/2", &cookie).await;
    assert!(gone.contains("Kilden har ikke posten lenger"), "{gone}");

    // A source that is away leaves the record to be decided, and a changed copy to be tried.
    let away = "Kilden kan ikke leses nå: Feltet mangler";
    let (status, text) = get(&app, "/desk/held/3", &cookie).await;
    assert!(status == StatusCode::OK && text.contains(away), "{text}");
    assert!(text.contains("value=\"release\"") && text.contains("value=\"discard\""), "{text}");
    let tried = format!("csrf={CSRF}&copy=%7B%22a%22:1%7D");
    let (status, _, text) = post_to(&app, "/desk/held/3/trial", "same-origin", tried).await;
    assert!(status == StatusCode::OK && text.contains(away), "{text}");
    assert!(text.contains("&#34;a&#34;:1"), "the copy stays: {text}");

    let trial = |csrf: &str, copy: &str| format!("csrf={csrf}&copy={copy}");
    let path = "/desk/held/1/trial";
    for (site, csrf) in [("cross-site", CSRF), ("same-origin", ""), ("same-origin", "abc")] {
        let (status, _, text) = post_to(&app, path, site, trial(csrf, "%7B%7D")).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(!text.contains("nøkkel"));
    }
    let wrong = trial(CSRF, "%7B%22gender%22:%22mann%22%7D");
    let (status, _, text) = post_to(&app, path, "same-origin", wrong).await;
    assert!(status == StatusCode::OK && text.contains("lmdi-1.1.7: 1"), "{text}");
    assert!(text.contains("Feil LMR-4001") && text.contains(">&quot;mann&quot;</mark>"), "{text}");
    assert!(text.contains("&#34;mann&#34;"), "the copy stays to be changed further: {text}");
    let right = trial(CSRF, "%7B%22gender%22:%22female%22%7D");
    let (_, _, text) = post_to(&app, path, "same-origin", right).await;
    assert!(text.contains("Ingen feil i kopien etter lmdi-1.1.7."), "{text}");
    assert!(text.contains("Kilden har nå:"), "what holds the record is still said: {text}");
    let (status, _, text) = post_to(&app, path, "same-origin", trial(CSRF, "ikke+JSON")).await;
    assert!(status == StatusCode::OK && text.contains("ikke JSON"), "{text}");
    let large = trial(CSRF, &"x".repeat(2 << 20));
    let (status, _, _) = post_to(&app, path, "same-origin", large).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a form has bounds");
    let (status, _, _) =
        post_to(&app, "/desk/held/9/trial", "same-origin", trial(CSRF, "%7B%7D")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(decided.lock().unwrap().is_empty(), "a trial decides nothing");
}

#[tokio::test]
async fn a_rehearsal_runs_beside_the_pages_and_says_how_it_ended() {
    let (app, _) = desk();
    let cookie = format!("lmr-desk={KEY}");
    let path = "/desk/rehearsal";
    let begin = |csrf: &str, name: &str| format!("csrf={csrf}&ruleset={name}");
    let (status, _, _) = post_to(&app, path, "same-origin", begin("", "lmdi-1.1.7")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _, _) = post_to(&app, path, "same-origin", begin(CSRF, "lmdi-9")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for (name, shown) in
        [("lmdi-1.1.7", "funnet &#60;alt&#62; 0"), ("lmdi-1.1.2", "Feltet mangler")]
    {
        let (status, location, _) = post_to(&app, path, "same-origin", begin(CSRF, name)).await;
        assert_eq!((status, &*location), (StatusCode::SEE_OTHER, path));
        let mut text = String::new();
        for _ in 0..100 {
            text = get(&app, path, &cookie).await.1;
            if !text.contains("kjører siden") {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert!(text.contains(shown) && text.contains(name), "{text}");
    }
}

/// Every answer is a page of the desk, with its headers, and its language link leads to a page.
#[tokio::test]
async fn every_answer_has_words_and_a_language_link_that_leads_to_a_page() {
    let (app, _) = desk();
    let cookie = format!("lmr-desk={KEY}");
    for (method, path, body) in [
        ("GET", "/desk/held/abc", ""),
        ("GET", "/desk/held/1/trial", ""),
        ("GET", "/desk/no-such-page", ""),
        ("POST", "/desk/held/abc/trial", "copy=%7B%7D"),
        ("POST", "/desk/held/1/trial", "copy=%7B%7D"),
        ("POST", "/desk/why", ""),
        ("POST", "/desk/held", "decision=discard&reason=x&count=7&code=LMR-4002"),
        ("POST", "/desk/held", "decision=discard&number=1"),
        ("POST", "/desk/rehearsal", "ruleset=lmdi-9"),
        ("PUT", "/desk/held", ""),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:4711")
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={CSRF}&{body}")));
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        let policy = response.headers().contains_key(header::CONTENT_SECURITY_POLICY);
        assert!(policy, "{method} {path} has no policy");
        let text = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        let (_, link) = text.split_once("href=\"/desk/language?").unwrap();
        let link = link.split('"').next().unwrap().replace("&#38;", "&");
        let request = Request::get(format!("/desk/language?{link}"))
            .header(header::HOST, "localhost:4711")
            .body(Body::empty());
        let (_, back, _) = ask(&app, request.unwrap()).await;
        assert_eq!(get(&app, &back, &cookie).await.0, StatusCode::OK, "{method} {path}: {back}");
        if path == "/desk/held/1/trial" && method == "POST" {
            assert_eq!(back, "/desk/held/1");
        }
    }
}

/// A cause's link leads to as many records as are beside it, also where the register gave no code.
#[tokio::test]
async fn the_number_of_a_cause_is_that_of_its_list() {
    let (app, _) = desk();
    let cookie = format!("lmr-desk={KEY}");
    let (_, text) = get(&app, "/desk", &cookie).await;
    let (_, rows) = text.split_once("id=\"causes\"").unwrap();
    let links: Vec<&str> = rows.split("<tr>").filter(|row| row.contains("/desk/held?")).collect();
    assert_eq!(links.len(), 3, "{rows}");
    for row in links {
        let (_, link) = row.split_once("href=\"").unwrap();
        let link = link.split('"').next().unwrap().replace("&amp;", "&");
        let (_, count) = row.split_once("class=\"n\">").unwrap();
        let count = count.split('<').next().unwrap();
        let (_, list) = get(&app, &link, &cookie).await;
        assert!(list.contains(&format!("({count})</h1>")), "{link}");
        assert_eq!(list.matches("<section>").count(), 1, "{link}: one cause");
    }
}

/// A filter that is misspelt in an address would show everything, and a decision about all of it be offered.
#[tokio::test]
async fn a_choice_that_the_desk_does_not_know_is_refused() {
    let (app, _) = desk();
    let cookie = format!("lmr-desk={KEY}");
    for path in ["/desk/held?kode=LMR-4001", "/desk/why?navn=Patient/p1"] {
        let (status, text) = get(&app, path, &cookie).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {text}");
    }
    for path in ["/desk/held?code=LMR-4001&done=released-1", "/desk/why?name="] {
        assert_eq!(get(&app, path, &cookie).await.0, StatusCode::OK, "{path}");
    }
}
