use std::path::Path;

use super::receiver::ReceiverConfig;
use super::sender::SenderConfig;
use crate::validate::ProjectKeys;
use lmr_fhir::Language;
use lmr_sandbox::certificates::{Order, TestCa};

fn docs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(docs().join("samples").join(name)).expect("a documented sample")
}

/// `a.b` for every key of a table; arrays of tables count once.
fn keys(table: &toml::Table, prefix: &str, into: &mut Vec<String>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => keys(inner, &name, into),
            toml::Value::Array(items)
                if items.iter().all(toml::Value::is_table) && !items.is_empty() =>
            {
                into.push(name);
                items.iter().filter_map(toml::Value::as_table).for_each(|t| keys(t, "", into));
            }
            _ => into.push(name),
        }
    }
}

#[test]
fn every_documented_sample_is_read() {
    for name in ["receiver.toml", "receiver-with-tls.toml"] {
        toml::from_str::<ReceiverConfig>(&sample(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    toml::from_str::<SenderConfig>(&sample("sender.toml"))
        .unwrap_or_else(|e| panic!("sender.toml: {e}"));
}

/// A configuration with a fault, whose error has these words in each language.
fn has_remedy<T: serde::de::DeserializeOwned>(path: &Path, toml: &str, nb: &str, en: &str) {
    std::fs::write(path, toml).expect("written");
    let Err(error) = super::read::<T>(path) else { panic!("{toml}") };
    for (language, remedy) in [(Language::Bokmal, nb), (Language::English, en)] {
        let said = crate::text::chain(&error, language);
        assert!(said.contains(remedy), "{said}");
    }
}

#[test]
fn the_faults_that_are_made_most_often_have_their_remedy() {
    let whole = sample("sender.toml");
    let source = "source = \"/srv/lmr/export\"";
    let date = "start_date = \"2026-01-01\"";
    let table = "[[source]]\nkind = \"folder\"\npath = \"inbox\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sender.toml");
    for (wanted, given, nb, en) in [
        (source, "source = \"C:\\Users\\lmr\"", "enkle anførselstegn", "single quotes"),
        (source, "source = \"D:\\lmr\"", "enkle anførselstegn", "single quotes"),
        (source, table, "slutten av filen", "the end of the file"),
        (date, "start_date = \"01.01.2026\"", "2026-01-31", "2026-01-31"),
    ] {
        assert!(whole.contains(wanted), "{wanted}");
        has_remedy::<SenderConfig>(&path, &whole.replacen(wanted, given, 1), nb, en);
    }
    let whole_receiver = sample("receiver.toml");
    let other = folder.path().join("receiver.toml");
    for (wanted, given, nb, en) in [
        ("10.20.30.40:8080", "localhost:8080", "IP-adresse og port", "IP address and port"),
        ("10.20.30.40:8080", "10.20.30.40", "IP-adresse og port", "IP address and port"),
        (
            "[identity_numbers]",
            "[retention]\ncontent_days = 0\n[identity_numbers]",
            "fra 1",
            "from 1",
        ),
        (
            "[identity_numbers]",
            "[retention]\nrefused_days = -1\n[identity_numbers]",
            "fra 1",
            "from 1",
        ),
    ] {
        assert!(whole_receiver.contains(wanted), "{wanted}");
        has_remedy::<ReceiverConfig>(&other, &whole_receiver.replacen(wanted, given, 1), nb, en);
    }
    // Where the fault is another one, nothing is said of these.
    std::fs::write(&path, whole.replacen(date, "start = \"01.01.2026\"", 1)).expect("written");
    let Err(error) = super::read::<SenderConfig>(&path) else { panic!("a key") };
    assert!(!crate::text::chain(&error, Language::English).contains("2026-01-31"));
}

/// TOML has dates and times of its own, without quotes.
#[test]
fn dates_and_times_are_taken_in_quotes_and_without() {
    let sender = |at: &str, start: &str, expires: &str| {
        let mut file: toml::Table = sample("sender.toml").parse().expect("TOML");
        for key in ["start_date", "schedule", "helseid"] {
            file.remove(key).expect("a key of the sample");
        }
        let rest = file.to_string();
        let text = format!(
            "start_date = {start}\n{rest}\n[schedule]\nat = {at}\n[helseid]\nissuer = 'https://helseid.example'\nclient_id = 'c'\nkey = 'k'\nkey_expires = {expires}\n"
        );
        toml::from_str::<SenderConfig>(&text)
    };
    let receiver = |start: &str, end: &str| {
        let text = sample("receiver.toml");
        let (start, end) = (format!("start_date = {start}\n"), format!("not_after = {end}\n"));
        let mut file: toml::Table = text.parse().expect("TOML");
        for (list, line) in [("avsender", start), ("trust", end)] {
            let one = file[list][0].as_table_mut().expect("a table");
            one.extend(line.parse::<toml::Table>().expect("TOML"));
        }
        toml::from_str::<ReceiverConfig>(&file.to_string())
    };
    for quote in ["\"", ""] {
        let quoted = |text: &str| format!("{quote}{text}{quote}");
        let (date, moment) = (quoted("2026-01-31"), quoted("2027-01-01T00:00:00Z"));
        let config = sender(&quoted("04:30:00"), &date, &date).expect("a sender");
        let day = jiff::civil::date(2026, 1, 31);
        assert_eq!(config.start_date, day);
        assert_eq!(config.schedule.at, jiff::civil::time(4, 30, 0, 0));
        assert_eq!(config.helseid.expect("a table").key_expires, Some(day));
        let config = receiver(&date, &moment).expect("a receiver");
        assert_eq!(config.avsender[0].start_date, Some(day));
        assert_eq!(config.trust[0].not_after, "2027-01-01T00:00:00Z".parse().ok());
    }
    for wrong in ["20260131", "true", "\"31.01.2026\"", "2027-01-01T00:00:00"] {
        assert!(receiver("2026-01-31", wrong).is_err(), "{wrong}");
    }
    let said = sender("4", "2026-01-31", "2026-01-31").expect_err("no time").to_string();
    assert!(said.contains("a date or a time, as 2026-01-31"), "{said}");
}

#[test]
fn organisation_numbers_of_the_documentation_are_numbers() {
    let mut pages: Vec<std::path::PathBuf> = vec![docs().join("configuration.md")];
    for folder in ["samples", "guides", "guides/nb"] {
        pages.extend(
            std::fs::read_dir(docs().join(folder))
                .expect("a folder")
                .map(|e| e.expect("a file").path())
                .filter(|path| path.is_file()),
        );
    }
    let mut found = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("a page");
        for word in text.split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == 9) {
            let number = lmr_identifiers::OrganisationNumber::parse(word);
            assert!(number.is_ok(), "{word} in {}", page.display());
            found += 1;
        }
    }
    assert!(found > 3, "numbers in the documentation: {found}");
}

