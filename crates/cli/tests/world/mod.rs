//! A simulated world of real processes for tests of the program.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::disallowed_methods,
    reason = "not every test uses everything; real processes are waited for by the real clock"
)]

pub(crate) mod stand_in;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lmr_auth::jose::SigningKey as TokenKey;
use lmr_auth::{
    ActingFor, ClientSettings, Environment, FixedKey, Flow, HttpFetcher, ProofKey, TokenClient,
};
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

    /// A process that a test has started itself.
    pub(crate) fn of(child: Child) -> Self {
        Self(child)
    }

    /// Sends it a signal, `-TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.0.id().to_string()]).status();
        assert!(status.expect("kill").success());
    }

    /// Waits for its end.
    pub(crate) fn ends_within(&mut self, limit: Duration) -> ExitStatus {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.0.try_wait().expect("waited") {
                return status;
            }
            assert!(Instant::now() < until, "it does not end within {limit:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().expect("waited").is_none()
    }
}

/// What a command printed, on both ways.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
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

/// A port of loopback that nobody listens on: each once in a process, and none of those that the system gives to
/// connections, which would be taken before the server starts.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 120).expect("a small number") * 100;
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Status and body of what a server on this machine answers.
pub(crate) fn get(port: u16, path: &str) -> (u16, String) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("up");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, text.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
}

impl World {
    pub(crate) fn make(ruleset: &str, administrations: usize, entries_per_bundle: usize) -> Self {
        Self::make_with(ruleset, administrations, entries_per_bundle, &[])
    }

