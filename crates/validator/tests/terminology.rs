//! Value sets and code systems through the public API.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use lmr_validator::{
    definitions::Definitions,
    package::Package,
    package::{PackageError, write_archive},
    terminology::{CodeList, CodeListError, Content, Membership, MissingContent},
};
use serde_json::{Value, json};

fn of(definitions: &[Value]) -> Definitions {
    let texts: Vec<String> = definitions.iter().map(Value::to_string).collect();
    let package = Package::embedded("x", "1.0.0", texts.iter().map(String::as_str)).unwrap();
    Definitions::builder().package(package).build()
}

fn value_set(name: &str, compose: Value) -> Value {
    json!({"resourceType": "ValueSet", "url": format!("urn:vs:{name}"), "status": "active", "compose": compose})
}

/// animal > (dog > (poodle, old-dog: inactive), cat); `pet` groups dog and cat by property.
fn animals() -> Value {
    json!({
        "resourceType": "CodeSystem", "url": "urn:cs:animals", "status": "active", "content": "complete",
        "concept": [
            {"code": "animal", "display": "Animal", "concept": [
                {"code": "dog", "display": "Dog", "property": [{"code": "legs", "valueInteger": 4}], "concept": [
                    {"code": "poodle", "display": "Poodle", "property": [{"code": "legs", "valueInteger": 4}]},
                    {"code": "old-dog", "property": [{"code": "inactive", "valueBoolean": true}]}
                ]},
                {"code": "cat", "display": "Cat"},
                {"code": "bird", "property": [{"code": "legs", "valueInteger": 2}]}
            ]},
            {"code": "pet", "property": [
                {"code": "notSelectable", "valueBoolean": true},
                {"code": "child", "valueCode": "dog"}, {"code": "child", "valueCode": "cat"}
            ]}
        ]
    })
}

fn members(definitions: &Definitions, set: &str) -> Vec<String> {
    let set = definitions.terminology().value_set(&format!("urn:vs:{set}"));
    let mut codes: Vec<String> =
        set.codes(100).into_iter().map(|(_, code, _)| code.to_string()).collect();
    codes.sort();
    codes
}

#[test]
fn codes_of_the_core_are_checked_and_displayed() {
    let definitions = Definitions::r4();
    let terminology = definitions.terminology();
    let gender = "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1";
    let Membership::Member(member) = terminology.validate(gender, None, "female") else {
        panic!("female")
    };
    assert_eq!(&*member.system, "http://hl7.org/fhir/administrative-gender");
    assert_eq!(member.display.as_deref(), Some("Female"));
    assert_eq!(terminology.validate(gender, None, "Female"), Membership::NotMember);
    assert_eq!(terminology.validate(gender, Some("urn:other"), "female"), Membership::NotMember);
    // A hierarchy of v3 with a filter.
    let class = "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode";
    let system = Some("http://terminology.hl7.org/CodeSystem/v3-ActCode");
    assert!(matches!(terminology.validate(class, system, "IMP"), Membership::Member(_)));
    assert_eq!(terminology.validate(class, system, "FOOD"), Membership::NotMember);
    // Nested imports.
    let labels = terminology.value_set("http://hl7.org/fhir/ValueSet/security-labels");
    assert_eq!(labels.missing_content(), None);
    assert!(matches!(
        labels.validate(Some("http://terminology.hl7.org/CodeSystem/v3-Confidentiality"), "R"),
        Membership::Member(_)
    ));
    assert_eq!(
        terminology.display("http://hl7.org/fhir/administrative-gender", "male").as_deref(),
        Some("Male")
    );
}

