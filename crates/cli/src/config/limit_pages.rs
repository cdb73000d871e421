//! The limits that docs/configuration.md and docs/security.md name, against the code, and the pages in two languages
//! against each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lmr_auth::{Environment, TrustProfile};

use super::receiver::{OutletSection, ReceiverConfig};
use super::security_page::{configured, of_tokens_and_console};
use super::sender::SenderConfig;
use super::source::{SourceSection, SourceTable};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The defaults of the rows of docs/configuration.md, by key: of the receiver's part, and of the sender's.
fn documented() -> [BTreeMap<String, String>; 2] {
    let page = text("docs/configuration.md");
    let (receiver, rest) = page.split_once("\n## sender.toml").expect("the receiver's part");
    let (sender, _) = rest.split_once("\n## .lmr.toml").expect("the sender's part");
    [receiver, sender].map(defaults)
}

fn defaults(part: &str) -> BTreeMap<String, String> {
    let rows = part.lines().filter(|line| line.starts_with("| `"));
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
    let trust = TrustProfile::helseid_dpop(Environment::Test, "https://issuer.example.no");
    let mut expected: BTreeMap<&str, u64> = configured();
    expected.extend(of_tokens_and_console());
    expected.extend([
        ("outlet.lease_seconds", u64::from(outlet.lease_seconds)),
        ("leeway_seconds", u64::from(trust.leeway_seconds)),
    ]);
    let [documented, _] = documented();
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

/// A sender whose file has none of the keys with a number, with a source of each kind.
fn plain_sender() -> SenderConfig {
    let mut file: toml::Table = text("docs/samples/sender.toml").parse().expect("TOML");
    for table in ["schedule", "bundle", "source"] {
        file.remove(table).expect("a key of the sample");
    }
    for (table, key) in [("receiver", "timeout_seconds"), ("helseid", "assertion_seconds")] {
        let table = file.get_mut(table).and_then(toml::Value::as_table_mut).expect("a table");
        table.remove(key).expect("a key of the sample");
    }
    let more = "[maskinporten]\nclient_id = 'c'\nkey = 'k'\n\
                [[source]]\nkind = 'folder'\npath = 'a'\n\
                [[source]]\nkind = 'table'\nmapping = 'm'\npath = 'b'\n\
                [[source]]\nkind = 'fhir'\nurl = 'https://journal.example'\n";
    toml::from_str(&format!("{file}\n{more}")).expect("a sender")
}

#[test]
fn every_number_of_a_sender_has_the_default_that_the_configuration_page_says() {
    let config = plain_sender();
    let SourceSection::Tables(tables) = &config.source else { panic!("no tables") };
    let [SourceTable::Folder(folder), SourceTable::Table(table), SourceTable::Fhir(server)] =
        &tables[..]
    else {
        panic!("{tables:?}")
    };
    assert_eq!(table.overlap_minutes, server.overlap_minutes, "one row has both");
    let (helseid, maskinporten) = (config.helseid.as_ref(), config.maskinporten.as_ref());
    let [_, documented] = documented();
    for (key, value) in [
        ("schedule.at", config.schedule.at.to_string()),
        ("schedule.retries", config.schedule.retries.to_string()),
        ("schedule.retry_minutes", config.schedule.retry_minutes.to_string()),
        ("bundle.entries", config.bundle.entries.to_string()),
        ("bundle.mib", config.bundle.mib.to_string()),
        ("receiver.timeout_seconds", config.receiver.timeout_seconds.to_string()),
        ("helseid.assertion_seconds", helseid.expect("a table").assertion_seconds.to_string()),
        (
            "maskinporten.assertion_seconds",
            maskinporten.expect("a table").assertion_seconds.to_string(),
        ),
        ("settle_seconds", folder.settle_seconds.to_string()),
        ("archive_copy", folder.archive_copy.to_string()),
        ("overlap_minutes", table.overlap_minutes.to_string()),
        ("page", server.page.to_string()),
        ("timeout_seconds", server.timeout_seconds.to_string()),
        ("retries", server.retries.to_string()),
        ("identity_numbers.accept_2032", config.identity_numbers.accept_2032.to_string()),
    ] {
        assert_eq!(documented.get(key), Some(&value), "{key}");
    }
    assert!(!folder.incremental && !table.incremental && server.incremental);
    assert_eq!(documented["incremental"], "false; true with kind `fhir`");
    assert_eq!(documented["search"], format!("`[\"{}\"]`", server.search.join("\", \"")));
}

/// The bounds that rows of a part of docs/configuration.md end their meaning with, by key: `…, 1 to 3,600`.
fn bounds(part: &str) -> Vec<(String, i64, i64)> {
    let mut found = Vec::new();
    for row in part.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some((rest, most)) = cells.get(1).and_then(|cell| cell.rsplit_once(" to ")) else {
            continue;
        };
        let number = |text: &str| text.replace(',', "").parse::<i64>();
        let least = rest.rsplit(' ').next().unwrap_or_default();
        if let (Ok(least), Ok(most)) = (number(least), number(most)) {
            found.push((cells[0].trim_matches('`').to_owned(), least, most));
        }
    }
    found
}

