//! Texts that may be a person's number.

/// Whether eleven digits follow one another, separated by blanks, dots or hyphens at most: a system that
/// uses identity numbers as ids. Check digits are not looked at: a mistyped number says as much of somebody. Such a text is
/// kept nowhere and shown in no log.
#[must_use]
pub fn looks_personal(id: &str) -> bool {
    let mut run = 0;
    id.chars().any(|c| {
        run = match c {
            _ if c.is_ascii_digit() => run + 1,
            ' ' | '.' | '-' | '\u{a0}' => run,
            _ => 0,
        };
        run >= 11
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eleven_digits_in_any_spelling_look_personal_and_fewer_do_not() {
        for personal in
            ["12818012345", "128180 12345", "128180-12345", "a12818012345b", "Kari 12.81.80.12345"]
        {
            assert!(looks_personal(personal), "{personal}");
        }
        for plain in ["", "ADM-17", "1281801234", "12818x012345", "9144889"] {
            assert!(!looks_personal(plain), "{plain}");
        }
    }
}
