//! A ledger with a damaged page, one that is lost, one that is older than the register, clocks that lie: nothing
//! is lost and nothing is stored twice, and damage is named with what to do.

use std::path::{Path, PathBuf};

use lmr_fhir::Language;
use lmr_lmdi::RuleSetId;
use proptest::prelude::*;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::world::{Fate, World, given, medicine, patient, whole_file};
use crate::error::SenderError;
use crate::outbox::{Outbox, OutboxError, examine, repair};
use crate::plan::BundleLimits;
use crate::report::RunStatus;

const KEYS: usize = 120;

/// A ward with so many records that the ledger has many pages.
fn ward() -> World {
    let mut world = World::new(RuleSetId::Lmdi094);
    world.limits = BundleLimits { entries: 30, ..BundleLimits::default() };
    world.write("medicines.ndjson", &[medicine("m")]);
    write(&world, 1);
    world
}

fn write(world: &World, version: u32) {
    let patients: Vec<_> = (0..KEYS / 10).map(|n| patient(&format!("p{n}"), 1)).collect();
    world.write("patients.ndjson", &patients);
    let all: Vec<_> = (0..KEYS)
        .map(|n| {
            given(&format!("a{n}"), &format!("p{}", n / 10), if n % 7 == 0 { version } else { 1 })
        })
        .collect();
    world.write("given.ndjson", &all);
}

pub(super) fn path(world: &World) -> PathBuf {
    world.folder.path().join("outbox.db")
}

/// Whether the register has what the source has, each version once.
pub(super) fn is_complete(world: &World, version: u32) -> Result<(), String> {
    for n in 0..KEYS {
        let name = format!("MedicationAdministration/a{n}");
        let register = world.register.lock().unwrap();
        let versions = register.versions.get(&name).ok_or(format!("{name} is missing"))?;
        let newest = if n % 7 == 0 { version } else { 1 };
        if versions.last().is_none_or(|last| last["n"] != newest) {
            return Err(format!("{name}: {versions:?}"));
        }
        if versions.len() > newest as usize {
            return Err(format!("{name} twice: {versions:?}"));
        }
    }
    Ok(())
}

/// Reads the whole ledger and makes a run.
pub(super) async fn use_it(world: &World) -> Result<RunStatus, SenderError> {
    let outbox = Outbox::open(&path(world)).await?;
    let agent = world.agent_on(outbox).await?;
    let done = agent.run().await;
    agent.outbox().close().await;
    done.map(|report| report.status())
}

fn is_named(error: &SenderError) -> bool {
    let SenderError::Outbox(error) = error else { return false };
    let text = error.to_string();
    // A row that no longer says what it must is named too.
    text.contains("lmr send repair") || matches!(error, OutboxError::Foreign(_))
}

fn flip(path: &Path, at: u64, mask: u8) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = usize::try_from(at).unwrap() % bytes.len();
    bytes[at] ^= mask;
    std::fs::write(path, bytes).unwrap();
}

/// Overwrites a whole page.
fn wipe(path: &Path, page: u64) {
    let mut bytes = std::fs::read(path).unwrap();
    let page = usize::try_from(page).unwrap() % (bytes.len() / 4096);
    bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
    std::fs::write(path, bytes).unwrap();
}

/// The world's ledger in one file, with nothing beside it.
pub(super) async fn delivered() -> (World, Vec<u8>) {
    let world = ward();
    assert_eq!(world.run().await.status(), RunStatus::Clean);
    let bytes = whole_file(&path(&world)).await;
    assert!(bytes.len() > 20 * 4096, "{}", bytes.len());
    (world, bytes)
}

pub(super) fn put(world: &World, ledger: &[u8]) {
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(world.folder.path().join(format!("outbox.db{ending}")));
    }
    std::fs::write(path(world), ledger).unwrap();
}

/// The first page of every table and index, with its name.
async fn roots(path: &Path) -> Vec<(String, u64)> {
    let options = SqliteConnectOptions::new().filename(path);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let sql = "SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0";
    let roots: Vec<(String, i64)> = sqlx::query_as(sql).fetch_all(&pool).await.unwrap();
    // All of it is in one file then.
    pool.close().await;
    roots.into_iter().map(|(name, page)| (name, page.unsigned_abs() - 1)).collect()
}

