//! Every way in which a token or a DPoP proof may be wrong, through HTTP against a receiver that takes all
//! kinds of tokens at once.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

mod profiles;
mod proofs;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use lmr_auth::TrustKind;
use lmr_auth::jose::{Algorithm, SigningKey, base64url};
use lmr_identifiers::synthetic::organisation_number;
use lmr_sandbox::clock::SettableClock;
use lmr_sandbox::helseid::{DPOP_SCOPE, LMR_SCOPE, TokenFault};
use lmr_sandbox::maskinporten;
use lmr_sandbox::world::{Plan, World};
use serde_json::{Value, json};

const PATH: &str = "/fhirmottak/v1";

struct Scene {
    world: World,
    clock: SettableClock,
    client: reqwest::Client,
    key: SigningKey,
    count: AtomicU32,
}

/// An answer, as far as these tests look at it.
#[derive(Debug)]
struct Seen {
    status: u16,
    code: String,
    challenges: Vec<String>,
    nonce: Option<String>,
}

impl Seen {
    /// Past the token: `{}` is not an envelope.
    fn is_let_in(&self) -> bool {
        self.status == 400 && self.code.starts_with("LMR-20")
    }

    fn challenge(&self, scheme: &str) -> &str {
        self.challenges.iter().find(|one| one.starts_with(scheme)).map_or("", String::as_str)
    }
}

async fn scene() -> Scene {
    scene_with(|_| ()).await
}

async fn scene_with(change: impl FnOnce(&mut Plan)) -> Scene {
    let clock = SettableClock::at("2026-11-25T12:00:00Z".parse::<Timestamp>().unwrap());
    let mut plan = Plan {
        clock: clock.as_clock(),
        trust: vec![TrustKind::HelseidBearer, TrustKind::HelseidDpop, TrustKind::Maskinporten],
        ..Plan::default()
    };
    change(&mut plan);
    let world = World::start(plan).await.unwrap();
    world.add_sender(organisation_number(1).as_str(), "Liksom sykehus", None).await.unwrap();
    let key = SigningKey::generate(Algorithm::ES256, "proof", 0).unwrap();
    Scene { world, clock, client: reqwest::Client::new(), key, count: AtomicU32::new(0) }
}

/// Replaces members; null takes one away.
fn changed(mut object: Value, changes: &Value) -> Value {
    if let (Some(all), Some(changes)) = (object.as_object_mut(), changes.as_object()) {
        all.extend(changes.clone());
        all.retain(|_, value| !value.is_null());
    }
    object
}

impl Scene {
    fn url(&self) -> String {
        format!("{}{PATH}", self.world.base_url())
    }

    /// A HelseID token with claims changed.
    fn helseid(&self, changes: &Value) -> String {
        let fault = TokenFault::Claims(changes.clone());
        let organisation = organisation_number(1);
        let token = self.world.helseid().token(organisation.as_str(), Some(&fault)).unwrap();
        token.expose().to_owned()
    }

    /// A HelseID token bound to this scene's key.
    fn bound(&self) -> String {
        self.bound_to(&self.key)
    }

    fn bound_to(&self, key: &SigningKey) -> String {
        self.helseid(&json!({ "scope": [DPOP_SCOPE], "cnf": { "jkt": key.public().thumbprint() } }))
    }

    fn maskinporten(&self, changes: &Value) -> String {
        let token = self.world.maskinporten().token(organisation_number(1), changes).unwrap();
        token.expose().to_owned()
    }

    fn right_header(key: &SigningKey) -> Value {
        let alg = key.algorithm().name();
        json!({ "typ": "dpop+jwt", "alg": alg, "jwk": key.public().to_bare_json() })
    }

    fn right_claims(&self, token: &str) -> Value {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        json!({
            "jti": format!("proof-{}", self.count.fetch_add(1, Ordering::Relaxed)),
            "htm": "POST",
            "htu": self.url(),
            "iat": self.clock.now().as_second(),
            "ath": base64url(digest.as_ref()),
        })
    }

    /// A proof for this token with header and claims changed.
    fn proof(&self, token: &str, header: &Value, claims: &Value) -> String {
        self.proof_by(&self.key, token, header, claims)
    }

    fn proof_by(&self, key: &SigningKey, token: &str, header: &Value, claims: &Value) -> String {
        let header = changed(Self::right_header(key), header);
        let claims = changed(self.right_claims(token), claims);
        key.sign_with_header(&header, &claims).unwrap().expose().to_owned()
    }

    async fn post(&self, headers: &[(&str, &str)]) -> Seen {
        self.post_to(&self.url(), headers).await
    }

