//! Tells somebody: a command, a webhook or a mail. A hook that fails stops nothing, but the run and the status say so:
//! whoever waits to hear from it would hear nothing.

mod mail;

use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use lmr_auth::{Network, SecretString, is_loopback};
use lmr_identifiers::norwegian_date;
use serde::Serialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::notice::{Event, Notice, Repeat};
use crate::outbox::Outbox;

pub use lettre::address::AddressError;
pub use mail::{MailSecurity, MailSettings};

/// Longest time that one hook may take.
const HOOK_TIME: Duration = Duration::from_secs(30);

/// Where a notice goes.
#[derive(Debug)]
pub enum HookTarget {
    /// A program, which gets the notice as JSON on its standard input.
    Command {
        /// The program.
        program: String,
        /// Its arguments.
        arguments: Vec<String>,
    },
    /// An address that the JSON is posted to.
    Webhook {
        /// The address.
        url: String,
        /// Sent as a bearer token.
        token: Option<SecretString>,
        /// How it is reached: authorities and proxy.
        network: Network,
    },
    /// Somebody's mail.
    Mail(MailSettings),
}

/// Who hears of what.
#[derive(Debug)]
pub struct Hook {
    /// What logs call it; also by which it is known whether it was notified already.
    pub name: String,
    /// What it hears of.
    pub events: Vec<Event>,
    /// Where it goes.
    pub target: HookTarget,
}

/// Why a hook was not notified. Names no address and no secret.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The program could not be started or did not take its input.
    #[error("the program could not be run: {0}")]
    Program(std::io::Error),
    /// The program said that it failed.
    #[error("the program ended with {0}")]
    ProgramStatus(std::process::ExitStatus),
    /// No connection, or none in time.
    #[error("no answer from the webhook ({0})")]
    Unreachable(&'static str),
    /// The webhook refused.
    #[error("the webhook answered HTTP {0}")]
    Status(u16),
    /// The mail could not be made or sent.
    #[error("the mail could not be sent: {0}")]
    Mail(String),
    /// It took too long.
    #[error("it took longer than {} seconds", HOOK_TIME.as_secs())]
    Time,
}

/// What a hook gets, as JSON.
#[derive(Debug, Serialize)]
struct Message<'n> {
    event: &'static str,
    organisation: &'n str,
    at: Timestamp,
    text: Words<'n>,
    counts: &'n std::collections::BTreeMap<String, i64>,
}

/// What is wrong, in both languages.
#[derive(Debug, Serialize)]
struct Words<'n> {
    nb: &'n str,
    en: &'n str,
}

/// The hooks of a sender.
#[derive(Debug, Default)]
pub struct Hooks {
    hooks: Vec<Hook>,
    organisation: String,
}

/// Which hooks had something to hear, and which of them failed.
#[derive(Default)]
struct Notified {
    tried: Vec<String>,
    failed: Vec<String>,
}

impl Hooks {
    /// The hooks of an organisation's sender.
    #[must_use]
    pub fn new(hooks: Vec<Hook>, organisation: &str) -> Self {
        Self { hooks, organisation: organisation.to_owned() }
    }

