//! "Did you mean": the nearest known name.

use crate::issue::Arg;

/// The name nearest to `wrong`, if one is near enough to be a slip.
pub(crate) fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if wrong.len() > 64 {
        return None;
    }
    let limit = (wrong.chars().count() / 3).clamp(1, 3);
    let lower = wrong.to_lowercase();
    names
        .filter_map(|name| {
            // A name that was only begun (`effectiveDate`) is meant too, if none is nearer.
            let is_begun = wrong.len() > 4 && name.len() > wrong.len() && name.starts_with(wrong);
            let begun = is_begun.then(|| name.len() - wrong.len() + limit);
            Some((distance(&lower, &name.to_lowercase(), limit).or(begun)?, name))
        })
        .min()
        .map(|(_, name)| name)
}

/// The suggestion as the last words of a message; empty without one.
pub(crate) fn as_arg(near: Option<&str>) -> Arg {
    Arg::Text(near.map_or_else(String::new, |n| format!(" ({n}?)")))
}

/// Levenshtein distance, `None` when above the limit.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let b: Vec<char> = b.chars().collect();
    if a.chars().count().abs_diff(b.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row.last().copied().filter(|d| *d <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_find_the_name_meant() {
        let names = ["birthDate", "gender", "name"];
        assert_eq!(nearest("birthdate", names.into_iter()), Some("birthDate"));
        assert_eq!(nearest("gendre", names.into_iter()), Some("gender"));
        let choices = ["effectiveDateTime", "effectivePeriod"];
        assert_eq!(nearest("effectiveDate", choices.into_iter()), Some("effectiveDateTime"));
        assert_eq!(nearest("occupation", names.into_iter()), None);
    }
}
