//! Values with a mark, in every place of what a caller sends: the receiver repeats none of them, in its answers, its
//! log (with all that it can be made to say), its metrics and its lists. The sender's side of the same is `n20_…` in
//! `send.rs`.
//!
//! | a mark may be | because |
//! |---|---|
//! | a member's name in `expression` and the text about it | the caller must find the member; names are the standard's or a misspelling |
//! | `fullUrl` of an answer's entry | the caller finds the entry that is answered by it |
//! | the message's id in answers, lists and log | it is the caller's and the operator's common name for the message |

use crate::world;

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use lmr_auth::jose::{Algorithm, SigningKey};
use serde_json::{Value, json};
use world::{Courier, World, now};

const CHECK: &str = "/fhirmottak/v1/validateLegemiddelregisterBundle";

/// Makes values that occur nowhere else; each is asked for at the end.
#[derive(Default)]
struct Marks {
    made: Vec<String>,
    /// Where one was found all the same.
    leaks: Vec<String>,
}

impl Marks {
    /// A fresh mark, in one of the forms that values have.
    fn value(&mut self) -> String {
        let mark = self.plain();
        match self.made.len() % 6 {
            0 => format!("https://{mark}.example/fhir/Patient/1"),
            1 => format!("https://journal.example/fhir/Patient/{mark}?navn={mark}"),
            2 => format!("urn:oid:2.16.578.{mark}"),
            3 => format!("Patient/{mark}"),
            4 => format!("{mark} Nordmann"),
            _ => mark,
        }
    }

    fn plain(&mut self) -> String {
        let mark = format!("zq{}x", 52_000_000 + self.made.len());
        self.made.push(mark.clone());
        mark
    }

    /// Looks for them in a text.
    fn look_in(&mut self, text: &str, whence: &str) {
        for mark in self.made.iter().filter(|mark| text.contains(mark.as_str())) {
            self.leaks.push(format!("{mark} is in {whence}:\n{}", around(text, mark)));
        }
    }
}

/// An answer without the addresses by which the caller finds its entries.
fn without_full_urls(answer: &str) -> String {
    let mut parts = answer.split("\"fullUrl\":\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or("", |(_, rest)| rest))
}

/// What is near a mark in a text.
fn around(text: &str, mark: &str) -> String {
    let at = text.find(mark).unwrap_or_default();
    let bytes = &text.as_bytes()[at.saturating_sub(400)..(at + 200).min(text.len())];
    String::from_utf8_lossy(bytes).into_owned()
}

/// The texts of a document, by JSON pointer.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| texts(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| texts(item, &format!("{at}/{n}"), found));
        }
        Value::String(_) => found.push(at.to_owned()),
        _ => {}
    }
}

/// A place without its numbers, with the type of its resource.
fn kind_of(bundle: &Value, place: &str) -> String {
    let mut parts = place.split('/').skip(1);
    let of = match (parts.next(), parts.next()) {
        (Some("entry"), Some(n)) => {
            bundle["entry"][n.parse::<usize>().unwrap_or_default()]["resource"]["resourceType"]
                .to_string()
        }
        _ => String::new(),
    };
    of + &place.replace(|c: char| c.is_ascii_digit(), "")
}

