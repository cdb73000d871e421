//! A list of codes as FHIR resources, and back.

use serde_json::{Value, json};

use super::{super::Content, CodeList, CodeListError, ListedConcept};

/// Property with the version of the list in which a withdrawn code was seen last.
const LAST_SEEN: &str = "lastSeen";

impl CodeList {
    /// The list as a FHIR CodeSystem in JSON.
    ///
    /// # Errors
    /// [`CodeListError::Empty`], [`CodeListError::NoParent`].
    pub fn to_code_system(&self) -> Result<String, CodeListError> {
        if self.is_empty() {
            return Err(CodeListError::Empty);
        }
        let mut codes = Vec::with_capacity(self.len());
        for (code, concept) in self.concepts() {
            if let Some(parent) = &concept.parent
                && self.get(parent).is_none()
            {
                return Err(CodeListError::NoParent {
                    code: code.to_owned(),
                    parent: parent.clone(),
                });
            }
            codes.push(concept_json(code, concept));
        }
        let mut system = json!({
            "resourceType": "CodeSystem",
            "url": self.url,
            "name": self.title,
            "title": self.title,
            "status": "active",
            "caseSensitive": self.is_case_sensitive,
            "content": if self.content == Content::Complete { "complete" } else { "fragment" },
            "count": codes.len(),
        });
        if let Some(version) = &self.version {
            system["version"] = json!(version);
        }
        if let Some(value_set) = &self.value_set {
            system["valueSet"] = json!(value_set);
        }
        if !self.tags.is_empty() {
            let tags =
                self.tags.iter().map(|(system, code)| json!({"system": system, "code": code}));
            system["meta"] = json!({"tag": tags.collect::<Vec<_>>()});
        }
        system["concept"] = Value::Array(codes);
        Ok(system.to_string())
    }

    /// The value set of the list's codes in JSON; `None` if it is to have none. The codes of a list
    /// that is a part of its system are written out, for a value set is whole in itself.
    pub fn to_value_set(&self) -> Option<String> {
        let url = self.value_set.as_ref()?;
        let mut include = json!({"system": self.url});
        if self.content != Content::Complete {
            let codes = self.concepts().map(|(code, _)| json!({"code": code}));
            include["concept"] = Value::Array(codes.collect());
        }
        let mut set = json!({
            "resourceType": "ValueSet",
            "url": url,
            "name": self.title,
            "title": self.title,
            "status": "active",
            "compose": {"include": [include]},
        });
        if let Some(version) = &self.version {
            set["version"] = json!(version);
        }
        Some(set.to_string())
    }

    /// Reads a CodeSystem, for instance one that [`CodeList::to_code_system`] has written. The
    /// hierarchy of nested concepts becomes that of parents.
    ///
    /// # Errors
    /// [`CodeListError::NotCodeSystem`]; [`CodeListError::TooMany`].
    pub fn from_code_system(text: &str) -> Result<Self, CodeListError> {
        let unusable = |reason: String| CodeListError::NotCodeSystem { reason };
        let system: Value =
            serde_json::from_str(text).map_err(|error| unusable(error.to_string()))?;
        let member = |name: &str| system[name].as_str().map(str::to_owned);
        let url = member("url").ok_or_else(|| unusable("it has no url".to_owned()))?;
        let title = member("title").or_else(|| member("name")).unwrap_or_else(|| url.clone());
        let mut list = Self::new(&url, &title);
        list.version = member("version");
        list.value_set = member("valueSet");
        list.is_case_sensitive = system["caseSensitive"].as_bool().unwrap_or(true);
        list.content = match system["content"].as_str() {
            Some("complete") => Content::Complete,
            Some("example") => Content::Example,
            Some("supplement") => Content::Supplement,
            Some("not-present") => Content::NotPresent,
            _ => Content::Fragment,
        };
        for tag in system["meta"]["tag"].as_array().into_iter().flatten() {
            if let (Some(system), Some(code)) = (tag["system"].as_str(), tag["code"].as_str()) {
                list.tags.push((system.to_owned(), code.to_owned()));
            }
        }
        let mut open: Vec<(&Value, Option<&str>)> =
            array(&system, "concept").map(|concept| (concept, None)).collect();
        while let Some((concept, above)) = open.pop() {
            let Some(code) = concept["code"].as_str() else { continue };
            open.extend(array(concept, "concept").map(|below| (below, Some(code))));
            if list.get(code).is_none() {
                list.add(code, read_concept(concept, above))?;
            }
        }
        Ok(list)
    }
}

fn concept_json(code: &str, concept: &ListedConcept) -> Value {
    let mut item = json!({"code": code});
    if let Some(display) = &concept.display {
        item["display"] = json!(display);
    }
    if !concept.designations.is_empty() {
        let values = concept.designations.iter().map(|value| json!({"value": value}));
        item["designation"] = Value::Array(values.collect());
    }
    let mut properties = Vec::new();
    if let Some(parent) = &concept.parent {
        properties.push(json!({"code": "parent", "valueCode": parent}));
    }
    if concept.is_inactive {
        properties.push(json!({"code": "inactive", "valueBoolean": true}));
    }
    if let Some(version) = &concept.last_seen {
        properties.push(json!({"code": LAST_SEEN, "valueString": version}));
    }
    if !properties.is_empty() {
        item["property"] = Value::Array(properties);
    }
    item
}

fn read_concept(concept: &Value, above: Option<&str>) -> ListedConcept {
    let property = |name: &str| {
        let found = array(concept, "property").find(|property| property["code"] == name)?;
        found.as_object()?.iter().find(|(key, _)| key.starts_with("value")).map(|(_, value)| value)
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let is_retired = property("status").and_then(Value::as_str) == Some("retired");
    ListedConcept {
        display: text(&concept["display"]),
        parent: property("parent").and_then(text).or_else(|| above.map(str::to_owned)),
        designations: array(concept, "designation").filter_map(|one| text(&one["value"])).collect(),
        is_inactive: is_retired || property("inactive").and_then(Value::as_bool) == Some(true),
        last_seen: property(LAST_SEEN).and_then(text),
    }
}

fn array<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value[member].as_array().into_iter().flatten()
}
