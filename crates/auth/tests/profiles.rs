//! What a receiver refuses to start with, what it says at its start, and what it shows of its profiles.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use std::cell::RefCell;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_auth::{
    Answer, Clock, ConnectCause, DpopSettings, Environment, FetchError, Fetcher, KeyCache,
    Presented, ProfileError, TokenRejection, TokenVerifier, TrustKind, TrustProfile,
    dpop::{ProcessReplayMemory, ProofWindow, ReplayMemory},
    jose::{Algorithm, SigningKey},
};
use serde_json::json;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

const NOW: i64 = 1_795_608_000;
const ISSUER: &str = TrustProfile::HELSEID_TEST;

/// Metadata and keys of any issuer, while it answers.
struct Issuer {
    key: SigningKey,
    answers: AtomicBool,
}

impl Issuer {
    fn new() -> Arc<Self> {
        let key = SigningKey::generate(Algorithm::ES256, "kid-1", 0).unwrap();
        Arc::new(Self { key, answers: AtomicBool::new(true) })
    }
}

#[async_trait]
impl Fetcher for Issuer {
    async fn get(&self, url: &str) -> Result<Answer, FetchError> {
        if !self.answers.load(Ordering::SeqCst) {
            return Err(FetchError::Connect(ConnectCause::Refused));
        }
        let body = match url.split_once("/.well-known/") {
            None => json!({ "keys": [self.key.public().to_json()] }),
            Some((issuer, _)) => {
                json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwk") })
            }
        };
        let body = body.to_string().into_bytes();
        Ok(Answer { status: 200, content_type: None, retry_after: None, dpop_nonce: None, body })
    }

    async fn post_form(
        &self,
        _: &str,
        _: &[(&str, &str)],
        _: Option<&str>,
    ) -> Result<Answer, FetchError> {
        Err(FetchError::Connect(ConnectCause::Refused))
    }
}

fn verifier_of(
    issuer: &Arc<Issuer>,
    profiles: Vec<TrustProfile>,
    public_urls: &[&str],
) -> Result<TokenVerifier, ProfileError> {
    let clock: Clock = Arc::new(|| Timestamp::from_second(NOW).unwrap());
    let fetcher: Arc<dyn Fetcher> = Arc::clone(issuer) as Arc<dyn Fetcher>;
    let dpop = DpopSettings {
        public_urls: public_urls.iter().map(|&url| url.to_owned()).collect(),
        replays: Arc::new(ProcessReplayMemory::new(100)),
        nonce_key: [7; 32],
    };
    TokenVerifier::with_dpop(profiles, &fetcher, clock, KeyCache::default(), dpop)
}

fn refused(profiles: Vec<TrustProfile>) -> Option<ProfileError> {
    verifier_of(&Issuer::new(), profiles, &["https://mottak.example.no"]).err()
}

fn bearer() -> TrustProfile {
    TrustProfile::new(TrustKind::HelseidBearer, Environment::Test, ISSUER)
}

fn dpop() -> TrustProfile {
    TrustProfile::new(TrustKind::HelseidDpop, Environment::Test, ISSUER)
}

