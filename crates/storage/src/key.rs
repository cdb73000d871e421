//! Encryption of columns and keyed digests of identifiers, both derived from one key file.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    hmac, rand,
};
use lmr_intake::StoreError;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

const KEY_LEN: usize = 32;
pub(crate) const SALT_LEN: usize = 16;
/// First byte of every sealed value: the way it was sealed.
const FORMAT: u8 = 1;

/// Why a key file cannot be used.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum KeyFileError {
    /// Neither 32 bytes nor 64 hex digits.
    #[error("the storage key must be 32 random bytes, or 64 hex digits")]
    WrongLength,
    /// The two key files of identities that are kept apart are one.
    #[error("the key of the identities must be another one than the storage key")]
    Same,
}

/// What the check word of every database begins with.
const CHECK_WORD: &[u8] = b"lmr";
/// What keys are derived with: of a database that has everything, of one without identities, of the identities' own, and
/// of what takes both key files.
const WHOLE: &[u8] = b"lmr storage";
const APART: &[u8] = b"lmr storage without identities";
const IDENTITIES: &[u8] = b"lmr storage identities";
const BOTH: &[u8] = b"lmr storage both";

/// The key of a database. Whoever loses it loses the content; whoever has it can read it.
pub struct StorageKey {
    derive: Prk,
    /// What the columns are encrypted under that say who a patient is, where identities are kept apart.
    personal: Option<Prk>,
    identifiers: hmac::Key,
    /// What `derive` would be the other way round: with identities apart, or without.
    other: Prk,
    /// What is sealed in the database, so that its key is known again.
    check_word: Vec<u8>,
}

/// The keys of a database without identities and of the one that has them, from two key files.
pub struct ApartKeys {
    /// Of the first database.
    pub rest: StorageKey,
    /// Of the second.
    pub identities: IdentityKey,
}

/// The key of a database that has identities only.
pub struct IdentityKey {
    /// Seals who somebody is.
    pub(crate) people: StorageKey,
    /// From both key files: names the message of a part, and seals what may say both.
    pub(crate) both: StorageKey,
}

impl ApartKeys {
    /// Takes the content of both key files, the first database's first. The first key fits no database that was begun with
    /// identities in it. What would let the holder of the first file find out who somebody is (digests of identifiers,
    /// hashes of content, answers), is under the second.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read(rest: &[u8], identities: &[u8]) -> Result<Self, KeyFileError> {
        let (rest, identities) = (key_bytes(rest)?, key_bytes(identities)?);
        if rest == identities {
            return Err(KeyFileError::Same);
        }
        let extract = |salt, key: &[u8]| Salt::new(HKDF_SHA256, salt).extract(key);
        let joined = Zeroizing::new([*rest, *identities].concat());
        let both = StorageKey::of(extract(BOTH, &joined), None, extract(BOTH, &joined));
        let word = both.digest("check", &[]);
        let checked = |mut key: StorageKey| {
            key.check_word.extend_from_slice(&word);
            key
        };
        let personal = extract(IDENTITIES, &*identities);
        let other = extract(WHOLE, &*rest);
        Ok(Self {
            rest: checked(StorageKey::of(extract(APART, &*rest), Some(personal.clone()), other)),
            identities: IdentityKey {
                people: checked(StorageKey::of(personal.clone(), None, personal)),
                both,
            },
        })
    }
}

