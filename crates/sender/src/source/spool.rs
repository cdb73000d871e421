//! An encrypted scratch file for resources that cannot be read again where they are: in a compressed file,
//! in the rows of a table, at a server.
//!
//! The file has no name and is gone with the process; its key is in memory only, so that no content of a
//! resource is ever readable on disk. Resources are written in blocks, and a block is what is decrypted to
//! read one again.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use lmr_envelope::{RandomSource, SystemRandom};
use zeroize::Zeroizing;

/// Bytes after which a block is written. A longer resource is a block of its own.
const BLOCK: usize = 32 << 10;

/// The scratch file.
pub(crate) struct Spool {
    key: LessSafeKey,
    state: Mutex<State>,
}

struct State {
    file: File,
    /// Where each written block begins; the last is where the next one will.
    starts: Vec<u64>,
    /// The block that is being filled.
    filling: Vec<u8>,
    /// The block that was read last, with its number.
    read: Option<(usize, Vec<u8>)>,
}

impl Spool {
    /// Makes an empty one.
    ///
    /// # Errors
    /// The file system's, or that there is no randomness for a key.
    pub(crate) fn new() -> io::Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        SystemRandom.fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_slice()).map_err(|_| unusable())?;
        let state =
            State { file: tempfile::tempfile()?, starts: vec![0], filling: Vec::new(), read: None };
        Ok(Self { key: LessSafeKey::new(key), state: Mutex::new(state) })
    }

    /// Keeps a text and gives its place: the number of its block, and where in it the text begins.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn push(&self, text: &str) -> io::Result<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let place = ((state.starts.len() as u64 - 1) << 32) | state.filling.len() as u64;
        state.filling.extend_from_slice(text.as_bytes());
        if state.filling.len() >= BLOCK {
            state.write(&self.key)?;
        }
        Ok(place)
    }

    /// The text of so many bytes at a place that [`Spool::push`] gave.
    ///
    /// # Errors
    /// The file system's, and [`io::ErrorKind::InvalidData`] when the file was tampered with.
    pub(crate) fn read(&self, place: u64, length: usize) -> io::Result<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (block, offset) = ((place >> 32) as usize, place as u32 as usize);
        let bytes = if block + 1 == state.starts.len() {
            &state.filling
        } else {
            state.load(block, &self.key)?
        };
        let text = bytes.get(offset..offset + length).ok_or_else(unusable)?;
        String::from_utf8(text.to_vec()).map_err(|_| unusable())
    }
}

impl State {
    fn write(&mut self, key: &LessSafeKey) -> io::Result<()> {
        let block = self.starts.len() - 1;
        let mut sealed = std::mem::take(&mut self.filling);
        key.seal_in_place_append_tag(nonce(block), Aad::empty(), &mut sealed)
            .map_err(|_| unusable())?;
        let start = self.starts[block];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.write_all(&sealed)?;
        self.starts.push(start + sealed.len() as u64);
        Ok(())
    }

    fn load(&mut self, block: usize, key: &LessSafeKey) -> io::Result<&Vec<u8>> {
        if self.read.as_ref().is_none_or(|(number, _)| *number != block) {
            let (Some(start), Some(end)) = (self.starts.get(block), self.starts.get(block + 1))
            else {
                return Err(unusable());
            };
            let mut sealed = vec![0; (end - start) as usize];
            self.file.seek(SeekFrom::Start(*start))?;
            self.file.read_exact(&mut sealed)?;
            let length = key
                .open_in_place(nonce(block), Aad::empty(), &mut sealed)
                .map_err(|_| unusable())?
                .len();
            sealed.truncate(length);
            self.read = Some((block, sealed));
        }
        self.read.as_ref().map(|(_, bytes)| bytes).ok_or_else(unusable)
    }
}

/// Each block has its own, and each key its own file.
fn nonce(block: usize) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&(block as u64).to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn unusable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the scratch file cannot be used")
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spool")
    }
}

impl PartialEq for Spool {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Spool {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_again_in_any_order() {
        let spool = Spool::new().unwrap();
        let texts: Vec<String> =
            (0..400_usize).map(|n| format!("{n} æ ").repeat(1 + (n * 37) % 900)).collect();
        let places: Vec<u64> = texts.iter().map(|text| spool.push(text).unwrap()).collect();
        for step in [1, 7, 131, 399] {
            for n in 0..texts.len() {
                let n = (n * step) % texts.len();
                assert_eq!(spool.read(places[n], texts[n].len()).unwrap(), texts[n]);
            }
        }
        assert!(spool.read(7 << 40, 1).is_err());
    }

    #[test]
    fn nothing_readable_is_on_disk() {
        let spool = Spool::new().unwrap();
        let place = spool.push(&"Kari Nordmann ".repeat(5000)).unwrap();
        let mut state = spool.state.lock().unwrap();
        let mut bytes = Vec::new();
        state.file.seek(SeekFrom::Start(0)).unwrap();
        state.file.read_to_end(&mut bytes).unwrap();
        assert!(bytes.len() > 60_000);
        assert!(!bytes.windows(4).any(|part| part == b"Kari"));
        // And what was changed there is not taken.
        state.file.seek(SeekFrom::Start(9)).unwrap();
        state.file.write_all(b"x").unwrap();
        drop(state);
        assert!(spool.read(place, 4).is_err());
    }
}