#[test]
fn a_profile_with_an_empty_field_is_refused_by_its_name() {
    let empty = |field| ProfileError::Empty { profile: "helseid-bearer".to_owned(), field };
    let blank = || vec![String::new()];
    let with_blank = || vec!["x".to_owned(), String::new()];
    for (profile, field) in [
        (TrustProfile { audience: String::new(), ..bearer() }, "audience"),
        (TrustProfile { scopes: vec![], ..bearer() }, "scopes"),
        (TrustProfile { scopes: blank(), ..bearer() }, "scopes"),
        (TrustProfile { scopes: with_blank(), ..bearer() }, "scopes"),
        (TrustProfile { algorithms: vec![], ..bearer() }, "algorithms"),
        (TrustProfile { types: vec![], ..bearer() }, "types"),
        (TrustProfile { types: with_blank(), ..bearer() }, "types"),
        (TrustProfile { types: with_blank(), untyped: true, ..bearer() }, "types"),
    ] {
        assert_eq!(refused(vec![profile]), Some(empty(field)), "{field}");
    }
    let nameless = TrustProfile { name: String::new(), ..bearer() };
    let wanted = ProfileError::Empty { profile: String::new(), field: "name" };
    assert_eq!(refused(vec![nameless]), Some(wanted));
    let proofless = TrustProfile { proof_algorithms: vec![], ..dpop() };
    let wanted =
        ProfileError::Empty { profile: "helseid-dpop".to_owned(), field: "proof_algorithms" };
    assert_eq!(refused(vec![proofless]), Some(wanted));

    // What is not needed may be empty.
    assert_eq!(refused(vec![TrustProfile { proof_algorithms: vec![], ..bearer() }]), None);
    assert_eq!(refused(vec![TrustProfile { types: vec![], untyped: true, ..bearer() }]), None);
    assert_eq!(refused(vec![]), Some(ProfileError::None));
}

#[test]
fn an_issuer_is_https_and_of_its_own_environment() {
    let name = || "helseid-bearer".to_owned();
    let of = |environment, issuer: &str| {
        refused(vec![TrustProfile::new(TrustKind::HelseidBearer, environment, issuer)])
    };
    let unsafe_issuer = Some(ProfileError::UnsafeIssuer { profile: name() });
    assert_eq!(of(Environment::Test, "http://issuer.example.no"), unsafe_issuer);
    assert_eq!(of(Environment::Test, "http://127.0.0.1:9000"), unsafe_issuer);
    assert_eq!(of(Environment::Production, "http://127.0.0.1:9000"), unsafe_issuer);
    assert_eq!(of(Environment::Local, "http://issuer.example.no"), unsafe_issuer);
    assert_eq!(of(Environment::Local, "http://127.0.0.1:9000"), None);
    assert_eq!(of(Environment::Local, "https://issuer.example.no"), None);

    let test = [TrustProfile::HELSEID_TEST, TrustProfile::MASKINPORTEN_TEST];
    let real = [TrustProfile::HELSEID_PRODUCTION, TrustProfile::MASKINPORTEN_PRODUCTION];
    for (environment, own, foreign) in [
        (Environment::Test, test, real),
        (Environment::Production, real, test),
        (Environment::Local, test, real),
    ] {
        for issuer in own {
            assert_eq!(of(environment, issuer), None, "{environment:?} {issuer}");
        }
        for issuer in foreign {
            let wanted =
                ProfileError::ForeignEnvironment { profile: name(), issuer: issuer.to_owned() };
            assert_eq!(of(environment, issuer), Some(wanted), "{environment:?} {issuer}");
        }
    }
}

#[test]
fn tolerances_are_bounded_to_the_second() {
    let leeway = |leeway_seconds| refused(vec![TrustProfile { leeway_seconds, ..bearer() }]);
    let name = || "helseid-bearer".to_owned();
    assert_eq!([leeway(0), leeway(60)], [None, None]);
    assert_eq!(leeway(61), Some(ProfileError::Leeway { profile: name() }));

    let window = |past_seconds, future_seconds| {
        let proof_window = ProofWindow { past_seconds, future_seconds };
        refused(vec![TrustProfile { proof_window, ..bearer() }])
    };
    let wrong = Some(ProfileError::ProofWindow { profile: name() });
    for (past, future, wanted) in [
        (1, 0, None),
        (300, 60, None),
        (0, 5, wrong.clone()),
        (301, 5, wrong.clone()),
        (10, 61, wrong.clone()),
        (0, 61, wrong),
    ] {
        assert_eq!(window(past, future), wanted, "{past} {future}");
    }
}

