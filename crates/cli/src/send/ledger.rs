//! `lmr send repair` and `lmr send export-ledger`: the sender's database itself.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lmr_sender::lock::Lock;
use lmr_sender::outbox::{Examination, LedgerRow, OutboxError, Repaired, examine, repair};
use lmr_sender::report::RunStatus;
use lmr_sender::wording::counted;

use super::{Send, setup};
use crate::clock;
use crate::config::sender::SenderConfig;
use crate::output::{Language, Output};
use crate::text::{Explain, text};

/// Say what is damaged in the sender's database and what a repair would keep; with `--apply`, make it.
///
/// The repair puts what can be read into a new file and leaves the damaged one beside it. What is lost is sent again,
/// and what the register has makes no new version there; annulled records that are lost are looked for before that, and
/// none that is found goes out as given. Exit status: 0 nothing is damaged, or it is repaired; 1 something is damaged, or
/// it is repaired and annulments may be lost that nothing names; 4 the file cannot be read at all.
#[derive(Args)]
pub(super) struct Repair {
    /// Make the repair
    #[arg(long)]
    apply: bool,
}

/// Write the ledger: what the register has confirmed, a row each.
#[derive(Args)]
pub(super) struct ExportLedger {
    /// Form of the rows
    #[arg(long = "as", value_enum, default_value_t)]
    form: Form,
    /// Where to write; standard output if left out
    #[arg(long, short)]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A JSON object a line
    #[default]
    Ndjson,
    /// Comma-separated, with a head
    Csv,
}

impl Repair {
    pub(super) async fn make(
        &self,
        send: &Send,
        config: &SenderConfig,
        folder: &Path,
    ) -> anyhow::Result<ExitCode> {
        let path = setup::database(config, folder)?;
        let _lock = Lock::take(&setup::lock(config, folder))?;
        let (lang, cannot) = (send.lang, || {
            text!(
                "{path} kan ikke leses; bruk en sikkerhetskopi, eller flytt filen bort: da sendes alt siden startdatoen på nytt, og det registeret har, får ingen ny versjon",
                "{path} cannot be read; use a backup, or move the file away: everything since the start date is then sent again, and what the register has makes no new version",
                path = path.display()
            )
        });
        if !self.apply {
            let found = if_irreparable(examine(&path).await)?.explain(cannot)?;
            send.show(&found, || examined(&found, lang))?;
            return Ok(ExitCode::from(u8::from(!found.faults.is_empty())));
        }
        let done = if_irreparable(repair(&path, clock::now()).await)?.explain(cannot)?;
        send.show(&done, || repaired(done.as_ref(), lang))?;
        let status = match done.is_some_and(|done| done.may_lack_annulments) {
            true => RunStatus::ToCorrect,
            false => RunStatus::Clean,
        };
        Ok(ExitCode::from(status.exit_code()))
    }
}

/// Only a file that cannot be repaired has the remedy of one: that of a newer program, one that is locked and a full
/// disk say themselves what to do, and the file is sound.
fn if_irreparable<T>(done: Result<T, OutboxError>) -> anyhow::Result<Result<T, OutboxError>> {
    match done {
        Ok(_) | Err(OutboxError::Irreparable(_)) => Ok(done),
        Err(error) => Err(error.into()),
    }
}

fn pick(lang: Language, nb: &'static str, en: &'static str) -> &'static str {
    if lang == Language::Bokmal { nb } else { en }
}

fn examined(found: &Examination, lang: Language) -> String {
    if found.faults.is_empty() {
        return pick(lang, "Ingenting er skadet.\n", "Nothing is damaged.\n").to_owned();
    }
    let mut out = state(found, lang);
    out += pick(
        lang,
        "\nIngenting er endret. «lmr send repair --apply» lager en ny fil av det som kan leses.\n",
        "\nNothing was changed. `lmr send repair --apply` makes a new file of what can be read.\n",
    );
    out
}

