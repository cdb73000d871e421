//! The operator's console: who delivered, who is silent, what was refused and why.
//!
//! A listener of its own serves it, to listed addresses only. Nobody sees anything without signing in; what changes
//! something takes a role, a form of ours and, in the audit log, an entry before it is done; content takes a reason.

mod again;
mod alerts;
mod asked;
mod audit;
mod calendar;
mod message;
mod messages;
mod open_id;
mod operation;
mod overview;
mod passkeys;
mod refusals;
mod senders;
mod sign_in;
mod sums;
mod visitor;

use crate::frame::{Failure, NavItem, asset, failure_of, language, page, see_other};
use crate::passkey::Site;
use crate::session::{Attempts, Challenges, Sessions};
use crate::{ICON, Passkey, PasswordHash, STYLE, cookie, frame};
use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lmr_auth::Clock;
use lmr_fhir::{Bilingual, Language};
use lmr_intake::{
    Act, Action, Avsender, Database, OrganisationNumber, RandomSource, Receiver, StoreError,
};
use open_id::OpenId;
pub use open_id::OpenIdSignIn;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Where all addresses of the console begin.
const BASE: &str = "/konsoll";
/// Before the names of local operators, in sessions and in the audit log.
const LOCAL: &str = "console:";
/// Largest form: a certificate, and a reason.
const MAX_FORM: usize = 256 << 10;

const NAV: [NavItem; 8] = [
    NavItem { path: "", nb: "Oversikt", en: "Overview", role: Role::Read },
    NavItem { path: "/messages", nb: "Meldinger", en: "Messages", role: Role::Read },
    NavItem { path: "/calendar", nb: "Kalender", en: "Calendar", role: Role::Read },
    NavItem { path: "/refusals", nb: "Avvisninger", en: "Refusals", role: Role::Read },
    NavItem { path: "/senders", nb: "Avsendere", en: "Senders", role: Role::Read },
    NavItem { path: "/alerts", nb: "Varsler", en: "Alerts", role: Role::Read },
    NavItem { path: "/operation", nb: "Drift", en: "Operation", role: Role::Read },
    NavItem { path: "/audit", nb: "Revisjonslogg", en: "Audit log", role: Role::Admin },
];

/// What an operator may do. Each role may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// See everything but content.
    Read,
    /// Deal with alerts, give messages out again, see content for a reason.
    Act,
    /// Change senders, see the audit log.
    Admin,
}

impl Role {
    /// Whether this role may what the other one may.
    #[must_use]
    pub fn may(self, other: Self) -> bool {
        self >= other
    }

    /// Its name in the configuration and in claims.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "read" => Some(Self::Read),
            "act" => Some(Self::Act),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn text(self, lang: Language) -> &'static str {
        let names = match self {
            Self::Read => Bilingual { nb: "lese", en: "read" },
            Self::Act => Bilingual { nb: "handle", en: "act" },
            Self::Admin => Bilingual { nb: "administrere", en: "administer" },
        };
        names.in_language(lang)
    }
}

/// Somebody who signs in with a password or a passkey.
#[derive(Clone, Debug)]
pub struct Operator {
    /// As the audit log names them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their password, where they have one.
    pub password: Option<PasswordHash>,
    /// Their passkeys.
    pub passkeys: Vec<Passkey>,
}

impl Operator {
    /// Whether it still has the password and every passkey that it had.
    fn keeps_credentials_of(&self, before: &Self) -> bool {
        let text = |one: &Self| one.password.as_ref().map(ToString::to_string);
        let has =
            |key: &Passkey| self.passkeys.iter().any(|one| one.to_string() == key.to_string());
        (before.password.is_none() || text(self) == text(before)) && before.passkeys.iter().all(has)
    }
}

/// A code list that codes are checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeListInfo {
    /// Its canonical address.
    pub url: String,
    /// Its title or name.
    pub name: String,
    /// Its version, often a date.
    pub version: Option<String>,
    /// How many codes it has.
    pub codes: usize,
}

