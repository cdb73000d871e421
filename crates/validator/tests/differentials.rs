//! Random differentials over types of R4, in two layers: no line ends without an effect or a
//! warning that names it, and no snapshot is looser than its base.
//!
//! `LMR_SEED` and `LMR_COUNT` try other and more of them; a failure prints the profile.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use lmr_validator::{
    definitions::{
        BindingStrength, Definitions, ElementDefinition, Max, SlicingRules, StructureDefinition,
    },
    package::Package,
};
use serde_json::{Map, Value, json};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

const TYPES: [&str; 12] = [
    "Patient",
    "Observation",
    "Bundle",
    "Medication",
    "MedicationAdministration",
    "Questionnaire",
    "Composition",
    "Parameters",
    "Organization",
    "Identifier",
    "CodeableConcept",
    "Dosage",
];

/// Value sets with all codes in the R4 core: the first is a part of the second.
const VALUE_SETS: [&str; 3] = [
    "http://hl7.org/fhir/ValueSet/administrative-gender",
    "http://hl7.org/fhir/ValueSet/bundle-type",
    "http://hl7.org/fhir/ValueSet/observation-status",
];

/// Types of the generator that can have a binding.
const BINDABLE: [&str; 6] = ["code", "Coding", "CodeableConcept", "Quantity", "string", "uri"];

/// A deterministic sequence.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.roll(one_in) == 0
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.roll(from.len())]
    }
}

/// An element of the base or below one of its elements: id and path of a line that means it.
fn target(
    dice: &mut Dice,
    definitions: &Definitions,
    base: &StructureDefinition,
) -> (String, String) {
    let element = dice.pick(&base.elements);
    let (mut id, mut path) = (element.id.to_string(), element.path.to_string());
    let has_children =
        base.elements.iter().any(|other| other.path.starts_with(&format!("{path}.")));
    if path.contains('.') && !has_children && dice.chance(3) {
        // Into the type, if it has but one.
        if let [one] = &*element.types
            && let Ok(Some(inner)) = definitions.type_definition(one.name())
            && inner.elements.len() > 1
        {
            let child = &inner.elements[1 + dice.roll(inner.elements.len() - 1)];
            let below = child.path.split_once('.').unwrap().1.to_owned();
            id = format!("{id}.{below}");
            path = format!("{path}.{below}");
        }
    }
    if path.ends_with("[x]") && dice.chance(2) && !element.types.is_empty() {
        // One type of the choice, by its own name.
        let name = dice.pick(&element.types).name().to_owned();
        let chosen = |text: &str| {
            let stem = text.strip_suffix("[x]").unwrap();
            format!("{stem}{}{}", name[..1].to_uppercase(), &name[1..])
        };
        if id.ends_with("[x]") {
            (id, path) = (chosen(&id), chosen(&path));
        }
    }
    if dice.chance(25) {
        id.push('e');
        path.push('e');
    }
    (id, path)
}

