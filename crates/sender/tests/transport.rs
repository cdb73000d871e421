//! The way to the register over real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use jiff::SignedDuration;
use lmr_auth::jose::{Algorithm, SigningKey};
use lmr_auth::{
    ActingFor, ClientSettings, Clock, Environment, Fetcher, FixedKey, Flow, HttpFetcher,
    RequestHeaders, SecretString, TokenClient,
};
use lmr_sender::attempt::{AttemptFailure, StatusNote, TokenFailure};
use lmr_sender::transport::{
    AuthorizationError, Authorizer, HttpSettings, HttpTransport, NewestReceipt, PostOutcome,
    TokenAuthorizer, Transport, TransportError,
};

/// Gives numbered tokens, a new one after each refusal.
#[derive(Default)]
struct Counter(AtomicU32);

#[async_trait]
impl Authorizer for Counter {
    async fn headers(
        &self,
        _: &str,
        _: &str,
        _: Option<&str>,
    ) -> Result<RequestHeaders, AuthorizationError> {
        let token = format!("Bearer token-{}", self.0.load(Ordering::SeqCst));
        Ok(RequestHeaders { authorization: SecretString::new(token), proof: None })
    }

    async fn refused(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Has no token, for ever or for now.
struct Nobody {
    passes: bool,
}

#[async_trait]
impl Authorizer for Nobody {
    async fn headers(
        &self,
        _: &str,
        _: &str,
        _: Option<&str>,
    ) -> Result<RequestHeaders, AuthorizationError> {
        let retry_after = self.passes.then_some(Duration::from_secs(90));
        Err(AuthorizationError {
            issuer: None,
            reason: no_token(),
            passes: self.passes,
            retry_after,
        })
    }

    async fn refused(&self) {}
}

fn no_token() -> TokenFailure {
    TokenFailure::Other { detail: "no token".to_owned() }
}

async fn listen(router: Router) -> String {
    lmr_auth::install_tls_provider();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
    format!("http://{address}/fhirmottak/v1")
}

fn router<F, R>(answer: F) -> Router
where
    F: Fn(HeaderMap, Bytes) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = (StatusCode, HeaderMap, String)> + Send + 'static,
{
    Router::new().route("/fhirmottak/v1", post(answer))
}

fn transport<A: Authorizer>(address: &str, authorizer: A) -> HttpTransport<A> {
    let mut settings = HttpSettings::new(address);
    settings.timeout = Duration::from_millis(500);
    settings.answer_limit = 1000;
    HttpTransport::new(&settings, authorizer).expect("a transport")
}

#[tokio::test]
async fn a_message_goes_out_as_it_is_and_the_answer_comes_back_whole() {
    let address = listen(router(|headers, body| async move {
        assert_eq!(headers["authorization"], "Bearer token-0");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(&body[..], b"sealed");
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "30".parse().unwrap());
        (StatusCode::SERVICE_UNAVAILABLE, headers, "later".to_owned())
    }))
    .await;
    let outcome = transport(&address, Counter::default()).post(b"sealed".to_vec()).await;
    let retry_after = Some("30".to_owned());
    assert_eq!(
        outcome,
        PostOutcome::Answered { status: 503, retry_after, receipt: None, body: b"later".to_vec() }
    );
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let calls = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&calls);
    let address = listen(router(move |headers: HeaderMap, _| {
        seen.fetch_add(1, Ordering::SeqCst);
        async move {
            let fresh = headers["authorization"] == "Bearer token-1";
            (
                if fresh { StatusCode::OK } else { StatusCode::UNAUTHORIZED },
                HeaderMap::new(),
                String::new(),
            )
        }
    }))
    .await;
    let outcome = transport(&address, Counter::default()).post(Vec::new()).await;
    assert_eq!(
        outcome,
        PostOutcome::Answered { status: 200, retry_after: None, receipt: None, body: Vec::new() }
    );
    // A fresh token that is refused as well is an answer.
    let outcome = transport(&address, Counter(AtomicU32::new(5))).post(Vec::new()).await;
    assert_eq!(
        outcome,
        PostOutcome::Answered { status: 401, retry_after: None, receipt: None, body: Vec::new() }
    );
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn what_may_have_arrived_is_distinguished_from_what_has_not() {
    let slow = listen(router(|_, _| async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        (StatusCode::OK, HeaderMap::new(), String::new())
    }))
    .await;
    let outcome = transport(&slow, Counter::default()).post(Vec::new()).await;
    assert!(
        matches!(&outcome, PostOutcome::NoAnswer { failure: AttemptFailure::NoAnswerInTime }),
        "{outcome:?}"
    );

