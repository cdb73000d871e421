//! What is stored, read back as a whole, erased and removed. Written for one database at a time: `super::Db` says
//! which.

use super::{Db, audit, tables::organisation};
use crate::{
    coding::{code_answer, code_text, decode_answer, decode_bundle},
    error::unavailable,
    key::{Columns, StorageKey},
    prepared::{ADMINISTRATION, ANSWER, BUNDLE, CONTENT, time},
};
use jiff::Timestamp;
use lmr_intake::{
    AdministrationFacts, ArchiveFilter, ArchivedMessage, ArchivedVersion, Erasure, Removed,
    Rewritten, StoreError,
};
use sqlx::{AssertSqlSafe, Database, QueryBuilder, query, query_as, query_scalar};
use std::ops::Range;

type Connection = <Db as Database>::Connection;

/// Messages whose content is removed in one statement.
const EXPIRED_AT_ONCE: i64 = 500;

/// Opens the bundle of a message.
pub(super) fn open_content(
    key: &StorageKey,
    salt: &[u8],
    organisation: &str,
    message_id: &str,
    sealed: Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    let coded = key.columns(salt).open(BUNDLE, &[organisation, message_id], sealed)?;
    decode_bundle(&coded)
}

/// A resource's place in its bundle, as the row has it.
pub(super) fn place(
    from: Option<i64>,
    length: Option<i64>,
) -> Result<Option<Range<usize>>, StoreError> {
    const PLACE: StoreError = StoreError::Damaged { what: "resource_version.content_from" };
    let (Some(from), Some(length)) = (from, length) else { return Ok(None) };
    let from = usize::try_from(from).map_err(|_| PLACE)?;
    let length = usize::try_from(length).map_err(|_| PLACE)?;
    Ok(Some(from..from.checked_add(length).ok_or(PLACE)?))
}

from_row! {
    struct MessageRow {
        id: i64,
        organisation: String,
        message_id: String,
        content_sha256: Vec<u8>,
        received_at: i64,
        salt: Vec<u8>,
        answer_coding: String,
        answer_sealed: Option<Vec<u8>>,
        content_sealed: Option<Vec<u8>>,
    }
}

from_row! {
    struct VersionRow {
        resource_id: String,
        resource_type: String,
        version: i64,
        newest: i64,
        entry: i64,
        content_from: Option<i64>,
        content_length: Option<i64>,
        content_sealed: Vec<u8>,
        administration_sealed: Option<Vec<u8>>,
    }
}

pub(super) async fn archived(
    db: &mut Connection,
    key: &StorageKey,
    filter: &ArchiveFilter,
) -> Result<Vec<ArchivedMessage>, StoreError> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(
        "SELECT m.id, m.organisation, m.message_id, m.content_sha256, m.received_at, m.salt, m.answer_coding, c.content_sealed,
                CASE WHEN ",
    );
    sql.push_bind(filter.answers).push(
        " THEN m.answer_sealed END AS answer_sealed
         FROM message m
         LEFT JOIN message_content c
             ON c.organisation = m.organisation AND c.message = m.id AND c.received_at = m.received_at
         WHERE ",
    );
    match (filter.sender, &filter.message_id) {
        (Some(sender), _) => {
            sql.push("m.organisation = ").push_bind(sender.as_str().to_owned());
        }
        // So that the key on sender and message finds it.
        (None, Some(_)) => {
            sql.push("m.organisation IN (SELECT chain FROM audit_head)");
        }
        (None, None) => {
            sql.push("TRUE");
        }
    }
    if let Some((sender, id)) = filter.after {
        sql.push(" AND (m.organisation, m.id) > (")
            .push_bind(sender.as_str().to_owned())
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    if let Some(message_id) = &filter.message_id {
        sql.push(" AND m.message_id = ").push_bind(message_id.clone());
    }
    if let Some(since) = filter.since {
        sql.push(" AND m.received_at >= ").push_bind(since.as_microsecond());
    }
    if let Some(before) = filter.before {
        sql.push(" AND m.received_at < ").push_bind(before.as_microsecond());
    }
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    sql.push(" ORDER BY m.organisation, m.id LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<MessageRow> =
        sql.build_query_as().fetch_all(&mut *db).await.map_err(unavailable)?;
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        let versions: Vec<VersionRow> = query_as(
            "SELECT v.resource_id, r.kind AS resource_type, v.version, r.version AS newest, v.entry, v.content_from,
                    v.content_length, v.content_sealed,
                    CASE WHEN v.content_from IS NULL AND LENGTH(v.content_sealed) = 0 THEN v.administration_sealed END
                        AS administration_sealed
             FROM resource_version v
             JOIN resource r ON r.organisation = v.organisation AND r.resource_id = v.resource_id
             WHERE v.organisation = $1 AND v.message = $2 ORDER BY v.entry",
        )
        .bind(&row.organisation)
        .bind(row.id)
        .fetch_all(&mut *db)
        .await
        .map_err(unavailable)?;
        messages.push(row.read(key, versions)?);
    }
    Ok(messages)
}

