//! Lists of addresses and ranges.

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};
use lmr_fhir::{Language, Localized};
use std::{
    borrow::Cow,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};
use thiserror::Error;

/// The addresses someone may call from: single ones and ranges, IPv4 and IPv6. Empty means nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(Vec<IpNet>);

/// Why a text names no address or range.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    /// It is neither.
    #[error(
        "`{text}` is not an IP address, a range like 192.0.2.0/24 or a range like 192.0.2.1-192.0.2.9"
    )]
    Unreadable {
        /// What was written.
        text: String,
    },
    /// An address of a network with the network's length: one or the other is meant.
    #[error(
        "`{text}` has more digits than its length covers: write {network} for the whole network, or {address} for the one \
         address"
    )]
    HostBits {
        /// What was written.
        text: String,
        /// The network that it is in.
        network: String,
        /// The address in front of the length.
        address: IpAddr,
    },
    /// `0.0.0.0` or `::` alone, in any form, which nobody calls from.
    #[error(
        "nobody calls from {address}: write {address}/0 for all addresses, or list those that may call"
    )]
    Unspecified {
        /// What was written.
        address: IpAddr,
    },
}

impl Localized for AddressError {
    fn text(&self, language: Language) -> Cow<'_, str> {
        let text = match (language, self) {
            (Language::English, _) => self.to_string(),
            (Language::Bokmal, Self::Unreadable { text }) => format!(
                "`{text}` er verken en IP-adresse, et område som 192.0.2.0/24 eller et område som 192.0.2.1-192.0.2.9"
            ),
            (Language::Bokmal, Self::HostBits { text, network, address }) => format!(
                "`{text}` har flere sifre enn lengden dekker: skriv {network} for hele nettet, eller {address} for den ene \
                 adressen"
            ),
            (Language::Bokmal, Self::Unspecified { address }) => format!(
                "ingen kaller fra {address}: skriv {address}/0 for alle adresser, eller før opp dem som kan kalle"
            ),
        };
        Cow::Owned(text)
    }
}

impl AllowList {
    /// Reads `192.0.2.7`, `192.0.2.0/24`, `192.0.2.10-192.0.2.20` and the same in IPv6.
    ///
    /// # Errors
    /// [`AddressError`] names the first text that is none of these.
    pub fn parse<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Self, AddressError> {
        let mut nets = Vec::new();
        for text in texts {
            let text = text.as_ref().trim();
            if let Some(net) = plain_net(text) {
                check_host_bits(text, net)?;
            }
            let read = nets_of(text)?;
            if let [net] = read.as_slice()
                && net.prefix_len() == net.max_prefix_len()
                && net.addr().is_unspecified()
            {
                return Err(AddressError::Unspecified { address: net.addr() });
            }
            nets.extend(read);
        }
        Ok(Self(nets))
    }

    /// Reads what [`AllowList::texts`] wrote, of this program or an earlier one, which took more of what people write. A
    /// list that cannot be read would lock out everybody.
    ///
    /// # Errors
    /// [`AddressError::Unreadable`] names the first text that is no address and no range.
    pub fn stored<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Self, AddressError> {
        let mut nets = Vec::new();
        for text in texts {
            nets.extend(nets_of(text.as_ref())?);
        }
        Ok(Self(nets))
    }

    /// Whether the address is listed. An IPv4 address written as IPv6 (`::ffff:192.0.2.7`) is that IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }

    /// Whether all addresses of one family that anybody calls from are listed.
    pub fn has_everybody(&self) -> bool {
        IpNet::aggregate(&self.0).iter().any(|net| ALL.iter().any(|all| net.contains(all)))
    }

    /// Whether nobody is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, one text each, readable by [`AllowList::parse`] and [`AllowList::stored`].
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|net| {
            let single = net.prefix_len() == net.max_prefix_len();
            if single { net.addr().to_string() } else { net.to_string() }
        })
    }
}

impl fmt::Display for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().collect::<Vec<_>>().join(", "))
    }
}

/// All addresses of IPv4, and those of IPv6 that are given out to machines (RFC 4291, section 2.4).
const ALL: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)),
];

/// An address with a length.
fn plain_net(text: &str) -> Option<IpNet> {
    IpNet::from_str(text).ok()
}

fn check_host_bits(text: &str, net: IpNet) -> Result<(), AddressError> {
    if net == net.trunc() {
        return Ok(());
    }
    Err(AddressError::HostBits {
        text: text.to_owned(),
        network: net.trunc().to_string(),
        address: net.addr(),
    })
}

/// What one text names.
fn nets_of(text: &str) -> Result<Vec<IpNet>, AddressError> {
    if let Ok(address) = IpAddr::from_str(text) {
        return Ok(vec![IpNet::from(address.to_canonical())]);
    }
    if let Some(net) = plain_net(text) {
        return Ok(vec![canonical(net.trunc())]);
    }
    range(text).ok_or_else(|| AddressError::Unreadable { text: text.to_owned() })
}

