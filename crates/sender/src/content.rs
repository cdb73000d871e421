//! What counts as a resource's content.

use lmr_fhir::{Kind, Node};

/// What a resource says, in one spelling: member order and white space do not count, nor do the server's notes in
/// `meta`. References to other resources are left out and listed instead, in the order of that spelling: what they
/// point at counts, not how they are written (a Bundle may draw new `urn:uuid`s at every export).
pub(crate) struct Content<'d> {
    pub(crate) bytes: Vec<u8>,
    /// The `Reference.reference` values that leave the resource.
    pub(crate) references: Vec<Node<'d>>,
}

pub(crate) fn content_of(node: Node<'_>) -> Content<'_> {
    let mut content = Content { bytes: Vec::new(), references: Vec::new() };
    content.write(node, Depth::Root);
    content
}

/// What the source's server notes in `meta` by itself.
fn is_note(key: &str) -> bool {
    matches!(key, "lastUpdated" | "versionId" | "source")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Root,
    Meta,
    Deeper,
}

impl<'d> Content<'d> {
    fn write(&mut self, node: Node<'d>, depth: Depth) {
        match node.kind() {
            Kind::Object => {
                let mut members: Vec<_> =
                    node.members().map(|m| (m.key().unwrap_or_default(), m)).collect();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                self.bytes.push(b'{');
                for (key, member) in members {
                    let meta = depth == Depth::Root && key == "meta";
                    if (depth == Depth::Meta && is_note(&key))
                        || (meta
                            && member
                                .members()
                                .all(|note| note.key().is_some_and(|key| is_note(&key))))
                    {
                        continue;
                    }
                    self.text(&key);
                    if key == "reference"
                        && member.as_str().is_some_and(|target| !target.starts_with('#'))
                    {
                        self.references.push(member);
                        self.bytes.push(b'>');
                        continue;
                    }
                    self.write(member, if meta { Depth::Meta } else { Depth::Deeper });
                }
                self.bytes.push(b'}');
            }
            Kind::Array => {
                self.bytes.push(b'[');
                for member in node.members() {
                    self.write(member, Depth::Deeper);
                    self.bytes.push(b',');
                }
                self.bytes.push(b']');
            }
            Kind::String => self.text(&node.as_str().unwrap_or_default()),
            Kind::Number | Kind::Boolean | Kind::Null | Kind::Bare => {
                self.bytes.extend_from_slice(node.raw().as_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
    }
}
