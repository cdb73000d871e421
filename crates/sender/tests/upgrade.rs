//! A database of version 0.1, made by that version's program: what it knows counts after the upgrade.
//!
//! `data/version-0.1` has its dump, its source and its hash key; all of it is synthetic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_envelope::{SealError, SystemRandom};
use lmr_lmdi::{PersonNumbers, RuleSetId};
use lmr_sender::check::{CheckContext, RuleSetChecker};
use lmr_sender::outbox::Outbox;
use lmr_sender::report::RunStatus;
use lmr_sender::schedule::RetrySchedule;
use lmr_sender::seal::Sealer;
use lmr_sender::source::{FolderSource, SourceLimits};
use lmr_sender::transport::{PostOutcome, Transport};
use lmr_sender::{Agent, BundleLimits, HashKey, Parts, Settings, StopSignal};
use sqlx::Executor as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/version-0.1").join(name)
}

/// A register that answers nothing and keeps what comes.
#[derive(Default)]
struct Register(Mutex<Vec<Vec<u8>>>);

#[async_trait]
impl Transport for Register {
    async fn post(&self, message: Vec<u8>) -> PostOutcome {
        self.0.lock().unwrap().push(message);
        PostOutcome::Answered { status: 503, retry_after: None, body: Vec::new(), receipt: None }
    }
}

/// A message is its bundle, so that the test sees what is in it.
struct Open;

impl Sealer for Open {
    fn seal(&self, bundle: &[u8], _: &str, _: &CheckContext) -> Result<Vec<u8>, SealError> {
        Ok(bundle.to_vec())
    }

    fn verify_receipt(
        &self,
        _: &str,
    ) -> Result<lmr_envelope::VerifiedReceipt, lmr_envelope::ReceiptError> {
        Err(lmr_envelope::ReceiptError::Malformed { part: "the payload" })
    }
}

struct Hospital {
    folder: tempfile::TempDir,
    register: Arc<Register>,
}

impl Hospital {
    /// The database as 0.1 left it, and its source.
    async fn of_version_0_1() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("sender.sqlite"))
            .create_if_missing(true);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let dump = std::fs::read_to_string(data("outbox.sql")).unwrap();
        pool.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(dump))).await.unwrap();
        pool.close().await;
        std::fs::create_dir(folder.path().join("source")).unwrap();
        for file in std::fs::read_dir(data("source")).unwrap() {
            let file = file.unwrap();
            let to = folder.path().join("source").join(file.file_name());
            std::fs::copy(file.path(), to).unwrap();
        }
        Self { folder, register: Arc::default() }
    }

    async fn outbox(&self) -> Outbox {
        Outbox::open(&self.folder.path().join("sender.sqlite")).await.unwrap()
    }

    async fn agent(&self) -> Agent {
        let digits = std::fs::read_to_string(data("hash.key")).unwrap();
        let mut key = zeroize::Zeroizing::new([0; 32]);
        for (byte, pair) in key.iter_mut().zip(digits.trim().as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        }
        let source = self.folder.path().join("source");
        // Some hours after the last run of 0.1.
        let now: Timestamp = "2026-11-26T09:00:00Z".parse().unwrap();
        Agent::new(Parts {
            settings: Settings {
                own_addresses: Vec::new(),
                incremental: false,
                incremental_sources: Vec::new(),
                start: jiff::civil::date(2026, 11, 24),
                rule_set: RuleSetId::Lmdi094,
                bundle_limits: BundleLimits::default(),
                retry: RetrySchedule::default(),
                configuration: String::new(),
                lock: self.folder.path().join("sender.sqlite.lock"),
                organisation: "310000027".to_owned(),
                environment: "local".to_owned(),
                receiver: "https://register.example/v1".to_owned(),
            },
            source: Arc::new(FolderSource::new(source, SourceLimits::default())),
            key: HashKey::new(&key),
            outbox: self.outbox().await,
            checker: Arc::new(RuleSetChecker::new(RuleSetId::Lmdi094, PersonNumbers::Any)),
            sealer: Arc::new(Open),
            transport: self.register.clone(),
            clock: Arc::new(move || now),
            random: Arc::new(SystemRandom),
            stop: StopSignal::default(),
        })
        .await
        .unwrap()
    }

    fn posted(&self) -> usize {
        self.register.0.lock().unwrap().len()
    }
}

