//! What was delivered, and what was refused as a whole.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lmr_intake::{DeliveryFilter, DeliverySummary, Outcome, RefusedCall};
use serde_json::{Value, json};

use super::{Format, View, organisation_number, since, start_of_day};
use crate::clock;
use crate::output::print;
use crate::text::{fail, text};

#[derive(Args)]
pub(super) struct Deliveries {
    /// Only this sender's
    #[arg(long)]
    sender: Option<String>,
    /// Only this message
    #[arg(long)]
    message: Option<String>,
    /// Only those received on or after this day (Norwegian time)
    #[arg(long)]
    since: Option<Date>,
    /// Only those with this code, of an entry or of the call
    #[arg(long)]
    code: Option<String>,
    /// Only those that report on this day or later (Norwegian time)
    #[arg(long)]
    period_from: Option<Date>,
    /// Only those that report on this day or before
    #[arg(long)]
    period_to: Option<Date>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl Deliveries {
    pub(super) fn filter(&self) -> anyhow::Result<DeliveryFilter> {
        Ok(DeliveryFilter {
            sender: self.sender.as_deref().map(organisation_number).transpose()?,
            message_id: self.message.clone(),
            since: since(self.since)?,
            before: None,
            code: match &self.code {
                Some(text) => Some(crate::codes::code(text)?.as_str().to_owned()),
                None => None,
            },
            period: self.period()?,
            is_delivery: None,
            limit: self.limit,
        })
    }
}

impl Deliveries {
    /// A question about the message alone, where only one is asked for.
    pub(super) fn about_message(&self) -> anyhow::Result<Option<DeliveryFilter>> {
        if self.message.is_none() {
            return Ok(None);
        }
        Ok(Some(DeliveryFilter {
            sender: self.sender.as_deref().map(organisation_number).transpose()?,
            message_id: self.message.clone(),
            limit: 1,
            ..DeliveryFilter::default()
        }))
    }