    async fn post_to(&self, url: &str, headers: &[(&str, &str)]) -> Seen {
        let mut request =
            self.client.post(url).header("content-type", "application/json").body("{}");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = |name: &str| -> Vec<String> {
            let values = response.headers().get_all(name).iter();
            values.map(|value| value.to_str().unwrap().to_owned()).collect()
        };
        let (challenges, nonce) = (text("www-authenticate"), text("dpop-nonce").pop());
        let body: Value = response.json().await.unwrap();
        let shown = format!("{body} {challenges:?}");
        assert!(!shown.contains("eyJ"), "a token is repeated: {shown}");
        let code = body["issue"][0]["details"]["coding"][0]["code"].as_str().unwrap().to_owned();
        Seen { status, code, challenges, nonce }
    }

    async fn show(&self, scheme: &str, token: &str, proof: Option<&str>) -> Seen {
        let authorization = format!("{scheme} {token}");
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(proof.map(|proof| ("dpop", proof)));
        self.post(&headers).await
    }

    /// One right token of each kind is let in.
    async fn all_kinds_work(&self) {
        let bound = self.bound();
        let proof = self.proof(&bound, &json!({}), &json!({}));
        let seen = self.show("DPoP", &bound, Some(&proof)).await;
        assert!(seen.is_let_in(), "DPoP: {seen:?}");
        let seen = self.show("Bearer", &self.helseid(&json!({ "scope": [LMR_SCOPE] })), None).await;
        assert!(seen.is_let_in(), "HelseID Bearer: {seen:?}");
        let seen = self.show("Bearer", &self.maskinporten(&json!({})), None).await;
        assert!(seen.is_let_in(), "Maskinporten: {seen:?}");
    }
}

#[tokio::test]
async fn every_kind_of_token_works_beside_the_others_and_the_challenge_names_each_scheme() {
    let scene = scene().await;
    scene.all_kinds_work().await;
    let seen = scene.post(&[]).await;
    assert_eq!((seen.status, seen.code.as_str()), (401, "LMR-1010"));
    assert_eq!(seen.challenge("Bearer"), "Bearer realm=\"lmr\"");
    let dpop = seen.challenge("DPoP");
    assert!(
        dpop.starts_with("DPoP realm=\"lmr\", algs=\"RS256 ") && !dpop.contains("error"),
        "{dpop}"
    );
    let seen = scene.post(&[("authorization", "Basic dTpw")]).await;
    assert_eq!((seen.status, seen.code.as_str(), seen.challenges.len()), (401, "LMR-1023", 2));
}

