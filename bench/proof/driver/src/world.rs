//! The processes of one history: the issuer, one or two receivers, the sender, and the folder they work in.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_sandbox::certificates::TestCa;

use crate::configuration::{Configuration, Credentials};
use crate::faults::ProcessFault;
use crate::fhir_server::FhirServer;
use crate::plan::History;
use crate::postgres::Postgres;
use crate::proxy::Proxy;

/// Longest time for a receiver to open its port.
pub const START: Duration = Duration::from_secs(60);

/// The client's private key at the issuer.
pub const CLIENT_KEY: &str = "helseid-client.jwk";

/// What all histories of a worker share: programs, keys, the issuer.
pub struct Site {
    pub lmr: PathBuf,
    pub shim: PathBuf,
    pub folder: PathBuf,
    pub template: PathBuf,
    /// Folders with two keys of the client, and which of them the issuer knows.
    clients: [PathBuf; 2],
    client: usize,
    pub ca: TestCa,
    pub fhir_server: FhirServer,
    pub issuer_port: u16,
    pub receiver_ports: [u16; 2],
    pub proxy: Proxy,
    issuer: Option<Child>,
    /// A server of PostgreSQL of our own, for the histories that want one.
    pub postgres: Option<Postgres>,
}

pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Sends a signal by its name.
pub fn signal(child: &Child, name: &str) {
    // It may have ended meanwhile.
    let _ =
        Command::new("kill").args([name, &child.id().to_string()]).stderr(Stdio::null()).status();
}

