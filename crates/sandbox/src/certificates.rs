//! A simulated certificate authority: enterprise certificates shaped like those of Buypass and
//! Commfides, and TLS certificates for loopback.

use jiff::Timestamp;
use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, RevokedCertParams, RsaKeySize, SerialNumber,
};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// `organizationIdentifier`, where today's enterprise certificates have `NTRNO-` and the number.
const ORGANIZATION_IDENTIFIER: &[u64] = &[2, 5, 4, 97];
/// `serialNumber` of the subject, where older ones have the nine digits.
const SUBJECT_SERIAL_NUMBER: &[u64] = &[2, 5, 4, 5];

/// A server's name that no resolver knows: only a proxy leads to it.
pub const DISTANT_NAME: &str = "mottak.liksom.test";

/// A year, in hours.
const YEAR: i64 = 365 * 24;

/// Why a certificate cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateMakeError {
    /// The certificate library.
    #[error("the certificate cannot be made: {0}")]
    Library(#[from] rcgen::Error),
    /// Not 2048, 3072 or 4096.
    #[error("RSA keys are made with 2048, 3072 or 4096 bits, not {0}")]
    Size(u32),
    /// Before 1970.
    #[error("a certificate cannot be valid before 1970")]
    Time,
}

/// Where the organisation number is in the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectStyle {
    /// `organizationIdentifier` = `NTRNO-nnnnnnnnn`.
    Today,
    /// `serialNumber` = `nnnnnnnnn`.
    Older,
    /// Nowhere: an unusable certificate.
    WithoutNumber,
}

/// What an enterprise certificate may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderUsage {
    /// Signing messages and encrypting keys, as ordinary ones.
    SigningAndEncryption,
    /// Signing alone.
    Signing,
    /// Encrypting keys alone: a sender cannot sign with it.
    Encryption,
}

/// What an enterprise certificate is to say.
#[derive(Debug, Clone)]
pub struct Order {
    /// Nine digits.
    pub organisation: String,
    /// The organisation's name.
    pub name: String,
    /// 2048, 3072 or 4096.
    pub rsa_bits: u32,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// Where the number is.
    pub style: SubjectStyle,
    /// Its key usage extension.
    pub usage: OrderUsage,
}

impl Order {
    /// An ordinary one of 2048 bits, valid from a day before `now` for three years.
    #[must_use]
    pub fn new(organisation: &str, name: &str, now: Timestamp) -> Self {
        Self {
            organisation: organisation.to_owned(),
            name: name.to_owned(),
            rsa_bits: 2048,
            not_before: after(now, -24),
            not_after: after(now, 3 * YEAR),
            style: SubjectStyle::Today,
            usage: OrderUsage::SigningAndEncryption,
        }
    }

    /// With the register's own key length, 3072 bits.
    #[must_use]
    pub fn with_bits(mut self, bits: u32) -> Self {
        self.rsa_bits = bits;
        self
    }

    /// Expired an hour before `now`.
    #[must_use]
    pub fn expired(mut self, now: Timestamp) -> Self {
        self.not_before = after(now, -3 * YEAR);
        self.not_after = after(now, -1);
        self
    }

    /// Valid from an hour after `now`.
    #[must_use]
    pub fn not_yet_valid(mut self, now: Timestamp) -> Self {
        self.not_before = after(now, 1);
        self
    }

    /// For another use.
    #[must_use]
    pub fn with_usage(mut self, usage: OrderUsage) -> Self {
        self.usage = usage;
        self
    }

    /// With the number elsewhere in the subject.
    #[must_use]
    pub fn with_style(mut self, style: SubjectStyle) -> Self {
        self.style = style;
        self
    }
}

/// A certificate and its private key. Simulated, yet not shown by `Debug`.
#[derive(Clone)]
pub struct KeyAndCertificate {
    /// The certificate in DER.
    pub certificate_der: Vec<u8>,
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// The private key, PKCS#8 in PEM.
    pub key_pem: String,
    /// The certificate's serial number, by which a revocation list names it.
    pub serial: u64,
}

impl std::fmt::Debug for KeyAndCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyAndCertificate").finish_non_exhaustive()
    }
}

/// A certificate authority that nobody else trusts.
pub struct TestCa {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    serial: Mutex<u64>,
}

impl std::fmt::Debug for TestCa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestCa").finish_non_exhaustive()
    }
}

