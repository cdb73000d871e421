//! How long sealing and opening take on one core: `cargo bench -p lmr-envelope`.
//!
//! Arguments are the size of the RSA keys in bits and that of the bundle in bytes.

#![allow(clippy::unwrap_used, reason = "a measurement")]

use divan::Bencher;
use lmr_envelope::{
    Certificate, DecryptionKey, DecryptionKeys, Header, Limits, PrivateKey, SigningKey,
    SystemRandom, open, seal,
};
use lmr_identifiers::OrganisationNumber;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};

const SENDER: &str = "310000019";

fn pair(size: RsaKeySize) -> (Certificate, PrivateKey) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).unwrap();
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params.distinguished_name.push(DnType::from_oid(&[2, 5, 4, 97]), format!("NTRNO-{SENDER}"));
    let certificate = Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap();
    (certificate, PrivateKey::from_pkcs8(&key.serialize_der()).unwrap())
}

/// A bundle as compressible as real ones: the same structure with other numbers.
fn bundle(len: usize) -> Vec<u8> {
    let mut text = String::from("{\"resourceType\":\"Bundle\",\"entry\":[");
    let mut n = 1_u64;
    while text.len() < len {
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.push_str(&format!(
            "{{\"fullUrl\":\"urn:uuid:{n:016x}\",\"resource\":{{\"resourceType\":\"MedicationAdministration\",\
             \"status\":\"completed\",\"subject\":{{\"reference\":\"urn:uuid:{:016x}\"}},\"dosage\":{{\"dose\":{{\"value\":{}}}}}}}}},",
            n.rotate_left(17),
            n % 1000
        ));
    }
    text.pop();
    text.push_str("]}");
    text.into_bytes()
}

const CASES: [(usize, usize); 4] = [(2048, 6_200), (3072, 6_200), (4096, 6_200), (3072, 1_000_000)];
const NOW: &str = "2025-03-14T07:00:00Z";

fn size(bits: usize) -> RsaKeySize {
    match bits {
        2048 => RsaKeySize::_2048,
        3072 => RsaKeySize::_3072,
        _ => RsaKeySize::_4096,
    }
}

fn header() -> Header<'static> {
    let now = NOW.parse().unwrap();
    Header {
        message_id: "speed",
        sender: OrganisationNumber::parse(SENDER).unwrap(),
        reporting_from: now,
        reporting_to: now,
        generated_at: now,
    }
}

fn main() {
    divan::main();
}

#[divan::bench(args = CASES)]
fn sealing(bencher: Bencher<'_, '_>, (bits, len): (usize, usize)) {
    let (certificate, key) = pair(size(bits));
    let signing = SigningKey::new(certificate, key).unwrap();
    let (recipient, _) = pair(size(bits));
    let bundle = bundle(len);
    bencher.bench_local(|| seal(&bundle, &header(), &recipient, &signing, &SystemRandom).unwrap());
}

#[divan::bench(args = CASES)]
fn opening(bencher: Bencher<'_, '_>, (bits, len): (usize, usize)) {
    let (certificate, key) = pair(size(bits));
    let signing = SigningKey::new(certificate.clone(), key).unwrap();
    let (recipient, key) = pair(size(bits));
    let keys = DecryptionKeys::new(vec![DecryptionKey::new(recipient.clone(), key).unwrap()]);
    let message = seal(&bundle(len), &header(), &recipient, &signing, &SystemRandom).unwrap();
    let now = NOW.parse().unwrap();
    bencher.bench_local(|| {
        open(&message, &certificate, &keys, &Limits::default(), now, &SystemRandom).unwrap()
    });
}
