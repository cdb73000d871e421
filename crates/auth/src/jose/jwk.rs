//! Public keys as JWK and JWKS (RFC 7517), and their thumbprints (RFC 7638).

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ParsedPublicKey, VerificationAlgorithm};
use serde_json::{Map, Value, json};

use super::algorithm::{Algorithm, Curve, KeyType};
use super::{base64url, from_base64url, weak_rsa};

/// Members that only a private or a shared key has.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a JWK is not a usable public signature key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// The text is not one JSON object with unique names.
    #[error("the key is not a JSON object with unique member names")]
    NotAnObject,
    /// `kty` is missing or neither RSA nor EC.
    #[error("the key type is missing or not supported")]
    KeyType,
    /// A member is missing.
    #[error("the member {0} is missing")]
    Missing(&'static str),
    /// A member has the wrong JSON type.
    #[error("the member {0} has the wrong type")]
    Type(&'static str),
    /// A member is not base64url in its shortest or fixed-length spelling.
    #[error("the member {0} is not canonical base64url")]
    Encoding(&'static str),
    /// A private member in what should be public: the key must be seen as lost.
    #[error("the key holds the private member {0}")]
    Private(&'static str),
    /// Not 2048 to 8192 bits.
    #[error("the RSA key is not 2048 to 8192 bits")]
    Size,
    /// Exponent 1, even or longer than 33 bits.
    #[error("the RSA exponent is unsafe")]
    Exponent,
    /// The modulus is known to be breakable.
    #[error("the RSA modulus is of a kind known to be breakable")]
    WeakModulus,
    /// `crv` is unknown.
    #[error("the curve is missing or not supported")]
    Curve,
    /// The point is not on the curve.
    #[error("the point is not on the curve")]
    Point,
    /// `use` or `key_ops` says it is not for verifying signatures.
    #[error("the key is not meant for signatures")]
    Use,
    /// `alg` is unknown, or does not fit the key.
    #[error("the key's alg is unknown or does not fit the key")]
    Algorithm,
}

/// A public key that signatures can be verified with.
#[derive(Clone)]
pub struct PublicJwk {
    kid: Option<String>,
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Clone, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// 0x04, x and y.
    Ec {
        curve: Curve,
        point: Vec<u8>,
    },
}

impl PublicJwk {
    /// Reads one JWK from text.
    ///
    /// # Errors
    /// See [`JwkError`].
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        let members = crate::strict_json::object(json).map_err(|_| JwkError::NotAnObject)?;
        Self::from_members(&members)
    }

    /// Reads one JWK from its members, looking at the raw object so that a private member cannot
    /// slip by.
    ///
    /// # Errors
    /// See [`JwkError`].
    pub fn from_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        if let Some(name) = PRIVATE_MEMBERS.into_iter().find(|name| members.contains_key(*name)) {
            return Err(JwkError::Private(name));
        }
        Self::from_public_members(members)
    }

    /// The public half of a JWK that may be private.
    pub(super) fn from_public_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        check_purpose(members)?;
        let material = match text(members, "kty")? {
            Some("RSA") => rsa_material(members)?,
            Some("EC") => ec_material(members)?,
            _ => return Err(JwkError::KeyType),
        };
        let algorithm = match text(members, "alg")? {
            None => None,
            Some(name) => Some(Algorithm::from_name(name).ok_or(JwkError::Algorithm)?),
        };
        if algorithm.is_some_and(|algorithm| algorithm.key_type() != material.key_type()) {
            return Err(JwkError::Algorithm);
        }
        Ok(Self { kid: text(members, "kid")?.map(str::to_owned), algorithm, material })
    }

    pub(super) fn from_rsa(
        kid: &str,
        algorithm: Algorithm,
        modulus: &[u8],
        exponent: &[u8],
    ) -> Result<Self, JwkError> {
        let material =
            checked_rsa(without_zeros(modulus).to_vec(), without_zeros(exponent).to_vec())?;
        Ok(Self { kid: Some(kid.to_owned()), algorithm: Some(algorithm), material })
    }

    pub(super) fn from_point(
        kid: &str,
        algorithm: Algorithm,
        curve: Curve,
        point: &[u8],
    ) -> Result<Self, JwkError> {
        let material = Material::Ec { curve, point: point.to_vec() };
        Ok(Self { kid: Some(kid.to_owned()), algorithm: Some(algorithm), material })
    }

    /// The key's id, if it has one. An opaque text.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithm the key is bound to, if it names one.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Whether a signature by `algorithm` may be verified with this key: the type fits, and the key
    /// is not bound to another algorithm (RFC 8725 section 3.1).
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.key_type() == self.material.key_type()
            && self.algorithm.is_none_or(|bound| bound == algorithm)
    }

    /// Verifies a signature over `message`. False also when the key does not fit the algorithm.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match &self.material {
            Material::Rsa { modulus, exponent } => {
                let Some(parameters) = algorithm.rsa_verification() else { return false };
                PublicKeyComponents { n: modulus, e: exponent }
                    .verify(parameters, message, signature)
                    .is_ok()
            }
            Material::Ec { curve, point } => {
                curve.verification().verify_sig(point, message, signature).is_ok()
            }
        }
    }

    /// SHA-256 thumbprint in base64url (RFC 7638 section 3).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let canonical = match &self.material {
            Material::Rsa { modulus, exponent } => {
                format!(
                    r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                    base64url(exponent),
                    base64url(modulus)
                )
            }
            Material::Ec { curve, point } => {
                let (x, y) = point[1..].split_at(curve.width());
                format!(
                    r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                    curve.name(),
                    base64url(x),
                    base64url(y)
                )
            }
        };
        base64url(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
    }

    /// The key as JWK with the members that make the key and no others (RFC 7638 section 3.2), as a
    /// DPoP proof carries it.
    #[must_use]
    pub fn to_bare_json(&self) -> Value {
        match &self.material {
            Material::Rsa { modulus, exponent } => {
                json!({"kty": "RSA", "n": base64url(modulus), "e": base64url(exponent)})
            }
            Material::Ec { curve, point } => {
                let (x, y) = point[1..].split_at(curve.width());
                json!({"kty": "EC", "crv": curve.name(), "x": base64url(x), "y": base64url(y)})
            }
        }
    }

    /// The key as JWK, with `use` = `sig` and its `kid` and `alg` if it has them.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut jwk = self.to_bare_json();
        jwk["use"] = json!("sig");
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        if let Some(algorithm) = self.algorithm {
            jwk["alg"] = json!(algorithm.name());
        }
        jwk
    }
}

