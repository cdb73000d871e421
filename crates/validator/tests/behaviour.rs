//! What the validator says of small instances and profiles of our own.

use std::sync::Arc;

use lmr_fhir::{Document, ParseOptions};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{BestPractice, Issue, Language, Options, Severity, Validator};
use serde_json::json;

fn r4() -> Validator {
    Validator::builder().build()
}

fn with(definitions: &[&str]) -> Validator {
    let package = Package::embedded("test", "1", definitions.iter().copied()).expect("definitions");
    Validator::builder()
        .definitions(Arc::new(Definitions::builder().package(package).build()))
        .build()
}

fn profile(id: &str, of: &str, elements: &str) -> String {
    format!(
        r#"{{"resourceType":"StructureDefinition","url":"http://test.no/{id}","name":"T","status":"active","kind":"resource",
        "abstract":false,"type":"{of}","baseDefinition":"http://hl7.org/fhir/StructureDefinition/{of}","derivation":"constraint",
        "differential":{{"element":[{elements}]}}}}"#
    )
}

fn validate(validator: &Validator, text: &str) -> Vec<Issue> {
    validator.validate_text(text, &Options::default())
}

/// `id @ path` of errors.
fn errors(issues: &[Issue]) -> Vec<String> {
    issues
        .iter()
        .filter(|i| i.severity.is_error())
        .map(|i| format!("{} @ {}", i.id(), i.local_expression))
        .collect()
}

#[test]
fn a_correct_patient_has_no_issue() {
    let issues = validate(
        &r4(),
        r#"{"resourceType":"Patient","id":"a","gender":"female","birthDate":"1990-02-28"}"#,
    );
    assert_eq!(issues, []);
}

#[test]
fn a_misspelt_element_is_an_error_that_names_the_one_meant() {
    let issues = validate(&r4(), r#"{"resourceType":"Patient","birthdate":"1990-02-28"}"#);
    assert_eq!(errors(&issues), ["Unrecognised_property_ @ Patient"]);
    assert!(issues[0].text(Language::English).contains("birthDate?"), "{}", issues[0]);
    assert!(issues[0].text(Language::Bokmal).contains("birthDate?"));
}

#[test]
fn line_is_where_the_element_starts_and_column_where_it_ends() {
    let issues = validate(&r4(), "{\"resourceType\":\"Patient\",\n \"birthDate\":\"1990-02-30\"}");
    assert_eq!(errors(&issues), ["Type_Specific_Checks_DT_Date_Valid @ Patient.birthDate"]);
    assert_eq!((issues[0].line, issues[0].column), (2, 26));
}

#[test]
fn json_shapes_are_checked_and_empty_arrays_refused() {
    let text = r#"{"resourceType":"Patient","name":{"family":"A"},"gender":["male"],"telecom":[],"address":[{"line":[]}],
        "active":"true","contact":[{}],"birthDate":null}"#;
    let found = errors(&validate(&r4(), text));
    for wanted in [
        "This_property_must_be_an_Array_not_ @ Patient.name",
        "This_property_must_be_an_simple_value_not_ @ Patient.gender",
        "ARRAY_CANNOT_BE_EMPTY @ Patient.telecom",
        "ARRAY_CANNOT_BE_EMPTY @ Patient.address[0].line",
        "Error_parsing_JSON_the_primitive_value_must_be_a_boolean @ Patient.active",
        "Object_must_have_some_content @ Patient.contact[0]",
        "This_property_must_be_an_simple_value_not_ @ Patient.birthDate",
    ] {
        assert!(found.iter().any(|f| f == wanted), "{wanted} not in {found:#?}");
    }
}

#[test]
fn a_second_type_of_one_choice_is_an_error() {
    let text = r#"{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020"}"#;
    assert_eq!(errors(&validate(&r4(), text)), ["Unrecognised_property_ @ Patient"]);
}

