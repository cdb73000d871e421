//! The guides followed literally: the commands of their fenced blocks, in order, from an empty folder.
#![expect(clippy::disallowed_methods, reason = "the program under test runs by the real clock")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lmr_sandbox::certificates::{Order, TestCa};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The lines of the `sh` blocks of a guide, without comments.
fn commands(guide: &str) -> Vec<String> {
    let page = std::fs::read_to_string(docs().join("guides").join(guide)).expect("a guide");
    let mut lines = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => lines.push(line.to_owned()),
            _ => {}
        }
    }
    assert!(!lines.is_empty(), "{guide} has no commands");
    lines
}

/// A reader with a folder, and the servers that the guide had started.
struct Reader {
    folder: tempfile::TempDir,
    servers: Vec<Child>,
    /// What the last command printed.
    printed: String,
}

impl Drop for Reader {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Reader {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // The guides are followed from a checkout.
        std::os::unix::fs::symlink(docs(), folder.path().join("docs")).expect("a link");
        Self { folder, servers: Vec::new(), printed: String::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shell(&self, line: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_lmr")).parent().expect("a folder");
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{}", binary.display(), std::env::var("PATH").expect("a path")))
            .env("LMR_LANG", "en");
        command
    }

    /// Follows one line, and gives its exit status; a server is left running.
    fn follow(&mut self, line: &str) -> Option<i32> {
        let line = line.replace("/etc/lmr", &self.path("etc").display().to_string());
        if line.starts_with("lmr serve") || line.starts_with("lmr sandbox helseid") {
            let server = self
                .shell(&format!("exec {line}"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            self.servers.push(server.expect("started"));
            return None;
        }
        let output = self.shell(&line).output().expect("sh");
        let said = String::from_utf8_lossy(&output.stderr);
        // Wrong arguments, unknown commands and unusable configurations end with 2, a shell's with 127.
        let code = output.status.code().expect("an exit status");
        assert!(code != 127, "{line}: {said}");
        assert!(
            !(said.contains("unexpected argument") || said.contains("unrecognized subcommand")),
            "{line}: {said}"
        );
        self.printed = format!("{}{said}", String::from_utf8_lossy(&output.stdout));
        Some(code)
    }

    /// Fills in the ports of a world, so that tests beside each other do not meet.
    fn other_ports(&self, world: &str) {
        let free = || std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        // Both are held until both are known, or they could be one.
        let (receiver, helseid) = (free(), free());
        let [receiver, helseid] =
            [receiver, helseid].map(|listener| listener.local_addr().expect("an address").port());
        for name in ["receiver.toml", "sender.toml"] {
            let path = self.path(world).join(name);
            let text = std::fs::read_to_string(&path).expect("a file");
            let text = text
                .replace(":8080", &format!(":{receiver}"))
                .replace(":8081", &format!(":{helseid}"));
            std::fs::write(path, text).expect("written");
        }
    }

    fn wait_for_port(&self, config: &str, key: &str) {
        let text = std::fs::read_to_string(self.path(config)).expect("a file");
        let line = text.lines().find(|line| line.starts_with(key)).expect("the key");
        let port: u16 = line
            .trim_end_matches('"')
            .rsplit(':')
            .next()
            .and_then(|p| p.parse().ok())
            .expect("a port");
        let until = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "{config}: nothing listens on {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn the_first_guide_delivers_a_first_bundle() {
    for guide in ["send-your-first-bundle.md", "nb/send-your-first-bundle.md"] {
        let mut reader = Reader::new();
        let mut delivered = false;
        for line in commands(guide) {
            // The program is built already.
            if line.starts_with("cargo build") {
                continue;
            }
            let code = reader.follow(&line);
            if line.starts_with("lmr sandbox init") {
                assert_eq!(code, Some(0), "{guide}: {line}");
                reader.other_ports("world");
                // Part 3 is about a sender.toml of one's own.
                for entry in std::fs::read_dir(reader.path("world")).expect("the world") {
                    let path = entry.expect("a file").path();
                    if path.is_file() {
                        std::fs::copy(
                            &path,
                            reader.path(path.file_name().and_then(|n| n.to_str()).expect("a name")),
                        )
                        .expect("copied");
                    }
                }
                std::os::unix::fs::symlink(reader.path("world/source"), reader.path("source"))
                    .expect("a link");
            } else if line.starts_with("lmr sandbox helseid") {
                reader.wait_for_port("world/sender.toml", "issuer");
            } else if line.starts_with("lmr serve") {
                reader.wait_for_port("world/receiver.toml", "listen");
            } else if line.starts_with("lmr send run --config world") {
                assert_eq!(code, Some(0), "{guide}: {line}");
                delivered = true;
            } else if ["annul", "forget"].iter().any(|verb| line.contains(verb)) {
                // About a vanished record or a backup that this reader does not have.
            } else {
                assert_eq!(code, Some(0), "{guide}: {line}");
            }
        }
        assert!(delivered, "{guide}");
    }
}

#[test]
fn the_guide_for_operators_can_be_followed() {
    for guide in ["run-a-receiver.md", "nb/run-a-receiver.md"] {
        let mut reader = Reader::new();
        // What an operator brings: the register's certificate, an issuer, and certificates of a sender.
        assert_eq!(reader.follow("lmr sandbox init ."), Some(0));
        reader.other_ports(".");
        reader.follow("lmr sandbox helseid .");
        reader.wait_for_port("sender.toml", "issuer");
        let now = Timestamp::now();
        let ca = TestCa::new(now).expect("an authority");
        for name in ["old.pem", "new.pem"] {
            let made = ca
                .enterprise(&Order::new("310000019", "Liksom kommune", now))
                .expect("a certificate");
            std::fs::write(reader.path(name), made.certificate_pem).expect("written");
        }
        for line in commands(guide) {
            let code = reader.follow(&line);
            if line.starts_with("cp docs/samples") {
                assert_eq!(code, Some(0), "{guide}: {line}");
                // "Fill in": the sample's paths and addresses are those of nobody.
                let filled = std::fs::read_to_string(reader.path("receiver.toml")).expect("a file");
                std::fs::write(reader.path("etc/receiver.toml"), filled).expect("written");
                for name in ["register.pem", "register.key", "sender.pem"] {
                    std::fs::copy(reader.path(name), reader.path("etc").join(name))
                        .expect("copied");
                }
            } else if line.starts_with("lmr serve") {
                reader.wait_for_port("etc/receiver.toml", "listen");
            } else if line.starts_with("lmr send forget") {
                // Nothing has been sent by this hospital yet.
            } else {
                assert_eq!(code, Some(0), "{guide}: {line}");
            }
            if line.starts_with("lmr serve") {
                // Its database is the one that the operator's commands below are about.
                let text = std::fs::read_to_string(reader.path("receiver.toml")).expect("a file");
                let text = text
                    .replace("\"receiver.sqlite\"", "\"etc/receiver.sqlite\"")
                    .replace("\"column.key\"", "\"etc/column.key\"");
                std::fs::write(reader.path("receiver.toml"), text).expect("written");
            }
        }
    }
}

#[test]
fn the_guide_for_refused_records_can_be_followed() {
    for guide in ["correct-a-refused-record.md", "nb/correct-a-refused-record.md"] {
        let mut reader = Reader::new();
        assert_eq!(reader.follow("lmr sandbox init ."), Some(0));
        reader.other_ports(".");
        reader.follow("lmr sandbox helseid .");
        reader.wait_for_port("sender.toml", "issuer");
        reader.follow("lmr serve --config receiver.toml");
        reader.wait_for_port("receiver.toml", "listen");
        let source = reader.path("source/Patient.ndjson");
        let text = std::fs::read_to_string(&source).expect("patients");
        let first = text.lines().next().expect("a patient");
        std::fs::write(&source, text.replacen("\"gender\":\"", "\"gender\":\"x", 1))
            .expect("written");
        assert_eq!(reader.follow("lmr send run --config sender.toml"), Some(1), "one is held");
        std::fs::write(reader.path("corrected.json"), first).expect("written");
        for line in commands(guide) {
            let code = reader.follow(&line);
            if ["--number 17", "--number 18", "--code LMR-4061"].iter().any(|of| line.contains(of))
            {
                assert_eq!(code, Some(1), "{guide}: nothing like that is held");
            } else {
                assert_eq!(code, Some(0), "{guide}: {line}");
            }
        }
        std::fs::write(&source, text).expect("corrected");
        assert_eq!(reader.follow("lmr send run --config sender.toml"), Some(0), "{guide}");
    }
}

#[test]
fn the_guide_for_builds_can_be_followed() {
    let mut reader = Reader::new();
    let lines = commands("validate-in-a-build.md");
    assert_eq!(lines.iter().filter(|line| line.starts_with("lmr ")).count(), 7, "{lines:?}");
    let mut expected = [1, 1, 0, 0, 0, 0, 0].into_iter();
    for line in lines {
        let code = reader.follow(&line);
        let wanted = if line.starts_with("lmr ") { expected.next() } else { Some(0) };
        assert_eq!(code, wanted, "{line}: {}", reader.printed);
    }
    assert!(reader.path("fhir.sarif").exists() && reader.path("fhir.xml").exists());
}

#[test]
fn n15_the_guides_for_sources_can_be_followed() {
    for folder in ["", "nb/"] {
        for guide in ["from-a-table-to-the-register", "from-a-fhir-server", "from-mirth-or-oie"] {
            let mut reader = Reader::new();
            assert_eq!(reader.follow("lmr sandbox init ."), Some(0));
            reader.other_ports(".");
            reader.follow("lmr sandbox helseid .");
            reader.wait_for_port("sender.toml", "issuer");
            reader.follow("lmr serve --config receiver.toml");
            reader.wait_for_port("receiver.toml", "listen");
            let name = format!("{folder}{guide}.md");
            if guide != "from-a-fhir-server" {
                let page =
                    std::fs::read_to_string(docs().join("guides").join(&name)).expect("a guide");
                let block = page.split("```toml\n").nth(1).expect("a source");
                let block = block.split("```").next().expect("its end");
                let config = reader.path("sender.toml");
                let text = std::fs::read_to_string(&config).expect("a file");
                let text = text.replace("source = \"source\"", "");
                std::fs::write(config, format!("{text}\n{block}")).expect("written");
            }
            // With a server: what is sent is the sandbox's own folder, in place of the reader's system.
            for line in commands(&name) {
                let code = reader.follow(&line);
                assert_eq!(code, Some(0), "{name}: {line}\n{}", reader.printed);
            }
            // Something has gone: nothing to send would end with 0 too.
            assert!(reader.printed.contains(" stored"), "{name}: {}", reader.printed);
            let is_put_away = reader.path("done/first.json").exists();
            assert_eq!(is_put_away, guide == "from-mirth-or-oie", "{name}");
        }
    }
}

/// The first commands that anybody copies are those of the README.
#[test]
fn the_commands_of_the_readme_can_be_followed() {
    let mut reader = Reader::new();
    for line in [
        "lmr example > bundle.json && mkdir data && cp bundle.json data/",
        "echo '{\"resourceType\":\"Patient\",\"gender\":\"unknwon\"}' > x.json",
        "printf 'code;display\\n1;en\\n' > codes.csv",
        "lmr terminology import codes.csv --system urn:oid:2.999.1 --output my.tgz",
    ] {
        assert_eq!(reader.follow(line), Some(0), "{line}: {}", reader.printed);
    }
    let lines = commands("../../README.md");
    let lines: Vec<&String> = lines.iter().filter(|line| line.starts_with("lmr ")).collect();
    assert_eq!(lines.len(), 8, "{lines:?}");
    for line in lines {
        let finds_errors = line.contains("*.json") || line.contains("x.json");
        let wanted = i32::from(finds_errors);
        assert_eq!(reader.follow(line), Some(wanted), "{line}: {}", reader.printed);
        assert!(
            line.contains(" -o ") || line.contains("--format json") || !reader.printed.is_empty()
        );
    }
    assert!(reader.path("report.html").exists() && reader.path("lmr.sarif").exists());
}

/// The commands of a guide without comments and without what is quoted, and the code of its sentences without
/// placeholders: what must be the same in both languages.
fn skeleton(guide: &str) -> (usize, Vec<String>, std::collections::BTreeSet<String>) {
    let page = std::fs::read_to_string(docs().join("guides").join(guide)).expect("a guide");
    let headings = page.lines().filter(|line| line.starts_with("## ")).count();
    let commands = commands(guide)
        .iter()
        .map(|line| line.split('#').next().unwrap_or_default())
        .map(|line| line.split('"').step_by(2).collect::<String>())
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let is_placeholder = |word: &str| {
        let word = word.trim_end_matches('.');
        word.len() > 2 && word.chars().all(char::is_uppercase)
    };
    let code = page
        .split("```")
        .step_by(2)
        .flat_map(|text| text.split('`').skip(1).step_by(2))
        .map(|code| {
            let words = code.split(' ').filter(|word| !is_placeholder(word));
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    (headings, commands, code)
}

/// How many paragraphs, list items and rows of tables a page has outside of its code: a sentence may be two in the other
/// language, a paragraph or a row that is missing is something that its readers are not given.
fn parts(page: &str) -> [usize; 3] {
    let mut counts = [0; 3];
    let (mut is_block, mut is_begun) = (false, false);
    for line in page.lines() {
        is_block ^= line.trim_start().starts_with("```");
        let kind = match line {
            _ if is_block || line.trim().is_empty() || line.starts_with('#') => None,
            _ if line.starts_with('|') => Some(2),
            _ if line.starts_with("- ")
                || line.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok()) =>
            {
                Some(1)
            }
            _ => (!is_begun).then_some(0),
        };
        is_begun = !line.trim().is_empty() && !line.starts_with('#');
        if let Some(kind) = kind {
            counts[kind] += 1;
        }
    }
    counts
}

#[test]
fn the_guides_say_the_same_in_both_languages() {
    // The page for operators is not a guide, but in both languages too.
    let mut pages = vec![("../operations.md".to_owned(), "../nb/operations.md".to_owned())];
    for file in std::fs::read_dir(docs().join("guides")).expect("the guides") {
        let name = file.expect("a file").file_name().into_string().expect("UTF-8");
        if Path::new(&name).extension().is_some_and(|ending| ending == "md") {
            pages.push((name.clone(), format!("nb/{name}")));
        }
    }
    assert!(pages.len() >= 4);
    for (name, in_bokmal) in pages {
        let (headings, commands, code) = skeleton(&name);
        let (nb_headings, nb_commands, nb_code) = skeleton(&in_bokmal);
        assert_eq!(headings, nb_headings, "{name}: sections");
        assert_eq!(commands, nb_commands, "{name}: commands");
        let text = |name: &str| {
            std::fs::read_to_string(docs().join("guides").join(name)).expect("a guide")
        };
        let (english, bokmal) = (text(&name), text(&in_bokmal));
        assert_eq!(parts(&english), parts(&bokmal), "{name}: paragraphs, items, rows");
        let file = name.trim_start_matches("../");
        let to_the_other =
            (english.contains(&format!("](nb/{file})")), bokmal.contains(&format!("](../{file})")));
        assert_eq!(to_the_other, (true, true), "{name}: links to the other language");
        let missing: Vec<_> = code.difference(&nb_code).collect();
        assert!(missing.is_empty(), "{name}: not in bokmål: {missing:?}");
    }
}
