//! The second database: who the people of each message are. Written for one database at a time, as `tables.rs`.

use super::backend::{check, writing};
use super::sessions::{ANSWER_TIME, Session, Sessions};
use super::{
    BACKUP, Db, IDENTITY_MIGRATIONS, IDENTITY_WRITERS, READING, WRITING, mark, mark_copy, tables,
};
use crate::apart::{IdentityStore, Part, PartKey, PartOf};
use crate::error::{OpenError, chain, unavailable};
use crate::key::{IdentityKey, salt};
use crate::opening::Opening;
use crate::watched::Watched;
use async_trait::async_trait;
use lmr_intake::StoreError;
use sqlx::{ConnectOptions as _, Connection as _, Database, query, query_as, query_scalar};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

type Connection = <Db as Database>::Connection;
type Options = <Connection as sqlx::Connection>::Options;

const MESSAGE: &str = "identity_part.message_sealed";
const PEOPLE: &str = "identity_part.people_sealed";
const MIXED: &str = "identity_part.mixed_sealed";
/// Sessions that read at once.
const READERS: u32 = 4;
/// Longest time for one statement.
const STATEMENT_TIME: Duration = Duration::from_secs(30);
/// Digits of an organisation number, and bytes of a digest, at the front of [`MESSAGE`].
const NUMBER_LEN: usize = 9;
const DIGEST_LEN: usize = 32;

/// Opens the database, and makes or migrates what it may. Only where nothing is stored yet may it be a new one.
pub(super) async fn open(
    options: Options,
    key: IdentityKey,
    (may_be_new, opening): (bool, Opening),
    watched: Option<Arc<Watched>>,
) -> Result<Arc<dyn IdentityStore>, OpenError> {
    let options = options.disable_statement_logging();
    let mut connection = writing(&options).await?;
    let opening = Opening { may_begin: opening.may_begin && may_be_new, ..opening };
    let usable =
        tables::make_usable(&mut connection, &IDENTITY_MIGRATIONS, &key.people, opening).await;
    match usable {
        Err(OpenError::NotBegun) if !may_be_new => return Err(OpenError::IdentitiesMissing),
        usable => usable?,
    };
    tables::flush(&mut connection).await?;
    if let Some(watched) = &watched {
        watched.expect_mark(mark(&mut connection, opening).await?);
    }
    connection.close().await?;
    let readers = Sessions::new(options.clone(), READERS, READING);
    let writers = Sessions::new(options.clone(), IDENTITY_WRITERS, WRITING);
    Ok(Arc::new(Identities { readers, writers, key, watched }))
}

struct Identities {
    readers: Sessions,
    writers: Sessions,
    key: IdentityKey,
    /// The file that was opened, where the database is one.
    watched: Option<Arc<Watched>>,
}

from_row! {
    struct PartRow {
        rest_mac: Vec<u8>,
        generation: i64,
        salt: Vec<u8>,
        people_sealed: Vec<u8>,
        mixed_sealed: Vec<u8>,
    }
}

