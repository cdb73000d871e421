//! The reference validator as a child process that answers over a pipe (`bench/reference`).

use std::{
    collections::{HashMap, HashSet},
    fs::{File, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{
    finding::Finding,
    ours::{Evaluated, plain},
};

/// The reference validator; it is started when its first answer is needed.
pub(crate) struct Reference {
    folder: PathBuf,
    packages: Vec<PathBuf>,
    running: Option<Running>,
    answers: Option<Answers>,
    /// Definitions that came with requests whose answers were remembered.
    unsent: Vec<String>,
    /// Definitions that it has or will be given: none is given twice.
    given: HashSet<String>,
}

/// A running reference validator.
struct Running {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// Answers of earlier runs, so that the same inputs can be compared again without the reference.
struct Answers {
    known: HashMap<u64, String>,
    file: File,
}

impl Reference {
    /// `answers` is a file that keeps its answers. It holds for one build and one set of packages.
    pub(crate) fn new(folder: &Path, packages: &[PathBuf], answers: Option<&Path>) -> Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            packages: packages.to_vec(),
            running: None,
            answers: answers.map(Answers::open).transpose()?,
            unsent: Vec::new(),
            given: HashSet::new(),
        })
    }

    /// Its findings; `None` where it broke down with an exception of its own.
    pub(crate) fn validate(
        &mut self,
        text: &str,
        profiles: &[String],
        definitions: &[String],
    ) -> Result<Option<Vec<Finding>>> {
        let mut hasher = DefaultHasher::new();
        (text, profiles, definitions).hash(&mut hasher);
        let key = hasher.finish();
        for definition in definitions {
            if self.given.insert(definition.clone()) {
                self.unsent.push(definition.clone());
            }
        }
        if let Some(known) = self.answers.as_ref().and_then(|answers| answers.known.get(&key)) {
            return Ok(findings(&serde_json::from_str(known)?));
        }
        let running = Self::start(&mut self.running, &self.folder, &self.packages)?;
        let request = json!({ "text": text, "profiles": profiles, "definitions": self.unsent });
        self.unsent.clear();
        let answer = running.ask(&request)?;
        if let Some(answers) = &mut self.answers {
            answers.keep(key, &answer)?;
        }
        Ok(findings(&answer))
    }

    /// What an expression gives on a resource: type and text of each item, or its exception.
    pub(crate) fn evaluate(&mut self, text: &str, expression: &str) -> Result<Evaluated> {
        let running = Self::start(&mut self.running, &self.folder, &self.packages)?;
        let answer = running.ask(&json!({ "text": text, "expression": expression }))?;
        let Some(items) = answer.get("items").and_then(Value::as_array) else {
            return Ok(Err(answer["exception"].as_str().unwrap_or("no answer").to_owned()));
        };
        let one = |item: &str| {
            let (of, text) = item.split_once(' ').unwrap_or((item, ""));
            plain(of, text)
        };
        Ok(Ok(items.iter().filter_map(Value::as_str).map(one).collect()))
    }

    /// The folder of R4's definitions; the reference writes it when it is first started.
    pub(crate) fn core(&mut self) -> Result<PathBuf> {
        let core = self.folder.join("target/core");
        if !core.join("package/package.json").is_file() {
            Self::start(&mut self.running, &self.folder, &self.packages)?;
        }
        Ok(core)
    }

    fn start<'a>(
        running: &'a mut Option<Running>,
        folder: &Path,
        packages: &[PathBuf],
    ) -> Result<&'a mut Running> {
        Ok(match running {
            Some(running) => running,
            None => running.insert(Running::start(folder, packages)?),
        })
    }
}

fn findings(answer: &Value) -> Option<Vec<Finding>> {
    let text = |issue: &Value, member: &str| {
        issue.get(member).and_then(Value::as_str).unwrap_or("").to_owned()
    };
    let issues = answer.get("issues").and_then(Value::as_array)?;
    Some(
        issues
            .iter()
            .map(|issue| {
                Finding::new(
                    &text(issue, "severity"),
                    &text(issue, "id"),
                    &text(issue, "location"),
                    text(issue, "text"),
                )
            })
            .collect(),
    )
}

impl Answers {
    fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        let mut known = HashMap::new();
        for line in BufReader::new(&file).lines() {
            let line = line?;
            let Some((key, answer)) = line.split_once(' ') else { continue };
            known.insert(key.parse()?, answer.to_owned());
        }
        Ok(Self { known, file })
    }

    fn keep(&mut self, key: u64, answer: &Value) -> Result<()> {
        let answer = answer.to_string();
        writeln!(self.file, "{key} {answer}")?;
        self.known.insert(key, answer);
        Ok(())
    }
}

impl Running {
    /// Starts it and waits until it has read its definitions (some ten seconds).
    fn start(folder: &Path, packages: &[PathBuf]) -> Result<Self> {
        let classpath =
            std::fs::read_to_string(folder.join("target/classpath")).with_context(|| {
                format!("{} is not built; run bench/reference/build", folder.display())
            })?;
        let mut command = Command::new("java");
        command
            .args(["-Xmx4g", "-XX:+UseSerialGC", "-cp"])
            .arg(format!("{}:{}", folder.join("target/classes").display(), classpath.trim()))
            .arg("no.lmr.reference.Main")
            .arg("--core")
            .arg(folder.join("target/core"));
        for package in packages {
            command.arg("--package").arg(package);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start java")?;
        let requests = child.stdin.take().context("no standard input")?;
        let answers = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut running = Self { child, requests, answers };
        let ready = running.line()?;
        if ready.get("ready").is_none() {
            bail!("the reference validator did not start: {ready}");
        }
        Ok(running)
    }

    fn ask(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.requests, "{request}").context("the reference validator is gone")?;
        self.requests.flush()?;
        self.line()
    }

    fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("the reference validator ended");
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have ended by itself; there is nobody to report to.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
