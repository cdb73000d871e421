//! Keys and signatures at their public functions: what is verified, what is read, and what is neither.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use lmr_auth::jose::{
    Algorithm, CompactJws, Curve, ExternalKey, ExternalPublicKey, JwkError, JwsError, KeyType,
    PublicJwk, SigningKey, SigningKeyError,
};
use serde_json::{Value, json};

/// A key for each algorithm; the RSA ones are one key, which is costly to make.
fn keys() -> Vec<SigningKey> {
    let rsa = SigningKey::generate(Algorithm::RS256, "k", 2048).unwrap();
    let pem = rsa.to_pkcs8_pem().unwrap();
    Algorithm::ALL
        .into_iter()
        .map(|algorithm| match algorithm.key_type() {
            KeyType::Rsa => SigningKey::from_pem(pem.expose(), "k", algorithm).unwrap(),
            KeyType::Ec(_) => SigningKey::generate(algorithm, "k", 0).unwrap(),
        })
        .collect()
}

fn read(jwk: &Value) -> Result<PublicJwk, JwkError> {
    PublicJwk::parse(jwk.to_string().as_bytes())
}

/// The key with one member replaced; null takes it away.
fn with(key: &Value, name: &str, value: Value) -> Value {
    let mut key = key.clone();
    key[name] = value;
    key.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    key
}

