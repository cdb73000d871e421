//! The proof: every resource is stored once, whatever is killed, cut or filled. Faults are counted, and so is what
//! was acknowledged, stored, lost and stored twice; a seed repeats what was decided.

mod history;
mod journal;
mod log;
mod model;
mod oracle;
mod plan;
mod proxy;
mod rng;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

use history::{Outcome, play};
use log::Log;
use plan::History;
use world::Site;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Histories with real processes, until so many or for so long
    Processes {
        /// The program
        #[arg(long)]
        lmr: PathBuf,
        /// Seed of the first history; the next ones follow
        #[arg(long)]
        seed: u64,
        #[arg(long, default_value_t = u64::MAX)]
        histories: u64,
        #[arg(long, default_value_t = u64::MAX)]
        minutes: u64,
        /// Where to work; best in memory
        #[arg(long, default_value = "/dev/shm/lmr-proof")]
        folder: PathBuf,
        /// A line for each history is appended here
        #[arg(long)]
        log: Option<PathBuf>,
    },
    /// One history again, by its seed or from a file
    Replay {
        #[arg(long)]
        lmr: PathBuf,
        #[arg(long)]
        seed: Option<u64>,
        #[arg(long)]
        history: Option<PathBuf>,
        /// How often: processes do not run the same way each time
        #[arg(long, default_value_t = 1)]
        times: u64,
        /// Leave parts out as long as it fails
        #[arg(long)]
        shrink: bool,
        #[arg(long, default_value = "/dev/shm/lmr-proof-replay")]
        folder: PathBuf,
    },
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Processes { lmr, seed, histories, minutes, folder, log } => {
            processes(&lmr, seed, histories, minutes, &folder, log)
        }
        Command::Replay { lmr, seed, history, times, shrink, folder } => {
            let history = match (seed, history) {
                (_, Some(path)) => serde_json::from_slice(&std::fs::read(path)?)?,
                (Some(seed), None) => History::of(seed),
                (None, None) => anyhow::bail!("--seed or --history"),
            };
            replay(&lmr, history, times, shrink, &folder)
        }
    }
}

fn processes(
    lmr: &std::path::Path,
    first: u64,
    histories: u64,
    minutes: u64,
    folder: &std::path::Path,
    log: Option<PathBuf>,
) -> Result<ExitCode> {
    let lmr = lmr.canonicalize().context("--lmr")?;
    let began = Instant::now();
    let until = began.checked_add(Duration::from_secs(minutes.saturating_mul(60).min(1 << 30)));
    let mut log = Log::open(log)?;
    let mut site = Site::make(&lmr, &folder.join(std::process::id().to_string()))?;
    for seed in first..first.saturating_add(histories) {
        if until.is_some_and(|until| Instant::now() > until) {
            break;
        }
        let history = History::of(seed);
        let began = Instant::now();
        match play(&mut site, &history, false) {
            Ok(mut outcome) => {
                outcome.seconds = began.elapsed().as_secs();
                log.add(seed, &outcome)?;
            }
            Err(error) => {
                log.instrument(seed, &error)?;
                drop(site);
                site = Site::make(&lmr, &folder.join(format!("{}-{seed}", std::process::id())))?;
            }
        }
    }
    println!("{}", log.summary());
    let failed = log.failed();
    let used = site.folder.clone();
    drop(site);
    if !failed {
        let _ = std::fs::remove_dir_all(used);
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn replay(
    lmr: &std::path::Path,
    history: History,
    times: u64,
    shrink: bool,
    folder: &std::path::Path,
) -> Result<ExitCode> {
    let lmr = lmr.canonicalize().context("--lmr")?;
    let mut site = Site::make(&lmr, &folder.join(std::process::id().to_string()))?;
    let mut fails = |history: &History| -> Option<Outcome> {
        (0..times).find_map(|_| match play(&mut site, history, true) {
            Ok(outcome) => (!outcome.violations.is_empty()).then_some(outcome),
            Err(error) => {
                eprintln!("{error:#}");
                None
            }
        })
    };
    let Some(mut outcome) = fails(&history) else {
        println!("holds");
        return Ok(ExitCode::SUCCESS);
    };
    let mut smallest = history;
    while shrink {
        let smaller = smallest
            .smaller()
            .into_iter()
            .find_map(|less| fails(&less).map(|outcome| (less, outcome)));
        let Some((less, worse)) = smaller else { break };
        (smallest, outcome) = (less, worse);
        eprintln!("smaller: {}", serde_json::to_string(&smallest)?);
    }
    println!("{}", serde_json::to_string_pretty(&smallest)?);
    println!("{}", serde_json::to_string_pretty(&outcome)?);
    Ok(ExitCode::FAILURE)
}
