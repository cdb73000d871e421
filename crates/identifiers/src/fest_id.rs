//! Ids of FEST, the national catalogue of medicines.

use std::fmt;

/// The id of an entry of FEST: a GUID, in FEST's own files with `ID_` in front.
///
/// Both spellings occur in messages; two ids are equal when their GUIDs are, whatever their case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FestId([u8; 36]);

/// A text that is not a FEST id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FestIdError;

impl FestId {
    /// Reads a GUID in its five groups, with or without `ID_`, in any case.
    ///
    /// # Errors
    /// [`FestIdError`].
    pub fn parse(text: &str) -> Result<Self, FestIdError> {
        let prefix = text.get(..3).filter(|prefix| prefix.eq_ignore_ascii_case("ID_"));
        let guid = if prefix.is_some() { &text[3..] } else { text };
        let bytes: [u8; 36] = guid.as_bytes().try_into().map_err(|_| FestIdError)?;
        let holds = bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        if holds { Ok(Self(bytes.map(|byte| byte.to_ascii_uppercase()))) } else { Err(FestIdError) }
    }

    /// The GUID in capitals, without `ID_`.
    #[must_use]
    pub fn guid(&self) -> &str {
        // Only ASCII is ever put in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for FestId {
    /// As FEST writes it: `ID_` and the GUID in capitals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ID_{}", self.guid())
    }
}

impl fmt::Debug for FestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FestId({self})")
    }
}

impl fmt::Display for FestIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FEST id is a GUID, with or without ID_ in front")
    }
}

impl std::error::Error for FestIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "C31AF94A-5D5A-4C91-9B99-BB221E26E4C9";

    #[test]
    fn both_spellings_in_any_case_are_one_id() {
        let id = FestId::parse(GUID).unwrap();
        for text in
            [format!("ID_{GUID}"), GUID.to_lowercase(), format!("id_{}", GUID.to_lowercase())]
        {
            assert_eq!(FestId::parse(&text), Ok(id), "{text}");
        }
        assert_eq!((id.guid(), id.to_string()), (GUID, format!("ID_{GUID}")));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "ID_",
            &GUID[1..],
            "ID-C31AF94A",
            &GUID.replace('-', "0"),
            &GUID.replace('C', "G"),
            &format!("{GUID}0"),
            &format!("ID_ID_{GUID}"),
            "ÆØÅ",
        ] {
            assert_eq!(FestId::parse(text), Err(FestIdError), "{text}");
        }
    }
}
