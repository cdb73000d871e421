//! `lmr send desk`: the correction desk in a browser of this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use lmr_envelope::{RandomSource as _, SystemRandom};
use lmr_fhir::Severity;
use lmr_intake::AllowList;
use lmr_lmdi::{CheckOptions, Finding, RuleSetId};
use lmr_report::{Checker, Profiles};
use lmr_sender::HashKey;
use lmr_sender::desk::{HeldFilter, causes};
use lmr_sender::inspect::source_text;
use lmr_sender::notice::Expiry;
use lmr_sender::outbox::{Act, HeldRow};
use lmr_sender::rehearse::RehearsalProgress;
use lmr_server::{PageSettings, ProxyHeader, ServeError, serve_pages};
use lmr_web::{
    Decision, Desk, DeskCause, DeskEnd, DeskFinding, DeskParts, DeskRecord, DeskStatus, DeskTrial,
    Work, Workplace,
};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use super::texts::Rejected;
use super::{setup, sources, texts, why};
use crate::clock;
use crate::config::sender::{SenderConfig, hash_key};
use crate::output::{Language, Style, hex, print};
use crate::serve::interrupted;
use crate::text::{Explain, Text, chain, failure, text};

/// Runs and messages that the desk lists.
const HISTORY: u32 = 50;

#[derive(Args)]
pub(super) struct DeskInBrowser {
    /// Port of loopback to listen on; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Who decides, for the journal; the user's login name if left out
    #[arg(long)]
    operator: Option<String>,
}

impl DeskInBrowser {
    pub(super) async fn run(
        &self,
        config: SenderConfig,
        config_file: &Path,
        folder: PathBuf,
        lang: Language,
    ) -> anyhow::Result<ExitCode> {
        let operator = super::desk::operator(self.operator.as_deref());
        let (address, serving) =
            open_desk(config, config_file, folder, &operator, self.port).await?;
        let line = text!(
            "Åpne {address} i en nettleser på denne maskinen. Ctrl-C avslutter.\n",
            "Open {address} in a browser on this machine. Ctrl-C ends it.\n"
        );
        print(line.get(lang))?;
        serving.await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Takes a port of loopback, 0 for a free one. Gives the address to be opened, with its secret, and what serves the desk
/// until the process is interrupted.
pub(crate) async fn open_desk(
    config: SenderConfig,
    config_file: &Path,
    folder: PathBuf,
    operator: &str,
    port: u16,
) -> anyhow::Result<(String, impl Future<Output = Result<(), ServeError>>)> {
    let place = Place {
        config: Arc::new(config),
        config_file: config_file.into(),
        folder: folder.into(),
        operator: operator.into(),
    };
    let secret = || {
        let mut bytes = [0; 32];
        SystemRandom.fill(&mut bytes)?;
        anyhow::Ok(hex(&bytes))
    };
    let desk = Desk::new(DeskParts {
        workplace: Arc::new(place),
        clock: Arc::new(clock::now),
        zone: clock::oslo_zone(),
        key: secret()?,
        csrf: secret()?,
    });
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address)
        .await
        .explain(|| text!("kan ikke lytte på {address}", "cannot listen on {address}"))?;
    let address = format!("http://{}{}", listener.local_addr()?, desk.address());
    let serving = serve_pages(listener, desk.router(), of_loopback()?, interrupted());
    Ok((address, serving))
}

/// Pages for this machine only.
pub(crate) fn of_loopback() -> anyhow::Result<PageSettings> {
    Ok(PageSettings {
        addresses: AllowList::parse(["127.0.0.1", "::1"])?,
        trusted_proxies: AllowList::default(),
        proxy_header: ProxyHeader::XForwardedFor,
        tls: None,
    })
}

/// What the desk works with: everything is opened when it is asked for, so that a transfer can be made meanwhile.
#[derive(Clone)]
struct Place {
    config: Arc<SenderConfig>,
    /// Read again for a rehearsal, which takes another rule set.
    config_file: Arc<Path>,
    folder: Arc<Path>,
    operator: Arc<str>,
}

/// Runs work that reads files on a thread of its own; an error is given in both languages.
fn work<T: Send + 'static>(
    place: &Place,
    make: impl AsyncFnOnce(Place) -> anyhow::Result<T> + Send + 'static,
) -> Work<T> {
    let place = place.clone();
    Box::pin(async move {
        let handle = Handle::current();
        let done = tokio::task::spawn_blocking(move || handle.block_on(make(place))).await;
        match done {
            Ok(done) => done.map_err(|error| Text::of(|lang| chain(&error, lang))),
            Err(_) => Err(text!("dette gikk galt: se loggen", "this went wrong: see the log")),
        }
    })
}