impl MessageRow {
    /// The message; of one that cannot be opened what names it, and what cannot be read.
    fn read(
        mut self,
        key: &StorageKey,
        versions: Vec<VersionRow>,
    ) -> Result<ArchivedMessage, StoreError> {
        let (content, answer) = (self.content_sealed.take(), self.answer_sealed.take());
        let named = ArchivedMessage {
            cursor: self.id,
            sender: organisation(&self.organisation)?,
            message_id: self.message_id.clone(),
            content_sha256: [0; 32],
            received_at: time(self.received_at)?,
            content: None,
            answer: None,
            versions: versions.iter().filter_map(|row| row.named().ok()).collect(),
            unreadable: None,
        };
        match self.open(key, content, answer, versions) {
            Ok((content_sha256, content, answer, versions)) => {
                Ok(ArchivedMessage { content_sha256, content, answer, versions, ..named })
            }
            Err(StoreError::Damaged { what }) => Ok(named.without_what_cannot_be_read(what)),
            Err(error) => Err(error),
        }
    }

    fn open(
        &self,
        key: &StorageKey,
        content_sealed: Option<Vec<u8>>,
        answer_sealed: Option<Vec<u8>>,
        versions: Vec<VersionRow>,
    ) -> Result<Opened, StoreError> {
        let (columns, personal) = (key.columns(&self.salt), key.personal_columns(&self.salt));
        let of_message = [self.organisation.as_str(), &self.message_id];
        let content = |sealed| open_content(key, &self.salt, of_message[0], of_message[1], sealed);
        let mut content = content_sealed.map(content).transpose()?;
        let answer = |sealed| open_answer(&personal, &of_message, &self.answer_coding, sealed);
        let answer = answer_sealed.map(answer).transpose()?;
        let versions = versions
            .into_iter()
            .map(|version| read_version(version, &columns, &personal, &mut content))
            .collect::<Result<_, _>>()?;
        let content_sha256 = <[u8; 32]>::try_from(self.content_sha256.as_slice())
            .map_err(|_| StoreError::Damaged { what: "message.content_sha256" })?;
        Ok((content_sha256, content, answer, versions))
    }
}

/// Digest of what was sent, content, answer and versions.
type Opened = ([u8; 32], Option<Vec<u8>>, Option<Vec<u8>>, Vec<ArchivedVersion>);

/// A version of today's form is a place in the bundle. One of before has its content in its own row; its bytes are
/// put after those that are there.
fn read_version(
    mut row: VersionRow,
    columns: &Columns,
    personal: &Columns,
    content: &mut Option<Vec<u8>>,
) -> Result<ArchivedVersion, StoreError> {
    let mut place = place(row.content_from, row.content_length)?;
    let patient = match row.administration_sealed.take() {
        Some(sealed) => {
            let number = row.version.to_string();
            let bytes = personal.open(ADMINISTRATION, &[&row.resource_id, &number], sealed)?;
            AdministrationFacts::from_bytes(&bytes)
                .ok_or(StoreError::Damaged { what: ADMINISTRATION })?
                .patient
        }
        None => None,
    };
    if place.is_none() && !row.content_sealed.is_empty() {
        let number = row.version.to_string();
        let opened = columns.open(
            CONTENT,
            &[&row.resource_id, &number],
            std::mem::take(&mut row.content_sealed),
        )?;
        let all = content.get_or_insert_default();
        place = Some(all.len()..all.len() + opened.len());
        all.extend_from_slice(&opened);
    }
    let named = row.named()?;
    // A place without the content that it is in is no end of retention: that takes both away.
    if place.as_ref().is_some_and(|one| content.as_ref().is_none_or(|all| all.len() < one.end)) {
        return Err(StoreError::Damaged { what: "resource_version.content_from" });
    }
    Ok(ArchivedVersion { place, patient, ..named })
}

