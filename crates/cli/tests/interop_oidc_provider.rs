//! Both sides with an issuer that is not ours: oidc-provider on Node, with client credentials, private_key_jwt and
//! DPoP. `LMR_INTEROP_NODE` says that `scripts/oidc-provider` has its packages (`npm ci`).
#![expect(
    clippy::disallowed_methods,
    reason = "what is installed depends on the machine; the test says what it leaves out"
)]

use crate::world;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use world::{World, lmr};

const CLIENT: &str = lmr_sandbox::folder::CLIENT_ID;
const SCOPE: &str = "fhi:lmr.fhirmottak/api";
const AUDIENCE: &str = "fhi:lmr.fhirmottak";

struct Issuer(Child);

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the issuer and waits until it answers.
fn issuer(world: &World, audience: &str, organisation: &str) -> Issuer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/oidc-provider");
    let port = world.issuer().rsplit(':').next().expect("a port").to_owned();
    let mut child = Command::new("node")
        .arg(folder.join("issuer.mjs"))
        .arg(port)
        .arg(world.config("helseid-client.public.jwk"))
        .args([CLIENT, SCOPE, audience, organisation])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("node runs");
    let out = BufReader::new(child.stdout.take().expect("its output"));
    // What it warns of (a development set-up) comes first.
    let started = out.lines().any(|line| line.is_ok_and(|line| line.starts_with("issuer at")));
    assert!(started, "the issuer did not start");
    Issuer(child)
}

fn send(world: &World) -> Output {
    Command::new(lmr())
        .args(["send", "run", "--lang", "en", "--config"])
        .arg(world.config("sender.toml"))
        .output()
        .expect("lmr runs")
}

#[test]
fn a_token_of_a_foreign_issuer_is_got_bound_and_accepted() {
    if std::env::var("LMR_INTEROP_NODE").is_err() {
        println!("left out: LMR_INTEROP_NODE is not set, so no foreign issuer is tried");
        return;
    }
    let world = World::make("lmdi-1.1.7", 2, 50);
    let toml = std::fs::read_to_string(world.config("sender.toml")).expect("the configuration");
    let organisation = toml
        .lines()
        .find_map(|line| line.strip_prefix("organisation = \"")?.strip_suffix('"'))
        .expect("an organisation");
    for (audience, of, refusal) in
        [("fhi:lmr/fhirmottak", organisation, "LMR-1015"), (AUDIENCE, "310000019", "LMR-2022")]
    {
        let _issuer = issuer(&world, audience, of);
        let _receiver = world.receiver();
        let sent = send(&world);
        let said = String::from_utf8_lossy(&sent.stdout).into_owned();
        assert_ne!(sent.status.code(), Some(0), "{said}");
        assert!(said.contains(refusal), "{audience} {of}: {said}");
    }
    let _issuer = issuer(&world, AUDIENCE, organisation);
    let _receiver = world.receiver();
    let sent = send(&world);
    let said = String::from_utf8_lossy(&sent.stdout).into_owned();
    assert_eq!(sent.status.code(), Some(0), "{said}{}", world.log());
    assert!(said.contains("Everything is delivered"), "{said}");
}
