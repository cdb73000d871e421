//! What teams use day by day: `.lmr.toml` with its ignore list and rules, baselines, only changed files, `--watch`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const FAULTY: &str = r#"{"resourceType":"Patient","gender":"x","birthDate":"2020-13-01"}"#;
const RIGHT: &str = r#"{"resourceType":"Patient","gender":"male"}"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, content).expect("written");
    }
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmr"));
    command.current_dir(folder).env("LMR_LANG", "en").arg("validate").args(arguments);
    command
}

fn validate(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("lmr runs")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A repository of git with all that is in the folder as its first commit.
fn commit(folder: &Path) {
    for arguments in
        [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "-m", "first"]]
    {
        let done = Command::new("git")
            .current_dir(folder)
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(arguments)
            .output()
            .expect("git runs");
        assert!(done.status.success(), "{done:?}");
    }
}

/// The findings' message ids and places.
fn findings(output: &Output) -> Vec<(String, String, String)> {
    out(output)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|f| {
            let part = |key: &str| f[key].as_str().unwrap_or_default().to_owned();
            (part("severity"), part("messageId"), part("expression"))
        })
        .collect()
}

#[test]
fn the_nearest_project_file_gives_the_rule_set_and_leaves_out_what_it_lists() {
    let toml = "ruleset = \"none\"\n[[ignore]]\nat = \"Patient.gender\"\nreason = \"old system\"\nuntil = 2099-01-01\n";
    let folder = folder(&[(".lmr.toml", toml), ("below/a.json", FAULTY)]);
    let output = validate(&folder.path().join("below"), &["a.json", "--format", "json"]);
    let found = findings(&output);
    assert!(!found.is_empty() && found.iter().all(|(.., at)| !at.contains("gender")), "{found:?}");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("left out by") && said(&output).contains("old system"));
    // The same without the file, and with a rule set of the command line.
    let output = validate(
        folder.path(),
        &["below", "--no-project", "--ruleset", "none", "--format", "json"],
    );
    assert!(findings(&output).iter().any(|(.., at)| at.contains("gender")));
    let output = validate(folder.path(), &["below", "--ruleset", "lmdi-1.1.7"]);
    assert!(out(&output).contains("lmdi-1.1.7"), "{}", out(&output));
}

#[test]
fn an_entry_that_has_ended_counts_again_and_one_that_met_nothing_is_reported() {
    let toml = "ruleset = \"none\"\n\
        [[ignore]]\nat = \"Patient.gender\"\nreason = \"a\"\nuntil = 2020-01-01\n\
        [[ignore]]\nat = \"Patient.name\"\nreason = \"b\"\nuntil = \"2099-01-01\"\n";
    let folder = folder(&[(".lmr.toml", toml), ("a.json", FAULTY)]);
    let output = validate(folder.path(), &["a.json", "--format", "json"]);
    assert!(findings(&output).iter().any(|(.., at)| at.contains("gender")));
    let said = said(&output);
    assert!(said.contains("Patient.gender ended on 2020-01-01"), "{said}");
    assert!(said.contains("Patient.name met nothing"), "{said}");
}