fn state(found: &Examination, lang: Language) -> String {
    let mut out = pick(lang, "Skader:\n", "Damage:\n").to_owned();
    for fault in &found.faults {
        out += &format!("  {fault}\n");
    }
    out += pick(lang, "Dette kan leses:\n", "This can be read:\n");
    for table in &found.tables {
        let whole = match table.is_whole {
            true => pick(lang, "hele", "whole"),
            false => pick(lang, "ikke hele", "not whole"),
        };
        out += &format!("  {:<14} {:>9}  {whole}\n", table.name, table.rows);
        if table.unusable > 0 {
            let count = table.unusable;
            out += &match lang {
                Language::Bokmal => format!(
                    "    {count} {} kan ikke beholdes, for en kolonne har en verdi av feil type:\n",
                    counted(count, "rad", "rader")
                ),
                Language::English => format!(
                    "    {count} {} cannot be kept, since a column has a value of another type:\n",
                    counted(count, "row", "rows")
                ),
            };
            for row in &table.unusable_rows {
                out += &format!("      {row}\n");
            }
        }
    }
    out
}

fn repaired(done: Option<&Repaired>, lang: Language) -> String {
    let Some(done) = done else {
        return pick(lang, "Ingenting er skadet.\n", "Nothing is damaged.\n").to_owned();
    };
    let rest = text!(
        "\nReparert. Den skadde filen ligger i {path}. Neste overføring sender det som mangler; det registeret har, får ingen ny versjon.\n",
        "\nRepaired. The damaged file is {path}. The next transfer sends what is missing; what the register has makes no new version.\n",
        path = done.damaged_file.display()
    );
    let mut out = state(&done.found, lang) + rest.get(lang);
    if !done.lost_annulments.is_empty() {
        out += pick(
            lang,
            "Disse postene er annullert, og databasen har mistet det. Neste overføring finner dem igjen i kopiene av det som er sendt, eller nevner dem, og sender ingen av dem som gitt:\n",
            "These records are annulled, and the database has lost that. The next transfer finds them again in the copies of what was sent, or names them, and sends none of them as given:\n",
        );
        for name in &done.lost_annulments {
            out += &format!("  {name}\n");
        }
    }
    if done.may_lack_annulments {
        out += pick(
            lang,
            "Journalen er heller ikke hel: poster som er annullert, kan mangle uten at noe sier hvilke. Neste overføring finner dem som det er kopi av. Se etter om andre står som gitt i kilden, før den går.\n",
            "The journal is not whole either: annulled records may be missing without anything that names them. The next transfer finds those that there is a copy of. Look before it runs whether others are in the source as given.\n",
        );
    }
    out
}

impl ExportLedger {
    pub(super) async fn make(
        &self,
        config: &SenderConfig,
        folder: &Path,
    ) -> anyhow::Result<ExitCode> {
        let outbox = setup::outbox_to_read(config, folder).await?;
        let mut output = Output::private_to(self.output.as_deref());
        if self.form == Form::Csv {
            output.write(b"resource_type,resource_id,source_key,message_id,confirmed_at,annulled_at,has_vanished,identity,version\r\n")?;
        }
        outbox
            .each_in_ledger(|row| -> anyhow::Result<()> {
                let line = match self.form {
                    Form::Ndjson => serde_json::to_string(&row)? + "\n",
                    Form::Csv => csv_line(&row),
                };
                output.write(line.as_bytes())
            })
            .await?;
        output.finish()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A line of CSV (RFC 4180). A value that a spreadsheet would take for a formula gets an apostrophe in front.
fn csv_line(row: &LedgerRow) -> String {
    let time =
        |time: Option<jiff::Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = [
        row.resource_type.clone(),
        text(&row.resource_id),
        text(&row.source_key),
        text(&row.message_id),
        row.confirmed_at.to_string(),
        time(row.annulled_at),
        row.has_vanished.to_string(),
        row.identity.clone(),
        row.version.clone(),
    ];
    let quoted: Vec<String> = fields
        .into_iter()
        .map(|field| {
            let field = match field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                true => format!("'{field}"),
                false => field,
            };
            if field.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", field.replace('"', "\"\""))
            } else {
                field
            }
        })
        .collect();
    quoted.join(",") + "\r\n"
}
