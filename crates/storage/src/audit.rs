//! The audit log in rows. Written for one database at a time: `super::Db` says which.

use super::batch::Batch;
use super::{Db, HOLD};
use crate::{error::unavailable, key::StorageKey, prepared::time};
use lmr_intake::{
    Act, Action, AuditEntry, AuditFault, AuditFilter, AuditHead, AuditProblem, AuditReport,
    ChainCheck, REGISTER_CHAIN, ReceiptDigest, StoreError,
};
use sqlx::{AssertSqlSafe, Database, QueryBuilder, query, query_as, query_scalar};

type Connection = <Db as Database>::Connection;

/// Entries read at once when the log is verified.
const PAGE: i64 = 1_000;

const SEQUENCE: StoreError = StoreError::Damaged { what: "audit_entry.sequence" };

/// A place in a chain that is about to be taken. The caller's transaction holds the chain's head.
pub(super) struct Place {
    /// Counted from 1.
    pub(super) sequence: i64,
    /// Of the entry before this one.
    pub(super) previous: Option<ReceiptDigest>,
    /// The number of a message with this entry, within its sender.
    pub(super) message: i64,
}

impl Place {
    /// The entry's number, as entries have it.
    pub(super) fn sequence(&self) -> Result<u64, StoreError> {
        u64::try_from(self.sequence).map_err(|_| SEQUENCE)
    }

    /// The place after the entry that was added here.
    pub(super) fn after(&self, entry: &AuditEntry) -> Self {
        Self {
            sequence: self.sequence + 1,
            previous: Some(entry.digest()),
            message: self.message + 1,
        }
    }
}

/// Takes so many places of a chain, of which the first is given; `None` where another database has taken the chain over.
/// From here until the transaction ends nobody else adds to the chain.
pub(super) async fn take_places(
    db: &mut Connection,
    chain: &str,
    count: usize,
) -> Result<Option<Place>, StoreError> {
    const NEXT: &str =
        "UPDATE audit_head SET sequence = sequence + $2 WHERE chain = $1 AND moved_to IS NULL
         RETURNING sequence, digest, message_offset";
    let count = i64::try_from(count).map_err(|_| SEQUENCE)?;
    // A chain that is neither there nor can be begun has moved.
    for _ in 0..2 {
        let head: Option<(i64, Vec<u8>, i64)> = query_as(NEXT)
            .bind(chain)
            .bind(count)
            .fetch_optional(&mut *db)
            .await
            .map_err(unavailable)?;
        if let Some((last, digest, offset)) = head {
            let (sequence, previous) = (last - count + 1, stored_digest(&digest)?);
            return Ok(Some(Place { sequence, previous, message: sequence + offset }));
        }
        begin(db, chain).await?;
    }
    Ok(None)
}

/// Whether a sender's data are here and stay here until the caller's transaction ends.
pub(super) async fn hold(db: &mut Connection, chain: &str) -> Result<bool, StoreError> {
    let statement = format!("SELECT moved_to IS NULL FROM audit_head WHERE chain = $1 {HOLD}");
    let is_here: Option<bool> = query_scalar(AssertSqlSafe(statement))
        .bind(chain)
        .fetch_optional(db)
        .await
        .map_err(unavailable)?;
    // Of a sender without a head nothing is stored.
    Ok(is_here.unwrap_or(true))
}

/// The same as an error where they are not.
pub(super) async fn must_hold(db: &mut Connection, chain: &str) -> Result<(), StoreError> {
    match hold(db, chain).await? {
        true => Ok(()),
        false => {
            Err(StoreError::Unavailable("the sender's data are moved to another database".into()))
        }
    }
}

/// Makes the head of a chain where there is none.
pub(super) async fn begin(db: &mut Connection, chain: &str) -> Result<(), StoreError> {
    query("INSERT INTO audit_head (chain, sequence, digest) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING")
        .bind(chain)
        .bind(Vec::<u8>::new())
        .execute(db)
        .await
        .map_err(unavailable)?;
    Ok(())
}

