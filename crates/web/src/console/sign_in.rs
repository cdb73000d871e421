//! Signing in with a password, and signing out.

use super::open_id;
use super::passkeys::AskedPasskey;
use super::visitor::{Posted, bare_frame, is_same_origin, read_form};
use super::{BASE, LOCAL, Operator, Shared, own_address};
use crate::cookie;
use crate::frame::{Failure, Frame, language, page, page_with_script, see_other};
use askama::Template;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use lmr_fhir::Bilingual;
use std::collections::HashMap;
use std::sync::Arc;

/// In the address after signing out, of those who came from an issuer.
const SIGNED_OUT: &str = "out";

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    f: Frame,
    to: String,
    name: String,
    problem: Option<String>,
    /// Whether somebody signs in with a password.
    by_password: bool,
    /// What the browser needs to use a passkey; nothing where nobody has one.
    passkey: Option<AskedPasskey>,
    /// The issuer's name, and the address that leads there.
    issuer: Option<(String, String)>,
    /// Where the visitor, who has just signed out here, also signs out at the issuer.
    sign_out: Option<String>,
}

/// What the page is shown with.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) to: String,
    pub(super) name: String,
    pub(super) problem: Option<Bilingual<String>>,
    pub(super) sign_out: Option<String>,
}

pub(super) fn form(
    shared: &Shared,
    headers: &HeaderMap,
    status: StatusCode,
    shown: Shown,
) -> Response {
    let Shown { to, name, problem, sign_out } = shown;
    let query = crate::form::query(&[("to", Some(&to))]);
    let lang = language(headers);
    let f = bare_frame(shared, lang, format!("{BASE}/sign-in{query}"));
    let issuer = shared
        .open_id
        .as_ref()
        .map(|open_id| (open_id.name().to_owned(), format!("{}{query}", open_id::START)));
    let operators = shared.operators();
    let by_password = operators.iter().any(|one| one.password.is_some());
    let passkey = match operators.iter().any(|one| !one.passkeys.is_empty()) {
        true => AskedPasskey::new(shared),
        false => None,
    };
    let problem = problem.map(|problem| problem.get(lang).clone());
    let has_script = passkey.is_some();
    let shown = SignInPage { f, to, name, problem, by_password, passkey, issuer, sign_out };
    if has_script { page_with_script(status, &shown) } else { page(status, &shown) }
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let to = own_address(query.get("to").map(String::as_str));
    let sign_out = match &shared.open_id {
        Some(open_id) if query.contains_key(SIGNED_OUT) => open_id.sign_out_url().await,
        _ => None,
    };
    form(&shared, &headers, StatusCode::OK, Shown { to, sign_out, ..Shown::default() })
}

pub(super) async fn submit(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Failure> {
    let headers = request.headers().clone();
    if !is_same_origin(&headers) {
        return Err(Failure::ForeignForm);
    }
    let fields = read_form(request, &shared).await?;
    let to = own_address(fields.text("to"));
    let name = fields.text("name").unwrap_or_default().to_owned();
    let now = shared.now();
    let too_soon = |seconds: i64, to: String, name: String| {
        let problem = Some(Bilingual {
            nb: format!("For mange forsøk. Vent {seconds} sekunder."),
            en: format!("Too many attempts. Wait {seconds} seconds."),
        });
        let shown = Shown { to, name, problem, ..Shown::default() };
        form(&shared, &headers, StatusCode::TOO_MANY_REQUESTS, shown)
    };
    if let Some(seconds) = shared.attempts.wait(&name, now) {
        return Ok(too_soon(seconds, to, name));
    }
    let operators = shared.operators();
    let found = operators.iter().find(|operator| operator.name == name).cloned();
    // Somebody unknown costs as much time as somebody known: nobody learns names by the clock.
    let has_password = |one: &&Operator| one.password.is_some();
    let found = found.filter(|one| one.password.is_some());
    let tried = found.clone().or_else(|| operators.iter().find(has_password).cloned());
    let password = fields.raw("password").to_owned();
    let _turn = shared.hashing.acquire().await.map_err(|_| Failure::Internal)?;
    // Attempts that came at once have failed meanwhile: each would be as free as the first.
    if let Some(seconds) = shared.attempts.wait(&name, now) {
        return Ok(too_soon(seconds, to, name));
    }
    let fits = tokio::task::spawn_blocking(move || {
        tried.and_then(|one| one.password).is_some_and(|known| known.verify(&password))
    })
    .await
    .map_err(|_| Failure::Internal)?;
    let Some(operator) = found.filter(|_| fits) else {
        // A name that nobody has may be a password in the wrong field.
        let known = operators.iter().any(|operator| operator.name == name);
        shared.attempts.failed(&name, known, now);
        tracing::warn!(
            operator = known.then_some(name.as_str()),
            "an attempt to sign in at the console failed"
        );
        let problem = Some(Bilingual {
            nb: "Navnet eller passordet er galt.".to_owned(),
            en: "The name or the password is wrong.".to_owned(),
        });
        let shown = Shown { to, name, problem, ..Shown::default() };
        return Ok(form(&shared, &headers, StatusCode::UNAUTHORIZED, shown));
    };
    shared.attempts.succeeded(&name);
    begin(&shared, &format!("{LOCAL}{}", operator.name), operator.role, &to)
}

/// Begins a session and goes on to where the visitor wanted to.
pub(super) fn begin(
    shared: &Shared,
    name: &str,
    role: super::Role,
    to: &str,
) -> Result<Response, Failure> {
    let token = shared
        .sessions
        .begin(name, role, &*shared.random, shared.now())
        .ok_or(Failure::Internal)?;
    tracing::info!(operator = name, ?role, "signed in at the console");
    let mut response = see_other(to);
    let line = cookie::set(shared.cookie_name(), &token, None, shared.secure);
    response.headers_mut().append(header::SET_COOKIE, line);
    Ok(response)
}

pub(super) async fn sign_out(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    posted: Posted,
) -> Response {
    if let Some(token) = cookie::read(&headers, shared.cookie_name()) {
        shared.sessions.end(token);
    }
    tracing::info!(operator = posted.visitor.name, "signed out at the console");
    // At the issuer the visitor may still be signed in; the page offers to sign out there too.
    let is_local = posted.visitor.name.starts_with(LOCAL);
    let out = Some("1").filter(|_| !is_local);
    let query = crate::form::query(&[(SIGNED_OUT, out)]);
    let mut response = see_other(&format!("{BASE}/sign-in{query}"));
    let line = cookie::set(shared.cookie_name(), "", Some(0), shared.secure);
    response.headers_mut().append(header::SET_COOKIE, line);
    response
}
