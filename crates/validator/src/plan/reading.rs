//! What lenient reading noted, as issues.

use std::ops::Range;

use lmr_fhir::{Bilingual, Document, Kind, SyntaxIssue, SyntaxIssueKind};

use super::Plan;
use crate::messages::Message;
use crate::messages::field::Words;

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
            let message = match problem.kind {
                SyntaxIssueKind::Comment => Message::JsonComments,
                SyntaxIssueKind::MissingComma => Message::JsonCommaMissing,
                SyntaxIssueKind::DuplicateKey => {
                    let property = at.key().unwrap_or_default().into();
                    at = at.parent().unwrap_or(at);
                    Message::JsonDuplicate { property }
                }
                SyntaxIssueKind::BareName => {
                    let property = name_at(self.shared.document, problem.offset).into();
                    at = if at.kind() == Kind::Object { at } else { at.parent().unwrap_or(at) };
                    Message::JsonNoQuotes { property }
                }
                SyntaxIssueKind::BareValue => {
                    let property = at.key().unwrap_or("item".into()).into();
                    // The reference names the object for members, the item for array items.
                    if at.parent().is_some_and(|p| p.kind() == Kind::Object) {
                        at = at.parent().unwrap_or(at);
                    }
                    Message::JsonValueNoQuotes { property }
                }
                SyntaxIssueKind::TrailingComma => Message::JsonCommaExtra {
                    container: match at.kind() {
                        Kind::Array => Words::of(&Bilingual { en: "Array", nb: "listen" }),
                        _ => Words::of(&Bilingual { en: "Object", nb: "objektet" }),
                    },
                },
                SyntaxIssueKind::LoneSurrogate => Message::JsonOther {
                    reason: Words::of(&Bilingual {
                        en: "half of a pair of \\u escapes (lone surrogate)",
                        nb: "et halvt par av \\u-koder (enslig surrogat)",
                    }),
                },
                SyntaxIssueKind::ControlCharacter => Message::JsonOther {
                    reason: Words::of(&Bilingual {
                        en: "control character in a string",
                        nb: "styretegn i en tekst",
                    }),
                },
                // The enum may grow; what a new kind is called is not known here.
                _ => Message::JsonOther {
                    reason: Words::of(&Bilingual {
                        en: "not written as JSON requires",
                        nb: "ikke skrevet slik JSON krever",
                    }),
                },
            };
            let mut issue = self.shared.issue(message, at, None);
            issue.span = self.deviation(problem);
            let here = self.shared.document.location(problem.offset as usize);
            (issue.line, issue.column) = (here.line, here.column);
            self.issues.push(issue);
        }
    }

    /// The bytes that are written wrongly: a member that is there already as a whole, else what is at the offset. The
    /// element that the issue names may be the object around it, which begins elsewhere.
    fn deviation(&self, problem: &SyntaxIssue) -> Range<usize> {
        let document = self.shared.document;
        let from = problem.offset as usize;
        let of_member = || document.node(problem.node).map(|node| node.span().end);
        let of_character = || {
            let rest = document.source().get(from..).unwrap_or_default();
            from + rest.chars().next().map_or(0, char::len_utf8)
        };
        let to = match problem.kind {
            SyntaxIssueKind::DuplicateKey => of_member().unwrap_or_else(of_character),
            _ => of_character(),
        };
        from..to.max(from)
    }
}

fn name_at(document: &Document<'_>, offset: u32) -> String {
    let rest = document.source().get(offset as usize..).unwrap_or_default();
    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').take(64).collect()
}
