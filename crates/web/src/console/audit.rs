//! The audit log: who read, changed, exported or erased what.

use super::asked::Asked;
use super::visitor::Visitor;
use super::{Role, Shared};
use crate::form::{only, query};
use crate::frame::{Failure, Frame, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use lmr_fhir::{Bilingual, Language};
use lmr_intake::{Action, AuditFilter, REGISTER_CHAIN};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

/// Entries of a page.
const PAGE: u32 = 100;

/// An entry as it is shown.
#[derive(Deserialize)]
struct Entry {
    sequence: u64,
    at: Timestamp,
    action: Action,
    actor: String,
    subject: Option<String>,
    reason: Option<String>,
    detail: Option<String>,
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    f: Frame,
    entries: Vec<Entry>,
    action: Option<Action>,
    next: Option<String>,
}

impl AuditPage {
    fn text(&self, action: &Action) -> &'static str {
        action_text(*action, self.f.lang)
    }
}

fn action_text(action: Action, lang: Language) -> &'static str {
    let text = match action {
        Action::Receive => Bilingual { nb: "mottak", en: "receive" },
        Action::Read => Bilingual { nb: "innsyn", en: "read" },
        Action::Change => Bilingual { nb: "endring", en: "change" },
        Action::Export => Bilingual { nb: "eksport", en: "export" },
        Action::HandOver => Bilingual { nb: "utlevering", en: "hand over" },
        Action::Acknowledge => Bilingual { nb: "merket som overført", en: "acknowledge" },
        Action::Erase => Bilingual { nb: "sletting", en: "erase" },
        Action::Expire => Bilingual { nb: "fjernet for alder", en: "expire" },
    };
    text.in_language(lang)
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    visitor.must(Role::Admin)?;
    only(&asked, &["action", "before"])?;
    let asked = Asked(&asked);
    let action = asked.one_of("action", Action::parse)?;
    let filter = AuditFilter {
        chain: Some(REGISTER_CHAIN.to_owned()),
        action,
        since: None,
        before: asked.parsed("before")?,
        limit: PAGE,
    };
    let found = shared.store.audit_entries(&filter).await?;
    let is_full = found.len() >= PAGE as usize;
    let entries: Vec<Entry> =
        found.iter().filter_map(|entry| serde_json::from_str(&entry.text).ok()).collect();
    let next = entries.last().filter(|_| is_full).map(|last| {
        let before = last.at.to_string();
        let fields = [("action", action.map(Action::as_str)), ("before", Some(before.as_str()))];
        format!("/audit{}", query(&fields))
    });
    Ok(page(StatusCode::OK, &AuditPage { f: visitor.frame, entries, action, next }))
}
