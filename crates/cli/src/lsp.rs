//! `lmr lsp`: findings, explanations and completions in editors, by the Language Server Protocol 3.17 over standard
//! input and output.

mod cursor;
mod place;

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, Parser};
use lmr_lmdi::Finding;
use lmr_lmdi::codes::Severity;
use lmr_report::{Checker, sentence};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use serde_json::{Value, json};

use crate::explain::Source;
use crate::output::Language;
use crate::text::Explain as _;
use crate::text::text;
use crate::validate::{RuleSetChoice, Validate, cannot_check};
use place::Positions;

/// Speak the Language Server Protocol with an editor.
///
/// Findings while you write, what a profile demands where the cursor is, completion of elements and codes. Editors
/// start it as `lmr lsp` for JSON files; what `.lmr.toml` says holds here too.
#[derive(Args)]
pub(crate) struct Lsp {
    /// The guide to check against; `none` is plain R4 plus what --package and --profile name. If left out, a
    /// batch is checked against lmdi-0.9.4 and everything else against the newest
    #[arg(long, value_parser = RuleSetChoice::parser())]
    ruleset: Option<RuleSetChoice>,
    /// FHIR package (.tgz), folder or single definition to load in addition, or the name of an installed package
    /// (name#version); may be repeated
    #[arg(long, value_name = "P")]
    package: Vec<String>,
    /// Talk over standard input and output, which is the only way
    #[arg(long, hide = true)]
    stdio: bool,
}

/// The arguments of `lmr validate` by themselves.
#[derive(Parser)]
struct Standalone {
    #[command(flatten)]
    validate: Validate,
}

impl Lsp {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let mut arguments = vec!["lmr".to_owned(), "-".to_owned()];
        arguments.extend(self.package.iter().flat_map(|p| ["--package".to_owned(), p.clone()]));
        let mut validate = Standalone::try_parse_from(arguments)
            .explain(|| text!("valgene kan ikke brukes", "the options cannot be used"))?
            .validate;
        validate.choose(self.ruleset);
        let (checker, source) = validate.for_editors(&Arc::new(AtomicBool::new(false)), lang)?;
        let (connection, threads) = Connection::stdio();
        let broken =
            || text!("forbindelsen til editoren er brutt", "the connection to the editor broke");
        let (id, _) = connection.initialize_start().explain(broken)?;
        let capabilities = json!({
            "capabilities": {
                "positionEncoding": "utf-16",
                "textDocumentSync": { "openClose": true, "change": 1 },
                "hoverProvider": true,
                "completionProvider": { "triggerCharacters": ["\""] },
            },
            "serverInfo": { "name": "lmr", "version": env!("CARGO_PKG_VERSION") },
        });
        connection.initialize_finish(id, capabilities).explain(broken)?;
        let mut server =
            Server { connection, checker, source, lang, open: HashMap::new(), waiting: Vec::new() };
        let result = server.serve();
        drop(server);
        threads.join().explain(broken)?;
        result.map(|()| ExitCode::SUCCESS)
    }
}

struct Server {
    connection: Connection,
    checker: Arc<Checker>,
    source: Source,
    lang: Language,
    /// Texts by the address that the editor gives them.
    open: HashMap<String, String>,
    /// Those that have changed since they were last validated.
    waiting: Vec<String>,
}

impl Server {
    fn serve(&mut self) -> anyhow::Result<()> {
        loop {
            // Whoever types quickly sends many changes; the last one counts.
            let message = if self.waiting.is_empty() {
                let Ok(message) = self.connection.receiver.recv() else { return Ok(()) };
                message
            } else if let Ok(message) = self.connection.receiver.try_recv() {
                message
            } else {
                for uri in std::mem::take(&mut self.waiting) {
                    self.publish(&uri)?;
                }
                continue;
            };
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    let response = self.answer(request);
                    self.connection.sender.send(Message::Response(response))?;
                }
                Message::Notification(notification) => self.take(notification)?,
                Message::Response(_) => {}
            }
        }
    }

    fn answer(&self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let at = || {
            let text = self.open.get(params["textDocument"]["uri"].as_str()?)?;
            let (line, column) =
                (params["position"]["line"].as_u64()?, params["position"]["character"].as_u64()?);
            Some((text.as_str(), Positions::of(text).offset(line, column)?))
        };
        match method.as_str() {
            "textDocument/hover" => {
                let said = at()
                    .and_then(|(text, offset)| place::hover(&self.source, text, offset, self.lang));
                let contents =
                    said.map(|value| json!({ "contents": { "kind": "markdown", "value": value } }));
                Response::new_ok(id, contents)
            }
            "textDocument/completion" => {
                let items = at().map(|(text, offset)| {
                    place::completions(&self.source, text, offset, self.lang)
                });
                Response::new_ok(
                    id,
                    json!({ "isIncomplete": false, "items": items.unwrap_or_default() }),
                )
            }
            _ => Response::new_err(
                id,
                ErrorCode::MethodNotFound as i32,
                format!("{method} is not offered"),
            ),
        }
    }

    fn take(&mut self, notification: Notification) -> anyhow::Result<()> {
        let params = notification.params;
        let Some(uri) = params["textDocument"]["uri"].as_str().map(str::to_owned) else {
            return Ok(());
        };
        let text = match notification.method.as_str() {
            "textDocument/didOpen" => params["textDocument"]["text"].as_str(),
            // Whole texts are asked for; the last one is the newest.
            "textDocument/didChange" => {
                params["contentChanges"].as_array().and_then(|all| all.last()?["text"].as_str())
            }
            "textDocument/didClose" => {
                self.open.remove(&uri);
                self.waiting.retain(|waiting| *waiting != uri);
                return self.send(&uri, Vec::new());
            }
            _ => None,
        };
        if let Some(text) = text {
            self.open.insert(uri.clone(), text.to_owned());
            if !self.waiting.contains(&uri) {
                self.waiting.push(uri);
            }
        }
        Ok(())
    }

    fn publish(&self, uri: &str) -> anyhow::Result<()> {
        let Some(text) = self.open.get(uri) else { return Ok(()) };
        let findings = self.checker.check(text.as_bytes()).map_err(cannot_check)?.findings;
        let positions = Positions::of(text);
        let diagnostics =
            findings.iter().map(|finding| self.diagnostic(&positions, finding)).collect();
        self.send(uri, diagnostics)
    }

    fn diagnostic(&self, positions: &Positions<'_>, finding: &Finding) -> Value {
        let range = match &finding.span {
            // A whole resource would be underlined from end to end: its first line is enough.
            Some(span) => positions.first_line(span.clone()),
            None => positions.line(finding.line, finding.column),
        };
        let mut message = sentence(finding, self.lang);
        for reason in finding.reasons(self.lang) {
            message.push_str("\n- ");
            message.push_str(&reason);
        }
        if finding.refuses() {
            let remedy = finding.code.text().remedy.in_language(self.lang);
            if !remedy.is_empty() {
                message.push_str("\n→ ");
                message.push_str(remedy);
            }
        }
        json!({
            "range": range,
            "severity": match finding.severity {
                Severity::Fatal | Severity::Error => 1,
                Severity::Warning => 2,
                Severity::Information => 3,
            },
            "code": finding.code.as_str(),
            "source": "lmr",
            "message": message,
        })
    }

    fn send(&self, uri: &str, diagnostics: Vec<Value>) -> anyhow::Result<()> {
        let params = json!({ "uri": uri, "diagnostics": diagnostics });
        let notification = Notification::new("textDocument/publishDiagnostics".to_owned(), params);
        Ok(self.connection.sender.send(Message::Notification(notification))?)
    }
}