/// Overwrites the first page of a table or an index.
pub(super) async fn wipe_root(path: &Path, name: &str) {
    let roots = roots(path).await;
    let (_, page) = roots.iter().find(|(known, _)| known == name).expect(name);
    wipe(path, *page);
}

/// What the register has confirmed, by type.
async fn confirmed(world: &World) -> Vec<(String, u64)> {
    let outbox = Outbox::open(&path(world)).await.unwrap();
    let stored = outbox.overview().await.unwrap().stored;
    outbox.close().await;
    stored
}

/// How everything is to be taken.
pub(super) async fn status(world: &World) -> RunStatus {
    let outbox = Outbox::open(&path(world)).await.unwrap();
    let status = outbox.overview().await.unwrap().status;
    outbox.close().await;
    status
}

fn sum(stored: &[(String, u64)]) -> u64 {
    stored.iter().map(|(_, count)| count).sum()
}

/// Whatever else is lost, what the register has confirmed is kept; and a second run finds nothing to do, so that
/// nothing is sent every day for ever.
#[tokio::test]
async fn a_repair_keeps_the_ledger_whichever_other_table_or_index_is_lost() {
    const BOTH: &str = "resource_type and its index";
    let (world, ledger) = delivered().await;
    let register = world.register.lock().unwrap().clone();
    let all = confirmed(&world).await;
    let roots = roots(&path(&world)).await;
    let page = |name: &str| roots.iter().find(|root| root.0 == name).expect(name).1;
    assert!(roots.len() > 25 && sum(&all) > 120, "{roots:?}");
    let types = vec![page("resource_type"), page("sqlite_autoindex_resource_type_1")];
    let lost = roots.iter().map(|(name, page)| (&**name, vec![*page]));
    for (name, pages) in lost.chain([(BOTH, types)]) {
        put(&world, &ledger);
        write(&world, 1);
        *world.register.lock().unwrap() = register.clone();
        for page in pages {
            wipe(&path(&world), page);
        }
        let done = repair(&path(&world), world.now()).await.unwrap().expect(name);
        let stored = done.found.tables.iter().find(|table| table.name == "stored").unwrap();
        if name != "stored" {
            assert_eq!((stored.rows, stored.is_whole), (sum(&all), true), "{name}");
            let kept = confirmed(&world).await;
            assert_eq!(sum(&kept), sum(&all), "{name}");
            // Either of the two says what the types are called.
            assert!(kept == all || name == BOTH, "{name}: {kept:?}");
        }
        assert!(examine(&path(&world)).await.unwrap().faults.is_empty(), "{name}");
        let is_whole = done.found.tables.iter().all(|table| table.is_whole);
        assert_eq!(status(&world).await == RunStatus::Clean, is_whole, "{name}");
        write(&world, 2);
        world.run().await;
        assert_eq!(status(&world).await, RunStatus::Clean, "{name}");
        assert_eq!(is_complete(&world, 2), Ok(()), "{name}");
        assert_eq!(sum(&confirmed(&world).await), sum(&all), "{name}");
        let again = world.run().await;
        assert_eq!((again.messages.len(), again.status()), (0, RunStatus::Clean), "{name}");
    }
    // What was sent again after its type was lost, the last of these, has its type again.
    let stored = confirmed(&world).await;
    let of = |name: &str| stored.iter().find(|(known, _)| known == name).map_or(0, |of| of.1);
    assert_eq!(of("MedicationAdministration"), KEYS.div_ceil(7) as u64, "{stored:?}");
    assert!(stored.iter().any(|(name, _)| name.starts_with("unknown-")), "{stored:?}");
}

/// How far a transfer is is only shown.
#[tokio::test]
async fn an_overview_does_not_need_a_transfers_state_that_can_be_read() {
    let (world, _) = delivered().await;
    let outbox = Outbox::open(&path(&world)).await.unwrap();
    for text in ["", "{", "[]", "{\"run\":\"x\"}", "null"] {
        outbox.set("transfer", text).await.unwrap();
        assert_eq!(outbox.overview().await.unwrap().transfer, None, "{text}");
    }
}

