//! `lmr admin`: the register's operator at the command line.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use lmr_envelope::{RandomSource, SystemRandom};
use lmr_identifiers::OrganisationNumber;
use lmr_intake::{
    Avsender, AvsenderRecord, CertificateRecord, DeliveryFilter, DeliverySummary, Outcome,
    RuleSetId, Store,
};

use crate::clock;
use crate::config::receiver::ReceiverConfig;
use crate::output::{Style, print};
use crate::serve::open_store;

/// Senders and deliveries of a receiver.
#[derive(Args)]
pub(crate) struct Admin {
    /// The receiver's configuration file
    #[arg(long, short, default_value = "receiver.toml", global = true)]
    config: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// A JSON line per row
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// List senders, those of the configuration file included
    Senders,
    /// Register a sender, or replace what is registered under its number
    Register(Register),
    /// Let a registered sender send again
    Activate { organisation: String },
    /// Stop a registered sender for now
    Deactivate { organisation: String },
    /// Remove a registered sender; what it delivered stays
    Remove { organisation: String },
    /// List deliveries, newest first
    Deliveries(Deliveries),
    /// Who has and who has not delivered lately
    Overview {
        /// Days to look back
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
    },
    /// Make a key for a database (column_key, hash_key) and write it to a new file
    NewKey { file: PathBuf },
}

#[derive(Args)]
struct Register {
    /// Organisation number, nine digits
    organisation: String,
    /// Name, for people
    #[arg(long)]
    name: String,
    /// Certificate the sender signs with (PEM); may be repeated
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
}

