//! Rows in and out. Written for one database at a time: `super::Db` says which.

use super::{Db, FLUSH, HAS_TABLE, PROBES, SCHEMA_TEXTS, archive, batch::Batch, counts};
use crate::{
    coding::decode_answer,
    error::{OpenError, unavailable},
    key::{StorageKey, salt},
    opening::Opening,
    prepared::{
        ADMINISTRATION, ANSWER, BUNDLE, CONTENT, HASH, bundle_identifier_mac, identity_mac,
        system_mac, time,
    },
};
use lmr_intake::{
    AdministrationFacts, Answer, Asked, CodeCount, Counts, Current, DeliveryFilter,
    DeliverySummary, Known, OrganisationNumber, Outcome, RefusedCall, Seen, StoreError,
    StoredVersion,
};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{
    AssertSqlSafe, Database, FromRow as _, QueryBuilder, Row as _, query, query_as, query_scalar,
};
use std::collections::{BTreeMap, HashMap, HashSet};

type Connection = <Db as Database>::Connection;

/// Values of one list; SQLite takes 32 766, PostgreSQL 65 535.
const CHUNK: usize = 400;

pub(super) fn outcome(text: &str) -> Result<Outcome, StoreError> {
    Outcome::parse(text).ok_or(StoreError::Damaged { what: "message.outcome" })
}

/// A database's schema, as this program sees it.
pub(super) enum Schema {
    Current,
    Older,
    /// Nothing was ever made there.
    None,
}

async fn has_table(db: &mut Connection, name: &str) -> Result<bool, OpenError> {
    let found: i64 = query_scalar(HAS_TABLE).bind(name).fetch_one(db).await?;
    Ok(found > 0)
}

/// What schema the database has. One that this program does not know is an error.
async fn schema(db: &mut Connection, migrations: &Migrator) -> Result<Schema, OpenError> {
    if !has_table(db, "_sqlx_migrations").await? {
        return Ok(Schema::None);
    }
    let applied: Vec<(i64, Vec<u8>, bool)> =
        query_as("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version")
            .fetch_all(&mut *db)
            .await?;
    for (version, checksum, is_done) in &applied {
        let known = migrations.iter().find(|known| known.version == *version);
        match known {
            None if migrations.iter().all(|known| known.version < *version) => {
                // A schema without the table, or a role that may not read it, has no version to name.
                let needed = query_scalar(
                    "SELECT program FROM schema_program ORDER BY version DESC LIMIT 1",
                )
                .fetch_optional(&mut *db)
                .await;
                return Err(OpenError::NewerSchema { needed: needed.ok().flatten() });
            }
            None => return Err(MigrateError::VersionMissing(*version).into()),
            Some(_) if !is_done => return Err(MigrateError::Dirty(*version).into()),
            Some(known) if known.checksum.as_ref() != checksum.as_slice() => {
                return Err(MigrateError::VersionMismatch(*version).into());
            }
            Some(_) => {}
        }
    }
    Ok(match applied.len() {
        0 => Schema::None,
        some if some == migrations.iter().count() => Schema::Current,
        _ => Schema::Older,
    })
}

/// Refuses a damaged schema before a statement is made of it.
async fn check_schema(db: &mut Connection) -> Result<(), OpenError> {
    let Some(statement) = SCHEMA_TEXTS else { return Ok(()) };
    let texts: Vec<Vec<u8>> = query_scalar(statement).fetch_all(db).await?;
    match texts.iter().find_map(|text| std::str::from_utf8(text).err()) {
        Some(error) => Err(OpenError::Damaged(sqlx::Error::Decode(error.into()))),
        None => Ok(()),
    }
}

/// Looks at the database without changing it: whose schema it has, and whether there is a word of its key. A later program's
/// schema and another key are errors.
pub(super) async fn look_at(
    db: &mut Connection,
    migrations: &Migrator,
    key: &StorageKey,
) -> Result<(Schema, bool), OpenError> {
    check_schema(db).await?;
    let schema = schema(db, migrations).await?;
    let has_word = has_table(db, "key_check").await? && check_key(db, key).await?;
    Ok((schema, has_word))
}

