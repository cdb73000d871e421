//! No code without a test that provokes it: what a bundle can provoke is provoked here, everything else
//! names where.
#![allow(clippy::unwrap_used, reason = "a test")]

use crate::sample;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lmr_fhir::{Document, Limits, ParseOptions};
use lmr_lmdi::codes::{Area, Code, Code::*, Raised};
use lmr_lmdi::{
    CheckError, CheckOptions, Disposition, PersonNumbers, RuleSetId, check_bundle, read_content,
};
use sample::{bundle, options, organisation_number, person_number, reference};
use serde_json::{Value, json};

const NEW: RuleSetId = RuleSetId::LATEST;
const OLD: RuleSetId = RuleSetId::Lmdi094;

fn codes_of_text(text: &str, options: &CheckOptions) -> BTreeSet<Code> {
    let document = match read_content(
        text.as_bytes(),
        Limits { depth: 100, nodes: 100_000, ..Limits::default() },
    ) {
        Ok(document) => document,
        Err(fault) => return [fault.code].into(),
    };
    match check_bundle(&document, options) {
        Ok(verdict) => {
            let dispositions = verdict.dispositions().into_iter().filter_map(Disposition::code);
            verdict.findings().map(|finding| finding.code).chain(dispositions).collect()
        }
        Err(CheckError::Content(fault)) => [fault.code].into(),
        Err(CheckError::RuleSet(error)) => panic!("{error}"),
    }
}

/// Index of the first entry of a kind.
fn at(bundle: &Value, kind: &str) -> usize {
    let entries = bundle["entry"].as_array().unwrap();
    entries.iter().position(|entry| entry["resource"]["resourceType"] == kind).unwrap()
}

type Change = Box<dyn Fn(&mut Value)>;

