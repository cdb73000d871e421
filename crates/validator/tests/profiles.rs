//! What profiles may hold beyond plain constraints, tried on profiles of our own.

use std::sync::Arc;

use lmr_fhir::{Document, ParseOptions};
use lmr_validator::definitions::Definitions;
use lmr_validator::package::Package;
use lmr_validator::{Issue, Options, Severity, Validator};
use serde_json::{Value, json};

fn with(definitions: &[Value]) -> Validator {
    let texts: Vec<String> = definitions.iter().map(Value::to_string).collect();
    let package =
        Package::embedded("test", "1", texts.iter().map(String::as_str)).expect("definitions");
    Validator::builder()
        .definitions(Arc::new(Definitions::builder().package(package).build()))
        .build()
}

fn profile(id: &str, of: &str, elements: Value) -> Value {
    json!({
        "resourceType": "StructureDefinition", "url": format!("http://test.no/{id}"), "name": "T",
        "status": "active", "kind": "resource", "abstract": false, "type": of,
        "baseDefinition": format!("http://hl7.org/fhir/StructureDefinition/{of}"),
        "derivation": "constraint", "differential": {"element": elements}
    })
}

fn validate(validator: &Validator, profile: &str, instance: &Value) -> Vec<Issue> {
    let options =
        Options { profiles: vec![format!("http://test.no/{profile}")], ..Options::default() };
    validator.validate_text(&instance.to_string(), &options)
}

/// `id @ path` of what is at least a warning.
fn findings(issues: &[Issue]) -> Vec<String> {
    issues
        .iter()
        .filter(|i| i.severity != Severity::Information)
        .map(|i| format!("{} @ {}", i.id(), i.local_expression))
        .collect()
}

#[test]
fn an_id_is_held_to_the_form_of_its_owner_whatever_kind_a_profile_names() {
    let of_kind = |id: &str, of: &str, kind: &str| {
        let mut profile = profile(id, of, json!([{"id": of, "path": of}]));
        profile["kind"] = json!(kind);
        profile
    };
    // Profiles are published with a kind that is not their type's.
    for kind in ["resource", "complex-type", "logical"] {
        for of in ["Patient", "Bundle", "Parameters"] {
            let validator = with(&[of_kind("p", of, kind)]);
            let mut resource = json!({"resourceType": of, "id": "a b"});
            if of == "Bundle" {
                resource["type"] = json!("collection");
            }
            let found = findings(&validate(&validator, "p", &resource));
            let expected = format!("Resource_RES_ID_Malformed_Chars @ {of}.id");
            assert!(found.contains(&expected), "{of} as {kind}: {found:?}");
        }
        let patient = profile(
            "p",
            "Patient",
            json!([{"id": "Patient.name", "path": "Patient.name",
                "type": [{"code": "HumanName", "profile": ["http://test.no/name"]}]}]),
        );
        let validator = with(&[patient, of_kind("name", "HumanName", kind)]);
        let resource = json!({"resourceType": "Patient", "name": [{"id": "a b", "family": "x"}]});
        let found = findings(&validate(&validator, "p", &resource));
        assert!(!found.iter().any(|id| id.contains("RES_ID")), "HumanName as {kind}: {found:?}");
    }
}

#[test]
fn a_profile_that_names_no_element_is_applied_without_that_line_and_says_so() {
    let validator = with(&[
        profile(
            "misspelt",
            "Patient",
            json!([{"path": "Patient.dateOfBirth", "min": 1}, {"path": "Patient.gender", "min": 1}]),
        ),
        json!({
            "resourceType": "StructureDefinition", "url": "http://test.no/heir", "name": "H",
            "status": "active", "kind": "resource", "abstract": false, "type": "Patient",
            "baseDefinition": "http://test.no/misspelt", "derivation": "constraint",
            "differential": {"element": [{"path": "Patient.active", "min": 1}]}
        }),
    ]);
    let issues = validate(&validator, "misspelt", &json!({"resourceType": "Patient"}));
    assert_eq!(
        findings(&issues),
        ["Validation_VAL_Profile_Minimum @ Patient", "LMRV_PROFILE_LINES_IGNORED @ Patient"]
    );
    let heir = json!({"resourceType": "Patient", "gender": "male", "active": true});
    let issues = validate(&validator, "heir", &heir);
    assert_eq!(findings(&issues), ["LMRV_PROFILE_LINES_IGNORED @ Patient"]);
    assert!(issues[0].to_string().contains("Patient.dateOfBirth"), "{}", issues[0]);
}

