//! Validates a bundle and says which of its entries have errors, with the texts in bokmål.
//!
//! `cargo run -p lmr-validator --example entries -- BUNDLE.json`

use std::error::Error;

use lmr_fhir::{Document, ParseOptions};
use lmr_validator::{Options, Validator};

#[expect(clippy::print_stdout, reason = "a program for people")]
fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("which file?")?;
    let text = std::fs::read_to_string(file)?;
    let document = Document::parse(text, &ParseOptions::lenient())?;
    let validator = Validator::builder().build();
    let report = validator.validate_bundle(&document, &Options::default());
    for (index, issues) in report.entries.iter().enumerate() {
        for issue in issues.iter().filter(|issue| issue.severity.is_error()) {
            println!("{index}: {}: {}", issue.local_expression, issue.text_nb());
        }
    }
    Ok(())
}