#[test]
fn no_two_profiles_can_be_confused() {
    assert_eq!(refused(vec![bearer(), dpop()]), None);
    let overlap = |one: &str, other: &str| {
        Some(ProfileError::Overlap { one: one.to_owned(), other: other.to_owned() })
    };
    // One name for two.
    let renamed = TrustProfile { name: "helseid-bearer".to_owned(), ..dpop() };
    assert_eq!(refused(vec![bearer(), renamed]), overlap("helseid-bearer", "helseid-bearer"));
    // A scope in common at one issuer; at two issuers a scope says nothing.
    let wide = TrustProfile { scopes: [bearer().scopes, dpop().scopes].concat(), ..dpop() };
    assert_eq!(refused(vec![bearer(), wide.clone()]), overlap("helseid-bearer", "helseid-dpop"));
    let elsewhere = TrustProfile { issuer: "https://issuer.example.no".to_owned(), ..wide };
    assert_eq!(refused(vec![bearer(), elsewhere]), None);
    // The third is compared, too.
    let maskinporten = TrustProfile::new(
        TrustKind::Maskinporten,
        Environment::Test,
        TrustProfile::MASKINPORTEN_TEST,
    );
    let again = TrustProfile { name: "again".to_owned(), ..dpop() };
    assert_eq!(refused(vec![maskinporten, dpop(), again]), overlap("helseid-dpop", "again"));
    let real = TrustProfile::new(
        TrustKind::HelseidDpop,
        Environment::Production,
        TrustProfile::HELSEID_PRODUCTION,
    );
    let mixed = ProfileError::MixedEnvironments {
        one: "helseid-bearer".to_owned(),
        other: "helseid-dpop".to_owned(),
    };
    assert_eq!(refused(vec![bearer(), real]), Some(mixed));
}

#[test]
fn proofs_need_the_addresses_that_callers_call() {
    let unknown = ProfileError::AddressUnknown { profile: "helseid-dpop".to_owned() };
    let none = |profiles| verifier_of(&Issuer::new(), profiles, &[]).err();
    assert_eq!(none(vec![bearer()]), None);
    assert_eq!(none(vec![bearer(), dpop()]), Some(unknown));
    let with_query = "https://mottak.example.no/?a=b";
    let wrong = verifier_of(&Issuer::new(), vec![dpop()], &[with_query]).err();
    assert_eq!(wrong, Some(ProfileError::Address(with_query.to_owned())));
}

/// The names that the guide gives, by which a token is held to one profile.
#[test]
fn each_kind_of_profile_has_its_own_demands() {
    let maskinporten = TrustProfile::new(TrustKind::Maskinporten, Environment::Test, ISSUER);
    let of = |profile: &TrustProfile| {
        (profile.name.clone(), profile.audience.clone(), profile.scopes.clone(), profile.untyped)
    };
    let row = |name: &str, audience: &str, scope: &str, untyped| {
        (name.to_owned(), audience.to_owned(), vec![scope.to_owned()], untyped)
    };
    let (helseid, api) = ("fhi:lmr.fhirmottak", "fhi:lmr.fhirmottak/api");
    assert_eq!(of(&bearer()), row("helseid-bearer", helseid, "fhi:lmr.fhirmottak/all", false));
    assert_eq!(of(&dpop()), row("helseid-dpop", helseid, api, false));
    let wanted = row("maskinporten", "fhi:lmr/fhirmottak", "fhi:lmr/fhirmottak.api", true);
    assert_eq!(of(&maskinporten), wanted);
    // Maskinporten signs with RSA only.
    let rsa = [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512];
    assert_eq!(maskinporten.algorithms, rsa);
}

