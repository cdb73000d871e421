//! The processes of one history: the issuer, one or two receivers, the sender, and the folder they work in.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use jiff::civil::Date;

use crate::plan::{History, ProcessFault};
use crate::proxy::Proxy;

/// Longest time for a receiver to open its port.
const START: Duration = Duration::from_secs(60);

/// What all histories of a worker share: programs, keys, the issuer.
pub struct Site {
    pub lmr: PathBuf,
    pub shim: PathBuf,
    pub folder: PathBuf,
    template: PathBuf,
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

impl Site {
    /// Compiles the shim, makes keys and starts the issuer.
    pub fn make(lmr: &Path, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
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
        let template = folder.join("template");
        let (issuer_port, receiver_ports) = (free_port()?, [free_port()?, free_port()?]);
        let made = Command::new(lmr)
            .args(["sandbox", "init"])
            .arg(&template)
            .args(["--administrations", "1", "--helseid-port", &issuer_port.to_string()])
            .stdout(Stdio::null())
            .status()
            .context("lmr sandbox init")?;
        ensure!(made.success(), "lmr sandbox init failed");
        let mut site = Self {
            lmr: lmr.to_owned(),
            shim,
            folder: folder.to_owned(),
            template,
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
        let database = postgres.as_deref().unwrap_or("receiver.sqlite");
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
        let read = |name: &str| fs::read_to_string(self.template.join(name));
        let value = |text: &str, key: &str| -> Result<String> {
            let line = text.lines().find(|line| line.starts_with(&format!("{key} =")));
            Ok(line
                .and_then(|line| line.split('"').nth(1))
                .with_context(|| key.to_owned())?
                .to_owned())
        };
        let sender = read("sender.toml")?;
        let (organisation, client, scope) = (
            value(&sender, "organisation")?,
            value(&sender, "client_id")?,
            value(&sender, "scope")?,
        );
        // The newest rule set is what the sandbox takes for it: only the program knows its name.
        let newest = newest(&self.lmr)?;
        let ruleset = if history.batch { "lmdi-0.9.4" } else { newest.as_str() };
        let (issuer, proxy) = (self.issuer_port, self.proxy.port);
        fs::write(
            folder.join("sender.toml"),
            format!(
                r#"organisation = "{organisation}"
environment = "local"
source = "source"
database = "sender.sqlite"
hash_key = "hash.key"
ruleset = "{ruleset}"
start_date = "{start}"

[receiver]
url = "http://127.0.0.1:{proxy}/fhirmottak/v1"
certificate = "register.pem"
timeout_seconds = 3

[certificate]
certificate = "sender.pem"
key = "sender.key"

[helseid]
issuer = "http://127.0.0.1:{issuer}"
client_id = "{client}"
key = "helseid-client.jwk"
scope = "{scope}"
dpop = true

[bundle]
entries = {entries}
"#,
                entries = history.entries,
            ),
        )?;
        for (n, port) in self.receiver_ports.iter().enumerate() {
            fs::write(
                folder.join(format!("receiver-{n}.toml")),
                format!(
                    r#"listen = "127.0.0.1:{port}"
environment = "local"
database = "{database}"
column_key = "column.key"
public_urls = ["http://127.0.0.1:{proxy}"]

[[trust]]
kind = "helseid-dpop"
issuer = "http://127.0.0.1:{issuer}"

[[certificate]]
certificate = "register.pem"
key = "register.key"

[[avsender]]
organisation = "{organisation}"
name = "Liksom sykehus HF"
certificates = ["sender.pem"]
addresses = ["127.0.0.1", "::1"]
start_date = "{start}"
"#,
                ),
            )?;
        }
        self.proxy.reset(self.receiver_ports[..history.receivers].to_vec(), history.gzip);
        Ok(World {
            lmr: self.lmr.clone(),
            shim: self.shim.clone(),
            folder,
            ports: self.receiver_ports,
            receivers: [None, None],
            postgres,
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill_issuer();
    }
}

/// A cluster of its own, which may be killed.
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Makes a cluster in `folder` and starts it. As root it runs as the user `postgres`, since it refuses root.
    pub fn start(bin: &Path, folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let _ = Command::new("chown").arg("postgres").arg(folder).status();
        let postgres = Self { bin: bin.to_owned(), folder: folder.to_owned(), port: free_port()? };
        postgres.run(&format!("initdb -D '{}' -A trust -U lmr", postgres.data()))?;
        postgres.go()?;
        Ok(postgres)
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn run(&self, command: &str) -> Result<()> {
        let command = format!("{}/{command} >/dev/null 2>&1", self.bin.display());
        let is_root = Command::new("id").arg("-u").output()?.stdout.starts_with(b"0\n");
        let status = if is_root {
            Command::new("su").args(["postgres", "-s", "/bin/sh", "-c", &command]).status()?
        } else {
            Command::new("sh").args(["-c", &command]).status()?
        };
        ensure!(status.success(), "{command} ends with {status}");
        Ok(())
    }

    /// Starts the server after whatever was done to it.
    pub fn go(&self) -> Result<()> {
        let command = format!(
            "pg_ctl -D '{}' -w -t 60 -l '{}' -o '-p {} -k {} -c listen_addresses=127.0.0.1' start",
            self.data(),
            self.folder.join("log").display(),
            self.port,
            self.folder.display()
        );
        let until = Instant::now() + START;
        loop {
            // Of a process that was killed, and perhaps not waited for.
            let _ = fs::remove_file(Path::new(&self.data()).join("postmaster.pid"));
            match self.run(&command) {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(300)),
            }
        }
    }

    /// Ends it without a word, as a power cut that loses nothing flushed.
    pub fn stop(&self) {
        let _ = self.run(&format!("pg_ctl -D '{}' -w -m immediate stop", self.data()));
    }

    /// The processes of the server; the first is the one that starts the others.
    fn processes(&self) -> Vec<String> {
        let text =
            fs::read_to_string(Path::new(&self.data()).join("postmaster.pid")).unwrap_or_default();
        let Some(first) = text.lines().next().map(str::to_owned) else { return Vec::new() };
        let children =
            fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap_or_default();
        std::iter::once(first).chain(children.split_whitespace().map(str::to_owned)).collect()
    }

    /// Sends a signal to all of its processes, or to those that serve connections.
    pub fn signal(&self, name: &str, all: bool) {
        let processes = self.processes();
        for process in processes.iter().skip(usize::from(!all)) {
            let _ = Command::new("kill").args([name, process]).stderr(Stdio::null()).status();
        }
    }

    fn url(&self, name: &str) -> String {
        format!("postgres://lmr@127.0.0.1:{}/{name}", self.port)
    }

    /// A fresh database.
    fn database(&self, name: &str) -> Result<String> {
        let maintenance = self.url("postgres");
        let statements = [
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name}"),
        ];
        crate::oracle::tell_postgres(&maintenance, &statements)?;
        Ok(self.url(name))
    }

    /// Copies a database over another one, while nobody uses them.
    pub fn copy(&self, from: &str, to: &str) -> Result<()> {
        let statements = [
            format!("DROP DATABASE IF EXISTS {to} WITH (FORCE)"),
            format!("CREATE DATABASE {to} TEMPLATE {from}"),
        ];
        crate::oracle::tell_postgres(&self.url("postgres"), &statements)
    }

    pub fn drop_database(&self, name: &str) {
        let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let _ = crate::oracle::tell_postgres(&self.url("postgres"), &[statement]);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.signal("-CONT", true);
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn newest(lmr: &Path) -> Result<String> {
    let output = Command::new(lmr).args(["sandbox", "init", "--help"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let name = text
        .split(|c: char| c.is_whitespace() || c == ',' || c == ']')
        .filter(|word| word.starts_with("lmdi-"))
        .map(|word| word.trim_end_matches(':').to_owned())
        .max();
    name.context("`lmr sandbox init --help` names no rule set")
}

pub struct World {
    lmr: PathBuf,
    shim: PathBuf,
    pub folder: PathBuf,
    ports: [u16; 2],
    receivers: [Option<Child>; 2],
    /// Address of the register's database at a server.
    pub postgres: Option<String>,
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
        let mut command = Command::new(&self.lmr);
        command.args(["send", "run", "--lang", "en", "--config"]).arg(self.path("sender.toml"));
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
        let Some(mut child) = self.receivers[n].take() else { return true };
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
        for child in self.receivers.iter_mut().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
