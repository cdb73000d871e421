//! Faults of the JSON itself as issues.

use lmr_fhir::{ParseError, SyntaxIssue, SyntaxIssueKind};

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
pub(crate) fn message(problem: &SyntaxIssue) -> Message {
    match problem.kind {
        SyntaxIssueKind::Comment => Message::JsonComments,
        SyntaxIssueKind::TrailingComma => Message::JsonCommaExtra,
        SyntaxIssueKind::MissingComma => Message::JsonCommaMissing,
        SyntaxIssueKind::BareName => Message::JsonNoQuotes,
        SyntaxIssueKind::BareValue => Message::JsonValueNoQuotes,
        SyntaxIssueKind::DuplicateKey => Message::JsonDuplicate,
        _ => Message::JsonOther,
    }
}
