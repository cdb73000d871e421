//! The flush audit: the order in which a process writes, flushes and sends.
//!
//! No answer with a receipt leaves the register while a write of its database is not flushed; no message leaves the
//! sender while a write of its own is not, and between two messages there is a flush.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use jiff::{ToSpan as _, Zoned};

use crate::faults::ProcessFault;
use crate::model::Model;
use crate::plan::History;
use crate::world::Site;

/// What leaves, and what was wrong with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub writes: u64,
    pub flushes: u64,
    pub sent: u64,
    pub violations: Vec<String>,
}

/// Reads a trace of the shim; `sent` begins the lines of what must not leave too early.
pub fn check(trace: &str, sent: &str) -> Audit {
    let mut audit = Audit::default();
    let (mut unflushed, mut since_last) = (0, 0);
    for (number, line) in trace.lines().enumerate() {
        match line.split(' ').next().unwrap_or_default() {
            "write" => {
                audit.writes += 1;
                unflushed += 1;
            }
            "flush" => {
                audit.flushes += 1;
                since_last += 1;
                unflushed = 0;
            }
            word if word == sent => {
                audit.sent += 1;
                if unflushed > 0 {
                    audit
                        .violations
                        .push(format!("line {}: {unflushed} writes are not flushed", number + 1));
                }
                if since_last == 0 {
                    audit.violations.push(format!(
                        "line {}: nothing was flushed since the last one",
                        number + 1
                    ));
                }
                since_last = 0;
            }
            _ => {}
        }
    }
    audit
}

/// One transfer with some days of news, without faults.
pub fn run(lmr: &Path, folder: &Path) -> Result<ExitCode> {
    let site = Site::make(lmr, folder)?;
    let mut whole = true;
    for batch in [true, false] {
        let mut history = History::of(7);
        (history.batch, history.entries, history.receivers, history.days) =
            (batch, 6, 1, Vec::new());
        let start = Zoned::now().date().checked_sub(3.days())?;
        let mut world = site.world(&history, start)?;
        let mut model = Model::new(batch, 7, start, 20);
        model.write(&world.path("source"))?;
        ensure!(world.serve(0, Some(ProcessFault::Trace))?, "the receiver does not start");
        let status = world.send(Some(ProcessFault::Trace))?.wait()?;
        ensure!(status.success(), "the transfer ends with {status}");
        world.stop_receiver(0);
        for (who, sent) in [("receiver", "stored"), ("sender", "post")] {
            let trace = fs::read_to_string(world.trace(who)).context("the trace")?;
            let audit = check(&trace, sent);
            println!(
                "{} {who}: {} writes, {} flushes, {} {sent}: {} too early",
                if batch { "batch" } else { "transaction" },
                audit.writes,
                audit.flushes,
                audit.sent,
                audit.violations.len()
            );
            audit.violations.iter().take(5).for_each(|violation| println!("  {violation}"));
            whole &= audit.violations.is_empty() && audit.sent > 5;
        }
    }
    drop(site);
    let _ = fs::remove_dir_all(folder);
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_before_a_flush_is_found() {
        let good = "write w\nwrite w\nflush w\nstored 200\nwrite w\nanswer 200\nwrite w\nflush w\nstored 200\n";
        assert_eq!(
            check(good, "stored"),
            Audit { writes: 4, flushes: 2, sent: 2, violations: vec![] }
        );
        for bad in
            ["flush w\nwrite w\nstored 200\n", "flush w\nstored 200\nstored 200\n", "stored 200\n"]
        {
            assert_eq!(check(bad, "stored").violations.len().min(1), 1, "{bad}");
        }
    }
}
