//! What is only tried is no delivery, and a trial that is refused is no delivery that was refused.

use super::harness::{BUNDLE_CHECK, assert_refused, start};
use lmr_intake::{DeliveryFilter, Store as _};

#[tokio::test]
async fn refused_trials_are_not_among_the_refused_calls_whatever_they_were_refused_for() {
    let mut server = start().await;
    let check = "/fhirmottak/v1/validate";
    assert_refused(server.post(check, "{}").await, 401, "LMR-1010").await;
    let url = format!("http://{}{check}", server.address);
    let token = server.token("310000019");
    let answer = server.client.post(url).bearer_auth(token).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let empty = r#"{"resourceType":"Bundle","type":"batch","entry":[]}"#;
    assert_eq!(server.post(BUNDLE_CHECK, empty).await.status(), 400);
    assert_eq!(server.post(BUNDLE_CHECK, "{").await.status(), 400);
    // They are counted by their route.
    let counted =
        format!("lmr_requests_total{{route=\"{check}\",status=\"401\",code=\"LMR-1010\"}}");
    assert_eq!(server.metric(&counted).await, Some(1.0));
    assert_refused(server.post("/fhirmottak/v1", "{}").await, 401, "LMR-1010").await;
    drop(server.stop.take());
    (&mut server.task).await.unwrap();
    let kept = server.store.refused_calls(&DeliveryFilter::default()).await.unwrap();
    assert_eq!(kept.len(), 1, "of deliveries only: {kept:?}");
}

#[tokio::test]
async fn what_the_receiver_does_by_itself_is_in_the_metrics_and_in_the_readiness() {
    let server = start().await;
    let ready = server.send(reqwest::Method::GET, "/health/ready").await;
    let ready: serde_json::Value = ready.json().await.unwrap();
    for task in ["reload", "retention", "partitions"] {
        assert!(ready["background"][task]["failingSince"].is_null(), "{ready}");
        let failing = format!("lmr_background_failing{{task=\"{task}\"}}");
        assert_eq!(server.metric(&failing).await, Some(0.0));
        let runs = format!("lmr_background_runs_total{{task=\"{task}\",outcome=\"failed\"}}");
        assert_eq!(server.metric(&runs).await, Some(0.0));
    }
    assert_eq!(server.metric("lmr_configuration_keys_waiting").await, Some(0.0));
}
