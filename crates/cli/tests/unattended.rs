//! The sender when nobody looks, and when somebody does: the correction desk, supervision, rehearsals. Real
//! processes, a simulated register and HelseID.
#![allow(clippy::disallowed_methods, reason = "real processes are waited for by the real clock")]

use crate::schema;
use crate::world;

use std::time::Duration;

use schema::misfits;
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
    // A row of which no resource was made is known by its key.
    let row = world.send(&["why", "D2", "--lang", "en"]);
    assert_eq!(row.status.code(), Some(0), "{}", said(&row));
    assert!(said(&row).contains("rows.csv:2") && said(&row).contains("icd10 is empty"));
    let row = world.json(&["why", "D2"]);
    assert_eq!((&row[0]["kind"], &row[0]["issue"]["key"]), (&"row".into(), &"D2".into()), "{row}");
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
    // A selection of nothing but what was discarded says how that is released.
    let none = world.send(&["release", "--type", "Patient", "--yes", "--lang", "en"]);
    assert_eq!(none.status.code(), Some(1), "{}", said(&none));
    assert!(said(&none).contains("released by --number"), "{}", said(&none));
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

#[test]
fn status_is_as_its_schema_says() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/schemas/send-status.json");
    let schema: Value =
        serde_json::from_slice(&std::fs::read(file).expect("the schema")).expect("JSON");
    let world = World::make("lmdi-0.9.4", 6, 1000);
    let check = |what: &str| {
        let status = world.json(&["status"]);
        let mut found = Vec::new();
        misfits(&schema, &schema, &status, "", &mut found);
        assert!(found.is_empty(), "{what}: {found:?}\n{status}");
        // The check can fail: a field more, one less, another type.
        for (name, change) in
            [("surprise", Some(1.into())), ("held", None), ("organisation", Some(7.into()))]
        {
            let mut wrong = status.clone();
            let members = wrong.as_object_mut().expect("an object");
            match change {
                Some(value) => drop(members.insert(name.to_owned(), value)),
                None => drop(members.remove(name)),
            }
            let mut found = Vec::new();
            misfits(&schema, &schema, &wrong, "", &mut found);
            assert!(!found.is_empty(), "{name}");
        }
        status
    };
    // Nothing listens: undelivered. Then everything, then a source that is gone, and one with a wrong record.
    world.run(3);
    check("undelivered");
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    world.run(0);
    let status = check("clean");
    assert_eq!(status["status"], "clean");
    assert!(status["expiries"].as_array().is_some_and(|all| all.len() >= 3), "{status}");
    let mut given = world.lines(GIVEN);
    given[0]["status"] = "x".into();
    world.write(GIVEN, &given);
    world.run(1);
    assert_eq!(check("to correct")["held"], 1);
    std::fs::rename(world.path().join("source"), world.path().join("aside")).expect("renamed");
    world.run(5);
    assert_eq!(check("source failed")["status"], "source-failed");
}

/// Reads one HTTP request, answers it, and gives it whole.
fn one_request(listener: &std::net::TcpListener) -> String {
    use std::io::{Read as _, Write as _};
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).expect("a request");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if read == 0 || body.len() >= length.unwrap_or(0) {
            break;
        }
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").expect("answered");
    text
}

