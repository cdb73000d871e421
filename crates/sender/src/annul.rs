//! Annulling what was sent: the same resource, the same identifier, `status` = `entered-in-error`.
//!
//! The register annuls nothing because it is left out (guide 1.1.6), and a record that is gone at the source
//! cannot be read there any more. So the content last sent is kept as an encrypted copy (module `copies`),
//! and the annulment is made of it: the resource with its status changed, and what it refers to as it was
//! last sent, so that no newer version is overwritten by an older one. See docs/decisions/annulment.md.

mod lost;

use std::collections::HashMap;
use std::fmt;

use lmr_envelope::write_time;
use lmr_fhir::{Bundle, Document, Edits, Element, Kind, Language, Node, ParseOptions, escape_into};
use lmr_lmdi::Identity;
use lmr_lmdi::person::looks_personal;

use crate::agent::Agent;
use crate::bundle::{self, EntryText};
use crate::check::CheckContext;
use crate::copies::CopyKey;
use crate::error::SenderError;
use crate::identity::{Hash, uuid_text};
use crate::lock::Lock;
use crate::outbox::{HeldFinding, Item, JournalledAnnulment, NewMessage, StoredRow};
use crate::plan::Role;
use crate::report::{Report, RunKind};
use crate::run::Run;

/// What is to be annulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnnulTarget {
    /// The number in the list of what has vanished.
    Number(i64),
    /// `Type/id`, the technical id, or the source's own key.
    Name(String),
}

/// Why nothing was annulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnnulError {
    /// Nothing that the register has goes by this name.
    NotFound,
    /// So many resources go by this name.
    Ambiguous(usize),
    /// The guide says what annulling means for administrations and requests only, not for this type.
    Type(String),
    /// It is annulled already.
    Done,
    /// A message with it has no answer yet.
    Open,
    /// It was sent before copies were kept, or the copy is damaged.
    NoCopy,
    /// The reason would carry an identity number to the register and into the outbox.
    PersonalReason,
    /// The annulment itself breaks a rule.
    Refused(Vec<HeldFinding>),
}

impl AnnulError {
    /// What is wrong and what to do.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let nb = language == Language::Bokmal;
        let text = match self {
            Self::NotFound if nb => {
                "registeret har ingenting med dette navnet eller nummeret; lmr send vanished viser det som kan \
                 annulleres"
            }
            Self::NotFound => {
                "the register has nothing by this name or number; lmr send vanished lists what can be \
                 annulled"
            }
            Self::Ambiguous(count) if nb => {
                return format!(
                    "{count} ressurser har dette navnet: bruk Type/id, eller nummeret i lmr send vanished"
                );
            }
            Self::Ambiguous(count) => {
                return format!(
                    "{count} resources go by this name: use Type/id, or the number in lmr send vanished"
                );
            }
            Self::Type(name) if nb => {
                return format!(
                    "{name} kan ikke annulleres, bare MedicationAdministration og MedicationRequest"
                );
            }
            Self::Type(name) => {
                return format!(
                    "{name} cannot be annulled, only MedicationAdministration and MedicationRequest"
                );
            }
            Self::Done if nb => "den er alt annullert",
            Self::Done => "it is annulled already",
            Self::Open if nb => "en melding med den venter på svar: annuller når svaret er kommet",
            Self::Open => "a message with it waits for its answer: annul it when that has come",
            Self::NoCopy if nb => {
                "det finnes ingen kopi av det som sist ble sendt (sendt av en versjon som ikke tok vare \
                 på noen, eller med en annen hash_key): annuller i kilden, ved å eksportere den med \
                 status entered-in-error"
            }
            Self::NoCopy => {
                "there is no copy of what was last sent (it was sent by a version that kept none, or with \
                 another hash key): annul it at the source, by exporting it with status entered-in-error"
            }
            Self::PersonalReason if nb => {
                "begrunnelsen har noe som ser ut som et fødselsnummer; skriv den uten"
            }
            Self::PersonalReason => {
                "the reason has what looks like an identity number; say it without"
            }
            Self::Refused(findings) => {
                let start = match nb {
                    true => "annulleringen ville blitt avvist",
                    false => "the annulment would be refused",
                };
                let finding = |finding: &HeldFinding| {
                    let code = finding.code.as_deref().unwrap_or("–");
                    let path = finding.path.as_deref().unwrap_or_default();
                    format!("{code} {path}: {}", finding.text(language))
                };
                let all: Vec<String> = findings.iter().map(finding).collect();
                return format!("{start}: {}", all.join("; "));
            }
        };
        text.to_owned()
    }
}

