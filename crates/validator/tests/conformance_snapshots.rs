//! Snapshots made here against published ones: those of the guide, which the reference's generator
//! made, and those of no-basis, which Firely's made.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what fails here fails the test, and says what it compared"
)]

use std::{
    collections::HashMap,
    io::Read as _,
    path::{Path, PathBuf},
};

use lmr_validator::{
    definitions::Definitions,
    package::{Package, ResourceKind},
    snapshot::compare::{Aspect, Difference, compare},
};

const LMDI: &str = "hl7.fhir.no.lmdi-1.1.2.tgz";
const LMDI_0_9: &str = "hl7.fhir.no.lmdi-0.9.4.tgz";
const NO_BASIS: &str = "hl7.fhir.no.basis-2.2.0-snapshots.tgz";
const NO_BASIS_BARE: &str = "hl7.fhir.no.basis-2.2.2.tgz";

/// The folder of material that is not part of the project, or `None` with a line that says so.
fn shared(test: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "only the environment names the folder of the material"
    )]
    let folder =
        std::env::var("LMR_SHARED").ok().map(|folder| PathBuf::from(folder).join("packages"));
    if folder.is_none() {
        println!("{test}: left out, LMR_SHARED is not set");
    }
    folder
}

fn open(folder: &Path, name: &str) -> Package {
    Package::open(&folder.join(name)).unwrap()
}

fn structures(package: &Package) -> Vec<String> {
    package
        .definitions()
        .filter(|(kind, _)| *kind == ResourceKind::Structure)
        .map(|(_, url)| url.to_owned())
        .collect()
}

/// Fails unless every difference is one that is known and explained.
fn assert_explained(
    published: &str,
    differences: Vec<Difference>,
    is_explained: impl Fn(&Difference) -> bool,
) {
    let unexplained: Vec<String> = differences
        .iter()
        .filter(|difference| !is_explained(difference))
        .map(ToString::to_string)
        .collect();
    assert!(unexplained.is_empty(), "{published}:\n{}", unexplained.join("\n"));
}

/// The differences of all profiles of a package once their snapshots are dropped and made again.
fn remade(folder: &Path, name: &str, parents: impl Fn() -> Option<Package>) -> Vec<Difference> {
    let package = open(folder, name);
    let urls = structures(&package);
    let published = Definitions::builder().package(package).packages(parents()).build();
    let made = Definitions::builder()
        .package(open(folder, name).without_snapshots())
        .packages(parents())
        .build();
    println!("{name}: {} snapshots compared", urls.len());
    urls.iter()
        .flat_map(|url| {
            let published = published.structure(url).unwrap().unwrap();
            compare(&published, &made.structure(url).unwrap().unwrap())
        })
        .collect()
}

#[test]
fn every_snapshot_of_the_guide_comes_out_again_from_its_differential() {
    let Some(folder) = shared("every_snapshot_of_the_guide_comes_out_again_from_its_differential")
    else {
        return;
    };
    // The publisher took the published snapshots of the parents.
    assert_explained(LMDI, remade(&folder, LMDI, || Some(open(&folder, NO_BASIS))), |_| false);
}

#[test]
fn the_guide_comes_out_again_when_the_snapshots_of_its_parents_are_made_too() {
    let Some(folder) =
        shared("the_guide_comes_out_again_when_the_snapshots_of_its_parents_are_made_too")
    else {
        return;
    };
    let parents = || Some(open(&folder, NO_BASIS).without_snapshots());
    assert_explained(LMDI, remade(&folder, LMDI, parents), is_firelys_way);
}

#[test]
fn every_snapshot_of_the_guide_of_the_seed_comes_out_again_from_its_differential() {
    let Some(folder) =
        shared("every_snapshot_of_the_guide_of_the_seed_comes_out_again_from_its_differential")
    else {
        return;
    };
    assert_explained(LMDI_0_9, remade(&folder, LMDI_0_9, || None), |difference| {
        // The differential makes the code of every form coding mandatory. The published snapshot
        // has that in the slice SCT and has lost it in the slice before it.
        (difference.element == "Medication.form.coding:7448.code" && difference.aspect == Aspect::Min)
        // The guide's value set names a value set as its system, so that none of its codes is one
        // of those that R4 requires there: a wider binding, which is not applied.
            || (difference.element == "MedicationAdministration.status"
                && difference.aspect == Aspect::Binding)
    });
}