fn ward() -> Validator {
    let mut ward = profile(
        "ward",
        "Patient",
        json!([{"path": "Patient.maritalStatus", "binding": {"strength": "required", "valueSet": "#states"}}]),
    );
    ward["contained"] = json!([
        {"resourceType": "ValueSet", "id": "states", "status": "active", "compose": {"include": [
            {"system": "http://test.no/states", "concept": [
                {"code": "g", "display": "Wed"},
                {"code": "u", "designation": [{"language": "nb", "value": "Ugift"}]}
            ]}
        ]}},
        {"resourceType": "CodeSystem", "url": "http://test.no/states", "status": "active", "content": "complete",
         "concept": [
            {"code": "g", "display": "Married", "designation": [{"language": "nb", "value": "Gift"}]},
            {"code": "u", "display": "Single"},
            {"code": "s", "display": "Separated"}
        ]}
    ]);
    with(&[ward])
}

fn state(code: &str, display: &str) -> Value {
    json!({"resourceType": "Patient", "maritalStatus": {"coding": [
        {"system": "http://test.no/states", "code": code, "display": display}
    ]}})
}

#[test]
fn a_value_set_contained_in_a_profile_decides_and_gives_displays() {
    let validator = ward();
    for (code, display) in
        [("g", "Wed"), ("u", "Ugift"), ("g", "Married"), ("g", "gift"), ("u", "Single")]
    {
        let issues = validate(&validator, "ward", &state(code, display));
        assert_eq!(findings(&issues), Vec::<String>::new(), "{code} {display}");
    }
    // The base definition's own binding is checked too, since the profile is not met; beside what the
    // profile requires its recommendation says nothing more.
    assert_eq!(
        findings(&validate(&validator, "ward", &state("s", "Separated"))),
        ["Terminology_TX_NoValid_1_CC @ Patient.maritalStatus"]
    );
    let wrong = findings(&validate(&validator, "ward", &state("u", "Wed")));
    // As with the reference, what is misnamed is not a code of the set either.
    assert!(
        wrong.contains(&"Terminology_TX_NoValid_1_CC @ Patient.maritalStatus".to_owned()),
        "{wrong:?}"
    );
    let display =
        "Display_Name_for__should_be_one_of__instead_of @ Patient.maritalStatus.coding[0].display";
    assert!(wrong.iter().any(|one| one == display), "{wrong:?}");
}

fn observation(value: Value) -> Value {
    let mut out = json!({"resourceType": "Observation", "status": "final", "code": {"text": "a"}});
    for (key, value) in value.as_object().expect("members") {
        out[key] = value.clone();
    }
    out
}

#[test]
fn a_choice_of_an_excluded_type_is_reported_by_the_one_type_or_by_all() {
    let of = |types: Value| json!([{"path": "Observation.value[x]", "type": types}]);
    let validator = with(&[
        profile("one", "Observation", of(json!([{"code": "Quantity"}]))),
        profile("two", "Observation", of(json!([{"code": "Quantity"}, {"code": "string"}]))),
    ]);
    let wrong = observation(json!({"valueBoolean": true}));
    assert_eq!(
        findings(&validate(&validator, "one", &wrong)),
        ["Extension_PROF_Type @ Observation.value.ofType(boolean)"]
    );
    assert_eq!(
        findings(&validate(&validator, "two", &wrong)),
        ["Validation_VAL_Profile_NoType @ Observation"]
    );
    let right = observation(json!({"valueQuantity": {"value": 1}}));
    assert_eq!(findings(&validate(&validator, "one", &right)), Vec::<String>::new());
}

