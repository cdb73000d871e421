//! A StructureDefinition before its snapshot is complete.

use std::sync::Arc;

use super::{
    rules::ElementRules,
    structure::{
        Derivation, ElementDefinition, ExtensionContext, StructureDefinition, StructureKind,
    },
};

/// A StructureDefinition as written; its snapshot may be missing.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) url: Arc<str>,
    pub(crate) version: Option<Arc<str>>,
    pub(crate) name: Arc<str>,
    pub(crate) type_name: Arc<str>,
    pub(crate) kind: StructureKind,
    pub(crate) derivation: Option<Derivation>,
    pub(crate) is_abstract: bool,
    pub(crate) status: Option<Arc<str>>,
    pub(crate) base: Option<Arc<str>>,
    pub(crate) contexts: Vec<ExtensionContext>,
    pub(crate) context_invariants: Vec<Arc<str>>,
    pub(crate) imposed: Vec<Arc<str>>,
    pub(crate) snapshot: Vec<ElementRules>,
    pub(crate) differential: Vec<ElementRules>,
}

impl StructureDefinition {
    /// A definition whose snapshot is taken as it is written.
    pub(crate) fn from_written(mut written: Written) -> Self {
        let snapshot = std::mem::take(&mut written.snapshot);
        let elements = snapshot.into_iter().map(ElementRules::whole).collect();
        Self::with_elements(written, elements)
    }

    /// A definition with a snapshot made for it.
    pub(crate) fn with_elements(written: Written, elements: Vec<ElementDefinition>) -> Self {
        Self {
            url: written.url,
            version: written.version,
            name: written.name,
            type_name: written.type_name,
            kind: written.kind,
            derivation: written.derivation,
            is_abstract: written.is_abstract,
            status: written.status,
            base: written.base,
            contexts: written.contexts,
            context_invariants: written.context_invariants,
            imposed: written.imposed,
            elements,
            ignored: Vec::new(),
            looser: Vec::new(),
            mistyped: Vec::new(),
        }
    }
}
