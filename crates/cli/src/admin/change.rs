//! The verbs that register a sender and change one thing about it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args};
use jiff::civil::Date;
use lmr_envelope::{CertificateError, Thumbprint, Usage};
use lmr_identifiers::OrganisationNumber;
use lmr_intake::{AllowList, Avsender, RegisteredCertificate, RuleSetId};

use super::organisation_number;
use super::senders::Senders;
use crate::clock;
use crate::config::key_files::certificate;
use crate::config::receiver::check_name;
use crate::text::{Explain, fail, text};

#[derive(Args)]
pub(super) struct Register {
    /// Organisation number, nine digits
    organisation: String,
    /// Name, for people
    #[arg(long)]
    name: String,
    /// Certificate the sender signs with (PEM or DER); may be repeated
    #[arg(long, required = true)]
    certificate: Vec<PathBuf>,
    /// Address or range it calls from; may be repeated
    #[arg(long)]
    address: Vec<String>,
    /// The only rule set it may use
    #[arg(long, value_parser = PossibleValuesParser::new(RuleSetId::ALL.map(RuleSetId::as_str)))]
    ruleset: Option<String>,
    /// Agreed start date, e.g. 2026-01-01
    #[arg(long)]
    start_date: Option<Date>,
    /// The database for its data, where there are several (`[databases]`); the main one if left out
    #[arg(long)]
    database: Option<String>,
}

#[derive(Args)]
pub(super) struct AddCertificate {
    /// Organisation number, nine digits
    organisation: String,
    /// The certificate (PEM or DER); several may be named
    #[arg(required = true)]
    certificate: Vec<PathBuf>,
}

#[derive(Args)]
pub(super) struct RetireCertificate {
    /// Organisation number, nine digits
    organisation: String,
    /// The certificate's thumbprint, as `lmr admin senders` shows it, or its file
    certificate: String,
    /// Also when the sender then has no valid certificate left
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
pub(super) struct SetAddresses {
    /// Organisation number, nine digits
    organisation: String,
    /// Addresses and ranges, all of them
    #[arg(required_unless_present = "none")]
    address: Vec<String>,
    /// No addresses of its own: only those of the receiver's own list
    #[arg(long, conflicts_with = "address")]
    none: bool,
}

// One of them at least: a change of nothing would look like one that was made.
#[derive(Args)]
#[command(group(
    ArgGroup::new("change")
        .args(["name", "ruleset", "any_ruleset", "start_date", "no_start_date"])
        .required(true)
        .multiple(true)
))]
pub(super) struct Set {
    /// Organisation number, nine digits
    organisation: String,
    /// Name, for people
    #[arg(long)]
    name: Option<String>,
    /// The only rule set it may use
    #[arg(long, value_parser = PossibleValuesParser::new(RuleSetId::ALL.map(RuleSetId::as_str)))]
    ruleset: Option<String>,
    /// It may use every rule set, by the bundle's type
    #[arg(long, conflicts_with = "ruleset")]
    any_ruleset: bool,
    /// Agreed start date, e.g. 2026-01-01
    #[arg(long)]
    start_date: Option<Date>,
    /// No agreed start date
    #[arg(long, conflicts_with = "start_date")]
    no_start_date: bool,
}

impl Register {
    /// The database that is asked for.
    pub(super) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    pub(super) async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let organisation = organisation_number(&self.organisation)?;
        check_name(&self.name)?;
        let known = senders.registered(organisation).await?;
        let mut certificates = Vec::new();
        for path in &self.certificate {
            certificates.push(signing_certificate(path, organisation)?);
        }
        let wanted = Avsender {
            organisation,
            name: self.name.clone(),
            // What is registered already keeps its status: only activate and deactivate change it.
            active: known.as_ref().is_none_or(|known| known.active),
            certificates,
            addresses: addresses(&self.address)?,
            rule_set: self.ruleset.as_deref().map(rule_set).transpose()?,
            start_date: self.start_date,
            database: self.database.clone(),
        };
        senders.warn_of_start_date(&self.name, self.start_date);
        match &known {
            None => {
                let done = senders.register(&wanted).await?;
                senders.warn_of_addresses(&wanted.addresses);
                Ok(done)
            }
            Some(known) if *known == wanted => {
                senders.report(Some(known), None)?;
                senders.warn_of_addresses(&wanted.addresses);
                Ok(ExitCode::SUCCESS)
            }
            Some(_) => fail!(
                "{organisation} er registrert fra før, og ingenting er endret. Bruk add-certificate, retire-certificate, set-addresses, set, activate eller deactivate; hver av dem endrer bare det den nevner",
                "{organisation} is registered already, and nothing was changed. Use add-certificate, retire-certificate, set-addresses, set, activate or deactivate; each changes only what it names"
            ),
        }
    }
}

