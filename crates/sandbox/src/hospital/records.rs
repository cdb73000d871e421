//! What the hospital records: units, staff, medicines, patients, orders, administrations.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Era, Hospital, PROFILE};
use lmr_identifiers::synthetic::{Series, identity_number, organisation_number};
use lmr_identifiers::systems;

const UCUM: &str = "http://unitsofmeasure.org";
const SNOMED: &str = "http://snomed.info/sct";
const NB: &str = "http://hl7.no/fhir/StructureDefinition/no-basis-";
/// An arc set aside for examples: identifiers below it belong to nobody.
const OWN: &str = "urn:oid:2.999.578";

/// An invented medicine: name, ATC-shaped code, form code and name, route (SNOMED CT) and its name, unit, dose.
type Medicine = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u32,
);
const MEDICINES: [Medicine; 10] = [
    ("Sandin tablett 500 mg", "N02ZZ01", "53", "Tablett", "26643006", "Oral route", "mg", 500),
    ("Oppdiktol tablett 5 mg", "C07ZZ02", "53", "Tablett", "26643006", "Oral route", "mg", 5),
    (
        "Kassemycin injeksjon 1 g",
        "J01ZZ03",
        "15",
        "Injeksjon",
        "47625008",
        "Intravenous route",
        "g",
        1,
    ),
    (
        "Liksomin infusjon 10 mg/mL",
        "N01ZZ04",
        "25",
        "Infusjon",
        "47625008",
        "Intravenous route",
        "mL",
        100,
    ),
    ("Tenkton mikstur 2 mg/mL", "N05ZZ05", "51", "Mikstur", "26643006", "Oral route", "mL", 10),
    (
        "Fantasulin injeksjon 100 E/mL",
        "A10ZZ06",
        "15",
        "Injeksjon",
        "34206005",
        "Subcutaneous route",
        "[iU]",
        8,
    ),
    (
        "Lekeparin injeksjon 5000 E",
        "B01ZZ07",
        "15",
        "Injeksjon",
        "34206005",
        "Subcutaneous route",
        "[iU]",
        5000,
    ),
    ("Dukkezolam tablett 10 mg", "N05ZZ08", "53", "Tablett", "26643006", "Oral route", "mg", 10),
    ("Prøvastatin tablett 40 mg", "C10ZZ09", "53", "Tablett", "26643006", "Oral route", "mg", 40),
    (
        "Eksempelon injeksjon 2 mg",
        "H02ZZ10",
        "15",
        "Injeksjon",
        "78421000",
        "Intramuscular route",
        "mg",
        2,
    ),
];

const DIAGNOSES: [&str; 6] = ["I20.9", "J18.9", "M16.1", "E11.9", "I50.0", "N39.0"];

/// A patient who is in, and what the administrations of the stay refer to.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    pub(super) patient: String,
    episode: String,
    condition: String,
    /// One order per medicine the patient is on: position in [`MEDICINES`] and id.
    orders: Vec<(usize, String)>,
}

impl Hospital {
    /// Units, staff and medicines, then the patients.
    pub(super) fn found(&mut self, day: Date, patients: usize) {
        self.organisation("org-hf", 0, "Sandkassen helseforetak", None);
        self.organisation("org-sykehus", 1, "Sandkassen sykehus", Some("org-hf"));
        for ward in 0..4_u32 {
            let name = format!("Sandkassen sykehus, post {}", ward + 1);
            self.organisation(&format!("org-post-{ward}"), 2 + ward, &name, Some("org-sykehus"));
        }
        for doctor in 0..4_u32 {
            self.doctor(doctor);
        }
        for n in 0..MEDICINES.len() {
            self.medicine(n);
        }
        if self.era == Era::Latest {
            self.mixture();
        }
        for _ in 0..patients {
            self.admit(day);
        }
    }

