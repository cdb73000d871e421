//! `lmr explain`: a profile, a type or one of its elements in plain words.

pub(crate) mod words;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use lmr_lmdi::{CheckOptions, RuleSetId, RuleSets};
use lmr_report::{Checked, Checker, Profiles};
use lmr_validator::definitions::{
    Definitions, ElementDefinition, Max, StructureDefinition, TypeRef,
};
use lmr_validator::package::Package;
use lmr_validator::{Options, Validator};
use serde_json::json;

use crate::clock;
use crate::output::{Language, Style, print};
use crate::text::{Text, fail, text};
use crate::validate::{RuleSetChoice, cannot_check};

/// Most names that are suggested for one that is not known.
const SUGGESTIONS: usize = 5;

/// Explain a profile, a type or an element in plain words.
///
/// `lmr explain` lists the profiles; `lmr explain Patient` and `lmr explain Patient.identifier` explain the register's
/// profile of the type, or the type itself with `--ruleset none`.
#[derive(Args)]
pub(crate) struct Explain {
    /// A profile's URL or name, a type, or an element's path in one (Patient.identifier, URL#Patient.identifier:FNR)
    #[arg(value_name = "WHAT")]
    what: Option<String>,
    /// The guide whose profiles are meant; `none` is plain R4 plus what --package names
    #[arg(long, value_parser = RuleSetChoice::parser())]
    ruleset: Option<RuleSetChoice>,
    /// FHIR package (.tgz), folder or single definition to load in addition, or the name of an installed package
    /// (name#version); may be repeated
    #[arg(long, value_name = "P")]
    package: Vec<PathBuf>,
    /// Folder with installed FHIR packages, for dependencies; ~/.fhir/packages if left out
    #[arg(long, value_name = "FOLDER")]
    package_cache: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

impl Explain {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let source = Source::with_packages(
            self.ruleset,
            &self.package,
            self.package_cache.as_deref(),
            lang,
        )?;
        let is_json = self.format == Format::Json;
        let Some(what) = &self.what else {
            return list(&source, is_json).map(|()| ExitCode::SUCCESS);
        };
        let (structure, element) = source.find(what)?;
        let out = match (&element, is_json) {
            (Some(at), true) => {
                format!("{}\n", element_json(&source, &structure, &structure.elements[*at]))
            }
            (Some(at), false) => one_element(&source, &structure, &structure.elements[*at], lang)?,
            (None, true) => format!("{}\n", structure_json(&source, &structure)),
            (None, false) => whole(&source, &structure, lang)?,
        };
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Where definitions come from.
pub(crate) struct Source {
    checker: Arc<Checker>,
    /// The guide whose profiles come before the types; `None` in plain R4.
    guide: Option<RuleSetId>,
}

impl Source {
    /// The rule set chosen, or the newest, with further packages; a package that lacks one it depends on is warned of.
    ///
    /// # Errors
    /// A package that cannot be read, and what [`Source::new`] has.
    pub(crate) fn with_packages(
        ruleset: Option<RuleSetChoice>,
        packages: &[PathBuf],
        cache: Option<&Path>,
        lang: Language,
    ) -> anyhow::Result<Self> {
        let packages = crate::package::loaded(packages, cache, lang)?;
        Self::of(ruleset, packages)
    }

    /// The guide whose profiles come before the types.
    pub(crate) const fn guide(&self) -> Option<RuleSetId> {
        self.guide
    }

    /// What the definitions say of a text.
    ///
    /// # Errors
    /// A fault of this program: the rule set cannot be compiled.
    pub(crate) fn check(&self, text: &[u8]) -> anyhow::Result<Checked> {
        self.checker.check(text).map_err(cannot_check)
    }

    /// The rule set chosen, or the newest.
    fn of(ruleset: Option<RuleSetChoice>, packages: Vec<Package>) -> anyhow::Result<Self> {
        if ruleset == Some(RuleSetChoice::None) {
            let checker =
                Checker::of_profiles(packages, Options::default(), []).map_err(cannot_check)?;
            return Self::new(Arc::new(checker), None);
        }
        let id = match ruleset {
            Some(RuleSetChoice::Guide(id)) => id,
            _ => RuleSetId::LATEST,
        };
        let mut options = CheckOptions::at(clock::now());
        options.rule_sets = RuleSets::with_packages(packages);
        let checker = Checker::of_register(Some(id), options, Profiles::default(), false);
        Self::new(Arc::new(checker), Some(id))
    }

