//! What the world gives and tests replace: the time and fresh random bytes.

use std::sync::Arc;

use jiff::Timestamp;

/// Gives the time. Only `cli` gives one that reads the real clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Gives 16 fresh unpredictable bytes, for `jti`. Only `cli` and `sandbox` give one that reads the
/// system's source.
pub type FreshId = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// A UUID version 4 spelled from fresh bytes.
pub(crate) fn uuid_text(mut bytes: [u8; 16]) -> String {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    uuid::Uuid::from_bytes(bytes).to_string()
}