/// A mail server that takes one mail.
fn one_mail(listener: &std::net::TcpListener) -> String {
    use std::io::{BufRead as _, Write as _};
    let (mut stream, _) = listener.accept().expect("a connection");
    let mut lines = std::io::BufReader::new(stream.try_clone().expect("cloned")).lines();
    stream.write_all(b"220 mail\r\n").expect("greeted");
    let (mut mail, mut in_data) = (String::new(), false);
    while let Some(Ok(line)) = lines.next() {
        mail.push_str(&line);
        mail.push('\n');
        let answer: &[u8] = match &*line {
            "." if in_data => {
                in_data = false;
                b"250 taken\r\n"
            }
            _ if in_data => continue,
            "DATA" => {
                in_data = true;
                b"354 go on\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).expect("answered");
    }
    mail
}

#[test]
fn hooks_hear_of_each_cause_once_a_day_and_a_failing_one_stops_nothing() {
    let world = World::make("lmdi-0.9.4", 6, 1000);
    let bind = || std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let (web, mail) = (bind(), bind());
    let port = |listener: &std::net::TcpListener| listener.local_addr().expect("an address").port();
    let config = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    let hooks = format!(
        "\n[[hook]]\nkind = \"command\"\ncommand = [\"/bin/sh\", \"-c\", \"cat >> heard.jsonl; echo >> heard.jsonl\"]\n\
         \n[[hook]]\nkind = \"command\"\nname = \"broken\"\ncommand = [\"/bin/false\"]\n\
         \n[[hook]]\nkind = \"webhook\"\non = [\"refused\"]\nurl = \"http://127.0.0.1:{}/lmr\"\ntoken_file = \"hook.token\"\n\
         \n[[hook]]\nkind = \"mail\"\non = [\"refused\"]\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n\
         from = \"lmr@sykehus.example\"\nto = [\"vakt@sykehus.example\"]\n",
        port(&web),
        port(&mail)
    );
    std::fs::write(world.config("sender.toml"), config + &hooks).expect("written");
    std::fs::write(world.config("hook.token"), "hemmelig\n").expect("written");
    let send = |arguments: &[&str]| {
        std::process::Command::new(world::lmr())
            .arg("send")
            .args(arguments)
            .args(["--config", "sender.toml"])
            .current_dir(world.path())
            .env("LMR_LANG", "en")
            .output()
            .expect("lmr send")
    };
    let heard = || -> Vec<Value> {
        let text = std::fs::read_to_string(world.config("heard.jsonl")).unwrap_or_default();
        text.lines()
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    // Nobody listens: undelivered, once a day however often it is tried.
    let first = send(&["run"]);
    assert_eq!(first.status.code(), Some(3), "{}", said(&first));
    assert!(
        said(&first).contains("hook=broken") || said(&first).contains("hook=\"broken\""),
        "{}",
        said(&first)
    );
    let words = "hook broken failed after the last run";
    assert!(said(&first).contains(words), "{}", said(&first));
    let status = world.json(&["status"]);
    assert_eq!(status["failed_hooks"], serde_json::json!(["broken"]), "{status}");
    assert!(said(&world.send(&["status"])).contains(words));
    assert_eq!(send(&["run"]).status.code(), Some(3));
    let events: Vec<String> = heard().iter().map(|one| one["event"].to_string()).collect();
    assert_eq!(events, ["\"delivery-failed\""]);

    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    let mut given = world.lines(GIVEN);
    let (id, wrong) = (given[0]["id"].as_str().expect("an id").to_owned(), "feil-zq7");
    given[0]["status"] = wrong.into();
    world.write(GIVEN, &given);
    let (web, mail) = (
        std::thread::spawn(move || one_request(&web)),
        std::thread::spawn(move || one_mail(&mail)),
    );
    let run = send(&["run"]);
    assert_eq!(run.status.code(), Some(1), "{}", said(&run));
    let (request, mail) = (web.join().expect("a request"), mail.join().expect("a mail"));
    assert!(request.starts_with("POST /lmr "), "{request}");
    assert!(request.to_lowercase().contains("authorization: bearer hemmelig"), "{request}");
    assert!(
        request.contains("\"event\":\"refused\"") && request.contains("\"refused_by_check\":1"),
        "{request}"
    );
    assert!(
        mail.contains("To: vakt@sykehus.example") && mail.contains("refused_by_check: 1"),
        "{mail}"
    );
    let log = said(&run);
    assert!(!log.contains("hemmelig") && !log.contains("vakt@"), "{log}");
    let all = heard();
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[1]["text"]["nb"].as_str().is_some_and(|text| text.contains("avvist")), "{all:?}");
    for text in [request, mail, format!("{all:?}")] {
        assert!(!text.contains(&id) && !text.contains(wrong), "nothing of a resource: {text}");
    }
    // What cannot be used is found at the start of a daemon.
    world.set("sender.toml", "[\"/bin/false\"]", "[]");
    let daemon = send(&["daemon"]);
    assert!(
        said(&daemon).contains("[[hook]] no. 2") && said(&daemon).contains("command is empty"),
        "{}",
        said(&daemon)
    );
}

/// One line of an HTTP answer's head, and its body.
fn get(port: u16, path: &str) -> (String, String) {
    try_get(port, path).expect("an answer")
}

/// The same, where the listener may be closed and opened again meanwhile.
fn try_get(port: u16, path: &str) -> Option<(String, String)> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.lines().next().unwrap_or_default().to_owned(), body.to_owned()))
}

