//! The tool against a crate with a change of each kind: what becomes of each is known.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

const GROUPS: &str = r#"
[[group]]
name = "all"
folder = "src"
files = ["lib.rs"]

[[survivor]]
file = "src/lib.rs"
change = "replace + with * in untested"
why = "said here"
"#;

#[test]
fn every_change_of_a_tiny_crate_ends_as_it_must() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiny");
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    fs::create_dir(root.join("src")).expect("writable");
    fs::copy(here.join("Cargo.toml.txt"), root.join("Cargo.toml")).expect("copied");
    fs::copy(here.join("src/lib.rs"), root.join("src/lib.rs")).expect("copied");
    fs::write(root.join("groups.toml"), GROUPS).expect("written");
    let git =
        Command::new("git").arg("init").arg("-q").current_dir(root).status().expect("git starts");
    assert!(git.success());

    let output = Command::new(env!("CARGO_BIN_EXE_lmr-mutants"))
        .args(["--config", "groups.toml", "--output", "out", "--grace", "3", "--alone", "--listed"])
        .arg(here.join("mutants.json"))
        .args(["--workspace", "."])
        .current_dir(root)
        .env("CARGO_NET_OFFLINE", "true")
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("the tool starts");
    let shown = format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let outcomes = fs::read_to_string(root.join("out/outcomes.jsonl")).expect(&shown);
    let fates: BTreeMap<String, String> = outcomes
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|line| {
            (
                line["label"].as_str().expect("text").to_owned(),
                line["fate"].as_str().expect("text").to_owned(),
            )
        })
        .collect();

    // What is not caught; everything else must be.
    let expected = BTreeMap::from(
        [
            ("replace untested -> i64 with 0", "missed"),
            ("replace untested -> i64 with 1", "missed"),
            ("replace untested -> i64 with -1", "missed"),
            ("replace + with - in untested", "missed"),
            ("replace + with * in untested", "missed"),
            // 0 has an arm before it.
            ("replace < with <= in name", "missed"),
            // 2 + 3 and 2 / 3 are not 6.
            ("replace * with +", "caught"),
            ("replace * with /", "caught"),
            ("replace && with || in chain", "does-not-compile"),
            ("replace -= with += in never_ends", "timed-out"),
            ("replace -= with /= in never_ends", "timed-out"),
        ]
        .map(|(label, fate)| (label.to_owned(), fate.to_owned())),
    );
    assert_eq!(fates.len(), 52, "{shown}");
    for (label, fate) in &fates {
        let wanted = expected.get(label).map_or("caught", String::as_str);
        assert_eq!(fate, wanted, "{label}\n{shown}");
    }

    // Five without a reason are a failure, and named.
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(
        shown.contains("| all | 52 | 44 | 2 | 1 | 4 | 1 | 0 | 0 |")
            || shown.contains("| all | 52 |"),
        "{shown}"
    );
    assert!(shown.contains("replace + with * in untested: said here"), "{shown}");
    assert!(shown.contains("replace + with - in untested (no test reaches it)"), "{shown}");
}
