//! What can be wrong with a part of the source, in both languages.

use std::borrow::Cow;
use std::fmt;
use std::io;

use lmr_fhir::xml::XmlErrorKind;
use lmr_fhir::{Language, Localized as _, ParseErrorKind};
use lmr_lmdi::json_fault;
use serde::{Deserialize, Serialize, Serializer};

use super::RowError;
use crate::attempt::ConnectionFailure;

/// A part of the source that could not be used. The rest was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceIssue {
    /// The part's name for people.
    pub file: String,
    /// Line from 1, where one is known.
    pub line: Option<u32>,
    /// What is wrong.
    pub issue: SourceIssueKind,
}

impl SourceIssue {
    /// Location and sentence.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}: {}", self.file, self.issue.text(language))
    }
}

impl fmt::Display for SourceIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

/// What is wrong with a part of the source: always the source's owner's to correct.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SourceIssueKind {
    /// The file system gave an error.
    Unreadable {
        /// The file system's reason.
        reason: FileError,
    },
    /// A file or line over its limit.
    TooLarge {
        /// Bytes.
        limit: usize,
    },
    /// Not JSON.
    Json {
        /// Column of the error, in characters from 1.
        column: u32,
        /// What the reader found.
        #[serde(serialize_with = "as_english")]
        reason: ParseErrorKind,
    },
    /// Not FHIR XML.
    Xml {
        /// Column, in characters from 1.
        column: u32,
        /// What the reader found.
        #[serde(serialize_with = "xml_as_english")]
        reason: XmlErrorKind,
    },
    /// A compressed file that cannot be unpacked.
    Archive {
        /// Why.
        reason: ArchiveError,
    },
    /// A row of a table that cannot be mapped: it is held.
    Row {
        /// Which one, and why.
        #[serde(flatten)]
        error: RowError,
    },
    /// A finished file that could not be put away.
    NotArchived {
        /// The file system's reason.
        reason: FileError,
    },
    /// One JSON text over several lines, in a file whose ending says that each line is one.
    SeveralLines,
    /// JSON, but neither a resource nor a Bundle.
    NotAResource,
    /// A Bundle entry without resource.
    EntryWithoutResource {
        /// Index in the Bundle, from 0.
        index: usize,
    },
    /// Nothing by which the register could know the resource again.
    NoIdentity {
        /// Type of the resource.
        resource_type: String,
    },
    /// A file whose name says that it is being written, and that nobody writes any more.
    NeverFinished,
    /// A search of a server gave fewer than the server says it found, and led to no further page.
    FewerThanTotal {
        /// How many it says.
        total: u64,
        /// How many came.
        given: u64,
    },
    /// Two different resources have one identity, and nothing says which of them is newer: neither is sent.
    TwoOfOneIdentity {
        /// Their type.
        resource_type: String,
        /// Where the other one is.
        other: String,
    },
    /// A server says of a search that what it gave is not all that there is.
    SaidIncomplete {
        /// The code by which it says so, of FHIR's.
        code: String,
    },
    /// The file was written to between the two passes.
    ChangedMeanwhile,
}

fn as_english<S: Serializer>(reason: &ParseErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}

fn xml_as_english<S: Serializer>(reason: &XmlErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}

/// Why a compressed file cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArchiveError {
    /// It ends too early.
    Truncated,
    /// Its content does not fit its checks.
    Damaged,
    /// It is encrypted.
    Encrypted,
    /// Packed in a way that is not read.
    Unsupported,
    /// It has more files than the limit.
    TooManyFiles,
}

impl ArchiveError {
    fn text(self, language: Language) -> &'static str {
        let (nb, en) = match self {
            Self::Truncated => (
                "kan ikke pakkes ut: den slutter for tidlig; overfør den på nytt",
                "cannot be unpacked: it ends too early; transfer it again",
            ),
            Self::Damaged => (
                "kan ikke pakkes ut: den er skadet; overfør den på nytt",
                "cannot be unpacked: it is damaged; transfer it again",
            ),
            Self::Encrypted => (
                "er kryptert med passord og kan ikke pakkes ut; lever den uten passord",
                "is encrypted with a password and cannot be unpacked; deliver it without one",
            ),
            Self::Unsupported => (
                "er pakket med en metode som ikke leses; bruk vanlig zip (deflate) eller gzip",
                "is packed by a method that is not read; use ordinary zip (deflate) or gzip",
            ),
            Self::TooManyFiles => (
                "har flere filer enn grensen for ett arkiv",
                "has more files than the limit for one archive",
            ),
        };
        match language {
            Language::Bokmal => nb,
            Language::English => en,
        }
    }
}

