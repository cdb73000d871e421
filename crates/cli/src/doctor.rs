//! `lmr doctor`: tries everything that a configuration file names, with the client, the authorities and the
//! proxy of a real run, and says what does not work and what to do.

pub(crate) mod files;
mod network;
mod receiver;
mod sender;
mod source;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lmr_envelope::Certificate;
use serde_json::json;

use crate::clock;
use crate::config::read_text;
use crate::config::receiver::ReceiverConfig;
use crate::config::sender::SenderConfig;
use crate::output::{Language, Style, print};
use crate::text::{Explain, Text, causes, fail, text};

/// Try everything that a configuration file names and say what does not work.
///
/// A sender's file: files, modes, disk, source, rule set, certificates, HelseID, clock and the receiver, which
/// is asked to validate a message that it does not store. A receiver's: its files, certificates, TLS, database,
/// HelseID, ports, and all else that a start needs. Nothing is stored or changed. Exit status: 0 when everything works, 1 when something does not,
/// 2 when the file cannot be used.
#[derive(Args)]
pub(crate) struct Doctor {
    /// receiver.toml or sender.toml
    #[arg(long, short)]
    config: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// A JSON line per check
    Json,
}

/// Certificates that end within so many days are pointed out.
const SOON: i64 = 60;

impl Doctor {
    /// For people, of this file.
    pub(crate) fn of(config: &Path) -> Self {
        Self { config: config.to_owned(), format: Format::Text }
    }

    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let content = read_text(&self.config)?;
        let table: toml::Table = content.parse().explain(|| {
            text!("{path} er ikke TOML", "{path} is not TOML", path = self.config.display())
        })?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let mut checks = Checks::default();
        checks.config_file(&self.config);
        if table.contains_key("source") {
            let (config, folder) = crate::config::read::<SenderConfig>(&self.config)?;
            runtime.block_on(sender::examine(&config, &folder, &mut checks));
        } else if table.contains_key("listen") {
            let (config, folder) = crate::config::read::<ReceiverConfig>(&self.config)?;
            runtime.block_on(receiver::examine(&config, &folder, &mut checks));
        } else {
            fail!(
                "{path} er verken et mottaks (uten listen) eller en avsenders (uten source)",
                "{path} is neither a receiver's (no listen) nor a sender's (no source)",
                path = self.config.display()
            );
        }
        print(&match self.format {
            Format::Text => checks.text(lang),
            Format::Json => checks.json(lang),
        })?;
        Ok(if checks.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What one check gave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Ok,
    /// Works, and will not for long or not well.
    Warning,
    Failed,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// One check and its outcome.
struct Line {
    /// Name for programs, `receiver.connection`.
    id: &'static str,
    status: Status,
    text: Text,
    remedy: Option<Text>,
}

/// The checks so far, in the order they were made.
#[derive(Default)]
pub(super) struct Checks {
    lines: Vec<Line>,
    /// Where the service writes its database, where that is a file: the folder is its own.
    #[cfg_attr(not(unix), expect(dead_code, reason = "owners are those of Unix"))]
    database_folder: Option<PathBuf>,
}

impl Checks {
    pub(super) fn ok(&mut self, id: &'static str, text: Text) {
        self.lines.push(Line { id, status: Status::Ok, text, remedy: None });
    }

    pub(super) fn warn(&mut self, id: &'static str, text: Text, remedy: Text) {
        self.lines.push(Line { id, status: Status::Warning, text, remedy: Some(remedy) });
    }

    pub(super) fn fail(&mut self, id: &'static str, text: Text, remedy: Option<Text>) {
        self.lines.push(Line { id, status: Status::Failed, text, remedy });
    }

    /// Reports whether something could be done, and gives what came of it.
    pub(super) fn note<T>(
        &mut self,
        id: &'static str,
        what: &Text,
        result: anyhow::Result<T>,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.ok(id, what.clone());
                Some(value)
            }
            Err(error) => {
                self.error(id, what, &error);
                None
            }
        }
    }

    pub(super) fn error(&mut self, id: &'static str, what: &Text, error: &anyhow::Error) {
        let text = Text::of(|language| {
            format!("{}: {}", what.get(language), crate::text::chain(error, language))
        });
        self.fail(id, text, None);
    }

    /// How long an enterprise certificate is valid.
    pub(super) fn validity(&mut self, id: &'static str, what: &Text, certificate: &Certificate) {
        let now = clock::now();
        if let Err(error) = certificate.check_valid(now) {
            let text = Text {
                nb: format!("{}: {}", what.nb, causes::certificate(&error)),
                en: format!("{}: {error}", what.en),
            };
            self.fail(id, text, Some(renew()));
            return;
        }
        self.days_left(id, what, certificate.not_after());
    }

    /// Reports the end of a validity that has not come yet.
    pub(super) fn days_left(&mut self, id: &'static str, what: &Text, until: jiff::Timestamp) {
        let days = until.duration_since(clock::now()).as_hours() / 24;
        let text = Text {
            nb: format!("{}: gyldig i {days} dager til", what.nb),
            en: format!("{}: valid for {days} more days", what.en),
        };
        if days < SOON {
            self.warn(id, text, renew());
        } else {
            self.ok(id, text);
        }
    }

    fn failed(&self) -> usize {
        self.lines.iter().filter(|line| line.status == Status::Failed).count()
    }

    fn text(&self, lang: Language) -> String {
        let style = Style::for_stdout();
        let say =
            |nb: &'static str, en: &'static str| if lang == Language::Bokmal { nb } else { en };
        let mut out = String::new();
        for line in &self.lines {
            let sign = match line.status {
                Status::Ok => style.good("ok  "),
                Status::Warning => style.warn(say("obs ", "note")),
                Status::Failed => style.bad(say("FEIL", "FAIL")),
            };
            let _ = writeln!(out, "{sign}  {}", line.text.get(lang));
            if let Some(remedy) = &line.remedy {
                let _ = writeln!(out, "      → {}", remedy.get(lang));
            }
        }
        let (failed, all) = (self.failed(), self.lines.len());
        let verdict = if failed == 0 {
            style.good(say("alt virker", "everything works"))
        } else {
            let verdict = text!(
                "{failed} av {all} prøver viser noe som ikke virker",
                "{failed} of {all} checks found something that does not work"
            );
            style.bad(verdict.get(lang))
        };
        let _ = writeln!(out, "\n{verdict}");
        out
    }

    fn json(&self, lang: Language) -> String {
        let mut out = String::new();
        for line in &self.lines {
            let row = json!({
                "check": line.id,
                "status": line.status.as_str(),
                "text": line.text.get(lang),
                "remedy": line.remedy.as_ref().map(|remedy| remedy.get(lang)),
            });
            let _ = writeln!(out, "{row}");
        }
        out
    }
}

fn renew() -> Text {
    text!(
        "bestill et nytt sertifikat og legg det inn ved siden av det gamle før det utløper",
        "order a new certificate and add it beside the old one before that one expires"
    )
}
