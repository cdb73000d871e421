//! Rows in and out. Written for one database at a time: `super::Db` says which.

use super::{Db, MIGRATIONS, archive, audit, insight};
use crate::{
    error::{OpenError, unavailable},
    key::{StorageKey, salt},
    prepared::{
        ADMINISTRATION, ANSWER, BUNDLE, CONTENT, HASH, Prepared, PreparedVersion,
        bundle_identifier_mac, decode, identity_mac, system_mac, time,
    },
};
use lmr_intake::{
    Action, AdministrationFacts, Answer, CodeCount, Committed, Counts, Current, DeliveryFilter,
    DeliverySummary, Identity, OrganisationNumber, Outcome, RefusedCall, Seen, StoreError,
    StoredVersion,
};
use sqlx::{Database, FromRow, QueryBuilder, query, query_as, query_scalar};
use std::collections::{BTreeSet, HashMap};

type Connection = <Db as Database>::Connection;

/// Rows of one statement; SQLite takes 32 766 values, PostgreSQL 65 535.
const CHUNK: usize = 400;

pub(super) fn outcome(text: &str) -> Result<Outcome, StoreError> {
    Outcome::parse(text).ok_or(StoreError::Damaged { what: "message.outcome" })
}

/// Whether the database has exactly this program's schema.
pub(super) async fn is_current(db: &mut Connection) -> bool {
    let applied: Result<Vec<(i64, Vec<u8>)>, _> =
        query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(db)
            .await;
    let known = MIGRATIONS.iter().map(|one| (one.version, one.checksum.to_vec()));
    applied.is_ok_and(|applied| known.eq(applied))
}

