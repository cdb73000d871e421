//! What is held back: why, since when, what waits for it, and when it is let go.

use std::collections::HashMap;

use jiff::Timestamp;
use lmr_fhir::Language;
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::columns::Columns;
use super::{Item, Outbox, OutboxError, Result, hash, ms, time};
use crate::identity::Hash;
use crate::index::Index;

/// Who found what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The check before sending.
    Check,
    /// The register.
    Register,
}

impl Origin {
    fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Register => "register",
        }
    }
}

/// What refuses a held resource. No text repeats the resource's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFinding {
    /// `LMR-nnnn`; `None` when the register gave none.
    pub code: Option<String>,
    /// FHIRPath from the resource.
    pub path: Option<String>,
    /// What is wrong, in bokmål.
    pub text_nb: String,
    /// What is wrong, in English.
    pub text_en: String,
}

/// Codes that say that something is in the future: whether it is depends on when one looks, and on two
/// clocks. EnvelopeInFuture, AdministeredInFuture, BirthDateInFuture, OrderedInFuture,
/// BundleTimestampInFuture.
const CLOCK_CODES: [&str; 5] = ["LMR-2010", "LMR-6020", "LMR-6022", "LMR-6025", "LMR-6026"];

impl HeldFinding {
    /// Whether it may be gone later without any change.
    #[must_use]
    pub fn depends_on_clock(&self) -> bool {
        self.code.as_deref().is_some_and(|code| CLOCK_CODES.contains(&code))
    }

    /// The sentence.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Bokmal => &self.text_nb,
            Language::English => &self.text_en,
        }
    }
}

/// Whether everything that is wrong may be gone later without any change.
pub(super) fn depend_on_clock(findings: &[HeldFinding]) -> bool {
    !findings.is_empty() && findings.iter().all(HeldFinding::depends_on_clock)
}

/// A resource that is held until it changes or is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldRow {
    /// Number to release it by.
    pub number: i64,
    /// Type of the resource.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key: its first business identifier, unless that is a person's number.
    pub source_key: Option<String>,
    /// File below the source folder.
    pub file: String,
    /// Line from 1.
    pub line: u32,
    /// Since when.
    pub since: Timestamp,
    /// Who found it.
    pub origin: Origin,
    /// Everything that is wrong depends on the time: every transfer tries it again.
    pub depends_on_clock: bool,
    /// The message it was refused in, if the register refused it.
    pub message_id: Option<String>,
    /// What is wrong.
    pub findings: Vec<HeldFinding>,
    /// How many correct resources wait for it.
    pub waiting: u64,
    /// An operator has decided not to send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discarded: Option<Discard>,
    #[serde(skip)]
    pub(crate) identity: Hash,
}

/// How many resources are held, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldCount {
    /// Until they change at the source or are released. What lies ahead by the clock here is among them: most likely
    /// its date is wrong.
    pub(crate) held: u64,
    /// The check here has found them in order, and the register refuses them only because they lie ahead by its
    /// clock. Each transfer tries them again, and nothing needs to be corrected at the source.
    pub(crate) not_yet: u64,
}

/// An operator's decision not to send a record. It holds until the record changes at the source or is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Discard {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub operator: String,
    /// Why.
    pub reason: String,
}

/// A correct resource that waits because it refers to a held one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingRow {
    /// Number of the held resource.
    pub held: i64,
    /// Type of the resource that waits.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key.
    pub source_key: Option<String>,
    /// File below the source folder.
    pub file: String,
    /// Line from 1.
    pub line: u32,
}

/// What a release let go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Released {
    /// Refused by the register: sent again with the next transfer.
    pub refused_by_register: u64,
    /// Found by the check before sending: checked again, and held again if nothing has changed.
    pub found_by_check: u64,
    /// Of these: discarded before.
    pub discarded: u64,
    /// They stay listed until the source, which gives changes only, gives them again.
    pub stay_listed: bool,
}

impl Released {
    /// All of them.
    #[must_use]
    pub fn total(self) -> u64 {
        self.refused_by_register + self.found_by_check
    }
}

/// Under this name the outbox has what decided on what is held, apart from the data.
const CHECKED_WITH: &str = "checked-with";
/// Under this name the outbox has that the last source it was compared with gives changes only.
pub(super) const GIVES_CHANGES: &str = "gives-changes";
/// Most waiting resources that are listed; the counts are of all.
const MAX_WAITING: usize = 10_000;

