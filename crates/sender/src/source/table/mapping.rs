//! The mapping file: how rows are read, what their fields mean, and which resources they are.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use lmr_fhir::{Bilingual, Language};
use serde::Deserialize;

use super::bound::Bound;
use super::quotes::Quotes;
use crate::identity::HashKey;

/// A mapping, read and checked as far as it can be without the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Ids are made from it: the same in all mappings whose resources refer to each other.
    pub(super) namespace: String,
    /// The column by which lists name a row.
    pub(super) key: Option<String>,
    #[serde(default)]
    pub(super) csv: Dialect,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) tables: BTreeMap<String, LookupTable>,
    #[serde(default, rename = "field")]
    pub(super) fields: Vec<Field>,
    #[serde(rename = "resource")]
    pub(super) resources: Vec<ResourceMapping>,
}

/// How a CSV file is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Dialect {
    pub(super) delimiter: char,
    /// None for files without quotes, written as an empty text.
    #[serde(deserialize_with = "one_or_none")]
    pub(super) quote: Option<char>,
    /// A name of the WHATWG Encoding Standard: `utf-8`, `windows-1252`, `iso-8859-1`, `utf-16le`. A byte order
    /// mark decides before it.
    pub(super) encoding: String,
    pub(super) header: bool,
    /// The columns that are expected; their names where there is no header.
    pub(super) columns: Vec<String>,
    /// Whether the header must have exactly these columns in this order.
    pub(super) exact: bool,
}

/// What is said of `csv.quote` that is none.
const CSV_QUOTE: &str = "csv.quote must be one ASCII character, or empty";

/// Reads a text of one ASCII character, or of none.
fn one_or_none<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<char>, D::Error> {
    let text = String::deserialize(from)?;
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (None, _) => Ok(None),
        (Some(one), None) if one.is_ascii() => Ok(Some(one)),
        _ => Err(serde::de::Error::custom(CSV_QUOTE)),
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: ';',
            quote: Some('"'),
            encoding: "utf-8".to_owned(),
            header: true,
            columns: Vec::new(),
            exact: false,
        }
    }
}

/// What becomes of a value that a table does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Missing {
    /// The row is held.
    #[default]
    Hold,
    /// The row is left out and counted.
    Skip,
    /// The value counts as empty.
    Empty,
}

/// A table from texts to values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookupTable {
    #[serde(default)]
    pub(super) missing: Missing,
    /// CSV file beside the mapping: the first column is the key, the others are values by their header.
    pub(super) file: Option<PathBuf>,
    #[serde(default)]
    pub(super) rows: BTreeMap<String, BTreeMap<String, toml::Value>>,
}

/// What a field means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FieldKind {
    #[default]
    Text,
    Decimal,
    Boolean,
    Date,
    DateTime,
    Lookup,
    IdentityNumber,
    Fest,
}

/// A value made from columns, constants and earlier fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) column: Option<String>,
    /// In place of a column: a text with `${…}` in it.
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) kind: FieldKind,
    #[serde(default)]
    pub(super) required: bool,
    /// Taken where the value is empty; may have `${…}` in it.
    pub(super) default: Option<String>,
    /// Empty where this other field has a value.
    pub(super) unless: Option<String>,
    /// Characters that are left out.
    #[serde(default)]
    pub(super) remove: String,
    /// Forms of dates and times, as `strftime` has them, or `iso`.
    #[serde(default)]
    pub(super) formats: Vec<String>,
    /// Time zone of times without one.
    pub(super) zone: Option<String>,
    /// Whether a number must be greater than zero.
    #[serde(default)]
    pub(super) positive: bool,
    /// The decimal separator of a number that is a text, a point or a comma; either where it is not given.
    pub(super) separator: Option<String>,
    #[serde(default, rename = "true")]
    pub(super) true_texts: Vec<String>,
    #[serde(default, rename = "false")]
    pub(super) false_texts: Vec<String>,
    pub(super) table: Option<String>,
    /// Code system of FEST ids that no list knows.
    pub(super) default_system: Option<String>,
}

/// A resource of a row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceMapping {
    pub(super) name: String,
    /// Resources of one identity and key are one, though a row may name it twice; the name where there is none.
    pub(super) identity: Option<String>,
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    /// What makes it another one: rows with the same key are of the same resource.
    pub(super) key: String,
    /// It is made only where this has a value.
    pub(super) when: Option<String>,
    /// The field that says when it was written: of two versions the newer is sent.
    pub(super) updated: Option<String>,
    /// Another mapping of the same namespace makes it.
    #[serde(default)]
    pub(super) elsewhere: bool,
    /// Its JSON, with `${…}` in it.
    pub(super) template: Option<String>,
}

/// What is wrong with a mapping, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// The part of the mapping: `field given_at`.
    pub at: String,
    /// What is wrong.
    pub reason: Bilingual<String>,
    /// The error of the library that reads the file, which has its sentences in English only.
    pub toml: Option<Box<toml::de::Error>>,
}

