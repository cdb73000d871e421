//! `lmr terminology status`: what is loaded, how old, how complete.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use lmr_lmdi::fest;
use lmr_validator::package::{Package, ResourceKind};
use lmr_validator::terminology::{CodeList, Content};
use serde_json::{Value, json};

use super::{EXTRACT, SOURCE, named};
use crate::clock;
use crate::output::{Language, print};
use crate::text::{Explain, fail, text};

/// Days after which a FEST list is old: it is published every 14 days, and the data are some days
/// old by then.
const FRESH_DAYS: i32 = 28;

/// Code lists of FEST that the guide binds to beside ids, numbers and ATC.
const FORMS_AND_ROUTES: [&str; 2] =
    ["urn:oid:2.16.578.1.12.4.1.1.7448", "urn:oid:2.16.578.1.12.4.1.1.7477"];

#[derive(Args)]
pub(super) struct Status {
    /// Packages that `lmr terminology import` made
    files: Vec<PathBuf>,
    /// A configuration file (sender.toml, receiver.toml) whose `terminology` names them
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Language of the texts, given for all commands
    #[arg(skip)]
    lang: Language,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// A code list that is loaded.
struct Loaded {
    file: PathBuf,
    list: CodeList,
    age_days: Option<i32>,
}

impl Status {
    pub(super) fn run(mut self, lang: Language) -> anyhow::Result<ExitCode> {
        self.lang = lang;
        let mut files = self.files.clone();
        if let Some(config) = &self.config {
            files.extend(configured(config)?);
        }
        if files.is_empty() && self.config.is_none() {
            fail!(
                "oppgi pakkene, eller med --config en konfigurasjonsfil som navngir dem",
                "name the packages, or with --config a configuration file that names them"
            );
        }
        let today = clock::oslo(clock::now()).date();
        let mut loaded = Vec::new();
        for file in files {
            let package = Package::open(&file)?;
            for text in package.texts(ResourceKind::CodeSystem) {
                let list = CodeList::from_code_system(text)
                    .explain(|| text!("{file}", "{file}", file = file.display()))?;
                let age_days = list.version.as_deref().and_then(|version| age(version, today));
                loaded.push(Loaded { file: file.clone(), list, age_days });
            }
        }
        let missing: Vec<&str> = fest::SYSTEMS
            .into_iter()
            .chain(FORMS_AND_ROUTES)
            .filter(|url| !loaded.iter().any(|one| one.list.url == *url))
            .collect();
        let text = match self.format {
            Format::Json => {
                let lists: Vec<Value> = loaded.iter().map(Loaded::json).collect();
                format!("{}\n", json!({"lists": lists, "missing": missing}))
            }
            Format::Text => self.text(&loaded, &missing)?,
        };
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }

    fn text(&self, loaded: &[Loaded], missing: &[&str]) -> anyhow::Result<String> {
        let nb = self.lang == Language::Bokmal;
        let mut out = String::new();
        let mut file = None;
        for one in loaded {
            if file != Some(&one.file) {
                writeln!(out, "{}", one.file.display())?;
                file = Some(&one.file);
            }
            let list = &one.list;
            writeln!(out, "  {}", named(&list.title, &list.url))?;
            let (active, inactive) = (list.active(), list.len() - list.active());
            let extent = match (list.content, nb) {
                (Content::Complete, true) => "fullstendig: en ukjent kode er en feil",
                (Content::Complete, false) => "complete: an unknown code is an error",
                (_, true) => "en del: en ukjent kode gir advarsel",
                (_, false) => "a part: an unknown code gives a warning",
            };
            match self.lang {
                Language::Bokmal => {
                    writeln!(out, "    {active} koder, {inactive} utgåtte; {extent}")?;
                }
                Language::English => {
                    writeln!(out, "    {active} codes, {inactive} withdrawn; {extent}")?;
                }
            }
            if let Some(version) = &list.version {
                let age = match (one.age_days, nb) {
                    (None, _) => String::new(),
                    (Some(days), true) => format!(", {days} dager gammel"),
                    (Some(days), false) => format!(", {days} days old"),
                };
                let stale = match (one.is_stale(), nb) {
                    (false, _) => "",
                    (true, true) => " (ADVARSEL: FEST kommer hver 14. dag; hent ny fil)",
                    (true, false) => {
                        " (WARNING: FEST is published every 14 days; fetch a new file)"
                    }
                };
                let name = if nb { "versjon" } else { "version" };
                writeln!(out, "    {name} {version}{age}{stale}")?;
            }
            let source: Vec<&str> =
                [list.tag(SOURCE), list.tag(EXTRACT)].into_iter().flatten().collect();
            if !source.is_empty() {
                let name = if nb { "kilde" } else { "source" };
                writeln!(out, "    {name} {}", source.join(", "))?;
            }
        }
        if loaded.is_empty() {
            writeln!(
                out,
                "{}",
                if nb { "ingen kodelister er lastet" } else { "no code lists are loaded" }
            )?;
        }
        if !missing.is_empty() {
            let heading = if nb {
                "ikke lastet, så kodene blir ikke kontrollert mot en liste:"
            } else {
                "not loaded, so their codes are not checked against a list:"
            };
            writeln!(out, "{heading}")?;
            for url in missing {
                writeln!(out, "  {url}")?;
            }
        }
        Ok(out)
    }
}

impl Loaded {
    fn is_stale(&self) -> bool {
        self.list.tag(SOURCE).is_some_and(|source| source.starts_with("fest"))
            && self.age_days.is_some_and(|days| days > FRESH_DAYS)
    }

    fn json(&self) -> Value {
        let list = &self.list;
        json!({
            "file": self.file.display().to_string(),
            "url": list.url,
            "title": list.title,
            "version": list.version,
            "ageDays": self.age_days,
            "stale": self.is_stale(),
            "content": if list.content == Content::Complete { "complete" } else { "fragment" },
            "codes": list.active(),
            "inactive": list.len() - list.active(),
            "source": list.tag(SOURCE),
            "extract": list.tag(EXTRACT),
            "valueSet": list.value_set,
        })
    }
}

/// Days since the date with which a version begins (`2026-09-08T03:09:06`), if it does.
fn age(version: &str, today: Date) -> Option<i32> {
    let date: Date = version.get(..10)?.parse().ok()?;
    Some((today - date).get_days())
}

/// The packages that a configuration file names, whichever program it is for.
fn configured(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (table, folder) = crate::config::read::<toml::Table>(path)?;
    if !table.contains_key("source") && !table.contains_key("listen") {
        fail!(
            "{path} er verken et mottaks (uten listen) eller en avsenders (uten source)",
            "{path} is neither a receiver's (no listen) nor a sender's (no source)",
            path = path.display()
        );
    }
    let Some(files) = table.get("terminology") else { return Ok(Vec::new()) };
    let files: Vec<PathBuf> = files
        .clone()
        .try_into()
        .explain(|| text!("{path}: terminology", "{path}: terminology", path = path.display()))?;
    Ok(files.iter().map(|file| folder.join(file)).collect())
}
