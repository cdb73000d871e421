//! What one caller can take from the others: nothing. The numbers b1 to b18 are those of docs/security.md.

use super::harness::{
    BUNDLE_CHECK, Moody, Running, assert_refused, read_answer, start, start_with,
};
use lmr_intake::{AllowList, DeliveryFilter, Store as _};
use lmr_server::{HttpSettings, Tls};
use reqwest::{Method, StatusCode};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// A connection from another address of this machine.
async fn connect_from(server: &Running, address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    socket.connect(server.address).await.unwrap()
}

/// Whether the other side hangs up within five seconds without having said anything.
async fn is_hung_up_on(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    let read = timeout(Duration::from_secs(5), stream.read(&mut byte)).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}

#[tokio::test]
async fn b2_a_connection_that_says_nothing_is_hung_up_on() {
    let settings =
        HttpSettings { first_byte: Duration::from_millis(100), ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert!(is_hung_up_on(&mut silent).await);
    server.still_works().await;
}

#[tokio::test]
async fn a_tls_handshake_that_does_not_end_is_hung_up_on_after_ten_seconds() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let tls = Tls::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let settings = HttpSettings { tls: Some(tls), ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    let silent = TcpStream::connect(server.address).await.unwrap();
    let mut half = TcpStream::connect(server.address).await.unwrap();
    // The beginning of a hello.
    half.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]).await.unwrap();
    let mut byte = [0];
    let early = timeout(Duration::from_secs(5), half.read(&mut byte)).await;
    assert!(early.is_err(), "a slow network has its time");
    for mut stream in [half, silent] {
        let end = timeout(Duration::from_secs(9), stream.read(&mut byte)).await;
        assert!(matches!(end, Ok(Ok(0) | Err(_))), "still open");
    }
}

#[tokio::test]
async fn b2_silent_connections_of_one_address_leave_room_for_others() {
    let settings =
        HttpSettings { connections: 30, connections_per_address: 20, ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(connect_from(&server, "127.0.0.9").await);
    }
    // The last ones are hung up on at once, not after the time for the first byte.
    assert!(is_hung_up_on(silent.last_mut().unwrap()).await);
    server.still_works().await;
    let refused = "lmr_connections_refused_total{reason=\"all connections of the address taken\"}";
    assert_eq!(server.metric(refused).await, Some(20.0));
    assert!(server.metric("lmr_connections").await.unwrap() >= 21.0);
    drop(silent);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(server.metric("lmr_connections").await.unwrap() < 5.0);
}

#[tokio::test]
async fn b2_an_address_on_no_list_is_cut_off_as_it_connects() {
    let settings = HttpSettings {
        metrics_addresses: AllowList::parse(["127.0.0.1"]).unwrap(),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "127.0.0.7", true).await;
    let mut stranger = connect_from(&server, "127.0.0.9").await;
    assert!(is_hung_up_on(&mut stranger).await);
    let ask = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    for listed in ["127.0.0.1", "127.0.0.7"] {
        let mut stream = connect_from(&server, listed).await;
        stream.write_all(ask).await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"), "{listed}");
    }
    let refused = "lmr_connections_refused_total{reason=\"address not listed\"}";
    assert_eq!(server.metric(refused).await, Some(1.0));
}

/// A trusted proxy brings the connections of many callers.
#[tokio::test]
async fn a_trusted_proxy_has_as_many_connections_as_there_are() {
    let settings = HttpSettings {
        connections: 30,
        connections_per_address: 3,
        trusted_proxies: AllowList::parse(["127.0.0.9"]).unwrap(),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "127.0.0.0/8", true).await;
    let ask = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    for (address, expected) in [("127.0.0.9", 20), ("127.0.0.8", 3)] {
        let mut answered = Vec::new();
        for _ in 0..20 {
            let mut stream = connect_from(&server, address).await;
            // The other side may have hung up already.
            let _ = stream.write_all(ask).await;
            if read_answer(&mut stream).await.starts_with("HTTP/1.1 200") {
                answered.push(stream);
            }
        }
        assert_eq!(answered.len(), expected, "{address}");
    }
}

