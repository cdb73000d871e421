//! Cookies of a request, and of an answer.

use axum::http::{HeaderMap, HeaderValue, header};

/// The value of a cookie.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()).find_map(|line| {
        line.split(';').find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then_some(value)
        })
    })
}

/// A cookie of the whole listener that no script reads and no other site brings along. Without `max_age` it ends with
/// the browser; 0 removes it. `value` is of letters, digits, `-`, `_` and `.`.
pub(crate) fn set(name: &str, value: &str, max_age: Option<u32>, secure: bool) -> HeaderValue {
    let mut line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Some(seconds) = max_age {
        line.push_str(&format!("; Max-Age={seconds}"));
    }
    if secure {
        line.push_str("; Secure");
    }
    HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""))
}