impl SourceIssueKind {
    /// The predicate of a sentence whose subject is the part.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let nb = language == Language::Bokmal;
        match self {
            Self::Unreadable { reason } if nb => {
                format!("kan ikke leses: {}", reason.text(language))
            }
            Self::Unreadable { reason } => format!("cannot be read: {}", reason.text(language)),
            Self::TooLarge { limit } if nb => format!("er større enn grensen på {limit} byte"),
            Self::TooLarge { limit } => format!("is larger than the limit of {limit} bytes"),
            Self::Json { column, reason } if nb => {
                format!("er ikke JSON (kolonne {column}): {}", json_fault::in_bokmal(reason))
            }
            Self::Json { column, reason } => format!("is not JSON (column {column}): {reason}"),
            Self::Xml { column, reason } if nb => {
                format!("er ikke FHIR XML (kolonne {column}): {}", reason.text(language))
            }
            Self::Xml { column, reason } => format!("is not FHIR XML (column {column}): {reason}"),
            Self::Archive { reason } => reason.text(language).to_owned(),
            Self::Row { error } => error.text(language),
            Self::NotArchived { reason } if nb => {
                format!("er ferdig, men kan ikke arkiveres: {}", reason.text(language))
            }
            Self::NotArchived { reason } => {
                format!("is finished but cannot be archived: {}", reason.text(language))
            }
            Self::SeveralLines if nb => {
                "har én JSON-tekst over flere linjer, men endelsen sier én på hver linje: gi filen endelsen .json".into()
            }
            Self::SeveralLines => {
                "has one JSON text over several lines, but its ending says one on each: give the file the ending .json"
                    .into()
            }
            Self::NotAResource if nb => {
                "er JSON, men ikke en FHIR-ressurs: det skal være et objekt med resourceType".into()
            }
            Self::NotAResource => {
                "is JSON, but not a FHIR resource: an object with a resourceType is expected".into()
            }
            Self::EntryWithoutResource { index } if nb => {
                format!("entry {index} i bundlen har ingen ressurs")
            }
            Self::EntryWithoutResource { index } => {
                format!("entry {index} of the Bundle has no resource")
            }
            Self::NoIdentity { resource_type } if nb => format!(
                "{resource_type} har verken identifier, id eller urn:uuid som fullUrl, så den kan \
                 ikke kjennes igjen"
            ),
            Self::NoIdentity { resource_type } => format!(
                "{} {resource_type} has no identifier, id or urn:uuid fullUrl by which it can be \
                 known again",
                article(resource_type)
            ),
            Self::NeverFinished if nb => {
                "har et navn som sier at den er under skriving, men er ikke endret på over to timer: den sendes \
                 ikke; fullfør overføringen av den, gi den sitt rette navn, eller fjern den"
                    .into()
            }
            Self::NeverFinished => {
                "has a name that says it is being written, but has not changed for over two hours: it is not sent; \
                 finish its transfer, give it its right name, or remove it"
                    .into()
            }
            Self::FewerThanTotal { total, given } if nb => format!(
                "serveren sier at søket fant {total} ressurser, og ga {given}: tar den siden med flere (_count), eller \
                 skjuler den noen for denne brukeren? Til det er rettet, spørres det om det samme igjen; er tallet et \
                 anslag, sier _total=none i search at det ikke ønskes"
            ),
            Self::FewerThanTotal { total, given } => format!(
                "the server says that the search found {total} resources, and gave {given}: does it lead on to the next page, \
                 or hide some of this user? Until it is corrected the same is asked for again; where the number is an \
                 estimate, _total=none in `search` asks for none"
            ),
            Self::TwoOfOneIdentity { resource_type, other } if nb => format!(
                "{resource_type} har samme identitet som en annen i {other}, og ingenting sier hvilken som gjelder: ingen av \
                 dem sendes; gi hver sin identifikator, eller meta.lastUpdated hvis den ene er en rettelse av den andre"
            ),
            Self::TwoOfOneIdentity { resource_type, other } => format!(
                "{resource_type} has the identity of another one in {other}, and nothing says which holds: neither is sent; \
                 give each an identifier of its own, or meta.lastUpdated if one is a correction of the other"
            ),
            Self::SaidIncomplete { code } if nb => format!(
                "serveren sier at svaret på søket ikke er alt som finnes ({code}): se i dens logg om den fikk tak i alle \
                 kildene sine, eller ga opp; mindre søk (search, page) kan hjelpe. Til det er rettet, spørres det om det \
                 samme igjen"
            ),
            Self::SaidIncomplete { code } => format!(
                "the server says that its answer to the search is not all that there is ({code}): see in its log whether it \
                 reached all of its sources, or gave up; smaller searches (search, page) may help. Until it is corrected \
                 the same is asked for again"
            ),
            Self::ChangedMeanwhile if nb => {
                "ble endret mens den ble lest; den tas med i neste overføring".into()
            }
            Self::ChangedMeanwhile => {
                "has changed while it was read; it goes with the next transfer".into()
            }
        }
    }
}

