//! Nonces a server may demand in proofs (RFC 9449 sections 8 and 9): made and recognised without
//! keeping any, so that several receivers with the same key take each other's.

use aws_lc_rs::hmac;
use jiff::Timestamp;

use crate::jose::base64url;

/// Seconds for which one nonce is given out; it is taken for this long again.
const SLOT: i64 = 300;

/// Makes and recognises nonces.
pub struct NonceIssuer(hmac::Key);

impl NonceIssuer {
    /// With a secret key, the same for all receivers behind one address.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The nonce to give out now.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> String {
        self.of_slot(now.as_second().div_euclid(SLOT))
    }

    /// Whether the nonce was given out in this or the last period of five minutes.
    #[must_use]
    pub fn recognises(&self, nonce: &str, now: Timestamp) -> bool {
        let slot = now.as_second().div_euclid(SLOT);
        // No early end: which of the two it was is nobody's business.
        let same = |slot| {
            let known = self.of_slot(slot);
            aws_lc_rs::constant_time::verify_slices_are_equal(known.as_bytes(), nonce.as_bytes())
                .is_ok()
        };
        same(slot) | same(slot - 1)
    }

    fn of_slot(&self, slot: i64) -> String {
        base64url(&hmac::sign(&self.0, &slot.to_be_bytes()).as_ref()[..18])
    }
}

/// A key for nonces from another secret, which it does not disclose.
#[must_use]
pub fn nonce_key(secret: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"DPoP nonces");
    let mut key = [0; 32];
    key.copy_from_slice(tag.as_ref());
    key
}

impl std::fmt::Debug for NonceIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NonceIssuer(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_taken_for_five_to_ten_minutes_by_whoever_has_the_key() {
        let at = |second: i64| Timestamp::from_second(1_700_000_100 + second).unwrap();
        let (one, same, other) =
            (NonceIssuer::new(b"key"), NonceIssuer::new(b"key"), NonceIssuer::new(b"other"));
        let nonce = one.current(at(0));
        for second in [0, 1, 299, 300] {
            assert!(same.recognises(&nonce, at(second)), "{second}");
        }
        assert!(!same.recognises(&nonce, at(600)) && !same.recognises(&nonce, at(-300)));
        assert!(!other.recognises(&nonce, at(0)) && !one.recognises("", at(0)));
        assert_ne!(nonce, one.current(at(300)));
    }
}
