//! Messages into rows. Written for one database at a time, as `tables.rs`.

use super::batch::{Batch, Unmet};
use super::{Db, audit, counts, tables};
use crate::{key::StorageKey, prepared::Prepared, prepared::PreparedVersion, prepared::time};
use lmr_intake::{Action, AuditEntry, Committed, OrganisationNumber, Seen, StoreError};
use sqlx::Database;

type Connection = <Db as Database>::Connection;

/// Rows of one statement; SQLite takes 32 766 values, PostgreSQL 65 535.
const CHUNK: usize = 400;
/// Versions of a message whose statements are sent together. Each number of rows is a text of its own that the database
/// keeps ready, so larger messages, which have time, go one by one.
const MAX_TOGETHER: usize = 32;

/// Writes messages of one sender, for the usual case that all can be stored: `None` where one of them cannot. The caller
/// rolls back then, and on an error, and stores each with [`store`], which finds out why.
pub(super) async fn store_all(
    db: &mut Connection,
    key: &StorageKey,
    deliveries: &[&Prepared],
) -> Result<Option<Vec<Committed>>, StoreError> {
    let is_small = deliveries.iter().all(|delivery| delivery.versions.len() <= MAX_TOGETHER);
    let new = if is_small { Batch::together } else { Batch::one_by_one };
    Ok(match insert(db, key, deliveries, new).await? {
        Inserted::All(receipts) => {
            Some(receipts.into_iter().map(|receipt| Committed::Stored { receipt }).collect())
        }
        Inserted::Elsewhere | Inserted::Unmet(_) => None,
    })
}

/// Writes one message. Anything but `Stored` may leave rows behind: the caller rolls back.
pub(super) async fn store(
    db: &mut Connection,
    key: &StorageKey,
    delivery: &Prepared,
) -> Result<Committed, StoreError> {
    if let Some(seen) = seen_before(db, key, delivery).await? {
        return Ok(Committed::Known(seen));
    }
    Ok(match insert(db, key, &[delivery], Batch::one_by_one).await? {
        Inserted::All(receipts) => {
            let receipt = receipts.into_iter().next();
            let missing = StoreError::Damaged { what: "a receipt" };
            Committed::Stored { receipt: receipt.ok_or(missing)? }
        }
        Inserted::Elsewhere => Committed::Elsewhere,
        // Id and content are new, so it is the bundle identifier; or another receiver was quicker.
        Inserted::Unmet(Unmet::Message) => seen_before(db, key, delivery)
            .await?
            .map_or(Committed::BundleIdentifierReused, Committed::Known),
        Inserted::Unmet(Unmet::Resource) => Committed::Moved,
    })
}

/// What is known of a message that is about to be written.
async fn seen_before(
    db: &mut Connection,
    key: &StorageKey,
    delivery: &Prepared,
) -> Result<Option<Seen>, StoreError> {
    let (message_id, content) = (&delivery.message_id, &delivery.content_sha256);
    tables::seen(db, key, tables::Among::Own, delivery.organisation, message_id, content).await
}

enum Inserted {
    /// All, with the payloads of their receipts.
    All(Vec<String>),
    /// The sender's data are on another database.
    Elsewhere,
    /// One could not be stored.
    Unmet(Unmet),
}

/// Inserts messages of one sender. `new` makes the batches.
async fn insert(
    db: &mut Connection,
    key: &StorageKey,
    deliveries: &[&Prepared],
    new: fn() -> Batch,
) -> Result<Inserted, StoreError> {
    let Some(first) = deliveries.first() else { return Ok(Inserted::All(Vec::new())) };
    let chain = first.organisation;
    // Before anything else is written: whoever holds the sender's chain is alone with the sender.
    let places = audit::take_places(db, chain.as_str(), deliveries.len()).await?;
    let Some(mut place) = places else { return Ok(Inserted::Elsewhere) };
    let mut receipts = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        let received_at = time(delivery.received_at)?;
        let sequence = place.sequence()?;
        let entry = AuditEntry {
            chain: chain.as_str().to_owned(),
            sequence,
            at: received_at,
            action: Action::Receive,
            text: delivery.receipt(sequence, place.previous, received_at).payload(),
        };
        let mut batch = new();
        audit::add_entry(&mut batch, key, &entry)?;
        add_message(&mut batch, delivery, &place);
        add_versions(&mut batch, delivery, place.message);
        if let Some(unmet) = batch.run(db).await? {
            return Ok(Inserted::Unmet(unmet));
        }
        place = place.after(&entry);
        receipts.push(entry.text);
    }
    let mut batch = new();
    audit::add_head(&mut batch, chain.as_str(), &place);
    counts::add_counts(&mut batch, deliveries)?;
    Ok(match batch.run(db).await? {
        Some(unmet) => Inserted::Unmet(unmet),
        None => Inserted::All(receipts),
    })
}

