//! The file opened: for working, for looking only, and what is seen to before the first statement.

use std::path::Path;

use sqlx::Connection as _;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};

use super::columns::Columns;
use super::forms::{accept_former_texts, check_texts, forms, is_newer_form, needed_program};
use super::{Outbox, OutboxError, Result};

/// Refuses a schema that is no text any more: the driver takes the types of columns from it for text, and its worker ends
/// where they are not.
async fn check_schema(connection: &mut SqliteConnection) -> std::result::Result<(), sqlx::Error> {
    let texts: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL")
            .fetch_all(connection)
            .await?;
    match texts.iter().find_map(|text| std::str::from_utf8(text).err()) {
        Some(error) => Err(sqlx::Error::Decode(error.into())),
        None => Ok(()),
    }
}

impl Outbox {
    /// Opens the file, makes it if it is missing, and brings it to the present form.
    ///
    /// # Errors
    /// [`OutboxError`]; a file of a newer program is refused.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, SqliteSynchronous::Full).await
    }

    /// As [`Outbox::open`], with another durability than a real outbox has: tests in which processes die,
    /// but no machine does.
    pub(crate) async fn open_with(path: &Path, synchronous: SqliteSynchronous) -> Result<Self> {
        Self::open_as(path, synchronous, &forms()).await
    }

    /// As [`Outbox::open_with`], with some of the forms that the file has had.
    pub(crate) async fn open_as(
        path: &Path,
        synchronous: SqliteSynchronous,
        forms: &Migrator,
    ) -> Result<Self> {
        crate::lock::make_for_owner_of_folder(path);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(10));
        let outbox = Self::connect(options).await?;
        let mut connection = outbox.pool.acquire().await?;
        accept_former_texts(&mut connection, forms).await?;
        let made = forms.run(&mut *connection).await;
        drop(connection);
        match made {
            Ok(()) => Ok(outbox),
            Err(MigrateError::VersionMissing(found)) if is_newer_form(found) => {
                Err(OutboxError::Newer { needed: needed_program(&outbox.pool).await })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the file for looking only: nothing is written, also not beside it, so a read-only file
    /// system or a snapshot will do.
    ///
    /// # Errors
    /// [`OutboxError::WriteAheadLog`] when what was written last is still in the file beside it, which
    /// cannot be read without writing; [`OutboxError::Newer`] and [`OutboxError::Form`] as for [`Outbox::open`].
    pub async fn open_read_only(path: &Path) -> Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        if Path::new(&log).metadata().is_ok_and(|log| log.len() > 0) {
            return Err(OutboxError::WriteAheadLog);
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
        let outbox = Self::connect(options).await?;
        let newest = sqlx::query("SELECT max(version) FROM _sqlx_migrations");
        let newest: Option<i64> = newest.fetch_one(&outbox.pool).await?.read(0)?;
        if newest.is_some_and(is_newer_form) {
            return Err(OutboxError::Newer { needed: needed_program(&outbox.pool).await });
        }
        check_texts(&mut *outbox.pool.acquire().await?, "main").await?;
        Ok(outbox)
    }

    /// A connection as every step gets one.
    #[cfg(test)]
    pub(crate) async fn connection(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>> {
        Ok(self.pool.acquire().await?)
    }

    async fn connect(options: SqliteConnectOptions) -> Result<Self> {
        // By a connection of its own: which one of the pool a statement gets is the pool's affair.
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let checked = check_schema(&mut connection).await;
        connection.close().await?;
        checked?;
        let pool_options = SqlitePoolOptions::new();
        #[cfg(test)]
        let work = std::sync::Arc::<std::sync::atomic::AtomicUsize>::default();
        #[cfg(test)]
        let pool_options = counting(pool_options, std::sync::Arc::clone(&work));
        let pool = pool_options
            .max_connections(2)
            // SQLite ends a transaction by itself when the disk is full, which the driver does not notice:
            // such a connection is good for nothing any more.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .connect_with(options)
            .await?;
        Ok(Self {
            pool,
            #[cfg(test)]
            failpoint: super::failpoint::Failpoint::default(),
            #[cfg(test)]
            rows_by_name: std::sync::Arc::default(),
            #[cfg(test)]
            work,
        })
    }

    /// Writes what is in the log beside the file into the file, and empties the log. Closing does so only where SQLite finds
    /// no other connection, which one that is just being closed is too: whoever moves the file alone must not rely on it.
    pub(crate) async fn empty_log(&self) -> Result<()> {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.pool).await?;
        match row.read::<i64>(0)? {
            0 => Ok(()),
            _ => {
                let text = "something else has the file open: end it, and try again";
                let busy = std::io::Error::new(std::io::ErrorKind::ResourceBusy, text);
                Err(OutboxError::Database(busy.into()))
            }
        }
    }
}

/// Counts what connections have SQLite do, in hundreds of its instructions.
#[cfg(test)]
fn counting(
    options: SqlitePoolOptions,
    work: std::sync::Arc<std::sync::atomic::AtomicUsize>,
) -> SqlitePoolOptions {
    options.after_connect(move |connection, _| {
        let work = std::sync::Arc::clone(&work);
        Box::pin(async move {
            connection.lock_handle().await?.set_progress_handler(100, move || {
                work.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                true
            });
            Ok(())
        })
    })
}
