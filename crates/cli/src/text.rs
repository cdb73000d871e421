//! Sentences in bokmål and English, errors that carry one, and the system's own errors in both.
//!
//! An error is made where it is noticed, with both sentences; [`chain`] renders it in the language asked
//! for when it reaches a person. Causes of other crates are rendered by [`cause`].

pub(crate) mod causes;

use std::error::Error;
use std::fmt;
use std::io;

use lmr_fhir::{Bilingual, Language};
use lmr_intake::StoreError;
use lmr_sender::SenderError;
use lmr_storage::{
    OpenError, broken_session, gave_no_session, is_damaged, server_code, sqlite_code,
};

/// A sentence in both languages.
pub(crate) type Text = Bilingual<String>;

/// Makes a [`Text`] from two format strings, bokmål first, with the same arguments.
macro_rules! text {
    ($nb:literal, $en:literal $(, $($argument:tt)*)?) => {
        $crate::text::Text {
            nb: format!($nb $(, $($argument)*)?),
            en: format!($en $(, $($argument)*)?),
        }
    };
}

/// Returns with an error that says this in both languages.
macro_rules! fail {
    ($($argument:tt)*) => {
        return Err($crate::text::failure($crate::text::text!($($argument)*)))
    };
}

pub(crate) use {fail, text};

/// An error in both languages, with its cause where there is one. `Display` is English, as in the log.
#[derive(Debug)]
pub(crate) struct Failure {
    text: Text,
    cause: Option<anyhow::Error>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text.en)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| {
            let cause: &(dyn Error + 'static) = cause.as_ref();
            cause
        })
    }
}

/// An error that says this.
pub(crate) fn failure(text: Text) -> anyhow::Error {
    anyhow::Error::new(Failure { text, cause: None })
}

/// An error that says this of another one.
pub(crate) fn because(cause: anyhow::Error, text: Text) -> anyhow::Error {
    anyhow::Error::new(Failure { text, cause: Some(cause) })
}

/// The same about an argument, for the parser of its value.
pub(crate) fn unusable(text: Text) -> Failure {
    Failure { text, cause: None }
}

/// Says in both languages what could not be done, and keeps why.
pub(crate) trait Explain<T> {
    fn explain(self, text: impl FnOnce() -> Text) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Explain<T> for Result<T, E> {
    fn explain(self, text: impl FnOnce() -> Text) -> anyhow::Result<T> {
        self.map_err(|error| {
            anyhow::Error::new(Failure { text: text(), cause: Some(error.into()) })
        })
    }
}

impl<T> Explain<T> for Option<T> {
    fn explain(self, text: impl FnOnce() -> Text) -> anyhow::Result<T> {
        self.ok_or_else(|| failure(text()))
    }
}

/// An error with its causes, each once: many name their cause in their own text already.
pub(crate) fn chain(error: &anyhow::Error, language: Language) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    let mut english = String::new();
    let of_receiver =
        error.chain().any(|error| error.is::<OpenError>() || error.is::<StoreError>());
    let says_so =
        error.chain().any(|error| matches!(error.downcast_ref(), Some(OpenError::Damaged(_))));
    for error in error.chain() {
        let own = error.to_string();
        if own.is_empty() || (!english.is_empty() && english.contains(&own)) {
            continue;
        }
        english.push_str(&own);
        let text = match of_receiver.then(|| of_database(error, language)).flatten() {
            // It is said already: in English with what SQLite calls it.
            Some(_) if says_so && language == Language::Bokmal => continue,
            Some(_) if says_so => own.clone(),
            Some(text) => text.to_owned(),
            None => cause(error, language),
        };
        // A name alone, before a sentence that begins with it, is said there.
        if let Some((before, _)) = parts.last()
            && own.strip_prefix(before.as_str()).is_some_and(|rest| rest.starts_with([' ', ':']))
        {
            parts.pop();
        }
        parts.push((own, text));
    }
    parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(": ")
}

/// Whether what stopped a service passes by itself: an address that another one has, or that the machine does not have yet, a
/// database that does not answer, another run.
pub(crate) fn is_passing(error: &anyhow::Error) -> bool {
    let is_of_address = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable)
    };
    error.chain().any(|error| {
        lmr_storage::is_passing(error)
            || error.downcast_ref().is_some_and(is_of_address)
            || matches!(error.downcast_ref(), Some(SenderError::Busy(_)))
    })
}

