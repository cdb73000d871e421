//! What a new operator of a receiver got wrong, and what the program says of it: nothing that was not done looks done, and
//! nothing that was asked wrongly looks like an answer.

use std::process::{Command, Output};

use serde_json::Value;

use super::Served;
use crate::world::{World, lmr, said};

/// A number with a right check digit of a sender that nobody knows.
const NOBODY: &str = "310000019";

fn admin(world: &World, config: &str, lang: &str, arguments: &[&str]) -> Output {
    Command::new(lmr())
        .args(["admin", "--lang", lang, "--config"])
        .arg(world.config(config))
        .args(arguments)
        .current_dir(world.path())
        .output()
        .expect("lmr runs")
}

/// A command that must be refused with this status, and with these words in each language.
fn refused(world: &World, arguments: &[&str], status: i32, nb: &str, en: &str) {
    for (lang, words) in [("nb", nb), ("en", en)] {
        let output = admin(world, "receiver.toml", lang, arguments);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
        assert!(text.contains(words), "{arguments:?}: {text}");
    }
}

/// A configuration beside the receiver's, with one thing changed.
fn changed(world: &World, from: &str, to: &str) {
    let text = std::fs::read_to_string(world.config("receiver.toml")).expect("read");
    assert!(text.contains(from), "{from}");
    std::fs::write(world.config("changed.toml"), text.replacen(from, to, 1)).expect("written");
}

fn checked(world: &World, lang: &str) -> Output {
    Command::new(lmr())
        .args(["serve", "--check", "--lang", lang, "--config"])
        .arg(world.config("changed.toml"))
        .output()
        .expect("lmr runs")
}

#[test]
fn a_question_that_nothing_can_fit_is_refused_and_not_answered_with_nothing() {
    let served = Served::new();
    served.run(0);
    let world = &served.world;
    let days = ["deliveries", "--period-from", "2026-11-27", "--period-to", "2026-11-01"];
    refused(world, &days, 2, "er før --period-from", "is before --period-from");
    for verb in [&["deliveries"][..], &["audit", "list"], &["export", "out", "--reason", "x"]] {
        let ahead = [verb, &["--since", "2199-01-01"]].concat();
        refused(world, &ahead, 2, "er ikke kommet ennå", "is not there yet");
    }
    assert!(!world.config("out").exists(), "a refused export leaves no folder that reads as one");
    let message = ["deliveries", "--message", "no-such-message"];
    refused(world, &message, 1, "har denne id-en", "has this id");
    let json = admin(world, "receiver.toml", "en", &[&message[..], &["--format", "json"]].concat());
    assert!(json.stdout.is_empty() && json.status.code() == Some(1), "{}", said(&json));
    let shown = admin(world, "receiver.toml", "en", &["show", "no-such", "--format", "json"]);
    assert!(
        shown.stdout.is_empty() && said(&shown).contains("nothing is stored"),
        "{}",
        said(&shown)
    );
    // What is there and does not fit the other filters is no slip.
    let id = world.deliveries()[0]["messageId"].as_str().expect("an id").to_owned();
    let other = ["deliveries", "--message", &id, "--code", "LMR-4001"];
    let output = admin(world, "receiver.toml", "en", &other);
    assert!(output.status.success(), "{}", said(&output));
    refused(
        world,
        &["deliveries", "--sender", NOBODY],
        2,
        "verken registrert",
        "neither registered",
    );
}

#[test]
fn an_audit_log_is_not_verified_against_a_file_that_has_nothing() {
    let served = Served::new();
    served.run(0);
    let world = &served.world;
    std::fs::write(world.config("empty"), "\n").expect("written");
    refused(world, &["audit", "verify", "--heads", "empty"], 2, "har ingen hoder", "has no heads");
    let receipts = ["audit", "verify", "--receipts", "empty", "--certificate", "register.pem"];
    refused(world, &receipts, 2, "har ingen kvitteringer", "has no receipts");
}

