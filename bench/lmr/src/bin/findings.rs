//! Every finding of every JSON text in a list of files, one a line: what two builds say of the same
//! files is compared by comparing their output.
//!
//!     findings LIST [PACKAGE...]
//!
//! LIST has a file on each line. Each is validated as plain R4 with the packages, with values
//! withheld, and, where it is a bundle that the guide has a rule set for, by that rule set too.

use std::io::{BufWriter, Write};

use lmr_bench::AnyError;
use lmr_fhir::{Bundle, Document, Language, ParseOptions};
use lmr_lmdi::{CheckOptions, RuleSet, RuleSetId};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{Options, Validator};

fn main() -> Result<(), AnyError> {
    let mut arguments = std::env::args_os().skip(1);
    let list = std::fs::read_to_string(arguments.next().ok_or("which files?")?)?;
    let packages: Vec<Package> =
        arguments.map(|p| Package::open(p.as_ref())).collect::<Result<_, _>>()?;
    let definitions = Definitions::builder().packages(packages).build();
    let validator = Validator::builder().definitions(definitions).build();
    let open = Options::default();
    let redacted = Options { redact_values: true, ..Options::default() };
    let check = CheckOptions::at("2026-01-01T00:00:00Z".parse()?);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for file in list.lines() {
        let bytes = std::fs::read(file)?;
        let document = match Document::parse_bytes(&bytes, &ParseOptions::lenient()) {
            Ok(document) => document,
            Err(error) => {
                writeln!(out, "{file} unreadable {error:?}")?;
                continue;
            }
        };
        for (name, options) in [("open", &open), ("redacted", &redacted)] {
            for issue in validator.validate(&document, options) {
                writeln!(out, "{file} {name} {issue:?} {}", issue.text(Language::Bokmal))?;
            }
        }
        let kind = Bundle::of(&document).and_then(Bundle::kind);
        let set = kind.and_then(|kind| RuleSetId::for_bundle_type(&kind));
        let set = RuleSet::get(set.unwrap_or(RuleSetId::LATEST))?;
        for finding in set.check_resource(&document, &check) {
            writeln!(out, "{file} guide {finding:?}")?;
        }
    }
    out.flush()?;
    Ok(())
}
