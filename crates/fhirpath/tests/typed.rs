//! Evaluation with types: choices, specialisations, backbone elements, static checks.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's own data")]

use crate::model;

use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{
    Env, EvalErrorKind, Expression, Host, Item, Model, SemanticErrorKind, Typed, Unavailable,
    to_json,
};
use model::SmallModel;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","active":true,
 "extension":[{"url":"http://example.org/a","valueAge":{"value":41,"system":"http://unitsofmeasure.org","code":"a"}}],
 "contained":[{"resourceType":"Organization","id":"o","name":"Org"}],
 "name":[{"use":"official","family":"Å","given":["Kari","Anne"]},{"given":[null,"Per"],
   "_given":[{"id":"g","extension":[{"url":"http://example.org/x","valueString":"y"}]}]}],
 "birthDate":"1970-05-17","_birthDate":{"extension":[{"url":"http://example.org/t","valueDateTime":"1970-05-17T10:00:00Z"}]},
 "deceasedBoolean":false,
 "contact":[{"relationship":[{"text":"r"}]}],
 "managingOrganization":{"reference":"\#o"}}"#;

struct Refusing;
impl<'a> Host<'a> for Refusing {}

struct Resolving<'a>(Typed<'a>);
impl<'a> Host<'a> for Resolving<'a> {
    fn resolve(
        &self,
        reference: &str,
        _: Option<Typed<'a>>,
    ) -> Result<Option<Typed<'a>>, Unavailable> {
        Ok((reference == "#o").then_some(self.0))
    }
    fn conforms_to(&self, _: &Item<'a>, profile: &str) -> Result<bool, Unavailable> {
        Err(Unavailable::Definition(profile.to_owned()))
    }
}

