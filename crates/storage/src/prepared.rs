//! A delivery made ready for its rows: everything costly is done before the writer's turn comes.

use crate::{
    coding::{code_answer, code_bundle},
    key::{StorageKey, salt},
};
use jiff::Timestamp;
use lmr_intake::{
    BundleContent, CodeCount, Counts, Delivery, Identity, OrganisationNumber, Outcome, Receipt,
    ReceiptDigest, RuleSetId, StoreError,
};

pub(crate) const ANSWER: &str = "message.answer_sealed";
pub(crate) const HASH: &str = "resource_version.hash_sealed";
pub(crate) const BUNDLE: &str = "message_content.content_sealed";
pub(crate) const CONTENT: &str = "resource_version.content_sealed";
pub(crate) const ADMINISTRATION: &str = "resource_version.administration_sealed";

/// Larger content is compressed and encrypted apart from the runtime's threads.
const LARGE: usize = 64 << 10;

/// Whether making a delivery of so many versions and so large an answer ready takes so long that the runtime's threads
/// have other work meanwhile.
pub(crate) fn takes_long(versions: usize, answer: usize, content: Option<&BundleContent>) -> bool {
    let plain = match content {
        Some(BundleContent::Plain(text)) => text.len(),
        // Compressed already.
        Some(BundleContent::Gzip(_)) | None => 0,
    };
    versions > 100 || answer > LARGE || plain > LARGE
}

pub(crate) struct Prepared {
    pub(crate) organisation: OrganisationNumber,
    pub(crate) message_id: String,
    pub(crate) content_sha256: [u8; 32],
    pub(crate) bundle_identifier_mac: Option<Vec<u8>>,
    pub(crate) answer_sha256: ReceiptDigest,
    pub(crate) rule_set: &'static str,
    pub(crate) client_id: String,
    pub(crate) reporting_from: i64,
    pub(crate) reporting_to: i64,
    pub(crate) generated_at: i64,
    pub(crate) received_at: i64,
    pub(crate) outcome: Outcome,
    pub(crate) counts: Counts,
    pub(crate) codes: Vec<CodeCount>,
    pub(crate) answer_coding: &'static str,
    pub(crate) salt: Vec<u8>,
    pub(crate) answer_sealed: Vec<u8>,
    pub(crate) content_sealed: Option<Vec<u8>>,
    pub(crate) system_macs: Vec<Vec<u8>>,
    /// Ordered by identity, so that two writers never wait for each other in a circle.
    pub(crate) versions: Vec<PreparedVersion>,
}

pub(crate) struct PreparedVersion {
    pub(crate) resource_id: String,
    pub(crate) resource_type: String,
    pub(crate) identity_mac: Vec<u8>,
    pub(crate) version: i64,
    pub(crate) entry: i64,
    pub(crate) hash_sealed: Vec<u8>,
    pub(crate) content_from: i64,
    pub(crate) content_length: i64,
    pub(crate) administration_sealed: Option<Vec<u8>>,
}

