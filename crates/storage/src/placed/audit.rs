//! The audit log over all databases: each sender's chain where the sender is.

use async_trait::async_trait;
use lmr_intake::{
    Act, AuditEntry, AuditFilter, AuditHead, AuditLog, AuditReport, REGISTER_CHAIN, StoreError,
};

use super::{PlacedStore, most, number};

#[async_trait]
impl AuditLog for PlacedStore {
    async fn record(&self, act: Act) -> Result<AuditEntry, StoreError> {
        self.0.main().record(act).await
    }

    async fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            for entry in self.0.answer(at, store.audit_entries(filter).await)? {
                if self.has_chain(at, &entry.chain).await {
                    all.push(entry);
                }
            }
        }
        all.sort_by(|a, b| {
            let by_time = b.at.cmp(&a.at);
            by_time.then_with(|| a.chain.cmp(&b.chain)).then(b.sequence.cmp(&a.sequence))
        });
        all.truncate(most(filter.limit));
        Ok(all)
    }

    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        let mut all = Vec::new();
        for (at, store) in self.0.all() {
            for head in self.0.answer(at, store.audit_heads().await)? {
                if self.has_chain(at, &head.chain).await {
                    all.push(head);
                }
            }
        }
        all.sort_by(|a, b| a.chain.cmp(&b.chain));
        Ok(all)
    }

    async fn verify_audit(&self, kept: &[AuditHead]) -> Result<AuditReport, StoreError> {
        let mut report = AuditReport::default();
        for (at, store) in self.0.all() {
            let mut own = Vec::new();
            for head in kept {
                if self.has_chain(at, &head.chain).await {
                    own.push(head.clone());
                }
            }
            let one = self.0.answer(at, store.verify_audit(&own).await)?;
            report.chains += one.chains;
            report.entries += one.entries;
            report.messages += one.messages;
            report.kept += one.kept;
            report.problems.extend(one.problems);
        }
        Ok(report)
    }
}

impl PlacedStore {
    async fn has_chain(&self, server: usize, chain: &str) -> bool {
        match number(chain) {
            Ok(sender) => self.0.counts(server, sender).await,
            // The register's own.
            Err(_) => server == 0 && chain == REGISTER_CHAIN,
        }
    }
}
