//! Signing in at an issuer (OpenID Connect, authorization code flow with PKCE). Who may what is a table of the
//! configuration: a claim's values, and the role of each.

use super::sign_in::{Shown, begin, form};
use super::{BASE, Role, Shared, own_address};
use crate::cookie;
use crate::frame::{Failure, see_other};
use crate::session::{key, random_text};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use lmr_auth::{IdToken, IdTokenRejection, PendingSignIn, RelyingParty, SignInError};
use lmr_fhir::Bilingual;
use lmr_identifiers::NationalIdentityNumber;
use lmr_intake::RandomSource;
use lmr_lmdi::person::looks_personal;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Sends the browser to the issuer.
pub(super) const START: &str = "/konsoll/sign-in/open-id";
/// Where the issuer sends it back to.
pub(super) const CALLBACK: &str = "/konsoll/sign-in/open-id/callback";
/// How long a visitor may take at the issuer.
const MAX_AWAY: SignedDuration = SignedDuration::from_mins(10);
/// Most visitors at the issuer at once; the one that left first is forgotten.
const MAX_PENDING: usize = 1000;
/// Longest `sub` (OpenID Connect Core section 2), in characters: cut off, two people could become one.
const MAX_SUBJECT: usize = 255;
/// Longest name in the audit log, in characters.
const MAX_NAME: usize = 100;
/// Before the names of those who signed in at the issuer, in sessions and in the audit log.
const OPEN_ID: &str = "oidc:";

/// The issuer at which operators sign in.
pub struct OpenIdSignIn {
    /// How we are registered there; browsers come back to [`OpenIdSignIn::callback`].
    pub party: RelyingParty,
    /// The issuer's name, for people.
    pub name: String,
    /// The claim with the name that the audit log gives an operator, beside `sub`.
    pub name_claim: Option<String>,
    /// The claim that decides the role.
    pub role_claim: String,
    /// Its values, and the role of each.
    pub roles: Vec<(String, Role)>,
    /// Scheme, host and port by which browsers call the console.
    pub public_url: String,
}

impl OpenIdSignIn {
    /// The address that browsers come back to, to be registered at the issuer.
    #[must_use]
    pub fn callback(public_url: &str) -> String {
        format!("{}{CALLBACK}", public_url.trim_end_matches('/'))
    }
}

/// The issuer, and who is there now.
pub(super) struct OpenId {
    sign_in: OpenIdSignIn,
    pending: Mutex<HashMap<[u8; 32], Pending>>,
}

/// A browser that was sent to the issuer.
struct Pending {
    sign_in: PendingSignIn,
    /// Digest of what the browser was given: another one cannot end what this one began.
    browser: [u8; 32],
    to: String,
    since: Timestamp,
}

impl OpenId {
    pub(super) fn new(sign_in: OpenIdSignIn) -> Self {
        Self { sign_in, pending: Mutex::default() }
    }

    pub(super) fn name(&self) -> &str {
        &self.sign_in.name
    }

