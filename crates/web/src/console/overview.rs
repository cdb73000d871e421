//! The first page: how much came, what is wrong, who is silent.

use super::alerts::{self, Alert, Events};
use super::asked::{Asked, choices};
use super::refusals::callers;
use super::sums::{DaySum, total};
use super::visitor::Visitor;
use super::{BASE, Shared};
use crate::chart::{columns, sparkline};
use crate::form::{only, query};
use crate::frame::{Failure, Frame, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use lmr_intake::{DayState, OrganisationNumber, OutletStatus};
use std::collections::HashMap;
use std::sync::Arc;

/// Open alerts that are shown here; all are on their own page.
const ALERTS: usize = 8;

struct SenderRow {
    sender: OrganisationNumber,
    name: String,
    active: bool,
    total: DaySum,
    spark: String,
    last: Option<Timestamp>,
    /// Days without a delivery, of those that were expected.
    missing: usize,
}

#[derive(Template)]
#[template(path = "console/overview.html")]
struct OverviewPage {
    f: Frame,
    days: u16,
    choices: Vec<u16>,
    today: DaySum,
    total: DaySum,
    calls: u64,
    chart: String,
    outlet: Option<OutletStatus>,
    alerts: Vec<Alert>,
    more_alerts: usize,
    senders: Vec<SenderRow>,
    since: String,
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let f = visitor.frame;
    only(&asked, &["days"])?;
    let days = Asked(&asked).days(&shared, 14)?;
    let avsendere = shared.avsendere().await?;
    let numbers = shared.numbers(&avsendere).await?;
    let events = Events::load(&shared, &numbers, days.count, days.now).await?;
    let sums = events.sums.last(days.count);
    let by_day = sums.by_day();
    let all = total(&by_day);
    let codes = shared.store.code_counts(&callers(&numbers), days.range()).await?;
    let calls = codes.by_day.iter().map(|day| day.calls).sum();
    let mut open = alerts::open(&shared, &avsendere, &events).await?;
    let more_alerts = open.len().saturating_sub(ALERTS);
    open.truncate(ALERTS);
    let mut senders: Vec<SenderRow> = numbers
        .iter()
        .map(|number| {
            let avsender = avsendere.iter().find(|one| one.organisation == *number);
            let own = sums.of(*number);
            let total = total(own);
            let missing = sums
                .calendar(*number, avsender)
                .iter()
                .filter(|(_, day)| *day == DayState::Missing)
                .count();
            let label = format!(
                "{}: {} {}, {} {}",
                f.t("Meldinger per dag", "Messages per day"),
                total.accepted,
                f.t("mottatt", "received"),
                total.refused_messages,
                f.t("avvist", "refused")
            );
            SenderRow {
                sender: *number,
                name: avsender.map_or_else(|| "–".to_owned(), |one| one.name.clone()),
                active: avsender.is_some_and(|one| one.active),
                spark: sparkline(&own.iter().map(DaySum::messages).collect::<Vec<_>>(), &label),
                last: total.last,
                total,
                missing,
            }
        })
        .collect();
    // Who is silent comes first.
    senders.sort_by_key(|row| (std::cmp::Reverse(row.missing), row.sender));
    let (first, last) = (sums.dates.first(), sums.dates.last());
    let label = format!(
        "{} {}–{}: {} {}, {} {}",
        f.t("Meldinger per dag", "Messages per day"),
        first.map(|day| f.day(day)).unwrap_or_default(),
        last.map(|day| f.day(day)).unwrap_or_default(),
        all.accepted,
        f.t("mottatt", "received"),
        all.refused_messages,
        f.t("avvist", "refused")
    );
    let chart = columns(
        &by_day.iter().map(DaySum::messages).collect::<Vec<_>>(),
        &label,
        &first.map(|day| f.day(day)).unwrap_or_default(),
        &last.map(|day| f.day(day)).unwrap_or_default(),
    );
    let outlet = match shared.has_outlet {
        true => Some(shared.store.outlet_status(days.now).await?),
        false => None,
    };
    let since = first.map(ToString::to_string).unwrap_or_default();
    let shown = OverviewPage {
        days: days.count,
        choices: choices(&[7, 14, 30, 90, 365], days.count),
        today: by_day.last().copied().unwrap_or_default(),
        total: all,
        calls,
        chart,
        outlet,
        alerts: open,
        more_alerts,
        senders,
        since,
        f,
    };
    Ok(page(StatusCode::OK, &shown))
}

impl OverviewPage {
    /// The address of the list of the messages that a number counts. What waits is counted whenever it came.
    fn list(&self, state: &str, sender: &str) -> String {
        let since = Some(&*self.since).filter(|_| state != "waiting");
        let fields = [("sender", Some(sender)), ("state", Some(state)), ("from", since)];
        format!("{BASE}/messages{}", query(&fields))
    }
}
