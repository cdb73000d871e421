//! A document and its JSON view.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use crate::arena::{
    DUPLICATE, ESCAPED, KEY_ESCAPED, Kind, MAYBE_RESOURCE, NONE, NodeData, UNDERSCORE,
};
use crate::element::Element;
use crate::location::{Checkpoints, SourceLocation};
use crate::name::{Name, hash_name, is_same};
use crate::parse::{self, ParseError, ParseOptions, SyntaxIssue};

/// A parsed JSON text.
#[derive(Debug)]
pub struct Document<'s> {
    pub(crate) source: Cow<'s, str>,
    pub(crate) nodes: Vec<NodeData>,
    pub(crate) syntax_issues: Vec<SyntaxIssue>,
    /// Member names that are written with escapes, unescaped, by the index of their node.
    escaped_names: Vec<(u32, Box<str>)>,
    checkpoints: OnceLock<Checkpoints>,
    long_containers: OnceLock<HashMap<u32, Box<[u32]>>>,
}

/// An end that is as near to its start is found from there.
const NEAR: usize = 128;

/// Containers with more members than this get a list of them when one is asked for by number, so
/// that a bundle of a hundred thousand entries is not iterated over once for each finding.
const LONG: usize = 64;

impl<'s> Document<'s> {
    /// Reads one JSON value.
    ///
    /// # Errors
    /// [`ParseError`] with its location when the text is not JSON or exceeds a limit. In lenient
    /// reading, an issue that can be recovered from is added to [`Document::syntax_issues`] instead.
    pub fn parse(
        source: impl Into<Cow<'s, str>>,
        options: &ParseOptions,
    ) -> Result<Self, ParseError> {
        let source = source.into();
        let parse::Parsed { nodes, syntax_issues, has_escaped_names } =
            parse::parse(&source, options)?;
        Ok(Self {
            escaped_names: if has_escaped_names {
                escaped_names(&source, &nodes)
            } else {
                Vec::new()
            },
            source,
            nodes,
            syntax_issues,
            checkpoints: OnceLock::new(),
            long_containers: OnceLock::new(),
        })
    }

    /// Reads one JSON value from bytes that should be UTF-8.
    ///
    /// # Errors
    /// As [`Document::parse`]; bytes that are not UTF-8 are [`crate::ParseErrorKind::NotUtf8`].
    pub fn parse_bytes(bytes: &'s [u8], options: &ParseOptions) -> Result<Self, ParseError> {
        Self::parse(parse::utf8(bytes)?, options)
    }

    /// The whole source text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Issues that did not stop the reader, in source order.
    pub fn syntax_issues(&self) -> &[SyntaxIssue] {
        &self.syntax_issues
    }

    /// The outermost value.
    pub fn root(&self) -> Node<'_> {
        Node { document: self, data: &self.nodes[0] }
    }

    /// The outermost value as an element.
    pub fn root_element(&self) -> Element<'_> {
        Element::of(self.root())
    }

    /// How many values the arena holds.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The node with this index, as given by [`Node::index`].
    pub fn node(&self, index: u32) -> Option<Node<'_>> {
        Some(Node { document: self, data: self.nodes.get(index as usize)? })
    }

    /// Line and column of a byte offset. Costs one pass over the text at the first call, then at
    /// most 256 bytes of scanning, whatever the length of the lines.
    pub fn location(&self, offset: usize) -> SourceLocation {
        let checkpoints = self.checkpoints.get_or_init(|| Checkpoints::of(&self.source));
        checkpoints.locate(&self.source, offset)
    }

    /// Line and column of both ends of a range of bytes.
    pub fn extent(&self, span: &Range<usize>) -> (SourceLocation, SourceLocation) {
        let start = self.location(span.start);
        let end = match self.source.as_bytes().get(span.clone()) {
            Some(bytes) if bytes.len() <= NEAR => start.advance(bytes),
            _ => self.location(span.end),
        };
        (start, end)
    }
}

/// Unescaped once, so that a name is text to compare however it is written.
fn escaped_names(source: &str, nodes: &[NodeData]) -> Vec<(u32, Box<str>)> {
    let unescaped = |node: &NodeData| {
        let start = node.key_start as usize;
        parse::unescape(&source[start..start + usize::from(node.key_len)]).into_boxed_str()
    };
    (0..)
        .zip(nodes)
        .filter(|(_, node)| node.flags & KEY_ESCAPED != 0)
        .map(|(index, node)| (index, unescaped(node)))
        .collect()
}

fn long_containers(document: &Document<'_>) -> HashMap<u32, Box<[u32]>> {
    let nodes = (0..document.nodes.len() as u32).filter_map(|index| document.node(index));
    nodes
        .filter(|node| node.members().nth(LONG).is_some())
        .map(|node| (node.index(), node.members().map(Node::index).collect()))
        .collect()
}

/// One JSON value in its document.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document<'d>,
    /// Its entry in the document's arena: looked up once, asked often.
    data: &'d NodeData,
}

impl<'d> Node<'d> {
    #[inline]
    pub(crate) fn at(document: &'d Document<'d>, index: u32) -> Option<Self> {
        if index == NONE {
            return None;
        }
        Some(Self { document, data: document.nodes.get(index as usize)? })
    }

