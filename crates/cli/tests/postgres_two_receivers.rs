//! Two receivers on one PostgreSQL database: what one has taken the other knows, and one that is killed loses nothing.
#![expect(
    clippy::disallowed_methods,
    reason = "which database to use depends on the machine; the test says what it leaves out"
)]

use crate::world;

use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use world::{Courier, World, free_port, lmr};

/// A configuration like the world's on another port and with PostgreSQL.
fn configure(world: &World, name: &str, port: u16, database: &str) {
    let text = std::fs::read_to_string(world.config("receiver.toml")).expect("the configuration");
    let text = text
        .replace(&format!("127.0.0.1:{}", world.receiver_port), &format!("127.0.0.1:{port}"))
        .replace("database = \"receiver.sqlite\"", &format!("database = \"{database}\""))
        // As behind a load balancer: both are called by one name.
        .replace("[[trust]]", "public_urls = [\"http://127.0.0.1:1\"]\n[[trust]]");
    std::fs::write(world.config(name), text).expect("written");
}

fn schema_name(name: &str) -> String {
    format!("lmr_{name}_{}", std::process::id())
}

/// The address of an empty schema of its own.
fn schema(url: &str, name: &str) -> String {
    let schema = schema_name(name);
    let statement = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
    let done = Command::new("psql").args([url, "-qc", &statement]).output().expect("psql runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    schema_of(url, name)
}

/// The address of a schema of a test.
fn schema_of(url: &str, name: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}options[search_path]=lmr_{name}_{}", std::process::id())
}

/// How many tables a schema has.
fn tables(url: &str, name: &str) -> usize {
    let schema = format!("lmr_{name}_{}", std::process::id());
    let statement = format!("SELECT COUNT(*) FROM pg_tables WHERE schemaname = '{schema}'");
    let counted =
        Command::new("psql").args([url, "-Atqc", &statement]).output().expect("psql runs");
    String::from_utf8_lossy(&counted.stdout).trim().parse().expect("a number")
}

/// A receiver that may not make tables, as docs/operations.md gives it rights, where the owner has made no partitions.
#[test]
fn partitions_that_cannot_be_made_are_a_failing_task_until_they_are_there() {
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        println!("left out: TEST_DATABASE_URL is not set, so PostgreSQL is not tested");
        return;
    };
    let world = World::make("lmdi-0.9.4", 2, 5000);
    let port = free_port();
    let owners = schema(&url, "weak");
    configure(&world, "owner.toml", port, &owners);
    let lmr = |arguments: &[&str]| {
        let done = Command::new(lmr()).args(arguments).current_dir(world.path()).output();
        let done = done.expect("lmr runs");
        assert!(done.status.success(), "{}", world::said(&done));
    };
    lmr(&["serve", "--check", "--config", "owner.toml"]);
    let (name, role) = (schema_name("weak"), format!("lmr_weak_{}", std::process::id()));
    let rights = format!(
        "DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {name} TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {role}"
    );
    let done = Command::new("psql").args([&url, "-qc", &rights]).output().expect("psql runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    configure(&world, "receiver.toml", port, &format!("{owners}&user={role}"));
    for (is_failing, failing) in [(true, "1"), (false, "0")] {
        let mut receiver = world.serve("receiver.toml", port);
        let said = |path: &str| world::get(port, path).1;
        let outcome = if is_failing { "failed" } else { "done" };
        let ran =
            format!("lmr_background_runs_total{{task=\"partitions\",outcome=\"{outcome}\"}} 1");
        let until = std::time::Instant::now() + Duration::from_secs(20);
        while !said("/metrics").contains(&ran) {
            assert!(std::time::Instant::now() < until, "{ran}: {}", said("/metrics"));
            std::thread::sleep(Duration::from_millis(50));
        }
        let metric = format!("lmr_background_failing{{task=\"partitions\"}} {failing}\n");
        assert!(said("/metrics").contains(&metric), "{}", said("/metrics"));
        let ready: Value = serde_json::from_str(&said("/health/ready")).expect("JSON");
        let since = &ready["background"]["partitions"]["failingSince"];
        assert_eq!(since.is_string(), is_failing, "{ready}");
        receiver.kill();
        lmr(&["admin", "partitions", "--ahead", "3", "--config", "owner.toml"]);
    }
}

