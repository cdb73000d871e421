//! Bindings of every strength, with further value sets.

use lmr_validator::definitions::BindingStrength;
use serde_json::{Map, Value, json};

use super::Maker;

/// Value sets of R4 whose code systems are known.
const VALUE_SETS: [&str; 6] = [
    "http://hl7.org/fhir/ValueSet/administrative-gender",
    "http://hl7.org/fhir/ValueSet/observation-status",
    "http://hl7.org/fhir/ValueSet/identifier-use",
    "http://hl7.org/fhir/ValueSet/marital-status",
    "http://hl7.org/fhir/ValueSet/condition-clinical",
    "http://terminology.hl7.org/ValueSet/v3-ActCode",
];

pub(super) fn is_bindable(ty: &str) -> bool {
    matches!(ty, "code" | "Coding" | "CodeableConcept" | "Quantity" | "string" | "uri")
}

impl Maker<'_> {
    /// A binding, no weaker than the one below it.
    pub(super) fn binding(
        &mut self,
        below: Option<BindingStrength>,
        line: &mut Map<String, Value>,
    ) {
        let strength = match below {
            // A narrower value set of the same codes is not to be had for every element.
            Some(BindingStrength::Required) => return,
            Some(BindingStrength::Extensible) => self.pick(&["required", "extensible"]),
            Some(BindingStrength::Preferred) => self.pick(&["required", "extensible", "preferred"]),
            _ => self.pick(&["required", "extensible", "preferred", "example"]),
        };
        let value_set = self.value_set();
        let mut binding = json!({ "strength": strength, "valueSet": value_set });
        if self.one_in(5) {
            let most = self.value_set();
            binding["extension"] = json!([{
                "url": "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet",
                "valueCanonical": most,
            }]);
        } else if self.one_in(4) {
            let other = self.value_set();
            let purpose = self.pick(&[
                "required",
                "extensible",
                "preferred",
                "maximum",
                "minimum",
                "current",
                "ui",
            ]);
            binding["extension"] = json!([{
                "url": "http://hl7.org/fhir/tools/StructureDefinition/additional-binding",
                "extension": [
                    { "url": "purpose", "valueCode": purpose },
                    { "url": "valueSet", "valueCanonical": other },
                    { "url": "documentation", "valueMarkdown": "Generert" },
                ],
            }]);
        }
        line.insert("binding".into(), binding);
    }

    /// The canonical of one of R4's value sets or of one made for this profile.
    fn value_set(&mut self) -> String {
        if self.rng.bool() {
            return self.pick(&VALUE_SETS).to_owned();
        }
        let (system, id) = self.url("CodeSystem", "cs");
        let concepts = json!([
            { "code": "a", "display": "A", "concept": [{ "code": "a1", "display": "A1" }] },
            { "code": "b", "display": "B" },
            { "code": "c", "display": "C" },
        ]);
        self.support.push(json!({
            "resourceType": "CodeSystem", "id": id, "url": system, "version": "1.0", "name": "Generert",
            "status": "active", "caseSensitive": self.rng.bool(), "content": "complete",
            "hierarchyMeaning": "is-a", "concept": concepts,
        }));
        let include = match self.rng.u8(..4) {
            0 => json!({ "system": system }),
            1 => json!({ "system": system, "concept": [{ "code": "a" }, { "code": "b" }] }),
            2 => json!({
                "system": system,
                "filter": [{ "property": "concept", "op": self.pick(&["is-a", "descendent-of"]), "value": "a" }],
            }),
            _ => json!({ "valueSet": [VALUE_SETS[0]] }),
        };
        let (url, id) = self.url("ValueSet", "vs");
        let mut compose = json!({ "include": [include] });
        if self.one_in(5) {
            compose["exclude"] = json!([{ "system": system, "concept": [{ "code": "b" }] }]);
        }
        self.support.push(json!({
            "resourceType": "ValueSet", "id": id, "url": url, "version": "1.0", "name": "Generert",
            "status": "active", "compose": compose,
        }));
        self.versioned(&url)
    }
}
