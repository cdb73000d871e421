//! Each constraint of both rule sets, broken once in a correct bundle, automatically from the compiled
//! definitions: nearly all must be found, and nothing in the unbroken bundle.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]

#[path = "mutation/locate.rs"]
mod locate;
#[path = "mutation/recipes.rs"]
mod recipes;
use crate::sample;
#[path = "mutation/values.rs"]
mod values;

use std::collections::{BTreeMap, BTreeSet};

use lmr_fhir::{Document, ParseOptions, Severity};
use lmr_lmdi::codes::Code::{self, *};
use lmr_lmdi::{CheckError, CheckOptions, RuleSet, RuleSetId, check_bundle};
use lmr_validator::definitions::{
    BindingStrength, Definitions, ElementDefinition, Max, SlicingRules, StructureDefinition,
};
use lmr_validator::terminology::Membership;
use serde_json::{Value, json};

struct Mutation {
    name: String,
    /// One of these codes must be among those that refuse it: found for the right reason.
    expected: &'static [Code],
    bundle: Value,
}

const FORBIDDEN: &[Code] = &[ElementForbidden];
const MISSING: &[Code] = &[
    ElementMissing,
    EntryRequestMissing,
    EntryResourceMissing,
    BundleIdentifierMissing,
    BundleEmpty,
    BundleTypeWrong,
    ExtensionInvalid,
    SliceClosed,
];
const TOO_MANY: &[Code] = &[ElementTooMany];
const OTHER_VALUE: &[Code] = &[
    FixedValueWrong,
    PatternMismatch,
    SliceClosed,
    BundleTypeWrong,
    EntryMethodNotPost,
    ExtensionUnknown,
];
const OTHER_TYPE: &[Code] = &[TypeNotAllowed, SliceClosed, ExtensionInvalid];
const OTHER_TARGET: &[Code] = &[ReferenceWrongKind, ReferenceProfileMismatch];
const OTHER_CODE: &[Code] = &[CodeNotInRequiredSet, BundleTypeWrong];
const NO_SLICE: &[Code] = &[SliceClosed, ExtensionUnknown];

/// A place where a definition is used in the sample: pointer to its instance.
struct Use<'a> {
    structure: &'a StructureDefinition,
    roots: Vec<String>,
}

struct Maker<'a> {
    definitions: &'a Definitions,
    sample: Value,
    made: Vec<Mutation>,
    /// Constraints that cannot be checked offline, with the reason.
    left_out: BTreeMap<String, &'static str>,
}

