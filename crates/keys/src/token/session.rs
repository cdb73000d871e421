//! A key on a token by way of `cryptoki`: one session, logged in, opened again when the token was away.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::{Hash, SignatureScheme, TokenError, TokenPublicKey};
use crate::{Password, TokenUri};

/// `DigestInfo` before the hash, as PKCS#1 v1.5 signs it (RFC 8017 section 9.2).
const DIGEST_INFO: [(Hash, [u8; 19]); 3] = [
    (Hash::Sha256, digest_info(0x31, 1, 0x20)),
    (Hash::Sha384, digest_info(0x41, 2, 0x30)),
    (Hash::Sha512, digest_info(0x51, 3, 0x40)),
];

const fn digest_info(all: u8, hash: u8, length: u8) -> [u8; 19] {
    [
        0x30, all, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash,
        0x05, 0x00, 0x04, length,
    ]
}

/// Libraries in use: each is initialised once in a process.
static MODULES: Mutex<Option<HashMap<PathBuf, Pkcs11>>> = Mutex::new(None);

fn module(path: &Path) -> Result<Pkcs11, TokenError> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let modules = modules.get_or_insert_default();
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let unusable = |error: Error| TokenError::Module {
        path: path.display().to_string(),
        reason: reason(&error),
    };
    let module = Pkcs11::new(path).map_err(unusable)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(unusable(error)),
    }
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

/// The module's name of an error, without what an application knows already.
fn reason(error: &Error) -> String {
    match error {
        Error::Pkcs11(rv, _) => format!("{rv:?}"),
        Error::LibraryLoading(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn failed(step: &'static str) -> impl Fn(Error) -> TokenError {
    move |error| TokenError::Failed { step, reason: reason(&error) }
}

/// The one token that fits.
fn slot(module: &Pkcs11, uri: &TokenUri) -> Result<Slot, TokenError> {
    let slots = module.get_slots_with_token().map_err(failed("listing the tokens"))?;
    let (mut fitting, mut present) = (Vec::new(), Vec::new());
    for slot in slots {
        let info = module.get_token_info(slot).map_err(failed("asking a token for its name"))?;
        if !info.token_initialized() {
            continue;
        }
        let (label, serial) = (info.label().trim_end(), info.serial_number().trim_end());
        let name = format!("{label} (serial {serial})");
        let fits = uri.token.as_deref().is_none_or(|wanted| wanted == label)
            && uri.serial.as_deref().is_none_or(|wanted| wanted == serial);
        if fits {
            fitting.push((slot, name.clone()));
        }
        present.push(name);
    }
    match fitting.as_slice() {
        [(slot, _)] => Ok(*slot),
        [] if present.is_empty() => Err(TokenError::NoToken { present: "-".to_owned() }),
        [] => Err(TokenError::NoToken { present: present.join(", ") }),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| name.as_str()).collect();
            Err(TokenError::SeveralTokens { present: names.join(", ") })
        }
    }
}

fn session(uri: &TokenUri) -> Result<Session, TokenError> {
    let module = module(&uri.module)?;
    let slot = slot(&module, uri)?;
    module.open_ro_session(slot).map_err(failed("opening a session"))
}

fn log_in(session: &Session, pin: Option<&str>) -> Result<(), TokenError> {
    let pin = pin.ok_or(TokenError::PinMissing)?;
    match session.login(UserType::User, Some(&AuthPin::new(pin.to_owned().into()))) {
        // Another session of this process is logged in, which counts for all of them.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange,
            _,
        )) => Err(TokenError::PinWrong),
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(TokenError::PinLocked),
        Err(error) => Err(failed("logging in")(error)),
    }
}

fn template(uri: &TokenUri, class: ObjectClass) -> Vec<Attribute> {
    let mut template = vec![Attribute::Class(class)];
    template.extend(uri.object.as_ref().map(|label| Attribute::Label(label.as_bytes().to_vec())));
    template.extend(uri.id.clone().map(Attribute::Id));
    template
}

fn find(session: &Session, template: &[Attribute]) -> Result<Vec<ObjectHandle>, TokenError> {
    session.find_objects(template).map_err(failed("looking for the key"))
}

/// The certificates by this label or id; a token may let them be read without its PIN.
pub(super) fn certificates(
    uri: &TokenUri,
    pin: Option<&Password>,
) -> Result<Vec<Vec<u8>>, TokenError> {
    let session = session(uri)?;
    let pin = read_pin(uri, pin)?;
    if let Some(pin) = &pin {
        log_in(&session, Some(pin))?;
    }
    let mut found = Vec::new();
    for handle in find(&session, &template(uri, ObjectClass::CERTIFICATE))? {
        let attributes = session
            .get_attributes(handle, &[AttributeType::Value])
            .map_err(failed("reading the certificate"))?;
        found.extend(attributes.into_iter().filter_map(|attribute| match attribute {
            Attribute::Value(der) => Some(der),
            _ => None,
        }));
    }
    if found.is_empty() {
        return Err(TokenError::NoCertificate);
    }
    Ok(found)
}

/// The PIN: that of the configuration, or of the file that the URI names.
fn read_pin(
    uri: &TokenUri,
    pin: Option<&Password>,
) -> Result<Option<Zeroizing<String>>, TokenError> {
    if let Some(pin) = pin {
        return Ok(Some(Zeroizing::new(pin.expose().to_owned())));
    }
    let Some(file) = &uri.pin_file else { return Ok(None) };
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let text = Password::new(text);
            Ok(Some(Zeroizing::new(text.expose().to_owned())))
        }
        Err(error) => Err(TokenError::Failed {
            step: "reading the file of pin-source",
            reason: error.kind().to_string(),
        }),
    }
}

