//! Random profiles: every kind of constraint on every kind of element, every discriminator, data type
//! profiles, extensions and target profiles of their own, in one to three layers.

mod aspect;
mod binding;
pub(crate) mod instance;
mod layer;
mod site;
mod slicing;
mod support;

use fastrand::Rng;
use lmr_validator::definitions::Definitions;
use serde_json::{Value, json};

use self::site::Site;
use super::instance::Generator;

/// Resource types that are profiled: those with many kinds of elements.
const TYPES: [&str; 22] = [
    "Patient",
    "Observation",
    "MedicationRequest",
    "MedicationAdministration",
    "MedicationStatement",
    "Condition",
    "Practitioner",
    "PractitionerRole",
    "Encounter",
    "Medication",
    "Organization",
    "Questionnaire",
    "QuestionnaireResponse",
    "Composition",
    "AllergyIntolerance",
    "Procedure",
    "DiagnosticReport",
    "Immunization",
    "CarePlan",
    "RelatedPerson",
    "Location",
    "List",
];

/// A generated profile.
pub(crate) struct Generated {
    /// The canonical of the highest layer.
    pub(crate) url: String,
    /// All that it needs, in an order in which bases come first; no definition has a snapshot.
    pub(crate) definitions: Vec<Value>,
}

/// A profile of a random resource type; `None` if nothing could be constrained. `serial` makes the
/// URLs its own.
pub(crate) fn generate(
    rng: &mut Rng,
    definitions: &Definitions,
    serial: &str,
) -> Option<Generated> {
    let type_name = TYPES[rng.usize(..TYPES.len())];
    let mut maker = Maker {
        rng,
        definitions,
        values: Generator::new(definitions),
        serial,
        support: Vec::new(),
        slicings: Vec::new(),
    };
    let layers = maker.layers(type_name)?;
    let url = layers.last()?["url"].as_str()?.to_owned();
    let mut all = maker.support;
    all.extend(layers);
    Some(Generated { url, definitions: all })
}

/// Makes the parts of one profile.
struct Maker<'a> {
    rng: &'a mut Rng,
    definitions: &'a Definitions,
    values: Generator<'a>,
    serial: &'a str,
    /// Extensions, data type profiles, target profiles, value sets and code systems made so far.
    support: Vec<Value>,
    /// The slicings of lower layers, for the next one to go on with.
    slicings: Vec<Sliced>,
}

/// A slicing that a lower layer has introduced.
#[derive(Clone)]
struct Sliced {
    site: Site,
    slicing: Value,
    slices: Vec<String>,
    /// Those that need not be there.
    optional: Vec<String>,
    /// Lines of one more slice.
    further: Vec<Value>,
    /// The relative path of the first discriminator, whose elements stay as they are.
    by: String,
}

impl Maker<'_> {
    fn one_in(&mut self, count: u8) -> bool {
        self.rng.u8(..count) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.rng.usize(..items.len())]
    }

    /// A fresh canonical for a definition of this `kind`.
    fn url(&self, kind: &str, name: &str) -> (String, String) {
        let id = format!("{name}-{}-{}", self.serial, self.support.len());
        (format!("http://sykehus.no/fhir/{kind}/{id}"), id)
    }

    /// A constraint of `type_name` based on `base`.
    fn structure(
        &self,
        (url, id): (&str, &str),
        (type_name, kind): (&str, &str),
        base: &str,
        lines: Vec<Value>,
    ) -> Value {
        let mut elements = vec![json!({ "id": type_name, "path": type_name })];
        match lines.first() {
            Some(first) if first["path"] == type_name => elements = lines,
            _ => elements.extend(lines),
        }
        json!({
            "resourceType": "StructureDefinition", "id": id, "url": url, "version": "1.0",
            "name": "Generert", "status": "active", "fhirVersion": "4.0.1", "kind": kind,
            "abstract": false, "type": type_name, "baseDefinition": base, "derivation": "constraint",
            "differential": { "element": elements },
        })
    }

    /// A canonical as it is, or with its version.
    fn versioned(&mut self, url: &str) -> String {
        if self.one_in(4) { format!("{url}|1.0") } else { url.to_owned() }
    }
}
