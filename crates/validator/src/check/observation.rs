//! Observations: vital signs and best practice.

use lmr_fhir::{Name, Severity};

use super::coding::system_and_code;
use super::context::Context;
use super::outcome::{Found, Role};
use crate::compile::Profile;
use crate::messages::Message;
use crate::options::BestPractice;

/// Codes that make an Observation a vital sign, and the profile it must meet.
/// Rule: <https://hl7.org/fhir/R4/observation-vitalsigns.html>.
const VITAL_SIGNS: &[(&str, &str, &str)] = &[
    ("http://loinc.org", "85353-1", "vitalspanel"),
    ("http://loinc.org", "9279-1", "resprate"),
    ("http://loinc.org", "8867-4", "heartrate"),
    ("http://loinc.org", "2708-6", "oxygensat"),
    ("http://loinc.org", "59408-5", "oxygensat"),
    ("http://loinc.org", "8310-5", "bodytemp"),
    ("http://loinc.org", "8302-2", "bodyheight"),
    ("http://loinc.org", "9843-4", "headcircum"),
    ("http://loinc.org", "29463-7", "bodyweight"),
    ("http://loinc.org", "39156-5", "bmi"),
    ("http://loinc.org", "85354-9", "bp"),
    ("http://snomed.info/sct", "86290005", "resprate"),
    ("http://snomed.info/sct", "364075005", "heartrate"),
    ("http://snomed.info/sct", "431314004", "oxygensat"),
    ("http://snomed.info/sct", "276885007", "bodytemp"),
    ("http://snomed.info/sct", "386725007", "bodytemp"),
    ("http://snomed.info/sct", "50373000", "bodyheight"),
    ("http://snomed.info/sct", "363812007", "headcircum"),
    ("http://snomed.info/sct", "27113001", "bodyweight"),
    ("http://snomed.info/sct", "60621009", "bmi"),
    ("http://snomed.info/sct", "75367002", "bp"),
];

pub(crate) fn check_vital_sign<'a>(cx: &mut Context<'a>, role: Role, base: &'a Profile) {
    let Some(code) = cx.resource.child(&Name::new("code")) else { return };
    let hit = code.children_named(&Name::new("coding")).find_map(|coding| {
        let (system, code) = system_and_code(coding);
        let (system, code) = (system?, code?);
        VITAL_SIGNS.iter().find(|(s, c, _)| *s == &*system && *c == &*code)
    });
    let Some((system, code, profile)) = hit else { return };
    let canonical = format!("http://hl7.org/fhir/StructureDefinition/{profile}");
    let Ok(Some(id)) = cx.profiles.profile(&canonical) else { return };
    let title = cx.profiles.get(id).map_or(String::new(), |p| p.definition.name.to_string());
    cx.report(
        Message::SignpostObs {
            profile: canonical.into(),
            title: title.into(),
            code: format!("{system}#{code}").into(),
        },
        cx.resource.node(),
        base,
    );
    cx.out.found.push(Found {
        element: cx.resource,
        role,
        container: cx.container,
        profiles: smallvec::smallvec![id],
    });
}

pub(crate) fn check_best_practice<'a>(cx: &mut Context<'a>, base: &'a Profile) {
    let severity = match cx.options.best_practice {
        BestPractice::Ignore => return,
        BestPractice::Hint => Severity::Information,
        BestPractice::Warning => Severity::Warning,
        BestPractice::Error => Severity::Error,
    };
    let has = |n: &str| cx.resource.children_named(&Name::new(n)).next().is_some();
    let missing = [
        (has("subject"), Message::BestSubject),
        (has("performer"), Message::BestPerformer),
        (has("effectiveDateTime") || has("effectivePeriod"), Message::BestEffective),
    ];
    for (there, message) in missing {
        if !there {
            cx.report(message, cx.resource.node(), base).severity = severity;
        }
    }
}
