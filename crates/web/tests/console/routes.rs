//! The table of what the browser tests look at, against the routers: a page that nobody looks at is named here.

use super::world;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use jiff::Timestamp;
use lmr_fhir::{Bilingual, Language};
use lmr_web::{
    Console, Decision, Desk, DeskCause, DeskParts, DeskStatus, DeskTrial, Work, Workplace,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use tower::ServiceExt as _;

/// Method, address and how it is looked at, by group of pages: `scripts/console-tests` fails where it was not.
const TABLE: &str = include_str!("../../../../scripts/console-tests/routes.json");

/// A desk with nothing to do: which addresses it has is all that is asked.
struct Nothing;

fn nothing<T: Send + 'static>() -> Work<T> {
    let text = "ingenting".to_owned();
    Box::pin(async { Err(Bilingual { nb: text.clone(), en: text }) })
}

impl Workplace for Nothing {
    fn status(&self, _: Language) -> Work<DeskStatus> {
        nothing()
    }
    fn history(&self, _: Language) -> Work<String> {
        nothing()
    }
    fn held(&self) -> Work<Vec<DeskCause>> {
        nothing()
    }
    fn source(&self, _: i64) -> Work<Option<String>> {
        nothing()
    }
    fn trial(&self, _: String) -> Work<DeskTrial> {
        nothing()
    }
    fn rule_sets(&self) -> Vec<String> {
        Vec::new()
    }
    fn rehearse(&self, _: String) -> Work<Bilingual<String>> {
        nothing()
    }
    fn why(&self, _: String, _: Language) -> Work<String> {
        nothing()
    }
    fn decide(&self, _: Decision, _: Vec<i64>, _: String) -> Work<u64> {
        nothing()
    }
}

/// The methods that a router answers to, by address.
async fn answered(app: &Router, paths: &[&'static str]) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for path in paths {
        let asked = path.replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let request = Request::builder().method(method.clone()).uri(&asked);
            let request = request.header(header::HOST, "127.0.0.1:4711").body(Body::empty());
            let status = app.clone().oneshot(request.unwrap()).await.unwrap().status();
            if status != StatusCode::METHOD_NOT_ALLOWED {
                all.insert((method.to_string(), (*path).to_owned()));
            }
        }
    }
    all
}

#[tokio::test]
async fn every_address_of_console_and_desk_is_looked_at_in_a_browser() {
    let table: serde_json::Value = serde_json::from_str(TABLE).unwrap();
    let desk = Desk::new(DeskParts {
        workplace: Arc::new(Nothing),
        clock: Arc::new(|| Timestamp::UNIX_EPOCH),
        zone: jiff::tz::TimeZone::UTC,
        key: "k".repeat(40),
        csrf: "c".repeat(40),
    });
    let console = world().await.app;
    for (group, app, paths) in
        [("console", console, Console::paths()), ("desk", desk.router(), Desk::paths())]
    {
        let mut listed = BTreeSet::new();
        for row in table[group].as_array().unwrap() {
            let text = |at: usize| row[at].as_str().unwrap().to_owned();
            let (method, path, how) = (text(0), text(1), text(2));
            let fits =
                matches!((&*method, &*how), ("GET", "page" | "file" | "elsewhere") | (_, "answer"));
            assert!(fits, "{method} {path} is not looked at as {how}");
            assert!(listed.insert((method, path)), "twice: {row}");
        }
        let answered = answered(&app, &paths).await;
        assert_eq!(answered, listed, "{group}: the router, and scripts/console-tests/routes.json");
    }
}

/// A filter that is misspelt in an address would show everything, as if it had been applied.
#[tokio::test]
async fn no_page_takes_a_choice_that_it_does_not_know() {
    let table: serde_json::Value = serde_json::from_str(TABLE).unwrap();
    let world = world().await;
    let cookie = world.sign_in("sjef").await;
    let mut pages = 0;
    for row in table["console"].as_array().unwrap() {
        let path = row[1].as_str().unwrap();
        // Who is not signed in yet comes with the address that was asked for, choices and all.
        if row[2] != "page" || path == "/konsoll/sign-in" {
            continue;
        }
        let path = path.replace("{sender}", "310000019").replace("{id}", "melding-1");
        let found = world.get(&format!("{path}?snder=310000019"), &cookie).await;
        assert_eq!(found.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", found.text);
        assert!(found.text.contains("snder"), "{path}: {}", found.text);
        pages += 1;
    }
    assert!(pages > 10, "{pages}");
}
