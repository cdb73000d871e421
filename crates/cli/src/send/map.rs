//! `lmr send map`: mappings printed, checked, and tried on the first rows of a table.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use lmr_fhir::{Document, Kind, Node, ParseOptions};
use lmr_lmdi::{CheckOptions, RuleSet, RuleSetId};
use lmr_report::visible;
use lmr_sender::HashKey;
use lmr_sender::source::{
    Mapping, PassedOverKind, RowReason, Scanned, Scope, Source as _, SourceIssueKind, TableRows,
    TableSource, ready_mappings,
};
use lmr_sender::wording::counted;
use lmr_validator::definitions::Max;
use zeroize::Zeroizing;

use super::sources::{in_words, read_mapping, rows, table_mapping};
use crate::clock;
use crate::config::sender::SenderConfig;
use crate::config::source::{SourceSection, SourceTable};
use crate::output::{Language, Style, print};
use crate::text::{Explain, Failure, fail, text, unusable};

/// Most pairs of rows with the same key that are listed.
const MAX_CONTRADICTIONS: usize = 20;

/// Print, check or try a mapping from a table to resources.
///
/// Exit status: 0 all is well, 1 something is to be corrected, 2 wrong arguments or files.
#[derive(Args)]
pub(super) struct Map {
    /// Print a mapping that comes with the program; without a name, list them
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "",
          conflicts_with_all = ["check", "preview"])]
    print: Option<String>,
    /// Check the mapping: columns, codes, elements; with --table every row too
    #[arg(long)]
    check: bool,
    /// Show the first rows as resources, with what the guide says of them
    #[arg(long)]
    preview: bool,
    /// The mapping file, or the name of one that comes with the program
    #[arg(long, value_name = "FILE", conflicts_with = "source")]
    mapping: Option<PathBuf>,
    /// CSV file, or folder of CSV files
    #[arg(long, value_name = "FILE", conflicts_with = "source")]
    table: Option<PathBuf>,
    /// Mapping and table of this source in the configuration
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Value for a constant of the mapping; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    constant: Vec<String>,
    /// How many rows to show
    #[arg(long, default_value_t = 3)]
    rows: u64,
    /// The guide to check against; that of the configuration with --source, else the newest
    #[arg(long, value_parser = parse_rule_set)]
    ruleset: Option<RuleSetId>,
}

fn parse_rule_set(name: &str) -> Result<RuleSetId, Failure> {
    RuleSetId::parse(name).ok_or_else(|| {
        let names: Vec<&str> = RuleSetId::ALL.into_iter().map(RuleSetId::as_str).collect();
        let names = names.join(", ");
        unusable(text!("det som finnes, er {names}", "there are {names}"))
    })
}

/// What is to be looked at.
struct Subject {
    mapping: Mapping,
    rows: Option<TableRows>,
    rule_set: RuleSetId,
}

impl Map {
    pub(super) fn run(&self, config: &Path, language: Language) -> anyhow::Result<ExitCode> {
        if let Some(name) = &self.print {
            return print_mapping(name);
        }
        if !self.check && !self.preview {
            fail!("oppgi --print, --check eller --preview", "give --print, --check or --preview");
        }
        let mut subject = self.subject(config)?;
        for pair in &self.constant {
            let (name, value) = pair.split_once('=').explain(|| {
                text!("--constant {pair}: NAVN=VERDI", "--constant {pair}: NAME=VALUE")
            })?;
            subject.mapping.set_constant(name, value).map_err(|error| in_words(&error))?;
        }
        let mut is_well = true;
        if self.check {
            is_well &= check(&subject, language)?;
        }
        if self.preview {
            is_well &= self.preview(&subject, language)?;
        }
        Ok(ExitCode::from(u8::from(!is_well)))
    }

    fn subject(&self, config: &Path) -> anyhow::Result<Subject> {
        let Some(name) = &self.source else {
            let path = self.mapping.as_ref().explain(|| {
                text!("oppgi --mapping eller --source", "give --mapping or --source")
            })?;
            return Ok(Subject {
                mapping: read_mapping(path)?,
                rows: self.table.clone().map(TableRows::Csv),
                rule_set: self.ruleset.unwrap_or(RuleSetId::LATEST),
            });
        };
        let (config, folder) = crate::config::read::<SenderConfig>(config)?;
        let tables = match &config.source {
            SourceSection::Tables(tables) => tables.as_slice(),
            SourceSection::Folder(_) => &[],
        };
        let table = tables.iter().find(|table| table.name() == *name);
        let Some(SourceTable::Table(table)) = table else {
            fail!(
                "konfigurasjonen har ingen [[source]] med kind = \"table\" og navnet {name}",
                "the configuration has no [[source]] of kind = \"table\" with the name {name}"
            );
        };
        Ok(Subject {
            mapping: table_mapping(table, &folder)?,
            rows: Some(rows(table, &folder)?),
            rule_set: self.ruleset.unwrap_or(config.ruleset),
        })
    }

