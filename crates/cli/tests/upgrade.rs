//! Databases of every released version, brought to the present schema: what was there is there, and nothing is delivered
//! again. `scripts/keep-release` writes `tests/releases/VERSION`; a release adds its own, and none is changed.
#![allow(clippy::disallowed_methods, reason = "real processes are waited for by the real clock")]

use crate::world;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use world::{World, said};

const GIVEN: &str = "MedicationAdministration.ndjson";

/// Every kept state: a folder of its own.
fn released() -> Vec<PathBuf> {
    let releases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases");
    let folders = |path: &Path| -> Vec<PathBuf> {
        let all =
            std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut all: Vec<_> = all.filter(|path| path.is_dir()).collect();
        all.sort();
        all
    };
    let found: Vec<_> = folders(&releases).iter().flat_map(|version| folders(version)).collect();
    assert!(found.len() >= 2, "{found:?}");
    found
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn connect(file: &Path) -> SqliteConnection {
    // A dump has its tables in order of their names.
    let options =
        SqliteConnectOptions::new().filename(file).create_if_missing(true).foreign_keys(false);
    options.connect().await.expect("a database")
}

/// Runs statements on a file.
fn sql(file: &Path, statements: String) {
    runtime().block_on(async {
        let mut db = connect(file).await;
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut db).await.expect("statements");
        db.close().await.expect("closed");
    });
}

/// What a table of a file has in a column, as texts.
fn texts(file: &Path, statement: &'static str) -> Vec<String> {
    runtime().block_on(async {
        let mut db = connect(file).await;
        let found = sqlx::query_scalar(statement).fetch_all(&mut db).await.expect("rows");
        db.close().await.expect("closed");
        found
    })
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A world of today with the databases, their keys and the source of a release. Certificates are those of today: the kept
/// ones would end some day.
fn world_of(release: &Path) -> World {
    let world = World::make_with("lmdi-1.1.7", 1, 5000, &["--day", "2026-11-20"]);
    let source = world.path().join("source");
    std::fs::remove_dir_all(&source).expect("removed");
    std::fs::create_dir(&source).expect("a folder");
    for file in std::fs::read_dir(release.join("source")).expect("the source") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), source.join(file.file_name())).expect("copied");
    }
    for name in ["receiver", "sender", "who"] {
        if let Ok(dump) = std::fs::read_to_string(release.join(format!("{name}.sql"))) {
            sql(&world.config(&format!("{name}.sqlite")), dump);
        }
    }
    for key in ["column.key", "hash.key", "who.key"] {
        if release.join(key).exists() {
            std::fs::copy(release.join(key), world.config(key)).expect("copied");
        }
    }
    if release.join("who.sql").exists() {
        let identities = "[identities]\ndatabase = \"who.sqlite\"\nkey = \"who.key\"\n\n[[trust]]";
        world.set("receiver.toml", "[[trust]]", identities);
    }
    world
}