impl fmt::Display for AnnulError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

impl std::error::Error for AnnulError {}

impl Agent {
    /// Annuls what was last sent of a resource, and sends that at once. What cannot be delivered now is
    /// tried again like every message.
    ///
    /// # Errors
    /// [`SenderError::Annul`] when there is nothing to annul; else as for [`Agent::run`].
    pub async fn annul(&self, target: &AnnulTarget, reason: &str) -> Result<Report, SenderError> {
        let _lock = Lock::take(&self.settings.lock)?;
        if looks_personal(reason) {
            return Err(AnnulError::PersonalReason.into());
        }
        let row = self.find(target).await?;
        let mut run = Run::begin(&self.outbox, RunKind::Annulment, self.now()).await?;
        run.stop = self.other_register().await?;
        let done = match &run.stop {
            Some(_) => Ok(()),
            None => self.send_annulment(&row, Some(reason), &mut run).await,
        };
        self.end(run, done).await
    }

    async fn find(&self, target: &AnnulTarget) -> Result<StoredRow, SenderError> {
        let mut found = self.outbox.find_stored(target).await?;
        let row = match (found.len(), found.pop()) {
            (1, Some(row)) => row,
            (0, _) => return Err(AnnulError::NotFound.into()),
            (many, _) => return Err(AnnulError::Ambiguous(many).into()),
        };
        if !["MedicationAdministration", "MedicationRequest"].contains(&row.resource_type.as_str())
        {
            return Err(AnnulError::Type(row.resource_type).into());
        }
        if row.annulled && !row.annul_again {
            return Err(AnnulError::Done.into());
        }
        if self.outbox.is_open(row.identity).await? {
            return Err(AnnulError::Open.into());
        }
        Ok(row)
    }

