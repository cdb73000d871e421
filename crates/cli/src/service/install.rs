//! Installing a service and removing it.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use windows_service::service::{
    Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl,
    ServiceFailureActions, ServiceFailureResetPeriod, ServiceInfo, ServiceStartType, ServiceState,
    ServiceType,
};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_INVALID_LEVEL, ERROR_SERVICE_DOES_NOT_EXIST, ERROR_SERVICE_EXISTS,
};

use super::{Named, Program, event_log, folder, host, system_error, system_number};
use crate::config::receiver::ReceiverConfig;
use crate::config::sender::SenderConfig;
use crate::output::{Language, print};
use crate::text::{Explain, Text, fail, failure, text};

/// Pause before a service that crashed is started again, as packaging/systemd has it.
const fn pause(program: Program) -> Duration {
    match program {
        Program::Receiver => Duration::from_secs(5),
        Program::Sender => Duration::from_secs(60),
    }
}

/// Installs a service; what could not be finished is taken back.
pub(super) fn install(named: &Named, lang: Language) -> anyhow::Result<ExitCode> {
    let name = named.name();
    // The service has another folder and another environment than whoever installs it.
    let (config, log) = (std::path::absolute(named.config())?, std::path::absolute(named.log())?);
    // One that cannot be used is found now, and not when the machine starts.
    match named.program {
        Program::Receiver => crate::config::read::<ReceiverConfig>(&config).map(drop)?,
        Program::Sender => crate::config::read::<SenderConfig>(&config).map(drop)?,
    }
    let folder = folder();
    let manager = manager(ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE)?;
    let info = ServiceInfo {
        name: name.into(),
        display_name: name.into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: std::env::current_exe()?,
        launch_arguments: arguments(named, &config, &log, lang),
        dependencies: Vec::new(),
        account_name: Some(account(name).into()),
        account_password: None,
    };
    let access = ServiceAccess::CHANGE_CONFIG | ServiceAccess::START | ServiceAccess::DELETE;
    let service = match manager.create_service(&info, access) {
        Err(error) if system_number(&error) == Some(ERROR_SERVICE_EXISTS) => {
            fail!(
                "tjenesten {name} finnes allerede: fjern den med `lmr service uninstall`, eller velg et annet navn med --name",
                "the service {name} exists already: remove it with `lmr service uninstall`, or choose another name with --name"
            )
        }
        created => created.map_err(system_error).explain(|| cannot_install(name))?,
    };
    let finished = set_up(&service, named, lang).and_then(|()| {
        fs::create_dir_all(&folder).explain(|| cannot_write(&folder))?;
        fs::create_dir_all(&log).explain(|| cannot_write(&log))?;
        close(&folder, name)?;
        event_log::add_source(name).explain(|| {
            text!(
                "kilden {name} i hendelsesloggen kan ikke lages",
                "the source {name} of the event log cannot be made"
            )
        })
    });
    if let Err(error) = finished {
        // The first error is what counts.
        let _ = service.delete();
        return Err(error).explain(|| cannot_install(name));
    }
    let done = text!(
        "tjenesten {name} er installert og starter med maskinen; start den nå med `sc.exe start {name}`\nkonfigurasjon: {config}\nlogg: {log}\nkonto: {account} (må kunne lese programmet, konfigurasjonen og det den nevner, og skrive i mappen til databasen)\n",
        "the service {name} is installed and starts with the machine; start it now with `sc.exe start {name}`\nconfiguration: {config}\nlog: {log}\naccount: {account} (must be able to read the program, the configuration and what it names, and to write in the folder of the database)\n",
        config = config.display(),
        log = log.display(),
        account = account(name)
    );
    print(done.get(lang))?;
    Ok(ExitCode::SUCCESS)
}

/// What the service manager starts the program with.
fn arguments(named: &Named, config: &Path, log: &Path, lang: Language) -> Vec<OsString> {
    let lang = match lang {
        Language::Bokmal => "nb",
        Language::English => "en",
    };
    let words = ["--lang", lang, "service", "run", named.program.word(), "--name", named.name()];
    let mut arguments: Vec<OsString> = words.map(OsString::from).into();
    arguments.extend(["--config".into(), config.into(), "--log".into(), log.into()]);
    arguments
}

/// An account of the service's own, without a password, which Windows makes with the service.
fn account(name: &str) -> String {
    format!(r"NT SERVICE\{name}")
}

