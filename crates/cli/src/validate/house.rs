//! Rules of one's own: constraints of profiles that are made from `.lmr.toml` and that every resource of the type
//! must meet, so that they are compiled, evaluated and reported like those of a guide.

use std::collections::{BTreeMap, HashMap};

use lmr_fhirpath::{Expression, TypeKind};
use lmr_validator::package::Package;
use lmr_validator::{Options, Validator};
use serde_json::{Map, Value, json};

use super::project::{HouseRule, Project, RuleSeverity};
use crate::text::{Explain, Text, fail, failure, text};

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
        let profiles =
            || by_type.iter().flat_map(|(of, urls)| urls.iter().map(move |url| (of, url)));
        for (of, _) in profiles() {
            if !is_resource_type(validator, of) {
                fail!(
                    "{file}: «at» i en regel må begynne med en ressurstype, og {of} er ikke det: skriv regelen for hver \
                     ressurstype den gjelder",
                    "{file}: “at” of a rule must begin with a resource type, which {of} is not: write the rule for each \
                     resource type that it is about"
                );
            }
        }
        for rule in &project.keys.rules {
            Self::check_names(rule, &file, validator)?;
        }
        for (of, url) in profiles() {
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
                return Err(failure(text!(
                    "{file}: {nb}; skriv «at» som i definisjonen (Patient.name, Patient.deceased[x])",
                    "{file}: {en}; write “at” as in the definition (Patient.name, Patient.deceased[x])"
                )));
            }
        }
        Ok(())
    }

    /// Whether the element of a rule exists, and those that its expression asks for.
    fn check_names(rule: &HouseRule, file: &str, validator: &Validator) -> anyhow::Result<()> {
        let HouseRule { id, at, .. } = rule;
        let model = validator.fhirpath_model();
        let (of, path) =
            at.split_once('.').map_or((at.as_str(), None), |(of, path)| (of, Some(path)));
        let Some(context) = model.type_of_resource(of) else { return Ok(()) };
        // `[x]` is of the definition's name of a choice; an expression has the name alone.
        let path = path.map(|path| path.replace("[x]", ""));
        if let Some(path) = &path {
            let checked = match path.contains(['[', ':', '(']) {
                true => None,
                false => Expression::parse(path).ok().map(|path| path.check(model, context)),
            };
            match checked {
                Some(Ok(_)) => {}
                Some(Err(errors)) => {
                    let Text { nb, en } = in_both(&errors);
                    fail!(
                        "{file}: regelen {id} er om {at}, som ikke er et element ({nb}): skriv det som i definisjonen \
                         (Patient.name, Patient.deceased[x])",
                        "{file}: the rule {id} is about {at}, which is not an element ({en}): write it as in the definition \
                         (Patient.name, Patient.deceased[x])"
                    );
                }
                None => fail!(
                    "{file}: regelen {id} er om {at}, som ikke er et element: skriv det som i definisjonen, uten nummer og \
                     uten navn på utsnitt; uttrykket kan velge med where()",
                    "{file}: the rule {id} is about {at}, which is not an element: write it as in the definition, without \
                     indexes and without names of slices; the expression can select with where()"
                ),
            }
        }
        // From the root, so that the element's own type is found on the way.
        let expression = match &path {
            Some(path) => format!("{path}.select({})", rule.expression),
            None => rule.expression.clone(),
        };
        let Ok(expression) = Expression::parse(&expression) else { return Ok(()) };
        if let Err(errors) = expression.check(model, context) {
            let Text { nb, en } = in_both(&errors);
            fail!(
                "{file}: uttrykket i regelen {id} kan ikke brukes på {at}: {nb}",
                "{file}: the expression of rule {id} cannot be used on {at}: {en}"
            );
        }
        Ok(())
    }
}

/// Whether something can be the type of a resource: rules and profiles are looked up by it, so they would never apply to
/// what is abstract.
pub(super) fn is_resource_type(validator: &Validator, of: &str) -> bool {
    let model = validator.fhirpath_model();
    !["Resource", "DomainResource"].contains(&of)
        && model.type_of_resource(of).is_some_and(|found| model.kind(found) == TypeKind::Resource)
}

/// Errors of an expression, one after the other.
fn in_both<E: std::error::Error + 'static>(errors: &[E]) -> Text {
    let joined = |of: &dyn Fn(&E) -> String| errors.iter().map(of).collect::<Vec<_>>().join("; ");
    Text {
        nb: joined(&|error| crate::text::in_bokmal(error).unwrap_or_else(|| error.to_string())),
        en: joined(&ToString::to_string),
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
