//! What whoever keeps traces and metrics hears of each call. By its types nothing in it is a person's, a sender's or a
//! message's: names of the interface, numbers and times.

use crate::call::Notes;
use jiff::Timestamp;
use lmr_intake::Counts;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// Someone who hears of every call once it is answered. Must not wait: the answer does meanwhile.
pub trait CallObserver: fmt::Debug + Send + Sync {
    /// A call was answered.
    fn answered(&self, call: &CallRecord);
}

/// A part of the work on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// `admission`, `body`, `place` (waiting for one) or `work`.
    pub name: &'static str,
    /// How long after the call's beginning it began.
    pub after: Duration,
    /// How long it took.
    pub took: Duration,
}

/// An answered call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// HTTP's method, or `unknown`.
    pub method: &'static str,
    /// The route as the interface writes it, or `unknown`.
    pub route: &'static str,
    /// The answer's status.
    pub status: u16,
    /// The code of a call that was refused as a whole.
    pub code: Option<&'static str>,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, without the writing of the answer.
    pub took: Duration,
    /// Bytes of its body.
    pub body_bytes: u64,
    /// How the entries fared.
    pub counts: Counts,
    /// Whether it was a trial, of which nothing is stored.
    pub is_trial: bool,
    /// Whether it was a resend that got its first answer again.
    pub repeated: bool,
    /// What was done for it, in order.
    pub stages: Vec<Stage>,
}

/// A part of the work, in the notes of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotedStage {
    name: &'static str,
    from: Instant,
    to: Instant,
}

impl NotedStage {
    /// A part that ends now.
    pub(crate) fn since(name: &'static str, from: Instant) -> Self {
        Self { name, from, to: Instant::now() }
    }
}

impl CallRecord {
    pub(crate) fn of(
        (method, route, status): (&'static str, &'static str, u16),
        notes: &Notes,
        began: Instant,
        now: Timestamp,
    ) -> Self {
        let took = began.elapsed();
        Self {
            method,
            route,
            status,
            code: notes.code.map(lmr_lmdi::codes::Code::as_str),
            started: now.checked_sub(took).unwrap_or(now),
            took,
            body_bytes: notes.body_bytes.unwrap_or_default() as u64,
            counts: notes.counts.unwrap_or_default(),
            is_trial: notes.is_trial,
            repeated: notes.repeated,
            stages: notes
                .stages
                .iter()
                .map(|stage| Stage {
                    name: stage.name,
                    after: stage.from.saturating_duration_since(began),
                    took: stage.to.saturating_duration_since(stage.from),
                })
                .collect(),
        }
    }
}
