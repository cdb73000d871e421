//! A mapping bound to the columns of a table: what makes resources of rows.

use csv::StringRecord;
use jiff::Timestamp;
use lmr_lmdi::person::looks_personal;

use super::FestSystems;
use super::field::{Kind, NumberForm, Read};
use super::mapping::{Field, Mapping, MappingError};
use super::row_error::{RowError, RowReason};
use super::template::{Names, Template, Text, Value};
use crate::identity::{HashKey, uuid_text};

/// What a row was.
pub(super) enum Made {
    /// Resources, to be asked for by number.
    Resources,
    /// To be left out, as the mapping says.
    Skipped,
}

/// A mapping with the columns of one table, and room for the values of one row.
pub(super) struct Bound<'m> {
    key: &'m HashKey,
    fest: Option<&'m FestSystems>,
    /// The names of the columns.
    columns: Vec<String>,
    /// Column that names the row in lists.
    row_key: Option<usize>,
    steps: Vec<Step<'m>>,
    resources: Vec<BoundResource<'m>>,
    values: Vec<Value>,
    /// The resources of the last row: which one, its JSON, when it was written.
    made: Vec<(usize, String, Option<Timestamp>)>,
    /// How many of them are of the last row; the others keep their room.
    count: usize,
    namespace: &'m str,
    /// What the numbers of the last row that are texts show of their separators.
    numbers: Vec<(Cell<'m>, NumberForm)>,
}

/// Where a number of a row is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell<'m> {
    /// In the column of this number.
    Column(usize),
    /// In no column alone: what a field of this name puts together.
    Field(&'m str),
}

struct Step<'m> {
    field: &'m Field,
    kind: Kind,
    input: Input,
    default: Option<Input>,
    unless: Option<usize>,
    first: usize,
    end: usize,
}

enum Input {
    /// The number of a value.
    Value(usize),
    Text(Text),
}

impl Input {
    /// A text that is exactly one value is that value, and may be a number as it may.
    fn of(text: Text) -> Self {
        text.value().map_or(Self::Text(text), Self::Value)
    }

    /// The text, and whether it is a number and not a text that may be one: a column's of a database, or what an earlier
    /// field has read.
    fn read<'v>(
        &'v self,
        values: &'v [Value],
        columns: usize,
        is_number: &impl Fn(usize) -> bool,
        room: &'v mut String,
    ) -> (&'v str, bool) {
        match self {
            // The values of the columns are the first ones.
            Self::Value(number) if *number < columns => (&values[*number].text, is_number(*number)),
            Self::Value(number) => (&values[*number].text, values[*number].bare),
            Self::Text(text) => {
                text.write(values, room);
                (room, false)
            }
        }
    }
}

struct BoundResource<'m> {
    identity: &'m str,
    resource_type: &'m str,
    key: Text,
    when: Option<usize>,
    updated: Option<usize>,
    /// The value that holds a reference to it.
    reference: usize,
    template: Option<Template>,
}