    fn preview(&self, subject: &Subject, language: Language) -> anyhow::Result<bool> {
        let Some(rows) = &subject.rows else {
            fail!("--preview trenger --table", "--preview needs --table");
        };
        let source = table_source(rows, subject).first_rows(self.rows);
        let mut resources: Vec<(String, u32, String)> = Vec::new();
        let scanned = source.scan(Scope::All, &mut |found| {
            let (label, line) = (found.location.label().to_owned(), found.location.line());
            resources.push((label, line, found.node.raw().to_owned()));
            Ok(())
        });
        let scanned = match scanned {
            Ok(scanned) => scanned,
            Err(error) => return Err(unreadable(&error)),
        };
        let style = Style::for_stdout();
        let rules = RuleSet::get(subject.rule_set)?;
        // The values are shown anyway, in the resource above.
        let options = CheckOptions { redact: false, ..CheckOptions::at(clock::now()) };
        let mut out = String::new();
        let mut refused = 0;
        let mut shown = None;
        for (label, line, json) in &resources {
            if shown != Some((label, line)) {
                shown = Some((label, line));
                let row = language_text(language, "rad", "row");
                writeln!(out, "{}", style.bold(&format!("{label}, {row} {line}")))?;
            }
            let document = Document::parse(json.as_str(), &ParseOptions::strict())?;
            indented(document.root(), 0, &mut out);
            out.push('\n');
            for finding in rules.check_resource(&document, &options) {
                let text = finding.text(language);
                let line = format!("    {} {}: {text}", finding.code, finding.expression);
                let shown = if finding.refuses() { style.bad(&line) } else { style.warn(&line) };
                refused += usize::from(finding.refuses());
                writeln!(out, "{shown}")?;
            }
        }
        write_issues(&mut out, &scanned, language, style)?;
        let count = resources.len();
        match language {
            Language::Bokmal => writeln!(
                out,
                "{count} {} av de første radene, {refused} feil etter {}.",
                counted(count as u64, "ressurs", "ressurser"),
                subject.rule_set.as_str()
            )?,
            Language::English => writeln!(
                out,
                "{count} {} of the first rows, {refused} {} by {}.",
                counted(count as u64, "resource", "resources"),
                counted(refused as u64, "error", "errors"),
                subject.rule_set.as_str()
            )?,
        }
        print(&out)?;
        Ok(refused == 0 && scanned.issues.is_empty())
    }
}

/// The JSON with a member a line. Values keep their text: a dose of 1.50 is shown as that.
fn indented(node: Node<'_>, depth: usize, out: &mut String) {
    let (open, close) = match node.kind() {
        Kind::Object => ('{', '}'),
        Kind::Array => ('[', ']'),
        _ => return out.push_str(node.raw()),
    };
    out.push(open);
    let mut any = false;
    for member in node.members() {
        if std::mem::replace(&mut any, true) {
            out.push(',');
        }
        out.push('\n');
        out.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = member.key() {
            lmr_fhir::escape_into(out, &key);
            out.push_str(": ");
        }
        indented(member, depth + 1, out);
    }
    if any {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(close);
}

fn language_text(language: Language, nb: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Bokmal => nb,
        Language::English => en,
    }
}

