//! Annulments that a damaged ledger has lost, and those that the register has not taken: found again, and kept.
//!
//! What is annulled is in the source as it was given. A ledger that does not know the annulment would send that, and the
//! register would take the annulment back.

use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;
use sqlx::{Sqlite, Transaction};

use super::columns::{Columns, compact};
use super::{Outbox, PAGE, Result, hash, ms, time};
use crate::attempt::AttemptFailure;
use crate::identity::Hash;
use crate::index::Index;

/// The setting that a repair leaves: where the next transfer looks for annulments that the ledger has lost.
const ANNULMENTS_TO_FIND: &str = "annulments-to-find";
/// The setting that a finished search leaves: the numbers of the journal's entries of which neither the ledger nor any
/// copy knows the record. It is kept annulled when the source has it, now or later.
const ANNULLED_BY_NAME: &str = "annulled-by-name";

/// Where annulments are looked for that the ledger has lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhereAnnulments {
    /// In the copies of what was sent: of those that the journal names.
    Copies,
    /// In the copies: all that there are, since the journal is not whole.
    AllCopies,
    /// The copies have been read, by a version that then looked for the names in every run.
    Names,
}

impl WhereAnnulments {
    const ALL: [Self; 3] = [Self::Copies, Self::AllCopies, Self::Names];

    fn as_str(self) -> &'static str {
        match self {
            Self::Copies => "copies",
            Self::AllCopies => "all-copies",
            Self::Names => "names",
        }
    }
}

/// An annulment as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JournalledAnnulment {
    number: i64,
    resource_type: String,
    /// The record's name, a colon and the reason.
    rest: String,
    pub(crate) at: Timestamp,
}

impl JournalledAnnulment {
    /// How the journal says it.
    pub(crate) fn text(resource_type: &str, name: &str, reason: &str) -> String {
        format!("{resource_type} {name}: {reason}")
    }

    /// What the record may be called: nobody knows which colon is the one before the reason.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.rest.match_indices(": ").map(|(at, _)| &self.rest[..at])
    }

    /// Whether it annulled a record of this type for this reason.
    pub(crate) fn has_reason(&self, resource_type: &str, reason: &str) -> bool {
        let before = self.rest.strip_suffix(reason);
        self.resource_type == resource_type && before.is_some_and(|rest| rest.ends_with(": "))
    }
}

impl fmt::Display for JournalledAnnulment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.resource_type, self.names().next().unwrap_or_default())
    }
}

/// Annulments of a journal by what their records may be called, so that a ledger or a source is looked through once for
/// all of them.
#[derive(Debug, Default)]
pub(crate) struct JournalNames<'j>(HashMap<&'j str, HashMap<&'j str, Vec<usize>>>);

impl<'j> JournalNames<'j> {
    pub(crate) fn of(journal: &'j [JournalledAnnulment]) -> Self {
        let mut all = Self::default();
        for (at, annulment) in journal.iter().enumerate() {
            let of_type = all.0.entry(&annulment.resource_type).or_default();
            for name in annulment.names() {
                of_type.entry(name).or_default().push(at);
            }
        }
        all
    }

    /// The annulments, by their places in the journal, of a record with these names: each once.
    pub(crate) fn find(
        &self,
        resource_type: &str,
        names: [Option<&str>; 2],
    ) -> impl Iterator<Item = usize> {
        let of_type = self.0.get(resource_type);
        let found = names.map(|name| {
            let found = of_type.zip(name).and_then(|(of_type, name)| of_type.get(name));
            found.map(Vec::as_slice).unwrap_or_default()
        });
        let again = |at: &&usize| !found[0].contains(*at);
        found[0]
            .iter()
            .chain(found[1].iter().filter(again))
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
    }
}

/// A record found in the copy of the message that annulled it, or in a later one that brought it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundAnnulment {
    pub(crate) identity: Hash,
    pub(crate) resource_type: String,
    pub(crate) resource_id: Option<String>,
    pub(crate) source_key: Option<String>,
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    /// Else a later message has brought it back.
    pub(crate) is_annulled: bool,
}

