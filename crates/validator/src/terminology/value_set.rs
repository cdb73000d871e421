//! A value set, made ready for the question whether a code is in it.

use std::{borrow::Cow, collections::HashSet, sync::Arc};

use lmr_fhir::{Document, Node, ParseOptions};

use super::{CodeSystem, Terminology, filter};
use crate::{
    compile::arena::OwnMap,
    definitions::error::DefinitionError,
    json::{flag, items, text},
};

/// Whether a code is in a value set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It is.
    Member(Member),
    /// It is not.
    NotMember,
    /// The content at hand does not decide it.
    Unknown(MissingContent),
}

/// What is known of a code that is in a value set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The code's system, of interest where the question named none.
    pub system: Arc<str>,
    /// The display that value set or code system give.
    pub display: Option<Arc<str>>,
    /// Whether the code only groups others and is not to be used in instances.
    pub is_abstract: bool,
    /// Whether the code is no longer to be used.
    pub is_inactive: bool,
    /// Whether another code is to be used in its place.
    pub is_deprecated: bool,
    /// Whether the code differs from the defined one in case, in a system where that is allowed.
    pub differs_in_case: bool,
}

/// Why the content at hand does not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MissingContent {
    /// No such value set is at hand.
    #[error("the value set {0} is not at hand")]
    NoValueSet(String),
    /// No such code system is at hand, or it came without its codes.
    #[error("the codes of {0} are not at hand")]
    NoCodeSystem(String),
    /// A filter asks for something that the code system at hand does not have.
    #[error("{system} cannot be filtered by {filter:?}")]
    Filter {
        /// The code system.
        system: String,
        /// Property, operator and value.
        filter: String,
    },
    /// Value sets import each other in a circle.
    #[error("value sets go round in a circle: {}", chain.join(" -> "))]
    Cyclic {
        /// The canonicals in the circle, the first one again at the end.
        chain: Vec<String>,
    },
    /// The definition cannot be used.
    #[error(transparent)]
    Unreadable(DefinitionError),
}

impl MissingContent {
    /// Value sets that a code system implies by their URL are missing because the system is.
    pub(super) fn implicit_or_missing(canonical: &str) -> Self {
        match canonical.split_once('?') {
            Some((system, "fhir_vs")) => Self::NoCodeSystem(system.to_owned()),
            Some((system, query)) if query.starts_with("fhir_vs=") => {
                Self::NoCodeSystem(system.to_owned())
            }
            _ => Self::NoValueSet(canonical.to_owned()),
        }
    }
}

/// A value set with the codes that are at hand.
#[derive(Debug)]
pub struct ValueSet {
    /// Canonical URL without version.
    pub url: Arc<str>,
    /// Business version.
    pub version: Option<Arc<str>>,
    /// Computer-friendly name.
    pub name: Option<Arc<str>>,
    /// Human-friendly name.
    pub title: Option<Arc<str>>,
    include: Vec<Part>,
    exclude: Vec<Part>,
    without_inactive: bool,
    /// How many parts a question may have to visit.
    cost: usize,
    /// Whether nothing was cut off because of the value sets from which it was reached.
    is_complete: bool,
}

/// How many parts a question may have to visit. Value sets that import each other manifold could
/// double that with every layer.
const MAX_COST: usize = 20_000;

/// A code with its system and display.
pub type ListedCode = (Arc<str>, Arc<str>, Option<Arc<str>>);

/// Codes with the texts that a value set gives them.
type Displays = OwnMap<Arc<str>, Texts>;

/// What a value set calls a code.
#[derive(Debug, Default)]
struct Texts {
    display: Option<Arc<str>>,
    designations: Box<[Arc<str>]>,
}

impl Texts {
    fn of(node: Node<'_>) -> Self {
        Self {
            display: text(node, "display"),
            designations: items(node, "designation").filter_map(|one| text(one, "value")).collect(),
        }
    }
}

/// One `include` or `exclude`: what is in all of its conditions.
#[derive(Debug)]
struct Part {
    /// `None` if it only imports.
    system: Option<Arc<str>>,
    codes: Codes,
    imports: Vec<Arc<ValueSet>>,
}

#[derive(Debug)]
enum Codes {
    /// Whatever the imports say.
    Any,
    /// Every code of the system.
    Whole(Arc<CodeSystem>),
    /// The codes with these numbers.
    Selected(Arc<CodeSystem>, HashSet<u32>),
    /// Codes written out, with the displays given there, and the system if it is at hand.
    Listed(Displays, Option<Arc<CodeSystem>>),
    /// Unknown.
    Missing(MissingContent),
}

