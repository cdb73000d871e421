//! The sender's token client against the local issuers: DPoP, Maskinporten, and every way in which an
//! issuer may answer otherwise than it should.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use lmr_auth::jose::{Algorithm, SigningKey};
use lmr_auth::{
    ActingFor, ClientSettings, Environment, FixedKey, Flow, HttpFetcher, KeySource, KeySourceError,
    OauthError, ProofKey, ResourceForm, Retry, TokenClient, TokenError, TokenKey,
};
use lmr_identifiers::OrganisationNumber;
use lmr_identifiers::synthetic::organisation_number;
use lmr_sandbox::certificates::{Order, TestCa};
use lmr_sandbox::clock::{SettableClock, fresh_ids};
use lmr_sandbox::helseid::{Client, DPOP_SCOPE, EndpointFault, LMR_SCOPE, LocalHelseId};
use lmr_sandbox::maskinporten::{self, LocalMaskinporten};
use serde_json::{Value, json};

struct Issuers {
    helseid: LocalHelseId,
    maskinporten: LocalMaskinporten,
    clock: SettableClock,
}

async fn issuers() -> Issuers {
    let clock = SettableClock::at("2026-11-25T12:00:00Z".parse::<Timestamp>().unwrap());
    let helseid = LocalHelseId::start(0, clock.as_clock(), fresh_ids()).await.unwrap();
    let maskinporten = LocalMaskinporten::start(0, clock.as_clock(), fresh_ids()).await.unwrap();
    Issuers { helseid, maskinporten, clock }
}

fn own() -> OrganisationNumber {
    organisation_number(1)
}

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm, "client-key", 2048).unwrap()
}

impl Issuers {
    fn client(&self, settings: ClientSettings, keys: Arc<dyn KeySource>) -> TokenClient {
        let fetcher = Arc::new(HttpFetcher::new(Duration::from_secs(5)).unwrap());
        TokenClient::new(settings, keys, fetcher, self.clock.as_clock(), fresh_ids()).unwrap()
    }

    /// A client of HelseID, registered with this key.
    fn helseid(&self, key: SigningKey, flow: Flow) -> TokenClient {
        let bound = matches!(flow, Flow::HelseIdDpop { .. });
        let mut client = Client::single_tenant("client", own().as_str(), key.public());
        client.dpop = bound;
        client.scopes = vec![LMR_SCOPE.to_owned(), DPOP_SCOPE.to_owned()];
        self.helseid.register(client);
        let settings = ClientSettings {
            issuer: self.helseid.issuer().to_owned(),
            environment: Environment::Local,
            client_id: "client".to_owned(),
            scope: if bound { DPOP_SCOPE } else { LMR_SCOPE }.to_owned(),
            resource: None,
            flow,
            assertion_lifetime_seconds: 20,
        };
        self.client(settings, Arc::new(FixedKey::new(key)))
    }

    fn dpop(&self) -> TokenClient {
        self.helseid(key(Algorithm::ES256), dpop(ProofKey::OfAssertion))
    }

    fn bearer(&self) -> TokenClient {
        self.helseid(
            key(Algorithm::ES256),
            Flow::HelseIdBearer { acting_for: ActingFor::Registered },
        )
    }

    fn maskinporten_settings(&self) -> ClientSettings {
        ClientSettings {
            issuer: self.maskinporten.issuer().to_owned(),
            environment: Environment::Local,
            client_id: "client".to_owned(),
            scope: maskinporten::SCOPE.to_owned(),
            resource: Some(maskinporten::RESOURCE.to_owned()),
            flow: Flow::Maskinporten { consumer: None, resource_form: ResourceForm::Array },
            assertion_lifetime_seconds: 20,
        }
    }
}

fn dpop(proof_key: ProofKey) -> Flow {
    Flow::HelseIdDpop { acting_for: ActingFor::Registered, proof_key }
}

/// The claims of the token in a header; the tests' issuers are trusted to have signed it.
fn claims(authorization: &str) -> Value {
    let token = authorization.split(' ').nth(1).unwrap();
    let jws = lmr_auth::jose::CompactJws::parse(token, 8192).unwrap();
    Value::Object(jws.unverified_claims().unwrap())
}

