//! `lmr admin`: every verb changes only what it names, and says what it was before.
#![expect(clippy::disallowed_methods, reason = "the program under test runs by the real clock")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::{SignedDuration, Timestamp};
use lmr_sandbox::certificates::{Order, OrderUsage, TestCa};
use serde_json::{Value, json};

const NUMBER: &str = "310000019";

/// A receiver's folder and certificates for one more sender than its file has.
struct Register {
    folder: tempfile::TempDir,
    ca: TestCa,
}

impl Register {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Command::new(env!("CARGO_BIN_EXE_lmr"))
            .args(["sandbox", "init"])
            .arg(folder.path().join("world"))
            .output()
            .expect("lmr runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let register = Self::on(folder);
        register.begin();
        register
    }

    fn on(folder: tempfile::TempDir) -> Self {
        Self { folder, ca: TestCa::new(Timestamp::now()).expect("an authority") }
    }

    /// Makes the database, as the first start does.
    fn begin(&self) {
        let checked = Command::new(env!("CARGO_BIN_EXE_lmr"))
            .args(["serve", "--check", "--config"])
            .arg(self.folder.path().join("world/receiver.toml"))
            .output()
            .expect("lmr runs");
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }

    fn certificate(&self, name: &str, order: &Order) -> PathBuf {
        let path = self.folder.path().join(name);
        let made = self.ca.enterprise(order).expect("a certificate");
        std::fs::write(&path, made.certificate_pem).expect("written");
        path
    }

    fn order(&self) -> Order {
        Order::new(NUMBER, "Liksom kommune", Timestamp::now())
    }

    fn admin(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_lmr"))
            .arg("admin")
            .args(arguments)
            .args(["--lang", "en", "--format", "json", "--config"])
            .arg(self.folder.path().join("world/receiver.toml"))
            .output()
            .expect("lmr runs")
    }