#[test]
fn types_named_in_a_differential_are_all_that_a_choice_may_be() {
    let line = |path: &str| json!({"id": path, "path": path, "short": "x"});
    let slicing = json!({"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"});
    let mut derived = profile("derived", "Observation", json!([line("Observation.status")]));
    derived["baseDefinition"] = json!("http://test.no/one");
    let mut narrower =
        profile("narrower", "Observation", json!([line("Observation.valueQuantity")]));
    narrower["baseDefinition"] = json!("http://test.no/types");
    let validator = with(&[
        profile("one", "Observation", json!([line("Observation.valueQuantity")])),
        derived,
        profile(
            "types",
            "Observation",
            json!([{"path": "Observation.value[x]", "type": [{"code": "Quantity"}, {"code": "string"}]}]),
        ),
        narrower,
        profile(
            "named",
            "Observation",
            json!([{"id": "Observation.value[x]:valueQuantity", "path": "Observation.valueQuantity",
                    "sliceName": "valueQuantity"}]),
        ),
        profile(
            "two",
            "Observation",
            json!([line("Observation.valueQuantity"), line("Observation.valueCodeableConcept")]),
        ),
        profile("none", "Observation", json!([{"path": "Observation.valueQuantity", "max": "0"}])),
        profile("below", "Observation", json!([line("Observation.component.valueQuantity")])),
        profile("time", "Observation", json!([line("Observation.effectiveDateTime")])),
        // A line for the choice itself says what it may be.
        profile(
            "own",
            "Observation",
            json!([{"path": "Observation.value[x]", "min": 1}, line("Observation.valueQuantity")]),
        ),
        profile(
            "open",
            "Observation",
            json!([
                {"path": "Observation.value[x]", "slicing": slicing},
                {"id": "Observation.value[x]:valueQuantity", "path": "Observation.valueQuantity",
                 "sliceName": "valueQuantity"}
            ]),
        ),
    ]);
    let found = |profile: &str, instance: &Value| -> Vec<String> {
        validate(&validator, profile, &observation(instance.clone()))
            .iter()
            .filter(|issue| issue.severity.is_error())
            .map(|issue| issue.id().to_owned())
            .collect()
    };
    let text = json!({"valueString": "a"});
    let (quantity, concept) =
        (json!({"valueQuantity": {"value": 1}}), json!({"valueCodeableConcept": {"text": "a"}}));
    let period = json!({"effectivePeriod": {"start": "2020"}});
    let time = json!({"effectiveDateTime": "2020"});
    let part = |value: &Value| {
        let mut part = value.clone();
        part["code"] = json!({"text": "b"});
        json!({"component": [part]})
    };
    for (profile, wrong, right) in [
        ("one", &text, &quantity),
        ("derived", &text, &quantity),
        ("narrower", &text, &quantity),
        ("named", &text, &quantity),
        ("two", &text, &quantity),
        ("two", &text, &concept),
        ("none", &text, &json!({})),
        ("none", &quantity, &json!({})),
        ("below", &part(&text), &part(&quantity)),
        ("time", &period, &time),
    ] {
        assert_eq!(found(profile, right), Vec::<String>::new(), "{profile}");
        assert!(!found(profile, wrong).is_empty(), "{profile} takes {wrong}");
    }
    for profile in ["own", "open"] {
        for right in [&text, &quantity] {
            assert_eq!(found(profile, right), Vec::<String>::new(), "{profile}");
        }
    }
}

