//! Of which form a damaged file is.

use std::path::Path;

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqlitePoolOptions, SqliteSynchronous};

use super::schema::tolerant;
use super::{of_scratch, unless_damaged};
use crate::outbox::columns::Columns;
use crate::outbox::{Outbox, OutboxError, Result, forms, is_newer_form, needed_program};

/// The form of a file: what its own list says, or, where that cannot be read, the oldest form that has its tables and
/// columns. Of forms that differ in their content only the oldest is right for all: what the later ones change is
/// changed already, and once more changes nothing. `None`, the present form, where nothing else fits.
pub(super) async fn form_of(path: &Path) -> Result<Option<i64>> {
    let options = SqlitePoolOptions::new().max_connections(1);
    let pool = options.connect_with(tolerant(path)).await.map_err(OutboxError::from);
    let Some(pool) = unless_damaged(pool)? else { return Ok(None) };
    let row = sqlx::query("SELECT max(version) FROM _sqlx_migrations").fetch_one(&pool).await;
    let row = unless_damaged(row.map_err(OutboxError::from))?;
    let listed = row.and_then(|row| row.read::<Option<i64>>(0).ok()?);
    if listed.is_some_and(is_newer_form) {
        let needed = needed_program(&pool).await;
        pool.close().await;
        return Err(OutboxError::Newer { needed });
    }
    let found = match listed {
        Some(_) => Vec::new(),
        None => unless_damaged(columns_of(&pool).await)?.unwrap_or_default(),
    };
    pool.close().await;
    if listed.is_some() || found.is_empty() {
        return Ok(listed);
    }
    let scratch = tempfile::tempdir().map_err(|error| OutboxError::Database(error.into()))?;
    let path = scratch.path().join("form.sqlite");
    let versions: Vec<i64> = forms().iter().map(|migration| migration.version).collect();
    for version in versions {
        let forms = forms_until(version);
        let columns = async {
            let outbox = Outbox::open_as(&path, SqliteSynchronous::Off, &forms).await?;
            let columns = columns_of(&outbox.pool).await;
            outbox.close().await;
            columns
        };
        if columns.await.map_err(of_scratch)? == found {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// The forms up to one.
pub(super) fn forms_until(version: i64) -> Migrator {
    let mut forms = forms();
    forms.migrations.to_mut().retain(|migration| migration.version <= version);
    forms
}

/// Every table with its columns, as the file's first page says, in order of their names.
async fn columns_of(pool: &SqlitePool) -> Result<Vec<(String, String)>> {
    let sql = "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c \
               WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '_sqlx%' \
               ORDER BY 1, 2";
    let rows = sqlx::query(sql).fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.read(0)?, row.read(1)?))).collect()
}
