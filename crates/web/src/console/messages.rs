//! The list of messages, and of calls that were refused as a whole.

use super::Shared;
use super::asked::{self, invalid};
use super::visitor::Visitor;
use crate::form::{only, query};
use crate::frame::{Failure, Frame, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
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
    /// Refused calls before this time: the pages after the first one.
    calls: String,
}

impl Asked {
    const NAMES: [&str; 8] = ["sender", "id", "code", "from", "to", "state", "after", "calls"];

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
            calls: text("calls"),
        }
    }

    /// The address of a further page of messages, or of calls.
    fn address(&self, after: &str, calls: &str) -> String {
        let fields = [
            ("sender", Some(&*self.sender)),
            ("id", Some(&*self.id)),
            ("code", Some(&*self.code)),
            ("from", Some(&*self.from)),
            ("to", Some(&*self.to)),
            ("state", Some(&*self.state)),
            ("after", Some(after)),
            ("calls", Some(calls)),
        ];
        format!("/messages{}", query(&fields))
    }

    fn filter(&self, f: &Frame, has_outlet: bool) -> Result<MessageFilter, Failure> {
        let sender = asked::sender(&self.sender)?;
        if self.state == "waiting" && !has_outlet {
            return Err(invalid(
                "Mottaket har ikke noe uttak i konfigurasjonen: ingenting venter på å bli hentet.",
                "The receiver has no outlet in its configuration: nothing waits to be fetched.",
            ));
        }
        if !["", "refused", "accepted", "waiting"].contains(&&*self.state) {
            return Err(invalid("Tilstanden finnes ikke.", "There is no such state."));
        }
        let code = match self.code.is_empty() {
            true => None,
            false => Some(Code::parse(&self.code).ok_or_else(|| {
                invalid(
                    "Koden finnes ikke. Skriv for eksempel LMR-4001.",
                    "There is no such code. Write for example LMR-4001.",
                )
            })?),
        };
        let after = match self.after.is_empty() {
            true => None,
            false => Some(self.after.parse().map_err(|_| no_such_page())?),
        };
        let (since, before) =
            (asked::day(&self.from, 0, &f.zone)?, asked::day(&self.to, 1, &f.zone)?);
        asked::in_order(since, before)?;
        Ok(MessageFilter {
            sender,
            message_id: (!self.id.is_empty()).then(|| self.id.clone()),
            code: code.map(|code| code.as_str().to_owned()),
            since,
            before,
            only_refused: self.state == "refused",
            only_accepted: self.state == "accepted",
            only_waiting: self.state == "waiting",
            after,
            limit: PAGE + 1,
        })
    }

    /// The refused calls of the same search; `None` where it is about messages only.
    fn calls(&self, filter: &MessageFilter) -> Result<Option<DeliveryFilter>, Failure> {
        if filter.after.is_some() || filter.only_waiting || filter.only_accepted {
            return Ok(None);
        }
        let mut before = filter.before;
        if !self.calls.is_empty() {
            let page: Timestamp = self.calls.parse().map_err(|_| no_such_page())?;
            before = Some(before.map_or(page, |before| before.min(page)));
        }
        Ok(Some(DeliveryFilter {
            sender: filter.sender,
            message_id: filter.message_id.clone(),
            since: filter.since,
            before,
            code: filter.code.clone(),
            period: None,
            is_delivery: None,
            limit: PAGE + 1,
        }))
    }
}

fn no_such_page() -> Failure {
    invalid("Listen har ikke en slik side.", "The list does not have such a page.")
}

/// One page of refused calls, and the time before which the next one's came. Those of one moment stay together: the next
/// page begins at a time.
async fn calls_page(
    shared: &Shared,
    mut filter: DeliveryFilter,
) -> Result<(Vec<RefusedCall>, Option<Timestamp>), Failure> {
    loop {
        let mut calls = shared.store.refused_calls(&filter).await?;
        let size = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let Some(last) = calls.last().filter(|_| calls.len() >= size) else {
            return Ok((calls, None));
        };
        let moment = last.received_at;
        let next = moment.checked_add(jiff::Span::new().microseconds(1)).unwrap_or(moment);
        let later = calls.iter().take_while(|call| call.received_at > moment).count();
        if later > 0 {
            calls.truncate(later);
            return Ok((calls, Some(next)));
        }
        // More than a page of one moment.
        filter.limit = filter.limit.saturating_mul(2);
    }
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
    next_calls: Option<String>,
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
    only(&query, &Asked::NAMES)?;
    let f = visitor.frame;
    let asked = Asked::of(&query);
    let has_outlet = shared.has_outlet;
    let filters = asked.filter(&f, has_outlet).and_then(|filter| {
        let calls = asked.calls(&filter)?;
        Ok((filter, calls))
    });
    let (filters, mut problem) = match filters {
        Ok(filters) => (Some(filters), None),
        Err(failure) => (None, Some(failure.text(f.lang))),
    };
    let (mut messages, mut calls, mut next, mut next_calls) = (Vec::new(), Vec::new(), None, None);
    if let Some((filter, of_calls)) = filters {
        // The first page of calls is with the first of messages; the others are by themselves.
        if let Some(of_calls) = of_calls {
            let before;
            (calls, before) = calls_page(&shared, of_calls).await?;
            next_calls = before.map(|before| asked.address("", &before.to_string()));
        }
        if asked.calls.is_empty() {
            messages = shared.store.messages(&filter, shared.now()).await?;
        }
        if messages.len() > PAGE as usize {
            messages.truncate(PAGE as usize);
            next = messages.last().map(|last| asked.address(&last.cursor.to_string(), ""));
        }
        // Who is not registered may have been refused.
        if messages.is_empty() && calls.is_empty() {
            let known = asked::known_sender(&shared, filter.sender).await;
            problem = known.err().map(|failure| failure.text(f.lang));
        }
    }
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let avsendere = shared.avsendere().await?;
    let shown = MessagesPage {
        f,
        asked,
        problem,
        messages,
        calls,
        next,
        avsendere,
        has_outlet,
        next_calls,
    };
    Ok(page(status, &shown))
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
