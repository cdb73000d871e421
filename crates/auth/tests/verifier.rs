//! The verifier on its own: an issuer of one key set behind the `Fetcher`, tokens signed here.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_auth::dpop::{
    NonceIssuer, ProcessReplayMemory, ProofExpectation, ProofRequest, ProofWindow, check_proof,
    make_proof, nonce_key,
};
use lmr_auth::jose::{Algorithm, SigningKey, parse_jwks};
use lmr_auth::{
    Answer, Clock, ConnectCause, DpopSettings, Environment, FetchError, Fetcher, KeyCache,
    Presented, ProofRejection, Scheme, SecretString, TokenRejection, TokenVerifier, TrustKind,
    TrustProfile,
};
use serde_json::{Value, json};

const NOW: i64 = 1_795_608_000;
/// The address that callers call.
const PUBLIC: &str = "https://mottak.example.no";
const PATH: &str = "/fhirmottak/v1";

/// Metadata and keys of every issuer asked for; counts how often keys are fetched.
struct Issuer {
    keys: Mutex<Option<Value>>,
    fetches: AtomicU64,
}

#[async_trait]
impl Fetcher for Issuer {
    async fn get(&self, url: &str) -> Result<Answer, FetchError> {
        let keys =
            self.keys.lock().unwrap().clone().ok_or(FetchError::Connect(ConnectCause::Unknown))?;
        let body = match url.split_once("/.well-known/") {
            None => {
                self.fetches.fetch_add(1, Ordering::SeqCst);
                json!({ "keys": keys })
            }
            Some((issuer, path)) => {
                // Maskinporten's name ends with a slash, HelseID's does not.
                let slash = if path == "openid-configuration" { "" } else { "/" };
                json!({ "issuer": format!("{issuer}{slash}"), "jwks_uri": format!("{issuer}/jwk") })
            }
        };
        let body = body.to_string().into_bytes();
        Ok(Answer { status: 200, content_type: None, retry_after: None, dpop_nonce: None, body })
    }

    async fn post_form(
        &self,
        _: &str,
        _: &[(&str, &str)],
        _: Option<&str>,
    ) -> Result<Answer, FetchError> {
        Err(FetchError::Connect(ConnectCause::Unknown))
    }
}

struct Scene {
    issuer: Arc<Issuer>,
    verifier: TokenVerifier,
    key: SigningKey,
    clock: Arc<AtomicU64>,
}

fn scene(kind: TrustKind) -> Scene {
    let environment = Environment::Test;
    let address = TrustProfile::usual_issuer(kind, environment).unwrap();
    scene_of(vec![TrustProfile::new(kind, environment, address)])
}

fn scene_of(profiles: Vec<TrustProfile>) -> Scene {
    let key = SigningKey::generate(Algorithm::RS256, "kid-1", 2048).unwrap();
    let keys = Mutex::new(Some(json!([key.public().to_json()])));
    let issuer = Arc::new(Issuer { keys, fetches: AtomicU64::new(0) });
    let clock = Arc::new(AtomicU64::new(NOW.unsigned_abs()));
    let seconds = Arc::clone(&clock);
    let time: Clock = Arc::new(move || {
        Timestamp::from_second(i64::try_from(seconds.load(Ordering::SeqCst)).unwrap()).unwrap()
    });
    let fetcher: Arc<dyn Fetcher> = Arc::clone(&issuer) as Arc<dyn Fetcher>;
    let dpop = DpopSettings {
        public_urls: vec![PUBLIC.to_owned()],
        replays: Arc::new(ProcessReplayMemory::new(100)),
        nonce_key: [7; 32],
    };
    let cache = KeyCache::default();
    let verifier = TokenVerifier::with_dpop(profiles, &fetcher, time, cache, dpop).unwrap();
    Scene { issuer, verifier, key, clock }
}

impl Scene {
    fn helseid_claims() -> Value {
        json!({
            "iss": TrustProfile::HELSEID_TEST, "aud": "fhi:lmr.fhirmottak",
            "scope": ["fhi:lmr.fhirmottak/all"], "client_id": "c",
            "iat": NOW, "nbf": NOW, "exp": NOW + 600,
            "helseid://claims/client/claims/orgnr_parent": "310000019",
        })
    }