#[tokio::test]
async fn a_token_is_bound_to_the_clients_key_or_to_one_of_its_own() {
    let issuers = issuers().await;
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        let thumbprint = key.public().thumbprint();
        let client = issuers.helseid(key, dpop(ProofKey::OfAssertion));
        let token = client.access_token().await.unwrap();
        assert!(token.is_bound() && token.bearer().is_none(), "never shown without its proof");
        let url = "https://mottak.example.no/fhirmottak/v1?x=1";
        let headers = client.headers(&token, "POST", url, None).unwrap();
        assert_eq!(claims(headers.authorization.expose())["cnf"]["jkt"], json!(thumbprint));
        assert!(headers.authorization.expose().starts_with("DPoP "));
        let again = client.headers(&token, "POST", url, Some("n")).unwrap();
        assert_ne!(headers.proof.unwrap().expose(), again.proof.unwrap().expose(), "{algorithm}");
    }
    let client = key(Algorithm::RS256);
    let registered = client.public().thumbprint();
    let client = issuers.helseid(client, dpop(ProofKey::Own(Algorithm::ES256)));
    let token = client.access_token().await.unwrap();
    let headers = client.headers(&token, "POST", "https://mottak.example.no/", None).unwrap();
    assert_ne!(claims(headers.authorization.expose())["cnf"]["jkt"], json!(registered));
}

#[tokio::test]
async fn the_nonce_of_the_token_endpoint_is_used_again_until_it_runs_out() {
    let issuers = issuers().await;
    let client = issuers.dpop();
    for seconds in [0, 599, 601, 1300] {
        issuers.clock.advance_seconds(seconds);
        client.access_token().await.unwrap();
    }
    assert_eq!(issuers.helseid.tokens_issued(), 4);
    issuers.helseid.misbehave(Some(EndpointFault::EndlessNonce));
    issuers.clock.advance_seconds(601);
    let error = client.access_token().await.unwrap_err();
    assert_eq!(error, TokenError::NonceLoop);
}

#[tokio::test]
async fn a4_what_the_issuer_names_is_final_and_any_other_page_passes() {
    let issuers = issuers().await;
    for page in [200, 403, 404, 408, 418, 429, 500, 502, 503] {
        for make in [Issuers::dpop, Issuers::bearer] {
            let client = make(&issuers);
            issuers.helseid.misbehave(Some(EndpointFault::Page(page)));
            let error = client.access_token().await.unwrap_err();
            assert_eq!(error, TokenError::Unavailable { status: page, retry_after: None });
            assert_eq!(error.retry(), Retry::Later(None), "{page}");
            issuers.helseid.misbehave(None);
            client.access_token().await.unwrap();
        }
    }
    issuers.helseid.misbehave(Some(EndpointFault::Page(301)));
    let error = issuers.bearer().access_token().await.unwrap_err();
    assert_eq!((error.retry(), error), (Retry::Never, TokenError::Moved { status: 301 }));
    issuers.helseid.misbehave(None);
    let stranger = issuers.client(
        ClientSettings { client_id: "stranger".to_owned(), ..issuers.maskinporten_settings() },
        Arc::new(FixedKey::new(key(Algorithm::RS256))),
    );
    let error = stranger.access_token().await.unwrap_err();
    let expected = TokenError::Rejected {
        status: 400,
        error: OauthError::InvalidClient,
        code: Some("MP-100".to_owned()),
    };
    assert_eq!((error.retry(), error), (Retry::Never, expected));
}

#[tokio::test]
async fn a_token_that_is_not_what_was_asked_for_is_thrown_away() {
    let issuers = issuers().await;
    for (fault, error) in [
        (EndpointFault::Unbound, TokenError::NotBound),
        (EndpointFault::WithheldScope, TokenError::ScopeWithheld),
        (EndpointFault::OtherScope, TokenError::ScopeWithheld),
    ] {
        let client = issuers.dpop();
        issuers.helseid.misbehave(Some(fault));
        let seen = client.access_token().await.unwrap_err();
        assert_eq!((seen.retry(), seen), (Retry::Never, error));
        issuers.helseid.misbehave(None);
        client.access_token().await.unwrap();
    }
    // The same for Bearer: HelseID withholds what the customer has not signed for.
    issuers.helseid.misbehave(Some(EndpointFault::WithheldScope));
    let error = issuers.bearer().access_token().await.unwrap_err();
    assert_eq!(error, TokenError::ScopeWithheld);
}

