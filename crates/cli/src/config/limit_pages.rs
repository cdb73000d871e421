//! The limits that docs/configuration.md and docs/security.md name, against the code, and the pages in two languages
//! against each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lmr_auth::{Environment, TrustProfile};

use super::console::ConsoleSection;
use super::receiver::OutletSection;
use super::security_page::configured;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The defaults of the rows of docs/configuration.md, by key.
fn documented() -> BTreeMap<String, String> {
    let page = text("docs/configuration.md");
    let (receiver, _) = page.split_once("\n## sender.toml").expect("the receiver's part");
    let rows = receiver.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let default = cells.last().copied().unwrap_or_default().trim_end_matches('|').trim();
        (cells[0].trim_matches('`').to_owned(), default.to_owned())
    })
    .collect()
}

#[test]
fn every_limit_has_the_default_that_the_configuration_page_says() {
    let outlet = "listen = '127.0.0.1:1'\naddresses = []\ntrust = []";
    let outlet: OutletSection = toml::from_str(outlet).expect("an outlet");
    let console = "listen = '127.0.0.1:1'\naddresses = []";
    let console: ConsoleSection = toml::from_str(console).expect("a console");
    let trust = TrustProfile::helseid_dpop(Environment::Test, "https://issuer.example.no");
    let mut expected: BTreeMap<&str, u64> = configured();
    expected.extend([
        ("outlet.lease_seconds", u64::from(outlet.lease_seconds)),
        ("console.session_minutes", u64::from(console.session_minutes)),
        ("leeway_seconds", u64::from(trust.leeway_seconds)),
        ("max_lifetime_seconds", u64::from(trust.max_lifetime_seconds.expect("a limit"))),
        ("proof_past_seconds", u64::from(trust.proof_window.past_seconds)),
        ("proof_future_seconds", u64::from(trust.proof_window.future_seconds)),
    ]);
    let documented = documented();
    for (key, value) in expected {
        let said = documented.get(key).unwrap_or_else(|| panic!("{key} has no row"));
        // `0: 32` is what is written and what it stands for.
        let number = said.rsplit(": ").next().unwrap_or_default();
        assert_eq!(number.parse(), Ok(value), "{key}: {said}");
    }
    for key in documented.keys().filter(|key| key.starts_with("limits.")) {
        let is_known =
            configured().contains_key(key.as_str()) || key == "limits.threads_per_message";
        assert!(is_known, "{key} is not a limit of the code");
    }
}

/// Fixed limits: where the constant is, and what docs/security.md says of it, with the number as `{}`.
const FIXED: [(&str, &str, &str); 24] = [
    ("server/src/serve.rs", "HANDSHAKE", "| time for a TLS handshake | {} s |"),
    ("server/src/serve.rs", "MAX_HEADERS", "| headers of one request | {}, 64 KiB |"),
    ("server/src/serve.rs", "MAX_HEAD_BYTES", "| headers of one request | 64, {} KiB |"),
    ("server/src/connections.rs", "LOG_INTERVAL", "at most one line in {} seconds"),
    ("server/src/body.rs", "STRANGER_DRAIN", "; {} KiB of strangers"),
    ("server/src/body.rs", "DRAIN_TIME", "| {} s and the body's limit"),
    ("server/src/body.rs", "SLOW_DRAIN_TIME", "; {} ms of slow bodies"),
    ("server/src/body.rs", "SPEED_GRACE", "| least speed after {} seconds |"),
    ("server/src/stream.rs", "MIN_PROGRESS", "| time in which {} KiB of a waiting answer"),
    ("server/src/refusals.rs", "QUEUE", "They wait in a queue of {};"),
    (
        "server/src/routes/outlet.rs",
        "MAX_ACKNOWLEDGEMENT",
        "| acknowledgement at the outlet | {} KiB |",
    ),
    ("storage/src/tables.rs", "KEPT_OF_SENDER", "Of each sender the newest {}, of callers"),
    (
        "intake/src/answer_size.rs",
        "MAX_PER_ENTRY",
        "| findings of one entry in an answer | {}, then",
    ),
    (
        "intake/src/answer_size.rs",
        "MAX_WITH_TEXT",
        "| findings of one answer with their texts | {}, then",
    ),
    ("intake/src/settings.rs", "BYTES_PER_NODE", "| JSON values: one for each {} bytes,"),
    ("intake/src/settings.rs", "MIN_NODES", "bytes, or {} | always"),
    ("intake/src/settings.rs", "BYTES_PER_ENTRY", "| entries: one for each {} bytes,"),
    ("intake/src/settings.rs", "MIN_ENTRIES", "bytes, or {}; and in all |"),
    ("intake/src/settings.rs", "BYTES_PER_FINDING", "validating: one for each {} bytes,"),
    ("intake/src/settings.rs", "MIN_FINDINGS", "bytes, {} to 50,000,"),
    ("intake/src/settings.rs", "MAX_FINDINGS", "1,000 to {}, and 30 of one resource"),
    ("intake/src/receiver.rs", "MAX_KEPT_REFUSAL", "of which nothing was taken at most {} MiB,"),
    (
        "intake/src/outlet.rs",
        "MOST_UNREADABLE",
        "| messages that cannot be read, in one call of the outlet | {} |",
    ),
    ("cli/src/log.rs", "QUEUE", "Lines go through a queue of {} to a thread"),
];