#[test]
fn a_damaged_page_is_named_or_harmless_and_a_repair_loses_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (world, ledger) = runtime.block_on(delivered());
    let before = world.register.lock().unwrap().clone();
    let pages = ledger.len() as u64 / 4096;
    let (mut named, mut repaired) = (0, 0);
    let mut one = |what: &str, damage: &dyn Fn(&Path)| {
        runtime.block_on(async {
            *world.register.lock().unwrap() = before.clone();
            put(&world, &ledger);
            write(&world, 2);
            damage(&path(&world));
            match use_it(&world).await {
                Ok(_) => {}
                Err(error) => {
                    assert!(is_named(&error), "{what}: {error}");
                    named += 1;
                    match repair(&path(&world), world.now()).await {
                        Ok(Some(done)) => {
                            repaired += 1;
                            assert!(done.damaged_file.exists() && !done.found.faults.is_empty());
                            assert!(examine(&path(&world)).await.unwrap().faults.is_empty());
                        }
                        // What is not SQLite's damage, or not a database any more: a new file.
                        Ok(None) | Err(_) => put_away(&world),
                    }
                    let status = use_it(&world).await;
                    assert!(status.is_ok(), "{what}: after the repair: {status:?}");
                }
            }
            let complete = is_complete(&world, 2);
            assert_eq!(complete, Ok(()), "{what}");
        });
    };
    for page in 0..pages {
        one(&format!("page {page} overwritten"), &|path| wipe(path, page));
    }
    // Pseudorandom places, the same at every run.
    let mut seed = 88_172_645_463_325_252_u64;
    for _ in 0..150 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let (at, mask) = (seed >> 8, (seed as u8) | 1);
        one(&format!("byte {at} changed by {mask:#x}"), &|path| flip(path, at, mask));
    }
    assert!(named > 20 && repaired > 10, "named {named}, repaired {repaired} of {pages} pages");
}

fn put_away(world: &World) {
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(world.folder.path().join(format!("outbox.db{ending}")));
    }
}

/// Everything that people ask of an outbox.
async fn look_at_all(outbox: &Outbox) -> Result<(), OutboxError> {
    let overview = outbox.overview().await?;
    outbox.runs(100).await?;
    for message in outbox.messages(100).await? {
        outbox.contents_of(&message.message_id).await?;
        outbox.receipts_of(&message.message_id).await?;
        outbox.messages_by_name(&message.message_id).await?;
    }
    outbox.held().await?;
    outbox.discarded().await?;
    outbox.waiting().await?;
    outbox.vanished().await?;
    outbox.journal(100).await?;
    outbox.source_issues().await?;
    outbox.receipts().await?;
    outbox.next_attempt().await?;
    outbox.last_planned().await?;
    for (resource_type, _) in &overview.stored {
        let target = crate::annul::AnnulTarget::Name(format!("{resource_type}/a1"));
        outbox.find_stored(&target).await?;
    }
    let mut identities = Vec::new();
    outbox
        .each_in_ledger(|row| {
            identities.push(row.identity);
            Ok::<(), OutboxError>(())
        })
        .await?;
    for identity in identities.iter().take(5) {
        let bytes: Vec<u8> = (0..identity.len() / 2)
            .filter_map(|at| u8::from_str_radix(identity.get(2 * at..2 * at + 2)?, 16).ok())
            .collect();
        if let Some(identity) = crate::identity::Hash::from_slice(&bytes) {
            outbox.sendings_of(identity).await?;
            outbox.stored(identity).await?;
        }
    }
    Ok(())
}

/// The driver's worker ends where the type of a column is no text.
#[tokio::test]
async fn a_schema_that_is_no_text_any_more_is_named() {
    let (world, _) = delivered().await;
    let mut file = std::fs::read(path(&world)).unwrap();
    let sought = b" BLOB NOT NULL";
    let mut found = 0;
    for at in 0..file.len() - sought.len() {
        if &file[at..at + sought.len()] == sought {
            file[at + 1] = 0xff;
            found += 1;
        }
    }
    assert!(found > 0, "the schema has no such column");
    std::fs::write(path(&world), file).unwrap();
    let error = use_it(&world).await.expect_err("damaged");
    assert!(error.to_string().contains("lmr send repair"), "{error}");
}

