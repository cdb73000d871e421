//! Identities in a second database: what each database has in it, everything that gives content out, and every start that
//! is refused. On SQLite and on PostgreSQL.
#![expect(
    clippy::disallowed_methods,
    reason = "which database to use depends on the machine; the test says what it leaves out"
)]

use crate::world;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use lmr_intake::{ArchiveFilter, Database};
use lmr_storage::{ApartKeys, Opening, Part, PartOf, PostgresStore, SqliteStore};
use serde_json::Value;
use world::{World, lmr, said};

/// Names the two databases in the receiver's configuration, and makes the second key.
fn configure(world: &World, database: &str, identities: &str) {
    let file = world.config("receiver.toml");
    let text = std::fs::read_to_string(&file).expect("the configuration");
    let text =
        text.replace("database = \"receiver.sqlite\"", &format!("database = \"{database}\""));
    let section = format!("[identities]\ndatabase = \"{identities}\"\nkey = \"who.key\"\n");
    std::fs::write(&file, format!("{text}\n{section}")).expect("written");
    let made = Command::new(lmr())
        .args(["admin", "new-key"])
        .arg(world.config("who.key"))
        .output()
        .expect("lmr runs");
    assert!(made.status.success(), "{}", said(&made));
}

fn done(world: &World, arguments: &[&str]) -> String {
    let output = world.admin(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Numbers and names of everybody in the resources, as a hospital sends them.
fn people(folder: &Path) -> BTreeSet<String> {
    let (mut texts, mut names) = (BTreeSet::new(), BTreeSet::new());
    for name in ["Patient.ndjson", "Practitioner.ndjson"] {
        let Ok(lines) = std::fs::read_to_string(folder.join(name)) else { continue };
        for line in lines.lines() {
            let resource: Value = serde_json::from_str(line).expect("JSON");
            let identifiers = resource["identifier"].as_array().into_iter().flatten();
            texts.extend(identifiers.filter_map(|one| Some(one["value"].as_str()?.to_owned())));
            for name in resource["name"].as_array().into_iter().flatten() {
                names.extend(name["family"].as_str().map(str::to_owned));
                let given = name["given"].as_array().into_iter().flatten();
                names.extend(given.filter_map(|one| Some(one.as_str()?.to_owned())));
            }
        }
    }
    // Short names may be in random bytes by chance.
    names.retain(|name| name.len() > 4);
    texts.extend(names);
    texts
}

fn keys(world: &World) -> ApartKeys {
    let read = |name| std::fs::read(world.config(name)).expect("a key");
    ApartKeys::read(&read("column.key"), &read("who.key")).expect("two keys")
}

/// The content of every message in the first database, opened with its own key and without the second database.
fn stored(world: &World, database: &str) -> Vec<Vec<u8>> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let key = keys(world).rest;
        let store: Box<dyn Database> = if database.starts_with("postgres") {
            Box::new(PostgresStore::open(database, key).await.expect("opened"))
        } else {
            Box::new(SqliteStore::open(&world.config(database), key).await.expect("opened"))
        };
        let filter = ArchiveFilter { limit: 10_000, ..ArchiveFilter::default() };
        let messages = store.archived(&filter).await.expect("read");
        store.close().await;
        messages.into_iter().filter_map(|message| message.content).collect()
    })
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn export(world: &World, name: &str) -> std::path::PathBuf {
    let folder = world.config(name);
    let path = folder.to_str().expect("UTF-8").to_owned();
    done(world, &["export", &path, "--reason", "en prøve", "--all-versions"]);
    folder
}

