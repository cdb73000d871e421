//! Passkeys of local operators (Web Authentication Level 3): a key pair in the operator's device or key store, which
//! signs in this console only and only after its holder has unlocked it.
//!
//! A passkey is a line of a file that the configuration names, as `authorized_keys` of SSH is: the operator makes it in
//! the browser and hands the line in; nothing that a browser sends lets anybody in before somebody has put it there.
//! Attestation is not asked for, so nothing of the registration is signed and the public key is taken as the browser
//! gives it (`getPublicKey`, section 5.2.1.1): a DER structure that the cryptographic library reads.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use std::fmt;

/// Longest field that a browser gives, in bytes.
const MAX_FIELD: usize = 8 << 10;
/// Longest credential id, in bytes (section 5.8.3).
const MAX_ID: usize = 1023;
/// Flags of the authenticator data (section 6.1).
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// Why a passkey is not one, or does not let anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// Not a line of a passkey file.
    #[error(
        "not a passkey: a line `passkey ALGORITHM ID KEY` is expected, as the console shows it"
    )]
    NotALine,
    /// Of nobody here.
    #[error(
        "no operator has this passkey: its line must be in the operator's file, and the configuration read again"
    )]
    Unknown,
    /// A key that is not one of the algorithm.
    #[error("the passkey's public key cannot be used")]
    Key,
    /// A field that is missing, too long, or in another encoding.
    #[error("a field of the browser's answer cannot be read")]
    Field,
    /// Of another ceremony than the one begun.
    #[error("the answer is of another kind")]
    Kind,
    /// Not the challenge that was given.
    #[error("the answer is not to this challenge")]
    Challenge,
    /// Made on another page.
    #[error("the answer was made for another address")]
    Origin,
    /// Made for another site.
    #[error("the passkey is of another site")]
    Site,
    /// Nobody unlocked the key.
    #[error("the holder of the passkey was not verified")]
    NotVerified,
    /// Flags that cannot be together.
    #[error("the authenticator's flags contradict each other")]
    Flags,
    /// Not by this key.
    #[error("the passkey's signature is wrong")]
    Signature,
    /// The counter did not go up: the key may have been copied.
    #[error("the passkey's counter did not go up: it may have been copied")]
    Counter,
}

/// How a passkey signs. These three are what authenticators make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Es256,
    Rs256,
    Ed25519,
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::Ed25519];

    /// Its name in the file.
    fn name(self) -> &'static str {
        match self {
            Self::Es256 => "es256",
            Self::Rs256 => "rs256",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Its number in the registry of COSE.
    fn number(self) -> i32 {
        match self {
            Self::Es256 => -7,
            Self::Rs256 => -257,
            Self::Ed25519 => -8,
        }
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Es256 => &ECDSA_P256_SHA256_ASN1,
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Ed25519 => &ED25519,
        }
    }

    fn key(self, spki: &[u8]) -> Result<ParsedPublicKey, PasskeyError> {
        ParsedPublicKey::new(self.verification(), spki).map_err(|_| PasskeyError::Key)
    }
}

/// The public half of an operator's passkey.
#[derive(Clone)]
pub struct Passkey {
    id: Vec<u8>,
    algorithm: Algorithm,
    spki: Vec<u8>,
}

impl Passkey {
    /// Reads a line of a passkey file; what follows the key is a remark.
    ///
    /// # Errors
    /// [`PasskeyError::NotALine`], [`PasskeyError::Key`].
    pub fn parse(line: &str) -> Result<Self, PasskeyError> {
        let mut words = line.split_whitespace();
        let (Some("passkey"), Some(name), Some(id), Some(key)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(PasskeyError::NotALine);
        };
        let algorithm = Algorithm::ALL.into_iter().find(|one| one.name() == name);
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| PasskeyError::NotALine);
        Self::new(algorithm.ok_or(PasskeyError::NotALine)?, bytes(id)?, bytes(key)?)
    }

    fn new(algorithm: Algorithm, id: Vec<u8>, spki: Vec<u8>) -> Result<Self, PasskeyError> {
        if id.is_empty() || id.len() > MAX_ID {
            return Err(PasskeyError::Field);
        }
        algorithm.key(&spki)?;
        Ok(Self { id, algorithm, spki })
    }

    /// Whether this is the one with that id, as the browser writes it.
    pub(crate) fn has_id(&self, text: &str) -> bool {
        URL_SAFE_NO_PAD.decode(text).is_ok_and(|id| id == self.id)
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        &self.id
    }
}

impl fmt::Display for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        write!(f, "passkey {} {} {}", self.algorithm.name(), text(&self.id), text(&self.spki))
    }
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The site that passkeys are made for.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// Scheme, host and port, as browsers write them.
    origin: String,
    /// The host: passkeys are bound to it.
    host: String,
}

