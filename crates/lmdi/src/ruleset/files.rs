//! The definitions of both rule sets, embedded. A test keeps the lists equal to the folders.

macro_rules! file {
    ($path:literal) => {
        include_str!(concat!("../../rulesets/", $path))
    };
}

pub(super) const LMDI_094: &[&str] = &[
    file!("lmdi-0.9.4/CodeSystem-LokalLegemiddelkatalogCodeSystem.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-bundle.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-condition.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-episodeofcare.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-medication.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-medicationadministration.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-medicationrequest.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-municipalitycode.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-organization.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-patient.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-practitioner.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-practitionerrole.json"),
    file!("lmdi-0.9.4/StructureDefinition-lmdi-urban-district.json"),
    file!("lmdi-0.9.4/StructureDefinition-lokal-legemiddelkatalog-extension.json"),
    file!("lmdi-0.9.4/ValueSet-LokalLegemiddelkatalogValues.json"),
    file!("lmdi-0.9.4/ValueSet-lmdi-medicationadministrationstatus.json"),
];

pub(super) const LMDI_112: &[&str] = &[
    file!("lmdi-1.1.2/CodeSystem-LokalLegemiddelkatalogCodeSystem.json"),
    file!("lmdi-1.1.2/CodeSystem-kommunenummer-codesystem.json"),
    file!("lmdi-1.1.2/StructureDefinition-legemiddel-classification.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-bundle.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-condition.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-del-av-behandlingsregime.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-encounter.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-klinisk-studie.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-medication.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-medicationadministration.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-medicationrequest.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-organization.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-patient.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-practitioner.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-prosentvis-doseendring.json"),
    file!("lmdi-1.1.2/StructureDefinition-lmdi-substance.json"),
    file!("lmdi-1.1.2/StructureDefinition-npr-episode-identifier.json"),
    file!("lmdi-1.1.2/ValueSet-LokalLegemiddelkatalogValues.json"),
    file!("lmdi-1.1.2/ValueSet-atc-valueset.json"),
    file!("lmdi-1.1.2/ValueSet-kommunenummer-alle.json"),
    file!("lmdi-1.1.2/ValueSet-legemiddel-koder.json"),
    file!("lmdi-1.1.2/ValueSet-lmdi-address-type.json"),
    file!("lmdi-1.1.2/ValueSet-lmdi-address-use.json"),
    file!("lmdi-1.1.2/ValueSet-lmdi-medicationadministrationstatus.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-Address.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-HumanName.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-Organization.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-Patient.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-Practitioner.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-Substance.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-address-official.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-middlename.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-municipalitycode.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-propertyinformation.json"),
    file!("lmdi-1.1.2/no-basis/StructureDefinition-no-basis-urban-district.json"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn files_below(folder: &Path) -> Vec<String> {
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .flat_map(|path| {
                if path.is_dir() {
                    files_below(&path)
                } else {
                    vec![std::fs::read_to_string(path).unwrap()]
                }
            })
            .collect()
    }

    #[test]
    fn every_file_of_a_rule_set_is_embedded_and_no_text_is_taken_over() {
        for (name, embedded) in [("lmdi-0.9.4", LMDI_094), ("lmdi-1.1.2", LMDI_112)] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rulesets").join(name);
            let files = files_below(&folder);
            assert_eq!(files.len(), embedded.len());
            for file in files {
                assert!(embedded.contains(&file.as_str()));
                for prose in
                    ["\"short\"", "\"definition\"", "\"comment\"", "\"description\"", "\"text\":"]
                {
                    assert!(!file.contains(prose), "{prose} in {name}");
                }
            }
        }
    }
}
