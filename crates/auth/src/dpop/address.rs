//! The address a proof is made for (`htu`), in one spelling.

use reqwest::Url;

/// An address at which this server is called from outside, such as `https://mottak.example.no`: what
/// proofs are compared with, never the `Host` header, which a proxy may change or a caller forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads scheme, host, port and, behind a proxy that adds one, the path in front of the routes.
    /// Nothing if it is not an http(s) address or has a query, fragment or user.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains(['?', '#']) {
            return None;
        }
        let normal = normal(text)?;
        Some(Self(normal.trim_end_matches('/').to_owned()))
    }

    /// The address of a route below it.
    pub(crate) fn with_path(&self, path: &str) -> Option<String> {
        normal(&format!("{}{path}", self.0))
    }
}

/// The address without query and fragment in the normal form of RFC 3986 section 6.2: scheme and host
/// in small letters, no default port, no escapes of unreserved characters, others in capitals. The
/// path keeps its case.
pub(crate) fn normal(text: &str) -> Option<String> {
    // The URL reader passes over some of these in silence.
    if text.chars().any(|c| !c.is_ascii_graphic() || c == '\\') {
        return None;
    }
    let mut url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.username().is_empty()
        && url.password().is_none();
    if !plain {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = normal_escapes(url.path());
    url.set_path(&path);
    Some(url.to_string())
}

fn normal_escapes(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let byte = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(char::from(byte));
            }
            Some(byte) => out.push_str(&format!("%{byte:02X}")),
            None => {
                out.push('%');
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = &rest[at + 3..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_equal() {
        let wanted = normal("https://mottak.example.no/fhirmottak/v1");
        for same in [
            "HTTPS://MOTTAK.example.no/fhirmottak/v1",
            "https://mottak.example.no:443/fhirmottak/v1",
            "https://mottak.example.no/fhirmottak/v1?a=b",
            "https://mottak.example.no/fhirmottak/v1#x",
            "https://mottak.example.no/%66hirmottak/v1",
        ] {
            assert_eq!(normal(same), wanted, "{same}");
        }
        assert_eq!(normal("https://a.no"), normal("https://a.no/"));
        assert_eq!(normal("https://a.no/%e6%2f"), normal("https://a.no/%E6%2F"));
    }

    #[test]
    fn other_addresses_are_not() {
        let wanted = normal("https://mottak.example.no/fhirmottak/v1");
        for other in [
            "http://mottak.example.no/fhirmottak/v1",
            "https://mottak.example.no:8443/fhirmottak/v1",
            "https://mottak.example.no/Fhirmottak/v1",
            "https://mottak.example.no/fhirmottak/v1/",
            "https://mottak.example.no/fhirmottak%2Fv1",
            "https://annet.example.no/fhirmottak/v1",
            "https://u@mottak.example.no/fhirmottak/v1",
            "https:\\\\mottak.example.no/fhirmottak/v1",
            "https://mottak.example.no/fhirmottak/v1\n",
            "ftp://mottak.example.no/fhirmottak/v1",
            "/fhirmottak/v1",
            "",
        ] {
            assert_ne!(normal(other), wanted, "{other}");
        }
    }

    #[test]
    fn a_public_address_may_have_a_path_of_the_proxys() {
        let url = PublicUrl::parse("https://example.no/lmr/").unwrap();
        assert_eq!(url.with_path("/api/v1").as_deref(), Some("https://example.no/lmr/api/v1"));
        assert_eq!(PublicUrl::parse("https://example.no/?a"), None);
        assert_eq!(PublicUrl::parse("example.no"), None);
        for url in ["https://u@a.no", "https://u:p@a.no", "https://:p@a.no", "ftp://a.no", "data:a"]
        {
            assert_eq!(normal(url), None, "{url}");
        }
        // What is no escape stays as it is, and what follows it is read.
        assert_eq!(normal("https://a.no/%zz%41%").as_deref(), Some("https://a.no/%zzA%"));
    }
}