#[tokio::test]
async fn what_version_0_1_delivered_is_not_sent_again() {
    let hospital = Hospital::of_version_0_1().await;
    let before = hospital.outbox().await.overview().await.unwrap();
    let confirmed: u64 = before.stored.iter().map(|(_, count)| count).sum();
    assert!(confirmed > 30, "{before:?}");
    assert_eq!(before.held, 1, "{before:?}");

    let report = hospital.agent().await.run().await.unwrap();
    assert_eq!(hospital.posted(), 0, "nothing has changed: {report:?}");
    assert_eq!((report.new, report.changed), (0, 0), "{report:?}");
    // What was held is examined again, since the rules are newer, and is still wrong.
    assert_eq!(report.held, 1, "{report:?}");
    assert_eq!(report.status(), RunStatus::ToCorrect);
    let after = hospital.outbox().await.overview().await.unwrap();
    assert_eq!(after.stored, before.stored);

    // The second run is one of the present form.
    let report = hospital.agent().await.run().await.unwrap();
    assert_eq!((hospital.posted(), report.new, report.changed), (0, 0, 0));
}

#[tokio::test]
async fn what_has_changed_since_goes_and_nothing_else() {
    let hospital = Hospital::of_version_0_1().await;
    let file = hospital.folder.path().join("source/Organization.ndjson");
    let text = std::fs::read_to_string(&file).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let mut organisation: serde_json::Value = serde_json::from_str(first).unwrap();
    organisation["name"] = "Liksom nytt navn".into();
    std::fs::write(&file, format!("{organisation}\n{rest}")).unwrap();

    let report = hospital.agent().await.run().await.unwrap();
    assert_eq!((report.new, report.changed), (0, 1), "{report:?}");
    assert_eq!(hospital.posted(), 1);
    let message = hospital.register.0.lock().unwrap()[0].clone();
    let bundle: serde_json::Value = serde_json::from_slice(&message).unwrap();
    let entries = bundle["entry"].as_array().unwrap();
    assert!(entries.len() <= 2, "only it and what it refers to: {}", entries.len());
}

/// A dry run right after the upgrade, before any run has changed the database's form.
#[tokio::test]
async fn a_dry_run_on_a_database_of_version_0_1_changes_nothing() {
    let hospital = Hospital::of_version_0_1().await;
    let path = hospital.folder.path().join("sender.sqlite");
    let before = std::fs::read(&path).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let copy = Outbox::scratch_copy(&path, &scratch.path().join("scratch.sqlite")).await.unwrap();
    assert_eq!(copy.held().await.unwrap().len(), 1);
    copy.close().await;
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn lists_of_a_database_of_version_0_1_can_be_read() {
    let hospital = Hospital::of_version_0_1().await;
    let outbox = hospital.outbox().await;
    assert_eq!(outbox.held().await.unwrap().len(), 1);
    assert!(!outbox.held().await.unwrap()[0].findings.is_empty());
    assert!(outbox.runs(20).await.unwrap().len() >= 3);
    let messages = outbox.messages(20).await.unwrap();
    assert!(messages.iter().any(|message| !message.attempts.is_empty()), "{messages:?}");
}

/// A database of the form before the narrow ledger, as `tests/data/form-7` has it.
async fn of_form_7(path: &Path) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let dump = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/form-7/outbox.sql");
    let dump = std::fs::read_to_string(dump).unwrap();
    pool.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(dump))).await.unwrap();
    pool.close().await;
}

async fn ledger(outbox: &Outbox) -> Vec<lmr_sender::outbox::LedgerRow> {
    let mut rows = Vec::new();
    let visit = |row| {
        rows.push(row);
        Ok::<(), lmr_sender::outbox::OutboxError>(())
    };
    outbox.each_in_ledger(visit).await.unwrap();
    rows
}

#[tokio::test]
async fn a_ledger_of_the_form_before_is_made_narrow_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sender.sqlite");
    of_form_7(&path).await;
    let outbox = Outbox::open(&path).await.unwrap();
    let overview = outbox.overview().await.unwrap();
    assert_eq!(overview.stored.iter().map(|(_, count)| count).sum::<u64>(), 45, "{overview:?}");
    assert!(overview.stored.iter().any(|(name, count)| name == "Medication" && *count > 1));
    let rows = ledger(&outbox).await;
    let names: Vec<_> = rows
        .iter()
        .take(3)
        .map(|row| (row.resource_id.as_deref(), row.source_key.as_deref()))
        .collect();
    // A UUID takes its bytes and is spelled as it was; one in another spelling stays a text.
    assert_eq!(
        names,
        [
            (Some("0f8fad5b-d9cb-469f-a165-70867728950e"), Some("ADM-17")),
            (
                Some("0F8FAD5B-D9CB-469F-A165-70867728950E"),
                Some("7c9e6679-7425-40de-944b-e07fc1f90ae7")
            ),
            (None, None),
        ]
    );
    let messages = outbox.messages(20).await.unwrap();
    let stored: Vec<u64> =
        messages.iter().map(|message| message.stored + message.refused).collect();
    assert_eq!(stored, [1, 45], "{messages:?}");
    outbox.close().await;
}

