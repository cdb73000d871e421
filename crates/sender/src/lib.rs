//! The hospital's side: finds what is new or changed in a source and delivers it to the register, once,
//! whatever fails on the way.
//!
//! - [`Source`]: where resources come from; [`FolderSource`] is a folder of FHIR files.
//! - [`Agent`]: one planned transfer, or the new attempts that are due. What it needs is handed in by
//!   traits ([`Checker`], [`Sealer`], [`Transport`]), so that no file here reads the clock, makes keys or
//!   opens a socket by itself.
//! - [`Outbox`]: the sender's own database. Messages are sealed before they are stored; resources are
//!   known by keyed hashes only.
//!
//! The time of the next transfer and of new attempts is a pure function of the time given:
//!
//! ```
//! use jiff::civil::time;
//! use lmr_sender::{RetrySchedule, next_daily};
//!
//! let now = "2026-01-10T05:00:00Z".parse()?;
//! assert_eq!(next_daily(now, time(6, 30, 0, 0)), "2026-01-10T05:30:00Z".parse()?);
//! // The first attempt failed: the next one comes an hour later.
//! let next = RetrySchedule::default().next(1, now, None);
//! assert_eq!(next, Some("2026-01-10T06:00:00Z".parse()?));
//! # Ok::<(), jiff::Error>(())
//! ```

mod agent;
mod annul;
mod answer;
mod attempt;
mod bundle;
mod check;
mod clinical;
mod content;
mod copies;
mod error;
mod identity;
mod index;
mod inspect;
mod lock;
mod message;
mod outbox;
mod plan;
mod preview;
mod progress;
mod report;
mod run;
mod schedule;
mod seal;
mod source;
mod source_key;
mod stop;
#[cfg(test)]
mod tests;
mod transport;
mod why;

pub use agent::{Agent, Parts, Settings};
pub use annul::{AnnulError, AnnulTarget};
pub use attempt::{AttemptFailure, ConnectionFailure, StatusNote, TokenFailure};
pub use check::{CheckContext, CheckError, CheckFinding, Checker, RuleSetChecker};
pub use error::SenderError;
pub use identity::HashKey;
pub use index::{AdviceCount, Duplicate, IdentifierAdvice};
pub use inspect::{ElementDetail, inspect};
pub use lock::{Lock, LockRemedy};
pub use outbox::{
    AttemptRow, Forgotten, HeldFinding, HeldRow, MessageRow, Origin, Outbox, OutboxError, Overview,
    Released, RunRow, SourceCounts, VanishedRow, WaitingRow,
};
pub use plan::BundleLimits;
pub use preview::{Preview, PreviewEntry};
pub use progress::State;
pub use report::{ForeignType, Report, RunKind, RunStatus, SentMessage, SourceFailure};
pub use schedule::{RetrySchedule, next_daily};
pub use seal::{EnvelopeSealer, Sealer};
pub use source::{
    FileError, FolderSource, FoundResource, PassedOver, PassedOverKind, Scanned, Scope, Source,
    SourceIssue, SourceIssueKind, SourceLimits, SourceLocation, SourceUnavailable,
};
pub use stop::StopSignal;
pub use transport::{
    AuthorizationError, Authorizer, HttpSettings, HttpTransport, PostOutcome, TokenAuthorizer,
    Transport, TransportError,
};
pub use why::{Confirmation, Explanation, MessageOf, WhyState};
