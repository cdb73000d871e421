//! The HTTP side without a world behind it: routes, limits, refusals before `intake`, health.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a helper of a test fails like the test")]

mod harness;
mod limits;
mod trials;

use harness::{BUNDLE_CHECK, Moody, assert_refused, read_answer, start, start_with};
use lmr_intake::AllowList;
use lmr_server::{HttpSettings, Methods, ROUTES, Route, StaticFile, StaticFiles};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

#[tokio::test]
async fn what_is_not_a_route_is_404_with_an_outcome() {
    let server = start().await;
    for path in [
        "/",
        "/fhirmottak",
        "/fhirmottak/v1/",
        "/fhirmottak/v2",
        "/FHIRMOTTAK/v1",
        "/health",
        "/a%00b",
    ] {
        for method in [Method::GET, Method::POST] {
            assert_refused(server.send(method, path).await, 404, "LMR-1002").await;
        }
    }
}

#[tokio::test]
async fn every_route_refuses_other_methods_and_says_which_it_takes() {
    let server = start().await;
    for route in &ROUTES {
        for method in
            [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS]
        {
            if route.methods.allow().split(", ").any(|allowed| allowed == method.as_str()) {
                continue;
            }
            let response = server.send(method, route.path).await;
            assert_eq!(response.headers()["allow"], route.methods.allow(), "{}", route.path);
            assert_refused(response, 405, "LMR-1003").await;
        }
    }
}

#[tokio::test]
async fn openapi_lists_exactly_the_routes() {
    let server = start().await;
    let document: Value = server.send(Method::GET, "/openapi.json").await.json().await.unwrap();
    let mut listed: Vec<_> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut routes: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
    listed.sort_unstable();
    routes.sort_unstable();
    assert_eq!(listed, routes);
    for route in &ROUTES {
        let methods: Vec<_> = document["paths"][route.path].as_object().unwrap().keys().collect();
        assert_eq!(methods, [route.methods.operation()]);
    }
}

#[tokio::test]
async fn the_page_is_given_out_where_the_operator_wants_it() {
    let server = start().await;
    for path in ["/validator", "/validator/", "/validator/page.js"] {
        assert_refused(server.send(Method::GET, path).await, 404, "LMR-1002").await;
    }
    let page = |name, media_type, text: &'static str| StaticFile {
        name,
        media_type,
        bytes: text.into(),
        smaller: None,
    };
    let files = StaticFiles::new(
        [page("index.html", "text/html", "<p>"), page("a.js", "text/javascript", "1")],
        &[("content-security-policy", "default-src 'none'")],
    );
    let settings = HttpSettings { validator_page: Some(files), ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    // Followed to the folder.
    for path in ["/validator", "/validator/", "/validator/index.html"] {
        let response = server.send(Method::GET, path).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.url().path().rsplit_once('/').unwrap().0, "/validator");
        assert_eq!(response.headers()["content-security-policy"], "default-src 'none'");
        assert_eq!(response.text().await.unwrap(), "<p>");
    }
    let response = server.send(Method::GET, "/validator/a.js").await;
    assert_eq!(response.headers()["content-type"], "text/javascript");
    let tag = response.headers()["etag"].clone();
    let again = server.client.get(server.url("/validator/a.js")).header("if-none-match", tag);
    assert_eq!(again.send().await.unwrap().status(), 304);
    for path in ["/validator/b.js", "/validator/..%2Fmetrics"] {
        assert_refused(server.send(Method::GET, path).await, 404, "LMR-1002").await;
    }
}

#[tokio::test]
async fn the_newest_receipt_is_for_its_sender_alone() {
    let server = start().await;
    let path = "/fhirmottak/v1/receipt";
    assert_refused(server.send(Method::GET, path).await, 401, "LMR-1010").await;
    let ask = || server.client.get(server.url(path)).bearer_auth(server.token("310000019")).send();
    assert_eq!(ask().await.unwrap().status(), 204, "nothing is stored");
    server.store.be(Moody::UNAVAILABLE);
    assert_refused(ask().await.unwrap(), 503, "LMR-9002").await;
    let strange = start_with(HttpSettings::default(), "192.0.2.7", true).await;
    assert_refused(strange.send(Method::GET, path).await, 403, "LMR-1001").await;
}

