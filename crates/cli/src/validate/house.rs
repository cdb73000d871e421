//! Rules of one's own: constraints of profiles that are made from `.lmr.toml` and that every resource of the type
//! must meet, so that they are compiled, evaluated and reported like those of a guide.

use std::collections::{BTreeMap, HashMap};

use lmr_fhirpath::{Expression, TypeKind};
use lmr_validator::package::Package;
use lmr_validator::{Options, Validator};
use serde_json::{Map, Value, json};

use super::project::{HouseRule, Project, RuleSeverity};
use crate::text::{Explain, fail, failure, text};

/// What the rules become.
#[derive(Default)]
pub(super) struct HouseRules {
    /// Their profiles; `None` without rules.
    pub(super) package: Option<Package>,
    /// The profiles by resource type.
    pub(super) by_type: HashMap<String, Vec<String>>,
}

impl HouseRules {
    /// Makes the profiles.
    pub(super) fn of(project: &Project) -> anyhow::Result<Self> {
        let file = project.name();
        let mut by_type: BTreeMap<&str, Vec<&HouseRule>> = BTreeMap::new();
        let mut ids = std::collections::HashSet::new();
        for rule in &project.keys.rules {
            let id = &rule.id;
            if !ids.insert(id) {
                fail!(
                    "{file}: regelen {id} står to ganger",
                    "{file}: the rule {id} is there twice"
                );
            }
            if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)) {
                fail!(
                    "{file}: «{id}» kan ikke være en regels id: bruk bokstaver, tall, - og .",
                    "{file}: “{id}” cannot be the id of a rule: use letters, digits, - and ."
                );
            }
            Expression::parse(&rule.expression).explain(|| {
                text!(
                    "{file}: uttrykket i regelen {id} er ikke gyldig FHIRPath",
                    "{file}: the expression of rule {id} is not valid FHIRPath"
                )
            })?;
            let of = rule.at.split('.').next().unwrap_or_default();
            by_type.entry(of).or_default().push(rule);
        }
        if by_type.is_empty() {
            return Ok(Self::default());
        }
        let url = |of: &str| format!("urn:lmr:house-rules:{of}");
        let profiles: Vec<String> =
            by_type.iter().map(|(of, rules)| profile(of, &url(of), rules).to_string()).collect();
        let package = Package::embedded(
            "house-rules",
            env!("CARGO_PKG_VERSION"),
            profiles.iter().map(String::as_str),
        )
        .explain(|| text!("{file}: reglene kan ikke brukes", "{file}: the rules cannot be used"))?;
        let by_type = by_type.keys().map(|of| ((*of).to_owned(), vec![url(of)])).collect();
        Ok(Self { package: Some(package), by_type })
    }

    /// Whether every rule can be applied: its element exists, and its expression asks for elements that do.
    pub(super) fn check(
        by_type: &HashMap<String, Vec<String>>,
        project: &Project,
        validator: &Validator,
    ) -> anyhow::Result<()> {
        let file = project.name();
        for (of, url) in by_type.iter().flat_map(|(of, urls)| urls.iter().map(move |url| (of, url)))
        {
            // Rules are looked up by the type of a resource, which is never one of these.
            let is_abstract = ["Resource", "DomainResource"].contains(&of.as_str());
            let model = validator.fhirpath_model();
            let is_resource = model
                .type_of_resource(of)
                .is_some_and(|found| model.kind(found) == TypeKind::Resource);
            if is_abstract || !is_resource {
                fail!(
                    "{file}: «at» i en regel må begynne med en ressurstype, og {of} er ikke det: skriv regelen for hver \
                     ressurstype den gjelder",
                    "{file}: “at” of a rule must begin with a resource type, which {of} is not: write the rule for each \
                     resource type that it is about"
                );
            }
            validator.prepare(url).explain(|| {
                text!(
                    "{file}: reglene for {of} kan ikke brukes",
                    "{file}: the rules for {of} cannot be used"
                )
            })?;
            // What a profile could not use of its lines is reported with every resource that it is used on.
            let options = Options { profiles: vec![url.clone()], ..Options::default() };
            let smallest = json!({ "resourceType": of }).to_string();
            let unused = validator
                .validate_text(&smallest, &options)
                .into_iter()
                .find(|issue| issue.message.id() == "LMRV_PROFILE_LINES_IGNORED");
            if let Some(issue) = unused {
                let (nb, en) = (issue.text_nb(), issue.text_en());
                return Err(failure(text!("{file}: {nb}", "{file}: {en}")));
            }
        }
        for rule in &project.keys.rules {
            let context = rule.at.split('.').next().unwrap_or_default();
            let path = rule.at.split_once('.').map(|(_, path)| path);
            // From the root, so that the element's own type is found on the way.
            let expression = match path {
                Some(path) => format!("{path}.select({})", rule.expression),
                None => rule.expression.clone(),
            };
            let model = validator.fhirpath_model();
            let (Ok(expression), Some(context)) =
                (Expression::parse(&expression), model.type_of_resource(context))
            else {
                continue;
            };
            if let Err(errors) = expression.check(model, context) {
                let id = &rule.id;
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                let errors = errors.join("; ");
                fail!(
                    "{file}: uttrykket i regelen {id} kan ikke brukes på {at}: {errors}",
                    "{file}: the expression of rule {id} cannot be used on {at}: {errors}",
                    at = rule.at
                );
            }
        }
        Ok(())
    }
}

/// The profile of one type.
fn profile(of: &str, url: &str, rules: &[&HouseRule]) -> Value {
    let mut elements: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    // The first element of a differential is the root.
    elements.insert(of, Vec::new());
    for rule in rules {
        elements.entry(rule.at.as_str()).or_default().push(json!({
            "key": rule.id,
            "severity": match rule.severity {
                RuleSeverity::Error => "error",
                RuleSeverity::Warning => "warning",
            },
            "human": rule.text,
            "expression": rule.expression,
        }));
    }
    let elements: Vec<Value> = elements
        .into_iter()
        .map(|(at, constraints)| {
            let mut element = Map::new();
            element.insert("id".to_owned(), json!(at));
            element.insert("path".to_owned(), json!(at));
            if !constraints.is_empty() {
                element.insert("constraint".to_owned(), json!(constraints));
            }
            Value::Object(element)
        })
        .collect();
    json!({
        "resourceType": "StructureDefinition",
        "url": url,
        "version": "1",
        "name": format!("HouseRules{of}"),
        "status": "active",
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": false,
        "type": of,
        "baseDefinition": format!("http://hl7.org/fhir/StructureDefinition/{of}"),
        "derivation": "constraint",
        "differential": { "element": elements },
    })
}