impl TestCa {
    /// Makes the authority, valid ten years from a day before `now`.
    ///
    /// # Errors
    /// [`CertificateMakeError`].
    pub fn new(now: Timestamp) -> Result<Self, CertificateMakeError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        name.push(DnType::CountryName, "NO");
        name.push(DnType::OrganizationName, "Liksom Sertifikatutsteder AS");
        name.push(DnType::CommonName, "Liksom Class 3 Test CA ST Business");
        params.distinguished_name = name;
        set_validity(&mut params, after(now, -24), after(now, 10 * YEAR))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate_pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate_pem, serial: Mutex::new(1) })
    }

    /// The authority's own certificate, to be trusted by tests.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Issues an enterprise certificate for signing and key encipherment. The private key of one
    /// organisation, size and number of order is made once in a process and then reused, because
    /// making RSA keys is slow; so two orders of one organisation get different keys.
    ///
    /// # Errors
    /// [`CertificateMakeError`].
    pub fn enterprise(&self, order: &Order) -> Result<KeyAndCertificate, CertificateMakeError> {
        let serial = self.next_serial();
        let key = rsa_key(&format!("{}/{serial}", order.organisation), order.rsa_bits)?;
        let mut params = CertificateParams::default();
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CountryName, "NO");
        subject.push(DnType::OrganizationName, order.name.as_str());
        match order.style {
            SubjectStyle::Today => subject.push(
                DnType::from_oid(ORGANIZATION_IDENTIFIER),
                printable(&format!("NTRNO-{}", order.organisation))?,
            ),
            SubjectStyle::Older => {
                subject
                    .push(DnType::from_oid(SUBJECT_SERIAL_NUMBER), printable(&order.organisation)?);
            }
            SubjectStyle::WithoutNumber => {}
        }
        subject.push(DnType::CommonName, order.name.as_str());
        params.distinguished_name = subject;
        set_validity(&mut params, order.not_before, order.not_after)?;
        params.key_usages = match order.usage {
            OrderUsage::SigningAndEncryption => {
                vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment]
            }
            OrderUsage::Signing => vec![KeyUsagePurpose::DigitalSignature],
            OrderUsage::Encryption => vec![KeyUsagePurpose::KeyEncipherment],
        };
        params.use_authority_key_identifier_extension = true;
        self.issue(params, &key, serial)
    }

    /// Issues a TLS server certificate for `localhost`, `127.0.0.1`, `::1` and [`DISTANT_NAME`].
    ///
    /// # Errors
    /// [`CertificateMakeError`].
    pub fn tls_for_loopback(
        &self,
        now: Timestamp,
    ) -> Result<KeyAndCertificate, CertificateMakeError> {
        let key = KeyPair::generate()?;
        let names = ["localhost", "127.0.0.1", "::1", DISTANT_NAME].map(str::to_owned).to_vec();
        let mut params = CertificateParams::new(names)?;
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, "localhost");
        params.distinguished_name = subject;
        set_validity(&mut params, after(now, -24), after(now, YEAR))?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params, &key, self.next_serial())
    }

    /// The authority's revocation list in PEM, good for a week from an hour before `now`.
    ///
    /// # Errors
    /// [`CertificateMakeError`].
    pub fn revocation_list(
        &self,
        revoked: &[&KeyAndCertificate],
        now: Timestamp,
    ) -> Result<String, CertificateMakeError> {
        let since_1970 = |time: Timestamp| {
            let seconds =
                u64::try_from(time.as_second()).map_err(|_| CertificateMakeError::Time)?;
            Ok::<_, CertificateMakeError>(
                rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds),
            )
        };
        let made = since_1970(after(now, -1))?;
        let list = CertificateRevocationListParams {
            this_update: made,
            next_update: since_1970(after(now, 7 * 24))?,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|certificate| RevokedCertParams {
                    serial_number: SerialNumber::from(certificate.serial),
                    revocation_time: made,
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        key: &KeyPair,
        serial: u64,
    ) -> Result<KeyAndCertificate, CertificateMakeError> {
        params.serial_number = Some(SerialNumber::from(serial));
        let certificate = params.signed_by(key, &self.issuer)?;
        Ok(KeyAndCertificate {
            certificate_der: certificate.der().to_vec(),
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            serial,
        })
    }

    fn next_serial(&self) -> u64 {
        let mut serial = self.serial.lock().unwrap_or_else(PoisonError::into_inner);
        *serial += 1;
        *serial
    }
}

/// RSA keys made in this process, by purpose and size.
static RSA_KEYS: Mutex<Option<HashMap<(String, u32), String>>> = Mutex::new(None);

/// The process's RSA key for a purpose: made at the first call.
pub(crate) fn rsa_key(purpose: &str, bits: u32) -> Result<KeyPair, CertificateMakeError> {
    let size = match bits {
        2048 => RsaKeySize::_2048,
        3072 => RsaKeySize::_3072,
        4096 => RsaKeySize::_4096,
        other => return Err(CertificateMakeError::Size(other)),
    };
    let label = (purpose.to_owned(), bits);
    let known = {
        let keys = RSA_KEYS.lock().unwrap_or_else(PoisonError::into_inner);
        keys.as_ref().and_then(|keys| keys.get(&label).cloned())
    };
    let pem = match known {
        Some(pem) => pem,
        None => {
            // Made without holding the lock, so that tests make theirs side by side; whoever comes
            // first decides.
            let made = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size)?.serialize_pem();
            let mut keys = RSA_KEYS.lock().unwrap_or_else(PoisonError::into_inner);
            keys.get_or_insert_default().entry(label).or_insert(made).clone()
        }
    };
    Ok(KeyPair::from_pkcs8_pem_and_sign_algo(&pem, &PKCS_RSA_SHA256)?)
}

fn printable(text: &str) -> Result<DnValue, CertificateMakeError> {
    Ok(DnValue::PrintableString(PrintableString::try_from(text)?))
}

/// Sets the validity, to the second.
fn set_validity(
    params: &mut CertificateParams,
    from: Timestamp,
    until: Timestamp,
) -> Result<(), CertificateMakeError> {
    let since_1970 = |time: Timestamp| {
        u64::try_from(time.as_second())
            .map(Duration::from_secs)
            .map_err(|_| CertificateMakeError::Time)
    };
    let start = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = start + since_1970(from)?;
    params.not_after = start + since_1970(until)?;
    Ok(())
}

fn after(time: Timestamp, hours: i64) -> Timestamp {
    time.saturating_add(jiff::SignedDuration::from_hours(hours)).unwrap_or(time)
}
