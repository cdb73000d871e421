//! How long sealing and opening take on one core: `cargo run --release -p lmr-envelope --example speed`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement: prints, reads the clock and stops where it cannot go on"
)]

use lmr_envelope::{
    Certificate, DecryptionKey, DecryptionKeys, Header, Limits, OrganisationNumber, PrivateKey, SigningKey,
    SystemRandom, open, seal,
};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};
use std::time::{Duration, Instant};

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

/// The shortest of repeated runs: what the work takes when nothing else disturbs.
fn shortest(mut work: impl FnMut()) -> Duration {
    let started = Instant::now();
    let mut best = Duration::MAX;
    let mut runs = 0;
    while runs < 5 || (started.elapsed() < Duration::from_secs(2) && runs < 2000) {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed());
        runs += 1;
    }
    best
}

fn main() {
    let now = "2025-03-14T07:00:00Z".parse().unwrap();
    let header = Header {
        message_id: "speed",
        sender: OrganisationNumber::parse(SENDER).unwrap(),
        reporting_from: now,
        reporting_to: now,
        generated_at: now,
    };
    println!("{:>6} {:>10} {:>10} {:>12} {:>12}", "RSA", "bundle", "message", "seal", "open");
    for (bits, size) in [(2048, RsaKeySize::_2048), (3072, RsaKeySize::_3072), (4096, RsaKeySize::_4096)] {
        let (certificate, key) = pair(size);
        let signing = SigningKey::new(certificate.clone(), key).unwrap();
        let (recipient, key) = pair(size);
        let keys = DecryptionKeys::new(vec![DecryptionKey::new(recipient.clone(), key).unwrap()]);
        for len in [6_200, 1_000_000, 100_000_000] {
            let bundle = bundle(len);
            let mut message = Vec::new();
            let sealing = shortest(|| {
                message = seal(&bundle, &header, &recipient, &signing, &SystemRandom).unwrap();
            });
            let opening = shortest(|| {
                let limits = Limits::default();
                let opened = open(&message, &certificate, &keys, &limits, now, &SystemRandom).unwrap();
                assert_eq!(opened.len(), bundle.len());
            });
            println!(
                "{bits:>6} {:>10} {:>10} {sealing:>12.1?} {opening:>12.1?}",
                bundle.len(),
                message.len()
            );
        }
    }
}