/// Random rules about one element.
fn rules(dice: &mut Dice, line: &mut Map<String, Value>, path: &str) {
    for _ in 0..=dice.roll(3) {
        match dice.roll(12) {
            0 => drop(line.insert("min".into(), json!(dice.roll(3)))),
            1 => drop(line.insert("max".into(), json!(*dice.pick(&["0", "1", "2", "*"])))),
            2 => drop(line.insert("mustSupport".into(), json!(dice.chance(2)))),
            3 => drop(line.insert("maxLength".into(), json!(10 + dice.roll(90)))),
            4 => {
                let key = format!("x-{}", dice.roll(3));
                let expression = *dice.pick(&["true", "exists()"]);
                let severity = *dice.pick(&["error", "warning"]);
                line.insert(
                    "constraint".into(),
                    json!([{"key": key, "severity": severity, "human": "x", "expression": expression}]),
                );
            }
            5 => {
                let strength = *dice.pick(&["required", "extensible", "preferred", "example"]);
                line.insert(
                    "binding".into(),
                    json!({"strength": strength, "valueSet": dice.pick(&VALUE_SETS)}),
                );
            }
            6 => {
                let name = *dice.pick(&[
                    "string",
                    "code",
                    "Quantity",
                    "CodeableConcept",
                    "Patient",
                    "Reference",
                ]);
                line.insert("type".into(), json!([{"code": name}]));
            }
            7 => {
                let targets = ["Patient", "Practitioner", "Device", "Resource"];
                let target = format!("{CORE}{}", dice.pick(&targets));
                line.insert(
                    "type".into(),
                    json!([{"code": "Reference", "targetProfile": [target]}]),
                );
            }
            8 => drop(line.insert("fixedString".into(), json!(*dice.pick(&["a", "b"])))),
            9 => {
                let codings =
                    [json!({"text": "a"}), json!({"text": "a", "coding": [{"code": "b"}]})];
                line.insert("patternCodeableConcept".into(), dice.pick(&codings).clone());
            }
            10 => drop(line.insert("minValueInteger".into(), json!(dice.roll(9)))),
            _ if path.contains('.') => {
                let rules = *dice.pick(&["open", "closed", "openAtEnd"]);
                let by = *dice.pick(&["$this", "id"]);
                line.insert(
                    "slicing".into(),
                    json!({"discriminator": [{"type": "value", "path": by}], "rules": rules, "ordered": dice.chance(2)}),
                );
            }
            _ => {}
        }
    }
}

/// A profile with random lines.
fn profile(
    dice: &mut Dice,
    definitions: &Definitions,
    base: &StructureDefinition,
    url: &str,
) -> Value {
    let mut lines: Vec<Value> = Vec::new();
    for _ in 0..=dice.roll(5) {
        let (id, path) = target(dice, definitions, base);
        let mut line = Map::new();
        line.insert("id".into(), json!(id));
        line.insert("path".into(), json!(path));
        rules(dice, &mut line, &path);
        let is_sliced = line.contains_key("slicing") || dice.chance(6);
        lines.push(Value::Object(line));
        if is_sliced && path.contains('.') && !id.ends_with('e') {
            for _ in 0..dice.roll(3) {
                let name = *dice.pick(&["a", "b", "@default", "a/inner"]);
                let mut slice = Map::new();
                // A slice of a slice is named after both.
                let last = id.rsplit('.').next().unwrap();
                let name = last
                    .split_once(':')
                    .map_or_else(|| name.to_owned(), |(_, outer)| format!("{outer}/{name}"));
                let stem = id.strip_suffix(last).unwrap();
                let element = last.split(':').next().unwrap();
                slice.insert("id".into(), json!(format!("{stem}{element}:{name}")));
                slice.insert("path".into(), json!(path));
                slice.insert("sliceName".into(), json!(name));
                rules(dice, &mut slice, "");
                lines.push(Value::Object(slice));
            }
        }
    }
    json!({
        "resourceType": "StructureDefinition", "url": url, "name": "X", "status": "draft", "kind": "resource",
        "abstract": false, "type": &*base.type_name, "baseDefinition": &*base.url,
        "derivation": "constraint", "differential": {"element": lines}
    })
}

fn most(max: Max) -> u64 {
    match max {
        Max::Count(count) => u64::from(count),
        Max::Unbounded => u64::MAX,
    }
}

fn strength(strength: BindingStrength) -> u8 {
    match strength {
        BindingStrength::Example => 0,
        BindingStrength::Preferred => 1,
        BindingStrength::Extensible => 2,
        BindingStrength::Required => 3,
    }
}

fn closedness(rules: SlicingRules) -> u8 {
    match rules {
        SlicingRules::Open => 0,
        SlicingRules::OpenAtEnd => 1,
        SlicingRules::Closed => 2,
    }
}

