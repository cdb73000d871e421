//! What was refused, by code and sender, with its trend.

use super::Shared;
use super::messages::title_of;
use super::sums::days;
use super::visitor::Visitor;
use crate::chart::{Bar, sparkline};
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
    /// The second half of the days against the first, in percent; none where the first had nothing.
    trend: Option<i64>,
    spark: String,
    parts: Vec<Part>,
}

#[derive(Template)]
#[template(path = "console/refusals.html")]
struct RefusalsPage {
    f: Frame,
    days: u16,
    since: String,
    sender: String,
    rows: Vec<Row>,
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let f = visitor.frame;
    let days = days(&shared, query.get("days").map(String::as_str), 14);
    let avsendere = shared.avsendere().await?;
    let chosen = query.get("sender").and_then(|text| OrganisationNumber::parse(text.trim()).ok());
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
            let sum = |days: &[EntriesAndCalls]| days.iter().map(|day| day.0 + day.1).sum::<u64>();
            let (before, after) = by_day.split_at(by_day.len() / 2);
            let bars: Vec<Bar> =
                by_day.iter().map(|day| Bar { taken: 0, refused: day.0 + day.1 }).collect();
            Row {
                title: title_of(&code, f.lang),
                remedy: Code::parse(&code)
                    .map_or("", |code| code.text().remedy.in_language(f.lang)),
                entries: by_day.iter().map(|day| day.0).sum(),
                calls: by_day.iter().map(|day| day.1).sum(),
                trend: percent(sum(before), sum(after)),
                spark: sparkline(&bars, &format!("{} {code}", f.t("Per dag:", "Per day:"))),
                code,
                parts,
            }
        })
        .collect();
    rows.sort_by_key(|row| Reverse(row.entries + row.calls));
    let since = dates.first().map(ToString::to_string).unwrap_or_default();
    let sender = chosen.map(|sender| sender.to_string()).unwrap_or_default();
    Ok(page(StatusCode::OK, &RefusalsPage { f, days: days.count, since, sender, rows }))
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
    use super::percent;

    #[test]
    fn a_trend_is_against_what_was_before() {
        assert_eq!(percent(10, 15), Some(50));
        assert_eq!(percent(10, 0), Some(-100));
        assert_eq!(percent(0, 15), None);
    }
}
