//! What an operator of a register may write wrongly in its configuration and commands: no slip ends in silent success.
#![allow(
    clippy::disallowed_methods,
    reason = "the program under test runs by the real clock and is waited for"
)]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{Process, World, free_port, lmr, said};

const NOBODY: &str = "310000019";

fn world() -> World {
    World::make("lmdi-0.9.4", 3, 1000)
}

fn run(world: &World, lang: &str, arguments: &[&str]) -> Output {
    Command::new(lmr())
        .args(arguments)
        .args(["--lang", lang])
        .current_dir(world.path())
        .output()
        .expect("lmr runs")
}

fn admin(world: &World, arguments: &[&str]) -> Output {
    run(world, "en", &[&["admin", "--config", "receiver.toml"], arguments].concat())
}

fn check(world: &World, lang: &str) -> Output {
    run(world, lang, &["serve", "--check", "--config", "changed.toml"])
}

/// A configuration beside the receiver's, with one text changed.
fn changed(world: &World, from: &str, to: &str) {
    let text = std::fs::read_to_string(world.config("receiver.toml")).expect("read");
    assert!(text.contains(from), "{from}");
    std::fs::write(world.config("changed.toml"), text.replacen(from, to, 1)).expect("written");
}

/// A check that must refuse, with all of these words in each language.
fn refused(world: &World, what: &str, words: [&[&str]; 2]) {
    for (lang, words) in ["nb", "en"].into_iter().zip(words) {
        let output = check(world, lang);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{what}: {text}");
        for word in words {
            assert!(text.contains(word), "{what}: {word} is not in {text}");
        }
        assert!(!text.contains("hemmelig"), "{text}");
    }
}

/// The sections of a receiver's file with lists of addresses, each with this one in it, and the key that names the list.
fn lists(world: &World, address: &str) -> Vec<(String, String, &'static str)> {
    let outlet = format!(
        "[outlet]\nlisten = \"127.0.0.1:{}\"\naddresses = [\"{address}\"]\n[[outlet.trust]]\nkind = \"helseid-bearer\"\n\
         issuer = \"{}\"\naudience = \"urn:outlet\"\nscopes = [\"register:outlet\"]\n\n[[avsender]]",
        free_port(),
        world.issuer()
    );
    let hash = Command::new(lmr())
        .args(["admin", "new-password", "kari.hash"])
        .current_dir(world.path())
        .stdin(std::process::Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            use std::io::Write as _;
            child.stdin.take().expect("a pipe").write_all(b"et langt passord\n")?;
            child.wait_with_output()
        });
    // The second time it is there.
    drop(hash.expect("lmr runs"));
    let console = format!(
        "[console]\nlisten = \"127.0.0.1:{}\"\naddresses = [\"{address}\"]\n[[console.operator]]\nname = \"kari\"\n\
         role = \"admin\"\npassword_file = \"kari.hash\"\n\n[[avsender]]",
        free_port()
    );
    let plain = |key: &'static str| {
        ("environment =".to_owned(), format!("{key} = [\"{address}\"]\nenvironment ="), key)
    };
    let own = "addresses = [\"127.0.0.1\", \"::1\"]";
    vec![
        plain("addresses"),
        plain("trusted_proxies"),
        plain("metrics_addresses"),
        ("[[avsender]]".to_owned(), outlet, "outlet.addresses"),
        ("[[avsender]]".to_owned(), console, "console.addresses"),
        (own.to_owned(), format!("addresses = [\"{address}\"]"), "[[avsender]]"),
    ]
}

fn certificate_of_nobody(world: &World, file: &str) {
    let now = crate::world::now();
    let ca = lmr_sandbox::certificates::TestCa::new(now).expect("an authority");
    let order = lmr_sandbox::certificates::Order::new(NOBODY, "Liksom kommune", now);
    let made = ca.enterprise(&order).expect("a certificate");
    std::fs::write(world.config(file), made.certificate_pem).expect("written");
}

