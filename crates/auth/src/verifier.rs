//! The receiver's side: from the headers of a request to a caller that is known.

use std::sync::Arc;

use lmr_identifiers::OrganisationNumber;
use serde_json::{Map, Value};

use crate::challenge;
use crate::claims::{self, key_thumbprint, scopes};
use crate::discovery::IssuerKind;
use crate::dpop::{
    NonceIssuer, ProcessReplayMemory, ProofExpectation, PublicUrl, ReplayMemory, check_proof,
};
use crate::http::Fetcher;
use crate::issuer_keys::{IssuerKeys, KeyCache, KeyError};
use crate::jose::{CompactJws, JwsError};
use crate::numeric_date::seconds;
use crate::profile::{Environment, ProfileError, Scheme, TrustProfile, check_all};
use crate::rejection::TokenRejection;
use crate::sources::Clock;

/// The longest access token read, in bytes.
pub const MAX_TOKEN: usize = 8 * 1024;
/// Proofs that one process remembers when no store does: an hour's at some hundred a second.
const PROCESS_MEMORY: usize = 100_000;

/// What a request shows of itself, as received.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The values of all `Authorization` headers.
    pub authorization: &'a [&'a [u8]],
    /// The values of all `DPoP` headers.
    pub dpop: &'a [&'a [u8]],
    /// The method.
    pub method: &'a str,
    /// The path, as received.
    pub path: &'a str,
    /// The query.
    pub query: Option<&'a str>,
}

impl<'a> Presented<'a> {
    /// A request of which only `Authorization` counts, as with Bearer tokens.
    #[must_use]
    pub fn bearer(authorization: &'a [&'a [u8]]) -> Self {
        Self { authorization, dpop: &[], method: "POST", path: "/", query: None }
    }
}

/// Who calls, proven by a token. The token itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// The trust profile it satisfies.
    pub profile: String,
    /// How it was shown.
    pub scheme: Scheme,
    /// The organisation that is behind the call (proven by the issuer).
    pub organisation: OrganisationNumber,
    /// The sub-unit the client says it acts for. HelseID does not prove it for multi-tenant
    /// clients, so it is a statement only.
    pub child_organisation: Option<OrganisationNumber>,
    /// The supplier that acts for the organisation; for logs.
    pub supplier: Option<OrganisationNumber>,
    /// The authority that knows of the supplier's delegation; for logs.
    pub delegation_source: Option<String>,
    /// The client's id at the issuer; for logs.
    pub client_id: String,
    /// `jti`, when the token has one; for logs.
    pub token_id: Option<String>,
}

/// What the check of DPoP proofs needs beside the profiles.
pub struct DpopSettings {
    /// The addresses the receiver is called by, as callers write them.
    pub public_urls: Vec<String>,
    /// The memory of used proofs.
    pub replays: Arc<dyn ReplayMemory>,
    /// A secret that nonces are made from; the same for all receivers behind one address.
    pub nonce_key: [u8; 32],
}

/// Verifies tokens by the configured trust profiles.
pub struct TokenVerifier {
    profiles: Vec<TrustProfile>,
    /// One key cache per issuer; keys never cross over.
    issuers: Vec<(String, IssuerKeys)>,
    clock: Clock,
    public_urls: Vec<PublicUrl>,
    replays: Arc<dyn ReplayMemory>,
    nonces: NonceIssuer,
}

impl TokenVerifier {
    /// Checks the profiles and makes the caches; fetches nothing yet. For profiles without DPoP.
    ///
    /// # Errors
    /// [`ProfileError`]: the receiver must not start.
    pub fn new(
        profiles: Vec<TrustProfile>,
        fetcher: &Arc<dyn Fetcher>,
        clock: Clock,
        cache: KeyCache,
    ) -> Result<Self, ProfileError> {
        let dpop = DpopSettings {
            public_urls: Vec::new(),
            replays: Arc::new(ProcessReplayMemory::new(PROCESS_MEMORY)),
            nonce_key: [0; 32],
        };
        Self::with_dpop(profiles, fetcher, clock, cache, dpop)
    }