#[tokio::test]
async fn a14_a_lifetime_is_read_in_every_form_and_a_missing_one_means_once() {
    let issuers = issuers().await;
    for (value, kept) in [
        (json!(600), Some(570)),
        (json!("600"), Some(570)),
        (json!(600.0), Some(570)),
        (json!("600.0"), Some(570)),
        (json!(60), Some(54)),
        (json!(1e30), Some(24 * 3600 - 30)),
        (json!(null), None),
    ] {
        issuers.helseid.misbehave(Some(EndpointFault::ExpiresIn(value.clone())));
        let client = issuers.bearer();
        let before = issuers.helseid.tokens_issued();
        let token = client.access_token().await.unwrap();
        let until =
            kept.map(|seconds| issuers.clock.now() + jiff::SignedDuration::from_secs(seconds));
        assert_eq!(token.use_until(), until, "{value}");
        client.access_token().await.unwrap();
        let fetched = if kept.is_some() { 1 } else { 2 };
        assert_eq!(issuers.helseid.tokens_issued() - before, fetched, "{value}");
    }
    for nonsense in [json!(0), json!(-5), json!("soon"), json!(true), json!([600])] {
        issuers.helseid.misbehave(Some(EndpointFault::ExpiresIn(nonsense.clone())));
        let error = issuers.bearer().access_token().await.unwrap_err();
        assert!(matches!(error, TokenError::Answer(_)), "{nonsense}: {error}");
    }
}

#[tokio::test]
async fn a15_retry_after_is_read_in_every_form() {
    let issuers = issuers().await;
    for (text, seconds) in [
        ("120", Some(120)),
        ("Wed, 25 Nov 2026 12:05:00 GMT", Some(300)),
        ("Wednesday, 25-Nov-26 12:05:00 GMT", Some(300)),
        ("Wed Nov 25 12:05:00 2026", Some(300)),
        ("later", None),
    ] {
        let client = issuers.bearer();
        issuers.helseid.misbehave(Some(EndpointFault::RetryAfter(text.to_owned())));
        let error = client.access_token().await.unwrap_err();
        assert_eq!(error.retry(), Retry::Later(seconds.map(Duration::from_secs)), "{text}");
    }
}

/// A key file that an operator replaces.
struct Replaceable(Mutex<Result<TokenKey, KeySourceError>>);

