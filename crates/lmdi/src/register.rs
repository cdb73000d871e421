//! The register's rules beyond the profiles (LMR-6xxx) and the forms of codes (LMR-502x).
//!
//! None of these texts repeats a value: they name the element and the rule.

pub(crate) mod dates;
pub(crate) mod numbers;
pub(crate) mod person;
pub(crate) mod syntax;

use lmr_fhir::{Element, Kind, Name, Node};
use lmr_identifiers::{FIRST_DAY_OF_2032_SCHEME, NationalIdentityNumber, systems};

use crate::codes::Code;
use crate::finding::Finding;
use crate::place::Scope;
use crate::ruleset::CheckOptions;
use dates::Moment;
use person::{NewScheme, Policy};

const MUNICIPALITY: [&str; 2] = [
    "http://hl7.no/fhir/StructureDefinition/no-basis-municipalitycode",
    "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-municipalitycode",
];
const URBAN_DISTRICT: [&str; 2] = [
    "http://hl7.no/fhir/StructureDefinition/no-basis-urban-district",
    "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-urban-district",
];

/// Judges one resource. `patient` is the resource its `subject` refers to, where it is at hand.
pub(crate) fn judge<'d>(
    scope: Scope<'d>,
    patient: Option<Element<'_>>,
    options: &CheckOptions,
    findings: &mut Vec<Finding>,
) {
    let resource = scope.resource;
    let mut found =
        |code: Code, element: Element<'d>| findings.push(Finding::of(code, scope.spot(element)));
    judge_values(resource, options, &mut found);
    match resource.resource_type().as_deref() {
        Some("Patient") => judge_patient(resource, options, &mut found),
        Some("MedicationAdministration") => {
            judge_administration(resource, patient, options, &mut found)
        }
        Some("MedicationRequest") => judge_request(resource, options, &mut found),
        _ => {}
    }
}

type Found<'a, 'd> = dyn FnMut(Code, Element<'d>) + 'a;

/// Identifiers and codes anywhere in the resource.
fn judge_values<'d>(resource: Element<'d>, options: &CheckOptions, found: &mut Found<'_, 'd>) {
    let policy = Policy {
        numbers: options.person_numbers,
        new_scheme: match Moment::read(FIRST_DAY_OF_2032_SCHEME) {
            Some(from) if options.now >= from.first => NewScheme::InForce,
            _ if options.accept_2032_numbers => NewScheme::Warned,
            _ => NewScheme::Refused,
        },
    };
    let Some(root) = resource.value() else { return };
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        if node.kind() == Kind::Object {
            judge_object(node, policy, found);
        }
        waiting.extend(node.members().filter(|m| matches!(m.kind(), Kind::Object | Kind::Array)));
    }
}

fn judge_object<'d>(object: Node<'d>, policy: Policy, found: &mut Found<'_, 'd>) {
    let (mut system, mut value, mut code, mut url, mut coding) = (None, None, None, None, None);
    for member in object.members() {
        let slot = match member.name() {
            Some("system") => &mut system,
            Some("value") => &mut value,
            Some("code") => &mut code,
            Some("url") => &mut url,
            Some("valueCoding") if member.kind() == Kind::Object => {
                coding = Some(member);
                continue;
            }
            _ => continue,
        };
        if member.kind() == Kind::String && !member.is_underscore() {
            *slot = Some(member);
        }
    }
    let text = |node: Node<'d>| node.as_str().unwrap_or_default().into_owned();
    if let Some(system) = system {
        let system = text(system);
        if let Some(value) = value {
            for fault in identifier_faults(&system, &text(value), policy) {
                found(fault, Element::of(value));
            }
        }
        if let Some(code) = code
            && let Some(fault) = syntax::fault(&system, &text(code))
        {
            found(fault, Element::of(code));
        }
    }
    // These extensions do not fix the system of their coding, so the url tells what is meant.
    if let (Some(url), Some(coding)) = (url, coding) {
        let judge = match text(url) {
            url if MUNICIPALITY.contains(&url.as_str()) => syntax::municipality,
            url if URBAN_DISTRICT.contains(&url.as_str()) => syntax::urban_district,
            _ => return,
        };
        let system = coding.member("system").map(text).unwrap_or_default();
        if let Some(code) = coding.member("code").filter(|code| code.kind() == Kind::String)
            && syntax::fault(&system, &text(code)).is_none()
            && let Some(fault) = judge(&text(code))
        {
            found(fault, Element::of(code));
        }
    }
}

