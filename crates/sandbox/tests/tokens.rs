//! Every way in which a token or a DPoP proof may be wrong, through HTTP against a receiver that takes all
//! kinds of tokens at once.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

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

#[tokio::test]
async fn proofs_of_every_algorithm_and_spelling_are_taken() {
    let scene = scene().await;
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm, "proof", 2048).unwrap();
        let token = scene.bound_to(&key);
        let proof = scene.proof_by(&key, &token, &json!({}), &json!({}));
        let seen = scene.show("DPoP", &token, Some(&proof)).await;
        assert!(seen.is_let_in(), "{algorithm}: {seen:?}");
    }
    let token = scene.bound();
    let now = scene.clock.now().as_second();
    let mut jwk = scene.key.public().to_bare_json();
    jwk["alg"] = json!("ES256");
    let host = scene.url().replace("http://", "HTTP://");
    for (what, header, claims) in [
        ("a kid beside the key", json!({ "kid": "a" }), json!({})),
        ("alg in the key", json!({ "jwk": jwk }), json!({})),
        ("a query", json!({}), json!({ "htu": format!("{}?a=b", scene.url()) })),
        ("a fragment", json!({}), json!({ "htu": format!("{}#x", scene.url()) })),
        ("the scheme in capitals", json!({}), json!({ "htu": host })),
        (
            "an escape that need not be",
            json!({}),
            json!({ "htu": scene.url().replace("/v1", "/%761") }),
        ),
        ("ten seconds ago", json!({}), json!({ "iat": now - 10 })),
        ("a minute ago", json!({}), json!({ "iat": now - 60 })),
        ("ten seconds ahead", json!({}), json!({ "iat": now + 10 })),
        ("part of a second", json!({}), json!({ "iat": now as f64 - 0.5 })),
        ("an empty nonce", json!({}), json!({ "nonce": "" })),
        ("exp and nbf", json!({}), json!({ "exp": now + 30, "nbf": now - 30 })),
        ("an unknown claim", json!({}), json!({ "x": [1] })),
    ] {
        let proof = scene.proof(&token, &header, &claims);
        let seen = scene.show("dpop", &token, Some(&proof)).await;
        assert!(seen.is_let_in(), "{what}: {seen:?}");
    }
    // NHN's own example escapes the plus of the type.
    let alg = scene.key.algorithm().name();
    let header = format!(
        r#"{{"typ":"dpop\u002Bjwt","alg":"{alg}","jwk":{}}}"#,
        scene.key.public().to_bare_json()
    );
    let claims = scene.right_claims(&token).to_string();
    let input = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let proof = format!("{input}.{}", base64url(&scene.key.sign(input.as_bytes()).unwrap()));
    let seen = scene.show("DPoP", &token, Some(&proof)).await;
    assert!(seen.is_let_in(), "{seen:?}");
}

