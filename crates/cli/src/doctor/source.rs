//! The source: whether there is something in it, whether it can be used, and whether the rule set fits.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;

use lmr_fhir::{Document, Language, Node, ParseOptions};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{CheckOptions, RuleSet, RuleSetId};
use lmr_sender::source::{FileError, PassedOverKind, Scope};
use lmr_sender::wording::counted;

use super::Checks;
use crate::clock;
use crate::config::database_address::{has_no_effect, without_effect};
use crate::config::sender::SenderConfig;
use crate::config::source::{SourceSection, SourceTable};
use crate::text::{Text, text};

/// How many resources of each type are checked against the rule sets.
const SAMPLE: usize = 25;

/// How many single issues are named.
const NAMED: usize = 5;

/// Whether finished files can be put where a run puts them. Makes no folder.
fn archives(config: &SenderConfig, folder: &Path, checks: &mut Checks) {
    let SourceSection::Tables(tables) = &config.source else { return };
    for table in tables {
        let SourceTable::Folder(of) = table else { continue };
        let Some(archive) = &of.archive else { continue };
        let archive = folder.join(archive);
        let what = text!("archive {path}", "archive {path}", path = archive.display());
        // The nearest folder that is there: a run makes those below it.
        let there = archive.ancestors().find(|path| path.symlink_metadata().is_ok());
        let there = there.unwrap_or(&archive);
        let writes = |folder: &Path| -> Result<(), FileError> {
            if folder.metadata().is_ok_and(|there| !there.is_dir()) {
                let path = folder.display().to_string();
                return Err(FileError::ArchiveNotAFolder { path });
            }
            // The library names its own scratch file, which says nothing to anybody.
            let plain = |error: std::io::Error| std::io::Error::from(error.kind());
            let made = tempfile::Builder::new().prefix(".lmr-doctor-").tempfile_in(folder);
            Ok(made.map(drop).map_err(plain)?)
        };
        // What is moved away is removed where it was.
        let from = folder.join(&of.path);
        let moves = !of.archive_copy && from.is_dir();
        let tried = writes(there).map_err(|error| (there, error));
        match tried
            .and_then(|()| if moves { writes(&from) } else { Ok(()) }.map_err(|e| (&*from, e)))
        {
            Err((path, error)) => {
                let path = path.display();
                let text = Text::of(|language| {
                    let place = match language {
                        Language::Bokmal => "kan ikke skrive i",
                        Language::English => "cannot write in",
                    };
                    format!("{}: {place} {path}: {}", what.get(language), error.text(language))
                });
                checks.fail("source.archive", text, None);
            }
            Ok(()) if there == archive => checks.ok("source.archive", what),
            Ok(()) => checks.ok(
                "source.archive",
                text!(
                    "archive {path} blir laget når den første filen legges der",
                    "archive {path} is made when the first file is put there",
                    path = archive.display()
                ),
            ),
        }
    }
}

