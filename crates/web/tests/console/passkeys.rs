//! Making a passkey and signing in with it, through HTTP; the browser and its authenticator are played here.

use super::{Page, World, world};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use lmr_web::{Operator, Passkey, PasskeyError, Role};
use serde_json::{Value, json};

const ORIGIN: &str = "http://localhost:4712";
const ID: &[u8] = b"credential-1";
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const WITH_CREDENTIAL: u8 = 0x40;

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

struct Authenticator {
    key: EcdsaKeyPair,
}

/// What a browser sends; each member can be made wrong.
#[derive(Clone)]
struct Ceremony {
    client: Value,
    site: String,
    flags: u8,
    counter: u32,
    credential: Vec<u8>,
    other_signature: bool,
}

impl Ceremony {
    fn right(kind: &str, challenge: &str) -> Self {
        Self {
            client: json!({"type": kind, "challenge": challenge, "origin": ORIGIN, "crossOrigin": false, "extra": 1}),
            site: "localhost".to_owned(),
            flags: PRESENT | VERIFIED,
            counter: 0,
            credential: ID.to_vec(),
            other_signature: false,
        }
    }

    fn authenticator(&self) -> Vec<u8> {
        let mut data = digest(&SHA256, self.site.as_bytes()).as_ref().to_vec();
        data.push(self.flags);
        data.extend(self.counter.to_be_bytes());
        if self.flags & WITH_CREDENTIAL != 0 {
            data.extend([0; 16]);
            data.extend(u16::try_from(self.credential.len()).unwrap().to_be_bytes());
            data.extend(&self.credential);
            data.extend([0xa5, 1, 2, 3]);
        }
        data
    }
}

impl Authenticator {
    fn new() -> Self {
        Self { key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap() }
    }

    fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = self.key.public_key().as_der().unwrap();
        der.as_ref().to_vec()
    }

    fn line(&self) -> String {
        format!("passkey es256 {} {}", text(ID), text(&self.spki()))
    }

    async fn make(&self, world: &World, with: impl FnOnce(&mut Ceremony)) -> Page {
        let challenge = challenge(&world.get("/konsoll/passkey", "").await);
        let mut ceremony = Ceremony::right("webauthn.create", &challenge);
        ceremony.flags |= WITH_CREDENTIAL;
        with(&mut ceremony);
        let fields = [
            ("name", "kari <b>"),
            ("challenge", &*challenge),
            ("client", &text(ceremony.client.to_string().as_bytes())),
            ("authenticator", &text(&ceremony.authenticator())),
            ("key", &text(&self.spki())),
            ("algorithm", "-7"),
        ];
        world.post("/konsoll/passkey", "", &fields).await
    }

    async fn sign_in(&self, world: &World, with: impl FnOnce(&mut Ceremony)) -> Page {
        let challenge = challenge(&world.get("/konsoll/sign-in", "").await);
        self.answer(world, &challenge, with).await
    }

    async fn answer(
        &self,
        world: &World,
        challenge: &str,
        with: impl FnOnce(&mut Ceremony),
    ) -> Page {
        let mut ceremony = Ceremony::right("webauthn.get", challenge);
        with(&mut ceremony);
        let client = ceremony.client.to_string();
        let data = ceremony.authenticator();
        let mut signed = [&data, digest(&SHA256, client.as_bytes()).as_ref()].concat();
        if ceremony.other_signature {
            signed.push(0);
        }
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let fields = [
            ("to", "/konsoll/alerts"),
            ("challenge", challenge),
            ("credential", &text(&ceremony.credential)),
            ("client", &text(client.as_bytes())),
            ("authenticator", &text(&data)),
            ("signature", &text(signature.as_ref())),
        ];
        world.post("/konsoll/sign-in/passkey", "", &fields).await
    }
}

fn challenge(page: &Page) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let (_, after) = page.text.split_once("name=\"challenge\" value=\"").unwrap();
    after.split('"').next().unwrap().to_owned()
}

fn operator(line: &str) -> Operator {
    let passkeys = vec![Passkey::parse(line).unwrap()];
    Operator { name: "kari".to_owned(), role: Role::Act, password: None, passkeys }
}

