//! Dates and times in configuration files: in quotes, or as TOML has them itself, without.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::value::Datetime;

/// As it is written.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a date or a time, as 2026-01-31, 03:00 or 2026-01-31T03:00:00Z")]
enum Written {
    Text(String),
    Plain(Datetime),
}

/// A date, a time or a moment.
pub(crate) fn moment<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = match Written::deserialize(deserializer)? {
        Written::Text(text) => text,
        Written::Plain(plain) => plain.to_string(),
    };
    text.parse().map_err(D::Error::custom)
}

/// The same where it may be left out.
pub(crate) fn optional_moment<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    moment(deserializer).map(Some)
}
