//! The usual days: everything, then what is new and changed, and a record that has a fault.

use lmr_lmdi::codes::Code;
use lmr_sender::report::{Report, RunStatus};

use super::story::Story;
use super::{DemoError, Outcome};
use crate::hospital::{Era, Fault};

impl Story<'_> {
    /// Day 1: everything since the agreed start date.
    pub(super) async fn first_day(&mut self, outcome: &mut Outcome) -> Result<Report, DemoError> {
        self.hospital.write(&self.source)?;
        let administrations = self.hospital.count("MedicationAdministration");
        self.step(
            format!(
                "Dag 1: {} ressurser i journalen, {administrations} administreringer",
                self.hospital.resources().len()
            ),
            format!(
                "Day 1: {} resources in the records, {administrations} administrations",
                self.hospital.resources().len()
            ),
        );
        let first = self.send().await?;
        let stored: usize = first.messages.iter().map(|m| m.stored).sum();
        self.check(
            outcome,
            stored > administrations && first.status() == RunStatus::Clean,
            "alt er mottatt og lagret",
            "everything is received and stored",
        );
        let (messages, _) = self.delivered().await?;
        self.check(
            outcome,
            messages == first.messages.len(),
            "mottaket har hver melding én gang",
            "the receiver has every message once",
        );

        let again = self.send().await?;
        self.check(
            outcome,
            again.messages.is_empty(),
            "uten endringer sendes ingenting",
            "without changes nothing is sent",
        );
        Ok(first)
    }

    /// Sends a record with a fault, which stays held: there is something to correct at the desk.
    pub(super) async fn leave_a_fault(&mut self) -> Result<(), DemoError> {
        let faulty = self.hospital.add_faulty(self.day, Fault::AdministrationWithoutTime);
        self.hospital.write(&self.source)?;
        self.step(
            format!("Til arbeidsbordet: {faulty} mangler tidspunkt og holdes tilbake"),
            format!("For the desk: {faulty} lacks its time and is held"),
        );
        self.send().await?;
        Ok(())
    }

    /// Three days, with changes, a fault and its correction.
    pub(super) async fn days(&mut self, outcome: &mut Outcome) -> Result<(), DemoError> {
        let first = self.first_day(outcome).await?;
        let administrations = self.hospital.count("MedicationAdministration");

        // Day 2: some changes, a new day, one fault.
        self.next_day()?;
        let changed = self.hospital.change(3);
        self.hospital.add_day(self.day, administrations / 4);
        let faulty = self.hospital.add_faulty(self.day, Fault::AdministrationWithoutTime);
        self.hospital.write(&self.source)?;
        self.step(
            format!(
                "Dag 2: {} endret, {} nye administreringer, én uten klokkeslett",
                changed.len(),
                administrations / 4
            ),
            format!(
                "Day 2: {} changed, {} new administrations, one without a time of day",
                changed.len(),
                administrations / 4
            ),
        );
        let second = self.send().await?;
        let stored: usize = second.messages.iter().map(|m| m.stored).sum();
        self.check(
            outcome,
            second.changed >= changed.len() && stored >= changed.len() + administrations / 4,
            "det nye og endrede er lagret, med det som trengs",
            "what is new and changed is stored, with what it needs",
        );
        let held = self.agent.outbox().held().await?;
        self.show_held(&held);
        let codes: Vec<&str> =
            held.iter().flat_map(|row| &row.findings).filter_map(|i| i.code.as_deref()).collect();
        self.check(
            outcome,
            held.len() == 1 && codes.contains(&Code::TimeOfDayRequired.as_str()),
            "den gale er holdt tilbake, med kode",
            "the faulty one is held back, with its code",
        );
        self.receiver_agrees(outcome).await?;
        let still = self.send().await?;
        self.check(
            outcome,
            still.messages.is_empty(),
            "den sendes ikke før den er rettet",
            "it is not sent before it is corrected",
        );

        // Day 3: corrected.
        self.next_day()?;
        let corrected = self.hospital.fix(&faulty);
        self.hospital.write(&self.source)?;
        self.step(
            "Dag 3: feilen er rettet i journalen",
            "Day 3: the fault is corrected in the records",
        );
        let third = self.send().await?;
        let stored: usize = third.messages.iter().map(|m| m.stored).sum();
        let held = self.agent.outbox().held().await?;
        self.check(
            outcome,
            corrected && stored == 1 && held.is_empty(),
            "den rettede er lagret, ingenting står igjen",
            "the corrected one is stored, nothing is left",
        );
        let (messages, refused) = self.delivered().await?;
        let sent = first.messages.len() + second.messages.len() + third.messages.len();
        self.check(
            outcome,
            messages == sent && refused == 0,
            "mottakets oversikt sier det samme som avsenderens",
            "the receiver's overview says the same as the sender's",
        );
        Ok(())
    }

    /// What the sender holds back, the receiver would have refused with the same code.
    async fn receiver_agrees(&mut self, outcome: &mut Outcome) -> Result<(), DemoError> {
        let now = self.clock.now();
        let id = format!("00000000-0000-4000-8000-{:012}", now.as_second());
        let bundle = self.hospital.bundle(&id, &now.to_string()).to_string();
        let sealed = self.world.seal(&self.sender, &id, bundle.as_bytes())?;
        let authorization = self.world.authorization(&self.sender).await?;
        let answer =
            self.world.post("/fhirmottak/v1/validate", Some(&authorization), sealed).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let statuses = answer.entry_statuses();
        let refused = statuses.iter().filter(|s| s.starts_with("422")).count();
        let expected = match self.era {
            Era::V0_9_4 => answer.status == 200,
            // All or none: the answer to a transaction with a fault is 400.
            Era::Latest => answer.status == 400,
        };
        self.detail(
            format!(
                "mottakets prøvekjøring av det samme: HTTP {}, {refused} av {} avvist",
                answer.status,
                statuses.len()
            ),
            format!(
                "the receiver's trial run of the same: HTTP {}, {refused} of {} refused",
                answer.status,
                statuses.len()
            ),
        );
        self.check(
            outcome,
            expected && refused == 1 && text.contains(Code::TimeOfDayRequired.as_str()),
            "mottaket ville avvist den med samme kode",
            "the receiver would have refused it with the same code",
        );
        Ok(())
    }
}