impl ValueSet {
    /// A value set of which nothing is known but why.
    pub(super) fn missing(canonical: &str, missing: MissingContent) -> Self {
        let (url, version) = crate::canonical::split_canonical(canonical);
        Self {
            url: url.into(),
            version: version.map(Arc::from),
            name: None,
            title: None,
            cost: 1,
            is_complete: !matches!(
                missing,
                MissingContent::Cyclic { .. }
                    | MissingContent::Unreadable(DefinitionError::LongChain { .. })
            ),
            include: vec![Part {
                system: None,
                codes: Codes::Missing(missing),
                imports: Vec::new(),
            }],
            exclude: Vec::new(),
            without_inactive: false,
        }
    }

    pub(super) fn read(
        json: &str,
        terminology: &Terminology,
        reading: &mut Vec<Box<str>>,
    ) -> Result<Self, DefinitionError> {
        let document =
            Document::parse(Cow::Borrowed(json), &ParseOptions::default()).map_err(|error| {
                DefinitionError::NotJson { what: "a ValueSet".into(), reason: error.to_string() }
            })?;
        let root = document.root();
        let mut set = Self {
            // One contained in a profile needs no URL of its own.
            url: text(root, "url")
                .or_else(|| reading.last().map(|canonical| Arc::from(&**canonical)))
                .ok_or(DefinitionError::NoUrl)?,
            version: text(root, "version"),
            name: text(root, "name"),
            title: text(root, "title"),
            include: Vec::new(),
            exclude: Vec::new(),
            without_inactive: false,
            cost: 1,
            is_complete: true,
        };
        if let Some(compose) = root.member("compose") {
            set.without_inactive = flag(compose, "inactive") == Some(false);
            set.include = items(compose, "include")
                .map(|part| Part::read(part, terminology, reading))
                .collect();
            set.exclude = items(compose, "exclude")
                .map(|part| Part::read(part, terminology, reading))
                .collect();
        }
        for part in set.include.iter().chain(&set.exclude) {
            set.cost += 1 + part.imports.iter().map(|import| import.cost).sum::<usize>();
            set.is_complete &= part.imports.iter().all(|import| import.is_complete);
        }
        if set.cost > MAX_COST {
            return Err(DefinitionError::TooLarge { url: set.url.to_string(), limit: MAX_COST });
        }
        // A published expansion replaces content that is not at hand.
        if (set.include.is_empty() || set.missing_content().is_some())
            && let Some(expansion) =
                root.member("expansion").filter(|expansion| is_whole(*expansion))
        {
            set.include = listed(expansion, terminology);
            set.exclude = Vec::new();
        }
        if set.include.is_empty() {
            return Err(DefinitionError::Unreadable {
                url: set.url.to_string(),
                member: "compose",
                value: None,
            });
        }
        Ok(set)
    }

    /// Whether a code is in it; without `system`, a code of any of its systems.
    pub fn validate(&self, system: Option<&str>, code: &str) -> Membership {
        match any(&self.include, system, code) {
            Membership::Member(member) => {
                if self.without_inactive && member.is_inactive {
                    return Membership::NotMember;
                }
                match any(&self.exclude, Some(&member.system), code) {
                    Membership::Member(_) => Membership::NotMember,
                    Membership::NotMember => Membership::Member(member),
                    unknown @ Membership::Unknown(_) => unknown,
                }
            }
            other => other,
        }
    }

    /// Whether some of its codes are of this system; `None` if the content at hand does not decide it.
    pub fn has_system(&self, system: &str) -> Option<bool> {
        let mut known = Some(false);
        for part in &self.include {
            match &part.system {
                Some(own) if **own == *system => return Some(true),
                Some(_) => {}
                None if matches!(part.codes, Codes::Missing(_)) => known = None,
                None => {
                    for import in &part.imports {
                        match import.has_system(system) {
                            Some(true) => return Some(true),
                            Some(false) => {}
                            None => known = None,
                        }
                    }
                }
            }
        }
        known
    }

    /// The displays and designations that the value set itself gives a code, imported ones
    /// included.
    pub fn texts(&self, system: &str, code: &str) -> Vec<&Arc<str>> {
        let mut found = Vec::new();
        for part in self
            .include
            .iter()
            .filter(|part| part.system.as_deref().is_none_or(|own| own == system))
        {
            if let Codes::Listed(listed, _) = &part.codes
                && let Some(texts) = listed.get(code)
            {
                found.extend(texts.display.iter().chain(&texts.designations));
            }
            found.extend(part.imports.iter().flat_map(|import| import.texts(system, code)));
        }
        found
    }

    /// The systems that it names, imported ones included.
    pub fn systems(&self) -> Vec<Arc<str>> {
        let mut systems = Vec::new();
        for part in &self.include {
            let imported = part.imports.iter().flat_map(|import| import.systems());
            for system in part.system.iter().cloned().chain(imported) {
                if !systems.contains(&system) {
                    systems.push(system);
                }
            }
        }
        systems
    }