#[test]
fn what_is_wrong_with_a_receipt_is_said_in_the_language_asked_for() {
    let served = Served::new();
    served.run(0);
    let kept = Command::new(lmr())
        .args(["receipt", "list", "--config"])
        .arg(served.config("sender.toml"))
        .output()
        .expect("lmr runs");
    std::fs::write(served.config("kept.jsonl"), &kept.stdout).expect("written");
    std::fs::write(served.config("none.jsonl"), "a.b.c\n").expect("written");
    for (file, lang, words) in [
        ("kept.jsonl", "nb", "under et annet sertifikat"),
        ("kept.jsonl", "en", "under another certificate"),
        ("none.jsonl", "nb", "ikke en kvittering"),
        ("none.jsonl", "en", "not a receipt"),
    ] {
        let verified = Command::new(lmr())
            .args(["receipt", "verify", "--lang", lang, "--certificate"])
            .arg(served.config("sender.pem"))
            .arg(served.config(file))
            .output()
            .expect("lmr runs");
        assert_eq!(verified.status.code(), Some(1), "{file}");
        assert!(said(&verified).contains(words), "{file}: {}", said(&verified));
    }
}

#[test]
fn one_organisation_is_one_sender_at_the_start_and_when_the_file_is_read_again() {
    let served = Served::new();
    let world = &served.world;
    let text = std::fs::read_to_string(world.config("receiver.toml")).expect("read");
    let (_, sender) = text.split_once("[[avsender]]").expect("a sender");
    changed(world, "[[avsender]]", &format!("[[avsender]]{sender}\n[[avsender]]"));
    for (lang, words) in [("nb", "står i to [[avsender]]"), ("en", "is in two [[avsender]]")] {
        let output = checked(world, lang);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    }
    // A receiver that runs goes on with those that it has, and says so.
    std::fs::copy(world.config("changed.toml"), world.config("receiver.toml")).expect("copied");
    served.receiver.signal("-HUP");
    wait_for(world, "could not be read again");
    std::fs::write(world.config("receiver.toml"), &text).expect("written");
    served.run(0);
}

#[test]
fn what_takes_a_restart_is_named_when_the_file_is_read_again() {
    let served = Served::new();
    let world = &served.world;
    let text = std::fs::read_to_string(world.config("receiver.toml")).expect("read");
    std::fs::write(world.config("receiver.toml"), format!("advice = \"refuse\"\n{text}"))
        .expect("written");
    served.receiver.signal("-HUP");
    wait_for(world, "take a restart");
    let log = world.log();
    let line = log.lines().find(|line| line.contains("take a restart")).expect("a line");
    assert!(line.contains("WARN") && line.contains("advice"), "{line}");
}

