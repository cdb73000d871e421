//! The store on whichever database `super` names: `Db`, `BEGIN`, `READING`, `WRITING`, `MIGRATIONS`, and the public
//! type `Name`.

use super::{
    BACKUP, Db, MIGRATIONS, Name, READING, SNAPSHOT, WRITING, archive, audit, counts, insight,
    keeps_statements, mark, mark_copy, outlet, partitions,
    proofs::Proofs,
    senders,
    sessions::{ANSWER_TIME, READ_TIME, Session, Sessions, bounded, is_dead, prepare},
    tables, tidy,
    writer::Writer,
    writer::in_transaction,
};
use crate::{
    error::{LostCalls, OpenError, chain, unavailable, what_was_removed},
    key::StorageKey,
    opening::Opening,
    prepared::{Prepared, takes_long},
    watched::Watched,
};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    Acknowledged, Act, AlertNote, Archive, ArchiveFilter, ArchivedMessage, Asked, AuditEntry,
    AuditFilter, AuditHead, AuditLog, AuditReport, Avsender, CodeCounts, Committed, Current,
    DayCount, Delivery, DeliveryFilter, DeliverySummary, Erasure, HandedOver, HourCodes, Identity,
    Insight, Known, ListedMessage, MOST_UNREADABLE, MessageDetail, MessageFilter,
    OrganisationNumber, Outlet, OutletStatus, Partition, Period, RefusedCall, Removed, Retention,
    Seen, Store, StoreError, StoredVersion,
};
use sqlx::{ConnectOptions as _, Connection as _, Database, query};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{task::spawn_blocking, time::timeout};

type Connection = <Db as Database>::Connection;
type Options = <Connection as sqlx::Connection>::Options;

/// Connections that only read.
const READERS: u32 = 4;

pub(super) struct Inner {
    key: Arc<StorageKey>,
    writer: Writer,
    readers: Sessions,
    proofs: Proofs,
    options: Options,
    /// The file that was opened, where the database is one.
    watched: Option<Arc<Watched>>,
}

impl Inner {
    /// Sees that the key fits, makes or migrates what it may, starts the writer.
    pub(super) async fn open(
        options: Options,
        key: StorageKey,
        opening: Opening,
        watched: Option<Arc<Watched>>,
    ) -> Result<Arc<Self>, OpenError> {
        // Statements are never logged: their texts say nothing that the error does not. A test listens to them.
        let options = if cfg!(test) { options } else { options.disable_statement_logging() };
        let mut connection = writing(&options).await?;
        keeps_statements(&mut connection, &options).await?;
        if tables::make_usable(&mut connection, &MIGRATIONS, &key, opening).await? {
            tidy(&mut connection).await;
        }
        tables::flush(&mut connection).await?;
        if let Some(watched) = &watched {
            watched.expect_mark(mark(&mut connection, opening).await?);
        }
        let readers = Sessions::new(options.clone(), READERS, READING);
        readers.open_one().await?;
        let key = Arc::new(key);
        let writer = Writer::start(connection, options.clone(), Arc::clone(&key), watched.clone());
        let proofs = Proofs::new(options.clone());
        Ok(Arc::new(Self { key, writer, readers, proofs, options, watched }))
    }

    pub(super) async fn close(&self) {
        self.writer.close().await;
        self.readers.close(self.watched.as_deref()).await;
        self.proofs.close(self.watched.as_deref()).await;
    }

    pub(super) async fn reader(&self) -> Result<Session, StoreError> {
        self.check_place()?;
        self.readers.take().await
    }

    /// A connection for the rare writes other than messages.
    pub(super) async fn administrator(&self) -> Result<Connection, StoreError> {
        self.check_place()?;
        writing(&self.options).await.map_err(unavailable)
    }

    /// Refuses a file that another one was put in place of, or written into. Everything asks, what only reads too: a further
    /// session would be on the new file, with the log of the one that is gone beside it.
    fn check_place(&self) -> Result<(), StoreError> {
        check(self.watched.as_deref())
    }

