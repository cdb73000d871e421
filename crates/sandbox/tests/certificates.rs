//! The simulated certificates are read by the same code as real ones.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use jiff::Timestamp;
use lmr_envelope::{Certificate, CertificateError, PrivateKey, SigningKey, Usage};
use lmr_sandbox::certificates::{CertificateMakeError, Order, SubjectStyle, TestCa};

const HOSPITAL: &str = "310000019";

fn now() -> Timestamp {
    "2025-03-01T12:00:00Z".parse().unwrap()
}

#[test]
fn an_enterprise_certificate_carries_the_number_in_both_styles_and_fits_its_key() {
    let ca = TestCa::new(now()).unwrap();
    for style in [SubjectStyle::Today, SubjectStyle::Older] {
        let made = ca
            .enterprise(&Order::new(HOSPITAL, "Liksom sykehus", now()).with_style(style))
            .unwrap();
        let certificate = Certificate::read(made.certificate_pem.as_bytes()).unwrap();
        assert_eq!(certificate.organisation().unwrap().as_str(), HOSPITAL);
        certificate.check_valid(now()).unwrap();
        for usage in [Usage::Signature, Usage::KeyEncipherment] {
            certificate.check_usage(usage).unwrap();
        }
        SigningKey::new(certificate, PrivateKey::from_pem(made.key_pem.as_bytes()).unwrap())
            .unwrap();
    }
    let without =
        Order::new(HOSPITAL, "Liksom sykehus", now()).with_style(SubjectStyle::WithoutNumber);
    let made = ca.enterprise(&without).unwrap();
    assert!(Certificate::from_der(&made.certificate_der).unwrap().organisation().is_none());
}

#[test]
fn two_orders_of_one_organisation_get_two_keys() {
    let ca = TestCa::new(now()).unwrap();
    let order = Order::new(HOSPITAL, "Liksom sykehus", now());
    assert_ne!(ca.enterprise(&order).unwrap().key_pem, ca.enterprise(&order).unwrap().key_pem);
}

#[test]
fn certificates_can_be_ordered_that_are_not_valid_now() {
    let ca = TestCa::new(now()).unwrap();
    let order = Order::new(HOSPITAL, "Liksom sykehus", now());
    let check = |order: Order| {
        let made = ca.enterprise(&order).unwrap();
        Certificate::from_der(&made.certificate_der).unwrap().check_valid(now()).unwrap_err()
    };
    assert!(matches!(check(order.clone().expired(now())), CertificateError::Expired { .. }));
    assert!(matches!(check(order.not_yet_valid(now())), CertificateError::NotYetValid { .. }));
}

#[test]
fn a_key_length_that_nobody_uses_is_refused() {
    let ca = TestCa::new(now()).unwrap();
    let order = Order::new(HOSPITAL, "Liksom sykehus", now()).with_bits(1024);
    assert!(matches!(ca.enterprise(&order), Err(CertificateMakeError::Size(1024))));
}
