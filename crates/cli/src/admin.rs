//! `lmr admin`: the register's operator at the command line.
//!
//! Every verb that changes a sender changes only what it names, and prints the sender before and after.

mod archive;
mod audit;
mod change;
mod deliveries;
mod erase;
mod export;
mod senders;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_envelope::{RandomSource, SystemRandom};
use lmr_identifiers::OrganisationNumber;
use lmr_storage::Opening;

use crate::config::receiver::ReceiverConfig;
use crate::output::{Language, print};
use crate::serve::{check_database, open_store};
use crate::text::{Explain, Text, fail, text};
use archive::Show;
pub(crate) use archive::{coming_months, expire};
use audit::Audit;
use change::{AddCertificate, Register, RetireCertificate, Set, SetAddresses};
use deliveries::Deliveries;
use erase::Erase;
use export::Export;
use senders::Senders;

/// Senders and deliveries of a receiver.
///
/// Exit status: 0 when done, when nothing had to be changed, and for an empty list; 1 where nothing goes by the name that
/// `show` or `deliveries --message` was given, nobody has the number that `erase` was given, `export` has nothing to
/// write, or the audit log does not hold; 2 when refused, or when something cannot be read, with the reason.
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

/// How `lmr admin` prints.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Text,
    /// A JSON line per row
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// List senders, those of the configuration file included
    Senders,
    /// Register a new sender; what is registered already is left as it is
    Register(Register),
    /// Take one more certificate of a registered sender, before the old one ends
    AddCertificate(AddCertificate),
    /// Take a certificate of a registered sender no longer
    RetireCertificate(RetireCertificate),
    /// Replace the addresses that a registered sender calls from
    SetAddresses(SetAddresses),
    /// Change the name, rule set or start date of a registered sender
    Set(Set),
    /// Let a registered sender send again
    Activate {
        /// Organisation number, nine digits
        organisation: String,
    },
    /// Stop a registered sender for now
    Deactivate {
        /// Organisation number, nine digits
        organisation: String,
    },
    /// Remove a registered sender; what it delivered stays
    Remove {
        /// Organisation number, nine digits
        organisation: String,
    },
    /// Move a sender's data to another of several databases; interrupted, the same command goes on
    Move {
        /// Organisation number, nine digits
        organisation: String,
        /// The database to move to: a name of `[databases]`, or main
        database: String,
    },
    /// List deliveries and refused calls, newest first
    Deliveries(Deliveries),
    /// Who has and who has not delivered lately
    Overview {
        /// Days to look back
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
    },
    /// When certificates end, the register's and the senders', the nearest first
    Certificates,
    /// Show a message's resources, or one resource's versions; recorded with the reason
    Show(Show),
    /// Write stored resources to NDJSON files, one for each type; recorded with the reason
    Export(Export),
    /// Erase a person's resources; recorded with the reason
    Erase(Erase),
    /// Remove what is older than the retention settings allow; the receiver does so once an hour
    Expire,
    /// How much waits at the outlet
    Outlet,
    /// Make the partitions of the coming months, drop those that retention has emptied, list all (PostgreSQL)
    Partitions {
        /// Months to make ahead
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=24))]
        ahead: u8,
    },
    /// Copy the SQLite database to a new file while the receiver runs
    Backup {
        /// The file to write; it must not exist
        file: PathBuf,
    },
    /// The log of who sent, read, changed, exported or erased what
    Audit(Audit),
    /// Make a key for a database (column_key, hash_key) and write it to a new file
    NewKey {
        /// The file to write; it must not exist
        file: PathBuf,
    },
    /// Read an operator's password for the console from standard input and write its hash to a new file
    NewPassword {
        /// The file to write; it must not exist
        file: PathBuf,
    },
}

/// Who gives the command, as the audit log names them.
#[expect(clippy::disallowed_methods, reason = "the environment is read in this crate only")]
pub(super) fn operator() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"];
    let name = names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    format!("operator:{}", name.as_deref().unwrap_or("unknown"))
}

/// How the answer is printed, and what of.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) format: Format,
    pub(super) lang: Language,
}

