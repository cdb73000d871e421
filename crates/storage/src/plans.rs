//! A test: whatever the operator asks in the console goes by an index, on both databases. The statements are those that
//! are really sent: they are listened to, and their plans are asked for.
#![allow(clippy::print_stdout, reason = "says what it leaves out")]

use crate::{PostgresStore, SqliteStore, StorageKey};
use jiff::Timestamp;
use jiff::civil::date;
use lmr_intake::{
    Act, Action, AlertNote, ArchiveFilter, Asked, AuditFilter, Database, DeliveryFilter, Identity,
    MessageFilter, OrganisationNumber, REGISTER_CHAIN, Store as _,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection, query};
use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// What the library has sent since the last look.
static SENT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Listens to the statements that sqlx reports.
struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        #[derive(Default)]
        struct Statement {
            summary: String,
            whole: String,
        }
        impl Visit for Statement {
            fn record_str(&mut self, field: &Field, value: &str) {
                match field.name() {
                    "summary" => value.clone_into(&mut self.summary),
                    // Empty where the summary is the whole.
                    "db.statement" => value.trim().clone_into(&mut self.whole),
                    _ => {}
                }
            }
            fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
        }
        let mut statement = Statement::default();
        event.record(&mut statement);
        let text = if statement.whole.is_empty() { statement.summary } else { statement.whole };
        SENT.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What the console asks, by the names of the functions, in all ways that lead to other statements.
const ASKED: [&str; 20] = [
    "alert_notes",
    "archived",
    "audit_entries",
    "audit_heads",
    "avsendere",
    "close_alert",
    "code_counts",
    "count_handed_over",
    "day_counts",
    "hand_over_again",
    "hour_codes",
    "known_senders",
    "message",
    "messages",
    "outlet_status",
    "partitions",
    "periods",
    "ready",
    "record",
    "refused_calls",
];

/// Asks all of it; what is in the tables does not matter to the plans that are wanted.
async fn ask(store: &dyn Database) {
    let sender: OrganisationNumber = "310000019".parse().unwrap();
    let (now, since) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    let later = Timestamp::from_second(86_400).unwrap();
    let note = AlertNote {
        alert: "invalid".to_owned(),
        closed_at: now,
        seen: 0,
        actor: "console:kari".to_owned(),
        reason: "sett".to_owned(),
    };
    let act = Act {
        at: now,
        action: Action::Read,
        actor: "console:kari".to_owned(),
        subject: None,
        reason: None,
        detail: None,
    };
    store.record(act).await.unwrap();
    store.close_alert(&note).await.unwrap();
    store.alert_notes().await.unwrap();
    store.audit_heads().await.unwrap();
    store.avsendere().await.unwrap();
    store.known_senders().await.unwrap();
    store.outlet_status(now).await.unwrap();
    store.partitions().await.unwrap();
    store.ready().await.unwrap();
    store.count_handed_over(sender, since, later, now).await.unwrap();
    store.hand_over_again(sender, since, later, now).await.unwrap_or_default();
    let days = (date(1970, 1, 1), date(1970, 1, 2));
    store.day_counts(&[sender], days).await.unwrap();
    store.hour_codes(&[sender], since, later).await.unwrap();
    store.code_counts(&[Some(sender), None], days).await.unwrap();
    store.message(sender, "m", now).await.unwrap();
    store.periods(sender, since).await.unwrap();
    let one = ArchiveFilter {
        sender: Some(sender),
        message_id: Some("m".to_owned()),
        limit: 1,
        ..ArchiveFilter::default()
    };
    store.archived(&one).await.unwrap();
    for asked in 0_u32..1 << 9 {
        let asks = |bit: u32| asked >> bit & 1 == 1;
        let filter = MessageFilter {
            sender: Some(sender).filter(|_| asks(0)),
            message_id: Some("m".to_owned()).filter(|_| asks(1)),
            code: Some("LMR-4001".to_owned()).filter(|_| asks(2)),
            since: Some(since).filter(|_| asks(3)),
            before: Some(later).filter(|_| asks(4)),
            only_refused: asks(5),
            only_waiting: asks(6),
            only_accepted: asks(8),
            after: "7-310000019-7".parse().ok().filter(|_| asks(7)),
            limit: 50,
        };
        store.messages(&filter, now).await.unwrap();
        let chain = if asks(0) { "310000019" } else { REGISTER_CHAIN };
        let filter = AuditFilter {
            chain: Some(chain.to_owned()),
            action: Some(Action::Read).filter(|_| asks(1)),
            since: Some(since).filter(|_| asks(2)),
            before: Some(later).filter(|_| asks(3)),
            limit: 100,
        };
        store.audit_entries(&filter).await.unwrap();
        let filter = DeliveryFilter {
            sender: Some(sender).filter(|_| asks(0)),
            code: Some("LMR-4001".to_owned()).filter(|_| asks(2)),
            since: Some(since).filter(|_| asks(3)),
            before: Some(later).filter(|_| asks(4)),
            limit: 50,
            ..DeliveryFilter::default()
        };
        store.refused_calls(&filter).await.unwrap();
    }
}

