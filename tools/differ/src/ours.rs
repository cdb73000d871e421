//! Our validator, with the settings that correspond to the reference's.

use std::{path::PathBuf, sync::Arc};

use anyhow::Result;
use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{DocumentHost, Env, Expression, Item, Model, Typed, to_json};
use lmr_validator::{Options, Validator, definitions::Definitions, package::Package};

use serde_json::Value;

use crate::finding::Finding;

/// What an expression gives: its items, or why it fails.
pub(crate) type Evaluated = Result<Vec<String>, String>;

/// Our validator over the same packages.
pub(crate) struct Ours {
    validator: Validator,
    packages: Vec<Arc<Package>>,
    /// The day of the run, as the reference takes it.
    now: Option<lmr_fhirpath::DateTime>,
}

impl Ours {
    pub(crate) fn new(packages: &[PathBuf]) -> Result<Self> {
        // Later packages come before earlier ones.
        let opened: Result<Vec<_>, _> =
            packages.iter().rev().map(|path| Package::open(path).map(Arc::new)).collect();
        Ok(Self::over(opened?))
    }

    /// The same with further definitions, as JSON.
    pub(crate) fn with(&self, definitions: &[String]) -> Result<Self> {
        let more = Package::embedded("generated", "1", definitions.iter().map(String::as_str))?;
        Ok(Self::over(
            std::iter::once(Arc::new(more)).chain(self.packages.iter().cloned()).collect(),
        ))
    }

    fn over(packages: Vec<Arc<Package>>) -> Self {
        let definitions = Definitions::builder().packages(packages.iter().cloned()).build();
        #[expect(clippy::disallowed_methods, reason = "the reference reads the clock too")]
        let now = lmr_fhirpath::DateTime::parse(&jiff::Timestamp::now().to_string());
        Self { validator: Validator::builder().definitions(definitions).build(), packages, now }
    }

    pub(crate) fn definitions(&self) -> &Definitions {
        self.validator.definitions()
    }

    /// What an expression gives on a resource: type and text of each item, as the reference writes them; or
    /// why it fails.
    pub(crate) fn evaluate(&self, text: &str, expression: &str) -> Evaluated {
        let document =
            Document::parse(text, &ParseOptions::lenient()).map_err(|error| error.to_string())?;
        let expression = Expression::parse(expression).map_err(|error| error.to_string())?;
        let model = self.validator.fhirpath_model();
        let host = DocumentHost::new(&document, Some(model));
        let focus = Typed::resource(document.root_element(), Some(model));
        let now = self.now.ok_or("no clock")?;
        // The reference lets `as` take several items in R4.
        let env = Env::new()
            .with_model(model)
            .with_host(&host)
            .with_resource(focus, focus)
            .with_now(now)
            .with_lenient_as();
        let items = expression
            .evaluate_on(&[Item::Element(focus)], &env)
            .map_err(|error| error.to_string())?;
        Ok(items.iter().map(|item| shown(item, model)).collect())
    }

    pub(crate) fn validate(&self, text: &str, profiles: &[String], threads: usize) -> Vec<Finding> {
        let options =
            Options { profiles: profiles.to_vec(), threads, now: self.now, ..Options::default() };
        self.validator
            .validate_text(text, &options)
            .into_iter()
            .map(|issue| {
                Finding::new(
                    issue.severity.as_str(),
                    issue.id(),
                    &issue.expression,
                    issue.text_en(),
                )
            })
            .collect()
    }
}

/// Type and text of an item. What has children is named by its type alone, and a number is one whatever
/// zeros are behind its point.
fn shown(item: &Item<'_>, model: &dyn Model) -> String {
    let raw = to_json(item, Some(model));
    let value: Value = serde_json::from_str(&raw).unwrap_or_default();
    let of = value["type"].as_str().unwrap_or_default();
    let text = match &value["value"] {
        Value::String(text) => text.clone(),
        Value::Null | Value::Object(_) | Value::Array(_) => String::new(),
        number => number.to_string(),
    };
    plain(of, &text)
}

/// The form in which items of both sides are compared: lower case names of types, and for the result of `type()`
/// one name, since the reference gives a ClassInfo for primitives too and does not write what it is of.
pub(crate) fn plain(of: &str, text: &str) -> String {
    let name = of.rsplit('.').next().unwrap_or(of).to_lowercase();
    let (name, text) = match &*name {
        "classinfo" | "simpletypeinfo" => ("typeinfo", ""),
        name => (name, text),
    };
    format!("{name} {text}").trim_end().to_owned()
}

/// How far two numbers may be apart, of their size. The specification asks for eight digits behind the point
/// (N1, section 4.1.4); the reference computes logarithms and roots with 17 digits, we round to 15.
const TOLERANCE: f64 = 1e-12;

/// Whether both sides have the same items: the same types and texts, numbers by value, whatever zeros are behind
/// their point.
pub(crate) fn same_items(theirs: &[String], ours: &[String]) -> bool {
    theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(a, b)| same_item(a, b))
}

fn same_item(theirs: &str, ours: &str) -> bool {
    if theirs == ours {
        return true;
    }
    let (mut theirs, mut ours) = (theirs.split(' '), ours.split(' '));
    let (of, other) = (theirs.next(), ours.next());
    if of != other || !matches!(of, Some("decimal" | "integer" | "quantity")) {
        return false;
    }
    // A number, and the unit of a quantity.
    let same_number = match (theirs.next(), ours.next()) {
        (Some(a), Some(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()),
            _ => false,
        },
        _ => false,
    };
    same_number && theirs.eq(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value_and_nothing_else_is() {
        for (theirs, ours, is_same) in [
            ("decimal 1.50", "decimal 1.5", true),
            ("decimal 0.4054651081081644", "decimal 0.405465108108164", true),
            ("decimal 0.4054651081", "decimal 0.4054651082", false),
            ("quantity 70500 'g2'", "quantity 70500.0 'g2'", true),
            ("quantity 1 'g'", "quantity 1 'mg'", false),
            ("quantity 1 'g'", "quantity 1", false),
            ("decimal 1", "integer 1", false),
            ("string a", "string b", false),
            ("string 1.50", "string 1.5", false),
            ("date 2024", "date 2024-01", false),
        ] {
            assert_eq!(same_item(theirs, ours), is_same, "{theirs}, {ours}");
        }
        let items = |texts: &[&str]| texts.iter().map(|&t| t.to_owned()).collect::<Vec<_>>();
        assert!(!same_items(&items(&["integer 1"]), &items(&["integer 1", "integer 1"])));
        assert!(!same_items(
            &items(&["integer 1", "integer 2"]),
            &items(&["integer 2", "integer 1"])
        ));
    }

    #[test]
    fn a_type_is_one_by_either_name() {
        assert_eq!(plain("ClassInfo", ""), plain("System.SimpleTypeInfo", "FHIR.HumanName"));
        assert_ne!(plain("ClassInfo", ""), plain("FHIR.string", ""));
    }
}
