//! Why a row is held.

use std::fmt;

use lmr_fhir::Language;
use serde::Serialize;

/// A row that cannot be mapped: it is held until it is corrected where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowError {
    /// The row's own key, unless it looks like an identity number.
    pub key: Option<String>,
    /// The column, or the field of the mapping.
    pub column: String,
    /// What is wrong with it.
    pub reason: RowReason,
}

/// What is wrong with a value. No value of a person is repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RowReason {
    /// The row has more or fewer fields than there are columns.
    FieldCount {
        /// Fields in the row.
        found: usize,
        /// Columns.
        expected: usize,
    },
    /// Quotation marks that do not open and close its fields, so that several rows may be read as one.
    Quotes {
        /// The line on which it begins.
        first: u32,
        /// The line on which it ends.
        last: u32,
    },
    /// Nothing where something is required.
    Empty,
    /// Not a number.
    NotANumber,
    /// A number with another decimal separator than the mapping gives.
    OtherSeparator {
        /// The separator of the mapping.
        separator: char,
    },
    /// A number that is zero or less.
    NotPositive,
    /// Not a date or time in any of these forms.
    NotATime {
        /// The forms of the mapping.
        formats: String,
    },
    /// A year before any that is meant: most likely one with two digits.
    YearTooEarly {
        /// The first that is taken.
        first: i16,
    },
    /// A time that does not exist, in the hour that is left out in spring.
    MissingHour,
    /// None of the texts for true and false.
    NotABoolean,
    /// Not an identity number: wrong length, date or check digits.
    NotAnIdentityNumber,
    /// Not an id of FEST, an item number or an LMR number.
    NotAFestCode,
    /// A value that the mapping's table does not have.
    NotInTable {
        /// The table.
        table: String,
        /// The value, unless it looks like an identity number.
        value: Option<String>,
    },
}

impl RowReason {
    fn text(&self, language: Language) -> String {
        let nb = language == Language::Bokmal;
        let pick = |bokmal: &str, english: &str| if nb { bokmal.into() } else { english.into() };
        match self {
            Self::FieldCount { found, expected } if nb => {
                format!("har {found} felter, tabellen har {expected} kolonner")
            }
            Self::FieldCount { found, expected } => {
                format!("has {found} fields, the table has {expected} columns")
            }
            Self::Quotes { first, last } => {
                let (nb_lines, en_lines) = if first == last {
                    (format!("linje {first}"), format!("line {first}"))
                } else {
                    (format!("linje {first} til {last}"), format!("lines {first} to {last}"))
                };
                if nb {
                    format!(
                        "har et anførselstegn som verken begynner eller slutter et felt ({nb_lines}); lukk det \
                         feltet som er åpent, og skriv et anførselstegn inni et felt som to"
                    )
                } else {
                    format!(
                        "has a quotation mark that neither opens nor closes a field ({en_lines}); close the field \
                         that is open, and write a mark inside a field as two"
                    )
                }
            }
            Self::Empty => pick("er tom, men må ha en verdi", "is empty but must have a value"),
            Self::NotANumber => pick("er ikke et tall", "is not a number"),
            Self::OtherSeparator { separator } if nb => format!(
                "har et annet desimaltegn enn «{separator}», som mappingen sier (separator); er det tusenskille, ta det bort \
                 med remove"
            ),
            Self::OtherSeparator { separator } => format!(
                "has another decimal separator than \"{separator}\", which the mapping says (separator); if it is a \
                 thousands separator, leave it out with remove"
            ),
            Self::NotPositive => pick("må være større enn null", "must be greater than zero"),
            Self::NotATime { formats } if nb => {
                format!("er ikke en dato eller et tidspunkt på formen {formats}")
            }
            Self::NotATime { formats } => format!("is not a date or time of the form {formats}"),
            Self::YearTooEarly { first } if nb => {
                format!("har et år før {first}: skriv årstallet med fire sifre")
            }
            Self::YearTooEarly { first } => {
                format!("has a year before {first}: write the year with four digits")
            }
            Self::MissingHour => pick(
                "finnes ikke: klokka stilles fram i denne timen",
                "does not exist: clocks go forward in that hour",
            ),
            Self::NotABoolean => pick(
                "er verken en av tekstene for sann eller usann",
                "is none of the texts for true or false",
            ),
            Self::NotAnIdentityNumber => pick(
                "er ikke et gyldig fødselsnummer eller D-nummer",
                "is not a valid national identity number or D-number",
            ),
            Self::NotAFestCode => pick(
                "er verken en FEST-id, et varenummer eller et LMR-nummer",
                "is neither a FEST id, an item number nor an LMR number",
            ),
            Self::NotInTable { table, value } => {
                let value = value.as_ref().map(|value| format!(" «{value}»")).unwrap_or_default();
                if nb {
                    format!("har en verdi{value} som ikke står i tabellen {table} i mappingen")
                } else {
                    format!("has a value{value} that the mapping's table {table} does not have")
                }
            }
        }
    }
}

impl RowError {
    /// The predicate of a sentence whose subject is the row.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let Self { key, column, reason } = self;
        let key = key.as_ref().map(|key| format!(" ({key})")).unwrap_or_default();
        let reason = reason.text(language);
        if column.is_empty() {
            return match language {
                Language::Bokmal => format!("raden{key} holdes tilbake: den {reason}"),
                Language::English => format!("the row{key} is held: it {reason}"),
            };
        }
        match language {
            Language::Bokmal => format!("raden{key} holdes tilbake: {column} {reason}"),
            Language::English => format!("the row{key} is held: {column} {reason}"),
        }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}
