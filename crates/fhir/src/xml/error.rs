//! What can be wrong with a text that should be FHIR XML.

use std::borrow::Cow;
use std::fmt;

use super::well_formed::IllFormed;
use crate::encoding::OtherEncoding;
use crate::language::{Language, Localized};
use crate::location::SourceLocation;

/// Why a text is not FHIR XML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XmlErrorKind {
    /// Not UTF-8.
    NotUtf8,
    /// The first bytes are of another encoding.
    OtherEncoding(OtherEncoding),
    /// The declaration names another encoding than UTF-8.
    Declared(String),
    /// A character that XML does not have.
    Character(u32),
    /// Nothing but white space.
    Empty,
    /// The text ends inside an element.
    UnexpectedEnd,
    /// An end tag of this name where another one should be, or none.
    EndTag {
        /// The name of the end tag.
        found: String,
        /// That of the element that is open, if one is.
        expected: Option<String>,
    },
    /// Not well-formed, in the reader's words; without words where they are withheld.
    NotXml(String),
    /// Not well-formed, though the reader took it.
    IllFormed(IllFormed),
    /// A document type declaration. FHIR has none, and entities of one's own are a way to attack readers.
    Doctype,
    /// An entity that XML does not define.
    Entity(String),
    /// Deeper than the limit.
    TooDeep(usize),
    /// An element outside the namespace of FHIR.
    Namespace(String),
    /// Text between elements.
    Text,
    /// An attribute that the element does not take.
    Attribute(String),
    /// An element before which another one should be, or repetitions that are not side by side.
    Order(String),
    /// Not one resource where one is expected.
    OneResource(String),
    /// A narrative without its `div`.
    Xhtml,
    /// Narratives that use namespaces from outside of them, whose declarations would be longer together than this number
    /// of bytes.
    NarrativeNamespaces(usize),
}

/// What stands for a name that is withheld.
const WITHHELD: &str = "***";

impl XmlErrorKind {
    /// The same without what the text itself has: in a text that is not FHIR anything may be a name, a person's too.
    #[must_use]
    pub fn redacted(self) -> Self {
        let withheld = || WITHHELD.to_owned();
        match self {
            Self::Declared(_) => Self::NotUtf8,
            // The reader's words name tags and attributes.
            Self::NotXml(_) => Self::NotXml(String::new()),
            Self::EndTag { expected, .. } => {
                Self::EndTag { found: withheld(), expected: expected.map(|_| withheld()) }
            }
            Self::Entity(_) => Self::Entity(withheld()),
            Self::Namespace(_) => Self::Namespace(withheld()),
            Self::Attribute(_) => Self::Attribute(withheld()),
            Self::Order(_) => Self::Order(withheld()),
            Self::OneResource(_) => Self::OneResource(withheld()),
            Self::NotUtf8
            | Self::OtherEncoding(_)
            | Self::Character(_)
            | Self::Empty
            | Self::UnexpectedEnd
            | Self::IllFormed(_)
            | Self::Doctype
            | Self::TooDeep(_)
            | Self::Text
            | Self::Xhtml
            | Self::NarrativeNamespaces(_) => self,
        }
    }
}