#[tokio::test]
async fn health_says_what_is_missing() {
    let server = start().await;
    assert_eq!(server.send(Method::GET, "/health/live").await.status(), 200);
    assert_eq!(server.send(Method::HEAD, "/health/ready").await.status(), 200);
    let ready = server.send(Method::GET, "/health/ready").await;
    assert_eq!(ready.json::<Value>().await.unwrap()["status"], "ready");
    server.store.be(Moody::UNAVAILABLE);
    let response = server.send(Method::GET, "/health/ready").await;
    assert_eq!(response.status(), 503);
    let text = response.text().await.unwrap();
    assert!(!text.contains("lunch"), "no internals: {text}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["store"], "not ready");
    server.store.be(Moody::FINE);
    assert_eq!(server.send(Method::GET, "/health/ready").await.status(), 200);

    let alone = start_with(HttpSettings::default(), "127.0.0.1", false).await;
    let response = alone.send(Method::GET, "/health/ready").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.json::<Value>().await.unwrap()["issuer"], "not ready");
}

#[tokio::test]
async fn an_address_that_is_not_listed_is_refused_before_anything_else() {
    let server = start_with(HttpSettings::default(), "192.0.2.7", true).await;
    for path in ["/fhirmottak/v1", "/api/v1", "/fhirmottak/v1/validate", BUNDLE_CHECK] {
        let response = server.post(path, "not json").await;
        assert!(!response.headers().contains_key("www-authenticate"));
        assert_refused(response, 403, "LMR-1001").await;
    }
    // Nobody's word is taken for the address unless a trusted proxy says it.
    let request =
        server.client.post(server.url(BUNDLE_CHECK)).header("x-forwarded-for", "192.0.2.7");
    assert_refused(request.send().await.unwrap(), 403, "LMR-1001").await;
    server.still_works().await;
}

#[tokio::test]
async fn a_trusted_proxy_names_the_address() {
    let trusted_proxies = AllowList::parse(["127.0.0.1"]).unwrap();
    let server =
        start_with(HttpSettings { trusted_proxies, ..HttpSettings::default() }, "192.0.2.7", true)
            .await;
    let from = async |address: &str| {
        let request =
            server.client.post(server.url("/fhirmottak/v1")).header("x-forwarded-for", address);
        request.send().await.unwrap()
    };
    assert_refused(from("192.0.2.7").await, 401, "LMR-1010").await;
    assert_refused(from("192.0.2.7, 198.51.100.1").await, 403, "LMR-1001").await;
    assert_refused(from("nonsense").await, 403, "LMR-1001").await;
}

#[tokio::test]
async fn without_credentials_the_challenge_is_bare() {
    let server = start().await;
    for path in ["/fhirmottak/v1", "/api/v1", "/fhirmottak/v1/validate"] {
        let response = server.post(path, "{}").await;
        assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"lmr\"");
        assert_refused(response, 401, "LMR-1010").await;
    }
}

#[tokio::test]
async fn credentials_in_the_wrong_place_or_shape_are_a_bad_request() {
    let server = start().await;
    let path = server.url("/fhirmottak/v1");
    let repeated = server
        .client
        .post(&path)
        .header("authorization", "Bearer a.b.c")
        .header("authorization", "Bearer d.e.f");
    let response = repeated.send().await.unwrap();
    assert!(
        response.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("error=\"invalid_request\"")
    );
    assert_refused(response, 400, "LMR-1006").await;
    let response = server.post("/fhirmottak/v1?access_token=abc", "{}").await;
    assert_refused(response, 400, "LMR-1006").await;
    let basic = server.client.post(&path).basic_auth("u", Some("p")).send().await.unwrap();
    assert_eq!(basic.headers()["www-authenticate"], "Bearer realm=\"lmr\"");
    assert_refused(basic, 401, "LMR-1023").await;
    let malformed = server.client.post(&path).bearer_auth("a.b.c").send().await.unwrap();
    let challenge = malformed.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    assert_refused(malformed, 401, "LMR-1011").await;
}

#[tokio::test]
async fn the_answer_is_labelled_as_the_caller_asks() {
    let server = start().await;
    let label = async |accept: Option<&str>| {
        let mut request = server.client.post(server.url("/fhirmottak/v1"));
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        request.send().await.unwrap().headers()["content-type"].to_str().unwrap().to_owned()
    };
    assert_eq!(label(None).await, "application/fhir+json; fhirVersion=4.0");
    assert_eq!(label(Some("application/json")).await, "application/json");
    let request =
        server.client.post(server.url(BUNDLE_CHECK)).header("accept", "text/xml").body("{}");
    assert_refused(request.send().await.unwrap(), 406, "LMR-1005").await;
}