impl Prepared {
    pub(crate) fn new(key: &StorageKey, delivery: Delivery) -> Result<Self, StoreError> {
        let salt = salt()?;
        let columns = key.columns(&salt);
        // What says who a patient is, is under the identities' key where that is another one.
        let apart = key.is_apart().then(|| key.personal_columns(&salt));
        let personal = apart.as_ref().unwrap_or(&columns);
        let head = delivery.head;
        let organisation = head.sender;
        let row = [organisation.as_str(), &head.message_id];
        let answer_sha256 = ReceiptDigest::of(&delivery.answer.body);
        let (answer_coding, coded) = code_answer(delivery.answer.body)?;
        let answer_sealed = personal.seal(ANSWER, &row, &coded)?;
        let coded = delivery.content.map(code_bundle).transpose()?;
        let content_sealed = coded.map(|coded| columns.seal(BUNDLE, &row, &coded)).transpose()?;
        let place = |offset: usize| {
            i64::try_from(offset).map_err(|_| StoreError::Damaged { what: "a resource's place" })
        };
        let mut versions = Vec::with_capacity(delivery.versions.len());
        for new in delivery.versions {
            let number = new.version.to_string();
            let row = [new.resource_id.as_str(), &number];
            versions.push(PreparedVersion {
                hash_sealed: personal.seal(HASH, &row, &new.content_hash)?,
                content_from: place(new.place.start)?,
                content_length: place(new.place.len())?,
                administration_sealed: new
                    .administration
                    .map(|facts| personal.seal(ADMINISTRATION, &row, &facts.to_bytes()))
                    .transpose()?,
                identity_mac: identity_mac(key, organisation, &new.identity),
                resource_type: new.identity.resource_type,
                resource_id: new.resource_id,
                version: i64::from(new.version),
                entry: i64::from(new.entry),
            });
        }
        versions.sort_unstable_by(|a, b| a.identity_mac.cmp(&b.identity_mac));
        Ok(Self {
            bundle_identifier_mac: delivery
                .bundle_identifier
                .map(|identifier| bundle_identifier_mac(key, organisation, &identifier)),
            system_macs: delivery.systems.iter().map(|system| system_mac(key, system)).collect(),
            organisation,
            message_id: head.message_id,
            content_sha256: head.content_sha256,
            answer_sha256,
            rule_set: delivery.rule_set,
            client_id: head.client_id,
            reporting_from: head.reporting_from.as_microsecond(),
            reporting_to: head.reporting_to.as_microsecond(),
            generated_at: head.generated_at.as_microsecond(),
            received_at: head.received_at.as_microsecond(),
            outcome: delivery.answer.outcome,
            counts: delivery.answer.counts,
            codes: delivery.codes,
            answer_coding,
            salt,
            answer_sealed,
            content_sealed,
            versions,
        })
    }

    /// The receipt of this message at its place in the sender's chain.
    pub(crate) fn receipt(
        &self,
        sequence: u64,
        previous: Option<ReceiptDigest>,
        received_at: Timestamp,
    ) -> Receipt {
        let digest = RuleSetId::parse(self.rule_set).map(RuleSetId::digest).unwrap_or_default();
        Receipt {
            action: Receipt::ACTION.to_owned(),
            sender: self.organisation,
            sequence,
            previous,
            message_id: self.message_id.clone(),
            content_sha256: self.content_sha256.into(),
            answer_sha256: self.answer_sha256,
            rule_set: self.rule_set.to_owned(),
            rule_set_digest: format!("sha256:{digest}"),
            outcome: self.outcome.as_str().to_owned(),
            client_id: self.client_id.clone(),
            received_at,
        }
    }

    /// A rough size in bytes, to bound what one commit takes.
    pub(crate) fn weight(&self) -> usize {
        let content = self.content_sealed.as_ref().map_or(0, Vec::len);
        self.answer_sealed.len() + content + 256 * self.versions.len() + 1024
    }
}

pub(crate) fn identity_mac(
    key: &StorageKey,
    organisation: OrganisationNumber,
    identity: &Identity,
) -> Vec<u8> {
    key.digest("resource", &[organisation.as_str(), &identity.resource_type, &identity.key])
}

pub(crate) fn system_mac(key: &StorageKey, system: &str) -> Vec<u8> {
    key.digest("identifier-system", &[system])
}

pub(crate) fn bundle_identifier_mac(
    key: &StorageKey,
    organisation: OrganisationNumber,
    text: &str,
) -> Vec<u8> {
    key.digest("bundle", &[organisation.as_str(), text])
}

pub(crate) fn time(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|_| StoreError::Damaged { what: "a time" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_content_answers_and_bundles_leave_the_runtimes_threads() {
        let plain = |length| Some(BundleContent::Plain(vec![b' '; length]));
        for (versions, answer, content, expected) in [
            (0, 0, None, false),
            (100, LARGE, plain(LARGE), false),
            (101, 0, None, true),
            (0, LARGE + 1, None, true),
            (0, 0, plain(LARGE + 1), true),
            (0, 0, Some(BundleContent::Gzip(vec![0; LARGE + 1])), false),
        ] {
            assert_eq!(takes_long(versions, answer, content.as_ref()), expected);
        }
    }
}