/// What the register has confirmed, as `lmr send export-ledger` lists it.
fn ledger(world: &World) -> Vec<Value> {
    let output = world.send(&["export-ledger"]);
    assert!(output.status.success(), "{}", said(&output));
    lines(&String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn what_every_release_wrote_is_there_and_nothing_is_delivered_again() {
    for release in released() {
        let name = release.display();
        let kept = |file: &str| {
            lines(&std::fs::read_to_string(release.join(file)).expect("a file of the release"))
        };
        let world = world_of(&release);
        let (_helseid, _receiver) = (world.helseid(), world.receiver());

        // The lists are those that the release's own program printed.
        let delivered = kept("deliveries.ndjson");
        assert_eq!(delivered.len(), 4, "{name}");
        assert_eq!(world.deliveries(), delivered, "{name}");
        let confirmed = kept("ledger.ndjson");
        assert_eq!(confirmed.len(), 39, "{name}");
        assert_eq!(ledger(&world), confirmed, "{name}");
        let held = world.json(&["rejected"]);
        assert_eq!(held[0]["findings"][0]["value"], "not-a-status", "{name}: {held}");
        let audit = world.admin(&["audit", "verify"]);
        assert_eq!(audit.status.code(), Some(0), "{name}: {}", said(&audit));
        // Content is opened with the kept keys, joined where identities are apart.
        let exported = world.path().join("exported");
        let to = exported.to_str().expect("UTF-8");
        let output = world.admin(&["export", to, "--reason", "a test of the upgrade"]);
        assert!(output.status.success(), "{name}: {}", said(&output));
        let people = std::fs::read_to_string(exported.join("Patient.ndjson")).expect("patients");
        let ids = |text: &str| -> BTreeSet<String> {
            lines(text).iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
        };
        let source =
            std::fs::read_to_string(world.config("source/Patient.ndjson")).expect("a file");
        assert!(ids(&people).is_superset(&ids(&source)), "{name}: {people}");

        // Nothing has changed: nothing goes. What is held is still wrong.
        world.run(1);
        assert_eq!(world.deliveries(), delivered, "{name}: delivered again");

        // The held record is corrected: it goes, alone, and once.
        let mut given = world.lines(GIVEN);
        let wrong = given.iter_mut().find(|one| one["status"] == "not-a-status");
        let wrong = wrong.expect("the held record");
        wrong["status"] = "completed".into();
        // Another one than was delivered before it was spoilt.
        wrong["dosage"]["dose"]["value"] = 7.into();
        world.write(GIVEN, &given);
        world.run(0);
        let after = world.deliveries();
        assert_eq!(after.len(), 5, "{name}: {after:?}");
        let (old, new): (Vec<_>, Vec<_>) =
            after.into_iter().partition(|one| delivered.contains(one));
        assert_eq!((old.len(), new.len()), (4, 1), "{name}: {new:?}");
        let counts = &new[0]["counts"];
        assert_eq!(
            (&counts["created"], &counts["updated"]),
            (&0.into(), &1.into()),
            "{name}: {counts}"
        );
        world.run(0);
        assert_eq!(world.deliveries().len(), 5, "{name}");
        let audit = world.admin(&["audit", "verify"]);
        assert_eq!(audit.status.code(), Some(0), "{name}: {}", said(&audit));
    }
}

/// `lmr serve --check`, which brings the receiver's databases to the present schema.
fn check(world: &World) -> Output {
    std::process::Command::new(world::lmr())
        .args(["serve", "--check", "--config"])
        .arg(world.config("receiver.toml"))
        .env("LMR_LANG", "en")
        .output()
        .expect("lmr serve")
}

/// Whoever looks may do so while the former program still runs: the schema is left to the next start.
#[test]
fn who_only_looks_leaves_an_older_schema_as_it_is() {
    let release = released().into_iter().next().expect("a release");
    let world = world_of(&release);
    let doctor = |file: &str| {
        let output = std::process::Command::new(world::lmr())
            .args(["doctor", "--format", "json", "--lang", "en", "--config"])
            .arg(world.config(file))
            .output()
            .expect("lmr doctor");
        let rows = lines(&String::from_utf8(output.stdout).expect("UTF-8"));
        rows.into_iter().find(|row| row["check"] == "database").expect("the database's line")
    };
    let applied = |name: &str| {
        let newest = "SELECT CAST(max(version) AS TEXT) FROM _sqlx_migrations";
        texts(&world.config(&format!("{name}.sqlite")), newest)
    };
    let before = (applied("receiver"), applied("sender"));
    let row = doctor("receiver.toml");
    assert_eq!(row["status"], "warning", "{row}");
    assert!(row["text"].as_str().is_some_and(|text| text.contains("earlier program")), "{row}");
    assert_eq!(doctor("sender.toml")["status"], "ok");
    for command in [&["senders"][..], &["deliveries"], &["audit", "verify"], &["expire"]] {
        let output = world.admin(command);
        is_refused(&format!("{command:?}"), &output, 2, &["earlier program", "lmr serve --check"]);
    }
    // The key first: a database of another one is nothing to be migrated.
    let key = std::fs::read(world.config("column.key")).expect("the key");
    std::fs::write(world.config("column.key"), "cd".repeat(32)).expect("written");
    let row = doctor("receiver.toml");
    assert_eq!(row["status"], "failed", "{row}");
    is_refused("another key", &check(&world), 2, &["does not belong to this database"]);
    std::fs::write(world.config("column.key"), key).expect("written");
    assert_eq!((applied("receiver"), applied("sender")), before);
    assert!(check(&world).status.success());
    assert_ne!(applied("receiver"), before.0);
    assert_eq!(doctor("receiver.toml")["status"], "ok");
    assert!(world.admin(&["deliveries"]).status.success());
}

/// Before the new program changes a schema there is to be a copy, which the new program itself can make.
#[test]
fn an_older_schema_is_backed_up_as_it_is_and_upgraded_from_the_copy() {
    let applied =
        |file: &Path| texts(file, "SELECT CAST(max(version) AS TEXT) FROM _sqlx_migrations");
    for release in released() {
        let name = release.display();
        let world = world_of(&release);
        let mut files = vec![(world.config("receiver.sqlite"), world.config("copy.sqlite"))];
        if release.join("who.sql").exists() {
            files.push((world.config("who.sqlite"), world.config("copy.sqlite.identities")));
        }
        let before: Vec<_> =
            files.iter().map(|(file, _)| std::fs::read(file).expect("a database")).collect();
        let copy = files[0].1.to_str().expect("UTF-8").to_owned();
        let key = std::fs::read(world.config("column.key")).expect("the key");
        std::fs::write(world.config("column.key"), "cd".repeat(32)).expect("written");
        is_refused("another key", &world.admin(&["backup", &copy]), 2, &["does not belong"]);
        std::fs::write(world.config("column.key"), key).expect("written");
        assert!(files.iter().all(|(_, copy)| !copy.exists()), "{name}: something is left");
        let output = world.admin(&["backup", &copy]);
        assert!(output.status.success(), "{name}: {}", said(&output));
        assert!(said(&output).contains("is not in the audit log"), "{name}: {}", said(&output));
        for ((file, copy), before) in files.iter().zip(&before) {
            assert!(std::fs::read(file).expect("a database") == *before, "{name}: it was changed");
            assert_eq!(applied(copy), applied(file), "{name}");
        }

        // The upgrade goes wrong, and the copies are put back.
        for (file, copy) in &files {
            for ending in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(file.with_extension(format!("sqlite{ending}")));
            }
            std::fs::rename(copy, file).expect("put back");
        }
        let checked = check(&world);
        assert!(checked.status.success(), "{name}: {}", said(&checked));
        let kept = std::fs::read_to_string(release.join("deliveries.ndjson")).expect("the list");
        assert_eq!(world.deliveries(), lines(&kept), "{name}");
        let audit = world.admin(&["audit", "verify"]);
        assert_eq!(audit.status.code(), Some(0), "{name}: {}", said(&audit));
    }
}

/// Adds a schema that no program knows yet, as a later one would leave it.
fn from_the_future(file: &Path, program: Option<&str>) {
    let row = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES (9999, 'from the future', TRUE, x'00', 0);";
    let program = program.map_or_else(
        || "DROP TABLE schema_program;".to_owned(),
        |program| format!("INSERT INTO schema_program VALUES (9999, '{program}');"),
    );
    sql(file, format!("{row}{program}"));
}

fn is_refused(what: &str, output: &Output, status: i32, words: &[&str]) {
    assert_eq!(output.status.code(), Some(status), "{what}: {}", said(output));
    for word in words {
        assert!(said(output).contains(word), "{what}: no {word} in {}", said(output));
    }
}

/// The commands that open a database of a newer program name the version that is needed, and leave the file as it is.
#[test]
fn a_database_of_a_newer_program_is_refused_with_the_version_that_is_needed() {
    let apart = released().into_iter().find(|release| release.ends_with("apart"));
    let world = world_of(&apart.expect("a release with identities apart"));
    let this = env!("CARGO_PKG_VERSION");
    // Brings all three to the present schema.
    assert!(check(&world).status.success());
    assert!(world.send(&["status"]).status.code() != Some(2));
    for (database, program, words) in [
        ("receiver", Some("9.8.7"), ["lmr 9.8.7 or newer is needed", this]),
        ("who", Some("9.8.7"), ["lmr 9.8.7 or newer is needed", this]),
        ("receiver", None, ["a newer program", this]),
        ("sender", Some("9.8.7"), ["lmr 9.8.7 or newer is needed", this]),
        ("sender", None, ["a newer program", this]),
    ] {
        let file = world.config(&format!("{database}.sqlite"));
        // What a process that has just ended wrote may still be in the log beside the file.
        sql(&file, "PRAGMA wal_checkpoint(TRUNCATE);".to_owned());
        let present = std::fs::read(&file).expect("the database");
        from_the_future(&file, program);
        let newer = std::fs::read(&file).expect("the database");
        let commands: &[&[&str]] = match database {
            "sender" => &[&["run"], &["run", "--dry-run"], &["status"], &["rejected"]],
            _ => &[&["deliveries"], &["audit", "verify"], &["backup", "copy.sqlite"]],
        };
        for command in commands {
            let output = match database {
                "sender" => world.send(command),
                _ => world.admin(command),
            };
            let status = if database == "sender" { 4 } else { 2 };
            is_refused(&format!("{database}: {command:?}"), &output, status, &words);
        }
        if database != "sender" {
            let output = std::process::Command::new(world::lmr())
                .args(["serve", "--check", "--lang", "nb", "--config"])
                .arg(world.config("receiver.toml"))
                .output();
            let words: &[&str] = match program {
                Some(_) => &["lmr 9.8.7 eller nyere trengs", this],
                None => &["et nyere program", this],
            };
            is_refused("lmr serve", &output.expect("lmr serve"), 2, words);
        }
        assert!(std::fs::read(&file).expect("the database") == newer, "{database} was changed");
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(world.config(&format!("{database}.sqlite{ending}")));
        }
        std::fs::write(&file, present).expect("restored");
    }
}

