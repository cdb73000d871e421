//! What is done to processes in a round, and when.

use std::time::Duration;

use crate::faults::{DatabaseFault, IssuerFault, ProcessFault};
use crate::plan::Round;

#[derive(Clone, Copy, Debug)]
pub enum Action {
    Sender(ProcessFault),
    ContinueSender,
    Receiver(ProcessFault),
    ContinueReceiver,
    KillIssuer,
    StopIssuer,
    ContinueIssuer,
    Database(DatabaseFault),
    ContinueDatabase,
    Operator,
}

pub struct Actions(Vec<(Duration, Action)>);

impl Actions {
    pub fn of(round: &Round, began: Duration) -> Self {
        let mut all = Vec::new();
        let at = |ms: u64| began + Duration::from_millis(ms);
        match round.sender {
            Some(
                fault @ (ProcessFault::Kill { after_ms }
                | ProcessFault::Terminate { after_ms }
                | ProcessFault::Second { after_ms }),
            ) => all.push((at(after_ms), Action::Sender(fault))),
            Some(fault @ ProcessFault::Stop { after_ms, for_ms }) => {
                all.push((at(after_ms), Action::Sender(fault)));
                all.push((at(after_ms + for_ms), Action::ContinueSender));
            }
            _ => {}
        }
        match round.receiver {
            Some(
                fault @ (ProcessFault::Kill { after_ms } | ProcessFault::Terminate { after_ms }),
            ) => {
                all.push((at(after_ms), Action::Receiver(fault)));
            }
            Some(fault @ ProcessFault::Stop { after_ms, for_ms }) => {
                all.push((at(after_ms), Action::Receiver(fault)));
                all.push((at(after_ms + for_ms), Action::ContinueReceiver));
            }
            _ => {}
        }
        match round.issuer {
            Some(IssuerFault::Kill { after_ms, for_ms }) => {
                all.push((at(after_ms), Action::KillIssuer));
                all.push((at(after_ms + for_ms), Action::ContinueIssuer));
            }
            Some(IssuerFault::Stop { after_ms, for_ms }) => {
                all.push((at(after_ms), Action::StopIssuer));
                all.push((at(after_ms + for_ms), Action::ContinueIssuer));
            }
            None => {}
        }
        match round.database {
            Some(fault @ DatabaseFault::KillSessions { after_ms }) => {
                all.push((at(after_ms), Action::Database(fault)));
            }
            Some(
                fault @ (DatabaseFault::Crash { after_ms, for_ms }
                | DatabaseFault::Stop { after_ms, for_ms }),
            ) => {
                all.push((at(after_ms), Action::Database(fault)));
                all.push((at(after_ms + for_ms), Action::ContinueDatabase));
            }
            None => {}
        }
        if round.operator.is_some() {
            all.push((at(150), Action::Operator));
        }
        all.sort_by_key(|(at, _)| *at);
        Self(all)
    }

    pub fn due(&mut self, now: Duration) -> Vec<Action> {
        let later = self.0.iter().position(|(at, _)| *at > now).unwrap_or(self.0.len());
        self.0.drain(..later).map(|(_, action)| action).collect()
    }
}