/// Sees that the key belongs to the database, and makes or migrates what it may. The key first: a database that it does not
/// belong to is left as it is. Gives whether the schema was changed.
pub(super) async fn make_usable(
    db: &mut Connection,
    migrations: &Migrator,
    key: &StorageKey,
    opening: Opening,
) -> Result<bool, OpenError> {
    let (schema, has_word) = look_at(db, migrations, key).await?;
    if !has_word && !opening.may_begin {
        return Err(OpenError::NotBegun);
    }
    let is_changed = match schema {
        // A role that may not make tables can use them all the same.
        Schema::Current => false,
        Schema::Older if !opening.may_migrate => return Err(OpenError::OlderSchema),
        Schema::Older | Schema::None => {
            migrations.run_direct(None, &mut *db, false).await?;
            true
        }
    };
    if !has_word {
        seal_word(db, key).await?;
        check_key(db, key).await?;
    }
    Ok(is_changed)
}

/// Brings to the disk what an earlier process has written there ([`FLUSH`]).
pub(super) async fn flush(db: &mut Connection) -> Result<(), OpenError> {
    if let Some(statement) = FLUSH {
        query(statement).execute(db).await?;
    }
    Ok(())
}

/// Where the key's word is.
const KEY_WORD: &str = "key_check.check_sealed";

/// Seals a word with the database's key, where there is none yet.
async fn seal_word(db: &mut Connection, key: &StorageKey) -> Result<(), OpenError> {
    let salt = salt().map_err(|_| OpenError::Randomness)?;
    let sealed = key.columns(&salt).seal(KEY_WORD, &[], key.check_word());
    let sealed = sealed.map_err(|_| OpenError::Randomness)?;
    query(
        "INSERT INTO key_check (id, salt, check_sealed) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(salt)
    .bind(sealed)
    .execute(db)
    .await?;
    Ok(())
}

/// Opens the word that the database's key has sealed; `false` where there is none yet.
async fn check_key(db: &mut Connection, key: &StorageKey) -> Result<bool, OpenError> {
    let word: Option<(Vec<u8>, Vec<u8>)> =
        query_as("SELECT salt, check_sealed FROM key_check").fetch_optional(db).await?;
    let Some((salt, sealed)) = word else { return Ok(false) };
    match key.columns(&salt).open(KEY_WORD, &[], sealed.clone()) {
        Ok(word) if word == key.check_word() => Ok(true),
        Ok(_) => Err(OpenError::NotATwin),
        Err(_) if key.other_columns(&salt).open(KEY_WORD, &[], sealed).is_err() => {
            Err(OpenError::WrongKey)
        }
        Err(_) if key.is_apart() => Err(OpenError::BegunTogether),
        Err(_) => Err(OpenError::BegunApart),
    }
}

from_row! {
    pub(super) struct CountsRow {
        entries: i64,
        created: i64,
        updated: i64,
        unchanged: i64,
        refused: i64,
        dependent: i64,
    }
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

from_row! {
    struct SeenRow {
        organisation: String,
        message_id: String,
        content_sha256: Vec<u8>,
        outcome: String,
        salt: Vec<u8>,
        answer_coding: String,
        answer_sealed: Vec<u8>,
        receipt: Option<String>,
        ..counts: CountsRow,
    }
}

/// Among whose messages a content is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    /// Everybody's. Only for reading: no transaction that writes leaves its sender.
    All,
    /// The sender's own.
    Own,
}

pub(super) async fn seen(
    db: &mut Connection,
    key: &StorageKey,
    among: Among,
    organisation: OrganisationNumber,
    message_id: &str,
    content_sha256: &[u8; 32],
) -> Result<Option<Seen>, StoreError> {
    let condition = match among {
        Among::All => "(m.organisation = $1 AND m.message_id = $2) OR m.content_sha256 = $3",
        Among::Own => "m.organisation = $1 AND (m.message_id = $2 OR m.content_sha256 = $3)",
    };
    let statement = format!(
        "SELECT m.organisation, m.message_id, m.content_sha256, m.outcome, m.salt, m.answer_coding,
                m.answer_sealed, a.entry AS receipt,
                m.entries, m.created, m.updated, m.unchanged, m.refused, m.dependent
         FROM message m
         LEFT JOIN audit_entry a ON a.chain = m.organisation AND a.sequence = m.audit_sequence
         WHERE {condition}"
    );
    let rows: Vec<SeenRow> = query_as(AssertSqlSafe(statement))
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
            let columns = key.personal_columns(&row.salt);
            let body =
                columns.open(ANSWER, &[organisation.as_str(), message_id], row.answer_sealed)?;
            let body = decode_answer(&row.answer_coding, body)?;
            let answer = Answer { outcome, body, counts };
            Ok(Some(Seen::Repeated { answer, receipt: row.receipt }))
        }
        (same, _) if !same.is_empty() => Ok(Some(Seen::MessageIdReused)),
        (_, other) if !other.is_empty() => Ok(Some(Seen::ContentReplayed)),
        _ => Ok(None),
    }
}

