//! Where the FHIRPath of a finding leads: names, indices and `ofType`, nothing else of the language.

use crate::arena::Kind;
use crate::document::Node;

/// How far an expression leads.
#[derive(Clone, Copy, Debug)]
pub struct Reached<'d> {
    /// The element, or the innermost one on the way to it that is there.
    pub node: Node<'d>,
    /// Whether it is the element itself.
    pub is_whole: bool,
}

impl<'d> Reached<'d> {
    /// Follows `Patient.identifier[0].value` from the resource that its first name names. An index that is left out
    /// is the first.
    #[must_use]
    pub fn from(resource: Node<'d>, expression: &str) -> Self {
        let mut node = resource;
        for segment in expression.split('.').skip(1) {
            let (name, index) = match segment.split_once('[') {
                Some((name, rest)) => (name, rest.strip_suffix(']').and_then(|n| n.parse().ok())),
                None => (segment, Some(0)),
            };
            if name.starts_with("ofType(") {
                // The member before was found by the beginning of its name.
                continue;
            }
            let member = node.member(name).or_else(|| choice(node, name));
            let element = member.and_then(|member| match member.kind() {
                Kind::Array => index.and_then(|index| member.members().nth(index)),
                _ => Some(member),
            });
            match element {
                Some(element) => node = element,
                None => return Self { node: member.unwrap_or(node), is_whole: false },
            }
        }
        Self { node, is_whole: true }
    }

    /// The element itself, where it is there.
    #[must_use]
    pub fn whole(self) -> Option<Node<'d>> {
        self.is_whole.then_some(self.node)
    }
}

/// The member of a choice of types: `effectiveDateTime` for `effective`.
fn choice<'d>(node: Node<'d>, stem: &str) -> Option<Node<'d>> {
    node.members().find(|member| {
        member.key().is_some_and(|key| {
            let rest = key.strip_prefix(stem).unwrap_or_default();
            rest.starts_with(|c: char| c.is_ascii_uppercase())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Document, ParseOptions};

    #[test]
    fn an_expression_leads_to_its_element_or_as_near_as_there_is_something() {
        let text =
            r#"{"resourceType":"X","a":[{"b":1},{"b":2}],"effectiveDateTime":"t","c":{"d":{}}}"#;
        let document = Document::parse(text, &ParseOptions::strict()).unwrap();
        for (expression, raw, is_whole) in [
            ("X.a[1].b", "2", true),
            ("X.a.b", "1", true),
            ("X.effective", "\"t\"", true),
            ("X.effective.ofType(dateTime)", "\"t\"", true),
            ("X.a[7].b", r#"[{"b":1},{"b":2}]"#, false),
            ("X.c.d.e.f", "{}", false),
            ("X.a[x]", r#"[{"b":1},{"b":2}]"#, false),
            ("X", text, true),
            ("", text, true),
            ("X.none", text, false),
        ] {
            let reached = Reached::from(document.root(), expression);
            assert_eq!((reached.node.raw(), reached.is_whole), (raw, is_whole), "{expression}");
        }
    }
}
