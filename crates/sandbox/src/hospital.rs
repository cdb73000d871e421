//! A synthetic hospital: the same seed gives the same people, orders and administrations.
//!
//! Nobody in it exists. Identity numbers come from the three series set aside for synthetic people (40, 65 or
//! 80 added to the month), organisation numbers from the series of synthetic units, and every medicine, code
//! and name is invented. The resources are what the guide of the chosen [`Era`] calls correct; faults are put in
//! on request with [`Hospital::add_faulty`].
//!
//! The resources refer to each other the way an export from a record system does (`Patient/pas-1`), so that a
//! sender has the work of bundling to do; [`Hospital::bundle`] does it for tests that need a bundle at once.

mod random;
mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use jiff::civil::Date;
use lmr_identifiers::synthetic::{Series, identity_number};
use lmr_identifiers::{NationalIdentityNumber, systems};
use serde_json::{Value, json};

/// Base of the guide's canonical addresses.
const PROFILE: &str = "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-";

/// Which state of the guide the resources follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Era {
    /// 0.9.4: batch, EpisodeOfCare and PractitionerRole, no `meta.profile`.
    V0_9_4,
    /// The newest rule set: transaction, Encounter and Substance, `meta.profile` on everything.
    Latest,
}

impl Era {
    /// `Bundle.type` of the era.
    #[must_use]
    pub fn bundle_type(self) -> &'static str {
        match self {
            Self::V0_9_4 => "batch",
            Self::Latest => "transaction",
        }
    }
}

/// A fault that [`Hospital::add_faulty`] can plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// An administration with a date where the guide wants a time too.
    AdministrationWithoutTime,
    /// An administration with a status that the guide does not take.
    AdministrationStatus,
    /// An administration without the medicine it is about.
    AdministrationWithoutMedication,
    /// An administration of a medicine that is nowhere in the export.
    DanglingMedication,
    /// A patient whose identity number has a wrong check digit, with an administration.
    IdentityNumber,
    /// A patient with a name, which the guide forbids, with an administration.
    PatientName,
}

impl Fault {
    /// Every fault there is.
    pub const ALL: [Self; 6] = [
        Self::AdministrationWithoutTime,
        Self::AdministrationStatus,
        Self::AdministrationWithoutMedication,
        Self::DanglingMedication,
        Self::IdentityNumber,
        Self::PatientName,
    ];
}

/// The hospital and everything it has recorded so far.
#[derive(Debug, Clone)]
pub struct Hospital {
    era: Era,
    random: random::Random,
    resources: Vec<Value>,
    /// Position in `resources` by `Type/id`.
    places: BTreeMap<String, usize>,
    /// The correct form of each resource that was made faulty.
    correct: BTreeMap<String, Value>,
    patients: Vec<records::Stay>,
    /// Identity numbers handed out: two people never share one.
    numbers: BTreeSet<NationalIdentityNumber>,
    administrations: usize,
    changes: u32,
}

impl Hospital {
    /// A hospital with one `day` of `administrations` behind it; about one patient per eight administrations.
    #[must_use]
    pub fn new(era: Era, seed: u64, day: Date, administrations: usize) -> Self {
        let mut hospital = Self {
            era,
            random: random::Random::new(seed),
            resources: Vec::new(),
            places: BTreeMap::new(),
            correct: BTreeMap::new(),
            patients: Vec::new(),
            numbers: BTreeSet::new(),
            administrations: 0,
            changes: 0,
        };
        hospital.found(day, (administrations / 8).max(3));
        hospital.add_day(day, administrations);
        hospital
    }

    /// The era given at the start.
    #[must_use]
    pub fn era(&self) -> Era {
        self.era
    }

    /// Everything recorded, in the order it was recorded.
    #[must_use]
    pub fn resources(&self) -> &[Value] {
        &self.resources
    }