#[test]
fn a_signature_counts_with_its_own_key_algorithm_and_bytes_only() {
    let (keys, others) = (keys(), keys());
    for (key, other) in keys.iter().zip(&others) {
        let algorithm = key.algorithm();
        let token = key.sign_jws("at+jwt", &json!({ "a": 1 })).unwrap();
        let token = token.expose();
        let jws = CompactJws::parse(token, token.len()).unwrap();
        assert_eq!((jws.algorithm(), jws.kid(), jws.typ()), (algorithm, Some("k"), Some("at+jwt")));
        assert_eq!(jws.verified_payload(key.public()).unwrap(), br#"{"a":1}"#, "{algorithm}");
        assert_eq!(jws.verified_claims(key.public()).unwrap()["a"], 1);
        assert_eq!(jws.verified_payload(other.public()), Err(JwsError::Signature), "{algorithm}");
        for another in &keys {
            let fits = another.algorithm() == algorithm;
            assert_eq!(another.public().fits(algorithm), fits, "{algorithm}");
            if !fits {
                assert_eq!(jws.verified_payload(another.public()), Err(JwsError::KeyMismatch));
            }
            let verified = another.public().verifies(algorithm, b"x", &key.sign(b"x").unwrap());
            assert_eq!(verified, fits, "{algorithm} by a key for {}", another.algorithm());
            assert!(!another.public().verifies(algorithm, b"y", &key.sign(b"x").unwrap()));
        }
        // A key that names no algorithm takes those of its type, and no others.
        let unbound = read(&with(&key.public().to_json(), "alg", json!(null))).unwrap();
        assert_eq!((unbound.algorithm(), key.public().algorithm()), (None, Some(algorithm)));
        for wanted in Algorithm::ALL {
            assert_eq!(unbound.fits(wanted), wanted.key_type() == algorithm.key_type());
        }
        assert_eq!(unbound.thumbprint(), key.public().thumbprint());
        assert_ne!(unbound.thumbprint(), other.public().thumbprint());
        // Any other byte of header, payload or signature.
        for at in (0..token.len()).step_by(token.len() / 40) {
            let swapped = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{swapped}{}", &token[..at], &token[at + 1..]);
            let verdict = CompactJws::parse(&changed, 10_000)
                .and_then(|jws| jws.verified_payload(key.public()).map(<[u8]>::to_vec));
            // The last character may have bits that are no part of a byte; those are refused, too.
            assert!(verdict.is_err(), "{algorithm}: {at}");
        }
    }
}

#[test]
fn a_token_has_three_parts_and_a_greatest_length() {
    let key = SigningKey::generate(Algorithm::ES256, "k", 0).unwrap();
    let token = key.sign_jws("JWT", &json!({})).unwrap();
    let token = token.expose();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{}", parts.len()) };
    let error = |text: &str, max| CompactJws::parse(text, max).err();
    assert_eq!(error(token, token.len()), None);
    assert_eq!(error(token, token.len() - 1), Some(JwsError::TooLong));
    for text in [
        format!(".{payload}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{token}.{payload}"),
        String::new(),
        "..".to_owned(),
    ] {
        assert_eq!(error(&text, 10_000), Some(JwsError::Parts), "{text}");
    }
    assert_eq!(error(&format!("{header}=.{payload}.{signature}"), 9999), Some(JwsError::Encoding));
    let with_header = |header: Value| {
        let header = BASE64URL.encode(header.to_string());
        error(&format!("{header}.{payload}.{signature}"), 9999)
    };
    for alg in ["none", "None", "HS256", "RS1", "es256", ""] {
        assert_eq!(with_header(json!({ "alg": alg })), Some(JwsError::Algorithm), "{alg}");
    }
    assert_eq!(with_header(json!({ "alg": "ES256", "crit": [] })), Some(JwsError::Critical));
    for name in ["typ", "kid", "cty"] {
        let header = json!({ "alg": "ES256", name: 1 });
        assert_eq!(with_header(header), Some(JwsError::HeaderMember(name)));
    }
}

#[test]
fn a_public_key_is_read_in_its_one_spelling_and_for_signatures_only() {
    let rsa = SigningKey::generate(Algorithm::RS256, "k", 2048).unwrap().public().to_json();
    let ec = SigningKey::generate(Algorithm::ES384, "k", 0).unwrap().public().to_json();
    let zero = |key: &Value, name: &str| {
        let mut bytes = BASE64URL.decode(key[name].as_str().unwrap()).unwrap();
        bytes.insert(0, 0);
        json!(BASE64URL.encode(bytes))
    };
    let exponent = |bytes: &[u8]| json!(BASE64URL.encode(bytes));
    for (key, name, value, expected) in [
        (&rsa, "x", json!(1), None),
        (&rsa, "use", json!(null), None),
        (&rsa, "use", json!("enc"), Some(JwkError::Use)),
        (&rsa, "use", json!(1), Some(JwkError::Type("use"))),
        (&rsa, "key_ops", json!(["verify"]), None),
        (&rsa, "key_ops", json!(["sign"]), None),
        (&rsa, "key_ops", json!(["encrypt", "verify"]), None),
        (&rsa, "key_ops", json!(["encrypt"]), Some(JwkError::Use)),
        (&rsa, "key_ops", json!([]), Some(JwkError::Use)),
        (&rsa, "key_ops", json!("verify"), Some(JwkError::Type("key_ops"))),
        (&rsa, "kty", json!(null), Some(JwkError::KeyType)),
        (&rsa, "kty", json!("oct"), Some(JwkError::KeyType)),
        (&rsa, "alg", json!("none"), Some(JwkError::Algorithm)),
        (&rsa, "alg", json!("ES256"), Some(JwkError::Algorithm)),
        (&ec, "alg", json!("ES256"), Some(JwkError::Algorithm)),
        (&rsa, "n", json!(null), Some(JwkError::Missing("n"))),
        (&rsa, "n", json!(1), Some(JwkError::Type("n"))),
        (&rsa, "n", json!("*"), Some(JwkError::Encoding("n"))),
        (&rsa, "n", zero(&rsa, "n"), Some(JwkError::Encoding("n"))),
        (&rsa, "e", zero(&rsa, "e"), Some(JwkError::Encoding("e"))),
        (&rsa, "e", exponent(&[3]), None),
        (&rsa, "e", exponent(&[0xff, 0xff, 0xff, 0xff]), None),
        (&rsa, "e", exponent(&[1]), Some(JwkError::Exponent)),
        (&rsa, "e", exponent(&[2]), Some(JwkError::Exponent)),
        (&rsa, "e", exponent(&[]), Some(JwkError::Exponent)),
        (&rsa, "e", exponent(&[1, 0, 0, 0, 1]), Some(JwkError::Exponent)),
        (&ec, "crv", json!("P-256"), Some(JwkError::Encoding("x"))),
        (&ec, "crv", json!("secp256k1"), Some(JwkError::Curve)),
        (&ec, "crv", json!(null), Some(JwkError::Curve)),
        (&ec, "x", zero(&ec, "x"), Some(JwkError::Encoding("x"))),
        (&ec, "y", zero(&ec, "y"), Some(JwkError::Encoding("y"))),
        (&ec, "y", ec["x"].clone(), Some(JwkError::Point)),
    ] {
        assert_eq!(read(&with(key, name, value.clone())).err(), expected, "{name} {value}");
    }
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert_eq!(read(&with(&rsa, name, json!("AA"))).err(), Some(JwkError::Private(name)));
    }
    assert_eq!(PublicJwk::parse(b"[]").err(), Some(JwkError::NotAnObject));
    // Debug shows who the key is, and nothing long.
    let shown = format!("{:?}", read(&rsa).unwrap());
    assert!(
        shown.contains(&read(&rsa).unwrap().thumbprint()) && shown.contains("RS256"),
        "{shown}"
    );
}

