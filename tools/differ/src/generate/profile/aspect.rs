//! What a differential can say of one element.

use serde_json::{Map, Value, json};

use super::Maker;
use super::site::{Site, is_ordinary};

/// Types whose values have an order.
const ORDERED: [&str; 10] = [
    "date",
    "dateTime",
    "instant",
    "time",
    "decimal",
    "integer",
    "positiveInt",
    "unsignedInt",
    "Quantity",
    "Age",
];

impl Maker<'_> {
    /// Lines about an element and what is below it; `depth` from the element that was chosen first.
    pub(super) fn constrain(&mut self, site: &Site, depth: u8) -> Vec<Value> {
        let deep = depth < 3;
        match self.rng.u8(..10) {
            0..=2 if site.repeats() && deep => {
                let lines = self.slicing(site, depth);
                if !lines.is_empty() {
                    return lines;
                }
            }
            0..=3 if site.is_choice() => return self.choice(site, depth),
            4..=5 if deep => {
                let lines = self.inside(site, depth);
                if !lines.is_empty() {
                    return lines;
                }
            }
            6 if deep && self.one_in(2) => {
                let lines = self.extensions(site);
                if !lines.is_empty() {
                    let mut all = vec![site.line()];
                    all.extend(lines);
                    return all;
                }
            }
            _ => {}
        }
        let mut line = site.line();
        let Some(members) = line.as_object_mut() else { return Vec::new() };
        self.aspect(site, members);
        if self.one_in(3) {
            self.aspect(site, members);
        }
        vec![line]
    }

    /// A line without rules of its own, and lines about one or two members.
    fn inside(&mut self, site: &Site, depth: u8) -> Vec<Value> {
        let children: Vec<Site> =
            site.children(self.definitions).into_iter().filter(is_ordinary).collect();
        if children.is_empty() {
            return Vec::new();
        }
        let mut chosen: Vec<usize> =
            (0..self.rng.usize(1..3)).map(|_| self.rng.usize(..children.len())).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let mut lines = Vec::new();
        if self.rng.bool() {
            let mut line = site.line();
            if let Some(members) = line.as_object_mut() {
                self.cardinality(site, members);
                if members.get("max") == Some(&json!("0")) {
                    members.shift_remove("max");
                }
            }
            lines.push(line);
        }
        for at in chosen {
            lines.extend(self.constrain(&children[at], depth + 1));
        }
        lines
    }

    /// Adds one rule to a line.
    fn aspect(&mut self, site: &Site, line: &mut Map<String, Value>) {
        let Some(ty) = site.single_type().map(|ty| ty.name().to_owned()) else {
            return self.cardinality(site, line);
        };
        match self.rng.u8(..10) {
            0..=1 => self.cardinality(site, line),
            2..=3 => self.value(&ty, line),
            4 if super::binding::is_bindable(&ty) => {
                let strength = site.element().binding.as_ref().map(|b| b.strength);
                self.binding(strength, line);
            }
            5 if ORDERED.contains(&&*ty) => {
                let value = self.values.data_type(self.rng, &ty);
                let limit = self.pick(&["minValue", "maxValue"]);
                line.insert(format!("{limit}{}", capital(&ty)), value);
            }
            5..=6 if matches!(&*ty, "string" | "uri" | "code" | "markdown" | "url") => {
                line.insert("maxLength".into(), json!(self.rng.u32(1..15)));
            }
            7 => {
                let members: Vec<String> = site
                    .children(self.definitions)
                    .iter()
                    .filter(|c| is_ordinary(c))
                    .map(|c| c.name().to_owned())
                    .collect();
                let invariant = self.invariant(&ty, &members);
                line.insert("constraint".into(), json!([invariant]));
            }
            _ if ty == "Reference" => self.targets(site, line),
            8 if ty.starts_with(char::is_uppercase)
                && site.single_type().is_some_and(|ty| ty.profiles.is_empty()) =>
            {
                if let Some(profile) = self.data_type_profile(&ty) {
                    let profile = self.versioned(&profile);
                    line.insert("type".into(), json!([{ "code": ty, "profile": [profile] }]));
                }
            }
            _ => {
                line.insert("mustSupport".into(), json!(true));
            }
        }
    }

    fn cardinality(&mut self, site: &Site, line: &mut Map<String, Value>) {
        let element = site.element();
        match self.rng.u8(..6) {
            0..=1 => drop(line.insert("min".into(), json!(1))),
            2 if site.repeats() => drop(line.insert("min".into(), json!(2))),
            3 if element.min == 0 => {
                line.shift_remove("min");
                line.insert("max".into(), json!("0"));
            }
            4 if site.repeats() && line.get("min") != Some(&json!(2)) => {
                line.insert("max".into(), json!("1"));
            }
            5 if site.repeats() => drop(line.insert("max".into(), json!("2"))),
            _ => drop(line.insert("mustSupport".into(), json!(true))),
        }
    }

    /// A fixed value or a pattern of the type.
    pub(super) fn value(&mut self, ty: &str, line: &mut Map<String, Value>) {
        if matches!(
            ty,
            "BackboneElement" | "Element" | "Resource" | "xhtml" | "Narrative" | "Extension"
        ) {
            return;
        }
        if line.keys().any(|key| key.starts_with("fixed") || key.starts_with("pattern")) {
            return;
        }
        let mut value = self.values.data_type(self.rng, ty);
        let kind = self.pick(&["fixed", "pattern", "pattern"]);
        if let (true, Some(members)) = (kind == "pattern", value.as_object_mut()) {
            while members.len() > 1 && self.rng.u8(..3) > 0 {
                let at = self.rng.usize(..members.len());
                let Some(key) = members.keys().nth(at).cloned() else { break };
                members.shift_remove(&key);
            }
        }
        if value.is_null() || value.as_object().is_some_and(Map::is_empty) {
            return;
        }
        line.insert(format!("{kind}{}", capital(ty)), value);
    }

    /// Restricts what a reference leads to, and how.
    pub(super) fn targets(&mut self, site: &Site, line: &mut Map<String, Value>) {
        let Some(ty) = site.single_type() else { return };
        let mut profiles: Vec<String> =
            ty.target_profiles.iter().map(ToString::to_string).collect();
        self.rng.shuffle(&mut profiles);
        profiles.truncate(self.rng.usize(1..3));
        for profile in &mut profiles {
            if self.rng.bool()
                && let Some(made) = profile
                    .rsplit('/')
                    .next()
                    .map(str::to_owned)
                    .and_then(|name| self.target_profile(&name))
            {
                *profile = self.versioned(&made);
            }
        }
        let mut rule = json!({ "code": "Reference" });
        if !profiles.is_empty() {
            rule["targetProfile"] = json!(profiles);
        }
        if self.one_in(4) {
            let all = [
                vec!["contained"],
                vec!["bundled"],
                vec!["referenced"],
                vec!["contained", "bundled"],
                vec!["referenced", "bundled"],
            ];
            rule["aggregation"] = json!(all[self.rng.usize(..all.len())]);
        }
        if self.one_in(8) {
            rule["versioning"] = json!(self.pick(&["either", "independent", "specific"]));
        }
        line.insert("type".into(), json!([rule]));
    }

    /// An invariant about an element of the type, with `members`.
    pub(super) fn invariant(&mut self, ty: &str, members: &[String]) -> Value {
        let key = format!("gen-{}", self.rng.u32(1..9999));
        let plain = |name: &String| name.trim_end_matches("[x]").to_owned();
        let expression = if members.is_empty() {
            let of_text = [
                "length() < 8",
                "matches('^[A-Za-z]+$')",
                "contains('a')",
                "startsWith('N') or length() > 4",
                "$this = $this.trim()",
                "$this.upper() != $this",
                "indexOf('d') >= 0",
                "replace('a', 'b').length() = length()",
            ];
            let of_all = [
                "hasValue()",
                "toString().length() < 9",
                "extension.empty()",
                "%resource.id.exists()",
            ];
            match ty {
                "string" | "code" | "uri" | "markdown" | "id" | "url" | "canonical" => {
                    self.pick(&of_text)
                }
                "boolean" => self.pick(&["$this", "not()", "$this = true", "hasValue()"]),
                "integer" | "positiveInt" | "unsignedInt" | "decimal" => self.pick(&[
                    "$this > 10",
                    "$this mod 2 = 0",
                    "$this.abs() < 50",
                    "$this * 2 >= 20",
                ]),
                "date" | "dateTime" | "instant" => self.pick(&[
                    "$this > @2000-01-01",
                    "$this <= today()",
                    "toString().length() > 4",
                ]),
                _ => self.pick(&of_all),
            }
            .to_owned()
        } else {
            let a = plain(&members[self.rng.usize(..members.len())]);
            let b = plain(&members[self.rng.usize(..members.len())]);
            match self.rng.u8(..12) {
                0 => format!("{a}.exists() or {b}.exists()"),
                1 => format!("{a}.exists() implies {b}.exists()"),
                2 => format!("{a}.empty() xor {b}.empty()"),
                3 => format!("{a}.count() <= 1"),
                4 => format!("({a} | {b}).count() < 3"),
                5 => format!("{a}.all(extension.empty())"),
                6 => format!("children().where($this is string).count() < 3 and {a}.exists()"),
                7 => format!("descendants().count() > 3 or {a}.empty()"),
                8 => format!("iif({a}.exists(), {b}.empty(), {b}.exists())"),
                9 => format!("{a}.first().exists() and {a}.last().exists()"),
                10 => format!("{a}.isDistinct()"),
                _ => format!("{a}.select($this).count() = {a}.count() and {b}.exists().not()"),
            }
        };
        json!({
            "key": key, "severity": self.pick(&["error", "error", "warning"]), "human": "Generert",
            "expression": expression,
        })
    }
}

/// A type's name as it ends the name of a choice.
pub(super) fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
