//! Confirmed resources that a complete source does not hold any more, or in whose place any source has another one.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Sqlite, Transaction};

use super::columns::Columns;
use super::runs::Left;
use super::{Outbox, PAGE, Result, hash, ms, time};
use crate::identity::Hash;
use crate::index::Index;

/// The guide says how to annul these only; the rest is described by them.
const ANNULLED: [&str; 2] = ["MedicationAdministration", "MedicationRequest"];

/// A record that the register has and the source does not any more: it is missing from a complete source, or the source
/// has another record in its place. Leaving it out annuls nothing: only a person knows whether it was deleted or is
/// missing by mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VanishedRow {
    /// Number to annul it by.
    pub number: i64,
    /// Type of the resource.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key.
    pub source_key: Option<String>,
    /// When it was first missed.
    pub since: Timestamp,
    /// When the register last confirmed it.
    pub confirmed_at: Timestamp,
    /// The record that the source has in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
}

/// A record that the source has under the type and id of another one: its identifier was corrected, and the register
/// has both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replacement {
    /// The source's own key of it, where it is known.
    pub source_key: Option<String>,
}

/// How many records have vanished and are not annulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VanishedCount {
    /// All.
    pub(crate) all: u64,
    /// Of these: in whose place the source has another one.
    pub(crate) replaced: u64,
}

/// What is looked for among the records that the register has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VanishedSearch {
    /// Nothing: the source has all of them.
    Nothing,
    /// Those in whose place the source has another one.
    Replaced,
    /// Those, and all others that the source does not have.
    Missing,
}

/// What a look for vanished records has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VanishedNow {
    /// Records that joined the list.
    pub(crate) joined: u64,
    /// Records in whose place the source has another one and that did not join it, now or in transfers since that did not
    /// come to their end: they are most of all, so the source is most likely another one than before.
    pub(crate) of_another_source: u64,
}

/// What is listed, with what the source has in its place.
const VANISHED: &str = "SELECT v.number, t.name, s.resource_id, s.source_key, v.since, s.at, \
     v.replaced_by IS NOT NULL, coalesce(r.source_key, h.source_key) \
     FROM vanished v JOIN stored s ON s.identity = v.identity \
     JOIN resource_type t ON t.number = s.resource_type \
     LEFT JOIN stored r ON r.identity = v.replaced_by LEFT JOIN held h ON h.identity = v.replaced_by";

fn vanished_row(row: &SqliteRow) -> Result<VanishedRow> {
    let is_replaced: bool = row.read(6)?;
    let key = row.read_name(7)?;
    Ok(VanishedRow {
        number: row.read(0)?,
        resource_type: row.read(1)?,
        resource_id: row.read_name(2)?,
        source_key: row.read_name(3)?,
        since: time(row.read(4)?)?,
        confirmed_at: time(row.read(5)?)?,
        replacement: is_replaced.then_some(Replacement { source_key: key }),
    })
}

/// Takes off the list what the source has again, and gives what stays on it with a record in its place.
async fn drop_found_again(
    step: &mut Transaction<'static, Sqlite>,
    index: &Index,
) -> Result<HashSet<Hash>> {
    let mut listed = HashSet::new();
    let rows = sqlx::query("SELECT number, identity, replaced_by IS NOT NULL FROM vanished")
        .fetch_all(&mut **step)
        .await?;
    for row in rows {
        let identity = hash(&row, 1)?;
        if index.position(identity).is_none() {
            if row.read(2)? {
                listed.insert(identity);
            }
        } else {
            sqlx::query("DELETE FROM vanished WHERE number = ?")
                .bind(row.read::<i64>(0)?)
                .execute(&mut **step)
                .await?;
        }
    }
    Ok(listed)
}

/// The records of an index by type, id and the space of the id.
struct ById<'s> {
    hashes: RandomState,
    /// The spaces that its ids are of.
    spaces: HashSet<&'s str>,
    /// Positions; none where two records go by the same, so that neither stands for an earlier one.
    positions: HashMap<u64, Option<u32>>,
}

impl<'s> ById<'s> {
    fn of(index: &Index, id_space: impl Fn(&str) -> Option<&'s str>) -> Self {
        let (hashes, spaces) = (RandomState::new(), HashSet::new());
        let mut all = Self { hashes, spaces, positions: HashMap::new() };
        for at in 0..u32::try_from(index.records.len()).unwrap_or(u32::MAX) {
            let resource_type = &**index.resource_type(at);
            if let Some(id) = index.id(at).filter(|_| ANNULLED.contains(&resource_type))
                && let Some(space) = id_space(index.label(at))
            {
                all.spaces.insert(space);
                match all.positions.entry(all.name(space, resource_type, id)) {
                    Entry::Vacant(place) => drop(place.insert(Some(at))),
                    Entry::Occupied(mut place) => drop(place.insert(None)),
                }
            }
        }
        all
    }

