//! Real bundles in which an administration ends in the year 9999 ("still running" in many systems).
//!
//! Needs the shared folder (`LMR_SHARED`); says so and passes without it.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test of shared data"
)]

use std::path::PathBuf;

use lmr_fhir::{Document, ParseOptions};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{CheckOptions, RuleSetId, check_bundle};

#[test]
fn conformance_an_administration_that_ends_in_9999_is_in_the_future() {
    let Some(folder) = std::env::var_os("LMR_SHARED").map(PathBuf::from) else {
        eprintln!("left out: LMR_SHARED is not set, so the bundles are not at hand");
        return;
    };
    for file in ["input.json", "b.json"] {
        let path = folder.join("bugs/lmdi-administered-9999").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        let document = Document::parse(text, &ParseOptions::strict()).unwrap();
        for rule_set in [RuleSetId::Lmdi112, RuleSetId::LATEST] {
            let now = "2026-11-01T00:00:00Z".parse().unwrap();
            let options = CheckOptions { pinned: Some(rule_set), ..CheckOptions::at(now) };
            let verdict = check_bundle(&document, &options).unwrap();
            let refused: Vec<Code> =
                verdict.findings().filter(|f| f.refuses()).map(|f| f.code).collect();
            assert_eq!(refused, [Code::AdministeredInFuture], "{file} by {rule_set}");
        }
    }
}
