//! What is stored, given out and erased where something of it is damaged or has expired, with real processes.

use crate::world;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _};
use world::{Courier, World, lmr};

fn run(arguments: &[&str], config: &Path) -> Output {
    Command::new(lmr())
        .args(arguments)
        .args(["--lang", "en", "--config"])
        .arg(config)
        .output()
        .expect("lmr runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Changes rows of the receiver's database, as damage or an expiry does.
fn change(world: &World, statements: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let file = format!("sqlite:{}", world.config("receiver.sqlite").display());
        let mut session = sqlx::SqliteConnection::connect(&file).await.expect("opened");
        for statement in statements {
            let done = sqlx::query(AssertSqlSafe((*statement).to_owned()));
            let done = done.execute(&mut session).await.expect("done");
            assert!(done.rows_affected() > 0, "{statement}");
        }
        session.close().await.expect("closed");
    });
}

/// Delivers these bundles, and gives the ids of their messages.
fn deliver(world: &World, bundles: &[(String, Value)]) {
    let _helseid = world.helseid();
    let _receiver = world.receiver();
    let courier = Courier::new(world);
    for (id, bundle) in bundles {
        courier.deliver(&courier.seal(id, bundle.to_string().as_bytes()), Duration::from_secs(30));
    }
}

/// The manifest of an export and the resources in its files, a line each, by type.
fn export(world: &World, folder: &str) -> (Output, Value, BTreeMap<String, Vec<String>>) {
    let folder = world.path().join(folder);
    let arguments = ["admin", "export", folder.to_str().expect("UTF-8"), "--reason", "et innsyn"];
    let output = run(&arguments, &world.config("receiver.toml"));
    let manifest = std::fs::read(folder.join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let mut files = BTreeMap::new();
    for (name, count) in manifest["resources"].as_object().expect("counts") {
        let text = std::fs::read_to_string(folder.join(format!("{name}.ndjson"))).expect("a file");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(count.as_u64(), Some(lines.len() as u64), "{name}");
        lines.sort_unstable();
        files.insert(name.clone(), lines);
    }
    (output, manifest, files)
}

fn number_in(bundle: &Value) -> String {
    let entries = bundle["entry"].as_array().expect("entries");
    let patient = entries.iter().find(|one| one["resource"]["resourceType"] == "Patient");
    let value = &patient.expect("a patient")["resource"]["identifier"][0]["value"];
    value.as_str().expect("a number").to_owned()
}

/// A message that is damaged holds up neither an export nor an erasure: it is named, the others are done, and the exit
/// status says that something is left.
#[test]
fn a_message_that_cannot_be_read_is_named_and_the_others_are_exported_and_erased() {
    let world = World::make("lmdi-0.9.4", 1, 50);
    let bundles: Vec<_> = (1..=3).map(Courier::bundle).collect();
    deliver(&world, &bundles);
    let receiver = world.config("receiver.toml");
    let (whole, manifest, before) = export(&world, "before");
    assert!(whole.status.success(), "{}", said(&whole));
    assert_eq!(manifest["unreadableMessages"], serde_json::json!([]));

    // The second of three.
    let damaged = &bundles[1].0;
    change(
        &world,
        &[&format!(
            "UPDATE message_content SET content_sealed = X'00'
             WHERE message = (SELECT id FROM message WHERE message_id = '{damaged}')"
        )],
    );
    let names_it = |output: &Output| {
        let said = said(output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        let lines: Vec<_> = said.lines().filter(|line| line.contains("cannot be read (")).collect();
        assert_eq!(lines.len(), 1, "{said}");
        let known = world.deliveries();
        let known = known.iter().find(|one| one["messageId"] == **damaged).expect("the message");
        let sender = known["sender"].as_str().expect("a sender");
        for words in [damaged, sender, ", received 2", "message_content", "backup"] {
            assert!(lines[0].contains(words), "{words}: {said}");
        }
        said
    };
    let (output, manifest, after) = export(&world, "after");
    assert!(names_it(&output).contains("the export is not whole: 1 "));
    assert_eq!(manifest["unreadableMessages"][0]["messageId"], **damaged, "{manifest}");
    assert!(after.values().flatten().count() > 0);
    for (name, lines) in &after {
        assert!(lines.iter().all(|line| before[name].contains(line)), "{name}");
    }
    assert!(
        after["Patient"].len() < before["Patient"].len(),
        "those of the damaged one are missing"
    );
    assert_eq!(run(&["admin", "show", damaged], &receiver).status.code(), Some(2));

    // Somebody whose resources are behind the damaged message is erased all the same.
    let file = world.config("number");
    let arguments = ["admin", "erase", file.to_str().expect("UTF-8"), "--reason", "et krav"];
    for (person, removes) in [(&bundles[2].1, true), (&bundles[1].1, false)] {
        std::fs::write(&file, number_in(person)).expect("written");
        for more in [&["--dry-run"][..], &[]] {
            let arguments = [&arguments[..], more, &["--format", "json"]].concat();
            let output = run(&arguments, &receiver);
            let said = names_it(&output);
            assert!(said.contains("was not erased"), "{said}");
            let removed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert_eq!(removed["messages"].as_u64() > Some(0), removes, "{removed}");
        }
    }
    let (_, _, left) = export(&world, "left");
    let number = number_in(&bundles[2].1);
    assert!(left.values().flatten().all(|line| !line.contains(&number)));
}

/// What came again unchanged is as current as the message it came in, though the one that first brought it has expired.
#[test]
fn what_came_again_unchanged_is_exported_after_its_first_message_has_expired() {
    let world = World::make("lmdi-0.9.4", 1, 50);
    let (first, bundle) = Courier::bundle(1);
    let mut again = bundle.clone();
    let second = "00000000-0000-4000-8000-00000000a9a1".to_owned();
    again["identifier"]["value"] = format!("urn:uuid:{second}").into();
    // One of the resources does not come again.
    let entries = again["entry"].as_array_mut().expect("entries");
    let at = entries
        .iter()
        .position(|one| one["resource"]["resourceType"] == "MedicationAdministration")
        .expect("an administration");
    entries.remove(at);
    deliver(&world, &[(first.clone(), bundle), (second, again)]);
    let (_, _, before) = export(&world, "before");
    // As an expiry leaves it; the receiver's own is the same statements.
    let of_first = format!("(SELECT id FROM message WHERE message_id = '{first}')");
    change(
        &world,
        &[
            &format!("DELETE FROM message_content WHERE message = {of_first}"),
            &format!("UPDATE message SET has_content = FALSE WHERE id = {of_first}"),
            &format!(
                "UPDATE resource_version SET content_from = NULL, content_length = NULL,
                     administration_sealed = NULL WHERE message = {of_first}"
            ),
        ],
    );
    let (output, manifest, mut after) = export(&world, "after");
    assert!(output.status.success(), "{}", said(&output));
    let mut expected = before;
    let lost = expected.get_mut("MedicationAdministration").and_then(Vec::pop);
    assert!(lost.is_some());
    expected.retain(|_, lines| !lines.is_empty());
    after.retain(|_, lines| !lines.is_empty());
    assert_eq!(after, expected);
    assert_eq!(manifest["withoutContent"], 1, "the one that did not come again");
}

/// Logs are kept by others than the register, and longer than what is erased.
#[test]
fn a_number_in_a_message_id_stays_out_of_the_log() {
    let world = World::make("lmdi-0.9.4", 1, 50);
    let (_, bundle) = Courier::bundle(1);
    let number = number_in(&bundle);
    let id = format!("pasient-{number}");
    deliver(&world, &[(id.clone(), bundle)]);
    assert_eq!(world.deliveries()[0]["messageId"], id.as_str(), "the operator finds it by its id");
    let log = world.log();
    assert!(log.contains("pasient-00000000000"), "{log}");
    assert!(!log.contains(&number), "the log has the number");
}
