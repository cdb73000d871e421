//! What a file that is not JSON seems to be, and what to do about it.

use crate::input::looks_like_lines;
use crate::text::{Text, text};

/// How a zip archive begins.
pub(super) const ZIP: &[u8] = b"PK\x03\x04";

/// What to do about a file that is not JSON, where its first bytes show what it is instead.
pub(super) fn remedy_for(bytes: &[u8]) -> Option<Text> {
    let start = bytes.trim_ascii_start();
    let first_line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Some(if bytes.starts_with(&[0x1f, 0x8b]) {
        text!(
            "filen er pakket (gzip): pakk den ut først",
            "the file is packed (gzip): unpack it first"
        )
    } else if bytes.starts_with(ZIP) {
        text!(
            "filen er pakket (zip): pakk den ut først",
            "the file is packed (zip): unpack it first"
        )
    } else if looks_like_lines(bytes) {
        text!(
            "er det NDJSON, en ressurs per linje? Gi filen et navn som slutter på .ndjson",
            "is it NDJSON, a resource a line? Give the file a name that ends with .ndjson"
        )
    } else if start.first().is_some_and(u8::is_ascii_alphanumeric)
        && first_line.iter().any(|byte| matches!(byte, b';' | b',' | b'\t'))
    {
        text!(
            "det ser ut som CSV: lmr send map --preview viser ressursene som en mapping lager av linjene",
            "it looks like CSV: lmr send map --preview shows the resources that a mapping makes of the lines"
        )
    } else {
        return None;
    })
}
