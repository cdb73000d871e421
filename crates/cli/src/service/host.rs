//! A service while it runs: what the service manager asks of it and hears from it.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use windows_service::define_windows_service;
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{
    self, ServiceControlHandlerResult, ServiceStatusHandle,
};
use windows_service::service_dispatcher;
use windows_sys::Win32::Foundation::ERROR_FAILED_SERVICE_CONTROLLER_CONNECT;

use super::event_log::{self, Errors, Event};
use super::{Named, Program, system_error, system_number};
use crate::output::{Language, complain};
use crate::text::{Explain, Text, chain, fail, text};

/// How long a start may take before the service manager takes it for hung: a database may have to be brought to the
/// present schema.
const START: Duration = Duration::from_secs(300);
/// How long an end may take: a message that is under way is answered and recorded before it.
pub(super) const STOP: Duration = Duration::from_secs(180);
/// Daily files of the log that are kept.
const LOG_FILES: usize = 31;

/// What this process is to run, from its arguments: the service manager's own call brings none of them.
static ASKED: OnceLock<(Named, Language)> = OnceLock::new();
/// The service that this process is, once the service manager knows it.
static HOST: OnceLock<Host> = OnceLock::new();
static STOPPING: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::channel(false).0);
static RELOAD: Notify = Notify::const_new();

struct Host {
    name: String,
    config: String,
    log: PathBuf,
    lang: Language,
    manager: ServiceStatusHandle,
    state: Mutex<ServiceState>,
}

