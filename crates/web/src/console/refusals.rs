//! What was refused, by code and sender, with its trend.

use super::Shared;
use super::messages::title_of;
use super::sums::{CodeSums, EntriesAndCalls, days};
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

/// A code's days, and the parts of its senders.
type OfCode = (Vec<EntriesAndCalls>, Vec<Part>);

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
    let numbers = match chosen {
        Some(sender) => vec![sender],
        None => shared.numbers(&avsendere).await?,
    };
    let sums = CodeSums::load(&shared, &numbers, &days).await?;
    let mut by_code: BTreeMap<&str, OfCode> = BTreeMap::new();
    for ((code, sender), by_day) in &sums.rows {
        if chosen.is_some() && *sender != chosen {
            continue;
        }
        let row =
            by_code.entry(code).or_insert_with(|| (vec![(0, 0); sums.dates.len()], Vec::new()));
        for (all, day) in row.0.iter_mut().zip(by_day) {
            all.0 += day.0;
            all.1 += day.1;
        }
        let known = avsendere.iter().find(|one| Some(one.organisation) == *sender);
        row.1.push(Part {
            sender: *sender,
            name: known.map(|one| one.name.clone()).unwrap_or_default(),
            entries: by_day.iter().map(|day| day.0).sum(),
            calls: by_day.iter().map(|day| day.1).sum(),
        });
    }
    let mut rows: Vec<Row> = by_code
        .into_iter()
        .map(|(code, (by_day, mut parts))| {
            parts.sort_by_key(|part| Reverse(part.entries + part.calls));
            let sum = |days: &[EntriesAndCalls]| days.iter().map(|day| day.0 + day.1).sum::<u64>();
            let (before, after) = by_day.split_at(by_day.len() / 2);
            let bars: Vec<Bar> =
                by_day.iter().map(|day| Bar { taken: 0, refused: day.0 + day.1 }).collect();
            Row {
                title: title_of(code, f.lang),
                remedy: Code::parse(code).map_or("", |code| code.text().remedy.in_language(f.lang)),
                entries: by_day.iter().map(|day| day.0).sum(),
                calls: by_day.iter().map(|day| day.1).sum(),
                trend: percent(sum(before), sum(after)),
                spark: sparkline(&bars, &format!("{} {code}", f.t("Per dag:", "Per day:"))),
                code: code.to_owned(),
                parts,
            }
        })
        .collect();
    rows.sort_by_key(|row| Reverse(row.entries + row.calls));
    let since = sums.dates.first().map(ToString::to_string).unwrap_or_default();
    let sender = chosen.map(|sender| sender.to_string()).unwrap_or_default();
    Ok(page(StatusCode::OK, &RefusalsPage { f, days: days.count, since, sender, rows }))
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