/// Seals a word with the database's key the first time, opens it every other time.
pub(super) async fn check_key(db: &mut Connection, key: &StorageKey) -> Result<(), OpenError> {
    const COLUMN: &str = "key_check.check_sealed";
    let salt = salt().map_err(|_| OpenError::Randomness)?;
    let sealed = key.columns(&salt).seal(COLUMN, &[], b"lmr").map_err(|_| OpenError::Randomness)?;
    query(
        "INSERT INTO key_check (id, salt, check_sealed) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(salt)
    .bind(sealed)
    .execute(&mut *db)
    .await?;
    let (salt, sealed): (Vec<u8>, Vec<u8>) =
        query_as("SELECT salt, check_sealed FROM key_check").fetch_one(db).await?;
    key.columns(&salt).open(COLUMN, &[], sealed).map(|_| ()).map_err(|_| OpenError::WrongKey)
}

#[derive(FromRow)]
pub(super) struct CountsRow {
    entries: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
    dependent: i64,
}

impl CountsRow {
    pub(super) fn read(&self) -> Result<Counts, StoreError> {
        let number =
            |n: i64| u32::try_from(n).map_err(|_| StoreError::Damaged { what: "message's counts" });
        Ok(Counts {
            entries: number(self.entries)?,
            created: number(self.created)?,
            updated: number(self.updated)?,
            unchanged: number(self.unchanged)?,
            refused: number(self.refused)?,
            dependent: number(self.dependent)?,
        })
    }
}

#[derive(FromRow)]
struct SeenRow {
    organisation: String,
    message_id: String,
    content_sha256: Vec<u8>,
    outcome: String,
    salt: Vec<u8>,
    answer_coding: String,
    answer_sealed: Vec<u8>,
    receipt: Option<String>,
    #[sqlx(flatten)]
    counts: CountsRow,
}

pub(super) async fn seen(
    db: &mut Connection,
    key: &StorageKey,
    organisation: OrganisationNumber,
    message_id: &str,
    content_sha256: &[u8; 32],
) -> Result<Option<Seen>, StoreError> {
    let rows: Vec<SeenRow> = query_as(
        "SELECT m.organisation, m.message_id, m.content_sha256, m.outcome, m.salt, m.answer_coding,
                m.answer_sealed, a.entry AS receipt,
                m.entries, m.created, m.updated, m.unchanged, m.refused, m.dependent
         FROM message m
         LEFT JOIN audit_entry a ON a.chain = m.organisation AND a.sequence = m.audit_sequence
         WHERE (m.organisation = $1 AND m.message_id = $2) OR m.content_sha256 = $3",
    )
    .bind(organisation.as_str())
    .bind(message_id)
    .bind(&content_sha256[..])
    .fetch_all(db)
    .await
    .map_err(unavailable)?;
    let same_id =
        |row: &SeenRow| row.organisation == organisation.as_str() && row.message_id == message_id;
    match rows.into_iter().partition::<Vec<_>, _>(same_id) {
        (same, _) if same.iter().any(|row| row.content_sha256 == content_sha256) => {
            let Some(row) = same.into_iter().next() else { return Ok(None) };
            let counts = row.counts.read()?;
            let outcome = outcome(&row.outcome)?;
            let columns = key.columns(&row.salt);
            let body =
                columns.open(ANSWER, &[organisation.as_str(), message_id], row.answer_sealed)?;
            let body = decode(&row.answer_coding, body)?;
            let answer = Answer { outcome, body, counts };
            Ok(Some(Seen::Repeated { answer, receipt: row.receipt }))
        }
        (same, _) if !same.is_empty() => Ok(Some(Seen::MessageIdReused)),
        (_, other) if !other.is_empty() => Ok(Some(Seen::ContentReplayed)),
        _ => Ok(None),
    }
}

pub(super) async fn bundle_identifier_seen(
    db: &mut Connection,
    key: &StorageKey,
    organisation: OrganisationNumber,
    identifier: &str,
) -> Result<bool, StoreError> {
    let mac = bundle_identifier_mac(key, organisation, identifier);
    let found: Option<i64> =
        query_scalar("SELECT id FROM message WHERE bundle_identifier_mac = $1")
            .bind(mac)
            .fetch_optional(db)
            .await
            .map_err(unavailable)?;
    Ok(found.is_some())
}

#[derive(FromRow)]
struct CurrentRow {
    identity_mac: Vec<u8>,
    resource_id: String,
    version: i64,
    hash_sealed: Vec<u8>,
    administration_sealed: Option<Vec<u8>>,
    stored_at: i64,
    salt: Vec<u8>,
}

pub(super) async fn current(
    db: &mut Connection,
    key: &StorageKey,
    organisation: OrganisationNumber,
    identities: &[Identity],
) -> Result<Vec<Option<Current>>, StoreError> {
    let macs: Vec<Vec<u8>> =
        identities.iter().map(|identity| identity_mac(key, organisation, identity)).collect();
    let mut found: HashMap<Vec<u8>, Current> = HashMap::new();
    for chunk in macs.chunks(CHUNK) {
        let mut sql: QueryBuilder<Db> = QueryBuilder::new(
            "SELECT r.identity_mac, r.resource_id, r.version, v.hash_sealed, v.administration_sealed, v.stored_at,
                    m.salt
             FROM resource r
             JOIN resource_version v ON v.resource_id = r.resource_id AND v.version = r.version
             JOIN message m ON m.id = v.message
             WHERE r.identity_mac IN (",
        );
        let mut list = sql.separated(", ");
        for mac in chunk {
            list.push_bind(mac.as_slice());
        }
        sql.push(")");
        let rows: Vec<CurrentRow> =
            sql.build_query_as().fetch_all(&mut *db).await.map_err(unavailable)?;
        for row in rows {
            let number = row.version.to_string();
            let (columns, row_key) = (key.columns(&row.salt), [row.resource_id.as_str(), &number]);
            let hash = columns.open(HASH, &row_key, row.hash_sealed)?;
            let administration = row
                .administration_sealed
                .map(|sealed| {
                    let bytes = columns.open(ADMINISTRATION, &row_key, sealed)?;
                    AdministrationFacts::from_bytes(&bytes)
                        .ok_or(StoreError::Damaged { what: ADMINISTRATION })
                })
                .transpose()?;
            found.insert(
                row.identity_mac,
                Current {
                    content_hash: content_hash(hash)?,
                    version: version(row.version)?,
                    resource_id: row.resource_id,
                    stored_at: time(row.stored_at)?,
                    administration,
                },
            );
        }
    }
    Ok(macs.iter().map(|mac| found.get(mac).cloned()).collect())
}

pub(super) async fn systems_of_others(
    db: &mut Connection,
    key: &StorageKey,
    organisation: OrganisationNumber,
    systems: &[String],
) -> Result<Vec<String>, StoreError> {
    let mut shared = Vec::new();
    for chunk in systems.chunks(CHUNK) {
        let macs: Vec<Vec<u8>> = chunk.iter().map(|system| system_mac(key, system)).collect();
        let mut sql: QueryBuilder<Db> =
            QueryBuilder::new("SELECT system_mac FROM identifier_system WHERE organisation <> ");
        sql.push_bind(organisation.as_str().to_owned()).push(" AND system_mac IN (");
        let mut list = sql.separated(", ");
        for mac in &macs {
            list.push_bind(mac.as_slice());
        }
        sql.push(")");
        let found: Vec<(Vec<u8>,)> =
            sql.build_query_as().fetch_all(&mut *db).await.map_err(unavailable)?;
        let is_found = |mac: &Vec<u8>| found.iter().any(|(other,)| other == mac);
        shared.extend(
            chunk.iter().zip(&macs).filter(|(_, mac)| is_found(mac)).map(|(s, _)| s.clone()),
        );
    }
    Ok(shared)
}

fn content_hash(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged { what: HASH })
}

fn version(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::Damaged { what: "resource_version.version" })
}

