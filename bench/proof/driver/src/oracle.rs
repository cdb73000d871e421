//! What must be true, compared from outside: the source's versions, the register's rows and its export, the sender's
//! rows, the answers that left the register. Shares no code with sender or receiver.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _, SqliteConnection};

use crate::model::{Model, plain};
use crate::proxy::Acknowledged;

/// Counts of a history, as Jepsen counts.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Messages with a whole answer that left the register.
    pub acknowledged_messages: u64,
    pub stored_messages: u64,
    /// Entries that those answers call stored or unchanged.
    pub acknowledged_entries: u64,
    /// Versions wanted in the end and there.
    pub stored_versions: u64,
    /// Acknowledged messages that are not there, wanted versions that are not there.
    pub lost: u64,
    /// Contents stored a second time, messages stored a second time.
    pub duplicates: u64,
    /// Resources without an end: not delivered and not held.
    pub stuck: u64,
    /// Resends whose answer was compared with the first one.
    pub resends: u64,
}

/// What is wrong, in words.
#[derive(Debug, Default)]
pub struct Verdict {
    pub counts: Counts,
    pub violations: Vec<String>,
}

impl Verdict {
    fn lost(&mut self, text: String) {
        self.counts.lost += 1;
        self.violations.push(format!("lost: {text}"));
    }

    fn duplicate(&mut self, text: String) {
        self.counts.duplicates += 1;
        self.violations.push(format!("duplicate: {text}"));
    }

    fn stuck(&mut self, text: String) {
        self.counts.stuck += 1;
        self.violations.push(format!("stuck: {text}"));
    }
}

/// Where rows are: `postgres://…`, or a file of SQLite's.
fn is_postgres(path: &Path) -> bool {
    path.to_string_lossy().starts_with("postgres:")
}

async fn open(path: &Path) -> Result<SqliteConnection> {
    // Not read-only: what a killed process left in the log beside it is to be read too.
    let options = SqliteConnectOptions::new().filename(path);
    options.connect().await.with_context(|| path.display().to_string())
}

/// Tells a server of PostgreSQL something.
pub fn tell_postgres(url: &str, statements: &[String]) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        use sqlx::Connection as _;
        let mut db = sqlx::PgConnection::connect(url).await?;
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(&mut db).await?;
        }
        Ok(db.close().await?)
    })
}

/// Rows with one text and one number each, of several questions by one connection.
async fn rows(path: &Path, questions: &[&'static str]) -> Result<Vec<Vec<(String, i64)>>> {
    use sqlx::Connection as _;
    let mut all = Vec::new();
    if is_postgres(path) {
        let mut db = sqlx::PgConnection::connect(&path.to_string_lossy()).await?;
        for sql in questions {
            let rows = sqlx::query(*sql).fetch_all(&mut db).await?;
            all.push(rows.iter().map(|row| (row.get(0), row.get(1))).collect());
        }
        db.close().await?;
        return Ok(all);
    }
    let mut db = open(path).await?;
    for sql in questions {
        let rows = sqlx::query(*sql).fetch_all(&mut db).await?;
        all.push(rows.iter().map(|row| (row.get(0), row.get(1))).collect());
    }
    db.close().await?;
    Ok(all)
}

fn ask_all(path: &Path, questions: &[&'static str]) -> Result<Vec<Vec<(String, i64)>>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(rows(path, questions))
}

fn ask(path: &Path, sql: &'static str) -> Result<Vec<(String, i64)>> {
    Ok(ask_all(path, &[sql])?.pop().unwrap_or_default())
}

/// Message ids in the register, and how often each is there.
pub fn stored_messages(register: &Path) -> Result<BTreeMap<String, i64>> {
    Ok(ask(register, "SELECT message_id, count(*) FROM message GROUP BY message_id")?
        .into_iter()
        .collect())
}

/// Asks a database something whose answer is of no interest.
pub fn ask_once(path: &Path, sql: &'static str) -> Result<()> {
    use sqlx::Connection as _;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut db = open(path).await?;
        sqlx::query(sql).execute(&mut db).await?;
        Ok(db.close().await?)
    })
}

/// Ids of messages that the sender has sealed and not settled.
pub fn sealed_messages(ledger: &Path) -> Result<BTreeSet<String>> {
    let rows = ask(ledger, "SELECT message_id, 1 FROM message WHERE sealed IS NOT NULL")?;
    Ok(rows.into_iter().map(|(id, _)| id).collect())
}