#[test]
fn a_code_outside_a_required_value_set_is_an_error_with_the_nearest_code() {
    let issues = validate(&r4(), r#"{"resourceType":"Patient","gender":"femal"}"#);
    assert_eq!(
        errors(&issues),
        [
            "UNABLE_TO_INFER_CODESYSTEM @ Patient.gender",
            "Terminology_TX_NoValid_16 @ Patient.gender"
        ]
    );
    assert!(issues.iter().any(|i| i.text_en().contains("female?")));
}

#[test]
fn an_unknown_profile_is_reported() {
    let text = r#"{"resourceType":"Patient","meta":{"profile":["http://nowhere.no/p"]}}"#;
    let issues = validate(&r4(), text);
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].severity, Severity::Warning);
    assert_eq!(issues[0].id(), "VALIDATION_VAL_PROFILE_UNKNOWN_NOT_POLICY");
    let asked = Options { profiles: vec!["http://nowhere.no/p".to_owned()], ..Options::default() };
    let issues = r4().validate_text(r#"{"resourceType":"Patient"}"#, &asked);
    assert!(
        issues.iter().any(|i| i.severity.is_error() && i.id() == "Validation_VAL_Unknown_Profile")
    );
}

#[test]
fn a_broken_invariant_of_a_profile_is_an_error_never_a_pass() {
    let constraint = |expression: &str| {
        profile(
            "p",
            "Patient",
            &format!(
                r#"{{"id":"Patient","path":"Patient","constraint":[{{"key":"t-1","severity":"error","human":"h","expression":"{expression}"}}]}}"#
            ),
        )
    };
    let text =
        r#"{"resourceType":"Patient","meta":{"profile":["http://test.no/p"]},"active":true}"#;
    for (expression, wanted) in [
        ("active.exists() and (", "Problem_processing_expression__in_profile__path__ @ Patient"),
        ("noSuchFunction()", "Problem_processing_expression__in_profile__path__ @ Patient"),
        ("active.memberOf('http://nowhere.no/vs')", "LMRV_CONSTRAINT_NOT_EVALUATED @ Patient"),
        ("active.not()", "http://test.no/p#t-1 @ Patient"),
    ] {
        assert_eq!(
            errors(&validate(&with(&[&constraint(expression)]), text)),
            [wanted],
            "{expression}"
        );
    }
    assert_eq!(errors(&validate(&with(&[&constraint("active")]), text)), Vec::<String>::new());
}

fn sliced() -> Validator {
    with(&[&profile(
        "s",
        "Patient",
        r#"{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"closed"},"min":1},
           {"id":"Patient.identifier:a","path":"Patient.identifier","sliceName":"a","min":1,"max":"1"},
           {"id":"Patient.identifier:a.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:oid:1.2.3"},
           {"id":"Patient.identifier:a.value","path":"Patient.identifier.value","min":1},
           {"id":"Patient.identifier:b","path":"Patient.identifier","sliceName":"b","max":"0"},
           {"id":"Patient.identifier:b.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:oid:1.2.4"},
           {"id":"Patient.name","path":"Patient.name","max":"0"}"#,
    )])
}