#[test]
fn the_counts_of_known_value_sets_are_right() {
    let definitions = Definitions::r4();
    for (url, count) in [
        ("http://hl7.org/fhir/ValueSet/bundle-type", 9),
        ("http://hl7.org/fhir/ValueSet/event-timing", 26),
        ("http://hl7.org/fhir/ValueSet/units-of-time", 7),
        ("http://hl7.org/fhir/ValueSet/resource-types", 148),
        ("http://hl7.org/fhir/ValueSet/identifier-type", 18),
        ("http://hl7.org/fhir/ValueSet/security-labels", 217),
        ("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", 11),
        ("http://terminology.hl7.org/ValueSet/v3-PurposeOfUse", 60),
    ] {
        let set = definitions.terminology().value_set(url);
        let mut codes = set.codes(10_000);
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), count, "{url}");
    }
}

#[test]
fn what_has_no_content_is_unknown_by_name_and_never_refused() {
    let definitions = Definitions::r4();
    let terminology = definitions.terminology();
    let unknown = |set: &str, system: Option<&str>| match terminology.validate(set, system, "x") {
        Membership::Unknown(gap) => gap.to_string(),
        other => panic!("{set}: {other:?}"),
    };
    let routes = "http://hl7.org/fhir/ValueSet/route-codes";
    assert!(unknown(routes, Some("http://snomed.info/sct")).contains("http://snomed.info/sct"));
    assert!(
        unknown("http://hl7.org/fhir/ValueSet/all-languages", None).contains("urn:ietf:bcp:47")
    );
    assert!(unknown("http://hl7.org/fhir/ValueSet/mimetypes", None).contains("urn:ietf:bcp:13"));
    assert!(unknown("urn:nowhere", None).contains("urn:nowhere"));
    assert!(
        unknown("http://snomed.info/sct?fhir_vs=isa/1", None).contains("http://snomed.info/sct")
    );
    // Another system is outside for sure.
    assert_eq!(terminology.validate(routes, Some("urn:other"), "x"), Membership::NotMember);
    let snomed = terminology.code_system("http://snomed.info/sct").unwrap();
    assert_eq!(snomed.content, Content::NotPresent);
}