    let endless =
        listen(router(|_, _| async { (StatusCode::OK, HeaderMap::new(), "x".repeat(2000)) })).await;
    let outcome = transport(&endless, Counter::default()).post(Vec::new()).await;
    assert!(matches!(&outcome, PostOutcome::NoAnswer { .. }), "{outcome:?}");

    // A listener that hangs up without a word.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let hanging = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
    let outcome = transport(&address, Counter::default()).post(Vec::new()).await;
    assert!(matches!(&outcome, PostOutcome::NoAnswer { .. }), "{outcome:?}");
    hanging.await.unwrap();

    // Nobody listens there any more.
    let outcome = transport(&address, Counter::default()).post(Vec::new()).await;
    assert!(matches!(&outcome, PostOutcome::NotReached { .. }), "{outcome:?}");
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let address =
        listen(router(|_, _| async { unreachable!("a message was sent without a token") })).await;
    let outcome = transport(&address, Nobody { passes: true }).post(Vec::new()).await;
    let retry_after = Some(Duration::from_secs(90));
    let failure = AttemptFailure::Token { issuer: None, reason: no_token() };
    assert_eq!(outcome, PostOutcome::NotReached { failure: failure.clone(), retry_after });
    let outcome = transport(&address, Nobody { passes: false }).post(Vec::new()).await;
    assert_eq!(outcome, PostOutcome::NoAccess { failure });
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_an_open_line_not_used() {
    let address = listen(router(|_, _| async {
        let mut headers = HeaderMap::new();
        headers.insert("location", "http://127.0.0.1:1/".parse().unwrap());
        (StatusCode::TEMPORARY_REDIRECT, headers, String::new())
    }))
    .await;
    let outcome = transport(&address, Counter::default()).post(Vec::new()).await;
    assert!(matches!(outcome, PostOutcome::Answered { status: 307, .. }));
    for address in ["http://register.example/", "ftp://127.0.0.1/", "no address"] {
        let made = HttpTransport::new(&HttpSettings::new(address), Counter::default());
        assert!(matches!(made.err(), Some(TransportError::Address(_))), "{address}");
    }
}

/// a16
#[tokio::test]
async fn a16_a_content_coding_in_capitals_is_read_like_any_other() {
    for coding in ["GZIP", "gzip", "X-Gzip"] {
        let address = listen(Router::new().route(
            "/fhirmottak/v1",
            post(move || async move {
                let mut packed =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                std::io::Write::write_all(&mut packed, b"the answer").expect("packed");
                ([("content-encoding", coding)], packed.finish().expect("packed"))
            }),
        ))
        .await;
        let outcome = transport(&address, Counter::default()).post(Vec::new()).await;
        let body = b"the answer".to_vec();
        assert_eq!(
            outcome,
            PostOutcome::Answered { status: 200, retry_after: None, receipt: None, body },
            "{coding}"
        );
    }
}

/// a23
#[tokio::test]
async fn a_connection_closed_as_it_is_used_is_replaced_at_once() {
    lmr_auth::install_tls_provider();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (first, _) = listener.accept().await.expect("a connection");
        drop(first);
        let (mut second, _) = listener.accept().await.expect("a connection");
        let mut request = vec![0; 4096];
        let length = second.read(&mut request).await.expect("a request");
        second
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            .await
            .expect("an answer");
        request.truncate(length);
        request
    });
    let outcome = transport(&address, Counter::default()).post(b"sealed".to_vec()).await;
    let body = b"ok".to_vec();
    assert_eq!(
        outcome,
        PostOutcome::Answered { status: 200, retry_after: None, receipt: None, body }
    );
    assert!(server.await.expect("the server").ends_with(b"sealed"), "the same bytes");
}

/// A receipt as a register keeps it.
fn receipt_payload() -> &'static str {
    let digest = "0".repeat(64);
    let text = format!(
        r#"{{"action":"receive","sender":"310000019","sequence":1,"previous":null,"messageId":"m","contentSha256":"{digest}",
        "answerSha256":"{digest}","ruleSet":"","ruleSetDigest":"","outcome":"accepted","clientId":"",
        "receivedAt":"2026-03-01T05:00:00Z"}}"#
    );
    text.leak()
}

