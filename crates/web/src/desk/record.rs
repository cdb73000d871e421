//! One held record: its text with what is wrong marked in it, and the trial of a changed copy.

use super::held::Refused;
use super::{
    BASE, DeskFinding, DeskRecord, DeskTrial, MAX_RECORD, Posted, Shared, Visitor, failed, remedy,
};
use crate::frame::{Failure, Frame, page};
use crate::json_view::{JsonMark, laid_out, marked};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use lmr_fhir::{Document, Language, ParseOptions, Severity};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "desk/record.html")]
struct RecordPage {
    f: Frame,
    record: DeskRecord,
    /// The source's text with its marks, as HTML; `None` where the source has none that can be shown.
    source: Option<String>,
    /// Why the source could not be read: the record can be decided all the same.
    trouble: Option<String>,
    /// The copy that can be changed.
    copy: String,
    trial: Option<Trial>,
    /// A decision that was refused, or a trial that could not be made.
    refused: Option<Refused>,
}

/// A trial, with the copy it was made of.
struct Trial {
    rule_set: String,
    findings: Vec<DeskFinding>,
    errors: usize,
    /// The copy with its marks, as HTML; `None` where it is not JSON.
    shown: Option<String>,
}

impl RecordPage {
    fn reason(&self) -> &str {
        self.refused.as_ref().map_or("", |refused| &refused.reason)
    }

    fn text<'a>(&self, finding: &'a DeskFinding) -> &'a str {
        finding.text.get(self.f.lang)
    }

    fn remedy(&self, finding: &DeskFinding) -> &'static str {
        remedy(finding.code.as_deref(), self.f.lang)
    }

    fn class(&self, finding: &DeskFinding) -> &'static str {
        match finding.severity {
            Severity::Fatal | Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        }
    }

    fn severity(&self, finding: &DeskFinding) -> &'static str {
        match finding.severity {
            Severity::Fatal | Severity::Error => self.f.t("Feil", "Error"),
            Severity::Warning => self.f.t("Advarsel", "Warning"),
            Severity::Information => self.f.t("Opplysning", "Information"),
        }
    }
}

/// The text of a record with its findings marked, as HTML; `None` where it is not JSON.
fn with_marks(text: &str, findings: &[DeskFinding], lang: Language) -> Option<String> {
    let document = Document::parse(text, &ParseOptions::lenient()).ok()?;
    let mark = |finding: &DeskFinding| {
        Some(JsonMark {
            expression: finding.path.clone()?,
            severity: finding.severity,
            text: finding.text.get(lang).clone(),
        })
    };
    let marks: Vec<JsonMark> = findings.iter().filter_map(mark).collect();
    Some(marked(document.root(), &marks))
}

/// The record with this number; `None` where it is not held.
pub(super) async fn look_up(desk: &Shared, number: i64) -> Result<Option<DeskRecord>, Failure> {
    let causes = desk.workplace.held().await.map_err(failed)?;
    Ok(causes.into_iter().flat_map(|cause| cause.records).find(|one| one.number == number))
}

async fn find(desk: &Shared, number: i64) -> Result<DeskRecord, Failure> {
    look_up(desk, number).await?.ok_or(Failure::NotFound)
}

/// The record's text in the source, or why the source could not be read.
async fn source(desk: &Shared, number: i64, lang: Language) -> (Option<String>, Option<String>) {
    match desk.workplace.source(number).await {
        Ok(text) => (text.filter(|text| text.len() <= MAX_RECORD), None),
        Err(trouble) => (None, Some(trouble.get(lang).clone())),
    }
}

pub(super) async fn show(
    State(desk): State<Arc<Shared>>,
    Visitor(f): Visitor,
    Path(number): Path<i64>,
) -> Result<Response, Failure> {
    let record = find(&desk, number).await?;
    Ok(page(StatusCode::OK, &untried(&desk, f, record, None).await))
}

/// The record again, with what is wrong with the decision.
pub(super) async fn refuse(
    desk: &Shared,
    f: Frame,
    record: DeskRecord,
    (status, refused): (StatusCode, Refused),
) -> Result<Response, Failure> {
    let f = Frame { here: format!("{BASE}/held/{}", record.number), ..f };
    let shown = untried(desk, f, record, Some(refused)).await;
    Ok(page(status, &shown))
}

async fn untried(
    desk: &Shared,
    f: Frame,
    record: DeskRecord,
    refused: Option<Refused>,
) -> RecordPage {
    let (text, trouble) = source(desk, record.number, f.lang).await;
    let source = text.as_deref().and_then(|text| with_marks(text, &record.findings, f.lang));
    let document = text.and_then(|text| Document::parse(text, &ParseOptions::lenient()).ok());
    let copy = document.map(|document| laid_out(document.root())).unwrap_or_default();
    RecordPage { f, record, source, trouble, copy, trial: None, refused }
}

/// Validates a changed copy. Nothing of it is kept: what is sent comes from the source only.
pub(super) async fn trial(
    State(desk): State<Arc<Shared>>,
    Path(number): Path<i64>,
    Posted { f, fields }: Posted,
) -> Result<Response, Failure> {
    let record = find(&desk, number).await?;
    let copy = fields.raw("copy").to_owned();
    let (status, trial, refused) = match desk.workplace.trial(copy.clone()).await {
        Ok(DeskTrial { rule_set, findings }) => {
            let errors = findings.iter().filter(|one| one.severity >= Severity::Error).count();
            let shown = with_marks(&copy, &findings, f.lang);
            (StatusCode::OK, Some(Trial { rule_set, findings, errors, shown }), None)
        }
        Err(text) => {
            let failure = failed(text);
            let refused = Refused { problem: failure.text(f.lang), reason: String::new() };
            (failure.status(), None, Some(refused))
        }
    };
    let (text, trouble) = source(&desk, number, f.lang).await;
    let source = text.as_deref().and_then(|text| with_marks(text, &record.findings, f.lang));
    let shown = RecordPage { f, record, source, trouble, copy, trial, refused };
    Ok(page(status, &shown))
}
