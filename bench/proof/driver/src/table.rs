//! A hospital whose record is a table: rows, the mapping that the sender gets, and what must come of each row, which is
//! written down here again and not taken from the mapping.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lmr_identifiers::synthetic::{Series, identity_number, organisation_number};
use lmr_identifiers::systems;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::plan::Edit;

/// The mapping file, beside `sender.toml`.
pub const MAPPING: &str = include_str!("table.toml");
const COLUMNS: [&str; 13] = [
    "administration",
    "number",
    "number_system",
    "born",
    "unit",
    "unit_name",
    "episode",
    "fest",
    "medicine",
    "order",
    "dose",
    "status",
    "given",
];
const MEDICINES: [(&str, &str); 3] = [
    ("ID_5A1B1B0C-6A2B-4C5D-8E9F-000000000001", "Liksomol tablett 10 mg"),
    ("ID_5A1B1B0C-6A2B-4C5D-8E9F-000000000002", "Prøvamin tablett 20 mg"),
    ("ID_5A1B1B0C-6A2B-4C5D-8E9F-000000000003", "Dukkesin mikstur 5 mg/ml"),
];
const OWN: &str = "urn:oid:2.16.578.1.34.10.4";
const CLASS: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

#[derive(Clone)]
struct Row {
    number: usize,
    patient: usize,
    unit: usize,
    medicine: usize,
    dose: u64,
    status: &'static str,
    given: String,
}

/// The rows, and the names of the units.
pub struct Table {
    rows: Vec<Row>,
    units: Vec<String>,
    seed: u64,
}

impl Table {
    pub fn new(seed: u64, day: Date, administrations: usize) -> Self {
        let units = (0..2).map(|n| format!("Sandkassen sykehjem, post {}", n + 1)).collect();
        let mut table = Self { rows: Vec::new(), units, seed };
        table.add(day, administrations, "completed");
        table
    }

    fn add(&mut self, day: Date, many: usize, status: &'static str) {
        for _ in 0..many {
            let number = self.rows.len();
            let (hour, minute) = (8 + number % 12, number % 60);
            self.rows.push(Row {
                number,
                patient: number % 5,
                unit: number % 5 % 2,
                medicine: (number / 2) % MEDICINES.len(),
                dose: 1 + number as u64 % 4,
                status,
                given: format!("{day}T{hour:02}:{minute:02}:00+01:00"),
            });
        }
    }

    /// Gives the name of what became faulty or was corrected.
    pub fn edit(&mut self, edit: Edit, day: Date, change: u64, faulty: &mut Vec<String>) {
        let whole: Vec<usize> = self
            .rows
            .iter()
            .filter(|row| row.status != "in-progress")
            .map(|row| row.number)
            .collect();
        let at = |pick: u64| -> Option<usize> {
            whole.get(usize::try_from(pick % (whole.len().max(1) as u64)).ok()?).copied()
        };
        match edit {
            Edit::New { administrations } => self.add(day, administrations, "completed"),
            Edit::Change { pick } if pick % 5 == 0 => {
                let unit = usize::from(pick % 2 == 0);
                // Only what is there is changed: nobody lies in the other one yet.
                if self.rows.iter().any(|row| row.unit == unit) {
                    self.units[unit] = format!("Enhet {change}");
                }
            }
            Edit::Change { pick } => {
                if let Some(row) = at(pick) {
                    self.rows[row].dose = 1000 + change;
                }
            }
            Edit::Annul { pick } => {
                if let Some(row) = at(pick) {
                    self.rows[row].status = "entered-in-error";
                }
            }
            Edit::Faulty { .. } => {
                self.add(day, 1, "in-progress");
                faulty.push(format!("MedicationAdministration/A{}", self.rows.len() - 1));
            }
            Edit::Correct => {
                let row =
                    faulty.pop().and_then(|name| name.rsplit('A').next()?.parse::<usize>().ok());
                if let Some(row) = row {
                    self.rows[row].status = "completed";
                }
            }
        }
    }

    /// The number of a patient of this seed: system, number and birth date.
    fn person(&self, patient: usize) -> (String, String, String) {
        let n = u16::try_from(self.seed % 400).unwrap_or(0) + u16::try_from(patient).unwrap_or(0);
        let (year, month, day) = (1950 + n % 40, 1 + (n % 12) as u8, 1 + (patient % 28) as u8);
        let (number, _) = identity_number(year, month, day, Series::Tenor, false, n);
        let born = format!("{year}-{month:02}-{day:02}");
        (number.system().to_owned(), number.as_str().to_owned(), born)
    }

