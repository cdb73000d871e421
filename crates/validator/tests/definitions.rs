//! Definitions, snapshots and packages through the public API, with definitions made up here.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{fs, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};
use lmr_validator::{
    definitions::{
        BindingStrength, DefinitionError, Definitions, DiscriminatorKind, Max, SlicingRules,
    },
    package::{self, Package, PackageCache, PackageError},
};
use serde_json::{Value, json};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// A profile named `name` of a type, with this differential.
fn profile(name: &str, type_name: &str, base: &str, elements: Value) -> Value {
    json!({
        "resourceType": "StructureDefinition",
        "url": format!("urn:x:{name}"),
        "version": "1.0.0",
        "name": name,
        "status": "active",
        "kind": "resource",
        "abstract": false,
        "type": type_name,
        "baseDefinition": base,
        "derivation": "constraint",
        "differential": {"element": elements}
    })
}

fn of(definitions: &[Value]) -> Definitions {
    let texts: Vec<String> = definitions.iter().map(Value::to_string).collect();
    let package = Package::embedded("x", "1.0.0", texts.iter().map(String::as_str)).unwrap();
    Definitions::builder().package(package).build()
}

fn ids(definitions: &Definitions, url: &str, prefix: &str) -> Vec<String> {
    let found = definitions.structure(url).unwrap().unwrap();
    found
        .elements
        .iter()
        .map(|element| element.id.to_string())
        .filter(|id| id.starts_with(prefix))
        .collect()
}

#[test]
fn the_whole_core_can_be_read() {
    let definitions = Definitions::r4();
    let mut count = 0;
    for summary in definitions.structures() {
        let found = definitions.structure(summary.url).unwrap().unwrap();
        assert_eq!(&*found.url, summary.url);
        assert!(!found.elements.is_empty(), "{} has no elements", found.url);
        count += 1;
    }
    assert_eq!(count, 649);
}

#[test]
fn the_core_is_r4_as_published_where_the_npm_package_is_not() {
    let definitions = Definitions::r4();
    let bundle = definitions.type_definition("Bundle").unwrap().unwrap();
    assert_eq!(
        &*bundle.element("Bundle.entry.response.outcome").unwrap().types[0].code,
        "Resource"
    );
    let meta = definitions.type_definition("Meta").unwrap().unwrap();
    assert!(meta.element("Meta.project").is_none());
    assert!(meta.element("Meta.profile").is_some());
    let variable = definitions.type_definition("EvidenceVariable").unwrap().unwrap();
    assert!(variable.element("EvidenceVariable.characteristic.definition[x]").is_some());
    assert!(!definitions.is_resource_type("SubscriptionStatus"));
    assert!(definitions.is_resource_type("Patient"));
    assert!(!definitions.is_resource_type("DomainResource"));
}

#[test]
fn faulty_invariants_of_r4_are_corrected_wherever_they_occur() {
    let definitions = Definitions::r4();
    let rule = |type_name: &str, path: &str, key: &str| {
        let found = definitions.type_definition(type_name).unwrap().unwrap();
        let element = found.elements.iter().find(|element| &*element.path == path).unwrap();
        let rule = element.constraints.iter().find(|rule| &*rule.key == key).unwrap();
        rule.expression.clone().unwrap().to_string()
    };
    assert!(rule("Reference", "Reference", "ref-1").starts_with("reference.exists() implies"));
    assert!(rule("Bundle", "Bundle.entry", "bdl-8").starts_with("fullUrl.exists() implies"));
    assert!(rule("Patient", "Patient", "dom-6").contains("%rootResource != $this"));
    assert!(rule("Condition", "Condition", "con-3").contains("category.coding"));
    assert!(rule("Questionnaire", "Questionnaire.item", "que-12").contains(">= 2"));
    assert!(rule("ValueSet", "ValueSet", "vsd-0").starts_with("name.exists() implies"));
    assert!(rule("ElementDefinition", "ElementDefinition", "eld-20").contains("'^"));
}

