//! Validates one file against R4 and the packages given, and prints the issues.
//!
//! `cargo run -p lmr-validator --example validate -- PATIENT.json [PACKAGE.tgz ...]`

use std::error::Error;
use std::path::PathBuf;

use lmr_validator::definitions::Definitions;
use lmr_validator::package::load;
use lmr_validator::{Options, Validator};

#[expect(clippy::print_stdout, reason = "a program for people")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("which file?")?;
    let paths: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let (packages, missing) = load(&paths, None)?;
    for dependency in missing {
        println!("not at hand: {dependency:?}");
    }
    let definitions = Definitions::builder().packages(packages).build();
    let validator = Validator::builder().definitions(definitions).build();
    let text = std::fs::read_to_string(file)?;
    for issue in validator.validate_text(&text, &Options::default()) {
        println!("{issue}");
    }
    Ok(())
}
