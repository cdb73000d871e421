//! Invariants that R4 4.0.1 published wrong, and their corrections.
//!
//! FHIRPath as published gives an empty result, or none at all, for correct instances, and an
//! invariant without a true result has failed. The reference validator replaces these before it
//! runs them; so do we, whatever package a definition comes from, since profiles copy the
//! invariants of what they constrain. A correction is only applied where the expression is the
//! published one: a definition that was repaired at its source is left alone.

use super::structure::{BindingStrength, Constraint};
use crate::canonical::split_canonical;

struct Correction {
    key: &'static str,
    published: &'static str,
    corrected: &'static str,
}

/// ref-1, corrected.
pub(crate) const LOCAL_REFERENCE: &str = "reference.exists() implies (reference = '#' or (reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))))";

/// One entry for each faulty expression.
const CORRECTIONS: &[Correction] = &[
    // Reference. A reference without `reference` (an identifier or a display only) gives empty.
    // `#` alone means the resource that contains the reference.
    Correction {
        key: "ref-1",
        published: "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))",
        corrected: LOCAL_REFERENCE,
    },
    // Bundle.entry. An entry without fullUrl gives empty.
    Correction {
        key: "bdl-8",
        published: "fullUrl.contains('/_history/').not()",
        corrected: "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
    },
    // DomainResource. A resource inside another one needs no narrative of its own.
    Correction {
        key: "dom-6",
        published: "text.`div`.exists()",
        corrected: "(%rootResource != $this) or text.`div`.exists()",
    },
    // Condition. `category` is a CodeableConcept, never equal to a string: the rule as published
    // could not find a problem list item.
    Correction {
        key: "con-3",
        published: "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or category.select($this='problem-list-item').empty()",
        corrected: "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or category.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-category' and code='problem-list-item').empty()",
    },
    // Narrative.div. Both of the narrative's rules were published with the same function; the
    // second one is about content that must not be empty.
    Correction { key: "txt-2", published: "htmlChecks()", corrected: "htmlChecks2()" },
    // RiskAssessment.prediction. Without a probability, or with a Range, the comparison gives
    // empty.
    Correction {
        key: "ras-2",
        published: "probability is decimal implies (probability as decimal) <= 100",
        corrected: "probability.empty() or ((probability is decimal) implies ((probability as decimal) <= 100))",
    },
    // Vital signs, Observation.effective[x]. The rule is about a dateTime; a Period gives empty.
    Correction {
        key: "vs-1",
        published: "($this as dateTime).toString().length() >= 8",
        corrected: "($this is dateTime) implies ($this as dateTime).toString().length() >= 8",
    },
    // Questionnaire.item.enableWhen. FHIR's type is `boolean`; the answer is a FHIR element.
    Correction {
        key: "que-7",
        published: "operator = 'exists' implies (answer is Boolean)",
        corrected: "operator = 'exists' implies (answer is boolean)",
    },
    // Questionnaire.item. "More than one" was written as more than two.
    Correction {
        key: "que-12",
        published: "enableWhen.count() > 2 implies enableBehavior.exists()",
        corrected: "enableWhen.count() >= 2 implies enableBehavior.exists()",
    },
    // OperationDefinition.parameter. `canonical` is not the only type beside Reference that
    // names target profiles in the standard's own operations.
    Correction {
        key: "opd-3",
        published: "targetProfile.exists() implies (type = 'Reference' or type = 'canonical')",
        corrected: "targetProfile.exists() implies (type = 'Reference' or type = 'canonical' or type.memberOf('http://hl7.org/fhir/ValueSet/all-resource-types'))",
    },
    // ElementDefinition. `matches` finds the pattern anywhere unless it is anchored.
    Correction {
        key: "eld-19",
        published: r#"path.matches('[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*')"#,
        corrected: r#"path.matches('^[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*$')"#,
    },
    Correction {
        key: "eld-20",
        published: r#"path.matches('[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*')"#,
        corrected: r#"path.matches('^[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*$')"#,
    },
    // All canonical resources (`sdf-0`, `vsd-0`, …). Without a name the rule gives empty, and
    // without anchors it finds a fitting part of any name.
    Correction {
        key: "*",
        published: "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
        corrected: "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
    },
    // Timing.repeat. The codes are values of `when`, which repeats.
    Correction {
        key: "tim-9",
        published: "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))",
        corrected: "offset.empty() or (when.exists() and when.select($this in ('C' | 'CM' | 'CD' | 'CV')).allFalse())",
    },
];

/// The vital signs profiles require their list of units of every component, which R5 took back:
/// a component may be something else (an oxygen flow). The reference validator reads it so too.
pub(crate) fn strength(
    published: Option<BindingStrength>,
    value_set: Option<&str>,
) -> Option<BindingStrength> {
    let is_vitals = value_set.is_some_and(|url| {
        split_canonical(url).0 == "http://hl7.org/fhir/ValueSet/ucum-vitals-common"
    });
    match published {
        Some(BindingStrength::Required) if is_vitals => Some(BindingStrength::Extensible),
        other => other,
    }
}

/// Replaces a published expression that is known to be wrong.
pub(crate) fn correct(constraint: &mut Constraint) {
    let Some(expression) = &constraint.expression else { return };
    let correction = CORRECTIONS.iter().find(|correction| {
        (correction.key == "*" || *correction.key == *constraint.key)
            && *correction.published == **expression
    });
    if let Some(correction) = correction {
        constraint.expression = Some(correction.corrected.into());
    }
}