impl Maker<'_> {
    fn make(&mut self, name: String, expected: &'static [Code], change: impl FnOnce(&mut Value)) {
        let mut bundle = self.sample.clone();
        change(&mut bundle);
        if bundle == self.sample {
            panic!("{name} changes nothing");
        }
        self.made.push(Mutation { name, expected, bundle });
    }

    fn element(&mut self, used: &Use<'_>, element: &ElementDefinition) {
        let structure = used.structure;
        let (parent_id, _) = element.id.rsplit_once('.').unwrap_or((&element.id, ""));
        let find = |id: &str| -> Vec<String> {
            used.roots
                .iter()
                .flat_map(|root| locate::instances(&self.sample, root, structure, id))
                .collect()
        };
        let parents = if element.id.contains('.') { find(parent_id) } else { used.roots.clone() };
        let found = find(&element.id);
        let name = |what: &str| format!("{} {}: {what}", structure.name, element.id);
        let discriminates_open_slice = discriminates_open_slice(structure, element);
        if element.max == Max::Count(0) {
            if let Some(parent) = parents.first() {
                let (name, parent) = (name("forbidden"), parent.clone());
                let Some(item) = self.forbidden(structure, element) else {
                    panic!("{name}: no value to put there")
                };
                self.make(name, FORBIDDEN, |bundle| insert(bundle, &parent, item));
            }
            if parents.is_empty() {
                self.left_out.insert(name("forbidden"), "the sample has no parent of it");
            }
            return;
        }
        let Some(first) = found.first().cloned() else {
            let tightened = element.base.as_ref().is_some_and(|base| element.min > base.min);
            if tightened || element.fixed.is_some() || element.pattern.is_some() {
                self.left_out.insert(name("constrained"), "the sample has no instance of it");
            }
            return;
        };
        if element.min > 0 && !discriminates_open_slice {
            let name = name("missing");
            self.make(name, MISSING, |bundle| remove(bundle, &first, element.slice_name.is_some()));
        }
        if let (Max::Count(max), true) = (element.max, element.is_array()) {
            let have = found.iter().filter(|pointer| list_of(pointer) == list_of(&first)).count();
            let name = name("too many");
            self.make(name, TOO_MANY, |bundle| {
                let item = bundle.pointer(&first).unwrap().clone();
                let list = bundle.pointer_mut(list_of(&first)).unwrap().as_array_mut().unwrap();
                list.extend(std::iter::repeat_n(item, max as usize + 1 - have));
            });
        }
        if (element.fixed.is_some() || element.pattern.is_some()) && !discriminates_open_slice {
            let name = name("another value");
            self.make(name, OTHER_VALUE, |bundle| {
                let value = bundle.pointer_mut(&first).unwrap();
                let other = if element.types.first().is_some_and(|kind| kind.name() == "uri") {
                    "urn:oid:1.2.3"
                } else {
                    "x-other"
                };
                assert!(value.is_string(), "only texts are fixed in these rule sets");
                *value = json!(other);
            });
        }
        self.types(used, element, &first);
        self.binding(structure, element, &first);
        self.slicing(structure, element, &first);
    }

    /// What to put where nothing may stand: key and value for the parent.
    fn forbidden(
        &self,
        structure: &StructureDefinition,
        element: &ElementDefinition,
    ) -> Option<(String, Value)> {
        let list = |item: Value| Some((element.name().to_owned(), json!([item])));
        if element.slice_name.is_some() && element.name() == "extension" {
            let url = locate::extension_url(structure, element)?;
            return list(match &*url {
                u if u.ends_with("address-official") => json!({ "url": url, "valueBoolean": true }),
                u if u.ends_with("propertyinformation") => {
                    json!({ "url": url, "extension": [{ "url": "cadastralUnitNumber", "valueInteger": 1 }] })
                }
                _ => {
                    json!({ "url": url, "extension": [{ "url": "code", "valueCodeableConcept": { "text": "x" } }] })
                }
            });
        }
        if element.slice_name.is_some() {
            let system = locate::wanted(structure, &format!("{}.system", element.id));
            return match system {
                Some(system) => list(json!({ "system": system, "value": "x" })),
                None => {
                    let system =
                        locate::wanted(structure, &format!("{}.coding.system", element.id))?;
                    list(json!({ "coding": [{ "system": system, "code": "1" }] }))
                }
            };
        }
        values::for_element(self.definitions, element)
    }

    /// A type that R4 allows here and the profile does not, or a target of the wrong kind.
    fn types(&mut self, used: &Use<'_>, element: &ElementDefinition, first: &str) {
        let structure = used.structure;
        if element.slice_name.is_none()
            && let Some(stem) = element.name().strip_suffix("[x]")
            && let Some(base) = element.base.as_ref()
            && let Some((base_type, _)) = base.path.split_once('.')
            && let Ok(Some(core)) = self.definitions.type_definition(base_type)
            && let Some(published) = core.element(&base.path)
        {
            let allowed: BTreeSet<&str> =
                element.types.iter().map(lmr_validator::definitions::TypeRef::name).collect();
            let other = published
                .types
                .iter()
                .map(lmr_validator::definitions::TypeRef::name)
                .find(|kind| !allowed.contains(kind) && values::of_type(kind).is_some());
            if let Some(other) = other {
                let key = stem.to_owned() + &other[..1].to_uppercase() + &other[1..];
                let name = format!("{} {}: type {other}", structure.name, element.id);
                let value = values::of_type(other).unwrap();
                self.make(name, OTHER_TYPE, |bundle| {
                    let (parent, old) = first.rsplit_once('/').unwrap();
                    let parent = bundle.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                    parent.remove(old);
                    parent.insert(key, value);
                });
            }
        }
        let targets: Vec<&str> = element
            .types
            .iter()
            .filter(|kind| &*kind.code == "Reference")
            .flat_map(|kind| kind.target_profiles.iter().map(|target| &**target))
            .collect();
        if targets.is_empty() || self.sample.pointer(&format!("{first}/reference")).is_none() {
            return;
        }
        let kinds: BTreeSet<String> = targets
            .iter()
            .filter_map(|target| self.definitions.structure(target).ok()?)
            .map(|target| target.type_name.to_string())
            .collect();
        let wrong =
            self.sample["entry"].as_array().unwrap().iter().position(|entry| {
                !kinds.contains(entry["resource"]["resourceType"].as_str().unwrap())
            });
        if let Some(wrong) = wrong {
            let name = format!("{} {}: target of the wrong kind", structure.name, element.id);
            self.make(name, OTHER_TARGET, |bundle| {
                *bundle.pointer_mut(first).unwrap() = sample::reference(wrong)
            });
        }
    }

    fn binding(
        &mut self,
        structure: &StructureDefinition,
        element: &ElementDefinition,
        first: &str,
    ) {
        let Some(binding) =
            element.binding.as_ref().filter(|b| b.strength == BindingStrength::Required)
        else {
            return;
        };
        let Some(value_set) = &binding.value_set else { return };
        let name = format!("{} {}: code outside the value set", structure.name, element.id);
        let instance = self.sample.pointer(first).unwrap();
        let place = ["", "/code", "/coding/0/code"]
            .into_iter()
            .map(|rest| format!("{first}{rest}"))
            .find(|pointer| self.sample.pointer(pointer).is_some_and(Value::is_string));
        let system = instance.get("system").or_else(|| instance.pointer("/coding/0/system"));
        let set = self.definitions.terminology().value_set(value_set);
        if !matches!(set.validate(system.and_then(Value::as_str), "x-other"), Membership::NotMember)
        {
            self.left_out.insert(name, "the content of the value set is not at hand");
            return;
        }
        if let Some(place) = place {
            self.make(name, OTHER_CODE, |bundle| {
                *bundle.pointer_mut(&place).unwrap() = json!("x-other")
            });
        }
    }

    fn slicing(
        &mut self,
        structure: &StructureDefinition,
        element: &ElementDefinition,
        first: &str,
    ) {
        let closed =
            element.slicing.as_ref().is_some_and(|slicing| slicing.rules == SlicingRules::Closed);
        if !closed || element.name().ends_with("[x]") {
            return;
        }
        let kind = element.types.first().unwrap().name().to_owned();
        let Some(value) = values::of_type(&kind) else { return };
        let name = format!("{} {}: item of no slice", structure.name, element.id);
        self.make(name, NO_SLICE, |bundle| {
            bundle.pointer_mut(list_of(first)).unwrap().as_array_mut().unwrap().push(value);
        });
    }
}

