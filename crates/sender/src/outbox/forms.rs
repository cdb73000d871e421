//! The forms that the file has had, oldest first, and which program a form came with.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqliteConnection, SqlitePool};

use super::Result;
use super::columns::Columns;

/// The forms of the file, oldest first.
pub(crate) fn forms() -> Migrator {
    Migrator::with_migrations(vec![
        form(1, "outbox", include_str!("../../migrations/0001_outbox.sql")),
        form(2, "finished at", include_str!("../../migrations/0002_finished_at.sql")),
        form(3, "source keys", include_str!("../../migrations/0003_source_keys.sql")),
        form(4, "short hashes", include_str!("../../migrations/0004_short_hashes.sql")),
        form(5, "receipts", include_str!("../../migrations/0005_receipts.sql")),
        form(6, "desk", include_str!("../../migrations/0006_desk.sql")),
        form(7, "sent item", include_str!("../../migrations/0007_sent_item.sql")),
        form(8, "narrow ledger", include_str!("../../migrations/0008_narrow_ledger.sql")),
        form(9, "schema program", include_str!("../../migrations/0009_schema_program.sql")),
        form(10, "replaced", include_str!("../../migrations/0010_replaced.sql")),
    ])
}

/// Steps whose text was changed after some ledgers were made by it, as it was then. A text may be here only where it makes
/// the same of every ledger that it can be applied to.
fn former_texts() -> [Migration; 1] {
    // Failed where a report is not JSON.
    [form(10, "replaced", include_str!("../../migrations/former/0010_replaced.sql"))]
}

/// Whether a ledger was made by the former text of a step.
fn is_former(version: i64, checksum: &[u8]) -> bool {
    let is_it = |former: &Migration| former.version == version && *former.checksum == *checksum;
    former_texts().iter().any(is_it)
}

/// Notes of a ledger that was made by a former text of a step that it was made by the present one, since both make the
/// same: the driver knows one text only.
pub(super) async fn accept_former_texts(
    connection: &mut SqliteConnection,
    forms: &Migrator,
) -> Result<()> {
    let has_list = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    if sqlx::query(has_list).fetch_one(&mut *connection).await?.read::<i64>(0)? == 0 {
        return Ok(());
    }
    // A ledger of a newer program is refused as it is.
    let newest = sqlx::query("SELECT max(version) FROM _sqlx_migrations");
    let newest: Option<i64> = newest.fetch_one(&mut *connection).await?.read(0)?;
    if newest.is_some_and(is_newer_form) {
        return Ok(());
    }
    for former in former_texts() {
        let is_it = "SELECT count(*) FROM _sqlx_migrations WHERE version = ? AND checksum = ?";
        let row = sqlx::query(is_it).bind(former.version).bind(&*former.checksum);
        if row.fetch_one(&mut *connection).await?.read::<i64>(0)? == 0 {
            continue;
        }
        for form in forms.iter().filter(|form| form.version == former.version) {
            sqlx::query(
                "UPDATE _sqlx_migrations SET checksum = ? WHERE version = ? AND checksum = ?",
            )
            .bind(&*form.checksum)
            .bind(form.version)
            .bind(&*former.checksum)
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}

/// Checks that a ledger was made by the steps of this program, as the driver does before it makes the steps that are
/// missing, for those who make none. `schema` is `main`, or the name that the ledger is attached under.
///
/// # Errors
/// [`OutboxError::Form`](super::OutboxError::Form).
pub(super) async fn check_texts(connection: &mut SqliteConnection, schema: &str) -> Result<()> {
    let sql = format!("SELECT version, checksum, success FROM {schema}._sqlx_migrations");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?;
    let known = forms();
    for row in &rows {
        let (version, checksum): (i64, &[u8]) = (row.read(0)?, row.read(1)?);
        let error = match known.iter().find(|form| form.version == version) {
            None => MigrateError::VersionMissing(version),
            Some(_) if !row.read::<bool>(2)? => MigrateError::Dirty(version),
            Some(form) if *form.checksum != *checksum && !is_former(version, checksum) => {
                MigrateError::VersionMismatch(version)
            }
            Some(_) => continue,
        };
        return Err(error.into());
    }
    Ok(())
}

/// The step to a form: its number and description are those in the name of its file. Without sqlx's `migrate!`, for whose
/// procedural macro every driver would be built a second time.
fn form(version: i64, description: &'static str, sql: &'static str) -> Migration {
    Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
}

/// Whether a form is one that came after those of this program.
pub(super) fn is_newer_form(version: i64) -> bool {
    forms().iter().all(|known| known.version < version)
}

/// The version of the program that a file's form came with, where it says it.
pub(super) async fn needed_program(pool: &SqlitePool) -> Option<String> {
    let sql = "SELECT program FROM schema_program ORDER BY version DESC LIMIT 1";
    let row = sqlx::query(sql).fetch_optional(pool).await;
    row.ok().flatten().and_then(|row| row.read(0).ok())
}
