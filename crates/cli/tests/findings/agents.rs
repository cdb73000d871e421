//! Situations from public bug reports on agents, token clients and services (a1 to a18), with real processes.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lmr_sandbox::certificates::TestCa;

use super::{GIVEN, Served, other_clock, pairs};
use crate::world::stand_in::{StandIn, answer, page};
use crate::world::{World, lmr, now, said};

/// Deliveries of the register: how many resources it has stored.
fn stored(world: &World) -> u64 {
    world.deliveries().iter().filter_map(|row| row["counts"]["created"].as_u64()).sum()
}

/// Something between the sender and the register answers: that says nothing of the data.
#[test]
fn a1_b6_a_page_of_something_between_holds_nothing_whatever_its_status() {
    let world = World::make("lmdi-0.9.4", 6, 1000);
    let _helseid = world.helseid();
    let statuses = [
        "400 Bad Request",
        "402 Payment Required",
        "403 Forbidden",
        "404 Not Found",
        "407 Proxy Authentication Required",
        "410 Gone",
        "412 Precondition Failed",
        "413 Content Too Large",
        "415 Unsupported Media Type",
        "417 Expectation Failed",
        "421 Misdirected Request",
        "422 Unprocessable Content",
        "423 Locked",
        "425 Too Early",
        "426 Upgrade Required",
        "428 Precondition Required",
        "431 Request Header Fields Too Large",
        "451 Unavailable For Legal Reasons",
        "499 Client Closed Request",
        "200 OK",
        "500 Internal Server Error",
        "302 Found",
    ];
    let current = Arc::new(Mutex::new(Vec::new()));
    let shown = Arc::clone(&current);
    let between = StandIn::start(world.receiver_port, move |_| {
        Some(shown.lock().expect("an answer").clone())
    });
    for status in statuses {
        for bare in [true, false] {
            *current.lock().expect("an answer") =
                if bare { answer(status, &[], "") } else { page(status) };
            let run = world.send(&["run"]);
            assert!(matches!(run.status.code(), Some(3 | 4)), "{status}: {}", said(&run));
            assert_eq!(world.json(&["status"])["held"], 0, "{status}: {}", said(&run));
            assert!(!said(&run).contains("corrected at the source"), "{status}: {}", said(&run));
        }
    }
    drop(between);
    let _receiver = world.receiver();
    world.run(0);
    assert_eq!(stored(&world), world.reported_resources());
}

/// A page in place of the token endpoint passes by itself; an error that the issuer names does not.
#[test]
fn a4_a_maintenance_page_of_the_issuer_is_tried_again_and_a_named_error_is_not() {
    let world = World::make("lmdi-0.9.4", 3, 1000);
    let _receiver = world.receiver();
    for status in ["200 OK", "403 Forbidden", "404 Not Found", "408 Request Timeout", "503 Busy"] {
        let _maintenance = StandIn::always(world.issuer_port(), page(status));
        let said = world.run(3);
        assert!(said.contains("new attempt"), "{status}: {said}");
        let attempt = &world.json(&["status"])["next_attempt"];
        assert!(attempt.is_string(), "{status}: an attempt before tomorrow");
    }
    let _helseid = world.helseid();
    world.set("sender.toml", "client_id = \"", "client_id = \"x");
    let said = world.run(4);
    assert!(said.contains("invalid_client"), "{said}");
    world.set("sender.toml", "client_id = \"x", "client_id = \"");
    world.run(0);
}

/// The daemon follows the clock of each moment: two days ahead at its start, then put right.
#[test]
fn a3_a_daemon_whose_clock_was_put_right_makes_the_transfer_of_that_day() {
    let served = Served::new();
    let clock = served.config("clock");
    std::fs::write(&clock, "+2d").expect("written");
    let Some(environment) = other_clock(&clock) else { return };
    served.schedule_in(25);
    let _daemon = served.daemon(&pairs(&environment));
    let first = served.daemon_says("waiting due=");
    let day = |hours: i64| {
        let at = now() + jiff::SignedDuration::from_hours(hours);
        lmr_identifiers::norwegian_date(at).to_string()
    };
    assert!(first.contains(&day(48)), "{first}");
    std::fs::write(&clock, "+0").expect("written");
    let ended = served.daemon_says("the run ended");
    assert!(ended.contains("Clean") && ended.contains(&day(0)[..7]), "{ended}");
    assert_eq!(stored(&served), served.reported_resources());
}