#[test]
fn a_code_system_that_cannot_be_used_says_why() {
    let mut concept = json!({"code": "last"});
    for number in 0..70 {
        concept = json!({"code": format!("c{number}"), "concept": [concept]});
    }
    let deep = json!({
        "resourceType": "CodeSystem", "url": "urn:cs:deep", "status": "active", "content": "complete",
        "concept": [concept]
    });
    let definitions =
        of(&[deep, value_set("deep", json!({"include": [{"system": "urn:cs:deep"}]}))]);
    let terminology = definitions.terminology();
    let system = terminology.code_system("urn:cs:deep").unwrap();
    let reason = system.fault().unwrap().to_string();
    assert!(reason.contains("deep"), "{reason}");
    match terminology.validate("urn:vs:deep", Some("urn:cs:deep"), "c3") {
        Membership::Unknown(gap) => assert_eq!(gap.to_string(), reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn filters_select_by_hierarchy_property_and_expression() {
    let filter = |name: &str, property: &str, op: &str, value: &str| {
        value_set(
            name,
            json!({"include": [{"system": "urn:cs:animals", "filter": [{"property": property, "op": op, "value": value}]}]}),
        )
    };
    let definitions = of(&[
        animals(),
        filter("is-a", "concept", "is-a", "dog"),
        filter("below", "concept", "descendent-of", "dog"),
        filter("not", "concept", "is-not-a", "dog"),
        filter("above", "concept", "generalizes", "poodle"),
        filter("by-property", "concept", "is-a", "pet"),
        filter("equal", "legs", "=", "4"),
        filter("in", "code", "in", "cat, bird"),
        filter("parent", "parent", "=", "dog"),
        filter("exists", "legs", "exists", "false"),
        filter("regex", "code", "regex", "[a-z]at|b.*"),
        filter("unknown-property", "wings", "=", "2"),
        filter("unknown-op", "code", "about", "dog"),
        filter("no-such-code", "concept", "is-a", "horse"),
    ]);
    assert_eq!(members(&definitions, "is-a"), ["dog", "old-dog", "poodle"]);
    assert_eq!(members(&definitions, "below"), ["old-dog", "poodle"]);
    assert_eq!(members(&definitions, "not"), ["animal", "bird", "cat", "pet"]);
    assert_eq!(members(&definitions, "above"), ["animal", "dog", "pet", "poodle"]);
    assert_eq!(members(&definitions, "by-property"), ["cat", "dog", "old-dog", "pet", "poodle"]);
    assert_eq!(members(&definitions, "equal"), ["dog", "poodle"]);
    assert_eq!(members(&definitions, "in"), ["bird", "cat"]);
    assert_eq!(members(&definitions, "parent"), ["old-dog", "poodle"]);
    assert_eq!(members(&definitions, "exists"), ["animal", "cat", "old-dog", "pet"]);
    assert_eq!(members(&definitions, "regex"), ["bird", "cat"]);
    assert_eq!(members(&definitions, "no-such-code"), Vec::<String>::new());
    for name in ["unknown-property", "unknown-op"] {
        let answer = definitions.terminology().validate(&format!("urn:vs:{name}"), None, "dog");
        assert!(
            matches!(answer, Membership::Unknown(MissingContent::Filter { .. })),
            "{name}: {answer:?}"
        );
    }
}

#[test]
fn includes_excludes_and_imports_combine() {
    let definitions = of(&[
        animals(),
        value_set(
            "dogs",
            json!({"include": [{"system": "urn:cs:animals", "filter": [{"property": "concept", "op": "is-a", "value": "dog"}]}]}),
        ),
        value_set(
            "pets",
            json!({"include": [{"system": "urn:cs:animals", "concept": [{"code": "dog"}, {"code": "cat", "display": "Katt"}]}]}),
        ),
        value_set("both", json!({"include": [{"valueSet": ["urn:vs:dogs", "urn:vs:pets"]}]})),
        value_set(
            "either",
            json!({"include": [{"valueSet": ["urn:vs:dogs"]}, {"valueSet": ["urn:vs:pets"]}]}),
        ),
        value_set(
            "without",
            json!({"include": [{"system": "urn:cs:animals"}], "exclude": [{"valueSet": ["urn:vs:dogs"]}]}),
        ),
        value_set("active", json!({"inactive": false, "include": [{"valueSet": ["urn:vs:dogs"]}]})),
        value_set(
            "narrowed",
            json!({"include": [{"system": "urn:cs:animals", "valueSet": ["urn:vs:pets"]}]}),
        ),
        value_set(
            "half",
            json!({"include": [{"valueSet": ["urn:vs:pets"]}, {"system": "urn:cs:nowhere"}]}),
        ),
    ]);
    assert_eq!(members(&definitions, "both"), ["dog"]);
    assert_eq!(members(&definitions, "either"), ["cat", "dog", "old-dog", "poodle"]);
    assert_eq!(members(&definitions, "without"), ["animal", "bird", "cat", "pet"]);
    assert_eq!(members(&definitions, "active"), ["dog", "poodle"]);
    assert_eq!(members(&definitions, "narrowed"), ["cat", "dog"]);
    let terminology = definitions.terminology();
    let Membership::Member(cat) =
        terminology.validate("urn:vs:pets", Some("urn:cs:animals"), "cat")
    else {
        panic!("cat")
    };
    assert_eq!(cat.display.as_deref(), Some("Katt"));
    // A part without content hides nothing of another system.
    let half = terminology.value_set("urn:vs:half");
    assert!(matches!(half.validate(Some("urn:cs:animals"), "dog"), Membership::Member(_)));
    assert_eq!(half.validate(Some("urn:cs:animals"), "bird"), Membership::NotMember);
    assert!(matches!(half.validate(Some("urn:cs:nowhere"), "x"), Membership::Unknown(_)));
    assert!(matches!(half.validate(None, "bird"), Membership::Unknown(_)));
    assert_eq!(half.has_system("urn:cs:nowhere"), Some(true));
    assert_eq!(half.has_system("urn:cs:other"), Some(false));
}

#[test]
fn value_sets_that_import_each_other_are_reported_by_name() {
    let definitions = of(&[
        animals(),
        value_set("a", json!({"include": [{"valueSet": ["urn:vs:b"]}]})),
        value_set(
            "b",
            json!({"include": [{"valueSet": ["urn:vs:a"]}, {"system": "urn:cs:animals", "concept": [{"code": "dog"}]}]}),
        ),
    ]);
    let Membership::Unknown(MissingContent::Cyclic { chain }) =
        definitions.terminology().validate("urn:vs:a", None, "x")
    else {
        panic!("no circle")
    };
    assert_eq!(chain, ["urn:vs:a", "urn:vs:b", "urn:vs:a"]);
    assert!(matches!(
        definitions.terminology().validate("urn:vs:a", Some("urn:cs:animals"), "dog"),
        Membership::Member(_)
    ));
}

#[test]
fn a_chain_of_imports_without_end_is_reported_by_name() {
    let definitions = of(&(0..5000)
        .map(|number| {
            value_set(
                &number.to_string(),
                json!({"include": [{"valueSet": [format!("urn:vs:{}", number + 1)]}]}),
            )
        })
        .collect::<Vec<_>>());
    let answer = definitions.terminology().validate("urn:vs:0", None, "x");
    assert!(matches!(answer, Membership::Unknown(MissingContent::Unreadable(_))), "{answer:?}");
}

#[test]
fn imports_that_double_with_every_layer_do_not_take_forever() {
    let import = |number: usize| json!({"valueSet": [format!("urn:vs:{number}")]});
    let mut sets =
        vec![animals(), value_set("0", json!({"include": [{"system": "urn:cs:animals"}]}))];
    sets.extend((1..60).map(|number| {
        value_set(&number.to_string(), json!({"include": [import(number - 1), import(number - 1)]}))
    }));
    let definitions = of(&sets);
    let terminology = definitions.terminology();
    assert!(matches!(terminology.validate("urn:vs:5", None, "dog"), Membership::Member(_)));
    let answer = terminology.validate("urn:vs:59", None, "horse");
    assert!(matches!(answer, Membership::Unknown(MissingContent::Unreadable(_))), "{answer:?}");
}

#[test]
fn a_published_expansion_is_used_for_content_that_is_missing() {
    let mut set = value_set("e", json!({"include": [{"system": "urn:cs:nowhere"}]}));
    set["expansion"] = json!({"contains": [
        {"system": "urn:cs:nowhere", "code": "group", "abstract": true, "contains": [{"system": "urn:cs:nowhere", "code": "one", "display": "One"}]}
    ]});
    let mut paged = value_set("paged", json!({"include": [{"system": "urn:cs:nowhere"}]}));
    paged["expansion"] =
        json!({"total": 7, "contains": [{"system": "urn:cs:nowhere", "code": "one"}]});
    let definitions = of(&[set, paged]);
    let terminology = definitions.terminology();
    assert!(matches!(terminology.validate("urn:vs:e", None, "one"), Membership::Member(_)));
    assert_eq!(terminology.validate("urn:vs:e", None, "two"), Membership::NotMember);
    assert!(matches!(terminology.validate("urn:vs:paged", None, "one"), Membership::Unknown(_)));
}

#[test]
fn case_matters_unless_the_system_says_it_does_not() {
    let system = |url: &str, sensitive: Value| {
        let mut system = json!({"resourceType": "CodeSystem", "url": url, "content": "complete", "concept": [{"code": "Ab"}]});
        system["caseSensitive"] = sensitive;
        system
    };
    let definitions = of(&[
        system("urn:cs:strict", json!(true)),
        system("urn:cs:loose", json!(false)),
        value_set("strict", json!({"include": [{"system": "urn:cs:strict"}]})),
        value_set("loose", json!({"include": [{"system": "urn:cs:loose"}]})),
    ]);
    let terminology = definitions.terminology();
    assert_eq!(terminology.validate("urn:vs:strict", None, "ab"), Membership::NotMember);
    let Membership::Member(member) = terminology.validate("urn:vs:loose", None, "ab") else {
        panic!("ab")
    };
    assert!(member.differs_in_case);
}

#[test]
fn a_fragment_does_not_decide_what_it_lacks() {
    let definitions = of(&[
        json!({"resourceType": "CodeSystem", "url": "urn:cs:f", "content": "fragment", "concept": [{"code": "a"}]}),
        value_set("f", json!({"include": [{"system": "urn:cs:f"}]})),
    ]);
    let terminology = definitions.terminology();
    assert!(matches!(terminology.validate("urn:vs:f", None, "a"), Membership::Member(_)));
    assert!(matches!(terminology.validate("urn:vs:f", None, "b"), Membership::Unknown(_)));
}

#[test]
fn a_csv_list_becomes_a_code_system_that_is_checked_for_real() {
    let mut list = CodeList::new("urn:cs:fruit", "Fruit");
    list.read_csv(
        "\u{feff}Kode;Merknad;Visning;Overordnet\n01;;\"Apple; red\";\n02;x;Braeburn;01\n\n",
    )
    .unwrap();
    assert_eq!(list.len(), 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fruit.tgz");
    let below = value_set(
        "below",
        json!({"include": [{"system": "urn:cs:fruit", "filter": [{"property": "concept", "op": "descendent-of", "value": "01"}]}]}),
    );
    let texts = [list.to_code_system().unwrap(), below.to_string()];
    write_archive(&path, "x.fruit", "1.0.0", &texts).unwrap();
    let first = std::fs::read(&path).unwrap();
    write_archive(&path, "x.fruit", "1.0.0", &texts).unwrap();
    assert!(first == std::fs::read(&path).unwrap(), "the same codes give the same bytes");
    let definitions = Definitions::builder().package(Package::open(&path).unwrap()).build();
    assert_eq!(
        definitions.terminology().display("urn:cs:fruit", "01").as_deref(),
        Some("Apple; red")
    );
    assert_eq!(members(&definitions, "below"), ["02"]);
    assert!(matches!(
        write_archive(&path, "../x", "1.0.0", &texts),
        Err(PackageError::BadManifest { .. })
    ));
}

#[test]
fn a_faulty_list_is_refused_with_its_line() {
    let read = |text: &str| {
        let mut list = CodeList::new("urn:cs:x", "X");
        list.read_csv(text).and_then(|()| list.to_code_system().map(|_| ()))
    };
    assert_eq!(read("a,A\nb,B"), Ok(()));
    assert_eq!(read("a\tA\tb\nb\tB"), Ok(()));
    assert_eq!(read("code,display\na,A\n,B"), Err(CodeListError::NoCode { line: 3 }));
    assert_eq!(read("a,A\na,B"), Err(CodeListError::Contradiction { code: "a".into() }));
    assert_eq!(
        read("a,A,z"),
        Err(CodeListError::NoParent { code: "a".into(), parent: "z".into() })
    );
    assert_eq!(read("code,display\n"), Err(CodeListError::Empty));
    assert_eq!(
        read("code,display\na,A\nb,\"B\nc,C\nd,D\n"),
        Err(CodeListError::OpenQuote { line: 3 })
    );
    assert_eq!(read("a,\"A\nb,B\nc,\"C\"\n"), Err(CodeListError::OpenQuote { line: 1 }));
    assert_eq!(read("a,\"A\r\nb\"\r\nc,\"C"), Err(CodeListError::OpenQuote { line: 3 }));
    assert_eq!(read("a,\"A \"\"x\"\", \n1\" \nb,B \"y\"\nc;\"\"\n\"d\",D"), Ok(()));
}
