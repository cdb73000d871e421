//! The layers of a profile: what a differential takes up, and what a higher one does with it.

use serde_json::{Value, json};

use super::site::{Site, is_ordinary};
use super::{Maker, Sliced};

impl Maker<'_> {
    /// One to three layers of a profile of `type_name`, the lowest first.
    pub(super) fn layers(&mut self, type_name: &str) -> Option<Vec<Value>> {
        let root = Site::root(self.definitions, type_name)?;
        let sites: Vec<Site> =
            root.children(self.definitions).into_iter().filter(is_ordinary).collect();
        let mut base = format!("http://hl7.org/fhir/StructureDefinition/{type_name}");
        let mut taken: Vec<usize> = Vec::new();
        let mut made = Vec::new();
        let layers = self.pick(&[1, 1, 1, 2, 2, 3]);
        for layer in 0..layers {
            let lower = std::mem::take(&mut self.slicings);
            let mut lines = vec![root.line()];
            if self.one_in(5) {
                let siblings: Vec<String> = sites.iter().map(|s| s.name().to_owned()).collect();
                lines[0]["constraint"] = json!([self.invariant("Resource", &siblings)]);
            }
            if layer == 0 && self.one_in(4) {
                lines.extend(self.extensions(&root));
            }
            let chosen: Vec<usize> =
                (0..self.rng.usize(1..4)).map(|_| self.rng.usize(..sites.len())).collect();
            for (at, site) in sites.iter().enumerate() {
                if let Some(sliced) = lower.iter().find(|sliced| sliced.site.id == site.id) {
                    let more = self.further(sliced);
                    if more.is_empty() {
                        self.slicings.push(sliced.clone());
                        continue;
                    }
                    lines.extend(more);
                } else if chosen.contains(&at) && !taken.contains(&at) {
                    taken.push(at);
                    lines.extend(self.constrain(site, 0));
                }
            }
            let id = format!("generert-{}-{layer}", self.serial);
            let url = format!("http://sykehus.no/fhir/StructureDefinition/{id}");
            made.push(self.structure((&url, &id), (type_name, "resource"), &base, lines));
            base = self.versioned(&url);
        }
        Some(made)
    }

    /// What a higher layer says of a slicing below it.
    fn further(&mut self, sliced: &Sliced) -> Vec<Value> {
        let site = &sliced.site;
        let Some(name) = sliced.slices.first().cloned() else { return Vec::new() };
        let slice = site.slice(&name);
        let mut named = slice.line();
        named["sliceName"] = json!(name);
        match self.rng.u8(..7) {
            0 if !site.is_choice() => {
                named["min"] = json!(1);
                vec![named]
            }
            1 if sliced.optional.contains(&name)
                && !matches!(&*sliced.by, "$this" | "resolve()") =>
            {
                named["max"] = json!("0");
                vec![named]
            }
            2 if sliced.slicing["rules"] != "openAtEnd" => {
                let mut line = site.line();
                line["slicing"] = sliced.slicing.clone();
                line["slicing"]["rules"] = json!("closed");
                vec![line]
            }
            3 if !sliced.further.is_empty() && sliced.slicing["rules"] != "closed" => {
                let mut line = site.line();
                line["slicing"] = sliced.slicing.clone();
                let mut all = vec![line];
                all.extend(sliced.further.iter().cloned());
                all
            }
            4 if !site.is_choice() && sliced.slicing["rules"] == "open" && self.one_in(3) => {
                self.reslice(sliced, &slice, named)
            }
            _ => {
                let mut lines = vec![named];
                let first = sliced.by.split('.').next().unwrap_or_default();
                let children: Vec<Site> = slice
                    .children(self.definitions)
                    .into_iter()
                    .filter(|c| is_ordinary(c) && c.name().trim_end_matches("[x]") != first)
                    .collect();
                if children.is_empty() || sliced.by == "$this" {
                    return Vec::new();
                }
                let at = self.rng.usize(..children.len());
                lines.extend(self.constrain(&children[at], 1));
                lines
            }
        }
    }

    /// Slices of a slice (`name/part`), distinguished by whether a member is there.
    fn reslice(&mut self, sliced: &Sliced, slice: &Site, mut named: Value) -> Vec<Value> {
        let first = sliced.by.split('.').next().unwrap_or_default();
        let candidates: Vec<Site> = slice
            .children(self.definitions)
            .into_iter()
            .filter(|c| {
                is_ordinary(c) && !c.is_choice() && c.name() != first && c.element().min == 0
            })
            .collect();
        if candidates.is_empty() {
            return Vec::new();
        }
        let by = candidates[self.rng.usize(..candidates.len())].name().to_owned();
        let outer = named["sliceName"].as_str().unwrap_or_default().to_owned();
        named["slicing"] = json!({
            "discriminator": [{ "type": "exists", "path": by }],
            "rules": self.pick(&["open", "closed"]),
        });
        // The reference knows a slice of a slice only after the slicing itself.
        let mut slicing = sliced.site.line();
        slicing["slicing"] = sliced.slicing.clone();
        let mut lines = vec![slicing, named];
        for (part, there) in [("med", true), ("uten", false)] {
            let name = format!("{outer}/{part}");
            let id = format!("{}:{name}", sliced.site.id);
            let mut line = json!({ "id": id, "path": slice.path, "sliceName": name });
            if self.one_in(3) {
                line["max"] = json!("1");
            }
            lines.push(line);
            let mut child =
                json!({ "id": format!("{id}.{by}"), "path": format!("{}.{by}", slice.path) });
            if there {
                child["min"] = json!(1);
            } else {
                child["max"] = json!("0");
            }
            lines.push(child);
        }
        lines
    }
}
