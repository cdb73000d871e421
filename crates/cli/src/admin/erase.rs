//! A person's resources and number, taken out of everything that is stored. Recorded before it is done.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use lmr_identifiers::{NationalIdentityNumber, OrganisationNumber, systems};
use lmr_intake::{
    Action, ArchiveFilter, ArchivedMessage, Asked, Database, Erasure, Identity, Removed, Rewritten,
    StoreError, blank,
};
use lmr_lmdi::RuleSetId;
use lmr_lmdi::person::{has_number, mask_number, places_of_person};

use super::archive::{
    SOMETHING_UNREADABLE, check_reason, complain_of_unreadable, each_message, print_counts,
    print_removed, record,
};
use super::senders::Senders;
use super::{View, operator, organisation_number};
use crate::output::{complain, read};
use crate::text::{because, fail, text};

#[derive(Args)]
pub(super) struct Erase {
    /// File with the person's number; - is standard input. An argument would stay in the shell's history
    number: PathBuf,
    /// Why, for the audit log
    #[arg(long)]
    reason: String,
    /// Only of this sender's messages
    #[arg(long)]
    sender: Option<String>,
    /// Count what would be erased, erase nothing
    #[arg(long)]
    dry_run: bool,
}

impl Erase {
    pub(super) async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let (store, view) = (&*senders.store, senders.view);
        // The number itself in place of its file must not come back in what is printed, mistyped or with blanks either.
        let named = self.number.to_str().unwrap_or_default();
        let is_number = named.chars().filter(char::is_ascii_digit).count() >= 9
            && named.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '\u{a0}'));
        if is_number && !self.number.exists() {
            fail!(
                "oppgi en fil som har nummeret, eller - for standard inn; selve nummeret blir liggende i skallets historikk, så \
                 slett det der",
                "name a file that has the number, or - for standard input; the number itself stays in the shell's history, so \
                 remove it there"
            );
        }
        let bytes = zeroize::Zeroizing::new(read(&self.number)?);
        // Editors on Windows begin a file with a byte order mark, and people write a blank before the last five digits.
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let text = text.trim_start_matches('\u{feff}').trim();
        let is_blank = |c: &char| matches!(c, ' ' | '\u{a0}');
        let number =
            zeroize::Zeroizing::new(text.chars().filter(|c| !is_blank(c)).collect::<String>());
        let number = number.as_str();
        if number.lines().count() > 1 {
            fail!(
                "{path} har flere linjer: gi én fil for hvert nummer. Ingenting er slettet",
                "{path} has several lines: give a file for each number. Nothing was erased",
                path = self.number.display()
            );
        }
        if number.is_empty() {
            fail!(
                "{path} har ikke noe nummer",
                "{path} has no number",
                path = self.number.display()
            );
        }
        // Whatever is not one is nobody's, and an answer of nothing removed would hide the slip.
        if NationalIdentityNumber::parse(number).is_err() {
            fail!(
                "det som står i {path}, er ikke et fødselsnummer eller D-nummer: elleve sifre, med en dato som finnes og \
                 riktige kontrollsifre. Ingenting er slettet",
                "what {path} has is not a national identity number or D-number: eleven digits, with a date that exists \
                 and right check digits. Nothing was erased",
                path = self.number.display()
            );
        }
        check_reason(Some(&self.reason))?;
        let sender = self.sender.as_deref().map(organisation_number).transpose()?;
        senders.must_know(sender).await?;
        let mut erasing = Erasing {
            store,
            number,
            subject: sender.map(|sender| sender.to_string()),
            reason: &self.reason,
            is_recorded: false,
            dry_run: self.dry_run,
            removed: Removed::default(),
            would: WouldBeErased::default(),
            unsearched: Vec::new(),
            unreadable: 0,
            view,
            without_content: 0,
            in_ids: 0,
        };
        // Whoever asks learns whether the person is there, whatever is erased.
        erasing.record(Action::Read, "looked for a person").await?;
        if let Err(error) = erasing.go_through(sender).await {
            return Err(erasing.broken_off(error)?);
        }
        let Erasing { mut removed, would, unsearched, unreadable, without_content, in_ids, .. } =
            erasing;
        if self.dry_run {
            removed = would.count(store).await?;
            print_counts(removed, view, view.say("ville fjerne", "would remove"))?;
        } else {
            print_removed(removed, view)?;
        }
        // All that is left is named, whichever comes first.
        if let Some(first) = unsearched.first() {
            let text = text!(
                "{count} meldinger fra før bundler ble oppbevart, er ikke gjennomsøkt; den første er {first}",
                "{count} messages from before bundles were kept were not searched; the first is {first}",
                count = unsearched.len()
            );
            complain(text.get(view.lang));
        }
        if in_ids > 0 {
            let text = text!(
                "{in_ids} meldinger har nummeret i meldings-id-en, som kvitteringer og revisjonslogg beholder: det er ikke slettet",
                "{in_ids} messages have the number in their message id, which receipts and the audit log keep: it was not erased"
            );
            complain(text.get(view.lang));
        }
        if unreadable > 0 {
            let text = text!(
                "{unreadable} meldinger kunne ikke leses, og er ikke gjennomsøkt; de er nevnt over. Det som er om personen i dem, \
                 er ikke slettet",
                "{unreadable} messages could not be read, and were not searched; they are named above. What they have of the \
                 person was not erased"
            );
            complain(text.get(view.lang));
        }
        if in_ids > 0 || unreadable > 0 || !unsearched.is_empty() {
            return Ok(ExitCode::from(SOMETHING_UNREADABLE));
        }
        if removed.messages == 0 {
            let nobody = if without_content == 0 {
                text!(
                    "ingen i de lagrede meldingene har dette nummeret",
                    "nobody in the stored messages has this number"
                )
            } else {
                text!(
                    "nummeret er ikke i noen bundle eller noe svar som er lagret; av {without_content} meldinger uten innhold \
                     er det bare søkt i svarene og i det som ressurser gjenkjennes ved",
                    "the number is in no bundle and no answer that is stored; of {without_content} messages without content \
                     only the answers and what resources are recognised by were searched"
                )
            };
            complain(nobody.get(view.lang));
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A person who is being erased, or looked for.
struct Erasing<'a> {
    store: &'a dyn Database,
    number: &'a str,
    /// Whose messages, for the audit log. Never the number: the log is kept longer than what it tells of.
    subject: Option<String>,
    reason: &'a str,
    dry_run: bool,
    /// Whether the erasure is in the audit log.
    is_recorded: bool,
    removed: Removed,
    would: WouldBeErased,
    /// From before bundles were kept: what refers to whom is not known any more.
    unsearched: Vec<String>,
    /// Messages that are damaged, each named when it was met.
    unreadable: u64,
    view: View,
    without_content: u64,
    /// Messages whose id has the number.
    in_ids: u64,
}

