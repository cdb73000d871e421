//! `lmr lsp` as an editor without a screen uses it: findings, explanations, completions, and what is no protocol.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    id: u64,
}

impl Editor {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_lmr"))
            .current_dir(folder)
            .env("LMR_LANG", "en")
            .arg("lsp")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("lmr runs");
        let (input, output) =
            (server.stdin.take().expect("in"), server.stdout.take().expect("out"));
        let mut editor = Self { server, input, output: BufReader::new(output), id: 0 };
        let about = editor
            .ask("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
        assert_eq!(about["serverInfo"]["name"], "lmr");
        editor.tell("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("written");
        self.input.flush().expect("written");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).expect("a line") > 0, "the server ended");
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().expect("a number");
            } else if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// Asks, and passes over what comes by itself.
    fn respond(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == id {
                return message;
            }
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.respond(method, params)["result"].clone()
    }

    fn diagnostics(&mut self) -> Vec<Value> {
        loop {
            let message = self.receive();
            if message["method"] == "textDocument/publishDiagnostics" {
                return message["params"]["diagnostics"].as_array().expect("a list").clone();
            }
        }
    }

    fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({ "uri": uri, "languageId": "json", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.diagnostics()
    }

    fn change(&mut self, uri: &str, text: &str) {
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": text }] }),
        );
    }

    /// Opens a text with the cursor at `|`, and asks there.
    fn at(&mut self, method: &str, text: &str) -> Value {
        let at = text.find('|').expect("a cursor");
        let before = &text[..at];
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().encode_utf16().count();
        self.open("file:///at.json", &text.replacen('|', "", 1));
        self.ask(
            method,
            json!({ "textDocument": { "uri": "file:///at.json" }, "position": { "line": line, "character": column } }),
        )
    }

    fn labels(&mut self, text: &str) -> Vec<String> {
        let answer = self.at("textDocument/completion", text);
        let items = answer["items"].as_array().expect("items");
        items.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
    }

    fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.server.wait().expect("ended").success());
    }
}

const URI: &str = "file:///p.json";

#[test]
fn findings_are_shown_where_they_are_and_go_when_they_are_corrected() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(folder.path(), &["--ruleset", "none", "--stdio"]);
    // Letters outside the basic plane take two units of a line.
    let text =
        "{\"resourceType\":\"Patient\",\n \"name\":[{\"text\":\"\u{1F600}\"}], \"gender\":\"x\"}";
    let found = editor.open(URI, text);
    let gender = found.iter().find(|d| d["severity"] == 1).expect("an error");
    assert_eq!(gender["source"], "lmr");
    assert!(gender["code"].as_str().is_some_and(|code| code.starts_with("LMR-")), "{gender}");
    assert_eq!(gender["range"]["start"]["line"], 1, "{gender}");
    let line = text.lines().nth(1).expect("a line");
    let at = line[..line.find("\"x\"").expect("there")].encode_utf16().count();
    let (from, to) = (&gender["range"]["start"]["character"], &gender["range"]["end"]["character"]);
    assert!(from.as_u64() <= Some(at as u64) && to.as_u64() > Some(at as u64), "{at}: {gender}");
    editor.change(URI, &text.replace("\"x\"", "\"male\""));
    assert!(editor.diagnostics().iter().all(|d| d["severity"] != 1));
    // Half a text is one finding, not silence.
    editor.change(URI, "{\"resourceType\":");
    assert_eq!(editor.diagnostics().len(), 1);
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    assert!(editor.diagnostics().is_empty());
    editor.end();
}

#[test]
fn the_place_at_the_cursor_is_explained_by_the_registers_profile() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(folder.path(), &[]);
    let hover = |editor: &mut Editor, text: &str| {
        editor.at("textDocument/hover", text)["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let status =
        hover(&mut editor, r#"{"resourceType":"MedicationAdministration","sta|tus":"completed"}"#);
    assert!(
        status.contains("MedicationAdministration.status") && status.contains("exactly once"),
        "{status}"
    );
    assert!(status.contains("lmdi"), "{status}");
    let family = hover(
        &mut editor,
        r#"{"resourceType":"Bundle","entry":[{"resource":{"name":[{"fam|ily":"a"}],"resourceType":"Patient"}}]}"#,
    );
    assert!(family.contains("family"), "{family}");
    assert_eq!(hover(&mut editor, r#"{"no|thing":1}"#), "");
    editor.end();
}

#[test]
fn elements_and_codes_are_completed_in_texts_that_are_no_json_yet() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(folder.path(), &["--ruleset", "none"]);
    let names = editor.labels("{\"resourceType\":\"Patient\",\"active\":true,\"|");
    assert!(
        names.contains(&"gender".to_owned()) && names.contains(&"deceasedBoolean".to_owned()),
        "{names:?}"
    );
    assert!(!names.contains(&"active".to_owned()), "what is there is not offered again");
    let deep = editor.labels("{\"resourceType\":\"Patient\",\"contact\":[{\"name\":{\"|\"}}]}");
    assert!(deep.contains(&"family".to_owned()), "{deep:?}");
    assert_eq!(
        editor.labels("{\"resourceType\":\"Patient\",\"gender\":\"|\"}"),
        ["male", "female", "other", "unknown"]
    );
    let coded = editor.labels(
        "{\"resourceType\":\"Patient\",\"maritalStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus\",\"code\":\"|\"}]}}",
    );
    assert!(coded.contains(&"M".to_owned()) && !coded.contains(&"UNK".to_owned()), "{coded:?}");
    let types = editor.labels("{\"resourceType\":\"|\"}");
    assert!(types.contains(&"MedicationAdministration".to_owned()), "{types:?}");
    assert!(editor.labels("|").is_empty());
    editor.end();
}

#[test]
fn what_is_not_offered_or_not_there_is_answered_and_ends_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(folder.path(), &["--ruleset", "none"]);
    assert_eq!(editor.respond("textDocument/definition", json!({}))["error"]["code"], -32601);
    let nowhere = json!({ "textDocument": { "uri": "file:///no" }, "position": { "line": 9, "character": 9 } });
    assert_eq!(editor.ask("textDocument/hover", nowhere.clone()), Value::Null);
    assert_eq!(editor.ask("textDocument/completion", nowhere)["items"], json!([]));
    editor.open(URI, "");
    let behind =
        json!({ "textDocument": { "uri": URI }, "position": { "line": 99, "character": 1 } });
    assert_eq!(editor.ask("textDocument/hover", behind), Value::Null);
    editor.tell("textDocument/didChange", json!({ "textDocument": {} }));
    editor.tell("workspace/didChangeConfiguration", json!({ "settings": null }));
    editor.end();

    // The project file holds here too, and a broken one is refused at the start.
    std::fs::write(folder.path().join(".lmr.toml"), "rulesett = 1\n").expect("written");
    let refused = Command::new(env!("CARGO_BIN_EXE_lmr"))
        .current_dir(folder.path())
        .arg("lsp")
        .stdin(Stdio::null())
        .output()
        .expect("lmr runs");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("rulesett"));
}
