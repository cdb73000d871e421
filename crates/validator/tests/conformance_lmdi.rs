//! The guide's own examples against the guide's own package: verdicts as the
//! official validator gives them, as far as they can be found offline.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{Issue, Options, Severity, Validator};

#[expect(clippy::disallowed_methods, reason = "tests find shared data by an environment variable")]
fn shared() -> Option<PathBuf> {
    std::env::var("LMR_SHARED").ok().map(PathBuf::from)
}

fn validator(shared: &Path) -> Validator {
    let open = |name: &str| Package::open(&shared.join("packages").join(name)).expect("package");
    let definitions = Definitions::builder()
        .package(open("hl7.fhir.no.lmdi-1.1.2.tgz"))
        .package(open("hl7.fhir.no.basis-2.2.0-snapshots.tgz"))
        .build();
    Validator::builder().definitions(Arc::new(definitions)).build()
}

fn examples(shared: &Path) -> BTreeMap<String, String> {
    let file = std::fs::File::open(shared.join("packages/hl7.fhir.no.lmdi-1.1.2.tgz"))
        .expect("package file");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut out = BTreeMap::new();
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("entry");
        let path = entry.path().expect("path").to_string_lossy().into_owned();
        if let Some(name) = path.strip_prefix("package/example/")
            && name.ends_with(".json")
        {
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("text");
            out.insert(name.to_owned(), text);
        }
    }
    out
}

fn errors(issues: &[Issue]) -> Vec<&Issue> {
    issues.iter().filter(|i| i.severity.is_error()).collect()
}

#[test]
fn the_guides_47_examples_have_no_error_that_can_be_found_offline() {
    let Some(shared) = shared() else {
        println!("left out: LMR_SHARED is not set");
        return;
    };
    let validator = validator(&shared);
    let examples = examples(&shared);
    assert_eq!(examples.len(), 47);
    let mut faulty = Vec::new();
    for (name, text) in &examples {
        let issues = validator.validate_text(text, &Options::default());
        for issue in errors(&issues) {
            println!("{name}: {issue}");
            for inner in &issue.inner {
                println!("      because {inner}");
            }
            faulty.push(name.clone());
        }
        for issue in issues.iter().filter(|i| i.severity == Severity::Warning) {
            println!("{name}: {issue}");
        }
    }
    assert!(faulty.is_empty(), "{} errors in correct examples", faulty.len());
}
