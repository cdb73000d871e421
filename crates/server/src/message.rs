//! A posted message: its body, its slot among those in work, the work itself, the answer.

use crate::answer;
use crate::body::{self, Budget};
use crate::call::Call;
use crate::errors::HttpError;
use crate::media::{preferred, sends_json};
use crate::slots::Slot;
use crate::state::Shared;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use lmr_intake::{Outcome, RECEIPT_HEADER, Receiver, Rejection, Reply, Work};
use std::future::Future;
use std::sync::Arc;
use tokio::time::{Duration, Instant, timeout};

/// A body that has arrived, with its slot.
pub(crate) struct Message {
    body: Vec<u8>,
    slot: Slot,
    call: Call,
}

/// An answer that keeps the message's slot until it is written.
pub(crate) struct Answered {
    reply: Reply,
    slot: Slot,
    write_limit: Duration,
}

impl FromRequest<Arc<Shared>> for Message {
    type Rejection = HttpError;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, HttpError> {
        let settings = &shared.settings;
        let (head, mut body) = request.into_parts();
        if !sends_json(&head.headers) {
            return Err(HttpError::ContentType);
        }
        if preferred(&head.headers).is_none() {
            return Err(HttpError::NotAcceptable);
        }
        body::check_announced_length(&head.headers, settings.body_limit)?;
        let call = Call::of(&head.extensions);
        let (organisation, address) = call.origin();
        let budget = Budget::new(&shared.slots, address);
        let began = Instant::now();
        let read = body::read(&mut body, budget, settings).await;
        call.note_stage("body", began);
        let (bytes, buffered) = read?;
        call.note(|notes| notes.body_bytes = Some(bytes.len()));
        let waiting = shared.slots.slot(organisation, address);
        let began = Instant::now();
        let slot = timeout(settings.queue_wait, waiting).await;
        call.note_stage("place", began);
        let slot = slot.map_err(|_| HttpError::Overloaded)?;
        drop(buffered);
        Ok(Self { body: bytes, slot, call })
    }
}

impl Message {
    /// Runs the work. The slot is given back when the work has ended and its answer is written, also when nobody
    /// waits for it any more.
    pub(crate) async fn process<F>(
        self,
        shared: &Shared,
        work: impl FnOnce(Receiver, Vec<u8>) -> F,
    ) -> Result<Answered, HttpError>
    where
        F: Future<Output = Result<Reply, Rejection>> + Send + 'static,
    {
        let Self { body, slot, call } = self;
        let (followed, began) = (Work::default(), Instant::now());
        let doing = work(shared.receiver.for_call(followed.clone()), body);
        let running = tokio::spawn(async move { (doing.await, slot) });
        let ended = timeout(shared.settings.work_timeout, running).await;
        call.note_stage("work", began);
        call.note(|notes| notes.message_id = followed.message_id().map(str::to_owned));
        match ended {
            Ok(Ok((Ok(reply), slot))) => {
                call.note_reply(&reply);
                Ok(Answered { reply, slot, write_limit: shared.settings.answer_timeout })
            }
            Ok(Ok((Err(rejection), _))) => Err(rejection.into()),
            Ok(Err(_)) => Err(HttpError::Panic),
            Err(_) => {
                followed.stop();
                Err(HttpError::WorkTimeout)
            }
        }
    }
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let answer = self.reply.answer;
        let status = match answer.outcome {
            Outcome::Accepted => StatusCode::OK,
            Outcome::Refused => StatusCode::BAD_REQUEST,
        };
        let mut response =
            answer::fhir(status, answer::held(answer.body, self.slot, self.write_limit));
        // A JWS in compact form: letters, digits, `-`, `_` and points.
        if let Some(Ok(receipt)) = self.reply.receipt.map(HeaderValue::try_from) {
            response.headers_mut().insert(RECEIPT_HEADER, receipt);
        }
        response
    }
}
