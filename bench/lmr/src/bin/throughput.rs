//! One measurement per call, so that each has a process to itself; `bench/throughput` calls them all.
//!
//!     throughput rate BUNDLE SECONDS        bundles a second, parse included, on this core, and how many
//!                                           times the reading of the JSON alone that is
//!     throughput register BUNDLE SECONDS    the same with the register's rules
//!     throughput large BUNDLE ENTRIES T     one bundle of so many entries, T threads (0 = all cores)
//!     throughput rounds BUNDLE N            N rounds and nothing else, for instruction counts
//!     throughput register-rounds BUNDLE N   the same with the register's rules
//!
//! The bundle's rule set follows from its type. One JSON object on standard output.

use std::time::{Duration, Instant};

use lmr_bench::{Counting, AnyError, allocations, processor_seconds, resident_bytes};
use lmr_fhir::{Bundle, Document, ParseOptions};
use lmr_lmdi::{CheckOptions, RuleSet, RuleSetId};
use lmr_validator::definitions::Definitions;
use lmr_validator::{Issue, Options, Validator};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, bundle, rest @ ..] = &*arguments else {
        return Err("see the head of this file".into());
    };
    let text = std::fs::read(bundle)?;
    let number = |at: usize| -> Result<f64, AnyError> {
        Ok(rest.get(at).ok_or("a number is missing")?.parse()?)
    };
    let report = match what.as_str() {
        "rate" => {
            let (validator, options) = validator(&text)?;
            rate(&text, number(0)?, |document| validator.validate(document, &options))?
        }
        "register" => {
            let set = RuleSet::get(rule_set(&text)?)?;
            let options = CheckOptions::at("2026-01-01T00:00:00Z".parse()?);
            rate(&text, number(0)?, |document| set.check_resource(document, &options))?
        }
        "large" => large(&text, number(0)? as usize, number(1)? as usize)?,
        "rounds" => {
            let (validator, options) = validator(&text)?;
            for _ in 0..number(0)? as u64 {
                let document = Document::parse_bytes(&text, &ParseOptions::strict())?;
                std::hint::black_box(validator.validate(&document, &options));
            }
            serde_json::json!({})
        }
        "register-rounds" => {
            let set = RuleSet::get(rule_set(&text)?)?;
            let options = CheckOptions::at("2026-01-01T00:00:00Z".parse()?);
            for _ in 0..number(0)? as u64 {
                let document = Document::parse_bytes(&text, &ParseOptions::strict())?;
                std::hint::black_box(set.check_resource(&document, &options));
            }
            serde_json::json!({})
        }
        _ => return Err("see the head of this file".into()),
    };
    println!("{report}");
    Ok(())
}

fn rule_set(text: &[u8]) -> Result<RuleSetId, AnyError> {
    let document = Document::parse_bytes(text, &ParseOptions::strict())?;
    let kind = Bundle::of(&document).and_then(Bundle::kind).unwrap_or_default();
    Ok(RuleSetId::for_bundle_type(&kind).ok_or("a batch or a transaction")?)
}

fn validator(text: &[u8]) -> Result<(Validator, Options), AnyError> {
    let definitions = Definitions::builder().package(rule_set(text)?.package()?).build();
    let options = Options { threads: 1, ..Options::default() };
    Ok((Validator::builder().definitions(definitions).build(), options))
}

