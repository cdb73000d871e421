//! Signing in with a passkey, and making one.

use super::sign_in::{Shown, begin, form};
use super::visitor::{bare_frame, is_same_origin, read_form};
use super::{BASE, LOCAL, Shared, own_address};
use crate::PASSKEY_SCRIPT;
use crate::form::only;
use crate::frame::{Failure, Frame, asset, language, page_with_script};
use crate::passkey::{Assertion, PasskeyError, Registration};
use askama::Template;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use lmr_fhir::Bilingual;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

/// What the browser needs to use a passkey.
pub(super) struct AskedPasskey {
    pub(super) challenge: String,
    pub(super) host: String,
    pub(super) origin: String,
}

impl AskedPasskey {
    /// With a new challenge; `None` without randomness.
    pub(super) fn new(shared: &Shared) -> Option<Self> {
        Some(Self {
            challenge: shared.challenges.begin(&*shared.random, shared.now())?,
            host: shared.site.host().to_owned(),
            origin: shared.site.origin().to_owned(),
        })
    }
}

#[derive(Template)]
#[template(path = "console/passkey.html")]
struct PasskeyPage {
    f: Frame,
    challenge: String,
    host: String,
    origin: String,
    /// The line for the operator's file, once it is made.
    line: Option<String>,
    problem: Option<&'static str>,
    /// The name that was written, where the answer was not accepted.
    name: String,
}

pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", PASSKEY_SCRIPT)
}

/// Nobody need be signed in to make a passkey: it lets nobody in before its line is in the configuration.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    only(&asked, &[])?;
    shown(&shared, &headers, StatusCode::OK, Made::Nothing)
}

/// What the page is shown after.
enum Made {
    Nothing,
    /// The line of the passkey.
    Passkey(String),
    /// The browser's answer was not accepted; the name is not to be written again.
    Refused {
        name: String,
    },
}

fn shown(
    shared: &Shared,
    headers: &HeaderMap,
    status: StatusCode,
    made: Made,
) -> Result<Response, Failure> {
    let f = bare_frame(shared, language(headers), format!("{BASE}/passkey"));
    let AskedPasskey { challenge, host, origin } =
        AskedPasskey::new(shared).ok_or(Failure::Internal)?;
    let (line, problem, name) = match made {
        Made::Nothing => (None, None, String::new()),
        Made::Passkey(line) => (Some(line), None, String::new()),
        Made::Refused { name } => {
            let problem = f.t(
                "Svaret fra nettleseren godtas ikke. Prøv igjen.",
                "The browser's answer is not accepted. Try again.",
            );
            (None, Some(problem), name)
        }
    };
    Ok(page_with_script(status, &PasskeyPage { f, challenge, host, origin, line, problem, name }))
}

/// Shows the line of a passkey that the browser has made. Nothing is kept.
pub(super) async fn make(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Failure> {
    let headers = request.headers().clone();
    if !is_same_origin(&headers) {
        return Err(Failure::ForeignForm);
    }
    let fields = read_form(request, &shared).await?;
    let challenge = fields.raw("challenge");
    let answer = Registration {
        client: fields.raw("client"),
        authenticator: fields.raw("authenticator"),
        key: fields.raw("key"),
        algorithm: fields.raw("algorithm"),
    };
    let visible = |c: &char| !c.is_control();
    let name: String = fields.raw("name").trim().chars().filter(visible).take(64).collect();
    let made = match shared.challenges.take(challenge, shared.now()) {
        true => shared.site.registered(challenge, &answer),
        false => Err(PasskeyError::Challenge),
    };
    match made {
        Ok(passkey) => {
            let line = format!("{passkey} {name}");
            shown(&shared, &headers, StatusCode::OK, Made::Passkey(line))
        }
        Err(error) => {
            tracing::warn!(%error, "a new passkey is not accepted");
            shown(&shared, &headers, StatusCode::UNPROCESSABLE_ENTITY, Made::Refused { name })
        }
    }
}

pub(super) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Failure> {
    let headers = request.headers().clone();
    if !is_same_origin(&headers) {
        return Err(Failure::ForeignForm);
    }
    let fields = read_form(request, &shared).await?;
    let to = own_address(fields.text("to"));
    let challenge = fields.raw("challenge");
    let answer = Assertion {
        client: fields.raw("client"),
        authenticator: fields.raw("authenticator"),
        signature: fields.raw("signature"),
    };
    let operators = shared.operators();
    let id = fields.raw("credential");
    let found = operators.iter().find_map(|operator| {
        let passkey = operator.passkeys.iter().find(|one| one.has_id(id))?;
        Some((operator, passkey))
    });
    let is_fresh = shared.challenges.take(challenge, shared.now());
    let verified = match found {
        _ if !is_fresh => Err(PasskeyError::Challenge),
        None => Err(PasskeyError::Unknown),
        Some((operator, passkey)) => {
            let mut counters = shared.counters.lock().unwrap_or_else(PoisonError::into_inner);
            let last = counters.get(passkey.id()).copied().unwrap_or(0);
            shared.site.signed_in(challenge, passkey, &answer, last).map(|counter| {
                counters.insert(passkey.id().to_vec(), counter);
                operator
            })
        }
    };
    match verified {
        Ok(operator) => begin(&shared, &format!("{LOCAL}{}", operator.name), operator.role, &to),
        Err(error) => {
            let operator = found.map(|(operator, _)| &*operator.name);
            tracing::warn!(operator, %error, "an attempt to sign in with a passkey failed");
            let problem = Some(Bilingual {
                nb: "Passnøkkelen godtas ikke. Loggen sier hvorfor; prøv igjen.".to_owned(),
                en: "The passkey is not accepted. The log says why; try again.".to_owned(),
            });
            let page = Shown { to, problem, ..Shown::default() };
            Ok(form(&shared, &headers, StatusCode::UNAUTHORIZED, page))
        }
    }
}
