//! `lmr demo` that stays: what it opens works until it is interrupted.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::Value;

/// A demo that is ended with the test.
struct Staying(Child);

impl Drop for Staying {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What it prints of itself.
#[derive(Default)]
struct Opened {
    console: String,
    password: String,
    desk: String,
    sender: String,
    says_what_is_held: bool,
}

/// Reads what it prints until it says how it is ended.
fn opened(demo: &mut Child) -> Opened {
    let out = BufReader::new(demo.stdout.take().expect("its output"));
    let mut opened = Opened::default();
    for line in out.lines().map(|line| line.expect("UTF-8")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = || {
            let found = words.iter().find(|word| word.starts_with("http://127.0.0.1:"));
            (*found.expect("an address")).to_owned()
        };
        let last = || (*words.last().expect("words")).to_owned();
        opened.says_what_is_held |= line.contains("For the desk: ");
        if line.contains("the register's console") {
            opened.console = address();
            last().trim_end_matches(')').clone_into(&mut opened.password);
        } else if line.contains("the hospital's desk") {
            opened.desk = address();
        } else if line.contains("lmr send status --config") {
            opened.sender = last();
        } else if line.contains("Ctrl-C ends it.") {
            return opened;
        }
    }
    panic!("it ended by itself")
}

/// A browser with one cookie: follows redirections to where they end.
async fn visit(client: &reqwest::Client, url: &str, cookie: &mut String) -> (u16, String) {
    let (base, _) = url.split_at(url[7..].find('/').expect("a path") + 7);
    let mut url = url.to_owned();
    for _ in 0..5 {
        let request = client.get(&url).header(COOKIE, cookie.clone());
        let answer = request.send().await.expect("an answer");
        keep(&answer, cookie);
        let Some(to) = answer.headers().get(LOCATION) else {
            let status = answer.status().as_u16();
            return (status, answer.text().await.expect("a text"));
        };
        url = format!("{base}{}", to.to_str().expect("an address"));
    }
    panic!("{url} has no end")
}

fn keep(answer: &reqwest::Response, cookie: &mut String) {
    if let Some(set) = answer.headers().get(SET_COOKIE) {
        let set = set.to_str().expect("a cookie");
        set.split(';').next().unwrap_or_default().clone_into(cookie);
    }
}

#[test]
fn without_once_it_opens_the_console_and_the_desk_until_it_is_interrupted() {
    let child = Command::new(env!("CARGO_BIN_EXE_lmr"))
        .args(["demo", "--administrations", "8", "--scenario", "correction", "--lang", "en"])
        .stdout(Stdio::piped())
        .spawn();
    let mut demo = Staying(child.expect("lmr demo"));
    let opened = opened(&mut demo.0);
    assert!(opened.says_what_is_held);

    lmr_auth::install_tls_provider();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.build().expect("a client");

        // The console asks who comes, and lists what was delivered.
        let mut cookie = String::new();
        let (status, page) = visit(&client, &opened.console, &mut cookie).await;
        assert!(status == 200 && page.contains("type=\"password\""), "{status}: {page}");
        let form = [("name", "demo"), ("password", &opened.password)];
        let signed_in = client
            .post(format!("{}/sign-in", opened.console))
            .header(COOKIE, cookie.clone())
            .form(&form)
            .send();
        let signed_in = signed_in.await.expect("an answer");
        assert_eq!(signed_in.status().as_u16(), 303, "{signed_in:?}");
        keep(&signed_in, &mut cookie);
        let messages = format!("{}/messages", opened.console);
        let (status, page) = visit(&client, &messages, &mut cookie).await;
        assert!(status == 200 && page.contains("Liksom sykehjem"), "{status}: {page}");

        // The desk has one record to correct.
        let (status, page) = visit(&client, &opened.desk, &mut String::new()).await;
        assert!(status == 200 && page.contains("LMR-"), "{status}: {page}");
    });

    // The hospital's own commands work on what the demo left.
    let rejected = Command::new(env!("CARGO_BIN_EXE_lmr"))
        .args(["send", "rejected", "--format", "json", "--config", &opened.sender])
        .output()
        .expect("lmr send");
    let held: Value = serde_json::from_slice(&rejected.stdout).expect("JSON");
    assert_eq!(held.as_array().map(Vec::len), Some(1), "{held}");

    // Its last transfer is of today, its keys are its owner's alone, and what is sent now is delivered.
    for arguments in [["send", "status"], ["send", "run"], ["send", "status"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_lmr"))
            .args(arguments)
            .args(["--lang", "en", "--config", &opened.sender])
            .output()
            .expect("lmr send");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.contains("Not delivered") && output.status.code() < Some(3), "{text}");
    }
    let folder = std::path::Path::new(&opened.sender).parent().expect("a folder");
    for name in ["sender.key", "helseid-client.jwk", "hash.key"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.join(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }

    let interrupt = Command::new("kill").args(["-INT", &demo.0.id().to_string()]).status();
    assert!(interrupt.expect("kill").success());
    assert_eq!(demo.0.wait().expect("ended").code(), Some(0));
}

/// The databases of another story would make checks fail that hold.
#[test]
fn a_folder_with_something_in_it_is_refused_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, filled) = (folder.path().join("en-fil"), folder.path().join("brukt"));
    std::fs::write(&file, "").expect("written");
    std::fs::create_dir(&filled).expect("made");
    std::fs::write(filled.join("rest"), "").expect("written");
    for (path, nb, en) in [
        (&file, "er ikke en mappe", "is not a folder"),
        (&file.join("under"), "kan ikke bruke", "cannot use"),
        (&filled, "er ikke tom", "is not empty"),
    ] {
        for (lang, words) in [("nb", nb), ("en", en)] {
            let output = Command::new(env!("CARGO_BIN_EXE_lmr"))
                .args(["demo", "--once", "--lang", lang, "--folder"])
                .arg(path)
                .output()
                .expect("lmr demo");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(words) && said.contains(path.to_str().expect("UTF-8")), "{said}");
        }
    }
    assert_eq!(std::fs::read_dir(&filled).expect("files").count(), 1, "nothing is written");
}

/// The desk has one name in bokmål.
#[test]
fn the_desk_is_an_arbeidsbord_wherever_bokmal_names_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_lmr"))
        .args(["demo", "--help", "--lang", "nb"])
        .output()
        .expect("lmr demo");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(help.contains("arbeidsbord") && !help.contains("skrivebord"), "{help}");
}
