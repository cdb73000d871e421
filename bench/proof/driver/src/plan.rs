//! A history as data: what the hospital records, and what goes wrong when. Made from a seed, kept as JSON, shrunk by
//! leaving parts out.

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// Some days of one hospital.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct History {
    pub seed: u64,
    /// Guide 0.9.4 (batch) or the newest (transaction).
    pub batch: bool,
    /// Most entries of a bundle.
    pub entries: usize,
    pub administrations: usize,
    /// Whether answers may come compressed.
    pub gzip: bool,
    /// Receivers on the one database.
    pub receivers: usize,
    pub days: Vec<Day>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Day {
    pub accident: Option<Accident>,
    pub edits: Vec<Edit>,
    pub rounds: Vec<Round>,
}

/// What the hospital does in a day. `pick` chooses one of what there is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Edit {
    New { administrations: usize },
    Change { pick: u64 },
    Annul { pick: u64 },
    Faulty { kind: usize },
    Correct,
}

/// One start of the sender, with what goes wrong meanwhile.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Round {
    pub sender: Option<ProcessFault>,
    pub receiver: Option<ProcessFault>,
    pub issuer: Option<IssuerFault>,
    /// Of PostgreSQL, where the register's database is one.
    #[serde(default)]
    pub database: Option<DatabaseFault>,
    pub operator: Option<Operation>,
    /// What becomes of the requests, one after the other; then they pass.
    pub network: Vec<Fate>,
}

/// Calls of the C library at which the shim acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Point {
    Write,
    Flush,
    Send,
    Receive,
}

impl Point {
    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Flush => "flush",
            Self::Send => "send",
            Self::Receive => "receive",
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum ProcessFault {
    /// SIGKILL.
    Kill { after_ms: u64 },
    /// SIGTERM.
    Terminate { after_ms: u64 },
    /// SIGSTOP, and SIGCONT later.
    Stop { after_ms: u64, for_ms: u64 },
    /// SIGKILL before or after the nth call of a class.
    Point { point: Point, after: bool, nth: u64 },
    /// The machine loses its power at a point: what was not flushed is lost, kept or torn, as `chance` decides.
    PowerLoss { point: Point, after: bool, nth: u64, chance: u64 },
    /// Calls of a class fail: the disk is full (28), broken (5).
    Error { point: Point, nth: u64, count: u64, errno: i32 },
    /// A write writes half.
    Short { nth: u64 },
    /// The wall clock is wrong by so many seconds.
    Clock { seconds: i64 },
    /// It jumps in the middle.
    ClockJump { nth: u64, seconds: i64 },
    /// None: what it writes and flushes goes into the journal of another process that loses its power.
    Journal,
    /// None: what it writes, flushes and sends is noted.
    Trace,
    /// A second process of the same kind at the same time.
    Second { after_ms: u64 },
}

impl ProcessFault {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Kill { .. } => "SIGKILL at a random moment",
            Self::Terminate { .. } => "SIGTERM",
            Self::Stop { .. } => "SIGSTOP",
            Self::Point { .. } => "SIGKILL at a point",
            Self::PowerLoss { .. } => "power loss",
            Self::Error { errno: 28, .. } => "disk full",
            Self::Error { .. } => "I/O error",
            Self::Short { .. } => "short write",
            Self::Clock { .. } => "wrong clock",
            Self::ClockJump { .. } => "clock jump",
            Self::Journal | Self::Trace => "none",
            Self::Second { .. } => "second process",
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum IssuerFault {
    /// SIGKILL, and a start with new keys later.
    Kill {
        after_ms: u64,
        for_ms: u64,
    },
    Stop {
        after_ms: u64,
        for_ms: u64,
    },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum DatabaseFault {
    /// Every process that serves a connection dies; the server recovers by itself.
    KillSessions { after_ms: u64 },
    /// All of it dies at once, and is started again later.
    Crash { after_ms: u64, for_ms: u64 },
    /// It stands still for a while.
    Stop { after_ms: u64, for_ms: u64 },
}

/// What an operator does in the middle of a run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Operation {
    ReleaseAll,
    ForgetSince,
    Status,
    Deliveries,
    Backup,
}

/// Between two days.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Accident {
    /// The register's database as it was a day ago.
    RegisterRestored,
    LedgerDeleted,
    /// The sender's database as it was a day ago.
    LedgerRestored,
    /// Its first page overwritten; the operator then deletes it.
    LedgerDamaged,
}

impl Accident {
    pub fn kind(self) -> &'static str {
        match self {
            Self::RegisterRestored => "register restored from a backup",
            Self::LedgerDeleted => "ledger deleted",
            Self::LedgerRestored => "ledger restored from a backup",
            Self::LedgerDamaged => "ledger damaged",
        }
    }
}

