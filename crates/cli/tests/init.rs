//! `lmr send init` as a newcomer uses it: from nothing to the first bundle at a simulated register.

use crate::world;

use std::path::Path;
use std::process::{Command, Output};

use world::{World, free_port, lmr, said};

const CLIENT: &str = lmr_sandbox::folder::CLIENT_ID;

fn init(config: &Path, arguments: &[&str]) -> Output {
    Command::new(lmr())
        .args(["send", "init", "--config"])
        .arg(config)
        .args(arguments)
        .env_remove("LMR_LANG")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("lmr send init")
}

/// What everybody answers, for a world's register.
fn answers(world: &World, issuer: &str) -> Vec<String> {
    let file = |name: &str| world.config(name).display().to_string();
    let configured = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    let value = |key: &str| {
        let line = configured.lines().find(|line| line.starts_with(key)).expect("a line");
        line.split('"').nth(1).expect("in quotes").to_owned()
    };
    [
        ("--environment", "local"),
        ("--issuer", issuer),
        ("--organisation", &value("organisation")),
        ("--name", "Liksom sykehus \"Øst\" HF"),
        ("--source", &file("source")),
        ("--ruleset", &value("ruleset")),
        ("--start-date", &value("start_date")),
        ("--receiver-url", &value("url")),
        ("--receiver-certificate", &file("register.pem")),
        ("--certificate", &file("sender.pem")),
        ("--certificate-key", &file("sender.key")),
        ("--client-id", CLIENT),
        ("--address", "192.0.2.7"),
        ("--address", "192.0.2.8"),
    ]
    .iter()
    .flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()])
    .collect()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// From arguments to the first bundle, with both issuers of tokens.
#[test]
fn init_makes_a_sender_whose_first_bundle_is_taken() {
    for tokens_from in ["helseid", "maskinporten"] {
        let world = World::make_with("lmdi-1.1.7", 6, 1000, &["--tokens-from", tokens_from]);
        let slash = if tokens_from == "maskinporten" { "/" } else { "" };
        let issuer = format!("{}{slash}", world.issuer());
        let folder = world.config("new");
        let config = folder.join("sender.toml");
        let answers = answers(&world, &issuer);
        let mut arguments: Vec<&str> = vec!["--tokens-from", tokens_from, "--lang", "en"];
        arguments.extend(answers.iter().map(String::as_str));

        let made = init(&config, &[&arguments[..], &["--no-doctor"]].concat());
        assert_eq!(made.status.code(), Some(0), "{}", said(&made));
        let text = said(&made);
        let public = format!("{tokens_from}-client.public.jwk");
        let jwk = std::fs::read_to_string(folder.join(&public)).expect("a public key");
        let jwk: serde_json::Value = serde_json::from_str(&jwk).expect("JSON");
        assert!(jwk.get("d").is_none() && jwk.get("p").is_none(), "public members only");
        let kid = jwk["kid"].as_str().expect("kid");
        for words in [kid, CLIENT, &jwk.to_string(), "192.0.2.7, 192.0.2.8", "lmr doctor --config"]
        {
            assert!(text.contains(words), "{tokens_from}: {words}: {text}");
        }
        assert!(!text.contains("PRIVATE KEY"), "{text}");
        #[cfg(unix)]
        for secret in [&format!("{tokens_from}-client.key"), "hash.key"] {
            assert_eq!(mode(&folder.join(secret)), 0o600, "{secret}");
        }
        // A second time changes nothing.
        let before = std::fs::read(&config).expect("a file");
        let again = init(&config, &arguments);
        assert_eq!(again.status.code(), Some(2), "{}", said(&again));
        assert!(said(&again).contains("is not overwritten"), "{}", said(&again));
        assert_eq!(std::fs::read(&config).expect("a file"), before);

        let key = folder.join(&public);
        let (_issuer, _receiver) = (world.issuer_of(tokens_from, &key), world.receiver());
        let doctor = Command::new(lmr())
            .args(["doctor", "--lang", "en", "--config"])
            .arg(&config)
            .output()
            .expect("lmr doctor");
        assert_eq!(doctor.status.code(), Some(0), "{tokens_from}: {}", said(&doctor));
        let run = Command::new(lmr())
            .args(["send", "run", "--lang", "en", "--config"])
            .arg(&config)
            .output()
            .expect("lmr send run");
        assert_eq!(run.status.code(), Some(0), "{tokens_from}: {}", said(&run));
        assert!(!world.deliveries().is_empty(), "{tokens_from}: {}", said(&run));
    }
}

