//! The demo: a simulated hospital's three days through the whole chain, with checks of its own.
//!
//! Everything runs in this process: HelseID, the receiver with its database, the sender with its own.
//! Each era of the guide gets a hospital; what is played is a list of [`Scenario`]s. The story comes as [`Line`]s in both languages; whether
//! all went as it must is in [`Outcome::failed`].

mod certificate;
mod clock;
mod corrections;
mod days;
mod outage;
mod story;

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use lmr_lmdi::RuleSetId;
use lmr_sender::SenderError;

use self::story::Story;
use crate::clock::SettableClock;
use crate::hospital::Era;
use crate::world::{Plan, Sender, World, WorldError};

/// Days that the longest story takes.
pub const DAYS: i64 = 9;

/// What the demo plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// Three days of two hospitals, with changes, a fault and its correction.
    Days,
    /// A correction and an annulment.
    Correction,
    /// The receiver is away, for hours and then for longer than the new attempts last.
    Outage,
    /// A hospital changes its enterprise certificate.
    Certificate,
    /// A hospital's clock is wrong.
    Clock,
}

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
    /// What is played: the days and the correction come first, whatever the order, then the others in this order.
    /// Nothing is the usual: [`Scenario::Days`] and [`Scenario::Correction`].
    pub scenarios: Vec<Scenario>,
    /// Whether a record with a fault is sent in the end and stays held, for whoever looks at the desk.
    pub leaves_a_fault: bool,
}

/// What a story leaves, still running.
#[derive(Debug)]
pub struct Played {
    /// HelseID and the receiver.
    pub world: World,
    /// The checks.
    pub outcome: Outcome,
    /// The hospital that was played last.
    pub hospital: LastHospital,
}

/// A hospital after its story: nothing of it runs.
#[derive(Debug)]
pub struct LastHospital {
    /// Its folder: `source`, and its ledger `sender.sqlite`.
    pub folder: PathBuf,
    /// The rule set that it follows.
    pub rule_set: RuleSetId,
    /// The agreed start date.
    pub start: Date,
    /// Its certificate and its client.
    pub sender: Sender,
    /// The key of its ledger's hashes.
    pub hash_key: [u8; 32],
}

impl Demo {
    /// Plays the whole story and gives back what it leaves, the world still running.
    ///
    /// # Errors
    /// [`DemoError`] when something could not be done at all; checks that fail are counted instead.
    pub async fn play(&self, show: &mut dyn FnMut(Line)) -> Result<Played, DemoError> {
        let clock = SettableClock::at(
            self.now
                - jiff::SignedDuration::from_hours(24 * DAYS)
                - jiff::SignedDuration::from_mins(1),
        );
        show(Line::Part(both(
            "En liksomverden på denne maskinen: HelseID, mottak, sykehus. Ingenting i den er ekte.",
            "A simulated world on this machine: HelseID, receiver, hospitals. Nothing in it is real.",
        )));
        let mut world = World::start(Plan {
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
        let wants = |scenario| self.scenarios.is_empty() || self.scenarios.contains(&scenario);
        if wants(Scenario::Days) {
            let mut story =
                Story::begin(&mut world, &clock, Era::V0_9_4, 2, "Liksom sykehus HF", self, show)
                    .await?;
            story.days(&mut outcome).await?;
        }
        let mut story =
            Story::begin(&mut world, &clock, Era::Latest, 3, "Liksom sykehjem", self, show).await?;
        // The others begin with what the first day has brought.
        if wants(Scenario::Days) {
            story.days(&mut outcome).await?;
        } else {
            story.first_day(&mut outcome).await?;
        }
        if wants(Scenario::Correction) {
            story.corrections(&mut outcome).await?;
        }
        for scenario in &self.scenarios {
            match scenario {
                Scenario::Days | Scenario::Correction => {}
                Scenario::Outage => story.outage(&mut outcome).await?,
                Scenario::Certificate => story.certificate(&mut outcome).await?,
                Scenario::Clock => story.wrong_clock(&mut outcome).await?,
            }
        }
        // What stays is looked at today: a last transfer of days ago would count as one that is overdue.
        clock.let_go();
        if self.leaves_a_fault {
            story.leave_a_fault().await?;
        }
        let hospital = story.end().await;
        Ok(Played { world, outcome, hospital })
    }
}
