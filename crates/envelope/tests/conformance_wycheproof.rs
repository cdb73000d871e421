//! Google's Wycheproof vectors, run through the functions that seal and open messages.
//!
//! `LMR_SHARED` names the folder that holds `vectors/wycheproof`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and says what it leaves out"
)]

use aws_lc_rs::digest::{SHA256, digest};
use lmr_envelope::{PrivateKey, primitives};
use serde_json::Value;
use std::path::PathBuf;

#[expect(clippy::disallowed_methods, reason = "tests find shared data by environment")]
fn vectors(file: &str) -> Option<Value> {
    let Ok(shared) = std::env::var("LMR_SHARED") else {
        println!("left out: LMR_SHARED is not set, so {file} is not run");
        return None;
    };
    let path = PathBuf::from(shared).join("vectors/wycheproof").join(file);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_slice(&text).unwrap())
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn groups(file: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let groups = file["testGroups"].as_array().unwrap();
    groups
        .iter()
        .flat_map(|group| group["tests"].as_array().unwrap().iter().map(move |test| (group, test)))
}

#[test]
fn aes_gcm() {
    let Some(file) = vectors("aes_gcm_test.json") else { return };
    let (mut run, mut other_key, mut other_nonce) = (0, 0, 0);
    for (group, test) in groups(&file) {
        // The envelope knows 32-byte keys and 12-byte nonces only: its types admit no others, and
        // `Envelope::parse` refuses a nonce of any other length.
        if group["keySize"] != 256 {
            other_key += 1;
            continue;
        }
        let Ok(nonce) = <[u8; 12]>::try_from(hex(&test["iv"])) else {
            other_nonce += 1;
            continue;
        };
        let id = &test["tcId"];
        let key: [u8; 32] = hex(&test["key"]).try_into().unwrap();
        let tag: [u8; 16] = hex(&test["tag"]).try_into().unwrap();
        let (aad, message, ciphertext) = (hex(&test["aad"]), hex(&test["msg"]), hex(&test["ct"]));
        let mut opened = ciphertext.clone();
        let result = primitives::aes_open(&key, nonce, &aad, &tag, &mut opened);
        match test["result"].as_str().unwrap() {
            "valid" => {
                assert!(result.is_ok(), "test {id}");
                assert_eq!(opened, message, "test {id}");
                let mut sealed = message;
                assert_eq!(
                    primitives::aes_seal(&key, nonce, &aad, &mut sealed),
                    Ok(tag),
                    "test {id}"
                );
                assert_eq!(sealed, ciphertext, "test {id}");
            }
            _ => assert!(result.is_err(), "test {id} must fail"),
        }
        run += 1;
    }
    println!(
        "AES-GCM: {run} run; {other_key} of other key sizes and {other_nonce} of other nonce lengths left out"
    );
    assert_eq!((run, run + other_key + other_nonce), (66, file["numberOfTests"].as_u64().unwrap()));
}

#[test]
fn rsa_oaep() {
    for size in [2048, 3072, 4096] {
        let Some(file) = vectors(&format!("rsa_oaep_{size}_sha256_mgf1sha256_test.json")) else {
            return;
        };
        let mut run = 0;
        for (group, test) in groups(&file) {
            let id = &test["tcId"];
            let key = PrivateKey::from_pkcs8(&hex(&group["privateKeyPkcs8"])).unwrap();
            let label = hex(&test["label"]);
            let label = (!label.is_empty()).then_some(label.as_slice());
            let result = primitives::oaep_decrypt(&key, &hex(&test["ct"]), label);
            match test["result"].as_str().unwrap() {
                "valid" => assert_eq!(*result.unwrap(), hex(&test["msg"]), "{size} test {id}"),
                _ => assert!(result.is_err(), "{size} test {id} must fail"),
            }
            run += 1;
        }
        println!("RSA-OAEP {size}: {run} run, none left out");
        assert_eq!(run, file["numberOfTests"].as_u64().unwrap());
    }
}

#[test]
fn rsa_signatures() {
    for size in [2048, 3072, 4096] {
        let Some(file) = vectors(&format!("rsa_signature_{size}_sha256_test.json")) else { return };
        let mut run = 0;
        for (group, test) in groups(&file) {
            let id = &test["tcId"];
            let key = primitives::verification_key(&hex(&group["publicKeyDer"])).unwrap();
            let digest = digest(&SHA256, &hex(&test["msg"]));
            let result = primitives::verify(&key, &digest, &hex(&test["sig"]));
            match test["result"].as_str().unwrap() {
                "valid" => assert!(result.is_ok(), "{size} test {id}"),
                "invalid" => assert!(result.is_err(), "{size} test {id} must fail"),
                // `MissingNull`: the digest's algorithm identifier without its NULL parameter. RFC 8017
                // (A.2.4) lets a verifier take it; we do not, no known sender writes it.
                _ => {
                    assert_eq!(test["flags"][0], "MissingNull", "{size} test {id}");
                    assert!(result.is_err(), "{size} test {id}");
                }
            }
            run += 1;
        }
        println!("RSA PKCS#1 v1.5 {size}: {run} run, none left out");
        assert_eq!(run, file["numberOfTests"].as_u64().unwrap());
    }
}