/// Compiles the library that is loaded before the C library.
fn make_shim(folder: &Path) -> Result<PathBuf> {
    let source = folder.join("shim.c");
    fs::write(&source, include_str!("../shim.c"))?;
    let shim = folder.join("shim.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&shim, &source])
        .arg("-lpthread")
        .status()
        .context("a C compiler is needed for shim.c")?;
    ensure!(compiled.success(), "shim.c does not compile");
    Ok(shim)
}

/// SIGTERM, and SIGKILL where it does not end: `false` then.
pub fn end(mut child: Child) -> bool {
    signal(&child, "-CONT");
    signal(&child, "-TERM");
    let until = Instant::now() + Duration::from_secs(40);
    while Instant::now() < until {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return true;
        }
        thread::sleep(Duration::from_millis(3));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

impl Site {
    /// Compiles the shim, makes keys and starts the issuer.
    pub fn make(lmr: &Path, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let shim = make_shim(folder)?;
        let template = folder.join("template");
        let (issuer_port, receiver_ports) = (free_port()?, [free_port()?, free_port()?]);
        let clients = [template.clone(), folder.join("other-client")];
        for folder in &clients {
            let made = Command::new(lmr)
                .args(["sandbox", "init"])
                .arg(folder)
                .args(["--administrations", "1", "--helseid-port", &issuer_port.to_string()])
                .stdout(Stdio::null())
                .status()
                .context("lmr sandbox init")?;
            ensure!(made.success(), "lmr sandbox init failed");
        }
        let mut site = Self {
            lmr: lmr.to_owned(),
            shim,
            folder: folder.to_owned(),
            template,
            clients,
            client: 0,
            ca: TestCa::new(Timestamp::now())?,
            fhir_server: FhirServer::start()?,
            issuer_port,
            receiver_ports,
            proxy: Proxy::start()?,
            issuer: None,
            postgres: None,
        };
        site.start_issuer()?;
        Ok(site)
    }

    pub fn start_issuer(&mut self) -> Result<()> {
        let mut child = Command::new(&self.lmr)
            .args(["sandbox", "helseid"])
            .arg(&self.template)
            .args(["--port", &self.issuer_port.to_string()])
            .arg("--key")
            .arg(self.clients[self.client].join("helseid-client.public.jwk"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = child.stdout.take().context("its output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        ensure!(line.contains("http"), "the issuer does not start: {line}");
        self.issuer = Some(child);
        Ok(())
    }

    pub fn issuer(&self) -> Option<&Child> {
        self.issuer.as_ref()
    }

    /// The issuer knows the client by another key from now on, and no longer by this one.
    pub fn change_client(&mut self) -> Result<()> {
        self.kill_issuer();
        self.client = 1 - self.client;
        self.start_issuer()
    }

    /// The key by which it knows the client.
    pub fn client_key(&self) -> PathBuf {
        self.clients[self.client].join(CLIENT_KEY)
    }

    pub fn kill_issuer(&mut self) {
        if let Some(mut child) = self.issuer.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// A fresh folder for a history.
    pub fn world(&self, history: &History, start: Date) -> Result<World> {
        let postgres = match &self.postgres {
            Some(postgres) => Some(postgres.database(&format!("h{}", history.seed))?),
            None => None,
        };
        let folder = self.folder.join(format!("h-{}", history.seed));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("source"))?;
        for entry in fs::read_dir(&self.template)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_owned();
            if path.is_file() && path.extension().is_some_and(|end| end != "toml") {
                fs::copy(&path, folder.join(name))?;
            }
        }
        fs::copy(self.clients[self.client].join(CLIENT_KEY), folder.join(CLIENT_KEY))?;
        let credentials = Credentials::of(history.tls, &self.ca, &folder)?;
        let configuration = Configuration::new(self, history, start, postgres.clone())?;
        configuration.write(&folder, None, &credentials)?;
        self.fhir_server.reset();
        let tls = credentials.tls(&self.ca)?;
        self.proxy.reset(self.receiver_ports[..history.receivers].to_vec(), history.gzip, tls);
        Ok(World {
            lmr: self.lmr.clone(),
            shim: self.shim.clone(),
            folder,
            ports: self.receiver_ports,
            receivers: [None, None],
            postgres,
            configuration,
            credentials,
            daemon: None,
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill_issuer();
    }
}

pub struct World {
    lmr: PathBuf,
    shim: PathBuf,
    pub folder: PathBuf,
    ports: [u16; 2],
    receivers: [Option<Child>; 2],
    /// Address of the register's database at a server.
    pub postgres: Option<String>,
    pub configuration: Configuration,
    pub credentials: Credentials,
    /// `lmr send daemon` between two rounds.
    pub daemon: Option<Child>,
}

impl World {
    /// Where the register's rows are.
    pub fn register(&self) -> PathBuf {
        match &self.postgres {
            Some(url) => PathBuf::from(url),
            None => self.path("receiver.sqlite"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What the shim is asked for by a fault; `false` where the fault needs none.
    fn arm(&self, command: &mut Command, fault: Option<ProcessFault>, who: &str) {
        let moment = |after| if after { "after" } else { "before" };
        match fault {
            Some(ProcessFault::Point { point, after, nth }) => {
                command.env("PROOF_KILL", format!("{}:{}:{nth}", point.name(), moment(after)));
            }
            Some(ProcessFault::PowerLoss { point, after, nth, .. }) => {
                command
                    .env("PROOF_KILL", format!("{}:{}:{nth}", point.name(), moment(after)))
                    .env("PROOF_JOURNAL", self.journal(who));
            }
            Some(ProcessFault::Error { point, nth, count, errno }) => {
                command.env("PROOF_ERROR", format!("{}:{nth}:{count}:{errno}", point.name()));
            }
            Some(ProcessFault::Short { nth }) => {
                command.env("PROOF_SHORT", nth.to_string());
            }
            Some(ProcessFault::ReadOnly { nth }) => {
                command.env("PROOF_READ_ONLY", format!("{nth}:{}", self.folder.display()));
            }
            Some(ProcessFault::Clock { seconds }) => {
                command.env("PROOF_CLOCK", seconds.to_string());
            }
            Some(ProcessFault::ClockJump { nth, seconds }) => {
                command.env("PROOF_CLOCK_JUMP", format!("{nth}:{seconds}"));
            }
            Some(ProcessFault::Journal) => {
                command.env("PROOF_JOURNAL", self.journal(who));
            }
            Some(ProcessFault::Trace) => {
                command.env("PROOF_TRACE", self.trace(who));
            }
            _ => return,
        }
        command.env("LD_PRELOAD", &self.shim).env("PROOF_REPORT", self.report(who));
    }

    pub fn journal(&self, who: &str) -> PathBuf {
        self.path(&format!("{who}.journal"))
    }

    pub fn trace(&self, who: &str) -> PathBuf {
        self.path(&format!("{who}.trace"))
    }

    pub fn report(&self, who: &str) -> PathBuf {
        self.path(&format!("{who}.points"))
    }

    fn log(&self, name: &str) -> Result<File> {
        Ok(OpenOptions::new().create(true).append(true).open(self.path(name))?)
    }

    /// Starts a transfer.
    pub fn send(&self, fault: Option<ProcessFault>) -> Result<Child> {
        self.start_sender("run", fault)
    }

    /// Starts `lmr send run` or `lmr send daemon`.
    pub fn start_sender(&self, what: &str, fault: Option<ProcessFault>) -> Result<Child> {
        let mut command = Command::new(&self.lmr);
        command.args(["send", what, "--lang", "en", "--config"]).arg(self.path("sender.toml"));
        self.arm(&mut command, fault, "sender");
        let log = self.log("sender.log")?;
        Ok(command.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).spawn()?)
    }

    /// Any other command with the sender's or a receiver's configuration.
    pub fn command(&self, config: &str, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(&self.lmr);
        command.args(arguments).arg("--config").arg(self.path(config)).env("LMR_LANG", "en");
        Ok(command.stdin(Stdio::null()).output()?)
    }

    pub fn receiver(&mut self, n: usize) -> Option<&mut Child> {
        self.receivers[n].as_mut()
    }

    /// Whether a receiver has died by itself or by a point.
    pub fn receiver_died(&mut self, n: usize) -> Option<ExitStatus> {
        let status = self.receivers[n].as_mut()?.try_wait().ok()??;
        self.receivers[n] = None;
        Some(status)
    }

    /// Starts a receiver and waits for its port. A fault may keep it from starting: `false` then.
    pub fn serve(&mut self, n: usize, fault: Option<ProcessFault>) -> Result<bool> {
        let mut command = Command::new(&self.lmr);
        command.args(["serve", "--config"]).arg(self.path(&format!("receiver-{n}.toml")));
        self.arm(&mut command, fault, "receiver");
        let log = self.log("receiver.log")?;
        let mut child = command.stdout(Stdio::null()).stderr(log).stdin(Stdio::null()).spawn()?;
        let until = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", self.ports[n])).is_err() {
            if let Some(status) = child.try_wait()? {
                if fault.is_none() && self.postgres.is_none() {
                    let log = fs::read_to_string(self.path("receiver.log")).unwrap_or_default();
                    let tail: Vec<&str> = log.lines().rev().take(3).collect();
                    bail!("the receiver does not start ({status}): {}", tail.join(" | "));
                }
                return Ok(false);
            }
            if Instant::now() > until {
                let _ = child.kill();
                let _ = child.wait();
                bail!("the receiver does not open its port");
            }
            thread::sleep(Duration::from_millis(3));
        }
        self.receivers[n] = Some(child);
        Ok(true)
    }

    /// Starts a receiver as soon as its database lets it.
    pub fn serve_at_last(&mut self, n: usize) -> Result<()> {
        let until = Instant::now() + START;
        while !self.serve(n, None)? {
            ensure!(Instant::now() < until, "the receiver does not start");
            thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    pub fn kill_receiver(&mut self, n: usize) {
        if let Some(mut child) = self.receivers[n].take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, and SIGKILL where it does not end: `false` then.
    pub fn stop_receiver(&mut self, n: usize) -> bool {
        self.receivers[n].take().is_none_or(end)
    }

    /// SIGHUP to all receivers: they read their files again.
    pub fn reload_receivers(&self) {
        self.receivers.iter().flatten().for_each(|child| signal(child, "-HUP"));
    }

    /// Copies a database while nobody has it open.
    pub fn copy_database(&self, name: &str, to: &str) -> Result<()> {
        for end in ["", "-wal"] {
            let (from, to) = (self.path(&format!("{name}{end}")), self.path(&format!("{to}{end}")));
            let _ = fs::remove_file(&to);
            if from.exists() {
                fs::copy(from, to)?;
            }
        }
        Ok(())
    }

    pub fn remove_database(&self, name: &str) {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.path(&format!("{name}{end}")));
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for child in self.receivers.iter_mut().flatten().chain(&mut self.daemon) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_only_disk_refuses_what_would_change_it_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("lmr-proof-shim-{}", std::process::id()));
        let disk = folder.join("disk");
        fs::create_dir_all(&disk).unwrap();
        fs::write(disk.join("there"), "what was there").unwrap();
        let shim = make_shim(&folder).unwrap();
        let run = |program: &str, arguments: &[&Path]| {
            let mut command = Command::new(program);
            command.args(arguments).env("LD_PRELOAD", &shim);
            command.env("PROOF_READ_ONLY", format!("0:{}", disk.display()));
            command.env("PROOF_REPORT", folder.join("report")).output().unwrap()
        };
        let there = disk.join("there");
        assert_eq!(run("cat", &[&there]).stdout, b"what was there");
        assert!(run("cp", &[&there, &folder.join("copy")]).status.success());
        for (program, arguments) in [
            ("cp", vec![folder.join("copy"), disk.join("new")]),
            ("rm", vec![Path::new("-f").to_owned(), there.clone()]),
            ("mkdir", vec![disk.join("folder")]),
        ] {
            let arguments: Vec<&Path> = arguments.iter().map(PathBuf::as_path).collect();
            let done = run(program, &arguments);
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(!done.status.success() && said.contains("Read-only"), "{program}: {said}");
        }
        assert!(there.exists() && !disk.join("new").exists());
        let report = fs::read_to_string(folder.join("report")).unwrap();
        assert!(report.contains("failed open 30 new"), "{report}");
        fs::remove_dir_all(folder).unwrap();
    }
}
