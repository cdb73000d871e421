//! Certificates and private keys: in files of several forms, or on a token.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lmr_auth::Environment;
use lmr_auth::jose::{
    Algorithm, ExternalPublicKey, KeyType, SigningKey as TokenSigningKey, SigningKeyError,
};
use lmr_envelope::{Certificate, PrivateKey};
use lmr_keys::token::{self, Hash, SignatureScheme, TokenKey, TokenPublicKey};
use lmr_keys::{FoundKey, Password, TokenUri, is_pkcs12, read_certificates, read_private_key};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::read_text;
use crate::output::read;
use crate::text::{Explain, fail, text};

/// A certificate and its private key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFiles {
    /// Certificate: PEM (a TLS certificate may be followed by its chain), DER, PKCS#12, or a `pkcs11:` URI.
    pub(crate) certificate: PathBuf,
    /// Private key: PEM, DER, JWK, PKCS#12, or a `pkcs11:` URI.
    pub(crate) key: PathBuf,
    /// File with the password of the key, or the PIN of the token.
    pub(crate) key_password_file: Option<PathBuf>,
    /// Variable of the environment with the same.
    pub(crate) key_password_env: Option<String>,
}

impl KeyFiles {
    /// The same with paths that start from `folder`.
    pub(crate) fn from(&self, folder: &Path) -> Self {
        Self {
            certificate: located(folder, &self.certificate),
            key: located(folder, &self.key),
            key_password_file: self.key_password_file.as_ref().map(|path| folder.join(path)),
            key_password_env: self.key_password_env.clone(),
        }
    }

    /// What decrypts them.
    fn password(&self) -> anyhow::Result<Option<Password>> {
        password(self.key_password_file.as_deref(), self.key_password_env.as_deref())
    }

    /// Reads the certificate, naming its file in the error.
    pub(crate) fn certificate(&self) -> anyhow::Result<Certificate> {
        if TokenUri::is_one(&self.certificate.to_string_lossy())
            || is_pkcs12(&read(&self.certificate)?)
        {
            let all = certificates(&self.certificate, self.password()?.as_ref())?;
            let first = all.first().map(Vec::as_slice).unwrap_or_default();
            return Certificate::from_der(first).explain(|| no_certificate(&self.certificate));
        }
        certificate(&self.certificate)
    }

    /// Reads the private key, naming its file in the error.
    pub(crate) fn private_key(&self) -> anyhow::Result<PrivateKey> {
        let found = found_key(&self.key, self.password()?.as_ref())?;
        found.for_envelope().explain(|| no_key(&self.key))
    }

    /// Chain and key in PEM, as TLS takes them.
    pub(crate) fn for_tls(&self) -> anyhow::Result<(Vec<u8>, Zeroizing<Vec<u8>>)> {
        let password = self.password()?;
        let chain = certificates(&self.certificate, password.as_ref())?;
        let chain: String = chain.iter().map(|der| pem("CERTIFICATE", der).to_string()).collect();
        let key = match found_key(&self.key, password.as_ref())? {
            Found::File(FoundKey::Pkcs8(der)) => pem("PRIVATE KEY", &der),
            Found::File(FoundKey::Jwk(jwk)) => pem_of_jwk(&jwk).explain(|| no_key(&self.key))?,
            Found::Token(_) => fail!(
                "{path}: en nøkkel på et token kan ikke brukes til TLS her; la en mellomtjener ta TLS",
                "{path}: a key on a token cannot be used for TLS here; let a proxy do TLS",
                path = self.key.display()
            ),
        };
        Ok((chain.into_bytes(), Zeroizing::new(key.as_bytes().to_vec())))
    }

    /// The files that nobody else may read.
    pub(crate) fn secrets(&self) -> Vec<PathBuf> {
        [Some(&self.key), self.key_password_file.as_ref()].into_iter().flatten().cloned().collect()
    }
}

