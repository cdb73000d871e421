//! What is stored, written out as files. Recorded before it is done.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;
use lmr_identifiers::OrganisationNumber;
use lmr_intake::{Action, ArchiveFilter, ArchivedMessage, Asked, Database, resources_of};
use lmr_lmdi::RuleSetId;
use serde_json::{Value, json};

use super::archive::{
    SOMETHING_UNREADABLE, can_be_made, check_reason, complain_of_unreadable, each_message,
    new_file, record,
};
use super::senders::Senders;
use super::{Format, View, operator, organisation_number, since};
use crate::clock;
use crate::output::{complain, print};
use crate::text::{Explain, Text, fail, text};

#[derive(Args)]
pub(super) struct Export {
    /// The folder to write to; made if it is not there, and empty
    folder: PathBuf,
    /// Why, for the audit log
    #[arg(long)]
    reason: String,
    /// Only this sender's
    #[arg(long)]
    sender: Option<String>,
    /// Only this FHIR resource type; may be repeated
    #[arg(long = "type")]
    types: Vec<String>,
    /// Only what was received on or after this day (Norwegian time)
    #[arg(long)]
    since: Option<Date>,
    /// Every version, not only the newest of each resource
    #[arg(long)]
    all_versions: bool,
}

impl Export {
    pub(super) async fn run(&self, senders: &Senders) -> anyhow::Result<ExitCode> {
        let (store, view) = (&*senders.store, senders.view);
        let cannot_write = || cannot_write_to(&self.folder);
        check_reason(Some(&self.reason))?;
        // A slip would give an empty folder, which reads as the answer.
        let types: BTreeSet<&str> =
            RuleSetId::ALL.iter().flat_map(|set| set.profiles()).map(|(name, _)| *name).collect();
        if let Some(unknown) = self.types.iter().find(|name| !types.contains(name.as_str())) {
            let types: Vec<&str> = types.into_iter().collect();
            fail!(
                "{unknown} er ikke en ressurstype som registeret tar imot: {types}",
                "{unknown} is not a resource type that the register takes: {types}",
                types = types.join(", ")
            );
        }
        let filter = ArchiveFilter {
            sender: self.sender.as_deref().map(organisation_number).transpose()?,
            since: since(self.since)?,
            ..Default::default()
        };
        senders.must_know(filter.sender).await?;
        // After all that is refused: a folder that is left behind empty reads as an export.
        if self.folder.exists() && !self.folder.is_dir() {
            fail!(
                "{path} er ikke en mappe: oppgi en tom mappe, eller en som ikke finnes",
                "{path} is not a folder: name an empty folder, or one that is not there",
                path = self.folder.display()
            );
        }
        new_folder(&self.folder).explain(cannot_write)?;
        if std::fs::read_dir(&self.folder).explain(cannot_write)?.next().is_some() {
            fail!(
                "{path} er ikke tom: eksporten skal ikke blandes med noe annet",
                "{path} is not empty: the export must not be mixed with anything else",
                path = self.folder.display()
            );
        }
        let detail = format!(
            "{}; types: {}; since: {}",
            if self.all_versions { "all versions" } else { "newest versions" },
            if self.types.is_empty() { "all".to_owned() } else { self.types.join(", ") },
            self.since.map_or_else(|| "-".to_owned(), |day| day.to_string()),
        );
        let subject = filter.sender.map(|sender| sender.to_string());
        can_be_made(&self.folder.join("manifest.json"))?;
        record(store, Action::Export, &operator(), subject, Some(&self.reason), detail.clone())
            .await?;
        let mut exporting = Exporting {
            wanted: self,
            store,
            view,
            files: Files { folder: &self.folder, open: BTreeMap::new() },
            without: BTreeSet::new(),
            gone: 0,
            unreadable: Vec::new(),
        };
        each_message(store, filter, async |message| exporting.add(&message).await).await?;
        let Exporting { files, without, gone, unreadable, .. } = exporting;
        let gone = gone + without.len() as u64;
        let manifest = json!({
            "exportedAt": clock::now().to_string(),
            "operator": operator(),
            "reason": self.reason,
            "what": detail,
            "resources": files.finish()?,
            "withoutContent": gone,
            "unreadableMessages": unreadable,
        });
        let mut file = new_file(&self.folder.join("manifest.json")).explain(cannot_write)?;
        writeln!(file, "{manifest:#}").explain(cannot_write)?;
        summary(&manifest, gone, view)
    }
}

