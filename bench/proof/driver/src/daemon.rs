//! `lmr send daemon` in a history: it lives as long as nothing ends it, and reads at SIGHUP when its next daily transfer
//! is.

use std::fs;
use std::process::Child;

use anyhow::Result;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::faults::ProcessFault;
use crate::world::{World, end, signal};

/// From a start or a reload to the transfer.
const SOON: SignedDuration = SignedDuration::from_millis(400);
/// The same of a process that starts: what was due before it does not count.
const AFTER_START: SignedDuration = SignedDuration::from_millis(1_500);

impl World {
    /// Writes when the daily transfer is.
    fn schedule(&self, wait: SignedDuration) -> Result<()> {
        let at = (Timestamp::now() + wait).to_zoned(TimeZone::get("Europe/Oslo")?).time();
        let at = at.strftime("%H:%M:%S%.3f").to_string();
        self.configuration.write(&self.folder, Some(&at), &self.credentials)
    }

    /// The daemon, with a transfer ahead: the one that lives, or a new one.
    pub fn daemon_transfers(&mut self, fault: Option<ProcessFault>) -> Result<Child> {
        let needs_new = fault.is_some_and(|fault| fault.needs_shim());
        if let Some(mut child) = self.daemon.take()
            && matches!(child.try_wait(), Ok(None))
        {
            if !needs_new {
                self.schedule(SOON)?;
                signal(&child, "-HUP");
                return Ok(child);
            }
            self.daemon = Some(child);
            self.stop_daemon();
        }
        // By the clock that the process will have.
        let shift = match fault {
            Some(ProcessFault::Clock { seconds }) => SignedDuration::from_secs(seconds),
            _ => SignedDuration::ZERO,
        };
        self.schedule(AFTER_START + shift)?;
        self.start_sender("daemon", fault)
    }

    /// Whether the daemon waits for its next transfer and has said nothing since.
    pub fn daemon_waits(&self, from: usize) -> bool {
        let log = fs::read(self.path("sender.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(log.get(from..).unwrap_or_default()).into_owned();
        text.lines().last().is_some_and(|line| line.contains("waiting due="))
    }

    /// SIGTERM; `false` where it does not end.
    pub fn stop_daemon(&mut self) -> bool {
        self.daemon.take().is_none_or(end)
    }

    /// Length of the sender's log: what is written after it is of what comes.
    pub fn log_length(&self) -> usize {
        fs::read(self.path("sender.log")).map_or(0, |log| log.len())
    }

    /// What the daemon says of its transfer: the exit status that `lmr send run` would have.
    pub fn daemon_status(&self, from: usize) -> Option<i32> {
        let log = fs::read(self.path("sender.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(log.get(from..).unwrap_or_default()).into_owned();
        text.lines().find_map(status)
    }
}

/// By a line of the log.
fn status(line: &str) -> Option<i32> {
    if line.contains("the run failed") {
        return Some(2);
    }
    // New attempts have not read the source.
    if !line.contains("the run ended") || line.contains("kind=Retry") {
        return None;
    }
    let is = |word: &str| line.contains(&format!("status={word}"));
    Some(if is("Clean") {
        0
    } else if is("ToCorrect") {
        1
    } else {
        3
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_says_how_a_transfer_ended() {
        assert_eq!(status("INFO lmr: the run ended status=Clean open=0 held=0"), Some(0));
        assert_eq!(status("WARN the run ended status=ToCorrect open=0 held=2 reason=x"), Some(1));
        assert_eq!(status("WARN the run ended status=Undelivered open=1 held=0 reason=x"), Some(3));
        assert_eq!(status("ERROR the run failed error=x"), Some(2));
        assert_eq!(status("INFO the run ended status=Clean kind=Planned open=0 held=0"), Some(0));
        assert_eq!(status("INFO the run ended status=Clean kind=Retry open=0 held=0"), None);
        assert_eq!(status("INFO waiting due=x"), None);
    }
}
