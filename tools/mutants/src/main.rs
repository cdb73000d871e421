//! Changes the code in one place at a time and runs the tests against it: a change that no test notices is a gap.
//!
//! cargo-mutants says what to change, but compiles the crate again for each change. Here all changes are compiled into
//! one copy of the workspace, each behind a switch in the environment, so that a change costs no more than the tests
//! that reach it. Which do is learnt by running each test once alone. What cannot be had beside the original
//! (constants, above all) is compiled alone with `--alone`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measuring program runs processes, reads the clock and prints its results"
)]

mod groups;
mod mutant;
mod record;
mod rewrite;
mod sample;
mod suite;
mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::{
    groups::{Group, Groups},
    mutant::Mutant,
    record::{Fate, Outcome, Record},
    suite::{Suite, Test, Verdict},
    tree::{Dropped, Tree},
};

#[derive(Parser)]
#[command(about = "Runs the tests against changes of the code, all compiled in at once")]
struct Arguments {
    /// Groups to try; all without.
    groups: Vec<String>,
    /// The workspace.
    #[arg(long, default_value = ".")]
    workspace: PathBuf,
    /// Groups and survivors with reasons.
    #[arg(long, default_value = "tools/mutants/groups.toml")]
    config: PathBuf,
    /// Where the copy, its builds and the outcomes are kept.
    #[arg(long, default_value = "target/mutants")]
    output: PathBuf,
    /// Lists the groups with the number of changes.
    #[arg(long)]
    list: bool,
    /// Prints the table of what has been run.
    #[arg(long)]
    summary: bool,
    /// Tries only what no test noticed the last time.
    #[arg(long)]
    missed: bool,
    /// Tries what has to be compiled alone, too.
    #[arg(long)]
    alone: bool,
    /// Tries no more than so many changes of a group, chosen by the seed.
    #[arg(long)]
    sample: Option<usize>,
    /// Chooses the sample: the same seed, the same changes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs the tests of these packages, too.
    #[arg(long, value_delimiter = ',')]
    tests_of: Vec<String>,
    /// The list that `cargo mutants --list --json` prints, instead of asking it.
    #[arg(long)]
    listed: Option<PathBuf>,
    /// Seconds that tests have beyond eight times what they took without a change.
    #[arg(long, default_value_t = 20)]
    grace: u64,
    /// Test processes at a time.
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let workspace = arguments.workspace.canonicalize().context("the workspace")?;
    let Groups { group: groups, survivor: survivors, optimised } =
        Groups::read(&workspace.join(&arguments.config))?;
    if let Some(name) =
        arguments.groups.iter().find(|name| groups.iter().all(|group| group.name != **name))
    {
        bail!("there is no group '{name}'");
    }
    let chosen: Vec<_> = groups
        .iter()
        .filter(|group| arguments.groups.is_empty() || arguments.groups.contains(&group.name))
        .cloned()
        .collect();
    let output = workspace.join(&arguments.output);
    let kept = output.join("outcomes.jsonl");
    let mut record = Record::read(&kept)?;
    if !arguments.summary {
        let files: Vec<_> = chosen.iter().flat_map(Group::globs).collect();
        let mutants = match &arguments.listed {
            Some(path) => {
                mutant::read(&fs::read(path).with_context(|| path.display().to_string())?)?
            }
            None => mutant::list(&workspace, &files)?,
        };
        if arguments.list {
            for group in &chosen {
                println!(
                    "{:10} {}",
                    group.name,
                    mutants.iter().filter(|mutant| group.has(&mutant.file)).count()
                );
            }
            return Ok(ExitCode::SUCCESS);
        }
        record.retain(|outcome| {
            !chosen.iter().any(|group| group.has(&outcome.file))
                || mutants
                    .iter()
                    .any(|mutant| mutant.file == outcome.file && mutant.label == outcome.label)
        });
        let mutants = match arguments.sample {
            Some(size) => sampled(mutants, &chosen, size, arguments.seed, &mut record),
            None => mutants,
        };
        fs::create_dir_all(&output)?;
        let record = Mutex::new(&mut record);
        run(&arguments, &optimised, &workspace, &chosen, &mutants, &record)?;
    }
    record.write(&kept)?;
    let (table, unexplained) = record.table(&chosen, &survivors);
    print!("{table}");
    Ok(if unexplained == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Leaves a sample of each group, and notes the others as not run unless they have been.
fn sampled(
    mutants: Vec<Mutant>,
    groups: &[Group],
    size: usize,
    seed: u64,
    record: &mut Record,
) -> Vec<Mutant> {
    let mut kept = BTreeSet::new();
    for group in groups {
        let of_group: Vec<u32> = mutants
            .iter()
            .filter(|mutant| group.has(&mutant.file))
            .map(|mutant| mutant.number)
            .collect();
        let sample = sample::choose(&of_group, size, seed);
        eprintln!("{}: {} of {}, seed {seed}", group.name, sample.len(), of_group.len());
        kept.extend(sample);
    }
    for mutant in mutants.iter().filter(|mutant| !kept.contains(&mutant.number)) {
        if record.get(&mutant.file, &mutant.label).is_none() {
            record.put(outcome(mutant, record::NOT_SAMPLED.to_owned()));
        }
    }
    mutants.into_iter().filter(|mutant| kept.contains(&mutant.number)).collect()
}

/// Compiles the changes in, learns which tests reach which, and tries each change.
fn run(
    arguments: &Arguments,
    optimised: &[String],
    workspace: &Path,
    groups: &[Group],
    mutants: &[Mutant],
    record: &Mutex<&mut Record>,
) -> Result<()> {
    let started = Instant::now();
    let output = &workspace.join(&arguments.output);
    let packages: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.package.as_str()).collect();
    let with_tests =
        packages.iter().copied().chain(arguments.tests_of.iter().map(String::as_str)).collect();
    eprintln!("{} changes of {} packages", mutants.len(), packages.len());
    let mut tree = Tree::new(workspace, output, optimised, mutants)?;
    tree.settle(&packages)?;
    eprintln!(
        "{:4} s: compiled in: {} of {}",
        started.elapsed().as_secs(),
        mutants.len() - tree.dropped.len(),
        mutants.len()
    );
    let executables = tree.executables(&with_tests)?;
    eprintln!("{:4} s: {} test executables", started.elapsed().as_secs(), executables.len());
    let suite = Suite {
        scratch: output.join("scratch"),
        workers: arguments.workers,
        grace: Duration::from_secs(arguments.grace),
    };
    fs::create_dir_all(&suite.scratch)?;
    let (tests, useless) = suite.trace(&executables)?;
    eprintln!("{:4} s: {} tests traced", started.elapsed().as_secs(), tests.len());
    for name in useless {
        eprintln!("      fails or takes too long without any change, is left out: {name}");
    }

    let due = |mutant: &&&Mutant| {
        let record = record.lock().expect("no worker panics while it holds the lock");
        !arguments.missed
            || record
                .get(&mutant.file, &mutant.label)
                .is_none_or(|o| o.fate == Fate::Missed || o.fate == Fate::NotRun)
    };
    for group in groups {
        let of_group: Vec<&Mutant> =
            mutants.iter().filter(|mutant| group.has(&mutant.file)).collect();
        let of_group: Vec<&Mutant> = of_group.iter().filter(due).copied().collect();
        let (switched, alone): (Vec<&Mutant>, Vec<&Mutant>) =
            of_group.iter().copied().partition(|mutant| !tree.dropped.contains_key(&mutant.number));
        let (tried, missed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let of_group_started = Instant::now();
        suite.all(&switched, |worker, mutant| {
            let reaching: Vec<&Test> =
                tests.iter().filter(|test| test.reaches.contains(&mutant.number)).collect();
            let verdict = suite.try_change(worker, Some(mutant.number), &reaching)?;
            missed.fetch_add(usize::from(verdict == Verdict::Passed), Relaxed);
            let n = tried.fetch_add(1, Relaxed) + 1;
            if n % 50 == 0 {
                eprintln!(
                    "{:4} s: {}: {n} of {}, {} missed",
                    started.elapsed().as_secs(),
                    group.name,
                    switched.len(),
                    missed.load(Relaxed)
                );
            }
            put(record, mutant, verdict, reaching.len());
            Ok(())
        })?;
        eprintln!(
            "{:4} s: {}: {} changes in {} s, {} missed",
            started.elapsed().as_secs(),
            group.name,
            switched.len(),
            of_group_started.elapsed().as_secs(),
            missed.load(Relaxed)
        );
        for mutant in alone {
            match tree.dropped[&mutant.number] {
                Dropped::DoesNotCompile => {
                    let outcome =
                        Outcome { fate: Fate::DoesNotCompile, ..outcome(mutant, String::new()) };
                    record.lock().expect("no worker panics while it holds the lock").put(outcome);
                }
                Dropped::NotSwitched if arguments.alone => {
                    eprintln!(
                        "{:4} s: alone: {}: {}",
                        started.elapsed().as_secs(),
                        mutant.file,
                        mutant.label
                    );
                    try_alone(&mut tree, &suite, mutant, &tests, record)?;
                }
                Dropped::NotSwitched => {
                    let outcome = outcome(mutant, "no switch for it".to_owned());
                    record.lock().expect("no worker panics while it holds the lock").put(outcome);
                }
            }
        }
        record
            .lock()
            .expect("no worker panics while it holds the lock")
            .write(&output.join("outcomes.jsonl"))?;
    }
    Ok(())
}

fn outcome(mutant: &Mutant, detail: String) -> Outcome {
    Outcome {
        file: mutant.file.clone(),
        label: mutant.label.clone(),
        line: mutant.line,
        fate: Fate::NotRun,
        detail,
    }
}

fn put(record: &Mutex<&mut Record>, mutant: &Mutant, verdict: Verdict, tests: usize) {
    let (fate, detail) = match verdict {
        Verdict::Caught(test) => (Fate::Caught, test),
        Verdict::TimedOut => (Fate::TimedOut, String::new()),
        Verdict::Passed if tests == 0 => (Fate::Missed, "no test reaches it".to_owned()),
        Verdict::Passed => (Fate::Missed, format!("{tests} tests pass")),
    };
    let outcome = Outcome { fate, ..outcome(mutant, detail) };
    record.lock().expect("no worker panics while it holds the lock").put(outcome);
}

/// Compiles one change in its file's text, and runs the package's tests.
fn try_alone(
    tree: &mut Tree,
    suite: &Suite,
    mutant: &Mutant,
    tests: &[Test],
    record: &Mutex<&mut Record>,
) -> Result<()> {
    tree.change_text(mutant)?;
    match tree.executables_as_is(&mutant.package)? {
        Some(executables) => {
            let paths: BTreeMap<_, _> =
                executables.iter().map(|executable| (&executable.name, executable)).collect();
            let own: Vec<Test> = tests
                .iter()
                .filter_map(|test| {
                    Some(Test {
                        executable: (*paths.get(&test.executable.name)?).clone(),
                        ..test.clone()
                    })
                })
                .collect();
            let verdict = suite.try_change(0, None, &own.iter().collect::<Vec<_>>())?;
            put(record, mutant, verdict, own.len());
        }
        None => {
            let outcome = Outcome { fate: Fate::DoesNotCompile, ..outcome(mutant, String::new()) };
            record.lock().expect("no worker panics while it holds the lock").put(outcome);
        }
    }
    tree.restore(mutant)
}
