//! How many rows of a table a second are made into resources, on one core.
//!
//! ```sh
//! cargo run --release -p lmr-sender --example map_table -- 1000000
//! ```
//!
//! The table is the municipal CSV with one person for fifty rows. Reading, decoding, mapping, the encrypted scratch
//! file and the parsing of every resource count.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example reads the clock itself and prints what it measured"
)]

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use lmr_identifiers::synthetic::{Series, identity_number};
use lmr_sender::HashKey;
use lmr_sender::source::{Mapping, Scope, Source as _, TableRows, TableSource, ready_mappings};
use zeroize::Zeroizing;

/// The one of the packages, which are built with musl.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: u32 = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.csv");
    let ready =
        ready_mappings().iter().find(|ready| ready.name == "municipal").ok_or("municipal")?;
    let mut mapping = Mapping::parse(ready.text, Path::new("."))?;
    for (name, value) in [
        ("administration_system", "urn:oid:2.999.578.1"),
        ("municipality_organisation", "310000027"),
        ("municipality_name", "Liksom kommune"),
    ] {
        mapping.set_constant(name, value)?;
    }
    write_table(&path, mapping.columns(), rows)?;
    let key = HashKey::new(&Zeroizing::new([7; 32]));
    let source = TableSource::new(TableRows::Csv(path.clone()), mapping, key);
    let (start, processor) = (Instant::now(), processor_seconds());
    let (mut resources, mut bytes) = (0_u64, 0_u64);
    let scanned = source.scan(Scope::All, &mut |found| {
        resources += 1;
        bytes += found.node.raw().len() as u64;
        Ok(())
    })?;
    let seconds = start.elapsed().as_secs_f64();
    assert!(scanned.issues.is_empty(), "{:?}", scanned.issues.first());
    let used = processor_seconds() - processor;
    println!(
        "{rows} rows, {resources} resources, {} MB: {seconds:.1} s by the clock, {used:.1} s of processor time, {:.0} \
         rows a second of processor time",
        bytes >> 20,
        f64::from(rows) / used
    );
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
        println!("{peak}");
    }
    Ok(())
}

/// Processor time of this process until now, in Linux's ticks of a hundredth of a second; 0 elsewhere.
fn processor_seconds() -> f64 {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return 0.0 };
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn write_table(
    path: &Path,
    columns: &[String],
    rows: u32,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "{}", columns.join(";"))?;
    let day = jiff::civil::date(1950, 1, 1);
    for row in 0..rows {
        let person = row / 50;
        let born = day.checked_add(jiff::Span::new().days(i64::from(person % 20_000)))?;
        let (number, _) = identity_number(
            born.year().unsigned_abs(),
            born.month().unsigned_abs(),
            born.day().unsigned_abs(),
            Series::Tenor,
            false,
            u16::try_from(person / 20_000)? * 7,
        );
        let number = number.as_str();
        let medicine = row % 300;
        writeln!(
            file,
            "A{row:08};{born};{number};EXAMPLE;Liksom sykehjem;ID_C31AF94A-5D5A-4C91-9B99-BB221E{medicine:06};\
             Liksomin {medicine} tab 500 mg;1,5;mg;Gitt;Nei;2026-01-{:02} {:02}:{:02}:{:02};\
             ID_C31AF94A-5D5A-4C91-9B99-BB221E{medicine:06};Liksomin {medicine} tab 500 mg;2026-02-01 07:06:00",
            1 + row % 28,
            row % 24,
            row % 60,
            row % 59,
        )?;
    }
    file.flush()?;
    Ok(())
}
