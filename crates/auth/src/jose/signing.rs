//! Private keys that sign: read from JWK or PKCS#8, or generated.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsBigEndian, AsDer as _, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Curve, KeyType, rsa_size};
use super::jwk::{JwkError, PublicJwk, bytes, text};
use super::{base64url, from_base64url};
use crate::secret::SecretString;

/// Characters of base64 in a line of PEM (RFC 7468 section 2).
const PEM_LINE: usize = 64;

/// Why a private key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// A member of the JWK.
    #[error("the private key: {0}")]
    Jwk(#[from] JwkError),
    /// Neither given nor named in the JWK.
    #[error("the private key has no kid and none was given")]
    KidMissing,
    /// Neither given nor named in the JWK.
    #[error("the private key names no alg and none was given")]
    AlgorithmMissing,
    /// The given algorithm needs another kind of key, or the JWK is bound to another.
    #[error("the private key does not fit the algorithm {0}")]
    AlgorithmMismatch(Algorithm),
    /// The numbers of the key do not belong together, or the form is not PKCS#8.
    #[error("the private key is damaged, incomplete or not in the form expected")]
    Rejected,
    /// Not PEM with `PRIVATE KEY` (PKCS#8).
    #[error("the file is not a PEM file with an unencrypted PKCS#8 private key")]
    NotPem,
    /// No such size is made here.
    #[error("RSA keys are made with 2048, 3072 or 4096 bits")]
    Size,
    /// The cryptographic library failed.
    #[error("the cryptographic library failed to make or use the key")]
    Library,
    /// A key that is kept elsewhere did not sign.
    #[error("{0}")]
    External(String),
}

/// A private key that stays where it is and signs there: on a token or in an HSM.
pub trait ExternalKey: Send + Sync {
    /// Signs a message; the signature is in the form JWS uses.
    ///
    /// # Errors
    /// Why not, for people; never key or PIN.
    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, String>;
}

/// The public half of an [`ExternalKey`], numbers big-endian.
#[derive(Debug, Clone, Copy)]
pub enum ExternalPublicKey<'k> {
    /// RSA.
    Rsa {
        /// Modulus.
        modulus: &'k [u8],
        /// Public exponent.
        exponent: &'k [u8],
    },
    /// An elliptic curve's uncompressed point, `04 x y`.
    Ec {
        /// The point.
        point: &'k [u8],
    },
}

/// A private key with the id and the algorithm it is registered with.
pub struct SigningKey {
    public: PublicJwk,
    kid: String,
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>, Curve),
    External(Arc<dyn ExternalKey>),
}

impl SigningKey {
    /// A key that is kept elsewhere.
    ///
    /// # Errors
    /// [`SigningKeyError::AlgorithmMismatch`], or [`SigningKeyError::Jwk`] for a public half that is none.
    pub fn external(
        key: Arc<dyn ExternalKey>,
        public: ExternalPublicKey<'_>,
        kid: &str,
        algorithm: Algorithm,
    ) -> Result<Self, SigningKeyError> {
        let public = match (algorithm.key_type(), public) {
            (KeyType::Rsa, ExternalPublicKey::Rsa { modulus, exponent }) => {
                PublicJwk::from_rsa(kid, algorithm, modulus, exponent)?
            }
            // A point of another curve has another length.
            (KeyType::Ec(curve), ExternalPublicKey::Ec { point: point @ [4, ..] })
                if point.len() == 1 + 2 * curve.width() =>
            {
                PublicJwk::from_point(kid, algorithm, curve, point)?
            }
            _ => return Err(SigningKeyError::AlgorithmMismatch(algorithm)),
        };
        Ok(Self { public, kid: kid.to_owned(), algorithm, pair: Pair::External(key) })
    }

