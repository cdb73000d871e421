//! Who looks: found by the session's cookie, and by a form's secret where something is changed.

use super::{BASE, NAV, Role, Shared};
use crate::cookie;
use crate::form::Fields;
use crate::frame::{Failure, Frame, here, language};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use lmr_fhir::{Bilingual, Language};
use std::sync::Arc;

/// Somebody who has signed in, and the frame of their page.
pub(crate) struct Visitor {
    /// As the audit log names them.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) frame: Frame,
}

impl Visitor {
    /// Refuses who may not.
    pub(crate) fn must(&self, role: Role) -> Result<(), Failure> {
        if self.role.may(role) { Ok(()) } else { Err(Failure::NotAllowed) }
    }

    /// Whether what is shown is for this role.
    pub(crate) fn may(&self, role: Role) -> bool {
        self.role.may(role)
    }
}

/// A frame without a visitor.
pub(crate) fn bare_frame(shared: &Shared, lang: Language, here: String) -> Frame {
    Frame {
        lang,
        zone: shared.zone.clone(),
        base: BASE,
        name: Bilingual { nb: "LMR-konsoll", en: "LMR console" },
        nav: &NAV,
        here,
        visitor: None,
        signs_out: true,
        csrf: String::new(),
        done: None,
    }
}

impl FromRequestParts<Arc<Shared>> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Arc<Shared>,
    ) -> Result<Self, Self::Rejection> {
        // Of an answer to a form it is the page that the form is on: the form's own address is not for looking.
        let here = match parts.method.is_safe() {
            true => here(&parts.uri),
            false => page_of_form(parts.uri.path()),
        };
        let token = cookie::read(&parts.headers, shared.cookie_name());
        let session = token.and_then(|token| shared.sessions.of(token, shared.now()));
        let Some(session) = session else {
            return Err(if parts.method.is_safe() {
                Failure::SignIn(here)
            } else {
                Failure::ForeignForm
            });
        };
        let mut frame = bare_frame(shared, language(&parts.headers), here);
        let shown = session.name.split_once(':').map_or(&*session.name, |(_, name)| name);
        frame.visitor = Some((shown.to_owned(), session.role));
        frame.csrf = session.csrf;
        frame.done = parts.uri.query().and_then(|query| done(query, &frame));
        Ok(Self { name: session.name, role: session.role, frame })
    }
}

/// The page that a form is on, from the address that it is sent to.
fn page_of_form(path: &str) -> String {
    let below = path.strip_prefix(BASE).unwrap_or_default();
    let parts: Vec<&str> = below.split('/').skip(1).collect();
    match *parts {
        ["messages", sender, id, _] => format!("{BASE}/messages/{sender}/{id}"),
        ["senders", sender, _] => format!("{BASE}/senders/{sender}"),
        ["alerts", _] => format!("{BASE}/alerts"),
        _ => path.to_owned(),
    }
}

/// What was just done, by the word that the address has.
fn done(query: &str, frame: &Frame) -> Option<String> {
    let word = query.split('&').find_map(|pair| pair.strip_prefix("done="))?;
    Some(match word.split_once('-').unwrap_or((word, "")) {
        ("saved", _) => frame.t("Endringen er lagret.", "The change is saved.").to_owned(),
        ("unchanged", _) => frame
            .t(
                "Ingenting er endret: det var slik fra før.",
                "Nothing was changed: it was so already.",
            )
            .to_owned(),
        ("closed", _) => frame.t("Varselet er lukket.", "The alert is closed.").to_owned(),
        ("again", count) => {
            let count = frame.number(count.parse::<u64>().ok()?);
            format!(
                "{count} {}",
                frame.t("meldinger kan hentes på nytt.", "messages can be fetched again.")
            )
        }
        _ => return None,
    })
}

/// A form of a signed-in visitor, from our own page.
pub(crate) struct Posted {
    pub(crate) visitor: Visitor,
    pub(crate) fields: Fields,
}

impl FromRequest<Arc<Shared>> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        if !is_same_origin(&parts.headers) {
            return Err(Failure::ForeignForm);
        }
        let visitor = Visitor::from_request_parts(&mut parts, shared).await?;
        let fields = read_form(Request::from_parts(parts, body), shared).await?;
        let secret = fields.raw("csrf").as_bytes();
        verify_slices_are_equal(secret, visitor.frame.csrf.as_bytes())
            .map_err(|_| Failure::ForeignForm)?;
        Ok(Self { visitor, fields })
    }
}

/// The fields of a form.
pub(crate) async fn read_form(request: Request, shared: &Arc<Shared>) -> Result<Fields, Failure> {
    let form = Form::<Vec<(String, String)>>::from_request(request, shared).await;
    let Form(pairs) = form.map_err(|_| {
        Failure::Invalid(Bilingual {
            nb: "Skjemaet kan ikke leses, eller det er for stort.".to_owned(),
            en: "The form cannot be read, or it is too large.".to_owned(),
        })
    })?;
    Ok(Fields::of(pairs))
}

/// Whether a browser says that a page of ours made the request. Other programs say nothing and have no cookie either.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none")
}