#[test]
fn a5_a_link_to_a_folder_is_followed() {
    let served = Served::new();
    let day = served.path().join("day");
    std::fs::create_dir(&day).expect("made");
    std::fs::rename(served.path().join("source").join(GIVEN), day.join(GIVEN)).expect("moved");
    std::os::unix::fs::symlink("../day", served.path().join("source/latest")).expect("a link");
    served.run(0);
    assert_eq!(served.json(&["status"])["stored"]["MedicationAdministration"], 12);
}

/// Requests to this machine never pass a proxy, for register and issuer, run and doctor: it would read the token.
#[test]
fn a7_loopback_never_goes_through_a_proxy() {
    let served = Served::new();
    let proxy = StandIn::always(0, page("502 Bad Gateway"));
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let names =
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let mut environment: Vec<(&str, &str)> =
        names.iter().map(|name| (*name, address.as_str())).collect();
    environment.extend([("NO_PROXY", ""), ("no_proxy", "")]);
    for host in ["127.0.0.1", "localhost"] {
        let receiver = format!("http://127.0.0.1:{}/", served.receiver_port);
        let spelled = format!("http://{host}:{}/", served.receiver_port);
        served.set("sender.toml", &receiver, &spelled);
        let run = served.send_with(&["run"], &environment);
        assert_eq!(run.status.code(), Some(0), "{host}: {}", said(&run));
        let doctor = Command::new(lmr())
            .args(["doctor", "--config"])
            .arg(served.config("sender.toml"))
            .envs(environment.iter().copied())
            .output()
            .expect("lmr doctor");
        assert_eq!(doctor.status.code(), Some(0), "{host}: {}", said(&doctor));
        served.set("sender.toml", &spelled, &receiver);
    }
    assert_eq!(proxy.heads(), Vec::<String>::new(), "nothing came to the proxy");
    // The variables do count for other machines, with TLS through the proxy: no token is to be seen.
    let receiver = format!("http://127.0.0.1:{}/", served.receiver_port);
    served.set("sender.toml", &receiver, "https://registeret.invalid/");
    served.write("Patient.ndjson", &{
        let mut patients = served.lines("Patient.ndjson");
        patients[0]["birthDate"] = "1950-01-02".into();
        patients
    });
    let run = served.send_with(&["run", "--same-register"], &environment);
    assert_eq!(run.status.code(), Some(3), "{}", said(&run));
    let heads = proxy.heads();
    assert!(
        heads.iter().any(|head| head.starts_with("CONNECT registeret.invalid:443")),
        "{heads:?}"
    );
    assert!(heads.iter().all(|head| !head.to_lowercase().contains("\nauthorization")), "{heads:?}");
}

#[test]
fn a8_a_daemon_in_the_middle_of_a_run_ends_within_twenty_seconds_and_nothing_is_lost() {
    let world = World::make("lmdi-0.9.4", 6, 20);
    let _helseid = world.helseid();
    let silent = StandIn::start(world.receiver_port, |_| None);
    world.schedule_in(8);
    let mut daemon = world.daemon(&[]);
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while silent.heads().is_empty() {
        assert!(std::time::Instant::now() < until, "no message comes");
        std::thread::sleep(Duration::from_millis(50));
    }
    daemon.signal("-TERM");
    assert!(daemon.ends_within(Duration::from_secs(20)).success());
    drop(silent);
    let _receiver = world.receiver();
    world.run(0);
    let deliveries = world.deliveries();
    assert_eq!(stored(&world), world.reported_resources(), "{deliveries:?}");
    assert!(deliveries.iter().all(|row| row["counts"]["updated"] == 0), "{deliveries:?}");
}