/// How many resources are held at the sender.
pub fn held(ledger: &Path) -> Result<u64> {
    let rows = ask(ledger, "SELECT resource_type, count(*) FROM held GROUP BY resource_type")?;
    Ok(rows.iter().map(|(_, count)| u64::try_from(*count).unwrap_or(0)).sum())
}

/// What acknowledged messages the register lacks.
pub fn check_acknowledged(
    register: &Path,
    acknowledged: &BTreeMap<String, Acknowledged>,
) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let stored = stored_messages(register)?;
    verdict.counts.stored_messages = stored.len() as u64;
    for (id, answer) in acknowledged {
        verdict.counts.acknowledged_messages += 1;
        verdict.counts.acknowledged_entries += answer.entries;
        verdict.counts.resends += answer.times - 1;
        if !stored.contains_key(id) {
            verdict.lost(format!(
                "message {id} was answered for {} entries and is not stored",
                answer.entries
            ));
        }
        if !answer.receipt {
            verdict.violations.push(format!("message {id} was answered without a receipt"));
        }
    }
    for (id, count) in &stored {
        if *count > 1 {
            verdict.duplicate(format!("message {id} is stored {count} times"));
        }
    }
    Ok(verdict)
}

/// What the end of a history is held against.
pub struct End<'a> {
    pub model: &'a Model,
    pub register: &'a Path,
    pub ledger: &'a Path,
    /// The versions of each resource at the register, oldest first.
    pub export: &'a BTreeMap<String, Vec<Value>>,
    pub acknowledged: &'a BTreeMap<String, Acknowledged>,
    /// An older copy of a database came back: a version may then be there that an open message of then carried.
    pub was_restored: bool,
    /// Resources that were in the source with another identity, so that they may be there as another resource.
    pub renamed: &'a BTreeSet<String>,
}

/// Compares everything, once nothing is faulty and the last transfer was clean.
pub fn check(end: &End) -> Result<Verdict> {
    let mut verdict = check_acknowledged(end.register, end.acknowledged)?;
    check_rows(end, &mut verdict)?;
    let export = end.export;
    let reported = end.model.reported();
    let now = end.model.resources();
    for name in &reported {
        let wanted = plain(&now[name]);
        let versions = export.get(name).map(Vec::as_slice).unwrap_or_default();
        match versions.last() {
            None => verdict.lost(format!("{name} is not at the register")),
            Some(last) if *last != wanted => {
                verdict.lost(format!("the newest version of {name} is not the source's"))
            }
            Some(_) => {}
        }
        let shown: Vec<Value> = end.model.versions[name].iter().map(plain).collect();
        let mut from = 0;
        for (at, version) in versions.iter().enumerate() {
            if at > 0 && versions[at - 1] == *version {
                verdict.duplicate(format!(
                    "{name} has the same content in versions {at} and {}",
                    at + 1
                ));
                continue;
            }
            match shown.iter().skip(from).position(|one| one == version) {
                Some(skipped) => from += skipped + 1,
                None if end.was_restored && shown.contains(version) => {}
                None if shown.contains(version) => {
                    verdict.duplicate(format!("{name}: version {} follows a newer one", at + 1));
                }
                None => verdict
                    .violations
                    .push(format!("{name}: version {} was never in the source", at + 1)),
            }
        }
        verdict.counts.stored_versions += versions.len() as u64;
    }
    for name in export.keys() {
        if !reported.contains(name) && !end.model.versions.contains_key(name) {
            verdict
                .violations
                .push(format!("{name} is at the register and was never in the source"));
        }
    }
    Ok(verdict)
}

