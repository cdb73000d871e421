//! The three algorithms of the envelope, each in one place, so that the published test vectors run
//! through the very functions that seal and open messages. Not part of the stable API.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::Digest,
    error::Unspecified,
    rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey},
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256},
};
use zeroize::Zeroizing;

pub use crate::inflate::inflate;
use crate::keys::PrivateKey;

/// Length of an AES-256 key in bytes.
pub const KEY_LEN: usize = 32;
/// Length of a GCM nonce in bytes.
pub const NONCE_LEN: usize = 12;
/// Length of a GCM tag in bytes.
pub const TAG_LEN: usize = 16;

/// Encrypts in place and gives the tag.
pub fn aes_seal(
    key: &[u8; KEY_LEN],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    in_out: &mut [u8],
) -> Result<[u8; TAG_LEN], Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
    let tag = key.seal_in_place_separate_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(aad),
        in_out,
    )?;
    tag.as_ref().try_into().map_err(|_| Unspecified)
}

/// Decrypts in place; on a wrong tag the buffer's content is undefined.
pub fn aes_open(
    key: &[u8; KEY_LEN],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    tag: &[u8; TAG_LEN],
    in_out: &mut [u8],
) -> Result<(), Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
    key.open_in_place_separate_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(aad),
        tag,
        in_out,
    )?;
    Ok(())
}

/// RSA-OAEP with SHA-256 for digest and MGF1. The padding's randomness is the library's own.
///
/// # Errors
/// [`Unspecified`], the one error of the library.
pub fn oaep_encrypt(public_key_spki: &[u8], message: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let key = PublicEncryptingKey::from_der(public_key_spki).map_err(|_| Unspecified)?;
    let key = OaepPublicEncryptingKey::new(key)?;
    let mut out = vec![0; key.ciphertext_size()];
    let len = key.encrypt(&OAEP_SHA256_MGF1SHA256, message, &mut out, None)?.len();
    out.truncate(len);
    Ok(out)
}

/// The inverse of [`oaep_encrypt`]. The envelope's label is empty; vectors have others.
///
/// # Errors
/// [`Unspecified`], the one error of the library.
pub fn oaep_decrypt(
    key: &PrivateKey,
    ciphertext: &[u8],
    label: Option<&[u8]>,
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let key = key.oaep().ok_or(Unspecified)?;
    // A shorter text is the same number with leading zeros left out; RFC 8017 (7.1.2) demands full length.
    if ciphertext.len() != key.key_size_bytes() {
        return Err(Unspecified);
    }
    let mut out = Zeroizing::new(vec![0; key.min_output_size()]);
    let len = key.decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, &mut out, label)?.len();
    out.truncate(len);
    Ok(out)
}

/// A public key ready to verify RSASSA-PKCS1-v1_5 with SHA-256; RSA of 2048 to 8192 bits.
///
/// # Errors
/// [`Unspecified`], the one error of the library.
pub fn verification_key(public_key_spki: &[u8]) -> Result<ParsedPublicKey, Unspecified> {
    ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key_spki).map_err(|_| Unspecified)
}

/// Verifies a signature over the message with this SHA-256 digest.
///
/// # Errors
/// [`Unspecified`], the one error of the library.
pub fn verify(key: &ParsedPublicKey, digest: &Digest, signature: &[u8]) -> Result<(), Unspecified> {
    key.verify_digest_sig(digest, signature)
}

/// Signs the message with this SHA-256 digest.
///
/// # Errors
/// [`Unspecified`], the one error of the library.
pub fn sign(key: &PrivateKey, digest: &Digest) -> Result<Vec<u8>, Unspecified> {
    let pair = key.pair().ok_or(Unspecified)?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign_digest(&RSA_PKCS1_SHA256, digest, &mut signature)?;
    Ok(signature)
}