impl<'m> Bound<'m> {
    /// Binds a mapping to columns.
    ///
    /// # Errors
    /// [`MappingError`] for columns, fields and resources that are not there, and for templates that are not
    /// JSON.
    pub(super) fn new(
        mapping: &'m Mapping,
        columns: &[String],
        key: &'m HashKey,
        fest: Option<&'m FestSystems>,
    ) -> Result<Self, MappingError> {
        let mut names = Names::default();
        let mut values = Vec::new();
        let column_of = |name: &str| {
            columns.iter().position(|column| column.to_lowercase() == name.to_lowercase())
        };
        for column in columns {
            names.values.insert(column.clone(), values.len());
            values.push(Value::default());
        }
        // As the mapping spells them, whatever the case of the table's header.
        for name in &mapping.csv.columns {
            if let Some(at) = column_of(name) {
                names.values.insert(name.clone(), at);
            }
        }
        for (name, text) in &mapping.constants {
            names.values.insert(name.clone(), values.len());
            values.push(Value { text: text.trim().to_owned(), bare: false });
        }
        let mut steps = Vec::with_capacity(mapping.fields.len());
        for field in &mapping.fields {
            let at = format!("field {}", field.name);
            let input = match (&field.column, &field.text) {
                (Some(column), None) => {
                    Input::Value(column_of(column).ok_or_else(|| no_column(&at, column, columns))?)
                }
                (None, Some(text)) => Input::of(Text::parse(text, &names, &at)?),
                _ => {
                    return Err(MappingError::new(
                        at,
                        "enten column eller text",
                        "either column or text",
                    ));
                }
            };
            let kind = Kind::of(field, mapping, &at)?;
            let default = match &field.default {
                Some(default) => Some(Input::of(Text::parse(default, &names, &at)?)),
                None => None,
            };
            let unless = match &field.unless {
                Some(name) => Some(names.find(name, &at)?),
                None => None,
            };
            let first = values.len();
            names.values.insert(field.name.clone(), first);
            values.push(Value::default());
            for further in Kind::further(field, mapping) {
                names.values.insert(format!("{}.{further}", field.name), values.len());
                values.push(Value::default());
            }
            let end = values.len();
            steps.push(Step { field, kind, input, default, unless, first, end });
        }
        for resource in &mapping.resources {
            if names.references.insert(resource.name.clone(), values.len()).is_some() {
                return Err(MappingError::new(
                    format!("resource {}", resource.name),
                    "to ressurser med samme navn",
                    "two resources of the same name",
                ));
            }
            values.push(Value::default());
        }
        let mut resources = Vec::with_capacity(mapping.resources.len());
        for resource in &mapping.resources {
            let at = format!("resource {}", resource.name);
            let template = match (&resource.template, resource.elsewhere) {
                (Some(template), false) => {
                    let json: serde_json::Map<String, serde_json::Value> =
                        serde_json::from_str(template).map_err(|error| {
                            MappingError::new(
                                &at,
                                format!("template er ikke et JSON-objekt: {error}"),
                                format!("template is not a JSON object: {error}"),
                            )
                        })?;
                    Some(Template::object(&json, &names, &at)?)
                }
                (None, true) => None,
                _ => {
                    return Err(MappingError::new(
                        at,
                        "enten template eller elsewhere = true",
                        "either template or elsewhere = true",
                    ));
                }
            };
            let number =
                |name: &Option<String>| name.as_ref().map(|name| names.find(name, &at)).transpose();
            resources.push(BoundResource {
                identity: resource.identity.as_ref().unwrap_or(&resource.name),
                resource_type: &resource.resource_type,
                key: Text::parse(&resource.key, &names, &at)?,
                when: number(&resource.when)?,
                updated: number(&resource.updated)?,
                reference: names.references[&resource.name],
                template,
            });
        }
        let row_key = match &mapping.key {
            Some(name) => Some(column_of(name).ok_or_else(|| no_column("key", name, columns))?),
            None => None,
        };
        Ok(Self {
            key,
            fest,
            columns: columns.to_vec(),
            row_key,
            steps,
            resources,
            values,
            made: Vec::new(),
            count: 0,
            namespace: &mapping.namespace,
            numbers: Vec::new(),
        })
    }

    /// Makes the resources of a row. `is_number` says of a column whether the row has a number of a database's there, and
    /// not a text.
    ///
    /// # Errors
    /// [`RowError`] when the row must be held.
    pub(super) fn map(
        &mut self,
        row: &StringRecord,
        is_number: impl Fn(usize) -> bool,
    ) -> Result<Made, RowError> {
        self.count = 0;
        self.numbers.clear();
        if row.len() != self.columns.len() {
            let reason = RowReason::FieldCount { found: row.len(), expected: self.columns.len() };
            return Err(self.error(row, "", reason));
        }
        for (value, field) in self.values.iter_mut().zip(row) {
            value.set(field.trim(), false);
        }
        for at in 0..self.steps.len() {
            match self.step(at, &is_number) {
                Ok(Read::Value) => {}
                Ok(Read::Skip) => return Ok(Made::Skipped),
                Err(reason) => {
                    let field = self.steps[at].field;
                    let column = field.column.as_ref().unwrap_or(&field.name);
                    return Err(self.error(row, column, reason));
                }
            }
        }
        self.name_resources();
        for at in 0..self.resources.len() {
            self.write(at);
        }
        Ok(Made::Resources)
    }