/// A head that is not whole after 64 KiB is refused; what one read brings beyond that is 64 KiB at most.
#[tokio::test]
async fn a_head_has_at_most_128_kib_and_an_idle_connection_its_time() {
    let settings =
        HttpSettings { header_timeout: Duration::from_millis(300), ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    let head = |path: usize, header: usize| {
        let (path, header) = ("p".repeat(path), "h".repeat(header));
        format!("GET /health/live?{path} HTTP/1.1\r\nHost: x\r\nX-Long: {header}\r\n\r\n")
    };
    for (path, header, expected) in [
        (0, 60 << 10, "200"),
        (60_000, 0, "200"),
        (66_000, 0, "4"),
        (0, 128 << 10, "431"),
        (60_000, 70 << 10, "431"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let _ = stream.write_all(head(path, header).as_bytes()).await;
        let answer = read_answer(&mut stream).await;
        let wanted = format!("HTTP/1.1 {expected}");
        assert!(answer.starts_with(&wanted), "{path} {header}: {answer:.60}");
    }
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(head(0, 0).as_bytes()).await.unwrap();
    assert!(read_answer(&mut idle).await.starts_with("HTTP/1.1 200"));
    assert!(is_hung_up_on(&mut idle).await, "an answered connection that asks nothing more");
}

/// What a refused caller still sends is read, so that it gets to read the refusal: of listed callers a whole body, of
/// strangers 64 KiB. Whether it was read to its end shows in whether the connection goes on.
#[tokio::test]
async fn a_strangers_body_is_read_for_64_kib_only() {
    let settings = HttpSettings {
        trusted_proxies: AllowList::parse(["127.0.0.1"]).unwrap(),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "192.0.2.7", true).await;
    for (caller, length, status, goes_on) in [
        ("192.0.2.7", 300_000, "401", true),
        ("198.51.100.1", 60_000, "403", true),
        ("198.51.100.1", 300_000, "403", false),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "POST /fhirmottak/v1 HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {caller}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.split();
        let body = vec![b' '; length];
        let ask = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let send = async {
            // A connection that is closed meanwhile ends this.
            let _ = writing.write_all(&body).await;
            let _ = writing.write_all(ask).await;
        };
        let mut answers = Vec::new();
        let read = timeout(Duration::from_secs(5), reading.read_to_end(&mut answers));
        let ((), _) = tokio::join!(send, read);
        let answers = String::from_utf8_lossy(&answers).into_owned();
        let case = format!("{caller} {length}: {answers}");
        // A connection that is closed with unread bytes may be reset, and what was answered is lost.
        let is_refused = answers.starts_with(&format!("HTTP/1.1 {status}"));
        assert!(is_refused || (!goes_on && answers.is_empty()), "{case}");
        assert_eq!(answers.contains("HTTP/1.1 200"), goes_on, "{case}");
    }
}

#[tokio::test]
async fn b5_slow_bodies_take_no_place_from_others() {
    let settings = HttpSettings {
        concurrent: 2,
        queue_wait: Duration::from_millis(200),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "127.0.0.1", true).await;
    let head = format!("POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{");
    let mut slow = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.metric("lmr_places_in_use").await, Some(0.0));
    assert_ne!(server.post(BUNDLE_CHECK, "{}").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn b5_one_sender_has_only_its_own_places() {
    let settings = HttpSettings {
        concurrent: 8,
        concurrent_per_sender: 2,
        queue_wait: Duration::from_millis(300),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "127.0.0.1", true).await;
    server.store.be(Moody::STUCK);
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(tokio::spawn(server.message("310000019", "{}").send()));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.metric("lmr_places_in_use").await, Some(2.0));
    let more = server.message("310000019", "{}").send().await.unwrap();
    assert_refused(more, 503, "LMR-9003").await;
    // Another sender from the same address is served once the store answers.
    let other = tokio::spawn(server.message("320000009", "{}").send());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.metric("lmr_places_in_use").await, Some(3.0));
    server.store.be(Moody::FINE);
    assert_ne!(other.await.unwrap().unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    for held in held {
        assert_ne!(held.await.unwrap().unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(server.metric("lmr_places_in_use").await, Some(0.0));
}

#[tokio::test]
async fn b5_one_address_has_only_its_own_places() {
    let settings = HttpSettings {
        concurrent: 8,
        concurrent_per_address: 1,
        queue_wait: Duration::from_millis(100),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "127.0.0.0/8", true).await;
    server.store.be(Moody::STUCK);
    let held = tokio::spawn(server.message("310000019", "{}").send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_refused(server.post(BUNDLE_CHECK, "{}").await, 503, "LMR-9003").await;
    let mut other = connect_from(&server, "127.0.0.9").await;
    let ask = format!("POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}");
    other.write_all(ask.as_bytes()).await.unwrap();
    assert!(!read_answer(&mut other).await.contains("LMR-9003"));
    server.store.be(Moody::FINE);
    held.await.unwrap().unwrap();
}

#[tokio::test]
async fn b5_a_body_slower_than_the_least_speed_is_given_up() {
    let settings = HttpSettings { min_body_speed: 1 << 20, ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    let head = format!("POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let mut read = 0;
    for _ in 0..30 {
        slow.write_all(&[b' '; 100]).await.unwrap();
        if let Ok(count) = timeout(Duration::from_millis(500), slow.read(&mut answer)).await {
            read = count.unwrap();
            break;
        }
    }
    let text = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");
    server.still_works().await;
}

#[tokio::test]
async fn b5_bodies_that_are_arriving_share_a_bounded_memory() {
    let settings = HttpSettings {
        body_limit: 40_000,
        body_memory: 40_000,
        body_timeout: Duration::from_millis(700),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "127.0.0.1", true).await;
    let mut half = TcpStream::connect(server.address).await.unwrap();
    let head = format!("POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: 39000\r\n\r\n");
    half.write_all(head.as_bytes()).await.unwrap();
    half.write_all(&[b' '; 30_000]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    // Waits for memory until the first body is given up, and is taken then.
    let waiting = server.post(BUNDLE_CHECK, " ".repeat(30_000)).await;
    assert_refused(waiting, 400, "LMR-3002").await;
}

/// A quarter of the memory for bodies is all that one address gets: its next body waits for its first, another address's
/// does not.
#[tokio::test]
async fn one_address_has_a_quarter_of_the_memory_for_bodies() {
    let settings = HttpSettings {
        body_limit: 40_000,
        body_memory: 160_000,
        queue_wait: Duration::from_millis(300),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "127.0.0.0/8", true).await;
    let head = |length| {
        format!(
            "POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    let mut half = connect_from(&server, "127.0.0.9").await;
    half.write_all(head(39_000).as_bytes()).await.unwrap();
    half.write_all(&[b' '; 30_000]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let whole = [head(30_000).into_bytes(), vec![b' '; 30_000]].concat();
    let mut waiting = connect_from(&server, "127.0.0.9").await;
    waiting.write_all(&whole).await.unwrap();
    let early = timeout(Duration::from_millis(600), waiting.readable()).await;
    assert!(early.is_err(), "the address has no memory left");
    let mut other = connect_from(&server, "127.0.0.8").await;
    other.write_all(&whole).await.unwrap();
    let answer = timeout(Duration::from_secs(5), read_answer(&mut other)).await.unwrap();
    assert!(answer.contains("LMR-3002"), "{answer}");
    drop(half);
    let answer = timeout(Duration::from_secs(5), read_answer(&mut waiting)).await.unwrap();
    assert!(answer.contains("LMR-3002"), "{answer}");
}

/// Each of two bodies has half of the memory and wants all of it: one gets it, the other is asked to come back, and neither
/// is called slow. Of one address as of two.
#[tokio::test]
async fn bodies_that_wait_for_each_others_memory_do_not_wait_until_both_are_late() {
    for addresses in [["127.0.0.1"; 2], ["127.0.0.1", "127.0.0.9"]] {
        let settings = HttpSettings {
            body_limit: 40_000,
            body_memory: 40_000,
            body_timeout: Duration::from_secs(20),
            queue_wait: Duration::from_millis(300),
            ..HttpSettings::default()
        };
        let server = start_with(settings, "127.0.0.0/8", true).await;
        let mut bodies = Vec::new();
        for address in addresses {
            let mut body = connect_from(&server, address).await;
            let head = format!(
                "POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: 39000\r\nConnection: close\r\n\r\n"
            );
            body.write_all(head.as_bytes()).await.unwrap();
            body.write_all(&[b' '; 20_000]).await.unwrap();
            bodies.push(body);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        for body in &mut bodies {
            body.write_all(&[b' '; 19_000]).await.unwrap();
        }
        let mut codes = Vec::new();
        for body in &mut bodies {
            let answer = timeout(Duration::from_secs(10), read_answer(body)).await.unwrap();
            let code = answer.find("LMR-").map(|at| answer[at..at + 8].to_owned());
            codes.push(code.unwrap_or(answer));
        }
        codes.sort();
        assert_eq!(codes, ["LMR-3002", "LMR-9003"], "{addresses:?}");
    }
}

#[tokio::test]
async fn b7_the_place_is_kept_until_the_work_has_ended() {
    let settings = HttpSettings {
        concurrent: 1,
        work_timeout: Duration::from_millis(100),
        queue_wait: Duration::from_millis(50),
        ..HttpSettings::default()
    };
    let server = start_with(settings, "127.0.0.1", true).await;
    server.store.be(Moody::STUCK);
    let given_up = server.message("310000019", "{}").send().await.unwrap();
    assert_refused(given_up, 503, "LMR-9003").await;
    assert_eq!(server.metric("lmr_places_in_use").await, Some(1.0), "the work goes on");
    assert_refused(server.post(BUNDLE_CHECK, "{}").await, 503, "LMR-9003").await;
    server.store.be(Moody::FINE);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.metric("lmr_places_in_use").await, Some(0.0));
}

#[tokio::test]
async fn b15_a_caller_that_closes_its_sending_half_gets_its_answer() {
    let server = start().await;
    for _ in 0..20 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let ask =
            format!("POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}");
        stream.write_all(ask.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 400"));
    }
}

#[tokio::test]
async fn b18_a_slow_body_is_answered_when_its_time_is_up_and_not_later() {
    let settings =
        HttpSettings { body_timeout: Duration::from_millis(200), ..HttpSettings::default() };
    let server = start_with(settings, "127.0.0.1", true).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    let head = format!("POST {BUNDLE_CHECK} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{");
    slow.write_all(head.as_bytes()).await.unwrap();
    let answer = timeout(Duration::from_secs(3), read_answer(&mut slow)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("LMR-1043"), "{answer}");
}

#[tokio::test]
async fn a17_an_expected_continue_is_answered_by_the_refusal_itself() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /fhirmottak/v1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\
                Authorization: Bearer x.y.z\r\nContent-Length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = timeout(Duration::from_secs(3), read_answer(&mut stream)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test]
async fn a_panic_is_counted() {
    let server = start().await;
    server.store.be(Moody::PANICKING);
    assert_refused(server.send(Method::GET, "/health/ready").await, 500, "LMR-9001").await;
    server.store.be(Moody::FINE);
    assert_eq!(server.metric("lmr_panics_total").await, Some(1.0));
    assert_eq!(server.metric("lmr_log_lines_lost_total").await, Some(0.0));
}

/// While the receiver ends, its store takes nothing more: the caller comes back to the next one.
#[tokio::test]
async fn a_call_while_the_store_closes_is_asked_to_come_back() {
    let server = start().await;
    server.store.be(Moody::CLOSING);
    let answer = server.message("310000019", "{}").send().await.unwrap();
    assert_refused(answer, 503, "LMR-9004").await;
    server.store.be(Moody::FINE);
    assert_refused(server.message("310000019", "{}").send().await.unwrap(), 400, "LMR-2002").await;
}

#[tokio::test]
async fn what_could_not_be_kept_of_refused_calls_is_counted() {
    let mut server = start().await;
    server.post("/fhirmottak/v1", "{}").await;
    server.store.be(Moody::UNAVAILABLE);
    for _ in 0..3 {
        server.post("/fhirmottak/v1", "{}").await;
    }
    let lost = async || server.metric("lmr_refused_calls_lost_total{reason=\"database\"}").await;
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    while lost().await == Some(0.0) && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(lost().await >= Some(3.0), "{:?}", lost().await);
    assert!(lost().await <= Some(4.0), "{:?}", lost().await);
    let without_room = server.metric("lmr_refused_calls_lost_total{reason=\"queue\"}").await;
    assert_eq!(without_room, Some(0.0));
    drop(server.stop.take());
}

#[tokio::test]
async fn bytes_and_times_of_calls_add_up() {
    let server = start().await;
    for size in [10, 1000] {
        let body = format!("{{{}", " ".repeat(size - 1));
        assert_eq!(server.message("310000019", body).send().await.unwrap().status(), 400);
    }
    assert_eq!(server.metric("lmr_body_bytes_total").await, Some(1010.0));
    let family = |suffix: &str| format!("lmr_request_duration_seconds_{suffix}");
    let route = "route=\"/fhirmottak/v1\"";
    let count = server.metric(&family(&format!("count{{{route}}}"))).await;
    let endless = server.metric(&family(&format!("bucket{{{route},le=\"+Inf\"}}"))).await;
    let within = server.metric(&family(&format!("bucket{{{route},le=\"120\"}}"))).await;
    assert_eq!((count, endless, within), (Some(2.0), Some(2.0), Some(2.0)));
    let sum = server.metric(&family(&format!("sum{{{route}}}"))).await.unwrap();
    assert!(sum > 0.0 && sum < 60.0, "{sum}");
    let answers = "lmr_requests_total{route=\"/fhirmottak/v1\",status=\"400\",code=\"LMR-2001\"}";
    let other = "lmr_requests_total{route=\"/fhirmottak/v1\",status=\"400\",code=\"LMR-2002\"}";
    let (one, two) = (server.metric(answers).await, server.metric(other).await);
    assert_eq!(one.unwrap_or(0.0) + two.unwrap_or(0.0), 2.0);
    assert_eq!(server.metric("lmr_requests_in_flight").await, Some(1.0));
}

#[tokio::test]
async fn refused_calls_are_kept_with_sender_and_code_and_no_content() {
    let mut server = start().await;
    let body = r#"{"innhold":"hemmelig"}"#;
    assert_refused(server.message("310000019", body).send().await.unwrap(), 400, "LMR-2002").await;
    assert_refused(server.post("/fhirmottak/v1", "{}").await, 401, "LMR-1010").await;
    server.send(Method::GET, "/nowhere").await;
    drop(server.stop.take());
    (&mut server.task).await.unwrap();
    let kept = server.store.refused_calls(&DeliveryFilter::default()).await.unwrap();
    let seen: Vec<_> = kept
        .iter()
        .map(|call| (call.code.as_str(), call.sender.map(|sender| sender.to_string())))
        .collect();
    assert_eq!(seen, [("LMR-2002", Some("310000019".to_owned())), ("LMR-1010", None)]);
    assert!(!format!("{kept:?}").contains("hemmelig"));
}