#[test]
fn every_snapshot_of_no_basis_comes_out_again_from_its_differential() {
    let Some(folder) = shared("every_snapshot_of_no_basis_comes_out_again_from_its_differential")
    else {
        return;
    };
    assert_explained(NO_BASIS, remade(&folder, NO_BASIS, || None), is_firelys_way);
}

#[test]
fn no_basis_without_snapshots_equals_the_release_with_them_where_the_differentials_are_equal() {
    let Some(folder) = shared(
        "no_basis_without_snapshots_equals_the_release_with_them_where_the_differentials_are_equal",
    ) else {
        return;
    };
    let (before, after) =
        (differentials(&folder.join(NO_BASIS)), differentials(&folder.join(NO_BASIS_BARE)));
    let published = Definitions::builder().package(open(&folder, NO_BASIS)).build();
    let made =
        Definitions::builder().package(open(&folder, NO_BASIS_BARE).without_snapshots()).build();
    let mut equal = 0;
    for (url, differential) in &after {
        let made = made.structure(url).unwrap().unwrap();
        assert!(made.elements.len() > 1, "{url} has no snapshot");
        if before.get(url) == Some(differential) {
            equal += 1;
            let published = published.structure(url).unwrap().unwrap();
            assert_explained(url, compare(&published, &made), is_firelys_way);
        }
    }
    println!("{equal} of {} differentials are equal", after.len());
    assert!(equal >= 25, "only {equal} differentials are equal: the test shows too little");
}

