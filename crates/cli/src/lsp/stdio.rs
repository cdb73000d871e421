//! The protocol's messages over standard input and output.

use std::io::{self, BufRead, Read as _};
use std::thread::JoinHandle;

use lsp_server::{Connection, Message};

/// What reads and writes beside the server.
pub(super) struct Threads {
    reader: JoinHandle<io::Result<()>>,
    writer: JoinHandle<io::Result<()>>,
}

/// Connects with an editor.
///
/// Messages are read here and not by the library: JavaScript editors write half a pair of surrogates as it is, which
/// is JSON that serde does not take, and the library ends and prints the message, with all values of the resource.
pub(super) fn connect() -> (Connection, Threads) {
    let (editor, server) = Connection::memory();
    let Connection { sender, receiver } = editor;
    let reader = std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Some(message) = read(&mut input)? {
            let is_exit = matches!(&message, Message::Notification(n) if n.method == "exit");
            if sender.send(message).is_err() || is_exit {
                break;
            }
        }
        Ok(())
    });
    let writer = std::thread::spawn(move || {
        let mut output = io::stdout().lock();
        receiver.into_iter().try_for_each(|message| message.write(&mut output))
    });
    (server, Threads { reader, writer })
}

impl Threads {
    /// Waits until everything is read and written.
    ///
    /// # Errors
    /// What ended one of them.
    pub(super) fn join(self) -> io::Result<()> {
        for thread in [self.reader, self.writer] {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    }
}

/// The next message; `None` at the end.
fn read(input: &mut impl BufRead) -> io::Result<Option<Message>> {
    let broken = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut length = None;
    let mut line = String::new();
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let header = line.trim_end_matches(['\r', '\n']);
        if header.is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else {
            return Err(broken("a line before a message is not a header"));
        };
        if name.eq_ignore_ascii_case("content-length") {
            let value = value.trim().parse::<u64>();
            length = Some(value.map_err(|_| broken("Content-Length is not a number"))?);
        }
    }
    let length = length.ok_or_else(|| broken("a message has no Content-Length"))?;
    let mut body = Vec::new();
    if input.take(length).read_to_end(&mut body)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    replace_lone_surrogates(&mut body);
    let message = serde_json::from_slice(&body);
    message.map(Some).map_err(|_| broken("a message is not JSON-RPC"))
}

/// Makes U+FFFD of each half of a pair, which counts as one UTF-16 unit as well: no position moves.
fn replace_lone_surrogates(json: &mut [u8]) {
    let mut at = 0;
    while at < json.len() {
        if json[at] != b'\\' {
            at += 1;
            continue;
        }
        at += match (unit(json, at), unit(json, at + 6)) {
            // Another escape: what it escapes begins none.
            (None, _) => 2,
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                json[at..at + 6].copy_from_slice(b"\\ufffd");
                6
            }
            (Some(_), _) => 6,
        };
    }
}

/// The unit that an escape at this byte writes.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at.checked_add(6)?)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_nothing_else() {
        for (json, wanted) in [
            (r"\ud83d\ude00", r"\ud83d\ude00"),
            (r"\ud83d", r"\ufffd"),
            (r"\ude00\ud83d", r"\ufffd\ufffd"),
            (r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
            (r"\\ud83d", r"\\ud83d"),
            (r"\\\uD83Dx", r"\\\ufffdx"),
            (r"\ud83", r"\ud83"),
            (r"\u00e5\n\", r"\u00e5\n\"),
        ] {
            let mut bytes = json.as_bytes().to_vec();
            replace_lone_surrogates(&mut bytes);
            assert_eq!(String::from_utf8_lossy(&bytes), wanted, "{json}");
        }
    }

    #[test]
    fn what_is_not_a_message_is_an_error_that_repeats_nothing_of_it() {
        for text in ["Patient\r\n\r\n", "Content-Length: x\r\n\r\n", "A: b\r\n\r\nPatient"] {
            let error = read(&mut text.as_bytes()).expect_err("no message");
            assert!(!error.to_string().contains("Patient"), "{error}");
        }
        let cut = read(&mut "Content-Length: 9\r\n\r\n{}".as_bytes());
        assert_eq!(cut.expect_err("cut").kind(), io::ErrorKind::UnexpectedEof);
        assert!(read(&mut "".as_bytes()).expect("an end").is_none());
    }
}
