//! The verifier on its own: an issuer of one key set behind the `Fetcher`, tokens signed here.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_auth::jose::{Algorithm, SigningKey, parse_jwks};
use lmr_auth::{
    Answer, Clock, ConnectCause, Environment, FetchError, Fetcher, KeyCache, Presented,
    TokenRejection, TokenVerifier, TrustKind, TrustProfile,
};
use serde_json::{Value, json};

const NOW: i64 = 1_795_608_000;

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
    let key = SigningKey::generate(Algorithm::RS256, "kid-1", 2048).unwrap();
    let keys = Mutex::new(Some(json!([key.public().to_json()])));
    let issuer = Arc::new(Issuer { keys, fetches: AtomicU64::new(0) });
    let clock = Arc::new(AtomicU64::new(NOW.unsigned_abs()));
    let seconds = Arc::clone(&clock);
    let time: Clock = Arc::new(move || {
        Timestamp::from_second(i64::try_from(seconds.load(Ordering::SeqCst)).unwrap()).unwrap()
    });
    let environment = Environment::Test;
    let address = TrustProfile::usual_issuer(kind, environment).unwrap();
    let fetcher: Arc<dyn Fetcher> = Arc::clone(&issuer) as Arc<dyn Fetcher>;
    let profile = TrustProfile::new(kind, environment, address);
    let verifier = TokenVerifier::new(vec![profile], &fetcher, time, KeyCache::default()).unwrap();
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
            (json!(NOW + 3601), Some(R::Lifetime)),
        ] {
            assert_eq!(with("exp", exp.clone()).await, rejection, "{exp}");
        }
        for (nbf, rejection) in [(NOW + 5, None), (NOW + 6, Some(R::NotYetValid))] {
            assert_eq!(with("nbf", json!(nbf)).await, rejection, "{nbf}");
        }
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
