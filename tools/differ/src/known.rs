//! Differences that are explained: which side is right by the specification, and why.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::finding::{Difference, Finding, Side};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    known: Vec<Row>,
    #[serde(default)]
    same: Vec<Same>,
}

/// Two ids for one finding.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Same {
    reference: String,
    ours: String,
    #[expect(dead_code, reason = "for readers of the file")]
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// `reference` or `ours`: who reports it alone.
    side: String,
    /// The message id, as a regular expression over the whole id.
    id: String,
    /// Regular expression that the text must contain.
    #[serde(default)]
    text: String,
    /// The severity, if only one is meant.
    severity: Option<String>,
    /// The location, as a regular expression that must be contained.
    #[serde(default)]
    location: String,
    /// If given, the row holds only beside another finding of the same input, at the same location, above
    /// it or below it: a regular expression over `side id text`.
    #[serde(default)]
    beside: Option<String>,
    /// The severity of that other finding, if only one is meant: a warning is not as much as an error.
    beside_severity: Option<String>,
    /// Whether that other finding has to be at the same location or below it.
    #[serde(default)]
    below: bool,
    /// If given, the element of the document at the location has members of these names only.
    #[serde(default)]
    only: Vec<String>,
    /// If given, a member of the element at the location and a regular expression that its text must contain:
    /// `system=^ftp:`. For findings whose text does not say what they are about.
    value: Option<String>,
    /// What the specification says.
    #[expect(dead_code, reason = "for readers of the file")]
    why: String,
    /// Whose fault the difference is: `reference`, `ours`, or `neither`.
    #[expect(dead_code, reason = "for readers of the file")]
    fault: String,
}

/// A row whose expressions are compiled.
struct Compiled {
    side: Side,
    severity: Option<String>,
    id: Regex,
    text: Regex,
    location: Regex,
    beside: Option<Regex>,
    beside_severity: Option<String>,
    below: bool,
    only: Vec<String>,
    value: Option<(String, Regex)>,
}

/// What explanations may look at.
struct Situation<'a> {
    all: Vec<(Side, &'a Finding)>,
    document: &'a Value,
}

impl Compiled {
    fn explains(&self, side: Side, finding: &Finding, situation: &Situation<'_>) -> bool {
        let all = &situation.all;
        self.side == side
            && (self.only.is_empty() || has_only(situation.document, &finding.location, &self.only))
            && self.value.as_ref().is_none_or(|(member, wanted)| {
                let text = element_at(situation.document, &finding.location)
                    .and_then(|element| element.get(member)?.as_str());
                text.is_some_and(|text| wanted.is_match(text))
            })
            && self.severity.as_ref().is_none_or(|severity| *severity == finding.severity)
            && self.id.is_match(&finding.id)
            && self.text.is_match(&finding.text)
            && self.location.is_match(&finding.location)
            && self.beside.as_ref().is_none_or(|beside| {
                all.iter().any(|(whose, found)| {
                    let is_below = found.location.starts_with(&finding.location);
                    let is_above = finding.location.starts_with(&found.location);
                    *found != finding
                        && (is_below || (is_above && !self.below))
                        && self.beside_severity.as_ref().is_none_or(|of| *of == found.severity)
                        && beside.is_match(&format!("{whose} {} {}", found.id, found.text))
                })
            })
    }
}

/// The element of a document at a location.
fn element_at<'d>(document: &'d Value, location: &str) -> Option<&'d Value> {
    let mut at = Some(document);
    let mut steps = location.split('.').skip(1).peekable();
    while let Some(step) = steps.next() {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        let chosen = steps.next_if(|next| next.starts_with("ofType("));
        let member = match chosen {
            Some(chosen) => {
                let mut of = chosen["ofType(".len()..].trim_end_matches(')').to_owned();
                if let Some(first) = of.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                format!("{name}{of}")
            }
            None => name.to_owned(),
        };
        // What a primitive has beside its value is in its companion.
        let found = at.and_then(|at| at.get(&member).or_else(|| at.get(format!("_{member}"))));
        at = match (found, index) {
            (Some(Value::Array(list)), index) => list.get(index.unwrap_or(0)),
            (found, _) => found,
        };
    }
    at
}

/// Whether the element of a document at a location is an object with members, and of these names only.
fn has_only(document: &Value, location: &str, names: &[String]) -> bool {
    element_at(document, location)
        .and_then(Value::as_object)
        .is_some_and(|members| !members.is_empty() && members.keys().all(|key| names.contains(key)))
}

/// The list of `known.toml`.
pub(crate) struct Known {
    rows: Vec<Compiled>,
    hits: Vec<usize>,
    /// Rows that explained something since they were last asked for.
    used: BTreeSet<usize>,
    /// Pairs of ids, the reference's first, that mean the same.
    same: Vec<(String, String)>,
}

