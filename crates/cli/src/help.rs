//! `--help` in bokmål. The English texts are the commands' own doc comments; [`bokmal`] has the other
//! language for each, and a test asks for every text of every command and argument.

mod bokmal;

use std::ffi::OsString;
use std::io::IsTerminal as _;

use clap::builder::{PossibleValue, PossibleValuesParser, StyledStr};
use clap::error::ErrorKind;
use clap::{Arg, Command};

/// What clap writes by itself, in the order in which it is replaced. A line may end between its words.
const LABELS: &[(&str, &str)] = &[
    ("Usage:", "Bruk:"),
    ("Arguments:", "Argumenter:"),
    ("Options:", "Valg:"),
    ("Commands:", "Kommandoer:"),
    ("Possible values:", "Mulige verdier:"),
    ("[possible", "[mulige"),
    ("values:", "verdier:"),
    ("[default:", "[standard:"),
    ("[env:", "[miljøvariabel:"),
    ("[OPTIONS]", "[VALG]"),
    ("<COMMAND>", "<KOMMANDO>"),
    ("[COMMAND]", "[KOMMANDO]"),
];

/// The English texts and those in bokmål of all commands that this system has.
fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let all = bokmal::TEXTS.iter();
    #[cfg(windows)]
    let all = all.chain(bokmal::windows::TEXTS);
    all
}

