//! Why the outbox could not do its part, and what SQLite says of it in both languages.

use lmr_fhir::Language;
use sqlx::error::DatabaseError as _;
use sqlx::migrate::MigrateError;

/// Why the outbox could not do its part: this installation's matter.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// SQLite or the file system said no.
    #[error("the outbox database: {}", database_text(.0))]
    Database(sqlx::Error),
    /// The file was made by a newer version of the program.
    #[error("the outbox database {}", newer_text(needed.as_deref()))]
    Newer {
        /// The version of the program that the form came with, where the file says it.
        needed: Option<String>,
    },
    /// The file was made by another version of the program.
    #[error(
        "the outbox database has an unknown form ({}): use the version of the program that wrote it; lmr send repair says whether it is damaged", form_text(.0, Language::English)
    )]
    Form(MigrateError),
    /// SQLite's check found a fault.
    #[error(
        "the outbox database is damaged ({0}): lmr send repair says what can be kept, and keeps it with --apply"
    )]
    DamagedFile(String),
    /// A repair failed: what is left is a backup or a new file.
    #[error("the outbox database cannot be repaired ({0})")]
    Irreparable(String),
    /// A row holds what this program never writes.
    #[error(
        "the outbox database is damaged ({0}): lmr send repair says what can be kept; or use a backup"
    )]
    Damaged(&'static str),
    /// The file belongs to another installation.
    #[error(
        "the outbox database was made with another {0}: use that one, or name a new database file \
         (everything since the start date is then sent again)"
    )]
    Foreign(&'static str),
    /// A read-only copy that is not complete by itself.
    #[error(
        "the outbox database cannot be written where it is (a read-only file system, or no room left) and its last \
         changes are in the file beside it (-wal): copy the database and its -wal to a folder that can be written"
    )]
    WriteAheadLog,
    /// A test made the program fail here.
    #[cfg(test)]
    #[error("a failpoint of a test")]
    Failpoint,
}

/// What SQLite says of a database, by its result code (<https://sqlite.org/rescode.html>), with the remedy; nothing
/// for other errors.
#[must_use]
pub fn sqlite_text(
    error: &(dyn std::error::Error + 'static),
    language: Language,
) -> Option<&'static str> {
    let error = error.downcast_ref::<sqlx::Error>()?;
    // A worker of the driver ends where a name in the file's schema is no text any more.
    if matches!(
        error,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::WorkerCrashed
    ) {
        return Some(OutboxError::damaged_text(language));
    }
    let database = error.as_database_error()?;
    let code = database.try_downcast_ref::<sqlx::sqlite::SqliteError>()?.code()?;
    // Extended codes have the primary one in their lowest byte.
    let (nb, en) = match code.parse::<i32>().ok()? & 0xff {
        // No statement of ours breaks a constraint or names what is not there.
        1 | 19 | 20 => (
            "den er ikke slik dette programmet skriver den: lmr send repair sier om den er skadet",
            "it is not as this program writes it: lmr send repair says whether it is damaged",
        ),
        5 | 6 => ("den er låst av et annet program", "another program has locked it"),
        8 => (
            "den kan bare leses: kan denne brukeren skrive i filen og i mappen, og er filsystemet skrivebeskyttet? (En kopi av filen og -wal ved siden av den, i \
             en mappe som kan skrives, kan leses.)",
            "it is read-only: can this user write in the file and in its folder, and is the file system write-protected? (A copy of the file and of the -wal beside it, \
             in a folder that can be written, can be read.)",
        ),
        10 => (
            "den kan ikke leses eller skrives: disken er full, eller den eller filsystemet har en feil",
            "it cannot be read or written: the disk is full, or it or the file system has an error",
        ),
        11 => (
            "den er skadet: lmr send repair sier hva som kan tas vare på, og gjør det med --apply",
            "it is damaged: lmr send repair says what can be kept, and keeps it with --apply",
        ),
        13 => ("disken er full", "the disk is full"),
        14 => (
            "filen kan ikke åpnes: finnes mappen, og kan denne brukeren skrive i den?",
            "the file cannot be opened: is the folder there, and can this user write in it?",
        ),
        26 => (
            "filen er ikke en SQLite-database, eller begynnelsen er skadet: bruk en sikkerhetskopi, eller en ny fil (lmr send repair sier hva som kan leses)",
            "the file is not an SQLite database, or its beginning is damaged: use a backup, or a new file (lmr send repair says what can be read)",
        ),
        _ => return None,
    };
    Some(if language == Language::Bokmal { nb } else { en })
}

/// Why the form of a file is unknown.
#[must_use]
pub fn form_text(error: &MigrateError, language: Language) -> String {
    let is_bokmal = language == Language::Bokmal;
    match error {
        MigrateError::VersionMismatch(step) if is_bokmal => {
            format!("trinn {step} er gjort med en annen tekst enn dette programmets")
        }
        MigrateError::VersionMismatch(step) => {
            format!("step {step} was made by another text than this program's")
        }
        MigrateError::VersionMissing(step) if is_bokmal => {
            format!("trinn {step} er ukjent for dette programmet")
        }
        MigrateError::VersionMissing(step) => format!("this program does not know step {step}"),
        other => other.to_string(),
    }
}

fn newer_text(needed: Option<&str>) -> String {
    let this = env!("CARGO_PKG_VERSION");
    let needed = match needed {
        Some(version) => format!("lmr {version} or newer is needed"),
        None => "use the program that made it, or a newer one".to_owned(),
    };
    format!("has the form of a newer program: {needed} (this is {this}); nothing was changed")
}

pub(super) fn database_text(error: &sqlx::Error) -> String {
    sqlite_text(error, Language::English).map_or_else(|| error.to_string(), str::to_owned)
}

impl OutboxError {
    /// Whether another program has locked the file, so that what it is writing must not be read past it.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // SQLITE_BUSY and SQLITE_LOCKED, with their extended codes.
        matches!(
            code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff),
            Some(5 | 6)
        )
    }

    /// What to do about a damaged file.
    #[must_use]
    pub fn damaged_text(language: Language) -> &'static str {
        match language {
            Language::Bokmal => {
                "den er skadet: lmr send repair sier hva som kan tas vare på, og gjør det med --apply"
            }
            Language::English => {
                "it is damaged: lmr send repair says what can be kept, and keeps it with --apply"
            }
        }
    }
}

impl From<MigrateError> for OutboxError {
    /// A disk that is full while the form is changed is not an unknown form.
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::Database(error)
            }
            other => Self::Form(other),
        }
    }
}

// The sentence has what the cause says, so the cause is not shown once more as a source.
impl From<sqlx::Error> for OutboxError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}