/// A change at a pointer below the first resource of a kind (or the bundle, with kind "").
fn set(kind: &'static str, pointer: &'static str, value: Value) -> Change {
    Box::new(move |bundle| {
        let root = if kind.is_empty() {
            bundle
        } else {
            let index = at(bundle, kind);
            &mut bundle["entry"][index]["resource"]
        };
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        let parent = root.pointer_mut(parent).unwrap();
        match (parent, &value) {
            (Value::Object(object), Value::Null) => drop(object.remove(last)),
            (Value::Object(object), value) => drop(object.insert(last.to_owned(), value.clone())),
            (Value::Array(list), value) if last == "-" => list.push(value.clone()),
            (Value::Array(list), value) => list[last.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("nothing at {pointer}"),
        }
    })
}

fn extension(url: &str) -> Value {
    json!([{ "url": url, "valueString": "x" }])
}

/// Code, rule set, change.
fn changes() -> Vec<(Code, RuleSetId, Change)> {
    let contained = |resource: Value| json!([resource]);
    let narrative = json!({ "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script></div>" });
    let own = "http://hl7.no/fhir/ig/lmdi/StructureDefinition/";
    let last_wrong = |good: String| {
        let digit = (good.as_bytes()[good.len() - 1] - b'0' + 1) % 10;
        format!("{}{digit}", &good[..good.len() - 1])
    };
    let mut list: Vec<(Code, &'static str, &'static str, Value)> = vec![
        (JsonEmptyValue, "Patient", "/identifier", json!([])),
        (JsonWrongShape, "Patient", "/identifier", json!({ "value": "x" })),
        (BundleTypeWrong, "", "/type", json!("collection")),
        (BundleEmpty, "", "/entry", json!([])),
        (BundleIdentifierMissing, "", "/identifier", json!(null)),
        (BundleInvalid, "", "/total", json!(1)),
        (EntryResourceMissing, "", "/entry/0/resource", json!(null)),
        (EntryRequestMissing, "", "/entry/0/request", json!(null)),
        (EntryMethodNotPost, "", "/entry/0/request/method", json!("PUT")),
        (ResourceKindNotAllowed, "Condition", "/resourceType", json!("Observation")),
        (EntryProfileMissing, "Patient", "/meta", json!(null)),
        (FullUrlDuplicate, "", "/entry/1/fullUrl", json!(sample::uuid(0))),
        (FullUrlInvalid, "", "/entry/3/fullUrl", json!("Practitioner/r3")),
        (ReferenceDangling, "MedicationRequest", "/subject", reference(99)),
        (
            ReferenceDangling,
            "MedicationRequest",
            "/subject",
            json!({ "reference": "Patient/ukjent" }),
        ),
        (TransactionAborted, "MedicationRequest", "/subject", reference(99)),
        (ReferenceWrongKind, "MedicationRequest", "/subject", reference(1)),
        (
            ReferenceNotResolvable,
            "MedicationRequest",
            "/subject",
            json!({ "reference": "https://journal.example/Patient/1" }),
        ),
        (DependencyRefused, "Patient", "/active", json!(true)),
        (
            ContainedInvalid,
            "MedicationRequest",
            "/contained",
            contained(json!({ "resourceType": "Basic", "id": "c", "code": { "text": "x" } })),
        ),
        (
            IdDuplicate,
            "Medication",
            "/ingredient",
            json!([{ "id": "a", "itemCodeableConcept": { "text": "x" } }, { "id": "a", "itemCodeableConcept": { "text": "x" } }]),
        ),
        (ElementMissing, "MedicationRequest", "/status", json!(null)),
        (
            ElementTooMany,
            "Condition",
            "/code/coding/-",
            json!({ "system": "http://snomed.info/sct", "code": "396275006" }),
        ),
        (UnitInvalid, "MedicationAdministration", "/dosage/dose/code", json!("mgg")),
        (ElementForbidden, "Patient", "/name", json!([{ "family": "x" }])),
        (ElementUnknown, "Patient", "/birthdate", json!("1958-05-12")),
        (TypeNotAllowed, "MedicationRequest", "/reportedReference", json!({ "display": "x" })),
        (
            ResourceTypeUnknown,
            "MedicationRequest",
            "/contained",
            contained(json!({ "resourceType": "Pasient", "id": "c" })),
        ),
        (DateInvalid, "Patient", "/birthDate", json!("12.05.1958")),
        (DateTimeInvalid, "MedicationRequest", "/authoredOn", json!("2026-04-30T25:00:00Z")),
        (TimeZoneMissing, "MedicationRequest", "/authoredOn", json!("2026-04-30T10:00:00")),
        (
            TimeInvalid,
            "MedicationRequest",
            "/dosageInstruction/0/timing/repeat/timeOfDay",
            json!(["13.14"]),
        ),
        (
            NumberInvalid,
            "MedicationRequest",
            "/dosageInstruction/0/timing/repeat/frequency",
            json!(1.5),
        ),
        (BooleanInvalid, "MedicationRequest", "/reportedBoolean", json!("ja")),
        (
            CodeFormatInvalid,
            "MedicationRequest",
            "/dosageInstruction/0/timing/code",
            json!({ "coding": [{ "system": "urn:oid:1.2.3", "code": "x  y" }] }),
        ),
        (IdInvalid, "Patient", "/id", json!("pasient_1")),
        (OidInvalid, "MedicationRequest", "/identifier/0/system", json!("urn:oid:2.16.reseptid")),
        (UuidInvalid, "MedicationRequest", "/identifier/0/system", json!("urn:uuid:6F1F6C0E")),
        (UriInvalid, "MedicationRequest", "/identifier/0/system", json!("http://a b.no")),
        (
            Base64Invalid,
            "",
            "/signature",
            json!({ "type": [{ "system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1" }], "when": "2026-05-01T08:00:00Z", "who": { "display": "x" }, "data": "####" }),
        ),
        (StringInvalid, "Organization", "/name", json!("")),
        (StringTooLong, "Organization", "/name", json!("x".repeat(1_100_000))),
        (FixedValueWrong, "Patient", "/address/0/type", json!("postal")),
        (SliceClosed, "Practitioner", "/identifier/0/system", json!("urn:oid:1.2.3")),
        (
            SliceOrder,
            "Substance",
            "/code/coding",
            json!([{ "system": "urn:oid:1.2.3", "code": "x" }, { "system": "http://ehelse.no/fhir/CodeSystem/FEST", "code": "x", "display": "x" }]),
        ),
        (ExtensionUnknown, "Patient", "/extension", extension("http://eksempel.no/egen")),
        (
            ExtensionNotAllowedHere,
            "Patient",
            "/extension",
            extension(&format!("{own}lmdi-del-av-behandlingsregime")),
        ),
        (
            ExtensionModifierMisuse,
            "MedicationRequest",
            "/modifierExtension",
            extension(&format!("{own}lmdi-del-av-behandlingsregime")),
        ),
        (ExtensionInvalid, "MedicationRequest", "/extension/1/valueString", json!(null)),
        (InvariantFailed, "MedicationAdministration", "/dosage/dose/system", json!(null)),
        (TimeOfDayRequired, "MedicationAdministration", "/effectiveDateTime", json!("2026-05-01")),
        (
            OrganisationIdentifierRequired,
            "Organization",
            "/identifier/0/system",
            json!("urn:oid:1.2.3"),
        ),
        (
            EpisodeIdentifierRequired,
            "Encounter",
            "/extension/0/extension",
            json!([{ "url": "annet", "valueString": "x" }]),
        ),
        (ElementEmpty, "MedicationRequest", "/groupIdentifier", json!({ "id": "a" })),
        (
            PeriodReversed,
            "Patient",
            "/identifier/0/period",
            json!({ "start": "2026-05-02", "end": "2026-05-01" }),
        ),
        (ProfileUnknown, "Patient", "/meta/profile/-", json!("http://eksempel.no/profil")),
        (ProfileNotMatched, "Organization", "/meta/profile/-", json!(format!("{own}lmdi-patient"))),
        (CodeNotInRequiredSet, "MedicationAdministration", "/status", json!("in-progress")),
        (
            CodeNotInExtensibleSet,
            "Encounter",
            "/class",
            json!({ "system": "urn:oid:1.2.3", "code": "x" }),
        ),
        (CodeMissing, "Condition", "/clinicalStatus", json!({ "text": "aktiv" })),
        (CodeUnknown, "Encounter", "/class/code", json!("FINNES-IKKE")),
        (DisplayWrong, "Encounter", "/class/display", json!("noe helt annet")),
        (SystemInvalid, "Encounter", "/class/system", json!("ikke/absolutt")),
        (SystemMissing, "Condition", "/stage/0/summary", json!({ "coding": [{ "code": "x" }] })),
        (
            RouteCodeRefused,
            "MedicationAdministration",
            "/dosage/route/coding/0/code",
            json!("421521009"),
        ),
        (
            RouteCodeNotDecided,
            "MedicationAdministration",
            "/dosage/route/coding/0/code",
            json!("55452001"),
        ),
        (
            AtcSyntax,
            "Medication",
            "/extension/0/valueCodeableConcept/coding/0/code",
            json!("N2AA05"),
        ),
        (Icd10Syntax, "Condition", "/code/coding/1/code", json!("M15.")),
        (Icd11Syntax, "Condition", "/code/coding/2/code", json!("M15")),
        (Icpc2Syntax, "Condition", "/code/coding/3/code", json!("L9")),
        (SnomedSyntax, "Condition", "/code/coding/0/code", json!("artrose")),
        (SnomedCheckDigit, "Condition", "/code/coding/0/code", json!("32236009")),
        (FestIdSyntax, "Medication", "/code/coding/0/code", json!("106383")),
        (LmrSerialSyntax, "Medication", "/code/coding/1/code", json!("12")),
        (ItemNumberSyntax, "Medication", "/code/coding/4/code", json!("12")),
        (
            MunicipalitySyntax,
            "Patient",
            "/address/0/_district/extension/0/valueCoding/code",
            json!("301"),
        ),
        (UrbanDistrictSyntax, "Patient", "/address/0/extension/0/valueCoding/code", json!("02")),
        (VolvenCodeSyntax, "Medication", "/form/coding/0/code", json!("tablett")),
        (PersonNumberFormat, "Patient", "/identifier/0/value", json!("1")),
        (PersonNumberDate, "Patient", "/identifier/0/value", json!("32855825500")),
        (
            PersonNumberCheckDigit,
            "Patient",
            "/identifier/0/value",
            json!(last_wrong(person_number("12855825"))),
        ),
        (
            PersonNumberWrongSystem,
            "Patient",
            "/identifier/0/value",
            json!(person_number("52855825")),
        ),
        (BirthDateMismatch, "Patient", "/birthDate", json!("1958-05-13")),
        (HprNumberInvalid, "Practitioner", "/identifier/0/value", json!("HPR1")),
        (HprNumberLength, "Practitioner", "/identifier/0/value", json!("914")),
        (OrganisationNumberFormat, "Organization", "/identifier/0/value", json!("1234567890")),
        (
            OrganisationNumberCheckDigit,
            "Organization",
            "/identifier/0/value",
            json!(last_wrong(organisation_number("99900020"))),
        ),
        (
            AdministeredInFuture,
            "MedicationAdministration",
            "/effectiveDateTime",
            json!("2027-01-01T00:00:00Z"),
        ),
        (
            AdministeredBeforeBirth,
            "MedicationAdministration",
            "/effectiveDateTime",
            json!("1950-01-01T00:00:00Z"),
        ),
        (BirthDateInFuture, "Patient", "/birthDate", json!("2027-01-01")),
        (OrderedInFuture, "MedicationRequest", "/authoredOn", json!("2027-01-01")),
        (BundleTimestampInFuture, "", "/timestamp", json!("2027-01-01T00:00:00Z")),
    ];
    let mut changes: Vec<(Code, RuleSetId, Change)> = list
        .drain(..)
        .map(|(code, kind, pointer, value)| (code, NEW, set(kind, pointer, value)))
        .collect();
    let also =
        |code, rule_set, change: fn(&mut Value)| (code, rule_set, Box::new(change) as Change);
    changes.extend([
        also(CodeSystemNotAvailable, NEW, |_| {}),
        also(ValueSetNotAvailable, NEW, |_| {}),
        also(ReferenceInvalid, OLD, |bundle| {
            let index = at(bundle, "Condition");
            bundle["entry"][index].as_object_mut().unwrap().remove("fullUrl");
            bundle["entry"][index]["resource"]["subject"] =
                json!({ "reference": "Patient/ukjent" });
        }),
        also(ReferenceProfileMismatch, NEW, |bundle| {
            let index = at(bundle, "MedicationRequest");
            let request = &mut bundle["entry"][index]["resource"];
            request["contained"] =
                json!([{ "resourceType": "Patient", "id": "p", "name": [{ "family": "x" }] }]);
            request["subject"] = json!({ "reference": "#p" });
        }),
        also(MedicationCodeOrIngredient, NEW, |bundle| {
            let index = at(bundle, "Medication");
            let medication = bundle["entry"][index]["resource"].as_object_mut().unwrap();
            medication.remove("code");
            medication.remove("ingredient");
        }),
        also(ResourceTwiceInBundle, NEW, |bundle| {
            let twin = bundle["entry"][3]["resource"].clone();
            bundle["entry"][2]["resource"] = twin;
        }),
        also(ResourceWithoutIdentity, NEW, |bundle| {
            bundle["entry"][8]["resource"].as_object_mut().unwrap().remove("id");
            bundle["entry"][8]["fullUrl"] = json!("https://a.example/fhir/Medication/1");
        }),
        also(PatientWithBothNumbers, NEW, |_| {}),
        also(JoinKeyMissing, NEW, |bundle| {
            let index = at(bundle, "MedicationAdministration");
            let entry = bundle["entry"][index].as_object_mut().unwrap();
            entry.remove("fullUrl");
            entry["resource"].as_object_mut().unwrap().remove("id");
        }),
        also(JoinKeyFromId, NEW, |bundle| {
            let index = at(bundle, "MedicationAdministration");
            bundle["entry"][index].as_object_mut().unwrap().remove("fullUrl");
        }),
        also(JoinKeyDuplicate, NEW, |bundle| {
            let index = at(bundle, "MedicationAdministration");
            for at in [index, index + 1] {
                bundle["entry"][at].as_object_mut().unwrap().remove("fullUrl");
                bundle["entry"][at]["resource"]["id"] = json!("a1");
            }
        }),
        also(PatientLinksMissing, NEW, |_| {}),
        also(PrescriberLinksMissing, NEW, |bundle| {
            let index = at(bundle, "MedicationAdministration");
            bundle["entry"][index]["resource"].as_object_mut().unwrap().remove("request");
        }),
        also(IdentityNumberElsewhere, NEW, |bundle| {
            let index = at(bundle, "MedicationRequest");
            bundle["entry"][index]["resource"]["groupIdentifier"] =
                json!({ "value": format!("pas-{}", person_number("12855825")) });
        }),
        also(FindingsLeftOut, NEW, |bundle| {
            // More issues than a report of a bundle this large has room for.
            let index = at(bundle, "Patient");
            let patient = bundle["entry"][index]["resource"].as_object_mut().unwrap();
            patient.extend((0..20_000).map(|n| (format!("felt{n}"), json!(1))));
        }),
        also(ReshIdInvalid, OLD, |bundle| {
            bundle["entry"][1]["resource"]["identifier"][1]["value"] = json!("x")
        }),
    ]);
    changes.push((NarrativeInvalid, OLD, set("EpisodeOfCare", "/text", narrative)));
    changes
}

/// What a bundle of the register cannot provoke, and where it is provoked.
const ELSEWHERE: &[(Code, &str)] = &[
    (PrimitiveInvalid, "formats of types the guide does not use: the validator's tests"),
    (UnitInvalid, "units by the UCUM grammar: the validator's tests"),
    (PatternMismatch, "complex patterns, only in profiles users bring: the validator's tests"),
    (ValueOutOfRange, "minValue and maxValue, only in profiles users bring: the validator's tests"),
    (SliceAmbiguous, "only in profiles users bring: the validator's tests"),
    (SliceUnmatched, "a hint; hints are off here: the validator's tests"),
    (BestPractice, "a hint; hints are off here: the validator's tests"),
    (CodeNotInPreferredSet, "a hint; hints are off here: the validator's tests"),
    (
        PrimitiveInvalid,
        "the guides give no value a form by a regular expression: the validator's tests",
    ),
    (NeedsNewerGuide, "guide_versions.rs"),
    (AnnulsUnknown, "history.rs, and intake"),
    (CompletedAfterAnnulment, "history.rs, and intake"),
    (CorrectionChangesPatient, "history.rs, and intake"),
    (SystemOfAnotherSender, "intake"),
    (MessageIdReused, "intake"),
    (ContentReplayed, "intake"),
    (BundleIdentifierReused, "intake"),
    (FindingsLeftOut, "intake, and the validator's tests"),
    (StoredNewVersion, "intake, and response.rs"),
    (AlreadyStored, "intake, and response.rs"),
    (CheckedOnly, "intake, and response.rs"),
];

#[test]
fn every_code_about_content_is_provoked_and_every_other_says_where() {
    let mut provoked = BTreeSet::new();
    let mut missed = Vec::new();
    for (code, rule_set, change) in changes() {
        let mut bundle = bundle(rule_set);
        change(&mut bundle);
        let codes = codes_of_text(&bundle.to_string(), &options());
        if codes.contains(&code) {
            provoked.insert(code);
        } else {
            missed.push(format!("{code} {code:?}: found {codes:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    for (code, text) in texts() {
        assert_eq!(codes_of_text(&text, &options()), [code].into(), "{code:?}");
        provoked.insert(code);
    }
    let duplicate =
        bundle(NEW).to_string().replacen("\"gender\":", "\"gender\":\"male\",\"gender\":", 1);
    assert!(codes_of_text(&duplicate, &options()).contains(&JsonDuplicateKey));
    assert_eq!(read_content(b"\xff", Limits::default()).unwrap_err().code, ContentNotUtf8);
    let with = |change: fn(&mut CheckOptions), text: &str| {
        let mut options = options();
        change(&mut options);
        codes_of_text(text, &options)
    };
    let good = bundle(NEW).to_string();
    let real = good.replace(&person_number("12855825"), &person_number("12055825"));
    let future = good.replace(&person_number("12855825"), "30108299939");
    assert!(with(|o| o.pinned = Some(OLD), &good).contains(&BundleTypeNotAgreed));
    assert!(with(|o| o.max_entries = 3, &good).contains(&BundleTooManyEntries));
    assert!(
        with(|o| o.person_numbers = PersonNumbers::SyntheticOnly, &real)
            .contains(&PersonNumberReal)
    );
    assert!(
        with(|o| o.person_numbers = PersonNumbers::RealOnly, &good)
            .contains(&PersonNumberSynthetic)
    );
    assert!(with(|o| o.accept_2032_numbers = true, &future).contains(&PersonNumber2032));
    let period = |o: &mut CheckOptions| {
        o.reporting_period = Some((
            "2026-05-03T00:00:00Z".parse().unwrap(),
            "2026-05-04T00:00:00Z".parse().unwrap(),
        ));
    };
    assert!(with(period, &good).contains(&OutsideReportingPeriod));
    provoked.extend([
        JsonDuplicateKey,
        ContentNotUtf8,
        BundleTypeNotAgreed,
        BundleTooManyEntries,
        PersonNumberReal,
        PersonNumberSynthetic,
        PersonNumber2032,
        OutsideReportingPeriod,
    ]);
    // The examples are run by a test of their own.
    let run = |code: &&Code| applied(code.text().wrong, code.text().right).is_some();
    provoked.extend(Code::ALL.iter().filter(run));
    provoked.extend(ELSEWHERE.iter().map(|(code, _)| *code));
    provoked.extend(Code::ALL.iter().filter(|code| code.reserved().is_some()));
    let about_content = [Area::Content, Area::Profile, Area::Terminology, Area::Register];
    let unprovoked: Vec<&Code> = Code::ALL
        .iter()
        .filter(|code| about_content.contains(&code.area()) && !provoked.contains(code))
        .collect();
    assert!(unprovoked.is_empty(), "{unprovoked:?}");
}

/// The example of a code as a change to the sample bundle, if it is the JSON of a resource: its elements
/// replace those of the first resource of its type (or of the bundle), and what only the other example
/// has is left out.
fn applied(example: &str, other: &str) -> Option<Value> {
    let (this, other): (Value, Value) =
        (serde_json::from_str(example).ok()?, serde_json::from_str(other).ok()?);
    let resource_type = this.get("resourceType")?.as_str()?;
    assert_eq!(other["resourceType"], resource_type, "{example}");
    let mut bundle = bundle(NEW);
    let root = match resource_type {
        "Bundle" => bundle.as_object_mut(),
        name => {
            let index = at(&bundle, name);
            bundle["entry"][index]["resource"].as_object_mut()
        }
    }
    .unwrap();
    root.retain(|name, _| other.get(name).is_none());
    root.extend(this.as_object().unwrap().clone());
    Some(bundle)
}

#[test]
fn the_catalogues_examples_are_what_they_claim() {
    let mut run = 0;
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let text = code.text();
        let Some(broken) = applied(text.wrong, text.right) else { continue };
        let right = applied(text.right, text.wrong).unwrap();
        run += 1;
        let found = codes_of_text(&broken.to_string(), &options());
        if !found.contains(code) {
            wrong.push(format!("{code} {code:?}: the wrong example gives {found:?}"));
        }
        if codes_of_text(&right.to_string(), &options()).contains(code) {
            wrong.push(format!("{code} {code:?}: the right example gives it too"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(run > 70, "only {run} examples are run");
}

#[test]
fn every_code_names_where_it_is_raised() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for code in Code::ALL {
        let Raised::In(place) = code.entry().raised else { continue };
        let path = crates.join(place);
        let mut files = Vec::new();
        if path.is_dir() {
            sources(&path.join("src"), &mut files);
        } else {
            files.push((path.clone(), std::fs::read_to_string(&path).unwrap_or_default()));
            let invariants = crates.join("lmdi/rulesets/invariants.json");
            if place == "lmdi/src/mapping.rs" {
                files.push((invariants.clone(), std::fs::read_to_string(&invariants).unwrap()));
            }
        }
        let name = format!("{code:?}");
        let raises = |text: &str| {
            text.contains(&format!("\"{code}\""))
                || text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == name)
        };
        assert!(files.iter().any(|(_, text)| raises(text)), "{code} {name} is not in {place}");
    }
}

/// Contents refused as a whole.
fn texts() -> Vec<(Code, String)> {
    vec![
        (ContentNotJson, "{".to_owned()),
        (JsonTooDeep, "[".repeat(500)),
        (JsonTooLarge, format!("[{}]", vec!["1"; 100_001].join(","))),
        (ContentNotFhir, "{}".to_owned()),
        (ContentNotBundle, r#"{"resourceType":"Patient"}"#.to_owned()),
    ]
}

#[test]
fn the_unbroken_bundle_has_none_of_the_refusing_codes() {
    for rule_set in RuleSetId::ALL {
        let document =
            Document::parse(bundle(rule_set).to_string(), &ParseOptions::strict()).unwrap();
        assert!(check_bundle(&document, &options()).unwrap().is_faultless());
    }
}

/// The tests of a workspace's crates: files below `tests`, and the test modules of sources.
fn tests(folder: &Path, within: bool, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" {
            tests(&path, within || name == "tests", found);
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let from =
                if within || name == "tests.rs" { Some(0) } else { text.find("\n#[cfg(test)]") };
            found.push_str(from.map_or("", |from| &text[from..]));
        }
    }
}

/// What is about the call, the envelope or the register's own state is provoked in the crates that raise it:
/// each such code is named by a test of theirs.
#[test]
fn every_other_code_is_named_by_a_test() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut text = String::new();
    for krate in std::fs::read_dir(crates).unwrap() {
        let path = krate.unwrap().path();
        // Not this file, which names them all.
        if path.is_dir() && !path.ends_with("lmdi") {
            tests(&path, false, &mut text);
        }
    }
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let others = [Area::Connection, Area::Envelope, Area::Own];
    let unnamed: Vec<Code> = Code::ALL
        .iter()
        .filter(|code| others.contains(&code.area()) && code.reserved().is_none())
        .filter(|code| {
            !text.contains(code.as_str()) && !words.contains(format!("{code:?}").as_str())
        })
        .copied()
        .collect();
    assert!(unnamed.is_empty(), "named by no test: {unnamed:?}");
}

/// Every Rust file below a folder, without the modules of tests.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests" && name != "target") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            found.push((path, code));
        }
    }
}

