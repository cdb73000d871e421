//! As much DER as tells the forms of a key file apart and wraps the older ones into PKCS#8.

use zeroize::Zeroizing;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed.
const CONTEXT_0: u8 = 0xa0;

/// `AlgorithmIdentifier` of an RSA key (RFC 8017 appendix A.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// `id-ecPublicKey` (RFC 5480 section 2.1.1).
const EC_PUBLIC_KEY: [u8; 9] = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// What a DER file is, by its first elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Pkcs12,
    Pkcs8,
    EncryptedPkcs8,
    /// `RSAPrivateKey` (RFC 8017).
    Pkcs1,
    /// `ECPrivateKey` (RFC 5915).
    Sec1,
    Certificate,
    /// A sequence of indefinite length.
    Indefinite,
}

impl Shape {
    /// `None` for what is none of them or not whole.
    pub(crate) fn of(content: &[u8]) -> Option<Self> {
        if content.starts_with(&[SEQUENCE, 0x80]) {
            return Some(Self::Indefinite);
        }
        let (tag, body, rest) = element(content)?;
        // A file may end in a line end that a copy added.
        if tag != SEQUENCE || !rest.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        let (first, value, rest) = element(body)?;
        let (second, ..) = element(rest)?;
        match (first, value, second) {
            (INTEGER, [3], SEQUENCE) => Some(Self::Pkcs12),
            (INTEGER, [0 | 1], SEQUENCE) => Some(Self::Pkcs8),
            (INTEGER, [0], INTEGER) => Some(Self::Pkcs1),
            (INTEGER, [1], OCTET_STRING) => Some(Self::Sec1),
            (SEQUENCE, _, OCTET_STRING) => Some(Self::EncryptedPkcs8),
            (SEQUENCE, _, SEQUENCE) => Some(Self::Certificate),
            _ => None,
        }
    }
}

/// The first element: its tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) || rest.len() < count {
            return None;
        }
        let (digits, after) = rest.split_at(count);
        rest = after;
        digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit))
    };
    (length <= rest.len()).then(|| {
        let (content, after) = rest.split_at(length);
        (tag, content, after)
    })
}

/// One element of these contents.
pub(crate) fn encode(tag: u8, contents: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = contents.iter().map(|content| content.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(length + 6));
    out.push(tag);
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap_or_default());
    } else {
        let digits = length.to_be_bytes();
        let digits = &digits[digits.iter().take_while(|digit| **digit == 0).count()..];
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
        out.extend_from_slice(digits);
    }
    contents.iter().for_each(|content| out.extend_from_slice(content));
    out
}

fn pkcs8(algorithm: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    encode(SEQUENCE, &[&[INTEGER, 1, 0], algorithm, &encode(OCTET_STRING, &[key])])
}

/// PKCS#8 of an `RSAPrivateKey`.
pub(crate) fn pkcs8_of_pkcs1(key: &[u8]) -> Zeroizing<Vec<u8>> {
    pkcs8(&RSA_ENCRYPTION, key)
}

/// PKCS#8 of an `ECPrivateKey`, which must name its curve.
pub(crate) fn pkcs8_of_sec1(key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (_, body, _) = element(key)?;
    let mut rest = body;
    loop {
        let (tag, content, after) = element(rest)?;
        if tag == CONTEXT_0 {
            let (tag, curve, _) = element(content)?;
            if tag != OID {
                return None;
            }
            let curve = encode(OID, &[curve]);
            return Some(pkcs8(&encode(SEQUENCE, &[&EC_PUBLIC_KEY, &curve]), key));
        }
        rest = after;
    }
}
