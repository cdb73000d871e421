//! Copies of what was sent, for annulments: compressed and encrypted with a key of the hospital's own.
//!
//! The key is derived from the outbox's hash key, which is kept apart from the database. A copy is bound to
//! the message it is of, so that one cannot be put in another's place.

use std::io::{Read, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use lmr_envelope::{RandomSource, RandomnessUnavailable};

use crate::identity::HashKey;

/// Largest bundle that is read from a copy, in bytes: more than any that is made.
const MAX_BUNDLE: u64 = 1 << 30;

/// Encrypts and decrypts copies.
pub(crate) struct CopyKey(LessSafeKey);

impl CopyKey {
    /// Derives the key. `None` never happens with a key of the right length.
    pub(crate) fn of(key: &HashKey) -> Option<Self> {
        let bytes = key.derive("copy of what was sent");
        UnboundKey::new(&AES_256_GCM, bytes.as_slice()).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// A copy of a bundle's text.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`].
    pub(crate) fn seal(
        &self,
        bundle: &str,
        message_id: &str,
        random: &dyn RandomSource,
    ) -> Result<Vec<u8>, RandomnessUnavailable> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let written = encoder.write_all(bundle.as_bytes()).and_then(|()| encoder.finish());
        // Writing to memory does not fail; a copy that cannot be made is an empty one, which opens as none.
        let mut content = written.unwrap_or_default();
        let aad = Aad::from(message_id.as_bytes());
        let tag = self.0.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            aad,
            &mut content,
        );
        match tag {
            Ok(tag) => Ok([nonce.as_slice(), &content, tag.as_ref()].concat()),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// The bundle's text; `None` when it is not a copy of this message by this key.
    pub(crate) fn open(&self, copy: &[u8], message_id: &str) -> Option<String> {
        let (nonce, sealed) = copy.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(message_id.as_bytes());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let compressed = self.0.open_in_place(nonce, aad, &mut sealed).ok()?;
        let mut text = String::new();
        GzDecoder::new(&*compressed).take(MAX_BUNDLE).read_to_string(&mut text).ok()?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    struct Fixed;

    impl RandomSource for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
            bytes.fill(9);
            Ok(())
        }
    }

    #[test]
    fn a_copy_opens_with_its_key_for_its_message_only() {
        let key = |byte| CopyKey::of(&HashKey::new(&Zeroizing::new([byte; 32]))).unwrap();
        let text = r#"{"resourceType":"Bundle","name":"Kari"}"#;
        let copy = key(1).seal(text, "m", &Fixed).unwrap();
        assert!(!copy.windows(4).any(|part| part == b"Kari"));
        assert_eq!(key(1).open(&copy, "m").as_deref(), Some(text));
        assert_eq!(key(1).open(&copy, "n"), None);
        assert_eq!(key(2).open(&copy, "m"), None);
        for at in 0..copy.len() {
            let mut damaged = copy.clone();
            damaged[at] ^= 1;
            assert_eq!(key(1).open(&damaged, "m"), None, "byte {at}");
        }
        assert_eq!(key(1).open(&[], "m"), None);
    }
}