#[tokio::test]
async fn a_passkey_is_made_in_the_browser_and_lets_in_once_its_line_is_configured() {
    let world = world().await;
    let page = world.get("/konsoll/sign-in", "").await;
    assert!(
        page.text.contains("/konsoll/passkey") && !page.text.contains("passkey.js"),
        "nobody has one"
    );
    let authenticator = Authenticator::new();
    let page = world.get("/konsoll/passkey", "").await;
    assert!(
        page.text.contains("data-host=\"localhost\"") && page.text.contains(ORIGIN),
        "{}",
        page.text
    );
    assert_eq!(world.get("/konsoll/passkey.js", "").await.status, StatusCode::OK);
    let page = authenticator.make(&world, |_| ()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let line = authenticator.line();
    assert!(page.text.contains(&format!("{line} kari &#60;b&#62;")), "{}", page.text);
    let refused = authenticator.sign_in_by(&world, "A").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "the line is nowhere yet");

    world.console.replace_operators(vec![operator(&format!("{line} kari, laptop"))]);
    let page = world.get("/konsoll/sign-in", "").await;
    assert!(page.text.contains("<script src=\"/konsoll/passkey.js\" defer></script>"));
    assert!(!page.text.contains("name=\"password\""), "nobody has a password");
    let page = authenticator.sign_in(&world, |_| ()).await;
    assert_eq!(
        (page.status, &*page.location),
        (StatusCode::SEE_OTHER, "/konsoll/alerts"),
        "{}",
        page.text
    );
    let cookie = page.cookie.unwrap();
    let page = world.get("/konsoll", cookie.split(';').next().unwrap()).await;
    assert!(page.text.contains("<span>kari ") && page.text.contains("(handle)"), "{}", page.text);
    // A second passkey changes nothing for who is signed in; one less does.
    let second = Authenticator::new();
    let both = Operator {
        passkeys: [&line, &second.line()].map(|line| Passkey::parse(line).unwrap()).to_vec(),
        ..operator(&line)
    };
    world.console.replace_operators(vec![both.clone()]);
    let session = cookie.split(';').next().unwrap();
    assert_eq!(world.get("/konsoll", session).await.status, StatusCode::OK);
    world.console.replace_operators(vec![operator(&line)]);
    assert_eq!(world.get("/konsoll", session).await.status, StatusCode::SEE_OTHER);
    let page = authenticator.sign_in(&world, |_| ()).await;
    let cookie = page.cookie.unwrap();
    // Taken out of the configuration, nobody comes in with it, and the session ends.
    world.console.replace_operators(Vec::new());
    let page = world.get("/konsoll", cookie.split(';').next().unwrap()).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(authenticator.sign_in_by(&world, "A").await.status, StatusCode::UNAUTHORIZED);
}

impl Authenticator {
    /// With a challenge that nobody gave.
    async fn sign_in_by(&self, world: &World, challenge: &str) -> Page {
        self.answer(world, challenge, |_| ()).await
    }
}

