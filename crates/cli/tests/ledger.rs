//! `lmr send export-ledger` and `lmr send repair` as an operator uses them.

use crate::world;

use world::{World, said};

#[test]
fn the_ledger_is_given_out_and_a_damaged_one_is_put_in_order() {
    let world = World::make("lmdi-0.9.4", 60, 40);
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    world.run(0);
    let rows = world.send(&["export-ledger"]);
    assert!(rows.status.success(), "{}", said(&rows));
    let text = String::from_utf8(rows.stdout).expect("UTF-8");
    let rows: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len() as u64, world.reported_resources());
    assert!(
        rows.iter().all(|row| row["message_id"].is_string() && row["confirmed_at"].is_string())
    );
    let csv = world.config("ledger.csv");
    let file = csv.to_str().expect("UTF-8");
    assert!(world.send(&["export-ledger", "--as", "csv", "--output", file]).status.success());
    let written = std::fs::read_to_string(&csv).expect("a file");
    assert_eq!(written.lines().count(), rows.len() + 1);
    assert!(written.starts_with("resource_type,resource_id,"), "{written}");

    let whole = world.send(&["repair"]);
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    assert!(said(&whole).contains("Nothing is damaged"), "{}", said(&whole));

    // One page is overwritten, where the disk failed: the first one that the check finds.
    let database = world.config("sender.sqlite");
    let good = std::fs::read(&database).expect("a file");
    let pages = good.len() / 4096;
    let mut damaged = 0;
    for page in (2..pages).rev() {
        let mut bytes = good.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&database, &bytes).expect("written");
        if world.send(&["repair"]).status.code() == Some(1) {
            damaged = page;
            break;
        }
    }
    assert!(damaged > 0, "no page of {pages} is noticed");
    let run = world.send(&["run"]);
    assert_eq!(run.status.code(), Some(4), "{}", said(&run));
    assert!(said(&run).contains("lmr send repair"), "{}", said(&run));
    let found = world.send(&["repair"]);
    assert_eq!(found.status.code(), Some(1), "{}", said(&found));
    assert!(said(&found).contains("Nothing was changed"), "{}", said(&found));
    let nb = world.send(&["repair", "--lang", "nb"]);
    assert!(said(&nb).contains("Ingenting er endret"), "{}", said(&nb));
    let done = world.send(&["repair", "--apply"]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert!(said(&done).contains(".damaged-"), "{}", said(&done));
    assert_eq!(world.send(&["repair"]).status.code(), Some(0));
    world.run(0);
    let after = world.send(&["export-ledger"]);
    assert_eq!(String::from_utf8_lossy(&after.stdout).lines().count(), rows.len());
    assert_eq!(world.send(&["status"]).status.code(), Some(0));
}