#[test]
fn a_project_file_that_would_hide_everything_or_says_nonsense_is_refused_by_name() {
    for (toml, expected) in [
        ("[[ignore]]\nreason = \"x\"\nuntil = 2099-01-01\n", "needs code, message or at"),
        ("[[ignore]]\nat = \"Patient\"\nreason = \" \"\nuntil = 2099-01-01\n", "no reason"),
        ("[[ignore]]\nat = \"Patient\"\nreason = \"x\"\n", "until"),
        ("[[ignore]]\nat = \"Patient\"\nreason = \"x\"\nuntil = 3\n", "until = 2027-01-31"),
        ("[[ignore]]\ncode = \"LMR-9\"\nreason = \"x\"\nuntil = 2099-01-01\n", "no code LMR-9"),
        (
            "[[ignore]]\nat = \"P\"\nfile = \"[\"\nreason = \"x\"\nuntil = 2099-01-01\n",
            "not a valid pattern",
        ),
        ("ruleset = \"lmdi-9\"\n", "lmdi-1.1.7"),
        ("rulesett = \"none\"\n", "rulesett"),
        ("packages = [\"missing.tgz\"]\n", "missing.tgz"),
        (
            "ruleset = \"none\"\nprofiles = [\"http://example.org/none\"]\n",
            "http://example.org/none",
        ),
        ("baseline = \"missing.json\"\n", "--write-baseline"),
        (
            "[[rule]]\nid = \"a\"\nat = \"Patient\"\nexpression = \"name.(\"\nseverity = \"error\"\ntext = \"x\"\n",
            "rule a",
        ),
        (
            "[[rule]]\nid = \"a b\"\nat = \"Patient\"\nexpression = \"true\"\nseverity = \"error\"\ntext = \"x\"\n",
            "a b",
        ),
        (
            "[[rule]]\nid = \"a\"\nat = \"Patient\"\nexpression = \"true\"\nseverity = \"fatal\"\ntext = \"x\"\n",
            "fatal",
        ),
        (
            "[[rule]]\nid = \"a\"\nat = \"Patientt\"\nexpression = \"true\"\nseverity = \"error\"\ntext = \"x\"\n",
            "Patientt",
        ),
        (
            "[[rule]]\nid = \"a\"\nat = \"Patient.nme\"\nexpression = \"true\"\nseverity = \"error\"\ntext = \"x\"\n",
            "Patient.nme",
        ),
        (
            "[[rule]]\nid = \"a\"\nat = \"Patient\"\nexpression = \"nme.exists()\"\nseverity = \"error\"\ntext = \"x\"\n",
            "nme",
        ),
    ] {
        let folder = folder(&[(".lmr.toml", toml), ("a.json", RIGHT)]);
        let output = validate(folder.path(), &["a.json"]);
        assert_eq!(output.status.code(), Some(2), "{toml}: {}{}", out(&output), said(&output));
        assert!(said(&output).contains(expected), "{toml}: {}", said(&output));
    }
    let output =
        validate(folder(&[("a.json", RIGHT)]).path(), &["a.json", "--project", "none.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("none.toml"));
}

#[test]
fn the_sample_and_the_page_name_the_same_keys_and_the_sample_can_be_used() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let sample = std::fs::read_to_string(docs.join("samples/lmr.toml")).expect("the sample");
    let page = std::fs::read_to_string(docs.join("configuration.md")).expect("the page");
    let page = page.split("## .lmr.toml").nth(1).expect("the section");
    let table: toml::Table = sample.parse().expect("TOML");
    let mut keys: Vec<String> = Vec::new();
    for (key, value) in &table {
        match value.as_array().and_then(|array| array.first()).and_then(toml::Value::as_table) {
            Some(inner) => keys.extend(inner.keys().map(|inner| format!("{key}.{inner}"))),
            None => keys.push(key.clone()),
        }
    }
    assert!(keys.len() > 8, "{keys:?}");
    for key in keys {
        assert!(page.contains(&format!("| `{key}` |")), "{key} is not in docs/configuration.md");
    }
    let folder = folder(&[(".lmr.toml", &sample), ("a.json", RIGHT)]);
    let output = validate(folder.path(), &["a.json"]);
    assert_ne!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn own_rules_hold_for_every_resource_of_the_type_in_bundles_too() {
    let toml = "[[rule]]\nid = \"house-1\"\nat = \"Patient\"\nexpression = \"birthDate.exists()\"\nseverity = \"error\"\ntext = \"A birth date is needed here\"\n\
        [[rule]]\nid = \"house-2\"\nat = \"Patient.name\"\nexpression = \"family.exists()\"\nseverity = \"warning\"\ntext = \"Names have a family name\"\n";
    let named = r#"{"resourceType":"Patient","name":[{"given":["A"]},{"family":"B"}]}"#;
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"fullUrl":"urn:uuid:0b9a3f0e-6f7d-4b9d-9c3a-0d1f2e3a4b5c","resource":{named}}}]}}"#
    );
    let folder = folder(&[(".lmr.toml", toml), ("a.json", named), ("b.json", &bundle)]);
    for ruleset in [&["--ruleset", "none"][..], &[]] {
        for (file, root) in [("a.json", "Patient"), ("b.json", "Bundle.entry[0].resource")] {
            let output = validate(folder.path(), &[&[file, "--format", "json"], ruleset].concat());
            let found = findings(&output);
            let of = |key: &str| -> Vec<_> {
                found.iter().filter(|(_, id, _)| id.contains(key)).collect()
            };
            let (first, second) = (of("house-1"), of("house-2"));
            assert_eq!((first.len(), second.len()), (1, 1), "{file} {ruleset:?}: {found:?}");
            assert_eq!(first[0].0, "error");
            assert_eq!(second[0].0, "warning");
            assert!(second[0].2.ends_with("name[0]"), "{second:?}");
            assert!(
                first[0].2.starts_with(root) || root == "Bundle.entry[0].resource",
                "{first:?}"
            );
            assert!(out(&output).contains("A birth date is needed here"));
            assert_eq!(output.status.code(), Some(1));
        }
    }
}

