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
        Self::start_in(folder, arguments, &[])
    }

    /// With these variables of the environment.
    fn start_in(folder: &Path, arguments: &[&str], variables: &[(&str, &Path)]) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_lmr"))
            .current_dir(folder)
            .envs(variables.iter().copied())
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

fn uri_of(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn codes(found: &[Value]) -> Vec<&str> {
    found.iter().filter_map(|one| one["code"].as_str()).collect()
}

/// What `lmr validate` shows of a document, an editor shows, wherever the server was started.
#[test]
fn the_project_above_the_document_decides_with_its_ignore_list_and_baseline() {
    let (elsewhere, project) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let inside = project.path().join("with blanks");
    std::fs::create_dir(&inside).expect("made");
    let text = "{\"resourceType\":\"Patient\",\n\"gender\":\"x\",\n\"birthDate\":\"y\"}";
    let document = inside.join("p.json");
    std::fs::write(&document, text).expect("written");
    let toml = project.path().join(".lmr.toml");
    std::fs::write(&toml, "ruleset = \"none\"\n").expect("written");
    let mut editor = Editor::start(elsewhere.path(), &[]);
    let uri = uri_of(&document).replace(' ', "%20");
    let all = editor.open(&uri, text);
    let errors = |found: &[Value]| found.iter().filter(|one| one["severity"] == 1).count();
    assert_eq!(errors(&all), 3, "{all:?}");

    let ignore = "[[ignore]]\nat = \"Patient.gender\"\nreason = \"a\"\nuntil = 2999-01-01\n";
    std::fs::write(&toml, format!("ruleset = \"none\"\n{ignore}")).expect("written");
    let found = editor.open(&uri, text);
    assert_eq!(errors(&found), 1, "{found:?}");

    let made = Command::new(env!("CARGO_BIN_EXE_lmr"))
        .current_dir(project.path())
        .args(["validate", "--write-baseline", "known.json", "."])
        .status()
        .expect("lmr runs");
    assert!(made.success());
    let both = format!("ruleset = \"none\"\nbaseline = \"known.json\"\n{ignore}");
    std::fs::write(&toml, both).expect("written");
    assert_eq!(editor.open(&uri, text), Vec::<Value>::new());
    let worse = text.replace("\"Patient\",", "\"Patient\",\"active\":1,");
    assert!(errors(&editor.open(&uri, &worse)) > 0);

    // One that cannot be used is named in the document: nothing at all would look like success.
    std::fs::write(&toml, "rulesett = 1\n").expect("written");
    let broken = editor.open(&uri, text);
    assert!(broken[0]["message"].as_str().is_some_and(|text| text.contains("rulesett")));
    std::fs::write(&toml, "ruleset = \"none\"\n").expect("written");
    assert_eq!(codes(&editor.open(&uri, text)), codes(&all));
    editor.end();
}

#[test]
fn half_a_pair_of_surrogates_in_a_message_ends_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(folder.path(), &["--ruleset", "none"]);
    let document =
        r#"{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"\ud83d\"}],\"gender\":\"x\"}"#;
    let message = format!(
        r#"{{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{{"textDocument":{{"uri":"file:///s.json","languageId":"json","version":1,"text":"{document}"}}}}}}"#
    );
    write!(editor.input, "Content-Length: {}\r\n\r\n{message}", message.len()).expect("written");
    editor.input.flush().expect("written");
    let found = editor.diagnostics();
    assert!(found.iter().any(|one| one["severity"] == 1), "{found:?}");
    editor.end();
}