    fn organisation(&mut self, id: &str, n: u32, name: &str, part_of: Option<&str>) {
        let mut identifier = vec![json!({
            "system": systems::ORGANISATION_NUMBER, "value": organisation_number(n).as_str()
        })];
        if n > 0 {
            identifier.push(json!({
                "system": systems::RESH_ID, "value": (9_900_000 + n).to_string()
            }));
        }
        let kind =
            if n < 2 { ("prov", "Healthcare Provider") } else { ("dept", "Hospital Department") };
        let mut unit = json!({
            "resourceType": "Organization",
            "id": id,
            "identifier": identifier,
            "type": [{ "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/organization-type",
                "code": kind.0, "display": kind.1
            }] }],
            "name": name,
            "address": [{
                "type": "physical", "district": "Oslo",
                "_district": { "extension": [self.municipality()] }
            }]
        });
        if let Some(parent) = part_of {
            unit["partOf"] = json!({ "reference": format!("Organization/{parent}") });
        }
        self.record(unit);
    }

    fn municipality(&self) -> Value {
        let url = match self.era {
            Era::V0_9_4 => format!("{PROFILE}municipalitycode"),
            Era::Latest => format!("{NB}municipalitycode"),
        };
        json!({
            "url": url,
            "valueCoding": { "system": "urn:oid:2.16.578.1.12.4.1.1.3402", "code": "0301", "display": "Oslo" }
        })
    }

    fn doctor(&mut self, n: u32) {
        let id = format!("lege-{n}");
        self.record(json!({
            "resourceType": "Practitioner",
            "id": id,
            "identifier": [{
                "system": systems::HPR_NUMBER, "value": (999_900_000 + n).to_string()
            }]
        }));
        if self.era == Era::V0_9_4 {
            self.record(json!({
                "resourceType": "PractitionerRole",
                "id": format!("rolle-{n}"),
                "practitioner": { "reference": format!("Practitioner/{id}") },
                "organization": { "reference": format!("Organization/org-post-{}", n % 4) },
                "code": [{ "coding": [{ "system": SNOMED, "code": "309343006", "display": "Physician" }] }]
            }));
        }
    }

    fn medicine(&mut self, n: usize) {
        let (name, atc, form, form_name, ..) = MEDICINES[n];
        let fest = format!("ID_{}", self.random.uuid().to_uppercase());
        let atc = json!({ "coding": [{ "system": "http://www.whocc.no/atc", "code": atc }] });
        let mut medicine = json!({ "resourceType": "Medication", "id": format!("legemiddel-{n}") });
        if self.era == Era::Latest {
            medicine["extension"] = json!([{
                "url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/legemiddel-classification",
                "valueCodeableConcept": atc.clone()
            }]);
        }
        let mut codings = vec![json!({
            "system": systems::FEST_BRAND, "code": fest, "display": name
        })];
        if self.era == Era::V0_9_4 {
            codings.push(atc["coding"][0].clone());
        }
        medicine["code"] = json!({ "coding": codings });
        medicine["form"] = json!({ "coding": [{
            "system": "urn:oid:2.16.578.1.12.4.1.1.7448", "code": form, "display": form_name
        }] });
        self.record(medicine);
    }

    /// A medicine mixed on the ward: no code of its own, two ingredients, one of them a Substance.
    fn mixture(&mut self) {
        let substance = format!("ID_{}", self.random.uuid().to_uppercase());
        self.record(json!({
            "resourceType": "Substance",
            "id": "virkestoff-0",
            "category": [{ "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/substance-category", "code": "drug",
                "display": "Drug or Medicament"
            }] }],
            "code": { "coding": [{
                "system": "http://ehelse.no/fhir/CodeSystem/FEST", "code": substance, "display": "Liksomin"
            }] }
        }));
        let amount = |value: u32, unit: &str| json!({ "value": value, "unit": unit, "system": UCUM, "code": unit });
        self.record(json!({
            "resourceType": "Medication",
            "id": "blanding-0",
            "ingredient": [
                {
                    "itemReference": { "reference": "Substance/virkestoff-0" },
                    "strength": { "numerator": amount(50, "mg"), "denominator": amount(1, "mL") }
                },
                { "itemReference": { "reference": "Medication/legemiddel-3" } }
            ]
        }));
    }

    /// A new patient with a diagnosis, an episode and two to four orders.
    pub(super) fn admit(&mut self, day: Date) {
        let n = self.patients.len();
        let patient = format!("pas-{n}");
        self.patient(n, &patient);
        let condition = format!("diagnose-{n}");
        self.record(json!({
            "resourceType": "Condition",
            "id": condition,
            "clinicalStatus": { "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"
            }] },
            "code": { "coding": [{
                "system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": DIAGNOSES[n % DIAGNOSES.len()]
            }] },
            "subject": { "reference": format!("Patient/{patient}") }
        }));
        let episode = self.episode(n, &patient, day);
        let mut stay = Stay { patient, episode, condition, orders: Vec::new() };
        let first = usize::try_from(self.random.below(100)).unwrap_or_default();
        for k in 0..2 + n % 3 {
            let medicine = (first + 3 * k) % MEDICINES.len();
            let id = format!("rekv-{n}-{k}");
            self.order(&stay, &id, medicine, n, day);
            stay.orders.push((medicine, id));
        }
        self.patients.push(stay);
    }

    fn patient(&mut self, n: usize, id: &str) {
        let d_number = n % 7 == 3;
        let series = [Series::Tenor, Series::Nhn, Series::Nav][n % 3];
        let (year, month, day, number, individual) = loop {
            let year = u16::try_from(1940 + self.random.below(75)).unwrap_or(1940);
            let month = u8::try_from(1 + self.random.below(12)).unwrap_or(1);
            let day = u8::try_from(1 + self.random.below(28)).unwrap_or(1);
            let century = if year < 2000 { 0 } else { 500 };
            let individual = century + u16::try_from(self.random.below(490)).unwrap_or(0);
            let (number, individual) =
                identity_number(year, month, day, series, d_number, individual);
            if self.numbers.insert(number) {
                break (year, month, day, number, individual);
            }
        };
        let mut patient = json!({ "resourceType": "Patient", "id": id });
        // Not everyone who comes in is identified.
        if n % 11 != 10 {
            let identifier = json!({ "system": number.system(), "value": number.as_str() });
            patient["identifier"] = json!([identifier]);
        }
        patient["gender"] = json!(if individual % 2 == 1 { "male" } else { "female" });
        patient["birthDate"] = json!(format!("{year}-{month:02}-{day:02}"));
        patient["address"] = json!([{
            "use": "home", "type": "physical", "district": "Oslo",
            "_district": { "extension": [self.municipality()] }
        }]);
        self.record(patient);
    }

    /// The stay: EpisodeOfCare or Encounter. Returns `Type/id`.
    fn episode(&mut self, n: usize, patient: &str, day: Date) -> String {
        let ward = format!("Organization/org-post-{}", n % 4);
        let identifier = json!([{ "system": format!("{OWN}.1"), "value": format!("E{n:06}") }]);
        let resource = match self.era {
            Era::V0_9_4 => json!({
                "resourceType": "EpisodeOfCare",
                "id": format!("episode-{n}"),
                "identifier": identifier,
                "status": "active",
                "patient": { "reference": format!("Patient/{patient}") },
                "managingOrganization": { "reference": ward },
                "period": { "start": local(day, 0) }
            }),
            Era::Latest => json!({
                "resourceType": "Encounter",
                "id": format!("episode-{n}"),
                "extension": [{
                    "url": "http://hl7.no/fhir/ig/lmdi/StructureDefinition/npr-episode-identifier",
                    "extension": [{ "url": "stringIdentifier", "valueString": format!("NPR{n:09}") }]
                }],
                "identifier": identifier,
                "status": "in-progress",
                "class": {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP",
                    "display": "inpatient encounter"
                },
                "serviceProvider": { "reference": ward }
            }),
        };
        self.record(resource)
    }

    fn order(&mut self, stay: &Stay, id: &str, medicine: usize, n: usize, day: Date) {
        let (.., unit, dose) = MEDICINES[medicine];
        let mut order = json!({
            "resourceType": "MedicationRequest",
            "id": id,
            "identifier": [{ "system": format!("{OWN}.2"), "value": id }],
            "status": "active",
            "intent": "order",
            "medicationReference": { "reference": format!("Medication/legemiddel-{medicine}") },
            "subject": { "reference": format!("Patient/{}", stay.patient) }
        });
        // The first guide had no episode on the order.
        if self.era == Era::Latest {
            order["encounter"] = json!({ "reference": stay.episode });
        }
        order["authoredOn"] = json!(local(day, 1));
        order["requester"] = json!({ "reference": format!("Practitioner/lege-{}", n % 4) });
        order["reasonReference"] =
            json!([{ "reference": format!("Condition/{}", stay.condition) }]);
        order["dosageInstruction"] = json!([{
            "timing": { "repeat": { "frequency": 3, "period": 1, "periodUnit": "d" } },
            "doseAndRate": [{ "doseQuantity": {
                "value": dose, "unit": unit, "system": UCUM, "code": unit
            } }]
        }]);
        self.record(order);
    }

    /// The `n`th of the day's `of` administrations, to the patients in turn. Returns `Type/id`.
    pub(super) fn administer(&mut self, day: Date, n: usize, of: usize) -> String {
        let stay = n % self.patients.len();
        self.administer_to(day, n, of, stay)
    }

    pub(super) fn administer_to(&mut self, day: Date, n: usize, of: usize, stay: usize) -> String {
        let stay = self.patients[stay].clone();
        let serial = self.administrations;
        self.administrations += 1;
        let pick = usize::try_from(self.random.below(stay.orders.len() as u64)).unwrap_or_default();
        let (medicine, order) = &stay.orders[pick];
        let (.., route, route_name, unit, dose) = MEDICINES[*medicine];
        let minute = i64::try_from(n * 1380 / of.max(1)).unwrap_or_default() + 5;
        let id = format!("adm-{serial}");
        let mut given = json!({
            "resourceType": "MedicationAdministration",
            "id": id,
            "identifier": [{ "system": format!("{OWN}.3"), "value": format!("A{serial:08}") }],
            "status": "completed",
            "medicationReference": { "reference": format!("Medication/legemiddel-{medicine}") },
            "subject": { "reference": format!("Patient/{}", stay.patient) },
            "context": { "reference": stay.episode }
        });
        let infusion = *medicine == 3;
        if infusion && self.era == Era::Latest {
            given["effectivePeriod"] =
                json!({ "start": local(day, minute), "end": local(day, minute + 30) });
        } else {
            given["effectiveDateTime"] = json!(local(day, minute));
        }
        given["reasonReference"] =
            json!([{ "reference": format!("Condition/{}", stay.condition) }]);
        given["request"] = json!({ "reference": format!("MedicationRequest/{order}") });
        let quantity = |value: u32, unit: &str| json!({ "value": value, "unit": unit, "system": UCUM, "code": unit });
        given["dosage"] = json!({
            "route": { "coding": [{ "system": SNOMED, "code": route, "display": route_name }] },
            "dose": quantity(dose, unit)
        });
        if infusion {
            given["dosage"]["rateRatio"] =
                json!({ "numerator": quantity(200, "mL"), "denominator": quantity(1, "h") });
        }
        // The mixture is given now and then, so that Substance is used too.
        if infusion && self.era == Era::Latest && serial.is_multiple_of(2) {
            given["medicationReference"] = json!({ "reference": "Medication/blanding-0" });
        }
        self.record(given)
    }
}

/// `minute` minutes into the day in Norway, with its offset: `2026-03-01T00:05:00+01:00`.
fn local(day: Date, minute: i64) -> String {
    let zone = lmr_identifiers::norwegian_zone();
    let midnight = day
        .to_datetime(Time::midnight())
        .to_zoned(zone.clone())
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
    let moment = midnight.saturating_add(SignedDuration::from_mins(minute)).unwrap_or(midnight);
    moment.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