    fn maskinporten_claims() -> Value {
        json!({
            "iss": TrustProfile::MASKINPORTEN_TEST, "aud": "fhi:lmr/fhirmottak",
            "scope": "fhi:lmr/fhirmottak.api", "client_id": "c", "iat": NOW, "exp": NOW + 120,
            "consumer": { "authority": "iso6523-actorid-upis", "ID": "0192:310000019" },
        })
    }

    async fn show(&self, key: &SigningKey, typ: &str, claims: &Value) -> Option<TokenRejection> {
        let token = key.sign_jws(typ, claims).unwrap();
        let header = format!("Bearer {}", token.expose());
        self.verifier.verify(&Presented::bearer(&[header.as_bytes()])).await.err()
    }

    /// What comes of the right claims with one replaced; null takes it away.
    async fn with(&self, mut claims: Value, name: &str, value: Value) -> Option<TokenRejection> {
        claims[name] = value;
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.show(&self.key, "at+jwt", &claims).await
    }
}

#[tokio::test]
async fn binding_audience_and_expiry_are_checked() {
    use TokenRejection as R;
    let (helseid, maskinporten) = (scene(TrustKind::HelseidBearer), scene(TrustKind::Maskinporten));
    let audience = |wanted: &str, differs_in_punctuation_only| {
        Some(R::Audience { wanted: wanted.to_owned(), differs_in_punctuation_only })
    };
    for (claims, scene, own, other) in [
        (Scene::helseid_claims(), &helseid, "fhi:lmr.fhirmottak", "fhi:lmr/fhirmottak"),
        (Scene::maskinporten_claims(), &maskinporten, "fhi:lmr/fhirmottak", "fhi:lmr.fhirmottak"),
    ] {
        let with = async |name: &str, value: Value| scene.with(claims.clone(), name, value).await;
        assert_eq!(with("x", json!(1)).await, None, "the right token");
        for cnf in [json!({}), json!({ "jkt": "x" }), json!({ "x5t#S256": "x" }), json!("x")] {
            assert_eq!(with("cnf", cnf).await, Some(R::SenderConstrained));
        }
        assert_eq!(with("aud", json!([own])).await, None);
        assert_eq!(with("aud", json!(other)).await, audience(own, true));
        for wrong in
            [json!(null), json!("x"), json!([]), json!([own, "x"]), json!([[own]]), json!(1)]
        {
            assert_eq!(with("aud", wrong).await, audience(own, false));
        }
        for (exp, rejection) in [
            (json!(NOW - 4), None),
            (json!(NOW - 5), Some(R::Expired)),
            (json!(null), Some(R::Times)),
            (json!("1"), Some(R::Times)),
            (json!(-1), Some(R::Times)),
            (json!(NOW + 3600), None),
            (json!(NOW + 3601), Some(R::Lifetime)),
        ] {
            assert_eq!(with("exp", exp.clone()).await, rejection, "{exp}");
        }
        for (nbf, rejection) in [(NOW + 5, None), (NOW + 6, Some(R::NotYetValid))] {
            assert_eq!(with("nbf", json!(nbf)).await, rejection, "{nbf}");
        }
        for (iat, rejection) in [
            (json!(NOW + 5), None),
            (json!(NOW + 6), Some(R::NotYetValid)),
            (json!(null), Some(R::Times)),
        ] {
            assert_eq!(with("iat", iat.clone()).await, rejection, "{iat}");
        }
        let is_maskinporten = own == "fhi:lmr/fhirmottak";
        let expected = is_maskinporten.then_some(R::SystemUser);
        assert_eq!(with("authorization_details", json!([])).await, expected);
        assert_eq!(with("sub", json!("x")).await, Some(R::UserToken));
        assert_eq!(with("client_id", json!("")).await, Some(R::ClientMissing));
        assert_eq!(with("iss", json!("https://x.no")).await, Some(R::Issuer));
        assert!(matches!(with("scope", json!(own)).await, Some(R::Scope { .. })));
    }
}