/// The element that a line means, by its id: `valueQuantity` is a slice of `value[x]`.
fn meant<'m>(made: &'m StructureDefinition, id: &str) -> Option<&'m ElementDefinition> {
    if let Some(found) = made.element(id) {
        return Some(found);
    }
    let (above, name) = id.rsplit_once('.')?;
    let above = meant(made, above).map_or_else(|| above.to_owned(), |found| found.id.to_string());
    if let Some(found) = made.element(&format!("{above}.{name}")) {
        return Some(found);
    }
    let (name, slice) =
        name.split_once(':').map_or((name, None), |(name, slice)| (name, Some(slice)));
    let choice = made.elements.iter().find(|element| {
        element.id.strip_prefix(&*above).and_then(|rest| rest.strip_prefix('.')).is_some_and(
            |rest| {
                rest.strip_suffix("[x]")
                    .is_some_and(|stem| name.starts_with(stem) && !stem.contains('.'))
            },
        )
    })?;
    let chosen = made.element(&format!("{}:{name}", choice.id));
    match slice {
        None => chosen,
        Some(slice) => made
            .element(&format!("{}:{name}/{slice}", choice.id))
            .or_else(|| made.element(&format!("{}:{slice}", choice.id)))
            .or(chosen.filter(|_| slice == name)),
    }
}

/// Whether a value demands what another one does: a number at least, a pattern as a part.
fn holds(own: &Value, wanted: &Value) -> bool {
    match (own, wanted) {
        (Value::Number(own), Value::Number(wanted)) => own.as_u64() >= wanted.as_u64(),
        (Value::Object(own), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| own.get(key).is_some_and(|own| holds(own, wanted)))
        }
        (Value::Array(own), Value::Array(wanted)) => {
            wanted.iter().all(|wanted| own.iter().any(|own| holds(own, wanted)))
        }
        _ => own == wanted,
    }
}

/// What of a line did not come into the snapshot; `None` for an element that is not there.
fn lost(line: &Value, element: Option<&ElementDefinition>) -> Vec<&'static str> {
    let Some(element) = element else { return vec!["the element"] };
    let mut lost = Vec::new();
    let number = |name: &str| line[name].as_u64();
    if number("min").is_some_and(|min| u64::from(element.min) < min) {
        lost.push("min");
    }
    if let Some(max) = line["max"].as_str() {
        let max = max.parse().unwrap_or(u64::MAX);
        if most(element.max) > max {
            lost.push("max");
        }
    }
    if number("maxLength")
        .is_some_and(|length| element.max_length.is_none_or(|own| u64::from(own) > length))
    {
        lost.push("maxLength");
    }
    if line["mustSupport"] == true && !element.must_support {
        lost.push("mustSupport");
    }
    for constraint in line["constraint"].as_array().into_iter().flatten() {
        let key = constraint["key"].as_str().unwrap();
        let same = element.constraints.iter().any(|own| {
            *own.key == *key && own.expression.as_deref() == constraint["expression"].as_str()
        });
        if !same {
            lost.push("constraint");
        }
    }
    if let Some(binding) = line.get("binding") {
        let set = binding["valueSet"].as_str();
        let own = element.binding.as_ref();
        if own.is_none_or(|own| own.value_set.as_deref() != set) {
            lost.push("binding");
        }
    }
    if let Some(wanted) = line["type"][0]["code"].as_str()
        // A root is of the type that is constrained; that is not a rule.
        && wanted != &*element.path
        && (element.types.is_empty() || !element.types.iter().all(|one| one.name() == wanted))
    {
        lost.push("type");
    }
    if let Some(target) = line["type"][0]["targetProfile"][0].as_str()
        && !element.types.iter().all(|one| one.target_profiles.iter().all(|own| **own == *target))
    {
        lost.push("targetProfile");
    }
    for (member, value) in [
        ("fixedString", &element.fixed),
        ("patternCodeableConcept", &element.pattern),
        ("minValueInteger", &element.min_value),
    ] {
        if let Some(wanted) = line.get(member) {
            let own = value.as_ref().map(|own| own.json().raw().to_owned());
            let own = own.map(|own| serde_json::from_str::<Value>(&own).unwrap());
            if own.is_none_or(|own| !holds(&own, wanted)) {
                lost.push(member);
            }
        }
    }
    if let Some(slicing) = line.get("slicing") {
        let rank =
            ["open", "openAtEnd", "closed"].iter().position(|name| slicing["rules"] == *name);
        let is_kept = element.slicing.as_ref().is_some_and(|own| {
            usize::from(closedness(own.rules)) >= rank.unwrap()
                && own
                    .discriminators
                    .iter()
                    .any(|one| *one.path == *slicing["discriminator"][0]["path"].as_str().unwrap())
                && (own.ordered || slicing["ordered"] == false || element.id.ends_with("[x]"))
        });
        if !is_kept {
            lost.push("slicing");
        }
    }
    lost
}