    /// The definitions of a checker.
    ///
    /// # Errors
    /// A fault of this program: the rule set cannot be compiled.
    pub(crate) fn new(checker: Arc<Checker>, guide: Option<RuleSetId>) -> anyhow::Result<Self> {
        checker.validator().map_err(cannot_check)?;
        Ok(Self { checker, guide })
    }

    /// The validator with the definitions.
    pub(crate) fn validator(&self) -> &Validator {
        match self.checker.validator() {
            Ok(validator) => validator,
            // It could be had when the source was made, and is kept.
            Err(error) => unreachable!("{error}"),
        }
    }

    /// The definitions that the validator has.
    pub(crate) fn definitions(&self) -> &Definitions {
        self.validator().definitions()
    }

    /// The definition that a name, URL or type means: the register's profile of a type before the type itself.
    pub(crate) fn structure(&self, name: &str) -> anyhow::Result<Option<Arc<StructureDefinition>>> {
        let definitions = self.definitions();
        if let Some(found) = definitions.structure(name)? {
            return Ok(Some(found));
        }
        if let Some(id) = self.guide
            && let Some(url) = id.profile_of(name)
            && let Some(found) = definitions.structure(url)?
        {
            return Ok(Some(found));
        }
        if !name.contains('/')
            && let Some(found) = definitions.type_definition(name)?
        {
            return Ok(Some(found));
        }
        let by_name = |of: &str| of.eq_ignore_ascii_case(name);
        let found = definitions
            .structures()
            .find(|s| by_name(s.name) || s.url.rsplit('/').next().is_some_and(by_name));
        let Some(found) = found else { return Ok(None) };
        // However it is written, a type means the register's profile of it.
        let of_guide = self.guide.filter(|_| !found.is_profile);
        let url = of_guide.and_then(|id| id.profile_of(found.name)).unwrap_or(found.url);
        Ok(definitions.structure(url)?)
    }

    /// The structure that is meant, and the index of its element if one is.
    fn find(&self, what: &str) -> anyhow::Result<(Arc<StructureDefinition>, Option<usize>)> {
        if let Some(found) = self.structure(what)? {
            return Ok((found, None));
        }
        let (structure, path) = match what.split_once('#') {
            Some((url, path)) => (url, path),
            None => (what.split('.').next().unwrap_or_default(), what),
        };
        let Some(found) = self.structure(structure)? else {
            if lmr_lmdi::codes::Code::parse(what).is_some() {
                fail!(
                    "{what} er en kode i katalogen: «lmr codes {what}» forklarer den",
                    "{what} is a code of the catalogue: `lmr codes {what}` explains it"
                );
            }
            let near = self.near(structure);
            if near.is_empty() {
                fail!(
                    "«{what}» er verken en profil, en type eller et element; lmr explain viser profilene",
                    "\"{what}\" is neither a profile, a type nor an element; lmr explain lists the profiles"
                );
            }
            fail!(
                "{what} er verken en profil, en type eller et element; mente du {near}?",
                "{what} is neither a profile, a type nor an element; did you mean {near}?"
            );
        };
        let (structure, at) = self.element(&found, path)?;
        Ok((structure, Some(at)))
    }

    /// An element of a structure by its id or path, or of the type of one above it: `Patient.name.family`.
    pub(crate) fn element(
        &self,
        structure: &Arc<StructureDefinition>,
        path: &str,
    ) -> anyhow::Result<(Arc<StructureDefinition>, usize)> {
        // Indexes as in a finding's place are no part of a path.
        let path = without_indexes(path);
        let is_it = |e: &ElementDefinition| {
            e.id.eq_ignore_ascii_case(&path) || e.path.eq_ignore_ascii_case(&path)
        };
        let at = structure.elements.iter().position(is_it).or_else(|| choice(structure, &path));
        match at {
            Some(at) => Ok((Arc::clone(structure), at)),
            None => self.deeper(structure, &path),
        }
    }