fn stored_digest(bytes: &[u8]) -> Result<Option<ReceiptDigest>, StoreError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let bytes: [u8; 32] =
        bytes.try_into().map_err(|_| StoreError::Damaged { what: "audit_head.digest" })?;
    Ok(Some(bytes.into()))
}

fn seal(key: &StorageKey, chain: &str, sequence: i64, text: &str) -> Vec<u8> {
    key.digest("audit", &[chain, &sequence.to_string(), text])
}

/// Adds the statement that inserts an entry at the place that it has.
pub(super) fn add_entry(
    batch: &mut Batch,
    key: &StorageKey,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let sequence = i64::try_from(entry.sequence).map_err(|_| SEQUENCE)?;
    let mac = seal(key, &entry.chain, sequence, &entry.text);
    let sql = batch.add("INSERT INTO audit_entry (chain, sequence, at, action, entry, mac) ");
    sql.push_values([()], |mut row, ()| {
        row.push_bind(entry.chain.as_str())
            .push_bind(sequence)
            .push_bind(entry.at.as_microsecond())
            .push_bind(entry.action.as_str())
            .push_bind(entry.text.as_str())
            .push_bind(mac.as_slice());
    });
    Ok(())
}

/// Adds the statement that makes the entry before `next` the chain's newest.
pub(super) fn add_head(batch: &mut Batch, chain: &str, next: &Place) {
    let digest = next.previous.map(|digest| digest.as_bytes().to_vec()).unwrap_or_default();
    batch
        .add("UPDATE audit_head SET digest = ")
        .push_bind(digest)
        .push(" WHERE chain = ")
        .push_bind(chain.to_owned());
}

/// Adds an act of the register's own. The caller gives a transaction.
pub(super) async fn record(
    db: &mut Connection,
    key: &StorageKey,
    act: &Act,
) -> Result<AuditEntry, StoreError> {
    // As the column keeps it: an entry must agree with its row.
    let at = time(act.at.as_microsecond())?;
    let act = Act { at, ..act.clone() };
    let place = take_places(db, REGISTER_CHAIN, 1).await?;
    let place = place.ok_or(StoreError::Damaged { what: "audit_head.moved_to" })?;
    let sequence = place.sequence()?;
    let entry = AuditEntry {
        chain: REGISTER_CHAIN.to_owned(),
        sequence,
        at,
        action: act.action,
        text: act.entry(sequence, place.previous),
    };
    let mut batch = Batch::together();
    add_entry(&mut batch, key, &entry)?;
    add_head(&mut batch, REGISTER_CHAIN, &place.after(&entry));
    batch.run(db).await?;
    Ok(entry)
}

from_row! {
    struct EntryRow {
        chain: String,
        sequence: i64,
        at: i64,
        action: String,
        entry: String,
        mac: Vec<u8>,
    }
}

impl EntryRow {
    /// The entry, unless a column holds what this program never writes.
    fn read(self) -> Result<AuditEntry, StoreError> {
        Ok(AuditEntry {
            sequence: u64::try_from(self.sequence).map_err(|_| SEQUENCE)?,
            at: time(self.at)?,
            action: Action::parse(&self.action)
                .ok_or(StoreError::Damaged { what: "audit_entry.action" })?,
            chain: self.chain,
            text: self.entry,
        })
    }
}