    /// What a type and an id are kept by.
    fn name(&self, space: &str, resource_type: &str, id: &str) -> u64 {
        self.hashes.hash_one((space, resource_type, id))
    }

    fn position(&self, index: &Index, space: &str, resource_type: &str, id: &str) -> Option<u32> {
        let at = (*self.positions.get(&self.name(space, resource_type, id))?)?;
        (index.id(at) == Some(id) && **index.resource_type(at) == *resource_type).then_some(at)
    }
}

impl Outbox {
    /// Brings the list of vanished records up to date: those that are in the source again leave it. Those join it in whose
    /// place the source has another one (of the same type and id, where ids always name the same resource, and with another
    /// key): an identifier was corrected there, and the register has the record under both, which a source that gives
    /// changes only shows in no other way. With [`VanishedSearch::Missing`] all that are missed join it.
    ///
    /// Where most ids of the source's that the register has seem to have other records at once, the source is another one:
    /// nothing joins for that, also not later, since what those ids named is forgotten until the source has those records
    /// again. That it was so is counted until a transfer has come to its end.
    ///
    /// `id_space` is [`Source::id_space`](crate::source::Source::id_space).
    pub(crate) async fn note_vanished<'s>(
        &self,
        index: &Index,
        id_space: impl Fn(&str) -> Option<&'s str>,
        search: VanishedSearch,
        now: Timestamp,
    ) -> Result<VanishedNow> {
        let looks = search != VanishedSearch::Nothing;
        let by_id = ById::of(index, |label| id_space(label).filter(|_| looks));
        let has_spaces = (0..u32::try_from(index.records.len()).unwrap_or(u32::MAX)).any(|at| {
            let is_of_space = || index.id(at).is_some() && id_space(index.label(at)).is_some();
            ANNULLED.contains(&&**index.resource_type(at)) && is_of_space()
        });
        let mut step = self.begin().await?;
        let listed = drop_found_again(&mut step, index).await?;
        let (mut known, mut replaced) = (HashSet::new(), Vec::new());
        let (mut missed, mut after) = (0, Vec::new());
        let may_add = search == VanishedSearch::Missing;
        let mut has_more = may_add || has_spaces;
        while has_more {
            // What was sent before id spaces were noted has none, as what is of a source without stable ids. Where nothing is
            // looked for, those are all that there is to do.
            let rows = sqlx::query(
                "SELECT s.identity, t.name, s.resource_id, g.name FROM stored s \
                 JOIN resource_type t ON t.number = s.resource_type LEFT JOIN id_space g ON g.number = s.id_space \
                 WHERE s.identity > ? AND s.annulled_at IS NULL AND t.name IN (?, ?) AND (? OR s.id_space IS NULL) \
                 ORDER BY s.identity LIMIT ?",
            )
            .bind(&after)
            .bind(ANNULLED[0])
            .bind(ANNULLED[1])
            .bind(looks)
            .bind(PAGE)
            .fetch_all(&mut *step)
            .await?;
            for row in &rows {
                let identity = hash(row, 0)?;
                let (resource_type, id) = (row.read::<&str>(1)?, row.read_name(2)?);
                let space = row.read::<Option<&str>>(3)?;
                let position = index.position(identity);
                if let Some(at) = position
                    && let Some(now) = id_space(index.label(at))
                    && space != Some(now)
                    && id.is_some()
                    && index.id(at) == id.as_deref()
                {
                    note_id_space(&mut step, identity, now).await?;
                }
                // What is of other sources says nothing of this one.
                let named = space.filter(|space| by_id.spaces.contains(space)).zip(id);
                if let Some((space, id)) = &named {
                    known.insert(by_id.name(space, resource_type, id));
                }
                if position.is_some() {
                    continue;
                }
                let found =
                    named.and_then(|(space, id)| by_id.position(index, space, resource_type, &id));
                if let Some(at) = found {
                    replaced.push((identity, at));
                } else if may_add {
                    missed += join(&mut step, identity, now).await?;
                }
            }
            match rows.last() {
                Some(last) => after = last.read(0)?,
                None => has_more = false,
            }
        }
        // What is listed as corrected already was corrected before this transfer, and where an earlier record is back in the
        // place of a later one the source is the one of before again: neither shows another source.
        let mut new = Vec::new();
        for (identity, at) in replaced.iter().filter(|(identity, _)| !listed.contains(identity)) {
            if !is_earlier(&mut step, index.records[*at as usize].identity, *identity).await? {
                new.push(*at);
            }
        }
        let ids: HashSet<u32> = new.iter().copied().collect();
        // One alone may well be corrected.
        let is_another_source = ids.len() > 1 && ids.len() * 2 > known.len();
        let mut joined = missed;
        if is_another_source {
            Left::OfAnotherSource.add(&mut step, new.len()).await?;
        }
        for (identity, at) in &replaced {
            if !is_another_source {
                let by = index.records[*at as usize].identity;
                joined += join_replaced(&mut step, *identity, by, now).await?;
                continue;
            }
            // A single record of the other source would look like a correction at its next change.
            sqlx::query("UPDATE stored SET id_space = NULL WHERE identity = ?")
                .bind(identity.0.as_slice())
                .execute(&mut *step)
                .await?;
            if may_add {
                joined += join(&mut step, *identity, now).await?;
            }
        }
        self.commit(step).await?;
        let of_another_source = self.left(Left::OfAnotherSource).await?;
        Ok(VanishedNow { joined, of_another_source })
    }

    /// What has vanished and is not annulled, oldest first.
    ///
    /// # Errors
    /// [`OutboxError`](super::OutboxError).
    pub async fn vanished(&self) -> Result<Vec<VanishedRow>> {
        let sql = format!("{VANISHED} WHERE s.annulled_at IS NULL ORDER BY v.number");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows.iter().map(vanished_row).collect()
    }

    /// What has vanished, of one identity, annulled or not.
    pub(crate) async fn vanished_of(&self, identity: Hash) -> Result<Option<VanishedRow>> {
        let sql = format!("{VANISHED} WHERE v.identity = ?");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(identity.0.as_slice());
        query.fetch_optional(&self.pool).await?.as_ref().map(vanished_row).transpose()
    }

    /// How many there are.
    pub(crate) async fn vanished_count(&self) -> Result<VanishedCount> {
        let row = sqlx::query(
            "SELECT count(*), count(v.replaced_by) FROM vanished v JOIN stored s ON s.identity = v.identity \
             WHERE s.annulled_at IS NULL",
        )
        .fetch_one(&self.pool)
        .await?;
        let count = |column| -> Result<u64> {
            Ok(u64::try_from(row.read::<i64>(column)?).unwrap_or_default())
        };
        Ok(VanishedCount { all: count(0)?, replaced: count(1)? })
    }
}