impl Workplace for Place {
    fn status(&self, lang: Language) -> Work<DeskStatus> {
        work(self, async move |place| {
            let outbox = setup::outbox_to_read(&place.config, &place.folder).await?;
            let mut overview = outbox.overview().await?;
            outbox.close().await;
            overview.notice_silence(clock::now());
            let page = texts::StatusPage::of(overview, &place.config, &place.folder);
            let end = |expiry: &Expiry| DeskEnd {
                name: expiry.name.clone(),
                ends_at: expiry.ends_at,
                is_estimate: expiry.is_estimate,
            };
            Ok(DeskStatus {
                text: texts::overview(page.overview(), lang, clock::now()),
                next: Some(page.next_transfer()),
                ends: page.expiries().iter().map(end).collect(),
            })
        })
    }

    fn history(&self, lang: Language) -> Work<String> {
        work(self, async move |place| {
            let outbox = setup::outbox_to_read(&place.config, &place.folder).await?;
            let (runs, messages) = (outbox.runs(HISTORY).await?, outbox.messages(HISTORY).await?);
            outbox.close().await;
            Ok(texts::history(&runs, &messages, lang))
        })
    }

    fn held(&self) -> Work<Vec<DeskCause>> {
        work(self, async move |place| {
            let filter = HeldFilter::default();
            let lang = Language::English;
            let rejected =
                setup::rejected(&place.config, &place.folder, &filter, false, false, lang).await?;
            let of = |row: &HeldRow| record(row, &rejected);
            Ok(causes(&rejected.held)
                .iter()
                .map(|cause| DeskCause {
                    code: cause.finding.code.clone(),
                    path: cause.path.clone(),
                    text: Text::of(|lang| cause.finding.text(lang).to_owned()),
                    records: cause.records.iter().map(|(row, _)| of(row)).collect(),
                })
                .collect())
        })
    }

    fn source(&self, number: i64) -> Work<Option<String>> {
        work(self, async move |place| {
            let outbox = setup::outbox_to_read(&place.config, &place.folder).await?;
            let row = outbox.held().await?.into_iter().find(|row| row.number == number);
            outbox.close().await;
            let Some(row) = row else { return Ok(None) };
            let source = sources::source(&place.config, &place.folder)?;
            let key = HashKey::new(&hash_key(&place.config, &place.folder)?);
            Ok(source_text(&*source, &key, &row)?)
        })
    }

    fn trial(&self, text: String) -> Work<DeskTrial> {
        work(self, async move |place| {
            let config = &place.config;
            let options = CheckOptions {
                person_numbers: config.identity_numbers.numbers.into(),
                accept_2032_numbers: config.identity_numbers.accept_2032,
                advice: config.advice.into(),
                rule_sets: crate::config::rule_sets(&config.terminology, &place.folder)?,
                // The value is in the copy beside the finding.
                redact: false,
                ..CheckOptions::at(clock::now())
            };
            trial(config.ruleset, options, &text)
        })
    }

    fn rule_sets(&self) -> Vec<String> {
        RuleSetId::ALL.into_iter().map(|id| id.as_str().to_owned()).collect()
    }

    fn rehearse(&self, rule_set: String) -> Work<Text> {
        work(self, async move |place| {
            let id = RuleSetId::parse(&rule_set).explain(|| {
                text!("regelsettet {rule_set} finnes ikke", "there is no rule set {rule_set}")
            })?;
            let configured = (&*place.config, &*place.config_file);
            let mut unseen = |_: RehearsalProgress| ();
            let done =
                super::rehearse::rehearsal(configured, &place.folder, id, &[], &mut unseen).await?;
            let rehearsal = done?;
            Ok(Text::of(|lang| super::rehearse::words(&rehearsal, lang, Style::plain())))
        })
    }

