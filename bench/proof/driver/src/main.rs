//! The proof: every resource is stored once, whatever is killed, cut or filled. Faults are counted, and so is what
//! was acknowledged, stored, lost and stored twice; a seed repeats what was decided.

mod actions;
mod audit;
mod configuration;
mod daemon;
mod disk;
mod ending;
mod faults;
mod fhir_server;
mod history;
mod journal;
mod log;
mod model;
mod oracle;
mod plan;
mod postgres;
mod proxy;
mod report;
mod rng;
mod round;
mod simulation;
mod source;
mod table;
mod wire;
mod world;
mod xml;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

use history::{Outcome, play};
use log::Log;
use plan::History;
use postgres::Postgres;
use simulation::{Player, Scene, Stage};
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
        /// The register's database is PostgreSQL: the folder with initdb and pg_ctl
        #[arg(long)]
        postgres: Option<PathBuf>,
        /// A line for each history is appended here
        #[arg(long)]
        log: Option<PathBuf>,
    },
    /// What is flushed before what leaves, in one transfer of real processes
    Audit {
        #[arg(long)]
        lmr: PathBuf,
        #[arg(long, default_value = "/dev/shm/lmr-proof-audit")]
        folder: PathBuf,
    },
    /// Writes docs/proof.md from the logs beside this program
    Report,
    /// Scenes in this process, on a simulated network, clock and disk
    Simulate {
        #[arg(long)]
        seed: u64,
        #[arg(long, default_value_t = u64::MAX)]
        scenes: u64,
        #[arg(long, default_value_t = u64::MAX)]
        minutes: u64,
        #[arg(long, default_value_t = 1)]
        threads: usize,
        #[arg(long, default_value = "/dev/shm/lmr-proof-simulation")]
        folder: PathBuf,
        /// A line for each thousand scenes, and for each that fails, is appended here
        #[arg(long)]
        log: Option<PathBuf>,
        /// Leave parts out of the first scene as long as it fails
        #[arg(long)]
        shrink: bool,
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
        Command::Processes { lmr, seed, histories, minutes, folder, postgres, log } => {
            processes(&lmr, seed, histories, minutes, &folder, postgres.as_deref(), log)
        }
        Command::Audit { lmr, folder } => {
            let lmr = lmr.canonicalize().context("--lmr")?;
            audit::run(&lmr, &folder.join(std::process::id().to_string()))
        }
        Command::Report => report::write().map(|()| ExitCode::SUCCESS),
        Command::Simulate { seed, scenes, minutes, threads, folder, log, shrink } => {
            let folder = folder.join(std::process::id().to_string());
            let until = Instant::now()
                .checked_add(Duration::from_secs(minutes.saturating_mul(60).min(1 << 30)));
            let done = if shrink {
                shrink_scene(seed, &folder)
            } else {
                simulate(seed..seed.saturating_add(scenes), until, threads, &folder, log)
            };
            let _ = std::fs::remove_dir_all(folder);
            done
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
    postgres: Option<&std::path::Path>,
    log: Option<PathBuf>,
) -> Result<ExitCode> {
    let lmr = lmr.canonicalize().context("--lmr")?;
    let began = Instant::now();
    let until = began.checked_add(Duration::from_secs(minutes.saturating_mul(60).min(1 << 30)));
    let mut log = Log::open(log)?;
    let make = |name: String| -> Result<Site> {
        let mut site = Site::make(&lmr, &folder.join(&name))?;
        // Beside it: its user must be able to reach it.
        let data = std::env::temp_dir().join(format!("lmr-proof-postgres-{name}"));
        site.postgres = postgres.map(|bin| Postgres::start(bin, &data)).transpose()?;
        Ok(site)
    };
    let mut site = make(std::process::id().to_string())?;
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
                site = make(format!("{}-{seed}", std::process::id()))?;
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

fn simulate(
    seeds: std::ops::Range<u64>,
    until: Option<Instant>,
    threads: usize,
    folder: &std::path::Path,
    log: Option<PathBuf>,
) -> Result<ExitCode> {
    let stage = Arc::new(Stage::build()?);
    let next = AtomicU64::new(seeds.start);
    let log = Mutex::new(Log::open(log)?.summing());
    let play = |number: usize| -> Result<()> {
        let player = Player::new(Arc::clone(&stage), folder, number)?;
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end || until.is_some_and(|until| Instant::now() > until) {
                return Ok(());
            }
            let done = player.play(&Scene::of(seed));
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            match done {
                Ok(outcome) => log.add(seed, &outcome)?,
                Err(error) => log.instrument(seed, &error)?,
            }
        }
    };
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|number| {
                let play = &play;
                let core = cores.get(number % cores.len().max(1)).copied();
                scope.spawn(move || {
                    // A scene and the threads of its databases take turns: on one core they need not wake another.
                    core.map(core_affinity::set_for_current);
                    play(number)
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| anyhow::bail!("a thread panicked"))
        })
    })?;
    let mut log = log.into_inner().unwrap_or_else(PoisonError::into_inner);
    log.write_sums()?;
    println!("{}", log.summary());
    Ok(if log.failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn shrink_scene(seed: u64, folder: &std::path::Path) -> Result<ExitCode> {
    let player = Player::new(Arc::new(Stage::build()?), folder, 0)?;
    let fails =
        |scene: &Scene| player.play(scene).ok().filter(|outcome| !outcome.violations.is_empty());
    let mut smallest = Scene::of(seed);
    let Some(mut outcome) = fails(&smallest) else {
        println!("holds");
        return Ok(ExitCode::SUCCESS);
    };
    while let Some((less, worse)) =
        smallest.smaller().into_iter().find_map(|less| fails(&less).map(|outcome| (less, outcome)))
    {
        (smallest, outcome) = (less, worse);
    }
    println!("{}", serde_json::to_string_pretty(&smallest)?);
    println!("{}", serde_json::to_string_pretty(&outcome)?);
    Ok(ExitCode::FAILURE)
}
