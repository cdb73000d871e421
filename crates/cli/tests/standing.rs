//! `lmr serve` as a process keeps standing: whatever becomes of its log, and whatever signal it gets.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a real process is waited for by the real clock")]

use crate::world;

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lmr_sandbox::certificates::TestCa;
use world::{Courier, World};

const PATIENCE: Duration = Duration::from_secs(60);

/// `lmr serve` with this as its log.
#[expect(clippy::zombie_processes, reason = "whoever gets it ends it and waits")]
fn serve(world: &World, log: Stdio) -> Child {
    let child = Command::new(world::lmr())
        .args(["serve", "--config"])
        .arg(world.config("receiver.toml"))
        .stderr(log)
        .spawn()
        .expect("lmr serve");
    for _ in 0..6_000 {
        if TcpStream::connect(("127.0.0.1", world.receiver_port)).is_ok() {
            return child;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the receiver does not open its port");
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

/// How it ended after a signal to do so.
fn ended(mut child: Child) -> ExitStatus {
    signal(&child, "TERM");
    for _ in 0..2_000 {
        if let Some(status) = child.try_wait().expect("waited") {
            return status;
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("killed");
    panic!("SIGTERM did not end it within 20 seconds");
}

fn get(world: &World, path: &str) -> String {
    try_get(world, path).expect("an answer")
}

fn try_get(world: &World, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", world.receiver_port))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn metric(world: &World, name: &str) -> Option<f64> {
    let text = get(world, "/metrics");
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Nobody reads the pipe any more; the disk is full; nobody takes lines out of a pipe that is full.
#[test]
fn b1_whatever_becomes_of_the_log_messages_are_answered_and_sigterm_ends_it() {
    for broken in ["pipe without a reader", "full disk", "reader that stands still"] {
        let world = World::make("lmdi-0.9.4", 1, 100);
        let _helseid = world.helseid();
        let courier = Courier::new(&world);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let (log, reader) = match broken {
            "full disk" => {
                let full = File::options().write(true).open("/dev/full").expect("/dev/full");
                (Stdio::from(full), None)
            }
            _ => (Stdio::from(OwnedFd::from(writer)), Some(reader)),
        };
        let receiver = serve(&world, log);
        let mut messages = (1..).map(|n| courier.message(n).1);
        courier.deliver(&messages.next().expect("endless"), PATIENCE);
        let kept = match broken {
            "reader that stands still" => reader,
            _ => {
                drop(reader);
                None
            }
        };
        for message in messages.by_ref().take(3) {
            courier.deliver(&message, PATIENCE);
        }
        assert!(get(&world, "/nowhere").starts_with("HTTP/1.1 404"), "{broken}");
        assert!(get(&world, "/health/ready").starts_with("HTTP/1.1 200"), "{broken}");
        let lost = metric(&world, "lmr_log_lines_lost_total").expect("the metric");
        if kept.is_none() {
            assert!(lost >= 3.0, "{broken}: {lost} lines are lost");
        }
        assert_eq!(ended(receiver).code(), Some(0), "{broken}");
        drop(kept);
        assert_eq!(world.deliveries().len(), 4, "{broken}: every answered message is there");
    }
}

/// Renewed files are used after a hang-up; broken ones leave the old in use; nothing ends.
#[test]
fn a_hangup_ends_nothing_and_reads_senders_again() {
    let world = World::make("lmdi-0.9.4", 1, 100);
    let _helseid = world.helseid();
    let courier = Courier::new(&world);
    let log = File::create(world.path().join("serve.log")).expect("a log");
    let receiver = serve(&world, log.into());
    courier.deliver(&courier.message(1).1, PATIENCE);
    let config = world.config("receiver.toml");
    let good = std::fs::read_to_string(&config).expect("the configuration");
    let wait_for = |text: &str| {
        for _ in 0..1_000 {
            if world.log().contains(text) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("no line with '{text}' in {}", world.log());
    };
    std::fs::write(&config, good.replace("register.key", "no-such.key")).expect("written");
    signal(&receiver, "HUP");
    wait_for("could not be read again");
    courier.deliver(&courier.message(2).1, PATIENCE);
    std::fs::write(&config, &good).expect("written");
    signal(&receiver, "HUP");
    wait_for("were read again");
    courier.deliver(&courier.message(3).1, PATIENCE);
    assert_eq!(ended(receiver).code(), Some(0));
    assert_eq!(world.deliveries().len(), 3);
}

/// The certificate that a listener shows, in PEM; empty where it shows none.
fn shown_at(port: u16) -> String {
    let pipe = format!(
        "openssl s_client -connect 127.0.0.1:{port} </dev/null 2>/dev/null | openssl x509 2>/dev/null"
    );
    let output = Command::new("sh").args(["-c", &pipe]).output().expect("sh");
    String::from_utf8(output.stdout).expect("UTF-8").split_whitespace().collect()
}

/// A renewed certificate is used by every listener that does TLS, and one that ends soon is in the log.
#[test]
fn a_hangup_renews_the_certificate_of_every_listener() {
    let world = World::make("lmdi-1.1.7", 1, 100);
    let _helseid = world.helseid();
    let now = jiff::Timestamp::now();
    let ca = TestCa::new(now).expect("an authority");
    let put = |at: jiff::Timestamp| {
        let made = ca.tls_for_loopback(at).expect("a certificate");
        std::fs::write(world.config("tls.pem"), &made.certificate_pem).expect("written");
        std::fs::write(world.config("tls.key"), &made.key_pem).expect("written");
        made.certificate_pem.split_whitespace().collect::<String>()
    };
    let issuer = world.issuer();
    let (outlet, console) = (world::free_port(), world::free_port());
    let files = "certificate = \"tls.pem\"\nkey = \"tls.key\"\n";
    let made = format!(
        "echo 'et langt nok passord' | {} admin new-password {}",
        world::lmr(),
        world.config("kari.phc").display()
    );
    assert!(Command::new("sh").args(["-c", &made]).status().expect("sh").success());
    let sections = format!(
        "\n[tls]\n{files}\n\
         [outlet]\nlisten = \"127.0.0.1:{outlet}\"\naddresses = [\"127.0.0.1\"]\n[outlet.tls]\n{files}\
         [[outlet.trust]]\nkind = \"helseid-dpop\"\nissuer = \"{issuer}\"\n\n\
         [console]\nlisten = \"127.0.0.1:{console}\"\naddresses = [\"127.0.0.1\"]\n[console.tls]\n{files}\
         [[console.operator]]\nname = \"kari\"\nrole = \"read\"\npassword_file = \"kari.phc\"\n"
    );
    let config = world.config("receiver.toml");
    let text = std::fs::read_to_string(&config).expect("the configuration");
    std::fs::write(&config, text + &sections).expect("written");
    let ports = [world.receiver_port, outlet, console];
    // Made long ago, so that it ends within the year; the other one is new.
    let old = put(now - jiff::SignedDuration::from_hours(24 * 340));
    let log = File::create(world.path().join("serve.log")).expect("a log");
    let receiver = serve(&world, log.into());
    let is_shown = |pem: &str| {
        let until = Instant::now() + PATIENCE;
        for port in ports {
            while shown_at(port) != pem {
                assert!(Instant::now() < until, "{port} of {ports:?}: {}", world.log());
                thread::sleep(Duration::from_millis(50));
            }
        }
    };
    is_shown(&old);
    let lines = |what: &str| world.log().lines().filter(|line| line.contains(what)).count();
    let until = Instant::now() + PATIENCE;
    while lines("the certificate of a listener ends soon") < 3 {
        assert!(Instant::now() < until, "{}", world.log());
        thread::sleep(Duration::from_millis(20));
    }
    let new = put(now);
    assert_ne!(old, new);
    signal(&receiver, "HUP");
    is_shown(&new);
    assert_eq!(ended(receiver).code(), Some(0));
    assert_eq!(lines("the certificate of a listener ends soon"), 3, "each once");
}

/// Without file descriptors nobody is let in; the log says why, and when there are some again it goes on.
#[test]
fn b17_running_out_of_file_descriptors_is_logged_and_passes() {
    let world = World::make("lmdi-0.9.4", 1, 100);
    let log = File::create(world.path().join("serve.log")).expect("a log");
    let receiver = Command::new("sh")
        .args(["-c", "ulimit -n 64; exec \"$0\" serve --config \"$1\""])
        .arg(world::lmr())
        .arg(world.config("receiver.toml"))
        .stderr(log)
        .spawn()
        .expect("sh");
    world.wait_for_receiver();
    let address = ("127.0.0.1", world.receiver_port);
    let held: Vec<TcpStream> = (0..100).filter_map(|_| TcpStream::connect(address).ok()).collect();
    assert!(held.len() > 64, "{} connections", held.len());
    let until = Instant::now() + PATIENCE;
    while !world.log().contains("not accepted") {
        assert!(Instant::now() < until, "nothing in the log: {}", world.log());
        thread::sleep(Duration::from_millis(20));
    }
    let log = world.log();
    let line = log.lines().find(|line| line.contains("not accepted")).expect("a line");
    assert!(line.contains("WARN") && line.contains("Too many open files"), "{line}");
    drop(held);
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = try_get(&world, "/health/live").unwrap_or_default();
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(Instant::now() < until, "it does not go on: {}", world.log());
        thread::sleep(Duration::from_millis(50));
    }
    let refused = "lmr_connections_refused_total{reason=\"not accepted\"}";
    assert!(
        metric(&world, refused).is_some_and(|count| count >= 1.0),
        "{}",
        get(&world, "/metrics")
    );
    assert_eq!(ended(receiver).code(), Some(0));
}