#[cfg(target_os = "linux")]
#[test]
fn the_daemon_answers_monitors_and_the_service_manager() {
    let world = World::make("lmdi-0.9.4", 6, 1000);
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    let port = world::free_port();
    let config = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    std::fs::write(
        world.config("sender.toml"),
        format!("{config}\n[monitor]\nlisten = \"127.0.0.1:{port}\"\n"),
    )
    .expect("written");
    let socket = world.config("notify.sock");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).expect("a socket");
    manager.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
    let hears = |words: &str| {
        let mut buffer = [0; 512];
        loop {
            let length =
                manager.recv(&mut buffer).unwrap_or_else(|error| panic!("no {words}: {error}"));
            if String::from_utf8_lossy(&buffer[..length]).contains(words) {
                return;
            }
        }
    };
    world.run(0);
    let mut daemon = world
        .daemon(&[("NOTIFY_SOCKET", socket.to_str().expect("UTF-8")), ("WATCHDOG_USEC", "400000")]);
    hears("READY=1");
    hears("STATUS=Waiting until ");
    hears("WATCHDOG=1");
    hears("WATCHDOG=1");
    let (head, body) = get(port, "/health");
    assert!(head.ends_with("200 OK"), "{head} {body}");
    let health: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&health["healthy"], &health["status"]), (&true.into(), &"clean".into()), "{body}");
    let (_, metrics) = get(port, "/metrics");
    for line in [
        "lmr_sender_status{status=\"clean\"} 1",
        "lmr_sender_held_resources 0",
        "lmr_sender_forgotten_resources 0",
        "lmr_sender_unconfirmed_annulments 0",
        "lmr_sender_unknown_messages 0",
        "lmr_sender_messages{state=\"delivered\"} 1",
        "lmr_sender_confirmed_resources{type=\"MedicationAdministration\"} 6",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    for family in [
        "last_success_timestamp_seconds",
        "expiry_timestamp_seconds{name=\"certificate.certificate\"}",
    ] {
        assert!(metrics.contains(&format!("lmr_sender_{family} 1")), "{family}: {metrics}");
    }
    assert!(get(port, "/other").0.contains("404"));
    // An empty source is for a person.
    std::fs::remove_dir_all(world.path().join("source")).expect("removed");
    assert_eq!(world.send(&["run"]).status.code(), Some(5));
    let (head, body) = get(port, "/health");
    assert!(head.contains("503") && body.contains("source-failed"), "{head} {body}");
    daemon.signal("-TERM");
    hears("STOPPING=1");
    assert!(daemon.ends_within(Duration::from_secs(20)).success());

    world.set("sender.toml", &format!("127.0.0.1:{port}"), &format!("0.0.0.0:{port}"));
    let refused = world.send(&["daemon", "--lang", "en"]);
    assert!(said(&refused).contains("is not on loopback"), "{}", said(&refused));
}