/// What becomes of one request. Parts are in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fate {
    Pass,
    /// The connection is reset before anything is read.
    Refuse,
    /// Only a part reaches the register.
    CutRequest {
        part: u64,
    },
    /// Read whole, delivered never.
    LoseRequest,
    /// Delivered; the answer is cut.
    CutAnswer {
        part: u64,
        reset: bool,
    },
    /// Delivered; no byte of the answer arrives.
    LoseAnswer,
    DelayRequest {
        ms: u64,
    },
    DelayAnswer {
        ms: u64,
    },
    /// The sender's connection breaks at once, the request is delivered later.
    Late {
        ms: u64,
    },
    /// Delivered twice, one after the other; the sender gets one of the answers.
    Twice {
        second: bool,
    },
    /// Delivered twice at once.
    AtOnce,
    /// The answer of an earlier message, instead of this one's.
    Stale {
        delivered: bool,
    },
    /// A page of something between.
    Page {
        status: u16,
        delivered: bool,
    },
    /// `Content-Length` says more or less than there is.
    WrongLength {
        more: bool,
    },
    /// Bytes that are not HTTP, as a broken TLS layer sends them.
    Garbage {
        delivered: bool,
    },
    /// Nobody ever answers.
    HalfOpen,
    /// The answer comes in small pieces.
    Slow {
        ms: u64,
    },
}

impl Fate {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Pass => "none",
            Self::Refuse => "connection reset",
            Self::CutRequest { .. } => "request cut",
            Self::LoseRequest => "request lost",
            Self::CutAnswer { reset: true, .. } => "answer cut by a reset",
            Self::CutAnswer { .. } => "answer cut",
            Self::LoseAnswer => "answer lost",
            Self::DelayRequest { .. } => "request delayed",
            Self::DelayAnswer { .. } => "answer delayed",
            Self::Late { .. } => "request delivered after the connection broke",
            Self::Twice { .. } => "request delivered twice",
            Self::AtOnce => "request delivered twice at once",
            Self::Stale { .. } => "answer of another message",
            Self::Page { delivered: true, .. } => "error page after delivery",
            Self::Page { .. } => "error page instead of delivery",
            Self::WrongLength { .. } => "wrong length",
            Self::Garbage { .. } => "bytes that are not HTTP",
            Self::HalfOpen => "half-open connection",
            Self::Slow { .. } => "slow answer",
        }
    }
}

fn fate(rng: &mut Rng) -> Fate {
    let part = rng.below(1001);
    match rng.below(100) {
        0..25 => Fate::Pass,
        25..29 => Fate::Refuse,
        29..35 => Fate::CutRequest { part },
        35..40 => Fate::LoseRequest,
        40..49 => Fate::CutAnswer { part, reset: rng.chance(50) },
        49..56 => Fate::LoseAnswer,
        56..59 => Fate::DelayRequest { ms: rng.between(5, 200) },
        59..62 => Fate::DelayAnswer { ms: rng.between(5, 200) },
        62..70 => Fate::Late { ms: rng.between(1, 700) },
        70..76 => Fate::Twice { second: rng.chance(50) },
        76..80 => Fate::AtOnce,
        80..84 => Fate::Stale { delivered: rng.chance(60) },
        84..92 => Fate::Page {
            status: *rng
                .pick(&[200, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504]),
            delivered: rng.chance(50),
        },
        92..95 => Fate::WrongLength { more: rng.chance(50) },
        95..97 => Fate::Garbage { delivered: rng.chance(50) },
        97 => Fate::HalfOpen,
        _ => Fate::Slow { ms: rng.between(20, 200) },
    }
}

fn point(rng: &mut Rng) -> (Point, bool, u64) {
    let (point, most) = *rng.pick(&[
        (Point::Write, 260),
        (Point::Flush, 40),
        (Point::Send, 25),
        (Point::Receive, 25),
    ]);
    // More often early, where every run passes.
    let most = if rng.chance(50) { most } else { most / 4 };
    (point, rng.chance(50), rng.between(1, most))
}

fn process_fault(rng: &mut Rng, is_sender: bool) -> ProcessFault {
    let after_ms = rng.between(0, 500);
    let (point, after, nth) = point(rng);
    match rng.below(100) {
        0..22 => ProcessFault::Kill { after_ms },
        22..27 => ProcessFault::Terminate { after_ms },
        27..32 => ProcessFault::Stop { after_ms, for_ms: rng.between(20, 400) },
        32..58 => ProcessFault::Point { point, after, nth },
        58..75 => ProcessFault::PowerLoss { point, after, nth, chance: rng.next() },
        75..85 => {
            let count = if rng.chance(50) { 1 } else { rng.between(2, 60) };
            let errno = *rng.pick(&[28, 5]);
            let point = if errno == 28 { Point::Write } else { point };
            ProcessFault::Error { point, nth, count, errno }
        }
        85..88 => ProcessFault::Short { nth: rng.between(1, 200) },
        88..94 => {
            let seconds = *rng.pick(&[
                -172_800,
                -7_200,
                -400,
                -30,
                30,
                200,
                400,
                7_200,
                172_800,
                315_360_000,
            ]);
            if rng.chance(60) {
                ProcessFault::Clock { seconds }
            } else {
                ProcessFault::ClockJump { nth: rng.between(1, 200), seconds }
            }
        }
        _ if is_sender => ProcessFault::Second { after_ms: rng.between(0, 300) },
        _ => ProcessFault::Kill { after_ms },
    }
}

