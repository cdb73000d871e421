//! How often validating a bundle asks the allocator for memory. The same on every machine, so that a
//! regression shows without a quiet one; docs/performance.md records the figures.
#![allow(clippy::unwrap_used, reason = "a test")]

use lmr_fhir::{Document, ParseOptions};
use lmr_lmdi::RuleSetId;
use lmr_validator::definitions::Definitions;
use lmr_validator::{Options, Validator};

const BUNDLE: &str = include_str!("../../../bench/bundles/transaction-8.json");

/// What was recorded, and a tenth for what a new check may need.
const MOST_CALLS: u64 = 205;
const MOST_BYTES: u64 = 53_200;

#[test]
fn a_bundle_of_eight_entries_stays_within_the_recorded_allocations() {
    let package = RuleSetId::LATEST.package().unwrap();
    let definitions = Definitions::builder().package(package).build();
    let validator = Validator::builder().definitions(definitions).build();
    let validate = || {
        let document = Document::parse(BUNDLE, &ParseOptions::strict()).unwrap();
        validator.validate(&document, &Options::default()).len()
    };
    // The first one compiles profiles and reads value sets.
    let findings = validate();
    let counted = allocation_counter::measure(|| assert_eq!(validate(), findings));
    println!("{} calls, {} bytes", counted.count_total, counted.bytes_total);
    assert!(counted.count_total > 0, "nothing was counted");
    assert!(counted.count_total <= MOST_CALLS, "{} calls of the allocator", counted.count_total);
    assert!(counted.bytes_total <= MOST_BYTES, "{} bytes allocated", counted.bytes_total);
    assert_eq!(counted.count_current, 0, "memory is kept after validating");
}
