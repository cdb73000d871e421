//! Messages that were handed over are given out again: counted first, then done for a reason.

use super::asked;
use super::visitor::{Posted, Visitor};
use super::{BASE, Role, Shared};
use crate::form::{only, query};
use crate::frame::{Failure, Frame, page, see_other};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use lmr_intake::{Action, OrganisationNumber};
use std::collections::HashMap;
use std::sync::Arc;

/// Which messages are to be given out again.
struct Again {
    /// As it was written.
    number: String,
    sender: Option<OrganisationNumber>,
    from: String,
    to: String,
    span: Option<(Timestamp, Timestamp)>,
    /// What of it cannot be read.
    problem: Option<String>,
}

impl Again {
    fn of(text: impl Fn(&str) -> String, f: &Frame) -> Self {
        let (from, to) = (text("from"), text("to"));
        let number = text("sender");
        let read = || -> Result<_, Failure> {
            let sender = asked::sender(&number)?;
            let span = asked::day(&from, 0, &f.zone)?.zip(asked::day(&to, 1, &f.zone)?);
            asked::in_order(span.map(|(from, _)| from), span.map(|(_, to)| to))?;
            Ok((sender, span))
        };
        let (sender, span, problem) = match read() {
            Ok((sender, span)) => (sender, span, None),
            Err(failure) => (None, None, Some(failure.text(f.lang))),
        };
        Self { number, sender, from, to, span, problem }
    }

    /// The page's address.
    fn address(&self) -> String {
        let sender = Some(&*self.number);
        let fields = [("sender", sender), ("from", Some(&*self.from)), ("to", Some(&*self.to))];
        format!("{BASE}/again{}", query(&fields))
    }
}

#[derive(Template)]
#[template(path = "console/again.html")]
struct AgainPage {
    f: Frame,
    again: Again,
    /// When it was counted: what is handed over later is not in it.
    at: Timestamp,
    count: Option<u64>,
    may_act: bool,
    has_outlet: bool,
    problem: Option<String>,
    /// The reason that was written, where the form was refused.
    reason: String,
}

impl AgainPage {
    fn number(&self) -> String {
        self.again.sender.map_or_else(|| self.again.number.clone(), |sender| sender.to_string())
    }
}

/// Counts what would be given out again.
pub(super) async fn count(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    only(&query, &["sender", "from", "to"])?;
    let text = |name: &str| query.get(name).cloned().unwrap_or_default();
    let mut again = Again::of(text, &visitor.frame);
    if let Err(failure) = asked::known_sender(&shared, again.sender).await {
        again.problem = Some(failure.text(visitor.frame.lang));
        again.sender = None;
    }
    let problem = again.problem.clone();
    let status = problem.as_ref().map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    Ok(page(status, &again_page(&shared, visitor, again, problem).await?))
}

async fn again_page(
    shared: &Shared,
    visitor: Visitor,
    again: Again,
    problem: Option<String>,
) -> Result<AgainPage, Failure> {
    let at = shared.now_as_stored();
    let count = match (again.sender, again.span) {
        (Some(sender), Some((from, to))) => {
            Some(shared.store.count_handed_over(sender, from, to, at).await?)
        }
        _ => None,
    };
    let may_act = visitor.may(Role::Act);
    let has_outlet = shared.has_outlet;
    let mut f = visitor.frame;
    f.here = again.address();
    Ok(AgainPage { f, again, at, count, may_act, has_outlet, problem, reason: String::new() })
}

pub(super) async fn hand_over(
    State(shared): State<Arc<Shared>>,
    posted: Posted,
) -> Result<Response, Failure> {
    let Posted { visitor, fields } = posted;
    visitor.must(Role::Act)?;
    let again = Again::of(|name| fields.raw(name).to_owned(), &visitor.frame);
    let (Some(sender), Some((from, to)), Some(reason)) =
        (again.sender, again.span, fields.reason())
    else {
        let problem = visitor.frame.t(
            "Oppgi avsender, fra- og tildato og en grunn (uten fødselsnummer).",
            "Give a sender, dates from and to, and a reason (without an identity number).",
        );
        // What cannot be read is named where it is known.
        let problem = again.problem.clone().unwrap_or_else(|| problem.to_owned());
        let mut shown = again_page(&shared, visitor, again, Some(problem)).await?;
        fields.raw("reason").clone_into(&mut shown.reason);
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    };
    // As many as were counted, and none that was handed over since: the service behind may be fetching all the time.
    let at = fields.raw("at").parse::<Timestamp>().ok().filter(|at| *at <= shared.now());
    let count = match at {
        Some(at) => Some((at, shared.store.count_handed_over(sender, from, to, at).await?)),
        None => None,
    };
    let seen = fields.text("count").and_then(|count| count.parse::<u64>().ok());
    let Some((at, count)) = count.filter(|(_, count)| Some(*count) == seen) else {
        let problem = visitor.frame.t(
            "Antallet har endret seg siden siden ble laget. Se på det igjen.",
            "The number has changed since the page was made. Look at it again.",
        );
        let mut shown = again_page(&shared, visitor, again, Some(problem.to_owned())).await?;
        fields.raw("reason").clone_into(&mut shown.reason);
        return Ok(page(StatusCode::CONFLICT, &shown));
    };
    let detail =
        format!("{count} messages are given out again: received {} to {}", again.from, again.to);
    shared.record(&visitor, Action::HandOver, sender.to_string(), Some(reason), detail).await?;
    let done = shared.store.hand_over_again(sender, from, to, at).await?;
    Ok(see_other(&format!("{BASE}/alerts?done=again-{done}")))
}