/// Whoever has a message's id or its receipt in hand finds what it held, and from a record the message it went in.
#[test]
fn why_takes_a_record_a_message_and_a_receipt() {
    let world = World::make("lmdi-1.1.7", 4, 1000);
    let (_issuer, _receiver) = (world.helseid(), world.receiver());
    world.run(0);
    let history = world.json(&["history"]);
    let id = history["messages"][0]["message_id"].as_str().expect("an id").to_owned();
    let message = &world.json(&["why", &id])[0];
    assert_eq!((&message["kind"], &message["message_id"]), (&"message".into(), &id.clone().into()));
    let resources = message["resources"].as_array().expect("resources");
    assert_eq!(Some(resources.len() as u64), message["entries"].as_u64());
    assert!(resources.iter().all(|one| one["outcome"] == "stored"), "{message}");
    let number = message["receipts"][0]["sequence"].as_u64().expect("a receipt").to_string();
    assert_eq!(world.json(&["why", &number])[0]["message_id"], id.as_str());
    let given = resources
        .iter()
        .find(|one| one["resource_type"] == "MedicationAdministration")
        .and_then(|one| one["resource_id"].as_str())
        .expect("an administration");
    let record = &world.json(&["why", &format!("MedicationAdministration/{given}")])[0];
    assert_eq!(record["kind"], "resource");
    assert_eq!(record["messages"][0]["message_id"], id.as_str(), "{record}");
    assert_eq!(record["messages"][0]["outcome"], "stored");
    assert_eq!(record["confirmed"]["message_id"], id.as_str());
    for (lang, words) in [("en", "receipt no. "), ("nb", "kvittering nr. ")] {
        let screen = said(&world.send(&["why", &id, "--lang", lang]));
        assert!(screen.contains(words) && screen.lines().count() <= 24, "{screen}");
    }
    let unknown = world.send(&["why", "0f8fad5b-d9cb-469f-a165-70867728950e"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", said(&unknown));
    // What is sent again and makes no new version is not stored again.
    assert!(world.send(&["forget", "--since", "2020-01-01"]).status.success());
    world.run(0);
    let again = &world.json(&["history"])["messages"][0];
    assert_eq!((&again["stored"], &again["refused"]), (&0.into(), &0.into()), "{again}");
    assert!(
        again["entries"].as_u64() > Some(0) && again["unchanged"] == again["entries"],
        "{again}"
    );
    let words = format!("0 lagret, {} uendret, 0 avvist", again["entries"]);
    for command in
        [&["history", "--lang", "nb"][..], &["why", &text_of(&again["message_id"]), "--lang", "nb"]]
    {
        assert!(
            said(&world.send(command)).contains(&words),
            "{words}: {}",
            said(&world.send(command))
        );
    }
}

fn text_of(value: &serde_json::Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// What does not exist is not a search that finds nothing.
#[test]
fn a_code_that_does_not_exist_is_refused_and_a_message_that_does_not_is_said_not_to_be_there() {
    let world = World::make("lmdi-1.1.7", 4, 1000);
    let (_issuer, _receiver) = (world.helseid(), world.receiver());
    world.run(0);
    for (command, is_sender) in [("rejected", true), ("release", true), ("deliveries", false)] {
        let with = |code: &str| match is_sender {
            true => world.send(&[command, "--code", code]),
            false => world.admin(&[command, "--code", code]),
        };
        for code in ["xx", "LMR-1", "LMR-9999", ""] {
            let refused = with(code);
            assert_eq!(refused.status.code(), Some(2), "{command} {code}: {}", said(&refused));
            assert!(said(&refused).contains("lmr codes"), "{command} {code}: {}", said(&refused));
        }
        for code in ["LMR-4001", "lmr-4001", "4001"] {
            let found = with(code);
            assert_ne!(found.status.code(), Some(2), "{command} {code}: {}", said(&found));
        }
    }
    let message = world.deliveries()[0]["messageId"].as_str().expect("an id").to_owned();
    for format in ["text", "json"] {
        let shown = world.admin(&["show", &message, "--format", format]);
        assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
        for name in [&["nope"][..], &["--resource", "Patient/nope"]] {
            let shown = world.admin(&[&["show", "--format", format], name].concat());
            assert_eq!(shown.status.code(), Some(1), "{name:?}: {}", said(&shown));
            let named = name.last().is_some_and(|name| said(&shown).contains(name));
            assert!(named, "{}", said(&shown));
        }
    }
}

/// Whatever reads or writes the ledger says of one that is damaged, or that another program has locked, that a person must
/// look, and how: status 2 would be a wrong configuration, after which a service is not started again.
#[test]
fn a_ledger_that_cannot_be_used_ends_every_command_with_status_4() {
    let world = World::make("lmdi-0.9.4", 8, 40);
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    world.run(0);
    let database = world.config("sender.sqlite");
    let good = std::fs::read(&database).expect("a file");
    let of_schema = |from: &[u8], to: &[u8]| {
        let mut file = good.clone();
        let mut found = 0;
        for at in 0..file.len() - from.len() {
            if file[at..].starts_with(from) {
                file[at..at + to.len()].copy_from_slice(to);
                found += 1;
            }
        }
        assert!(found > 0, "the schema lacks {}", String::from_utf8_lossy(from));
        file
    };
    let beginning = [&[0xff; 64], &good[64..]].concat();
    let damages = [
        ("a type", of_schema(b" BLOB NOT NULL", b" \xffLOB"), true),
        ("a column", of_schema(b"resource_type INTEGER", b"resource_typ\xff"), true),
        ("the beginning", beginning, false),
    ];
    let commands: [&[&str]; 15] = [
        &["status"],
        &["history"],
        &["rejected"],
        &["rejected", "--discarded"],
        &["vanished"],
        &["why", "Patient/x"],
        &["journal"],
        &["export-ledger"],
        &["rehearse", "--ruleset", "lmdi-0.9.4"],
        &["run", "--dry-run"],
        &["run"],
        &["run", "--retries-only"],
        &["release", "--all"],
        &["forget", "--since", "2026-01-01"],
        &["daemon"],
    ];
    let put = |file: &[u8]| {
        for beside in ["sender.sqlite-wal", "sender.sqlite-shm"] {
            let _ = std::fs::remove_file(world.config(beside));
        }
        std::fs::write(&database, file).expect("written");
    };
    for (damage, file, can_be_repaired) in &damages {
        for command in commands {
            put(file);
            let done = world.send(command);
            let text = said(&done);
            assert_eq!(done.status.code(), Some(4), "{damage}: {command:?}: {text}");
            assert!(text.contains("lmr send repair"), "{damage}: {command:?}: {text}");
        }
        put(file);
        let found = world.send(&["repair"]);
        let status = if *can_be_repaired { 1 } else { 4 };
        assert_eq!(found.status.code(), Some(status), "{damage}: {}", said(&found));
        let done = world.send(&["repair", "--apply"]);
        assert_eq!(done.status.code(), Some(status & 4), "{damage}: {}", said(&done));
        if *can_be_repaired {
            assert_eq!(world.send(&["status"]).status.code(), Some(0), "{damage}");
            world.run(0);
        } else {
            for (lang, words) in [("en", "use a backup"), ("nb", "bruk en sikkerhetskopi")] {
                let text = said(&world.send(&["repair", "--lang", lang]));
                assert!(text.contains(words) && !text.contains("lmr send repair"), "{text}");
            }
        }
    }
    put(&good);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&database)
            .pragma("locking_mode", "EXCLUSIVE");
        let mut other = sqlx::sqlite::SqliteConnection::connect_with(&options).await.expect("open");
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("locked");
        let done = world.send(&["status"]);
        assert_eq!(done.status.code(), Some(4), "{}", said(&done));
        assert!(said(&done).contains("another program has locked it"), "{}", said(&done));
        for command in [&["repair"][..], &["repair", "--apply"]] {
            let done = world.send(command);
            assert_eq!(done.status.code(), Some(4), "{}", said(&done));
            assert!(said(&done).contains("another program has locked it"), "{}", said(&done));
        }
    });
    // Nothing is wrong with the file, whatever the repair lacks.
    put(&good);
    let nowhere = world.config("nowhere");
    let nowhere = [("TMPDIR", nowhere.to_str().expect("UTF-8"))];
    for command in [&["repair"][..], &["repair", "--apply"]] {
        let done = world.send_with(command, &nowhere);
        assert_eq!(done.status.code(), Some(4), "{}", said(&done));
    }
    let beside = std::fs::read_dir(database.parent().expect("a folder")).expect("a folder");
    let names = beside.map(|file| file.expect("a file").file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().contains(".damaged-")).count(), 2);
    assert_eq!(std::fs::read(&database).expect("a file"), good);
}
