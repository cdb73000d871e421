//! Sources, change detection, outbox, transport, answers.

mod agent;
mod answer;
mod bundle;
mod clinical;
mod content;
mod delivery;
mod identity;
mod index;
mod outbox;
mod plan;
mod register;
mod report;
mod schedule;
mod source;
#[cfg(test)]
mod tests;
mod transport;

pub use agent::{
    Agent, CheckContext, CheckFault, CheckImpossible, Checker, Parts, Sealer, SenderError, Settings,
};
pub use clinical::start_of;
pub use delivery::{Ending, Progress, State};
pub use identity::HashKey;
pub use index::Doubled;
pub use outbox::{
    AttemptRow, HeldIssue, HeldRow, MessageRow, Origin, Outbox, OutboxError, Overview, RunRow,
};
pub use plan::BundleLimits;
pub use register::{EnvelopeSealer, RuleSetChecker};
pub use report::{Report, SentMessage, Verdict};
pub use schedule::{RetrySchedule, next_daily};
pub use source::{Damage, Place, Scanned, SourceFault, SourceLimits};
pub use transport::{
    Authorizer, Delivery, HelseIdAuthorizer, HttpSettings, HttpTransport, NoToken, Transport,
    TransportError,
};
