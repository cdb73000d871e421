//! What lenient reading noted, as issues.

use lmr_fhir::{Document, Kind, SyntaxIssueKind};

use super::Plan;
use crate::issue::Arg;
use crate::validate::parse;

impl Plan<'_> {
    /// What lenient reading noted.
    pub(super) fn syntax_issues(&mut self) {
        for (count, problem) in self.shared.document.syntax_issues().iter().enumerate() {
            if count > self.shared.options.max_issues {
                break;
            }
            if problem.kind == SyntaxIssueKind::Comment && self.shared.options.allow_comments {
                continue;
            }
            let Some(mut at) = self.shared.document.node(problem.node) else { continue };
            let message = parse::message(problem);
            let mut args = Vec::new();
            match problem.kind {
                SyntaxIssueKind::DuplicateKey => {
                    args.push(Arg::Name(at.key().unwrap_or_default().into_owned()));
                    at = at.parent().unwrap_or(at);
                }
                SyntaxIssueKind::BareName => {
                    args.push(Arg::Name(name_at(self.shared.document, problem.offset)));
                    at = if at.kind() == Kind::Object { at } else { at.parent().unwrap_or(at) };
                }
                SyntaxIssueKind::BareValue => {
                    args.push(Arg::Name(at.key().unwrap_or("item".into()).into_owned()));
                    // The reference names the object for members, the item for array items.
                    if at.parent().is_some_and(|p| p.kind() == Kind::Object) {
                        at = at.parent().unwrap_or(at);
                    }
                }
                SyntaxIssueKind::TrailingComma => {
                    args.push(match at.kind() {
                        Kind::Array => Arg::Said { en: "Array", nb: "listen" },
                        _ => Arg::Said { en: "Object", nb: "objektet" },
                    });
                }
                SyntaxIssueKind::LoneSurrogate => args.push(Arg::Said {
                    en: "half of a pair of \\u escapes (lone surrogate)",
                    nb: "et halvt par av \\u-koder (enslig surrogat)",
                }),
                SyntaxIssueKind::ControlCharacter => {
                    args.push(Arg::Said {
                        en: "control character in a string",
                        nb: "styretegn i en tekst",
                    });
                }
                _ => {}
            }
            let mut issue = self.shared.issue(message, at, args, None);
            let here = self.shared.document.location(problem.offset as usize);
            (issue.line, issue.column) = (here.line, here.column);
            self.issues.push(issue);
        }
    }
}

fn name_at(document: &Document<'_>, offset: u32) -> String {
    let rest = document.source().get(offset as usize..).unwrap_or_default();
    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').take(64).collect()
}