/// A constant's value as it is written: a number, a shift, or a duration in its unit.
fn constant(file: &str, name: &str) -> u64 {
    let source = text(&format!("crates/{file}"));
    let start = format!("const {name}: ");
    let (_, rest) = source.split_once(&start).unwrap_or_else(|| panic!("{file} has no {name}"));
    let (_, rest) = rest.split_once(" = ").expect("a value");
    let (value, _) = rest.split_once(';').expect("its end");
    let value = value.rsplit('(').next().unwrap_or_default().trim_end_matches(')');
    let number = |text: &str| text.trim().replace('_', "").parse::<u64>().expect("a number");
    match value.split_once("<<") {
        Some((number_of, by)) => number(number_of) << number(by),
        None => number(value),
    }
}

/// A number as the page writes it.
fn with_commas(number: u64) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", with_commas(number / 1_000), number % 1_000)
}

#[test]
fn every_fixed_limit_is_as_the_security_page_says() {
    let page = text("docs/security.md");
    for (file, name, words) in FIXED {
        let value = constant(file, name);
        let unit = |size: u32| value.checked_shr(size).unwrap_or_default();
        let number = match words {
            words if words.contains("{} KiB") => unit(10),
            words if words.contains("{} MiB") => unit(20),
            _ => value,
        };
        let sentence = words.replace("{}", &with_commas(number));
        assert!(page.contains(&sentence), "{file} {name}: the page does not say {sentence}");
    }
}

/// The numbers of a page, each as often as it is there; what addresses have does not count.
fn numbers(page: &str) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    let without_links = page.split("](").enumerate().map(|(at, part)| {
        if at == 0 { part } else { part.split_once(')').map_or("", |(_, rest)| rest) }
    });
    for part in without_links {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == ',';
        for word in part.split(|c| !is_part(c)) {
            let word = word.trim_matches(['.', ',']);
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                // Bokmål writes thousands with a blank or a point, and decimals with a comma.
                *found.entry(word.replace([',', '.'], "")).or_default() += 1;
            }
        }
    }
    found
}

/// A limit that is corrected in one language only is wrong in the other.
#[test]
fn pages_in_two_languages_have_the_same_numbers() {
    let mut pairs = vec![("docs/operations.md".to_owned(), "docs/nb/operations.md".to_owned())];
    for file in std::fs::read_dir(root().join("docs/guides/nb")).expect("the guides") {
        let name = file.expect("a file").file_name().into_string().expect("UTF-8");
        pairs.push((format!("docs/guides/{name}"), format!("docs/guides/nb/{name}")));
    }
    assert!(pairs.len() > 9, "{pairs:?}");
    for (english, bokmal) in pairs {
        let (en, nb) = (numbers(&text(&english)), numbers(&text(&bokmal)));
        let other = |of: &BTreeMap<String, u32>, than: &BTreeMap<String, u32>| {
            of.iter()
                .filter(|(number, count)| than.get(*number) != Some(count))
                .map(|(number, _)| number.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(other(&en, &nb), other(&nb, &en), "{english} and {bokmal}");
        assert!(other(&en, &nb).is_empty(), "{english} and {bokmal}: {:?}", other(&en, &nb));
    }
}
