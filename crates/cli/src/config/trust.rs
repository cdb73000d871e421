//! `[[trust]]` in the receiver's configuration: the kinds of tokens that are accepted.

use jiff::Timestamp;
use lmr_auth::{Environment, TrustKind, TrustProfile};
use serde::Deserialize;

use crate::text::{Explain, fail, text};

/// One kind of token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrustSection {
    /// `helseid-dpop`, `maskinporten`, or `helseid-bearer` (the form of March 2025).
    pub(crate) kind: TrustKind,
    /// Name in logs; the kind if left out.
    pub(crate) name: Option<String>,
    /// `iss`, byte for byte; that of the environment if left out.
    pub(crate) issuer: Option<String>,
    /// `aud`, the only one; that of the register's guide if left out.
    pub(crate) audience: Option<String>,
    /// Scopes of which a token must have one; that of the register's guide if left out.
    pub(crate) scopes: Option<Vec<String>>,
    /// Last moment at which such tokens are accepted.
    #[serde(default, deserialize_with = "super::moments::optional_moment")]
    pub(crate) not_after: Option<Timestamp>,
    /// Tolerance for clocks that differ, in seconds.
    pub(crate) leeway_seconds: Option<u32>,
    /// Longest lifetime of a token, in seconds.
    pub(crate) max_lifetime_seconds: Option<u32>,
    /// How old a DPoP proof may be, in seconds.
    pub(crate) proof_past_seconds: Option<u32>,
    /// How far ahead a DPoP proof may be made by a fast clock, in seconds.
    pub(crate) proof_future_seconds: Option<u32>,
    /// Whether DPoP proofs must have a nonce from the receiver.
    pub(crate) proof_nonce: Option<bool>,
}

impl TrustSection {
    pub(super) fn profile(&self, environment: Environment) -> anyhow::Result<TrustProfile> {
        let issuer = match &self.issuer {
            Some(issuer) => issuer.as_str(),
            None => TrustProfile::usual_issuer(self.kind, environment).explain(|| {
                text!(
                    "[[trust]]: issuer må angis i miljøet local",
                    "[[trust]]: issuer is needed in environment local"
                )
            })?,
        };
        let mut profile = TrustProfile::new(self.kind, environment, issuer);
        let dpop_keys = [
            ("proof_past_seconds", self.proof_past_seconds.is_some()),
            ("proof_future_seconds", self.proof_future_seconds.is_some()),
            ("proof_nonce", self.proof_nonce.is_some()),
        ];
        if let Some((key, _)) = dpop_keys.into_iter().find(|(_, given)| *given)
            && self.kind != TrustKind::HelseidDpop
        {
            fail!(
                "[[trust]] {name}: {key} gjelder bare kind helseid-dpop",
                "[[trust]] {name}: {key} is for kind helseid-dpop only",
                name = profile.name
            );
        }
        if let Some(name) = &self.name {
            profile.name.clone_from(name);
        }
        if let Some(audience) = &self.audience {
            profile.audience.clone_from(audience);
        }
        if let Some(scopes) = &self.scopes {
            profile.scopes.clone_from(scopes);
        }
        profile.not_after = self.not_after;
        if let Some(seconds) = self.leeway_seconds {
            profile.leeway_seconds = seconds;
        }
        if let Some(seconds) = self.max_lifetime_seconds {
            profile.max_lifetime_seconds = Some(seconds);
        }
        if let Some(seconds) = self.proof_past_seconds {
            profile.proof_window.past_seconds = seconds;
        }
        if let Some(seconds) = self.proof_future_seconds {
            profile.proof_window.future_seconds = seconds;
        }
        if let Some(nonce) = self.proof_nonce {
            profile.proof_nonce = nonce;
        }
        Ok(profile)
    }
}

/// HelseID as the only issuer, Bearer tokens: the older form of `[[trust]]` with kind `helseid-bearer`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HelseIdBearer {
    /// `iss`, byte for byte: `https://helseid-sts.nhn.no` in production.
    pub(crate) issuer: String,
    /// `aud`; the API name of March 2025 if left out.
    pub(crate) audience: Option<String>,
    /// Scopes of which a token must have one; `fhi:lmr.fhirmottak/all` if left out.
    pub(crate) scopes: Option<Vec<String>>,
    /// Last moment at which Bearer tokens are accepted.
    #[serde(default, deserialize_with = "super::moments::optional_moment")]
    pub(crate) not_after: Option<Timestamp>,
}

impl HelseIdBearer {
    pub(super) fn profile(&self, environment: Environment) -> TrustProfile {
        let mut profile = TrustProfile::helseid_bearer(environment, &self.issuer);
        if let Some(audience) = &self.audience {
            profile.audience.clone_from(audience);
        }
        if let Some(scopes) = &self.scopes {
            profile.scopes.clone_from(scopes);
        }
        profile.not_after = self.not_after;
        profile
    }
}
