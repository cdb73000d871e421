//! `source` of the sender's configuration: a folder, or any number of `[[source]]` tables.

pub(crate) mod places;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::de::{SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer};

use super::database_address::{as_url, check_parameters};
use super::sender::{A_DAY, AN_HOUR, within};
use crate::text::{Explain as _, fail, text};

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
    /// A table, with a mapping.
    Table(TableTable),
    /// A FHIR server.
    Fhir(FhirTable),
}

/// A table: CSV files or an SQL query.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableTable {
    /// What lists call it.
    pub(crate) name: Option<String>,
    /// It delivers only what is new since the last run.
    #[serde(default)]
    pub(crate) incremental: bool,
    /// The mapping file.
    pub(crate) mapping: PathBuf,
    /// The mapping's constants.
    #[serde(default)]
    pub(crate) constants: BTreeMap<String, String>,
    /// CSV file, or folder of CSV files.
    pub(crate) path: Option<PathBuf>,
    /// File in the folder `path` that says that its share is mounted.
    pub(crate) marker: Option<PathBuf>,
    /// Database in place of files: `postgres://…`, `sqlite:…` or `mssql://…`.
    pub(crate) database_url: Option<String>,
    /// File with the database's password.
    pub(crate) database_password_file: Option<PathBuf>,
    /// The query.
    pub(crate) query: Option<String>,
    /// File with the query.
    pub(crate) query_file: Option<PathBuf>,
    /// Minutes that `${since}` is before the last complete transfer.
    #[serde(default = "an_hour")]
    pub(crate) overlap_minutes: u32,
}

/// A FHIR server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FhirTable {
    /// What lists call it.
    pub(crate) name: Option<String>,
    /// Only what has changed since the last complete transfer is asked for.
    #[serde(default = "yes")]
    pub(crate) incremental: bool,
    /// Base address.
    pub(crate) url: String,
    /// Searches below it.
    #[serde(default = "administrations")]
    pub(crate) search: Vec<String>,
    /// The export operation.
    pub(crate) export: Option<String>,
    /// Minutes that changes are asked for before the last complete transfer.
    #[serde(default = "an_hour")]
    pub(crate) overlap_minutes: u32,
    /// Resources a page.
    #[serde(default = "page")]
    pub(crate) page: u32,
    /// Longest wait for one answer.
    #[serde(default = "two_minutes")]
    pub(crate) timeout_seconds: u32,
    /// New attempts for one page.
    #[serde(default = "five")]
    pub(crate) retries: u32,
    /// Further certificate authority for TLS (PEM).
    pub(crate) tls_ca: Option<PathBuf>,
    /// By what the server knows us.
    pub(crate) access: Option<AccessTable>,
}

/// By what a FHIR server knows us.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum AccessTable {
    /// User and password.
    Basic(BasicTable),
    /// OAuth 2.0 client credentials with a secret.
    ClientCredentials(ClientCredentialsTable),
    /// SMART backend services.
    BackendServices(BackendServicesTable),
}

/// User and password.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasicTable {
    /// The user.
    pub(crate) user: String,
    /// File with the password.
    pub(crate) password_file: PathBuf,
}

/// OAuth 2.0 client credentials with a secret.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientCredentialsTable {
    /// Where tokens are.
    pub(crate) token_url: String,
    /// The client.
    pub(crate) client_id: String,
    /// File with its secret.
    pub(crate) secret_file: PathBuf,
    /// The scope wanted.
    pub(crate) scope: Option<String>,
}

/// SMART backend services.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackendServicesTable {
    /// Where tokens are.
    pub(crate) token_url: String,
    /// The client.
    pub(crate) client_id: String,
    /// Private key: a JWK file, PEM, DER, PKCS#12, or a `pkcs11:` URI.
    pub(crate) key: PathBuf,
    /// File with the key's password, or the token's PIN.
    pub(crate) key_password_file: Option<PathBuf>,
    /// Variable of the environment with the same.
    pub(crate) key_password_env: Option<String>,
    /// Key id, where the file has none.
    pub(crate) kid: Option<String>,
    /// Algorithm, where the file has none.
    pub(crate) algorithm: Option<String>,
    /// The scope wanted.
    #[serde(default = "read_all")]
    pub(crate) scope: String,
}

