//! Traces and metrics go to a collector, and nothing in them is anybody's. Needs the feature: `cargo test -p lmr-cli
//! --features otlp --test otlp`. Without it a configuration with `[otlp]` is refused.

mod world;

use std::process::Command;

use world::{World, free_port, lmr, said};

fn configure(world: &World, port: u16) {
    let file = world.config("receiver.toml");
    let text = std::fs::read_to_string(&file).expect("the configuration");
    let section = format!(
        "[otlp]\nendpoint = \"http://127.0.0.1:{port}\"\nprotocol = \"http/json\"\ninterval_seconds = 1\n"
    );
    std::fs::write(&file, format!("{text}\n{section}")).expect("written");
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_program_without_the_feature_says_so_and_does_not_start() {
    let world = World::make("lmdi-1.1.7", 1, 8);
    configure(&world, free_port());
    let checked = Command::new(lmr())
        .args(["serve", "--check", "--lang", "en", "--config"])
        .arg(world.config("receiver.toml"))
        .output()
        .expect("lmr runs");
    assert!(!checked.status.success());
    assert!(said(&checked).contains("built without it"), "{}", said(&checked));
}

#[cfg(feature = "otlp")]
mod with_the_feature {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// All that may be said of a call, of one of its stages, of what sends it, and of a number.
    const ATTRIBUTES: [&str; 14] = [
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "http.request.body.size",
        "lmr.code",
        "lmr.repeated",
        "lmr.entries.created",
        "lmr.entries.updated",
        "lmr.entries.unchanged",
        "lmr.entries.refused",
        "lmr.entries.dependent",
        "lmr.outcome",
        "service.name",
        "service.version",
    ];
    const STAGES: [&str; 4] = ["admission", "body", "place", "work"];

    type Received = Arc<Mutex<Vec<(String, Value)>>>;

    /// A collector that keeps what is sent to it.
    fn collector(port: u16) -> Received {
        let received = Received::default();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        let kept = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || take(stream, &kept));
            }
        });
        received
    }

    /// Takes the requests of one connection.
    fn take(mut stream: TcpStream, received: &Received) {
        let mut reader = BufReader::new(stream.try_clone().expect("a copy"));
        loop {
            let (mut first, mut length) = (String::new(), 0);
            if reader.read_line(&mut first).unwrap_or(0) == 0 {
                return;
            }
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a header");
                let line = line.trim().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
            let body = serde_json::from_slice(&body).expect("JSON");
            received.lock().expect("the list").push((path, body));
            let answer =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(answer.as_bytes()).expect("answered");
        }
    }

    /// Every value of this name, wherever it is.
    fn named<'v>(value: &'v Value, name: &str, found: &mut Vec<&'v Value>) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    if key == name {
                        found.push(member);
                    }
                    named(member, name, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| named(item, name, found)),
            _ => {}
        }
    }

    #[test]
    fn traces_and_metrics_reach_a_collector_and_name_nobody() {
        let world = World::make("lmdi-1.1.7", 2, 50);
        let port = free_port();
        configure(&world, port);
        let received = collector(port);
        let _helseid = world.helseid();
        let mut receiver = world.receiver();
        let sent = Command::new(lmr())
            .args(["send", "run", "--config"])
            .arg(world.config("sender.toml"))
            .output()
            .expect("lmr runs");
        assert!(sent.status.success(), "{}{}", said(&sent), world.log());
        // A call with a value of its own in path, query and headers.
        let mut stream = TcpStream::connect(("127.0.0.1", world.receiver_port)).expect("connected");
        let request = "POST /fhirmottak/v1?q=13866510282 HTTP/1.1\r\nhost: 13866510282\r\n\
            traceparent: 00-11111111111111111111111111111111-2222222222222222-01\r\n\
            authorization: DPoP 13866510282\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        receiver.signal("-TERM");
        assert!(receiver.ends_within(Duration::from_secs(60)).success(), "{}", world.log());
        // What was left was sent before the end.
        let all = received.lock().expect("the list").clone();
        for path in ["/v1/traces", "/v1/metrics"] {
            assert!(all.iter().any(|(to, _)| to == path), "{path} is missing");
        }
        let (mut spans, mut attributes, mut metrics) = (Vec::new(), Vec::new(), Vec::new());
        for (path, body) in &all {
            named(body, "attributes", &mut attributes);
            match path.as_str() {
                "/v1/traces" => named(body, "spans", &mut spans),
                _ => named(body, "metrics", &mut metrics),
            }
        }
        let flat = |lists: Vec<&Value>| -> Vec<Value> {
            lists.into_iter().filter_map(Value::as_array).flatten().cloned().collect()
        };
        let (spans, attributes, metrics) = (flat(spans), flat(attributes), flat(metrics));
        let keys: BTreeSet<&str> =
            attributes.iter().filter_map(|one| one["key"].as_str()).collect();
        let other: Vec<_> = keys.iter().filter(|key| !ATTRIBUTES.contains(key)).collect();
        assert!(other.is_empty(), "{other:?} are not on the list of what may be said");
        for key in ["http.route", "lmr.code", "lmr.entries.created", "service.name"] {
            assert!(keys.contains(key), "{key} is said: {keys:?}");
        }
        let names: BTreeSet<&str> = spans.iter().filter_map(|span| span["name"].as_str()).collect();
        assert!(names.contains("POST /fhirmottak/v1"), "{names:?}");
        assert!(STAGES.iter().all(|stage| names.contains(stage)), "{names:?}");
        let roots: Vec<&Value> =
            spans.iter().filter(|span| span["name"] == "POST /fhirmottak/v1").collect();
        for span in &roots {
            assert_eq!(span["parentSpanId"].as_str().unwrap_or_default(), "", "a root: {span}");
            assert_ne!(span["traceId"], "11111111111111111111111111111111", "a stranger's");
        }
        // A stage belongs to its call and lies within it.
        let number = |span: &Value, name: &str| -> u64 {
            span[name].as_str().and_then(|text| text.parse().ok()).expect("nanoseconds")
        };
        for stage in
            spans.iter().filter(|span| STAGES.contains(&span["name"].as_str().unwrap_or_default()))
        {
            let call = spans
                .iter()
                .find(|span| span["spanId"] == stage["parentSpanId"])
                .expect("its call");
            assert_eq!(call["traceId"], stage["traceId"]);
            assert!(number(stage, "startTimeUnixNano") >= number(call, "startTimeUnixNano"));
            assert!(number(stage, "endTimeUnixNano") <= number(call, "endTimeUnixNano") + 1_000);
        }
        let of_metrics: BTreeSet<&str> =
            metrics.iter().filter_map(|one| one["name"].as_str()).collect();
        let expected = ["http.server.request.duration", "lmr.body", "lmr.entries"];
        assert_eq!(of_metrics, BTreeSet::from(expected));
        // Nothing of a caller, a sender, a message or a person.
        let whole = serde_json::to_string(&all.iter().map(|(_, body)| body).collect::<Vec<_>>())
            .expect("JSON");
        let mut secrets = vec!["13866510282".to_owned()];
        for delivery in world.deliveries() {
            for member in ["messageId", "sender"] {
                // A call of nobody known has neither.
                secrets.extend(delivery[member].as_str().map(str::to_owned));
            }
        }
        assert!(secrets.len() > 2, "{secrets:?}");
        for secret in secrets {
            assert!(!whole.contains(&secret), "{secret} is in what goes to the collector");
        }
    }
}
