//! Why a resource went, or did not: everything known of it on one screen.

use jiff::Timestamp;
use serde::Serialize;

use crate::agent::Agent;
use crate::annul::AnnulTarget;
use crate::attempt::AttemptFailure;
use crate::clinical::{When, start_of};
use crate::error::SenderError;
use crate::identity::Hash;
use crate::index::Index;
use crate::outbox::{
    HeldFinding, HeldRow, MessageRow, ReceiptRow, Replacement, Sending, SentResource,
};
use crate::plan::{Known, Plan, Statuses};
use crate::progress::State;
use crate::source::{SourceIssue, SourceIssueKind, SourceLocation};

/// One resource and what is known of it.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// Type of the resource.
    pub resource_type: String,
    /// Its technical id, unless that looks like an identity number.
    pub resource_id: Option<String>,
    /// The source's own key.
    pub source_key: Option<String>,
    /// Where it is in the source; `None` when it is not there any more.
    pub location: Option<SourceLocation>,
    /// When the register last confirmed it, and by which message.
    pub confirmed: Option<Confirmation>,
    /// Every message it was in, newest first, as long as messages are remembered.
    pub messages: Vec<MessageOf>,
    /// What is to be expected.
    pub state: WhyState,
}

/// The register's last confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    /// When.
    pub at: Timestamp,
    /// The message's id.
    pub message_id: Option<String>,
}

/// A message that a resource was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageOf {
    /// The message's id.
    pub message_id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// The state of the message.
    pub state: State,
    /// What became of the resource in it: `stored`, `unchanged`, `refused`, `not-stored` or `failed`.
    pub outcome: Option<&'static str>,
    /// Why the message was not delivered.
    pub failure: Option<AttemptFailure>,
}

/// One message and what is known of it.
#[derive(Debug, Serialize)]
pub struct MessageExplanation {
    /// The message, with its attempts.
    #[serde(flatten)]
    pub message: MessageRow,
    /// The register's receipts for it.
    pub receipts: Vec<ReceiptRow>,
    /// What it holds, in its order, as long as that is remembered.
    pub resources: Vec<SentResource>,
}

/// What keeps a resource, or brings it on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum WhyState {
    /// The register has it as it is in the source.
    Delivered,
    /// The register has confirmed its annulment.
    Annulled,
    /// The register has it, the source does not any more: it can be annulled.
    Vanished {
        /// Its number for `lmr send annul`, once a transfer has missed it.
        number: Option<i64>,
        /// The record that the source has in its place.
        #[serde(skip_serializing_if = "Option::is_none")]
        replacement: Option<Replacement>,
    },
    /// The register may have lost it, and the source has not given it again: it is sent when it does.
    Forgotten,
    /// It is in a message without an answer.
    UnderWay,
    /// It goes with the next transfer.
    Next {
        /// The register has another version of it.
        changed: bool,
    },
    /// It is held.
    Held {
        /// Its number for `lmr send release`.
        number: i64,
        /// What is wrong.
        findings: Vec<HeldFinding>,
        /// How many others wait for it.
        waiting: u64,
    },
    /// An operator has discarded it, or something that it refers to.
    Discarded {
        /// The number of what was discarded, for `lmr send release`.
        number: Option<i64>,
        /// Where that is.
        discarded: SourceLocation,
    },
    /// It refers to something that is held.
    Waits {
        /// The number of the held resource.
        number: Option<i64>,
        /// Where the held resource is.
        held: SourceLocation,
    },
    /// It, or something it refers to, is in a message without an answer in another version.
    Deferred,
    /// It happened before the agreed start date.
    TooEarly {
        /// When it happened.
        at: Timestamp,
        /// The start.
        start: Timestamp,
    },
    /// Nothing that is sent refers to it.
    Unused,
    /// The guide does not take resources of this type.
    ForeignType,
}

impl Agent {
    /// Everything known of the resources that go by a name: `Type/id`, a technical id, or the source's own
    /// key. Empty when neither the source nor the outbox has one. Sends and changes nothing.
    ///
    /// # Errors
    /// [`SenderError`].
    pub async fn why(&self, name: &str) -> Result<Vec<Explanation>, SenderError> {
        Ok(self.why_with_rows(name).await?.0)
    }