/// Whatever of the schema is damaged: the check finds it, though SQLite's own takes it for right, and a repair keeps all.
#[tokio::test]
async fn a_damaged_schema_is_found_and_a_repair_keeps_everything() {
    let (world, ledger) = delivered().await;
    let all = confirmed(&world).await;
    let options = SqliteConnectOptions::new().filename(path(&world));
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let sql = "SELECT name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY rowid";
    let schema: Vec<(String, String, String)> = sqlx::query_as(sql).fetch_all(&pool).await.unwrap();
    pool.close().await;
    put(&world, &ledger);
    let places = |text: &str| -> Vec<usize> {
        // An index that SQLite makes by itself has no text.
        let windows = ledger.windows(text.len().max(1)).enumerate();
        windows.filter(|(_, window)| *window == text.as_bytes()).map(|(at, _)| at).collect()
    };
    let mut damages: Vec<(String, Vec<usize>, u8)> = Vec::new();
    for (number, (name, table, sql)) in schema.iter().enumerate() {
        // The names of a row are followed by its text, with the page in between.
        let names = places(&format!("{name}{table}"));
        damages.push((format!("{name}: name"), names.clone(), [0x80, 0x01][number % 2]));
        let table_name = names.iter().map(|at| at + name.len()).collect();
        damages.push((format!("{name}: table"), table_name, [0x01, 0x80][number % 2]));
        let start = sql.find('(').unwrap_or_default();
        for (part, mask) in [(1, 0x80), (2, 0x01), (3, 0x80)] {
            let at = start + (sql.len() - start) * part / 4;
            let text = places(sql).into_iter().map(|place| place + at).collect();
            damages.push((format!("{name}: byte {at} of the text"), text, mask));
        }
    }
    damages.retain(|(_, places, _)| !places.is_empty());
    assert!(damages.len() > 80, "{}", damages.len());
    for (what, places, mask) in damages {
        put(&world, &ledger);
        let mut file = ledger.clone();
        places.into_iter().for_each(|at| file[at] ^= mask);
        if file[..] == ledger[..] {
            continue;
        }
        std::fs::write(path(&world), file).unwrap();
        let found = examine(&path(&world)).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(!found.faults.is_empty(), "{what}");
        let done =
            repair(&path(&world), world.now()).await.unwrap_or_else(|e| panic!("{what}: {e}"));
        let done = done.expect(&what);
        assert!(done.found.tables.iter().all(|table| table.is_whole), "{what}: {done:?}");
        assert_eq!(confirmed(&world).await, all, "{what}");
        assert!(examine(&path(&world)).await.unwrap().faults.is_empty(), "{what}");
    }
    let again = world.run().await;
    assert_eq!((again.messages.len(), again.status()), (0, RunStatus::Clean));
    let left: Vec<_> = std::fs::read_dir(world.folder.path()).unwrap().collect();
    let folders = left.iter().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(folders, 1, "the source only: {left:?}");
}

/// Whoever is on the way with a repair is not sent to it again.
#[tokio::test]
async fn the_errors_of_a_repair_recommend_no_repair() {
    let (world, ledger) = delivered().await;
    let mut failed = 0;
    for file in
        [vec![0x5a; 40_000], ledger[..700].to_vec(), [&[0xff; 200], &ledger[200..]].concat()]
    {
        put(&world, &file);
        let (found, done) = (
            examine(&path(&world)).await.map(|found| found.faults.join(" ")),
            repair(&path(&world), world.now()).await.map(|done| format!("{done:?}")),
        );
        for said in [found, done] {
            failed += usize::from(said.is_err());
            let text = said.unwrap_or_else(|error| error.to_string());
            assert!(!text.contains("lmr send repair"), "{text}");
        }
    }
    assert!(failed > 0);
}

