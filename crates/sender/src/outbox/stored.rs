//! Single confirmed resources: looked up for annulments, and forgotten when a register was restored.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::columns::{Columns, compact};
use super::{
    CHANGED_SINCE, Outbox, OutboxError, Result, check_texts, hash, is_newer_form, ms, time,
};
use crate::annul::AnnulTarget;
use crate::attempt::AttemptFailure;
use crate::former::FormerVersions;
use crate::identity::Hash;
use crate::index::Index;
use crate::progress::State;

/// A resource that the register has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRow {
    pub(crate) identity: Hash,
    pub(crate) version: Hash,
    pub(crate) resource_type: String,
    pub(crate) resource_id: Option<String>,
    pub(crate) source_key: Option<String>,
    /// The space in which its id always names this resource.
    pub(crate) id_space: Option<String>,
    /// The message that last delivered it.
    pub(crate) seq: i64,
    /// When the register confirmed it.
    pub(crate) at: Timestamp,
    pub(crate) annulled: bool,
    /// The register may have lost the annulment, which is sent again.
    pub(crate) annul_again: bool,
}

/// An annulment that the register may have lost and has not confirmed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostAnnulment {
    /// Type of the annulled resource.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key.
    pub source_key: Option<String>,
}

/// A resource of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SentResource {
    /// Its type; none where nothing is known of it any more.
    pub resource_type: Option<String>,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key.
    pub source_key: Option<String>,
    /// `stored`, `unchanged`, `refused`, `not-stored` (because of another one) or `failed` (at the register); none where
    /// the message was not answered.
    pub outcome: Option<&'static str>,
    /// Its number in `lmr send rejected`, where it is held now.
    pub held: Option<i64>,
}

/// A message that a resource was in.
pub(crate) struct Sending {
    pub(crate) message_id: String,
    pub(crate) made_at: Timestamp,
    pub(crate) state: State,
    pub(crate) outcome: Option<&'static str>,
    pub(crate) failure: Option<AttemptFailure>,
}

/// Bytes that the resources of finished messages keep of an identity.
const SENT_IDENTITY: usize = 8;

/// What became of a resource, by its digit in the outbox.
fn outcome_name(digit: u8) -> Option<&'static str> {
    match digit {
        b'1' => Some("stored"),
        b'2' => Some("unchanged"),
        b'3' => Some("refused"),
        b'4' => Some("not-stored"),
        b'5' => Some("failed"),
        _ => None,
    }
}

/// The setting that holds the last operation after which something is to be sent.
const LEFT_TO_SEND: &str = "left-to-send";

