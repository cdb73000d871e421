//! One hospital of the demo: its records, its sender, and what is shown of both.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use lmr_auth::Clock;
use lmr_envelope::SystemRandom;
use lmr_fhir::Language;
use lmr_identifiers::synthetic::organisation_number;
use lmr_intake::{DeliveryFilter, Store};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{PersonNumbers, RuleSetId};
use lmr_sender::check::RuleSetChecker;
use lmr_sender::outbox::{HeldRow, Outbox};
use lmr_sender::report::Report;
use lmr_sender::schedule::RetrySchedule;
use lmr_sender::seal::EnvelopeSealer;
use lmr_sender::source::{FolderSource, SourceLimits};
use lmr_sender::transport::{HttpSettings, HttpTransport, TokenAuthorizer};
use lmr_sender::{Agent, BundleLimits, HashKey, Parts, Settings, StopSignal};

use super::{Demo, DemoError, LastHospital, Line, Outcome, both};
use crate::clock::SettableClock;
use crate::hospital::{Era, Hospital};
use crate::world::{Sender, World};

/// The key of the ledgers' hashes; nothing in them is real.
const HASH_KEY: [u8; 32] = [7; 32];

/// One hospital's days.
pub(super) struct Story<'a> {
    pub(super) world: &'a mut World,
    pub(super) clock: &'a SettableClock,
    pub(super) era: Era,
    pub(super) hospital: Hospital,
    pub(super) source: PathBuf,
    pub(super) day: Date,
    pub(super) sender: Sender,
    pub(super) agent: Agent,
    /// The sender's ledger and lock.
    folder: PathBuf,
    /// The agreed start date.
    start: Date,
    show: &'a mut dyn FnMut(Line),
}

impl<'a> Story<'a> {
    pub(super) async fn begin(
        world: &'a mut World,
        clock: &'a SettableClock,
        era: Era,
        number: u32,
        name: &str,
        demo: &Demo,
        show: &'a mut dyn FnMut(Line),
    ) -> Result<Self, DemoError> {
        let folder = demo.folder.join(name.replace(' ', "-").to_lowercase());
        let rule_set = rule_set(era);
        let kind = rule_set.bundle_type();
        show(Line::Part(both(
            format!("{name}: {} ({kind})", rule_set.as_str()),
            format!("{name}: {} ({kind})", rule_set.as_str()),
        )));
        let organisation = organisation_number(number);
        let sender = world.add_sender(organisation.as_str(), name, Some(rule_set)).await?;
        // The receiver reads its list of senders again every few seconds.
        clock.advance_seconds(10);
        let today = lmr_identifiers::norwegian_date(clock.now());
        let day = today.yesterday()?;
        let source = folder.join("source");
        std::fs::create_dir_all(&source)?;
        let hospital = Hospital::new(era, u64::from(number), day, demo.administrations);
        let agent = agent(world, &sender, era, &folder, day, clock.as_clock()).await?;
        Ok(Self {
            world,
            clock,
            era,
            hospital,
            source,
            day,
            sender,
            agent,
            folder,
            start: day,
            show,
        })
    }

    /// Starts the sender again, with its ledger, by its present certificate and by a clock.
    pub(super) async fn restart(&mut self, clock: Clock) -> Result<(), DemoError> {
        self.agent.outbox().close().await;
        self.agent =
            agent(self.world, &self.sender, self.era, &self.folder, self.start, clock).await?;
        Ok(())
    }

    /// Ends the sender, and gives what it leaves.
    pub(super) async fn end(self) -> LastHospital {
        self.agent.outbox().close().await;
        LastHospital {
            folder: self.folder,
            rule_set: rule_set(self.era),
            start: self.start,
            sender: self.sender,
            hash_key: HASH_KEY,
        }
    }

    /// A run of the sender, with a line per message.
    pub(super) async fn send(&mut self) -> Result<Report, DemoError> {
        let report = self.agent.run().await?;
        self.tell(&report);
        Ok(report)
    }

    /// A line for each message of a run.
    pub(super) fn tell(&mut self, report: &Report) {
        for message in &report.messages {
            let (id, n) = (&message.message_id, message.entries);
            self.detail(
                format!(
                    "melding {id}: {n} ressurser, {} lagret, {} kjent fra før, {} avvist",
                    message.stored, message.unchanged, message.refused
                ),
                format!(
                    "message {id}: {n} resources, {} stored, {} known already, {} refused",
                    message.stored, message.unchanged, message.refused
                ),
            );
            if let Some(failure) = &message.failure {
                self.detail(failure.text(Language::Bokmal), failure.text(Language::English));
            }
        }
    }

