//! Storage of compiled definitions: added to while other threads read, never changed.
//!
//! | container | keyed by | for |
//! |---|---|---|
//! | [`Arena`] | number | profiles and types; an entry never moves, so that references stay good |
//! | [`Table`] | text | what has been looked up by canonical or type name; read without a lock |
//! | [`NameTable`] | property name | the children of an element; built once, read for every member |
//! | [`OwnMap`] | numbers of ours | one validation's tasks; keys need no protection against collisions |
//!
//! A concurrent map of another crate would take a lock, or an allocation, for each look-up; these are
//! read some hundred times for each resource. Keys that a sender chooses are never kept: the memory
//! would grow with what is sent.

use std::hash::Hasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use lmr_fhir::{Name, Node};

/// Entries get numbers and never move, so that `&self` suffices to add one and
/// references to others stay good.
#[derive(Debug)]
pub(crate) struct Arena<T> {
    /// Chunk `k` holds `FIRST << k` entries.
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
    len: AtomicU32,
}

const FIRST: u32 = 64;
const CHUNKS: usize = 20;

impl<T> Arena<T> {
    pub(crate) fn new() -> Self {
        Self { chunks: std::array::from_fn(|_| OnceLock::new()), len: AtomicU32::new(0) }
    }

    fn place(index: u32) -> (usize, usize) {
        let shifted = index / FIRST + 1;
        let chunk = shifted.ilog2();
        (chunk as usize, (index - FIRST * ((1 << chunk) - 1)) as usize)
    }

    pub(crate) fn push(&self, value: T) -> u32 {
        let index = self.len.fetch_add(1, Ordering::Relaxed);
        let (chunk, offset) = Self::place(index);
        let slots = self.chunks[chunk].get_or_init(|| {
            std::iter::repeat_with(OnceLock::new).take((FIRST as usize) << chunk).collect()
        });
        let fresh = slots[offset].set(value).is_ok();
        debug_assert!(fresh, "an index is handed out once");
        index
    }

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let (chunk, offset) = Self::place(index);
        self.chunks.get(chunk)?.get()?.get(offset)?.get()
    }
}

/// Names to values by hash; built once, read often.
#[derive(Debug)]
pub(crate) struct NameTable<V> {
    mask: u32,
    buckets: Box<[Bucket]>,
    entries: Box<[(Name, V)]>,
}

/// The hash of a name, so that another name is passed by without a look at its text, and the number of its entry
/// from 1; 0 is none.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    hash: u32,
    entry: u32,
}

impl<V> NameTable<V> {
    /// The first of duplicate names wins.
    pub(crate) fn new(entries: Vec<(Name, V)>) -> Self {
        let size = (entries.len() * 2).next_power_of_two().max(4);
        let mask = (size - 1) as u32;
        let mut buckets = vec![Bucket::default(); size].into_boxed_slice();
        for (i, (name, _)) in entries.iter().enumerate() {
            let mut at = name.hash() & mask;
            while buckets[at as usize].entry != 0 {
                at = (at + 1) & mask;
            }
            buckets[at as usize] = Bucket { hash: name.hash(), entry: (i + 1) as u32 };
        }
        Self { mask, buckets, entries: entries.into() }
    }

    #[inline]
    pub(crate) fn get(&self, hash: u32, name: &str) -> Option<&V> {
        self.find(hash, |key| key.is(name))
    }

    #[inline]
    fn find(&self, hash: u32, is_right: impl Fn(&Name) -> bool) -> Option<&V> {
        let mut at = hash & self.mask;
        loop {
            let bucket = self.buckets.get(at as usize)?;
            let number = bucket.entry.checked_sub(1)?;
            if bucket.hash == hash {
                let (key, value) = self.entries.get(number as usize)?;
                if is_right(key) {
                    return Some(value);
                }
            }
            at = (at + 1) & self.mask;
        }
    }

    /// The value of a member's name, with or without its underscore.
    #[inline]
    pub(crate) fn of_member(&self, member: Node<'_>) -> Option<&V> {
        self.find(member.name_hash(), |key| member.is_named(key))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Name, V)> {
        self.entries.iter()
    }
}

