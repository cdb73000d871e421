//! Where the folders of a sender are, however their paths are spelt, and what must not be inside of what.

use std::path::{Component, Path, PathBuf};

use super::{SourceSection, SourceTable};
use crate::config::sender::SenderConfig;
use crate::text::fail;

/// A path as the system resolves it: links followed as far as there is something, the rest as it is spelt.
pub(crate) fn place(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut there = path;
    loop {
        let from = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        if let Ok(mut found) = from.canonicalize() {
            for part in rest.into_iter().rev() {
                match part {
                    Component::ParentDir => drop(found.pop()),
                    Component::CurDir => {}
                    part => found.push(part),
                }
            }
            return found;
        }
        let (Some(part), Some(around)) = (there.components().next_back(), there.parent()) else {
            return path.to_owned();
        };
        rest.push(part);
        there = around;
    }
}

/// Whether what is at a path is read as a part of a folder. What is below a hidden folder is not.
fn is_read_of(path: &Path, folder: &Path) -> bool {
    let is_hidden = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
    path.strip_prefix(folder).is_ok_and(|below| !below.components().any(is_hidden))
}

/// A folder that is read, by the name of its source, with the folder to which its files are put away.
struct SourceFolder {
    name: String,
    path: PathBuf,
    archive: Option<PathBuf>,
    /// It is one of tables. Those are in the folder itself, and have other endings than FHIR files: what is inside of such a
    /// folder, or around it, is not read twice.
    is_of_tables: bool,
}

fn source_folders(source: &SourceSection, folder: &Path) -> Vec<SourceFolder> {
    match source {
        SourceSection::Folder(path) => {
            let name = path.display().to_string();
            let path = place(&folder.join(path));
            vec![SourceFolder { name, path, archive: None, is_of_tables: false }]
        }
        SourceSection::Tables(tables) => tables
            .iter()
            .filter_map(|source| match source {
                SourceTable::Folder(table) => Some(SourceFolder {
                    name: source.name(),
                    path: place(&folder.join(&table.path)),
                    archive: table.archive.as_ref().map(|archive| place(&folder.join(archive))),
                    is_of_tables: false,
                }),
                SourceTable::Table(table) => Some(SourceFolder {
                    name: source.name(),
                    path: place(&folder.join(table.path.as_ref()?)),
                    archive: None,
                    is_of_tables: true,
                }),
                SourceTable::Fhir(_) => None,
            })
            .collect(),
    }
}

/// Refuses what would be read of a source though it is none of its data: what is put away, another source, and the
/// sender's own database.
pub(crate) fn check(config: &SenderConfig, folder: &Path) -> anyhow::Result<()> {
    let sources = source_folders(&config.source, folder);
    check_markers(&config.source, folder)?;
    let (tables, folders): (Vec<_>, Vec<_>) =
        { sources }.into_iter().partition(|source| source.is_of_tables);
    for of in &folders {
        let Some(archive) = &of.archive else { continue };
        let name = &of.name;
        if is_read_of(archive, &of.path) {
            fail!(
                "source {name}: archive er i path, så det som er lagt bort, leses igjen: velg en mappe utenfor",
                "source {name}: archive is inside path, so what is put away is read again: choose a folder outside it"
            );
        }
        if let Some(SourceFolder { name: other, .. }) =
            folders.iter().find(|other| is_read_of(archive, &other.path))
        {
            fail!(
                "source {name}: archive er i mappen til source {other}, så det som er lagt bort, leses igjen der: \
                 velg en mappe utenfor",
                "source {name}: archive is inside the folder of source {other}, so what is put away is read again \
                 there: choose a folder outside it"
            );
        }
    }
    for (at, inner) in folders.iter().enumerate() {
        let others = folders.iter().enumerate().filter(|(other, _)| *other != at);
        if let Some((_, outer)) = { others }.find(|(_, outer)| is_read_of(&inner.path, &outer.path))
        {
            let (inner, outer) = (&inner.name, &outer.name);
            fail!(
                "source {inner} er i mappen til source {outer}, så filene i den leses to ganger: bruk én av dem, eller \
                 mapper ved siden av hverandre",
                "source {inner} is inside the folder of source {outer}, so its files are read twice: use one of them, or \
                 folders side by side"
            );
        }
    }
    let database = place(&folder.join(&config.database));
    if let Some(SourceFolder { name, .. }) =
        { folders.iter().chain(&tables) }.find(|source| is_read_of(&database, &source.path))
    {
        fail!(
            "database er i mappen til source {name}: en eksport som tømmer mappen, ville ta den med seg, og alt ble \
             sendt på nytt. Stans senderen, og flytt databasen (med -wal) til en mappe utenfor",
            "database is inside the folder of source {name}: an export that empties the folder would take it away, and \
             everything would be sent again. Stop the sender, and move the database (with its -wal) to a folder \
             outside it"
        );
    }
    Ok(())
}

/// Refuses a marker beside a single file: it would be looked for in nothing.
fn check_markers(source: &SourceSection, folder: &Path) -> anyhow::Result<()> {
    let SourceSection::Tables(tables) = source else { return Ok(()) };
    for source in tables {
        let SourceTable::Table(table) = source else { continue };
        let path = table.path.as_ref().filter(|path| folder.join(path).is_file());
        if let Some(path) = path.filter(|_| table.marker.is_some()) {
            let (name, path) = (source.name(), path.display());
            fail!(
                "source {name}: marker hører til en mappe, og {path} er en fil: uten filen leses ingenting uansett. Ta bort \
                 marker, eller oppgi mappen i path",
                "source {name}: marker belongs to a folder, and {path} is a file: without the file nothing is read anyway. \
                 Leave marker out, or give the folder in path"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_however_it_is_spelt() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("data/in")).unwrap();
        for (path, expected) in [
            ("data/in", "data/in"),
            ("data/./in/", "data/in"),
            ("data/../data/in", "data/in"),
            ("data/in/new/one", "data/in/new/one"),
            ("data/new/../in2", "data/in2"),
            ("data/in/../../elsewhere", "elsewhere"),
        ] {
            assert_eq!(place(&root.join(path)), root.join(expected), "{path}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.join("data/in"), root.join("link")).unwrap();
            assert_eq!(place(&root.join("link/new")), root.join("data/in/new"));
        }
    }

    #[test]
    fn what_is_hidden_or_beside_is_not_read() {
        let is_read = |path: &str| is_read_of(Path::new(path), Path::new("/data/in"));
        for (path, expected) in [
            ("/data/in", true),
            ("/data/in/done", true),
            ("/data/in/.done", false),
            ("/data/in/.done/x", false),
            ("/data/in2", false),
            ("/data", false),
        ] {
            assert_eq!(is_read(path), expected, "{path}");
        }
    }
}
