//! The token client on its own: an issuer that answers as the test says, and everything that was asked of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_auth::jose::{Algorithm, CompactJws, SigningKey};
use lmr_auth::{
    ActingFor, Answer, ClientError, ClientSettings, Clock, ConnectCause, Discovery, DiscoveryError,
    Environment, FetchError, Fetcher, FixedKey, Flow, FreshId, IssuerKind, KeySource,
    KeySourceError, OauthError, ProofKey, ResourceForm, Retry, TokenClient, TokenError, TokenKey,
};
use lmr_identifiers::OrganisationNumber;
use serde_json::{Map, Value, json};

const NOW: i64 = 1_795_608_000;
const ISSUER: &str = "https://issuer.example.no";
const ENDPOINT: &str = "https://issuer.example.no/token";

/// One token request as it went out.
#[derive(Debug, Clone)]
struct Asked {
    url: String,
    form: Vec<(String, String)>,
    proof: Option<String>,
}

type Answers = Mutex<VecDeque<Result<Answer, FetchError>>>;

/// Gives its answers in order, and notes what it was asked.
#[derive(Default)]
struct Issuer {
    documents: Answers,
    tokens: Answers,
    got: Mutex<Vec<String>>,
    asked: Mutex<Vec<Asked>>,
}

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        content_type: Some("application/json".to_owned()),
        retry_after: None,
        dpop_nonce: None,
        body: body.as_bytes().to_vec(),
    }
}

fn metadata() -> Value {
    json!({ "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwk"), "token_endpoint": ENDPOINT })
}

#[async_trait]
impl Fetcher for Issuer {
    async fn get(&self, url: &str) -> Result<Answer, FetchError> {
        self.got.lock().unwrap().push(url.to_owned());
        let next = self.documents.lock().unwrap().pop_front();
        next.unwrap_or_else(|| Ok(answer(200, &metadata().to_string())))
    }

    async fn post_form(
        &self,
        url: &str,
        form: &[(&str, &str)],
        proof: Option<&str>,
    ) -> Result<Answer, FetchError> {
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (url, proof) = (url.to_owned(), proof.map(str::to_owned));
        self.asked.lock().unwrap().push(Asked { url, form: form.collect(), proof });
        self.tokens.lock().unwrap().pop_front().expect("no answer is left")
    }
}

struct Scene {
    issuer: Arc<Issuer>,
    client: TokenClient,
    clock: Arc<AtomicI64>,
}

fn clock(seconds: &Arc<AtomicI64>) -> Clock {
    let seconds = Arc::clone(seconds);
    Arc::new(move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap())
}

/// 1, 1, 1 …, then 2, 2, 2 …: each id another.
fn fresh_ids() -> FreshId {
    let next = AtomicU8::new(0xf0);
    Arc::new(move || [next.fetch_add(1, Ordering::SeqCst); 16])
}

fn bearer() -> Flow {
    Flow::HelseIdBearer { acting_for: ActingFor::Registered }
}

fn dpop(proof_key: ProofKey) -> Flow {
    Flow::HelseIdDpop { acting_for: ActingFor::Registered, proof_key }
}

fn settings(flow: Flow) -> ClientSettings {
    ClientSettings {
        issuer: ISSUER.to_owned(),
        environment: Environment::Test,
        client_id: "client-1".to_owned(),
        scope: "a:b/c a:b/d".to_owned(),
        resource: None,
        flow,
        assertion_lifetime_seconds: 20,
    }
}

fn scene_of(settings: ClientSettings, keys: Arc<dyn KeySource>) -> Scene {
    let issuer = Arc::new(Issuer::default());
    let seconds = Arc::new(AtomicI64::new(NOW));
    let fetcher: Arc<dyn Fetcher> = Arc::clone(&issuer) as Arc<dyn Fetcher>;
    let client = TokenClient::new(settings, keys, fetcher, clock(&seconds), fresh_ids()).unwrap();
    Scene { issuer, client, clock: seconds }
}

