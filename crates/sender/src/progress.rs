//! A message's life as data: states, attempt outcomes, and what follows from each.
//!
//! ```text
//! planned ──▶ sending ──▶ delivered     answered per resource
//!    ▲           │  ├───▶ refused       refused whole, its resources are held
//!    │           │  ├───▶ stopped       no access; same bytes at the next planned transfer
//!    │           │  ├───▶ released      these bytes can never pass; the data is bundled again
//!    │           ▼  └───▶ exhausted     no answer in any attempt of the round
//!    └─────── waiting                   next attempt has a time
//! ```
//!
//! **When data may be bundled again.** A message whose fate is unknown (the request may have arrived) is sent again
//! with the same id and the same bytes before anything else happens to its data: the register answers a resend with
//! its first answer, so nothing is stored twice and the answer is not lost. Only a message that certainly has not
//! been stored is released: none of its attempts reached the register, or the register refused these very bytes.
//! A released message is never sent again, so an old version cannot overtake a newer one. While a message is open, no
//! other version of a resource in it is sent (see the plan's `deferred`).

use jiff::{SignedDuration, Timestamp};

use crate::schedule::RetrySchedule;

/// The state of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Sealed, never tried.
    Planned,
    /// An attempt is running, or was when the process ended.
    Sending,
    /// Not delivered; the next attempt has a time.
    Waiting,
    /// Every attempt of the round failed; the next planned transfer takes it up.
    Exhausted,
    /// Refused for want of access: a person is needed; the next planned transfer tries the same bytes.
    Stopped,
    /// Answered, resource by resource.
    Delivered,
    /// Refused whole; its resources are held.
    Refused,
    /// Given up without having been stored; its data goes with a new message.
    Released,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Planned,
        Self::Sending,
        Self::Waiting,
        Self::Exhausted,
        Self::Stopped,
        Self::Delivered,
        Self::Refused,
        Self::Released,
    ];

    /// Its name in the outbox.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sending => "sending",
            Self::Waiting => "waiting",
            Self::Exhausted => "exhausted",
            Self::Stopped => "stopped",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Released => "released",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether the message may still be sent.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Delivered | Self::Refused | Self::Released)
    }
}

/// How an attempt ended, as the outbox keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    /// The register answered for every resource.
    Answered,
    /// A communication error.
    Later {
        /// Whether the register may have got the message all the same.
        may_have_arrived: bool,
        /// `Retry-After`.
        retry_after: Option<SignedDuration>,
    },
    /// A person is needed.
    Never {
        /// The message itself can never pass (certificate, envelope, replay); else access is missing.
        bytes_at_fault: bool,
    },
    /// The register refuses the whole message; its content must be corrected.
    Refused,
    /// The register takes no message this large: the data must go in smaller ones.
    TooLarge,
}

/// The part of a message that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Its state.
    pub state: State,
    /// Attempts begun in this round.
    pub round: u32,
    /// Whether any attempt may have reached the register without an answer.
    pub may_have_arrived: bool,
    /// When it is due, in states that have a time.
    pub next_attempt: Option<Timestamp>,
}

impl Progress {
    pub(crate) fn planned(now: Timestamp) -> Self {
        Self { state: State::Planned, round: 0, may_have_arrived: false, next_attempt: Some(now) }
    }

    /// Whether an attempt may begin now.
    #[must_use]
    pub(crate) fn is_due(self, now: Timestamp) -> bool {
        matches!(self.state, State::Planned | State::Waiting)
            && self.next_attempt.is_some_and(|next| next <= now)
    }

    #[must_use]
    pub(crate) fn begun(self) -> Self {
        Self { state: State::Sending, round: self.round + 1, next_attempt: None, ..self }
    }

    /// The process ended in the middle of an attempt: nobody knows how far it came.
    #[must_use]
    pub(crate) fn interrupted(self, now: Timestamp) -> Self {
        match self.state {
            State::Sending => Self {
                state: State::Waiting,
                may_have_arrived: true,
                next_attempt: Some(now),
                ..self
            },
            _ => self,
        }
    }

    #[must_use]
    pub(crate) fn finished(
        self,
        outcome: &AttemptOutcome,
        now: Timestamp,
        schedule: &RetrySchedule,
    ) -> Self {
        let done = |state| Self { state, next_attempt: None, ..self };
        match outcome {
            AttemptOutcome::Answered => done(State::Delivered),
            AttemptOutcome::Refused => done(State::Refused),
            AttemptOutcome::TooLarge | AttemptOutcome::Never { bytes_at_fault: true } => {
                done(State::Released)
            }
            AttemptOutcome::Never { bytes_at_fault: false } => done(State::Stopped),
            AttemptOutcome::Later { may_have_arrived, retry_after } => {
                let next_attempt = schedule.next(self.round, now, *retry_after);
                Self {
                    state: if next_attempt.is_some() { State::Waiting } else { State::Exhausted },
                    next_attempt,
                    may_have_arrived: self.may_have_arrived || *may_have_arrived,
                    ..self
                }
            }
        }
    }

