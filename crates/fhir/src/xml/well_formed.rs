//! What XML demands of a text and the reader does not look at. Rule: <https://www.w3.org/TR/xml/>.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};

use super::error::XmlErrorKind;
use super::read::Fault;
use crate::language::{Language, Localized};

/// Why a text that the reader took is not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IllFormed {
    /// No white space before an attribute.
    Space,
    /// A `<` in the value of an attribute.
    LessThan,
    /// `--` in a comment, or `-` at its end.
    Comment,
    /// A processing instruction without a name, or with that of the declaration.
    Target,
    /// A declaration of other parts than version, encoding and standalone, in this order.
    Declaration,
    /// `]]>` outside a CDATA section.
    SectionEnd,
    /// A prefix that nothing declares.
    Prefix,
}

impl Localized for IllFormed {
    fn text(&self, language: Language) -> Cow<'_, str> {
        let (bokmal, english) = match self {
            Self::Space => (
                "det mangler mellomrom foran et attributt",
                "white space is missing before an attribute",
            ),
            Self::LessThan => (
                "verdien til et attributt inneholder <; skriv &lt;",
                "the value of an attribute contains <; write &lt;",
            ),
            Self::Comment => (
                "en kommentar inneholder -- eller slutter på -",
                "a comment contains -- or ends with -",
            ),
            Self::Target => (
                "en prosesseringsinstruksjon mangler navn eller heter xml; XML-deklarasjonen må komme aller først",
                "a processing instruction has no name, or is called xml; the XML declaration has to come first of all",
            ),
            Self::Declaration => (
                "XML-deklarasjonen skal ha version=\"1.0\", så eventuelt encoding og standalone (yes eller no)",
                "the XML declaration has version=\"1.0\", then encoding and standalone (yes or no), if any",
            ),
            Self::SectionEnd => {
                ("teksten inneholder ]]>; skriv ]]&gt;", "the text contains ]]>; write ]]&gt;")
            }
            Self::Prefix => ("et prefiks er ikke deklarert", "a prefix is not declared"),
        };
        Cow::Borrowed(if language == Language::Bokmal { bokmal } else { english })
    }
}

/// Refuses an event, which begins at the byte `at` of a text.
pub(super) fn check(event: &Event<'_>, text: &str, at: usize) -> Result<(), Fault> {
    let is_first = || matches!(text.get(..at), Some("" | "\u{feff}"));
    match fault_of(event, is_first) {
        Some(fault) => Err((XmlErrorKind::IllFormed(fault), at)),
        None => Ok(()),
    }
}

fn fault_of(event: &Event<'_>, is_first: impl Fn() -> bool) -> Option<IllFormed> {
    match event {
        Event::Start(start) | Event::Empty(start) => start_tag(start),
        Event::Comment(comment) => {
            (comment.contains("--") || comment.ends_with('-')).then_some(IllFormed::Comment)
        }
        Event::PI(instruction) => {
            let target = instruction.split(is_space).next().unwrap_or_default();
            (target.is_empty() || target.eq_ignore_ascii_case("xml")).then_some(IllFormed::Target)
        }
        Event::Decl(_) if !is_first() => Some(IllFormed::Target),
        Event::Decl(declaration) => {
            (!is_declaration(declaration)).then_some(IllFormed::Declaration)
        }
        Event::Text(text) => text.contains("]]>").then_some(IllFormed::SectionEnd),
        Event::End(_) | Event::CData(_) | Event::DocType(_) | Event::GeneralRef(_) | Event::Eof => {
            None
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// What the reader refuses itself is not looked for again.
fn start_tag(start: &BytesStart<'_>) -> Option<IllFormed> {
    let name = start.name().as_ref().len();
    let mut attributes = Attributes { rest: start.get(name..).unwrap_or_default() };
    attributes.find_map(|attribute| match attribute {
        Err(fault) => Some(fault),
        Ok((_, value)) => value.contains('<').then_some(IllFormed::LessThan),
    })
}

/// After `<?`: `xml`, then the three in their order.
fn is_declaration(declaration: &str) -> bool {
    let rest = declaration.strip_prefix("xml").unwrap_or_default();
    let mut attributes = Attributes { rest }.peekable();
    let version = attributes.next_if(|found| matches!(found, Ok(("version", _))));
    let Some(Ok((_, version))) = version else { return false };
    let minor = version.strip_prefix("1.").unwrap_or_default();
    if minor.is_empty() || !minor.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    attributes.next_if(|found| matches!(found, Ok(("encoding", _))));
    attributes.next_if(|found| matches!(found, Ok(("standalone", "yes" | "no"))));
    attributes.next().is_none()
}

/// The names and raw values of attributes, until something is not written like one.
struct Attributes<'t> {
    rest: &'t str,
}

impl<'t> Iterator for Attributes<'t> {
    type Item = Result<(&'t str, &'t str), IllFormed>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = std::mem::take(&mut self.rest);
        let trimmed = rest.trim_start_matches(is_space);
        let (name, after) = trimmed.split_once('=')?;
        if trimmed.len() == rest.len() {
            return Some(Err(IllFormed::Space));
        }
        let after = after.trim_start_matches(is_space);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, rest) = after.get(1..)?.split_once(quote)?;
        self.rest = rest;
        Some(Ok((name.trim_end_matches(is_space), value)))
    }
}