/// What is written with its first and its last address.
fn range(text: &str) -> Option<Vec<IpNet>> {
    let (from, to) = text.split_once('-')?;
    let from = IpAddr::from_str(from.trim()).ok()?.to_canonical();
    let to = IpAddr::from_str(to.trim()).ok()?.to_canonical();
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) if from <= to => {
            Some(Ipv4Subnets::new(from, to, 0).map(IpNet::V4).collect())
        }
        (IpAddr::V6(from), IpAddr::V6(to)) if from <= to => {
            Some(Ipv6Subnets::new(from, to, 0).map(IpNet::V6).map(canonical).collect())
        }
        _ => None,
    }
}

/// `::ffff:192.0.2.0/120` is `192.0.2.0/24`.
fn canonical(net: IpNet) -> IpNet {
    if let IpNet::V6(v6) = net
        && let Some(v4) = v6.addr().to_ipv4_mapped()
        && let Some(prefix) = v6.prefix_len().checked_sub(96)
        && let Ok(mapped) = Ipv4Net::new(v4, prefix)
    {
        return IpNet::V4(mapped);
    }
    net
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(list: &[&str], address: &str) -> bool {
        AllowList::parse(list).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn single_addresses_and_ranges_of_both_families_are_matched() {
        let list = [
            "192.0.2.7",
            "198.51.100.0/24",
            "203.0.113.10-203.0.113.20",
            "2001:db8:1::/48",
            "2001:db8:2::5",
        ];
        for inside in [
            "192.0.2.7",
            "198.51.100.255",
            "203.0.113.10",
            "203.0.113.20",
            "2001:db8:1:ffff::1",
            "2001:db8:2::5",
        ] {
            assert!(allowed(&list, inside), "{inside}");
        }
        for outside in [
            "192.0.2.8",
            "198.51.101.0",
            "203.0.113.9",
            "203.0.113.21",
            "2001:db8:3::1",
            "2001:db8:2::6",
            "::1",
        ] {
            assert!(!allowed(&list, outside), "{outside}");
        }
    }

    #[test]
    fn ipv4_written_as_ipv6_is_the_same_address_on_either_side() {
        assert!(allowed(&["192.0.2.7"], "::ffff:192.0.2.7"));
        assert!(allowed(&["::ffff:192.0.2.7"], "192.0.2.7"));
        assert!(allowed(&["::ffff:192.0.2.0/120"], "192.0.2.200"));
        assert!(!allowed(&["::ffff:192.0.2.0/120"], "192.0.3.1"));
        assert!(!allowed(&["2001:db8::/32"], "192.0.2.7"));
    }

    #[test]
    fn an_empty_list_lets_nobody_in() {
        assert!(!allowed(&[], "127.0.0.1"));
    }

    #[test]
    fn what_is_not_an_address_is_refused_by_name() {
        for text in [
            "",
            "192.0.2",
            "192.0.2.0/33",
            "192.0.2.9-192.0.2.1",
            "192.0.2.1-2001:db8::1",
            "example.org",
        ] {
            assert_eq!(
                AllowList::parse([text]),
                Err(AddressError::Unreadable { text: text.to_owned() })
            );
        }
    }

    #[test]
    fn an_address_with_the_length_of_its_network_is_refused_with_both_readings() {
        for (text, network, address) in [
            ("10.0.0.1/8", "10.0.0.0/8", "10.0.0.1"),
            ("198.51.100.3/24", "198.51.100.0/24", "198.51.100.3"),
            ("192.0.2.255/0", "0.0.0.0/0", "192.0.2.255"),
            ("2001:db8::5/64", "2001:db8::/64", "2001:db8::5"),
            ("::ffff:192.0.2.7/120", "::ffff:192.0.2.0/120", "::ffff:192.0.2.7"),
        ] {
            let error = AllowList::parse(["192.0.2.1", text]).unwrap_err().to_string();
            for part in [text, network, address] {
                assert!(error.contains(part), "{text}: {error}");
            }
            assert!(
                AllowList::parse([network, address]).is_ok(),
                "{text}: both remedies are taken"
            );
        }
        for whole in ["192.0.2.7/32", "2001:db8::5/128", "10.0.0.0/8", "0.0.0.0/0", "::/0"] {
            assert!(AllowList::parse([whole]).is_ok(), "{whole}");
        }
    }

    #[test]
    fn an_address_that_nobody_calls_from_is_refused_however_it_is_written() {
        for (text, address) in [
            ("0.0.0.0", "0.0.0.0"),
            ("0.0.0.0/32", "0.0.0.0"),
            ("0.0.0.0-0.0.0.0", "0.0.0.0"),
            ("::ffff:0.0.0.0", "0.0.0.0"),
            ("::ffff:0.0.0.0/128", "0.0.0.0"),
            ("::ffff:0.0.0.0-0.0.0.0", "0.0.0.0"),
            ("::", "::"),
            ("::/128", "::"),
            ("0::0 - ::", "::"),
        ] {
            let error = AllowList::parse([text]).unwrap_err().to_string();
            assert!(error.contains(&format!("write {address}/0")), "{text}: {error}");
        }
        for text in ["0.0.0.0/31", "0.0.0.0-0.0.0.1", "0.0.0.0-0.0.0.2", "::/127", "::-::1"] {
            assert!(AllowList::parse([text]).is_ok(), "{text}");
        }
    }

    /// Of earlier programs too, which took more of what people write.
    #[test]
    fn what_is_stored_is_read_without_the_rules_for_what_people_write() {
        for (stored, same) in [
            ("0.0.0.0", "0.0.0.0"),
            ("::", "::"),
            ("10.0.0.1/8", "10.0.0.0/8"),
            ("2001:db8::5/64", "2001:db8::/64"),
            ("192.0.2.7", "192.0.2.7"),
        ] {
            let list = AllowList::stored([stored]).expect(stored);
            assert_eq!(list.to_string(), same, "{stored}");
            assert_eq!(AllowList::stored(list.texts()), Ok(list));
        }
        assert!(AllowList::stored(["192.0.2"]).is_err());
    }

    /// Whatever is taken can be stored and read: with another text the sender would be locked out.
    #[test]
    fn what_is_taken_reads_back_the_same_in_every_form() {
        let ends = [
            "0.0.0.0",
            "0.0.0.1",
            "10.0.0.1",
            "127.255.255.255",
            "192.0.2.7",
            "255.255.255.254",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:0.0.0.0",
            "::ffff:192.0.2.7",
            "::ffff:255.255.255.255",
            "::fffe:0:1",
            "::1:0:0:0",
            "2001:db8::5",
            "fe80::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ];
        let mut taken = 0;
        for from in ends {
            let lengths = (0..=128).map(|length| format!("{from}/{length}"));
            let networks = lengths
                .clone()
                .filter_map(|text| text.parse::<IpNet>().ok().map(|net| net.trunc().to_string()));
            let ranges = ends.iter().map(|to| format!("{from}-{to}"));
            for text in lengths.clone().chain(networks).chain(ranges).chain([from.to_owned()]) {
                let Ok(list) = AllowList::parse([&text]) else { continue };
                taken += 1;
                assert_eq!(AllowList::parse(list.texts()).as_ref(), Ok(&list), "{text}");
                assert_eq!(AllowList::stored(list.texts()).as_ref(), Ok(&list), "{text}");
            }
        }
        assert!(taken > 1_000, "{taken}");
    }

    #[test]
    fn everybody_is_recognised_however_it_is_written() {
        for (list, everybody) in [
            (&["0.0.0.0/0"][..], true),
            (&["::/0"], true),
            (&["::ffff:0.0.0.0/96"], true),
            (&["192.0.2.7", "0.0.0.0-255.255.255.255"], true),
            (&["128.0.0.0/1", "0.0.0.0/1"], true),
            (&["2000::/3"], true),
            (&["::/1"], true),
            (&["0.0.0.0/1"], false),
            (&["10.0.0.0/8", "127.0.0.0/8", "::1", "fd00::/8"], false),
            (&[], false),
        ] {
            assert_eq!(AllowList::parse(list).unwrap().has_everybody(), everybody, "{list:?}");
        }
    }

    #[test]
    fn written_lists_read_back_the_same() {
        let list = AllowList::parse(["192.0.2.7", "198.51.100.0/24", "2001:db8::/32"]).unwrap();
        assert_eq!(list.to_string(), "192.0.2.7, 198.51.100.0/24, 2001:db8::/32");
        assert_eq!(AllowList::parse(list.texts()), Ok(list));
    }

    #[test]
    fn a_range_has_its_ends_and_nothing_beyond_them_in_both_families() {
        for (range, inside, outside) in [
            ("192.0.2.3-192.0.2.9", ["192.0.2.3", "192.0.2.9"], ["192.0.2.2", "192.0.2.10"]),
            (
                "2001:db8::3-2001:db8::9",
                ["2001:db8::3", "2001:db8::9"],
                ["2001:db8::2", "2001:db8::a"],
            ),
            ("192.0.2.3-192.0.2.3", ["192.0.2.3", "192.0.2.3"], ["192.0.2.2", "192.0.2.4"]),
            (
                "2001:db8::3-2001:db8::3",
                ["2001:db8::3", "2001:db8::3"],
                ["2001:db8::2", "2001:db8::4"],
            ),
        ] {
            let list = AllowList::parse([range]).expect(range);
            for address in inside {
                assert!(list.contains(address.parse().expect("an address")), "{range} {address}");
            }
            for address in outside {
                assert!(!list.contains(address.parse().expect("an address")), "{range} {address}");
            }
            assert!(!list.is_empty());
        }
        assert!(AllowList::default().is_empty());
        for reversed in ["192.0.2.9-192.0.2.3", "2001:db8::9-2001:db8::3", "192.0.2.3-2001:db8::9"]
        {
            assert!(AllowList::parse([reversed]).is_err(), "{reversed}");
        }
    }
}