/// Waits until the receiver's log has a line with these words.
fn wait_for(world: &World, words: &str) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !world.log().contains(words) {
        assert!(std::time::Instant::now() < until, "{words}: {}", world.log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// The receiver would write to a file that is gone with it, and answer that it has stored.
#[cfg(unix)]
#[test]
fn a_receiver_whose_database_was_replaced_takes_nothing_and_loses_nothing() {
    let mut served = Served::new();
    let database = served.config("receiver.sqlite");
    let backed_up = admin(&served, "receiver.toml", "en", &["backup", "backup.sqlite"]);
    assert!(backed_up.status.success(), "{}", said(&backed_up));
    std::fs::rename(served.config("backup.sqlite"), &database).expect("replaced");
    let text = served.run(3);
    assert!(!text.contains("Everything is delivered"), "{text}");
    assert!(served.log().contains("was replaced"), "{}", served.log());
    served.receiver.kill();
    for beside in ["receiver.sqlite-wal", "receiver.sqlite-shm"] {
        let _ = std::fs::remove_file(served.config(beside));
    }
    served.receiver = served.world.receiver();
    served.run(0);
    assert!(!served.deliveries().is_empty(), "what was not taken came again");
}

#[test]
fn a_database_that_is_neither_a_file_nor_a_server_is_not_begun() {
    let world = World::make("lmdi-0.9.4", 1, 1000);
    for other in ["mysql://lmr:hemmelig@localhost/lmr", "postgres:lmr", "sqlite:receiver.sqlite"] {
        changed(&world, "\"receiver.sqlite\"", &format!("\"{other}\""));
        for (lang, words) in
            [("nb", "verken stien til en fil"), ("en", "neither the path of a file")]
        {
            let output = checked(&world, lang);
            assert_eq!(output.status.code(), Some(2), "{other}: {}", said(&output));
            assert!(said(&output).contains(words), "{other}: {}", said(&output));
            assert!(!said(&output).contains("hemmelig"), "{}", said(&output));
        }
        assert!(!world.config(other).exists(), "{other} was made");
    }
}

#[test]
fn listeners_that_could_not_be_called_or_opened_are_refused_before_the_start() {
    let world = World::make("lmdi-0.9.4", 1, 1000);
    let outlet = |port: u16, more: &str| {
        format!(
            "[outlet]\nlisten = \"127.0.0.1:{port}\"\n{more}\n[[outlet.trust]]\nkind = \"helseid-bearer\"\n\
             issuer = \"{}\"\naudience = \"urn:outlet\"\nscopes = [\"register:outlet\"]\n\n[[avsender]]",
            world.issuer()
        )
    };
    let (own, other) = (world.receiver_port, crate::world::free_port());
    for (section, nb, en) in [
        (outlet(own, "addresses = [\"127.0.0.1\"]"), "samme adresse", "the same address"),
        (outlet(other, "addresses = []"), "ingen kunne kalle", "nobody could call"),
        (
            outlet(other, "addresses = [\"127.0.0.1\"]\nlease_seconds = 0"),
            "skal være minst 1",
            "must be at least 1",
        ),
    ] {
        changed(&world, "[[avsender]]", &section);
        for (lang, words) in [("nb", nb), ("en", en)] {
            let output = checked(&world, lang);
            assert_eq!(output.status.code(), Some(2), "{section}: {}", said(&output));
            assert!(said(&output).contains(words), "{section}: {}", said(&output));
        }
    }
    changed(&world, "[[avsender]]", &outlet(other, "addresses = [\"127.0.0.1\"]"));
    let output = checked(&world, "en");
    assert!(output.status.success(), "{}", said(&output));
}

/// Whoever keeps the lists has to know which address is missing.
#[test]
fn the_log_names_the_address_that_was_refused() {
    let mut served = Served::new();
    served.set(
        "receiver.toml",
        "addresses = [\"127.0.0.1\", \"::1\"]",
        "addresses = [\"192.0.2.1\"]",
    );
    served.receiver.kill();
    served.receiver = served.world.receiver();
    served.run(4);
    let log = served.log();
    let line = log.lines().find(|line| line.contains("LMR-1001")).expect("a line");
    assert!(line.contains("the address 127.0.0.1 is not listed"), "{line}");
}

#[test]
fn a_sender_without_a_name_is_refused_and_one_without_an_address_pointed_out() {
    let world = World::make("lmdi-0.9.4", 1, 1000);
    world.begin_database();
    changed(&world, "name = \"Liksom sykehus HF\"", "name = \" \"");
    let output = checked(&world, "en");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("the name is empty"), "{}", said(&output));
    let now = crate::world::now();
    let ca = lmr_sandbox::certificates::TestCa::new(now).expect("an authority");
    let order = lmr_sandbox::certificates::Order::new(NOBODY, "Liksom kommune", now);
    let made = ca.enterprise(&order).expect("a certificate");
    std::fs::write(world.config("new.pem"), made.certificate_pem).expect("written");
    let register = ["register", NOBODY, "--certificate", "new.pem", "--name"];
    let nameless = [&register[..], &[" "]].concat();
    refused(&world, &nameless, 2, "navnet er tomt", "the name is empty");
    let wrong = [&register[..], &["Kommune", "--address", "192.0.2.300"]].concat();
    refused(&world, &wrong, 2, "er verken en IP-adresse", "is not an IP address");
    let without = [&register[..], &["Kommune"]].concat();
    refused(&world, &without, 0, "kan ikke kalle ennå", "cannot call yet");
    let set = ["set", NOBODY, "--name", ""];
    refused(&world, &set, 2, "navnet er tomt", "the name is empty");
    let doctor = Command::new(lmr())
        .args(["doctor", "--lang", "en", "--config"])
        .arg(world.config("receiver.toml"))
        .output()
        .expect("lmr runs");
    assert!(said(&doctor).contains("nobody can call for it"), "{}", said(&doctor));
    let addressed = ["set-addresses", NOBODY, "192.0.2.10", "--format", "json"];
    let output = admin(&world, "receiver.toml", "en", &addressed);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
    let row: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(row["after"]["addresses"][0], "192.0.2.10");
}

#[test]
fn a_number_in_place_of_its_file_is_not_repeated() {
    let world = World::make("lmdi-0.9.4", 1, 1000);
    world.begin_database();
    // Mistyped, with a digit that is missing, and as people write it.
    for number in ["13866510282", "13866510283", "1386651028", "138665 10282"] {
        let erase = ["erase", number, "--reason", "x"];
        let (nb, en) = ("oppgi en fil som har nummeret", "name a file that has the number");
        refused(&world, &erase, 2, nb, en);
        let output = admin(&world, "receiver.toml", "en", &erase);
        assert!(!said(&output).contains("1386"), "{number}: {}", said(&output));
        assert!(!said(&output).contains(number), "{number}: {}", said(&output));
    }
}

#[test]
fn the_check_of_a_start_names_certificates_that_have_ended() {
    let world = World::make("lmdi-0.9.4", 1, 1000);
    let now = crate::world::now();
    let ca = lmr_sandbox::certificates::TestCa::new(now).expect("an authority");
    let long_ago = now - jiff::SignedDuration::from_hours(24 * 1200);
    let made = ca.tls_for_loopback(long_ago).expect("a certificate");
    std::fs::write(world.config("tls.pem"), made.certificate_pem).expect("written");
    std::fs::write(world.config("tls.key"), made.key_pem).expect("written");
    let tls = "[tls]\ncertificate = \"tls.pem\"\nkey = \"tls.key\"\n\n[[trust]]";
    changed(&world, "[[trust]]", tls);
    for (lang, words) in [("nb", "tls.certificate utløp"), ("en", "tls.certificate expired on")] {
        let output = checked(&world, lang);
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    }
}

#[test]
fn a_key_goes_into_a_folder_that_is_there() {
    let world = World::make("lmdi-0.9.4", 1, 1000);
    refused(
        &world,
        &["new-key", "none/column.key"],
        2,
        "lag mappen først",
        "make its folder first",
    );
}

#[test]
fn a_list_without_names_of_columns_says_what_it_took_for_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("koder.csv");
    for (text, is_warned) in [("varenummer;pris\n1;2\n", true), ("kode;navn\n1;2\n", false)] {
        std::fs::write(&file, text).expect("written");
        let output = Command::new(lmr())
            .args(["terminology", "import", "--lang", "en", "--system", "http://example.no/cs"])
            .arg("--output")
            .arg(folder.path().join(format!("{is_warned}.tgz")))
            .arg(&file)
            .output()
            .expect("lmr runs");
        assert!(output.status.success(), "{}", said(&output));
        let warned = said(&output).contains("names no columns");
        assert_eq!(warned, is_warned, "{}", said(&output));
    }
}

