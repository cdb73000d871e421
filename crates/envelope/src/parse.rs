//! Reads the JSON object: names without case, any order, no duplicates, texts borrowed until decoded.

use std::{borrow::Cow, fmt};

use aws_lc_rs::digest::{Digest, SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use lmr_identifiers::OrganisationNumber;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use crate::certificate::Thumbprint;
use crate::primitives::{NONCE_LEN, TAG_LEN};
use crate::time::{TimeError, read_time};

/// The members of the envelope in the order of the guide's table, as this project writes them.
pub(crate) const MEMBERS: [&str; 13] = [
    "messageId",
    "senderOrganizationIdentifier",
    "messageFormatVersion",
    "rapporteringFra",
    "rapporteringTil",
    "encryptedContent",
    "encryptionCertificateThumbprint",
    "encryptedKey",
    "nonce",
    "authenticationTag",
    "signatureCertificateThumbprint",
    "signature",
    "generatedAt",
];

/// The only version of the message format there is.
pub(crate) const FORMAT_VERSION: &str = "1.0";

/// A message id longer than this is not taken; it is a key in the register's database.
const MESSAGE_ID_MAX: usize = 200;

/// Bounds on what a message may cost, all in bytes except the ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The whole JSON text.
    pub body: usize,
    /// The encrypted content after base64, which is as long as the compressed content.
    pub compressed: usize,
    /// The bundle after inflating.
    pub inflated: usize,
    /// How many times larger than its compressed form the bundle may be.
    pub ratio: usize,
}

impl Default for Limits {
    /// 64 MiB body, 48 MiB compressed, 512 MiB inflated, 200 times.
    fn default() -> Self {
        Self { body: 64 << 20, compressed: 48 << 20, inflated: 512 << 20, ratio: 200 }
    }
}

/// Why the text is not an envelope. Always the sender's fault; no text repeats a value.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParseError {
    /// The whole text is over [`Limits::body`].
    #[error("the message has more than {limit} bytes")]
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not JSON.
    #[error("not JSON (line {line}, column {column})")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("the message is not a JSON object")]
    NotAnObject,
    /// A member is absent, null or empty.
    #[error("`{member}` is missing")]
    Missing {
        /// Name as the guide spells it.
        member: &'static str,
    },
    /// A member occurs more than once, be it in another case.
    #[error("`{member}` occurs more than once")]
    Duplicate {
        /// Name as the guide spells it.
        member: &'static str,
    },
    /// A member is not a JSON string.
    #[error("`{member}` is not a string")]
    NotAString {
        /// Name as the guide spells it.
        member: &'static str,
    },
    /// Not standard base64 with padding and without line breaks.
    #[error("`{member}` is not base64 (standard alphabet, padding, no line breaks)")]
    NotBase64 {
        /// Name as the guide spells it.
        member: &'static str,
    },
    /// Nonce or tag have a fixed length.
    #[error("`{member}` must be {expected} bytes")]
    WrongLength {
        /// Name as the guide spells it.
        member: &'static str,
        /// Bytes.
        expected: usize,
    },
    /// Not 40 hex digits.
    #[error("`{member}` is not a SHA-1 thumbprint of 40 hex digits")]
    NotAThumbprint {
        /// Name as the guide spells it.
        member: &'static str,
    },
    /// Not a time.
    #[error("`{member}` {reason}")]
    NotATime {
        /// Name as the guide spells it.
        member: &'static str,
        /// What is wrong with it.
        reason: TimeError,
    },
    /// Neither an organisation number nor a known way to write one.
    #[error("`senderOrganizationIdentifier` is not an organisation number")]
    NotAnOrganisation,
    /// Blank, too long or with control characters.
    #[error("`messageId` is not usable as an id (1 to 200 printable characters)")]
    UnusableMessageId,
    /// Another format than 1.0.
    #[error("the message format version is not supported; only 1.0 is")]
    UnsupportedVersion,
    /// The ciphertext is over [`Limits::compressed`].
    #[error("the encrypted content has more than {limit} bytes")]
    ContentTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl ParseError {
    /// The member at fault, as the guide spells it.
    pub fn member(&self) -> Option<&'static str> {
        match self {
            Self::Missing { member }
            | Self::Duplicate { member }
            | Self::NotAString { member }
            | Self::NotBase64 { member }
            | Self::WrongLength { member, .. }
            | Self::NotAThumbprint { member }
            | Self::NotATime { member, .. } => Some(member),
            Self::NotAnOrganisation => Some(MEMBERS[1]),
            Self::UnusableMessageId => Some(MEMBERS[0]),
            Self::UnsupportedVersion => Some(MEMBERS[2]),
            Self::ContentTooLarge { .. } => Some(MEMBERS[5]),
            Self::BodyTooLarge { .. } | Self::NotJson { .. } | Self::NotAnObject => None,
        }
    }
}

