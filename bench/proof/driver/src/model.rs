//! The hospital's record and every version of it that there ever was.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lmr_sandbox::hospital::{Era, Fault, Hospital};
use serde_json::{Value, json};

use crate::plan::Edit;
use crate::table::{self, Table};

/// The record of one hospital.
pub struct Model {
    hospital: Hospital,
    /// In its place, where the record is a table.
    table: Option<Table>,
    /// What was changed by hand, by `Type/id`.
    changed: BTreeMap<String, Value>,
    /// Every content that the source has shown, oldest first.
    pub versions: BTreeMap<String, Vec<Value>>,
    faulty: Vec<String>,
    kinds: BTreeSet<usize>,
    changes: u64,
    day: Date,
}

impl Model {
    pub fn new(batch: bool, seed: u64, day: Date, administrations: usize) -> Self {
        let era = if batch { Era::V0_9_4 } else { Era::Latest };
        Self {
            hospital: Hospital::new(era, seed, day, administrations),
            table: None,
            changed: BTreeMap::new(),
            versions: BTreeMap::new(),
            faulty: Vec::new(),
            kinds: BTreeSet::new(),
            changes: 0,
            day,
        }
    }

    /// A record that is a table.
    pub fn of_table(seed: u64, day: Date, administrations: usize) -> Self {
        let table = Some(Table::new(seed, day, administrations));
        Self { table, ..Self::new(false, seed, day, 1) }
    }

    /// The table, where it is one.
    pub fn table(&self) -> Option<&Table> {
        self.table.as_ref()
    }

    /// The name of a resource as the register gives it out.
    pub fn name_at_register(&self, resource: &Value) -> String {
        if self.table.is_some() { table::name_of(resource) } else { name_of(resource) }
    }

    pub fn next_day(&mut self) {
        self.day = self.day.tomorrow().unwrap_or(self.day);
    }

    /// The faulty resources now.
    pub fn faulty(&self) -> &[String] {
        &self.faulty
    }

    pub fn edit(&mut self, edit: Edit) {
        if let Some(table) = &mut self.table {
            self.changes += 1;
            return table.edit(edit, self.day, self.changes, &mut self.faulty);
        }
        match edit {
            Edit::New { administrations } => self.hospital.add_day(self.day, administrations),
            Edit::Change { pick } => {
                self.changes += 1;
                let change = self.changes;
                if let Some(name) = self.pick(pick, |name| {
                    name.starts_with("MedicationAdministration/")
                        || name.starts_with("Organization/")
                }) {
                    self.set(&name, |resource| {
                        if resource["resourceType"] == "Organization" {
                            resource["name"] = json!(format!("Enhet {change}"));
                        } else {
                            resource["dosage"]["dose"]["value"] = json!(1000 + change);
                        }
                    });
                }
            }
            Edit::Annul { pick } => {
                if let Some(name) =
                    self.pick(pick, |name| name.starts_with("MedicationAdministration/"))
                {
                    self.set(&name, |resource| resource["status"] = json!("entered-in-error"));
                }
            }
            // Each once: two faulty patients would be the same person.
            Edit::Faulty { kind } => {
                if self.kinds.insert(kind) {
                    let name =
                        self.hospital.add_faulty(self.day, Fault::ALL[kind % Fault::ALL.len()]);
                    self.faulty.push(name);
                }
            }
            Edit::Correct => {
                if let Some(name) = self.faulty.pop() {
                    self.hospital.fix(&name);
                }
            }
        }
    }

    fn pick(&self, pick: u64, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let names: Vec<String> = self
            .hospital
            .resources()
            .iter()
            .map(name_of)
            .filter(|name| wanted(name) && !self.faulty.contains(name))
            .collect();
        let at = usize::try_from(pick % (names.len().max(1) as u64)).ok()?;
        names.get(at).cloned()
    }

    fn set(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        let Some(now) = self.changed.get(name).or_else(|| self.hospital.get(name)) else { return };
        let mut resource = now.clone();
        change(&mut resource);
        self.changed.insert(name.to_owned(), resource);
    }

    /// What the source shows now.
    pub fn resources(&self) -> BTreeMap<String, Value> {
        if let Some(table) = &self.table {
            return table.resources();
        }
        let all = self.hospital.resources().iter();
        all.map(|resource| {
            let name = name_of(resource);
            let now = self.changed.get(&name).unwrap_or(resource).clone();
            (name, now)
        })
        .collect()
    }

    /// What the source shows from now on.
    pub fn show(&mut self) -> BTreeMap<String, Value> {
        let all = self.resources();
        for (name, resource) in &all {
            let shown = self.versions.entry(name.clone()).or_default();
            if shown.last() != Some(resource) {
                shown.push(resource.clone());
            }
        }
        all
    }

    /// Shows it as a file of lines for each type, each written in one step.
    pub fn write(&mut self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for resource in self.show().values() {
            let kind = resource["resourceType"].as_str().unwrap_or_default().to_owned();
            let file = files.entry(kind).or_default();
            file.push_str(&resource.to_string());
            file.push('\n');
        }
        for (kind, text) in files {
            let part = folder.join(format!(".{kind}.part"));
            fs::write(&part, text).context("the source")?;
            fs::rename(part, folder.join(format!("{kind}.ndjson")))?;
        }
        Ok(())
    }

    /// What must be at the register in the end, when nothing is faulty: administrations and orders, what they refer
    /// to, the roles of those practitioners and the diagnoses of those patients.
    pub fn reported(&self) -> BTreeSet<String> {
        let all = self.resources();
        let mut todo: Vec<String> = all
            .keys()
            .filter(|name| {
                name.starts_with("MedicationAdministration/")
                    || name.starts_with("MedicationRequest/")
            })
            .cloned()
            .collect();
        let mut seen = BTreeSet::new();
        loop {
            while let Some(name) = todo.pop() {
                if let Some(resource) = all.get(&name)
                    && seen.insert(name)
                {
                    references(resource, &mut todo);
                }
            }
            for (name, resource) in &all {
                let of = match resource["resourceType"].as_str() {
                    Some("PractitionerRole") => &resource["practitioner"],
                    Some("Condition") => &resource["subject"],
                    _ => continue,
                };
                let refers = of["reference"].as_str().is_some_and(|target| seen.contains(target));
                if refers && !seen.contains(name) {
                    todo.push(name.clone());
                }
            }
            if todo.is_empty() {
                return seen;
            }
        }
    }
}

fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get("reference") {
                into.push(target.clone());
            }
            members.values().for_each(|value| references(value, into));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

pub fn name_of(resource: &Value) -> String {
    format!(
        "{}/{}",
        resource["resourceType"].as_str().unwrap_or_default(),
        resource["id"].as_str().unwrap_or_default()
    )
}

/// A resource without what a sender may write differently: its references and its profile; of a table's also its id,
/// which has no `id` in the model.
pub fn plain(resource: &Value) -> Value {
    match resource {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "meta")
            .map(|(name, value)| {
                let value = if name == "reference" { json!("*") } else { plain(value) };
                (name.clone(), value)
            })
            .collect(),
        Value::Array(values) => values.iter().map(plain).collect(),
        other => other.clone(),
    }
}
