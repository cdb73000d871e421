//! The systems (URIs) under which the identifiers are given in FHIR resources and tokens.

/// National identity number (fødselsnummer).
pub const NATIONAL_IDENTITY_NUMBER: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
/// D-number.
pub const D_NUMBER: &str = "urn:oid:2.16.578.1.12.4.1.4.2";
/// HPR number of a health professional.
pub const HPR_NUMBER: &str = "urn:oid:2.16.578.1.12.4.1.4.4";
/// Organisation number in the register of legal entities (ENH).
pub const ORGANISATION_NUMBER: &str = "urn:oid:2.16.578.1.12.4.1.4.101";
/// RESH id of a unit of the specialist health service.
pub const RESH_ID: &str = "urn:oid:2.16.578.1.12.4.1.4.102";
/// HelseID's system for a pair of organisation numbers, parent and child, in one value.
pub const ORGANISATION_PAIR: &str = "urn:oid:1.0.6523";
/// The authority that Maskinporten names for an organisation (`consumer`, `supplier`).
pub const ISO6523_ACTOR: &str = "iso6523-actorid-upis";

/// FEST id of a dispensed dose.
pub const FEST_DOSE: &str = "http://dmp.no/fhir/NamingSystem/festLegemiddelDose";
/// FEST id of a brand.
pub const FEST_BRAND: &str = "http://dmp.no/fhir/NamingSystem/festLegemiddelMerkevare";
/// FEST id of a package.
pub const FEST_PACKAGE: &str = "http://dmp.no/fhir/NamingSystem/festLegemiddelPakning";
/// FEST id of a substance.
pub const FEST_SUBSTANCE: &str = "http://dmp.no/fhir/NamingSystem/festLegemiddelVirkestoff";
/// Nordic item number (varenummer) of a package.
pub const ITEM_NUMBER: &str = "http://dmp.no/fhir/NamingSystem/fest-varenummer";
/// The register's running number of a medicine (LMR-løpenummer).
pub const SERIAL_NUMBER: &str = "http://dmp.no/fhir/NamingSystem/lmrLopenummer";
