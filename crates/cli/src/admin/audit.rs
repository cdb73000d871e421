//! `lmr admin audit`: the log of who sent, read, changed, exported or erased what.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use lmr_intake::{Action, AuditEntry, AuditFault, AuditFilter, AuditHead, AuditProblem, Database};
use serde_json::{Value, json};

use super::deliveries::local;
use super::senders::Senders;
use super::{Format, View, organisation_number, since};
use crate::config::key_files::certificate;
use crate::config::read_text;
use crate::output::{Style, print};
use crate::receipt::read_receipts;
use crate::text::{Explain, fail, text};

#[derive(Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// List entries, newest first
    List(List),
    /// Read the whole log and show what was changed, removed, reordered or cut off; exit status 1 if anything was
    Verify(Verify),
    /// Print number and digest of the newest entry of every chain, to be kept elsewhere for `verify --heads`
    Heads,
}

#[derive(Args)]
struct List {
    /// Only this sender's messages; without it the register's own acts too
    #[arg(long)]
    sender: Option<String>,
    /// Only these acts
    #[arg(long, value_parser = PossibleValuesParser::new(Action::ALL.map(Action::as_str)))]
    action: Option<String>,
    /// Only those on or after this day (Norwegian time)
    #[arg(long)]
    since: Option<Date>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

#[derive(Args)]
struct Verify {
    /// Heads that `lmr admin audit heads --format json` has printed before: the log must still have them
    #[arg(long)]
    heads: Option<PathBuf>,
    /// Receipts of senders, one a line, or JSON lines of `lmr receipt list`: the log must still have them
    #[arg(long, requires = "certificate")]
    receipts: Vec<PathBuf>,
    /// The register's certificate that the receipts were signed under; may be repeated
    #[arg(long)]
    certificate: Vec<PathBuf>,
}

impl Audit {
    pub(super) async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let (store, view) = (&*senders.store, senders.view);
        match &self.command {
            AuditCommand::List(list) => list.run(senders).await,
            AuditCommand::Verify(verify) => verify.run(store, view).await,
            AuditCommand::Heads => {
                let mut out = String::new();
                for head in store.audit_heads().await? {
                    match view.format {
                        Format::Json => writeln!(out, "{}", serde_json::to_string(&head)?)?,
                        Format::Text => {
                            writeln!(out, "{}  {}  {}", head.chain, head.sequence, head.digest)?;
                        }
                    }
                }
                print(&out)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl List {
    async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let view = senders.view;
        let sender = self.sender.as_deref().map(organisation_number).transpose()?;
        let filter = AuditFilter {
            chain: sender.map(|number| number.to_string()),
            action: self.action.as_deref().and_then(Action::parse),
            since: since(self.since)?,
            before: None,
            limit: self.limit,
        };
        let mut out = String::new();
        for entry in senders.store.audit_entries(&filter).await? {
            match view.format {
                Format::Json => writeln!(out, "{}", json_of(&entry))?,
                Format::Text => writeln!(out, "{}", line_of(&entry))?,
            }
        }
        if out.is_empty() {
            senders.must_know(sender).await?;
        }
        if out.is_empty() && view.format == Format::Text {
            out.push_str(view.say("ingen oppføringer\n", "no entries\n"));
        }
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Verify {
    async fn run(&self, store: &dyn Database, view: View) -> anyhow::Result<ExitCode> {
        let mut kept = Vec::new();
        if let Some(path) = &self.heads {
            for line in read_text(path)?.lines().filter(|line| !line.trim().is_empty()) {
                let head: AuditHead = serde_json::from_str(line).explain(|| {
                    text!(
                        "{path} er ikke JSON-linjer fra «lmr admin audit heads --format json»",
                        "{path} is not JSON lines of `lmr admin audit heads --format json`",
                        path = path.display()
                    )
                })?;
                kept.push(head);
            }
            if kept.is_empty() {
                fail!(
                    "{path} har ingen hoder, så ingenting kunne prøves mot den: «lmr admin audit heads --format json» skriver dem",
                    "{path} has no heads, so nothing could be held against it: `lmr admin audit heads --format json` writes them",
                    path = path.display()
                );
            }
        }
        let certificates =
            self.certificate.iter().map(|path| certificate(path)).collect::<Result<Vec<_>, _>>()?;
        for path in &self.receipts {
            let receipts = read_receipts(path)?;
            if receipts.is_empty() {
                fail!(
                    "{path} har ingen kvitteringer, så ingenting kunne prøves mot den: «lmr receipt list» skriver en avsenders",
                    "{path} has no receipts, so nothing could be held against it: `lmr receipt list` writes those of a sender",
                    path = path.display()
                );
            }
            for receipt in receipts {
                let verified = lmr_envelope::verify_receipt(&receipt, &certificates)
                    .explain(|| text!("{path}", "{path}", path = path.display()))?;
                kept.push(AuditHead::from(&verified.receipt));
            }
        }
        let report = store.verify_audit(&kept).await?;
        let is_whole = report.problems.is_empty();
        if view.format == Format::Json {
            print(&format!("{}\n", serde_json::to_string(&report)?))?;
        } else {
            let style = Style::for_stdout();
            let mut out = String::new();
            for problem in &report.problems {
                writeln!(out, "{}", style.bad(&problem_text(problem, view)))?;
            }
            let summary = text!(
                "{entries} oppføringer i {chains} kjeder, {messages} meldinger og {kept} oppbevarte kvitteringer eller hoder er lest: {faults} feil",
                "{entries} entries in {chains} chains, {messages} messages and {kept} kept receipts or heads were read: {faults} faults",
                entries = report.entries,
                chains = report.chains,
                messages = report.messages,
                kept = report.kept,
                faults = report.problems.len(),
            );
            writeln!(out, "{}", summary.get(view.lang))?;
            if is_whole && report.kept == 0 {
                out.push_str(view.say(
                    "En avkuttet hale vises bare mot noe som er oppbevart et annet sted: bruk --heads eller --receipts.\n",
                    "A tail that was cut off shows only against something kept elsewhere: use --heads or --receipts.\n",
                ));
            }
            print(&out)?;
        }
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn line_of(entry: &AuditEntry) -> String {
    let value: Value = serde_json::from_str(&entry.text).unwrap_or_default();
    let member = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let who = if entry.action == Action::Receive {
        format!("client:{}", member("clientId"))
    } else {
        member("actor")
    };
    let what = ["subject", "messageId", "ruleSet", "outcome", "detail", "reason"].map(member);
    let what: Vec<_> = what.into_iter().filter(|text| !text.is_empty()).collect();
    format!(
        "{}  {} {}  {}  {who}  {}",
        local(entry.at),
        entry.chain,
        entry.sequence,
        entry.action.as_str(),
        what.join("  ")
    )
}

fn json_of(entry: &AuditEntry) -> Value {
    json!({
        "chain": entry.chain,
        "digest": entry.digest(),
        "entry": serde_json::from_str::<Value>(&entry.text).unwrap_or_default(),
    })
}

fn problem_text(problem: &AuditProblem, view: View) -> String {
    let what = match problem.fault {
        AuditFault::Changed => view.say("er endret", "was changed"),
        AuditFault::NotLinked => view.say(
            "viser ikke til oppføringen før: en av dem er endret",
            "does not refer to the entry before it: one of them was changed",
        ),
        AuditFault::Missing => view.say("mangler", "is missing"),
        AuditFault::CutOff => view.say(
            "mangler, og alt etter den: loggen er avkuttet eller lagt tilbake",
            "is missing, and all after it: the log was cut off or put back",
        ),
        AuditFault::Replaced => view.say(
            "er en annen enn den som er oppbevart",
            "is another one than the one that was kept",
        ),
        AuditFault::HeadBehind => view.say(
            "står etter kjedens hode: hodet er endret",
            "comes after the chain's head: the head was changed",
        ),
        AuditFault::OtherMessage => view.say(
            "gjelder en annen melding enn den som viser til den",
            "is about another message than the one that refers to it",
        ),
    };
    format!("{} {}: {what}", problem.chain, problem.sequence)
}
