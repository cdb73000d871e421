//! Commands and options.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use super::{Code, Page, files, none, pages, root};
use crate::world::lmr;

/// Every command by its words (`send run`), with its options.
struct Commands(BTreeMap<String, BTreeSet<String>>);

/// A command that another system has; its source says what it takes.
const OF_WINDOWS: &str = "service";

/// Options of other programs that sentences name without the program.
const FOREIGN: [&str; 3] = ["--features", "--remap-path-prefix", "--workspace"];

impl Commands {
    /// As the manual pages have them: they are made from the arguments that the program reads.
    fn of_the_program() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let status = Command::new(lmr()).arg("man").arg(folder.path()).status().expect("lmr runs");
        assert!(status.success());
        let mut all = BTreeMap::new();
        for path in files(folder.path()) {
            let page = std::fs::read_to_string(&path).expect("UTF-8").replace("\\-", "-");
            let synopsis = page.split(".SH SYNOPSIS\n").nth(1).expect("a synopsis");
            let synopsis = synopsis.lines().next().unwrap_or_default();
            let words = synopsis.strip_prefix("\\fBlmr").and_then(|rest| rest.split("\\fR").next());
            let options = page
                .split("\\fB")
                .filter_map(|part| part.split("\\fR").next())
                .filter(|part| part.starts_with('-'));
            let options: BTreeSet<String> = options.map(str::to_owned).collect();
            all.insert(words.expect("a command").trim().to_owned(), options);
        }
        assert!(all.len() > 70 && all["send run"].contains("--dry-run"), "{:?}", all.keys());
        Self(all)
    }

    /// How many of these words name a command.
    fn depth(&self, words: &[&str]) -> usize {
        let is_known = |count: &usize| self.0.contains_key(&words[..*count].join(" "));
        (1..=words.len()).take_while(is_known).last().unwrap_or(0)
    }

    /// Whether the command, or one below it, has the option; globally, if it is none's.
    fn has(&self, command: &str, option: &str) -> bool {
        let mut all = self.0.iter();
        all.any(|(name, options)| {
            let is_below = name.strip_prefix(command);
            is_below
                .is_some_and(|rest| command.is_empty() || rest.is_empty() || rest.starts_with(' '))
                && options.contains(option)
        })
    }

    /// What is wrong with a call of the program, by the words after its name.
    fn wrong(&self, words: &[String]) -> Option<String> {
        let is_word = |word: &str| {
            word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-')
        };
        // Options of all commands may be before the command: `lmr send --config FILE daemon`.
        let mut named: Vec<&str> = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "--config" | "--format" | "--lang" => drop(rest.next()),
                option if option.starts_with('-') => {}
                word => named.push(word),
            }
        }
        let depth = self.depth(&named);
        let command = named[..depth].join(" ");
        if command.is_empty() && named.first() == Some(&OF_WINDOWS) {
            return None;
        }
        if let Some(unknown) = named.get(depth).filter(|word| is_word(word)) {
            // `help` takes what it explains; below a command with further ones there is nothing but those.
            let has_further =
                depth == 0 || self.0.keys().any(|name| name.starts_with(&format!("{command} ")));
            if has_further && *unknown != "help" {
                return Some(format!("there is no command {command} {unknown}"));
            }
        }
        let options = words.iter().filter(|word| word.starts_with('-') && word.len() > 1);
        let names = options.map(|option| option.split('=').next().unwrap_or_default());
        let names = names.map(|name| name.trim_end_matches([',', '.', ';']));
        let mut unknown = names.filter(|name| !self.has(&command, name) && !is_of_all(name));
        unknown.next().map(|name| format!("{command} has no {name}"))
    }
}

fn is_of_all(option: &str) -> bool {
    ["--lang", "--help", "-h", "--version"].contains(&option)
}

/// The calls in a line of code: the words after the program's name, for each.
fn calls(code: &Code<'_>) -> Vec<Vec<String>> {
    let without_comment = code.text.split(" #").next().unwrap_or_default();
    // A quoted argument is one word, whatever is in it.
    let parts: Vec<&str> = without_comment.split('"').step_by(2).collect();
    let mut found = Vec::new();
    for segment in parts.join("QUOTED").split(['|', ';', '&', '(', ')', '>']) {
        let mut words = segment.split_whitespace();
        let is_program = words.next().is_some_and(|first| {
            let name = first.rsplit(['/', '\\']).next().unwrap_or_default();
            name == "lmr" || name == "lmr.exe"
        });
        if is_program {
            found.push(words.filter(|word| *word != "…").map(str::to_owned).collect());
        }
    }
    found
}

