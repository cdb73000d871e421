//! `Retry-After` (RFC 9110 section 10.2.3) in every form a recipient must read.

use jiff::{SignedDuration, Timestamp};

/// How long to wait: seconds, or an HTTP date in any of its three forms (RFC 9110 section 5.6.7). A number
/// too large to be held is the largest, a moment that is past no wait. Nothing if it is none of these.
#[must_use]
pub fn retry_after(text: &str, now: Timestamp) -> Option<SignedDuration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(SignedDuration::from_secs(text.parse().unwrap_or(i64::MAX)));
    }
    let at = Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()?;
    Some(at.duration_since(now).max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a15_every_form_is_read() {
        let now: Timestamp = "2026-03-01T05:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("30", Some(30)),
            (" 120 ", Some(120)),
            ("0", Some(0)),
            ("Sun, 01 Mar 2026 05:30:00 GMT", Some(1800)),
            ("Sunday, 01-Mar-26 05:30:00 GMT", Some(1800)),
            ("Sun Mar  1 05:30:00 2026", Some(1800)),
            ("Sun, 01 Mar 2026 04:30:00 GMT", Some(0)),
            ("99999999999999", Some(99_999_999_999_999)),
            ("99999999999999999999999999", Some(i64::MAX)),
            ("", None),
            ("soon", None),
            ("-1", None),
            ("1.5", None),
            ("Sun, 01 Mar 2026 05:30:00 CET", None),
            ("Sun, 31 Feb 2026 05:30:00 GMT", None),
        ] {
            assert_eq!(retry_after(text, now).map(|wait| wait.as_secs()), seconds, "{text}");
        }
    }
}
