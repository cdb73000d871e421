//! A history as data: what the hospital records, and what goes wrong when. Made from a seed, kept as JSON, shrunk by
//! leaving parts out.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::faults::{
    Accident, DatabaseFault, Fate, IssuerFault, Operation, Point, ProcessFault, SourceFate,
};
use crate::rng::Rng;

/// Seeds with other kinds of sources, the daemon, TLS, read-only disks and what ends in mid-run. Those below were played
/// before there were these; those above are seconds since 1970, as `.ci/run` takes them, and stay without them until
/// enough of these have been played.
pub const WITH_KINDS: Range<u64> = 900_000..1_000_000_000;

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
    /// How the hospital shows its record.
    #[serde(default)]
    pub source: Shown,
    /// `lmr send daemon`, which lives as long as nothing ends it, in place of `lmr send run`.
    #[serde(default)]
    pub daemon: bool,
    /// TLS between sender and proxy, and between proxy and receiver.
    #[serde(default)]
    pub tls: bool,
    pub days: Vec<Day>,
}

/// Kinds of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// A file of lines for each type.
    #[default]
    Lines,
    /// A JSON file for each resource.
    Json,
    /// An XML file for each resource.
    Xml,
    /// The lines, compressed.
    Gzip,
    /// The lines, in an archive.
    Zip,
    /// A CSV file, with a mapping.
    Csv,
    /// A table of a database, with the same mapping.
    Sql,
    /// A FHIR server.
    Server,
}

impl Shown {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Lines => "folder of NDJSON",
            Self::Json => "folder of JSON",
            Self::Xml => "folder of XML",
            Self::Gzip => "folder of compressed NDJSON",
            Self::Zip => "folder with a ZIP archive",
            Self::Csv => "CSV table",
            Self::Sql => "SQLite table",
            Self::Server => "FHIR server",
        }
    }

    pub fn is_table(self) -> bool {
        matches!(self, Self::Csv | Self::Sql)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Day {
    pub accident: Option<Accident>,
    /// What ends in the middle of this day, until the operator renews it in the evening.
    #[serde(default)]
    pub ending: Option<Ending>,
    pub edits: Vec<Edit>,
    pub rounds: Vec<Round>,
}

/// What has a last moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// The certificate that messages are signed with.
    SenderCertificate,
    /// The one that they are encrypted for.
    RegisterCertificate,
    /// The key by which the issuer knows the client.
    ClientKey,
    /// The one that the receiver's address shows; with TLS only.
    TlsCertificate,
}

impl Ending {
    pub fn kind(self) -> &'static str {
        match self {
            Self::SenderCertificate => "the sender's certificate",
            Self::RegisterCertificate => "the register's certificate",
            Self::ClientKey => "the client's key at the issuer",
            Self::TlsCertificate => "the certificate of TLS",
        }
    }
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
    /// The same of requests to the FHIR server that is the source.
    #[serde(default)]
    pub source: Vec<SourceFate>,
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
                Day { accident, ending: None, edits, rounds }
            })
            .collect();
        let receivers = if rng.chance(15) { 2 } else { 1 };
        let history = Self {
            seed,
            batch,
            entries,
            administrations,
            gzip: rng.chance(50),
            receivers,
            source: Shown::Lines,
            daemon: false,
            tls: false,
            days,
        };
        if WITH_KINDS.contains(&seed) { history.with_kinds() } else { history }
    }

    /// Other kinds of sources, the daemon, TLS, read-only disks and what ends in mid-run, over what there was before
    /// them: so the seeds of older logs are still the same histories.
    fn with_kinds(mut self) -> Self {
        let mut rng = Rng::new(self.seed ^ 0x0EED_0EED);
        self.source = *rng.pick(&[
            Shown::Lines,
            Shown::Lines,
            Shown::Json,
            Shown::Xml,
            Shown::Gzip,
            Shown::Zip,
            Shown::Csv,
            Shown::Sql,
            Shown::Server,
            Shown::Server,
        ]);
        // Mappings make the resources of the newest guide.
        self.batch &= !self.source.is_table();
        self.daemon = rng.chance(20);
        self.tls = rng.chance(30);
        for day in &mut self.days {
            if rng.chance(15) {
                let ending = *rng.pick(&[
                    Ending::SenderCertificate,
                    Ending::RegisterCertificate,
                    Ending::ClientKey,
                    Ending::TlsCertificate,
                ]);
                day.ending = (self.tls || ending != Ending::TlsCertificate).then_some(ending);
            }
            for round in &mut day.rounds {
                let from = |rng: &mut Rng| if rng.chance(30) { 0 } else { rng.between(1, 150) };
                if rng.chance(10) {
                    round.sender = Some(ProcessFault::ReadOnly { nth: from(&mut rng) });
                }
                if rng.chance(10) {
                    round.receiver = Some(ProcessFault::ReadOnly { nth: from(&mut rng) });
                }
                for _ in 0..if self.tls { rng.between(1, 3) } else { 0 } {
                    let part = rng.below(1001);
                    let fate = *rng.pick(&[
                        Fate::TlsHandshake { part },
                        Fate::TlsRequest { part },
                        Fate::TlsAnswer { part },
                        Fate::TlsDamage { part },
                    ]);
                    let at = usize::try_from(rng.below(round.network.len() as u64 + 1));
                    round.network.insert(at.unwrap_or(0), fate);
                }
                if self.source == Shown::Server {
                    round.source = (0..rng.below(4))
                        .map(|_| match rng.below(6) {
                            0..3 => SourceFate::Pass,
                            3 => SourceFate::Refuse,
                            4 => SourceFate::Unavailable,
                            _ => SourceFate::Cut { part: rng.below(1001) },
                        })
                        .collect();
                }
            }
        }
        self
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
        for (d, day) in self.days.iter().enumerate() {
            if day.ending.is_some() {
                let mut less = self.clone();
                less.days[d].ending = None;
                all.push(less);
            }
        }
        if self.receivers > 1 {
            all.push(Self { receivers: 1, ..self.clone() });
        }
        if self.daemon {
            all.push(Self { daemon: false, ..self.clone() });
        }
        if self.tls {
            let mut less = Self { tls: false, ..self.clone() };
            for day in &mut less.days {
                day.ending = day.ending.filter(|ending| *ending != Ending::TlsCertificate);
                for round in &mut day.rounds {
                    round.network.retain(|fate| !fate.needs_tls());
                }
            }
            all.push(less);
        }
        if self.source != Shown::Lines {
            all.push(Self { source: Shown::Lines, ..self.clone() });
        }
        if self.administrations > 1 {
            all.push(Self { administrations: self.administrations / 2, ..self.clone() });
        }
        all
    }
}
