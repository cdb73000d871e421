//! The XML form of FHIR R4 (<https://hl7.org/fhir/R4/xml.html>), turned into the JSON form and back.
//!
//! Both ways lose nothing that FHIR knows: values keep their text (decimals too), ids and extensions of
//! primitives stay, narratives stay as written. Comments and white space between elements go, as JSON has
//! no place for them. Which element repeats, and which value is a number, is not in the text but in the
//! element's definition: [`Shapes`] has it, so that this crate still knows no resource type.

mod error;
mod events;
mod json;
mod map;
mod names;
mod namespaces;
mod narrative;
mod read;
mod shape;
mod values;
mod well_formed;
mod write;

pub use error::{XmlError, XmlErrorKind};
pub use json::to_json;
pub use map::{Converted, XmlMap};
pub use shape::{Content, Member, Shape, Shapes, ValueKind};
pub use well_formed::IllFormed;
pub use write::{XmlWriteError, to_xml};

/// The namespace of FHIR's elements.
const FHIR: &str = "http://hl7.org/fhir";
/// The namespace of narratives.
const XHTML: &str = "http://www.w3.org/1999/xhtml";
/// The namespace of the attribute that says where an XML Schema is.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