/// Has the annulments of a message sent again that ends without the register having stored them: any other record goes
/// again because the source still has it, but an annulment is only in its message. `outcomes` has a digit for each
/// position of an answered message.
pub(super) async fn keep_annulments(
    step: &mut Transaction<'static, Sqlite>,
    seq: i64,
    outcomes: Option<&[u8]>,
    now: Timestamp,
) -> Result<()> {
    // 4 is not stored, 5 failed at the register; what is refused is held, and a person looks at it. A record that has
    // changed since is not what was annulled. It may have gone along with others meanwhile, in a later message.
    sqlx::query(
        "UPDATE stored SET annulled_at = -?3, seq = ?1 FROM item i \
         WHERE i.seq = ?1 AND i.is_annulment AND i.identity = stored.identity AND stored.annulled_at IS NULL \
         AND (i.version = stored.version OR ?4 IN (i.version, stored.version)) \
         AND (?2 IS NULL OR substr(?2, i.position + 1, 1) IN (x'34', x'35'))",
    )
    .bind(seq)
    .bind(outcomes)
    .bind(ms(now))
    .bind(Hash::NO_VERSION.0.as_slice())
    .execute(&mut **step)
    .await?;
    // Once: what happens to the record from here on has another message.
    sqlx::query("UPDATE item SET is_annulment = 0 WHERE seq = ? AND is_annulment")
        .bind(seq)
        .execute(&mut **step)
        .await?;
    Ok(())
}

/// The same for every message that was given up, whoever gave it up.
pub(super) async fn keep_released_annulments(
    step: &mut Transaction<'static, Sqlite>,
    now: Timestamp,
) -> Result<()> {
    let released = sqlx::query(
        "SELECT DISTINCT m.seq FROM item i JOIN message m ON m.seq = i.seq \
         WHERE i.is_annulment AND m.state = 'released' ORDER BY m.seq",
    );
    for row in released.fetch_all(&mut **step).await? {
        keep_annulments(step, row.read(0)?, None, now).await?;
    }
    Ok(())
}

impl Outbox {
    /// Notes that the ledger may lack annulments.
    pub(super) async fn may_lack_annulments(&self, journal_is_whole: bool) -> Result<()> {
        let from = match journal_is_whole {
            true => WhereAnnulments::Copies,
            false => WhereAnnulments::AllCopies,
        };
        self.set(ANNULMENTS_TO_FIND, from.as_str()).await
    }

    /// Where annulments are to be looked for that the ledger has lost.
    pub(crate) async fn annulments_to_find(&self) -> Result<Option<WhereAnnulments>> {
        let kept = self.setting(ANNULMENTS_TO_FIND).await?;
        Ok(kept.map(|kept| {
            let known = WhereAnnulments::ALL.into_iter().find(|known| known.as_str() == kept);
            known.unwrap_or(WhereAnnulments::AllCopies)
        }))
    }

    /// Ends the search for annulments that the ledger has lost, `unreadable` copies of which could not be read: what only
    /// the journal knows is noted by its names, so that nothing looks through the ledger for it any more.
    pub(crate) async fn end_search_for_annulments(
        &self,
        unreadable: u64,
        now: Timestamp,
    ) -> Result<()> {
        let unknown = self.unknown_annulments().await?;
        let numbers: Vec<i64> = unknown.iter().map(|annulment| annulment.number).collect();
        let mut step = self.begin().await?;
        sqlx::query("DELETE FROM setting WHERE name = ?")
            .bind(ANNULMENTS_TO_FIND)
            .execute(&mut *step)
            .await?;
        set_numbers(&mut step, &numbers).await?;
        if unreadable > 0 {
            sqlx::query("INSERT INTO operation (at, kind, text) VALUES (?, 'search', ?)")
                .bind(ms(now))
                .bind(format!("copies of messages that cannot be read: {unreadable}"))
                .execute(&mut *step)
                .await?;
        }
        self.commit(step).await
    }

    /// The annulments of which only the journal knows the record, by its names.
    pub(crate) async fn annulled_by_name(&self) -> Result<Vec<JournalledAnnulment>> {
        let Some(numbers) = self.setting(ANNULLED_BY_NAME).await? else { return Ok(Vec::new()) };
        let numbers: Vec<i64> = numbers.split(',').filter_map(|text| text.parse().ok()).collect();
        let mut journal = self.journalled_annulments().await?;
        journal.retain(|annulment| numbers.contains(&annulment.number));
        Ok(journal)
    }

    /// The annulments that operators have made, oldest first.
    pub(crate) async fn journalled_annulments(&self) -> Result<Vec<JournalledAnnulment>> {
        let rows = sqlx::query(
            "SELECT number, text, at FROM operation WHERE kind = 'annul' ORDER BY number",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let text: String = row.read(1)?;
            if let Some((resource_type, rest)) = text.split_once(' ') {
                all.push(JournalledAnnulment {
                    number: row.read(0)?,
                    resource_type: resource_type.to_owned(),
                    rest: rest.to_owned(),
                    at: time(row.read(2)?)?,
                });
            }
        }
        Ok(all)
    }