/// A quick hash for maps whose keys are ours (canonicals and names of
/// definitions), never the sender's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnKeys(u64);

impl Hasher for OwnKeys {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        const M: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk.try_into().map_or(0, u64::from_le_bytes);
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(M);
        }
        let tail = chunks.remainder().iter().fold(0u64, |t, b| (t << 8) | u64::from(*b));
        self.0 = (self.0.rotate_left(5) ^ tail ^ (bytes.len() as u64) << 56).wrapping_mul(M);
        self.0 ^= self.0 >> 32;
    }

    fn write_u8(&mut self, _: u8) {}

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        const M: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(M);
        self.0 ^= self.0 >> 32;
    }
}

/// A set with [`OwnKeys`].
pub(crate) type OwnSet<K> = std::collections::HashSet<K, std::hash::BuildHasherDefault<OwnKeys>>;

/// A map with [`OwnKeys`].
pub(crate) type OwnMap<K, V> =
    std::collections::HashMap<K, V, std::hash::BuildHasherDefault<OwnKeys>>;

/// Texts to values, only ever added to: read without a lock, so that threads
/// do not wait for each other. The keys are ours, never the sender's.
#[derive(Debug)]
pub(crate) struct Table<V> {
    buckets: Box<[OnceLock<Box<Link<V>>>]>,
}

#[derive(Debug)]
struct Link<V> {
    hash: u64,
    key: Box<str>,
    value: V,
    next: OnceLock<Box<Link<V>>>,
}

const BUCKETS: usize = 1024;

impl<V> Table<V> {
    pub(crate) fn new() -> Self {
        Self { buckets: std::iter::repeat_with(OnceLock::new).take(BUCKETS).collect() }
    }

    fn hash(key: &str) -> u64 {
        let mut hasher = OwnKeys::default();
        hasher.write(key.as_bytes());
        hasher.0
    }

    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        let hash = Self::hash(key);
        let mut at = &self.buckets[hash as usize % BUCKETS];
        loop {
            let link = at.get()?;
            if link.hash == hash && *link.key == *key {
                return Some(&link.value);
            }
            at = &link.next;
        }
    }

    /// Adds a value; where the key is known already, that one stays and is
    /// handed back.
    pub(crate) fn insert(&self, key: &str, value: V) -> &V {
        let hash = Self::hash(key);
        let mut at = &self.buckets[hash as usize % BUCKETS];
        let mut fresh =
            Some(Box::new(Link { hash, key: key.into(), value, next: OnceLock::new() }));
        loop {
            match at.get() {
                Some(link) if link.hash == hash && *link.key == *key => return &link.value,
                Some(link) => at = &link.next,
                // Another thread may be quicker; then its link is looked at next.
                None => fresh = fresh.take().and_then(|link| at.set(link).err()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_values_for_one_text_the_first_stays() {
        let table = Table::new();
        for i in 0..5000u32 {
            assert_eq!(table.insert(&format!("key {i}"), i), &i);
        }
        assert_eq!(table.insert("key 7", 0), &7);
        assert!((0..5000).all(|i| table.get(&format!("key {i}")) == Some(&i)));
        assert_eq!(table.get("key"), None);
    }

    #[test]
    fn what_is_added_is_found_at_its_number() {
        let arena = Arena::new();
        for i in 0..1000u32 {
            assert_eq!(arena.push(i), i);
        }
        assert!((0..1000).all(|i| arena.get(i) == Some(&i)));
        assert_eq!(arena.get(1000), None);
    }

    #[test]
    fn names_are_found_and_strangers_are_not() {
        let names = ["a", "b", "value", "valueQuantity", "x"];
        let table =
            NameTable::new(names.iter().enumerate().map(|(i, n)| (Name::new(n), i)).collect());
        for (i, n) in names.iter().enumerate() {
            assert_eq!(table.get(Name::new(n).hash(), n), Some(&i));
        }
        assert_eq!(table.get(Name::new("y").hash(), "y"), None);
    }
}
