//! A record is corrected, another is annulled.

use lmr_intake::{DeliveryFilter, Store as _};
use lmr_sender::report::RunStatus;

use super::story::Story;
use super::{DemoError, Outcome};

impl Story<'_> {
    /// The day after, as the guide says since 1.1.6: an administration keeps its identifier when it is corrected, and
    /// is annulled by sending it again as `entered-in-error`.
    pub(super) async fn corrections(&mut self, outcome: &mut Outcome) -> Result<(), DemoError> {
        self.next_day()?;
        let corrected = self.hospital.change(1);
        let annulled = self
            .hospital
            .names("MedicationAdministration")
            .rev()
            .find(|name| !corrected.contains(name))
            .unwrap_or_default();
        let is_annulled = self.hospital.retract(&annulled);
        self.hospital.write(&self.source)?;
        self.step(
            format!(
                "En rettelse: {} er rettet, {annulled} ble aldri gitt og annulleres (entered-in-error)",
                corrected.join(", ")
            ),
            format!(
                "A correction: {} is corrected, {annulled} was never given and is annulled (entered-in-error)",
                corrected.join(", ")
            ),
        );
        let began = self.clock.now();
        let report = self.send().await?;
        let stored: usize = report.messages.iter().map(|m| m.stored).sum();
        self.check(
            outcome,
            is_annulled && stored == 2 && report.status() == RunStatus::Clean,
            "rettelsen og annulleringen er lagret",
            "the correction and the annulment are stored",
        );
        let filter = DeliveryFilter {
            sender: Some(self.sender.organisation),
            since: Some(began),
            limit: 1000,
            ..DeliveryFilter::default()
        };
        let list = self.world.store()?.deliveries(&filter).await?;
        let (created, updated) = list.iter().fold((0, 0), |(created, updated), delivery| {
            (created + delivery.counts.created, updated + delivery.counts.updated)
        });
        self.check(
            outcome,
            created == 0 && updated == 2,
            "mottaket har dem som nye versjoner av det samme, kjent på identifier",
            "the receiver has them as new versions of the same, recognised by their identifier",
        );
        Ok(())
    }
}
