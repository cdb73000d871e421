//! What is known of the resources of a source: confirmed, held, under way.

use super::columns::Columns;
use super::{Outbox, PAGE, Result, hash};
use crate::identity::Hash;
use crate::index::Index;
use crate::plan::{Known, Statuses};

impl Outbox {
    /// What is known of every resource of an index: confirmed, held, under way.
    pub(crate) async fn statuses(&self, index: &Index) -> Result<Statuses> {
        let mut statuses = Statuses::unknown(index.records.len());
        // In pages: the driver's rows take ten times the memory of what is in them.
        let mut after = Vec::new();
        loop {
            let rows = sqlx::query(
                "SELECT identity, version, annulled_at IS NOT NULL FROM stored WHERE identity > ? \
                 ORDER BY identity LIMIT ?",
            )
            .bind(&after)
            .bind(PAGE)
            .fetch_all(&self.pool)
            .await?;
            for row in &rows {
                let (identity, version) = (hash(row, 0)?, hash(row, 1)?);
                let annulled: bool = row.read(2)?;
                statuses.known += usize::from(!annulled);
                match index.position(identity) {
                    Some(at) => statuses.change(at, |status| {
                        status.stored = Known::of(version, index.version(at));
                        status.annulled = annulled;
                    }),
                    None => statuses.missing += usize::from(!annulled),
                }
            }
            match rows.last() {
                Some(last) => after = last.read(0)?,
                None => break,
            }
        }
        let held = "SELECT identity, version, discarded_at IS NOT NULL FROM held";
        for row in sqlx::query(held).fetch_all(&self.pool).await? {
            if let Some(at) = index.position(hash(&row, 0)?) {
                let (version, is_discarded): (Hash, bool) = (hash(&row, 1)?, row.read(2)?);
                statuses.change(at, |status| {
                    status.held = version == index.version(at);
                    status.discarded = status.held && is_discarded;
                });
            }
        }
        let open = "SELECT i.identity, i.version FROM message m JOIN item i ON i.seq = m.seq \
                    WHERE m.state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped')";
        for row in sqlx::query(open).fetch_all(&self.pool).await? {
            if let Some(at) = index.position(hash(&row, 0)?) {
                let version = hash(&row, 1)?;
                statuses.change(at, |status| status.open = Known::of(version, index.version(at)));
            }
        }
        Ok(statuses)
    }

    /// How many administrations the register has that are not annulled.
    pub(crate) async fn confirmed_administrations(&self) -> Result<u64> {
        let row = sqlx::query(
            "SELECT count(*) FROM stored s JOIN resource_type t ON t.number = s.resource_type \
             WHERE t.name = 'MedicationAdministration' AND s.annulled_at IS NULL",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(row.read::<i64>(0)?).unwrap_or_default())
    }

    /// Whether a message is known, finished or not.
    pub(crate) async fn has_messages(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM message)";
        sqlx::query(sql).fetch_one(&self.pool).await?.read(0)
    }

    /// Whether anything was ever sent: a scratch copy has no finished messages.
    pub(crate) async fn has_sent_anything(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM message) OR EXISTS (SELECT 1 FROM stored)";
        sqlx::query(sql).fetch_one(&self.pool).await?.read(0)
    }

    /// Whether a resource is in a message without an answer.
    pub(crate) async fn is_open(&self, identity: Hash) -> Result<bool> {
        let open = "SELECT count(*) FROM message m JOIN item i ON i.seq = m.seq WHERE i.identity = ? AND \
                    m.state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped')";
        let row = sqlx::query(open).bind(identity.0.as_slice()).fetch_one(&self.pool).await?;
        Ok(row.read::<i64>(0)? > 0)
    }
}