/// Ends a wait for a server that says nothing.
async fn bounded<T>(
    work: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, StoreError> {
    match timeout(STATEMENT_TIME, work).await {
        Ok(done) => done.map_err(unavailable),
        Err(_) => Err(StoreError::Unavailable("no answer in time".into())),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Identities {
    async fn reader(&self) -> Result<Session, StoreError> {
        check(self.watched.as_deref())?;
        self.readers.take().await
    }

    async fn writer(&self) -> Result<Session, StoreError> {
        // What goes to a file that is gone must not count as written.
        check(self.watched.as_deref())?;
        self.writers.take().await
    }

    fn message_mac(&self, of: &PartOf) -> Vec<u8> {
        let parts = [of.sender.as_str().as_bytes(), of.message_id.as_bytes(), &of.content_sha256];
        self.key.both.digest_of_bytes("message", &parts)
    }

    fn rest_mac(&self, rest: &[u8]) -> Vec<u8> {
        self.key.both.digest_of_bytes("rest", &[rest])
    }

    /// `is_next`: whether it takes the place of those that are there, as soon as the rest has changed.
    async fn write(
        &self,
        of: &PartOf,
        day: i64,
        rest: &[u8],
        part: &Part,
        is_next: bool,
    ) -> Result<(), StoreError> {
        let (message_mac, rest_mac) = (self.message_mac(of), self.rest_mac(rest));
        let (salt, row) = (salt()?, [hex(&message_mac), hex(&rest_mac)]);
        let row = [row[0].as_str(), &row[1]];
        let (people, both) = (self.key.people.columns(&salt), self.key.both.columns(&salt));
        let mut message = of.sender.as_str().as_bytes().to_vec();
        message.extend_from_slice(&of.content_sha256);
        message.extend_from_slice(of.message_id.as_bytes());
        let statement = if is_next {
            "INSERT INTO identity_part (message_mac, rest_mac, day, salt, message_sealed, people_sealed, mixed_sealed,
                 generation)
             SELECT $1, $2, $3, $4, $5, $6, $7, COALESCE(MAX(generation), 0) + 1 FROM identity_part
             WHERE message_mac = $1
             ON CONFLICT (message_mac, rest_mac)
                 DO UPDATE SET generation = excluded.generation, day = excluded.day"
        } else {
            // One of an attempt that was broken off is of this day from now on.
            "INSERT INTO identity_part (message_mac, rest_mac, day, salt, message_sealed, people_sealed, mixed_sealed,
                 generation)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0)
             ON CONFLICT (message_mac, rest_mac) DO UPDATE SET day = excluded.day"
        };
        let write = query(statement)
            .bind(message_mac)
            .bind(rest_mac)
            .bind(day)
            .bind(salt)
            .bind(both.seal(MESSAGE, &row, &message)?)
            .bind(people.seal(PEOPLE, &row, &part.people)?)
            .bind(both.seal(MIXED, &row, &part.mixed)?);
        let mut db = self.writer().await?;
        bounded(write.execute(&mut *db)).await.map(drop)
    }

    async fn rows(&self, of: &PartOf) -> Result<Vec<PartRow>, StoreError> {
        let mut db = self.reader().await?;
        let read = query_as(
            "SELECT rest_mac, generation, salt, people_sealed, mixed_sealed FROM identity_part
             WHERE message_mac = $1",
        )
        .bind(self.message_mac(of));
        bounded(read.fetch_all(&mut *db)).await
    }

    async fn remove_older(&self, of: &PartOf, generation: i64) -> Result<(), StoreError> {
        let mut db = self.writer().await?;
        let remove = query("DELETE FROM identity_part WHERE message_mac = $1 AND generation < $2")
            .bind(self.message_mac(of))
            .bind(generation);
        bounded(remove.execute(&mut *db)).await.map(drop)
    }

    /// The row that fits the rest, after the older ones are removed.
    async fn settled(&self, of: &PartOf, rest: &[u8]) -> Result<Option<PartRow>, StoreError> {
        let rest_mac = self.rest_mac(rest);
        let rows = self.rows(of).await?;
        let generations: Vec<i64> = rows.iter().map(|row| row.generation).collect();
        let found = rows.into_iter().find(|row| row.rest_mac == rest_mac);
        if let Some(row) = &found
            && generations.iter().any(|one| *one < row.generation)
        {
            self.remove_older(of, row.generation).await?;
        }
        Ok(found)
    }

    fn read_message(
        &self,
        key: &PartKey,
        salt: &[u8],
        sealed: Vec<u8>,
    ) -> Result<PartOf, StoreError> {
        const DAMAGED: StoreError = StoreError::Damaged { what: MESSAGE };
        let row = [hex(&key.message_mac), hex(&key.rest_mac)];
        let message = self.key.both.columns(salt).open(MESSAGE, &[&row[0], &row[1]], sealed)?;
        let (sender, rest) = message.split_at_checked(NUMBER_LEN).ok_or(DAMAGED)?;
        let (digest, message_id) = rest.split_first_chunk::<DIGEST_LEN>().ok_or(DAMAGED)?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| DAMAGED);
        Ok(PartOf {
            sender: tables::organisation(&text(sender)?)?,
            content_sha256: *digest,
            message_id: text(message_id)?,
        })
    }
}

#[async_trait]
impl IdentityStore for Identities {
    /// By a write that finds nothing: a message cannot be stored where only reading works.
    async fn ready(&self) -> Result<(), StoreError> {
        let probe = async {
            let mut db = self.reader().await?;
            query("SELECT id FROM key_check").execute(&mut *db).await.map_err(unavailable)?;
            drop(db);
            let mut db = self.writer().await?;
            let write = query("DELETE FROM identity_part WHERE day < 0");
            write.execute(&mut *db).await.map_err(unavailable).map(drop)
        };
        timeout(ANSWER_TIME, probe)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".into())))
    }

    async fn close(&self) {
        self.readers.close(self.watched.as_deref()).await;
        self.writers.close(self.watched.as_deref()).await;
    }

    async fn put(&self, of: &PartOf, day: i64, rest: &[u8], part: &Part) -> Result<(), StoreError> {
        self.write(of, day, rest, part, false).await
    }

