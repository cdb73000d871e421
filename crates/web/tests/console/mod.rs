//! The console through HTTP: signing in, roles, forms, audit, every page.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod alerts;
mod forms;
use crate::html;
mod open_id;
mod passkeys;
mod routes;
mod shown;
mod sign_in;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::{DecryptionKeys, SystemRandom};
use lmr_intake::{
    Answer, AuditFilter, Avsender, AvsenderRecord, BundleContent, CodeCount, Committed, Counts,
    Database, Delivery, MessageHead, OrganisationNumber, Outcome, Parts, Receiver, RefusedCall,
    Settings, Store,
};
use lmr_sandbox::certificates::{Order, TestCa};
use lmr_storage::{SqliteStore, StorageKey};
use lmr_web::{CodeListInfo, Console, ConsoleParts, OpenIdSignIn, Operator, PasswordHash, Role};
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

const PASSWORD: &str = "et langt nok passord";
const SENDER: &str = "310000019";

struct World {
    app: Router,
    console: Console,
    store: Arc<dyn Database>,
    receiver: Receiver,
    now: Arc<Mutex<Timestamp>>,
    _folder: tempfile::TempDir,
}

/// What came back.
struct Page {
    status: StatusCode,
    location: String,
    cookie: Option<String>,
    policy: bool,
    text: String,
}

fn operators() -> Vec<Operator> {
    let operator = |name: &str, role| Operator {
        name: name.to_owned(),
        role,
        password: Some(PasswordHash::make(PASSWORD, &[9; 16]).unwrap()),
        passkeys: Vec::new(),
    };
    vec![operator("leser", Role::Read), operator("kari", Role::Act), operator("sjef", Role::Admin)]
}

async fn world() -> World {
    let now: Timestamp = "2026-11-26T10:00:00Z".parse().unwrap();
    world_with(Arc::new(Mutex::new(now)), None).await
}

async fn world_with(now: Arc<Mutex<Timestamp>>, open_id: Option<OpenIdSignIn>) -> World {
    world_of(now, open_id, shown::code_lists()).await
}

async fn world_of(
    now: Arc<Mutex<Timestamp>>,
    open_id: Option<OpenIdSignIn>,
    code_lists: Vec<CodeListInfo>,
) -> World {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lmr.db");
    let store: Arc<dyn Database> =
        Arc::new(SqliteStore::open(&file, StorageKey::new(&[7; 32])).await.unwrap());
    let start = *now.lock().unwrap();
    let clock = Arc::clone(&now);
    let configured = AvsenderRecord {
        organisation: SENDER.to_owned(),
        name: "Liksom <sykehus>".to_owned(),
        active: true,
        certificates: vec![],
        addresses: vec!["192.0.2.0/24".to_owned()],
        rule_set: None,
        start_date: None,
        database: None,
    };
    let receiver = Receiver::new(Parts {
        store: Arc::clone(&store) as Arc<dyn Store>,
        keys: DecryptionKeys::new(Vec::new()),
        trust: None,
        avsendere: vec![Avsender::try_from(&configured).unwrap()],
        settings: Settings::default(),
    });
    let console = Console::new(ConsoleParts {
        store: Arc::clone(&store),
        receiver: receiver.clone(),
        clock: Arc::new(move || *clock.lock().unwrap()),
        random: Arc::new(SystemRandom),
        zone: lmr_identifiers::norwegian_zone(),
        public_url: "http://127.0.0.1:4712/".to_owned(),
        operators: operators(),
        open_id,
        secure: false,
        idle: SignedDuration::from_mins(30),
        has_outlet: true,
        code_lists,
    });
    let world = World { app: console.router(), console, store, receiver, now, _folder: folder };
    world.fill(start).await;
    world
}

