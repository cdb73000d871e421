//! The sender when nobody looks, and when somebody does: the correction desk, supervision, rehearsals. Real
//! processes, a simulated register and HelseID.
#![allow(clippy::disallowed_methods, reason = "real processes are waited for by the real clock")]

mod world;

use serde_json::Value;
use world::{World, said};

const GIVEN: &str = "MedicationAdministration.ndjson";

/// Fields of a CSV text by RFC 4180, a list a record.
fn csv(text: &str, separator: char) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut characters) = (false, text.chars().peekable());
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            c => field.push(c),
        }
    }
    assert!(!quoted && field.is_empty() && record.is_empty(), "the last record is not whole");
    records
}

/// A ward whose folder has two wrong administrations and a wrong patient, and a table with two rows that cannot be
/// mapped.
fn ward() -> World {
    let world = World::make("lmdi-0.9.4", 12, 1000);
    world.set("sender.toml", "source = \"source\"\n", "");
    let config = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    let sources = "\n[[source]]\nkind = \"folder\"\nname = \"ward\"\npath = \"source\"\n\n[[source]]\nkind = \"table\"\n\
                   name = \"diagnoses\"\npath = \"rows.csv\"\nmapping = \"hospital-diagnoses\"\nincremental = true\n\
                   constants = { diagnosis_system = \"urn:oid:2.999.1\" }\n";
    std::fs::write(world.config("sender.toml"), config + sources).expect("written");
    let rows = "diagnosis_id;patient_id;icd10;icd10_text\nD2;P1;;\nD3;;A00;\n";
    std::fs::write(world.config("rows.csv"), rows).expect("written");
    let mut given = world.lines(GIVEN);
    given[0]["status"] = "=cmd|' /C calc'!A0".into();
    given[1]["status"] = "<script>alert(1)</script>".into();
    world.write(GIVEN, &given);
    let mut patients = world.lines("Patient.ndjson");
    patients[0]["gender"] = "ukjent-zq".into();
    world.write("Patient.ndjson", &patients);
    world
}