/// Tables that are as large as there are senders, alerts or settings: reading all of them is what is asked for.
const SMALL: [&str; 14] = [
    "audit_head",
    "alert_note",
    "avsender",
    "avsender_certificate",
    "avsender_address",
    "placement",
    "key_check",
    // Senders, found step by step along an index.
    "known",
    // Rows that an index found, counted up to a limit.
    "by_time",
    "with_code",
    // Rows that an index found, as many as a page has.
    "of_sender",
    "_sqlx_migrations",
    "sqlite_schema",
    "pg_",
];

/// Whole indexes that may be read, and why. Each is still needed: what is not seen any more fails the test.
const WHOLE_INDEXES: [(&str, &str); 1] = [(
    "message_waiting",
    "has only what waits at the outlet; counting that is what is asked, and only where there is an outlet",
)];

/// What of a plan of SQLite reads without a bound: a table or an index from its first row to its last. `SEARCH` has one.
pub(crate) fn reads_all(step: &str) -> bool {
    step.starts_with("SCAN") && !step.contains("CONSTANT ROW")
}

/// The same of a plan of PostgreSQL, as `EXPLAIN` writes it: a table read in its order, or an index without a condition.
fn unbounded(plan: &[String]) -> Vec<&str> {
    let is_detail = |line: &&String| {
        let line = line.trim_start();
        !line.starts_with("->") && !line.starts_with("SubPlan") && !line.starts_with("InitPlan")
    };
    let mut found = Vec::new();
    for (at, line) in plan.iter().enumerate() {
        let is_index = line.contains("Index Scan") || line.contains("Index Only Scan");
        let has_bound =
            || plan[at + 1..].iter().take_while(is_detail).any(|one| one.contains("Index Cond:"));
        if line.contains("Seq Scan on") || (is_index && !has_bound()) {
            found.push(line.trim());
        }
    }
    found
}

/// Whether a step is one of [`WHOLE_INDEXES`], which is then noted.
fn is_allowed(step: &str, seen: &mut BTreeSet<&'static str>) -> bool {
    let allowed = WHOLE_INDEXES.iter().find(|(index, _)| step.contains(index));
    seen.extend(allowed.map(|(index, _)| *index));
    allowed.is_some()
}

#[test]
fn a_whole_index_is_no_bound() {
    for (step, expected) in [
        ("SCAN message", true),
        ("SCAN message USING INDEX message_newest", true),
        ("SCAN message USING COVERING INDEX message_newest", true),
        ("SCAN CONSTANT ROW", false),
        ("SEARCH message USING INDEX message_newest (organisation=?)", false),
    ] {
        assert_eq!(reads_all(step), expected, "{step}");
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (plan, expected) in [
        ("Seq Scan on message m", 1),
        ("Limit\n  ->  Index Scan using a on message\n        Filter: (x = 1)", 1),
        ("Limit\n  ->  Index Only Scan using a on message\n        Index Cond: (x = 1)", 0),
        // The condition of another node.
        (
            "Nested Loop\n  ->  Index Scan using a on b\n  ->  Index Scan using c on d\n        Index Cond: (x = 1)",
            1,
        ),
        ("Bitmap Heap Scan on a\n  ->  Bitmap Index Scan on b\n        Index Cond: (x = 1)", 0),
    ] {
        assert_eq!(unbounded(&lines(plan)).len(), expected, "{plan}");
    }
}

/// The statements sent that read or change something of ours.
fn sent() -> Vec<String> {
    let mut all = SENT.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *all)
        .into_iter()
        .filter(|text| {
            let text = text.to_ascii_uppercase();
            ["SELECT", "UPDATE", "WITH"].iter().any(|verb| text.starts_with(verb))
                && !text.contains("PRAGMA")
                && !text.contains("SET_CONFIG")
        })
        .collect()
}

