//! The embedded R4 core, read piece by piece as it is needed.
//!
//! The pack (its layout is described in `tools/definitions/src/pack.rs`) is made from R4 4.0.1 as
//! published. Reading the index costs under a millisecond, a definition the inflating of one
//! chunk. What has been read is shared by every [`crate::definitions::Definitions`] of the
//! process, since nothing that users bring changes the core.

use std::{
    cmp::Ordering,
    io::Read as _,
    sync::{Arc, LazyLock, OnceLock},
};

use flate2::read::DeflateDecoder;

use crate::{
    canonical::{self, answers},
    compile::arena::OwnSet,
    definitions::{
        error::DefinitionError,
        read,
        structure::{StructureDefinition, StructureSummary},
    },
    package::ResourceKind,
};

static PACK: &[u8] = include_bytes!("../definitions/r4-core.pack");
static PACKED: LazyLock<Result<Core, DefinitionError>> = LazyLock::new(|| Core::new(PACK));

const MAGIC: &[u8] = b"LMRPACK1";

struct Core {
    chunks: Vec<Chunk>,
    entries: Vec<Entry>,
    /// Names of all resources, abstract ones too.
    resources: OwnSet<&'static str>,
}

struct Chunk {
    deflated: &'static [u8],
    inflated_len: usize,
    inflated: OnceLock<Result<Box<[u8]>, DefinitionError>>,
}

struct Entry {
    kind: ResourceKind,
    chunk: usize,
    offset: usize,
    len: usize,
    url: &'static str,
    version: &'static str,
    name: &'static str,
    type_name: &'static str,
    is_profile: bool,
    is_resource: bool,
    structure: OnceLock<Result<Arc<StructureDefinition>, DefinitionError>>,
}

/// The structure definition of the core with this URL, if its version answers.
pub(crate) fn structure(
    url: &str,
    version: Option<&str>,
) -> Result<Option<Arc<StructureDefinition>>, DefinitionError> {
    let core = PACKED.as_ref().map_err(Clone::clone)?;
    let Some(entry) = core.find(ResourceKind::Structure, url, version) else { return Ok(None) };
    let made = entry.structure.get_or_init(|| {
        let written = read::structure(core.json(entry)?)?;
        Ok(Arc::new(StructureDefinition::from_written(written)))
    });
    made.clone().map(Some)
}

/// The version of FHIR that the core defines.
pub(crate) const VERSION: &str = "4.0.1";

/// The JSON of a value set or code system of the core.
pub(crate) fn json(
    kind: ResourceKind,
    url: &str,
    version: Option<&str>,
) -> Result<Option<&'static str>, DefinitionError> {
    let core = PACKED.as_ref().map_err(Clone::clone)?;
    core.find(kind, url, version).map(|entry| core.json(entry)).transpose()
}

/// Every structure definition of the core.
pub(crate) fn structures<'a>() -> impl Iterator<Item = StructureSummary<'a>> {
    PACKED
        .iter()
        .flat_map(|core| &core.entries)
        .filter(|entry| entry.kind == ResourceKind::Structure)
        .map(|entry| StructureSummary {
            url: entry.url,
            version: Some(entry.version),
            name: entry.name,
            type_name: entry.type_name,
            is_profile: entry.is_profile,
            is_resource: entry.is_resource,
        })
}

/// Canonical URLs of every value set or code system of the core.
pub(crate) fn urls<'a>(kind: ResourceKind) -> impl Iterator<Item = &'a str> {
    PACKED
        .iter()
        .flat_map(|core| &core.entries)
        .filter(move |entry| entry.kind == kind)
        .map(|entry| entry.url)
}

/// Whether the core has a resource, abstract or not, of this name.
pub(crate) fn is_resource_type(name: &str) -> bool {
    PACKED.as_ref().is_ok_and(|core| core.resources.contains(name))
}

impl Core {
    fn new(pack: &'static [u8]) -> Result<Self, DefinitionError> {
        Self::read(pack).ok_or(DefinitionError::DamagedCore)
    }

    fn read(pack: &'static [u8]) -> Option<Self> {
        let mut head = Cursor(pack.strip_prefix(MAGIC)?);
        let deflated_len = head.u32()?;
        let inflated_len = head.u32()?;
        let index = inflate(head.take(deflated_len)?, inflated_len).ok()?;
        let mut bodies = head;
        // As long-lived as the process, like the pack itself: names are read where they are.
        let mut index = Cursor(Vec::leak(index));
        let mut chunks = Vec::new();
        for _ in 0..index.u32()? {
            let deflated_len = index.u32()?;
            let inflated_len = index.u32()?;
            chunks.push(Chunk {
                deflated: bodies.take(deflated_len)?,
                inflated_len,
                inflated: OnceLock::new(),
            });
        }
        let count = index.u32()?;
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            let kind = match index.take(1)? {
                b"S" => ResourceKind::Structure,
                b"V" => ResourceKind::ValueSet,
                b"C" => ResourceKind::CodeSystem,
                _ => return None,
            };
            let (chunk, offset, len) = (index.u32()?, index.u32()?, index.u32()?);
            let (url, version, name) = (index.text()?, index.text()?, index.text()?);
            let mut entry = Entry {
                kind,
                chunk,
                offset,
                len,
                url,
                version,
                name,
                type_name: "",
                is_profile: false,
                is_resource: false,
                structure: OnceLock::new(),
            };
            if kind == ResourceKind::Structure {
                entry.type_name = index.text()?;
                let structure_kind = index.text()?;
                let derivation = index.text()?;
                let _base = index.text()?;
                entry.is_resource = structure_kind == "resource";
                entry.is_profile = derivation == "constraint";
            }
            entries.push(entry);
        }
        let resources = entries
            .iter()
            .filter(|entry| entry.is_resource && !entry.is_profile)
            .filter_map(|entry| entry.url.strip_prefix(canonical::CORE))
            .collect();
        Some(Self { chunks, entries, resources })
    }

    fn find(&self, kind: ResourceKind, url: &str, version: Option<&str>) -> Option<&Entry> {
        let order = |entry: &Entry| entry.url.cmp(url);
        let from = self.entries.partition_point(|entry| order(entry) == Ordering::Less);
        self.entries[from..]
            .iter()
            .take_while(|entry| order(entry) == Ordering::Equal)
            .find(|entry| entry.kind == kind && answers(Some(entry.version), version))
    }

    fn json<'c>(&'c self, entry: &Entry) -> Result<&'c str, DefinitionError> {
        let chunk = self.chunks.get(entry.chunk).ok_or(DefinitionError::DamagedCore)?;
        let bytes = chunk
            .inflated
            .get_or_init(|| inflate(chunk.deflated, chunk.inflated_len).map(Vec::into_boxed_slice))
            .as_ref()
            .map_err(Clone::clone)?;
        bytes
            .get(entry.offset..entry.offset + entry.len)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .ok_or(DefinitionError::DamagedCore)
    }
}

fn inflate(deflated: &[u8], len: usize) -> Result<Vec<u8>, DefinitionError> {
    let mut bytes = Vec::with_capacity(len);
    DeflateDecoder::new(deflated)
        .read_to_end(&mut bytes)
        .map_err(|_| DefinitionError::DamagedCore)?;
    if bytes.len() == len { Ok(bytes) } else { Err(DefinitionError::DamagedCore) }
}

#[derive(Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn u32(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let bytes = self.take(2)?.try_into().ok()?;
        std::str::from_utf8(self.take(usize::from(u16::from_le_bytes(bytes)))?).ok()
    }
}