/// The English article of a resource type.
fn article(resource_type: &str) -> &'static str {
    if resource_type.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" }
}

/// Why the file system gave no data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileError {
    /// There is nothing of that name.
    NotFound,
    /// The user that runs the program may not read it.
    PermissionDenied,
    /// A file where a folder is expected.
    NotAFolder,
    /// A file where a folder for finished files is expected.
    ArchiveNotAFolder {
        /// The folder's path.
        path: String,
    },
    /// An empty folder where something was mounted when it was read before, and is not any more.
    NotMounted,
    /// The file that says that the folder's share is mounted is not in it.
    NoMarker {
        /// Its name.
        name: String,
    },
    /// A pipe or a device where a file is expected.
    NotAFile,
    /// Links that lead back to a folder above them.
    LinkLoop,
    /// A table without its header line.
    NoHeader,
    /// A table with other columns than the mapping expects.
    OtherHeader {
        /// The table's.
        found: String,
        /// The mapping's.
        expected: String,
        /// Those of the mapping's that the table lacks.
        #[serde(default)]
        missing: Vec<String>,
    },
    /// A table that is one column with the mapping's delimiter.
    OneColumn {
        /// The header line.
        found: String,
        /// The mapping's.
        delimiter: char,
    },
    /// A quotation mark that opens a field of a table and is never closed.
    OpenQuote {
        /// The line on which it opens.
        line: u32,
    },
    /// A quotation mark in the header line that neither opens nor closes a field.
    QuoteInHeader {
        /// The line.
        line: u32,
    },
    /// A table that was written again while it was read.
    ChangedMeanwhile,
    /// Two columns of one name.
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// Not an encoding that is known.
    UnknownEncoding {
        /// As the mapping has it.
        name: String,
    },
    /// Bytes that the encoding does not have.
    NotInEncoding {
        /// The encoding that was expected.
        name: String,
    },
    /// The mapping does not fit the table.
    Mapping {
        /// Why.
        nb: String,
        /// Why.
        en: String,
    },
    /// A query that gives no columns.
    NoColumns,
    /// Not a database that is known.
    UnknownDatabase,
    /// An address of a database that says something else than it may.
    DatabaseAddress {
        /// The part.
        reason: String,
    },
    /// An address of a database with a password in it.
    PasswordInAddress,
    /// A database that wants a password, and none is given.
    NoDatabasePassword,
    /// A file of a password that cannot be read.
    PasswordFile {
        /// The file.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// A database that shows no certificate that is trusted.
    DatabaseTls {
        /// The driver's words.
        reason: String,
    },
    /// A query that gives more than one result.
    SeveralResults,
    /// A query whose rows ended before the database said that they are all.
    QueryCutOff,
    /// A database that was silent for too long in the middle of a query.
    DatabaseSilent {
        /// How long it was waited for.
        minutes: u64,
    },
    /// The database refused.
    Database {
        /// The driver's words.
        reason: String,
    },
    /// Not an https address (http on loopback).
    Address,
    /// No answer from the server.
    Unreachable {
        /// Host and port of a database; empty where the configuration says the address itself.
        #[serde(skip_serializing_if = "String::is_empty")]
        address: String,
        /// Why there is no connection, or none any more.
        reason: ConnectionFailure,
    },
    /// An answer that is not a success.
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// An answer over its limit.
    AnswerTooLarge {
        /// Bytes.
        limit: usize,
    },
    /// An answer that is not FHIR JSON.
    NotFhir,
    /// A link to another server, which is not followed.
    ForeignLink {
        /// The other server.
        origin: String,
    },
    /// Pages that lead back to one another, or an export that never ends.
    EndlessPages,
    /// The server's answer to a search has an error in it, so that something may be missing.
    SearchIncomplete {
        /// The code of the error, as FHIR has it.
        code: String,
    },
    /// The server says that a search has found so many, and gives none.
    NoneOfTotal {
        /// How many it says.
        total: u64,
    },
    /// The server could not export everything.
    ExportIncomplete {
        /// How many files of errors it gave.
        files: usize,
    },
    /// The issuer gives no token.
    TokenRefused {
        /// The HTTP status.
        status: u16,
        /// The registered error code, or nothing.
        error: String,
    },
    /// The key for assertions cannot be used.
    KeyUnusable {
        /// Why; never the key.
        reason: String,
    },
    /// The issuer's answer is not a bearer token.
    TokenUnusable,
    /// Any other reason, in the system's words.
    #[serde(untagged)]
    Other(String),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::NotADirectory => Self::NotAFolder,
            _ => Self::Other(error.to_string()),
        }
    }
}