    /// The reporting period, open at an end that is not given.
    fn period(&self) -> anyhow::Result<Option<(Timestamp, Timestamp)>> {
        if self.period_from.is_none() && self.period_to.is_none() {
            return Ok(None);
        }
        if let (Some(from), Some(to)) = (self.period_from, self.period_to)
            && from > to
        {
            fail!(
                "--period-to ({to}) er før --period-from ({from}), så ingenting kunne passe: bytt dem om",
                "--period-to ({to}) is before --period-from ({from}), so nothing could fit: exchange them"
            );
        }
        let from = self.period_from.map(start_of_day).transpose()?.unwrap_or(Timestamp::MIN);
        let after = self.period_to.map(|day| day.tomorrow().map_or(day, |next| next));
        // What begins as the day after does reports on that day.
        let end = after.map(start_of_day).transpose()?;
        let last = end.map(|end| end.checked_sub(SignedDuration::from_micros(1)).unwrap_or(end));
        let to = last.unwrap_or(Timestamp::MAX);
        Ok(Some((from, to)))
    }
}

pub(super) fn print_list(
    list: &[DeliverySummary],
    refused: &[RefusedCall],
    limit: u32,
    view: View,
) -> anyhow::Result<ExitCode> {
    let mut out = String::new();
    let is_json = view.format == Format::Json;
    let line = |delivery: &DeliverySummary| {
        if is_json { json_of(delivery).to_string() } else { line_of(delivery, view) }
    };
    let refused_line = |call: &RefusedCall| {
        if is_json { refused_json_of(call).to_string() } else { refused_line_of(call, view) }
    };
    let mut lines: Vec<_> = list
        .iter()
        .map(|delivery| (delivery.received_at, line(delivery)))
        .chain(refused.iter().map(|call| (call.received_at, refused_line(call))))
        .collect();
    lines.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    for (_, line) in &lines {
        writeln!(out, "{line}")?;
    }
    if lines.is_empty() && view.format == Format::Text {
        out.push_str(view.say("ingen leveranser\n", "no deliveries\n"));
    }
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn line_of(delivery: &DeliverySummary, view: View) -> String {
    let counts = delivery.counts;
    let outcome = match delivery.outcome {
        Outcome::Accepted => view.say("mottatt", "accepted"),
        Outcome::Refused => view.say("avvist ", "refused "),
    };
    let line = text!(
        "{time}  {sender}  {rules}  {outcome}  {entries} ressurser: {new} nye, {changed} endret, {known} kjent, {refused} avvist, {dependent} avhengige  {id}",
        "{time}  {sender}  {rules}  {outcome}  {entries} entries: {new} new, {changed} changed, {known} known, {refused} refused, {dependent} dependent  {id}",
        time = local(delivery.received_at),
        sender = delivery.sender,
        rules = delivery.rule_set,
        entries = counts.entries,
        new = counts.created,
        changed = counts.updated,
        known = counts.unchanged,
        refused = counts.refused,
        dependent = counts.dependent,
        id = delivery.message_id,
    );
    let codes: String = delivery
        .codes
        .iter()
        .map(|count| format!("  {} × {}", count.code, count.entries))
        .collect();
    line.get(view.lang).clone() + &codes
}

/// A call of which nothing was taken. Those of nobody known count as many as came in their hour.
fn refused_line_of(call: &RefusedCall, view: View) -> String {
    let line = text!(
        "{time}  {sender}  ikke tatt imot: {code} × {calls}  {id}  kall {request}",
        "{time}  {sender}  not taken: {code} × {calls}  {id}  call {request}",
        time = local(call.received_at),
        sender = call.sender.map_or_else(|| "-        ".to_owned(), |sender| sender.to_string()),
        code = call.code,
        calls = call.calls,
        id = call.message_id.as_deref().unwrap_or("-"),
        request = call.request_id,
    );
    line.get(view.lang).clone()
}

fn refused_json_of(call: &RefusedCall) -> Value {
    json!({
        "sender": call.sender.map(|sender| sender.to_string()),
        "clientId": call.client_id,
        "messageId": call.message_id,
        "receivedAt": call.received_at.to_string(),
        "outcome": "not-taken",
        "code": call.code,
        "calls": call.calls,
        "requestId": call.request_id,
        "counts": call.counts,
    })
}

pub(super) fn json_of(delivery: &DeliverySummary) -> Value {
    json!({
        "sender": delivery.sender.to_string(),
        "messageId": delivery.message_id,
        "ruleSet": delivery.rule_set,
        "receivedAt": delivery.received_at.to_string(),
        "rapporteringFra": delivery.reporting_from.to_string(),
        "rapporteringTil": delivery.reporting_to.to_string(),
        "outcome": delivery.outcome,
        "counts": delivery.counts,
        "codes": delivery
            .codes
            .iter()
            .map(|count| json!({"code": count.code, "entries": count.entries}))
            .collect::<Vec<_>>(),
    })
}

/// The moment in Norwegian time, to the second.
pub(super) fn local(time: Timestamp) -> String {
    clock::oslo(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    #[test]
    fn a_period_of_days_ends_with_the_last_moment_of_the_last_one() {
        let day = |text: &str| Some(text.parse::<Date>().unwrap());
        let period = |from, to| {
            let asked = Deliveries {
                sender: None,
                message: None,
                since: None,
                code: None,
                period_from: from,
                period_to: to,
                limit: 100,
            };
            asked.period().unwrap().unwrap()
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let one = period(day("2026-11-24"), day("2026-11-24"));
        assert_eq!(one, (at("2026-11-23T23:00:00Z"), at("2026-11-24T22:59:59.999999Z")));
        assert_eq!(period(day("2026-11-24"), None).1, Timestamp::MAX);
        assert_eq!(period(None, day("2026-11-24")).0, Timestamp::MIN);
    }
}
