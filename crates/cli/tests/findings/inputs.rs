//! Every command with input that cannot be used: it ends with another status than 0 and names the thing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::world::{Process, World, lmr, said};

/// A file that cannot be used, by what is wrong with it.
struct Bad {
    what: &'static str,
    path: PathBuf,
}

fn all_bad(folder: &Path) -> Vec<Bad> {
    let file = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("written");
        path
    };
    let folder_in_place = folder.join("mappe.d");
    std::fs::create_dir(&folder_in_place).expect("made");
    let dangling = folder.join("lenke.x");
    std::os::unix::fs::symlink("finnes-ikke", &dangling).expect("a link");
    let mut all = vec![
        Bad { what: "missing", path: folder.join("mangler.x") },
        Bad { what: "a folder", path: folder_in_place },
        Bad { what: "empty", path: file("tom.x", b"") },
        Bad { what: "a text", path: file("tekst.x", b"hei = [\n") },
        Bad { what: "no text", path: file("binær.x", b"\xff\xfe\x00bad\x80") },
        Bad { what: "a dangling link", path: dangling },
    ];
    let locked = file("sperret.x", b"{}");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    std::fs::set_permissions(&locked, mode).expect("a mode");
    // Root reads everything.
    if std::fs::read(&locked).is_err() {
        all.push(Bad { what: "locked", path: locked });
    }
    let name = std::os::unix::ffi::OsStrExt::from_bytes(&b"latin\xe6.x"[..]);
    let latin = folder.join(Path::new(<std::ffi::OsStr as AsRef<Path>>::as_ref(name)));
    std::fs::write(&latin, "hei = [\n").expect("written");
    all.push(Bad { what: "a name that is not UTF-8", path: latin });
    all
}

