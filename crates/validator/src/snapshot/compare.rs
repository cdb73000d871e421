//! Finds where two snapshots differ in what an instance must satisfy.
//!
//! Versions behind canonicals (`|4.0.1`) are left aside: a publisher pins them or does not.

use std::{collections::BTreeMap, fmt};

use crate::{
    canonical::split_canonical,
    definitions::structure::{ElementDefinition, StructureDefinition, Value},
};

/// One difference between two snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Id of the element.
    pub element: String,
    /// What differs.
    pub aspect: Aspect,
    /// What the first snapshot says; empty if it lacks the element.
    pub left: String,
    /// What the second snapshot says; empty if it lacks the element.
    pub right: String,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// Whether the element is there.
    Presence,
    /// Path.
    Path,
    /// Slice name.
    SliceName,
    /// Least number.
    Min,
    /// Greatest number.
    Max,
    /// Greatest number before constraining.
    BaseMax,
    /// Types with profiles and target profiles.
    Types,
    /// Fixed value.
    Fixed,
    /// Pattern.
    Pattern,
    /// Smallest and greatest value, most characters.
    Range,
    /// Strength and value set.
    Binding,
    /// Discriminators, order and rules.
    Slicing,
    /// Keys, severities and expressions.
    Constraints,
    /// Content reference.
    ContentReference,
    /// Order of elements.
    Order,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}: {:?} / {:?}", self.element, self.aspect, self.left, self.right)
    }
}

/// The differences, in the order of the elements of the first snapshot.
pub fn compare(left: &StructureDefinition, right: &StructureDefinition) -> Vec<Difference> {
    let mut differences = Vec::new();
    let others: BTreeMap<&str, &ElementDefinition> =
        right.elements.iter().map(|element| (&*element.id, element)).collect();
    let own: BTreeMap<&str, &ElementDefinition> =
        left.elements.iter().map(|element| (&*element.id, element)).collect();
    for element in &left.elements {
        match others.get(&*element.id) {
            None => differences.push(Difference {
                element: element.id.to_string(),
                aspect: Aspect::Presence,
                left: "present".into(),
                right: String::new(),
            }),
            Some(other) => differences.extend(compare_elements(element, other)),
        }
    }
    for element in right.elements.iter().filter(|element| !own.contains_key(&*element.id)) {
        differences.push(Difference {
            element: element.id.to_string(),
            aspect: Aspect::Presence,
            left: String::new(),
            right: "present".into(),
        });
    }
    let common = |definition: &StructureDefinition,
                  in_other: &BTreeMap<&str, &ElementDefinition>| {
        definition
            .elements
            .iter()
            .map(|element| element.id.to_string())
            .filter(|id| in_other.contains_key(&**id))
            .collect::<Vec<_>>()
    };
    let orders = common(left, &others).into_iter().zip(common(right, &own));
    if let Some((left, right)) = orders.into_iter().find(|(left, right)| left != right) {
        differences.push(Difference { element: left.clone(), aspect: Aspect::Order, left, right });
    }
    differences
}

/// Says what an element has in one aspect.
type Describe = fn(&ElementDefinition) -> String;

fn compare_elements(left: &ElementDefinition, right: &ElementDefinition) -> Vec<Difference> {
    let aspects: [(Aspect, Describe); 13] = [
        (Aspect::Path, |element| element.path.to_string()),
        (Aspect::SliceName, |element| element.slice_name.as_deref().unwrap_or_default().to_owned()),
        (Aspect::Min, |element| element.min.to_string()),
        (Aspect::Max, |element| element.max.to_string()),
        (Aspect::BaseMax, |element| {
            element.base.as_ref().map(|base| base.max.to_string()).unwrap_or_default()
        }),
        (Aspect::Types, types),
        (Aspect::Fixed, |element| value(element.fixed.as_deref())),
        (Aspect::Pattern, |element| value(element.pattern.as_deref())),
        (Aspect::Range, |element| {
            let values =
                [&element.min_value, &element.max_value].map(|bound| value(bound.as_deref()));
            format!("{}..{} {:?}", values[0], values[1], element.max_length)
        }),
        (Aspect::Binding, binding),
        (Aspect::Slicing, |element| {
            element.slicing.as_ref().map(|slicing| format!("{slicing:?}")).unwrap_or_default()
        }),
        (Aspect::Constraints, constraints),
        (Aspect::ContentReference, |element| {
            element.content_reference.as_deref().unwrap_or_default().to_owned()
        }),
    ];
    aspects
        .into_iter()
        .map(|(aspect, of)| (aspect, of(left), of(right)))
        .filter(|(_, left, right)| left != right)
        .map(|(aspect, first, second)| Difference {
            element: left.id.to_string(),
            aspect,
            left: first,
            right: second,
        })
        .collect()
}

/// Types in no order, profiles of one code together.
fn types(element: &ElementDefinition) -> String {
    let mut by_code: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for one in element.types.iter() {
        let (profiles, targets) = by_code.entry(&one.code).or_default();
        profiles.extend(one.profiles.iter().map(|profile| url(profile)));
        targets.extend(one.target_profiles.iter().map(|profile| url(profile)));
    }
    let mut text = String::new();
    for (code, (mut profiles, mut targets)) in by_code {
        profiles.sort_unstable();
        targets.sort_unstable();
        targets.dedup();
        text.push_str(&format!("{code}{{{}}}({}) ", profiles.join(","), targets.join(",")));
    }
    text
}

fn url(canonical: &str) -> &str {
    split_canonical(canonical).0
}

fn value(value: Option<&Value>) -> String {
    fn plain(node: lmr_fhir::Node<'_>) -> String {
        let key = node.key().map(|key| format!("{key}=")).unwrap_or_default();
        match node.text() {
            Some(text) => format!("{key}{text}"),
            None => format!("{key}[{}]", node.members().map(plain).collect::<Vec<_>>().join(",")),
        }
    }
    value.map(|value| format!("{} {}", value.type_name(), plain(value.json()))).unwrap_or_default()
}

fn binding(element: &ElementDefinition) -> String {
    element
        .binding
        .as_ref()
        .map(|binding| {
            format!(
                "{:?} {}",
                binding.strength,
                url(binding.value_set.as_deref().unwrap_or_default())
            )
        })
        .unwrap_or_default()
}

fn constraints(element: &ElementDefinition) -> String {
    let mut all: Vec<String> = element
        .constraints
        .iter()
        .map(|one| {
            format!(
                "{} {:?} {}",
                one.key,
                one.severity,
                one.expression.as_deref().unwrap_or_default()
            )
        })
        .collect();
    all.sort_unstable();
    all.join("\n")
}