#[test]
fn every_key_of_the_samples_is_explained() {
    let page = std::fs::read_to_string(docs().join("configuration.md")).expect("the page");
    for name in ["receiver.toml", "receiver-with-tls.toml", "sender.toml"] {
        let mut found = Vec::new();
        keys(&sample(name).parse().expect("TOML"), "", &mut found);
        for key in found {
            assert!(
                page.contains(&format!("`{key}`")),
                "{name}: {key} is not in docs/configuration.md"
            );
        }
    }
}

/// The keys that a table takes, as serde lists them when it meets another one.
fn known_keys<T: serde::de::DeserializeOwned>(text: &str, table: &str) -> Vec<String> {
    let mut file: toml::Table = text.parse().expect("TOML");
    let place = match table.split_once("[]") {
        Some((list, _)) => file[list][0].as_table_mut(),
        None => table.split('.').filter(|name| !name.is_empty()).try_fold(&mut file, |at, name| {
            at.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new())).as_table_mut()
        }),
    };
    place.expect("a table").insert("no-such-key".to_owned(), toml::Value::Boolean(true));
    let error = toml::from_str::<T>(&file.to_string()).err().expect("refused").to_string();
    let (_, listed) = error.split_once("expected").expect("a list of keys");
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_that_is_read_is_documented_and_no_other() {
    let page = std::fs::read_to_string(docs().join("configuration.md")).expect("the page");
    let (receiver_page, sender_page) = page.split_once("## sender.toml").expect("two parts");
    let (sender_page, project_page) = sender_page.split_once("## .lmr.toml").expect("a third");
    let documented = |page: &str, name: &str| {
        page.lines().any(|line| {
            line.starts_with("| `")
                && line.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{name}`")))
        })
    };
    let mut seen = Vec::new();
    let mut check = |page: &str, keys: Vec<String>, prefix: &str, tables: &[&str]| {
        assert!(!keys.is_empty(), "{prefix}");
        for key in keys.into_iter().filter(|key| !tables.contains(&key.as_str())) {
            let name = format!("{prefix}{key}");
            assert!(documented(page, &name), "{name} is not in docs/configuration.md");
            seen.push(name);
        }
    };
    let receiver = sample("receiver.toml");
    let tables = [
        "tls",
        "validator_page",
        "identities",
        "otlp",
        "helseid",
        "outlet",
        "console",
        "console.oidc",
        "retention",
        "identity_numbers",
        "limits",
        "log",
    ];
    check(receiver_page, known_keys::<ReceiverConfig>(&receiver, ""), "", &tables);
    for table in tables {
        check(
            receiver_page,
            known_keys::<ReceiverConfig>(&receiver, table),
            &format!("{table}."),
            &[],
        );
    }
    check(receiver_page, known_keys::<ReceiverConfig>(&receiver, "avsender[]"), "", &[]);
    check(receiver_page, known_keys::<ReceiverConfig>(&receiver, "trust[]"), "", &[]);
    let project = sample("lmr.toml");
    check(project_page, known_keys::<ProjectKeys>(&project, ""), "", &["ignore", "rule"]);
    check(project_page, known_keys::<ProjectKeys>(&project, "ignore[]"), "ignore.", &[]);
    check(project_page, known_keys::<ProjectKeys>(&project, "rule[]"), "rule.", &[]);
    let sender = sample("sender.toml");
    let tables = [
        "receiver",
        "certificate",
        "helseid",
        "maskinporten",
        "tls",
        "network",
        "identity_numbers",
        "schedule",
        "bundle",
        "log",
        "monitor",
    ];
    check(sender_page, known_keys::<SenderConfig>(&sender, ""), "", &tables);
    for table in tables {
        check(sender_page, known_keys::<SenderConfig>(&sender, table), &format!("{table}."), &[]);
    }
    for kind in KINDS {
        let sender = with_sources(&sender, kind);
        check(sender_page, known_keys::<SenderConfig>(&sender, "source[]"), "", &[]);
    }
    for kind in HOOKS {
        let sender = format!("{sender}\n[[hook]]\n{kind}\n");
        check(sender_page, known_keys::<SenderConfig>(&sender, "hook[]"), "", &[]);
    }
    seen.push("kind".to_owned());
    // And the other way round: a documented key is read.
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    for name in
        rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2))
    {
        assert!(seen.iter().any(|key| key == name), "{name} is documented, but nothing reads it");
    }
}

/// A smallest `[[source]]` of each kind.
const KINDS: [&str; 3] = [
    "kind = \"folder\"\npath = \"export\"",
    "kind = \"table\"\nmapping = \"municipal\"\npath = \"rows.csv\"",
    "kind = \"fhir\"\nurl = \"https://journal.example/fhir\"",
];

#[test]
fn every_kind_of_source_is_among_the_kinds() {
    let tables = with_sources(&sample("sender.toml"), "kind = \"no-such-kind\"");
    let error = toml::from_str::<SenderConfig>(&tables).expect_err("refused").to_string();
    let (_, listed) = error.split_once("expected one of").expect("a list of kinds");
    let known: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    let mut here: Vec<&str> = Vec::new();
    for kind in KINDS.map(|table| table.split('"').nth(1).expect("a kind")) {
        // One kind may have several smallest tables.
        if !here.contains(&kind) {
            here.push(kind);
        }
    }
    assert_eq!(here, known);
}

/// A smallest `[[hook]]` of each kind.
const HOOKS: [&str; 3] = [
    "kind = \"command\"\ncommand = [\"notify\"]",
    "kind = \"webhook\"\nurl = \"https://vakt.example/lmr\"",
    "kind = \"mail\"\nserver = \"mail.example\"\nfrom = \"lmr@example.no\"\nto = [\"vakt@example.no\"]",
];

/// The sample with these sources in place of its own.
fn with_sources(sample: &str, tables: &str) -> String {
    let own = sample.lines().find(|line| line.starts_with("source =")).expect("a source");
    format!("{}\n[[source]]\n{tables}\n", sample.replace(own, ""))
}

/// A marker is a file in the folder: anything else is there whatever is mounted, or never.
#[test]
fn a_marker_is_a_name_below_the_folder() {
    let sample = sample("sender.toml");
    for kind in ["kind = \"folder\"", "kind = \"table\"\nmapping = \"m\""] {
        let check = |marker: &str| {
            let tables = format!("{kind}\npath = \"a\"\nmarker = {marker:?}\n");
            let config = toml::from_str::<SenderConfig>(&with_sources(&sample, &tables))
                .expect("a configuration");
            config.check().map_err(|error| error.to_string())
        };
        for marker in [".lmr-mounted", "./.lmr-mounted", "status/.mounted"] {
            assert_eq!(check(marker), Ok(()), "{marker}");
        }
        for marker in ["", ".", "./", "..", "../.mounted", "a/../..", "/", "/mnt/share/.mounted"] {
            let error = check(marker).expect_err(marker);
            assert!(error.contains("marker is the name of a file in path"), "{marker}: {error}");
        }
    }
}

#[test]
fn sources_side_by_side_have_names_of_their_own_and_keys_that_fit() {
    let sample = sample("sender.toml");
    let check = |tables: &str| {
        let config = toml::from_str::<SenderConfig>(&with_sources(&sample, tables))
            .map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())
    };
    assert_eq!(
        check("kind = \"folder\"\npath = \"a\"\n[[source]]\nkind = \"folder\"\npath = \"b\""),
        Ok(())
    );
    let archive = "kind = \"folder\"\npath = \"a\"\narchive = \"done\"\n";
    assert_eq!(check(&format!("{archive}incremental = true")), Ok(()));
    assert_eq!(check(&format!("{archive}archive_copy = true")), Ok(()));
    for (tables, named) in [
        ("kind = \"folder\"\npath = \"a\"\n[[source]]\nkind = \"folder\"\npath = \"a\"", "a"),
        (archive, "archive"),
        ("kind = \"folder\"\npath = \"a\"\ncolour = 1", "colour"),
        ("kind = \"folder\"", "path"),
        ("kind = \"carrier-pigeon\"", "carrier-pigeon"),
        ("path = \"a\"", "kind"),
        ("kind = \"table\"\nmapping = \"m\"", "path"),
        ("kind = \"table\"\nmapping = \"m\"\npath = \"a\"\nquery = \"SELECT 1\"", "query"),
        ("kind = \"table\"\nmapping = \"m\"\ndatabase_url = \"sqlite:a\"", "query"),
        (
            "kind = \"table\"\nmapping = \"m\"\ndatabase_url = \"sqlite:a\"\nquery = \"SELECT 1\"\nmarker = \".m\"",
            "marker",
        ),
        ("kind = \"fhir\"\nurl = \"https://a.example\"\npage = 0", "page"),
        (
            "kind = \"fhir\"\nurl = \"https://a.example\"\naccess = { kind = \"kerberos\" }",
            "kerberos",
        ),
        (
            "kind = \"fhir\"\nurl = \"https://a.example\"\naccess = { kind = \"basic\", user = \"u\", password = \"p\" }",
            "password",
        ),
    ] {
        let error = check(tables).expect_err(tables);
        assert!(error.contains(named), "{error}");
    }
}

/// Whatever form the paths have: relative, absolute, through a link, with dots, of what is there and of what is not yet.
#[test]
fn no_folder_of_the_sender_is_in_one_that_it_reads() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path().canonicalize().expect("a folder");
    std::fs::create_dir_all(root.join("etc")).expect("a folder");
    std::fs::create_dir_all(root.join("in/ward")).expect("a folder");
    let mut spellings = vec![format!("{}/", root.display()), "../".to_owned(), "./../".to_owned()];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&root, root.join("etc/link")).expect("a link");
        spellings.push("link/".to_owned());
    }
    let sample = sample("sender.toml");
    let own = sample.lines().find(|line| line.starts_with("database =")).expect("a database");
    let check = |database: &str, tables: &str| {
        let sample = sample.replace(own, &format!("database = {database:?}"));
        let config: SenderConfig =
            toml::from_str(&with_sources(&sample, tables)).expect("a configuration");
        crate::config::source::places::check(&config, &root.join("etc"))
    };
    let moves = |path: &str, archive: &str| {
        format!("kind = \"folder\"\npath = {path:?}\narchive = {archive:?}\nincremental = true\n")
    };
    let folder = |path: &str| format!("kind = \"folder\"\npath = {path:?}\n");
    let table = |path: &str| format!("kind = \"table\"\nmapping = \"m\"\npath = {path:?}\n");
    std::fs::write(root.join("rows.csv"), "").expect("a file");
    for (one, other) in spellings.iter().flat_map(|a| spellings.iter().map(move |b| (a, b))) {
        let at = |path: &str| format!("{one}{path}");
        let of = |path: &str| format!("{other}{path}");
        for (tables, database, word) in [
            (moves(&at("in"), &of("done")), "s.sqlite".to_owned(), None),
            (moves(&at("in"), &of("in2")), "s.sqlite".to_owned(), None),
            (moves(&at("in"), &of("in/.done")), "s.sqlite".to_owned(), None),
            (moves(&at("in"), &of("in")), "s.sqlite".to_owned(), Some("archive is inside path")),
            (
                moves(&at("in"), &of("in/done")),
                "s.sqlite".to_owned(),
                Some("archive is inside path"),
            ),
            (moves(&at("in"), &of("x/../in/new/done")), "s.sqlite".to_owned(), Some("archive")),
            (
                format!("{}[[source]]\n{}", moves(&at("in"), &of("b/done")), folder(&at("b"))),
                "s.sqlite".to_owned(),
                Some("archive is inside the folder of source"),
            ),
            (
                format!("{}[[source]]\n{}", folder(&at("in/ward")), folder(&of("b"))),
                "s.sqlite".to_owned(),
                None,
            ),
            (
                format!("{}[[source]]\n{}", folder(&at("in/ward")), folder(&of("in/."))),
                "s.sqlite".to_owned(),
                Some("read twice"),
            ),
            (
                format!("{}name = \"b\"\n[[source]]\n{}", folder(&at("b")), folder(&of("b"))),
                "s.sqlite".to_owned(),
                Some("read twice"),
            ),
            (folder(&at("in")), of("in/s.sqlite"), Some("database is inside")),
            (folder(&at("in")), of("in/ward/s.sqlite"), Some("database is inside")),
            (folder(&at("in")), of("in/.lmr/s.sqlite"), None),
            (folder(&at("in")), of("s.sqlite"), None),
            (table(&at("in")), of("in/s.sqlite"), Some("database is inside")),
            (table(&at("in")), of("s.sqlite"), None),
            // Each reads other files there.
            (
                format!("{}[[source]]\n{}", folder(&at("in")), table(&of("in/ward"))),
                "s.sqlite".to_owned(),
                None,
            ),
            (
                format!("{}[[source]]\n{}", table(&at("in")), folder(&of("in/ward"))),
                "s.sqlite".to_owned(),
                None,
            ),
            (format!("{}marker = \".m\"\n", table(&at("in"))), "s.sqlite".to_owned(), None),
            (
                format!("{}marker = \".m\"\n", table(&at("rows.csv"))),
                "s.sqlite".to_owned(),
                Some("marker belongs to a folder"),
            ),
        ] {
            let what = format!("{database}, {tables}");
            let done = check(&database, &tables).map_err(|error| error.to_string());
            match (done, word) {
                (Ok(()), None) => {}
                (Err(error), Some(word)) => assert!(error.contains(word), "{what}: {error}"),
                (done, _) => panic!("{what}: {done:?}"),
            }
        }
    }
}

#[test]
fn every_source_that_a_guide_shows_is_read() {
    let sample = sample("sender.toml");
    let mut found = 0;
    for folder in ["guides", "guides/nb"] {
        for guide in ["from-a-table-to-the-register", "from-a-fhir-server", "from-mirth-or-oie"] {
            let path = docs().join(folder).join(format!("{guide}.md"));
            let page = std::fs::read_to_string(&path).expect("a guide");
            for block in page.split("```toml\n").skip(1) {
                let block = block.split("```").next().expect("the end of the block");
                let sources: Vec<String> = if block.contains("[[source]]") {
                    vec![block.replacen("[[source]]", "", 1)]
                } else {
                    let server = KINDS[2];
                    block.lines().map(|line| format!("{server}\n{line}")).collect()
                };
                for tables in sources {
                    let config = toml::from_str::<SenderConfig>(&with_sources(&sample, &tables))
                        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                    config.check().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                    found += 1;
                }
            }
        }
    }
    assert_eq!(found, 2 * (3 + 1 + 3 + 1));
}

