//! Slicings by every discriminator.

use serde_json::{Map, Value, json};

use super::aspect::capital;
use super::site::{Site, is_ordinary};
use super::{Maker, Sliced};

/// A line of a member with its id and path in the slice.
fn below(slice: &Site, mut line: Value) -> Value {
    let of = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let (id, path) = (of("id"), of("path"));
    line["id"] = json!(format!("{}.{id}", slice.id));
    line["path"] = json!(format!("{}.{path}", slice.path));
    line
}

/// How the slices of a slicing are distinguished, and what shows it in each.
struct Way {
    discriminators: Value,
    by: String,
    /// For each slice: what its own line gets, and lines of its members (id and path relative).
    slices: Vec<(Map<String, Value>, Vec<Value>)>,
}

impl Maker<'_> {
    /// The slicing of a repeating element, with two slices or three; empty if there is no way.
    pub(super) fn slicing(&mut self, site: &Site, depth: u8) -> Vec<Value> {
        let Some(way) = self.way(site) else { return Vec::new() };
        let rules = self.pick(&["open", "open", "closed", "openAtEnd"]);
        let slicing = json!({
            "discriminator": way.discriminators, "rules": rules, "ordered": self.one_in(5),
        });
        let mut line = site.line();
        line["slicing"] = slicing.clone();
        if self.one_in(4)
            && let Some(members) = line.as_object_mut()
        {
            members.insert("min".into(), json!(1));
        }
        let mut lines = vec![line];
        let names = ["en", "to", "tre"];
        let mut made = Vec::new();
        let mut optional = Vec::new();
        let mut further = Vec::new();
        let third = way.slices.len() == 3 && self.rng.u8(..3) > 0;
        for (name, (own, inner)) in names.into_iter().zip(way.slices) {
            if third && name == "tre" {
                // Kept for a higher layer.
                let slice = site.slice("ny");
                let mut line = slice.line();
                line["sliceName"] = json!("ny");
                if let Some(members) = line.as_object_mut() {
                    members.extend(own);
                }
                further.push(line);
                further.extend(inner.into_iter().map(|one| below(&slice, one)));
                break;
            }
            let slice = site.slice(name);
            let mut line = slice.line();
            line["sliceName"] = json!(name);
            let min = self.pick(&[0, 0, 1]);
            line["min"] = json!(min);
            if min == 0 {
                optional.push(name.to_owned());
            }
            if self.rng.bool() {
                line["max"] = json!("1");
            }
            if let Some(members) = line.as_object_mut() {
                members.extend(own);
            }
            lines.push(line);
            let first = way.by.split('.').next().unwrap_or_default();
            let mut members: Vec<(String, Vec<Value>)> = Vec::new();
            for one in inner {
                let relative = one["id"].as_str().unwrap_or_default().to_owned();
                let one = below(&slice, one);
                let top = relative.split(['.', ':']).next().unwrap_or_default().to_owned();
                match members.last_mut() {
                    Some((name, lines)) if *name == top => lines.push(one),
                    _ => members.push((top, vec![one])),
                }
            }
            let children = slice.children(self.definitions);
            if self.one_in(3) && depth < 2 && !matches!(first, "$this" | "resolve()") {
                let others: Vec<&Site> = children
                    .iter()
                    .filter(|c| is_ordinary(c) && !members.iter().any(|(name, _)| name == c.name()))
                    .filter(|c| c.name().trim_end_matches("[x]") != first)
                    .collect();
                if !others.is_empty() {
                    let other = others[self.rng.usize(..others.len())].clone();
                    let more = self.constrain(&other, depth + 2);
                    members.push((other.name().to_owned(), more));
                }
            }
            // In the order of the type, extensions first.
            members.sort_by_key(|(name, _)| children.iter().position(|c| c.name() == name));
            lines.extend(members.into_iter().flat_map(|(_, lines)| lines));
            made.push(name.to_owned());
        }
        if rules == "closed" && self.one_in(4) {
            let mut line = site.slice("@default").line();
            line["sliceName"] = json!("@default");
            line["max"] = json!("1");
            lines.push(line);
        }
        self.slicings.push(Sliced {
            site: site.clone(),
            slicing,
            slices: made,
            optional,
            further,
            by: way.by,
        });
        lines
    }

    /// One way to tell the items of an element apart.
    fn way(&mut self, site: &Site) -> Option<Way> {
        let ty = site.single_type().map(|ty| ty.name().to_owned());
        let children: Vec<Site> =
            site.children(self.definitions).into_iter().filter(is_ordinary).collect();
        match self.rng.u8(..9) {
            0 if ty.as_deref() == Some("Reference") => self.by_target(site),
            1 if ty.as_deref() == Some("Reference") => self.by_target(site),
            0..=1 => self.by_this(&ty?),
            2 => self.by_existence(&children),
            3 => self.by_type(&children),
            4 => self.by_profile(&ty?),
            5 => self.by_extension(site),
            6 => self.by_nested(&children),
            7 => {
                let mut first = self.by_member(&children)?;
                let second = self.by_existence(&children)?;
                if first.by == second.by || second.slices.len() < 2 {
                    return Some(first);
                }
                let (Value::Array(a), Value::Array(b)) =
                    (&mut first.discriminators, second.discriminators)
                else {
                    return None;
                };
                a.extend(b);
                first.slices.truncate(2);
                for ((_, lines), (_, more)) in first.slices.iter_mut().zip(second.slices) {
                    lines.extend(more);
                }
                Some(first)
            }
            _ => self.by_member(&children),
        }
    }

    /// By what an item is as a whole: `$this` with a fixed value or a pattern for each slice.
    fn by_this(&mut self, ty: &str) -> Option<Way> {
        let kind = self.pick(&["value", "pattern"]);
        let slices = self
            .some_values(ty)?
            .into_iter()
            .map(|value| {
                let rule = if ty.starts_with(char::is_uppercase) {
                    "pattern"
                } else {
                    self.pick(&["fixed", "pattern"])
                };
                let mut own = Map::new();
                own.insert(format!("{rule}{}", capital(ty)), value);
                (own, Vec::new())
            })
            .collect();
        Some(Way {
            discriminators: json!([{ "type": kind, "path": "$this" }]),
            by: "$this".into(),
            slices,
        })
    }

    /// By the value of a member.
    fn by_member(&mut self, children: &[Site]) -> Option<Way> {
        let fitting: Vec<&Site> = children
            .iter()
            .filter(|c| {
                c.single_type().is_some_and(|ty| {
                    !matches!(ty.name(), "BackboneElement" | "Element" | "Resource" | "Reference")
                })
            })
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let child = fitting[self.rng.usize(..fitting.len())];
        let ty = child.single_type()?.name().to_owned();
        let name = child.name().to_owned();
        let is_array = child.repeats();
        let kind = self.pick(&["value", "value", "pattern"]);
        let values = match (&*ty, &child.element().binding) {
            ("code", Some(binding)) => {
                let value_set = binding.value_set.clone()?;
                let codes = self.definitions.terminology().value_set(&value_set).codes(20);
                codes.into_iter().take(3).map(|(_, code, _)| json!(&*code)).collect()
            }
            _ => self.some_values(&ty)?,
        };
        let slices = values
            .into_iter()
            .map(|value| {
                let rule =
                    if ty.starts_with(char::is_uppercase) && (is_array || self.rng.u8(..4) > 0) {
                        "pattern"
                    } else {
                        self.pick(&["fixed", "pattern"])
                    };
                let mut line = json!({ "id": name, "path": name });
                if self.rng.u8(..3) > 0 {
                    line["min"] = json!(1);
                }
                line[format!("{rule}{}", capital(&ty))] = value;
                (Map::new(), vec![line])
            })
            .collect();
        Some(Way { discriminators: json!([{ "type": kind, "path": name }]), by: name, slices })
    }

    /// By the value of a member's member (`coding.system`, `type.coding.code`).
    fn by_nested(&mut self, children: &[Site]) -> Option<Way> {
        let fitting: Vec<&Site> = children
            .iter()
            .filter(|c| {
                c.single_type().is_some_and(|ty| {
                    matches!(
                        ty.name(),
                        "CodeableConcept"
                            | "Coding"
                            | "Identifier"
                            | "Period"
                            | "Quantity"
                            | "Reference"
                    )
                })
            })
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let child = fitting[self.rng.usize(..fitting.len())];
        let name = child.name().to_owned();
        let (path, rule, values) = match child.single_type()?.name() {
            "CodeableConcept" if self.rng.bool() => {
                ("coding.system", "Uri", ["http://sykehus.no/cs", "http://loinc.org"])
            }
            "CodeableConcept" => ("coding.code", "Code", ["a", "b"]),
            "Coding" | "Quantity" => ("code", "Code", ["a", "mg"]),
            "Identifier" => ("system", "Uri", ["http://sykehus.no/id", "urn:oid:2.16.578.1"]),
            "Period" => ("start", "DateTime", ["2026-01-01", "2026"]),
            _ => ("type", "Uri", ["Patient", "Organization"]),
        };
        let slices = values
            .into_iter()
            .map(|value| {
                let mut lines = Vec::new();
                let mut at = name.clone();
                let mut outer = json!({ "id": at, "path": at });
                if self.rng.bool() {
                    outer["min"] = json!(1);
                }
                lines.push(outer);
                for step in path.split('.') {
                    at = format!("{at}.{step}");
                    let mut line = json!({ "id": at, "path": at });
                    if self.rng.bool() {
                        line["min"] = json!(1);
                    }
                    lines.push(line);
                }
                let kind = self.pick(&["fixed", "pattern"]);
                if let Some(last) = lines.last_mut() {
                    last[format!("{kind}{rule}")] = json!(value);
                }
                (Map::new(), lines)
            })
            .collect();
        let by = format!("{name}.{path}");
        Some(Way {
            discriminators: json!([{ "type": self.pick(&["value", "pattern"]), "path": by }]),
            by,
            slices,
        })
    }

    fn by_existence(&mut self, children: &[Site]) -> Option<Way> {
        let fitting: Vec<&Site> =
            children.iter().filter(|c| c.element().min == 0 && !c.is_choice()).collect();
        if fitting.is_empty() {
            return None;
        }
        let name = fitting[self.rng.usize(..fitting.len())].name().to_owned();
        let slices = vec![
            (Map::new(), vec![json!({ "id": name, "path": name, "min": 1 })]),
            (Map::new(), vec![json!({ "id": name, "path": name, "max": "0" })]),
        ];
        Some(Way { discriminators: json!([{ "type": "exists", "path": name }]), by: name, slices })
    }

    /// By the type of a choice among the members.
    fn by_type(&mut self, children: &[Site]) -> Option<Way> {
        let fitting: Vec<&Site> =
            children.iter().filter(|c| c.is_choice() && c.element().types.len() > 1).collect();
        if fitting.is_empty() {
            return None;
        }
        let child = fitting[self.rng.usize(..fitting.len())].clone();
        let name = child.name().to_owned();
        let stem = name.trim_end_matches("[x]").to_owned();
        let types: Vec<String> =
            child.element().types.iter().map(|ty| ty.name().to_owned()).collect();
        let start = self.rng.usize(..types.len() - 1);
        let slices = types[start..start + 2]
            .iter()
            .map(|ty| {
                let mut line = json!({ "id": name, "path": name, "type": [{ "code": ty }] });
                if self.rng.bool() {
                    line["min"] = json!(1);
                }
                (Map::new(), vec![line])
            })
            .collect();
        Some(Way { discriminators: json!([{ "type": "type", "path": stem }]), by: stem, slices })
    }

    /// By data type profiles.
    fn by_profile(&mut self, ty: &str) -> Option<Way> {
        let mut slices = Vec::new();
        for _ in 0..2 {
            let profile = self.data_type_profile(ty)?;
            let mut own = Map::new();
            own.insert("type".into(), json!([{ "code": ty, "profile": [profile] }]));
            slices.push((own, Vec::new()));
        }
        Some(Way {
            discriminators: json!([{ "type": "profile", "path": "$this" }]),
            by: "$this".into(),
            slices,
        })
    }

    /// By what a reference leads to: its type, or the profile it meets.
    fn by_target(&mut self, site: &Site) -> Option<Way> {
        let targets: Vec<String> =
            site.single_type()?.target_profiles.iter().map(ToString::to_string).collect();
        let kind = self.pick(&["type", "profile"]);
        let mut slices = Vec::new();
        for target in targets.iter().take(2) {
            let mut target = target.clone();
            if kind == "profile"
                && let Some(made) = target
                    .rsplit('/')
                    .next()
                    .map(str::to_owned)
                    .and_then(|n| self.target_profile(&n))
            {
                target = made;
            }
            let mut own = Map::new();
            own.insert("type".into(), json!([{ "code": "Reference", "targetProfile": [target] }]));
            slices.push((own, Vec::new()));
        }
        (slices.len() == 2).then(|| Way {
            discriminators: json!([{ "type": kind, "path": "resolve()" }]),
            by: "resolve()".into(),
            slices,
        })
    }

    /// By the value of an extension that every slice has.
    fn by_extension(&mut self, site: &Site) -> Option<Way> {
        site.child(self.definitions, "extension")?;
        let (url, id) = self.url("StructureDefinition", "merke");
        let lines = vec![
            json!({ "id": "Extension", "path": "Extension" }),
            json!({ "id": "Extension.extension", "path": "Extension.extension", "max": "0" }),
            json!({ "id": "Extension.url", "path": "Extension.url", "fixedUri": url }),
            json!({ "id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{ "code": "code" }] }),
        ];
        let base = "http://hl7.org/fhir/StructureDefinition/Extension";
        let mut made = self.structure((&url, &id), ("Extension", "complex-type"), base, lines);
        made["context"] = json!([{ "type": "element", "expression": "Element" }]);
        self.support.push(made);
        let slices = ["a", "b"]
            .into_iter()
            .map(|code| {
                (
                    Map::new(),
                    vec![
                        json!({
                            "id": "extension", "path": "extension",
                            "slicing": { "discriminator": [{ "type": "value", "path": "url" }], "rules": "open" },
                        }),
                        json!({
                            "id": "extension:merke", "path": "extension", "sliceName": "merke", "min": 1, "max": "1",
                            "type": [{ "code": "Extension", "profile": [url] }],
                        }),
                        json!({
                            "id": "extension:merke.value[x]", "path": "extension.value[x]", "fixedCode": code,
                        }),
                    ],
                )
            })
            .collect();
        let of = if self.rng.bool() { ".ofType(code)" } else { "" };
        let by = format!("extension('{url}').value{of}");
        Some(Way {
            discriminators: json!([{ "type": "value", "path": by }]),
            by: "extension".into(),
            slices,
        })
    }

    /// A choice of types: fewer of them, slices by type, or the members of the one that is left.
    pub(super) fn choice(&mut self, site: &Site, depth: u8) -> Vec<Value> {
        let types: Vec<String> =
            site.element().types.iter().map(|ty| ty.name().to_owned()).collect();
        if types.is_empty() {
            return Vec::new();
        }
        let first = self.rng.usize(..types.len());
        let ty = types[first].clone();
        let mut line = site.line();
        match self.rng.u8(..3) {
            0 => {
                let mut kept = vec![json!({ "code": ty })];
                if self.rng.bool() && types.len() > 1 {
                    kept.push(json!({ "code": types[(first + 1) % types.len()] }));
                }
                let is_one = kept.len() == 1;
                line["type"] = json!(kept);
                if is_one
                    && self.rng.bool()
                    && let Some(members) = line.as_object_mut()
                {
                    self.value(&ty, members);
                }
                let mut lines = vec![line];
                let members: Vec<Site> =
                    site.of_type(self.definitions, &ty).into_iter().filter(is_ordinary).collect();
                if is_one && !members.is_empty() && self.rng.bool() {
                    let at = self.rng.usize(..members.len());
                    lines.extend(self.constrain(&members[at], depth + 1));
                }
                lines
            }
            _ => {
                let slicing = json!({
                    "discriminator": [{ "type": "type", "path": "$this" }],
                    "rules": self.pick(&["open", "closed", "closed"]), "ordered": false,
                });
                line["slicing"] = slicing.clone();
                if self.one_in(4) {
                    line["min"] = json!(1);
                }
                let mut lines = vec![line];
                let stem = site.name().trim_end_matches("[x]").to_owned();
                let mut names = Vec::new();
                let second = types.get(first + 1).filter(|_| self.rng.bool()).cloned();
                let only = second.is_none();
                for ty in [Some(ty.clone()), second].into_iter().flatten() {
                    let name = format!("{stem}{}", capital(&ty));
                    let slice = site.slice(&name);
                    let mut line = slice.line();
                    line["sliceName"] = json!(name);
                    line["type"] = json!([{ "code": ty }]);
                    if only && self.one_in(3) {
                        line["min"] = json!(1);
                    } else if self.one_in(6) {
                        line["max"] = json!("0");
                    }
                    if self.one_in(3)
                        && let Some(members) = line.as_object_mut()
                    {
                        self.value(&ty, members);
                    }
                    lines.push(line);
                    let members: Vec<Site> = slice
                        .of_type(self.definitions, &ty)
                        .into_iter()
                        .filter(is_ordinary)
                        .collect();
                    if !members.is_empty() && self.one_in(3) {
                        let at = self.rng.usize(..members.len());
                        lines.extend(self.constrain(&members[at], depth + 1));
                    }
                    names.push(name);
                }
                self.slicings.push(Sliced {
                    site: site.clone(),
                    slicing,
                    slices: names,
                    optional: Vec::new(),
                    further: Vec::new(),
                    by: "$this".into(),
                });
                lines
            }
        }
    }

    /// Two different values of a type or three, partial ones of a complex type.
    fn some_values(&mut self, ty: &str) -> Option<Vec<Value>> {
        Some(match ty {
            "CodeableConcept" => ["a", "b", "c"]
                .into_iter()
                .map(|code| json!({ "coding": [{ "system": "http://sykehus.no/cs", "code": code }] }))
                .collect(),
            "Coding" => vec![
                json!({ "system": "http://sykehus.no/cs" }),
                json!({ "system": "http://sykehus.no/annet", "code": "b" }),
                json!({ "system": "http://loinc.org" }),
            ],
            "Identifier" => vec![
                json!({ "system": "http://sykehus.no/id" }),
                json!({ "system": "urn:oid:2.16.578.1.12.4.1.4.1" }),
                json!({ "use": "old" }),
            ],
            "Quantity" => vec![
                json!({ "code": "mg" }),
                json!({ "system": "http://unitsofmeasure.org", "code": "mL" }),
            ],
            // Patterns of these are more than the reference can tell apart.
            "HumanName" if self.one_in(4) => {
                vec![json!({ "use": "official" }), json!({ "family": "Nordmann" })]
            }
            "Address" if self.one_in(4) => vec![json!({ "use": "home" }), json!({ "country": "NO" })],
            "ContactPoint" if self.one_in(4) => {
                vec![json!({ "system": "phone" }), json!({ "system": "email", "use": "work" })]
            }
            "Period" if self.one_in(4) => vec![json!({ "start": "2026-01-01" }), json!({ "end": "2026-01-01" })],
            "date" | "dateTime" if self.one_in(4) => vec![json!("2026-01-01"), json!("2026")],
            "boolean" => vec![json!(true), json!(false)],
            "uri" | "url" | "canonical" => {
                vec![json!("http://sykehus.no/id"), json!("urn:oid:2.16.578.1"), json!("http://a.no")]
            }
            "code" => vec![json!("a"), json!("b"), json!("c")],
            "string" | "markdown" => vec![json!("Kari"), json!("Nordmann"), json!("Ola")],
            "integer" | "positiveInt" | "unsignedInt" => vec![json!(1), json!(2), json!(3)],
            "decimal" => vec![json!(1.5), json!(2)],
            _ => return None,
        })
    }
}