    async fn replace(
        &self,
        of: &PartOf,
        day: i64,
        rest: &[u8],
        part: &Part,
    ) -> Result<(), StoreError> {
        self.write(of, day, rest, part, true).await
    }

    async fn part(&self, of: &PartOf, rest: &[u8]) -> Result<Option<Part>, StoreError> {
        let Some(found) = self.settled(of, rest).await? else { return Ok(None) };
        let row = [hex(&self.message_mac(of)), hex(&found.rest_mac)];
        let row = [row[0].as_str(), &row[1]];
        let people = self.key.people.columns(&found.salt);
        let both = self.key.both.columns(&found.salt);
        Ok(Some(Part {
            people: people.open(PEOPLE, &row, found.people_sealed)?,
            mixed: both.open(MIXED, &row, found.mixed_sealed)?,
        }))
    }

    async fn settle(&self, of: &PartOf, rest: &[u8]) -> Result<(), StoreError> {
        self.settled(of, rest).await.map(drop)
    }

    async fn remove(&self, of: &PartOf, rest: &[u8]) -> Result<(), StoreError> {
        let mut db = self.writer().await?;
        let remove = query("DELETE FROM identity_part WHERE message_mac = $1 AND rest_mac = $2")
            .bind(self.message_mac(of))
            .bind(self.rest_mac(rest));
        bounded(remove.execute(&mut *db)).await.map(drop)
    }

    async fn of_days(
        &self,
        days: Range<i64>,
        after: Option<&PartKey>,
        limit: i64,
    ) -> Result<Vec<(PartKey, PartOf)>, StoreError> {
        type Row = (Vec<u8>, Vec<u8>, i64, Vec<u8>, Vec<u8>);
        let first = PartKey { message_mac: Vec::new(), rest_mac: Vec::new(), day: days.start };
        let mut after = after.unwrap_or(&first).clone();
        let mut db = self.reader().await?;
        let mut found = Vec::new();
        // An empty list means that there is nothing more, so rows that do not open are passed over here.
        while found.is_empty() {
            let read = query_as(
                "SELECT message_mac, rest_mac, day, salt, message_sealed FROM identity_part
                 WHERE day < $1 AND (day, message_mac, rest_mac) > ($2, $3, $4)
                 ORDER BY day, message_mac, rest_mac LIMIT $5",
            )
            .bind(days.end)
            .bind(after.day)
            .bind(after.message_mac)
            .bind(after.rest_mac)
            .bind(limit);
            let rows: Vec<Row> = bounded(read.fetch_all(&mut *db)).await?;
            let Some((message_mac, rest_mac, day, ..)) = rows.last().cloned() else { break };
            after = PartKey { message_mac, rest_mac, day };
            for (message_mac, rest_mac, day, salt, sealed) in rows {
                let key = PartKey { message_mac, rest_mac, day };
                match self.read_message(&key, &salt, sealed) {
                    Ok(of) => found.push((key, of)),
                    Err(error) => {
                        let error = chain(&error);
                        tracing::error!(day, error, "a part cannot be read, and is left alone");
                    }
                }
            }
        }
        Ok(found)
    }

    async fn remove_key(&self, key: &PartKey) -> Result<(), StoreError> {
        let mut db = self.writer().await?;
        let remove = query(
            "DELETE FROM identity_part WHERE message_mac = $1 AND rest_mac = $2 AND day = $3",
        )
        .bind(key.message_mac.clone())
        .bind(key.rest_mac.clone())
        .bind(key.day);
        bounded(remove.execute(&mut *db)).await.map(drop)
    }

    async fn newest_day(&self) -> Result<Option<i64>, StoreError> {
        let mut db = self.reader().await?;
        bounded(query_scalar("SELECT MAX(day) FROM identity_part").fetch_one(&mut *db)).await
    }

    async fn oldest_day(&self) -> Result<Option<i64>, StoreError> {
        let mut db = self.reader().await?;
        bounded(query_scalar("SELECT MIN(day) FROM identity_part").fetch_one(&mut *db)).await
    }

    fn can_back_up(&self) -> bool {
        BACKUP.is_some()
    }

    async fn back_up(&self, file: &str) -> Result<bool, StoreError> {
        let Some(statement) = BACKUP else { return Ok(false) };
        let mut db = self.writer().await?;
        // As long as it takes.
        query(statement).bind(file.to_owned()).execute(&mut *db).await.map_err(unavailable)?;
        drop(db);
        mark_copy(file).await.map_err(unavailable)?;
        Ok(true)
    }
}
