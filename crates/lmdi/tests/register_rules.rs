//! The register's rules beyond the profiles, through the public API: one fault in a correct bundle.
#![allow(clippy::unwrap_used, reason = "a test")]

use crate::sample;

use jiff::Timestamp;
use lmr_fhir::{Document, Limits, ParseOptions};
use lmr_lmdi::codes::{Code, Language, Severity};
use lmr_lmdi::{
    CheckError, CheckOptions, Disposition, PersonNumbers, RuleSet, RuleSetId, Verdict,
    check_bundle, read_content,
};
use sample::{
    bundle, bundle_of, now, options, organisation_number, person_number, reference, resources, uuid,
};
use serde_json::{Value, json};

const NEW: RuleSetId = RuleSetId::LATEST;
const OLD: RuleSetId = RuleSetId::Lmdi094;

fn verdict_with(bundle: &Value, options: &CheckOptions) -> Verdict {
    let text = bundle.to_string();
    let document = Document::parse(text, &ParseOptions::strict()).unwrap();
    check_bundle(&document, options).unwrap()
}

fn verdict(bundle: &Value) -> Verdict {
    verdict_with(bundle, &options())
}

fn position(resources: &[Value], kind: &str) -> usize {
    resources.iter().position(|resource| resource["resourceType"] == kind).unwrap()
}

/// Codes found at the first entry of a kind after a change to it.
fn codes_after(
    rule_set: RuleSetId,
    kind: &str,
    options: &CheckOptions,
    change: impl Fn(&mut Value),
) -> Vec<Code> {
    let mut all = resources(rule_set);
    let index = position(&all, kind);
    change(&mut all[index]);
    let verdict = verdict_with(&bundle_of(rule_set, all), options);
    verdict.entries[index]
        .findings
        .iter()
        .filter(|f| f.severity >= Severity::Warning)
        .map(|f| f.code)
        .collect()
}

#[track_caller]
fn assert_found(rule_set: RuleSetId, kind: &str, code: Code, change: impl Fn(&mut Value)) {
    let codes = codes_after(rule_set, kind, &options(), change);
    assert!(codes.contains(&code), "{code} not among {codes:?}");
}

fn content_fault(text: &str) -> Code {
    let document = match read_content(text.as_bytes(), Limits { depth: 100, ..Limits::default() }) {
        Ok(document) => document,
        Err(fault) => return fault.code,
    };
    match check_bundle(&document, &CheckOptions { max_entries: 20, ..options() }) {
        Err(CheckError::Content(fault)) => fault.code,
        other => panic!("no fault of the content: {other:?}"),
    }
}

#[test]
fn the_correct_bundles_of_both_rule_sets_are_faultless() {
    for rule_set in RuleSetId::ALL {
        let verdict = verdict(&bundle(rule_set));
        let errors: Vec<_> = verdict.findings().filter(|f| f.refuses()).collect();
        assert!(errors.is_empty(), "{rule_set:?}: {errors:#?}");
        assert!(verdict.dispositions().iter().all(|d| *d == Disposition::Accepted));
        assert!(verdict.entries.iter().all(|entry| entry.identity.is_some()));
    }
}