#[test]
fn an_unknown_key_is_named() {
    let text = sample("receiver.toml").replace("[limits]", "[limits]\nspeed = 9");
    let error = toml::from_str::<ReceiverConfig>(&text).expect_err("refused").to_string();
    assert!(error.contains("speed"), "{error}");
    let text = format!("colour = \"red\"\n{}", sample("sender.toml"));
    let error = toml::from_str::<SenderConfig>(&text).expect_err("refused").to_string();
    assert!(error.contains("colour"), "{error}");
}

#[test]
fn a_limit_of_nothing_and_more_attempts_than_the_protocol_allows_are_refused() {
    let receiver = |key: &str, value: &str| {
        // What is compressed is never larger than what it is in, or becomes.
        let text = sample("receiver.toml").replace("compressed_mib = 48", "compressed_mib = 1");
        let line =
            text.lines().find(|line| line.starts_with(&format!("{key} ="))).expect("the key");
        let changed = text.replace(line, &format!("{key} = {value}"));
        toml::from_str::<ReceiverConfig>(&changed).expect("a file").limits.check()
    };
    for key in [
        "body_mib",
        "compressed_mib",
        "inflated_mib",
        "ratio",
        "entries",
        "depth",
        "request_seconds",
    ] {
        let error = receiver(key, "0").expect_err("refused").to_string();
        assert!(error.contains(&format!("limits.{key}")), "{error}");
        assert!(receiver(key, "1").is_ok(), "{key}");
    }
    let sender = |from: &str, to: &str| {
        toml::from_str::<SenderConfig>(&sample("sender.toml").replace(from, to))
            .expect("a file")
            .check()
    };
    assert!(sender("retries = 3", "retries = 0").is_ok());
    assert!(sender("retries = 3", "retries = 4").is_err());
    assert!(sender("entries = 5000", "entries = 0").is_err());
    assert!(sender("timeout_seconds = 120", "timeout_seconds = 0").is_err());
}

