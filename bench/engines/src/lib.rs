//! What every driver does: read the plan that `bench/compare` wrote, validate each file, then validate the
//! speed files over and over. One JSON object on standard output.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

pub type AnyError = Box<dyn std::error::Error>;

/// `plan.json`.
#[derive(Deserialize)]
pub struct Plan {
    /// Folder with the R4 core, one definition a file.
    pub core: PathBuf,
    /// Folder with the definitions of all packages, one a file.
    pub packages: PathBuf,
    /// Files to validate.
    pub cases: Vec<PathBuf>,
    /// Files to measure with.
    pub speed: Vec<PathBuf>,
    /// How long to measure, per way and for all speed files together.
    pub seconds: f64,
}

#[derive(Serialize)]
struct Report {
    engine: String,
    load_seconds: f64,
    cases: Vec<Case>,
    speed: Vec<Speed>,
    resident_bytes: u64,
}

#[derive(Serialize)]
struct Case {
    file: PathBuf,
    /// Errors when the file is handed over as it is.
    whole: Vec<String>,
    /// Errors when each entry of a bundle is handed over as well.
    entries: Vec<String>,
}

#[derive(Serialize)]
struct Speed {
    way: &'static str,
    files_per_second: f64,
    bytes_per_second: f64,
}

/// Validates one resource; gives its errors, or says why it cannot.
pub trait Engine {
    fn errors(&self, resource: &serde_json::Value) -> Vec<String>;
}

pub fn run<E: Engine>(
    name: &str,
    load: impl FnOnce(&Plan) -> Result<E, AnyError>,
) -> Result<(), AnyError> {
    let path = std::env::args_os().nth(1).ok_or("which plan?")?;
    let plan: Plan = serde_json::from_slice(&std::fs::read(path)?)?;
    let begin = Instant::now();
    let engine = load(&plan)?;
    let load_seconds = begin.elapsed().as_secs_f64();

    let mut cases = Vec::new();
    for file in &plan.cases {
        let text = std::fs::read(file)?;
        let (whole, entries) = match serde_json::from_slice::<serde_json::Value>(&text) {
            Ok(resource) => (engine.errors(&resource), of_entries(&engine, &resource)),
            Err(error) => (vec![error.to_string()], vec![]),
        };
        cases.push(Case { file: file.clone(), whole, entries });
    }

    let texts: Vec<Vec<u8>> = plan.speed.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    let limit = Duration::from_secs_f64(plan.seconds);
    let whole = measure(&texts, limit, "whole", |resource| drop(engine.errors(resource)));
    let entries = measure(&texts, limit, "with entries", |resource| {
        drop(engine.errors(resource));
        drop(of_entries(&engine, resource));
    });
    let report = Report {
        engine: name.to_owned(),
        load_seconds,
        cases,
        speed: vec![whole, entries],
        resident_bytes: resident_bytes(),
    };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn of_entries<E: Engine>(engine: &E, resource: &serde_json::Value) -> Vec<String> {
    let entries = resource.get("entry").and_then(serde_json::Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("resource"))
        .flat_map(|r| engine.errors(r))
        .collect()
}

fn measure(
    texts: &[Vec<u8>],
    limit: Duration,
    way: &'static str,
    mut validate: impl FnMut(&serde_json::Value),
) -> Speed {
    let mut once = || {
        for text in texts {
            if let Ok(resource) = serde_json::from_slice(text) {
                validate(&resource);
            }
        }
    };
    once();
    let (begin, busy) = (Instant::now(), processor_seconds());
    let mut rounds = 0_u32;
    while begin.elapsed() < limit || rounds == 0 {
        once();
        rounds += 1;
    }
    // Time on the processor: what else the machine does must not count.
    let seconds = (processor_seconds() - busy) / f64::from(rounds);
    let bytes: usize = texts.iter().map(Vec::len).sum();
    Speed {
        way,
        files_per_second: texts.len() as f64 / seconds,
        bytes_per_second: bytes as f64 / seconds,
    }
}

/// Definitions in a folder.
pub fn definitions(folder: &Path) -> Result<Vec<serde_json::Value>, AnyError> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<Result<_, AnyError>>()?;
    files.sort();
    files
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "json"))
        .map(|f| Ok(serde_json::from_slice(&std::fs::read(f)?)?))
        .collect()
}

fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) * 1024
}