    /// As [`TokenVerifier::new`], for profiles of which some take DPoP.
    ///
    /// # Errors
    /// [`ProfileError`]: the receiver must not start.
    pub fn with_dpop(
        profiles: Vec<TrustProfile>,
        fetcher: &Arc<dyn Fetcher>,
        clock: Clock,
        cache: KeyCache,
        dpop: DpopSettings,
    ) -> Result<Self, ProfileError> {
        check_all(&profiles)?;
        let public_urls: Vec<PublicUrl> = dpop
            .public_urls
            .iter()
            .map(|url| PublicUrl::parse(url).ok_or_else(|| ProfileError::Address(url.clone())))
            .collect::<Result<_, _>>()?;
        if public_urls.is_empty()
            && let Some(profile) = profiles.iter().find(|one| one.scheme == Scheme::Dpop)
        {
            return Err(ProfileError::AddressUnknown { profile: profile.name.clone() });
        }
        let mut issuers: Vec<(String, IssuerKeys)> = Vec::new();
        for profile in &profiles {
            if profile.scheme == Scheme::Bearer
                && profile.issuer_kind == IssuerKind::HelseId
                && profile.environment != Environment::Local
            {
                tracing::warn!(
                    profile = profile.name,
                    not_after = profile.not_after.map(tracing::field::display),
                    "Bearer tokens of HelseID are accepted: whoever steals one can use it until it expires"
                );
            }
            if !issuers.iter().any(|(issuer, _)| *issuer == profile.issuer) {
                let keys = IssuerKeys::new(
                    profile.issuer_kind,
                    &profile.issuer,
                    profile.environment == Environment::Local,
                    Arc::clone(fetcher),
                    Arc::clone(&clock),
                    cache,
                );
                issuers.push((profile.issuer.clone(), keys));
            }
        }
        let nonces = NonceIssuer::new(&dpop.nonce_key);
        Ok(Self { profiles, issuers, clock, public_urls, replays: dpop.replays, nonces })
    }

    /// The schemes of the profiles that are accepted now.
    #[must_use]
    pub fn schemes(&self) -> Vec<Scheme> {
        let now = (self.clock)();
        let accepted = |scheme| {
            self.profiles.iter().any(|profile| {
                profile.scheme == scheme && profile.not_after.is_none_or(|last| now <= last)
            })
        };
        [Scheme::Dpop, Scheme::Bearer].into_iter().filter(|scheme| accepted(*scheme)).collect()
    }

    /// The values of `WWW-Authenticate` for an answer to this rejection: one for each scheme that is
    /// accepted; none where the rejection is not the caller's fault.
    #[must_use]
    pub fn challenges(&self, rejection: &TokenRejection) -> Vec<String> {
        self.schemes()
            .into_iter()
            .filter_map(|scheme| {
                let proofs = self.profiles.iter().find(|profile| profile.scheme == Scheme::Dpop);
                let algorithms = proofs.map(|profile| profile.proof_algorithms.as_slice());
                challenge::value(scheme, rejection, algorithms.unwrap_or_default())
            })
            .collect()
    }

    /// Whether the keys of every issuer are at hand; for the readiness check.
    pub async fn ready(&self) -> bool {
        for (_, keys) in &self.issuers {
            if !keys.ready().await {
                return false;
            }
        }
        true
    }