/// Runs the service; ends with it.
pub(super) fn run(named: Named, lang: Language) -> anyhow::Result<ExitCode> {
    let name = named.name().to_owned();
    let (serve, program) = match named.program {
        Program::Receiver => ("lmr serve", "receiver"),
        Program::Sender => ("lmr send daemon", "sender"),
    };
    // Set once: this function is called once in a process.
    let _ = ASKED.set((named, lang));
    match service_dispatcher::start(&name, service_entry) {
        Err(error) if system_number(&error) == Some(ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) => {
            fail!(
                "lmr service run startes av tjenestebehandlingen i Windows: installer med `lmr service install {program}`, eller bruk `{serve}` i et konsoll",
                "lmr service run is started by the service manager of Windows: install with `lmr service install {program}`, or use `{serve}` in a console"
            )
        }
        done => {
            done.map_err(system_error).explain(|| {
                text!("tjenesten {name} kan ikke kjøre", "the service {name} cannot run")
            })?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

define_windows_service!(service_entry, service_main);

fn service_main(_: Vec<OsString>) {
    let Some((named, lang)) = ASKED.get() else { return };
    let (name, lang) = (named.name(), *lang);
    let manager = match service_control_handler::register(name, control) {
        Ok(manager) => manager,
        Err(error) => return report(name, Event::Failed, &chain(&system_error(error), lang)),
    };
    let config = named.config();
    let host = HOST.get_or_init(|| Host {
        name: name.to_owned(),
        config: config.display().to_string(),
        log: named.log(),
        lang,
        manager,
        state: Mutex::new(ServiceState::StartPending),
    });
    host.enter(ServiceState::StartPending, 0);
    let done = match named.program {
        Program::Receiver => crate::serve::Serve::with_config(config).run(lang),
        Program::Sender => crate::send::Send::daemon(config, lang).run(),
    };
    let exit_code = match done {
        Ok(_) => {
            host.report(Event::Stopped, &text!("{name} er stoppet", "{name} has stopped"));
            0
        }
        Err(error) => {
            let (nb, en) = (chain(&error, Language::Bokmal), chain(&error, Language::English));
            host.report(
                Event::Failed,
                &text!("{name} sluttet med en feil: {nb}", "{name} ended with an error: {en}"),
            );
            crate::UNUSABLE.into()
        }
    };
    host.enter(ServiceState::Stopped, exit_code);
}

/// What the service manager asks for.
fn control(asked: ServiceControl) -> ServiceControlHandlerResult {
    match asked {
        ServiceControl::Interrogate => {}
        ServiceControl::Stop | ServiceControl::Preshutdown => {
            if let Some(host) = HOST.get() {
                host.enter(ServiceState::StopPending, 0);
            }
            STOPPING.send_replace(true);
        }
        ServiceControl::ParamChange => RELOAD.notify_one(),
        _ => return ServiceControlHandlerResult::NotImplemented,
    }
    ServiceControlHandlerResult::NoError
}

impl Host {
    /// Reports a state; whoever ends does not run again.
    fn enter(&self, next: ServiceState, exit_code: u32) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if next == ServiceState::Running && *state != ServiceState::StartPending {
            return false;
        }
        *state = next;
        let (controls_accepted, wait_hint) = match next {
            ServiceState::Running => (
                ServiceControlAccept::STOP
                    | ServiceControlAccept::PRESHUTDOWN
                    | ServiceControlAccept::PARAM_CHANGE,
                Duration::ZERO,
            ),
            ServiceState::StartPending => (ServiceControlAccept::empty(), START),
            ServiceState::StopPending => (ServiceControlAccept::empty(), STOP),
            _ => (ServiceControlAccept::empty(), Duration::ZERO),
        };
        let reported = self.manager.set_service_status(ServiceStatus {
            service_type: ServiceType::OWN_PROCESS,
            current_state: next,
            controls_accepted,
            exit_code: match exit_code {
                0 => ServiceExitCode::NO_ERROR,
                code => ServiceExitCode::ServiceSpecific(code),
            },
            checkpoint: 0,
            wait_hint,
            process_id: None,
        });
        if let Err(error) = reported {
            report(&self.name, Event::Error, &chain(&system_error(error), self.lang));
        }
        true
    }

    fn report(&self, event: Event, text: &Text) {
        report(&self.name, event, text.get(self.lang));
    }
}

/// Writes an event; one that cannot be written goes to standard error, for whoever has one.
fn report(source: &str, event: Event, text: &str) {
    if let Err(error) = event_log::write(source, event, text) {
        complain(&format!("lmr: {text} ({error})"));
    }
}

/// Whether this process is a service: it is asked to stop once, and waited for.
pub(crate) fn is_running() -> bool {
    HOST.get().is_some()
}

/// The service does what it is for.
pub(crate) fn ready() {
    if let Some(host) = HOST.get()
        && host.enter(ServiceState::Running, 0)
    {
        let (name, config) = (&host.name, &host.config);
        host.report(
            Event::Started,
            &text!("{name} er startet med {config}", "{name} has started with {config}"),
        );
    }
}

/// Hears what systemd hears on Linux (sd_notify(3)); of it, the service manager of Windows asks for the start only.
pub(crate) fn tell(state: &str) {
    if state == "READY=1" {
        ready();
    }
}

/// Ends when the service manager asks for the end; never where this process is not a service.
pub(crate) async fn stop_asked() {
    // The sender is static.
    let _ = STOPPING.subscribe().wait_for(|stopping| *stopping).await;
}

/// Ends when the service manager says that parameters have changed (`sc control NAME paramchange`).
pub(crate) async fn reload_asked() {
    RELOAD.notified().await;
}

/// Where the log goes: of a service into a file a day, its errors also into the event log; otherwise to standard error.
pub(crate) fn log() -> anyhow::Result<(Box<dyn Write + Send>, Option<Errors>)> {
    let Some(host) = HOST.get() else { return Ok((Box::new(std::io::stderr()), None)) };
    let folder = &host.log;
    let cannot = || {
        text!(
            "loggen kan ikke skrives i {folder}",
            "the log cannot be written in {folder}",
            folder = folder.display()
        )
    };
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        // The oldest files are removed by their name: without ours in front also those of other programs.
        .filename_prefix(&host.name)
        .filename_suffix("log")
        .max_log_files(LOG_FILES)
        .build(folder)
        .explain(cannot)?;
    Ok((Box::new(file), Some(Errors::of(&host.name).explain(cannot)?)))
}