    /// Sends the annulments again that the register may have lost, from the copy of what was last sent of each: the
    /// reason that a person gave is in it. What cannot go is left to a person, and the report names it.
    pub(crate) async fn annul_again(&self, run: &mut Run) -> Result<(), SenderError> {
        for row in self.outbox.annulments_to_repeat().await? {
            if run.is_over() || run.paused {
                break;
            }
            match self.send_annulment(&row, None, run).await {
                Ok(()) => {}
                Err(SenderError::Annul(error)) => {
                    tracing::warn!(%error, "an annulment that the register has lost cannot be sent again");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Annuls with a reason, or, without one, sends the annulment again that was last sent.
    async fn send_annulment(
        &self,
        row: &StoredRow,
        reason: Option<&str>,
        run: &mut Run,
    ) -> Result<(), SenderError> {
        let now = self.now();
        let (mut texts, items) = self.last_sent(row).await?;
        let root = texts.last_mut().ok_or(AnnulError::NoCopy)?;
        match reason {
            Some(reason) => root.resource = annulled(&root.resource, Some(reason))?,
            None if is_annulled(&root.resource) => {}
            None => return Err(AnnulError::NoCopy.into()),
        }
        let mut id = [0; 16];
        self.random.fill(&mut id)?;
        let message_id = uuid_text(id, 4);
        let text = bundle::write(self.settings.rule_set, &message_id, &write_time(now), &texts);
        let context = CheckContext { now, from: now.min(row.at), to: now };
        let findings = self.checker.check(&text, &context)?;
        if !findings.is_empty() {
            let findings = findings.into_iter().map(|finding| finding.finding).collect();
            return Err(AnnulError::Refused(findings).into());
        }
        let sealed = self.sealer.seal(text.as_bytes(), &message_id, &context)?;
        let copy = self.copy(&text, &message_id)?;
        let message = NewMessage {
            message_id: &message_id,
            sealed: &sealed,
            copy: &copy,
            resource_bytes: text.len(),
            items: &items,
        };
        let seq = self.outbox.add(&message, now).await?;
        if let Some(reason) = reason {
            let name = row.source_key.as_deref().or(row.resource_id.as_deref()).unwrap_or("-");
            let note = JournalledAnnulment::text(&row.resource_type, name, reason);
            self.outbox.note_operation("annul", &note, now).await?;
        }
        // Sent again it is nothing new: the source has not changed, and it was counted before.
        run.report.changed += usize::from(reason.is_some());
        run.report.dependencies += items.len().saturating_sub(1);
        self.send(seq, message_id, run, None).await
    }

    /// An annulled record as it goes along with what refers to it: annulled, whatever the source says, with the reason
    /// that a person gave.
    pub(crate) async fn as_annulled(
        &self,
        identity: Hash,
        resource: &str,
    ) -> Result<String, SenderError> {
        let mut copies = Copies { agent: self, bundles: HashMap::new() };
        let reason =
            copies.entry(identity, None).await?.and_then(|(last, ..)| reason(&last.resource));
        annulled(resource, reason.as_deref())
    }

    /// A copy of a bundle for later annulments.
    pub(crate) fn copy(&self, text: &str, message_id: &str) -> Result<Vec<u8>, SenderError> {
        let key =
            CopyKey::of(&self.key).ok_or(SenderError::Internal("a key of the wrong length"))?;
        Ok(key.seal(text, message_id, &*self.random)?)
    }

    /// A resource as last sent, with all it refers to, each as last sent; the resource itself comes last.
    async fn last_sent(&self, row: &StoredRow) -> Result<(Vec<EntryText>, Vec<Item>), SenderError> {
        let mut copies = Copies { agent: self, bundles: HashMap::new() };
        let mut done: Vec<(EntryText, Item)> = Vec::new();
        // A resource is written when everything it refers to is: `true` marks the second visit.
        let mut todo = vec![(row.identity, None::<String>, false)];
        let mut seen = HashMap::new();
        while let Some((identity, full_url, is_complete)) = todo.pop() {
            let Some((entry, targets, item)) = copies.entry(identity, full_url.as_deref()).await?
            else {
                return Err(AnnulError::NoCopy.into());
            };
            if is_complete {
                done.push((entry, item));
                continue;
            }
            if seen.insert(identity, ()).is_some() {
                continue;
            }
            todo.push((identity, full_url, true));
            for (target, url) in targets {
                if !seen.contains_key(&target) {
                    todo.push((target, Some(url), false));
                }
            }
        }
        if let Some((_, root)) = done.last_mut() {
            root.root = true;
            root.role = Role::Changed;
            root.is_annulment = true;
        }
        Ok(done.into_iter().unzip())
    }
}

/// One entry of a copied bundle: its text, what it refers to, and its line in the outbox.
type CopiedEntry = (EntryText, Vec<(Hash, String)>, Item);

/// Opened copies by the number of their message.
struct Copies<'a> {
    agent: &'a Agent,
    bundles: HashMap<i64, Option<String>>,
}

impl Copies<'_> {
    /// The entry for an identity, from the copy of the message that last delivered it.
    async fn entry(
        &mut self,
        identity: Hash,
        full_url: Option<&str>,
    ) -> Result<Option<CopiedEntry>, SenderError> {
        let outbox = &self.agent.outbox;
        let Some(row) = outbox.stored(identity).await? else { return Ok(None) };
        if !self.bundles.contains_key(&row.seq) {
            let copy = outbox.copy_of(row.seq).await?;
            let key = CopyKey::of(&self.agent.key);
            let text = copy.zip(key).and_then(|((id, copy), key)| key.open(&copy, &id));
            self.bundles.insert(row.seq, text);
        }
        let Some(Some(text)) = self.bundles.get(&row.seq) else { return Ok(None) };
        let Ok(document) = Document::parse(text.as_str(), &ParseOptions::strict()) else {
            return Ok(None);
        };
        let Some(bundle) = Bundle::of(&document) else { return Ok(None) };
        let mut identities: HashMap<String, Hash> = HashMap::new();
        let mut found = None;
        for entry in bundle.entries() {
            let (Some(url), Some(resource)) = (entry.full_url(), entry.resource()) else {
                continue;
            };
            let Some(known) = Identity::of(resource, Some(&url)) else { continue };
            let Some(resource_type) = resource.resource_type() else { continue };
            let hash =
                self.agent.key.hash("identity", &[resource_type.as_bytes(), known.key.as_bytes()]);
            if hash == identity {
                found = resource.value().map(|node| (url.clone().into_owned(), node));
            }
            identities.insert(url.into_owned(), hash);
        }
        let Some((url, node)) = found else { return Ok(None) };
        let targets = references(node)
            .into_iter()
            .filter_map(|target| identities.get(&target).map(|hash| (*hash, target)))
            .collect();
        let resource = text.get(node.span()).unwrap_or_default().to_owned();
        let item = Item {
            identity,
            version: row.version,
            role: Role::Dependency,
            root: false,
            is_annulment: false,
            resource_type: row.resource_type.clone(),
            resource_id: row.resource_id.clone(),
            source_key: row.source_key.clone(),
            id_space: row.id_space.clone(),
            file: String::new(),
            line: 0,
        };
        let entry = EntryText {
            full_url: full_url.map_or(url, str::to_owned),
            resource_type: row.resource_type,
            resource,
        };
        Ok(Some((entry, targets, item)))
    }
}

/// Every `Reference.reference` in a resource.
fn references(node: Node<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![node];
    while let Some(node) = todo.pop() {
        for member in node.members() {
            match member.kind() {
                Kind::Object | Kind::Array => todo.push(member),
                Kind::String if member.key().is_some_and(|key| key == "reference") => {
                    found.extend(member.as_str().map(std::borrow::Cow::into_owned));
                }
                _ => {}
            }
        }
    }
    found
}

/// Whether a resource is an annulment.
fn is_annulled(resource: &str) -> bool {
    Document::parse(resource, &ParseOptions::strict()).is_ok_and(|document| {
        let status = document.root().member("status");
        status.and_then(Node::as_str).is_some_and(|status| status == "entered-in-error")
    })
}

/// The reason that an annulment gives.
fn reason(annulment: &str) -> Option<String> {
    let document = Document::parse(annulment, &ParseOptions::strict()).ok()?;
    let reasons = document.root().member("statusReason")?;
    let first = match reasons.kind() {
        Kind::Array => reasons.members().next()?,
        _ => reasons,
    };
    Some(first.member("text")?.as_str()?.into_owned())
}

/// The resource with `status` = `entered-in-error` and the reason in `statusReason`.
fn annulled(resource: &str, reason: Option<&str>) -> Result<String, SenderError> {
    let unusable = SenderError::Internal("a copy of a resource cannot be changed");
    let Ok(document) = Document::parse(resource, &ParseOptions::strict()) else {
        return Err(unusable);
    };
    let root = document.root();
    let concept = reason.map(|reason| {
        let mut concept = String::from(r#"{"text":"#);
        escape_into(&mut concept, reason);
        concept + "}"
    });
    let is_list =
        Element::of(root).resource_type().is_some_and(|t| t == "MedicationAdministration");
    let mut added = String::new();
    let mut edits = Edits::new();
    match root.member("status") {
        Some(status) => edits.replace_string(status.span(), "entered-in-error"),
        None => added.push_str(r#""status":"entered-in-error","#),
    }
    match (root.member("statusReason"), concept) {
        (_, None) => {}
        (Some(reasons), Some(concept)) if is_list && reasons.kind() == Kind::Array => {
            let at = reasons.span().start + 1;
            let comma = if reasons.members().next().is_some() { "," } else { "" };
            edits.replace(at..at, format!("{concept}{comma}"));
        }
        (Some(other), Some(concept)) => edits.replace(other.span(), concept),
        (None, Some(concept)) if is_list => {
            added.push_str(&format!(r#""statusReason":[{concept}],"#));
        }
        (None, Some(concept)) => added.push_str(&format!(r#""statusReason":{concept},"#)),
    }
    let inside = root.span().start + 1;
    edits.replace(inside..inside, added);
    edits.apply(resource).map_err(|_| unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_changed_the_reason_added_and_the_rest_kept_as_it_was() {
        let json = r#"{"resourceType":"MedicationAdministration", "status":"completed","dosage":{"dose":{"value":1.50}}}"#;
        assert_eq!(
            annulled(json, Some("feil \"pasient\"")).unwrap(),
            r#"{"statusReason":[{"text":"feil \"pasient\""}],"resourceType":"MedicationAdministration", "status":"entered-in-error","dosage":{"dose":{"value":1.50}}}"#
        );
        let request = r#"{"resourceType":"MedicationRequest","statusReason":{"text":"a"}}"#;
        assert_eq!(
            annulled(request, Some("b")).unwrap(),
            r#"{"status":"entered-in-error","resourceType":"MedicationRequest","statusReason":{"text":"b"}}"#
        );
        let twice = r#"{"resourceType":"MedicationAdministration","status":"x","statusReason":[{"text":"a"}]}"#;
        assert!(
            annulled(twice, Some("b"))
                .unwrap()
                .contains(r#""statusReason":[{"text":"b"},{"text":"a"}]"#)
        );
    }
}
