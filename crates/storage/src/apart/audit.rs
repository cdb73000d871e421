//! The audit log is in the first database alone.

use async_trait::async_trait;
use lmr_intake::{Act, AuditEntry, AuditFilter, AuditHead, AuditLog, AuditReport, StoreError};

use super::ApartStore;

#[async_trait]
impl AuditLog for ApartStore {
    async fn record(&self, act: Act) -> Result<AuditEntry, StoreError> {
        self.rest.record(act).await
    }

    async fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        self.rest.audit_entries(filter).await
    }

    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        self.rest.audit_heads().await
    }

    async fn verify_audit(&self, kept: &[AuditHead]) -> Result<AuditReport, StoreError> {
        self.rest.verify_audit(kept).await
    }
}