impl fmt::Debug for PublicJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicJwk")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("thumbprint", &self.thumbprint())
            .finish()
    }
}

impl Material {
    fn key_type(&self) -> KeyType {
        match self {
            Self::Rsa { .. } => KeyType::Rsa,
            Self::Ec { curve, .. } => KeyType::Ec(*curve),
        }
    }
}

/// The usable signature keys of a JWKS. Keys are read one by one, so one that is unknown or broken
/// hides no other (RFC 7517 section 5). Keys without `kid` cannot be chosen and are left out. A key for
/// encryption may share its `kid` with a signature key, and so may one of another type; two signature
/// keys of one type under one `kid` are both left out, since it names neither.
///
/// # Errors
/// [`JwkError::NotAnObject`] or an error about `keys` when the document is not a JWKS at all.
pub fn parse_jwks(json: &[u8]) -> Result<Vec<PublicJwk>, JwkError> {
    let document = crate::strict_json::object(json).map_err(|_| JwkError::NotAnObject)?;
    let entries = match document.get("keys") {
        None => return Err(JwkError::Missing("keys")),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(JwkError::Type("keys")),
    };
    let text_of = |entry: &Map<String, Value>, name: &str| {
        entry.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    let named: Vec<(String, Option<String>, &Map<String, Value>)> = entries
        .iter()
        .filter_map(Value::as_object)
        .filter(|entry| check_purpose(entry) != Err(JwkError::Use))
        .filter_map(|entry| Some((text_of(entry, "kid")?, text_of(entry, "kty"), entry)))
        .collect();
    let mut keys = Vec::new();
    for (kid, kty, entry) in &named {
        if named.iter().filter(|(other, type_, _)| other == kid && type_ == kty).count() > 1 {
            tracing::warn!(kid, "key set names two signature keys alike; neither is used");
            continue;
        }
        match PublicJwk::from_members(entry) {
            Ok(key) => keys.push(key),
            Err(error) => tracing::debug!(kid, %error, "key left out"),
        }
    }
    Ok(keys)
}

pub(super) fn text<'a>(
    members: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, JwkError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(value)) => Ok(Some(value)),
        Some(_) => Err(JwkError::Type(name)),
    }
}

pub(super) fn bytes(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let value = text(members, name)?.ok_or(JwkError::Missing(name))?;
    from_base64url(value).ok_or(JwkError::Encoding(name))
}

fn check_purpose(members: &Map<String, Value>) -> Result<(), JwkError> {
    if text(members, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(JwkError::Use);
    }
    match members.get("key_ops") {
        None => Ok(()),
        // A private JWK says `sign`; its public half verifies.
        Some(Value::Array(operations)) => {
            if operations.iter().any(|name| name == "verify" || name == "sign") {
                Ok(())
            } else {
                Err(JwkError::Use)
            }
        }
        Some(_) => Err(JwkError::Type("key_ops")),
    }
}

fn rsa_material(members: &Map<String, Value>) -> Result<Material, JwkError> {
    let modulus = bytes(members, "n")?;
    let exponent = bytes(members, "e")?;
    // RFC 7518 section 6.3.1.1: the shortest spelling only, or one key had two thumbprints.
    if modulus.first() == Some(&0) {
        return Err(JwkError::Encoding("n"));
    }
    if exponent.first() == Some(&0) {
        return Err(JwkError::Encoding("e"));
    }
    checked_rsa(modulus, exponent)
}

fn checked_rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Material, JwkError> {
    let bits =
        modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(JwkError::Size);
    }
    let odd = exponent.last().is_some_and(|last| last % 2 == 1);
    if !odd || exponent == [1] || exponent.len() > 4 {
        return Err(JwkError::Exponent);
    }
    if modulus.last().is_none_or(|last| last % 2 == 0) || weak_rsa::has_roca_mark(&modulus) {
        return Err(JwkError::WeakModulus);
    }
    Ok(Material::Rsa { modulus, exponent })
}

fn ec_material(members: &Map<String, Value>) -> Result<Material, JwkError> {
    let curve = text(members, "crv")?.and_then(Curve::from_name).ok_or(JwkError::Curve)?;
    let (x, y) = (bytes(members, "x")?, bytes(members, "y")?);
    // RFC 7518 section 6.2.1.2: full width, leading zeros included.
    if x.len() != curve.width() {
        return Err(JwkError::Encoding("x"));
    }
    if y.len() != curve.width() {
        return Err(JwkError::Encoding("y"));
    }
    let mut point = vec![4];
    point.extend(x);
    point.extend(y);
    ParsedPublicKey::new(curve.verification(), &point).map_err(|_| JwkError::Point)?;
    Ok(Material::Ec { curve, point })
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    &bytes[start..]
}
