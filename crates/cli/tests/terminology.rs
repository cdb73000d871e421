//! Code lists from import to the check on both sides of the chain, with the real program.
#![allow(clippy::disallowed_methods, reason = "real processes are run and waited for")]

use crate::world;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use world::{World, lmr};

const ATC: &str = "http://www.whocc.no/atc";

fn run(arguments: &[&str]) -> Output {
    Command::new(lmr()).args(arguments).output().expect("lmr runs")
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

fn ok(arguments: &[&str]) -> String {
    let done = run(arguments);
    assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
    text(&done.stdout)
}

fn refused(arguments: &[&str]) -> String {
    let done = run(arguments);
    assert!(!done.status.success(), "{arguments:?}: {}", text(&done.stdout));
    text(&done.stderr)
}

fn str_of(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path
}

fn import(file: &Path, output: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["terminology", "import", str_of(file), "-o", str_of(output)];
    arguments.extend(more);
    run(&arguments)
}

fn status(output: &Path) -> Value {
    let text = ok(&["terminology", "status", str_of(output), "--format", "json"]);
    serde_json::from_str(&text).expect("JSON")
}

/// The list with this URL in what `lmr terminology status` says.
fn list<'s>(status: &'s Value, url: &str) -> &'s Value {
    let lists = status["lists"].as_array().expect("lists");
    lists.iter().find(|list| list["url"] == url).unwrap_or_else(|| panic!("{url} in {status}"))
}

/// A FEST file with this many brands and packages.
fn fest(date: &str, count: usize) -> String {
    let entry = |kind: &str, number: usize, more: &str| {
        format!(
            "<Oppf{kind}><Id>ID_0{number:05}</Id><Status V=\"A\"/><{kind}>\
             <NavnFormStyrke>Nr {number}</NavnFormStyrke><Id>ID_{kind}-{number}</Id>{more}</{kind}></Oppf{kind}>"
        )
    };
    let all = |kind: &str, more: &dyn Fn(usize) -> String| -> String {
        (0..count).map(|number| entry(kind, number, &more(number))).collect()
    };
    format!(
        "<FEST xmlns=\"http://www.kith.no/xmlstds/eresept/m30/2014-12-01\"><HentetDato>{date}</HentetDato>\
         <KatLegemiddelMerkevare>{}</KatLegemiddelMerkevare><KatLegemiddelpakning>{}</KatLegemiddelpakning></FEST>",
        all("LegemiddelMerkevare", &|_| String::new()),
        all("Legemiddelpakning", &|number| format!("<Varenr>{number:06}</Varenr>")),
    )
}

const ITEM: &str = "http://dmp.no/fhir/NamingSystem/fest-varenummer";