/// Without a certificate, an id of the client and the register's certificate: a key and a request are made,
/// and doctor names what is still to come, in either language.
#[test]
fn init_before_anything_was_handed_out_makes_a_request_and_says_what_is_to_come() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("export")).expect("made");
    let issuer = format!("http://127.0.0.1:{}", free_port());
    let register = format!("http://127.0.0.1:{}/fhirmottak/v1", free_port());
    let export = folder.path().join("export").display().to_string();
    for (lang, words) in [
        ("nb", ["I HelseID Selvbetjening", "bestill det (Buypass, Commfides)", "Til registeret"]),
        ("en", ["In HelseID Selvbetjening", "order it (Buypass, Commfides)", "To the register"]),
    ] {
        let config = folder.path().join(lang).join("sender.toml");
        let made = init(
            &config,
            &[
                "--tokens-from",
                "helseid",
                "--environment",
                "local",
                "--issuer",
                &issuer,
                "--organisation",
                "310000019",
                "--name",
                "Liksom sykehus HF",
                "--source",
                &export,
                "--start-date",
                "2026-01-01",
                "--receiver-url",
                &register,
                "--receiver-certificate",
                "-",
                "--certificate",
                "-",
                "--client-id",
                "-",
                "--algorithm",
                "ES512",
                "--lang",
                lang,
            ],
        );
        assert_eq!(made.status.code(), Some(1), "doctor finds what is to come: {}", said(&made));
        let text = said(&made);
        for word in words.iter().chain(&["register.pem", "sender.pem", "client_id", "sender.csr"]) {
            assert!(text.contains(word), "{lang} {word}: {text}");
        }
        let request = config.with_file_name("sender.csr");
        let openssl = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).output().expect("openssl");
            assert!(output.status.success(), "{arguments:?}: {}", said(&output));
            said(&output)
        };
        let path = request.to_str().expect("UTF-8");
        let shown =
            openssl(&["req", "-in", path, "-noout", "-verify", "-subject", "-nameopt", "utf8"]);
        assert!(
            shown.contains("NTRNO-310000019") && shown.contains("Liksom sykehus HF"),
            "{shown}"
        );
        let of_request = openssl(&["req", "-in", path, "-noout", "-pubkey"]);
        let key = config.with_file_name("sender.key");
        let of_key = openssl(&["pkey", "-in", key.to_str().expect("UTF-8"), "-pubout"]);
        assert!(of_request.contains(of_key.trim()), "the request is for the key: {of_request}");
        #[cfg(unix)]
        assert_eq!(mode(&key), 0o600);
    }
}

/// What is encrypted for our own certificate the register cannot read: neither a sender's certificate of the same
/// organisation nor the same file is taken for the register's.
#[test]
fn init_does_not_take_our_own_certificate_for_the_registers() {
    let world = World::make("lmdi-1.1.7", 3, 1000);
    let issuer = world.issuer();
    let own = world.config("sender.pem").display().to_string();
    for (environment, words) in [("test", "which is ourselves"), ("local", "it is our own")] {
        let mut answers = answers(&world, &issuer);
        let mut set = |name: &str, value: &str| {
            let at = answers.iter().position(|argument| argument == name).expect("an argument");
            answers[at + 1] = value.to_owned();
        };
        set("--environment", environment);
        set("--receiver-certificate", &own);
        if environment == "test" {
            set("--issuer", "https://helseid-sts.test.nhn.no");
            set("--receiver-url", "https://lmr.example/fhirmottak/v1");
        }
        let mut arguments = vec!["--tokens-from", "helseid", "--lang", "en"];
        arguments.extend(answers.iter().map(String::as_str));
        let made = init(&world.config("new/sender.toml"), &arguments);
        assert_eq!(made.status.code(), Some(2), "{environment}: {}", said(&made));
        assert!(said(&made).contains(words), "{environment}: {}", said(&made));
        assert!(!world.config("new").exists(), "nothing is written");
    }
}

#[test]
fn init_without_a_terminal_names_all_that_is_missing_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("sender.toml");
    let made = init(&config, &["--environment", "test", "--lang", "en"]);
    assert_eq!(made.status.code(), Some(2), "{}", said(&made));
    for argument in [
        "--tokens-from",
        "--organisation",
        "--name",
        "--source",
        "--start-date",
        "--receiver-url",
        "--receiver-certificate",
        "--certificate",
        "--client-id",
    ] {
        assert!(said(&made).contains(argument), "{argument}: {}", said(&made));
    }
    assert!(!said(&made).contains("--environment"), "{}", said(&made));
    let count = || std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(count(), 0);

    // A file in the way of one of several: none is written.
    std::fs::write(folder.path().join("hash.key"), "mine").expect("written");
    let complete = [
        "--environment",
        "test",
        "--tokens-from",
        "maskinporten",
        "--organisation",
        "310000019",
        "--name",
        "x",
        "--source",
        "export",
        "--start-date",
        "2026-01-01",
        "--receiver-url",
        "https://lmr.example/fhirmottak/v1",
        "--receiver-certificate",
        "-",
        "--certificate",
        "-",
        "--client-id",
        "-",
        "--lang",
        "en",
    ];
    let made = init(&config, &complete);
    assert_eq!(made.status.code(), Some(2), "{}", said(&made));
    assert!(said(&made).contains("hash.key") && count() == 1, "{}", said(&made));

    for (name, value, words) in [
        ("--organisation", "310000018", "is not an organisation number"),
        ("--receiver-url", "http://lmr.example/v1", "not a usable address"),
        ("--start-date", "01.01.2026", "is not a date"),
        ("--algorithm", "PS256", "Maskinporten takes RS256"),
        ("--certificate", "none.pem", "--certificate-key"),
        ("--receiver-certificate", "none.pem", "none.pem"),
    ] {
        let mut changed: Vec<&str> = complete.to_vec();
        match changed.iter().position(|argument| *argument == name) {
            Some(at) => changed[at + 1] = value,
            None => changed.extend([name, value]),
        }
        let made = init(&config, &changed);
        assert_eq!(made.status.code(), Some(2), "{name}: {}", said(&made));
        assert!(said(&made).contains(words), "{name}: {}", said(&made));
        assert_eq!(count(), 1, "{name} wrote something");
    }
}
