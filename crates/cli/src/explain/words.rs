//! A profile and its elements in plain words, in bokmål and English, from the snapshot alone.

use lmr_validator::Severity;
use lmr_validator::definitions::{
    Binding, BindingStrength, Definitions, DiscriminatorKind, ElementDefinition, Max, Slicing,
    SlicingRules, StructureDefinition, TypeRef,
};

use crate::text::{Text, text};

/// Codes of a value set that are listed.
const CODES: usize = 12;
/// Longest fixed value that is shown whole, in characters.
const LONGEST_VALUE: usize = 200;

/// How often an element is there.
pub(crate) fn cardinality(min: u32, max: Max) -> Text {
    match (min, max) {
        (_, Max::Count(0)) => text!("skal ikke være med", "must not be there"),
        (0, Max::Count(1)) => text!("kan være med, høyst én gang", "may be there, at most once"),
        (0, Max::Count(n)) => {
            text!("kan være med, høyst {n} ganger", "may be there, at most {n} times")
        }
        (0, Max::Unbounded) => {
            text!("kan være med, så mange ganger som trengs", "may be there, any number of times")
        }
        (1, Max::Count(1)) => text!("må være med, nøyaktig én gang", "must be there, exactly once"),
        (1, Max::Unbounded) => text!("må være med, minst én gang", "must be there, at least once"),
        (n, Max::Unbounded) => {
            text!("må være med, minst {n} ganger", "must be there, at least {n} times")
        }
        (n, Max::Count(m)) if n == m => {
            text!("må være med, nøyaktig {n} ganger", "must be there, exactly {n} times")
        }
        (n, Max::Count(m)) => {
            text!("må være med, {n} til {m} ganger", "must be there, {n} to {m} times")
        }
    }
}

/// Everything that an element must be, a sentence each.
pub(crate) fn sentences(
    definitions: &Definitions,
    structure: &StructureDefinition,
    element: &ElementDefinition,
) -> Vec<Text> {
    let mut all = vec![capital(cardinality(element.min, element.max))];
    all.extend(types(definitions, element));
    if let Some(reference) = &element.content_reference {
        all.push(text!(
            "Har de samme elementene som {reference}",
            "Has the same elements as {reference}"
        ));
    }
    if let Some(fixed) = &element.fixed {
        let value = shortened(fixed.json().raw());
        all.push(text!("Verdien må være nøyaktig {value}", "The value must be exactly {value}"));
    }
    if let Some(pattern) = &element.pattern {
        let value = shortened(pattern.json().raw());
        all.push(text!("Verdien må minst ha {value}", "The value must have at least {value}"));
    }
    if let Some(least) = &element.min_value {
        let value = shortened(least.json().raw());
        all.push(text!("Minste verdi: {value}", "Smallest value: {value}"));
    }
    if let Some(greatest) = &element.max_value {
        let value = shortened(greatest.json().raw());
        all.push(text!("Største verdi: {value}", "Greatest value: {value}"));
    }
    if let Some(length) = element.max_length {
        all.push(text!("Høyst {length} tegn", "At most {length} characters"));
    }
    if let Some(length) = element.min_length {
        all.push(text!("Minst {length} tegn", "At least {length} characters"));
    }
    if let Some(regex) = &element.regex {
        all.push(text!("Må passe til {regex}", "Must match {regex}"));
    }
    if element.must_have_value {
        all.push(text!(
            "Må ha en verdi, ikke bare utvidelser",
            "Must have a value, not only extensions"
        ));
    }
    if let Some(binding) = &element.binding {
        all.extend(codes(definitions, binding));
    }
    if let Some(slicing) = &element.slicing {
        all.push(slices(structure, element, slicing));
    }
    if element.must_support {
        all.push(text!(
            "Systemer må kunne håndtere det (must support)",
            "Systems must be able to handle it (must support)"
        ));
    }
    if element.is_modifier {
        all.push(text!(
            "Endrer betydningen av det som inneholder det",
            "Changes the meaning of what contains it"
        ));
    }
    for constraint in element.constraints.iter() {
        // Those of every element and every extension are true of everything.
        if matches!(&*constraint.key, "ele-1" | "ext-1") || constraint.key.starts_with("dom-") {
            continue;
        }
        let (nb, en) = if constraint.severity >= Severity::Error {
            ("feil", "error")
        } else {
            ("advarsel", "warning")
        };
        let (key, human) = (&constraint.key, &constraint.human);
        let expression =
            constraint.expression.as_ref().map_or_else(String::new, |e| format!(" [{e}]"));
        all.push(Text {
            nb: format!("Regelen {key} ({nb}): {human}{expression}"),
            en: format!("Rule {key} ({en}): {human}{expression}"),
        });
    }
    all
}

