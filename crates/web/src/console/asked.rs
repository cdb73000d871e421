//! What the address of a page asks for. What cannot be read is refused: a filter that is left out because of a slip shows
//! numbers of something else.

use super::Shared;
use crate::frame::Failure;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_fhir::Bilingual;
use lmr_intake::{Days, OrganisationNumber};
use std::collections::HashMap;
use std::str::FromStr;

/// Most days that are looked back.
const MAX_DAYS: u16 = 366;

pub(super) fn invalid(nb: &str, en: &str) -> Failure {
    Failure::Invalid(Bilingual { nb: nb.to_owned(), en: en.to_owned() })
}

/// A sender of whom anything is known; another one would look like a sender of whom there is nothing.
pub(super) async fn known_sender(
    shared: &Shared,
    sender: Option<OrganisationNumber>,
) -> Result<(), Failure> {
    let Some(number) = sender else { return Ok(()) };
    if shared.numbers(&shared.avsendere().await?).await?.contains(&number) {
        return Ok(());
    }
    Err(Failure::Invalid(Bilingual {
        nb: format!(
            "{number} er verken registrert eller har levert noe. Avsenderne står under Avsendere."
        ),
        en: format!(
            "{number} is neither registered nor has delivered anything. The senders are under Senders."
        ),
    }))
}

/// Refuses days of which the last comes before the first.
pub(super) fn in_order(from: Option<Timestamp>, until: Option<Timestamp>) -> Result<(), Failure> {
    match (from, until) {
        (Some(from), Some(until)) if from >= until => Err(invalid(
            "Dagen som det er til, er før den som det er fra.",
            "The day until which it is comes before the one from which it is.",
        )),
        _ => Ok(()),
    }
}

/// The parameters of an address.
pub(super) struct Asked<'a>(pub(super) &'a HashMap<String, String>);

impl Asked<'_> {
    /// A parameter without white space around it; `None` where nothing is left.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// A parameter that links of ours make, and people do not write.
    pub(super) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        self.one_of(name, |text| text.parse().ok())
    }

    /// A parameter with a value of a list.
    pub(super) fn one_of<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name) else { return Ok(None) };
        read(text).map(Some).ok_or_else(|| {
            Failure::Invalid(Bilingual {
                nb: format!("«{name}» i adressen har en verdi som ikke finnes. Velg på siden i stedet."),
                en: format!("`{name}` in the address has a value that does not exist. Choose on the page instead."),
            })
        })
    }

    /// Days that are looked back, up to now.
    pub(super) fn days(&self, shared: &Shared, default: u16) -> Result<Days, Failure> {
        let count = match self.text("days") {
            None => default,
            Some(text) => {
                text.parse().ok().filter(|count| (1..=MAX_DAYS).contains(count)).ok_or_else(
                    || {
                        invalid(
                            "Dagene må være et tall fra 1 til 366.",
                            "The days must be a number from 1 to 366.",
                        )
                    },
                )?
            }
        };
        Ok(Days { now: shared.now(), count, zone: shared.zone.clone() })
    }
}

/// A sender as people write it, with blanks or without; `None` where nothing is written.
pub(super) fn sender(text: &str) -> Result<Option<OrganisationNumber>, Failure> {
    let number: String = text.split_whitespace().collect();
    if number.is_empty() {
        return Ok(None);
    }
    OrganisationNumber::parse(&number).map(Some).map_err(|_| {
        invalid(
            "Avsenderen må være et organisasjonsnummer: ni sifre, det siste et kontrollsiffer.",
            "The sender must be an organisation number: nine digits, the last a check digit.",
        )
    })
}

/// When a day begins in a time zone, or the day so many days later; `None` where nothing is written.
pub(super) fn day(
    text: &str,
    add: i64,
    zone: &jiff::tz::TimeZone,
) -> Result<Option<Timestamp>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let start = text.parse::<Date>().ok().and_then(|day| {
        // With a time of day it would be taken for the whole day.
        if day.to_string() != text {
            return None;
        }
        let day = day.checked_add(jiff::Span::new().days(add)).ok()?;
        Some(day.to_zoned(zone.clone()).ok()?.timestamp())
    });
    start.map(Some).ok_or_else(|| {
        invalid("Datoen må være skrevet som 2026-11-25.", "The date must be written as 2026-11-25.")
    })
}

/// What a page lets one choose: what it offers, and what was asked for, which is not to be shown as something else.
pub(super) fn choices(offered: &[u16], asked: u16) -> Vec<u16> {
    let mut all = offered.to_vec();
    all.push(asked);
    all.sort_unstable();
    all.dedup();
    all
}