/// Values by resource type and id.
type ById<T> = HashMap<String, HashMap<String, T>>;

impl Outbox {
    /// Holds resources back that the check here has found faulty.
    pub(crate) async fn hold(
        &self,
        held: &[(Item, Vec<HeldFinding>)],
        now: Timestamp,
    ) -> Result<()> {
        let mut step = self.begin().await?;
        for (item, findings) in held {
            hold(&mut step, item, Origin::Check, None, findings, now).await?;
        }
        self.commit(step).await
    }

    /// Lets go of what is held for resources that have changed since, and, where the source is complete,
    /// for those it does not hold any more.
    pub(crate) async fn drop_corrected(&self, index: &Index, is_complete: bool) -> Result<()> {
        let mut step = self.begin().await?;
        let rows =
            sqlx::query("SELECT number, identity, version FROM held").fetch_all(&mut *step).await?;
        for row in rows {
            let is_current = match index.version_of(hash(&row, 1)?) {
                Some(version) => version == hash(&row, 2)?,
                None => !is_complete,
            };
            if !is_current {
                let number: i64 = row.read(0)?;
                sqlx::query("DELETE FROM held WHERE number = ?")
                    .bind(number)
                    .execute(&mut *step)
                    .await?;
            }
        }
        self.commit(step).await
    }

