//! Bodies, bounded in size, time, speed and memory while they are read.

use crate::errors::HttpError;
use crate::settings::HttpSettings;
use crate::slots::{KeyedPermit, PAGE, Slots, network};
use crate::state::Shared;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};

/// What is read and thrown away of a refused caller's body, in bytes, when its address is on no list.
const STRANGER_DRAIN: usize = 64 << 10;
/// How long a refused caller's body is read and thrown away.
const DRAIN_TIME: Duration = Duration::from_secs(10);
/// The same for a body that was refused for being slow.
const SLOW_DRAIN_TIME: Duration = Duration::from_millis(500);
/// Time in which a body need not yet keep the least speed.
const SPEED_GRACE: Duration = Duration::from_secs(10);

/// Refuses by `Content-Length` what is too large, before a byte is read.
pub(crate) fn check_announced_length(headers: &HeaderMap, limit: usize) -> Result<(), HttpError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(HttpError::BodyTooLarge);
    }
    Ok(())
}

/// Memory for a body that is arriving: counted for all callers together and for each address.
///
/// A body keeps what it has while it waits for more, so bodies could wait for each other until all have run out of time.
/// Therefore one at a time, of an address and of all, may wait as long as a body may take; the others that have to wait are
/// asked to come back after the time for which a place is waited for, and what they give back is that one's.
pub(crate) struct Budget<'a> {
    slots: &'a Slots,
    address: Option<IpAddr>,
    pages: usize,
    buffered: Buffered,
    turn_of_address: Option<KeyedPermit<IpAddr>>,
    turn_of_all: Option<OwnedSemaphorePermit>,
}

/// The memory of a body, given back when dropped.
#[derive(Default)]
pub(crate) struct Buffered {
    address: Option<KeyedPermit<IpAddr>>,
    all: Option<OwnedSemaphorePermit>,
}

/// Until when a body waits for memory.
#[derive(Clone, Copy)]
struct MaxWait {
    /// With the turn: none is before it but those that are on their way.
    with_turn: Instant,
    without: Duration,
}

impl MaxWait {
    fn until(self, has_turn: bool) -> Instant {
        if has_turn { self.with_turn } else { self.with_turn.min(Instant::now() + self.without) }
    }
}

impl<'a> Budget<'a> {
    pub(crate) fn new(slots: &'a Slots, address: Option<IpAddr>) -> Self {
        Self {
            slots,
            address,
            pages: 0,
            buffered: Buffered::default(),
            turn_of_address: None,
            turn_of_all: None,
        }
    }

    /// Waits until there is memory for a body of this length; `None` when it would wait longer than it may.
    async fn grow(&mut self, bytes: usize, max_wait: MaxWait) -> Option<()> {
        let wanted = bytes.div_ceil(PAGE);
        let more = u32::try_from(wanted.saturating_sub(self.pages)).ok()?;
        if more == 0 {
            return Some(());
        }
        if let Some(address) = self.address.map(network) {
            let pages = &self.slots.body_pages_by_address;
            let permit = match pages.try_acquire_many(address, more) {
                Some(permit) => permit,
                None => {
                    if self.turn_of_address.is_none() {
                        self.turn_of_address = self.slots.turns_by_address.try_acquire(address);
                    }
                    let until = max_wait.until(self.turn_of_address.is_some());
                    timeout_at(until, pages.acquire(address, more)).await.ok()?
                }
            };
            match &mut self.buffered.address {
                Some(held) => held.merge(permit),
                None => self.buffered.address = Some(permit),
            }
        }
        let all = &self.slots.body_pages;
        let permit = match Arc::clone(all).try_acquire_many_owned(more) {
            Ok(permit) => permit,
            Err(_) => {
                if self.turn_of_all.is_none() {
                    self.turn_of_all = Arc::clone(&self.slots.turn).try_acquire_owned().ok();
                }
                let until = max_wait.until(self.turn_of_all.is_some());
                // The semaphore is never closed.
                timeout_at(until, Arc::clone(all).acquire_many_owned(more)).await.ok()?.ok()?
            }
        };
        match &mut self.buffered.all {
            Some(held) => held.merge(permit),
            None => self.buffered.all = Some(permit),
        }
        self.pages = wanted;
        Some(())
    }
}

/// Reads a body within the limits of size, time and speed.
pub(crate) async fn read(
    body: &mut Body,
    mut budget: Budget<'_>,
    settings: &HttpSettings,
) -> Result<(Vec<u8>, Buffered), HttpError> {
    let start = Instant::now();
    let latest = start + settings.body_timeout;
    let max_wait = MaxWait { with_turn: latest, without: settings.queue_wait };
    // The time for which we had no memory is not the caller's.
    let mut waited = Duration::ZERO;
    let mut bytes = Vec::new();
    loop {
        let latest = latest + waited;
        let earned = (bytes.len() as u64).checked_div(u64::from(settings.min_body_speed));
        let by_speed =
            earned.map(|seconds| start + waited + SPEED_GRACE + Duration::from_secs(seconds));
        let due = by_speed.map_or(latest, |due| due.min(latest));
        let frame = match timeout_at(due, body.frame()).await {
            Ok(Some(frame)) => frame.map_err(|_| HttpError::BodyIncomplete)?,
            Ok(None) => break,
            Err(_) => return Err(HttpError::BodyTimeout),
        };
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > settings.body_limit {
            return Err(HttpError::BodyTooLarge);
        }
        let asked = Instant::now();
        budget.grow(bytes.len() + data.len(), max_wait).await.ok_or(HttpError::Overloaded)?;
        waited += asked.elapsed();
        bytes.extend_from_slice(&data);
    }
    if bytes.is_empty() { Err(HttpError::BodyMissing) } else { Ok((bytes, budget.buffered)) }
}

/// A body that a handler reads and whose rest the outer layer can still read.
#[derive(Clone)]
struct Rest(Arc<Mutex<(Body, bool)>>);

impl HttpBody for Rest {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1 = true;
        Pin::new(&mut inner.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.size_hint()
    }
}

/// Reads and forgets what a refused caller still sends, so that it gets to read its refusal: closing with
/// unread bytes resets the connection, and the sender would see a broken line instead of the answer. Who waits for
/// `100 Continue` has sent nothing and is answered at once (RFC 9110 section 10.1.1).
pub(crate) async fn drain_rest(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let waits = request
        .headers()
        .get(header::EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    let (head, body) = request.into_parts();
    let rest = Rest(Arc::new(Mutex::new((body, false))));
    let request = Request::from_parts(head, Body::new(rest.clone()));
    let response = next.run(request).await;
    let Some(fault) = response.extensions().get::<Arc<HttpError>>().cloned() else {
        return response;
    };
    let is_read = rest.0.lock().unwrap_or_else(PoisonError::into_inner).1;
    if waits && !is_read {
        return response;
    }
    let (limit, time) = match *fault {
        HttpError::Address(..) => (STRANGER_DRAIN, DRAIN_TIME),
        HttpError::BodyTimeout => (shared.settings.body_limit, SLOW_DRAIN_TIME),
        _ => (shared.settings.body_limit, DRAIN_TIME),
    };
    let mut rest = Body::new(rest);
    let draining = async {
        let mut drained = 0;
        while let Some(Ok(frame)) = rest.frame().await {
            drained += frame.data_ref().map_or(0, Bytes::len);
            if drained > limit {
                return;
            }
        }
    };
    // Running out of time is the point of the limit.
    let _ = timeout(time, draining).await;
    response
}
