//! The P-256 key that signs receipts for a day, and the RSA signature that makes it the register's.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::{DELEGATION_TYPE, Delegation, DelegationHead, Head, Jwk, RECEIPT_TYPE, ReceiptError};
use crate::certificate::Certificate;
use crate::keys::PrivateKey;
use crate::primitives;

/// How long a delegated key signs, in seconds: what a copy of the process's memory is worth to a thief.
const LIFETIME: i64 = 24 * 60 * 60;

struct Delegate {
    key: EcdsaKeyPair,
    from: i64,
    until: i64,
    /// The delegation as a JWS.
    delegation: String,
}

/// The delegated key in use; another one takes its place when its time is over.
#[derive(Default)]
pub(crate) struct Delegates(Mutex<Option<Arc<Delegate>>>);

impl fmt::Debug for Delegates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delegates(..)")
    }
}

impl Delegates {
    /// Signs a receipt's payload.
    pub(crate) fn sign(
        &self,
        certificate: &Certificate,
        key: &PrivateKey,
        payload: &str,
        now: Timestamp,
    ) -> Result<String, ReceiptError> {
        let now = now.as_second();
        let delegate = {
            let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &*slot {
                Some(delegate) if (delegate.from..=delegate.until).contains(&now) => {
                    Arc::clone(delegate)
                }
                _ => {
                    let fresh = Arc::new(Delegate::new(certificate, key, now)?);
                    *slot = Some(Arc::clone(&fresh));
                    fresh
                }
            }
        };
        delegate.sign(payload, now)
    }
}

impl Delegate {
    fn new(certificate: &Certificate, rsa: &PrivateKey, now: i64) -> Result<Self, ReceiptError> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| ReceiptError::NotSigned)?;
        // 4, then the two coordinates of 32 bytes.
        let point = key.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
            return Err(ReceiptError::NotSigned);
        };
        let (from, until) = (now, now.saturating_add(LIFETIME));
        let head = DelegationHead {
            alg: "RS256".to_owned(),
            typ: DELEGATION_TYPE.to_owned(),
            x5t: URL_SAFE_NO_PAD.encode(certificate.thumbprint().as_bytes()),
        };
        let jwk = Jwk {
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            x: URL_SAFE_NO_PAD.encode(x),
            y: URL_SAFE_NO_PAD.encode(y),
        };
        let signed = format!("{}.{}", encoded(&head)?, encoded(&Delegation { jwk, from, until })?);
        let signature = primitives::sign(rsa, &digest(&SHA256, signed.as_bytes()))
            .map_err(|_| ReceiptError::NotSigned)?;
        let delegation = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        Ok(Self { key, from, until, delegation })
    }

    fn sign(&self, payload: &str, now: i64) -> Result<String, ReceiptError> {
        let head = Head {
            alg: "ES256".to_owned(),
            typ: RECEIPT_TYPE.to_owned(),
            iat: now,
            delegation: self.delegation.clone(),
        };
        let signed = format!("{}.{}", encoded(&head)?, URL_SAFE_NO_PAD.encode(payload));
        let signature = self
            .key
            .sign(&SystemRandom::new(), signed.as_bytes())
            .map_err(|_| ReceiptError::NotSigned)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn encoded(part: &impl serde::Serialize) -> Result<String, ReceiptError> {
    let json = serde_json::to_vec(part).map_err(|_| ReceiptError::NotSigned)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}