    /// Lets go of held rows whose identifiers the source has corrected: it now gives a resource with the same type and id
    /// and other identifiers. Only where ids are stable; `id_space` is [`Source::id_space`](crate::source::Source::id_space).
    /// A source that gives changes only has no other way to show it.
    pub(crate) async fn drop_replaced<'s>(
        &self,
        index: &Index,
        id_space: impl Fn(&str) -> Option<&'s str>,
    ) -> Result<()> {
        let mut step = self.begin().await?;
        let rows = sqlx::query(
            "SELECT number, identity, resource_type, resource_id, file FROM held WHERE resource_id IS NOT NULL",
        )
        .fetch_all(&mut *step)
        .await?;
        // Row numbers, each with the space of its id.
        let mut sought: ById<Vec<(i64, &str)>> = HashMap::new();
        for row in rows {
            let space = id_space(&row.read::<String>(4)?);
            if let Some(space) = space
                && index.position(hash(&row, 1)?).is_none()
            {
                let of_type = sought.entry(row.read(2)?).or_default();
                of_type.entry(row.read(3)?).or_default().push((row.read(0)?, space));
            }
        }
        if sought.is_empty() {
            return Ok(());
        }
        for at in 0..u32::try_from(index.records.len()).unwrap_or(u32::MAX) {
            let Some(of_type) = sought.get(&**index.resource_type(at)) else { continue };
            let Some(same) = index.id(at).and_then(|id| of_type.get(id)) else { continue };
            let space = id_space(index.label(at));
            for (number, _) in same.iter().filter(|(_, held_in)| space == Some(*held_in)) {
                sqlx::query("DELETE FROM held WHERE number = ?")
                    .bind(*number)
                    .execute(&mut *step)
                    .await?;
            }
        }
        self.commit(step).await
    }

    /// Lets go of what is to be checked again: what only a clock kept back, and everything where it was found by other
    /// rules or another configuration than now. What an incremental source does not repeat stays held, since nothing
    /// else would show it any more; found by other rules, it is checked again as soon as the source gives it. Returns
    /// how many were let go.
    pub(crate) async fn drop_to_reexamine(
        &self,
        index: &Index,
        is_complete: bool,
        fingerprint: &str,
    ) -> Result<u64> {
        let other_rules = self.setting(CHECKED_WITH).await?.as_deref() != Some(fingerprint);
        let gave_changes = self.setting(GIVES_CHANGES).await?.is_some();
        let mut step = self.begin().await?;
        if gave_changes == is_complete {
            let sql = match is_complete {
                true => "DELETE FROM setting WHERE name = ?",
                false => "INSERT INTO setting (name, value) VALUES (?, 'yes')",
            };
            sqlx::query(sql).bind(GIVES_CHANGES).execute(&mut *step).await?;
        }
        let rows = sqlx::query(
            "SELECT number, identity FROM held WHERE discarded_at IS NULL AND (?1 OR depends_on_clock)",
        )
        .bind(other_rules)
        .fetch_all(&mut *step)
        .await?;
        let mut dropped = 0;
        for row in rows {
            let number: i64 = row.read(0)?;
            if is_complete || index.position(hash(&row, 1)?).is_some() {
                sqlx::query("DELETE FROM held WHERE number = ?")
                    .bind(number)
                    .execute(&mut *step)
                    .await?;
                dropped += 1;
            } else if other_rules {
                sqlx::query("UPDATE held SET version = ? WHERE number = ?")
                    .bind(Hash::NO_VERSION.0.as_slice())
                    .bind(number)
                    .execute(&mut *step)
                    .await?;
            }
        }
        if other_rules {
            sqlx::query(
                "INSERT INTO setting (name, value) VALUES (?1, ?2) \
                 ON CONFLICT (name) DO UPDATE SET value = ?2",
            )
            .bind(CHECKED_WITH)
            .bind(fingerprint)
            .execute(&mut *step)
            .await?;
        }
        self.commit(step).await?;
        Ok(dropped)
    }

    /// Replaces the list of what waits: each with the identity of the held resource.
    pub(crate) async fn set_waiting(&self, waiting: &[(Item, Hash)]) -> Result<()> {
        let mut step = self.begin().await?;
        sqlx::query("DELETE FROM waiting").execute(&mut *step).await?;
        for (item, held) in waiting.iter().take(MAX_WAITING) {
            sqlx::query(
                "INSERT INTO waiting (identity, held, resource_type, resource_id, source_key, file, line) \
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (identity) DO NOTHING",
            )
            .bind(item.identity.0.as_slice())
            .bind(held.0.as_slice())
            .bind(&item.resource_type)
            .bind(&item.resource_id)
            .bind(&item.source_key)
            .bind(&item.file)
            .bind(i64::from(item.line))
            .execute(&mut *step)
            .await?;
        }
        self.commit(step).await
    }

    /// What is held and not discarded, oldest first.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn held(&self) -> Result<Vec<HeldRow>> {
        let mut connection = self.pool.acquire().await?;
        let mut all = all_held(&mut connection).await?;
        all.retain(|row| row.discarded.is_none());
        Ok(all)
    }

    /// What an operator has discarded, oldest first.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn discarded(&self) -> Result<Vec<HeldRow>> {
        let mut connection = self.pool.acquire().await?;
        let mut all = all_held(&mut connection).await?;
        all.retain(|row| row.discarded.is_some());
        Ok(all)
    }

    /// What waits for held resources, by the number of the held one.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn waiting(&self) -> Result<Vec<WaitingRow>> {
        sqlx::query(
            "SELECT h.number, w.resource_type, w.resource_id, w.source_key, w.file, w.line \
             FROM waiting w JOIN held h ON h.identity = w.held ORDER BY h.number, w.file, w.line",
        )
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| {
            Ok(WaitingRow {
                held: row.read(0)?,
                resource_type: row.read(1)?,
                resource_id: row.read(2)?,
                source_key: row.read(3)?,
                file: row.read(4)?,
                line: u32::try_from(row.read::<i64>(5)?).unwrap_or_default(),
            })
        })
        .collect()
    }

    /// How many resources wait for held ones: what the register has refused keeps others back from that moment on.
    pub(crate) async fn waiting_count(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM waiting w JOIN held h ON h.identity = w.held";
        let row = sqlx::query(sql).fetch_one(&self.pool).await?;
        Ok(u64::try_from(row.read::<i64>(0)?).unwrap_or_default())
    }

    /// The versions that are held.
    pub(crate) async fn held_versions(&self) -> Result<Vec<Hash>> {
        sqlx::query("SELECT version FROM held")
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(|row| hash(row, 0))
            .collect()
    }

    /// How many resources are held.
    pub(crate) async fn held_count(&self) -> Result<HeldCount> {
        let row = sqlx::query(
            "SELECT count(*), count(CASE WHEN depends_on_clock AND origin = 'register' THEN 1 END) \
             FROM held WHERE discarded_at IS NULL",
        )
        .fetch_one(&self.pool)
        .await?;
        let count = |column| -> Result<u64> {
            Ok(u64::try_from(row.read::<i64>(column)?).unwrap_or_default())
        };
        let (all, not_yet) = (count(0)?, count(1)?);
        Ok(HeldCount { held: all.saturating_sub(not_yet), not_yet })
    }
}

