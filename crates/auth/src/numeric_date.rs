//! Times in tokens and proofs: NumericDate (RFC 7519 section 2), a JSON number of seconds since 1970,
//! not necessarily whole.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Numbers above this are not dates (2^53).
const MAX: f64 = 9_007_199_254_740_992.0;

/// A member that is there and not a NumericDate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotADate;

/// The member as seconds, if it is there.
pub(crate) fn numeric_date(
    claims: &Map<String, Value>,
    name: &str,
) -> Result<Option<f64>, NotADate> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            value.as_f64().filter(|number| (0.0..=MAX).contains(number)).map(Some).ok_or(NotADate)
        }
    }
}

/// A moment as seconds since 1970 with their fraction.
pub(crate) fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}
