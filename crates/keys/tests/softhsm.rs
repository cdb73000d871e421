//! Keys on a token: SoftHSM, whose package a machine may lack.
#![cfg(feature = "pkcs11")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RsaPublicKeyComponents, UnparsedPublicKey,
};
use lmr_keys::token::{Hash, SignatureScheme, TokenError, TokenPublicKey, certificates, open};
use lmr_keys::{Password, TokenUri};

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/libsofthsm2.so",
];

fn run(program: &str, line: &str, folder: &Path) {
    let output = Command::new(program)
        .args(line.split(' '))
        .current_dir(folder)
        .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
        .output()
        .expect(program);
    assert!(
        output.status.success(),
        "{program} {line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// One test, since the library reads its configuration once in a process.
#[test]
fn a_token_signs_as_a_key_in_a_file_does_and_names_what_is_wrong() {
    let Some(module) = MODULES.iter().find(|path| Path::new(path).exists()) else {
        eprintln!("left out: SoftHSM is not installed (apt-get install softhsm2)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("tokens")).unwrap();
    std::fs::write(
        folder.join("softhsm2.conf"),
        format!("directories.tokendir = {}/tokens\nobjectstore.backend = file\n", folder.display()),
    )
    .unwrap();
    #[expect(
        unsafe_code,
        reason = "the library has no other way to its configuration; nothing else runs yet"
    )]
    // SAFETY: this is the only test of the process, and no other thread reads the environment here.
    unsafe {
        std::env::set_var("SOFTHSM2_CONF", folder.join("softhsm2.conf"));
    }
    run(
        "softhsm2-util",
        "--init-token --free --label Sykehus --pin pin-7d1f-4e0c --so-pin 5678",
        folder,
    );
    run(
        "openssl",
        "req -x509 -newkey rsa:2048 -nodes -keyout rsa.pem -out rsa.crt -subj /CN=x -days 9",
        folder,
    );
    run("openssl", "pkcs8 -topk8 -nocrypt -in rsa.pem -out rsa.p8", folder);
    run("openssl", "ecparam -name prime256v1 -genkey -noout -out ec.sec1", folder);
    run("openssl", "pkcs8 -topk8 -nocrypt -in ec.sec1 -out ec.p8", folder);
    let import = "--token Sykehus --pin pin-7d1f-4e0c --import";
    run("softhsm2-util", &format!("{import} rsa.p8 --label virksomhet --id a1"), folder);
    run("softhsm2-util", &format!("{import} ec.p8 --label klient --id b2"), folder);

    let uri = |rest: &str| {
        TokenUri::parse(&format!("pkcs11:{rest}?module-path={module}")).expect("a URI")
    };
    let pin = Password::new("pin-7d1f-4e0c\n".to_owned());
    let message = b"what is signed";

    let key = open(&uri("token=Sykehus;object=virksomhet"), Some(&pin)).expect("the RSA key");
    assert!(!format!("{key:?}").contains("pin-7d1f-4e0c"), "the PIN is never shown");
    let TokenPublicKey::Rsa { modulus, exponent } = key.public_key() else { panic!("RSA") };
    let public = RsaPublicKeyComponents { n: modulus, e: exponent };
    let sign = |scheme, hash: aws_lc_rs::digest::Digest| key.sign(scheme, hash.as_ref()).unwrap();
    let signed = sign(SignatureScheme::RsaPkcs1(Hash::Sha256), digest(&SHA256, message));
    public.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signed).expect("PKCS#1, SHA-256");
    let signed = sign(SignatureScheme::RsaPkcs1(Hash::Sha512), digest(&SHA512, message));
    public.verify(&RSA_PKCS1_2048_8192_SHA512, message, &signed).expect("PKCS#1, SHA-512");
    let signed = sign(SignatureScheme::RsaPss(Hash::Sha256), digest(&SHA256, message));
    public.verify(&RSA_PSS_2048_8192_SHA256, message, &signed).expect("PSS, SHA-256");
    let signed = sign(SignatureScheme::RsaPss(Hash::Sha384), digest(&SHA384, message));
    public.verify(&RSA_PSS_2048_8192_SHA384, message, &signed).expect("PSS, SHA-384");

    // By id, while the other key's session is open.
    let other = open(&uri("id=%b2"), Some(&pin)).expect("the EC key");
    let TokenPublicKey::Ec { point } = other.public_key() else { panic!("EC") };
    let signed =
        other.sign(SignatureScheme::Ecdsa(Hash::Sha256), digest(&SHA256, message).as_ref());
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(message, &signed.expect("signed"))
        .expect("ECDSA");
    // From several threads at once.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let hash = digest(&SHA256, message);
                    key.sign(SignatureScheme::RsaPkcs1(Hash::Sha256), hash.as_ref())
                        .expect("signed");
                }
            });
        }
    });
    drop((key, other));

    let error = |rest: &str, pin: Option<&Password>| open(&uri(rest), pin).expect_err(rest);
    assert_eq!(error("object=ingen", Some(&pin)), TokenError::NoKey);
    assert_eq!(error("object=virksomhet", None), TokenError::PinMissing);
    let wrong = Password::new("4321".to_owned());
    assert_eq!(error("object=virksomhet", Some(&wrong)), TokenError::PinWrong);
    let TokenError::NoToken { present } = error("token=Annet;object=virksomhet", Some(&pin)) else {
        panic!("no such token")
    };
    assert!(present.contains("Sykehus (serial "), "{present}");
    assert_eq!(certificates(&uri("object=virksomhet"), None), Err(TokenError::NoCertificate));
    let none = TokenUri::parse("pkcs11:object=a?module-path=/no/such/lib.so").unwrap();
    assert!(matches!(open(&none, Some(&pin)), Err(TokenError::Module { .. })));
    // The PIN from the file that the URI names.
    std::fs::write(folder.join("pin"), "pin-7d1f-4e0c\n").unwrap();
    let uri = format!(
        "pkcs11:object=virksomhet?module-path={module}&pin-source=file:{}",
        folder.join("pin").display()
    );
    open(&TokenUri::parse(&uri).unwrap(), None).expect("the key");
}