    fn why(&self, name: String, lang: Language) -> Work<String> {
        work(self, async move |place| {
            let scratch = tempfile::Builder::new().prefix("lmr-why-").tempdir()?;
            let agent = setup::reading_agent(&place.config, &place.folder, scratch.path()).await?;
            let found = why::find(&agent, &name).await?;
            agent.outbox().close().await;
            Ok(texts::why(&name, &found, lang, Style::plain()))
        })
    }

    fn decide(&self, decision: Decision, numbers: Vec<i64>, reason: String) -> Work<u64> {
        work(self, async move |place| {
            let act = Act::with_reason(&place.operator, &reason, clock::now());
            let act = act.map_err(|error| failure(Text::of(|lang| error.text(lang).to_owned())))?;
            let outbox = setup::outbox(&place.config, &place.folder).await?;
            let done = match decision {
                Decision::Release => outbox.release(&numbers, &act).await?.total(),
                Decision::Discard => outbox.discard(&numbers, &act).await?.records,
            };
            outbox.close().await;
            Ok(done)
        })
    }
}

/// Checks a changed copy alone. It is JSON, as the desk's field says and as it is sent: XML is not read.
fn trial(rule_set: RuleSetId, options: CheckOptions, text: &str) -> anyhow::Result<DeskTrial> {
    let checker = Checker::of_register(Some(rule_set), options, Profiles::default(), false);
    let checked = checker.check_beside(text.as_bytes())?;
    let finding = |finding: &Finding| DeskFinding {
        code: Some(finding.code.to_string()),
        path: Some(finding.expression.clone()).filter(|path| !path.is_empty()),
        severity: finding.severity,
        text: Text::of(|lang| finding.text(lang).into_owned()),
        value: None,
        allowed: Vec::new(),
    };
    Ok(DeskTrial {
        rule_set: rule_set.as_str().to_owned(),
        findings: checked.findings.iter().map(finding).collect(),
    })
}

fn record(row: &HeldRow, rejected: &Rejected) -> DeskRecord {
    let details = rejected.details.get(&row.number);
    let findings = row.findings.iter().enumerate().map(|(at, finding)| {
        let detail = details.and_then(|list| list.get(at)).cloned().unwrap_or_default();
        DeskFinding {
            code: finding.code.clone(),
            path: finding.path.clone(),
            severity: Severity::Error,
            text: Text::of(|lang| finding.text(lang).to_owned()),
            value: detail.value,
            allowed: detail.allowed,
        }
    });
    DeskRecord {
        number: row.number,
        resource_type: row.resource_type.clone(),
        name: row.source_key.clone().or_else(|| row.resource_id.clone()),
        file: row.file.clone(),
        line: row.line,
        since: row.since,
        by_register: row.origin == lmr_sender::outbox::Origin::Register,
        waiting: row.waiting,
        findings: findings.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_refuses_what_is_refused_when_it_is_sent() {
        let options = CheckOptions::at("2026-11-26T10:00:00Z".parse().unwrap());
        for rule_set in RuleSetId::ALL {
            for (copy, code) in [
                (
                    r#"{"resourceType":"Observation","status":"final","code":{"text":"x"}}"#,
                    "LMR-3023",
                ),
                (r#"{"resourceType":"Binary","contentType":"text/plain"}"#, "LMR-3023"),
                (
                    r#"<Patient xmlns="http://hl7.org/fhir"><gender value="female"/></Patient>"#,
                    "LMR-3002",
                ),
                ("", "LMR-3002"),
            ] {
                let tried = trial(rule_set, options.clone(), copy).unwrap();
                let found = tried.findings.iter().any(|finding| {
                    finding.code.as_deref() == Some(code) && finding.severity >= Severity::Error
                });
                assert!(found, "{rule_set:?} {copy}: {:?}", tried.findings);
            }
        }
    }
}
