//! Metrics, keys of configurations, codes, addresses and variables of the environment.

use std::collections::BTreeSet;

use super::{Page, files, none, pages, root};
use crate::world::lmr;

/// The texts of all sources of the program, tests beside them left out.
fn sources() -> Vec<(String, String)> {
    let mut sources = Vec::new();
    for path in files(&root().join("crates")) {
        let name = path.display().to_string();
        if name.contains("/src/") && name.ends_with(".rs") {
            sources.push((name, std::fs::read_to_string(&path).expect("UTF-8")));
        }
    }
    sources
}

/// What begins so in a text and goes on with these characters.
fn words(text: &str, start: &str, goes_on: impl Fn(char) -> bool) -> BTreeSet<String> {
    text.split(start)
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| goes_on(*c)).collect::<String>())
        .map(|rest| format!("{start}{rest}"))
        .collect()
}

fn page<'p>(pages: &'p [Page], path: &str) -> &'p str {
    &pages.iter().find(|page| page.path == path).expect("a page").text
}

/// The first cells of a page's tables: what is in code there, each as often as it is there, sorted.
fn rows(text: &str) -> Vec<String> {
    let cells = text.lines().filter(|line| line.starts_with("| `"));
    let cells = cells.filter_map(|line| line.split('|').nth(1));
    let codes = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let mut codes: Vec<String> = codes.map(str::to_owned).collect();
    codes.sort();
    codes
}

/// A metric that is documented and not there makes an alert that never comes; one that is not documented nobody watches.
#[test]
fn every_metric_has_a_row_on_its_page_and_no_page_names_another() {
    let pages = pages();
    let mut known = BTreeSet::new();
    for (file, text) in sources() {
        // Names of families are written once, whole, where they are made.
        if file.ends_with("server/src/metrics.rs") || file.ends_with("sender/src/monitor.rs") {
            let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            known.extend(words(&text, "\"lmr_", |c| c.is_ascii_lowercase() || c == '_'));
        } else {
            assert!(!text.contains("# TYPE lmr_"), "{file} makes metrics that no page has");
        }
    }
    let known: BTreeSet<String> = known.iter().map(|name| name.replace('"', "")).collect();
    assert!(known.len() > 30, "{known:?}");
    let sorted: Vec<String> = known.iter().cloned().collect();
    assert_eq!(rows(page(&pages, "docs/metrics.md")), sorted, "docs/metrics.md and the program");
    let mut wrong = Vec::new();
    for page in &pages {
        for name in words(&page.text, "lmr_", |c| c.is_ascii_lowercase() || c == '_') {
            // Crates, files (`lmr_VERSION_amd64.deb`) and the role in PostgreSQL are called so too.
            let is_other = ["lmr_", "lmr_receiver", "lmr_server", "lmr_lmdi"].contains(&&*name);
            if !known.contains(&name) && !is_other {
                wrong.push(format!("{}: there is no metric {name}", page.path));
            }
        }
    }
    none(&wrong);
}

/// The keys of all configuration files, as their reference has them; a test in the program holds it against what is read.
fn keys(pages: &[Page]) -> BTreeSet<String> {
    let mut keys: BTreeSet<String> =
        rows(page(pages, "docs/configuration.md")).into_iter().collect();
    // `[tables.NAME]`: a name of the mapping's own.
    keys.extend(rows(page(pages, "docs/mapping.md")));
    keys.extend(["databases", "console.oidc.roles", "field", "resource"].map(str::to_owned));
    keys
}

