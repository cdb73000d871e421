//! Every invariant of the R4 core is valid FHIRPath that fits the types it is on.

use std::collections::BTreeSet;

use lmr_fhirpath::{Child, Expression, Model, TypeId};
use lmr_validator::Validator;
use lmr_validator::definitions::Definitions;

/// Faults of R4 itself, by key: two name elements that their type does not have (cid-0, evv-1), one
/// is on both types of a choice and speaks of Range alone (ras-1). All still evaluate.
const FAULTY: [&str; 3] = ["cid-0", "evv-1", "ras-1"];

/// The types of the element at a path of a base definition.
fn types_at(model: &dyn Model, path: &str) -> Vec<TypeId> {
    let mut parts = path.split('.');
    let Some(first) = parts.next().and_then(|name| model.type_named(&name.into())) else {
        return Vec::new();
    };
    let mut at = vec![first];
    for name in parts {
        let name = name.trim_end_matches("[x]").into();
        at = at
            .iter()
            .flat_map(|ty| match model.child(*ty, &name) {
                Some(Child::Element { ty, .. }) => vec![ty],
                Some(Child::Choice { types, .. }) => types.to_vec(),
                _ => Vec::new(),
            })
            .collect();
    }
    at
}

#[test]
fn every_invariant_of_r4_fits_its_types() {
    let validator = Validator::builder().definitions(Definitions::r4()).build();
    let definitions = validator.definitions();
    let model = validator.fhirpath_model();
    let mut faulty = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for summary in definitions.structures().filter(|s| !s.is_profile) {
        let structure = definitions.structure(summary.url).unwrap().unwrap();
        for element in &structure.elements {
            for constraint in element.constraints.iter() {
                let Some(text) = &constraint.expression else { continue };
                for ty in types_at(model, &element.path) {
                    if !seen.insert((ty, text.clone())) {
                        continue;
                    }
                    let verdict = match Expression::parse(text) {
                        Ok(expression) => {
                            expression.check(model, ty).map_err(|faults| faults[0].to_string())
                        }
                        Err(error) => Err(error.to_string()),
                    };
                    if let Err(why) = verdict {
                        println!("{} on {}: {why}: {text}", constraint.key, element.path);
                        faulty.insert(constraint.key.to_string());
                    }
                }
            }
        }
    }
    assert!(seen.len() > 500, "only {} were found", seen.len());
    assert_eq!(faulty.iter().map(String::as_str).collect::<Vec<_>>(), FAULTY);
}