    /// The same, with the rows of tables by this key that are held because they cannot be mapped: no resource was made
    /// of them.
    ///
    /// # Errors
    /// [`SenderError`].
    pub async fn why_with_rows(
        &self,
        name: &str,
    ) -> Result<(Vec<Explanation>, Vec<SourceIssue>), SenderError> {
        let index = Index::read(&*self.source, &self.settings.own_addresses, &self.key)?;
        let is_row = |issue: &&SourceIssue| match &issue.issue {
            SourceIssueKind::Row { error } => error.key.as_deref() == Some(name),
            _ => false,
        };
        let rows = index.scanned.issues.iter().filter(is_row).cloned().collect();
        let statuses = self.outbox.statuses(&index).await?;
        let plan = self.plan(&index, &statuses).await?;
        let mut found = Vec::new();
        let mut seen: Vec<Hash> = Vec::new();
        for (at, record) in index.records.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            if !goes_by(name, index.resource_type(at), index.id(at), index.source_key(at)) {
                continue;
            }
            seen.push(record.identity);
            found.push(Explanation {
                resource_type: index.resource_type(at).to_string(),
                resource_id: index.id(at).map(str::to_owned),
                source_key: index.source_key(at).map(str::to_owned),
                location: Some(index.location(at)),
                confirmed: self.confirmation(record.identity).await?,
                messages: self.messages_of(record.identity).await?,
                state: self.state_of(at, &index, &statuses, &plan).await?,
            });
        }
        for row in self.outbox.find_stored(&AnnulTarget::Name(name.to_owned())).await? {
            if seen.contains(&row.identity) {
                continue;
            }
            let vanished = self.outbox.vanished_of(row.identity).await?;
            found.push(Explanation {
                location: None,
                confirmed: self.confirmation(row.identity).await?,
                messages: self.messages_of(row.identity).await?,
                state: match (row.annulled, vanished) {
                    (true, _) => WhyState::Annulled,
                    (false, None) if row.version == Hash::NO_VERSION => WhyState::Forgotten,
                    (false, vanished) => WhyState::Vanished {
                        number: vanished.as_ref().map(|row| row.number),
                        replacement: vanished.and_then(|row| row.replacement),
                    },
                },
                resource_type: row.resource_type,
                resource_id: row.resource_id,
                source_key: row.source_key,
            });
        }
        Ok((found, rows))
    }

    /// Everything that is known of the messages that go by a name: their own id, or the number or the digest of their
    /// receipt.
    ///
    /// # Errors
    /// [`SenderError`].
    pub async fn why_message(&self, name: &str) -> Result<Vec<MessageExplanation>, SenderError> {
        let mut found = Vec::new();
        for id in self.outbox.messages_by_name(name).await? {
            for message in self.outbox.messages_of(Some(&id), 1).await? {
                let receipts = self.outbox.receipts_of(&id).await?;
                let resources = self.outbox.contents_of(&id).await?;
                found.push(MessageExplanation { message, receipts, resources });
            }
        }
        Ok(found)
    }

    async fn confirmation(&self, identity: Hash) -> Result<Option<Confirmation>, SenderError> {
        let Some(row) = self.outbox.stored(identity).await? else { return Ok(None) };
        let message_id = self.outbox.message_id(row.seq).await?;
        Ok(Some(Confirmation { at: row.at, message_id }))
    }

    async fn messages_of(&self, identity: Hash) -> Result<Vec<MessageOf>, SenderError> {
        let rows = self.outbox.sendings_of(identity).await?;
        let message = |row: Sending| MessageOf {
            message_id: row.message_id,
            made_at: row.made_at,
            state: row.state,
            outcome: row.outcome,
            failure: row.failure,
        };
        Ok(rows.into_iter().map(message).collect())
    }

    async fn state_of(
        &self,
        at: u32,
        index: &Index,
        statuses: &Statuses,
        plan: &Plan,
    ) -> Result<WhyState, SenderError> {
        let record = &index.records[at as usize];
        let status = statuses.of(at);
        if status.annulled && status.stored == Known::Same {
            return Ok(WhyState::Annulled);
        }
        if status.open == Known::Same {
            return Ok(WhyState::UnderWay);
        }
        if status.stored == Known::Same {
            return Ok(WhyState::Delivered);
        }
        let held = self.outbox.held().await?;
        let number_in = |held: &[HeldRow], identity: Hash| {
            held.iter().find(|row| row.identity == identity).map(|row| row.number)
        };
        if let Some((_, discarded)) = plan.discarded.iter().find(|(root, _)| *root == at) {
            let identity = index.records[*discarded as usize].identity;
            let number = number_in(&self.outbox.discarded().await?, identity);
            return Ok(WhyState::Discarded { number, discarded: index.location(*discarded) });
        }
        if status.held
            && let Some(row) = held.iter().find(|row| row.identity == record.identity)
        {
            return Ok(WhyState::Held {
                number: row.number,
                findings: row.findings.clone(),
                waiting: row.waiting,
            });
        }
        if let Some((_, target)) = plan.waiting.iter().find(|(root, _)| *root == at) {
            let number = number_in(&held, index.records[*target as usize].identity);
            return Ok(WhyState::Waits { number, held: index.location(*target) });
        }
        if plan.deferred.contains(&at) {
            return Ok(WhyState::Deferred);
        }
        if plan.bundles.iter().any(|bundle| bundle.entries.contains(&at)) {
            return Ok(WhyState::Next { changed: status.stored == Known::Other });
        }
        if self.settings.rule_set.profile_of(index.resource_type(at)).is_none() {
            return Ok(WhyState::ForeignType);
        }
        let start = start_of(self.settings.start);
        Ok(match record.when() {
            When::At(time) if time < start => WhyState::TooEarly { at: time, start },
            _ => WhyState::Unused,
        })
    }
}

fn goes_by(name: &str, resource_type: &str, id: Option<&str>, key: Option<&str>) -> bool {
    let of_type = name.strip_prefix(resource_type).and_then(|rest| rest.strip_prefix('/'));
    [id, key].into_iter().flatten().any(|known| known == name || Some(known) == of_type)
}
