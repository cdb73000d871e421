//! Rows of Microsoft SQL Server, by the protocol TDS.

use std::sync::mpsc::SyncSender;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use jiff::civil::{Date, date};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};
use reqwest::Url;
use tiberius::error::{Error, IoErrorKind};
use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel, QueryItem};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use super::{Sent, SqlValue, without_quoted};
use crate::attempt::ConnectionFailure;
use crate::source::FileError;

/// Longest wait for the connection and the login.
const CONNECT: Duration = Duration::from_secs(30);
/// Longest silence in the middle of a query. A query of a whole journal may sort and join for a long time before its
/// first row, so this only finds a connection that is gone.
const SILENCE: Duration = Duration::from_secs(60 * 60);
/// Of every number of an error that names things and no value of a row: its sentence is repeated as it is. Syntax,
/// unknown objects, columns and databases, missing rights, a refused login
/// (<https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors>).
const NAMING: [u32; 12] = [102, 105, 156, 195, 207, 208, 209, 229, 911, 916, 4060, 18456];

/// Whether an address is one of Microsoft SQL Server.
pub(super) fn is_address(url: &str) -> bool {
    url.starts_with("mssql:") || url.starts_with("sqlserver:")
}

/// The time from which changes are wanted, as a literal that every type with a time can be compared with.
pub(super) fn since_literal(since: Timestamp) -> String {
    format!("CAST('{}' AS datetimeoffset)", since.strftime("%Y-%m-%dT%H:%M:%S+00:00"))
}

/// What an address says, `mssql://user@host:1433/database?encrypt=…`, with the password.
struct Address {
    config: Config,
    host: String,
    port: u16,
}

impl Address {
    fn parse(url: &str, password: Option<String>) -> Result<Self, FileError> {
        let wrong = |reason: &str| FileError::DatabaseAddress { reason: reason.to_owned() };
        let url = Url::parse(url).map_err(|_| wrong("mssql://user@host/database"))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("mssql://user@host/database"))?.to_owned();
        if url.password().is_some() {
            return Err(FileError::PasswordInAddress);
        }
        let port = url.port().unwrap_or(1433);
        let mut config = Config::new();
        config.host(&host);
        config.port(port);
        config.application_name("lmr");
        // A read-only replica, where there is one, answers.
        config.readonly(true);
        config.handshake_timeout(Some(CONNECT));
        config.command_timeout(Some(SILENCE));
        let database = url.path().trim_matches('/');
        if !database.is_empty() {
            config.database(percent_decoded(database));
        }
        config.encryption(EncryptionLevel::Required);
        let (mut trusts_any, mut authority) = (false, None);
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("encrypt", "true" | "mandatory") => {}
                ("encrypt", "strict") => config.encryption(EncryptionLevel::Strict),
                ("encrypt", "false" | "optional") => {
                    config.encryption(EncryptionLevel::NotSupported);
                }
                ("trustServerCertificate", "false") => {}
                ("trustServerCertificate", "true") => trusts_any = true,
                ("hostNameInCertificate", name) => config.hostname_in_certificate(name),
                ("sslrootcert", file) => {
                    let pem = std::fs::read(file).map_err(|error| FileError::DatabaseAddress {
                        reason: format!("sslrootcert={file}: {error}"),
                    })?;
                    authority = Some(pem);
                }
                // A password there is never repeated, and neither is what only looks like a parameter.
                (name, _)
                    if ["password", "pwd"].iter().any(|known| name.eq_ignore_ascii_case(known)) =>
                {
                    return Err(FileError::PasswordInAddress);
                }
                ("encrypt" | "trustServerCertificate", value) => {
                    return Err(wrong(&format!("{name}={value}")));
                }
                (name, _) => return Err(wrong(name)),
            }
        }
        match (trusts_any, authority) {
            (true, Some(_)) => return Err(wrong("sslrootcert, trustServerCertificate=true")),
            (true, None) => config.trust_cert(),
            (false, Some(pem)) => config.trust_cert_ca_bundle(pem),
            (false, None) => {}
        }
        let user = percent_decoded(url.username());
        if user.is_empty() {
            return Err(wrong("mssql://user@host/database"));
        }
        let password = password.ok_or(FileError::NoDatabasePassword)?;
        config.authentication(AuthMethod::sql_server(user, password));
        Ok(Self { config, host, port })
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Connects. An availability group answers who only wants to read with the address of a replica, which is followed
/// once: a group whose members refer to one another would never end.
async fn connect(address: Address) -> Result<Client<Compat<TcpStream>>, FileError> {
    let Address { mut config, mut host, mut port } = address;
    let mut is_followed = false;
    loop {
        let unreachable =
            |reason| FileError::Unreachable { address: format!("{host}:{port}"), reason };
        let late = || unreachable(ConnectionFailure::Timeout);
        let socket = tokio::time::timeout(CONNECT, TcpStream::connect((&*host, port)))
            .await
            .map_err(|_| late())?
            .map_err(|error| unreachable(ConnectionFailure::of(&error)))?;
        socket.set_nodelay(true).map_err(|error| unreachable(ConnectionFailure::of(&error)))?;
        match Box::pin(Client::connect(config.clone(), socket.compat_write())).await {
            Err(Error::Routing { host: other, port: its_port }) if !is_followed => {
                is_followed = true;
                config.host(&other);
                config.port(its_port);
                (host, port) = (other, its_port);
            }
            Err(Error::Io { kind: IoErrorKind::TimedOut, .. }) => return Err(late()),
            connected => return connected.map_err(database),
        }
    }
}

