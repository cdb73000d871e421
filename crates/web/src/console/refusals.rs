//! What was refused, by code and sender, with its trend.

use super::Shared;
use super::asked::{self, Asked, choices};
use super::messages::title_of;
use super::visitor::Visitor;
use crate::chart::{Bar, sparkline};
use crate::form::only;
use crate::frame::{Failure, Frame, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use lmr_intake::OrganisationNumber;
use lmr_lmdi::codes::Code;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One sender's part of a code.
struct Part {
    sender: Option<OrganisationNumber>,
    name: String,
    entries: u64,
    calls: u64,
}

/// Entries and calls of one day.
type EntriesAndCalls = (u64, u64);

/// What was given of one code.
#[derive(Default)]
struct OfCode {
    by_day: Vec<EntriesAndCalls>,
    by_sender: BTreeMap<Option<OrganisationNumber>, EntriesAndCalls>,
}

struct Row {
    code: String,
    title: &'static str,
    remedy: &'static str,
    entries: u64,
    calls: u64,
    trend: Trend,
    spark: String,
    parts: Vec<Part>,
}

/// How a code goes: the later half of the days that are over against as many before them. Today is not over, and of an odd
/// number the first is left out: halves of different length rise and fall by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trend {
    /// There are too few days.
    Unknown,
    /// There was nothing before.
    New,
    /// How much more or less, in percent.
    Percent(i64),
}

impl Trend {
    /// From the numbers by day, the last of them today's.
    fn of(by_day: &[u64]) -> Self {
        let over = by_day.split_last().map_or(by_day, |(_, over)| over);
        let half = over.len() / 2;
        if half == 0 {
            return Self::Unknown;
        }
        let sum = |days: &[u64]| days.iter().sum::<u64>();
        let (before, after) = over.split_at(over.len() - half);
        let before = before.get(before.len() - half..).unwrap_or_default();
        percent(sum(before), sum(after)).map_or(Self::New, Self::Percent)
    }
}

#[derive(Template)]
#[template(path = "console/refusals.html")]
struct RefusalsPage {
    f: Frame,
    days: u16,
    choices: Vec<u16>,
    since: String,
    sender: String,
    problem: Option<String>,
    rows: Vec<Row>,
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let f = visitor.frame;
    only(&query, &["days", "sender"])?;
    let asked = Asked(&query);
    let days = asked.days(&shared, 14)?;
    let since = days.all().first().map(ToString::to_string).unwrap_or_default();
    let choices = choices(&[7, 14, 30, 90, 365], days.count);
    let sender = asked.text("sender").unwrap_or_default().to_owned();
    let chosen = match asked::sender(&sender) {
        Ok(chosen) => chosen,
        Err(failure) => {
            let (status, problem) = (failure.status(), Some(failure.text(f.lang)));
            let (days, rows) = (days.count, Vec::new());
            let shown = RefusalsPage { f, days, choices, since, sender, problem, rows };
            return Ok(page(status, &shown));
        }
    };
    let sender = chosen.map_or(sender, |number| number.to_string());
    let avsendere = shared.avsendere().await?;
    let senders = match chosen {
        Some(sender) => vec![Some(sender)],
        None => callers(&shared.numbers(&avsendere).await?),
    };
    let dates = days.all();
    let counts = shared.store.code_counts(&senders, days.range()).await?;
    let mut by_code: BTreeMap<String, OfCode> = BTreeMap::new();
    for one in counts.by_day {
        let of_code = by_code.entry(one.code).or_default();
        of_code.by_day.resize(dates.len(), (0, 0));
        let place = dates.binary_search(&one.day).ok();
        if let Some(sum) = place.and_then(|place| of_code.by_day.get_mut(place)) {
            *sum = (sum.0 + one.entries, sum.1 + one.calls);
        }
    }
    for one in counts.by_sender {
        let sum = by_code.entry(one.code).or_default().by_sender.entry(one.sender).or_default();
        *sum = (sum.0 + one.entries, sum.1 + one.calls);
    }
    let mut rows: Vec<Row> = by_code
        .into_iter()
        .map(|(code, OfCode { by_day, by_sender })| {
            let part =
                |(sender, (entries, calls)): (Option<OrganisationNumber>, EntriesAndCalls)| {
                    let known = avsendere.iter().find(|one| Some(one.organisation) == sender);
                    let name = known.map(|one| one.name.clone()).unwrap_or_default();
                    Part { sender, name, entries, calls }
                };
            let mut parts: Vec<Part> = by_sender.into_iter().map(part).collect();
            parts.sort_by_key(|part| Reverse(part.entries + part.calls));
            let by_day_all: Vec<u64> = by_day.iter().map(|day| day.0 + day.1).collect();
            let bars: Vec<Bar> =
                by_day_all.iter().map(|refused| Bar { taken: 0, refused: *refused }).collect();
            Row {
                title: title_of(&code, f.lang),
                remedy: Code::parse(&code)
                    .map_or("", |code| code.text().remedy.in_language(f.lang)),
                entries: by_day.iter().map(|day| day.0).sum(),
                calls: by_day.iter().map(|day| day.1).sum(),
                trend: Trend::of(&by_day_all),
                spark: sparkline(&bars, &format!("{} {code}", f.t("Per dag:", "Per day:"))),
                code,
                parts,
            }
        })
        .collect();
    rows.sort_by_key(|row| Reverse(row.entries + row.calls));
    // Who is not registered may have been refused.
    let known = match rows.is_empty() {
        true => asked::known_sender(&shared, chosen).await,
        false => Ok(()),
    };
    let (status, problem) = match known {
        Ok(()) => (StatusCode::OK, None),
        Err(failure) => (failure.status(), Some(failure.text(f.lang))),
    };
    let days = days.count;
    Ok(page(status, &RefusalsPage { f, days, choices, since, sender, problem, rows }))
}

/// These senders, and callers whom nobody knows.
pub(super) fn callers(numbers: &[OrganisationNumber]) -> Vec<Option<OrganisationNumber>> {
    numbers.iter().copied().map(Some).chain([None]).collect()
}

/// How much more there was after than before.
fn percent(before: u64, after: u64) -> Option<i64> {
    let (before, after) = (i64::try_from(before).ok()?, i64::try_from(after).ok()?);
    after.checked_sub(before)?.checked_mul(100)?.checked_div(before)
}

#[cfg(test)]
mod tests {
    use super::{Trend, percent};

    #[test]
    fn a_trend_is_against_what_was_before() {
        assert_eq!(percent(10, 15), Some(50));
        assert_eq!(percent(10, 0), Some(-100));
        assert_eq!(percent(0, 15), None);
    }

    #[test]
    fn what_is_the_same_every_day_has_no_trend_for_any_number_of_days() {
        for days in 3..=366 {
            let mut by_day = vec![3; days];
            assert_eq!(Trend::of(&by_day), Trend::Percent(0), "{days}");
            // Today is not over.
            by_day[days - 1] = 0;
            assert_eq!(Trend::of(&by_day), Trend::Percent(0), "{days}");
            let half = (days - 1) / 2;
            by_day[days - 1 - half..].fill(6);
            assert_eq!(Trend::of(&by_day), Trend::Percent(100), "{days}");
        }
        for by_day in [&[][..], &[3], &[3, 3]] {
            assert_eq!(Trend::of(by_day), Trend::Unknown);
        }
        assert_eq!(Trend::of(&[0, 0, 5]), Trend::New);
        assert_eq!(Trend::of(&[9, 0, 5, 0]), Trend::New);
    }
}
