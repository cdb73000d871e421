//! Certificates and keys of synthetic organisations, for the tests of this crate and of those that stand
//! on it: one authority, a sender with two certificates, a register. Only with the feature `synthetic`.
#![expect(clippy::unwrap_used, reason = "for tests, which fail where a key cannot be made")]

use std::sync::OnceLock;

use jiff::Timestamp;
use lmr_identifiers::OrganisationNumber;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SerialNumber, date_time_ymd,
};

use crate::certificate::Certificate;
use crate::keys::{DecryptionKey, DecryptionKeys, PrivateKey, SigningKey};
use crate::seal::Header;

/// The sender's organisation number.
pub const SENDER: &str = "310000019";
/// The register's organisation number.
pub const REGISTER: &str = "320000009";

/// A certificate and its private key.
pub struct Pair {
    /// The certificate, PEM.
    pub pem: String,
    /// The private key, PEM (PKCS#8).
    pub key_pem: String,
}

impl Pair {
    /// The certificate, read.
    pub fn certificate(&self) -> Certificate {
        Certificate::read(self.pem.as_bytes()).unwrap()
    }

    /// The private key, read.
    pub fn private_key(&self) -> PrivateKey {
        PrivateKey::from_pem(self.key_pem.as_bytes()).unwrap()
    }

    /// The pair, to sign with.
    pub fn signing(&self) -> SigningKey {
        SigningKey::new(self.certificate(), self.private_key()).unwrap()
    }

    /// The pair as the only key to decrypt with.
    pub fn decrypting(&self) -> DecryptionKeys {
        DecryptionKeys::new(vec![
            DecryptionKey::new(self.certificate(), self.private_key()).unwrap(),
        ])
    }
}

/// A certificate authority.
pub struct Authority {
    /// Its certificate, PEM.
    pub pem: String,
    /// What its certificate says.
    pub params: CertificateParams,
    /// Its key.
    pub key: KeyPair,
}

/// Everybody these tests know.
pub struct World {
    /// The authority that issued all certificates.
    pub authority: Authority,
    /// The sender's certificate.
    pub sender: Pair,
    /// Another certificate of the sender's organisation, registered nowhere.
    pub stranger: Pair,
    /// The register's certificate.
    pub register: Pair,
}

/// A subject with the organisation number in `organizationIdentifier`.
pub fn subject(organisation: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Oppdiktet foretak");
    name.push(DnType::from_oid(&[2, 5, 4, 97]), format!("NTRNO-{organisation}"));
    name
}

/// What a certificate valid from 2024 to 2027 says.
pub fn params(
    name: DistinguishedName,
    serial: u64,
    usages: &[KeyUsagePurpose],
) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.serial_number = Some(SerialNumber::from(serial));
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params.key_usages = usages.to_vec();
    params
}

/// A fresh RSA key of 2048 bits.
pub fn rsa_key() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

impl Authority {
    /// An authority of this name.
    pub fn new(name: &str) -> Self {
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, name);
        let mut params =
            params(subject, 1, &[KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = rsa_key();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, params, key }
    }

    /// Itself, to sign certificates and revocation lists with.
    pub fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    /// A certificate for a fresh key.
    pub fn issue(&self, params: &CertificateParams) -> Pair {
        self.issue_for(params, &rsa_key())
    }

    /// A certificate for this key.
    pub fn issue_for(&self, params: &CertificateParams, key: &KeyPair) -> Pair {
        let pem = params.signed_by(key, &self.issuer()).unwrap().pem();
        Pair { pem, key_pem: key.serialize_pem() }
    }
}

/// Made once for a test binary.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let authority = Authority::new("Oppdiktet CA");
        let both = [KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        let sender = authority.issue(&params(subject(SENDER), 10, &both));
        let stranger = authority.issue(&params(subject(SENDER), 11, &both));
        let register = authority.issue(&params(subject(REGISTER), 12, &both));
        World { authority, sender, stranger, register }
    })
}

/// A moment within the validity of all certificates.
pub fn now() -> Timestamp {
    "2025-03-14T07:00:00Z".parse().unwrap()
}

/// The readable part of a message made at [`now`].
pub fn header() -> Header<'static> {
    Header {
        message_id: "0b1ef1c6-3d10-4f5c-8f0d-3a3ad9a5e0c1",
        sender: OrganisationNumber::parse(SENDER).unwrap(),
        reporting_from: "2025-03-13T00:00:00Z".parse().unwrap(),
        reporting_to: "2025-03-14T00:00:00Z".parse().unwrap(),
        generated_at: now(),
    }
}
