//! `lmr example`: what it writes is what the profile takes.

use std::process::Output;

use serde_json::Value;

use crate::program::{self, with_input};

fn lmr(arguments: &[&str], input: &[u8]) -> Output {
    with_input(program::lmr(&[&["--lang", "en"], arguments].concat()), input)
}

/// The example, which `lmr validate` must take too.
fn example(ruleset: &str, arguments: &[&str]) -> Value {
    let made = lmr(&[&["example", "--ruleset", ruleset], arguments].concat(), b"");
    assert_eq!(
        made.status.code(),
        Some(0),
        "{ruleset} {arguments:?}: {}\n{}",
        String::from_utf8_lossy(&made.stderr),
        String::from_utf8_lossy(&made.stdout)
    );
    let checked = lmr(&["validate", "--ruleset", ruleset, "-"], &made.stdout);
    assert_eq!(
        checked.status.code(),
        Some(0),
        "{ruleset} {arguments:?}: {}",
        String::from_utf8_lossy(&checked.stdout)
    );
    let again = lmr(&[&["example", "--ruleset", ruleset], arguments].concat(), b"");
    assert_eq!(again.stdout, made.stdout, "the same on every run");
    serde_json::from_slice(&made.stdout).expect("JSON")
}

const GUIDES: [&str; 3] = ["lmdi-0.9.4", "lmdi-1.1.2", "lmdi-1.1.7"];

#[test]
fn every_profile_of_every_guide_takes_its_example() {
    for ruleset in GUIDES {
        let listed = lmr(&["explain", "--ruleset", ruleset, "--format", "json"], b"");
        let profiles: Vec<Value> = String::from_utf8(listed.stdout)
            .expect("UTF-8")
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let mut tried = 0;
        for profile in &profiles {
            let (url, of_type) = (profile["url"].as_str().expect("a URL"), &profile["type"]);
            if !url.contains("/lmdi/") || matches!(of_type.as_str(), Some("Extension" | "Bundle")) {
                continue;
            }
            tried += 1;
            let [least, usual, full] = [&["--least"][..], &[], &["--full"]].map(|extent| {
                let made = example(ruleset, &[&["--profile", url], extent].concat());
                assert_eq!(made["resourceType"], *of_type);
                assert_eq!(made["meta"]["profile"][0], url);
                made.to_string().len()
            });
            assert!(least <= usual && usual <= full, "{url}: {least} {usual} {full}");
        }
        assert!(tried >= 7, "{ruleset}: {profiles:?}");
    }
}

#[test]
fn without_a_profile_it_is_a_whole_message() {
    for ruleset in GUIDES {
        for extent in [&["--least"][..], &[], &["--full"]] {
            let bundle = example(ruleset, extent);
            let types: Vec<&str> = bundle["entry"]
                .as_array()
                .expect("entries")
                .iter()
                .map(|entry| entry["resource"]["resourceType"].as_str().expect("a type"))
                .collect();
            for needed in ["MedicationAdministration", "Patient", "Medication"] {
                assert!(types.contains(&needed), "{ruleset}: {types:?}");
            }
        }
    }
}

#[test]
fn plain_types_have_examples_too() {
    for of_type in
        ["Patient", "Observation", "MedicationStatement", "Encounter", "Questionnaire", "Bundle"]
    {
        let made = example("none", &["--profile", of_type]);
        assert_eq!(made["resourceType"], of_type);
    }
    let binary = example("none", &["--profile", "Binary", "--least"]);
    assert_eq!(binary["contentType"], "text/plain");
}

#[test]
fn what_is_no_resource_is_named() {
    for (profile, says) in [
        ("Patiant", "the nearest are"),
        ("HumanName", "is not a resource"),
        ("DomainResource", "is not a resource"),
        // Nothing is near to these.
        ("", "\"\" is neither a profile nor a type; lmr explain lists the profiles"),
        (
            "qqqqqqqqqqqqqqqqqqqqqqqq",
            "is neither a profile nor a type; lmr explain lists the profiles",
        ),
    ] {
        let made = lmr(&["example", "--profile", profile], b"");
        assert_eq!(made.status.code(), Some(2), "{made:?}");
        let complaint = String::from_utf8_lossy(&made.stderr).into_owned();
        assert!(complaint.contains(says), "{complaint}");
    }
    let without = lmr(&["example", "--ruleset", "none"], b"");
    assert_eq!(without.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&without.stderr).contains("--profile"));
}
