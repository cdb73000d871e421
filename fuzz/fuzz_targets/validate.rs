//! Any text validated by both rule sets and by a validator with profiles of its own: it ends within
//! bounds, every finding has a place in the text, and every renderer takes it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lmr_fhir::{Document, Limits, ParseOptions};
use lmr_lmdi::{CheckOptions, RuleSet, RuleSetId};
use lmr_validator::definitions::Definitions;
use lmr_validator::{Issue, Language, Options, Validator};

/// Plain R4.
static PLAIN: LazyLock<Validator> =
    LazyLock::new(|| Validator::builder().definitions(Definitions::r4()).build());

/// The profiles of the transaction era.
static GUIDE: LazyLock<Validator> = LazyLock::new(|| {
    let package = RuleSetId::LATEST.package().expect("our own rule set");
    Validator::builder().definitions(Definitions::builder().package(package).build()).build()
});

fuzz_target!(|data: &[u8]| {
    let options = ParseOptions::lenient().with_limits(Limits { depth: 100, ..Limits::default() });
    let Ok(document) = Document::parse_bytes(data, &options) else { return };
    for validator in [&*PLAIN, &*GUIDE] {
        let options = Options { threads: 1, dangling_urn_is_error: true, ..Options::default() };
        let issues = validator.validate(&document, &options);
        issues.iter().for_each(|issue| check(&document, issue));
        let again = validator.validate(&document, &options);
        assert_eq!(
            format!("{issues:?}"),
            format!("{again:?}"),
            "the same text gives the same findings"
        );
    }
    if document.syntax_issues().is_empty() {
        register(&document);
    }
});

fn check(document: &Document<'_>, issue: &Issue) {
    assert!(issue.span.end <= document.source().len() && issue.span.start <= issue.span.end);
    assert!(!issue.text(Language::English).is_empty() && !issue.text(Language::Bokmal).is_empty());
    issue.inner.iter().for_each(|inner| check(document, inner));
}

fn register(document: &Document<'_>) {
    let options = CheckOptions::at("2026-01-01T00:00:00Z".parse().expect("a time"));
    for id in RuleSetId::ALL {
        let set = RuleSet::get(id).expect("our own rule set");
        for finding in set.check_resource(document, &options) {
            assert!(
                !finding.text(Language::Bokmal).is_empty()
                    && !finding.text(Language::English).is_empty()
            );
        }
    }
    if let Ok(verdict) = lmr_lmdi::check_bundle(document, &options) {
        for entry in &verdict.entries {
            let inside =
                entry.resource.as_ref().is_none_or(|span| span.end <= document.source().len());
            assert!(inside && entry.depends_on.iter().all(|&at| at < verdict.entries.len()));
        }
    }
}
