//! Both sides of `lmr-auth` against the local HelseID, over HTTP on loopback.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use jiff::Timestamp;
use lmr_auth::jose::{Algorithm, SigningKey};
use lmr_auth::{
    ActingFor, ClientSettings, Environment, Fetcher, FixedKey, Flow, HttpFetcher, KeyCache,
    OauthError, Presented, ProfileError, Retry, Scheme, TokenClient, TokenError, TokenRejection,
    TokenVerifier, TrustProfile,
};
use lmr_identifiers::OrganisationNumber;
use lmr_sandbox::clock::{SettableClock, fresh_ids};
use lmr_sandbox::helseid::{Client, LMR_SCOPE, LocalHelseId, Tenancy, TokenFault};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const HOSPITAL: &str = "310000019";
const SUPPLIER: &str = "310000027";
const WARD: &str = "310000035";

struct World {
    helseid: LocalHelseId,
    clock: SettableClock,
    fetcher: Arc<dyn Fetcher>,
    verifier: TokenVerifier,
}

async fn world() -> World {
    let clock = SettableClock::at("2025-03-01T12:00:00Z".parse::<Timestamp>().unwrap());
    let helseid = LocalHelseId::start(0, clock.as_clock(), fresh_ids()).await.unwrap();
    let fetcher: Arc<dyn Fetcher> = Arc::new(HttpFetcher::new(Duration::from_secs(5)).unwrap());
    let profile = TrustProfile::helseid_bearer(Environment::Local, helseid.issuer());
    let verifier =
        TokenVerifier::new(vec![profile], &fetcher, clock.as_clock(), KeyCache::default()).unwrap();
    World { helseid, clock, fetcher, verifier }
}

impl World {
    fn client(&self, key: SigningKey, acting_for: ActingFor) -> TokenClient {
        self.client_with(key, acting_for, LMR_SCOPE)
    }

    fn client_with(&self, key: SigningKey, acting_for: ActingFor, scope: &str) -> TokenClient {
        let settings = ClientSettings {
            issuer: self.helseid.issuer().to_owned(),
            environment: Environment::Local,
            client_id: "client".to_owned(),
            scope: scope.to_owned(),
            resource: None,
            flow: Flow::HelseIdBearer { acting_for },
            assertion_lifetime_seconds: 20,
        };
        TokenClient::new(
            settings,
            Arc::new(FixedKey::new(key)),
            Arc::clone(&self.fetcher),
            self.clock.as_clock(),
            fresh_ids(),
        )
        .unwrap()
    }

    /// What the receiver says to a token spoiled like this.
    async fn refusal(&self, fault: &TokenFault) -> TokenRejection {
        let token = self.helseid.token(HOSPITAL, Some(fault)).unwrap();
        let header = format!("Bearer {}", token.expose());
        self.verifier.verify(&Presented::bearer(&[header.as_bytes()])).await.unwrap_err()
    }

    async fn accepts_a_right_token(&self) {
        let token = self.helseid.token(HOSPITAL, None).unwrap();
        let header = format!("Bearer {}", token.expose());
        let verified =
            self.verifier.verify(&Presented::bearer(&[header.as_bytes()])).await.unwrap();
        assert_eq!(verified.organisation.as_str(), HOSPITAL);
        assert_eq!(verified.profile, "helseid-bearer");
    }
}

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm, "sender-key", 2048).unwrap()
}

/// The rejection of a token that is for another audience.
fn audience(wanted: &str) -> TokenRejection {
    TokenRejection::Audience { wanted: wanted.to_owned(), differs_in_punctuation_only: false }
}

fn number(text: &str) -> OrganisationNumber {
    OrganisationNumber::parse(text).unwrap()
}

#[tokio::test]
async fn a_client_gets_a_token_with_every_algorithm_and_the_receiver_takes_it() {
    let world = world().await;
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        world.helseid.register(Client::single_tenant("client", HOSPITAL, key.public()));
        let client = world.client(key, ActingFor::Registered);
        let token = client.access_token().await.unwrap();
        let header = token.bearer().unwrap();
        let verified =
            world.verifier.verify(&Presented::bearer(&[header.expose().as_bytes()])).await.unwrap();
        assert_eq!(verified.organisation.as_str(), HOSPITAL, "{algorithm}");
        assert_eq!(verified.client_id, "client");
        assert!(verified.token_id.is_some());
    }
}

