//! Receipts at their public border: they hold under the register's certificate, and nothing can be changed in them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use lmr_envelope::synthetic::{now, world};
use lmr_envelope::{
    DecryptionKey, Receipt, ReceiptChainError, ReceiptDigest, ReceiptError, VerifiedReceipt,
    check_receipt_chain, unverified_payload, verify_receipt,
};

fn receipt(sequence: u64, previous: Option<ReceiptDigest>) -> Receipt {
    Receipt {
        action: Receipt::ACTION.to_owned(),
        sender: "310000019".parse().unwrap(),
        sequence,
        previous,
        message_id: format!("melding {sequence}"),
        content_sha256: ReceiptDigest::of(b"content"),
        answer_sha256: ReceiptDigest::of(b"answer"),
        rule_set: "lmdi-1.1.7".to_owned(),
        rule_set_digest: "sha256:00".to_owned(),
        outcome: "accepted".to_owned(),
        client_id: "klient".to_owned(),
        received_at: now(),
    }
}

fn key() -> DecryptionKey {
    let register = &world().register;
    DecryptionKey::new(register.certificate(), register.private_key()).unwrap()
}

fn signed(receipt: &Receipt, at: Timestamp) -> String {
    key().sign_receipt(&receipt.payload(), at).unwrap()
}

fn verify(text: &str) -> Result<VerifiedReceipt, ReceiptError> {
    verify_receipt(text, &[world().register.certificate()])
}

#[test]
fn a_receipt_needs_the_registers_certificate_and_nothing_else() {
    let receipt = receipt(7, Some(ReceiptDigest::of(b"before")));
    let text = signed(&receipt, now());
    assert!(text.len() < 4_000, "{} bytes are too long for a header", text.len());
    let verified = verify(&text).unwrap();
    assert_eq!(verified.receipt, receipt);
    assert_eq!(verified.digest, ReceiptDigest::of(receipt.payload().as_bytes()));
    assert_eq!(verified.signed_at.as_second(), now().as_second());
    let other = verify_receipt(&text, &[world().sender.certificate()]);
    let named = world().register.certificate().thumbprint();
    assert_eq!(other, Err(ReceiptError::OtherCertificate { named }));
    assert_eq!(verify_receipt(&text, &[]), Err(ReceiptError::OtherCertificate { named }));
    assert_eq!(unverified_payload(&text), Ok(receipt.payload().into_bytes()));
    assert_eq!(unverified_payload("a.b"), Err(ReceiptError::Malformed { part: "the header" }));
}

#[test]
fn no_byte_of_a_receipt_can_be_changed() {
    let text = signed(&receipt(1, None), now());
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        // A neighbour in the alphabet; of the last letter of a part some bits do not count, so take a far one.
        bytes[at] = if bytes[at] == b'A' { b'x' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        if changed != text {
            assert!(verify(&changed).is_err(), "the change of byte {at} is not noticed");
        }
    }
    for cut in [0, 1, text.len() / 2, text.len() - 1] {
        assert!(verify(&text[..cut]).is_err());
    }
    assert!(verify(&format!("{text}.x")).is_err());
    assert!(verify(&"x".repeat(1 << 20)).is_err());
}

#[test]
fn a_key_of_somebody_elses_signs_nothing() {
    // The sender makes a receipt with its own key and puts the register's name on it.
    let sender = &world().sender;
    let theirs = DecryptionKey::new(sender.certificate(), sender.private_key()).unwrap();
    let forged = theirs.sign_receipt(&receipt(1, None).payload(), now()).unwrap();
    let mut parts: Vec<String> = forged.split('.').map(str::to_owned).collect();
    let head = String::from_utf8(URL_SAFE_NO_PAD.decode(&parts[0]).unwrap()).unwrap();
    let mut head: serde_json::Value = serde_json::from_str(&head).unwrap();
    let mut delegation: Vec<String> =
        head["delegation"].as_str().unwrap().split('.').map(str::to_owned).collect();
    let x5t = URL_SAFE_NO_PAD.encode(world().register.certificate().thumbprint().as_bytes());
    delegation[0] = URL_SAFE_NO_PAD
        .encode(format!(r#"{{"alg":"RS256","typ":"lmr-receipt-key+jws","x5t":"{x5t}"}}"#));
    head["delegation"] = delegation.join(".").into();
    parts[0] = URL_SAFE_NO_PAD.encode(head.to_string());
    assert_eq!(
        verify(&parts.join(".")),
        Err(ReceiptError::BadSignature { part: "the delegation's" })
    );
    // A true delegation over another's signature.
    let true_head = signed(&receipt(1, None), now()).split('.').next().unwrap().to_owned();
    let parts: Vec<&str> = forged.split('.').collect();
    let mixed = format!("{true_head}.{}.{}", parts[1], parts[2]);
    assert_eq!(verify(&mixed), Err(ReceiptError::BadSignature { part: "the receipt's" }));
}

#[test]
fn the_delegated_key_is_renewed_before_it_ends() {
    let key = key();
    let payload = receipt(1, None).payload();
    for hours in [0, 1, 23, 25, 100, -5] {
        let at = now() + SignedDuration::from_hours(hours);
        let verified = verify(&key.sign_receipt(&payload, at).unwrap());
        assert_eq!(verified.unwrap().signed_at.as_second(), at.as_second(), "{hours} hours");
    }
    let after_all = world().register.certificate().not_after() + SignedDuration::from_hours(1);
    let late = key.sign_receipt(&payload, after_all).unwrap();
    assert_eq!(verify(&late), Err(ReceiptError::OutsideValidity));
}

#[test]
fn a_chain_shows_what_is_missing_replaced_or_there_twice() {
    let mut chain: Vec<VerifiedReceipt> = Vec::new();
    for sequence in 1..=5 {
        let receipt = receipt(sequence, chain.last().map(|last| last.digest));
        chain.push(verify(&signed(&receipt, now())).unwrap());
    }
    assert_eq!(check_receipt_chain(&chain), []);
    let mut again = chain.clone();
    again.push(chain[2].clone());
    again.reverse();
    assert_eq!(check_receipt_chain(&again), [], "copies and order do not matter");
    let mut gap = chain.clone();
    gap.remove(2);
    assert_eq!(check_receipt_chain(&gap), [ReceiptChainError::Missing { after: 2, found: 4 }]);
    let mut other = receipt(3, Some(chain[1].digest));
    other.message_id = "en annen".to_owned();
    let other = verify(&signed(&other, now())).unwrap();
    let mut replaced = chain.clone();
    replaced[2] = other.clone();
    assert_eq!(check_receipt_chain(&replaced), [ReceiptChainError::Forked { sequence: 4 }]);
    let mut twice = chain;
    twice.push(other);
    assert!(check_receipt_chain(&twice).contains(&ReceiptChainError::Twice { sequence: 3 }));
}
