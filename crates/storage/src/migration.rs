//! The forms of a database, as sqlx's `migrate!` gives them, without its procedural macro: for that every driver would be
//! built a second time.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType};

/// The step to a form: its number and description are those in the name of its file.
pub(crate) fn form(version: i64, description: &'static str, sql: &'static str) -> Migration {
    Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
}

#[cfg(test)]
mod tests {
    use sqlx::migrate::Migrator;
    use std::path::Path;

    /// sqlx reads a folder as its macro does.
    #[tokio::test]
    async fn every_file_of_a_folder_is_a_form() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let known: [(&str, &Migrator); 4] = [
            ("sqlite", &crate::sqlite::MIGRATIONS),
            ("postgres", &crate::postgres::MIGRATIONS),
            ("identities/sqlite", &crate::sqlite::IDENTITY_MIGRATIONS),
            ("identities/postgres", &crate::postgres::IDENTITY_MIGRATIONS),
        ];
        for (name, forms) in known {
            let files = Migrator::new(folder.join(name)).await.unwrap();
            let of = |forms: &Migrator| -> Vec<_> {
                let of = forms.iter().map(|form| {
                    (form.version, form.description.clone(), form.checksum.clone(), form.no_tx)
                });
                of.collect()
            };
            assert_eq!(of(forms), of(&files), "{name}");
            assert!(!of(forms).is_empty(), "{name}");
        }
    }
}