#[tokio::test]
async fn a_private_jwk_and_its_text_give_the_same_client() {
    let world = world().await;
    let made = key(Algorithm::ES512);
    world.helseid.register(Client::single_tenant("client", HOSPITAL, made.public()));
    let read = SigningKey::from_jwk(made.to_private_jwk().unwrap().expose().as_bytes(), None, None)
        .unwrap();
    assert!(world.client(read, ActingFor::Registered).access_token().await.is_ok());
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_it_expires_and_renewed_once_after_a_401() {
    let world = world().await;
    let key = key(Algorithm::ES256);
    world.helseid.register(Client::single_tenant("client", HOSPITAL, key.public()));
    let client = world.client(key, ActingFor::Registered);
    let first = client.access_token().await.unwrap();
    world.clock.advance_seconds(500);
    client.access_token().await.unwrap();
    assert_eq!(world.helseid.tokens_issued(), 1);
    client.discard(&first).await;
    let second = client.access_token().await.unwrap();
    assert_eq!(world.helseid.tokens_issued(), 2);
    // The refused one is gone already; discarding it again must not cost the new one.
    client.discard(&first).await;
    client.access_token().await.unwrap();
    assert_eq!(world.helseid.tokens_issued(), 2);
    let until = world.clock.now() + jiff::SignedDuration::from_secs(570);
    assert_eq!(second.use_until(), Some(until));
    world.clock.advance_seconds(571);
    client.access_token().await.unwrap();
    assert_eq!(world.helseid.tokens_issued(), 3);
}

#[tokio::test]
async fn many_requests_at_once_fetch_one_token() {
    let world = world().await;
    let key = key(Algorithm::ES256);
    world.helseid.register(Client::single_tenant("client", HOSPITAL, key.public()));
    let client = Arc::new(world.client(key, ActingFor::Registered));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.access_token().await.map(|_| ()) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(world.helseid.tokens_issued(), 1);
}

#[tokio::test]
async fn a_supplier_acts_for_its_customer_and_for_no_one_else() {
    let world = world().await;
    let register = |key: &SigningKey| {
        let mut client = Client::single_tenant("client", SUPPLIER, key.public());
        client.tenancy =
            Tenancy::Multi { supplier: SUPPLIER.to_owned(), customers: vec![HOSPITAL.to_owned()] };
        world.helseid.register(client);
    };
    let one = key(Algorithm::PS256);
    register(&one);
    let customer = ActingFor::Customer { parent: number(HOSPITAL), child: Some(number(WARD)) };
    let token = world.client(one, customer).access_token().await.unwrap();
    let verified = world
        .verifier
        .verify(&Presented::bearer(&[token.bearer().unwrap().expose().as_bytes()]))
        .await
        .unwrap();
    assert_eq!(verified.organisation.as_str(), HOSPITAL);
    assert_eq!(verified.child_organisation, Some(number(WARD)));
    assert_eq!(verified.supplier, Some(number(SUPPLIER)));

    for (acting_for, hid) in [
        (ActingFor::Customer { parent: number(WARD), child: None }, 1001),
        (ActingFor::Registered, 1007),
    ] {
        let one = key(Algorithm::PS256);
        register(&one);
        let error = world.client(one, acting_for).access_token().await.unwrap_err();
        assert_eq!(
            error,
            TokenError::Rejected {
                status: 400,
                error: OauthError::InvalidRequest,
                code: Some(format!("HID-{hid}")),
            }
        );
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn a_single_tenant_client_may_name_only_its_own_sub_units() {
    let world = world().await;
    for (children, outcome) in [(vec![WARD.to_owned()], None), (vec![], Some(1002))] {
        let key = key(Algorithm::ES384);
        let mut registered = Client::single_tenant("client", HOSPITAL, key.public());
        registered.tenancy = Tenancy::Single { parent: HOSPITAL.to_owned(), children };
        world.helseid.register(registered);
        let client = world.client(key, ActingFor::Child { child: number(WARD) });
        match (client.access_token().await, outcome) {
            (Ok(_), None) => {}
            (Err(TokenError::Rejected { code, .. }), expected) => {
                assert_eq!(code, expected.map(|hid| format!("HID-{hid}")));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn helseid_refuses_wrong_clients_for_good() {
    let world = world().await;
    let refused = |error| TokenError::Rejected { status: 400, error, code: None };
    let client = world.client(key(Algorithm::ES256), ActingFor::Registered);
    assert_eq!(
        client.access_token().await.unwrap_err(),
        refused(OauthError::InvalidClient),
        "unknown"
    );

    let registered = key(Algorithm::ES256);
    world.helseid.register(Client::single_tenant("client", HOSPITAL, registered.public()));
    let other_key = world.client(key(Algorithm::ES256), ActingFor::Registered);
    assert_eq!(other_key.access_token().await.unwrap_err(), refused(OauthError::InvalidClient));

    let other_scope =
        world.client_with(registered, ActingFor::Registered, "fhi:lmr.fhirmottak/api");
    assert_eq!(other_scope.access_token().await.unwrap_err(), refused(OauthError::InvalidScope));
}

#[tokio::test]
async fn an_assertion_works_once_and_only_while_it_is_fresh() {
    let world = world().await;
    let key = key(Algorithm::ES256);
    world.helseid.register(Client::single_tenant("client", HOSPITAL, key.public()));
    let now = world.clock.now().as_second();
    let post = async |typ: &str, aud: &str, jti: &str, exp: i64| {
        let claims = serde_json::json!({"iss": "client", "sub": "client", "aud": aud, "jti": jti,
            "iat": now, "nbf": now, "exp": exp});
        let assertion = key.sign_jws(typ, &claims).unwrap();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "client"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.expose()),
            ("scope", LMR_SCOPE),
        ];
        let url = format!("{}/connect/token", world.helseid.issuer());
        let answer = world.fetcher.post_form(&url, &form, None).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        (answer.status, body["error"].as_str().map(str::to_owned))
    };
    let typ = "client-authentication+jwt";
    let issuer = world.helseid.issuer().to_owned();
    let refused = (400, Some("invalid_client".to_owned()));
    assert_eq!(post(typ, &issuer, "a", now + 20).await, (200, None));
    assert_eq!(post(typ, &issuer, "a", now + 20).await, refused, "used before");
    assert_eq!(post(typ, &issuer, "b", now + 600).await, refused, "lives too long");
    assert_eq!(post(typ, &issuer, "c", now - 60).await, refused, "expired");
    assert_eq!(
        post(typ, &format!("{issuer}/connect/token"), "d", now + 20).await,
        refused,
        "audience"
    );
    assert_eq!(post("JWT", &issuer, "e", now + 20).await, refused, "type");
}

#[tokio::test]
async fn an_issuer_that_is_down_is_tried_again_later() {
    let world = world().await;
    let client = world.client(key(Algorithm::ES256), ActingFor::Registered);
    world.helseid.set_down(true);
    let error = client.access_token().await.unwrap_err();
    assert_eq!(error.retry(), Retry::Later(None), "{error}");
    world.helseid.set_down(false);
    assert_eq!(client.access_token().await.unwrap_err().retry(), Retry::Never, "unknown client");
    world.helseid.set_down(true);
    let error = client.access_token().await.unwrap_err();
    assert_eq!(
        error,
        TokenError::Unavailable { status: 503, retry_after: Some(Duration::from_secs(5)) }
    );
    assert_eq!(error.retry(), Retry::Later(Some(Duration::from_secs(5))));
}

#[tokio::test]
async fn the_receiver_names_the_fault_of_every_spoiled_token() {
    let world = world().await;
    world.accepts_a_right_token().await;
    let cases = [
        (TokenFault::Expired, TokenRejection::Expired),
        (TokenFault::NotYetValid, TokenRejection::NotYetValid),
        (TokenFault::TooLong, TokenRejection::Lifetime),
        (TokenFault::WithoutExpiry, TokenRejection::Times),
        (TokenFault::WrongKey, TokenRejection::Signature),
        (TokenFault::BrokenSignature, TokenRejection::Signature),
        (TokenFault::UnknownKid, TokenRejection::UnknownKey),
        (TokenFault::WrongIssuer, TokenRejection::Issuer),
        (TokenFault::WrongAudience, audience("fhi:lmr.fhirmottak")),
        (TokenFault::TwoAudiences, audience("fhi:lmr.fhirmottak")),
        (TokenFault::WrongScope, TokenRejection::Scope { needed: LMR_SCOPE.to_owned() }),
        (TokenFault::WithoutOrganisation, TokenRejection::OrganisationMissing),
        (TokenFault::MalformedOrganisation, TokenRejection::OrganisationMalformed),
        (TokenFault::WrongType, TokenRejection::TokenType),
        (TokenFault::Unsigned, TokenRejection::Malformed(lmr_auth::jose::JwsError::Parts)),
        (TokenFault::SharedSecret, TokenRejection::Malformed(lmr_auth::jose::JwsError::Algorithm)),
        (TokenFault::CriticalHeader, TokenRejection::Malformed(lmr_auth::jose::JwsError::Critical)),
        (TokenFault::DoubledClaim, TokenRejection::Malformed(lmr_auth::jose::JwsError::Payload)),
        (TokenFault::KeyBound, TokenRejection::SenderConstrained),
        (TokenFault::WithUser, TokenRejection::UserToken),
        (TokenFault::WithoutClient, TokenRejection::ClientMissing),
    ];
    for (fault, refusal) in cases {
        assert_eq!(world.refusal(&fault).await, refusal, "{fault:?}");
        world.accepts_a_right_token().await;
    }
    let text = world.helseid.token(HOSPITAL, Some(&TokenFault::ScopeAsText)).unwrap();
    world
        .verifier
        .verify(&Presented::bearer(&[format!("bearer  {}", text.expose()).as_bytes()]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_token_satisfies_one_whole_profile_or_none() {
    let world = world().await;
    let seed = TrustProfile::helseid_bearer(Environment::Local, world.helseid.issuer());
    let mut other = seed.clone();
    other.name = "other".to_owned();
    other.audience = "fhi:lmr".to_owned();
    other.scopes = vec!["fhi:lmr/fhirmottak.api".to_owned()];
    let verifier = TokenVerifier::new(
        vec![seed, other],
        &world.fetcher,
        world.clock.as_clock(),
        KeyCache::default(),
    )
    .unwrap();
    let verify = async |audience: &str, scope: serde_json::Value| {
        let claims = TokenFault::Claims(json!({"aud": audience, "scope": scope}));
        let token = world.helseid.token(HOSPITAL, Some(&claims)).unwrap();
        let verified = verifier
            .verify(&Presented::bearer(&[format!("Bearer {}", token.expose()).as_bytes()]))
            .await;
        verified.map(|verified| verified.profile)
    };
    let scope = |needed: &str| Err(TokenRejection::Scope { needed: needed.to_owned() });
    let (seed_scope, other_scope) = ("fhi:lmr.fhirmottak/all", "fhi:lmr/fhirmottak.api");
    assert_eq!(
        verify("fhi:lmr.fhirmottak", json!([seed_scope])).await,
        Ok("helseid-bearer".to_owned())
    );
    assert_eq!(verify("fhi:lmr", json!(other_scope)).await, Ok("other".to_owned()));
    // One profile's audience with the other's scope.
    assert_eq!(verify("fhi:lmr", json!([seed_scope])).await, Err(audience("fhi:lmr.fhirmottak")));
    assert_eq!(verify("fhi:lmr.fhirmottak", json!([other_scope])).await, Err(audience("fhi:lmr")));
    // Dot and slash exchanged, other case, a longer and a shorter name.
    for near in [
        "fhi:lmr/fhirmottak/all",
        "fhi:lmr.fhirmottak.all",
        "FHI:lmr.fhirmottak/all",
        "fhi:lmr.fhirmottak/all2",
        "fhi:lmr.fhirmottak/al",
    ] {
        assert_eq!(verify("fhi:lmr.fhirmottak", json!([near])).await, scope(seed_scope), "{near}");
    }
    for shape in [json!(null), json!({}), json!([1]), json!([[seed_scope]])] {
        assert_eq!(verify("fhi:lmr.fhirmottak", shape).await, scope(seed_scope));
    }
}

#[tokio::test]
async fn times_are_read_as_json_numbers_and_compared_with_little_tolerance() {
    let world = world().await;
    let now = world.clock.now().as_second();
    let verify = async |claims: serde_json::Value| {
        let token = world.helseid.token(HOSPITAL, Some(&TokenFault::Claims(claims))).unwrap();
        world
            .verifier
            .verify(&Presented::bearer(&[format!("Bearer {}", token.expose()).as_bytes()]))
            .await
            .map(|_| ())
    };
    let issued = now - 600;
    let with_exp = |exp: serde_json::Value| json!({"iat": issued, "nbf": null, "exp": exp});
    assert_eq!(verify(with_exp(json!(now - 4))).await, Ok(()), "within the tolerance");
    assert_eq!(verify(with_exp(json!(now as f64 - 4.5))).await, Ok(()), "not necessarily whole");
    assert_eq!(verify(with_exp(json!(now - 5))).await, Err(TokenRejection::Expired));
    for nonsense in [json!("1740830400"), json!(-1), json!(1e300), json!(true), json!(null)] {
        assert_eq!(verify(with_exp(nonsense)).await, Err(TokenRejection::Times));
    }
    assert_eq!(verify(json!({"nbf": now + 4})).await, Ok(()));
    assert_eq!(verify(json!({"nbf": now + 6})).await, Err(TokenRejection::NotYetValid));
    assert_eq!(verify(json!({"iat": now + 6})).await, Err(TokenRejection::NotYetValid));
    assert_eq!(
        verify(json!({"iat": null})).await,
        Err(TokenRejection::Times),
        "the lifetime cannot be checked"
    );
}

#[tokio::test]
async fn the_receiver_reads_the_header_strictly() {
    let world = world().await;
    let token = world.helseid.token(HOSPITAL, None).unwrap();
    let good = format!("Bearer {}", token.expose());
    let verify = async |headers: &[&[u8]]| {
        world.verifier.verify(&Presented::bearer(headers)).await.unwrap_err()
    };
    assert_eq!(verify(&[]).await, TokenRejection::Missing);
    assert_eq!(verify(&[good.as_bytes(), good.as_bytes()]).await, TokenRejection::Duplicate);
    assert_eq!(verify(&[b"Bearer"]).await, TokenRejection::MalformedHeader);
    assert_eq!(verify(&[b"Bearer "]).await, TokenRejection::MalformedHeader);
    assert_eq!(verify(&[b"Bearer \xff"]).await, TokenRejection::MalformedHeader);
    assert_eq!(verify(&[format!("{good}, x").as_bytes()]).await, TokenRejection::MalformedHeader);
    assert_eq!(verify(&[b"Basic dTpw"]).await, TokenRejection::Scheme);
    assert_eq!(verify(&[good.replace("Bearer", "DPoP").as_bytes()]).await, TokenRejection::Scheme);
    let huge = format!("Bearer {}", "a".repeat(9000));
    assert_eq!(
        verify(&[huge.as_bytes()]).await,
        TokenRejection::Malformed(lmr_auth::jose::JwsError::TooLong)
    );
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_one_request_to_the_issuer() {
    let world = world().await;
    world.accepts_a_right_token().await;
    assert_eq!(world.helseid.key_fetches(), 1);
    world.clock.advance_seconds(31);
    for _ in 0..20 {
        assert_eq!(world.refusal(&TokenFault::UnknownKid).await, TokenRejection::UnknownKey);
    }
    assert_eq!(world.helseid.key_fetches(), 2);
}

#[tokio::test]
async fn a_new_signature_key_is_found_and_the_old_one_works_while_it_is_published() {
    let world = world().await;
    let old = world.helseid.token(HOSPITAL, None).unwrap();
    world.accepts_a_right_token().await;
    world.clock.advance_seconds(31);
    world.helseid.rotate_keys().unwrap();
    world.accepts_a_right_token().await;
    world
        .verifier
        .verify(&Presented::bearer(&[format!("Bearer {}", old.expose()).as_bytes()]))
        .await
        .unwrap();
}

#[tokio::test]
async fn known_keys_outlive_an_issuer_that_is_down_but_not_for_ever() {
    let world = world().await;
    world.accepts_a_right_token().await;
    world.helseid.set_down(true);
    world.clock.advance_seconds(5 * 3600);
    world.accepts_a_right_token().await;
    let rejection = world.refusal(&TokenFault::UnknownKid).await;
    assert!(matches!(rejection, TokenRejection::KeysUnavailable { .. }), "{rejection:?}");
    world.clock.advance_seconds(50 * 3600);
    let rejection = world.refusal(&TokenFault::Expired).await;
    assert!(matches!(rejection, TokenRejection::KeysUnavailable { .. }), "{rejection:?}");
    assert!(!world.verifier.ready().await);
    world.helseid.set_down(false);
    world.clock.advance_seconds(60);
    world.accepts_a_right_token().await;
}

#[tokio::test]
async fn without_keys_nothing_can_be_said_of_a_token() {
    let world = world().await;
    world.helseid.set_down(true);
    let rejection = world.refusal(&TokenFault::Expired).await;
    assert!(matches!(rejection, TokenRejection::KeysUnavailable { .. }), "{rejection:?}");
}

#[tokio::test]
async fn a_profile_ends_on_its_last_day() {
    let world = world().await;
    let mut profile = TrustProfile::helseid_bearer(Environment::Local, world.helseid.issuer());
    profile.not_after = Some("2025-03-01T11:00:00Z".parse().unwrap());
    let verifier = TokenVerifier::new(
        vec![profile],
        &world.fetcher,
        world.clock.as_clock(),
        KeyCache::default(),
    )
    .unwrap();
    let token = world.helseid.token(HOSPITAL, None).unwrap();
    let refusal = verifier
        .verify(&Presented::bearer(&[format!("Bearer {}", token.expose()).as_bytes()]))
        .await
        .unwrap_err();
    assert_eq!(refusal, TokenRejection::ProfileEnded);
}

#[tokio::test]
async fn metadata_of_another_issuer_is_not_believed() {
    let world = world().await;
    let profile =
        TrustProfile::helseid_bearer(Environment::Local, &format!("{}/", world.helseid.issuer()));
    let verifier = TokenVerifier::new(
        vec![profile],
        &world.fetcher,
        world.clock.as_clock(),
        KeyCache::default(),
    )
    .unwrap();
    assert!(!verifier.ready().await);
}

#[test]
fn a_receiver_with_unsafe_profiles_does_not_start() {
    let fetcher: Arc<dyn Fetcher> = Arc::new(HttpFetcher::new(Duration::from_secs(1)).unwrap());
    let clock = SettableClock::at(Timestamp::UNIX_EPOCH).as_clock();
    let start = |profiles: Vec<TrustProfile>| {
        TokenVerifier::new(profiles, &fetcher, Arc::clone(&clock), KeyCache::default())
            .map(|_| ())
            .unwrap_err()
    };
    let right =
        TrustProfile::helseid_bearer(Environment::Production, TrustProfile::HELSEID_PRODUCTION);
    let profile = || right.name.clone();
    let with = |change: &dyn Fn(&mut TrustProfile)| {
        let mut changed = right.clone();
        change(&mut changed);
        vec![changed]
    };
    assert_eq!(start(vec![]), ProfileError::None);
    assert_eq!(
        start(with(&|p| p.audience.clear())),
        ProfileError::Empty { profile: profile(), field: "audience" }
    );
    assert_eq!(
        start(with(&|p| p.scopes.clear())),
        ProfileError::Empty { profile: profile(), field: "scopes" }
    );
    assert_eq!(
        start(with(&|p| p.algorithms.clear())),
        ProfileError::Empty { profile: profile(), field: "algorithms" }
    );
    assert_eq!(
        start(with(&|p| p.issuer = "http://127.0.0.1:1".to_owned())),
        ProfileError::UnsafeIssuer { profile: profile() },
        "loopback only in the local environment"
    );
    let local = |p: &mut TrustProfile| {
        p.environment = Environment::Local;
        p.issuer = "http://helseid.example.no".to_owned();
    };
    assert_eq!(start(with(&local)), ProfileError::UnsafeIssuer { profile: profile() });
    assert_eq!(
        start(with(&|p| p.leeway_seconds = 61)),
        ProfileError::Leeway { profile: profile() }
    );
    assert_eq!(
        start(with(&|p| p.scheme = Scheme::Dpop)),
        ProfileError::AddressUnknown { profile: profile() }
    );
    let mut test = TrustProfile::helseid_bearer(Environment::Test, TrustProfile::HELSEID_TEST);
    test.name = "test".to_owned();
    assert!(matches!(start(vec![right.clone(), test]), ProfileError::MixedEnvironments { .. }));
    let mut twin = right.clone();
    twin.name = "twin".to_owned();
    assert!(matches!(start(vec![right.clone(), twin]), ProfileError::Overlap { .. }));
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let world = world().await;
    let key = key(Algorithm::ES256);
    let private = key.to_private_jwk().unwrap();
    world.helseid.register(Client::single_tenant("client", HOSPITAL, key.public()));
    let jwk: serde_json::Value = serde_json::from_str(private.expose()).unwrap();
    assert!(!format!("{key:?}").contains(jwk["d"].as_str().unwrap()));
    let client = world.client(key, ActingFor::Registered);
    let token = client.access_token().await.unwrap();
    let shown = format!("{token:?} {client:?} {:?} {private:?}", token.bearer());
    assert!(!shown.contains("eyJ") && !shown.contains(jwk["d"].as_str().unwrap()), "{shown}");
}
