//! A code system's content.

use std::{borrow::Cow, sync::Arc};

use lmr_fhir::{Document, Node, ParseOptions};

use crate::{
    canonical::split_canonical,
    compile::arena::OwnMap,
    definitions::error::DefinitionError,
    json::{flag, items, text, value_text},
};

/// How deep concepts may be nested.
const MAX_DEPTH: usize = 64;

/// A code system with the codes that are at hand.
#[derive(Debug)]
pub struct CodeSystem {
    /// Canonical URL, the `system` of its codes.
    pub url: Arc<str>,
    /// Business version.
    pub version: Option<Arc<str>>,
    /// Computer-friendly name.
    pub name: Option<Arc<str>>,
    /// Human-friendly name.
    pub title: Option<Arc<str>>,
    /// How much of the system is at hand.
    pub content: Content,
    /// Whether case distinguishes codes; `None` if the definition does not say.
    pub is_case_sensitive: Option<bool>,
    concepts: Vec<Concept>,
    by_code: OwnMap<Arc<str>, u32>,
    folded: OwnMap<Box<str>, u32>,
    children: Vec<Vec<u32>>,
    parents: Vec<Vec<u32>>,
    fault: Option<DefinitionError>,
}

/// `CodeSystem.content`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// No codes.
    NotPresent,
    /// Some codes as an illustration.
    Example,
    /// Some codes.
    Fragment,
    /// All codes.
    Complete,
    /// No codes of its own, additions to those of another system.
    Supplement,
}

/// One code.
#[derive(Debug)]
pub struct Concept {
    /// The code.
    pub code: Arc<str>,
    /// Its display.
    pub display: Option<Arc<str>>,
    /// What else it is called, in whatever language.
    pub designations: Box<[Arc<str>]>,
    /// Whether it only groups others and is not to be used in instances.
    pub is_abstract: bool,
    /// Whether it is no longer to be used.
    pub is_inactive: bool,
    /// Whether another code is to be used in its place.
    pub is_deprecated: bool,
    pub(super) properties: Vec<(Arc<str>, Arc<str>)>,
    /// What supplements at hand add.
    pub(super) added: Option<Box<Added>>,
}

/// What supplements add to a code (<https://hl7.org/fhir/R4/codesystem.html#supplements>).
#[derive(Debug, Default)]
pub(super) struct Added {
    /// Texts with their languages.
    designations: Vec<(Option<Arc<str>>, Arc<str>)>,
    pub(super) properties: Vec<(Arc<str>, Arc<str>)>,
}

impl Concept {
    /// What supplements at hand call the code in a language; a text whose language is not given counts in each.
    pub fn supplemented<'c>(&'c self, language: Option<&'c str>) -> impl Iterator<Item = &'c str> {
        self.added
            .iter()
            .flat_map(|added| &added.designations)
            .filter(move |(own, _)| own.as_deref().is_none_or(|own| is_in(language, own)))
            .map(|(_, text)| &**text)
    }
}

/// Whether a text of one language counts where another one is asked for: `nb` and `nb-NO`.
fn is_in(wanted: Option<&str>, own: &str) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    wanted.is_some_and(|wanted| primary(wanted) == primary(own))
}

impl CodeSystem {
    /// Reads the JSON of a CodeSystem.
    ///
    /// # Errors
    /// [`DefinitionError`] says what is wrong with it.
    pub fn read(json: &str) -> Result<Self, DefinitionError> {
        let document =
            Document::parse(Cow::Borrowed(json), &ParseOptions::default()).map_err(|error| {
                DefinitionError::NotJson { what: "a CodeSystem".into(), reason: error.to_string() }
            })?;
        let root = document.root();
        let url = text(root, "url").ok_or(DefinitionError::NoUrl)?;
        let content = match text(root, "content").as_deref() {
            Some("complete") => Content::Complete,
            Some("fragment") => Content::Fragment,
            Some("example") => Content::Example,
            Some("supplement") => Content::Supplement,
            Some("not-present") => Content::NotPresent,
            other => {
                return Err(DefinitionError::Unreadable {
                    url: url.to_string(),
                    member: "content",
                    value: other.map(str::to_owned),
                });
            }
        };
        let mut system = Self {
            version: text(root, "version"),
            name: text(root, "name"),
            title: text(root, "title"),
            content,
            is_case_sensitive: flag(root, "caseSensitive"),
            concepts: Vec::new(),
            by_code: OwnMap::default(),
            folded: OwnMap::default(),
            children: Vec::new(),
            parents: Vec::new(),
            fault: None,
            url,
        };
        system.add_concepts(root, None, 0)?;
        system.link();
        Ok(system)
    }

    /// A code system that is defined, but not in a way that can be used: none of its codes is known.
    pub(super) fn unusable(canonical: &str, fault: DefinitionError) -> Self {
        Self {
            url: split_canonical(canonical).0.into(),
            version: None,
            name: None,
            title: None,
            content: Content::NotPresent,
            is_case_sensitive: None,
            concepts: Vec::new(),
            by_code: OwnMap::default(),
            folded: OwnMap::default(),
            children: Vec::new(),
            parents: Vec::new(),
            fault: Some(fault),
        }
    }

