//! The hospital's desk: how deliveries stand, what is held and why, and what is done about it.
//!
//! Served on loopback by `lmr send desk`, to the browser of whoever started it: a secret in the address that the command
//! prints opens it, so that other users of the machine see nothing. What is looked up and done is a [`Workplace`].

mod held;
mod record;
mod rehearsal;

use crate::console::Role;
use crate::cookie;
use crate::form::{Fields, only};
use crate::frame::{
    self, Failure, FailurePage, Frame, NavItem, asset, failure_of, here, language, page, see_other,
};
use crate::{ICON, STYLE};
use askama::Template;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lmr_auth::Clock;
use lmr_fhir::{Bilingual, Language, Severity};
use lmr_lmdi::codes::Code;
use rehearsal::Rehearsal;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

const BASE: &str = "/desk";
const COOKIE: &str = "lmr-desk";
/// A cause without a code, in filters and on pages: without anything the filter would be for all codes.
const NO_CODE: &str = "–";
/// Records that a page lists.
const LISTED: usize = 200;
/// Longest text of a record that is shown and taken for a trial, in bytes.
const MAX_RECORD: usize = 512 << 10;
/// Largest form: such a text, every byte encoded, and a reason.
const MAX_FORM: usize = 3 * MAX_RECORD + (64 << 10);

const NAV: [NavItem; 5] = [
    NavItem { path: "", nb: "Oversikt", en: "Overview", role: Role::Read },
    NavItem { path: "/held", nb: "Holdt tilbake", en: "Held", role: Role::Read },
    NavItem { path: "/why", nb: "Hvorfor", en: "Why", role: Role::Read },
    NavItem { path: "/history", nb: "Historikk", en: "History", role: Role::Read },
    NavItem { path: "/rehearsal", nb: "Prøve", en: "Rehearsal", role: Role::Read },
];

/// What is wrong with a record, at one element.
#[derive(Clone, Debug)]
pub struct DeskFinding {
    /// `LMR-nnnn`; `None` when the register gave none.
    pub code: Option<String>,
    /// Where, as FHIRPath.
    pub path: Option<String>,
    /// How bad it is; only errors hold a record.
    pub severity: Severity,
    /// The sentence.
    pub text: Bilingual<String>,
    /// What the source has there now.
    pub value: Option<String>,
    /// What the guide takes there, where that is a short list.
    pub allowed: Vec<String>,
}

/// A record that is held.
#[derive(Clone, Debug)]
pub struct DeskRecord {
    /// The number that it is released by.
    pub number: i64,
    /// Type of the resource.
    pub resource_type: String,
    /// The source's own key, or the technical id.
    pub name: Option<String>,
    /// Where it is in the source.
    pub file: String,
    /// Line from 1.
    pub line: u32,
    /// Since when it is held.
    pub since: Timestamp,
    /// Whether the register refused it, and not the check before sending.
    pub by_register: bool,
    /// How many correct records wait for it.
    pub waiting: u64,
    /// Everything that is wrong with it.
    pub findings: Vec<DeskFinding>,
}

/// Records with one cause.
#[derive(Clone, Debug)]
pub struct DeskCause {
    /// `LMR-nnnn`.
    pub code: Option<String>,
    /// The element, without indices.
    pub path: String,
    /// The sentence.
    pub text: Bilingual<String>,
    /// The records.
    pub records: Vec<DeskRecord>,
}

/// How deliveries stand.
#[derive(Clone, Debug, Default)]
pub struct DeskStatus {
    /// As the command `status` says it.
    pub text: String,
    /// When the next planned transfer is due.
    pub next: Option<Timestamp>,
    /// Certificates and keys, the nearest end first.
    pub ends: Vec<DeskEnd>,
}

/// A certificate or key that ends.
#[derive(Clone, Debug)]
pub struct DeskEnd {
    /// The key of the configuration that names it.
    pub name: String,
    /// When.
    pub ends_at: Timestamp,
    /// Whether that is only what is usual.
    pub is_estimate: bool,
}