from_row! {
    struct CurrentRow {
        identity_mac: Vec<u8>,
        resource_id: String,
        version: i64,
        hash_sealed: Vec<u8>,
        administration_sealed: Option<Vec<u8>>,
        has_content: bool,
        stored_at: i64,
        salt: Vec<u8>,
    }
}

/// Identities and systems that are asked about in one go. Each number of them is a text of its own that the database
/// keeps ready, so more than these are asked about statement by statement.
const MAX_TOGETHER: usize = 32;

/// Beside the used proofs: of both nothing is kept but a digest that is not taken (again) until a time.
pub(super) async fn refuse_for_good(
    db: &mut Connection,
    message: &[u8; 32],
    now: jiff::Timestamp,
    until: jiff::Timestamp,
) -> Result<(), StoreError> {
    // Used proofs are only on one of several databases, so whatever is of no use any more goes here too.
    query("DELETE FROM used_proof WHERE until < $1")
        .bind(now.as_microsecond())
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    query(
        "INSERT INTO used_proof (digest, until) VALUES ($1, $2) \
         ON CONFLICT (digest) DO UPDATE SET until = excluded.until",
    )
    .bind(message.to_vec())
    .bind(until.as_microsecond())
    .execute(db)
    .await
    .map(drop)
    .map_err(unavailable)
}

/// What is known of a validated message before it is stored.
pub(super) async fn known(
    db: &mut Connection,
    key: &StorageKey,
    organisation: OrganisationNumber,
    asked: Asked<'_>,
) -> Result<Known, StoreError> {
    let Asked { message, bundle_identifier, systems, identities } = asked;
    let is_small = identities.len() <= MAX_TOGETHER && systems.len() <= MAX_TOGETHER;
    let mut batch = if is_small { Batch::together() } else { Batch::one_by_one() };
    // One statement: each costs the way there and back.
    let identifier = bundle_identifier.map(|text| bundle_identifier_mac(key, organisation, text));
    let asks_of_message = identifier.is_some() || message.is_some();
    if asks_of_message {
        batch
            .add("SELECT 'identifier' AS used FROM message WHERE organisation = ")
            .push_bind(organisation.as_str().to_owned())
            .push(" AND bundle_identifier_mac = ")
            .push_bind(identifier)
            .push(" UNION ALL SELECT 'message' FROM used_proof WHERE digest = ")
            .push_bind(message.map(|digest| digest.to_vec()));
    }
    let system_macs: Vec<Vec<u8>> = systems.iter().map(|system| system_mac(key, system)).collect();
    for chunk in system_macs.chunks(CHUNK) {
        let sql = batch.add("SELECT system_mac FROM identifier_system WHERE organisation <> ");
        sql.push_bind(organisation.as_str().to_owned());
        push_list(sql, " AND system_mac", chunk);
    }
    let macs: Vec<Vec<u8>> =
        identities.iter().map(|identity| identity_mac(key, organisation, identity)).collect();
    for chunk in macs.chunks(CHUNK) {
        add_newest(&mut batch, organisation.as_str(), chunk);
    }
    let mut answers = batch.rows(db).await?.into_iter();
    let mut used: Vec<String> = Vec::new();
    for row in asks_of_message.then(|| answers.next()).flatten().unwrap_or_default() {
        used.push(row.try_get("used").map_err(unavailable)?);
    }
    let is_used = |what| used.iter().any(|one| one == what);
    let (is_identifier_used, is_refused) = (is_used("identifier"), is_used("message"));
    let mut of_others: HashSet<Vec<u8>> = HashSet::new();
    for row in answers.by_ref().take(system_macs.chunks(CHUNK).len()).flatten() {
        of_others.insert(row.try_get("system_mac").map_err(unavailable)?);
    }
    let mut current: HashMap<Vec<u8>, Current> = HashMap::new();
    for row in answers.flatten() {
        let row = CurrentRow::from_row(&row).map_err(unavailable)?;
        let (mac, newest) = row.read(key)?;
        current.insert(mac, newest);
    }
    let shared = systems.iter().zip(&system_macs).filter(|(_, mac)| of_others.contains(*mac));
    Ok(Known {
        is_refused,
        is_identifier_used,
        systems_of_others: shared.map(|(system, _)| system.clone()).collect(),
        current: macs.iter().map(|mac| current.get(mac).cloned()).collect(),
    })
}

