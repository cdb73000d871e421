//! An element as a StructureDefinition writes it: what it leaves out is `None`.

use std::sync::Arc;

use super::structure::{
    Binding, BindingStrength, Constraint, ElementBase, ElementDefinition, Max, Slicing, TypeRef,
    Value,
};

/// An element of a differential, or of a snapshot as read.
#[derive(Clone, Debug, Default)]
pub(crate) struct ElementRules {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) path: Arc<str>,
    pub(crate) slice_name: Option<Arc<str>>,
    pub(crate) min: Option<u32>,
    pub(crate) max: Option<Max>,
    pub(crate) base: Option<ElementBase>,
    pub(crate) types: Option<Arc<[TypeRef]>>,
    pub(crate) content_reference: Option<Arc<str>>,
    pub(crate) fixed: Option<Arc<Value>>,
    pub(crate) pattern: Option<Arc<Value>>,
    pub(crate) min_value: Option<Arc<Value>>,
    pub(crate) max_value: Option<Arc<Value>>,
    pub(crate) max_length: Option<u32>,
    pub(crate) min_length: Option<u32>,
    pub(crate) must_have_value: bool,
    pub(crate) value_alternatives: Vec<Arc<str>>,
    pub(crate) constraints: Vec<Arc<Constraint>>,
    pub(crate) binding: Option<BindingRules>,
    pub(crate) slicing: Option<Arc<Slicing>>,
    pub(crate) is_modifier: Option<bool>,
    pub(crate) must_support: Option<bool>,
    pub(crate) narrative_language: Option<Arc<str>>,
    pub(crate) narrative_source: Option<Arc<str>>,
    pub(crate) regex: Option<Arc<str>>,
}

/// A binding, of which a differential may give a part.
#[derive(Clone, Debug)]
pub(crate) struct BindingRules {
    pub(crate) strength: Option<BindingStrength>,
    pub(crate) value_set: Option<Arc<str>>,
    pub(crate) max_value_set: Option<Arc<str>>,
    pub(crate) additional: Vec<super::structure::AdditionalBinding>,
}

impl BindingRules {
    /// The binding over the one before it.
    pub(crate) fn over(self, before: Option<&Binding>) -> Binding {
        Binding {
            strength: self
                .strength
                .or(before.map(|before| before.strength))
                .unwrap_or(BindingStrength::Example),
            value_set: self
                .value_set
                .or_else(|| before.and_then(|before| before.value_set.clone())),
            max_value_set: self.max_value_set,
            additional: self.additional,
        }
    }
}

impl ElementRules {
    /// The binding, for messages, if another line about the same element replaces it.
    pub(crate) fn replaced_binding(&self, later: &Self) -> Option<Arc<str>> {
        let own = self.binding.as_ref()?;
        let is_bindable =
            later.types.as_ref().is_none_or(|types| types.iter().any(TypeRef::is_bindable));
        let is_other = later.binding.as_ref().is_some_and(|it| own.value_set != it.value_set);
        (is_other || !is_bindable).then(|| self.label("binding"))
    }

    /// The slicing, for messages, if another line about the same element replaces it.
    pub(crate) fn replaced_slicing(&self, later: &Self) -> Option<Arc<str>> {
        let (own, other) = (self.slicing.as_ref()?, later.slicing.as_ref()?);
        (own.discriminators != other.discriminators).then(|| self.label("slicing"))
    }

    /// The line with an aspect of it, for messages.
    fn label(&self, aspect: &str) -> Arc<str> {
        format!("{} ({aspect})", self.id.as_ref().unwrap_or(&self.path)).into()
    }

    /// The element of a snapshot. Cardinalities that a snapshot leaves out (it must not) are
    /// taken as the widest.
    pub(crate) fn whole(self) -> ElementDefinition {
        ElementDefinition {
            id: self.id.unwrap_or_else(|| self.path.clone()),
            path: self.path,
            slice_name: self.slice_name,
            min: self.min.unwrap_or(0),
            max: self.max.unwrap_or(Max::Unbounded),
            base: self.base,
            types: self.types.unwrap_or_default(),
            content_reference: self.content_reference,
            fixed: self.fixed,
            pattern: self.pattern,
            min_value: self.min_value,
            max_value: self.max_value,
            max_length: self.max_length,
            min_length: self.min_length,
            must_have_value: self.must_have_value,
            value_alternatives: self.value_alternatives.into(),
            constraints: self.constraints.into(),
            binding: self.binding.map(|binding| Arc::new(binding.over(None))),
            slicing: self.slicing,
            is_modifier: self.is_modifier.unwrap_or(false),
            must_support: self.must_support.unwrap_or(false),
            narrative_language: self.narrative_language,
            narrative_source: self.narrative_source,
            regex: self.regex,
        }
    }
}
