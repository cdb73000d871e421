//! Faults of the JSON itself as issues.

use lmr_fhir::ParseError;

use crate::issue::Issue;
use crate::messages::Message;

/// The one issue of a text that cannot be read.
pub(crate) fn unreadable(error: &ParseError) -> Issue {
    let message = Message::JsonParse { reason: error.kind.to_string().into() };
    Issue {
        severity: message.severity(),
        code: message.code(),
        message,
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