async fn futures_of<F: Future<Output = Seen>>(all: impl Iterator<Item = F>) -> Vec<Seen> {
    // Started together; polled in turn on one thread, as the receiver has its own.
    let mut waiting: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(seen) => {
                done.push(seen);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

#[tokio::test]
async fn a_nonce_is_demanded_only_where_it_is_configured() {
    let scene = scene_with(|plan| plan.proof_nonce = true).await;
    let token = scene.bound();
    let with = |nonce: Value| scene.proof(&token, &json!({}), &json!({ "nonce": nonce }));
    let mut nonces = Vec::new();
    for wrong in [json!(null), json!(""), json!("made-up"), json!(7)] {
        let seen = scene.show("DPoP", &token, Some(&with(wrong.clone()))).await;
        assert_eq!((seen.status, seen.code.as_str()), (401, "LMR-1034"), "{wrong}: {seen:?}");
        assert!(seen.challenge("DPoP").contains("error=\"use_dpop_nonce\""));
        nonces.push(seen.nonce.unwrap());
    }
    let seen = scene.show("DPoP", &token, Some(&with(json!(nonces[0])))).await;
    assert!(seen.is_let_in(), "{seen:?}");
    scene.clock.advance_seconds(601);
    let (token, old) = (scene.bound(), json!({ "nonce": nonces[0] }));
    let seen = scene.show("DPoP", &token, Some(&scene.proof(&token, &json!({}), &old))).await;
    assert_eq!(seen.code, "LMR-1034", "a nonce runs out");
}

#[tokio::test]
async fn a_rejection_says_when_only_dot_and_slash_differ() {
    let scene = scene().await;
    for (audience, hinted) in
        [("fhi:lmr.fhirmottak", true), ("fhi:lmr/fhirmottak/", false), ("unspecified", false)]
    {
        let seen =
            scene.show("Bearer", &scene.maskinporten(&json!({ "aud": audience })), None).await;
        let challenge = seen.challenge("Bearer");
        assert!(challenge.contains("another audience than fhi:lmr/fhirmottak"), "{challenge}");
        assert_eq!(challenge.contains("dot and slash are exchanged"), hinted, "{challenge}");
    }
}

#[tokio::test]
async fn requests_are_read_strictly_before_any_token_is() {
    let scene = scene().await;
    let token = scene.bound();
    let proof = scene.proof(&token, &json!({}), &json!({}));
    let dpop = format!("DPoP {token}");
    let url = format!("{}?access_token=a", scene.url());
    let seen = scene.post_to(&url, &[("authorization", &dpop), ("dpop", &proof)]).await;
    assert_eq!((seen.status, seen.code.as_str()), (400, "LMR-1006"), "in the query");
    let headers = [("authorization", dpop.as_str()), ("authorization", &dpop), ("dpop", &proof)];
    let seen = scene.post(&headers).await;
    assert_eq!((seen.status, seen.code.as_str()), (400, "LMR-1006"), "two headers");
    assert!(seen.challenge("DPoP").contains("error=\"invalid_request\""));
    for wrong in ["DPoP", "DPoP ", "DPoP a b", "DPoP a,b"] {
        let seen = scene.post(&[("authorization", wrong)]).await;
        assert_eq!((seen.status, seen.code.as_str()), (400, "LMR-1006"), "{wrong}");
    }
    let huge = format!("DPoP {}", "a".repeat(9000));
    assert_eq!(scene.post(&[("authorization", &huge)]).await.code, "LMR-1011");
    scene.all_kinds_work().await;
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_nobodys_fault() {
    let scene = scene().await;
    scene.world.maskinporten().set_down(true);
    let token = scene.maskinporten(&json!({}));
    let seen = scene.show("Bearer", &token, None).await;
    assert_eq!((seen.status, seen.code.as_str()), (503, "LMR-9005"), "{seen:?}");
    assert!(seen.challenges.is_empty());
    scene.world.maskinporten().set_down(false);
    scene.clock.advance_seconds(31);
    scene.all_kinds_work().await;
    // Two changes of keys within half a minute: the second new key may be a forged id.
    for at in 0..2 {
        scene.world.helseid().rotate_keys().unwrap();
        let seen = scene.show("Bearer", &scene.helseid(&json!({})), None).await;
        match at {
            0 => assert!(seen.is_let_in(), "{seen:?}"),
            _ => assert_eq!((seen.status, seen.code.as_str()), (503, "LMR-9005"), "{seen:?}"),
        }
    }
    scene.clock.advance_seconds(31);
    scene.all_kinds_work().await;
}

#[tokio::test]
async fn the_senders_client_delivers_with_proof_and_nonce() {
    use lmr_auth::{
        ActingFor, ClientSettings, Environment, FixedKey, Flow, HttpFetcher, ProofKey, TokenClient,
    };
    use lmr_sandbox::helseid::Client;
    use lmr_sender::transport::{
        HttpSettings, HttpTransport, PostOutcome, TokenAuthorizer, Transport as _,
    };
    let scene = scene_with(|plan| plan.proof_nonce = true).await;
    let key = SigningKey::generate(Algorithm::PS256, "client-key", 2048).unwrap();
    let mut client =
        Client::single_tenant("dpop-client", organisation_number(1).as_str(), key.public());
    client.dpop = true;
    client.scopes = vec![DPOP_SCOPE.to_owned()];
    scene.world.helseid().register(client);
    let settings = ClientSettings {
        issuer: scene.world.helseid().issuer().to_owned(),
        environment: Environment::Local,
        client_id: "dpop-client".to_owned(),
        scope: DPOP_SCOPE.to_owned(),
        resource: None,
        flow: Flow::HelseIdDpop {
            acting_for: ActingFor::Registered,
            proof_key: ProofKey::OfAssertion,
        },
        assertion_lifetime_seconds: 20,
    };
    let fetcher = Arc::new(HttpFetcher::new(std::time::Duration::from_secs(5)).unwrap());
    let fresh = lmr_sandbox::clock::fresh_ids();
    let keys = Arc::new(FixedKey::new(key));
    let client = TokenClient::new(settings, keys, fetcher, scene.clock.as_clock(), fresh).unwrap();
    let transport =
        HttpTransport::new(&HttpSettings::new(scene.url()), TokenAuthorizer::new(client)).unwrap();
    for _ in 0..2 {
        let outcome = transport.post(b"{}".to_vec()).await;
        assert!(matches!(outcome, PostOutcome::Answered { status: 400, .. }), "{outcome:?}");
    }
    assert_eq!(scene.world.helseid().tokens_issued(), 1, "the token is kept");
}