fn rate<T>(
    text: &[u8],
    seconds: f64,
    validate: impl Fn(&Document<'_>) -> Vec<T>,
) -> Result<serde_json::Value, AnyError> {
    let once = || -> Result<usize, AnyError> {
        Ok(validate(&Document::parse_bytes(text, &ParseOptions::strict())?).len())
    };
    let begin = Instant::now();
    once()?;
    let first = begin.elapsed();
    let (_, counted) = allocations(once);
    let limit = Duration::from_secs_f64(seconds);
    // In ten slices, each with reading alone beside it, so that both meet the machine at the same speed.
    let mut whole = Timed::default();
    let (mut reading, mut by_serde) = (Timed::default(), Timed::default());
    let begin = Instant::now();
    while begin.elapsed() < limit {
        whole.slice(limit / 12, || once().map(drop))?;
        reading.slice(limit / 120, || {
            drop(std::hint::black_box(Document::parse_bytes(text, &ParseOptions::strict())?));
            Ok(())
        })?;
        by_serde.slice(limit / 120, || {
            drop(std::hint::black_box(serde_json::from_slice::<serde_json::Value>(text)?));
            Ok(())
        })?;
    }
    Ok(serde_json::json!({
        "bytes": text.len(),
        "per_second": 1.0 / whole.mean(),
        "per_second_best": 1.0 / whole.best,
        "per_second_wall": whole.rounds as f64 / whole.wall,
        "reading_microseconds": reading.mean() * 1e6,
        "times_reading": whole.mean() / reading.mean(),
        "times_reading_best": whole.best / reading.best,
        "reading_by_serde_json_microseconds": by_serde.mean() * 1e6,
        "times_reading_by_serde_json": whole.mean() / by_serde.mean(),
        "first_seconds": first.as_secs_f64(),
        "allocations": counted,
        "findings": once()?,
        "resident_bytes": resident_bytes(),
    }))
}

/// What rounds of one kind took.
struct Timed {
    rounds: u64,
    /// Seconds of processor time, and by the clock.
    busy: f64,
    wall: f64,
    /// A round of the best slice: caches shared with other work only ever take time away.
    best: f64,
}

impl Default for Timed {
    fn default() -> Self {
        Self { rounds: 0, busy: 0.0, wall: 0.0, best: f64::MAX }
    }
}

impl Timed {
    fn slice(
        &mut self,
        limit: Duration,
        mut round: impl FnMut() -> Result<(), AnyError>,
    ) -> Result<(), AnyError> {
        let (mut done, begin, before) = (0_u64, Instant::now(), processor_seconds());
        while begin.elapsed() < limit || done == 0 {
            round()?;
            done += 1;
        }
        let used = processor_seconds() - before;
        self.best = self.best.min(used / done as f64);
        self.busy += used;
        self.wall += begin.elapsed().as_secs_f64();
        self.rounds += done;
        Ok(())
    }

    fn mean(&self) -> f64 {
        self.busy / self.rounds as f64
    }
}

fn large(text: &[u8], entries: usize, threads: usize) -> Result<serde_json::Value, AnyError> {
    let text_small = std::str::from_utf8(text)?;
    let large = enlarged(text_small, entries)?;
    let (validator, mut options) = validator(text)?;
    options.threads = threads;
    // Profiles are compiled before anything is counted.
    validator.validate(&Document::parse(text_small, &ParseOptions::strict())?, &options);
    let once = || -> Result<Vec<Issue>, AnyError> {
        let document = Document::parse(&*large, &ParseOptions::strict())?;
        Ok(validator.validate(&document, &options))
    };
    let (begin, busy) = (Instant::now(), processor_seconds());
    let issues = once()?;
    let wall = begin.elapsed().as_secs_f64();
    // With several threads, this thread's time says nothing.
    let seconds = if threads == 1 { processor_seconds() - busy } else { wall };
    let (_, counted) = allocations(once);
    Ok(serde_json::json!({
        "entries": entries,
        "threads": threads,
        "bytes": large.len(),
        "seconds": seconds,
        "wall_seconds": wall,
        "microseconds_per_entry": seconds * 1e6 / entries as f64,
        "errors": issues.iter().filter(|i| i.severity.is_error()).count(),
        "issues": issues.len(),
        "peak_bytes_per_byte": counted.peak_above_start as f64 / large.len() as f64,
        "allocations_per_entry": counted.calls as f64 / entries as f64,
        "resident_bytes": resident_bytes(),
    }))
}

/// The bundle's entries over and over, each copy with its own ids and `urn:uuid`s.
fn enlarged(text: &str, entries: usize) -> Result<String, AnyError> {
    let document = Document::parse(text, &ParseOptions::strict())?;
    let array = document.root().member("entry").ok_or("a bundle with entries")?;
    let raw: Vec<&str> = array.members().map(|entry| entry.raw()).collect();
    let span = array.span();
    let mut out = String::with_capacity(text.len() / raw.len().max(1) * (entries + 8));
    out.push_str(&text[..span.start]);
    out.push('[');
    for index in 0..entries {
        if index > 0 {
            out.push(',');
        }
        let copy = index / raw.len();
        let entry = raw[index % raw.len()];
        // The last group of a UUID distinguishes the copies.
        let mut rest = entry;
        while let Some(at) = rest.find("urn:uuid:") {
            let end = at + "urn:uuid:".len() + 24;
            out.push_str(rest.get(..end).ok_or("a whole UUID")?);
            let tail = rest.get(end + 8..end + 12).ok_or("a whole UUID")?;
            out.push_str(&format!("{copy:08x}{tail}"));
            rest = &rest[end + 12..];
        }
        out.push_str(rest);
    }
    out.push(']');
    out.push_str(&text[span.end..]);
    Ok(out.replacen("\"id\":\"", "\"id\":\"stor-", 1))
}
