//! What goes wrong, as data: with processes, with the issuer and the database, with requests, between two days.

use serde::{Deserialize, Serialize};

/// What becomes of one request to a FHIR server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceFate {
    Pass,
    /// The connection is reset.
    Refuse,
    /// The server has no time.
    Unavailable,
    /// A part of the page arrives. In thousandths.
    Cut {
        part: u64,
    },
}

impl SourceFate {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Pass => "none",
            Self::Refuse => "connection reset",
            Self::Unavailable => "503",
            Self::Cut { .. } => "page cut",
        }
    }
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
    /// The disk is read-only from the nth write on, or from the start (0).
    ReadOnly { nth: u64 },
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
    /// Whether it is asked of the library before the process starts.
    pub fn needs_shim(self) -> bool {
        !matches!(
            self,
            Self::Kill { .. } | Self::Terminate { .. } | Self::Stop { .. } | Self::Second { .. }
        )
    }

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
            Self::ReadOnly { .. } => "read-only disk",
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
    /// With TLS: the connection is cut in the handshake.
    TlsHandshake {
        part: u64,
    },
    /// With TLS: the request is cut in the middle of a record, on its way to the register too.
    TlsRequest {
        part: u64,
    },
    /// With TLS: delivered; the answer is cut in the middle of a record.
    TlsAnswer {
        part: u64,
    },
    /// With TLS: delivered; a byte of the answer's record is another one.
    TlsDamage {
        part: u64,
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
            Self::TlsHandshake { .. } => "TLS cut in the handshake",
            Self::TlsRequest { .. } => "TLS request cut in a record",
            Self::TlsAnswer { .. } => "TLS answer cut in a record",
            Self::TlsDamage { .. } => "TLS record damaged",
        }
    }
}

impl Fate {
    pub fn needs_tls(self) -> bool {
        matches!(
            self,
            Self::TlsHandshake { .. }
                | Self::TlsRequest { .. }
                | Self::TlsAnswer { .. }
                | Self::TlsDamage { .. }
        )
    }
}