#[test]
fn slices_by_position_take_their_places_in_the_list() {
    let validator = with(&[profile(
        "places",
        "Patient",
        json!([
            {"id": "Patient.name", "path": "Patient.name",
             "slicing": {"discriminator": [{"type": "position", "path": "$this"}], "rules": "open", "ordered": true}},
            {"id": "Patient.name:own", "path": "Patient.name", "sliceName": "own", "min": 1, "max": "1"},
            {"id": "Patient.name:own.family", "path": "Patient.name.family", "min": 1},
            {"id": "Patient.name:more", "path": "Patient.name", "sliceName": "more", "max": "*"},
            {"id": "Patient.name:more.text", "path": "Patient.name.text", "min": 1}
        ]),
    )]);
    let patient = |names: Value| json!({"resourceType": "Patient", "name": names});
    let good = patient(json!([{"family": "A"}, {"text": "b"}, {"text": "c"}]));
    assert_eq!(findings(&validate(&validator, "places", &good)), Vec::<String>::new());
    let turned = patient(json!([{"text": "b"}, {"family": "A"}]));
    assert_eq!(
        findings(&validate(&validator, "places", &turned)),
        [
            "Validation_VAL_Profile_Minimum @ Patient.name[0]",
            "Validation_VAL_Profile_Minimum @ Patient.name[1]"
        ]
    );
}

#[test]
fn a_slice_that_nothing_distinguishes_is_reported_by_name() {
    let validator = with(&[profile(
        "blind",
        "Patient",
        json!([
            {"id": "Patient.name", "path": "Patient.name",
             "slicing": {"discriminator": [{"type": "value", "path": "family"}], "rules": "open"}},
            {"id": "Patient.name:own", "path": "Patient.name", "sliceName": "own"}
        ]),
    )]);
    let issues = validate(
        &validator,
        "blind",
        &json!({"resourceType": "Patient", "name": [{"text": "a"}, {"text": "b"}]}),
    );
    let reported: Vec<&Issue> = issues
        .iter()
        .filter(|i| i.to_string().contains("The discriminator family of the slice own"))
        .collect();
    assert_eq!(reported.len(), 1, "{issues:?}");
    assert!(reported[0].severity.is_error());
}

#[test]
fn a_discriminator_that_names_no_element_is_reported_with_the_name() {
    for (path, unknown) in [
        ("foo.bar", "foo"),
        ("period.begin", "begin"),
        ("extension('http://test.no/x').valeu", "valeu"),
        ("system.code", "code"),
    ] {
        let validator = with(&[profile(
            "astray",
            "Patient",
            json!([
                {"id": "Patient.identifier", "path": "Patient.identifier",
                 "slicing": {"discriminator": [{"type": "value", "path": path}], "rules": "closed"}},
                {"id": "Patient.identifier:own", "path": "Patient.identifier", "sliceName": "own",
                 "patternIdentifier": {"system": "urn:oid:1.2.3"}}
            ]),
        )]);
        let patient =
            json!({"resourceType": "Patient", "identifier": [{"system": "urn:oid:1.2.3"}]});
        let issues = validate(&validator, "astray", &patient);
        let reported: Vec<String> = issues.iter().map(ToString::to_string).collect();
        let wanted = format!("The discriminator {path} of the slice own");
        assert!(
            reported.iter().any(
                |one| one.contains(&wanted) && one.contains(&format!("has the name {unknown}"))
            ),
            "{reported:?}"
        );
        assert!(!reported.iter().any(|one| one.contains("''")), "{reported:?}");
        let inner: Vec<&Issue> = issues.iter().flat_map(|issue| &issue.inner).collect();
        assert!(inner.is_empty(), "{inner:?}");
    }
    for path in [
        "system",
        "$this",
        "assigner.resolve().foo",
        "extension('http://test.no/x').value",
        "type.coding",
    ] {
        let validator = with(&[profile(
            "right",
            "Patient",
            json!([
                {"id": "Patient.identifier", "path": "Patient.identifier",
                 "slicing": {"discriminator": [{"type": "value", "path": path}], "rules": "open"}},
                {"id": "Patient.identifier:own", "path": "Patient.identifier", "sliceName": "own",
                 "patternIdentifier": {"system": "urn:oid:1.2.3"}}
            ]),
        )]);
        let patient =
            json!({"resourceType": "Patient", "identifier": [{"system": "urn:oid:1.2.3"}]});
        let ids = findings(&validate(&validator, "right", &patient));
        assert!(!ids.iter().any(|id| id.contains("UNKNOWN_ELEMENT")), "{path}: {ids:?}");
    }
}