#[tokio::test]
async fn every_wrong_proof_is_rejected_and_named() {
    let scene = scene().await;
    let token = scene.bound();
    let now = scene.clock.now().as_second();
    let other = SigningKey::generate(Algorithm::ES256, "other", 0).unwrap();
    let private: Value =
        serde_json::from_str(scene.key.to_private_jwk().unwrap().expose()).unwrap();
    let url = scene.url();
    let host = scene.world.base_url();
    for (what, header, claims) in [
        ("no typ", json!({ "typ": null }), json!({})),
        ("another typ", json!({ "typ": "JWT" }), json!({})),
        ("no alg", json!({ "alg": null }), json!({})),
        ("alg none", json!({ "alg": "none" }), json!({})),
        ("HMAC", json!({ "alg": "HS256" }), json!({})),
        ("another alg", json!({ "alg": "ES384" }), json!({})),
        ("an alg of another key type", json!({ "alg": "PS256" }), json!({})),
        ("crit", json!({ "crit": ["x"] }), json!({})),
        ("no jwk", json!({ "jwk": null }), json!({})),
        ("a jwk that is a text", json!({ "jwk": "x" }), json!({})),
        ("a private jwk", json!({ "jwk": private }), json!({})),
        ("a jwk by name only", json!({ "jwk": null, "kid": "proof" }), json!({})),
        ("another's jwk", json!({ "jwk": other.public().to_bare_json() }), json!({})),
        ("no jti", json!({}), json!({ "jti": null })),
        ("an empty jti", json!({}), json!({ "jti": "" })),
        ("a jti that is a number", json!({}), json!({ "jti": 7 })),
        ("a long jti", json!({}), json!({ "jti": "x".repeat(201) })),
        ("no htm", json!({}), json!({ "htm": null })),
        ("another method", json!({}), json!({ "htm": "GET" })),
        ("the method in small letters", json!({}), json!({ "htm": "post" })),
        ("no htu", json!({}), json!({ "htu": null })),
        ("another path", json!({}), json!({ "htu": format!("{host}/api/v1") })),
        ("the path in other case", json!({}), json!({ "htu": url.replace("fhir", "FHIR") })),
        ("a slash at the end", json!({}), json!({ "htu": format!("{url}/") })),
        ("another host", json!({}), json!({ "htu": format!("https://mottak.example.no{PATH}") })),
        ("another port", json!({}), json!({ "htu": format!("http://127.0.0.1:1{PATH}") })),
        ("another scheme", json!({}), json!({ "htu": url.replace("http:", "https:") })),
        ("a path only", json!({}), json!({ "htu": PATH })),
        ("no iat", json!({}), json!({ "iat": null })),
        ("an iat that is a text", json!({}), json!({ "iat": now.to_string() })),
        ("a negative iat", json!({}), json!({ "iat": -1 })),
        ("an hour old", json!({}), json!({ "iat": now - 3600 })),
        ("just too old", json!({}), json!({ "iat": now - 61 })),
        ("an hour ahead", json!({}), json!({ "iat": now + 3600 })),
        ("just too far ahead", json!({}), json!({ "iat": now + 11 })),
        ("expired", json!({}), json!({ "exp": now - 20 })),
        ("not valid yet", json!({}), json!({ "nbf": now + 20 })),
        ("no ath", json!({}), json!({ "ath": null })),
        ("another ath", json!({}), json!({ "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" })),
        (
            "the ath padded",
            json!({}),
            json!({ "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo=" }),
        ),
    ] {
        let proof = scene.proof(&token, &header, &claims);
        let seen = scene.show("DPoP", &token, Some(&proof)).await;
        assert_eq!((seen.status, seen.code.as_str()), (401, "LMR-1031"), "{what}: {seen:?}");
        let challenge = seen.challenge("DPoP");
        assert!(challenge.contains("error=\"invalid_dpop_proof\""), "{what}: {challenge}");
        assert_eq!(seen.challenge("Bearer"), "Bearer realm=\"lmr\"", "{what}");
    }
    let good = || scene.proof(&token, &json!({}), &json!({}));
    let (one, two) = (good(), good());
    let (head, signature) = one.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let broken = format!("{head}.{first}{}", &signature[1..]);
    for (what, proof) in [
        ("a broken signature", broken),
        ("no signature", format!("{head}.")),
        ("two parts", head.to_owned()),
        ("two in one header", format!("{one}, {two}")),
        ("not a JWS", "x".to_owned()),
        ("padding", format!("{one}=")),
        ("too long", format!("{}{one}", "A".repeat(5000))),
    ] {
        let seen = scene.show("DPoP", &token, Some(&proof)).await;
        assert_eq!((seen.status, seen.code.as_str()), (401, "LMR-1031"), "{what}: {seen:?}");
    }
    let authorization = format!("DPoP {token}");
    let headers = [("authorization", authorization.as_str()), ("dpop", &one), ("dpop", &two)];
    let seen = scene.post(&headers).await;
    assert_eq!((seen.status, seen.code.as_str()), (401, "LMR-1031"), "two headers: {seen:?}");
    let seen = scene.show("DPoP", &token, None).await;
    assert_eq!((seen.status, seen.code.as_str()), (401, "LMR-1030"), "no proof: {seen:?}");
    // Signed by its own key throughout, but the token is bound to another.
    let proof = scene.proof_by(&other, &token, &json!({}), &json!({}));
    let seen = scene.show("DPoP", &token, Some(&proof)).await;
    assert_eq!((seen.status, seen.code.as_str()), (401, "LMR-1033"), "{seen:?}");
    scene.all_kinds_work().await;
}

