//! The catalogue of the register's answers: one code, one meaning, one remedy.
//!
//! The register promises "specific error codes" but publishes no list, so this one is the
//! project's own. A code never changes its meaning; a retired one is never used again.
//! One row a code, one file an area; `codes!` below makes the enum and its entries from them.

mod connection;
mod content;
mod envelope;
mod own;
mod profile;
mod register;
pub mod render;
mod terminology;
mod text;

pub use lmr_fhir::{Bilingual, Language, Severity};
pub use text::Text;

use std::fmt;

use content::content_codes;
use envelope::envelope_codes;
use own::own_codes;
use profile::{profile_elements, profile_structure, profile_values};
use register::{
    register_deliveries, register_links, register_numbers, register_outcomes, register_times,
};
use terminology::terminology_codes;

/// Canonical URL of the code system that carries the codes in an `OperationOutcome`.
pub const CODE_SYSTEM: &str = "http://fhi.no/fhir/lmr/CodeSystem/feilkode";

/// What the sender does about it (extension `retry` of an issue).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Stop and call a person: configuration, certificate or access.
    Never,
    /// Hold the resource until its source has changed or an operator releases it.
    AfterCorrection,
    /// A communication error: up to three new attempts about an hour apart.
    Later,
}

impl Retry {
    /// Wire value of the `retry` extension.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::AfterCorrection => "after-correction",
            Self::Later => "later",
        }
    }

    /// Reads the wire value.
    #[must_use]
    pub fn from_wire(value: &str) -> Option<Self> {
        match value {
            "never" => Some(Self::Never),
            "after-correction" => Some(Self::AfterCorrection),
            "later" => Some(Self::Later),
            _ => None,
        }
    }
}

/// The part of the chain a code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// 1xxx: address, token, limits of the call.
    Connection,
    /// 2xxx: envelope, certificates, signature, decryption, compression.
    Envelope,
    /// 3xxx: JSON and bundle.
    Content,
    /// 4xxx: resource against profile.
    Profile,
    /// 5xxx: terminology.
    Terminology,
    /// 6xxx: the register's rules beyond the profiles.
    Register,
    /// 9xxx: the register's own faults.
    Own,
}

/// One code with all that is known of it: what a program decides on, and what people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Area, from the group of rows it is in.
    pub area: Area,
    /// Severity when the rule that raises it says nothing else.
    pub severity: Severity,
    /// HTTP status when it ends the call, or the status of the entry it refuses; `None` for what
    /// is only reported.
    pub http_status: Option<u16>,
    /// What the sender does about it.
    pub retry: Retry,
    /// FHIR `issue-type` code.
    pub issue_type: &'static str,
    /// Whether `advice = "refuse"` makes an error of it.
    pub refused_by_advice: bool,
    /// Who raises it: the file of the rule, or the crate for what is not a rule of this one.
    pub raised: Raised,
    /// What people read.
    pub text: Text,
}

/// Who raises a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// A file or crate, counted from `crates/`. A test holds every one against the source.
    In(&'static str),
    /// Nothing yet: number and meaning are fixed, so that senders can prepare for it.
    Reserved(Bilingual),
}

/// Makes the catalogue from its rows: the enum, and for each code its [`Entry`].
///
/// A row names all fields in this order, so what is missing does not compile:
/// `Name = number { severity, optionally advice: refuse, status (a number or none), retry, issue_type,
/// raised_in (or reserved: { nb, en }), title, explanation, cause, wrong, right, remedy }`.
macro_rules! codes {
    ([] $( $area:ident { $( $name:ident = $number:literal {
        severity: $severity:ident, $(advice: $advice:ident,)? status: $status:tt, retry: $retry:ident, issue_type: $issue_type:literal,
        $raised:ident: $by:tt,
        title: $title:tt,
        explanation: $explanation:tt,
        cause: $cause:tt,
        wrong: $wrong:literal,
        right: $right:literal,
        remedy: $remedy:tt,
    } )* } )*) => {
        /// A code of the catalogue.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Code { $( $( #[doc = concat!("LMR-", stringify!($number))] $name = $number, )* )* }

        impl Code {
            /// Every code, in order of number.
            pub const ALL: &'static [Code] = &[ $( $( Code::$name, )* )* ];

            /// `LMR-nnnn`, as written on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( $( Code::$name => concat!("LMR-", stringify!($number)), )* )* }
            }

            /// All that is known of it.
            #[must_use]
            pub const fn entry(self) -> &'static Entry {
                match self { $( $( Code::$name => &Entry {
                    area: Area::$area,
                    severity: Severity::$severity,
                    http_status: field!(status $status),
                    retry: Retry::$retry,
                    issue_type: $issue_type,
                    refused_by_advice: field!(advice $($advice)?),
                    raised: field!($raised $by),
                    text: Text {
                        code: Code::$name,
                        title: field!(both $title),
                        explanation: field!(both $explanation),
                        cause: field!(both $cause),
                        wrong: $wrong,
                        right: $right,
                        remedy: field!(both $remedy),
                    },
                }, )* )* }
            }
        }
    };
}