/// The help that these arguments ask for, in bokmål; `None` if they ask for none.
///
/// The commands are read again with their texts replaced. They are then of no use for anything but
/// help: a value's parser is replaced by one that shows the values' texts.
pub(crate) fn in_bokmal(
    command: Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Option<String> {
    let mut command = command;
    command.build();
    let error = translated(command).try_get_matches_from(arguments).err()?;
    let asked = [ErrorKind::DisplayHelp, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
    if !asked.contains(&error.kind()) {
        return None;
    }
    let coloured = std::io::stdout().is_terminal() && no_colour_is_not_asked_for();
    let text = error.render();
    let text = if coloured { text.ansi().to_string() } else { text.to_string() };
    Some(labelled(text))
}

/// What clap has written, with its own words in bokmål.
pub(crate) fn labelled(text: String) -> String {
    LABELS.iter().fold(text, |text, (en, nb)| text.replace(en, nb))
}

fn no_colour_is_not_asked_for() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn translated(command: Command) -> Command {
    let (about, long) = (text_of(command.get_about()), text_of(command.get_long_about()));
    let mut command = command.mut_args(translated_argument).mut_subcommands(translated);
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(long) = long {
        command = command.long_about(long);
    }
    command
}

fn translated_argument(argument: Arg) -> Arg {
    let (help, long) = (text_of(argument.get_help()), text_of(argument.get_long_help()));
    let heading = argument.get_help_heading().map(in_language);
    let values: Vec<PossibleValue> =
        argument.get_possible_values().into_iter().map(translated_value).collect();
    let mut argument = argument;
    if argument.get_action().takes_values() && !values.is_empty() {
        argument = argument.value_parser(PossibleValuesParser::new(values));
    }
    if let Some(help) = help {
        argument = argument.help(help);
    }
    if let Some(long) = long {
        argument = argument.long_help(long);
    }
    if let Some(heading) = heading {
        // clap keeps a heading for as long as the program runs, as it does its own.
        argument = argument.help_heading(&*heading.leak());
    }
    argument
}

fn translated_value(value: PossibleValue) -> PossibleValue {
    match value.get_help() {
        Some(help) => {
            let help = in_language(&help.to_string());
            value.help(help)
        }
        None => value,
    }
}

fn text_of(text: Option<&StyledStr>) -> Option<String> {
    text.map(|text| in_language(&text.to_string()))
}

/// A text paragraph by paragraph in bokmål. English where there is none, which the test does not let happen.
fn in_language(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| match bokmal_of(paragraph) {
        Some(nb) => format!("{nb}{}", if paragraph.ends_with('.') { "." } else { "" }),
        None => paragraph.to_owned(),
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn bokmal_of(paragraph: &str) -> Option<&'static str> {
    let key = paragraph.trim().trim_end_matches('.');
    all().find(|(en, _)| *en == key).map(|(_, nb)| *nb)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use std::collections::{BTreeMap, BTreeSet};

    use clap::CommandFactory as _;

    use super::*;
    use crate::Arguments;

    /// Every text of the command, by paragraph, with where it is from; arguments without one in the second.
    fn texts(
        command: &Command,
        path: &str,
        found: &mut BTreeMap<String, String>,
        without: &mut Vec<String>,
    ) {
        let mut add = |text: Option<String>, at: &str| {
            for paragraph in text.iter().flat_map(|text| text.split("\n\n")) {
                let key = paragraph.trim().trim_end_matches('.').to_owned();
                found.entry(key).or_insert_with(|| at.to_owned());
            }
        };
        let shown = |text: Option<&StyledStr>| text.map(ToString::to_string);
        add(shown(command.get_about()), path);
        add(shown(command.get_long_about()), path);
        if command.get_about().is_none() {
            without.push(path.to_owned());
        }
        for argument in command.get_arguments() {
            let at = format!("{path} {}", argument.get_id());
            if argument.get_help().is_none() && argument.get_long_help().is_none() {
                without.push(at.clone());
            }
            add(shown(argument.get_help()), &at);
            add(shown(argument.get_long_help()), &at);
            add(argument.get_help_heading().map(str::to_owned), &at);
            for value in argument.get_possible_values() {
                add(shown(value.get_help()), &at);
            }
        }
        for inner in command.get_subcommands() {
            texts(inner, &format!("{path} {}", inner.get_name()), found, without);
        }
    }

    #[test]
    fn every_command_and_argument_has_a_text_in_both_languages() {
        let mut command = Arguments::command();
        command.build();
        let (mut found, mut without) = (BTreeMap::new(), Vec::new());
        texts(&command, "lmr", &mut found, &mut without);
        without.retain(|at| !at.contains(" help "));
        assert!(without.is_empty(), "without any help text: {without:#?}");
        assert!(found.len() > 150, "{}", found.len());
        let missing: Vec<_> = found.iter().filter(|(text, _)| bokmal_of(text).is_none()).collect();
        assert!(missing.is_empty(), "not in help/bokmal.rs: {missing:#?}");

        let mut seen = BTreeSet::new();
        for (en, nb) in all() {
            assert!(seen.insert(*en), "twice in help/bokmal.rs: {en}");
            assert!(!nb.is_empty() && !nb.ends_with('.'), "{nb:?}");
        }
        // Which of its own texts clap uses depends on how much help a command has.
        let clap = |en: &str| en.starts_with("Print help") || en.starts_with("Print version");
        let unused: Vec<_> =
            seen.iter().filter(|en| !clap(en) && !found.contains_key(**en)).collect();
        assert!(unused.is_empty(), "no command has these texts any more: {unused:#?}");
    }

    #[test]
    fn help_is_in_bokmal_down_to_labels_and_values() {
        let ask = |arguments: &[&str]| {
            let arguments = ["lmr"].iter().chain(arguments).map(OsString::from);
            in_bokmal(Arguments::command(), arguments.collect::<Vec<_>>())
        };
        let top = ask(&["--help"]).unwrap();
        assert!(
            top.contains("Bruk: lmr [VALG] <KOMMANDO>") && top.contains("Kommandoer:"),
            "{top}"
        );
        assert!(top.contains("Kontroller FHIR-filer mot registerets regler"), "{top}");
        let validate = ask(&["validate", "--help"]).unwrap();
        for text in [
            "Argumenter:",
            "Valg:",
            "Finjustering (med --ruleset none):",
            "Én selvstendig side",
            "[standard: ",
        ] {
            assert!(validate.contains(text), "{text}: {validate}");
        }
        for words in
            [&["help", "send"][..], &["send", "release", "-h"], &["admin", "register", "--help"]]
        {
            let text = ask(words).unwrap();
            for english in ["Usage", "Options", "default:", "Print ", "Exit status", " the "] {
                assert!(!text.contains(english), "{words:?} {english}: {text}");
            }
        }
        assert_eq!(ask(&["validate", "file.json"]), None);
    }

    /// Wherever a line ends.
    #[test]
    fn no_command_has_a_label_in_english() {
        fn look_at(command: &mut Command) -> usize {
            let name = command.get_name().to_owned();
            let pages = [command.render_help(), command.render_long_help()];
            for text in pages.map(|text| labelled(text.to_string())) {
                for label in ["Usage:", "Options:", "Commands:", "default:", "values:", "[env"] {
                    assert!(!text.contains(label), "{name} {label}: {text}");
                }
            }
            1 + command.get_subcommands_mut().map(look_at).sum::<usize>()
        }
        let mut command = Arguments::command();
        command.build();
        let count = look_at(&mut translated(command));
        assert!(count > 70, "only {count} commands were looked at");
    }
}