#[test]
fn regular_expressions_of_a_definition_are_of_the_whole_value() {
    let regex = |text: &str| json!([{"url": "http://hl7.org/fhir/StructureDefinition/regex", "valueString": text}]);
    let validator = with(&[profile(
        "form",
        "Patient",
        json!([
            {"path": "Patient.identifier.value", "extension": regex("[0-9]{4}")},
            {"path": "Patient.contact.name.family", "type": [{"code": "string", "extension": regex("[A-Z].*")}]}
        ]),
    )]);
    let patient = |value: &str, family: &str| json!({"resourceType": "Patient", "identifier": [{"value": value}], "contact": [{"name": {"family": family}}]});
    assert_eq!(
        findings(&validate(&validator, "form", &patient("1234", "Aa"))),
        Vec::<String>::new()
    );
    assert_eq!(
        findings(&validate(&validator, "form", &patient("a1234", "aA"))),
        [
            "Type_Specific_Checks_DT_Primitive_Regex @ Patient.identifier[0].value",
            "Type_Specific_Checks_DT_Primitive_Regex_Type @ Patient.contact[0].name.family"
        ]
    );
}

#[test]
fn a_regular_expression_that_cannot_be_used_is_named_with_what_is_wrong_with_it() {
    for (pattern, why) in [
        ("[0-9", "see character 4"),
        (r"a\Gb", "does not support: see character 3"),
        ("(a{1000}){1000}", "too large"),
        ("^(a|aa)+(?!a)c?$", "takes too long"),
    ] {
        let extension = json!([{"url": "http://hl7.org/fhir/StructureDefinition/regex", "valueString": pattern}]);
        let elements = json!([{"path": "Patient.identifier.value", "extension": extension}]);
        let validator = with(&[profile("form", "Patient", elements)]);
        let value = "a".repeat(60) + "b";
        let patient = json!({"resourceType": "Patient", "identifier": [{"value": value}]});
        let texts: Vec<_> =
            validate(&validator, "form", &patient).iter().map(Issue::text_en).collect();
        let is_it =
            |text: &String| text.contains(&format!("regex: {pattern}")) && text.contains(why);
        assert!(texts.iter().any(is_it), "{pattern}: {texts:?}");
    }
}

#[test]
fn an_extension_without_its_value_or_with_one_too_many_is_reported() {
    let extension = |id: &str, elements: Value| {
        let mut out = profile(id, "Extension", elements);
        out["kind"] = json!("complex-type");
        out["context"] = json!([{"type": "element", "expression": "Patient"}]);
        out
    };
    let validator = with(&[
        extension(
            "simple",
            json!([{"path": "Extension.extension", "max": "0"},
            {"path": "Extension.url", "fixedUri": "http://test.no/simple"},
            {"path": "Extension.value[x]", "type": [{"code": "string"}]}]),
        ),
        extension(
            "parts",
            json!([{"path": "Extension.url", "fixedUri": "http://test.no/parts"},
            {"path": "Extension.value[x]", "max": "0"}]),
        ),
    ]);
    let errors = |extension: Value| {
        let patient = json!({"resourceType": "Patient", "extension": [extension]});
        findings(&validator.validate_text(&patient.to_string(), &Options::default()))
    };
    assert_eq!(
        errors(json!({"url": "http://test.no/simple", "valueString": "a"})),
        Vec::<String>::new()
    );
    let absent = errors(json!({"url": "http://test.no/simple"}));
    assert!(
        absent.contains(&"Extension_EXT_Simple_ABSENT @ Patient.extension[0]".to_owned()),
        "{absent:?}"
    );
    let nested = errors(
        json!({"url": "http://test.no/simple", "extension": [{"url": "a", "valueString": "b"}]}),
    );
    assert!(
        nested.contains(&"Extension_EXT_Simple_WRONG @ Patient.extension[0]".to_owned()),
        "{nested:?}"
    );
    let valued = errors(json!({"url": "http://test.no/parts", "valueString": "a"}));
    assert!(valued.contains(&"Extension_EXT_Type @ Patient.extension[0]".to_owned()), "{valued:?}");
    let typed = errors(json!({"url": "http://test.no/simple", "valueCode": "a"}));
    assert_eq!(typed, ["Extension_EXT_Type @ Patient.extension[0]"]);
}