/// Reads the source as a run does, and checks a sample of it against every rule set.
pub(super) fn examine(config: &SenderConfig, folder: &Path, checks: &mut Checks) {
    let source = match crate::send::source(config, folder) {
        Ok(source) => source,
        Err(error) => return checks.error("source", &text!("kilden", "source"), &error),
    };
    if let SourceSection::Tables(tables) = &config.source {
        for table in tables {
            let SourceTable::Table(of) = table else { continue };
            let names = of.database_url.as_deref().map(without_effect).unwrap_or_default();
            if !names.is_empty() {
                let key = format!("source {}: database_url", table.name());
                let (found, remedy) = has_no_effect(&key, &names);
                checks.warn("source.parameters", found, remedy);
            }
        }
    }
    archives(config, folder, checks);
    let what = text!("kilden {name}", "source {name}", name = source.name());
    let mut sample: Vec<(String, String)> = Vec::new();
    let (mut there, mut referred) = (HashSet::new(), Vec::new());
    let hashes = RandomState::new();
    let scanned = source.scan(Scope::All, &mut |found| {
        if let Some(id) = found.node.member("id").and_then(Node::as_str) {
            there.insert(hashes.hash_one(format!("{}/{id}", found.resource_type)));
        }
        let of_type = sample.iter().filter(|(name, _)| name == found.resource_type).count();
        if of_type < SAMPLE {
            sample.push((found.resource_type.to_owned(), found.node.raw().to_owned()));
            references(found.node, &mut referred);
        }
        Ok(())
    });
    let scanned = match scanned {
        Ok(scanned) => scanned,
        Err(error) => {
            let text = Text {
                nb: format!("{}: {}", what.nb, error.cause.text(Language::Bokmal)),
                en: format!("{}: {}", what.en, error.cause.text(Language::English)),
            };
            return checks.fail("source", text, None);
        }
    };
    // Nothing was said of a time, so that every source was asked for all it has.
    let is_empty = scanned.resources == 0 && !config.is_incremental();
    if is_empty || !scanned.empty_in_full.is_empty() {
        checks.fail(
            "source",
            Text {
                nb: format!("{}: ingen ressurser", what.nb),
                en: format!("{}: no resources", what.en),
            },
            Some(nothing_found(&config.source)),
        );
    } else {
        let (files, resources) = (scanned.files, scanned.resources);
        checks.ok(
            "source",
            Text {
                nb: format!(
                    "{}: {resources} {} i {files} {}",
                    what.nb,
                    counted(resources as u64, "ressurs", "ressurser"),
                    counted(files as u64, "fil", "filer")
                ),
                en: format!(
                    "{}: {resources} {} in {files} {}",
                    what.en,
                    counted(resources as u64, "resource", "resources"),
                    counted(files as u64, "file", "files")
                ),
            },
        );
    }
    for issue in scanned.issues.iter().take(NAMED) {
        checks.fail("source.files", Text::of(|language| issue.text(language)), None);
    }
    if let Some(more) = scanned.issues.len().checked_sub(NAMED).filter(|more| *more > 0) {
        checks.fail(
            "source.files",
            text!("og {more} til i kilden", "and {more} more in the source"),
            None,
        );
    }
    for passed in &scanned.passed_over {
        let (nb, en, remedy) = if passed.kind == PassedOverKind::Unfinished {
            (
                "er under skriving",
                ("file is still being written", "files are still being written"),
                text!(
                    "de tas med i neste overføring; er skrivingen avbrutt, må eksporten kjøres på nytt",
                    "they go with the next transfer; if writing broke off, run the export again"
                ),
            )
        } else if passed.kind.may_be_data() {
            (
                "blir ikke lest",
                ("file is not read", "files are not read"),
                text!(
                    "det som leses, er .json, .ndjson, .jsonl og .xml, også som .gz og i .zip; gi filen nytt navn",
                    "what is read is .json, .ndjson, .jsonl and .xml, also as .gz and in .zip; rename the file"
                ),
            )
        } else {
            // Hidden files, README files and second links are passed over on purpose.
            continue;
        };
        let (count, example) = (passed.count, &passed.example);
        let found = Text {
            nb: format!("{count} {} {nb}, f.eks. {example}", counted(count as u64, "fil", "filer")),
            en: format!("{count} {}, e.g. {example}", counted(count as u64, en.0, en.1)),
        };
        checks.warn("source.files", found, remedy);
    }
    // Such a source may have given them before, or somebody may have put their files away.
    if !config.is_incremental() {
        referred.retain(|reference| !there.contains(&hashes.hash_one(reference)));
        dangling(&referred, checks);
    }
    fits(&sample, config.ruleset, checks);
}

/// What a resource refers to by type and id, wherever in it.
fn references(node: Node<'_>, found: &mut Vec<String>) {
    if node.name() == Some("reference")
        && let Some(reference) = node.as_str()
        && let Some((kind, id)) = reference.split_once('/')
        && !id.is_empty()
        && !id.contains('/')
        && kind.starts_with(|first: char| first.is_ascii_uppercase())
        && !kind.contains(':')
    {
        found.push(reference.into_owned());
    }
    node.members().for_each(|inner| references(inner, found));
}

/// Resources of the sample that refer to what the source does not have: each would be held back.
fn dangling(referred: &[String], checks: &mut Checks) {
    let Some(first) = referred.first() else { return };
    let (count, kind) = (referred.len(), first.split('/').next().unwrap_or_default());
    checks.warn(
        "source.references",
        Text {
            nb: format!(
                "{count} {} (i et utvalg) fører til noe som ikke er i kilden, den første til en {kind}",
                counted(count as u64, "referanse", "referanser")
            ),
            en: format!(
                "{count} {} to what is not in the source, the first to a {kind}",
                counted(
                    count as u64,
                    "reference (in a sample) leads",
                    "references (in a sample) lead"
                )
            ),
        },
        text!(
            "ressurser som viser til noe som mangler, holdes tilbake (LMR-3030): ta med det de viser til; \
             lmr send run --dry-run viser alle",
            "resources that refer to what is missing are held back (LMR-3030): include what they refer to; \
             lmr send run --dry-run shows all"
        ),
    );
}

