//! What a file that is no resource seems to be, and what to do about it.

use lmr_fhir::OtherEncoding;

use super::looks_like_lines;
use crate::text::{Text, text};

/// How a zip archive begins.
pub(crate) const ZIP: &[u8] = b"PK\x03\x04";
/// How what gzip has packed begins.
pub(crate) const GZIP: &[u8] = &[0x1f, 0x8b];
/// What a web page begins with, in small letters.
const PAGE: [&[u8]; 2] = [b"<!doctype html", b"<html"];
/// Files that are no text, by their first bytes.
const BINARY: [(&[u8], &str); 6] = [
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"MSCF", "cab"),
];

/// What to do about a file that is no resource, where its bytes show what it is instead.
pub(crate) fn remedy_for(bytes: &[u8]) -> Option<Text> {
    let start = bytes.trim_ascii_start();
    let first_line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Some((_, name)) = BINARY.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(text!(
            "filen er pakket ({name}): pakk den ut først",
            "the file is packed ({name}): unpack it first"
        ));
    }
    if let Some(encoding) = OtherEncoding::of(bytes) {
        let name = encoding.name();
        return Some(text!(
            "lagre den som UTF-8, for eksempel med iconv -f {name} -t UTF-8 FIL",
            "save it as UTF-8, for instance by iconv -f {name} -t UTF-8 FILE"
        ));
    }
    if start.is_empty() {
        return Some(text!(
            "filen er tom: se om det som skriver den, har fullført",
            "the file is empty: see whether what writes it has finished"
        ));
    }
    let is_page = |begin: &&[u8]| {
        start.get(..begin.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(begin))
    };
    Some(if bytes.starts_with(GZIP) {
        text!(
            "filen er pakket (gzip): gi den et navn som slutter på .gz (.json.gz), eller pakk den ut først",
            "the file is packed (gzip): give it a name that ends with .gz (.json.gz), or unpack it first"
        )
    } else if bytes.starts_with(ZIP) {
        text!(
            "filen er pakket (zip): pakk den ut først",
            "the file is packed (zip): unpack it first"
        )
    } else if bytes.starts_with(b"%PDF-") {
        text!("det er en PDF, ikke en ressurs", "it is a PDF, not a resource")
    } else if bytes.starts_with(b"version https://git-lfs") {
        text!(
            "det er en peker fra Git LFS, ikke filen selv: hent den med git lfs pull",
            "it is a pointer of Git LFS, not the file itself: fetch it with git lfs pull"
        )
    } else if bytes.starts_with(b"<<<<<<< ") {
        text!(
            "filen har en konflikt fra git som ikke er løst",
            "the file has a merge conflict of git that is not resolved"
        )
    } else if PAGE.iter().any(is_page) {
        text!(
            "det er en nettside (HTML), ofte en feilside fra en tjener: hent ressursen på nytt",
            "it is a web page (HTML), often the error page of a server: fetch the resource again"
        )
    } else if start.starts_with(b"@prefix") || start.starts_with(b"PREFIX") {
        text!(
            "det ser ut som RDF (Turtle): lmr leser JSON og XML",
            "it looks like RDF (Turtle): lmr reads JSON and XML"
        )
    } else if start.starts_with(b"resourceType:") {
        text!(
            "det ser ut som YAML: lmr leser JSON og XML",
            "it looks like YAML: lmr reads JSON and XML"
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
    // A character that is cut off at the end is one of UTF-8.
    } else if matches!(start.first(), Some(b'{' | b'[' | b'<'))
        && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_some())
    {
        text!(
            "kommer den fra Windows, lagre den som UTF-8, for eksempel med iconv -f WINDOWS-1252 -t UTF-8 FIL",
            "if it comes from Windows, save it as UTF-8, for instance by iconv -f WINDOWS-1252 -t UTF-8 FILE"
        )
    } else {
        return None;
    })
}

/// Whether the first bytes of a file whose name says that it has a resource a line show that it has not: no line of it
/// could be read, and each would be a finding.
pub(super) fn is_no_text(head: &[u8]) -> bool {
    OtherEncoding::of(head).is_some()
        || [GZIP, ZIP].iter().any(|magic| head.starts_with(magic))
        || BINARY.iter().any(|(magic, _)| head.starts_with(magic))
}
