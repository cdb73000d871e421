//! A resource's JSON with places for values.
//!
//! `"${name}"` as a whole text is the value in its own JSON type, and a member without a value is left out;
//! `"${name!}"` leaves out the object that it is in. An object or array whose values are all empty is left out
//! whatever constants it has.

use std::collections::HashMap;

use lmr_fhir::escape_into;
use serde_json::Value as Json;

use super::mapping::MappingError;

/// A value of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Value {
    pub(super) text: String,
    /// Written without quotes.
    pub(super) bare: bool,
}

impl Value {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn set(&mut self, text: &str, bare: bool) {
        self.text.clear();
        self.text.push_str(text);
        self.bare = bare;
    }
}

/// Names of values and of resources, with their numbers.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) values: HashMap<String, usize>,
    /// Numbers of the values that hold references to resources.
    pub(super) references: HashMap<String, usize>,
}

impl Names {
    pub(super) fn find(&self, name: &str, at: &str) -> Result<usize, MappingError> {
        let found = match name.strip_prefix("ref:") {
            Some(resource) => self.references.get(resource),
            None => self.values.get(name),
        };
        found.copied().ok_or_else(|| {
            let near = lmr_fhir::nearest(name, self.values.keys().map(String::as_str));
            let (nb, en) = near.map_or_else(Default::default, |near| {
                (format!(" (mente du {near}?)"), format!(" (did you mean {near}?)"))
            });
            MappingError::new(
                at,
                format!("det er ingen kolonne, konstant eller felt som heter {name}{nb}"),
                format!("there is no column, constant or field called {name}{en}"),
            )
        })
    }
}

/// A text with values in it.
#[derive(Debug)]
pub(super) struct Text(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Constant(String),
    Value { number: usize, drops: bool },
}

impl Text {
    pub(super) fn parse(text: &str, names: &Names, at: &str) -> Result<Self, MappingError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, after) = rest.split_at(start);
            let Some(end) = after.find('}') else {
                return Err(MappingError::new(
                    at,
                    format!("${{ uten }} i {text}"),
                    format!("${{ without }} in {text}"),
                ));
            };
            if !before.is_empty() {
                pieces.push(Piece::Constant(before.to_owned()));
            }
            let name = &after[2..end];
            let (name, drops) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
            pieces.push(Piece::Value { number: names.find(name.trim(), at)?, drops });
            rest = &after[end + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Constant(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// Appends the text; false, and nothing appended, where a value is empty.
    pub(super) fn write(&self, values: &[Value], out: &mut String) -> bool {
        let start = out.len();
        for piece in &self.0 {
            match piece {
                Piece::Constant(text) => out.push_str(text),
                Piece::Value { number, .. } => match values.get(*number) {
                    Some(value) if !value.is_empty() => out.push_str(&value.text),
                    _ => {
                        out.truncate(start);
                        return false;
                    }
                },
            }
        }
        out.len() > start
    }

    /// The number of the value that is the whole text.
    pub(super) fn value(&self) -> Option<usize> {
        match &*self.0 {
            [Piece::Value { number, .. }] => Some(*number),
            _ => None,
        }
    }

    fn has_values(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Value { .. }))
    }

    fn drops(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Value { drops: true, .. }))
    }
}

/// The compiled JSON.
#[derive(Debug)]
pub(super) enum Template {
    /// The same for every row.
    Constant(String),
    Value {
        number: usize,
        drops: bool,
    },
    Text(Text),
    Object(Vec<(String, Template)>),
    Array(Vec<Template>),
}

/// What was written of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Constant,
    Value,
    Nothing,
    /// Nothing, and the object around it goes too.
    Drop,
}

impl Template {
    /// Compiles the members of an object.
    pub(super) fn object(
        json: &serde_json::Map<String, Json>,
        names: &Names,
        at: &str,
    ) -> Result<Self, MappingError> {
        let mut members = Vec::with_capacity(json.len());
        for (name, value) in json {
            let mut key = String::new();
            escape_into(&mut key, name);
            key.push(':');
            members.push((key, Self::of(value, names, at)?));
        }
        Ok(Self::Object(members))
    }

    fn of(json: &Json, names: &Names, at: &str) -> Result<Self, MappingError> {
        Ok(match json {
            Json::Object(members) => {
                let object = Self::object(members, names, at)?;
                if object.has_values() { object } else { Self::Constant(json.to_string()) }
            }
            Json::Array(items) => {
                let items: Result<Vec<Self>, MappingError> =
                    items.iter().map(|item| Self::of(item, names, at)).collect();
                let array = Self::Array(items?);
                if array.has_values() { array } else { Self::Constant(json.to_string()) }
            }
            Json::String(text) => {
                let text = Text::parse(text, names, at)?;
                match text.0.as_slice() {
                    [Piece::Value { number, drops }] => {
                        Self::Value { number: *number, drops: *drops }
                    }
                    _ if text.has_values() => Self::Text(text),
                    _ => Self::Constant(json.to_string()),
                }
            }
            other => Self::Constant(other.to_string()),
        })
    }

    fn has_values(&self) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Value { .. } | Self::Text(_) => true,
            Self::Object(members) => members.iter().any(|(_, member)| member.has_values()),
            Self::Array(items) => items.iter().any(Self::has_values),
        }
    }

    /// Appends an object's members behind `out`, which has the start of the object, and closes it.
    pub(super) fn write_members(&self, values: &[Value], out: &mut String) {
        if let Self::Object(members) = self {
            for (key, member) in members {
                let before = out.len();
                if !out.ends_with('{') {
                    out.push(',');
                }
                out.push_str(key);
                if !matches!(member.write(values, out), Written::Constant | Written::Value) {
                    out.truncate(before);
                }
            }
        }
        out.push('}');
    }

    fn write(&self, values: &[Value], out: &mut String) -> Written {
        let empty = |drops: bool| if drops { Written::Drop } else { Written::Nothing };
        match self {
            Self::Constant(text) => {
                out.push_str(text);
                Written::Constant
            }
            Self::Value { number, drops } => match values.get(*number) {
                Some(value) if !value.is_empty() => {
                    if value.bare {
                        out.push_str(&value.text);
                    } else {
                        escape_into(out, &value.text);
                    }
                    Written::Value
                }
                _ => empty(*drops),
            },
            Self::Text(text) => {
                let mut whole = String::new();
                if text.write(values, &mut whole) {
                    escape_into(out, &whole);
                    Written::Value
                } else {
                    empty(text.drops())
                }
            }
            Self::Object(members) => {
                let start = out.len();
                out.push('{');
                let mut any = false;
                for (key, member) in members {
                    let before = out.len();
                    if before > start + 1 {
                        out.push(',');
                    }
                    out.push_str(key);
                    match member.write(values, out) {
                        Written::Constant => {}
                        Written::Value => any = true,
                        Written::Nothing => out.truncate(before),
                        Written::Drop => {
                            out.truncate(start);
                            return Written::Nothing;
                        }
                    }
                }
                if !any {
                    out.truncate(start);
                    return Written::Nothing;
                }
                out.push('}');
                Written::Value
            }
            Self::Array(items) => {
                let start = out.len();
                out.push('[');
                let mut any = false;
                for item in items {
                    let before = out.len();
                    if before > start + 1 {
                        out.push(',');
                    }
                    match item.write(values, out) {
                        Written::Constant => {}
                        Written::Value => any = true,
                        Written::Nothing | Written::Drop => out.truncate(before),
                    }
                }
                if !any {
                    out.truncate(start);
                    return Written::Nothing;
                }
                out.push(']');
                Written::Value
            }
        }
    }
}
