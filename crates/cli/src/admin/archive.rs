//! What is stored: shown, copied, removed for its age. Each is recorded before it is done.

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;
use lmr_intake::{Act, Action, ArchiveFilter, ArchivedMessage, Database, DeliveryFilter, Removed};
use lmr_lmdi::person::looks_personal;
use lmr_storage::{OpenError, Opening};
use serde_json::{Value, json};

use super::deliveries::{self, local};
use super::senders::Senders;
use super::{Format, View, operator, organisation_number};
use crate::clock;
use crate::config::receiver::{ReceiverConfig, RetentionSection};
use crate::output::{complain, print};
use crate::serve::{are_files, copy_files, open_store};
use crate::text::{Explain, fail, text};

/// Messages that are read at once.
const PAGE: u32 = 50;

#[derive(Args)]
pub(super) struct Show {
    /// The message's id
    #[arg(required_unless_present = "resource", conflicts_with = "resource")]
    message: Option<String>,
    /// Only this sender's
    #[arg(long, conflicts_with = "resource")]
    sender: Option<String>,
    /// A resource by the register's own name, e.g. Patient/0123…: all its versions
    #[arg(long)]
    resource: Option<String>,
    /// Also the resources themselves, not only what they are
    #[arg(long)]
    content: bool,
    /// Why, for the audit log
    #[arg(long, required_if_eq("content", "true"))]
    reason: Option<String>,
}

/// Records who did what, before it is done.
pub(super) async fn record(
    store: &dyn Database,
    action: Action,
    actor: &str,
    subject: Option<String>,
    reason: Option<&str>,
    detail: String,
) -> anyhow::Result<()> {
    check_reason(reason)?;
    let act = Act {
        at: clock::now(),
        action,
        actor: actor.to_owned(),
        subject,
        reason: reason.map(str::to_owned),
        detail: Some(detail),
    };
    store.record(act).await?;
    Ok(())
}

pub(super) fn check_reason(reason: Option<&str>) -> anyhow::Result<()> {
    if reason.is_some_and(|reason| reason.trim().is_empty()) {
        fail!("--reason er tom: skriv hvorfor", "--reason is empty: write why");
    }
    // The audit log keeps it for good.
    if reason.is_some_and(looks_personal) {
        fail!(
            "--reason har noe som ser ut som et fødselsnummer; skriv den uten",
            "--reason has what looks like an identity number; say it without"
        );
    }
    Ok(())
}

/// Says of a message that it cannot be read, and what can be done about it.
pub(super) fn complain_of_unreadable(message: &ArchivedMessage, what: &str, view: View) {
    let text = text!(
        "{sender} {id}, mottatt {at}: kan ikke leses ({what}). Databasen er skadet der: hent meldingen fra en sikkerhetskopi \
         (docs/operations.md, Restore), eller be avsenderen sende dagen på nytt",
        "{sender} {id}, received {at}: cannot be read ({what}). The database is damaged there: take the message from a backup \
         (docs/operations.md, Restore), or ask the sender to send that day again",
        sender = message.sender,
        id = message.message_id,
        at = local(message.received_at),
    );
    complain(text.get(view.lang));
}

/// Exit status where something stored could not be read or searched, and was named.
pub(super) const SOMETHING_UNREADABLE: u8 = 2;

/// All messages that the filter lets through, page by page.
pub(super) async fn each_message(
    store: &dyn Database,
    mut filter: ArchiveFilter,
    mut visit: impl AsyncFnMut(ArchivedMessage) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    filter.limit = PAGE;
    loop {
        let page = store.archived(&filter).await?;
        let Some(last) = page.last() else { return Ok(()) };
        filter.after = Some((last.sender, last.cursor));
        for message in page {
            visit(message).await?;
        }
    }
}

