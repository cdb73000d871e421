//! An element that a differential can name.

use std::sync::Arc;

use lmr_validator::definitions::{
    Definitions, ElementDefinition, Max, StructureDefinition, TypeRef,
};
use serde_json::{Value, json};

/// An element with its id and path in the profile, and its definition in the type that has it.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) id: String,
    pub(super) path: String,
    structure: Arc<StructureDefinition>,
    index: usize,
}

impl Site {
    /// The root of a type.
    pub(super) fn root(definitions: &Definitions, type_name: &str) -> Option<Self> {
        let structure = definitions.type_definition(type_name).ok()??;
        Some(Self { id: type_name.to_owned(), path: type_name.to_owned(), structure, index: 0 })
    }

    pub(super) fn element(&self) -> &ElementDefinition {
        &self.structure.elements[self.index]
    }

    pub(super) fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    pub(super) fn is_choice(&self) -> bool {
        self.path.ends_with("[x]")
    }

    pub(super) fn repeats(&self) -> bool {
        self.element().max > Max::Count(1)
    }

    /// The only type, if there is only one and it is a FHIR type.
    pub(super) fn single_type(&self) -> Option<&TypeRef> {
        match &*self.element().types {
            [only] if !only.is_system() => Some(only),
            _ => None,
        }
    }

    /// The beginning of a line about it.
    pub(super) fn line(&self) -> Value {
        json!({ "id": self.id, "path": self.path })
    }

    /// The same element as a slice.
    pub(super) fn slice(&self, name: &str) -> Self {
        Self { id: format!("{}:{name}", self.id), ..self.clone() }
    }

    /// The elements right below it, without what is the same everywhere.
    pub(super) fn children(&self, definitions: &Definitions) -> Vec<Self> {
        let own = self.below(&self.structure, &self.element().id);
        if !own.is_empty() {
            return own;
        }
        if let Some(reference) = &self.element().content_reference {
            return self.below(&self.structure, reference);
        }
        let Some(ty) = self.single_type() else { return Vec::new() };
        self.of_type(definitions, ty.name())
    }

    /// The elements of a type, as if it were the only one here.
    pub(super) fn of_type(&self, definitions: &Definitions, type_name: &str) -> Vec<Self> {
        if type_name.starts_with(char::is_lowercase) || type_name == "Resource" {
            return Vec::new();
        }
        match definitions.type_definition(type_name) {
            Ok(Some(structure)) => self.below(&structure, type_name),
            _ => Vec::new(),
        }
    }

    /// The child of this name.
    pub(super) fn child(&self, definitions: &Definitions, name: &str) -> Option<Self> {
        self.children(definitions).into_iter().find(|child| child.name() == name)
    }

    fn below(&self, structure: &Arc<StructureDefinition>, parent: &str) -> Vec<Self> {
        let prefix = format!("{parent}.");
        structure
            .elements
            .iter()
            .enumerate()
            .filter(|(_, e)| {
                e.slice_name.is_none()
                    && e.id.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('.'))
            })
            .map(|(index, e)| Self {
                id: format!("{}.{}", self.id, e.name()),
                path: format!("{}.{}", self.path, e.name()),
                structure: structure.clone(),
                index,
            })
            .collect()
    }
}

/// Elements that are left alone: their constraints say little or are checked elsewhere.
pub(super) fn is_ordinary(site: &Site) -> bool {
    !matches!(
        site.name(),
        "id" | "meta"
            | "implicitRules"
            | "language"
            | "text"
            | "contained"
            | "extension"
            | "modifierExtension"
    )
}