/// A path from `folder`; a `pkcs11:` URI stays as it is.
pub(crate) fn located(folder: &Path, path: &Path) -> PathBuf {
    if TokenUri::is_one(&path.to_string_lossy()) { path.to_owned() } else { folder.join(path) }
}

/// A password from its file or from the environment.
#[expect(clippy::disallowed_methods, reason = "the environment is read in this crate only")]
pub(crate) fn password(
    file: Option<&Path>,
    variable: Option<&str>,
) -> anyhow::Result<Option<Password>> {
    match (file, variable) {
        (None, None) => Ok(None),
        (Some(file), None) => Ok(Some(Password::new(
            read_text(file).explain(|| text!("key_password_file", "key_password_file"))?,
        ))),
        (None, Some(variable)) => match std::env::var(variable) {
            Ok(password) => Ok(Some(Password::new(password))),
            Err(_) => fail!(
                "key_password_env: miljøvariabelen {variable} er ikke satt",
                "key_password_env: the environment variable {variable} is not set"
            ),
        },
        (Some(_), Some(_)) => fail!(
            "både key_password_file og key_password_env: passordet står ett sted",
            "both key_password_file and key_password_env: the password is in one of them"
        ),
    }
}

/// A private key where it was found.
pub(crate) enum Found {
    File(FoundKey),
    Token(Arc<OnToken>),
}

/// Finds the private key of a file or a URI.
pub(crate) fn found_key(path: &Path, password: Option<&Password>) -> anyhow::Result<Found> {
    let name = path.to_string_lossy();
    if TokenUri::is_one(&name) {
        let key = TokenUri::parse(&name)
            .map_err(anyhow::Error::from)
            .and_then(|uri| Ok(token::open(&uri, password)?))
            .explain(|| no_key(path))?;
        return Ok(Found::Token(Arc::new(OnToken(key))));
    }
    let content = Zeroizing::new(read(path)?);
    read_private_key(&content, password).map(Found::File).explain(|| no_key(path))
}

/// Reads the certificates of a file or a URI, DER, the leaf first.
pub(crate) fn certificates(
    path: &Path,
    password: Option<&Password>,
) -> anyhow::Result<Vec<Vec<u8>>> {
    let name = path.to_string_lossy();
    if TokenUri::is_one(&name) {
        return TokenUri::parse(&name)
            .map_err(anyhow::Error::from)
            .and_then(|uri| Ok(token::certificates(&uri, password)?))
            .explain(|| no_certificate(path));
    }
    read_certificates(&read(path)?, password).explain(|| no_certificate(path))
}

impl Found {
    fn for_envelope(self) -> anyhow::Result<PrivateKey> {
        Ok(match self {
            Self::File(FoundKey::Pkcs8(der)) => PrivateKey::from_pkcs8(&der)?,
            Self::File(FoundKey::Jwk(jwk)) => PrivateKey::from_pem(pem_of_jwk(&jwk)?.as_bytes())?,
            Self::Token(key) => PrivateKey::external(key),
        })
    }

    /// For assertions and proofs; `kid` and `algorithm` come from a JWK unless given.
    pub(crate) fn for_tokens(
        self,
        path: &Path,
        kid: Option<&str>,
        algorithm: Option<Algorithm>,
    ) -> anyhow::Result<TokenSigningKey> {
        if let Self::File(FoundKey::Jwk(jwk)) = &self {
            return TokenSigningKey::from_jwk(jwk, kid, algorithm).explain(|| no_key(path));
        }
        let needed = |key: &'static str| {
            text!(
                "{path} er ikke en JWK; nøkkelen krever {key} i konfigurasjonen",
                "{path} is not a JWK; the key needs {key} in the configuration",
                path = path.display()
            )
        };
        let kid = kid.explain(|| needed("kid"))?;
        let algorithm = algorithm.explain(|| needed("algorithm"))?;
        match self {
            Self::File(FoundKey::Pkcs8(der) | FoundKey::Jwk(der)) => {
                TokenSigningKey::from_pkcs8(&der, kid, algorithm)
            }
            Self::Token(key) => {
                let token = Arc::clone(&key);
                let public = match token.0.public_key() {
                    TokenPublicKey::Rsa { modulus, exponent } => {
                        ExternalPublicKey::Rsa { modulus, exponent }
                    }
                    TokenPublicKey::Ec { point } => ExternalPublicKey::Ec { point },
                };
                TokenSigningKey::external(key, public, kid, algorithm)
            }
        }
        .explain(|| no_key(path))
    }
}