/// Renewal hooks write over the certificate and send a hang-up: the new one is served, a broken one is not taken.
#[test]
fn a9_a_renewed_tls_certificate_is_served_after_a_hangup() {
    let world = World::make("lmdi-0.9.4", 3, 1000);
    let _helseid = world.helseid();
    let certificate = |name: &str| {
        let ca = TestCa::new(now()).expect("an authority");
        let pair = ca.tls_for_loopback(now()).expect("a certificate");
        std::fs::write(world.config(&format!("{name}-ca.pem")), ca.certificate_pem())
            .expect("written");
        (pair.certificate_pem, pair.key_pem)
    };
    let (old, new) = (certificate("old"), certificate("new"));
    let put = |(certificate, key): &(String, String)| {
        std::fs::write(world.config("tls.pem"), certificate).expect("written");
        std::fs::write(world.config("tls.key"), key).expect("written");
    };
    put(&old);
    world.set(
        "receiver.toml",
        "[[trust]]",
        "[tls]\ncertificate = \"tls.pem\"\nkey = \"tls.key\"\n\n[[trust]]",
    );
    let plain = format!("\"http://127.0.0.1:{}/fhirmottak/v1\"", world.receiver_port);
    let with_ca = |name: &str| {
        let port = world.receiver_port;
        format!("\"https://localhost:{port}/fhirmottak/v1\"\ntls_ca = \"{name}-ca.pem\"")
    };
    world.set("sender.toml", &plain, &with_ca("new"));
    let mut receiver = world.receiver();
    let said = world.run(3);
    assert!(said.contains("not accepted"), "the old one is served: {said}");
    put(&new);
    receiver.signal("-HUP");
    let says = |words: &str| {
        let until = std::time::Instant::now() + Duration::from_secs(20);
        while !world.log().contains(words) {
            assert!(std::time::Instant::now() < until, "no '{words}' in {}", world.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    says("read again");
    world.run(0);
    // A certificate that is only half written is not taken, and the log says why.
    std::fs::write(world.config("tls.pem"), "-----BEGIN CERT").expect("written");
    receiver.signal("-HUP");
    says("ERROR");
    assert!(receiver.is_running(), "a hang-up never ends it");
    world.write(GIVEN, &{
        let mut given = world.lines(GIVEN);
        given[0]["dosage"]["dose"]["value"] = 77.into();
        given
    });
    let run = world.send(&["run"]);
    assert!(!crate::world::said(&run).contains("no connection"), "{}", crate::world::said(&run));
}

/// The client's key is replaced while the daemon waits for its hour: the new one counts, without a restart.
#[test]
fn a10_a_key_that_was_replaced_while_the_daemon_waited_is_used() {
    let served = Served::new();
    let right = std::fs::read(served.config("helseid-client.jwk")).expect("a key");
    let other = World::make("lmdi-0.9.4", 1, 1000);
    std::fs::copy(other.config("helseid-client.jwk"), served.config("helseid-client.jwk"))
        .expect("copied");
    served.schedule_in(8);
    let _daemon = served.daemon(&[]);
    served.daemon_says("waiting");
    std::fs::write(served.config("helseid-client.jwk"), right).expect("written");
    let ended = served.daemon_says("the run ended");
    assert!(ended.contains("Clean"), "{ended}");
}

/// A file's name is bytes: with a backslash, or in Latin-1.
#[test]
fn a11_files_with_odd_names_are_sent_like_any_other() {
    use std::os::unix::ffi::OsStrExt as _;
    for odd in [&b"a\\Condition.ndjson"[..], b"\xe6\xf8\xe5.ndjson", b"dag\\1\xe6.ndjson"] {
        let served = Served::new();
        let source = served.path().join("source");
        let name = Path::new(std::ffi::OsStr::from_bytes(odd));
        std::fs::rename(source.join("Condition.ndjson"), source.join(name)).expect("renamed");
        let said = served.run(0);
        let status = served.json(&["status"]);
        assert!(status["stored"]["Condition"].as_u64() > Some(0), "{name:?}: {said}");
        served.run(0);
    }
}
