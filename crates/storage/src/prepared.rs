//! A delivery made ready for its rows: everything costly is done before the writer's turn comes.

use crate::key::{StorageKey, salt};
use flate2::{
    Compress, Compression, Decompress, FlushDecompress, Status,
    read::GzDecoder,
    write::{GzEncoder, ZlibEncoder},
};
use jiff::Timestamp;
use lmr_intake::{
    BundleContent, CodeCount, Counts, Delivery, Identity, OrganisationNumber, Outcome, Receipt,
    ReceiptDigest, RuleSetId, StoreError,
};
use std::io::{Read as _, Write as _};

pub(crate) const ANSWER: &str = "message.answer_sealed";
pub(crate) const HASH: &str = "resource_version.hash_sealed";
pub(crate) const BUNDLE: &str = "message_content.content_sealed";
pub(crate) const CONTENT: &str = "resource_version.content_sealed";
pub(crate) const ADMINISTRATION: &str = "resource_version.administration_sealed";

/// `message.answer_coding`.
pub(crate) const IDENTITY: &str = "identity";
pub(crate) const GZIP: &str = "gzip";
/// zlib with [`DICTIONARY`].
pub(crate) const DEFLATE_1: &str = "deflate-1";
/// The texts that answers are made of. What is stored can be read with these very bytes only: they never change, and
/// another dictionary gets another name.
const DICTIONARY: &[u8] = include_bytes!("answer.dictionary");
/// Answers shorter than this hardly become shorter.
const MIN_CODED: usize = 200;

/// Compresses an answer. Answers repeat the same texts entry by entry and message by message: the dictionary has them.
fn code(body: Vec<u8>) -> Result<(&'static str, Vec<u8>), StoreError> {
    if body.len() < MIN_CODED {
        return Ok((IDENTITY, body));
    }
    let mut compress = Compress::new(Compression::fast(), true);
    compress.set_dictionary(DICTIONARY).map_err(failed)?;
    let room = Vec::with_capacity(body.len() / 8);
    let mut encoder = ZlibEncoder::new_with_compress(room, compress);
    encoder.write_all(&body).map_err(failed)?;
    Ok((DEFLATE_1, encoder.finish().map_err(failed)?))
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// A gzip stream of these bytes.
pub(crate) fn compress(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    encoder.write_all(bytes).map_err(failed)?;
    encoder.finish().map_err(failed)
}

/// The answer as it was sent.
pub(crate) fn decode(coding: &str, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    match coding {
        IDENTITY => Ok(stored),
        GZIP => {
            let mut body = Vec::new();
            let read = GzDecoder::new(&*stored).read_to_end(&mut body);
            read.map_err(|_| StoreError::Damaged { what: ANSWER })?;
            Ok(body)
        }
        DEFLATE_1 => inflate_answer(&stored).ok_or(StoreError::Damaged { what: ANSWER }),
        _ => Err(StoreError::Damaged { what: "message.answer_coding" }),
    }
}

fn inflate_answer(stored: &[u8]) -> Option<Vec<u8>> {
    let mut inflate = Decompress::new(true);
    let mut body = Vec::with_capacity(8 * stored.len());
    loop {
        let read = usize::try_from(inflate.total_in()).ok()?;
        body.reserve(8 << 10);
        match inflate.decompress_vec(stored.get(read..)?, &mut body, FlushDecompress::Finish) {
            Ok(Status::StreamEnd) => return Some(body),
            Ok(Status::Ok) => {}
            // Cut off: more input would be needed, and there is none.
            Ok(Status::BufError) if body.len() < body.capacity() => return None,
            Ok(Status::BufError) => {}
            Err(error) => {
                error.needs_dictionary()?;
                inflate.set_dictionary(DICTIONARY).ok()?;
            }
        }
    }
}

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
        let (answer_coding, coded) = code(delivery.answer.body)?;
        let answer_sealed = personal.seal(ANSWER, &row, &coded)?;
        let content_sealed = match delivery.content {
            Some(BundleContent::Gzip(stream)) => Some(columns.seal(BUNDLE, &row, &stream)?),
            Some(BundleContent::Plain(text)) => {
                Some(columns.seal(BUNDLE, &row, &compress(&text)?)?)
            }
            None => None,
        };
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
    fn answers_are_read_back_as_they_were_coded() {
        let answer = br#"{"response":{"status":"422 Unprocessable Entity"}},"#;
        for body in [
            Vec::new(),
            b"kort".to_vec(),
            answer.repeat(5),
            answer.repeat(5_000),
            (0..200_000_u32).flat_map(u32::to_be_bytes).collect(),
        ] {
            let (coding, stored) = code(body.clone()).unwrap_or_else(|_| panic!("coded"));
            let read = decode(coding, stored.clone());
            assert!(read.is_ok_and(|read| read == body), "{} bytes", body.len());
            for cut in [1, stored.len() / 2, stored.len().saturating_sub(1)] {
                if coding == DEFLATE_1 {
                    assert!(decode(coding, stored[..cut].to_vec()).is_err(), "cut at {cut}");
                }
            }
        }
        let gzip = compress(&answer.repeat(9)).unwrap_or_default();
        assert!(decode(GZIP, gzip).is_ok_and(|read| read == answer.repeat(9)), "of before");
        assert!(decode("unknown", Vec::new()).is_err());
    }

    /// The dictionary is part of the format: with other bytes nothing that is stored could be read.
    #[test]
    fn the_dictionary_never_changes() {
        let digest = ReceiptDigest::of(DICTIONARY).to_string();
        assert_eq!(
            (DICTIONARY.len(), digest.as_str()),
            (32000, "d33506b141e2328388301e43ee755239c5dc7990a9ec8779f6d15b8f8be5fc3c")
        );
    }

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