/// Writes one message. Anything but `Stored` may leave rows behind: the caller rolls back.
pub(super) async fn store(
    db: &mut Connection,
    key: &StorageKey,
    delivery: &Prepared,
) -> Result<Committed, StoreError> {
    let organisation = delivery.organisation;
    let seen = seen(db, key, organisation, &delivery.message_id, &delivery.content_sha256).await?;
    if let Some(seen) = seen {
        return Ok(Committed::Known(seen));
    }
    // Before anything else is written: whoever holds the sender's chain is alone with the sender.
    let received_at = time(delivery.received_at)?;
    let receipt = audit::append(
        db,
        key,
        organisation.as_str(),
        (received_at, Action::Receive),
        |sequence, previous| delivery.receipt(sequence, previous, received_at).payload(),
    )
    .await?;
    let audit_sequence = i64::try_from(receipt.sequence)
        .map_err(|_| StoreError::Damaged { what: "audit_entry.sequence" })?;
    let counts = delivery.counts;
    let id: Option<i64> = query_scalar(
        "INSERT INTO message (organisation, message_id, content_sha256, bundle_identifier_mac, rule_set,
             client_id, reporting_from, reporting_to, generated_at, received_at, outcome,
             entries, created, updated, unchanged, refused, dependent, salt, answer_coding, answer_sealed,
             audit_sequence, has_content)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(organisation.as_str())
    .bind(&delivery.message_id)
    .bind(&delivery.content_sha256[..])
    .bind(delivery.bundle_identifier_mac.as_deref())
    .bind(delivery.rule_set)
    .bind(&delivery.client_id)
    .bind(delivery.reporting_from)
    .bind(delivery.reporting_to)
    .bind(delivery.generated_at)
    .bind(delivery.received_at)
    .bind(delivery.outcome.as_str())
    .bind(i64::from(counts.entries))
    .bind(i64::from(counts.created))
    .bind(i64::from(counts.updated))
    .bind(i64::from(counts.unchanged))
    .bind(i64::from(counts.refused))
    .bind(i64::from(counts.dependent))
    .bind(&delivery.salt)
    .bind(delivery.answer_coding)
    .bind(&delivery.answer_sealed)
    .bind(audit_sequence)
    .bind(delivery.content_sealed.is_some())
    .fetch_optional(&mut *db)
    .await
    .map_err(unavailable)?;
    let Some(id) = id else {
        // Id and content are new, so it is the bundle identifier; or another receiver was quicker.
        let now = self::seen(db, key, organisation, &delivery.message_id, &delivery.content_sha256)
            .await?;
        return Ok(now.map_or(Committed::BundleIdentifierReused, Committed::Known));
    };
    if let Some(content) = &delivery.content_sealed {
        query(
            "INSERT INTO message_content (organisation, message, received_at, content_sealed)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(organisation.as_str())
        .bind(id)
        .bind(delivery.received_at)
        .bind(content)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    }
    for mac in &delivery.system_macs {
        query(
            "INSERT INTO identifier_system (system_mac, organisation) VALUES ($1, $2)
             ON CONFLICT DO NOTHING",
        )
        .bind(mac.as_slice())
        .bind(organisation.as_str())
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    }
    let (first, later): (Vec<_>, Vec<_>) = delivery.versions.iter().partition(|v| v.version == 1);
    for chunk in first.chunks(CHUNK) {
        if !insert_resources(db, organisation, chunk).await? {
            return Ok(Committed::Moved);
        }
    }
    for new in later {
        let moved = query(
            "UPDATE resource SET version = $1 WHERE identity_mac = $2 AND resource_id = $3 AND version = $4",
        )
        .bind(new.version)
        .bind(&new.identity_mac)
        .bind(&new.resource_id)
        .bind(new.version - 1)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
        if moved.rows_affected() != 1 {
            return Ok(Committed::Moved);
        }
    }
    insight::count_message(db, delivery).await?;
    if !delivery.codes.is_empty() {
        insert_codes(db, id, &delivery.codes).await?;
    }
    for chunk in delivery.versions.chunks(CHUNK) {
        insert_versions(db, id, delivery.received_at, chunk).await?;
    }
    Ok(Committed::Stored { receipt: receipt.text })
}

async fn insert_codes(
    db: &mut Connection,
    message: i64,
    codes: &[CodeCount],
) -> Result<(), StoreError> {
    let mut sql: QueryBuilder<Db> =
        QueryBuilder::new("INSERT INTO message_code (message, code, entries) ");
    // As many as the catalogue has at most.
    sql.push_values(codes, |mut row, count| {
        row.push_bind(message).push_bind(count.code.as_str()).push_bind(i64::from(count.entries));
    });
    sql.build().execute(db).await.map_err(unavailable)?;
    Ok(())
}

async fn insert_resources(
    db: &mut Connection,
    organisation: OrganisationNumber,
    chunk: &[&PreparedVersion],
) -> Result<bool, StoreError> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(
        "INSERT INTO resource (resource_id, kind, organisation, identity_mac, version) ",
    );
    sql.push_values(chunk, |mut row, new| {
        row.push_bind(new.resource_id.as_str())
            .push_bind(new.resource_type.as_str())
            .push_bind(organisation.as_str().to_owned())
            .push_bind(new.identity_mac.as_slice())
            .push_bind(new.version);
    });
    sql.push(" ON CONFLICT DO NOTHING");
    let inserted = sql.build().execute(db).await.map_err(unavailable)?;
    Ok(inserted.rows_affected() == chunk.len() as u64)
}