/// What a trial validation came to.
#[derive(Clone, Debug)]
pub struct DeskTrial {
    /// The rule set.
    pub rule_set: String,
    /// Everything that was found.
    pub findings: Vec<DeskFinding>,
}

/// What is decided about held records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// They are checked again, and sent where nothing is found.
    Release,
    /// They are not sent until they change at the source.
    Discard,
}

/// What comes of work at the desk: an answer, or what went wrong and what to do.
pub type Work<T> = Pin<Box<dyn Future<Output = Result<T, Bilingual<String>>> + Send>>;

/// What the desk looks up and does.
pub trait Workplace: Send + Sync + 'static {
    /// How deliveries stand.
    fn status(&self, lang: Language) -> Work<DeskStatus>;
    /// The last runs and messages, as the command `history` says it.
    fn history(&self, lang: Language) -> Work<String>;
    /// What is held, by cause.
    fn held(&self) -> Work<Vec<DeskCause>>;
    /// A held record's text as the source has it now; `None` when it is not there any more.
    fn source(&self, number: i64) -> Work<Option<String>>;
    /// Validates a changed copy of a record, alone. Nothing of it is kept.
    fn trial(&self, text: String) -> Work<DeskTrial>;
    /// The rule sets that can be rehearsed.
    fn rule_sets(&self) -> Vec<String>;
    /// Rehearses a rule set, as the command `rehearse` does.
    fn rehearse(&self, rule_set: String) -> Work<Bilingual<String>>;
    /// What is known of a record by its key or id, as the command `why` says it.
    fn why(&self, name: String, lang: Language) -> Work<String>;
    /// Releases or discards, with a reason for the journal; gives how many.
    fn decide(&self, decision: Decision, numbers: Vec<i64>, reason: String) -> Work<u64>;
}

/// What the desk is made of.
pub struct DeskParts {
    /// What it looks up and does.
    pub workplace: Arc<dyn Workplace>,
    /// The time.
    pub clock: Clock,
    /// Norwegian time.
    pub zone: TimeZone,
    /// The secret that opens it: random, 40 letters and digits or more.
    pub key: String,
    /// The secret that its forms carry: random too, and another one.
    pub csrf: String,
}

/// The desk.
#[derive(Clone)]
pub struct Desk(Arc<Shared>);

struct Shared {
    parts: DeskParts,
    rehearsal: Mutex<Rehearsal>,
}

impl std::ops::Deref for Shared {
    type Target = DeskParts;

    fn deref(&self) -> &DeskParts {
        &self.parts
    }
}

impl Desk {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: DeskParts) -> Self {
        Self(Arc::new(Shared { parts, rehearsal: Mutex::default() }))
    }

    /// The address below the listener's that opens it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{BASE}/open?key={}", self.0.key)
    }

    /// All its pages.
    pub fn router(&self) -> Router {
        let router = routes()
            .into_iter()
            .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
        router
            .fallback(|| async { Failure::NotFound })
            .layer(axum::extract::DefaultBodyLimit::max(MAX_FORM))
            .layer(from_fn_with_state(Arc::clone(&self.0), show_failures))
            .with_state(Arc::clone(&self.0))
    }

    /// The addresses of all its pages, with names in braces where something is chosen.
    #[must_use]
    pub fn paths() -> Vec<&'static str> {
        routes().into_iter().map(|(path, _)| path).collect()
    }
}

