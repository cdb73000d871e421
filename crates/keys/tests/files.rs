//! Key files as OpenSSL makes them, in every form that people have: what is read, and what is said of the rest.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

use lmr_keys::{
    Encrypted, FoundKey, KeyFileError, Password, is_pkcs12, read_certificates, read_private_key,
};

/// A folder with a key, its certificate, the certificate of its issuer, and what is made of them.
struct Shelf(tempfile::TempDir);

impl Shelf {
    fn new() -> Self {
        let shelf = Self(tempfile::tempdir().unwrap());
        shelf.openssl(
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 9",
        );
        shelf.openssl(
            "req -new -newkey rsa:2048 -nodes -keyout key.pem -out key.csr -subj /CN=leaf",
        );
        shelf.openssl(
            "x509 -req -in key.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 9",
        );
        shelf.openssl("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
        shelf.openssl("x509 -in leaf.pem -outform DER -out leaf.der");
        shelf.openssl("x509 -in ca.pem -outform DER -out ca.der");
        shelf.openssl("ecparam -name prime256v1 -genkey -out ec.sec1.pem");
        shelf.openssl("pkcs8 -topk8 -nocrypt -in ec.sec1.pem -out ec.pem");
        shelf
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs one of OpenSSL's commands in the folder.
    fn openssl(&self, line: &str) {
        let output = Command::new("openssl")
            .args(line.split(' '))
            .current_dir(self.path())
            .output()
            .expect("openssl");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).expect(name)
    }

    fn key(&self, name: &str, password: Option<&str>) -> Result<Vec<u8>, KeyFileError> {
        let password = password.map(|text| Password::new(text.to_owned()));
        match read_private_key(&self.read(name), password.as_ref())? {
            FoundKey::Pkcs8(der) => Ok(der.to_vec()),
            FoundKey::Jwk(_) => panic!("{name} is no JWK"),
        }
    }

    fn certificates(&self, name: &str, password: &str) -> Result<Vec<Vec<u8>>, KeyFileError> {
        read_certificates(&self.read(name), Some(&Password::new(password.to_owned())))
    }
}

/// How OpenSSL is asked for a file, and whether it is encrypted.
const KEYS: [(&str, &str, bool); 12] = [
    ("pkcs8.pem", "pkcs8 -topk8 -nocrypt -in key.pem -out pkcs8.pem", false),
    ("pkcs8.der", "pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out pkcs8.der", false),
    ("pkcs1.pem", "rsa -traditional -in key.pem -out pkcs1.pem", false),
    ("pkcs1.der", "rsa -traditional -in key.pem -outform DER -out pkcs1.der", false),
    (
        "aes256.pem",
        "pkcs8 -topk8 -v2 aes-256-cbc -in key.pem -out aes256.pem -passout pass:æøå1",
        true,
    ),
    (
        "aes128.der",
        "pkcs8 -topk8 -v2 aes-128-cbc -in key.pem -outform DER -out aes128.der -passout pass:æøå1",
        true,
    ),
    (
        "sha1.pem",
        "pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA1 -in key.pem -out sha1.pem -passout pass:æøå1",
        true,
    ),
    ("des3.pem", "pkcs8 -topk8 -v2 des3 -in key.pem -out des3.pem -passout pass:æøå1", true),
    ("scrypt.pem", "pkcs8 -topk8 -scrypt -in key.pem -out scrypt.pem -passout pass:æøå1", true),
    (
        "modern.p12",
        "pkcs12 -export -inkey key.pem -in leaf.pem -certfile ca.pem -out modern.p12 -passout pass:æøå1",
        true,
    ),
    (
        "des3.p12",
        "pkcs12 -export -inkey key.pem -in leaf.pem -certfile ca.pem -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -out des3.p12 -passout pass:æøå1",
        true,
    ),
    (
        "legacy.p12",
        "pkcs12 -export -legacy -inkey key.pem -in leaf.pem -certfile ca.pem -out legacy.p12 -passout pass:æøå1",
        true,
    ),
];

#[test]
fn every_form_of_a_key_that_openssl_makes_is_read_as_the_same_key() {
    let shelf = Shelf::new();
    let expected = shelf.read("key.der");
    for (name, command, is_encrypted) in KEYS {
        shelf.openssl(command);
        let password = is_encrypted.then_some("æøå1");
        assert_eq!(shelf.key(name, password).as_deref(), Ok(expected.as_slice()), "{name}");
        let what = if name.contains("p12") { Encrypted::Pkcs12 } else { Encrypted::Pkcs8 };
        if is_encrypted {
            let missing = Err(KeyFileError::PasswordMissing { what });
            assert_eq!(shelf.key(name, None), missing, "{name}");
            let wrong = Err(KeyFileError::PasswordWrong { what });
            assert_eq!(shelf.key(name, Some("galt")), wrong, "{name}");
        }
        // A line end after the password is the editor's.
        let with_line_end = password.map(|text| format!("{text}\r\n"));
        assert!(shelf.key(name, with_line_end.as_deref()).is_ok(), "{name}");
        assert_eq!(is_pkcs12(&shelf.read(name)), what == Encrypted::Pkcs12, "{name}");
        // Cut off anywhere it is an error, never a panic and never another key.
        let whole = shelf.read(name);
        for length in (0..whole.len() - 2).step_by(whole.len() / 40) {
            let password = password.map(|text| Password::new(text.to_owned()));
            let read = read_private_key(&whole[..length], password.as_ref());
            assert!(read.is_err(), "{name} cut off at {length}: {read:?}");
        }
    }
    // Elliptic curves, with the block of parameters that OpenSSL writes first.
    let expected = shelf.key("ec.pem", None).unwrap();
    let wrapped = shelf.key("ec.sec1.pem", None).unwrap();
    let load = |der: &[u8]| {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).expect("PKCS#8");
        pair.public_key().as_ref().to_vec()
    };
    assert_eq!(load(&wrapped), load(&expected));
}

