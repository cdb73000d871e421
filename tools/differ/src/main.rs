//! Validates generated input with our validator and with the reference, and prints where they differ.
//!
//! `differ --seed N --count M --reference bench/reference --package X.tgz` makes M inputs of each kind:
//! instances of profiles, mutations of them, other spellings and random profiles. Each difference is
//! shrunk and printed with what both reported; differences in `known.toml` are counted as explained.
//! Without `--reference` only what needs no oracle is tested: equal spellings give equal findings, and
//! one thread finds what several find.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring program prints its results"
)]

mod finding;
mod generate;
mod known;
mod ours;
mod reference;
mod shrink;

use std::{collections::BTreeMap, fs::File, io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, ValueEnum};
use fastrand::Rng;
use serde_json::Value;

use crate::{
    finding::{Difference, Finding, Side},
    generate::{
        bundle, example,
        instance::Generator,
        mutation,
        profile::{self, instance::Instance},
        spelling,
    },
    known::Known,
    ours::Ours,
    reference::Reference,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Kind {
    /// Documents of a file.
    #[value(skip)]
    Given,
    /// Instances of R4 resources and of the packages' profiles.
    Instances,
    /// Instances changed in one location.
    Mutations,
    /// Mutated instances in other spellings; needs no reference.
    Spellings,
    /// Random profiles with instances of theirs.
    Profiles,
}

#[derive(Parser)]
#[command(about = "Compares the validator with the reference on generated input")]
struct Arguments {
    /// Seed of the generator; printed, so that a run can be repeated.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Inputs of each kind.
    #[arg(long, default_value_t = 100)]
    count: usize,
    /// Kinds of input; all if left out.
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// Packages for both validators, those that others depend on first.
    #[arg(long)]
    package: Vec<PathBuf>,
    /// Folder of the built reference validator.
    #[arg(long)]
    reference: Option<PathBuf>,
    /// File that keeps the reference's answers, so that a run can be repeated without it.
    #[arg(long)]
    answers: Option<PathBuf>,
    /// File for all unexplained differences with their inputs, a JSON object a line.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Documents to compare instead of generated ones: a file with one resource a line, or one object of
    /// `document`, `profiles` and `definitions`.
    #[arg(long)]
    inputs: Option<PathBuf>,
    /// Kinds of differences that are shown with an example, for each kind of input.
    #[arg(long, default_value_t = 20)]
    details: usize,
    /// Fails if the verdict agrees in fewer than so many per cent of the inputs.
    #[arg(long, default_value_t = 0.0)]
    verdict_at_least: f64,
    /// Fails if the findings agree in fewer than so many per cent of the inputs.
    #[arg(long, default_value_t = 0.0)]
    findings_at_least: f64,
}

/// One input for both validators.
struct Input {
    document: Value,
    profiles: Vec<String>,
    definitions: Vec<String>,
    made: String,
}

#[derive(Default)]
struct Tally {
    inputs: usize,
    verdicts: usize,
    findings: usize,
    explained: usize,
    broken_down: usize,
    kinds: BTreeMap<(Side, String), usize>,
    shown: Vec<(Side, String)>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    println!("seed {}", arguments.seed);
    let ours = Ours::new(&arguments.package)?;
    let profiles = profiles(&ours);
    let examples = example::read(&arguments.package)?;
    let mut reference = arguments
        .reference
        .as_deref()
        .map(|folder| Reference::new(folder, &arguments.package, arguments.answers.as_deref()))
        .transpose()?;
    let mut report = arguments.report.as_deref().map(File::create).transpose()?;
    let mut known = Known::read()?;
    let kinds = if arguments.inputs.is_some() {
        Vec::new()
    } else if arguments.kinds.is_empty() {
        Kind::value_variants().to_vec()
    } else {
        arguments.kinds.clone()
    };
    let mut passed = true;
    let mut tallies = BTreeMap::new();
    if let (Some(path), Some(reference)) = (&arguments.inputs, &mut reference) {
        let mut tally = Tally::default();
        for line in std::fs::read_to_string(path)?.lines().filter(|line| !line.trim().is_empty()) {
            let input = given(serde_json::from_str(line)?);
            let difference =
                compare(&input, &ours, &arguments, reference, &mut known, &mut tally, Kind::Given)?;
            if let (Some(report), Some(difference)) = (&mut report, difference) {
                writeln!(report, "{}", difference.report(&input.made, &input.document))?;
            }
        }
        tallies.insert(Kind::Given, tally);
    }
    for kind in kinds {
        let mut rng = Rng::with_seed(arguments.seed.wrapping_mul(31).wrapping_add(kind as u64));
        let mut generator = Generator::new(ours.definitions());
        if kind == Kind::Spellings {
            passed &= spellings(&mut rng, &mut generator, &ours, &profiles, arguments.count);
            continue;
        }
        let Some(reference) = &mut reference else { continue };
        let mut tally = Tally::default();
        while tally.inputs + tally.broken_down < arguments.count {
            let serial = format!("{}-{}", arguments.seed, tally.inputs + tally.broken_down);
            let Some(input) =
                input(kind, &mut rng, &mut generator, &ours, &profiles, &examples, &serial)
            else {
                continue;
            };
            let difference =
                compare(&input, &ours, &arguments, reference, &mut known, &mut tally, kind)?;
            if let (Some(report), Some(difference)) = (&mut report, difference) {
                writeln!(report, "{}", difference.report(&input.made, &input.document))?;
            }
        }
        tallies.insert(kind, tally);
    }
    println!(
        "\nkind        inputs  verdict equal  findings equal  explained  reference broke down"
    );
    for (kind, tally) in &tallies {
        let share = |part: usize| 100.0 * part as f64 / tally.inputs.max(1) as f64;
        println!(
            "{:<11} {:>6}  {:>12.2} %  {:>13.2} %  {:>9}  {:>20}",
            format!("{kind:?}").to_lowercase(),
            tally.inputs,
            share(tally.verdicts),
            share(tally.findings),
            tally.explained,
            tally.broken_down
        );
        passed &= share(tally.verdicts) >= arguments.verdict_at_least;
        passed &= share(tally.findings) >= arguments.findings_at_least;
    }
    let mut counted: BTreeMap<(Side, String), usize> = BTreeMap::new();
    for tally in tallies.values() {
        for (kind, count) in &tally.kinds {
            *counted.entry(kind.clone()).or_default() += count;
        }
    }
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for ((side, id), count) in counted {
        println!("{count:>6}  {side}  {id}");
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What instances are made of: every concrete resource of R4, and every resource profile of the packages.
fn profiles(ours: &Ours) -> Vec<String> {
    let mut found: Vec<String> = ours
        .definitions()
        .structures()
        .filter(|s| {
            s.is_resource
                && (!s.is_profile || !s.url.starts_with("http://hl7.org/fhir/StructureDefinition/"))
        })
        .filter(|s| !matches!(s.type_name, "Bundle" | "Parameters" | "Resource" | "DomainResource"))
        // Profiles of the packages come as often as all of R4 together.
        .flat_map(|s| std::iter::repeat_n(s.url.to_owned(), if s.is_profile { 10 } else { 1 }))
        .collect();
    found.sort();
    found
}

/// An input of a file.
fn given(mut line: Value) -> Input {
    let strings = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect()
    };
    let (profiles, definitions) = (strings(&line["profiles"]), strings(&line["definitions"]));
    let document = match line.get_mut("document") {
        Some(document) => document.take(),
        None => line,
    };
    let of = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let made = format!("{}/{}", of("resourceType"), of("id"));
    Input { document, profiles, definitions, made }
}

fn document(
    rng: &mut Rng,
    generator: &mut Generator<'_>,
    profiles: &[String],
) -> Option<(Value, String)> {
    let thrift = rng.u8(..11);
    match rng.u8(..12) {
        0 | 1 => {
            let bundle = bundle::bundle(rng, generator, profiles, thrift)?;
            return Some((Value::Object(bundle), "bundle".to_owned()));
        }
        2 => {
            let parameters = bundle::parameters(rng, generator, profiles, thrift)?;
            return Some((Value::Object(parameters), "parameters".to_owned()));
        }
        _ => {}
    }
    let profile = &profiles[rng.usize(..profiles.len())];
    let mut made = generator.resource(rng, profile, thrift)?;
    if rng.u8(..12) == 0 {
        bundle::contain(rng, generator, &mut made);
    }
    Some((Value::Object(made), profile.clone()))
}

fn input(
    kind: Kind,
    rng: &mut Rng,
    generator: &mut Generator<'_>,
    ours: &Ours,
    profiles: &[String],
    examples: &[(Value, String)],
    serial: &str,
) -> Option<Input> {
    match kind {
        Kind::Given | Kind::Instances | Kind::Spellings => {
            let (document, made) = document(rng, generator, profiles)?;
            Some(Input { document, profiles: Vec::new(), definitions: Vec::new(), made })
        }
        Kind::Mutations => {
            let (mut document, made) = if examples.is_empty() || rng.u8(..3) > 0 {
                document(rng, generator, profiles)?
            } else {
                examples[rng.usize(..examples.len())].clone()
            };
            let change = mutation::mutate(rng, &mut document)?;
            Some(Input {
                document,
                profiles: Vec::new(),
                definitions: Vec::new(),
                made: format!("{made}, {change}"),
            })
        }
        Kind::Profiles => {
            let generated = profile::generate(rng, ours.definitions(), serial)?;
            let definitions: Vec<String> =
                generated.definitions.iter().map(Value::to_string).collect();
            let own = ours.with(&definitions).ok()?;
            let made = profile::instance::instance(rng, own.definitions(), &generated.url)?;
            let Instance { document, profiles, changes } = made;
            let made = format!("{changes}\n   {}", definitions.join("\n   "));
            Some(Input { document, profiles, definitions, made })
        }
    }
}

fn compare(
    input: &Input,
    ours: &Ours,
    arguments: &Arguments,
    reference: &mut Reference,
    known: &mut Known,
    tally: &mut Tally,
    kind: Kind,
) -> Result<Option<Difference>> {
    let own =
        if input.definitions.is_empty() { None } else { Some(ours.with(&input.definitions)?) };
    let ours = own.as_ref().unwrap_or(ours);
    let text = input.document.to_string();
    let Some(theirs) = reference.validate(&text, &input.profiles, &input.definitions)? else {
        tally.broken_down += 1;
        return Ok(None);
    };
    let mine = ours.validate(&text, &input.profiles, 1);
    let explained_before = known.total();
    let difference = known.unexplained(&theirs, &mine);
    tally.inputs += 1;
    tally.verdicts += usize::from(!difference.verdict_differs);
    tally.findings += usize::from(difference.is_empty());
    tally.explained += known.total() - explained_before;
    if difference.is_empty() {
        return Ok(None);
    }
    for (kind, count) in difference.kinds() {
        *tally.kinds.entry(kind).or_default() += count;
    }
    // Each kind of difference is shown once: the first that nothing before it had.
    let mut wanted: Vec<_> =
        difference.kinds().into_keys().filter(|key| !tally.shown.contains(key)).collect();
    // Errors first: they decide the verdict.
    wanted.sort_by_key(|(_, id)| !id.starts_with("error"));
    if wanted.is_empty() || tally.shown.len() >= arguments.details {
        return Ok(Some(difference));
    }
    let wanted = [wanted[0].clone()];
    tally.shown.extend(wanted.iter().cloned());
    let smallest = shrink::shrink(&input.document, 150, |trial| {
        let text = trial.to_string();
        let Ok(Some(theirs)) = reference.validate(&text, &input.profiles, &[]) else {
            return false;
        };
        let mine = ours.validate(&text, &input.profiles, 1);
        let found = known.unexplained(&theirs, &mine).kinds();
        found.keys().any(|key| wanted.contains(key))
    });
    let text = smallest.to_string();
    let theirs = reference.validate(&text, &input.profiles, &[])?.unwrap_or_default();
    let mine = ours.validate(&text, &input.profiles, 1);
    let verdict = if difference.verdict_differs { ", other verdict" } else { "" };
    println!("\n== {kind:?}{verdict}: {}", input.made);
    println!("   {text}");
    for (side, finding) in known.unexplained(&theirs, &mine).alone {
        println!("   {side}: {finding}");
    }
    Ok(Some(difference))
}

/// Equal spellings give equal findings, whatever the number of threads.
fn spellings(
    rng: &mut Rng,
    generator: &mut Generator<'_>,
    ours: &Ours,
    profiles: &[String],
    count: usize,
) -> bool {
    let mut wrong = 0;
    let mut done = 0;
    while done < count {
        let Some((mut document, made)) = document(rng, generator, profiles) else { continue };
        if rng.bool() {
            mutation::mutate(rng, &mut document);
        }
        done += 1;
        let expected = sorted(ours.validate(&document.to_string(), &[], 1));
        let text = spelling::respell(rng, &document);
        for (threads, found) in
            [(1, sorted(ours.validate(&text, &[], 1))), (3, sorted(ours.validate(&text, &[], 3)))]
        {
            if found != expected {
                wrong += 1;
                println!("\n== Spellings: {made}, {threads} threads\n   {document}\n   {text}");
                for finding in expected.iter().filter(|f| !found.contains(f)) {
                    println!("   only as first written: {finding:?}");
                }
                for finding in found.iter().filter(|f| !expected.contains(f)) {
                    println!("   only respelt: {finding:?}");
                }
            }
        }
    }
    println!("spellings: {done} documents, {wrong} with other findings");
    wrong == 0
}

/// Severity, id and location, sorted; texts may quote the spelling.
fn sorted(findings: Vec<Finding>) -> Vec<(String, String, String)> {
    let mut keys: Vec<_> = findings.into_iter().map(|f| (f.severity, f.id, f.location)).collect();
    keys.sort();
    keys
}