#[test]
fn elements_below_a_choice_are_explained_and_completed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(folder.path(), &["--ruleset", "none"]);
    for (text, element) in [
        (
            r#"{"resourceType":"Observation","valueQuantity":{"compar|ator":"<"}}"#,
            "Quantity.comparator",
        ),
        (
            r#"{"resourceType":"MedicationAdministration","dosage":{"rateQuantity":{"compar|ator":"<"}}}"#,
            "Quantity.comparator",
        ),
        (r#"{"resourceType":"Observation","valuePeriod":{"st|art":"<"}}"#, "Period.start"),
    ] {
        let said = editor.at("textDocument/hover", text)["contents"]["value"].clone();
        assert!(said.as_str().is_some_and(|said| said.contains(element)), "{text}: {said}");
    }
    let codes =
        editor.labels(r#"{"resourceType":"Observation","valueQuantity":{"comparator":"|"}}"#);
    assert!(codes.contains(&"<".to_owned()), "{codes:?}");
    let names = editor.labels(r#"{"resourceType":"Observation","valuePeriod":{"|"}}"#);
    assert!(names.contains(&"start".to_owned()), "{names:?}");
    editor.end();
}

#[test]
fn a_document_with_a_resource_a_line_is_checked_line_by_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(folder.path(), &["--ruleset", "none"]);
    let text =
        "{\"resourceType\":\"Patient\"}\n\n{\"resourceType\":\"Patient\",\"gender\":\"å\"}\n";
    let found = editor.open("file:///a.ndjson", text);
    let errors: Vec<_> = found.iter().filter(|one| one["severity"] == 1).collect();
    assert!(!errors.is_empty());
    for error in errors {
        assert_eq!(error["range"]["start"], json!({ "line": 2, "character": 35 }), "{error}");
    }
    let at = json!({ "textDocument": { "uri": "file:///a.ndjson" }, "position": { "line": 2, "character": 30 } });
    let said = editor.ask("textDocument/hover", at);
    assert!(said["contents"]["value"].as_str().is_some_and(|said| said.contains("gender")));
    editor.end();
}

/// A profile that demands this element of a Patient.
fn demanding(element: &str) -> String {
    json!({
        "resourceType": "StructureDefinition", "url": "http://example.org/p", "name": "P", "status": "active",
        "kind": "resource", "abstract": false, "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": { "element": [
            { "id": "Patient", "path": "Patient" },
            { "id": format!("Patient.{element}"), "path": format!("Patient.{element}"), "min": 1 },
        ] },
    })
    .to_string()
}

const DEMANDED: &str =
    r#"{"resourceType":"Patient","meta":{"profile":["http://example.org/p"]},"active":true}"#;

fn says(found: &[Value], word: &str) -> bool {
    found.iter().any(|one| one["message"].as_str().is_some_and(|text| text.contains(word)))
}

#[test]
fn a_package_that_changes_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| std::fs::write(at(name), text).expect("written");
    std::fs::create_dir_all(at("folder/package")).expect("made");
    write("folder/package/package.json", r#"{"name":"a.b","version":"1.0.0"}"#);
    for (named, file) in [("one.json", "one.json"), ("folder", "folder/package/p.json")] {
        write(file, &demanding("birthDate"));
        write(".lmr.toml", &format!("ruleset = \"none\"\npackages = [\"{named}\"]\n"));
        let mut editor = Editor::start(folder.path(), &[]);
        let uri = uri_of(&at("p.json"));
        let found = editor.open(&uri, DEMANDED);
        assert!(says(&found, "birthDate") && !says(&found, "maritalStatus"), "{found:?}");
        write(file, &demanding("maritalStatus"));
        editor.change(&uri, DEMANDED);
        let found = editor.diagnostics();
        assert!(says(&found, "maritalStatus") && !says(&found, "birthDate"), "{named}: {found:?}");
        editor.end();
    }
    // One that a flag names, too.
    write(".lmr.toml", "ruleset = \"none\"\n");
    let mut editor = Editor::start(folder.path(), &["--package", "one.json"]);
    let uri = uri_of(&at("p.json"));
    assert!(says(&editor.open(&uri, DEMANDED), "maritalStatus"));
    write("one.json", &demanding("birthDate"));
    editor.change(&uri, DEMANDED);
    assert!(says(&editor.diagnostics(), "birthDate"));
    editor.end();
}

/// The package is a pipe, so that the test decides when it has been read: what changes meanwhile is new.
#[cfg(unix)]
#[test]
fn what_changes_while_it_is_read_is_read_again() {
    let (elsewhere, folder) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let pipe = folder.path().join("slow.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let toml = folder.path().join(".lmr.toml");
    std::fs::write(&toml, "ruleset = \"none\"\npackages = [\"slow.json\"]\n").expect("written");
    let mut editor = Editor::start(elsewhere.path(), &[]);
    let uri = uri_of(&folder.path().join("p.json"));
    let document = json!({ "uri": uri, "languageId": "json", "version": 1, "text": DEMANDED });
    editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
    // Opens when the server reads: it has read .lmr.toml.
    let mut slow = std::fs::File::options().write(true).open(&pipe).expect("opened");
    std::fs::write(&toml, "ruleset = \"none\"\n").expect("written");
    slow.write_all(demanding("birthDate").as_bytes()).expect("written");
    drop(slow);
    assert!(says(&editor.diagnostics(), "birthDate"), "by the rules that were read");
    editor.change(&uri, DEMANDED);
    assert!(!says(&editor.diagnostics(), "birthDate"), "by those that are there");
    editor.end();
}

/// Wherever a finding has no place of its own, it is in its line and not in the one before.
#[test]
fn every_finding_of_a_line_is_shown_in_that_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = [
        r#"{"resourceType":"Patient","gender":"x"}"#,
        "{",
        "[]",
        r#"{"a":1}"#,
        r#"{"resourceType":"Nothing"}"#,
        r#"{"resourceType":"Basic"}"#,
        r#"{"resourceType":"Bundle","type":"transaction"}"#,
        r#"{"resourceType":"Bundle"}"#,
        "\u{feff}{}",
        "x",
    ];
    for arguments in [&[][..], &["--ruleset", "none"], &["--ruleset", "lmdi-0.9.4"]] {
        let mut editor = Editor::start(folder.path(), arguments);
        let mut seen = 0;
        for line in lines {
            for before in [1, 2, 7] {
                let text = format!("{}{line}\n", "\n".repeat(before));
                let found = editor.open("file:///a.ndjson", &text);
                seen += found.len();
                for one in found {
                    for end in ["start", "end"] {
                        assert_eq!(one["range"][end]["line"], before, "{line}: {one}");
                    }
                }
            }
        }
        assert!(seen > 20, "{seen}");
        editor.end();
    }
}

#[test]
fn an_editor_that_goes_without_shutdown_is_status_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let ask = |method: &str| json!({ "jsonrpc": "2.0", "id": 9, "method": method });
    let tell = |method: &str| json!({ "jsonrpc": "2.0", "method": method });
    let initialize = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "capabilities": {} } });
    for (messages, status) in [
        (vec![], 1),
        (vec![tell("exit")], 1),
        (vec![ask("textDocument/hover"), tell("exit")], 1),
        (vec![initialize.clone(), tell("exit")], 1),
        (vec![initialize.clone(), tell("initialized")], 1),
        (vec![initialize.clone(), tell("initialized"), tell("exit")], 1),
        (vec![initialize.clone(), tell("initialized"), ask("shutdown"), tell("exit")], 0),
        // Editors send on what they had begun.
        (
            vec![
                initialize.clone(),
                tell("initialized"),
                ask("shutdown"),
                ask("textDocument/hover"),
                tell("textDocument/didSave"),
                tell("exit"),
            ],
            0,
        ),
    ] {
        let mut server = Command::new(env!("CARGO_BIN_EXE_lmr"))
            .current_dir(folder.path())
            .args(["lsp", "--ruleset", "none"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lmr runs");
        let mut input = server.stdin.take().expect("in");
        for message in &messages {
            let text = message.to_string();
            write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("written");
        }
        drop(input);
        let output = server.wait_with_output().expect("ended");
        assert_eq!(output.status.code(), Some(status), "{messages:?}: {output:?}");
        let answers = String::from_utf8_lossy(&output.stdout);
        let asked = messages.iter().filter(|message| message["id"].is_number()).count();
        assert_eq!(answers.matches("\"jsonrpc\"").count(), asked, "{messages:?}: {answers}");
    }
}

/// The editor says nothing, and hears of it all the same: of a package, of one that is installed, and of a project file.
#[test]
fn what_a_document_is_checked_by_is_looked_at_while_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| std::fs::write(at(name), text).expect("written");
    let installed = "home/.fhir/packages/a.b#1.0.0/package";
    std::fs::create_dir_all(at(installed)).expect("made");
    write(&format!("{installed}/package.json"), r#"{"name":"a.b","version":"1.0.0"}"#);
    let definition = format!("{installed}/p.json");
    for (named, file) in [("one.json", "one.json"), ("a.b#1.0.0", &*definition)] {
        write(file, &demanding("birthDate"));
        write(".lmr.toml", &format!("ruleset = \"none\"\npackages = [\"{named}\"]\n"));
        let home = at("home");
        let mut editor = Editor::start_in(folder.path(), &[], &[("HOME", home.as_path())]);
        let uri = uri_of(&at("p.json"));
        assert!(says(&editor.open(&uri, DEMANDED), "birthDate"), "{named}");
        write(file, &demanding("maritalStatus"));
        let found = editor.diagnostics();
        assert!(says(&found, "maritalStatus") && !says(&found, "birthDate"), "{named}: {found:?}");
        // An editor that watches files says so.
        write(file, &demanding("gender"));
        editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
        assert!(says(&editor.diagnostics(), "gender"), "{named}");
        write(".lmr.toml", "rulesett = 1\n");
        assert!(says(&editor.diagnostics(), "rulesett"), "{named}");
        write(".lmr.toml", "ruleset = \"none\"\n");
        assert!(!says(&editor.diagnostics(), "gender"), "{named}");
        editor.end();
    }
}