/// What the sender's rows are asked for.
const OF_LEDGER: [&str; 3] = [
    "SELECT state, count(*) FROM message WHERE state NOT IN ('delivered', 'refused', 'released') GROUP BY state",
    "SELECT resource_type, count(*) FROM held GROUP BY resource_type",
    "SELECT '', count(*) FROM stored",
];
/// And the register's.
const OF_REGISTER: [&str; 7] = [
    "SELECT '', count(*) FROM resource_version",
    "SELECT '', CAST(coalesce(sum(created + updated), 0) AS BIGINT) FROM message",
    "SELECT '', CAST(coalesce(sum(version), 0) AS BIGINT) FROM resource",
    "SELECT r.resource_id, r.version - count(v.version) FROM resource r LEFT JOIN resource_version v \
     ON v.resource_id = r.resource_id GROUP BY r.resource_id, r.version HAVING r.version <> count(v.version)",
    "SELECT '', count(*) FROM resource",
    // One entry of the audit log for each stored message, numbered without a gap.
    "SELECT a.chain, max(a.sequence) - count(*) FROM audit_entry a GROUP BY a.chain \
     HAVING max(a.sequence) <> count(*)",
    "SELECT '', count(*) FROM message m LEFT JOIN audit_entry a ON a.chain = m.organisation \
     AND a.sequence = m.audit_sequence WHERE a.sequence IS NULL",
];
const WHOLE: &str = "SELECT integrity_check, 1 FROM pragma_integrity_check";

/// Rows of both databases that must agree with each other.
fn check_rows(end: &End, verdict: &mut Verdict) -> Result<()> {
    type Rows = Vec<(String, i64)>;
    let all = |path: &Path, questions: &[&'static str]| -> Result<(Vec<Rows>, Rows)> {
        let mut questions = questions.to_vec();
        if !is_postgres(path) {
            questions.push(WHOLE);
        }
        let mut rows = ask_all(path, &questions)?;
        let whole = if is_postgres(path) { None } else { rows.pop() };
        Ok((rows, whole.unwrap_or_default()))
    };
    let one = |rows: &Rows| rows.first().map_or(0, |(_, count)| *count);
    let (ledger, whole_ledger) = all(end.ledger, &OF_LEDGER)?;
    let (register, whole_register) = all(end.register, &OF_REGISTER)?;
    let [open, held, confirmed] = ledger.as_slice() else { bail!("three answers") };
    let [versions, counted, newest, gaps, resources, chains, without] = register.as_slice() else {
        bail!("seven answers")
    };
    for (state, count) in open {
        verdict.stuck(format!("{count} messages are '{state}'"));
    }
    for (kind, count) in held {
        verdict.stuck(format!("{count} of {kind} are held though nothing is faulty"));
    }
    let versions = one(versions);
    let counted = one(counted);
    if versions != counted {
        verdict
            .violations
            .push(format!("{versions} versions are stored, the messages count {counted}"));
    }
    let newest = one(newest);
    if versions != newest {
        verdict
            .violations
            .push(format!("{versions} versions are stored, the resources count {newest}"));
    }
    for (name, count) in gaps {
        verdict.lost(format!("resource {name} lacks {count} of its versions"));
    }
    let resources = one(resources);
    let wanted = i64::try_from(end.model.reported().len())?;
    let others = i64::try_from(end.renamed.len())?;
    if resources < wanted {
        verdict.lost(format!("{resources} resources are stored, {wanted} wanted"));
    }
    if resources > wanted + others {
        verdict.duplicate(format!("{resources} resources are stored, {wanted} wanted"));
    }
    let confirmed = one(confirmed);
    if confirmed < wanted || confirmed > wanted + others {
        verdict.violations.push(format!("the ledger has {confirmed} resources, {wanted} wanted"));
    }
    for (chain, wrong) in chains {
        verdict.violations.push(format!("chain {chain} of the audit log has {wrong} gaps"));
    }
    let without = one(without);
    if without != 0 {
        verdict.violations.push(format!("{without} messages have no entry in the audit log"));
    }
    for (path, rows) in [(end.register, whole_register), (end.ledger, whole_ledger)] {
        for (text, _) in rows.iter().filter(|(text, _)| text != "ok") {
            verdict.violations.push(format!("{}: {text}", path.display()));
        }
    }
    Ok(())
}

/// The versions of each resource, from the folder of `lmr admin export --all-versions`.
pub fn read_export(folder: &Path, model: &Model) -> Result<BTreeMap<String, Vec<Value>>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for entry in fs::read_dir(folder).context("the export")? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "ndjson") {
            for line in fs::read_to_string(&path)?.lines() {
                let resource: Value = serde_json::from_str(line)?;
                let mut seen = plain(&resource);
                if let Some(members) = seen.as_object_mut().filter(|_| model.table().is_some()) {
                    // The sender's, made with its key.
                    members.shift_remove("id");
                }
                all.entry(model.name_at_register(&resource)).or_default().push(seen);
            }
        }
    }
    Ok(all)
}
