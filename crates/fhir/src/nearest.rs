//! "Did you mean": the nearest known name.

/// The name nearest to `wrong`, if one is near enough to be a slip: a third of its characters, three
/// at most, or its end is missing. Of names equally near it is the first in the alphabet.
#[must_use]
pub fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if wrong.len() > 64 {
        return None;
    }
    let length = wrong.chars().count();
    let limit = (length / 3).clamp(1, 3);
    let lower = wrong.to_lowercase();
    names
        .filter_map(|name| {
            // A name that was only begun (`effectiveDate`) is meant too, if none is nearer.
            let is_begun = wrong.len() > 4 && name.len() > wrong.len() && name.starts_with(wrong);
            let begun = is_begun.then(|| name.len() - wrong.len() + limit);
            // Most names are of another length: nothing is made for them.
            let is_near = name.chars().count().abs_diff(length) <= limit;
            let near = is_near.then(|| distance(&lower, &name.to_lowercase(), limit)).flatten();
            Some((near.or(begun)?, name))
        })
        .min()
        .map(|(_, name)| name)
}

/// Edits from one to the other, `None` when above the limit. Two neighbours that changed places are
/// one edit (optimal string alignment).
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let (mut above, mut next) = (row.clone(), row.clone());
    for (i, ca) in a.iter().enumerate() {
        next[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = row[j] + usize::from(ca != cb);
            let mut least = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                least = least.min(above[j - 1] + 1);
            }
            next[j + 1] = least;
        }
        // No later row has less than the least of this one and of the one before.
        let least = |row: &[usize]| row.iter().min().is_some_and(|least| *least > limit);
        if least(&next) && least(&row) {
            return None;
        }
        std::mem::swap(&mut above, &mut row);
        std::mem::swap(&mut row, &mut next);
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
        assert_eq!(nearest("nmae", names.into_iter()), Some("name"));
        let choices = ["effectiveDateTime", "effectivePeriod"];
        assert_eq!(nearest("effectiveDate", choices.into_iter()), Some("effectiveDateTime"));
        assert_eq!(nearest("occupation", names.into_iter()), None);
    }
}
