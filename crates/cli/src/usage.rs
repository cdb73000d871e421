//! Arguments that cannot be used, and help, in bokmål. In English clap explains them itself.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Error};

use crate::output::Language;
use crate::{Arguments, UNUSABLE, help};

/// Prints what is wrong with the arguments, or the help that was asked for.
pub(crate) fn explain(error: &Error) -> ExitCode {
    let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let bokmal = language() == Language::Bokmal;
    if let Some(text) =
        bokmal.then(|| help::in_bokmal(Arguments::command(), std::env::args_os())).flatten()
    {
        // A reader that went away does not change the exit status.
        drop(if help { write!(io::stdout(), "{text}") } else { write!(io::stderr(), "{text}") });
    } else if let Some(text) = in_bokmal(error).filter(|_| bokmal) {
        crate::output::complain(&text);
    } else {
        drop(error.print());
        if let Some(remedy) = remedy(error) {
            crate::output::complain(remedy);
        }
    }
    if help { ExitCode::SUCCESS } else { ExitCode::from(UNUSABLE) }
}

/// What to write instead, where the library only says in English what it met.
fn remedy(error: &Error) -> Option<&'static str> {
    let is_date = error.source().is_some_and(<dyn std::error::Error>::is::<jiff::Error>);
    is_date.then_some("\nA date is written 2026-11-25.")
}

/// The language asked for, as far as it can be known when the arguments cannot be read.
#[expect(clippy::disallowed_methods, reason = "the environment is read in this crate only")]
fn language() -> Language {
    let mut asked = std::env::var("LMR_LANG").ok();
    let mut arguments = std::env::args_os().filter_map(|argument| argument.into_string().ok());
    while let Some(argument) = arguments.next() {
        if argument == "--lang" {
            asked = arguments.next();
        } else if let Some(tag) = argument.strip_prefix("--lang=") {
            asked = Some(tag.to_owned());
        }
    }
    asked.and_then(|tag| tag.parse().ok()).unwrap_or_default()
}

/// The sentence in bokmål; `None` for help, and for what clap alone can explain.
fn in_bokmal(error: &Error) -> Option<String> {
    let get = |kind| error.get(kind).map(words);
    let argument = get(ContextKind::InvalidArg);
    let mut text = match error.kind() {
        ErrorKind::UnknownArgument => format!("argumentet {} er ukjent", argument?),
        ErrorKind::InvalidSubcommand => {
            format!("kommandoen {} er ukjent", get(ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::MissingSubcommand => "det mangler en kommando".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("det mangler: {}", argument?),
        ErrorKind::ArgumentConflict => format!(
            "{} kan ikke brukes sammen med {}",
            argument?,
            get(ContextKind::PriorArg).unwrap_or_default()
        ),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = get(ContextKind::InvalidValue)?;
            if value.is_empty() {
                format!("{} mangler en verdi", argument?)
            } else {
                let reason = error.source().and_then(reason).map(|reason| format!(": {reason}"));
                format!(
                    "verdien «{value}» kan ikke brukes for {}{}",
                    argument?,
                    reason.unwrap_or_default()
                )
            }
        }
        _ => return None,
    };
    let valid = get(ContextKind::ValidValue).filter(|values| !values.is_empty());
    if let Some(values) = valid {
        let _ = write!(text, "\n  mulige verdier: {values}");
    }
    let commands = get(ContextKind::ValidSubcommand).filter(|commands| !commands.is_empty());
    if let Some(commands) = commands {
        let _ = write!(text, "\n  kommandoer: {commands}");
    }
    let near =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(near) = near.into_iter().find_map(get) {
        let _ = write!(text, "\n  mente du {near}?");
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        let _ = write!(text, "\n\n{}", help::labelled(usage.to_string()));
    }
    Some(format!("lmr: {text}\n\n«lmr help» viser kommandoene, «--help» en kommandos argumenter."))
}

/// Why a value cannot be used, in bokmål; `None` where only a library says it, in English.
fn reason(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(text) = crate::text::in_bokmal(error) {
        return Some(text);
    }
    let said = error.to_string();
    if let Some((value, range)) = said.split_once(" is not in ") {
        return Some(format!("{value} er ikke i {range}"));
    }
    // What clap itself finds of a number comes as a text.
    let not_a_number = ["", "x", "99999999999999999999"]
        .map(|text| text.parse::<i64>().map_or_else(|error| error.to_string(), |_| String::new()));
    not_a_number.contains(&said).then(|| "det skal være et helt tall".to_owned())
}

fn words(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(list) => list.join(", "),
        other => other.to_string(),
    }
}
