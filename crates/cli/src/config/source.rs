//! `source` of the sender's configuration: a folder, or any number of `[[source]]` tables.

use std::fmt;
use std::path::PathBuf;

use serde::de::{SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer};

use crate::text::fail;

/// Where resources come from.
#[derive(Debug)]
pub(crate) enum SourceSection {
    /// One folder, by its path.
    Folder(PathBuf),
    /// Sources side by side.
    Tables(Vec<SourceTable>),
}

/// A `[[source]]`.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum SourceTable {
    /// A folder of FHIR files.
    Folder(FolderTable),
}

/// A folder of FHIR files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FolderTable {
    /// What lists call it.
    pub(crate) name: Option<String>,
    /// The folder.
    pub(crate) path: PathBuf,
    /// It delivers only what is new since the last run.
    #[serde(default)]
    pub(crate) incremental: bool,
    /// Files that changed less than so many seconds ago are left for the next run.
    #[serde(default)]
    pub(crate) settle_seconds: u32,
    /// Folder for files of which the register has answered for everything.
    pub(crate) archive: Option<PathBuf>,
    /// Whether archived files stay in the source too.
    #[serde(default)]
    pub(crate) archive_copy: bool,
}

impl SourceTable {
    /// What lists call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Folder(table) => {
                table.name.clone().unwrap_or_else(|| table.path.display().to_string())
            }
        }
    }

    /// Whether it delivers only what is new since the last run.
    pub(crate) fn is_incremental(&self) -> bool {
        match self {
            Self::Folder(table) => table.incremental,
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        let name = self.name();
        match self {
            Self::Folder(table) if table.archive.is_some() && !table.archive_copy => {
                if !table.incremental {
                    fail!(
                        "source {name}: archive flytter filene, og da er kilden incremental = true \
                         (ellers meldes alt i dem som forsvunnet); eller archive_copy = true",
                        "source {name}: archive moves files away, so the source is incremental = true \
                         (else all that is in them is reported as vanished); or archive_copy = true"
                    );
                }
                Ok(())
            }
            Self::Folder(_) => Ok(()),
        }
    }
}

impl SourceSection {
    /// What no type can say.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Self::Tables(tables) = self else { return Ok(()) };
        if tables.is_empty() {
            fail!("[[source]]: minst én kilde", "[[source]]: at least one source");
        }
        let mut names: Vec<String> = tables.iter().map(SourceTable::name).collect();
        names.sort();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let name = &pair[0];
            fail!(
                "[[source]]: to kilder heter {name}; gi dem hvert sitt name",
                "[[source]]: two sources are called {name}; give each its own name"
            );
        }
        tables.iter().try_for_each(SourceTable::check)
    }

    /// The names of the sources that deliver only what is new, where there are several.
    pub(crate) fn incremental(&self) -> Vec<String> {
        match self {
            Self::Folder(_) => Vec::new(),
            Self::Tables(tables) => tables
                .iter()
                .filter(|table| table.is_incremental())
                .map(SourceTable::name)
                .collect(),
        }
    }
}

impl<'de> Deserialize<'de> for SourceSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = SourceSection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a folder, or [[source]] tables")
            }

            fn visit_str<E>(self, path: &str) -> Result<SourceSection, E> {
                Ok(SourceSection::Folder(path.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, tables: A) -> Result<SourceSection, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(tables)).map(SourceSection::Tables)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
