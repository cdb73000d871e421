//! What every page has around it: language, navigation, headers; and what is shown when there is no page.

use crate::console::Role;
use crate::cookie;
use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lmr_fhir::{Bilingual, Language};
use lmr_intake::StoreError;

/// The cookie with the visitor's language.
pub(crate) const LANGUAGE: &str = "lmr-language";

/// Nothing is loaded, framed or sent anywhere else, and there is no script.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// The same for the few pages that have a script, from a file of ours.
const POLICY_WITH_SCRIPT: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
                                  form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
                                  script-src 'self'";

/// One place of the navigation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NavItem {
    /// Below the base, with its slash; empty for the first page.
    pub(crate) path: &'static str,
    pub(crate) nb: &'static str,
    pub(crate) en: &'static str,
    pub(crate) role: Role,
}

/// What every page has around it.
pub(crate) struct Frame {
    pub(crate) lang: Language,
    pub(crate) zone: TimeZone,
    /// Where all addresses of these pages begin.
    pub(crate) base: &'static str,
    /// The pages' name.
    pub(crate) name: Bilingual<&'static str>,
    pub(crate) nav: &'static [NavItem],
    /// This page's own address.
    pub(crate) here: String,
    /// Who is signed in, where somebody is.
    pub(crate) visitor: Option<(String, Role)>,
    /// Whether signing out means anything here.
    pub(crate) signs_out: bool,
    pub(crate) csrf: String,
    /// What was just done.
    pub(crate) done: Option<String>,
}

impl Frame {
    /// The text in the visitor's language.
    pub(crate) fn t(&self, nb: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Language::Bokmal => nb,
            Language::English => en,
        }
    }

    /// The language's tag in HTML.
    pub(crate) fn tag(&self) -> &'static str {
        self.t("nb", "en")
    }

    pub(crate) fn name(&self) -> &'static str {
        self.t(self.name.nb, self.name.en)
    }

    /// The places that the visitor may go to.
    pub(crate) fn places(&self) -> impl Iterator<Item = &'static NavItem> {
        let role = self.visitor.as_ref().map(|(_, role)| *role);
        self.nav.iter().filter(move |item| role.is_some_and(|role| role.may(item.role)))
    }

    /// Whether this page is at or below a place of the navigation.
    pub(crate) fn is_at(&self, item: &NavItem) -> bool {
        let path = self.here.split('?').next().unwrap_or_default();
        let path = path.strip_prefix(self.base).unwrap_or_default();
        match item.path {
            "" => path.is_empty(),
            place => path
                .strip_prefix(place)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }

    /// The address that changes the language and comes back here.
    pub(crate) fn in_other_language(&self) -> String {
        let other = self.t("en", "nb");
        format!("{}/language?to={other}&back={}", self.base, crate::form::encoded(&self.here))
    }

    /// Day and time in Norway, to the minute.
    pub(crate) fn time(&self, time: &Timestamp) -> String {
        let local = time.to_zoned(self.zone.clone());
        let (date, time) = (local.date(), local.time());
        format!("{} {:02}:{:02}", self.day(&date), time.hour(), time.minute())
    }

    /// The same, or a dash.
    pub(crate) fn time_or_dash(&self, time: &Option<Timestamp>) -> String {
        time.as_ref().map_or_else(|| "–".to_owned(), |time| self.time(time))
    }

    /// A day as people write it.
    pub(crate) fn day(&self, date: &Date) -> String {
        match self.lang {
            Language::Bokmal => format!("{}.{}.{}", date.day(), date.month(), date.year()),
            Language::English => date.to_string(),
        }
    }

    /// The day in Norway as addresses have it.
    pub(crate) fn day_of(&self, time: &Timestamp) -> Date {
        time.to_zoned(self.zone.clone()).date()
    }

    /// A number with its thousands apart.
    pub(crate) fn number(&self, number: impl Number) -> String {
        let digits = number.digits();
        let mut out = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                // Not broken across lines.
                out.push(self.lang_separator());
            }
            out.push(digit);
        }
        out
    }

    fn lang_separator(&self) -> char {
        match self.lang {
            Language::Bokmal => '\u{a0}',
            Language::English => ',',
        }
    }
}

/// What is shown as a number: templates give values and references.
pub(crate) trait Number {
    fn digits(&self) -> String;
}

impl Number for u64 {
    fn digits(&self) -> String {
        self.to_string()
    }
}

impl Number for u32 {
    fn digits(&self) -> String {
        self.to_string()
    }
}

impl Number for usize {
    fn digits(&self) -> String {
        self.to_string()
    }
}

impl<N: Number> Number for &N {
    fn digits(&self) -> String {
        (*self).digits()
    }
}

