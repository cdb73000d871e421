//! Numbers that were read and may mean something else.

use lmr_fhir::Language;
use serde::Serialize;

/// Numbers of a column with one sign, before three digits: `1.000` is read as one, and is a thousand where the sign stands
/// between thousands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoubtfulNumbers {
    /// The column, or the field of the mapping.
    pub column: String,
    /// How many.
    pub count: usize,
    /// The row of the first.
    pub example: String,
}

impl DoubtfulNumbers {
    /// What is doubtful, and what to do. Ends without a full stop.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let Self { column, count, example } = self;
        match language {
            Language::Bokmal => format!(
                "{column}: i {count} tall står tegnet foran tre sifre, som i 1.000 (først {example}), og leses som tegnet før \
                 desimalene. Er det riktig, skriv tegnet som separator i feltet i mappingen; skiller det tusener, ta det bort \
                 med remove"
            ),
            Language::English => format!(
                "{column}: {count} × a number with its sign before three digits, as in 1.000 (first {example}), read as the \
                 sign before the decimals. If that is right, write the sign as separator into the field of the mapping; if it \
                 stands between thousands, leave it out with remove"
            ),
        }
    }
}