/// Every command's answer for programs is JSON, with the members that docs/operations.md names.
#[test]
fn what_admin_prints_for_programs_is_json_with_the_members_of_the_page() {
    let served = Served::new();
    served.run(0);
    let world = &served.world;
    let id = world.deliveries()[0]["messageId"].as_str().expect("an id").to_owned();
    std::fs::write(world.config("number"), "13866510282").expect("written");
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let rows_of = |page: &str, heading: &str| {
        let page = std::fs::read_to_string(docs.join(page)).expect("the page");
        let (_, section) = page.split_once(heading).expect("the section");
        let section = section.split("\n## ").next().unwrap_or_default();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        rows.map(str::to_owned).collect::<Vec<_>>()
    };
    let english = rows_of("operations.md", "\n## For programs\n");
    let bokmal = rows_of("nb/operations.md", "\n## For programmer\n");
    assert_eq!(english.len(), bokmal.len(), "both pages have the same commands");
    for (command, arguments, status) in [
        ("senders", vec!["senders"], 0),
        ("deliveries", vec!["deliveries"], 0),
        ("overview", vec!["overview"], 0),
        ("certificates", vec!["certificates"], 0),
        ("outlet", vec!["outlet"], 0),
        ("show", vec!["show", &id], 0),
        ("export", vec!["export", "exported", "--reason", "x"], 0),
        ("erase", vec!["erase", "number", "--dry-run", "--reason", "x"], 1),
        ("expire", vec!["expire"], 0),
        ("audit list", vec!["audit", "list"], 0),
        ("audit heads", vec!["audit", "heads"], 0),
        ("audit verify", vec!["audit", "verify"], 0),
        ("backup", vec!["backup", "copy.sqlite"], 0),
        ("new-key", vec!["new-key", "new.key"], 0),
    ] {
        let output =
            admin(world, "receiver.toml", "nb", &[&arguments[..], &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(status), "{command}: {}", said(&output));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(!text.is_empty(), "{command}");
        for line in text.lines() {
            let row: Value =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{command}: {e}: {line}"));
            for name in row.as_object().expect("an object").keys() {
                for page in [&english, &bokmal] {
                    let documented = page.iter().any(|row| {
                        let mut cells = row.split('|').skip(1);
                        cells.next().is_some_and(|cell| cell.contains(&format!("`{command}`")))
                            && cells.next().is_some_and(|cell| cell.contains(&format!("`{name}`")))
                    });
                    assert!(documented, "{command}: {name}");
                }
            }
        }
    }
}