#[tokio::test]
async fn the_newest_receipt_is_asked_for_and_anything_else_tells_nothing() {
    let answers = |status: u16, body: &'static str| {
        Router::new().route(
            "/fhirmottak/v1/receipt",
            get(move |headers: HeaderMap| async move {
                let token = headers["authorization"].to_str().expect("a token");
                assert!(token == "Bearer token-0" || status == 401, "{token}");
                (StatusCode::from_u16(status).expect("a status"), body)
            }),
        )
    };
    let ask = async |router: Router| {
        let address = listen(router).await;
        transport(&address, Counter::default()).newest_receipt().await
    };
    assert_eq!(ask(answers(204, "")).await, NewestReceipt::NoMessage);
    let payload = receipt_payload();
    assert_eq!(
        ask(answers(200, payload)).await,
        NewestReceipt::Payload(payload.as_bytes().to_vec())
    );
    let refused = |answer: &NewestReceipt, status: u16| {
        let NewestReceipt::Refused(AttemptFailure::Status { status: found, .. }) = answer else {
            panic!("{status}: {answer:?}");
        };
        assert_eq!(*found, status);
    };
    for status in [200, 202, 301, 302, 308, 400, 401, 403, 404, 405, 421, 499, 501, 505] {
        refused(&ask(answers(status, "{}")).await, status);
    }
    // What does not know the question.
    refused(&ask(Router::new()).await, 404);
    // What cannot be asked now says nothing of which register it is: no answer, one of something before it, no token.
    for status in [408, 429, 500, 502, 503, 504, 507, 599] {
        let answer = ask(answers(status, "{}")).await;
        assert!(
            matches!(
                &answer,
                NewestReceipt::Unreached { failure: AttemptFailure::Status { status: found, .. }, passes: true }
                    if *found == status
            ),
            "{answer:?}"
        );
    }
    let nothing = transport("http://127.0.0.1:9/x", Counter::default()).newest_receipt().await;
    assert!(
        matches!(
            nothing,
            NewestReceipt::Unreached { failure: AttemptFailure::NoConnection { .. }, passes: true }
        ),
        "{nothing:?}"
    );
    let address = listen(answers(204, "")).await;
    for passes in [true, false] {
        let nobody = transport(&address, Nobody { passes }).newest_receipt().await;
        assert!(
            matches!(
                nobody,
                NewestReceipt::Unreached { failure: AttemptFailure::Token { .. }, passes: found }
                    if found == passes
            ),
            "{nobody:?}"
        );
    }
    let long = "x".repeat(20 << 10).leak();
    refused(&ask(answers(200, long)).await, 200);
}

/// Whether an answer that is no receipt is the register's own is seen as it is seen of the answer to a message.
#[tokio::test]
async fn what_answers_without_a_receipt_is_named_by_what_it_says() {
    let outcome = format!(
        r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":"forbidden",
        "details":{{"coding":[{{"system":"{}","code":"LMR-1001"}}]}}}}]}}"#,
        lmr_lmdi::codes::CODE_SYSTEM
    );
    let long = format!("{outcome}{}", " ".repeat(300 << 10));
    for (status, body, note, codes) in [
        (403, &*outcome, StatusNote::Register, &["LMR-1001"][..]),
        (503, &outcome, StatusNote::Register, &["LMR-1001"]),
        (403, "<html>no</html>", StatusNote::NotTheRegister, &[]),
        (403, &long, StatusNote::NotTheRegister, &[]),
        (403, "", StatusNote::Register, &[]),
        (401, "", StatusNote::FreshToken, &[]),
        (404, "", StatusNote::Register, &[]),
        (301, "", StatusNote::Redirect, &[]),
        (308, "<html>gone</html>", StatusNote::Redirect, &[]),
        (200, "<html>log in</html>", StatusNote::NotAsAgreed, &[]),
        (200, &long, StatusNote::NotAsAgreed, &[]),
        (202, "", StatusNote::NotAsAgreed, &[]),
    ] {
        let text = body.to_owned();
        let router = Router::new().route(
            "/fhirmottak/v1/receipt",
            get(move || async move { (StatusCode::from_u16(status).expect("a status"), text) }),
        );
        let address = listen(router).await;
        let (NewestReceipt::Refused(failure) | NewestReceipt::Unreached { failure, passes: true }) =
            transport(&address, Counter::default()).newest_receipt().await
        else {
            panic!("{status} {body:.20}");
        };
        let codes = codes.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(failure, AttemptFailure::Status { status, note, codes }, "{status} {body:.20}");
    }
}