/// The names behind `prefix::` in a text.
fn named<'t>(text: &'t str, prefix: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(prefix).skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn every_code_is_raised_by_the_program_or_reserved_and_none_is_both() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut raised, mut messages, mut filing) = (BTreeSet::new(), BTreeSet::new(), String::new());
    let mut files = Vec::new();
    for krate in std::fs::read_dir(crates).unwrap() {
        let folder = krate.unwrap().path().join("src");
        if folder.is_dir() {
            sources(&folder, &mut files);
        }
    }
    for (path, text) in &files {
        let place = path.strip_prefix(crates).unwrap().to_string_lossy().replace('\\', "/");
        match place.as_str() {
            // The catalogue and the validator's list of messages raise nothing.
            p if p.starts_with("lmdi/src/codes") || p.starts_with("validator/src/messages") => {}
            "lmdi/src/mapping.rs" => {
                let (direct, listed) = text.split_once("fn code_of_message").unwrap();
                raised.extend(named(direct, "Code::").map(str::to_owned));
                filing = listed.to_owned();
            }
            p if p.starts_with("validator/") => {
                messages
                    .extend(named(text, "Message::").chain(named(text, "M::")).map(str::to_owned));
            }
            _ => raised.extend(named(text, "Code::").map(str::to_owned)),
        }
    }
    // A code that the validator's messages are filed under is raised when one of them is.
    for arm in filing.split("M::").scan(Vec::new(), |open: &mut Vec<String>, part| {
        open.extend(named(&format!("M::{part}"), "M::").map(str::to_owned));
        let codes: Vec<String> = named(part, "Code::").map(str::to_owned).collect();
        let of = if codes.is_empty() { Vec::new() } else { std::mem::take(open) };
        Some((of, codes))
    }) {
        if arm.0.iter().any(|message| messages.contains(message)) {
            raised.extend(arm.1);
        }
    }
    let invariants = std::fs::read_to_string(crates.join("lmdi/rulesets/invariants.json")).unwrap();
    let by_invariant = Code::ALL.iter().filter(|c| invariants.contains(&format!("\"{c}\"")));
    raised.extend(by_invariant.map(|code| format!("{code:?}")));
    for code in Code::ALL {
        let name = format!("{code:?}");
        assert_ne!(
            raised.contains(&name),
            code.reserved().is_some(),
            "{code} {name}: raised by nothing and not reserved, or both"
        );
    }
}
