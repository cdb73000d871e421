//! The demo: a simulated hospital's three days through the whole chain, with checks of its own.
//!
//! Everything runs in this process: HelseID, the receiver with its database, the sender with its own.
//! Each era of the guide gets a hospital. The story comes as [`Line`]s in both languages; whether
//! all went as it must is in [`Outcome::failed`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use lmr_auth::Clock;
use lmr_envelope::SystemRandom;
use lmr_fhir::Language;
use lmr_intake::{DeliveryFilter, Store};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{PersonNumbers, RuleSetId};
use lmr_sender::check::RuleSetChecker;
use lmr_sender::outbox::{HeldRow, Outbox};
use lmr_sender::report::{Report, RunStatus};
use lmr_sender::schedule::RetrySchedule;
use lmr_sender::seal::EnvelopeSealer;
use lmr_sender::source::{FolderSource, SourceLimits};
use lmr_sender::transport::{HttpSettings, HttpTransport, TokenAuthorizer};
use lmr_sender::{Agent, BundleLimits, HashKey, Parts, SenderError, Settings, StopSignal};

use crate::clock::SettableClock;
use lmr_identifiers::synthetic::organisation_number;

use crate::hospital::{Era, Fault, Hospital};
use crate::world::{Plan, Sender, World, WorldError};

/// Days that the story takes: two nights for the first hospital, three for the second.
pub const DAYS: i64 = 5;

/// One thing the demo shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A part begins.
    Part(Text),
    /// Something is done or seen.
    Step(Text),
    /// Detail of the step before.
    Detail(Text),
    /// A check of the demo's own.
    Check {
        /// What must hold.
        what: Text,
        /// Whether it does.
        holds: bool,
    },
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Bokmål.
    pub nb: String,
    /// English.
    pub en: String,
}

fn both(nb: impl Into<String>, en: impl Into<String>) -> Text {
    Text { nb: nb.into(), en: en.into() }
}

/// How the demo went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Checks made.
    pub checks: usize,
    /// Checks that did not hold.
    pub failed: usize,
}

