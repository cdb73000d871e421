//! What validating costs, parse included: `cargo bench -p lmr-lmdi`.
//!
//! With LMR_SHARED set, the guide's own example bundle is validated too, by its official packages.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement")]
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement finds shared data by an environment variable"
)]

use std::io::Read as _;
use std::path::PathBuf;

use divan::Bencher;
use divan::counter::ItemsCount;
use lmr_fhir::{Document, ParseOptions};
use lmr_lmdi::{CheckOptions, RuleSet, RuleSetId};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{Options, Validator};

const BUNDLE: &str = include_str!("../../../bench/bundles/transaction-8.json");
const PATIENT: &str = include_str!("../../../bench/bundles/patient.json");
const GUIDE: &str = "hl7.fhir.no.lmdi-1.1.2.tgz";

fn main() {
    divan::main();
}

/// Reading alone.
#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| Document::parse(BUNDLE, &ParseOptions::strict()).unwrap());
}

/// Eight entries by the profiles of our rule set.
#[divan::bench]
fn bundle(bencher: Bencher<'_, '_>) {
    validate(bencher, &own(), BUNDLE, 1);
}

/// The same with the register's rules.
#[divan::bench]
fn bundle_with_register_rules(bencher: Bencher<'_, '_>) {
    let rules = RuleSet::get(RuleSetId::LATEST).unwrap();
    let options = CheckOptions::at("2026-01-01T00:00:00Z".parse().unwrap());
    bencher.counter(ItemsCount::new(8_u32)).bench_local(|| {
        let document = Document::parse(BUNDLE, &ParseOptions::strict()).unwrap();
        rules.check_resource(&document, &options).len()
    });
}

#[divan::bench]
fn single_resource(bencher: Bencher<'_, '_>) {
    validate(bencher, &own(), PATIENT, 1);
}

/// One bundle of so many entries; 0 threads are as many as the machine has cores.
#[divan::bench(args = [(1_000, 1), (10_000, 1), (10_000, 0)], sample_count = 5, sample_size = 1)]
fn large_bundle(bencher: Bencher<'_, '_>, (entries, threads): (usize, usize)) {
    validate(
        bencher.counter(ItemsCount::new(entries)),
        &own(),
        &enlarged(BUNDLE, entries),
        threads,
    );
}

/// The guide's example bundle by the official packages.
#[divan::bench]
fn guides_bundle(bencher: Bencher<'_, '_>) {
    let Ok(shared) = std::env::var("LMR_SHARED") else {
        // Nothing to measure; divan wants something to run.
        return bencher.bench_local(|| ());
    };
    let packages = PathBuf::from(shared).join("packages");
    let open = |name: &str| Package::open(&packages.join(name)).unwrap();
    let definitions = Definitions::builder()
        .package(open(GUIDE))
        .package(open("hl7.fhir.no.basis-2.2.0-snapshots.tgz"))
        .build();
    let text = example(&packages.join(GUIDE));
    validate(bencher, &Validator::builder().definitions(definitions).build(), &text, 1);
}

fn own() -> Validator {
    let package = RuleSetId::LATEST.package().unwrap();
    Validator::builder().definitions(Definitions::builder().package(package).build()).build()
}

fn validate(bencher: Bencher<'_, '_>, validator: &Validator, text: &str, threads: usize) {
    let options = Options { threads, ..Options::default() };
    bencher.bench_local(|| {
        let document = Document::parse(text, &ParseOptions::strict()).unwrap();
        validator.validate(&document, &options).len()
    });
}

/// The first example bundle of a package.
fn example(package: &PathBuf) -> String {
    let file = std::fs::File::open(package).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().to_string_lossy().starts_with("package/example/Bundle-") {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            return text;
        }
    }
    panic!("no bundle among the examples")
}

/// The bundle's entries over and over, each copy with addresses of its own.
fn enlarged(text: &str, entries: usize) -> String {
    let document = Document::parse(text, &ParseOptions::strict()).unwrap();
    let array = document.root().member("entry").unwrap();
    let raw: Vec<&str> = array.members().map(lmr_fhir::Node::raw).collect();
    let all: Vec<String> = (0..entries)
        .map(|index| {
            let copy = format!("{:08x}", index / raw.len());
            let mut parts = raw[index % raw.len()].split("urn:uuid:");
            let mut entry = parts.next().unwrap_or_default().to_owned();
            // Of the last group of a UUID, the first eight digits distinguish the copies.
            for part in parts {
                for piece in ["urn:uuid:", &part[..24], &copy, &part[32..]] {
                    entry.push_str(piece);
                }
            }
            entry
        })
        .collect();
    let span = array.span();
    format!("{}[{}]{}", &text[..span.start], all.join(","), &text[span.end..])
}