async fn insert_versions(
    db: &mut Connection,
    message: i64,
    stored_at: i64,
    chunk: &[PreparedVersion],
) -> Result<(), StoreError> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(
        "INSERT INTO resource_version (resource_id, version, message, entry, stored_at, hash_sealed, content_sealed,
             content_from, content_length, administration_sealed) ",
    );
    sql.push_values(chunk, |mut row, new| {
        row.push_bind(new.resource_id.as_str())
            .push_bind(new.version)
            .push_bind(message)
            .push_bind(new.entry)
            .push_bind(stored_at)
            .push_bind(new.hash_sealed.as_slice())
            // The content of versions from before places.
            .push_bind(Vec::<u8>::new())
            .push_bind(new.content_from)
            .push_bind(new.content_length)
            .push_bind(new.administration_sealed.as_deref());
    });
    sql.build().execute(db).await.map_err(unavailable)?;
    Ok(())
}

#[derive(FromRow)]
struct VersionRow {
    version: i64,
    entry: i64,
    stored_at: i64,
    hash_sealed: Vec<u8>,
    content_sealed: Vec<u8>,
    content_from: Option<i64>,
    content_length: Option<i64>,
    bundle_sealed: Option<Vec<u8>>,
    organisation: String,
    message_id: String,
    salt: Vec<u8>,
}

pub(super) async fn history(
    db: &mut Connection,
    key: &StorageKey,
    resource_type: &str,
    resource_id: &str,
) -> Result<Vec<StoredVersion>, StoreError> {
    let rows: Vec<VersionRow> = query_as(
        "SELECT v.version, v.entry, v.stored_at, v.hash_sealed, v.content_sealed, v.content_from,
                v.content_length, c.content_sealed AS bundle_sealed, m.organisation, m.message_id, m.salt
         FROM resource_version v
         JOIN resource r ON r.resource_id = v.resource_id
         JOIN message m ON m.id = v.message
         LEFT JOIN message_content c
             ON c.organisation = m.organisation AND c.message = m.id AND c.received_at = m.received_at
         WHERE r.resource_id = $1 AND r.kind = $2 ORDER BY v.version",
    )
    .bind(resource_id)
    .bind(resource_type)
    .fetch_all(db)
    .await
    .map_err(unavailable)?;
    rows.into_iter()
        .map(|row| {
            let columns = key.columns(&row.salt);
            let number = row.version.to_string();
            let row_key = [resource_id, &number];
            let place = archive::place(row.content_from, row.content_length)?;
            let content = match (place, row.bundle_sealed) {
                (Some(place), Some(sealed)) => {
                    let (salt, of) = (&row.salt, &row.organisation);
                    let bundle = archive::open_content(key, salt, of, &row.message_id, sealed)?;
                    let resource = bundle.get(place).map(<[u8]>::to_vec);
                    resource.ok_or(StoreError::Damaged { what: BUNDLE })?
                }
                (None, _) if !row.content_sealed.is_empty() => {
                    columns.open(CONTENT, &row_key, row.content_sealed)?
                }
                _ => Vec::new(),
            };
            Ok(StoredVersion {
                resource_type: resource_type.to_owned(),
                resource_id: resource_id.to_owned(),
                version: version(row.version)?,
                content_hash: content_hash(columns.open(HASH, &row_key, row.hash_sealed)?)?,
                content,
                message_id: row.message_id,
                entry: u32::try_from(row.entry)
                    .map_err(|_| StoreError::Damaged { what: "resource_version.entry" })?,
                stored_at: time(row.stored_at)?,
            })
        })
        .collect()
}

