//! The page of the alerts, and the forms that close them.
//!
//! A form closes what its page showed: it brings back when that was and what was counted, and what came later opens the
//! alert again. So also an alert that grows all the time can be closed. What was counted wrong (an event of an earlier hour
//! that was stored late) or was closed by somebody else meanwhile is shown again instead.

use super::super::visitor::{Posted, Visitor};
use super::super::{BASE, Role, Shared};
use super::{Alert, DAYS, Events, Kind, open};
use crate::form::only;
use crate::frame::{Failure, Frame, page, see_other};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use lmr_intake::{Action, AlertNote};
use std::collections::HashMap;
use std::sync::Arc;

/// What a page showed of an alert, as its form brings it back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ShownAlert {
    key: String,
    past: u64,
    seen: u64,
}

impl ShownAlert {
    fn of(alert: &Alert) -> Self {
        Self { key: alert.key(), past: alert.past, seen: alert.seen }
    }

    fn text(&self) -> String {
        format!("{}/{}/{}", self.key, self.past, self.seen)
    }

    /// Those of a form's field; `None` where it is not one that a page has written.
    fn all(text: &str) -> Option<Vec<Self>> {
        let one = |text: &str| {
            let (rest, seen) = text.rsplit_once('/')?;
            let (key, past) = rest.rsplit_once('/')?;
            let (past, seen) = (past.parse().ok()?, seen.parse().ok()?);
            Some(Self { key: key.to_owned(), past, seen })
        };
        text.split(',').map(one).collect()
    }

    fn kind(&self) -> &str {
        self.key.split(' ').next().unwrap_or_default()
    }

    /// Whether it was like this at the time of the page, by what is known of that time now.
    fn is_of(&self, alert: &Alert) -> bool {
        // Events of the page's own hour may have come after it; they stay open.
        self.key == alert.key() && self.past == alert.past && self.seen <= alert.seen
    }
}

fn text_of(alerts: &[Alert]) -> String {
    alerts.iter().map(|alert| ShownAlert::of(alert).text()).collect::<Vec<_>>().join(",")
}

struct Group {
    kind: Kind,
    alerts: Vec<Alert>,
}

impl Group {
    /// Its forms: one for each alert, and the last for all of them.
    fn shown(&self) -> String {
        text_of(&self.alerts)
    }

    fn shown_of(&self, alert: &Alert) -> String {
        text_of(std::slice::from_ref(alert))
    }
}

/// What a form was sent with that was refused: its words are not to be written again.
#[derive(Default)]
struct Refused {
    problem: String,
    /// The alert's key, or the kind.
    chosen: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "console/alerts.html")]
struct AlertsPage {
    f: Frame,
    /// When it was made: what comes later is not on it.
    at: Timestamp,
    groups: Vec<Group>,
    notes: Vec<AlertNote>,
    may_act: bool,
    refused: Option<Refused>,
}

impl AlertsPage {
    /// The reason that was written for this alert or kind, where its form was refused.
    fn written(&self, chosen: &str) -> Option<&str> {
        let refused = self.refused.as_ref().filter(|refused| refused.chosen == chosen);
        refused.map(|refused| &*refused.reason)
    }
}

pub(in super::super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    only(&asked, &[])?;
    Ok(page(StatusCode::OK, &build(&shared, visitor, None).await?))
}

/// What was open at this time, by what is stored now.
async fn all_open(shared: &Shared, at: Timestamp) -> Result<Vec<Alert>, Failure> {
    let avsendere = shared.avsendere().await?;
    let numbers = shared.numbers(&avsendere).await?;
    open(shared, &avsendere, &Events::load(shared, &numbers, DAYS, at).await?).await
}

async fn build(
    shared: &Shared,
    visitor: Visitor,
    refused: Option<Refused>,
) -> Result<AlertsPage, Failure> {
    let at = shared.now_as_stored();
    let alerts = all_open(shared, at).await?;
    let groups = Kind::ALL
        .into_iter()
        .map(|kind| Group {
            kind,
            alerts: alerts.iter().filter(|alert| alert.kind == kind).cloned().collect(),
        })
        .filter(|group| !group.alerts.is_empty())
        .collect();
    let mut notes = shared.store.alert_notes().await?;
    notes.sort_by_key(|note| std::cmp::Reverse(note.closed_at));
    notes.truncate(50);
    let may_act = visitor.may(Role::Act);
    Ok(AlertsPage { f: visitor.frame, at, groups, notes, may_act, refused })
}

