//! What an unknown caller may send as a token or proof, and what a key server may answer.
//! The first byte chooses: `k` one key, `s` a set of keys, else a compact JWS.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lmr_auth::jose::{CompactJws, PublicJwk, parse_jwks};

const LONGEST: usize = 16 * 1024;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, rest)) = data.split_first() else { return };
    match kind {
        b'k' => {
            if let Ok(key) = PublicJwk::parse(rest) {
                let written = key.to_json().to_string();
                let again =
                    PublicJwk::parse(written.as_bytes()).expect("a key we wrote is readable");
                assert_eq!(again.thumbprint(), key.thumbprint());
                if let Some(algorithm) = key.algorithm() {
                    assert!(!key.verifies(algorithm, b"message", b"no signature"));
                }
            }
        }
        b's' => {
            let _ = parse_jwks(rest);
        }
        _ => {
            let Ok(text) = std::str::from_utf8(data) else { return };
            match CompactJws::parse(text, LONGEST) {
                Ok(jws) => {
                    assert!(text.len() <= LONGEST);
                    let _ = (jws.algorithm(), jws.kid(), jws.typ(), jws.unverified_claims());
                }
                Err(fault) => {
                    assert!(fault.to_string().len() < 400, "a fault never repeats the token")
                }
            }
        }
    }
});