    /// Adds what a supplement says of codes that the system has. Codes, and whether they may be
    /// used, stay as the system has them.
    pub(super) fn supplement(&mut self, supplement: Node<'_>) {
        let language = text(supplement, "language");
        let mut open: Vec<(Node<'_>, usize)> = vec![(supplement, 0)];
        while let Some((node, depth)) = open.pop() {
            for item in items(node, "concept") {
                if depth < MAX_DEPTH {
                    open.push((item, depth + 1));
                }
                let number = text(item, "code").and_then(|code| self.number(&code));
                let Some(concept) = number.and_then(|at| self.concepts.get_mut(at as usize)) else {
                    continue;
                };
                let added = concept.added.get_or_insert_default();
                let own = text(item, "display").filter(|_| language.is_some());
                added.designations.extend(own.map(|display| (language.clone(), display)));
                added.designations.extend(
                    items(item, "designation")
                        .filter_map(|one| Some((text(one, "language"), text(one, "value")?))),
                );
                added.properties.extend(items(item, "property").filter_map(property));
            }
        }
    }

    /// Why its definition cannot be used, if it cannot.
    pub fn fault(&self) -> Option<&DefinitionError> {
        self.fault.as_ref()
    }

    fn add_concepts(
        &mut self,
        node: Node<'_>,
        parent: Option<u32>,
        depth: usize,
    ) -> Result<(), DefinitionError> {
        if depth > MAX_DEPTH {
            return Err(DefinitionError::TooDeep { url: self.url.to_string(), limit: MAX_DEPTH });
        }
        for item in items(node, "concept") {
            let Some(code) = text(item, "code") else { continue };
            let properties: Vec<(Arc<str>, Arc<str>)> =
                items(item, "property").filter_map(property).collect();
            let is = |name: &str, value: &str| {
                properties
                    .iter()
                    .any(|(code, found)| &**code == name && found.eq_ignore_ascii_case(value))
            };
            let concept = Concept {
                display: text(item, "display"),
                designations: items(item, "designation")
                    .filter_map(|one| text(one, "value"))
                    .collect(),
                is_abstract: is("notSelectable", "true") || is("abstract", "true"),
                is_inactive: is("inactive", "true") || is("status", "retired"),
                is_deprecated: is("status", "deprecated"),
                properties,
                added: None,
                code: code.clone(),
            };
            let number = u32::try_from(self.concepts.len()).map_err(|_| {
                DefinitionError::TooDeep { url: self.url.to_string(), limit: u32::MAX as usize }
            })?;
            self.concepts.push(concept);
            self.children.push(Vec::new());
            self.parents.push(Vec::new());
            if let Some(parent) = parent {
                self.put_below(parent, number);
            }
            if self.is_case_sensitive == Some(false) {
                self.folded.entry(code.to_lowercase().into()).or_insert(number);
            }
            self.by_code.entry(code).or_insert(number);
            self.add_concepts(item, Some(number), depth + 1)?;
        }
        Ok(())
    }

    /// Properties `parent` and `child` make the hierarchy too, where a code has several parents.
    fn link(&mut self) {
        let mut links = Vec::new();
        for (number, concept) in (0u32..).zip(&self.concepts) {
            for (property, code) in &concept.properties {
                let Some(other) = self.by_code.get(code).copied() else { continue };
                match &**property {
                    "parent" | "subsumedBy" => links.push((other, number)),
                    "child" => links.push((number, other)),
                    _ => {}
                }
            }
        }
        for (parent, child) in links {
            self.put_below(parent, child);
        }
    }

    fn put_below(&mut self, parent: u32, child: u32) {
        let (Some(children), Some(parents)) =
            (self.children.get_mut(parent as usize), self.parents.get_mut(child as usize))
        else {
            return;
        };
        // The shorter list is searched: one concept may have thousands of children.
        let known = if children.len() < parents.len() {
            children.contains(&child)
        } else {
            parents.contains(&parent)
        };
        if !known {
            children.push(child);
            parents.push(parent);
        }
    }

    /// The concept with this code; where case does not matter, in any case.
    pub fn concept(&self, code: &str) -> Option<&Concept> {
        self.number(code).and_then(|number| self.concepts.get(number as usize))
    }

    /// Every concept, outermost first.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// Whether a code that is not found is not in the system.
    pub fn is_complete(&self) -> bool {
        self.content == Content::Complete
    }

    pub(super) fn number(&self, code: &str) -> Option<u32> {
        self.by_code.get(code).copied().or_else(|| {
            (!self.folded.is_empty())
                .then(|| self.folded.get(&*code.to_lowercase()).copied())
                .flatten()
        })
    }

    /// The concepts below one, itself not included; the hierarchy may hold circles.
    pub(super) fn below(&self, number: u32) -> Vec<u32> {
        reach(&self.children, number)
    }

    /// The concepts above one, itself not included.
    pub(super) fn above(&self, number: u32) -> Vec<u32> {
        reach(&self.parents, number)
    }

    pub(super) fn parents(&self, number: u32) -> &[u32] {
        self.parents.get(number as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) fn children(&self, number: u32) -> &[u32] {
        self.children.get(number as usize).map_or(&[], Vec::as_slice)
    }
}

fn reach(links: &[Vec<u32>], from: u32) -> Vec<u32> {
    let mut seen = vec![false; links.len()];
    let mut found = Vec::new();
    let mut open = vec![from];
    if let Some(start) = seen.get_mut(from as usize) {
        *start = true;
    }
    while let Some(number) = open.pop() {
        for next in links.get(number as usize).into_iter().flatten() {
            if let Some(seen) = seen.get_mut(*next as usize).filter(|seen| !**seen) {
                *seen = true;
                found.push(*next);
                open.push(*next);
            }
        }
    }
    found
}

/// A property's code and value; of a Coding, the code.
fn property(node: Node<'_>) -> Option<(Arc<str>, Arc<str>)> {
    let code = text(node, "code")?;
    let value = node
        .members()
        .find(|member| member.name().is_some_and(|name| name.starts_with("value")))?;
    let value = value_text(value).or_else(|| text(value, "code"))?;
    Some((code, value))
}