#[tokio::test]
async fn a_local_issuer_may_be_called_over_http_and_readiness_says_whether_it_answers() {
    let address = "http://127.0.0.1:9000";
    let issuer = Issuer::new();
    let local = TrustProfile::new(TrustKind::HelseidBearer, Environment::Local, address);
    let verifier = verifier_of(&issuer, vec![local], &[]).unwrap();
    issuer.answers.store(false, Ordering::SeqCst);
    assert!(!verifier.ready().await);

    let verifier = {
        let local = TrustProfile::new(TrustKind::HelseidBearer, Environment::Local, address);
        issuer.answers.store(true, Ordering::SeqCst);
        verifier_of(&issuer, vec![local], &[]).unwrap()
    };
    assert!(verifier.ready().await);
    let claims = json!({
        "iss": address, "aud": "fhi:lmr.fhirmottak", "scope": ["fhi:lmr.fhirmottak/all"],
        "client_id": "c", "iat": NOW, "nbf": NOW, "exp": NOW + 600,
        "helseid://claims/client/claims/orgnr_parent": "310000019",
    });
    let token = issuer.key.sign_jws("at+jwt", &claims).unwrap();
    let header = format!("Bearer {}", token.expose());
    let verified = verifier.verify(&Presented::bearer(&[header.as_bytes()])).await;
    assert!(verified.is_ok(), "{:?}", verified.err());
}

#[test]
fn a_challenge_is_given_for_each_scheme_with_the_algorithms_of_proofs() {
    let challenges = |profiles| {
        let urls = ["https://mottak.example.no"];
        verifier_of(&Issuer::new(), profiles, &urls).unwrap().challenges(&TokenRejection::Missing)
    };
    let proofs = TrustProfile { proof_algorithms: vec![Algorithm::ES256], ..dpop() };
    assert_eq!(
        challenges(vec![bearer(), proofs]),
        ["DPoP realm=\"lmr\", algs=\"ES256\"", "Bearer realm=\"lmr\""]
    );
    assert_eq!(challenges(vec![bearer()]), ["Bearer realm=\"lmr\""]);
}

#[tokio::test]
async fn the_memory_of_proofs_is_cleaned_when_it_has_grown_to_twice_what_counts() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let id = |n: u64| {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&n.to_le_bytes());
        id
    };
    let memory = ProcessReplayMemory::new(6_000);
    // 4,000 that count, then as many again that do: nothing is given up before the memory is full.
    for n in 0..6_000 {
        assert_eq!(memory.record(&id(n), at(0), at(100)).await, Ok(true), "{n}");
    }
    assert!(memory.record(&id(6_000), at(50), at(150)).await.is_err());
    for n in 6_000..12_000 {
        assert_eq!(memory.record(&id(n), at(101), at(200)).await, Ok(true), "{n}");
    }
}

thread_local! {
    /// The profiles that warnings of this thread have named.
    static WARNED_OF: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps which profiles warnings name. It listens to the whole process: whether anybody listens to a line is remembered
/// by the line, and with a listener of one thread another test that comes by first can have that wrong.
struct Warnings;

struct Profile(Option<String>);

impl Visit for Profile {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "profile" {
            self.0 = Some(value.to_owned());
        }
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        span::Id::from_u64(NEXT.fetch_add(1, Ordering::SeqCst))
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut profile = Profile(None);
        event.record(&mut profile);
        WARNED_OF.with_borrow_mut(|all| all.extend(profile.0));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn only_stealable_tokens_of_real_issuers_are_warned_of() {
    let maskinporten = TrustProfile::MASKINPORTEN_TEST;
    let local =
        TrustProfile::new(TrustKind::HelseidBearer, Environment::Local, "http://127.0.0.1:9000");
    tracing::subscriber::set_global_default(Warnings).expect("nobody else listens");
    for (profiles, wanted) in [
        (vec![bearer(), dpop()], vec!["helseid-bearer"]),
        (vec![dpop()], vec![]),
        (vec![TrustProfile::new(TrustKind::Maskinporten, Environment::Test, maskinporten)], vec![]),
        (vec![local], vec![]),
    ] {
        assert_eq!(refused(profiles), None);
        assert_eq!(WARNED_OF.take(), wanted);
    }
}
