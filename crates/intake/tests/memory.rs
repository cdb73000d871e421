//! A message takes memory in proportion to its content, whatever the content is like.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails; the child reports on stdout"
)]

use lmr_envelope::synthetic::{self as world, SENDER, now, world};
use lmr_envelope::{Header, SystemRandom, seal};
use lmr_identifiers::OrganisationNumber;
use lmr_identifiers::synthetic::{Series, identity_number};
use lmr_intake::{AllowList, Avsender, Caller, Parts, Receiver, RegisteredCertificate, Settings};
use lmr_storage::{SqliteStore, StorageKey};
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Bytes of content in every case.
const SIZE: usize = 2 << 20;
/// What a message may take, as a multiple of its inflated content.
const MOST: usize = 12;

/// The name of a shape, and what a resource number `n` of it looks like.
type Case = (&'static str, fn(usize) -> String);

/// The shapes. Bundles are filled with them up to [`SIZE`].
const CASES: [Case; 6] = [
    ("flat", |n| patient(n, r#","gender":"other""#)),
    ("deep", |n| {
        let depth = 40;
        let open = r#"{"url":"http://eks.no/x","extension":["#.repeat(depth);
        let close = "]}".repeat(depth);
        let inner = r#"{"url":"http://eks.no/x","valueString":"innerst"}"#;
        patient(n, &format!(r#","extension":[{open}{inner}{close}]"#))
    }),
    ("wide", |n| {
        let names = r#""Ola","#.repeat(20_000);
        patient(n, &format!(r#","gender":"other","name":[{{"given":[{names}"Kari"]}}]"#))
    }),
    ("faulty", |n| patient(n, r#","ukjent":1,"gender":"ukjent""#)),
    ("very faulty", |n| {
        let unknown: String = (0..100).fold(String::new(), |mut text, k| {
            let _ = write!(text, r#","x{k}":{k}"#);
            text
        });
        patient(n, &unknown)
    }),
    ("with many notes", |n| {
        let codings = r#"{"system":"http://eks.no/kodeverk","code":"kode"},"#.repeat(20);
        patient(
            n,
            &format!(r#","gender":"other","maritalStatus":{{"coding":[{codings}{{"code":"a"}}]}}"#),
        )
    }),
];

fn patient(n: usize, more: &str) -> String {
    let (day, month, year) = (n % 28 + 1, n / 28 % 12 + 1, 1950 + n / 336 % 70);
    let [day, month, year] = [day, month, year].map(|number| u16::try_from(number).unwrap());
    let (small_month, small_day) = (u8::try_from(month).unwrap(), u8::try_from(day).unwrap());
    let (number, _) = identity_number(year, small_month, small_day, Series::Tenor, false, 500);
    let number = number.as_str();
    format!(
        r#"{{"resourceType":"Patient","meta":{{"profile":["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-patient"]}},"identifier":[{{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"{number}"}}],"birthDate":"{year:04}-{month:02}-{day:02}"{more}}}"#
    )
}

/// A batch of about this many bytes.
fn content(resource: fn(usize) -> String, size: usize) -> String {
    let mut text = String::with_capacity(size + (256 << 10));
    text.push_str(
        r#"{"resourceType":"Bundle","meta":{"profile":["http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-bundle"]},"identifier":{"system":"urn:oid:2.16.578.1.34.99","value":"b"},"type":"batch","timestamp":"2025-03-14T07:30:00+01:00","entry":["#,
    );
    let mut n = 0;
    while n == 0 || text.len() < size {
        let separator = if n == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{separator}{{"fullUrl":"urn:uuid:0b1ef1c6-3d10-4f5c-8f0d-{n:012}","resource":{},"request":{{"method":"POST","url":"Patient"}}}}"#,
            resource(n)
        );
        n += 1;
    }
    text.push_str("]}");
    text
}

/// Not a test of its own: receives one message and reports the process's peak and the content's size.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the test below"]
#[expect(clippy::disallowed_methods, reason = "its parent says which case")]
async fn child() {
    let (Ok(case), Ok(size)) = (std::env::var("MEMORY_CASE"), std::env::var("MEMORY_SIZE")) else {
        return;
    };
    let (_, resource) = CASES.iter().find(|(name, _)| *name == case).unwrap();
    let content = content(*resource, size.parse().unwrap());
    let length = content.len();
    let world = world();
    let header = Header { message_id: "m1", ..world::header() };
    let sealed = seal(
        content.as_bytes(),
        &header,
        &world.register.certificate(),
        &world.sender.signing(),
        &SystemRandom,
    )
    .unwrap();
    drop(content);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lmr.db");
    let store = SqliteStore::open(&file, StorageKey::new(&[7; 32])).await.unwrap();
    let mut settings = Settings { entries: 1_000_000, ..Settings::default() };
    settings.limits.ratio = 100_000;
    let organisation = OrganisationNumber::parse(SENDER).unwrap();
    let receiver = Receiver::new(Parts {
        store: Arc::new(store),
        keys: world.register.decrypting(),
        trust: None,
        avsendere: vec![Avsender {
            organisation,
            name: "Oppdiktet sykehus".into(),
            active: true,
            certificates: vec![RegisteredCertificate {
                certificate: world.sender.certificate(),
                from: None,
                until: None,
            }],
            addresses: AllowList::default(),
            rule_set: None,
            start_date: None,
            database: None,
        }],
        settings,
    });
    let caller = Caller {
        organisation,
        client_id: "klient".into(),
        profile: "helseid".into(),
        address: None,
    };
    let reply = receiver.receive(&caller, sealed, now(), Arc::new(SystemRandom)).await;
    let counts = match reply {
        Ok(reply) => reply.answer.counts,
        Err(rejection) => panic!("{case}: not accepted: {rejection}"),
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("\npeak {} {length} {} {}", peak << 10, counts.entries, counts.refused);
}

/// Peak, length of the content, entries, refused ones.
fn measure(case: &str, size: usize) -> [usize; 4] {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("MEMORY_CASE", case)
        .env("MEMORY_SIZE", size.to_string())
        // One arena: what threads keep for themselves is not the message's.
        .env("MALLOC_ARENA_MAX", "1")
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("peak ")).unwrap_or_else(|| {
        panic!("{case}: {text}\n{}", String::from_utf8_lossy(&child.stderr));
    });
    let numbers: Vec<usize> = line.split(' ').map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

#[test]
fn b3_a_message_takes_at_most_twelve_times_its_inflated_size() {
    let mut too_much = Vec::new();
    for (case, _) in CASES {
        // What the process takes for a small message of the same shape is not counted.
        let [base, ..] = measure(case, 0);
        let [peak, length, entries, refused] = measure(case, SIZE);
        let times = peak.saturating_sub(base) as f64 / length as f64;
        println!(
            "{case}: {length} bytes, {entries} entries, {refused} refused, {} MiB over {} MiB, {times:.1} times",
            peak.saturating_sub(base) >> 20,
            base >> 20
        );
        if times > MOST as f64 {
            too_much.push(format!("{case}: {times:.1}"));
        }
    }
    assert!(too_much.is_empty(), "{too_much:?}");
}