impl View {
    fn say(self, nb: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Language::Bokmal => nb,
            Language::English => en,
        }
    }
}

impl Admin {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let view = View { format: self.format, lang };
        if let Command::NewKey { file } = &self.command {
            return new_key(file, view);
        }
        if let Command::NewPassword { file } = &self.command {
            return new_password(file, view);
        }
        let (config, folder) = crate::config::read::<ReceiverConfig>(&self.config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            if let Command::Move { organisation, database } = &self.command {
                return senders::move_sender(&config, &folder, organisation, database, view).await;
            }
            if let Command::Backup { file } = &self.command {
                return archive::back_up(&config, &folder, file, view).await;
            }
            if let Command::Register(register) = &self.command
                && let Some(name) = register.database()
            {
                check_database(&config, name)?;
            }
            let senders = Senders {
                configured: config.avsendere(&folder)?,
                // A mistyped path must not look like a database in which nothing has happened.
                store: open_store(&config, &folder, Opening::PRESENT).await?,
                has_own_addresses: !config.addresses.is_empty(),
                view,
            };
            match &self.command {
                Command::Senders => senders.list().await,
                Command::Register(register) => register.run(&senders).await,
                Command::AddCertificate(add) => add.run(&senders).await,
                Command::RetireCertificate(retire) => retire.run(&senders).await,
                Command::SetAddresses(set) => set.run(&senders).await,
                Command::Set(set) => set.run(&senders).await,
                Command::Activate { organisation } => senders.set_active(organisation, true).await,
                Command::Deactivate { organisation } => {
                    senders.set_active(organisation, false).await
                }
                Command::Remove { organisation } => senders.remove(organisation).await,
                Command::Deliveries(deliveries) => {
                    let filter = deliveries.filter()?;
                    let list = senders.store.deliveries(&filter).await?;
                    let refused = senders.store.refused_calls(&filter).await?;
                    // Who is not registered may have been refused.
                    if list.is_empty() && refused.is_empty() {
                        senders.must_know(filter.sender).await?;
                        if let Some(alone) = deliveries.about_message()?
                            && senders.store.deliveries(&alone).await?.is_empty()
                            && senders.store.refused_calls(&alone).await?.is_empty()
                        {
                            return Ok(no_such_message(alone.message_id.as_deref(), view));
                        }
                    }
                    deliveries::print_list(&list, &refused, filter.limit, view)
                }
                Command::Certificates => {
                    let keys = config.decryption_keys(&folder)?;
                    let own: Vec<_> = keys.iter().map(|key| key.certificate().clone()).collect();
                    senders.certificates(&own).await
                }
                Command::Show(show) => show.run(&senders).await,
                Command::Export(export) => export.run(&senders).await,
                Command::Erase(erase) => erase.run(&senders).await,
                Command::Expire => {
                    let (retention, outlet) = (config.retention, config.outlet.is_some());
                    let removed = expire(&*senders.store, retention, outlet, &operator()).await?;
                    if retention.keeps_everything() {
                        crate::output::complain(view.say(
                            "[retention] er ikke satt: ingenting fjernes noen gang",
                            "[retention] is not set: nothing is ever removed",
                        ));
                    }
                    archive::print_removed(removed, view)
                }
                Command::Partitions { ahead } => {
                    let retention = config.retention;
                    archive::partitions(&*senders.store, *ahead, retention, view).await
                }
                Command::Outlet => {
                    let done = archive::outlet_status(&*senders.store, view).await?;
                    if config.outlet.is_none() && view.format == Format::Text {
                        print(view.say(
                            "konfigurasjonen har ingen [outlet]: ingen kan hente dem\n",
                            "the configuration has no [outlet]: nobody can fetch them\n",
                        ))?;
                    }
                    Ok(done)
                }
                Command::Audit(audit) => audit.run(&senders).await,
                Command::Overview { days } => senders.overview(*days).await,
                Command::NewKey { .. }
                | Command::NewPassword { .. }
                | Command::Move { .. }
                | Command::Backup { .. } => Ok(ExitCode::SUCCESS),
            }
        })
    }
}

