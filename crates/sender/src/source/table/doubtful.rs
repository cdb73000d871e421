//! Numbers that were read and may mean something else.

use std::collections::BTreeMap;

use lmr_fhir::Language;
use serde::Serialize;

use super::field::{NumberForm, SEPARATORS};

/// Numbers of a column with a comma or a point before three digits: `1.000` is read as one, and is a thousand where the
/// comma or point is a thousands separator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoubtfulNumbers {
    /// The column, or the field of the mapping.
    pub column: String,
    /// How many, each cell once.
    pub count: usize,
    /// The column has numbers with a comma and numbers with a point: one separator for the mapping is not enough.
    pub has_both: bool,
    /// The row of the first.
    pub example: String,
}

impl DoubtfulNumbers {
    /// What is doubtful, and what to do. Ends without a full stop.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let Self { column, count, example, .. } = self;
        let remedy = match (language, self.has_both) {
            (Language::Bokmal, false) => {
                "Er det riktig, skriv det som separator i feltet i mappingen; er det tusenskille, ta det bort med remove"
            }
            (Language::Bokmal, true) => {
                "Kolonnen har tall med komma og tall med punktum: er det ene tusenskille, ta det bort med remove; er begge \
                 desimaltegn, må eksporten rettes så det bare er ett"
            }
            (Language::English, false) => {
                "If that is right, write it as separator into the field of the mapping; if it is a thousands separator, \
                 leave it out with remove"
            }
            (Language::English, true) => {
                "The column has numbers with a comma and numbers with a point: if one of them is a thousands separator, leave \
                 it out with remove; if both are decimal separators, the export must be corrected so that there is one"
            }
        };
        match language {
            Language::Bokmal => format!(
                "{column}: {count} tall har komma eller punktum foran tre sifre, som i 1.000 (først {example}), og det leses \
                 som desimaltegn. {remedy}"
            ),
            Language::English => format!(
                "{column}: {count} {} a comma or point before three digits, as in 1.000 (first {example}), and it is read \
                 as the decimal separator. {remedy}",
                if *count == 1 { "number has" } else { "numbers have" }
            ),
        }
    }
}

/// What the numbers of a column look like that are texts.
#[derive(Debug, Default)]
struct Column {
    /// Of each separator: whether it is the decimal one in some number.
    is_decimal: [bool; SEPARATORS.len()],
    /// Of each separator: how many numbers may be thousands, and where the first is, by its place among all of them and by name.
    doubtful: [Option<(usize, usize, String)>; SEPARATORS.len()],
}

/// The numbers of a scan, by their column: what one number leaves open another one of its column may show.
#[derive(Debug, Default)]
pub(super) struct NumberColumns {
    columns: BTreeMap<String, Column>,
    seen: usize,
}

impl NumberColumns {
    /// Notes a number of a column; `row` names its row.
    pub(super) fn note(&mut self, column: &str, form: NumberForm, row: impl FnOnce() -> String) {
        if !self.columns.contains_key(column) {
            self.columns.insert(column.to_owned(), Column::default());
        }
        let Some(known) = self.columns.get_mut(column) else { return };
        self.seen += 1;
        match form {
            NumberForm::Decimal { separator } => known.is_decimal[separator] = true,
            NumberForm::MaybeThousands { separator } => {
                known.doubtful[separator].get_or_insert_with(|| (0, self.seen, row())).0 += 1;
            }
        }
    }

    /// What is doubtful: numbers with a separator that is not the one decimal separator that their column shows.
    pub(super) fn doubtful(self) -> Vec<DoubtfulNumbers> {
        let of = |(column, found): (String, Column)| {
            let Column { is_decimal, doubtful } = found;
            let has_both = (0..SEPARATORS.len()).all(|at| is_decimal[at] || doubtful[at].is_some());
            let is_settled = |separator: usize| {
                is_decimal[separator] && is_decimal.iter().filter(|is_it| **is_it).count() == 1
            };
            let open =
                doubtful.into_iter().enumerate().filter(|(separator, _)| !is_settled(*separator));
            let open: Vec<_> = open.filter_map(|(_, numbers)| numbers).collect();
            let count = open.iter().map(|(count, ..)| count).sum();
            let (_, _, example) = open.into_iter().min_by_key(|(_, first, _)| *first)?;
            Some(DoubtfulNumbers { column, count, has_both, example })
        };
        self.columns.into_iter().filter_map(of).collect()
    }
}