/// Overwrites the first page of a table or an index.
async fn wipe_root(path: &Path, name: &str) {
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await.unwrap();
    let page: i64 = sqlx::query_scalar("SELECT rootpage FROM sqlite_master WHERE name = ?")
        .bind(name)
        .fetch_one(&pool)
        .await
        .unwrap();
    pool.close().await;
    let mut bytes = std::fs::read(path).unwrap();
    let at = (usize::try_from(page).unwrap() - 1) * 4096;
    bytes[at..at + 4096].fill(0xa5);
    std::fs::write(path, bytes).unwrap();
}

/// A schema is held against that of the file's own form, whatever steps and programs have made it.
#[tokio::test]
async fn a_whole_file_of_an_older_form_is_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let form_7 = folder.path().join("sender.sqlite");
    of_form_7(&form_7).await;
    let first = Hospital::of_version_0_1().await;
    for path in [form_7, first.folder.path().join("sender.sqlite")] {
        for form in ["its own", "the present one"] {
            let found = lmr_sender::outbox::examine(&path).await.unwrap();
            assert_eq!(found.faults, [""; 0], "{form}: {}", path.display());
            Outbox::open(&path).await.unwrap().close().await;
        }
    }
}

#[tokio::test]
async fn a_damaged_file_of_the_form_before_is_repaired_to_the_present_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sender.sqlite");
    of_form_7(&path).await;
    // Its rows are in its table.
    wipe_root(&path, "attempt_of").await;
    let found = lmr_sender::outbox::examine(&path).await.unwrap();
    assert!(!found.faults.is_empty());
    let now: Timestamp = "2026-11-26T09:00:00Z".parse().unwrap();
    lmr_sender::outbox::repair(&path, now).await.unwrap().expect("repaired");
    let outbox = Outbox::open(&path).await.unwrap();
    assert_eq!(ledger(&outbox).await.len(), 45);
    assert_eq!(outbox.messages(20).await.unwrap().len(), 2);
    outbox.close().await;
}

/// A damaged file of a newer program would lose what this one does not know.
#[tokio::test]
async fn a_damaged_file_of_a_newer_form_is_left_to_the_program_that_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sender.sqlite");
    of_form_7(&path).await;
    Outbox::open(&path).await.unwrap().close().await;
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&path)).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'from the future', TRUE, x'00', 0); \
                 INSERT INTO schema_program VALUES (9999, '9.8.7')";
    pool.execute(newer).await.unwrap();
    pool.close().await;
    wipe_root(&path, "attempt_of").await;
    let before = std::fs::read(&path).unwrap();
    let now: Timestamp = "2026-11-26T09:00:00Z".parse().unwrap();
    for refused in [
        lmr_sender::outbox::examine(&path).await.map(drop),
        lmr_sender::outbox::repair(&path, now).await.map(drop),
    ] {
        let error = refused.expect_err("refused").to_string();
        assert!(error.contains("lmr 9.8.7 or newer is needed"), "{error}");
    }
    assert!(std::fs::read(&path).unwrap() == before);
}

/// A file of an older form whose own list of forms is lost is not taken for one of the present form.
#[tokio::test]
async fn the_form_of_a_file_is_known_by_its_tables_where_its_list_of_forms_is_lost() {
    for lost in ["_sqlx_migrations", "sqlite_autoindex__sqlx_migrations_1"] {
        let folder = tempfile::tempdir().unwrap();
        let form_7 = folder.path().join("sender.sqlite");
        of_form_7(&form_7).await;
        let first = Hospital::of_version_0_1().await;
        let version_0_1 = first.folder.path().join("sender.sqlite");
        for path in [form_7, version_0_1] {
            let twin = folder.path().join("twin.sqlite");
            std::fs::copy(&path, &twin).unwrap();
            let whole = Outbox::open(&twin).await.unwrap();
            let (rows, messages) = (ledger(&whole).await, whole.messages(20).await.unwrap());
            whole.close().await;
            std::fs::remove_file(&twin).unwrap();
            assert!(rows.len() > 30 && !messages.is_empty());

            wipe_root(&path, lost).await;
            let now: Timestamp = "2026-11-26T09:00:00Z".parse().unwrap();
            lmr_sender::outbox::repair(&path, now).await.unwrap().expect("repaired");
            let outbox = Outbox::open(&path).await.unwrap();
            assert_eq!(ledger(&outbox).await, rows, "{lost}: {}", path.display());
            assert_eq!(outbox.messages(20).await.unwrap(), messages, "{lost}");
            outbox.close().await;
        }
    }
}