#[test]
fn the_correction_desk_lists_releases_and_discards_with_a_journal() {
    let world = ward();
    let (_helseid, _receiver) = (world.helseid(), world.receiver());

    // A dry run says what would be held, rows of tables included, and leaves the ledger as it is, byte for byte.
    let fresh = world.json(&["run", "--dry-run"]);
    assert!(fresh["held"].as_array().is_some_and(|held| held.len() >= 3), "{fresh}");
    assert!(fresh["waiting"].as_array().is_some_and(|waiting| !waiting.is_empty()), "{fresh}");
    assert_eq!(fresh["report"]["source_issues"].as_array().map(Vec::len), Some(2), "{fresh}");
    world.run(1);
    let ledger = || {
        ["sender.sqlite", "sender.sqlite-wal"]
            .map(|name| std::fs::read(world.config(name)).unwrap_or_default())
    };
    let before = ledger();
    assert_eq!(world.send(&["run", "--dry-run"]).status.code(), Some(1));
    assert_eq!(world.send(&["run", "--dry-run", "--format", "json"]).status.code(), Some(1));
    assert!(ledger() == before, "a dry run changes the ledger");

    let text = said(&world.send(&["rejected", "--lang", "en"]));
    for part in [
        "Held back: ",
        "wait for it",
        "the row is held: icd10 is empty",
        "D2",
        "rows.csv:2",
        "Allowed: ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let nb = said(&world.send(&["rejected", "--lang", "nb"]));
    assert!(nb.contains("Holdt tilbake: ") && nb.contains("raden holdes tilbake"), "{nb}");
    let all = world.json(&["rejected"]);
    let all = all.as_array().expect("a list");
    let held: Vec<&Value> = all.iter().filter(|row| row["origin"] != "source").collect();
    assert_eq!(all.len() - held.len(), 2, "{text}");
    let patient = held.iter().find(|row| row["resource_type"] == "Patient").expect("the patient");
    assert!(patient["waiting"].as_u64() > Some(0), "{patient}");

    // Filters leave out what does not fit, and say so of themselves.
    let count = |arguments: &[&str]| {
        let rows = world.json(&[&["rejected"], arguments].concat());
        rows.as_array().map_or(0, Vec::len)
    };
    assert_eq!(count(&["--type", "Patient"]), 1);
    assert_eq!(count(&["--source", "diagnoses"]), 2);
    assert_eq!(count(&["--text", "ICD10"]), 1);
    assert_eq!(count(&["--since", "2099-01-01"]), 0);
    assert_eq!(count(&["--until", "2026-01-01"]), 0);
    assert_eq!(count(&["--until", "2099-01-01"]), all.len());
    let code = patient["findings"][0]["code"].as_str().expect("a code");
    assert!(count(&["--code", code]) >= 1);
    let wrong = world.send(&["rejected", "--since", "yesterday", "--lang", "en"]);
    assert!(said(&wrong).contains("--since: yesterday is neither"), "{}", said(&wrong));

    // CSV: a row for each finding, nothing that a spreadsheet would run.
    let printed = world.send(&["rejected", "--format", "csv", "--lang", "en"]);
    let table = csv(&String::from_utf8_lossy(&printed.stdout), ',');
    assert_eq!(table[0][..3], ["number", "state", "code"]);
    assert!(table.iter().all(|row| row.len() == table[0].len()), "{table:?}");
    let column = |name: &str| table[0].iter().position(|column| column == name).expect(name);
    assert_eq!(table[1..].iter().filter(|row| row[1] == "source").count(), 2);
    assert!(table[1..].iter().any(|row| row[1] == "waits"), "{table:?}");
    let value = column("value");
    assert!(table.iter().any(|row| row[value] == "'=cmd|' /C calc'!A0"), "{table:?}");
    let sheet = world.send(&["rejected", "--format", "csv", "--spreadsheet"]);
    assert!(sheet.stdout.starts_with("\u{feff}number;state;".as_bytes()));
    assert_eq!(csv(&String::from_utf8_lossy(&sheet.stdout[3..]), ';').len(), table.len());

    // HTML: one page, both languages, no script, nothing fetched, values escaped.
    let page = world.config("held.html");
    let to_file = ["rejected", "--format", "html", "--output", page.to_str().expect("UTF-8")];
    assert_eq!(world.send(&to_file).status.code(), Some(0));
    let html = std::fs::read_to_string(&page).expect("a page");
    for forbidden in ["<script", "src=", "href=", "url(", "@import", "<link", "<img", "<iframe"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
    for both in ["Holdt tilbake", "Held back", "lang=\"nb\"", "lang=\"en\"", "rows.csv:2"] {
        assert!(html.contains(both), "{both}");
    }
    let redacted = said(&world.send(&["rejected", "--format", "html", "--redact"]));
    assert!(!redacted.contains("alert(1)") && !redacted.contains("ukjent-zq"), "{redacted}");
    assert_eq!(world.send(&["status", "--format", "csv"]).status.code(), Some(2));

    // Several at once: counted first, and only with a yes.
    let number = patient["number"].to_string();
    for refused in [
        &["release", "--type", "MedicationAdministration"][..],
        &["discard", "--all", "--reason", "test data"],
        &["release"],
        &["discard", "--reason", "test data"],
        &["discard", "--number", &number],
        &["discard", "--number", &number, "--reason", " "],
        &["discard", "--number", &number, "--reason", "born 12818012345"],
    ] {
        let refused = world.send(refused);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    }
    let asked = said(&world.send(&["discard", "--all", "--reason", "test data", "--lang", "en"]));
    assert!(asked.contains(&format!("{} records, ", held.len())), "{asked}");
    assert!(asked.contains("nothing is done: give --yes"), "{asked}");
    assert_eq!(world.json(&["rejected"]).as_array().map(Vec::len), Some(all.len()));

    let one = [
        "discard",
        "--number",
        &number,
        "--reason",
        "duplicate in the system",
        "--operator",
        "Kari",
    ];
    assert_eq!(world.json(&one)["records"], 1);
    assert_eq!(world.send(&one).status.code(), Some(1), "it is discarded already");
    let status = world.json(&["status"]);
    assert_eq!((&status["discarded"], &status["held"]), (&1.into(), &(held.len() - 1).into()));
    let listed = said(&world.send(&["rejected", "--discarded", "--lang", "en"]));
    assert!(
        listed.contains("discarded by Kari") && listed.contains("duplicate in the system"),
        "{listed}"
    );
    let many = [
        "release",
        "--type",
        "MedicationAdministration",
        "--yes",
        "--operator",
        "Ola",
        "--reason",
        "agreed",
    ];
    let released = world.json(&many);
    assert!(released["found_by_check"].as_u64() > Some(0), "{released}");
    assert_eq!(world.json(&["release", "--number", &number, "--operator", "Ola"])["discarded"], 1);

    let journal = world.json(&["journal"]);
    let entries = journal.as_array().expect("a list");
    let kinds: Vec<&str> = entries.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["release", "release", "discard"]);
    assert_eq!(entries[2]["operator"], "Kari");
    assert_eq!(entries[2]["records"][0]["number"].to_string(), number);
    let text = said(&world.send(&["journal", "--lang", "en"]));
    assert!(text.contains("Kari  discarded 1: duplicate in the system"), "{text}");
}
