//! `pkcs11:` URIs (RFC 7512): which module, which token, which key.

use std::path::PathBuf;

/// Names a key or certificate on a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenUri {
    /// `module-path`: the vendor's library.
    pub module: PathBuf,
    /// `token`: the token's label.
    pub token: Option<String>,
    /// `serial`: its serial number.
    pub serial: Option<String>,
    /// `object`: the label of key and certificate.
    pub object: Option<String>,
    /// `id`: their id.
    pub id: Option<Vec<u8>>,
    /// `pin-source`: the file with the PIN.
    pub pin_file: Option<PathBuf>,
}

/// Why a URI names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// `%` without two hex digits after it, or not UTF-8.
    #[error("the pkcs11 URI has a broken %-encoding in `{attribute}`")]
    Encoding {
        /// Where.
        attribute: String,
    },
    /// An attribute that is not known.
    #[error(
        "the pkcs11 URI has an unknown attribute `{attribute}`; known are token, serial, object, id and type, and after a question mark module-path and pin-source"
    )]
    Unknown {
        /// Which.
        attribute: String,
    },
    /// A PIN in the configuration.
    #[error(
        "the pkcs11 URI has a PIN in it (pin-value); write it into a file and name that as pin-source"
    )]
    PinInside,
    /// No library to load.
    #[error("the pkcs11 URI names no library (?module-path=/usr/lib/…/lib….so)")]
    NoModule,
    /// Neither label nor id.
    #[error("the pkcs11 URI names no key (object=… or id=…)")]
    NoObject,
}

impl TokenUri {
    /// Whether a text is meant as such a URI.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkcs11:"))
    }

    /// Reads a URI.
    ///
    /// # Errors
    /// [`UriError`].
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let text = if Self::is_one(text) { &text[7..] } else { text };
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut uri = Self::default();
        let mut module = None;
        for (part, is_query) in path
            .split(';')
            .map(|part| (part, false))
            .chain(query.split('&').map(|part| (part, true)))
        {
            if part.is_empty() {
                continue;
            }
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let broken = || UriError::Encoding { attribute: name.to_owned() };
            let bytes = decode(value).ok_or_else(broken)?;
            let text = || String::from_utf8(bytes.clone()).map_err(|_| broken());
            match (is_query, name) {
                (false, "token") => uri.token = Some(text()?),
                (false, "serial") => uri.serial = Some(text()?),
                (false, "object") => uri.object = Some(text()?),
                (false, "id") => uri.id = Some(bytes),
                // What is looked for follows from the place the URI is in.
                (false, "type" | "manufacturer" | "model") => {}
                (true, "module-path") => module = Some(PathBuf::from(text()?)),
                (true, "pin-source") => {
                    let source = text()?;
                    let file = source.strip_prefix("file://").or(source.strip_prefix("file:"));
                    uri.pin_file = Some(PathBuf::from(file.unwrap_or(&source)));
                }
                (true, "pin-value") => return Err(UriError::PinInside),
                _ => return Err(UriError::Unknown { attribute: name.to_owned() }),
            }
        }
        uri.module =
            module.filter(|path| !path.as_os_str().is_empty()).ok_or(UriError::NoModule)?;
        if uri.object.is_none() && uri.id.is_none() {
            return Err(UriError::NoObject);
        }
        Ok(uri)
    }
}

/// Percent-decoding (RFC 3986 section 2.1).
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            out.push(byte);
            rest = after;
            continue;
        }
        let digits = after.get(..2)?;
        let digit =
            |at: usize| char::from(digits[at]).to_digit(16).and_then(|d| u8::try_from(d).ok());
        out.push(digit(0)? << 4 | digit(1)?);
        rest = &after[2..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_module_token_key_and_pin() {
        let uri = TokenUri::parse(
            "pkcs11:token=Sykehus%20Nord;object=virksomhet;id=%01%a2;type=private?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/lmr/pin",
        );
        let expected = TokenUri {
            module: "/usr/lib/softhsm/libsofthsm2.so".into(),
            token: Some("Sykehus Nord".to_owned()),
            serial: None,
            object: Some("virksomhet".to_owned()),
            id: Some(vec![1, 0xa2]),
            pin_file: Some("/etc/lmr/pin".into()),
        };
        assert_eq!(uri, Ok(expected));
        for (text, error) in [
            ("pkcs11:object=a", UriError::NoModule),
            ("pkcs11:?module-path=/m.so", UriError::NoObject),
            ("pkcs11:object=a?module-path=/m.so&pin-value=pin-7d1f-4e0c", UriError::PinInside),
            (
                "pkcs11:object=%a?module-path=/m.so",
                UriError::Encoding { attribute: "object".into() },
            ),
            (
                "pkcs11:colour=red?module-path=/m.so",
                UriError::Unknown { attribute: "colour".into() },
            ),
        ] {
            assert_eq!(TokenUri::parse(text), Err(error), "{text}");
        }
        assert!(TokenUri::is_one("PKCS11:object=a") && !TokenUri::is_one("sender.key"));
        // A PIN never comes back in an error.
        let error =
            TokenUri::parse("pkcs11:object=a?pin-value=pin-7d1f-4e0c").expect_err("refused");
        assert!(!error.to_string().contains("pin-7d1f-4e0c"));
    }
}
