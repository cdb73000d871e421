//! A real FHIR server as a source: `bench/fhir-server/run` starts HAPI with a synthetic hospital and names it in
//! `LMR_TEST_FHIR_SERVER`; without it nothing is run.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use lmr_sender::source::{Scope, ServerSettings, ServerSource, Source as _};

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_is_read_page_by_page_with_all_that_is_referred_to() {
    #[expect(clippy::disallowed_methods, reason = "the environment names the server")]
    let variable = |name| std::env::var(name).ok();
    let Some(url) = variable("LMR_TEST_FHIR_SERVER") else {
        println!("left out: LMR_TEST_FHIR_SERVER is not set");
        return;
    };
    let administrations: usize = variable("LMR_TEST_ADMINISTRATIONS")
        .and_then(|count| count.parse().ok())
        .expect("how many administrations the server has");
    lmr_auth::install_tls_provider();
    let types = [
        "Patient",
        "Medication",
        "MedicationRequest",
        "Encounter",
        "Organization",
        "Practitioner",
        "Condition",
        "Substance",
    ];
    let clock: lmr_auth::Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
    let settings = ServerSettings::new(
        &url,
        vec!["MedicationAdministration?status=completed,entered-in-error".to_owned()],
        types.map(str::to_owned).to_vec(),
        clock,
        Arc::new(|| [7; 16]),
    );
    let scan = move |since: Option<Timestamp>| {
        let source = ServerSource::new(settings.clone());
        source.begin(since);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut names = Vec::new();
        let mut references = Vec::new();
        let scanned = source.scan(Scope::All, &mut |found| {
            *counts.entry(found.resource_type.to_owned()).or_default() += 1;
            let json: serde_json::Value = serde_json::from_str(found.node.raw()).expect("JSON");
            names.push(format!("{}/{}", found.resource_type, json["id"].as_str().expect("an id")));
            let mut values = vec![&json];
            while let Some(value) = values.pop() {
                references.extend(value["reference"].as_str().map(str::to_owned));
                match value {
                    serde_json::Value::Object(members) => values.extend(members.values()),
                    serde_json::Value::Array(items) => values.extend(items),
                    _ => {}
                }
            }
            Ok(())
        });
        let scanned = scanned.expect("read");
        assert_eq!(scanned.issues, []);
        for reference in references {
            assert!(names.contains(&reference), "{reference} was not fetched");
        }
        counts
    };
    let counts = tokio::task::spawn_blocking({
        let scan = scan.clone();
        move || scan(None)
    });
    let counts = counts.await.expect("scanned");
    assert_eq!(counts["MedicationAdministration"], administrations);
    assert!(administrations > 20, "more than a page");
    for resource_type in ["Patient", "Medication", "MedicationRequest", "Encounter", "Organization"]
    {
        assert!(counts[resource_type] > 0, "{counts:?}");
    }
    // Nothing was written after tomorrow.
    let tomorrow = "2999-01-01T00:00:00Z".parse().expect("a time");
    let counts = tokio::task::spawn_blocking(move || scan(Some(tomorrow)));
    assert_eq!(counts.await.expect("scanned").len(), 0);
}