#[test]
fn a_baseline_shows_what_is_new_and_counts_what_is_gone() {
    let folder = folder(&[("a.json", FAULTY), ("b.json", RIGHT)]);
    let all = ["--ruleset", "none", "a.json", "b.json"];
    let with = |more: &[&str]| validate(folder.path(), &[&all[..], more].concat());
    let missing = with(&["--baseline", "base.json"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(said(&missing).contains("--write-baseline"));
    assert_eq!(with(&["--write-baseline", "base.json"]).status.code(), Some(0));
    let written = std::fs::read_to_string(folder.path().join("base.json")).expect("written");
    assert!(!written.contains("2020-13-01"), "no value of the resource: {written}");

    let same = with(&["--baseline", "base.json"]);
    assert_eq!(same.status.code(), Some(0), "{}", out(&same));
    assert!(said(&same).contains("0 new findings"), "{}", said(&same));
    // Lines move and one fault is corrected: nothing is new. Started elsewhere, it is the same.
    let moved = "{\n\n\"resourceType\":\"Patient\",\n\"gender\":\"x\"}";
    std::fs::write(folder.path().join("a.json"), moved).expect("written");
    let less = with(&["--baseline", "base.json"]);
    assert_eq!(less.status.code(), Some(0), "{}", out(&less));
    assert!(
        said(&less).contains("0 new findings") && !said(&less).contains("0 gone"),
        "{}",
        said(&less)
    );
    std::fs::write(folder.path().join("b.json"), FAULTY).expect("written");
    let more = with(&["--baseline", "base.json", "--format", "json"]);
    assert_eq!(more.status.code(), Some(1));
    assert!(
        out(&more).lines().count() >= 2 && out(&more).lines().all(|line| line.contains("b.json"))
    );
    // What is no baseline, and one that cannot be made.
    std::fs::write(folder.path().join("base.json"), "[]").expect("written");
    assert_eq!(with(&["--baseline", "base.json"]).status.code(), Some(2));
    std::fs::write(folder.path().join("a.json"), "{").expect("written");
    let half = with(&["--write-baseline", "new.json"]);
    assert_eq!(half.status.code(), Some(2));
    assert!(!folder.path().join("new.json").exists());
}

#[test]
fn a_baseline_of_a_part_keeps_the_rest_and_a_file_that_is_gone_is_counted() {
    let folder = folder(&[
        (".lmr.toml", "ruleset = \"none\"\n"),
        ("f/a.json", FAULTY),
        ("f/sub/b.json", FAULTY),
    ]);
    let with = |arguments: &[&str]| validate(folder.path(), arguments);
    let base = || std::fs::read_to_string(folder.path().join("base.json")).expect("a baseline");
    assert_eq!(with(&["f", "--write-baseline", "base.json"]).status.code(), Some(0));
    let whole = base();
    assert!(whole.contains("f/a.json") && whole.contains("f/sub/b.json"), "{whole}");
    let part = with(&["f/sub", "--write-baseline", "base.json"]);
    assert!(said(&part).contains("of them were in it before"), "{}", said(&part));
    assert_eq!(base(), whole);
    let refused = with(&["f", "--changed-from", "HEAD", "--write-baseline", "base.json"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("--changed-from"), "{}", said(&refused));
    // What is known is not right.
    let known = with(&["f", "--baseline", "base.json"]);
    assert_eq!(known.status.code(), Some(0));
    assert!(out(&known).contains("nothing new (3 in the baseline)"), "{}", out(&known));
    assert!(!out(&known).contains("correct"), "{}", out(&known));
    // A renamed file is new by its new name and gone by its old one, and leaves the next baseline.
    std::fs::rename(folder.path().join("f/a.json"), folder.path().join("f/r.json")).expect("moved");
    let moved = with(&["f", "--baseline", "base.json"]);
    assert!(said(&moved).contains("3 new findings, 3 unchanged, 3 gone"), "{}", said(&moved));
    assert_eq!(with(&["f", "--write-baseline", "base.json"]).status.code(), Some(0));
    assert!(!base().contains("f/a.json") && base().contains("f/r.json"), "{}", base());
}

/// Values and names are data: no terminal and no build service obeys them.
#[cfg(unix)]
#[test]
fn control_characters_of_data_and_file_names_are_written_out() {
    let value = r#"{"resourceType":"Patient","gender":"\u001b[31mred\u0007\n::error::x\u009b2J"}"#;
    let name = "a\u{1b}[2J\nb.json";
    let folder = folder(&[(name, value), ("right\u{7}.json", RIGHT)]);
    let project = [".", "--ruleset", "none"];
    for format in ["text", "github", "json", "sarif", "junit", "html", "operation-outcome"] {
        let output = validate(folder.path(), &[&project[..], &["--format", format]].concat());
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(text);
            // Formats for programs escape what their format demands: C1 controls stay in JSON.
            let is_for_people = matches!(format, "text" | "github");
            let obeyed = |c: char| {
                (c.is_ascii_control() || c.is_control() && is_for_people)
                    && !matches!(c, '\n' | '\t' | '\r')
            };
            assert!(!text.contains(obeyed), "{format}: {text:?}");
            let is_command = |line: &str| is_for_people && line.starts_with("::error::x");
            assert!(!text.lines().any(is_command), "{format}: {text}");
        }
    }
    let text = out(&validate(folder.path(), &project));
    assert!(text.contains(r"\u{1b}[31mred\u{7}\n::error::x\u{9b}2J"), "{text}");
    assert!(
        text.contains(r"a\u{1b}[2J\nb.json:") && text.contains(r"right\u{7}.json: correct"),
        "{text}"
    );
}

/// The file given by mistake may be the data themselves: nothing writes over it, and no message says how to.
#[test]
fn a_file_that_is_not_a_baseline_is_neither_read_as_one_nor_replaced() {
    for (name, content, is_replaced) in [
        ("a.json", FAULTY, false),
        ("list.json", "[]", false),
        ("text.json", "hei\n", false),
        ("other.json", "{\"layout\": 1}", false),
        // A baseline that a merge, or a hand, has spoilt: its findings are still in it.
        ("spoilt.json", "{\"layout\": 1, \"findings\": [{\"file\": \"a.json\"}]}", false),
        ("more.json", "{\"layout\": 1, \"findings\": [], \"more\": 1}", false),
        ("later.json", "{\"layout\": 9, \"findings\": [], \"more\": 1}", true),
        ("empty.json", "", true),
    ] {
        let folder = folder(&[("checked.json", FAULTY), (name, content)]);
        let with = |more: &[&str]| {
            let all = ["--ruleset", "none", "checked.json", "--lang"];
            validate(folder.path(), &[&all[..], more].concat())
        };
        let kept = || std::fs::read_to_string(folder.path().join(name)).expect("there") == content;
        for (lang, words) in [("nb", "ikke en grunnlinje"), ("en", "not a baseline")] {
            let read = with(&[lang, "--baseline", name]);
            assert_eq!(read.status.code(), Some(2), "{name}");
            let text = said(&read);
            assert!(text.contains(name) && !text.contains(&format!("--write-baseline {name}")));
            // Nor does the parser of JSON, in English.
            assert!(!text.contains("line 1") && !text.contains("expected"), "{text}");
            if is_replaced {
                continue;
            }
            assert!(text.contains(words), "{text}");
            let written = with(&[lang, "--write-baseline", name]);
            assert_eq!(written.status.code(), Some(2), "{name}");
            assert!(said(&written).contains(words) && said(&written).contains(name));
            assert!(kept(), "{name}");
        }
        if is_replaced {
            let written = with(&["en", "--write-baseline", name]);
            assert_eq!(written.status.code(), Some(0), "{name}");
            let is_named = said(&written).contains("has layout 9") && said(&written).contains(name);
            assert_eq!(is_named, content.contains("\"layout\": 9"), "{}", said(&written));
            assert!(!kept());
            assert_eq!(with(&["en", "--write-baseline", name]).status.code(), Some(0), "{name}");
        }
    }
}

#[test]
fn only_files_that_git_knows_as_changed_are_checked() {
    let folder = folder(&[("old.json", FAULTY), ("sub/changed.json", RIGHT)]);
    let no_repository = validate(folder.path(), &["--changed-from", "HEAD", "."]);
    assert_eq!(no_repository.status.code(), Some(2));
    assert!(said(&no_repository).contains("not in a git repository"), "{}", said(&no_repository));
    commit(folder.path());
    let with = |from: &str| {
        validate(
            &folder.path().join("sub"),
            &["--ruleset", "none", "--format", "json", "--changed-from", from, ".."],
        )
    };
    let none = with("HEAD");
    assert_eq!(none.status.code(), Some(0));
    assert!(said(&none).contains("none of the files has changed"));
    std::fs::write(folder.path().join("sub/changed.json"), FAULTY).expect("written");
    std::fs::write(folder.path().join("new æ.json"), FAULTY).expect("written");
    let two = with("HEAD");
    assert_eq!(two.status.code(), Some(1));
    assert!(
        out(&two).contains("changed.json") && out(&two).contains("new æ.json"),
        "{}",
        out(&two)
    );
    assert!(!out(&two).contains("old.json"));
    assert_eq!(with("no-such").status.code(), Some(2));
    assert_eq!(with("--output=x").status.code(), Some(2));
}

/// The sample hook stops a commit with a fault, and lets one without pass.
#[cfg(unix)]
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "git finds the program by the path of the environment"
)]
fn the_sample_hook_stops_a_commit_with_a_fault() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder(&[
        (".lmr.toml", "ruleset = \"none\"\n"),
        ("fhir/a.json", RIGHT),
        ("package.json", "{}"),
    ]);
    let program = Path::new(env!("CARGO_BIN_EXE_lmr")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").expect("PATH"));
    let git = |arguments: &[&str]| {
        Command::new("git")
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("LMR_LANG", "en")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(arguments)
            .output()
            .expect("git runs")
    };
    let done = |arguments: &[&str]| {
        let output = git(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    };
    done(&["init", "--quiet"]);
    let hook = folder.path().join(".git/hooks/pre-commit");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/samples/ci/pre-commit");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("made");
    std::fs::copy(sample, &hook).expect("copied");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("set");

    // The first commit has none before it.
    done(&["add", "."]);
    done(&["commit", "--quiet", "-m", "first"]);

    let write = |text: &str| {
        std::fs::write(folder.path().join("fhir/b.json"), text).expect("written");
    };
    let is_stopped = || {
        let stopped = git(&["commit", "--quiet", "-m", "second"]);
        let text = out(&stopped) + &said(&stopped);
        assert!(!stopped.status.success() && text.contains("b.json"), "{text}");
    };
    write(FAULTY);
    done(&["add", "."]);
    is_stopped();
    // What is in the working folder is not what is in the commit.
    write(RIGHT);
    is_stopped();
    done(&["add", "."]);
    write(FAULTY);
    done(&["commit", "--quiet", "-m", "second"]);
}

#[test]
fn watching_reports_again_after_a_change_and_refuses_standard_input() {
    let folder = folder(&[("a.json", FAULTY)]);
    assert_eq!(validate(folder.path(), &["--watch", "-"]).status.code(), Some(2));
    let mut child = command(folder.path(), &["--ruleset", "none", "--watch", "a.json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lmr runs");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let mut wait = || {
        lines
            .find(|line| line.as_ref().is_ok_and(|line| line.contains("waiting for changes")))
            .expect("it goes on")
            .expect("a line")
    };
    wait();
    std::fs::write(folder.path().join("a.json"), RIGHT).expect("written");
    wait();
    // A project file that is half written, and then whole, ends nothing.
    std::fs::write(folder.path().join(".lmr.toml"), "ruleset = ").expect("written");
    std::thread::sleep(std::time::Duration::from_secs(2));
    std::fs::write(folder.path().join(".lmr.toml"), "ruleset = \"none\"\n").expect("written");
    wait();
    assert!(child.try_wait().expect("a status").is_none(), "it goes on");
    child.kill().expect("ended");
    child.wait().expect("ended");
}

fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("packed");
    encoder.finish().expect("packed")
}

/// The sender reads them from a folder, so whoever checks the folder first must not think that they are right.
#[test]
fn packed_files_of_a_folder_are_checked_and_archives_are_named() {
    let folder = folder(&[("right.json", RIGHT), ("BIG.JSON", FAULTY)]);
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    };
    write("whole.json.gz", &gzip(FAULTY));
    write("lines.ndjson.GZ", &gzip(&format!("{}\n", FAULTY.replace('\n', " "))));
    write("two.zip", b"PK\x03\x04");
    write("notes.gz", &gzip("nothing of ours"));
    let output = validate(folder.path(), &["--ruleset", "none", "--format", "json", "."]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let found = out(&output);
    for (name, is_faulty) in [
        ("BIG.JSON", true),
        ("whole.json.gz", true),
        ("lines.ndjson.GZ", true),
        ("right.json", false),
        ("notes.gz", false),
    ] {
        assert_eq!(found.contains(name), is_faulty, "{name}: {found}");
    }
    assert!(said(&output).contains("1 zip archive was not checked"), "{}", said(&output));
    assert!(said(&output).contains("two.zip"), "{}", said(&output));
    // Cut off.
    let whole = gzip(FAULTY);
    write("cut.json.gz", &whole[..whole.len() / 2]);
    let output = validate(folder.path(), &["--ruleset", "none", "."]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("cut.json.gz"), "{}", said(&output));
}

/// A build that asks for one of the formats must not read success in it for what was not looked at.
#[test]
fn an_archive_in_a_folder_is_an_incomplete_check_in_every_format() {
    let only_archive = folder(&[("m.zip", "PK\u{3}\u{4}")]);
    let folder = folder(&[("right.json", RIGHT), ("below/m.ZIP", "PK\u{3}\u{4}")]);
    for (format, wanted) in [
        ("text", "m.ZIP: "),
        ("json", "\"file\":\"./below/m.ZIP\""),
        ("operation-outcome", "\"severity\":\"fatal\""),
        ("html", "Not everything was checked: an archive was not unpacked."),
        ("sarif", "\"executionSuccessful\": false"),
        ("junit", "tests=\"3\" failures=\"1\" errors=\"1\""),
        ("github", "::error file=./below/m.ZIP"),
    ] {
        let args = ["--ruleset", "none", "--lang", "en", "--format", format, "."];
        let output = validate(folder.path(), &args);
        assert_eq!(output.status.code(), Some(2), "{format}: {}", said(&output));
        assert!(out(&output).contains(wanted), "{format}: {}", out(&output));
        assert!(out(&output).contains("m.ZIP"), "{format}: {}", out(&output));
        let exit_zero = [&args[..], &["--exit-zero"]].concat();
        assert_eq!(validate(folder.path(), &exit_zero).status.code(), Some(2), "{format}");
        // A folder with nothing else is not an empty one.
        let output = validate(only_archive.path(), &args);
        assert_eq!(output.status.code(), Some(2), "{format}");
        assert!(out(&output).contains("m.zip"), "{format}: {}", out(&output));
    }
}

#[test]
fn what_git_does_not_follow_and_what_decides_are_changes() {
    let outside = folder(&[("apart.json", FAULTY)]);
    let rule = "ruleset = \"none\"\n";
    let folder = folder(&[
        (".lmr.toml", rule),
        (".gitignore", "build\n"),
        ("old.json", FAULTY),
        ("build/made.json", FAULTY),
    ]);
    commit(folder.path());
    let checked = |paths: &[&str]| {
        let arguments = [&["--format", "json", "--changed-from", "HEAD"], paths].concat();
        let output = validate(folder.path(), &arguments);
        let names = ["old.json", "made.json", "apart.json"];
        let found: Vec<_> = names.into_iter().filter(|name| out(&output).contains(name)).collect();
        (found.join(" "), said(&output))
    };
    let apart = outside.path().join("apart.json").display().to_string();
    for (paths, expected) in [
        (vec!["."], ""),
        (vec!["old.json"], ""),
        (vec!["build/made.json"], "made.json"),
        (vec!["build"], "made.json"),
        (vec![apart.as_str()], "apart.json"),
        (vec![".", apart.as_str()], "apart.json"),
    ] {
        let (found, said) = checked(&paths);
        assert_eq!(found, expected, "{paths:?}: {said}");
    }
    // Another rule: every file may have other findings.
    let rules = format!(
        "{rule}[[rule]]\nseverity = \"error\"\nid = \"r-1\"\nat = \"Patient\"\nexpression = \"id.exists()\"\ntext = \"has an id\"\n"
    );
    std::fs::write(folder.path().join(".lmr.toml"), rules).expect("written");
    let (found, said) = checked(&["."]);
    assert!(
        found.contains("old.json") && said.contains("all files are checked"),
        "{found}: {said}"
    );
}

/// Documents that are given for references decide what is found, wherever they are in the repository.
#[test]
fn a_changed_document_of_a_reference_is_a_change_of_what_decides() {
    let organization = r#"{"resourceType":"Organization","id":"o"}"#;
    let folder = folder(&[("given/o.json", organization), ("checked/old.json", FAULTY)]);
    commit(folder.path());
    let checked = || {
        validate(
            folder.path(),
            &[
                "--ruleset",
                "none",
                "--changed-from",
                "HEAD",
                "--external",
                "Organization/o=given/o.json",
                "checked",
            ],
        )
    };
    let none = checked();
    assert_eq!(none.status.code(), Some(0), "{}", said(&none));
    let path = folder.path().join("given/o.json");
    std::fs::write(path, organization.replace("\"o\"", "\"p\"")).expect("written");
    let all = checked();
    assert_eq!(all.status.code(), Some(1), "{}", said(&all));
    assert!(said(&all).contains("given/o.json has changed since HEAD"), "{}", said(&all));
}

#[test]
fn a_rule_that_no_resource_could_meet_is_refused() {
    for (at, is_taken) in [
        ("Patient", true),
        ("Patient.name", true),
        ("HumanName", false),
        ("Extension", false),
        ("Extension.url", false),
        ("Identifier.system", false),
        ("Element", false),
        ("BackboneElement", false),
        ("string", false),
        ("Resource", false),
        ("Resource.id", false),
        ("DomainResource", false),
        ("Patiant", false),
        ("Patient.nam", false),
    ] {
        let toml = format!(
            "ruleset = \"none\"\n[[rule]]\nseverity = \"error\"\nid = \"r-1\"\nat = \"{at}\"\nexpression = \"false\"\ntext = \"never\"\n"
        );
        let folder = folder(&[(".lmr.toml", &toml), ("a.json", RIGHT)]);
        let output = validate(folder.path(), &["a.json"]);
        let taken = output.status.code() != Some(2);
        assert_eq!(taken, is_taken, "{at}: {}", said(&output));
        if !is_taken {
            let first = at.split('.').next().expect("a type");
            assert!(said(&output).contains(first), "{at}: {}", said(&output));
        }
    }
}

#[test]
fn the_values_that_the_page_gives_for_advice_are_taken() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let section = page.split("## .lmr.toml").nth(1).expect("the section");
    let row = section.lines().find(|line| line.starts_with("| `advice` |")).expect("the row");
    let values: Vec<&str> = row.split('`').skip(3).step_by(2).collect();
    assert!(values.len() >= 3, "{row}");
    for value in values {
        let toml = format!("advice = \"{value}\"\n");
        let folder = folder(&[(".lmr.toml", &toml), ("a.json", RIGHT)]);
        let output = validate(folder.path(), &["a.json"]);
        assert_ne!(output.status.code(), Some(2), "{value}: {}", said(&output));
    }
}