/// Makes a folder, where it is not there, that only its owner may enter.
fn new_folder(path: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

/// What the export has, and the exit status that goes with it.
fn summary(manifest: &Value, gone: u64, view: View) -> anyhow::Result<ExitCode> {
    let counts = counts_of(manifest);
    let unreadable = manifest["unreadableMessages"].as_array().map_or(0, Vec::len);
    let status = match (unreadable, counts.is_empty()) {
        (1.., _) => ExitCode::from(SOMETHING_UNREADABLE),
        (0, is_empty) => ExitCode::from(u8::from(is_empty)),
    };
    if view.format == Format::Json {
        print(&format!("{manifest}\n"))?;
        return Ok(status);
    }
    let mut out = String::new();
    for (resource_type, count) in &counts {
        out.push_str(&format!("{count:>9}  {resource_type}.ndjson\n"));
    }
    if gone > 0 {
        let of = text!(
            "{gone:>9}  uten innhold: fjernet for alderens skyld eller slettet\n",
            "{gone:>9}  without content: removed for their age, or erased\n"
        );
        out.push_str(of.get(view.lang));
    }
    if !counts.is_empty() {
        out.push_str(view.say(
            "Filene holder helseopplysninger i klartekst: ta vare på dem deretter.\n",
            "The files hold health data in plain text: keep them accordingly.\n",
        ));
    }
    print(&out)?;
    if unreadable > 0 {
        let not_whole = text!(
            "eksporten er ikke hel: {unreadable} meldinger kunne ikke leses; de er nevnt over og i manifest.json",
            "the export is not whole: {unreadable} messages could not be read; they are named above and in manifest.json"
        );
        complain(not_whole.get(view.lang));
    } else if counts.is_empty() {
        complain(view.say(
            "ingenting er eksportert: det finnes ikke innhold som dette gjelder",
            "nothing was exported: there is no content that this asks for",
        ));
    }
    Ok(status)
}

/// An export that is going on.
struct Exporting<'e> {
    wanted: &'e Export,
    store: &'e dyn Database,
    view: View,
    files: Files<'e>,
    /// Resources whose newest version has lost its content. A message that came later may have the same content.
    without: BTreeSet<(OrganisationNumber, String)>,
    /// Older versions without content.
    gone: u64,
    unreadable: Vec<Value>,
}