    /// A planned transfer begins: what is open gets a new round at once, or its data goes with the new messages.
    #[must_use]
    pub(crate) fn new_round(self, now: Timestamp) -> Self {
        match self.state {
            State::Exhausted if !self.may_have_arrived => {
                Self { state: State::Released, next_attempt: None, ..self }
            }
            State::Planned | State::Waiting | State::Exhausted | State::Stopped => {
                let state =
                    if self.state == State::Planned { State::Planned } else { State::Waiting };
                Self { state, round: 0, next_attempt: Some(now), ..self }
            }
            State::Sending | State::Delivered | State::Refused | State::Released => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    /// A message in this state with everything else as it would show if it were lost.
    fn in_state(state: State) -> Progress {
        Progress { state, round: 2, may_have_arrived: false, next_attempt: Some(at(7)) }
    }

    #[test]
    fn an_attempt_counts_and_has_no_time_of_its_own() {
        let planned = Progress::planned(at(5));
        assert!(planned.is_due(at(5)) && !planned.is_due(at(4)));
        let begun = planned.begun();
        let wanted = Progress {
            state: State::Sending,
            round: 1,
            may_have_arrived: false,
            next_attempt: None,
        };
        assert_eq!(begun, wanted);
        assert!(!begun.is_due(at(100)));
        assert_eq!(Progress { may_have_arrived: true, ..planned }.begun().round, 1);
        assert!(Progress { may_have_arrived: true, ..planned }.begun().may_have_arrived);
    }

    /// Nobody knows how far it came: the same bytes go again, at once.
    #[test]
    fn only_an_interrupted_attempt_may_have_arrived_and_is_due_at_once() {
        for state in State::ALL {
            let before = in_state(state);
            let after = before.interrupted(at(50));
            let wanted = match state {
                State::Sending => Progress {
                    state: State::Waiting,
                    round: 2,
                    may_have_arrived: true,
                    next_attempt: Some(at(50)),
                },
                _ => before,
            };
            assert_eq!(after, wanted, "{state:?}");
        }
    }

    #[test]
    fn what_is_finished_has_no_time_and_what_may_have_arrived_stays_so() {
        let schedule = RetrySchedule::default();
        for (outcome, state) in [
            (AttemptOutcome::Answered, State::Delivered),
            (AttemptOutcome::Refused, State::Refused),
            (AttemptOutcome::TooLarge, State::Released),
            (AttemptOutcome::Never { bytes_at_fault: true }, State::Released),
            (AttemptOutcome::Never { bytes_at_fault: false }, State::Stopped),
        ] {
            let after = in_state(State::Sending).finished(&outcome, at(9), &schedule);
            let wanted = Progress { state, next_attempt: None, ..in_state(State::Sending) };
            assert_eq!(after, wanted, "{outcome:?}");
        }
        for (before, now, wanted) in
            [(false, false, false), (true, false, true), (false, true, true), (true, true, true)]
        {
            let outcome = AttemptOutcome::Later { may_have_arrived: now, retry_after: None };
            let sending = Progress { may_have_arrived: before, ..in_state(State::Sending) };
            let first = Progress { round: 1, ..sending }.finished(&outcome, at(9), &schedule);
            assert_eq!(first.may_have_arrived, wanted);
            assert_eq!(first.state, State::Waiting);
            assert!(first.next_attempt.is_some_and(|next| next > at(9)));
            let last = Progress { round: 100, ..sending }.finished(&outcome, at(9), &schedule);
            assert_eq!((last.state, last.next_attempt), (State::Exhausted, None));
        }
    }

    #[test]
    fn a_planned_transfer_gives_what_is_open_a_new_round_and_releases_what_never_arrived() {
        for state in State::ALL {
            for may_have_arrived in [false, true] {
                let before = Progress { may_have_arrived, ..in_state(state) };
                let again = |state| Progress {
                    state,
                    round: 0,
                    may_have_arrived,
                    next_attempt: Some(at(50)),
                };
                let wanted = match (state, may_have_arrived) {
                    (State::Exhausted, false) => {
                        Progress { state: State::Released, next_attempt: None, ..before }
                    }
                    (State::Planned, _) => again(State::Planned),
                    (State::Waiting | State::Exhausted | State::Stopped, _) => {
                        again(State::Waiting)
                    }
                    _ => before,
                };
                assert_eq!(before.new_round(at(50)), wanted, "{state:?} {may_have_arrived}");
            }
        }
    }
}
