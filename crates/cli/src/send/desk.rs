//! The correction desk on the command line: `rejected`, `release`, `discard`, `journal`.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use lmr_sender::desk::{HeldFilter, causes};
use lmr_sender::outbox::{Act, HeldRow, Outbox};
use lmr_sender::wording::counted;

use super::{Format, Send, moment, setup, texts};
use crate::clock;
use crate::config::sender::SenderConfig;
use crate::config::source::{SourceSection, SourceTable};
use crate::output::{self, Language, complain};
use crate::text::{Explain, Text, fail, failure, text};

/// Which of the held records are meant.
#[derive(Args, Default)]
pub(super) struct Which {
    /// Only what this code holds: LMR-4061
    #[arg(long)]
    code: Option<String>,
    /// Only of this source or file: how the place in the list begins
    #[arg(long)]
    source: Option<String>,
    /// Only resources of this type
    #[arg(long = "type", value_name = "TYPE")]
    resource_type: Option<String>,
    /// Only what is held since this date or time, or later
    #[arg(long)]
    since: Option<String>,
    /// Only what is held since this date or time, or earlier
    #[arg(long)]
    until: Option<String>,
    /// Only with this in the reason, the element, the key, the id or the file
    #[arg(long)]
    text: Option<String>,
}

impl Which {
    fn filter(&self, numbers: &[i64]) -> anyhow::Result<HeldFilter> {
        Ok(HeldFilter {
            numbers: numbers.to_vec(),
            code: self.code.as_deref().map(known_code).transpose()?,
            source: self.source.clone(),
            resource_type: self.resource_type.clone(),
            since: self.since.as_deref().map(|text| moment("--since", text)).transpose()?,
            until: self.until.as_deref().map(until).transpose()?,
            text: self.text.clone(),
        })
    }
}

impl Which {
    /// Whether there is what a selection that nothing fits names: a slip of the keyboard must not read as an answer.
    ///
    /// # Errors
    /// A type or a source that is not there.
    fn must_be_known(&self, config: &SenderConfig) -> anyhow::Result<()> {
        let types: Vec<&str> = config.ruleset.profiles().iter().map(|(name, _)| *name).collect();
        if let Some(unknown) = &self.resource_type
            && !types.iter().any(|name| name.eq_ignore_ascii_case(unknown.trim()))
        {
            fail!(
                "{unknown} er ikke en ressurstype som registeret tar imot: {types}",
                "{unknown} is not a resource type that the register takes: {types}",
                types = types.join(", ")
            );
        }
        // Of a folder alone any file may be meant, also one that is not there any more.
        if let (Some(unknown), SourceSection::Tables(tables)) = (&self.source, &config.source) {
            let names: Vec<String> = tables.iter().map(SourceTable::name).collect();
            let wanted = unknown.trim();
            let is_known = |name: &String| {
                let place = format!("{name}: ");
                place.starts_with(wanted) || wanted.starts_with(&place)
            };
            if !names.iter().any(is_known) {
                fail!(
                    "ingen kilde heter {unknown}: {names}",
                    "no source is called {unknown}: {names}",
                    names = names.join(", ")
                );
            }
        }
        Ok(())
    }
}

/// A code as the ledger spells it.
fn known_code(text: &str) -> anyhow::Result<String> {
    Ok(crate::codes::code(text)?.as_str().to_owned())
}

/// The end of a day that is given, or just after a time.
fn until(text: &str) -> anyhow::Result<Timestamp> {
    let is_date = text.len() == 10;
    match text
        .parse::<Date>()
        .ok()
        .filter(|_| is_date)
        .and_then(|day| day.checked_add(1.day()).ok())
    {
        Some(next) => moment("--until", &next.to_string()),
        None => Ok(moment("--until", text)?.checked_add(1.millisecond())?),
    }
}

#[derive(Args)]
pub(super) struct RejectedList {
    #[command(flatten)]
    which: Which,
    /// What was discarded instead
    #[arg(long)]
    discarded: bool,
    /// Show no value of any resource: no wrong value, no key, no id
    #[arg(long)]
    redact: bool,
    /// With --format csv: for a double click in a Norwegian spreadsheet, with semicolons and a byte order mark
    #[arg(long)]
    spreadsheet: bool,
    /// Write to this file instead of printing
    #[arg(long, short)]
    output: Option<PathBuf>,
}

/// Who acts and why.
#[derive(Args)]
struct Signature {
    /// Who does it, for the journal; the user's login name if left out
    #[arg(long)]
    operator: Option<String>,
    /// Do not ask, however many there are
    #[arg(long, short)]
    yes: bool,
}

