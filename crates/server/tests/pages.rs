//! Pages on a listener of their own, through HTTP: who may call, directly and behind a proxy, and what everybody else
//! gets and leaves in the log.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use lmr_intake::AllowList;
use lmr_server::{PageSettings, ProxyHeader, serve_pages};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// The lines of the log: level, message, fields.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("lmr_server")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Pages {
    address: SocketAddr,
    /// How many requests the pages have seen.
    asked: Arc<AtomicUsize>,
    log: Log,
    _end: oneshot::Sender<()>,
    _logging: DefaultGuard,
}

async fn pages(addresses: &[&str], trusted: &[&str], proxy_header: ProxyHeader) -> Pages {
    let log = Log::default();
    let logging = tracing::subscriber::set_default(log.clone());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let app = Router::new().fallback(move || {
        let counter = Arc::clone(&counter);
        async move {
            counter.fetch_add(1, Ordering::SeqCst);
            "the page"
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = PageSettings {
        addresses: AllowList::parse(addresses).unwrap(),
        trusted_proxies: AllowList::parse(trusted).unwrap(),
        proxy_header,
        tls: None,
    };
    let (end, ended) = oneshot::channel::<()>();
    tokio::spawn(serve_pages(listener, app, settings, async {
        let _ = ended.await;
    }));
    Pages { address, asked, log, _end: end, _logging: logging }
}

impl Pages {
    /// Asks from an address of loopback, with these headers: status and body; `None` when the connection is cut off.
    async fn ask(&self, from: &str, headers: &[(&str, &str)]) -> Option<(u16, String)> {
        let client = reqwest::Client::builder()
            .local_address(from.parse::<IpAddr>().unwrap())
            .no_proxy()
            .build()
            .unwrap();
        let url = format!("http://{}/konsoll", self.address);
        let request = headers
            .iter()
            .fold(client.get(url), |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.unwrap()))
    }

    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.0.lock().unwrap())
    }
}

/// Without a proxy in between, whoever is not listed is cut off before anything is read, whatever a header claims.
#[tokio::test]
async fn an_address_that_is_not_listed_is_cut_off() {
    lmr_auth::install_tls_provider();
    let pages =
        pages(&["127.0.0.2", "127.0.1.0/24"], &["127.0.0.9"], ProxyHeader::XForwardedFor).await;
    for (from, is_listed) in [
        ("127.0.0.2", true),
        ("127.0.1.7", true),
        ("127.0.0.1", false),
        ("127.0.0.3", false),
        ("127.0.2.1", false),
    ] {
        for claimed in ["127.0.0.2", "127.0.0.3", "127.0.0.2, 127.0.0.9"] {
            pages.asked.store(0, Ordering::SeqCst);
            let headers = [("x-forwarded-for", claimed), ("forwarded", "for=127.0.0.2")];
            let answer = pages.ask(from, &headers).await;
            let lines = pages.lines();
            if is_listed {
                assert_eq!(answer, Some((200, "the page".to_owned())), "{from} {claimed}");
                assert!(lines.iter().all(|line| !line.contains("listed")), "{lines:?}");
            } else {
                assert_eq!(answer, None, "{from} {claimed}");
                let line = format!("DEBUG message=connection refused: not listed address={from}");
                assert!(lines.contains(&line), "{from}: {lines:?}");
            }
            assert_eq!(pages.asked.load(Ordering::SeqCst), usize::from(is_listed), "{from}");
        }
    }
}

/// Behind a trusted proxy the address that it names must be listed: 403 without a word, and a line in the log.
#[tokio::test]
async fn a_trusted_proxy_lets_in_only_whom_it_names_from_the_list() {
    lmr_auth::install_tls_provider();
    let (xff, forwarded) = (ProxyHeader::XForwardedFor, ProxyHeader::Forwarded);
    for (header, name, value, address, is_listed) in [
        (xff, "x-forwarded-for", "192.0.2.7", "192.0.2.7", true),
        (xff, "x-forwarded-for", "198.51.100.1, 192.0.2.7", "192.0.2.7", true),
        (xff, "x-forwarded-for", "192.0.2.7, 127.0.0.9", "192.0.2.7", true),
        (xff, "x-forwarded-for", "198.51.100.1", "198.51.100.1", false),
        // What the caller claims itself comes first and does not count.
        (xff, "x-forwarded-for", "192.0.2.7, 198.51.100.1", "198.51.100.1", false),
        // The header of the other kind.
        (xff, "forwarded", "for=192.0.2.7", "127.0.0.9", false),
        // Nobody knows who: the proxy is not the caller.
        (xff, "x-forwarded-for", "", "127.0.0.9", false),
        (xff, "x-forwarded-for", "unknown", "", false),
        (forwarded, "forwarded", "for=192.0.2.7", "192.0.2.7", true),
        (forwarded, "forwarded", "for=192.0.2.7, for=198.51.100.1", "198.51.100.1", false),
        (forwarded, "forwarded", "for=_hidden", "", false),
        (forwarded, "x-forwarded-for", "192.0.2.7", "127.0.0.9", false),
    ] {
        let pages = pages(&["192.0.2.0/24"], &["127.0.0.9"], header).await;
        let answer = pages.ask("127.0.0.9", &[(name, value)]).await;
        let wanted = if is_listed { (200, "the page".to_owned()) } else { (403, String::new()) };
        assert_eq!(answer, Some(wanted), "{name}: {value}");
        assert_eq!(pages.asked.load(Ordering::SeqCst), usize::from(is_listed), "{name}: {value}");
        let lines = pages.lines();
        let warned: Vec<&String> = lines.iter().filter(|line| line.starts_with("WARN")).collect();
        if is_listed {
            assert!(warned.is_empty(), "{warned:?}");
            continue;
        }
        let [line] = &*warned else { panic!("{name}: {value}: {lines:?}") };
        assert!(line.contains("a page was asked for from an address that is not listed"), "{line}");
        let named = format!(" address={address}");
        assert_eq!(
            line.ends_with(&named) || line.contains(&format!("{named} ")),
            !address.is_empty(),
            "{line}"
        );
        // Nobody who is not the proxy gets as far as the header.
        assert_eq!(pages.ask("127.0.0.1", &[(name, value)]).await, None);
        assert_eq!(pages.ask("127.0.0.8", &[(name, value)]).await, None);
    }
}

/// People with a browser each: the connections of the console have a bound, and a place is free again with the end of one.
#[tokio::test]
async fn pages_have_256_connections_at_once() {
    lmr_auth::install_tls_provider();
    let pages = pages(&["127.0.0.0/8"], &[], ProxyHeader::XForwardedFor).await;
    let mut open = Vec::new();
    for number in 0..256 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(format!("127.0.0.{}:0", 10 + number % 100).parse().unwrap()).unwrap();
        open.push(socket.connect(pages.address).await.unwrap());
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(pages.ask("127.0.0.2", &[]).await, None);
    open.truncate(200);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(pages.ask("127.0.0.2", &[]).await, Some((200, "the page".to_owned())));
}
