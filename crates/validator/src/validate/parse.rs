//! Faults of the JSON itself as issues.

use lmr_fhir::{ParseError, Problem, ProblemKind};

use crate::issue::{Arg, Issue, MessageId};
use crate::messages::Message;

/// The one issue of a text that cannot be read.
pub(crate) fn unreadable(error: &ParseError) -> Issue {
    let message = Message::JsonParse;
    Issue {
        severity: message.severity(),
        code: message.code(),
        id: MessageId::Catalogue(message),
        args: vec![Arg::Text(error.kind.to_string())],
        expression: String::new(),
        local_expression: String::new(),
        entry: None,
        line: error.line,
        column: error.column,
        span: error.offset..error.offset,
        profile: None,
        inner: Vec::new(),
    }
}

/// Message of a fault that reading went over.
pub(crate) fn message(problem: &Problem) -> Message {
    match problem.kind {
        ProblemKind::Comment => Message::JsonComments,
        ProblemKind::TrailingComma => Message::JsonCommaExtra,
        ProblemKind::MissingComma => Message::JsonCommaMissing,
        ProblemKind::BareName => Message::JsonNoQuotes,
        ProblemKind::BareValue => Message::JsonValueNoQuotes,
        ProblemKind::DuplicateKey => Message::JsonDuplicate,
        _ => Message::JsonOther,
    }
}
