//! Trust profiles: closed descriptions of one kind of token each. A token satisfies one whole profile
//! or none; profiles are never merged.

use crate::http::safe_address;
use crate::jose::Algorithm;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest tolerance for clocks that differ, in seconds.
pub const MAX_LEEWAY: u32 = 60;

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

/// How the token is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449; not supported yet, refused at start.
    Dpop,
}

/// Where the organisation stands in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrganisationClaim {
    /// `helseid://claims/client/claims/orgnr_parent`.
    HelseidParent,
    /// `consumer`; not supported yet, refused at start.
    MaskinportenConsumer,
}

/// One closed profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustProfile {
    /// For logs and for the caller's identity.
    pub name: String,
    /// The world it belongs to.
    pub environment: Environment,
    /// `iss`, byte for byte.
    pub issuer: String,
    /// `aud`, the only one.
    pub audience: String,
    /// The token must have one of these, exactly spelled.
    pub scopes: Vec<String>,
    /// How the token is shown.
    pub scheme: Scheme,
    /// Where the organisation stands.
    pub organisation: OrganisationClaim,
    /// Accepted `alg`.
    pub algorithms: Vec<Algorithm>,
    /// Accepted `typ`, compared without case.
    pub types: Vec<String>,
    /// Tolerance for clocks that differ, in seconds; at most [`MAX_LEEWAY`].
    #[serde(default = "default_leeway")]
    pub leeway_seconds: u32,
    /// Longest lifetime (`exp` - `iat`) accepted, in seconds.
    #[serde(default)]
    pub max_lifetime_seconds: Option<u32>,
    /// When the profile stops being accepted: bearer tokens can be replayed by a thief, so an
    /// operator may set a last day.
    #[serde(default)]
    pub not_after: Option<Timestamp>,
}

fn default_leeway() -> u32 {
    5
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
    /// DPoP is not built yet.
    #[error("trust profile {profile}: scheme dpop is not supported yet")]
    DpopNotSupported {
        /// Its name.
        profile: String,
    },
    /// Maskinporten is not built yet.
    #[error("trust profile {profile}: organisation maskinporten-consumer is not supported yet")]
    MaskinportenNotSupported {
        /// Its name.
        profile: String,
    },
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
    /// The seed-era profile of the register: HelseID, Bearer, scope `fhi:lmr.fhirmottak/all`.
    #[must_use]
    pub fn helseid_bearer(environment: Environment, issuer: &str) -> Self {
        Self {
            name: "helseid-bearer".to_owned(),
            environment,
            issuer: issuer.to_owned(),
            audience: "fhi:lmr.fhirmottak".to_owned(),
            scopes: vec!["fhi:lmr.fhirmottak/all".to_owned()],
            scheme: Scheme::Bearer,
            organisation: OrganisationClaim::HelseidParent,
            // RS256 is what was seen; FAPI 2.0 prefers the others, so HelseID may change to them.
            algorithms: vec![
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
                Algorithm::ES256,
                Algorithm::ES384,
                Algorithm::ES512,
            ],
            types: vec!["at+jwt".to_owned(), "application/at+jwt".to_owned()],
            leeway_seconds: default_leeway(),
            max_lifetime_seconds: Some(3600),
            not_after: None,
        }
    }

    /// HelseID's issuer in production.
    pub const HELSEID_PRODUCTION: &str = "https://helseid-sts.nhn.no";
    /// HelseID's issuer in test.
    pub const HELSEID_TEST: &str = "https://helseid-sts.test.nhn.no";

    fn check(&self) -> Result<(), ProfileError> {
        let profile = || self.name.clone();
        let empty = [
            ("name", self.name.is_empty()),
            ("audience", self.audience.is_empty()),
            ("scopes", self.scopes.is_empty() || self.scopes.iter().any(String::is_empty)),
            ("algorithms", self.algorithms.is_empty()),
            ("types", self.types.is_empty() || self.types.iter().any(String::is_empty)),
        ];
        if let Some((field, _)) = empty.into_iter().find(|(_, is_empty)| *is_empty) {
            return Err(ProfileError::Empty { profile: profile(), field });
        }
        if !safe_address(&self.issuer, self.environment == Environment::Local) {
            return Err(ProfileError::UnsafeIssuer { profile: profile() });
        }
        if self.leeway_seconds > MAX_LEEWAY {
            return Err(ProfileError::Leeway { profile: profile() });
        }
        if self.scheme == Scheme::Dpop {
            return Err(ProfileError::DpopNotSupported { profile: profile() });
        }
        if self.organisation == OrganisationClaim::MaskinportenConsumer {
            return Err(ProfileError::MaskinportenNotSupported { profile: profile() });
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