fn scene(flow: Flow) -> Scene {
    let key = SigningKey::generate(Algorithm::ES256, "kid-1", 0).unwrap();
    scene_of(settings(flow), Arc::new(FixedKey::new(key)))
}

impl Scene {
    fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.issuer.tokens.lock().unwrap().extend(answers.into_iter().map(Ok));
    }

    /// What comes of one answer.
    async fn of(&self, answer: Answer) -> Result<Option<i64>, TokenError> {
        self.answers([answer]);
        let token = self.client.access_token().await;
        if let Ok(token) = &token {
            self.client.discard(token).await;
        }
        token.map(|token| token.use_until().map(|until| until.as_second() - NOW))
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.issuer.asked.lock().unwrap())
    }
}

/// A token answer with one member replaced; null takes it away.
fn token_with(token_type: &str, name: &str, value: Value) -> Answer {
    let mut members =
        json!({ "access_token": "t.o-k_e~n+/=", "token_type": token_type, "expires_in": 600 });
    members[name] = value;
    members.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    answer(200, &members.to_string())
}

fn token(name: &str, value: Value) -> Answer {
    token_with("Bearer", name, value)
}

#[tokio::test]
async fn a_token_is_used_until_a_tenth_of_its_life_before_the_end() {
    let scene = scene(bearer());
    for (expires_in, use_until) in [
        (json!(600), Some(570)),
        (json!(299), Some(270)),
        (json!(60), Some(54)),
        (json!(10), Some(8)),
        (json!(1), Some(0)),
        (json!("600"), Some(570)),
        (json!(600.9), Some(570)),
        (json!(" 90 "), Some(81)),
        (json!(86_400), Some(86_370)),
        (json!(86_401), Some(86_370)),
        (json!(1e300), Some(86_370)),
        (json!(null), None),
    ] {
        let seen = scene.of(token("expires_in", expires_in.clone())).await;
        assert_eq!(seen.unwrap(), use_until, "{expires_in}");
    }
    for wrong in [json!(0), json!(-1), json!(0.5), json!("soon"), json!([600]), json!(true)] {
        let seen = scene.of(token("expires_in", wrong.clone())).await;
        assert!(matches!(seen, Err(TokenError::Answer(_))), "{wrong}: {seen:?}");
    }
}

#[tokio::test]
async fn a_token_is_kept_while_it_is_good_and_thrown_away_when_it_was_refused() {
    let scene = scene(bearer());
    let numbered = |n: u32| token("access_token", json!(format!("t{n}")));
    scene.answers([numbered(1), numbered(2), numbered(3), numbered(4)]);
    let shown = async || {
        let token = scene.client.access_token().await.unwrap();
        assert!(!token.is_bound());
        assert!(!format!("{token:?}").contains("t1") && format!("{token:?}").contains("use_until"));
        (token.bearer().unwrap().expose().to_owned(), token)
    };
    let (first, refused) = shown().await;
    assert_eq!(first, "Bearer t1");
    scene.clock.store(NOW + 569, Ordering::SeqCst);
    assert_eq!(shown().await.0, "Bearer t1");
    scene.clock.store(NOW + 570, Ordering::SeqCst);
    assert_eq!(shown().await.0, "Bearer t2");
    // One that was got in the meantime is kept.
    scene.client.discard(&refused).await;
    let (second, latest) = shown().await;
    assert_eq!(second, "Bearer t2");
    scene.client.discard(&latest).await;
    assert_eq!(shown().await.0, "Bearer t3");
    assert_eq!(scene.asked().len(), 3);
    assert_eq!(scene.issuer.got.lock().unwrap().len(), 1, "metadata is read once");
    assert!(format!("{:?}", scene.client).contains("client-1"));
    // Without a lifetime it is used once.
    let once = self::scene(bearer());
    once.answers([token("expires_in", json!(null)), token("expires_in", json!(null))]);
    for _ in 0..2 {
        once.client.access_token().await.unwrap();
    }
    assert_eq!(once.asked().len(), 2);
}

