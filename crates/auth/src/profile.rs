//! Trust profiles: closed descriptions of one kind of token each. A token satisfies one whole profile
//! or none; profiles are never merged.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::discovery::IssuerKind;
use crate::dpop::ProofWindow;
use crate::http::safe_address;
use crate::jose::Algorithm;

/// The longest tolerance for clocks that differ, in seconds.
pub const MAX_LEEWAY: u32 = 60;
/// The longest age of a DPoP proof that may be configured, in seconds.
pub const MAX_PROOF_AGE: u32 = 300;

/// Which world the tokens come from. Two are never served by one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// Real data.
    Production,
    /// The issuers' public test environments.
    Test,
    /// The sandbox on this machine; the only one where http on loopback is allowed.
    Local,
}

/// The kinds of tokens that the register has taken over the years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustKind {
    /// HelseID, Bearer, scope `/all`: the form of March 2025. Whoever steals such a token can use it.
    HelseidBearer,
    /// HelseID with DPoP, scope `/api`: from May 2025.
    HelseidDpop,
    /// Maskinporten: from November 2025.
    Maskinporten,
}

/// How the token is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449.
    Dpop,
}

impl Scheme {
    /// The scheme's name in `Authorization`, compared without case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// Where the organisation is in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganisationClaim {
    /// `helseid://claims/client/claims/orgnr_parent`.
    HelseidParent,
    /// `consumer`.
    MaskinportenConsumer,
}

/// One closed profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustProfile {
    /// For logs and for the caller's identity.
    pub name: String,
    /// The world it belongs to.
    pub environment: Environment,
    /// Who issues the tokens: decides where the metadata is.
    pub issuer_kind: IssuerKind,
    /// `iss`, byte for byte; HelseID's ends without a slash, Maskinporten's with one.
    pub issuer: String,
    /// `aud`, the only one.
    pub audience: String,
    /// The token must have one of these, exactly spelled.
    pub scopes: Vec<String>,
    /// How the token is shown.
    pub scheme: Scheme,
    /// Where the organisation is.
    pub organisation: OrganisationClaim,
    /// Accepted `alg`.
    pub algorithms: Vec<Algorithm>,
    /// Accepted `typ`, compared without case.
    pub types: Vec<String>,
    /// Whether `typ` may be missing.
    pub untyped: bool,
    /// Tolerance for clocks that differ, in seconds; at most [`MAX_LEEWAY`].
    pub leeway_seconds: u32,
    /// Longest lifetime (`exp` - `iat`) accepted, in seconds.
    pub max_lifetime_seconds: Option<u32>,
    /// Last moment at which the profile is accepted.
    pub not_after: Option<Timestamp>,
    /// Accepted `alg` of DPoP proofs.
    pub proof_algorithms: Vec<Algorithm>,
    /// Accepted age of DPoP proofs.
    pub proof_window: ProofWindow,
    /// Whether DPoP proofs must have a nonce of ours. NHN's own client library sends none to APIs.
    pub proof_nonce: bool,
}

