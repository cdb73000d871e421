//! The fetcher on the wire of this machine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use lmr_auth::{ConnectCause, FetchError, Fetcher as _, HttpFetcher, MAX_ANSWER};

/// Answers one call with this, and gives the address.
fn answering(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/x", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head);
        // The caller may have hung up.
        let _ = stream.write_all(&answer);
    });
    address
}

fn ok(length: usize) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nretry-after: 7\r\n\r\n")
            .into_bytes();
    answer.resize(answer.len() + length, b'x');
    answer
}

#[tokio::test]
async fn answers_are_bounded_not_followed_and_their_faults_named() {
    lmr_auth::install_tls_provider();
    let fetcher = HttpFetcher::new(Duration::from_secs(20)).unwrap();
    let answer = fetcher.get(&answering(ok(MAX_ANSWER))).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, MAX_ANSWER));
    assert_eq!((answer.retry_after.as_deref(), answer.content_type), (Some("7"), None));
    let larger = fetcher.get(&answering(ok(MAX_ANSWER + 1))).await;
    assert_eq!(larger.unwrap_err(), FetchError::TooLarge);
    let moved = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(fetcher.get(&answering(moved.to_vec())).await.unwrap().status, 302);
    assert_eq!(fetcher.get(&answering(Vec::new())).await.unwrap_err(), FetchError::Broken);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = fetcher.get(&format!("http://{closed}/")).await.unwrap_err();
    assert_eq!(refused, FetchError::Connect(ConnectCause::Refused));
    let plain = answering(ok(0)).replace("http://", "https://");
    let not_tls = fetcher.get(&plain).await.unwrap_err();
    assert_eq!(not_tls, FetchError::Connect(ConnectCause::NotTls));
    assert_eq!(fetcher.get("no address").await.unwrap_err(), FetchError::Address);
}