impl Site {
    /// By the address that browsers call. A bare IP address has no passkeys, so loopback is `localhost`.
    pub(crate) fn of(public_url: &str) -> Self {
        let url = public_url.trim_end_matches('/').to_ascii_lowercase();
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", &url));
        let authority = rest.split('/').next().unwrap_or(rest);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port)),
            _ => (authority, None),
        };
        let host = if matches!(host, "127.0.0.1" | "[::1]") { "localhost" } else { host };
        // An origin leaves the scheme's own port out.
        let own = if scheme == "https" { "443" } else { "80" };
        let origin = match port.filter(|port| *port != own) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        Self { origin, host: host.to_owned() }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The passkey that a browser has made (section 7.1, without attestation).
    pub(crate) fn registered(
        &self,
        challenge: &str,
        answer: &Registration<'_>,
    ) -> Result<Passkey, PasskeyError> {
        self.check_client(answer.client, "webauthn.create", challenge)?;
        let data = decoded(answer.authenticator)?;
        let after = self.check_authenticator(&data)?;
        if data[32] & HAS_CREDENTIAL == 0 {
            return Err(PasskeyError::Field);
        }
        // After flags and counter: 16 bytes for the model, two for the id's length, the id (section 6.5.1).
        let length = after.get(16..18).ok_or(PasskeyError::Field)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let id = after.get(18..18 + length).ok_or(PasskeyError::Field)?;
        let number: i32 = answer.algorithm.parse().map_err(|_| PasskeyError::Field)?;
        let algorithm = Algorithm::ALL.into_iter().find(|one| one.number() == number);
        Passkey::new(algorithm.ok_or(PasskeyError::Key)?, id.to_vec(), decoded(answer.key)?)
    }

    /// That the holder of this passkey signed the challenge, and the counter (section 7.2); `last` is the counter of
    /// the time before, 0 at the first.
    pub(crate) fn signed_in(
        &self,
        challenge: &str,
        passkey: &Passkey,
        answer: &Assertion<'_>,
        last: u32,
    ) -> Result<u32, PasskeyError> {
        self.check_client(answer.client, "webauthn.get", challenge)?;
        let data = decoded(answer.authenticator)?;
        self.check_authenticator(&data)?;
        let client = digest(&SHA256, &decoded(answer.client)?);
        let signed = [&data[..], client.as_ref()].concat();
        let signature = decoded(answer.signature)?;
        let key = passkey.algorithm.key(&passkey.spki)?;
        key.verify_sig(&signed, &signature).map_err(|_| PasskeyError::Signature)?;
        let counter = u32::from_be_bytes([data[33], data[34], data[35], data[36]]);
        if (counter != 0 || last != 0) && counter <= last {
            return Err(PasskeyError::Counter);
        }
        Ok(counter)
    }

    /// What the browser says of itself and the page (section 5.8.1).
    fn check_client(&self, text: &str, kind: &str, challenge: &str) -> Result<(), PasskeyError> {
        /// Other members may come.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Client {
            #[serde(rename = "type")]
            kind: String,
            challenge: String,
            origin: String,
            #[serde(default)]
            cross_origin: bool,
        }
        let client: Client =
            serde_json::from_slice(&decoded(text)?).map_err(|_| PasskeyError::Field)?;
        if client.kind != kind {
            return Err(PasskeyError::Kind);
        }
        if client.challenge != challenge {
            return Err(PasskeyError::Challenge);
        }
        if client.origin != self.origin || client.cross_origin {
            return Err(PasskeyError::Origin);
        }
        Ok(())
    }

    /// What the authenticator says; gives what follows flags and counter.
    fn check_authenticator<'a>(&self, data: &'a [u8]) -> Result<&'a [u8], PasskeyError> {
        if data.len() < 37 {
            return Err(PasskeyError::Field);
        }
        if data[..32] != *digest(&SHA256, self.host.as_bytes()).as_ref() {
            return Err(PasskeyError::Site);
        }
        let flags = data[32];
        // Unlocked by finger, face or PIN: a found key lets nobody in, and no password is needed beside it.
        if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
            return Err(PasskeyError::NotVerified);
        }
        if flags & BACKED_UP != 0 && flags & BACKUP_ELIGIBLE == 0 {
            return Err(PasskeyError::Flags);
        }
        Ok(&data[37..])
    }
}

/// What a browser gives of a new passkey, each in base64url but the algorithm.
pub(crate) struct Registration<'a> {
    pub(crate) client: &'a str,
    pub(crate) authenticator: &'a str,
    pub(crate) key: &'a str,
    pub(crate) algorithm: &'a str,
}

/// What a browser gives of a passkey that was used, each in base64url.
pub(crate) struct Assertion<'a> {
    pub(crate) client: &'a str,
    pub(crate) authenticator: &'a str,
    pub(crate) signature: &'a str,
}

fn decoded(text: &str) -> Result<Vec<u8>, PasskeyError> {
    if text.is_empty() || text.len() > MAX_FIELD {
        return Err(PasskeyError::Field);
    }
    URL_SAFE_NO_PAD.decode(text).map_err(|_| PasskeyError::Field)
}