#[test]
fn a_data_type_whose_definition_cannot_be_used_is_reported_by_name() {
    let validator = with(&[json!({
        "resourceType": "StructureDefinition", "url": "http://hl7.org/fhir/StructureDefinition/HumanName",
        "name": "HumanName", "status": "active", "kind": "complex-type", "abstract": false,
        "type": "HumanName", "baseDefinition": "http://test.no/nowhere", "derivation": "specialization",
        "differential": {"element": [{"id": "HumanName", "path": "HumanName"}]}
    })]);
    let patient = json!({"resourceType": "Patient", "name": [{"family": "A"}]});
    let issues = validator.validate_text(&patient.to_string(), &Options::default());
    let errors: Vec<&Issue> = issues.iter().filter(|i| i.severity.is_error()).collect();
    let [error] = errors.as_slice() else { panic!("{errors:#?}") };
    assert_eq!(error.expression, "Patient.name[0]");
    let text = error.text_en();
    assert!(
        text.contains("StructureDefinition/HumanName") && text.contains("http://test.no/nowhere"),
        "{text}"
    );
}

/// A profile of Patient with so many slices of `identifier`, and how long it takes to make its
/// snapshot, compile it and check an instance.
/// Nanoseconds that this thread has had a processor: work, however many other processes there are.
#[cfg(target_os = "linux")]
fn worked() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    text.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}

#[cfg(target_os = "linux")]
fn work_for(slices: usize) -> u64 {
    let mut lines = vec![
        json!({"id": "Patient", "path": "Patient"}),
        json!({"id": "Patient.identifier", "path": "Patient.identifier",
            "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}}),
    ];
    for number in 0..slices {
        lines.push(json!({"id": format!("Patient.identifier:s{number}"), "path": "Patient.identifier",
            "sliceName": format!("s{number}"), "patternIdentifier": {"system": format!("urn:x:{number}")}}));
    }
    let profile = json!({
        "resourceType": "StructureDefinition", "url": "urn:x:many", "name": "Many", "status": "draft",
        "kind": "resource", "abstract": false, "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
        "differential": {"element": lines}
    })
    .to_string();
    let instance = r#"{"resourceType":"Patient","meta":{"profile":["urn:x:many"]},"identifier":[{"system":"urn:x:7"}]}"#;
    let begin = worked();
    let package = Package::embedded("x", "1.0.0", [profile.as_str()]).expect("a profile");
    let definitions = Definitions::builder().package(package).build();
    let validator = Validator::builder().definitions(definitions).build();
    let document = Document::parse(instance, &ParseOptions::default()).expect("JSON");
    let options = Options { threads: 1, ..Options::default() };
    let issues = validator.validate(&document, &options);
    let work = worked() - begin;
    assert!(!issues.iter().any(|issue| issue.severity.is_error()), "{issues:?}");
    work
}

#[cfg(target_os = "linux")]
#[test]
fn slices_take_time_in_line_with_their_number() {
    // Read what is shared first.
    work_for(10);
    let least = |slices| (0..3).map(|_| work_for(slices)).min().expect("three");
    let (few, many) = (least(500), least(4_000));
    // Eight times as many: far below the 64 times of a quadratic way.
    assert!(many < few * 24, "500 slices: {few} ns of work, 4000 slices: {many} ns");
}