    /// An element below one whose type another definition describes: `Patient.name.family`.
    fn deeper(
        &self,
        structure: &Arc<StructureDefinition>,
        path: &str,
    ) -> anyhow::Result<(Arc<StructureDefinition>, usize)> {
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('.') {
            above = parent;
            let by_name = structure.elements.iter().find(|e| *e.id == *above || *e.path == *above);
            let by_type = || choice(structure, above).map(|at| &structure.elements[at]);
            let Some(element) = by_name.or_else(by_type) else { continue };
            let rest = &path[above.len()..];
            if let Some(same) = &element.content_reference {
                return self.element(structure, &format!("{same}{rest}"));
            }
            // Below a choice it is the type that the name ends in.
            let written = above.rsplit('.').next().unwrap_or_default();
            let of = match &*element.types {
                [of] => of,
                types => match types.iter().find(|of| is_choice(element, of.name(), written)) {
                    Some(of) => of,
                    None => break,
                },
            };
            let of_type = of.profiles.first().map_or(of.name(), |profile| profile);
            let Some(of_type) = self
                .definitions()
                .structure(of_type)?
                .or(self.definitions().type_definition(of.name())?)
            else {
                break;
            };
            if above == structure.type_name.as_ref() {
                break;
            }
            return self.element(&of_type, &format!("{}{rest}", of_type.type_name));
        }
        let near: Vec<&str> = nearest(path, structure.elements.iter().map(|e| &*e.id)).collect();
        let (name, near) = (&structure.name, near.join(", "));
        fail!(
            "{name} har ikke noe element {path}; nærmest er {near}",
            "{name} has no element {path}; the nearest are {near}"
        )
    }