impl Known {
    pub(crate) fn read() -> Result<Self> {
        let file: File = toml::from_str(include_str!("../known.toml")).context("known.toml")?;
        let rows = file
            .known
            .iter()
            .map(|row| {
                let side = match &*row.side {
                    "reference" => Side::Reference,
                    "ours" => Side::Ours,
                    other => anyhow::bail!("known.toml: side {other}"),
                };
                Ok(Compiled {
                    side,
                    severity: row.severity.clone(),
                    id: Regex::new(&format!("^(?:{})$", row.id))?,
                    text: Regex::new(&row.text)?,
                    location: Regex::new(&row.location)?,
                    beside: row.beside.as_deref().map(Regex::new).transpose()?,
                    beside_severity: row.beside_severity.clone(),
                    below: row.below,
                    only: row.only.clone(),
                    value: row.value.as_deref().map(member_and_regex).transpose()?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let hits = vec![0; rows.len()];
        let same = file.same.into_iter().map(|pair| (pair.reference, pair.ours)).collect();
        Ok(Self { rows, hits, used: BTreeSet::new(), same })
    }

    /// What of the difference is not explained. The verdict counts as explained if an error was.
    pub(crate) fn unexplained(
        &mut self,
        document: &Value,
        reference: &[Finding],
        ours: &[Finding],
    ) -> Difference {
        let mut difference = Difference::between(reference, ours, &self.same);
        let mut explained_error = false;
        let theirs = reference.iter().map(|finding| (Side::Reference, finding));
        let mine = ours.iter().map(|finding| (Side::Ours, finding));
        let situation = Situation { all: theirs.chain(mine).collect(), document };
        difference.alone.retain(|(side, finding)| {
            let found = self.rows.iter().position(|row| row.explains(*side, finding, &situation));
            match found {
                Some(row) => {
                    self.hits[row] += 1;
                    self.used.insert(row);
                    explained_error |= finding.is_error();
                    false
                }
                None => true,
            }
        });
        if explained_error && !difference.alone.iter().any(|(_, f)| f.is_error()) {
            difference.verdict_differs = false;
        }
        difference
    }

    pub(crate) fn total(&self) -> usize {
        self.hits.iter().sum()
    }

    /// The rows that explained something since the last call.
    pub(crate) fn take_used(&mut self) -> BTreeSet<usize> {
        std::mem::take(&mut self.used)
    }

    /// How many findings each row explained, most first, with those that explained none.
    pub(crate) fn print_used(&self) {
        let mut rows: Vec<_> = self.rows.iter().zip(&self.hits).collect();
        rows.sort_by_key(|(_, hits)| std::cmp::Reverse(**hits));
        println!();
        for (row, hits) in rows {
            let beside = row.beside.as_ref().map_or("", |beside| beside.as_str());
            println!(
                "{hits:>6}  {}  {}  text {:?}  beside {beside:?}",
                row.side,
                row.id,
                row.text.as_str()
            );
        }
    }
}

/// `member=expression`.
fn member_and_regex(text: &str) -> Result<(String, Regex)> {
    let (member, expression) =
        text.split_once('=').context("known.toml: value is member=expression")?;
    Ok((member.to_owned(), Regex::new(expression)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: &str, id: &str, location: &str) -> Finding {
        Finding::new(severity, id, location, String::new())
    }

    #[test]
    fn an_element_with_an_id_alone_is_distinguished() {
        let document = serde_json::json!({"resourceType": "Observation",
            "code": {"coding": [{"id": "a"}, {"id": "a", "code": "b"}, {}]}, "valueQuantity": {"id": "a"}});
        let only = ["id".to_owned()];
        for (location, is_so) in [
            ("Observation.code.coding[0]", true),
            ("Observation.code.coding[1]", false),
            ("Observation.code.coding[2]", false),
            ("Observation.value.ofType(Quantity)", true),
            ("Observation.subject", false),
        ] {
            assert_eq!(has_only(&document, location, &only), is_so, "{location}");
        }
    }

    #[test]
    fn a_value_that_the_text_does_not_name_is_looked_up() {
        let mut known = Known::read().expect("known.toml");
        let id = "Type_Specific_Checks_DT_Identifier_System";
        for (system, is_explained) in
            [("mailto:a@b.no", true), ("ftp://a.no", true), ("a", false), ("/a:b", false)]
        {
            let document = serde_json::json!({"resourceType": "Patient",
                "identifier": [{"system": "http://a.no"}, {"system": system}]});
            let found = finding("error", id, "Patient.identifier[1]");
            let difference = known.unexplained(&document, &[found], &[]);
            assert_eq!(difference.is_empty(), is_explained, "{system}");
        }
    }

    #[test]
    fn an_error_of_the_reference_is_not_explained_by_a_warning_of_ours() {
        let mut known = Known::read().expect("known.toml");
        let reference = [
            finding("error", "Terminology_TX_System_Unknown", "Device.meta.tag[0]"),
            finding("warning", "UNKNOWN_CODESYSTEM", "Device.meta.tag[0].system"),
        ];
        for (kept, is_explained) in [(0, true), (1, false)] {
            let difference = known.unexplained(&Value::Null, &reference, &reference[kept..=kept]);
            assert_eq!(difference.alone.is_empty(), is_explained, "{difference:?}");
            assert_eq!(difference.verdict_differs, !is_explained, "{difference:?}");
        }
    }

    #[test]
    fn a_display_with_two_spaces_explains_itself_and_the_code_outside_its_value_set() {
        let mut known = Known::read().expect("known.toml");
        let text = "Wrong whitespace in Display Name 'A  B'".to_owned();
        let id = "Display_Name_WS_for__should_be_one_of__instead_of";
        let display = Finding::new("error", id, "Device.type.coding[0].display", text);
        let others = [
            ("Terminology_TX_NoValid_12", "Device.type.coding[0]", true),
            ("Terminology_TX_NoValid_13", "Device.type.coding[0]", true),
            ("Terminology_TX_NoValid_1_CC", "Device.type", true),
            ("Terminology_TX_NoValid_2_CC", "Device.type", true),
            ("Terminology_TX_NoValid_16", "Device.type", false),
            ("Terminology_TX_NoValid_1_CC", "Device.statusReason[0]", false),
        ];
        assert!(known.unexplained(&Value::Null, std::slice::from_ref(&display), &[]).is_empty());
        for (id, location, is_explained) in others {
            let both = [display.clone(), finding("error", id, location)];
            let difference = known.unexplained(&Value::Null, &both, &[]);
            assert_eq!(difference.is_empty(), is_explained, "{id} {location}: {difference:?}");
        }
    }

    #[test]
    fn rows_explain_what_their_reason_is_about_and_no_more() {
        let mut known = Known::read().expect("known.toml");
        let of = |id: &str, location: &str, text: &str| {
            Finding::new("error", id, location, text.to_owned())
        };
        let missing =
            of("Profile_VAL_MissingElement", "Patient.name[0].given", "given is missing, but");
        let content = of("LMRV_VALUESET_WITHOUT_CONTENT", "Device.type", "");
        let limit = |text: &str| {
            let text = format!("The value could not be compared with the limit {text}");
            (Side::Ours, of("LMRV_LIMIT_NOT_EVALUATED", "Patient.birthDate", &text), None)
        };
        let part = |location: &str| {
            (Side::Reference, of("_DT_Fixed_Wrong", location, "Value is 'a'"), Some(&missing))
        };
        let attribute = |name: &str, list: &str| {
            let text = format!("Invalid attribute name in the XHTML ('{name}' on '{list}')");
            let id = "XHTML_XHTML_Attribute_Illegal";
            (Side::Reference, of(id, "Patient.text.div", &text), None)
        };
        let scheme = |name: &str| {
            let text =
                format!("The link '{name}:x' uses the scheme '{name}', which runs a program");
            let id = "TYPE_SPECIFIC_CHECKS_DT_XHTML_ACTIVE_HREF";
            (Side::Ours, of(id, "Patient.text.div", &text), None)
        };
        let without_content =
            |id: &str| (Side::Reference, of(id, "Device.type.coding[0]", ""), Some(&content));
        let beside = [
            (limit("2020-05-01"), true),
            (limit("2020"), true),
            (limit("2020-05-01T12:00:00.000+01:00"), true),
            (limit("12:00:00"), true),
            (limit("5 kg"), false),
            (limit(""), false),
            (part("Patient.name[0].given"), true),
            (part("Patient.name[0].given[1]"), true),
            (part("Patient.name[0].family"), false),
            (part("Patient.name[0]"), false),
            (part("Patient"), false),
            (without_content("UNABLE_TO_INFER_CODESYSTEM"), true),
            (without_content("UNKNOWN_CODESYSTEM_VERSION"), false),
            (attribute("start", "ol"), true),
            (attribute("start", "ul"), false),
            (scheme("JavaScript"), true),
            (scheme("javascript"), false),
        ];
        for ((side, finding, beside), is_explained) in beside {
            let mut ours: Vec<Finding> = beside.cloned().into_iter().collect();
            let mut reference = Vec::new();
            match side {
                Side::Ours => ours.push(finding.clone()),
                Side::Reference => reference.push(finding.clone()),
            }
            let difference = known.unexplained(&Value::Null, &reference, &ours);
            let is_so = !difference.alone.iter().any(|(_, left)| *left == finding);
            assert_eq!(is_so, is_explained, "{finding}");
        }
    }

    #[test]
    fn an_unknown_version_is_explained_of_the_generators_own_code_system_only() {
        let mut known = Known::read().expect("known.toml");
        for (system, is_explained) in [
            ("http://sykehus.no/fhir/CodeSystem/kjent", true),
            ("http://hl7.org/fhir/administrative-gender", false),
        ] {
            let text = format!(
                "The version '2' of the code system {system} is not known, so the code was not checked (known: 1)"
            );
            let ours = [Finding::new(
                "warning",
                "UNKNOWN_CODESYSTEM_VERSION",
                "Device.type.coding[0]",
                text,
            )];
            let difference = known.unexplained(&Value::Null, &[], &ours);
            assert_eq!(difference.is_empty(), is_explained, "{system}: {difference:?}");
        }
    }
}