fn add_message(batch: &mut Batch, delivery: &Prepared, place: &audit::Place) {
    let (organisation, id) = (delivery.organisation, place.message);
    let counts = delivery.counts;
    let sql = batch.add_for(
        "INSERT INTO message (organisation, id, message_id, content_sha256, bundle_identifier_mac, rule_set,
             client_id, reporting_from, reporting_to, generated_at, received_at, outcome,
             entries, created, updated, unchanged, refused, dependent, salt, answer_coding, answer_sealed,
             audit_sequence, has_content) ",
        1,
        Unmet::Message,
    );
    sql.push_values([()], |mut row, ()| {
        row.push_bind(organisation.as_str().to_owned())
            .push_bind(id)
            .push_bind(delivery.message_id.as_str())
            .push_bind(&delivery.content_sha256[..])
            .push_bind(delivery.bundle_identifier_mac.as_deref())
            .push_bind(delivery.rule_set)
            .push_bind(delivery.client_id.as_str())
            .push_bind(delivery.reporting_from)
            .push_bind(delivery.reporting_to)
            .push_bind(delivery.generated_at)
            .push_bind(delivery.received_at)
            .push_bind(delivery.outcome.as_str())
            .push_bind(i64::from(counts.entries))
            .push_bind(i64::from(counts.created))
            .push_bind(i64::from(counts.updated))
            .push_bind(i64::from(counts.unchanged))
            .push_bind(i64::from(counts.refused))
            .push_bind(i64::from(counts.dependent))
            .push_bind(delivery.salt.as_slice())
            .push_bind(delivery.answer_coding)
            .push_bind(delivery.answer_sealed.as_slice())
            .push_bind(place.sequence)
            .push_bind(delivery.content_sealed.is_some());
    });
    sql.push(" ON CONFLICT DO NOTHING");
    if let Some(content) = &delivery.content_sealed {
        let sql = batch.add(
            "INSERT INTO message_content (organisation, message, received_at, content_sealed) ",
        );
        sql.push_values([content], |mut row, content| {
            row.push_bind(organisation.as_str().to_owned())
                .push_bind(id)
                .push_bind(delivery.received_at)
                .push_bind(content.as_slice());
        });
    }
    if !delivery.system_macs.is_empty() {
        let sql = batch.add("INSERT INTO identifier_system (organisation, system_mac) ");
        sql.push_values(&delivery.system_macs, |mut row, mac| {
            row.push_bind(organisation.as_str().to_owned()).push_bind(mac.as_slice());
        });
        sql.push(" ON CONFLICT DO NOTHING");
    }
}

fn add_versions(batch: &mut Batch, delivery: &Prepared, message: i64) {
    let organisation = delivery.organisation;
    let (first, later): (Vec<_>, Vec<_>) = delivery.versions.iter().partition(|v| v.version == 1);
    for chunk in first.chunks(CHUNK) {
        add_resources(batch, organisation, chunk);
    }
    for new in later {
        batch
            .add_for("UPDATE resource SET version = ", 1, Unmet::Resource)
            .push_bind(new.version)
            .push(" WHERE organisation = ")
            .push_bind(organisation.as_str().to_owned())
            .push(" AND identity_mac = ")
            .push_bind(new.identity_mac.as_slice())
            .push(" AND resource_id = ")
            .push_bind(new.resource_id.as_str())
            .push(" AND version = ")
            .push_bind(new.version - 1);
    }
    if !delivery.codes.is_empty() {
        let sql = batch.add("INSERT INTO message_code (organisation, message, code, entries) ");
        // As many as the catalogue has at most.
        sql.push_values(&delivery.codes, |mut row, count| {
            row.push_bind(organisation.as_str().to_owned())
                .push_bind(message)
                .push_bind(count.code.as_str())
                .push_bind(i64::from(count.entries));
        });
    }
    for chunk in delivery.versions.chunks(CHUNK) {
        let sql = batch.add(
            "INSERT INTO resource_version (organisation, resource_id, version, message, entry, stored_at, hash_sealed,
                 content_sealed, content_from, content_length, administration_sealed) ",
        );
        sql.push_values(chunk, |mut row, new| {
            row.push_bind(organisation.as_str().to_owned())
                .push_bind(new.resource_id.as_str())
                .push_bind(new.version)
                .push_bind(message)
                .push_bind(new.entry)
                .push_bind(delivery.received_at)
                .push_bind(new.hash_sealed.as_slice())
                // The content of versions from before places.
                .push_bind(Vec::<u8>::new())
                .push_bind(new.content_from)
                .push_bind(new.content_length)
                .push_bind(new.administration_sealed.as_deref());
        });
    }
}

fn add_resources(batch: &mut Batch, organisation: OrganisationNumber, chunk: &[&PreparedVersion]) {
    let sql = batch.add_for(
        "INSERT INTO resource (resource_id, kind, organisation, identity_mac, version) ",
        chunk.len(),
        Unmet::Resource,
    );
    sql.push_values(chunk, |mut row, new| {
        row.push_bind(new.resource_id.as_str())
            .push_bind(new.resource_type.as_str())
            .push_bind(organisation.as_str().to_owned())
            .push_bind(new.identity_mac.as_slice())
            .push_bind(new.version);
    });
    sql.push(" ON CONFLICT DO NOTHING");
}