    /// What is missing to decide for every code; `None` if nothing is.
    pub fn missing_content(&self) -> Option<&MissingContent> {
        self.include.iter().chain(&self.exclude).find_map(Part::missing_content)
    }

    /// Whether nobody knows it.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(&*self.include, [only] if matches!(&only.codes, Codes::Missing(MissingContent::NoValueSet(_))))
    }

    /// Its codes with their systems and displays, as far as they are at hand, at most `limit`.
    /// For suggestions.
    pub fn codes(&self, limit: usize) -> Vec<ListedCode> {
        let mut listed = Vec::new();
        for part in &self.include {
            part.list(limit, &mut listed);
        }
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for (system, code, _) in listed {
            if found.len() < limit && !seen.contains(&(system.clone(), code.clone())) {
                if let Membership::Member(member) = self.validate(Some(&system), &code) {
                    found.push((system.clone(), code.clone(), member.display));
                }
                seen.insert((system, code));
            }
        }
        found
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }
}

/// In any of the parts. A missing counts only where it could hide this code.
fn any(parts: &[Part], system: Option<&str>, code: &str) -> Membership {
    let mut unknown = None;
    for part in parts {
        match part.validate(system, code) {
            member @ Membership::Member(_) => return member,
            Membership::NotMember => {}
            Membership::Unknown(missing) => unknown = unknown.or(Some(missing)),
        }
    }
    unknown.map_or(Membership::NotMember, Membership::Unknown)
}

impl Part {
    fn read(node: Node<'_>, terminology: &Terminology, reading: &mut Vec<Box<str>>) -> Self {
        let imports = items(node, "valueSet")
            .filter_map(Node::as_str)
            .map(|canonical| terminology.value_set_within(&canonical, reading))
            .collect();
        let Some(system) = text(node, "system") else {
            return Self { system: None, codes: Codes::Any, imports };
        };
        let canonical =
            match text(node, "version").filter(|version| !matches!(&**version, "*" | "")) {
                Some(version) => Cow::Owned(format!("{system}|{version}")),
                None => Cow::Borrowed(&*system),
            };
        let code_system = terminology.code_system(&canonical);
        let codes = if node.member("concept").is_some() {
            let listed = items(node, "concept")
                .filter_map(|concept| Some((text(concept, "code")?, Texts::of(concept))))
                .collect();
            Codes::Listed(listed, code_system.or_else(|| terminology.code_system(&system)))
        } else {
            Self::from_system(node, &canonical, code_system)
        };
        Self { system: Some(system), codes, imports }
    }

    fn from_system(node: Node<'_>, canonical: &str, code_system: Option<Arc<CodeSystem>>) -> Codes {
        if let Some(fault) = code_system.as_ref().and_then(|found| found.fault()) {
            return Codes::Missing(MissingContent::Unreadable(fault.clone()));
        }
        let Some(code_system) = code_system.filter(|found| !found.concepts().is_empty()) else {
            return Codes::Missing(MissingContent::NoCodeSystem(canonical.to_owned()));
        };
        let mut selected: Option<HashSet<u32>> = None;
        for one in items(node, "filter") {
            // What a filter takes from a part of a system says nothing of the rest.
            if !code_system.is_complete() {
                return Codes::Missing(MissingContent::NoCodeSystem(canonical.to_owned()));
            }
            match filter::select(&code_system, one) {
                Ok(numbers) => {
                    selected = Some(match selected {
                        Some(before) => before.intersection(&numbers).copied().collect(),
                        None => numbers,
                    });
                }
                Err(missing) => return Codes::Missing(missing),
            }
        }
        match selected {
            Some(selected) => Codes::Selected(code_system, selected),
            None => Codes::Whole(code_system),
        }
    }

    fn validate(&self, system: Option<&str>, code: &str) -> Membership {
        if let (Some(own), Some(wanted)) = (self.system.as_deref(), system)
            && own != wanted
        {
            return Membership::NotMember;
        }
        let mut answer = self.codes.validate(self.system.as_ref(), code);
        for import in &self.imports {
            match (&answer, import.validate(system.or(self.system.as_deref()), code)) {
                (Some(Membership::NotMember), _) | (_, Membership::NotMember) => {
                    return Membership::NotMember;
                }
                (None | Some(Membership::Member(_)), found) => answer = Some(found),
                (Some(Membership::Unknown(_)), _) => {}
            }
        }
        answer.unwrap_or(Membership::NotMember)
    }