    /// Verifies what a request shows.
    ///
    /// # Errors
    /// [`TokenRejection`], the first reason in the order of the checks.
    pub async fn verify(&self, presented: &Presented<'_>) -> Result<VerifiedToken, TokenRejection> {
        if has_token_in_query(presented.query) {
            return Err(TokenRejection::InQuery);
        }
        let (scheme, token) = credentials(presented.authorization)?;
        let scheme = self
            .schemes()
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(scheme))
            .or_else(|| self.ended_scheme(scheme))
            .ok_or_else(|| scheme_rejection(scheme, token))?;
        let jws = CompactJws::parse(token, MAX_TOKEN).map_err(TokenRejection::Malformed)?;
        // Unverified: chooses whose keys are asked, nothing else.
        let claimed = jws.unverified_claims().map_err(TokenRejection::Malformed)?;
        let issuer = claimed.get("iss").and_then(Value::as_str).ok_or(TokenRejection::Issuer)?;
        let (_, keys) =
            self.issuers.iter().find(|(name, _)| name == issuer).ok_or(TokenRejection::Issuer)?;
        let profile = self.choose(scheme, issuer, &claimed)?;
        if !profile.algorithms.contains(&jws.algorithm()) {
            return Err(TokenRejection::Algorithm);
        }
        let type_fits = match jws.typ() {
            None => profile.untyped,
            Some(typ) => profile.types.iter().any(|known| known.eq_ignore_ascii_case(typ)),
        };
        if !type_fits {
            return Err(TokenRejection::TokenType);
        }
        let now = (self.clock)();
        if profile.not_after.is_some_and(|last| now > last) {
            return Err(TokenRejection::ProfileEnded);
        }
        let kid = jws.kid().ok_or(TokenRejection::UnknownKey)?;
        let key = keys.key(kid, jws.algorithm()).await.map_err(|error| match error {
            KeyError::Unknown => TokenRejection::UnknownKey,
            KeyError::Unavailable { retry_after } => {
                TokenRejection::KeysUnavailable { retry_after }
            }
        })?;
        let claims = jws.verified_claims(&key).map_err(|error| match error {
            JwsError::KeyMismatch => TokenRejection::UnknownKey,
            JwsError::Signature => TokenRejection::Signature,
            other => TokenRejection::Malformed(other),
        })?;
        claims::check(profile, &claims, seconds(now))?;
        if profile.scheme == Scheme::Dpop {
            self.check_proof(profile, presented, token, key_thumbprint(&claims)?).await?;
        }
        // Last, so that whoever shows a token without its key learns nothing.
        claims::authorise(profile, &claims)
    }

    /// A scheme whose profiles have all ended: the rejection says that, not that the scheme is unknown.
    fn ended_scheme(&self, name: &str) -> Option<Scheme> {
        let of_name = |one: &&TrustProfile| one.scheme.name().eq_ignore_ascii_case(name);
        self.profiles.iter().find(of_name).map(|profile| profile.scheme)
    }

    /// Of the profiles of one issuer and scheme, the one whose scope the token names. When none fits,
    /// the first is taken, so that its checks say what is wrong; a profile's checks are all made in any
    /// case, so this choice lets nothing in.
    fn choose(
        &self,
        scheme: Scheme,
        issuer: &str,
        claims: &Map<String, Value>,
    ) -> Result<&TrustProfile, TokenRejection> {
        let granted = scopes(claims);
        let fits = |profile: &&TrustProfile| {
            profile.scopes.iter().any(|scope| granted.contains(&scope.as_str()))
        };
        let of_issuer =
            || self.profiles.iter().filter(move |p| p.issuer == issuer && p.scheme == scheme);
        of_issuer().find(fits).or_else(|| of_issuer().next()).ok_or(
            if scheme == Scheme::Bearer && claims.contains_key("cnf") {
                TokenRejection::SenderConstrained
            } else {
                TokenRejection::Scheme
            },
        )
    }

    async fn check_proof(
        &self,
        profile: &TrustProfile,
        presented: &Presented<'_>,
        token: &str,
        thumbprint: &str,
    ) -> Result<(), TokenRejection> {
        let now = (self.clock)();
        let urls: Vec<String> =
            self.public_urls.iter().filter_map(|url| url.with_path(presented.path)).collect();
        let proof = check_proof(
            presented.dpop,
            &ProofExpectation {
                method: presented.method,
                urls: &urls,
                access_token: Some(token),
                thumbprint: Some(thumbprint),
                algorithms: &profile.proof_algorithms,
                window: profile.proof_window,
                now,
            },
        )?;
        if profile.proof_nonce
            && !proof.nonce.as_deref().is_some_and(|nonce| self.nonces.recognises(nonce, now))
        {
            return Err(TokenRejection::NonceRequired { nonce: self.nonces.current(now) });
        }
        match self.replays.record(&proof.digest, now, proof.until).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(crate::rejection::ProofRejection::Replayed.into()),
            Err(error) => {
                tracing::error!(%error, "a DPoP proof cannot be remembered");
                Err(TokenRejection::ReplayMemoryUnavailable)
            }
        }
    }
}

fn has_token_in_query(query: Option<&str>) -> bool {
    query.is_some_and(|query| {
        query.split('&').any(|pair| pair.split('=').next() == Some("access_token"))
    })
}

/// Scheme and token of the one `Authorization` header (RFC 6750 section 2.1, RFC 9110 section 11.4).
fn credentials<'a>(authorization: &[&'a [u8]]) -> Result<(&'a str, &'a str), TokenRejection> {
    let value = match authorization {
        [] => return Err(TokenRejection::Missing),
        [value] => std::str::from_utf8(value).map_err(|_| TokenRejection::MalformedHeader)?,
        _ => return Err(TokenRejection::Duplicate),
    };
    let (scheme, rest) = value.trim().split_once(' ').ok_or(TokenRejection::MalformedHeader)?;
    if !scheme.eq_ignore_ascii_case("bearer") && !scheme.eq_ignore_ascii_case("dpop") {
        return Err(TokenRejection::Scheme);
    }
    let token = rest.trim_start_matches(' ');
    let is_token68 = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    if token.is_empty() || !token.chars().all(is_token68) {
        return Err(TokenRejection::MalformedHeader);
    }
    Ok((scheme, token))
}

/// What is wrong with a scheme that is not taken: a token that is bound to a key and shown as Bearer is not to be taken as
/// one anywhere (RFC 9449 section 7.2), and the challenge says so.
fn scheme_rejection(scheme: &str, token: &str) -> TokenRejection {
    let is_bound = || {
        let claims = CompactJws::parse(token, MAX_TOKEN).and_then(|jws| jws.unverified_claims());
        claims.is_ok_and(|claims| claims.contains_key("cnf"))
    };
    if scheme.eq_ignore_ascii_case(Scheme::Bearer.name()) && is_bound() {
        TokenRejection::SenderConstrained
    } else {
        TokenRejection::Scheme
    }
}
