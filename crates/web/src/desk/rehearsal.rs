//! What another rule set would refuse. A rehearsal of a large source takes minutes, so it runs beside the pages, one at a
//! time, and its page says how it stands.

use super::{Posted, Shared, Visitor};
use crate::frame::{Failure, Frame, page, see_other};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use lmr_fhir::Bilingual;
use std::sync::{Arc, PoisonError};

/// How the rehearsal stands.
#[derive(Clone, Default)]
pub(super) enum Rehearsal {
    /// None was begun.
    #[default]
    None,
    /// It runs.
    Running { rule_set: String, since: Timestamp },
    /// It ended, with what it found or what went wrong.
    Ended { rule_set: String, at: Timestamp, came_to: Result<Bilingual<String>, Bilingual<String>> },
}

#[derive(Template)]
#[template(path = "desk/rehearsal.html")]
struct RehearsalPage {
    f: Frame,
    rule_sets: Vec<String>,
    rehearsal: Rehearsal,
}

pub(super) async fn show(State(desk): State<Arc<Shared>>, Visitor(f): Visitor) -> Response {
    let rule_sets = desk.workplace.rule_sets();
    let rehearsal = desk.rehearsal.lock().unwrap_or_else(PoisonError::into_inner).clone();
    page(StatusCode::OK, &RehearsalPage { f, rule_sets, rehearsal })
}

pub(super) async fn begin(
    State(desk): State<Arc<Shared>>,
    Posted { fields, .. }: Posted,
) -> Result<Response, Failure> {
    let rule_set = fields.raw("ruleset").to_owned();
    if !desk.workplace.rule_sets().contains(&rule_set) {
        return Err(Failure::NotFound);
    }
    let since = (desk.clock)();
    {
        let mut current = desk.rehearsal.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*current, Rehearsal::Running { .. }) {
            return Err(Failure::Conflict(Bilingual {
                nb: "En prøve kjører alt. Vent til den er ferdig.".to_owned(),
                en: "A rehearsal is running already. Wait until it has ended.".to_owned(),
            }));
        }
        *current = Rehearsal::Running { rule_set: rule_set.clone(), since };
    }
    let work = desk.workplace.rehearse(rule_set.clone());
    tokio::spawn(async move {
        let came_to = work.await;
        let at = (desk.clock)();
        *desk.rehearsal.lock().unwrap_or_else(PoisonError::into_inner) =
            Rehearsal::Ended { rule_set, at, came_to };
    });
    Ok(see_other("/desk/rehearsal"))
}
