//! The hospital's side: finds what is new or changed in a source and delivers it to the register, once,
//! whatever fails on the way.
//!
//! [`Agent`] is the way in: one planned transfer ([`Agent::run`]) or the new attempts that are due
//! ([`Agent::retry_due`]). What it needs is handed in as [`Parts`] and [`Settings`], so that nothing here
//! reads the clock, makes keys or opens a socket by itself:
//!
//! | module | what it is for |
//! |---|---|
//! | [`source`] | where resources come from: folders of FHIR files, tables with a mapping, FHIR servers |
//! | [`check`] | what is checked before anything is sent |
//! | [`seal`] | how a message is signed and encrypted before it is stored |
//! | [`transport`], [`attempt`] | how it is posted, and what became of the attempt |
//! | [`outbox`] | the sender's own database: sealed messages; resources by keyed hashes only |
//! | [`schedule`], [`lock`] | when a daemon runs, and that only one does |
//! | [`report`] | what a run did |
//! | [`notice`], [`hooks`], [`monitor`] | what somebody should hear of, who is notified, what a monitor asks |
//! | [`desk`] | what is held, filtered and by cause, for those who correct it |
//! | [`annul`], [`inspect`], [`preview`], [`rehearse`], [`why`] | what an operator asks for or asks about |
//!
//! The time of the next transfer and of new attempts is a pure function of the time given:
//!
//! ```
//! use jiff::civil::time;
//! use lmr_sender::schedule::{RetrySchedule, next_daily};
//!
//! let now = "2026-01-10T05:00:00Z".parse()?;
//! assert_eq!(next_daily(now, time(6, 30, 0, 0)), "2026-01-10T05:30:00Z".parse()?);
//! // The first attempt failed: the next one comes an hour later.
//! let next = RetrySchedule::default().next(1, now, None);
//! assert_eq!(next, Some("2026-01-10T06:00:00Z".parse()?));
//! # Ok::<(), jiff::Error>(())
//! ```

pub mod annul;
pub mod attempt;
pub mod check;
pub mod desk;
pub mod hooks;
pub mod inspect;
pub mod lock;
pub mod meter;
pub mod monitor;
pub mod notice;
pub mod outbox;
pub mod preview;
pub mod rehearse;
pub mod report;
pub mod schedule;
pub mod seal;
pub mod source;
pub mod transport;
mod unclear;
pub mod why;
pub mod wording;

mod agent;
mod answer;
mod bundle;
mod clinical;
mod content;
mod copies;
mod error;
mod finished;
mod former;
mod identity;
mod index;
mod message;
mod plan;
mod progress;
mod receipts;
mod run;
mod source_key;
mod stop;
#[cfg(test)]
mod tests;

pub use agent::{Agent, Parts, Settings};
pub use error::SenderError;
pub use identity::HashKey;
pub use meter::TransferProgress;
pub use plan::BundleLimits;
pub use stop::StopSignal;