#[test]
fn a_primitive_has_its_value_as_child() {
    expect(
        PATIENT,
        &[
            ("birthDate.value", &[r#"{"type":"date","value":"1970-05-17"}"#]),
            ("birthDate.value = @1970-05-17", &[r#"{"type":"boolean","value":true}"#]),
            ("active.value", &[r#"{"type":"boolean","value":true}"#]),
            ("name.given.value.count()", &[r#"{"type":"integer","value":3}"#]),
            ("birthDate.highBoundary(4)", &[r#"{"type":"date","value":"1970"}"#]),
            ("extension.value.value", &[r#"{"type":"decimal","value":41}"#]),
        ],
    );
}

#[test]
fn as_takes_one_item_unless_it_is_to_be_lenient() {
    let model = SmallModel::new();
    let document = Document::parse(PATIENT.replace("\\#", "#"), &ParseOptions::default()).unwrap();
    let focus = Typed::resource(document.root_element(), Some(&model));
    let count = |text: &str, lenient: bool| {
        let expression = Expression::parse(text).unwrap();
        let env = Env::new().with_model(&model);
        let env = if lenient { env.with_lenient_as() } else { env };
        let count = expression.evaluate(focus, &env).map(|items| items.len());
        count.map_err(|error| error.kind)
    };
    for text in ["name.as(HumanName)", "name as HumanName"] {
        assert!(matches!(count(text, false), Err(EvalErrorKind::NotSingle { .. })), "{text}");
        assert_eq!(count(text, true), Ok(2), "{text}");
    }
    assert_eq!(count("name[0].as(humanname)", true), Ok(1));
    assert!(count("name[0].as(humanname)", false).is_err());
    assert_eq!(count("name.ofType(HumanName)", false), Ok(2));
    // One type of a choice by its name in JSON, with and without looking at its value.
    for text in ["deceasedBoolean", "Patient.deceasedBoolean", "extension.valueAge.value"] {
        assert_eq!(count(text, false), Ok(0), "{text}");
        assert_eq!(count(text, true), Ok(1), "{text}");
    }
    assert_eq!(count("deceasedDateTime", true), Ok(0));
    assert_eq!(count("where(deceasedBoolean.exists())", false), Ok(0));
    assert_eq!(count("where(deceasedBoolean.exists())", true), Ok(1));
}

/// Each expression with the JSON lines of its items.
fn expect(source: &str, cases: &[(&str, &[&str])]) {
    let model = SmallModel::new();
    let expressions: Vec<_> = cases.iter().map(|(e, _)| Expression::parse(e).expect(e)).collect();
    let document = Document::parse(source.replace("\\#", "#"), &ParseOptions::default()).unwrap();
    let focus = Typed::resource(document.root_element(), Some(&model));
    let organisation = focus
        .element
        .child(&"contained".into())
        .map_or(focus, |c| Typed::resource(c, Some(&model)));
    let host = Resolving(organisation);
    let env = Env::new().with_model(&model).with_host(&host).with_resource(focus, focus);
    for (expression, (text, wanted)) in expressions.iter().zip(cases) {
        expression.check(&model, focus.ty).expect(text);
        let items = expression.evaluate(focus, &env).expect(text);
        let got: Vec<_> = items.iter().map(|i| to_json(i, Some(&model))).collect();
        assert_eq!(got, *wanted, "{text}");
        assert_eq!(expression.exists(focus, &env).unwrap(), !wanted.is_empty(), "{text}");
    }
}

#[test]
fn choices_are_read_by_their_common_name() {
    expect(
        PATIENT,
        &[
            ("deceased", &[r#"{"type":"boolean","value":false}"#]),
            ("Patient.extension.value.value", &[r#"{"type":"decimal","value":41}"#]),
            ("extension.value is Quantity", &[r#"{"type":"boolean","value":true}"#]),
            ("extension.value.ofType(Quantity).value", &[r#"{"type":"decimal","value":41}"#]),
            ("extension.value.ofType(Duration)", &[]),
            ("extension.value = 41 years", &[r#"{"type":"boolean","value":true}"#]),
            (
                "birthDate.extension('http://example.org/t').value.type().name",
                &[r#"{"type":"string","value":"dateTime"}"#],
            ),
        ],
    );
}

#[test]
fn primitives_and_their_extensions_are_one_element() {
    expect(
        PATIENT,
        &[
            (
                "name.given",
                &[
                    r#"{"type":"string","value":"Kari"}"#,
                    r#"{"type":"string","value":"Anne"}"#,
                    r#"{"type":"string","value":null}"#,
                    r#"{"type":"string","value":"Per"}"#,
                ],
            ),
            (
                "name.given.where(hasValue().not()).extension.value",
                &[r#"{"type":"string","value":"y"}"#],
            ),
            ("name[1].given[0].hasValue()", &[r#"{"type":"boolean","value":false}"#]),
            ("name[1].given[0] & 'x'", &[r#"{"type":"string","value":"x"}"#]),
            ("birthDate.getValue()", &[r#"{"type":"date","value":"1970-05-17"}"#]),
            ("birthDate < @1970-06", &[r#"{"type":"boolean","value":true}"#]),
        ],
    );
}

#[test]
fn types_are_known_through_the_tree() {
    expect(
        PATIENT,
        &[
            ("contained.id", &[r#"{"type":"id","value":"o"}"#]),
            ("contained.type().name", &[r#"{"type":"string","value":"Organization"}"#]),
            ("contact.type().name", &[r#"{"type":"string","value":"BackboneElement"}"#]),
            (
                "name.type().name",
                &[
                    r#"{"type":"string","value":"HumanName"}"#,
                    r#"{"type":"string","value":"HumanName"}"#,
                ],
            ),
            ("name.descendants().ofType(code)", &[r#"{"type":"code","value":"official"}"#]),
            ("managingOrganization.resolve().name", &[r#"{"type":"string","value":"Org"}"#]),
            (
                "managingOrganization.resolve() is Organization",
                &[r#"{"type":"boolean","value":true}"#],
            ),
            (
                "$this is DomainResource and $this is Resource",
                &[r#"{"type":"boolean","value":true}"#],
            ),
            (
                "name.first().use.is(string) and name.first().use.is(code)",
                &[r#"{"type":"boolean","value":true}"#],
            ),
            ("name.use.ofType(string)", &[]),
            ("active is System.Boolean", &[r#"{"type":"boolean","value":false}"#]),
            ("%resource.id | contained.select(%resource.id)", &[r#"{"type":"id","value":"p"}"#]),
            (
                "(1).is(System.Integer) and 1.type().namespace = 'System'",
                &[r#"{"type":"boolean","value":true}"#],
            ),
        ],
    );
}

#[test]
fn an_element_that_no_type_has_is_found_without_data() {
    let model = SmallModel::new();
    let patient = model.type_named(&"Patient".into()).unwrap();
    for (text, column) in [
        ("nane.given", 1),
        ("name.givn", 6),
        ("name.where(famly = 'x')", 12),
        ("Encounter.status", 1),
        ("deceasedBoolean", 1),
        ("active.foo", 8),
        ("contact.name.select(given | oops)", 29),
        ("name.given.first().length().x", 29),
    ] {
        let errors = Expression::parse(text).unwrap().check(&model, patient).unwrap_err();
        assert_eq!(errors[0].location.column, column, "{text}: {}", errors[0]);
        assert!(
            matches!(
                errors[0].kind,
                SemanticErrorKind::UnknownElement { .. } | SemanticErrorKind::WrongContext { .. }
            ),
            "{text}"
        );
    }
    for text in [
        "contained.anything.at.all",
        "managingOrganization.resolve().whatever",
        "children().x",
        "extension.value.unit",
        "Resource.id | DomainResource.text",
        "iif(active, name, contact.name).family",
        "name.given.select($this + 'x')",
    ] {
        Expression::parse(text).unwrap().check(&model, patient).expect(text);
    }
    for text in ["birthDate + 1", "iif('x', 1)", "name.startsWith('x')", "contact.matches('x')"] {
        let errors = Expression::parse(text).unwrap().check(&model, patient).unwrap_err();
        assert!(matches!(errors[0].kind, SemanticErrorKind::Type { .. }), "{text}");
    }
}

#[test]
fn from_the_items_of_another_expression_a_misspelt_name_is_found_too() {
    let model = SmallModel::new();
    let patient = model.type_named(&"Patient".into()).unwrap();
    let check = |start: &str, text: &str| {
        let start = Expression::parse(start).unwrap();
        Expression::parse(text).unwrap().check_from(&model, &start, patient)
    };
    for (start, text, expected) in [
        (
            "$this",
            "name.given1",
            "line 1, column 6: HumanName has no element given1; did you mean given?",
        ),
        ("Patient.name", "family.foo", "line 1, column 8: string has no element foo"),
        ("name | address", "given.foo", "line 1, column 7: string has no element foo"),
        ("name.count()", "given", "line 1, column 1: Integer has no element given"),
        ("name", "%context.city", "line 1, column 10: HumanName has no element city"),
        ("name", "$this.city", "line 1, column 7: HumanName has no element city"),
        ("deceased", "select(foo)", "line 1, column 8: boolean, dateTime has no element foo"),
    ] {
        let errors = check(start, text).unwrap_err();
        assert_eq!(errors[0].to_string(), expected, "{start}: {text}");
    }
    let errors = check("birthDate", "$this + 7").unwrap_err();
    assert!(matches!(errors[0].kind, SemanticErrorKind::Type { .. }));
    for (start, text) in [
        ("name", "given.first() & HumanName.family"),
        ("name | address", "given | city | period.start"),
        ("contained", "Organization.name | status"),
        ("children()", "anything.at.all"),
        ("name | children()", "anything"),
        ("managingOrganization.resolve()", "name"),
        ("{}", "anything"),
        ("deceased", "$this is boolean"),
        ("contact", "%resource.name.family | name.family"),
    ] {
        assert_eq!(check(start, text), Ok(()), "{start}: {text}");
    }
}

#[test]
fn a_misspelt_name_is_reported_with_the_one_that_may_be_meant() {
    let model = SmallModel::new();
    let patient = model.type_named(&"Patient".into()).unwrap();
    for (text, expected) in [
        ("Patient.nmae", "line 1, column 9: Patient has no element nmae; did you mean name?"),
        ("name.givn", "line 1, column 6: HumanName has no element givn; did you mean given?"),
        ("Patinet.name", "line 1, column 1: Patient has no element Patinet; did you mean Patient?"),
        (
            "extension.valeu",
            "line 1, column 11: Extension has no element valeu; did you mean value?",
        ),
        ("name.count", "line 1, column 6: HumanName has no element count; did you mean count()?"),
        ("name.occupation", "line 1, column 6: HumanName has no element occupation"),
    ] {
        let errors = Expression::parse(text).unwrap().check(&model, patient).unwrap_err();
        assert_eq!(errors[0].to_string(), expected);
    }
    for (text, expected) in [
        ("name.exist()", "unknown function exist(); did you mean exists()?"),
        ("name.oftype(code)", "unknown function oftype(); did you mean ofType()?"),
        (
            "name.replaceMatch('a', 'b')",
            "unknown function replaceMatch(); did you mean replaceMatches()?",
        ),
        ("name.frobnicate()", "unknown function frobnicate()"),
    ] {
        let error = Expression::parse(text).unwrap_err();
        assert_eq!(error.kind.to_string(), expected);
    }
}

#[test]
fn what_cannot_be_evaluated_is_an_error_and_never_a_pass() {
    let model = SmallModel::new();
    let cases = [
        "conformsTo('http://example.org/p')",
        "gender.memberOf('http://example.org/vs')",
        "managingOrganization.resolve().exists()",
        "gender.subsumes(gender)",
        "now() > birthDate",
        "%unknown",
        "elementDefinition()",
        "checkModifiers('x')",
        "name.as(Nothing)",
        "name.family.matches('(')",
    ];
    let expressions: Vec<_> = cases.iter().map(|e| Expression::parse(e).expect(e)).collect();
    let text =
        PATIENT.replace("\\#", "#").replace("\"active\"", "\"gender\":\"female\",\"active\"");
    let document = Document::parse(text, &ParseOptions::default()).unwrap();
    let focus = Typed::resource(document.root_element(), Some(&model));
    let env = Env::new().with_model(&model).with_host(&Refusing);
    for (expression, text) in expressions.iter().zip(cases) {
        let error = expression.test(focus, &env).expect_err(text);
        assert!(
            matches!(
                error.kind,
                EvalErrorKind::Unavailable { .. }
                    | EvalErrorKind::UnknownConstant(_)
                    | EvalErrorKind::UnknownType(_)
                    | EvalErrorKind::Regex { .. }
            ),
            "{text}: {error}"
        );
    }
}

#[test]
fn an_invariant_is_decided_as_hl7s_validator_decides_it() {
    let model = SmallModel::new();
    let cases = [
        ("name.where(use = 'none')", false),
        ("name.first()", true),
        ("name", true),
        ("active", true),
        ("deceased", false),
        ("contained.all($this.ofType(Patient) or $this.ofType(Organization))", true),
        ("contained.all($this.ofType(Patient) or $this.ofType(Bundle))", false),
        ("hasValue() or (children().count() > id.count())", true),
        ("name.exists() and contact.relationship.exists()", true),
        ("birthDate.exists() implies birthDate.toString().length() = 10", true),
        ("link.empty() or link.other.exists()", true),
        ("contained.where((('#'+id in (%resource.descendants().reference)) ).not()).empty()", true),
    ];
    let expressions: Vec<_> = cases.iter().map(|(e, _)| Expression::parse(e).expect(e)).collect();
    let document = Document::parse(PATIENT.replace("\\#", "#"), &ParseOptions::default()).unwrap();
    let focus = Typed::resource(document.root_element(), Some(&model));
    let env = Env::new().with_model(&model).with_resource(focus, focus);
    for (expression, (text, wanted)) in expressions.iter().zip(cases) {
        assert_eq!(expression.test(focus, &env).expect(text), wanted, "{text}");
    }
}
