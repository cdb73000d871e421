//! Between sender and receiver: a proxy that does to each request what its fate says, and notes what passed.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::faults::Fate;
use crate::wire::{RECORD_HEAD, Tls, Wire};

/// Longest wait for the receiver.
const UPSTREAM: Duration = Duration::from_secs(20);
/// Longest that a half-open connection is held.
const HALF_OPEN: Duration = Duration::from_secs(6);

/// Bytes of the server's side of a handshake, about: a cut is within them.
const HANDSHAKE: usize = 1_400;
/// Bytes of a request within which it is cut: the head alone is longer.
const CUT_READ: usize = 1_500;
/// A whole answer that left the register for a message.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub body: Vec<u8>,
    /// Entries answered with 2xx.
    pub entries: u64,
    pub receipt: bool,
    pub times: u64,
}

#[derive(Default)]
pub struct Seen {
    fates: VecDeque<Fate>,
    ports: Vec<u16>,
    next: usize,
    pub gzip: bool,
    /// TLS on both sides, where the history has it.
    pub tls: Option<Tls>,
    /// Counts the histories. Requests of a former one that are still under way must not reach the next one's register,
    /// which has the same ports and keys.
    history: u64,
    /// Faults that happened, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    pub requests: u64,
    /// By message id.
    pub acknowledged: BTreeMap<String, Acknowledged>,
    /// Raw answers of messages, to be given to others.
    answers: Vec<(String, Vec<u8>)>,
    /// What must never happen.
    pub violations: Vec<String>,
}

/// A listening proxy; ends with the process.
pub struct Proxy {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
    closed: Arc<AtomicBool>,
}