/// A number of another unit than the key's name says: the transfer would hang, or never read a file, and say nothing.
#[test]
fn numbers_of_another_unit_are_refused_by_their_key() {
    let file = |from: &str, to: &str| {
        let text = sample("sender.toml");
        assert!(text.contains(from), "{from}");
        toml::from_str::<SenderConfig>(&text.replace(from, to)).expect("a file").check()
    };
    let source = |table: &str| {
        let text = sample("sender.toml");
        let line = text.lines().find(|line| line.starts_with("source =")).expect("a source");
        let text = text.replace(line, "");
        let file = format!("{text}\n[[source]]\n{table}\n");
        toml::from_str::<SenderConfig>(&file).expect("a file").check()
    };
    let folder = "kind = \"folder\"\npath = \"x\"\nsettle_seconds";
    let server = "kind = \"fhir\"\nurl = \"https://x.example\"";
    let all = [
        ("receiver.timeout_seconds", file("timeout_seconds = 120", "timeout_seconds = 120000")),
        ("schedule.retry_minutes", file("retry_minutes = 60", "retry_minutes = 3600")),
        ("schedule.retry_minutes", file("retry_minutes = 60", "retry_minutes = 0")),
        ("bundle.entries", file("entries = 5000", "entries = 0")),
        ("settle_seconds", source(&format!("{folder} = 300000"))),
        ("page", source(&format!("{server}\npage = 0"))),
        ("page", source(&format!("{server}\npage = 1000000"))),
        ("timeout_seconds", source(&format!("{server}\ntimeout_seconds = 120000"))),
        ("retries", source(&format!("{server}\nretries = 4000000000"))),
    ];
    for (key, refused) in all {
        let error = refused.expect_err(key).to_string();
        assert!(error.contains(key) && error.contains("unit"), "{key}: {error}");
    }
    for good in [folder.to_owned() + " = 5", folder.to_owned() + " = 0", server.to_owned()] {
        source(&good).unwrap_or_else(|error| panic!("{good}: {error}"));
    }
}

