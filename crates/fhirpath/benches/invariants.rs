//! What R4's own invariants cost on a bundle of 5 KB: `cargo bench -p lmr-fhirpath`.
//!
//! Every element of the bundle is tested by the invariants that its type has; walking and parsing
//! are left out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement")]

#[path = "../tests/model/mod.rs"]
mod model;

use divan::Bencher;
use lmr_fhir::{Document, ParseOptions};
use lmr_fhirpath::{Child, Env, Expression, Model, Typed};
use model::SmallModel;

const INVARIANTS: [(&str, &str); 20] = [
    ("Element", "hasValue() or (children().count() > id.count())"),
    ("Extension", "extension.exists() != value.exists()"),
    ("DomainResource", "contained.contained.empty()"),
    (
        "DomainResource",
        "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | \
         %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#')\
         .exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#')\
         .exists()).not()).trace('unmatched', id).empty()",
    ),
    ("DomainResource", "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()"),
    ("DomainResource", "contained.meta.security.empty()"),
    (
        "Reference",
        "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))",
    ),
    ("Period", "start.hasValue().not() or end.hasValue().not() or (start <= end)"),
    ("Quantity", "code.empty() or system.exists()"),
    (
        "Patient.contact",
        "name.exists() or telecom.exists() or address.exists() or organization.exists()",
    ),
    ("Observation", "dataAbsentReason.empty() or value.empty()"),
    (
        "Observation",
        "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()",
    ),
    ("Bundle", "total.empty() or (type = 'searchset') or (type = 'history')"),
    ("Bundle", "entry.search.empty() or (type = 'searchset')"),
    (
        "Bundle",
        "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or %resource.type = 'history'))",
    ),
    (
        "Bundle",
        "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()",
    ),
    (
        "Bundle",
        "type = 'document' implies (identifier.system.exists() and identifier.value.exists())",
    ),
    ("Bundle.entry", "resource.exists() or request.exists() or response.exists()"),
    ("Bundle.entry", "fullUrl.contains('/_history/').not()"),
    (
        "Bundle",
        "entry.all(resource.ofType(Patient) or resource.ofType(Observation) or resource.ofType(Organization) or resource.ofType(Encounter))",
    ),
];

fn bundle() -> String {
    let coding = |n: usize| {
        format!(
            r#"{{"coding":[{{"system":"http://example.org/codes/{n}","code":"C{n:05}","display":"A display text of some length {n}"}}],"text":"text {n}"}}"#
        )
    };
    let mut entries = Vec::new();
    for i in 0..8 {
        let resource = if i % 4 == 0 {
            format!(
                r#"{{"resourceType":"Patient","id":"p{i}","identifier":[{{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"1345678901{i}"}}],
"name":[{{"family":"Testperson","given":["Kari","Anne"]}}],"gender":"female","birthDate":"1970-05-1{i}",
"address":[{{"use":"home","line":["Gata {i}"],"city":"Oslo","period":{{"start":"2020-01-01","end":"2021-01-01"}}}}]}}"#
            )
        } else {
            format!(
                r#"{{"resourceType":"Observation","id":"o{i}","status":"final","category":[{}],"code":{},
"subject":{{"reference":"urn:uuid:0000{i}"}},"effectivePeriod":{{"start":"2026-01-01T10:00:00+01:00","end":"2026-01-01T11:00:00+01:00"}},
"valueQuantity":{{"value":12.50,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}},
"extension":[{{"url":"http://example.org/e","valueString":"x"}}]}}"#,
                coding(i),
                coding(i + 10)
            )
        };
        entries.push(format!(
            r#"{{"fullUrl":"urn:uuid:0000{i}","resource":{resource},"request":{{"method":"POST","url":"X"}}}}"#
        ));
    }
    format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#, entries.join(","))
}

fn walk<'a>(
    typed: Typed<'a>,
    resource: Typed<'a>,
    model: &SmallModel,
    out: &mut Vec<(Typed<'a>, Typed<'a>)>,
) {
    out.push((typed, resource));
    for element in typed.element.children() {
        let child = model.child_by_hash(typed.ty, element.name_hash(), element.name().unwrap());
        let Some(Child::Element { ty, .. } | Child::Variant { ty }) = child else { continue };
        if element.resource_type().is_some() {
            let inner = Typed::resource(element, Some(model));
            walk(inner, inner, model, out);
        } else {
            walk(Typed::new(element, ty), resource, model, out);
        }
    }
}

fn main() {
    divan::main();
}

/// All invariants of all elements.
#[divan::bench]
fn all(bencher: Bencher<'_, '_>) {
    run(bencher, INVARIANTS.len());
}

/// One invariant, by its index in the list, on all elements that have it.
#[divan::bench(args = 0..INVARIANTS.len())]
fn one(bencher: Bencher<'_, '_>, number: usize) {
    run(bencher, number);
}

/// Measures the invariant with this number, or all where there is none.
fn run(bencher: Bencher<'_, '_>, number: usize) {
    let model = SmallModel::new();
    let expressions: Vec<_> = INVARIANTS
        .iter()
        .map(|(ty, text)| {
            (model.type_named(&(*ty).into()).expect(ty), Expression::parse(text).expect(text))
        })
        .collect();
    let text = bundle();
    let document = Document::parse(text.as_str(), &ParseOptions::default()).unwrap();
    let root = Typed::resource(document.root_element(), Some(&model));
    let mut elements = Vec::new();
    walk(root, root, &model, &mut elements);
    let mut plan = Vec::new();
    for (typed, resource) in &elements {
        let env = Env::new().with_model(&model).with_resource(*resource, *resource);
        for (i, (ty, expression)) in expressions.iter().enumerate() {
            if (i == number || number == INVARIANTS.len()) && model.is_subtype(typed.ty, *ty) {
                plan.push((*typed, env.clone(), expression));
            }
        }
    }
    bencher.counter(divan::counter::ItemsCount::new(plan.len())).bench_local(|| {
        for (typed, env, expression) in &plan {
            assert!(expression.test(*typed, env).expect("evaluates"));
        }
    });
}