impl VersionRow {
    /// The version without anything that is sealed.
    fn named(&self) -> Result<ArchivedVersion, StoreError> {
        let number =
            |stored: i64, what| u32::try_from(stored).map_err(|_| StoreError::Damaged { what });
        Ok(ArchivedVersion {
            resource_type: self.resource_type.clone(),
            resource_id: self.resource_id.clone(),
            version: number(self.version, "resource_version.version")?,
            is_newest: self.version == self.newest,
            entry: number(self.entry, "resource_version.entry")?,
            place: None,
            patient: None,
        })
    }
}

from_row! {
    struct ErasedRow {
        message_id: String,
        received_at: i64,
        salt: Vec<u8>,
        answer_coding: String,
        answer_sealed: Vec<u8>,
        content_sealed: Option<Vec<u8>>,
    }
}

fn open_answer(
    personal: &Columns,
    row: &[&str],
    coding: &str,
    sealed: Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    decode_answer(coding, personal.open(ANSWER, row, sealed)?)
}

/// Erases parts of a message; `None` where it is not what was read any more. The caller gives a transaction.
pub(super) async fn erase(
    db: &mut Connection,
    key: &StorageKey,
    erasure: &Erasure,
) -> Result<Option<Removed>, StoreError> {
    // Nobody else changes the sender's messages from here on.
    audit::must_hold(db, erasure.sender.as_str()).await?;
    let found: Option<ErasedRow> = query_as(
        "SELECT m.message_id, m.received_at, m.salt, m.answer_coding, m.answer_sealed, c.content_sealed FROM message m
         LEFT JOIN message_content c
             ON c.organisation = m.organisation AND c.message = m.id AND c.received_at = m.received_at
         WHERE m.id = $1 AND m.organisation = $2",
    )
    .bind(erasure.cursor)
    .bind(erasure.sender.as_str())
    .fetch_optional(&mut *db)
    .await
    .map_err(unavailable)?;
    let Some(found) = found else { return Ok(Some(Removed::default())) };
    let row = [erasure.sender.as_str(), &found.message_id];
    if let Some(Rewritten { read, left }) = &erasure.content {
        let Some(sealed) = found.content_sealed else { return Ok(None) };
        let (salt, message_id) = (&found.salt, &found.message_id);
        if open_content(key, salt, erasure.sender.as_str(), message_id, sealed)? != *read {
            return Ok(None);
        }
        let sealed = key.columns(salt).seal(BUNDLE, &row, &code_text(left)?)?;
        query(
            "UPDATE message_content SET content_sealed = $1
             WHERE organisation = $2 AND message = $3 AND received_at = $4",
        )
        .bind(sealed)
        .bind(erasure.sender.as_str())
        .bind(erasure.cursor)
        .bind(found.received_at)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    }
    if let Some(Rewritten { read, left }) = &erasure.answer {
        let personal = key.personal_columns(&found.salt);
        let stored = open_answer(&personal, &row, &found.answer_coding, found.answer_sealed)?;
        if stored != *read {
            return Ok(None);
        }
        let (coding, coded) = code_answer(left.clone())?;
        query(
            "UPDATE message SET answer_coding = $1, answer_sealed = $2 WHERE organisation = $3 AND id = $4",
        )
        .bind(coding)
        .bind(personal.seal(ANSWER, &row, &coded)?)
        .bind(erasure.sender.as_str())
        .bind(erasure.cursor)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    }
    let mut removed = Removed { messages: 1, ..Removed::default() };
    for entry in &erasure.entries {
        let resource: Option<String> = query_scalar(
            "UPDATE resource_version SET content_from = NULL, content_length = NULL, content_sealed = $1,
                 administration_sealed = NULL
             WHERE organisation = $2 AND message = $3 AND entry = $4 RETURNING resource_id",
        )
        .bind(Vec::<u8>::new())
        .bind(erasure.sender.as_str())
        .bind(erasure.cursor)
        .bind(i64::from(*entry))
        .fetch_optional(&mut *db)
        .await
        .map_err(unavailable)?;
        let Some(resource) = resource else { continue };
        removed.versions += 1;
        let left: i64 = query_scalar(
            "SELECT COUNT(*) FROM resource_version
             WHERE organisation = $1 AND resource_id = $2
                 AND (content_from IS NOT NULL OR LENGTH(content_sealed) > 0)",
        )
        .bind(erasure.sender.as_str())
        .bind(&resource)
        .fetch_one(&mut *db)
        .await
        .map_err(unavailable)?;
        if left > 0 {
            continue;
        }
        // Nothing is left of it: what it was recognised by goes too.
        for statement in [
            "DELETE FROM resource_version WHERE organisation = $1 AND resource_id = $2",
            "DELETE FROM resource WHERE organisation = $1 AND resource_id = $2",
        ] {
            query(statement)
                .bind(erasure.sender.as_str())
                .bind(&resource)
                .execute(&mut *db)
                .await
                .map_err(unavailable)?;
        }
        removed.resources += 1;
    }
    Ok(Some(removed))
}

