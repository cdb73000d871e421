//! What a profile says of the place where the cursor is: explanations and completions.

use std::ops::Range;
use std::sync::Arc;

use lmr_validator::definitions::{ElementDefinition, Max, StructureDefinition};
use serde_json::{Value, json};

use super::cursor::{self, Cursor, Frame};
use crate::explain::{Source, is_choice, words};
use crate::output::Language;

/// Most codes that are offered.
const CODES: usize = 200;

/// An element of a definition.
type Found = (Arc<StructureDefinition>, usize);

/// What the profile demands of the element at the cursor, in Markdown.
pub(super) fn hover(source: &Source, text: &str, offset: usize, lang: Language) -> Option<String> {
    let cursor = cursor::at(text, offset);
    let member = cursor.member.as_deref().map(|name| name.strip_prefix('_').unwrap_or(name));
    let (structure, at) = element(source, &cursor, member)?;
    let element = &structure.elements[at];
    let mut said = format!("**{}**", element.id);
    for sentence in words::sentences(source.validator().definitions(), &structure, element) {
        said.push_str("\n\n");
        said.push_str(&escaped(sentence.get(lang)));
    }
    said.push_str("\n\n");
    said.push_str(&structure.canonical());
    Some(said)
}

/// Names of elements, or codes, that may be written at the cursor.
pub(super) fn completions(
    source: &Source,
    text: &str,
    offset: usize,
    lang: Language,
) -> Vec<Value> {
    let cursor = cursor::at(text, offset);
    if cursor.is_at_name { names(source, &cursor, lang) } else { codes(source, &cursor) }
}

fn names(source: &Source, cursor: &Cursor, lang: Language) -> Vec<Value> {
    let Some((structure, at)) = element(source, cursor, None) else { return Vec::new() };
    let written = cursor.frames.last().and_then(|frame| frame.name.as_deref());
    let (structure, at) = children_of(source, structure, at, written);
    let parent = &structure.elements[at];
    let prefix = format!("{}.", parent.id);
    let own = cursor.frames.last();
    let is_there = |name: &str| {
        cursor.member.as_deref() != Some(name)
            && own.is_some_and(|frame| frame.members.iter().any(|(of, _)| of == name))
    };
    let mut items = Vec::new();
    for element in structure.elements.iter() {
        let is_child =
            element.id.strip_prefix(&prefix).is_some_and(|rest| !rest.contains(['.', ':']));
        if !is_child || element.max == Max::Count(0) {
            continue;
        }
        let about = words::sentences(source.validator().definitions(), &structure, element);
        let about: Vec<&str> = about.iter().map(|sentence| sentence.get(lang).as_str()).collect();
        for name in spellings(element) {
            if is_there(&name) {
                continue;
            }
            items.push(json!({
                "label": name,
                "kind": 5,
                "detail": format!("{}..{}", element.min, element.max),
                "documentation": about.join("\n"),
                "insertText": if cursor.is_in_string { name.clone() } else { format!("\"{name}\"") },
                // What must be there comes first.
                "sortText": format!("{}{name}", u8::from(element.min == 0)),
            }));
        }
    }
    items
}

/// `value[x]` is written with each of its types.
fn spellings(element: &ElementDefinition) -> Vec<String> {
    let name = element.name();
    let Some(stem) = name.strip_suffix("[x]") else { return vec![name.to_owned()] };
    let capital = |of: &str| {
        let mut letters = of.chars();
        letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
    };
    element.types.iter().map(|of| format!("{stem}{}", capital(of.name()))).collect()
}

fn codes(source: &Source, cursor: &Cursor) -> Vec<Value> {
    let Some(member) = cursor.member.as_deref().or_else(|| last_name(cursor)) else {
        return Vec::new();
    };
    if member == "resourceType" {
        let names = source.validator().definitions().structures();
        let mut types: Vec<&str> =
            names.filter(|s| s.is_resource && !s.is_profile).map(|s| s.name).collect();
        types.sort_unstable();
        return types.into_iter().map(|name| item(name, None, cursor)).collect();
    }
    // The code of a Coding is bound where the Coding, or the CodeableConcept around it, is.
    let mut depth = cursor.frames.len();
    let mut found = element_at(source, &cursor.frames, Some(member));
    while let Some((structure, at)) = &found
        && structure.elements[*at].binding.is_none()
        && matches!(&*structure.type_name, "Coding" | "CodeableConcept" | "Quantity")
        && depth > 0
    {
        depth -= 1;
        found = element_at(source, &cursor.frames[..depth], cursor.frames[depth].name.as_deref());
    }
    let Some((structure, at)) = found else { return Vec::new() };
    let Some(url) = structure.elements[at].binding.as_ref().and_then(|b| b.value_set.clone())
    else {
        return Vec::new();
    };
    let system = cursor.frames.last().and_then(|frame| frame.text("system"));
    let listed = source.validator().definitions().terminology().value_set(&url).codes(CODES);
    if member == "system" {
        let mut systems: Vec<&str> = listed.iter().map(|(system, ..)| &**system).collect();
        systems.dedup();
        return systems.into_iter().map(|system| item(system, None, cursor)).collect();
    }
    listed
        .iter()
        .filter(|(of, ..)| system.is_none_or(|system| system == &**of))
        .map(|(_, code, display)| item(code, display.as_deref(), cursor))
        .collect()
}