    /// Reads, and writes where nothing has been written lately.
    async fn probe(&self) -> Result<(), StoreError> {
        let mut db = self.reader().await?;
        query("SELECT id FROM key_check").execute(&mut *db).await.map_err(unavailable)?;
        drop(db);
        if self.writer.has_written_lately() {
            return Ok(());
        }
        // Nobody sends to a receiver that is not ready, so it must find out by itself that it is.
        let mut db = self.administrator().await?;
        in_transaction(&mut db, async |db| {
            query("UPDATE key_check SET id = id").execute(db).await.map_err(unavailable).map(drop)
        })
        .await?;
        db.close().await.map_err(unavailable)?;
        self.writer.wrote();
        Ok(())
    }

    /// Each sender's in transactions of their own: what `removed` counts is gone, even if a later one fails.
    async fn expire(&self, retention: &Retention, removed: &mut Removed) -> Result<(), StoreError> {
        let mut db = self.administrator().await?;
        if let Some(before) = retention.content_before {
            for sender in audit::chains(&mut db).await? {
                loop {
                    // It takes long, and what another program writes meanwhile must not be mixed with.
                    self.check_place()?;
                    let keep = retention.keep_waiting;
                    let some = in_transaction(&mut db, async |db| {
                        archive::expire_content(db, &sender, before, keep).await
                    })
                    .await?;
                    if some.messages == 0 {
                        break;
                    }
                    removed.messages += some.messages;
                    removed.versions += some.versions;
                }
            }
        }
        if let Some(before) = retention.refused_before {
            for sender in archive::refused_senders(&mut db).await? {
                self.check_place()?;
                removed.refused_calls += in_transaction(&mut db, async |db| {
                    archive::expire_refused(db, &sender, before).await
                })
                .await?;
            }
        }
        db.close().await.map_err(unavailable)
    }
}

/// Refuses a file that is not the one that was opened.
pub(super) fn check(watched: Option<&Watched>) -> Result<(), StoreError> {
    watched
        .and_then(Watched::fault)
        .map_or(Ok(()), |fault| Err(StoreError::Unavailable(fault.into())))
}