fn round(rng: &mut Rng) -> Round {
    let mut round = Round::default();
    if rng.chance(75) {
        round.sender = Some(process_fault(rng, true));
    }
    if rng.chance(75) {
        round.receiver = Some(process_fault(rng, false));
    }
    if rng.chance(5) {
        let (after_ms, for_ms) = (rng.between(0, 200), rng.between(50, 400));
        round.issuer = Some(if rng.chance(50) {
            IssuerFault::Kill { after_ms, for_ms }
        } else {
            IssuerFault::Stop { after_ms, for_ms }
        });
    }
    let (after_ms, for_ms) = (rng.between(0, 600), rng.between(20, 800));
    round.database = match rng.below(10) {
        0 | 1 => Some(DatabaseFault::KillSessions { after_ms }),
        2 | 3 => Some(DatabaseFault::Crash { after_ms, for_ms }),
        4 => Some(DatabaseFault::Stop { after_ms, for_ms }),
        _ => None,
    };
    if rng.chance(8) {
        round.operator = Some(*rng.pick(&[
            Operation::ReleaseAll,
            Operation::ForgetSince,
            Operation::Status,
            Operation::Deliveries,
            Operation::Backup,
        ]));
    }
    if rng.chance(95) {
        round.network = (0..rng.between(2, 10)).map(|_| fate(rng)).collect();
    }
    round
}

impl History {
    /// The history of a seed.
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let batch = rng.chance(50);
        let entries = *rng.pick(&[3, 6, 10, 20, 200]);
        let administrations = usize::try_from(rng.between(3, 14)).unwrap_or(3);
        let days = rng.between(2, 4);
        let days = (0..days)
            .map(|day| {
                let accident = (day > 0 && rng.chance(15)).then(|| {
                    *rng.pick(&[
                        Accident::RegisterRestored,
                        Accident::LedgerDeleted,
                        Accident::LedgerRestored,
                        Accident::LedgerDamaged,
                    ])
                });
                let mut edits = Vec::new();
                if day > 0 {
                    edits.push(Edit::New {
                        administrations: usize::try_from(rng.between(1, 4)).unwrap_or(1),
                    });
                }
                for _ in 0..rng.below(4) {
                    edits.push(match rng.below(10) {
                        0..6 => Edit::Change { pick: rng.next() },
                        6 => Edit::Annul { pick: rng.next() },
                        7 | 8 => Edit::Faulty { kind: usize::try_from(rng.below(6)).unwrap_or(0) },
                        _ => Edit::Correct,
                    });
                }
                let rounds = (0..rng.between(1, 4)).map(|_| round(&mut rng)).collect();
                Day { accident, edits, rounds }
            })
            .collect();
        let receivers = if rng.chance(15) { 2 } else { 1 };
        Self { seed, batch, entries, administrations, gzip: rng.chance(50), receivers, days }
    }

    /// Histories with one part less each, the largest parts first.
    pub fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for (d, day) in self.days.iter().enumerate().rev() {
            if self.days.len() > 1 {
                let mut less = self.clone();
                less.days.remove(d);
                all.push(less);
            }
            if day.accident.is_some() {
                let mut less = self.clone();
                less.days[d].accident = None;
                all.push(less);
            }
            for r in (0..day.rounds.len()).rev() {
                let mut less = self.clone();
                less.days[d].rounds.remove(r);
                all.push(less);
                let round = &day.rounds[r];
                let mut without = |change: &dyn Fn(&mut Round)| {
                    let mut less = self.clone();
                    change(&mut less.days[d].rounds[r]);
                    all.push(less);
                };
                if round.sender.is_some() {
                    without(&|round| round.sender = None);
                }
                if round.receiver.is_some() {
                    without(&|round| round.receiver = None);
                }
                if round.issuer.is_some() {
                    without(&|round| round.issuer = None);
                }
                if round.database.is_some() {
                    without(&|round| round.database = None);
                }
                if round.operator.is_some() {
                    without(&|round| round.operator = None);
                }
                for f in (0..round.network.len()).rev() {
                    if round.network[f] != Fate::Pass {
                        without(&|round| round.network[f] = Fate::Pass);
                    }
                }
            }
            for e in (0..day.edits.len()).rev() {
                let mut less = self.clone();
                less.days[d].edits.remove(e);
                all.push(less);
            }
        }
        if self.receivers > 1 {
            all.push(Self { receivers: 1, ..self.clone() });
        }
        if self.administrations > 1 {
            all.push(Self { administrations: self.administrations / 2, ..self.clone() });
        }
        all
    }
}