    /// The same with further arguments.
    pub(crate) fn make_with(
        ruleset: &str,
        administrations: usize,
        entries_per_bundle: usize,
        further: &[&str],
    ) -> Self {
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
            .args(further)
            .output()
            .expect("lmr sandbox init");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { folder, receiver_port, helseid_port }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The local HelseID.
    pub(crate) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.helseid_port)
    }

    pub(crate) fn config(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Starts the local HelseID and waits until it answers.
    pub(crate) fn helseid(&self) -> Process {
        self.issuer_of("helseid", &self.config("helseid-client.public.jwk"))
    }

    /// Starts the local HelseID or Maskinporten for a client with this public key.
    pub(crate) fn issuer_of(&self, kind: &str, key: &Path) -> Process {
        let mut child = Command::new(lmr())
            .args(["sandbox", kind])
            .arg(self.path())
            .arg("--key")
            .arg(key)
            .args(["--port", &self.helseid_port.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("lmr sandbox");
        let out = child.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("a line");
        assert!(line.contains("http://127.0.0.1"), "{kind} says: {line}");
        Process(child)
    }

    /// Makes the receiver's database, as a start does: other commands refuse one that is not there.
    pub(crate) fn begin_database(&self) {
        let output = Command::new(lmr())
            .args(["serve", "--check", "--config"])
            .arg(self.config("receiver.toml"))
            .output()
            .expect("lmr runs");
        assert!(output.status.success(), "{}", said(&output));
    }

    /// Starts the receiver and waits until its port is open.
    pub(crate) fn receiver(&self) -> Process {
        self.serve("receiver.toml", self.receiver_port)
    }

    /// Waits until a receiver that a test has started itself opens its port.
    pub(crate) fn wait_for_receiver(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", self.receiver_port)).is_err() {
            assert!(Instant::now() < until, "the receiver does not open its port");
            std::thread::sleep(Duration::from_millis(5));
        }
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

    /// The port of the local HelseID.
    pub(crate) fn issuer_port(&self) -> u16 {
        self.helseid_port
    }

    /// `lmr send` with the sender's configuration, in English.
    pub(crate) fn send(&self, arguments: &[&str]) -> Output {
        self.send_with(arguments, &[])
    }

    /// The same with variables of the environment.
    pub(crate) fn send_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        Command::new(lmr())
            .arg("send")
            .args(arguments)
            .arg("--config")
            .arg(self.config("sender.toml"))
            .env("LMR_LANG", "en")
            .envs(environment.iter().copied())
            .output()
            .expect("lmr send")
    }

    /// `lmr admin` with the receiver's configuration, in English.
    pub(crate) fn admin(&self, arguments: &[&str]) -> Output {
        Command::new(lmr())
            .arg("admin")
            .args(arguments)
            .arg("--config")
            .arg(self.config("receiver.toml"))
            .env("LMR_LANG", "en")
            .output()
            .expect("lmr admin")
    }

    /// What `lmr send … --format json` prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.send(&[arguments, &["--format", "json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)))
    }

    /// Makes a transfer and asks for its exit status; gives what it said.
    pub(crate) fn run(&self, status: i32) -> String {
        let output = self.send(&["run"]);
        assert_eq!(output.status.code(), Some(status), "{}", said(&output));
        said(&output)
    }

    /// The resources of a file of the source.
    pub(crate) fn lines(&self, file: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path().join("source").join(file)).expect("a file");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Writes a file of the source, a resource a line.
    pub(crate) fn write(&self, file: &str, resources: &[Value]) {
        let text: String = resources.iter().map(|resource| format!("{resource}\n")).collect();
        std::fs::write(self.path().join("source").join(file), text).expect("written");
    }

    /// Changes a text in a configuration file.
    pub(crate) fn set(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.config(file)).expect("a file");
        assert!(text.contains(from), "{file} has no {from}: {text}");
        std::fs::write(self.config(file), text.replacen(from, to, 1)).expect("written");
    }

    /// Has the daemon make its daily transfer in some seconds.
    pub(crate) fn schedule_in(&self, seconds: i64) {
        let at = (now() + jiff::SignedDuration::from_secs(seconds)).in_tz("Europe/Oslo");
        let at = at.expect("a time zone").strftime("%H:%M:%S").to_string();
        self.set("sender.toml", "[bundle]", &format!("[schedule]\nat = \"{at}\"\n\n[bundle]"));
    }

    /// Starts `lmr send daemon`, which logs into `daemon.log`.
    pub(crate) fn daemon(&self, environment: &[(&str, &str)]) -> Process {
        let log = std::fs::File::create(self.config("daemon.log")).expect("a log");
        let child = Command::new(lmr())
            .args(["send", "daemon", "--config"])
            .arg(self.config("sender.toml"))
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Process(child.expect("lmr send daemon"))
    }

    /// Waits until the daemon has logged this, and gives the line.
    pub(crate) fn daemon_says(&self, words: &str) -> String {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let log = std::fs::read_to_string(self.config("daemon.log")).unwrap_or_default();
            if let Some(line) = log.lines().find(|line| line.contains(words)) {
                return line.to_owned();
            }
            assert!(Instant::now() < until, "no '{words}' in: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
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

pub(crate) fn now() -> Timestamp {
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
            scope: lmr_sandbox::helseid::DPOP_SCOPE.to_owned(),
            resource: None,
            flow: Flow::HelseIdDpop {
                acting_for: ActingFor::Registered,
                proof_key: ProofKey::OfAssertion,
            },
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
        let (id, bundle) = Self::bundle(seed);
        let sealed = self.seal(&id, bundle.to_string().as_bytes());
        (id, sealed)
    }

    /// A small bundle with its identifier.
    pub(crate) fn bundle(seed: u64) -> (String, Value) {
        let id = format!("00000000-0000-4000-8000-{seed:012}");
        let yesterday = jiff::civil::date(2026, 1, 15);
        let bundle =
            Hospital::new(Era::V0_9_4, seed + 100, yesterday, 1).bundle(&id, &now().to_string());
        (id, bundle)
    }

    /// A message with this content.
    pub(crate) fn seal(&self, id: &str, content: &[u8]) -> Vec<u8> {
        let now = now();
        let header = Header {
            message_id: id,
            sender: self.signer.certificate().organisation().expect("an organisation"),
            reporting_from: now - jiff::SignedDuration::from_hours(24),
            reporting_to: now,
            generated_at: now,
        };
        let sealed =
            lmr_envelope::seal(content, &header, &self.recipient, &self.signer, &SystemRandom);
        sealed.expect("sealed")
    }

    /// Posts once to any address of this machine with a token of the sender's; gives status and body.
    pub(crate) fn call(&self, url: &str, body: &str) -> (u16, String) {
        self.runtime.block_on(async {
            let token = self.helseid.access_token().await.expect("a token");
            let headers = self.helseid.headers(&token, "POST", url, None).expect("headers");
            let response = self
                .client
                .post(url)
                .header("authorization", headers.authorization.expose())
                .header("dpop", headers.proof.expect("a proof").expose())
                .header("content-type", "application/json")
                .body(body.to_owned())
                .send()
                .await
                .expect("an answer");
            (response.status().as_u16(), response.text().await.expect("a body"))
        })
    }

    /// Credentials for one POST to this address: the token and a proof.
    pub(crate) fn proof(&self, url: &str) -> (String, String) {
        self.runtime.block_on(async {
            let token = self.helseid.access_token().await.expect("a token");
            let headers = self.helseid.headers(&token, "POST", url, None).expect("headers");
            let proof = headers.proof.expect("a proof").expose().to_owned();
            (headers.authorization.expose().to_owned(), proof)
        })
    }

    /// Posts once with these credentials; gives status, body and receipt.
    pub(crate) fn post(
        &self,
        url: &str,
        (authorization, proof): &(String, String),
        body: &[u8],
    ) -> (u16, Vec<u8>, Option<String>) {
        self.runtime.block_on(async {
            let request = self
                .client
                .post(url)
                .header("authorization", authorization)
                .header("dpop", proof)
                .header("content-type", "application/json")
                .body(body.to_vec());
            let response = request.send().await.expect("an answer");
            let receipt = response
                .headers()
                .get("lmr-receipt")
                .map(|value| value.to_str().expect("text").to_owned());
            let status = response.status().as_u16();
            (status, response.bytes().await.expect("a body").to_vec(), receipt)
        })
    }

    /// The status of one attempt; `None` where the connection gives no answer.
    pub(crate) fn try_post(
        &self,
        url: &str,
        (authorization, proof): &(String, String),
        body: &[u8],
    ) -> Option<u16> {
        self.runtime.block_on(async {
            let request = self
                .client
                .post(url)
                .header("authorization", authorization)
                .header("dpop", proof)
                .header("content-type", "application/json")
                .body(body.to_vec());
            Some(request.send().await.ok()?.status().as_u16())
        })
    }

    /// Reads an address without a token.
    pub(crate) fn read(&self, url: &str, accept: &str) -> (u16, String, String) {
        self.runtime.block_on(async {
            let request = self.client.get(url).header("accept", accept);
            let response = request.send().await.expect("an answer");
            let media = response.headers()["content-type"].to_str().expect("text").to_owned();
            (response.status().as_u16(), media, response.text().await.expect("a body"))
        })
    }

    /// Posts until there is an answer; the answer must be 200.
    pub(crate) fn deliver(&self, body: &[u8], limit: Duration) -> Vec<u8> {
        let until = Instant::now() + limit;
        loop {
            assert!(Instant::now() < until, "no answer within {limit:?}");
            let attempt = self.runtime.block_on(async {
                let token = self.helseid.access_token().await.expect("a token");
                let headers =
                    self.helseid.headers(&token, "POST", &self.url, None).expect("headers");
                let response = self
                    .client
                    .post(&self.url)
                    .header("authorization", headers.authorization.expose())
                    .header("dpop", headers.proof.expect("a proof").expose())
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
