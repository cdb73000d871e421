//! `ValueSet.compose.include.filter` on a code system whose codes are at hand.

use std::collections::HashSet;

use lmr_fhir::Node;
use lmr_fhirpath::{Extent, RegularExpression};

use super::{CodeSystem, value_set::MissingContent};
use crate::json::text;

/// The numbers of the concepts that one filter takes.
pub(super) fn select(
    system: &CodeSystem,
    filter: Node<'_>,
) -> Result<HashSet<u32>, MissingContent> {
    let part = |member: &str| text(filter, member).unwrap_or_default();
    let (property, op, value) = (part("property"), part("op"), part("value"));
    let unsupported = || MissingContent::Filter {
        system: system.url.to_string(),
        filter: format!("{property} {op} {value}"),
    };
    let all = || 0..u32::try_from(system.concepts().len()).unwrap_or(u32::MAX);
    let is_code = matches!(&*property, "concept" | "code");
    let named = || system.number(&value);
    let with_self = |mut numbers: Vec<u32>, own: u32| {
        numbers.push(own);
        numbers
    };
    let numbers: Vec<u32> = match &*op {
        "is-a" if is_code => {
            named().map(|number| with_self(system.below(number), number)).unwrap_or_default()
        }
        "descendent-of" | "descendant-of" if is_code => {
            named().map(|number| system.below(number)).unwrap_or_default()
        }
        "child-of" if is_code => {
            named().map(|number| system.children(number).to_vec()).unwrap_or_default()
        }
        "is-not-a" if is_code => {
            let below: HashSet<u32> = named()
                .map(|number| with_self(system.below(number), number))
                .unwrap_or_default()
                .into_iter()
                .collect();
            all().filter(|number| !below.contains(number)).collect()
        }
        "generalizes" if is_code => {
            named().map(|number| with_self(system.above(number), number)).unwrap_or_default()
        }
        "=" | "in" | "not-in" => {
            let wanted: Vec<&str> = if op.as_ref() == "=" {
                vec![&*value]
            } else {
                value.split(',').map(str::trim).collect()
            };
            let is_negated = op.as_ref() == "not-in";
            let values = Values::of(system, &property).ok_or_else(unsupported)?;
            all()
                .filter(|number| {
                    values.of_concept(*number).iter().any(|found| wanted.contains(&found.as_str()))
                        != is_negated
                })
                .collect()
        }
        "exists" => {
            let wanted = &*value == "true";
            let values = Values::of(system, &property).ok_or_else(unsupported)?;
            all().filter(|number| values.of_concept(*number).is_empty() != wanted).collect()
        }
        "regex" => {
            let expression =
                RegularExpression::new(&value, Extent::Whole).map_err(|_| unsupported())?;
            let values = Values::of(system, &property).ok_or_else(unsupported)?;
            let mut numbers = Vec::new();
            for number in all() {
                for found in values.of_concept(number) {
                    if expression.is_match(&found).map_err(|_| unsupported())? {
                        numbers.push(number);
                        break;
                    }
                }
            }
            numbers
        }
        _ => return Err(unsupported()),
    };
    Ok(numbers.into_iter().collect())
}

/// What a property is for each concept.
struct Values<'s> {
    system: &'s CodeSystem,
    property: &'s str,
    /// Whether only supplements give the property.
    is_added: bool,
}

impl<'s> Values<'s> {
    /// `None` for a property that no concept has: the definition then means content that is not
    /// here, and an empty selection would be a wrong answer.
    fn of(system: &'s CodeSystem, property: &'s str) -> Option<Self> {
        let is_known = matches!(property, "concept" | "code" | "display" | "parent" | "child")
            || system
                .concepts()
                .iter()
                .any(|concept| concept.properties.iter().any(|(code, _)| &**code == property));
        let is_added = !is_known
            && system.concepts().iter().any(|concept| {
                let mut added = concept.added.iter().flat_map(|added| &added.properties);
                added.any(|(code, _)| &**code == property)
            });
        (is_known || is_added).then_some(Self { system, property, is_added })
    }

    fn of_concept(&self, number: u32) -> Vec<String> {
        let Some(concept) = self.system.concepts().get(number as usize) else { return Vec::new() };
        let codes = |numbers: &[u32]| {
            numbers
                .iter()
                .filter_map(|number| self.system.concepts().get(*number as usize))
                .map(|concept| concept.code.to_string())
                .collect()
        };
        match self.property {
            "concept" | "code" => vec![concept.code.to_string()],
            "display" => concept.display.iter().map(ToString::to_string).collect(),
            "parent" => codes(self.system.parents(number)),
            "child" => codes(self.system.children(number)),
            other => match (&concept.added, self.is_added) {
                (Some(added), true) => added.properties.as_slice(),
                (None, true) => &[],
                (_, false) => concept.properties.as_slice(),
            }
            .iter()
            .filter(|(code, _)| &**code == other)
            .map(|(_, value)| value.to_string())
            .collect(),
        }
    }
}