/// A session that writes, as [`WRITING`] prepares it. A server that takes the connection and says nothing more counts
/// as none.
pub(super) async fn writing(options: &Options) -> Result<Connection, sqlx::Error> {
    let opened = timeout(ANSWER_TIME, async {
        let mut connection = Connection::connect_with(options).await?;
        prepare(&mut connection, WRITING).await?;
        Ok(connection)
    });
    opened.await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

#[async_trait]
impl Store for Name {
    async fn close(&self) {
        self.0.close().await;
    }

    async fn ready(&self) -> Result<(), StoreError> {
        timeout(ANSWER_TIME, self.0.probe())
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".into())))
    }

    async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        senders::avsendere(&mut *self.0.reader().await?).await
    }

    async fn save_avsender(&self, avsender: &Avsender) -> Result<(), StoreError> {
        let mut db = self.0.administrator().await?;
        in_transaction(&mut db, async |db| senders::save_avsender(db, avsender).await).await?;
        db.close().await.map_err(unavailable)
    }

    async fn replace_avsender(
        &self,
        before: Option<&Avsender>,
        after: &Avsender,
    ) -> Result<bool, StoreError> {
        let mut db = self.0.administrator().await?;
        let replacing =
            async |db: &mut Connection| senders::replace_avsender(db, before, after).await;
        let is_replaced = in_transaction(&mut db, replacing).await?;
        db.close().await.map_err(unavailable)?;
        Ok(is_replaced)
    }

    async fn remove_avsender(&self, organisation: OrganisationNumber) -> Result<bool, StoreError> {
        let mut db = self.0.administrator().await?;
        let removed =
            in_transaction(&mut db, async |db| senders::remove_avsender(db, organisation).await)
                .await?;
        db.close().await.map_err(unavailable)?;
        Ok(removed)
    }

    async fn record_proof(
        &self,
        digest: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.0.check_place()?;
        self.0.proofs.record(digest, now, until).await
    }

    async fn seen(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        content_sha256: &[u8; 32],
    ) -> Result<Option<Seen>, StoreError> {
        self.0.check_place()?;
        let (key, among, readers) = (&self.0.key, tables::Among::All, &self.0.readers);
        let mut db = readers.take_quickly().await?;
        let read = tables::seen(&mut db, key, among, sender, message_id, content_sha256);
        let seen = bounded(READ_TIME, read).await;
        if !is_dead(&seen) {
            return seen;
        }
        let mut db = readers.replace(db).await?;
        bounded(READ_TIME, tables::seen(&mut db, key, among, sender, message_id, content_sha256))
            .await
    }

    async fn bundle_identifier_seen(
        &self,
        sender: OrganisationNumber,
        bundle_identifier: &str,
    ) -> Result<bool, StoreError> {
        let asked = Asked { bundle_identifier: Some(bundle_identifier), ..Asked::default() };
        Ok(self.known(sender, asked).await?.is_identifier_used)
    }

    async fn current(
        &self,
        sender: OrganisationNumber,
        identities: &[Identity],
    ) -> Result<Vec<Option<Current>>, StoreError> {
        Ok(self.known(sender, Asked { identities, ..Asked::default() }).await?.current)
    }

    async fn systems_of_others(
        &self,
        sender: OrganisationNumber,
        systems: &[String],
    ) -> Result<Vec<String>, StoreError> {
        Ok(self.known(sender, Asked { systems, ..Asked::default() }).await?.systems_of_others)
    }

    async fn known(
        &self,
        sender: OrganisationNumber,
        asked: Asked<'_>,
    ) -> Result<Known, StoreError> {
        self.0.check_place()?;
        let (key, readers) = (&self.0.key, &self.0.readers);
        let mut db = readers.take_quickly().await?;
        let known = bounded(READ_TIME, tables::known(&mut db, key, sender, asked)).await;
        if !is_dead(&known) {
            return known;
        }
        let mut db = readers.replace(db).await?;
        bounded(READ_TIME, tables::known(&mut db, key, sender, asked)).await
    }

    async fn refuse_for_good(
        &self,
        _sender: OrganisationNumber,
        message: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut db = self.0.administrator().await?;
        in_transaction(&mut db, async |db| tables::refuse_for_good(db, message, now, until).await)
            .await?;
        db.close().await.map_err(unavailable)
    }

    async fn newest_receipt(
        &self,
        sender: OrganisationNumber,
    ) -> Result<Option<String>, StoreError> {
        audit::newest_entry(&mut *self.0.reader().await?, &sender.to_string()).await
    }

    async fn commit(&self, delivery: Delivery) -> Result<Committed, StoreError> {
        // Encrypting a large message takes a while; the runtime's threads have other work.
        let (versions, answer) = (delivery.versions.len(), delivery.answer.body.len());
        let prepared = if takes_long(versions, answer, delivery.content.as_ref()) {
            let key = Arc::clone(&self.0.key);
            let prepared = spawn_blocking(move || Prepared::new(&key, delivery)).await;
            prepared.map_err(|panic| StoreError::Unavailable(Box::new(panic)))??
        } else {
            Prepared::new(&self.0.key, delivery)?
        };
        self.0.writer.commit(prepared).await
    }

    async fn history(
        &self,
        resource_type: &str,
        resource_id: &str,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        tables::history(&mut *self.0.reader().await?, &self.0.key, resource_type, resource_id).await
    }

    async fn keep_refused(&self, calls: Vec<RefusedCall>) -> Result<usize, StoreError> {
        let mut by_sender: BTreeMap<_, Vec<RefusedCall>> = BTreeMap::new();
        let all = calls.len();
        for call in calls {
            by_sender.entry(call.sender).or_default().push(call);
        }
        let mut db = self.0.administrator().await?;
        let mut lost = LostCalls::default();
        // Each in a transaction of its own: none crosses senders, and one that fails takes no other with it.
        for (sender, calls) in by_sender {
            let keeping =
                async |db: &mut Connection| tables::keep_refused(db, sender, &calls).await;
            if let Err(error) = in_transaction(&mut db, keeping).await {
                lost.add(calls.len(), error);
            }
        }
        // They are kept, whatever becomes of the session.
        if let Err(error) = db.close().await {
            tracing::debug!(error = chain(&error), "a session did not end well");
        }
        lost.end(all)
    }

    async fn refused_calls(&self, filter: &DeliveryFilter) -> Result<Vec<RefusedCall>, StoreError> {
        tables::refused_calls(&mut *self.0.reader().await?, filter).await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
    ) -> Result<Vec<DeliverySummary>, StoreError> {
        tables::deliveries(&mut *self.0.reader().await?, filter).await
    }
}

