//! The reference validator as a child process that answers over a pipe (`bench/reference`).

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::finding::Finding;

/// A running reference validator.
pub(crate) struct Reference {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Reference {
    /// Starts it and waits until it has read its definitions (some ten seconds).
    pub(crate) fn start(folder: &Path, packages: &[PathBuf]) -> Result<Self> {
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
        let mut reference = Self { child, requests, answers };
        let ready = reference.line()?;
        if ready.get("ready").is_none() {
            bail!("the reference validator did not start: {ready}");
        }
        Ok(reference)
    }

    /// Its findings; `None` where it broke down with an exception of its own.
    pub(crate) fn validate(
        &mut self,
        text: &str,
        profiles: &[String],
        definitions: &[String],
    ) -> Result<Option<Vec<Finding>>> {
        let request = json!({ "text": text, "profiles": profiles, "definitions": definitions });
        writeln!(self.requests, "{request}").context("the reference validator is gone")?;
        self.requests.flush()?;
        let answer = self.line()?;
        let Some(issues) = answer.get("issues").and_then(Value::as_array) else { return Ok(None) };
        let text = |issue: &Value, member: &str| {
            issue.get(member).and_then(Value::as_str).unwrap_or("").to_owned()
        };
        Ok(Some(
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
        ))
    }

    fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("the reference validator ended");
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // The process may have ended by itself; there is nobody to report to.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
