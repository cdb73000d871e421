//! What a machine without power leaves on its disk: the shim's journal of writes and flushes, played by chance.
//!
//! What was written before a file's last flush stays. Of what was written after it each write is lost, kept or torn at
//! a sector, in any combination: disks and file systems keep no order between two flushes.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::rng::Rng;

const SECTOR: u64 = 512;

struct Record<'a> {
    cuts: bool,
    offset: u64,
    size: u64,
    old: &'a [u8],
    new: &'a [u8],
}

/// How much of what was not flushed was lost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lost {
    pub writes: u64,
    pub kept: u64,
    pub torn: u64,
}

/// Does to the files of `journal` what a loss of power does, and empties it.
pub fn lose_power(journal: &Path, chance: u64) -> Result<Lost> {
    let bytes = fs::read(journal).unwrap_or_default();
    let mut files: BTreeMap<PathBuf, Vec<Record>> = BTreeMap::new();
    let mut rest = bytes.as_slice();
    while rest.len() >= 48 {
        let number = |at: usize| -> Result<usize> {
            let bytes: [u8; 8] = rest[at..at + 8].try_into()?;
            Ok(usize::try_from(u64::from_ne_bytes(bytes))?)
        };
        let (path, offset, size) = (number(8)?, number(16)?, number(24)?);
        let (old, new) = (number(32)?, number(40)?);
        let kind = rest[..8].split(|byte| *byte == 0).next().unwrap_or_default();
        let body = &rest[48..];
        if body.len() < path + old + new {
            // Killed while it was written: the write itself has not happened then.
            break;
        }
        let name =
            PathBuf::from(std::str::from_utf8(&body[..path]).context("a path of the journal")?);
        let record = Record {
            cuts: kind == b"cut",
            offset: offset as u64,
            size: size as u64,
            old: &body[path..path + old],
            new: &body[path + old..path + old + new],
        };
        match kind {
            b"write" | b"cut" => files.entry(name).or_default().push(record),
            b"flush" => {
                files.remove(&name);
            }
            other => bail!("the journal holds {}", String::from_utf8_lossy(other)),
        }
        rest = &body[path + old + new..];
    }
    let mut rng = Rng::new(chance);
    // Everything lost, everything kept but torn, or a mixture.
    let keep = *rng.pick(&[0, 0, 50, 90]);
    let mut lost = Lost::default();
    for (path, records) in files {
        // Removed since: then so is what was written.
        let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else { continue };
        for record in records.iter().rev() {
            file.write_all_at(record.old, record.offset)?;
            file.set_len(record.size)?;
        }
        for record in &records {
            if !rng.chance(keep) {
                lost.writes += 1;
            } else if record.cuts {
                lost.kept += 1;
                file.set_len(record.offset)?;
            } else {
                let mut new = record.new;
                let sectors = new.len() as u64 / SECTOR;
                if sectors > 1 && rng.chance(30) {
                    lost.torn += 1;
                    new = &new[..usize::try_from(rng.below(sectors) * SECTOR)?];
                } else {
                    lost.kept += 1;
                }
                file.write_all_at(new, record.offset)?;
            }
        }
        // The index of the log is memory; without power it is gone.
        let text = path.to_string_lossy();
        let base = text.strip_suffix("-wal").unwrap_or(&text);
        let _ = fs::remove_file(format!("{base}-shm"));
    }
    fs::write(journal, b"")?;
    Ok(lost)
}
