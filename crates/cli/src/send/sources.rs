//! The sources put together as the configuration says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use lmr_auth::{Clock, SecretString};
use lmr_lmdi::RuleSetId;
use lmr_sender::HashKey;
use lmr_sender::source::{
    FestSystems, FileArchive, FolderSource, Mapping, MappingError, Marker, ServerAccess,
    ServerSettings, ServerSource, Source, SourceLimits, Sources, SqlTable, TableRows, TableSource,
    address_from, ready_mappings,
};
use zeroize::Zeroizing;

use crate::clock;
use crate::config::read_text;
use crate::config::sender::{SenderConfig, hash_key};
use crate::config::source::{AccessTable, FhirTable, SourceSection, SourceTable, TableTable};
use crate::config::token_client::KeyFile;
use crate::text::{Explain, Text, fail, failure, text};

/// The source as configured.
pub(crate) fn source(config: &SenderConfig, folder: &Path) -> anyhow::Result<Arc<dyn Source>> {
    config.source.check()?;
    crate::config::source::places::check(config, folder)?;
    let tables = match &config.source {
        SourceSection::Folder(path) => {
            let clock: Clock = Arc::new(clock::now);
            let source = FolderSource::new(folder.join(path), SourceLimits::default())
                .waiting_for_writers(clock, SignedDuration::ZERO);
            return Ok(Arc::new(source));
        }
        SourceSection::Tables(tables) => tables,
    };
    let mut sources = Vec::with_capacity(tables.len());
    for table in tables {
        let name = table.name();
        let source = one_source(table, config, folder)
            .explain(|| text!("source {name}", "source {name}"))?;
        sources.push((name, source));
    }
    Ok(Arc::new(Sources::new(sources)))
}

fn one_source(
    table: &SourceTable,
    config: &SenderConfig,
    folder: &Path,
) -> anyhow::Result<Box<dyn Source>> {
    let clock: Clock = Arc::new(clock::now);
    Ok(match table {
        SourceTable::Folder(table) => {
            let settle = SignedDuration::from_secs(i64::from(table.settle_seconds));
            let source = FolderSource::new(folder.join(&table.path), SourceLimits::default())
                .waiting_for_writers(clock, settle)
                .marked_by(Marker::new(table.marker.clone()));
            let source = if table.stable_ids { source.with_stable_ids() } else { source };
            match &table.archive {
                Some(archive) => Box::new(source.archiving(FileArchive {
                    folder: folder.join(archive),
                    copy: table.archive_copy,
                })),
                None => Box::new(source),
            }
        }
        SourceTable::Table(table) => Box::new(table_source(table, config, folder)?),
        SourceTable::Fhir(table) => {
            lmr_auth::install_tls_provider();
            let mut settings = server_settings(table, config.ruleset, folder)?;
            settings.network = config.network(folder)?;
            Box::new(ServerSource::new(settings))
        }
    })
}

/// A table with its mapping, ready to be read.
pub(super) fn table_source(
    table: &TableTable,
    config: &SenderConfig,
    folder: &Path,
) -> anyhow::Result<TableSource> {
    let mapping = table_mapping(table, folder)?;
    let mapping_file = folder.join(&table.mapping);
    let look_ups = mapping.look_up_files(mapping_file.parent().unwrap_or(Path::new(".")));
    if let Some(name) = mapping.empty_constants().first() {
        fail!(
            "konstanten {name} har ingen verdi; gi den i mappingen eller i constants",
            "the constant {name} has no value; give it in the mapping or in constants"
        );
    }
    let source =
        TableSource::new(rows(table, folder)?, mapping, HashKey::new(&hash_key(config, folder)?))
            .marked_by(Marker::new(table.marker.clone()))
            .waiting_for_writers(Arc::new(clock::now), look_ups);
    Ok(match fest_systems(config, folder)? {
        Some(systems) => source.with_fest(systems),
        None => source,
    })
}

/// The mapping of a table with the configuration's constants.
pub(super) fn table_mapping(table: &TableTable, folder: &Path) -> anyhow::Result<Mapping> {
    let mut mapping = read_mapping(&folder.join(&table.mapping))?;
    for (name, value) in &table.constants {
        mapping.set_constant(name, value).map_err(|error| in_words(&error))?;
    }
    Ok(mapping)
}

