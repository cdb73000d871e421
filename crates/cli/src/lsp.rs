//! `lmr lsp`: findings, explanations and completions in editors, by the Language Server Protocol 3.17 over standard
//! input and output.

mod cursor;
mod place;
mod rules;
mod stdio;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser};
use lmr_lmdi::Finding;
use lmr_lmdi::codes::Severity;
use lmr_report::sentence;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};

use crate::input::is_lines;
use crate::output::Language;
use crate::text::Explain as _;
use crate::text::text;
use crate::validate::{Part, RuleSetChoice, Validate};
use place::Positions;
use rules::{Rules, path_of};

/// Time between two looks at what documents are checked by, while the editor has nothing to say.
const INTERVAL: Duration = Duration::from_secs(2);

/// Speak the Language Server Protocol with an editor.
///
/// Findings while you write, what a profile demands where the cursor is, completion of elements and codes. Editors
/// start it as `lmr lsp` for JSON files; what `.lmr.toml` says holds here too. Exit status: 1 where the editor goes without
/// `shutdown`.
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
        let mut rules = Rules::new(validate, lang);
        // What is wrong with the project of the working folder is better known now than at the first document.
        rules.of(None)?;
        let (connection, threads) = stdio::connect();
        let broken =
            || text!("forbindelsen til editoren er brutt", "the connection to the editor broke");
        let Some((id, editor)) = begin(&connection)? else {
            drop(connection);
            threads.join().explain(broken)?;
            return Ok(ExitCode::FAILURE);
        };
        let capabilities = json!({
            "capabilities": {
                "positionEncoding": "utf-16",
                "textDocumentSync": { "openClose": true, "change": 1 },
                "hoverProvider": true,
                "completionProvider": { "triggerCharacters": ["\""] },
            },
            "serverInfo": { "name": "lmr", "version": env!("CARGO_PKG_VERSION") },
        });
        connection.sender.send(Message::Response(Response::new_ok(id, capabilities)))?;
        let root = editor["workspaceFolders"][0]["uri"].as_str().or(editor["rootUri"].as_str());
        rules.set_root(root.and_then(path_of));
        let mut server =
            Server { connection, rules, lang, open: HashMap::new(), waiting: Vec::new() };
        let result = server.serve();
        drop(server);
        threads.join().explain(broken)?;
        Ok(if result? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The editor's first request; `None` where it goes before it asks.
fn begin(connection: &Connection) -> anyhow::Result<Option<(RequestId, Value)>> {
    for message in &connection.receiver {
        match message {
            Message::Request(request) if request.method == "initialize" => {
                return Ok(Some((request.id, request.params)));
            }
            Message::Request(request) => {
                let code = ErrorCode::ServerNotInitialized as i32;
                let response =
                    Response::new_err(request.id, code, "initialize comes first".to_owned());
                connection.sender.send(Message::Response(response))?;
            }
            Message::Notification(of) if of.method == "exit" => return Ok(None),
            Message::Notification(_) | Message::Response(_) => {}
        }
    }
    Ok(None)
}

struct Server {
    connection: Connection,
    rules: Rules,
    lang: Language,
    /// Texts by the address that the editor gives them.
    open: HashMap<String, String>,
    /// Those that have changed since they were last validated.
    waiting: Vec<String>,
}

impl Server {
    /// Serves until the editor goes, and says whether it has said so first: `exit` without `shutdown` is an error
    /// ([LSP 3.17](https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#exit)), and so is a
    /// connection that ends.
    fn serve(&mut self) -> anyhow::Result<bool> {
        let mut is_shut_down = false;
        loop {
            // Whoever types quickly sends many changes; the last one counts.
            let message = if self.waiting.is_empty() {
                match self.connection.receiver.recv_timeout(INTERVAL) {
                    Ok(message) => message,
                    Err(error) if error.is_timeout() => {
                        self.look_again();
                        continue;
                    }
                    Err(_) => return Ok(is_shut_down),
                }
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
                    let response = if is_shut_down {
                        let code = ErrorCode::InvalidRequest as i32;
                        Response::new_err(request.id, code, "shutdown was asked for".to_owned())
                    } else if request.method == "shutdown" {
                        is_shut_down = true;
                        // Nobody looks at findings any more.
                        self.open.clear();
                        self.waiting.clear();
                        Response::new_ok(request.id, ())
                    } else {
                        self.answer(request)
                    };
                    self.connection.sender.send(Message::Response(response))?;
                }
                Message::Notification(of) if of.method == "exit" => return Ok(is_shut_down),
                Message::Notification(_) if is_shut_down => {}
                Message::Notification(of) if of.method == "workspace/didChangeWatchedFiles" => {
                    self.look_again();
                }
                Message::Notification(notification) => self.take(notification)?,
                Message::Response(_) => {}
            }
        }
    }

    /// Has the documents checked again whose rules are not as they were: a package was edited, a project file made. Editors
    /// tell of files that they were asked to watch; packages may lie anywhere, so they are looked at.
    fn look_again(&mut self) {
        for uri in self.open.keys() {
            if !self.waiting.contains(uri) && !self.rules.is_current(path_of(uri).as_deref()) {
                self.waiting.push(uri.clone());
            }
        }
    }

    fn answer(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let uri = params["textDocument"]["uri"].as_str().unwrap_or_default();
        // Rules that cannot be used are a finding of the document; there is nothing to explain by.
        let rules = self.rules.of(path_of(uri).as_deref()).ok();
        let at = || {
            let text = self.open.get(uri)?;
            let (line, column) =
                (params["position"]["line"].as_u64()?, params["position"]["character"].as_u64()?);
            let offset = Positions::of(text).offset(line, column)?;
            let source = rules.as_ref()?.source();
            if !has_lines(uri) {
                return Some((source, text.as_str(), offset));
            }
            let from = text[..offset].rfind('\n').map_or(0, |at| at + 1);
            Some((source, text[from..].lines().next().unwrap_or_default(), offset - from))
        };
        match method.as_str() {
            "textDocument/hover" => {
                let said = at().and_then(|(source, text, offset)| {
                    place::hover(source, text, offset, self.lang)
                });
                let contents =
                    said.map(|value| json!({ "contents": { "kind": "markdown", "value": value } }));
                Response::new_ok(id, contents)
            }
            "textDocument/completion" => {
                let items = at().map(|(source, text, offset)| {
                    place::completions(source, text, offset, self.lang)
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

    fn publish(&mut self, uri: &str) -> anyhow::Result<()> {
        let Some(text) = self.open.get(uri) else { return Ok(()) };
        let path = path_of(uri);
        let document = path.clone().unwrap_or_else(|| PathBuf::from(uri));
        let findings = self
            .rules
            .of(path.as_deref())
            .and_then(|rules| rules.findings(&document, &parts(uri, text)));
        let findings = match findings {
            Ok(findings) => findings,
            // Silence would look like a document without faults.
            Err(error) => {
                let message = crate::text::chain(&error, self.lang);
                let start = json!({ "line": 0, "character": 0 });
                let range = json!({ "start": start, "end": start });
                let diagnostic = json!({
                    "range": range, "severity": 1, "source": "lmr", "message": message,
                });
                return self.send(uri, vec![diagnostic]);
            }
        };
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
        let mut message = sentence(finding, self.lang).into_owned();
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

/// Whether a document has a resource a line, by its name.
fn has_lines(uri: &str) -> bool {
    is_lines(Path::new(uri))
}

/// What of a document is checked by itself: all of it, or each line that has something.
fn parts<'t>(uri: &str, text: &'t str) -> Vec<Part<'t>> {
    if !has_lines(uri) {
        return vec![Part { text, offset: 0, line: 0 }];
    }
    let mut offset = 0;
    let lines = (0..).zip(text.split_inclusive('\n')).map(|(line, text)| {
        let from = offset;
        offset += text.len();
        // Where a text ends too early is in its line, not in the next one.
        Part { text: text.trim_end_matches(['\r', '\n']), offset: from, line }
    });
    let parts: Vec<_> = lines.filter(|part| !part.text.trim().is_empty()).collect();
    // A document without a resource is not correct, in whichever form.
    if parts.is_empty() { vec![Part { text: "", offset: 0, line: 0 }] } else { parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_of_lines_is_checked_line_by_line_and_one_without_any_is_checked_too() {
        let texts = |uri, text| -> Vec<(String, usize, u32)> {
            let all = parts(uri, text).into_iter();
            all.map(|part| (part.text.to_owned(), part.offset, part.line)).collect()
        };
        assert_eq!(
            texts("file:///a.ndjson", "{}\r\n\n[]"),
            [("{}".to_owned(), 0, 0), ("[]".to_owned(), 5, 2)]
        );
        assert_eq!(texts("file:///a.ndjson", "\n \n"), [(String::new(), 0, 0)]);
        assert_eq!(texts("file:///a.json", "{}\n"), [("{}\n".to_owned(), 0, 0)]);
    }
}
