//! `--statistics`: what cost time, as a table or as JSON.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lmr_fhir::Bilingual;
use lmr_validator::statistics::{Row, Statistics};
use serde_json::{Value, json};

use crate::clock;
use crate::output::{self, Language};

/// Rows of a table for people; JSON has all.
const SHOWN: usize = 12;

/// Begins to measure.
pub(super) fn begin() -> Arc<Statistics> {
    let start = clock::instant();
    Arc::new(Statistics::new(move || start.elapsed()))
}

/// Prints the tables to standard error, or writes JSON into a file. `whole` is the time by the clock since the
/// definitions began to be read.
pub(super) fn write(
    to: Option<&Path>,
    statistics: &Statistics,
    whole: Duration,
    language: Language,
) -> anyhow::Result<()> {
    match to {
        None => output::complain(table(statistics, whole, language).trim_end()),
        Some(path) => {
            output::write(Some(path), format!("{:#}\n", object(statistics, whole)).as_bytes())?;
        }
    }
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The JSON form: times in milliseconds, names of checks in English.
fn object(statistics: &Statistics, whole: Duration) -> Value {
    let list = |rows: Vec<Row>| -> Vec<Value> {
        rows.into_iter()
            .map(|row| {
                let (count, time) = (row.count, milliseconds(row.time));
                json!({ "name": row.name, "count": count, "milliseconds": time })
            })
            .collect()
    };
    json!({
        "milliseconds": milliseconds(whole),
        "checks": list(statistics.checks(Language::English)),
        "profiles": list(statistics.profiles()),
        "invariants": list(statistics.invariants()),
    })
}

fn table(statistics: &Statistics, whole: Duration, language: Language) -> String {
    let say = |nb, en| Bilingual { nb, en }.in_language(language);
    let mut out = String::new();
    let checks = statistics.checks(language);
    let measured: Duration = checks.iter().map(|row| row.time).sum();
    // Writing to a text cannot fail.
    let _ = writeln!(
        out,
        "lmr: {:.1} ms {}, {:.1} ms {}",
        milliseconds(whole),
        say(
            "etter klokka, med lesing av definisjonene",
            "by the clock, reading of the definitions included"
        ),
        milliseconds(measured),
        say("målt på alle tråder", "measured on all threads"),
    );
    let tables = [
        (say("kontroll", "check"), checks),
        (say("profil", "profile"), statistics.profiles()),
        (say("invariant", "invariant"), statistics.invariants()),
    ];
    // Of input that is not FHIR no profile is known, and a resource may have no invariant to evaluate.
    for (name, rows) in tables.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        let _ = writeln!(
            out,
            "\n{:>10} {:>6} {:>9}  {name}",
            "ms",
            say("andel", "share"),
            say("antall", "count"),
        );
        for row in rows.iter().take(SHOWN) {
            let share = 100.0 * row.time.as_secs_f64() / measured.as_secs_f64().max(1e-9);
            let time = milliseconds(row.time);
            let _ = writeln!(out, "{time:>10.2} {share:>4.0} % {:>9}  {}", row.count, row.name);
        }
        if let Some(rest) = rows.get(SHOWN..).filter(|rest| !rest.is_empty()) {
            let time: Duration = rest.iter().map(|row| row.time).sum();
            let time = milliseconds(time);
            let _ = writeln!(
                out,
                "{time:>10.2} {:>6} {:>9}  {} {}",
                "",
                "",
                rest.len(),
                say("til (--statistics=FIL har alle)", "more (--statistics=FILE has all)"),
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_without_rows_is_not_printed() {
        let nothing = Statistics::new(|| Duration::ZERO);
        nothing.reading(|| ());
        for (language, check, others) in [
            (Language::English, "check", ["profile", "invariant"]),
            (Language::Bokmal, "kontroll", ["profil", "invariant"]),
        ] {
            let printed = table(&nothing, Duration::ZERO, language);
            assert!(printed.lines().any(|line| line.ends_with(check)), "{printed}");
            for name in others {
                assert!(!printed.contains(name), "{name}: {printed}");
            }
        }
    }
}
