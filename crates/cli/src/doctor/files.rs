//! Files: who may read them, and whether there is room for what will be written.

use std::io::Write as _;
use std::path::Path;

use super::Checks;
use crate::config::folder_of;
use crate::text::{Explain, Text, text};

/// What must be free beside a database, in bytes: a large message and the database's own journal.
const ROOM: usize = 16 << 20;

impl Checks {
    /// The configuration file decides where data goes: nobody else may change it.
    pub(super) fn config_file(&mut self, path: &Path) {
        self.mode("files.mode", path, 0o022);
    }

    /// A private key: nobody else may read or change it.
    pub(super) fn secret_file(&mut self, path: &Path) {
        self.mode("files.mode", path, 0o077);
    }

    /// A database: nobody else may change it.
    pub(super) fn database_file(&mut self, path: &Path) {
        self.mode("files.mode", path, 0o022);
    }

    #[cfg(unix)]
    fn mode(&mut self, id: &'static str, path: &Path, forbidden: u32) {
        use std::os::unix::fs::MetadataExt as _;
        // What is not there is reported by the check that needs it.
        let Ok(metadata) = std::fs::metadata(path) else { return };
        let mode = metadata.mode() & 0o777;
        if mode & forbidden == 0 {
            return;
        }
        let path = path.display();
        let found = if forbidden & 0o044 == 0 {
            text!(
                "{path} kan endres av andre brukere (rettigheter {mode:o})",
                "{path} can be changed by other users (mode {mode:o})"
            )
        } else {
            text!(
                "{path} kan leses eller endres av andre brukere (rettigheter {mode:o})",
                "{path} can be read or changed by other users (mode {mode:o})"
            )
        };
        let wanted = mode & !forbidden;
        self.fail(id, found, Some(text!("chmod {wanted:o} {path}", "chmod {wanted:o} {path}")));
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "modes are those of Unix")]
    fn mode(&mut self, _id: &'static str, _path: &Path, _forbidden: u32) {}

    /// Whether so much can be written beside the database as a transfer may need. Leaves nothing behind.
    pub(super) fn room(&mut self, id: &'static str, database: &Path) {
        let folder = folder_of(database);
        let what = text!(
            "plass til databasen i {folder}",
            "room for the database in {folder}",
            folder = folder.display()
        );
        self.note(id, &what, write_and_remove(folder));
        if database.exists() {
            let opened = std::fs::OpenOptions::new().write(true).open(database);
            if let Err(error) = opened {
                let what = text!(
                    "databasen {database} kan ikke skrives",
                    "the database {database} cannot be written",
                    database = database.display()
                );
                self.error(id, &what, &error.into());
            }
        }
    }
}

fn write_and_remove(folder: &Path) -> anyhow::Result<()> {
    let cannot = || -> Text {
        text!(
            "der kan det ikke skrives {mib} MiB",
            "{mib} MiB cannot be written there",
            mib = ROOM >> 20
        )
    };
    // The library names its own scratch file, which says nothing to anybody.
    let plain = |error: std::io::Error| std::io::Error::from(error.kind());
    let mut file = tempfile::Builder::new()
        .prefix(".lmr-doctor-")
        .tempfile_in(folder)
        .map_err(plain)
        .explain(cannot)?;
    let block = vec![0; 1 << 20];
    for _ in 0..ROOM / block.len() {
        file.write_all(&block).map_err(plain).explain(cannot)?;
    }
    file.as_file().sync_all().map_err(plain).explain(cannot)?;
    Ok(())
}