impl Erasing<'_> {
    async fn record(&self, action: Action, detail: &str) -> anyhow::Result<()> {
        let (subject, reason) = (self.subject.clone(), Some(self.reason));
        record(self.store, action, &operator(), subject, reason, detail.to_owned()).await
    }

    async fn go_through(&mut self, only: Option<OrganisationNumber>) -> anyhow::Result<()> {
        let store = self.store;
        let filter = ArchiveFilter { sender: only, answers: true, ..Default::default() };
        each_message(store, filter, async |message| self.look_at(message).await).await?;
        let all = store.known_senders().await?;
        for sender in all.into_iter().filter(|one| only.is_none_or(|only| only == *one)) {
            self.forget_without_content(sender).await?;
        }
        Ok(())
    }

    /// Says how far it came, and gives the error that goes with it: what is erased is erased, and the rest is still there.
    fn broken_off(&self, error: anyhow::Error) -> anyhow::Result<anyhow::Error> {
        if !self.is_recorded {
            return Ok(error);
        }
        print_removed(self.removed, self.view)?;
        Ok(because(
            error,
            text!(
                "slettingen stanset midt i: det som er talt over, er slettet, resten er der ennå. Kjør den samme kommandoen \
                 igjen når årsaken er borte",
                "the erasure ended in the middle: what is counted above was erased, the rest is still there. Run the same \
                 command again when the cause is gone"
            ),
        ))
    }

    /// Names a message that is damaged and goes on behind it.
    fn pass_over(&mut self, message: &ArchivedMessage, what: &str) {
        complain_of_unreadable(message, what, self.view);
        self.unreadable += 1;
    }

    /// Takes the person out of a message.
    async fn look_at(&mut self, mut message: ArchivedMessage) -> anyhow::Result<()> {
        if let Some(what) = message.unreadable {
            self.in_ids += u64::from(has_number(&message.message_id, self.number));
            self.pass_over(&message, what);
            return Ok(());
        }
        self.without_content += u64::from(message.content.is_none());
        self.in_ids += u64::from(has_number(&message.message_id, self.number));
        while let Some(erasure) = self.erasure_of(&message) {
            if self.erase(&message, erasure).await? {
                break;
            }
            // Somebody else was erased in it meanwhile.
            let filter = ArchiveFilter {
                sender: Some(message.sender),
                message_id: Some(message.message_id.clone()),
                answers: true,
                ..Default::default()
            };
            let Some(again) = self.store.archived(&filter).await?.into_iter().next() else { break };
            message = again;
            if let Some(what) = message.unreadable {
                self.pass_over(&message, what);
                break;
            }
        }
        Ok(())
    }

    /// What of a message is to go; `None` where it has nothing of the person.
    fn erasure_of(&mut self, message: &ArchivedMessage) -> Option<Erasure> {
        let mut entries = Vec::new();
        let mut content = None;
        if let Some(read) = &message.content {
            match places_of_person(read, self.number) {
                Ok(places) => {
                    let mut left = read.clone();
                    entries.extend(
                        places.iter().map(|(entry, _)| u32::try_from(*entry).unwrap_or(u32::MAX)),
                    );
                    blank(&mut left, places.into_iter().map(|(_, place)| place));
                    // Addresses of entries, and what else is beside the resources.
                    mask_number(&mut left, self.number);
                    content = Some(Rewritten { read: read.clone(), left });
                }
                Err(_) if self.unsearched.last() == Some(&message.message_id) => {}
                Err(_) => self.unsearched.push(message.message_id.clone()),
            }
        }
        let answer = message.answer.as_ref().map(|read| {
            let mut left = read.clone();
            mask_number(&mut left, self.number);
            Rewritten { read: read.clone(), left }
        });
        let changed = |text: &Rewritten| text.read != text.left;
        let (content, answer) = (content.filter(changed), answer.filter(changed));
        for version in message.versions.iter().filter(|version| version.place.is_none()) {
            let is_theirs =
                version.patient.as_ref().is_some_and(|one| has_number(&one.key, self.number));
            if is_theirs && !entries.contains(&version.entry) {
                entries.push(version.entry);
            }
        }
        let is_something = content.is_some() || answer.is_some() || !entries.is_empty();
        let (cursor, sender) = (message.cursor, message.sender);
        is_something.then_some(Erasure { cursor, sender, content, answer, entries })
    }

    /// Erases, or counts what would be erased; `false` where the message is not what was read any more.
    async fn erase(&mut self, message: &ArchivedMessage, erasure: Erasure) -> anyhow::Result<bool> {
        if self.dry_run {
            self.would.add(message, &erasure.entries);
            return Ok(true);
        }
        if !self.is_recorded {
            self.record(Action::Erase, "the resources of a person").await?;
            self.is_recorded = true;
        }
        let some = match self.store.erase(&erasure).await {
            Ok(Some(some)) => some,
            Ok(None) => return Ok(false),
            // Damaged since it was read; nothing of it was changed.
            Err(StoreError::Damaged { what }) => {
                self.pass_over(message, what);
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        self.removed.messages += some.messages;
        self.removed.versions += some.versions;
        self.removed.resources += some.resources;
        Ok(true)
    }

    /// Forgets the person's resources whose content was removed for its age: what they are recognised by is left.
    async fn forget_without_content(&mut self, sender: OrganisationNumber) -> anyhow::Result<()> {
        let types: BTreeSet<&str> =
            RuleSetId::ALL.iter().flat_map(|set| set.profiles()).map(|(name, _)| *name).collect();
        let number = self.number;
        let keys = [
            format!("identifier:{}|{number}", systems::NATIONAL_IDENTITY_NUMBER),
            format!("identifier:{}|{number}", systems::D_NUMBER),
            format!("identifier:|{number}"),
            format!("id:{number}"),
        ];
        let identities: Vec<Identity> = types
            .iter()
            .flat_map(|name| {
                keys.iter().map(|key| Identity { resource_type: (*name).into(), key: key.clone() })
            })
            .collect();
        let asked = Asked { identities: &identities, ..Asked::default() };
        let known = self.store.known(sender, asked).await?;
        for (identity, current) in identities.iter().zip(known.current) {
            let Some(current) = current else { continue };
            if self.would.resources.contains(&(sender, current.resource_id.clone())) {
                continue;
            }
            let history =
                match self.store.history(&identity.resource_type, &current.resource_id).await {
                    Ok(history) => history,
                    // Its message was named when it was met: the resource stays with it.
                    Err(StoreError::Damaged { .. }) => {
                        self.unreadable = self.unreadable.max(1);
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
            let Some(first) = history.first() else { continue };
            let filter = ArchiveFilter {
                sender: Some(sender),
                message_id: Some(first.message_id.clone()),
                ..Default::default()
            };
            let Some(message) = self.store.archived(&filter).await?.into_iter().next() else {
                continue;
            };
            let cursor = message.cursor;
            let erasure =
                Erasure { cursor, sender, content: None, answer: None, entries: vec![first.entry] };
            self.erase(&message, erasure).await?;
        }
        Ok(())
    }
}

/// What an erasure would take away.
#[derive(Default)]
struct WouldBeErased {
    messages: u64,
    /// Versions of resources, by sender, message and entry.
    versions: BTreeSet<(OrganisationNumber, i64, u32)>,
    /// The resources that they are versions of.
    resources: BTreeSet<(OrganisationNumber, String)>,
}

impl WouldBeErased {
    /// What the store has at these entries: one that brought nothing new is no version.
    fn add(&mut self, message: &ArchivedMessage, entries: &[u32]) {
        self.messages += 1;
        for version in message.versions.iter().filter(|one| entries.contains(&one.entry)) {
            self.versions.insert((message.sender, message.cursor, version.entry));
            self.resources.insert((message.sender, version.resource_id.clone()));
        }
    }

    /// The counts that the erasure would give. A resource stays where another version of it does.
    async fn count(self, store: &dyn Database) -> anyhow::Result<Removed> {
        let senders: BTreeSet<_> = self.resources.iter().map(|(sender, _)| *sender).collect();
        let found = self.resources.len();
        let mut staying = BTreeSet::new();
        for sender in senders {
            let filter = ArchiveFilter { sender: Some(sender), ..Default::default() };
            each_message(store, filter, async |message| {
                for version in message.versions.into_iter().filter(|one| one.place.is_some()) {
                    let goes = (sender, message.cursor, version.entry);
                    let resource = (sender, version.resource_id);
                    if !self.versions.contains(&goes) && self.resources.contains(&resource) {
                        staying.insert(resource);
                    }
                }
                Ok(())
            })
            .await?;
        }
        Ok(Removed {
            messages: self.messages,
            versions: self.versions.len() as u64,
            resources: (found - staying.len()) as u64,
            ..Removed::default()
        })
    }
}
