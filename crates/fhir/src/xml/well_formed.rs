//! What XML demands of a text and the reader does not look at. Rules: <https://www.w3.org/TR/xml/> and
//! <https://www.w3.org/TR/xml-names/>.

use std::borrow::Cow;

use super::names::{Version, is_name, is_space};
use crate::language::{Language, Localized};

/// Why a text that the reader took is not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// What is not a name, or has more than one colon, or one at its end.
    Name,
    /// An attribute without its value or quotation marks.
    Attribute,
    /// The same attribute again.
    Duplicate,
    /// A prefix bound to nothing, or a reserved prefix or namespace bound otherwise.
    Binding,
    /// An `&` that begins no reference.
    Reference,
    /// A `<!` that begins no comment, CDATA section or document type declaration.
    Markup,
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
                "XML-deklarasjonen skal ha version=\"1.0\" (eller 1.1), så eventuelt encoding og standalone (yes eller no)",
                "the XML declaration has version=\"1.0\" (or 1.1), then encoding and standalone (yes or no), if any",
            ),
            Self::SectionEnd => {
                ("teksten inneholder ]]>; skriv ]]&gt;", "the text contains ]]>; write ]]&gt;")
            }
            Self::Prefix => ("et prefiks er ikke deklarert", "a prefix is not declared"),
            Self::Name => (
                "noe som skal være et navn, er det ikke: det begynner med en bokstav eller _ og har høyst ett kolon, mellom prefiks og navn",
                "what should be a name is not one: it begins with a letter or _ and has one colon at most, between prefix and name",
            ),
            Self::Attribute => (
                "et attributt skal skrives navn=\"verdi\", med anførselstegn",
                "an attribute is written name=\"value\", with quotation marks",
            ),
            Self::Duplicate => (
                "et element har samme attributt to ganger",
                "an element has the same attribute twice",
            ),
            Self::Binding => (
                "et prefiks er bundet til ingenting, eller xml, xmlns eller deres navnerom er bundet til noe annet",
                "a prefix is bound to nothing, or xml, xmlns or a namespace of theirs to something else",
            ),
            Self::Reference => (
                "& begynner en referanse som ikke er skrevet riktig; skriv &amp; for tegnet selv",
                "& begins a reference that is not written correctly; write &amp; for the character itself",
            ),
            Self::Markup => (
                "<! begynner verken en kommentar (<!--), en CDATA-seksjon (<![CDATA[) eller DOCTYPE",
                "<! begins neither a comment (<!--) nor a CDATA section (<![CDATA[) nor a DOCTYPE",
            ),
        };
        Cow::Borrowed(if language == Language::Bokmal { bokmal } else { english })
    }
}

/// What a declaration says.
#[derive(Debug)]
pub(super) struct Declaration<'t> {
    pub(super) version: Version,
    pub(super) encoding: Option<&'t str>,
}

impl<'t> Declaration<'t> {
    /// Reads what is between `<?xml` and `?>`: the three in their order.
    pub(super) fn of(rest: &'t str) -> Option<Self> {
        let parts: Result<Vec<_>, _> = Attributes { rest }.collect();
        let parts = parts.ok()?;
        let (&(name, number), mut parts) = parts.split_first()?;
        if name != "version" {
            return None;
        }
        let version = Version::of(number)?;
        let mut encoding = None;
        if let Some((("encoding", name), others)) = parts.split_first() {
            encoding = Some(*name);
            parts = others;
        }
        match parts {
            [] | [("standalone", "yes" | "no")] => Some(Self { version, encoding }),
            _ => None,
        }
    }
}

/// Why a comment is not one.
pub(super) fn comment(text: &str) -> Result<(), IllFormed> {
    if text.contains("--") || text.ends_with('-') { Err(IllFormed::Comment) } else { Ok(()) }
}

/// Why what is between `<?` and `?>` is not a processing instruction.
pub(super) fn instruction(text: &str) -> Result<(), IllFormed> {
    let target = text.split(is_space).next().unwrap_or_default();
    if target.is_empty() || target.eq_ignore_ascii_case("xml") {
        return Err(IllFormed::Target);
    }
    // Namespaces allow it no colon; parsers do not mind.
    if is_name(target) { Ok(()) } else { Err(IllFormed::Name) }
}

/// The names and raw values of attributes, to the end of a tag or to the first that is not written like one.
pub(super) struct Attributes<'t> {
    /// What follows the name of a tag.
    pub(super) rest: &'t str,
}

impl<'t> Iterator for Attributes<'t> {
    type Item = Result<(&'t str, &'t str), IllFormed>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = std::mem::take(&mut self.rest);
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return None;
        }
        if trimmed.len() == rest.len() {
            return Some(Err(IllFormed::Space));
        }
        Some(self.attribute(trimmed).ok_or(IllFormed::Attribute).and_then(|(name, value)| {
            if value.contains('<') { Err(IllFormed::LessThan) } else { Ok((name, value)) }
        }))
    }
}

impl<'t> Attributes<'t> {
    /// The name and the value that a text begins with.
    fn attribute(&mut self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let (name, after) = text.split_once('=')?;
        let after = after.trim_start_matches(is_space);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, rest) = after.get(1..)?.split_once(quote)?;
        self.rest = rest;
        let name = name.trim_end_matches(is_space);
        (!name.contains(is_space)).then_some((name, value))
    }
}
