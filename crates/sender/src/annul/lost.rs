//! Annulments that a repaired ledger has lost: looked for before anything is sent, so that nothing annulled goes out as
//! given.

use std::collections::HashMap;

use lmr_fhir::{Bundle, Document, ParseOptions};
use lmr_lmdi::Identity;
use lmr_lmdi::person::looks_personal;

use super::{is_annulled, reason};
use crate::agent::Agent;
use crate::copies::CopyKey;
use crate::error::SenderError;
use crate::identity::Hash;
use crate::index::Index;
use crate::outbox::{
    FoundAnnulment, JournalNames, JournalledAnnulment, OutboxError, WhereAnnulments,
};
use crate::source_key::source_key;

/// What the guide says how to annul.
const ANNULLABLE: [&str; 2] = ["MedicationAdministration", "MedicationRequest"];

impl Agent {
    /// Puts annulled records back into the ledger that a repair has found to be lost, from the copies of the messages
    /// that annulled them. What only the journal knows is noted by its names, and the search is over. Gives how many
    /// copies could not be read: what they annulled nothing else may know.
    pub(crate) async fn find_annulments(&self) -> Result<u64, SenderError> {
        let is_named = match self.outbox.annulments_to_find().await? {
            None => return Ok(0),
            Some(WhereAnnulments::Names) => {
                self.outbox.end_search_for_annulments(0, self.now()).await?;
                return Ok(0);
            }
            Some(WhereAnnulments::Copies) => true,
            Some(WhereAnnulments::AllCopies) => false,
        };
        let journal = self.outbox.journalled_annulments().await?;
        let (mut found, mut unreadable) = (HashMap::new(), 0_u64);
        for (seq, at, outcomes) in self.outbox.delivered_copies().await? {
            let copy = self.outbox.copy_of(seq).await?;
            let key = CopyKey::of(&self.key);
            let text = copy.zip(key).and_then(|((id, copy), key)| key.open(&copy, &id));
            let Some(text) = text else {
                unreadable += 1;
                continue;
            };
            // Most messages annul nothing, and nothing in them is taken back.
            if found.is_empty() && !text.contains("entered-in-error") {
                continue;
            }
            let is_made_here = |annulment: &FoundAnnulment, reason: Option<String>| {
                let is_it = |known: &JournalledAnnulment| {
                    let reason = reason.as_deref().unwrap_or_default();
                    known.has_reason(&annulment.resource_type, reason)
                };
                !is_named || journal.iter().any(is_it)
            };
            let of = FoundAnnulment {
                identity: Hash::NO_VERSION,
                resource_type: String::new(),
                resource_id: None,
                source_key: None,
                seq,
                at,
                is_annulled: true,
            };
            let is_read = self.follow(&text, outcomes.as_deref(), &of, is_made_here, &mut found);
            unreadable += u64::from(!is_read);
        }
        if unreadable > 0 {
            tracing::warn!(
                count = unreadable,
                "copies of messages cannot be read: what they annulled is known by the journal only"
            );
        }
        let found: Vec<FoundAnnulment> = found.into_values().collect();
        let count = self.outbox.put_back_annulled(&found).await?;
        if count > 0 {
            tracing::warn!(count, "annulled records that the ledger had lost are known again");
        }
        self.outbox.end_search_for_annulments(unreadable, self.now()).await?;
        Ok(unreadable)
    }

    /// Follows which records are annulled from one message to the next: `found` gets those that this one annuls, and notes
    /// which of them it brings back. `false` where the copy is not a bundle.
    fn follow(
        &self,
        text: &str,
        outcomes: Option<&str>,
        of: &FoundAnnulment,
        is_made_here: impl Fn(&FoundAnnulment, Option<String>) -> bool,
        found: &mut HashMap<Hash, FoundAnnulment>,
    ) -> bool {
        let Ok(document) = Document::parse(text, &ParseOptions::strict()) else { return false };
        let Some(bundle) = Bundle::of(&document) else { return false };
        for (position, entry) in bundle.entries().enumerate() {
            let (Some(url), Some(resource)) = (entry.full_url(), entry.resource()) else {
                continue;
            };
            let Some(resource_type) = resource.resource_type() else { continue };
            let Some(node) = resource.value() else { continue };
            let Some(known) = Identity::of(resource, Some(&url)) else { continue };
            let outcome = outcomes.and_then(|all| all.as_bytes().get(position).copied());
            if !ANNULLABLE.contains(&&*resource_type)
                || outcome.is_some_and(|digit| !matches!(digit, b'1' | b'2'))
            {
                continue;
            }
            let identity =
                self.key.hash("identity", &[resource_type.as_bytes(), known.key.as_bytes()]);
            let id = node.member("id").and_then(lmr_fhir::Node::as_str);
            let annulment = FoundAnnulment {
                identity,
                resource_type: resource_type.to_string(),
                resource_id: id.filter(|id| !looks_personal(id)).map(std::borrow::Cow::into_owned),
                source_key: source_key(node),
                ..of.clone()
            };
            let json = text.get(node.span()).unwrap_or_default();
            if is_annulled(json) && is_made_here(&annulment, reason(json)) {
                found.insert(identity, annulment);
            } else if let Some(former) = found.get_mut(&identity) {
                *former = FoundAnnulment { is_annulled: false, ..annulment };
            }
        }
        true
    }

    /// Keeps annulled what the ledger knows to be, and what only the journal does, whatever the source says.
    pub(crate) async fn keep_known_annulled(&self, index: &Index) -> Result<(), OutboxError> {
        self.outbox.adopt_annulled_versions(index).await?;
        let journal = self.outbox.annulled_by_name().await?;
        if journal.is_empty() {
            return Ok(());
        }
        let names = JournalNames::of(&journal);
        let mut found = Vec::new();
        for (at, record) in index.records.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            let resource_type = index.resource_type(at);
            let (id, key) = (index.id(at), index.source_key(at));
            for number in names.find(resource_type, [id, key]) {
                let annulment = FoundAnnulment {
                    identity: record.identity,
                    resource_type: resource_type.to_string(),
                    resource_id: id.map(str::to_owned),
                    source_key: key.map(str::to_owned),
                    seq: 0,
                    at: journal[number].at,
                    is_annulled: true,
                };
                found.push((number, annulment, record.version));
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let count = self.outbox.keep_annulled_by_name(&journal, &found).await?;
        if count > 0 {
            tracing::warn!(
                count,
                "records that the journal says were annulled are not sent: the ledger has lost them, and no copy of \
                 their annulment is left"
            );
        }
        Ok(())
    }
}