/// Something odd that does not stop a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A member the guide does not know; it was not read. The name is cut at 60 characters.
    UnknownMember(String),
}

/// A message as it was sent: read, but neither verified nor decrypted.
pub struct Envelope {
    pub(crate) message_id: String,
    pub(crate) sender: OrganisationNumber,
    pub(crate) reporting_from: Timestamp,
    pub(crate) reporting_to: Timestamp,
    pub(crate) generated_at: Timestamp,
    pub(crate) content: Vec<u8>,
    pub(crate) content_digest: Digest,
    pub(crate) encryption_thumbprint: Thumbprint,
    pub(crate) encrypted_key: Vec<u8>,
    pub(crate) nonce: [u8; NONCE_LEN],
    pub(crate) tag: [u8; TAG_LEN],
    pub(crate) signature_thumbprint: Thumbprint,
    pub(crate) signature: Vec<u8>,
    pub(crate) warnings: Vec<Warning>,
}

impl Envelope {
    /// Reads a message. Costs at most a copy of the content, never more than the limits allow.
    ///
    /// # Errors
    /// [`ParseError`] names the member and what is wrong with it.
    pub fn parse(body: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        if body.len() > limits.body {
            return Err(ParseError::BodyTooLarge { limit: limits.body });
        }
        // Windows tools put a byte order mark in front.
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let raw = read_members(body)?;
        // The version first: a later format may have other members.
        if raw.text(2)?.as_ref() != FORMAT_VERSION {
            return Err(ParseError::UnsupportedVersion);
        }
        let message_id = raw.text(0)?.into_owned();
        if message_id.trim().is_empty()
            || message_id.len() > MESSAGE_ID_MAX
            || message_id.chars().any(char::is_control)
        {
            return Err(ParseError::UnusableMessageId);
        }
        let sender = OrganisationNumber::from_wire(&raw.text(1)?)
            .map_err(|_| ParseError::NotAnOrganisation)?;
        let reporting_from = raw.time(3)?;
        let reporting_to = raw.time(4)?;
        let encoded = raw.text(5)?;
        if encoded.len() / 4 > limits.compressed / 3 + 1 {
            return Err(ParseError::ContentTooLarge { limit: limits.compressed });
        }
        drop(encoded);
        let content = raw.base64(5)?;
        if content.len() > limits.compressed {
            return Err(ParseError::ContentTooLarge { limit: limits.compressed });
        }
        Ok(Self {
            message_id,
            sender,
            reporting_from,
            reporting_to,
            generated_at: raw.time(12)?,
            encryption_thumbprint: raw.thumbprint(6)?,
            encrypted_key: raw.base64(7)?,
            nonce: raw.fixed(8)?,
            tag: raw.fixed(9)?,
            signature_thumbprint: raw.thumbprint(10)?,
            signature: raw.base64(11)?,
            content_digest: digest(&SHA256, &content),
            content,
            warnings: raw.unknown.into_iter().map(Warning::UnknownMember).collect(),
        })
    }

    /// The sender's id of the message.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// Who claims to send.
    pub fn sender(&self) -> OrganisationNumber {
        self.sender
    }

    /// Start of the reporting period.
    pub fn reporting_from(&self) -> Timestamp {
        self.reporting_from
    }

