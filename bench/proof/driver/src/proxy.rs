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
use socket2::SockRef;

use crate::plan::Fate;

/// Longest wait for the receiver.
const UPSTREAM: Duration = Duration::from_secs(20);
/// Longest that a half-open connection is held.
const HALF_OPEN: Duration = Duration::from_secs(6);

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
                    let _ = serve(&connection, &state);
                });
            }
        });
        Ok(Self { port, seen, closed })
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// Forgets everything, for a new history.
    pub fn reset(&self, ports: Vec<u16>, gzip: bool) {
        let mut seen = self.seen();
        *seen = Seen { ports, gzip, history: seen.history + 1, ..Seen::default() };
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
fn read(mut from: &TcpStream, is_answer: bool) -> Option<Message> {
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

fn reset(connection: &TcpStream) {
    let _ = SockRef::from(connection).set_linger(Some(Duration::ZERO));
}

fn serve(client: &TcpStream, state: &Arc<Mutex<Seen>>) -> Result<()> {
    client.set_read_timeout(Some(UPSTREAM))?;
    let (fate, history) = {
        let mut seen = lock(state);
        seen.requests += 1;
        let fate = seen.fates.pop_front().unwrap_or(Fate::Pass);
        if fate != Fate::Pass {
            *seen.faults.entry(fate.kind()).or_default() += 1;
        }
        (fate, seen.history)
    };
    if fate == Fate::Refuse {
        reset(client);
        return Ok(());
    }
    let Some(request) = read(client, false) else { return Ok(()) };
    let id = message_id(&request);
    let forward = |part: Option<u64>| exchange(&request, id.as_deref(), part, history, state);
    let answer = |bytes: &[u8]| -> Result<()> {
        let mut client = client;
        client.write_all(bytes)?;
        client.shutdown(Shutdown::Write)?;
        // What the other side still sends must not become a reset that eats the answer.
        let mut rest = [0; 1024];
        client.set_read_timeout(Some(Duration::from_secs(1)))?;
        while matches!(client.read(&mut rest), Ok(n) if n > 0) {}
        Ok(())
    };
    let give = |got: Option<Vec<u8>>| match got {
        Some(bytes) => answer(&bytes),
        None => {
            reset(client);
            Ok(())
        }
    };
    match fate {
        Fate::Pass => give(forward(None)),
        Fate::Refuse => Ok(()),
        Fate::CutRequest { part } => {
            forward(Some(part));
            reset(client);
            Ok(())
        }
        Fate::LoseRequest => {
            reset(client);
            Ok(())
        }
        Fate::CutAnswer { part, reset: by_reset } => {
            if let Some(bytes) = forward(None) {
                let mut to = client;
                to.write_all(&bytes[..share(bytes.len(), part)])?;
            }
            if by_reset {
                reset(client);
            }
            Ok(())
        }
        Fate::LoseAnswer => {
            forward(None);
            reset(client);
            Ok(())
        }
        Fate::DelayRequest { ms } => {
            thread::sleep(Duration::from_millis(ms));
            give(forward(None))
        }
        Fate::DelayAnswer { ms } => {
            let got = forward(None);
            thread::sleep(Duration::from_millis(ms));
            give(got)
        }
        Fate::Late { ms } => {
            reset(client);
            client.shutdown(Shutdown::Both)?;
            thread::sleep(Duration::from_millis(ms));
            forward(None);
            Ok(())
        }
        Fate::Twice { second } => {
            let one = forward(None);
            let two = forward(None);
            give(if second { two } else { one })
        }
        Fate::AtOnce => {
            let two = thread::scope(|scope| {
                let other = scope.spawn(|| forward(None));
                let one = forward(None);
                other.join().ok().flatten().or(one)
            });
            give(two)
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
            give(other.or(got))
        }
        Fate::Page { status, delivered } => {
            if delivered {
                forward(None);
            }
            let page = "<html><body>Proxy</body></html>";
            answer(
                format!(
                    "HTTP/1.1 {status} Page\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
                    page.len()
                )
                .as_bytes(),
            )
        }
        Fate::WrongLength { more } => match forward(None) {
            Some(bytes) => answer(&wrong_length(&bytes, more)),
            None => give(None),
        },
        Fate::Garbage { delivered } => {
            if delivered {
                forward(None);
            }
            answer(&[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50, 0x00])
        }
        Fate::HalfOpen => {
            let mut rest = [0; 16];
            client.set_read_timeout(Some(HALF_OPEN))?;
            let mut from = client;
            let _ = from.read(&mut rest);
            Ok(())
        }
        Fate::Slow { ms } => match forward(None) {
            Some(bytes) => {
                let mut to = client;
                for piece in bytes.chunks(bytes.len() / 10 + 1) {
                    to.write_all(piece)?;
                    thread::sleep(Duration::from_millis(ms / 10));
                }
                answer(b"")
            }
            None => give(None),
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
    let (ports, gzip) = {
        let mut seen = lock(state);
        if seen.history != history {
            return None;
        }
        seen.next += 1;
        let mut ports = seen.ports.clone();
        let by = seen.next % ports.len().max(1);
        ports.rotate_left(by);
        (ports, seen.gzip)
    };
    // As a load balancer does: the next one where one is not there.
    let mut upstream =
        ports.iter().find_map(|port| TcpStream::connect(("127.0.0.1", *port)).ok())?;
    upstream.set_read_timeout(Some(UPSTREAM)).ok()?;
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
        let _ = upstream.write_all(&bytes[..share(bytes.len(), part)]);
        let _ = upstream.shutdown(Shutdown::Both);
        return None;
    }
    upstream.write_all(&bytes).ok()?;
    let answer = read(&upstream, true)?;
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
