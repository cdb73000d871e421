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
        let env =
            Env::new().with_model(model).with_host(&host).with_resource(focus, focus).with_now(now);
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

/// The form in which items of both sides are compared.
pub(crate) fn plain(of: &str, text: &str) -> String {
    let name = of.rsplit('.').next().unwrap_or(of).to_lowercase();
    let text = match text.parse::<f64>() {
        Ok(number) if matches!(&*name, "decimal" | "integer") => format!("{number}"),
        _ => text.to_owned(),
    };
    format!("{name} {text}").trim_end().to_owned()
}
