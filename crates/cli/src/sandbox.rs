//! `lmr sandbox`: a make-believe world to try things in.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use lmr_envelope::SystemRandom;
use lmr_lmdi::RuleSetId;
use lmr_sandbox::folder::{Folder, Plan};
use lmr_sandbox::helseid::LocalHelseId;
use lmr_sandbox::hospital::{Era, Hospital};

use crate::clock;
use crate::output::print;

/// A make-believe world to try things in: nothing in it is real.
#[derive(Args)]
pub(crate) struct Sandbox {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fill a folder with keys, certificates, configuration and a hospital's data
    Init(Init),
    /// Run the local HelseID for such a folder until interrupted
    Helseid(Helseid),
    /// Write the hospital's data anew, with more administrations or another seed
    Hospital(MakeHospital),
}

/// The guide the hospital follows.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Guide {
    /// 0.9.4: batch
    #[default]
    #[value(name = "lmdi-0.9.4")]
    Lmdi094,
    /// The newest: transaction
    #[value(name = RuleSetId::LATEST.as_str())]
    Latest,
}

impl Guide {
    pub(crate) fn era(self) -> Era {
        match self {
            Self::Lmdi094 => Era::V0_9_4,
            Self::Latest => Era::V1_1_2,
        }
    }
}

#[derive(Args)]
struct Init {
    /// A folder, made if it is not there
    folder: PathBuf,
    /// The guide the hospital follows
    #[arg(long, value_enum, default_value_t)]
    ruleset: Guide,
    /// Medication administrations on the first day
    #[arg(long, default_value_t = 40)]
    administrations: usize,
    /// First day of the data; yesterday if left out
    #[arg(long)]
    day: Option<Date>,
    /// Seed of the make-believe data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Port of the receiver on loopback
    #[arg(long, default_value_t = 8080)]
    receiver_port: u16,
    /// Port of HelseID on loopback
    #[arg(long, default_value_t = 8081)]
    helseid_port: u16,
    /// Most entries in one bundle
    #[arg(long, default_value_t = 5000)]
    entries_per_bundle: usize,
}

#[derive(Args)]
struct Helseid {
    /// The folder that `lmr sandbox init` has filled
    folder: PathBuf,
    /// Port on loopback; must be the one in the folder's configuration
    #[arg(long, default_value_t = 8081)]
    port: u16,
}

#[derive(Args)]
struct MakeHospital {
    /// Where to write the files; in a folder that `lmr sandbox init` has filled, its source
    folder: PathBuf,
    #[arg(long, value_enum, default_value_t)]
    ruleset: Guide,
    #[arg(long, default_value_t = 40)]
    administrations: usize,
    /// First day of the data; yesterday if left out
    #[arg(long)]
    day: Option<Date>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn yesterday() -> Date {
    let today = clock::oslo(clock::now()).date();
    today.yesterday().unwrap_or(today)
}

impl Sandbox {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Init(init) => init.run()?,
            Command::Helseid(helseid) => helseid.run()?,
            Command::Hospital(make) => {
                let day = make.day.unwrap_or_else(yesterday);
                let hospital =
                    Hospital::new(make.ruleset.era(), make.seed, day, make.administrations);
                let world = Folder::at(&make.folder);
                let target =
                    if world.sender_config().exists() { world.source() } else { make.folder };
                hospital.write(&target)?;
                print(&format!(
                    "wrote {} resources to {}\n",
                    hospital.resources().len(),
                    target.display()
                ))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Init {
    fn run(self) -> anyhow::Result<()> {
        let plan = Plan {
            era: self.ruleset.era(),
            day: self.day.unwrap_or_else(yesterday),
            administrations: self.administrations,
            seed: self.seed,
            receiver_port: self.receiver_port,
            helseid_port: self.helseid_port,
            entries_per_bundle: self.entries_per_bundle,
        };
        let folder = Folder::make(&self.folder, &plan, clock::now(), &SystemRandom)?;
        let at = folder.path().display();
        print(&format!(
            "A make-believe world in {at}. Try, in three terminals:\n\n  \
             lmr sandbox helseid {at} --port {helseid}\n  \
             lmr serve --config {at}/receiver.toml\n  \
             lmr send run --config {at}/sender.toml\n",
            helseid = self.helseid_port,
        ))
    }
}

impl Helseid {
    fn run(self) -> anyhow::Result<()> {
        let folder = Folder::at(&self.folder);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            let helseid = LocalHelseId::start(
                self.port,
                lmr_sandbox::clock::real(),
                lmr_sandbox::clock::fresh_ids(),
            )
            .await?;
            helseid.register(folder.client()?);
            print(&format!(
                "HelseID for make-believe clients on {}; Ctrl-C ends it\n",
                helseid.issuer()
            ))?;
            tokio::signal::ctrl_c().await?;
            helseid.stop().await;
            Ok(())
        })
    }
}