/// A number with base 256, the lowest digit first.
struct Number(Vec<u8>);

impl Number {
    fn times(&mut self, factor: u32) {
        let mut carry = 0;
        for digit in &mut self.0 {
            let product = u32::from(*digit) * factor + carry;
            *digit = u8::try_from(product & 0xff).unwrap();
            carry = product >> 8;
        }
        while carry > 0 {
            self.0.push(u8::try_from(carry & 0xff).unwrap());
            carry >>= 8;
        }
    }

    fn bits(&self) -> usize {
        self.0.len() * 8 - self.0.last().map_or(0, |last| last.leading_zeros() as usize)
    }

    /// As a modulus, with `rest` added.
    fn plus(&self, mut rest: u64) -> Vec<u8> {
        let mut digits = self.0.clone();
        for digit in &mut digits {
            let sum = u64::from(*digit) + (rest & 0xff);
            *digit = u8::try_from(sum & 0xff).unwrap();
            rest = (rest >> 8) + (sum >> 8);
        }
        digits.reverse();
        digits
    }
}

/// The mark of CVE-2017-15361 is one of the rests by small primes; it is made here for powers of 65537.
#[test]
fn a_modulus_has_its_size_and_is_none_that_is_known_to_be_breakable() {
    let rsa = SigningKey::generate(Algorithm::RS256, "k", 2048).unwrap().public().to_json();
    let verdict = |modulus: &[u8]| read(&with(&rsa, "n", json!(BASE64URL.encode(modulus)))).err();
    let primes: Vec<u32> = (3..=167).filter(|n| (2..*n).all(|divisor| n % divisor != 0)).collect();
    assert_eq!(primes.len(), 38);
    for bits in [2048, 3000] {
        let mut product = Number(vec![1]);
        primes.iter().for_each(|prime| product.times(*prime));
        while product.bits() < bits {
            product.times(2);
        }
        for marked in [1, 65_537, 65_537 * 65_537, 65_537 * 65_537 * 65_537] {
            assert_eq!(verdict(&product.plus(marked)), Some(JwkError::WeakModulus), "{marked}");
        }
        // Divisible by one of the primes is no power of anything.
        assert_eq!(verdict(&product.plus(3)), None);
        assert_eq!(verdict(&product.plus(167)), None);
        // 4 by 11, of which only 1 and 10 are powers; the last byte alone would be one.
        assert_eq!(verdict(&product.plus(257)), None);
        assert_eq!(verdict(&product.plus(2)), Some(JwkError::WeakModulus), "even");
    }
    let of_bits = |bits: usize| {
        let mut number = Number(vec![1]);
        (1..bits).for_each(|_| number.times(2));
        assert_eq!(number.bits(), bits);
        number.plus(15)
    };
    for (bits, expected) in [
        (1024, Some(JwkError::Size)),
        (2047, Some(JwkError::Size)),
        (2048, None),
        (2049, None),
        (8192, None),
        (8193, Some(JwkError::Size)),
    ] {
        assert_eq!(verdict(&of_bits(bits)), expected, "{bits}");
    }
}