/// Why the receiver refuses to start with its profiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Nobody could ever send.
    #[error("no trust profile is configured")]
    None,
    /// A field that decides who is trusted is empty.
    #[error("trust profile {profile}: {field} is empty")]
    Empty {
        /// Its name.
        profile: String,
        /// The field.
        field: &'static str,
    },
    /// Not https.
    #[error(
        "trust profile {profile}: the issuer must be an https address (http only on loopback, environment local)"
    )]
    UnsafeIssuer {
        /// Its name.
        profile: String,
    },
    /// More tolerance than [`MAX_LEEWAY`].
    #[error("trust profile {profile}: leeway_seconds is above {MAX_LEEWAY}")]
    Leeway {
        /// Its name.
        profile: String,
    },
    /// A window of proofs that takes none, or for too long.
    #[error(
        "trust profile {profile}: DPoP proofs must be taken for 1 to {MAX_PROOF_AGE} seconds back and at most {MAX_LEEWAY} ahead"
    )]
    ProofWindow {
        /// Its name.
        profile: String,
    },
    /// Proofs name the address called, which is not known.
    #[error(
        "trust profile {profile} takes DPoP, so the addresses the receiver is called by must be given (public_urls)"
    )]
    AddressUnknown {
        /// Its name.
        profile: String,
    },
    /// Not an address proofs can be made for.
    #[error("{0} is not an http(s) address without query, fragment and user")]
    Address(String),
    /// Test and production together.
    #[error(
        "trust profiles {one} and {other} belong to different environments; one process serves one"
    )]
    MixedEnvironments {
        /// One name.
        one: String,
        /// The other.
        other: String,
    },
    /// An issuer of the other world.
    #[error("trust profile {profile}: {issuer} is the issuer of another environment")]
    ForeignEnvironment {
        /// Its name.
        profile: String,
        /// The issuer.
        issuer: String,
    },
    /// The token would fit both.
    #[error("trust profiles {one} and {other} share issuer and a scope; a token must fit one only")]
    Overlap {
        /// One name.
        one: String,
        /// The other.
        other: String,
    },
}

impl TrustProfile {
    /// HelseID's issuer in production.
    pub const HELSEID_PRODUCTION: &str = "https://helseid-sts.nhn.no";
    /// HelseID's issuer in test.
    pub const HELSEID_TEST: &str = "https://helseid-sts.test.nhn.no";
    /// Maskinporten's issuer in production.
    pub const MASKINPORTEN_PRODUCTION: &str = "https://maskinporten.no/";
    /// Maskinporten's issuer in test.
    pub const MASKINPORTEN_TEST: &str = "https://test.maskinporten.no/";

    /// The profile of this kind with the names that the register's guide gives.
    #[must_use]
    pub fn new(kind: TrustKind, environment: Environment, issuer: &str) -> Self {
        match kind {
            TrustKind::HelseidBearer => Self::helseid_bearer(environment, issuer),
            TrustKind::HelseidDpop => Self::helseid_dpop(environment, issuer),
            TrustKind::Maskinporten => Self::maskinporten(environment, issuer),
        }
    }

