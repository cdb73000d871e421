//! What is held, by cause and filter, and what is decided about it: one record, or all of a filter as they were seen.

use super::{
    BASE, Decision, DeskCause, DeskRecord, NO_CODE, Posted, Shared, Visitor, failed, record, remedy,
};
use crate::form::{Fields, only, query};
use crate::frame::{Failure, Frame, page, see_other};
use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use lmr_fhir::Bilingual;
use std::collections::HashMap;
use std::sync::Arc;

/// Which records are meant: one filter, one address.
#[derive(Clone, Default)]
struct Which {
    code: String,
    path: String,
    kind: String,
    text: String,
}

impl Which {
    fn of(text: impl Fn(&str) -> String) -> Self {
        Self { code: text("code"), path: text("path"), kind: text("type"), text: text("text") }
    }

    /// The address of the list.
    fn address(&self) -> String {
        let fields = [
            ("code", Some(&*self.code)),
            ("path", Some(&*self.path)),
            ("type", Some(&*self.kind)),
            ("text", Some(&*self.text)),
        ];
        format!("{BASE}/held{}", query(&fields))
    }

    /// The causes with those of their records that are meant.
    fn filter(&self, causes: Vec<DeskCause>) -> Vec<DeskCause> {
        let needle = self.text.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&needle);
        let of_cause = |cause: &DeskCause| {
            (self.code.is_empty()
                || cause.code.as_deref().unwrap_or(NO_CODE).eq_ignore_ascii_case(self.code.trim()))
                && (self.path.is_empty() || cause.path == self.path)
        };
        causes
            .into_iter()
            .filter(of_cause)
            .map(|mut cause| {
                cause.records.retain(|record| {
                    (self.kind.is_empty()
                        || record.resource_type.eq_ignore_ascii_case(self.kind.trim()))
                        && (needle.is_empty()
                            || record.name.as_deref().is_some_and(has)
                            || has(&record.file))
                });
                cause
            })
            .filter(|cause| !cause.records.is_empty())
            .collect()
    }
}

/// The numbers of all records, each once.
fn numbers(causes: &[DeskCause]) -> Vec<i64> {
    let mut numbers: Vec<i64> =
        causes.iter().flat_map(|cause| &cause.records).map(|record| record.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// A digest of these records: their number alone would be the same when one has gone and another one has come.
fn seal(numbers: &[i64]) -> String {
    let text: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let digest = digest(&SHA256, text.join(" ").as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Template)]
#[template(path = "desk/held.html")]
struct HeldPage {
    f: Frame,
    which: Which,
    causes: Vec<DeskCause>,
    count: usize,
    /// What the form for all of them brings back: another text where one of them is another record.
    seal: String,
    refused: Option<Refused>,
}

/// What is wrong with a decision's form, and the reason that was written in it: it is not to be written again.
pub(super) struct Refused {
    pub(super) problem: String,
    pub(super) reason: String,
}

impl HeldPage {
    fn new(f: Frame, which: Which, causes: Vec<DeskCause>, refused: Option<Refused>) -> Self {
        let numbers = numbers(&causes);
        Self { f, which, causes, count: numbers.len(), seal: seal(&numbers), refused }
    }

    fn reason(&self) -> &str {
        self.refused.as_ref().map_or("", |refused| &refused.reason)
    }

    fn remedy(&self, cause: &DeskCause) -> &'static str {
        remedy(cause.code.as_deref(), self.f.lang)
    }

    fn text<'a>(&self, cause: &'a DeskCause) -> &'a str {
        cause.text.get(self.f.lang)
    }
}

pub(super) async fn show(
    State(desk): State<Arc<Shared>>,
    Visitor(f): Visitor,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    only(&asked, &["code", "path", "type", "text"])?;
    let which = Which::of(|name| asked.get(name).cloned().unwrap_or_default());
    let causes = which.filter(desk.workplace.held().await.map_err(failed)?);
    Ok(page(StatusCode::OK, &HeldPage::new(f, which, causes, None)))
}

fn not_held() -> Failure {
    Failure::Conflict(Bilingual {
        nb: "Posten holdes ikke tilbake lenger: den er frigitt, forkastet eller rettet. Ingenting er gjort.".to_owned(),
        en: "The record is not held any more: it was released, discarded or corrected. Nothing was done.".to_owned(),
    })
}

fn unreadable() -> Failure {
    Failure::Invalid(Bilingual {
        nb: "Nummeret til posten kan ikke leses. Ingenting er gjort.".to_owned(),
        en: "The number of the record cannot be read. Nothing was done.".to_owned(),
    })
}

/// What a form decides about.
enum Chosen {
    One(Box<DeskRecord>),
    All(Which),
}

/// Releases or discards one record, or all of a filter as they were seen.
pub(super) async fn decide(
    State(desk): State<Arc<Shared>>,
    Posted { f, fields }: Posted,
) -> Result<Response, Failure> {
    let decision = match fields.text("decision") {
        Some("release") => Decision::Release,
        Some("discard") => Decision::Discard,
        _ => return Err(Failure::NotFound),
    };
    // A number that cannot be read means one record that is unknown, never all of them.
    let (chosen, numbers, is_seen) = if fields.has("number") {
        let number = fields.text("number").and_then(|number| number.parse().ok());
        let number = number.ok_or_else(unreadable)?;
        let record = record::look_up(&desk, number).await?.ok_or_else(not_held)?;
        (Chosen::One(Box::new(record)), vec![number], true)
    } else {
        let which = Which::of(|name| fields.raw(name).to_owned());
        let numbers = numbers(&which.filter(desk.workplace.held().await.map_err(failed)?));
        let is_seen = !numbers.is_empty() && fields.text("seal") == Some(&*seal(&numbers));
        (Chosen::All(which), numbers, is_seen)
    };
    let Some(reason) = fields.reason() else {
        let problem = f.t(
            "Skriv en begrunnelse til journalen (høyst 1000 tegn, uten fødselsnummer).",
            "Write a reason for the journal (1000 characters at most, without an identity number).",
        );
        let problem = problem.to_owned();
        return refuse(&desk, f, chosen, &fields, StatusCode::UNPROCESSABLE_ENTITY, problem).await;
    };
    if !is_seen {
        let problem = f.t(
            "Utvalget har endret seg siden siden ble laget. Se på det igjen.",
            "The selection has changed since the page was made. Look at it again.",
        );
        let problem = problem.to_owned();
        return refuse(&desk, f, chosen, &fields, StatusCode::CONFLICT, problem).await;
    }
    match desk.workplace.decide(decision, numbers, reason).await {
        Ok(done) => {
            let word = if decision == Decision::Release { "released" } else { "discarded" };
            Ok(see_other(&format!("{BASE}/held?done={word}-{done}")))
        }
        Err(text) => {
            let failure = failed(text);
            let problem = failure.text(f.lang);
            refuse(&desk, f, chosen, &fields, failure.status(), problem).await
        }
    }
}

/// The page of the form again, as it is now, with what is wrong and the reason that was written.
async fn refuse(
    desk: &Shared,
    f: Frame,
    chosen: Chosen,
    fields: &Fields,
    status: StatusCode,
    problem: String,
) -> Result<Response, Failure> {
    let refused = Refused { problem, reason: fields.written("reason").to_owned() };
    match chosen {
        Chosen::One(record) => record::refuse(desk, f, *record, (status, refused)).await,
        Chosen::All(which) => {
            let causes = which.filter(desk.workplace.held().await.map_err(failed)?);
            let f = Frame { here: which.address(), ..f };
            Ok(page(status, &HeldPage::new(f, which, causes, Some(refused))))
        }
    }
}
