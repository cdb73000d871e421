//! An instance of a profile from its snapshot: what must be there and what is wanted, with fixed values, patterns, codes
//! of bound value sets and slices by their discriminators. It does not solve invariants: the search around it does.

use std::collections::BTreeSet;
use std::sync::Arc;

use lmr_validator::definitions::{
    Definitions, ElementDefinition, Max, SlicingRules, StructureDefinition, TypeRef,
};
use serde_json::{Map, Value, json};

use super::values;

/// Nesting at which nothing more is made.
const DEPTH: usize = 8;

/// Codes of a value set that are looked at.
const CODES: usize = 100;

type Object = Map<String, Value>;

/// Makes instances of one structure.
pub(super) struct Maker<'d> {
    definitions: &'d Definitions,
    structure: Arc<StructureDefinition>,
}

/// Where in which definition the members of an object are described.
#[derive(Clone)]
struct Scope {
    structure: Arc<StructureDefinition>,
    parent: Arc<str>,
}

impl<'d> Maker<'d> {
    pub(super) const fn new(
        definitions: &'d Definitions,
        structure: Arc<StructureDefinition>,
    ) -> Self {
        Self { definitions, structure }
    }

    /// Elements that may be left out, those nearest to the root first, as the definition lists them.
    pub(super) fn optional(&self) -> Vec<Arc<str>> {
        let mut optional: Vec<&ElementDefinition> = self
            .structure
            .elements
            .iter()
            .skip(1)
            .filter(|e| e.min == 0 && e.max > Max::Count(0) && !is_infrastructure(e))
            .collect();
        optional.sort_by_key(|e| (e.id.matches(['.', ':']).count(), !e.must_support));
        optional.into_iter().map(|e| Arc::clone(&e.id)).collect()
    }

    /// What may be left out of the data types of the elements, and the elements of which there may be more than must be:
    /// an invariant may ask for these too. Such an element that is wanted is there once more.
    pub(super) fn further(&self) -> Vec<Arc<str>> {
        let elements = self.structure.elements.iter().skip(1);
        let types: BTreeSet<&str> = elements
            .clone()
            .filter(|e| e.min > 0)
            .flat_map(|e| e.types.iter().map(TypeRef::name))
            .filter(|name| name.starts_with(char::is_uppercase) && *name != "Resource")
            .collect();
        let of_types = types
            .into_iter()
            .filter_map(|name| self.definitions.type_definition(name).ok().flatten())
            .flat_map(|of_type| {
                let elements = of_type.elements.iter().skip(1);
                let optional = elements.filter(|e| e.min == 0 && !is_infrastructure(e));
                optional.map(|e| Arc::clone(&e.id)).collect::<Vec<_>>()
            });
        let repeated = elements.filter(|e| is_repeatable(e)).map(|e| Arc::clone(&e.id));
        of_types.chain(repeated).collect()
    }

    /// Whether receivers and senders must be able to handle the element.
    pub(super) fn must_support(&self, id: &str) -> bool {
        self.structure.element(id).is_some_and(|e| e.must_support)
    }

    /// The instance with what must be there and the wanted elements (by id).
    pub(super) fn make(&self, wanted: &BTreeSet<Arc<str>>) -> Object {
        let mut made = Object::new();
        let structure = &self.structure;
        if structure.kind == lmr_validator::definitions::StructureKind::Resource {
            made.insert("resourceType".to_owned(), json!(&*structure.type_name));
            made.insert("id".to_owned(), json!("example"));
            if structure.is_profile() {
                made.insert("meta".to_owned(), json!({ "profile": [&*structure.url] }));
            }
        }
        if let Some(root) = structure.root() {
            let scope = Scope { structure: Arc::clone(structure), parent: Arc::clone(&root.id) };
            self.members(&scope, wanted, &mut made, 0);
        }
        let mut whole = Value::Object(made);
        values::identify(&mut whole);
        match whole {
            Value::Object(made) => made,
            _ => Object::new(),
        }
    }