/// What a form closes, and by the page of which time; `None` where it was not so, or is not so any more.
async fn shown_in(
    shared: &Shared,
    (at, shown): (&str, &str),
    is_chosen: impl Fn(&ShownAlert) -> bool,
) -> Result<Option<(Timestamp, Vec<ShownAlert>)>, Failure> {
    let at = at.parse::<Timestamp>().ok().filter(|at| *at <= shared.now());
    let all = ShownAlert::all(shown).filter(|all| all.iter().all(is_chosen));
    let Some((at, all)) = at.zip(all) else { return Ok(None) };
    let was_open = all_open(shared, at).await?;
    let notes = shared.store.alert_notes().await?;
    let holds = |one: &ShownAlert| {
        let is_closed = notes.iter().any(|note| note.alert == one.key && note.closed_at >= at);
        // Which message has waited longest at the outlet changes all the time; the note is about the time only.
        let was_shown = match one.kind() == Kind::Outlet.as_str() {
            true => shared.has_outlet,
            false => was_open.iter().any(|alert| one.is_of(alert)),
        };
        was_shown && !is_closed
    };
    Ok(all.iter().all(holds).then_some((at, all)))
}

/// Closes one alert, or all of a kind.
pub(in super::super) async fn close(
    State(shared): State<Arc<Shared>>,
    posted: Posted,
) -> Result<Response, Failure> {
    let Posted { visitor, fields } = posted;
    visitor.must(Role::Act)?;
    let (alert, kind) = (fields.text("alert"), fields.text("kind"));
    let refused = |problem: &str| Refused {
        problem: problem.to_owned(),
        chosen: alert.or(kind).unwrap_or_default().to_owned(),
        reason: fields.raw("reason").to_owned(),
    };
    let Some(reason) = fields.reason() else {
        let refused = refused(visitor.frame.t(
            "Skriv hva som er gjort eller avklart (høyst 1000 tegn, uten fødselsnummer).",
            "Write what was done or found out (1000 characters at most, without an identity number).",
        ));
        let shown = build(&shared, visitor, Some(refused)).await?;
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    };
    let is_chosen = |one: &ShownAlert| match (alert, kind) {
        (Some(alert), _) => one.key == alert,
        (None, Some(kind)) => one.kind() == kind,
        (None, None) => false,
    };
    let shown = (fields.raw("at"), fields.raw("shown"));
    let Some((at, chosen)) = shown_in(&shared, shown, is_chosen).await? else {
        let refused = refused(visitor.frame.t(
            "Varslene er ikke slik siden viste dem: noe er lukket av andre, eller kom til for et tidligere tidspunkt. Se på dem igjen.",
            "The alerts are not as the page showed them: some were closed by others, or something came for an earlier time. Look at them again.",
        ));
        let shown = build(&shared, visitor, Some(refused)).await?;
        return Ok(page(StatusCode::CONFLICT, &shown));
    };
    for alert in chosen {
        let subject = format!("alert {}", alert.key);
        let why = Some(reason.clone());
        shared.record(&visitor, Action::Change, subject, why, "closed".to_owned()).await?;
        let note = AlertNote {
            alert: alert.key,
            closed_at: at,
            seen: alert.seen,
            actor: visitor.name.clone(),
            reason: reason.clone(),
        };
        shared.store.close_alert(&note).await?;
    }
    Ok(see_other(&format!("{BASE}/alerts?done=closed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_brings_back_is_what_the_page_had_or_nothing() {
        let one = |key: &str, past, seen| ShownAlert { key: key.to_owned(), past, seen };
        for all in [
            vec![one("invalid 310000019", 3, 5)],
            vec![one("unknown-sender", 0, 1), one("certificate abcdef 30", 29, 0)],
        ] {
            let text: Vec<String> = all.iter().map(ShownAlert::text).collect();
            assert_eq!(ShownAlert::all(&text.join(",")), Some(all));
        }
        for junk in ["", "x", "x/1", "x/1/", "x/-1/1", "x/1/1,", ",x/1/1", "x/1/1 y"] {
            assert_eq!(ShownAlert::all(junk), None, "{junk}");
        }
    }
}