/// Sends, exports, shows and erases. `raw` gives all that is on the disk of both databases.
fn lives(world: &World, database: &str, raw: impl Fn() -> Vec<Vec<u8>>) {
    {
        let _helseid = world.helseid();
        let _receiver = world.receiver();
        let sent = Command::new(lmr())
            .args(["send", "run", "--config"])
            .arg(world.config("sender.toml"))
            .output()
            .expect("lmr runs");
        assert!(sent.status.success(), "{}{}", said(&sent), world.log());
        let texts = people(&export(world, "while-it-runs"));
        assert!(texts.iter().any(|text| text.len() == 11), "{texts:?}");
        for bytes in raw() {
            for text in &texts {
                assert!(!has(&bytes, text) && !has(&bytes, &hex(text)), "{text} is on the disk");
            }
        }
    }
    let folder = export(world, "out");
    let texts = people(&folder);
    let number = texts.iter().find(|text| text.len() == 11).expect("a number").clone();
    let contents = stored(world, database);
    assert!(
        !contents.is_empty() && contents.iter().any(|one| has(one, "MedicationAdministration"))
    );
    assert!(texts.iter().any(|text| text.len() < 11 && text.parse::<u32>().is_ok()), "HPR numbers");
    for content in contents {
        for text in &texts {
            assert!(!has(&content, text), "{text} can be read in the first database");
        }
    }
    let message = world.deliveries()[0]["messageId"].as_str().expect("an id").to_owned();
    let show = ["show", &message, "--content", "--reason", "en prøve", "--format", "json"];
    assert!(done(world, &show).contains(&number), "shown with who it is");
    std::fs::write(world.config("number"), &number).expect("written");
    let file = world.config("number");
    let file = file.to_str().expect("UTF-8");
    let arguments = ["erase", file, "--reason", "et krav", "--format", "json"];
    let counts = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
    let would = counts(done(world, &[&arguments[..], &["--dry-run"]].concat()).as_bytes());
    let erased = counts(done(world, &arguments).as_bytes());
    assert!(erased["resources"].as_u64() > Some(1));
    assert_eq!(erased, would);
    let again = world.admin(&arguments);
    assert_eq!(again.status.code(), Some(1), "nobody has it any more");
    assert_eq!(counts(&again.stdout)["versions"], 0, "nothing is left of it");
    let left = people(&export(world, "after"));
    assert!(!left.contains(&number) && !left.is_empty(), "the others are still whole");
    done(world, &["audit", "verify"]);
}

/// A start that must be refused, with a word of why.
fn is_refused(world: &World, config: &str, why: &str) {
    let output = Command::new(lmr())
        .args(["serve", "--check", "--lang", "en", "--config"])
        .arg(world.config(config))
        .output()
        .expect("lmr runs");
    let said = said(&output);
    assert!(!output.status.success() && said.contains(why), "{said}");
}

#[test]
fn on_sqlite_neither_file_says_who_was_given_what() {
    let world = World::make("lmdi-1.1.7", 6, 50);
    configure(&world, "receiver.sqlite", "who.sqlite");
    let files = || -> Vec<Vec<u8>> {
        let names = ["receiver.sqlite", "receiver.sqlite-wal", "who.sqlite", "who.sqlite-wal"];
        let read = names.iter().filter_map(|name| std::fs::read(world.config(name)).ok());
        let files: Vec<_> = read.collect();
        assert!(files.len() >= 2);
        files
    };
    lives(&world, "receiver.sqlite", files);

    // A backup is both, and can be restored. Where one of the two is there already, neither is written.
    let backup = world.config("backup.sqlite");
    let second = world.config("backup.sqlite.identities");
    std::fs::write(&second, b"another").expect("written");
    let refused = world.admin(&["backup", backup.to_str().expect("UTF-8")]);
    assert!(!refused.status.success() && said(&refused).contains("is there already"));
    assert!(!backup.exists());
    std::fs::remove_file(&second).expect("removed");
    done(&world, &["backup", backup.to_str().expect("UTF-8")]);
    let restored = world.config("restored");
    std::fs::create_dir(&restored).expect("made");
    for entry in std::fs::read_dir(world.path()).expect("files") {
        let path = entry.expect("a file").path();
        if path.is_file() {
            std::fs::copy(&path, restored.join(path.file_name().expect("a name"))).expect("copied");
        }
    }
    for name in ["receiver.sqlite-wal", "receiver.sqlite-shm", "who.sqlite-wal", "who.sqlite-shm"] {
        let _ = std::fs::remove_file(restored.join(name));
    }
    std::fs::rename(&backup, restored.join("receiver.sqlite")).expect("put back");
    let identities = world.config("backup.sqlite.identities");
    std::fs::rename(identities, restored.join("who.sqlite")).expect("put back");
    let output = Command::new(lmr())
        .args(["admin", "export"])
        .arg(world.config("from-restored"))
        .args(["--reason", "en prøve", "--all-versions", "--config"])
        .arg(restored.join("receiver.toml"))
        .output()
        .expect("lmr runs");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(people(&world.config("from-restored")), people(&world.config("after")));

    // Without the second database, with another one, with another key, and as if there were none.
    let text = std::fs::read_to_string(world.config("receiver.toml")).expect("the configuration");
    let alone = text.split("\n[identities]").next().expect("the rest");
    std::fs::write(world.config("alone.toml"), alone).expect("written");
    is_refused(&world, "alone.toml", "keeps identities apart: [identities]");
    let elsewhere = text.replace("who.sqlite", "nobody.sqlite");
    std::fs::write(world.config("elsewhere.toml"), elsewhere).expect("written");
    is_refused(&world, "elsewhere.toml", "restore it from its backup");
    assert!(!world.config("nobody.sqlite").exists(), "no empty one is made in its place");
    std::fs::write(world.config("other.key"), "0f".repeat(32)).expect("written");
    let other = text.replace("who.key", "other.key");
    std::fs::write(world.config("other.toml"), other).expect("written");
    is_refused(&world, "other.toml", "do not belong together");
    let same = text.replace("who.key", "column.key");
    std::fs::write(world.config("same.toml"), same).expect("written");
    is_refused(&world, "same.toml", "must be another one");
    // An empty first one beside the second of several days: a mistyped path, or not restored yet.
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (file, key) = (world.config("who.sqlite"), keys(&world).identities);
        let identities =
            SqliteStore::open_identities(&file, key, false, Opening::START).await.expect("opened");
        let sender = "310000019".parse().expect("a number");
        let of = PartOf { sender, message_id: "m".to_owned(), content_sha256: [0; 32] };
        identities.put(&of, 1, b"rest", &Part::default()).await.expect("written");
        identities.close().await;
    });
    let mistyped = text.replace("receiver.sqlite", "reciever.sqlite");
    std::fs::write(world.config("mistyped.toml"), mistyped).expect("written");
    is_refused(&world, "mistyped.toml", "has people, and the database is empty: restore it");
    // And one that was begun with identities in it.
    let whole = alone.replace("receiver.sqlite", "whole.sqlite");
    std::fs::write(world.config("whole.toml"), &whole).expect("written");
    let check = Command::new(lmr())
        .args(["serve", "--check", "--config"])
        .arg(world.config("whole.toml"))
        .output()
        .expect("lmr runs");
    assert!(check.status.success(), "{}", said(&check));
    let late = format!("{whole}\n[identities]\ndatabase = \"late.sqlite\"\nkey = \"who.key\"\n");
    std::fs::write(world.config("late.toml"), late).expect("written");
    is_refused(&world, "late.toml", "begun without [identities]");
}

