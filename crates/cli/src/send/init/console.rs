//! Questions and answers at a terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::text::{Explain, text};

/// Asks a person.
pub(super) trait Console {
    /// The line that was answered; `None` at the end of input.
    fn ask(&mut self, question: &str) -> anyhow::Result<Option<String>>;
    /// Says why an answer cannot be used.
    fn explain(&mut self, text: &str);
}

/// Standard input and standard error, where both are a terminal.
pub(super) struct Terminal(());

impl Terminal {
    /// The process's terminal, if somebody sits at it.
    pub(super) fn of_process() -> Option<Self> {
        (io::stdin().is_terminal() && io::stderr().is_terminal()).then_some(Self(()))
    }
}

impl Console for Terminal {
    fn ask(&mut self, question: &str) -> anyhow::Result<Option<String>> {
        let cannot = || text!("kan ikke spørre på terminalen", "cannot ask at the terminal");
        let mut out = io::stderr().lock();
        write!(out, "{question} ").and_then(|()| out.flush()).explain(cannot)?;
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line).explain(cannot)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    fn explain(&mut self, text: &str) {
        crate::output::complain(text);
    }
}
