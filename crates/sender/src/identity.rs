//! By what a resource is known again, and whether it has changed.
//!
//! The outbox file must not be a register of persons: identities and contents are kept as keyed hashes only,
//! with a key that is kept apart from the file.

use std::fmt;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

/// The key under which identities and contents are hashed. Changing it means that everything is sent again.
pub struct HashKey(hmac::Key);

impl HashKey {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(bytes: &Zeroizing<[u8; 32]>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice()))
    }

    /// A key for another purpose, derived under a label.
    pub(crate) fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(hmac::sign(&self.0, label.as_bytes()).as_ref());
        bytes
    }

    pub(crate) fn hash(&self, label: &str, parts: &[&[u8]]) -> Hash {
        Hash::first_of(&self.whole_hash(label, parts))
    }

    /// All bits of a hash, as version 0.1 kept them.
    pub(crate) fn whole_hash(&self, label: &str, parts: &[&[u8]]) -> WholeHash {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(label.as_bytes());
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        bytes
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey")
    }
}

/// A keyed hash: of an identity, or of a version of a resource. The first 128 bits of HMAC-SHA-256: two of
/// a thousand million resources share one with a chance below 1 in 10^20, and a million take 16 MB.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Hash(pub(crate) [u8; 16]);

/// All bits of a keyed hash.
pub(crate) type WholeHash = [u8; 32];

impl Hash {
    /// Stands for a version that is not the one in any source.
    pub(crate) const NO_VERSION: Self = Self([0; 16]);

    pub(crate) fn first_of(whole: &WholeHash) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&whole[..16]);
        Self(bytes)
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The `urn:uuid` of the resource in every bundle: a version 8 UUID (RFC 9562 section 5.8),
    /// always the same one, so that a resource whose references have not changed is the same text each time.
    pub(crate) fn full_url(&self) -> String {
        format!("urn:uuid:{}", uuid_text(self.0, 8))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Sixteen bytes spelled as a UUID of the version given.
pub(crate) fn uuid_text(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = (bytes[6] & 0x0f) | (version << 4);
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    uuid::Uuid::from_bytes(bytes).to_string()
}
