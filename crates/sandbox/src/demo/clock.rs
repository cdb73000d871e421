//! A hospital's clock is wrong: nothing is delivered wrongly, and nothing is lost.

use lmr_sender::report::RunStatus;

use super::story::Story;
use super::{DemoError, Outcome};
use crate::clock::SettableClock;

/// How far ahead the hospital's clock is.
const AHEAD: i64 = 3 * 60 * 60;

impl Story<'_> {
    /// The sender's clock is hours ahead, and is put right.
    pub(super) async fn wrong_clock(&mut self, outcome: &mut Outcome) -> Result<(), DemoError> {
        self.next_day()?;
        self.hospital.add_day(self.day, 1);
        self.hospital.write(&self.source)?;
        self.step(
            "Sykehusets klokke går tre timer for fort",
            "The hospital's clock is three hours ahead",
        );
        let (before, _) = self.delivered().await?;
        let wrong = SettableClock::at(self.clock.now());
        wrong.advance_seconds(AHEAD);
        self.restart(wrong.as_clock()).await?;
        let report = self.send().await?;
        let (meanwhile, _) = self.delivered().await?;
        self.check(
            outcome,
            meanwhile == before
                && report.status() != RunStatus::Clean
                && report.messages.iter().any(|m| m.failure.is_some()),
            "ingenting er levert, og avsenderen sier hvorfor",
            "nothing is delivered, and the sender says why",
        );
        self.step("Klokken er stilt", "The clock is put right");
        self.clock.advance_seconds(AHEAD + 2 * 60 * 60);
        self.restart(self.clock.as_clock()).await?;
        let report = self.send().await?;
        let stored: usize = report.messages.iter().map(|m| m.stored).sum();
        self.check(
            outcome,
            stored > 0 && report.status() == RunStatus::Clean,
            "alt er levert",
            "everything is delivered",
        );
        Ok(())
    }
}