    /// End of the reporting period.
    pub fn reporting_to(&self) -> Timestamp {
        self.reporting_to
    }

    /// When the sender made the message.
    pub fn generated_at(&self) -> Timestamp {
        self.generated_at
    }

    /// The register's certificate it was encrypted for.
    pub fn encryption_thumbprint(&self) -> Thumbprint {
        self.encryption_thumbprint
    }

    /// The sender's certificate it was signed with.
    pub fn signature_thumbprint(&self) -> Thumbprint {
        self.signature_thumbprint
    }

    /// SHA-256 of the encrypted content: what recognises it under another message id.
    pub fn content_sha256(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.content_digest.as_ref());
        bytes
    }

    /// Length of the encrypted content in bytes.
    pub fn content_len(&self) -> usize {
        self.content.len()
    }

    /// What was odd about the message.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("message_id", &self.message_id)
            .field("sender", &self.sender)
            .field("content_len", &self.content.len())
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Members<'a> {
    values: [Option<Value<'a>>; 13],
    duplicate: Option<usize>,
    unknown: Vec<String>,
}

enum Value<'a> {
    Text(Cow<'a, str>),
    Null,
    Other,
}

impl<'a> Members<'a> {
    fn text(&self, index: usize) -> Result<Cow<'_, str>, ParseError> {
        let member = MEMBERS[index];
        match &self.values[index] {
            Some(Value::Text(text)) if !text.is_empty() => Ok(Cow::Borrowed(text.as_ref())),
            Some(Value::Other) => Err(ParseError::NotAString { member }),
            _ => Err(ParseError::Missing { member }),
        }
    }

    fn time(&self, index: usize) -> Result<Timestamp, ParseError> {
        read_time(&self.text(index)?)
            .map_err(|reason| ParseError::NotATime { member: MEMBERS[index], reason })
    }

    fn thumbprint(&self, index: usize) -> Result<Thumbprint, ParseError> {
        Thumbprint::parse(&self.text(index)?)
            .ok_or(ParseError::NotAThumbprint { member: MEMBERS[index] })
    }

    fn base64(&self, index: usize) -> Result<Vec<u8>, ParseError> {
        STANDARD
            .decode(self.text(index)?.as_bytes())
            .map_err(|_| ParseError::NotBase64 { member: MEMBERS[index] })
    }

    fn fixed<const N: usize>(&self, index: usize) -> Result<[u8; N], ParseError> {
        self.base64(index)?
            .try_into()
            .map_err(|_| ParseError::WrongLength { member: MEMBERS[index], expected: N })
    }
}

fn read_members(body: &[u8]) -> Result<Members<'_>, ParseError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let members = reader.deserialize_any(MembersVisitor).and_then(|m| reader.end().map(|()| m));
    match members {
        Ok(Some(Members { duplicate: Some(index), .. })) => {
            Err(ParseError::Duplicate { member: MEMBERS[index] })
        }
        Ok(Some(members)) => Ok(members),
        Ok(None) => Err(ParseError::NotAnObject),
        Err(error) => Err(ParseError::NotJson { line: error.line(), column: error.column() }),
    }
}

struct MembersVisitor;

/// Answers for a value that is not what is looked for; it is read to its end all the same.
macro_rules! not_wanted {
    ($value:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
}

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Option<Members<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::default();
        while let Some(Value::Text(name)) = map.next_key_seed(ValueSeed)? {
            let value = map.next_value_seed(ValueSeed)?;
            match MEMBERS.iter().position(|known| known.eq_ignore_ascii_case(&name)) {
                Some(index) if members.values[index].is_some() => {
                    members.duplicate.get_or_insert(index);
                }
                Some(index) => members.values[index] = Some(value),
                // A handful says enough; a million names need not be remembered.
                None if members.unknown.len() < 10 => {
                    members.unknown.push(name.chars().take(60).collect())
                }
                None => {}
            }
        }
        Ok(Some(members))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    not_wanted!(None);
}

struct ValueSeed;

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    not_wanted!(Value::Other);
}
