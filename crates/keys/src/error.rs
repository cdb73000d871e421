//! What is wrong with a file of keys.

/// What is encrypted with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encrypted {
    /// A PKCS#12 file (`.p12`, `.pfx`).
    Pkcs12,
    /// An encrypted PKCS#8 key.
    Pkcs8,
}

impl std::fmt::Display for Encrypted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pkcs12 => "PKCS#12 file",
            Self::Pkcs8 => "encrypted PKCS#8 key",
        })
    }
}

/// Why a file gives no key or no certificate. Says what was found and what to do; the caller names the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// None of the forms.
    #[error("the file is neither PEM, JWK, PKCS#12 nor DER")]
    Unknown,
    /// It begins as one of the forms and does not go on so.
    #[error(
        "the file is damaged: it is cut off or its encoding is broken; copy it again from where it came from"
    )]
    Damaged,
    /// Something else than a private key.
    #[error("the file holds `{found}` and no private key")]
    NoKey {
        /// What it holds: the label of a PEM block, or `PKCS#12`.
        found: String,
    },
    /// Several private keys, of which none is named.
    #[error("the file holds {count} private keys; keep the one to be used in a file of its own")]
    SeveralKeys {
        /// How many.
        count: usize,
    },
    /// Something else than a certificate.
    #[error("the file holds `{found}` and no certificate")]
    NoCertificate {
        /// What it holds.
        found: String,
    },
    /// Nothing to decrypt it with.
    #[error(
        "the {what} needs its password: name the file or the variable that has it (key_password_file, key_password_env)"
    )]
    PasswordMissing {
        /// What is encrypted.
        what: Encrypted,
    },
    /// It does not decrypt it.
    #[error("the password of the {what} is wrong")]
    PasswordWrong {
        /// What is encrypted.
        what: Encrypted,
    },
    /// An encryption that is not supported.
    #[error(
        "the {what} is encrypted in a way that is not supported (supported: AES with PBES2, triple DES, and RC2 of older PKCS#12); encrypt it again: {remedy}"
    )]
    Unsupported {
        /// What is encrypted.
        what: Encrypted,
        /// A command that does.
        remedy: &'static str,
    },
    /// PEM encrypted in OpenSSL's own old way.
    #[error(
        "the key is encrypted in the old way of OpenSSL (`Proc-Type: 4,ENCRYPTED`), which is not supported; convert it: openssl pkcs8 -topk8 -in FILE -out NEW"
    )]
    OldPem,
    /// BER with indefinite lengths, as some older programs export PKCS#12.
    #[error(
        "the file is in BER with indefinite lengths, which is not supported; convert it: openssl pkcs12 -in FILE -nodes | openssl pkcs12 -export -out NEW"
    )]
    Ber,
}
