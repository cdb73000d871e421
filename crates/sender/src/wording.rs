//! Words that sentences in both languages are made of.

/// The form of a word that goes with a count.
#[must_use]
pub fn counted<'t>(count: u64, one: &'t str, many: &'t str) -> &'t str {
    if count == 1 { one } else { many }
}
