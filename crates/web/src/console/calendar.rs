//! Every sender's days, with gaps and overlaps of the reporting periods.

use super::Shared;
use super::asked::{Asked, choices};
use super::sums::Sums;
use super::visitor::Visitor;
use crate::chart::strip;
use crate::form::only;
use crate::frame::{Failure, Frame, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use lmr_intake::{DayState, OrganisationNumber, Span, compare_periods};
use std::collections::HashMap;
use std::sync::Arc;

/// Senders of a page: of each the periods are read.
const PAGE: usize = 50;

struct Row {
    sender: OrganisationNumber,
    name: String,
    strip: String,
    delivered: usize,
    expected: usize,
    gaps: Vec<Span>,
    overlaps: Vec<Span>,
}

#[derive(Template)]
#[template(path = "console/calendar.html")]
struct CalendarPage {
    f: Frame,
    days: u16,
    choices: Vec<u16>,
    first: String,
    last: String,
    rows: Vec<Row>,
    next: Option<usize>,
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let f = visitor.frame;
    only(&query, &["days", "skip"])?;
    let asked = Asked(&query);
    let days = asked.days(&shared, 35)?;
    let skip: usize = asked.parsed("skip")?.unwrap_or(0);
    let avsendere = shared.avsendere().await?;
    let numbers = shared.numbers(&avsendere).await?;
    let shown: Vec<_> = numbers.iter().copied().skip(skip).take(PAGE).collect();
    let next = (skip + shown.len() < numbers.len()).then_some(skip + PAGE);
    let sums = Sums::load(&shared, &shown, days.clone()).await?;
    let mut rows = Vec::new();
    for sender in shown {
        let avsender = avsendere.iter().find(|one| one.organisation == sender);
        let calendar = sums.calendar(sender, avsender);
        let count = |wanted: DayState| calendar.iter().filter(|(_, day)| *day == wanted).count();
        let (delivered, missing) = (count(DayState::Delivered), count(DayState::Missing));
        let (gaps, overlaps) = compare_periods(shared.store.periods(sender, days.start()).await?);
        let dates = |wanted: DayState| -> String {
            let on = calendar.iter().filter(|(_, day)| *day == wanted);
            on.map(|(date, _)| f.day(date)).collect::<Vec<_>>().join(", ")
        };
        let mut label =
            format!("{delivered} {}", f.t("dager med leveranse", "days with a delivery"));
        for (wanted, words) in [
            (DayState::Refused, f.t("alt ble avvist:", "everything was refused:")),
            (DayState::Missing, f.t("uten:", "without:")),
        ] {
            let dates = dates(wanted);
            if !dates.is_empty() {
                label.push_str(&format!("; {words} {dates}"));
            }
        }
        rows.push(Row {
            sender,
            name: avsender.map_or_else(|| "–".to_owned(), |one| one.name.clone()),
            strip: strip(&calendar, &label),
            delivered,
            expected: delivered + missing + count(DayState::Refused),
            gaps,
            overlaps,
        });
    }
    let day = |date: Option<&jiff::civil::Date>| date.map(|day| f.day(day)).unwrap_or_default();
    let (first, last) = (day(sums.dates.first()), day(sums.dates.last()));
    let choices = choices(&[14, 35, 90, 180, 365], days.count);
    let shown = CalendarPage { f, days: days.count, choices, first, last, rows, next };
    Ok(page(StatusCode::OK, &shown))
}
