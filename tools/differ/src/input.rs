//! Inputs for both validators: what is generated, and what a file has.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use fastrand::Rng;
use serde_json::Value;

use crate::{
    Kind,
    generate::{
        bundle, codes, conformance, containers, example,
        instance::Generator,
        mutation, narratives,
        profile::{self, instance::Instance},
        texts,
    },
    ours::Ours,
};

/// One input for both validators.
pub(crate) struct Input {
    /// What is validated; `null` where it is a text that may not be JSON.
    pub(crate) document: Value,
    /// The text, where the document written out is not what is meant.
    pub(crate) text: Option<String>,
    pub(crate) profiles: Vec<String>,
    pub(crate) definitions: Vec<String>,
    pub(crate) made: String,
}

/// What inputs are made from.
pub(crate) struct Sources<'a> {
    ours: &'a Ours,
    profiles: Vec<String>,
    examples: Vec<(Value, String)>,
    packages: Vec<PathBuf>,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(ours: &'a Ours, packages: &[PathBuf]) -> Result<Self> {
        Ok(Self {
            ours,
            profiles: profiles(ours),
            examples: example::read(packages)?,
            packages: packages.to_vec(),
        })
    }

    /// The inputs of a kind that has a limited number of them, in an order of the seed's; `None` for the
    /// kinds that never end. `core` is the folder of R4's definitions.
    pub(crate) fn limited(
        &self,
        kind: Kind,
        rng: &mut Rng,
        core: &Path,
    ) -> Result<Option<Vec<Input>>> {
        let mut inputs: Vec<Input> = match kind {
            Kind::Conformance => conformance::read(&self.packages, core)?
                .into_iter()
                .map(|(document, made)| Input::of(document, made))
                .collect(),
            Kind::Containers => containers::rows()
                .into_iter()
                .map(|(document, made, definitions)| Input {
                    definitions,
                    ..Input::of(document, made)
                })
                .collect(),
            Kind::Narratives => narratives::rows()
                .into_iter()
                .map(|(document, made)| Input::of(document, made))
                .collect(),
            Kind::Codes => {
                let definitions = codes::definitions();
                codes::rows()
                    .into_iter()
                    .map(|(document, made, profile)| Input {
                        profiles: vec![profile],
                        definitions: definitions.clone(),
                        ..Input::of(document, made)
                    })
                    .collect()
            }
            Kind::Texts => {
                texts::rows().into_iter().map(|(text, made)| Input::of_text(text, made)).collect()
            }
            _ => return Ok(None),
        };
        rng.shuffle(&mut inputs);
        Ok(Some(inputs))
    }

    /// A new input of a kind without end; `None` where this throw of the dice makes none.
    pub(crate) fn next(
        &self,
        kind: Kind,
        rng: &mut Rng,
        generator: &mut Generator<'_>,
        serial: &str,
    ) -> Option<Input> {
        match kind {
            Kind::Given
            | Kind::Conformance
            | Kind::Containers
            | Kind::Narratives
            | Kind::Codes
            | Kind::Texts
            | Kind::Expressions => None,
            Kind::Instances | Kind::Spellings => {
                let (document, made) = self.document(rng, generator)?;
                Some(Input::of(document, made))
            }
            Kind::Mutations => {
                let (mut document, made) = if self.examples.is_empty() || rng.u8(..3) > 0 {
                    self.document(rng, generator)?
                } else {
                    self.examples[rng.usize(..self.examples.len())].clone()
                };
                let change = mutation::mutate(rng, &mut document)?;
                Some(Input::of(document, format!("{made}, {change}")))
            }
            Kind::Profiles => {
                let generated = profile::generate(rng, self.ours.definitions(), serial)?;
                let definitions: Vec<String> =
                    generated.definitions.iter().map(Value::to_string).collect();
                let own = self.ours.with(&definitions).ok()?;
                let made = profile::instance::instance(rng, own.definitions(), &generated.url)?;
                let Instance { document, profiles, changes } = made;
                let made = format!("{changes}\n   {}", definitions.join("\n   "));
                Some(Input { document, text: None, profiles, definitions, made })
            }
        }
    }

    /// An instance, alone or in a container, and what it was made of.
    pub(crate) fn document(
        &self,
        rng: &mut Rng,
        generator: &mut Generator<'_>,
    ) -> Option<(Value, String)> {
        let profiles = &self.profiles;
        let thrift = rng.u8(..11);
        match rng.u8(..12) {
            0 | 1 => {
                let bundle = bundle::bundle(rng, generator, profiles, thrift)?;
                return Some((Value::Object(bundle), "bundle".to_owned()));
            }
            2 => {
                let parameters = bundle::parameters(rng, generator, profiles, thrift)?;
                return Some((Value::Object(parameters), "parameters".to_owned()));
            }
            _ => {}
        }
        let profile = &profiles[rng.usize(..profiles.len())];
        let mut made = generator.resource(rng, profile, thrift)?;
        if rng.u8(..12) == 0 {
            bundle::contain(rng, generator, &mut made);
        }
        Some((Value::Object(made), profile.clone()))
    }
}

impl Input {
    fn of(document: Value, made: String) -> Self {
        Self { document, text: None, profiles: Vec::new(), definitions: Vec::new(), made }
    }

    fn of_text(text: String, made: String) -> Self {
        Self { text: Some(text), ..Self::of(Value::Null, made) }
    }

    /// The text that both validators are given.
    pub(crate) fn text(&self) -> String {
        self.text.clone().unwrap_or_else(|| self.document.to_string())
    }

    /// The inputs of a file: a line each, a resource or an object of `document` (or `text`), `profiles`,
    /// `definitions` and the `name` it is reported by.
    pub(crate) fn read(path: &Path) -> Result<Vec<Self>> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| Ok(Self::given(serde_json::from_str(line)?))).collect()
    }

    fn given(mut line: Value) -> Self {
        let strings = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect()
        };
        let (profiles, definitions) = (strings(&line["profiles"]), strings(&line["definitions"]));
        let text = line["text"].as_str().map(str::to_owned).filter(|_| line.get("name").is_some());
        let is_wrapped = line.get("document").is_some() || text.is_some();
        let name = line["name"].as_str().map(str::to_owned).filter(|_| is_wrapped);
        let document = match line.get_mut("document") {
            Some(document) => document.take(),
            None if text.is_some() => Value::Null,
            None => line,
        };
        let of = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let made = name.unwrap_or_else(|| format!("{}/{}", of("resourceType"), of("id")));
        Self { document, text, profiles, definitions, made }
    }
}

/// What instances are made of: every concrete resource of R4, and every resource profile of the packages.
fn profiles(ours: &Ours) -> Vec<String> {
    let mut found: Vec<String> = ours
        .definitions()
        .structures()
        .filter(|s| {
            s.is_resource
                && (!s.is_profile || !s.url.starts_with("http://hl7.org/fhir/StructureDefinition/"))
        })
        .filter(|s| !matches!(s.type_name, "Bundle" | "Parameters" | "Resource" | "DomainResource"))
        // Profiles of the packages come as often as all of R4 together.
        .flat_map(|s| std::iter::repeat_n(s.url.to_owned(), if s.is_profile { 10 } else { 1 }))
        .collect();
    found.sort();
    found
}