/// Whether a type of R4 is another one, or a specialisation of it (`code` of `string`).
fn is_a(name: &str, of: &str) -> bool {
    let core = Definitions::r4();
    let mut next = Some(name.to_owned());
    while let Some(name) = next {
        if name == of {
            return true;
        }
        let definition = core.type_definition(&name).unwrap();
        next = definition
            .and_then(|definition| Some(definition.base.as_ref()?.strip_prefix(CORE)?.to_owned()));
    }
    false
}

/// What of a base element the derived one no longer demands.
fn loosened(base: &ElementDefinition, derived: &ElementDefinition) -> Vec<&'static str> {
    let mut loosened = Vec::new();
    let mut check = |name, holds: bool| {
        if !holds {
            loosened.push(name);
        }
    };
    check("min", derived.min >= base.min);
    check("max", most(derived.max) <= most(base.max));
    check(
        "maxLength",
        base.max_length.is_none_or(|own| derived.max_length.is_some_and(|other| other <= own)),
    );
    check("mustSupport", derived.must_support || !base.must_support);
    check("isModifier", derived.is_modifier || !base.is_modifier);
    check("fixed", base.fixed.is_none() || derived.fixed == base.fixed);
    check("pattern", base.pattern.is_none() || derived.pattern.is_some());
    check("minValue", base.min_value.is_none() || derived.min_value.is_some());
    check(
        "constraint",
        base.constraints.iter().all(|own| {
            derived.constraints.iter().any(|other| {
                other.key == own.key
                    && other.expression == own.expression
                    && other.severity == own.severity
            })
        }),
    );
    // A binding goes with the types that it was for.
    let of_bindable = |one: &str| BINDABLE.contains(&one);
    let is_bindable = derived.types.iter().any(|one| of_bindable(one.name()));
    if let (Some(own), true) = (&base.binding, is_bindable) {
        let holds =
            derived.binding.as_ref().map_or(own.strength != BindingStrength::Required, |other| {
                strength(other.strength) >= strength(own.strength)
                    && (own.strength != BindingStrength::Required
                        || !own.value_set.as_deref().is_some_and(|set| VALUE_SETS.contains(&set))
                        || other.value_set == own.value_set)
            });
        // A binding goes with the types that it was for.
        let same_types = derived
            .types
            .iter()
            .all(|one| base.types.iter().any(|other| other.name() == one.name()));
        check("binding", holds || (derived.binding.is_none() && same_types));
    }
    if !base.types.is_empty() && base.content_reference.is_none() {
        check(
            "type",
            derived
                .types
                .iter()
                .all(|one| base.types.iter().any(|other| is_a(one.name(), other.name())))
                && !derived.types.is_empty(),
        );
        let targets = |element: &ElementDefinition| {
            element.types.iter().any(|one| !one.target_profiles.is_empty())
        };
        let references = derived.types.iter().any(|one| one.name() == "Reference");
        check("targetProfile", !targets(base) || !references || targets(derived));
    }
    if let Some(own) = &base.slicing {
        check(
            "slicing",
            derived.slicing.as_ref().is_some_and(|other| {
                closedness(other.rules) >= closedness(own.rules) && (other.ordered || !own.ordered)
            }),
        );
    }
    loosened
}