    /// Where a visitor also signs out at the issuer; none where it has no such place, or cannot be asked.
    pub(super) async fn sign_out_url(&self) -> Option<String> {
        let back = format!("{}{BASE}/sign-in", self.sign_in.public_url.trim_end_matches('/'));
        self.sign_in.party.sign_out_url(&back).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the issuer's address for signing out is not known");
            None
        })
    }

    fn keep(&self, pending: Pending) {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let now = pending.since;
        all.retain(|_, one| now.duration_since(one.since) < MAX_AWAY);
        if all.len() >= MAX_PENDING
            && let Some(oldest) = all.iter().min_by_key(|(_, one)| one.since).map(|(key, _)| *key)
        {
            all.remove(&oldest);
        }
        all.insert(key(pending.sign_in.state()), pending);
    }

    /// The sign-in of this state and browser. Whatever comes of it, the state is used up.
    fn take(&self, state: &str, browser: &str, now: Timestamp) -> Option<Pending> {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = all.remove(&key(state))?;
        let is_alive = now.duration_since(pending.since) < MAX_AWAY;
        (is_alive && pending.browser == key(browser)).then_some(pending)
    }

    /// The highest of the roles that the token's values have.
    fn role(&self, token: &IdToken) -> Option<Role> {
        let values = token.texts(&self.sign_in.role_claim);
        let of = |(value, role): &(String, Role)| values.contains(&&**value).then_some(*role);
        self.sign_in.roles.iter().filter_map(of).max()
    }

    /// As the audit log names them: always with the id that nobody else has at the issuer. `None` where that id is an
    /// identity number, which must be in no log.
    fn actor(&self, token: &IdToken) -> Option<String> {
        let subject = plain(token.subject(), MAX_SUBJECT);
        let digits: String = subject.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
        if NationalIdentityNumber::parse(&digits).is_ok() {
            return None;
        }
        let name = self.sign_in.name_claim.as_deref().and_then(|claim| token.text(claim));
        let name = name.map(|name| plain(name, MAX_NAME));
        let name =
            name.filter(|name| !name.is_empty() && *name != subject && !looks_personal(name));
        Some(match name {
            Some(name) => format!("{OPEN_ID}{name} ({subject})"),
            None => format!("{OPEN_ID}{subject}"),
        })
    }
}

/// A text of the issuer's in one line, and at most so many characters.
fn plain(text: &str, most: usize) -> String {
    let visible = |c: &char| {
        !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.trim().chars().filter(visible).take(most).collect()
}

impl Shared {
    /// The cookie of a browser that is at the issuer.
    fn pending_cookie(&self) -> &'static str {
        if self.secure { "__Host-lmr-sign-in" } else { "lmr-sign-in" }
    }
}

fn bytes(random: &dyn RandomSource) -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes).map_err(|_| Failure::Internal)?;
    Ok(bytes)
}

pub(super) async fn start(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let open_id = shared.open_id.as_ref().ok_or(Failure::NotFound)?;
    let to = own_address(query.get("to").map(String::as_str));
    let random = &*shared.random;
    let sign_in = PendingSignIn::new(&bytes(random)?, &bytes(random)?, &bytes(random)?);
    let url = match open_id.sign_in.party.authorization_url(&sign_in).await {
        Ok(url) => url,
        Err(error) => return Ok(refused(&shared, &headers, to, &error)),
    };
    let browser = random_text(random).ok_or(Failure::Internal)?;
    open_id.keep(Pending { sign_in, browser: key(&browser), to, since: shared.now() });
    let mut response = see_other(&url);
    let seconds = u32::try_from(MAX_AWAY.as_secs()).ok();
    let line = cookie::set(shared.pending_cookie(), &browser, seconds, shared.secure);
    response.headers_mut().append(header::SET_COOKIE, line);
    Ok(response)
}

pub(super) async fn come_back(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let open_id = shared.open_id.as_ref().ok_or(Failure::NotFound)?;
    let mut response = ended(&shared, open_id, &headers, &query).await?;
    let line = cookie::set(shared.pending_cookie(), "", Some(0), shared.secure);
    response.headers_mut().append(header::SET_COOKIE, line);
    Ok(response)
}