fn is_of_a_small_table(step: &str) -> bool {
    let words: Vec<&str> = step.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    SMALL.iter().any(|table| {
        words
            .iter()
            .map(|word| without_key(word))
            .any(|word| word == *table || (table.ends_with("pg_") && word.starts_with("pg_")))
    })
}

/// The table whose own key an index is: a database names it after the table.
fn without_key(index: &str) -> &str {
    let of_sqlite = index.strip_prefix("sqlite_autoindex_").and_then(|rest| rest.rsplit_once('_'));
    of_sqlite.map(|(table, _)| table).or_else(|| index.strip_suffix("_pkey")).unwrap_or(index)
}

/// The files of a folder and of the folders in it.
fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    all.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn everything_that_the_console_asks_is_asked_here() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src");
    let mut names = BTreeSet::new();
    for file in files_below(&folder.join("console")).into_iter().chain([folder.join("console.rs")])
    {
        let text: String =
            std::fs::read_to_string(file).unwrap().split_whitespace().collect::<Vec<_>>().concat();
        for rest in text.split("store.").skip(1) {
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if rest[name.len()..].starts_with('(') {
                names.insert(name);
            }
        }
    }
    // These change one sender by its key; what they do is other statements of the same table.
    for change in ["replace_avsender", "remove_avsender"] {
        assert!(names.remove(change), "{change}");
    }
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ASKED);
}

/// Whether a statement counts what either way to the messages with a code would read.
fn chooses_a_way(statement: &str) -> bool {
    statement.contains("AS with_code")
}

#[tokio::test]
async fn no_question_of_the_console_reads_a_large_table_from_end_to_end() {
    // Another test of this process may have set one; nothing would be heard then, which the count below says.
    let _ = tracing::subscriber::set_global_default(Listener);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    let store = SqliteStore::open(&file, StorageKey::new(&[7; 32])).await.unwrap();
    sent();
    ask(&store).await;
    let statements = sent();
    assert!(statements.len() > 100, "{statements:#?}");
    assert!(statements.iter().any(|text| chooses_a_way(text)), "{statements:#?}");
    store.close().await;
    let mut session =
        SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let (mut bad, mut seen) = (String::new(), BTreeSet::new());
    for text in &statements {
        let rows = query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")))
            .fetch_all(&mut session)
            .await
            .unwrap();
        for step in rows.iter().map(|row| row.get::<String, _>("detail")) {
            if reads_all(&step) && !is_of_a_small_table(&step) && !is_allowed(&step, &mut seen) {
                let _ = writeln!(bad, "{step}: {text}");
            }
        }
    }
    assert!(bad.is_empty(), "{bad}");
    assert_eq!(seen.len(), WHOLE_INDEXES.len(), "no longer needed: {WHOLE_INDEXES:?}");
    session.close().await.unwrap();
    on_postgres().await;
}