/// Notes of a confirmed record, which the source has, the space that its id is of.
async fn note_id_space(
    step: &mut Transaction<'static, Sqlite>,
    identity: Hash,
    space: &str,
) -> Result<()> {
    sqlx::query("INSERT INTO id_space (name) VALUES (?) ON CONFLICT (name) DO NOTHING")
        .bind(space)
        .execute(&mut **step)
        .await?;
    sqlx::query(
        "UPDATE stored SET id_space = (SELECT number FROM id_space WHERE name = ?) WHERE identity = ?",
    )
    .bind(space)
    .bind(identity.0.as_slice())
    .execute(&mut **step)
    .await?;
    Ok(())
}

/// Whether the register has confirmed the one record, and what it has of it came in a message before that of the other.
async fn is_earlier(
    step: &mut Transaction<'static, Sqlite>,
    one: Hash,
    other: Hash,
) -> Result<bool> {
    let row = sqlx::query(
        "SELECT count(*) FROM stored a, stored b WHERE a.identity = ? AND b.identity = ? AND a.seq < b.seq",
    )
    .bind(one.0.as_slice())
    .bind(other.0.as_slice())
    .fetch_one(&mut **step)
    .await?;
    Ok(row.read::<i64>(0)? > 0)
}

/// Puts a record on the list; 1 where it was not on it before.
async fn join(
    step: &mut Transaction<'static, Sqlite>,
    identity: Hash,
    now: Timestamp,
) -> Result<u64> {
    let joined =
        sqlx::query("INSERT INTO vanished (identity, since) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(identity.0.as_slice())
            .bind(ms(now))
            .execute(&mut **step)
            .await?;
    Ok(joined.rows_affected())
}

/// The same of one in whose place the source has another one.
async fn join_replaced(
    step: &mut Transaction<'static, Sqlite>,
    identity: Hash,
    by: Hash,
    now: Timestamp,
) -> Result<u64> {
    let joined = join(step, identity, now).await?;
    sqlx::query("UPDATE vanished SET replaced_by = ? WHERE identity = ?")
        .bind(by.0.as_slice())
        .bind(identity.0.as_slice())
        .execute(&mut **step)
        .await?;
    Ok(joined)
}
