//! Instances of a profile, made from its snapshot: each element as often as its cardinality says,
//! fixed values and patterns as given, codes from bound value sets, slices by their discriminators.
//! Invariants are not solved; [`Generator::resource`] gives sparser instances the more `thrift` it gets.

use std::{collections::HashMap, sync::Arc};

use fastrand::Rng;
use lmr_validator::definitions::{
    BindingStrength, Definitions, ElementDefinition, Max, StructureDefinition, StructureKind,
    TypeRef,
};
use serde_json::{Value, json};

use super::{Object, primitive};

/// Resources that stand inside of others.
const SIMPLE_RESOURCES: [&str; 8] = [
    "Patient",
    "Organization",
    "Medication",
    "Observation",
    "Condition",
    "OperationOutcome",
    "Binary",
    "Parameters",
];

/// Nesting at which only required elements are made.
const DEPTH: usize = 6;

/// A code system and a code of it.
type Code = (Arc<str>, Arc<str>);

/// Makes instances from definitions.
pub(crate) struct Generator<'d> {
    definitions: &'d Definitions,
    /// The codes of each value set that was asked for.
    codes: HashMap<Arc<str>, Vec<Code>>,
    /// The URLs of all extensions.
    extensions: Vec<String>,
}

/// A sequence of elements under one parent: the definition, and the parent's id in it.
#[derive(Clone)]
struct Scope {
    structure: Arc<StructureDefinition>,
    parent: Arc<str>,
}

impl<'d> Generator<'d> {
    pub(crate) fn new(definitions: &'d Definitions) -> Self {
        Self { definitions, codes: HashMap::new(), extensions: Vec::new() }
    }

    /// An instance of the resource or profile `canonical`; `None` if it is not a concrete resource.
    /// `thrift` from 0 (rich) to 10 (only what is required).
    pub(crate) fn resource(
        &mut self,
        rng: &mut Rng,
        canonical: &str,
        thrift: u8,
    ) -> Option<Object> {
        let structure = self.definitions.structure(canonical).ok()??;
        if structure.kind != StructureKind::Resource || structure.is_abstract {
            return None;
        }
        let mut made = Object::new();
        made.insert("resourceType".into(), json!(&*structure.type_name));
        if rng.u8(..4) > 0 {
            made.insert("id".into(), json!(primitive::id(rng)));
        }
        if structure.is_profile() {
            made.insert("meta".into(), json!({ "profile": [&*structure.url] }));
        }
        let root = structure.root()?.id.clone();
        let type_name = structure.type_name.clone();
        self.members(rng, &Scope { structure, parent: root }, &mut made, 0, thrift);
        self.around(rng, &type_name, &mut made, thrift);
        Some(made)
    }

    /// A value of the data type `name`; `Null` if none can be made.
    pub(crate) fn data_type(&mut self, rng: &mut Rng, name: &str) -> Value {
        if name.starts_with(char::is_lowercase) {
            return primitive::value(rng, name);
        }
        let Some(structure) = self.definitions.type_definition(name).ok().flatten() else {
            return Value::Null;
        };
        let Some(root) = structure.root() else { return Value::Null };
        let mut made = Object::new();
        let scope = Scope { parent: root.id.clone(), structure: structure.clone() };
        self.members(rng, &scope, &mut made, 2, 2);
        if made.is_empty() {
            self.least(rng, name, &mut made);
        }
        Value::Object(made)
    }

