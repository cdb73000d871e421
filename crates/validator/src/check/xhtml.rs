//! The narrative's XHTML: read with a small parser of our own, checked against
//! the list of FHIR. Rule: <https://hl7.org/fhir/R4/narrative.html#rules>.

mod namespaces;

use std::borrow::Cow;
use std::collections::HashSet;

use lmr_fhir::Bilingual;

use crate::messages::Message;
use crate::messages::field::Words;
use namespaces::{Scopes, XHTML};

/// Deepest nesting read.
const MAX_DEPTH: usize = 200;
/// So many attributes are compared with each other, more are filed by hash.
const FEW: usize = 32;

/// A narrative as a flat list of nodes in document order; the first is the
/// outermost element.
#[derive(Debug, Default)]
pub(crate) struct Xhtml<'t> {
    pub(crate) nodes: Vec<XNode<'t>>,
    /// Faults of syntax that did not stop the reading (unknown entities).
    pub(crate) entities: Vec<&'t str>,
    pub(crate) doctype: bool,
}

#[derive(Debug)]
pub(crate) struct XNode<'t> {
    pub(crate) parent: Option<usize>,
    pub(crate) kind: XKind<'t>,
}

type Attributes<'t> = Vec<(&'t str, Cow<'t, str>)>;

#[derive(Debug)]
pub(crate) enum XKind<'t> {
    /// The values of attributes have their references resolved.
    Element {
        /// Without the prefix that stands for XHTML.
        name: &'t str,
        /// As it is written.
        written: &'t str,
        attributes: Attributes<'t>,
    },
    Text(&'t str),
}

impl<'t> XNode<'t> {
    pub(crate) fn name(&self) -> Option<&'t str> {
        match &self.kind {
            XKind::Element { name, .. } => Some(name),
            XKind::Text(_) => None,
        }
    }

    /// The name as it is written.
    fn written(&self) -> Option<&'t str> {
        match &self.kind {
            XKind::Element { written, .. } => Some(written),
            XKind::Text(_) => None,
        }
    }

    pub(crate) fn attribute(&self, wanted: &str) -> Option<&str> {
        match &self.kind {
            XKind::Element { attributes, .. } => {
                attributes.iter().find(|(n, _)| *n == wanted).map(|(_, v)| &**v)
            }
            XKind::Text(_) => None,
        }
    }
}

/// Why the text is not well-formed XHTML; says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum XhtmlError {
    NoElement,
    OpenTag,
    Attribute,
    DoubleAttribute,
    WrongEnd,
    Unclosed,
    Comment,
    Trailing,
    Escape,
    Character,
    TooDeep,
}

impl XhtmlError {
    pub(crate) fn words(self) -> Words {
        Words::of(match self {
            Self::NoElement => &Bilingual {
                en: "it does not begin with an element",
                nb: "den begynner ikke med et element",
            },
            Self::OpenTag => &Bilingual {
                en: "a tag is not closed with '>'",
                nb: "en tagg er ikke lukket med '>'",
            },
            Self::Attribute => &Bilingual {
                en: "an attribute is not written name=\"value\"",
                nb: "et attributt er ikke skrevet navn=\"verdi\"",
            },
            Self::DoubleAttribute => &Bilingual {
                en: "an attribute occurs twice on one element",
                nb: "et attributt står to ganger på ett element",
            },
            Self::WrongEnd => &Bilingual {
                en: "a closing tag does not match the open element",
                nb: "en sluttagg hører ikke til elementet som er åpent",
            },
            Self::Unclosed => {
                &Bilingual { en: "an element is not closed", nb: "et element er ikke lukket" }
            }
            Self::Comment => {
                &Bilingual { en: "a comment is not closed", nb: "en kommentar er ikke lukket" }
            }
            Self::Trailing => &Bilingual {
                en: "text follows the outermost element",
                nb: "det står tekst etter det ytterste elementet",
            },
            Self::Escape => &Bilingual {
                en: "'<' or '&' is not escaped",
                nb: "'<' eller '&' er ikke skrevet som entitet",
            },
            Self::Character => &Bilingual {
                en: "a character reference (&#...;) names no character that XML has",
                nb: "en tegnreferanse (&#...;) angir ikke et tegn som XML har",
            },
            Self::TooDeep => {
                &Bilingual { en: "it is nested too deeply", nb: "den har for mange nivåer" }
            }
        })
    }
}