    /// Reads a private JWK. `kid` and `alg` come from the JWK unless given.
    ///
    /// # Errors
    /// See [`SigningKeyError`]; an RSA key needs all of `n e d p q dp dq qi`.
    pub fn from_jwk(
        json: &[u8],
        kid: Option<&str>,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, SigningKeyError> {
        let members = crate::strict_json::object(json).map_err(|_| JwkError::NotAnObject)?;
        let public = PublicJwk::from_public_members(&members)?;
        let kid = kid.or(public.kid()).ok_or(SigningKeyError::KidMissing)?.to_owned();
        let algorithm =
            algorithm.or(public.algorithm()).ok_or(SigningKeyError::AlgorithmMissing)?;
        if !public.fits(algorithm) {
            return Err(SigningKeyError::AlgorithmMismatch(algorithm));
        }
        let pair = match algorithm.key_type() {
            KeyType::Rsa => Pair::Rsa(Box::new(rsa_from_members(&members)?)),
            KeyType::Ec(curve) => Pair::Ec(Box::new(ec_from_members(&members, curve)?), curve),
        };
        Self::assemble(pair, &kid, algorithm)
    }

    /// Reads an unencrypted PKCS#8 private key in PEM.
    ///
    /// # Errors
    /// See [`SigningKeyError`].
    pub fn from_pem(pem: &str, kid: &str, algorithm: Algorithm) -> Result<Self, SigningKeyError> {
        let body = pem
            .split_once("-----BEGIN PRIVATE KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
            .map(|(body, _)| body)
            .ok_or(SigningKeyError::NotPem)?;
        let compact: Zeroizing<String> =
            Zeroizing::new(body.chars().filter(|c| !c.is_ascii_whitespace()).collect());
        let der = base64::engine::general_purpose::STANDARD
            .decode(compact.as_bytes())
            .map_err(|_| SigningKeyError::NotPem)?;
        Self::from_pkcs8(&Zeroizing::new(der), kid, algorithm)
    }

    /// Reads an unencrypted PKCS#8 private key in DER.
    ///
    /// # Errors
    /// See [`SigningKeyError`].
    pub fn from_pkcs8(
        der: &[u8],
        kid: &str,
        algorithm: Algorithm,
    ) -> Result<Self, SigningKeyError> {
        let pair = match algorithm.key_type() {
            KeyType::Rsa => Pair::Rsa(Box::new(
                RsaKeyPair::from_pkcs8(der).map_err(|_| SigningKeyError::Rejected)?,
            )),
            KeyType::Ec(curve) => {
                let pair = EcdsaKeyPair::from_pkcs8(curve.signing(), der)
                    .map_err(|_| SigningKeyError::Rejected)?;
                Pair::Ec(Box::new(pair), curve)
            }
        };
        Self::assemble(pair, kid, algorithm)
    }

    /// Makes a new key; `rsa_bits` is read for RSA only (2048, 3072 or 4096). For the sandbox, and
    /// for an operator who makes a key to register.
    ///
    /// # Errors
    /// [`SigningKeyError::Size`] or [`SigningKeyError::Library`].
    pub fn generate(
        algorithm: Algorithm,
        kid: &str,
        rsa_bits: u32,
    ) -> Result<Self, SigningKeyError> {
        let pair = match algorithm.key_type() {
            KeyType::Rsa => {
                let size = rsa_size(rsa_bits).ok_or(SigningKeyError::Size)?;
                Pair::Rsa(Box::new(
                    RsaKeyPair::generate(size).map_err(|_| SigningKeyError::Library)?,
                ))
            }
            KeyType::Ec(curve) => {
                let pair = EcdsaKeyPair::generate(curve.signing())
                    .map_err(|_| SigningKeyError::Library)?;
                Pair::Ec(Box::new(pair), curve)
            }
        };
        Self::assemble(pair, kid, algorithm)
    }

    fn assemble(pair: Pair, kid: &str, algorithm: Algorithm) -> Result<Self, SigningKeyError> {
        let public = match &pair {
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                PublicJwk::from_rsa(
                    kid,
                    algorithm,
                    key.modulus().big_endian_without_leading_zero(),
                    key.exponent().big_endian_without_leading_zero(),
                )?
            }
            Pair::Ec(pair, curve) => {
                PublicJwk::from_point(kid, algorithm, *curve, pair.public_key().as_ref())?
            }
            Pair::External(_) => return Err(SigningKeyError::Rejected),
        };
        Ok(Self { public, kid: kid.to_owned(), algorithm, pair })
    }

    /// The id the key is registered with.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half, to register or publish.
    #[must_use]
    pub fn public(&self) -> &PublicJwk {
        &self.public
    }

    /// The private key as JWK. Only elliptic-curve keys: an RSA key is kept as PKCS#8.
    ///
    /// # Errors
    /// [`SigningKeyError::AlgorithmMismatch`] for RSA, [`SigningKeyError::Library`].
    pub fn to_private_jwk(&self) -> Result<SecretString, SigningKeyError> {
        let Pair::Ec(pair, _) = &self.pair else {
            return Err(SigningKeyError::AlgorithmMismatch(self.algorithm));
        };
        let number: EcPrivateKeyBin<'_> =
            pair.private_key().as_be_bytes().map_err(|_| SigningKeyError::Library)?;
        let mut jwk = self.public.to_json();
        jwk["d"] = json!(base64url(number.as_ref()));
        Ok(SecretString::new(jwk.to_string()))
    }

    /// The private key as PKCS#8 in PEM, as [`SigningKey::from_pem`] reads it.
    ///
    /// # Errors
    /// [`SigningKeyError::Library`], or [`SigningKeyError::Rejected`] for a key that is kept elsewhere.
    pub fn to_pkcs8_pem(&self) -> Result<SecretString, SigningKeyError> {
        let base64 = base64::engine::general_purpose::STANDARD;
        let encoded = Zeroizing::new(match &self.pair {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| SigningKeyError::Library)?;
                base64.encode(der.as_ref())
            }
            Pair::Ec(pair, _) => {
                base64.encode(pair.to_pkcs8v1().map_err(|_| SigningKeyError::Library)?.as_ref())
            }
            Pair::External(_) => return Err(SigningKeyError::Rejected),
        });
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        for at in (0..encoded.len()).step_by(PEM_LINE) {
            pem.push_str(&encoded[at..encoded.len().min(at + PEM_LINE)]);
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Ok(SecretString::new(pem))
    }