/// Sends these bytes and reads one answer: head and body.
fn raw(port: u16, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
    // It may hang up before it has heard everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let mut part = [0; 16 * 1024];
    while !is_whole(&answer) {
        match stream.read(&mut part) {
            Ok(read) if read > 0 => answer.extend_from_slice(&part[..read]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whether the body has the length that the head gives; without one the end of the connection says so.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let lengths = head.lines().filter_map(|line| line.strip_prefix("content-length: "));
    let wanted: Option<usize> = lengths.filter_map(|length| length.trim().parse().ok()).next();
    wanted.is_some_and(|wanted| answer.len() >= head.len() + 4 + wanted)
}

fn post(port: u16, target: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    );
    raw(port, request.as_bytes())
}

const JSON: &str = "Content-Type: application/json\r\n";

/// Every text of a correct bundle in turn, then all at once; then addresses, headers and credentials.
#[test]
fn nothing_that_a_caller_sends_is_repeated() {
    let world = World::make("lmdi-0.9.4", 1, 50);
    let config = std::fs::read_to_string(world.config("receiver.toml")).expect("a file");
    assert!(!config.contains("[log]"), "{config}");
    std::fs::write(world.config("receiver.toml"), config + "\n[log]\nlevel = \"info,lmr=trace,lmr_server=trace,lmr_intake=trace,lmr_auth=trace,lmr_storage=trace,lmr_envelope=trace,lmr_lmdi=trace\"\n")
        .expect("written");
    let _helseid = world.helseid();
    let mut receiver = world.receiver();
    let port = world.receiver_port;
    let mut marks = Marks::default();

    // Content, a text at a time: each fault has its own message.
    let (_, bundle) = Courier::bundle(1);
    let mut places = Vec::new();
    texts(&bundle, "", &mut places);
    // One of each element: the others of its kind are checked by the same rules.
    let mut kinds = BTreeSet::new();
    places.retain(|place| kinds.insert(kind_of(&bundle, place)));
    assert!(places.len() > 60, "{}", places.len());
    let mut found = 0;
    let mut all = bundle.clone();
    for place in &places {
        let mut changed = bundle.clone();
        *changed.pointer_mut(place).expect("a place") = Value::from(marks.value());
        *all.pointer_mut(place).expect("a place") = Value::from(marks.value());
        let answer = post(port, CHECK, JSON, &changed.to_string());
        assert!(answer.contains("resourceType"), "{place}: {answer}");
        found += usize::from(answer.contains("\"error\""));
        marks.look_in(&answer, &format!("the answer about {place}"));
    }
    assert!(found * 2 > places.len(), "only {found} of {} were faults", places.len());
    let answer = post(port, CHECK, JSON, &all.to_string());
    marks.look_in(&answer, "the answer about a bundle of nothing else");

    // The same sealed: through decryption, the register's rules and the store.
    let courier = Courier::new(&world);
    let url = format!("http://127.0.0.1:{port}/fhirmottak/v1");
    let send = |body: &[u8]| {
        let (_, answer, _) = courier.post(&url, &courier.proof(&url), body);
        without_full_urls(&String::from_utf8_lossy(&answer))
    };
    for (n, place) in places.iter().enumerate().filter(|(n, _)| n % 7 == 0) {
        let (id, mut changed) = Courier::bundle(100 + n as u64);
        if let Some(text) = changed.pointer_mut(place) {
            *text = Value::from(marks.value());
        }
        let answer = send(&courier.seal(&id, changed.to_string().as_bytes()));
        marks.look_in(&answer, &format!("the answer about {place} of a message"));
    }
    let (id, _) = Courier::bundle(9_000);
    for content in [all.to_string(), marks.value(), format!("{{\"{}\":1}}", marks.plain())] {
        let answer = send(&courier.seal(&id, content.as_bytes()));
        marks.look_in(&answer, "the answer about a message of nothing else");
    }

    // The envelope's members, and one of an unknown name.
    let (_, message) = courier.message(9_001);
    let message: Value = serde_json::from_slice(&message).expect("JSON");
    for name in message.as_object().expect("an object").keys().filter(|name| *name != "messageId") {
        let mut changed = message.clone();
        changed[name] = Value::from(marks.value());
        let answer = send(changed.to_string().as_bytes());
        marks.look_in(&answer, &format!("the answer about the envelope's {name}"));
    }
    let mut changed = message.clone();
    changed["ekstra"] = json!(marks.value());
    marks.look_in(&send(changed.to_string().as_bytes()), "the answer about a member");

    // Addresses: path, query, an absolute address, a fragment; as any method.
    for target in [
        format!("/{}", marks.plain()),
        format!("/fhirmottak/v1/{}", marks.plain()),
        format!("{CHECK}?{}={}", marks.plain(), marks.plain()),
        format!("/fhirmottak/v1?access_token={}", marks.plain()),
        format!("http://{}.example/{}", marks.plain(), marks.plain()),
        format!("/metrics?{}", marks.plain()),
        format!("/feilkoder?kode={}", marks.plain()),
        format!("/sertifikat/{}", marks.plain()),
        format!("//{}/..%2f{}", marks.plain(), marks.plain()),
    ] {
        for body in [bundle.to_string(), String::new()] {
            marks.look_in(&post(port, &target, JSON, &body), &format!("POST {target}"));
        }
        let get = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        marks.look_in(&raw(port, get.as_bytes()), &format!("GET {target}"));
    }
    let odd = format!("{} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", marks.plain());
    marks.look_in(&raw(port, odd.as_bytes()), "a method");

    // Headers, each with a mark in its value, and one with a mark in its name.
    for name in [
        "Accept",
        "Accept-Language",
        "Accept-Encoding",
        "Authorization",
        "Content-Encoding",
        "Content-Type",
        "Cookie",
        "DPoP",
        "Expect",
        "Forwarded",
        "From",
        "Host",
        "If-None-Match",
        "Origin",
        "Referer",
        "traceparent",
        "Transfer-Encoding",
        "User-Agent",
        "X-Correlation-Id",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Request-Id",
        "Lmr-Receipt",
    ] {
        for value in
            [marks.plain(), format!("application/{}; charset={}", marks.plain(), marks.plain())]
        {
            for target in ["/fhirmottak/v1", CHECK] {
                let json = if name == "Content-Type" { "" } else { JSON };
                let headers = format!("{json}{name}: {value}\r\n");
                let answer = post(port, target, &headers, &bundle.to_string());
                marks.look_in(&answer, &format!("the answer to {name} at {target}"));
            }
        }
    }
    let odd = format!("{JSON}{}: 1\r\n", marks.plain());
    marks.look_in(&post(port, CHECK, &odd, "{}"), "the answer to a header's name");

    // Tokens, signed by nobody whom the receiver knows, with a mark in each claim and each member of the header.
    let key = SigningKey::generate(Algorithm::ES256, &marks.plain(), 0).expect("a key");
    let claims = json!({
        "iss": world.issuer(), "aud": "fhi:lmr.fhirmottak", "scope": ["fhi:lmr.fhirmottak/api"],
        "client_id": "c", "sub": "s", "iat": now().as_second(), "nbf": now().as_second(),
        "exp": now().as_second() + 300, "jti": "j", "helseid://claims/client/claims/orgnr_parent": "310000027",
    });
    for name in claims.as_object().expect("an object").keys() {
        let mut changed = claims.clone();
        changed[name] = Value::from(marks.value());
        changed[marks.plain()] = Value::from(marks.value());
        for (scheme, typ) in [("Bearer", "at+jwt".to_owned()), ("DPoP", marks.plain())] {
            let token = key.sign_jws(&typ, &changed).expect("signed");
            let headers =
                format!("{JSON}Authorization: {scheme} {0}\r\nDPoP: {0}\r\n", token.expose());
            let answer = post(port, "/fhirmottak/v1", &headers, &message.to_string());
            assert!(answer.contains("LMR-10"), "{answer}");
            marks.look_in(&answer, &format!("the answer to a token's {name}"));
            // Nor the token itself, whose claims anybody can read.
            assert!(!answer.contains(&token.expose()[..40]), "{name}: {answer}");
            marks.made.push(token.expose()[..40].to_owned());
        }
    }

    // What is kept of it all.
    let get = |target: &str| {
        raw(
            port,
            format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        )
    };
    let metrics = get("/metrics");
    assert!(metrics.contains("lmr_requests_total"), "{metrics}");
    marks.look_in(&metrics, "the metrics");
    for arguments in [
        &["deliveries", "--format", "json"][..],
        &["deliveries"],
        &["refused", "--format", "json"],
        &["refused"],
        &["audit"],
    ] {
        marks.look_in(&world::said(&world.admin(arguments)), &format!("lmr admin {arguments:?}"));
    }
    receiver.signal("-TERM");
    receiver.ends_within(Duration::from_secs(20));
    let log = world.log();
    assert!(log.lines().count() > 100, "the log shows too little:\n{log}");
    marks.look_in(&log, "the log");
    assert!(marks.leaks.is_empty(), "{} leaks:\n{}", marks.leaks.len(), marks.leaks.join("\n\n"));
}