#[tokio::test]
async fn what_is_not_a_right_answer_of_the_right_passkey_lets_nobody_in() {
    let world = world().await;
    let authenticator = Authenticator::new();
    world.console.replace_operators(vec![operator(&authenticator.line())]);
    type Change = fn(&mut Ceremony);
    let changes: [(&str, Change); 16] = [
        ("another kind", |c| c.client["type"] = json!("webauthn.create")),
        ("another challenge", |c| c.client["challenge"] = json!("A".repeat(43))),
        ("no challenge", |c| c.client["challenge"] = json!(null)),
        ("another origin", |c| c.client["origin"] = json!("https://localhost:4712")),
        ("another port", |c| c.client["origin"] = json!("http://localhost")),
        ("an origin that begins like ours", |c| {
            c.client["origin"] = json!("http://localhost:47120")
        }),
        ("in a frame of another site", |c| c.client["crossOrigin"] = json!(true)),
        ("not an object", |c| c.client = json!([])),
        ("another site", |c| c.site = "example.no".to_owned()),
        ("nobody present", |c| c.flags = VERIFIED),
        ("not unlocked", |c| c.flags = PRESENT),
        ("backed up, but not to be", |c| c.flags |= 1 << 4),
        ("another credential", |c| c.credential = b"credential-2".to_vec()),
        ("no credential", |c| c.credential.clear()),
        ("another text signed", |c| c.other_signature = true),
        ("the start of the id", |c| c.credential.truncate(4)),
    ];
    for (what, change) in changes {
        let page = authenticator.sign_in(&world, change).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{what}: {}", page.text);
        assert!(page.text.contains("Passnøkkelen godtas ikke.") && page.cookie.is_none(), "{what}");
    }
    let page = Authenticator::new().sign_in(&world, |_| ()).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "another key");
    // A challenge is good once, and for half an hour.
    let given = challenge(&world.get("/konsoll/sign-in", "").await);
    assert_eq!(authenticator.answer(&world, &given, |_| ()).await.status, StatusCode::SEE_OTHER);
    assert_eq!(authenticator.answer(&world, &given, |_| ()).await.status, StatusCode::UNAUTHORIZED);
    let given = challenge(&world.get("/konsoll/sign-in", "").await);
    *world.now.lock().unwrap() += SignedDuration::from_mins(30);
    assert_eq!(authenticator.answer(&world, &given, |_| ()).await.status, StatusCode::UNAUTHORIZED);
    // A form of another site.
    let page = world.post_from("/konsoll/sign-in/passkey", "", &[], "cross-site").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let page = world.post_from("/konsoll/passkey", "", &[], "cross-site").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_counter_that_does_not_go_up_is_a_copied_key() {
    let world = world().await;
    let authenticator = Authenticator::new();
    world.console.replace_operators(vec![operator(&authenticator.line())]);
    let with = async |counter| {
        authenticator.sign_in(&world, move |c: &mut Ceremony| c.counter = counter).await.status
    };
    assert_eq!(with(0).await, StatusCode::SEE_OTHER, "many keys do not count");
    assert_eq!(with(0).await, StatusCode::SEE_OTHER);
    assert_eq!(with(5).await, StatusCode::SEE_OTHER);
    for counter in [5, 4, 0] {
        assert_eq!(with(counter).await, StatusCode::UNAUTHORIZED, "{counter}");
    }
    assert_eq!(with(6).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_registration_that_is_not_right_gives_no_line() {
    let world = world().await;
    let authenticator = Authenticator::new();
    type Change = fn(&mut Ceremony);
    let changes: [(&str, Change); 7] = [
        ("another kind", |c| c.client["type"] = json!("webauthn.get")),
        ("another challenge", |c| c.client["challenge"] = json!("A")),
        ("another origin", |c| c.client["origin"] = json!("https://example.no")),
        ("another site", |c| c.site = "example.no".to_owned()),
        ("not unlocked", |c| c.flags = PRESENT | WITH_CREDENTIAL),
        ("no credential", |c| c.flags = PRESENT | VERIFIED),
        ("an empty id", |c| c.credential.clear()),
    ];
    for (what, change) in changes {
        let page = authenticator.make(&world, change).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", page.text);
        assert!(!page.text.contains("passkey es256"), "{what}");
    }
}

#[test]
fn a_line_is_read_back_and_anything_else_is_refused() {
    let authenticator = Authenticator::new();
    let line = authenticator.line();
    assert_eq!(Passkey::parse(&format!("  {line}\tkari's laptop ")).unwrap().to_string(), line);
    assert_eq!(format!("{:?}", Passkey::parse(&line).unwrap()), "Passkey { algorithm: Es256, .. }");
    let ed = Ed25519KeyPair::generate().unwrap();
    let der: PublicKeyX509Der<'_> = ed.public_key().as_der().unwrap();
    let ed = format!("passkey ed25519 {} {}", text(ID), text(der.as_ref()));
    assert_eq!(Passkey::parse(&ed).unwrap().to_string(), ed);
    let key = text(&authenticator.spki());
    for (wrong, error) in [
        (String::new(), PasskeyError::NotALine),
        ("passkey es256".to_owned(), PasskeyError::NotALine),
        (line.replace("passkey ", "ssh-rsa "), PasskeyError::NotALine),
        (line.replace("es256", "es512"), PasskeyError::NotALine),
        (line.replace("es256", "rs256"), PasskeyError::Key),
        (line.replace("es256", "ed25519"), PasskeyError::Key),
        (line.replace(&key, &text(&authenticator.spki()[..80])), PasskeyError::Key),
        (format!("passkey es256 {} !!", text(ID)), PasskeyError::NotALine),
        (format!("passkey es256 {} {}", text(&[1; 1024]), text(b"x")), PasskeyError::Field),
    ] {
        assert_eq!(Passkey::parse(&wrong).err(), Some(error), "{wrong}");
    }
}