#[test]
fn every_command_and_option_of_the_documentation_exists() {
    let commands = Commands::of_the_program();
    let windows =
        std::fs::read_to_string(root().join("crates/cli/src/service.rs")).expect("a file");
    let scripts = options_of_scripts();
    let (pages, mut wrong, mut count) = (pages(), Vec::new(), 0);
    for code in pages.iter().flat_map(Page::codes) {
        for words in calls(&code) {
            count += 1;
            wrong.extend(commands.wrong(&words).map(|fault| code.at(&fault)));
        }
        if !code.is_block && code.text.starts_with("--") {
            let option = code.text.split([' ', '=']).next().unwrap_or_default();
            let field = option.trim_start_matches('-').replace('-', "_");
            let is_known = commands.has("", option)
                || is_of_all(option)
                || FOREIGN.contains(&option)
                || scripts.contains(option)
                || windows.contains(&format!("{field}: "));
            if !is_known {
                wrong.push(code.at("nothing has this option"));
            }
        }
    }
    none(&wrong);
    assert!(count > 300, "only {count} calls were looked at");
}

/// The options that the repository's scripts and tools name themselves.
fn options_of_scripts() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for folder in ["scripts", "bench", "tools", "fuzz", "bindings"] {
        for path in files(&root().join(folder)) {
            let is_tool = path.extension().is_none_or(|ending| {
                ["rs", "py", "mjs", "sh"].iter().any(|known| ending == *known)
            });
            let Some(text) = is_tool.then(|| std::fs::read_to_string(&path).ok()).flatten() else {
                continue;
            };
            let is_rust = path.extension().is_some_and(|ending| ending == "rs");
            for line in text.lines().map(str::trim) {
                if is_rust && let Some((field, _)) = line.split_once(": ") {
                    all.insert(format!("--{}", field.trim_start_matches("pub ").replace('_', "-")));
                }
                for part in line.split("--").skip(1) {
                    let name: String = part
                        .chars()
                        .take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
                        .collect();
                    all.insert(format!("--{name}"));
                }
            }
        }
    }
    all
}

/// Whoever only reads finds every command: by its whole name, or in a table by its last word.
#[test]
fn every_command_is_on_a_page() {
    let commands = Commands::of_the_program();
    let pages = pages();
    let codes: Vec<Code> = pages.iter().flat_map(Page::codes).collect();
    let mut missing = Vec::new();
    for name in commands.0.keys().filter(|name| !name.is_empty()) {
        let has_further = commands.0.keys().any(|other| other.starts_with(&format!("{name} ")));
        let last = name.rsplit(' ').next().unwrap_or_default();
        let is_named = codes.iter().any(|code| {
            let mut words = code.text.split_whitespace();
            let is_of_a_table = !code.is_block && words.next() == Some(last) && last.len() > 4;
            is_of_a_table || code.text.contains(&format!("lmr {name}"))
        });
        if !has_further && !is_named {
            missing.push(format!("lmr {name} is on no page"));
        }
    }
    none(&missing);
}

/// The reader of commands notices what is wrong: otherwise a page could say anything.
#[test]
fn a_wrong_command_or_option_is_noticed() {
    let commands = Commands::of_the_program();
    for (text, is_right) in [
        ("lmr send run --dry-run --config sender.toml", true),
        ("lmr send --config /etc/lmr/sender.toml daemon", true),
        ("target/release/lmr demo --once", true),
        ("lmr help COMMAND", true),
        ("lmr explain Patient.identifier", true),
        ("echo x | lmr validate --quiet - # --no-such-option", true),
        ("lmr send rum --config sender.toml", false),
        ("lmr send run --dryrun", false),
        ("lmr sent", false),
        ("lmr admin audit verfy", false),
        ("cat x | lmr validate --silent -", false),
        ("lmr admin senders --dry-run", false),
    ] {
        let code = Code { page: "", line: 0, text, is_block: true };
        let faults: Vec<_> =
            calls(&code).iter().filter_map(|words| commands.wrong(words)).collect();
        assert_eq!((calls(&code).len(), faults.is_empty()), (1, is_right), "{text}: {faults:?}");
    }
}