#[derive(FromRow)]
struct DeliveryRow {
    id: i64,
    organisation: String,
    message_id: String,
    rule_set: String,
    received_at: i64,
    reporting_from: i64,
    reporting_to: i64,
    outcome: String,
    #[sqlx(flatten)]
    counts: CountsRow,
}

pub(super) async fn deliveries(
    db: &mut Connection,
    filter: &DeliveryFilter,
) -> Result<Vec<DeliverySummary>, StoreError> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(
        "SELECT id, organisation, message_id, rule_set, received_at, reporting_from, reporting_to, outcome,
                entries, created, updated, unchanged, refused, dependent FROM message WHERE 1 = 1",
    );
    if let Some(code) = &filter.code {
        sql.push(" AND id IN (SELECT message FROM message_code WHERE code = ")
            .push_bind(code.clone())
            .push(")");
    }
    if let Some((from, to)) = filter.period {
        sql.push(" AND reporting_from <= ").push_bind(to.as_microsecond());
        sql.push(" AND reporting_to >= ").push_bind(from.as_microsecond());
    }
    narrow(&mut sql, filter);
    let rows: Vec<DeliveryRow> =
        sql.build_query_as().fetch_all(&mut *db).await.map_err(unavailable)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut codes = codes_of(db, &ids).await?;
    rows.into_iter()
        .map(|row| {
            Ok(DeliverySummary {
                sender: organisation(&row.organisation)?,
                message_id: row.message_id,
                rule_set: row.rule_set,
                received_at: time(row.received_at)?,
                reporting_from: time(row.reporting_from)?,
                reporting_to: time(row.reporting_to)?,
                outcome: outcome(&row.outcome)?,
                counts: row.counts.read()?,
                codes: codes.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}

/// The codes of these messages, by their row.
pub(super) async fn codes_of(
    db: &mut Connection,
    messages: &[i64],
) -> Result<HashMap<i64, Vec<CodeCount>>, StoreError> {
    let mut found: HashMap<i64, Vec<CodeCount>> = HashMap::new();
    for chunk in messages.chunks(CHUNK) {
        let mut sql: QueryBuilder<Db> =
            QueryBuilder::new("SELECT message, code, entries FROM message_code WHERE message IN (");
        let mut list = sql.separated(", ");
        for message in chunk {
            list.push_bind(*message);
        }
        sql.push(") ORDER BY message, code");
        let rows: Vec<(i64, String, i64)> =
            sql.build_query_as().fetch_all(&mut *db).await.map_err(unavailable)?;
        for (message, code, entries) in rows {
            let entries = number(entries, "message_code.entries")?;
            found.entry(message).or_default().push(CodeCount { code, entries });
        }
    }
    Ok(found)
}

fn number(stored: i64, what: &'static str) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|_| StoreError::Damaged { what })
}

/// Refused calls kept of each sender, and rows kept of callers that nobody knows.
const KEPT_OF_SENDER: i64 = 1_000;
const KEPT_OF_UNKNOWN: i64 = 10_000;
const HOUR: i64 = 3_600_000_000;

/// Keeps refused calls. The caller gives a transaction.
pub(super) async fn keep_refused(
    db: &mut Connection,
    calls: &[RefusedCall],
) -> Result<(), StoreError> {
    for call in calls {
        insight::count_call(db, call).await?;
        let at = call.received_at.as_microsecond();
        if call.sender.is_none() {
            let counted = query(
                "UPDATE refused_call SET calls = calls + $1
                 WHERE organisation IS NULL AND code = $2 AND received_at >= $3 AND received_at < $4",
            )
            .bind(i64::from(call.calls))
            .bind(&call.code)
            .bind(at - at.rem_euclid(HOUR))
            .bind(at - at.rem_euclid(HOUR) + HOUR)
            .execute(&mut *db)
            .await
            .map_err(unavailable)?;
            if counted.rows_affected() > 0 {
                continue;
            }
        }
        query(
            "INSERT INTO refused_call (received_at, organisation, client_id, message_id, request_id, code,
                 entries, refused, dependent, calls)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(at)
        .bind(call.sender.as_ref().map(|sender| sender.as_str().to_owned()))
        .bind(call.client_id.as_deref())
        .bind(call.message_id.as_deref())
        .bind(&call.request_id)
        .bind(&call.code)
        .bind(i64::from(call.counts.entries))
        .bind(i64::from(call.counts.refused))
        .bind(i64::from(call.counts.dependent))
        .bind(i64::from(call.calls))
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    }
    let senders: BTreeSet<_> = calls.iter().filter_map(|call| call.sender).collect();
    for sender in senders {
        query(
            "DELETE FROM refused_call WHERE organisation = $1 AND id <= (
                 SELECT id FROM refused_call WHERE organisation = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
        )
        .bind(sender.as_str().to_owned())
        .bind(KEPT_OF_SENDER)
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    }
    query(
        "DELETE FROM refused_call WHERE organisation IS NULL AND id <= (
             SELECT id FROM refused_call WHERE organisation IS NULL ORDER BY id DESC LIMIT 1 OFFSET $1)",
    )
    .bind(KEPT_OF_UNKNOWN)
    .execute(&mut *db)
    .await
    .map_err(unavailable)?;
    Ok(())
}

#[derive(FromRow)]
struct RefusedRow {
    received_at: i64,
    organisation: Option<String>,
    client_id: Option<String>,
    message_id: Option<String>,
    request_id: String,
    code: String,
    entries: i64,
    refused: i64,
    dependent: i64,
    calls: i64,
}

pub(super) async fn refused_calls(
    db: &mut Connection,
    filter: &DeliveryFilter,
) -> Result<Vec<RefusedCall>, StoreError> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(
        "SELECT received_at, organisation, client_id, message_id, request_id, code,
                entries, refused, dependent, calls FROM refused_call WHERE 1 = 1",
    );
    if let Some(code) = &filter.code {
        sql.push(" AND code = ").push_bind(code.clone());
    }
    if filter.period.is_some() {
        return Ok(Vec::new());
    }
    narrow(&mut sql, filter);
    let rows: Vec<RefusedRow> = sql.build_query_as().fetch_all(db).await.map_err(unavailable)?;
    rows.into_iter()
        .map(|row| {
            const COUNTS: &str = "refused_call's counts";
            Ok(RefusedCall {
                received_at: time(row.received_at)?,
                sender: row.organisation.as_deref().map(organisation).transpose()?,
                client_id: row.client_id,
                message_id: row.message_id,
                request_id: row.request_id,
                code: row.code,
                counts: Counts {
                    entries: number(row.entries, COUNTS)?,
                    refused: number(row.refused, COUNTS)?,
                    dependent: number(row.dependent, COUNTS)?,
                    ..Counts::default()
                },
                calls: number(row.calls, COUNTS)?,
            })
        })
        .collect()
}

/// The filter's conditions, the order and the limit. Both tables name their columns alike.
fn narrow(sql: &mut QueryBuilder<Db>, filter: &DeliveryFilter) {
    if let Some(sender) = filter.sender {
        sql.push(" AND organisation = ").push_bind(sender.as_str().to_owned());
    }
    if let Some(message_id) = &filter.message_id {
        sql.push(" AND message_id = ").push_bind(message_id.clone());
    }
    if let Some(since) = filter.since {
        sql.push(" AND received_at >= ").push_bind(since.as_microsecond());
    }
    if let Some(before) = filter.before {
        sql.push(" AND received_at < ").push_bind(before.as_microsecond());
    }
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    sql.push(" ORDER BY received_at DESC, id DESC LIMIT ").push_bind(i64::from(limit));
}

pub(super) fn organisation(text: &str) -> Result<OrganisationNumber, StoreError> {
    OrganisationNumber::parse(text)
        .map_err(|_| StoreError::Damaged { what: "an organisation number" })
}