/// A private key on a token. Signing takes turns: a session does one thing at a time.
pub struct TokenKey {
    uri: TokenUri,
    pin: Option<Zeroizing<String>>,
    public: TokenPublicKey,
    open: Mutex<Option<(Session, ObjectHandle)>>,
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKey").field("uri", &self.uri).finish_non_exhaustive()
    }
}

impl TokenKey {
    pub(super) fn open(uri: &TokenUri, pin: Option<&Password>) -> Result<Self, TokenError> {
        let pin = read_pin(uri, pin)?;
        let (session, key) = Self::log_on(uri, pin.as_ref().map(|pin| pin.as_str()))?;
        let public = public_key(&session, key)?;
        Ok(Self { uri: uri.clone(), pin, public, open: Mutex::new(Some((session, key))) })
    }

    fn log_on(uri: &TokenUri, pin: Option<&str>) -> Result<(Session, ObjectHandle), TokenError> {
        let session = session(uri)?;
        log_in(&session, pin)?;
        let keys = find(&session, &template(uri, ObjectClass::PRIVATE_KEY))?;
        match keys.as_slice() {
            [key] => Ok((session, *key)),
            [] => Err(TokenError::NoKey),
            several => Err(TokenError::SeveralKeys { count: several.len() }),
        }
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &TokenPublicKey {
        &self.public
    }

    /// Signs a hash, which was made here: tokens differ in the hashes they make themselves.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn sign(&self, scheme: SignatureScheme, hash: &[u8]) -> Result<Vec<u8>, TokenError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((session, key)) = &*open {
            match sign(session, *key, scheme, hash) {
                Err(error) if was_away(&error) => *open = None,
                signed => return signed.map_err(failed("signing")),
            }
        }
        let (session, key) = Self::log_on(&self.uri, self.pin.as_ref().map(|pin| pin.as_str()))?;
        let signed = sign(&session, key, scheme, hash).map_err(failed("signing"));
        *open = Some((session, key));
        signed
    }
}

/// Whether a new session may help: the token was taken out, restarted, or has forgotten the session.
fn was_away(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::DeviceRemoved
                | RvError::TokenNotPresent
                | RvError::UserNotLoggedIn
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid,
            _
        )
    )
}

fn sign(
    session: &Session,
    key: ObjectHandle,
    scheme: SignatureScheme,
    hash: &[u8],
) -> Result<Vec<u8>, Error> {
    match scheme {
        SignatureScheme::RsaPkcs1(kind) => {
            let prefix = DIGEST_INFO.iter().find(|(known, _)| *known == kind);
            let prefix: &[u8] = prefix.map(|(_, prefix)| prefix.as_slice()).unwrap_or_default();
            session.sign(&Mechanism::RsaPkcs, key, &[prefix, hash].concat())
        }
        SignatureScheme::RsaPss(kind) => {
            let (hash_alg, mgf) = match kind {
                Hash::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
                Hash::Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384),
                Hash::Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512),
            };
            let s_len = hash.len().try_into()?;
            let params = PkcsPssParams { hash_alg, mgf, s_len };
            session.sign(&Mechanism::RsaPkcsPss(params), key, hash)
        }
        SignatureScheme::Ecdsa(_) => session.sign(&Mechanism::Ecdsa, key, hash),
    }
}

/// The public half: what the private key shows of itself, or the public key beside it.
fn public_key(session: &Session, key: ObjectHandle) -> Result<TokenPublicKey, TokenError> {
    let wanted = [AttributeType::Modulus, AttributeType::PublicExponent, AttributeType::Id];
    let of = |handle: ObjectHandle, wanted: &[AttributeType]| {
        session.get_attributes(handle, wanted).map_err(failed("reading the public key"))
    };
    let (mut modulus, mut exponent, mut id) = (None, None, None);
    for attribute in of(key, &wanted)? {
        match attribute {
            Attribute::Modulus(value) => modulus = Some(value),
            Attribute::PublicExponent(value) => exponent = Some(value),
            Attribute::Id(value) => id = Some(value),
            _ => {}
        }
    }
    if let (Some(modulus), Some(exponent)) = (modulus, exponent) {
        return Ok(TokenPublicKey::Rsa { modulus, exponent });
    }
    let id = id.filter(|id| !id.is_empty()).ok_or(TokenError::NoPublicKey)?;
    let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Id(id)];
    let public = find(session, &template)?;
    let public = *public.first().ok_or(TokenError::NoPublicKey)?;
    let wanted = [AttributeType::EcPoint, AttributeType::Modulus, AttributeType::PublicExponent];
    let (mut modulus, mut exponent) = (None, None);
    for attribute in of(public, &wanted)? {
        match attribute {
            // An OCTET STRING with the point; some tokens give the point alone.
            Attribute::EcPoint(value) => {
                let point = match value.as_slice() {
                    [4, length, point @ ..] if usize::from(*length) == point.len() => point,
                    [4, 0x81, length, point @ ..] if usize::from(*length) == point.len() => point,
                    point => point,
                };
                return Ok(TokenPublicKey::Ec { point: point.to_vec() });
            }
            Attribute::Modulus(value) => modulus = Some(value),
            Attribute::PublicExponent(value) => exponent = Some(value),
            _ => {}
        }
    }
    match (modulus, exponent) {
        (Some(modulus), Some(exponent)) => Ok(TokenPublicKey::Rsa { modulus, exponent }),
        _ => Err(TokenError::NoPublicKey),
    }
}