/// The profiles of R4 whose differentials name one type of a choice: id, base, and their lines about it.
const NAMING_A_TYPE: [(&str, &str, &str); 15] = [
    ("bmi", "vitalsigns", r#"{"path":"Observation.valueQuantity","min":1,"max":"1"}"#),
    ("bodyheight", "vitalsigns", r#"{"path":"Observation.valueQuantity"}"#),
    ("bodytemp", "vitalsigns", r#"{"path":"Observation.valueQuantity"}"#),
    ("bodyweight", "vitalsigns", r#"{"path":"Observation.valueQuantity"}"#),
    (
        "bp",
        "vitalsigns",
        r#"{"path":"Observation.valueQuantity","min":0,"max":"0"},
           {"id":"Observation.component","path":"Observation.component","min":2,"slicing":{"discriminator":[{"type":"value","path":"code.coding.code"},{"type":"value","path":"code.coding.system"}],"ordered":false,"rules":"open"}},
           {"id":"Observation.component:SystolicBP","path":"Observation.component","sliceName":"SystolicBP","min":1,"max":"1"},
           {"id":"Observation.component:SystolicBP.valueQuantity","path":"Observation.component.valueQuantity","type":[{"code":"Quantity"}]},
           {"id":"Observation.component:DiastolicBP","path":"Observation.component","sliceName":"DiastolicBP","min":1,"max":"1"},
           {"id":"Observation.component:DiastolicBP.valueQuantity","path":"Observation.component.valueQuantity","type":[{"code":"Quantity"}]}"#,
    ),
    (
        "cdshooksguidanceresponse",
        "GuidanceResponse",
        r#"{"path":"GuidanceResponse.moduleUri","min":1,"max":"1"}"#,
    ),
    ("cholesterol", "Observation", QUANTITY_OR_NOTHING),
    (
        "devicemetricobservation",
        "Observation",
        r#"{"path":"Observation.effectiveDateTime","min":1,"max":"1","type":[{"code":"dateTime"}]},
           {"path":"Observation.value[x]","type":[{"code":"Quantity"},{"code":"CodeableConcept"},{"code":"string"},{"code":"Range"},{"code":"Ratio"},{"code":"SampledData"},{"code":"time"},{"code":"dateTime"},{"code":"Period"}]}"#,
    ),
    ("hdlcholesterol", "Observation", QUANTITY_OR_NOTHING),
    ("headcircum", "vitalsigns", r#"{"path":"Observation.valueQuantity"}"#),
    ("heartrate", "vitalsigns", r#"{"path":"Observation.valueQuantity"}"#),
    ("ldlcholesterol", "Observation", QUANTITY_OR_NOTHING),
    ("oxygensat", "vitalsigns", r#"{"path":"Observation.valueQuantity"}"#),
    ("resprate", "vitalsigns", r#"{"path":"Observation.valueQuantity"}"#),
    ("triglyceride", "Observation", QUANTITY_OR_NOTHING),
];

const QUANTITY_OR_NOTHING: &str =
    r#"{"path":"Observation.valueQuantity","min":0,"max":"1","type":[{"code":"Quantity"}]}"#;

#[test]
fn a_choice_whose_differential_names_a_type_has_the_types_and_slicing_of_r4s_snapshots() {
    let core = "http://hl7.org/fhir/StructureDefinition";
    let mut compared = 0;
    for (id, base, lines) in NAMING_A_TYPE {
        let published = Definitions::r4().structure(&format!("{core}/{id}")).unwrap().unwrap();
        let json = format!(
            r#"{{"resourceType":"StructureDefinition","url":"urn:x:{id}","name":"X","status":"active",
            "kind":"resource","abstract":false,"type":"{}","baseDefinition":"{core}/{base}",
            "derivation":"constraint","differential":{{"element":[{lines}]}}}}"#,
            published.type_name
        );
        let package = Package::embedded("x", "1.0.0", [json.as_str()]).unwrap();
        let definitions = Definitions::builder().package(package).build();
        let made = definitions.structure(&format!("urn:x:{id}")).unwrap().unwrap();
        let is_choice = |element: &str| element.ends_with("[x]");
        compared += made.elements.iter().filter(|element| is_choice(&element.id)).count();
        let differences = compare(&published, &made)
            .into_iter()
            .filter(|one| {
                is_choice(&one.element) && matches!(one.aspect, Aspect::Types | Aspect::Slicing)
            })
            .collect();
        assert_explained(id, differences, |difference| {
            // Below a slice R4's publisher narrowed the choice and wrote no slicing. One of one type says the same.
            difference.aspect == Aspect::Slicing
                && difference.left.is_empty()
                && difference.element.starts_with("Observation.component:")
        });
    }
    assert!(compared > 40, "only {compared} choices were compared");
}

/// What Firely's generator does otherwise than the reference's.
fn is_firelys_way(difference: &Difference) -> bool {
    let Difference { element, aspect, left, right } = difference;
    match aspect {
        // It writes on every extension element that extensions are sliced by URL.
        Aspect::Slicing if element.ends_with("xtension") => {
            right.is_empty() && left.contains("\"url\"")
        }
        // It repeats at each element the invariants of the element's type, which hold there anyway.
        Aspect::Constraints => {
            let left: Vec<&str> = left.lines().collect();
            let of_types =
                ["ref-1", "per-1", "att-1", "cpt-2", "rat-1", "qty-3", "sqty-1", "rng-2"];
            let mut added =
                left.iter().filter(|line| !right.lines().any(|other| other == **line)).peekable();
            let keeps = right.lines().all(|line| left.contains(&line));
            // It leaves out ele-1 where an element is a content reference.
            (element == "Composition.section.section" && left.is_empty())
                || (keeps
                    && added.peek().is_some()
                    && added.all(|line| {
                        of_types.iter().any(|key| line.starts_with(&format!("{key} ")))
                    }))
        }
        // The only slice of the choice is mandatory. The reference's generator concludes that the
        // other type is ruled out; Firely's leaves the conclusion to the validator.
        Aspect::Types | Aspect::Slicing => element == "MedicationStatement.medication[x]",
        _ => false,
    }
}

/// The differentials of a package by canonical URL, prose left aside.
fn differentials(path: &Path) -> HashMap<String, serde_json::Value> {
    let archive = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
    let mut found = HashMap::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut json = String::new();
        if entry.read_to_string(&mut json).is_err() {
            continue;
        }
        let Ok(mut resource) =
            serde_json::from_str::<serde_json::Value>(json.trim_start_matches('\u{feff}'))
        else {
            continue;
        };
        if resource["resourceType"] != "StructureDefinition" {
            continue;
        }
        for element in resource["differential"]["element"].as_array_mut().into_iter().flatten() {
            for prose in ["short", "definition", "comment", "alias", "example", "requirements"] {
                element.as_object_mut().unwrap().remove(prose);
            }
        }
        let url = resource["url"].as_str().unwrap().to_owned();
        found.insert(url, resource["differential"].take());
    }
    found
}
