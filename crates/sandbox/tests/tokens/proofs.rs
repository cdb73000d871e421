//! DPoP proofs: every algorithm, every fault, once only.

use super::*;

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
