//! How a message is called where its id stays for good or goes elsewhere: in log lines.

use lmr_identifiers::NationalIdentityNumber;
use std::borrow::Cow;

/// Digits of an identity number.
const DIGITS: usize = 11;

/// A message's id without any identity number that its sender has put into it: each digit of one is written as zero. An id
/// that is a UUID is as it is: what looks like a number there is chance.
#[must_use]
pub fn message_name(id: &str) -> Cow<'_, str> {
    if is_uuid(id) {
        return Cow::Borrowed(id);
    }
    let found: Vec<usize> = (0..id.len())
        .filter(|at| {
            let window = id.get(*at..at + DIGITS);
            window.is_some_and(|window| NationalIdentityNumber::parse(window).is_ok())
        })
        .collect();
    if found.is_empty() {
        return Cow::Borrowed(id);
    }
    let is_masked = |at: usize| found.iter().any(|from| (*from..from + DIGITS).contains(&at));
    let masked = id.char_indices().map(|(at, c)| if is_masked(at) { '0' } else { c });
    Cow::Owned(masked.collect())
}

/// Whether a text is a UUID as RFC 9562 writes it: 32 hexadecimal digits in five groups.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_a_message_id_is_not_in_its_name_and_all_else_is() {
        for (id, name) in [
            ("13866510282", "00000000000"),
            ("pasient-13866510282-1", "pasient-00000000000-1"),
            ("x13866510282æ13866510282", "x00000000000æ00000000000"),
            ("ø7 13866510282", "ø7 00000000000"),
            // Eleven digits that are nobody's.
            ("13866510283", "13866510283"),
            ("melding 17", "melding 17"),
            ("", ""),
            ("00000000-0000-4000-8000-138665102820", "00000000-0000-4000-8000-138665102820"),
        ] {
            assert_eq!(message_name(id), name, "{id}");
        }
    }
}
