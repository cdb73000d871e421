//! Enterprise certificates (virksomhetssertifikat): whose they are, how long and for what they are valid.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    signature::ParsedPublicKey,
};
use jiff::Timestamp;
use lmr_identifiers::OrganisationNumber;
use thiserror::Error;
use x509_parser::{
    certificate::X509Certificate,
    der_parser::{Oid, oid},
    parse_x509_certificate,
    pem::Pem,
    public_key::PublicKey,
};

use crate::primitives;

const ORGANIZATION_IDENTIFIER: Oid<'static> = oid!(2.5.4.97);
const SERIAL_NUMBER: Oid<'static> = oid!(2.5.4.5);

/// Lengths of an RSA modulus that are taken, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// SHA-1 over the certificate's DER: .NET's name for it. A name, not a security check.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint([u8; 20]);

impl Thumbprint {
    /// Reads 40 hex digits in either case; blanks and colons between them are skipped.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 20];
        let mut digits = 0;
        // .NET's certificate dialogue puts an invisible left-to-right mark in front when copied.
        for c in text.chars().filter(|c| !matches!(c, ' ' | ':' | '\u{200e}')) {
            let value = u8::try_from(c.to_digit(16)?).ok()?;
            let byte = bytes.get_mut(digits / 2)?;
            *byte = *byte << 4 | value;
            digits += 1;
        }
        (digits == 40).then_some(Self(bytes))
    }

    /// The thumbprint with these bytes.
    pub(crate) fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 20];
        bytes.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Thumbprint {
    /// 40 upper-case digits, as .NET writes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

/// What a certificate is going to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// The sender's: digital signature (or content commitment).
    Signature,
    /// The register's: key encipherment.
    KeyEncipherment,
}

/// Why a certificate cannot be read or used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CertificateError {
    /// No `CERTIFICATE` block.
    #[error("no PEM block `CERTIFICATE` in the file")]
    NoPem,
    /// Not X.509.
    #[error("not a readable X.509 certificate")]
    Unreadable,
    /// Not an RSA key of 2048 to 8192 bits.
    #[error("the certificate {thumbprint} has no RSA key of at least 2048 bits")]
    NotRsa {
        /// Which one.
        thumbprint: Thumbprint,
    },
    /// Used before its time.
    #[error("the certificate {thumbprint} is not valid before {not_before}")]
    NotYetValid {
        /// Which one.
        thumbprint: Thumbprint,
        /// Start of its validity.
        not_before: Timestamp,
    },
    /// Used after its time.
    #[error("the certificate {thumbprint} expired {not_after}")]
    Expired {
        /// Which one.
        thumbprint: Thumbprint,
        /// End of its validity.
        not_after: Timestamp,
    },
    /// Its key usage extension forbids this use.
    #[error("the certificate {thumbprint} is not meant for this use ({usage:?})")]
    WrongUsage {
        /// Which one.
        thumbprint: Thumbprint,
        /// The use asked for.
        usage: Usage,
    },
}

/// An enterprise certificate (virksomhetssertifikat). Cheap to clone.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    public_key: Vec<u8>,
    verification_key: ParsedPublicKey,
    thumbprint: Thumbprint,
    organisation: Option<OrganisationNumber>,
    common_name: Option<String>,
    not_before: Timestamp,
    not_after: Timestamp,
    signs: bool,
    enciphers: bool,
}