/// The value of one field of a row.
macro_rules! field {
    (status none) => { None };
    (status $number:literal) => { Some($number) };
    (both { nb: $nb:literal, en: $en:literal $(,)? }) => { Bilingual { nb: $nb, en: $en } };
    (advice) => { false };
    (advice refuse) => { true };
    (raised_in $by:literal) => { Raised::In($by) };
    (reserved $why:tt) => { Raised::Reserved(field!(both $why)) };
}

// Each area adds its rows and hands over to the next; `codes!` is the last.
connection::connection_codes! { [
    envelope_codes content_codes profile_elements profile_values profile_structure terminology_codes register_numbers register_times register_deliveries register_links register_outcomes own_codes codes
] }

impl Code {
    /// Severity when the rule that raises it says nothing else.
    #[must_use]
    pub const fn severity(self) -> Severity {
        self.entry().severity
    }

    /// HTTP status when this code ends the call, or the status of the entry it refuses; `None` for
    /// what is only reported.
    #[must_use]
    pub const fn http_status(self) -> Option<u16> {
        self.entry().http_status
    }

    /// What the sender does about it.
    #[must_use]
    pub const fn retry(self) -> Retry {
        self.entry().retry
    }

    /// FHIR `issue-type` code.
    #[must_use]
    pub const fn issue_type(self) -> &'static str {
        self.entry().issue_type
    }

    /// What people read about this code.
    #[must_use]
    pub const fn text(self) -> &'static Text {
        &self.entry().text
    }

    /// Why nothing raises this code yet; `None` for a code in use.
    #[must_use]
    pub const fn reserved(self) -> Option<Bilingual> {
        match self.entry().raised {
            Raised::Reserved(why) => Some(why),
            Raised::In(_) => None,
        }
    }

    /// The area it belongs to.
    #[must_use]
    pub const fn area(self) -> Area {
        self.entry().area
    }

    /// The four digits.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Finds a code by `LMR-1001`, `lmr1001` or `1001`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text
            .get(..3)
            .filter(|prefix| prefix.eq_ignore_ascii_case("lmr"))
            .map_or(text, |_| text[3..].trim_start_matches('-'));
        if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: u16 = digits.parse().ok()?;
        Self::ALL
            .binary_search_by_key(&number, |code| code.number())
            .ok()
            .map(|index| Self::ALL[index])
    }

    /// Title in the language asked for: short enough for a list.
    #[must_use]
    pub fn title(self, language: Language) -> &'static str {
        self.text().title.in_language(language)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_number_with_and_without_prefix() {
        assert_eq!(Code::parse("LMR-1001"), Some(Code::AddressNotAllowed));
        assert_eq!(Code::parse("lmr1001"), Some(Code::AddressNotAllowed));
        assert_eq!(Code::parse(" 1001 "), Some(Code::AddressNotAllowed));
        for wrong in ["", "LMR", "LMR-", "LMR-100", "LMR-10010", "æøå", "LMR-+001"] {
            assert_eq!(Code::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn codes_are_in_order_and_write_their_number() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        for code in Code::ALL {
            assert_eq!(code.as_str(), format!("LMR-{:04}", code.number()));
        }
    }

    #[test]
    fn the_thousands_of_a_number_are_its_area() {
        for code in Code::ALL {
            let thousands = match code.area() {
                Area::Connection => 1,
                Area::Envelope => 2,
                Area::Content => 3,
                Area::Profile => 4,
                Area::Terminology => 5,
                Area::Register => 6,
                Area::Own => 9,
            };
            assert_eq!(code.number() / 1000, thousands, "{code}");
        }
    }

    #[test]
    fn retry_class_agrees_with_the_status_that_ends_the_call() {
        for code in Code::ALL {
            match code.http_status() {
                Some(401 | 403 | 404 | 405 | 406 | 409 | 415) => {
                    assert_eq!(code.retry(), Retry::Never, "{code}");
                }
                Some(408 | 429 | 500 | 503) => assert_eq!(code.retry(), Retry::Later, "{code}"),
                Some(413 | 424) => assert_eq!(code.retry(), Retry::AfterCorrection, "{code}"),
                _ => {}
            }
            if code.http_status().is_none() {
                assert!(code.severity() <= Severity::Warning, "{code} refuses without a status");
            }
        }
    }
}