fn set_up(service: &Service, named: &Named, lang: Language) -> anyhow::Result<()> {
    let restart =
        ServiceAction { action_type: ServiceActionType::Restart, delay: pause(named.program) };
    let restarts = ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(Duration::from_secs(24 * 3600)),
        reboot_msg: None,
        command: None,
        actions: Some(vec![restart.clone(), restart.clone(), restart]),
    };
    for set in [
        service.set_description(named.program.title().get(lang)),
        // After what the machine needs itself, its network among it.
        service.set_delayed_auto_start(true),
        service.set_preshutdown_timeout(host::STOP),
        // After a crash only: what ends in order, or with an error that it can name, needs a person.
        service.update_failure_actions(restarts),
    ] {
        match set {
            // A service manager that does not have the setting (Wine's) does without it.
            Err(error) if system_number(&error) == Some(ERROR_INVALID_LEVEL) => {}
            set => set.map_err(system_error)?,
        }
    }
    Ok(())
}

/// Closes the folder to all but the system, its administrators and the service: others may read what is new in
/// `%ProgramData%`, and keys are in it.
fn close(folder: &Path, name: &str) -> anyhow::Result<()> {
    let system = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    let mut icacls = Command::new(Path::new(&system).join(r"System32\icacls.exe"));
    icacls.arg(folder).args(["/inheritance:r", "/grant:r"]);
    // The system and its administrators, which are named in the language of the machine.
    icacls.args(["*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F"]);
    icacls.arg(format!("{}:(OI)(CI)M", account(name)));
    let done = icacls.output().explain(|| cannot_close(folder))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    Err(anyhow::anyhow!("icacls: {said}")).explain(|| cannot_close(folder))
}

/// Stops a service and removes it.
pub(super) fn uninstall(name: &str, lang: Language) -> anyhow::Result<ExitCode> {
    let manager = manager(ServiceManagerAccess::CONNECT)?;
    let access = ServiceAccess::QUERY_STATUS | ServiceAccess::STOP | ServiceAccess::DELETE;
    let cannot =
        || text!("tjenesten {name} kan ikke fjernes", "the service {name} cannot be removed");
    let service = match manager.open_service(name, access) {
        Err(error) if system_number(&error) == Some(ERROR_SERVICE_DOES_NOT_EXIST) => {
            fail!("det finnes ingen tjeneste {name}", "there is no service {name}")
        }
        opened => opened.map_err(system_error).explain(cannot)?,
    };
    stop(&service, name)?;
    service.delete().map_err(system_error).explain(cannot)?;
    event_log::remove_source(name).explain(|| {
        text!(
            "tjenesten {name} er fjernet, men ikke kilden i hendelsesloggen",
            "the service {name} is removed, but not its source of the event log"
        )
    })?;
    let folder = folder();
    let done = text!(
        "tjenesten {name} er fjernet; konfigurasjon, nøkler, databaser og logger i {folder} ligger igjen\n",
        "the service {name} is removed; configuration, keys, databases and logs in {folder} are left\n",
        folder = folder.display()
    );
    print(done.get(lang))?;
    Ok(ExitCode::SUCCESS)
}

/// Stops a service and waits for it.
fn stop(service: &Service, name: &str) -> anyhow::Result<()> {
    let state = || service.query_status().map(|status| status.current_state);
    let cannot =
        || text!("tjenesten {name} kan ikke stoppes", "the service {name} cannot be stopped");
    let now = state().map_err(system_error).explain(cannot)?;
    if now == ServiceState::Stopped {
        return Ok(());
    }
    if now != ServiceState::StopPending {
        service.stop().map_err(system_error).explain(cannot)?;
    }
    for _ in 0..host::STOP.as_secs() {
        if state().map_err(system_error).explain(cannot)? == ServiceState::Stopped {
            return Ok(());
        }
        thread::sleep(Duration::from_secs(1));
    }
    Err(failure(cannot()))
}

fn manager(access: ServiceManagerAccess) -> anyhow::Result<ServiceManager> {
    match ServiceManager::local_computer(None::<&str>, access) {
        Err(error) if system_number(&error) == Some(ERROR_ACCESS_DENIED) => {
            fail!(
                "det trengs rettigheter som administrator: åpne konsollet med «Kjør som administrator»",
                "this needs the rights of an administrator: open the console with \"Run as administrator\""
            )
        }
        opened => opened.map_err(system_error).explain(|| {
            text!("tjenestebehandlingen svarer ikke", "the service manager does not answer")
        }),
    }
}

fn cannot_install(name: &str) -> Text {
    text!("tjenesten {name} kan ikke installeres", "the service {name} cannot be installed")
}

fn cannot_write(folder: &Path) -> Text {
    text!("kan ikke skrive i {folder}", "cannot write in {folder}", folder = folder.display())
}

fn cannot_close(folder: &Path) -> Text {
    text!(
        "kan ikke lukke {folder} for andre enn administratorer og tjenesten",
        "cannot close {folder} to all but administrators and the service",
        folder = folder.display()
    )
}