    /// The names nearest to one that is not known.
    pub(crate) fn near(&self, name: &str) -> String {
        let names: Vec<&str> = self.definitions().structures().map(|s| s.name).collect();
        nearest(name, names.into_iter()).collect::<Vec<_>>().join(", ")
    }
}

/// Whether an element of several types is written with this name where it is of this one.
pub(crate) fn is_choice(element: &ElementDefinition, of_type: &str, name: &str) -> bool {
    element
        .name()
        .strip_suffix("[x]")
        .and_then(|stem| name.strip_prefix(stem))
        .is_some_and(|of| of.eq_ignore_ascii_case(of_type))
}

/// `deceasedBoolean` is the choice `deceased[x]`.
fn choice(structure: &StructureDefinition, path: &str) -> Option<usize> {
    structure.elements.iter().position(|element| {
        element.path.strip_suffix("[x]").is_some_and(|stem| {
            path.strip_prefix(stem).is_some_and(|of| {
                element.types.iter().any(|of_type| of_type.name().eq_ignore_ascii_case(of))
            })
        })
    })
}

fn without_indexes(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        match after.split_once(']') {
            Some((index, behind)) if index.chars().all(|c| c.is_ascii_digit()) => rest = behind,
            _ => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Names with the fewest changes of letters.
fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> impl Iterator<Item = &'n str> {
    let name = name.to_lowercase();
    let mut near: Vec<(usize, &str)> =
        names.map(|other| (changes(&name, &other.to_lowercase()), other)).collect();
    near.sort_unstable();
    near.dedup();
    let most = name.chars().count().div_ceil(2);
    near.into_iter().filter(move |(changes, _)| *changes <= most).map(|(_, n)| n).take(SUGGESTIONS)
}

/// Letters to put in, leave out or replace (Levenshtein's distance).
fn changes(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let cost = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn list(source: &Source, is_json: bool) -> anyhow::Result<()> {
    let mut out = String::new();
    let is_core = |url: &str| url.starts_with("http://hl7.org/fhir/StructureDefinition/");
    let mut profiles: Vec<_> = source
        .definitions()
        .structures()
        .filter(|s| !is_core(s.url) && !s.url.starts_with("http://hl7.org/fhir/"))
        .collect();
    profiles.sort_unstable_by_key(|s| (!s.is_resource, s.type_name, s.name));
    let width = profiles.iter().map(|s| s.type_name.len()).max().unwrap_or(0);
    for of in profiles {
        if is_json {
            let row = json!({
                "url": of.url, "version": of.version, "name": of.name, "type": of.type_name,
            });
            writeln!(out, "{row}")?;
        } else {
            writeln!(out, "{:width$}  {}  {}", of.type_name, of.name, of.url)?;
        }
    }
    print(&out)
}

/// What a structure is: its name, address, what it is based on.
fn heading(structure: &StructureDefinition) -> Vec<Text> {
    let (of, url) = (&structure.type_name, structure.canonical());
    let mut all = vec![if structure.is_profile() {
        text!("En profil av {of}: {url}", "A profile of {of}: {url}")
    } else {
        text!("Typen {of}: {url}", "The type {of}: {url}")
    }];
    if let Some(base) = &structure.base {
        all.push(text!("Bygger på {base}", "Based on {base}"));
    }
    for context in &structure.contexts {
        let at = &context.expression;
        all.push(text!("Kan brukes på {at}", "May be used on {at}"));
    }
    all
}

/// Whether an element belongs to a group.
type Belongs = fn(&ElementDefinition) -> bool;

/// A structure: what must be there, what may, what must not.
fn whole(
    source: &Source,
    structure: &StructureDefinition,
    lang: Language,
) -> anyhow::Result<String> {
    let style = Style::for_stdout();
    let mut out = String::new();
    writeln!(out, "{}", style.bold(&structure.name))?;
    for sentence in heading(structure) {
        writeln!(out, "  {}", sentence.get(lang))?;
    }
    let Some(root) = structure.root() else { return Ok(out) };
    for rule in words::sentences(source.definitions(), structure, root).iter().skip(1) {
        writeln!(out, "  {}", rule.get(lang))?;
    }
    let prefix = format!("{}.", root.id);
    let direct: Vec<&ElementDefinition> = structure
        .elements
        .iter()
        .filter(|e| e.id.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('.')))
        .collect();
    let groups: [(Text, Belongs); 3] = [
        (text!("Må være med", "Must be there"), |e| e.min > 0 && e.max != Max::Count(0)),
        (text!("Kan være med", "May be there"), |e| e.min == 0 && e.max != Max::Count(0)),
        (text!("Skal ikke være med", "Must not be there"), |e| e.max == Max::Count(0)),
    ];
    for (title, belongs) in groups {
        let of: Vec<_> = direct.iter().filter(|e| belongs(e)).collect();
        if of.is_empty() {
            continue;
        }
        writeln!(out, "\n{}", style.bold(title.get(lang)))?;
        for element in of {
            let name = element.id.strip_prefix(&prefix).unwrap_or(&element.id);
            writeln!(
                out,
                "  {} {}",
                style.bold(name),
                style.faint(&format!("{}..{}", element.min, element.max))
            )?;
            if element.max == Max::Count(0) {
                continue;
            }
            for sentence in
                words::sentences(source.definitions(), structure, element).iter().skip(1)
            {
                writeln!(out, "      {}", sentence.get(lang))?;
            }
        }
    }
    Ok(out)
}

/// One element, and what is below it.
fn one_element(
    source: &Source,
    structure: &StructureDefinition,
    element: &ElementDefinition,
    lang: Language,
) -> anyhow::Result<String> {
    let style = Style::for_stdout();
    let mut out = String::new();
    writeln!(out, "{} {}", style.bold(&element.id), style.faint(&structure.canonical()))?;
    for sentence in words::sentences(source.definitions(), structure, element) {
        writeln!(out, "  {}", sentence.get(lang))?;
    }
    let below = structure.elements.iter().filter(|other| {
        other.id.strip_prefix(&*element.id).is_some_and(|rest| rest.starts_with(['.', ':']))
    });
    for other in below {
        let name = &other.id[element.id.len()..];
        let how = words::cardinality(other.min, other.max);
        writeln!(out, "  {} {}", style.bold(name), how.get(lang))?;
    }
    Ok(out)
}

fn element_json(
    source: &Source,
    structure: &StructureDefinition,
    element: &ElementDefinition,
) -> serde_json::Value {
    let sentences = words::sentences(source.definitions(), structure, element);
    let of = |lang| sentences.iter().map(|s: &Text| s.get(lang).clone()).collect::<Vec<_>>();
    json!({
        "profile": structure.canonical(),
        "id": &*element.id,
        "path": &*element.path,
        "min": element.min,
        "max": element.max.to_string(),
        "types": element.types.iter().map(TypeRef::name).collect::<Vec<_>>(),
        "mustSupport": element.must_support,
        "nb": of(Language::Bokmal),
        "en": of(Language::English),
    })
}

fn structure_json(source: &Source, structure: &StructureDefinition) -> serde_json::Value {
    json!({
        "url": &*structure.url,
        "version": structure.version.as_deref(),
        "name": &*structure.name,
        "type": &*structure.type_name,
        "base": structure.base.as_deref(),
        "elements": structure
            .elements
            .iter()
            .map(|element| element_json(source, structure, element))
            .collect::<Vec<_>>(),
    })
}