fn item(value: &str, detail: Option<&str>, cursor: &Cursor) -> Value {
    json!({
        "label": value,
        "kind": 12,
        "detail": detail,
        "insertText": if cursor.is_in_string { value.to_owned() } else { format!("\"{value}\"") },
    })
}

/// The array that the cursor is in is the value of a member.
fn last_name(cursor: &Cursor) -> Option<&str> {
    cursor.frames.last().filter(|frame| frame.is_array)?.name.as_deref()
}

/// The element around the cursor, or its member.
fn element(source: &Source, cursor: &Cursor, member: Option<&str>) -> Option<Found> {
    element_at(source, &cursor.frames, member)
}

fn element_at(source: &Source, frames: &[Frame], member: Option<&str>) -> Option<Found> {
    let root = frames.iter().rposition(|frame| frame.text("resourceType").is_some())?;
    let of = frames[root].text("resourceType")?;
    let structure = source.structure(of).ok()??;
    let names = frames[root + 1..].iter().filter_map(|frame| frame.name.as_deref()).chain(member);
    let mut path = structure.type_name.to_string();
    for name in names {
        path.push('.');
        path.push_str(name);
    }
    let (structure, at) = source.element(&structure, &path).ok()?;
    Some((structure, at))
}

/// The element itself where the definition has its children, else the root of its type: of a choice, the one that the
/// name it is written with ends in.
fn children_of(
    source: &Source,
    structure: Arc<StructureDefinition>,
    at: usize,
    written: Option<&str>,
) -> Found {
    let element = &structure.elements[at];
    let prefix = format!("{}.", element.id);
    if structure.elements.iter().any(|other| other.id.starts_with(&prefix)) {
        return (structure, at);
    }
    if let Some(same) = &element.content_reference
        && let Some(at) = structure.elements.iter().position(|other| other.id == *same)
    {
        return (structure, at);
    }
    let is_written = |of: &str| written.is_some_and(|name| is_choice(element, of, name));
    let of = element.types.iter().find(|of| is_written(of.name())).or(element.types.first());
    let of = of.and_then(|of| of.profiles.first().map(|profile| &**profile).or(Some(of.name())));
    match of.and_then(|of| source.structure(of).ok()?) {
        Some(of) => (of, 0),
        None => (structure, at),
    }
}

/// Markdown takes these for its own.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_<>[]#|".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Lines of a text, for the protocol's positions: lines and UTF-16 units from 0.
pub(super) struct Positions<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Positions<'t> {
    /// The lines of this text.
    pub(super) fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text, starts: starts.collect() }
    }

    fn line_text(&self, line: usize) -> &'t str {
        let Some(&start) = self.starts.get(line) else { return "" };
        self.text[start..].lines().next().unwrap_or_default()
    }

    /// The byte at a position; the line's end for one behind it.
    pub(super) fn offset(&self, line: u64, column: u64) -> Option<usize> {
        let line = usize::try_from(line).ok()?;
        let start = *self.starts.get(line)?;
        let text = self.line_text(line);
        let mut units = 0;
        for (at, c) in text.char_indices() {
            if units >= column {
                return Some(start + at);
            }
            units += c.len_utf16() as u64;
        }
        Some(start + text.len())
    }

    fn position(&self, offset: usize) -> Value {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let before = self.text.get(self.starts[line]..offset).unwrap_or_default();
        json!({ "line": line, "character": before.encode_utf16().count() })
    }

    /// The range of a span, its first line only.
    pub(super) fn first_line(&self, span: Range<usize>) -> Value {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let end = span.start + text.lines().next().unwrap_or_default().len();
        json!({ "start": self.position(span.start), "end": self.position(end) })
    }

    /// The line (from 1) up to a column, where no more is known.
    pub(super) fn line(&self, line: u32, column: u32) -> Value {
        let line = (line as usize).saturating_sub(1).min(self.starts.len() - 1);
        let text = self.line_text(line);
        let indent = text.len() - text.trim_start().len();
        let from = text
            .char_indices()
            .nth((column as usize).saturating_sub(1))
            .map_or(indent, |(at, _)| at);
        let start = self.starts[line];
        json!({ "start": self.position(start + from.min(text.len())), "end": self.position(start + text.len()) })
    }
}