#[test]
fn what_is_not_a_bundle_of_the_register_gets_its_own_code() {
    assert_eq!(content_fault("\u{feff}"), Code::ContentNotJson);
    assert_eq!(content_fault("{"), Code::ContentNotJson);
    assert_eq!(content_fault(&"[".repeat(500)), Code::JsonTooDeep);
    assert_eq!(content_fault("[]"), Code::ContentNotFhir);
    assert_eq!(content_fault(r#"{"resourceType":7}"#), Code::ContentNotFhir);
    assert_eq!(content_fault(r#"{"pasient":"x"}"#), Code::ContentNotFhir);
    assert_eq!(content_fault(r#"{"resourceType":"Patient"}"#), Code::ContentNotBundle);
    for kind in ["collection", "document", "searchset", "Batch"] {
        let text = format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{{}}]}}"#);
        assert_eq!(content_fault(&text), Code::BundleTypeWrong, "{kind}");
    }
    assert_eq!(content_fault(r#"{"resourceType":"Bundle"}"#), Code::BundleTypeWrong);
    assert_eq!(content_fault(r#"{"resourceType":"Bundle","type":"batch"}"#), Code::BundleEmpty);
    let many = format!(
        r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#,
        vec!["{}"; 21].join(",")
    );
    assert_eq!(content_fault(&many), Code::BundleTooManyEntries);
    assert_eq!(read_content(b"\xff", Limits::default()).unwrap_err().code, Code::ContentNotUtf8);
}

#[test]
fn a_pinned_sender_may_not_send_the_other_type() {
    let text = bundle(OLD).to_string();
    let document = Document::parse(text, &ParseOptions::strict()).unwrap();
    let pinned = CheckOptions { pinned: Some(NEW), ..options() };
    let Err(CheckError::Content(fault)) = check_bundle(&document, &pinned) else {
        panic!("accepted")
    };
    assert_eq!((fault.code, fault.expression.as_str()), (Code::BundleTypeNotAgreed, "Bundle.type"));
}

#[test]
fn a_resource_type_that_is_not_allowed_is_reported_at_its_entry_only() {
    for rule_set in RuleSetId::ALL {
        let mut all = resources(rule_set);
        all.push(
            json!({ "resourceType": "Observation", "id": "o", "status": "final", "code": { "text": "x" } }),
        );
        let verdict = verdict(&bundle_of(rule_set, all));
        let last = verdict.entries.last().unwrap();
        assert_eq!(
            last.findings.iter().map(|f| f.code).collect::<Vec<_>>(),
            [Code::ResourceKindNotAllowed]
        );
        let accepted =
            verdict.dispositions().iter().filter(|d| **d == Disposition::Accepted).count();
        assert_eq!(accepted, if rule_set == OLD { verdict.entries.len() - 1 } else { 0 });
    }
    // EpisodeOfCare belongs to the old guide, Encounter and Substance to the new one.
    assert_found(NEW, "Encounter", Code::ResourceKindNotAllowed, |r| {
        r["resourceType"] = json!("EpisodeOfCare")
    });
    assert_found(OLD, "EpisodeOfCare", Code::ResourceKindNotAllowed, |r| {
        r["resourceType"] = json!("Encounter")
    });
}

/// What the register refuses in a bundle is not correct alone either.
#[test]
fn a_resource_type_that_is_not_allowed_is_refused_alone_too() {
    for rule_set in RuleSetId::ALL {
        let alone = |resource: &Value| {
            let document = Document::parse(resource.to_string(), &ParseOptions::strict()).unwrap();
            let findings = RuleSet::get(rule_set).unwrap().check_resource(&document, &options());
            findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        for resource in resources(rule_set) {
            assert!(!alone(&resource).contains(&Code::ResourceKindNotAllowed), "{resource}");
        }
        let other = if rule_set == OLD { "Encounter" } else { "EpisodeOfCare" };
        for name in ["Observation", "Binary", "Parameters", "OperationOutcome", other] {
            let codes = alone(&json!({ "resourceType": name, "id": "o" }));
            assert_eq!(codes.first(), Some(&Code::ResourceKindNotAllowed), "{name}");
        }
        // What else is wrong is there too, and a word that is not a type has a finding of its own already.
        let faulty = json!({ "resourceType": "Observation", "id": "o", "status": 1 });
        assert!(alone(&faulty).len() > 1, "{:?}", alone(&faulty));
        let unknown = alone(&json!({ "resourceType": "Observasjon", "id": "o" }));
        assert!(!unknown.is_empty() && !unknown.contains(&Code::ResourceKindNotAllowed));
    }
}

/// The text is of the fault, not of the rule; a word that is no type is a value, and not repeated.
#[test]
fn a_resource_type_that_is_not_allowed_is_named_where_it_is_a_type() {
    for rule_set in RuleSetId::ALL {
        for (name, is_named) in [("Observation", true), ("Kari Nordmann", false)] {
            let mut all = resources(rule_set);
            all.push(json!({ "resourceType": name, "id": "o" }));
            let verdict = verdict(&bundle_of(rule_set, all));
            let finding = &verdict.entries.last().unwrap().findings[0];
            assert_eq!(finding.code, Code::ResourceKindNotAllowed);
            for language in [Language::Bokmal, Language::English] {
                let text = finding.text(language);
                assert_eq!(text.contains(name), is_named, "{text}");
                assert_eq!(text.contains("(lmdi-"), is_named, "{text}");
            }
        }
    }
}

#[test]
fn the_new_guide_wants_the_profile_named_to_the_letter() {
    let profile = "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-patient";
    for wrong in
        [json!(null), json!([]), json!([format!("{profile}|1.1.2")]), json!(["http://a.example/p"])]
    {
        assert_found(NEW, "Patient", Code::EntryProfileMissing, |r| {
            r["meta"]["profile"] = wrong.clone()
        });
    }
    let codes =
        codes_after(OLD, "Patient", &options(), |r| r["meta"] = json!({ "source": "urn:a" }));
    assert_eq!(codes.iter().filter(|c| **c == Code::EntryProfileMissing).count(), 0);
}

#[test]
fn duplicate_entries_and_missing_identities_are_found() {
    let mut repeated = bundle(OLD);
    repeated["entry"][2]["fullUrl"] = repeated["entry"][1]["fullUrl"].clone();
    let found = verdict(&repeated);
    for index in [1, 2] {
        let here = format!("Bundle.entry[{index}].fullUrl");
        let findings = &found.entries[index].findings;
        assert!(findings.iter().any(|f| f.code == Code::FullUrlDuplicate && f.expression == here));
    }
    let mut all = resources(OLD);
    let mut twin = all[0].clone();
    twin["id"] = json!("another");
    all.push(twin);
    let found = verdict(&bundle_of(OLD, all));
    assert!(
        found
            .entries
            .last()
            .unwrap()
            .findings
            .iter()
            .any(|f| f.code == Code::ResourceTwiceInBundle)
    );
    let mut nameless = bundle(OLD);
    let index = position(&resources(OLD), "Medication");
    nameless["entry"][index]["resource"].as_object_mut().unwrap().remove("id");
    nameless["entry"][index]["fullUrl"] = json!("https://a.example/Medication/r7");
    let found = verdict(&nameless);
    assert!(found.entries[index].findings.iter().any(|f| f.code == Code::ResourceWithoutIdentity));
}

#[test]
fn identity_numbers_are_held_to_form_date_check_digits_system_and_environment() {
    let with = |value: String| move |r: &mut Value| r["identifier"][0]["value"] = json!(value);
    let good = person_number("12855825");
    assert_found(NEW, "Patient", Code::PersonNumberFormat, with(good[..10].to_owned()));
    assert_found(NEW, "Patient", Code::PersonNumberDate, with(format!("32{}", &good[2..])));
    let last = (good.as_bytes()[10] - b'0' + 1) % 10;
    assert_found(
        NEW,
        "Patient",
        Code::PersonNumberCheckDigit,
        with(format!("{}{last}", &good[..10])),
    );
    assert_found(NEW, "Patient", Code::PersonNumberWrongSystem, with(person_number("52855825")));
    let synthetic = CheckOptions { person_numbers: PersonNumbers::SyntheticOnly, ..options() };
    let real = person_number("12055825");
    assert!(codes_after(NEW, "Patient", &synthetic, with(real)).contains(&Code::PersonNumberReal));
    let production = CheckOptions { person_numbers: PersonNumbers::RealOnly, ..options() };
    assert!(
        codes_after(NEW, "Patient", &production, |_| {}).contains(&Code::PersonNumberSynthetic)
    );
    assert_found(NEW, "Patient", Code::BirthDateMismatch, |r| r["birthDate"] = json!("1958-05-13"));
    assert_found(NEW, "Patient", Code::BirthDateInFuture, |r| r["birthDate"] = json!("2027"));
}

#[test]
fn the_scheme_of_2032_is_refused_warned_of_or_in_force() {
    // Published as an example of the new scheme: the first remainder is 1.
    let number = "30108299939";
    let change = |r: &mut Value| r["identifier"][0]["value"] = json!(number);
    assert!(
        codes_after(NEW, "Patient", &options(), change).contains(&Code::PersonNumberCheckDigit)
    );
    let warned = CheckOptions { accept_2032_numbers: true, ..options() };
    let codes = codes_after(NEW, "Patient", &warned, change);
    assert!(
        codes.contains(&Code::PersonNumber2032) && !codes.contains(&Code::PersonNumberCheckDigit)
    );
    let later: Timestamp = "2032-01-02T00:00:00Z".parse().unwrap();
    let codes = codes_after(NEW, "Patient", &CheckOptions { now: later, ..options() }, change);
    assert!(
        !codes.contains(&Code::PersonNumber2032) && !codes.contains(&Code::PersonNumberCheckDigit)
    );
}

#[test]
fn other_numbers_are_held_to_their_form() {
    let good = organisation_number("99900020");
    let wrong = format!("{}{}", &good[..8], (good.as_bytes()[8] - b'0' + 1) % 10);
    let with = |value: &str| {
        let value = value.to_owned();
        move |r: &mut Value| r["identifier"][0]["value"] = json!(value)
    };
    assert_found(NEW, "Organization", Code::OrganisationNumberCheckDigit, with(&wrong));
    assert_found(NEW, "Organization", Code::OrganisationNumberFormat, with("1234567890"));
    assert_found(OLD, "Organization", Code::ReshIdInvalid, |r| {
        r["identifier"][1]["value"] = json!("RESH-1")
    });
    assert_found(NEW, "Practitioner", Code::HprNumberInvalid, with("HPR9144900"));
    assert_found(NEW, "Practitioner", Code::HprNumberLength, with("914"));
}

#[test]
fn administrations_are_held_to_the_clock_the_patient_and_the_period() {
    let at = |time: &str| {
        let time = time.to_owned();
        move |r: &mut Value| r["effectiveDateTime"] = json!(time)
    };
    let kind = "MedicationAdministration";
    assert_found(NEW, kind, Code::AdministeredInFuture, at("2026-06-01T14:06:00+02:00"));
    let codes = codes_after(NEW, kind, &options(), at("2026-06-01T14:04:00+02:00"));
    assert!(!codes.contains(&Code::AdministeredInFuture), "within the clock tolerance");
    assert_found(NEW, kind, Code::AdministeredBeforeBirth, at("1958-05-11T12:00:00+01:00"));
    let codes = codes_after(NEW, kind, &options(), at("1958-05-12T00:30:00+01:00"));
    assert!(!codes.contains(&Code::AdministeredBeforeBirth), "on the day of birth");
    let retracted = |r: &mut Value| {
        r["effectiveDateTime"] = json!("2030-01-01T00:00:00Z");
        r["status"] = json!("entered-in-error");
    };
    let codes = codes_after(NEW, kind, &options(), retracted);
    assert!(!codes.contains(&Code::AdministeredInFuture), "a retraction gets through");
    let period = |from: &str, to: &str| CheckOptions {
        reporting_period: Some((from.parse().unwrap(), to.parse().unwrap())),
        ..options()
    };
    let outside = period("2026-05-02T00:00:00Z", "2026-05-03T00:00:00Z");
    assert!(codes_after(NEW, kind, &outside, |_| {}).contains(&Code::OutsideReportingPeriod));
    let inside = period("2026-05-01T00:00:00Z", "2026-05-03T00:00:00Z");
    assert!(!codes_after(NEW, kind, &inside, |_| {}).contains(&Code::OutsideReportingPeriod));
    assert_found(NEW, "MedicationRequest", Code::OrderedInFuture, |r| {
        r["authoredOn"] = json!("2026-06-03")
    });
    let mut late = bundle(NEW);
    late["timestamp"] = json!("2026-06-02T00:00:00Z");
    assert!(verdict(&late).bundle.iter().any(|f| f.code == Code::BundleTimestampInFuture));
}

#[test]
fn codes_that_cannot_be_right_are_warned_of() {
    let warn = |kind, code, path: &'static str, value: &'static str| {
        assert_found(NEW, kind, code, |r| *r.pointer_mut(path).unwrap() = json!(value));
    };
    warn("Condition", Code::SnomedCheckDigit, "/code/coding/0/code", "32236009");
    warn("Condition", Code::SnomedSyntax, "/code/coding/0/code", "artrose");
    warn("Condition", Code::Icd10Syntax, "/code/coding/1/code", "M15.");
    warn("Condition", Code::Icd11Syntax, "/code/coding/2/code", "M15");
    warn("Condition", Code::Icpc2Syntax, "/code/coding/3/code", "L9");
    warn(
        "Medication",
        Code::AtcSyntax,
        "/extension/0/valueCodeableConcept/coding/0/code",
        "N2AA05",
    );
    warn("Medication", Code::FestIdSyntax, "/code/coding/0/code", "106383");
    warn("Medication", Code::LmrSerialSyntax, "/code/coding/1/code", "12");
    warn("Medication", Code::ItemNumberSyntax, "/code/coding/4/code", "12");
    warn("Medication", Code::VolvenCodeSyntax, "/form/coding/0/code", "tablett");
    warn("Patient", Code::UrbanDistrictSyntax, "/address/0/extension/0/valueCoding/code", "02");
    let district = "/address/0/_district/extension/0/valueCoding";
    assert_found(NEW, "Patient", Code::MunicipalitySyntax, |r| {
        *r.pointer_mut(district).unwrap() =
            json!({ "system": "urn:oid:2.16.578.1.1", "code": "301" });
    });
}

#[test]
fn the_two_route_codes_are_decided_without_snomed() {
    let route = |code: &'static str| {
        move |r: &mut Value| *r.pointer_mut("/dosage/route/coding/0/code").unwrap() = json!(code)
    };
    let kind = "MedicationAdministration";
    assert_found(NEW, kind, Code::RouteCodeRefused, route("421521009"));
    let codes = codes_after(NEW, kind, &options(), route("26643006"));
    assert!(
        !codes.contains(&Code::ValueSetNotAvailable) && !codes.contains(&Code::RouteCodeNotDecided)
    );
    assert_found(NEW, kind, Code::RouteCodeNotDecided, route("55452001"));
}

#[test]
fn an_entry_falls_with_what_it_refers_to() {
    falls_with_its_patient(|patient| patient["identifier"][0]["value"] = json!("1"));
    falls_with_its_patient(|patient| patient["name"] = json!([{ "family": "x" }]));
}

fn falls_with_its_patient(change: impl Fn(&mut Value)) {
    let mut all = resources(OLD);
    let patient = position(&all, "Patient");
    change(&mut all[patient]);
    let verdict = verdict(&bundle_of(OLD, all.clone()));
    let dispositions = verdict.dispositions();
    assert_eq!(dispositions[patient], Disposition::Refused);
    for kind in ["Condition", "EpisodeOfCare", "MedicationRequest", "MedicationAdministration"] {
        assert_eq!(dispositions[position(&all, kind)], Disposition::DependsOn(patient), "{kind}");
    }
    for kind in ["Organization", "Medication", "Practitioner", "PractitionerRole"] {
        assert_eq!(dispositions[position(&all, kind)], Disposition::Accepted, "{kind}");
    }
}

#[test]
fn no_text_repeats_a_value_of_the_resource() {
    let secret = "Hemmelig";
    let mut all = resources(NEW);
    for resource in &mut all {
        if let Some(identifiers) = resource.get_mut("identifier").and_then(Value::as_array_mut) {
            for identifier in identifiers {
                identifier["value"] = json!(secret);
            }
        }
        resource["hemmeligFelt"] = json!(secret);
        resource["language"] = json!(secret);
    }
    all[0]["name"] = json!([{ "family": secret }]);
    all[0]["birthDate"] = json!(secret);
    all[0]["gender"] = json!(secret);
    let verdict = verdict_with(&bundle_of(NEW, all), &CheckOptions::at(now()));
    assert!(verdict.findings().count() > 3);
    for finding in verdict.findings() {
        for language in [Language::Bokmal, Language::English] {
            assert!(
                !finding.text(language).contains(secret),
                "{}: {}",
                finding.code,
                finding.text(language)
            );
        }
        assert!(!format!("{finding:?}").contains(secret), "{}", finding.code);
    }
    assert!(!format!("{:?}", verdict.entries).contains(secret));
}

#[test]
fn places_are_given_from_the_entry_with_line_and_column() {
    let text = serde_json::to_string_pretty(&{
        let mut all = resources(NEW);
        all[1]["identifier"][0]["value"] = json!("1");
        bundle_of(NEW, all)
    })
    .unwrap();
    let line = 1 + text.lines().position(|line| line.trim() == "\"value\": \"1\"").unwrap();
    let document = Document::parse(text.clone(), &ParseOptions::strict()).unwrap();
    let verdict = check_bundle(&document, &options()).unwrap();
    let finding = verdict.entries[1]
        .findings
        .iter()
        .find(|f| f.code == Code::OrganisationNumberFormat)
        .unwrap();
    assert_eq!(finding.expression, "Organization.identifier[0].value");
    assert_eq!(finding.full_expression, "Bundle.entry[1].resource.identifier[0].value");
    assert_eq!(finding.line as usize, line);
    assert!(finding.column > 1);
}

#[test]
fn references_are_followed_by_full_url() {
    let verdict = verdict(&bundle(NEW));
    let all = resources(NEW);
    let administration = position(&all, "MedicationAdministration");
    let mut targets = verdict.entries[administration].depends_on.clone();
    targets.sort_unstable();
    assert_eq!(targets, [0, 4, 5, 7, 9]);
    assert_eq!(
        verdict.entries[administration].full_url.as_deref(),
        Some(uuid(administration).as_str())
    );
    assert_eq!(reference(4)["reference"], uuid(4));
}

#[test]
fn a_bundle_of_the_other_type_is_reported_when_checked_on_its_own() {
    for (rule_set, other) in [(NEW, OLD), (OLD, NEW)] {
        let document = Document::parse(bundle(other).to_string(), &ParseOptions::strict()).unwrap();
        let findings = RuleSet::get(rule_set).unwrap().check_resource(&document, &options());
        let reported = findings
            .iter()
            .filter(|f| f.code == Code::BundleTypeNotAgreed || f.code == Code::BundleTypeWrong);
        assert!(reported.count() >= 1, "{rule_set:?}");
    }
}

#[test]
fn a_large_bundle_is_not_refused_for_its_many_warnings() {
    let mut all = resources(NEW);
    let medication = all[position(&all, "Medication")].clone();
    for index in 0..5_500 {
        let mut copy = medication.clone();
        copy["id"] = json!(format!("m{index}"));
        all.push(copy);
    }
    let verdict = verdict(&bundle_of(NEW, all));
    assert!(verdict.findings().count() > 10_000);
    assert!(verdict.is_faultless());
}

#[test]
fn whatever_is_in_place_of_a_resource_is_refused_without_panic() {
    for resource in [
        json!("x"),
        json!(1),
        json!([]),
        json!({}),
        json!({ "resourceType": 1 }),
        json!({ "resourceType": "" }),
    ] {
        for rule_set in RuleSetId::ALL {
            let mut odd = bundle(rule_set);
            odd["entry"][0]["resource"] = resource.clone();
            assert!(!verdict(&odd).is_faultless(), "{resource}");
        }
    }
    for entry in
        [json!("x"), json!([]), json!({}), json!({ "resource": { "resourceType": "Patient" } })]
    {
        let mut odd = bundle(NEW);
        odd["entry"][0] = entry.clone();
        assert!(!verdict(&odd).is_faultless(), "{entry}");
        odd["entry"] = entry;
        let document = Document::parse(odd.to_string(), &ParseOptions::strict()).unwrap();
        assert!(
            check_bundle(&document, &options()).map_or(true, |verdict| !verdict.is_faultless())
        );
    }
}

/// An administration over a period, as infusions are.
fn over(start: Option<&str>, end: Option<&str>) -> impl Fn(&mut Value) {
    let mut period = json!({});
    for (name, time) in [("start", start), ("end", end)] {
        if let Some(time) = time {
            period[name] = json!(time);
        }
    }
    move |administration| {
        administration.as_object_mut().unwrap().remove("effectiveDateTime");
        administration["effectivePeriod"] = period.clone();
    }
}

#[test]
fn administrations_over_a_period_are_held_to_its_end_and_its_begin() {
    let kind = "MedicationAdministration";
    let (past, future) = ("2026-05-01T08:00:00+02:00", "2026-07-01T08:00:00+02:00");
    let codes = |start, end| codes_after(NEW, kind, &options(), over(start, end));
    // The end counts; without one, the begin.
    for (start, end, is_future) in [
        (Some(past), Some(future), true),
        (Some(past), Some("9999-12-31T23:59:59+01:00"), true),
        (Some(past), Some("2026-07-01T08:00:00.123456789012+02:00"), true),
        (Some(future), None, true),
        (None, Some(future), true),
        (Some(past), Some(past), false),
        (Some(past), None, false),
        (None, Some(past), false),
    ] {
        let found = codes(start, end).contains(&Code::AdministeredInFuture);
        assert_eq!(found, is_future, "{start:?} to {end:?}");
    }
    // The begin is held against the birth date.
    let before = "1958-05-11T12:00:00+01:00";
    assert!(codes(Some(before), Some(past)).contains(&Code::AdministeredBeforeBirth));
    assert!(codes(None, Some(before)).contains(&Code::AdministeredBeforeBirth));
    assert!(!codes(Some(past), Some(past)).contains(&Code::AdministeredBeforeBirth));
    // A period that touches the reporting period is inside of it.
    let reporting = CheckOptions {
        reporting_period: Some((
            "2026-05-02T00:00:00Z".parse().unwrap(),
            "2026-05-03T00:00:00Z".parse().unwrap(),
        )),
        ..options()
    };
    let outside = |start, end| {
        codes_after(NEW, kind, &reporting, over(Some(start), Some(end)))
            .contains(&Code::OutsideReportingPeriod)
    };
    assert!(outside("2026-05-01T08:00:00Z", "2026-05-01T09:00:00Z"));
    assert!(outside("2026-05-03T08:00:00Z", "2026-05-03T09:00:00Z"));
    assert!(!outside("2026-05-01T23:00:00Z", "2026-05-02T01:00:00Z"));
    assert!(!outside("2026-05-02T23:00:00Z", "2026-05-03T01:00:00Z"));
    assert!(!outside("2026-05-01T08:00:00Z", "2026-05-04T09:00:00Z"));
}

#[test]
fn times_that_a_timestamp_cannot_hold_are_held_to_the_clock_all_the_same() {
    for time in [
        "9999-12-31T23:59:59+01:00",
        "9999-12-31T23:59:59Z",
        "2099-01-01T00:00:00.123456789012+01:00",
        "2099-06-30T23:59:60Z",
    ] {
        assert_found(NEW, "MedicationAdministration", Code::AdministeredInFuture, |r| {
            r["effectiveDateTime"] = json!(time);
        });
    }
    for date in ["9999", "9999-12", "9999-12-31"] {
        assert_found(NEW, "Patient", Code::BirthDateInFuture, |r| r["birthDate"] = json!(date));
        assert_found(NEW, "MedicationRequest", Code::OrderedInFuture, |r| {
            r["authoredOn"] = json!(date);
        });
    }
}
