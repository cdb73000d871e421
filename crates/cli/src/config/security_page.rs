//! docs/security.md against the code: limits have the defaults that the page says, and the tests that it names exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lmr_auth::{Environment, TrustProfile};
use lmr_server::HttpSettings;

use super::console::ConsoleSection;
use super::receiver::LimitsSection;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/security.md")).expect("the page")
}

/// The cells of all rows of tables with so many columns.
fn rows(page: &str, columns: usize) -> Vec<Vec<String>> {
    page.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .filter(|cells: &Vec<String>| cells.len() == columns)
        .collect()
}

/// The numbers of a cell in order, thousands written with commas.
fn numbers(cell: &str) -> Vec<u64> {
    let plain = cell.replace(',', "\u{0}");
    let words = plain.split(|c: char| !c.is_ascii_digit() && c != '\u{0}');
    words
        .flat_map(|word| {
            // `100,000` is one number, `512 MiB, 200` are two: there the comma ends a word.
            let parts: Vec<&str> = word.split('\u{0}').filter(|part| !part.is_empty()).collect();
            let is_one = parts.len() > 1 && parts[1..].iter().all(|part| part.len() == 3);
            if is_one {
                vec![parts.concat()]
            } else {
                parts.iter().map(|p| (*p).to_owned()).collect()
            }
        })
        .filter_map(|number| number.parse().ok())
        .collect()
}

/// Every limit that can be configured, by its key. A new one does not compile until it is here.
pub(super) fn configured() -> BTreeMap<&'static str, u64> {
    let LimitsSection {
        body_mib,
        compressed_mib: _,
        inflated_mib,
        ratio,
        entries,
        depth,
        clock_tolerance_seconds,
        concurrent_messages,
        // How the work is shared out, no limit.
        threads_per_message: _,
        request_seconds,
        messages_per_sender,
        messages_per_address,
        connections,
        connections_per_address,
        first_byte_seconds,
        min_bytes_per_second,
        answer_seconds,
    } = LimitsSection::default();
    assert_eq!(concurrent_messages, 0, "0 stands for the server's own");
    let concurrent = HttpSettings::default().concurrent;
    let sizes = [
        ("limits.body_mib", body_mib),
        ("limits.compressed_mib", LimitsSection::default().compressed_mib()),
        ("limits.inflated_mib", inflated_mib),
        ("limits.ratio", ratio),
        ("limits.entries", entries),
        ("limits.depth", depth),
        ("limits.concurrent_messages", concurrent),
        ("limits.messages_per_sender", messages_per_sender),
        ("limits.messages_per_address", messages_per_address),
        ("limits.connections", connections),
        ("limits.connections_per_address", connections_per_address),
    ];
    let times = [
        ("limits.clock_tolerance_seconds", clock_tolerance_seconds),
        ("limits.request_seconds", request_seconds),
        ("limits.first_byte_seconds", first_byte_seconds),
        ("limits.min_bytes_per_second", min_bytes_per_second),
        ("limits.answer_seconds", answer_seconds),
    ];
    let sizes = sizes.map(|(key, value)| (key, value as u64));
    let times = times.map(|(key, value)| (key, u64::from(value)));
    sizes.into_iter().chain(times).collect()
}