/// The pointer of the list an item is in.
fn list_of(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(list, _)| list)
}

/// Whether the element discriminates a slice of an open slicing: changing it makes another item of it, which is
/// allowed.
fn discriminates_open_slice(structure: &StructureDefinition, element: &ElementDefinition) -> bool {
    let Some((slice_id, rest)) = split_at_last_slice(&element.id) else { return false };
    let Some((sliced, _)) = slice_id.rsplit_once(':') else { return false };
    structure.element(sliced).and_then(|sliced| sliced.slicing.as_ref()).is_some_and(|slicing| {
        slicing.rules != SlicingRules::Closed
            && slicing
                .discriminators
                .iter()
                .any(|d| *d.path == *rest || d.path.starts_with(&format!("{rest}.")))
    })
}

fn split_at_last_slice(id: &str) -> Option<(&str, &str)> {
    let colon = id.rfind(':')?;
    let dot = colon + id[colon..].find('.')?;
    Some((&id[..dot], &id[dot + 1..]))
}

fn insert(bundle: &mut Value, parent: &str, (key, value): (String, Value)) {
    let mut at = parent.to_owned();
    if !bundle.pointer(parent).unwrap().is_object() {
        let (before, last) = parent.rsplit_once('/').unwrap();
        at = format!("{before}/_{last}");
    }
    let object = bundle.pointer_mut(&at).unwrap().as_object_mut().unwrap();
    match (object.get_mut(&key), value) {
        (Some(Value::Array(list)), Value::Array(items)) => list.extend(items),
        (_, value) => drop(object.insert(key, value)),
    }
}

fn remove(bundle: &mut Value, first: &str, only_this: bool) {
    let (parent, last) = first.rsplit_once('/').unwrap();
    let holder = bundle.pointer_mut(parent).unwrap();
    match holder {
        Value::Object(object) => drop(object.remove(last)),
        Value::Array(list) if only_this && list.len() > 1 => {
            drop(list.remove(last.parse().unwrap()))
        }
        _ => {
            let (object, key) = parent.rsplit_once('/').unwrap();
            bundle.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(key);
        }
    }
}

fn is_below_forbidden(structure: &StructureDefinition, element: &ElementDefinition) -> bool {
    let mut id: &str = &element.id;
    while let Some((parent, _)) = id.rsplit_once('.') {
        if structure.element(parent).is_some_and(|parent| parent.max == Max::Count(0)) {
            return true;
        }
        id = parent;
    }
    false
}

/// Every place where something of the rule set is used: the bundle, the resources, the extensions.
fn pointers_with_url(value: &Value, at: &str, url: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if object.get("url").is_some_and(|u| u == url) {
                found.push(at.to_owned());
            }
            for (key, child) in object {
                pointers_with_url(child, &format!("{at}/{key}"), url, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers_with_url(item, &format!("{at}/{index}"), url, found);
            }
        }
        _ => {}
    }
}

