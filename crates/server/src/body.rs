//! Bodies, bounded while they are read.

use crate::errors::Fault;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use std::time::Duration;

/// What is read and thrown away of a refused caller's body, in bytes, when its address is unknown.
pub(crate) const STRANGER_DRAIN: usize = 64 << 10;
/// How long the throwing away may take.
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Refuses by `Content-Length` what is too large, before a byte is read.
pub(crate) fn check_announced_length(headers: &HeaderMap, limit: usize) -> Result<(), Fault> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Fault::BodyTooLarge);
    }
    Ok(())
}

/// Reads a body of at most `limit` bytes within `time`.
pub(crate) async fn read(body: &mut Body, limit: usize, time: Duration) -> Result<Vec<u8>, Fault> {
    let reading = async {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Fault::BodyIncomplete)?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > limit {
                return Err(Fault::BodyTooLarge);
            }
            bytes.extend_from_slice(&data);
        }
        if bytes.is_empty() { Err(Fault::BodyMissing) } else { Ok(bytes) }
    };
    tokio::time::timeout(time, reading).await.unwrap_or(Err(Fault::BodyTimeout))
}

/// Reads and forgets what the caller still sends, so that it gets to read its refusal: closing with
/// unread bytes resets the connection, and the sender would see a broken line instead of the answer.
pub(crate) async fn drain(body: &mut Body, limit: usize) {
    let draining = async {
        let mut drained = 0;
        while let Some(Ok(frame)) = body.frame().await {
            drained += frame.data_ref().map_or(0, bytes::Bytes::len);
            if drained > limit {
                return;
            }
        }
    };
    // Running out of time is the point of the limit.
    let _ = tokio::time::timeout(DRAIN_TIME, draining).await;
}