fn print_mapping(name: &str) -> anyhow::Result<ExitCode> {
    let names = || ready_mappings().iter().map(|ready| ready.name);
    if name.is_empty() {
        print(&names().fold(String::new(), |all, name| all + name + "\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(ready) = ready_mappings().iter().find(|ready| ready.name == name) else {
        let all = names().collect::<Vec<_>>().join(", ");
        fail!("{name} følger ikke med; det gjør {all}", "{name} is not one of {all}");
    };
    print(ready.text)?;
    Ok(ExitCode::SUCCESS)
}

/// Without the configuration's key: the ids of a preview are not those of a transfer.
fn table_source(rows: &TableRows, subject: &Subject) -> TableSource {
    let key = HashKey::new(&Zeroizing::new([0; 32]));
    TableSource::new(rows.clone(), subject.mapping.clone(), key)
}

fn unreadable(error: &lmr_sender::source::SourceUnavailable) -> anyhow::Error {
    crate::text::failure(crate::text::Text::of(|language| {
        format!("{}: {}", error.name, error.cause.text(language))
    }))
}

/// Rows that are held, by what is wrong with them, and rows that are left out.
fn write_issues(
    out: &mut String,
    scanned: &Scanned,
    language: Language,
    style: Style,
) -> anyhow::Result<()> {
    let mut groups: BTreeMap<String, (usize, &str, u32)> = BTreeMap::new();
    for issue in &scanned.issues {
        let what = match &issue.issue {
            // Without the row's key, so that equal causes are one line.
            SourceIssueKind::Row { error } => {
                let mut error = error.clone();
                error.key = None;
                error.text(language)
            }
            other => other.text(language),
        };
        groups.entry(what).or_insert((0, &issue.file, issue.line.unwrap_or_default())).0 += 1;
    }
    for (what, (count, file, line)) in &groups {
        let first = language_text(language, "først", "first");
        writeln!(out, "{} {count} × {what} ({first} {file}:{line})", style.bad("✗"))?;
    }
    for numbers in &scanned.doubtful_numbers {
        writeln!(out, "{} {}", style.warn("!"), numbers.text(language))?;
    }
    for over in scanned.passed_over.iter().filter(|o| o.kind == PassedOverKind::SkippedRows) {
        let (count, example) = (over.count, &over.example);
        match language {
            Language::Bokmal => {
                let rows = counted(count as u64, "rad", "rader");
                writeln!(out, "  {count} {rows} utelates, som mappingen sier (først {example})")?;
            }
            Language::English => {
                let rows = counted(count as u64, "row is", "rows are");
                writeln!(out, "  {count} {rows} left out, as the mapping says (first {example})")?;
            }
        }
    }
    Ok(())
}

/// Checks the mapping itself, and every row of the table where one is given.
fn check(subject: &Subject, language: Language) -> anyhow::Result<bool> {
    let style = Style::for_stdout();
    let mut out = String::new();
    let mut is_well = true;
    let mut fault = |out: &mut String, text: &str| {
        is_well = false;
        writeln!(out, "{} {text}", style.bad("✗"))
    };
    for name in subject.mapping.empty_constants() {
        let text = match language {
            Language::Bokmal => format!(
                "konstanten {name} har ingen verdi: gi den med --constant {name}=VERDI, eller under [constants] i mappingen"
            ),
            Language::English => format!(
                "the constant {name} has no value: give it with --constant {name}=VALUE, or under [constants] in the mapping"
            ),
        };
        fault(&mut out, &text)?;
    }
    let columns = match &subject.rows {
        Some(rows) => match table_source(rows, subject).columns() {
            Ok(columns) => columns,
            Err(error) => return Err(unreadable(&error)),
        },
        None => subject.mapping.columns().to_vec(),
    };
    let mut fits = true;
    if let Err(error) = subject.mapping.check(&columns) {
        fits = false;
        fault(&mut out, &error.text(language))?;
    }
    for text in elements(subject, language)? {
        fault(&mut out, &text)?;
    }
    if fits && let Some(rows) = &subject.rows {
        let mut resources = 0_usize;
        // The first row of each resource, by type and id: the same content again is not given twice.
        let mut first: HashMap<(String, String), RowLocation> = HashMap::new();
        let mut contradictions = Vec::new();
        let scanned = table_source(rows, subject).scan(Scope::All, &mut |found| {
            resources += 1;
            let id = found.node.member("id").and_then(Node::as_str).unwrap_or_default();
            let row = (found.location.label().to_owned(), found.location.line());
            match first.entry((found.resource_type.to_owned(), id.into_owned())) {
                Entry::Vacant(entry) => {
                    entry.insert(row);
                }
                Entry::Occupied(entry) => {
                    contradictions.push((entry.key().0.clone(), entry.get().clone(), row));
                }
            }
            Ok(())
        });
        let scanned = match scanned {
            Ok(scanned) => scanned,
            Err(error) => return Err(unreadable(&error)),
        };
        is_well &= scanned.issues.is_empty();
        write_issues(&mut out, &scanned, language, style)?;
        write_unknown(&mut out, &scanned, language)?;
        write_contradictions(&mut out, &contradictions, language, style)?;
        let held = scanned.issues.len() as u64;
        match language {
            Language::Bokmal => writeln!(
                out,
                "{resources} {}, {held} {} holdes tilbake.",
                counted(resources as u64, "ressurs", "ressurser"),
                counted(held, "rad", "rader")
            )?,
            Language::English => writeln!(
                out,
                "{resources} {}, {held} {} held.",
                counted(resources as u64, "resource", "resources"),
                counted(held, "row is", "rows are")
            )?,
        }
    }
    if is_well {
        let good = language_text(language, "Mappingen er i orden.", "The mapping is correct.");
        writeln!(out, "{}", style.good(good))?;
    }
    print(&out)?;
    Ok(is_well)
}

/// The name of a part of the table, and a line of it.
type RowLocation = (String, u32);

/// Resources that rows with the same key give with different content: a transfer sends one of them, as the sender's index
/// takes it.
fn write_contradictions(
    out: &mut String,
    contradictions: &[(String, RowLocation, RowLocation)],
    language: Language,
    style: Style,
) -> anyhow::Result<()> {
    for (resource_type, (one, one_line), (other, other_line)) in
        contradictions.iter().take(MAX_CONTRADICTIONS)
    {
        let (one, other) = (visible(one), visible(other));
        match language {
            Language::Bokmal => writeln!(
                out,
                "{} {resource_type}: {one}:{one_line} og {other}:{other_line} har samme nøkkel og forskjellig innhold; \
                 bare én sendes: den som sist ble skrevet, når begge sier når, ellers den som leses sist",
                style.warn("!")
            )?,
            Language::English => writeln!(
                out,
                "{} {resource_type}: {one}:{one_line} and {other}:{other_line} have the same key and different content; \
                 only one is sent: the one written last where both say when, else the one that is read last",
                style.warn("!")
            )?,
        }
    }
    if let Some(more) = contradictions.len().checked_sub(MAX_CONTRADICTIONS).filter(|n| *n > 0) {
        writeln!(out, "  {} {more}", language_text(language, "og flere:", "and more:"))?;
    }
    Ok(())
}

/// The values that the mapping's tables lack, to be written into them.
fn write_unknown(out: &mut String, scanned: &Scanned, language: Language) -> anyhow::Result<()> {
    let mut unknown: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for issue in &scanned.issues {
        if let SourceIssueKind::Row { error } = &issue.issue
            && let RowReason::NotInTable { table, value: Some(value) } = &error.reason
        {
            *unknown.entry(table).or_default().entry(value).or_default() += 1;
        }
    }
    for (table, values) in unknown {
        let title = language_text(language, "mangler i", "missing in");
        writeln!(out, "  {title} [tables.{table}.rows]:")?;
        for (value, count) in values {
            writeln!(out, "    {value:?} = {{ }}  # {count}")?;
        }
    }
    Ok(())
}

/// Elements of the templates that FHIR does not have, or that the guide's profile forbids.
fn elements(subject: &Subject, language: Language) -> anyhow::Result<Vec<String>> {
    let rules = RuleSet::get(subject.rule_set)?;
    let mut faults = Vec::new();
    for (name, resource_type, template) in subject.mapping.templates() {
        let at = format!("resource {name}");
        let Some(profile) = subject.rule_set.profile_of(resource_type) else {
            faults.push(match language {
                Language::Bokmal => {
                    format!("{at}: veiledningen tar ikke imot typen {resource_type}")
                }
                Language::English => {
                    format!("{at}: the guide does not take the type {resource_type}")
                }
            });
            continue;
        };
        // The table's check has reported a template that is not JSON.
        let Ok(document) = Document::parse(template, &ParseOptions::strict()) else { continue };
        let whole = template.trim_start().strip_prefix('{').unwrap_or_default();
        let comma = if whole.trim_start().starts_with('}') { "" } else { "," };
        let whole = format!("{{\"resourceType\":\"{resource_type}\"{comma}{whole}");
        if let Ok(whole) = Document::parse(whole, &ParseOptions::strict())
            && let Err(error) = lmr_validator::xml::to_xml(whole.root())
        {
            let path = error.path;
            faults.push(match language {
                Language::Bokmal => {
                    format!("{at}: {path} finnes ikke i FHIR R4, eller er av en annen type")
                }
                Language::English => {
                    format!("{at}: FHIR R4 does not have {path}, or it is of another type")
                }
            });
        }
        let Some(profile) = rules.definitions().structure(profile)? else { continue };
        let mut paths = Vec::new();
        paths_of(document.root(), resource_type, &mut paths);
        for path in paths {
            let is_forbidden = profile.elements.iter().any(|element| {
                *element.path == path
                    && element.slice_name.is_none()
                    && element.max == Max::Count(0)
            });
            if is_forbidden {
                faults.push(match language {
                    Language::Bokmal => {
                        format!("{at}: {path} er ikke tillatt i {}", subject.rule_set.as_str())
                    }
                    Language::English => {
                        format!("{at}: {path} is not allowed in {}", subject.rule_set.as_str())
                    }
                });
            }
        }
    }
    Ok(faults)
}

/// The paths of all elements, without numbers.
fn paths_of(node: Node<'_>, path: &str, all: &mut Vec<String>) {
    for member in node.members() {
        match member.name() {
            Some(name) => {
                let below = format!("{path}.{name}");
                paths_of(member, &below, all);
                all.push(below);
            }
            None => paths_of(member, path, all),
        }
    }
}
