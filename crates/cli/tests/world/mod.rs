//! A simulated world of real processes for tests of the program.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::disallowed_methods,
    reason = "not every test uses everything; real processes are waited for by the real clock"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lmr_auth::jose::SigningKey as TokenKey;
use lmr_auth::{ActingFor, ClientSettings, Environment, FixedKey, Flow, HttpFetcher, TokenClient};
use lmr_envelope::{Certificate, Header, PrivateKey, SigningKey, SystemRandom};
use lmr_sandbox::hospital::{Era, Hospital};
use serde_json::Value;

/// The program under test.
pub(crate) fn lmr() -> &'static str {
    env!("CARGO_BIN_EXE_lmr")
}

/// A process that is killed when it goes out of scope.
pub(crate) struct Process(Child);

impl Process {
    /// SIGKILL, and wait for the end.
    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A folder that `lmr sandbox init` has filled.
pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) receiver_port: u16,
    helseid_port: u16,
}

/// A port of loopback that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

impl World {
    pub(crate) fn make(ruleset: &str, administrations: usize, entries_per_bundle: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (receiver_port, helseid_port) = (free_port(), free_port());
        let output = Command::new(lmr())
            .args(["sandbox", "init"])
            .arg(folder.path())
            .args(["--ruleset", ruleset, "--administrations", &administrations.to_string()])
            .args([
                "--receiver-port",
                &receiver_port.to_string(),
                "--helseid-port",
                &helseid_port.to_string(),
            ])
            .args(["--entries-per-bundle", &entries_per_bundle.to_string()])
            .output()
            .expect("lmr sandbox init");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { folder, receiver_port, helseid_port }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Starts the local HelseID and waits until it answers.
    pub(crate) fn helseid(&self) -> Process {
        let mut child = Command::new(lmr())
            .args(["sandbox", "helseid"])
            .arg(self.path())
            .args(["--port", &self.helseid_port.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("lmr sandbox helseid");
        let out = child.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("a line");
        assert!(line.contains("http://127.0.0.1"), "HelseID says: {line}");
        Process(child)
    }

    /// Starts the receiver and waits until its port is open.
    pub(crate) fn receiver(&self) -> Process {
        self.serve("receiver.toml", self.receiver_port)
    }

    /// Starts a receiver with a configuration of this folder that listens on `port`.
    pub(crate) fn serve(&self, config: &str, port: u16) -> Process {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path().join("serve.log"));
        let child = Command::new(lmr())
            .args(["serve", "--config"])
            .arg(self.config(config))
            .stderr(log.map_or_else(|_| Stdio::null(), Stdio::from))
            .spawn()
            .expect("lmr serve");
        let mut process = Process(child);
        let until = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                process.0.try_wait().expect("waited").is_none(),
                "the receiver ended: {}",
                self.log()
            );
            assert!(Instant::now() < until, "the receiver does not open its port");
            std::thread::sleep(Duration::from_millis(5));
        }
        process
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("serve.log")).unwrap_or_default()
    }

    /// What `lmr admin deliveries` lists.
    pub(crate) fn deliveries(&self) -> Vec<Value> {
        let output = Command::new(lmr())
            .args(["admin", "deliveries", "--format", "json", "--limit", "100000", "--config"])
            .arg(self.config("receiver.toml"))
            .output()
            .expect("lmr admin");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Resources of the source that a run reports: administrations and orders, all that they refer to, and the
    /// roles and diagnoses of those.
    pub(crate) fn reported_resources(&self) -> u64 {
        let mut all = std::collections::HashMap::new();
        for entry in std::fs::read_dir(self.path().join("source")).expect("the source") {
            let text = std::fs::read_to_string(entry.expect("a file").path()).expect("UTF-8");
            for line in text.lines() {
                let resource: Value = serde_json::from_str(line).expect("JSON");
                let name = format!(
                    "{}/{}",
                    resource["resourceType"].as_str().unwrap_or_default(),
                    resource["id"].as_str().unwrap_or_default()
                );
                all.insert(name, resource);
            }
        }
        let mut todo: Vec<String> = all
            .keys()
            .filter(|n| {
                n.starts_with("MedicationAdministration/") || n.starts_with("MedicationRequest/")
            })
            .cloned()
            .collect();
        let mut seen = std::collections::HashSet::new();
        for described in [("PractitionerRole/", "practitioner"), ("Condition/", "subject")] {
            close(&all, &mut todo, &mut seen);
            todo.extend(all.iter().filter_map(|(name, resource)| {
                let of = resource[described.1]["reference"].as_str()?;
                (name.starts_with(described.0) && seen.contains(of)).then(|| name.clone())
            }));
        }
        close(&all, &mut todo, &mut seen);
        seen.len() as u64
    }
}