#[test]
fn private_keys_are_written_and_read_again_and_never_shown() {
    for key in keys() {
        let algorithm = key.algorithm();
        assert_eq!((key.kid(), key.public().kid()), ("k", Some("k")));
        assert_eq!(
            (algorithm.to_string(), Algorithm::from_name(algorithm.name())),
            (algorithm.name().to_owned(), Some(algorithm))
        );
        let pem = key.to_pkcs8_pem().unwrap();
        let lines: Vec<&str> = pem.expose().lines().collect();
        assert_eq!(lines[0], "-----BEGIN PRIVATE KEY-----");
        assert_eq!(lines[lines.len() - 1], "-----END PRIVATE KEY-----");
        let (last, full) = lines[1..lines.len() - 1].split_last().unwrap();
        assert!(full.iter().all(|line| line.len() == 64) && (1..=64).contains(&last.len()));
        let again = SigningKey::from_pem(pem.expose(), "k", algorithm).unwrap();
        assert_eq!(again.public().thumbprint(), key.public().thumbprint(), "{algorithm}");
        let secret = lines[lines.len() / 2];
        for shown in [format!("{key:?}"), format!("{pem:?}"), format!("{:?}", again.public())] {
            assert!(!shown.contains(secret) && !shown.is_empty(), "{algorithm}: {shown}");
        }
        assert!(format!("{key:?}").contains("PublicJwk") && format!("{pem:?}").contains(".."));
        let KeyType::Ec(curve) = algorithm.key_type() else {
            let mismatch = SigningKeyError::AlgorithmMismatch(algorithm);
            assert_eq!(key.to_private_jwk().err(), Some(mismatch));
            continue;
        };
        let jwk = key.to_private_jwk().unwrap();
        let jwk: Value = serde_json::from_str(jwk.expose()).unwrap();
        assert_eq!(jwk["crv"], curve.name());
        let from = |jwk: &Value, kid, algorithm| {
            SigningKey::from_jwk(jwk.to_string().as_bytes(), kid, algorithm)
        };
        let again = from(&jwk, None, None).unwrap();
        assert_eq!(again.public().thumbprint(), key.public().thumbprint());
        assert!(key.public().verifies(algorithm, b"x", &again.sign(b"x").unwrap()));
        assert_eq!(from(&jwk, Some("other"), None).unwrap().kid(), "other");
        let wrong = |jwk: Value| from(&jwk, None, None).err();
        assert_eq!(wrong(with(&jwk, "kid", json!(null))), Some(SigningKeyError::KidMissing));
        assert_eq!(wrong(with(&jwk, "alg", json!(null))), Some(SigningKeyError::AlgorithmMissing));
        let missing = SigningKeyError::Jwk(JwkError::Missing("d"));
        assert_eq!(wrong(with(&jwk, "d", json!(null))), Some(missing));
        let short = SigningKeyError::Jwk(JwkError::Encoding("d"));
        assert_eq!(wrong(with(&jwk, "d", json!("AA"))), Some(short));
        let mismatch = SigningKeyError::AlgorithmMismatch(Algorithm::RS256);
        assert_eq!(from(&jwk, None, Some(Algorithm::RS256)).err(), Some(mismatch));
    }
    for pem in [
        "",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n*\n-----END PRIVATE KEY-----",
    ] {
        let error = SigningKey::from_pem(pem, "k", Algorithm::ES256).err();
        assert_eq!(error, Some(SigningKeyError::NotPem), "{pem}");
    }
    for (bits, made) in [(2048, true), (3072, true), (4096, true), (1024, false), (2049, false)] {
        let key = SigningKey::generate(Algorithm::PS256, "k", bits);
        assert_eq!(key.is_ok(), made, "{bits}");
        if let Err(error) = key {
            assert_eq!(error, SigningKeyError::Size);
        }
    }
}