/// Has a source that gives changes only give everything once: it has passed over what is wanted again.
pub(super) async fn wants_everything(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query("DELETE FROM setting WHERE name = ?")
        .bind(CHANGED_SINCE)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that the operation written last has left something to be sent of which nothing else says so: it is neither
/// held nor in a message. The overview would otherwise say
/// that everything is delivered until the next transfer.
pub(super) async fn leaves_something_to_send(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query(
        "INSERT INTO setting (name, value) SELECT ?1, CAST(max(number) AS TEXT) FROM operation \
         WHERE true ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(LEFT_TO_SEND)
    .execute(connection)
    .await?;
    Ok(())
}

impl Outbox {
    /// The last operation that left something to be sent, which no transfer has done since.
    pub(crate) async fn left_to_send(&self) -> Result<Option<String>> {
        self.setting(LEFT_TO_SEND).await
    }

    /// Notes that a transfer has sent what operations up to `operation` had left: a later one is none of its.
    pub(crate) async fn has_sent_what_was_left(&self, operation: &str) -> Result<()> {
        let mut step = self.begin().await?;
        sqlx::query("DELETE FROM setting WHERE name = ? AND value = ?")
            .bind(LEFT_TO_SEND)
            .bind(operation)
            .execute(&mut *step)
            .await?;
        self.commit(step).await
    }

    /// Records that the register may have lost and that have not been sent again: none that is gone from a complete
    /// source, is held, or waits for something held, which all have counts of their own.
    pub(crate) async fn forgotten_count(&self) -> Result<u64> {
        let row = sqlx::query(
            "SELECT count(*) FROM stored s WHERE s.version = ? AND s.annulled_at IS NULL \
             AND s.identity NOT IN (SELECT identity FROM vanished) \
             AND s.identity NOT IN (SELECT identity FROM held) \
             AND s.identity NOT IN (SELECT identity FROM waiting)",
        )
        .bind(Hash::NO_VERSION.0.as_slice())
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(row.read::<i64>(0)?).unwrap_or_default())
    }

    /// From when on changes are wanted, and of which source.
    pub(crate) async fn changed_since(&self) -> Result<Option<(Timestamp, String)>> {
        let mark = self.setting(CHANGED_SINCE).await?;
        Ok(mark.and_then(|mark| {
            let (time, name) = mark.split_once(' ')?;
            Some((time.parse().ok()?, name.to_owned()))
        }))
    }

    /// Gives the versions of 0.1 their present form, where the source still has what was delivered then.
    /// Returns how many confirmed records are known again.
    pub(crate) async fn adopt_former_versions(
        &self,
        former: &FormerVersions,
        index: &Index,
    ) -> Result<u64> {
        let present = |identity: Hash, version: Hash| {
            let now = index.version_of(identity)?;
            (former.get(&identity) == Some(&version) && now != version).then_some(now)
        };
        let mut step = self.begin().await?;
        let mut adopted = 0;
        for row in sqlx::query("SELECT identity, version FROM stored").fetch_all(&mut *step).await?
        {
            let (identity, version) = (hash(&row, 0)?, hash(&row, 1)?);
            if let Some(now) = present(identity, version) {
                adopted += 1;
                sqlx::query("UPDATE stored SET version = ? WHERE identity = ?")
                    .bind(now.0.as_slice())
                    .bind(identity.0.as_slice())
                    .execute(&mut *step)
                    .await?;
            }
        }
        // The answers to open messages are booked with the versions of their items.
        let open = "SELECT i.seq, i.position, i.identity, i.version FROM item i \
                    JOIN message m ON m.seq = i.seq \
                    WHERE m.state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped')";
        for row in sqlx::query(open).fetch_all(&mut *step).await? {
            if let Some(now) = present(hash(&row, 2)?, hash(&row, 3)?) {
                sqlx::query("UPDATE item SET version = ? WHERE seq = ? AND position = ?")
                    .bind(now.0.as_slice())
                    .bind(row.read::<i64>(0)?)
                    .bind(row.read::<i64>(1)?)
                    .execute(&mut *step)
                    .await?;
            }
        }
        self.commit(step).await?;
        Ok(adopted)
    }

    /// How many records the register has confirmed.
    pub(crate) async fn confirmed_count(&self) -> Result<i64> {
        let row = sqlx::query("SELECT count(*) FROM stored WHERE version <> ?")
            .bind(Hash::NO_VERSION.0.as_slice())
            .fetch_one(&self.pool)
            .await?;
        row.read(0)
    }
}

/// What `forget` has undone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// Records that are sent again with the next transfer, as far as the source has them.
    pub records: u64,
    /// Annulments that are sent again with the next transfer, from the copy of what was last sent. The records stay
    /// annulled meanwhile.
    pub annulments: u64,
}