#[test]
fn a_sender_is_moved_to_another_database_while_the_receiver_runs() {
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        println!("left out: TEST_DATABASE_URL is not set, so PostgreSQL is not tested");
        return;
    };
    let world = World::make("lmdi-0.9.4", 2, 5000);
    let port = free_port();
    configure(&world, "receiver.toml", port, &schema(&url, "main"));
    let file = world.config("receiver.toml");
    let text = std::fs::read_to_string(&file).expect("the configuration");
    let nord = schema(&url, "nord");
    std::fs::write(&file, format!("{text}\n[databases]\nnord = \"{nord}\"\n")).expect("written");
    let _helseid = world.helseid();
    let _receiver = world.serve("receiver.toml", port);
    let courier = Courier::new(&world);
    let address = format!("http://127.0.0.1:{port}/fhirmottak/v1");
    let public = "http://127.0.0.1:1/fhirmottak/v1";
    let post = |message: &[u8]| courier.post(&address, &courier.proof(public), message);
    let (_, first) = courier.message(1);
    let (status, answer, _) = post(&first);
    assert_eq!(status, 200);
    let sender = world.deliveries()[0]["sender"].as_str().expect("a sender").to_owned();

    // Only the database that the sender is moved to may be begun: of the others one is mistyped.
    let sound = std::fs::read_to_string(&file).expect("the configuration");
    let empty = schema(&url, "empty");
    let main_url = schema_of(&url, "main");
    for (to, text) in [
        ("nord", format!("{sound}west = \"{empty}\"\n")),
        ("main", format!("{sound}west = \"{empty}\"\n")),
        ("nord", sound.replace(&main_url, &empty)),
        ("main", sound.replace(&main_url, &empty)),
    ] {
        assert_ne!(text, sound);
        std::fs::write(&file, text).expect("written");
        let refused = world.admin(&["move", &sender, to]);
        assert_eq!(refused.status.code(), Some(2), "{}", world::said(&refused));
        assert!(world::said(&refused).contains("nothing in it"), "{}", world::said(&refused));
        assert_eq!(tables(&url, "empty"), 0, "a database that is not the target was begun");
    }
    std::fs::write(&file, sound).expect("written");

    let unknown = world.admin(&["move", &sender, "west"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(world::said(&unknown).contains("main, nord"), "{}", world::said(&unknown));
    let slip = if sender == "310000019" { "310000027" } else { "310000019" };
    let slipped = world.admin(&["move", slip, "nord"]);
    assert_eq!(slipped.status.code(), Some(2), "{}", world::said(&slipped));
    assert!(world::said(&slipped).contains("neither registered nor"), "{}", world::said(&slipped));
    let moved = world.admin(&["move", &sender, "nord", "--format", "json"]);
    let report: Value = serde_json::from_slice(&moved.stdout).expect("JSON");
    assert_eq!((&report["from"], &report["messages"]), (&"main".into(), &1.into()), "{report}");
    let again = world.admin(&["move", &sender, "nord"]);
    assert!(again.status.success(), "{}", world::said(&again));
    assert!(world::said(&again).contains("nothing was moved"), "{}", world::said(&again));
    // The running receiver finds the sender: the same message is known, and a new one is stored.
    let (status, again, _) = post(&first);
    assert_eq!((status, again == answer), (200, true));
    let (_, second) = courier.message(2);
    assert_eq!(post(&second).0, 200);
    let count = |name: &str| {
        let schema = format!("lmr_{name}_{}", std::process::id());
        let counted = Command::new("psql")
            .args([&url, "-Atqc", &format!("SELECT COUNT(*) FROM {schema}.message")])
            .output()
            .expect("psql runs");
        String::from_utf8_lossy(&counted.stdout).trim().to_owned()
    };
    assert_eq!((count("nord").as_str(), count("main").as_str()), ("2", "0"));
    assert_eq!(world.deliveries().len(), 2);
    let back = world.admin(&["move", &sender, "main"]);
    assert!(back.status.success(), "{}", world::said(&back));
    assert_eq!((count("nord").as_str(), count("main").as_str()), ("0", "2"));
    assert!(world.admin(&["audit", "verify"]).status.success());
    let exported = world.config("out");
    let exported = exported.to_str().expect("UTF-8");
    assert!(world.admin(&["export", exported, "--reason", "en prøve"]).status.success());
    let list = world.admin(&["audit", "list", "--action", "change", "--format", "json"]);
    assert_eq!(world::said(&list).matches("moved to the database").count(), 2);
}

#[test]
fn two_receivers_share_proofs_messages_and_chains() {
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        println!("left out: TEST_DATABASE_URL is not set, so PostgreSQL is not tested");
        return;
    };
    let schema = format!("lmr_two_{}", std::process::id());
    let psql = |statement: &str| {
        let done = Command::new("psql").args([&url, "-qc", statement]).output().expect("psql runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    psql(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"));
    let separator = if url.contains('?') { '&' } else { '?' };
    let database = format!("{url}{separator}options[search_path]={schema}");
    let world = World::make("lmdi-0.9.4", 2, 5000);
    let (one_port, other_port) = (free_port(), free_port());
    configure(&world, "one.toml", one_port, &database);
    configure(&world, "other.toml", other_port, &database);
    let _helseid = world.helseid();
    let mut one = world.serve("one.toml", one_port);
    let other = world.serve("other.toml", other_port);
    let courier = Courier::new(&world);
    let address = |port: u16| format!("http://127.0.0.1:{port}/fhirmottak/v1");
    let public = "http://127.0.0.1:1/fhirmottak/v1";

    // A proof that one of them has seen is worth nothing at the other.
    let (_, message) = courier.message(1);
    let proof = courier.proof(public);
    let (status, first, receipt) = courier.post(&address(one_port), &proof, &message);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&first));
    let receipt = receipt.expect("a receipt");
    let (status, refused, _) = courier.post(&address(other_port), &proof, &message);
    let refused = String::from_utf8_lossy(&refused).into_owned();
    assert_eq!(status, 401, "{refused}");
    assert!(refused.contains("LMR-1032"), "{refused}");

    // What one has answered, the other answers with the same bytes, also when the one is dead.
    let (status, again, receipt_again) =
        courier.post(&address(other_port), &courier.proof(public), &message);
    assert_eq!((status, again == first), (200, true));
    let payload = |receipt: &str| receipt.split('.').nth(1).map(str::to_owned);
    assert_eq!(payload(&receipt), payload(&receipt_again.expect("a receipt")));

    // Killed in the middle of messages: each is answered by the other, and is there once.
    let messages: Vec<_> = (2..22).map(|seed| courier.message(seed)).collect();
    for (at, (_, message)) in messages.iter().enumerate() {
        if at == 7 {
            one.kill();
        }
        let port = if at % 2 == 0 && at < 7 { one_port } else { other_port };
        let (status, answer, _) = courier.post(&address(port), &courier.proof(public), message);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    }
    let listed = Command::new(lmr())
        .args(["admin", "deliveries", "--format", "json", "--config"])
        .arg(world.config("other.toml"))
        .output()
        .expect("lmr runs");
    let text = String::from_utf8(listed.stdout).expect("UTF-8");
    assert_eq!(text.lines().filter(|line| line.contains("accepted")).count(), 21);
    let verified = Command::new(lmr())
        .args(["admin", "audit", "verify", "--format", "json", "--config"])
        .arg(world.config("other.toml"))
        .output()
        .expect("lmr runs");
    let report: Value = serde_json::from_slice(&verified.stdout).expect("JSON");
    assert_eq!(
        (report["problems"].as_array().map(Vec::len), &report["messages"]),
        (Some(0), &21.into())
    );
    drop(other);
    std::thread::sleep(Duration::from_millis(200));
    psql(&format!("DROP SCHEMA {schema} CASCADE"));
}