impl KeySource for Replaceable {
    fn load(&self) -> Result<TokenKey, KeySourceError> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a10_a_replaced_key_counts_from_the_next_token_on() {
    let issuers = issuers().await;
    let (old, new) = (key(Algorithm::ES256), key(Algorithm::PS256));
    issuers.helseid.register(Client::single_tenant("client", own().as_str(), old.public()));
    let renewed = new.public().clone();
    let source = Arc::new(Replaceable(Mutex::new(Ok(TokenKey::registered(old)))));
    let settings = ClientSettings {
        issuer: issuers.helseid.issuer().to_owned(),
        environment: Environment::Local,
        client_id: "client".to_owned(),
        scope: LMR_SCOPE.to_owned(),
        resource: None,
        flow: Flow::HelseIdBearer { acting_for: ActingFor::Registered },
        assertion_lifetime_seconds: 20,
    };
    let client = issuers.client(settings, Arc::clone(&source) as Arc<dyn KeySource>);
    client.access_token().await.unwrap();
    // The registration changes first: the kept token serves until it ends, then HelseID names the fault.
    issuers.helseid.register(Client::single_tenant("client", own().as_str(), &renewed));
    issuers.clock.advance_seconds(600);
    let error = client.access_token().await.unwrap_err();
    assert!(matches!(error, TokenError::Rejected { error: OauthError::InvalidClient, .. }));
    let unreadable = KeySourceError("cannot read key.jwk".to_owned());
    *source.0.lock().unwrap() = Err(unreadable.clone());
    assert_eq!(client.access_token().await.unwrap_err(), TokenError::KeySource(unreadable));
    *source.0.lock().unwrap() = Ok(TokenKey::registered(new));
    client.access_token().await.unwrap();
}

#[tokio::test]
async fn maskinporten_gives_tokens_by_key_by_certificate_and_by_delegation() {
    let issuers = issuers().await;
    for algorithm in [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512] {
        let key = key(algorithm);
        issuers.maskinporten.register(maskinporten::Client::own("client", own(), key.public()));
        let client = issuers.client(issuers.maskinporten_settings(), Arc::new(FixedKey::new(key)));
        let token = client.access_token().await.unwrap();
        let shown = claims(token.bearer().unwrap().expose());
        assert_eq!(shown["consumer"]["ID"], json!(format!("0192:{}", own())), "{algorithm}");
        assert_eq!(shown["aud"], json!(maskinporten::RESOURCE));
    }
    // By enterprise certificate.
    let now = issuers.clock.now();
    let pair = TestCa::new(now).unwrap().enterprise(&Order::new(own().as_str(), "Liksom", now));
    let pair = pair.unwrap();
    let by_certificate = || SigningKey::from_pem(&pair.key_pem, "x5c", Algorithm::RS256).unwrap();
    let mut registered = maskinporten::Client::own("client", own(), by_certificate().public());
    registered.certificate = Some(pair.certificate_der.clone());
    issuers.maskinporten.register(registered);
    let chain = vec![pair.certificate_der.clone()];
    let key_of = |certificates: Vec<Vec<u8>>| {
        let key = TokenKey { key: Arc::new(by_certificate()), certificates };
        Arc::new(Replaceable(Mutex::new(Ok(key))))
    };
    let client = issuers.client(issuers.maskinporten_settings(), key_of(chain));
    client.access_token().await.unwrap();
    let client = issuers.client(issuers.maskinporten_settings(), key_of(Vec::new()));
    assert_eq!(code(client.access_token().await.unwrap_err()), "MP-123");
    // A supplier with and without a delegation.
    let (supplier, customer, other) = (own(), organisation_number(2), organisation_number(3));
    let key_pair = key(Algorithm::RS256);
    let mut registered = maskinporten::Client::own("client", supplier, key_pair.public());
    registered.delegations = vec![customer];
    issuers.maskinporten.register(registered);
    let keys: Arc<dyn KeySource> = Arc::new(FixedKey::new(key_pair));
    let acting_for = |consumer| ClientSettings {
        flow: Flow::Maskinporten { consumer: Some(consumer), resource_form: ResourceForm::Array },
        ..issuers.maskinporten_settings()
    };
    let token =
        issuers.client(acting_for(customer), Arc::clone(&keys)).access_token().await.unwrap();
    let shown = claims(token.bearer().unwrap().expose());
    assert_eq!(shown["consumer"]["ID"], json!(format!("0192:{customer}")));
    assert_eq!(shown["supplier"]["ID"], json!(format!("0192:{supplier}")));
    let error = issuers.client(acting_for(other), Arc::clone(&keys)).access_token().await;
    assert_eq!(code(error.unwrap_err()), "MP-251");
}

fn code(error: TokenError) -> String {
    assert_eq!(error.retry(), Retry::Never, "{error}");
    match error {
        TokenError::Rejected { code: Some(code), .. } => code,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn maskinporten_names_what_is_wrong_with_a_grant() {
    let issuers = issuers().await;
    let registered = key(Algorithm::RS256);
    issuers.maskinporten.register(maskinporten::Client::own("client", own(), registered.public()));
    let keys: Arc<dyn KeySource> = Arc::new(FixedKey::new(registered));
    let right = || issuers.maskinporten_settings();
    let scope = ClientSettings { scope: "fhi:annet".to_owned(), ..right() };
    let text = ClientSettings {
        flow: Flow::Maskinporten { consumer: None, resource_form: ResourceForm::Text },
        ..right()
    };
    let try_with = async |settings: ClientSettings, keys: &Arc<dyn KeySource>| {
        issuers.client(settings, Arc::clone(keys)).access_token().await
    };
    assert_eq!(code(try_with(scope, &keys).await.unwrap_err()), "MP-200");
    let error = try_with(text, &keys).await.unwrap_err();
    assert!(matches!(error, TokenError::Rejected { error: OauthError::InvalidRequest, .. }));
    let other: Arc<dyn KeySource> = Arc::new(FixedKey::new(key(Algorithm::RS256)));
    assert_eq!(code(try_with(right(), &other).await.unwrap_err()), "MP-011", "another's key");
    let elliptic: Arc<dyn KeySource> = Arc::new(FixedKey::new(key(Algorithm::ES256)));
    assert_eq!(code(try_with(right(), &elliptic).await.unwrap_err()), "MP-120");
    try_with(right(), &keys).await.unwrap();
    issuers.maskinporten.set_down(true);
    let error = try_with(right(), &keys).await.unwrap_err();
    assert_eq!(error.retry(), Retry::Later(None), "{error}");
}

/// Every error that the issuers' documentation names comes out by its name, is final, and has a remedy in both
/// languages; so do the names of OAuth, and a code that nobody knows is still shown.
#[tokio::test]
async fn every_error_of_an_issuer_is_named_with_its_remedy() {
    use lmr_fhir::Language;
    use lmr_sender::transport::AuthorizationError;
    let issuers = issuers().await;
    let named = |error: TokenError, code: &str| {
        assert_eq!(error.retry(), Retry::Never, "{code}");
        let error = AuthorizationError::from(error);
        assert!(!error.passes, "{code}");
        let texts = [Language::Bokmal, Language::English].map(|lang| error.text(lang));
        assert_ne!(texts[0], texts[1], "{code}");
        for text in &texts {
            assert!(text.contains(code), "{code}: {text}");
            assert!(
                !text.contains("hemmelig"),
                "the issuer's other words are not repeated: {text}"
            );
        }
        texts
    };
    let names = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_dpop_proof",
    ];
    let helseid = (1001..=1010).map(|number| format!("HID-{number}"));
    for (error, code) in helseid
        .map(|code| ("invalid_client", code))
        .chain(names.map(|name| (name, name.to_owned())))
    {
        let description = format!("{code} noe hemmelig");
        issuers.helseid.misbehave(Some(EndpointFault::Named(error, description)));
        let texts = named(issuers.dpop().access_token().await.unwrap_err(), &code);
        assert!(texts[1].matches(": ").count() >= 2, "a remedy: {texts:?}");
    }
    // A client that sends no proof, and one that HelseID has for DPoP only.
    issuers.helseid.misbehave(Some(EndpointFault::Named("use_dpop_nonce", String::new())));
    let error = issuers.bearer().access_token().await.unwrap_err();
    assert!(AuthorizationError::from(error).text(Language::English).contains("helseid.dpop"));

    let registered = key(Algorithm::RS256);
    issuers.maskinporten.register(maskinporten::Client::own("client", own(), registered.public()));
    let keys: Arc<dyn KeySource> = Arc::new(FixedKey::new(registered));
    let maskinporten =
        [11, 12, 100, 110, 120, 121, 122, 123, 124, 130, 200, 201, 250, 251, 301, 302, 303]
            .map(|number| format!("MP-{number:03}"));
    for code in maskinporten {
        issuers.maskinporten.misbehave(Some(("invalid_grant", format!("{code}: noe hemmelig"))));
        let client = issuers.client(issuers.maskinporten_settings(), Arc::clone(&keys));
        let texts = named(client.access_token().await.unwrap_err(), &code);
        assert!(texts[1].starts_with("Maskinporten "), "{texts:?}");
        assert!(texts[1].matches(": ").count() >= 2, "a remedy: {texts:?}");
    }
    issuers.maskinporten.misbehave(Some(("invalid_grant", "MP-999: noe hemmelig".to_owned())));
    let client = issuers.client(issuers.maskinporten_settings(), Arc::clone(&keys));
    named(client.access_token().await.unwrap_err(), "MP-999");
    issuers.maskinporten.misbehave(None);
    client.access_token().await.unwrap();
}

/// When a token is fetched and when the kept one is used, by lifetime and age: a tenth before its end, at least
/// two seconds and at most thirty.
#[tokio::test]
async fn a_token_is_kept_for_as_long_as_it_is_surely_good() {
    let issuers = issuers().await;
    for (lifetime, age, fetched_again) in [
        (600, 0, false),
        (600, 569, false),
        (600, 570, true),
        (3600, 3569, false),
        (3600, 3570, true),
        (120, 107, false),
        (120, 108, true),
        (60, 53, false),
        (60, 54, true),
        (10, 7, false),
        (10, 8, true),
        (3, 0, false),
        (3, 1, true),
        (2, 0, true),
        (1, 0, true),
    ] {
        issuers.helseid.misbehave(Some(EndpointFault::ExpiresIn(json!(lifetime))));
        let client = issuers.dpop();
        client.access_token().await.unwrap();
        let before = issuers.helseid.tokens_issued();
        issuers.clock.advance_seconds(age);
        client.access_token().await.unwrap();
        let fetched = issuers.helseid.tokens_issued() > before;
        assert_eq!(fetched, fetched_again, "lifetime {lifetime}, age {age}");
        // What the register refused is fetched once, and what was got meanwhile is kept.
        let token = client.access_token().await.unwrap();
        client.discard(&token).await;
        let before = issuers.helseid.tokens_issued();
        let fresh = client.access_token().await.unwrap();
        assert_eq!(issuers.helseid.tokens_issued(), before + 1, "lifetime {lifetime}");
        client.discard(&token).await;
        if fresh.use_until().is_some_and(|until| issuers.clock.now() < until) {
            client.access_token().await.unwrap();
            assert_eq!(issuers.helseid.tokens_issued(), before + 1, "lifetime {lifetime}");
        }
    }
    // Many at once: one request.
    issuers.helseid.misbehave(None);
    let client = Arc::new(issuers.dpop());
    let before = issuers.helseid.tokens_issued();
    let askers: Vec<_> = (0..20)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.access_token().await.map(|_| ()) })
        })
        .collect();
    for asker in askers {
        asker.await.unwrap().unwrap();
    }
    assert_eq!(issuers.helseid.tokens_issued(), before + 1);
}