/// No damage ends the process: whatever is read is what it must be, or an error with the remedy. `quick_check` of a run
/// notices most; what people look at is read without it.
#[tokio::test]
async fn what_is_read_of_a_damaged_file_is_right_or_an_error_with_its_remedy() {
    let world = ward();
    // Something of every table: held and waiting, an unanswered message, a broken line, a discarded record.
    let bad = super::world::with(patient("q", 1), "fault", serde_json::json!("check"));
    let waits = super::world::with(
        given("waits", "p0", 1),
        "subject",
        serde_json::json!({ "reference": "Patient/q" }),
    );
    world.write("bad.ndjson", &[bad, waits]);
    std::fs::write(world.folder.path().join("source/broken.ndjson"), "{\n").unwrap();
    world.run().await;
    world.fates(&[Fate::AnswerLost]);
    write(&world, 2);
    world.run().await;
    let outbox = Outbox::open(&path(&world)).await.unwrap();
    look_at_all(&outbox).await.unwrap();
    outbox.close().await;
    let ledger = whole_file(&path(&world)).await;
    let (mut named, mut seed) = (0, 0x9e37_79b9_7f4a_7c15_u64);
    for round in 0..300 {
        put(&world, &ledger);
        for _ in 0..=round % 8 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            flip(&path(&world), seed >> 8, (seed as u8) | 0x80);
        }
        let looked = match Outbox::open(&path(&world)).await {
            Ok(outbox) => {
                let looked = look_at_all(&outbox).await;
                outbox.close().await;
                looked
            }
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            named += 1;
            assert!(error.to_string().contains("lmr send repair"), "round {round}: {error}");
        }
    }
    assert!(named > 30, "named {named}");
}

#[tokio::test]
async fn the_remedy_is_in_both_languages() {
    let (world, _) = delivered().await;
    wipe(&path(&world), 3);
    let error = use_it(&world).await.expect_err("damaged");
    let SenderError::Outbox(error) = error else { panic!("{error}") };
    for language in [Language::Bokmal, Language::English] {
        let text = match &error {
            OutboxError::DamagedFile(_) => OutboxError::damaged_text(language).to_owned(),
            OutboxError::Database(error) => {
                crate::outbox::sqlite_text(error, language).unwrap_or_default().to_owned()
            }
            other => other.to_string(),
        };
        assert!(text.contains("lmr send repair"), "{text}");
    }
}

#[derive(Debug, Clone, Copy)]
enum Event {
    /// Some records change at the source.
    Change,
    /// The clock jumps by so many hours.
    Clock(i64),
    /// The ledger is lost.
    Lost,
    /// A backup of the ledger is put back.
    Restored,
    /// The process is killed: the next answer is lost.
    AnswerLost,
    /// Nothing arrives.
    RequestLost,
    Run,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        Just(Event::Change),
        (-400_i64..400).prop_map(Event::Clock),
        Just(Event::Lost),
        Just(Event::Restored),
        Just(Event::AnswerLost),
        Just(Event::RequestLost),
        Just(Event::Run),
        Just(Event::Run),
    ];
    prop::collection::vec(event, 3..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens to clock, ledger and line, in the end the register has the newest version of everything,
    /// and no version twice in a row.
    #[test]
    fn lying_clocks_lost_ledgers_and_restored_backups_lose_nothing_and_double_nothing(events in events()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = ward();
            let mut version = 1;
            let mut backup: Option<Vec<u8>> = None;
            for event in events {
                match event {
                    Event::Change => {
                        version += 1;
                        write(&world, version);
                    }
                    Event::Clock(hours) => world.pass(hours),
                    Event::Lost => put_away(&world),
                    Event::Restored => if let Some(backup) = &backup { put(&world, backup) },
                    Event::AnswerLost => world.fates(&[Fate::AnswerLost]),
                    Event::RequestLost => world.fates(&[Fate::RequestLost]),
                    Event::Run => {
                        use_it(&world).await.expect("a run");
                        if backup.is_none() {
                            backup = Some(whole_file(&path(&world)).await);
                        }
                    }
                }
            }
            world.fates(&[]);
            // Open messages wait for their time, which a clock that was ahead has put far away.
            for _ in 0..4 {
                world.pass(500);
                use_it(&world).await.expect("a run");
            }
            for n in 0..KEYS {
                let name = format!("MedicationAdministration/a{n}");
                let register = world.register.lock().unwrap();
                let versions = register.versions.get(&name).unwrap_or_else(|| panic!("{name} is missing"));
                let newest = if n % 7 == 0 { version } else { 1 };
                assert_eq!(versions.last().unwrap()["n"], newest, "{name}");
                assert!(versions.windows(2).all(|pair| pair[0] != pair[1]), "{name}: {versions:?}");
            }
        });
    }
}