/// Asks the query and sends its rows.
///
/// # Errors
/// [`FileError`].
pub(super) async fn run(
    url: &str,
    password: Option<String>,
    query: &str,
    sender: &SyncSender<Sent>,
) -> Result<(), FileError> {
    let mut client = connect(Address::parse(url, password)?).await?;
    let mut results = client.simple_query(query).await.map_err(database)?;
    let mut columns = 0;
    while let Some(item) = results.try_next().await.map_err(database)? {
        let sent = match item {
            QueryItem::Metadata(of) if of.result_index() == 0 => {
                let names: Vec<String> =
                    of.columns().iter().map(|column| column.name().to_owned()).collect();
                columns = names.len();
                Sent::Columns(names)
            }
            QueryItem::Metadata(_) => return Err(FileError::SeveralResults),
            QueryItem::Row(row) => {
                Sent::Row(row.into_iter().map(|value| value_of(&value)).collect())
            }
        };
        if sender.send(sent).is_err() {
            return Ok(());
        }
    }
    if columns == 0 {
        return Err(FileError::NoColumns);
    }
    drop(results);
    // Everything is read.
    let _ = client.close().await;
    Ok(())
}

/// What is wrong, without a value of a row: the server repeats one in errors of conversion.
fn database(error: Error) -> FileError {
    let reason = match &error {
        Error::Server(server) if NAMING.contains(&server.code()) => {
            format!("{} ({})", server.message(), server.code())
        }
        Error::Server(server) => {
            format!("{} ({})", without_quoted(server.message()), server.code())
        }
        // The driver's own remedies for a certificate are methods of its own.
        Error::Tls(reason) => {
            let first =
                reason.split_once(" To connect anyway").map_or(&**reason, |(first, _)| first);
            return FileError::DatabaseTls { reason: first.trim_end_matches('.').to_owned() };
        }
        Error::Routing { host, port } => {
            return FileError::DatabaseAddress { reason: format!("mssql://…@{host}:{port}/…") };
        }
        Error::Io { kind: IoErrorKind::TimedOut, .. } => {
            return FileError::DatabaseSilent { minutes: SILENCE.as_secs() / 60 };
        }
        other => other.to_string(),
    };
    FileError::Database { reason }
}