impl FileError {
    /// The reason as a half sentence.
    #[must_use]
    pub fn text(&self, language: Language) -> Cow<'_, str> {
        let nb = language == Language::Bokmal;
        let pick = |bokmal: &'static str, english: &'static str| {
            Cow::Borrowed(if nb { bokmal } else { english })
        };
        let made = |bokmal: String, english: String| Cow::Owned(if nb { bokmal } else { english });
        match self {
            Self::NotFound => pick("finnes ikke", "it is not there"),
            Self::PermissionDenied => pick(
                "brukeren som kjører programmet, har ikke lov til å lese der",
                "the user that runs the program may not read there",
            ),
            Self::NotAFolder => {
                pick("det er en fil; en mappe er ventet", "it is a file; a folder is expected")
            }
            Self::ArchiveNotAFolder { path } => made(
                format!("archive ({path}), eller noe i den, er en fil; en mappe er ventet"),
                format!("archive ({path}), or something in it, is a file; a folder is expected"),
            ),
            Self::NotMounted => pick(
                "mappen er tom, og det som var montert der da den ble lest før, er det ikke lenger: monter området. Er \
                 mappen flyttet dit med vilje, gjelder den så snart noe er i den; marker i [[source]] sier det sikrere",
                "the folder is empty, and what was mounted there when it was read before is not any more: mount the share. \
                 If the folder was moved there on purpose, it counts as soon as something is in it; marker in [[source]] \
                 says it for sure",
            ),
            Self::NoMarker { name } => made(
                format!(
                    "filen {name} (marker) er ikke i mappen: er området montert? Legg filen på området, ikke i \
                     monteringspunktet"
                ),
                format!(
                    "the file {name} (marker) is not in the folder: is the share mounted? Put the file on the share, not \
                     into the mount point"
                ),
            ),
            Self::NotAFile => pick(
                "det er et rør eller en enhet; en fil er ventet",
                "it is a pipe or a device; a file is expected",
            ),
            Self::LinkLoop => pick("lenker som går i ring", "links that go round in a circle"),
            Self::NoHeader => pick(
                "tabellen er helt tom, uten overskriftslinje",
                "the table is empty, without a header line",
            ),
            Self::OtherHeader { found, expected, missing } => {
                let nb =
                    format!("overskriftslinjen er «{found}», men mappingen venter «{expected}»");
                let en =
                    format!("the header line is {found:?}, but the mapping expects {expected:?}");
                match missing.as_slice() {
                    [] => made(nb, en),
                    missing => {
                        let missing = missing.join(", ");
                        made(
                            format!("{nb}; det mangler {missing}"),
                            format!("{en}; missing: {missing}"),
                        )
                    }
                }
            }
            Self::OneColumn { found, delimiter } => made(
                format!(
                    "overskriftslinjen er «{found}», som er én kolonne når «{delimiter}» skiller dem; si med \
                     csv.delimiter i mappingen hva som gjør det"
                ),
                format!(
                    "the header line is {found:?}, which is one column when {delimiter:?} separates them; say with \
                     csv.delimiter in the mapping what does"
                ),
            ),
            Self::OpenQuote { line } => made(
                format!(
                    "anførselstegnet som åpner et felt på linje {line}, lukkes aldri, så resten er lest som ett \
                     felt; lukk det, eller skriv csv.quote = \"\" i mappingen om filen ikke har anførselstegn rundt \
                     felter"
                ),
                format!(
                    "the quotation mark that opens a field on line {line} is never closed, so that the rest is read \
                     as one field; close it, or write csv.quote = \"\" in the mapping if the file has no quotation \
                     marks around fields"
                ),
            ),
            Self::QuoteInHeader { line } => made(
                format!(
                    "overskriftslinjen (linje {line}) har et anførselstegn som verken begynner eller slutter et felt"
                ),
                format!(
                    "the header line (line {line}) has a quotation mark that neither opens nor closes a field"
                ),
            ),
            Self::DuplicateColumn { name } if name.is_empty() => pick(
                "to kolonner har ikke noe navn; mangler overskriftslinjen, eller AS i spørringen?",
                "two columns have no name; is the header line missing, or an AS in the query?",
            ),
            Self::DuplicateColumn { name } => {
                made(format!("to kolonner heter {name}"), format!("two columns are called {name}"))
            }
            Self::UnknownEncoding { name } => made(
                format!("tegnsettet {name} er ukjent; f.eks. utf-8, windows-1252, utf-16le"),
                format!("the encoding {name} is not known; e.g. utf-8, windows-1252, utf-16le"),
            ),
            Self::NotInEncoding { name } => made(
                format!(
                    "den er ikke i tegnsettet {name}; kommer den fra Windows, prøv encoding = \
                     \"windows-1252\" under [csv] i mappingen"
                ),
                format!(
                    "it is not in the encoding {name}; if it comes from Windows, try encoding = \
                     \"windows-1252\" under [csv] in the mapping"
                ),
            ),
            Self::Mapping { nb, en } => made(nb.clone(), en.clone()),
            Self::NoColumns => pick(
                "spørringen gir ingen kolonner; den skal være en SELECT",
                "the query gives no columns; it should be a SELECT",
            ),
            Self::UnknownDatabase => pick(
                "adressen skal begynne med mssql:, postgres: eller sqlite:; fra andre databaser, skriv \
                 spørringen til en CSV-fil",
                "the address must begin with mssql:, postgres: or sqlite:; from other databases, write the \
                 query to a CSV file",
            ),
            Self::DatabaseAddress { reason } => made(
                format!(
                    "adressen til databasen er ikke slik den skal være ({reason}); den er \
                     mssql://bruker@vert:1433/database, og kan ha encrypt, sslrootcert, \
                     hostNameInCertificate og trustServerCertificate"
                ),
                format!(
                    "the database's address is not as it should be ({reason}); it is \
                     mssql://user@host:1433/database, and may have encrypt, sslrootcert, \
                     hostNameInCertificate and trustServerCertificate"
                ),
            ),
            Self::PasswordInAddress => pick(
                "adressen til databasen har passordet i seg; skriv det i en fil som bare brukeren som kjører \
                 programmet, kan lese, og navngi den i database_password_file",
                "the database's address has the password in it; write it into a file that only the user that \
                 runs the program can read, and name that in database_password_file",
            ),
            Self::NoDatabasePassword => pick(
                "databasen vil ha et passord; navngi en fil med det i database_password_file",
                "the database wants a password; name a file with it in database_password_file",
            ),
            Self::PasswordFile { path, reason } => made(
                format!("passordfilen {path} kan ikke leses: {reason}"),
                format!("the password file {path} cannot be read: {reason}"),
            ),
            Self::DatabaseTls { reason } => made(
                format!(
                    "databasens sertifikat godtas ikke ({reason}); sslrootcert=FIL i adressen navngir en egen \
                     utsteder, og hostNameInCertificate=NAVN et annet navn"
                ),
                format!(
                    "the database's certificate is not accepted ({reason}); sslrootcert=FILE in the address names \
                     an authority of your own, and hostNameInCertificate=NAME another name"
                ),
            ),
            Self::ChangedMeanwhile => pick(
                "filen ble skrevet på nytt mens den ble lest; neste overføring leser den",
                "the file was written again while it was read; the next transfer reads it",
            ),
            Self::SeveralResults => pick(
                "spørringen gir flere resultater; den skal være én SELECT (SET NOCOUNT ON foran, om den kaller en \
                 prosedyre)",
                "the query gives several results; it should be one SELECT (with SET NOCOUNT ON before it, if it \
                 calls a procedure)",
            ),
            Self::QueryCutOff => pick(
                "radene fra spørringen tok slutt før databasen sa at de var alle; neste overføring spør på nytt",
                "the rows of the query ended before the database said that they are all; the next transfer asks \
                 again",
            ),
            Self::DatabaseSilent { minutes } => made(
                format!(
                    "databasen har ikke svart på spørringen på {minutes} minutter; venter den på en lås, eller \
                     skal spørringen gjøres enklere?"
                ),
                format!(
                    "the database has not answered the query for {minutes} minutes; does it wait for a lock, or \
                     should the query be made simpler?"
                ),
            ),
            Self::Database { reason } => made(
                format!("databasen svarer: {reason}"),
                format!("the database answers: {reason}"),
            ),
            Self::Address => pick(
                "adressen skal begynne med https:// (http:// bare på denne maskinen)",
                "the address must begin with https:// (http:// on this machine only)",
            ),
            Self::Unreachable { address, reason } => {
                let place = if address.is_empty() { String::new() } else { format!("{address}: ") };
                let reason = reason.text(language);
                made(
                    format!("serveren svarer ikke: {place}{reason}"),
                    format!("no answer: {place}{reason}"),
                )
            }
            Self::Status { status: status @ (401 | 403) } => made(
                format!("serveren gir ikke tilgang (HTTP {status}): se access for kilden"),
                format!("the server gives no access (HTTP {status}): see the source's access"),
            ),
            Self::Status { status: status @ 404 } => made(
                format!(
                    "serveren svarer HTTP {status}: er url FHIR-adressen, den med /metadata under seg?"
                ),
                format!(
                    "the server answers HTTP {status}: is url the FHIR address, the one that has /metadata below it?"
                ),
            ),
            Self::Status { status: status @ 300..=399 } => made(
                format!(
                    "serveren viser videre (HTTP {status}), som ikke følges: skriv adressen det vises til, i url"
                ),
                format!(
                    "the server redirects (HTTP {status}), which is not followed: write the address that it leads to in url"
                ),
            ),
            Self::Status { status: status @ 200..=299 } => made(
                format!(
                    "serveren svarer HTTP {status} der et annet svar skal komme: er url og export riktige?"
                ),
                format!(
                    "the server answers HTTP {status} where another answer is due: are url and export right?"
                ),
            ),
            Self::Status { status } => made(
                format!("serveren svarer HTTP {status}"),
                format!("the server answers HTTP {status}"),
            ),
            Self::AnswerTooLarge { limit } => made(
                format!("svaret er større enn grensen på {limit} byte; mindre page hjelper"),
                format!(
                    "the answer is larger than the limit of {limit} bytes; a smaller page helps"
                ),
            ),
            Self::NotFhir => pick(
                "svaret er ikke en FHIR Bundle i JSON: er url FHIR-adressen, og ikke en side for pålogging? Serverens logg sier \
                 om den har meldt en feil",
                "the answer is not a FHIR Bundle in JSON: is url the FHIR address, and not a page for signing in? The \
                 server's log says whether it has reported an error",
            ),
            Self::ForeignLink { origin } => made(
                format!(
                    "serveren viser videre til {origin}, som ikke følges; er url serverens egen?"
                ),
                format!(
                    "the server leads on to {origin}, which is not followed; is url the server's own?"
                ),
            ),
            Self::EndlessPages => pick("sidene tar aldri slutt", "its pages never end"),
            Self::SearchIncomplete { code } => made(
                format!(
                    "serveren melder en feil ({code}) i svaret på søket, så noe kan mangle; se i serverens logg, og \
                     prøv søket mot den"
                ),
                format!(
                    "the server reports an error ({code}) in its answer to the search, so something may be missing; \
                     see the server's log, and try the search against it"
                ),
            ),
            Self::NoneOfTotal { total } => made(
                format!("serveren sier at søket fant {total} ressurser, men gir ingen av dem"),
                format!("the server says that the search found {total} resources, and gives none"),
            ),
            Self::ExportIncomplete { files } => made(
                format!("eksporten er ikke hel: serveren melder {files} filer med feil"),
                format!("the export is not whole: the server reports {files} files of errors"),
            ),
            Self::TokenRefused { status, error } => made(
                format!("token ble ikke gitt (HTTP {status} {error})"),
                format!("no token was given (HTTP {status} {error})"),
            ),
            Self::KeyUnusable { reason } => made(
                format!("nøkkelen for token kan ikke brukes: {reason}"),
                format!("the key for tokens cannot be used: {reason}"),
            ),
            Self::TokenUnusable => {
                pick("svaret om token kan ikke brukes", "the answer about the token cannot be used")
            }
            Self::Other(text) => Cow::Borrowed(text),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}
