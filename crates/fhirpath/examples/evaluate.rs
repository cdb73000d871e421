//! Evaluates an expression on a resource, without types:
//! `cargo run --example evaluate EXPRESSION FILE`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::error::Error;
use std::process::ExitCode;

use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{DocumentHost, Env, Expression, Typed, to_json};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [expression, path] = arguments.as_slice() else {
        eprintln!("usage: evaluate EXPRESSION FILE");
        return ExitCode::from(2);
    };
    match evaluate(expression, path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints each item as a line of JSON.
fn evaluate(expression: &str, path: &str) -> Result<(), Box<dyn Error>> {
    let expression = Expression::parse(expression)?;
    let bytes = std::fs::read(path)?;
    let document = Document::parse_bytes(&bytes, &ParseOptions::strict())?;
    let resource = Typed::resource(document.root_element(), None);
    // The host finds what references lead to within the document.
    let host = DocumentHost::new(&document, None);
    let env = Env::new().with_host(&host).with_resource(resource, resource);
    for item in expression.evaluate(resource, &env)? {
        println!("{}", to_json(&item, None));
    }
    Ok(())
}