impl AddCertificate {
    pub(super) async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let organisation = organisation_number(&self.organisation)?;
        let mut new = Vec::new();
        for path in &self.certificate {
            new.push(signing_certificate(path, organisation)?);
        }
        senders
            .change(&self.organisation, |avsender| {
                for registered in &new {
                    let thumbprint = registered.certificate.thumbprint();
                    if avsender.certificate(thumbprint).is_none() {
                        avsender.certificates.push(registered.clone());
                    }
                }
                Ok(())
            })
            .await
    }
}

impl RetireCertificate {
    pub(super) async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let thumbprint = match Thumbprint::parse(&self.certificate) {
            Some(thumbprint) => thumbprint,
            None => certificate(Path::new(&self.certificate))
                .explain(|| {
                    text!(
                        "{name} er verken et fingeravtrykk (40 heksadesimale sifre) eller en sertifikatfil",
                        "{name} is neither a thumbprint (40 hex digits) nor a certificate file",
                        name = self.certificate
                    )
                })?
                .thumbprint(),
        };
        senders
            .change(&self.organisation, |avsender| {
                if avsender.certificate(thumbprint).is_none() {
                    fail!(
                        "sertifikatet {thumbprint} er ikke registrert for {number}",
                        "the certificate {thumbprint} is not registered for {number}",
                        number = avsender.organisation
                    );
                }
                avsender.certificates.retain(|known| known.certificate.thumbprint() != thumbprint);
                let now = clock::now();
                if !self.force && avsender.certificates.iter().all(|c| c.check_valid(now).is_err()) {
                    fail!(
                        "{number} ville ikke ha noe gyldig sertifikat igjen. Legg det nye til først (add-certificate); skal avsenderen stanses, bruk deactivate. --force fjerner det likevel",
                        "{number} would have no valid certificate left. Add the new one first (add-certificate); to stop the sender use deactivate. --force removes it all the same",
                        number = avsender.organisation
                    );
                }
                Ok(())
            })
            .await
    }
}

impl SetAddresses {
    pub(super) async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let list = addresses(&self.address)?;
        let done = senders
            .change(&self.organisation, |avsender| {
                avsender.addresses = list.clone();
                Ok(())
            })
            .await?;
        senders.warn_of_addresses(&list);
        Ok(done)
    }
}

impl Set {
    pub(super) async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let rule_set = self.ruleset.as_deref().map(rule_set).transpose()?;
        if let Some(name) = &self.name {
            check_name(name)?;
        }
        senders.warn_of_start_date(&self.organisation, self.start_date);
        senders
            .change(&self.organisation, |avsender| {
                if let Some(name) = &self.name {
                    avsender.name.clone_from(name);
                }
                if rule_set.is_some() || self.any_ruleset {
                    avsender.rule_set = rule_set;
                }
                if self.start_date.is_some() || self.no_start_date {
                    avsender.start_date = self.start_date;
                }
                Ok(())
            })
            .await
    }
}

/// A certificate that the organisation may sign with: of its own, strong, meant for signing and not expired.
/// One that is not valid yet is taken: it is registered before it is put to use.
fn signing_certificate(
    path: &Path,
    organisation: OrganisationNumber,
) -> anyhow::Result<RegisteredCertificate> {
    let certificate = certificate(path)?;
    let named = || text!("{path}", "{path}", path = path.display());
    if certificate.organisation() != Some(organisation) {
        let holder = certificate.organisation().map_or_else(|| "-".to_owned(), |o| o.to_string());
        fail!(
            "{path}: sertifikatet er utstedt til {holder}, ikke til {organisation}",
            "{path}: the certificate is issued to {holder}, not to {organisation}",
            path = path.display()
        );
    }
    certificate.check_usage(Usage::Signature).explain(named)?;
    match certificate.check_valid(clock::now()) {
        Ok(()) | Err(CertificateError::NotYetValid { .. }) => {}
        Err(error) => return Err(error).explain(named),
    }
    Ok(RegisteredCertificate { certificate, from: None, until: None })
}

fn addresses(list: &[String]) -> anyhow::Result<AllowList> {
    AllowList::parse(list).explain(|| text!("adressene", "the addresses"))
}

fn rule_set(name: &str) -> anyhow::Result<RuleSetId> {
    RuleSetId::parse(name).explain(|| {
        text!("--ruleset: {name} er ikke et regelsett", "--ruleset: {name} is not a rule set")
    })
}