/// Where a table's rows are.
pub(super) fn rows(table: &TableTable, folder: &Path) -> anyhow::Result<TableRows> {
    let (path, url) = (table.path.as_ref(), table.database_url.as_ref());
    if let Some(path) = path {
        return Ok(TableRows::Csv(folder.join(path)));
    }
    let query = match &table.query_file {
        Some(file) => read_text(&folder.join(file))?,
        None => table.query.clone().unwrap_or_default(),
    };
    let sql = SqlTable {
        label: SourceTable::name_of_table(table),
        url: url.map(|url| address_from(folder, url)).unwrap_or_default(),
        password_file: table.database_password_file.as_ref().map(|file| folder.join(file)),
        query,
        overlap: SignedDuration::from_mins(i64::from(table.overlap_minutes)),
    };
    if sql.asks_for_changes() && !table.incremental {
        fail!(
            "spørringen ber bare om det som er endret (${{since}}), og da er kilden incremental = true (ellers meldes \
             alt annet som forsvunnet)",
            "the query asks for changes only (${{since}}), so the source is incremental = true (else all the rest is \
             reported as vanished)"
        );
    }
    Ok(TableRows::Sql(sql))
}

/// Reads a mapping: a file, or one that comes with the program by its name.
pub(super) fn read_mapping(path: &Path) -> anyhow::Result<Mapping> {
    let beside = path.parent().unwrap_or(Path::new("."));
    let ready = path.file_name().and_then(|name| name.to_str()).and_then(|name| {
        ready_mappings().iter().find(|ready| ready.name == name).filter(|_| !path.exists())
    });
    let text = match ready {
        Some(ready) => ready.text.to_owned(),
        None => read_text(path)?,
    };
    Mapping::parse(&text, beside)
        .map_err(|error| in_words(&error))
        .explain(|| text!("mappingen {path}", "the mapping {path}", path = path.display()))
}

/// A mapping's error in both languages.
pub(super) fn in_words(error: &MappingError) -> anyhow::Error {
    if let Some(error) = &error.toml {
        return toml::de::Error::clone(error).into();
    }
    failure(Text::of(|language| error.text(language)))
}

/// Looks codes up in the FEST lists of the configuration.
fn fest_systems(config: &SenderConfig, folder: &Path) -> anyhow::Result<Option<FestSystems>> {
    if config.terminology.is_empty() {
        return Ok(None);
    }
    let sets = crate::config::rule_sets(&config.terminology, folder)?;
    let ruleset = config.ruleset;
    let rules = sets.get(ruleset)?.definitions().terminology();
    let lists: Vec<_> = lmr_lmdi::fest::SYSTEMS
        .iter()
        .filter_map(|system| Some((*system, rules.code_system(system)?)))
        .collect();
    Ok(Some(Arc::new(move |code| {
        let found = lists.iter().find(|(_, list)| list.concept(code).is_some());
        found.map(|(system, _)| *system)
    })))
}

fn server_settings(
    table: &FhirTable,
    ruleset: RuleSetId,
    folder: &Path,
) -> anyhow::Result<ServerSettings> {
    let types = ruleset.profiles().iter().map(|(name, _)| (*name).to_owned()).collect();
    let clock: Clock = Arc::new(clock::now);
    let searches = table.search.clone();
    let mut settings = ServerSettings::new(&table.url, searches, types, clock, clock::fresh_ids());
    settings.export.clone_from(&table.export);
    settings.incremental = table.incremental;
    settings.overlap = SignedDuration::from_mins(i64::from(table.overlap_minutes));
    settings.page = table.page;
    settings.timeout = Duration::from_secs(u64::from(table.timeout_seconds));
    settings.retries = table.retries;
    if let Some(path) = &table.tls_ca {
        settings.certificate_authorities.push(crate::output::read(&folder.join(path))?);
    }
    settings.access = match &table.access {
        None => ServerAccess::None,
        Some(AccessTable::Basic(table)) => ServerAccess::Basic {
            user: table.user.clone(),
            password: secret(&folder.join(&table.password_file))?,
        },
        Some(AccessTable::ClientCredentials(table)) => ServerAccess::ClientCredentials {
            token_url: table.token_url.clone(),
            client_id: table.client_id.clone(),
            secret: secret(&folder.join(&table.secret_file))?,
            scope: table.scope.clone(),
        },
        Some(AccessTable::BackendServices(table)) => ServerAccess::BackendServices {
            token_url: table.token_url.clone(),
            client_id: table.client_id.clone(),
            key: Arc::new(KeyFile::of_access(table, folder)?),
            scope: table.scope.clone(),
        },
    };
    Ok(settings)
}

fn secret(path: &Path) -> anyhow::Result<SecretString> {
    let text = Zeroizing::new(read_text(path)?);
    Ok(SecretString::new(text.trim().to_owned()))
}
