//! Where a request comes from, behind proxies too.

use axum::http::{HeaderMap, HeaderName, header};
use lmr_intake::AllowList;
use std::net::{IpAddr, SocketAddr};

/// The one header that trusted proxies write the caller's address into. Only one is read: what a
/// proxy does not write itself it may pass on from the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`
    XForwardedFor,
    /// `Forwarded` (RFC 7239)
    Forwarded,
}

/// The caller's address: the peer's, or, when the peer is a trusted proxy, the last one in the header
/// that is not a trusted proxy. `None` when a trusted proxy's header cannot be read: then nobody knows.
pub(crate) fn caller_address(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &AllowList,
    header: ProxyHeader,
) -> Option<IpAddr> {
    let mut address = peer.to_canonical();
    if !trusted.contains(address) {
        return Some(address);
    }
    let hops = match header {
        ProxyHeader::XForwardedFor => {
            elements(headers, &HeaderName::from_static("x-forwarded-for"))?
                .into_iter()
                .map(Some)
                .collect()
        }
        ProxyHeader::Forwarded => {
            let elements = elements(headers, &header::FORWARDED)?;
            elements.into_iter().map(forwarded_for).collect::<Vec<_>>()
        }
    };
    // From the nearest hop outwards; what comes before an untrusted address is that one's own claim.
    for hop in hops.into_iter().rev() {
        address = node_address(hop?)?.to_canonical();
        if !trusted.contains(address) {
            break;
        }
    }
    Some(address)
}

/// The comma-separated elements of all lines of a header.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Vec<&'a str>> {
    let mut all = Vec::new();
    for value in headers.get_all(name) {
        let line = value.to_str().ok()?;
        all.extend(line.split(',').map(str::trim).filter(|element| !element.is_empty()));
    }
    Some(all)
}

fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn node_address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(socket.ip());
    }
    text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(
        peer: &str,
        trusted: &[&str],
        header: ProxyHeader,
        lines: &[(&'static str, &str)],
    ) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        let trusted = AllowList::parse(trusted).unwrap();
        caller_address(peer.parse().unwrap(), &headers, &trusted, header)
            .map(|address| address.to_string())
    }

    #[test]
    fn without_trusted_proxies_headers_are_not_believed() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
        assert_eq!(
            caller("192.0.2.1", &[], ProxyHeader::XForwardedFor, &lines).unwrap(),
            "192.0.2.1"
        );
        assert_eq!(
            caller("192.0.2.1", &["10.0.0.0/8"], ProxyHeader::Forwarded, &lines).unwrap(),
            "192.0.2.1"
        );
    }

    #[test]
    fn the_last_untrusted_hop_is_the_caller_whatever_it_claims() {
        let lines =
            [("x-forwarded-for", "198.51.100.1, 203.0.113.9"), ("x-forwarded-for", "10.0.0.2")];
        let trusted = ["10.0.0.0/8"];
        assert_eq!(
            caller("10.0.0.1", &trusted, ProxyHeader::XForwardedFor, &lines).unwrap(),
            "203.0.113.9"
        );
        let lines = [("forwarded", "for=198.51.100.1, For=\"[2001:db8::7]:4711\";proto=https")];
        assert_eq!(
            caller("10.0.0.1", &trusted, ProxyHeader::Forwarded, &lines).unwrap(),
            "2001:db8::7"
        );
    }

    #[test]
    fn a_header_of_the_other_kind_is_not_read() {
        let lines = [("forwarded", "for=203.0.113.9")];
        assert_eq!(
            caller("10.0.0.1", &["10.0.0.1"], ProxyHeader::XForwardedFor, &lines).unwrap(),
            "10.0.0.1"
        );
    }

    #[test]
    fn a_trusted_proxy_that_hides_the_caller_gives_no_address() {
        for value in ["for=unknown", "for=_hidden", "proto=https", "for=203.0.113.9:x"] {
            assert_eq!(
                caller("10.0.0.1", &["10.0.0.1"], ProxyHeader::Forwarded, &[("forwarded", value)]),
                None
            );
        }
    }

    #[test]
    fn ipv4_in_ipv6_is_the_same_proxy() {
        let lines = [("x-forwarded-for", "203.0.113.9:50000")];
        assert_eq!(
            caller("::ffff:10.0.0.1", &["10.0.0.1"], ProxyHeader::XForwardedFor, &lines).unwrap(),
            "203.0.113.9"
        );
    }
}
