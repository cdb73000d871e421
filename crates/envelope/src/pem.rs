//! PEM (RFC 7468) for keys: like the usual readers, but the key's bytes are wiped after use.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// What a file of key material turned out to hold.
pub(crate) enum PemBlock {
    Found(Zeroizing<Vec<u8>>),
    Malformed,
    /// The label of the first block, where the wanted one is absent.
    OtherLabel(String),
    None,
}

/// Finds the first block `-----BEGIN {label}-----`.
pub(crate) fn first_block(text: &[u8], label: &str) -> PemBlock {
    let Ok(text) = std::str::from_utf8(text) else { return PemBlock::None };
    let begin = format!("-----BEGIN {label}-----");
    let Some(start) = text.find(&begin) else {
        let other = text.split_once("-----BEGIN ").and_then(|(_, rest)| rest.split_once("-----"));
        return match other {
            Some((label, _)) if label.len() < 60 && !label.contains('\n') => {
                PemBlock::OtherLabel(label.to_owned())
            }
            _ => PemBlock::None,
        };
    };
    let body = &text[start + begin.len()..];
    let Some(end) = body.find(&format!("-----END {label}-----")) else {
        return PemBlock::Malformed;
    };
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(
        body.as_bytes()[..end].iter().copied().filter(|b| !b.is_ascii_whitespace()).collect(),
    );
    match STANDARD.decode(&*digits) {
        Ok(der) => PemBlock::Found(Zeroizing::new(der)),
        Err(_) => PemBlock::Malformed,
    }
}
