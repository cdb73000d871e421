//! docs/findings.md: every finding has its row, and every row a test that carries its number.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A row of the page: its number, and the tests that it names.
struct Row {
    number: String,
    tests: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rows() -> Vec<Row> {
    let page = std::fs::read_to_string(root().join("docs/findings.md")).expect("the page");
    let mut rows = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, _, does, tests] = cells[..] else { continue };
        if !number.starts_with(|first: char| "nabdr".contains(first)) || number == "no." {
            continue;
        }
        assert!(!does.is_empty(), "{number} does not say what lmr does");
        let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        rows.push(Row { number: number.to_owned(), tests });
    }
    rows
}

/// The names of all test functions, with the file of each.
pub(crate) fn tests_of_the_repository() -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                let mut is_test = false;
                // A contract's macro makes a test of every name in its list.
                let is_contract = path.components().any(|part| part.as_os_str() == "contract");
                for line in text.lines().map(str::trim) {
                    if is_contract && line.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                        found.insert(line.to_owned(), path.display().to_string());
                    }
                    is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                    let line = line.strip_prefix("async ").unwrap_or(line);
                    if let Some(rest) = line.strip_prefix("fn ")
                        && std::mem::take(&mut is_test)
                    {
                        let name = rest.split('(').next().unwrap_or_default();
                        found.insert(name.to_owned(), path.display().to_string());
                    }
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&root().join("crates"), &mut found);
    found
}

/// The numbers that a test's name begins with: `a1_b6_a_page_…` has a1 and b6.
fn numbers(name: &str) -> BTreeSet<String> {
    name.split('_')
        .take_while(|part| {
            let mut characters = part.chars();
            characters.next().is_some_and(|first| "nabdr".contains(first))
                && part.len() > 1
                && characters.all(|c| c.is_ascii_digit())
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_finding_has_a_row_and_every_row_a_test_that_carries_its_number() {
    let rows = rows();
    let known = tests_of_the_repository();
    let numbers_of_page: BTreeSet<&str> = rows.iter().map(|row| row.number.as_str()).collect();
    assert_eq!(numbers_of_page.len(), rows.len(), "a number has two rows");
    let expected = (1..=25)
        .map(|n| format!("n{n}"))
        .chain((1..=18).map(|n| format!("a{n}")))
        .chain([6, 10, 11, 12, 13, 14].map(|n| format!("b{n}")))
        .chain((1..=16).map(|n| format!("d{n}")))
        .chain((1..=9).map(|n| format!("r{n}")));
    let page = std::fs::read_to_string(root().join("docs/findings.md")).expect("the page");
    for number in expected {
        assert!(numbers_of_page.contains(number.as_str()), "{number} has no row");
    }
    for number in 19..=36 {
        assert!(
            page.contains(&format!("\n| public {number} | ")),
            "public report {number} has no row"
        );
    }
    for number in 1..=9 {
        assert!(page.contains(&format!("\n| C{number} | ")), "C{number} has no row");
    }
    // Names of tests are sentences.
    let names = page.split('`').skip(1).step_by(2).filter(|name| {
        name.matches('_').count() > 3 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    for name in names {
        assert!(known.contains_key(name), "there is no test {name}");
    }
    for Row { number, tests } in &rows {
        assert!(!tests.is_empty(), "{number} names no test");
        for test in tests {
            assert!(known.contains_key(test), "{number}: there is no test {test}");
        }
        // Situations of doctor and recipes are rows and scenes of tests with the finding's own number.
        let is_finding = number.starts_with(['n', 'a', 'b']);
        assert!(
            !is_finding || tests.iter().any(|test| numbers(test).contains(number)),
            "{number}: none of {tests:?} carries the number"
        );
    }
}

#[test]
fn every_test_with_the_number_of_a_finding_is_on_the_page() {
    let named: BTreeSet<String> = rows().into_iter().flat_map(|row| row.tests).collect();
    for (test, file) in tests_of_the_repository() {
        let replays = numbers(&test).iter().any(|number| number.starts_with(['n', 'a']));
        assert!(!replays || named.contains(&test), "{test} ({file}) is not in docs/findings.md");
    }
}