/// The language of a request: chosen before, else what the browser asks for, else bokmål.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    if let Some(chosen) = cookie::read(headers, LANGUAGE).and_then(|tag| tag.parse().ok()) {
        return chosen;
    }
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let first = accepted.into_iter().flat_map(|all| all.split(',')).find_map(|one| {
        match one.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "nb" | "no" | "nn" | "da" | "sv" => Some(Language::Bokmal),
            "en" => Some(Language::English),
            _ => None,
        }
    });
    first.unwrap_or(Language::Bokmal)
}

/// A page, with the headers that all have.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page cannot be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    harden(response.headers_mut());
    response
}

/// A page with a script from a file of ours.
pub(crate) fn page_with_script(status: StatusCode, template: &impl Template) -> Response {
    let mut response = page(status, template);
    let policy = HeaderValue::from_static(POLICY_WITH_SCRIPT);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// The headers that keep what is shown here.
pub(crate) fn harden(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A file that all pages share; browsers keep it for some minutes.
pub(crate) fn asset(media_type: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    harden(response.headers_mut());
    for (name, value) in
        [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "max-age=300")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// To another page, which is asked for with GET.
pub(crate) fn see_other(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    harden(response.headers_mut());
    response
}

/// The path and query of a request.
pub(crate) fn here(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// Why there is no page. What is shown of it is made where the language is known.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody is signed in; then to this page.
    SignIn(String),
    /// The visitor's role does not allow it.
    NotAllowed,
    /// The form is not from here, or from a session that has ended.
    ForeignForm,
    /// There is no such thing.
    NotFound,
    /// A field cannot be used.
    Invalid(Bilingual<String>),
    /// What is here has changed meanwhile, or cannot be changed here.
    Conflict(Bilingual<String>),
    /// Our own.
    Internal,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, detail = std::error::Error::source(&error).map(ToString::to_string),
            "a page cannot be shown");
        Self::Internal
    }
}

impl Failure {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::SignIn(_) => StatusCode::SEE_OTHER,
            Self::NotAllowed | Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Internal => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What happened, and what to do.
    pub(crate) fn text(&self, lang: Language) -> String {
        let (nb, en) = match self {
            Self::SignIn(_) => ("Logg inn først.", "Sign in first."),
            Self::NotAllowed => (
                "Rollen din gir ikke adgang til dette. Be en administrator om det.",
                "Your role does not allow this. Ask an administrator.",
            ),
            Self::ForeignForm => (
                "Skjemaet er ikke herfra, eller økten er utløpt. Gå tilbake, last siden på nytt og prøv igjen.",
                "The form is not from here, or the session has ended. Go back, load the page again and retry.",
            ),
            Self::NotFound => ("Siden finnes ikke.", "There is no such page."),
            Self::Invalid(text) | Self::Conflict(text) => return text.get(lang).clone(),
            Self::Internal => (
                "Siden kan ikke vises nå. Loggen sier hvorfor; prøv igjen om litt.",
                "The page cannot be shown now. The log says why; try again in a while.",
            ),
        };
        match lang {
            Language::Bokmal => nb.to_owned(),
            Language::English => en.to_owned(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Shown(std::sync::Arc::new(self)));
        response
    }
}

/// What an answer without a page has to say: a failure of ours, or axum's own, for which it has no page and no words of
/// this language: a form that is too large or not a form, a method that is not for this address, an address that cannot
/// be read.
pub(crate) fn failure_of(response: &Response) -> Option<std::sync::Arc<Failure>> {
    if let Some(Shown(failure)) = response.extensions().get::<Shown>() {
        return Some(std::sync::Arc::clone(failure));
    }
    let status = response.status();
    if !status.is_client_error() || response.headers().contains_key(header::CONTENT_SECURITY_POLICY)
    {
        return None;
    }
    let (nb, en) = match status {
        StatusCode::METHOD_NOT_ALLOWED => (
            "Adressen kan ikke brukes slik. Begynn på første side og finn den derfra.",
            "The address cannot be used like this. Begin at the first page and find it from there.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("Skjemaet er for stort.", "The form is too large."),
        _ => ("Adressen eller skjemaet kan ikke leses.", "The address or the form cannot be read."),
    };
    Some(std::sync::Arc::new(Failure::Invalid(Bilingual {
        nb: format!("{nb} (HTTP {})", status.as_u16()),
        en: format!("{en} (HTTP {})", status.as_u16()),
    })))
}

/// A failure on its way to where it is shown.
#[derive(Clone)]
pub(crate) struct Shown(pub(crate) std::sync::Arc<Failure>);

#[derive(Template)]
#[template(path = "failure.html")]
pub(crate) struct FailurePage<'a> {
    pub(crate) f: &'a Frame,
    pub(crate) text: String,
}
