//! What a daemon could not read again: it goes on with what it had, so that nothing else says so until it is restarted.

use jiff::Timestamp;
use lmr_fhir::{Bilingual, Language};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use super::columns::Columns;
use super::{Outbox, OutboxError, Result};

/// What a daemon reads again while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reread {
    /// The configuration and all it names, when it is asked to.
    Configuration,
    /// Keys and certificates, before each run.
    Keys,
    /// The listener for monitors, opened again with another configuration.
    Monitor,
}

impl Reread {
    /// Everything.
    pub const ALL: [Self; 3] = [Self::Configuration, Self::Keys, Self::Monitor];

    /// Its name in metrics and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Keys => "keys",
            Self::Monitor => "monitor",
        }
    }

    /// Under this name the outbox has why it failed.
    fn setting(self) -> &'static str {
        match self {
            Self::Configuration => "daemon-failure configuration",
            Self::Keys => "daemon-failure keys",
            Self::Monitor => "daemon-failure monitor",
        }
    }
}

/// Something that a daemon could not read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonFailure {
    /// What.
    pub what: Reread,
    /// Since when.
    pub since: Timestamp,
    nb: String,
    en: String,
}

impl DaemonFailure {
    /// Why.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Bokmal => &self.nb,
            Language::English => &self.en,
        }
    }
}

impl Outbox {
    /// Notes why something could not be read again, or that it was.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn note_reread(
        &self,
        what: Reread,
        failure: Option<Bilingual<String>>,
        now: Timestamp,
    ) -> Result<()> {
        let known = self.daemon_failures().await?.into_iter().find(|known| known.what == what);
        let Some(Bilingual { nb, en }) = failure else {
            if known.is_none() {
                return Ok(());
            }
            let mut step = self.begin().await?;
            forget(&mut step, what).await?;
            return self.commit(step).await;
        };
        let since = known.map_or(now, |known| known.since.min(now));
        let failure = DaemonFailure { what, since, nb, en };
        let text = serde_json::to_string(&failure)
            .map_err(|_| OutboxError::Damaged("a failure of the daemon cannot be written"))?;
        self.set(what.setting(), &text).await
    }

    /// What the daemon could not read again, and has not since. It is only shown, so what cannot be read is none.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn daemon_failures(&self) -> Result<Vec<DaemonFailure>> {
        let sql = "SELECT value FROM setting WHERE name LIKE 'daemon-failure %' ORDER BY name";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        let failure = |row: &SqliteRow| serde_json::from_str(row.read::<&str>(0).ok()?).ok();
        Ok(rows.iter().filter_map(failure).collect())
    }

    /// Forgets what a daemon could not read again: one has read everything, or there is none.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn forget_daemon_failures(&self) -> Result<()> {
        if self.daemon_failures().await?.is_empty() {
            return Ok(());
        }
        let mut step = self.begin().await?;
        for what in Reread::ALL {
            forget(&mut step, what).await?;
        }
        self.commit(step).await
    }
}

async fn forget(step: &mut Transaction<'static, Sqlite>, what: Reread) -> Result<()> {
    sqlx::query("DELETE FROM setting WHERE name = ?")
        .bind(what.setting())
        .execute(&mut **step)
        .await?;
    Ok(())
}
