//! `rh-validator`: finds the R4 core under `$HOME/.fhir/packages`, which `bench/compare` fills.

use lmr_bench_engines::{Engine, AnyError, run};
use rh_validator::{FhirValidator, FhirVersion, Severity};

struct Rh(FhirValidator);

impl Engine for Rh {
    fn errors(&self, resource: &serde_json::Value) -> Vec<String> {
        match self.0.validate_auto(resource) {
            Ok(result) => result
                .issues
                .iter()
                .filter(|issue| matches!(issue.severity, Severity::Error))
                .map(|issue| format!("{}: {}", issue.path.as_deref().unwrap_or(""), issue.message))
                .collect(),
            Err(error) => vec![format!("cannot validate: {error:#}")],
        }
    }
}

fn main() -> Result<(), AnyError> {
    run("rh-validator 0.3.0", |plan| {
        Ok(Rh(FhirValidator::new(FhirVersion::R4, Some(&plan.packages.to_string_lossy()))?))
    })
}
