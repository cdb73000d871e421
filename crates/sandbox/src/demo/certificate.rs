//! A hospital changes its enterprise certificate: the receiver knows both for a while.

use lmr_envelope::Certificate;
use lmr_intake::RegisteredCertificate;
use lmr_lmdi::codes::Code;
use lmr_sender::report::RunStatus;

use super::story::{Story, rule_set};
use super::{DemoError, Outcome};
use crate::certificates::Order;
use crate::hospital::Era;
use crate::world::WorldError;

impl Story<'_> {
    /// The new certificate is registered beside the old one, taken into use, and the old one removed.
    pub(super) async fn certificate(&mut self, outcome: &mut Outcome) -> Result<(), DemoError> {
        self.next_day()?;
        let old = self.sender.clone();
        let order = Order::new(old.organisation.as_str(), &old.name, self.clock.now());
        self.sender.certificate = self.world.ca().enterprise(&order).map_err(WorldError::from)?;
        self.step(
            "Sykehuset bytter virksomhetssertifikat: mottaket får det nye ved siden av det gamle",
            "The hospital changes its enterprise certificate: the receiver gets the new beside the old",
        );
        let former =
            Certificate::from_der(&old.certificate.certificate_der).map_err(WorldError::from)?;
        self.world
            .register_sender(&self.sender, |avsender| {
                avsender.rule_set = Some(rule_set(Era::Latest));
                avsender.certificates.push(RegisteredCertificate {
                    certificate: former,
                    from: None,
                    until: None,
                });
            })
            .await?;
        // The receiver reads its list of senders again every few seconds.
        self.clock.advance_seconds(10);
        self.hospital.add_day(self.day, 1);
        self.hospital.write(&self.source)?;
        let with_old = self.send().await?;
        self.restart(self.clock.as_clock()).await?;
        self.hospital.add_day(self.day, 1);
        self.hospital.write(&self.source)?;
        let with_new = self.send().await?;
        self.check(
            outcome,
            [&with_old, &with_new].iter().all(|report| {
                report.status() == RunStatus::Clean && report.messages.iter().any(|m| m.stored > 0)
            }),
            "så lenge begge er registrert, tas begge imot",
            "as long as both are registered, both are taken",
        );
        self.world
            .register_sender(&self.sender, |avsender| {
                avsender.rule_set = Some(rule_set(Era::Latest));
            })
            .await?;
        self.clock.advance_seconds(10);
        let id = format!("00000000-0000-4000-8000-{:012}", self.clock.now().as_second());
        let bundle = self.hospital.bundle(&id, &self.clock.now().to_string()).to_string();
        let answer = self.world.deliver(&old, &id, bundle.as_bytes()).await?;
        let code = answer.code();
        self.detail(
            format!("med det gamle: HTTP {}, {}", answer.status, code.as_deref().unwrap_or("-")),
            format!("with the old one: HTTP {}, {}", answer.status, code.as_deref().unwrap_or("-")),
        );
        self.check(
            outcome,
            code.as_deref() == Some(Code::CertificateUnknown.as_str()),
            "når det gamle er tatt ut, avvises det, med kode",
            "when the old one is taken out, it is refused, with a code",
        );
        Ok(())
    }
}
