//! A FHIR server as a source, against a simulated one: paging, access, faults, exports.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use lmr_auth::jose::{Algorithm, CompactJws, SigningKey};
use lmr_auth::{FixedKey, SecretString};
use lmr_fhir::Language;
use lmr_sender::source::*;
use serde_json::{Value, json};

/// What the server does, and what it was asked.
#[derive(Default)]
struct Server {
    base: String,
    resources: Vec<Value>,
    page: usize,
    /// Statuses to answer with before anything else, with `Retry-After`.
    faults: Vec<(u16, Option<&'static str>)>,
    /// What `Authorization` must be.
    authorization: Option<String>,
    next_link: Option<String>,
    exports: bool,
    polls: usize,
    export_errors: bool,
    /// What it says that the time is.
    date: Option<&'static str>,
    asked: Vec<String>,
    tokens: Vec<(HeaderMap, BTreeMap<String, String>)>,
    token_key: Option<lmr_auth::jose::PublicJwk>,
}

type Shared = Arc<Mutex<Server>>;

fn updated(resource: &Value) -> &str {
    resource["meta"]["lastUpdated"].as_str().unwrap_or("2026-01-01T00:00:00Z")
}

async fn answer(
    State(server): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let mut server = server.lock().expect("the server");
    server.asked.push(uri.to_string());
    if let Some(wanted) = &server.authorization
        && headers.get("authorization").and_then(|v| v.to_str().ok()) != Some(wanted)
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if !server.faults.is_empty() {
        let (status, retry_after) = server.faults.remove(0);
        let status = StatusCode::from_u16(status).expect("a status");
        return match retry_after {
            Some(wait) => (status, [("retry-after", wait)]).into_response(),
            None => status.into_response(),
        };
    }
    let path = uri.path().trim_start_matches("/fhir/").to_owned();
    match path.as_str() {
        "$export" if server.exports => {
            assert_eq!(headers["prefer"], "respond-async");
            let location = format!("{}/status", server.base);
            return (StatusCode::ACCEPTED, [("content-location", location)]).into_response();
        }
        "$export" => return StatusCode::NOT_FOUND.into_response(),
        "status" if server.polls > 0 => {
            server.polls -= 1;
            return (StatusCode::ACCEPTED, [("retry-after", "0")]).into_response();
        }
        "status" => {
            let file = json!({ "type": "Patient", "url": format!("{}/files/1", server.base) });
            let errors = if server.export_errors { json!([file]) } else { json!([]) };
            return axum::Json(json!({ "output": [file], "error": errors })).into_response();
        }
        "files/1" => {
            let lines: Vec<String> = server.resources.iter().map(Value::to_string).collect();
            return lines.join("\n").into_response();
        }
        _ => {}
    }
    let start: usize = query.get("page").map_or(0, |page| page.parse().expect("a page"));
    let since = query.get("_lastUpdated").map(|since| since.trim_start_matches("ge").to_owned());
    let ids: Option<Vec<&str>> = query.get("_id").map(|ids| ids.split(',').collect());
    let found: Vec<&Value> = server
        .resources
        .iter()
        .filter(|resource| resource["resourceType"] == path.as_str())
        .filter(|resource| since.as_deref().is_none_or(|since| updated(resource) >= since))
        .filter(|resource| {
            ids.as_ref().is_none_or(|ids| ids.contains(&resource["id"].as_str().expect("an id")))
        })
        .collect();
    let mut entries: Vec<Value> = found
        .iter()
        .skip(start)
        .take(server.page)
        .map(|resource| {
            let url = format!("{}/{path}/{}", server.base, resource["id"].as_str().expect("an id"));
            json!({ "fullUrl": url, "resource": resource, "search": { "mode": "match" } })
        })
        .collect();
    entries.push(json!({ "resource": { "resourceType": "OperationOutcome" }, "search": { "mode": "outcome" } }));
    let mut bundle = json!({ "resourceType": "Bundle", "type": "searchset", "entry": entries });
    if start + server.page < found.len() {
        let mut query = query.clone();
        query.insert("page".to_owned(), (start + server.page).to_string());
        let query: Vec<String> = query.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let own = format!("{}/{path}?{}", server.base, query.join("&"));
        let next = server.next_link.clone().unwrap_or(own);
        bundle["link"] = json!([
            { "relation": "self", "url": "x" }, { "relation": "next", "url": next }
        ]);
    }
    axum::Json(bundle).into_response()
}

async fn token(
    State(server): State<Shared>,
    headers: HeaderMap,
    axum::Form(form): axum::Form<BTreeMap<String, String>>,
) -> Response {
    let mut server = server.lock().expect("the server");
    if let (Some(key), Some(assertion)) = (&server.token_key, form.get("client_assertion")) {
        let jws = CompactJws::parse(assertion, 8192).expect("a JWS");
        let claims = jws.verified_claims(key).expect("signed by the client");
        let aud = format!("{}/token", server.base);
        assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("us"), Some("us")));
        assert_eq!(claims["aud"], aud);
        assert!(claims["exp"].as_i64() <= claims["iat"].as_i64().map(|iat| iat + 300));
    }
    server.tokens.push((headers, form));
    let number = server.tokens.len();
    server.authorization = Some(format!("Bearer t{number}"));
    axum::Json(
        json!({ "access_token": format!("t{number}"), "token_type": "bearer", "expires_in": 300 }),
    )
    .into_response()
}

