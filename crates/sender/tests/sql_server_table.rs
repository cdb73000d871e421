//! The rows of a query to Microsoft SQL Server. The counterpart here speaks as much of its protocol (TDS, [MS-TDS]) as a
//! login and one query need, in the clear on loopback. Not tried: a real SQL Server, TLS, and Windows logins, which the
//! program does not offer.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::table_rows;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};

use lmr_sender::source::{Source as _, TableSource};
use table_rows::scan;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A text with its length in one byte.
fn short(text: &str) -> Vec<u8> {
    [vec![text.encode_utf16().count() as u8], utf16(text)].concat()
}

/// A text with its length in two bytes.
fn long(text: &str) -> Vec<u8> {
    [(text.encode_utf16().count() as u16).to_le_bytes().to_vec(), utf16(text)].concat()
}

/// A token whose length is in two bytes.
fn sized(token: u8, body: &[u8]) -> Vec<u8> {
    [&[token][..], &(body.len() as u16).to_le_bytes(), body].concat()
}

fn done() -> Vec<u8> {
    [&[0xfd][..], &[0; 12]].concat()
}

/// LOGINACK for TDS 7.4, and DONE.
fn login_accepted() -> Vec<u8> {
    let body = [&[1, 0x74, 0, 0, 4][..], &short("simulated"), &[16, 0, 0, 1]].concat();
    [sized(0xad, &body), done()].concat()
}

fn error(number: u32, message: &str) -> Vec<u8> {
    let body = [
        number.to_le_bytes().to_vec(),
        vec![1, 14],
        long(message),
        short("db"),
        short(""),
        1_u32.to_le_bytes().to_vec(),
    ];
    [sized(0xaa, &body.concat()), done()].concat()
}

/// The columns `id`, `amount`, `given_at` and `note`: nvarchar(50), decimal(9,3), datetime2(7), nvarchar(50).
fn columns() -> Vec<u8> {
    let text_type = [&[0xe7, 100, 0][..], &[9, 4, 0xd0, 0, 0x34]].concat();
    let column = |name: &str, kind: &[u8]| {
        [&0_u32.to_le_bytes()[..], &1_u16.to_le_bytes(), kind, &short(name)].concat()
    };
    [
        vec![0x81, 4, 0],
        column("id", &text_type),
        column("amount", &[0x6a, 5, 9, 3]),
        column("given_at", &[0x2a, 7]),
        column("note", &text_type),
    ]
    .concat()
}

fn row(id: &str, thousandths: Option<u32>, days: u32, seconds: u64, note: Option<&str>) -> Vec<u8> {
    let text = |text: Option<&str>| match text {
        None => vec![0xff, 0xff],
        Some(text) => [(utf16(text).len() as u16).to_le_bytes().to_vec(), utf16(text)].concat(),
    };
    let amount = match thousandths {
        None => vec![0],
        Some(value) => [&[5, 1][..], &value.to_le_bytes()].concat(),
    };
    let time = (seconds * 10_000_000).to_le_bytes();
    let at = [&[8][..], &time[..5], &days.to_le_bytes()[..3]].concat();
    [vec![0xd1], text(Some(id)), amount, at, text(note)].concat()
}

/// What the client sent, message by message: their kind and what is in them.
type Heard = Receiver<(u8, Vec<u8>)>;

fn read_message(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut whole = Vec::new();
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header).ok()?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let mut body = vec![0; length.checked_sub(8)?];
        stream.read_exact(&mut body).ok()?;
        whole.extend(body);
        if header[1] & 1 == 1 {
            return Some((header[0], whole));
        }
    }
}

fn write_message(stream: &mut TcpStream, body: &[u8]) {
    // In small packets, so that tokens go across them.
    let parts: Vec<&[u8]> = body.chunks(64).collect();
    for (at, part) in parts.iter().enumerate() {
        let last = u8::from(at + 1 == parts.len());
        let length = (part.len() as u16 + 8).to_be_bytes();
        let header = [4, last, length[0], length[1], 0, 0, at as u8 + 1, 0];
        let _ = stream.write_all(&[&header[..], part].concat());
    }
}