#[test]
fn an_address_with_the_length_of_its_network_is_refused_wherever_a_list_is_read() {
    let world = world();
    world.begin_database();
    for (from, to, key) in lists(&world, "10.0.0.1/8") {
        changed(&world, &from, &to);
        let words = ["10.0.0.1/8", "10.0.0.0/8", key];
        refused(&world, key, [&words, &words]);
    }
    certificate_of_nobody(&world, "new.pem");
    let register = ["register", NOBODY, "--certificate", "new.pem", "--name", "Kommune"];
    let wrong = [&register[..], &["--address", "10.0.0.1/8"]].concat();
    let output = admin(&world, &wrong);
    assert!(
        output.status.code() == Some(2) && said(&output).contains("10.0.0.0/8"),
        "{}",
        said(&output)
    );
    assert!(admin(&world, &register).status.success());
    let forms = ["0.0.0.0/32", "0.0.0.0-0.0.0.0", "::ffff:0.0.0.0", "::/128"];
    for wrong in ["10.0.0.1/8", "2001:db8::5/64", "0.0.0.0", "::"].into_iter().chain(forms) {
        let output = admin(&world, &["set-addresses", NOBODY, wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", said(&output));
        let is_form = forms.contains(&wrong);
        assert!(said(&output).contains(if is_form { "/0" } else { wrong }), "{}", said(&output));
    }
}

#[test]
fn a_list_with_everybody_in_it_is_pointed_out_and_taken() {
    let world = world();
    world.begin_database();
    for (from, to, key) in lists(&world, "0.0.0.0/0") {
        changed(&world, &from, &to);
        for (lang, words) in [("nb", "har alle adresser"), ("en", "has all addresses")] {
            let output = check(&world, lang);
            let text = said(&output);
            assert!(output.status.success(), "{key}: {text}");
            assert!(text.contains(words) && text.contains(key), "{key}: {text}");
        }
        let doctor = run(&world, "en", &["doctor", "--config", "changed.toml"]);
        assert!(said(&doctor).contains("has all addresses"), "{key}: {}", said(&doctor));
    }
    let output = run(&world, "en", &["serve", "--check", "--config", "receiver.toml"]);
    assert!(!said(&output).contains("has all addresses"), "{}", said(&output));
}

#[test]
fn a_change_of_nothing_names_all_that_can_be_changed() {
    let world = world();
    world.begin_database();
    for lang in ["nb", "en"] {
        let output = run(&world, lang, &["admin", "--config", "receiver.toml", "set", NOBODY]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        for flag in ["--name", "--ruleset", "--any-ruleset", "--start-date", "--no-start-date"] {
            assert!(said(&output).contains(flag), "{flag}: {}", said(&output));
        }
    }
}

/// Before anybody is called: there is no server at these addresses.
#[test]
fn an_unknown_parameter_of_a_database_is_refused_with_the_one_that_is_meant() {
    let world = world();
    let address = "postgres://lmr:hemmelig@db.invalid/lmr";
    let key = "identities.key";
    std::fs::copy(world.config("column.key"), world.config(key)).expect("copied");
    let own = "database = \"receiver.sqlite\"";
    let identities = format!(
        "[identities]\ndatabase = \"{address}?sslmodee=require\"\nkey = \"{key}\"\n\n[[avsender]]"
    );
    let text = std::fs::read_to_string(world.config("receiver.toml")).expect("read");
    for (text, place) in [
        (text.replacen(own, &format!("database = \"{address}?sslmodee=require\""), 1), "database"),
        (text.replacen("[[avsender]]", &identities, 1), "identities.database"),
        (
            // A table begins where the keys of the first level end.
            format!(
                "{}\n[databases]\nnord = \"{address}2?sslmodee=require\"\n",
                text.replacen(own, &format!("database = \"{address}\""), 1)
            ),
            "databases.nord",
        ),
    ] {
        std::fs::write(world.config("changed.toml"), text).expect("written");
        let words = ["sslmodee", "sslmode?", place];
        refused(&world, place, [&words, &words]);
    }
    let twice = format!(
        "{}\n[databases]\nnord = \"{address}\"\n",
        text.replacen(own, &format!("database = \"{address}\""), 1)
    );
    std::fs::write(world.config("changed.toml"), twice).expect("written");
    refused(
        &world,
        "twice",
        [&["databases.nord er den samme som"], &["databases.nord is the same as"]],
    );
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o777
}

/// The receiver's database, its copies and its export, and the sender's ledger and what it gives out.
#[cfg(unix)]
#[test]
fn files_with_health_data_are_their_owners_alone_and_those_that_are_not_are_pointed_out() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = world();
    let (_helseid, receiver) = (world.helseid(), world.receiver());
    world.run(0);
    for file in ["receiver.sqlite", "receiver.sqlite-wal", "receiver.sqlite-shm", "sender.sqlite"] {
        assert_eq!(mode(&world.config(file)), 0o600, "{file}");
    }
    assert!(admin(&world, &["backup", "backup.sqlite"]).status.success());
    assert!(admin(&world, &["export", "out", "--reason", "x"]).status.success());
    assert!(
        run(
            &world,
            "en",
            &["send", "--config", "sender.toml", "export-ledger", "--output", "ledger.ndjson"]
        )
        .status
        .success()
    );
    assert_eq!(mode(&world.config("out")), 0o700, "the folder of an export");
    for file in ["backup.sqlite", "out/Patient.ndjson", "out/manifest.json", "ledger.ndjson"] {
        assert_eq!(mode(&world.config(file)), 0o600, "{file}");
    }
    drop(receiver);
    std::fs::set_permissions(
        world.config("receiver.sqlite"),
        std::fs::Permissions::from_mode(0o644),
    )
    .expect("changed");
    for (lang, words) in [("nb", "har helseopplysninger"), ("en", "has health data")] {
        for command in [&["serve", "--check"][..], &["doctor"]] {
            let arguments = [command, &["--config", "receiver.toml"]].concat();
            let output = run(&world, lang, &arguments);
            let text = said(&output);
            assert!(text.contains(words) && text.contains("chmod 600"), "{arguments:?}: {text}");
        }
    }
}

/// Waits until something holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn get(world: &World, path: &str) -> (u16, String) {
    crate::world::get(world.receiver_port, path)
}

#[cfg(unix)]
#[test]
fn a_configuration_that_cannot_be_read_again_is_seen_by_whoever_watches() {
    let world = world();
    let (_helseid, receiver) = (world.helseid(), world.receiver());
    let text = std::fs::read_to_string(world.config("receiver.toml")).expect("read");
    let value = |name: &str| {
        let (_, metrics) = get(&world, "/metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(str::to_owned).unwrap_or_default()
    };
    let failing = "lmr_background_failing{task=\"reload\"}";
    assert_eq!(value(failing), "0");
    std::fs::write(world.config("receiver.toml"), format!("{text}\nnothing_known = 1\n"))
        .expect("written");
    receiver.signal("-HUP");
    until("the failure is counted", || value(failing) == "1");
    let (status, ready) = get(&world, "/health/ready");
    let ready: Value = serde_json::from_str(&ready).expect("JSON");
    assert_eq!(status, 200, "who delivers is not kept from it: {ready}");
    assert!(ready["background"]["reload"]["failingSince"].is_string(), "{ready}");
    std::fs::write(world.config("receiver.toml"), format!("advice = \"refuse\"\n{text}"))
        .expect("written");
    receiver.signal("-HUP");
    until("it is read", || value(failing) == "0");
    assert_eq!(value("lmr_background_runs_total{task=\"reload\",outcome=\"failed\"}"), "1");
    assert_eq!(value("lmr_configuration_keys_waiting"), "1");
}

/// `cp backup.sqlite receiver.sqlite` under a receiver that runs.
#[cfg(unix)]
#[test]
fn a_receiver_whose_database_was_written_over_is_not_ready_and_takes_nothing() {
    let world = world();
    let (_helseid, mut receiver) = (world.helseid(), world.receiver());
    assert!(admin(&world, &["backup", "backup.sqlite"]).status.success());
    assert_eq!(get(&world, "/health/ready").0, 200);
    let bytes = std::fs::read(world.config("backup.sqlite")).expect("read");
    // The file stays the same one.
    std::fs::write(world.config("receiver.sqlite"), bytes).expect("written over");
    let (status, ready) = get(&world, "/health/ready");
    assert_eq!(status, 503, "{ready}");
    let text = world.run(3);
    assert!(!text.contains("Everything is delivered"), "{text}");
    assert!(world.log().contains("was written over"), "{}", world.log());
    receiver.signal("-TERM");
    receiver.ends_within(Duration::from_secs(30));
    let file = || std::fs::read(world.config("receiver.sqlite")).expect("read");
    assert_eq!(
        file(),
        std::fs::read(world.config("backup.sqlite")).expect("read"),
        "as it was put"
    );
    let again = run(&world, "en", &["serve", "--check", "--config", "receiver.toml"]);
    assert!(said(&again).contains("(-wal) belongs to another file"), "{}", said(&again));
    std::fs::copy(world.config("backup.sqlite"), world.config("receiver.sqlite")).expect("copied");
    for beside in ["receiver.sqlite-wal", "receiver.sqlite-shm"] {
        let _ = std::fs::remove_file(world.config(beside));
    }
    let _receiver: Process = world.receiver();
    world.run(0);
    assert!(!world.deliveries().is_empty(), "what was not taken came again");
}

#[test]
fn what_would_have_no_effect_or_is_of_another_unit_is_refused() {
    let world = world();
    world.begin_database();
    assert!(admin(&world, &["new-key", "who.key"]).status.success());
    let section = |text: &str| ("[[avsender]]", format!("{text}\n\n[[avsender]]"));
    let limits = |text: &str| section(&format!("[limits]\n{text}"));
    let retention = |text: &str| section(&format!("[retention]\n{text}"));
    let unit = ["er enheten den som navnet sier?", "is the unit the one that the name says?"];
    for ((from, to), [nb, en]) in [
        (limits("clock_tolerance_seconds = 300000"), unit),
        (limits("request_seconds = 120000"), unit),
        (limits("first_byte_seconds = 100000"), unit),
        (limits("answer_seconds = 300000"), unit),
        (limits("body_mib = 67108864"), unit),
        (retention("content_days = 315360000"), unit),
        (retention("refused_days = 7776000"), unit),
        (limits("compressed_mib = 100"), ["øk body_mib også", "raise body_mib too"]),
        (
            limits("compressed_mib = 2\ninflated_mib = 1"),
            ["øk inflated_mib også", "raise inflated_mib too"],
        ),
        (
            section(
                "[console]\nlisten = \"127.0.0.1:0\"\naddresses = [\"127.0.0.1\"]\nsession_minutes = 1441",
            ),
            unit,
        ),
        (
            section("[identities]\ndatabase = \"./source/../receiver.sqlite\"\nkey = \"who.key\""),
            ["er den samme som database", "is the same as `database`"],
        ),
    ] {
        changed(&world, from, &to);
        refused(&world, &to, [&[nb], &[en]]);
    }
}

/// What an operator may write, and no rule for mistakes may refuse.
#[test]
fn what_is_unusual_and_means_something_is_taken() {
    let world = world();
    world.begin_database();
    let section = |text: &str| ("[[avsender]]", format!("{text}\n\n[[avsender]]"));
    for (from, to) in [
        section("[limits]\nbody_mib = 8"),
        section("[limits]\ninflated_mib = 1"),
        section("[limits]\nbody_mib = 8\ncompressed_mib = 8"),
        (
            "environment =",
            "metrics_addresses = [\"::ffff:0.0.0.0/120\", \"0.0.0.0/31\"]\nenvironment ="
                .to_owned(),
        ),
    ] {
        changed(&world, from, &to);
        let output = check(&world, "en");
        assert!(output.status.success(), "{to}: {}", said(&output));
    }
}

/// One row that no program would write any more must not lock out every sender.
#[test]
fn senders_are_read_whatever_an_earlier_program_has_stored_as_their_addresses() {
    let world = world();
    world.begin_database();
    let file = world.config("receiver.sqlite");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let name = ["--name", "Hjemmet", "--certificate", "nobody.pem"];
    certificate_of_nobody(&world, "nobody.pem");
    let registered = admin(&world, &[&["register", NOBODY], &name[..]].concat());
    assert!(registered.status.success(), "{}", said(&registered));
    let set = admin(&world, &["set-addresses", NOBODY, "192.0.2.7"]);
    assert!(set.status.success(), "{}", said(&set));
    for stored in ["0.0.0.0", "::", "10.0.0.1/8", "192.0.2.0/24"] {
        runtime.block_on(async {
            use sqlx::Connection as _;
            let mut db = sqlx::SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
            let changed = sqlx::query("UPDATE avsender_address SET network = $1").bind(stored);
            assert_eq!(changed.execute(&mut db).await.unwrap().rows_affected(), 1);
            db.close().await.unwrap();
        });
        let listed = admin(&world, &["senders"]);
        assert!(listed.status.success(), "{stored}: {}", said(&listed));
        let checked = run(&world, "en", &["serve", "--check", "--config", "receiver.toml"]);
        assert!(checked.status.success(), "{stored}: {}", said(&checked));
    }
}

#[test]
fn what_is_taken_and_most_likely_not_meant_is_pointed_out() {
    let world = world();
    world.begin_database();
    let now = crate::world::now();
    drop(lists(&world, "10.0.0.1"));
    let ca = lmr_sandbox::certificates::TestCa::new(now).expect("an authority");
    std::fs::write(world.config("other-ca.pem"), ca.certificate_pem()).expect("written");
    let pair = "[[certificate]]\ncertificate = \"register.pem\"\nkey = \"register.key\"";
    let (helseid, ended) = ("kind = \"helseid-dpop\"", "not_after = \"2020-01-01T00:00:00Z\"");
    for (from, to, words) in [
        ("certificates = [\"sender.pem\"]", "certificates = []".to_owned(), "no valid certificate"),
        (helseid, format!("{helseid}\n{ended}"), "no such token is accepted"),
        ("start_date = \"20", "start_date = \"21".to_owned(), "most likely misspelt"),
        ("start_date = \"20", "start_date = \"10".to_owned(), "most likely misspelt"),
        ("start_date = \"20", "start_date = \"10".to_owned(), "are missed from then on"),
        (
            "[\"sender.pem\"]",
            "[\"sender.pem\", \"sender.pem\"]".to_owned(),
            "two of them are the same certificate",
        ),
        ("[[avsender]]", format!("{pair}\n\n[[avsender]]"), "two of them are the same certificate"),
        (
            "environment =",
            "proxy_header = \"forwarded\"\nenvironment =".to_owned(),
            "proxy_header has no effect",
        ),
        (
            "[[avsender]]",
            "[console]\nlisten = \"127.0.0.1:0\"\naddresses = [\"127.0.0.1\"]\nsession_minutes = 721\n\
             [[console.operator]]\nname = \"kari\"\nrole = \"read\"\npassword_file = \"kari.hash\"\n\n[[avsender]]"
                .to_owned(),
            "every session ends after 720 minutes",
        ),
        (
            "environment =",
            "authorities = \"other-ca.pem\"\nenvironment =".to_owned(),
            "was not issued by a configured authority",
        ),
        (
            "listen = \"127.0.0.1",
            "public_urls = [\"http://127.0.0.1:1\"]\nlisten = \"0.0.0.0".to_owned(),
            "without [tls]",
        ),
    ] {
        changed(&world, from, &to);
        let output = check(&world, "en");
        assert!(output.status.success(), "{to}: {}", said(&output));
        assert!(said(&output).contains(words), "{to}: {}", said(&output));
        let doctor = run(&world, "en", &["doctor", "--config", "changed.toml"]);
        assert!(said(&doctor).contains(words), "{to}: {}", said(&doctor));
    }
    let plain = run(&world, "en", &["serve", "--check", "--config", "receiver.toml"]);
    assert_eq!(said(&plain), "the configuration can be used, and the database answers\n");
    changed(&world, "start_date = \"20", "start_date = \"21");
    let receiver = world.serve("changed.toml", world.receiver_port);
    until("the start says it too", || world.log().contains("most likely misspelt"));
    drop(receiver);
    let set = ["set", "310000027", "--start-date", "2206-01-01"];
    let warned = admin(&world, &set);
    assert!(said(&warned).contains("most likely misspelt"), "{}", said(&warned));
}