/// Starts the server; it ends with the test's runtime.
async fn start(mut server: Server) -> (Shared, ServerSettings) {
    lmr_auth::install_tls_provider();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}/fhir", listener.local_addr().expect("an address"));
    server.base.clone_from(&base);
    server.page = server.page.max(1);
    let date = server.date;
    let shared = Arc::new(Mutex::new(server));
    let dated = axum::middleware::map_response(move |mut response: Response| async move {
        if let Some(date) = date {
            response.headers_mut().insert("date", HeaderValue::from_static(date));
        }
        response
    });
    let router = Router::new()
        .route("/fhir/token", axum::routing::post(token))
        .fallback(answer)
        .layer(dated)
        .with_state(Arc::clone(&shared));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let types = ["Patient", "Medication"].map(str::to_owned).to_vec();
    let clock: lmr_auth::Clock = Arc::new(|| "2026-03-01T05:00:00Z".parse().expect("a time"));
    let mut settings = ServerSettings::new(
        &base,
        vec!["MedicationAdministration?status=completed".to_owned()],
        types,
        clock,
        Arc::new(|| [7; 16]),
    );
    settings.retry_wait = Duration::from_millis(1);
    settings.max_wait = Duration::from_millis(20);
    (shared, settings)
}

fn given(n: usize) -> Value {
    json!({
        "resourceType": "MedicationAdministration", "id": format!("a{n}"),
        "meta": { "lastUpdated": format!("2026-02-{:02}T12:00:00Z", n + 1) },
        "subject": { "reference": format!("Patient/p{}", n % 3) },
        "medicationReference": { "reference": "Medication/m" }
    })
}

fn ward() -> Vec<Value> {
    let mut all: Vec<Value> = (0..25).map(given).collect();
    all.extend((0..4).map(|n| json!({ "resourceType": "Patient", "id": format!("p{n}") })));
    all.push(json!({ "resourceType": "Medication", "id": "m", "ingredient": [
        { "itemReference": { "reference": "Medication/inner" } },
        { "itemReference": { "reference": "Substance/not-wanted" } }
    ] }));
    all.push(json!({ "resourceType": "Medication", "id": "inner" }));
    all
}