#[async_trait]
impl AuditLog for Name {
    async fn record(&self, act: Act) -> Result<AuditEntry, StoreError> {
        let mut db = self.0.administrator().await?;
        let key = &self.0.key;
        let entry = in_transaction(&mut db, async |db| audit::record(db, key, &act).await).await?;
        db.close().await.map_err(unavailable)?;
        Ok(entry)
    }

    async fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        audit::entries(&mut *self.0.reader().await?, filter).await
    }

    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        audit::heads(&mut *self.0.reader().await?).await
    }

    async fn verify_audit(&self, kept: &[AuditHead]) -> Result<AuditReport, StoreError> {
        let mut db = self.0.reader().await?;
        let mut snapshot = db.begin_with(SNAPSHOT).await.map_err(unavailable)?;
        let report = audit::verify(&mut snapshot, &self.0.key, kept).await;
        snapshot.rollback().await.map_err(unavailable)?;
        report
    }
}

#[async_trait]
impl Outlet for Name {
    async fn lend(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<HandedOver>, StoreError> {
        let waiting = outlet::waiting(&mut *self.0.reader().await?, now).await?;
        if waiting.is_empty() {
            return Ok(None);
        }
        let mut db = self.0.administrator().await?;
        let key = &self.0.key;
        let mut lent = None;
        let mut unreadable = 0;
        'senders: for outlet::WaitingSender { organisation, .. } in waiting {
            let lending =
                async |db: &mut Connection| outlet::lend(db, key, &organisation, now, until).await;
            while unreadable < MOST_UNREADABLE {
                match in_transaction(&mut db, lending).await? {
                    outlet::Lent::Message(message) => {
                        lent = Some(*message);
                        break 'senders;
                    }
                    outlet::Lent::Nothing => break,
                    outlet::Lent::Unreadable => unreadable += 1,
                }
            }
        }
        if lent.is_none() && unreadable == MOST_UNREADABLE {
            return Err(StoreError::Damaged { what: "message_content" });
        }
        db.close().await.map_err(unavailable)?;
        Ok(lent)
    }

    async fn would_acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
    ) -> Result<Acknowledged, StoreError> {
        outlet::would_acknowledge(&mut *self.0.reader().await?, sender, message_id).await
    }

    async fn acknowledge(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Acknowledged, StoreError> {
        let mut db = self.0.administrator().await?;
        let ended = in_transaction(&mut db, async |db| {
            outlet::acknowledge(db, sender, message_id, now).await
        })
        .await?;
        db.close().await.map_err(unavailable)?;
        Ok(ended)
    }

    async fn outlet_status(&self, now: Timestamp) -> Result<OutletStatus, StoreError> {
        outlet::status(&mut *self.0.reader().await?, now).await
    }
}

#[async_trait]
impl Archive for Name {
    async fn archived(&self, filter: &ArchiveFilter) -> Result<Vec<ArchivedMessage>, StoreError> {
        archive::archived(&mut *self.0.reader().await?, &self.0.key, filter).await
    }

    async fn erase(&self, erasure: &Erasure) -> Result<Option<Removed>, StoreError> {
        let mut db = self.0.administrator().await?;
        let key = &self.0.key;
        let removed =
            in_transaction(&mut db, async |db| archive::erase(db, key, erasure).await).await?;
        db.close().await.map_err(unavailable)?;
        Ok(removed)
    }

    fn can_back_up(&self) -> bool {
        BACKUP.is_some()
    }

    async fn back_up(&self, file: &str) -> Result<bool, StoreError> {
        let Some(statement) = BACKUP else { return Ok(false) };
        let mut db = self.0.administrator().await?;
        query(statement).bind(file.to_owned()).execute(&mut db).await.map_err(unavailable)?;
        db.close().await.map_err(unavailable)?;
        mark_copy(file).await.map_err(unavailable)?;
        Ok(true)
    }

    async fn partitions(&self) -> Result<Vec<Partition>, StoreError> {
        partitions::list(&mut *self.0.reader().await?).await
    }