    /// Annulments in the journal of records that the ledger does not know.
    pub(crate) async fn unknown_annulments(&self) -> Result<Vec<JournalledAnnulment>> {
        let mut journal = self.journalled_annulments().await?;
        let mut known = self.stored_by_names(&journal).await?.into_iter();
        journal.retain(|_| known.next().is_some_and(|found| found.is_empty()));
        Ok(journal)
    }

    /// The confirmed records that go by the names of each annulment. Reads the ledger once, and not at all for an empty
    /// journal.
    async fn stored_by_names(&self, journal: &[JournalledAnnulment]) -> Result<Vec<Vec<Hash>>> {
        let mut found = vec![Vec::new(); journal.len()];
        if journal.is_empty() {
            return Ok(found);
        }
        let names = JournalNames::of(journal);
        let mut after = Vec::new();
        loop {
            let rows = sqlx::query(
                "SELECT s.identity, t.name, s.resource_id, s.source_key FROM stored s \
                 JOIN resource_type t ON t.number = s.resource_type \
                 WHERE s.identity > ? ORDER BY s.identity LIMIT ?",
            )
            .bind(&after)
            .bind(PAGE)
            .fetch_all(&self.pool)
            .await?;
            #[cfg(test)]
            self.rows_by_name.fetch_add(rows.len(), std::sync::atomic::Ordering::Relaxed);
            for row in &rows {
                let (id, key) = (row.read_name(2)?, row.read_name(3)?);
                for at in names.find(row.read(1)?, [id.as_deref(), key.as_deref()]) {
                    found[at].push(hash(row, 0)?);
                }
            }
            match rows.last() {
                Some(last) => after = last.read(0)?,
                None => return Ok(found),
            }
        }
    }

    /// Keeps annulments of which the messages are lost, and that the register had not confirmed: the record is as it was in
    /// the ledger, so nothing else says that it is to be annulled. Gives them.
    pub(super) async fn keep_unconfirmed_annulments(&self) -> Result<Vec<JournalledAnnulment>> {
        let mut found = Vec::new();
        let journal = self.journalled_annulments().await?;
        let stored = self.stored_by_names(&journal).await?;
        for (annulment, identities) in journal.into_iter().zip(stored) {
            let mut step = self.begin().await?;
            let mut count = 0;
            for identity in identities {
                // One that was confirmed later was corrected at the source; a held one was refused; what a message still
                // has is on its way. Its message and the journal have one time; where the copy is left, it goes again.
                count += sqlx::query(
                    "UPDATE stored SET annulled_at = -?2, seq = coalesce((SELECT m.seq FROM message m \
                     JOIN sent_copy c ON c.seq = m.seq WHERE m.made_at = ?2), seq) WHERE identity = ?1 AND annulled_at IS NULL AND at < ?2 \
                     AND identity NOT IN (SELECT identity FROM held) AND identity NOT IN \
                     (SELECT i.identity FROM item i JOIN message m ON m.seq = i.seq WHERE i.is_annulment \
                     AND m.state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped'))",
                )
                .bind(identity.0.as_slice())
                .bind(ms(annulment.at))
                .execute(&mut *step)
                .await?
                .rows_affected();
            }
            self.commit(step).await?;
            if count > 0 {
                found.push(annulment);
            }
        }
        Ok(found)
    }

    /// Gives up open messages of which the resources are lost: their answers cannot be booked, and their data goes with
    /// new ones. What arrived is not stored once more.
    pub(super) async fn release_broken_messages(&self, now: Timestamp) -> Result<()> {
        let mut step = self.begin().await?;
        sqlx::query(
            "UPDATE message SET state = 'released', sealed = NULL, next_attempt = NULL, finished_at = ?1, reason = ?2 \
             WHERE state IN ('planned', 'sending', 'waiting', 'exhausted', 'stopped') \
             AND entries <> (SELECT count(*) FROM item i WHERE i.seq = message.seq)",
        )
        .bind(ms(now))
        .bind(AttemptFailure::GivenUp.to_stored())
        .execute(&mut *step)
        .await?;
        self.commit(step).await
    }

    /// The messages that were delivered and have a copy, oldest first: their numbers, when they were answered, and what
    /// became of each resource, as long as that is remembered.
    pub(crate) async fn delivered_copies(&self) -> Result<Vec<(i64, Timestamp, Option<String>)>> {
        let rows = sqlx::query(
            "SELECT m.seq, coalesce(m.finished_at, m.made_at), i.outcomes FROM sent_copy c \
             JOIN message m ON m.seq = c.seq LEFT JOIN sent_items i ON i.seq = m.seq \
             WHERE m.state = 'delivered' ORDER BY m.seq",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok((row.read(0)?, time(row.read(1)?)?, row.read(2)?))).collect()
    }