    /// Each hook's name, and where its notices go.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &HookTarget)> {
        self.hooks.iter().map(|hook| (hook.name.as_str(), &hook.target))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hooks.is_empty()
    }

    /// As [`Hooks::notify`], of something that is not of a run: a hook that failed after the last one and has nothing to
    /// hear of this has failed still.
    pub async fn notify_apart(&self, outbox: &Outbox, notices: &[Notice], now: Timestamp) {
        let Notified { mut failed, tried } = self.tell_all(outbox, notices, now).await;
        let known = outbox.failed_hooks().await;
        let noted = match known {
            Ok(known) => {
                failed.extend(known.into_iter().filter(|name| !tried.contains(name)));
                outbox.set_failed_hooks(&failed).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "it could not be noted which hooks failed");
        }
    }

    async fn tell_all(&self, outbox: &Outbox, notices: &[Notice], now: Timestamp) -> Notified {
        let mut notified = Notified::default();
        for hook in &self.hooks {
            let mut has_failed = false;
            for notice in notices.iter().filter(|notice| hook.events.contains(&notice.event)) {
                if notified.tried.last() != Some(&hook.name) {
                    notified.tried.push(hook.name.clone());
                }
                has_failed |= !self.tell_one(hook, outbox, notice, now).await;
            }
            if has_failed {
                notified.failed.push(hook.name.clone());
            }
        }
        notified
    }

    /// Notifies each hook of what it is to hear and has not heard today. What fails is logged, tried again with the next
    /// run, and noted for the status: gives the names of the hooks that failed.
    pub async fn notify(&self, outbox: &Outbox, notices: &[Notice], now: Timestamp) -> Vec<String> {
        let failed = self.tell_all(outbox, notices, now).await.failed;
        if let Err(error) = outbox.set_failed_hooks(&failed).await {
            tracing::warn!(%error, "it could not be noted which hooks failed");
        }
        failed
    }

    /// Whether the hook has heard of it, now or before.
    async fn tell_one(
        &self,
        hook: &Hook,
        outbox: &Outbox,
        notice: &Notice,
        now: Timestamp,
    ) -> bool {
        let day = match notice.repeat {
            Repeat::Daily => norwegian_date(now).to_string(),
            Repeat::Never => "once".to_owned(),
        };
        let (name, event) = (&*hook.name, notice.event.as_str());
        match outbox.is_notified(name, &notice.cause, &day).await {
            Ok(true) => return true,
            Ok(false) => {}
            // Better twice than not at all.
            Err(error) => {
                tracing::warn!(%error, hook = name, event, "not known whether the hook was notified")
            }
        }
        let message = Message {
            event,
            organisation: &self.organisation,
            at: now,
            text: Words { nb: &notice.text.nb, en: &notice.text.en },
            counts: &notice.counts,
        };
        let notified = tokio::time::timeout(HOOK_TIME, hook.target.tell(&message)).await;
        match notified.unwrap_or(Err(HookError::Time)) {
            Ok(()) => {
                tracing::info!(hook = name, event, "notified");
                if let Err(error) = outbox.note_notified(name, &notice.cause, &day, now).await {
                    tracing::warn!(%error, hook = name, event, "it could not be noted that the hook was notified");
                }
                true
            }
            Err(error) => {
                tracing::warn!(%error, hook = name, event, "the hook failed, tried again with the next run");
                false
            }
        }
    }
}

impl HookTarget {
    async fn tell(&self, message: &Message<'_>) -> Result<(), HookError> {
        let json = serde_json::to_vec(message).unwrap_or_default();
        match self {
            Self::Command { program, arguments } => {
                run(program, arguments, message.event, &json).await
            }
            Self::Webhook { url, token, network } => post(url, token.as_ref(), network, json).await,
            Self::Mail(settings) => settings.send(message).await,
        }
    }
}

async fn run(
    program: &str,
    arguments: &[String],
    event: &str,
    json: &[u8],
) -> Result<(), HookError> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("LMR_EVENT", event)
        .stdin(Stdio::piped())
        // The sender's own output is its report.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(HookError::Program)?;
    if let Some(mut input) = child.stdin.take() {
        match input.write_all(json).await {
            // A program need not read it.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                return Err(HookError::Program(error));
            }
            _ => {}
        }
    }
    let status = child.wait().await.map_err(HookError::Program)?;
    if status.success() { Ok(()) } else { Err(HookError::ProgramStatus(status)) }
}

async fn post(
    url: &str,
    token: Option<&SecretString>,
    network: &Network,
    json: Vec<u8>,
) -> Result<(), HookError> {
    let no_client =
        || HookError::Unreachable("no client can be made: address, authorities or proxy");
    let is_local = url.parse::<reqwest::Url>().is_ok_and(|url| is_loopback(&url));
    // Redirects are not followed: one would hand the token to another server.
    let client = network.client(is_local).map_err(|_| no_client())?;
    let client = client.timeout(HOOK_TIME).build().map_err(|_| no_client())?;
    let mut request = client.post(url).header("content-type", "application/json").body(json);
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    let answer = request.send().await.map_err(|error| {
        HookError::Unreachable(match error {
            error if error.is_timeout() => "time",
            error if error.is_connect() => "no connection",
            _ => "broken off",
        })
    })?;
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(HookError::Status(status.as_u16())) }
}
