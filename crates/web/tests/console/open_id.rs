//! Signing in at an issuer, through HTTP: the sandbox plays the issuer.

use super::{PASSWORD, Page, World, world_with};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use lmr_auth::jose::{Algorithm, SigningKey};
use lmr_auth::{
    ClientCredential, Clock, Environment, FixedKey, HttpFetcher, RelyingParty,
    RelyingPartySettings, SecretString,
};
use lmr_sandbox::helseid::{EndpointFault, LocalHelseId, Person, Site, SiteCredential, TokenFault};
use lmr_web::{OpenIdSignIn, Role};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CONSOLE: &str = "http://127.0.0.1:4712";
const CLIENT: &str = "lmr-console";
const CALLBACK: &str = "/konsoll/sign-in/open-id/callback";
const START: &str = "/konsoll/sign-in/open-id?to=%2Fkonsoll%2Fmessages%3Fstate%3Drefused";

struct Login {
    world: World,
    issuer: LocalHelseId,
}

/// A console and its issuer, with the clock that both have.
async fn login() -> Login {
    login_with(None).await
}

async fn login_with(key: Option<SigningKey>) -> Login {
    lmr_auth::install_tls_provider();
    let now: Timestamp = "2026-11-26T10:00:00Z".parse().unwrap();
    let now = Arc::new(Mutex::new(now));
    let shown = Arc::clone(&now);
    let clock: Clock = Arc::new(move || *shown.lock().unwrap());
    let fresh_ids = lmr_sandbox::clock::fresh_ids();
    let issuer = LocalHelseId::start(0, Arc::clone(&clock), Arc::clone(&fresh_ids)).await.unwrap();
    let (ours, theirs) = match key {
        None => (
            ClientCredential::Secret(SecretString::new("hemmelig".to_owned())),
            SiteCredential::Secret("hemmelig".to_owned()),
        ),
        Some(key) => {
            let public = SiteCredential::Key(Box::new(key.public().clone()));
            (ClientCredential::Key(Arc::new(FixedKey::new(key))), public)
        }
    };
    let redirect_uri = OpenIdSignIn::callback(CONSOLE);
    assert_eq!(redirect_uri, format!("{CONSOLE}{CALLBACK}"));
    issuer.register_site(Site {
        client_id: CLIENT.to_owned(),
        credential: theirs,
        redirect_uris: vec![redirect_uri.clone()],
    });
    for (subject, name, roles) in [
        ("s-1", "Kari Vakt", vec!["lmr-leser", "lmr-vakt"]),
        ("s-2", "Ola Uten", vec!["helt-annet"]),
        ("s-3", "12345678901", vec!["lmr-leder"]),
    ] {
        issuer.register_person(Person {
            subject: subject.to_owned(),
            name: name.to_owned(),
            roles: roles.into_iter().map(str::to_owned).collect(),
        });
    }
    let settings = RelyingPartySettings {
        issuer: issuer.issuer().to_owned(),
        environment: Environment::Local,
        client_id: CLIENT.to_owned(),
        credential: ours,
        redirect_uri,
        scopes: vec!["profile".to_owned()],
        leeway_seconds: 5,
    };
    let fetcher = Arc::new(HttpFetcher::new(Duration::from_secs(10)).unwrap());
    let sign_in = OpenIdSignIn {
        party: RelyingParty::new(settings, fetcher, clock, fresh_ids).unwrap(),
        name: "Liksom-ID".to_owned(),
        name_claim: Some("name".to_owned()),
        role_claim: "roles".to_owned(),
        roles: [("lmr-leser", Role::Read), ("lmr-vakt", Role::Act), ("lmr-leder", Role::Admin)]
            .map(|(value, role)| (value.to_owned(), role))
            .to_vec(),
        public_url: CONSOLE.to_owned(),
    };
    let world = world_with(now, Some(sign_in)).await;
    Login { world, issuer }
}

/// The cookie of an answer, as a browser sends it back.
fn cookie(page: &Page) -> String {
    let line = page.cookie.as_deref().unwrap_or_default();
    line.split(';').next().unwrap_or_default().to_owned()
}

impl Login {
    /// Sets out to the issuer: its address, and the browser's cookie.
    async fn set_out(&self) -> (String, String) {
        let page = self.world.get(START, "").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        assert!(page.location.starts_with(self.issuer.issuer()), "{}", page.location);
        let line = page.cookie.as_deref().unwrap();
        assert!(line.contains("HttpOnly") && line.contains("Max-Age=600"), "{line}");
        (page.location.clone(), cookie(&page))
    }