impl Show {
    pub(super) async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let (store, view) = (&*senders.store, senders.view);
        let subject = self.resource.clone().or_else(|| self.message.clone());
        let name = subject.clone().unwrap_or_default();
        let sender = self.sender.as_deref().map(organisation_number).transpose()?;
        senders.must_know(sender).await?;
        if self.content {
            let detail = "content".to_owned();
            let reason = self.reason.as_deref();
            record(store, Action::Read, &operator(), subject, reason, detail).await?;
        }
        let (mut is_known, mut is_unreadable) = (false, false);
        let mut rows = Vec::new();
        let mut add = |row: Value, resource: Option<&[u8]>| {
            let mut row = row;
            if self.content {
                let parsed = resource.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
                row["content"] = parsed.unwrap_or_default();
            }
            rows.push(row);
        };
        if let Some(name) = &self.resource {
            let Some((kind, id)) = name.split_once('/') else {
                fail!(
                    "--resource: skriv type og id, for eksempel Patient/0123…",
                    "--resource: write type and id, for example Patient/0123…"
                );
            };
            for version in store.history(kind, id).await? {
                let row = json!({
                    "resource": format!("{kind}/{id}/_history/{}", version.version),
                    "messageId": version.message_id,
                    "entry": version.entry,
                    "storedAt": version.stored_at.to_string(),
                    "bytes": version.content.len(),
                });
                add(row, Some(&version.content));
            }
        } else {
            let filter =
                ArchiveFilter { sender, message_id: self.message.clone(), ..Default::default() };
            let deliveries =
                DeliveryFilter { sender, message_id: self.message.clone(), ..Default::default() };
            let deliveries = store.deliveries(&deliveries).await?;
            is_known = !deliveries.is_empty();
            for delivery in deliveries {
                let line = match view.format {
                    Format::Json => deliveries::json_of(&delivery).to_string(),
                    Format::Text => deliveries::line_of(&delivery, view),
                };
                print(&format!("{line}\n"))?;
            }
            for message in store.archived(&filter).await? {
                if let Some(what) = message.unreadable {
                    complain_of_unreadable(&message, what, view);
                    is_unreadable = true;
                }
                for version in &message.versions {
                    let resource = message.resource(version);
                    let row = json!({
                        "resource": format!(
                            "{}/{}/_history/{}",
                            version.resource_type, version.resource_id, version.version
                        ),
                        "sender": message.sender.to_string(),
                        "messageId": message.message_id,
                        "entry": version.entry,
                        "storedAt": message.received_at.to_string(),
                        "newest": version.is_newest,
                        "bytes": resource.map_or(0, <[u8]>::len),
                    });
                    add(row, resource);
                }
            }
        }
        if rows.is_empty() && !is_known && view.format == Format::Json {
            // Standard output has rows only.
            complain(&format!("{name}: {}", view.say("ingenting er lagret", "nothing is stored")));
        } else if rows.is_empty() && view.format == Format::Text {
            let nothing = match is_known {
                true => view.say("ingen lagrede ressurser", "no stored resources").to_owned(),
                false => {
                    format!("{name}: {}", view.say("ingenting er lagret", "nothing is stored"))
                }
            };
            print(&format!("{nothing}\n"))?;
        }
        is_known |= !rows.is_empty();
        let mut out = String::new();
        for row in &rows {
            if view.format == Format::Json {
                out.push_str(&format!("{row}\n"));
                continue;
            }
            let member = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let time = member("storedAt").parse().map(local).unwrap_or_default();
            out.push_str(&format!(
                "{time}  entry {}  {}  {}\n",
                row["entry"],
                member("resource"),
                member("messageId")
            ));
            if self.content {
                out.push_str(&format!("{:#}\n", row["content"]));
            }
        }
        print(&out)?;
        Ok(match is_unreadable {
            true => ExitCode::from(SOMETHING_UNREADABLE),
            false => ExitCode::from(u8::from(!is_known)),
        })
    }
}

/// A file that only its owner may read, and that was not there.
pub(super) fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

pub(super) fn print_removed(removed: Removed, view: View) -> anyhow::Result<ExitCode> {
    print_counts(removed, view, view.say("fjernet", "removed"))
}

pub(super) fn print_counts(removed: Removed, view: View, verb: &str) -> anyhow::Result<ExitCode> {
    if view.format == Format::Json {
        print(&format!("{}\n", serde_json::to_string(&removed)?))?;
        return Ok(ExitCode::SUCCESS);
    }
    let line = text!(
        "{verb}: {versions} ressursversjoner i {messages} meldinger, {resources} ressurser helt, {calls} avviste kall\n",
        "{verb}: {versions} versions of resources in {messages} messages, {resources} resources entirely, {calls} refused calls\n",
        versions = removed.versions,
        messages = removed.messages,
        resources = removed.resources,
        calls = removed.refused_calls,
    );
    print(line.get(view.lang))?;
    Ok(ExitCode::SUCCESS)
}

/// Removes what is older than the configuration allows. That it will be is recorded before, as everything is, and how much it
/// was after: whatever ends the program in between, what is gone has its entry.
pub(crate) async fn expire(
    store: &dyn Database,
    retention: RetentionSection,
    has_outlet: bool,
    actor: &str,
) -> anyhow::Result<Removed> {
    let wanted = retention.at(clock::now(), has_outlet);
    if store.has_expired(&wanted).await? {
        let day =
            |before: Option<jiff::Timestamp>| before.map_or("-".to_owned(), |b| b.to_string());
        let detail = format!(
            "begins: content before {}; refused calls before {}",
            day(wanted.content_before),
            day(wanted.refused_before)
        );
        record(store, Action::Expire, actor, None, None, detail).await?;
    }
    let removed = store.expire(&wanted).await?;
    if removed != Removed::default() {
        let detail = serde_json::to_string(&removed)?;
        record(store, Action::Expire, actor, None, None, detail).await?;
    }
    Ok(removed)
}

