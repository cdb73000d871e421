//! The JOSE vectors of Wycheproof and of the RFCs, run through the functions the tokens go through.
//! Needs `LMR_SHARED`, the folder that holds `vectors/`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper of a test fails like the test, and says what is left out"
)]

use lmr_auth::dpop::{ProofExpectation, ProofWindow, check_proof};
use lmr_auth::jose::{Algorithm, CompactJws, PublicJwk, SigningKey, parse_jwks};
use serde_json::Value;
use std::path::PathBuf;

/// Signed well, yet refused here, with the reason. Any other difference fails the test.
const STRICTER: [(&str, u64, &str); 4] = [
    ("json_web_signature", 346, "slip in the data: the key says PS256, the token PS384"),
    ("json_web_signature", 350, "slip in the data: the key says PS256, the token PS384"),
    ("json_web_signature", 347, "slip in the data: the key's alg is spelled ES521"),
    ("json_web_signature", 351, "slip in the data: the key's alg is spelled ES521"),
];

fn read(name: &str) -> Option<Value> {
    #[expect(clippy::disallowed_methods, reason = "the shared data is found by the environment")]
    let shared = std::env::var("LMR_SHARED");
    let Ok(shared) = shared else {
        println!("{name} left out: LMR_SHARED is not set");
        return None;
    };
    let path = PathBuf::from(shared).join("vectors").join(name);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_slice(&text).unwrap())
}

/// The token is accepted with this one public JWK.
fn verifies(token: &str, jwk: &Value) -> bool {
    let Ok(key) = PublicJwk::parse(jwk.to_string().as_bytes()) else { return false };
    let Ok(jws) = CompactJws::parse(token, 64 * 1024) else { return false };
    jws.verified_payload(&key).is_ok()
}

/// The token is accepted with the key of its `kid` in this set.
fn verifies_with_set(token: &str, jwks: &Value) -> bool {
    let Ok(keys) = parse_jwks(jwks.to_string().as_bytes()) else { return false };
    let Ok(jws) = CompactJws::parse(token, 64 * 1024) else { return false };
    let Some(kid) = jws.kid() else { return false };
    let Some(key) = keys.iter().find(|key| key.kid() == Some(kid)) else { return false };
    jws.verified_payload(key).is_ok()
}

#[test]
fn wycheproof_signatures_get_their_verdicts() {
    let Some(file) = read("wycheproof/json_web_signature_test.json") else { return };
    let (mut run, mut hmac, mut differences) = (0, 0, Vec::new());
    for group in file["testGroups"].as_array().unwrap() {
        let symmetric = group.get("public").is_none();
        let key = group.get("public").unwrap_or(&group["private"]);
        for case in group["tests"].as_array().unwrap() {
            // A few cases are in the JSON form; this project takes the compact form only.
            let token = case["jws"].as_str().unwrap_or_default();
            let id = case["tcId"].as_u64().unwrap();
            let accepted = verifies(token, key);
            if symmetric {
                assert!(!accepted, "case {id}: shared keys are never accepted");
                hmac += 1;
                continue;
            }
            run += 1;
            let expected = case["result"] == "valid";
            if accepted == expected {
                continue;
            }
            match STRICTER
                .iter()
                .find(|(file, known, _)| *file == "json_web_signature" && *known == id)
            {
                Some((_, _, why)) if expected => println!("case {id} refused: {why}"),
                _ => differences.push((id, case["comment"].clone(), case["result"].clone())),
            }
        }
    }
    println!("{run} asymmetric cases, {hmac} with shared keys (all refused)");
    assert_eq!(differences, []);
    assert_eq!(run + hmac, file["numberOfTests"].as_u64().unwrap());
}

#[test]
fn wycheproof_key_sets_get_their_verdicts() {
    let Some(file) = read("wycheproof/json_web_key_test.json") else { return };
    for group in file["testGroups"].as_array().unwrap() {
        let symmetric = group.get("public").is_none();
        let set = group.get("public").unwrap_or(&group["private"]);
        for case in group["tests"].as_array().unwrap() {
            let expected = case["result"] == "valid" && !symmetric;
            let accepted = verifies_with_set(case["jws"].as_str().unwrap(), set);
            assert_eq!(accepted, expected, "case {} {}", case["tcId"], case["comment"]);
        }
    }
}