#[test]
fn authorities_and_their_revocation_lists_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let now: jiff::Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
    let (ca, other) =
        (TestCa::new(now).expect("an authority"), TestCa::new(now).expect("an authority"));
    let issue =
        |ca: &TestCa| ca.enterprise(&Order::new("310000019", "Liksom", now)).expect("issued");
    let (good, revoked, foreign) = (issue(&ca), issue(&ca), issue(&other));
    write("ca.pem", ca.certificate_pem());
    write("crl.pem", &ca.revocation_list(&[&revoked], now).expect("a list"));
    write("foreign.pem", &other.revocation_list(&[], now).expect("a list"));
    let config = |keys: &str| {
        let text = format!("{keys}\n{}", sample("receiver.toml"));
        toml::from_str::<ReceiverConfig>(&text).expect("a file").trust(folder.path())
    };
    let trusts = |trust: &lmr_envelope::Trust,
                  pair: &lmr_sandbox::certificates::KeyAndCertificate| {
        let certificate =
            lmr_envelope::Certificate::from_der(&pair.certificate_der).expect("a certificate");
        trust.check(&certificate, now).is_ok()
    };
    assert!(config("").expect("read").is_none(), "being registered is enough");
    let trust = config("authorities = \"ca.pem\"").expect("read").expect("an authority");
    assert_eq!([&good, &revoked, &foreign].map(|pair| trusts(&trust, pair)), [true, true, false]);
    let trust =
        config("authorities = \"ca.pem\"\nrevocations = \"crl.pem\"").expect("read").expect("both");
    assert_eq!([&good, &revoked, &foreign].map(|pair| trusts(&trust, pair)), [true, false, false]);
    for wrong in [
        "revocations = \"crl.pem\"",
        "authorities = \"none.pem\"",
        "authorities = \"crl.pem\"",
        "authorities = \"ca.pem\"\nrevocations = \"foreign.pem\"",
    ] {
        assert!(config(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn trust_is_written_in_one_form_and_whole() {
    let profiles = |text: &str| {
        let rest = sample("receiver.toml");
        let (head, _) = rest.split_once("[[trust]]").expect("trust");
        let (_, tail) = rest.split_once("[[certificate]]").expect("certificate");
        let file = format!("{head}\n{text}\n[[certificate]]{tail}");
        toml::from_str::<ReceiverConfig>(&file).expect("a file").trust_profiles()
    };
    let older = "[helseid]\nissuer = \"https://helseid-sts.test.nhn.no\"\n";
    let trust = |rest: &str| format!("[[trust]]\n{rest}\n");
    let seed = profiles(older).expect("the older form");
    let same = profiles(&trust("kind = \"helseid-bearer\"")).expect("the new form");
    assert_eq!(seed, same, "the two forms mean the same");
    let all = sample("receiver.toml");
    let all = toml::from_str::<ReceiverConfig>(&all).expect("a file").trust_profiles();
    let names: Vec<String> = all.expect("three").into_iter().map(|profile| profile.name).collect();
    assert_eq!(names, ["helseid-dpop", "maskinporten", "helseid-bearer"]);
    for wrong in [
        String::new(),
        format!("{older}{}", trust("kind = \"maskinporten\"")),
        trust("kind = \"maskinporten\"\nproof_nonce = true"),
        trust("kind = \"helseid-bearer\"\nproof_past_seconds = 9"),
    ] {
        assert!(profiles(&wrong).is_err(), "{wrong}");
    }
}

/// A file copied from the test environment, with one of its two values corrected.
#[test]
fn the_issuer_of_the_other_environment_is_refused() {
    let sample = sample("sender.toml");
    let (head, tail) = sample.split_once("[helseid]").expect("helseid");
    let (_, tail) = tail.split_once("[identity_numbers]").expect("identity_numbers");
    let environment = head.lines().find(|line| line.starts_with("environment =")).expect("one");
    for (kind, production, test) in [
        ("helseid", "https://helseid-sts.nhn.no", "https://helseid-sts.test.nhn.no"),
        ("maskinporten", "https://maskinporten.no/", "https://test.maskinporten.no/"),
    ] {
        for (of, own, other) in [("production", production, test), ("test", test, production)] {
            let head = head.replace(environment, &format!("environment = \"{of}\""));
            let refusal = |issuer: &str| {
                let client = format!(
                    "[{kind}]\nissuer = {issuer:?}\nclient_id = \"c\"\nkey = \"none.jwk\"\n\n[identity_numbers]"
                );
                let config: SenderConfig =
                    toml::from_str(&format!("{head}{client}{tail}")).expect("a configuration");
                let error = config.client(Path::new("/nowhere")).expect_err("no key");
                error.to_string().contains("other environment")
            };
            assert!(!refusal(own), "{own}");
            assert!(refusal(other) && refusal(other.trim_end_matches('/')), "{other}");
            assert!(!refusal("https://issuer.example"), "not known");
        }
    }
}

#[test]
fn tokens_come_from_one_issuer() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = lmr_auth::jose::SigningKey::generate(lmr_auth::jose::Algorithm::ES256, "k", 0);
    let jwk = key.expect("a key").to_private_jwk().expect("a JWK");
    std::fs::write(folder.path().join("key.jwk"), jwk.expose()).expect("written");
    let flow = |tables: &str| {
        let rest = sample("sender.toml");
        let (head, tail) = rest.split_once("[helseid]").expect("helseid");
        let (_, tail) = tail.split_once("[identity_numbers]").expect("identity_numbers");
        let file = format!("{head}\n{tables}\n[identity_numbers]{tail}");
        let config = toml::from_str::<SenderConfig>(&file).expect("a file");
        config.client(folder.path()).map(|(settings, _)| settings.flow)
    };
    let helseid = |rest: &str| {
        let issuer = "issuer = \"https://helseid-sts.test.nhn.no\"";
        format!("[helseid]\n{issuer}\nclient_id = \"c\"\nkey = \"key.jwk\"\n{rest}\n")
    };
    let bound = |tables: &str| match flow(tables).expect("a client") {
        lmr_auth::Flow::HelseIdDpop { .. } => true,
        lmr_auth::Flow::HelseIdBearer { .. } => false,
        other => panic!("{other:?}"),
    };
    assert!(bound(&helseid("")), "HelseID gives new clients no other tokens");
    assert!(!bound(&helseid("scope = \"fhi:lmr.fhirmottak/all\"")), "the scope of March 2025");
    assert!(!bound(&helseid("dpop = false")));
    assert!(bound(&helseid("scope = \"fhi:lmr.fhirmottak/api\"")));
    assert!(bound(&helseid("dpop = true")));
    assert!(!bound(&helseid("dpop = false\nscope = \"fhi:lmr.fhirmottak/api\"")));
    let maskinporten = "[maskinporten]\nclient_id = \"c\"\nkey = \"key.jwk\"\n";
    let error = flow(maskinporten).expect_err("an EC key").to_string();
    assert!(error.contains("key.jwk"), "{error}");
    assert!(flow("").is_err() && flow(&format!("{}{maskinporten}", helseid(""))).is_err());
}
