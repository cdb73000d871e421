//! The forms that the file has had, oldest first, and which program a form came with.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr as _, SqlitePool};

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