    /// Puts records back into the ledger that it has lost, and that are or were annulled. Which version of them the
    /// register has nobody knows any more.
    pub(crate) async fn put_back_annulled(&self, found: &[FoundAnnulment]) -> Result<u64> {
        let mut step = self.begin().await?;
        let mut count = 0;
        for annulment in found {
            let version = Hash::NO_VERSION;
            let annulled_at = annulment.is_annulled.then_some(ms(annulment.at));
            let rows = put_back(&mut step, annulment, version, annulled_at).await?;
            count += if annulment.is_annulled { rows } else { 0 };
        }
        self.commit(step).await?;
        Ok(count)
    }

    /// Takes what the source has of an annulled record for what was annulled, where the ledger does not know the version:
    /// it stays annulled until it has changed from there.
    pub(crate) async fn adopt_annulled_versions(&self, index: &Index) -> Result<()> {
        let rows = sqlx::query(
            "SELECT identity FROM stored WHERE annulled_at IS NOT NULL AND version = ?",
        )
        .bind(Hash::NO_VERSION.0.as_slice())
        .fetch_all(&self.pool)
        .await?;
        let mut found = Vec::new();
        for row in &rows {
            let identity = hash(row, 0)?;
            found.extend(index.version_of(identity).map(|version| (identity, version)));
        }
        if found.is_empty() {
            return Ok(());
        }
        let mut step = self.begin().await?;
        for (identity, version) in found {
            sqlx::query("UPDATE stored SET version = ? WHERE identity = ?")
                .bind(version.0.as_slice())
                .bind(identity.0.as_slice())
                .execute(&mut *step)
                .await?;
        }
        self.commit(step).await
    }

    /// Keeps records of the source annulled that only the journal says were: each with its place in `journal` and its
    /// version. No copy of the annulment is left to send again, so a person is named them. From here on the ledger knows
    /// them, and nothing looks for their names any more.
    pub(crate) async fn keep_annulled_by_name(
        &self,
        journal: &[JournalledAnnulment],
        found: &[(usize, FoundAnnulment, Hash)],
    ) -> Result<u64> {
        let mut step = self.begin().await?;
        let mut count = 0;
        for (_, annulment, version) in found {
            count += put_back(&mut step, annulment, *version, Some(-ms(annulment.at))).await?;
        }
        let is_left = |at: &usize| found.iter().all(|(found, ..)| found != at);
        let left: Vec<i64> =
            (0..journal.len()).filter(is_left).map(|at| journal[at].number).collect();
        set_numbers(&mut step, &left).await?;
        self.commit(step).await?;
        Ok(count)
    }
}

/// Notes of which annulments only the journal knows the record.
async fn set_numbers(step: &mut Transaction<'static, Sqlite>, numbers: &[i64]) -> Result<()> {
    sqlx::query("DELETE FROM setting WHERE name = ?")
        .bind(ANNULLED_BY_NAME)
        .execute(&mut **step)
        .await?;
    if numbers.is_empty() {
        return Ok(());
    }
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    sqlx::query("INSERT INTO setting (name, value) VALUES (?, ?)")
        .bind(ANNULLED_BY_NAME)
        .bind(numbers.join(","))
        .execute(&mut **step)
        .await?;
    Ok(())
}

async fn put_back(
    step: &mut Transaction<'static, Sqlite>,
    found: &FoundAnnulment,
    version: Hash,
    annulled_at: Option<i64>,
) -> Result<u64> {
    sqlx::query("INSERT INTO resource_type (name) VALUES (?) ON CONFLICT (name) DO NOTHING")
        .bind(&found.resource_type)
        .execute(&mut **step)
        .await?;
    let (id, key) = (compact("?5"), compact("?6"));
    let sql = format!(
        "INSERT INTO stored (identity, version, resource_type, seq, at, resource_id, source_key, annulled_at) \
         SELECT ?1, ?2, number, ?3, ?4, {id}, {key}, ?7 FROM resource_type WHERE name = ?8 \
         ON CONFLICT (identity) DO NOTHING"
    );
    let done = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(found.identity.0.as_slice())
        .bind(version.0.as_slice())
        .bind(found.seq)
        .bind(ms(found.at))
        .bind(&found.resource_id)
        .bind(&found.source_key)
        .bind(annulled_at)
        .bind(&found.resource_type)
        .execute(&mut **step)
        .await?;
    Ok(done.rows_affected())
}