impl Proxy {
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let (seen, closed) =
            (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let (state, stop) = (Arc::clone(&seen), Arc::clone(&closed));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let state = Arc::clone(&state);
                thread::spawn(move || {
                    // A broken connection is what this is for.
                    let _ = serve(connection, &state);
                });
            }
        });
        Ok(Self { port, seen, closed })
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// Forgets everything, for a new history.
    pub fn reset(&self, ports: Vec<u16>, gzip: bool, tls: Option<Tls>) {
        let mut seen = self.seen();
        *seen = Seen { ports, gzip, tls, history: seen.history + 1, ..Seen::default() };
    }

    pub fn plan(&self, fates: &[Fate]) {
        self.seen().fates = fates.iter().copied().collect();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Message {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Message {
    fn bytes(&self) -> Vec<u8> {
        [self.head.as_slice(), &self.body].concat()
    }

    fn header(&self, name: &str) -> Option<String> {
        String::from_utf8_lossy(&self.head).lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    fn status(&self) -> u16 {
        self.head
            .get(9..12)
            .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
            .unwrap_or(0)
    }
}

/// Reads a message; `None` where it ends too early. Without a length an answer ends with the connection.
fn read(from: &mut Wire, is_answer: bool) -> Option<Message> {
    let mut all = Vec::new();
    let mut buffer = [0; 16 << 10];
    let end = loop {
        if let Some(at) = all.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match from.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(n) => all.extend_from_slice(&buffer[..n]),
        }
    };
    let mut message = Message { body: all.split_off(end), head: all };
    let length: Option<usize> = message.header("content-length").and_then(|text| text.parse().ok());
    let chunked = message.header("transfer-encoding").is_some();
    let is_empty = is_answer && matches!(message.status(), 204 | 304);
    loop {
        let done = match length {
            Some(length) => message.body.len() >= length,
            None if chunked => message.body.ends_with(b"0\r\n\r\n"),
            None => !is_answer || is_empty,
        };
        if done {
            return Some(message);
        }
        match from.read(&mut buffer) {
            Ok(0) if length.is_none() && !chunked => return Some(message),
            Ok(0) | Err(_) => return None,
            Ok(n) => message.body.extend_from_slice(&buffer[..n]),
        }
    }
}

fn serve(tcp: TcpStream, state: &Arc<Mutex<Seen>>) -> Result<()> {
    tcp.set_read_timeout(Some(UPSTREAM))?;
    let (fate, history, tls) = {
        let mut seen = lock(state);
        seen.requests += 1;
        let fate = seen.fates.pop_front().unwrap_or(Fate::Pass);
        if fate != Fate::Pass {
            *seen.faults.entry(fate.kind()).or_default() += 1;
        }
        (fate, seen.history, seen.tls.clone())
    };
    if fate == Fate::Refuse {
        Wire::plain(tcp)?.reset();
        return Ok(());
    }
    let mut client = match tls {
        Some(tls) => {
            let cut = match fate {
                Fate::TlsHandshake { part } => Some(share(HANDSHAKE, part)),
                _ => None,
            };
            Wire::accept(tcp, tls.server, cut)?
        }
        None => Wire::plain(tcp)?,
    };
    match fate {
        // Cut later than the handshake was long.
        Fate::TlsHandshake { .. } => {
            client.reset();
            return Ok(());
        }
        Fate::TlsRequest { part } => {
            // Of the request's first records: what comes before the cut is not delivered whole anywhere.
            client.cut_read(share(CUT_READ, part));
            let _ = read(&mut client, false);
            client.reset();
            return Ok(());
        }
        _ => {}
    }
    let Some(request) = read(&mut client, false) else { return Ok(()) };
    let id = message_id(&request);
    let forward = |part: Option<u64>| exchange(&request, id.as_deref(), part, history, state);
    let answer = |client: &mut Wire, bytes: &[u8]| -> Result<()> {
        client.write_all(bytes)?;
        client.finish()?;
        // What the other side still sends must not become a reset that eats the answer.
        let mut rest = [0; 1024];
        client.tcp().set_read_timeout(Some(Duration::from_secs(1)))?;
        while matches!(client.read(&mut rest), Ok(n) if n > 0) {}
        Ok(())
    };
    let give = |client: &mut Wire, got: Option<Vec<u8>>| match got {
        Some(bytes) => answer(client, &bytes),
        None => {
            client.reset();
            Ok(())
        }
    };
    match fate {
        Fate::Pass => give(&mut client, forward(None)),
        Fate::Refuse | Fate::TlsHandshake { .. } | Fate::TlsRequest { .. } => Ok(()),
        Fate::CutRequest { part } => {
            forward(Some(part));
            client.reset();
            Ok(())
        }
        Fate::LoseRequest => {
            client.reset();
            Ok(())
        }
        Fate::CutAnswer { part, reset: by_reset } => {
            if let Some(bytes) = forward(None) {
                client.write_all(&bytes[..share(bytes.len(), part)])?;
                client.flush()?;
            }
            if by_reset {
                client.reset();
            }
            Ok(())
        }
        Fate::TlsAnswer { part } => {
            if let Some(bytes) = forward(None) {
                // Before its last byte, which a record's seal is.
                client.cut_write(share(bytes.len(), part));
                let _ = client.write_all(&bytes);
            }
            client.reset();
            Ok(())
        }
        Fate::TlsDamage { part } => {
            if let Some(bytes) = forward(None) {
                client.damage(RECORD_HEAD + share(bytes.len(), part));
                answer(&mut client, &bytes)?;
            }
            Ok(())
        }
        Fate::LoseAnswer => {
            forward(None);
            client.reset();
            Ok(())
        }
        Fate::DelayRequest { ms } => {
            thread::sleep(Duration::from_millis(ms));
            give(&mut client, forward(None))
        }
        Fate::DelayAnswer { ms } => {
            let got = forward(None);
            thread::sleep(Duration::from_millis(ms));
            give(&mut client, got)
        }
        Fate::Late { ms } => {
            client.reset();
            client.tcp().shutdown(Shutdown::Both)?;
            thread::sleep(Duration::from_millis(ms));
            forward(None);
            Ok(())
        }
        Fate::Twice { second } => {
            let one = forward(None);
            let two = forward(None);
            give(&mut client, if second { two } else { one })
        }
        Fate::AtOnce => {
            let two = thread::scope(|scope| {
                let other = scope.spawn(|| forward(None));
                let one = forward(None);
                other.join().ok().flatten().or(one)
            });
            give(&mut client, two)
        }
        Fate::Stale { delivered } => {
            let got = if delivered { forward(None) } else { None };
            let other = {
                let seen = lock(state);
                seen.answers
                    .iter()
                    .rev()
                    .find(|(of, _)| Some(of) != id.as_ref())
                    .map(|(_, bytes)| bytes.clone())
            };
            give(&mut client, other.or(got))
        }
        Fate::Page { status, delivered } => {
            if delivered {
                forward(None);
            }
            let page = "<html><body>Proxy</body></html>";
            let head = format!(
                "HTTP/1.1 {status} Page\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
                page.len()
            );
            answer(&mut client, head.as_bytes())
        }
        Fate::WrongLength { more } => match forward(None) {
            Some(bytes) => answer(&mut client, &wrong_length(&bytes, more)),
            None => give(&mut client, None),
        },
        Fate::Garbage { delivered } => {
            if delivered {
                forward(None);
            }
            answer(&mut client, &[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50, 0x00])
        }
        Fate::HalfOpen => {
            let mut rest = [0; 16];
            client.tcp().set_read_timeout(Some(HALF_OPEN))?;
            let _ = client.read(&mut rest);
            Ok(())
        }
        Fate::Slow { ms } => match forward(None) {
            Some(bytes) => {
                for piece in bytes.chunks(bytes.len() / 10 + 1) {
                    client.write_all(piece)?;
                    client.flush()?;
                    thread::sleep(Duration::from_millis(ms / 10));
                }
                answer(&mut client, b"")
            }
            None => give(&mut client, None),
        },
    }
}

fn share(length: usize, part: u64) -> usize {
    usize::try_from(length as u64 * part / 1000).unwrap_or(length)
}

fn wrong_length(bytes: &[u8], more: bool) -> Vec<u8> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return bytes.to_vec();
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = &bytes[end + 4..];
    let length = if more { body.len() + 100 } else { body.len() / 2 };
    let mut out = String::new();
    for line in head.lines() {
        let name = line.split(':').next().unwrap_or_default();
        if !name.eq_ignore_ascii_case("content-length")
            && !name.eq_ignore_ascii_case("transfer-encoding")
        {
            out.push_str(line);
            out.push_str("\r\n");
        }
    }
    out.push_str(&format!("content-length: {length}\r\n\r\n"));
    [out.as_bytes(), body].concat()
}

fn message_id(request: &Message) -> Option<String> {
    let envelope: Value = serde_json::from_slice(&request.body).ok()?;
    envelope["messageId"].as_str().map(str::to_owned)
}

/// Delivers a request, or a part of it, and gives the raw answer where it came whole.
fn exchange(
    request: &Message,
    id: Option<&str>,
    part: Option<u64>,
    history: u64,
    state: &Mutex<Seen>,
) -> Option<Vec<u8>> {
    let (ports, gzip, tls) = {
        let mut seen = lock(state);
        if seen.history != history {
            return None;
        }
        seen.next += 1;
        let mut ports = seen.ports.clone();
        let by = seen.next % ports.len().max(1);
        ports.rotate_left(by);
        (ports, seen.gzip, seen.tls.clone())
    };
    // As a load balancer does: the next one where one is not there.
    let tcp = ports.iter().find_map(|port| TcpStream::connect(("127.0.0.1", *port)).ok())?;
    tcp.set_read_timeout(Some(UPSTREAM)).ok()?;
    let mut upstream = match tls {
        Some(tls) => Wire::connect(tcp, tls.client).ok()?,
        None => Wire::plain(tcp).ok()?,
    };
    let mut head: String = String::from_utf8_lossy(&request.head)
        .lines()
        .filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            !name.eq_ignore_ascii_case("connection")
                && !line.is_empty()
                && (gzip || !name.eq_ignore_ascii_case("accept-encoding"))
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    head.push_str("connection: close\r\n\r\n");
    let bytes = [head.as_bytes(), &request.body].concat();
    if let Some(part) = part {
        if upstream.is_tls() {
            // In the middle of a record.
            upstream.cut_write(share(bytes.len(), part));
            let _ = upstream.write_all(&bytes);
        } else {
            let _ = upstream.write_all(&bytes[..share(bytes.len(), part)]);
        }
        let _ = upstream.tcp().shutdown(Shutdown::Both);
        return None;
    }
    upstream.write_all(&bytes).ok()?;
    upstream.flush().ok()?;
    let answer = read(&mut upstream, true)?;
    if let Some(id) = id {
        note(id, &answer, history, state);
    }
    Some(answer.bytes())
}

/// Keeps what the register has answered for a message, and holds it against what it answered before.
fn note(id: &str, answer: &Message, history: u64, state: &Mutex<Seen>) {
    let Some(body) = body(answer) else { return };
    let Ok(json) = serde_json::from_slice::<Value>(&body) else { return };
    if json["resourceType"] != "Bundle" {
        return;
    }
    let stored = |entry: &&Value| {
        entry["response"]["status"].as_str().is_some_and(|status| status.starts_with('2'))
    };
    let entries =
        json["entry"].as_array().map_or(0, |all| all.iter().filter(stored).count() as u64);
    let receipt = answer.header("lmr-receipt").is_some();
    let mut seen = lock(state);
    if seen.history != history {
        return;
    }
    seen.answers.push((id.to_owned(), answer.bytes()));
    let Seen { acknowledged, violations, .. } = &mut *seen;
    match acknowledged.get_mut(id) {
        Some(before) => {
            before.times += 1;
            if before.body != body {
                violations.push(format!("message {id} was answered in two ways"));
            }
        }
        None => {
            acknowledged.insert(id.to_owned(), Acknowledged { body, entries, receipt, times: 1 });
        }
    }
}

fn body(answer: &Message) -> Option<Vec<u8>> {
    let mut bytes = answer.body.clone();
    if answer.header("transfer-encoding").is_some() {
        let mut plain = Vec::new();
        let mut rest = bytes.as_slice();
        loop {
            let end = rest.windows(2).position(|two| two == b"\r\n")?;
            let size =
                usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.trim(), 16).ok()?;
            rest = rest.get(end + 2..)?;
            if size == 0 {
                break;
            }
            plain.extend_from_slice(rest.get(..size)?);
            rest = rest.get(size + 2..)?;
        }
        bytes = plain;
    }
    if answer.header("content-encoding").as_deref() == Some("gzip") {
        let mut plain = Vec::new();
        MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).ok()?;
        bytes = plain;
    }
    Some(bytes)
}