fn new_key(file: &std::path::Path, view: View) -> anyhow::Result<ExitCode> {
    let mut key = zeroize::Zeroizing::new([0; 32]);
    SystemRandom.fill(key.as_mut())?;
    let digits = zeroize::Zeroizing::new(crate::output::hex(key.as_ref()) + "\n");
    crate::output::write_secret(file, digits.as_bytes())?;
    let done = text!(
        "skrev {file}; ta vare på en kopi på et trygt sted: uten den kan det som lagres, ikke leses\n",
        "wrote {file}; keep a copy in a safe place: without it what is stored cannot be read\n",
        file = file.display()
    );
    print_written(file, &done, view)
}

/// Says what was written.
fn print_written(file: &std::path::Path, done: &Text, view: View) -> anyhow::Result<ExitCode> {
    match view.format {
        Format::Text => print(done.get(view.lang))?,
        Format::Json => {
            print(&format!("{}\n", serde_json::json!({ "file": file.display().to_string() })))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn new_password(file: &std::path::Path, view: View) -> anyhow::Result<ExitCode> {
    let bytes = zeroize::Zeroizing::new(crate::output::read(std::path::Path::new("-"))?);
    let password = std::str::from_utf8(&bytes)
        .explain(|| text!("passordet er ikke UTF-8", "the password is not UTF-8"))?;
    // The line that was typed ends with a line break, which is not of the password.
    let password = password.strip_suffix('\n').unwrap_or(password);
    let password = password.strip_suffix('\r').unwrap_or(password);
    let mut salt = [0; 16];
    SystemRandom.fill(&mut salt)?;
    let hash = lmr_web::PasswordHash::make(password, &salt).explain(|| {
        text!(
            "passordet kan ikke brukes (12 tegn eller flere)",
            "the password cannot be used (12 characters or more)"
        )
    })?;
    crate::output::write_secret(file, format!("{hash}\n").as_bytes())?;
    let done = text!(
        "skrev {file}: oppgi den som password_file i [[console.operator]]\n",
        "wrote {file}: name it as password_file in [[console.operator]]\n",
        file = file.display()
    );
    print_written(file, &done, view)
}

/// Says that nothing goes by a message's id: an empty list would read as a message of which there is nothing.
fn no_such_message(id: Option<&str>, view: View) -> ExitCode {
    let text = text!(
        "{id}: ingen melding og ikke noe avvist kall har denne id-en. Den skrives slik som avsenderen gir den (lmr send history)",
        "{id}: no message and no refused call has this id. It is written as the sender gives it (lmr send history)",
        id = id.unwrap_or_default()
    );
    crate::output::complain(text.get(view.lang));
    ExitCode::FAILURE
}

/// The moment from which on something is asked for. Nothing has come on a day that is not there yet, and an empty answer
/// would hide the slip.
pub(super) fn since(day: Option<Date>) -> anyhow::Result<Option<Timestamp>> {
    let today = crate::clock::oslo(crate::clock::now()).date();
    if let Some(day) = day.filter(|day| *day > today) {
        fail!(
            "--since: {day} er ikke kommet ennå; i dag er {today}",
            "--since: {day} is not there yet; today is {today}"
        );
    }
    day.map(start_of_day).transpose()
}

/// The moment at which a day begins in Norway.
pub(super) fn start_of_day(day: Date) -> anyhow::Result<Timestamp> {
    let start = day.to_zoned(crate::clock::oslo_zone()).map(|zoned| zoned.timestamp());
    start.explain(|| text!("{day} er utenfor all tid", "{day} is outside all time"))
}

/// Reads the organisation number of an argument.
pub(super) fn organisation_number(number: &str) -> anyhow::Result<OrganisationNumber> {
    OrganisationNumber::parse(number).ok().explain(|| {
        text!(
            "{number} er ikke et organisasjonsnummer (ni sifre, det siste et kontrollsiffer)",
            "{number} is not an organisation number (nine digits, the last a check digit)"
        )
    })
}