    pub(super) fn show_held(&mut self, held: &[HeldRow]) {
        for row in held {
            let name = format!(
                "{}/{} ({}:{})",
                row.resource_type,
                row.resource_id.as_deref().unwrap_or("-"),
                row.file,
                row.line
            );
            for finding in &row.findings {
                let code = finding.code.as_deref().unwrap_or("-");
                let path = finding.path.as_deref().unwrap_or_default();
                self.detail(
                    format!("{name}: {code} {path}: {}", finding.text_nb),
                    format!("{name}: {code} {path}: {}", finding.text_en),
                );
                if let Some(code) = Code::parse(code) {
                    let remedy = code.text().remedy;
                    self.detail(format!("→ {}", remedy.nb), format!("→ {}", remedy.en));
                }
            }
        }
    }

    /// Messages that the receiver has of this sender, and entries refused in them.
    pub(super) async fn delivered(&self) -> Result<(usize, u32), DemoError> {
        let filter = DeliveryFilter {
            sender: Some(self.sender.organisation),
            limit: 1000,
            ..DeliveryFilter::default()
        };
        let list = self.world.store()?.deliveries(&filter).await?;
        Ok((list.len(), list.iter().map(|d| d.counts.refused).sum()))
    }

    pub(super) fn next_day(&mut self) -> Result<(), DemoError> {
        self.clock.advance_seconds(24 * 60 * 60);
        self.day = self.day.tomorrow()?;
        Ok(())
    }

    pub(super) fn step(&mut self, nb: impl Into<String>, en: impl Into<String>) {
        (self.show)(Line::Step(both(nb, en)));
    }

    pub(super) fn detail(&mut self, nb: impl Into<String>, en: impl Into<String>) {
        (self.show)(Line::Detail(both(nb, en)));
    }

    pub(super) fn check(&mut self, outcome: &mut Outcome, holds: bool, nb: &str, en: &str) {
        outcome.checks += 1;
        outcome.failed += usize::from(!holds);
        (self.show)(Line::Check { what: both(nb, en), holds });
    }
}

pub(super) const fn rule_set(era: Era) -> RuleSetId {
    match era {
        Era::V0_9_4 => RuleSetId::Lmdi094,
        Era::Latest => RuleSetId::LATEST,
    }
}

/// The hospital's sender, on its ledger.
async fn agent(
    world: &World,
    sender: &Sender,
    era: Era,
    folder: &std::path::Path,
    start: Date,
    clock: Clock,
) -> Result<Agent, DemoError> {
    let rule_set = rule_set(era);
    let authorizer = TokenAuthorizer::new(world.helseid_client_at(sender, Arc::clone(&clock))?);
    let address = format!("{}/fhirmottak/v1", world.base_url());
    let settings = HttpSettings { network: world.network(), ..HttpSettings::new(address.clone()) };
    let transport = HttpTransport::new(&settings, authorizer)?;
    Ok(Agent::new(Parts {
        settings: Settings {
            own_addresses: Vec::new(),
            incremental: false,
            incremental_sources: Vec::new(),
            start,
            rule_set,
            bundle_limits: BundleLimits::default(),
            retry: RetrySchedule::default(),
            configuration: String::new(),
            lock: folder.join("sender.lock"),
            organisation: sender.organisation.to_string(),
            environment: "local".to_owned(),
            receiver: address.clone(),
        },
        source: Arc::new(FolderSource::new(folder.join("source"), SourceLimits::default())),
        key: HashKey::new(&HASH_KEY.into()),
        outbox: Outbox::open(&folder.join("sender.sqlite")).await?,
        checker: Arc::new(RuleSetChecker::new(rule_set, PersonNumbers::Any)),
        sealer: Arc::new(EnvelopeSealer::new(
            sender.organisation,
            world.register_certificate().clone(),
            sender.signing_key()?,
            SystemRandom,
        )),
        transport: Arc::new(transport),
        clock,
        random: Arc::new(SystemRandom),
        stop: StopSignal::default(),
    })
    .await?)
}