impl Localized for XmlErrorKind {
    fn text(&self, language: Language) -> Cow<'_, str> {
        let nb = language == Language::Bokmal;
        let text = |bokmal: &'static str, english: &'static str| {
            Cow::Borrowed(if nb { bokmal } else { english })
        };
        match self {
            Self::NotUtf8 => text("teksten er ikke UTF-8", "the text is not UTF-8"),
            Self::OtherEncoding(encoding) => encoding.text(language),
            Self::Declared(name) if nb => {
                format!("XML-deklarasjonen sier {name}; FHIR leses i UTF-8").into()
            }
            Self::Declared(name) => {
                format!("the XML declaration says {name}; FHIR is read in UTF-8").into()
            }
            Self::Character(number) if nb => {
                format!("tegnet U+{number:04X} er ikke tillatt i XML; fjern det").into()
            }
            Self::Character(number) => {
                format!("the character U+{number:04X} is not allowed in XML; remove it").into()
            }
            Self::Empty => text("teksten er tom", "the text is empty"),
            Self::UnexpectedEnd => {
                text("teksten slutter inne i et element", "the text ends inside an element")
            }
            Self::EndTag { found, expected: Some(expected) } if nb => format!(
                "ikke velformet XML: slutt-taggen </{found}> står der </{expected}> skal stå"
            )
            .into(),
            Self::EndTag { found, expected: Some(expected) } => format!(
                "not well-formed XML: the end tag </{found}> is where </{expected}> should be"
            )
            .into(),
            Self::EndTag { found, expected: None } if nb => {
                format!("ikke velformet XML: slutt-taggen </{found}> mangler sin start-tagg").into()
            }
            Self::EndTag { found, expected: None } => {
                format!("not well-formed XML: the end tag </{found}> has no start tag").into()
            }
            Self::NotXml(reason) if reason.is_empty() => {
                text("ikke velformet XML", "not well-formed XML")
            }
            Self::NotXml(reason) if nb => format!("ikke velformet XML: {reason}").into(),
            Self::NotXml(reason) => format!("not well-formed XML: {reason}").into(),
            Self::IllFormed(fault) if nb => {
                format!("ikke velformet XML: {}", fault.text(language)).into()
            }
            Self::IllFormed(fault) => {
                format!("not well-formed XML: {}", fault.text(language)).into()
            }
            Self::Doctype => text(
                "DOCTYPE er ikke tillatt i FHIR; fjern den",
                "a DOCTYPE is not allowed in FHIR; remove it",
            ),
            Self::Entity(name) if nb => {
                format!("entiteten &{name}; finnes ikke i XML; skriv tegnet selv").into()
            }
            Self::Entity(name) => {
                format!("the entity &{name}; is not defined in XML; write the character itself")
                    .into()
            }
            Self::TooDeep(limit) if nb => format!("mer enn {limit} elementer i hverandre").into(),
            Self::TooDeep(limit) => format!("more than {limit} elements inside one another").into(),
            Self::Namespace(name) if nb => {
                format!("elementet {name} er ikke i navnerommet http://hl7.org/fhir").into()
            }
            Self::Namespace(name) => {
                format!("the element {name} is not in the namespace http://hl7.org/fhir").into()
            }
            Self::Text => text(
                "tekst mellom elementer; verdier hører hjemme i attributtet value",
                "text between elements; values belong in the attribute value",
            ),
            Self::Attribute(name) if nb => {
                format!("attributtet {name} er ikke tillatt i dette elementet").into()
            }
            Self::Attribute(name) => {
                format!("the attribute {name} is not allowed in this element").into()
            }
            Self::Order(name) if nb => format!(
                "elementet {name} står på feil plass; rekkefølgen er den i definisjonen, og \
                 gjentakelser står samlet"
            )
            .into(),
            Self::Order(name) => format!(
                "the element {name} is out of order; the order is that of the definition, with \
                 repetitions side by side"
            )
            .into(),
            Self::OneResource(name) if nb => {
                format!("elementet {name} skal inneholde nøyaktig én ressurs").into()
            }
            Self::OneResource(name) => {
                format!("the element {name} must hold exactly one resource").into()
            }
            Self::Xhtml => text(
                "en fortelling (div) skal være XHTML, i navnerommet http://www.w3.org/1999/xhtml",
                "a narrative (div) must be XHTML, in the namespace http://www.w3.org/1999/xhtml",
            ),
            Self::NarrativeNamespaces(limit) if nb => format!(
                "fortellinger bruker navnerom som er deklarert utenfor dem, og deklarasjonene blir til sammen mer enn \
                 {limit} byte når hver fortelling får sine; deklarer navnerommene i fortellingen selv (div)"
            )
            .into(),
            Self::NarrativeNamespaces(limit) => format!(
                "narratives use namespaces that are declared outside of them, and the declarations are more than \
                 {limit} bytes together when each narrative has its own; declare the namespaces in the narrative itself (div)"
            )
            .into(),
        }
    }
}

impl fmt::Display for XmlErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

/// Why a text could not be read as FHIR XML, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {kind}")]
pub struct XmlError {
    /// What is wrong.
    pub kind: XmlErrorKind,
    /// Where.
    pub location: SourceLocation,
}