impl StorageKey {
    /// Takes a key file's content: 32 bytes, or 64 hex digits with blanks around them.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn read(file: &[u8]) -> Result<Self, KeyFileError> {
        Ok(Self::new(&*key_bytes(file)?))
    }

    /// Takes the key itself.
    pub fn new(key: &[u8; KEY_LEN]) -> Self {
        let extract = |salt| Salt::new(HKDF_SHA256, salt).extract(key);
        Self::of(extract(WHOLE), None, extract(APART))
    }

    fn of(derive: Prk, personal: Option<Prk>, other: Prk) -> Self {
        let identifiers = expand(personal.as_ref().unwrap_or(&derive), &[b"identifiers"]);
        let identifiers = hmac::Key::new(hmac::HMAC_SHA256, &*identifiers);
        Self { derive, personal, identifiers, other, check_word: CHECK_WORD.to_vec() }
    }

    /// Whether identities are kept apart from this key's database.
    pub(crate) fn is_apart(&self) -> bool {
        self.personal.is_some()
    }

    /// What is sealed in the database.
    pub(crate) fn check_word(&self) -> &[u8] {
        &self.check_word
    }

    /// The columns as the same key file would have them the other way round: only to say so.
    pub(crate) fn other_columns(&self, salt: &[u8]) -> Columns {
        Columns::of(&self.other, salt)
    }

    /// The key of one message's columns that say who a patient is. One key for all where identities are not kept apart.
    pub(crate) fn personal_columns(&self, salt: &[u8]) -> Columns {
        Columns::of(self.personal.as_ref().unwrap_or(&self.derive), salt)
    }

    /// A digest that finds a value again without revealing it. Parts cannot run into each other.
    pub(crate) fn digest(&self, purpose: &str, parts: &[&str]) -> Vec<u8> {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        self.digest_of_bytes(purpose, &parts)
    }

    /// [`StorageKey::digest`] of bytes.
    pub(crate) fn digest_of_bytes(&self, purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.identifiers);
        for part in [purpose.as_bytes()].iter().chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().to_vec()
    }

    /// The key of one message's columns. With a key of its own for each message, random nonces stay
    /// far from GCM's bound of 2^32 values per key.
    pub(crate) fn columns(&self, salt: &[u8]) -> Columns {
        Columns::of(&self.derive, salt)
    }
}

/// The key in a file: 32 bytes, or 64 hex digits with blanks around them.
fn key_bytes(file: &[u8]) -> Result<Zeroizing<[u8; KEY_LEN]>, KeyFileError> {
    if let Ok(key) = <[u8; KEY_LEN]>::try_from(file) {
        return Ok(Zeroizing::new(key));
    }
    let digits = file.trim_ascii();
    let mut key = Zeroizing::new([0; KEY_LEN]);
    if digits.len() != 2 * KEY_LEN {
        return Err(KeyFileError::WrongLength);
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let text = std::str::from_utf8(pair).map_err(|_| KeyFileError::WrongLength)?;
        *byte = u8::from_str_radix(text, 16).map_err(|_| KeyFileError::WrongLength)?;
    }
    Ok(key)
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(..)")
    }
}

impl fmt::Debug for ApartKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApartKeys(..)")
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StorageKey(..)")
    }
}

struct Len;

impl KeyType for Len {
    fn len(&self) -> usize {
        KEY_LEN
    }
}

fn expand(prk: &Prk, info: &[&[u8]]) -> Zeroizing<[u8; KEY_LEN]> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    // HKDF fails for more than 255 blocks only; this is one.
    let filled = prk.expand(info, Len).and_then(|okm| okm.fill(key.as_mut()));
    debug_assert!(filled.is_ok());
    key
}

/// Random bytes for a message's [`StorageKey::columns`].
pub(crate) fn salt() -> Result<Vec<u8>, StoreError> {
    let mut salt = vec![0; SALT_LEN];
    rand::fill(&mut salt).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    Ok(salt)
}

/// Seals and opens the columns of one message.
pub(crate) struct Columns(Option<LessSafeKey>);

impl Columns {
    fn of(derive: &Prk, salt: &[u8]) -> Self {
        let key = expand(derive, &[b"columns", salt]);
        // The length is right by construction, the only thing that could be wrong.
        Self(UnboundKey::new(&AES_256_GCM, &*key).ok().map(LessSafeKey::new))
    }