/// Which messages of a sender have content that is old enough.
const EXPIRED: &str = "organisation = $1 AND has_content AND received_at < $2 AND ($3 = 0 OR acknowledged_at IS NOT NULL)";

/// Whether [`expire_content`] would find anything.
pub(super) async fn has_expired(
    db: &mut Connection,
    organisation: &str,
    before: Timestamp,
    keep_waiting: bool,
) -> Result<bool, StoreError> {
    let one: Option<i64> =
        query_scalar(AssertSqlSafe(format!("SELECT id FROM message WHERE {EXPIRED} LIMIT 1")))
            .bind(organisation)
            .bind(before.as_microsecond())
            .bind(i64::from(keep_waiting))
            .fetch_optional(db)
            .await
            .map_err(unavailable)?;
    Ok(one.is_some())
}

/// Removes some of a sender's content that is old enough; nothing more to do when no message was removed. The caller
/// gives a transaction.
pub(super) async fn expire_content(
    db: &mut Connection,
    organisation: &str,
    before: Timestamp,
    keep_waiting: bool,
) -> Result<Removed, StoreError> {
    if !audit::hold(db, organisation).await? {
        return Ok(Removed::default());
    }
    let rows: Vec<(i64, i64)> = query_as(AssertSqlSafe(format!(
        "SELECT id, received_at FROM message WHERE {EXPIRED} ORDER BY received_at LIMIT $4"
    )))
    .bind(organisation)
    .bind(before.as_microsecond())
    .bind(i64::from(keep_waiting))
    .bind(EXPIRED_AT_ONCE)
    .fetch_all(&mut *db)
    .await
    .map_err(unavailable)?;
    let mut removed = Removed::default();
    for (id, received_at) in rows {
        query(
            "DELETE FROM message_content WHERE organisation = $1 AND message = $2 AND received_at = $3",
        )
        .bind(organisation)
        .bind(id)
        .bind(received_at)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
        query("UPDATE message SET has_content = FALSE WHERE organisation = $1 AND id = $2")
            .bind(organisation)
            .bind(id)
            .execute(&mut *db)
            .await
            .map_err(unavailable)?;
        let versions = query(
            // The facts of an administration name its patient.
            "UPDATE resource_version SET content_from = NULL, content_length = NULL, content_sealed = $1,
                 administration_sealed = NULL
             WHERE organisation = $2 AND message = $3",
        )
        .bind(Vec::<u8>::new())
        .bind(organisation)
        .bind(id)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
        removed.messages += 1;
        removed.versions += versions.rows_affected();
    }
    Ok(removed)
}

/// Those of whom refused calls are kept.
pub(super) async fn refused_senders(db: &mut Connection) -> Result<Vec<String>, StoreError> {
    query_scalar("SELECT DISTINCT organisation FROM refused_call")
        .fetch_all(db)
        .await
        .map_err(unavailable)
}

/// Whether [`expire_refused`] would find anything.
pub(super) async fn has_expired_refused(
    db: &mut Connection,
    organisation: &str,
    before: Timestamp,
) -> Result<bool, StoreError> {
    let one: Option<i64> = query_scalar(
        "SELECT received_at FROM refused_call WHERE organisation = $1 AND received_at < $2 LIMIT 1",
    )
    .bind(organisation)
    .bind(before.as_microsecond())
    .fetch_optional(db)
    .await
    .map_err(unavailable)?;
    Ok(one.is_some())
}

pub(super) async fn expire_refused(
    db: &mut Connection,
    organisation: &str,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let removed = query("DELETE FROM refused_call WHERE organisation = $1 AND received_at < $2")
        .bind(organisation)
        .bind(before.as_microsecond())
        .execute(db)
        .await
        .map_err(unavailable)?;
    Ok(removed.rows_affected())
}