impl Certificate {
    /// Reads the first `CERTIFICATE` block, or bare DER.
    ///
    /// # Errors
    /// [`CertificateError`] says what the certificate lacks for this.
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.first() == Some(&0x30) {
            return Self::from_der(bytes);
        }
        Self::all_from_pem(bytes)?.into_iter().next().ok_or(CertificateError::NoPem)
    }

    /// Reads every `CERTIFICATE` block of a PEM file, in order.
    ///
    /// # Errors
    /// [`CertificateError`] says what the certificate lacks for this.
    pub fn all_from_pem(text: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let mut found = Vec::new();
        for block in Pem::iter_from_buffer(text) {
            let block = block.map_err(|_| CertificateError::Unreadable)?;
            if block.label == "CERTIFICATE" {
                found.push(Self::from_der(&block.contents)?);
            }
        }
        Ok(found)
    }

    /// Reads one certificate; bytes after it are an error.
    ///
    /// # Errors
    /// [`CertificateError`] says what the certificate lacks for this.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, parsed) =
            parse_x509_certificate(der).map_err(|_| CertificateError::Unreadable)?;
        if !rest.is_empty() {
            return Err(CertificateError::Unreadable);
        }
        let thumbprint = Thumbprint::of(der);
        // The library looks at the length only when a signature is verified.
        let size = match parsed.public_key().parsed() {
            Ok(PublicKey::RSA(key)) => bits(key.modulus),
            _ => 0,
        };
        if !RSA_BITS.contains(&size) {
            return Err(CertificateError::NotRsa { thumbprint });
        }
        let public_key = parsed.public_key().raw.to_vec();
        let verification_key = primitives::verification_key(&public_key)
            .map_err(|_| CertificateError::NotRsa { thumbprint })?;
        let usage =
            parsed.key_usage().map_err(|_| CertificateError::Unreadable)?.map(|u| u.value.flags);
        let bit = |n: u16| usage.is_none_or(|flags| flags & (1 << n) != 0);
        let time = |t: x509_parser::time::ASN1Time| {
            Timestamp::from_second(t.timestamp()).map_err(|_| CertificateError::Unreadable)
        };
        Ok(Self(Arc::new(Inner {
            thumbprint,
            organisation: organisation(&parsed),
            common_name: parsed
                .subject()
                .iter_common_name()
                .next()
                .and_then(|a| a.as_str().ok())
                .map(str::to_owned),
            not_before: time(parsed.validity().not_before)?,
            not_after: time(parsed.validity().not_after)?,
            // RFC 5280 4.2.1.3: digitalSignature 0, contentCommitment 1, keyEncipherment 2.
            signs: bit(0) || bit(1),
            enciphers: bit(2),
            der: der.to_vec(),
            public_key,
            verification_key,
        })))
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Its name in envelopes.
    pub fn thumbprint(&self) -> Thumbprint {
        self.0.thumbprint
    }

    /// The holder's number: subject `organizationIdentifier` (`NTRNO-…`), else `serialNumber` of nine digits.
    pub fn organisation(&self) -> Option<OrganisationNumber> {
        self.0.organisation
    }

    /// The subject's common name, for people to recognise it by.
    pub fn common_name(&self) -> Option<&str> {
        self.0.common_name.as_deref()
    }

    /// Start of validity.
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// End of validity, itself included.
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// Whether the certificate is within its validity at `now`.
    ///
    /// # Errors
    /// [`CertificateError`] says what the certificate lacks for this.
    pub fn check_valid(&self, now: Timestamp) -> Result<(), CertificateError> {
        let thumbprint = self.0.thumbprint;
        if now < self.0.not_before {
            return Err(CertificateError::NotYetValid {
                thumbprint,
                not_before: self.0.not_before,
            });
        }
        // notAfter counts whole seconds and includes the last one.
        if now.as_second() > self.0.not_after.as_second() {
            return Err(CertificateError::Expired { thumbprint, not_after: self.0.not_after });
        }
        Ok(())
    }

    /// Whether its key usage extension, when there is one, allows this use.
    ///
    /// # Errors
    /// [`CertificateError`] says what the certificate lacks for this.
    pub fn check_usage(&self, usage: Usage) -> Result<(), CertificateError> {
        let allowed = match usage {
            Usage::Signature => self.0.signs,
            Usage::KeyEncipherment => self.0.enciphers,
        };
        if allowed {
            Ok(())
        } else {
            Err(CertificateError::WrongUsage { thumbprint: self.0.thumbprint, usage })
        }
    }

    /// SubjectPublicKeyInfo in DER.
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.0.public_key
    }

    pub(crate) fn verification_key(&self) -> &ParsedPublicKey {
        &self.0.verification_key
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("thumbprint", &self.0.thumbprint)
            .field("organisation", &self.0.organisation)
            .field("not_after", &self.0.not_after)
            .finish()
    }
}

fn organisation(certificate: &X509Certificate<'_>) -> Option<OrganisationNumber> {
    let first = |oid: &Oid<'static>| {
        certificate.subject().iter_by_oid(oid).next().and_then(|attribute| attribute.as_str().ok())
    };
    if let Some(identifier) = first(&ORGANIZATION_IDENTIFIER) {
        return OrganisationNumber::parse(identifier.strip_prefix("NTRNO-")?).ok();
    }
    OrganisationNumber::parse(first(&SERIAL_NUMBER)?).ok()
}

/// The length of a big-endian number in bits.
fn bits(number: &[u8]) -> usize {
    let Some(start) = number.iter().position(|byte| *byte != 0) else { return 0 };
    8 * (number.len() - start) - number[start].leading_zeros() as usize
}