impl<'t> Xhtml<'t> {
    pub(crate) fn parse(text: &'t str) -> Result<Self, XhtmlError> {
        let mut out = Self::default();
        let mut open: Vec<usize> = Vec::new();
        let mut scopes = Scopes::default();
        let mut rest = text.trim_start_matches('\u{feff}').trim();
        if let Some(after) = rest.strip_prefix("<?xml") {
            out.doctype = true;
            rest =
                after.find("?>").map(|i| after[i + 2..].trim_start()).ok_or(XhtmlError::OpenTag)?;
        }
        if !rest.starts_with('<') {
            return Err(XhtmlError::NoElement);
        }
        while !rest.is_empty() {
            let at = rest.find('<').unwrap_or(rest.len());
            if at > 0 {
                let run = &rest[..at];
                if open.is_empty() {
                    if !run.trim().is_empty() {
                        return Err(XhtmlError::Trailing);
                    }
                } else {
                    out.entities_of(run)?;
                    out.nodes.push(XNode { parent: open.last().copied(), kind: XKind::Text(run) });
                }
                rest = &rest[at..];
                continue;
            }
            if let Some(after) = rest.strip_prefix("<!--") {
                rest = after.find("-->").map(|i| &after[i + 3..]).ok_or(XhtmlError::Comment)?;
            } else if let Some(data) = rest.strip_prefix("<![CDATA[").filter(|_| !open.is_empty()) {
                let end = data.find("]]>").ok_or(XhtmlError::Comment)?;
                let kind = XKind::Text(&data[..end]);
                out.nodes.push(XNode { parent: open.last().copied(), kind });
                rest = &data[end + 3..];
            } else if rest.starts_with("<!") || rest.starts_with("<?") {
                out.doctype = true;
                rest = rest.find('>').map(|i| &rest[i + 1..]).ok_or(XhtmlError::OpenTag)?;
            } else if let Some(after) = rest.strip_prefix("</") {
                let end = after.find('>').ok_or(XhtmlError::OpenTag)?;
                let name = after[..end].trim_end();
                let top = open.pop().ok_or(XhtmlError::WrongEnd)?;
                if out.nodes[top].written() != Some(name) {
                    return Err(XhtmlError::WrongEnd);
                }
                scopes.close();
                rest = &after[end + 1..];
            } else {
                if open.is_empty() && !out.nodes.is_empty() {
                    return Err(XhtmlError::Trailing);
                }
                let (written, attributes, closed, after) = out.tag(&rest[1..])?;
                scopes.open(&attributes);
                let name = scopes.plain(written);
                out.nodes.push(XNode {
                    parent: open.last().copied(),
                    kind: XKind::Element { name, written, attributes },
                });
                if closed {
                    scopes.close();
                } else {
                    if open.len() >= MAX_DEPTH {
                        return Err(XhtmlError::TooDeep);
                    }
                    open.push(out.nodes.len() - 1);
                }
                rest = after;
            }
        }
        if !open.is_empty() {
            return Err(XhtmlError::Unclosed);
        }
        if out.nodes.is_empty() { Err(XhtmlError::NoElement) } else { Ok(out) }
    }