#[derive(Args)]
pub(super) struct Release {
    /// The held resource with this number (see `rejected`)
    #[arg(long)]
    number: Vec<i64>,
    /// Everything held
    #[arg(long)]
    all: bool,
    /// A message that gets no answer: it is never sent again, its data goes with the next transfer
    #[arg(long, conflicts_with_all = ["number", "all"])]
    message: Option<String>,
    #[command(flatten)]
    which: Which,
    /// Why, for the journal; no identity numbers
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    signature: Signature,
}

#[derive(Args)]
pub(super) struct Discard {
    /// The held resource with this number (see `rejected`)
    #[arg(long)]
    number: Vec<i64>,
    /// Everything held
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    which: Which,
    /// Why, for the journal; no identity numbers
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    signature: Signature,
}

impl RejectedList {
    pub(super) async fn show(
        &self,
        send: &Send,
        config: &SenderConfig,
        folder: &Path,
    ) -> anyhow::Result<ExitCode> {
        let filter = self.which.filter(&[])?;
        let (redact, lang) = (self.redact, send.lang);
        let rejected =
            setup::rejected(config, folder, &filter, self.discarded, redact, lang).await?;
        if rejected.is_empty() {
            self.which.must_be_known(config)?;
        }
        let text = match send.format {
            Format::Text => rejected.text(lang),
            Format::Json => format!("{}\n", serde_json::to_string_pretty(&rejected.json(lang))?),
            Format::Csv => rejected.csv(lang, self.spreadsheet),
            Format::Html => rejected.html(lang, &config.organisation, clock::now()),
        };
        output::write(self.output.as_deref(), text.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Release {
    pub(super) async fn make(
        &self,
        send: &Send,
        config: &SenderConfig,
        folder: &Path,
    ) -> anyhow::Result<ExitCode> {
        let filter = self.which.filter(&self.number)?;
        let lang = send.lang;
        if let Some(message) = &self.message {
            if !filter.is_everything() {
                fail!(
                    "--message gir opp én melding; den tar ikke noe utvalg",
                    "--message gives one message up; it takes no selection"
                );
            }
            let outbox = setup::outbox(config, folder).await?;
            let done = outbox.give_up_message(message, clock::now()).await?;
            send.show(&serde_json::json!({ "given_up": done }), || texts::given_up(done, lang))?;
            return Ok(ExitCode::from(u8::from(!done)));
        }
        selected(&filter, self.all)?;
        let act = Act::new(
            &operator(self.signature.operator.as_deref()),
            self.reason.as_deref(),
            clock::now(),
        );
        let act =
            act.map_err(|error| failure(Text::of(|language| error.text(language).to_owned())))?;
        let outbox = setup::outbox(config, folder).await?;
        let mut rows = outbox.held().await?;
        if !self.number.is_empty() {
            // One that was discarded is released by its number.
            rows.extend(outbox.discarded().await?);
        }
        let rows = filter.of(rows);
        if rows.is_empty() && self.number.is_empty() {
            let discarded = filter.of(outbox.discarded().await?).len();
            if discarded > 0 {
                let note = text!(
                    "lmr: {discarded} er forkastet, og frigis med --number (lmr send rejected --discarded viser dem)",
                    "lmr: {discarded} are discarded, and are released by --number (lmr send rejected --discarded lists them)"
                );
                complain(note.get(lang));
                return Ok(ExitCode::from(1));
            }
        }
        if rows.is_empty() && !filter.is_everything() {
            self.which.must_be_known(config)?;
            nothing_fits(&outbox, lang).await?;
        }
        if !self.signature.agrees(
            &rows,
            &self.number,
            text!("Frigi dem?", "Release them?").get(lang),
            lang,
        )? {
            return Ok(ExitCode::from(1));
        }
        let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
        let released = outbox.release(&numbers, &act).await?;
        send.show(&released, || texts::released(released, lang))?;
        Ok(ExitCode::from(u8::from(released.total() == 0 && !self.all)))
    }
}

impl Discard {
    pub(super) async fn make(
        &self,
        send: &Send,
        config: &SenderConfig,
        folder: &Path,
    ) -> anyhow::Result<ExitCode> {
        let filter = self.which.filter(&self.number)?;
        let lang = send.lang;
        selected(&filter, self.all)?;
        let act = Act::with_reason(
            &operator(self.signature.operator.as_deref()),
            &self.reason,
            clock::now(),
        );
        let act =
            act.map_err(|error| failure(Text::of(|language| error.text(language).to_owned())))?;
        let outbox = setup::outbox(config, folder).await?;
        let rows = filter.of(outbox.held().await?);
        if rows.is_empty() && !filter.is_everything() {
            self.which.must_be_known(config)?;
            nothing_fits(&outbox, lang).await?;
        }
        if !self.signature.agrees(
            &rows,
            &self.number,
            text!("Forkaste dem?", "Discard them?").get(lang),
            lang,
        )? {
            return Ok(ExitCode::from(1));
        }
        let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
        let discarded = outbox.discard(&numbers, &act).await?;
        send.show(&discarded, || texts::discarded(discarded, lang))?;
        Ok(ExitCode::from(u8::from(discarded.records == 0 && !self.all)))
    }
}

/// Says that a selection leaves all that is held out.
async fn nothing_fits(outbox: &Outbox, lang: Language) -> anyhow::Result<()> {
    let in_all = outbox.held().await?.len();
    complain(&format!("lmr: {}", texts::nothing_of_the_selection(in_all, false).get(lang)));
    Ok(())
}

impl Signature {
    /// Shows how many are meant and for which causes, and asks, unless a single one was named or nobody is to be
    /// asked.
    fn agrees(
        &self,
        rows: &[HeldRow],
        numbers: &[i64],
        question: &str,
        lang: Language,
    ) -> anyhow::Result<bool> {
        if rows.is_empty() || (rows.len() == 1 && numbers.len() == 1) {
            return Ok(true);
        }
        let waiting: u64 = rows.iter().map(|row| row.waiting).sum();
        let count = rows.len() as u64;
        let head = Text {
            nb: format!(
                "{count} {}, {waiting} venter på {}:",
                counted(count, "post", "poster"),
                counted(count, "den", "dem")
            ),
            en: format!(
                "{count} {}, {waiting} {} for {}:",
                counted(count, "record", "records"),
                counted(waiting, "waits", "wait"),
                counted(count, "it", "them")
            ),
        };
        complain(head.get(lang));
        for cause in causes(rows) {
            let code = cause.finding.code.as_deref().unwrap_or("–");
            complain(&format!("{:>8}  {code}  {}", cause.records.len(), cause.path));
        }
        if self.yes {
            return Ok(true);
        }
        if !io::stdin().is_terminal() {
            fail!(
                "ingenting er gjort: gi --yes for å gjøre det uten spørsmål",
                "nothing is done: give --yes to do it without being asked"
            );
        }
        complain(&format!("{question} [j/y/N]"));
        let mut answer = String::new();
        io::stdin()
            .lock()
            .read_line(&mut answer)
            .explain(|| text!("kan ikke lese standard inn", "cannot read standard input"))?;
        Ok(["j", "ja", "y", "yes"].contains(&&*answer.trim().to_lowercase()))
    }
}

/// Something must be asked for: a selection of nothing is most likely a mistake.
fn selected(filter: &HeldFilter, all: bool) -> anyhow::Result<()> {
    if filter.is_everything() && !all {
        fail!(
            "hvilke? gi --number, et utvalg (--code, --source, --type, --since, --until, --text) eller --all",
            "which ones? give --number, a selection (--code, --source, --type, --since, --until, --text) or --all"
        );
    }
    Ok(())
}

/// The operator as given, or the user who is logged in.
#[expect(clippy::disallowed_methods, reason = "the environment is read in this crate only")]
pub(super) fn operator(given: Option<&str>) -> String {
    let of_environment = || {
        ["SUDO_USER", "USER", "LOGNAME", "USERNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|user| !user.trim().is_empty()))
    };
    given.map(str::to_owned).or_else(of_environment).or_else(user_number).unwrap_or_default()
}

/// The number of the user that the process runs as: schedulers set no names.
#[cfg(unix)]
fn user_number() -> Option<String> {
    let process = std::fs::metadata("/proc/self").ok()?;
    Some(format!("uid {}", std::os::unix::fs::MetadataExt::uid(&process)))
}

#[cfg(not(unix))]
fn user_number() -> Option<String> {
    None
}

/// What operators did.
pub(super) async fn journal(send: &Send, outbox: &Outbox, limit: u32) -> anyhow::Result<ExitCode> {
    let entries = outbox.journal(limit).await?;
    send.show(&entries, || texts::journal(&entries, send.lang))?;
    Ok(ExitCode::SUCCESS)
}
