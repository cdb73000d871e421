//! Slicing: which slice of an element an instance belongs to.
//! Rule: <https://hl7.org/fhir/R4/profiling.html#slicing>.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use lmr_fhir::Name;

use super::{Def, Profile};
use crate::check::slicing::discriminator::Discriminators;
use crate::definitions::{
    Discriminator, DiscriminatorKind, ElementDefinition, Slicing, SlicingRules, StructureDefinition,
};

/// The slices of one element.
#[derive(Debug)]
pub(crate) struct Slices {
    pub(crate) discriminators: Box<[Discriminator]>,
    /// Whether the profile says of its slices that they are distinguished in words only.
    pub(crate) is_described: bool,
    pub(crate) ordered: bool,
    pub(crate) rules: SlicingRules,
    pub(crate) list: Box<[Slice]>,
}

/// One slice.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) name: Arc<str>,
    pub(crate) rule: u32,
    /// What an element must show to belong here; set when the profile is compiled.
    pub(crate) tests: OnceLock<Discriminators>,
    /// Slices of this slice.
    pub(crate) nested: Option<Box<Slices>>,
}

/// One step of a discriminator's path.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Child(Name),
    Extension(Box<str>),
    Resolve,
    OfType(Box<str>),
}

impl Slice {
    /// The slice's rule in its profile.
    pub(crate) fn def<'a>(&self, profile: &'a Profile) -> Def<'a> {
        Def { profile, rule: &profile.rules[self.rule as usize] }
    }
}

/// The slices that are parts of another one (`outer/inner`), by the name of that one.
type Parts<'d> = HashMap<&'d str, Vec<usize>>;

impl Slices {
    /// `slices` are the indices of the slice elements in the snapshot.
    pub(super) fn build(
        element: &ElementDefinition,
        slices: &[usize],
        definition: &StructureDefinition,
    ) -> Option<Self> {
        let own: Vec<usize> = slices
            .iter()
            .copied()
            .filter(|&i| {
                !definition.elements[i].slice_name.as_deref().unwrap_or_default().contains('/')
            })
            .collect();
        if element.slicing.is_none() && own.is_empty() {
            return None;
        }
        let mut parts: Parts<'_> = HashMap::new();
        for &i in slices {
            let name = definition.elements[i].slice_name.as_deref().unwrap_or_default();
            if let Some((outer, _)) = name.rsplit_once('/') {
                parts.entry(outer).or_default().push(i);
            }
        }
        Some(Self::level(element, element.slicing.as_deref(), &own, &parts, definition))
    }

    fn level(
        element: &ElementDefinition,
        slicing: Option<&Slicing>,
        own: &[usize],
        parts: &Parts<'_>,
        definition: &StructureDefinition,
    ) -> Self {
        let mut discriminators: Vec<Discriminator> =
            slicing.map_or_else(Vec::new, |s| s.discriminators.clone());
        if discriminators.is_empty() && element.name().ends_with("[x]") {
            discriminators
                .push(Discriminator { kind: DiscriminatorKind::Type, path: "$this".into() });
        }
        if discriminators.is_empty() && matches!(element.name(), "extension" | "modifierExtension")
        {
            discriminators
                .push(Discriminator { kind: DiscriminatorKind::Value, path: "url".into() });
        }
        let list = own
            .iter()
            .map(|&i| {
                let slice = &definition.elements[i];
                let name = slice.slice_name.clone().unwrap_or_else(|| "".into());
                let inside = parts.get(&*name).filter(|_| slice.slicing.is_some());
                let nested = inside.map(|inside| {
                    Box::new(Self::level(
                        slice,
                        slice.slicing.as_deref(),
                        inside,
                        parts,
                        definition,
                    ))
                });
                Slice {
                    name,
                    rule: u32::try_from(i).unwrap_or(u32::MAX),
                    tests: OnceLock::new(),
                    nested,
                }
            })
            .collect();
        Self {
            is_described: slicing.is_some() && discriminators.is_empty(),
            discriminators: discriminators.into(),
            ordered: slicing.is_some_and(|s| s.ordered),
            rules: slicing.map_or(SlicingRules::Open, |s| s.rules),
            list,
        }
    }

    /// Slices in all, nested ones included.
    pub(crate) fn count(&self) -> usize {
        self.list.iter().map(|s| 1 + s.nested.as_ref().map_or(0, |n| n.count())).sum()
    }
}

impl Step {
    /// Reads a discriminator's path (restricted FHIRPath); `None` when it uses
    /// more than the standard allows.
    pub(crate) fn parse(path: &str) -> Option<Box<[Self]>> {
        let mut steps = Vec::new();
        let mut rest = path.trim();
        if rest == "$this" || rest.is_empty() {
            return Some(steps.into());
        }
        rest = rest.strip_prefix("$this.").unwrap_or(rest);
        loop {
            let end = rest.find(['.', '(']).unwrap_or(rest.len());
            let name = &rest[..end];
            if name.is_empty() {
                return None;
            }
            let mut after = &rest[end..];
            if let Some(arguments) = after.strip_prefix('(') {
                let close = arguments.find(')')?;
                let argument = arguments[..close].trim();
                match name {
                    "resolve" if argument.is_empty() => steps.push(Self::Resolve),
                    "extension" => {
                        steps.push(Self::Extension(argument.trim_matches(['\'', '"']).into()))
                    }
                    "ofType" => {
                        steps.push(Self::OfType(argument.trim_start_matches("FHIR.").into()))
                    }
                    _ => return None,
                }
                after = &arguments[close + 1..];
            } else if name != "$this" {
                steps.push(Self::Child(Name::new(name.trim_matches('`'))));
            }
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.is_empty() => return Some(steps.into()),
                None => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_discriminators_are_read_with_their_functions() {
        let show = |p: &str| {
            Step::parse(p).map(|s| {
                s.iter()
                    .map(|s| match s {
                        Step::Child(n) => n.to_string(),
                        Step::Extension(u) => format!("ext<{u}>"),
                        Step::Resolve => "resolve".to_owned(),
                        Step::OfType(t) => format!("of<{t}>"),
                    })
                    .collect::<Vec<_>>()
                    .join(" ")
            })
        };
        assert_eq!(show("$this").as_deref(), Some(""));
        assert_eq!(show("coding.system").as_deref(), Some("coding system"));
        assert_eq!(show("$this.resolve().code").as_deref(), Some("resolve code"));
        assert_eq!(
            show("extension('http://a.b/c').value.ofType(Coding)").as_deref(),
            Some("ext<http://a.b/c> value of<Coding>")
        );
        assert_eq!(show("where(x)"), None);
    }
}
