//! The way out of the receiver: messages are lent to the service behind it until it acknowledges them.
//!
//! At least once: a message that is not acknowledged in time is given out again. Acknowledging twice is no fault.

use crate::store::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use lmr_identifiers::OrganisationNumber;
use lmr_lmdi::split::{UnreadableBundle, split, without_blanks};
use serde_json::{Value, json};

/// So many messages that cannot be read are passed over in one call, which somebody waits for. They stay lent: the next
/// call goes on behind them.
pub const MOST_UNREADABLE: usize = 100;

/// A stored message that is handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct HandedOver {
    /// Who sent it.
    pub sender: OrganisationNumber,
    /// The sender's id of it.
    pub message_id: String,
    /// SHA-256 of the content as it was sent.
    pub content_sha256: [u8; 32],
    /// Name of the rule set.
    pub rule_set: String,
    /// Start of the reporting period.
    pub reporting_from: Timestamp,
    /// End of the reporting period.
    pub reporting_to: Timestamp,
    /// When the sender made it.
    pub generated_at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
    /// Until when nobody else gets it.
    pub until: Timestamp,
    /// How often it has been given out, this time included.
    pub times: u32,
    /// The bundle; of a resource that was refused or erased only an empty object is left.
    pub content: Vec<u8>,
}

/// In which form messages are handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutletForm {
    /// The whole bundle.
    #[default]
    Bundle,
    /// Patients, prescribers, and administrations with masked identifiers, joined by FHI's key.
    Parts,
}

impl HandedOver {
    /// The message as the service behind the outlet gets it, with the names of the register's own contracts.
    ///
    /// # Errors
    /// [`UnreadableBundle`].
    pub fn to_json(&self, form: OutletForm) -> Result<Value, UnreadableBundle> {
        let content = without_blanks(&self.content)?;
        let mut message = json!({
            "meldingsId": self.message_id,
            "avsenderOrgnr": self.sender.as_str(),
            "meldingsversjonsnummer": "1.0",
            "meldingshash": hex(&self.content_sha256),
            "kildeformat": "FhirBundle",
            "regelsett": self.rule_set,
            "rapporteringFra": self.reporting_from.to_string(),
            "rapporteringTil": self.reporting_to.to_string(),
            "generertHosAvsender": self.generated_at.to_string(),
            "mottattFhirMottak": self.received_at.to_string(),
            "allokertForOverføringTilOgMed": self.until.to_string(),
            "antallGangerAllokert": self.times,
        });
        match form {
            OutletForm::Bundle => message["bundelen"] = content.into(),
            OutletForm::Parts => {
                let parts = split(content.as_bytes())?;
                message["pasientmelding"] = json!({
                    "meldingsId": self.message_id,
                    "kildeformat": "FhirBundle",
                    "pasienter": parts.patients,
                });
                message["rekvirentmelding"] = json!({
                    "meldingsId": self.message_id,
                    "rekvirenter": parts.prescribers,
                });
                message["administreringsmelding"] = json!({
                    "meldingsId": self.message_id,
                    "generertHosAvsender": self.generated_at.to_string(),
                    "mottattFhirMottak": self.received_at.to_string(),
                    "avsenderOrgnr": self.sender.as_str(),
                    "meldingsversjonsnummer": "1.0",
                    "bundelen": parts.administrations,
                });
            }
        }
        Ok(message)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What became of an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// From now on the message is not given out any more.
    Now,
    /// It was acknowledged before.
    Before,
    /// It was never given out, so nobody can have it.
    NotGivenOut,
    /// There is no such message.
    Unknown,
}

/// How much waits at the outlet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutletStatus {
    /// Messages that nobody has acknowledged.
    pub waiting: u64,
    /// Those of them that are lent at the moment.
    pub lent: u64,
    /// When the oldest of them came.
    pub oldest: Option<Timestamp>,
}

/// Messages on their way out.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Lends the message that has waited longest, until this time; `None` when nothing waits. Two callers never get
    /// the same message at once.
    async fn lend(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<HandedOver>, StoreError>;

    /// What [`Outlet::acknowledge`] would answer, without ending anything: the act is recorded before it is done.
    async fn would_acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
    ) -> Result<Acknowledged, StoreError>;

    /// Ends a message's waiting.
    async fn acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Acknowledged, StoreError>;

    /// How much waits.
    async fn outlet_status(&self, now: Timestamp) -> Result<OutletStatus, StoreError>;
}
