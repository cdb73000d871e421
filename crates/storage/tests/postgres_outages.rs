//! What a PostgreSQL server and what stands before it may do to a running receiver: restart, failover, silence, idle
//! limits, no slots left, poolers. Each passes by itself. `TEST_POSTGRES_BIN` names the folder of `initdb` and
//! `pg_ctl`; the tests make servers of their own on loopback and stop them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, says what it leaves out, and starts processes"
)]

use crate::contract;

use contract::{at, delivery, hash, sender, version};
use lmr_intake::{
    Archive, ArchiveFilter, AuditLog, Committed, DeliveryFilter, Outlet, RefusedCall, Retention,
    Store, StoreError,
};
use lmr_storage::{MoveError, OpenError, PlacedStore, PostgresStore, StorageKey};
use sqlx::{Connection, PgConnection, query, query_scalar};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{io::copy_bidirectional, net, task::JoinHandle, time::Instant};

fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output().unwrap();
    answer.stdout.trim_ascii() == b"0"
}

/// A command that runs as a user whom the server accepts: it refuses root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn run(command: &mut Command) {
    let done = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(done.success(), "{command:?}");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(folder.path()));
    }
    folder
}

/// A server of one's own, stopped at the end.
struct Server {
    bin: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Server {
    /// Started, with these lines in its configuration. `None` where there is no PostgreSQL.
    fn start(settings: &str) -> Option<Self> {
        let Ok(bin) = std::env::var("TEST_POSTGRES_BIN") else {
            println!("left out: TEST_POSTGRES_BIN is not set, so PostgreSQL is not tested");
            return None;
        };
        let server = Self { bin: bin.into(), folder: folder(), port: free_port() };
        run(unprivileged(&server.bin.join("initdb"))
            .args(["-A", "trust", "-U", "lmr", "--no-sync", "-D"])
            .arg(server.data()));
        server.configure(settings);
        server.control("start", "fast");
        Some(server)
    }

    /// A standby that follows this server.
    fn standby(&self) -> Self {
        let standby = Self { bin: self.bin.clone(), folder: folder(), port: free_port() };
        run(unprivileged(&self.bin.join("pg_basebackup"))
            .args(["-h", "127.0.0.1", "-U", "lmr", "-R", "-X", "stream", "-c", "fast", "-p"])
            .arg(self.port.to_string())
            .arg("-D")
            .arg(standby.data()));
        // It is to wait for no standby of its own.
        standby.configure("synchronous_standby_names = ''");
        standby.control("start", "fast");
        standby
    }

    fn configure(&self, settings: &str) {
        let file = self.data().join("postgresql.conf");
        let before = std::fs::read_to_string(&file).unwrap();
        let own = format!(
            "{before}\nlisten_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\n{settings}\n",
            self.port
        );
        std::fs::write(&file, own).unwrap();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn control(&self, verb: &str, mode: &str) {
        let log = self.folder.path().join("log");
        let mut command = unprivileged(&self.bin.join("pg_ctl"));
        command.args(["-w", "-t", "60", "-D"]).arg(self.data()).arg("-l").arg(log).arg(verb);
        if verb != "start" && verb != "promote" {
            command.args(["-m", mode]);
        }
        run(&mut command);
    }

    fn url(&self) -> String {
        format!("postgres://lmr@127.0.0.1:{}/postgres", self.port)
    }

    async fn session(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be stopped already.
        let _ = unprivileged(&self.bin.join("pg_ctl"))
            .args(["-m", "immediate", "stop", "-D"])
            .arg(self.data())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// An address that leads to one server or another, or nowhere without saying so.
struct Relay {
    port: u16,
    target: Arc<Mutex<Option<u16>>>,
    open: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Relay {
    async fn to(port: u16) -> Self {
        let listener = net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let target = Arc::new(Mutex::new(Some(port)));
        let open = Arc::new(Mutex::new(Vec::new()));
        let (targets, opened) = (Arc::clone(&target), Arc::clone(&open));
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let Some(port) = *targets.lock().unwrap() else {
                    silent.push(client);
                    continue;
                };
                let Ok(mut server) =
                    net::TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await
                else {
                    continue;
                };
                let task = tokio::spawn(async move {
                    // How a connection ends is what the tests are about.
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
                opened.lock().unwrap().push(task);
            }
        });
        Self { port: own, target, open }
    }

    fn lead_to(&self, port: u16) {
        *self.target.lock().unwrap() = Some(port);
    }

    /// Cuts what is open, as an address that moves to another machine does.
    fn cut(&self) {
        self.open.lock().unwrap().drain(..).for_each(|task| task.abort());
    }

    fn url(&self) -> String {
        format!("postgres://lmr@127.0.0.1:{}/postgres", self.port)
    }
}

async fn open(url: &str) -> Result<PostgresStore, OpenError> {
    PostgresStore::open(url, StorageKey::new(&[7; 32])).await
}

async fn commit(store: &PostgresStore, n: u64) -> Result<Committed, StoreError> {
    let new = version(&format!("p{n}"), n, 1, n);
    store.commit(delivery(&format!("m{n}"), n, vec![new])).await
}

async fn stored(store: &PostgresStore, n: u64) {
    let outcome = commit(store, n).await;
    assert!(matches!(outcome, Ok(Committed::Stored { .. })), "m{n}: {:?}", outcome.err());
}

async fn is_there(store: &PostgresStore, n: u64) -> bool {
    store.seen(sender(), &format!("m{n}"), &hash(n)).await.unwrap().is_some()
}

#[tokio::test]
async fn a_server_that_is_restarted_costs_no_message_and_is_reported_while_it_is_away() {
    let Some(server) = Server::start("") else { return };
    let store = open(&server.url()).await.unwrap();
    stored(&store, 1).await;
    server.control("restart", "fast");
    stored(&store, 2).await;
    server.control("stop", "immediate");
    let began = Instant::now();
    assert!(matches!(commit(&store, 3).await, Err(StoreError::Unavailable(_))));
    assert!(store.ready().await.is_err(), "readiness says that it is away");
    assert!(store.seen(sender(), "m1", &hash(1)).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    server.control("start", "fast");
    store.ready().await.unwrap();
    stored(&store, 3).await;
    assert!(is_there(&store, 1).await && is_there(&store, 2).await);
    assert!(store.record_proof(&hash(1), at(0), at(70)).await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn sessions_cut_for_being_idle_cost_no_message() {
    let Some(server) = Server::start("idle_session_timeout = '300ms'") else { return };
    let store = open(&server.url()).await.unwrap();
    for n in 1..4 {
        stored(&store, n).await;
        assert!(store.record_proof(&hash(n), at(0), at(70)).await.unwrap());
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert!(is_there(&store, n).await);
        store.ready().await.unwrap();
    }
    store.close().await;
}

/// The standby takes over while the old server stays up behind the sessions that are open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failover_the_new_server_has_all_that_was_answered() {
    let Some(server) = Server::start("synchronous_standby_names = '*'\nsynchronous_commit = local")
    else {
        return;
    };
    let standby = server.standby();
    let relay = Relay::to(server.port).await;
    let store = open(&relay.url()).await.unwrap();
    for n in 1..6 {
        stored(&store, n).await;
    }
    // A moment too early: the address leads to the standby, which takes no writes yet.
    relay.lead_to(standby.port);
    relay.cut();
    assert!(commit(&store, 6).await.is_err());
    assert!(store.ready().await.is_err(), "nothing can be written, so it is not ready");
    server.control("stop", "immediate");
    standby.control("promote", "fast");
    stored(&store, 6).await;
    store.ready().await.unwrap();
    for n in 1..7 {
        assert!(is_there(&store, n).await, "m{n} was answered and is not on the new server");
    }
    store.close().await;
}

/// Killed in the middle of messages, with a standby that has applied what is acknowledged (`remote_apply`): nothing that
/// was answered is missing on the standby, which shows it before it takes over, and what was under way is stored once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_killed_under_load_loses_no_answered_message() {
    let settings = "synchronous_standby_names = '*'\nsynchronous_commit = remote_apply";
    let Some(server) = Server::start(settings) else { return };
    let standby = server.standby();
    let relay = Relay::to(server.port).await;
    let store = Arc::new(open(&relay.url()).await.unwrap());
    stored(&store, 0).await;
    let answered = Arc::new(Mutex::new(Vec::new()));
    let lanes: Vec<_> = (0..4_u64)
        .map(|lane| {
            let (store, answered) = (Arc::clone(&store), Arc::clone(&answered));
            tokio::spawn(async move {
                for n in (1 + lane..2_000).step_by(4) {
                    match commit(&store, n).await {
                        Ok(Committed::Stored { .. }) => answered.lock().unwrap().push(n),
                        Ok(_) => panic!("m{n} was there already"),
                        Err(_) => return n,
                    }
                }
                panic!("the primary was never away")
            })
        })
        .collect();
    while answered.lock().unwrap().len() < 40 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The address is the old one until the standby has taken over.
    server.control("stop", "immediate");
    relay.cut();
    let mut unanswered = Vec::new();
    for lane in lanes {
        unanswered.push(lane.await.unwrap());
    }
    let answered = answered.lock().unwrap().clone();
    let mut db = standby.session().await;
    let there: Vec<(String,)> =
        sqlx::query_as("SELECT message_id FROM message").fetch_all(&mut db).await.unwrap();
    for n in &answered {
        assert!(there.iter().any(|(id,)| *id == format!("m{n}")), "m{n} was answered and is lost");
    }
    assert!(there.len() <= 1 + answered.len() + unanswered.len(), "{}", there.len());
    standby.control("promote", "fast");
    relay.lead_to(standby.port);
    for n in &unanswered {
        // Whether it came through is found out by sending it again.
        let outcome = commit(&store, *n).await.unwrap();
        assert!(matches!(outcome.as_str(), "stored" | "repeated"), "m{n}: {}", outcome.as_str());
    }
    let (count,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM message").fetch_one(&mut db).await.unwrap();
    assert_eq!(usize::try_from(count).unwrap(), 1 + answered.len() + unanswered.len());
    assert_eq!(store.verify_audit(&[]).await.unwrap().problems, []);
    println!(
        "{} messages were answered before the end, {} after",
        answered.len(),
        unanswered.len()
    );
    store.close().await;
}

/// Two clusters. A sender is moved to and fro while it sends through two receivers, and the move is broken off at another
/// moment each time: no message is lost or there twice, and both chains are whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_moved_to_and_fro_and_interrupted_loses_nothing() {
    let (Some(one), Some(two)) = (Server::start(""), Server::start("")) else { return };
    let placed = async || {
        let others = vec![("nord".to_owned(), open(&two.url()).await.unwrap())];
        PlacedStore::new(open(&one.url()).await.unwrap(), others, BTreeMap::new())
    };
    let receivers = [placed().await, placed().await];
    let is_over = Arc::new(AtomicBool::new(false));
    let sending: Vec<_> = receivers
        .iter()
        .enumerate()
        .map(|(lane, store)| {
            let (store, is_over) = (store.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut answered = Vec::new();
                for n in (1 + lane as u64..).step_by(2) {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    // As the receiver does it, and the sender that comes again.
                    for attempt in 0.. {
                        let new = version(&format!("p{n}"), n, 1, n);
                        match store.commit(delivery(&format!("m{n}"), n, vec![new])).await {
                            Ok(Committed::Stored { .. }) => break,
                            Ok(Committed::Known(_)) if attempt > 0 => break,
                            Ok(Committed::Moved | Committed::Elsewhere) | Err(_) => {
                                tokio::time::sleep(Duration::from_millis(10)).await;
                            }
                            Ok(odd) => panic!("m{n}: {}", odd.as_str()),
                        }
                        assert!(attempt < 2_000, "m{n} is never taken");
                    }
                    answered.push(n);
                }
                answered
            })
        })
        .collect();
    // A neighbour that stays where it is.
    let mut neighbour = delivery("n1", 900_001, vec![version("n", 900_001, 1, 1)]);
    neighbour.head.sender = contract::other();
    assert!(matches!(receivers[0].commit(neighbour).await, Ok(Committed::Stored { .. })));
    let operator = placed().await;
    let (mut broken_off, mut at) = (0, "main");
    for round in 0..14_u64 {
        let to = if at == "main" { "nord" } else { "main" };
        let time = Duration::from_millis(round * 4);
        if tokio::time::timeout(time, operator.move_sender(sender(), to)).await.is_err() {
            broken_off += 1;
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
        // The same command again goes on.
        loop {
            match operator.move_sender(sender(), to).await {
                Ok(_) => break,
                // The session that was broken off has not ended yet.
                Err(MoveError::Busy) => tokio::time::sleep(Duration::from_millis(10)).await,
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(operator.database_of(sender()).await.unwrap(), to);
        assert_eq!(operator.database_of(contract::other()).await.unwrap(), "main");
        at = to;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let mut answered = Vec::new();
    for lane in sending {
        answered.extend(lane.await.unwrap());
    }
    assert!(broken_off > 3 && answered.len() > 50, "{broken_off} of {}", answered.len());
    let filter = DeliveryFilter { limit: u32::MAX, ..DeliveryFilter::default() };
    let listed = receivers[1].deliveries(&filter).await.unwrap();
    let mut there: Vec<_> = listed.iter().map(|one| one.message_id.clone()).collect();
    let mut expected: Vec<_> = answered.iter().map(|n| format!("m{n}")).collect();
    expected.push("n1".to_owned());
    there.sort_unstable();
    expected.sort_unstable();
    assert_eq!(there, expected);
    let mut paged = 0;
    let mut pages = ArchiveFilter { limit: 7, ..ArchiveFilter::default() };
    loop {
        let page = operator.archived(&pages).await.unwrap();
        let Some(last) = page.last() else { break };
        pages.after = Some((last.sender, last.cursor));
        assert!(page.iter().all(|message| message.content.is_some()));
        paged += page.len();
    }
    assert_eq!(paged, expected.len());
    let report = operator.verify_audit(&[]).await.unwrap();
    assert_eq!((report.problems.len(), report.messages), (0, expected.len() as u64));
    // Nothing of the sender is left where it was; its receipts are.
    let old = if at == "main" { &two } else { &one };
    let mut db = old.session().await;
    for table in ["message", "message_content", "resource", "resource_version", "day_count"] {
        let left = format!("SELECT COUNT(*) FROM {table} WHERE organisation = '{}'", sender());
        let left: i64 = query_scalar(sqlx::AssertSqlSafe(left)).fetch_one(&mut db).await.unwrap();
        assert_eq!(left, 0, "{table}");
    }
    println!("{} messages, {broken_off} moves broken off", answered.len());
    // A database that is away concerns its senders only.
    let here = operator.move_sender(sender(), "nord").await.unwrap();
    assert!(here.from == "main" || here.copied == lmr_storage::Copied::default());
    two.control("stop", "immediate");
    tokio::time::sleep(Duration::from_secs(6)).await;
    let mut mine = delivery("m-away", 900_002, vec![]);
    mine.bundle_identifier = None;
    assert!(receivers[0].commit(mine.clone()).await.is_err());
    mine.head.sender = contract::other();
    assert!(matches!(receivers[0].commit(mine).await, Ok(Committed::Stored { .. })));
    receivers[0].ready().await.unwrap();
    // Where the others have nothing that is old enough, nothing is recorded as removed for one that is away.
    let old =
        |before| Retention { content_before: Some(contract::at(before)), ..Retention::default() };
    assert!(receivers[0].has_expired(&old(1)).await.is_err());
    assert!(receivers[0].has_expired(&old(2_000_000)).await.unwrap());
    // So it does at the outlet, and among the refused calls.
    let lent = receivers[0].lend(contract::at(10), contract::at(20)).await.unwrap().unwrap();
    assert_eq!((lent.sender, lent.message_id.as_str()), (contract::other(), "n1"));
    assert!(
        receivers[0].lend(contract::at(10), contract::at(20)).await.is_err(),
        "of the other nobody knows"
    );
    let call = |of, id: &str| RefusedCall {
        received_at: contract::at(5),
        sender: Some(of),
        client_id: None,
        message_id: None,
        request_id: id.to_owned(),
        code: "LMR-2002".to_owned(),
        counts: lmr_intake::Counts::default(),
        calls: 1,
    };
    let calls = vec![call(sender(), "r1"), call(contract::other(), "r2"), call(sender(), "r3")];
    assert_eq!(receivers[0].keep_refused(calls).await.unwrap(), 2, "so many are lost");
    let mut main = one.session().await;
    let kept: Vec<String> =
        query_scalar("SELECT request_id FROM refused_call").fetch_all(&mut main).await.unwrap();
    assert_eq!(kept, ["r2"]);
    // What needs all of them says which one is missing.
    let listed = receivers[0].deliveries(&filter).await.unwrap_err();
    let reason = std::error::Error::source(&listed).unwrap().to_string();
    assert_eq!(reason, "the database nord");
}

/// A machine without power says nothing: no reset, no end of stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_holds_nobody_up_beyond_a_bound() {
    let Some(server) = Server::start("") else { return };
    let relay = Relay::to(server.port).await;
    let store = Arc::new(open(&relay.url()).await.unwrap());
    stored(&store, 1).await;
    // Sessions that were used a moment ago are not asked whether they are alive: these are used all the time.
    let is_over = Arc::new(AtomicBool::new(false));
    let rounds = [Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0))];
    let busy = |of_proofs: bool| {
        let (store, is_over) = (Arc::clone(&store), Arc::clone(&is_over));
        let round = Arc::clone(&rounds[usize::from(of_proofs)]);
        tokio::spawn(async move {
            let (mut longest, mut n) = (Duration::ZERO, 0);
            while !is_over.load(Ordering::Relaxed) {
                n += 1;
                let began = Instant::now();
                if of_proofs {
                    let _ = store.record_proof(&hash(n), at(0), at(60)).await;
                } else {
                    let _ = store.seen(sender(), "m1", &hash(1)).await;
                }
                longest = longest.max(began.elapsed());
                round.fetch_add(1, Ordering::Relaxed);
            }
            longest
        })
    };
    let (proofs, reads) = (busy(true), busy(false));
    // A session that is still being opened would be missed below, and answer. On a busy machine that takes a while.
    while rounds.iter().any(|round| round.load(Ordering::Relaxed) < 10) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut db = server.session().await;
    *relay.target.lock().unwrap() = None;
    // Its processes stand still, so its kernel takes bytes and nobody answers.
    let pids: Vec<i32> = query_scalar(
        "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(pids.len() >= 3, "{pids:?}");
    let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
    run(Command::new("kill").arg("-STOP").args(&pids));
    let began = Instant::now();
    assert!(store.ready().await.is_err());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert!(matches!(commit(&store, 2).await, Err(StoreError::Unavailable(_))));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    relay.lead_to(server.port);
    stored(&store, 3).await;
    is_over.store(true, Ordering::Relaxed);
    let (proofs, reads) = (proofs.await.unwrap(), reads.await.unwrap());
    assert!(proofs < Duration::from_secs(15), "a proof took {proofs:?}");
    assert!(reads < Duration::from_secs(70), "a read took {reads:?}");
    let began = Instant::now();
    assert!(store.record_proof(&hash(900_000), at(0), at(60)).await.unwrap());
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    run(Command::new("kill").arg("-CONT").args(&pids));
    for _ in 0..20 {
        if store.ready().await.is_ok() {
            break;
        }
    }
    store.ready().await.unwrap();
    assert!(is_there(&store, 1).await && is_there(&store, 3).await);
}

#[tokio::test]
async fn full_connection_slots_are_waited_out_and_named_at_the_start() {
    let Some(server) = Server::start(
        "max_connections = 16\nsuperuser_reserved_connections = 0\nmax_wal_senders = 0",
    ) else {
        return;
    };
    let url = format!("{}?application_name=receiver", server.url());
    let store = open(&url).await.unwrap();
    stored(&store, 1).await;
    let mut taken = Vec::new();
    while let Ok(session) = PgConnection::connect(&server.url()).await {
        taken.push(session);
        assert!(taken.len() < 20);
    }
    // What it has it keeps.
    stored(&store, 2).await;
    assert!(is_there(&store, 2).await);
    // A further receiver is reported by the server's own words.
    let Err(OpenError::Unavailable(error)) = open(&server.url()).await else {
        panic!("opened without a slot")
    };
    assert!(error.to_string().contains("too many clients"), "{error}");
    // Cut off, and the slots gone to others.
    let mut first = taken.pop().unwrap();
    query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'receiver'")
        .execute(&mut first)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    while let Ok(session) = PgConnection::connect(&server.url()).await {
        taken.push(session);
        assert!(taken.len() < 40);
    }
    let began = Instant::now();
    assert!(matches!(commit(&store, 3).await, Err(StoreError::Unavailable(_))));
    assert!(store.ready().await.is_err());
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    for session in taken {
        session.close().await.unwrap();
    }
    first.close().await.unwrap();
    stored(&store, 3).await;
    store.ready().await.unwrap();
    store.close().await;
}

/// PgBouncer before a server, stopped at the end. `None` where it is not installed.
struct Pooler {
    process: std::process::Child,
    folder: TempDir,
    port: u16,
}

impl Pooler {
    fn start(server: &Server, mode: &str) -> Option<Self> {
        let Some(program) = Self::program() else {
            println!("left out: PgBouncer is not installed");
            return None;
        };
        let folder = folder();
        let port = free_port();
        let file = folder.path().join("pgbouncer.ini");
        let settings = format!(
            "[databases]\npostgres = host=127.0.0.1 port={} dbname=postgres user=lmr\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = {mode}\ndefault_pool_size = 20\nserver_login_retry = 1\n",
            server.port
        );
        std::fs::write(&file, settings).unwrap();
        let process = Self::process(program, &file);
        let pooler = Self { process, folder, port };
        pooler.wait();
        Some(pooler)
    }

    fn program() -> Option<&'static Path> {
        let known = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].map(Path::new);
        known.into_iter().find(|path| path.exists())
    }

    fn process(program: &Path, file: &Path) -> std::process::Child {
        unprivileged(program)
            .arg("-q")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn wait(&self) {
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PgBouncer does not listen");
    }

    fn restart(&mut self) {
        self.stop();
        self.process =
            Self::process(Self::program().unwrap(), &self.folder.path().join("pgbouncer.ini"));
        self.wait();
    }

    fn stop(&mut self) {
        // `runuser` passes the signal on.
        run(Command::new("kill").arg("-TERM").arg(self.process.id().to_string()));
        self.process.wait().unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn url(&self) -> String {
        format!("postgres://lmr@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.stop();
    }
}

#[tokio::test]
async fn a_pooler_that_keeps_sessions_needs_nothing_set_and_may_be_restarted() {
    let Some(server) = Server::start("") else { return };
    let Some(mut pooler) = Pooler::start(&server, "session") else { return };
    let store = open(&pooler.url()).await.unwrap();
    stored(&store, 1).await;
    assert!(store.record_proof(&hash(1), at(0), at(70)).await.unwrap());
    store.ready().await.unwrap();
    pooler.restart();
    stored(&store, 2).await;
    store.ready().await.unwrap();
    server.control("restart", "fast");
    stored(&store, 3).await;
    store.ready().await.unwrap();
    for n in 1..4 {
        assert!(is_there(&store, n).await, "m{n}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_pooler_that_hands_out_transactions_is_refused_at_the_start_with_the_remedy() {
    let Some(server) = Server::start("") else { return };
    let Some(pooler) = Pooler::start(&server, "transaction") else { return };
    let error = open(&pooler.url()).await.err().expect("opened");
    assert!(matches!(error, OpenError::TransactionPooling(_)), "{error:?}");
    assert!(error.to_string().contains("pool_mode = session"), "{error}");
}