    /// The resource called `Type/id`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.places.get(name).map(|place| &self.resources[*place])
    }

    /// `Type/id` of every resource of a type, in the order they were recorded.
    pub fn names<'h>(
        &'h self,
        resource_type: &'h str,
    ) -> impl DoubleEndedIterator<Item = String> + 'h {
        self.resources
            .iter()
            .filter(move |resource| resource["resourceType"] == resource_type)
            .map(name_of)
    }

    /// How many resources there are of a type.
    #[must_use]
    pub fn count(&self, resource_type: &str) -> usize {
        self.resources.iter().filter(|r| r["resourceType"] == resource_type).count()
    }

    /// Records another day of administrations for the patients who are in.
    pub fn add_day(&mut self, day: Date, administrations: usize) {
        for n in 0..administrations {
            self.administer(day, n, administrations);
        }
    }

    /// Corrects `count` administrations as a ward does (another dose), and says which: `Type/id`.
    ///
    /// Takes them from the start of the record, and gives every change another dose than before.
    pub fn change(&mut self, count: usize) -> Vec<String> {
        self.changes += 1;
        let dose = 100 + self.changes;
        let mut changed = Vec::new();
        for resource in &mut self.resources {
            if changed.len() == count {
                break;
            }
            let name = name_of(resource);
            if resource["resourceType"] == "MedicationAdministration"
                && !self.correct.contains_key(&name)
            {
                resource["dosage"]["dose"]["value"] = json!(dose);
                changed.push(name);
            }
        }
        changed
    }

    /// Marks an administration as never given (`entered-in-error`); false when there is no such one.
    pub fn retract(&mut self, name: &str) -> bool {
        let Some(place) = self.places.get(name) else { return false };
        let resource = &mut self.resources[*place];
        if resource["resourceType"] != "MedicationAdministration" {
            return false;
        }
        resource["status"] = json!("entered-in-error");
        true
    }

    /// Records an administration (and where the fault asks for it a patient) that breaks the guide.
    ///
    /// Returns `Type/id` of the faulty resource; [`Hospital::fix`] corrects it.
    pub fn add_faulty(&mut self, day: Date, fault: Fault) -> String {
        if matches!(fault, Fault::IdentityNumber | Fault::PatientName) {
            self.admit(day);
            let stay = self.patients.len() - 1;
            self.administer_to(day, 0, 1, stay);
            let name = format!("Patient/{}", self.patients[stay].patient);
            self.spoil(&name, |patient| {
                if fault == Fault::PatientName {
                    patient["name"] = json!([{ "family": "Oppdiktet" }]);
                } else {
                    let (right, _) = identity_number(1971, 5, 17, Series::Tenor, false, 432);
                    let right = right.as_str();
                    let last = right.as_bytes()[10] - b'0';
                    let wrong = format!("{}{}", &right[..10], (last + 1) % 10);
                    patient["identifier"] =
                        json!([{ "system": systems::NATIONAL_IDENTITY_NUMBER, "value": wrong }]);
                }
            });
            return name;
        }
        let name = self.administer(day, 0, 1);
        self.spoil(&name, |administration| match fault {
            Fault::AdministrationStatus => administration["status"] = json!("in-progress"),
            Fault::AdministrationWithoutMedication => {
                administration
                    .as_object_mut()
                    .map(|members| members.shift_remove("medicationReference"));
            }
            Fault::DanglingMedication => {
                administration["medicationReference"] =
                    json!({ "reference": "Medication/finnes-ikke" });
            }
            _ => {
                administration
                    .as_object_mut()
                    .map(|members| members.shift_remove("effectivePeriod"));
                administration["effectiveDateTime"] = json!(day.to_string());
            }
        });
        name
    }

    /// Corrects what [`Hospital::add_faulty`] spoiled; false when `name` is not a faulty resource.
    pub fn fix(&mut self, name: &str) -> bool {
        let (Some(correct), Some(place)) = (self.correct.remove(name), self.places.get(name))
        else {
            return false;
        };
        self.resources[*place] = correct;
        true
    }

    /// Writes the whole export into `folder` (made if missing): one NDJSON file per resource type.
    ///
    /// A file of the same name is replaced whole, by way of a temporary file, so that a reader never meets half.
    /// Files of types that this hospital has no resources of are left.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut by_type: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for resource in &self.resources {
            by_type
                .entry(resource["resourceType"].as_str().unwrap_or_default())
                .or_default()
                .push(resource);
        }
        for (resource_type, resources) in by_type {
            let path = folder.join(format!("{resource_type}.ndjson"));
            let temporary = folder.join(format!(".{resource_type}.part"));
            let mut file = BufWriter::new(fs::File::create(&temporary)?);
            for resource in resources {
                serde_json::to_writer(&mut file, resource)?;
                file.write_all(b"\n")?;
            }
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            fs::rename(temporary, path)?;
        }
        Ok(())
    }

    /// Everything recorded as one LegemiddelregisterBundle of the era, references rewritten to `urn:uuid`.
    ///
    /// `identifier` is a UUID in text; `timestamp` a FHIR instant. The same hospital and arguments give the same
    /// bundle.
    #[must_use]
    pub fn bundle(&self, identifier: &str, timestamp: &str) -> Value {
        let entries: Vec<Value> = self
            .resources
            .iter()
            .map(|resource| {
                let mut resource = resource.clone();
                let full_url = random::full_url(&name_of(&resource));
                rewrite(&mut resource);
                let url = resource["resourceType"].clone();
                json!({ "fullUrl": full_url, "resource": resource, "request": { "method": "POST", "url": url } })
            })
            .collect();
        let mut bundle = json!({ "resourceType": "Bundle" });
        if self.era == Era::Latest {
            bundle["meta"] = json!({ "profile": [format!("{PROFILE}bundle")] });
        }
        bundle["identifier"] =
            json!({ "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{identifier}") });
        bundle["type"] = json!(self.era.bundle_type());
        bundle["timestamp"] = json!(timestamp);
        bundle["entry"] = Value::Array(entries);
        bundle
    }

    fn spoil(&mut self, name: &str, fault: impl FnOnce(&mut Value)) {
        if let Some(place) = self.places.get(name) {
            self.correct.insert(name.to_owned(), self.resources[*place].clone());
            fault(&mut self.resources[*place]);
        }
    }

    fn record(&mut self, mut resource: Value) -> String {
        if self.era == Era::Latest {
            let kind = resource["resourceType"].as_str().unwrap_or_default().to_lowercase();
            resource["meta"] = json!({ "profile": [format!("{PROFILE}{kind}")] });
        }
        let name = name_of(&resource);
        self.places.insert(name.clone(), self.resources.len());
        self.resources.push(resource);
        name
    }
}

fn name_of(resource: &Value) -> String {
    format!(
        "{}/{}",
        resource["resourceType"].as_str().unwrap_or_default(),
        resource["id"].as_str().unwrap_or_default()
    )
}

/// Rewrites every reference, also one whose target is missing: then to a `urn:uuid` that no entry has.
fn rewrite(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if let ("reference", Value::String(target)) = (name.as_str(), &mut *value) {
                    *target = random::full_url(target);
                } else {
                    rewrite(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(rewrite),
        _ => {}
    }
}
