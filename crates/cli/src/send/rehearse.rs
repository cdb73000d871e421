//! `lmr send rehearse`: what another rule set would refuse.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use lmr_lmdi::RuleSetId;
use lmr_sender::SenderError;
use lmr_sender::rehearse::{Rehearsal, RehearsalProgress, RehearsedPart};
use lmr_sender::wording::counted;

use super::{Send, setup};
use crate::config::sender::SenderConfig;
use crate::output::{Language, Style};
use crate::text::text;

/// Check what was sent and what is in the source by another rule set, and count by rule what it would refuse
///
/// Nothing is sent and nothing is changed. Exit status: 0 when nothing would be refused, 1 when something would.
#[derive(Args)]
pub(super) struct Rehearse {
    /// The rule set to rehearse
    #[arg(long, value_parser = rule_set())]
    ruleset: RuleSetId,
    /// A package with code lists, or with the guide in another version, before the rule set's own; may be repeated
    #[arg(long, value_name = "FILE")]
    package: Vec<PathBuf>,
}

fn rule_set() -> impl TypedValueParser<Value = RuleSetId> {
    let names = RuleSetId::ALL.into_iter().map(RuleSetId::as_str);
    PossibleValuesParser::new(names)
        .try_map(|name| RuleSetId::parse(&name).ok_or_else(|| std::io::Error::other("unknown")))
}

impl Rehearse {
    pub(super) async fn make(
        &self,
        send: &Send,
        config: &SenderConfig,
        folder: &Path,
    ) -> anyhow::Result<ExitCode> {
        let packages =
            self.package.iter().map(std::path::absolute).collect::<Result<Vec<_>, _>>()?;
        let bar =
            indicatif::ProgressBar::with_draw_target(None, indicatif::ProgressDrawTarget::stderr());
        let mut progress = |at: RehearsalProgress| {
            bar.set_length(at.of as u64);
            bar.set_position(at.done as u64);
        };
        let configured = (config, send.config.as_path());
        let done = rehearsal(configured, folder, self.ruleset, &packages, &mut progress).await?;
        bar.finish_and_clear();
        let rehearsal = match done {
            Ok(rehearsal) => rehearsal,
            Err(error) => return send.failed(error),
        };
        send.show(&rehearsal, || words(&rehearsal, send.lang, Style::for_stdout()))?;
        Ok(ExitCode::from(u8::from(rehearsal.sent.refused + rehearsal.source.refused > 0)))
    }
}

/// Rehearses a rule set, with these packages before the configured code lists. `config_file` is read again, to be
/// changed: what is read is never written, so it is the same.
pub(super) async fn rehearsal(
    (config, config_file): (&SenderConfig, &Path),
    folder: &Path,
    rule_set: RuleSetId,
    packages: &[PathBuf],
    progress: &mut (dyn FnMut(RehearsalProgress) + std::marker::Send),
) -> anyhow::Result<Result<Rehearsal, SenderError>> {
    let (mut other, _) = crate::config::read::<SenderConfig>(config_file)?;
    other.ruleset = rule_set;
    other.terminology = [packages, &config.terminology].concat();
    let scratch = tempfile::Builder::new().prefix("lmr-rehearse-").tempdir()?;
    let agent = setup::empty_agent(&other, folder, scratch.path(), true).await?;
    let outbox = match folder.join(&config.database).exists() {
        true => Some(setup::outbox_to_read(config, folder).await?),
        false => None,
    };
    let done = agent.rehearse(outbox.as_ref(), progress).await;
    agent.outbox().close().await;
    Ok(done)
}

pub(super) fn words(rehearsal: &Rehearsal, language: Language, style: Style) -> String {
    let title = text!(
        "Prøve av {ruleset}: ingenting er sendt eller endret.",
        "Rehearsal of {ruleset}: nothing was sent or changed.",
        ruleset = rehearsal.rule_set
    );
    let mut out = format!("{}\n", title.get(language));
    let sent = text!("Det som er levert", "What was delivered");
    write_part(sent.get(language), &rehearsal.sent, (language, style), &mut out);
    let source = text!("Det som er i kilden", "What is in the source");
    write_part(source.get(language), &rehearsal.source, (language, style), &mut out);
    out
}

fn write_part(
    title: &str,
    part: &RehearsedPart,
    (language, style): (Language, Style),
    out: &mut String,
) {
    let RehearsedPart { resources, refused, waiting, unreadable, causes } = part;
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&style.bold(title));
    for (count, is_always, nb, en) in [
        (
            *resources,
            true,
            ["ressurs kontrollert", "ressurser kontrollert"],
            ["resource checked", "resources checked"],
        ),
        (*refused, true, ["ville blitt avvist"; 2], ["would be refused"; 2]),
        (
            *waiting,
            false,
            [
                "feilfri, men viser til en som ville blitt avvist",
                "feilfrie, men viser til en som ville blitt avvist",
            ],
            [
                "correct, but refers to one that would be refused",
                "correct, but refer to one that would be refused",
            ],
        ),
        (
            *unreadable,
            false,
            ["del kan ikke leses", "deler kan ikke leses"],
            ["part cannot be read", "parts cannot be read"],
        ),
    ] {
        if count > 0 || is_always {
            let [one, several] = if language == Language::Bokmal { nb } else { en };
            line(&format!("{count:>8}  {}", counted(count, one, several)));
        }
    }
    for cause in causes {
        let code = style.bad(cause.code.as_deref().unwrap_or("–"));
        line(&format!("{:>8}  {code}  {}", cause.resources, cause.path));
        line(&format!("          {}", cause.text(language)));
        line(&format!("          {}", style.faint(&cause.example)));
    }
}