async fn ended(
    shared: &Shared,
    open_id: &OpenId,
    headers: &HeaderMap,
    query: &HashMap<String, String>,
) -> Result<Response, Failure> {
    let field = |name: &str| query.get(name).map(String::as_str);
    let browser = cookie::read(headers, shared.pending_cookie()).unwrap_or_default();
    let state = field("state").unwrap_or_default();
    let Some(pending) = open_id.take(state, browser, shared.now()) else {
        tracing::warn!("an answer of the issuer belongs to no sign-in that was begun here");
        let problem = Bilingual {
            nb: "Innloggingen er ukjent, brukt før eller eldre enn ti minutter. Begynn på nytt.".to_owned(),
            en: "The sign-in is unknown, was used before, or is older than ten minutes. Begin again.".to_owned(),
        };
        return Ok(shown(shared, headers, BASE.to_owned(), StatusCode::BAD_REQUEST, problem));
    };
    let Pending { sign_in, to, .. } = pending;
    if let Err(error) = open_id.sign_in.party.check_issuer(field("iss")).await {
        return Ok(refused(shared, headers, to, &error));
    }
    if let Some(error) = field("error") {
        // A name of OAuth's, which is no person's; anything else is not written.
        let is_name =
            error.len() <= 64 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        tracing::warn!(error = is_name.then_some(error), "the issuer signed nobody in");
        let status = match error {
            "server_error" | "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::FORBIDDEN,
        };
        let problem = Bilingual {
            nb: format!(
                "{} logget ingen inn. Prøv igjen, eller be en administrator om tilgang.",
                open_id.name()
            ),
            en: format!(
                "{} signed nobody in. Try again, or ask an administrator for access.",
                open_id.name()
            ),
        };
        return Ok(shown(shared, headers, to, status, problem));
    }
    let code = field("code").unwrap_or_default();
    let token = match open_id.sign_in.party.redeem(&sign_in, code).await {
        Ok(token) => token,
        Err(error) => return Ok(refused(shared, headers, to, &error)),
    };
    let Some(actor) = open_id.actor(&token) else {
        tracing::warn!(
            "the issuer's sub is an identity number: it must give another (pairwise) one"
        );
        let problem = Bilingual {
            nb: "Utstederen kjenner deg ved fødselsnummeret, som ikke kan stå i loggen. Be en administrator om en annen sub fra utstederen.".to_owned(),
            en: "The issuer knows you by your identity number, which cannot be in the log. Ask an administrator for another sub from the issuer.".to_owned(),
        };
        return Ok(shown(shared, headers, to, StatusCode::FORBIDDEN, problem));
    };
    let Some(role) = open_id.role(&token) else {
        tracing::warn!(operator = actor, "signed in at the issuer, but has no role here");
        let problem = Bilingual {
            nb: "Du har ingen rolle i konsollen. Be en administrator om en av rollene i konfigurasjonen.".to_owned(),
            en: "You have no role in the console. Ask an administrator for one of the roles in the configuration.".to_owned(),
        };
        return Ok(shown(shared, headers, to, StatusCode::FORBIDDEN, problem));
    };
    begin(shared, &actor, role, &to)
}

/// The page that says why nobody was signed in; the log says it in detail.
fn refused(shared: &Shared, headers: &HeaderMap, to: String, error: &SignInError) -> Response {
    tracing::warn!(%error, "signing in at the issuer failed");
    // Keys that cannot be had are no fault of the answer.
    let are_keys_away =
        matches!(error, SignInError::IdToken(IdTokenRejection::KeysUnavailable { .. }));
    let is_refusal = !are_keys_away
        && matches!(
            error,
            SignInError::OtherIssuer
                | SignInError::Code
                | SignInError::Rejected { .. }
                | SignInError::NoIdToken
                | SignInError::IdToken(_)
        );
    let (status, nb, en) = match is_refusal {
        true => (
            StatusCode::UNAUTHORIZED,
            "Svaret fra innloggingen godtas ikke. Loggen sier hvorfor; begynn på nytt.",
            "The answer from signing in is not accepted. The log says why; begin again.",
        ),
        false => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Innloggingen kan ikke nås nå. Loggen sier hvorfor; prøv igjen om litt.",
            "Signing in cannot be reached now. The log says why; try again in a while.",
        ),
    };
    let problem = Bilingual { nb: nb.to_owned(), en: en.to_owned() };
    shown(shared, headers, to, status, problem)
}

fn shown(
    shared: &Shared,
    headers: &HeaderMap,
    to: String,
    status: StatusCode,
    problem: Bilingual<String>,
) -> Response {
    form(shared, headers, status, Shown { to, problem: Some(problem), ..Shown::default() })
}