/// `[table]`, `[[list]]`, `table.key` and `key = value` are those of the reference, on every page.
#[test]
fn every_key_that_the_documentation_names_is_in_the_reference() {
    let pages = pages();
    let keys = keys(&pages);
    let parents: BTreeSet<&str> =
        keys.iter().filter_map(|key| key.rsplit_once('.')).map(|(table, _)| table).collect();
    let last: BTreeSet<&str> =
        keys.iter().map(|key| key.rsplit('.').next().unwrap_or_default()).collect();
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
    // Keys of cargo, PostgreSQL, PgBouncer and SQLite, and of a mapping's rows and fields.
    let foreign =
        ["profile.web", "synchronous_commit", "synchronous", "pool_mode", "skip", "positive"];
    let (mut wrong, mut count) = (Vec::new(), 0);
    // The catalogue's examples are about claims of tokens.
    for page in pages.iter().filter(|page| page.path != "docs/error-codes.md") {
        for code in page.codes() {
            let text = code.text;
            let bare = text.trim_start_matches('[').trim_end_matches(']');
            let is_table =
                text.starts_with('[') && text.ends_with(']') && bare.chars().all(is_name);
            let assigned = text.split_once(" = ").map(|(key, _)| key);
            let assigned = assigned.filter(|key| key.chars().all(is_name) && !code.is_block);
            let dotted = !code.is_block
                && bare == text
                && text.chars().all(is_name)
                && text.split_once('.').is_some_and(|(table, _)| parents.contains(table));
            let is_file = [".toml", ".md", ".rs", ".json", ".pem", ".key", ".sqlite", ".phc"]
                .iter()
                .any(|ending| text.ends_with(ending));
            // `receiver.token` and others are names of doctor's checks.
            let is_check = page.path == "docs/findings.md" && dotted;
            let is_known = match (is_table, assigned, dotted) {
                (true, ..) => {
                    bare.is_empty()
                        || keys.contains(bare)
                        || parents.contains(bare)
                        || last.contains(bare)
                }
                (_, Some(key), _) => keys.contains(key) || last.contains(key),
                (.., true) => is_file || is_check || keys.contains(text) || parents.contains(text),
                _ => continue,
            };
            count += 1;
            let is_foreign =
                foreign.contains(&bare) || assigned.is_some_and(|key| foreign.contains(&key));
            if !is_known && !is_foreign {
                wrong.push(code.at("the reference has no such key"));
            }
        }
    }
    none(&wrong);
    assert!(count > 150, "only {count} keys were looked at");
}