/// A run of git that must succeed.
fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args(["-c", "protocol.file.allow=always"])
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(done.status.success(), "{arguments:?}: {done:?}");
}

/// Git names the folder of another repository alone, so its files would pass for unchanged.
#[test]
fn files_of_a_repository_in_the_repository_are_checked_when_git_names_its_folder() {
    let folder = folder(&[("old.json", FAULTY)]);
    commit(folder.path());
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).expect("made");
    std::fs::write(inner.join("first.json"), FAULTY).expect("written");
    commit(&inner);
    let checked = |path: &str| {
        let output = validate(
            folder.path(),
            &["--ruleset", "none", "--format", "json", "--changed-from", "HEAD", path],
        );
        let names = ["old.json", "first.json", "second.json"];
        names.into_iter().filter(|name| out(&output).contains(name)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        (checked("."), checked("inner")),
        ("first.json".to_owned(), "first.json".to_owned())
    );
    // A submodule is a change where it has other commits, or files that are not in one.
    git(folder.path(), &["submodule", "--quiet", "add", "./inner", "module"]);
    std::fs::remove_dir_all(&inner).expect("removed");
    git(folder.path(), &["commit", "--quiet", "-m", "a module"]);
    assert_eq!(checked("."), "");
    std::fs::write(folder.path().join("module/second.json"), FAULTY).expect("written");
    assert_eq!(checked("."), "first.json second.json");
}