/// The first load goes by date, oldest first, says how far it is, and goes on after it was stopped.
#[tokio::test]
async fn the_first_load_goes_by_date_and_goes_on_after_a_stop() {
    use std::sync::{Arc, Mutex};
    let mut world = World::new(RuleSetId::Lmdi094);
    world.limits = BundleLimits { entries: 14, ..BundleLimits::default() };
    for _ in 0..16 {
        world.pass(24 * 30);
    }
    world.write("base.ndjson", &[medicine("m"), patient("p", 1)]);
    let months =
        |n: usize| format!("{}-{:02}-10T12:00:00+01:00", 2026 + (n + 2) / 12, (n + 2) % 12 + 1);
    let all: Vec<_> = (0..96)
        // Newest first in the file.
        .rev()
        .map(|n| {
            super::world::with(
                given(&format!("a{n:02}"), "p", 1),
                "effectiveDateTime",
                months(n / 12).into(),
            )
        })
        .collect();
    world.write("given.ndjson", &all);
    let run = async |world: &World| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let agent = world.agent().await.telling_progress(move |progress| {
            sink.lock().unwrap().push(progress.clone());
        });
        agent.run().await.unwrap();
        agent.outbox().close().await;
        seen.lock().unwrap().clone()
    };
    // The line breaks after three messages.
    world.fates(&[
        Fate::Answered,
        Fate::Answered,
        Fate::AnswerLost,
        Fate::Status(401),
        Fate::NotReached,
    ]);
    let first = run(&world).await;
    let before = world.register.lock().unwrap().versions.keys().cloned().collect::<Vec<_>>();
    let given_before: Vec<&String> =
        before.iter().filter(|name| name.starts_with("MedicationAdministration")).collect();
    // Oldest first: what is there is a beginning of the whole.
    let expected: Vec<String> =
        (0..given_before.len()).map(|n| format!("MedicationAdministration/a{n:02}")).collect();
    assert_eq!(given_before.into_iter().cloned().collect::<Vec<_>>(), expected);
    assert!(
        !first.is_empty() && first.iter().all(|p| p.total == 96 && p.done < p.total),
        "{first:?}"
    );

    world.fates(&[]);
    world.pass(30);
    let second = run(&world).await;
    let last = second.last().expect("progress");
    assert_eq!(last.done, last.total, "{second:?}");
    assert!(second.windows(2).all(|pair| pair[0].done <= pair[1].done), "{second:?}");
    assert!(last.total < 96, "what was delivered before is not sent again: {last:?}");
    for n in 0..96 {
        assert_eq!(world.versions(&format!("MedicationAdministration/a{n:02}")), 1, "a{n:02}");
    }
}

/// What SQLite calls an error need not be the file's fault: a lock and a scratch folder that is not there leave a sound
/// ledger where it is.
#[tokio::test]
async fn a_ledger_that_is_only_locked_is_not_repaired() {
    use sqlx::Connection as _;
    let (world, ledger) = delivered().await;
    let options =
        SqliteConnectOptions::new().filename(path(&world)).pragma("locking_mode", "EXCLUSIVE");
    let mut other = sqlx::sqlite::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let found = examine(&path(&world)).await.expect_err("locked");
    assert!(found.is_locked(), "{found}");
    let done = repair(&path(&world), world.now()).await.expect_err("locked");
    assert!(done.is_locked(), "{done}");
    drop(other);
    let damaged = |name: &std::ffi::OsStr| name.to_string_lossy().contains(".damaged");
    let beside = std::fs::read_dir(world.folder.path()).unwrap();
    assert!(!beside.flatten().any(|file| damaged(&file.file_name())));
    assert!(std::fs::read(path(&world)).unwrap() == ledger);
}

