//! Canonical URLs and versions.
//! Rule: <https://hl7.org/fhir/R4/references.html#canonical>.

use std::cmp::Ordering;

/// Base URL of the structure definitions of the FHIR core.
pub(crate) const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Canonical URL of a type, a profile or an extension of the FHIR core by its id.
pub(crate) fn core(id: &str) -> String {
    format!("{CORE}{id}")
}

/// How many definitions may build on each other, one after the other. Real ones stay below ten.
pub(crate) const MAX_CHAIN: usize = 64;

/// `url|version` taken apart.
pub(crate) fn split_canonical(canonical: &str) -> (&str, Option<&str>) {
    let Some(at) = memchr::memchr(b'|', canonical.as_bytes()) else { return (canonical, None) };
    let (url, version) = (&canonical[..at], &canonical[at + 1..]);
    (url, (!version.is_empty()).then_some(version))
}

/// Whether a definition of version `have` answers a canonical that asks for `want`: the same, or
/// `want` is the beginning of it with major and minor number (`4.0` for `4.0.1`), as with the reference. A
/// major number alone is another version.
pub(crate) fn answers(have: Option<&str>, want: Option<&str>) -> bool {
    let Some(want) = want else { return true };
    let is_begun = |rest: &str| want.contains('.') && rest.starts_with('.');
    have.and_then(|have| have.strip_prefix(want))
        .is_some_and(|rest| rest.is_empty() || is_begun(rest))
}

/// Canonical by which a profile's contained value set is known: bindings name it `#id`.
pub(crate) fn contained_url(owner: &str, id: &str) -> String {
    format!("{owner}#{id}")
}

/// Orders versions part by part, numbers as numbers; a label (`-beta`) comes before the release.
pub(crate) fn compare_versions(a: Option<&str>, b: Option<&str>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return a.cmp(&b) };
    let split = |version: &'_ str| match version.split_once('-') {
        Some((release, label)) if release.contains('.') => {
            (release.to_owned(), Some(label.to_owned()))
        }
        _ => (version.to_owned(), None),
    };
    let ((a, a_label), (b, b_label)) = (split(a), split(b));
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => break,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                _ => x.cmp(y),
            },
            (x, y) => x.is_some().cmp(&y.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
    match (a_label, b_label) {
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (a, b) => a.cmp(&b),
    }
}