/// What the program would take in place of a key or a kind that it does not know, as its error lists it.
fn expected_by_a_mapping(text: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mapping.toml");
    std::fs::write(&path, text).expect("written");
    let output = std::process::Command::new(lmr())
        .args(["send", "--lang", "en", "map", "--check", "--mapping"])
        .arg(&path)
        .output()
        .expect("lmr runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let (_, listed) =
        said.split_once("expected one of").unwrap_or_else(|| panic!("{text}: {said}"));
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_of_a_mapping_is_on_its_page_and_no_other() {
    let pages = pages();
    let section = |heading: &str| {
        let mut sections = page(&pages, "docs/mapping.md").split("\n## ");
        sections.find(|section| section.starts_with(heading)).expect("a section")
    };
    let names =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(|n| (*n).to_owned()).collect() };
    let below =
        |table: &str| expected_by_a_mapping(&format!("namespace = 'urn:x'\n{table}\nnone = 1\n"));
    assert_eq!(
        expected_by_a_mapping("none = 1\n"),
        names(&["namespace", "key", "csv", "constants", "tables", "field", "resource"]),
    );
    let mut expected = names(&["namespace", "key", "constants.NAME"]);
    expected.extend(below("[csv]").iter().map(|key| format!("csv.{key}")));
    let sorted = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>();
    assert_eq!(rows(section("Rows")), sorted(expected));
    assert_eq!(rows(section("Tables")), sorted(below("[tables.x]")));
    assert_eq!(rows(section("Resources")), sorted(below("[[resource]]\nname = 'x'")));
    let fields = section("Fields");
    let field = below("[[field]]\nname = 'x'");
    let kinds = expected_by_a_mapping(
        "namespace = 'urn:x'\n[[field]]\nname = 'x'\ncolumn = 'x'\nkind = 'none'\n",
    );
    for known in field.iter().chain(&kinds) {
        let is_there =
            [format!("`{known}`"), format!("`{known} = ")].iter().any(|c| fields.contains(c));
        assert!(is_there, "{known} is not in docs/mapping.md");
    }
    for documented in rows(fields) {
        let is_known = field.contains(&documented) || kinds.contains(&documented);
        assert!(is_known, "{documented} is documented, but nothing reads it");
    }
}

/// The TOML of a page is TOML: somebody copies it into a file.
#[test]
fn every_configuration_that_the_documentation_shows_is_toml() {
    let mut count = 0;
    for page in pages() {
        for block in page.text.split("\n```toml\n").skip(1) {
            let block = block.split("\n```").next().unwrap_or_default();
            // One line of several may be chosen.
            let is_choice = block.lines().filter(|line| line.starts_with("access = ")).count() > 1;
            let texts: Vec<&str> = if is_choice { block.lines().collect() } else { vec![block] };
            for text in texts {
                text.parse::<toml::Table>().unwrap_or_else(|e| panic!("{}: {e}", page.path));
                count += 1;
            }
        }
    }
    assert!(count > 20, "only {count} blocks were read");
}

#[test]
fn every_code_and_variable_that_the_documentation_names_exists() {
    let pages = pages();
    let digits = |c: char| c.is_ascii_digit();
    let codes = words(page(&pages, "docs/error-codes.md"), "LMR-", digits);
    assert!(codes.len() > 100, "{codes:?}");
    let mut texts = String::new();
    for folder in ["crates", "scripts", "bench", "tools", ".ci"] {
        for path in files(&root().join(folder)) {
            // What is no text names nothing.
            texts.extend(std::fs::read_to_string(&path));
        }
    }
    let mut wrong = Vec::new();
    for page in &pages {
        // `LMR-nnnn`, and a header.
        for code in words(&page.text, "LMR-", digits).iter().filter(|code| code.len() > 4) {
            if !codes.contains(code) {
                wrong.push(format!("{}: the catalogue has no {code}", page.path));
            }
        }
        for name in words(&page.text, "LMR_", |c| c.is_ascii_uppercase() || c == '_') {
            if !texts.contains(&name) {
                wrong.push(format!("{}: nothing reads {name}", page.path));
            }
        }
    }
    // And the other way round: what the program reads of its environment is on a page.
    for (file, text) in sources().iter().filter(|(file, _)| file.contains("/cli/src/")) {
        for name in words(text, "\"LMR_", |c| c.is_ascii_uppercase() || c == '_') {
            let name = name.trim_matches('"');
            if !pages.iter().any(|page| page.text.contains(name)) {
                wrong.push(format!("{name} ({file}) is on no page"));
            }
        }
    }
    none(&wrong);
}

/// Addresses of the receiver, the outlet, the console and the desk.
#[test]
fn every_address_that_the_documentation_names_is_answered() {
    let mut known: Vec<String> = lmr_server::ROUTES
        .iter()
        .chain(&lmr_server::OUTLET_ROUTES)
        .map(|route| route.path.to_owned())
        .collect();
    let table = std::fs::read_to_string(root().join("scripts/console-tests/routes.json"));
    let table: serde_json::Value = serde_json::from_str(&table.expect("a file")).expect("JSON");
    for rows in table.as_object().expect("an object").values() {
        let rows = rows.as_array().expect("a list").iter();
        known.extend(rows.filter_map(|row| row[1].as_str()).map(str::to_owned));
    }
    // The sender's monitor.
    known.extend(["/health", "/metrics"].map(str::to_owned));
    let fits = |known: &str, named: &str| {
        let (known, named): (Vec<&str>, Vec<&str>) =
            (known.split('/').collect(), named.split('/').collect());
        known.len() == named.len()
            && known
                .iter()
                .zip(&named)
                .all(|(known, named)| known == named || known.starts_with('{'))
    };
    let roots = [
        "/fhirmottak",
        "/api",
        "/health",
        "/metrics",
        "/openapi",
        "/sertifikat",
        "/feilkoder",
        "/metadata",
        "/outlet",
        "/institusjonsmeldinger",
        "/konsoll",
        "/desk",
        "/validator",
    ];
    let (pages, mut wrong, mut count) = (pages(), Vec::new(), 0);
    for code in pages.iter().flat_map(Page::codes) {
        let address = code.text.trim_start_matches("GET ").trim_start_matches("POST ");
        let address = address.split(['?', '#', ' ']).next().unwrap_or_default();
        let is_ours = roots.iter().any(|root| address.starts_with(root));
        // The catalogue shows wrong addresses, too.
        if is_ours && !code.is_block && code.page != "docs/error-codes.md" {
            count += 1;
            if !known.iter().any(|known| fits(known, address)) {
                wrong.push(code.at("there is no such address"));
            }
        }
    }
    none(&wrong);
    assert!(count > 50, "only {count} addresses were looked at");
}