#[test]
fn on_postgresql_neither_database_says_who_was_given_what() {
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        println!("left out: TEST_DATABASE_URL is not set, so PostgreSQL is not tested");
        return;
    };
    let psql = |statement: &str| -> Vec<u8> {
        let done = Command::new("psql").args([&url, "-Atqc", statement]).output().expect("psql");
        assert!(done.status.success(), "{}", said(&done));
        done.stdout
    };
    let schema = |name: &str| format!("lmr_{name}_{}", std::process::id());
    let address = |name: &str| {
        let schema = schema(name);
        psql(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"));
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}options[search_path]={schema}")
    };
    let world = World::make("lmdi-0.9.4", 6, 50);
    let what = address("what");
    configure(&world, &what, &address("who"));
    // A backup of two kinds of databases would be half of one: nothing is written or recorded.
    let text = std::fs::read_to_string(world.config("receiver.toml")).expect("the configuration");
    let mixed = text.replace(&what, "mixed.sqlite").replace(&schema("who"), &schema("mixed"));
    address("mixed");
    std::fs::write(world.config("mixed.toml"), mixed).expect("written");
    let admin = |arguments: &[&str]| {
        let mut command = Command::new(lmr());
        let config = world.config("mixed.toml");
        command.arg("admin").args(arguments).args(["--lang", "en", "--config"]).arg(config);
        command.output().expect("lmr runs")
    };
    let backup = world.config("backup.sqlite");
    let refused = admin(&["backup", backup.to_str().expect("UTF-8")]);
    assert!(!refused.status.success() && said(&refused).contains("pg_dump"), "{}", said(&refused));
    assert!(!backup.exists() && !world.config("backup.sqlite.identities").exists());
    assert!(!said(&admin(&["audit", "list"])).contains("backup to"), "nothing is recorded");
    lives(&world, &what, || {
        let mut rows = Vec::new();
        for name in ["what", "who"] {
            let schema = schema(name);
            let tables =
                psql(&format!("SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'"));
            let tables = String::from_utf8(tables).expect("UTF-8");
            assert!(tables.lines().count() > 1, "{tables}");
            for table in tables.lines() {
                rows.push(psql(&format!("SELECT t::TEXT FROM {schema}.{table} t")));
            }
        }
        rows
    });
}