pub(super) async fn entries(
    db: &mut Connection,
    filter: &AuditFilter,
) -> Result<Vec<AuditEntry>, StoreError> {
    let chains: Vec<(String, Option<i64>)> = match &filter.chain {
        Some(chain) => vec![(chain.clone(), Some(i64::MAX))],
        None => query_as(
            "SELECT h.chain, (SELECT MAX(e.at) FROM audit_entry e WHERE e.chain = h.chain) AS newest
             FROM audit_head h",
        )
        .fetch_all(&mut *db)
        .await
        .map_err(unavailable)?,
    };
    let mut chains: Vec<_> =
        chains.into_iter().filter_map(|(chain, newest)| Some((newest?, chain))).collect();
    chains.sort_by(|a, b| b.cmp(a));
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut rows: Vec<EntryRow> = Vec::new();
    for (newest, chain) in chains {
        // The chains that are left have nothing as new as the last one of the list.
        if rows.len() == most && rows.last().is_none_or(|last| last.at > newest) {
            break;
        }
        rows.extend(entries_of(db, &chain, filter, limit).await?);
        rows.sort_by(|a, b| {
            let by_time = b.at.cmp(&a.at);
            by_time.then_with(|| a.chain.cmp(&b.chain)).then(b.sequence.cmp(&a.sequence))
        });
        rows.truncate(most);
    }
    rows.into_iter().map(EntryRow::read).collect()
}

async fn entries_of(
    db: &mut Connection,
    chain: &str,
    filter: &AuditFilter,
    limit: u32,
) -> Result<Vec<EntryRow>, StoreError> {
    let mut sql: QueryBuilder<Db> = QueryBuilder::new(
        "SELECT chain, sequence, at, action, entry, mac FROM audit_entry WHERE chain = ",
    );
    sql.push_bind(chain.to_owned());
    if let Some(action) = filter.action {
        sql.push(" AND action = ").push_bind(action.as_str());
    }
    if let Some(since) = filter.since {
        sql.push(" AND at >= ").push_bind(since.as_microsecond());
    }
    if let Some(before) = filter.before {
        sql.push(" AND at < ").push_bind(before.as_microsecond());
    }
    sql.push(" ORDER BY at DESC, sequence DESC LIMIT ").push_bind(i64::from(limit));
    sql.build_query_as().fetch_all(db).await.map_err(unavailable)
}

/// The text of a chain's newest entry.
pub(super) async fn newest_entry(
    db: &mut Connection,
    chain: &str,
) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> =
        query_as("SELECT entry FROM audit_entry WHERE chain = $1 ORDER BY sequence DESC LIMIT 1")
            .bind(chain)
            .fetch_optional(db)
            .await
            .map_err(unavailable)?;
    Ok(row.map(|(entry,)| entry))
}

/// The names of the chains whose data are here, those of senders and the register: not of senders that were moved to another
/// database.
pub(super) async fn chains(db: &mut Connection) -> Result<Vec<String>, StoreError> {
    query_scalar("SELECT chain FROM audit_head WHERE moved_to IS NULL ORDER BY chain")
        .fetch_all(db)
        .await
        .map_err(unavailable)
}

pub(super) async fn heads(db: &mut Connection) -> Result<Vec<AuditHead>, StoreError> {
    let rows: Vec<(String, i64, Vec<u8>)> = query_as(
        "SELECT chain, sequence, digest FROM audit_head WHERE sequence > 0 ORDER BY chain",
    )
    .fetch_all(db)
    .await
    .map_err(unavailable)?;
    rows.into_iter()
        .map(|(chain, sequence, digest)| {
            Ok(AuditHead {
                chain,
                sequence: u64::try_from(sequence).map_err(|_| SEQUENCE)?,
                digest: stored_digest(&digest)?
                    .ok_or(StoreError::Damaged { what: "audit_head.digest" })?,
            })
        })
        .collect()
}