    fn members(&self, scope: &Scope, wanted: &BTreeSet<Arc<str>>, made: &mut Object, depth: usize) {
        let structure = &scope.structure;
        let children: Vec<&ElementDefinition> = structure.children_of(&scope.parent).collect();
        let in_slice = scope.parent.contains(':');
        for element in children.iter().copied().filter(|e| e.slice_name.is_none()) {
            let slices: Vec<&ElementDefinition> = children
                .iter()
                .copied()
                .filter(|e| e.slice_name.is_some() && e.path == element.path)
                .collect();
            // What a slice is distinguished by must be there, whether or not it is required.
            let tells = in_slice && is_given(structure, element);
            let asked = |e: &ElementDefinition| e.min > 0 || is_wanted(wanted, &e.id);
            let asked_slices: Vec<&ElementDefinition> =
                slices.iter().copied().filter(|slice| asked(slice)).collect();
            if !(asked(element) || tells || !asked_slices.is_empty())
                || element.max == Max::Count(0)
                || (element.min == 0 && is_infrastructure(element) && asked_slices.is_empty())
            {
                continue;
            }
            if let Some(stem) = element.name().strip_suffix("[x]") {
                let one = asked_slices.first().or(slices.first()).copied().unwrap_or(element);
                if let Some((of_type, value)) = self.first_type(structure, one, wanted, depth) {
                    made.insert(format!("{stem}{}", capitalised(of_type.name())), value);
                }
                continue;
            }
            let mut items: Vec<Value> = Vec::new();
            for slice in &asked_slices {
                for _ in 0..slice.min.max(1) {
                    items.extend(self.value(structure, slice, wanted, depth));
                }
            }
            let closed =
                element.slicing.as_ref().is_some_and(|by| by.rules == SlicingRules::Closed);
            let more = u32::from(is_repeatable(element) && wanted.contains(&element.id));
            let least = (element.min + more).max(u32::from(asked_slices.is_empty())) as usize;
            while items.len() < least {
                let of = match slices.first() {
                    Some(slice) if closed || element.name() == "extension" => slice,
                    _ => element,
                };
                match self.value(structure, of, wanted, depth) {
                    Some(item) => items.push(item),
                    None => break,
                }
            }
            if items.is_empty() {
                continue;
            }
            let value = if element.is_array() { Value::Array(items) } else { items.swap_remove(0) };
            made.insert(element.name().to_owned(), value);
        }
    }

    fn value(
        &self,
        structure: &Arc<StructureDefinition>,
        element: &ElementDefinition,
        wanted: &BTreeSet<Arc<str>>,
        depth: usize,
    ) -> Option<Value> {
        if let Some(same) = &element.content_reference {
            let parent = Arc::from(same.trim_start_matches('#'));
            let scope = Scope { structure: Arc::clone(structure), parent };
            let mut made = Object::new();
            if depth < DEPTH {
                self.members(&scope, &BTreeSet::new(), &mut made, depth + 1);
            }
            return (!made.is_empty()).then_some(Value::Object(made));
        }
        self.first_type(structure, element, wanted, depth).map(|(_, value)| value)
    }

