//! `octofhir-fhirschema` with its own R4 schemas, its own converter for the packages' profiles and
//! `octofhir-fhirpath` for invariants.

use std::collections::HashMap;
use std::sync::Arc;

use lmr_bench_engines::{Engine, AnyError, definitions, run};
use octofhir_fhirpath::{FhirPathEngine, create_function_registry};
use octofhir_fhirschema::{
    EmbeddedSchemaProvider, FhirSchema, FhirValidator, FhirVersion, get_schemas, translate,
};

struct Octofhir {
    validator: FhirValidator,
    runtime: tokio::runtime::Runtime,
    known: HashMap<String, String>,
}

impl Engine for Octofhir {
    fn errors(&self, resource: &serde_json::Value) -> Vec<String> {
        let kind =
            resource.get("resourceType").and_then(serde_json::Value::as_str).unwrap_or_default();
        let mut schemas = vec![kind.to_owned()];
        let profiles = resource.pointer("/meta/profile").and_then(serde_json::Value::as_array);
        for url in profiles.into_iter().flatten().filter_map(serde_json::Value::as_str) {
            schemas.push(self.known.get(url).cloned().unwrap_or_else(|| url.to_owned()));
        }
        let result = self.runtime.block_on(self.validator.validate(resource, schemas));
        result.errors.iter().map(|error| format!("{error:?}")).collect()
    }
}

fn main() -> Result<(), AnyError> {
    run("octofhir-fhirschema 0.3.33", |plan| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Profiles name their base by URL, elements their type by name.
        let mut schemas: HashMap<String, FhirSchema> = get_schemas(FhirVersion::R4).clone();
        schemas.extend(
            get_schemas(FhirVersion::R4)
                .values()
                .map(|schema| (schema.url.clone(), schema.clone())),
        );
        let mut known = HashMap::new();
        for definition in definitions(&plan.packages)? {
            if definition["resourceType"] != "StructureDefinition" {
                continue;
            }
            let schema = translate(serde_json::from_value(definition)?, None)?;
            known.insert(schema.url.clone(), schema.url.clone());
            schemas.insert(schema.url.clone(), schema);
        }
        let model = Arc::new(EmbeddedSchemaProvider::r4());
        let engine =
            runtime.block_on(FhirPathEngine::new(Arc::new(create_function_registry()), model))?;
        let validator = FhirValidator::from_schemas(schemas, Some(Arc::new(engine)));
        Ok(Octofhir { validator, runtime, known })
    })
}