/// A server that answers one connection: to the login, then to the query.
fn server(login: Vec<u8>, answer: Vec<u8>) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, hears) = channel();
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        // PRELOGIN: version, and encryption that is not supported (2).
        let options = [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff];
        let prelogin = [&options[..], &[16, 0, 0, 1, 0, 0], &[2]].concat();
        for answer in [&prelogin, &login, &answer] {
            let Some(message) = read_message(&mut stream) else { return };
            let _ = heard.send(message);
            write_message(&mut stream, answer);
        }
        // Until the client is done.
        let _ = read_message(&mut stream);
    });
    (port, hears)
}

/// The rows of the query that the server here is asked.
fn source(url: String, password_file: Option<PathBuf>) -> TableSource {
    let query = "SELECT id, amount, given_at, note FROM given WHERE changed >= ${since};";
    table_rows::source(&url, password_file, query)
}

fn password() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "hemmelig\n").unwrap();
    (folder, file)
}

#[test]
fn the_rows_of_a_query_are_streamed_and_mapped() {
    let (_folder, file) = password();
    let day = 739_676; // 2 March 2026
    let rows = [
        columns(),
        row("A-1", Some(2500), day, 8 * 3600, Some("æ \"x\"")),
        row("A-2", None, day, 9 * 3600 + 5, None),
    ];
    let (port, heard) = server(login_accepted(), [rows.concat(), done()].concat());
    let url = format!("mssql://les%20er@127.0.0.1:{port}/journal?encrypt=false");
    let source = source(url, Some(file));
    source.begin("2026-03-02T05:00:00Z".parse().ok());
    let texts = scan(&source).unwrap();
    assert!(texts[0].contains(r#""value":2.500"#) && texts[0].contains(r#"æ \"x\""#), "{texts:?}");
    assert!(texts[0].contains("2026-03-02T08:00:00+01:00"), "{texts:?}");
    assert!(texts[1].contains("2026-03-02T09:00:05+01:00"), "{texts:?}");
    assert!(!texts[1].contains("dosage"), "NULL is nothing: {texts:?}");

    let (kinds, bodies): (Vec<u8>, Vec<Vec<u8>>) = heard.try_iter().take(3).unzip();
    assert_eq!(kinds, [0x12, 0x10, 0x01], "PRELOGIN, LOGIN7, SQL batch");
    let holds = |body: &[u8], text: &str| {
        let text = utf16(text);
        body.windows(text.len()).any(|part| part == text)
    };
    for text in ["les er", "journal", "lmr"] {
        assert!(holds(&bodies[1], text), "the login names {text}");
    }
    assert!(!holds(&bodies[1], "hemmelig"), "TDS never has the password as it is");
    let since = "changed >= CAST('2026-03-02T04:00:00+00:00' AS datetimeoffset)";
    assert!(holds(&bodies[2], since) && !holds(&bodies[2], ";"));
}

#[test]
fn what_goes_wrong_is_named_with_what_to_do_and_without_a_value_of_a_row() {
    let (folder, file) = password();
    let ask = |login: Vec<u8>, answer: Vec<u8>, rest: &str| {
        let (port, _heard) = server(login, answer);
        let url = format!("mssql://leser@127.0.0.1:{port}/journal?encrypt=false{rest}");
        scan(&source(url, Some(file.clone()))).unwrap_err()
    };
    let refused = ask(error(18456, "Login failed for user 'leser'."), Vec::new(), "");
    assert!(refused.contains("Login failed for user 'leser'. (18456)"), "{refused}");
    let unknown = ask(login_accepted(), error(208, "Invalid object name 'given'."), "");
    assert!(unknown.contains("'given'"), "{unknown}");
    // In the middle of the rows.
    let conversion =
        "Conversion failed when converting the varchar value '12818012345' to data type int.";
    let rows = [columns(), row("A-1", None, 739_676, 0, None), error(245, conversion)].concat();
    let value = ask(login_accepted(), rows, "");
    assert!(value.contains("varchar value … to data type int. (245)"), "{value}");
    let two = ask(login_accepted(), [columns(), columns(), done()].concat(), "");
    assert!(two.contains("several results"), "{two}");
    let none = ask(login_accepted(), done(), "");
    assert!(none.contains("no columns"), "{none}");
    // The server knows no TLS, and nothing goes to it in the clear.
    let (port, heard) = server(login_accepted(), Vec::new());
    let clear =
        scan(&source(format!("mssql://leser@127.0.0.1:{port}/journal"), Some(file.clone())));
    assert!(clear.is_err(), "{clear:?}");
    assert!(heard.try_iter().all(|(kind, _)| kind != 0x10), "no login");

    let at = |url: &str, file: Option<PathBuf>| scan(&source(url.to_owned(), file)).unwrap_err();
    let file = Some(file);
    for (url, words) in [
        ("mssql://leser:hemmelig@127.0.0.1/journal", "database_password_file"),
        ("mssql://leser@127.0.0.1/journal?encrypt=maybe", "encrypt=maybe"),
        ("mssql://leser@127.0.0.1/journal?password=hemmelig", "database_password_file"),
        ("mssql://leser@127.0.0.1/journal?PWD=hemmelig", "database_password_file"),
        ("mssql://leser@127.0.0.1/journal?passwrod=hemmelig", "(passwrod)"),
        ("mssql://leser@127.0.0.1/journal?Encrypt=hemmelig", "(Encrypt)"),
        ("mssql://leser@127.0.0.1/journal?sslrootcert=/no/such.pem", "/no/such.pem"),
        ("mssql://127.0.0.1/journal", "user@host"),
        ("sqlserver:", "user@host"),
        ("mssql://leser@127.0.0.1:1/journal", "no answer: 127.0.0.1:1"),
    ] {
        let text = at(url, file.clone());
        assert!(text.contains(words) && !text.contains("hemmelig"), "{url}: {text}");
    }
    let pem = folder.path().join("ca.pem");
    std::fs::write(&pem, "").unwrap();
    for order in [
        format!("sslrootcert={}&trustServerCertificate=true", pem.display()),
        format!("trustServerCertificate=true&sslrootcert={}", pem.display()),
    ] {
        let text = at(&format!("mssql://leser@127.0.0.1/journal?{order}"), file.clone());
        assert!(text.contains("(sslrootcert, trustServerCertificate=true)"), "{text}");
    }
    assert!(at("mssql://leser@127.0.0.1/journal", None).contains("wants a password"));
    let missing = at("mssql://leser@127.0.0.1/journal", Some(folder.path().join("no-such")));
    assert!(missing.contains("no-such cannot be read"), "{missing}");
}

/// An availability group refers who only reads to a replica.
fn login_routed(port: u16) -> Vec<u8> {
    let host = "127.0.0.1";
    let value = [&[0][..], &port.to_le_bytes(), &long(host)].concat();
    let body = [&[20][..], &(value.len() as u16).to_le_bytes(), &value, &[0, 0]].concat();
    [sized(0xe3, &body), login_accepted()].concat()
}

#[test]
fn a_replica_that_a_group_refers_to_is_asked_and_no_further_one() {
    let (_folder, file) = password();
    let ask = |port: u16| {
        let url = format!("mssql://leser@127.0.0.1:{port}/journal?encrypt=false");
        scan(&source(url, Some(file.clone())))
    };
    let rows = [columns(), row("A-1", Some(2500), 739_676, 0, None), done()].concat();
    let (replica, asked) = server(login_accepted(), rows.clone());
    let (group, _) = server(login_routed(replica), Vec::new());
    assert_eq!(ask(group).unwrap().len(), 1);
    assert_eq!(asked.try_iter().take(3).map(|(kind, _)| kind).collect::<Vec<_>>(), [0x12, 0x10, 1]);
    // Two that refer to others.
    let (replica, asked) = server(login_accepted(), rows);
    let (second, _) = server(login_routed(replica), Vec::new());
    let (first, _) = server(login_routed(second), Vec::new());
    let error = ask(first).unwrap_err();
    assert!(error.contains(&format!("127.0.0.1:{replica}")), "{error}");
    assert_eq!(asked.try_iter().count(), 0);
}
