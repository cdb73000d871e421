//! The one binary, `lmr`: reads arguments, configuration, clock and environment, and wires the rooms
//! together. Nothing below this crate looks at any of them.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::Language;

mod admin;
mod clock;
mod codes;
mod config;
mod console;
mod demo;
mod doctor;
mod envelope;
mod example;
mod explain;
mod fhirpath;
mod hangups;
mod help;
mod input;
mod log;
mod lsp;
#[cfg(feature = "otlp")]
mod otlp;
mod output;
mod package;
mod receipt;
mod rulesets;
mod sandbox;
mod send;
mod serve;
#[cfg(windows)]
mod service;
mod shell;
mod terminology;
mod text;
mod usage;
mod validate;
mod web;

/// musl's own allocator makes several threads wait for one lock; packages are built with musl.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Open transfer chain to the Norwegian medicine registry (Legemiddelregisteret).
///
/// `lmr demo --once` runs the whole chain on this machine; `lmr help COMMAND` explains one command.
#[derive(Parser)]
#[command(name = "lmr", version, max_term_width = 110)]
struct Arguments {
    /// Language of what is printed, errors included
    #[arg(long, global = true, env = "LMR_LANG", value_parser = output::language(), default_value_t)]
    lang: Language,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Validate(validate::Validate),
    Explain(explain::Explain),
    Example(example::Example),
    Web(web::Web),
    Fhirpath(fhirpath::Fhirpath),
    Package(package::Package),
    Terminology(terminology::Terminology),
    Codes(codes::Codes),
    #[command(name = "rulesets")]
    RuleSets(rulesets::RuleSets),
    Seal(envelope::Seal),
    Open(envelope::Open),
    Receipt(receipt::ReceiptCommand),
    Serve(serve::Serve),
    #[cfg(windows)]
    Service(service::Service),
    Send(send::Send),
    Admin(admin::Admin),
    Doctor(doctor::Doctor),
    Sandbox(sandbox::Sandbox),
    Lsp(lsp::Lsp),
    Completions(shell::Completions),
    Man(shell::Man),
}

/// Exit status for input or arguments that cannot be used.
const UNUSABLE: u8 = 2;
/// Exit status of a service that cannot start now, for what passes by itself. The units have no new attempts after
/// [`UNUSABLE`], and make some after this.
const NOT_NOW: u8 = 3;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage::explain(&error),
    };
    let lang = arguments.lang;
    let is_service = match &arguments.command {
        Command::Serve(_) => true,
        Command::Send(send) => send.is_daemon(),
        _ => false,
    };
    let result = match arguments.command {
        Command::Demo(command) => command.run(lang),
        Command::Validate(command) => command.run(lang),
        Command::Example(command) => command.run(lang),
        Command::Explain(command) => command.run(lang),
        Command::Web(command) => command.run(lang),
        Command::Fhirpath(command) => command.run(lang),
        Command::Package(command) => command.run(lang),
        Command::Terminology(command) => command.run(lang),
        Command::Codes(command) => command.run(lang),
        Command::RuleSets(command) => command.run(lang),
        Command::Seal(command) => command.run(lang),
        Command::Open(command) => command.run(lang),
        Command::Receipt(command) => command.run(lang),
        Command::Serve(command) => command.run(lang),
        #[cfg(windows)]
        Command::Service(command) => command.run(lang),
        Command::Send(command) => command.run(),
        Command::Admin(command) => command.run(lang),
        Command::Doctor(command) => command.run(lang),
        Command::Sandbox(command) => command.run(lang),
        Command::Lsp(command) => command.run(lang),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    result.unwrap_or_else(|error| {
        output::complain(&format!("lmr: {}", text::chain(&error, lang)));
        ExitCode::from(if is_service && text::is_passing(&error) { NOT_NOW } else { UNUSABLE })
    })
}