    fn missing_content(&self) -> Option<&MissingContent> {
        match &self.codes {
            Codes::Missing(missing) => Some(missing),
            _ => self.imports.iter().find_map(|import| import.missing_content()),
        }
    }

    fn list(&self, limit: usize, found: &mut Vec<ListedCode>) {
        let system = self.system.clone().unwrap_or_default();
        match &self.codes {
            Codes::Any => {
                if let Some(import) = self.imports.first() {
                    found.extend(import.codes(limit));
                }
            }
            Codes::Missing(_) => {}
            Codes::Whole(content) => {
                found.extend(
                    content.concepts().iter().take(limit).map(|concept| {
                        (system.clone(), concept.code.clone(), concept.display.clone())
                    }),
                )
            }
            Codes::Selected(content, numbers) => {
                let mut numbers: Vec<u32> = numbers.iter().copied().collect();
                numbers.sort_unstable();
                found.extend(
                    numbers
                        .iter()
                        .filter_map(|number| content.concepts().get(*number as usize))
                        .take(limit)
                        .map(|concept| {
                            (system.clone(), concept.code.clone(), concept.display.clone())
                        }),
                );
            }
            Codes::Listed(listed, _) => {
                let mut codes: Vec<_> = listed.iter().collect();
                codes.sort_unstable_by_key(|(code, _)| *code);
                found.extend(
                    codes
                        .into_iter()
                        .take(limit)
                        .map(|(code, texts)| (system.clone(), code.clone(), texts.display.clone())),
                );
            }
        }
    }
}

impl Codes {
    /// `None` if the imports alone decide.
    fn validate(&self, system: Option<&Arc<str>>, code: &str) -> Option<Membership> {
        let member = |content: &CodeSystem, number: u32| {
            content.concepts().get(number as usize).map(|concept| {
                Membership::Member(Member {
                    system: system.cloned().unwrap_or_default(),
                    display: concept.display.clone(),
                    is_abstract: concept.is_abstract,
                    is_inactive: concept.is_inactive,
                    is_deprecated: concept.is_deprecated,
                    differs_in_case: *concept.code != *code,
                })
            })
        };
        let found = match self {
            Self::Any => return None,
            Self::Missing(missing) => return Some(Membership::Unknown(missing.clone())),
            Self::Whole(content) => match content.number(code) {
                Some(number) => member(content, number),
                None if content.is_complete() => None,
                None => {
                    return Some(Membership::Unknown(MissingContent::NoCodeSystem(
                        content.url.to_string(),
                    )));
                }
            },
            Self::Selected(content, numbers) => content
                .number(code)
                .filter(|number| numbers.contains(number))
                .and_then(|number| member(content, number)),
            Self::Listed(listed, content) => listed.get(code).map(|texts| {
                let concept = content.as_ref().and_then(|content| content.concept(code));
                Membership::Member(Member {
                    system: system.cloned().unwrap_or_default(),
                    display: texts
                        .display
                        .clone()
                        .or_else(|| concept.and_then(|concept| concept.display.clone())),
                    is_abstract: concept.is_some_and(|concept| concept.is_abstract),
                    is_inactive: concept.is_some_and(|concept| concept.is_inactive),
                    is_deprecated: concept.is_some_and(|concept| concept.is_deprecated),
                    differs_in_case: false,
                })
            }),
        };
        Some(found.unwrap_or(Membership::NotMember))
    }
}

/// Whether a published expansion holds all codes.
fn is_whole(expansion: Node<'_>) -> bool {
    let count = |member: &str| {
        expansion.member(member).and_then(Node::text).and_then(|text| text.parse::<usize>().ok())
    };
    count("offset").is_none_or(|offset| offset == 0)
        && count("total").is_none_or(|total| total <= items(expansion, "contains").count())
}

/// The codes of a published expansion, one part for each system.
fn listed(expansion: Node<'_>, terminology: &Terminology) -> Vec<Part> {
    let mut by_system: Vec<(Arc<str>, Displays)> = Vec::new();
    let mut open: Vec<Node<'_>> = items(expansion, "contains").collect();
    while let Some(node) = open.pop() {
        open.extend(items(node, "contains"));
        if flag(node, "abstract") == Some(true) {
            continue;
        }
        let (Some(system), Some(code)) = (text(node, "system"), text(node, "code")) else {
            continue;
        };
        let at = by_system.iter().position(|(known, _)| *known == system).unwrap_or_else(|| {
            by_system.push((system, Displays::default()));
            by_system.len() - 1
        });
        by_system[at].1.insert(code, Texts::of(node));
    }
    by_system
        .into_iter()
        .map(|(system, codes)| Part {
            codes: Codes::Listed(codes, terminology.code_system(&system)),
            system: Some(system),
            imports: Vec::new(),
        })
        .collect()
}