/// What the console is made of.
pub struct ConsoleParts {
    /// What is stored, and the audit log.
    pub store: Arc<dyn Database>,
    /// The receiver: its certificates and senders, those of the configuration file included.
    pub receiver: Receiver,
    /// The time.
    pub clock: Clock,
    /// For sessions.
    pub random: Arc<dyn RandomSource>,
    /// Norwegian time.
    pub zone: TimeZone,
    /// Scheme, host and port by which browsers call: passkeys are made for it.
    pub public_url: String,
    /// Who signs in with a password or a passkey.
    pub operators: Vec<Operator>,
    /// The issuer at which others sign in.
    pub open_id: Option<OpenIdSignIn>,
    /// Whether the console is reached by https: cookies are sent by https only then.
    pub secure: bool,
    /// How long a session lasts unused.
    pub idle: SignedDuration,
    /// Whether messages are handed on at an outlet.
    pub has_outlet: bool,
    /// The code lists that are loaded.
    pub code_lists: Vec<CodeListInfo>,
}

/// The console.
#[derive(Clone)]
pub struct Console(Arc<Shared>);

pub(crate) struct Shared {
    store: Arc<dyn Database>,
    receiver: Receiver,
    clock: Clock,
    random: Arc<dyn RandomSource>,
    zone: TimeZone,
    operators: RwLock<Arc<[Operator]>>,
    open_id: Option<OpenId>,
    secure: bool,
    sessions: Sessions,
    attempts: Attempts,
    site: Site,
    challenges: Challenges,
    /// The counters of passkeys that were used, by id.
    counters: Mutex<HashMap<Vec<u8>, u32>>,
    has_outlet: bool,
    code_lists: Vec<CodeListInfo>,
    /// Bounds how many passwords are tried at once: each takes 19 MiB.
    hashing: tokio::sync::Semaphore,
}

/// Passwords that are tried at once.
const HASHING: usize = 2;

impl Console {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: ConsoleParts) -> Self {
        Self(Arc::new(Shared {
            store: parts.store,
            receiver: parts.receiver,
            clock: parts.clock,
            random: parts.random,
            zone: parts.zone,
            operators: RwLock::new(parts.operators.into()),
            open_id: parts.open_id.map(OpenId::new),
            secure: parts.secure,
            sessions: Sessions::new(parts.idle),
            attempts: Attempts::default(),
            site: Site::of(&parts.public_url),
            challenges: Challenges::default(),
            counters: Mutex::default(),
            has_outlet: parts.has_outlet,
            code_lists: parts.code_lists,
            hashing: tokio::sync::Semaphore::new(HASHING),
        }))
    }

    /// Takes other operators for those that were. Who is not among them any more, has another role, or has lost a
    /// password or a passkey is signed out; who signed in at the issuer stays.
    pub fn replace_operators(&self, operators: Vec<Operator>) {
        let operators: Arc<[Operator]> = operators.into();
        let mut used = self.0.operators.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *used, Arc::clone(&operators));
        drop(used);
        // After the new ones count: who signs in from here on is one of them.
        self.0.sessions.retain(|name, role| match name.strip_prefix(LOCAL) {
            Some(name) => {
                let of = |all: &[Operator]| all.iter().find(|one| one.name == name).cloned();
                of(&operators).is_some_and(|now| {
                    now.role == role && of(&before).is_none_or(|was| now.keeps_credentials_of(&was))
                })
            }
            None => true,
        });
    }

    /// All its pages.
    pub fn router(&self) -> Router {
        let shared = Arc::clone(&self.0);
        let router = routes()
            .into_iter()
            .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
        router
            .fallback(|| async { Failure::NotFound })
            .layer(axum::extract::DefaultBodyLimit::max(MAX_FORM))
            .layer(from_fn_with_state(Arc::clone(&shared), show_failures))
            .with_state(shared)
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
        (BASE, get(overview::show)),
        ("/konsoll/lmr.css", get(style)),
        ("/konsoll/icon.svg", get(icon)),
        ("/konsoll/language", get(choose_language)),
        ("/konsoll/sign-in", get(sign_in::show).post(sign_in::submit)),
        (open_id::START, get(open_id::start)),
        (open_id::CALLBACK, get(open_id::come_back)),
        ("/konsoll/sign-in/passkey", post(passkeys::sign_in)),
        ("/konsoll/passkey", get(passkeys::show).post(passkeys::make)),
        ("/konsoll/passkey.js", get(passkeys::script)),
        ("/konsoll/sign-out", post(sign_in::sign_out)),
        ("/konsoll/messages", get(messages::show)),
        ("/konsoll/messages/{sender}/{id}", get(message::show)),
        ("/konsoll/messages/{sender}/{id}/content", post(message::content)),
        ("/konsoll/calendar", get(calendar::show)),
        ("/konsoll/refusals", get(refusals::show)),
        ("/konsoll/senders", get(senders::list).post(senders::change::register)),
        ("/konsoll/senders/{sender}", get(senders::show)),
        ("/konsoll/senders/{sender}/{verb}", post(senders::change::change)),
        ("/konsoll/alerts", get(alerts::page::show)),
        ("/konsoll/alerts/close", post(alerts::page::close)),
        ("/konsoll/again", get(again::count).post(again::hand_over)),
        ("/konsoll/operation", get(operation::show)),
        ("/konsoll/audit", get(audit::show)),
    ]
}

