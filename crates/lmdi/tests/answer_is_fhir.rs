//! The answer is FHIR according to the same validator.
#![allow(clippy::unwrap_used, reason = "a test")]

use crate::sample;

use std::sync::LazyLock;

use lmr_fhir::{Document, ParseOptions};
use lmr_lmdi::codes::{Code, render};
use lmr_lmdi::response::{self, Answer, EntryStatus, RefusalPlace, ResponseEntry, Stored};
use lmr_lmdi::{Disposition, RuleSetId, check_bundle};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{Options, Validator};
use serde_json::json;

#[track_caller]
fn assert_is_fhir(text: &str) {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        let own = response::definitions();
        let package = Package::embedded("lmr", "1", own.iter().map(String::as_str)).unwrap();
        Validator::builder().definitions(Definitions::builder().package(package).build()).build()
    });
    let document = Document::parse(text, &ParseOptions::strict()).unwrap();
    let issues = VALIDATOR.validate(&document, &Options::default());
    let errors: Vec<String> =
        issues.iter().filter(|issue| issue.severity.is_error()).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_answer_to_a_bundle_with_faults_is_fhir_and_says_each_entrys_fate() {
    for rule_set in RuleSetId::ALL {
        let mut bundle = sample::bundle(rule_set);
        bundle["entry"][0]["resource"]["name"] = json!([{ "family": "x" }]);
        let document = Document::parse(bundle.to_string(), &ParseOptions::strict()).unwrap();
        let verdict = check_bundle(&document, &sample::options()).unwrap();
        let stored = |resource_type| Stored {
            resource_type,
            resource_id: "00112233445566778899aabbccddeeff",
            version: 1,
            stored_at: sample::now(),
        };
        let dispositions = verdict.dispositions();
        let entries: Vec<ResponseEntry<'_>> = verdict
            .entries
            .iter()
            .zip(&dispositions)
            .map(|(entry, disposition)| ResponseEntry {
                full_url: entry.full_url.as_deref(),
                findings: &entry.findings,
                of_history: &[],
                left_out: 0,
                is_brief: false,
                status: match disposition {
                    Disposition::Accepted => {
                        EntryStatus::Created(stored(entry.resource_type.as_deref().unwrap()))
                    }
                    Disposition::Refused => EntryStatus::Refused,
                    Disposition::DependsOn(index) => EntryStatus::DependsOn(*index),
                    Disposition::AbortedBy(index) => EntryStatus::AbortedBy(*index),
                },
            })
            .collect();
        let answer = {
            let head = response::Head {
                rule_set,
                message_id: "m-1",
                timestamp: sample::now(),
                about_message: &verdict.bundle,
                links: verdict.links,
            };
            response::write(&head, &entries)
        };
        assert_is_fhir(std::str::from_utf8(&answer).unwrap());
        let Answer::Bundle { entries: read, .. } = response::read(&answer).unwrap() else {
            panic!("no bundle")
        };
        assert_eq!(read.len(), verdict.entries.len());
        assert_eq!(read[0].status_code, 422);
        assert!(read[0].issues.iter().any(|issue| issue.code == Some(Code::ElementForbidden)));
        let fates: Vec<u16> = read.iter().map(|entry| entry.status_code).collect();
        assert!(
            fates.contains(&424) && fates.contains(&201) != rule_set.is_transaction(),
            "{fates:?}"
        );
        assert_is_fhir(&response::outcome_of(verdict.findings()).to_json());
    }
}

#[test]
fn every_refusal_and_the_code_system_are_fhir() {
    for code in Code::ALL {
        let place =
            RefusalPlace { expression: Some("Bundle".to_owned()), line_column: Some((1, 2)) };
        let json = response::refusal(*code, &place, Some("c-1")).to_json();
        assert_is_fhir(&json);
        let Answer::Outcome { issues, .. } = response::read(json.as_bytes()).unwrap() else {
            panic!("{code}")
        };
        assert_eq!((issues[0].code, issues[0].retry), (Some(*code), Some(code.retry())));
    }
    assert_is_fhir(&response::outcome_of([]).to_json());
    assert_is_fhir(&render::code_system());
}
