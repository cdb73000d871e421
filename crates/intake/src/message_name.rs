//! How a message is called where its id stays for good or goes elsewhere: in log lines.

use lmr_fhir::digits;
use lmr_identifiers::NationalIdentityNumber;
use std::borrow::Cow;
use std::ops::Range;

/// A message's id without any identity number that its sender has put into it, within other digits or spelled in groups:
/// each digit of one is written as zero. An id that is a UUID is as it is: what looks like a number there is chance.
#[must_use]
pub fn message_name(id: &str) -> Cow<'_, str> {
    if is_uuid(id) {
        return Cow::Borrowed(id);
    }
    let is_number = |text: &str| NationalIdentityNumber::parse(text).is_ok();
    let windows = (0..id.len()).map(|at| at..at + NationalIdentityNumber::LENGTH);
    let within = windows.filter(|place| id.get(place.clone()).is_some_and(is_number));
    let spelled =
        digits::in_groups(id, NationalIdentityNumber::LENGTH, &NationalIdentityNumber::GROUPS)
            .filter(|(_, digits)| is_number(digits));
    let found: Vec<Range<usize>> = within.chain(spelled.map(|(place, _)| place)).collect();
    if found.is_empty() {
        return Cow::Borrowed(id);
    }
    let is_masked =
        |at: usize, c: char| c.is_ascii_digit() && found.iter().any(|place| place.contains(&at));
    let masked = id.char_indices().map(|(at, c)| if is_masked(at, c) { '0' } else { c });
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

    #[test]
    fn no_usual_spelling_of_a_number_is_in_a_name() {
        let number = "13866510282";
        for spelling in digits::spellings(number).filter(|spelling| spelling.is_usual) {
            let id = format!("pasient {} i dag", spelling.text);
            let name = message_name(&id);
            assert!(digits::find(name.as_bytes(), number, 0).is_none(), "{id}: {name}");
            assert_eq!(name.len(), id.len());
        }
    }
}