/// Reads everything, in one transaction of the caller's, so that nothing moves meanwhile.
pub(super) async fn verify(
    db: &mut Connection,
    key: &StorageKey,
    kept: &[AuditHead],
) -> Result<AuditReport, StoreError> {
    let mut report = AuditReport::default();
    let heads = heads(db).await?;
    let mut names: Vec<String> = query_as("SELECT DISTINCT chain FROM audit_entry")
        .fetch_all(&mut *db)
        .await
        .map_err(unavailable)?
        .into_iter()
        .map(|(chain,): (String,)| chain)
        .chain(heads.iter().map(|head| head.chain.clone()))
        .collect();
    names.sort_unstable();
    names.dedup();
    for chain in &names {
        report.chains += 1;
        let head = heads.iter().find(|head| head.chain == *chain);
        verify_chain(db, key, chain, head, &mut report).await?;
    }
    verify_messages(db, &mut report).await?;
    for kept in kept {
        report.kept += 1;
        let problem =
            |fault| AuditProblem { chain: kept.chain.clone(), sequence: kept.sequence, fault };
        match entry_text(db, &kept.chain, kept.sequence).await? {
            None => report.problems.push(problem(AuditFault::CutOff)),
            Some(text) if ReceiptDigest::of(text.as_bytes()) != kept.digest => {
                report.problems.push(problem(AuditFault::Replaced));
            }
            Some(_) => {}
        }
    }
    Ok(report)
}

async fn verify_chain(
    db: &mut Connection,
    key: &StorageKey,
    chain: &str,
    head: Option<&AuditHead>,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    let mut check = ChainCheck::new(chain);
    let mut after = i64::MIN;
    loop {
        let rows: Vec<EntryRow> = query_as(
            "SELECT chain, sequence, at, action, entry, mac FROM audit_entry
             WHERE chain = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
        )
        .bind(chain)
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *db)
        .await
        .map_err(unavailable)?;
        let Some(last) = rows.last() else { break };
        after = last.sequence;
        for row in rows {
            report.entries += 1;
            let is_sealed = seal(key, chain, row.sequence, &row.entry) == row.mac;
            let sequence = u64::try_from(row.sequence).unwrap_or_default();
            match row.read() {
                Ok(entry) => check.next(&entry, is_sealed),
                Err(_) => report.problems.push(AuditProblem {
                    chain: chain.to_owned(),
                    sequence,
                    fault: AuditFault::Changed,
                }),
            }
        }
    }
    report.problems.extend(check.end(head));
    Ok(())
}

/// Every stored message must have its entry, and that entry must be about it.
async fn verify_messages(db: &mut Connection, report: &mut AuditReport) -> Result<(), StoreError> {
    let mut after = (String::new(), i64::MIN);
    loop {
        let rows: Vec<(i64, String, String, i64, Option<String>)> = query_as(
            "SELECT m.id, m.organisation, m.message_id, m.audit_sequence, a.entry FROM message m
             LEFT JOIN audit_entry a ON a.chain = m.organisation AND a.sequence = m.audit_sequence
             WHERE (m.organisation, m.id) > ($1, $2) AND m.audit_sequence IS NOT NULL
             ORDER BY m.organisation, m.id LIMIT $3",
        )
        .bind(&after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(&mut *db)
        .await
        .map_err(unavailable)?;
        let Some((id, chain, ..)) = rows.last() else { return Ok(()) };
        after = (chain.clone(), *id);
        for (_, chain, message_id, sequence, text) in rows {
            report.messages += 1;
            let sequence = u64::try_from(sequence).map_err(|_| SEQUENCE)?;
            let fault = match text {
                None => AuditFault::CutOff,
                Some(text) => {
                    let receipt = lmr_intake::Receipt::parse(text.as_bytes()).ok();
                    if receipt.is_some_and(|receipt| receipt.message_id == message_id) {
                        continue;
                    }
                    AuditFault::OtherMessage
                }
            };
            report.problems.push(AuditProblem { chain, sequence, fault });
        }
    }
}

async fn entry_text(
    db: &mut Connection,
    chain: &str,
    sequence: u64,
) -> Result<Option<String>, StoreError> {
    let sequence = i64::try_from(sequence).map_err(|_| SEQUENCE)?;
    let row: Option<(String,)> =
        query_as("SELECT entry FROM audit_entry WHERE chain = $1 AND sequence = $2")
            .bind(chain)
            .bind(sequence)
            .fetch_optional(db)
            .await
            .map_err(unavailable)?;
    Ok(row.map(|(text,)| text))
}
