//! Commands that only look change nothing: the bytes of the sender's folder and of its source are the same before and
//! after, whatever the source, with and without a database. And the day is Norway's on a machine without time zones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::world;
use world::{World, said};

/// The file of the source that has the administrations.
const GIVEN: &str = "MedicationAdministration.ndjson";

/// Every file and folder below a folder, with its bytes. What SQLite keeps beside a database while it is read is not in
/// it: its shared memory, and a log without anything in it.
fn bytes_below(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let bytes = path.is_file().then(|| std::fs::read(&path).expect("a file"));
            if bytes.is_none() {
                todo.push(path.clone());
            }
            let name = path.to_string_lossy();
            let is_empty_log =
                name.ends_with(".sqlite-wal") && bytes.as_ref().is_some_and(Vec::is_empty);
            if !is_empty_log && !name.ends_with(".sqlite-shm") {
                found.insert(path, bytes);
            }
        }
    }
    found
}

/// Commands that look, each with what it asks for.
const LOOKING: [&[&str]; 14] = [
    &["run", "--dry-run"],
    &["run", "--dry-run", "--format", "json"],
    &["why", "MedicationAdministration/nothing"],
    &["rehearse", "--ruleset", "lmdi-1.1.7"],
    &["status"],
    &["history"],
    &["rejected"],
    &["rejected", "--discarded"],
    &["vanished"],
    &["journal"],
    &["repair"],
    &["export-ledger"],
    &["map", "--print"],
    &["map", "--mapping", "hospital-diagnoses", "--check"],
];

/// Has each command look, and names the files that it has changed.
fn look(world: &World, what: &str) {
    for arguments in LOOKING {
        let before = bytes_below(world.path());
        let output = world.send(arguments);
        let code = output.status.code();
        assert!(code.is_some_and(|code| code <= 5), "{what} {arguments:?}: {}", said(&output));
        assert_same(&before, world, &format!("{what}: lmr send {arguments:?}"));
    }
    for words in [&["doctor"][..], &["receipt", "list"]] {
        let before = bytes_below(world.path());
        let looked = std::process::Command::new(world::lmr())
            .args(words)
            .arg("--config")
            .arg(world.config("sender.toml"))
            .output()
            .expect("lmr runs");
        assert!(looked.status.code().is_some_and(|code| code <= 2), "{what}: {}", said(&looked));
        assert_same(&before, world, &format!("{what}: lmr {words:?}"));
    }
}

fn assert_same(before: &BTreeMap<PathBuf, Option<Vec<u8>>>, world: &World, what: &str) {
    let after = bytes_below(world.path());
    let is_log = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "log");
    let names = before.keys().chain(after.keys()).filter(|path| !is_log(path));
    let changed: Vec<&PathBuf> =
        names.filter(|path| before.get(*path) != after.get(*path)).collect();
    assert!(changed.is_empty(), "{what} has changed {changed:?}");
}

#[test]
fn commands_that_look_change_no_byte_of_the_folder() {
    let world = World::make("lmdi-0.9.4", 6, 20);
    let config = std::fs::read_to_string(world.config("sender.toml")).expect("a configuration");
    let line = config.lines().find(|line| line.starts_with("source = ")).expect("a source");
    let path = line.trim_start_matches("source = ").to_owned();
    std::fs::write(
        world.config("rows.csv"),
        "diagnosis_id;patient_id;icd10;icd10_text\nD1;P1;J18.9;x\n",
    )
    .expect("written");
    let table = "kind = \"table\"\nmapping = \"hospital-diagnoses\"\npath = \"rows.csv\"\n\
                 constants = { diagnosis_system = \"urn:oid:2.999.1\" }\n";
    let archived = format!(
        "[[source]]\nkind = \"folder\"\npath = {path}\nincremental = true\narchive = \"archive\"\n"
    );
    let copied = format!(
        "[[source]]\nkind = \"folder\"\npath = {path}\narchive = \"archive\"\narchive_copy = true\n"
    );
    let sources = [
        ("a folder", None),
        ("a folder whose files are moved away", Some(archived)),
        ("a folder whose files are copied", Some(copied)),
        (
            "a folder and a table",
            Some(format!("[[source]]\nkind = \"folder\"\npath = {path}\n[[source]]\n{table}")),
        ),
        (
            "a server that is away",
            Some(
                "[[source]]\nkind = \"fhir\"\nurl = \"http://127.0.0.1:9/fhir\"\nretries = 0\n"
                    .to_owned(),
            ),
        ),
    ];
    let with = |source: &Option<String>| {
        let text = match source {
            None => config.clone(),
            // A table of the file must come after its keys.
            Some(tables) => format!("{}\n{tables}", config.replace(&format!("{line}\n"), "")),
        };
        std::fs::write(world.config("sender.toml"), text).expect("written");
    };
    for (what, source) in &sources {
        with(source);
        look(&world, &format!("before a database, {what}"));
    }
    assert!(!world.config("sender.sqlite").exists(), "no database is made by looking");
    with(&None);
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    let mut given = world.lines(GIVEN);
    world.run(0);
    // Something is held, something has vanished.
    given[0]["status"] = "feil".into();
    given.pop();
    world.write(GIVEN, &given);
    world.run(1);
    drop((_helseid, _receiver));
    for (what, source) in &sources {
        with(source);
        look(&world, what);
    }
}

/// A folder of time zones that is empty, and one that is not there.
#[test]
fn the_time_is_norways_on_a_machine_without_time_zones() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("patient.json");
    std::fs::write(&file, r#"{"resourceType":"Patient"}"#).expect("written");
    for zones in [folder.path().join("empty"), folder.path().join("none")] {
        if zones.ends_with("empty") {
            std::fs::create_dir(&zones).expect("a folder");
        }
        let output = std::process::Command::new(world::lmr())
            .args(["fhirpath", "now().toString()"])
            .arg(&file)
            .env("TZDIR", &zones)
            .output()
            .expect("lmr fhirpath");
        let text = said(&output);
        assert!(text.contains("+01:00") || text.contains("+02:00"), "{zones:?}: {text}");
    }
}
