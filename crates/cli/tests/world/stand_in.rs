//! Servers that are not what they should be: pages of proxies, silence, maintenance.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A request as it came.
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A server on loopback that answers everybody as its function says; it stops when it goes out of scope.
pub(crate) struct StandIn {
    pub(crate) port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    is_stopped: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Listens on a port, 0 for any. Without an answer the connection stays open and silent.
    pub(crate) fn start(
        port: u16,
        answer: impl Fn(&Asked) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let listener = listen(port);
        let port = listener.local_addr().expect("an address").port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (known, stopped) = (Arc::clone(&heads), Arc::clone(&is_stopped));
        let answer = Arc::new(answer);
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (known, answer) = (Arc::clone(&known), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let Some((asked, mut stream)) = read(stream) else { return };
                    known.lock().expect("a list").push(asked.head.clone());
                    match answer(&asked) {
                        // A caller that has gone away gets nothing.
                        Some(answer) => drop(stream.write_all(&answer)),
                        None => drop(stream.read(&mut [0])),
                    }
                });
            }
        });
        Self { port, heads, is_stopped, listening: Some(listening) }
    }

    /// The same answer for everybody.
    pub(crate) fn always(port: u16, answer: Vec<u8>) -> Self {
        Self::start(port, move |_| Some(answer.clone()))
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("a list").clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, which then closes.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
    }
}

/// Another test's connection may have the port for a moment.
fn listen(port: u16) -> TcpListener {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => return listener,
            Err(error) => assert!(Instant::now() < until, "port {port}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The whole request: a connection that is closed over unread bytes breaks.
fn read(stream: TcpStream) -> Option<(Asked, TcpStream)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length, mut chunked) = (String::new(), 0, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
        chunked |= name.eq_ignore_ascii_case("transfer-encoding");
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    assert!(!chunked, "a length is announced");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((Asked { head, body }, reader.into_inner()))
}

/// An HTTP answer after which the connection ends.
pub(crate) fn answer(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A page as gateways and maintenance windows give it.
pub(crate) fn page(status: &str) -> Vec<u8> {
    answer(status, &["Content-Type: text/html"], "<html><body>We are sorry</body></html>")
}