#[test]
fn a_key_set_with_private_keys_is_of_no_use() {
    let Some(file) = read("wycheproof/json_web_key_test.json") else { return };
    let mut seen = 0;
    for group in file["testGroups"].as_array().unwrap() {
        if group.get("public").is_some() {
            assert!(parse_jwks(group["private"].to_string().as_bytes()).unwrap().is_empty());
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    let Some(file) = read("jose-dpop-rfc-vectors.json") else { return };
    let thumbprint =
        |jwk: &Value| PublicJwk::parse(jwk.to_string().as_bytes()).unwrap().thumbprint();
    assert_eq!(thumbprint(&file["rfc7638"]["jwk"]), file["rfc7638"]["sha256_thumbprint_b64url"]);
    assert_eq!(thumbprint(&file["rfc9449"]["public_jwk"]), file["rfc9449"]["jkt"]["value"]);
}

#[test]
fn the_proofs_of_rfc_9449_verify_and_changed_ones_do_not() {
    let Some(file) = read("jose-dpop-rfc-vectors.json") else { return };
    let key = PublicJwk::parse(file["rfc9449"]["public_jwk"].to_string().as_bytes()).unwrap();
    for vector in file["rfc9449"]["proofs"].as_array().unwrap() {
        let proof = vector["proof"].as_str().unwrap();
        let jws = CompactJws::parse(proof, 4096).unwrap();
        assert_eq!(jws.typ(), Some("dpop+jwt"));
        let claims = jws.verified_claims(&key).unwrap();
        let expected = vector.get("claims").unwrap_or(vector);
        assert_eq!(claims["jti"], expected["jti"]);
        let changed = proof.replacen(".eyJ", ".eyK", 1);
        assert!(
            CompactJws::parse(&changed, 4096)
                .map_or(true, |jws| jws.verified_payload(&key).is_err())
        );
    }
}

#[test]
fn the_proofs_of_rfc_9449_hold_for_their_request_and_for_no_other() {
    use lmr_auth::ProofRejection as R;
    let Some(file) = read("jose-dpop-rfc-vectors.json") else { return };
    let rfc = &file["rfc9449"];
    let (jkt, opaque) = (rfc["jkt"]["value"].as_str(), rfc["access_token_opaque"].as_str());
    let proofs = rfc["proofs"].as_array().unwrap();
    assert_eq!(proofs.len(), 3);
    for vector in proofs {
        let claims = vector.get("claims").unwrap_or(vector);
        let text = |name: &str| claims[name].as_str();
        let (method, url) = (text("htm").unwrap(), text("htu").unwrap());
        let made = claims["iat"].as_i64().unwrap();
        let token = text("ath").and(opaque);
        let check = |method: &str, url: &str, token, thumbprint, second| {
            let expected = ProofExpectation {
                method,
                urls: &[url.to_owned()],
                access_token: token,
                thumbprint,
                algorithms: &Algorithm::ALL,
                window: ProofWindow::default(),
                now: jiff::Timestamp::from_second(second).unwrap(),
            };
            check_proof(&[vector["proof"].as_str().unwrap().as_bytes()], &expected).map(|_| ())
        };
        assert_eq!(check(method, url, token, jkt, made), Ok(()), "{}", vector["source"]);
        assert_eq!(check(method, url, token, jkt, made + 61), Err(R::TooOld));
        assert_eq!(check(method, url, token, jkt, made - 11), Err(R::InFuture));
        assert_eq!(check("PUT", url, token, jkt, made), Err(R::Method));
        assert_eq!(check(method, &format!("{url}/"), token, jkt, made), Err(R::Address));
        assert_eq!(check(method, url, Some("other"), jkt, made), Err(R::TokenDigest));
        assert_eq!(check(method, url, token, Some("other"), made), Err(R::OtherKey));
    }
}

#[test]
fn rfc_7520_signatures_verify_and_are_made_alike() {
    let Some(file) = read("jose-dpop-rfc-vectors.json") else { return };
    for vector in file["rfc7520_jws"].as_array().unwrap() {
        let jwk = &vector["private_jwk"];
        let algorithm = Algorithm::from_name(vector["alg"].as_str().unwrap()).unwrap();
        let key = SigningKey::from_jwk(jwk.to_string().as_bytes(), None, Some(algorithm)).unwrap();
        let token = ["compact", "jws", "compact_serialization"]
            .iter()
            .find_map(|name| vector[name].as_str())
            .unwrap();
        let jws = CompactJws::parse(token, 64 * 1024).unwrap();
        assert_eq!(jws.algorithm(), algorithm);
        assert_eq!(
            jws.verified_payload(key.public()).unwrap(),
            vector["payload_utf8"].as_str().unwrap().as_bytes()
        );
        let (input, signature) = token.rsplit_once('.').unwrap();
        let ours = key.sign(input.as_bytes()).unwrap();
        assert!(key.public().verifies(algorithm, input.as_bytes(), &ours));
        if algorithm == Algorithm::RS256 {
            assert_eq!(
                lmr_auth::jose::base64url(&ours),
                signature,
                "PKCS#1 v1.5 signatures are reproducible"
            );
        }
    }
}
