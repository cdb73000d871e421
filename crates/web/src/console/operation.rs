//! How the receiver is: health, rule sets, code lists, certificates, outlet.

use super::visitor::Visitor;
use super::{CodeListInfo, Shared};
use crate::form::only;
use crate::frame::{Failure, Frame, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use lmr_intake::{AuditHead, CertificateEnd, OutletStatus, Partition, RuleSetId, certificate_ends};
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
    };
    Ok(page(StatusCode::OK, &shown))
}