impl World {
    /// A message that was taken, one that was refused, and a refused call of nobody known.
    async fn fill(&self, now: Timestamp) {
        let ago = |hours| now - SignedDuration::from_hours(hours);
        let answer = |status: &str, severity: &str| {
            format!(
                r#"{{"resourceType":"Bundle","type":"batch-response","entry":[{{"fullUrl":"urn:uuid:1","response":{{"status":"{status}","outcome":{{"resourceType":"OperationOutcome","issue":[{{"severity":"{severity}","code":"value","details":{{"coding":[{{"system":"http://fhi.no/fhir/lmr/CodeSystem/feilkode","code":"LMR-4001"}}],"text":"Feltet <mangler>"}},"expression":["Patient.id"]}}]}}}}}}]}}"#
            )
            .into_bytes()
        };
        for (n, outcome, status, severity) in [
            (1_u8, Outcome::Accepted, "201 Created", "warning"),
            (2, Outcome::Refused, "422 Unprocessable Entity", "error"),
        ] {
            let taken = outcome == Outcome::Accepted;
            let counts = Counts {
                entries: 1,
                created: u32::from(taken),
                refused: u32::from(!taken),
                ..Counts::default()
            };
            let answer = Answer { outcome, body: answer(status, severity), counts };
            self.deliver(n, answer, (ago(48), ago(24)), ago(1)).await;
        }
        let call = RefusedCall {
            received_at: ago(1),
            sender: None,
            client_id: None,
            message_id: None,
            request_id: "kall-1".to_owned(),
            code: "LMR-2202".to_owned(),
            counts: Counts::default(),
            calls: 3,
        };
        self.store.keep_refused(vec![call]).await.unwrap();
    }

    /// A message of the sender: `melding-N`.
    async fn deliver(
        &self,
        n: u8,
        answer: Answer,
        (from, to): (Timestamp, Timestamp),
        at: Timestamp,
    ) {
        let bundle = br#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"hemmelig-<b>"}}]}"#;
        let taken = answer.outcome == Outcome::Accepted;
        let delivery = Delivery {
            head: MessageHead {
                sender: SENDER.parse::<OrganisationNumber>().unwrap(),
                message_id: format!("melding-{n}"),
                content_sha256: [n; 32],
                client_id: "klient".to_owned(),
                reporting_from: from,
                reporting_to: to,
                generated_at: at - SignedDuration::from_hours(1),
                received_at: at,
            },
            bundle_identifier: None,
            rule_set: "lmdi-1.1.7",
            answer,
            codes: match taken {
                true => vec![],
                false => vec![CodeCount { code: "LMR-4001".to_owned(), entries: 1 }],
            },
            content: taken.then(|| BundleContent::Plain(bundle.to_vec())),
            systems: vec![],
            versions: vec![],
        };
        let done = self.store.commit(delivery).await.unwrap();
        assert!(matches!(done, Committed::Stored { .. }));
    }

    async fn ask(&self, request: Request<Body>) -> Page {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let text = |name| {
            let value = response.headers().get(name);
            value.and_then(|value: &header::HeaderValue| value.to_str().ok()).map(str::to_owned)
        };
        let cookie = text(header::SET_COOKIE);
        let (location, status) = (text(header::LOCATION).unwrap_or_default(), response.status());
        let policy = text(header::CONTENT_SECURITY_POLICY)
            .is_some_and(|policy| policy.starts_with("default-src 'none'; style-src 'self'"));
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Page { status, location, cookie, policy, text }
    }

    async fn get(&self, path: &str, cookie: &str) -> Page {
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from(path, cookie, fields, "same-origin").await
    }

