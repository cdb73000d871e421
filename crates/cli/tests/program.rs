//! The program as these tests run it.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program that was built with the tests.
pub(crate) fn lmr(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmr"));
    command.args(arguments);
    command
}

/// The same in a folder, in English.
pub(crate) fn lmr_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = lmr(arguments);
    command.current_dir(folder).env("LMR_LANG", "en");
    command
}

/// Gives it its input, and waits until it ends.
pub(crate) fn with_input(mut command: Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("lmr runs");
    match child.stdin.take().expect("its input").write_all(input) {
        // It may have ended before it read anything: wrong arguments.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("{error}"),
        _ => {}
    }
    child.wait_with_output().expect("lmr ends")
}
