//! Prints every element of a resource with its location: `cargo run --example outline FILE`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::process::ExitCode;

use lmr_fhir::{Document, Element, ParseOptions};

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: outline FILE");
        return ExitCode::from(2);
    };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    };
    // Lenient: one missing comma does not hide the rest.
    let document = match Document::parse_bytes(&bytes, &ParseOptions::lenient()) {
        Ok(document) => document,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    };
    for issue in document.syntax_issues() {
        eprintln!("{}: {:?}", document.location(issue.offset as usize), issue.kind);
    }
    outline(document.root_element());
    ExitCode::SUCCESS
}

fn outline(element: Element<'_>) {
    println!("{:>24}  {}", element.start().to_string(), element.raw_path());
    element.children().for_each(outline);
}