    fn tag(
        &mut self,
        text: &'t str,
    ) -> Result<(&'t str, Attributes<'t>, bool, &'t str), XhtmlError> {
        let end = text
            .find(|c: char| c.is_whitespace() || c == '>' || c == '/')
            .ok_or(XhtmlError::OpenTag)?;
        let name = &text[..end];
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(XhtmlError::Escape);
        }
        let mut attributes: Attributes<'t> = Vec::new();
        let mut many: HashSet<&'t str> = HashSet::new();
        let mut rest = text[end..].trim_start();
        loop {
            if let Some(after) = rest.strip_prefix("/>") {
                return Ok((name, attributes, true, after));
            }
            if let Some(after) = rest.strip_prefix('>') {
                return Ok((name, attributes, false, after));
            }
            let eq = rest.find('=').ok_or(XhtmlError::Attribute)?;
            let key = rest[..eq].trim_end();
            if key.is_empty()
                || key.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '/' | '"'))
            {
                return Err(XhtmlError::Attribute);
            }
            let value = rest[eq + 1..].trim_start();
            let quote = value
                .chars()
                .next()
                .filter(|c| matches!(c, '"' | '\''))
                .ok_or(XhtmlError::Attribute)?;
            let close = value[1..].find(quote).ok_or(XhtmlError::Attribute)?;
            let double = if attributes.len() < FEW {
                attributes.iter().any(|(n, _)| *n == key)
            } else {
                if many.is_empty() {
                    many.extend(attributes.iter().map(|(n, _)| *n));
                }
                !many.insert(key)
            };
            if double {
                return Err(XhtmlError::DoubleAttribute);
            }
            self.entities_of(&value[1..=close])?;
            attributes.push((key, resolved(&value[1..=close])));
            rest = value[close + 2..].trim_start();
        }
    }

    fn entities_of(&mut self, run: &'t str) -> Result<(), XhtmlError> {
        let mut from = 0;
        while let Some(at) = run[from..].find('&') {
            let start = from + at;
            let end = run[start..].find(';').ok_or(XhtmlError::Escape)? + start;
            let name = &run[start + 1..end];
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(XhtmlError::Escape);
            }
            if let Some(number) = name.strip_prefix('#') {
                if character(number).is_none() {
                    return Err(XhtmlError::Character);
                }
            } else if ENTITIES.binary_search(&name).is_err() {
                self.entities.push(&run[start..=end]);
            }
            from = end + 1;
        }
        Ok(())
    }

    /// The names of the elements from the outermost to this one, joined by `/`.
    pub(crate) fn path(&self, at: usize) -> String {
        let mut names = Vec::new();
        let mut here = Some(at);
        while let Some(i) = here {
            if let Some(name) = self.nodes[i].name() {
                names.push(name);
            }
            here = self.nodes[i].parent;
        }
        names.reverse();
        names.join("/")
    }

    pub(crate) fn children(&self, of: usize) -> impl Iterator<Item = usize> + '_ {
        self.nodes.iter().enumerate().filter(move |(_, n)| n.parent == Some(of)).map(|(i, _)| i)
    }

    /// All text under a node, trimmed. Nodes are in document order, so what is under a node
    /// follows it.
    pub(crate) fn text(&self, under: usize) -> String {
        let mut out = String::new();
        let below =
            self.nodes.iter().skip(under + 1).take_while(|n| n.parent.is_some_and(|p| p >= under));
        for node in self.nodes.get(under).into_iter().chain(below) {
            if let XKind::Text(t) = node.kind {
                out.push_str(t);
            }
        }
        out.trim().to_owned()
    }

    /// Faults of the allowed vocabulary.
    pub(crate) fn vocabulary(&self, fault: &mut dyn FnMut(Message)) {
        for entity in &self.entities {
            fault(Message::XhtmlEntity { entity: (*entity).into() });
        }
        if self.doctype {
            fault(Message::XhtmlComment);
        }
        for (i, node) in self.nodes.iter().enumerate() {
            let XKind::Element { name, written, attributes } = &node.kind else { continue };
            let prefixed = written.split_once(':');
            let plain = prefixed.map_or(*name, |(_, plain)| plain);
            let default = node.attribute("xmlns");
            let is_xhtml = match prefixed {
                Some(_) => name != written,
                // What says nothing of it is of the namespace around it.
                None => default.map_or(i > 0, |namespace| namespace == XHTML),
            };
            let namespace = || prefixed.map_or(default.unwrap_or(""), |(prefix, _)| prefix).into();
            if i == 0 {
                if plain != "div" {
                    fault(Message::XhtmlName { element: (*name).into() });
                }
                if !is_xhtml {
                    fault(Message::XhtmlNamespace { namespace: namespace() });
                }
                // That the outermost element is no div has been reported; txt-1 speaks of its attributes.
                continue;
            }
            if ELEMENTS.binary_search(&plain).is_err() {
                fault(Message::XhtmlElement { element: (*name).into() });
            } else if !is_xhtml {
                fault(Message::XhtmlNamespace { namespace: namespace() });
            }
            for (attribute, _) in attributes {
                if !is_allowed_attribute(plain, attribute) {
                    let (attribute, element) = ((*attribute).into(), (*name).into());
                    fault(Message::XhtmlAttribute { attribute, element });
                }
            }
        }
    }
}