fn value_of(value: &ColumnData<'_>) -> SqlValue {
    let is_number = matches!(
        value,
        ColumnData::U8(_)
            | ColumnData::I16(_)
            | ColumnData::I32(_)
            | ColumnData::I64(_)
            | ColumnData::F32(_)
            | ColumnData::F64(_)
            | ColumnData::Numeric(_)
    );
    SqlValue { text: text_of(value).unwrap_or_default(), is_number }
}

/// A value as text, as `sqlcmd` writes it, times in ISO 8601; `None` for NULL.
fn text_of(value: &ColumnData<'_>) -> Option<String> {
    match value {
        ColumnData::U8(value) => value.map(|value| value.to_string()),
        ColumnData::I16(value) => value.map(|value| value.to_string()),
        ColumnData::I32(value) => value.map(|value| value.to_string()),
        ColumnData::I64(value) => value.map(|value| value.to_string()),
        ColumnData::F32(value) => value.map(|value| value.to_string()),
        ColumnData::F64(value) => value.map(|value| value.to_string()),
        ColumnData::Bit(value) => value.map(|value| u8::from(value).to_string()),
        ColumnData::String(value) => value.as_deref().map(str::to_owned),
        ColumnData::Guid(value) => {
            value.map(|value| value.hyphenated().to_string().to_ascii_uppercase())
        }
        ColumnData::Binary(value) => value.as_deref().map(|bytes| {
            bytes.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02X}"))
        }),
        ColumnData::Numeric(value) => value.map(|value| decimal(value.value(), value.scale())),
        ColumnData::Xml(value) => value.as_deref().map(ToString::to_string),
        ColumnData::DateTime(value) => value.and_then(|value| {
            // Of 1/300 second; SQL Server shows them in milliseconds.
            let ms = (u64::from(value.seconds_fragments()) * 10 + 1) / 3;
            moment(date(1900, 1, 1), i64::from(value.days()), ms * 1_000_000)
        }),
        ColumnData::SmallDateTime(value) => value.and_then(|value| {
            let seconds = u64::from(value.seconds_fragments()) * 60;
            moment(date(1900, 1, 1), i64::from(value.days()), seconds * 1_000_000_000)
        }),
        ColumnData::Time(value) => {
            value.map(|value| clock(nanoseconds(value.increments(), value.scale())))
        }
        ColumnData::Date(value) => {
            value.and_then(|value| Some(day(date(1, 1, 1), i64::from(value.days()))?.to_string()))
        }
        ColumnData::DateTime2(value) => value.and_then(|value| {
            let time = nanoseconds(value.time().increments(), value.time().scale());
            moment(date(1, 1, 1), i64::from(value.date().days()), time)
        }),
        ColumnData::DateTimeOffset(value) => value.and_then(|value| {
            let (utc, minutes) = (value.datetime2(), value.offset());
            let time = nanoseconds(utc.time().increments(), utc.time().scale());
            let local = day(date(1, 1, 1), i64::from(utc.date().days()))?
                .at(0, 0, 0, 0)
                .checked_add(Span::new().nanoseconds(i64::try_from(time).ok()?))
                .ok()?
                .checked_add(Span::new().minutes(i64::from(minutes)))
                .ok()?;
            // Out of range for a time with a zone, not for this.
            Offset::from_seconds(i32::from(minutes) * 60).ok()?;
            let sign = if minutes < 0 { '-' } else { '+' };
            let (hours, rest) = (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
            Some(format!("{local}{sign}{hours:02}:{rest:02}"))
        }),
    }
}

/// A decimal with all its digits.
fn decimal(value: i128, scale: u8) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = value.unsigned_abs().to_string();
    let scale = usize::from(scale);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

fn day(first: Date, days: i64) -> Option<Date> {
    first.checked_add(Span::new().try_days(days).ok()?).ok()
}

fn nanoseconds(increments: u64, scale: u8) -> u64 {
    increments.saturating_mul(10_u64.pow(9 - u32::from(scale.min(9))))
}

