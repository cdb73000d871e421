//! Codes that come in another form than FHIR, on their way to become a CodeSystem.

use std::collections::BTreeMap;

use super::Content;

mod csv;
mod resource;

/// Most codes that one list may have.
const MAX_CODES: usize = 2_000_000;

/// Why a list of codes cannot be used. The fault is in the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeListError {
    /// It is not CSV.
    #[error("line {line}: {reason}")]
    NotCsv {
        /// Line, from 1.
        line: u64,
        /// What the reader says.
        reason: String,
    },
    /// A quoted field has no end, or goes on after it.
    #[error(
        "line {line}: the quotation mark that opens a field here is not closed at the end of the field; close it, \
         and double each one inside the field"
    )]
    OpenQuote {
        /// Line on which it opens, from 1.
        line: u64,
    },
    /// A row has no code.
    #[error("line {line} has no code")]
    NoCode {
        /// Line, from 1.
        line: u64,
    },
    /// A code is a duplicate with different displays or parents.
    #[error(
        "the code {code:?} is listed more than once, with different displays or parents; keep one of the rows"
    )]
    Contradiction {
        /// The code.
        code: String,
    },
    /// A code's parent is not in the list.
    #[error("the code {code:?} has the parent {parent:?}, which is not in the list")]
    NoParent {
        /// The code.
        code: String,
        /// The code given as its parent.
        parent: String,
    },
    /// A CodeSystem that was written before cannot be read again.
    #[error("it is not a CodeSystem with a list of codes: {reason}")]
    NotCodeSystem {
        /// What is wrong.
        reason: String,
    },
    /// There are no codes in it.
    #[error("there are no codes in it")]
    Empty,
    /// There are more codes than are accepted.
    #[error("there are more than {limit} codes in it")]
    TooMany {
        /// Most codes that are accepted.
        limit: usize,
    },
}

/// A code system in the making.
#[derive(Clone, Debug)]
pub struct CodeList {
    /// Canonical URL of the system.
    pub url: String,
    /// Business version, if it has one.
    pub version: Option<String>,
    /// Human-friendly name.
    pub title: String,
    /// Whether codes that are not in the list do not exist.
    pub content: Content,
    /// Whether case distinguishes codes.
    pub is_case_sensitive: bool,
    /// Canonical URL of the value set that holds all of the list's codes, if there is to be one.
    pub value_set: Option<String>,
    /// What the list was made from, as `meta.tag`: system and code.
    pub tags: Vec<(String, String)>,
    concepts: BTreeMap<String, ListedConcept>,
}

/// What a list says of a code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedConcept {
    /// Its display.
    pub display: Option<String>,
    /// The code above it.
    pub parent: Option<String>,
    /// What else it is called.
    pub designations: Vec<String>,
    /// Whether it is no longer to be used.
    pub is_inactive: bool,
    /// Version of the list in which an inactive code was seen last as an active one.
    pub last_seen: Option<String>,
}

impl CodeList {
    /// An empty list of a system that is complete and case-sensitive.
    pub fn new(url: &str, title: &str) -> Self {
        Self {
            url: url.to_owned(),
            version: None,
            title: title.to_owned(),
            content: Content::Complete,
            is_case_sensitive: true,
            value_set: None,
            tags: Vec::new(),
            concepts: BTreeMap::new(),
        }
    }

    /// Adds a code. The same code may come again if it says the same.
    ///
    /// # Errors
    /// [`CodeListError::Contradiction`], [`CodeListError::TooMany`].
    pub fn add(&mut self, code: &str, concept: ListedConcept) -> Result<(), CodeListError> {
        match self.concepts.get(code) {
            Some(known) if *known != concept => {
                Err(CodeListError::Contradiction { code: code.to_owned() })
            }
            Some(_) => Ok(()),
            None if self.concepts.len() >= MAX_CODES => {
                Err(CodeListError::TooMany { limit: MAX_CODES })
            }
            None => {
                self.concepts.insert(code.to_owned(), concept);
                Ok(())
            }
        }
    }

    /// What the list says of a code.
    pub fn get(&self, code: &str) -> Option<&ListedConcept> {
        self.concepts.get(code)
    }

    /// How many codes there are.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    /// Whether there are no codes.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// The codes with what the list says of them, in the order of the codes.
    pub fn concepts(&self) -> impl Iterator<Item = (&str, &ListedConcept)> {
        self.concepts.iter().map(|(code, concept)| (code.as_str(), concept))
    }

    /// How many codes are in use.
    pub fn active(&self) -> usize {
        self.concepts.values().filter(|concept| !concept.is_inactive).count()
    }

    /// The value of a tag.
    pub fn tag(&self, system: &str) -> Option<&str> {
        self.tags.iter().find(|(known, _)| known == system).map(|(_, code)| code.as_str())
    }

    /// Keeps the codes of an earlier list that this one no longer has, as inactive ones: what was
    /// recorded under them is reported late and corrected later. Returns how many were withdrawn
    /// between the two lists.
    pub fn keep_withdrawn(&mut self, earlier: &Self) -> usize {
        let gone: Vec<(String, ListedConcept)> = earlier
            .concepts
            .iter()
            .filter(|(code, _)| !self.concepts.contains_key(*code))
            .map(|(code, concept)| (code.clone(), concept.clone()))
            .collect();
        let mut withdrawn = 0;
        for (code, mut concept) in gone {
            if !concept.is_inactive {
                withdrawn += 1;
                concept.last_seen.clone_from(&earlier.version);
            }
            concept.is_inactive = true;
            concept.parent = concept.parent.filter(|parent| self.concepts.contains_key(parent));
            self.concepts.insert(code, concept);
        }
        withdrawn
    }
}