/// Every address, and what answers there.
fn routes() -> Vec<(&'static str, MethodRouter<Arc<Shared>>)> {
    vec![
        ("/", get(|| async { see_other(BASE) })),
        (BASE, get(overview)),
        ("/desk/lmr.css", get(|| async { asset("text/css; charset=utf-8", &STYLE) })),
        ("/desk/icon.svg", get(|| async { asset("image/svg+xml", ICON) })),
        ("/desk/open", get(open)),
        ("/desk/language", get(choose_language)),
        ("/desk/held", get(held::show).post(held::decide)),
        ("/desk/held/{number}", get(record::show)),
        ("/desk/held/{number}/trial", post(record::trial)),
        ("/desk/why", get(why)),
        ("/desk/history", get(history)),
        ("/desk/rehearsal", get(rehearsal::show).post(rehearsal::begin)),
    ]
}

/// Whoever has the key, and the frame of their page.
struct Visitor(Frame);

fn frame(desk: &DeskParts, lang: Language, here: String, is_in: bool) -> Frame {
    Frame {
        lang,
        zone: desk.zone.clone(),
        base: BASE,
        name: Bilingual { nb: "LMR-arbeidsbord", en: "LMR desk" },
        nav: &NAV,
        here,
        visitor: is_in.then(|| (String::new(), Role::Admin)),
        signs_out: false,
        csrf: if is_in { desk.csrf.clone() } else { String::new() },
        done: None,
    }
}

impl FromRequestParts<Arc<Shared>> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        desk: &Arc<Shared>,
    ) -> Result<Self, Self::Rejection> {
        let key = cookie::read(&parts.headers, COOKIE).unwrap_or_default();
        verify_slices_are_equal(key.as_bytes(), desk.key.as_bytes()).map_err(|_| not_opened())?;
        // Of an answer to a form it is the page that the form is on: the form's own address is not for looking.
        let here = match parts.method.is_safe() {
            true => here(&parts.uri),
            false => parts.uri.path().trim_end_matches("/trial").to_owned(),
        };
        let mut frame = frame(desk, language(&parts.headers), here, true);
        let query = parts.uri.query().unwrap_or_default();
        frame.done = query.split('&').find_map(|pair| {
            match pair.strip_prefix("done=")?.split_once('-')? {
                ("released", count) => Some(format!("{}: {count}", frame.t("Frigitt", "Released"))),
                ("discarded", count) => {
                    Some(format!("{}: {count}", frame.t("Forkastet", "Discarded")))
                }
                _ => None,
            }
        });
        Ok(Self(frame))
    }
}

fn not_opened() -> Failure {
    Failure::Invalid(Bilingual {
        nb: "Åpne arbeidsbordet med adressen som «lmr send desk» skrev ut.".to_owned(),
        en: "Open the desk with the address that `lmr send desk` printed.".to_owned(),
    })
}

async fn open(
    State(desk): State<Arc<Shared>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let key = asked.get("key").map_or("", String::as_str);
    verify_slices_are_equal(key.as_bytes(), desk.key.as_bytes()).map_err(|_| not_opened())?;
    let mut response = see_other(BASE);
    // Loopback is no https; the cookie is of this host and ends with the browser.
    response.headers_mut().append(header::SET_COOKIE, cookie::set(COOKIE, key, None, false));
    Ok(response)
}