/// A day and a time on it, in ISO 8601.
fn moment(first: Date, days: i64, nanoseconds: u64) -> Option<String> {
    Some(format!("{}T{}", day(first, days)?, clock(nanoseconds)))
}

/// A time of the day; of a fraction as many digits as say something.
fn clock(nanoseconds: u64) -> String {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match format!("{rest:09}").trim_end_matches('0') {
        "" => time,
        fraction => format!("{time}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use lmr_fhir::Language;
    use tiberius::numeric::Numeric;
    use tiberius::time as tds;

    use super::*;

    /// The driver's own limit is half a minute, which a query of a whole journal may take before its first row.
    #[test]
    fn a_query_may_take_long_and_a_silence_has_a_sentence_of_its_own() {
        let url = "mssql://leser@127.0.0.1/journal";
        let Address { config, .. } = Address::parse(url, Some("p".to_owned())).unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("command_timeout: Some(3600s)"), "{shown}");
        let silent =
            database(Error::Io { kind: IoErrorKind::TimedOut, message: "timed out".to_owned() });
        assert_eq!(silent, FileError::DatabaseSilent { minutes: 60 });
        for (language, words) in
            [(Language::Bokmal, "på 60 minutter"), (Language::English, "for 60 minutes")]
        {
            assert!(silent.text(language).contains(words), "{}", silent.text(language));
        }
    }

    #[test]
    fn values_are_written_with_all_their_digits() {
        let text = |value: ColumnData<'static>| text_of(&value).unwrap_or_default();
        let numeric =
            |value, scale| ColumnData::Numeric(Some(Numeric::new_with_scale(value, scale)));
        assert_eq!(text(numeric(-5, 3)), "-0.005");
        assert_eq!(text(numeric(1_234_500, 4)), "123.4500");
        assert_eq!(text(numeric(42, 0)), "42");
        assert_eq!(text(ColumnData::Bit(Some(true))), "1");
        assert_eq!(text(ColumnData::F64(Some(0.1))), "0.1");
        assert_eq!(text(ColumnData::Binary(Some(vec![0x0a, 0xff].into()))), "0x0AFF");
        // 2026-03-02 is day 46081 from 1900-01-01, and day 739676 from 0001-01-01.
        let classic = tds::DateTime::new(46_081, 300 * 3600 * 13 + 37);
        assert_eq!(text(ColumnData::DateTime(Some(classic))), "2026-03-02T13:00:00.123");
        let small = tds::SmallDateTime::new(46_081, 13 * 60 + 5);
        assert_eq!(text(ColumnData::SmallDateTime(Some(small))), "2026-03-02T13:05:00");
        let (day, time) = (tds::Date::new(739_676), tds::Time::new(468_001_234_567, 7));
        assert_eq!(text(ColumnData::Date(Some(day))), "2026-03-02");
        assert_eq!(text(ColumnData::Time(Some(time))), "13:00:00.1234567");
        let both = tds::DateTime2::new(day, time);
        assert_eq!(text(ColumnData::DateTime2(Some(both))), "2026-03-02T13:00:00.1234567");
        let zoned =
            |minutes| ColumnData::DateTimeOffset(Some(tds::DateTimeOffset::new(both, minutes)));
        assert_eq!(text(zoned(60)), "2026-03-02T14:00:00.1234567+01:00");
        assert_eq!(text(zoned(-870)), "2026-03-01T22:30:00.1234567-14:30");
        let is_number = |value: ColumnData<'static>| value_of(&value).is_number;
        assert!(is_number(numeric(1_125, 3)) && is_number(ColumnData::F64(Some(1.125))));
        assert!(!is_number(ColumnData::String(Some("1.125".into()))));
        assert_eq!(text_of(&ColumnData::String(None)), None);
        // Damaged: a day that no calendar has is no value, and nothing panics.
        let far = tds::DateTime::new(i32::MAX, u32::MAX);
        assert_eq!(text_of(&ColumnData::DateTime(Some(far))), None);
    }
}