fn is_allowed_attribute(element: &str, attribute: &str) -> bool {
    match attribute {
        "title" | "style" | "class" | "id" | "lang" | "xml:lang" | "xml:space" | "dir"
        | "accesskey" | "tabindex" | "span" | "width" | "align" | "valign" | "char" | "charoff"
        | "abbr" | "axis" | "headers" | "scope" | "rowspan" | "colspan" => true,
        _ if attribute.starts_with("xmlns") => true,
        _ => matches!(
            (element, attribute),
            (
                "a",
                "href"
                    | "name"
                    | "charset"
                    | "type"
                    | "hreflang"
                    | "rel"
                    | "rev"
                    | "shape"
                    | "coords"
            ) | ("img", "src" | "alt" | "height" | "longdesc" | "usemap" | "ismap" | "border")
                | (
                    "table",
                    "border" | "cellpadding" | "cellspacing" | "frame" | "rules" | "summary"
                )
                | ("td" | "th", "nowrap")
                | ("blockquote" | "q", "cite")
                | ("ol", "start")
                | ("map", "name")
                | ("area", "shape" | "coords" | "href" | "nohref" | "alt")
        ),
    }
}

const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// The character that the number of a character reference stands for, if XML may have it
/// (<https://www.w3.org/TR/xml/#charsets>).
fn character(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    let value = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    value.filter(|c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..))
}

