//! PKCS#12 (RFC 7292): certificate, chain and key in one file under a password.

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use zeroize::Zeroizing;

use crate::Password;
use crate::error::{Encrypted, KeyFileError};

const WHAT: Encrypted = Encrypted::Pkcs12;
const REMEDY: &str =
    "openssl pkcs12 -legacy -in FILE -nodes | openssl pkcs12 -export -out NEW (OpenSSL 3)";

/// The one private key, as PKCS#8.
pub(crate) fn private_key(
    content: &[u8],
    password: Option<&Password>,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let archive = open(content, password)?;
    match archive.keys.as_slice() {
        [key] => Ok(Zeroizing::new(key.key.as_der().to_vec())),
        [] => Err(KeyFileError::NoKey { found: "PKCS#12".to_owned() }),
        several => Err(KeyFileError::SeveralKeys { count: several.len() }),
    }
}

/// The certificates: the key's own first, then its issuers, then the others.
pub(crate) fn certificates(
    content: &[u8],
    password: Option<&Password>,
) -> Result<Vec<Vec<u8>>, KeyFileError> {
    let archive = open(content, password)?;
    let key = archive.keys.first().and_then(|key| key.local_key_id.as_ref());
    let mut rest: Vec<_> = archive.certs.iter().collect();
    let is_leaf = |at: &&p12_keystore::CertificateBag| {
        key.is_some_and(|key| at.local_key_id.as_deref() == Some(key.as_ref()))
    };
    let leaf = rest.iter().position(is_leaf).unwrap_or_default();
    if rest.is_empty() {
        return Err(KeyFileError::NoCertificate { found: "PKCS#12".to_owned() });
    }
    let mut sorted = vec![rest.remove(leaf)];
    while let Some(last) = sorted.last() {
        let issuer = last.cert.issuer();
        let Some(at) = rest.iter().position(|bag| bag.cert.subject() == issuer) else { break };
        sorted.push(rest.remove(at));
    }
    sorted.append(&mut rest);
    Ok(sorted.iter().map(|bag| bag.cert.as_der().to_vec()).collect())
}

fn open(content: &[u8], password: Option<&Password>) -> Result<Pkcs12Archive, KeyFileError> {
    let text = password.map(Password::expose).unwrap_or_default();
    // A file without a password at all is legal, so it is tried with none.
    Pkcs12Archive::from_pkcs12(content, text).map_err(|error| match error {
        Error::MacError(_) | Error::UnpadError | Error::InvalidData if password.is_none() => {
            KeyFileError::PasswordMissing { what: WHAT }
        }
        Error::MacError(_) | Error::UnpadError | Error::InvalidData => {
            KeyFileError::PasswordWrong { what: WHAT }
        }
        Error::InvalidVersion | Error::X509Error(_) => KeyFileError::Damaged,
        // The file is whole (its outermost length fits), so what cannot be read in it is a cipher.
        _ => KeyFileError::Unsupported { what: WHAT, remedy: REMEDY },
    })
}
