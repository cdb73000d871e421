//! The receiver is away: new attempts an hour apart, then the next planned transfer.

use lmr_sender::report::{Report, RunStatus};

use super::story::Story;
use super::{DemoError, Outcome};

const HOUR: i64 = 60 * 60;

impl Story<'_> {
    /// An outage of two hours, then one that lasts longer than the new attempts.
    pub(super) async fn outage(&mut self, outcome: &mut Outcome) -> Result<(), DemoError> {
        let (before, _) = self.delivered().await?;
        self.new_administrations(2)?;
        self.step(
            "Mottaket er nede i to timer: to nye administreringer venter",
            "The receiver is away for two hours: two new administrations wait",
        );
        self.world.stop_receiver().await?;
        let away = self.send().await?;
        let message = only(&away);
        self.check(
            outcome,
            message.is_some_and(|m| m.failure.is_some() && m.next_attempt.is_some()),
            "meldingen er ikke levert, og prøves igjen om en time",
            "the message is not delivered, and is tried again in an hour",
        );
        let id = message.map(|m| m.message_id.clone());
        self.clock.advance_seconds(HOUR);
        let still = self.retry().await?;
        self.world.restart_receiver().await?;
        self.clock.advance_seconds(HOUR);
        let back = self.retry().await?;
        self.check(
            outcome,
            only(&still).map(|m| &m.message_id) == id.as_ref()
                && only(&back).is_some_and(|m| Some(&m.message_id) == id.as_ref() && m.stored == 2),
            "den samme meldingen er levert med det tredje forsøket",
            "the same message is delivered by the third attempt",
        );

        self.next_day()?;
        self.new_administrations(2)?;
        self.step(
            "Mottaket er nede lenger enn de tre nye forsøkene varer",
            "The receiver is away for longer than the three new attempts last",
        );
        self.world.stop_receiver().await?;
        self.send().await?;
        let mut last = None;
        for _ in 0..3 {
            self.clock.advance_seconds(HOUR);
            last = Some(self.retry().await?);
        }
        self.check(
            outcome,
            last.as_ref()
                .and_then(only)
                .is_some_and(|m| m.failure.is_some() && m.next_attempt.is_none()),
            "etter tre nye forsøk venter dataene på neste planlagte overføring",
            "after three new attempts the data waits for the next planned transfer",
        );
        self.world.restart_receiver().await?;
        self.next_day()?;
        self.new_administrations(1)?;
        let report = self.send().await?;
        let stored: usize = report.messages.iter().map(|m| m.stored).sum();
        let (after, _) = self.delivered().await?;
        self.check(
            outcome,
            stored == 3 && report.status() == RunStatus::Clean,
            "den planlagte overføringen leverer både det gamle og det nye",
            "the planned transfer delivers both the old and the new",
        );
        self.check(
            outcome,
            after > before && after == before + 1 + report.messages.len(),
            "mottaket har hver melding én gang",
            "the receiver has every message once",
        );
        Ok(())
    }

    fn new_administrations(&mut self, count: usize) -> Result<(), DemoError> {
        self.hospital.add_day(self.day, count);
        self.hospital.write(&self.source)?;
        Ok(())
    }

    /// The new attempts that are due.
    async fn retry(&mut self) -> Result<Report, DemoError> {
        let report = self.agent.retry_due().await?;
        self.tell(&report);
        Ok(report)
    }
}

/// The run's only message.
fn only(report: &Report) -> Option<&lmr_sender::report::SentMessage> {
    match &*report.messages {
        [message] => Some(message),
        _ => None,
    }
}