    async fn make_partitions(&self, months: &[Date]) -> Result<Vec<String>, StoreError> {
        let mut db = self.0.administrator().await?;
        let mut made = Vec::new();
        for month in months {
            // Each in a transaction of its own: one that cannot be made leaves the others.
            made.extend(
                in_transaction(&mut db, async |db| partitions::make(db, *month).await).await?,
            );
        }
        db.close().await.map_err(unavailable)?;
        Ok(made)
    }

    async fn drop_partitions(&self, before: Timestamp) -> Result<Vec<String>, StoreError> {
        let mut db = self.0.administrator().await?;
        let dropped =
            in_transaction(&mut db, async |db| partitions::drop_empty(db, before).await).await?;
        db.close().await.map_err(unavailable)?;
        Ok(dropped)
    }

    async fn has_expired(&self, retention: &Retention) -> Result<bool, StoreError> {
        let mut db = self.0.reader().await?;
        if let Some(before) = retention.content_before {
            for sender in audit::chains(&mut db).await? {
                if archive::has_expired(&mut db, &sender, before, retention.keep_waiting).await? {
                    return Ok(true);
                }
            }
        }
        if let Some(before) = retention.refused_before {
            for sender in archive::refused_senders(&mut db).await? {
                if archive::has_expired_refused(&mut db, &sender, before).await? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn expire(&self, retention: &Retention) -> Result<Removed, StoreError> {
        let mut removed = Removed::default();
        let ended = self.0.expire(retention, &mut removed).await;
        what_was_removed(removed, ended)
    }
}

#[async_trait]
impl Insight for Name {
    async fn known_senders(&self) -> Result<Vec<OrganisationNumber>, StoreError> {
        insight::known_senders(&mut *self.0.reader().await?).await
    }

    async fn day_counts(
        &self,
        senders: &[OrganisationNumber],
        days: (Date, Date),
    ) -> Result<Vec<DayCount>, StoreError> {
        counts::day_counts(&mut *self.0.reader().await?, senders, days).await
    }

    async fn hour_codes(
        &self,
        senders: &[OrganisationNumber],
        since: Timestamp,
        before: Timestamp,
    ) -> Result<Vec<HourCodes>, StoreError> {
        counts::hour_codes(&mut *self.0.reader().await?, senders, since, before).await
    }

    async fn code_counts(
        &self,
        senders: &[Option<OrganisationNumber>],
        days: (Date, Date),
    ) -> Result<CodeCounts, StoreError> {
        counts::code_counts(&mut *self.0.reader().await?, senders, days).await
    }

    async fn messages(
        &self,
        filter: &MessageFilter,
        now: Timestamp,
    ) -> Result<Vec<ListedMessage>, StoreError> {
        insight::messages(&mut *self.0.reader().await?, filter, now).await
    }

    async fn message(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        now: Timestamp,
    ) -> Result<Option<MessageDetail>, StoreError> {
        let mut db = self.0.reader().await?;
        insight::message(&mut db, &self.0.key, sender, message_id, now).await
    }

    async fn periods(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
    ) -> Result<Vec<Period>, StoreError> {
        insight::periods(&mut *self.0.reader().await?, sender, since).await
    }

    async fn alert_notes(&self) -> Result<Vec<AlertNote>, StoreError> {
        insight::alert_notes(&mut *self.0.reader().await?).await
    }

    async fn close_alert(&self, note: &AlertNote) -> Result<(), StoreError> {
        let mut db = self.0.administrator().await?;
        in_transaction(&mut db, async |db| insight::close_alert(db, note).await).await?;
        db.close().await.map_err(unavailable)
    }

    async fn count_handed_over(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut db = self.0.reader().await?;
        insight::count_handed_over(&mut db, sender, since, before, until).await
    }

    async fn hand_over_again(
        &self,
        sender: OrganisationNumber,
        since: Timestamp,
        before: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut db = self.0.administrator().await?;
        let done = in_transaction(&mut db, async |db| {
            insight::hand_over_again(db, sender, since, before, until).await
        })
        .await?;
        db.close().await.map_err(unavailable)?;
        Ok(done)
    }
}