/// What to do about a source without resources, by what is configured.
fn nothing_found(source: &SourceSection) -> Text {
    let kind = |kind: &SourceTable| match kind {
        SourceTable::Folder(_) => text!(
            "skriv eksporten til mappen som .json, .ndjson eller .xml før hver kjøring; virker eksportjobben?",
            "write the export to the folder as .json, .ndjson or .xml before each run; does the export job work?"
        ),
        SourceTable::Table(table) if table.path.is_some() => text!(
            "CSV-filene har ingen rader som mappingen lager noe av: lmr send map viser de første radene",
            "the CSV files have no rows that the mapping makes anything of: lmr send map shows the first ones"
        ),
        SourceTable::Table(_) => text!(
            "spørringen gir ingen rader som mappingen lager noe av: kjør den i databasen, og se lmr send map",
            "the query gives no rows that the mapping makes anything of: run it in the database, and see lmr send map"
        ),
        SourceTable::Fhir(_) => text!(
            "FHIR-serveren finner ingenting: prøv søkene i search mot den, med samme bruker eller klient",
            "the FHIR server finds nothing: try the searches of `search` there, as the same user or client"
        ),
    };
    let tables = match source {
        SourceSection::Folder(_) => {
            return text!(
                "skriv eksporten dit som .json, .ndjson eller .xml før hver kjøring; virker eksportjobben?",
                "write the export there as .json, .ndjson or .xml before each run; does the export job work?"
            );
        }
        SourceSection::Tables(tables) => tables,
    };
    match tables.as_slice() {
        [table] => kind(table),
        tables => Text::of(|language| {
            let of_each = tables
                .iter()
                .map(|table| format!("{}: {}", table.name(), kind(table).get(language)));
            of_each.collect::<Vec<_>>().join("; ")
        }),
    }
}

/// Whether the sample goes with the rule set, and if not, which one it goes with.
fn fits(sample: &[(String, String)], wanted: RuleSetId, checks: &mut Checks) {
    if sample.is_empty() {
        return;
    }
    let refused = |id: RuleSetId| -> anyhow::Result<usize> {
        let rules = RuleSet::get(id)?;
        let options = CheckOptions::at(clock::now());
        let refuses = |text: &str| {
            Document::parse_bytes(text.as_bytes(), &ParseOptions::lenient()).is_ok_and(|d| {
                // Types that the guide does not take are left in the source, not held back.
                let holds = |finding: &lmr_lmdi::Finding| {
                    finding.refuses() && finding.code != Code::ResourceKindNotAllowed
                };
                rules.check_resource(&d, &options).iter().any(holds)
            })
        };
        Ok(sample.iter().filter(|(_, text)| refuses(text)).count())
    };
    let (name, all) = (wanted.as_str(), sample.len());
    let what = text!("regelsettet {name}", "rule set {name}");
    let count = match refused(wanted) {
        Ok(count) => count,
        Err(error) => return checks.error("ruleset", &what, &error),
    };
    if count == 0 {
        return checks.ok(
            "ruleset",
            text!("kilden passer til regelsettet {name}", "the source fits the rule set {name}"),
        );
    }
    let found = Text {
        nb: format!(
            "{count} av {all} {} (et utvalg) ville bli holdt tilbake etter {name}",
            counted(all as u64, "ressurs", "ressurser")
        ),
        en: format!(
            "{count} of {all} {} (a sample) would be held back by {name}",
            counted(all as u64, "resource", "resources")
        ),
    };
    let better = RuleSetId::ALL
        .into_iter()
        .filter(|id| *id != wanted)
        .filter_map(|id| Some((id, refused(id).ok()?)))
        .min_by_key(|(_, refused)| *refused)
        .filter(|(_, refused)| refused * 4 < count);
    match better {
        Some((id, _)) => checks.fail("ruleset", found, Some(text!(
            "ressursene ser ut til å følge {id}: rett ruleset i konfigurasjonen, eller eksporten",
            "the resources seem to follow {id}: correct ruleset in the configuration, or the export",
            id = id.as_str()
        ))),
        None => checks.warn("ruleset", found, text!(
            "lmr validate --ruleset {name} viser hva som er galt",
            "lmr validate --ruleset {name} shows what is wrong"
        )),
    }
}