/// So that the next program can be named: the row of the newest schema is there, and names no version that is still to come.
#[test]
fn the_present_schemas_name_the_version_that_they_came_with() {
    let apart = released().into_iter().find(|release| release.ends_with("apart"));
    let world = world_of(&apart.expect("a release with identities apart"));
    assert!(check(&world).status.success());
    assert!(world.send(&["status"]).status.code() != Some(2));
    let number = |version: &str| -> Vec<u32> {
        version.split('.').map(|part| part.parse().expect("a number")).collect()
    };
    for name in ["receiver", "who", "sender"] {
        let file = world.config(&format!("{name}.sqlite"));
        let newest = texts(
            &file,
            "SELECT p.program FROM _sqlx_migrations m LEFT JOIN schema_program p ON p.version = m.version \
             ORDER BY m.version DESC LIMIT 1",
        );
        let [newest] = &newest[..] else { panic!("{name}: {newest:?}") };
        assert!(number(newest) <= number(env!("CARGO_PKG_VERSION")), "{name}: {newest}");
    }
}

/// A ledger that another text of a step has made is of a program between releases: the doctor says so, as a run does.
#[test]
fn a_ledger_made_by_an_unknown_text_of_a_step_is_refused_by_the_doctor_too() {
    let world = world_of(&released()[0]);
    // Brings it to the present schema.
    assert!(world.send(&["export-ledger"]).status.success());
    let file = world.config("sender.sqlite");
    sql(&file, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 10;".to_owned());
    let words = ["step 10 was made by another text than this program's"];
    for command in [&["run", "--dry-run"][..], &["status"], &["export-ledger"]] {
        is_refused(&format!("{command:?}"), &world.send(command), 4, &words);
    }
    let doctor = |language: &str| {
        let output = std::process::Command::new(world::lmr())
            .args(["doctor", "--format", "json", "--lang", language, "--config"])
            .arg(world.config("sender.toml"))
            .output()
            .expect("lmr doctor");
        let rows = lines(&String::from_utf8(output.stdout).expect("UTF-8"));
        rows.into_iter().find(|row| row["check"] == "database").expect("the database's line")
    };
    for (language, words) in
        [("en", words[0]), ("nb", "trinn 10 er gjort med en annen tekst enn dette programmets")]
    {
        let row = doctor(language);
        assert_eq!(row["status"], "failed", "{row}");
        assert!(row["text"].as_str().is_some_and(|text| text.contains(words)), "{row}");
    }
}