fn close(
    all: &std::collections::HashMap<String, Value>,
    todo: &mut Vec<String>,
    seen: &mut std::collections::HashSet<String>,
) {
    while let Some(name) = todo.pop() {
        if let Some(resource) = all.get(&name)
            && seen.insert(name)
        {
            references(resource, todo);
        }
    }
}

fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("reference") {
                into.push(reference.clone());
            }
            members.values().for_each(|v| references(v, into));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, into)),
        _ => {}
    }
}

#[expect(clippy::disallowed_methods, reason = "the program under test runs by the real clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Seals and posts messages of its own making.
pub(crate) struct Courier {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    helseid: TokenClient,
    url: String,
    signer: SigningKey,
    recipient: Certificate,
}

impl Courier {
    pub(crate) fn new(world: &World) -> Self {
        lmr_auth::install_tls_provider();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let read = |name: &str| std::fs::read(world.config(name)).expect("a file of the world");
        let certificate = |name: &str| Certificate::read(&read(name)).expect("a certificate");
        let signer = SigningKey::new(
            certificate("sender.pem"),
            PrivateKey::from_pem(&read("sender.key")).expect("a key"),
        );
        let settings = ClientSettings {
            issuer: format!("http://127.0.0.1:{}", world.helseid_port),
            environment: Environment::Local,
            client_id: lmr_sandbox::folder::CLIENT_ID.to_owned(),
            scope: lmr_sandbox::helseid::LMR_SCOPE.to_owned(),
            resource: None,
            flow: Flow::HelseIdBearer { acting_for: ActingFor::Registered },
            assertion_lifetime_seconds: 20,
        };
        let key =
            TokenKey::from_jwk(&read("helseid-client.jwk"), None, None).expect("a client key");
        let fetcher = Arc::new(HttpFetcher::new(Duration::from_secs(10)).expect("a client"));
        let helseid = TokenClient::new(
            settings,
            Arc::new(FixedKey::new(key)),
            fetcher,
            lmr_sandbox::clock::real(),
            lmr_sandbox::clock::fresh_ids(),
        )
        .expect("a HelseID client");
        Self {
            runtime,
            client: reqwest::Client::new(),
            helseid,
            url: format!("http://127.0.0.1:{}/fhirmottak/v1", world.receiver_port),
            signer: signer.expect("a pair"),
            recipient: certificate("register.pem"),
        }
    }

    /// A small message: its id and its bytes.
    pub(crate) fn message(&self, seed: u64) -> (String, Vec<u8>) {
        let now = now();
        let id = format!("00000000-0000-4000-8000-{seed:012}");
        let yesterday = jiff::civil::date(2026, 1, 15);
        let bundle =
            Hospital::new(Era::V0_9_4, seed + 100, yesterday, 1).bundle(&id, &now.to_string());
        let header = Header {
            message_id: &id,
            sender: self.signer.certificate().organisation().expect("an organisation"),
            reporting_from: now - jiff::SignedDuration::from_hours(24),
            reporting_to: now,
            generated_at: now,
        };
        let sealed = lmr_envelope::seal(
            bundle.to_string().as_bytes(),
            &header,
            &self.recipient,
            &self.signer,
            &SystemRandom,
        );
        (id, sealed.expect("sealed"))
    }

    /// Posts until there is an answer; the answer must be 200.
    pub(crate) fn deliver(&self, body: &[u8], patience: Duration) -> Vec<u8> {
        let until = Instant::now() + patience;
        loop {
            assert!(Instant::now() < until, "no answer within {patience:?}");
            let attempt = self.runtime.block_on(async {
                let token = self.helseid.access_token().await.expect("a token");
                let response = self
                    .client
                    .post(&self.url)
                    .header("authorization", token.bearer().expect("a Bearer token").expose())
                    .header("content-type", "application/json")
                    .body(body.to_vec())
                    .send()
                    .await?;
                let status = response.status().as_u16();
                Ok::<_, reqwest::Error>((status, response.bytes().await?.to_vec()))
            });
            match attempt {
                Ok((200, answer)) => return answer,
                Ok((503, _)) | Err(_) => std::thread::sleep(Duration::from_millis(20)),
                Ok((status, answer)) => {
                    panic!("status {status}: {}", String::from_utf8_lossy(&answer))
                }
            }
        }
    }
}
