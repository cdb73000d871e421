//! Certificates and keys of invented organisations.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use jiff::Timestamp;
use lmr_envelope::{Certificate, DecryptionKey, DecryptionKeys, Header, PrivateKey, SigningKey};
use lmr_identifiers::OrganisationNumber;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SerialNumber, date_time_ymd,
};
use std::sync::OnceLock;

pub const SENDER: &str = "310000019";
pub const REGISTER: &str = "320000009";

pub struct Pair {
    pub pem: String,
    pub key_pem: String,
}

impl Pair {
    pub fn certificate(&self) -> Certificate {
        Certificate::read(self.pem.as_bytes()).unwrap()
    }

    pub fn private_key(&self) -> PrivateKey {
        PrivateKey::from_pem(self.key_pem.as_bytes()).unwrap()
    }

    pub fn signing(&self) -> SigningKey {
        SigningKey::new(self.certificate(), self.private_key()).unwrap()
    }

    pub fn decrypting(&self) -> DecryptionKeys {
        DecryptionKeys::new(vec![
            DecryptionKey::new(self.certificate(), self.private_key()).unwrap(),
        ])
    }
}

pub struct Authority {
    pub pem: String,
    pub params: CertificateParams,
    pub key: KeyPair,
}

pub struct World {
    pub authority: Authority,
    pub sender: Pair,
    pub stranger: Pair,
    pub register: Pair,
}

pub fn subject(organisation: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Oppdiktet foretak");
    name.push(DnType::from_oid(&[2, 5, 4, 97]), format!("NTRNO-{organisation}"));
    name
}

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

pub fn rsa_key() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

impl Authority {
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

    pub fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    pub fn issue(&self, params: &CertificateParams) -> Pair {
        self.issue_for(params, &rsa_key())
    }

    pub fn issue_for(&self, params: &CertificateParams, key: &KeyPair) -> Pair {
        let pem = params.signed_by(key, &self.issuer()).unwrap().pem();
        Pair { pem, key_pem: key.serialize_pem() }
    }
}

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

pub fn now() -> Timestamp {
    "2025-03-14T07:00:00Z".parse().unwrap()
}

pub fn header() -> Header<'static> {
    Header {
        message_id: "0b1ef1c6-3d10-4f5c-8f0d-3a3ad9a5e0c1",
        sender: OrganisationNumber::parse(SENDER).unwrap(),
        reporting_from: "2025-03-13T00:00:00Z".parse().unwrap(),
        reporting_to: "2025-03-14T00:00:00Z".parse().unwrap(),
        generated_at: now(),
    }
}
