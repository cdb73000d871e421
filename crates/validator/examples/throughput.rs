//! Bundles a second on one core, parse included.
//!
//! `cargo run --release -p lmr-validator --example throughput -- BUNDLE.json PACKAGE... [--copies N] [--threads N]`
//!
//! `--copies N` validates one bundle of N times the entries instead, to see how
//! time grows with size.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lmr_fhir::{Document, ParseOptions};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{Options, Validator};

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut files: Vec<PathBuf> = Vec::new();
    let (mut copies, mut threads) = (1usize, 1usize);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--copies" => copies = args.next().ok_or("--copies N")?.parse()?,
            "--threads" => threads = args.next().ok_or("--threads N")?.parse()?,
            _ => files.push(arg.into()),
        }
    }
    let (bundle, packages) = files.split_first().ok_or("a bundle is needed")?;
    let started = Instant::now();
    let mut builder = Definitions::builder();
    for package in packages {
        builder = builder.package(Package::open(package)?);
    }
    let validator = Validator::builder().definitions(Arc::new(builder.build())).build();
    let text = std::fs::read_to_string(bundle)?;
    let text = if copies > 1 { multiplied(&text, copies)? } else { text };
    let options = Options { threads, hints: false, ..Options::default() };
    let first = validate(&validator, &text, &options)?;
    println!("first verdict after {:?}: {first} issues, {} bytes", started.elapsed(), text.len());
    let (mut rounds, started) = (0u32, Instant::now());
    while started.elapsed() < Duration::from_secs(3) || rounds < 3 {
        validate(&validator, &text, &options)?;
        rounds += 1;
    }
    let each = started.elapsed() / rounds;
    let (parsed, started) = (200u32.min(rounds), Instant::now());
    for _ in 0..parsed {
        std::hint::black_box(Document::parse(text.as_str(), &ParseOptions::lenient())?);
    }
    println!(
        "{each:?} a bundle = {:.0} bundles/s on {threads} thread(s), of which parsing {:?}",
        1.0 / each.as_secs_f64(),
        started.elapsed() / parsed
    );
    Ok(())
}

fn validate(validator: &Validator, text: &str, options: &Options) -> Result<usize, Box<dyn Error>> {
    let document = Document::parse(text, &ParseOptions::lenient())?;
    Ok(validator.validate(&document, options).len())
}

/// One bundle with the entries repeated, their addresses made different.
fn multiplied(text: &str, copies: usize) -> Result<String, Box<dyn Error>> {
    let mut bundle: serde_json::Value = serde_json::from_str(text)?;
    let entries = bundle["entry"].as_array().cloned().ok_or("no entries")?;
    let mut all = Vec::new();
    for copy in 0..copies {
        for entry in &entries {
            let mut one = entry.to_string();
            for source in &entries {
                if let Some(url) = source["fullUrl"].as_str() {
                    let head = url.get(..url.len().saturating_sub(12)).unwrap_or(url);
                    let last = url.get(url.len().saturating_sub(4)..).unwrap_or("");
                    one = one.replace(url, &format!("{head}{last}{copy:08x}"));
                }
            }
            all.push(serde_json::from_str(&one)?);
        }
    }
    bundle["entry"] = serde_json::Value::Array(all);
    Ok(serde_json::to_string(&bundle)?)
}
