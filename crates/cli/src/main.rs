//! The one binary, `lmr`: reads arguments, configuration, clock and environment, and wires the rooms
//! together. Nothing below this crate looks at any of them.
#![expect(clippy::print_stderr, reason = "this crate is where people are told")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod admin;
mod clock;
mod codes;
mod config;
mod demo;
mod doctor;
mod envelope;
mod fhirpath;
mod output;
mod package;
mod sandbox;
mod send;
mod serve;
mod terminology;
mod validate;

/// Open transfer chain to the Norwegian medicine registry (Legemiddelregisteret).
///
/// `lmr demo --once` runs the whole chain on this machine; `lmr help COMMAND` explains one command.
#[derive(Parser)]
#[command(name = "lmr", version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Validate(validate::Validate),
    Fhirpath(fhirpath::Fhirpath),
    Package(package::Package),
    Terminology(terminology::Terminology),
    Codes(codes::Codes),
    Seal(envelope::Seal),
    Open(envelope::Open),
    Serve(serve::Serve),
    Send(send::Send),
    Admin(admin::Admin),
    Doctor(doctor::Doctor),
    Sandbox(sandbox::Sandbox),
}

/// Exit status for input or arguments that cannot be used.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Demo(command) => command.run(),
        Command::Validate(command) => command.run(),
        Command::Fhirpath(command) => command.run(),
        Command::Package(command) => command.run(),
        Command::Terminology(command) => command.run(),
        Command::Codes(command) => command.run(),
        Command::Seal(command) => command.run(),
        Command::Open(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Send(command) => command.run(),
        Command::Admin(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Sandbox(command) => command.run(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("lmr: {}", output::chain(&error));
        ExitCode::from(UNUSABLE)
    })
}