/// A kept token may have been withdrawn: the question is asked once more with a fresh one, as a message is sent.
#[tokio::test]
async fn the_question_is_asked_with_a_fresh_token_once() {
    let router = Router::new().route(
        "/fhirmottak/v1/receipt",
        get(|headers: HeaderMap| async move {
            match headers["authorization"].as_bytes() {
                b"Bearer token-1" => StatusCode::NO_CONTENT,
                _ => StatusCode::UNAUTHORIZED,
            }
        }),
    );
    let address = listen(router).await;
    let answer = transport(&address, Counter::default()).newest_receipt().await;
    assert_eq!(answer, NewestReceipt::NoMessage);
}

/// DPoP: the nonce that is demanded is shown once.
#[tokio::test]
async fn a_nonce_demanded_for_the_question_is_shown() {
    let calls = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&calls);
    let router = Router::new().route(
        "/fhirmottak/v1/receipt",
        get(move || {
            let first = seen.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                let mut headers = HeaderMap::new();
                if !first {
                    return (StatusCode::NO_CONTENT, headers);
                }
                headers.insert("dpop-nonce", "n".parse().expect("a value"));
                let challenge = "DPoP error=\"use_dpop_nonce\"";
                headers.insert("www-authenticate", challenge.parse().expect("a value"));
                (StatusCode::UNAUTHORIZED, headers)
            }
        }),
    );
    let address = listen(router).await;
    let answer = transport(&address, Counter::default()).newest_receipt().await;
    assert_eq!((answer, calls.load(Ordering::SeqCst)), (NewestReceipt::NoMessage, 2));
}

/// An issuer that refuses every client; its answers carry the real time, as servers' do.
async fn refused_by_the_clock(ahead: SignedDuration) -> PostOutcome {
    let issuer = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", issuer.local_addr().expect("an address"));
    let metadata = format!(
        r#"{{"issuer":"{address}","jwks_uri":"{address}/jwks","token_endpoint":"{address}/token"}}"#
    );
    let json = [("content-type", "application/json")];
    let refusal = (StatusCode::BAD_REQUEST, json, r#"{"error":"invalid_client"}"#);
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(move || async move { (json, metadata) }))
        .route("/token", post(move || async move { refusal }));
    tokio::spawn(async move { axum::serve(issuer, router).await.expect("a server") });
    lmr_auth::install_tls_provider();
    let fetcher = HttpFetcher::new(Duration::from_secs(5)).expect("a fetcher");
    // The clock that the answers carry, so that the test does not read another one.
    fetcher.get(&format!("{address}/.well-known/openid-configuration")).await.expect("an answer");
    let now = fetcher.server_time().expect("a date") + ahead;
    let clock: Clock = Arc::new(move || now);
    let settings = ClientSettings {
        issuer: address,
        environment: Environment::Local,
        client_id: "client-1".to_owned(),
        scope: "a:b/c".to_owned(),
        resource: None,
        flow: Flow::HelseIdBearer { acting_for: ActingFor::Registered },
        assertion_lifetime_seconds: 20,
    };
    let key = SigningKey::generate(Algorithm::ES256, "kid-1", 0).expect("a key");
    let (keys, fetcher): (_, Arc<dyn Fetcher>) = (Arc::new(FixedKey::new(key)), Arc::new(fetcher));
    let client = TokenClient::new(settings, keys, fetcher, clock, Arc::new(|| [1; 16]));
    let authorizer = TokenAuthorizer::new(client.expect("a client"));
    transport("http://127.0.0.1:9/fhirmottak/v1", authorizer).post(Vec::new()).await
}

/// A clock that is wrong looks like a wrong client to the issuer: its `Date` shows which of the two it is.
#[tokio::test]
async fn a_client_that_is_refused_because_of_its_clock_is_said_so() {
    for days in [-2, 0, 2] {
        let ahead = SignedDuration::from_hours(24 * days);
        let outcome = refused_by_the_clock(ahead).await;
        let PostOutcome::NoAccess { failure: AttemptFailure::Token { reason, .. } } = &outcome
        else {
            panic!("{outcome:?}")
        };
        let text = reason.text(Some("HelseID"), lmr_fhir::Language::English);
        match reason {
            TokenFailure::ClientRefused { .. } => assert_eq!(days, 0),
            TokenFailure::ClockDiffers { ahead_seconds, .. } => {
                let expected = 24 * 3600 * days;
                assert!((ahead_seconds - expected).abs() < 30 && days != 0, "{ahead_seconds}");
                assert!(text.starts_with("the clock here is 1"), "{text}");
            }
            other => panic!("{other:?}"),
        }
        assert!(text.contains("invalid_client"), "{text}");
    }
}