    /// Encrypts a value for one table, column and row; nowhere else will it open.
    pub(crate) fn seal(
        &self,
        column: &'static str,
        row: &[&str],
        value: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        const FAILED: StoreError = StoreError::Damaged { what: "a column could not be encrypted" };
        let key = self.0.as_ref().ok_or(FAILED)?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + value.len() + AES_256_GCM.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(value);
        let tag = key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place(column, row)),
                &mut sealed[1 + NONCE_LEN..],
            )
            .map_err(|_| FAILED)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// The inverse of [`Columns::seal`].
    pub(crate) fn open(
        &self,
        column: &'static str,
        row: &[&str],
        mut sealed: Vec<u8>,
    ) -> Result<Vec<u8>, StoreError> {
        let damaged = StoreError::Damaged { what: column };
        let (Some(key), Some(nonce)) = (&self.0, sealed.get(1..1 + NONCE_LEN)) else {
            return Err(damaged);
        };
        if sealed[0] != FORMAT {
            return Err(damaged);
        }
        let Ok(nonce) = Nonce::try_assume_unique_for_key(nonce) else { return Err(damaged) };
        let body = &mut sealed[1 + NONCE_LEN..];
        let Ok(opened) = key.open_in_place(nonce, Aad::from(place(column, row)), body) else {
            return Err(damaged);
        };
        let len = opened.len();
        sealed.drain(..1 + NONCE_LEN);
        sealed.truncate(len);
        Ok(sealed)
    }
}

/// Table, column and row as additional authenticated data.
fn place(column: &str, row: &[&str]) -> Vec<u8> {
    let mut place = Vec::with_capacity(96);
    for part in [column].iter().chain(row) {
        place.extend_from_slice(&(part.len() as u64).to_be_bytes());
        place.extend_from_slice(part.as_bytes());
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_in_its_own_column_and_row() {
        let key = StorageKey::new(&[1; 32]);
        let columns = key.columns(&[2; SALT_LEN]);
        let sealed = columns.seal("t.c", &["ab", "1"], b"value").unwrap();
        assert_eq!(columns.open("t.c", &["ab", "1"], sealed.clone()).unwrap(), b"value");
        assert!(columns.open("t.d", &["ab", "1"], sealed.clone()).is_err());
        assert!(columns.open("t.c", &["a", "b1"], sealed.clone()).is_err());
        assert!(key.columns(&[3; SALT_LEN]).open("t.c", &["ab", "1"], sealed.clone()).is_err());
        let other = StorageKey::new(&[4; 32]).columns(&[2; SALT_LEN]);
        assert!(other.open("t.c", &["ab", "1"], sealed.clone()).is_err());
        for cut in [0, 1, 12, 13, sealed.len() - 1] {
            assert!(columns.open("t.c", &["ab", "1"], sealed[..cut].to_vec()).is_err());
        }
    }

    #[test]
    fn every_message_has_a_salt_of_its_own() {
        let (one, other) = (salt().unwrap(), salt().unwrap());
        assert_eq!((one.len(), other.len()), (SALT_LEN, SALT_LEN));
        assert_ne!(one, other);
    }

    #[test]
    fn key_files_hold_bytes_or_hex_digits() {
        let hex = format!("  {}\n", "0f".repeat(32));
        let same = StorageKey::read(&[0x0f; 32]).unwrap().digest("x", &["y"]);
        assert_eq!(StorageKey::read(hex.as_bytes()).unwrap().digest("x", &["y"]), same);
        for bad in [&b""[..], b"short", &[b'g'; 64], &[1; 33]] {
            assert_eq!(StorageKey::read(bad).err(), Some(KeyFileError::WrongLength));
        }
    }

    #[test]
    fn digests_do_not_run_into_each_other() {
        let key = StorageKey::new(&[1; 32]);
        assert_ne!(key.digest("p", &["ab", "c"]), key.digest("p", &["a", "bc"]));
        assert_ne!(key.digest("p", &["a"]), key.digest("q", &["a"]));
    }
}