fn identifier_faults(system: &str, value: &str, policy: Policy) -> Vec<Code> {
    match system {
        systems::NATIONAL_IDENTITY_NUMBER | systems::D_NUMBER => {
            person::faults(value, system, policy)
        }
        systems::ORGANISATION_NUMBER => numbers::organisation(value).into_iter().collect(),
        systems::RESH_ID => numbers::resh(value).into_iter().collect(),
        systems::HPR_NUMBER => numbers::hpr(value).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn child<'d>(element: Element<'d>, name: &str) -> Option<Element<'d>> {
    element.child(&Name::new(name))
}

fn text_of(element: Element<'_>, name: &str) -> Option<String> {
    Some(child(element, name)?.text()?.into_owned())
}

fn judge_patient<'d>(patient: Element<'d>, options: &CheckOptions, found: &mut Found<'_, 'd>) {
    let Some(birth) = child(patient, "birthDate") else { return };
    let Some((first, after)) = birth.text().as_deref().and_then(dates::days) else { return };
    if Moment::read(&first.to_string()).is_some_and(|birth| birth.first > latest_now(options)) {
        found(Code::BirthDateInFuture, birth);
    }
    if first.tomorrow().ok() != Some(after) {
        return;
    }
    for identifier in patient.children_named(&Name::new("identifier")) {
        let system = text_of(identifier, "system").unwrap_or_default();
        if (system == systems::NATIONAL_IDENTITY_NUMBER || system == systems::D_NUMBER)
            && let Some(value) = text_of(identifier, "value")
            && NationalIdentityNumber::parse(&value).is_ok_and(|number| {
                !number.fits_birth_date(first.year(), first.month(), first.day())
            })
        {
            found(Code::BirthDateMismatch, birth);
        }
    }
}

fn latest_now(options: &CheckOptions) -> jiff::Timestamp {
    options.now.checked_add(options.clock_tolerance).unwrap_or(options.now)
}

fn judge_administration<'d>(
    administration: Element<'d>,
    patient: Option<Element<'_>>,
    options: &CheckOptions,
    found: &mut Found<'_, 'd>,
) {
    // A retraction must get through, whatever was wrong with what it retracts.
    if text_of(administration, "status").as_deref() == Some("entered-in-error") {
        return;
    }
    let period = child(administration, "effectivePeriod");
    let (from, to) = match child(administration, "effectiveDateTime") {
        Some(at) => (Some(at), Some(at)),
        None => (period.and_then(|p| child(p, "start")), period.and_then(|p| child(p, "end"))),
    };
    let read = |element: Option<Element<'_>>| {
        element.and_then(Element::text).as_deref().and_then(Moment::read)
    };
    if let (Some(element), Some(moment)) = (to.or(from), read(to.or(from)))
        && moment.first > latest_now(options)
    {
        found(Code::AdministeredInFuture, element);
    }
    let birth = patient.and_then(|patient| text_of(patient, "birthDate"));
    if let (Some(element), Some(moment), Some(birth)) =
        (from, read(from), birth.as_deref().and_then(Moment::read))
        && moment.last < birth.first
    {
        found(Code::AdministeredBeforeBirth, element);
    }
    if let (Some((start, end)), Some(element)) = (options.reporting_period, from.or(to)) {
        let first = read(from.or(to)).map(|moment| moment.first);
        let last = read(to.or(from)).map(|moment| moment.last);
        if last.is_some_and(|last| last < start) || first.is_some_and(|first| first > end) {
            found(Code::OutsideReportingPeriod, element);
        }
    }
}

fn judge_request<'d>(request: Element<'d>, options: &CheckOptions, found: &mut Found<'_, 'd>) {
    let Some(authored) = child(request, "authoredOn") else { return };
    let moment = authored.text().as_deref().and_then(Moment::read);
    if moment.is_some_and(|moment| moment.first > latest_now(options)) {
        found(Code::OrderedInFuture, authored);
    }
}