#[tokio::test]
async fn every_answer_of_a_token_endpoint_means_one_thing() {
    let scene = scene(bearer());
    let unusable = |text| Err(TokenError::Answer(text));
    let no_token = || unusable("it has no usable access_token");
    let other_type = || unusable("its token_type is not the one asked for");
    let unavailable = |status| Err(TokenError::Unavailable { status, retry_after: None });
    let rejected = |status, error, code: Option<&str>| {
        Err(TokenError::Rejected { status, error, code: code.map(str::to_owned) })
    };
    let named = |status, error: &str| answer(status, &json!({ "error": error }).to_string());
    let described = |text: &str| {
        answer(400, &json!({ "error": "invalid_request", "error_description": text }).to_string())
    };
    let typed = |content_type: Option<&str>, answer: Answer| Answer {
        content_type: content_type.map(str::to_owned),
        ..answer
    };
    let page = |status| typed(Some("text/html"), answer(status, "<html>"));
    let good = || Ok(Some(570));
    let cases: Vec<(Answer, Result<Option<i64>, TokenError>)> = vec![
        (token("x", json!(1)), good()),
        (typed(Some("application/json;charset=UTF-8"), token("x", json!(1))), good()),
        (typed(Some("APPLICATION/JSON ; a=b"), token("x", json!(1))), good()),
        (typed(Some("text/html"), token("x", json!(1))), unavailable(200)),
        (typed(None, token("x", json!(1))), unavailable(200)),
        (typed(None, named(200, "invalid_client")), unavailable(200)),
        (answer(200, "{}"), no_token()),
        (answer(200, "[]"), unavailable(200)),
        (answer(200, r#"{"error":"invalid_request"}"#), no_token()),
        (answer(201, "{}"), unavailable(201)),
        (token("access_token", json!("")), no_token()),
        (token("access_token", json!("a b")), no_token()),
        (token("access_token", json!("a\"b")), no_token()),
        (token("access_token", json!(1)), no_token()),
        (token("token_type", json!(null)), unusable("it has no token_type")),
        (token("token_type", json!("bEARER")), good()),
        (token("token_type", json!("DPoP")), other_type()),
        (token("token_type", json!("mac")), other_type()),
        (token("scope", json!("a:b/d a:b/c x")), good()),
        (token("scope", json!("a:b/c")), Err(TokenError::ScopeWithheld)),
        (token("scope", json!("")), Err(TokenError::ScopeWithheld)),
        (token("rejected_scope", json!("a:b/d")), Err(TokenError::ScopeWithheld)),
        (token("rejected_scope", json!(["x", "a:b/c"])), Err(TokenError::ScopeWithheld)),
        (token("rejected_scope", json!("x y")), good()),
        (token("rejected_scope", json!([])), good()),
        (named(400, "invalid_request"), rejected(400, OauthError::InvalidRequest, None)),
        (named(401, "invalid_client"), rejected(401, OauthError::InvalidClient, None)),
        (named(400, "invalid_grant"), rejected(400, OauthError::InvalidGrant, None)),
        (named(400, "unauthorized_client"), rejected(400, OauthError::UnauthorizedClient, None)),
        (
            named(400, "unsupported_grant_type"),
            rejected(400, OauthError::UnsupportedGrantType, None),
        ),
        (named(400, "invalid_scope"), rejected(400, OauthError::InvalidScope, None)),
        (named(400, "invalid_dpop_proof"), rejected(400, OauthError::InvalidDpopProof, None)),
        (named(400, "use_dpop_nonce"), rejected(400, OauthError::DpopDemanded, None)),
        (named(403, "else"), rejected(403, OauthError::Other, None)),
        // An error by name counts whatever its media type.
        (typed(None, named(400, "invalid_client")), rejected(400, OauthError::InvalidClient, None)),
        (typed(Some("text/html"), answer(400, "{}")), unavailable(400)),
        (answer(400, "{}"), unavailable(400)),
        (answer(400, r#"{"error":1}"#), unavailable(400)),
        (answer(404, ""), unavailable(404)),
        (page(200), unavailable(200)),
        (page(403), unavailable(403)),
        (named(429, "invalid_client"), unavailable(429)),
        (named(500, "invalid_client"), unavailable(500)),
        (named(503, "invalid_client"), unavailable(503)),
        (page(300), Err(TokenError::Moved { status: 300 })),
        (page(307), Err(TokenError::Moved { status: 307 })),
        (page(399), Err(TokenError::Moved { status: 399 })),
        (
            described("x HID-1001: a secret"),
            rejected(400, OauthError::InvalidRequest, Some("HID-1001")),
        ),
        (described("MP-110 z"), rejected(400, OauthError::InvalidRequest, Some("MP-110"))),
        (described("MP-1234567"), rejected(400, OauthError::InvalidRequest, Some("MP-12345"))),
        (described("HID-x"), rejected(400, OauthError::InvalidRequest, None)),
    ];
    for (answer, expected) in cases {
        let shown = (answer.status, String::from_utf8_lossy(&answer.body).into_owned());
        assert!(
            !format!("{answer:?}").contains("t.o-k") && format!("{answer:?}").contains("status")
        );
        assert_eq!(scene.of(answer).await, expected, "{shown:?}");
    }
    for (wait, seconds) in [("30", Some(30)), ("soon", None)] {
        let answer = Answer { retry_after: Some(wait.to_owned()), ..page(503) };
        let retry_after = seconds.map(Duration::from_secs);
        let seen = scene.of(answer).await.unwrap_err();
        assert_eq!(seen, TokenError::Unavailable { status: 503, retry_after }, "{wait}");
        assert_eq!(seen.retry(), Retry::Later(retry_after));
    }
}

#[tokio::test]
async fn a_bound_token_is_taken_as_bound_only_and_shown_with_a_proof() {
    for proof_key in [ProofKey::OfAssertion, ProofKey::Own(Algorithm::ES384)] {
        let scene = scene(dpop(proof_key));
        let seen = scene.of(token("x", json!(1))).await;
        assert_eq!(seen, Err(TokenError::NotBound));
        let seen = scene.of(token_with("mac", "x", json!(1))).await;
        assert!(matches!(seen, Err(TokenError::Answer(_))), "{seen:?}");
        scene.answers([token_with("dPoP", "x", json!(1))]);
        let token = scene.client.access_token().await.unwrap();
        assert!(token.is_bound() && token.bearer().is_none());
        let headers = scene
            .client
            .headers(&token, "POST", "https://mottak.example.no/x?y", Some("n"))
            .unwrap();
        assert_eq!(headers.authorization.expose(), "DPoP t.o-k_e~n+/=");
        let claims = claims_of(headers.proof.unwrap().expose());
        assert_eq!(claims["htu"], "https://mottak.example.no/x");
        assert_eq!((&claims["htm"], &claims["nonce"]), (&json!("POST"), &json!("n")));
        assert!(claims["ath"].is_string());
        let asked = scene.asked();
        let algorithms: Vec<Algorithm> = asked
            .iter()
            .map(|asked| {
                let proof = asked.proof.as_deref().unwrap();
                let claims = claims_of(proof);
                assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!(ENDPOINT)));
                assert!(!claims.contains_key("ath"));
                CompactJws::parse(proof, 9999).unwrap().algorithm()
            })
            .collect();
        let expected = match proof_key {
            ProofKey::OfAssertion => Algorithm::ES256,
            ProofKey::Own(algorithm) => algorithm,
        };
        assert_eq!(algorithms, [expected; 3]);
        // The key of the proofs is made once.
        let jwk = |asked: &Asked| {
            let proof = CompactJws::parse(asked.proof.as_deref().unwrap(), 9999).unwrap();
            proof.header()["jwk"].clone()
        };
        assert_eq!(jwk(&asked[0]), jwk(&asked[2]));
    }
    let scene = scene(bearer());
    scene.answers([token("x", json!(1))]);
    let token = scene.client.access_token().await.unwrap();
    let headers = scene.client.headers(&token, "GET", "https://x.no", None).unwrap();
    assert_eq!(headers.authorization.expose(), "Bearer t.o-k_e~n+/=");
    assert!(headers.proof.is_none() && scene.asked()[0].proof.is_none());
}

#[tokio::test]
async fn a_nonce_is_used_once_it_is_known_and_a_demand_for_one_more_is_an_error() {
    let scene = scene(dpop(ProofKey::OfAssertion));
    let demand = |nonce: Option<&str>| Answer {
        dpop_nonce: nonce.map(str::to_owned),
        ..answer(400, r#"{"error":"use_dpop_nonce"}"#)
    };
    let nonces = |asked: &[Asked]| -> Vec<Value> {
        asked.iter().map(|a| claims_of(a.proof.as_deref().unwrap())["nonce"].clone()).collect()
    };
    scene.answers([demand(Some("n1"))]);
    let with_new =
        Answer { dpop_nonce: Some("n2".to_owned()), ..token_with("DPoP", "x", json!(1)) };
    assert_eq!(scene.of(with_new).await, Ok(Some(570)));
    let asked = scene.asked();
    assert_eq!(asked.len(), 2);
    assert!(!claims_of(asked[0].proof.as_deref().unwrap()).contains_key("nonce"));
    assert_eq!(claims_of(asked[1].proof.as_deref().unwrap())["nonce"], "n1");
    // Assertion and proof are made again.
    let assertion = |asked: &Asked| form_of(asked)["client_assertion"].as_str().unwrap().to_owned();
    let ids: Vec<Value> =
        asked.iter().map(|asked| claims_of(&assertion(asked))["jti"].clone()).collect();
    assert_ne!(ids[0], ids[1]);
    scene.answers([demand(Some("n3"))]);
    assert_eq!(scene.of(demand(Some("n4"))).await, Err(TokenError::NonceLoop));
    assert_eq!(nonces(&scene.asked()), ["n2", "n3"]);
    // A demand without a nonce names none that could be used.
    let seen = scene.of(demand(None)).await.unwrap_err();
    let TokenError::Rejected { error: OauthError::DpopDemanded, .. } = seen else {
        panic!("{seen:?}")
    };
    assert_eq!(nonces(&scene.asked()), ["n4"]);
}

fn claims_of(token: &str) -> Map<String, Value> {
    CompactJws::parse(token, 9999).unwrap().unverified_claims().unwrap()
}

fn form_of(asked: &Asked) -> Map<String, Value> {
    assert_eq!(asked.url, ENDPOINT);
    asked.form.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}

#[tokio::test]
async fn a_request_says_who_asks_for_whom_and_for_what() {
    let organisation = |text: &str| OrganisationNumber::parse(text).unwrap();
    let (parent, child) =
        (organisation("310000019"), lmr_identifiers::synthetic::organisation_number(77));
    let of = |system: &str, value: String| {
        json!({ "type": "helseid_authorization", "practitioner_role": { "organization": {
            "identifier": { "system": system, "type": "ENH", "value": value } } } })
    };
    let (one, pair) = ("urn:oid:2.16.578.1.12.4.1.4.101", "urn:oid:1.0.6523");
    for (acting_for, details) in [
        (ActingFor::Registered, None),
        (ActingFor::Child { child }, Some(of(one, child.to_string()))),
        (
            ActingFor::Customer { parent, child: Some(child) },
            Some(of(pair, format!("NO:ORGNR:{parent}:{child}"))),
        ),
        (
            ActingFor::Customer { parent, child: None },
            Some(of(pair, format!("NO:ORGNR:{parent}:"))),
        ),
    ] {
        for resource in [None, Some("https://register".to_owned())] {
            let flow = Flow::HelseIdBearer { acting_for: acting_for.clone() };
            let settings = ClientSettings { resource: resource.clone(), ..settings(flow) };
            let key = SigningKey::generate(Algorithm::ES256, "kid-1", 0).unwrap();
            let scene = scene_of(settings, Arc::new(FixedKey::new(key)));
            scene.of(token("x", json!(1))).await.unwrap();
            let mut form = form_of(&scene.asked()[0]);
            let assertion = form.remove("client_assertion").unwrap();
            let mut expected = json!({
                "grant_type": "client_credentials", "client_id": "client-1",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "scope": "a:b/c a:b/d",
            });
            if let Some(resource) = resource {
                expected["resource"] = json!(resource);
            }
            assert_eq!(Value::Object(form), expected);
            let jws = CompactJws::parse(assertion.as_str().unwrap(), 9999).unwrap();
            assert_eq!((jws.typ(), jws.kid()), (Some("client-authentication+jwt"), Some("kid-1")));
            let mut claims = jws.unverified_claims().unwrap();
            assert_eq!(claims.remove("assertion_details"), details, "{acting_for:?}");
            assert_eq!(
                Value::Object(claims),
                json!({ "iss": "client-1", "sub": "client-1", "aud": ISSUER, "iat": NOW, "nbf": NOW,
                        "exp": NOW + 20, "jti": "f0f0f0f0-f0f0-40f0-b0f0-f0f0f0f0f0f0" })
            );
        }
    }
    for (resource, resource_form, consumer, chain) in [
        (None, ResourceForm::Array, None, Vec::new()),
        (Some("https://register"), ResourceForm::Array, Some(parent), vec![vec![1, 2, 3], vec![4]]),
        (Some("https://register"), ResourceForm::Text, None, Vec::new()),
    ] {
        let key = TokenKey {
            key: Arc::new(SigningKey::generate(Algorithm::ES256, "kid-1", 0).unwrap()),
            certificates: chain.clone(),
        };
        let settings = ClientSettings {
            resource: resource.map(str::to_owned),
            ..settings(Flow::Maskinporten { consumer, resource_form })
        };
        let scene = scene_of(settings, Arc::new(Given(Ok(key))));
        scene.of(token("x", json!(1))).await.unwrap();
        let document = &scene.issuer.got.lock().unwrap()[0];
        assert!(document.ends_with("/.well-known/oauth-authorization-server"), "{document}");
        let asked = scene.asked();
        let form = form_of(&asked[0]);
        assert_eq!(form.len(), 2);
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let jws = CompactJws::parse(form["assertion"].as_str().unwrap(), 9999).unwrap();
        let expected = match chain.is_empty() {
            true => json!({ "alg": "ES256", "kid": "kid-1", "typ": "JWT" }),
            false => json!({ "alg": "ES256", "x5c": ["AQID", "BA=="] }),
        };
        assert_eq!(Value::Object(jws.header().clone()), expected);
        let claims = jws.unverified_claims().unwrap();
        let expected = resource.map(|resource| match resource_form {
            ResourceForm::Array => json!([resource]),
            ResourceForm::Text => json!(resource),
        });
        assert_eq!(claims.get("resource"), expected.as_ref());
        assert_eq!(claims.get("consumer_org"), consumer.map(|c| json!(c.as_str())).as_ref());
        assert_eq!((&claims["scope"], &claims["exp"]), (&json!("a:b/c a:b/d"), &json!(NOW + 20)));
    }
}

/// A key source of the test's own.
struct Given(Result<TokenKey, KeySourceError>);

impl KeySource for Given {
    fn load(&self) -> Result<TokenKey, KeySourceError> {
        self.0.clone()
    }
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let refused = |change: &dyn Fn(&mut ClientSettings), flow: Flow| {
        let mut settings = settings(flow);
        change(&mut settings);
        let keys = Arc::new(Given(Err(KeySourceError("none".to_owned()))));
        let seconds = Arc::new(AtomicI64::new(NOW));
        let fetcher = Arc::new(Issuer::default());
        TokenClient::new(settings, keys, fetcher, clock(&seconds), fresh_ids()).err()
    };
    let maskinporten = || Flow::Maskinporten { consumer: None, resource_form: ResourceForm::Array };
    let lifetime = |longest| Some(ClientError::AssertionLifetime { longest });
    assert_eq!(refused(&|_| {}, bearer()), None);
    for (seconds, flow, expected) in [
        (0, bearer(), lifetime(60)),
        (1, bearer(), None),
        (60, bearer(), None),
        (61, bearer(), lifetime(60)),
        (61, dpop(ProofKey::OfAssertion), lifetime(60)),
        (120, maskinporten(), None),
        (121, maskinporten(), lifetime(120)),
    ] {
        let seen = refused(&|s| s.assertion_lifetime_seconds = seconds, flow);
        assert_eq!(seen, expected, "{seconds}");
    }
    assert_eq!(
        refused(&|s| s.client_id = " ".into(), bearer()),
        Some(ClientError::Empty("client_id"))
    );
    assert_eq!(refused(&|s| s.scope.clear(), bearer()), Some(ClientError::Empty("scope")));
    let seen = refused(&|s| s.resource = Some(String::new()), bearer());
    assert_eq!(seen, Some(ClientError::Empty("resource")));
    for (issuer, environment, expected) in [
        ("http://issuer.example.no", Environment::Test, Some(ClientError::UnsafeIssuer)),
        ("http://127.0.0.1:1", Environment::Test, Some(ClientError::UnsafeIssuer)),
        ("http://127.0.0.1:1", Environment::Local, None),
        ("http://issuer.example.no", Environment::Local, Some(ClientError::UnsafeIssuer)),
        ("issuer", Environment::Local, Some(ClientError::UnsafeIssuer)),
    ] {
        let change = |s: &mut ClientSettings| {
            (s.issuer, s.environment) = (issuer.to_owned(), environment);
        };
        assert_eq!(refused(&change, bearer()), expected, "{issuer} {environment:?}");
    }
}

/// Who has to do something: the clock, or a person.
#[tokio::test]
async fn what_passes_is_tried_again_and_what_a_person_must_change_is_not() {
    let page = || answer(200, "<html>");
    let documents = |documents: Vec<Result<Answer, FetchError>>| {
        let scene = scene(bearer());
        *scene.issuer.documents.lock().unwrap() = documents.into();
        scene
    };
    let without = |name: &str| {
        let mut document = metadata();
        document.as_object_mut().unwrap().remove(name);
        Ok(answer(200, &document.to_string()))
    };
    let with = |name: &str, value: &str| {
        let mut document = metadata();
        document[name] = json!(value);
        Ok(answer(200, &document.to_string()))
    };
    let waiting = || Answer { retry_after: Some("7".to_owned()), ..answer(503, "") };
    let later = Retry::Later(None);
    let unsafe_address = DiscoveryError::UnsafeAddress;
    let status = |status| DiscoveryError::Status { status, retry_after: None };
    for (document, error, retry) in [
        (Ok(page()), DiscoveryError::NotJson, later),
        (Ok(answer(404, "")), status(404), later),
        (Ok(answer(299, "")), status(299), later),
        (Ok(answer(300, "")), status(300), Retry::Never),
        (Ok(answer(302, "")), status(302), Retry::Never),
        (
            Ok(waiting()),
            DiscoveryError::Status { status: 503, retry_after: Some(Duration::from_secs(7)) },
            Retry::Later(Some(Duration::from_secs(7))),
        ),
        (Err(FetchError::Timeout), DiscoveryError::Fetch(FetchError::Timeout), later),
        (Err(FetchError::Address), DiscoveryError::Fetch(FetchError::Address), Retry::Never),
        (without("issuer"), DiscoveryError::Member("issuer"), Retry::Never),
        (with("issuer", &format!("{ISSUER}/")), DiscoveryError::OtherIssuer, Retry::Never),
        (without("jwks_uri"), DiscoveryError::Member("jwks_uri"), Retry::Never),
        (with("jwks_uri", "http://x.no"), unsafe_address("jwks_uri"), Retry::Never),
        (with("jwks_uri", "ftp://x.no"), unsafe_address("jwks_uri"), Retry::Never),
        (with("token_endpoint", "http://x.no"), unsafe_address("token_endpoint"), Retry::Never),
        (without("token_endpoint"), DiscoveryError::Member("token_endpoint"), Retry::Never),
    ] {
        let seen = documents(vec![document]).client.access_token().await.unwrap_err();
        assert_eq!((seen.clone(), seen.retry()), (TokenError::Discovery(error), retry));
    }
    let refused = |error| TokenError::Unreachable(FetchError::Connect(error));
    let cause = ConnectCause::Refused;
    for (error, retry) in [
        (refused(cause), later),
        (TokenError::Unreachable(FetchError::TooLarge), later),
        (TokenError::Unreachable(FetchError::Address), Retry::Never),
        (TokenError::NonceLoop, later),
        (TokenError::NotBound, Retry::Never),
        (TokenError::ScopeWithheld, Retry::Never),
        (TokenError::Answer("x"), Retry::Never),
        (TokenError::Moved { status: 302 }, Retry::Never),
    ] {
        assert_eq!(error.retry(), retry, "{error}");
    }
    let rejected = |code: Option<&str>| {
        let code = code.map(str::to_owned);
        TokenError::Rejected { status: 400, error: OauthError::InvalidClient, code }.to_string()
    };
    assert!(rejected(None).ends_with("invalid_client"), "{}", rejected(None));
    assert!(rejected(Some("HID-1")).ends_with("invalid_client (HID-1)"));
    // The endpoint, then the key.
    let scene = scene(bearer());
    scene.issuer.tokens.lock().unwrap().push_back(Err(FetchError::Connect(cause)));
    assert_eq!(scene.client.access_token().await.unwrap_err(), refused(cause));
    let keyless = scene_of(settings(bearer()), Arc::new(Given(Err(KeySourceError("gone".into())))));
    let seen = keyless.client.access_token().await.unwrap_err();
    assert_eq!(
        (seen.to_string(), seen.retry()),
        ("the client's key: gone".to_owned(), Retry::Never)
    );
}

#[tokio::test]
async fn metadata_is_used_for_a_day_and_for_two_where_the_issuer_is_away() {
    let issuer = Arc::new(Issuer::default());
    let seconds = Arc::new(AtomicI64::new(NOW));
    let fetcher = Arc::clone(&issuer) as Arc<dyn Fetcher>;
    let discovery = Discovery::new(IssuerKind::HelseId, ISSUER, false, fetcher, clock(&seconds));
    assert_eq!(discovery.issuer(), ISSUER);
    assert_eq!(
        (IssuerKind::HelseId.name(), IssuerKind::Maskinporten.name()),
        ("HelseID", "Maskinporten")
    );
    let fetches = || issuer.got.lock().unwrap().len();
    let at = |second: i64| seconds.store(NOW + second, Ordering::SeqCst);
    let fails = |error| issuer.documents.lock().unwrap().push_back(error);
    const DAY: i64 = 86_400;
    for (second, expected) in [(0, 1), (DAY - 1, 1), (1 - DAY, 1), (DAY, 2)] {
        at(second);
        assert_eq!(discovery.metadata().await.unwrap().jwks_uri, format!("{ISSUER}/jwk"));
        assert_eq!(fetches(), expected, "{second}");
    }
    // From here on it is of the second DAY.
    at(3 * DAY - 1);
    fails(Ok(answer(503, "")));
    assert!(discovery.metadata().await.is_ok(), "old metadata is used");
    fails(Ok(answer(200, &json!({ "issuer": "https://other.no" }).to_string())));
    assert_eq!(discovery.metadata().await.unwrap_err(), DiscoveryError::OtherIssuer);
    at(3 * DAY);
    fails(Ok(answer(503, "")));
    assert!(discovery.metadata().await.is_err(), "two days are too old");
    assert!(discovery.metadata().await.is_ok());
    let before = fetches();
    discovery.metadata().await.unwrap();
    assert_eq!(fetches(), before);
    discovery.forget().await;
    discovery.metadata().await.unwrap();
    assert_eq!(fetches(), before + 1);
    for (says, expected) in [(json!(true), true), (json!(false), false), (json!("true"), false)] {
        let mut document = metadata();
        document["authorization_response_iss_parameter_supported"] = says;
        fails(Ok(answer(200, &document.to_string())));
        discovery.forget().await;
        assert_eq!(discovery.metadata().await.unwrap().names_issuer, expected);
    }
}