fn an_hour() -> u32 {
    60
}

fn yes() -> bool {
    true
}

fn page() -> u32 {
    200
}

fn two_minutes() -> u32 {
    120
}

fn five() -> u32 {
    5
}

fn administrations() -> Vec<String> {
    vec!["MedicationAdministration".to_owned()]
}

fn read_all() -> String {
    "system/*.read".to_owned()
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
    /// File in the folder that says that its share is mounted.
    pub(crate) marker: Option<PathBuf>,
    /// A type and an id are the same resource in every file and every run, as in an export of a FHIR server.
    #[serde(default)]
    pub(crate) stable_ids: bool,
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
            Self::Table(table) => Self::name_of_table(table),
            Self::Fhir(table) => table.name.clone().unwrap_or_else(|| table.url.clone()),
        }
    }

    /// What lists call a table.
    pub(crate) fn name_of_table(table: &TableTable) -> String {
        table
            .name
            .clone()
            .unwrap_or_else(|| table.path.as_ref().unwrap_or(&table.mapping).display().to_string())
    }

    /// The file in its folder that says that its share is mounted.
    pub(crate) fn marker(&self) -> Option<&Path> {
        match self {
            Self::Folder(table) => table.marker.as_deref(),
            Self::Table(table) => table.marker.as_deref(),
            Self::Fhir(_) => None,
        }
    }

    /// Whether it delivers only what is new since the last run.
    pub(crate) fn is_incremental(&self) -> bool {
        match self {
            Self::Folder(table) => table.incremental,
            Self::Table(table) => table.incremental,
            Self::Fhir(table) => table.incremental,
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        let name = self.name();
        let within = |key: &str, value: u32, least: u64, most: u64| {
            within(&format!("source {name}: {key}"), u64::from(value), least, most)
        };
        match self {
            Self::Folder(table) => within("settle_seconds", table.settle_seconds, 0, A_DAY)?,
            Self::Table(_) => {}
            Self::Fhir(table) => {
                within("page", table.page, 1, 10_000)?;
                within("timeout_seconds", table.timeout_seconds, 1, AN_HOUR)?;
                within("retries", table.retries, 0, 100)?;
            }
        }
        if let Some(marker) = self.marker().filter(|marker| !is_below(marker)) {
            let marker = marker.display();
            fail!(
                "source {name}: marker er navnet på en fil i path, ikke {marker:?}: uten .., uten / først, og ikke tomt",
                "source {name}: marker is the name of a file in path, not {marker:?}: without .., without a leading /, and \
                 not empty"
            );
        }
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
            Self::Table(table) => {
                let queries =
                    usize::from(table.query.is_some()) + usize::from(table.query_file.is_some());
                let is_database = table.database_url.is_some();
                if table.path.is_some() == is_database || queries != usize::from(is_database) {
                    fail!(
                        "source {name}: enten path, eller database_url og én av query og query_file",
                        "source {name}: either path, or database_url and one of query and query_file"
                    );
                }
                if table.marker.is_some() && is_database {
                    fail!(
                        "source {name}: marker hører til path; en database svarer selv",
                        "source {name}: marker belongs to path; a database answers for itself"
                    );
                }
                match &table.database_url {
                    Some(url) if as_url(Path::new(url)).is_some() => {
                        check_parameters(url).explain(|| {
                            text!("source {name}: database_url", "source {name}: database_url")
                        })
                    }
                    _ => Ok(()),
                }
            }
            Self::Folder(_) | Self::Fhir(_) => Ok(()),
        }
    }
}

/// Whether a path names something below the folder that it is relative to.
fn is_below(path: &Path) -> bool {
    let mut parts = path.components().filter(|part| *part != Component::CurDir).peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
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

    /// Base addresses of the FHIR servers among them.
    pub(crate) fn servers(&self) -> Vec<String> {
        match self {
            Self::Folder(_) => Vec::new(),
            Self::Tables(tables) => tables
                .iter()
                .filter_map(|table| match table {
                    SourceTable::Fhir(table) => Some(table.url.clone()),
                    _ => None,
                })
                .collect(),
        }
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
