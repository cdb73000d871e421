//! What FHIR R4 fixes about names of types and of choice elements.

/// Whether a type has no instances of its own: an element of this type holds a resource of any
/// type that specialises it (<https://hl7.org/fhir/R4/resource.html>).
#[must_use]
pub fn is_abstract_resource(name: &str) -> bool {
    matches!(name, "Resource" | "DomainResource")
}

/// Whether a property is the choice element `stem[x]` with a type: `valueQuantity` of `value`.
///
/// FHIR gives the JSON property of a choice as the stem followed by the type's name with a capital
/// first letter (<https://hl7.org/fhir/R4/formats.html#choice>). Whether the type exists, and is
/// allowed there, is for the element's definition to decide.
#[must_use]
pub fn is_choice_of(property: &str, stem: &str) -> bool {
    property
        .strip_prefix(stem)
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_the_stem_and_a_capital() {
        assert!(is_choice_of("valueQuantity", "value"));
        assert!(is_choice_of("effectiveDateTime", "effective"));
        for (property, stem) in [("value", "value"), ("values", "value"), ("onsetAge", "value")] {
            assert!(!is_choice_of(property, stem), "{property} of {stem}");
        }
    }
}
