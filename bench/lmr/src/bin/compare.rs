//! Our driver for `bench/compare`: the validator with the official packages, as the other engines
//! have them; the same with our own rule set; and with the register's rules on top.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lmr_bench::{AnyError, processor_seconds, resident_bytes};
use lmr_fhir::{Document, ParseOptions};
use lmr_lmdi::{CheckOptions, RuleSet, RuleSetId};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{Options, Validator};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Plan {
    archives: Vec<PathBuf>,
    cases: Vec<PathBuf>,
    speed: Vec<PathBuf>,
    seconds: f64,
}

#[derive(Serialize)]
struct Report {
    engine: &'static str,
    load_seconds: f64,
    cases: Vec<Case>,
    speed: Vec<Speed>,
    resident_bytes: u64,
}

#[derive(Serialize)]
struct Case {
    file: PathBuf,
    whole: Vec<String>,
    /// Always empty: entries are validated with their bundle.
    entries: Vec<String>,
}

#[derive(Serialize)]
struct Speed {
    way: &'static str,
    files_per_second: f64,
    bytes_per_second: f64,
}

fn main() -> Result<(), AnyError> {
    let path = std::env::args_os().nth(1).ok_or("which plan?")?;
    let plan: Plan = serde_json::from_slice(&std::fs::read(path)?)?;
    let options = Options { threads: 1, ..Options::default() };

    let begin = Instant::now();
    let packages: Vec<Package> =
        plan.archives.iter().map(|p| Package::open(p)).collect::<Result<_, _>>()?;
    let official =
        Validator::builder().definitions(Definitions::builder().packages(packages).build()).build();
    let by_packages = report("lmr, official packages", &plan, begin, |document| {
        by(&official, document, &options)
    })?;

    let begin = Instant::now();
    let own = Definitions::builder().package(RuleSetId::Lmdi112.package()?).build();
    let own = Validator::builder().definitions(Arc::new(own)).build();
    let by_rule_set =
        report("lmr, own rule set", &plan, begin, |document| by(&own, document, &options))?;

    let begin = Instant::now();
    let rule_set = RuleSet::get(RuleSetId::Lmdi112)?;
    let check = CheckOptions::at(jiff::Timestamp::now());
    let with_register = report("lmr, own rule set and register rules", &plan, begin, |document| {
        let findings = rule_set.check_resource(document, &check).into_iter();
        findings.filter(|finding| finding.refuses()).map(|finding| format!("{finding:?}")).collect()
    })?;
    println!("{}", serde_json::to_string(&[by_packages, by_rule_set, with_register])?);
    Ok(())
}

fn by(validator: &Validator, document: &Document<'_>, options: &Options) -> Vec<String> {
    let issues = validator.validate(document, options).into_iter();
    issues
        .filter(|i| i.severity.is_error())
        .map(|i| format!("{}: {}", i.expression, i.text_en()))
        .collect()
}

fn report(
    engine: &'static str,
    plan: &Plan,
    begin: Instant,
    errors: impl Fn(&Document<'_>) -> Vec<String>,
) -> Result<Report, AnyError> {
    let validate = |text: &[u8]| match Document::parse_bytes(text, &ParseOptions::lenient()) {
        Ok(document) => errors(&document),
        Err(error) => vec![error.to_string()],
    };
    let load_seconds = begin.elapsed().as_secs_f64();
    let mut cases = Vec::new();
    for file in &plan.cases {
        cases.push(Case {
            file: file.clone(),
            whole: validate(&std::fs::read(file)?),
            entries: vec![],
        });
    }
    let texts = read(&plan.speed)?;
    Ok(Report {
        engine,
        load_seconds,
        cases,
        speed: vec![measure(&texts, Duration::from_secs_f64(plan.seconds), validate)],
        resident_bytes: resident_bytes(),
    })
}

fn read(files: &[impl AsRef<Path>]) -> Result<Vec<Vec<u8>>, AnyError> {
    files.iter().map(|file| Ok(std::fs::read(file)?)).collect()
}

fn measure(texts: &[Vec<u8>], limit: Duration, validate: impl Fn(&[u8]) -> Vec<String>) -> Speed {
    let once = || texts.iter().map(|text| validate(text).len()).sum::<usize>();
    once();
    let (begin, busy) = (Instant::now(), processor_seconds());
    let mut rounds = 0_u32;
    while begin.elapsed() < limit {
        std::hint::black_box(once());
        rounds += 1;
    }
    let seconds = (processor_seconds() - busy) / f64::from(rounds);
    let bytes: usize = texts.iter().map(Vec::len).sum();
    Speed {
        way: "whole",
        files_per_second: texts.len() as f64 / seconds,
        bytes_per_second: bytes as f64 / seconds,
    }
}