/// Adds the statement that reads the newest versions of resources.
fn add_newest(batch: &mut Batch, organisation: &str, macs: &[Vec<u8>]) {
    const NEWEST: &str = "SELECT r.identity_mac, r.resource_id, r.version, v.hash_sealed, v.administration_sealed,
            (v.content_from IS NOT NULL OR LENGTH(v.content_sealed) > 0) AS has_content, v.stored_at, m.salt
        FROM resource r
        JOIN resource_version v
            ON v.organisation = r.organisation AND v.resource_id = r.resource_id AND v.version = r.version
        JOIN message m ON m.organisation = v.organisation AND m.id = v.message
        WHERE r.organisation = ";
    if !PROBES {
        let sql = batch.add(NEWEST);
        sql.push_bind(organisation.to_owned());
        push_list(sql, " AND r.identity_mac", macs);
        return;
    }
    let sql = batch.add("SELECT n.* FROM (VALUES ");
    let mut list = sql.separated(", ");
    for mac in macs {
        list.push("(").push_bind_unseparated(mac.as_slice()).push_unseparated(")");
    }
    sql.push(") AS asked (mac) CROSS JOIN LATERAL (")
        .push(NEWEST)
        .push_bind(organisation.to_owned())
        .push(" AND r.identity_mac = asked.mac LIMIT 1) AS n");
}

/// Appends `IN` with these values.
fn push_list(sql: &mut QueryBuilder<Db>, column: &str, values: &[Vec<u8>]) {
    sql.push(column).push(" IN (");
    let mut list = sql.separated(", ");
    for value in values {
        list.push_bind(value.as_slice());
    }
    sql.push(")");
}

impl CurrentRow {
    /// The digest of the resource's identity, and its newest version.
    fn read(self, key: &StorageKey) -> Result<(Vec<u8>, Current), StoreError> {
        let number = self.version.to_string();
        let columns = key.personal_columns(&self.salt);
        let row_key = [self.resource_id.as_str(), &number];
        let hash = columns.open(HASH, &row_key, self.hash_sealed)?;
        let administration = self
            .administration_sealed
            .map(|sealed| {
                let bytes = columns.open(ADMINISTRATION, &row_key, sealed)?;
                AdministrationFacts::from_bytes(&bytes)
                    .ok_or(StoreError::Damaged { what: ADMINISTRATION })
            })
            .transpose()?;
        let newest = Current {
            content_hash: content_hash(hash)?,
            version: version(self.version)?,
            resource_id: self.resource_id,
            has_content: self.has_content,
            stored_at: time(self.stored_at)?,
            administration,
        };
        Ok((self.identity_mac, newest))
    }
}

fn content_hash(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged { what: HASH })
}

fn version(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::Damaged { what: "resource_version.version" })
}

from_row! {
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
         JOIN resource r ON r.organisation = v.organisation AND r.resource_id = v.resource_id
         JOIN message m ON m.organisation = v.organisation AND m.id = v.message
         LEFT JOIN message_content c
             ON c.organisation = m.organisation AND c.message = m.id AND c.received_at = m.received_at
         WHERE v.organisation IN (SELECT chain FROM audit_head) AND v.resource_id = $1 AND r.kind = $2
         ORDER BY v.version",
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
                content_hash: content_hash(key.personal_columns(&row.salt).open(
                    HASH,
                    &row_key,
                    row.hash_sealed,
                )?)?,
                content,
                message_id: row.message_id,
                entry: u32::try_from(row.entry)
                    .map_err(|_| StoreError::Damaged { what: "resource_version.entry" })?,
                stored_at: time(row.stored_at)?,
            })
        })
        .collect()
}

from_row! {
    pub(super) struct DeliveryRow {
        pub(super) id: i64,
        pub(super) organisation: String,
        message_id: String,
        rule_set: String,
        pub(super) received_at: i64,
        reporting_from: i64,
        reporting_to: i64,
        pub(super) outcome: String,
        ..pub(super) counts: CountsRow,
    }
}