/// Why the demo could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// HelseID, receiver or certificates.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The sender.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The sender's database.
    #[error(transparent)]
    Outbox(#[from] lmr_sender::outbox::OutboxError),
    /// The sender's way to the receiver.
    #[error(transparent)]
    Transport(#[from] lmr_sender::transport::TransportError),
    /// The receiver's database.
    #[error(transparent)]
    Store(#[from] lmr_intake::StoreError),
    /// Files.
    #[error("files: {0}")]
    Io(#[from] std::io::Error),
    /// The simulated calendar.
    #[error("the calendar: {0}")]
    Calendar(#[from] jiff::Error),
}

/// What the demo plays with.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Folder for databases and the hospitals' files.
    pub folder: PathBuf,
    /// Medication administrations on the first day.
    pub administrations: usize,
    /// Where the story ends; it begins [`DAYS`] days before.
    pub now: Timestamp,
}

impl Demo {
    /// Plays the whole story and gives the world back, still running.
    ///
    /// # Errors
    /// [`DemoError`] when something could not be done at all; checks that fail are counted instead.
    pub async fn play(&self, show: &mut dyn FnMut(Line)) -> Result<(World, Outcome), DemoError> {
        let clock = SettableClock::at(
            self.now
                - jiff::SignedDuration::from_hours(24 * DAYS)
                - jiff::SignedDuration::from_mins(1),
        );
        show(Line::Part(both(
            "En liksomverden på denne maskinen: HelseID, mottak, sykehus. Ingenting i den er ekte.",
            "A simulated world on this machine: HelseID, receiver, hospitals. Nothing in it is real.",
        )));
        let world = World::start(Plan {
            folder: Some(self.folder.join("receiver")),
            clock: clock.as_clock(),
            register_bits: 3072,
            ..Plan::default()
        })
        .await?;
        show(Line::Step(both(
            format!(
                "HelseID svarer på {}, mottaket på {}",
                world.helseid().issuer(),
                world.base_url()
            ),
            format!(
                "HelseID answers on {}, the receiver on {}",
                world.helseid().issuer(),
                world.base_url()
            ),
        )));
        let mut outcome = Outcome::default();
        for (number, era, name) in
            [(2, Era::V0_9_4, "Liksom sykehus HF"), (3, Era::Latest, "Liksom sykehjem")]
        {
            let folder = self.folder.join(name.replace(' ', "-").to_lowercase());
            let mut story =
                Story::begin(&world, &clock, era, number, name, &folder, self, show).await?;
            story.days(&mut outcome).await?;
            if era == Era::Latest {
                story.corrections(&mut outcome).await?;
            }
        }
        clock.let_go();
        Ok((world, outcome))
    }
}

/// One hospital's three days.
struct Story<'a> {
    world: &'a World,
    clock: &'a SettableClock,
    era: Era,
    hospital: Hospital,
    source: PathBuf,
    day: Date,
    sender: Sender,
    agent: Agent,
    show: &'a mut dyn FnMut(Line),
}

impl<'a> Story<'a> {
    #[expect(clippy::too_many_arguments, reason = "called once, from the line above")]
    async fn begin(
        world: &'a World,
        clock: &'a SettableClock,
        era: Era,
        number: u32,
        name: &str,
        folder: &Path,
        demo: &Demo,
        show: &'a mut dyn FnMut(Line),
    ) -> Result<Self, DemoError> {
        let rule_set = match era {
            Era::V0_9_4 => RuleSetId::Lmdi094,
            Era::Latest => RuleSetId::LATEST,
        };
        let kind = rule_set.bundle_type();
        show(Line::Part(both(
            format!("{name}: {} ({kind})", rule_set.as_str()),
            format!("{name}: {} ({kind})", rule_set.as_str()),
        )));
        let organisation = organisation_number(number);
        let sender = world.add_sender(organisation.as_str(), name, Some(rule_set)).await?;
        // The receiver reads its list of senders again every few seconds.
        clock.advance_seconds(10);
        let today = clock.now().to_zoned(jiff::tz::TimeZone::get("Europe/Oslo")?).date();
        let day = today.yesterday()?;
        let source = folder.join("source");
        std::fs::create_dir_all(&source)?;
        let hospital = Hospital::new(era, u64::from(number), day, demo.administrations);
        let as_clock: Clock = clock.as_clock();
        let authorizer = TokenAuthorizer::new(world.helseid_client(&sender)?);
        let transport = HttpTransport::new(
            &HttpSettings::new(format!("{}/fhirmottak/v1", world.base_url())),
            authorizer,
        )?;
        let agent = Agent::new(Parts {
            settings: Settings {
                own_addresses: Vec::new(),
                incremental: false,
                incremental_sources: Vec::new(),
                start: day,
                rule_set,
                bundle_limits: BundleLimits::default(),
                retry: RetrySchedule::default(),
                configuration: String::new(),
                lock: folder.join("sender.lock"),
                organisation: organisation.to_string(),
            },
            source: Arc::new(FolderSource::new(&source, SourceLimits::default())),
            key: HashKey::new(&[7; 32].into()),
            outbox: Outbox::open(&folder.join("sender.sqlite")).await?,
            checker: Arc::new(RuleSetChecker::new(rule_set, PersonNumbers::Any)),
            sealer: Arc::new(EnvelopeSealer::new(
                sender.organisation,
                world.register_certificate().clone(),
                sender.signing_key()?,
                SystemRandom,
            )),
            transport: Arc::new(transport),
            clock: as_clock,
            random: Arc::new(SystemRandom),
            stop: StopSignal::default(),
        })
        .await?;
        Ok(Self { world, clock, era, hospital, source, day, sender, agent, show })
    }

    async fn days(&mut self, outcome: &mut Outcome) -> Result<(), DemoError> {
        // Day 1: everything since the agreed start date.
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

    /// Day 4, as the guide says since 1.1.6: an administration keeps its identifier when it is corrected, and
    /// is annulled by sending it again as `entered-in-error`.
    async fn corrections(&mut self, outcome: &mut Outcome) -> Result<(), DemoError> {
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
                "Dag 4: {} er rettet, {annulled} ble aldri gitt og annulleres (entered-in-error)",
                corrected.join(", ")
            ),
            format!(
                "Day 4: {} is corrected, {annulled} was never given and is annulled (entered-in-error)",
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

    /// A run of the sender, with a line per message.
    async fn send(&mut self) -> Result<Report, DemoError> {
        let report = self.agent.run().await?;
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
        Ok(report)
    }

    fn show_held(&mut self, held: &[HeldRow]) {
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

    /// Messages that the receiver has of this sender, and entries refused in them.
    async fn delivered(&self) -> Result<(usize, u32), DemoError> {
        let filter = DeliveryFilter {
            sender: Some(self.sender.organisation),
            limit: 1000,
            ..DeliveryFilter::default()
        };
        let list = self.world.store()?.deliveries(&filter).await?;
        Ok((list.len(), list.iter().map(|d| d.counts.refused).sum()))
    }

    fn next_day(&mut self) -> Result<(), DemoError> {
        self.clock.advance_seconds(24 * 60 * 60);
        self.day = self.day.tomorrow()?;
        Ok(())
    }

    fn step(&mut self, nb: impl Into<String>, en: impl Into<String>) {
        (self.show)(Line::Step(both(nb, en)));
    }

    fn detail(&mut self, nb: impl Into<String>, en: impl Into<String>) {
        (self.show)(Line::Detail(both(nb, en)));
    }

    fn check(&mut self, outcome: &mut Outcome, holds: bool, nb: &str, en: &str) {
        outcome.checks += 1;
        outcome.failed += usize::from(!holds);
        (self.show)(Line::Check { what: both(nb, en), holds });
    }
}
