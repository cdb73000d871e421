//! Writes the pack, the file that the validator embeds.
//!
//! ```text
//! "LMRPACK1"
//! u32 bytes of the deflated index, u32 bytes of the inflated index
//! the index, deflated
//! the chunks, each deflated on its own
//! ```
//! Numbers are little-endian. The inflated index:
//! ```text
//! u32 number of chunks, then for each: u32 bytes deflated, u32 bytes inflated
//! u32 number of entries, then for each, ordered by url and version:
//!   u8 kind: 'S' StructureDefinition, 'V' ValueSet, 'C' CodeSystem
//!   u32 chunk, u32 offset in the inflated chunk, u32 length of the JSON
//!   url, version, name, then for 'S': type, kind, derivation, base; each u16 length + UTF-8
//! ```
//! Definitions that are close together in the source share a chunk: neighbours repeat each
//! other's texts, and a definition is reached by inflating a hundred kilobytes or two.

use std::io::Write as _;

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::DeflateEncoder};
use serde_json::Value;

pub(crate) const MAGIC: &[u8; 8] = b"LMRPACK1";

/// A chunk is closed when it has grown beyond this many bytes.
const CHUNK: usize = 128 * 1024;

/// Collects stripped definitions in the order given and lays out the file.
#[derive(Default)]
pub(crate) struct Pack {
    chunks: Vec<Vec<u8>>,
    entries: Vec<Entry>,
}

struct Entry {
    kind: u8,
    chunk: u32,
    offset: u32,
    len: u32,
    texts: Vec<String>,
}

impl Pack {
    /// Adds one definition behind the ones before it.
    pub(crate) fn add(&mut self, definition: &Value) -> Result<()> {
        let text = |name: &str| definition[name].as_str().unwrap_or_default().to_owned();
        let mut texts = vec![text("url"), text("version"), text("name")];
        let kind = match definition["resourceType"].as_str() {
            Some("StructureDefinition") => {
                texts.extend(["type", "kind", "derivation", "baseDefinition"].map(text));
                b'S'
            }
            Some("ValueSet") => b'V',
            Some("CodeSystem") => b'C',
            other => bail!("no room in the pack for {other:?}"),
        };
        let json = serde_json::to_vec(definition)?;
        if self.chunks.last().is_none_or(|chunk| chunk.len() > CHUNK) {
            self.chunks.push(Vec::new());
        }
        let number = u32::try_from(self.chunks.len() - 1)?;
        let chunk = self.chunks.last_mut().context("a chunk was just pushed")?;
        self.entries.push(Entry {
            kind,
            chunk: number,
            offset: u32::try_from(chunk.len())?,
            len: u32::try_from(json.len())?,
            texts,
        });
        chunk.extend_from_slice(&json);
        Ok(())
    }

    /// Starts a new chunk, so that unlike things do not share one.
    pub(crate) fn close_chunk(&mut self) {
        if self.chunks.last().is_some_and(|chunk| !chunk.is_empty()) {
            self.chunks.push(Vec::new());
        }
    }

    /// The bytes of the file: the same for the same definitions in the same order.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        self.entries.sort_by(|a, b| a.texts[..2].cmp(&b.texts[..2]));
        if self.entries.windows(2).any(|pair| pair[0].texts[..2] == pair[1].texts[..2]) {
            bail!("a definition is a duplicate");
        }
        let mut index = Vec::new();
        let mut body = Vec::new();
        number(&mut index, self.chunks.len())?;
        for chunk in &self.chunks {
            let deflated = deflate(chunk)?;
            number(&mut index, deflated.len())?;
            number(&mut index, chunk.len())?;
            body.extend_from_slice(&deflated);
        }
        number(&mut index, self.entries.len())?;
        for entry in &self.entries {
            index.push(entry.kind);
            for value in [entry.chunk, entry.offset, entry.len] {
                index.extend_from_slice(&value.to_le_bytes());
            }
            for text in &entry.texts {
                index.extend_from_slice(&u16::try_from(text.len())?.to_le_bytes());
                index.extend_from_slice(text.as_bytes());
            }
        }
        let deflated = deflate(&index)?;
        let mut file = MAGIC.to_vec();
        number(&mut file, deflated.len())?;
        number(&mut file, index.len())?;
        file.extend_from_slice(&deflated);
        file.extend_from_slice(&body);
        Ok(file)
    }

    /// How many StructureDefinitions, value sets and code systems there are.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [b'S', b'V', b'C']
            .map(|kind| self.entries.iter().filter(|entry| entry.kind == kind).count())
    }
}

fn number(into: &mut Vec<u8>, value: usize) -> Result<()> {
    into.extend_from_slice(&u32::try_from(value)?.to_le_bytes());
    Ok(())
}

/// Raw deflate at a fixed level; the bytes depend on nothing but the version of zlib-rs,
/// which Cargo.lock pins.
fn deflate(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(9));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