impl DeliveryRow {
    /// What lists say of the message; `codes` are those of all of a list.
    pub(super) fn summary(
        self,
        codes: &mut HashMap<(String, i64), Vec<CodeCount>>,
    ) -> Result<DeliverySummary, StoreError> {
        Ok(DeliverySummary {
            sender: organisation(&self.organisation)?,
            message_id: self.message_id,
            rule_set: self.rule_set,
            received_at: time(self.received_at)?,
            reporting_from: time(self.reporting_from)?,
            reporting_to: time(self.reporting_to)?,
            outcome: outcome(&self.outcome)?,
            counts: self.counts.read()?,
            codes: codes.remove(&(self.organisation, self.id)).unwrap_or_default(),
        })
    }
}

/// The senders that have messages, with the time of the newest, newest first.
pub(super) async fn newest_of_each(db: &mut Connection) -> Result<Vec<(String, i64)>, StoreError> {
    let rows: Vec<(String, Option<i64>)> = query_as(
        "SELECT h.chain, (SELECT MAX(m.received_at) FROM message m WHERE m.organisation = h.chain)
         FROM audit_head h",
    )
    .fetch_all(db)
    .await
    .map_err(unavailable)?;
    let mut newest: Vec<_> =
        rows.into_iter().filter_map(|(sender, newest)| Some((sender, newest?))).collect();
    newest.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    Ok(newest)
}

pub(super) async fn deliveries(
    db: &mut Connection,
    filter: &DeliveryFilter,
) -> Result<Vec<DeliverySummary>, StoreError> {
    let senders = match filter.sender {
        Some(sender) => vec![(sender.as_str().to_owned(), i64::MAX)],
        None => newest_of_each(db).await?,
    };
    let limit = limit_of(filter);
    let mut rows: Vec<DeliveryRow> = Vec::new();
    for (sender, newest) in senders {
        // The senders that are left have nothing as new as the last one of the list.
        if rows.len() == limit && rows.last().is_none_or(|last| last.received_at > newest) {
            break;
        }
        rows.extend(deliveries_of(db, &sender, filter).await?);
        rows.sort_by(|a, b| {
            let by_time = b.received_at.cmp(&a.received_at);
            by_time.then_with(|| a.organisation.cmp(&b.organisation)).then(b.id.cmp(&a.id))
        });
        rows.truncate(limit);
    }
    let places: Vec<_> = rows.iter().map(|row| (row.organisation.as_str(), row.id)).collect();
    let mut codes = codes_of(db, &places).await?;
    rows.into_iter().map(|row| row.summary(&mut codes)).collect()
}

/// The condition on messages that are deliveries, as `Counts::is_delivery` says of one.
pub(super) const IS_DELIVERY: &str = "created + updated + unchanged > 0";

async fn deliveries_of(
    db: &mut Connection,
    sender: &str,
    filter: &DeliveryFilter,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(
        "SELECT id, organisation, message_id, rule_set, received_at, reporting_from, reporting_to, outcome,
                entries, created, updated, unchanged, refused, dependent FROM message WHERE organisation = ",
    );
    sql.push_bind(sender.to_owned());
    if let Some(code) = &filter.code {
        sql.push(" AND id IN (SELECT message FROM message_code WHERE organisation = ")
            .push_bind(sender.to_owned())
            .push(" AND code = ")
            .push_bind(code.clone())
            .push(")");
    }
    if let Some((from, to)) = filter.period {
        // What ends as the other begins has no moment of it, except where the period is that one moment.
        sql.push(" AND reporting_from <= ").push_bind(to.as_microsecond());
        sql.push(" AND (reporting_to > ").push_bind(from.as_microsecond());
        sql.push(" OR (reporting_to = ").push_bind(from.as_microsecond());
        sql.push(" AND reporting_from = reporting_to))");
    }
    match filter.is_delivery {
        Some(true) => {
            sql.push(" AND ").push(IS_DELIVERY);
        }
        Some(false) => {
            sql.push(" AND NOT (").push(IS_DELIVERY).push(")");
        }
        None => {}
    }
    narrow(&mut sql, filter);
    sql.push(" ORDER BY received_at DESC, id DESC LIMIT ")
        .push_bind(i64::from(filter.limit_or_default()));
    sql.build_query_as().fetch_all(&mut *db).await.map_err(unavailable)
}

