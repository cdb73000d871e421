//! The same message format by another hand: `scripts/interop/signert_kryptert_bundle.py` on Python's `cryptography`.
//!
//! `LMR_INTEROP_PYTHON` names a Python that has that package.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and says what it leaves out"
)]

use lmr_envelope::synthetic::{header, now, world};
use lmr_envelope::{Limits, SystemRandom, open, seal};
use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};
use tempfile::TempDir;

#[expect(clippy::disallowed_methods, reason = "which Python to use depends on the machine")]
fn python() -> Option<String> {
    let python = std::env::var("LMR_INTEROP_PYTHON").ok();
    if python.is_none() {
        println!("left out: LMR_INTEROP_PYTHON is not set, so no foreign implementation is run");
    }
    python
}

fn files() -> TempDir {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("sender.pem", &world.sender.pem),
        ("sender.key", &world.sender.key_pem),
        ("register.pem", &world.register.pem),
        ("register.key", &world.register.key_pem),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn run(python: &str, folder: &TempDir, args: &[&str], input: &[u8]) -> Vec<u8> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../scripts/interop/signert_kryptert_bundle.py");
    let mut child = Command::new(python)
        .arg(script.canonicalize().unwrap())
        .args(args)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "the script failed; its reason is above");
    output.stdout
}

fn bundles() -> [Vec<u8>; 3] {
    let large = format!(r#"{{"resourceType":"Bundle","æøå":"{}"}}"#, "x0y1".repeat(500_000));
    [b"{}".to_vec(), br#"{"resourceType":"Bundle","type":"batch"}"#.to_vec(), large.into_bytes()]
}

#[test]
fn what_python_seals_opens_here() {
    let Some(python) = python() else { return };
    let (world, folder) = (world(), files());
    // The made-up large bundle is more regular than any real one.
    let limits = Limits { ratio: 2000, ..Limits::default() };
    for style in ["camel", "pascal"] {
        for bundle in bundles() {
            let args = [
                "seal",
                "--register-cert=register.pem",
                "--sender-cert=sender.pem",
                "--sender-key=sender.key",
                "--now=2025-03-14T07:00:00.123456+00:00",
                "--style",
                style,
            ];
            let message = run(&python, &folder, &args, &bundle);
            let sender = world.sender.certificate();
            let keys = world.register.decrypting();
            let opened = open(&message, &sender, &keys, &limits, now(), &SystemRandom).unwrap();
            assert!(opened == bundle, "{style}, {} bytes", bundle.len());
            let envelope = lmr_envelope::Envelope::parse(&message, &limits).unwrap();
            let sealed_at = "2025-03-14T07:00:00.123456Z".parse().unwrap();
            assert_eq!(envelope.generated_at(), sealed_at, "{style}");
        }
    }
}

#[test]
fn what_is_sealed_here_opens_in_python() {
    let Some(python) = python() else { return };
    let (world, folder) = (world(), files());
    for bundle in bundles() {
        let register = world.register.certificate();
        let message =
            seal(&bundle, &header(), &register, &world.sender.signing(), &SystemRandom).unwrap();
        let args = [
            "open",
            "--register-cert=register.pem",
            "--register-key=register.key",
            "--sender-cert=sender.pem",
        ];
        assert!(run(&python, &folder, &args, &message) == bundle, "{} bytes", bundle.len());
    }
}