impl Shared {
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The same as databases keep it, to the microsecond: what is brought back and compared with what they have.
    fn now_as_stored(&self) -> Timestamp {
        let now = self.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn operators(&self) -> Arc<[Operator]> {
        Arc::clone(&self.operators.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The session's cookie. The prefix makes browsers hold to https and this host (RFC 6265bis section 4.1.3).
    fn cookie_name(&self) -> &'static str {
        if self.secure { "__Host-lmr-console" } else { "lmr-console" }
    }

    /// All senders, those of the configuration file included.
    async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        self.receiver.avsendere().await
    }

    /// The numbers of all senders, registered or not, of whom anything is stored.
    async fn numbers(&self, avsendere: &[Avsender]) -> Result<Vec<OrganisationNumber>, StoreError> {
        let mut numbers = self.store.known_senders().await?;
        numbers.extend(avsendere.iter().map(|avsender| avsender.organisation));
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    /// Records who did what, before it is done.
    async fn record(
        &self,
        visitor: &visitor::Visitor,
        action: Action,
        subject: String,
        reason: Option<String>,
        detail: String,
    ) -> Result<(), StoreError> {
        let act = Act {
            at: self.now(),
            action,
            actor: visitor.name.clone(),
            subject: Some(subject),
            reason,
            detail: Some(detail),
        };
        self.store.record(act).await.map(drop)
    }
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", &STYLE)
}

async fn icon() -> Response {
    asset("image/svg+xml", ICON)
}

/// Remembers the language and goes back to where the visitor was.
async fn choose_language(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let asked = query.get("to").and_then(|tag| tag.parse::<Language>().ok());
    let mut response = see_other(&own_address(query.get("back").map(String::as_str)));
    if let Some(lang) = asked {
        let year = Some(365 * 24 * 3600);
        let line = cookie::set(frame::LANGUAGE, lang.tag(), year, shared.secure);
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

/// An address of the console, and no other: what a link brings along may lead anywhere.
fn own_address(asked: Option<&str>) -> String {
    let is_own = |to: &&str| {
        let rest = to.strip_prefix(BASE);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
            && !rest.is_some_and(|rest| rest.starts_with("/language") || rest.starts_with("/sign-"))
            && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    asked.filter(is_own).unwrap_or(BASE).to_owned()
}

/// Shows what went wrong in the visitor's language, and lets nobody keep any answer.
async fn show_failures(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let lang = language(request.headers());
    let here = frame::here(request.uri());
    let is_read = request.method().is_safe();
    let response = next.run(request).await;
    let Some(failure) = failure_of(&response) else { return response };
    if let Failure::SignIn(to) = &*failure {
        return see_other(&format!("{BASE}/sign-in{}", crate::form::query(&[("to", Some(to))])));
    }
    let frame = visitor::bare_frame(&shared, lang, if is_read { here } else { BASE.to_owned() });
    let status = match response.status() {
        status if status.is_client_error() || status.is_server_error() => status,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let text = failure.text(lang);
    page(status, &frame::FailurePage { f: &frame, text }).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_console_are_gone_back_to() {
        for own in ["/konsoll", "/konsoll/messages?sender=1&a=%20", "/konsoll?done=saved"] {
            assert_eq!(own_address(Some(own)), own);
        }
        for foreign in [
            "https://evil.example.no/",
            "//evil.example.no",
            "/konsollen",
            "/konsoll\\evil",
            "/konsoll/\r\nset-cookie: a=b",
            "/konsoll/sign-out",
            "/konsoll/language?to=nb",
            "",
        ] {
            assert_eq!(own_address(Some(foreign)), BASE, "{foreign}");
        }
    }

    #[test]
    fn roles_are_a_ladder() {
        let roles = [Role::Read, Role::Act, Role::Admin];
        for (at, role) in roles.into_iter().enumerate() {
            for (of, other) in roles.into_iter().enumerate() {
                assert_eq!(role.may(other), at >= of);
            }
        }
        assert_eq!(Role::parse("admin"), Some(Role::Admin));
        assert_eq!(Role::parse("Admin"), None);
    }
}
