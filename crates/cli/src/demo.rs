//! `lmr demo`: the whole chain on this machine.

mod stay;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lmr_sandbox::demo::{Demo as Story, Line, Scenario as Played, Text};

use crate::clock;
use crate::output::{Language, Style, print};
use crate::text::{Explain, fail, text};

/// Play the whole chain on this machine with synthetic people.
///
/// Makes keys and certificates, starts a local HelseID and a receiver on loopback, sends three days of two
/// hospitals (0.9.4 as batch, 1.1.7 as transaction), with changes, a fault and its correction, or what --scenario
/// names. Exit status 1 if one of its own checks does not hold.
#[derive(Args)]
pub(crate) struct Demo {
    /// End when the story is over; without it the servers stay up, and the operator's console and the hospital's desk open
    #[arg(long)]
    once: bool,
    /// Medication administrations on the first day of each hospital
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(8..=100_000))]
    administrations: u32,
    /// What to play; may be repeated. Without it `days` and `correction`
    #[arg(long, value_enum)]
    scenario: Vec<Scenario>,
    /// Keep databases and files here instead of in a temporary folder; made if it is not there, and empty
    #[arg(long)]
    folder: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Three days of two hospitals, with changes, a fault and its correction
    Days,
    /// A record is corrected, another annulled
    Correction,
    /// The receiver is away, for hours and then for longer than the new attempts last
    Outage,
    /// A hospital changes its enterprise certificate
    Certificate,
    /// A hospital's clock is hours ahead
    Clock,
    /// All of them
    All,
}

impl Scenario {
    const fn played(self) -> &'static [Played] {
        match self {
            Self::Days => &[Played::Days],
            Self::Correction => &[Played::Correction],
            Self::Outage => &[Played::Outage],
            Self::Certificate => &[Played::Certificate],
            Self::Clock => &[Played::Clock],
            Self::All => &[
                Played::Days,
                Played::Correction,
                Played::Outage,
                Played::Certificate,
                Played::Clock,
            ],
        }
    }
}

impl Demo {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let began = clock::instant();
        let (folder, temporary) = match &self.folder {
            Some(folder) => {
                take(folder)?;
                (folder.clone(), None)
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("lmr-demo-").tempdir()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let story = Story {
            folder: folder.clone(),
            administrations: self.administrations as usize,
            now: clock::now(),
            scenarios: self
                .scenario
                .iter()
                .flat_map(|scenario| scenario.played())
                .copied()
                .collect(),
            leaves_a_fault: !self.once,
        };
        let style = Style::for_stdout();
        let mut show = |line: Line| {
            let text = match &line {
                Line::Part(text) => format!("\n{}\n", style.bold(say(text, lang))),
                Line::Step(text) => format!("  {}\n", say(text, lang)),
                Line::Detail(text) => format!("      {}\n", style.faint(say(text, lang))),
                Line::Check { what, holds: true } => {
                    format!("    {} {}\n", style.good("✔"), say(what, lang))
                }
                Line::Check { what, holds: false } => {
                    format!("    {} {}\n", style.bad("✘"), say(what, lang))
                }
            };
            // A reader that went away does not stop the checks.
            let _ = print(&text);
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let code = runtime.block_on(async {
            let played = Box::pin(story.play(&mut show)).await?;
            let outcome = &played.outcome;
            let seconds = began.elapsed().as_secs_f64();
            let held = outcome.checks - outcome.failed;
            let line = match lang {
                Language::Bokmal => {
                    format!("{held} av {} kontroller holder ({seconds:.1} s)", outcome.checks)
                }
                Language::English => {
                    format!("{held} of {} checks hold ({seconds:.1} s)", outcome.checks)
                }
            };
            print(&format!(
                "\n{}\n",
                if outcome.failed == 0 { style.good(&line) } else { style.bad(&line) }
            ))?;
            let code = if outcome.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
            if !self.once {
                stay::until_interrupted(&played, &folder, lang).await?;
            }
            played.world.stop().await?;
            Ok::<_, anyhow::Error>(code)
        })?;
        drop(temporary);
        Ok(code)
    }
}

/// Makes the folder. One with something in it is refused: with the databases of another story nothing would add up.
fn take(folder: &Path) -> anyhow::Result<()> {
    let cannot = || text!("kan ikke bruke {path}", "cannot use {path}", path = folder.display());
    if folder.exists() && !folder.is_dir() {
        fail!("{path} er ikke en mappe", "{path} is not a folder", path = folder.display());
    }
    std::fs::create_dir_all(folder).explain(cannot)?;
    if std::fs::read_dir(folder).explain(cannot)?.next().is_some() {
        fail!(
            "{path} er ikke tom: velg en ny mappe, eller tøm den",
            "{path} is not empty: choose a new folder, or empty it",
            path = folder.display()
        );
    }
    Ok(())
}

fn say(text: &Text, lang: Language) -> &str {
    match lang {
        Language::Bokmal => &text.nb,
        Language::English => &text.en,
    }
}