/// Scans away from the runtime's own threads, as a run may not hinder the server.
async fn scan(source: ServerSource) -> Result<(Vec<String>, Scanned), String> {
    tokio::task::spawn_blocking(move || {
        let mut names = Vec::new();
        let mut locations = Vec::new();
        let scanned = source.scan(Scope::All, &mut |found| {
            let id = found.node.member("id").and_then(lmr_fhir::Node::as_str).expect("an id");
            names.push(format!("{}/{id}", found.resource_type));
            locations.push((found.node.raw().to_owned(), found.location));
            Ok(())
        });
        let scanned = scanned.map_err(|error| error.to_string())?;
        for (text, location) in &locations {
            assert_eq!(source.read(location).as_ref(), Ok(text));
        }
        Ok((names, scanned))
    })
    .await
    .expect("scanned")
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_are_read_and_what_they_refer_to() {
    let (shared, settings) =
        start(Server { resources: ward(), page: 7, ..Server::default() }).await;
    let (names, scanned) = scan(ServerSource::new(settings)).await.expect("read");
    assert_eq!(scanned.issues, []);
    assert_eq!(scanned.resources, 25 + 3 + 2, "{names:?}");
    for name in ["MedicationAdministration/a24", "Patient/p2", "Medication/m", "Medication/inner"] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
    assert!(!names.contains(&"Patient/p3".to_owned()), "nothing refers to it");
    let asked = shared.lock().expect("the server").asked.clone();
    assert!(asked[0].contains("status=completed&_count=200"), "{asked:?}");
    assert_eq!(asked.len(), 4 + 3, "four pages, and each type when it is wanted: {asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_asked_for_with_an_overlap() {
    let (shared, settings) =
        start(Server { resources: ward(), page: 50, ..Server::default() }).await;
    let source = ServerSource::new(settings.clone());
    source.begin(Some("2026-02-20T12:30:00Z".parse::<Timestamp>().expect("a time")));
    let (names, _) = scan(source).await.expect("read");
    let administrations = names.iter().filter(|name| name.starts_with("MedicationAdm")).count();
    assert_eq!(administrations, 6, "the one of 12:00 is within the hour before: {names:?}");
    assert!(names.contains(&"Medication/m".to_owned()), "old, but referred to");
    assert!(
        shared.lock().expect("it").asked[0].contains("_lastUpdated=ge2026-02-20T11%3A30%3A00Z")
    );
    let whole = ServerSource::new(ServerSettings { incremental: false, ..settings });
    whole.begin(Some("2026-02-20T12:30:00Z".parse::<Timestamp>().expect("a time")));
    assert_eq!(scan(whole).await.expect("read").1.resources, 30);
}

/// A server whose clock is behind dates what was changed just now earlier than it was asked for: the search is made again
/// from as much earlier as its answers say. One that is ahead, or by less than the overlap is for, is asked once.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_is_behind_is_asked_for_earlier_changes() {
    // The clock here is at 05:00.
    for (date, administrations, searches) in [
        ("Sun, 01 Mar 2026 05:00:00 GMT", 6, 1),
        ("Sun, 01 Mar 2026 04:59:30 GMT", 6, 1),
        ("Sun, 01 Mar 2026 09:00:00 GMT", 6, 1),
        ("Sat, 28 Feb 2026 05:00:00 GMT", 7, 2),
        ("Thu, 26 Feb 2026 05:00:00 GMT", 9, 2),
    ] {
        let server = Server { resources: ward(), page: 50, date: Some(date), ..Server::default() };
        let (shared, settings) = start(server).await;
        let source = ServerSource::new(settings);
        source.begin(Some("2026-02-20T12:30:00Z".parse::<Timestamp>().expect("a time")));
        let (names, scanned) = scan(source).await.expect("read");
        let given = names.iter().filter(|name| name.starts_with("MedicationAdm")).count();
        assert_eq!((given, scanned.issues.len()), (administrations, 0), "{date}: {names:?}");
        let asked = shared.lock().expect("it").asked.clone();
        let changes = asked.iter().filter(|asked| asked.contains("_lastUpdated")).count();
        assert_eq!(changes, searches, "{date}: {asked:?}");
    }
    let server = Server { resources: ward(), page: 50, date: Some("gestern"), ..Server::default() };
    let (shared, settings) = start(server).await;
    assert_eq!(scan(ServerSource::new(settings)).await.expect("read").1.resources, 30);
    assert!(!shared.lock().expect("it").asked.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_that_pass_are_waited_for_and_others_are_named() {
    let faults = vec![(503, Some("0")), (429, None), (500, None), (502, None)];
    let server = Server { resources: ward(), page: 50, faults, ..Server::default() };
    let (_, settings) = start(server).await;
    assert_eq!(scan(ServerSource::new(settings)).await.expect("read").1.resources, 30);

    for (status, named) in [(404, "404"), (403, "no access"), (401, "no access"), (302, "302")] {
        let faults = vec![(status, None); 3];
        let (shared, settings) = start(Server { faults, page: 9, ..Server::default() }).await;
        let error = scan(ServerSource::new(settings)).await.expect_err("refused");
        assert!(error.contains(named), "{error}");
        assert_eq!(shared.lock().expect("it").asked.len(), 1, "{status} does not pass");
    }
    let (shared, settings) =
        start(Server { faults: vec![(503, Some("86400")); 99], page: 9, ..Server::default() })
            .await;
    let error = scan(ServerSource::new(settings)).await.expect_err("bounded");
    assert!(error.contains("503"), "{error}");
    assert_eq!(shared.lock().expect("it").asked.len(), 6);

    let (_, mut settings) = start(Server::default()).await;
    settings.url = "http://127.0.0.1:9/fhir".to_owned();
    settings.retries = 1;
    let error = scan(ServerSource::new(settings.clone())).await.expect_err("nobody there");
    assert!(error.contains("no answer"), "{error}");
    settings.url = "http://journal.example/fhir".to_owned();
    let error = scan(ServerSource::new(settings)).await.expect_err("not over TLS");
    assert!(error.contains("https://"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_nowhere_else_and_not_in_circles() {
    for (link, named) in [
        ("https://elsewhere.example/fhir/MedicationAdministration?page=2", "elsewhere.example"),
        ("//elsewhere.example/x", "elsewhere.example"),
        ("http://user:pass@127.0.0.1:1/x", "127.0.0.1"),
        ("file:///etc/passwd", "null"),
    ] {
        let server = Server {
            resources: ward(),
            page: 5,
            next_link: Some(link.to_owned()),
            ..Server::default()
        };
        let (_, settings) = start(server).await;
        let error = scan(ServerSource::new(settings)).await.expect_err(link);
        assert!(error.contains(named) && error.contains("not followed"), "{error}");
    }
    let circle = "?page=5".to_owned();
    let server =
        Server { resources: ward(), page: 5, next_link: Some(circle), ..Server::default() };
    let (_, settings) = start(server).await;
    let error = scan(ServerSource::new(settings)).await.expect_err("a circle");
    assert!(error.contains("never end"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_access_is_shown_to_the_server_only() {
    let basic = ServerAccess::Basic {
        user: "lmr".to_owned(),
        password: SecretString::new("hemmelig".to_owned()),
    };
    let server = Server {
        resources: ward(),
        page: 50,
        authorization: Some("Basic bG1yOmhlbW1lbGln".to_owned()),
        ..Server::default()
    };
    let (_, settings) = start(server).await;
    let refused = scan(ServerSource::new(settings.clone())).await.expect_err("401");
    assert!(refused.contains("access"), "{refused}");
    let allowed = ServerSource::new(ServerSettings { access: basic, ..settings });
    assert_eq!(scan(allowed).await.expect("read").1.resources, 30);

    let server = Server {
        resources: ward(),
        page: 9,
        authorization: Some("a token, please".to_owned()),
        ..Server::default()
    };
    let (shared, settings) = start(server).await;
    let access = ServerAccess::ClientCredentials {
        token_url: format!("{}/token", settings.url),
        client_id: "us:1".to_owned(),
        secret: SecretString::new("å&".to_owned()),
        scope: Some("system/*.read".to_owned()),
    };
    let with_token = ServerSource::new(ServerSettings { access, ..settings.clone() });
    assert_eq!(scan(with_token).await.expect("read").1.resources, 30);
    {
        let server = shared.lock().expect("it");
        assert_eq!(server.tokens.len(), 1, "one token for all pages");
        let (headers, form) = &server.tokens[0];
        assert_eq!(headers["authorization"], "Basic dXMlM0ExOiVDMyVBNSUyNg==");
        assert_eq!(
            (&*form["grant_type"], &*form["scope"]),
            ("client_credentials", "system/*.read")
        );
    }

    let key = SigningKey::generate(Algorithm::ES384, "k1", 0).expect("a key");
    shared.lock().expect("it").token_key = Some(key.public().clone());
    let access = ServerAccess::BackendServices {
        token_url: format!("{}/token", settings.url),
        client_id: "us".to_owned(),
        key: Arc::new(FixedKey::new(key)),
        scope: "system/*.rs".to_owned(),
    };
    let smart = ServerSource::new(ServerSettings { access, ..settings });
    assert_eq!(scan(smart).await.expect("read").1.resources, 30);
    let form = shared.lock().expect("it").tokens.last().expect("a token").1.clone();
    assert_eq!(
        form["client_assertion_type"],
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_waited_for_and_read_line_by_line() {
    let server =
        || Server { resources: ward(), page: 50, exports: true, polls: 3, ..Server::default() };
    let (shared, mut settings) = start(server()).await;
    settings.export = Some("$export".to_owned());
    let (_, scanned) = scan(ServerSource::new(settings)).await.expect("read");
    assert_eq!((scanned.resources, scanned.issues.len()), (31, 0));
    let asked = shared.lock().expect("it").asked.clone();
    assert!(
        asked[0].contains("_type=Medication%2CMedicationAdministration%2CPatient"),
        "{asked:?}"
    );
    assert_eq!(
        asked.iter().filter(|path| path.contains("status") && !path.contains('?')).count(),
        4 + 1
    );
    // Where it is not offered, searches do.
    let (_, mut settings) = start(Server { exports: false, ..server() }).await;
    settings.export = Some("$export".to_owned());
    assert_eq!(scan(ServerSource::new(settings)).await.expect("read").1.resources, 30);
    let (_, mut settings) = start(Server { export_errors: true, ..server() }).await;
    settings.export = Some("$export".to_owned());
    let error = scan(ServerSource::new(settings)).await.expect_err("not whole");
    assert!(error.contains("not whole"), "{error}");
}

/// The same for an export: its first answer says that the clock is behind, and another one is begun before that one is
/// waited for.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_a_server_whose_clock_is_behind_is_begun_again() {
    // The clock here is at 05:00.
    for (date, expected) in [
        ("Sun, 01 Mar 2026 05:00:00 GMT", &["2026-02-20T11%3A30%3A00Z"][..]),
        (
            "Sat, 28 Feb 2026 05:00:00 GMT",
            &["2026-02-20T11%3A30%3A00Z", "2026-02-19T11%3A30%3A00Z"][..],
        ),
    ] {
        let server = Server {
            resources: ward(),
            page: 50,
            exports: true,
            date: Some(date),
            ..Server::default()
        };
        let (shared, mut settings) = start(server).await;
        settings.export = Some("$export".to_owned());
        let source = ServerSource::new(settings);
        source.begin(Some("2026-02-20T12:30:00Z".parse::<Timestamp>().expect("a time")));
        assert_eq!(scan(source).await.expect("read").1.resources, 31);
        let asked = shared.lock().expect("it").asked.clone();
        let begun: Vec<_> = asked.iter().filter_map(|path| path.split("_since=").nth(1)).collect();
        assert_eq!(begun, expected, "{date}: {asked:?}");
        let read = asked.iter().filter(|path| path.contains("files/1")).count();
        assert_eq!(read, 1, "{date}");
    }
}

/// A server that gives each path's body, whatever is asked, and 202 with a place to wait at for `$export`.
async fn saying(bodies: &'static [(&'static str, &'static str)]) -> ServerSettings {
    lmr_auth::install_tls_provider();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let place = format!("{base}/status");
    let router = Router::new().fallback(move |uri: Uri| async move {
        if uri.path() == "/$export" {
            return (StatusCode::ACCEPTED, [("content-location", place)]).into_response();
        }
        let found = bodies.iter().find(|(path, _)| *path == uri.path());
        found.map_or(StatusCode::NOT_FOUND.into_response(), |(_, body)| body.into_response())
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let clock: lmr_auth::Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
    let searches = vec!["MedicationAdministration".to_owned()];
    ServerSettings::new(&base, searches, Vec::new(), clock, Arc::new(|| [1; 16]))
}

async fn what_is_said(
    bodies: &'static [(&'static str, &'static str)],
    exports: bool,
) -> Result<Scanned, String> {
    let mut settings = saying(bodies).await;
    settings.export = exports.then(|| "$export".to_owned());
    Ok(scan(ServerSource::new(settings)).await?.1)
}

/// What looks like a success and is none: nothing of it may count as a source without data.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_whole_is_not_a_success() {
    const A: &str = "/MedicationAdministration";
    let searches: [(&'static [(&str, &str)], &str); 4] = [
        (
            &[(
                A,
                r#"{"resourceType":"Bundle","type":"searchset","entry":[{"search":{"mode":"outcome"},"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"timeout","diagnostics":"Kari"}]}}]}"#,
            )],
            "(timeout)",
        ),
        (
            &[(
                A,
                r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"MedicationAdministration","id":"a"}},{"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"information"},{"severity":"fatal","code":"Kari Nordmann"}]}}]}"#,
            )],
            "(error)",
        ),
        (
            &[(A, r#"{"resourceType":"Bundle","type":"searchset","total":17}"#)],
            "found 17 resources",
        ),
        (
            &[(A, r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error"}]}"#)],
            "not a FHIR Bundle",
        ),
    ];
    for (bodies, named) in searches {
        let error = what_is_said(bodies, false).await.expect_err(named);
        assert!(error.contains(named) && !error.contains("Kari"), "{error}");
    }
    let exports: [&'static [(&str, &str)]; 4] = [
        &[("/status", "{}")],
        &[("/status", r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error"}]}"#)],
        &[("/status", r#"{"transactionTime":"2026-03-01T00:00:00Z"}"#)],
        &[("/status", "[]")],
    ];
    for bodies in exports {
        let error = what_is_said(bodies, true).await.expect_err("not a list of files");
        assert!(error.contains("not a FHIR"), "{bodies:?}: {error}");
    }
    // What a server says beside its answer is no error, and no data is what it is: everything was asked for.
    let advice: [(&'static [(&str, &str)], bool); 3] = [
        (
            &[(
                A,
                r#"{"resourceType":"Bundle","total":0,"entry":[{"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"not-supported"}]}}]}"#,
            )],
            false,
        ),
        (&[(A, r#"{"resourceType":"Bundle"}"#)], false),
        (&[("/status", r#"{"output":[]}"#)], true),
    ];
    for (bodies, exports) in advice {
        let scanned = what_is_said(bodies, exports).await.expect("read");
        assert_eq!((scanned.resources, scanned.empty_in_full.len()), (0, 1), "{bodies:?}");
    }
    let mut settings = saying(&[(A, r#"{"resourceType":"Bundle"}"#)]).await;
    let question = |settings: &ServerSettings| ServerSource::new(settings.clone()).question();
    let first = question(&settings);
    let source = ServerSource::new(settings.clone());
    source.begin(Some("2026-02-20T12:30:00Z".parse().expect("a time")));
    let (_, scanned) = scan(source).await.expect("read");
    assert_eq!(scanned.empty_in_full, [""; 0], "there may be no change");
    settings.searches.push("MedicationAdministration?status=not-done".to_owned());
    assert_ne!(question(&settings), first);
}

/// A server that leads to no further page, or hides what this user may not see: what it gave is used, and that there is
/// more is said, so that the same is asked for again.
#[tokio::test(flavor = "multi_thread")]
async fn fewer_matches_than_the_server_found_are_a_part_that_cannot_be_used() {
    const A: &str = "/MedicationAdministration";
    type Case = (&'static [(&'static str, &'static str)], Option<(u64, u64)>);
    // What it says that it found, and the modes of what it gives.
    let cases: [Case; 5] = [
        (
            &[(
                A,
                r#"{"resourceType":"Bundle","total":3,"entry":[{"resource":{"resourceType":"MedicationAdministration","id":"a"}}]}"#,
            )],
            Some((3, 1)),
        ),
        // What is included is no match.
        (
            &[(
                A,
                r#"{"resourceType":"Bundle","total":2,"entry":[{"search":{"mode":"match"},"resource":{"resourceType":"MedicationAdministration","id":"a"}},{"search":{"mode":"include"},"resource":{"resourceType":"Patient","id":"p"}}]}"#,
            )],
            Some((2, 1)),
        ),
        (
            &[(
                A,
                r#"{"resourceType":"Bundle","total":1,"entry":[{"search":{"mode":"match"},"resource":{"resourceType":"MedicationAdministration","id":"a"}},{"search":{"mode":"include"},"resource":{"resourceType":"Patient","id":"p"}}]}"#,
            )],
            None,
        ),
        (
            &[(
                A,
                r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"MedicationAdministration","id":"a"}}]}"#,
            )],
            None,
        ),
        // More than it found: an estimate.
        (
            &[(
                A,
                r#"{"resourceType":"Bundle","total":0,"entry":[{"resource":{"resourceType":"MedicationAdministration","id":"a"}}]}"#,
            )],
            None,
        ),
    ];
    for (bodies, fewer) in cases {
        let scanned = what_is_said(bodies, false).await.expect("read");
        assert!(scanned.resources > 0, "{bodies:?}");
        let issues: Vec<_> = scanned.issues.into_iter().map(|issue| issue.issue).collect();
        let expected: Vec<_> = fewer
            .map(|(total, given)| SourceIssueKind::FewerThanTotal { total, given })
            .into_iter()
            .collect();
        assert_eq!(issues, expected, "{bodies:?}");
    }
}

/// FHIR has codes for an answer that is not whole, and a server that could not ask all of its sources gives one as a warning.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_says_that_it_is_not_whole_is_a_part_that_cannot_be_used() {
    const A: &str = "/MedicationAdministration";
    macro_rules! saying_of {
        ($severity:literal, $code:literal) => {
            &[(
                A,
                concat!(
                    r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"MedicationAdministration","id":"a"}},{"search":{"mode":"outcome"},"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational"},{"severity":""#,
                    $severity,
                    r#"","code":""#,
                    $code,
                    r#""}]}}]}"#
                ),
            )]
        };
    }
    type Case = (&'static [(&'static str, &'static str)], Option<&'static str>);
    let cases: [Case; 6] = [
        (saying_of!("warning", "incomplete"), Some("incomplete")),
        (saying_of!("information", "incomplete"), Some("incomplete")),
        (saying_of!("warning", "timeout"), Some("timeout")),
        (saying_of!("warning", "too-costly"), Some("too-costly")),
        (saying_of!("warning", "throttled"), Some("throttled")),
        (saying_of!("warning", "not-supported"), None),
    ];
    for (bodies, code) in cases {
        let scanned = what_is_said(bodies, false).await.expect("read");
        assert_eq!(scanned.resources, 1, "{bodies:?}");
        let issues: Vec<_> = scanned.issues.into_iter().map(|issue| issue.issue).collect();
        let expected: Vec<_> = code
            .map(|code| SourceIssueKind::SaidIncomplete { code: code.to_owned() })
            .into_iter()
            .collect();
        assert_eq!(issues, expected, "{bodies:?}");
        for issue in &issues {
            assert_ne!(issue.text(Language::Bokmal), issue.text(Language::English));
            assert!(issue.text(Language::Bokmal).contains(code.unwrap_or_default()));
        }
    }
}

/// What is missing is said once, also where the search was made again for the server's clock.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_search_that_is_made_again_lacks_is_said_once() {
    const LACKING: &[(&str, &str)] = &[(
        "/MedicationAdministration",
        r#"{"resourceType":"Bundle","total":3,"entry":[{"resource":{"resourceType":"MedicationAdministration","id":"a"}}]}"#,
    )];
    // The server has the time of the machine.
    for here in ["1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z"] {
        let mut settings = saying(LACKING).await;
        settings.incremental = true;
        let now: Timestamp = here.parse().expect("a time");
        settings.clock = Arc::new(move || now);
        let source = ServerSource::new(settings);
        source.begin(Some("2026-02-20T12:30:00Z".parse::<Timestamp>().expect("a time")));
        let (_, scanned) = scan(source).await.expect("read");
        let issues: Vec<_> = scanned.issues.into_iter().map(|issue| issue.issue).collect();
        let fewer = SourceIssueKind::FewerThanTotal { total: 3, given: 1 };
        assert_eq!(issues, [fewer], "{here}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_fhir_is_named() {
    async fn serve(body: &'static str) -> String {
        lmr_auth::install_tls_provider();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(move || async move { body });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock: lmr_auth::Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
        let searches = vec!["Patient".to_owned()];
        let settings =
            ServerSettings::new(&base, searches, Vec::new(), clock, Arc::new(|| [1; 16]));
        scan(ServerSource::new(settings)).await.expect_err("refused")
    }
    for body in ["<html>log in</html>", "{", "{\"resourceType\":\"Patient\"}", "[]", ""] {
        let error = serve(body).await;
        assert!(error.contains("not a FHIR Bundle"), "{body}: {error}");
    }
}