pub(super) async fn outlet_status(store: &dyn Database, view: View) -> anyhow::Result<ExitCode> {
    let status = store.outlet_status(clock::now()).await?;
    if view.format == Format::Json {
        let line = json!({
            "waiting": status.waiting,
            "lent": status.lent,
            "oldest": status.oldest.map(|time| time.to_string()),
        });
        print(&format!("{line}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let line = text!(
        "{waiting} meldinger venter på å bli hentet, {lent} av dem er allokert; eldste: {oldest}\n",
        "{waiting} messages wait to be fetched, {lent} of them are lent; oldest: {oldest}\n",
        waiting = status.waiting,
        lent = status.lent,
        oldest = status.oldest.map_or_else(|| "-".to_owned(), local),
    );
    print(line.get(view.lang))?;
    Ok(ExitCode::SUCCESS)
}

/// This month and those after it.
pub(crate) fn coming_months(now: jiff::Timestamp, ahead: u8) -> Vec<Date> {
    let month = now.to_zoned(jiff::tz::TimeZone::UTC).date().first_of_month();
    (0..=i64::from(ahead))
        .filter_map(|months| month.checked_add(jiff::Span::new().months(months)).ok())
        .collect()
}

pub(super) async fn partitions(
    store: &dyn Database,
    ahead: u8,
    retention: RetentionSection,
    view: View,
) -> anyhow::Result<ExitCode> {
    let now = clock::now();
    let made = store.make_partitions(&coming_months(now, ahead)).await?;
    let dropped = match retention.at(now, true).content_before {
        Some(before) => store.drop_partitions(before).await?,
        None => Vec::new(),
    };
    let mut out = String::new();
    for partition in store.partitions().await? {
        let bound = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
        if view.format == Format::Json {
            let line = json!({
                "name": partition.name,
                "from": bound(partition.from),
                "to": bound(partition.to),
                "bytes": partition.bytes,
                "made": made.contains(&partition.name),
            });
            out.push_str(&format!("{line}\n"));
            continue;
        }
        let note = if made.contains(&partition.name) { view.say("laget", "made") } else { "" };
        let mib = partition.bytes >> 20;
        out.push_str(&format!("{:<32} {mib:>9} MiB  {note}\n", partition.name));
    }
    for name in dropped {
        match view.format {
            Format::Json => out.push_str(&format!("{}\n", json!({"dropped": name}))),
            Format::Text => {
                out.push_str(&format!("{name:<32} {}\n", view.say("fjernet", "dropped")));
            }
        }
    }
    if out.is_empty() && view.format == Format::Text {
        out.push_str(view.say("SQLite deles ikke opp\n", "SQLite is not divided\n"));
    }
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a file of this name can be made; it is not left behind. The database would blame itself, and the audit log
/// would have a backup that nobody made.
pub(super) fn can_be_made(file: &Path) -> anyhow::Result<()> {
    new_file(file).map(drop).and_then(|()| std::fs::remove_file(file)).explain(|| {
        text!(
            "kan ikke skrive {file}: velg en mappe som finnes, og som det kan skrives i",
            "cannot write {file}: choose a folder that exists and can be written to",
            file = file.display()
        )
    })
}

/// Files that a failure takes away again, so that no half of a copy is taken for one.
struct Made<'p>(Vec<&'p Path>);

impl<'p> Made<'p> {
    fn make(&mut self, file: &'p Path) -> anyhow::Result<()> {
        // Before the database writes it: a file that it makes itself others may read.
        new_file(file).explain(|| {
            text!(
                "kan ikke skrive {file}: velg en mappe som finnes, og som det kan skrives i",
                "cannot write {file}: choose a folder that exists and can be written to",
                file = file.display()
            )
        })?;
        self.0.push(file);
        Ok(())
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Copies the databases, while a receiver uses them or before a later program changes their schema.
pub(super) async fn back_up(
    config: &ReceiverConfig,
    folder: &Path,
    file: &Path,
    view: View,
) -> anyhow::Result<ExitCode> {
    let has_identities = config.identities.is_some();
    // A server has means of its own, whatever state its database is in.
    if !are_files(config) {
        if has_identities {
            fail!(
                "en PostgreSQL-database kopieres med pg_dump eller pg_basebackup: er database eller identities.database en slik, \
                 kopieres hver for seg, den første først, og ingenting er skrevet",
                "a PostgreSQL database is copied with pg_dump or pg_basebackup: where database or identities.database is one, each \
                 is copied by itself, the first one first, and nothing was written"
            );
        }
        fail!(
            "en PostgreSQL-database kopieres med pg_dump eller pg_basebackup",
            "a PostgreSQL database is copied with pg_dump or pg_basebackup"
        );
    }
    let opened = match open_store(config, folder, Opening::PRESENT).await {
        Ok(store) => Some(store),
        // What is refused to all others is what should be backed up now.
        Err(error) if is_of_older_schema(&error) => None,
        Err(error) => return Err(error),
    };
    let Some(path) = file.to_str() else {
        fail!("{file} er ikke UTF-8", "{file} is not UTF-8", file = file.display());
    };
    let second = format!("{path}.identities");
    let identities = has_identities.then(|| Path::new(&second));
    for file in [Some(file), identities].into_iter().flatten() {
        if file.exists() {
            fail!(
                "{file} finnes fra før, og skrives ikke over",
                "{file} is there already, and is not overwritten",
                file = file.display()
            );
        }
    }
    let mut made = Made(Vec::new());
    for file in [Some(file), identities].into_iter().flatten() {
        made.make(file)?;
    }
    if let Some(store) = &opened {
        let detail = format!("backup to {}", file.display());
        record(&**store, Action::Export, &operator(), None, None, detail).await?;
        let written = store.back_up(path).await;
        if !written.explain(|| text!("kan ikke skrive {path}", "cannot write {path}"))? {
            fail!("{path} er ikke skrevet", "{path} was not written");
        }
    } else {
        copy_files(config, folder, path, &second).await?;
    }
    made.keep();
    if view.format == Format::Json {
        let second = has_identities.then_some(second);
        let files: Vec<&str> = std::iter::once(path).chain(second.as_deref()).collect();
        let line = json!({ "files": files, "isRecorded": opened.is_some() });
        print(&format!("{line}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let file = file.display();
    let done = if has_identities {
        text!(
            "skrev {file} og {file}.identities; flytt den ene av dem, så de ikke ligger sammen. Uten column_key og \
             identities.key kan de ikke leses, så ta vare på nøklene et annet sted, hver for seg\n",
            "wrote {file} and {file}.identities; move one of them, so that they are not kept together. Without column_key and \
             identities.key they cannot be read, so keep the keys somewhere else, apart from each other\n"
        )
    } else {
        text!(
            "skrev {file}; uten column_key kan den ikke leses, så ta vare på nøkkelen et annet sted\n",
            "wrote {file}; without column_key it cannot be read, so keep the key somewhere else\n"
        )
    };
    print(done.get(view.lang))?;
    if opened.is_none() {
        let note = text!(
            "Databasen har skjemaet til et eldre program og er ikke endret: kopien står ikke i revisjonsloggen\n",
            "The database has the schema of an earlier program and was not changed: the copy is not in the audit log\n"
        );
        print(note.get(view.lang))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn is_of_older_schema(error: &anyhow::Error) -> bool {
    error.chain().any(|error| matches!(error.downcast_ref(), Some(OpenError::OlderSchema)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use std::num::NonZeroU32;

    use super::*;
    use lmr_intake::{AuditFilter, AuditLog as _, Counts, RefusedCall, Store as _};
    use lmr_storage::{SqliteStore, StorageKey};

    /// Whatever ends the program between the two, the first entry is there.
    #[tokio::test]
    async fn what_is_removed_for_its_age_is_recorded_before_and_after() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lmr.sqlite");
        let store = SqliteStore::open(&file, StorageKey::new(&[7; 32])).await.unwrap();
        let call = RefusedCall {
            received_at: clock::now() - jiff::SignedDuration::from_hours(72),
            sender: None,
            client_id: None,
            message_id: None,
            request_id: "r".to_owned(),
            code: "LMR-1001".to_owned(),
            counts: Counts::default(),
            calls: 1,
        };
        store.keep_refused(vec![call]).await.unwrap();
        let kept = RetentionSection { refused_days: NonZeroU32::new(4), ..Default::default() };
        let over = RetentionSection { refused_days: NonZeroU32::new(2), ..Default::default() };
        for (retention, removed, entries) in [(kept, 0, 0), (over, 1, 2), (over, 0, 2)] {
            let gone = expire(&store, retention, false, "receiver").await.unwrap();
            assert_eq!(gone.refused_calls, removed);
            let recorded = store.audit_entries(&AuditFilter::default()).await.unwrap();
            assert_eq!(recorded.len(), entries, "{recorded:?}");
            if let [after, before] = &recorded[..] {
                assert!(before.text.contains("begins: content before -; refused calls before 2"));
                assert!(after.text.contains("refusedCalls"), "{}", after.text);
            }
        }
    }

    #[test]
    fn a_reason_with_a_number_in_any_spelling_is_refused() {
        for spelling in lmr_fhir::digits::spellings("12818012345") {
            let reason = format!("sak om {} i dag", spelling.text);
            assert!(check_reason(Some(&reason)).is_err(), "{reason}");
        }
        assert!(check_reason(Some("feilsendt 2026-11-26T10:15, sak 2026/1234")).is_ok());
    }
}