#[test]
fn base_cardinality_decides_what_is_an_array() {
    let definitions = of(&[profile(
        "one-category",
        "Substance",
        &format!("{CORE}Substance"),
        json!([{"id": "Substance.category", "path": "Substance.category", "min": 1, "max": "1"}]),
    )]);
    let found = definitions.structure("urn:x:one-category").unwrap().unwrap();
    let category = found.element("Substance.category").unwrap();
    assert_eq!((category.min, category.max), (1, Max::Count(1)));
    assert!(category.is_array());
}

#[test]
fn a_canonical_with_a_version_finds_that_version_and_one_without_the_latest() {
    let definition = |version: &str| {
        let mut definition = profile("p", "Patient", &format!("{CORE}Patient"), json!([]));
        definition["version"] = json!(version);
        Package::embedded("x", version, [definition.to_string().as_str()]).unwrap()
    };
    let definitions =
        Definitions::builder().packages(["1.2.0", "1.10.0", "1.9.0"].map(definition)).build();
    let version = |canonical: &str| {
        definitions
            .structure(canonical)
            .unwrap()
            .map(|found| found.version.clone().unwrap().to_string())
    };
    assert_eq!(version("urn:x:p").as_deref(), Some("1.10.0"));
    assert_eq!(version("urn:x:p|1.9.0").as_deref(), Some("1.9.0"));
    assert_eq!(version("urn:x:p|1.2").as_deref(), Some("1.2.0"));
    assert_eq!(version("urn:x:p|2.0.0"), None);
    assert_eq!(definitions.structure(&format!("{CORE}Patient|5.0.0")).unwrap().map(|_| ()), None);
    assert!(definitions.structure(&format!("{CORE}Patient|4.0.1")).unwrap().is_some());
}