#[cfg(target_os = "linux")]
#[test]
fn a_changed_file_whose_name_is_not_utf_8_is_checked() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = folder(&[("old.json", FAULTY)]);
    commit(folder.path());
    let name = std::ffi::OsStr::from_bytes(b"s\xf8ster.json");
    std::fs::write(folder.path().join(name), FAULTY).expect("written");
    for is_committed in [false, true] {
        let from = if is_committed { "HEAD~1" } else { "HEAD" };
        if is_committed {
            git(folder.path(), &["add", "."]);
            git(folder.path(), &["commit", "--quiet", "-m", "second"]);
        }
        let output = validate(folder.path(), &["--ruleset", "none", "--changed-from", from, "."]);
        assert_eq!(output.status.code(), Some(1), "{from}: {}", said(&output));
        assert!(out(&output).contains("ster.json"), "{from}: {}", out(&output));
        assert!(!out(&output).contains("old.json"), "{from}: {}", out(&output));
    }
}

/// Without the ignore list, or without a definition, every file may have other findings.
#[test]
fn what_decides_and_was_removed_is_a_change() {
    let profile = r#"{"resourceType":"StructureDefinition","url":"http://example.org/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[{"id":"Patient","path":"Patient"}]}}"#;
    for removed in [".lmr.toml", "package/package/q.json"] {
        let toml = "ruleset = \"none\"\n";
        let manifest = r#"{"name":"own.package","version":"1.0.0"}"#;
        let folder = folder(&[
            (".lmr.toml", toml),
            ("data/old.json", FAULTY),
            ("package/package/package.json", manifest),
            ("package/package/p.json", profile),
            ("package/package/q.json", &profile.replace("/p\"", "/q\"")),
        ]);
        commit(folder.path());
        let checked = || {
            let arguments = ["--package", "package", "--changed-from", "HEAD", "data"];
            said(&validate(folder.path(), &arguments))
        };
        assert!(checked().contains("none of the files has changed"), "{}", checked());
        std::fs::remove_file(folder.path().join(removed)).expect("removed");
        assert!(checked().contains("all files are checked"), "{removed}: {}", checked());
    }
}