/// A key on a token, as both rooms that sign want it.
pub(crate) struct OnToken(TokenKey);

impl lmr_envelope::ExternalKey for OnToken {
    fn sign_sha256(&self, hash: &[u8]) -> Result<Vec<u8>, String> {
        self.0
            .sign(SignatureScheme::RsaPkcs1(Hash::Sha256), hash)
            .map_err(|error| error.to_string())
    }
}

impl lmr_auth::jose::ExternalKey for OnToken {
    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, String> {
        use sha2::{Digest as _, Sha256, Sha384, Sha512};
        let name = algorithm.name();
        let (hash, digest) = match name.get(2..) {
            Some("384") => (Hash::Sha384, Sha384::digest(message).to_vec()),
            Some("512") => (Hash::Sha512, Sha512::digest(message).to_vec()),
            _ => (Hash::Sha256, Sha256::digest(message).to_vec()),
        };
        let scheme = match algorithm.key_type() {
            KeyType::Ec(_) => SignatureScheme::Ecdsa(hash),
            KeyType::Rsa if name.starts_with("PS") => SignatureScheme::RsaPss(hash),
            KeyType::Rsa => SignatureScheme::RsaPkcs1(hash),
        };
        self.0.sign(scheme, &digest).map_err(|error| error.to_string())
    }
}

/// A private JWK as PKCS#8 in PEM; its id and algorithm do not matter there.
fn pem_of_jwk(jwk: &[u8]) -> anyhow::Result<Zeroizing<String>> {
    let key = match TokenSigningKey::from_jwk(jwk, Some("-"), None) {
        Err(SigningKeyError::AlgorithmMissing) => {
            TokenSigningKey::from_jwk(jwk, Some("-"), Some(Algorithm::RS256))
        }
        read => read,
    }?;
    Ok(Zeroizing::new(key.to_pkcs8_pem()?.expose().to_owned()))
}

fn pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    use base64::Engine as _;
    let base64 = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(der).into_bytes());
    let mut out = Zeroizing::new(format!("-----BEGIN {label}-----\n"));
    for line in base64.chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

fn no_certificate(path: &Path) -> crate::text::Text {
    text!(
        "{path} er ikke et sertifikat som kan brukes",
        "{path} is not a usable certificate",
        path = path.display()
    )
}

fn no_key(path: &Path) -> crate::text::Text {
    text!(
        "{path} er ikke en privat nøkkel som kan brukes",
        "{path} is not a usable private key",
        path = path.display()
    )
}

/// Refuses a register's certificate that is issued to the sender: what is encrypted for it the register cannot read. Somebody
/// who tries both sides alone has one number.
pub(crate) fn check_is_of_another(
    register: &Certificate,
    organisation: &str,
    environment: Option<Environment>,
) -> anyhow::Result<()> {
    let named = register.organisation();
    let is_own = named.is_some_and(|named| named.as_str() == organisation);
    if is_own && environment != Some(Environment::Local) {
        fail!(
            "sertifikatet er utstedt til {organisation}, altså til oss selv, og registeret kunne ikke lese noe: be registeret \
             om sitt",
            "the certificate is issued to {organisation}, which is ourselves, and the register could read nothing: ask the \
             register for its own"
        );
    }
    Ok(())
}

/// Reads a certificate file that no password protects, naming it in the error.
pub(crate) fn certificate(path: &Path) -> anyhow::Result<Certificate> {
    Certificate::read(&read(path)?).explain(|| no_certificate(path))
}