    async fn post_from(
        &self,
        path: &str,
        cookie: &str,
        fields: &[(&str, &str)],
        site: &str,
    ) -> Page {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site);
        self.ask(request.body(Body::from(body.join("&"))).unwrap()).await
    }

    async fn sign_in(&self, name: &str) -> String {
        let fields = [("name", name), ("password", PASSWORD), ("to", "/konsoll")];
        let page = self.post("/konsoll/sign-in", "", &fields).await;
        assert_eq!((page.status, &*page.location), (StatusCode::SEE_OTHER, "/konsoll"));
        let cookie = page.cookie.unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    /// The secret that a page's forms carry.
    async fn secret(&self, cookie: &str) -> String {
        let page = self.get("/konsoll", cookie).await;
        let (_, after) = page.text.split_once("name=\"csrf\" value=\"").unwrap();
        after.split('"').next().unwrap().to_owned()
    }

    /// What the form that closes these alerts, of a kind or of one by its key, brings back of its page: when it was made,
    /// and what it showed.
    async fn alerts_shown(&self, cookie: &str, chosen: &str) -> (String, String) {
        let page = self.get("/konsoll/alerts", cookie).await.text;
        let form = html::forms(&page).into_iter().find(|form| {
            form.action.ends_with("/close")
                && [form.value("alert"), form.value("kind")].contains(&Some(chosen))
        });
        let form = form.unwrap_or_else(|| panic!("no form for {chosen}: {page}"));
        let value = |name| form.value(name).unwrap_or_default().to_owned();
        (value("at"), value("shown"))
    }

    /// A sender of the database, without certificates.
    async fn register_other(&self) {
        let stored = AvsenderRecord {
            organisation: "320000009".to_owned(),
            name: "Oppdiktet sykehus".to_owned(),
            active: true,
            certificates: vec![],
            addresses: vec![],
            rule_set: None,
            start_date: None,
            database: None,
        };
        self.store.save_avsender(&Avsender::try_from(&stored).unwrap()).await.unwrap();
    }

    /// A call that was refused as a whole.
    async fn refuse_call(&self, id: &str, code: &str, sender: Option<&str>, at: Timestamp) {
        let call = RefusedCall {
            received_at: at,
            sender: sender.map(|number| number.parse().unwrap()),
            client_id: None,
            message_id: None,
            request_id: id.to_owned(),
            code: code.to_owned(),
            counts: Counts::default(),
            calls: 1,
        };
        self.store.keep_refused(vec![call]).await.unwrap();
    }

    /// The register's own acts, newest first.
    async fn acts(&self) -> Vec<String> {
        let filter = AuditFilter { chain: Some("register".to_owned()), ..AuditFilter::default() };
        let entries = self.store.audit_entries(&filter).await.unwrap();
        entries.into_iter().map(|entry| entry.text).collect()
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

const PAGES: [&str; 9] = [
    "/konsoll",
    "/konsoll/messages",
    "/konsoll/messages/310000019/melding-1",
    "/konsoll/calendar",
    "/konsoll/refusals",
    "/konsoll/senders",
    "/konsoll/senders/310000019",
    "/konsoll/alerts",
    "/konsoll/operation",
];

#[tokio::test]
async fn nobody_sees_anything_without_signing_in() {
    let world = world().await;
    for path in PAGES.into_iter().chain(["/konsoll/audit", "/konsoll/again"]) {
        for cookie in ["", "lmr-console=", "lmr-console=AAAA"] {
            let page = world.get(path, cookie).await;
            assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
            assert!(page.location.starts_with("/konsoll/sign-in?to=%2Fkonsoll"), "{path}");
            assert!(page.text.is_empty(), "{path}");
        }
    }
    let wrong = [("name", "kari"), ("password", "et annet langt passord")];
    let page = world.post("/konsoll/sign-in", "", &wrong).await;
    assert_eq!((page.status, page.cookie), (StatusCode::UNAUTHORIZED, None));
    let nobody = [("name", "ukjent"), ("password", PASSWORD)];
    let other = world.post("/konsoll/sign-in", "", &nobody).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED);
    assert!(other.text.contains("Navnet eller passordet er galt."), "the same for everybody");
    // After too many attempts even the right password has to wait.
    for _ in 0..5 {
        world.post("/konsoll/sign-in", "", &wrong).await;
    }
    let right = [("name", "kari"), ("password", PASSWORD)];
    let page = world.post("/konsoll/sign-in", "", &right).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    *world.now.lock().unwrap() += SignedDuration::from_mins(15);
    world.sign_in("kari").await;
}

#[tokio::test]
async fn every_page_is_shown_in_both_languages_and_escapes_what_it_shows() {
    let world = world().await;
    let cookie = world.sign_in("sjef").await;
    let queries = ["?days=90", "/messages?state=refused", "/messages?code=LMR-4001", "/audit"];
    let more = queries.map(|query| format!("/konsoll{query}"));
    for path in PAGES.into_iter().chain(more.iter().map(String::as_str)) {
        for (language, end) in [("nb", "Logg ut"), ("en", "Sign out")] {
            let page = world.get(path, &format!("{cookie}; lmr-language={language}")).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.policy, "{path}");
            assert!(page.text.contains(&format!("<html lang=\"{language}\">")), "{path}");
            assert!(page.text.contains(end), "{path}");
            for raw in ["<sykehus>", "<mangler>", "<script", "style=", "hemmelig"] {
                assert!(!page.text.contains(raw), "{path} has {raw}");
            }
        }
    }
    let page = world.get("/konsoll/messages/310000019/melding-2", &cookie).await;
    for shown in ["LMR-4001", "Feltet &#60;mangler&#62;", "holdes tilbake til kilden er rettet"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let unknown = world.get("/konsoll/messages/310000019/melding-9", &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.policy && unknown.text.contains("Siden finnes ikke."));
    let faulty = world.get("/konsoll/messages?sender=123&code=x", &cookie).await;
    assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(faulty.text.contains("organisasjonsnummer"));
    // No link leads away, however it was made.
    let away = world.get("/konsoll/language?to=en&back=https://evil.example.no", &cookie).await;
    assert_eq!(away.location, "/konsoll");
}

#[tokio::test]
async fn content_takes_a_role_and_a_reason_that_is_recorded_first() {
    let world = world().await;
    let path = "/konsoll/messages/310000019/melding-1/content";
    let reader = world.sign_in("leser").await;
    let secret = world.secret(&reader).await;
    let fields = [("csrf", &*secret), ("reason", "nysgjerrig")];
    assert_eq!(world.post(path, &reader, &fields).await.status, StatusCode::FORBIDDEN);
    let cookie = world.sign_in("kari").await;
    let secret = world.secret(&cookie).await;
    let page = world.post(path, &cookie, &[("csrf", &*secret), ("reason", "  ")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!page.text.contains("hemmelig"));
    assert!(world.acts().await.is_empty(), "nothing was shown, nothing is recorded");
    let fields = [("csrf", &*secret), ("reason", "feil meldt av sykehuset")];
    let page = world.post(path, &cookie, &fields).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("hemmelig-&lt;b&gt;"), "{}", page.text);
    let acts = world.acts().await;
    assert_eq!(acts.len(), 1);
    for part in ["\"read\"", "console:kari", "feil meldt av sykehuset", "310000019 melding-1"] {
        assert!(acts[0].contains(part), "{part}: {}", acts[0]);
    }
}

#[tokio::test]
async fn forms_of_others_and_of_lower_roles_change_nothing() {
    let world = world().await;
    let cookie = world.sign_in("sjef").await;
    let secret = world.secret(&cookie).await;
    let path = "/konsoll/alerts/close";
    let (at, shown) = world.alerts_shown(&cookie, "invalid 310000019").await;
    let form = |secret| {
        let chosen = [("csrf", secret), ("kind", "invalid"), ("at", &*at), ("shown", &*shown)];
        [&chosen[..], &[("reason", "sett på")]].concat()
    };
    for (cookie, secret, site) in [
        (&*cookie, "", "same-origin"),
        (&cookie, "AAAA", "same-origin"),
        (&cookie, &secret, "cross-site"),
        (&cookie, &secret, "same-site"),
        ("", &secret, "same-origin"),
    ] {
        let page = world.post_from(path, cookie, &form(secret), site).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{secret} {site}");
    }
    let reader = world.sign_in("leser").await;
    let own = world.secret(&reader).await;
    assert_ne!(own, secret, "each session has its own");
    assert_eq!(world.post(path, &reader, &form(&own)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get("/konsoll/audit", &reader).await.status, StatusCode::FORBIDDEN);
    let acts = world.sign_in("kari").await;
    let own = world.secret(&acts).await;
    let change = [("csrf", &*own), ("name", "Et annet navn")];
    let page = world.post("/konsoll/senders/310000019/set", &acts, &change).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "act is not admin");
    assert!(world.acts().await.is_empty());
    assert!(world.store.alert_notes().await.unwrap().is_empty());
    // The right form does it.
    let page = world.post(path, &cookie, &form(&secret)).await;
    assert_eq!(page.location, "/konsoll/alerts?done=closed");
    assert_eq!(world.store.alert_notes().await.unwrap()[0].reason, "sett på");
    assert!(world.acts().await[0].contains("alert invalid 310000019"));
    let open = world.get("/konsoll/alerts", &cookie).await.text;
    assert!(!open.contains("id=\"kind-invalid\""), "closed: {open}");
}

#[tokio::test]
async fn senders_of_the_file_are_not_changed_here_and_those_of_the_database_are() {
    let world = world().await;
    let cookie = world.sign_in("sjef").await;
    let secret = world.secret(&cookie).await;
    let csrf = ("csrf", &*secret);
    let page = world.post("/konsoll/senders/310000019/deactivate", &cookie, &[csrf]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("konfigurasjonsfilen"));
    world.register_other().await;
    let read = async || {
        let all = world.store.avsendere().await.unwrap();
        all.into_iter().find(|one| one.organisation.as_str() == "320000009")
    };
    let change = async |verb: &str, fields: &[(&str, &str)]| {
        let path = format!("/konsoll/senders/320000009/{verb}");
        let fields: Vec<_> = [csrf].into_iter().chain(fields.iter().copied()).collect();
        world.post(&path, &cookie, &fields).await
    };
    let page = change("deactivate", &[("reason", "avtalen er sagt opp")]).await;
    assert_eq!(page.location, "/konsoll/senders/320000009?done=saved");
    assert!(!read().await.unwrap().active);
    assert!(world.acts().await[0].contains("avtalen er sagt opp"));
    assert_eq!(
        change("deactivate", &[]).await.location,
        "/konsoll/senders/320000009?done=unchanged"
    );
    let page = change("addresses", &[("addresses", "192.0.2.7\n198.51.100.0/24")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(read().await.unwrap().addresses.texts().count(), 2);
    for (verb, field) in
        [("addresses", "192.0.2"), ("set", ""), ("add-certificate", "ikke PEM"), ("remove", "1")]
    {
        let fields =
            [("addresses", field), ("name", ""), ("certificate", field), ("confirm", field)];
        let page = change(verb, &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{verb}");
    }
    assert_eq!(change("no-such-verb", &[]).await.status, StatusCode::NOT_FOUND);
    let page = change("remove", &[("confirm", "320000009")]).await;
    assert_eq!(page.location, "/konsoll/senders?done=saved");
    assert!(read().await.is_none());
    let verified = world.store.verify_audit(&[]).await.unwrap();
    assert_eq!(verified.problems, []);
}

#[tokio::test]
async fn a_session_ends_by_signing_out_by_silence_and_with_the_operator() {
    let world = world().await;
    let status = async |cookie: &str| world.get("/konsoll", cookie).await.status;
    let cookie = world.sign_in("kari").await;
    let secret = world.secret(&cookie).await;
    assert_eq!(status(&cookie).await, StatusCode::OK);
    world.post("/konsoll/sign-out", &cookie, &[("csrf", &secret)]).await;
    assert_eq!(status(&cookie).await, StatusCode::SEE_OTHER);
    let cookie = world.sign_in("kari").await;
    *world.now.lock().unwrap() += SignedDuration::from_mins(31);
    assert_eq!(status(&cookie).await, StatusCode::SEE_OTHER);
    let (kari, boss) = (world.sign_in("kari").await, world.sign_in("sjef").await);
    world
        .console
        .replace_operators(operators().into_iter().filter(|one| one.name != "kari").collect());
    assert_eq!(status(&kari).await, StatusCode::SEE_OTHER);
    assert_eq!(status(&boss).await, StatusCode::OK);
    // Who has no password comes in with nobody else's.
    let mut without = operators();
    for one in without.iter_mut().filter(|one| one.name == "kari") {
        one.password = None;
    }
    world.console.replace_operators(without);
    let fields = [("name", "kari"), ("password", PASSWORD)];
    let page = world.post("/konsoll/sign-in", "", &fields).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
}

/// Every address of the console, asked for in every way, by whoever may most: content is shown only where a reason was
/// written, and then it is in the audit log.
#[tokio::test]
async fn no_address_shows_content_without_a_reason_in_the_audit_log() {
    let world = world().await;
    let cookie = world.sign_in("sjef").await;
    let secret = world.secret(&cookie).await;
    let mut shown = Vec::new();
    for path in Console::paths() {
        let sign_out = path.ends_with("sign-out");
        let asked = path
            .replace("{sender}", SENDER)
            .replace("{id}", "melding-1")
            .replace("{verb}", "activate");
        assert!(!asked.contains('{'), "{path}: what is chosen here?");
        let many = [
            ("csrf", if sign_out { "" } else { &*secret }),
            ("sender", SENDER),
            ("id", "melding-1"),
            ("entries", "all"),
            ("kind", "invalid"),
            ("from", "2026-11-26"),
            ("to", "2026-11-26"),
            ("count", "0"),
        ];
        let query: Vec<String> = many[1..].iter().map(|(n, v)| format!("{n}={v}")).collect();
        let query = format!("{asked}?{}&reason=fordi", query.join("&"));
        let with_reason: Vec<_> =
            many.into_iter().chain([("reason", "fordi det trengs")]).collect();
        let before = world.acts().await.len();
        for page in [
            world.get(&asked, &cookie).await,
            world.get(&query, &cookie).await,
            world.post(&asked, &cookie, &many).await,
        ] {
            assert!(!page.text.contains("hemmelig"), "{path} shows content without a reason");
        }
        let acts = world.acts().await;
        let reads = |acts: &[String]| acts.iter().filter(|act| act.contains("\"read\"")).count();
        assert_eq!(reads(&acts[..acts.len() - before]), 0, "{path}");
        let page = world.post(&asked, &cookie, &with_reason).await;
        if page.text.contains("hemmelig") {
            let acts = world.acts().await;
            assert!(acts[0].contains("\"read\"") && acts[0].contains("fordi det trengs"), "{path}");
            shown.push(path);
        }
    }
    assert_eq!(shown, ["/konsoll/messages/{sender}/{id}/content"], "where content is shown");
}

/// A reason that cannot be kept refuses whatever it was written for, and is there to be corrected.
#[tokio::test]
async fn no_form_of_the_console_drops_a_reason_that_cannot_be_kept() {
    let world = world().await;
    world.register_other().await;
    let cookie = world.sign_in("sjef").await;
    let secret = world.secret(&cookie).await;
    let before = world.store.avsendere().await.unwrap();
    let long = "x".repeat(1001);
    let now = *world.now.lock().unwrap();
    let of_sender = TestCa::new(now).unwrap();
    let of_sender = of_sender.enterprise(&Order::new("310000027", "Nytt sykehus", now)).unwrap();
    let (at, shown) = world.alerts_shown(&cookie, "invalid 310000019").await;
    for path in Console::paths() {
        let verbs: &[&str] = match path.contains("{verb}") {
            true => &["activate", "deactivate", "set", "addresses", "remove", "add-certificate"],
            false => &[""],
        };
        for verb in verbs {
            let asked = path
                .replace("{sender}", if verb.is_empty() { SENDER } else { "320000009" })
                .replace("{id}", "melding-1")
                .replace("{verb}", verb);
            for reason in [&*long, "avklart for 13057012345"] {
                let fields = [
                    ("csrf", if path.ends_with("sign-out") { "" } else { &*secret }),
                    ("reason", reason),
                    ("kind", "invalid"),
                    ("at", &*at),
                    ("shown", &*shown),
                    ("organisation", "310000027"),
                    ("name", "Et annet navn"),
                    ("certificate", &*of_sender.certificate_pem),
                    ("addresses", "192.0.2.7"),
                    ("confirm", "320000009"),
                    ("sender", SENDER),
                    ("from", "2026-11-26"),
                    ("to", "2026-11-26"),
                    ("count", "0"),
                ];
                let page = world.post(&asked, &cookie, &fields).await;
                assert_ne!(page.status, StatusCode::OK, "{asked}");
                assert!(!page.location.contains("done="), "{asked}: {}", page.location);
            }
        }
    }
    assert!(world.acts().await.is_empty(), "{:?}", world.acts().await);
    assert_eq!(world.store.avsendere().await.unwrap(), before);
}

/// The language link of every answer to a form leads to a page.
#[tokio::test]
async fn the_language_link_of_an_answer_to_a_form_leads_to_a_page() {
    let world = world().await;
    let cookie = world.sign_in("sjef").await;
    let secret = world.secret(&cookie).await;
    for path in Console::paths() {
        let asked = path
            .replace("{sender}", SENDER)
            .replace("{id}", "melding-1")
            .replace("{verb}", "deactivate");
        let csrf = ("csrf", if path.ends_with("sign-out") { "" } else { &*secret });
        for reason in ["", "fordi det trengs"] {
            let page = world.post(&asked, &cookie, &[csrf, ("reason", reason)]).await;
            assert!(!page.text.contains("HTTP 405 "), "{asked} has no words: {}", page.text);
            let Some((_, link)) = page.text.split_once("/konsoll/language?") else {
                assert!(page.text.is_empty(), "{asked}: {}", page.text);
                continue;
            };
            let link = link.split('"').next().unwrap().replace("&#38;", "&");
            let back = world.get(&format!("/konsoll/language?{link}"), &cookie).await.location;
            let page = world.get(&back, &cookie).await;
            assert_eq!(page.status, StatusCode::OK, "{asked} leads to {back}");
        }
    }
}

/// A filter that cannot be read is never left out: the page would show numbers of something else.
#[tokio::test]
async fn no_page_leaves_out_a_filter_that_it_cannot_read() {
    let world = world().await;
    let cookie = world.sign_in("sjef").await;
    let (message, sender) = ("/messages/310000019/melding-1", "/senders/310000019");
    let days: &[&str] = &["x", "0", "-1", "1.5", "367", "99999999999999999999"];
    let numbers: &[&str] = &["abc", "310000036", "31000001", "-"];
    let dates: &[&str] = &["2026-11-27T10:00", "27.11.2026", "2026-02-30", "20261127", "x"];
    for (page, name, values) in [
        ("", "days", days),
        ("/calendar", "days", days),
        ("/refusals", "days", days),
        (sender, "days", days),
        ("/calendar", "skip", &["x", "-1"]),
        ("/refusals", "sender", numbers),
        ("/messages", "sender", numbers),
        ("/again", "sender", numbers),
        ("/messages", "code", &["LMR-9999", "x"]),
        ("/messages", "from", dates),
        ("/messages", "to", dates),
        ("/again", "from", dates),
        ("/again", "to", dates),
        ("/again?from=2026-11-27", "to", &["2026-11-25"]),
        ("/messages", "state", &["nonsense", "Refused"]),
        ("/messages", "after", &["junk", "1-310000019", "1-310000036-1"]),
        ("/messages", "calls", &["junk", "2026-11-27"]),
        ("/audit", "action", &["nope", "Read"]),
        ("/audit", "before", &["junk", "2026-11-27"]),
        (message, "entries", &["nope"]),
        (message, "from", &["x", "-1"]),
    ] {
        let sign = if page.contains('?') { '&' } else { '?' };
        for value in values {
            let path = format!("/konsoll{page}{sign}{name}={value}");
            let found = world.get(&path, &cookie).await;
            assert_eq!(found.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            assert!(found.text.contains("role=\"alert\""), "{path}: {}", found.text);
            assert!(!found.text.contains("LMR-4001</a>"), "{path} shows numbers");
            // What was written in a field stays there.
            let kind = if ["from", "to"].contains(&name) { " type=\"date\"" } else { "" };
            let field = format!("name=\"{name}\"{kind} value=\"{value}\"");
            let is_written = ["sender", "from", "to", "code"].contains(&name) && page != message;
            assert!(!is_written || found.text.contains(&field), "{path}: {}", found.text);
        }
        // An empty field is none.
        let empty = world.get(&format!("/konsoll{page}{sign}{name}=%20"), &cookie).await;
        assert!(empty.status == StatusCode::OK || name == "from" || name == "to", "{page} {name}");
    }
    // Written with blanks, as people do.
    for page in ["/messages", "/refusals", "/again"] {
        let found = world.get(&format!("/konsoll{page}?sender=310%20000%20019"), &cookie).await;
        assert_eq!(found.status, StatusCode::OK, "{page}");
        assert!(found.text.contains("value=\"310000019\""), "{page}");
    }
}

/// What is written wrong must not read as an answer: one that nobody knows, days in the wrong order, a name that no page
/// has.
#[tokio::test]
async fn what_nothing_can_fit_is_said_and_does_not_look_like_an_empty_list() {
    let world = world().await;
    let cookie = world.sign_in("sjef").await;
    for (path, said) in [
        ("/messages?sender=320000009", "verken registrert eller har levert noe"),
        ("/refusals?sender=320000009", "verken registrert eller har levert noe"),
        (
            "/again?sender=320000009&from=2026-11-01&to=2026-11-02",
            "verken registrert eller har levert noe",
        ),
        ("/messages?from=2026-11-27&to=2026-11-25", "er før den som det er fra"),
        ("/messages?message=melding-1", "er ikke noe som kan velges her"),
        ("/refusals?from=2026-11-25", "er ikke noe som kan velges her"),
        ("/calendar?sender=310000019", "er ikke noe som kan velges her"),
        ("/audit?sender=310000019", "er ikke noe som kan velges her"),
        ("?sender=310000019", "er ikke noe som kan velges her"),
        ("/senders/310000019?from=2026-11-25", "er ikke noe som kan velges her"),
    ] {
        let found = world.get(&format!("/konsoll{path}"), &cookie).await;
        assert_eq!(found.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(found.text.contains(said), "{path}: {}", found.text);
        assert!(!found.text.contains("Ingen meldinger passer"), "{path}: {}", found.text);
        assert!(!found.text.contains("Ingenting er avvist"), "{path}: {}", found.text);
    }
    // Who is not registered, and was refused, is found.
    let now = *world.now.lock().unwrap();
    world.refuse_call("fremmed", "LMR-2202", Some("320000009"), now).await;
    for page in ["/messages", "/refusals"] {
        let found = world.get(&format!("/konsoll{page}?sender=320000009"), &cookie).await;
        assert_eq!(found.status, StatusCode::OK, "{page}: {}", found.text);
    }
    // What a form says of its outcome is no filter.
    let done = world.get("/konsoll/senders/310000019?done=saved", &cookie).await;
    assert_eq!(done.status, StatusCode::OK);
}

/// A page of days shows in its field how many they are, also where a link brought a number that it does not offer.
#[tokio::test]
async fn the_days_that_are_shown_are_those_of_the_field() {
    let world = world().await;
    let cookie = world.sign_in("leser").await;
    for page in ["", "/refusals", "/calendar"] {
        for days in [1, 7, 21, 90, 365, 366] {
            let found = world.get(&format!("/konsoll{page}?days={days}"), &cookie).await;
            let chosen = format!("<option selected>{days}</option>");
            assert!(found.text.contains(&chosen), "{page} {days}: {}", found.text);
            assert_eq!(found.text.matches("<option selected>").count(), 1, "{page} {days}");
        }
    }
}

/// The numbers of the first page are those of the lists that they lead to.
#[tokio::test]
async fn a_number_of_the_first_page_leads_to_what_it_counts() {
    let world = world().await;
    let cookie = world.sign_in("leser").await;
    // Later nothing of it is within the days, and what waits still waits.
    for (ago, numbers) in [(0, [1, 1, 1]), (40, [0, 0, 1])] {
        *world.now.lock().unwrap() += SignedDuration::from_hours(24 * ago);
        let cookie = if ago == 0 { cookie.clone() } else { world.sign_in("leser").await };
        let text = world.get("/konsoll", &cookie).await.text;
        let (_, cards) = text.split_once("class=\"cards\"").unwrap();
        let words = ["meldinger mottatt", "meldinger avvist", "venter på henting"];
        for (word, wanted) in words.into_iter().zip(numbers) {
            let (before, _) = cards.split_once(word).unwrap();
            let (_, link) = before.rsplit_once("<a href=\"").unwrap();
            let (link, number) = link.split_once("\"><b>").unwrap();
            assert_eq!(number.split('<').next().unwrap(), wanted.to_string(), "{word}");
            let list = world.get(&link.replace("&#38;", "&"), &cookie).await;
            assert_eq!(list.status, StatusCode::OK, "{link}");
            let rows = list.text.matches("<th scope=\"row\"><a class=\"mono\"").count();
            assert_eq!(rows, wanted, "{word}: {link}");
            assert_eq!(list.text.matches(" selected>").count(), 1, "{link}: the field shows it");
        }
    }
}

#[tokio::test]
async fn refused_calls_are_listed_page_by_page_each_once() {
    let world = world().await;
    let now = *world.now.lock().unwrap();
    for n in 0..130_i64 {
        // Several of one moment, and one moment with more than a page.
        let at = now - SignedDuration::from_mins(if n < 70 { 30 + n / 3 } else { 200 });
        world.refuse_call(&format!("av-{n}-"), "LMR-3001", Some(SENDER), at).await;
    }
    let cookie = world.sign_in("leser").await;
    let mut path = "/konsoll/messages?code=LMR-3001".to_owned();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let text = world.get(&path, &cookie).await.text;
        pages += 1;
        assert!(pages < 10, "{path}");
        seen.extend((0..130).filter(|n| text.contains(&format!(">av-{n}-<"))));
        assert!(pages == 1 || !text.contains("Ingen meldinger passer"), "{text}");
        let Some((before, _)) = text.split_once("#calls\">Eldre avviste kall") else { break };
        let (_, link) = before.rsplit_once("href=\"").unwrap();
        path = link.replace("&#38;", "&");
        assert!(path.contains("code=LMR-3001"), "{path}");
    }
    assert!(pages > 2, "{pages}");
    seen.sort_unstable();
    assert_eq!(seen, (0..130).collect::<Vec<_>>());
}
