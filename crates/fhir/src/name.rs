//! Member names, hashed once.

/// A member name with its hash, made once when a profile or an expression is compiled, so that a
/// look-up in a document compares one number before it compares bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    text: Box<str>,
    hash: u32,
}

impl Name {
    /// Takes the name as FHIR writes it, without a leading underscore.
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), hash: hash_name(text.as_bytes()) }
    }

    /// The name itself.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the name is this text. Quicker than to compare [`Name::as_str`].
    #[inline]
    pub fn is(&self, text: &str) -> bool {
        is_same(self.text.as_bytes(), text.as_bytes())
    }

    /// [`hash_name`] of the name.
    #[inline]
    pub fn hash(&self) -> u32 {
        self.hash
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether two names are the same bytes. Names are short, and a call of the library's comparison costs more than
/// they do: their first and their last bytes, which overlap in the middle, are compared as numbers.
#[inline]
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    fn ends<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
        bytes.first_chunk().zip(bytes.last_chunk())
    }
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        8..=16 => ends::<8>(a) == ends::<8>(b),
        4..8 => ends::<4>(a) == ends::<4>(b),
        _ => a == b,
    }
}

/// The 32-bit hash under which a document files a member name.
///
/// Equal names have equal hashes; a caller still compares the bytes, since others may collide.
/// Usable in constants.
pub const fn hash_name(bytes: &[u8]) -> u32 {
    const M: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut h: u64 = bytes.len() as u64 ^ 0x51_7c_c1_b7_27_22_0a_95;
    let mut i = 0;
    while i + 8 <= bytes.len() {
        let word = u64::from_le_bytes([
            bytes[i],
            bytes[i + 1],
            bytes[i + 2],
            bytes[i + 3],
            bytes[i + 4],
            bytes[i + 5],
            bytes[i + 6],
            bytes[i + 7],
        ]);
        h = (h.rotate_left(5) ^ word).wrapping_mul(M);
        i += 8;
    }
    let mut tail: u64 = 0;
    let mut shift = 0;
    while i < bytes.len() {
        tail |= (bytes[i] as u64) << shift;
        shift += 8;
        i += 1;
    }
    h = (h.rotate_left(5) ^ tail).wrapping_mul(M);
    (h >> 32) as u32
}