    /// Signs a message; the signature is in the form JWS uses.
    ///
    /// # Errors
    /// [`SigningKeyError::Library`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        // aws-lc draws its own randomness; the argument is there for ring's sake.
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let encoding = self.algorithm.rsa_signing().ok_or(SigningKeyError::Library)?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature)
                    .map_err(|_| SigningKeyError::Library)?;
                Ok(signature)
            }
            Pair::Ec(pair, _) => {
                let signature =
                    pair.sign(&random, message).map_err(|_| SigningKeyError::Library)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::External(key) => {
                key.sign(self.algorithm, message).map_err(SigningKeyError::External)
            }
        }
    }

    /// A compact JWS with `alg`, `kid` and `typ` in its header.
    ///
    /// # Errors
    /// [`SigningKeyError::Library`].
    pub fn sign_jws(&self, typ: &str, claims: &Value) -> Result<SecretString, SigningKeyError> {
        let header = json!({"alg": self.algorithm.name(), "kid": self.kid, "typ": typ});
        self.sign_with_header(&header, claims)
    }

    /// A compact JWS with a header of the caller's own; tests and the sandbox make faulty tokens so.
    ///
    /// # Errors
    /// [`SigningKeyError::Library`].
    pub fn sign_with_header(
        &self,
        header: &Value,
        claims: &Value,
    ) -> Result<SecretString, SigningKeyError> {
        let input = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let signature = self.sign(input.as_bytes())?;
        Ok(SecretString::new(format!("{input}.{}", base64url(&signature))))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

fn rsa_from_members(members: &Map<String, Value>) -> Result<RsaKeyPair, SigningKeyError> {
    if text(members, "d")?.is_none() {
        return Err(JwkError::Missing("d").into());
    }
    let secret = |name| bytes(members, name).map(Zeroizing::new);
    let (d, p, q) = (secret("d")?, secret("p")?, secret("q")?);
    let (dp, dq, qi) = (secret("dp")?, secret("dq")?, secret("qi")?);
    let components = KeyPairComponents {
        public_key: PublicKeyComponents { n: bytes(members, "n")?, e: bytes(members, "e")? },
        d: d.as_slice(),
        p: p.as_slice(),
        q: q.as_slice(),
        dP: dp.as_slice(),
        dQ: dq.as_slice(),
        qInv: qi.as_slice(),
    };
    RsaKeyPair::from_components(&components).map_err(|_| SigningKeyError::Rejected)
}

fn ec_from_members(
    members: &Map<String, Value>,
    curve: Curve,
) -> Result<EcdsaKeyPair, SigningKeyError> {
    let d = text(members, "d")?.ok_or(JwkError::Missing("d"))?;
    let d = Zeroizing::new(from_base64url(d).ok_or(JwkError::Encoding("d"))?);
    if d.len() != curve.width() {
        return Err(JwkError::Encoding("d").into());
    }
    let mut point = vec![4];
    point.extend(bytes(members, "x")?);
    point.extend(bytes(members, "y")?);
    EcdsaKeyPair::from_private_key_and_public_key(curve.signing(), &d, &point)
        .map_err(|_| SigningKeyError::Rejected)
}
