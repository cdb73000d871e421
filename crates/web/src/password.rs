//! Passwords of local operators, as Argon2id in the PHC string format.

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use std::fmt;

/// Shortest password, in characters (NIST SP 800-63B section 5.1.1: at least 8; there is no second factor here).
const MIN_LENGTH: usize = 12;
/// Longest password, in bytes: more would only cost time.
const MAX_LENGTH: usize = 1024;
/// 19 MiB, two passes, one lane: OWASP's first choice for Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Why there is no hash of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer characters than are asked for.
    #[error("the password has fewer than {MIN_LENGTH} characters")]
    TooShort,
    /// Longer than what is read.
    #[error("the password has more than {MAX_LENGTH} bytes")]
    TooLong,
    /// Not a PHC string of Argon2.
    #[error("not a password hash: a line that begins with $argon2id$ is expected")]
    NotAHash,
}

/// A password's hash.
#[derive(Clone)]
pub struct PasswordHash(Phc);

impl PasswordHash {
    /// Hashes a password with a salt that is used once.
    ///
    /// # Errors
    /// [`PasswordError::TooShort`], [`PasswordError::TooLong`].
    pub fn make(password: &str, salt: &[u8; 16]) -> Result<Self, PasswordError> {
        if password.chars().count() < MIN_LENGTH {
            return Err(PasswordError::TooShort);
        }
        if password.len() > MAX_LENGTH {
            return Err(PasswordError::TooLong);
        }
        let hash = argon2().hash_password_with_salt(password.as_bytes(), salt);
        hash.map(Self).map_err(|_| PasswordError::NotAHash)
    }

    /// Reads the PHC string, with white space around it.
    ///
    /// # Errors
    /// [`PasswordError::NotAHash`].
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        let hash = Phc::new(text.trim()).map_err(|_| PasswordError::NotAHash)?;
        if !hash.algorithm.as_str().starts_with("argon2") || hash.hash.is_none() {
            return Err(PasswordError::NotAHash);
        }
        Ok(Self(hash))
    }

    /// Whether this is the password. Takes some ten milliseconds and 19 MiB.
    #[must_use]
    pub fn verify(&self, password: &str) -> bool {
        password.len() <= MAX_LENGTH
            && argon2().verify_password(password.as_bytes(), &self.0).is_ok()
    }
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_password_and_another_form_are_refused() {
        let hash = PasswordHash::make("riktig hest batteri", &[1; 16]).unwrap();
        assert!(hash.verify("riktig hest batteri"));
        assert!(!hash.verify("riktig hest batter"));
        assert!(!hash.verify(""));
        assert!(hash.to_string().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(format!("{hash:?}"), "PasswordHash(..)");
        assert_eq!(PasswordHash::make("kort", &[1; 16]).err(), Some(PasswordError::TooShort));
        let long = "x".repeat(2000);
        assert_eq!(PasswordHash::make(&long, &[1; 16]).err(), Some(PasswordError::TooLong));
        for text in ["", "riktig hest batteri", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$"]
        {
            assert!(PasswordHash::parse(text).is_err(), "{text}");
        }
    }
}