#[tokio::test]
async fn a_proof_is_good_for_one_call_whoever_asks_and_across_restarts() {
    let mut scene = scene().await;
    let token = scene.bound();
    let proof = scene.proof(&token, &json!({}), &json!({}));
    let shown = (0..16).map(|_| scene.show("DPoP", &token, Some(&proof)));
    let seen = futures_of(shown).await;
    assert_eq!(seen.iter().filter(|seen| seen.is_let_in()).count(), 1, "{seen:?}");
    for other in seen.iter().filter(|seen| !seen.is_let_in()) {
        assert_eq!((other.status, other.code.as_str()), (401, "LMR-1032"));
    }
    // The memory is the store's: another receiver on it knows the proof too.
    scene.world.restart_receiver().await.unwrap();
    let seen = scene.show("DPoP", &token, Some(&proof)).await;
    assert_eq!((seen.status, seen.code.as_str()), (401, "LMR-1032"), "{seen:?}");
    // A rejected proof is not used up by being rejected.
    let late = scene.proof(&token, &json!({}), &json!({ "jti": "once" }));
    let other = scene.helseid(&json!({ "scope": ["fhi:annet/les"],
        "cnf": { "jkt": scene.key.public().thumbprint() } }));
    assert_eq!(scene.show("DPoP", &other, Some(&late)).await.code, "LMR-1031", "another token's");
    assert!(scene.show("DPoP", &token, Some(&late)).await.is_let_in());
    scene.all_kinds_work().await;
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

/// A token with the scheme it is shown by, and what must come of it.
type Case = (&'static str, &'static str, String, u16, &'static str);

#[tokio::test]
async fn a_token_satisfies_one_whole_profile_or_none() {
    let scene = scene().await;
    let jkt = scene.key.public().thumbprint();
    let helseid = |changes: Value| scene.helseid(&changes);
    let mp = |changes: Value| scene.maskinporten(&changes);
    let actor = |id: &str| json!({ "authority": "iso6523-actorid-upis", "ID": id });
    let number = organisation_number(1);
    let issuer = scene.world.maskinporten().issuer().to_owned();
    let cases: Vec<Case> = vec![
        // Bound tokens shown without their key, and the reverse.
        ("bound as Bearer", "Bearer", scene.bound(), 401, "LMR-1023"),
        (
            "bound, with the scope of Bearer",
            "Bearer",
            helseid(json!({ "cnf": { "jkt": jkt } })),
            401,
            "LMR-1023",
        ),
        ("any cnf", "Bearer", helseid(json!({ "cnf": {} })), 401, "LMR-1023"),
        (
            "cnf by certificate",
            "Bearer",
            helseid(json!({ "cnf": { "x5t#S256": "a" } })),
            401,
            "LMR-1023",
        ),
        ("cnf at Maskinporten", "Bearer", mp(json!({ "cnf": { "jkt": jkt } })), 401, "LMR-1023"),
        ("unbound as DPoP", "DPoP", helseid(json!({ "scope": [DPOP_SCOPE] })), 401, "LMR-1023"),
        (
            "a short thumbprint",
            "DPoP",
            helseid(json!({ "scope": [DPOP_SCOPE], "cnf": { "jkt": "abc" } })),
            401,
            "LMR-1023",
        ),
        ("Maskinporten as DPoP", "DPoP", mp(json!({ "cnf": { "jkt": jkt } })), 401, "LMR-1023"),
        // Scopes crossed.
        (
            "the scope of DPoP as Bearer",
            "Bearer",
            helseid(json!({ "scope": [DPOP_SCOPE] })),
            403,
            "LMR-1020",
        ),
        (
            "the scope of Bearer as DPoP",
            "DPoP",
            helseid(json!({ "cnf": { "jkt": jkt } })),
            403,
            "LMR-1020",
        ),
        (
            "the scope of Maskinporten at HelseID",
            "Bearer",
            helseid(json!({ "scope": [maskinporten::SCOPE] })),
            403,
            "LMR-1020",
        ),
        (
            "the scope of HelseID at Maskinporten",
            "Bearer",
            mp(json!({ "scope": LMR_SCOPE })),
            403,
            "LMR-1020",
        ),
        (
            "the scope of DPoP at Maskinporten",
            "Bearer",
            mp(json!({ "scope": DPOP_SCOPE })),
            403,
            "LMR-1020",
        ),
        (
            "dot and slash exchanged",
            "Bearer",
            mp(json!({ "scope": "fhi:lmr.fhirmottak/api" })),
            403,
            "LMR-1020",
        ),
        (
            "dot for slash",
            "Bearer",
            mp(json!({ "scope": "fhi:lmr.fhirmottak.api" })),
            403,
            "LMR-1020",
        ),
        (
            "a longer scope",
            "Bearer",
            mp(json!({ "scope": "fhi:lmr/fhirmottak.api2" })),
            403,
            "LMR-1020",
        ),
        ("other case", "Bearer", mp(json!({ "scope": "FHI:lmr/fhirmottak.api" })), 403, "LMR-1020"),
        ("no scope", "Bearer", mp(json!({ "scope": null })), 403, "LMR-1020"),
        // Audiences.
        (
            "HelseID's audience at Maskinporten",
            "Bearer",
            mp(json!({ "aud": "fhi:lmr.fhirmottak" })),
            401,
            "LMR-1015",
        ),
        (
            "Maskinporten's audience at HelseID",
            "Bearer",
            helseid(json!({ "aud": maskinporten::RESOURCE })),
            401,
            "LMR-1015",
        ),
        ("unspecified", "Bearer", mp(json!({ "aud": "unspecified" })), 401, "LMR-1015"),
        ("no audience", "Bearer", mp(json!({ "aud": null })), 401, "LMR-1015"),
        (
            "two audiences",
            "Bearer",
            mp(json!({ "aud": [maskinporten::RESOURCE, "fhi:annet"] })),
            401,
            "LMR-1015",
        ),
        ("an empty list of audiences", "Bearer", mp(json!({ "aud": [] })), 401, "LMR-1015"),
        // Issuers.
        (
            "an issuer without its slash",
            "Bearer",
            mp(json!({ "iss": issuer.trim_end_matches('/') })),
            401,
            "LMR-1014",
        ),
        (
            "the other issuer's name",
            "Bearer",
            mp(json!({ "iss": scene.world.helseid().issuer() })),
            401,
            "LMR-1019",
        ),
        ("no issuer", "Bearer", mp(json!({ "iss": null })), 401, "LMR-1014"),
        // Kinds of tokens.
        ("a person's token", "Bearer", mp(json!({ "sub": "a" })), 401, "LMR-1024"),
        (
            "a system user's",
            "Bearer",
            mp(json!({ "authorization_details": [{ "type": "x" }] })),
            401,
            "LMR-1024",
        ),
        ("no client", "Bearer", mp(json!({ "client_id": null })), 401, "LMR-1024"),
        // Organisations.
        ("no consumer", "Bearer", mp(json!({ "consumer": null })), 403, "LMR-1021"),
        (
            "another register",
            "Bearer",
            mp(json!({ "consumer": actor(&format!("9908:{number}")) })),
            403,
            "LMR-1021",
        ),
        (
            "no register",
            "Bearer",
            mp(json!({ "consumer": actor(number.as_str()) })),
            403,
            "LMR-1021",
        ),
        (
            "more parts",
            "Bearer",
            mp(json!({ "consumer": actor(&format!("0192:{number}:1")) })),
            403,
            "LMR-1021",
        ),
        (
            "a wrong check digit",
            "Bearer",
            mp(json!({ "consumer": actor("0192:310000018") })),
            403,
            "LMR-1021",
        ),
        (
            "another authority",
            "Bearer",
            mp(json!({ "consumer": { "authority": "x", "ID": format!("0192:{number}") } })),
            403,
            "LMR-1021",
        ),
        ("a text", "Bearer", mp(json!({ "consumer": format!("0192:{number}") })), 403, "LMR-1021"),
        (
            "HelseID's claim at Maskinporten",
            "Bearer",
            mp(
                json!({ "consumer": null, "helseid://claims/client/claims/orgnr_parent": number.as_str() }),
            ),
            403,
            "LMR-1021",
        ),
        (
            "Maskinporten's claim at HelseID",
            "Bearer",
            helseid(
                json!({ "helseid://claims/client/claims/orgnr_parent": null, "consumer": actor(&format!("0192:{number}")) }),
            ),
            403,
            "LMR-1021",
        ),
        // Times.
        (
            "expired",
            "Bearer",
            mp(json!({ "exp": scene.clock.now().as_second() - 6 })),
            401,
            "LMR-1012",
        ),
        (
            "made in the future",
            "Bearer",
            mp(json!({ "iat": scene.clock.now().as_second() + 60 })),
            401,
            "LMR-1013",
        ),
        (
            "too long",
            "Bearer",
            mp(json!({ "exp": scene.clock.now().as_second() + 86_400 })),
            401,
            "LMR-1022",
        ),
        ("no expiry", "Bearer", mp(json!({ "exp": null })), 401, "LMR-1011"),
    ];
    for (what, scheme, token, status, code) in cases {
        let proof = scene.proof(&token, &json!({}), &json!({}));
        let seen = scene.show(scheme, &token, (scheme == "DPoP").then_some(&proof)).await;
        assert_eq!((seen.status, seen.code.as_str()), (status, code), "{what}: {seen:?}");
        let error = match (status, code) {
            (403, _) => "insufficient_scope",
            _ => "invalid_token",
        };
        let bare = code == "LMR-1023" && seen.challenges.iter().all(|one| !one.contains("error"));
        let named = seen.challenges.iter().all(|one| one.contains(&format!("error=\"{error}\"")));
        assert!(named || bare, "{what}: {seen:?}");
    }
    for (what, token) in [
        ("an array of one audience", mp(json!({ "aud": [maskinporten::RESOURCE] }))),
        ("scopes as an array", mp(json!({ "scope": [maskinporten::SCOPE] }))),
        ("several scopes", mp(json!({ "scope": format!("annet {}", maskinporten::SCOPE) }))),
        (
            "a supplier",
            mp(json!({ "supplier": actor(&format!("0192:{}", organisation_number(5))) })),
        ),
        ("HelseID's scopes as a text", helseid(json!({ "scope": LMR_SCOPE }))),
    ] {
        let seen = scene.show("Bearer", &token, None).await;
        assert!(seen.is_let_in(), "{what}: {seen:?}");
    }
    scene.all_kinds_work().await;
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