/// Where the program has a bound, the page's numbers are taken and the next ones are not.
#[test]
fn every_number_is_bounded_as_the_configuration_page_says() {
    let page = text("docs/configuration.md");
    let (receiver, rest) = page.split_once("\n## sender.toml").expect("the receiver's part");
    let (limits, _) = receiver.split_once("\nA `[[trust]]`").expect("further tables");
    let set = |file: &mut toml::Table, key: &str, value: i64| match key.split_once('.') {
        Some((table, key)) => {
            let table = file.get_mut(table).and_then(toml::Value::as_table_mut);
            table.expect("a table").insert(key.to_owned(), value.into());
        }
        None => drop(file.insert(key.to_owned(), value.into())),
    };
    let receiver_takes = |key: &str, value: i64| {
        let mut file: toml::Table = text("docs/samples/receiver.toml").parse().expect("TOML");
        // One that may be no more than two others.
        let is_inner = key == "limits.compressed_mib";
        let (inner, outer) = if is_inner { (1, 4096) } else { (1, 64) };
        for (key, value) in
            [("compressed_mib", inner), ("body_mib", outer), ("inflated_mib", outer)]
        {
            set(&mut file, &format!("limits.{key}"), value);
        }
        set(&mut file, key, value);
        let config = toml::from_str::<ReceiverConfig>(&file.to_string());
        config.is_ok_and(|config| config.limits.check().is_ok())
    };
    let sender_takes = |key: &str, value: i64| {
        let mut file: toml::Table = text("docs/samples/sender.toml").parse().expect("TOML");
        let source = match key {
            "settle_seconds" => "kind = 'folder'\npath = 'a'",
            _ => "kind = 'fhir'\nurl = 'https://journal.example'",
        };
        let mut source: toml::Table = source.parse().expect("a source");
        set(if key.contains('.') { &mut file } else { &mut source }, key, value);
        file.insert("source".to_owned(), toml::Value::Array(vec![source.into()]));
        let config = toml::from_str::<SenderConfig>(&file.to_string());
        config.is_ok_and(|config| config.check().is_ok())
    };
    let mut all = bounds(limits);
    all.retain(|(key, ..)| key.starts_with("limits."));
    let of_receiver = all.len();
    // Held to by the client of tokens: `settings_that_cannot_work_are_refused_by_name`.
    let is_own = |(key, ..): &(String, i64, i64)| !key.ends_with(".assertion_seconds");
    all.extend(bounds(rest).into_iter().filter(is_own));
    assert!(of_receiver > 6 && all.len() > of_receiver + 7, "{all:?}");
    for (at, (key, least, most)) in all.iter().enumerate() {
        for (value, is_taken) in
            [(least - 1, false), (*least, true), (*most, true), (most + 1, false)]
        {
            let takes = match at < of_receiver {
                true => receiver_takes(key, value),
                false => sender_takes(key, value),
            };
            assert_eq!(takes, is_taken, "{key} = {value}");
        }
    }
}