#[tokio::test]
async fn only_json_in_utf_8_is_taken() {
    let server = start().await;
    for (name, value) in [
        ("content-type", "text/xml"),
        ("content-type", "application/json; charset=latin1"),
        ("content-encoding", "gzip"),
    ] {
        let request = server.client.post(server.url(BUNDLE_CHECK)).header(name, value).body("{}");
        assert_refused(request.send().await.unwrap(), 415, "LMR-1004").await;
    }
}

#[tokio::test]
async fn a_body_that_is_missing_or_too_large_is_refused_while_it_is_read() {
    let settings = HttpSettings { body_limit: 1000, ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    assert_refused(server.post(BUNDLE_CHECK, "").await, 400, "LMR-1040").await;
    assert_refused(server.post(BUNDLE_CHECK, "x".repeat(1001)).await, 413, "LMR-1041").await;

    // Without Content-Length: the limit is met on the way.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        format!("POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
        .write_all(format!("800\r\n{}\r\n0\r\n\r\n", "x".repeat(0x800)).as_bytes())
        .await
        .unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("LMR-1041"), "{answer}");
    server.still_works().await;
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up_and_a_broken_one_harms_nobody() {
    let settings =
        HttpSettings { body_timeout: Duration::from_millis(200), ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    let head = format!("POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{");
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut broken = TcpStream::connect(server.address).await.unwrap();
    broken.write_all(head.as_bytes()).await.unwrap();
    drop(broken);
    tokio::time::sleep(Duration::from_millis(300)).await;
    // The rest comes while it is being thrown away; the answer follows.
    slow.write_all(&[b' '; 99]).await.unwrap();
    let answer = read_answer(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("LMR-1043"), "{answer}");
    server.still_works().await;
}

#[tokio::test]
async fn slow_headers_and_too_many_headers_are_hung_up_on() {
    let settings =
        HttpSettings { header_timeout: Duration::from_millis(200), ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"POST /fhirmottak/v1 HTTP/1.1\r\nHost: x\r\nX-A: ").await.unwrap();
    let answer =
        tokio::time::timeout(Duration::from_secs(5), read_answer(&mut slow)).await.unwrap();
    assert!(!answer.contains("200"), "{answer}");

    let mut many = TcpStream::connect(server.address).await.unwrap();
    let headers: String = (0..100).map(|n| format!("X-{n}: y\r\n")).collect();
    many.write_all(format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes())
        .await
        .unwrap();
    assert!(read_answer(&mut many).await.starts_with("HTTP/1.1 431"));
    server.still_works().await;
}

#[tokio::test]
async fn when_all_slots_are_taken_callers_are_asked_to_come_back() {
    let settings = HttpSettings {
        concurrent: 1,
        queue_wait: Duration::from_millis(50),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "127.0.0.1", true).await;
    server.store.be(Moody::STUCK);
    let holder = tokio::spawn(server.message("310000019", "{}").send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let response = server.post(BUNDLE_CHECK, "{}").await;
    assert_eq!(response.headers()["retry-after"], "10");
    assert_refused(response, 503, "LMR-9003").await;
    server.store.be(Moody::FINE);
    assert_ne!(holder.await.unwrap().unwrap().status(), 503);
    let response = server.post(BUNDLE_CHECK, "{}").await;
    assert_ne!(response.status(), 503);
}

#[tokio::test]
async fn connections_beyond_the_limit_are_hung_up_on_until_one_ends() {
    let server =
        start_with(HttpSettings { connections: 1, ..HttpSettings::default() }, "127.0.0.1", true)
            .await;
    let ask = async |stream: &mut TcpStream| {
        let request = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        // The other side may have hung up already.
        let _ = stream.write_all(request).await;
        read_answer(stream).await
    };
    let first = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut second = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(ask(&mut second).await, "");
    drop(first);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut third = TcpStream::connect(server.address).await.unwrap();
    assert!(ask(&mut third).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_panic_ends_one_request_and_shows_nothing() {
    let server = start().await;
    server.store.be(Moody::PANICKING);
    let body =
        assert_refused(server.send(Method::GET, "/health/ready").await, 500, "LMR-9001").await;
    assert!(!body.to_string().contains("as asked"));
    server.store.be(Moody::FINE);
    assert_eq!(server.send(Method::GET, "/health/ready").await.status(), 200);
}

#[tokio::test]
async fn metrics_count_answers_and_are_for_the_operator_only() {
    let server = start().await;
    server.post("/fhirmottak/v1", "{}").await;
    server.send(Method::GET, "/310000019/secret").await;
    let response = server.send(Method::GET, "/metrics").await;
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let text = response.text().await.unwrap();
    for line in [
        "lmr_requests_total{route=\"/fhirmottak/v1\",status=\"401\",code=\"LMR-1010\"} 1",
        "lmr_requests_total{route=\"unknown\",status=\"404\",code=\"LMR-1002\"} 1",
        "lmr_request_duration_seconds_count{route=\"/fhirmottak/v1\"} 1",
        "lmr_requests_in_flight 1",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("310000019"));
    let settings =
        HttpSettings { metrics_addresses: AllowList::default(), ..HttpSettings::default() };
    let closed = start_with(settings, "127.0.0.1", true).await;
    assert_refused(closed.send(Method::GET, "/metrics").await, 403, "LMR-1001").await;
}

/// Every status that a route answers with is in its description, and every metric is there.
#[tokio::test]
async fn the_description_names_every_status_that_occurs_and_no_other() {
    let limited = HttpSettings {
        body_limit: 1000,
        concurrent: 1,
        queue_wait: Duration::from_millis(50),
        body_timeout: Duration::from_millis(200),
        ..HttpSettings::default()
    };
    let server = start_with(limited.clone(), "127.0.0.1", true).await;
    let document: Value = server.send(Method::GET, "/openapi.json").await.json().await.unwrap();
    let described = |path: &str| {
        let item = document["paths"][path].as_object().unwrap().values().next().unwrap();
        let responses = item["responses"].as_object().unwrap();
        responses.keys().map(|status| status.parse::<u16>().unwrap()).collect::<Vec<_>>()
    };
    let strange = start_with(HttpSettings::default(), "192.0.2.7", true).await;
    for route in ["/fhirmottak/v1", "/api/v1", "/fhirmottak/v1/validate", BUNDLE_CHECK] {
        let mut seen = Vec::new();
        let token = server.token("310000019");
        let post = || server.client.post(server.url(route)).bearer_auth(&token);
        // 200 and 409 take a world: sandbox/tests/refusals.
        seen.push(post().body("{}").send().await.unwrap().status().as_u16());
        seen.push(strange.post(route, "{}").await.status().as_u16());
        let unwanted = post().header("accept", "text/xml").body("{}");
        seen.push(unwanted.send().await.unwrap().status().as_u16());
        seen.push(post().body("x".repeat(1001)).send().await.unwrap().status().as_u16());
        let xml = post().header("content-type", "text/xml").body("{}");
        seen.push(xml.send().await.unwrap().status().as_u16());
        if route != BUNDLE_CHECK {
            seen.push(server.post(route, "{}").await.status().as_u16());
        }
        let mut slow = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "POST {route} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 9\r\n\r\n{{"
        );
        slow.write_all(head.as_bytes()).await.unwrap();
        seen.push(read_answer(&mut slow).await[9..12].parse().unwrap());
        let busy = start_with(limited.clone(), "127.0.0.1", true).await;
        busy.store.be(Moody::STUCK);
        let holder = tokio::spawn(busy.message("320000009", "{}").send());
        tokio::time::sleep(Duration::from_millis(100)).await;
        let refused = busy.client.post(busy.url(route)).bearer_auth(busy.token("310000019"));
        seen.push(refused.body("{}").send().await.unwrap().status().as_u16());
        busy.store.be(Moody::FINE);
        holder.await.unwrap().unwrap();
        for status in &seen {
            assert!(described(route).contains(status), "{route}: {status} is not described");
        }
        let elsewhere: &[u16] = if route == BUNDLE_CHECK { &[200, 500] } else { &[200, 409, 500] };
        for status in described(route) {
            assert!(
                seen.contains(&status) || elsewhere.contains(&status),
                "{route}: {status} is described and does not occur"
            );
        }
    }
    assert_eq!(described("/health/live"), [200]);
    for mood in [Moody::FINE, Moody::UNAVAILABLE, Moody::PANICKING] {
        server.store.be(mood);
        let status = server.send(Method::GET, "/health/ready").await.status().as_u16();
        assert!(described("/health/ready").contains(&status), "{status}");
    }
    server.store.be(Moody::FINE);
    assert_eq!(described("/metrics"), [200, 403]);
}

#[tokio::test]
async fn every_metric_counts_what_its_name_says() {
    let server = start().await;
    let body = r#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient"}}]}"#;
    let answer = server.post(BUNDLE_CHECK, body).await;
    assert_eq!(answer.status(), 400);
    let text = server.send(Method::GET, "/metrics").await.text().await.unwrap();
    let value = |name: &str| -> Option<f64> {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    };
    assert_eq!(value("lmr_trial_entries_total{outcome=\"refused\"}"), Some(1.0), "{text}");
    assert_eq!(value("lmr_trial_entries_total{outcome=\"correct\"}"), Some(0.0));
    assert_eq!(value("lmr_body_bytes_total"), Some(body.len() as f64));
    for still in [
        "lmr_repeated_messages_total",
        "lmr_panics_total",
        "lmr_log_lines_lost_total",
        "lmr_refused_calls_lost_total{reason=\"queue\"}",
        "lmr_refused_calls_lost_total{reason=\"database\"}",
        "lmr_places_in_use",
    ] {
        assert_eq!(value(still), Some(0.0), "{still}");
    }
    assert!(value("lmr_connections") >= Some(1.0));
    let count = "lmr_request_duration_seconds_count{route=\"";
    assert_eq!(value(&format!("{count}{BUNDLE_CHECK}\"}}")), Some(1.0));
    // What is documented is there, and what is there is explained.
    let named = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    assert_eq!(named.count(), 19);
    assert_eq!(text.matches("# HELP ").count(), 19);
}

/// The families of metrics that a call moves, by its route. `lmr_requests_total` and `lmr_request_duration_seconds` move with
/// every call; what a delivery that is stored moves is in the sandbox's tests and in those of `metrics`.
#[tokio::test]
async fn a_call_of_a_route_moves_its_own_series_and_no_others() {
    const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient"}}]}"#;
    let server = start().await;
    let moved = async |route: &Route| {
        let before = families(&server).await;
        let token = server.token("310000019");
        let path = route.path.replace("{file}", "validator.js");
        let answer = match route.methods {
            Methods::Get => server.client.get(server.url(&path)),
            Methods::Post => server.client.post(server.url(&path)).body(BUNDLE),
        };
        answer.bearer_auth(token).send().await.unwrap().bytes().await.unwrap();
        let after = families(&server).await;
        after
            .into_iter()
            .filter(|(name, sum)| before.get(name) != Some(sum))
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with("lmr_request_duration_seconds"))
            .collect::<Vec<_>>()
    };
    // Reading the figures is a call itself, and the first of them has made this series.
    families(&server).await;
    for route in &ROUTES {
        let expected: &[&str] = match route.path {
            // Refused before it is a message: no sender's entries.
            "/fhirmottak/v1" | "/api/v1" | "/fhirmottak/v1/validate" => {
                &["lmr_body_bytes_total", "lmr_requests_total"]
            }
            BUNDLE_CHECK => {
                &["lmr_body_bytes_total", "lmr_requests_total", "lmr_trial_entries_total"]
            }
            // Readings are left out below.
            "/metrics" => &[],
            _ => &["lmr_requests_total"],
        };
        assert_eq!(moved(route).await, expected, "{}", route.path);
    }
}

/// The sums of all series, by the name of their family.
async fn families(server: &harness::Running) -> BTreeMap<String, f64> {
    let text = server.send(Method::GET, "/metrics").await.text().await.unwrap();
    let mut sums = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap().to_owned();
        *sums.entry(name).or_default() += value.parse::<f64>().unwrap();
    }
    // Of the readings of the figures themselves, which are calls too, nothing counts.
    let own = r#"lmr_requests_total{route="/metrics",status="200",code=""}"#;
    let read = text.lines().find_map(|line| line.strip_prefix(own)?.trim().parse::<f64>().ok());
    *sums.entry("lmr_requests_total".to_owned()).or_default() -= read.unwrap_or_default();
    // These come and go with connections and answers that are still being written.
    for gauge in ["lmr_connections", "lmr_places_in_use"] {
        sums.remove(gauge);
    }
    sums
}

#[tokio::test]
async fn asked_to_stop_it_lets_the_running_request_end_and_takes_no_other() {
    let mut server = start().await;
    let mut running = TcpStream::connect(server.address).await.unwrap();
    let head = format!("POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{");
    running.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(server.stop.take());
    tokio::time::sleep(Duration::from_millis(50)).await;
    running.write_all(b"}").await.unwrap();
    assert!(read_answer(&mut running).await.starts_with("HTTP/1.1 "));
    tokio::time::timeout(Duration::from_secs(5), &mut server.task).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}
