//! Observations: vital signs and best practice.

use lmr_fhir::{Name, Severity};
use smallvec::SmallVec;

use super::coding::system_and_code;
use super::context::Context;
use super::outcome::{Found, Role};
use crate::compile::Profile;
use crate::messages::Message;
use crate::options::BestPractice;

const LOINC: &str = "http://loinc.org";
const SNOMED_CT: &str = "http://snomed.info/sct";

/// Profiles of vital signs, with the codes of LOINC and of SNOMED CT that make an Observation one. Those of
/// LOINC come first, in this order.
///
/// The codes and their order are those of the reference validator, `org.hl7.fhir.validation` 6.7.9
/// (Apache-2.0), class `BasePolicyAdvisorForFullValidation`; the notices of LOINC and SNOMED CT are in NOTICE.
/// R4's page (<https://hl7.org/fhir/R4/observation-vitalsigns.html>) asks that a more specific code comes with
/// the profile's own beside it, which explains most of them. It does not explain members of a panel: the
/// systolic pressure alone (8480-6) is no less a vital sign, and yet no panel. There the reference is followed
/// against the page's wording, so that both sides give the same verdict.
const VITAL_SIGNS: &[(&str, &[&str], &[&str])] = &[
    ("vitalspanel", &["85353-1"], &["46680005"]),
    (
        "resprate",
        &["9279-1", "76170-0", "76172-6", "76171-8", "19840-8", "33438-3", "76270-8", "11291-2"],
        &["86290005", "271625008", "271306003"],
    ),
    (
        "heartrate",
        &[
            "60978-4", "73795-7", "73799-9", "76476-1", "76477-9", "8867-4", "8889-8", "8890-6",
            "8891-4", "8892-2", "8893-0", "40443-4", "55425-3", "68999-2", "11328-2", "69000-8",
            "8886-4",
        ],
        &[
            "271306003",
            "249043002",
            "444981005",
            "399017001",
            "251670001",
            "429525003",
            "429614003",
        ],
    ),
    (
        "oxygensat",
        &[
            "2708-6", "19224-5", "20564-1", "2709-4", "2710-2", "2713-6", "51733-4", "59408-5",
            "59417-6", "89276-0", "97549-0",
        ],
        &["442476006", "431314004"],
    ),
    (
        "bodytemp",
        &[
            "8310-5", "60834-9", "60835-6", "60836-4", "60838-0", "60955-2", "61009-7", "75539-7",
            "75987-8", "76010-8", "76011-6", "76278-1", "8309-7", "8328-7", "8329-5", "8330-3",
            "8331-1", "8332-9", "8333-7", "8334-5", "91371-5", "98657-0", "98663-8",
        ],
        &[
            "386725007",
            "276885007",
            "300076005",
            "1222808002",
            "364246006",
            "307047009",
            "708499008",
            "431598003",
            "698831002",
            "698832009",
            "415882003",
            "415974002",
            "415929009",
            "415945006",
        ],
    ),
    (
        "bodyheight",
        &["8302-2", "3137-7", "3138-5", "8306-3", "8308-9"],
        &[
            "1153637007",
            "1162419008",
            "50373000",
            "1162418000",
            "1230278008",
            "1162392001",
            "1162417005",
        ],
    ),
    ("headcircum", &["9843-4", "8287-5"], &["363812007", "169876006", "1269262007", "363811000"]),
    (
        "bodyweight",
        &["29463-7", "3141-9", "3142-7", "75292-3", "79348-9", "8350-1", "8351-9"],
        &["735395000", "425024002", "424927000", "784399000", "1162416001", "1162415002"],
    ),
    ("bmi", &["39156-5", "89270-3"], &["60621009"]),
    (
        "bp",
        &["85354-9", "35094-2", "8459-0", "76534-7", "55284-4", "8480-6"],
        &[
            "251076008",
            "163033001",
            "163035008",
            "386534000",
            "386536003",
            "271649006",
            "271650006",
            "407556006",
            "407554009",
            "716579001",
            "399304008",
        ],
    ),
];

pub(crate) fn check_vital_sign<'a>(cx: &mut Context<'a>, role: Role, base: &'a Profile) {
    let Some(code) = cx.resource.child(&Name::new("code")) else { return };
    let codings: SmallVec<[_; 4]> = code
        .children_named(&Name::new("coding"))
        .filter_map(|coding| match system_and_code(coding) {
            (Some(system), Some(code)) if matches!(&*system, LOINC | SNOMED_CT) => {
                Some((system, code))
            }
            _ => None,
        })
        .collect();
    if codings.is_empty() {
        return;
    }
    let of = |wanted: &str, codes: &[&str]| {
        codings.iter().find(|(system, code)| *system == wanted && codes.contains(&&**code))
    };
    let by_loinc = VITAL_SIGNS.iter().find_map(|(p, codes, _)| Some((p, of(LOINC, codes)?)));
    let by_snomed =
        || VITAL_SIGNS.iter().find_map(|(p, _, codes)| Some((p, of(SNOMED_CT, codes)?)));
    let Some((profile, (system, code))) = by_loinc.or_else(by_snomed) else { return };
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
        own: None,
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
