//! The store on whichever database `super` names: `Db`, `BEGIN`, `MIGRATIONS`, and the public type `Name`.

use super::{Db, MIGRATIONS, Name, quick, tables, writer::Writer, writer::in_transaction};
use crate::{
    error::{OpenError, unavailable},
    key::StorageKey,
    prepared::Prepared,
};
use async_trait::async_trait;
use jiff::Timestamp;
use lmr_intake::{
    Avsender, Committed, Current, Delivery, DeliveryFilter, DeliverySummary, Identity,
    OrganisationNumber, Seen, Store, StoreError, StoredVersion,
};
use sqlx::{
    Connection as _, Database, Pool,
    pool::{PoolConnection, PoolOptions},
    query,
};
use std::sync::Arc;
use tokio::task::spawn_blocking;

type Connection = <Db as Database>::Connection;
type Options = <Connection as sqlx::Connection>::Options;

/// Connections that only read.
const READERS: u32 = 4;

pub(super) struct Inner {
    key: Arc<StorageKey>,
    writer: Writer,
    readers: Pool<Db>,
    /// One connection for the many small writes of used proofs; opened when the first comes.
    proofs: Pool<Db>,
    options: Options,
}

impl Inner {
    /// Brings the database to this program's schema, sees that the key fits, starts the writer.
    pub(super) async fn open(
        options: Options,
        reading: Options,
        key: StorageKey,
    ) -> Result<Arc<Self>, OpenError> {
        let mut connection = Connection::connect_with(&options).await?;
        MIGRATIONS.run_direct(None, &mut connection, false).await?;
        tables::check_key(&mut connection, &key).await?;
        let readers = PoolOptions::new().max_connections(READERS).connect_with(reading).await?;
        let key = Arc::new(key);
        let writer = Writer::start(connection, options.clone(), Arc::clone(&key));
        let proofs = PoolOptions::new().max_connections(1).connect_lazy_with(quick(&options));
        Ok(Arc::new(Self { key, writer, readers, proofs, options }))
    }

    pub(super) async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
        self.proofs.close().await;
    }

    async fn reader(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.readers.acquire().await.map_err(unavailable)
    }

    /// A connection for the rare writes other than messages.
    async fn administrator(&self) -> Result<Connection, StoreError> {
        Connection::connect_with(&self.options).await.map_err(unavailable)
    }
}

#[async_trait]
impl Store for Name {
    async fn ready(&self) -> Result<(), StoreError> {
        let mut db = self.0.reader().await?;
        query("SELECT id FROM key_check").execute(&mut *db).await.map_err(unavailable)?;
        if self.0.writer.is_failing() {
            // Nobody sends to a receiver that is not ready, so it must find out by itself that it is.
            let mut db = self.0.administrator().await?;
            in_transaction(&mut db, async |db| {
                query("UPDATE key_check SET id = id")
                    .execute(db)
                    .await
                    .map_err(unavailable)
                    .map(drop)
            })
            .await?;
            db.close().await.map_err(unavailable)?;
            self.0.writer.works_again();
        }
        Ok(())
    }

    async fn avsendere(&self) -> Result<Vec<Avsender>, StoreError> {
        tables::avsendere(&mut *self.0.reader().await?).await
    }

    async fn save_avsender(&self, avsender: &Avsender) -> Result<(), StoreError> {
        let mut db = self.0.administrator().await?;
        in_transaction(&mut db, async |db| tables::save_avsender(db, avsender).await).await?;
        db.close().await.map_err(unavailable)
    }

    async fn remove_avsender(&self, organisation: OrganisationNumber) -> Result<bool, StoreError> {
        let mut db = self.0.administrator().await?;
        let removed =
            in_transaction(&mut db, async |db| tables::remove_avsender(db, organisation).await)
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
        let mut db = self.0.proofs.acquire().await.map_err(unavailable)?;
        tables::record_proof(&mut db, digest, now, until).await
    }

    async fn seen(
        &self,
        sender: OrganisationNumber,
        message_id: &str,
        content_sha256: &[u8; 32],
    ) -> Result<Option<Seen>, StoreError> {
        tables::seen(&mut *self.0.reader().await?, &self.0.key, sender, message_id, content_sha256)
            .await
    }

    async fn bundle_identifier_seen(
        &self,
        sender: OrganisationNumber,
        bundle_identifier: &str,
    ) -> Result<bool, StoreError> {
        tables::bundle_identifier_seen(
            &mut *self.0.reader().await?,
            &self.0.key,
            sender,
            bundle_identifier,
        )
        .await
    }

    async fn current(
        &self,
        sender: OrganisationNumber,
        identities: &[Identity],
    ) -> Result<Vec<Option<Current>>, StoreError> {
        tables::current(&mut *self.0.reader().await?, &self.0.key, sender, identities).await
    }

    async fn commit(&self, delivery: Delivery) -> Result<Committed, StoreError> {
        // Encrypting a large message takes a while; the runtime's threads have other work.
        let prepared = if delivery.versions.len() > 100 {
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
        kind: &str,
        resource_id: &str,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        tables::history(&mut *self.0.reader().await?, &self.0.key, kind, resource_id).await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
    ) -> Result<Vec<DeliverySummary>, StoreError> {
        tables::deliveries(&mut *self.0.reader().await?, filter).await
    }
}