fn limit_of(filter: &DeliveryFilter) -> usize {
    usize::try_from(filter.limit_or_default()).unwrap_or(usize::MAX)
}

/// The codes of these messages, by sender and number.
pub(super) async fn codes_of(
    db: &mut Connection,
    messages: &[(&str, i64)],
) -> Result<HashMap<(String, i64), Vec<CodeCount>>, StoreError> {
    let mut of_senders: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (sender, message) in messages {
        of_senders.entry(sender).or_default().push(*message);
    }
    let mut parts: Vec<(&str, &[i64])> = Vec::new();
    for (sender, messages) in &of_senders {
        parts.extend(messages.chunks(CHUNK).map(|chunk| (*sender, chunk)));
    }
    let mut found: HashMap<(String, i64), Vec<CodeCount>> = HashMap::new();
    let mut rest = parts.as_slice();
    while let Some((_, first)) = rest.first() {
        // Several senders in one statement, as long as it has few values.
        let mut values = first.len();
        let more = rest.iter().skip(1).take_while(|(_, chunk)| {
            values += chunk.len() + 1;
            values <= CHUNK
        });
        let (together, left) = rest.split_at(1 + more.count());
        rest = left;
        let mut sql: QueryBuilder<Db> = QueryBuilder::new("");
        for (place, (sender, chunk)) in together.iter().enumerate() {
            sql.push(if place == 0 { "SELECT " } else { " UNION ALL SELECT " });
            sql.push(
                "organisation, message, code, entries FROM message_code WHERE organisation = ",
            )
            .push_bind((*sender).to_owned())
            .push(" AND message IN (");
            let mut list = sql.separated(", ");
            for message in *chunk {
                list.push_bind(*message);
            }
            sql.push(")");
        }
        let counts: Vec<(String, i64, String, i64)> =
            sql.build_query_as().fetch_all(&mut *db).await.map_err(unavailable)?;
        for (sender, message, code, entries) in counts {
            let entries = number(entries, "message_code.entries")?;
            found.entry((sender, message)).or_default().push(CodeCount { code, entries });
        }
    }
    found.values_mut().for_each(|codes| codes.sort_by(|a, b| a.code.cmp(&b.code)));
    Ok(found)
}

fn number(stored: i64, what: &'static str) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|_| StoreError::Damaged { what })
}

/// Refused calls kept of each sender, and rows kept of callers that nobody knows.
const KEPT_OF_SENDER: i64 = 1_000;
const KEPT_OF_UNKNOWN: i64 = 10_000;
const HOUR: i64 = 3_600_000_000;

/// Whose calls are stored under no organisation number: nobody's known.
const NOBODY: &str = "";

/// Keeps refused calls of one sender, or of nobody known. The caller gives a transaction.
pub(super) async fn keep_refused(
    db: &mut Connection,
    sender: Option<OrganisationNumber>,
    calls: &[RefusedCall],
) -> Result<(), StoreError> {
    let organisation = sender.as_ref().map_or(NOBODY, |sender| sender.as_str());
    for call in calls {
        counts::count_call(db, call).await?;
        let at = call.received_at.as_microsecond();
        if sender.is_none() {
            let counted = query(
                "UPDATE refused_call SET calls = calls + $1
                 WHERE organisation = $2 AND code = $3 AND received_at >= $4 AND received_at < $5",
            )
            .bind(i64::from(call.calls))
            .bind(organisation)
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
            "INSERT INTO refused_call (organisation, received_at, request_id, code, client_id, message_id,
                 entries, refused, dependent, calls)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (organisation, received_at, request_id, code)
                 DO UPDATE SET calls = refused_call.calls + excluded.calls",
        )
        .bind(organisation)
        .bind(at)
        .bind(&call.request_id)
        .bind(&call.code)
        .bind(call.client_id.as_deref())
        .bind(call.message_id.as_deref())
        .bind(i64::from(call.counts.entries))
        .bind(i64::from(call.counts.refused))
        .bind(i64::from(call.counts.dependent))
        .bind(i64::from(call.calls))
        .execute(&mut *db)
        .await
        .map_err(unavailable)?;
    }
    query(
        "DELETE FROM refused_call WHERE organisation = $1 AND received_at <= (
             SELECT received_at FROM refused_call WHERE organisation = $1
             ORDER BY received_at DESC LIMIT 1 OFFSET $2)",
    )
    .bind(organisation)
    .bind(if sender.is_some() { KEPT_OF_SENDER } else { KEPT_OF_UNKNOWN })
    .execute(&mut *db)
    .await
    .map_err(unavailable)?;
    Ok(())
}