/// Modulus and exponent, or a point and nothing.
type Numbers = (Vec<u8>, Vec<u8>);

/// A key on a token: signs with the key it has, or says why not.
struct Token(Option<SigningKey>);

impl ExternalKey for Token {
    fn sign(&self, _: Algorithm, message: &[u8]) -> Result<Vec<u8>, String> {
        let key = self.0.as_ref().ok_or("the token is gone")?;
        key.sign(message).map_err(|error| error.to_string())
    }
}

#[test]
fn a_key_that_is_kept_elsewhere_fits_its_algorithm() {
    let numbers = |key: &SigningKey| -> Numbers {
        let json = key.public().to_json();
        let bytes = |name: &str| BASE64URL.decode(json[name].as_str().unwrap_or_default()).unwrap();
        match key.algorithm().key_type() {
            KeyType::Rsa => (bytes("n"), bytes("e")),
            KeyType::Ec(_) => ([&[4], &bytes("x")[..], &bytes("y")[..]].concat(), Vec::new()),
        }
    };
    fn public<'k>(algorithm: Algorithm, (first, second): &'k Numbers) -> ExternalPublicKey<'k> {
        match algorithm.key_type() {
            KeyType::Rsa => ExternalPublicKey::Rsa { modulus: first, exponent: second },
            KeyType::Ec(_) => ExternalPublicKey::Ec { point: first },
        }
    }
    let made: Vec<(Algorithm, Numbers)> =
        keys().iter().map(|key| (key.algorithm(), numbers(key))).collect();
    for key in keys() {
        let algorithm = key.algorithm();
        let own = numbers(&key);
        let thumbprint = key.public().thumbprint();
        let token = Arc::new(Token(Some(key)));
        let external =
            SigningKey::external(token, public(algorithm, &own), "t", algorithm).unwrap();
        assert_eq!((external.kid(), external.public().thumbprint()), ("t", thumbprint));
        let signature = external.sign(b"x").unwrap();
        assert!(external.public().verifies(algorithm, b"x", &signature), "{algorithm}");
        assert_eq!(external.to_pkcs8_pem().err(), Some(SigningKeyError::Rejected));
        // Another type, or a point of another curve.
        for (other, theirs) in &made {
            let key =
                SigningKey::external(Arc::new(Token(None)), public(*other, theirs), "t", algorithm);
            let fits = other.key_type() == algorithm.key_type();
            assert_eq!(key.is_ok(), fits, "{algorithm} with a key for {other}");
            if !fits {
                assert_eq!(key.err(), Some(SigningKeyError::AlgorithmMismatch(algorithm)));
            }
        }
    }
    let (_, (point, _)) = &made[6];
    assert_eq!(made[6].0.key_type(), KeyType::Ec(Curve::P256));
    for (first, length) in [(2, point.len()), (4, point.len() - 1), (4, 33)] {
        let mut point = point[..length].to_vec();
        point[0] = first;
        let key = SigningKey::external(
            Arc::new(Token(None)),
            ExternalPublicKey::Ec { point: &point },
            "t",
            Algorithm::ES256,
        );
        assert!(key.is_err(), "{first} {length}");
    }
    let gone = SigningKey::external(
        Arc::new(Token(None)),
        ExternalPublicKey::Ec { point },
        "t",
        Algorithm::ES256,
    )
    .unwrap();
    assert_eq!(gone.sign(b"x"), Err(SigningKeyError::External("the token is gone".to_owned())));
}