/// A first load fills tables that the server has not analysed yet: a message's resources are found by their identities
/// then too, and not among all of the sender's.
async fn finds_resources_without_statistics(
    session: &mut PgConnection,
    schema: &str,
    statements: &[String],
) {
    let newest: Vec<&String> =
        statements.iter().filter(|text| text.contains("r.identity_mac")).collect();
    assert_eq!(newest.len(), 1, "{statements:#?}");
    for text in [
        format!("SET search_path = {schema}"),
        "ALTER TABLE resource SET (autovacuum_enabled = off)".to_owned(),
    ] {
        query(AssertSqlSafe(text)).execute(&mut *session).await.unwrap();
    }
    let fill = "INSERT INTO resource (organisation, resource_id, kind, identity_mac, version)
        SELECT '310000019', n::TEXT, 'Patient', decode(md5(n::TEXT), 'hex'), 1 FROM generate_series($1::INT, $2) n";
    let (mut from, mut plans) = (1, Vec::new());
    for to in [0, 100, 3_000, 30_000] {
        query(fill).bind(from).bind(to).execute(&mut *session).await.unwrap();
        from = to + 1;
        for mode in ["force_generic_plan", "force_custom_plan"] {
            let macs = (0..8).map(|n| format!(", decode(md5('{n}'), 'hex')")).collect::<String>();
            // The values of the list come first, then the sender.
            let types = format!("{}TEXT", "BYTEA, ".repeat(8));
            let given = format!("{}, '310000019'", macs.trim_start_matches(", "));
            for text in [
                format!("SET plan_cache_mode = {mode}"),
                format!("PREPARE newest ({types}) AS {}", newest[0]),
            ] {
                query(AssertSqlSafe(text)).execute(&mut *session).await.unwrap();
            }
            let plan: Vec<String> =
                query(AssertSqlSafe(format!("EXPLAIN EXECUTE newest({given})")))
                    .fetch_all(&mut *session)
                    .await
                    .unwrap()
                    .iter()
                    .map(|row| row.get(0))
                    .collect();
            query("DEALLOCATE newest").execute(&mut *session).await.unwrap();
            plans.push((to, mode, plan.join("\n")));
        }
    }
    for (rows, mode, plan) in plans {
        let by_identity =
            plan.lines().any(|step| step.contains("Index Cond") && step.contains("identity_mac"));
        assert!(by_identity, "{rows} rows, {mode}: {plan}");
    }
}

#[expect(clippy::disallowed_methods, reason = "which database to use depends on the machine")]
async fn on_postgres() {
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        println!("left out: TEST_DATABASE_URL is not set, so PostgreSQL is not tested");
        return;
    };
    let name = format!("lmr_plans_{}", std::process::id());
    let mut session = PgConnection::connect(&url).await.unwrap();
    for text in [format!("DROP SCHEMA IF EXISTS {name} CASCADE"), format!("CREATE SCHEMA {name}")] {
        query(AssertSqlSafe(text)).execute(&mut session).await.unwrap();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    let of_schema = format!("{url}{separator}options[search_path]={name}");
    let store = PostgresStore::open(&of_schema, StorageKey::new(&[7; 32])).await.unwrap();
    sent();
    ask(&store).await;
    let statements = sent();
    assert!(statements.len() > 100, "{statements:#?}");
    // The planner chooses by itself, whatever is counted before.
    assert!(!statements.iter().any(|text| chooses_a_way(text)), "{statements:#?}");
    let identities: Vec<Identity> = (0..8)
        .map(|number| Identity { resource_type: "Patient".to_owned(), key: number.to_string() })
        .collect();
    let asked = Asked { identities: &identities, ..Asked::default() };
    store.known("310000019".parse().unwrap(), asked).await.unwrap();
    let of_a_message = sent();
    store.close().await;
    finds_resources_without_statistics(&mut session, &name, &of_a_message).await;
    // With empty tables the planner would take any way; where an index can be used, it must be.
    for text in [
        format!("SET search_path = {name}"),
        "SET enable_seqscan = off".to_owned(),
        "SET plan_cache_mode = force_generic_plan".to_owned(),
    ] {
        query(AssertSqlSafe(text)).execute(&mut session).await.unwrap();
    }
    let (mut bad, mut seen) = (String::new(), BTreeSet::new());
    for text in &statements {
        query(AssertSqlSafe(format!("PREPARE asked AS {text}")))
            .execute(&mut session)
            .await
            .unwrap();
        let parameters = (1..200).take_while(|n| text.contains(&format!("${n}"))).count();
        let nulls = vec!["NULL"; parameters].join(", ");
        let given = if nulls.is_empty() { nulls } else { format!("({nulls})") };
        let plan: Vec<String> = query(AssertSqlSafe(format!("EXPLAIN EXECUTE asked{given}")))
            .fetch_all(&mut session)
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        for step in unbounded(&plan) {
            if !is_of_a_small_table(step) && !is_allowed(step, &mut seen) {
                let _ = writeln!(bad, "{step}: {text}");
            }
        }
        query("DEALLOCATE asked").execute(&mut session).await.unwrap();
    }
    let drop = format!("DROP SCHEMA {name} CASCADE");
    query(AssertSqlSafe(drop)).execute(&mut session).await.unwrap();
    assert!(bad.is_empty(), "{bad}");
    assert_eq!(seen.len(), WHOLE_INDEXES.len(), "no longer needed: {WHOLE_INDEXES:?}");
}