    fn step(&mut self, at: usize, is_number: &impl Fn(usize) -> bool) -> Result<Read, RowReason> {
        let step = &self.steps[at];
        let (before, after) = self.values.split_at_mut(step.first);
        let own = &mut after[..step.end - step.first];
        for value in own.iter_mut() {
            value.set("", false);
        }
        let is_set = |number: usize| before.get(number).is_some_and(|value| !value.is_empty());
        if step.unless.is_some_and(is_set) {
            return Ok(Read::Value);
        }
        let (mut put_together, mut by_default) = (String::new(), String::new());
        let columns = self.columns.len();
        let is_decimal = matches!(step.kind, Kind::Decimal { .. });
        let mut input = &step.input;
        let (mut text, found) = input.read(before, columns, is_number, &mut put_together);
        let mut is_a_number = is_decimal && found;
        let without;
        // What is left out of texts may be the decimal separator of a number.
        if !is_a_number
            && !step.field.remove.is_empty()
            && text.contains(|c| step.field.remove.contains(c))
        {
            without = text.replace(|c| step.field.remove.contains(c), "");
            text = &without;
        }
        if text.is_empty()
            && let Some(default) = &step.default
        {
            let found;
            (text, found) = default.read(before, columns, is_number, &mut by_default);
            (input, is_a_number) = (default, is_decimal && found);
        }
        if text.is_empty() {
            return if step.field.required { Err(RowReason::Empty) } else { Ok(Read::Value) };
        }
        let read = step.kind.read(text, is_a_number, own, self.fest)?;
        if !is_a_number && let Some(form) = step.kind.number_form(text) {
            let cell = match input {
                Input::Value(number) if *number < columns => Cell::Column(*number),
                _ => Cell::Field(&step.field.name),
            };
            // Several fields may read one cell.
            if !self.numbers.contains(&(cell, form)) {
                self.numbers.push((cell, form));
            }
        }
        Ok(read)
    }

    /// Gives each resource that the row has its reference, before any of them is written.
    fn name_resources(&mut self) {
        for resource in &self.resources {
            let is_wanted = resource
                .when
                .is_none_or(|when| self.values.get(when).is_some_and(|v| !v.is_empty()));
            let mut key = String::new();
            let named = is_wanted && resource.key.write(&self.values, &mut key);
            let Some(reference) = self.values.get_mut(resource.reference) else { continue };
            reference.set("", false);
            if named {
                let parts =
                    [self.namespace.as_bytes(), resource.identity.as_bytes(), key.as_bytes()];
                let id = uuid_text(self.key.hash("table", &parts).0, 8);
                reference.text.extend([resource.resource_type, "/", &id]);
            }
        }
    }

    fn write(&mut self, at: usize) {
        let resource = &self.resources[at];
        let Some(template) = &resource.template else { return };
        let Some(reference) = self.values.get(resource.reference).filter(|v| !v.is_empty()) else {
            return;
        };
        if self.made.len() == self.count {
            self.made.push((at, String::new(), None));
        }
        let Some((number, json, updated)) = self.made.get_mut(self.count) else { return };
        *number = at;
        json.clear();
        let id = reference.text.split_once('/').map_or("", |(_, id)| id);
        json.extend(["{\"resourceType\":\"", resource.resource_type, "\",\"id\":\"", id, "\""]);
        template.write_members(&self.values, json);
        *updated = resource
            .updated
            .and_then(|number| self.values.get(number))
            .and_then(|value| value.text.parse().ok());
        self.count += 1;
    }

    /// What the numbers of the last row that are texts show of their separators, once for a cell, with the name of its
    /// column, or of the field that puts it together.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (&str, NumberForm)> {
        self.numbers.iter().map(|(cell, form)| match cell {
            Cell::Column(number) => (&*self.columns[*number], *form),
            Cell::Field(name) => (*name, *form),
        })
    }

    /// How many resources the last row was.
    pub(super) fn made(&self) -> usize {
        self.count
    }

    /// A resource of the last row: its JSON, its type, and when it was written.
    pub(super) fn resource(&self, made: usize) -> (&str, &str, Option<Timestamp>) {
        let (number, json, updated) = &self.made[made];
        (json, self.resources[*number].resource_type, *updated)
    }

    fn error(&self, row: &StringRecord, column: &str, reason: RowReason) -> RowError {
        let key = self.row_key.and_then(|at| row.get(at)).map(str::trim);
        let key = key.filter(|key| !key.is_empty() && key.len() <= 64 && !looks_personal(key));
        RowError { key: key.map(str::to_owned), column: column.to_owned(), reason }
    }
}

fn no_column(at: &str, name: &str, columns: &[String]) -> MappingError {
    let all = columns.join(", ");
    MappingError::new(
        at,
        format!("tabellen har ingen kolonne {name}; den har {all}"),
        format!("the table has no column {name}; it has {all}"),
    )
}
