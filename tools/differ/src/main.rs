//! Validates generated input with our validator and with the reference, and prints where they differ.
//!
//! `differ --seed N --count M --reference bench/reference --package X.tgz` makes M inputs of each kind:
//! instances of profiles, mutations of them, other spellings, random profiles, and the definitions of the
//! packages and of R4 as instances. Each difference is shrunk and printed with what both reported;
//! differences in `known.toml` are counted as explained. `--seeds 20` does so with twenty seeds from N on
//! and prints one table. Without `--reference` only what needs no oracle is tested: equal spellings give
//! equal findings, and one thread finds what several find.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring program prints its results"
)]

mod finding;
mod generate;
mod input;
mod known;
mod ours;
mod reference;
mod run;
mod shrink;
mod tally;

use std::{collections::BTreeMap, fs::File, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::{
    input::{Input, Sources},
    known::Known,
    ours::Ours,
    reference::Reference,
    run::Run,
    tally::{Agreement, Tally},
};

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// The definitions of the packages and of R4 as instances.
    Conformance,
    /// Every container with every form of a reference.
    Containers,
    /// Narratives: entities, elements, attributes, links.
    Narratives,
    /// Every form of a code under every strength of a binding.
    Codes,
    /// Texts that are JSON or nearly so.
    Texts,
    /// FHIRPath expressions by grammar; what differs is printed, and counted against a limit of its own.
    Expressions,
}

impl Kind {
    fn title(self) -> &'static str {
        match self {
            Self::Given => "of a file",
            Self::Instances => "instances",
            Self::Mutations => "one change",
            Self::Spellings => "other spellings",
            Self::Profiles => "random profiles",
            Self::Conformance => "definitions",
            Self::Containers => "references in containers",
            Self::Narratives => "narratives",
            Self::Codes => "codes and units",
            Self::Texts => "texts that are nearly JSON",
            Self::Expressions => "expressions",
        }
    }
}

#[derive(Parser)]
#[command(about = "Compares the validator with the reference on generated input")]
struct Arguments {
    /// Seed of the generator; printed, so that a run can be repeated.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds, from the first on.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Inputs of each kind and seed; kinds with a limited number of inputs give so many of them.
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
    /// `document`, `profiles`, `definitions` and the `name` that it is reported by.
    #[arg(long)]
    inputs: Option<PathBuf>,
    /// So many changed ones of each document of the file, by the seed: a change of the document, or of one line of
    /// its profile.
    #[arg(long, default_value_t = 0, requires = "inputs")]
    changes: usize,
    /// Kinds of differences that are shown with an example, for each kind of input.
    #[arg(long, default_value_t = 20)]
    details: usize,
    /// Prints how many findings each row of known.toml explains.
    #[arg(long)]
    rows: bool,
    /// Fails if the verdict agrees in fewer than so many per cent of the inputs.
    #[arg(long, default_value_t = 0.0)]
    verdict_at_least: f64,
    /// Fails if the findings agree in fewer than so many per cent of the inputs.
    #[arg(long, default_value_t = 0.0)]
    findings_at_least: f64,
    /// Fails if the items agree in fewer than so many per cent of the expressions that neither side fails on.
    #[arg(long, default_value_t = 0.0)]
    expressions_at_least: f64,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let seeds = arguments.seed..arguments.seed.saturating_add(arguments.seeds.max(1));
    println!("seeds {} to {}", seeds.start, seeds.end - 1);
    let ours = Ours::new(&arguments.package)?;
    let sources = Sources::new(&ours, &arguments.package)?;
    let kinds = match (&arguments.inputs, &*arguments.kinds) {
        (Some(_), _) => &[],
        (None, []) => Kind::value_variants(),
        (None, kinds) => kinds,
    };
    let mut passed = true;
    if kinds.contains(&Kind::Spellings) {
        for seed in seeds.clone() {
            passed &= run::spellings(seed, &ours, &sources, arguments.count);
        }
    }
    let Some(folder) = &arguments.reference else { return Ok(status(passed)) };
    let mut run = Run {
        reference: Reference::new(folder, &arguments.package, arguments.answers.as_deref())?,
        known: Known::read()?,
        report: arguments.report.as_deref().map(File::create).transpose()?,
        arguments: &arguments,
        ours: &ours,
        own: None,
    };
    let mut tallies: BTreeMap<Kind, Tally> = BTreeMap::new();
    if let Some(path) = &arguments.inputs {
        let inputs = Input::read(path)?;
        for seed in seeds.clone() {
            run.given(&inputs, seed, tallies.entry(Kind::Given).or_default())?;
        }
    }
    if kinds.contains(&Kind::Expressions) {
        let mut agreement = Agreement::default();
        for seed in seeds.clone() {
            run.expressions(seed, &mut agreement)?;
        }
        println!("{agreement}");
        passed &= agreement.per_cent() >= arguments.expressions_at_least;
    }
    let documents = |kind: &&Kind| !matches!(kind, Kind::Spellings | Kind::Expressions);
    for kind in kinds.iter().filter(documents) {
        for seed in seeds.clone() {
            run.generated(*kind, seed, &sources, tallies.entry(*kind).or_default())?;
        }
    }
    tally::print(&tallies);
    if arguments.rows {
        run.known.print_used();
    }
    for tally in tallies.values() {
        passed &= tally.verdicts_per_cent() >= arguments.verdict_at_least;
        passed &= tally.findings_per_cent() >= arguments.findings_at_least;
    }
    Ok(status(passed))
}

fn status(passed: bool) -> ExitCode {
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
