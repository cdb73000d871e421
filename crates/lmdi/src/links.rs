//! Which administrations of a bundle the register can link to a patient and a prescriber.

use lmr_fhir::Element;
use lmr_identifiers::{HprNumber, NationalIdentityNumber, systems};
use serde::Serialize;

use crate::bundle_index::BundleIndex;

/// How many administrations a bundle has, and how many of them the register can link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkCounts {
    /// Resources of type MedicationAdministration.
    pub administrations: usize,
    /// Those whose patient has one valid fødselsnummer or D-number.
    pub with_patient: usize,
    /// Those whose request names a practitioner with a valid HPR number.
    pub with_prescriber: usize,
}

impl LinkCounts {
    /// Adds those of another bundle.
    pub fn add(&mut self, other: Self) {
        self.administrations += other.administrations;
        self.with_patient += other.with_patient;
        self.with_prescriber += other.with_prescriber;
    }
}

/// Follows the register's path from every administration.
pub(crate) fn count(bundle: &BundleIndex<'_>) -> LinkCounts {
    let mut links = LinkCounts::default();
    for (at, entry) in bundle.entries.iter().enumerate() {
        let Some(administration) = entry.resource else { continue };
        if !is(administration, "MedicationAdministration") {
            continue;
        }
        let follow = |from: usize, resource: Element<'_>, name: &str, to: &str| {
            let holder = resource.child_by_name(name)?;
            let target = bundle.target_of(from, holder)?;
            let found = bundle.entries[target].resource?;
            is(found, to).then_some((target, found))
        };
        let patient = follow(at, administration, "subject", "Patient");
        let prescriber = follow(at, administration, "request", "MedicationRequest")
            .and_then(|(at, request)| follow(at, request, "requester", "Practitioner"));
        links.administrations += 1;
        links.with_patient += usize::from(patient.is_some_and(|(_, p)| has_one_number(p)));
        links.with_prescriber += usize::from(prescriber.is_some_and(|(_, p)| has_hpr_number(p)));
    }
    links
}

pub(crate) fn is(resource: Element<'_>, resource_type: &str) -> bool {
    resource.resource_type().is_some_and(|name| name == resource_type)
}

/// Values of a resource's identifiers under a system.
pub(crate) fn values(resource: Element<'_>, system: &str) -> Vec<String> {
    let text = |element: Element<'_>, name| {
        element.child_by_name(name).and_then(Element::text).map(std::borrow::Cow::into_owned)
    };
    resource
        .children_by_name("identifier")
        .filter(|identifier| text(*identifier, "system").as_deref() == Some(system))
        .filter_map(|identifier| text(identifier, "value"))
        .collect()
}

/// A patient with both kinds of number counts as one without.
fn has_one_number(patient: Element<'_>) -> bool {
    let numbers: Vec<String> = [systems::NATIONAL_IDENTITY_NUMBER, systems::D_NUMBER]
        .into_iter()
        .flat_map(|system| values(patient, system))
        .collect();
    matches!(numbers.as_slice(), [one] if NationalIdentityNumber::parse(one).is_ok())
}

fn has_hpr_number(practitioner: Element<'_>) -> bool {
    values(practitioner, systems::HPR_NUMBER).iter().any(|value| fits_the_register(value))
}

/// The register keeps HPR numbers as integers of 32 bits.
pub(crate) fn fits_the_register(hpr_number: &str) -> bool {
    HprNumber::parse(hpr_number).is_ok() && hpr_number.parse::<i32>().is_ok()
}