from_row! {
    struct RefusedRow {
        received_at: i64,
        organisation: String,
        client_id: Option<String>,
        message_id: Option<String>,
        request_id: String,
        code: String,
        entries: i64,
        refused: i64,
        dependent: i64,
        calls: i64,
    }
}

/// Everybody of whom refused calls are kept, and the newest of each: step by step along the index.
const REFUSED_SENDERS: &str = "WITH RECURSIVE known(organisation) AS (
         SELECT MIN(organisation) FROM refused_call
         UNION ALL
         SELECT (SELECT MIN(r.organisation) FROM refused_call r WHERE r.organisation > known.organisation)
         FROM known WHERE known.organisation IS NOT NULL
     )
     SELECT organisation, (SELECT MAX(r.received_at) FROM refused_call r WHERE r.organisation = known.organisation)
     FROM known WHERE organisation IS NOT NULL";

pub(super) async fn refused_calls(
    db: &mut Connection,
    filter: &DeliveryFilter,
) -> Result<Vec<RefusedCall>, StoreError> {
    if filter.period.is_some() {
        return Ok(Vec::new());
    }
    let mut senders: Vec<(String, i64)> = match filter.sender {
        Some(sender) => vec![(sender.as_str().to_owned(), i64::MAX)],
        None => query_as(REFUSED_SENDERS).fetch_all(&mut *db).await.map_err(unavailable)?,
    };
    senders.sort_by_key(|(_, newest)| std::cmp::Reverse(*newest));
    let limit = usize::try_from(filter.limit_or_default()).unwrap_or(usize::MAX);
    let mut rows: Vec<RefusedRow> = Vec::new();
    for (sender, newest) in senders {
        // The senders that are left have nothing as new as the last call of the list.
        if rows.len() == limit && rows.last().is_none_or(|last| last.received_at > newest) {
            break;
        }
        let mut sql: QueryBuilder<Db> = QueryBuilder::new(
            "SELECT received_at, organisation, client_id, message_id, request_id, code,
                    entries, refused, dependent, calls FROM refused_call WHERE organisation = ",
        );
        sql.push_bind(sender);
        if let Some(code) = &filter.code {
            sql.push(" AND code = ").push_bind(code.clone());
        }
        narrow(&mut sql, filter);
        sql.push(" ORDER BY received_at DESC, request_id DESC LIMIT ")
            .push_bind(i64::from(filter.limit_or_default()));
        let of_sender: Vec<RefusedRow> =
            sql.build_query_as().fetch_all(&mut *db).await.map_err(unavailable)?;
        rows.extend(of_sender);
        rows.sort_by(|a, b| {
            let by_time = b.received_at.cmp(&a.received_at);
            by_time
                .then_with(|| a.organisation.cmp(&b.organisation))
                .then_with(|| b.request_id.cmp(&a.request_id))
        });
        rows.truncate(limit);
    }
    rows.into_iter()
        .map(|row| {
            const COUNTS: &str = "refused_call's counts";
            Ok(RefusedCall {
                received_at: time(row.received_at)?,
                sender: match row.organisation.as_str() {
                    NOBODY => None,
                    number => Some(organisation(number)?),
                },
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

/// The filter's conditions on message and time. Both tables name their columns alike.
fn narrow(sql: &mut QueryBuilder<Db>, filter: &DeliveryFilter) {
    if let Some(message_id) = &filter.message_id {
        sql.push(" AND message_id = ").push_bind(message_id.clone());
    }
    if let Some(since) = filter.since {
        sql.push(" AND received_at >= ").push_bind(since.as_microsecond());
    }
    if let Some(before) = filter.before {
        sql.push(" AND received_at < ").push_bind(before.as_microsecond());
    }
}

pub(super) fn organisation(text: &str) -> Result<OrganisationNumber, StoreError> {
    OrganisationNumber::parse(text)
        .map_err(|_| StoreError::Damaged { what: "an organisation number" })
}