    fn cells(&self, row: &Row) -> [String; COLUMNS.len()] {
        let (system, number, born) = self.person(row.patient);
        let (fest, medicine) = MEDICINES[row.medicine];
        [
            format!("A{}", row.number),
            number,
            system,
            born,
            organisation_number(20 + u32::try_from(row.unit).unwrap_or(0)).as_str().to_owned(),
            self.units[row.unit].clone(),
            format!("E{}", row.patient),
            fest.to_owned(),
            medicine.to_owned(),
            format!("O{}-{}", row.patient, row.medicine),
            row.dose.to_string(),
            row.status.to_owned(),
            row.given.clone(),
        ]
    }

    /// What must be at the register, by name.
    pub fn resources(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for row in &self.rows {
            let [
                id,
                number,
                system,
                born,
                unit,
                unit_name,
                episode,
                fest,
                medicine,
                order,
                _,
                status,
                given,
            ] = self.cells(row);
            let to = |name: String| json!({ "reference": name });
            let (patient, encounter) =
                (format!("Patient/{number}"), format!("Encounter/{episode}"));
            let (drug, request) =
                (format!("Medication/{fest}"), format!("MedicationRequest/{order}"));
            let mut put = |name: &str, resource: Value| all.insert(name.to_owned(), resource);
            put(
                &format!("Organization/{unit}"),
                json!({
                    "resourceType": "Organization",
                    "identifier": [{ "system": systems::ORGANISATION_NUMBER, "value": unit }],
                    "name": unit_name
                }),
            );
            put(
                &patient,
                json!({
                    "resourceType": "Patient",
                    "identifier": [{ "system": system, "value": number }],
                    "birthDate": born
                }),
            );
            put(
                &encounter,
                json!({
                    "resourceType": "Encounter",
                    "identifier": [{ "system": format!("{OWN}.1"), "value": episode }],
                    "status": "in-progress",
                    "class": { "system": CLASS, "code": "SS" },
                    "serviceProvider": to(format!("Organization/{unit}"))
                }),
            );
            put(
                &drug,
                json!({
                    "resourceType": "Medication",
                    "code": { "coding": [{ "system": systems::FEST_BRAND, "code": fest, "display": medicine }] }
                }),
            );
            put(
                &request,
                json!({
                    "resourceType": "MedicationRequest",
                    "identifier": [{ "system": format!("{OWN}.2"), "value": order }],
                    "status": "active",
                    "intent": "order",
                    "medicationReference": to(drug.clone()),
                    "subject": to(patient.clone()),
                    "encounter": to(encounter.clone())
                }),
            );
            put(
                &format!("MedicationAdministration/{id}"),
                json!({
                    "resourceType": "MedicationAdministration",
                    "identifier": [{ "system": format!("{OWN}.3"), "value": id }],
                    "status": status,
                    "medicationReference": to(drug.clone()),
                    "subject": to(patient),
                    "context": to(encounter),
                    "effectiveDateTime": given,
                    "request": to(request),
                    "dosage": { "dose": { "value": row.dose, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg" } }
                }),
            );
        }
        all
    }

    /// Writes the rows as a CSV file, in one step.
    pub fn write_csv(&self, folder: &Path) -> Result<()> {
        let mut text = COLUMNS.join(";") + "\n";
        for row in &self.rows {
            text.push_str(&self.cells(row).map(|cell| format!("\"{cell}\"")).join(";"));
            text.push('\n');
        }
        let part = folder.join("rows.csv.part");
        fs::write(&part, text)?;
        Ok(fs::rename(part, folder.join("rows.csv"))?)
    }

    /// Writes the rows into a table, in one transaction.
    pub fn write_sql(&self, file: &Path) -> Result<()> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let options =
                sqlx::sqlite::SqliteConnectOptions::new().filename(file).create_if_missing(true);
            let mut db = options.connect().await.context("the hospital's database")?;
            let columns = COLUMNS.map(|name| format!("\"{name}\" TEXT")).join(", ");
            let mut step = db.begin().await?;
            let make = format!("CREATE TABLE IF NOT EXISTS administration ({columns})");
            sqlx::query(sqlx::AssertSqlSafe(make)).execute(&mut *step).await?;
            sqlx::query("DELETE FROM administration").execute(&mut *step).await?;
            let marks = COLUMNS.map(|_| "?").join(", ");
            for row in &self.rows {
                let insert = format!("INSERT INTO administration VALUES ({marks})");
                let mut insert = sqlx::query(sqlx::AssertSqlSafe(insert));
                for cell in self.cells(row) {
                    insert = insert.bind(cell);
                }
                insert.execute(&mut *step).await?;
            }
            step.commit().await?;
            Ok(db.close().await?)
        })
    }
}

/// The name of a resource at the register: its id there is the sender's, made with a key.
pub fn name_of(resource: &Value) -> String {
    let known = resource["identifier"][0]["value"].as_str();
    let code = resource["code"]["coding"][0]["code"].as_str();
    format!(
        "{}/{}",
        resource["resourceType"].as_str().unwrap_or_default(),
        known.or(code).unwrap_or_default()
    )
}
