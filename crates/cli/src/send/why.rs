//! `lmr send why`: what goes by a name, resources and messages.

use lmr_sender::source::SourceIssue;
use lmr_sender::why::{Explanation, MessageExplanation};
use lmr_sender::{Agent, SenderError};
use serde::Serialize;

/// What goes by a name.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Found {
    /// A resource of the source, or one that the register has.
    Resource(Box<Explanation>),
    /// A row of a table that is held, because no resource can be made of it.
    Row(SourceIssue),
    /// A message.
    Message(Box<MessageExplanation>),
}

/// Everything that goes by a name. The source is not read for what only a message can be called.
pub(super) async fn find(agent: &Agent, name: &str) -> Result<Vec<Found>, SenderError> {
    let messages = agent.why_message(name).await?;
    let mut found: Vec<Found> =
        messages.into_iter().map(|message| Found::Message(Box::new(message))).collect();
    // A number may be that of a receipt and the source's own key; an id of a message is nothing else.
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    if found.is_empty() || is_number {
        let (resources, rows) = agent.why_with_rows(name).await?;
        found.extend(rows.into_iter().map(Found::Row));
        found.extend(resources.into_iter().map(|one| Found::Resource(Box::new(one))));
    }
    Ok(found)
}
