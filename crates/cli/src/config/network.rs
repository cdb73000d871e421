//! `[tls]` and `[network]` of the sender's configuration: whom TLS trusts, and the proxy.

use std::path::{Path, PathBuf};

use ipnet::IpNet;
use lmr_auth::{NamedProxy, ProxyChoice, SecretString, TlsRoots};
use lmr_intake::AllowList;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::read_text;
use crate::output::read;
use crate::text::{Explain, fail, text};

/// Whom TLS trusts.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TlsSection {
    /// `platform`, `webpki` or `file`.
    pub(crate) roots: WhichRoots,
    /// Files of authorities, PEM: further ones, or with `file` the only ones.
    pub(crate) authorities: Vec<PathBuf>,
}

/// Where the roots are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WhichRoots {
    /// Those that the operating system trusts.
    #[default]
    Platform,
    /// Mozilla's, which come with the program.
    Webpki,
    /// Those of `authorities` alone.
    File,
}

/// The proxy.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NetworkSection {
    /// Its address, or `none`; that of the environment if left out.
    pub(crate) proxy: Option<String>,
    /// The user it knows us by.
    pub(crate) proxy_user: Option<String>,
    /// File with the password.
    pub(crate) proxy_password_file: Option<PathBuf>,
    /// Hosts, domains and networks that are reached without it.
    pub(crate) proxy_except: Vec<String>,
}

impl TlsSection {
    /// The roots, and what is trusted as well.
    pub(crate) fn roots(&self, folder: &Path) -> anyhow::Result<(TlsRoots, Vec<Vec<u8>>)> {
        let files = self
            .authorities
            .iter()
            .map(|path| {
                read(&folder.join(path)).explain(|| text!("tls.authorities", "tls.authorities"))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(match self.roots {
            WhichRoots::Platform => (TlsRoots::Platform, files),
            WhichRoots::Webpki => (TlsRoots::Webpki, files),
            WhichRoots::File if files.is_empty() => fail!(
                "tls.roots = \"file\" krever minst én fil i tls.authorities",
                "tls.roots = \"file\" needs at least one file in tls.authorities"
            ),
            WhichRoots::File => (TlsRoots::Only(files), Vec::new()),
        })
    }
}

impl NetworkSection {
    /// The proxy as configured.
    pub(crate) fn proxy(&self, folder: &Path) -> anyhow::Result<ProxyChoice> {
        let has_more = self.proxy_user.is_some()
            || self.proxy_password_file.is_some()
            || !self.proxy_except.is_empty();
        let address = match self.proxy.as_deref() {
            Some(address) if address != "none" => address,
            _ if has_more => fail!(
                "network: proxy_user, proxy_password_file og proxy_except gjelder en proxy som network.proxy nevner",
                "network: proxy_user, proxy_password_file and proxy_except belong to a proxy that network.proxy names"
            ),
            Some(_) => return Ok(ProxyChoice::Direct),
            None => return Ok(ProxyChoice::Environment),
        };
        let login = match (&self.proxy_user, &self.proxy_password_file) {
            (None, None) => None,
            (Some(user), Some(file)) => {
                let password = Zeroizing::new(read_text(&folder.join(file)).explain(|| {
                    text!("network.proxy_password_file", "network.proxy_password_file")
                })?);
                let password = password.trim_end_matches(['\r', '\n']).to_owned();
                Some((user.clone(), SecretString::new(password)))
            }
            _ => fail!(
                "network: proxy_user og proxy_password_file hører sammen",
                "network: proxy_user and proxy_password_file belong together"
            ),
        };
        // What is none of these would be taken for the name of a host, and never met.
        for except in self.proxy_except.iter().map(|one| one.trim()) {
            let is_plain = except.parse::<std::net::IpAddr>().is_ok();
            if except.contains('/') {
                // `10.20.30.40/8` is its network, as it is where `no_proxy` is read.
                if except.parse::<IpNet>().is_err() {
                    fail!(
                        "network.proxy_except: {except} er ikke et nett som 10.0.0.0/24",
                        "network.proxy_except: {except} is not a network like 10.0.0.0/24"
                    );
                }
            } else if AllowList::stored([except]).is_ok() && !is_plain {
                fail!(
                    "network.proxy_except: {except} er et område fra en adresse til en annen: skriv det som nett, 10.0.0.0/24",
                    "network.proxy_except: {except} is a range from one address to another: write it as networks, 10.0.0.0/24"
                );
            }
        }
        Ok(ProxyChoice::Named(NamedProxy {
            address: address.to_owned(),
            login,
            except: self.proxy_except.clone(),
        }))
    }
}