async fn choose_language(Query(asked): Query<HashMap<String, String>>) -> Response {
    let back = asked.get("back").map_or("", String::as_str);
    let is_own =
        back.strip_prefix(BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
            && back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
            && !back.starts_with("/desk/language");
    let mut response = see_other(if is_own { back } else { BASE });
    if let Some(lang) = asked.get("to").and_then(|tag| tag.parse::<Language>().ok()) {
        let year = Some(365 * 24 * 3600);
        let line = cookie::set(frame::LANGUAGE, lang.tag(), year, false);
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

/// Shows what went wrong in the visitor's language. A name that another site has given to this machine's address is
/// refused: a page there could read what is here.
async fn show_failures(State(desk): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let lang = language(request.headers());
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    if !matches!(name, Some("127.0.0.1" | "localhost" | "[::1]")) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    let response = next.run(request).await;
    let Some(failure) = failure_of(&response) else { return response };
    let status = response.status();
    let frame = frame(&desk, lang, BASE.to_owned(), false);
    page(status, &FailurePage { f: &frame, text: failure.text(lang) })
}

fn failed(text: Bilingual<String>) -> Failure {
    tracing::warn!(detail = text.en, "the desk could not do what was asked");
    Failure::Conflict(text)
}

/// A form of ours, from the visitor who opened the desk.
struct Posted {
    f: Frame,
    fields: Fields,
}

impl FromRequest<Arc<Shared>> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, desk: &Arc<Shared>) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let site = parts.headers.get("sec-fetch-site");
        if site.is_some_and(|site| site != "same-origin" && site != "none") {
            return Err(Failure::ForeignForm);
        }
        let Visitor(f) = Visitor::from_request_parts(&mut parts, desk).await?;
        let request = Request::from_parts(parts, body);
        let form = Form::<Vec<(String, String)>>::from_request(request, desk).await;
        let Form(pairs) = form.map_err(|_| {
            Failure::Invalid(Bilingual {
                nb: "Skjemaet kan ikke leses, eller det er for stort.".to_owned(),
                en: "The form cannot be read, or it is too large.".to_owned(),
            })
        })?;
        let fields = Fields::of(pairs);
        verify_slices_are_equal(fields.raw("csrf").as_bytes(), desk.csrf.as_bytes())
            .map_err(|_| Failure::ForeignForm)?;
        Ok(Self { f, fields })
    }
}

#[derive(Template)]
#[template(path = "desk/overview.html")]
struct OverviewPage {
    f: Frame,
    status: DeskStatus,
    now: Timestamp,
    causes: Vec<DeskCause>,
}

impl OverviewPage {
    /// Whole days until an end; negative after it.
    fn days(&self, end: &DeskEnd) -> i64 {
        end.ends_at.duration_since(self.now).as_hours().div_euclid(24)
    }

    fn tone(&self, end: &DeskEnd) -> &'static str {
        match self.days(end) {
            ..0 => "bad",
            0..30 => "warn",
            _ => "good",
        }
    }
}

async fn overview(
    State(desk): State<Arc<Shared>>,
    Visitor(f): Visitor,
) -> Result<Response, Failure> {
    let status = desk.workplace.status(f.lang).await.map_err(failed)?;
    let causes = desk.workplace.held().await.map_err(failed)?;
    let now = (desk.clock)();
    Ok(page(StatusCode::OK, &OverviewPage { f, status, now, causes }))
}

fn remedy(code: Option<&str>, lang: Language) -> &'static str {
    code.and_then(Code::parse).map_or("", |code| code.text().remedy.in_language(lang))
}

#[derive(Template)]
#[template(path = "desk/why.html")]
struct WhyPage {
    f: Frame,
    name: String,
    answer: Option<String>,
    problem: Option<String>,
}

async fn why(
    State(desk): State<Arc<Shared>>,
    Visitor(f): Visitor,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    only(&asked, &["name"])?;
    let name = asked.get("name").map(|name| name.trim().to_owned()).unwrap_or_default();
    if name.is_empty() {
        return Ok(page(StatusCode::OK, &WhyPage { f, name, answer: None, problem: None }));
    }
    let (status, answer, problem) = match desk.workplace.why(name.clone(), f.lang).await {
        Ok(answer) => (StatusCode::OK, Some(answer), None),
        Err(text) => {
            let failure = failed(text);
            (failure.status(), None, Some(failure.text(f.lang)))
        }
    };
    Ok(page(status, &WhyPage { f, name, answer, problem }))
}

#[derive(Template)]
#[template(path = "desk/history.html")]
struct HistoryPage {
    f: Frame,
    text: String,
}

async fn history(
    State(desk): State<Arc<Shared>>,
    Visitor(f): Visitor,
) -> Result<Response, Failure> {
    let text = desk.workplace.history(f.lang).await.map_err(failed)?;
    Ok(page(StatusCode::OK, &HistoryPage { f, text }))
}