fn types(definitions: &Definitions, element: &ElementDefinition) -> Vec<Text> {
    let mut all = Vec::new();
    let names: Vec<&str> = element.types.iter().map(TypeRef::name).collect();
    match names.as_slice() {
        [] => {}
        [one] => all.push(text!("Typen er {one}", "Its type is {one}")),
        [many @ .., last] => {
            let many = many.join(", ");
            all.push(text!("Typen er {many} eller {last}", "Its type is {many} or {last}"));
        }
    }
    let named = |urls: &[std::sync::Arc<str>]| -> Vec<String> {
        urls.iter().map(|url| named(definitions, url)).collect()
    };
    for of in element.types.iter() {
        if !of.profiles.is_empty() {
            let (profiles, name) = (named(&of.profiles), of.name());
            all.push(Text {
                nb: format!("{name} må følge {}", profiles.join(" eller ")),
                en: format!("{name} must conform to {}", profiles.join(" or ")),
            });
        }
        if !of.target_profiles.is_empty() {
            let targets = named(&of.target_profiles);
            all.push(Text {
                nb: format!("Viser til {}", targets.join(" eller ")),
                en: format!("Refers to {}", targets.join(" or ")),
            });
        }
    }
    all
}

/// A profile's name with its address; a type by its name alone.
fn named(definitions: &Definitions, url: &str) -> String {
    if let Some(name) = url.strip_prefix("http://hl7.org/fhir/StructureDefinition/") {
        return name.to_owned();
    }
    match definitions.structure(url) {
        Ok(Some(found)) => format!("{} ({url})", found.name),
        _ => url.to_owned(),
    }
}

fn codes(definitions: &Definitions, binding: &Binding) -> Vec<Text> {
    let mut all = Vec::new();
    if let Some(url) = &binding.value_set {
        all.push(match binding.strength {
            BindingStrength::Required => {
                text!("Koden må være fra {url}", "The code must be from {url}")
            }
            BindingStrength::Extensible => text!(
                "Koden må være fra {url} hvis den har en som passer",
                "The code must be from {url} if it has one that fits"
            ),
            BindingStrength::Preferred => {
                text!("Koden bør være fra {url}", "The code should be from {url}")
            }
            BindingStrength::Example => {
                text!(
                    "Koden kan for eksempel være fra {url}",
                    "The code may be from {url}, for example"
                )
            }
        });
        let listed = definitions.terminology().value_set(url).codes(CODES + 1);
        if !listed.is_empty() && binding.strength != BindingStrength::Example {
            let codes: Vec<String> = listed
                .iter()
                .take(CODES)
                .map(|(_, code, display)| match display {
                    Some(display) if display != code => format!("{code} ({display})"),
                    _ => code.to_string(),
                })
                .collect();
            let codes = codes.join(", ");
            all.push(if listed.len() > CODES {
                text!("Kodene er {codes} og flere", "The codes are {codes} and more")
            } else {
                text!("Kodene er {codes}", "The codes are {codes}")
            });
        }
    }
    if let Some(url) = &binding.max_value_set {
        all.push(text!("Ingen kode utenfor {url}", "No code outside {url}"));
    }
    for further in &binding.additional {
        let (url, purpose) = (&further.value_set, &further.purpose);
        all.push(text!("Også bundet til {url} ({purpose})", "Bound to {url} as well ({purpose})"));
    }
    all
}

fn slices(structure: &StructureDefinition, element: &ElementDefinition, slicing: &Slicing) -> Text {
    let names: Vec<&str> = structure
        .elements
        .iter()
        .filter(|other| {
            other.path == element.path
                && other.id.strip_prefix(&*element.id).is_some_and(|rest| {
                    rest.strip_prefix(':').is_some_and(|name| !name.contains(['.', '/', ':']))
                })
        })
        .filter_map(|slice| slice.slice_name.as_deref())
        .collect();
    let by: Vec<(String, String)> = slicing
        .discriminators
        .iter()
        .map(|discriminator| {
            let path = &discriminator.path;
            match discriminator.kind {
                DiscriminatorKind::Type => {
                    (format!("typen til {path}"), format!("the type of {path}"))
                }
                DiscriminatorKind::Exists => {
                    (format!("om {path} finnes"), format!("whether {path} is there"))
                }
                DiscriminatorKind::Profile => {
                    (format!("profilen til {path}"), format!("the profile of {path}"))
                }
                DiscriminatorKind::Position => ("plassen".to_owned(), "the position".to_owned()),
                DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
                    (path.to_string(), path.to_string())
                }
            }
        })
        .collect();
    let nb: Vec<&str> = by.iter().map(|(nb, _)| nb.as_str()).collect();
    let en: Vec<&str> = by.iter().map(|(_, en)| en.as_str()).collect();
    let (others_nb, others_en) = match slicing.rules {
        SlicingRules::Closed => ("ingen andre er tillatt", "no others are allowed"),
        SlicingRules::Open => ("andre er tillatt", "others are allowed"),
        SlicingRules::OpenAtEnd => ("andre er tillatt bak dem", "others are allowed behind them"),
    };
    let names = names.join(", ");
    Text {
        nb: format!("Delt etter {} i {names}; {others_nb}", nb.join(" og ")),
        en: format!("Sliced by {} into {names}; {others_en}", en.join(" and ")),
    }
}

fn shortened(value: &str) -> String {
    let one_line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(LONGEST_VALUE) {
        Some((at, _)) => format!("{}…", &one_line[..at]),
        None => one_line,
    }
}

fn capital(text: Text) -> Text {
    let first = |sentence: String| {
        let mut letters = sentence.chars();
        letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
    };
    Text { nb: first(text.nb), en: first(text.en) }
}