impl Exporting<'_> {
    async fn add(&mut self, message: &ArchivedMessage) -> anyhow::Result<()> {
        if let Some(what) = message.unreadable {
            complain_of_unreadable(message, what, self.view);
            self.unreadable.push(json!({
                "sender": message.sender.to_string(),
                "messageId": message.message_id,
                "receivedAt": message.received_at.to_string(),
                "what": what,
            }));
            return Ok(());
        }
        let mut brought = BTreeSet::new();
        for version in &message.versions {
            brought.insert(version.entry);
            let is_wanted = self.wanted.is_of(&version.resource_type)
                && (self.wanted.all_versions || version.is_newest);
            if !is_wanted {
                continue;
            }
            match message.resource(version) {
                Some(resource) => self.files.write(&version.resource_type, resource)?,
                None if version.is_newest => {
                    self.without.insert((message.sender, version.resource_id.clone()));
                }
                None => self.gone += 1,
            }
        }
        self.add_what_came_again(message, &brought).await
    }

    /// Takes from this message what came again unchanged in it and whose first message has lost its content: it is as
    /// current as this message is.
    async fn add_what_came_again(
        &mut self,
        message: &ArchivedMessage,
        brought: &BTreeSet<u32>,
    ) -> anyhow::Result<()> {
        let Some(content) = &message.content else { return Ok(()) };
        let of_sender = (message.sender, String::new());
        let is_missed = self.without.range(of_sender..).next();
        if is_missed.is_none_or(|(sender, _)| *sender != message.sender) {
            return Ok(());
        }
        // One from before bundles were kept is no bundle, and has nothing but its versions.
        let Ok(mut resources) = resources_of(content) else { return Ok(()) };
        resources.retain(|one| {
            !brought.contains(&one.entry) && self.wanted.is_of(&one.identity.resource_type)
        });
        let identities: Vec<_> = resources.iter().map(|one| one.identity.clone()).collect();
        if identities.is_empty() {
            return Ok(());
        }
        let asked = Asked { identities: &identities, ..Asked::default() };
        let known = self.store.known(message.sender, asked).await?;
        for (resource, current) in resources.iter().zip(known.current) {
            let Some(current) = current else { continue };
            if current.content_hash == resource.content_hash
                && self.without.remove(&(message.sender, current.resource_id))
                && let Some(bytes) = content.get(resource.place.clone())
            {
                self.files.write(&resource.identity.resource_type, bytes)?;
            }
        }
        Ok(())
    }
}

impl Export {
    fn is_of(&self, resource_type: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|one| one == resource_type)
    }
}

/// The files of an export, one for each type.
struct Files<'e> {
    folder: &'e Path,
    open: BTreeMap<String, (BufWriter<File>, u64)>,
}

fn cannot_write_to(folder: &Path) -> Text {
    text!("kan ikke skrive {path}", "cannot write {path}", path = folder.display())
}

impl Files<'_> {
    fn write(&mut self, resource_type: &str, resource: &[u8]) -> anyhow::Result<()> {
        let folder = self.folder;
        if !self.open.contains_key(resource_type) {
            let path = folder.join(format!("{resource_type}.ndjson"));
            let file = new_file(&path).explain(|| cannot_write_to(folder))?;
            self.open.insert(resource_type.to_owned(), (BufWriter::new(file), 0));
        }
        if let Some((file, count)) = self.open.get_mut(resource_type) {
            let mut line = one_line(resource);
            line.push(b'\n');
            file.write_all(&line).explain(|| cannot_write_to(folder))?;
            *count += 1;
        }
        Ok(())
    }

    /// How many each file has, once all of them are on the disk.
    fn finish(self) -> anyhow::Result<serde_json::Map<String, Value>> {
        let mut counts = serde_json::Map::new();
        for (resource_type, (file, count)) in self.open {
            let file = file.into_inner().map_err(std::io::IntoInnerError::into_error);
            file.and_then(|file| file.sync_all()).explain(|| cannot_write_to(self.folder))?;
            counts.insert(resource_type, count.into());
        }
        Ok(counts)
    }
}

fn counts_of(manifest: &Value) -> Vec<(String, u64)> {
    let counts = manifest["resources"].as_object().into_iter().flatten();
    counts.map(|(name, count)| (name.clone(), count.as_u64().unwrap_or_default())).collect()
}

/// JSON without the white space between its tokens: strings and numbers keep their bytes.
fn one_line(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for byte in json {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' if !in_string => continue,
            b'"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && *byte == b'\\' && !escaped;
        out.push(*byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_line_keeps_strings_and_numbers_as_they_were() {
        let given = b"{ \"a\" : \"x \\\" y\\\\\" ,\n\t\"b\": [1.50, 2E+3 ] }\r\n";
        let expected = b"{\"a\":\"x \\\" y\\\\\",\"b\":[1.50,2E+3]}";
        assert_eq!(one_line(given), expected);
    }
}