/// What is said of a receiver's database that is not as the program left it. The sender has a repair for its own, which
/// [`lmr_sender::outbox::sqlite_text`] names; the receiver has its backups.
fn of_database(error: &(dyn Error + 'static), language: Language) -> Option<&'static str> {
    let (nb, en) = match sqlite_code(error) {
        _ if is_damaged(error) => (
            "den er skadet: gjenopprett den fra sikkerhetskopien",
            "it is damaged: restore it from its backup",
        ),
        // No statement of ours breaks a constraint or names what is not there.
        Some(1 | 19 | 20) => (
            "den er ikke slik dette programmet skriver den: er den skadet, gjenopprett den fra sikkerhetskopien",
            "it is not as this program writes it: if it is damaged, restore it from its backup",
        ),
        Some(26) => (
            "filen er ikke en SQLite-database, eller begynnelsen er skadet: gjenopprett den fra sikkerhetskopien",
            "the file is not an SQLite database, or its beginning is damaged: restore it from its backup",
        ),
        _ => return None,
    };
    Some(match language {
        Language::Bokmal => nb,
        Language::English => en,
    })
}

/// One error of a chain in a language. What has no sentence of its own in bokmål stays as it is.
fn cause(error: &(dyn Error + 'static), language: Language) -> String {
    own_text(error, language).unwrap_or_else(|| error.to_string())
}

/// An error in bokmål, where it has a sentence of its own.
pub(crate) fn in_bokmal(error: &(dyn Error + 'static)) -> Option<String> {
    own_text(error, Language::Bokmal)
}

fn own_text(error: &(dyn Error + 'static), language: Language) -> Option<String> {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return Some(failure.text.get(language).clone());
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return Some(io_error(error, language));
    }
    if let Some(text) = lmr_sender::outbox::sqlite_text(error, language) {
        return Some(text.to_owned());
    }
    if let Some(text) = of_server(error, language) {
        return Some(text);
    }
    match language {
        Language::Bokmal => session(error).or_else(|| causes::in_bokmal(error)),
        Language::English => None,
    }
}

/// What a PostgreSQL server refuses, by its code (<https://www.postgresql.org/docs/current/errcodes-appendix.html>), with the
/// remedy.
fn of_server(error: &(dyn Error + 'static), language: Language) -> Option<String> {
    let (code, own) = server_code(error)?;
    let (nb, en) = match code {
        "28P01" | "28000" => (
            "serveren slapp ikke brukeren inn: navnet, passordet (~/.pgpass, som bare eieren kan lese) eller pg_hba.conf er \
             galt",
            "the server did not let the user in: the name, the password (~/.pgpass, which only its owner may read) or \
             pg_hba.conf is wrong",
        ),
        "3D000" => (
            "serveren har ingen database med dette navnet: rett adressen, eller lag den (createdb)",
            "the server has no database of this name: correct the address, or make it (createdb)",
        ),
        "42501" => (
            "rollen har ikke rettighetene som trengs: se «PostgreSQL: rettigheter» i docs/nb/operations.md",
            "the role does not have the rights that are needed: see “PostgreSQL: rights” in docs/operations.md",
        ),
        _ => return None,
    };
    // The server's own words name the user, the database or the table.
    Some(match language {
        Language::Bokmal => format!("{nb} ({own})"),
        Language::English => format!("{en} ({own})"),
    })
}

/// In bokmål what came between here and a server with a database.
fn session(error: &(dyn Error + 'static)) -> Option<String> {
    if gave_no_session(error) {
        return Some("den ga ingen forbindelse i tide".to_owned());
    }
    let error = broken_session(error)?;
    Some(match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
            "forbindelsen ble brutt".to_owned()
        }
        _ if error.to_string().starts_with("failed to lookup address") => {
            "navnet på maskinen er ukjent, eller navnetjenesten svarer ikke".to_owned()
        }
        _ => io_error(error, Language::Bokmal),
    })
}

/// What the operating system says, in a language; without its number.
pub(crate) fn io_error(error: &io::Error, language: Language) -> String {
    // An error that a library wraps has a text of its own.
    if error.get_ref().is_some() {
        return error.to_string();
    }
    let (nb, en) = match error.kind() {
        io::ErrorKind::NotFound => ("finnes ikke", "does not exist"),
        io::ErrorKind::PermissionDenied => {
            ("denne brukeren har ikke tilgang", "this user has no access")
        }
        io::ErrorKind::AlreadyExists => ("finnes fra før", "exists already"),
        io::ErrorKind::AddrInUse => (
            "adressen er i bruk: avslutt det som bruker den, eller velg en annen port",
            "the address is in use: end what uses it, or choose another port",
        ),
        io::ErrorKind::AddrNotAvailable => {
            ("maskinen har ikke denne adressen", "this machine does not have the address")
        }
        io::ErrorKind::ConnectionRefused => {
            ("ingenting svarer på adressen", "nothing answers at the address")
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            ("forbindelsen ble brutt", "the connection broke")
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            ("det er ingen vei til adressen", "there is no way to the address")
        }
        io::ErrorKind::TimedOut => ("det kom ikke svar i tide", "no answer in time"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ("disken er full", "the disk is full")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            ("filsystemet kan bare leses", "the file system is read-only")
        }
        io::ErrorKind::IsADirectory => ("er en mappe", "is a folder"),
        io::ErrorKind::NotADirectory => ("er ikke en mappe", "is not a folder"),
        io::ErrorKind::FileTooLarge => ("filen er for stor", "the file is too large"),
        io::ErrorKind::InvalidFilename => ("navnet kan ikke brukes", "the name cannot be used"),
        io::ErrorKind::InvalidData => (
            "er ikke tekst i UTF-8: lagre filen som UTF-8",
            "is not text in UTF-8: save the file as UTF-8",
        ),
        _ => return error.to_string(),
    };
    match language {
        Language::Bokmal => nb,
        Language::English => en,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_in_one_language_and_names_each_cause_once() {
        let missing = std::fs::read("/no/such/file")
            .explain(|| text!("kan ikke lese {file}", "cannot read {file}", file = "nøkkelen"));
        let error = missing.explain(|| text!("mottaket", "the receiver")).expect_err("no file");
        assert_eq!(
            chain(&error, Language::Bokmal),
            "mottaket: kan ikke lese nøkkelen: finnes ikke"
        );
        assert_eq!(
            chain(&error, Language::English),
            "the receiver: cannot read nøkkelen: does not exist"
        );
        let twice = Err::<(), _>(io::Error::other("broken"))
            .explain(|| text!("lageret: broken", "the store: broken"));
        assert_eq!(chain(&twice.expect_err("broken"), Language::English), "the store: broken");
    }

    #[test]
    fn what_passes_by_itself_is_known_under_its_explanations() {
        let explained = |error: anyhow::Error| {
            Err::<(), _>(error).explain(|| text!("a", "a")).expect_err("an error")
        };
        for (kind, passes) in [
            (io::ErrorKind::AddrInUse, true),
            (io::ErrorKind::AddrNotAvailable, true),
            (io::ErrorKind::PermissionDenied, false),
            (io::ErrorKind::NotFound, false),
        ] {
            let error = explained(io::Error::from(kind).into());
            assert_eq!(is_passing(&error), passes, "{kind}");
        }
        let away = io::Error::from(io::ErrorKind::ConnectionRefused);
        let away = OpenError::Unavailable(sqlx::Error::Io(away));
        assert!(is_passing(&explained(away.into())));
        assert!(is_passing(&explained(SenderError::Busy("x".into()).into())));
        assert!(!is_passing(&explained(OpenError::WrongKey.into())));
    }

    #[test]
    fn a_server_that_cannot_be_reached_is_spoken_of_in_bokmal() {
        for kind in [
            io::ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::UnexpectedEof,
            io::ErrorKind::TimedOut,
            io::ErrorKind::HostUnreachable,
        ] {
            let error = OpenError::Unavailable(sqlx::Error::Io(kind.into())).into();
            let said = chain(&error, Language::Bokmal);
            let reason = said.strip_prefix("databasen kan ikke åpnes: ").unwrap_or_default();
            assert!(!reason.is_empty() && !reason.contains(&kind.to_string()), "{said}");
            assert!(!said.contains("error"), "{said}");
        }
        let unknown = "failed to lookup address information: Name or service not known";
        for error in [sqlx::Error::Io(io::Error::other(unknown)), sqlx::Error::PoolTimedOut] {
            let said = chain(&OpenError::Unavailable(error).into(), Language::Bokmal);
            assert!(!said.contains("failed") && !said.contains("timed out"), "{said}");
        }
    }

    /// With the errors that SQLite itself gives of such files.
    #[test]
    fn a_receivers_damaged_database_has_a_backup_and_no_repair() {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.db");
        let error_of = |sql: &'static str| {
            runtime.block_on(async {
                use sqlx::ConnectOptions as _;
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
                let mut session = options.create_if_missing(true).connect().await?;
                sqlx::raw_sql(sql).execute(&mut session).await
            })
        };
        error_of("CREATE TABLE t (a INTEGER NOT NULL)").expect("a table");
        let mut errors = vec![
            error_of("SELECT * FROM missing").expect_err("no table"),
            error_of("INSERT INTO t VALUES (NULL)").expect_err("a constraint"),
        ];
        let mut bytes = std::fs::read(&path).expect("read");
        bytes[100..].fill(0xff);
        std::fs::write(&path, &bytes).expect("written");
        errors.push(error_of("SELECT * FROM t").expect_err("damaged"));
        std::fs::write(&path, "no database at all ".repeat(100)).expect("written");
        errors.push(error_of("SELECT * FROM t").expect_err("no database"));
        for (error, code) in errors.into_iter().zip([1, 19, 11, 26]) {
            assert_eq!(sqlite_code(&error), Some(code), "{error}");
            let own = error.to_string();
            let error = OpenError::from(error).into();
            let (nb, en) = (chain(&error, Language::Bokmal), chain(&error, Language::English));
            assert!(nb.contains("gjenopprett den fra sikkerhetskopien"), "{nb}");
            assert!(en.contains("restore it from its backup"), "{en}");
            assert!(!nb.contains(&own) && !nb.contains("send repair"), "{nb}");
            assert!(!en.contains("send repair"), "{en}");
        }
    }

    #[test]
    fn every_error_that_the_system_often_gives_is_in_both_languages() {
        // Numbers of Linux and macOS: ENOENT, EACCES, EEXIST, ENOSPC, EISDIR, ENOTDIR.
        for number in [2, 13, 17, 28, 21, 20] {
            let error = io::Error::from_raw_os_error(number);
            let (nb, en) =
                (io_error(&error, Language::Bokmal), io_error(&error, Language::English));
            assert!(nb != en && !nb.contains("os error") && !en.contains("os error"), "{nb} {en}");
        }
    }
}
