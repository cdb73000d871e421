//! Definitions that a profile refers to: extensions, profiles of data types and of reference targets.

use serde_json::{Value, json};

use super::Maker;
use super::site::{Site, is_ordinary};

const EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/Extension";

/// Types that a generated extension has.
const VALUES: [&str; 9] = [
    "string",
    "code",
    "boolean",
    "dateTime",
    "Coding",
    "CodeableConcept",
    "Quantity",
    "Period",
    "Identifier",
];

impl Maker<'_> {
    /// A profile of a complex data type: its canonical.
    pub(super) fn data_type_profile(&mut self, ty: &str) -> Option<String> {
        // The reference does not find contained targets when it asks a Reference for its profile.
        if ty == "Reference" && !self.one_in(20) {
            return None;
        }
        if ty.starts_with(char::is_lowercase)
            || matches!(ty, "BackboneElement" | "Element" | "Extension" | "Resource" | "Narrative")
        {
            return None;
        }
        let root = Site::root(self.definitions, ty)?;
        let lines = self.some_lines(&root, 2);
        let (url, id) = self.url("StructureDefinition", "dt");
        let base = format!("http://hl7.org/fhir/StructureDefinition/{ty}");
        let made = self.structure((&url, &id), (ty, "complex-type"), &base, lines);
        self.support.push(made);
        Some(url)
    }

    /// A profile of a resource type that a reference leads to: its canonical.
    pub(super) fn target_profile(&mut self, type_name: &str) -> Option<String> {
        if matches!(type_name, "Resource" | "DomainResource" | "Bundle") {
            return None;
        }
        let root = Site::root(self.definitions, type_name)?;
        let lines = self.some_lines(&root, 2);
        let (url, id) = self.url("StructureDefinition", "target");
        let base = format!("http://hl7.org/fhir/StructureDefinition/{type_name}");
        let made = self.structure((&url, &id), (type_name, "resource"), &base, lines);
        self.support.push(made);
        Some(url)
    }

    /// Lines about one or two members.
    fn some_lines(&mut self, root: &Site, depth: u8) -> Vec<Value> {
        let children: Vec<Site> =
            root.children(self.definitions).into_iter().filter(is_ordinary).collect();
        if children.is_empty() {
            return Vec::new();
        }
        let outer = std::mem::take(&mut self.slicings);
        let mut chosen: Vec<usize> =
            (0..self.rng.usize(1..3)).map(|_| self.rng.usize(..children.len())).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let lines =
            chosen.into_iter().flat_map(|at| self.constrain(&children[at], depth)).collect();
        self.slicings = outer;
        lines
    }

    /// The slicing of an element's extensions, with slices of generated extensions.
    pub(super) fn extensions(&mut self, site: &Site) -> Vec<Value> {
        let is_modifier = site.path.matches('.').count() == 0 && self.one_in(3);
        let name = if is_modifier { "modifierExtension" } else { "extension" };
        let has = |c: &Site| c.name() == name;
        let is_primitive =
            site.single_type().is_some_and(|ty| ty.name().starts_with(char::is_lowercase));
        if !is_primitive && !site.children(self.definitions).iter().any(has) {
            return Vec::new();
        }
        let (id, path) = (format!("{}.{name}", site.id), format!("{}.{name}", site.path));
        let mut lines = Vec::new();
        if self.rng.bool() {
            lines.push(json!({
                "id": id, "path": path,
                "slicing": {
                    "discriminator": [{ "type": "value", "path": "url" }],
                    "rules": self.pick(&["open", "open", "closed"]), "ordered": false,
                },
            }));
        }
        for slice in ["en", "to"].iter().take(self.rng.usize(1..3)) {
            let Some(url) = self.extension(is_modifier) else { continue };
            let canonical = self.versioned(&url);
            let mut line = json!({
                "id": format!("{id}:{slice}"), "path": path, "sliceName": slice,
                "min": self.pick(&[0, 0, 1]),
                "type": [{ "code": "Extension", "profile": [canonical] }],
            });
            if is_modifier {
                line["isModifier"] = json!(true);
                line["isModifierReason"] = json!("Generert");
            }
            if self.rng.bool() {
                line["max"] = json!(self.pick(&["0", "1", "1"]));
                if line["max"] == "0" {
                    line["min"] = json!(0);
                }
            }
            lines.push(line);
        }
        lines
    }

    /// A simple extension or one of extensions: its canonical.
    fn extension(&mut self, is_modifier: bool) -> Option<String> {
        let (url, id) = self.url("StructureDefinition", "ext");
        let mut lines = vec![json!({ "id": "Extension", "path": "Extension" })];
        if is_modifier {
            lines[0]["isModifier"] = json!(true);
            lines[0]["isModifierReason"] = json!("Generert");
        }
        let is_complex = self.one_in(3);
        if is_complex {
            for (part, min) in [("del", 0), ("annen", self.rng.u32(..2))] {
                let inner = format!("Extension.extension:{part}");
                lines.push(json!({
                    "id": inner, "path": "Extension.extension", "sliceName": part, "min": min, "max": "1",
                }));
                lines.push(json!({
                    "id": format!("{inner}.extension"), "path": "Extension.extension.extension", "max": "0",
                }));
                lines.push(json!({
                    "id": format!("{inner}.url"), "path": "Extension.extension.url", "fixedUri": part,
                }));
                lines.push(
                    self.extension_value(
                        &format!("{inner}.value[x]"),
                        "Extension.extension.value[x]",
                    ),
                );
            }
        } else {
            lines.push(
                json!({ "id": "Extension.extension", "path": "Extension.extension", "max": "0" }),
            );
        }
        lines.push(json!({ "id": "Extension.url", "path": "Extension.url", "fixedUri": url }));
        if is_complex {
            lines.push(
                json!({ "id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0" }),
            );
        } else {
            lines.push(self.extension_value("Extension.value[x]", "Extension.value[x]"));
        }
        let mut made = self.structure((&url, &id), ("Extension", "complex-type"), EXTENSION, lines);
        made["context"] = json!([{ "type": "element", "expression": "Element" }, { "type": "element", "expression": "DomainResource" }]);
        self.support.push(made);
        Some(url)
    }

    fn extension_value(&mut self, id: &str, path: &str) -> Value {
        let ty = self.pick(&VALUES);
        let mut line = json!({ "id": id, "path": path, "type": [{ "code": ty }] });
        if self.rng.bool() {
            line["min"] = json!(1);
        }
        match self.rng.u8(..5) {
            0 => {
                if let Some(members) = line.as_object_mut() {
                    self.value(ty, members);
                }
            }
            1 if super::binding::is_bindable(ty) => {
                if let Some(members) = line.as_object_mut() {
                    self.binding(None, members);
                }
            }
            2 => line["type"] = json!([{ "code": ty }, { "code": "integer" }]),
            _ => {}
        }
        line
    }
}
