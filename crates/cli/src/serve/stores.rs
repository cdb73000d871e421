//! The databases that a receiver's configuration names, and their keys.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lmr_intake::Database;
use lmr_storage::{
    ApartKeys, ApartStore, MAIN, Opening, PlacedStore, PostgresStore, SqliteStore, StorageKey,
};

use crate::config::database_address::{self, as_url};
use crate::config::receiver::{IdentitiesSection, ReceiverConfig};
use crate::text::{Explain, fail, text};

/// The bytes of a key file.
pub(super) fn key_file(
    folder: &Path,
    path: &Path,
    key: &str,
) -> anyhow::Result<zeroize::Zeroizing<Vec<u8>>> {
    let content = crate::output::read(&folder.join(path));
    Ok(zeroize::Zeroizing::new(content.explain(|| text!("{key}", "{key}"))?))
}

/// The keys of a configuration's databases, as its `[identities]` say.
fn apart_keys(
    config: &ReceiverConfig,
    section: &IdentitiesSection,
    folder: &Path,
) -> anyhow::Result<ApartKeys> {
    let rest = key_file(folder, &config.column_key, "column_key")?;
    let identities = key_file(folder, &section.key, "identities.key")?;
    ApartKeys::read(&rest, &identities).explain(|| {
        text!(
            "{rest} og {identities} er ikke nøkler for column_key og identities.key",
            "{rest} and {identities} are not keys for column_key and identities.key",
            rest = folder.join(&config.column_key).display(),
            identities = folder.join(&section.key).display()
        )
    })
}

/// The key that encrypts the columns, of every database of the configuration but that of the identities.
fn storage_key(config: &ReceiverConfig, folder: &Path) -> anyhow::Result<StorageKey> {
    if let Some(section) = &config.identities {
        return Ok(apart_keys(config, section, folder)?.rest);
    }
    let content = key_file(folder, &config.column_key, "column_key")?;
    StorageKey::read(&content).explain(|| {
        text!(
            "{path} er ikke en nøkkel for column_key",
            "{path} is not a key for column_key",
            path = folder.join(&config.column_key).display()
        )
    })
}

/// Puts the database of the identities beside the others.
async fn with_identities(
    rest: Arc<dyn Database>,
    config: &ReceiverConfig,
    section: &IdentitiesSection,
    folder: &Path,
    opening: Opening,
) -> anyhow::Result<Arc<dyn Database>> {
    let key = apart_keys(config, section, folder)?.identities;
    // An empty one beside messages would be the wrong one.
    let may_be_new = rest.known_senders().await?.is_empty();
    let opened = match as_url(&section.database) {
        Some(url) => PostgresStore::open_identities(url, key, may_be_new, opening).await,
        None => {
            let file = folder.join(&section.database);
            SqliteStore::open_identities(&file, key, may_be_new, opening).await
        }
    };
    // An address may hold a password: it is not repeated.
    let identities = opened.explain(|| {
        text!("kan ikke åpne databasen i [identities]", "cannot open the database of [identities]")
    })?;
    let store = ApartStore::new(rest, identities);
    if store.is_without_its_rest().await? {
        fail!(
            "databasen i [identities] har personer, og databasen er tom: gjenopprett den fra sikkerhetskopien",
            "the database of [identities] has people, and the database is empty: restore it from its backup"
        );
    }
    Ok(Arc::new(store))
}

/// Whether all databases of the configuration are files.
pub(crate) fn are_files(config: &ReceiverConfig) -> bool {
    let identities = config.identities.as_ref().map(|section| &section.database);
    [Some(&config.database), identities].into_iter().flatten().all(|name| as_url(name).is_none())
}

/// Copies the files of a configuration's databases as they are, of an earlier program's schema too.
pub(crate) async fn copy_files(
    config: &ReceiverConfig,
    folder: &Path,
    to: &str,
    identities_to: &str,
) -> anyhow::Result<()> {
    let cannot = |file: &Path| {
        text!(
            "kan ikke kopiere databasen {file}",
            "cannot copy the database {file}",
            file = file.display()
        )
    };
    let file = folder.join(&config.database);
    SqliteStore::copy(&file, &storage_key(config, folder)?, to).await.explain(|| cannot(&file))?;
    // In this order: every rest of the copy has its part.
    if let Some(section) = &config.identities {
        let key = apart_keys(config, section, folder)?.identities;
        let file = folder.join(&section.database);
        SqliteStore::copy_identities(&file, &key, identities_to).await.explain(|| cannot(&file))?;
    }
    Ok(())
}

