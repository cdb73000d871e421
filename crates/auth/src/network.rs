//! How servers are reached: whom TLS trusts, and by which proxy.

use std::fmt;

use reqwest::{Certificate, ClientBuilder, NoProxy, Proxy};

use crate::secret::SecretString;

/// Whose certificates of servers are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TlsRoots {
    /// Those that the operating system trusts.
    #[default]
    Platform,
    /// Mozilla's, as they come with the program: for machines without roots of their own.
    Webpki,
    /// These alone, PEM.
    Only(Vec<Vec<u8>>),
}

/// Which proxy requests go by. Addresses of this machine itself are always reached directly: a proxy would see
/// the token.
#[derive(Debug, Clone, Default)]
pub enum ProxyChoice {
    /// That of the environment (`HTTPS_PROXY`, `NO_PROXY`).
    #[default]
    Environment,
    /// None, whatever the environment says.
    Direct,
    /// This one.
    Named(NamedProxy),
}

/// A proxy and by what it knows us.
#[derive(Debug, Clone)]
pub struct NamedProxy {
    /// `http://proxy.example:8080`; `https` for a proxy that is itself reached by TLS.
    pub address: String,
    /// User and password for `Proxy-Authorization: Basic`.
    pub login: Option<(String, SecretString)>,
    /// Hosts, domains and networks that are reached without it, as `NO_PROXY` writes them.
    pub except: Vec<String>,
}

/// How servers are reached.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Whom TLS trusts.
    pub roots: TlsRoots,
    /// Further authorities, PEM: private ones.
    pub authorities: Vec<Vec<u8>>,
    /// The proxy.
    pub proxy: ProxyChoice,
}

/// Why no HTTP client can be made of a [`Network`]: configuration.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A file of authorities without a certificate in it: nothing would be trusted by it.
    #[error("the file of certificate authorities has no certificate in PEM")]
    NoAuthority,
    /// Not an address of a proxy.
    #[error(
        "network.proxy is not an address of a proxy: http://name:port, without user and password in it"
    )]
    Proxy,
    /// The HTTP client.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

impl Network {
    /// A client that trusts and goes as said; `is_local` for addresses of this machine itself. Redirects are not
    /// followed: they would hand a token to another server.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub fn client(&self, is_local: bool) -> Result<ClientBuilder, NetworkError> {
        crate::install_tls_provider();
        let further = certificates(&self.authorities)?;
        let builder = ClientBuilder::new().redirect(reqwest::redirect::Policy::none());
        let builder = match &self.roots {
            TlsRoots::Platform => builder.tls_certs_merge(further),
            TlsRoots::Webpki => {
                let mut all = webpki_root_certs::TLS_SERVER_ROOT_CERTS
                    .iter()
                    .map(|der| Certificate::from_der(der))
                    .collect::<Result<Vec<_>, _>>()?;
                all.extend(further);
                builder.tls_certs_only(all)
            }
            TlsRoots::Only(files) => {
                let mut all = certificates(files)?;
                all.extend(further);
                builder.tls_certs_only(all)
            }
        };
        if is_local {
            return Ok(builder.no_proxy());
        }
        Ok(match &self.proxy {
            ProxyChoice::Environment => builder,
            ProxyChoice::Direct => builder.no_proxy(),
            ProxyChoice::Named(named) => builder.no_proxy().proxy(named.build()?),
        })
    }
}

impl NamedProxy {
    fn build(&self) -> Result<Proxy, NetworkError> {
        let url: reqwest::Url = self.address.parse().map_err(|_| NetworkError::Proxy)?;
        let is_plain = ["http", "https"].contains(&url.scheme())
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none();
        if !is_plain {
            return Err(NetworkError::Proxy);
        }
        let mut proxy = Proxy::all(url)?;
        if let Some((user, password)) = &self.login {
            proxy = proxy.basic_auth(user, password.expose());
        }
        Ok(proxy.no_proxy(NoProxy::from_string(&self.except.join(","))))
    }
}

fn certificates(files: &[Vec<u8>]) -> Result<Vec<Certificate>, NetworkError> {
    let mut all = Vec::new();
    for pem in files {
        let found = Certificate::from_pem_bundle(pem)?;
        if found.is_empty() {
            return Err(NetworkError::NoAuthority);
        }
        all.extend(found);
    }
    Ok(all)
}

impl fmt::Display for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the environment's proxy, if it names one"),
            Self::Direct => f.write_str("no proxy"),
            Self::Named(named) => f.write_str(&named.address),
        }
    }
}
