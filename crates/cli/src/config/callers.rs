//! The lists of addresses of a receiver's configuration file, and those of them that have everybody in them.

use lmr_intake::AllowList;

use super::receiver::ReceiverConfig;
use crate::text::{Text, text};

impl ReceiverConfig {
    /// The lists of addresses that the file has, by their keys.
    fn address_lists(&self) -> Vec<(String, &[String])> {
        let mut lists = vec![
            ("addresses".to_owned(), self.addresses.as_slice()),
            ("trusted_proxies".to_owned(), &self.trusted_proxies),
        ];
        let metrics = self.metrics_addresses.as_deref();
        lists.extend(metrics.map(|list| ("metrics_addresses".to_owned(), list)));
        let outlet = self.outlet.as_ref().map(|outlet| outlet.addresses.as_slice());
        lists.extend(outlet.map(|list| ("outlet.addresses".to_owned(), list)));
        let console = self.console.as_ref().map(|console| console.addresses.as_slice());
        lists.extend(console.map(|list| ("console.addresses".to_owned(), list)));
        for avsender in &self.avsender {
            let key = format!("[[avsender]] {}: addresses", avsender.organisation);
            lists.push((key, &avsender.addresses));
        }
        lists
    }

    /// The lists that have everybody in them. One that cannot be read is refused by whoever uses it.
    pub(crate) fn lists_with_everybody(&self) -> Vec<String> {
        let has_everybody = |list: &[String]| {
            AllowList::parse(list).is_ok_and(|addresses| addresses.has_everybody())
        };
        let lists = self.address_lists().into_iter();
        lists.filter(|(_, list)| has_everybody(list)).map(|(key, _)| key).collect()
    }
}

/// What a list with everybody in it means, by its key.
pub(crate) fn everybody(key: &str) -> Text {
    match key {
        "trusted_proxies" => text!(
            "{key} har alle adresser, så enhver kan gi seg ut for å kalle fra hvilken som helst adresse",
            "{key} has all addresses, so whoever calls can claim any address"
        ),
        _ => text!(
            "{key} har alle adresser, så enhver slipper inn",
            "{key} has all addresses, so everybody is let in"
        ),
    }
}

/// What to do about it.
pub(crate) fn instead_of_everybody() -> Text {
    text!(
        "før opp bare dem som skal kalle, om ikke noe annet (en brannmur) holder de andre ute",
        "list those that are to call, unless something else (a firewall) keeps the others out"
    )
}