impl Outbox {
    /// A page of what is held, by number.
    pub(crate) async fn held_after(&self, number: i64, limit: i64) -> Result<Vec<HeldRow>> {
        let mut connection = self.pool.acquire().await?;
        held_page(&mut connection, number, limit).await
    }
}

/// Everything held, the discarded too, oldest first.
pub(super) async fn all_held(connection: &mut SqliteConnection) -> Result<Vec<HeldRow>> {
    held_page(connection, i64::MIN, i64::MAX).await
}

async fn held_page(
    connection: &mut SqliteConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<HeldRow>> {
    sqlx::query(
        "SELECT number, resource_type, resource_id, file, line, since, origin, message_id, issues, \
           source_key, depends_on_clock, identity, \
           (SELECT count(*) FROM waiting w WHERE w.held = held.identity), \
           discarded_at, discarded_by, discard_reason \
         FROM held WHERE number > ? ORDER BY number LIMIT ?",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        let is_check = row.read::<&str>(6)? == "check";
        let discarded = row.read::<Option<i64>>(13)?.map(time).transpose()?;
        Ok(HeldRow {
            number: row.read(0)?,
            resource_type: row.read(1)?,
            resource_id: row.read(2)?,
            source_key: row.read(9)?,
            file: row.read(3)?,
            line: u32::try_from(row.read::<i64>(4)?).unwrap_or_default(),
            since: time(row.read(5)?)?,
            origin: if is_check { Origin::Check } else { Origin::Register },
            depends_on_clock: row.read(10)?,
            message_id: row.read(7)?,
            findings: serde_json::from_str(row.read(8)?)
                .map_err(|_| OutboxError::Damaged("findings that cannot be read"))?,
            waiting: u64::try_from(row.read::<i64>(12)?).unwrap_or_default(),
            discarded: match discarded {
                None => None,
                Some(at) => Some(Discard {
                    at,
                    operator: row.read::<Option<String>>(14)?.unwrap_or_default(),
                    reason: row.read::<Option<String>>(15)?.unwrap_or_default(),
                }),
            },
            identity: hash(row, 11)?,
        })
    })
    .collect()
}

/// Holds one resource. What was held for it before is replaced; the same version keeps its date,
/// and stays discarded.
pub(super) async fn hold(
    step: &mut Transaction<'static, Sqlite>,
    item: &Item,
    origin: Origin,
    message_id: Option<&str>,
    findings: &[HeldFinding],
    now: Timestamp,
) -> Result<()> {
    let depends_on_clock = depend_on_clock(findings);
    let findings = serde_json::to_string(findings)
        .map_err(|_| OutboxError::Damaged("findings cannot be written"))?;
    let before = sqlx::query(
        "SELECT since, discarded_at, discarded_by, discard_reason FROM held \
         WHERE identity = ? AND version = ?",
    )
    .bind(item.identity.0.as_slice())
    .bind(item.version.0.as_slice())
    .fetch_optional(&mut **step)
    .await?;
    let (mut since, mut discard) = (ms(now), (None, None, None));
    if let Some(row) = &before {
        since = row.read(0)?;
        discard = (
            row.read::<Option<i64>>(1)?,
            row.read::<Option<String>>(2)?,
            row.read::<Option<String>>(3)?,
        );
    }
    sqlx::query("DELETE FROM held WHERE identity = ?")
        .bind(item.identity.0.as_slice())
        .execute(&mut **step)
        .await?;
    sqlx::query(
        "INSERT INTO held (identity, version, resource_type, resource_id, source_key, file, line, since, \
         origin, message_id, issues, depends_on_clock, discarded_at, discarded_by, discard_reason) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(item.identity.0.as_slice())
    .bind(item.version.0.as_slice())
    .bind(&item.resource_type)
    .bind(&item.resource_id)
    .bind(&item.source_key)
    .bind(&item.file)
    .bind(i64::from(item.line))
    .bind(since)
    .bind(origin.as_str())
    .bind(message_id)
    .bind(findings)
    .bind(depends_on_clock)
    .bind(discard.0)
    .bind(discard.1)
    .bind(discard.2)
    .execute(&mut **step)
    .await?;
    Ok(())
}
