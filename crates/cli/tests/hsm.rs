//! A whole transfer with all of the sender's keys on a token: SoftHSM, whose package a machine may lack.
#![cfg(feature = "pkcs11")]

mod world;

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use world::{World, said};

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/libsofthsm2.so",
];

fn run(program: &str, line: &str, world: &World) -> Vec<u8> {
    let output = Command::new(program)
        .args(line.split(' '))
        .current_dir(world.path())
        .env("SOFTHSM2_CONF", world.config("softhsm2.conf"))
        .output()
        .expect(program);
    assert!(output.status.success(), "{program} {line}: {}", said(&output));
    output.stdout
}

/// A token with the key of the certificate (`virksomhet`) and one of the client (`klient`). Removes the files with the
/// keys, so that nothing can sign but the token.
fn token(world: &World, client: &str) {
    std::fs::create_dir(world.config("tokens")).expect("a folder");
    let folder = world.config("tokens");
    let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", folder.display());
    std::fs::write(world.config("softhsm2.conf"), text).expect("written");
    std::fs::write(world.config("pin"), "pin-7d1f-4e0c\n").expect("written");
    run(
        "softhsm2-util",
        "--init-token --free --label Sykehus --pin pin-7d1f-4e0c --so-pin 5678",
        world,
    );
    for (file, label, id) in [("sender.key", "virksomhet", "a1"), (client, "klient", "b2")] {
        run("openssl", &format!("pkcs8 -topk8 -nocrypt -in {file} -out plain.p8"), world);
        let import = "--token Sykehus --pin pin-7d1f-4e0c --import plain.p8";
        run("softhsm2-util", &format!("{import} --label {label} --id {id}"), world);
        std::fs::remove_file(world.config("plain.p8")).expect("removed");
        std::fs::remove_file(world.config(file)).expect("removed");
    }
}

fn uri(world: &World, module: &str, object: &str) -> String {
    let pin = world.config("pin");
    format!(
        "pkcs11:token=Sykehus;object={object}?module-path={module}&pin-source=file:{}",
        pin.display()
    )
}

/// Sends everything, finds nothing to do afterwards, and `lmr doctor` finds nothing wrong.
fn sends_everything(world: &World) {
    let conf = world.config("softhsm2.conf");
    let environment = [("SOFTHSM2_CONF", conf.to_str().expect("UTF-8"))];
    let first = world.send_with(&["run"], &environment);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    let stored: u64 = world
        .deliveries()
        .iter()
        .map(|delivery| delivery["counts"]["created"].as_u64().unwrap_or_default())
        .sum();
    assert_eq!(stored, world.reported_resources(), "{:?}", world.deliveries());
    let again = world.send_with(&["run"], &environment);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    let doctor = Command::new(world::lmr())
        .args(["doctor", "--config"])
        .arg(world.config("sender.toml"))
        .envs(environment)
        .output()
        .expect("lmr doctor");
    assert!(doctor.status.success(), "{}", said(&doctor));
    // Without the token nothing goes, and the reason is named.
    std::fs::rename(world.config("tokens"), world.config("away")).expect("moved");
    std::fs::create_dir(world.config("tokens")).expect("a folder");
    let none = world.send_with(&["run"], &environment);
    assert!(!none.status.success() && said(&none).contains("Sykehus"), "{}", said(&none));
    assert!(!said(&none).contains("pin-7d1f-4e0c"), "the PIN is never shown: {}", said(&none));
}

#[test]
fn a_transfer_with_all_keys_on_a_token_and_tokens_from_maskinporten() {
    let Some(module) = MODULES.iter().find(|path| Path::new(path).exists()) else {
        println!("left out: SoftHSM is not installed (apt-get install softhsm2)");
        return;
    };
    let world = World::make_with("lmdi-1.1.7", 4, 1000, &["--tokens-from", "maskinporten"]);
    let key = world.config("maskinporten-client.public.jwk");
    let (_issuer, _receiver) = (world.issuer_of("maskinporten", &key), world.receiver());
    token(&world, "maskinporten-client.key");
    world.set(
        "sender.toml",
        "key = \"sender.key\"",
        &format!("key = \"{}\"", uri(&world, module, "virksomhet")),
    );
    let client = format!("key = \"{}\"", uri(&world, module, "klient"));
    world.set("sender.toml", "key = \"maskinporten-client.key\"", &client);
    sends_everything(&world);
}

/// With HelseID the key on the token signs the proofs (DPoP) of every request too.
#[test]
fn a_transfer_with_all_keys_on_a_token_and_tokens_from_helseid() {
    let Some(module) = MODULES.iter().find(|path| Path::new(path).exists()) else {
        println!("left out: SoftHSM is not installed (apt-get install softhsm2)");
        return;
    };
    let world = World::make("lmdi-1.1.7", 4, 1000);
    run("openssl", "genrsa -out client.key 2048", &world);
    let modulus = run("openssl", "rsa -in client.key -noout -modulus", &world);
    let hex = String::from_utf8(modulus).expect("UTF-8");
    let hex = hex.trim().split_once('=').expect("Modulus=").1;
    let modulus: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("digits"))
        .collect();
    let jwk = serde_json::json!({
        "kty": "RSA", "kid": "liksom-hsm", "alg": "PS256", "use": "sig", "e": "AQAB",
        "n": URL_SAFE_NO_PAD.encode(modulus),
    });
    let public = world.config("client.public.jwk");
    std::fs::write(&public, jwk.to_string()).expect("written");
    let (_issuer, _receiver) = (world.issuer_of("helseid", &public), world.receiver());
    token(&world, "client.key");
    world.set(
        "sender.toml",
        "key = \"sender.key\"",
        &format!("key = \"{}\"", uri(&world, module, "virksomhet")),
    );
    let client = format!(
        "key = \"{}\"\nkid = \"liksom-hsm\"\nalgorithm = \"PS256\"",
        uri(&world, module, "klient")
    );
    world.set("sender.toml", "key = \"helseid-client.jwk\"", &client);
    sends_everything(&world);
}