/// Looks at one profile over its base. Returns how many lines had an effect and how many a warning.
fn check(
    profile: &Value,
    base: &StructureDefinition,
    made: &StructureDefinition,
) -> (usize, usize) {
    let (mut applied, mut warned) = (0, 0);
    let own = |all: &[std::sync::Arc<str>], before: &[std::sync::Arc<str>]| -> Vec<String> {
        all[before.len()..].iter().map(ToString::to_string).collect()
    };
    let mut warnings = own(&made.ignored, &base.ignored);
    warnings.extend(own(&made.looser, &base.looser));
    for line in profile["differential"]["element"].as_array().unwrap() {
        let id = line["id"].as_str().unwrap();
        let path = line["path"].as_str().unwrap();
        let is_named = warnings.iter().any(|warning| {
            let named = warning.split(" (").next().unwrap_or_default();
            // Under a line that is not applied nothing else is.
            [id, path].iter().any(|own| {
                *own == named
                    || own.strip_prefix(named).is_some_and(|rest| rest.starts_with(['.', ':']))
            })
        });
        let lost = lost(line, meant(made, id));
        assert!(
            lost.is_empty() || is_named,
            "{id} ends without effect or warning in {lost:?}\nwarnings: {warnings:?}\n{profile:#}\n{:#?}",
            meant(made, id)
        );
        if lost.is_empty() { applied += 1 } else { warned += 1 }
    }
    for element in &base.elements {
        let Some(derived) = made.element(&element.id) else {
            panic!("{} is gone\n{profile:#}", element.id);
        };
        let loosened = loosened(element, derived);
        assert!(
            loosened.is_empty(),
            "{} is looser in {loosened:?}\nwarnings: {warnings:?}\n{profile:#}\nbase {element:#?}\nderived {derived:#?}",
            element.id
        );
    }
    if let Some(opened) = base.elements.iter().find(|element| {
        element.slicing.as_ref().is_some_and(|slicing| slicing.rules == SlicingRules::Closed) && {
            let slices = |of: &StructureDefinition| {
                let prefix = format!("{}:", element.id);
                of.elements
                    .iter()
                    .filter(|one| one.slice_name.as_ref().is_some_and(|name| !name.contains('/')))
                    .filter(|one| {
                        one.id.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('.'))
                    })
                    .count()
            };
            slices(made) > slices(base)
        }
    }) {
        panic!("{} is closed and got a slice\n{profile:#}", opened.id);
    }
    (applied, warned)
}

#[test]
fn no_line_ends_without_an_effect_or_a_warning_and_no_snapshot_is_looser_than_its_base() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment may ask for other or more profiles"
    )]
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (seed, count) = (number("LMR_SEED", 1), number("LMR_COUNT", 400));
    let core = Definitions::r4();
    let mut dice = Dice(seed);
    let (mut applied, mut warned, mut unusable) = (0, 0, 0);
    for round in 0..count {
        let type_name = *dice.pick(&TYPES);
        let base = core.type_definition(type_name).unwrap().unwrap();
        let first = profile(&mut dice, &core, &base, "urn:x:first");
        let of = |profiles: &[&Value]| {
            let texts: Vec<String> = profiles.iter().map(ToString::to_string).collect();
            let package =
                Package::embedded("x", "1.0.0", texts.iter().map(String::as_str)).unwrap();
            Definitions::builder().package(package).build()
        };
        let definitions = of(&[&first]);
        let made = match definitions.structure("urn:x:first") {
            Ok(made) => made.unwrap(),
            Err(error) => {
                // A profile that cannot be used says which of its elements it is about.
                let text = error.to_string();
                let lines = first["differential"]["element"].as_array().unwrap();
                assert!(
                    lines.iter().any(|line| text.contains(line["path"].as_str().unwrap())),
                    "{text}\n{first:#}"
                );
                unusable += 1;
                continue;
            }
        };
        let (a, w) = check(&first, &base, &made);
        (applied, warned) = (applied + a, warned + w);
        let second = profile(&mut dice, &definitions, &made, "urn:x:second");
        let definitions = of(&[&first, &second]);
        if let Ok(Some(over)) = definitions.structure("urn:x:second") {
            let (a, w) = check(&second, &made, &over);
            (applied, warned) = (applied + a, warned + w);
        } else {
            unusable += 1;
        }
        assert!(
            round < 20 || applied > warned / 20,
            "nothing is applied: the test shows too little"
        );
    }
    let lines = applied + warned;
    assert!(lines > usize::try_from(count).unwrap(), "{lines} lines only, {unusable} unusable");
    assert!(
        applied * 3 > lines,
        "{applied} of {lines} lines had an effect: the test shows too little"
    );
    assert!(
        unusable * 5 < usize::try_from(2 * count).unwrap(),
        "{unusable} profiles were unusable"
    );
}