impl MappingError {
    pub(super) fn new(at: impl Into<String>, nb: impl Into<String>, en: impl Into<String>) -> Self {
        Self { at: at.into(), reason: Bilingual { nb: nb.into(), en: en.into() }, toml: None }
    }

    /// PartLocation and reason.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let reason = self.reason.get(language);
        if self.at.is_empty() { reason.clone() } else { format!("{}: {reason}", self.at) }
    }
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

impl std::error::Error for MappingError {}

impl Mapping {
    /// Reads a mapping. Files that it names are beside it, in `folder`.
    ///
    /// # Errors
    /// [`MappingError`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, MappingError> {
        let mut mapping: Self = toml::from_str(text).map_err(|error| MappingError {
            toml: Some(Box::new(error.clone())),
            ..MappingError::new("", error.to_string(), error.to_string())
        })?;
        for (name, table) in &mut mapping.tables {
            table.load(name, folder)?;
        }
        if mapping.resources.is_empty() {
            return Err(MappingError::new("", "ingen [[resource]]", "no [[resource]]"));
        }
        Ok(mapping)
    }

    /// Sets a constant in place of the mapping's own, as the configuration says.
    ///
    /// # Errors
    /// [`MappingError`] for a constant that the mapping does not have.
    pub fn set_constant(&mut self, name: &str, value: &str) -> Result<(), MappingError> {
        let names: Vec<&str> = self.constants.keys().map(|name| &**name).collect();
        let names = names.join(", ");
        let known = |before: &str| match &*names {
            "" => String::new(),
            names => format!("{before}{names}"),
        };
        match self.constants.get_mut(name) {
            Some(constant) => {
                value.clone_into(constant);
                Ok(())
            }
            None => Err(MappingError::new(
                "constants",
                format!("mappingen har ingen konstant {name}{}", known("; den har ")),
                format!("the mapping has no constant {name}{}", known("; it has ")),
            )),
        }
    }

    /// The constants that have no value yet.
    #[must_use]
    pub fn empty_constants(&self) -> Vec<&str> {
        let empty = self.constants.iter().filter(|(_, value)| value.trim().is_empty());
        empty.map(|(name, _)| name.as_str()).collect()
    }

    /// The templates: the name of the resource, its type, and its JSON with `${…}` in it.
    pub fn templates(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.resources
            .iter()
            .filter_map(|of| Some((&*of.name, &*of.resource_type, of.template.as_deref()?)))
    }

    /// The columns that it expects of a CSV file.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.csv.columns
    }

    /// The files of its tables, which are beside it, in `folder`.
    #[must_use]
    pub fn look_up_files(&self, folder: &Path) -> Vec<PathBuf> {
        self.tables.values().filter_map(|table| Some(folder.join(table.file.as_ref()?))).collect()
    }

    /// Whether it fits a table with these columns.
    ///
    /// # Errors
    /// [`MappingError`].
    pub fn check(&self, columns: &[String]) -> Result<(), MappingError> {
        let key = HashKey::new(&zeroize::Zeroizing::new([0; 32]));
        Bound::new(self, columns, &key, None).map(|_| ())
    }

    pub(super) fn dialect(&self) -> &Dialect {
        &self.csv
    }
}

impl LookupTable {
    fn load(&mut self, name: &str, folder: &Path) -> Result<(), MappingError> {
        let Some(file) = &self.file else { return Ok(()) };
        let path = folder.join(file);
        let wrong = |error: csv::Error| {
            let text = format!("{}: {error}", path.display());
            MappingError::new(format!("tables.{name}"), text.clone(), text)
        };
        let bytes = std::fs::read(&path).map_err(|error| wrong(error.into()))?;
        if let Some(line) = Quotes::first_fault(b'"', b';', &bytes) {
            return Err(MappingError::new(
                format!("tables.{name}"),
                format!(
                    "{}: anførselstegnet på linje {line} verken begynner eller slutter et felt, eller lukkes ikke",
                    path.display()
                ),
                format!(
                    "{}: the quotation mark on line {line} neither opens nor closes a field, or is not closed",
                    path.display()
                ),
            ));
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .trim(csv::Trim::All)
            .from_reader(bytes.as_slice());
        let header = reader.headers().map_err(wrong)?.clone();
        for row in reader.records() {
            let row = row.map_err(wrong)?;
            let values = header.iter().zip(row.iter()).skip(1);
            let values = values
                .map(|(name, value)| (name.to_owned(), toml::Value::String(value.to_owned())));
            self.rows.insert(row.get(0).unwrap_or_default().to_owned(), values.collect());
        }
        Ok(())
    }

    /// The names of its values.
    pub(super) fn values(&self) -> Vec<String> {
        let mut names: Vec<String> = self.rows.values().flat_map(BTreeMap::keys).cloned().collect();
        names.sort();
        names.dedup();
        names.retain(|name| name != "skip");
        names
    }
}
