//! PEM (RFC 7468), whose key bytes are wiped after use, and encrypted PKCS#8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::EncryptedPrivateKeyInfoRef;
use zeroize::Zeroizing;

use crate::Password;
use crate::der;
use crate::error::{Encrypted, KeyFileError};

const BEGIN: &str = "-----BEGIN ";

/// The text, if there is a PEM block in it. What is around blocks (`Bag Attributes` of OpenSSL) does not matter,
/// and may be in another encoding.
pub(crate) fn as_pem(content: &[u8]) -> Option<Text<'_>> {
    let begins = content.windows(BEGIN.len()).any(|part| part == BEGIN.as_bytes());
    begins.then_some(Text(content))
}

/// Bytes with PEM blocks in them.
#[derive(Clone, Copy)]
pub(crate) struct Text<'t>(&'t [u8]);

/// One block: its label, and the text between its lines.
struct Block<'t> {
    label: &'t str,
    body: &'t str,
}

impl<'t> Text<'t> {
    /// The blocks in order; an error for one without an end.
    fn blocks(self) -> Result<Vec<Block<'t>>, KeyFileError> {
        let mut blocks = Vec::new();
        let mut rest = self.0;
        while let Some(at) = find(rest, BEGIN.as_bytes()) {
            rest = &rest[at + BEGIN.len()..];
            let line = find(rest, b"-----").ok_or(KeyFileError::Damaged)?;
            let label = std::str::from_utf8(&rest[..line]).map_err(|_| KeyFileError::Damaged)?;
            rest = &rest[line + 5..];
            let end = find(rest, format!("-----END {label}-----").as_bytes());
            let end = end.ok_or(KeyFileError::Damaged)?;
            let body = std::str::from_utf8(&rest[..end]).map_err(|_| KeyFileError::Damaged)?;
            blocks.push(Block { label, body });
            rest = &rest[end..];
        }
        Ok(blocks)
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|at| at == part)
}

impl Block<'_> {
    fn decode(&self) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        if self.body.contains("Proc-Type:") {
            return Err(KeyFileError::OldPem);
        }
        let digits: Zeroizing<Vec<u8>> =
            Zeroizing::new(self.body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
        STANDARD.decode(&*digits).map(Zeroizing::new).map_err(|_| KeyFileError::Damaged)
    }
}

/// The one private key among the blocks, as PKCS#8.
pub(crate) fn private_key(
    text: Text<'_>,
    password: Option<&Password>,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let blocks = text.blocks()?;
    let keys: Vec<&Block<'_>> =
        blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY")).collect();
    let block = match keys.as_slice() {
        [block] => *block,
        [] => return Err(KeyFileError::NoKey { found: labels(&blocks) }),
        several => return Err(KeyFileError::SeveralKeys { count: several.len() }),
    };
    let der = block.decode()?;
    match block.label {
        "PRIVATE KEY" => Ok(der),
        "ENCRYPTED PRIVATE KEY" => decrypt(&der, password),
        "RSA PRIVATE KEY" => Ok(der::pkcs8_of_pkcs1(&der)),
        "EC PRIVATE KEY" => der::pkcs8_of_sec1(&der).ok_or(KeyFileError::Damaged),
        _ => Err(KeyFileError::NoKey { found: labels(&blocks) }),
    }
}

/// All certificates, in order.
pub(crate) fn certificates(text: Text<'_>) -> Result<Vec<Vec<u8>>, KeyFileError> {
    let blocks = text.blocks()?;
    let certificates: Result<Vec<Vec<u8>>, KeyFileError> = blocks
        .iter()
        .filter(|block| ["CERTIFICATE", "X509 CERTIFICATE"].contains(&block.label))
        .map(|block| block.decode().map(|der| der.to_vec()))
        .collect();
    match certificates? {
        none if none.is_empty() => Err(KeyFileError::NoCertificate { found: labels(&blocks) }),
        certificates => Ok(certificates),
    }
}

/// The labels of the blocks, for a message.
fn labels(blocks: &[Block<'_>]) -> String {
    let mut labels: Vec<&str> = blocks.iter().map(|block| block.label).collect();
    labels.dedup();
    labels.truncate(3);
    let text = labels.join(", ");
    // A label is at most some words; anything longer is rubbish that must not go into a message.
    if text.len() > 100 { "PEM".to_owned() } else { text }
}

/// Decrypts PKCS#8 (RFC 5958 section 3).
pub(crate) fn decrypt(
    der: &[u8],
    password: Option<&Password>,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    const WHAT: Encrypted = Encrypted::Pkcs8;
    let unsupported = KeyFileError::Unsupported {
        what: WHAT,
        remedy: "openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW",
    };
    let Ok(encrypted) = EncryptedPrivateKeyInfoRef::try_from(der) else {
        return Err(unsupported);
    };
    let Some(password) = password else {
        return Err(KeyFileError::PasswordMissing { what: WHAT });
    };
    match encrypted.decrypt(password.expose()) {
        Ok(key) => Ok(Zeroizing::new(key.as_bytes().to_vec())),
        Err(pkcs8::Error::EncryptedPrivateKey(
            pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs8::pkcs5::Error::NoPbes1CryptSupport,
        )) => Err(unsupported),
        // Padding that does not come out right, or a key that cannot be read after it.
        Err(_) => Err(KeyFileError::PasswordWrong { what: WHAT }),
    }
}