impl Forgotten {
    /// Nothing was confirmed in that time.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

const COLUMNS: &str = "SELECT s.identity, s.version, t.name, s.resource_id, s.source_key, s.seq, \
     s.at, s.annulled_at, (SELECT g.name FROM id_space g WHERE g.number = s.id_space) \
     FROM stored s JOIN resource_type t ON t.number = s.resource_type";

/// An annulment that the register may have lost, or has not confirmed: the sign of its time says so, so that the record is annulled for
/// everything else, and confirming it again or sending a changed record takes it back by itself.
const IS_LOST: &str = "s.annulled_at < 0";

/// In a message without an answer. The list is made once; looked for one by one, each would be looked for among all.
const IS_OPEN: &str = "s.identity IN (SELECT i.identity FROM item i JOIN message m ON m.seq = i.seq \
     WHERE m.state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped'))";

/// Last sent in one of the messages of the second parameter, their ids as a JSON array.
const IS_IN_MESSAGES: &str =
    "seq IN (SELECT m.seq FROM message m JOIN json_each(?2) lost ON lost.value = m.message_id)";

fn row(row: &SqliteRow) -> Result<StoredRow> {
    let annulled_at: Option<i64> = row.read(7)?;
    Ok(StoredRow {
        identity: hash(row, 0)?,
        version: hash(row, 1)?,
        resource_type: row.read(2)?,
        resource_id: row.read_name(3)?,
        source_key: row.read_name(4)?,
        id_space: row.read(8)?,
        seq: row.read(5)?,
        at: time(row.read(6)?)?,
        annulled: annulled_at.is_some(),
        annul_again: annulled_at.is_some_and(|at| at < 0),
    })
}

impl Outbox {
    /// One confirmed resource.
    pub(crate) async fn stored(&self, identity: Hash) -> Result<Option<StoredRow>> {
        sqlx::query(AssertSqlSafe(format!("{COLUMNS} WHERE s.identity = ?")))
            .bind(identity.0.as_slice())
            .fetch_optional(&self.pool)
            .await?
            .as_ref()
            .map(row)
            .transpose()
    }

    /// Confirmed resources by a number of the vanished or by a name. One name may be that of several.
    pub(crate) async fn find_stored(&self, target: &AnnulTarget) -> Result<Vec<StoredRow>> {
        let rows = match target {
            AnnulTarget::Number(number) => {
                let sql = format!(
                    "{COLUMNS} JOIN vanished v ON v.identity = s.identity WHERE v.number = ?"
                );
                sqlx::query(AssertSqlSafe(sql)).bind(number).fetch_all(&self.pool).await?
            }
            AnnulTarget::Name(name) => {
                let (whole, of_type) = (compact("?1"), compact("?3"));
                let sql = format!(
                    "{COLUMNS} WHERE {whole} IN (s.resource_id, s.source_key) \
                     OR (t.name = ?2 AND {of_type} IN (s.resource_id, s.source_key))"
                );
                let (resource_type, rest) = name.split_once('/').unwrap_or_default();
                sqlx::query(AssertSqlSafe(sql))
                    .bind(name)
                    .bind(resource_type)
                    .bind(rest)
                    .fetch_all(&self.pool)
                    .await?
            }
        };
        rows.iter().map(row).collect()
    }

    /// Annulments to be sent again: the register may have lost them or has never stored them, and no message with them
    /// waits for its answer.
    /// What it has refused since is left to a person.
    pub(crate) async fn annulments_to_repeat(&self) -> Result<Vec<StoredRow>> {
        let sql = format!(
            "{COLUMNS} WHERE {IS_LOST} AND NOT {IS_OPEN} AND NOT EXISTS \
             (SELECT 1 FROM held h WHERE h.identity = s.identity AND h.version = s.version) \
             ORDER BY s.seq, s.identity"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows.iter().map(row).collect()
    }

    /// Annulments that the register may have lost and that no message brings it again: the next transfer tries them,
    /// and what stays after it waits for a person. What an operator has discarded is left out.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn lost_annulments(&self) -> Result<Vec<LostAnnulment>> {
        let sql = format!(
            "{COLUMNS} WHERE {IS_LOST} AND NOT {IS_OPEN} AND NOT EXISTS \
             (SELECT 1 FROM held h WHERE h.identity = s.identity AND h.version = s.version \
             AND h.discarded_at IS NOT NULL) ORDER BY s.seq, s.identity"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        let lost = |row: StoredRow| LostAnnulment {
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            source_key: row.source_key,
        };
        rows.iter().map(|columns| row(columns).map(lost)).collect()
    }

    /// The copy of a message's bundle, with the message's id.
    pub(crate) async fn copy_of(&self, seq: i64) -> Result<Option<(String, Vec<u8>)>> {
        let row = sqlx::query(
            "SELECT m.message_id, c.sealed FROM sent_copy c JOIN message m ON m.seq = c.seq \
             WHERE c.seq = ?",
        )
        .bind(seq)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Ok((row.read(0)?, row.read(1)?))).transpose()
    }