    /// The issuer of this kind in this environment; none in `Local`, where it must be given.
    #[must_use]
    pub fn usual_issuer(kind: TrustKind, environment: Environment) -> Option<&'static str> {
        match (kind, environment) {
            (_, Environment::Local) => None,
            (TrustKind::Maskinporten, Environment::Production) => {
                Some(Self::MASKINPORTEN_PRODUCTION)
            }
            (TrustKind::Maskinporten, Environment::Test) => Some(Self::MASKINPORTEN_TEST),
            (_, Environment::Production) => Some(Self::HELSEID_PRODUCTION),
            (_, Environment::Test) => Some(Self::HELSEID_TEST),
        }
    }

    /// The profile of March 2025: HelseID, Bearer, scope `fhi:lmr.fhirmottak/all`.
    #[must_use]
    pub fn helseid_bearer(environment: Environment, issuer: &str) -> Self {
        Self {
            name: "helseid-bearer".to_owned(),
            environment,
            issuer_kind: IssuerKind::HelseId,
            issuer: issuer.to_owned(),
            audience: "fhi:lmr.fhirmottak".to_owned(),
            scopes: vec!["fhi:lmr.fhirmottak/all".to_owned()],
            scheme: Scheme::Bearer,
            organisation: OrganisationClaim::HelseidParent,
            // RS256 is what was seen; FAPI 2.0 prefers the others, so HelseID may change to them.
            algorithms: Algorithm::ALL.to_vec(),
            types: vec!["at+jwt".to_owned(), "application/at+jwt".to_owned()],
            untyped: false,
            leeway_seconds: 5,
            max_lifetime_seconds: Some(3600),
            not_after: None,
            proof_algorithms: Algorithm::ALL.to_vec(),
            proof_window: ProofWindow::default(),
            proof_nonce: false,
        }
    }

    /// The profile of May 2025: HelseID with DPoP, scope `fhi:lmr.fhirmottak/api`.
    #[must_use]
    pub fn helseid_dpop(environment: Environment, issuer: &str) -> Self {
        Self {
            name: "helseid-dpop".to_owned(),
            scopes: vec!["fhi:lmr.fhirmottak/api".to_owned()],
            scheme: Scheme::Dpop,
            ..Self::helseid_bearer(environment, issuer)
        }
    }

    /// The profile of November 2025: Maskinporten, Bearer, scope `fhi:lmr/fhirmottak.api`.
    #[must_use]
    pub fn maskinporten(environment: Environment, issuer: &str) -> Self {
        Self {
            name: "maskinporten".to_owned(),
            issuer_kind: IssuerKind::Maskinporten,
            audience: "fhi:lmr/fhirmottak".to_owned(),
            scopes: vec!["fhi:lmr/fhirmottak.api".to_owned()],
            organisation: OrganisationClaim::MaskinportenConsumer,
            algorithms: vec![Algorithm::RS256, Algorithm::RS384, Algorithm::RS512],
            types: vec!["JWT".to_owned(), "at+jwt".to_owned()],
            untyped: true,
            ..Self::helseid_bearer(environment, issuer)
        }
    }

    fn check(&self) -> Result<(), ProfileError> {
        let profile = || self.name.clone();
        let empty = [
            ("name", self.name.is_empty()),
            ("audience", self.audience.is_empty()),
            ("scopes", self.scopes.is_empty() || self.scopes.iter().any(String::is_empty)),
            ("algorithms", self.algorithms.is_empty()),
            (
                "types",
                (self.types.is_empty() && !self.untyped) || self.types.iter().any(String::is_empty),
            ),
            ("proof_algorithms", self.scheme == Scheme::Dpop && self.proof_algorithms.is_empty()),
        ];
        if let Some((field, _)) = empty.into_iter().find(|(_, is_empty)| *is_empty) {
            return Err(ProfileError::Empty { profile: profile(), field });
        }
        if !safe_address(&self.issuer, self.environment == Environment::Local) {
            return Err(ProfileError::UnsafeIssuer { profile: profile() });
        }
        let foreign = match self.environment {
            Environment::Production => [Self::HELSEID_TEST, Self::MASKINPORTEN_TEST],
            _ => [Self::HELSEID_PRODUCTION, Self::MASKINPORTEN_PRODUCTION],
        };
        if foreign.contains(&self.issuer.as_str()) {
            return Err(ProfileError::ForeignEnvironment {
                profile: profile(),
                issuer: self.issuer.clone(),
            });
        }
        if self.leeway_seconds > MAX_LEEWAY {
            return Err(ProfileError::Leeway { profile: profile() });
        }
        let window = self.proof_window;
        if !(1..=MAX_PROOF_AGE).contains(&window.past_seconds) || window.future_seconds > MAX_LEEWAY
        {
            return Err(ProfileError::ProofWindow { profile: profile() });
        }
        Ok(())
    }
}

/// Checks each profile and that no two of them can be confused.
pub(crate) fn check_all(profiles: &[TrustProfile]) -> Result<(), ProfileError> {
    let Some(first) = profiles.first() else { return Err(ProfileError::None) };
    for profile in profiles {
        profile.check()?;
        if profile.environment != first.environment {
            return Err(ProfileError::MixedEnvironments {
                one: first.name.clone(),
                other: profile.name.clone(),
            });
        }
    }
    for (index, one) in profiles.iter().enumerate() {
        for other in &profiles[index + 1..] {
            if one.name == other.name
                || (one.issuer == other.issuer
                    && one.scopes.iter().any(|scope| other.scopes.contains(scope)))
            {
                return Err(ProfileError::Overlap {
                    one: one.name.clone(),
                    other: other.name.clone(),
                });
            }
        }
    }
    Ok(())
}