    #[inline]
    pub(crate) fn of(document: &'d Document<'d>, data: &'d NodeData) -> Self {
        Self { document, data }
    }

    #[inline]
    pub(crate) fn data(self) -> &'d NodeData {
        self.data
    }

    /// The document that holds it.
    pub fn document(self) -> &'d Document<'d> {
        self.document
    }

    /// Its number in the arena, in source order from 0.
    #[inline]
    pub fn index(self) -> u32 {
        let first = self.document.nodes.as_ptr().addr();
        ((std::ptr::from_ref(self.data).addr() - first) / size_of::<NodeData>()) as u32
    }

    /// What it is.
    #[inline]
    pub fn kind(self) -> Kind {
        self.data().kind
    }

    /// Its bytes in the source, quotes and brackets included.
    pub fn span(self) -> Range<usize> {
        let data = self.data();
        data.start as usize..data.end as usize
    }

    /// The bytes of the member (name and value), or of the value alone where it has no name.
    pub fn member_span(self) -> Range<usize> {
        let data = self.data();
        match data.key_start {
            NONE => self.span(),
            key if self.document.source.as_bytes().get(key as usize - 1) == Some(&b'"') => {
                key as usize - 1..data.end as usize
            }
            key => key as usize..data.end as usize,
        }
    }

    /// Its source text, quotes included.
    pub fn raw(self) -> &'d str {
        &self.document.source[self.span()]
    }

    /// Where it begins.
    pub fn start(self) -> SourceLocation {
        self.document.location(self.span().start)
    }

    /// Where it ends: the location just behind its last character.
    pub fn end(self) -> SourceLocation {
        self.document.location(self.span().end)
    }

    /// The enclosing object or array.
    #[inline]
    pub fn parent(self) -> Option<Node<'d>> {
        Node::at(self.document, self.data().parent)
    }

    /// Its index among its container's contents, from 0; `None` for the outermost value. Cheap in
    /// containers of any length.
    pub fn ordinal(self) -> Option<usize> {
        let parent = self.parent()?;
        if let Some(members) =
            self.document.long_containers.get().and_then(|long| long.get(&parent.index()))
        {
            return members.binary_search(&self.index()).ok();
        }
        let near = parent.members().take(LONG).position(|member| member == self);
        near.or_else(|| parent.long_members()?.binary_search(&self.index()).ok())
    }

    /// The container's content with this index, from 0. Cheap in containers of any length.
    pub fn nth(self, ordinal: usize) -> Option<Node<'d>> {
        if ordinal < LONG {
            return self.members().nth(ordinal);
        }
        Node::at(self.document, *self.long_members()?.get(ordinal)?)
    }

    fn long_members(self) -> Option<&'d [u32]> {
        let containers =
            self.document.long_containers.get_or_init(|| long_containers(self.document));
        containers.get(&self.index()).map(|members| &**members)
    }

    /// Whether it is the value of a member with a duplicate name, and not the first of them.
    #[inline]
    pub fn is_duplicate(self) -> bool {
        self.data().flags & DUPLICATE != 0
    }

    /// Whether it is all there is of its member: no duplicate, no companion and none itself.
    #[inline]
    pub fn is_lone(self) -> bool {
        let data = self.data();
        data.flags & (DUPLICATE | UNDERSCORE) == 0 && data.sibling == NONE
    }

    /// The bytes of a primitive's value: a string's without quotes, a number's or literal's source.
    /// `None` for objects, arrays, null and strings that are written with escapes.
    #[inline]
    pub fn plain_bytes(self) -> Option<&'d [u8]> {
        let data = self.data();
        let bytes = self.document.source.as_bytes();
        match data.kind {
            Kind::String if data.flags & ESCAPED == 0 => {
                bytes.get(data.start as usize + 1..data.end as usize - 1)
            }
            Kind::Number | Kind::Boolean => bytes.get(data.start as usize..data.end as usize),
            _ => None,
        }
    }

    /// Whether its member name begins with `_`.
    #[inline]
    pub fn is_underscore(self) -> bool {
        self.data().flags & UNDERSCORE != 0
    }

    /// The member `_x` beside `x`, or `x` beside `_x`.
    #[inline]
    pub fn sibling(self) -> Option<Node<'d>> {
        Node::at(self.document, self.data().sibling)
    }

    /// The hash of its member name without underscore ([`crate::hash_name`]); 0 without a name.
    #[inline]
    pub fn name_hash(self) -> u32 {
        self.data().hash
    }

    /// Its member name with its underscore, unescaped.
    #[inline]
    pub fn key(self) -> Option<Cow<'d, str>> {
        self.full_name().map(Cow::Borrowed)
    }

    /// Its member name without underscore, unescaped.
    #[inline]
    pub fn name(self) -> Option<&'d str> {
        let name = self.full_name()?;
        Some(if self.is_underscore() { name.strip_prefix('_').unwrap_or(name) } else { name })
    }

    #[inline]
    fn full_name(self) -> Option<&'d str> {
        let data = self.data();
        if data.key_start == NONE {
            return None;
        }
        if data.flags & KEY_ESCAPED == 0 {
            let start = data.key_start as usize;
            return Some(&self.document.source[start..start + usize::from(data.key_len)]);
        }
        let names = &self.document.escaped_names;
        let at = names.binary_search_by_key(&self.index(), |(index, _)| *index).ok()?;
        names.get(at).map(|(_, name)| &**name)
    }

    /// Whether the member has this name, with or without an underscore before it.
    #[inline]
    pub fn is_named(self, name: &Name) -> bool {
        self.data().hash == name.hash() && self.is_called(name.as_str())
    }

    /// [`Node::is_named`] by the text alone.
    #[inline]
    pub(crate) fn is_called(self, name: &str) -> bool {
        let data = self.data();
        data.key_start != NONE
            && if data.flags & KEY_ESCAPED == 0 {
                is_same(self.name_bytes(), name.as_bytes())
            } else {
                self.name() == Some(name)
            }
    }

    /// [`Node::name`] without escapes, without the proof that it is text; empty without a name.
    #[inline]
    fn name_bytes(self) -> &'d [u8] {
        let data = self.data();
        if data.key_start == NONE {
            return &[];
        }
        let skip = usize::from(data.flags & UNDERSCORE != 0);
        let start = data.key_start as usize;
        self.document
            .source
            .as_bytes()
            .get(start + skip..start + data.key_len as usize)
            .unwrap_or_default()
    }

    /// `resourceType` of an object, where it has one.
    pub fn resource_type(self) -> Option<Cow<'d, str>> {
        const RESOURCE_TYPE: &str = "resourceType";
        const HASH: u32 = hash_name(RESOURCE_TYPE.as_bytes());
        if self.data().flags & MAYBE_RESOURCE == 0 {
            return None;
        }
        let is_it = |m: &Node<'_>| {
            m.name_hash() == HASH && !m.is_underscore() && m.is_called(RESOURCE_TYPE)
        };
        self.members().find(is_it)?.as_str()
    }

    /// Whether it is a string that is written with escapes.
    pub fn is_escaped(self) -> bool {
        self.data().flags & ESCAPED != 0
    }

    /// The string's characters, unescaped; `None` for anything but a string.
    pub fn as_str(self) -> Option<Cow<'d, str>> {
        let data = self.data();
        (data.kind == Kind::String).then(|| {
            let inner = &self.document.source[data.start as usize + 1..data.end as usize - 1];
            if data.flags & ESCAPED != 0 {
                Cow::Owned(parse::unescape(inner))
            } else {
                Cow::Borrowed(inner)
            }
        })
    }

    /// A primitive's value as text: a string's characters, a number's or literal's source.
    /// `None` for objects, arrays and null.
    pub fn text(self) -> Option<Cow<'d, str>> {
        match self.kind() {
            Kind::String => self.as_str(),
            Kind::Number | Kind::Boolean | Kind::Bare => Some(Cow::Borrowed(self.raw())),
            Kind::Object | Kind::Array | Kind::Null => None,
        }
    }

    /// The boolean's value.
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Boolean).then(|| self.raw() == "true")
    }

    /// Members of an object or items of an array, in source order, duplicates included.
    #[inline]
    pub fn members(self) -> Members<'d> {
        let data = self.data();
        let first = if matches!(data.kind, Kind::Object | Kind::Array) {
            self.index() + 1
        } else {
            data.next
        };
        Members { document: self.document, at: first, end: data.next }
    }

    /// The first member with exactly this name (no underscore).
    pub fn get(self, name: &Name) -> Option<Node<'d>> {
        if self.kind() != Kind::Object {
            return None;
        }
        self.members()
            .find(|m| m.name_hash() == name.hash() && !m.is_underscore() && m.is_named(name))
    }

    /// The first member with this name, looked up by text. For rare look-ups; compiled code uses
    /// [`Node::get`].
    pub fn member(self, name: &str) -> Option<Node<'d>> {
        if self.kind() != Kind::Object {
            return None;
        }
        let stem = name.strip_prefix('_');
        let (is_underscore, name) = (stem.is_some(), stem.unwrap_or(name));
        let hash = hash_name(name.as_bytes());
        self.members().find(|member| {
            member.name_hash() == hash
                && member.is_underscore() == is_underscore
                && member.is_called(name)
        })
    }
}

impl std::fmt::Debug for Node<'_> {
    /// Shows kind and bytes only: a value may be personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let span = self.span();
        write!(f, "{:?}@{}..{}", self.kind(), span.start, span.end)
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.data, other.data)
    }
}

impl Eq for Node<'_> {}

/// Iterates over a container's contents.
#[derive(Clone)]
pub struct Members<'d> {
    document: &'d Document<'d>,
    at: u32,
    end: u32,
}

impl<'d> Iterator for Members<'d> {
    type Item = Node<'d>;

    #[inline]
    fn next(&mut self) -> Option<Node<'d>> {
        if self.at >= self.end {
            return None;
        }
        let data = self.document.nodes.get(self.at as usize)?;
        self.at = data.next;
        Some(Node { document: self.document, data })
    }
}