#[test]
fn slices_begin_as_what_they_slice_and_reslices_as_their_slice() {
    let definitions = of(&[profile(
        "sliced",
        "Patient",
        &format!("{CORE}Patient"),
        json!([
            // Out of order, and without ids: locations follow from what comes before.
            {"path": "Patient.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "closed"}, "min": 1},
            {"path": "Patient.identifier", "sliceName": "a", "max": "2"},
            {"path": "Patient.identifier.system", "fixedUri": "urn:a"},
            {"path": "Patient.identifier", "sliceName": "b"},
            {"path": "Patient.identifier.system", "fixedUri": "urn:b"},
            {"path": "Patient.identifier", "sliceName": "a/old", "max": "1"},
            {"path": "Patient.identifier.use", "patternCode": "old"},
            {"id": "Patient.identifier.value", "path": "Patient.identifier.value", "min": 1}
        ]),
    )]);
    let found = definitions.structure("urn:x:sliced").unwrap().unwrap();
    let element = |id: &str| found.element(id).unwrap_or_else(|| panic!("no {id}"));
    assert_eq!(element("Patient.identifier").slicing.as_ref().unwrap().rules, SlicingRules::Closed);
    assert_eq!(element("Patient.identifier").min, 1);
    // The unsliced element's minimum is not a slice's; what is said of its children is.
    assert_eq!(element("Patient.identifier:a").min, 0);
    assert_eq!(element("Patient.identifier:a").max, Max::Count(2));
    assert_eq!(element("Patient.identifier:a.value").min, 1);
    assert_eq!(element("Patient.identifier:b.value").min, 1);
    // A re-slice has what its slice has.
    assert_eq!(element("Patient.identifier:a/old").max, Max::Count(1));
    let fixed = element("Patient.identifier:a/old.system").fixed.clone().unwrap();
    assert_eq!(fixed.type_name(), "uri");
    assert_eq!(fixed.json().text().unwrap(), "urn:a");
    assert!(element("Patient.identifier:a.use").pattern.is_none());
    let order: Vec<_> = ids(&definitions, "urn:x:sliced", "Patient.identifier:")
        .into_iter()
        .filter(|id| !id.contains(".") || id.matches('.').count() == 1)
        .collect();
    assert_eq!(order, ["Patient.identifier:a", "Patient.identifier:a/old", "Patient.identifier:b"]);
}

#[test]
fn a_choice_named_by_its_type_becomes_a_slice_of_the_choice() {
    let definitions = of(&[
        profile(
            "optional",
            "Observation",
            &format!("{CORE}Observation"),
            json!([
                {"path": "Observation.valueQuantity", "binding": {"strength": "required", "valueSet": "urn:x:units"}},
                {"path": "Observation.valueQuantity.code", "min": 1}
            ]),
        ),
        profile(
            "mandatory",
            "Observation",
            &format!("{CORE}Observation"),
            json!([{"path": "Observation.valueString", "min": 1}]),
        ),
    ]);
    let found = definitions.structure("urn:x:optional").unwrap().unwrap();
    let slice = found.element("Observation.value[x]:valueQuantity").unwrap();
    assert_eq!(slice.types.len(), 1);
    assert_eq!(slice.binding.as_ref().unwrap().strength, BindingStrength::Required);
    assert_eq!(found.element("Observation.value[x]:valueQuantity.code").unwrap().min, 1);
    let choice = found.element("Observation.value[x]").unwrap();
    let slicing = choice.slicing.as_ref().unwrap();
    assert_eq!(slicing.discriminators[0].kind, DiscriminatorKind::Type);
    // No other type is named, so there is none, although the slice is optional.
    assert_eq!(slicing.rules, SlicingRules::Closed);
    assert_eq!((choice.types.len(), choice.min), (1, 0));
    // A mandatory slice makes the choice mandatory.
    let found = definitions.structure("urn:x:mandatory").unwrap().unwrap();
    let choice = found.element("Observation.value[x]").unwrap();
    assert_eq!(choice.types.len(), 1);
    assert_eq!(choice.slicing.as_ref().unwrap().rules, SlicingRules::Closed);
}

#[test]
fn content_references_are_walked_into() {
    let definitions = of(&[profile(
        "nested",
        "Questionnaire",
        &format!("{CORE}Questionnaire"),
        json!([{"path": "Questionnaire.item.item.item.text", "min": 1}]),
    )]);
    let found = definitions.structure("urn:x:nested").unwrap().unwrap();
    assert_eq!(found.element("Questionnaire.item.item.item.text").unwrap().min, 1);
    assert_eq!(found.element("Questionnaire.item.item.text").unwrap().min, 0);
    assert!(found.element("Questionnaire.item.item.item").unwrap().content_reference.is_none());
    let innermost = found.element("Questionnaire.item.item.item.item").unwrap();
    assert_eq!(innermost.content_reference.as_deref(), Some("Questionnaire.item"));
}

#[test]
fn extensions_and_profiles_of_data_types_are_walked_into_through_several_parents() {
    let mut extension = profile(
        "ext",
        "Extension",
        &format!("{CORE}Extension"),
        json!([
            {"path": "Extension", "max": "1", "constraint": [{"key": "x-1", "severity": "error", "human": "h", "expression": "value.exists()"}]},
            {"path": "Extension.url", "fixedUri": "urn:x:ext"},
            {"path": "Extension.value[x]", "type": [{"code": "string"}]}
        ]),
    );
    extension["kind"] = json!("complex-type");
    let mut address = profile(
        "address",
        "Address",
        &format!("{CORE}Address"),
        json!([
            {"path": "Address.extension", "sliceName": "e", "type": [{"code": "Extension", "profile": ["urn:x:ext"]}]},
            {"path": "Address.city", "min": 1}
        ]),
    );
    address["kind"] = json!("complex-type");
    let definitions = of(&[
        profile(
            "parent",
            "Patient",
            &format!("{CORE}Patient"),
            json!([{"path": "Patient.address", "type": [{"code": "Address", "profile": ["urn:x:address"]}]}]),
        ),
        profile(
            "child",
            "Patient",
            "urn:x:parent",
            json!([
                {"path": "Patient.address.extension", "sliceName": "e", "min": 1},
                {"path": "Patient.address.extension.value[x]", "min": 1},
                {"path": "Patient.address.city", "maxLength": 10}
            ]),
        ),
        address,
        extension,
    ]);
    let found = definitions.structure("urn:x:child").unwrap().unwrap();
    let slice = found.element("Patient.address.extension:e").unwrap();
    assert_eq!((slice.min, slice.max), (1, Max::Count(1)));
    let rule = slice.constraints.iter().find(|rule| &*rule.key == "x-1").unwrap();
    assert_eq!(rule.source.as_deref(), Some("urn:x:ext"));
    let value = found.element("Patient.address.extension:e.value[x]").unwrap();
    assert_eq!((value.min, value.types.len()), (1, 1));
    let city = found.element("Patient.address.city").unwrap();
    assert_eq!((city.min, city.max_length), (1, Some(10)));
    assert!(found.element("Patient.address.extension").unwrap().slicing.is_some());
}

#[test]
fn profiles_that_go_round_in_a_circle_are_refused_by_name() {
    let definitions = of(&[
        profile("a", "Patient", "urn:x:b", json!([])),
        profile("b", "Patient", "urn:x:c", json!([])),
        profile("c", "Patient", "urn:x:a", json!([])),
    ]);
    let error = definitions.structure("urn:x:b").unwrap_err();
    let DefinitionError::Cyclic { chain } = error else { panic!("{error}") };
    assert_eq!(chain, ["urn:x:b", "urn:x:c", "urn:x:a", "urn:x:b"]);

    let walking = |name: &str, other: &str| {
        let mut definition = profile(
            name,
            "Address",
            &format!("{CORE}Address"),
            json!([
                {"path": "Address.extension", "sliceName": "s", "type": [{"code": "Extension", "profile": [other]}]},
                {"path": "Address.extension.value[x]", "min": 1}
            ]),
        );
        definition["kind"] = json!("complex-type");
        definition
    };
    let definitions = of(&[walking("d", "urn:x:e"), walking("e", "urn:x:d")]);
    let error = definitions.structure("urn:x:d").unwrap_err();
    assert!(matches!(error, DefinitionError::Cyclic { .. }), "{error}");
}

#[test]
fn a_profile_may_mention_itself_without_walking_into_itself() {
    let definitions = of(&[profile(
        "tree",
        "Parameters",
        &format!("{CORE}Parameters"),
        json!([{"path": "Parameters.parameter.resource", "type": [{"code": "Parameters", "profile": ["urn:x:tree"]}]}]),
    )]);
    assert!(definitions.structure("urn:x:tree").unwrap().is_some());
}

#[test]
fn a_missing_base_is_named_and_an_unknown_element_is_left_out_by_name() {
    let definitions = of(&[
        profile("orphan", "Patient", "urn:x:nowhere", json!([])),
        profile(
            "misspelt",
            "Patient",
            &format!("{CORE}Patient"),
            json!([{"path": "Patient.nmae", "min": 1}]),
        ),
        profile(
            "choice",
            "Observation",
            &format!("{CORE}Observation"),
            json!([{"path": "Observation.value[x].code", "min": 1}]),
        ),
    ]);
    let error =
        |name: &str| definitions.structure(&format!("urn:x:{name}")).unwrap_err().to_string();
    assert_eq!(
        error("orphan"),
        "urn:x:orphan is based on urn:x:nowhere, which is not at hand: give the package that has it"
    );
    let misspelt = definitions.structure("urn:x:misspelt").unwrap().unwrap();
    assert_eq!(misspelt.ignored.iter().map(|path| &**path).collect::<Vec<_>>(), ["Patient.nmae"]);
    assert!(
        misspelt.element("Patient.nmae").is_none() && misspelt.element("Patient.name").is_some()
    );
    assert!(error("choice").contains("may have several types"));
    assert!(definitions.structure("urn:x:unknown").unwrap().is_none());
}

#[test]
fn elements_nested_without_end_are_refused() {
    let path = format!("Questionnaire{}", ".item".repeat(5000));
    let definitions = of(&[profile(
        "deep",
        "Questionnaire",
        &format!("{CORE}Questionnaire"),
        json!([{"path": path, "min": 1}]),
    )]);
    assert!(matches!(definitions.structure("urn:x:deep"), Err(DefinitionError::TooDeep { .. })));
}

#[test]
fn chains_without_end_and_snapshots_that_double_are_refused() {
    let name = |number: usize| format!("p{number}");
    let mut chain: Vec<Value> = (0..2000)
        .map(|number| {
            profile(&name(number), "Patient", &format!("urn:x:{}", name(number + 1)), json!([]))
        })
        .collect();
    chain.push(profile(&name(2000), "Patient", &format!("{CORE}Patient"), json!([])));
    let definitions = of(&chain);
    assert!(matches!(definitions.structure("urn:x:p0"), Err(DefinitionError::LongChain { .. })));
    assert!(definitions.structure("urn:x:p1990").unwrap().is_some());

    let doubling: Vec<Value> = (0..40)
        .map(|number| {
            let inner = if number == 0 { format!("{CORE}Extension") } else { format!("urn:x:e{}", number - 1) };
            let slice = |slice: &str| {
                [
                    json!({"path": "Extension.extension", "sliceName": slice, "type": [{"code": "Extension", "profile": [inner]}]}),
                    json!({"path": "Extension.extension.id", "max": "0"}),
                ]
            };
            profile(&format!("e{number}"), "Extension", &format!("{CORE}Extension"), [slice("a"), slice("b")].concat().into())
        })
        .collect();
    let definitions = of(&doubling);
    assert!(definitions.structure("urn:x:e3").unwrap().is_some());
    assert!(matches!(definitions.structure("urn:x:e39"), Err(DefinitionError::TooLarge { .. })));
}

/// A gzipped tar file with these files.
fn archive(path: &Path, files: &[(&str, &[u8])]) {
    let mut tar = Vec::new();
    for (name, content) in files {
        // By hand, since the writer refuses the names that the test is about.
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[156] = b'0';
        header[257..263].copy_from_slice(b"ustar\0");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        tar.extend_from_slice(&header);
        tar.extend_from_slice(content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    let mut gzip = GzEncoder::new(fs::File::create(path).unwrap(), Compression::fast());
    gzip.write_all(&tar).unwrap();
    gzip.finish().unwrap();
}

const MANIFEST: &[u8] =
    br#"{"name": "x.y", "version": "1.2.0", "dependencies": {"hl7.fhir.r4.core": "4.0.1"}}"#;

#[test]
fn a_package_can_be_an_archive_a_folder_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let definition = profile("p", "Patient", &format!("{CORE}Patient"), json!([])).to_string();
    let example = br#"{"resourceType": "ValueSet", "url": "urn:x:example"}"#;
    let files: [(&str, &[u8]); 3] = [
        ("package/package.json", MANIFEST),
        ("package/p.json", definition.as_bytes()),
        ("package/example/e.json", example),
    ];
    let tgz = folder.path().join("x.tgz");
    archive(&tgz, &files);
    let inner = folder.path().join("x").join("package");
    fs::create_dir_all(inner.join("example")).unwrap();
    for (name, content) in files {
        fs::write(folder.path().join("x").join(name), content).unwrap();
    }
    for path in [tgz, folder.path().join("x"), inner.join("p.json")] {
        let package = Package::open(&path).unwrap();
        let urls: Vec<_> = package.definitions().map(|(_, url)| url.to_owned()).collect();
        assert_eq!(urls, ["urn:x:p"], "{}", path.display());
    }
}

#[test]
fn what_two_packages_say_otherwise_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let package = |name: &str, more: &str, texts: &[&str]| {
        let path = folder.path().join(name);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("package.json"), format!(r#"{{"name":"a.b"{more}}}"#)).unwrap();
        for (at, text) in texts.iter().enumerate() {
            fs::write(path.join(format!("{at}.json")), text).unwrap();
        }
        Package::open(&path).unwrap()
    };
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        Package::open(&path).unwrap()
    };
    let one =
        r#"{"resourceType":"CodeSystem","url":"urn:x:a","title":"\u00e6","content":"complete"}"#;
    let spaced = "{\n \"resourceType\": \"CodeSystem\", \"url\": \"urn:x:a\", \"title\": \"\u{e6}\",\n \"content\": \"complete\" }";
    let other = one.replace("complete", "fragment");
    let later = one.replace("\"content", "\"version\":\"2\",\"content");
    let second = one.replace("urn:x:a", "urn:x:b");
    let v1 = ",\"version\":\"1\"";
    let plain = package("plain", v1, &[one]);
    for (name, against, expected) in [
        ("the same", package("same", v1, &[one]), None),
        ("other white space", package("spaced", v1, &[spaced]), None),
        ("other content", package("other", v1, &[&other]), Some("urn:x:a")),
        ("one more", package("more", v1, &[one, &second]), Some("urn:x:b")),
        ("none", package("none", v1, &[]), Some("urn:x:a")),
        ("another version", package("later", ",\"version\":\"2\"", &[&other]), None),
        ("a file of one of its definitions", file("one.json", &other), None),
    ] {
        assert_eq!(plain.differing(&against), expected, "{name}");
        assert_eq!(against.differing(&plain), expected, "{name}, the other way round");
    }
    let alone = file("alone.json", one);
    for (name, text, expected) in [
        ("same.json", one, None),
        ("spaced.json", spaced, None),
        ("other.json", &other, Some("urn:x:a")),
        ("later.json", &later, None),
        ("second.json", &second, None),
    ] {
        assert_eq!(alone.differing(&file(name, text)), expected, "{name}");
    }
}

#[test]
fn broken_packages_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tgz");
    let error = |files: &[(&str, &[u8])]| {
        archive(&path, files);
        Package::open(&path).unwrap_err()
    };
    assert!(matches!(error(&[("package/p.json", b"{}")]), PackageError::NoManifest { .. }));
    assert!(matches!(
        error(&[("package/../../evil.json", b"{}"), ("package/package.json", MANIFEST)]),
        PackageError::UnsafePath { .. }
    ));
    assert!(matches!(
        error(&[("/etc/evil.json", b"{}"), ("package/package.json", MANIFEST)]),
        PackageError::UnsafePath { .. }
    ));
    let broken = error(&[("package/package.json", MANIFEST), ("package/p.json", b"{\"a\": ")]);
    assert!(matches!(&broken, PackageError::NotJson { file, .. } if file == "p.json"), "{broken}");
    let unnamed = error(&[("package/package.json", br#"{"name": "../x", "version": "1.0.0"}"#)]);
    assert!(matches!(unnamed, PackageError::BadManifest { member: "name", .. }), "{unnamed}");
    fs::write(&path, b"no gzip").unwrap();
    assert!(matches!(Package::open(&path), Err(PackageError::NotAnArchive { .. })));
    let other = folder.path().join("patient.json");
    fs::write(&other, br#"{"resourceType": "Patient"}"#).unwrap();
    assert!(matches!(Package::open(&other), Err(PackageError::NoDefinition { .. })));
    for (bytes, expected) in [
        (&b"{"[..], "is not JSON: line 1, column 2: the text ends before the value is complete"),
        (
            b"<a/>",
            "is not JSON: line 1, column 1: the text looks like XML; JSON in UTF-8 is expected",
        ),
        (
            b"{\0\"\0",
            "is not JSON: line 1, column 1: the text looks like UTF-16; UTF-8 is expected",
        ),
        (br#"{"resourceType": "ValueSet"}"#, "has no url"),
    ] {
        fs::write(&other, bytes).unwrap();
        let error = Package::open(&other).unwrap_err();
        assert_eq!(error.to_string(), format!("{} {expected}", other.display()));
    }
    assert!(matches!(
        Package::open(&folder.path().join("none.tgz")),
        Err(PackageError::Unreadable { .. })
    ));
}

#[test]
fn an_archive_that_inflates_without_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.tgz");
    let bomb = vec![b' '; 65 << 20];
    archive(&path, &[("package/package.json", MANIFEST), ("package/p.json", &bomb)]);
    assert!(fs::metadata(&path).unwrap().len() < 1 << 20);
    assert!(matches!(Package::open(&path), Err(PackageError::TooLarge { .. })));
}

#[test]
fn packages_are_installed_once_listed_and_found_as_dependencies() {
    let folder = tempfile::tempdir().unwrap();
    let cache = PackageCache::new(folder.path().join("packages"));
    assert_eq!(cache.list().unwrap(), []);
    let tgz = folder.path().join("x.tgz");
    let definition = profile("p", "Patient", &format!("{CORE}Patient"), json!([])).to_string();
    archive(&tgz, &[("package/package.json", MANIFEST), ("package/p.json", definition.as_bytes())]);
    let installed = cache.install(&tgz).unwrap();
    assert_eq!((installed.name.as_str(), installed.version.as_str()), ("x.y", "1.2.0"));
    assert_eq!(cache.list().unwrap(), [installed]);
    assert!(matches!(cache.install(&tgz), Err(PackageError::Installed { .. })));

    let needs = folder.path().join("needs.tgz");
    let manifest =
        br#"{"name": "n", "version": "1.0.0", "dependencies": {"x.y": "1.2.x", "not.there": "3.0.0", "hl7.fhir.r4.core": "4.0.1"}}"#;
    archive(&needs, &[("package/package.json", manifest)]);
    let (packages, missing) = package::load(&[needs], Some(&cache)).unwrap();
    assert_eq!(packages.iter().map(Package::name).collect::<Vec<_>>(), ["n", "x.y"]);
    assert_eq!(missing.len(), 1);
    assert_eq!((missing[0].name.as_str(), missing[0].needed_by.as_str()), ("not.there", "n 1.0.0"));

    for name in ["x.y", "x.y#1.2.0", "x.y@1.2.x"] {
        let (packages, _) = package::load(&[name.into()], Some(&cache)).unwrap();
        assert_eq!(packages[0].version(), "1.2.0", "{name}");
    }
    for name in ["x.y#2.0.0", "x.z", "none.tgz"] {
        let error = package::load(&[name.into()], Some(&cache)).unwrap_err();
        assert!(
            matches!(&error, PackageError::Nowhere { name: expected } if expected == name),
            "{error}"
        );
    }
}

#[test]
fn children_are_right_below_their_parent_and_slices_among_them() {
    let definitions = of(&[profile(
        "children",
        "Patient",
        &format!("{CORE}Patient"),
        json!([
            {"path": "Patient.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}},
            {"id": "Patient.identifier:a", "path": "Patient.identifier", "sliceName": "a"},
            {"id": "Patient.identifier:a.system", "path": "Patient.identifier.system", "fixedUri": "http://a.no"},
        ]),
    )]);
    let structure = definitions.structure("urn:x:children").unwrap().unwrap();
    let below = |parent: &str| -> Vec<String> {
        structure.children_of(parent).map(|e| e.id.to_string()).collect()
    };
    let of_patient = below("Patient");
    for child in ["Patient.identifier", "Patient.identifier:a", "Patient.contact", "Patient.id"] {
        assert!(of_patient.iter().any(|id| id == child), "{child}: {of_patient:?}");
    }
    assert!(of_patient.iter().all(|id| id.matches('.').count() == 1), "{of_patient:?}");
    assert!(below("Patient.identifier:a").contains(&"Patient.identifier:a.system".to_owned()));
    // A name that only begins like another has children of its own.
    assert_eq!(below("Patient.ident"), Vec::<String>::new());
    assert_eq!(below(""), Vec::<String>::new());
}
