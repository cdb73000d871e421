//! The optional check that a registered certificate still hangs under a known authority and is not revoked.

use std::collections::HashSet;

use jiff::Timestamp;
use thiserror::Error;
use x509_parser::{
    certificate::X509Certificate, parse_x509_certificate, parse_x509_crl, pem::Pem,
    prelude::FromDer, x509::SubjectPublicKeyInfo,
};

use crate::certificate::{Certificate, Thumbprint};

/// Why a certificate is not trusted, or why the check cannot be made (which counts as no trust).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TrustError {
    /// A configured file is not readable PEM or holds something else.
    #[error("the file of authorities or revocations is not readable ({what})")]
    Unreadable {
        /// What was expected.
        what: &'static str,
    },
    /// No configured authority signed it.
    #[error("the certificate {thumbprint} was not issued by a configured authority")]
    UnknownIssuer {
        /// Which one.
        thumbprint: Thumbprint,
    },
    /// The issuer's certificate is out of its validity.
    #[error("the authority that issued the certificate {thumbprint} is not valid at this time")]
    IssuerNotValid {
        /// Which one.
        thumbprint: Thumbprint,
    },
    /// On the issuer's revocation list.
    #[error("the certificate {thumbprint} is revoked")]
    Revoked {
        /// Which one.
        thumbprint: Thumbprint,
    },
    /// The issuer has no revocation list here, or an outdated one.
    #[error("no current revocation list of the authority that issued the certificate {thumbprint}")]
    NoCurrentRevocationList {
        /// Which one.
        thumbprint: Thumbprint,
    },
}

/// Authorities (CA certificates) and, optionally, their revocation lists.
#[derive(Default)]
pub struct Trust {
    authorities: Vec<Authority>,
    check_revocation: bool,
}

struct Authority {
    subject: Vec<u8>,
    public_key: Vec<u8>,
    not_before: i64,
    not_after: i64,
    revocations: Option<Revocations>,
}

struct Revocations {
    serials: HashSet<Vec<u8>>,
    next_update: i64,
}

impl Trust {
    /// Reads CA certificates (PEM, any number). Each one is trusted as an issuer by itself.
    ///
    /// # Errors
    /// [`TrustError`]: not trusted, or the check cannot be made.
    pub fn from_pem(authorities: &[u8]) -> Result<Self, TrustError> {
        const WHAT: TrustError = TrustError::Unreadable { what: "CA certificates in PEM" };
        let mut found = Vec::new();
        for block in Pem::iter_from_buffer(authorities) {
            let block = block.map_err(|_| WHAT)?;
            if block.label != "CERTIFICATE" {
                continue;
            }
            let (_, certificate) = parse_x509_certificate(&block.contents).map_err(|_| WHAT)?;
            if !may_issue(&certificate) {
                return Err(WHAT);
            }
            found.push(Authority {
                subject: certificate.subject().as_raw().to_vec(),
                public_key: certificate.public_key().raw.to_vec(),
                not_before: certificate.validity().not_before.timestamp(),
                not_after: certificate.validity().not_after.timestamp(),
                revocations: None,
            });
        }
        if found.is_empty() {
            Err(WHAT)
        } else {
            Ok(Self { authorities: found, check_revocation: false })
        }
    }

    /// Adds revocation lists (PEM `X509 CRL`, any number, or one in DER). From then on every issuer must have
    /// a current list. A list not signed by a configured authority is refused.
    ///
    /// # Errors
    /// [`TrustError`]: not trusted, or the check cannot be made.
    pub fn with_revocations(mut self, lists: &[u8]) -> Result<Self, TrustError> {
        const WHAT: TrustError =
            TrustError::Unreadable { what: "revocation lists signed by a configured authority" };
        if lists.first() == Some(&0x30) {
            self.add_list(lists).ok_or(WHAT)?;
        } else {
            let mut any = false;
            for block in Pem::iter_from_buffer(lists) {
                let block = block.map_err(|_| WHAT)?;
                if block.label == "X509 CRL" {
                    self.add_list(&block.contents).ok_or(WHAT)?;
                    any = true;
                }
            }
            if !any {
                return Err(WHAT);
            }
        }
        self.check_revocation = true;
        Ok(self)
    }

    fn add_list(&mut self, der: &[u8]) -> Option<()> {
        let (_, list) = parse_x509_crl(der).ok()?;
        let authority = self.authorities.iter_mut().find(|authority| {
            authority.subject == list.issuer().as_raw()
                && SubjectPublicKeyInfo::from_der(&authority.public_key)
                    .is_ok_and(|(_, key)| list.verify_signature(&key).is_ok())
        })?;
        authority.revocations = Some(Revocations {
            serials: list
                .iter_revoked_certificates()
                .map(|r| significant(r.raw_serial()))
                .collect(),
            next_update: list.next_update().map_or(i64::MIN, |t| t.timestamp()),
        });
        Some(())
    }

    /// Whether a configured authority issued the certificate and has not revoked it.
    ///
    /// # Errors
    /// [`TrustError`]: not trusted, or the check cannot be made.
    pub fn check(&self, certificate: &Certificate, now: Timestamp) -> Result<(), TrustError> {
        let thumbprint = certificate.thumbprint();
        let unknown = TrustError::UnknownIssuer { thumbprint };
        let Ok((_, parsed)) = parse_x509_certificate(certificate.der()) else {
            return Err(unknown);
        };
        let issuer = self.authorities.iter().find(|authority| {
            authority.subject == parsed.issuer().as_raw()
                && SubjectPublicKeyInfo::from_der(&authority.public_key)
                    .is_ok_and(|(_, key)| parsed.verify_signature(Some(&key)).is_ok())
        });
        let issuer = issuer.ok_or(unknown)?;
        let second = now.as_second();
        if second < issuer.not_before || second > issuer.not_after {
            return Err(TrustError::IssuerNotValid { thumbprint });
        }
        if self.check_revocation {
            let list = issuer.revocations.as_ref().filter(|list| second <= list.next_update);
            let list = list.ok_or(TrustError::NoCurrentRevocationList { thumbprint })?;
            if list.serials.contains(&significant(parsed.raw_serial())) {
                return Err(TrustError::Revoked { thumbprint });
            }
        }
        Ok(())
    }
}

/// A CA by its basic constraints, allowed to sign certificates where key usage says anything.
fn may_issue(certificate: &X509Certificate<'_>) -> bool {
    certificate.is_ca()
        && certificate
            .key_usage()
            .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.key_cert_sign()))
}

/// Serial numbers are integers: leading zero bytes say nothing.
fn significant(serial: &[u8]) -> Vec<u8> {
    serial.iter().copied().skip_while(|byte| *byte == 0).collect()
}
