//! The senders: their registration, certificates and addresses, and what they have delivered.

pub(super) mod change;

use super::asked::Asked;
use super::messages::title_of;
use super::sums::{Sums, total};
use super::visitor::Visitor;
use super::{Role, Shared};
use crate::chart::weeks;
use crate::form::{Fields, only};
use crate::frame::{Failure, Frame, page};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    Avsender, CertificateEnd, CertificateUse, DayState, OrganisationNumber, RegisteredCertificate,
    RuleSetId, Span, certificate_ends, compare_periods,
};
use std::collections::HashMap;
use std::sync::Arc;

struct ListRow {
    avsender: Avsender,
    nearest: Option<CertificateEnd>,
}

#[derive(Template)]
#[template(path = "console/senders.html")]
struct SendersPage {
    f: Frame,
    rows: Vec<ListRow>,
    own: Vec<CertificateEnd>,
    may_change: bool,
    rule_sets: &'static [RuleSetId],
    problem: Option<String>,
    fields: Fields,
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    only(&asked, &[])?;
    let shown = list_page(&shared, visitor, Fields::default(), None).await?;
    Ok(page(StatusCode::OK, &shown))
}

async fn list_page(
    shared: &Shared,
    visitor: Visitor,
    fields: Fields,
    problem: Option<String>,
) -> Result<SendersPage, Failure> {
    let mut avsendere = shared.avsendere().await?;
    avsendere.sort_by_key(|one| one.organisation);
    let ends = certificate_ends(&shared.receiver.certificates(), &avsendere, shared.now());
    let own = ends.iter().filter(|end| end.usage == CertificateUse::Register).cloned().collect();
    let rows = avsendere
        .into_iter()
        .map(|avsender| {
            let number = avsender.organisation.to_string();
            // The last of a sender's certificates is what it depends on.
            let of = |end: &&CertificateEnd| {
                end.organisation.as_deref() == Some(&*number)
                    && end.usage == CertificateUse::Sender
                    && !end.is_succeeded
            };
            ListRow { nearest: ends.iter().find(of).cloned(), avsender }
        })
        .collect();
    let may_change = visitor.may(Role::Admin);
    let rule_sets = &RuleSetId::ALL;
    Ok(SendersPage { f: visitor.frame, rows, own, may_change, rule_sets, problem, fields })
}

struct CertificateRow {
    thumbprint: String,
    holder: String,
    from: Timestamp,
    until: Timestamp,
    days_left: i64,
    is_valid: bool,
}

#[derive(Template)]
#[template(path = "console/sender.html")]
struct SenderPage {
    f: Frame,
    number: OrganisationNumber,
    avsender: Option<Avsender>,
    /// Registered in the database: the file's senders are changed there.
    is_stored: bool,
    may_change: bool,
    certificates: Vec<CertificateRow>,
    addresses: String,
    rule_sets: &'static [RuleSetId],
    calendar: String,
    delivered: usize,
    /// Days of which everything was refused.
    all_refused: Vec<Date>,
    missing: Vec<Date>,
    gaps: Vec<Span>,
    overlaps: Vec<Span>,
    total: super::sums::DaySum,
    codes: Vec<(String, &'static str, u64, u64)>,
    days: u16,
    /// The first of the days.
    since: String,
    /// A form that was refused.
    refused: Option<Refused>,
}

/// What a form of the page was sent with that was refused: what was written in it is not to be written again.
struct Refused {
    problem: String,
    verb: String,
    fields: Fields,
}

impl SenderPage {
    fn refused(&self, verb: &str) -> Option<&Fields> {
        self.refused.as_ref().filter(|refused| refused.verb == verb).map(|refused| &refused.fields)
    }

    /// What a field of a verb's form has: what was written there if it was refused, else what is so now.
    fn field<'a>(&'a self, verb: &str, name: &str, now: &'a str) -> &'a str {
        self.refused(verb).map_or(now, |fields| fields.written(name))
    }

    /// Whether the row's form was refused with its box ticked.
    fn is_forced(&self, row: &CertificateRow) -> bool {
        self.refused("retire-certificate").is_some_and(|fields| {
            fields.text("thumbprint") == Some(&*row.thumbprint) && fields.has("force")
        })
    }

    /// The verb that lets the sender send, or stops it.
    fn switch(&self) -> &'static str {
        let is_active = self.avsender.as_ref().is_some_and(|one| one.active);
        if is_active { "deactivate" } else { "activate" }
    }