/// Fixed limits: where the constant is, and what docs/security.md says of it, with the number as `{}`.
const FIXED: [(&str, &str, &str); 37] = [
    ("server/src/serve.rs", "HANDSHAKE", "| time for a TLS handshake | {} s |"),
    ("server/src/serve.rs", "MAX_HEADERS", "| headers of one request | {}, 64 KiB ("),
    ("server/src/serve.rs", "MAX_HEAD_BYTES", "| headers of one request | 64, {} KiB ("),
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
    ("envelope/src/parse.rs", "MESSAGE_ID_MAX", "| message id | {} bytes,"),
    ("auth/src/verifier.rs", "MAX_TOKEN", "| token | {} KiB;"),
    ("auth/src/strict_json.rs", "MAX_DEPTH", "| token | 8 KiB; {} levels of JSON,"),
    ("auth/src/dpop/check.rs", "MAX_PROOF", "| DPoP proof | {} KiB;"),
    ("auth/src/dpop/check.rs", "MAX_ID", "| DPoP proof | 4 KiB; its id {} bytes |"),
    ("auth/src/http.rs", "MAX_ANSWER", "| answer of an issuer | {} KiB,"),
    ("server/src/pages.rs", "CONNECTIONS", "| connections | {} | | running out"),
    ("web/src/console.rs", "MAX_FORM", "| form | {} KiB |"),
    ("web/src/session.rs", "MAX_NAMES", "attempts are remembered | {} |"),
    ("web/src/console.rs", "HASHING", "tried at once (19 MiB each) | {} |"),
    ("web/src/password.rs", "MIN_LENGTH", "| length of a password | {} characters to"),
    ("web/src/session.rs", "MAX_SESSIONS", "challenges for passkeys | {};"),
    ("web/src/session.rs", "MAX_CHALLENGES", "challenges for passkeys | 1,000; {} |"),
];

/// The same of other pages, with what the constant's value is divided by for the page's unit.
const ELSEWHERE: [(&str, &str, u64, &str, &str); 12] = [
    (
        "sender/src/agent.rs",
        "ITEM_RETENTION",
        24,
        "docs/configuration.md",
        "held is forgotten after {} days",
    ),
    ("sender/src/hooks.rs", "HOOK_TIME", 1, "docs/configuration.md", "and has {} seconds"),
    (
        "web/src/session.rs",
        "LONGEST",
        1,
        "docs/configuration.md",
        "every session ends after {} hours",
    ),
    (
        "sender/src/outbox/rows.rs",
        "MAX_SILENCE",
        1,
        "docs/guides/send-your-first-bundle.md",
        "than {} hours",
    ),
    (
        "sender/src/outbox/rows.rs",
        "MAX_SILENCE",
        1,
        "docs/guides/nb/send-your-first-bundle.md",
        "enn {} timer",
    ),
    ("cli/src/service/host.rs", "LOG_FILES", 1, "docs/guides/install.md", "of which {} are kept"),
    ("cli/src/service/host.rs", "LOG_FILES", 1, "docs/guides/nb/install.md", "{} beholdes"),
    (
        "auth/src/discovery.rs",
        "KEEP_AT_MOST",
        1,
        "docs/decisions/tokens.md",
        "for at most {} hours",
    ),
    (
        "fhirpath/src/syntax/lexer.rs",
        "MAX_LENGTH",
        1024,
        "docs/conformance.md",
        "limited to {} KiB",
    ),
    ("fhirpath/src/syntax/parser.rs", "MAX_DEPTH", 1, "docs/conformance.md", "and {} levels"),
    (
        "fhirpath/src/eval/text.rs",
        "MAX_TEXT",
        1 << 20,
        "docs/conformance.md",
        "computed text to {} MiB",
    ),
    (
        "web/src/console/alerts.rs",
        "DAYS",
        1,
        "docs/decisions/console.md",
        "The last {} days are looked at",
    ),
];

#[test]
fn every_fixed_number_is_as_its_page_says() {
    for (file, name, unit, page, words) in ELSEWHERE {
        let sentence = words.replace("{}", &with_commas(constant(file, name) / unit));
        assert!(text(page).contains(&sentence), "{file} {name}: {page} does not say {sentence}");
    }
}

/// A constant's value as it is written: a number, a product, a shift, or a duration in its unit.
fn constant(file: &str, name: &str) -> u64 {
    let source = text(&format!("crates/{file}"));
    let start = format!("const {name}: ");
    let (_, rest) = source.split_once(&start).unwrap_or_else(|| panic!("{file} has no {name}"));
    let (_, rest) = rest.split_once(" = ").expect("a value");
    let (value, _) = rest.split_once(';').expect("its end");
    let value = value.rsplit('(').next().unwrap_or_default().trim_end_matches(')');
    let number = |text: &str| text.trim().replace('_', "").parse::<u64>().expect("a number");
    let product = || value.split('*').map(number).product();
    value.split_once("<<").map_or_else(product, |(of, by)| number(of) << number(by))
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