/// A value with the characters that its references stand for; what is unknown stays as it is.
fn resolved(value: &str) -> Cow<'_, str> {
    if !value.contains('&') {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').map_or(1, |end| end + 1);
        let named = match &rest[1..end] {
            "amp;" => Some('&'),
            "apos;" => Some('\''),
            "gt;" => Some('>'),
            "lt;" => Some('<'),
            "quot;" => Some('"'),
            name => name.strip_prefix('#').and_then(|n| character(n.strip_suffix(';')?)),
        };
        match named {
            Some(character) => out.push(character),
            None => out.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The entities of XML. Those of HTML are not known in a narrative
/// (<https://hl7.org/fhir/R4/narrative.html>).
const ENTITIES: &[&str] = &["amp", "apos", "gt", "lt", "quot"];

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(text: &str) -> Vec<&'static str> {
        let mut out = Vec::new();
        match Xhtml::parse(text) {
            Ok(x) => x.vocabulary(&mut |m| out.push(m.name())),
            Err(e) => panic!("{e:?}"),
        }
        out
    }

    #[test]
    fn the_lists_are_sorted_for_binary_search() {
        assert!(ELEMENTS.is_sorted());
        assert!(ENTITIES.is_sorted());
    }

    #[test]
    fn ordinary_narrative_passes() {
        let text = "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>A &amp;<b class='x'>b</b><br/><!-- c --></p></div>";
        assert!(vocabulary(text).is_empty());
    }

    #[test]
    fn scripts_event_handlers_and_unknown_entities_are_found() {
        let open = "<div xmlns=\"http://www.w3.org/1999/xhtml\"";
        assert_eq!(vocabulary(&format!("{open}><script>x</script></div>")), ["XhtmlElement"]);
        let inner = format!("{open}><p onclick=\"x\"/></div>");
        assert_eq!(vocabulary(&inner), ["XhtmlAttribute"]);
        assert_eq!(vocabulary(&format!("{open}>&unknown;</div>")), ["XhtmlEntity"]);
        assert_eq!(vocabulary("<p xmlns=\"http://www.w3.org/1999/xhtml\"/>"), ["XhtmlName"]);
    }

    #[test]
    fn elements_are_known_by_their_namespace() {
        let (ns, other) = ("\"http://www.w3.org/1999/xhtml\"", "\"http://a.no\"");
        for (text, expected) in [
            (format!("<h:div xmlns:h={ns}><h:p>a</h:p></h:div>"), &[][..]),
            (format!("<div xmlns={ns} xmlns:h={ns}><h:p>a</h:p><p xmlns={ns}/></div>"), &[]),
            (format!("<h:div xmlns:h={ns}><h:script/></h:div>"), &["XhtmlElement"]),
            (format!("<div xmlns={ns}><h:script/></div>"), &["XhtmlElement"]),
            (format!("<h:div xmlns:h={other}>a</h:div>"), &["XhtmlNamespace"]),
            ("<h:div>a</h:div>".to_owned(), &["XhtmlNamespace"]),
            (format!("<div xmlns={ns} xmlns:h={other}><h:p>a</h:p></div>"), &["XhtmlNamespace"]),
            (format!("<div xmlns={ns}><p xmlns:h={ns}/><h:p>a</h:p></div>"), &["XhtmlNamespace"]),
            (
                format!("<div xmlns={ns}><b xmlns:h={ns}><h:i xmlns:h={other}/><h:i/></b></div>"),
                &["XhtmlNamespace"],
            ),
            (format!("<div xmlns={ns}><p xmlns={other}>a</p></div>"), &["XhtmlNamespace"]),
            (format!("<div xmlns={ns}><p xmlns=\"\">a</p></div>"), &["XhtmlNamespace"]),
        ] {
            assert_eq!(vocabulary(&text), expected, "{text}");
        }
        let crossed = format!("<h:div xmlns:h={ns}>a</div>");
        assert_eq!(Xhtml::parse(&crossed).err(), Some(XhtmlError::WrongEnd));
    }

    #[test]
    fn references_in_attributes_are_resolved() {
        let text = "<a b='&#35;x' c='&#x23;&quot;&amp;#35;&nbsp;' d='&lt;&gt;&apos;' e='x'/>";
        let x = Xhtml::parse(text).expect("well-formed");
        let of = |name: &str| x.nodes[0].attribute(name);
        assert_eq!(of("b"), Some("#x"));
        assert_eq!(of("c"), Some("#\"&#35;&nbsp;"));
        assert_eq!(of("d"), Some("<>'"));
        assert_eq!(of("e"), Some("x"));
    }

    #[test]
    fn faults_of_syntax_are_named() {
        assert_eq!(Xhtml::parse("<div><p></div>").err(), Some(XhtmlError::WrongEnd));
        assert_eq!(Xhtml::parse("<div>").err(), Some(XhtmlError::Unclosed));
        assert_eq!(Xhtml::parse("text").err(), Some(XhtmlError::NoElement));
        assert_eq!(Xhtml::parse("<div a=b></div>").err(), Some(XhtmlError::Attribute));
        assert_eq!(Xhtml::parse("<div>a & b</div>").err(), Some(XhtmlError::Escape));
        assert_eq!(Xhtml::parse(&"<p>".repeat(300)).err(), Some(XhtmlError::TooDeep));
    }
}
