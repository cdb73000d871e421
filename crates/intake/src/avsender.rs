//! Registered senders ("avsendere").

use crate::address::{AddressError, AllowList};
use jiff::{Timestamp, civil::Date};
use lmr_envelope::{Certificate, CertificateError, Thumbprint};
use lmr_identifiers::OrganisationNumber;
use lmr_lmdi::RuleSetId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A certificate registered for a sender, and the time in which the register accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredCertificate {
    /// The certificate; its own validity holds as well.
    pub certificate: Certificate,
    /// Accepted from, where the register set a later start.
    pub from: Option<Timestamp>,
    /// Accepted until, where the register set an earlier end.
    pub until: Option<Timestamp>,
}

impl RegisteredCertificate {
    /// Checks that the time is within the certificate's own validity and the registered one.
    ///
    /// # Errors
    /// [`CertificateError::NotYetValid`] or [`CertificateError::Expired`].
    pub fn check_valid(&self, now: Timestamp) -> Result<(), CertificateError> {
        self.certificate.check_valid(now)?;
        let thumbprint = self.certificate.thumbprint();
        if let Some(not_before) = self.from.filter(|from| now < *from) {
            return Err(CertificateError::NotYetValid { thumbprint, not_before });
        }
        if let Some(not_after) = self.until.filter(|until| now > *until) {
            return Err(CertificateError::Expired { thumbprint, not_after });
        }
        Ok(())
    }
}

/// An organisation that may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Avsender {
    /// Its organisation number.
    pub organisation: OrganisationNumber,
    /// Its name, for people.
    pub name: String,
    /// Whether it may send now.
    pub active: bool,
    /// The certificates it may sign with.
    pub certificates: Vec<RegisteredCertificate>,
    /// Where it may call from; empty leaves this to the receiver's own list.
    pub addresses: AllowList,
    /// The only rule set it may use, if it is bound to one.
    pub rule_set: Option<RuleSetId>,
    /// The agreed date from which data are reported.
    pub start_date: Option<Date>,
    /// The database that its data are on, where there are several; the main one if left out.
    pub database: Option<String>,
}

impl Avsender {
    /// The registered certificate with this thumbprint.
    pub fn certificate(&self, thumbprint: Thumbprint) -> Option<&RegisteredCertificate> {
        self.certificates
            .iter()
            .find(|registered| registered.certificate.thumbprint() == thumbprint)
    }
}

/// A sender as a configuration file has it. Unknown keys are errors.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvsenderRecord {
    /// Nine digits.
    pub organisation: String,
    /// Name, for people.
    pub name: String,
    /// Whether it may send now.
    #[serde(default = "yes")]
    pub active: bool,
    /// The certificates it may sign with.
    #[serde(default)]
    pub certificates: Vec<CertificateRecord>,
    /// Addresses and ranges it may call from.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// `lmdi-0.9.4`, `lmdi-1.1.2` or `lmdi-1.1.7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<RuleSetId>,
    /// The agreed start date, `2025-01-01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Date>,
    /// The database that its data are on, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

fn yes() -> bool {
    true
}

/// A registered certificate as a configuration file has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRecord {
    /// The certificate in PEM. Where the file names a path instead, the reader of the file puts the content here.
    pub pem: String,
    /// Accepted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Accepted until.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Why a sender cannot be registered. The fault is in the configuration.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AvsenderError {
    /// Not nine digits with a right check digit.
    #[error("`{text}` is not an organisation number (nine digits, the last a check digit)")]
    Organisation {
        /// What was written.
        text: String,
    },
    /// One of its certificates.
    #[error("certificate of sender {organisation}: {source}")]
    Certificate {
        /// The sender.
        organisation: OrganisationNumber,
        /// What is wrong.
        source: CertificateError,
    },
    /// A certificate of somebody else.
    #[error("the certificate {thumbprint} does not name the organisation {organisation}")]
    ForeignCertificate {
        /// The sender.
        organisation: OrganisationNumber,
        /// The certificate.
        thumbprint: Thumbprint,
    },
    /// One of its addresses.
    #[error("address of sender {organisation}: {source}")]
    Address {
        /// The sender.
        organisation: OrganisationNumber,
        /// What is wrong.
        source: AddressError,
    },
}

impl TryFrom<&AvsenderRecord> for Avsender {
    type Error = AvsenderError;

    fn try_from(record: &AvsenderRecord) -> Result<Self, AvsenderError> {
        let organisation = OrganisationNumber::from_wire(&record.organisation)
            .map_err(|_| AvsenderError::Organisation { text: record.organisation.clone() })?;
        let mut certificates = Vec::new();
        for registered in &record.certificates {
            let certificate = Certificate::read(registered.pem.as_bytes())
                .map_err(|source| AvsenderError::Certificate { organisation, source })?;
            if certificate.organisation() != Some(organisation) {
                let thumbprint = certificate.thumbprint();
                return Err(AvsenderError::ForeignCertificate { organisation, thumbprint });
            }
            let (from, until) = (registered.from, registered.until);
            certificates.push(RegisteredCertificate { certificate, from, until });
        }
        Ok(Self {
            organisation,
            name: record.name.clone(),
            active: record.active,
            certificates,
            addresses: AllowList::parse(&record.addresses)
                .map_err(|source| AvsenderError::Address { organisation, source })?,
            rule_set: record.rule_set,
            start_date: record.start_date,
            database: record.database.clone(),
        })
    }
}