#[derive(Args)]
struct Deliveries {
    /// Only this sender's
    #[arg(long)]
    sender: Option<String>,
    /// Only this message
    #[arg(long)]
    message: Option<String>,
    /// Only those received on or after this day (Norwegian time)
    #[arg(long)]
    since: Option<Date>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

impl Admin {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if let Command::NewKey { file } = &self.command {
            return new_key(file);
        }
        let (config, folder) = crate::config::read::<ReceiverConfig>(&self.config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let store = open_store(&config, &folder).await?;
            let configured = config.avsendere(&folder)?;
            match &self.command {
                Command::Senders => self.senders(&all_senders(&configured, &store).await?),
                Command::Register(register) => register.save(&configured, &store).await,
                Command::Activate { organisation } => {
                    set_active(&configured, &store, organisation, true).await
                }
                Command::Deactivate { organisation } => {
                    set_active(&configured, &store, organisation, false).await
                }
                Command::Remove { organisation } => remove(&store, organisation).await,
                Command::Deliveries(deliveries) => {
                    let list = store.deliveries(&deliveries.filter()?).await?;
                    self.deliveries(&list)
                }
                Command::Overview { days } => {
                    self.overview(&all_senders(&configured, &store).await?, &store, *days).await
                }
                Command::NewKey { .. } => Ok(()),
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn senders(&self, list: &[Avsender]) -> anyhow::Result<()> {
        let now = clock::now();
        let mut out = String::new();
        for sender in list {
            let valid = sender.certificates.iter().filter(|c| c.check_valid(now).is_ok()).count();
            match self.format {
                Format::Json => writeln!(
                    out,
                    "{}",
                    serde_json::json!({
                        "organisation": sender.organisation.to_string(), "name": sender.name, "active": sender.active,
                        "certificates": sender.certificates.iter().map(|c| serde_json::json!({
                            "thumbprint": c.certificate.thumbprint().to_string(),
                            "notAfter": c.certificate.not_after().to_string(),
                            "valid": c.check_valid(now).is_ok(),
                        })).collect::<Vec<_>>(),
                        "addresses": sender.addresses.texts().collect::<Vec<_>>(),
                        "ruleSet": sender.rule_set.map(RuleSetId::as_str),
                        "startDate": sender.start_date.map(|d| d.to_string()),
                    })
                )?,
                Format::Text => writeln!(
                    out,
                    "{}  {}  {}\n    certificates: {valid} valid of {}; addresses: {}; rule set: {}; start date: {}",
                    sender.organisation,
                    if sender.active { "active  " } else { "inactive" },
                    sender.name,
                    sender.certificates.len(),
                    if sender.addresses.is_empty() {
                        "the receiver's own list".to_owned()
                    } else {
                        sender.addresses.to_string()
                    },
                    sender.rule_set.map_or("by the bundle's type", RuleSetId::as_str),
                    sender.start_date.map_or_else(|| "-".to_owned(), |d| d.to_string()),
                )?,
            }
        }
        if list.is_empty() && self.format == Format::Text {
            out.push_str(
                "no senders: add [[avsender]] to the configuration or use `lmr admin register`\n",
            );
        }
        print(&out)
    }

    fn deliveries(&self, list: &[DeliverySummary]) -> anyhow::Result<()> {
        let mut out = String::new();
        for delivery in list {
            match self.format {
                Format::Json => writeln!(out, "{}", delivery_json(delivery))?,
                Format::Text => {
                    let c = delivery.counts;
                    writeln!(
                        out,
                        "{}  {}  {}  {}  {} entries: {} new, {} changed, {} known, {} refused, {} dependent  {}",
                        local(delivery.received_at),
                        delivery.sender,
                        delivery.rule_set,
                        match delivery.outcome {
                            Outcome::Accepted => "accepted",
                            Outcome::Refused => "refused ",
                        },
                        c.entries,
                        c.created,
                        c.updated,
                        c.unchanged,
                        c.refused,
                        c.dependent,
                        delivery.message_id,
                    )?;
                }
            }
        }
        if list.is_empty() && self.format == Format::Text {
            out.push_str("no deliveries\n");
        }
        print(&out)
    }

    async fn overview(
        &self,
        senders: &[Avsender],
        store: &Arc<dyn Store>,
        days: u16,
    ) -> anyhow::Result<()> {
        let since = clock::now() - jiff::SignedDuration::from_hours(24 * i64::from(days));
        let style = Style::for_stdout();
        let mut out = String::new();
        for sender in senders {
            let filter = DeliveryFilter {
                sender: Some(sender.organisation),
                since: Some(since),
                limit: u32::MAX,
                ..DeliveryFilter::default()
            };
            let list = store.deliveries(&filter).await?;
            let refused: u64 = list.iter().map(|d| u64::from(d.counts.refused)).sum();
            let stored: u64 =
                list.iter().map(|d| u64::from(d.counts.created + d.counts.updated)).sum();
            let delivered_on: std::collections::BTreeSet<Date> =
                list.iter().map(|d| clock::oslo(d.received_at).date()).collect();
            if self.format == Format::Json {
                writeln!(
                    out,
                    "{}",
                    serde_json::json!({
                        "organisation": sender.organisation.to_string(), "name": sender.name, "active": sender.active,
                        "days": days, "daysWithDelivery": delivered_on.len(), "messages": list.len(),
                        "stored": stored, "refused": refused,
                        "lastDelivery": list.first().map(|d| d.received_at.to_string()),
                    })
                )?;
                continue;
            }
            // One mark a day, today last.
            let today = clock::oslo(clock::now()).date();
            let marks: String = (0..i64::from(days))
                .rev()
                .map(|back| {
                    let day = today.checked_sub(jiff::Span::new().days(back)).unwrap_or(today);
                    if delivered_on.contains(&day) { '■' } else { '·' }
                })
                .collect();
            let last = list.first().map_or_else(|| "nothing".to_owned(), |d| local(d.received_at));
            let line = format!(
                "{}  {marks}  {} messages, {stored} stored, {refused} refused; last: {last}  {}",
                sender.organisation,
                list.len(),
                sender.name,
            );
            writeln!(
                out,
                "{}",
                if list.is_empty() && sender.active { style.bad(&line) } else { line }
            )?;
        }
        print(&out)
    }
}

fn delivery_json(delivery: &DeliverySummary) -> serde_json::Value {
    serde_json::json!({
        "sender": delivery.sender.to_string(),
        "messageId": delivery.message_id,
        "ruleSet": delivery.rule_set,
        "receivedAt": delivery.received_at.to_string(),
        "rapporteringFra": delivery.reporting_from.to_string(),
        "rapporteringTil": delivery.reporting_to.to_string(),
        "outcome": delivery.outcome,
        "counts": delivery.counts,
    })
}

impl Deliveries {
    fn filter(&self) -> anyhow::Result<DeliveryFilter> {
        let since = self
            .since
            .map(|day| day.to_zoned(clock::oslo_zone()).map(|z| z.timestamp()))
            .transpose()
            .context("--since lies outside all time")?;
        Ok(DeliveryFilter {
            sender: self.sender.as_deref().map(organisation_number).transpose()?,
            message_id: self.message.clone(),
            since,
            before: None,
            limit: self.limit,
        })
    }
}

impl Register {
    async fn save(&self, configured: &[Avsender], store: &Arc<dyn Store>) -> anyhow::Result<()> {
        not_in_file(configured, organisation_number(&self.organisation)?)?;
        let rule_set = match &self.ruleset {
            Some(name) => Some(
                RuleSetId::parse(name)
                    .with_context(|| format!("--ruleset: {name} is no rule set"))?,
            ),
            None => None,
        };
        let mut certificates = Vec::new();
        for path in &self.certificate {
            let pem = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {} (a PEM file)", path.display()))?;
            certificates.push(CertificateRecord { pem, from: None, until: None });
        }
        let record = AvsenderRecord {
            organisation: self.organisation.clone(),
            name: self.name.clone(),
            active: true,
            certificates,
            addresses: self.address.clone(),
            rule_set,
            start_date: self.start_date,
        };
        store.save_avsender(&Avsender::try_from(&record)?).await?;
        print(&format!("registered {} {}\n", self.organisation, self.name))
    }
}

async fn all_senders(
    configured: &[Avsender],
    store: &Arc<dyn Store>,
) -> anyhow::Result<Vec<Avsender>> {
    let mut all = configured.to_vec();
    for stored in store.avsendere().await? {
        if all.iter().all(|known| known.organisation != stored.organisation) {
            all.push(stored);
        }
    }
    Ok(all)
}

/// The configuration file goes first: a change in the database would look done and do nothing.
fn not_in_file(configured: &[Avsender], number: OrganisationNumber) -> anyhow::Result<()> {
    if configured.iter().any(|avsender| avsender.organisation == number) {
        bail!(
            "{number} stands in the configuration file, which goes before the database: change it there"
        );
    }
    Ok(())
}

async fn set_active(
    configured: &[Avsender],
    store: &Arc<dyn Store>,
    organisation: &str,
    active: bool,
) -> anyhow::Result<()> {
    let number = organisation_number(organisation)?;
    not_in_file(configured, number)?;
    let Some(mut sender) = store.avsendere().await?.into_iter().find(|a| a.organisation == number)
    else {
        bail!("{number} is not registered; `lmr admin senders` lists those that are");
    };
    sender.active = active;
    store.save_avsender(&sender).await?;
    print(&format!("{number} is now {}\n", if active { "active" } else { "inactive" }))
}

async fn remove(store: &Arc<dyn Store>, organisation: &str) -> anyhow::Result<()> {
    let number = organisation_number(organisation)?;
    if !store.remove_avsender(number).await? {
        bail!(
            "{number} is not registered in the database; senders of the configuration file are removed there"
        );
    }
    print(&format!("removed {number}; its deliveries stay\n"))
}

fn new_key(file: &std::path::Path) -> anyhow::Result<ExitCode> {
    let mut key = zeroize::Zeroizing::new([0; 32]);
    SystemRandom.fill(key.as_mut())?;
    let text = zeroize::Zeroizing::new(crate::output::hex(key.as_ref()) + "\n");
    crate::output::write_secret(file, text.as_bytes())?;
    print(&format!(
        "wrote {}; keep a copy in a safe place: without it what is stored cannot be read\n",
        file.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn organisation_number(text: &str) -> anyhow::Result<OrganisationNumber> {
    OrganisationNumber::parse(text).with_context(|| format!("organisation: {text}"))
}

fn local(time: jiff::Timestamp) -> String {
    clock::oslo(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