/// Runs a command; one that does not end by itself has taken the file.
fn run(arguments: &[&std::ffi::OsStr], folder: &Path, lang: &str) -> Option<Output> {
    let (out, err) = (folder.join("out.log"), folder.join("err.log"));
    let child = Command::new(lmr())
        .args(arguments)
        .current_dir(folder)
        .env("LMR_LANG", lang)
        .stdin(std::process::Stdio::null())
        .stdout(std::fs::File::create(&out).expect("a file"))
        .stderr(std::fs::File::create(&err).expect("a file"))
        .spawn()
        .expect("lmr runs");
    let mut process = Process::of(child);
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while process.is_running() {
        if std::time::Instant::now() > until {
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let status = process.ends_within(Duration::from_secs(1));
    let read = |path: &Path| std::fs::read(path).expect("an output");
    Some(Output { status, stdout: read(&out), stderr: read(&err) })
}

/// What must hold of a refusal.
fn check(line: &str, bad: &Bad, output: Option<&Output>) -> Result<(), String> {
    let what = bad.what;
    let Some(output) = output else {
        return Err(format!("{line} ({what}): does not end"));
    };
    let text = said(output);
    let code = output.status.code();
    if !matches!(code, Some(1..=5)) || text.contains("panicked") {
        return Err(format!("{line} ({what}): status {code:?}: {text}"));
    }
    // These arguments are texts first, and clap says so.
    if text.contains("invalid UTF-8 was detected") {
        return Ok(());
    }
    let name = bad.path.file_stem().expect("a name").to_string_lossy().into_owned();
    if !text.contains(&name) {
        return Err(format!("{line} ({what}): does not name {name}: {text}"));
    }
    Ok(())
}

/// Every command that takes a file, given as {}.
const COMMANDS: &[&str] = &[
    "validate {}",
    "validate --package {} world/source/Patient.ndjson",
    "validate --ruleset none --external Patient/1={} world/source/Patient.ndjson",
    "fhirpath Patient.id {}",
    "serve --config {}",
    "doctor --config {}",
    "send run --config {}",
    "send run --dry-run --config {}",
    "send run --retries-only --config {}",
    "send daemon --config {}",
    "send status --config {}",
    "send history --config {}",
    "send rejected --config {}",
    "send vanished --config {}",
    "send why x --config {}",
    "send release --all --yes --config {}",
    "send annul x --reason r --config {}",
    "send forget --since 2026-01-01 --config {}",
    "admin senders --config {}",
    "admin overview --config {}",
    "admin deliveries --config {}",
    "admin deactivate 310000027 --config {}",
    "admin register 310000019 --name x --certificate {} --config world/receiver.toml",
    "admin add-certificate 310000027 {} --config world/receiver.toml",
    "admin retire-certificate 310000027 {} --config world/receiver.toml",
    "package install {}",
    "terminology import {} -o lists.tgz",
    "terminology status {}",
    "terminology status --config {}",
    "seal {} --certificate world/sender.pem --key world/sender.key --recipient world/register.pem",
    "seal bundle.json --certificate {} --key world/sender.key --recipient world/register.pem",
    "seal bundle.json --certificate world/sender.pem --key {} --recipient world/register.pem",
    "seal bundle.json --certificate world/sender.pem --key world/sender.key --recipient {}",
    "open {} --sender-certificate world/sender.pem --certificate world/register.pem --key world/register.key",
    "open bundle.json --sender-certificate {} --certificate world/register.pem --key world/register.key",
    "open bundle.json --sender-certificate world/sender.pem --certificate {} --key world/register.key",
    "sandbox helseid {}",
    "sandbox helseid {} --port 1",
    "sandbox helseid world --key {} --port 1",
    "sandbox maskinporten {}",
    "sandbox maskinporten {} --port 1",
    "sandbox maskinporten world --key {} --port 1",
];

#[test]
fn every_command_names_a_file_that_it_cannot_use() {
    let world = World::make("lmdi-0.9.4", 2, 100);
    world.begin_database();
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(world.path(), folder.path().join("world")).expect("a link");
    std::fs::write(
        folder.path().join("bundle.json"),
        "{\"resourceType\":\"Bundle\",\"type\":\"batch\"}",
    )
    .expect("written");
    let mut wrong = Vec::new();
    for bad in all_bad(folder.path()) {
        for line in COMMANDS {
            let arguments: Vec<std::ffi::OsString> = line
                .split(' ')
                .map(|word| match word.split_once("{}") {
                    Some((before, _)) => {
                        let mut word = std::ffi::OsString::from(before);
                        word.push(bad.path.as_os_str());
                        word
                    }
                    None => word.into(),
                })
                .collect();
            let arguments: Vec<_> = arguments.iter().map(std::ffi::OsString::as_os_str).collect();
            let lang = if line.len() % 2 == 0 { "nb" } else { "en" };
            let output = run(&arguments, folder.path(), lang);
            wrong.extend(check(line, &bad, output.as_ref()).err());
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every file that a configuration names, put wrong in every way: the command that needs it names it.
#[test]
fn every_file_of_a_configuration_is_named_when_it_cannot_be_used() {
    let world = World::make("lmdi-0.9.4", 2, 100);
    let folder = tempfile::tempdir().expect("a folder");
    let bad = all_bad(folder.path());
    let sender = [
        ("receiver.certificate", "certificate = \"register.pem\"", "certificate = "),
        ("certificate.certificate", "certificate = \"sender.pem\"", "certificate = "),
        ("certificate.key", "key = \"sender.key\"", "key = "),
        ("helseid.key", "key = \"helseid-client.jwk\"", "key = "),
        ("hash_key", "hash_key = \"hash.key\"", "hash_key = "),
        ("receiver.tls_ca", "[certificate]", "tls_ca = "),
        ("terminology", "[receiver]", "terminology = "),
    ];
    let receiver = [
        ("certificate.certificate", "certificate = \"register.pem\"", "certificate = "),
        ("certificate.key", "key = \"register.key\"", "key = "),
        ("column_key", "column_key = \"column.key\"", "column_key = "),
        ("avsender.certificates", "certificates = [\"sender.pem\"]", "certificates = "),
        ("authorities", "[[trust]]", "authorities = "),
        ("revocations", "[[trust]]", "authorities = \"ca.pem\"\nrevocations = "),
        ("terminology", "[[trust]]", "terminology = "),
    ];
    let mut wrong = Vec::new();
    for (file, keys, arguments) in [
        ("sender.toml", &sender[..], &["send", "run"][..]),
        ("sender.toml", &sender, &["send", "run", "--dry-run"]),
        ("receiver.toml", &receiver, &["serve"]),
        ("receiver.toml", &receiver, &["doctor"]),
        ("sender.toml", &sender, &["doctor"]),
    ] {
        let text = std::fs::read_to_string(world.config(file)).expect("a file");
        for (key, from, to) in keys {
            for bad in &bad {
                // TOML is UTF-8, so its paths are too.
                let Some(path) = bad.path.to_str() else { continue };
                let is_list = matches!(
                    *key,
                    "terminology" | "avsender.certificates" | "authorities" | "revocations"
                );
                let value = if is_list { format!("[\"{path}\"]") } else { format!("\"{path}\"") };
                let value = match *key {
                    "authorities" | "revocations" => format!("\"{path}\""),
                    _ => value,
                };
                let changed = match from.strip_prefix('[') {
                    // A key that is not there yet, put before the next table.
                    Some(_) => text.replacen(from, &format!("{to}{value}\n{from}"), 1),
                    None => text.replacen(from, &format!("{to}{value}"), 1),
                };
                assert_ne!(changed, text, "{file} has no {from}");
                let config = world.config(&format!("bad-{file}"));
                std::fs::write(&config, changed).expect("written");
                let mut all: Vec<&std::ffi::OsStr> =
                    arguments.iter().map(std::ffi::OsStr::new).collect();
                all.push("--config".as_ref());
                all.push(config.as_os_str());
                let output = run(&all, folder.path(), "en");
                let line = format!("{} with {key}", arguments.join(" "));
                wrong.extend(check(&line, bad, output.as_ref()).err());
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

/// What prevents writing is named: a file where a folder should be, a device that is full.
#[test]
fn every_command_names_what_it_cannot_write() {
    let world = World::make("lmdi-0.9.4", 2, 100);
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(world.path(), folder.path().join("world")).expect("a link");
    std::fs::write(folder.path().join("fil"), "").expect("written");
    std::fs::write(
        folder.path().join("bundle.json"),
        "{\"resourceType\":\"Bundle\",\"type\":\"batch\"}",
    )
    .expect("written");
    let seal = "seal bundle.json --certificate world/sender.pem --key world/sender.key \
                --recipient world/register.pem -o";
    for (line, name) in [
        ("validate --format json -o fil/x world/source/Patient.ndjson".to_owned(), "fil/x"),
        ("validate --format json -o /dev/full world/source/Patient.ndjson".to_owned(), "/dev/full"),
        (format!("{seal} fil/x"), "fil/x"),
        (format!("{seal} /dev/full"), "/dev/full"),
        ("admin new-key fil".to_owned(), "fil"),
        ("admin new-key fil/x".to_owned(), "fil/x"),
        ("sandbox init fil".to_owned(), "fil"),
        ("sandbox hospital fil".to_owned(), "fil"),
        ("sandbox init world".to_owned(), "world"),
    ] {
        for lang in ["nb", "en"] {
            let arguments: Vec<_> = line.split_whitespace().map(std::ffi::OsStr::new).collect();
            let output = run(&arguments, folder.path(), lang).expect("it ends");
            assert_eq!(output.status.code(), Some(2), "{line}: {}", said(&output));
            assert!(said(&output).contains(name), "{line}: {}", said(&output));
        }
    }
}

/// What a library says of a value is English: in bokmål its sentence is a sentence of ours, or left out.
#[test]
fn no_sentence_in_bokmal_ends_in_english() {
    let world = World::make("lmdi-0.9.4", 2, 100);
    world.begin_database();
    let folder = world.path();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("written");
    let rule = |expression: &str| {
        format!(
            "[[rule]]\nid = \"r1\"\nat = \"Patient\"\nexpression = '{expression}'\n\
             severity = \"error\"\ntext = \"x\"\n"
        )
    };
    let ignore =
        |until: &str| format!("[[ignore]]\nreason = \"x\"\ncode = \"LMR-4001\"\nuntil = {until}\n");
    write("e.json", "{}");
    let mut lines: Vec<(String, &str)> = [
        ("send forget --since yesterday --config sender.toml", "verken en dato"),
        ("send rejected --until yesterday --config sender.toml", "verken en dato"),
        ("send map --ruleset x", "lmdi-1.1.7"),
        ("send history --limit x", "helt tall"),
        ("admin deliveries --since yesterday --config receiver.toml", "en dato skrives"),
        ("admin deliveries --limit 99999999999 --config receiver.toml", "er ikke i 1..="),
        ("admin deliveries --limit 0 --config receiver.toml", "0 er ikke i 1..="),
        ("admin audit list --limit 0 --config receiver.toml", "0 er ikke i 1..="),
        ("admin deliveries --sender 123456789 --config receiver.toml", "ni sifre"),
        ("admin deactivate 12345678x --config receiver.toml", "ni sifre"),
        ("admin overview --days 0 --config receiver.toml", "0 er ikke i 1..=366"),
        ("admin overview --days x --config receiver.toml", "helt tall"),
        ("admin new-password pw", "12 tegn eller flere"),
        ("demo --administrations 1", "1 er ikke i 8..="),
        ("web --listen x", "127.0.0.1:8080"),
        ("fhirpath name.( e.json", "linje 1, kolonne 6"),
        ("validate --max x e.json", "helt tall"),
        ("validate --max-seconds -1 e.json", ""),
        ("validate --threads 99999999999999999999 e.json", "helt tall"),
        ("validate --entry-profile x e.json", "skriv INDEX=URL"),
        ("validate --entry-profile x=y e.json", "entry"),
        ("validate --global-profile x e.json", ""),
        ("validate --external x e.json", "skriv REFERENCE=FILE"),
        ("validate --baseline e.json e.json", "er ikke en grunnlinje"),
    ]
    .map(|(line, words)| (line.to_owned(), words))
    .into();
    let files = [
        (
            "ruleset = \"lmdi-9\"\n".to_owned(),
            "lmdi-9 er ikke et regelsett; det som finnes, er lmdi-",
        ),
        ("colour = 1\n".to_owned(), "ukjent nøkkel `colour`; det som finnes, er"),
        ("ruleset = 1\n".to_owned(), "en tekst i anførselstegn"),
        ("ruleset = = 1\n".to_owned(), "linje 1, kolonne 11"),
        ("baseline = \"a\"\nbaseline = \"b\"\n".to_owned(), "to ganger"),
        ("[[ignore]]\ncode = \"LMR-4001\"\n".to_owned(), "mangler"),
        (ignore("\"snart\""), "det skal være en dato"),
        (ignore("1"), "det skal være en dato"),
        (rule("name.("), "kolonne 6: noe annet er ventet her"),
        (rule("name §"), "uventet tegn '§'"),
        (rule("name.wher(true)"), "ukjent funksjon wher() (mente du where()?)"),
        (rule("%context /*"), "en kommentar uten slutt"),
        (rule("name.where()"), "where() tar et annet antall"),
    ];
    for (number, (text, words)) in files.iter().enumerate() {
        write(&format!("{number}.toml"), text);
        lines.push((format!("validate --project {number}.toml e.json"), words));
    }
    write("kind.toml", "ruleset = \"x\"\n");
    lines.push(("send status --config kind.toml".to_owned(), "ukjent verdi `x`"));
    write("no.toml", "x = [\n");
    lines.push(("doctor --config no.toml".to_owned(), "er ikke TOML"));
    write(
        "p.json",
        "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"a\"},{\"family\":\"b\"}]}",
    );
    write("k.csv", "code;x\n");
    std::fs::write(folder.join("cut.tgz"), b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xed\xd1")
        .expect("written");
    let changed = |from: &str, to: &str, key: &str, value: &str| {
        let text = std::fs::read_to_string(folder.join(from)).expect("a configuration");
        let line = text.lines().find(|line| line.starts_with(key)).expect("a key");
        write(to, &text.replacen(line, &format!("{key} = {value}"), 1));
    };
    changed("sender.toml", "client.toml", "client_id", "\"\"");
    changed("sender.toml", "issuer.toml", "issuer", "\"http://example.org\"");
    changed("receiver.toml", "trust.toml", "issuer", "\"http://example.org\"");
    changed("receiver.toml", "address.toml", "addresses", "[\"x\"]");
    for (line, words) in [
        ("validate --package k.csv e.json", "er ikke JSON: linje 1, kolonne 1"),
        ("validate --ruleset none --profile http://nope e.json", "http://nope er ikke kjent"),
        ("package --package-cache c install cut.tgz", "hent den på nytt"),
        ("fhirpath name.nix p.json", "har ikke noe element nix"),
        ("fhirpath name.first().matches('x') p.json", "matches tar ikke HumanName"),
        ("send run --config client.toml", "klientens client_id er tom"),
        ("send run --config issuer.toml", "skal være en https-adresse"),
        ("serve --config trust.toml", "skal være en https-adresse"),
        ("serve --config address.toml", "verken en IP-adresse"),
    ] {
        lines.push((line.to_owned(), words));
    }
    // Of the data, not of the arguments.
    let of_data = [
        ("fhirpath name.single() p.json", "single() tar høyst ett element, og det var 2"),
        ("fhirpath name.family+1 p.json", "+ tar høyst ett element, og det var 2"),
        ("fhirpath %nix p.json", "ukjent konstant %nix"),
    ];
    let lines = lines.iter().map(|(line, words)| (line.as_str(), *words, 2));
    let lines: Vec<(&str, &str, i32)> =
        lines.chain(of_data.map(|(line, words)| (line, words, 1))).collect();
    let english = [
        "is",
        "the",
        "not",
        "of",
        "a",
        "expected",
        "invalid",
        "found",
        "failed",
        "unknown",
        "missing",
        "write",
        "unexpected",
        "or",
        "parse",
        "error",
        "there",
        "are",
        "in",
        "than",
    ];
    for (line, words, status) in lines {
        let arguments: Vec<_> = line.split_whitespace().map(std::ffi::OsStr::new).collect();
        let output = run(&arguments, folder, "nb").expect("it ends");
        let text = said(&output);
        assert_eq!(output.status.code(), Some(status), "{line}: {text}");
        assert!(text.contains(words), "{line}: no {words} in {text}");
        // What a file has on a line, and how arguments are called, is of no language.
        let sentences =
            text.lines().filter(|line| !line.contains(" | ") && !line.starts_with("Bruk"));
        for word in
            sentences.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '-'))
        {
            assert!(!english.contains(&word), "{line}: {word} in {text}");
        }
        // In English nothing is lost.
        let text = said(&run(&arguments, folder, "en").expect("it ends"));
        for word in ["skriv", "ikke", "ventet", "finnes", "ukjent"] {
            assert!(!text.contains(word), "{line}: {word} in {text}");
        }
    }
}

/// An issuer of the sandbox reads its folder before it listens, and names a port that is taken with the remedy.
#[test]
fn an_issuer_names_its_folder_first_and_then_its_port() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    for issuer in ["helseid", "maskinporten"] {
        let world = World::make_with("lmdi-0.9.4", 2, 100, &["--tokens-from", issuer]);
        for (lang, cannot, why) in [
            ("nb", "kan ikke bruke", "adressen er i bruk"),
            ("en", "cannot use", "the address is in use"),
        ] {
            for (named, words) in [
                ("finnes-ikke", &["finnes-ikke", cannot][..]),
                (".", &[&format!("127.0.0.1:{port}"), "--port", "issuer", why]),
            ] {
                let arguments = ["sandbox", issuer, named, "--port", &port];
                let arguments = arguments.map(std::ffi::OsStr::new);
                let output = run(&arguments, world.path(), lang).expect("it ends");
                let text = said(&output);
                assert_eq!(output.status.code(), Some(2), "{issuer}: {text}");
                for word in words {
                    assert!(text.contains(word), "{issuer} {named} ({lang}): no {word} in {text}");
                }
            }
        }
    }
}