#[test]
fn a_list_that_has_shrunk_or_is_cut_withdraws_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, package) = (
        write(folder.path(), "a.xml", &fest("2026-09-08T03:00:00", 20)),
        folder.path().join("t.tgz"),
    );
    let done = import(&first, &package, &[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let bytes = std::fs::read(&package).expect("written");

    let whole = fest("2026-09-22T03:00:00", 20);
    for (name, file, words) in [
        ("shrunk", fest("2026-09-22T03:00:00", 15), "--allow-smaller"),
        ("cut", whole[..whole.len() / 2].to_owned(), "fetch it again"),
        ("older", fest("2026-08-08T03:00:00", 20), "--allow-older"),
        ("increment", whole.replacen("V=\"A\"", "V=\"U\"", 1), "increment"),
        ("made-up", whole.replace("m30/2014-12-01", "m30/2031-01-01"), "m30/2031-01-01"),
        ("another", "<html/>".to_owned(), "FEST"),
    ] {
        let file = write(folder.path(), &format!("{name}.xml"), &file);
        let done = import(&file, &package, &["--lang", "en"]);
        assert!(!done.status.success(), "{name}: {}", text(&done.stdout));
        assert!(text(&done.stderr).contains(words), "{name}: {}", text(&done.stderr));
        assert_eq!(
            std::fs::read(&package).expect("still there"),
            bytes,
            "{name} changed the package"
        );
    }
    // A list that is not in the new file would be withdrawn as a whole.
    let csv = write(folder.path(), "other.csv", "code\na\n");
    let done = import(&csv, &package, &["--system", "urn:x", "--lang", "en"]);
    assert!(text(&done.stderr).contains(ITEM), "{}", text(&done.stderr));

    // A fifth less is news: what is gone stays as inactive, with the date on which it was there.
    let next = write(folder.path(), "b.xml", &fest("2026-09-22T03:00:00", 16));
    assert!(import(&next, &package, &[]).status.success());
    let status = status(&package);
    let items = list(&status, ITEM);
    assert_eq!((&items["codes"], &items["inactive"]), (&16.into(), &4.into()), "{items}");
    assert_eq!(items["version"], "2026-09-22T03:00:00");
    assert_eq!(items["content"], "complete");
    // And stays so in the next import.
    let next = write(folder.path(), "c.xml", &fest("2026-10-06T03:00:00", 16));
    assert!(import(&next, &package, &[]).status.success());
    assert_eq!(list(&self::status(&package), ITEM)["inactive"], 4);
}

#[test]
fn the_extract_is_named_and_only_that_of_institutions_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, extract, content) in [
        ("fest251_inst.xml", "institution", "complete"),
        ("fest251.xml", "prescriber", "fragment"),
        ("fest251_vet.xml", "veterinary", "fragment"),
    ] {
        let file = write(folder.path(), name, &fest("2026-09-08T03:00:00", 2));
        let package = folder.path().join(format!("{name}.tgz"));
        let done = import(&file, &package, &[]);
        assert!(done.status.success(), "{}", text(&done.stderr));
        let status = status(&package);
        let items = list(&status, ITEM);
        assert_eq!((&items["extract"], &items["content"]), (&extract.into(), &content.into()));
        assert_eq!(items["source"], "fest-2.5.1");
    }
}

#[test]
fn status_says_how_old_and_how_complete_the_lists_are_in_both_languages() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "fest251_inst.xml", &fest("2020-01-01T03:00:00", 3));
    let package = folder.path().join("t.tgz");
    assert!(import(&file, &package, &[]).status.success());
    let config = write(folder.path(), "sender.toml", "source = \"s\"\nterminology = [\"t.tgz\"]\n");
    let nb = ok(&["terminology", "status", "--config", str_of(&config)]);
    let en = ok(&["terminology", "status", "--config", str_of(&config), "--lang", "en"]);
    for (text, words) in [
        (nb, ["3 koder", "fullstendig", "dager gammel", "ikke lastet", "institution"]),
        (en, ["3 codes", "complete", "days old", "not loaded", "institution"]),
    ] {
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert!(
            text.contains("http://dmp.no/fhir/NamingSystem/festLegemiddelVirkestoff"),
            "{text}"
        );
    }
    let status = status(&package);
    assert_eq!(list(&status, ITEM)["stale"], true);
    assert!(list(&status, ITEM)["ageDays"].as_i64().expect("days") > 2000);
    assert!(refused(&["terminology", "status"]).contains("--config"));
}

#[test]
fn a_csv_list_makes_a_value_set_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let csv = write(folder.path(), "farger.csv", "kode;navn\nr;Rød\ng;Grønn\n");
    let package = folder.path().join("t.tgz");
    let profile = write(
        folder.path(),
        "profile.json",
        r#"{"resourceType":"StructureDefinition","url":"urn:x:basic","name":"X","status":"draft","kind":"resource",
            "abstract":false,"type":"Basic","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Basic",
            "derivation":"constraint","differential":{"element":[{"id":"Basic.code","path":"Basic.code",
            "binding":{"strength":"required","valueSet":"http://x.test/ValueSet/farger"}}]}}"#,
    );
    let system = "http://x.test/CodeSystem/farger";
    let done = import(&csv, &package, &["--system", system]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(list(&status(&package), system)["valueSet"], "http://x.test/ValueSet/farger");
    let validate = |code: &str| {
        let basic = format!(
            r#"{{"resourceType":"Basic","meta":{{"profile":["urn:x:basic"]}},"code":{{"coding":[{{"system":"{system}","code":"{code}"}}]}}}}"#
        );
        let file = write(folder.path(), "basic.json", &basic);
        run(&[
            "validate",
            "--ruleset",
            "none",
            "--package",
            str_of(&profile),
            "--package",
            str_of(&package),
            str_of(&file),
        ])
    };
    let done = validate("r");
    assert!(done.status.success(), "{}", text(&done.stdout));
    assert!(!validate("b").status.success());
    // A part of a system is a whole value set all the same, under a name of one's own.
    let named = ["--system", system, "--partial", "--value-set", "http://x.test/ValueSet/farger"];
    assert!(import(&csv, &folder.path().join("part.tgz"), &named).status.success());
    let status = status(&folder.path().join("part.tgz"));
    assert_eq!(list(&status, system)["content"], "fragment");
}