    fn done(&self, arguments: &[&str]) -> Value {
        let output = self.admin(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).expect("a JSON line")
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.admin(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn sender(&self) -> Option<Value> {
        let output = self.admin(&["senders"]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        rows.into_iter().find(|row| row["organisation"] == NUMBER)
    }

    /// A registered sender with everything that can be lost: an address, a rule set, a start date.
    fn registered() -> Self {
        let register = Self::new();
        let first = register.certificate("a.pem", &register.order());
        register.done(&[
            "register",
            NUMBER,
            "--name",
            "Liksom kommune",
            "--certificate",
            path(&first),
            "--address",
            "192.0.2.7",
            "--ruleset",
            "lmdi-0.9.4",
            "--start-date",
            "2026-01-01",
        ]);
        register
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// The members that differ.
fn changed(change: &Value) -> Vec<String> {
    let (before, after) = (&change["before"], &change["after"]);
    let members = before.as_object().expect("a sender before").keys();
    members.filter(|name| before[*name] != after[*name]).cloned().collect()
}

#[test]
fn n3_a_certificate_is_changed_without_losing_anything_else() {
    let register = Register::registered();
    let second = register.certificate("b.pem", &register.order());
    let added = register.done(&["add-certificate", NUMBER, path(&second)]);
    assert_eq!(changed(&added), ["certificates"]);
    assert_eq!(added["after"]["certificates"].as_array().map(Vec::len), Some(2));
    let old = added["before"]["certificates"][0]["thumbprint"].as_str().expect("a thumbprint");
    let retired = register.done(&["retire-certificate", NUMBER, old]);
    assert_eq!(changed(&retired), ["certificates"]);
    let sender = register.sender().expect("still registered");
    assert_eq!(sender["addresses"], json!(["192.0.2.7"]));
    assert_eq!(sender["ruleSet"], "lmdi-0.9.4");
    assert_eq!(sender["startDate"], "2026-01-01");
    assert_eq!(sender["certificates"].as_array().map(Vec::len), Some(1));
    // The same again changes nothing; the last one stays.
    assert_eq!(register.done(&["add-certificate", NUMBER, path(&second)])["changed"], false);
    let said = register.refused(&["retire-certificate", NUMBER, path(&second)]);
    assert!(said.contains("no valid certificate left"), "{said}");
    let forced = register.done(&["retire-certificate", NUMBER, path(&second), "--force"]);
    assert_eq!(forced["after"]["certificates"], json!([]));
}

#[test]
fn n3_registering_again_leaves_what_is_registered() {
    let register = Register::registered();
    let before = register.sender();
    let second = register.certificate("b.pem", &register.order());
    let said = register.refused(&[
        "register",
        NUMBER,
        "--name",
        "Another",
        "--certificate",
        path(&second),
    ]);
    assert!(said.contains("add-certificate") && said.contains("nothing was changed"), "{said}");
    assert_eq!(register.sender(), before);
}

#[test]
fn n4_only_activate_lets_a_stopped_sender_in_again() {
    let register = Register::registered();
    let stopped = register.done(&["deactivate", NUMBER]);
    assert_eq!(changed(&stopped), ["active"]);
    let first = register.folder.path().join("a.pem");
    let second = register.certificate("b.pem", &register.order());
    let same = [
        "register",
        NUMBER,
        "--name",
        "Liksom kommune",
        "--certificate",
        path(&first),
        "--address",
        "192.0.2.7",
        "--ruleset",
        "lmdi-0.9.4",
        "--start-date",
        "2026-01-01",
    ];
    assert_eq!(register.done(&same)["changed"], false);
    for arguments in [
        vec!["add-certificate", NUMBER, path(&second)],
        vec!["retire-certificate", NUMBER, path(&second)],
        vec!["set-addresses", NUMBER, "192.0.2.8", "2001:db8::/64"],
        vec!["set", NUMBER, "--name", "Liksom og omegn", "--any-ruleset"],
    ] {
        let change = register.done(&arguments);
        assert_eq!(change["after"]["active"], false, "{arguments:?}");
        assert_eq!(change["before"]["active"], false, "{arguments:?}");
    }
    let started = register.done(&["activate", NUMBER]);
    assert_eq!(changed(&started), ["active"]);
    assert_eq!(started["after"]["active"], true);
}

#[test]
fn each_verb_changes_what_it_names() {
    let register = Register::registered();
    let change = |arguments: &[&str]| changed(&register.done(arguments));
    assert_eq!(change(&["set-addresses", NUMBER, "192.0.2.8"]), ["addresses"]);
    assert_eq!(change(&["set-addresses", NUMBER, "--none"]), ["addresses"]);
    assert_eq!(change(&["set", NUMBER, "--name", "Ny"]), ["name"]);
    assert_eq!(change(&["set", NUMBER, "--any-ruleset"]), ["ruleSet"]);
    assert_eq!(change(&["set", NUMBER, "--ruleset", "lmdi-0.9.4"]), ["ruleSet"]);
    assert_eq!(change(&["set", NUMBER, "--no-start-date"]), ["startDate"]);
    assert_eq!(change(&["set", NUMBER, "--start-date", "2026-03-01"]), ["startDate"]);
    for arguments in [
        vec!["set", NUMBER],
        vec!["set-addresses", NUMBER],
        vec!["set-addresses", NUMBER, "nowhere"],
        vec!["set", NUMBER, "--ruleset", "lmdi-9"],
        vec!["deactivate", "310000019x"],
        vec!["deactivate", "889640782"],
    ] {
        assert!(!register.refused(&arguments).is_empty(), "{arguments:?}");
    }
}

#[test]
fn b13_certificates_that_cannot_be_signed_with_are_refused_with_the_reason() {
    let register = Register::registered();
    let now = Timestamp::now();
    let expired = register.order().expired(now);
    let encryption = register.order().with_usage(OrderUsage::Encryption);
    let foreign = Order::new("310000027", "Liksom sykehus HF", now);
    let weak = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/weak-certificate.pem");
    for (file, reason) in [
        (register.certificate("expired.pem", &expired), "expired"),
        (register.certificate("usage.pem", &encryption), "not meant for this use (Signature)"),
        (register.certificate("foreign.pem", &foreign), "issued to 310000027, not to 310000019"),
        (weak, "no RSA key of at least 2048 bits"),
        (register.folder.path().join("world/sender.key"), "is not a usable certificate"),
        (register.folder.path().join("none.pem"), "does not exist"),
    ] {
        let before = register.sender();
        let said = register.refused(&["add-certificate", NUMBER, path(&file)]);
        assert!(said.contains(reason) && said.contains(path(&file)), "{said}");
        let name = ["register", "889640782", "--name", "x", "--certificate", path(&file)];
        assert!(!register.refused(&name).is_empty());
        assert_eq!(register.sender(), before);
    }
    // One that begins later is registered before it is put to use.
    let mut later = register.order();
    later.not_before = now + SignedDuration::from_hours(48);
    let later = register.certificate("later.pem", &later);
    let added = register.done(&["add-certificate", NUMBER, path(&later)]);
    assert_eq!(added["after"]["certificates"][1]["valid"], false);
}

#[test]
fn what_changes_is_shown_before_and_after_in_both_languages() {
    let register = Register::registered();
    for (lang, before, after, address) in
        [("nb", "før:", "nå:", "192.0.2.8"), ("en", "before:", "now:", "192.0.2.9")]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_lmr"))
            .args(["admin", "set-addresses", NUMBER, address])
            .args(["--lang", lang, "--config"])
            .arg(register.folder.path().join("world/receiver.toml"))
            .output()
            .expect("lmr runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success());
        assert!(said.contains(before) && said.contains(after) && said.contains(address), "{said}");
    }
}

/// A mistyped path, or a backup that has not been restored yet, must not look like a register in which nothing happened.
#[test]
fn a_database_that_is_not_there_is_made_by_a_start_only() {
    let desk = Register::new();
    let pem = desk.certificate("a.pem", &desk.order());
    let pem = pem.to_str().expect("UTF-8");
    let database = desk.folder.path().join("world/receiver.sqlite");
    std::fs::remove_file(&database).expect("removed");
    let copy = desk.folder.path().join("copy.sqlite").display().to_string();
    let exported = desk.folder.path().join("exported").display().to_string();
    for command in [
        &["senders"][..],
        &["deliveries"],
        &["overview"],
        &["audit", "verify"],
        &["backup", &copy],
        &["export", &exported, "--reason", "x"],
        &["expire"],
        &["register", NUMBER, "--name", "x", "--certificate", pem],
        &["deactivate", NUMBER],
    ] {
        let said = desk.refused(command);
        assert!(said.contains("is not there"), "{command:?}: {said}");
        assert!(!database.exists(), "{command:?} made {}", database.display());
    }
    assert!(!Path::new(&copy).exists());
    let doctor = Command::new(env!("CARGO_BIN_EXE_lmr"))
        .args(["doctor", "--lang", "en", "--format", "json", "--config"])
        .arg(desk.folder.path().join("world/receiver.toml"))
        .output()
        .expect("lmr runs");
    let rows = String::from_utf8(doctor.stdout).expect("UTF-8");
    let rows: Vec<Value> =
        rows.lines().map(|row| serde_json::from_str(row).expect("a JSON line")).collect();
    let of = |name: &str| rows.iter().find(|row| row["check"] == name).expect("a line");
    assert_eq!(of("database")["status"], "warning", "{rows:?}");
    assert_eq!(of("services")["status"], "ok", "{rows:?}");
    assert!(!database.exists(), "doctor made {}", database.display());
    desk.begin();
    desk.done(&["register", NUMBER, "--name", "x", "--certificate", pem]);
    assert!(database.exists());
    let outlet = Command::new(env!("CARGO_BIN_EXE_lmr"))
        .args(["admin", "outlet", "--lang", "en", "--config"])
        .arg(desk.folder.path().join("world/receiver.toml"))
        .output()
        .expect("lmr runs");
    let said = String::from_utf8_lossy(&outlet.stdout).into_owned();
    assert!(said.contains("has no [outlet]"), "{said}");
    // Two filters of which the one would be ignored.
    desk.refused(&["show", "--resource", "Patient/0123", "--sender", NUMBER]);
}