/// What can be configured of tokens and of the console, by its key.
pub(super) fn of_tokens_and_console() -> [(&'static str, u64); 4] {
    let console = "listen = '127.0.0.1:1'\naddresses = []";
    let console: ConsoleSection = toml::from_str(console).expect("a console");
    let trust = TrustProfile::helseid_dpop(Environment::Test, "https://issuer.example.no");
    [
        ("console.session_minutes", u64::from(console.session_minutes)),
        ("max_lifetime_seconds", u64::from(trust.max_lifetime_seconds.expect("a limit"))),
        ("proof_past_seconds", u64::from(trust.proof_window.past_seconds)),
        ("proof_future_seconds", u64::from(trust.proof_window.future_seconds)),
    ]
}

#[test]
fn every_limit_has_a_row_with_its_default() {
    let mut expected = configured();
    expected.extend(of_tokens_and_console());
    // The page writes a speed in KiB.
    expected.entry("limits.min_bytes_per_second").and_modify(|bytes| *bytes /= 1024);
    let page = page();
    let mut seen = BTreeSet::new();
    for cells in rows(&page, 5) {
        let keys: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
        let defaults = numbers(&cells[1]);
        for (at, key) in keys.iter().filter(|key| !key.starts_with('[')).enumerate() {
            let value = expected.get(key).unwrap_or_else(|| panic!("{key} is no limit"));
            let default = defaults.get(at).copied();
            assert_eq!(default, Some(*value), "{key}: {}", cells[1]);
            seen.insert((*key).to_owned());
        }
        assert!(!cells[3].is_empty(), "{} defends against nothing", cells[0]);
    }
    let missing: Vec<&&str> = expected.keys().filter(|key| !seen.contains(**key)).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
}

#[test]
fn limits_without_a_key_are_those_of_the_server() {
    let HttpSettings {
        header_timeout, write_timeout, queue_wait, body_memory, body_timeout, ..
    } = HttpSettings::default();
    let page = page();
    let default = |row: &str| -> u64 {
        let cells = rows(&page, 5).into_iter().find(|cells| cells[0].starts_with(row));
        numbers(&cells.unwrap_or_else(|| panic!("no row {row}"))[1])[0]
    };
    assert_eq!(default("time for a request's head"), header_timeout.as_secs());
    assert_eq!(default("time in which 64 KiB of a waiting answer"), write_timeout.as_secs());
    assert_eq!(default("wait for a place"), queue_wait.as_secs());
    assert_eq!(default("memory for bodies that are still arriving"), (body_memory >> 20) as u64);
    assert_eq!(default("time to arrive"), body_timeout.as_secs());
}

/// Each limit is shown by tests that the row names itself.
#[test]
fn every_limit_names_a_test_that_shows_it() {
    let mut known = BTreeSet::new();
    functions(&root().join("crates"), &mut known);
    let mut count = 0;
    for cells in rows(&page(), 5).iter().filter(|cells| !["limit", "---"].contains(&&*cells[0])) {
        let names: Vec<&str> = cells[4].split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{} names no test", cells[0]);
        for name in names {
            assert!(known.contains(name), "{}: there is no test {name}", cells[0]);
        }
        count += 1;
    }
    assert!(count > 45, "only {count} limits have rows");
}

/// The names of all functions below `crates`.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            functions(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn every_test_that_the_page_names_exists() {
    let mut known = BTreeSet::new();
    functions(&root().join("crates"), &mut known);
    let model = std::fs::read_to_string(root().join("SECURITY.md")).expect("the threat model");
    for row in model.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| who |")) {
        assert!(row.contains('`'), "no test shows {row}");
    }
    let page = page() + &model;
    let mut count = 0;
    for name in page.split('`').skip(1).step_by(2) {
        // Names of tests are sentences.
        let is_test = name.matches('_').count() > 3
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_test && !name.starts_with("lmr_") {
            assert!(known.contains(name), "there is no test {name}");
            count += 1;
        }
    }
    assert!(count > 60, "only {count} tests are named");
}

/// The receiver's findings; the sender's are in docs/findings.md.
#[test]
fn every_finding_of_the_hostile_trial_has_a_row() {
    let page = page();
    let rows: BTreeSet<String> = rows(&page, 3).into_iter().map(|cells| cells[0].clone()).collect();
    for number in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 18] {
        assert!(rows.contains(&format!("b{number}")), "b{number} has no row");
    }
    for finding in ["A1", "A2", "A3", "A4", "A5"].into_iter().map(str::to_owned) {
        assert!(rows.contains(&finding), "{finding} has no row");
    }
    for number in 1..=10 {
        assert!(rows.contains(&format!("B{number}")), "B{number} has no row");
    }
}

/// A finding is answered by a test, not by a sentence.
#[test]
fn every_finding_names_a_test_that_shows_it() {
    let mut known = BTreeSet::new();
    functions(&root().join("crates"), &mut known);
    let mut count = 0;
    for cells in rows(&page(), 3) {
        let is_finding = cells[0].starts_with(['b', 'A', 'B'])
            && cells[0][1..].parse::<u8>().is_ok_and(|number| number > 0);
        if is_finding {
            let names = cells[2].split('`').skip(1).step_by(2);
            let tests = names.filter(|name| known.contains(*name)).count();
            assert!(tests > 0, "{} names no test: {}", cells[0], cells[2]);
            count += 1;
        }
    }
    assert_eq!(count, 27);
}

/// Figures on cases that development has seen say so, and do not stand alone.
#[test]
fn a_figure_on_cases_that_were_seen_says_that_they_were() {
    let page = std::fs::read_to_string(root().join("docs/conformance.md")).expect("the page");
    let section = |heading: &str| {
        let (_, rest) = page.split_once(&format!("\n## {heading}\n")).expect(heading);
        rest.split("\n## ").next().unwrap_or_default().replace('\n', " ")
    };
    let text = section("HL7 validator cases");
    let (before, table) = text.split_once("| level |").expect("the table");
    assert!(table.contains("100"), "the table has no such figure any more: {table}");
    for words in ["the cases at hand in development", "held-back cases", "lower ("] {
        assert!(before.contains(words), "'{words}' is not above the table");
    }
    assert!(section("FHIRPath").contains("| visible cases |"));
}

/// A wrong name of the folder with shared material ends CI at once; what CI leaves out is in its last line.
#[cfg(unix)]
#[test]
fn ci_fails_for_a_wrong_folder_and_names_what_it_left_out() {
    let output = std::process::Command::new("bash")
        .arg(root().join(".ci/run"))
        .env("LMR_SHARED", root().join("no-such-folder"))
        .output()
        .expect("bash");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("LMR_SHARED is set, but there is no folder"), "{said}");
    assert!(output.stdout.is_empty(), "no step was begun");

    let script = std::fs::read_to_string(root().join(".ci/run")).expect("the script");
    let lines: Vec<&str> = script.lines().collect();
    let [.., names, prints] = lines[..] else { panic!("it is shorter than that") };
    assert!(names.contains("left_out[@]") && prints.contains("$verdict"), "{names} {prints}");
}