    /// The messages that something confirmed was last sent in, oldest first.
    pub(crate) async fn messages_with_confirmed(&self) -> Result<Vec<i64>> {
        let rows =
            sqlx::query("SELECT DISTINCT seq FROM stored WHERE annulled_at IS NULL ORDER BY seq")
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(|row| row.read(0)).collect()
    }

    /// Which of these resources were last confirmed by this message and are not annulled.
    pub(crate) async fn confirmed_by(&self, seq: i64, all: &[Hash]) -> Result<HashSet<Hash>> {
        let mut found = HashSet::with_capacity(all.len());
        for part in all.chunks(500) {
            let marks = vec!["?"; part.len()].join(",");
            let sql = format!(
                "SELECT identity FROM stored WHERE seq = ? AND annulled_at IS NULL AND identity IN ({marks})"
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(seq);
            for identity in part {
                query = query.bind(identity.0.as_slice());
            }
            for row in query.fetch_all(&self.pool).await? {
                found.insert(hash(&row, 0)?);
            }
        }
        Ok(found)
    }

    /// The id of a message.
    pub(crate) async fn message_id(&self, seq: i64) -> Result<Option<String>> {
        let row = sqlx::query("SELECT message_id FROM message WHERE seq = ?")
            .bind(seq)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| row.read(0)).transpose()
    }

    /// Every message that a resource was in, newest first, as long as its items are remembered.
    pub(crate) async fn sendings_of(&self, identity: Hash) -> Result<Vec<Sending>> {
        let open = sqlx::query(
            "SELECT m.message_id, m.made_at, m.state, m.reason, NULL, NULL, m.seq \
             FROM item i JOIN message m ON m.seq = i.seq WHERE i.identity = ?",
        )
        .bind(identity.0.as_slice())
        .fetch_all(&self.pool);
        // Eight bytes may also be found across two identities: `place` tells.
        let finished = sqlx::query(
            "SELECT m.message_id, m.made_at, m.state, m.reason, i.identities, i.outcomes, m.seq \
             FROM sent_items i JOIN message m ON m.seq = i.seq WHERE instr(i.identities, ?) > 0",
        )
        .bind(&identity.0[..SENT_IDENTITY])
        .fetch_all(&self.pool);
        let mut found = Vec::new();
        for row in open.await?.iter().chain(&finished.await?) {
            let outcome = match row.read::<Option<&[u8]>>(4)? {
                None => None,
                Some(identities) => {
                    let mut all = identities.chunks_exact(SENT_IDENTITY);
                    let Some(place) = all.position(|one| identity.0.starts_with(one)) else {
                        continue;
                    };
                    let outcomes = row.read::<Option<&str>>(5)?;
                    outcomes.and_then(|outcomes| outcomes.as_bytes().get(place).copied())
                }
            };
            let sending = Sending {
                message_id: row.read(0)?,
                made_at: time(row.read(1)?)?,
                state: State::from_name(row.read(2)?)
                    .ok_or(OutboxError::Damaged("an unknown state"))?,
                outcome: outcome.and_then(outcome_name),
                failure: row
                    .read::<Option<&str>>(3)?
                    .filter(|stored| !stored.is_empty())
                    .map(AttemptFailure::from_stored),
            };
            found.push((row.read::<i64>(6)?, sending));
        }
        found.sort_by_key(|(seq, _)| std::cmp::Reverse(*seq));
        Ok(found.into_iter().map(|(_, sending)| sending).collect())
    }