#[tokio::test]
async fn the_type_and_algorithm_are_those_of_the_profile() {
    use TokenRejection as R;
    let (helseid, maskinporten) = (scene(TrustKind::HelseidBearer), scene(TrustKind::Maskinporten));
    for (typ, at_helseid, at_maskinporten) in [
        ("at+jwt", None, None),
        ("AT+JWT", None, None),
        ("application/at+jwt", None, Some(R::TokenType)),
        ("JWT", Some(R::TokenType), None),
        ("dpop+jwt", Some(R::TokenType), Some(R::TokenType)),
        ("client-authentication+jwt", Some(R::TokenType), Some(R::TokenType)),
    ] {
        let seen = helseid.show(&helseid.key, typ, &Scene::helseid_claims()).await;
        assert_eq!(seen, at_helseid, "{typ}");
        let seen = maskinporten.show(&maskinporten.key, typ, &Scene::maskinporten_claims()).await;
        assert_eq!(seen, at_maskinporten, "{typ}");
    }
    let pss = SigningKey::generate(Algorithm::PS256, "kid-1", 2048).unwrap();
    *maskinporten.issuer.keys.lock().unwrap() = Some(json!([pss.public().to_json()]));
    let seen = maskinporten.show(&pss, "JWT", &Scene::maskinporten_claims()).await;
    assert_eq!(seen, Some(R::Algorithm), "Maskinporten signs with RS only");
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_and_then_in_doubt_until_the_pause_is_over() {
    let scene = scene(TrustKind::HelseidBearer);
    let claims = Scene::helseid_claims();
    let fetches = || scene.issuer.fetches.load(Ordering::SeqCst);
    let show = async |key: &SigningKey| scene.show(key, "at+jwt", &claims).await;
    assert_eq!((show(&scene.key).await, fetches()), (None, 1));
    let forged = |kid: &str| SigningKey::generate(Algorithm::RS256, kid, 2048).unwrap();
    let one = forged("forged-1");
    for _ in 0..10 {
        assert_eq!(show(&one).await, Some(TokenRejection::UnknownKey));
    }
    assert_eq!(fetches(), 2, "one refresh, whoever asks");
    // The issuer makes a key; the receiver has just looked and cannot distinguish it from a forged one.
    let new = forged("kid-2");
    *scene.issuer.keys.lock().unwrap() =
        Some(json!([scene.key.public().to_json(), new.public().to_json()]));
    let in_doubt = show(&new).await;
    let Some(TokenRejection::KeysUnavailable { retry_after }) = in_doubt else {
        panic!("{in_doubt:?}")
    };
    assert!((1..=31).contains(&retry_after.as_secs()), "{retry_after:?}");
    assert_eq!((show(&scene.key).await, fetches()), (None, 2), "known keys go on");
    scene.clock.fetch_add(retry_after.as_secs(), Ordering::SeqCst);
    assert_eq!((show(&new).await, fetches()), (None, 3));
    // A key that has left the set is no longer trusted after the next refresh.
    *scene.issuer.keys.lock().unwrap() = Some(json!([new.public().to_json()]));
    scene.clock.fetch_add(31, Ordering::SeqCst);
    assert_eq!(show(&one).await, Some(TokenRejection::UnknownKey));
    assert!(show(&scene.key).await.is_some());
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_nobodys_fault() {
    let scene = scene(TrustKind::HelseidBearer);
    *scene.issuer.keys.lock().unwrap() = None;
    let seen = scene.show(&scene.key, "at+jwt", &Scene::helseid_claims()).await;
    assert!(matches!(seen, Some(TokenRejection::KeysUnavailable { .. })), "{seen:?}");
    assert!(!scene.verifier.ready().await);
    assert!(scene.verifier.challenges(&seen.unwrap()).is_empty());
}

/// a18: one id for signatures and encryption.
#[test]
fn a18_only_signature_keys_count_for_an_id() {
    let key =
        |algorithm, kid| SigningKey::generate(algorithm, kid, 2048).unwrap().public().to_json();
    let with = |mut key: Value, name: &str, value: Value| {
        key[name] = value;
        key.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        key
    };
    let kids = |keys: Value| -> Vec<String> {
        let keys = parse_jwks(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        keys.iter().map(|key| key.kid().unwrap().to_owned()).collect()
    };
    let (rsa, other) = (key(Algorithm::RS256, "a"), key(Algorithm::RS256, "a"));
    let elliptic = key(Algorithm::ES256, "a");
    assert_eq!(kids(json!([rsa, with(other.clone(), "use", json!("enc"))])), ["a"]);
    let unwrap = with(with(other.clone(), "use", json!(null)), "key_ops", json!(["unwrapKey"]));
    assert_eq!(kids(json!([rsa, unwrap])), ["a"]);
    assert_eq!(kids(json!([rsa, elliptic])), ["a", "a"], "the algorithm decides which");
    assert!(kids(json!([rsa, other])).is_empty(), "two of one type: neither");
    assert!(kids(json!([with(rsa.clone(), "use", json!("enc"))])).is_empty());
    // a19: what is unknown or broken hides no other.
    let odd = json!([
        { "kty": "AKP", "kid": "b" }, { "kty": "OKP", "crv": "Ed25519", "kid": "c", "x": "AA" },
        { "kty": "oct", "kid": "d", "k": "AA" }, { "kty": "RSA", "kid": "e", "x5c": ["AA"] },
        "text", 7, null, { "kty": "EC", "crv": "secp256k1", "kid": "f", "x": "AA", "y": "AA" },
        with(rsa.clone(), "kid", json!(7)), with(rsa.clone(), "x5t", json!("AA")),
    ]);
    assert_eq!(kids(odd), ["a"]);
}

/// A token in the address ends up in logs: it counts for nothing, even where the header has the right one.
#[tokio::test]
async fn a_token_in_the_query_is_refused_whatever_else_is_there() {
    let scene = scene(TrustKind::HelseidBearer);
    let token = scene.key.sign_jws("at+jwt", &Scene::helseid_claims()).unwrap();
    let header = format!("Bearer {}", token.expose());
    let authorization = [header.as_bytes()];
    let verify = async |query: Option<&'static str>| {
        let presented = Presented { query, ..Presented::bearer(&authorization) };
        scene.verifier.verify(&presented).await
    };
    for query in ["access_token=x", "a=b&access_token=x", "access_token", "access_token=&c"] {
        assert_eq!(verify(Some(query)).await.err(), Some(TokenRejection::InQuery), "{query}");
    }
    for query in [None, Some(""), Some("token=x"), Some("my_access_token=x&a=access_token")] {
        assert!(verify(query).await.is_ok(), "{query:?}");
    }
}

/// Whatever it says and whoever signed it.
#[tokio::test]
async fn a_token_longer_than_8_kib_is_not_read() {
    let scene = scene(TrustKind::HelseidBearer);
    for (padding, is_read) in [(5_000, true), (8 * 1024, false)] {
        let mut claims = Scene::helseid_claims();
        claims["padding"] = json!("x".repeat(padding));
        let seen = scene.show(&scene.key, "at+jwt", &claims).await;
        assert_eq!(seen.is_none(), is_read, "{padding}: {seen:?}");
        assert_eq!(matches!(seen, Some(TokenRejection::Malformed(_))), !is_read, "{seen:?}");
    }
}

/// One header, a scheme that is taken, one blank or more, a token of the characters of RFC 6750.
#[tokio::test]
async fn the_header_has_exactly_one_form() {
    let scene = scene(TrustKind::HelseidBearer);
    let token = scene.key.sign_jws("at+jwt", &Scene::helseid_claims()).unwrap();
    let token = token.expose();
    let verify = async |values: &[String]| {
        let values: Vec<&[u8]> = values.iter().map(String::as_bytes).collect();
        scene.verifier.verify(&Presented::bearer(&values)).await
    };
    for good in
        [format!("Bearer {token}"), format!("bEARER   {token}"), format!(" Bearer {token} ")]
    {
        assert!(verify(std::slice::from_ref(&good)).await.is_ok(), "{good:.20}");
    }
    let one = |value: String| vec![value];
    for (values, wanted) in [
        (vec![], TokenRejection::Missing),
        (one(format!("Bearer{token}")), TokenRejection::MalformedHeader),
        (one("Bearer".to_owned()), TokenRejection::MalformedHeader),
        (one("Bearer ".to_owned()), TokenRejection::MalformedHeader),
        (one(format!("Bearer {token},x")), TokenRejection::MalformedHeader),
        (one(format!("Bearer {token} {token}")), TokenRejection::MalformedHeader),
        (one(format!("Basic {token}")), TokenRejection::Scheme),
        (one(format!("DPoP {token}")), TokenRejection::Scheme),
        (vec![format!("Bearer {token}"); 2], TokenRejection::Duplicate),
    ] {
        assert_eq!(verify(&values).await.err(), Some(wanted), "{values:.20?}");
    }
}

fn helseid(kind: TrustKind) -> TrustProfile {
    TrustProfile::new(kind, Environment::Test, TrustProfile::HELSEID_TEST)
}

/// A client with a key of its own, and a token that is bound to it.
struct Client {
    key: SigningKey,
    token: SecretString,
}

impl Client {
    fn of(scene: &Scene, scopes: &[&str]) -> Self {
        let key = SigningKey::generate(Algorithm::ES256, "client", 0).unwrap();
        let mut claims = Scene::helseid_claims();
        claims["scope"] = json!(scopes);
        claims["cnf"] = json!({ "jkt": key.public().thumbprint() });
        let token = scene.key.sign_jws("at+jwt", &claims).unwrap();
        Self { key, token }
    }

    fn proof(&self, method: &str, path: &str, nonce: Option<&str>, id: &str) -> String {
        let url = format!("{PUBLIC}{path}");
        let request = ProofRequest { method, url: &url, access_token: Some(&self.token), nonce };
        let now = Timestamp::from_second(NOW).unwrap();
        make_proof(&self.key, &request, now, id).unwrap().expose().to_owned()
    }

    async fn show(
        &self,
        scene: &Scene,
        scheme: &str,
        proofs: &[String],
    ) -> Result<Scheme, TokenRejection> {
        let header = format!("{scheme} {}", self.token.expose());
        let proofs: Vec<&[u8]> = proofs.iter().map(String::as_bytes).collect();
        let presented = Presented {
            authorization: &[header.as_bytes()],
            dpop: &proofs,
            method: "POST",
            path: PATH,
            query: None,
        };
        scene.verifier.verify(&presented).await.map(|verified| verified.scheme)
    }
}

const API: &str = "fhi:lmr.fhirmottak/api";
const ALL: &str = "fhi:lmr.fhirmottak/all";

#[tokio::test]
async fn a_bound_token_needs_a_proof_of_its_key_for_this_very_request_once() {
    let scene = scene_of(vec![helseid(TrustKind::HelseidDpop)]);
    let client = Client::of(&scene, &[API]);
    let good = client.proof("POST", PATH, None, "1");
    assert_eq!(client.show(&scene, "DPoP", std::slice::from_ref(&good)).await, Ok(Scheme::Dpop));
    let Client { key: other_key, token: other_token } = Client::of(&scene, &[API]);
    let other = Client { key: other_key, token: client.token.clone() };
    let url = format!("{PUBLIC}{PATH}");
    let request =
        ProofRequest { method: "POST", url: &url, access_token: Some(&other_token), nonce: None };
    let now = Timestamp::from_second(NOW).unwrap();
    let elsewhere = make_proof(&client.key, &request, now, "5").unwrap().expose().to_owned();
    for (proofs, wanted) in [
        (vec![good.clone()], ProofRejection::Replayed),
        (vec![], ProofRejection::Missing),
        (vec![good.clone(), good.clone()], ProofRejection::Duplicate),
        (vec![client.proof("GET", PATH, None, "2")], ProofRejection::Method),
        (vec![client.proof("POST", "/api/v1", None, "3")], ProofRejection::Address),
        (vec![other.proof("POST", PATH, None, "4")], ProofRejection::OtherKey),
        (vec![elsewhere], ProofRejection::TokenDigest),
    ] {
        let rejected = client.show(&scene, "DPoP", &proofs).await.unwrap_err();
        assert_eq!(rejected, TokenRejection::from(wanted.clone()), "{wanted:?}");
    }
    assert_eq!(client.show(&scene, "Bearer", &[]).await, Err(TokenRejection::SenderConstrained));
}

/// A thumbprint has 43 characters of base64url, whatever else the claim holds.
#[tokio::test]
async fn a_token_is_bound_by_a_whole_thumbprint_or_not_at_all() {
    let scene = scene_of(vec![helseid(TrustKind::HelseidDpop)]);
    let client = Client::of(&scene, &[API]);
    let own = client.key.public().thumbprint();
    for (n, (jkt, expected)) in [
        (own.clone(), Ok(Scheme::Dpop)),
        (own[1..].to_owned(), Err(TokenRejection::NotBound)),
        (format!("{own}A"), Err(TokenRejection::NotBound)),
        (format!("{}+", &own[1..]), Err(TokenRejection::NotBound)),
        (format!("{}=", &own[1..]), Err(TokenRejection::NotBound)),
        // The alphabet's own two signs are letters like any other: another key's thumbprint.
        (format!("{}-_", &own[2..]), Err(ProofRejection::OtherKey.into())),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = Scene::helseid_claims();
        claims["scope"] = json!([API]);
        claims["cnf"] = json!({ "jkt": jkt });
        let token = scene.key.sign_jws("at+jwt", &claims).unwrap();
        let key = SigningKey::from_jwk(
            client.key.to_private_jwk().unwrap().expose().as_bytes(),
            None,
            None,
        )
        .unwrap();
        let client = Client { key, token };
        let proof = client.proof("POST", PATH, None, &n.to_string());
        assert_eq!(client.show(&scene, "DPoP", &[proof]).await, expected, "{jkt}");
    }
}

/// Keys are fetched again when they are an hour old, and trusted for two days where the issuer is away.
#[tokio::test]
async fn keys_have_an_age_to_the_second_in_either_direction_of_the_clock() {
    const HOUR: i64 = 3600;
    let scene = scene(TrustKind::HelseidBearer);
    let fetches = || scene.issuer.fetches.load(Ordering::SeqCst);
    let at = |second: i64| scene.clock.store((NOW + second).unsigned_abs(), Ordering::SeqCst);
    // Good for days, so that only the keys' age decides.
    let show = async || {
        let mut claims = Scene::helseid_claims();
        let now = i64::try_from(scene.clock.load(Ordering::SeqCst)).unwrap();
        for (name, value) in [("iat", now), ("nbf", now), ("exp", now + 600)] {
            claims[name] = json!(value);
        }
        scene.show(&scene.key, "at+jwt", &claims).await
    };
    assert!(scene.verifier.ready().await);
    for (second, expected) in
        [(0, 1), (HOUR - 1, 1), (1 - HOUR, 1), (HOUR, 2), (2 * HOUR - 1, 2), (2 * HOUR, 3)]
    {
        at(second);
        assert_eq!((show().await, fetches()), (None, expected), "{second}");
    }
    let keys = scene.issuer.keys.lock().unwrap().take();
    let fetched = 2 * HOUR;
    at(fetched + 48 * HOUR - 1);
    assert_eq!(show().await, None, "trusted for two days");
    assert!(scene.verifier.ready().await);
    at(fetched + 48 * HOUR);
    let unavailable = |seen: Option<TokenRejection>| match seen {
        Some(TokenRejection::KeysUnavailable { retry_after }) => retry_after.as_secs(),
        other => panic!("{other:?}"),
    };
    // The pause began with the attempt a second ago.
    assert_eq!(unavailable(show().await), 30);
    assert!(!scene.verifier.ready().await);
    *scene.issuer.keys.lock().unwrap() = keys;
    at(fetched + 48 * HOUR + 28);
    assert_eq!(unavailable(show().await), 2);
    assert!(!scene.verifier.ready().await, "nor does readiness ask during the pause");
    at(fetched + 48 * HOUR + 29);
    assert!(scene.verifier.ready().await);
    assert_eq!(show().await, None);
    // A refresh that was due for its age and did not find the id counts as the one for unknown ids.
    let fetched = fetched + 48 * HOUR + 29;
    let forged = |kid: &str| SigningKey::generate(Algorithm::ES256, kid, 0).unwrap();
    at(fetched + HOUR);
    let before = fetches();
    let claims = Scene::helseid_claims();
    for kid in ["forged-1", "forged-2"] {
        assert!(scene.show(&forged(kid), "at+jwt", &claims).await.is_some());
        assert_eq!(fetches(), before + 1, "{kid}");
    }
    // The pause is over with its last second.
    at(fetched + HOUR + 29);
    assert!(scene.show(&forged("forged-3"), "at+jwt", &claims).await.is_some());
    assert_eq!(fetches(), before + 1);
    at(fetched + HOUR + 30);
    assert!(scene.show(&forged("forged-3"), "at+jwt", &claims).await.is_some());
    assert_eq!(fetches(), before + 2);
}

#[test]
fn a_key_for_nonces_follows_from_its_secret_and_does_not_show_it() {
    let (one, other) = (nonce_key(b"one"), nonce_key(b"other"));
    assert!(one != other && one == nonce_key(b"one"));
    let now = Timestamp::from_second(NOW).unwrap();
    let issuer = NonceIssuer::new(&one);
    assert!(!NonceIssuer::new(&other).recognises(&issuer.current(now), now));
    assert_eq!(format!("{issuer:?}"), "NonceIssuer(..)");
}

/// What a header may hold, whatever a text holds.
#[test]
fn a_challenge_is_plain_text_in_quotes() {
    let scene = scene(TrustKind::HelseidBearer);
    let wanted = "a\"b\\c æ~!".to_owned();
    let rejection = TokenRejection::Audience { wanted, differs_in_punctuation_only: false };
    let challenges = scene.verifier.challenges(&rejection);
    let expected = "error_description=\"the token is for another audience than abc ~!\"";
    assert!(challenges[0].contains(expected), "{challenges:?}");
}

#[tokio::test]
async fn a_profile_that_demands_nonces_takes_none_but_its_own() {
    let profile = TrustProfile { proof_nonce: true, ..helseid(TrustKind::HelseidDpop) };
    let scene = scene_of(vec![profile]);
    let client = Client::of(&scene, &[API]);
    let mut demanded = String::new();
    for (id, nonce) in [("1", None), ("2", Some("of-another-server"))] {
        match client.show(&scene, "DPoP", &[client.proof("POST", PATH, nonce, id)]).await {
            Err(TokenRejection::NonceRequired { nonce }) => demanded = nonce,
            other => panic!("{other:?}"),
        }
    }
    let proof = client.proof("POST", PATH, Some(&demanded), "3");
    assert_eq!(client.show(&scene, "DPoP", &[proof]).await, Ok(Scheme::Dpop));
}

/// One profile is satisfied whole: what fits two of them in parts fits none.
#[tokio::test]
async fn a_token_is_held_to_one_profile_of_its_issuer_and_scheme() {
    let both = || vec![helseid(TrustKind::HelseidBearer), helseid(TrustKind::HelseidDpop)];
    let scene = scene_of(both());
    let client = Client::of(&scene, &[ALL, API]);
    // The Bearer profile stands first and its scope is there: without a proof it must not do.
    let missing = TokenRejection::from(ProofRejection::Missing);
    assert_eq!(client.show(&scene, "DPoP", &[]).await, Err(missing));
    let proof = client.proof("POST", PATH, None, "1");
    assert_eq!(client.show(&scene, "DPoP", &[proof]).await, Ok(Scheme::Dpop));
    assert_eq!(client.show(&scene, "Bearer", &[]).await, Err(TokenRejection::SenderConstrained));

    // Two issuers: a token of the one is not held to the other's profile, whatever it says.
    let maskinporten = TrustProfile::MASKINPORTEN_TEST;
    let other = TrustProfile::new(TrustKind::Maskinporten, Environment::Test, maskinporten);
    let scene = scene_of(vec![other, helseid(TrustKind::HelseidDpop)]);
    let claims = Scene::helseid_claims();
    assert_eq!(scene.show(&scene.key, "at+jwt", &claims).await, Some(TokenRejection::Scheme));
    let bound = Client::of(&scene, &[API]);
    assert_eq!(bound.show(&scene, "Bearer", &[]).await, Err(TokenRejection::SenderConstrained));
    // So is one where Bearer is not taken at all, and the challenge says that the token is no good for it.
    let scene = scene_of(vec![helseid(TrustKind::HelseidDpop)]);
    let bound = Client::of(&scene, &[API]);
    let rejection = bound.show(&scene, "Bearer", &[]).await.unwrap_err();
    assert_eq!(rejection, TokenRejection::SenderConstrained);
    let challenges = scene.verifier.challenges(&rejection);
    assert!(challenges[0].contains("error=\"invalid_token\""), "{challenges:?}");
    assert_eq!(scene.show(&scene.key, "at+jwt", &claims).await, Some(TokenRejection::Scheme));
    assert_eq!(bound.show(&scene, "Basic", &[]).await, Err(TokenRejection::Scheme));
}

#[tokio::test]
async fn a_profile_ends_with_its_last_second_and_says_so() {
    let last = Timestamp::from_second(NOW).unwrap();
    let ending = TrustProfile { not_after: Some(last), ..helseid(TrustKind::HelseidBearer) };
    let scene = scene_of(vec![ending]);
    let claims = Scene::helseid_claims();
    assert_eq!(scene.verifier.schemes(), [Scheme::Bearer]);
    assert_eq!(scene.show(&scene.key, "at+jwt", &claims).await, None);
    scene.clock.fetch_add(1, Ordering::SeqCst);
    assert_eq!(scene.verifier.schemes(), []);
    let ended = Some(TokenRejection::ProfileEnded);
    assert_eq!(scene.show(&scene.key, "at+jwt", &claims).await, ended);
}

/// Times to the second, ends included; lengths to the byte; and each claim that must be there.
#[test]
fn a_proof_is_held_to_its_times_and_lengths() {
    let key = SigningKey::generate(Algorithm::ES256, "client", 0).unwrap();
    let url = format!("{PUBLIC}{PATH}");
    let urls = [url.clone()];
    let expected = ProofExpectation {
        method: "POST",
        urls: &urls,
        access_token: None,
        thumbprint: None,
        algorithms: &[Algorithm::ES256],
        window: ProofWindow::default(),
        now: Timestamp::from_second(NOW).unwrap(),
    };
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public().to_bare_json() });
    let check = |claim: &str, value: Value| {
        let mut claims = json!({ "jti": "1", "htm": "POST", "htu": url, "iat": NOW });
        claims[claim] = value;
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let proof = key.sign_with_header(&header, &claims).unwrap();
        check_proof(&[proof.expose().as_bytes()], &expected)
    };
    for (claim, value, rejected) in [
        ("iat", json!(NOW - 60), None),
        ("iat", json!(NOW - 61), Some(ProofRejection::TooOld)),
        ("iat", json!(NOW + 10), None),
        ("iat", json!(NOW + 11), Some(ProofRejection::InFuture)),
        ("iat", Value::Null, Some(ProofRejection::Times)),
        ("iat", json!("now"), Some(ProofRejection::Times)),
        ("exp", json!(NOW - 9), None),
        ("exp", json!(NOW - 10), Some(ProofRejection::TooOld)),
        ("nbf", json!(NOW + 10), None),
        ("nbf", json!(NOW + 11), Some(ProofRejection::InFuture)),
        ("htm", Value::Null, Some(ProofRejection::Method)),
        ("htu", Value::Null, Some(ProofRejection::Address)),
        ("jti", Value::Null, Some(ProofRejection::Id)),
        ("jti", json!(""), Some(ProofRejection::Id)),
        ("jti", json!("x".repeat(200)), None),
        ("jti", json!("x".repeat(201)), Some(ProofRejection::Id)),
        ("more", json!("x".repeat(2_500)), None),
    ] {
        let shown = format!("{claim} {value:.30}");
        assert_eq!(check(claim, value).err(), rejected, "{shown}");
    }
    assert!(matches!(
        check("more", json!("x".repeat(3_200))).err(),
        Some(ProofRejection::Malformed(_))
    ));
    // Remembered for as long as it could be shown again, and distinguished by its id.
    let one = check("jti", json!("1")).unwrap();
    assert_eq!(one.until.as_second(), NOW + 60 + 10 + 1);
    assert_ne!(one.digest, check("jti", json!("2")).unwrap().digest);
    assert_eq!(one.digest, check("more", json!("x")).unwrap().digest);
}