/// Opens the databases that the configuration names, as one.
pub(crate) async fn open_store(
    config: &ReceiverConfig,
    folder: &Path,
    opening: Opening,
) -> anyhow::Result<Arc<dyn Database>> {
    database_address::check(&config.database, "database")?;
    if let Some(section) = &config.identities {
        database_address::check(&section.database, "identities.database")?;
        if database_address::is_same(&section.database, &config.database, folder) {
            fail!(
                "identities.database er den samme som database: identitetene skal i en for seg",
                "identities.database is the same as `database`: the identities go into one of their own"
            );
        }
    }
    let store = open_without_identities(config, folder, opening).await?;
    match &config.identities {
        None => Ok(store),
        Some(section) => with_identities(store, config, section, folder, opening).await,
    }
}

async fn open_without_identities(
    config: &ReceiverConfig,
    folder: &Path,
    opening: Opening,
) -> anyhow::Result<Arc<dyn Database>> {
    if !config.databases.is_empty() {
        return Ok(Arc::new(open_placed(config, folder, |_| opening).await?));
    }
    if let Some(avsender) = config.avsender.iter().find(|avsender| avsender.database.is_some()) {
        fail!(
            "[[avsender]] {name}: database krever [databases]",
            "[[avsender]] {name}: `database` needs [databases]",
            name = avsender.name
        );
    }
    let key = storage_key(config, folder)?;
    if let Some(url) = as_url(&config.database) {
        // The address may hold a password: it is not repeated.
        let store = PostgresStore::open_with(url, key, opening).await.explain(|| {
            text!("kan ikke åpne PostgreSQL-databasen", "cannot open the PostgreSQL database")
        })?;
        return Ok(Arc::new(store));
    }
    let file = folder.join(&config.database);
    let store = SqliteStore::open_with(&file, key, opening).await.explain(|| {
        text!(
            "kan ikke åpne databasen {file}",
            "cannot open the database {file}",
            file = file.display()
        )
    })?;
    Ok(Arc::new(store))
}

/// Opens the several databases that the configuration names; `opening` says by its name what may be done to each.
pub(crate) async fn open_placed(
    config: &ReceiverConfig,
    folder: &Path,
    opening: impl Fn(&str) -> Opening,
) -> anyhow::Result<PlacedStore> {
    let Some(url) = as_url(&config.database) else {
        fail!(
            "[databases] krever at database er en PostgreSQL-database",
            "[databases] needs `database` to be a PostgreSQL database"
        );
    };
    let open = async |name: &str, url: &str| {
        let key = storage_key(config, folder)?;
        PostgresStore::open_with(url, key, opening(name)).await.explain(|| {
            text!(
                "kan ikke åpne PostgreSQL-databasen {name}",
                "cannot open the PostgreSQL database {name}"
            )
        })
    };
    for (at, (name, url)) in config.databases.iter().enumerate() {
        database_address::check_parameters(url)
            .explain(|| text!("databases.{name}", "databases.{name}"))?;
        // Each message would be counted and listed once for each of its names.
        let is_url =
            |other: &str| database_address::is_same(Path::new(url), Path::new(other), folder);
        let before = config.databases.iter().take(at).find(|other| is_url(other.1));
        let before = before.map(|other| format!("databases.{}", other.0));
        let is_main = config.database.to_str().is_some_and(is_url);
        if let Some(other) = before.or_else(|| is_main.then(|| "database".to_owned())) {
            fail!(
                "databases.{name} er den samme som {other}: hver av dem skal være en for seg",
                "databases.{name} is the same as {other}: each of them must be one of its own"
            );
        }
    }
    let main = open(MAIN, url).await?;
    let mut others = Vec::new();
    for (name, url) in &config.databases {
        if name == MAIN {
            fail!(
                "databases.main er det database heter: velg et annet navn",
                "databases.main is what `database` is called: choose another name"
            );
        }
        others.push((name.clone(), open(name, url).await?));
    }
    let mut configured = BTreeMap::new();
    for avsender in config.avsendere(folder)? {
        let Some(name) = avsender.database else { continue };
        check_database(config, &name)?;
        configured.insert(avsender.organisation, name);
    }
    Ok(PlacedStore::new(main, others, configured))
}

/// Whether a database of this name is configured.
pub(crate) fn check_database(config: &ReceiverConfig, name: &str) -> anyhow::Result<()> {
    if name == MAIN || config.databases.contains_key(name) {
        return Ok(());
    }
    let known: Vec<&str> =
        [MAIN].into_iter().chain(config.databases.keys().map(String::as_str)).collect();
    let known = known.join(", ");
    fail!(
        "det finnes ingen database med navnet {name}; konfigurert er {known}",
        "there is no database named {name}; configured are {known}"
    )
}