    /// Signs in at the issuer: the path and query that the browser comes back with.
    async fn at_issuer(&self, url: &str, subject: &str) -> String {
        let (status, location) =
            self.issuer.visit(&format!("{url}&person={subject}")).await.unwrap();
        assert_eq!(status, 302);
        let location = location.unwrap();
        location.strip_prefix(CONSOLE).unwrap().to_owned()
    }

    async fn sign_in(&self, subject: &str) -> Page {
        let (url, cookie) = self.set_out().await;
        let back = self.at_issuer(&url, subject).await;
        self.world.get(&back, &cookie).await
    }

    /// That nobody was signed in: the status, a page of ours with these words, no session.
    fn assert_refused(&self, page: &Page, status: StatusCode, words: &str, what: &str) {
        assert_eq!(page.status, status, "{what}: {}", page.text);
        assert!(page.policy && page.text.contains(words), "{what}: {}", page.text);
        let cookie = page.cookie.as_deref().unwrap_or_default();
        assert!(!cookie.contains("lmr-console="), "{what}: {cookie}");
    }
}

#[tokio::test]
async fn somebody_signs_in_at_the_issuer_acts_by_their_role_and_signs_out() {
    let login = login().await;
    let page = login.world.get("/konsoll/sign-in?to=/konsoll/alerts", "").await;
    assert!(page.text.contains("Logg inn med Liksom-ID"), "{}", page.text);
    assert!(page.text.contains("/konsoll/sign-in/open-id?to=%2Fkonsoll%2Falerts"));
    assert!(page.text.contains("name=\"password\""), "operators with a password stay");

    let (url, _) = login.set_out().await;
    let (_, query) = url.split_once('?').unwrap();
    let field = |name: &str| {
        let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
        Some(value.replace('+', " ").replace("%3A", ":").replace("%2F", "/"))
    };
    assert_eq!(field("response_type").as_deref(), Some("code"));
    assert_eq!(field("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(field("scope").as_deref(), Some("openid profile"));
    assert_eq!(field("redirect_uri"), Some(format!("{CONSOLE}{CALLBACK}")));
    let secrets = ["state", "nonce", "code_challenge"].map(|name| field(name).unwrap());
    assert!(secrets.iter().all(|one| one.len() == 43));
    assert!(secrets[0] != secrets[1] && secrets[1] != secrets[2] && secrets[0] != secrets[2]);

    let page = login.sign_in("s-1").await;
    assert_eq!(
        (page.status, &*page.location),
        (StatusCode::SEE_OTHER, "/konsoll/messages?state=refused")
    );
    let cookie = cookie(&page);
    assert!(cookie.starts_with("lmr-console="), "{cookie}");
    let world = &login.world;
    let page = world.get("/konsoll", &cookie).await;
    assert!(
        page.text.contains("Kari Vakt (s-1)") && page.text.contains("(handle)"),
        "{}",
        page.text
    );
    assert_eq!(world.get("/konsoll/audit", &cookie).await.status, StatusCode::FORBIDDEN);
    let secret = world.secret(&cookie).await;
    let fields = [("csrf", &*secret), ("reason", "meldt av sykehuset")];
    let path = "/konsoll/messages/310000019/melding-1/content";
    assert_eq!(world.post(path, &cookie, &fields).await.status, StatusCode::OK);
    assert!(world.acts().await[0].contains("oidc:Kari Vakt (s-1)"), "{:?}", world.acts().await);
    // Other operators with passwords come and go; this session is not theirs.
    world.console.replace_operators(Vec::new());
    assert_eq!(world.get("/konsoll", &cookie).await.status, StatusCode::OK);
    let page = world.get("/konsoll/sign-in", "").await;
    assert!(!page.text.contains("name=\"password\""), "nobody has a password");
    let wrong = [("name", "kari"), ("password", PASSWORD)];
    assert_eq!(world.post("/konsoll/sign-in", "", &wrong).await.status, StatusCode::UNAUTHORIZED);

    let page = world.post("/konsoll/sign-out", &cookie, &[("csrf", &secret)]).await;
    assert_eq!(page.location, "/konsoll/sign-in?out=1");
    assert_eq!(world.get("/konsoll", &cookie).await.status, StatusCode::SEE_OTHER);
    let page = world.get("/konsoll/sign-in?out=1", "").await;
    let (_, url) =
        page.text.split_once(&format!("{}/connect/endsession", login.issuer.issuer())).unwrap();
    let query = url.split('"').next().unwrap().replace("&#38;", "&");
    let url = format!("{}/connect/endsession{query}", login.issuer.issuer());
    let (_, location) = login.issuer.visit(&url).await.unwrap();
    assert_eq!(location, Some(format!("{CONSOLE}/konsoll/sign-in")));
}

#[tokio::test]
async fn a_role_comes_from_the_table_and_a_number_is_no_name() {
    let login = login().await;
    let page = login.sign_in("s-2").await;
    login.assert_refused(&page, StatusCode::FORBIDDEN, "Du har ingen rolle i konsollen.", "role");
    let page = login.sign_in("s-3").await;
    let page = login.world.get("/konsoll", &cookie(&page)).await;
    assert!(page.text.contains("<span>s-3 "), "{}", page.text);
    assert!(page.text.contains("(administrere)") && !page.text.contains("12345678901"));
}

#[tokio::test]
async fn an_answer_that_is_not_to_this_sign_in_signs_nobody_in() {
    let login = login().await;
    let world = &login.world;
    let unknown = "Innloggingen er ukjent";
    let bad = StatusCode::BAD_REQUEST;

    // Another state, none, and the state of another browser.
    let (url, cookie) = login.set_out().await;
    let back = login.at_issuer(&url, "s-1").await;
    let (before, rest) = back.split_once("state=").unwrap();
    let state = rest.split('&').next().unwrap();
    let other = format!("{before}state={}{}", "A".repeat(43), &rest[state.len()..]);
    let none = back.replace(&format!("state={state}"), "x=y");
    for (path, cookie, what) in [
        (&other, &*cookie, "another state"),
        (&none, &cookie, "no state"),
        (&CALLBACK.to_owned(), &cookie, "nothing"),
    ] {
        login.assert_refused(&world.get(path, cookie).await, bad, unknown, what);
    }
    for wrong in ["", "lmr-sign-in=", "lmr-sign-in=AAAA"] {
        let (url, _) = login.set_out().await;
        let back = login.at_issuer(&url, "s-1").await;
        login.assert_refused(&world.get(&back, wrong).await, bad, unknown, "another browser");
    }
    // The first one was not used up by others' attempts; used once, it is.
    assert_eq!(world.get(&back, &cookie).await.status, StatusCode::SEE_OTHER);
    login.assert_refused(&world.get(&back, &cookie).await, bad, unknown, "the answer again");

    // The code of an answer that was used, with a state that is fresh.
    let (_, fresh) = login.set_out().await;
    let (url, second) = login.set_out().await;
    let next = login.at_issuer(&url, "s-1").await;
    let code =
        |path: &str| path.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    let replayed = next.replace(&code(&next), &code(&back));
    let refused = "Svaret fra innloggingen godtas ikke.";
    let no = StatusCode::UNAUTHORIZED;
    login.assert_refused(&world.get(&replayed, &second).await, no, refused, "a used code");
    // A code that was made for another sign-in: the verifier does not fit.
    let (url, third) = login.set_out().await;
    let (foreign, _) = login.set_out().await;
    let (own, foreign) =
        (login.at_issuer(&url, "s-1").await, login.at_issuer(&foreign, "s-3").await);
    let swapped = own.replace(&code(&own), &code(&foreign));
    login.assert_refused(&world.get(&swapped, &third).await, no, refused, "a foreign code");
    drop(fresh);

    // Another issuer's answer, and one that names none (RFC 9207).
    for (from, to, what) in
        [("&iss=http", "&iss=https", "another issuer"), ("&iss=", "&x=", "no issuer")]
    {
        let (url, cookie) = login.set_out().await;
        let back = login.at_issuer(&url, "s-1").await;
        assert!(back.contains(from), "{back}");
        login.assert_refused(&world.get(&back.replace(from, to), &cookie).await, no, refused, what);
    }
    for code in ["", &"x".repeat(5000)] {
        let (url, cookie) = login.set_out().await;
        let state = url.split_once("&state=").unwrap().1.split('&').next().unwrap();
        let iss = world_iss(&login);
        let path = format!("{CALLBACK}?code={code}&state={state}&iss={iss}");
        login.assert_refused(&world.get(&path, &cookie).await, no, refused, "no usable code");
    }

    // Ten minutes are enough.
    let (url, cookie) = login.set_out().await;
    let back = login.at_issuer(&url, "s-1").await;
    *world.now.lock().unwrap() += SignedDuration::from_mins(10);
    login.assert_refused(&world.get(&back, &cookie).await, bad, unknown, "too late");
    // Cancelled at the issuer.
    let (url, cookie) = login.set_out().await;
    let back = login.at_issuer(&url, "-").await;
    assert!(back.contains("error=access_denied"), "{back}");
    let page = world.get(&back, &cookie).await;
    login.assert_refused(&page, StatusCode::FORBIDDEN, "Liksom-ID logget ingen inn.", "cancelled");
}

fn world_iss(login: &Login) -> String {
    login.issuer.issuer().replace(':', "%3A").replace('/', "%2F")
}

#[tokio::test]
async fn an_id_token_that_is_not_right_signs_nobody_in() {
    let login = login().await;
    let hour = |hours: i64| {
        let now = login.world.now.lock().unwrap().as_second();
        json!(now + hours * 3600)
    };
    let claims = |claims: Value| TokenFault::Claims(claims);
    for fault in [
        claims(json!({"nonce": "A".repeat(43)})),
        claims(json!({"nonce": null})),
        claims(json!({"aud": "another-client"})),
        claims(json!({"aud": [CLIENT, "another-client"]})),
        claims(json!({"azp": "another-client"})),
        claims(json!({"iss": "https://helseid-sts.example.no"})),
        claims(json!({"exp": hour(-1), "iat": hour(-2)})),
        claims(json!({"exp": null})),
        claims(json!({"iat": hour(1), "exp": hour(2)})),
        claims(json!({"nbf": hour(1)})),
        claims(json!({"sub": null})),
        TokenFault::Expired,
        TokenFault::WrongType,
        TokenFault::WrongKey,
        TokenFault::UnknownKid,
        TokenFault::BrokenSignature,
        TokenFault::Unsigned,
        TokenFault::SharedSecret,
        TokenFault::CriticalHeader,
        TokenFault::DoubledClaim,
    ] {
        login.issuer.spoil(Some(fault.clone()));
        let page = login.sign_in("s-1").await;
        let words = "Svaret fra innloggingen godtas ikke.";
        login.assert_refused(&page, StatusCode::UNAUTHORIZED, words, &format!("{fault:?}"));
    }
    login.issuer.spoil(Some(TokenFault::Claims(json!({"roles": "lmr-leser"}))));
    let page = login.sign_in("s-1").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "a claim that is one text counts as well");
    for (roles, what) in [
        (json!(["LMR-LESER"]), "another spelling"),
        (json!({"lmr-leser": true}), "an object"),
        (json!([["lmr-leser"]]), "a list in a list"),
        (json!("lmr-leser lmr-vakt"), "a text with blanks"),
        (json!(null), "none"),
    ] {
        login.issuer.spoil(Some(TokenFault::Claims(json!({ "roles": roles }))));
        let page = login.sign_in("s-1").await;
        login.assert_refused(&page, StatusCode::FORBIDDEN, "Du har ingen rolle", what);
    }
    // Names of the issuer's are shown as text, in one line.
    let name = "<b>Kari</b>\n\u{202e}Vakt";
    login.issuer.spoil(Some(TokenFault::Claims(json!({ "name": name }))));
    let page = login.sign_in("s-1").await;
    let page = login.world.get("/konsoll", &cookie(&page)).await;
    assert!(page.text.contains("&#60;b&#62;Kari&#60;/b&#62;Vakt (s-1)"), "{}", page.text);
}

#[tokio::test]
async fn an_issuer_that_fails_is_named_and_nobody_is_signed_in() {
    let login = login().await;
    let gone = StatusCode::SERVICE_UNAVAILABLE;
    login.issuer.set_down(true);
    let page = login.world.get(START, "").await;
    login.assert_refused(&page, gone, "Innloggingen kan ikke nås nå.", "down");
    login.issuer.set_down(false);
    for (fault, status) in [
        (EndpointFault::Page(503), gone),
        (EndpointFault::Page(200), gone),
        (EndpointFault::RetryAfter("60".to_owned()), gone),
        (EndpointFault::Named("invalid_client", "wrong".to_owned()), StatusCode::UNAUTHORIZED),
    ] {
        login.issuer.misbehave(Some(fault.clone()));
        let page = login.sign_in("s-1").await;
        login.assert_refused(&page, status, "Loggen sier hvorfor", &format!("{fault:?}"));
    }
    login.issuer.misbehave(None);
    assert_eq!(login.sign_in("s-1").await.status, StatusCode::SEE_OTHER);
    // Keys that were never fetched and cannot be: the answer itself is right.
    let login = login_with(None).await;
    login.issuer.misbehave(Some(EndpointFault::KeysAway));
    let page = login.sign_in("s-1").await;
    login.assert_refused(&page, gone, "Innloggingen kan ikke nås nå.", "the keys are away");
}

#[tokio::test]
async fn an_error_of_the_issuer_is_answered_by_whose_it_is() {
    let login = login().await;
    for (error, status) in [
        ("access_denied", StatusCode::FORBIDDEN),
        ("invalid_scope", StatusCode::FORBIDDEN),
        ("server_error", StatusCode::SERVICE_UNAVAILABLE),
        ("temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let (url, cookie) = login.set_out().await;
        let (_, after) = url.split_once("state=").unwrap();
        let state = after.split('&').next().unwrap();
        let back = format!("{CALLBACK}?error={error}&state={state}&iss={}", world_iss(&login));
        let page = login.world.get(&back, &cookie).await;
        login.assert_refused(&page, status, "logget ingen inn", error);
    }
    // An error that another issuer gives ends nothing either (RFC 9207 section 2.4).
    let (url, cookie) = login.set_out().await;
    let (_, after) = url.split_once("state=").unwrap();
    let state = after.split('&').next().unwrap();
    let back = format!("{CALLBACK}?error=access_denied&state={state}&iss=https%3A%2F%2Fother.no");
    let page = login.world.get(&back, &cookie).await;
    login.assert_refused(&page, StatusCode::UNAUTHORIZED, "godtas ikke", "another issuer");
}

#[tokio::test]
async fn no_identity_number_becomes_a_name_in_the_audit_log() {
    let login = login().await;
    let (number, _) = lmr_identifiers::synthetic::identity_number(
        1961,
        12,
        9,
        lmr_identifiers::synthetic::Series::Tenor,
        false,
        200,
    );
    let number = number.as_str();
    for spelling in [number.to_owned(), format!("{} {}", &number[..6], &number[6..])] {
        login.issuer.spoil(Some(TokenFault::Claims(json!({ "sub": spelling }))));
        let page = login.sign_in("s-1").await;
        login.assert_refused(&page, StatusCode::FORBIDDEN, "fødselsnummeret", &spelling);
        assert!(!page.text.contains(&number[6..]), "{}", page.text);
        let name = format!("Kari {spelling}");
        login.issuer.spoil(Some(TokenFault::Claims(json!({ "name": name }))));
        let page = login.sign_in("s-1").await;
        let page = login.world.get("/konsoll", &cookie(&page)).await;
        assert!(page.text.contains("<span>s-1 "), "{}", page.text);
        assert!(!page.text.contains(&number[6..]), "{}", page.text);
    }
    // Two people whose ids differ at the end only stay two.
    let ids = ["a", "b"].map(|end| format!("{}{end}", "x".repeat(200)));
    for id in ids {
        login.issuer.spoil(Some(TokenFault::Claims(json!({ "sub": id, "name": null }))));
        let page = login.sign_in("s-1").await;
        let page = login.world.get("/konsoll", &cookie(&page)).await;
        assert!(page.text.contains(&id), "{}", page.text);
    }
}

#[tokio::test]
async fn the_console_shows_itself_to_the_issuer_by_a_key_where_it_has_one() {
    let key = SigningKey::generate(Algorithm::ES256, "console-1", 0).unwrap();
    let login = login_with(Some(key)).await;
    assert_eq!(login.sign_in("s-1").await.status, StatusCode::SEE_OTHER);
    assert_eq!(login.sign_in("s-1").await.status, StatusCode::SEE_OTHER, "an assertion each");
    // The issuer has another key registered.
    let other = SigningKey::generate(Algorithm::ES256, "console-1", 0).unwrap();
    login.issuer.register_site(Site {
        client_id: CLIENT.to_owned(),
        credential: SiteCredential::Key(Box::new(other.public().clone())),
        redirect_uris: vec![OpenIdSignIn::callback(CONSOLE)],
    });
    let page = login.sign_in("s-1").await;
    let words = "Svaret fra innloggingen godtas ikke.";
    login.assert_refused(&page, StatusCode::UNAUTHORIZED, words, "another key");
}

#[tokio::test]
async fn without_an_issuer_there_is_no_such_address() {
    let world = super::world().await;
    for path in [START, CALLBACK] {
        assert_eq!(world.get(path, "").await.status, StatusCode::NOT_FOUND);
    }
    assert!(!world.get("/konsoll/sign-in", "").await.text.contains("open-id"));
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let login = login().await;
    let (url, _) = login.set_out().await;
    for (from, to) in [("callback", "callback%2F"), ("4712", "4713"), (CLIENT, "another")] {
        assert!(url.contains(from), "{url}");
        let (status, location) = login.issuer.visit(&url.replacen(from, to, 1)).await.unwrap();
        assert_eq!((status, location), (400, None), "{to}");
    }
    let plain = url.replace("S256", "plain");
    let (_, location) = login.issuer.visit(&plain).await.unwrap();
    assert!(location.unwrap().contains("error=invalid_request"));
}