    /// The value in the first of the element's types for which there is one.
    fn first_type<'e>(
        &self,
        structure: &Arc<StructureDefinition>,
        element: &'e ElementDefinition,
        wanted: &BTreeSet<Arc<str>>,
        depth: usize,
    ) -> Option<(&'e TypeRef, Value)> {
        element.types.iter().find_map(|of_type| {
            self.of_type(structure, element, of_type, wanted, depth).map(|value| (of_type, value))
        })
    }

    fn of_type(
        &self,
        structure: &Arc<StructureDefinition>,
        element: &ElementDefinition,
        of_type: &TypeRef,
        wanted: &BTreeSet<Arc<str>>,
        depth: usize,
    ) -> Option<Value> {
        if depth >= DEPTH {
            return None;
        }
        if let Some(fixed) = &element.fixed {
            return plain(fixed.json());
        }
        let name = of_type.name();
        let pattern = element.pattern.as_ref().and_then(|pattern| plain(pattern.json()));
        if name.starts_with(char::is_lowercase) {
            return pattern.or_else(|| self.primitive(element, name));
        }
        let has_own = structure.children_of(&element.id).next().is_some();
        let mut made = match name {
            "Reference" => self.reference(of_type),
            "Resource" => return None,
            "Coding" if pattern.is_none() => self.coding(element),
            "CodeableConcept" if pattern.is_none() && !has_own => {
                let coding = self.coding(element);
                let mut concept = Object::new();
                if coding.is_empty() {
                    concept.insert("text".to_owned(), json!("Eksempel"));
                } else {
                    concept.insert("coding".to_owned(), json!([coding]));
                }
                concept
            }
            "Identifier" if pattern.is_none() && !has_own => values::identifier(),
            "Quantity" | "SimpleQuantity" | "Age" | "Duration" | "Count" | "Money" | "Distance"
                if pattern.is_none() =>
            {
                values::quantity(name)
            }
            _ => Object::new(),
        };
        let scope = if has_own {
            Some(Scope { structure: Arc::clone(structure), parent: Arc::clone(&element.id) })
        } else if made.is_empty() {
            let described = match of_type.profiles.first() {
                Some(profile) => self.definitions.structure(profile).ok().flatten(),
                None => self.definitions.type_definition(name).ok().flatten(),
            };
            described.and_then(|structure| {
                let parent = Arc::clone(&structure.root()?.id);
                Some(Scope { structure, parent })
            })
        } else {
            None
        };
        if let Some(scope) = scope {
            let mut own = Object::new();
            self.members(&scope, wanted, &mut own, depth + 1);
            for (key, value) in own {
                // What is more exact than the definition asks for is kept.
                if !(matches!(name, "Quantity" | "Reference") && made.contains_key(&key))
                    || is_fixed(&scope, &key)
                {
                    made.insert(key, value);
                }
            }
        }
        if let Some(Value::Object(pattern)) = pattern {
            overlay(&mut made, pattern);
        }
        if made.is_empty() {
            self.least(name, &mut made, depth);
        }
        (!made.is_empty()).then_some(Value::Object(made))
    }

    fn primitive(&self, element: &ElementDefinition, type_name: &str) -> Option<Value> {
        if let Some(code) = self.coding(element).remove("code") {
            return Some(code);
        }
        for bound in [&element.min_value, &element.max_value].into_iter().flatten() {
            if let Some(value) = plain(bound.json()) {
                return Some(value);
            }
        }
        let mut value = values::primitive(type_name, element.name())?;
        if let (Some(most), Value::String(text)) = (element.max_length, &mut value) {
            *text = text.chars().take(most as usize).collect();
        }
        Some(value)
    }

    /// Content for a data type of which nothing is required, since an element must not be empty.
    fn least(&self, type_name: &str, made: &mut Object, depth: usize) {
        let Some(structure) = self.definitions.type_definition(type_name).ok().flatten() else {
            return;
        };
        let Some(root) = structure.root() else { return };
        for name in [
            "family",
            "value",
            "text",
            "city",
            "start",
            "system",
            "line",
            "div",
            "title",
            "frequency",
        ] {
            let Some(element) = structure
                .children_of(&root.id)
                .find(|e| e.name() == name && e.slice_name.is_none() && e.max > Max::Count(0))
            else {
                continue;
            };
            if let Some(value) = self.value(&structure, element, &BTreeSet::new(), depth + 1) {
                let value = if element.is_array() { json!([value]) } else { value };
                made.insert(name.to_owned(), value);
                return;
            }
        }
    }

    /// A reference to the first target, by the id that its own example has.
    fn reference(&self, of_type: &TypeRef) -> Object {
        let target = of_type
            .target_profiles
            .first()
            .and_then(|profile| self.definitions.structure(profile).ok().flatten())
            .map_or_else(|| "Patient".to_owned(), |of| of.type_name.to_string());
        let target = if target == "Resource" { "Patient" } else { target.as_str() };
        let mut made = Object::new();
        made.insert("reference".to_owned(), json!(format!("{target}/example")));
        made
    }

    /// A usual code of the bound value set, or the first that is at hand, as a Coding; empty if there is none.
    fn coding(&self, element: &ElementDefinition) -> Object {
        let mut made = Object::new();
        let Some(value_set) = element.binding.as_ref().and_then(|by| by.value_set.as_ref()) else {
            return made;
        };
        let codes = self.definitions.terminology().value_set(value_set).codes(CODES);
        let usual = values::CODES
            .iter()
            .find_map(|usual| codes.iter().position(|(_, code, _)| &**code == *usual));
        if codes.is_empty() {
            return values::known_code(value_set);
        }
        if let Some((system, code, display)) = codes.into_iter().nth(usual.unwrap_or(0)) {
            made.insert("system".to_owned(), json!(&*system));
            made.insert("code".to_owned(), json!(&*code));
            if let Some(display) = display {
                made.insert("display".to_owned(), json!(&*display));
            }
        }
        made
    }
}

/// What every element or resource may have, and no example needs.
fn is_infrastructure(element: &ElementDefinition) -> bool {
    matches!(
        element.name(),
        "id" | "meta"
            | "implicitRules"
            | "language"
            | "contained"
            | "extension"
            | "modifierExtension"
            | "text"
    ) && element.slice_name.is_none()
}

/// Whether the element must be there, and may be there once more than it must.
fn is_repeatable(element: &ElementDefinition) -> bool {
    element.min > 0 && element.max > Max::Count(element.min) && element.slice_name.is_none()
}

/// Whether the element itself or one below it is wanted.
fn is_wanted(wanted: &BTreeSet<Arc<str>>, id: &str) -> bool {
    wanted
        .iter()
        .filter_map(|other| other.strip_prefix(id))
        .any(|rest| rest.chars().next().is_none_or(|next| matches!(next, '.' | ':' | '/')))
}

/// Whether the element or one below it has a value that the definition gives.
fn is_given(structure: &StructureDefinition, element: &ElementDefinition) -> bool {
    structure.elements.iter().any(|e| {
        (e.fixed.is_some() || e.pattern.is_some())
            && e.id
                .strip_prefix(&*element.id)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn is_fixed(scope: &Scope, name: &str) -> bool {
    scope
        .structure
        .children_of(&scope.parent)
        .any(|e| e.name() == name && (e.fixed.is_some() || e.pattern.is_some()))
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Puts the members of `pattern` over those of `made`, deeply for objects.
fn overlay(made: &mut Object, pattern: Object) {
    for (key, value) in pattern {
        match (made.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(pattern)) => overlay(inner, pattern),
            (_, value) => drop(made.insert(key, value)),
        }
    }
}

/// A definition's value as an ordinary JSON value.
fn plain(node: lmr_fhir::Node<'_>) -> Option<Value> {
    serde_json::from_str(node.raw()).ok()
}
