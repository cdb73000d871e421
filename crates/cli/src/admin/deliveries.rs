//! What was delivered.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;
use lmr_intake::{DeliveryFilter, DeliverySummary, Outcome};
use serde_json::{Value, json};

use super::{Format, View, organisation_number};
use crate::clock;
use crate::output::print;
use crate::text::{Explain, text};

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
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

impl Deliveries {
    pub(super) fn filter(&self) -> anyhow::Result<DeliveryFilter> {
        let since = self
            .since
            .map(|day| day.to_zoned(clock::oslo_zone()).map(|z| z.timestamp()))
            .transpose()
            .explain(|| text!("--since er utenfor all tid", "--since is outside all time"))?;
        Ok(DeliveryFilter {
            sender: self.sender.as_deref().map(organisation_number).transpose()?,
            message_id: self.message.clone(),
            since,
            before: None,
            limit: self.limit,
        })
    }
}

pub(super) fn print_list(list: &[DeliverySummary], view: View) -> anyhow::Result<ExitCode> {
    let mut out = String::new();
    for delivery in list {
        match view.format {
            Format::Json => writeln!(out, "{}", json_of(delivery))?,
            Format::Text => writeln!(out, "{}", line_of(delivery, view))?,
        }
    }
    if list.is_empty() && view.format == Format::Text {
        out.push_str(view.say("ingen leveranser\n", "no deliveries\n"));
    }
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

fn line_of(delivery: &DeliverySummary, view: View) -> String {
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
    line.get(view.lang).clone()
}

fn json_of(delivery: &DeliverySummary) -> Value {
    json!({
        "sender": delivery.sender.to_string(),
        "messageId": delivery.message_id,
        "ruleSet": delivery.rule_set,
        "receivedAt": delivery.received_at.to_string(),
        "rapporteringFra": delivery.reporting_from.to_string(),
        "rapporteringTil": delivery.reporting_to.to_string(),
        "outcome": delivery.outcome,
        "counts": delivery.counts,
    })
}

/// The moment in Norwegian time, to the second.
pub(super) fn local(time: jiff::Timestamp) -> String {
    clock::oslo(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