/// What cannot be read again is said where somebody looks, since a restart would fail; and taken back when it can.
#[cfg(target_os = "linux")]
#[test]
fn what_the_daemon_cannot_read_again_is_in_the_status_health_metrics_and_a_hook() {
    let world = World::make("lmdi-0.9.4", 6, 1000);
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    let port = world::free_port();
    let config = std::fs::read_to_string(world.config("sender.toml")).expect("a file");
    let heard = world.config("heard.txt");
    let config = format!(
        "{config}\n[monitor]\nlisten = \"127.0.0.1:{port}\"\n\n[[hook]]\nkind = \"command\"\non = [\"not-read-again\"]\n\
         command = [\"sh\", \"-c\", \"cat >> {}\"]\n",
        heard.display()
    );
    std::fs::write(world.config("sender.toml"), &config).expect("written");
    world.run(0);
    let mut daemon = world.daemon(&[]);
    let within = |what: &str, is_so: &dyn Fn() -> bool| {
        let until = std::time::Instant::now() + Duration::from_secs(60);
        while !is_so() {
            assert!(std::time::Instant::now() < until, "{what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let not_read = || {
        let (_, body) = try_get(port, "/health").unwrap_or_default();
        let health: Value = serde_json::from_str(&body).unwrap_or_default();
        health["not_read_again"].to_string()
    };
    within("it answers", &|| not_read() == "[]");
    for broken in [format!("{config}nonsense = 1\n"), config.replace("sender.pem", "gone.pem")] {
        std::fs::write(world.config("sender.toml"), broken).expect("written");
        daemon.signal("-HUP");
        within("/health says so", &|| not_read() == "[\"configuration\"]");
        assert!(get(port, "/metrics").1.contains("not_read_again{what=\"configuration\"} 1"));
        within("the hook heard of it", &|| heard.exists());
        // The file itself is what everybody else reads.
        std::fs::write(world.config("sender.toml"), &config).expect("written");
        let status = world.send(&["status", "--lang", "en"]);
        assert_eq!(status.status.code(), Some(1), "{}", said(&status));
        assert!(said(&status).contains("could not read its configuration again"));
        // While the daemon runs, a run by hand takes nothing back that is the daemon's to read.
        assert_eq!(world.json(&["status"])["daemon_failures"][0]["what"], "configuration");
        daemon.signal("-HUP");
        within("it was read again", &|| not_read() == "[]");
        assert_eq!(world.send(&["status"]).status.code(), Some(0));
    }
    let notice = std::fs::read_to_string(&heard).expect("a notice");
    assert!(notice.contains("not-read-again") && !notice.contains("nonsense"), "{notice}");

    // A daemon that ended with it is not there any more to take it back.
    std::fs::write(world.config("sender.toml"), format!("{config}nonsense = 1\n"))
        .expect("written");
    daemon.signal("-HUP");
    within("/health says so", &|| not_read() == "[\"configuration\"]");
    daemon.signal("-TERM");
    assert!(daemon.ends_within(Duration::from_secs(20)).success());
    std::fs::write(world.config("sender.toml"), &config).expect("written");
    assert_eq!(world.send(&["status"]).status.code(), Some(1));
    world.run(0);
    assert_eq!(world.send(&["status"]).status.code(), Some(0));
}

#[test]
fn a_rehearsal_counts_what_another_rule_set_would_refuse_and_changes_nothing() {
    let world = World::make("lmdi-0.9.4", 12, 20);
    let (_helseid, _receiver) = (world.helseid(), world.receiver());
    let fresh = world.json(&["rehearse", "--ruleset", "lmdi-0.9.4"]);
    assert_eq!(fresh["sent"]["resources"], 0, "{fresh}");
    assert_eq!(
        (&fresh["source"]["refused"], &fresh["source"]["causes"]),
        (&0.into(), &Value::Array(Vec::new()))
    );
    assert!(!world.config("sender.sqlite").exists(), "a rehearsal makes no database");
    world.run(0);
    let confirmed: u64 = world.json(&["status"])["stored"]
        .as_object()
        .map_or(0, |types| types.values().filter_map(Value::as_u64).sum());
    // One record has become wrong since: the source has a fault, what was sent has none.
    let mut given = world.lines(GIVEN);
    given[0]["status"] = "feil-zq7".into();
    world.write(GIVEN, &given);
    let ledger = || std::fs::read(world.config("sender.sqlite")).expect("the ledger");
    let before = ledger();
    let same = world.send(&["rehearse", "--ruleset", "lmdi-0.9.4", "--format", "json"]);
    assert_eq!(same.status.code(), Some(1), "{}", said(&same));
    let same: Value = serde_json::from_slice(&same.stdout).expect("JSON");
    assert_eq!(
        (&same["sent"]["resources"], &same["sent"]["refused"]),
        (&confirmed.into(), &0.into()),
        "{same}"
    );
    assert_eq!(same["source"]["refused"], 1, "{same}");
    let text = same.to_string();
    assert!(
        text.contains("MedicationAdministration.status") && !text.contains("feil-zq7"),
        "{text}"
    );
    // The newer guide refuses what the older one takes: by rule, in both halves.
    let other = world.json(&["rehearse", "--ruleset", "lmdi-1.1.7"]);
    assert_eq!(other["sent"]["resources"], confirmed, "{other}");
    let causes = other["sent"]["causes"].as_array().expect("a list");
    let of_causes: u64 = causes.iter().filter_map(|cause| cause["resources"].as_u64()).sum();
    assert!(of_causes >= other["sent"]["refused"].as_u64().unwrap_or_default(), "{other}");
    // What only kinds that this guide does not take refer to is no part of what would be sent.
    assert!(other["source"]["resources"].as_u64() > other["source"]["refused"].as_u64(), "{other}");
    assert!(other["source"]["refused"].as_u64() > Some(0), "{other}");
    assert!(ledger() == before, "a rehearsal changes the ledger");
    let text = said(&world.send(&["rehearse", "--ruleset", "lmdi-1.1.7", "--lang", "en"]));
    assert!(text.contains("Rehearsal of lmdi-1.1.7: nothing was sent"), "{text}");
    // The fault, not the rule in general.
    assert!(text.contains("(lmdi-1.1.7) has no profile for EpisodeOfCare"), "{text}");
    // Addresses of definitions are no values of a person: without them nobody finds the fault.
    let address = "http://hl7.org/fhir/StructureDefinition/ukjent-zq8";
    given[0]["status"] = "completed".into();
    given[0]["extension"] = serde_json::json!([{ "url": address, "valueString": "hemmelig-zq9" }]);
    world.write(GIVEN, &given);
    for lang in ["nb", "en"] {
        let text = said(&world.send(&["rehearse", "--ruleset", "lmdi-0.9.4", "--lang", lang]));
        assert_eq!(text.matches(address).count(), 2, "{text}");
        assert!(!text.contains("hemmelig-zq9") && !text.contains("***"), "{text}");
    }
    assert_eq!(world.send(&["rehearse", "--ruleset", "lmdi-9"]).status.code(), Some(2));
}