    /// What every resource may have: metadata, a language, an extension of the specification, vital signs.
    fn around(&mut self, rng: &mut Rng, type_name: &str, made: &mut Object, thrift: u8) {
        if rng.u8(..8) == 0 {
            let base = ["Resource", "DomainResource", type_name][rng.usize(..3)];
            let profiles = json!([format!("http://hl7.org/fhir/StructureDefinition/{base}")]);
            let meta = match rng.u8(..5) {
                0 => {
                    json!({ "versionId": primitive::id(rng), "lastUpdated": primitive::value(rng, "instant") })
                }
                1 => {
                    json!({ "security": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R" }] })
                }
                2 => {
                    json!({ "source": primitive::value(rng, "uri"), "tag": [{ "system": "http://sykehus.no/merke", "code": "a" }] })
                }
                _ => json!({ "profile": profiles }),
            };
            made.entry("meta").or_insert(meta);
        }
        if rng.u8(..10) == 0 {
            let language = primitive::pick(rng, &["nb", "nb-NO", "en", "en-US", "nn"]);
            made.insert("language".into(), json!(language));
        }
        if type_name == "Observation" && rng.u8(..2) == 0 {
            vital_sign(rng, made);
        }
        if rng.u8(..6) == 0
            && let Some(extension) = self.core_extension(rng, type_name, thrift)
        {
            made.insert("extension".into(), json!([extension]));
        }
    }

    /// An instance of an extension that the specification defines for this type or for all.
    fn core_extension(&mut self, rng: &mut Rng, type_name: &str, thrift: u8) -> Option<Value> {
        let definitions = self.definitions;
        if self.extensions.is_empty() {
            self.extensions = definitions
                .structures()
                .filter(|s| s.type_name == "Extension" && s.is_profile)
                .map(|s| s.url.to_owned())
                .collect();
            self.extensions.sort();
        }
        for _ in 0..30 {
            let url = self.extensions[rng.usize(..self.extensions.len())].clone();
            let Some(structure) = definitions.structure(&url).ok().flatten() else { continue };
            let fits = structure.contexts.iter().any(|context| {
                &*context.expression == type_name
                    || matches!(&*context.expression, "Element" | "Resource" | "DomainResource")
            });
            if !fits && rng.u8(..20) > 0 {
                continue;
            }
            let root = structure.root()?.id.clone();
            let mut made = Object::new();
            self.members(rng, &Scope { structure, parent: root }, &mut made, 1, thrift);
            made.insert("url".into(), json!(url));
            return Some(Value::Object(made));
        }
        None
    }

    fn members(
        &mut self,
        rng: &mut Rng,
        scope: &Scope,
        made: &mut Object,
        depth: usize,
        thrift: u8,
    ) {
        let structure = scope.structure.clone();
        let children: Vec<&ElementDefinition> = structure.children_of(&scope.parent).collect();
        for element in children.iter().filter(|e| e.slice_name.is_none()) {
            let name = element.name();
            if matches!(
                name,
                "id" | "meta" | "contained" | "implicitRules" | "language" | "modifierExtension"
            ) && element.min == 0
            {
                continue;
            }
            let slices: Vec<&ElementDefinition> = children
                .iter()
                .copied()
                .filter(|e| e.slice_name.is_some() && e.path == element.path)
                .collect();
            let wanted = self.count(rng, element, depth, thrift);
            if let Some(stem) = name.strip_suffix("[x]") {
                self.choice(rng, &structure, element, &slices, stem, wanted, made, (depth, thrift));
                continue;
            }
            if name == "text" && element.types.iter().any(|t| &*t.code == "Narrative") {
                if wanted > 0 && rng.u8(..4) == 0 {
                    made.insert(
                        name.into(),
                        json!({
                            "status": "generated", "div": primitive::value(rng, "xhtml")
                        }),
                    );
                }
                continue;
            }
            let mut items = Vec::new();
            for slice in &slices {
                let least = slice.min;
                let more =
                    u32::from(thrift < 5 && slice.max > Max::Count(least) && rng.u8(..3) == 0);
                for _ in 0..least + more {
                    items.extend(self.value(rng, &structure, slice, depth, thrift));
                }
            }
            let closed = element.slicing.as_ref().is_some_and(|s| {
                s.rules == lmr_validator::definitions::SlicingRules::Closed && !slices.is_empty()
            });
            let plain_extension = matches!(name, "extension" | "modifierExtension");
            while (items.len() as u32) < wanted && !closed && !plain_extension {
                match self.value(rng, &structure, element, depth, thrift) {
                    Some(item) => items.push(item),
                    None => break,
                }
            }
            if let Max::Count(most) = element.max {
                items.truncate(most as usize);
            }
            if items.is_empty() {
                continue;
            }
            let value = if element.is_array() { Value::Array(items) } else { items.swap_remove(0) };
            if rng.u8(..40) == 0 && name != "url" && !value.is_object() {
                let companion = json!({ "extension": [{
                    "url": "http://hl7.org/fhir/StructureDefinition/rendering-style", "valueString": "color: red"
                }] });
                match &value {
                    Value::Array(list) if list.first().is_none_or(Value::is_object) => {}
                    Value::Array(_) => drop(made.insert(format!("_{name}"), json!([companion]))),
                    _ => drop(made.insert(format!("_{name}"), companion)),
                }
            }
            made.insert(name.to_owned(), value);
        }
    }

    fn count(&self, rng: &mut Rng, element: &ElementDefinition, depth: usize, thrift: u8) -> u32 {
        let most = match element.max {
            Max::Count(most) => most,
            Max::Unbounded => u32::MAX,
        };
        if most <= element.min || depth >= DEPTH || thrift >= 10 {
            return element.min.min(most);
        }
        let chance =
            30u8.saturating_sub(u8::try_from(depth).unwrap_or(9) * 6).saturating_sub(thrift * 2);
        let more = if rng.u8(..100) < chance { 1 + u32::from(rng.u8(..4) == 0) } else { 0 };
        (element.min + more).min(most)
    }

    #[expect(clippy::too_many_arguments, reason = "one place where all parts of a choice meet")]
    fn choice(
        &mut self,
        rng: &mut Rng,
        structure: &Arc<StructureDefinition>,
        element: &ElementDefinition,
        slices: &[&ElementDefinition],
        stem: &str,
        wanted: u32,
        made: &mut Object,
        (depth, thrift): (usize, u8),
    ) {
        let required = slices.iter().find(|slice| slice.min > 0).copied();
        if wanted == 0 && required.is_none() {
            return;
        }
        let one = required.unwrap_or_else(|| {
            if !slices.is_empty() && rng.bool() {
                slices[rng.usize(..slices.len())]
            } else {
                element
            }
        });
        if one.max == Max::Count(0) || one.types.is_empty() {
            return;
        }
        let ty = &one.types[rng.usize(..one.types.len())];
        if let Some(value) = self.of_type(rng, structure, one, ty, depth, thrift) {
            let mut name = String::from(stem);
            let mut letters = ty.name().chars();
            name.extend(letters.next().map(|c| c.to_ascii_uppercase()));
            name.push_str(letters.as_str());
            made.insert(name, value);
        }
    }

    fn value(
        &mut self,
        rng: &mut Rng,
        structure: &Arc<StructureDefinition>,
        element: &ElementDefinition,
        depth: usize,
        thrift: u8,
    ) -> Option<Value> {
        if let Some(reference) = &element.content_reference {
            if depth >= DEPTH {
                return None;
            }
            let scope = Scope { structure: structure.clone(), parent: reference.clone() };
            let mut made = Object::new();
            self.members(rng, &scope, &mut made, depth + 2, thrift);
            return (!made.is_empty()).then_some(Value::Object(made));
        }
        if element.types.is_empty() {
            return None;
        }
        let ty = &element.types[rng.usize(..element.types.len())];
        self.of_type(rng, structure, element, ty, depth, thrift)
    }

    fn of_type(
        &mut self,
        rng: &mut Rng,
        structure: &Arc<StructureDefinition>,
        element: &ElementDefinition,
        ty: &TypeRef,
        depth: usize,
        thrift: u8,
    ) -> Option<Value> {
        if let Some(fixed) = &element.fixed {
            return plain(fixed.json());
        }
        let name = ty.name();
        let pattern = element.pattern.as_ref().and_then(|pattern| plain(pattern.json()));
        if name.chars().next().is_some_and(char::is_lowercase) {
            if let Some(pattern) = pattern {
                return Some(pattern);
            }
            if (name == "code" || element.binding.is_some())
                && let Some((_, code)) = self.code(rng, element)
            {
                return Some(json!(&*code));
            }
            let mut value = primitive::value(rng, name);
            if let (Some(most), Value::String(text)) = (element.max_length, &mut value) {
                *text = text.chars().take(most as usize).collect::<String>().trim().to_owned();
            }
            for bound in [&element.min_value, &element.max_value].into_iter().flatten() {
                if rng.u8(..3) > 0 {
                    value = plain(bound.json())?;
                }
            }
            return Some(value);
        }
        let mut made = match name {
            "Reference" => self.reference(rng, ty),
            "Coding" if pattern.is_none() => self.coding(rng, element),
            "CodeableConcept" if pattern.is_none() && !has_children(structure, &element.id) => {
                let coding = self.coding(rng, element);
                let mut concept = Object::new();
                if !coding.is_empty() {
                    concept.insert("coding".into(), json!([coding]));
                }
                if coding_is_optional(element) && rng.u8(..3) == 0 {
                    concept.insert("text".into(), primitive::value(rng, "string"));
                }
                concept
            }
            "Quantity" | "SimpleQuantity" | "Age" | "Duration" | "Count" | "Money" | "Distance"
                if pattern.is_none() && !has_children(structure, &element.id) =>
            {
                quantity(rng, name)
            }
            "Attachment" if pattern.is_none() && !has_children(structure, &element.id) => {
                attachment(rng)
            }
            "Resource" if depth < 3 => {
                let inner = primitive::pick(rng, &SIMPLE_RESOURCES);
                let canonical = format!("http://hl7.org/fhir/StructureDefinition/{inner}");
                return self.resource(rng, &canonical, 10).map(Value::Object);
            }
            "Resource" => return None,
            _ => Object::new(),
        };
        let filled = matches!(name, "Reference" | "Coding" | "Quantity" | "SimpleQuantity")
            || !made.is_empty();
        let scope = if has_children(structure, &element.id) {
            Some(Scope { structure: structure.clone(), parent: element.id.clone() })
        } else if filled {
            None
        } else {
            let canonical = ty.profiles.first();
            let found = match canonical {
                Some(profile) => self.definitions.structure(profile).ok().flatten(),
                None => self.definitions.type_definition(name).ok().flatten(),
            };
            found.and_then(|structure| {
                let parent = structure.root()?.id.clone();
                Some(Scope { structure, parent })
            })
        };
        if let Some(scope) = scope {
            let mut own = Object::new();
            self.members(rng, &scope, &mut own, depth + 1, thrift);
            for (key, value) in own {
                made.insert(key, value);
            }
        }
        if let Some(Value::Object(pattern)) = pattern {
            overlay(&mut made, pattern);
        }
        if made.is_empty() {
            self.least(rng, name, &mut made);
        }
        (!made.is_empty()).then_some(Value::Object(made))
    }

    /// Gives an object without required members some content, since ele-1 demands it.
    fn least(&mut self, rng: &mut Rng, name: &str, made: &mut Object) {
        let Some(structure) = self.definitions.type_definition(name).ok().flatten() else { return };
        let Some(root) = structure.root() else { return };
        let simple: Vec<&ElementDefinition> = structure
            .children_of(&root.id)
            .filter(|e| {
                e.max > Max::Count(0)
                    && !e.name().ends_with("[x]")
                    && e.name() != "id"
                    && e.types.iter().any(|t| {
                        matches!(t.name(), "string" | "code" | "decimal" | "dateTime" | "uri")
                    })
            })
            .collect();
        if simple.is_empty() {
            return;
        }
        let element = simple[rng.usize(..simple.len())];
        if let Some(value) = self.value(rng, &structure, element, DEPTH, 10) {
            let value = if element.is_array() { json!([value]) } else { value };
            made.insert(element.name().to_owned(), value);
        }
    }

    fn reference(&self, rng: &mut Rng, ty: &TypeRef) -> Object {
        let target = (!ty.target_profiles.is_empty())
            .then(|| ty.target_profiles[rng.usize(..ty.target_profiles.len())].clone())
            .and_then(|profile| self.definitions.structure(&profile).ok().flatten())
            .map_or_else(|| "Patient".to_owned(), |structure| structure.type_name.to_string());
        let target =
            if matches!(&*target, "Resource" | "DomainResource") { "Patient" } else { &target };
        let mut made = Object::new();
        let id = primitive::id(rng);
        match rng.u8(..16) {
            0 => drop(made.insert("display".into(), primitive::value(rng, "string"))),
            1 => drop(made.insert(
                "identifier".into(),
                json!({ "system": primitive::value(rng, "uri"), "value": id }),
            )),
            2 => drop(made.insert(
                "reference".into(),
                json!(format!("http://sykehus.no/fhir/{target}/{id}")),
            )),
            3 => drop(made.insert("reference".into(), json!(format!("{target}/{id}/_history/2")))),
            4 => {
                drop(made.insert(
                    "reference".into(),
                    json!(format!("urn:uuid:{}", primitive::uuid(rng))),
                ))
            }
            5 => {
                made.insert("reference".into(), json!(format!("{target}/{id}")));
                made.insert("type".into(), json!(target));
            }
            _ => drop(made.insert("reference".into(), json!(format!("{target}/{id}")))),
        }
        if rng.u8(..6) == 0 {
            made.insert("display".into(), primitive::value(rng, "string"));
        }
        made
    }

    fn coding(&mut self, rng: &mut Rng, element: &ElementDefinition) -> Object {
        let mut made = Object::new();
        if let Some((system, code)) = self.code(rng, element) {
            made.insert("system".into(), json!(&*system));
            made.insert("code".into(), json!(&*code));
        } else {
            made.insert("system".into(), json!("http://sykehus.no/fhir/CodeSystem/lokal"));
            made.insert("code".into(), primitive::value(rng, "code"));
        }
        made
    }

    fn code(&mut self, rng: &mut Rng, element: &ElementDefinition) -> Option<Code> {
        let value_set = element.binding.as_ref()?.value_set.clone()?;
        let definitions = self.definitions;
        let codes = self.codes.entry(value_set.clone()).or_insert_with(|| {
            definitions
                .terminology()
                .value_set(&value_set)
                .codes(200)
                .into_iter()
                .map(|(system, code, _)| (system, code))
                .collect()
        });
        (!codes.is_empty()).then(|| codes[rng.usize(..codes.len())].clone())
    }
}

fn quantity(rng: &mut Rng, name: &str) -> Object {
    let mut made = Object::new();
    made.insert("value".into(), primitive::value(rng, "decimal"));
    if name == "Money" {
        made.insert("currency".into(), json!("NOK"));
        return made;
    }
    let unit = match name {
        "Age" | "Duration" => primitive::pick(rng, &["a", "h", "min", "d"]),
        "Count" => "1",
        "Distance" => primitive::pick(rng, &["m", "cm"]),
        _ => primitive::pick(
            rng,
            &[
                "mg",
                "mL",
                "ug/kg/min",
                "mmol/L",
                "[IU]",
                "%",
                "1",
                "{tablett}",
                "10*9/L",
                "mm[Hg]",
                "Cel",
                "kg/m2",
                "/min",
                "a",
                "mo",
                "[drp]",
                "mg{base}/mL",
            ],
        ),
    };
    if rng.u8(..12) == 0 && name != "Age" {
        made.insert("unit".into(), json!(unit));
        return made;
    }
    if rng.u8(..15) == 0 && name == "Quantity" {
        made.insert("comparator".into(), json!(primitive::pick(rng, &["<", "<=", ">=", ">"])));
    }
    made.insert("system".into(), json!("http://unitsofmeasure.org"));
    made.insert("code".into(), json!(unit));
    if rng.bool() {
        made.insert("unit".into(), json!(unit));
    }
    made
}

fn attachment(rng: &mut Rng) -> Object {
    let mut made = Object::new();
    made.insert(
        "contentType".into(),
        json!(primitive::pick(rng, &["text/plain", "application/pdf", "image/png"])),
    );
    match rng.u8(..4) {
        0 => drop(made.insert("url".into(), json!("http://sykehus.no/fil"))),
        // The size and SHA-1 hash of "hei".
        1 => {
            made.insert("data".into(), json!("aGVp"));
            made.insert("size".into(), json!(3));
            made.insert("hash".into(), json!("rdRzWbdHrBEw6UG3xdwb/dAYu6E="));
        }
        2 => drop(made.insert("data".into(), json!("aGVp"))),
        _ => {}
    }
    if rng.u8(..4) == 0 {
        made.insert("title".into(), primitive::value(rng, "string"));
    }
    made
}

/// A code by which a vital signs profile applies, with a value as it asks for or another.
fn vital_sign(rng: &mut Rng, made: &mut Object) {
    let (code, unit) = primitive::pick(
        rng,
        &[
            ("8867-4", "/min"),
            ("29463-7", "kg"),
            ("8302-2", "cm"),
            ("8310-5", "Cel"),
            ("9279-1", "/min"),
            ("39156-5", "kg/m2"),
            ("2708-6", "%"),
            ("8287-5", "cm"),
            ("85354-9", ""),
            ("85353-1", ""),
        ],
    );
    made.retain(|name, _| !name.starts_with("value") && name != "dataAbsentReason");
    made.insert(
        "code".into(),
        json!({ "coding": [{ "system": "http://loinc.org", "code": code }] }),
    );
    if rng.u8(..4) > 0 {
        made.insert("status".into(), json!("final"));
        made.insert("category".into(), json!([{ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"
        }] }]));
        made.insert("subject".into(), json!({ "reference": "Patient/1" }));
        made.retain(|name, _| !name.starts_with("effective"));
        made.insert("effectiveDateTime".into(), primitive::value(rng, "dateTime"));
    }
    let unit = if rng.u8(..5) == 0 { "mg" } else { unit };
    match rng.u8(..6) {
        0 => drop(made.insert("valueString".into(), json!("hundre"))),
        1 => {}
        _ if unit.is_empty() => {}
        2 => drop(made.insert("valueQuantity".into(), json!({ "value": 1.5, "unit": unit }))),
        _ => drop(made.insert(
            "valueQuantity".into(),
            json!({ "value": primitive::value(rng, "decimal"), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit }),
        )),
    }
    if code == "85354-9" && rng.u8(..4) > 0 {
        let part = |code: &str| {
            json!({
                "code": { "coding": [{ "system": "http://loinc.org", "code": code }] },
                "valueQuantity": { "value": 120, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]" },
            })
        };
        made.insert("component".into(), json!([part("8480-6"), part("8462-4")]));
    }
}

fn coding_is_optional(element: &ElementDefinition) -> bool {
    element.binding.as_ref().is_none_or(|binding| binding.strength != BindingStrength::Required)
}

fn has_children(structure: &StructureDefinition, parent: &str) -> bool {
    structure.children_of(parent).next().is_some()
}

/// Puts the members of `pattern` over those of `made`, deeply for objects.
fn overlay(made: &mut Object, pattern: Object) {
    for (key, value) in pattern {
        match (made.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(pattern)) => overlay(inner, pattern),
            (Some(Value::Array(items)), Value::Array(patterns)) => {
                for (number, pattern) in patterns.into_iter().enumerate() {
                    match (items.get_mut(number), pattern) {
                        (Some(Value::Object(inner)), Value::Object(pattern)) => {
                            overlay(inner, pattern)
                        }
                        (Some(slot), pattern) => *slot = pattern,
                        (None, pattern) => items.push(pattern),
                    }
                }
            }
            (_, value) => drop(made.insert(key, value)),
        }
    }
}

/// A definition's value as an ordinary JSON value.
fn plain(node: lmr_fhir::Node<'_>) -> Option<Value> {
    serde_json::from_str(node.raw()).ok()
}
