//! One call: its id, and what is noted about it on the way, for its log line, the metrics and the answer.

use crate::telemetry::NotedStage;
use axum::http::Extensions;
use lmr_intake::{CodeCount, Counts, OrganisationNumber, Reply};
use lmr_lmdi::codes::Code;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// What the request's log line and the metrics say beyond the status.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    pub(crate) address: Option<IpAddr>,
    pub(crate) organisation: Option<OrganisationNumber>,
    pub(crate) client_id: Option<String>,
    /// The supplier that acts for the organisation.
    pub(crate) supplier: Option<OrganisationNumber>,
    pub(crate) profile: Option<String>,
    /// The sub-unit that the client says it acts for: a statement only.
    pub(crate) child_organisation: Option<OrganisationNumber>,
    /// The authority that knows of the supplier's delegation.
    pub(crate) delegation_source: Option<String>,
    /// `jti`: by it the issuer finds what it issued.
    pub(crate) token_id: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) code: Option<Code>,
    pub(crate) detail: Option<String>,
    pub(crate) counts: Option<Counts>,
    /// How many entries were refused with which code.
    pub(crate) codes: Vec<CodeCount>,
    /// A trial: nothing is stored, so nothing of it counts among deliveries.
    pub(crate) is_trial: bool,
    pub(crate) repeated: bool,
    /// An answer that is not kept, so that the call is kept among the refused ones instead.
    pub(crate) is_unkept: bool,
    pub(crate) body_bytes: Option<usize>,
    /// What was done, in order.
    pub(crate) stages: Vec<NotedStage>,
}

/// A request's id and notes, shared by all that handle it.
#[derive(Clone, Default)]
pub(crate) struct Call {
    /// 32 hex digits; also in the answer's header `X-Request-Id`.
    pub(crate) id: Arc<str>,
    notes: Arc<Mutex<Notes>>,
}

impl Call {
    pub(crate) fn new(id: Arc<str>) -> Self {
        Self { id, notes: Arc::default() }
    }

    /// The call of a request; one of nobody's where none was put there.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Notes)) {
        change(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Notes a part of the work that ends now.
    pub(crate) fn note_stage(&self, name: &'static str, from: Instant) {
        self.note(|notes| notes.stages.push(NotedStage::since(name, from)));
    }

    pub(crate) fn note_reply(&self, reply: &Reply) {
        self.note(|notes| {
            notes.counts = Some(reply.answer.counts);
            notes.codes.clone_from(&reply.codes);
            notes.repeated = reply.repeated;
            notes.is_unkept = !reply.is_kept;
            notes.message_id.clone_from(&reply.message_id);
        });
    }

    /// The sender and the address, as far as they are known.
    pub(crate) fn origin(&self) -> (Option<OrganisationNumber>, Option<IpAddr>) {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        (notes.organisation, notes.address)
    }

    /// The notes, once the call is answered.
    pub(crate) fn take(&self) -> Notes {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
