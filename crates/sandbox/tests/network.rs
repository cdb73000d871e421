//! Whom TLS trusts and which proxy is asked: a receiver with a private authority, behind a proxy that wants to
//! know its callers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper of a test fails like the test"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use lmr_auth::{
    ConnectCause, FetchError, Fetcher as _, HttpFetcher, NamedProxy, Network, NetworkError,
    ProxyChoice, RequestHeaders, SecretString, TlsRoots,
};
use lmr_sandbox::certificates::DISTANT_NAME;
use lmr_sandbox::world::{Plan, World};
use lmr_sender::attempt::{AttemptFailure, ConnectionFailure};
use lmr_sender::transport::{
    AuthorizationError, Authorizer, HttpSettings, HttpTransport, PostOutcome, Transport as _,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// `lmr:h\u{00e6}mmelig` in base64, as RFC 7617 section 2 has it.
const LOGIN: &str = "bG1yOmjDpm1tZWxpZw==";

/// What a proxy was asked for, a line each.
type Asked = Arc<Mutex<Vec<String>>>;

/// A proxy that leads every name to one address, for those who log in.
async fn proxy(target: SocketAddr) -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, target, Arc::clone(&log)));
        }
    });
    (address, asked)
}

async fn serve(mut stream: TcpStream, target: SocketAddr, asked: Asked) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let is_known = head.lines().any(|line| {
        line.to_ascii_lowercase().starts_with("proxy-authorization: basic ")
            && line.ends_with(LOGIN)
    });
    asked.lock().unwrap().push(line.clone());
    let answer = match (is_known, line.contains("forbidden")) {
        (false, _) => "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"",
        (true, true) => "403 Forbidden",
        (true, false) => {
            let Ok(mut server) = TcpStream::connect(target).await else { return };
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            let _ = copy_bidirectional(&mut stream, &mut server).await;
            return;
        }
    };
    let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
}

struct NoToken;

#[async_trait]
impl Authorizer for NoToken {
    async fn headers(
        &self,
        _: &str,
        _: &str,
        _: Option<&str>,
    ) -> Result<RequestHeaders, AuthorizationError> {
        Ok(RequestHeaders { authorization: SecretString::new(String::new()), proof: None })
    }

    async fn refused(&self) {}
}

#[tokio::test]
async fn a_proxy_with_a_login_and_a_private_authority_are_used_and_their_faults_are_named() {
    let world = World::start(Plan { tls: true, ..Plan::default() }).await.unwrap();
    let (proxy, asked) = proxy(world.address()).await;
    let ca = world.ca().certificate_pem().as_bytes().to_vec();
    let by = |login: Option<(&str, &str)>, except: &[&str]| Network {
        roots: TlsRoots::Only(vec![ca.clone()]),
        authorities: Vec::new(),
        proxy: ProxyChoice::Named(NamedProxy {
            address: format!("http://{proxy}"),
            login: login
                .map(|(user, password)| (user.to_owned(), SecretString::new(password.to_owned()))),
            except: except.iter().map(|name| (*name).to_owned()).collect(),
        }),
    };
    let known = Some(("lmr", "hæmmelig"));
    let distant = format!("https://{DISTANT_NAME}/health/live");
    let get = async |network: &Network, url: &str| {
        let fetcher = HttpFetcher::by(network, Duration::from_secs(10)).unwrap();
        fetcher.get(url).await.map(|answer| answer.status)
    };
    let connect = |cause| Err(FetchError::Connect(cause));

    assert_eq!(get(&by(known, &[]), &distant).await, Ok(200));
    let line = format!("CONNECT {DISTANT_NAME}:443 HTTP/1.1");
    assert_eq!(asked.lock().unwrap().as_slice(), [line]);
    for (login, url, expected) in [
        (None, distant.as_str(), connect(ConnectCause::ProxyLogin)),
        (Some(("lmr", "galt")), distant.as_str(), connect(ConnectCause::ProxyLogin)),
        (known, "https://forbidden.liksom.test/", connect(ConnectCause::ProxyRefused)),
        (known, "https://other.liksom.test/", connect(ConnectCause::CertificateName)),
    ] {
        assert_eq!(get(&by(login, &[]), url).await, expected, "{login:?} {url}");
    }
    // Past the proxy: this machine itself, and what is excepted.
    let before = asked.lock().unwrap().len();
    let local = format!("{}/health/live", world.base_url());
    assert_eq!(get(&by(None, &[]), &local).await, Ok(200));
    let excepted = get(&by(known, &[".liksom.test"]), &distant).await;
    assert!(matches!(excepted, Err(FetchError::Connect(_) | FetchError::Timeout)), "{excepted:?}");
    assert_eq!(asked.lock().unwrap().len(), before, "none of them went by the proxy");

    // Whom TLS trusts.
    let with = |roots: TlsRoots, authorities: &[&[u8]]| Network {
        roots,
        authorities: authorities.iter().map(|pem| pem.to_vec()).collect(),
        ..by(known, &[])
    };
    let stranger = connect(ConnectCause::UnknownAuthority);
    for (roots, authorities, expected) in [
        (TlsRoots::Webpki, &[][..], stranger),
        (TlsRoots::Webpki, &[ca.as_slice()], Ok(200)),
        (TlsRoots::Platform, &[ca.as_slice()], Ok(200)),
    ] {
        let network = with(roots.clone(), authorities);
        assert_eq!(get(&network, &distant).await, expected, "{roots:?} {}", authorities.len());
    }
    for (network, reason) in [
        (with(TlsRoots::Only(vec![b"no certificate".to_vec()]), &[]), "certificate"),
        (with(TlsRoots::Platform, &[b""]), "certificate"),
    ] {
        let error = HttpFetcher::by(&network, Duration::from_secs(1)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    for address in ["proxy.example", "http://lmr:secret@proxy.example:8080", "socks4://proxy:1"] {
        let named = NamedProxy { address: address.to_owned(), login: None, except: Vec::new() };
        let network = Network { proxy: ProxyChoice::Named(named), ..Network::default() };
        let error = network.client(false).unwrap_err();
        assert!(matches!(error, NetworkError::Proxy), "{address}: {error}");
        assert!(!error.to_string().contains("secret"));
    }

    // The way of messages is the same.
    let post = async |login| {
        let mut settings = HttpSettings::new(format!("https://{DISTANT_NAME}/fhirmottak/v1"));
        settings.network = by(login, &[]);
        HttpTransport::new(&settings, NoToken).unwrap().post(b"{}".to_vec()).await
    };
    let answered = post(known).await;
    assert!(matches!(answered, PostOutcome::Answered { status: 400..=401, .. }), "{answered:?}");
    let PostOutcome::NotReached { failure, .. } = post(None).await else { panic!("no connection") };
    assert_eq!(failure, AttemptFailure::NoConnection { reason: ConnectionFailure::ProxyLogin });
    assert!(failure.to_string().contains("network.proxy_user"), "{failure}");
}