#[test]
fn what_git_refuses_names_the_revision_and_the_remedy() {
    let folder = folder(&[("a.json", RIGHT)]);
    commit(folder.path());
    for (revision, expected) in [("", "--changed-from is empty"), ("orgin/main", "orgin/main")] {
        let output = validate(folder.path(), &["a.json", "--changed-from", revision]);
        assert_eq!(output.status.code(), Some(2));
        let said = said(&output);
        assert!(said.contains(expected) && !said.trim_end().ends_with(':'), "{said}");
    }
}

/// The resource would be gone, and the next run would check a report.
#[test]
fn a_report_is_not_written_over_what_is_checked() {
    let folder = folder(&[("data/a.json", FAULTY)]);
    for arguments in [
        &["data/a.json", "--output", "data/a.json"][..],
        &["data", "--output", "data/../data/a.json", "--format", "json"],
        &["data", "--statistics=data/a.json"],
    ] {
        let output = validate(folder.path(), &[arguments, &["--ruleset", "none"]].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", out(&output));
        assert!(said(&output).contains("would be overwritten"), "{}", said(&output));
        let kept = std::fs::read_to_string(folder.path().join("data/a.json")).expect("there");
        assert_eq!(kept, FAULTY);
    }
    let beside = ["data", "--ruleset", "none", "--output", "report.json", "--format", "json"];
    for _ in 0..2 {
        assert_eq!(validate(folder.path(), &beside).status.code(), Some(1));
    }
}

#[test]
fn an_ignore_entry_takes_codes_and_files_in_every_form_that_is_documented() {
    for (entry, is_met) in [
        ("code = \"LMR-5001\"", true),
        ("code = \"5001\"", true),
        ("code = \"LMR-5001\"\nfile = \"./data/a.json\"", true),
        ("code = \"LMR-5001\"\nfile = \"data/*.json\"", true),
        ("code = \"LMR-5001\"\nfile = \"**/a.json\"", true),
        ("code = \"LMR-5001\"\nfile = \"data/**\"", true),
        // One star stays in its folder.
        ("code = \"LMR-5001\"\nfile = \"*.json\"", false),
        ("code = \"LMR-5001\"\nfile = \"*\"", false),
    ] {
        let toml = format!(
            "ruleset = \"none\"\n[[ignore]]\n{entry}\nreason = \"known\"\nuntil = 2099-01-01\n"
        );
        let faulty = r#"{"resourceType":"Patient","gender":"x"}"#;
        let folder = folder(&[(".lmr.toml", &toml), ("data/a.json", faulty)]);
        let output = validate(folder.path(), &["data"]);
        assert_eq!(output.status.code(), Some(i32::from(!is_met)), "{entry}: {}", said(&output));
        assert_eq!(said(&output).contains("met nothing"), !is_met, "{entry}: {}", said(&output));
    }
}

#[test]
fn a_rule_may_be_about_a_choice_and_says_its_own_text_whatever_its_id_is() {
    let rule = |id: &str, at: &str, expression: &str| {
        format!(
            "ruleset = \"none\"\n[[rule]]\nid = \"{id}\"\nat = \"{at}\"\nexpression = \"{expression}\"\nseverity = \"error\"\ntext = \"as we have agreed\"\n"
        )
    };
    let patient = r#"{"resourceType":"Patient","deceasedBoolean":true}"#;
    for (toml, expected) in [
        // R4 has a rule of this key, which says something else.
        (
            rule("pat-1", "Patient", "name.exists()"),
            Ok("Constraint pat-1 is not met: as we have agreed"),
        ),
        (rule("a-1", "Patient.deceased[x]", "$this is dateTime"), Ok("as we have agreed")),
        (rule("a-1", "Patient.name[0]", "true"), Err("the rule a-1 is about Patient.name[0]")),
        (rule("a-1", "Patient.identifier:FNR", "true"), Err("without names of slices")),
        (rule("a-1", "Patient.deceasedBoolean", "true"), Err("Patient.deceased[x]")),
        (rule("a-1", "Patient.deceased", "true"), Err("Patient.deceased[x]")),
        (rule("a-1", "Patient.nme", "true"), Err("the rule a-1 is about Patient.nme")),
    ] {
        let folder = folder(&[(".lmr.toml", &toml), ("a.json", patient)]);
        let output = validate(folder.path(), &["a.json"]);
        let (status, found, expected) = match expected {
            Ok(expected) => (1, out(&output), expected),
            Err(expected) => (2, said(&output), expected),
        };
        assert_eq!(output.status.code(), Some(status), "{toml}: {}", said(&output));
        assert!(found.contains(expected), "{toml}: {found}");
    }
    // In bokmål to the last word.
    let toml = rule("a-1", "Patient", "nme.exists()");
    let folder = folder(&[(".lmr.toml", &toml), ("a.json", patient)]);
    let output = validate(folder.path(), &["a.json", "--lang", "nb"]);
    assert!(said(&output).contains("har ikke noe element nme"), "{}", said(&output));
}

/// Without the file that the project has agreed on, the verdict would be another one.
#[test]
fn a_project_file_that_is_not_a_file_is_an_error() {
    let folder = folder(&[("a.json", RIGHT), (".lmr.toml/x", "")]);
    let output = validate(folder.path(), &["a.json"]);
    assert_eq!(output.status.code(), Some(2), "{}", out(&output));
    assert!(said(&output).contains(".lmr.toml"), "{}", said(&output));
    assert_ne!(validate(folder.path(), &["a.json", "--no-project"]).status.code(), Some(2));
}
