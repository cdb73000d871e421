//! How the receiver is: health, rule sets, code lists, certificates, outlet.

use super::visitor::Visitor;
use super::{CodeListInfo, Shared};
use crate::form::only;
use crate::frame::{Failure, Frame, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use lmr_fhir::{Bilingual, Language};
use lmr_intake::{
    AuditHead, Background, BackgroundTask, CertificateEnd, OutletStatus, Partition, RuleSetId,
    certificate_ends,
};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "console/operation.html")]
struct OperationPage {
    f: Frame,
    version: &'static str,
    is_ready: bool,
    rule_sets: &'static [RuleSetId],
    code_lists: Vec<CodeListInfo>,
    ends: Vec<CertificateEnd>,
    outlet: Option<OutletStatus>,
    partitions: Vec<Partition>,
    heads: Vec<AuditHead>,
    /// What the receiver does by itself and could not do lately, and since when.
    failing: Vec<(&'static str, Timestamp)>,
    /// Keys of the configuration that wait for a restart.
    waiting: String,
}

/// What of the receiver's own work cannot be done now.
fn failing(background: &Background, lang: Language) -> Vec<(&'static str, Timestamp)> {
    let of = |task: BackgroundTask| {
        let since = background.state(task).failing_since?;
        let what = match task {
            BackgroundTask::Reload => Bilingual {
                nb: "Konfigurasjonen kunne ikke leses på nytt (SIGHUP), så det gamle gjelder fremdeles. Grunnen står i loggen",
                en: "The configuration could not be read again (SIGHUP), so the old one still counts. The log has the reason",
            },
            BackgroundTask::Retention => Bilingual {
                nb: "Det som er oppbevart lenge nok, kunne ikke fjernes. Grunnen står i loggen",
                en: "What has been kept long enough could not be removed. The log has the reason",
            },
            BackgroundTask::Partitions => Bilingual {
                nb: "Partisjonene for de neste månedene kunne ikke lages. Kjør lmr admin partitions som eieren av skjemaet. Grunnen står i loggen",
                en: "The partitions of the coming months could not be made. Run lmr admin partitions as the owner of the schema. The log has the reason",
            },
        };
        Some((what.in_language(lang), since))
    };
    BackgroundTask::ALL.into_iter().filter_map(of).collect()
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    only(&asked, &[])?;
    let ready = shared.store.ready().await;
    if let Err(error) = &ready {
        tracing::warn!(%error, detail = std::error::Error::source(&error).map(ToString::to_string),
            "the store is not ready");
    }
    let now = shared.now();
    let avsendere = shared.avsendere().await?;
    let outlet = match shared.has_outlet {
        true => Some(shared.store.outlet_status(now).await?),
        false => None,
    };
    let failing = failing(shared.receiver.background(), visitor.frame.lang);
    let shown = OperationPage {
        f: visitor.frame,
        version: env!("CARGO_PKG_VERSION"),
        is_ready: ready.is_ok(),
        rule_sets: &RuleSetId::ALL,
        code_lists: shared.code_lists.clone(),
        ends: certificate_ends(&shared.receiver.certificates(), &avsendere, now),
        outlet,
        partitions: shared.store.partitions().await?,
        heads: shared.store.audit_heads().await?,
        failing,
        waiting: shared.receiver.background().waiting_for_restart().join(", "),
    };
    Ok(page(StatusCode::OK, &shown))
}
