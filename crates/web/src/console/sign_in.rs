//! Signing in with a password, and signing out.

use super::visitor::{Posted, bare_frame, is_same_origin, read_form};
use super::{BASE, Shared, own_address};
use crate::cookie;
use crate::frame::{Failure, Frame, language, page, see_other};
use askama::Template;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    f: Frame,
    to: String,
    name: String,
    problem: Option<String>,
}

fn form(
    shared: &Shared,
    headers: &HeaderMap,
    to: String,
    name: String,
    (status, problem): (StatusCode, Option<(String, String)>),
) -> Response {
    let here = format!("{BASE}/sign-in{}", crate::form::query(&[("to", Some(&to))]));
    let f = bare_frame(shared, language(headers), here);
    let problem = problem.map(|(nb, en)| if f.tag() == "nb" { nb } else { en });
    page(status, &SignInPage { f, to, name, problem })
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let to = own_address(query.get("to").map(String::as_str));
    form(&shared, &headers, to, String::new(), (StatusCode::OK, None))
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
    if let Some(seconds) = shared.attempts.wait(&name, now) {
        let problem = (
            format!("For mange forsøk. Vent {seconds} sekunder."),
            format!("Too many attempts. Wait {seconds} seconds."),
        );
        let status = (StatusCode::TOO_MANY_REQUESTS, Some(problem));
        return Ok(form(&shared, &headers, to, name, status));
    }
    let operators = shared.operators();
    let found = operators.iter().find(|operator| operator.name == name).cloned();
    // Somebody unknown costs as much time as somebody known: nobody learns names by the clock.
    let tried = found.clone().or_else(|| operators.first().cloned());
    let password = fields.raw("password").to_owned();
    let _turn = shared.hashing.acquire().await.map_err(|_| Failure::Internal)?;
    let fits = tokio::task::spawn_blocking(move || {
        tried.is_some_and(|operator| operator.password.verify(&password))
    })
    .await
    .map_err(|_| Failure::Internal)?;
    let Some(operator) = found.filter(|_| fits) else {
        shared.attempts.failed(&name, now);
        // A name that nobody has may be a password in the wrong field.
        let known = operators.iter().any(|operator| operator.name == name);
        tracing::warn!(
            operator = known.then_some(name.as_str()),
            "an attempt to sign in at the console failed"
        );
        let problem = (
            "Navnet eller passordet er galt.".to_owned(),
            "The name or the password is wrong.".to_owned(),
        );
        let status = (StatusCode::UNAUTHORIZED, Some(problem));
        return Ok(form(&shared, &headers, to, name, status));
    };
    shared.attempts.succeeded(&name);
    begin(&shared, &format!("console:{}", operator.name), operator.role, &to)
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
    let mut response = see_other(&format!("{BASE}/sign-in"));
    let line = cookie::set(shared.cookie_name(), "", Some(0), shared.secure);
    response.headers_mut().append(header::SET_COOKIE, line);
    response
}
