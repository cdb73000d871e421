//! Dates and times in configuration files: in quotes, or as TOML has them itself, without.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::value::Datetime;

use crate::text::{Text, text};

/// How the value of a key is written, where it is a moment.
pub(crate) fn remedy(key: &str) -> Option<Text> {
    match key {
        "at" => Some(text!("skriv klokkeslettet som 03:00", "write the time as 03:00")),
        "not_after" => Some(text!(
            "skriv tidspunktet med sone, som 2027-01-01T00:00:00Z",
            "write the moment with its zone, as 2027-01-01T00:00:00Z"
        )),
        "key_expires" | "start_date" | "until" => {
            Some(text!("skriv datoen som 2026-01-31", "write the date as 2026-01-31"))
        }
        _ => None,
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field that is read here.
    #[test]
    fn every_key_with_a_moment_has_its_remedy() {
        let mut found = 0;
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config")).unwrap()
        {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|end| end != "rs") || path.ends_with("moments.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for after in text.split("moment\")]").skip(1) {
                let field = after.trim().strip_prefix("pub(crate) ").unwrap();
                let (key, _) = field.split_once(':').unwrap();
                assert!(remedy(key).is_some(), "{key}");
                found += 1;
            }
        }
        assert!(found >= 7, "{found}");
    }
}