/// The ATC codes of the source's medicines.
fn atc_codes(world: &World) -> BTreeSet<String> {
    fn collect(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if members.get("system").is_some_and(|system| system == ATC) {
                    into.extend(members["code"].as_str().map(str::to_owned));
                }
                members.values().for_each(|value| collect(value, into));
            }
            Value::Array(items) => items.iter().for_each(|value| collect(value, into)),
            _ => {}
        }
    }
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(world.path().join("source")).expect("the source") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("UTF-8");
        for line in text.lines() {
            collect(&serde_json::from_str(line).expect("JSON"), &mut codes);
        }
    }
    codes
}

/// Adds the package of codes to a configuration of the world, or takes it away again.
fn with_terminology(world: &World, name: &str, with: bool) {
    let path = world.config(name);
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let line = "terminology = [\"atc.tgz\"]\n";
    let without = text.replacen(line, "", 1);
    std::fs::write(&path, if with { format!("{line}{without}") } else { without })
        .expect("written");
}

#[test]
fn n19_a_code_that_the_list_does_not_have_is_held_by_the_sender_and_refused_by_the_receiver() {
    let world = World::make("lmdi-0.9.4", 8, 5000);
    let mut codes = atc_codes(&world);
    let unknown = codes.pop_first().expect("a code");
    assert!(!codes.is_empty(), "one medicine only");
    let csv: String = codes.iter().map(|code| format!("{code},{code}\n")).collect();
    let csv = write(world.path(), "atc.csv", &csv);
    let done = import(&csv, &world.path().join("atc.tgz"), &["--system", ATC]);
    assert!(done.status.success(), "{}", text(&done.stderr));

    let helseid = world.helseid();
    let receiver = world.receiver();
    // The running receiver takes the list with a hang-up.
    with_terminology(&world, "receiver.toml", true);
    receiver.signal("-HUP");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !world.log().contains("code lists were read again") {
        assert!(std::time::Instant::now() < until, "not read again: {}", world.log());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let config = world.config("sender.toml");
    let send = |command: &str| {
        let arguments = ["send", command, "--lang", "en", "--config", str_of(&config)];
        text(&run(&arguments).stdout)
    };
    let counts = |world: &World, key: &str| -> u64 {
        world.deliveries().iter().map(|d| d["counts"][key].as_u64().expect("a count")).sum()
    };
    // The sender has the list: what the receiver would refuse is held, the rest arrives.
    with_terminology(&world, "sender.toml", true);
    let report = send("run");
    let held = send("rejected");
    assert!(held.contains("LMR-5"), "held for its code: {held}\n{report}");
    assert!(counts(&world, "created") > 0, "{report}");
    assert_eq!(counts(&world, "refused"), 0, "{report}");

    // Without the list the sender sends it, and the receiver refuses it by its code.
    with_terminology(&world, "sender.toml", false);
    ok(&["send", "release", "--all", "--yes", "--config", str_of(&config)]);
    let report = send("run");
    assert!(counts(&world, "refused") > 0, "{unknown} was taken: {report}\n{}", world.log());
    drop((receiver, helseid));
}

#[test]
fn a_list_without_codes_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = write(folder.path(), "empty.csv", "");
    let output = folder.path().join("lists.tgz");
    for lang in ["nb", "en"] {
        let said = refused(&[
            "--lang",
            lang,
            "terminology",
            "import",
            "--system",
            "http://example.org/cs",
            "--output",
            str_of(&output),
            str_of(&empty),
        ]);
        assert!(said.contains("http://example.org/cs"), "{said}");
    }
}