#[test]
fn certificates_come_with_the_leaf_first() {
    let shelf = Shelf::new();
    let expected = vec![shelf.read("leaf.der"), shelf.read("ca.der")];
    for (name, command, _) in KEYS.iter().filter(|(name, ..)| name.contains("p12")) {
        shelf.openssl(command);
        assert_eq!(shelf.certificates(name, "æøå1"), Ok(expected.clone()), "{name}");
    }
    let both = [shelf.read("leaf.pem"), shelf.read("ca.pem")].concat();
    std::fs::write(shelf.path().join("both.pem"), both).unwrap();
    assert_eq!(shelf.certificates("both.pem", ""), Ok(expected.clone()));
    assert_eq!(shelf.certificates("leaf.der", ""), Ok(expected[..1].to_vec()));
    // What OpenSSL prints of a PKCS#12 file, with its attributes around the blocks.
    shelf.openssl("pkcs12 -in modern.p12 -nodes -out dump.pem -passin pass:æøå1");
    assert_eq!(shelf.certificates("dump.pem", "").map(|found| found.len()), Ok(2));
    assert_eq!(shelf.key("dump.pem", None), Ok(shelf.read("key.der")));
}

#[test]
fn what_gives_no_key_or_certificate_is_named() {
    let shelf = Shelf::new();
    let write =
        |name: &str, content: &[u8]| std::fs::write(shelf.path().join(name), content).unwrap();
    write("empty", b"");
    write("text", b"not a key");
    write("broken.pem", b"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n");
    write("endless.pem", b"-----BEGIN PRIVATE KEY-----\nMIIE");
    write("two.pem", &[shelf.read("key.pem"), shelf.read("ca.key")].concat());
    write("indefinite.p12", &[0x30, 0x80, 2, 1, 3, 0x30, 0x80, 0, 0, 0, 0]);
    shelf.openssl("rsa -traditional -aes128 -in key.pem -out old.pem -passout pass:x");
    shelf.openssl("pkcs8 -topk8 -v1 PBE-SHA1-3DES -in key.pem -out pbes1.pem -passout pass:x");
    shelf.openssl("pkcs8 -topk8 -v2 aria-256-cbc -in key.pem -out aria.pem -passout pass:x");
    shelf.openssl("pkcs12 -export -nokeys -in leaf.pem -out nokey.p12 -passout pass:x");
    shelf.openssl("pkcs12 -export -nocerts -inkey key.pem -out nocert.p12 -passout pass:x");
    shelf.openssl("pkcs12 -export -keypbe aria-256-cbc -inkey key.pem -in leaf.pem -out aria.p12 -passout pass:x");
    let no_key = |found: &str| KeyFileError::NoKey { found: found.to_owned() };
    for (name, expected) in [
        ("empty", KeyFileError::Empty),
        ("text", KeyFileError::Unknown),
        ("broken.pem", KeyFileError::Damaged),
        ("endless.pem", KeyFileError::Damaged),
        ("two.pem", KeyFileError::SeveralKeys { count: 2 }),
        ("indefinite.p12", KeyFileError::Ber),
        ("old.pem", KeyFileError::OldPem),
        ("leaf.pem", no_key("CERTIFICATE")),
        ("leaf.der", no_key("CERTIFICATE")),
        ("key.csr", no_key("CERTIFICATE REQUEST")),
        ("nokey.p12", no_key("PKCS#12")),
    ] {
        let error = shelf.key(name, Some("x")).expect_err(name);
        assert_eq!(error, expected, "{name}");
    }
    for name in ["pbes1.pem", "aria.pem", "aria.p12"] {
        let error = shelf.key(name, Some("x")).expect_err(name);
        assert!(matches!(error, KeyFileError::Unsupported { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains("openssl"), "{name} has a remedy: {error}");
    }
    for (name, found) in
        [("key.pem", "PRIVATE KEY"), ("key.der", "PRIVATE KEY"), ("nocert.p12", "PKCS#12")]
    {
        let expected = KeyFileError::NoCertificate { found: found.to_owned() };
        assert_eq!(shelf.certificates(name, "x"), Err(expected), "{name}");
    }
}