    /// What a message holds, in its order, as long as that is remembered: what was delivered goes by the names that
    /// the ledger has, what was refused by those of the list of what is held.
    pub(crate) async fn contents_of(&self, message_id: &str) -> Result<Vec<SentResource>> {
        let open = sqlx::query(
            "SELECT i.resource_type, i.resource_id, i.source_key FROM item i JOIN message m ON m.seq = i.seq \
             WHERE m.message_id = ? ORDER BY i.position",
        );
        let open = open.bind(message_id).fetch_all(&self.pool).await?;
        let mut all = Vec::with_capacity(open.len());
        for row in &open {
            all.push(SentResource {
                resource_type: Some(row.read(0)?),
                resource_id: row.read(1)?,
                source_key: row.read(2)?,
                outcome: None,
                held: None,
            });
        }
        let finished = sqlx::query(
            "SELECT i.identities, i.outcomes FROM sent_items i JOIN message m ON m.seq = i.seq \
             WHERE m.message_id = ?",
        );
        let finished = finished.bind(message_id).fetch_optional(&self.pool).await?;
        let Some(finished) = finished else { return Ok(all) };
        let outcomes = finished.read::<Option<&str>>(1)?.unwrap_or_default().as_bytes();
        let identities = finished.read::<&[u8]>(0)?.chunks_exact(SENT_IDENTITY);
        for (place, first) in identities.enumerate() {
            let outcome = outcomes.get(place).copied().and_then(outcome_name);
            all.push(self.sent_resource(first, outcome).await?);
        }
        Ok(all)
    }

    /// A resource of a finished message, by the beginning of its identity.
    async fn sent_resource(
        &self,
        first: &[u8],
        outcome: Option<&'static str>,
    ) -> Result<SentResource> {
        let last = [first, &[0xff; 16 - SENT_IDENTITY]].concat();
        let held = sqlx::query(
            "SELECT resource_type, resource_id, source_key, number FROM held \
             WHERE identity BETWEEN ? AND ? AND discarded_at IS NULL",
        );
        let held = held.bind(first).bind(&last).fetch_optional(&self.pool).await?;
        let number = held.as_ref().map(|row| row.read(3)).transpose()?;
        let stored = sqlx::query(
            "SELECT t.name, s.resource_id, s.source_key FROM stored s \
             JOIN resource_type t ON t.number = s.resource_type WHERE s.identity BETWEEN ? AND ?",
        );
        let stored = stored.bind(first).bind(&last).fetch_optional(&self.pool).await?;
        Ok(match stored.as_ref().or(held.as_ref()) {
            Some(row) => SentResource {
                resource_type: Some(row.read(0)?),
                resource_id: row.read_name(1)?,
                source_key: row.read_name(2)?,
                outcome,
                held: number,
            },
            None => SentResource { outcome, ..SentResource::default() },
        })
    }