    fn start_date(&self) -> String {
        let date = self.avsender.as_ref().and_then(|one| one.start_date);
        date.map(|date| date.to_string()).unwrap_or_default()
    }

    fn rule_set(&self) -> &'static str {
        let id = self.avsender.as_ref().and_then(|one| one.rule_set);
        id.map_or("", RuleSetId::as_str)
    }
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    only(&query, &["days"])?;
    let number = OrganisationNumber::parse(&number).map_err(|_| Failure::NotFound)?;
    Ok(page(StatusCode::OK, &sender_page(&shared, visitor, number, &query, None).await?))
}

async fn sender_page(
    shared: &Shared,
    visitor: Visitor,
    number: OrganisationNumber,
    query: &HashMap<String, String>,
    refused: Option<Refused>,
) -> Result<SenderPage, Failure> {
    let days = Asked(query).days(shared, 90)?;
    let avsender = shared.avsendere().await?.into_iter().find(|one| one.organisation == number);
    if avsender.is_none() && !shared.store.known_senders().await?.contains(&number) {
        return Err(Failure::NotFound);
    }
    let is_stored = stored(shared, number).await?.is_some();
    let may_change = visitor.may(Role::Admin);
    let f = visitor.frame;
    let sums = Sums::load(shared, &[number], days.clone()).await?;
    let calendar = sums.calendar(number, avsender.as_ref());
    let on = |wanted: DayState| -> Vec<Date> {
        calendar.iter().filter(|(_, day)| *day == wanted).map(|(date, _)| *date).collect()
    };
    let delivered = on(DayState::Delivered).len();
    let (all_refused, missing) = (on(DayState::Refused), on(DayState::Missing));
    let label = format!(
        "{delivered} {}, {} {}, {} {}",
        f.t("dager med leveranse", "days with a delivery"),
        all_refused.len(),
        f.t("der alt ble avvist", "of which everything was refused"),
        missing.len(),
        f.t("uten", "without")
    );
    let names = match f.tag() {
        "nb" => ["ma", "ti", "on", "to", "fr", "lø", "sø"],
        _ => ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"],
    };
    let (gaps, overlaps) = compare_periods(shared.store.periods(number, days.start()).await?);
    let mut codes: HashMap<String, (u64, u64)> = HashMap::new();
    for one in shared.store.hour_codes(&[number], days.start(), days.now).await? {
        if one.sender == Some(number) {
            let sum = codes.entry(one.code).or_default();
            *sum = (sum.0 + one.entries, sum.1 + one.calls);
        }
    }
    let mut codes: Vec<_> = codes
        .into_iter()
        .map(|(code, (entries, calls))| {
            let title = title_of(&code, f.lang);
            (code, title, entries, calls)
        })
        .collect();
    codes.sort_by(|a, b| (b.2 + b.3, &a.0).cmp(&(a.2 + a.3, &b.0)));
    let now = shared.now();
    let certificates = avsender.iter().flat_map(|one| &one.certificates);
    let certificates = certificates.map(|one| certificate_row(one, now)).collect();
    let addresses =
        avsender.iter().flat_map(|one| one.addresses.texts()).collect::<Vec<_>>().join("\n");
    Ok(SenderPage {
        number,
        is_stored,
        may_change,
        certificates,
        addresses,
        rule_sets: &RuleSetId::ALL,
        calendar: weeks(&calendar, &label, names),
        delivered,
        all_refused,
        missing,
        gaps,
        overlaps,
        total: total(sums.of(number)),
        codes,
        days: days.count,
        since: days.all().first().map(ToString::to_string).unwrap_or_default(),
        refused,
        avsender,
        f,
    })
}

fn certificate_row(registered: &RegisteredCertificate, now: Timestamp) -> CertificateRow {
    let certificate = &registered.certificate;
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    let until = registered.until.map_or(not_after, |until| until.min(not_after));
    CertificateRow {
        thumbprint: certificate.thumbprint().to_string(),
        holder: certificate.common_name().unwrap_or("–").to_owned(),
        from: registered.from.map_or(not_before, |from| from.max(not_before)),
        until,
        days_left: until.duration_since(now).as_hours().div_euclid(24),
        is_valid: registered.check_valid(now).is_ok(),
    }
}

async fn stored(shared: &Shared, number: OrganisationNumber) -> Result<Option<Avsender>, Failure> {
    let all = shared.store.avsendere().await?;
    Ok(all.into_iter().find(|one| one.organisation == number))
}

impl SendersPage {
    fn field(&self, name: &str) -> &str {
        self.fields.written(name)
    }
}