#[test]
fn slices_are_counted_and_elements_outside_a_closed_slicing_are_explained() {
    let validator = sliced();
    let validate = |identifiers: &str| {
        validate(
            &validator,
            &format!(
                r#"{{"resourceType":"Patient","meta":{{"profile":["http://test.no/s"]}},"identifier":[{identifiers}]}}"#
            ),
        )
    };
    let good = r#"{"system":"urn:oid:1.2.3","value":"1"}"#;
    assert_eq!(errors(&validate(good)), Vec::<String>::new());
    assert_eq!(
        errors(&validate(&format!("{good},{good}"))),
        ["Validation_VAL_Profile_Maximum @ Patient"]
    );
    assert_eq!(
        errors(&validate(&format!(r#"{good},{{"system":"urn:oid:1.2.4"}}"#))),
        ["Validation_VAL_Profile_Maximum @ Patient"]
    );
    assert_eq!(
        errors(&validate(r#"{"system":"urn:oid:1.2.3"}"#)),
        ["Validation_VAL_Profile_Minimum @ Patient.identifier[0]"]
    );
    let stranger = validate(r#"{"system":"urn:oid:9.9"}"#);
    let issue =
        stranger.iter().find(|i| i.id() == "Validation_VAL_Profile_NotSlice").expect("not slice");
    assert!(issue.inner.iter().any(|i| i.text_en().contains("urn:oid:1.2.3")), "{:?}", issue.inner);
    let text = issue.text_en();
    let begin = "Patient.identifier is sliced by system and closed: found urn:oid:9.9, allowed: urn:oid:1.2.3";
    assert!(text.starts_with(begin), "{text}");
    assert!(
        errors(&stranger).iter().any(|e| e == "Validation_VAL_Profile_Minimum_SLICE @ Patient")
    );
}

#[test]
fn a_choice_of_an_excluded_type_fills_no_slice() {
    let validator = with(&[&profile(
        "c",
        "MedicationAdministration",
        r#"{"id":"MedicationAdministration.effective[x]","path":"MedicationAdministration.effective[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"closed"},"type":[{"code":"dateTime"}]},
           {"id":"MedicationAdministration.effective[x]:effectiveDateTime","path":"MedicationAdministration.effective[x]","sliceName":"effectiveDateTime","min":1,"max":"1","type":[{"code":"dateTime"}]}"#,
    )]);
    let validate = |when: &str| {
        let text = format!(
            r#"{{"resourceType":"MedicationAdministration","meta":{{"profile":["http://test.no/c"]}},"status":"completed",
                "medicationCodeableConcept":{{"text":"a"}},"subject":{{"display":"b"}},{when}}}"#
        );
        errors(&validate(&validator, &text))
    };
    assert_eq!(validate(r#""effectiveDateTime":"2026-01-01""#), Vec::<String>::new());
    assert_eq!(
        validate(r#""effectivePeriod":{"start":"2026-01-01"}"#),
        [
            "Validation_VAL_Profile_Minimum_SLICE @ MedicationAdministration",
            "Extension_PROF_Type @ MedicationAdministration.effective.ofType(Period)"
        ]
    );
}

const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[
  {"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"Patient","id":"p1","gender":"none"},"request":{"method":"POST","url":"Patient"}},
  {"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Encounter","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},
    "subject":{"reference":"urn:uuid:33333333-3333-4333-8333-333333333333"},"serviceProvider":{"reference":"urn:uuid:11111111-1111-4111-8111-111111111111"}},"request":{"method":"POST","url":"Encounter"}}]}"#;

#[test]
fn issues_of_a_bundle_are_sorted_to_their_entries() {
    let document = Document::parse(BUNDLE, &ParseOptions::lenient()).expect("json");
    let options = Options { dangling_urn_is_error: true, ..Options::default() };
    let report = r4().validate_bundle(&document, &options);
    assert_eq!(report.entries.len(), 2);
    assert_eq!(errors(&report.bundle), Vec::<String>::new());
    assert_eq!(
        errors(&report.entries[0]),
        [
            "UNABLE_TO_INFER_CODESYSTEM @ Patient.gender",
            "Terminology_TX_NoValid_16 @ Patient.gender"
        ]
    );
    assert_eq!(
        errors(&report.entries[1]),
        [
            "Reference_REF_CantResolve @ Encounter.subject",
            "Reference_REF_BadTargetType @ Encounter.serviceProvider"
        ]
    );
    let whole = &report.entries[0][0].expression;
    assert_eq!(whole, "Bundle.entry[0].resource/*Patient/p1*/.gender");
}

#[test]
fn redacted_issues_repeat_no_value_and_no_id() {
    let text = r#"{"resourceType":"Patient","id":"12345678901","gender":"Kari Nordmann","birthDate":"1990-13-01","99887766554":1,
        "managingOrganization":{"reference":"Secret/Kari"},"identifier":[{"system":"relative","value":"12345678901"}],
        "contained":[{"resourceType":"Patient","id":"12345678902"}]}"#;
    let options = Options { redact_values: true, ..Options::default() };
    let issues = r4().validate_text(text, &options);
    assert!(issues.len() >= 4);
    for issue in &issues {
        for text in [
            issue.text_en(),
            issue.text_nb(),
            issue.expression.clone(),
            issue.local_expression.clone(),
        ] {
            for secret in ["1234567890", "Kari", "1990-13", "99887766554"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
}

/// Addresses of definitions stay where a person looks at their own data, and nothing else that the instance wrote does.
#[test]
fn addresses_of_definitions_may_stay_where_values_are_left_out() {
    let patient = |address: &str| {
        json!({
            "resourceType": "Patient", "id": "12345678901", "gender": "Kari Nordmann",
            "meta": { "profile": [address] },
            "extension": [{ "url": address, "valueString": "Kari Nordmann" }],
            "maritalStatus": { "coding": [{ "system": address, "code": "Kari Nordmann" }] },
        })
        .to_string()
    };
    let shown = |address: &str, show_canonicals: bool| {
        let options = Options { redact_values: true, show_canonicals, ..Options::default() };
        let issues = r4().validate_text(&patient(address), &options);
        let texts = issues.iter().flat_map(|issue| [issue.text_en(), issue.text_nb()]);
        let texts: Vec<String> = texts.collect();
        for text in &texts {
            assert!(!text.contains("Kari") && !text.contains("1234567890"), "{text}");
        }
        texts.iter().filter(|text| text.contains(address)).count()
    };
    for address in
        ["http://test.no/unknown", "https://test.no/p-1_2.3|1.0", "urn:oid:2.16.578.1.12.4.1"]
    {
        assert_eq!(shown(address, false), 0, "{address}");
        assert!(shown(address, true) >= 2, "{address}");
    }
    for value in [
        "http://test.no/Patient/13057012345",
        "http://test.no/hpr/9144900",
        "http://test.no/p?name=Ola",
        "http://test.no/Ola Dunk",
        "http://test.no/Åse",
        "13057012345",
        "Ola",
        "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
    ] {
        assert_eq!(shown(value, true), 0, "{value}");
    }
}

#[test]
fn target_profiles_hold_through_chains_and_circles() {
    let profile = profile(
        "chain",
        "Organization",
        r#"{"id":"Organization.name","path":"Organization.name","min":1},
           {"id":"Organization.partOf","path":"Organization.partOf","type":[{"code":"Reference","targetProfile":["http://test.no/chain"]}]}"#,
    );
    let validator = with(&[&profile]);
    let bundle = |count: usize, named_last: bool, circle: bool| {
        let entries: Vec<String> = (0..count)
            .map(|i| {
                let next = if i + 1 < count { Some(i + 1) } else if circle { Some(0) } else { None };
                let name = if i + 1 < count || named_last { r#","name":"N""# } else { r#","alias":["x"],"identifier":[{"value":"1"}]"# };
                let part = next.map_or(String::new(), |n| {
                    format!(r#","partOf":{{"reference":"urn:uuid:00000000-0000-4000-8000-{n:012x}"}}"#)
                });
                format!(
                    r#"{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-{i:012x}","resource":{{"resourceType":"Organization","meta":{{"profile":["http://test.no/chain"]}}{name}{part}}}}}"#
                )
            })
            .collect();
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#,
            entries.join(",")
        )
    };
    assert_eq!(errors(&validate(&validator, &bundle(4, true, true))), Vec::<String>::new());
    let issues = validate(&validator, &bundle(4, false, false));
    let reason = "; Organization: Organization.name: at least 1 required, found 0";
    assert!(issues.iter().any(|i| i.text_en().ends_with(reason)), "{issues:#?}");
    let broken = errors(&issues);
    assert_eq!(broken.iter().filter(|e| e.contains("CantMatchChoice")).count(), 3, "{broken:#?}");
    // A long chain neither overflows the stack nor takes quadratic time.
    assert_eq!(errors(&validate(&validator, &bundle(3000, true, false))), Vec::<String>::new());
}

#[test]
fn many_threads_find_what_one_finds() {
    // Few entries are validated one after the other, thousands in parts: with the same faults.
    for count in [600, 5000] {
        let entries: Vec<String> = (0..count)
            .map(|i| {
                let gender = if i % 7 == 0 { "wrong" } else { "male" };
                let more = match i {
                    10 | 590 => r#""id":"same","#,
                    300 => r#""resuorce":1,"#,
                    400 => return "null".to_owned(),
                    _ => "",
                };
                format!(
                    r#"{{{more}"fullUrl":"urn:uuid:00000000-0000-4000-8000-{i:012x}","resource":{{"resourceType":"Patient","gender":"{gender}"}}}}"#
                )
            })
            .collect();
        let text = format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#,
            entries.join(",")
        );
        let validator = r4();
        let one = validator.validate_text(&text, &Options::default());
        let four = validator.validate_text(&text, &Options { threads: 4, ..Options::default() });
        assert_eq!(one, four);
        let reported = |id: &str| -> Vec<&str> {
            one.iter().filter(|i| i.id() == id).map(|i| &*i.expression).collect()
        };
        assert_eq!(reported("DUPLICATE_ID"), ["Bundle.entry[590]"]);
        assert_eq!(reported("Unrecognised_property_"), ["Bundle.entry[300]"]);
        assert_eq!(reported("This_property_must_be__not_"), ["Bundle.entry[400]"]);
        for id in ["Terminology_TX_NoValid_16", "UNABLE_TO_INFER_CODESYSTEM"] {
            assert_eq!(reported(id).len(), (count as usize).div_ceil(7), "{id}");
        }
    }
}

#[test]
fn an_invariant_about_every_entry_is_kept_in_bundles_of_any_length() {
    let validator = r4();
    for count in [10, 5000] {
        for (faulty, wanted) in [(None, vec![]), (Some(count - 2), vec!["bdl-3"])] {
            let entries: Vec<String> = (0..count)
                .map(|i| {
                    let request = if Some(i) == faulty {
                        ""
                    } else {
                        r#","request":{"method":"POST","url":"Patient"}"#
                    };
                    format!(r#"{{"resource":{{"resourceType":"Patient","active":true}}{request}}}"#)
                })
                .collect();
            let text = format!(
                r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#,
                entries.join(",")
            );
            let issues = validator.validate_text(&text, &Options::default());
            let errors = issues.iter().filter(|i| i.severity.is_error());
            let keys: Vec<&str> =
                errors.map(|i| i.id().rsplit('#').next().unwrap_or_default()).collect();
            assert_eq!(keys, wanted, "{count} entries");
        }
    }
}

#[test]
fn hostile_input_gives_an_error_in_bounded_time() {
    let deep = format!(
        "{}1{}",
        r#"{"extension":[{"url":"a","extension":["#.repeat(120),
        "]}]}".repeat(120)
    );
    let text = format!(r#"{{"resourceType":"Patient","contact":[{deep}]}}"#);
    assert!(validate(&r4(), &text).iter().any(|i| i.severity.is_error()));
    let unparsable = "[".repeat(100_000);
    assert_eq!(validate(&r4(), &unparsable)[0].severity, Severity::Fatal);
    for text in ["", "1", "[]", "null", r#"{"resourceType":1}"#, r#"{"resourceType":"Nope"}"#, "{}"]
    {
        let issues = validate(&r4(), text);
        assert!(
            issues.iter().any(|i| i.severity == Severity::Fatal || i.severity == Severity::Error),
            "{text}"
        );
    }
    let many: Vec<String> = (0..500).map(|i| format!(r#""x{i}":1"#)).collect();
    let text = format!(r#"{{"resourceType":"Patient",{}}}"#, many.join(","));
    let limited = r4().validate_text(&text, &Options { max_issues: 100, ..Options::default() });
    assert_eq!(limited.len(), 101);
    assert!(limited.iter().any(|i| i.id() == "LMRV_TOO_MANY_ISSUES"));
}

#[test]
fn narrative_is_recommended_only_where_best_practice_is_asked_for() {
    let text = r#"{"resourceType":"Patient","active":true}"#;
    assert_eq!(validate(&r4(), text), []);
    let options = Options { best_practice: BestPractice::Warning, ..Options::default() };
    let issues = r4().validate_text(text, &options);
    assert_eq!(issues[0].constraint_key(), Some("dom-6"));
}

#[test]
fn contained_resources_must_be_referred_to() {
    let text = |reference: &str| {
        format!(
            r#"{{"resourceType":"Patient","contained":[{{"resourceType":"Organization","id":"o","name":"N"}}],"managingOrganization":{{"reference":"{reference}"}}}}"#
        )
    };
    assert_eq!(errors(&validate(&r4(), &text("#o"))), Vec::<String>::new());
    let wrong = errors(&validate(&r4(), &text("#x")));
    assert!(
        wrong.contains(&"Reference_REF_CantResolve @ Patient.managingOrganization".to_owned()),
        "{wrong:?}"
    );
    assert!(
        wrong
            .contains(&"CONTAINED_ORPHAN_DOM3 @ Patient.contained[0]/*Organization/o*/".to_owned())
            || wrong.contains(&"CONTAINED_ORPHAN_DOM3 @ Patient.contained[0]".to_owned()),
        "{wrong:?}"
    );
}

#[test]
fn locations_in_entries_and_beside_them_keep_their_numbers() {
    let text = r#"{"resourceType":"Bundle","type":"collection","link":[{"relation":"a","url":"u"},{"relation":"a","url":"b c"}],"entry":[
        {"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"Patient"}},
        {"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Patient","name":[{},{"given":["a",""]}]}}]}"#;
    let issues = validate(&r4(), text);
    let places: Vec<&str> =
        issues.iter().filter(|i| i.severity.is_error()).map(|i| i.expression.as_str()).collect();
    for wanted in [
        "Bundle.link[1].url",
        "Bundle.entry[1].resource/*Patient/null*/.name[0]",
        "Bundle.entry[1].resource/*Patient/null*/.name[1].given[1]",
    ] {
        assert!(places.contains(&wanted), "{wanted} not in {places:#?}");
    }
}

#[test]
fn bokmal_is_bokmal_to_the_last_word() {
    let bokmal =
        |text: &str| -> Vec<String> { validate(&r4(), text).iter().map(Issue::text_nb).collect() };
    let narrative = r#"{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>"}}"#;
    for (text, words) in [
        (
            r#"{"resourceType":"Patient","maritalStatus":[{"text":"a"}]}"#,
            "må være et objekt, ikke en liste",
        ),
        (r#"{"resourceType":"Patient","maritalStatus":"a"}"#, "må være et objekt, ikke en tekst"),
        (r#"{"resourceType":"Patient","gender":{}}"#, "ikke et objekt"),
        (r#"{"resourceType":7}"#, "ikke et tall"),
        (r#"{"resourceType":"Patient","name":[{"text":"\ud800"}]}"#, "et halvt par av \\u-koder"),
        (r#"{"resourceType":"Patient","active":true,}"#, "på slutten av objektet"),
        (narrative, "et element er ikke lukket"),
    ] {
        let said = bokmal(text);
        assert!(said.iter().any(|s| s.contains(words)), "{words}: {said:?}");
    }
}

#[test]
fn what_is_nearly_right_is_named() {
    for (text, words) in [
        (r#"{"resourceType":"Pasient"}"#, "(Patient?)"),
        (r#"{"resourceType":"Patient","deceasedDate":"2020"}"#, "(deceasedDateTime?)"),
        (
            r#"{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020"}"#,
            "only one type of a choice",
        ),
    ] {
        let said: Vec<String> = validate(&r4(), text).iter().map(Issue::text_en).collect();
        assert!(said.iter().any(|s| s.contains(words)), "{words}: {said:?}");
    }
}

#[test]
fn a_rule_over_a_malformed_date_is_the_senders_fault_not_ours() {
    let issues = validate(
        &r4(),
        r#"{"resourceType":"Patient","name":[{"text":"a","period":{"start":"01.02.2024","end":"2024-02-01"}}]}"#,
    );
    let ids: Vec<&str> = issues.iter().map(Issue::id).collect();
    assert!(ids.contains(&"LMRV_CONSTRAINT_MALFORMED_DATA"), "{ids:?}");
    assert!(!ids.contains(&"LMRV_CONSTRAINT_NOT_EVALUATED"), "{ids:?}");
}

#[test]
fn a_constraint_over_an_element_that_is_not_defined_is_reported() {
    let validator = with(&[&profile(
        "p",
        "Patient",
        r#"{"path":"Patient","constraint":[{"key":"k-1","severity":"error","human":"h","expression":"nam.exists().not()"},
            {"key":"k-2","severity":"error","human":"h","expression":"name.exists().not()"}]},
           {"path":"Patient.contact","constraint":[{"key":"k-3","severity":"error","human":"h","expression":"gendr.empty()"},
            {"key":"k-4","severity":"error","human":"h","expression":"gender.exists()"}]}"#,
    )]);
    let text = r#"{"resourceType":"Patient","meta":{"profile":["http://test.no/p"]},"contact":[{"gender":"male","name":{"text":"a"}}]}"#;
    let issues = validate(&validator, text);
    let reported: Vec<(Severity, String)> =
        issues.iter().map(|i| (i.severity, i.text_en())).collect();
    assert_eq!(reported.len(), 2, "{reported:?}");
    for (reported, (key, name)) in
        reported.iter().zip([("k-1", "no element nam"), ("k-3", "no element gendr")])
    {
        assert_eq!(reported.0, Severity::Warning);
        assert!(reported.1.contains(key) && reported.1.contains(name), "{reported:?}");
    }
}

#[test]
fn a_closed_slicing_says_what_decides_whatever_the_discriminator() {
    let slicing = |kind: &str, path: &str| {
        format!(
            r#""slicing":{{"discriminator":[{{"type":"{kind}","path":"{path}"}}],"rules":"closed"}}"#
        )
    };
    let head = |path: &str, kind: &str, by: &str| {
        format!(r#"{{"id":"Patient.{path}","path":"Patient.{path}",{}}}"#, slicing(kind, by))
    };
    let slice = |path: &str| {
        format!(r#"{{"id":"Patient.{path}:a","path":"Patient.{path}","sliceName":"a"}}"#)
    };
    let part = |path: &str, name: &str, rule: &str| {
        format!(r#"{{"id":"Patient.{path}:a.{name}","path":"Patient.{path}.{name}",{rule}}}"#)
    };
    let concept = r#""patternCodeableConcept":{"coding":[{"system":"http://t.no/s","code":"a"}]}"#;
    let gender =
        r#""binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/name-use"}"#;
    for (elements, instance, found, allowed) in [
        (
            [
                head("identifier", "pattern", "type"),
                slice("identifier"),
                part("identifier", "type", concept),
            ],
            r#""identifier":[{"type":{"coding":[{"system":"http://t.no/s","code":"b"}]}}]"#,
            "http://t.no/s#b",
            "http://t.no/s#a",
        ),
        (
            [
                head("contact", "exists", "period"),
                slice("contact"),
                part("contact", "period", r#""min":1"#),
            ],
            r#""contact":[{"name":{"text":"x"}}]"#,
            "period.empty()",
            "period.exists()",
        ),
        (
            [head("name", "value", "use"), slice("name"), part("name", "use", gender)],
            r#""name":[{"text":"x"}]"#,
            "-",
            "http://hl7.org/fhir/ValueSet/name-use",
        ),
    ] {
        let validator = with(&[&profile("p", "Patient", &elements.join(","))]);
        let text = format!(
            r#"{{"resourceType":"Patient","meta":{{"profile":["http://test.no/p"]}},{instance}}}"#
        );
        let issues = validate(&validator, &text);
        let refused: Vec<_> =
            issues.iter().filter(|i| i.id() == "Validation_VAL_Profile_NotSlice").collect();
        let [issue] = &*refused else { panic!("{issues:#?}") };
        for (language, words) in [
            (Language::English, format!("and closed: found {found}, allowed: {allowed}")),
            (Language::Bokmal, format!("og lukket: fant {found}, tillatt: {allowed}")),
        ] {
            assert!(issue.text(language).contains(&words), "{}", issue.text(language));
        }
    }
}

#[test]
fn a_fixed_primitive_without_a_value_says_that_there_is_none() {
    let validator = with(&[
        &profile("f", "Observation", r#"{"path":"Observation.status","fixedCode":"final"}"#),
        &profile(
            "p",
            "Observation",
            r#"{"path":"Observation.code","patternCodeableConcept":{"text":"a"}}"#,
        ),
        &profile(
            "s",
            "Observation",
            r#"{"id":"Observation.category","path":"Observation.category","slicing":{"discriminator":[{"type":"value","path":"text"}],"rules":"closed"}},
               {"id":"Observation.category:a","path":"Observation.category","sliceName":"a"},
               {"id":"Observation.category:a.text","path":"Observation.category.text","fixedString":"a"}"#,
        ),
    ]);
    let absent = r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#;
    let observation = |id: &str, members: &str| {
        format!(
            r#"{{"resourceType":"Observation","meta":{{"profile":["http://test.no/{id}"]}},{members}}}"#
        )
    };
    let final_status = r#""status":"final""#;
    let code = r#""code":{"text":"a"}"#;
    for (text, found) in [
        (observation("f", &format!(r#""_status":{absent},{code}"#)), None),
        (observation("f", &format!(r#""status":"amended",{code}"#)), Some("amended")),
        (observation("p", &format!(r#"{final_status},"code":{{"_text":{absent}}}"#)), None),
        (observation("p", &format!(r#"{final_status},"code":{{"text":"b"}}"#)), Some("b")),
        (
            observation(
                "s",
                &format!(r#"{final_status},{code},"category":[{{"_text":{absent}}}]"#),
            ),
            None,
        ),
        (
            observation("s", &format!(r#"{final_status},{code},"category":[{{"text":"b"}}]"#)),
            Some("b"),
        ),
    ] {
        let issues = validate(&validator, &text);
        let issue = issues
            .iter()
            .flat_map(|issue| std::iter::once(issue).chain(&issue.inner))
            .find(|issue| issue.id() == "_DT_Fixed_Wrong")
            .unwrap_or_else(|| panic!("{text}: {issues:#?}"));
        let begins = found.map_or_else(
            || ["The value is absent, but ".to_owned(), "Verdien er utelatt, men ".to_owned()],
            |found| [format!("The value is '{found}', "), format!("Verdien er '{found}', ")],
        );
        let [en, nb] = begins;
        assert!(issue.text_en().starts_with(&en), "{}", issue.text_en());
        assert!(issue.text_nb().starts_with(&nb), "{}", issue.text_nb());
    }
}
