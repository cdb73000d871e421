//! FEST M30: what is prescribed in Norway, as DMP publishes it in XML.
//!
//! The file's catalogues become the code systems of the guide: ids of brands, packages, doses and
//! LegemiddelVirkestoff, item numbers and LMR numbers, and the code lists that the file carries
//! whole (KatKodeverk) or that its entries name (ATC, forms, routes, units). The file is read as a
//! stream; a hundred megabytes of XML need little memory beyond the codes.
//!
//! Only full files are read. An increment names what changed since another one, which a list
//! without the outer ids of its entries cannot apply; it is recognised and refused.

use std::io::BufRead;

use lmr_validator::terminology::{CodeList, CodeListError};
use thiserror::Error;

mod catalogue;
mod reader;

/// Ids of brands: KatLegemiddelMerkevare.
pub const BRAND: &str = "http://dmp.no/fhir/NamingSystem/festLegemiddelMerkevare";
/// Ids of packages: KatLegemiddelpakning.
pub const PACKAGE: &str = "http://dmp.no/fhir/NamingSystem/festLegemiddelPakning";
/// Ids of the smallest units that can be picked: KatLegemiddeldose.
pub const DOSE: &str = "http://dmp.no/fhir/NamingSystem/festLegemiddelDose";
/// Ids for prescribing by substance, form and strength: KatLegemiddelVirkestoff. The ids of
/// KatVirkestoff are other ones.
pub const SUBSTANCE: &str = "http://dmp.no/fhir/NamingSystem/festLegemiddelVirkestoff";
/// Item numbers of packages: KatLegemiddelpakning.
pub const ITEM_NUMBER: &str = "http://dmp.no/fhir/NamingSystem/fest-varenummer";
/// LMR numbers of doses: KatLegemiddeldose.
pub const LMR_NUMBER: &str = "http://dmp.no/fhir/NamingSystem/lmrLopenummer";
/// ATC, which FEST knows as the code list 7180.
pub const ATC: &str = "http://www.whocc.no/atc";

/// The guide's code systems that a full file has the codes of.
pub const SYSTEMS: [&str; 7] = [BRAND, PACKAGE, SUBSTANCE, DOSE, ITEM_NUMBER, LMR_NUMBER, ATC];

/// Versions of M30 that are read. They have the same names of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FestVersion {
    /// 2.4, known by the namespace of prescriptions of 1 April 2010.
    V2_4,
    /// 2.5.0, of 8 October 2013.
    V2_5_0,
    /// 2.5.1, of 1 December 2014: today's.
    V2_5_1,
}

impl FestVersion {
    /// The number: `2.5.1`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2_4 => "2.4",
            Self::V2_5_0 => "2.5.0",
            Self::V2_5_1 => "2.5.1",
        }
    }
}

/// Why a FEST file cannot be used. The fault is in the file.
#[derive(Debug, Error)]
pub enum FestError {
    /// It cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// It is a zip file.
    #[error("this is a zip file; unpack it and give the XML file in it")]
    Zip,
    /// It is in another encoding than UTF-8, which the format demands.
    #[error("the file is in {0}, but FEST is published in UTF-8; take the file as published")]
    Encoding(String),
    /// It has bytes that are not UTF-8, and declares no other encoding.
    #[error(
        "byte {at}: what begins here has bytes that are not UTF-8, in which FEST is published; take the file as published"
    )]
    NotUtf8 {
        /// Bytes before the markup or text with them.
        at: u64,
    },
    /// It declares a document type, which FEST files do not have.
    #[error("byte {at}: a document type declaration, which a FEST file does not have")]
    Doctype {
        /// Where it is.
        at: u64,
    },
    /// It is not well-formed XML.
    #[error("byte {at}: {reason}")]
    NotXml {
        /// Where reading stopped.
        at: u64,
        /// What the reader says.
        reason: String,
    },
    /// Its root is not `FEST`.
    #[error("the root element is {0:?}, not FEST")]
    NotFest(String),
    /// There is more than one root element.
    #[error("there is more after the end of the root element")]
    SecondRoot,
    /// Elements are nested deeper than any FEST file needs.
    #[error("elements are nested more than {limit} deep")]
    TooDeep {
        /// How deep they may be nested.
        limit: usize,
    },
    /// The file ends inside an element.
    #[error("the file ends inside an element, so a part of it is missing; fetch it again")]
    Truncated,
    /// Its namespace is that of no version that is known.
    #[error(
        "the namespace {namespace:?} is not that of a known version of FEST M30 (2.4, 2.5.0, \
         2.5.1); take one of these, or a newer lmr"
    )]
    UnknownVersion {
        /// The namespace.
        namespace: String,
    },
    /// It is an increment: it names what changed since another file.
    #[error(
        "this is an increment, not a full file: {entry} {reason}. An increment cannot replace a \
         list; take the full file that DMP publishes"
    )]
    Increment {
        /// The entry that shows it, by its element name and outer id.
        entry: String,
        /// What shows it.
        reason: String,
    },
    /// Its codes contradict each other, or there are none.
    #[error(transparent)]
    Codes(#[from] CodeListError),
}

/// What a FEST file holds.
#[derive(Debug)]
pub struct FestFile {
    /// Its version; `None` where its elements have no namespace, as in some excerpts.
    pub version: Option<FestVersion>,
    /// HentetDato: when DMP generated the data, Norwegian local time without offset, as written.
    pub retrieved: Option<String>,
    /// The code systems. Those of ids and those of KatKodeverk are complete for the extract that
    /// the file is; what was collected from entries is a part.
    pub lists: Vec<CodeList>,
    /// Names of the catalogues of products that the file does not have. Their systems are absent
    /// from the lists.
    pub absent: Vec<&'static str>,
    /// Whether the products are those for animals: ATC codes that begin with Q.
    pub is_veterinary: bool,
}

impl FestFile {
    /// Whether the catalogues are there that every full file has, whatever its extract. Without
    /// them it is an excerpt or an increment.
    #[must_use]
    pub fn is_full(&self) -> bool {
        !self
            .absent
            .iter()
            .any(|name| matches!(*name, "KatLegemiddelMerkevare" | "KatLegemiddelpakning"))
    }
}

/// Reads a FEST M30 file.
///
/// An id may be in a record with or without the prefix `ID_`, as in the guide's own examples: both
/// are listed.
///
/// # Errors
/// [`FestError`] says what is wrong with the file and where.
pub fn read(source: impl BufRead) -> Result<FestFile, FestError> {
    reader::read(source)
}
