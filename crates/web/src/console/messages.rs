//! The list of messages, and of calls that were refused as a whole.

use super::Shared;
use super::visitor::Visitor;
use crate::form::query;
use crate::frame::{Failure, Frame, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_fhir::{Bilingual, Language};
use lmr_intake::{
    Avsender, DeliveryFilter, ListedMessage, MessageFilter, MessageState, OrganisationNumber,
    RefusedCall,
};
use lmr_lmdi::codes::Code;
use std::collections::HashMap;
use std::sync::Arc;

/// Messages of a page.
const PAGE: u32 = 50;

/// What is asked for, as the address has it.
#[derive(Clone, Default)]
struct Asked {
    sender: String,
    id: String,
    code: String,
    from: String,
    to: String,
    state: String,
    after: String,
}

impl Asked {
    fn of(query: &HashMap<String, String>) -> Self {
        let text =
            |name: &str| query.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        Self {
            sender: text("sender").split_whitespace().collect(),
            id: text("id"),
            code: text("code"),
            from: text("from"),
            to: text("to"),
            state: text("state"),
            after: text("after"),
        }
    }

    fn address(&self, after: &str) -> String {
        let fields = [
            ("sender", Some(&*self.sender)),
            ("id", Some(&*self.id)),
            ("code", Some(&*self.code)),
            ("from", Some(&*self.from)),
            ("to", Some(&*self.to)),
            ("state", Some(&*self.state)),
            ("after", Some(after)),
        ];
        format!("/messages{}", query(&fields))
    }

    fn filter(&self, f: &Frame) -> Result<MessageFilter, Failure> {
        let sender = match self.sender.is_empty() {
            true => None,
            false => Some(OrganisationNumber::parse(&self.sender).map_err(|_| {
                invalid(
                    "Avsenderen må være et organisasjonsnummer: ni sifre, det siste et kontrollsiffer.",
                    "The sender must be an organisation number: nine digits, the last a check digit.",
                )
            })?),
        };
        let code = match self.code.is_empty() {
            true => None,
            false => Some(Code::parse(&self.code).ok_or_else(|| {
                invalid(
                    "Koden finnes ikke. Skriv for eksempel LMR-4001.",
                    "There is no such code. Write for example LMR-4001.",
                )
            })?),
        };
        let day = |text: &str, add: i64| -> Result<Option<Timestamp>, Failure> {
            if text.is_empty() {
                return Ok(None);
            }
            let start = text.parse::<Date>().ok().and_then(|day| {
                let day = day.checked_add(jiff::Span::new().days(add)).ok()?;
                Some(day.to_zoned(f.zone.clone()).ok()?.timestamp())
            });
            start.map(Some).ok_or_else(|| {
                invalid(
                    "Datoen må være skrevet som 2026-11-25.",
                    "The date must be written as 2026-11-25.",
                )
            })
        };
        Ok(MessageFilter {
            sender,
            message_id: (!self.id.is_empty()).then(|| self.id.clone()),
            code: code.map(|code| code.as_str().to_owned()),
            since: day(&self.from, 0)?,
            before: day(&self.to, 1)?,
            only_refused: self.state == "refused",
            only_waiting: self.state == "waiting",
            after: self.after.parse().ok(),
            limit: PAGE + 1,
        })
    }
}

fn invalid(nb: &str, en: &str) -> Failure {
    Failure::Invalid(Bilingual { nb: nb.to_owned(), en: en.to_owned() })
}

#[derive(Template)]
#[template(path = "console/messages.html")]
struct MessagesPage {
    f: Frame,
    asked: Asked,
    problem: Option<String>,
    messages: Vec<ListedMessage>,
    calls: Vec<RefusedCall>,
    next: Option<String>,
    avsendere: Vec<Avsender>,
    has_outlet: bool,
}

impl MessagesPage {
    fn sender_name(&self, number: &OrganisationNumber) -> &str {
        let known = self.avsendere.iter().find(|one| one.organisation == *number);
        known.map_or("", |one| &one.name)
    }
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let f = visitor.frame;
    let asked = Asked::of(&query);
    let (filter, problem) = match asked.filter(&f) {
        Ok(filter) => (Some(filter), None),
        Err(failure) => (None, Some(failure.text(f.lang))),
    };
    let (mut messages, mut calls, mut next) = (Vec::new(), Vec::new(), None);
    if let Some(filter) = filter {
        // Calls have no pages of their own: they are with the first.
        if filter.after.is_none() && !filter.only_waiting {
            let of_calls = DeliveryFilter {
                sender: filter.sender,
                message_id: filter.message_id.clone(),
                since: filter.since,
                before: filter.before,
                code: filter.code.clone(),
                period: None,
                limit: PAGE,
            };
            calls = shared.store.refused_calls(&of_calls).await?;
        }
        messages = shared.store.messages(&filter, shared.now()).await?;
        if messages.len() > PAGE as usize {
            messages.truncate(PAGE as usize);
            next = messages.last().map(|last| asked.address(&last.cursor.to_string()));
        }
    }
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let avsendere = shared.avsendere().await?;
    let has_outlet = shared.has_outlet;
    Ok(page(
        status,
        &MessagesPage { f, asked, problem, messages, calls, next, avsendere, has_outlet },
    ))
}

/// The state's name and how it looks.
pub(super) fn state_text(state: MessageState, lang: Language) -> (&'static str, &'static str) {
    let (class, text) = match state {
        MessageState::Received => ("good", Bilingual { nb: "Mottatt", en: "Received" }),
        MessageState::Allocated => ("note", Bilingual { nb: "Allokert", en: "Allocated" }),
        MessageState::Transferred => ("good", Bilingual { nb: "Overført", en: "Transferred" }),
        MessageState::Refused => ("bad", Bilingual { nb: "Avvist", en: "Refused" }),
        MessageState::WithoutContent => {
            ("note", Bilingual { nb: "Uten innhold", en: "Without content" })
        }
    };
    (class, text.in_language(lang))
}

/// A code's title, where the code is of the catalogue.
pub(super) fn title_of(code: &str, lang: Language) -> &'static str {
    Code::parse(code).map_or("", |code| code.title(lang))
}