    /// Takes over what another outbox knows, for a dry run: what is confirmed and held, and what open
    /// messages hold, without the messages themselves.
    pub(crate) async fn take_over(&self, path: &Path) -> Result<()> {
        let mut connection = self.pool.acquire().await?;
        sqlx::query("ATTACH DATABASE ? AS known")
            .bind(path.to_string_lossy().as_ref())
            .execute(&mut *connection)
            .await?;
        let newest = sqlx::query("SELECT max(version) FROM known._sqlx_migrations");
        let newest: Option<i64> = newest.fetch_one(&mut *connection).await?.read(0)?;
        if newest.is_some_and(is_newer_form) {
            let sql = "SELECT program FROM known.schema_program ORDER BY version DESC LIMIT 1";
            let row = sqlx::query(sql).fetch_optional(&mut *connection).await;
            let needed = row.ok().flatten().and_then(|row| row.read(0).ok());
            return Err(OutboxError::Newer { needed });
        }
        check_texts(&mut connection, "known").await?;
        // With `main` in front: on a connection that has not read the schema since another one made these tables, SQLite takes
        // a table without it for the attached file's.
        for sql in [
            "INSERT INTO main.setting SELECT name, value FROM known.setting",
            "INSERT INTO main.resource_type SELECT number, name FROM known.resource_type",
            "INSERT INTO main.id_space SELECT number, name FROM known.id_space",
            "INSERT INTO main.stored (identity, version, resource_type, seq, at, resource_id, source_key, \
             annulled_at, id_space) SELECT identity, version, resource_type, seq, at, resource_id, source_key, \
             annulled_at, id_space FROM known.stored",
            "INSERT INTO main.held (number, identity, version, resource_type, resource_id, file, line, since, \
             origin, message_id, issues, source_key, depends_on_clock, discarded_at, discarded_by, \
             discard_reason) SELECT number, identity, version, resource_type, resource_id, file, line, since, \
             origin, message_id, issues, source_key, depends_on_clock, discarded_at, discarded_by, \
             discard_reason FROM known.held",
            "INSERT INTO main.vanished (number, identity, since, replaced_by) \
             SELECT number, identity, since, replaced_by FROM known.vanished",
            "INSERT INTO main.message (seq, message_id, made_at, state, sealed, bytes, resource_bytes, entries, \
             round, may_have_arrived, next_attempt) SELECT seq, message_id, made_at, state, x'', bytes, \
             resource_bytes, entries, round, may_have_arrived, next_attempt FROM known.message \
             WHERE state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped')",
            "INSERT INTO main.item (seq, position, identity, version, role, root, resource_type, resource_id, \
             file, line, id_space) SELECT i.seq, i.position, i.identity, i.version, i.role, i.root, \
             i.resource_type, i.resource_id, i.file, i.line, i.id_space \
             FROM known.item i JOIN main.message m ON m.seq = i.seq",
            "INSERT INTO main.receipt (sequence, digest, message_id, kept_at, problem, receipt) \
             SELECT sequence, digest, message_id, kept_at, problem, receipt FROM known.receipt",
            "DETACH DATABASE known",
        ] {
            sqlx::query(sql).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Notes what an operator did.
    pub(crate) async fn note_operation(
        &self,
        kind: &'static str,
        text: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut step = self.begin().await?;
        sqlx::query("INSERT INTO operation (at, kind, text) VALUES (?, ?, ?)")
            .bind(ms(now))
            .bind(kind)
            .bind(text)
            .execute(&mut *step)
            .await?;
        self.commit(step).await
    }

    /// Forgets that the register has confirmed anything since `since`: for a register that was restored
    /// from a backup of that time. The next transfer sends it again; what the register still has makes no
    /// new version. What was annulled stays annulled, whatever the source has: its annulment is what is sent again.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn forget_since(&self, since: Timestamp, now: Timestamp) -> Result<Forgotten> {
        self.forget(since, &[], now).await
    }

    /// The same, and what was last sent in one of these messages: its time may be another clock's than that of the
    /// message's receipt.
    pub(crate) async fn forget(
        &self,
        since: Timestamp,
        messages: &[&str],
        now: Timestamp,
    ) -> Result<Forgotten> {
        let messages = serde_json::json!(messages).to_string();
        let mut step = self.begin().await?;
        let annulments = sqlx::query(AssertSqlSafe(format!(
            "UPDATE stored SET annulled_at = -abs(annulled_at) \
             WHERE annulled_at IS NOT NULL AND (abs(annulled_at) >= ?1 OR {IS_IN_MESSAGES})",
        )))
        .bind(ms(since))
        .bind(&*messages)
        .execute(&mut *step)
        .await?
        .rows_affected();
        // Not deleted: what is only described, and was sent because it had changed, is sent again only as long as it
        // is known that the register has, or had, some version of it.
        let records = sqlx::query(AssertSqlSafe(format!(
            "UPDATE stored SET version = ?3 WHERE (at >= ?1 OR {IS_IN_MESSAGES}) AND version <> ?3 \
             AND annulled_at IS NULL AND identity NOT IN (SELECT identity FROM vanished)",
        )))
        .bind(ms(since))
        .bind(&*messages)
        .bind(Hash::NO_VERSION.0.as_slice())
        .execute(&mut *step)
        .await?
        .rows_affected();
        wants_everything(&mut step).await?;
        sqlx::query("INSERT INTO operation (at, kind, text) VALUES (?, 'forget', ?)")
            .bind(ms(now))
            .bind(format!("since {since}: {records} records, {annulments} annulments"))
            .execute(&mut *step)
            .await?;
        if records + annulments > 0 {
            leaves_something_to_send(&mut step).await?;
        }
        self.commit(step).await?;
        Ok(Forgotten { records, annulments })
    }
}