fn mutations(rule_set: RuleSetId) -> (Vec<Mutation>, BTreeMap<String, &'static str>) {
    let definitions = RuleSet::get(rule_set).unwrap().definitions();
    let sample = sample::bundle(rule_set);
    let urls: Vec<String> = definitions
        .structures()
        .filter(|summary| summary.is_profile)
        .map(|summary| summary.url.to_owned())
        .filter(|url| url.contains("hl7.no/") || url.contains("fhi.no/"))
        .collect();
    let mut maker =
        Maker { definitions, sample: sample.clone(), made: Vec::new(), left_out: BTreeMap::new() };
    let mut keys = BTreeSet::new();
    for url in &urls {
        let structure = definitions.structure(url).unwrap().unwrap();
        let roots = if url == rule_set.bundle_profile() {
            vec![String::new()]
        } else if rule_set.profiles().iter().any(|(_, profile)| profile == url) {
            let entries = sample["entry"].as_array().unwrap();
            entries
                .iter()
                .enumerate()
                .filter(|(_, entry)| entry["resource"]["resourceType"] == *structure.type_name)
                .map(|(index, _)| format!("/entry/{index}/resource"))
                .collect()
        } else {
            let mut found = Vec::new();
            pointers_with_url(&sample, "", url, &mut found);
            found
        };
        if roots.is_empty() {
            continue;
        }
        let used = Use { structure: &structure, roots };
        for element in &structure.elements {
            if is_below_forbidden(&structure, element) {
                continue;
            }
            if element.max != Max::Count(0) {
                keys.extend(
                    element
                        .constraints
                        .iter()
                        .filter(|c| c.severity == Severity::Error)
                        .map(|c| c.key.to_string()),
                );
            }
            if element.id.contains('.') {
                maker.element(&used, element);
            }
        }
    }
    // Data types bring their invariants along.
    keys.extend(["per-1", "qty-3", "sqty-1", "rat-1", "ref-1"].map(str::to_owned));
    keys.extend((1..=10).filter(|n| *n != 3).map(|n| format!("tim-{n}")));
    let mut without_recipe = Vec::new();
    for key in keys {
        match recipes::broken(&key, rule_set) {
            Some(bundle) => {
                let expected = recipes::expected(&key);
                maker.made.push(Mutation { name: format!("invariant {key}"), expected, bundle });
            }
            None => {
                let reason = recipes::OUT_OF_REACH
                    .iter()
                    .find(|(known, _)| *known == key)
                    .map(|(_, reason)| *reason);
                match reason {
                    Some(reason) => drop(maker.left_out.insert(format!("invariant {key}"), reason)),
                    None => without_recipe.push(key),
                }
            }
        }
    }
    assert!(without_recipe.is_empty(), "no recipe breaks {without_recipe:?}");
    (maker.made, maker.left_out)
}

/// The codes that refuse a bundle or its entries.
fn refusals(rule_set: RuleSetId, bundle: &Value) -> Vec<Code> {
    let document = Document::parse(bundle.to_string(), &ParseOptions::strict()).unwrap();
    let options = CheckOptions { pinned: Some(rule_set), ..sample::options() };
    match check_bundle(&document, &options) {
        Ok(verdict) => verdict.findings().filter(|f| f.refuses()).map(|f| f.code).collect(),
        Err(CheckError::Content(fault)) => vec![fault.code],
        Err(CheckError::RuleSet(error)) => panic!("{error}"),
    }
}

#[test]
fn every_broken_constraint_is_found_and_nothing_in_the_unbroken() {
    for rule_set in RuleSetId::ALL {
        assert_eq!(
            refusals(rule_set, &sample::bundle(rule_set)),
            [],
            "{rule_set:?}: the unbroken bundle is refused"
        );
        let (mutations, left_out) = mutations(rule_set);
        let mut missed = Vec::new();
        for mutation in &mutations {
            let codes = refusals(rule_set, &mutation.bundle);
            if !mutation.expected.iter().any(|code| codes.contains(code)) {
                missed.push(format!("{} (found {codes:?})", mutation.name));
            }
        }
        let found = mutations.len() - missed.len();
        eprintln!(
            "{}: {found} of {} broken constraints found, {} cannot be broken or checked",
            rule_set.as_str(),
            mutations.len(),
            left_out.len()
        );
        for (name, reason) in &left_out {
            eprintln!("  left out: {name}: {reason}");
        }
        for name in &missed {
            eprintln!("  missed: {name}");
        }
        assert!(mutations.len() > 200, "{rule_set:?}: too few mutations were made");
        assert!(missed.is_empty(), "{rule_set:?}: {} missed: {missed:#?}", missed.len());
    }
}