/// What a schema lacks is lost, and a row that breaks a rule of it is; neither is called whole.
#[tokio::test]
async fn a_repair_calls_no_table_whole_of_which_something_is_lost() {
    let (world, ledger) = delivered().await;
    let schema = |change: &'static str| {
        let path = path(&world);
        async move {
            let options =
                SqliteConnectOptions::new().filename(path).pragma("writable_schema", "ON");
            let pool = SqlitePool::connect_with(options).await.unwrap();
            sqlx::query(change).execute(&pool).await.unwrap();
            pool.close().await;
        }
    };
    let is_whole = |tables: &[crate::outbox::TableState], name: &str| {
        tables.iter().find(|table| table.name == name).unwrap().is_whole
    };
    put(&world, &ledger);
    schema("DELETE FROM sqlite_schema WHERE name = 'stored'").await;
    let done = repair(&path(&world), world.now()).await.unwrap().expect("damaged");
    assert!(!is_whole(&done.found.tables, "stored"), "{done:?}");
    assert!(is_whole(&done.found.tables, "message"), "{done:?}");
    assert_eq!(status(&world).await, RunStatus::Undelivered);

    put(&world, &ledger);
    schema(
        "UPDATE sqlite_schema SET sql = replace(sql, 'version       BLOB NOT NULL', 'version BLOB') \
         WHERE name = 'stored'",
    )
    .await;
    schema("UPDATE stored SET version = NULL WHERE identity = (SELECT min(identity) FROM stored)")
        .await;
    let done = repair(&path(&world), world.now()).await.unwrap().expect("damaged");
    assert!(!is_whole(&done.found.tables, "stored"), "{done:?}");
    assert_eq!(status(&world).await, RunStatus::Undelivered);
    world.run().await;
    assert_eq!(is_complete(&world, 1), Ok(()));
}

/// Also what only describes something that the ledger still has: else nothing would ever send a change of it.
#[tokio::test]
async fn whatever_row_a_repair_loses_the_next_run_brings_back() {
    let (world, ledger) = delivered().await;
    let register = world.register.lock().unwrap().clone();
    let all = confirmed(&world).await;
    assert!(all.len() > 2, "{all:?}");
    for (resource_type, _) in &all {
        put(&world, &ledger);
        *world.register.lock().unwrap() = register.clone();
        let options =
            SqliteConnectOptions::new().filename(path(&world)).pragma("writable_schema", "ON");
        let pool = SqlitePool::connect_with(options.clone()).await.unwrap();
        let loosened = "UPDATE sqlite_schema SET sql = replace(sql, 'version       BLOB NOT NULL', 'version BLOB') \
             WHERE name = 'stored'";
        sqlx::query(loosened).execute(&pool).await.unwrap();
        pool.close().await;
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let lost = "UPDATE stored SET version = NULL WHERE identity = (SELECT min(identity) FROM stored \
                    WHERE resource_type = (SELECT number FROM resource_type WHERE name = ?))";
        sqlx::query(lost).bind(resource_type).execute(&pool).await.unwrap();
        pool.close().await;
        repair(&path(&world), world.now()).await.unwrap().expect("damaged");
        let left = sum(&confirmed(&world).await);
        assert_eq!(left, sum(&all) - 1, "{resource_type}");
        let report = world.run().await;
        assert_eq!(report.new, 1, "{resource_type}: {report:?}");
        assert_eq!(confirmed(&world).await, all, "{resource_type}");
        assert_eq!(world.run().await.new, 0, "{resource_type}");
    }
    assert_eq!(is_complete(&world, 1), Ok(()));
}

/// Two repairs in one second, or with a clock that was put back, leave two damaged files.
#[tokio::test]
async fn a_damaged_file_is_put_where_no_other_is() {
    let (world, ledger) = delivered().await;
    let mut damaged = std::collections::BTreeSet::new();
    for round in 1..=3 {
        put(&world, &ledger);
        wipe_root(&path(&world), "run").await;
        let file = std::fs::read(path(&world)).unwrap();
        let done = repair(&path(&world), world.now()).await.unwrap().expect("damaged");
        assert!(std::fs::read(&done.damaged_file).unwrap() == file);
        damaged.insert(done.damaged_file);
        assert_eq!(damaged.len(), round);
    }
    assert!(damaged.iter().all(|file| file.exists()));
}
