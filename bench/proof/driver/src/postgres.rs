//! A server of PostgreSQL for the register's database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::world::{START, free_port};

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
    pub fn database(&self, name: &str) -> Result<String> {
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
